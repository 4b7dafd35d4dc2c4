"""The drawing in docs/architecture.md against the imports: each edge is there, and no import runs against them."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_rooms import imported

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def drawn() -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Return the group of each room and the edges between groups, from the page's mermaid drawing."""
    rooms: dict[str, str] = {}
    for group, text in re.findall(r"^ *(\w+)\[\"[^<]*<br/>([^\"]*)\"\]", PAGE, re.MULTILINE):
        for room in re.findall(r"[\w.]+", text):
            assert room not in rooms, f"{room} is drawn twice"
            rooms[room] = group
    edges = set(re.findall(r"^ *(\w+) --> (\w+)$", PAGE, re.MULTILINE))
    return rooms, edges


def built() -> dict[str, set[str]]:
    """Return what each room of the bridge imports: rooms of the bridge, and "model" for any of the model's."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "bridge").rglob("*.py"):
        names = imported(path)
        here = ".".join(path.relative_to(ROOT / "bridge").with_suffix("").parts)
        if path.name == "__init__.py":
            continue
        into = {n.split(".")[1] for n in names if n.startswith("bridge.")}
        text = path.read_text(encoding="utf-8")
        for line in re.findall(r"^\s*from bridge import ([\w, ]+)$", text, re.MULTILINE):
            into |= {name.strip() for name in line.split(",")}
        if any(n.split(".")[0] == "model" for n in names):
            into.add("model")
        found[here] = into
    return found


def test_every_room_of_the_bridge_is_drawn_and_nothing_else() -> None:
    rooms, _ = drawn()
    assert set(rooms) == set(built())


def test_the_edges_of_the_drawing_are_the_imports() -> None:
    rooms, edges = drawn()
    rooms |= {"model": "model"}
    real = {(rooms[a], rooms[b]) for a, into in built().items() for b in into if b in rooms}
    assert {(a, b) for a, b in real if a != b} == edges


def test_imports_between_groups_run_downwards() -> None:
    _, edges = drawn()
    order = re.findall(r"^ *(\w+)\[\"", PAGE, re.MULTILINE)
    for above, below in edges:
        assert order.index(above) < order.index(below), f"{above} imports {below}, which is drawn above it"
