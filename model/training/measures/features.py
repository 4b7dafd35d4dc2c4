"""A clip as numbers that say how it is played, not what it is called: for probes of style and prompt.

Left out: tempo, metre, key, the list of parts, and swing, which is straightened. What a clip does not have is NaN
and later becomes the mean, so that its absence gives nothing away; figures over the bar exist in 4/4 only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.music.drums import ROLES
from model.training.measures.clips import LENGTH, PITCH, START, VELOCITY, Clip, Notes
from model.training.measures.texture import GRID, bar_overlap, length_counts, top_line

Array = npt.NDArray[np.float64]
STEPS = 16
QUARTER = 480
KIT = {
    "kick": ("kick",),
    "snare": ("snare", "clap"),
    "rim": ("rim",),
    "closed hat": ("closed_hat", "pedal_hat"),
    "open hat": ("open_hat",),
    "toms": ("tom_low", "tom_mid", "tom_high"),
    "crash": ("crash",),
    "ride": ("ride",),
    "percussion": ("shaker", "perc"),
}
"""Kinds of drums, so that a kit with other names for one sound is the same kit."""
PITCHED = ("chords", "melody", "bass")


@dataclass(frozen=True, slots=True)
class Block:
    """Some features of one kind: `width` numbers of clips that have all the parts needed."""

    name: str
    needs: frozenset[str]
    width: int
    compute: Callable[[Clip], Array]


def straightened(clip: Clip) -> Clip:
    """Return the clip with swung eighths moved to where straight ones stand, if it swings."""
    onsets = np.concatenate([n[:, START] for n in clip.parts.values()]) if clip.parts else np.zeros(0, np.int32)
    inside = onsets % QUARTER
    off = inside[(inside > 260) & (inside < 350)]
    straight = np.isin((inside + GRID // 4) // (GRID // 2), (2, 4, 6)).sum() - np.sum((inside > 260) & (inside < 270))
    if clip.bars[0][1].endswith("/8") or len(off) <= straight:
        return clip
    late = float(np.median(off))
    parts = {}
    for name, notes in clip.parts.items():
        moved, place = notes.copy(), notes[:, START] % QUARTER
        half = QUARTER / 2
        even = np.where(place < late, place * half / late, half + (place - late) * half / (QUARTER - late))
        moved[:, START] += (np.round(even) - place).astype(np.int32)
        parts[name] = moved
    return Clip(clip.name, clip.group, clip.bars, clip.end, clip.tempo, clip.key, parts, clip.chords)


def steps(clip: Clip, notes: Notes) -> Array:
    """Return how often notes begin on each sixteenth of a bar of 4/4, `(16,)`; NaN in other metres."""
    if any(meter != "4/4" for _, meter in clip.bars):
        return np.full(STEPS, np.nan)
    place = ((notes[:, START] + GRID // 2) // GRID) % STEPS
    bar = (notes[:, START] + GRID // 2) // (GRID * STEPS)
    once = np.unique(np.stack([bar, place], 1), axis=0)
    return np.bincount(once[:, 1], minlength=STEPS)[:STEPS] / len(clip.bars)


def in_beat(clip: Clip, notes: Notes) -> Array:
    """Return the shares of onsets on each sixteenth of a quarter and the onsets a quarter, `(5,)`."""
    place = ((notes[:, START] + GRID // 2) // GRID) % 4
    apart = len(np.unique(notes[:, START])) / (clip.end / QUARTER)
    return np.append(np.bincount(place, minlength=4) / max(1, len(notes)), np.log2(apart + 0.05))


def kind(clip: Clip, names: tuple[str, ...]) -> Notes:
    """Return the hits of some drum roles."""
    drums = clip.part("drums")
    return drums[np.isin(drums[:, PITCH], [ROLES[name] for name in names])]


def velocity_features(notes: Notes) -> Array:
    """Return the spread of velocities and their mean, `(2,)`, the mean in tens."""
    v = notes[:, VELOCITY]
    return np.array([v.std(), v.mean() / 10]) if len(v) else np.full(2, np.nan)


def leaps(notes: Notes) -> Array:
    """Return the shares of a line's steps by size, 0 … 12 semitones and more, and of those upward, `(14,)`."""
    moves = np.diff(top_line(notes)[:, PITCH])
    if not len(moves):
        return np.full(14, np.nan)
    sizes = np.bincount(np.minimum(np.abs(moves), 12), minlength=13) / len(moves)
    return np.append(sizes, (moves > 0).mean())


def lasting(clip: Clip, part: str) -> Array:
    """Return the shares of lengths, the share of its time that a part sounds and the overlap of bars, `(15,)`."""
    notes = clip.part(part)
    sounding = notes[:, LENGTH].sum() / max(1, len(notes)) * len(np.unique(notes[:, START])) / clip.end
    return np.append(length_counts(clip, part) / max(1, len(notes)), [min(2.0, sounding), bar_overlap(clip, part)])


