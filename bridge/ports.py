"""Where MIDI goes: a virtual port of ours, somebody's port by name, or nowhere.

`Port.send` is called from the player only. JACK is asked by name, never by rtmidi's default, which tries ALSA
and fails where there is none; and never started, for that is the owner's to do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from bridge.errors import OwnerError

BACKENDS = ("auto", "jack", "alsa", "coremidi", "winmm")
_API_NAMES = {
    "jack": "API_UNIX_JACK",
    "alsa": "API_LINUX_ALSA",
    "coremidi": "API_MACOSX_CORE",
    "winmm": "API_WINDOWS_MM",
}


@dataclass(frozen=True, slots=True)
class PortConfig:
    """What to open: output is virtual, none, record:FILE or a port's name; None is "virtual if possible"."""

    output: str | None
    backend: str
    per_part: bool
    port_name: str
    parts: tuple[str, ...]
    trace: Path | None = None


class Port(Protocol):
    """Anything that takes MIDI bytes."""

    name: str
    routes: tuple[str, ...]

    def send(self, route: str, data: bytes) -> None:
        """Send one message on the port of a route; ("",) is one port for all. Raises OSError: port lost."""

    def close(self) -> None:
        """Close it; nothing may be sent after."""


class SilentPort:
    """Takes everything and sends nothing: for `none`, and for files, which the daemon writes itself."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routes: tuple[str, ...] = ("",)

    def send(self, route: str, data: bytes) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class RecordingPort:
    """Keeps what was sent, with the route: for tests and examples."""

    def __init__(self) -> None:
        self.name = "recording"
        self.routes: tuple[str, ...] = ("",)
        self.sent: list[tuple[str, bytes]] = []

    def send(self, route: str, data: bytes) -> None:
        """Keep a message."""
        self.sent.append((route, data))

    def close(self) -> None:
        """Do nothing."""


class RtMidiPort:
    """One port a route, through python-rtmidi."""

    def __init__(self, name: str, outs: dict[str, Any]) -> None:
        self.name, self.routes, self._outs = name, tuple(outs), outs

    def send(self, route: str, data: bytes) -> None:
        """Send a message. Raises OSError where the port is lost."""
        import rtmidi

        try:
            self._outs[route].send_message(data)
        except rtmidi.RtMidiError as lost:
            raise OSError(f"{self.name} does not take any more: {lost}") from lost

    def close(self) -> None:
        """Close every port."""
        for out in self._outs.values():
            out.close_port()
            out.delete()


def client_name(port_name: str) -> str:
    """Return JACK's client name for a port name: LLMBall → llmball."""
    return "".join(c for c in port_name.lower() if c.isalnum()) or "llmball"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep libjack from writing to stderr while we only ask whether a server is there."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def api_of(backend: str) -> int:
    """Return rtmidi's number of a backend."""
    import rtmidi

    return int(getattr(rtmidi, _API_NAMES[backend]))


def candidates(platform: str) -> tuple[str, ...]:
    """Return the backends of a platform, the best first."""
    return {"darwin": ("coremidi", "jack"), "win32": ("winmm",)}.get(platform, ("jack", "alsa"))


def find_backend(wanted: str) -> str | None:
    """Return the backend that answers: the one wanted, or the platform's first; None where none does."""
    asked = candidates(sys.platform) if wanted == "auto" else (wanted,)
    return next((b for b in asked if _answers(b)), None)


def _answers(backend: str) -> bool:
    import rtmidi

    api = api_of(backend)
    if api not in rtmidi.get_compiled_api():
        return False
    os.environ["JACK_NO_START_SERVER"] = "1"
    with _quiet():
        try:
            probe = rtmidi.MidiOut(api, name="llmball-probe")
            probe.get_ports()
        except (SystemError, RuntimeError, rtmidi.RtMidiError):
            return False
    probe.delete()
    return True


