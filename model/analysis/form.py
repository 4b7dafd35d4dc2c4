"""The form of a piece: phrases that come again, by what sounds in their bars. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.music.midifile import Song, bar_at, bar_length, notes_in_spans
from model.music.notes import UNPITCHED_PARTS, Ticks

SAME_PHRASE, VARIANT_PHRASE = 0.93, 0.82
"""Mean likeness of bars from which a phrase is another one again, and a variant of it."""
LOOSE = 0.6
"""Likeness from which a phrase over the same chords is a variant."""
PLACES = 8
"""Places of a bar at which onsets are told apart."""
Bar = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Section:
    """Bars `first` to `last`, from 1; a variant's name has a stroke: A'."""

    name: str
    first: int
    last: int


def phrase_bars(count: int) -> int:
    """Return how many bars a phrase is supposed to have in a piece of so many."""
    return 8 if count >= 32 else 4


def named_sections(song: Song) -> tuple[Section, ...]:
    """Return the sections that a piece itself names, () where it names none; what comes before the first one has no name."""
    begins: dict[int, str] = {}
    for at, name in song.sections:
        begins.setdefault(bar_at(song, at) + 1, name)
    if begins:
        begins = {1: "-"} | begins
    order = sorted(begins)
    ends = [*(bar - 1 for bar in order[1:]), len(song.bars)]
    return tuple(Section(begins[first], first, last) for first, last in zip(order, ends, strict=False))


def sections(song: Song, harmony: Sequence[tuple[str, ...]] = ()) -> tuple[Section, ...]:
    """Return the phrases of a piece by name, those that are the same with the same letter.

    With the chords of each bar, a phrase over the same chords as another is at least a variant of it if its bars are alike at all.
    """
    bars = np.array(_bars(song))
    size = phrase_bars(len(bars))
    phrases = [bars[at : at + size].ravel() for at in range(0, len(bars), size)]
    heads = np.zeros((len(phrases), size * bars.shape[1]))
    names: list[str] = []
    found: list[Section] = []
    over: dict[tuple[tuple[str, ...], ...], tuple[str, Bar]] = {}
    for number, phrase in enumerate(phrases):
        length = len(phrase) // bars.shape[1]
        chords = tuple(harmony[number * size : number * size + length])
        name = _named(phrase, heads[: len(names)], names, length)
        if name is None and chords in over and len(over[chords][1]) == len(phrase):
            earlier, before = over[chords]
            name = earlier + "'" if float(before @ phrase) / length >= LOOSE else None
        if name is None:
            name = _letter(len(names))
            heads[len(names), : len(phrase)] = phrase
            names.append(name)
        if chords:
            over.setdefault(chords, (name.removesuffix("'"), phrase))
        found.append(Section(name, number * size + 1, number * size + length))
    return tuple(found)


def _named(phrase: Bar, heads: npt.NDArray[np.float64], names: Sequence[str], length: int) -> str | None:
    """Return the name of a phrase of so many bars that is one of the others or a variant of it, None for another one."""
    if not names:
        return None
    likeness = heads[:, : len(phrase)] @ phrase / length
    best = int(likeness.argmax())
    if likeness[best] >= SAME_PHRASE:
        return names[best]
    return names[best] + "'" if likeness[best] >= VARIANT_PHRASE else None


def _letter(number: int) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number % 26] + (str(number // 26) if number >= 26 else "")


def _bars(song: Song) -> list[Bar]:
    """Return a unit vector a bar: the time of the pitch classes in each half, and where the melody (or all) begins notes."""
    spans = [(start, Ticks(start + bar_length(meter))) for start, meter in song.bars]
    leads = "melody" if any(n.part == "melody" for n in song.notes) else None
    found: list[Bar] = []
    for (start, end), inside in zip(spans, notes_in_spans(song.notes, spans), strict=True):
        tones, onsets = np.zeros((2, 12)), np.zeros(PLACES)
        for note, shared in inside:
            place = max(0, note.start - start) * PLACES // (end - start)
            if note.part not in UNPITCHED_PARTS:
                tones[int(place >= PLACES // 2), note.pitch % 12] += shared
            if note.start >= start and leads in (None, note.part):
                onsets[place] += 1
        parts = [v / max(1e-9, float(np.linalg.norm(v))) for v in (tones.ravel(), 0.7 * onsets)]
        whole = np.concatenate([parts[0], 0.7 * parts[1]])
        if not whole.any():
            whole = np.append(np.zeros(len(whole) - 1), 1.0)
        found.append(whole / np.linalg.norm(whole))
    return found
