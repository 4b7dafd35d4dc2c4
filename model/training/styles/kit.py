"""Drums: kits of patterns, layers by energy, fills and the sections' ways of playing them."""

from __future__ import annotations

import random

from model.music.drums import ROLES
from model.music.notes import Note, Ticks
from model.training.styles.grammar import Style
from model.training.styles.rhythm import Hit, bar_of, mutated, played

LAYERS = {
    "kick": 0.0, "snare": 0.0, "clap": 0.0, "rim": 0.0, "closed_hat": 0.1, "pedal_hat": 0.3, "ride": 0.2,
    "shaker": 0.3, "open_hat": 0.4, "perc": 0.35, "tom_low": 0.5, "tom_mid": 0.5, "tom_high": 0.5, "crash": 0.5,
}  # fmt: skip
"""From which energy on a role is heard, where the style does not say otherwise."""
LOUD = {"kick": 104, "snare": 100, "clap": 98, "rim": 82, "closed_hat": 76, "pedal_hat": 66, "open_hat": 84,
        "ride": 80, "shaker": 68, "perc": 78, "crash": 104, "tom_low": 96, "tom_mid": 94, "tom_high": 92}  # fmt: skip
FILLS = {
    "snare": {"snare": "........o.oxoxxX", "kick": "x...x..........."},
    "rolls": {"snare": "........x..xt.tX", "closed_hat": "x.x.x.x.t.t.r.r.", "kick": "x..x............"},
    "toms": {"tom_high": "........xx......", "tom_mid": "..........xx....", "tom_low": "............xxxX", "kick": "x...x..........."},
    "late toms": {"tom_high": "............x...", "tom_mid": ".............x..", "tom_low": "..............xX", "kick": "x...x...x.......", "snare": "....x..........."},
    "stop": {"kick": "x.......", "clap": "......?x"},
    "kick": {"kick": "x...x...x.x.xxxx", "clap": "....x.......x.x."},
    "open": {"kick": "x...x...x.......", "open_hat": "..x...x...x.x.x.", "clap": "....x.......x..x"},
    "chop": {"snare": "..x.x..x.x..x.xx", "kick": "x..x....x.x....."},
    "perc": {"perc": "x.xx.xx.x.xxxxxx", "kick": "x...x...x......."},
    "brush": {"snare": "o..go..go.oxo.xo", "ride": "x...x...x...x..."},
    "pickup": {"kick": "x.......x.......", "snare": "....x.......x.gx"},
    "swell": {"snare": "ggggooooxxxxXXXX", "kick": "x...x...x...x..."},
}  # fmt: skip
"""Ways to play the last bar of a phrase, 16 steps (or 8) whatever the metre."""


class Drummer:
    """The drummer of one piece: which kit and changes it has chosen; bars are asked for one by one."""

    def __init__(self, style: Style, kits: tuple[dict[str, str], ...], energy: float, rng: random.Random) -> None:
        self._style, self._energy, self._rng = style, energy, rng
        chosen, other = rng.choice(kits), rng.choice(kits)
        mixed = {r: other[r] if r in other and r not in ("kick", "snare", "clap", "rim") and rng.random() < 0.3 else p
                 for r, p in chosen.items()}  # fmt: skip
        self._patterns = {r: mutated(p, rng, rng.choice((0, 0, 1, 2))) for r, p in mixed.items()}
        self._varied = {r: mutated(p, rng, 2) for r, p in self._patterns.items()}
        self._other = {r: p for r, p in other.items() if r not in self._patterns}
        thresholds = LAYERS | (style.layers or {})
        self._heard = {r for r in (*self._patterns, *self._other) if thresholds[r] <= energy + rng.uniform(-0.1, 0.1)}
        self._heard |= {r for r in self._patterns if r in ("kick", "snare", "clap", "rim")}

    @property
    def kick(self) -> str:
        """The kick's pattern, which a bass may follow."""
        return self._patterns.get("kick", "x...............")

    def bar(self, number: int, section: str, first: bool, ticks: int) -> list[Note]:
        """Return a bar's notes, starts from the bar line; `first` opens a section."""
        table = {r: self._hits(p, number, ticks) for r, p in self._section(section).items()}
        if section == "fill":
            name = self._rng.choice(self._style.fills)
            half = ticks // 2 if self._rng.random() < 0.6 else 0
            fill = {r: self._hits(p, 0, ticks) for r, p in FILLS[name].items()}
            roles = {*table, *fill}
            table = {r: [h for h in table.get(r, []) if h.start < half] + [h for h in fill.get(r, []) if h.start >= half]
                     for r in roles}  # fmt: skip
        if first and section in ("drop", "variation", "groove") and self._energy > 0.45 and number:
            table["crash"] = [Hit(0, ticks // 16, "X", 1.0)]
        return [n for role, hits in table.items() for n in self._notes(role, hits, section)]

    def _hits(self, pattern: str, number: int, ticks: int) -> list[Hit]:
        return played(bar_of(pattern, number, ticks), self._rng)

    def _section(self, section: str) -> dict[str, str]:
        """Return which roles play which patterns in a section."""
        main = {r: p for r, p in self._patterns.items() if r in self._heard}
        light = {r: p for r, p in main.items() if r not in ("kick", "snare", "clap")}
        match section:
            case "intro":
                return light or {r: p for r, p in main.items() if r == "kick"}
            case "break":
                return {r: p for r, p in light.items() if r in ("shaker", "closed_hat", "ride", "perc")}
            case "build":
                roll = "x...x...x...x...|x...x...x...x...|x.x.x.x.x.x.x.x.|xxxxxxxxxxxxxxxx"
                return light | {"snare": roll} | ({"kick": "x...x...x...x..."} if "kick" in main else {})
            case "variation":
                return {r: p for r, p in self._varied.items() if r in self._heard} | {
                    r: p for r, p in self._other.items() if r in self._heard
                }
            case "ending":
                return {r: "X..............." for r in ("kick", "crash") if r in main or r == "crash"}
        return main

    def _notes(self, role: str, hits: list[Hit], section: str) -> list[Note]:
        rng, machine = self._rng, self._style.feel == "machine"
        notes = []
        for hit in hits:
            loud = LOUD[role] * (0.55 + 0.5 * self._energy) * hit.strength
            if section == "build":
                loud *= 0.8
            loud += 0 if machine and hit.token in "xX" else rng.gauss(0, 2 if machine else 6)
            if role == "closed_hat" and hit.start % 480:
                loud *= 0.88 if machine else 0.82
            notes.append(Note(Ticks(hit.start), Ticks(60), ROLES[role], min(127, max(8, round(loud))), "drums"))
        return notes
