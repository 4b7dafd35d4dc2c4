"""How much of a melody is copied from training songs: runs of 12 notes (acceptance line 11).

A run counts only with four distinct intervals or more; scales and repeated notes belong to everyone. It is found
by its intervals alone, by intervals and rhythm, or with one edit allowed: a note changed, added or left out.
Human songs that were held out are measured against the same training songs, for they share runs too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from model.music.harmony import parse_key
from model.training.measures.clips import PITCH, START, Clip, Notes
from model.training.measures.tables import estimate
from model.training.measures.texture import top_line

RUN = 12
DISTINCT = 4
Hashes = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
_FACTORS = np.random.default_rng(12).integers(1 << 62, size=32, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def hashed(rows: Rows, salt: int = 0) -> Hashes:
    """Return one number for each row; equal rows of one salt have equal numbers, others hardly ever."""
    salted = np.insert(rows, rows.shape[1], salt, axis=1) + 1000  # so that falling intervals are above 0
    mixed: Hashes = (salted.astype(np.uint64) * _FACTORS[: salted.shape[1]]).sum(1, dtype=np.uint64)
    mixed ^= mixed >> np.uint64(29)
    mixed *= _FACTORS[-1]
    return mixed


def runs(steps: Rows, notes: int) -> Rows:
    """Return the intervals of every run of so many notes, `(runs, notes - 1)`."""
    if len(steps) < notes - 1:
        return np.zeros((0, notes - 1), np.int64)
    return np.lib.stride_tricks.sliding_window_view(steps, notes - 1)


def without(steps: Rows, note: int) -> Rows:
    """Return the intervals of runs that lost one note, counted from 0."""
    if note == 0:
        return steps[:, 1:]
    if note == steps.shape[1]:
        return steps[:, :-1]
    joined = steps[:, note - 1] + steps[:, note]
    return np.concatenate([steps[:, : note - 1], joined[:, None], steps[:, note + 1 :]], axis=1)


def ratios(starts: Rows) -> Rows:
    """Return how each distance between onsets compares with the one before, in half octaves: 2 is twice as long."""
    apart = np.maximum(np.diff(starts), 1)
    return np.round(2 * np.log2(apart[1:] / apart[:-1])).astype(np.int64)


def _line(notes: Notes) -> tuple[Rows, Rows]:
    """Return the intervals and the ratios between onsets of a melody's top line."""
    line = top_line(notes)
    return np.diff(line[:, PITCH]).astype(np.int64), ratios(line[:, START].astype(np.int64))


def _with_rhythm(steps: Rows, rhythm: Rows) -> Rows:
    """Return the runs' intervals with the ratios inside them, `(runs, RUN - 1 + RUN - 2)`."""
    pitch = runs(steps, RUN)
    return np.concatenate([pitch, runs(rhythm, RUN - 1)[: len(pitch)]], axis=1)


def telling(steps: Rows) -> npt.NDArray[np.bool_]:
    """Return which runs have enough distinct intervals to be anyone's own."""
    ordered = np.sort(steps, axis=1)
    found: npt.NDArray[np.bool_] = (np.diff(ordered, axis=1) != 0).sum(1) + 1 >= DISTINCT
    return found


