"""How chords for a melody compare with those that people wrote (acceptance line 8), and people with one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.music.harmony import Chord, parse_chord
from model.training.measures.clips import Chords, Clip, spans
from model.training.measures.melody_chords import bare, longest_chord, merged
from model.training.measures.tables import estimate
from model.training.measures.texture import chord_changes, melody_on_chord


def roots_agree(chords: Chords, clip: Clip) -> float:
    """Return the share of bars whose root, the one that holds longest, is the annotation's; bars without one are left out."""
    edges = [*[at for at, _ in clip.bars], clip.end]
    theirs, ours = bare(clip.chords), bare(chords)
    hits = []
    for start, end in pairwise(edges):
        told = longest_chord(theirs, start, end)
        if told is not None:
            hits.append(longest_chord(ours, start, end) == told)
    return float(np.mean(hits)) if hits else np.nan


def size(clip: Clip) -> float:
    """Return how many pitch classes a chord has, by the time it holds."""
    time = [end - start for start, end, _ in clip.spans]
    return float(np.average([len(c.pitch_classes) for _, _, c in clip.spans], weights=time)) if time else np.nan


def scores(clips: Sequence[Clip], chords: Sequence[Chords]) -> dict[str, dict[str, float]]:
    """Return what chords for the melodies of clips are like, beside the clips' own chords."""
    groups = [c.group for c in clips]
    bars = [float(len(c.bars)) for c in clips]
    dressed = [replace(c, chords=found) for c, found in zip(clips, chords, strict=True)]
    agree = [roots_agree(found, c) for c, found in zip(clips, chords, strict=True)]
    rows = {
        "root per bar": estimate(agree, groups, bars),
        "melody on chord tones": estimate([melody_on_chord(c) for c in dressed], groups, bars),
        "chord changes a bar": estimate([chord_changes(c) for c in dressed], groups, bars),
        "chord size": estimate([size(c) for c in dressed], groups, bars),
    }
    return {name: asdict(row) for name, row in rows.items()}


def measure(
    clips: Sequence[Clip], ways: dict[str, Callable[[Clip], Chords | None]]
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the scores of every way to find chords, each over the clips that it has chords for."""
    table = {}
    for name, way in ways.items():
        found = [(c, way(c)) for c in clips]
        there = [(c, chords) for c, chords in found if chords is not None]
        if there:
            table[name] = scores([c for c, _ in there], [chords for _, chords in there])
    return table


def annotated_twice(songs: Sequence[Clip], folder: Path) -> list[Clip]:
    """Return the songs of POP909 with the chords of its own `chord_midi.txt` in place of the corrected ones.

    Seconds become beats by `beat_midi.txt`; of the shifts by whole beats the one counts whose roots agree best, so
    the agreement is a little kind. `folder` holds `001` …; songs without the file are left out. Raises OSError.
    """
    found = []
    for song in songs:
        here = folder / song.group.removeprefix("pop909-")
        if (here / "chord_midi.txt").exists():
            beats = np.loadtxt(here / "beat_midi.txt")[:, 0]
            lines = (here / "chord_midi.txt").read_text(encoding="utf-8").splitlines()
            told = [(float(start), symbol) for start, _, symbol in (line.split("\t") for line in lines)]
            places = np.interp([start for start, _ in told], beats, np.arange(len(beats)) * 480.0)
            symbols = [None if s in ("N", "X") else parse_chord(s) for _, s in told]
            found.append(_laid_over(song, list(zip(np.round(places).astype(int).tolist(), symbols, strict=True))))
    return found


def _laid_over(song: Clip, changes: list[tuple[int, Chord | None]]) -> Clip:
    """Return the song with other chords, shifted by up to 16 quarters to where their roots agree best."""
    wanted = _roots(song.chords, song.end)
    told = wanted >= 0

    def shifted(by: int) -> Chords:
        return tuple((at + by * 480, c) for at, c in changes)

    agreeing = [int((_roots(shifted(by), song.end) == wanted)[told].sum()) for by in range(-16, 17)]
    moved = shifted(int(np.argmax(agreeing)) - 16)
    begun = [(0, c) for at, c in moved if at <= 0][-1:]
    return replace(song, chords=merged([*begun, *[(at, c) for at, c in moved if 0 < at < song.end]]))


def _roots(chords: Chords, end: int) -> npt.NDArray[np.int64]:
    """Return the root of each quarter, −1 for none."""
    roots = np.full(max(1, end // 480), -1)
    for start, stop, chord in spans(chords, end):
        roots[max(0, round(start / 480)) : max(0, round(stop / 480))] = chord.root
    return roots
