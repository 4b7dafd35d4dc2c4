"""The prompt suite as values: what was asked, and what any musician would expect. The files: `suite/README.md`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from model.prompt.rules.vocabulary import find

SUITE = Path(__file__).with_name("suite")
HALVES = ("tune", "report")
LEVELS = ("density", "energy", "brightness", "complexity")
IMPLIED = ("tempo", *LEVELS, "swing", "style", "parts")
STATED = (
    "tempo", "meter", "bars", "key", "mode", "swing", "feel", "parts", "without", "has", "chords", "roots", "degrees", "figure",
)  # fmt: skip
AXES = ("density", "energy", "brightness", "register", "swing", "tempo", "articulation", "complexity")

Expected = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A wish that says little outright. `pair` is shared by the same sentence in English and Chinese, "" for none."""

    half: str
    language: str
    pair: str
    wish: str
    text: str
    expected: Expected

    @property
    def in_table(self) -> bool:
        """Whether it shares a word with the term table."""
        return next(find(self.text.lower()), None) is not None


class Fact(NamedTuple):
    """A prompt with what its words state outright."""

    language: str
    text: str
    expected: Expected


class Opposite(NamedTuple):
    """Two sentences that differ in one thing."""

    axis: str
    language: str
    less: str
    more: str


class Refinement(NamedTuple):
    """A change to a clip: the measure that must move, up or down, and the parts that may change."""

    language: str
    words: str
    measure: str
    way: str
    parts: str


def prompts() -> list[Prompt]:
    """Return the wishes."""
    return [
        Prompt(half, language, pair.strip("-"), wish, text, _expected(said, IMPLIED))
        for half, language, pair, wish, text, said in _rows(SUITE / "prompts.tsv", 6)
    ]


def facts(suite: Path = SUITE) -> list[Fact]:
    """Return the stated facts."""
    return [Fact(language, text, _expected(said, STATED)) for language, text, said in _rows(suite / "facts.tsv", 3)]


def opposites() -> list[Opposite]:
    """Return the opposites."""
    return [Opposite(*row) for row in _rows(SUITE / "opposites.tsv", 4)]


def refinements() -> list[Refinement]:
    """Return the refinements."""
    return [Refinement(*row) for row in _rows(SUITE / "refinements.tsv", 5)]


def ranges(said: str) -> tuple[tuple[float, float], ...]:
    """Return the ranges of "60-85/118-170" or "92". Raises ValueError."""
    pairs = (part.partition("-") for part in said.split("/"))
    return tuple((float(low), float(high or low)) for low, _, high in pairs)


def inside(value: float, said: str, slack: float = 0.0) -> bool:
    """Tell whether a value lies in one of the ranges, ends included and widened by `slack`."""
    return any(low - slack <= value <= high + slack for low, high in ranges(said))


def _rows(path: Path, cells: int) -> list[list[str]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    for row in rows:
        if len(row) != cells:
            raise ValueError(f"{path.name} has {cells} cells a row, not {len(row)}: {row[0]}")
    return rows


def _expected(said: str, known: tuple[str, ...]) -> Expected:
    pairs = tuple((name, value) for name, _, value in (item.partition("=") for item in said.split(";")))
    for name, _ in pairs:
        if name not in known:
            raise ValueError(f"what may be expected is {' '.join(known)}, not {name!r}")
    return pairs