def voicing(clip: Clip) -> Array:
    """Return how chords are built: intervals over the lowest note, notes and spread an onset, moves, `(16,)`.

    An onset of one note (an arpeggio) counts as one.
    """
    notes = clip.part("chords")
    if not len(notes):
        return np.full(16, np.nan)
    at = np.flatnonzero(np.append(True, np.diff(notes[:, START]) > 0))
    sizes = np.diff(np.append(at, len(notes)))
    lowest = np.repeat(notes[at, PITCH], sizes)
    over = np.bincount((notes[:, PITCH] - lowest) % 12, minlength=12) / len(at)
    spread = notes[at + sizes - 1, PITCH] - notes[at, PITCH]
    moves = np.abs(np.diff(notes[at, PITCH])) if len(at) > 1 else np.zeros(1)
    return np.append(over, [sizes.mean(), sizes.std(), spread.mean() / 12, moves.mean()])


def harmony(clip: Clip) -> Array:
    """Return how the bars' pitch classes lie to one another, whatever the key, `(14,)`.

    Shares of pairs of classes by their distance within a bar (1 … 6), classes a bar, how much a bar has in common
    with the next, and the same shares over the clip.
    """
    notes = clip.pitched
    edges = np.array([at for at, _ in clip.bars])
    bar = np.searchsorted(edges, notes[:, START], "right") - 1
    heard = np.zeros((len(edges), 12))
    np.add.at(heard, (bar, notes[:, PITCH] % 12), notes[:, LENGTH])
    there = heard[heard.sum(1) > 0]
    if not len(there):
        return np.full(14, np.nan)
    share = there / there.sum(1, keepdims=True)
    apart = [(share * np.roll(share, d, axis=1)).sum(1).mean() for d in range(1, 7)]
    whole = share.mean(0)
    over_all = [float((whole * np.roll(whole, d)).sum()) for d in range(1, 7)]
    likeness = np.minimum(share[1:], share[:-1]).sum(1).mean() if len(share) > 1 else np.nan
    return np.array([*apart, (share > 0.02).sum(1).mean(), likeness, *over_all])


def between(clip: Clip, high: str, low: str) -> Array:
    """Return how far one part lies over another, in octaves, and how often they begin together, `(2,)`."""
    above, below = clip.part(high), clip.part(low)
    apart = (above[:, PITCH].mean() - below[:, PITCH].mean()) / 12
    return np.array([apart, np.isin(_places(above), _places(below)).mean()])


def _places(notes: Notes) -> npt.NDArray[np.int32]:
    return (notes[:, START] + GRID // 2) // GRID


def _kit_block(name: str, roles: tuple[str, ...]) -> Block:
    def compute(clip: Clip) -> Array:
        hits = kind(clip, roles)
        return np.concatenate([steps(clip, hits), in_beat(clip, hits), velocity_features(hits)])

    return Block(name, frozenset({"drums"}), STEPS + 7, compute)


def _part_block(part: str) -> Block:
    def compute(clip: Clip) -> Array:
        notes = clip.part(part)
        rhythm = [steps(clip, notes), in_beat(clip, notes), lasting(clip, part)]
        return np.concatenate([*rhythm, velocity_features(notes)[:1], leaps(notes)])

    return Block(part, frozenset({part}), STEPS + 5 + 15 + 1 + 14, compute)


def _kick_and_bass(clip: Clip) -> Array:
    kicks, bass = kind(clip, KIT["kick"]), clip.part("bass")
    if not len(kicks):
        return np.full(2, np.nan)
    together = np.isin(_places(kicks), _places(bass)).mean()
    return np.array([together, np.isin(_places(bass), _places(kicks)).mean()])


BLOCKS = (
    *(_kit_block(name, roles) for name, roles in KIT.items()),
    Block("drums repeat", frozenset({"drums"}), 1, lambda c: np.array([bar_overlap(c, "drums")])),
    *(_part_block(part) for part in PITCHED),
    Block("voicing", frozenset({"chords"}), 16, voicing),
    Block("harmony", frozenset({"chords"}), 14, harmony),
    Block("melody over chords", frozenset({"melody", "chords"}), 2, lambda c: between(c, "melody", "chords")),
    Block("chords over bass", frozenset({"chords", "bass"}), 2, lambda c: between(c, "chords", "bass")),
    Block("melody over bass", frozenset({"melody", "bass"}), 2, lambda c: between(c, "melody", "bass")),
    Block("kick and bass", frozenset({"drums", "bass"}), 2, _kick_and_bass),
)
WIDTH = sum(b.width for b in BLOCKS)


def features(clip: Clip) -> Array:
    """Return the features of a clip, `(WIDTH,)`, NaN where it lacks the parts."""
    even = straightened(clip)
    present = {part for part, notes in clip.parts.items() if len(notes)}
    columns = [b.compute(even) if b.needs <= present else np.full(b.width, np.nan) for b in BLOCKS]
    return np.concatenate(columns)


def masks(parts: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Return which features are left when only these parts are heard, `(WIDTH,)`."""
    return np.repeat([b.needs <= parts for b in BLOCKS], [b.width for b in BLOCKS])
