"""Input ports: a virtual MIDI port of our own, a connection to an existing port by name, or sound (`bridge.midi.audio_input`).

Received messages are passed to `on_midi` with their time of arrival, on a thread of the MIDI system.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar, runtime_checkable

from bridge.clock import Seconds, monotonic
from bridge.errors import OwnerError
from bridge.midi import jack
from bridge.midi.backends import api_of, binding, find_backend, find_port, input_ports, jack_client_name
from bridge.midi.jack import ConnectionKeeper, JackClient, NameTakenError
from bridge.midi.protocol import ACTIVE_SENSING, InputHealth

OnMidi = Callable[[Seconds, bytes], None]


@dataclass(frozen=True, slots=True)
class InputConfig:
    """Settings of an input: `input` is "virtual", the name of an existing port, "audio" or "audio:NAME"; `number` counts from 1."""

    input: str
    backend: str
    port_name: str
    number: int = 1

    @property
    def suffix(self) -> str:
        """What follows our names where there are several inputs."""
        return f" {self.number}" if self.number > 1 else ""

    @property
    def is_sound(self) -> bool:
        """True if a microphone or an instrument is listened to."""
        return self.input == AUDIO or self.input.startswith(f"{AUDIO}:")


Client = TypeVar("Client", bound=JackClient)
JACK_GONE = "jack does not answer any more: see llmball doctor"
AUDIO = "audio"
"""What `--input` says for sound: this, or this with a colon and a piece of a port's name."""


class PortGoneError(Exception):
    """The port, or its MIDI system, is no longer available."""


class InputPort(Protocol):
    """An open MIDI input port."""

    name: str

    @property
    def connections(self) -> frozenset[str]:
        """Names of the ports to connect to when the port is opened again."""

    @property
    def has_left(self) -> bool:
        """True if a port that was connected was not any more when `check` was last called; where that can be found out."""

    def check(self) -> list[str]:
        """Check the port, called periodically; return a line per change. Raises PortGoneError."""

    def close(self) -> None:
        """Close the port; no message is delivered afterwards."""


@runtime_checkable
class MeasuredInput(Protocol):
    """An open input port that knows how late it hears, and what it loses."""

    def health(self) -> InputHealth | None:
        """Return the latency and the losses; None if they are as they were."""


class RtMidiSource(Protocol):
    """The part of RtMidi's MidiIn that is used here."""

    def ignore_types(self, sysex: bool, timing: bool, active_sense: bool) -> None:
        """Set which kinds of messages are dropped."""

    def set_callback(self, call: Callable[[Iterable[int], float, object], None]) -> None:
        """Call a function with (bytes, seconds since the last, data) per message, on a thread of RtMidi."""

    def cancel_callback(self) -> None:
        """Remove the callback."""

    def get_ports(self) -> list[str]:
        """Return the names of the ports that can be received from."""

    def close_port(self) -> None:
        """Close the port."""

    def delete(self) -> None:
        """Close the client and free its resources."""


class RtMidiInput:
    """An input port of RtMidi, virtual or `connected_to` an existing port. Drops Active Sensing and SysEx."""

    connections: frozenset[str] = frozenset()
    has_left = False

    def __init__(
        self,
        name: str,
        port: RtMidiSource,
        on_midi: OnMidi,
        connected_to: str | None = None,
    ) -> None:
        self.name, self._port, self._on_midi, self._connected_to = name, port, on_midi, connected_to
        port.ignore_types(sysex=True, timing=False, active_sense=True)
        port.set_callback(self._on_message)

    def check(self) -> list[str]:
        """Raise PortGoneError if the port it is connected to no longer exists; return []."""
        if self._connected_to is not None and self._connected_to not in self._port.get_ports():
            raise PortGoneError(f"{self._connected_to} is gone")
        return []

    def close(self) -> None:
        """Close the port."""
        self._port.cancel_callback()
        self._port.close_port()
        self._port.delete()

    def _on_message(self, message: Iterable[int], _since: float, _data: object) -> None:
        self._on_midi(monotonic(), bytes(message))


