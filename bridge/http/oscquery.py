"""OSCQuery: the namespace as JSON (github.com/Vidvox/OSCQueryProposal), built from the address table."""

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
"""Ranges of arguments by name, or name:type where names are ambiguous; other arguments have no range."""


def namespace_tree(value: Callable[[str], tuple[Value, ...]]) -> Node:
    """Return the root node of the namespace; `value` returns the current value of a path, () if it has none."""
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
    """Return the node at a path below `top`, or None if there is none."""
    node: Node | None = top
    for name in path.strip("/").split("/") if path.strip("/") else ():
        node = None if node is None else node.get("CONTENTS", {}).get(name)
    return node


def host_info(name: str, host: str, osc_port: int, http_port: int) -> Node:
    """Return the HOST_INFO object."""
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
    """Mark nodes that are an address and have children, such as follow and follow/mode, as containers.

    OSCQuery clients expect one or the other. TYPE, RANGE and DESCRIPTION stay, and `?VALUE` is still answered.
    """
    if node.get("CONTENTS"):
        node["ACCESS"] = 0
        node.pop("VALUE", None)
        for inner in node["CONTENTS"].values():
            _mark_containers(inner)


def _container(path: str, description: str) -> Node:
    return {"FULL_PATH": path, "DESCRIPTION": description, "ACCESS": 0, "CONTENTS": {}}


def _node_at(top: Node, path: str) -> Node:
    """Return the node of an address; it and its parents are created if missing."""
    node = top
    prefix = ""
    for name in (ROOT + path).strip("/").split("/"):
        prefix += f"/{name}"
        children = node.setdefault("CONTENTS", {})
        node = children.setdefault(name, {"FULL_PATH": prefix, "DESCRIPTION": f"what is under {prefix}", "ACCESS": 0})
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
    """Return the attributes of a command or outgoing message; without arguments its type is I, an impulse."""
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
    if value and len(value) != len(kinds):  # variable length: a list of names and weights
        node["TYPE"] = "".join("s" if isinstance(v, str) else "i" if isinstance(v, int) else "f" for v in value)
        node["RANGE"] = [{} for _ in value]
    return node


def _placeholder(kind: str, range_: Node) -> Value | None:
    """Return a default for a value that is not known yet: clients read the types of values from it."""
    if kind == "I":
        return None
    first = range_["VALS"][0] if "VALS" in range_ else range_.get("MIN", "" if kind == "s" else 0)
    return str(first) if kind == "s" else int(first) if kind == "i" else float(first)


log = logging.getLogger("llmball")
NAME = "LLMBall"


class ZeroconfAnnouncer:
    """Announces the HTTP and OSC ports from `open` to `close`. Raises OwnerError if zeroconf is not installed."""

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
        """Start announcing in the background, which takes seconds."""
        self._task = asyncio.get_running_loop().create_task(self._announce(host, http_port, osc_port))

    async def close(self) -> None:
        """Withdraw the announcement."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._open is not None:
            await self._open.async_close()

    async def _announce(self, host: str, http_port: int, osc_port: int) -> None:
        address = ip_address(host)
        hosts = [host] if not address.is_unspecified else None
        try:
            self._open = self._zeroconf(hosts or self._everywhere, ip_version=self._v4)
            for kind, port in (("_oscjson._tcp.local.", http_port), ("_osc._udp.local.", osc_port)):
                info = self._info(kind, f"{NAME}.{kind}", port=port, parsed_addresses=hosts or _own_addresses())
                await self._open.async_register_service(info, allow_name_change=True)
        except OSError as refused:
            log.warning("zeroconf announcement failed: %s", refused)


def _own_addresses() -> list[str]:
    """Return this machine's IPv4 addresses without loopback, or only loopback if there is no other."""
    import ifaddr

    own_addresses = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
    return [ip for ip in own_addresses if not ip_address(ip).is_loopback] or own_addresses
