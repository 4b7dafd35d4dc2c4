"""MIDI output ports: a virtual port of our own, an existing port by name, or none.

`OutputPort.send` is called from the player only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from bridge.clock import Seconds
from bridge.errors import OwnerError
from bridge.midi import jack
from bridge.midi.backends import (
    api_of,
    binding,
    default_loopback,
    find_backend,
    find_port,
    input_ports,
    jack_client_name,
    other_end,
    output_ports,
)
from bridge.midi.jack import JackPort, NameTakenError

Connections = Mapping[str, frozenset[str]]
"""By route, the names of the ports to connect to when the port is opened again."""
NO_CONNECTIONS: Connections = {}


@dataclass(frozen=True, slots=True)
class OutputConfig:
    """Settings of the output: virtual, none, record:FILE or a port's name; None means virtual if possible."""

    output: str | None
    backend: str
    per_part: bool
    port_name: str
    parts: tuple[str, ...]
    trace: Path | None = None


class OutputPort(Protocol):
    """An open MIDI output port."""

    name: str
    routes: tuple[str, ...]
    schedule_ahead: Seconds
    """Seconds by which a message may be sent early and still sounds on time; 0: it sounds when it is sent."""
    check_interval: Seconds | None
    """Seconds between two calls of `check`; None: never."""

    @property
    def joined(self) -> frozenset[str]:
        """The routes to which another port was connected when `check` was last called; where that can be found out."""

    @property
    def connections(self) -> Connections:
        """By route, the ports to connect to when the port is opened again."""

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        """Send a message on the port of a route ("" if one port serves all). Raises OSError if the port is lost."""

    def flush(self) -> None:
        """Drop the note-ons that were sent early and have not sounded; send all other queued messages at once."""

    def check(self) -> list[str]:
        """Check the port, called periodically; return a line per change. Raises OSError if the port is lost."""

    def close(self) -> None:
        """Close the port; `send` must not be called afterwards."""


