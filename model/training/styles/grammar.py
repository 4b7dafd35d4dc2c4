"""What a style is: a .toml file as frozen values.

Patterns are strings of one bar (or more, `|` between them); their length divides the bar, so 16 characters are
sixteenths of 4/4, 12 triplets of it. `drums` has one table a kit: role → pattern. See `rhythm` for the characters.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from model.music.chord_lists import parse_progression
from model.music.drums import ROLES
from model.music.harmony import MODES, parse_key
from model.music.notes import METERS
from model.styles import GRAMMAR_STYLES

FOLDER = Path(__file__).parent
FEELS = ("machine", "pushed", "human", "laid back", "drunk")
VOICINGS = ("close", "open", "drop2", "shell", "rootless", "power", "parallel", "cluster")
FORMS = ("loop", "club", "song", "through")


@dataclass(frozen=True, slots=True)
class Tune:
    """Melody habits.

    `cells` are rhythms of one bar; `shape` says which bars of a phrase are alike ("AABA"). `leap` is the share of
    steps wider than a third, `rest` of bars without melody; `chord` how strongly beats ask for chord tones, `gate`
    the sounding share of each note, `five` whether the scale is pentatonic.
    """

    cells: tuple[str, ...]
    shape: tuple[str, ...] = ("AABA", "ABAC", "AAAB")
    low: int = 62
    high: int = 82
    leap: float = 0.15
    rest: float = 0.15
    chord: float = 0.7
    gate: float = 0.9
    five: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """A style's facts. Ranges are (low, high); levels 0..1; `rate` chords a bar; tempo in quarters a minute."""

    name: str
    about: str
    tempo: tuple[float, float]
    modes: dict[str, float]
    progressions: tuple[str, ...]
    bass: tuple[str, ...]
    comp: tuple[str, ...]
    melody: Tune
    meter: str = "4/4"
    swing: tuple[float, float] = (0.5, 0.5)
    feel: str = "machine"
    form: str = "loop"
    rate: tuple[float, ...] = (1.0,)
    colour: tuple[float, float] = (0.1, 0.5)
    energy: tuple[float, float] = (0.3, 0.9)
    drums: tuple[dict[str, str], ...] = ()
    layers: dict[str, float] | None = None
    fills: tuple[str, ...] = ("snare",)
    voicing: tuple[str, ...] = ("close",)
    low: int = 52
    high: int = 76
    bass_low: int = 33
    drumless: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in GRAMMAR_STYLES or self.meter not in METERS or self.feel not in FEELS:
            raise ValueError(f"{self.name}: not a style, metre or feel that we know")
        if self.form not in FORMS or not set(self.voicing) <= set(VOICINGS) or not set(self.modes) <= set(MODES):
            raise ValueError(f"{self.name}: a form, voicing or mode that we do not know")
        for kit in self.drums:
            if not set(kit) <= set(ROLES):
                raise ValueError(f"{self.name}: roles are {', '.join(ROLES)}, not {set(kit) - set(ROLES)}")
        for mode in self.modes:
            for progression in self.progressions:
                parse_progression(progression, parse_key(f"C {mode}"))


@cache
def styles() -> dict[str, Style]:
    """Return all styles by name. Raises ValueError for a file that says what we do not know."""
    found = [_style(tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.toml"))]
    return {s.name: s for s in found}


def _style(table: dict[str, Any]) -> Style:
    known = {f.name for f in fields(Style)}
    if not set(table) <= known:
        raise ValueError(f"{table.get('name')}: no such fact: {set(table) - known}")
    tune = Tune(**_frozen(table.pop("melody")))
    return Style(melody=tune, **_frozen(table))


def _frozen(table: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
