"""OSCQuery: the namespace as JSON (github.com/Vidvox/OSCQueryProposal), made from the table of addresses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from bridge.config import MAX_PORT
from bridge.errors import OwnerError
from bridge.protocol.addresses import COMMANDS, MAX_HOST_TEMPO, OUTGOING, AddressEntry
from bridge.protocol.controls import CONTROL_PATHS, CONTROLS, ROOT, Control, Value, current_path
from model.music.control import MAX_BARS, MIN_TEMPO
from model.music.notes import CUES, PARTS

Node = dict[str, Any]
READ, WRITE = 1, 2
ATTRIBUTES = frozenset({"FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "RANGE", "DESCRIPTION", "VALUE", "DEFAULT_VALUE"})
KNOWN_ATTRIBUTES = ATTRIBUTES | {"CLIPMODE", "UNIT", "TAGS", "EXTENDED_TYPE", "CRITICAL", "OVERLOADS", "HTML"}
_TEMPI = {"MIN": float(MIN_TEMPO), "MAX": float(MAX_HOST_TEMPO)}
_ARGUMENT_RANGES: Mapping[str, Node] = {
    "reply_port": {"MIN": 0, "MAX": MAX_PORT}, "encoded": {"VALS": [0, 1]}, "playing": {"VALS": [0, 1]},
    "x": {"MIN": 0.0, "MAX": 1.0}, "weight": {"MIN": 0.0, "MAX": 1.0}, "value": {"MIN": 0.0, "MAX": 1.0},
    "bars:i": {"MIN": 1, "MAX": MAX_BARS}, "section": {"VALS": list(CUES)}, "part": {"VALS": list(PARTS)},
    "tempo": _TEMPI, "bpm": _TEMPI, "pitch": {"MIN": 0, "MAX": 127},
    "velocity": {"MIN": 1, "MAX": 127}, "state": {"VALS": ["idle", "waiting", "playing"]},
    "feel": {"VALS": ["half", "normal", "double"]}, "bar": {"MIN": -3}, "beat:i": {"MIN": 1},
    "length": {"MIN": 0.0}, "start": {"MIN": 0.0}, "late": {"MIN": 0}, "dropped": {"MIN": 0}, "starved": {"MIN": 0},
    "p99_ms": {"MIN": 0.0}, "protocol": {"VALS": [1]},
}  # fmt: skip
"""Ranges of arguments by name (with the type where that alone is not enough); of others any value is taken."""


def namespace_tree(value: Callable[[str], tuple[Value, ...]]) -> Node:
    """Return the whole namespace; `value` gives what an address was set to or told last."""
    top = _container("/", "LLMBall: a sentence becomes a band that plays")
    for path in CONTROL_PATHS:
        control = CONTROLS[current_path(path)]
        if path != control.path:
            control = replace(control, description=f"old address of {ROOT}{control.path}: {control.description}")
        _node_at(top, path).update(_control_attributes(control, value(path)))
    for command in COMMANDS.values():
        _node_at(top, command.path).update(_entry_attributes(command, WRITE, value(command.path)))
    for entry in OUTGOING:
        _node_at(top, entry.path).update(_entry_attributes(entry, READ, value(entry.path)))
    _mark_containers(top)
    return top


def find_node(top: Node, path: str) -> Node | None:
    """Return the node of a path."""
    node: Node | None = top
    for name in path.strip("/").split("/") if path.strip("/") else ():
        node = None if node is None else node.get("CONTENTS", {}).get(name)
    return node


def host_info(name: str, host: str, osc_port: int, http_port: int) -> Node:
    """Return HOST_INFO."""
    return {
        "NAME": name,
        "OSC_IP": host,
        "OSC_PORT": osc_port,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": host,
        "WS_PORT": http_port,
        "EXTENSIONS": {
            "ACCESS": True, "VALUE": True, "RANGE": True, "DESCRIPTION": True, "TYPE": True, "LISTEN": True,
            "IGNORE": True, "CLIPMODE": False, "UNIT": False, "TAGS": False, "EXTENDED_TYPE": False,
            "CRITICAL": False, "PATH_CHANGED": False, "PATH_ADDED": False, "PATH_REMOVED": False, "HTML": False,
        },
    }  # fmt: skip


def _mark_containers(node: Node) -> None:
    """Show a node that is an address and holds others, such as follow and follow/mode, as what holds others.

    To the clients of OSCQuery a node is one or the other; its type, range and description stay, and `?VALUE` answers.
    """
    if node.get("CONTENTS"):
        node["ACCESS"] = 0
        node.pop("VALUE", None)
        for inner in node["CONTENTS"].values():
            _mark_containers(inner)


def _container(path: str, description: str) -> Node:
    return {"FULL_PATH": path, "DESCRIPTION": description, "ACCESS": 0, "CONTENTS": {}}


def _node_at(top: Node, path: str) -> Node:
    """Return the node of an address, made with those above it where it is not there yet."""
    node = top
    walked = ""
    for name in (ROOT + path).strip("/").split("/"):
        walked += f"/{name}"
        inside = node.setdefault("CONTENTS", {})
        node = inside.setdefault(name, {"FULL_PATH": walked, "DESCRIPTION": f"what is under {walked}", "ACCESS": 0})
    return node


def _control_attributes(control: Control, value: tuple[Value, ...]) -> Node:
    range_: Node = {}
    if control.choices:
        range_ = {"VALS": [int(c) if control.kind == "i" else c for c in control.choices]}
    elif control.kind != "s":
        number = int if control.kind == "i" else float
        range_ = {"MIN": number(control.low), "MAX": number(control.high)}
    description = (
        f"{control.description} ({control.range_text})"
        if control.kind == "s" or control.unset is not None
        else control.description
    )
    return {
        "TYPE": control.kind,
        "ACCESS": READ | WRITE,
        "RANGE": [range_],
        "DESCRIPTION": description,
        "VALUE": list(value),
        "DEFAULT_VALUE": [control.default],
    }


def _entry_attributes(command: AddressEntry, access: int, value: tuple[Value, ...]) -> Node:
    """Return what is said of a command, or of what is told; without arguments it is an impulse, I."""
    names = [a.strip("()").partition(":") for a in command.args.split() if a != "…"]
    kinds = "".join(kind or "f" for _, _, kind in names)
    ranges = [_ARGUMENT_RANGES.get(name) or _ARGUMENT_RANGES.get(f"{name}:{kind}") or {} for name, _, kind in names]
    node: Node = {
        "TYPE": kinds or "I",
        "ACCESS": access,
        "RANGE": ranges or [{}],
        "DESCRIPTION": command.description or command.path.rpartition("/")[2],
    }
    node["VALUE"] = list(value) or [
        _placeholder(kind, range_) for kind, range_ in zip(kinds or "I", node["RANGE"], strict=True)
    ]
    if value and len(value) != len(kinds):  # a list of names and weights is as long as it is
        node["TYPE"] = "".join("s" if isinstance(v, str) else "i" if isinstance(v, int) else "f" for v in value)
        node["RANGE"] = [{} for _ in value]
    return node


def _placeholder(kind: str, range_: Node) -> Value | None:
    """Return what stands for a value that nothing was told of yet: clients read the types of values from it."""
    if kind == "I":
        return None
    first = range_["VALS"][0] if "VALS" in range_ else range_.get("MIN", "" if kind == "s" else 0)
    return str(first) if kind == "s" else int(first) if kind == "i" else float(first)


log = logging.getLogger("llmball")
NAME = "LLMBall"


class ZeroconfAnnouncer:
    """Announces HOST_INFO's port and OSC's from `open` to `close`. Raises OwnerError where zeroconf is not installed."""

    def __init__(self) -> None:
        try:
            from zeroconf import InterfaceChoice, IPVersion
            from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf
        except ImportError as missing:
            raise OwnerError("--zeroconf needs its extra: pip install 'llmball[zeroconf]'") from missing
        self._info, self._zeroconf, self._v4 = AsyncServiceInfo, AsyncZeroconf, IPVersion.V4Only
        self._everywhere = InterfaceChoice.All
        self._open: Any = None
        self._task: asyncio.Task[None] | None = None

    def open(self, host: str, http_port: int, osc_port: int) -> None:
        """Begin to announce; it takes seconds, which nobody waits for."""
        self._task = asyncio.get_running_loop().create_task(self._announce(host, http_port, osc_port))

    async def close(self) -> None:
        """Take it back."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._open is not None:
            await self._open.async_close()

    async def _announce(self, host: str, http_port: int, osc_port: int) -> None:
        address = ip_address(host)
        here = [host] if not address.is_unspecified else None
        try:
            self._open = self._zeroconf(here or self._everywhere, ip_version=self._v4)
            for kind, port in (("_oscjson._tcp.local.", http_port), ("_osc._udp.local.", osc_port)):
                info = self._info(kind, f"{NAME}.{kind}", port=port, parsed_addresses=here or _own_addresses())
                await self._open.async_register_service(info, allow_name_change=True)
        except OSError as refused:
            log.warning("nobody can find us by zeroconf: %s", refused)


def _own_addresses() -> list[str]:
    """Return this machine's own addresses but loopback."""
    import ifaddr

    own_addresses = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    return [ip for ip in own_addresses if not ip_address(ip).is_loopback] or own_addresses
