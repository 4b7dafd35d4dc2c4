"""Where MIDI comes from: a virtual port of ours, or somebody's port by name.

What an inlet hears is handed to `hear` on a thread of the MIDI system, with the moment at which it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from bridge.clock import Clock, Seconds, monotonic
from bridge.errors import OwnerError
from bridge.systems import api_of, chosen, client_name, find_backend, sources

Hear = Callable[[Seconds, bytes], None]


@dataclass(frozen=True, slots=True)
class InletConfig:
    """What to listen to: `input` is virtual or a port's name."""

    input: str
    backend: str
    port_name: str


class Inlet(Protocol):
    """Anything that MIDI comes in by, until it is closed."""

    name: str

    def close(self) -> None:
        """Stop listening; nothing is heard after."""


class RtMidiSource(Protocol):
    """What we use of rtmidi.MidiIn."""

    def ignore_types(self, sysex: bool, timing: bool, active_sense: bool) -> None:
        """Say what is not handed on."""

    def set_callback(self, call: Callable[[tuple[list[int], float], object], None]) -> None:
        """Hand messages, each with the seconds since the last, to a function, on a thread of the system's."""

    def cancel_callback(self) -> None:
        """Hand on no more."""

    def close_port(self) -> None:
        """Close the port."""

    def delete(self) -> None:
        """Leave the system."""


class RtMidiInlet:
    """A port through python-rtmidi. Active Sensing and system exclusive are kept out."""

    def __init__(self, name: str, port: RtMidiSource, hear: Hear, clock: Clock = monotonic) -> None:
        self.name, self._port, self._hear, self._clock = name, port, hear, clock
        port.ignore_types(sysex=True, timing=False, active_sense=True)
        port.set_callback(self._came)

    def close(self) -> None:
        """Close the port."""
        self._port.cancel_callback()
        self._port.close_port()
        self._port.delete()

    def _came(self, event: tuple[list[int], float], _: object) -> None:
        self._hear(self._clock(), bytes(event[0]))


def settled(config: InletConfig) -> InletConfig:
    """Return the config with its backend settled. Raises OwnerError: what was asked cannot be."""
    backend = find_backend(config.backend)
    if backend is None:
        raise OwnerError("No MIDI system answers: start JACK (jackd or PipeWire's), or leave --input out")
    if backend == "winmm" and config.input == "virtual":
        raise OwnerError(
            "Windows has no virtual ports: install loopMIDI and name its port with --input (llmball ports)"
        )
    return replace(config, backend=backend)


def open_inlet(config: InletConfig, hear: Hear) -> Inlet:
    """Open what a settled config names and begin to listen. Raises OwnerError."""
    import rtmidi

    api = api_of(config.backend)
    client = f"{client_name(config.port_name)}-in"
    try:
        port = rtmidi.MidiIn(api, name=client)
    except (SystemError, rtmidi.RtMidiError) as gone:
        raise OwnerError(f"{config.backend} does not answer any more: see llmball doctor") from gone
    try:
        if config.input == "virtual":
            name = f"{config.port_name} in"
            port.open_virtual_port(name)
            return RtMidiInlet(f"{config.backend}:{client}:{name}", port, hear)
        there = sources(api)
        index = chosen(there, config.input)
        port.open_port(index, f"{config.port_name} in")
        return RtMidiInlet(f"{config.backend}:{there[index]}", port, hear)
    except rtmidi.RtMidiError as refused:
        raise OwnerError(
            f"{config.backend} refuses {config.input!r} ({refused}): see llmball ports"
        ) from refused
