"""Frozen `.amxd` files: the bytes of a device with its scripts in it.

Outer chunks are little-endian (`ampf` with the type, `meta` 7, `ptch`); inside `ptch` the block `mx@c` is big-endian: the
files back to back, then a directory `dlst` of `dire` entries. As seen in devices that Live opens; a constant date makes
the same sources give the same bytes.
"""

from __future__ import annotations

import json
import struct
from typing import Any

TYPES = {"midi effect": b"mmmm", "midi generator": b"nagg"}
FROZEN = 7
DATE = 3_786_825_600
"""Seconds since 1904 that every file carries."""
OWN, DEPENDENCY = 0x11, 0


def code(kind: str) -> int:
    """Return the type as the patcher's project says it: the same four letters as a big-endian number."""
    return int.from_bytes(TYPES[kind], "big")


def frozen(kind: str, name: str, patcher: dict[str, Any], scripts: dict[str, bytes]) -> bytes:
    """Return a frozen device; `name` is its file's. Raises ValueError where the project says another type."""
    if patcher["patcher"]["project"]["amxdtype"] != code(kind):
        raise ValueError(f"{name} is a {kind}, its project says otherwise")
    own = json.dumps(patcher, indent="\t", ensure_ascii=False).encode() + b"\n\0"
    files = [(name, b"JSON", own, OWN), *((n, b"TEXT", data, DEPENDENCY) for n, data in scripts.items())]
    body, entries, at = b"", b"", 16
    for file, type_, data, flag in files:
        called = file.encode("ascii") + b"\0"
        called += b"\0" * (-len(called) % 4)
        numbers = {b"sz32": len(data), b"of32": at, b"vers": 0, b"flag": flag, b"mdat": DATE}
        fields = _sized(b"type", type_) + _sized(b"fnam", called)
        fields += b"".join(_sized(tag, struct.pack(">I", value)) for tag, value in numbers.items())
        entries += _sized(b"dire", fields)
        body += data
        at += len(data)
    block = b"mx@c" + struct.pack(">IQ", 16, at) + body + _sized(b"dlst", entries)
    outer = ((b"ampf", TYPES[kind]), (b"meta", struct.pack("<I", FROZEN)), (b"ptch", block))
    return b"".join(tag + struct.pack("<I", len(payload)) + payload for tag, payload in outer)


def _sized(tag: bytes, payload: bytes) -> bytes:
    return tag + struct.pack(">I", 8 + len(payload)) + payload