class SilentPort:
    """Discards all messages: for output `none`, and for record:FILE, which the daemon writes itself."""

    schedule_ahead = Seconds(0)
    check_interval: Seconds | None = None
    connections: Connections = NO_CONNECTIONS
    joined: frozenset[str] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: tuple[str, ...] = ("",)

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing: no message is queued."""

    def check(self) -> list[str]:
        """Return []."""
        return []

    def close(self) -> None:
        """Do nothing."""


class RecordingPort:
    """Stores each message with its route: for tests and examples."""

    schedule_ahead = Seconds(0)
    check_interval: Seconds | None = None
    connections: Connections = NO_CONNECTIONS
    joined: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.name = "recording"
        self.routes: tuple[str, ...] = ("",)
        self.sent: list[tuple[str, bytes]] = []

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        """Append a message to `sent`."""
        self.sent.append((route, data))

    def flush(self) -> None:
        """Do nothing: no message is queued."""

    def check(self) -> list[str]:
        """Return []."""
        return []

    def close(self) -> None:
        """Do nothing."""


class RtMidiPort:
    """One port of RtMidi per route; `connected_to` is the existing port it is connected to, if any."""

    schedule_ahead = Seconds(0)
    check_interval: Seconds | None = Seconds(1)
    connections: Connections = NO_CONNECTIONS
    joined: frozenset[str] = frozenset()

    def __init__(self, name: str, outs: dict[str, Any], connected_to: str | None = None) -> None:
        self.name, self.routes, self._outs, self._connected_to = name, tuple(outs), outs, connected_to

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        """Send a message. Raises OSError if the port is lost."""
        try:
            self._outs[route].send_message(data)
        except binding().RtMidiError as lost:
            raise OSError(f"{self.name} does not take any more: {lost}") from lost

    def flush(self) -> None:
        """Do nothing: no message is queued."""

    def check(self) -> list[str]:
        """Raise OSError if the port it is connected to is gone: RtMidi reports no error on sending to it."""
        if self._connected_to is not None and self._connected_to not in self._outs[""].get_ports():
            raise OSError(f"{self._connected_to} is gone")
        return []

    def close(self) -> None:
        """Close every port."""
        for out in self._outs.values():
            out.close_port()
            out.delete()


def resolved_output(config: OutputConfig) -> OutputConfig:
    """Return the config with concrete output and backend. Raises OwnerError if the output is not possible here."""
    output = config.output
    if output == "none" or (output is not None and output.startswith("record:")):
        return config
    backend = find_backend(config.backend)
    if backend is None and output is None and config.backend == "auto":
        return replace(config, output="record:llmball.mid")
    if backend is None:
        asked = "No MIDI system answers" if config.backend == "auto" else f"{config.backend} does not answer"
        raise OwnerError(f"{asked}: start JACK (jackd or PipeWire's), or choose --output record:FILE or none")
    if output is None and backend == "winmm":
        output = default_loopback(output_ports(api_of(backend))) or "record:llmball.mid"
    return replace(config, output=output or "virtual", backend=backend)


def first_words(asked: OutputConfig, resolved: OutputConfig) -> str:
    """Return what the owner is told of a port that was not named: a line, or nothing where there is nothing to do."""
    output = resolved.output or ""
    if asked.output is not None:
        return ""
    if output.startswith("record:"):
        what = "Windows has no port to another program yet (llmball ports)" if resolved.backend == "winmm" else NO_MIDI
        return f"{what}: writing ./{output.removeprefix('record:')}\n"
    other = other_end(output)
    return f"playing into {output}: in the DAW, listen to {other}\n" if other else ""


NO_MIDI = "no MIDI system answers"


def open_output(config: OutputConfig, connections: Connections | None = None) -> OutputPort:
    """Open the port of a resolved config and connect it to `connections` (JACK only). Raises OwnerError."""
    output = config.output or "none"
    if output == "none":
        return SilentPort("none")
    if output.startswith("record:"):
        return SilentPort(f"file:{output.removeprefix('record:')}")
    api = api_of(config.backend)
    try:
        if config.backend == "jack" and jack.available():
            return _open_jack(config, api, output, connections or {})
        return _open_virtual(config, api) if output == "virtual" else _open_existing(config, api, output)
    except binding().RtMidiError as refused:
        raise OwnerError(f"{config.backend} refuses {output!r} ({refused}): see llmball ports") from refused


def _client_names(config: OutputConfig) -> dict[str, tuple[str, str]]:
    """Return client and port name per route. The first client has the plain name, which users look for."""
    client = jack_client_name(config.port_name)
    routes = config.parts if config.per_part else ("",)
    return {
        route: (f"{client}-{route}" if i else client, f"{config.port_name} {route}".rstrip())
        for i, route in enumerate(routes)
    }


def _open_jack(config: OutputConfig, api: int, output: str, connections: Connections) -> OutputPort:
    """Open ports of libjack; for an output named by the owner, a port of ours connected to it."""
    clients = _client_names(config)
    client, port = next(iter(clients.values()))
    name = f"jack:{client}:{port}"
    if output != "virtual":
        available = output_ports(api)
        connections = connections or {"": frozenset({available[find_port(available, output)]})}
        clients, name = {"": (client, config.port_name)}, f"jack:{', '.join(sorted(connections['']))}"
    try:
        return JackPort(name, clients, connections)
    except NameTakenError as taken:
        raise _name_taken(str(taken)) from taken
    except OSError as gone:
        raise OwnerError("jack does not answer any more: see llmball doctor") from gone


def _open_virtual(config: OutputConfig, api: int) -> OutputPort:
    if config.backend == "winmm":
        raise OwnerError(
            "Windows has no virtual ports: name a loopback port with --output (llmball ports), from MIDI Settings or loopMIDI"
        )
    routes = tuple(_client_names(config))
    clients = {route: client for route, (client, _) in _client_names(config).items()}
    names = {route: port for route, (_, port) in _client_names(config).items()}
    client = clients[routes[0]]
    taken = [p for p in input_ports(api) if p.split(":")[0] in clients.values() or p in names.values()]
    if taken:
        raise _name_taken(taken[0])
    outs: dict[str, Any] = {}
    for route in routes:
        outs[route] = binding().MidiOut(api, clients[route])
        outs[route].open_virtual_port(names[route])
    port = RtMidiPort(f"{config.backend}:{client}:{names[routes[0]]}", outs)
    if config.backend == "jack":  # JACK silently renames a client whose name is taken
        available = input_ports(api)
        for route in routes:
            if f"{clients[route]}:{names[route]}" not in available:
                port.close()
                raise _name_taken(clients[route])
    return port


def _name_taken(name: str) -> OwnerError:
    return OwnerError(f"{name} is there already: stop the other LLMBall, or choose another --port-name")


def _open_existing(config: OutputConfig, api: int, wanted: str) -> OutputPort:
    out = binding().MidiOut(api, jack_client_name(config.port_name))
    available = out.get_ports()
    try:
        index = find_port(available, wanted)
    except OwnerError:
        out.delete()
        raise
    out.open_port(index, config.port_name)
    return RtMidiPort(f"{config.backend}:{available[index]}", {"": out}, available[index])