class JackInput:
    """An input port of libjack: the time of a message is that of its JACK frame."""

    def __init__(
        self, name: str, client: JackClient, wake: tuple[int, int], on_midi: OnMidi, connections: frozenset[str]
    ) -> None:
        """Connect a client that writes to the pipe `wake`, of which both ends are ours, and listen in a thread."""
        self.name, self._client, self._wake, self._on_midi = name, client, wake, on_midi
        self._keeper = ConnectionKeeper(client, connections)
        self._keeper.check()
        self._open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def connections(self) -> frozenset[str]:
        """Names of the ports to connect to when the port is opened again."""
        return self._keeper.remembered

    @property
    def has_left(self) -> bool:
        """True if a port that was connected was not any more when `check` was last called."""
        return bool(self._keeper.left)

    def check(self) -> list[str]:
        """Restore lost connections; return a line per change. Raises PortGoneError if the server is gone."""
        if self._client.server_lost or not self._reader.is_alive():
            raise PortGoneError("the JACK server is gone" if self._client.server_lost else "the port cannot be read")
        return self._keeper.check()

    def close(self) -> None:
        """Close the port."""
        self._open = False
        os.write(self._wake[1], b"\0")
        self._reader.join()
        self._client.close()
        close_pipe(self._wake)

    def _read(self) -> None:
        while self._open:
            os.read(self._wake[0], 256)
            for at, data in self._received():
                self._on_midi(at, data)

    def _received(self) -> Iterable[tuple[Seconds, bytes]]:
        return ((at, data) for at, data in self._client.received() if data[0] != ACTIVE_SENSING[0])


def resolved_input(config: InputConfig) -> InputConfig:
    """Return the config with a concrete backend. Raises OwnerError if the input is not possible here."""
    backend = find_backend("jack" if config.is_sound else config.backend)
    if config.is_sound:
        from bridge.midi.audio_input import check_possible  # numpy and what it needs: for sound only

        check_possible(is_answered=backend is not None)
        return replace(config, backend="jack")
    if backend is None:
        raise OwnerError("No MIDI system answers: start JACK (jackd or PipeWire's), or leave --input out")
    if backend == "winmm" and config.input == "virtual":
        raise OwnerError(
            "Windows has no virtual ports: name a loopback port with --input (llmball ports), from MIDI Settings or loopMIDI"
        )
    return replace(config, backend=backend)


def open_input(config: InputConfig, on_midi: OnMidi, connections: frozenset[str] = frozenset()) -> InputPort:
    """Open the port of a resolved config and connect it to `connections` (JACK only). Raises OwnerError."""
    client = f"{jack_client_name(config.port_name)}-in{config.suffix.replace(' ', '-')}"
    if config.is_sound:
        from bridge.midi.audio_input import open_audio

        return open_audio(config, client, on_midi, connections)
    rtmidi, api = binding(), api_of(config.backend)
    if config.backend == "jack" and jack.available():
        return _open_jack_input(config, api, client, on_midi, connections)
    try:
        port = rtmidi.MidiIn(api, client)
    except (SystemError, rtmidi.RtMidiError) as gone:
        raise OwnerError(f"{config.backend} does not answer any more: see llmball doctor") from gone
    try:
        if config.input == "virtual":
            name = f"{config.port_name} in{config.suffix}"
            port.open_virtual_port(name)
            return RtMidiInput(f"{config.backend}:{client}:{name}", port, on_midi)
        available = input_ports(api)
        index = find_port(available, config.input)
        port.open_port(index, f"{config.port_name} in{config.suffix}")
        return RtMidiInput(f"{config.backend}:{available[index]}", port, on_midi, available[index])
    except rtmidi.RtMidiError as refused:
        raise OwnerError(f"{config.backend} refuses {config.input!r} ({refused}): see llmball ports") from refused


def _open_jack_input(
    config: InputConfig, api: int, client: str, on_midi: OnMidi, connections: frozenset[str]
) -> InputPort:
    """Open a port of libjack; for an input named by the owner, a port of ours connected to it."""
    port = f"{config.port_name} in{config.suffix}"
    name = f"jack:{client}:{port}"
    if config.input != "virtual":
        try:
            available = input_ports(api)
        except (OSError, SystemError) as gone:
            raise OwnerError(JACK_GONE) from gone
        connections = connections or frozenset({available[find_port(available, config.input)]})
        name = f"jack:{', '.join(sorted(connections))}"
    opened, wake = woken(lambda pipe: JackClient(client, port, pipe))
    try:
        return JackInput(name, opened, wake, on_midi, connections)
    except BaseException:
        opened.close()
        close_pipe(wake)
        raise


def woken(opened: Callable[[int], Client]) -> tuple[Client, tuple[int, int]]:
    """Open a client of JACK that writes to a pipe; return it and both ends of the pipe. Raises OwnerError."""
    wake = os.pipe()
    os.set_blocking(wake[1], False)  # written by JACK's real-time thread
    try:
        return opened(wake[1]), wake
    except BaseException as fault:
        close_pipe(wake)  # opening is tried again, without end
        if isinstance(fault, NameTakenError):
            raise OwnerError(
                f"{fault} is there already: stop the other LLMBall, or choose another --port-name"
            ) from fault
        if isinstance(fault, OSError):
            raise OwnerError(JACK_GONE) from fault
        raise


def close_pipe(ends: tuple[int, int]) -> None:
    """Close both ends of a pipe."""
    for end in ends:
        os.close(end)
