"""`python -m max_for_live.build [DIR]`, or `make devices`: sources → `dist/`: devices, their sums, and a text of each to read."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from max_for_live import container
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
"""The rooms of each script in their order: Max's own `require` keeps no modules apart."""


def script(name: str) -> bytes:
    """Return a script as it is frozen into its device."""
    rooms = (FOLDER / "code" / f"{room}.js" for room in SCRIPTS[name])
    return "\n".join(room.read_text(encoding="utf-8") for room in rooms).encode()


def devices() -> dict[str, tuple[str, dict[str, Any], list[str]]]:
    """Return each device by its file's name: its kind, its patcher and the names of its scripts."""
    made: tuple[tuple[str, str, Patch, list[str], dict[str, list[str]]], ...] = (
        ("LLMBall.amxd", "midi effect", effect(), ["llmball.js", SCREEN], BANKS),
        ("LLMBall Generator.amxd", "midi generator", generator(), ["llmball_generator.js"], {}),  # a MIDI Tool has no Push banks
    )  # fmt: skip
    return {
        name: (kind, patch.json(container.code(kind), called, banks), called)
        for name, kind, patch, called, banks in made
    }


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
        content = container.frozen(kind, name, patcher, {one: script(one) for one in called})
        (folder / name).write_bytes(content)
        (folder / f"{name.removesuffix('.amxd')}.txt").write_text(read(patcher), encoding="utf-8")
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "dist")