def list_ports(backend: str) -> tuple[str, list[str], list[str]] | None:
    """Return the backend in use, the ports we could send to and those we could hear; None without MIDI."""
    found = find_backend(backend)
    if found is None:
        return None
    import rtmidi

    api = api_of(found)
    sinks, sources = rtmidi.MidiOut(api, name="llmball-list"), rtmidi.MidiIn(api, name="llmball-list")
    try:
        return found, sinks.get_ports(), sources.get_ports()
    finally:
        sinks.delete()
        sources.delete()


def decided(config: PortConfig) -> PortConfig:
    """Return the config with its output and backend settled. Raises OwnerError: what was asked cannot be."""
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
        return replace(config, output="record:llmball.mid", backend=backend)
    return replace(config, output=output or "virtual", backend=backend)


def open_port(config: PortConfig) -> Port:
    """Open what a settled config names. Raises OwnerError."""
    output = config.output or "none"
    if output == "none":
        return SilentPort("none")
    if output.startswith("record:"):
        return SilentPort(f"file:{output.removeprefix('record:')}")
    import rtmidi

    api = api_of(config.backend)
    try:
        return _virtual(config, api) if output == "virtual" else _existing(config, api, output)
    except rtmidi.RtMidiError as refused:
        raise OwnerError(f"{config.backend} refuses {output!r} ({refused}): see llmball ports") from refused


def _virtual(config: PortConfig, api: int) -> Port:
    import rtmidi

    if config.backend == "winmm":
        raise OwnerError(
            "Windows has no virtual ports: install loopMIDI and name its port with --output (llmball ports)"
        )
    client = client_name(config.port_name)
    routes = config.parts if config.per_part else ("",)
    # a client a port: the first has the plain name, which is where people look
    clients = {route: f"{client}-{route}" if i else client for i, route in enumerate(routes)}
    names = {route: f"{config.port_name} {route}".rstrip() for route in routes}
    taken = [p for p in sources(api) if p.split(":")[0] in clients.values() or p in names.values()]
    if taken:
        raise _taken(taken[0])
    outs: dict[str, Any] = {}
    for route in routes:
        outs[route] = rtmidi.MidiOut(api, name=clients[route])
        outs[route].open_virtual_port(names[route])
    port = RtMidiPort(f"{config.backend}:{client}:{names[routes[0]]}", outs)
    if config.backend == "jack":  # which gives another name to a client whose own is taken, and says nothing
        there = sources(api)
        for route in routes:
            if f"{clients[route]}:{names[route]}" not in there:
                port.close()
                raise _taken(clients[route])
    return port


def sources(api: int) -> list[str]:
    """Return the names of all ports that send. Raises rtmidi.RtMidiError."""
    import rtmidi

    asking = rtmidi.MidiIn(api, name="llmball-probe")
    try:
        return list(asking.get_ports())
    finally:
        asking.delete()


def _taken(name: str) -> OwnerError:
    return OwnerError(f"{name} is there already: stop the other LLMBall, or choose another --port-name")


def _existing(config: PortConfig, api: int, wanted: str) -> Port:
    import rtmidi

    out = rtmidi.MidiOut(api, name=client_name(config.port_name))
    there = out.get_ports()
    try:
        index = chosen(there, wanted)
    except OwnerError:
        out.delete()
        raise
    out.open_port(index, config.port_name)
    return RtMidiPort(f"{config.backend}:{there[index]}", {"": out})


def chosen(there: list[str], wanted: str) -> int:
    """Return which of some ports a name, or a piece of one, means. Raises OwnerError: none, or several."""
    fitting = [i for i, name in enumerate(there) if wanted.lower() in name.lower()]
    meant = [i for i in fitting if there[i] == wanted] or fitting
    if len(meant) != 1:
        found = "no port" if not meant else "more than one port"
        ports = ", ".join(there) or "none"
        raise OwnerError(f"{found} is named like {wanted!r}; there are: {ports} (see llmball ports)")
    return meant[0]