def _telling(steps: Rows) -> Rows:
    return steps[telling(steps)]


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Every telling run of the training melodies, as sorted hashes by what must agree."""

    exact: Hashes
    rhythm: Hashes
    changed: Hashes  # one note left out, told where: another note may stand there
    shorter: Hashes  # runs of eleven: ours has one note more
    longer: Hashes  # runs of thirteen with one note left out: ours has one note less

    @classmethod
    def of(cls, melodies: Iterable[Notes]) -> Index:
        """Return the index of melodies."""
        exact, rhythms, changed, shorter, longer = ([hashed(np.zeros((0, 1), np.int64))] for _ in range(5))
        for notes in melodies:
            steps, rhythm = _line(notes)
            run, less, more = (_telling(runs(steps, n)) for n in (RUN, RUN - 1, RUN + 1))
            exact.append(hashed(run))
            rhythms.append(hashed(_with_rhythm(steps, rhythm)))
            changed += [hashed(without(run, i), i) for i in range(RUN)]
            shorter.append(hashed(less))
            longer += [hashed(without(more, i)) for i in range(1, RUN)]
        return cls(*(np.unique(np.concatenate(h)) for h in (exact, rhythms, changed, shorter, longer)))

    def copied(self, notes: Notes) -> npt.NDArray[np.bool_]:
        """Return per telling run of a melody whether it is found by intervals, with rhythm, with an edit: `(n, 3)`."""
        steps, rhythm = _line(notes)
        run = runs(steps, RUN)
        mine = telling(run)
        run, both = run[mine], _with_rhythm(steps, rhythm)[mine]
        exact = _among(hashed(run), self.exact)
        edited = exact | _among(hashed(run), self.longer)
        for i in range(RUN):
            edited |= _among(hashed(without(run, i), i), self.changed)
            if 0 < i < RUN - 1:
                edited |= _among(hashed(without(run, i)), self.shorter)
        return np.stack([exact, _among(hashed(both), self.rhythm), edited], axis=1)


def _among(wanted: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    place = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    return known[place] == wanted if len(known) else np.zeros(len(wanted), bool)


def measure_copying(clips: Sequence[Clip], index: Index) -> dict[str, dict[str, float]]:
    """Return the shares of runs and of clips (with a telling run) that are found in the training melodies."""
    found = [(c.group, index.copied(c.part("melody"))) for c in clips]
    found = [(group, hits) for group, hits in found if len(hits)]
    groups, weights = [g for g, _ in found], [float(len(hits)) for _, hits in found]
    table = {}
    for i, name in enumerate(("intervals", "intervals and rhythm", "one edit allowed")):
        table[f"runs, {name}"] = asdict(estimate([h[:, i].mean() for _, h in found], groups, weights))
        table[f"clips, {name}"] = asdict(estimate([float(h[:, i].any()) for _, h in found], groups))
    table["runs"] = {"count": float(sum(weights))}
    return table


FEWEST_NOTES = 4
"""Melodies of fewer notes are equal by chance."""


def progression(clip: Clip) -> tuple[tuple[int, str], ...]:
    """Return the chords one after another as (root above the tonic, quality), the same in every key and rhythm."""
    tonic = parse_key(clip.key).tonic if clip.key else 0
    degrees = (((chord.root - tonic) % 12, chord.quality) for _, _, chord in clip.spans)
    return tuple(degree for degree, _ in groupby(degrees))


def melody(clip: Clip) -> tuple[tuple[int, int], ...]:
    """Return the melody's top line as (tick, semitones above its first note), the same in every key."""
    line = top_line(clip.part("melody"))
    return tuple((int(n[START]), int(n[PITCH] - line[0, PITCH])) for n in line)


def measure_diversity(clips: Sequence[Clip]) -> dict[str, dict[str, int]]:
    """Return per prompt the clips, their different progressions and the pairs of equal melodies."""
    by_prompt: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.prompt:
            by_prompt[clip.prompt].append(clip)
    found = {}
    for prompt, takes in by_prompt.items():
        lines = Counter(line for line in map(melody, takes) if len(line) >= FEWEST_NOTES)
        chords = [p for p in map(progression, takes) if p]
        found[prompt] = {
            "clips": len(takes),
            "different progressions": len(set(chords)),
            "different rows of roots": len({tuple(r for r, _ in groupby(d for d, _ in p)) for p in chords}),
            "clips with chords": len(chords),
            "pairs of equal melodies": sum(n * (n - 1) // 2 for n in lines.values()),
            "clips with a melody": sum(lines.values()),
        }
    return found
