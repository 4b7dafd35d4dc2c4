"""The header's lines: how each is read into a `Header`, and written from one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from model.music.programs import KITS, PROGRAMS
from model.songbook.piece import Header, Piece
from model.songbook.tables import DRUMS, MODES, PARTS, PITCHED, ROW_STEPS

NAME = r"[A-Za-z][A-Za-z0-9_]*'*"
"""A section's name."""

_Said = dict[str, object]


def _text(key: str) -> Callable[[str], _Said]:
    def convert(value: str) -> _Said:
        if not value:
            raise ValueError("says nothing")
        return {key: value}

    return convert


def _words(key: str) -> Callable[[str], _Said]:
    return lambda value: {key: tuple(value.replace(",", " ").split())}


def _number(key: str, low: int, high: int) -> Callable[[str], _Said]:
    def convert(value: str) -> _Said:
        if not re.fullmatch(r"\d+", value) or not low <= int(value) <= high:
            raise ValueError(f"must be in {low}..{high}, not {value}")
        return {key: int(value)}

    return convert


def _choice(key: str, choices: tuple[str, ...]) -> Callable[[str], _Said]:
    def convert(value: str) -> _Said:
        if value not in choices:
            raise ValueError(f"must be one of {' '.join(choices)}, not {value}")
        return {key: value}

    return convert


