"""Who is obeyed: a set control goes before the words, the words before what the plan only guessed. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from model.harmony import chord_symbol, parse_key
from model.music import Controls, Plan
from model.numerals import key_of, parse_progression

LEVELS = ("energy", "density", "brightness", "complexity")


def apply(plan_: Plan, controls: Controls) -> tuple[Plan, tuple[tuple[str, str], ...]]:
    """Return the plan under the controls, and what the words stated outright but lost, as (name, "control").

    A progression moves with a key that the controls set only where it was given by them; chords that the words
    spelled out stay as they are. Raises ValueError for a key or chords that cannot be read.
    """
    changed: dict[str, Any] = {}
    if controls.tempo > 0:
        changed["tempo"] = controls.tempo
    if controls.key != "auto":
        changed["key"] = parse_key(controls.key).name
    if controls.meter != "auto":
        changed["meter"] = controls.meter
    if controls.chords != "auto":
        chosen = parse_key(changed.get("key", plan_.key))
        bars = parse_progression(controls.chords, chosen)
        changed["progression"] = tuple(" ".join(chord_symbol(c, chosen.flats) for c in bar) for bar in bars)
        if "key" not in changed and "key" not in plan_.explicit:
            changed["key"] = key_of([c for bar in bars for c in bar]).name
    for name in LEVELS:
        if getattr(controls, name) >= 0:
            changed[name] = getattr(controls, name)
    lost = tuple(
        (name, "control")
        for name, value in changed.items()
        if name in plan_.explicit and value != getattr(plan_, name)
    )
    return replace(plan_, **changed), lost
