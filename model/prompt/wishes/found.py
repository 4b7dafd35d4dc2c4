"""What a reader of wishes has found: where it stands, and why it cannot be met where it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model.music.harmony import Key
from model.music.wishes import Kind, Wishes

About = Literal["", "length", "chords", "form", "tempo", "dynamics", "key"]
"""What a wish is about."""


@dataclass(frozen=True, slots=True)
class FoundWish:
    """A wish in a text; `reason` says why it cannot be met, empty where it is: by clips, but for a number of chords."""

    start: int
    end: int
    reason: str = ""
    about: About = ""

    @property
    def kind(self) -> Kind:
        """What becomes of its words."""
        return "unmet" if self.reason else "fact" if self.about == "chords" else "wish"


@dataclass(frozen=True, slots=True)
class FoundWishes:
    """All wishes of a text, with the values of those that clips meet; the bars of the sections, the tempo and the key that the piece begins with.

    `players` are named where they rest or enter; `binding` are words that deny them, or all others, there and not in the whole piece.
    """

    wishes: Wishes
    found: tuple[FoundWish, ...] = ()
    bars: int | None = None
    tempo: float | None = None
    key: Key | None = None
    players: tuple[tuple[int, int], ...] = ()
    binding: tuple[tuple[int, int], ...] = ()