def _pairs(value: str, names: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for word in value.split():
        name, equals, said = word.partition("=")
        if not equals or not said:
            raise ValueError(f"must be name=value, not {word}")
        if name not in names:
            raise ValueError(f"knows {' '.join(names)}, not {name}")
        if name in pairs:
            raise ValueError(f"{name} is said twice")
        pairs[name] = said
    return pairs


def _numbers(key: str, names: tuple[str, ...], low: int, high: int) -> Callable[[str], _Said]:
    def convert(value: str) -> _Said:
        numbers = {}
        for name, said in _pairs(value, names).items():
            if not re.fullmatch(r"[+-]?\d+", said) or not low <= int(said) <= high:
                raise ValueError(f"{name} must be in {low}..{high}, not {said}")
            numbers[name] = int(said)
        return {key: numbers}

    return convert


def _tempo(value: str) -> _Said:
    if not re.fullmatch(r"\d+(\.\d+)?", value) or not 30 <= Fraction(value) <= 300:
        raise ValueError(f"must be in 30..300, not {value}")
    return {"tempo": Fraction(value)}


def _key(value: str) -> _Said:
    m = re.fullmatch(r"([A-G][#b]?)\s+(\w+)", value)
    if not m or m[2] not in MODES:
        raise ValueError(f"is a tonic and one of {' '.join(MODES)}, not {value}")
    return {"tonic": m[1], "mode": m[2]}


def _metre(value: str) -> _Said:
    m = re.fullmatch(r"(\d+)/(\d+)", value)
    if not m or int(m[2]) not in ROW_STEPS or not 1 <= int(m[1]) <= 32:
        raise ValueError(f"is n/d with d one of 2 4 8 16, not {value}")
    return {"meter": (int(m[1]), int(m[2]))}


def _form(value: str) -> _Said:
    names: list[str] = []
    for word in value.split():
        m = re.fullmatch(rf"({NAME})(?:\*(\d+))?", word)
        if not m or not 1 <= int(m[2] or 1) <= 32:
            raise ValueError(f"not a section: {word}")
        names += [m[1]] * int(m[2] or 1)
    if not names:
        raise ValueError("plays nothing")
    return {"form": tuple(names)}


def _sound(value: str) -> _Said:
    sound = _pairs(value, (*PITCHED, "kit"))
    kit = sound.pop("kit", "standard")
    wrong = [f"{part}: no program is called {name}" for part, name in sound.items() if name not in PROGRAMS]
    wrong += [f"kits are {' '.join(KITS)}, not {kit}"] if kit not in KITS else []
    if wrong:
        raise ValueError("; ".join(wrong))
    return {"sound": sound, "kit": kit}


def _swing(value: str) -> _Said:
    m = re.fullmatch(r"(8|16)\s+(\d+(?:\.\d+)?)", value)
    if not m or not 50 <= Fraction(m[2]) <= 75:
        raise ValueError(f"is 8 or 16 and a percentage in 50..75, not {value}")
    return {"swing": (int(m[1]), Fraction(m[2]))}


def _touch(value: str) -> _Said:
    touch = _pairs(value, tuple(PARTS))
    for part, said in touch.items():
        if said not in ("human", "machine"):
            raise ValueError(f"{part} is human or machine, not {said}")
    return {"touch": touch}


def _straight(value: str) -> _Said:
    parts = tuple(value.split())
    for part in parts:
        if part not in PARTS:
            raise ValueError(f"knows {' '.join(PARTS)}, not {part}")
    return {"straight": parts}


HEADER: dict[str, tuple[Callable[[str], _Said], bool]] = {
    "title": (_text("title"), True),
    "style": (_text("style"), True),
    "family": (_text("family"), True),
    "batch": (_text("batch"), True),
    "plan": (_number("plan", 0, 9999), True),
    "tempo": (_tempo, True),
    "key": (_key, True),
    "meter": (_metre, False),
    "form": (_form, True),
    "sound": (_sound, True),
    "mix": (_numbers("mix", PITCHED, 1, 127), False),
    "lead": (_choice("lead", tuple(PARTS)), True),
    "mood": (_words("mood"), True),
    "energy": (_number("energy", 1, 5), True),
    "density": (_number("density", 1, 5), True),
    "era": (_words("era"), False),
    "scene": (_words("scene"), False),
    "ends": (_choice("ends", ("loop", "close")), False),
    "swing": (_swing, False),
    "straight": (_straight, False),
    "gate": (_numbers("gate", PITCHED, 10, 100), False),
    "touch": (_touch, False),
    "feel": (_numbers("feel", (*PARTS, *DRUMS), -240, 240), False),
    "loose": (_numbers("loose", tuple(PARTS), 0, 60), False),
    "roll": (_numbers("roll", (*PITCHED, "tight"), 0, 240), False),
}
"""The header's lines: how each is read, and whether it is needed."""
HEADER_KEYS = (
    "title", "style", "family", "batch", "plan", "tempo", "key", "meter", "swing", "straight", "form", "sound", "mix",
    "gate", "touch", "feel", "loose", "roll", "lead", "mood", "energy", "density", "era", "scene", "ends",
)  # fmt: skip
"""The header's lines in the order in which they are written."""


def read_header(values: Mapping[str, str]) -> tuple[Header | None, dict[str, str]]:
    """Return the header that lines say (None if it cannot be), and by key what is wrong with them."""
    said: _Said = {"meter": (4, 4), "mix": {}, "kit": "standard"}
    wrong: dict[str, str] = {}
    for key, (convert, needed) in HEADER.items():
        if key not in values:
            if needed:
                wrong[key] = f"the header needs `{key}`"
            continue
        try:
            said.update(convert(values[key]))
        except ValueError as reason:
            wrong[key] = f"{key}: {reason}"
    return (None if wrong else Header(**said)), wrong  # type: ignore[arg-type]


def header_lines(piece: Piece) -> list[str]:
    """Return the header and the captions as lines of text, in the notation's order."""
    h = piece.header

    def pairs(said: Mapping[str, object]) -> str:
        return " ".join(f"{name}={value}" for name, value in said.items())

    lines = [
        f"title {h.title}", f"style {h.style}", f"family {h.family}", f"batch {h.batch}", f"plan {h.plan}",
        f"tempo {_decimal(float(h.tempo))}", f"key {h.tonic} {h.mode}", f"meter {h.meter[0]}/{h.meter[1]}",
        f"swing {h.swing[0]} {_decimal(float(h.swing[1]))}" if h.swing[1] != 50 else "",
        f"straight {' '.join(h.straight)}" if h.straight else "",
        f"form {' '.join(h.form)}", f"sound {pairs({**h.sound, 'kit': h.kit})}",
        f"mix {pairs(h.mix)}" if h.mix else "",
    ]  # fmt: skip
    for name, said in (
        ("gate", h.gate), ("touch", h.touch), ("feel", h.feel), ("loose", h.loose), ("roll", h.roll),
    ):  # fmt: skip
        lines.append(f"{name} {pairs(said)}" if said else "")
    lines += [
        f"lead {h.lead}", f"mood {' '.join(h.mood)}", f"energy {h.energy}", f"density {h.density}",
        f"era {' '.join(h.era)}" if h.era else "", f"scene {' '.join(h.scene)}" if h.scene else "",
        f"ends {h.ends}",
    ]  # fmt: skip
    lines += [f"{c.language}{'*' if c.from_notes else ''}: {c.text}" for c in piece.captions]
    return [line for line in lines if line]


def _decimal(value: float) -> str:
    return f"{value:g}"
