"""`python -m max_for_live.build [DIR]`, or `make devices`: sources → `dist/`: devices, their sums, and a text of each to read."""

from __future__ import annotations

import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

from max_for_live.behind import SCREEN
from max_for_live.effect import BANKS, effect
from max_for_live.generator import generator
from max_for_live.patch import FOLDER, Patch

SHARED = ("words", "wire", "link", "note", "kit", "live")
SCRIPTS = {
    "llmball.js": (
        *SHARED,
        "chord",
        "write",
        "ahead",
        "transport",
        "leader",
        "stream",
        "place",
        "source",
        "diff",
        "roll",
        "hear",
        "plan",
        "menus",
        "lead",
        "memory",
        "effect",
    ),
    "llmball_generator.js": (*SHARED, "generator"),
    SCREEN: ("screen",),
}
"""The files of `code/` that make each script, in their order; they are joined, for Max's `require` shares one namespace."""


def script(name: str) -> bytes:
    """Return a script as it is frozen into its device."""
    rooms = (FOLDER / "code" / f"{room}.js" for room in SCRIPTS[name])
    return "\n".join(room.read_text(encoding="utf-8") for room in rooms).encode()


# Frozen `.amxd` files: the bytes of a device with its scripts in it. Outer chunks are little-endian (`ampf` with the type,
# `meta` 7, `ptch`); inside `ptch` the block `mx@c` is big-endian: the files back to back, then a directory `dlst` of `dire`
# entries. As seen in devices that Live opens; a constant date makes the same sources give the same bytes.

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


def devices() -> dict[str, tuple[str, dict[str, Any], list[str]]]:
    """Return each device by its file's name: its kind, its patcher and the names of its scripts."""
    made: tuple[tuple[str, str, Patch, list[str], dict[str, list[str]]], ...] = (
        ("LLMBall.amxd", "midi effect", effect(), ["llmball.js", SCREEN], BANKS),
        ("LLMBall Generator.amxd", "midi generator", generator(), ["llmball_generator.js"], {}),  # a MIDI Tool has no Push banks
    )  # fmt: skip
    return {name: (kind, patch.json(code(kind), called, banks), called) for name, kind, patch, called, banks in made}


def read(patcher: dict[str, Any]) -> str:
    """Return a patcher as lines to read and to compare: boxes with their parameters, then cords."""
    lines, names = [], {}
    for held in patcher["patcher"]["boxes"]:
        box = held["box"]
        names[box["id"]] = box.get("varname") or box.get("text") or box["maxclass"]
        value = box.get("saved_attribute_attributes", {}).get("valueof", {})
        shown = [int(v) for v in box.get("presentation_rect", [])]
        told = {
            k.removeprefix("parameter_"): v
            for k, v in value.items()
            if k not in ("parameter_info", "parameter_annotation_name")
        }
        lines.append(f"{box['id']}\t{box['maxclass']}\t{box.get('text', '')}\t{shown or ''}\t{told or ''}")
    for held in patcher["patcher"]["lines"]:
        (a, out), (b, into) = held["patchline"]["source"], held["patchline"]["destination"]
        lines.append(f"{a} {names[a]} :{out} → {b} {names[b]} :{into}")
    return "\n".join(lines) + "\n"


def build(folder: Path) -> None:
    """Write all of it into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    sums = []
    for name, (kind, patcher, called) in devices().items():
        content = frozen(kind, name, patcher, {one: script(one) for one in called})
        (folder / name).write_bytes(content)
        (folder / f"{name.removesuffix('.amxd')}.txt").write_text(read(patcher), encoding="utf-8")
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "dist")
