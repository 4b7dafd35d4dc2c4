"""`python -m bench.music.following --human FILE [--count N] [--jobs N]`: the band behind hands that play chords, in virtual time.

Held-out progressions of people are played as people play into the real reading of MIDI, the real session and the real
model: eight bars of each song, four times round, one of five manners each. The songs are a file of
`python -m model.training.measures read`.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from bench.make_clips import spread
from bench.virtual_session import (
    CORPORA,
    LOOSE,
    TICKS,
    Generator,
    bass_in,
    begun,
    chord_at,
    chords_played,
    lane,
    starved,
)
from model.music.harmony import Chord
from model.music.notes import beat_length, beats_in_bar
from model.training.measures import clips
from model.training.measures.clips import Clip
from model.training.measures.tables import estimate, table

BARS = 8
PASSES = 4
PROMPT = "pop ballad"
LATENCY = 0.06
"""Seconds that a beat takes the model in virtual time; what it takes here is told beside."""


def progressions(songs: Sequence[Clip], count: int, split: str) -> list[Clip]:
    """Return so many windows of a split, one a song, full of chords, of at least two roots; the sets in turn."""
    rng = np.random.default_rng(0)
    by_source: dict[str, list[Clip]] = {}
    for song in songs:
        if song.split == split and song.chords:
            good = [w for w in clips.windows(song, BARS) if _full(w)]
            if good:
                by_source.setdefault(song.source, []).append(good[int(rng.integers(len(good)))])
    found: list[Clip] = []
    while len(found) < count and any(by_source.values()):
        found += [kept.pop(int(rng.integers(len(kept)))) for kept in by_source.values() if kept]
    return found[:count]


def _full(window: Clip) -> bool:
    told = sum(stop - start for start, stop, _ in window.spans)
    return told > 0.95 * window.end and len({c.root for _, _, c in window.spans}) > 1


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one progression: hits a beat, at the middle and on the line; of the bass; and on the downbeats."""

    name: str
    manner: str
    beats: list[bool]
    lines: list[bool]
    bass: list[bool]
    downbeats: list[bool]
    changed: list[bool]
    starved: int
    lags: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


def followed(told: tuple[int, Clip], latency: float) -> Round:
    """Play a progression round and round, and look at the band beat by beat."""
    number, clip = told
    rng = random.Random(number)
    manner = CORPORA[number % len(CORPORA)]
    bpm = min(160.0, max(70.0, clip.tempo or 100.0))
    meter = clip.bars[0][1]
    rig, began = begun(f"{PROMPT}, {meter}", bpm, latency, meter=meter)
    second = 60 / bpm / TICKS
    length = clip.end * second
    spans = [
        (began + turn * length + start * second, began + turn * length + stop * second, chord)
        for turn in range(PASSES)
        for start, stop, chord in _struck(clip)
    ]
    beat = beat_length(meter) * second
    rig.perform(chords_played(spans, beat, manner, rng), began + PASSES * length)
    changes = lane(rig)
    found = Round(clip.name, manner, [], [], [], [], [], starved(rig))
    if isinstance(rig.generator, Generator):
        found.costs.extend(rig.generator.costs)
    for start, stop, chord in spans:
        if start >= began + length:
            break  # the first pass: what nobody could know
        answered = next((at for at, c in changes if start <= at < stop and c.root == chord.root), None)
        if answered is not None:
            found.lags.append((answered - start) * 1000)
    beats = round(length / beat)
    for i in range(PASSES * beats):
        line = began + i * beat
        wanted = next((c for start, stop, c in spans if start - 1e-6 <= line < stop - 1e-6), None)
        if wanted is None:
            continue
        on_line, within = chord_at(changes, line + 0.005), chord_at(changes, line + beat / 2)
        found.beats.append(within is not None and within.root == wanted.root)
        found.lines.append(on_line is not None and on_line.root == wanted.root)
        low = bass_in(rig, line, line + beat)
        if low is not None:
            found.bass.append(low in (wanted.root, wanted.bass))
        if i >= 2 * beats and i % beats_in_bar(meter) == 0:
            found.downbeats.append(found.lines[-1])
            if any(abs(start - line) < 1e-6 for start, _, _ in spans):
                found.changed.append(found.lines[-1])
    return found


def _struck(clip: Clip) -> list[tuple[int, int, Chord]]:
    """Return the chords, one after another without holes; the same one is not struck again."""
    found: list[tuple[int, int, Chord]] = []
    for start, stop, chord in clip.spans:
        if found and found[-1][2] == chord:
            found[-1] = (found[-1][0], stop, chord)
        else:
            found.append((start, stop, chord))
    return found


def main() -> None:
    """Parse the command line, play, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.following", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as model.training.measures read wrote them")
    parser.add_argument("--split", default="test", choices=("test", "validation"))
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--latency", type=float, default=LATENCY)
    options = parser.parse_args()
    asked = list(enumerate(progressions(clips.load(options.human), options.count, options.split)))
    rounds = list(spread(partial(followed, latency=options.latency), asked, options.jobs))
    rows: list[list[object]] = []
    for manner in ("all", *CORPORA):
        chosen = [r for r in rounds if manner in ("all", r.manner)]
        columns = [[getattr(r, name) for r in chosen] for name in ("beats", "lines", "bass", "downbeats", "changed")]
        shares = [estimate([float(np.mean(v)) for v in c if v], weights=[len(v) for v in c if v]) for c in columns]
        rows.append([manner, len(chosen), *shares])
    head = [
        "manner",
        "songs",
        "root, larger part of the beat",
        "on the line",
        "bass",
        "downbeats from pass 3",
        "of them changes",
    ]
    print(table(head, rows))
    costs = [cost for r in rounds for cost in r.costs]
    print(
        f"\nbeats written {len(costs)}, each {np.median(costs) * 1000:.0f} ms of the processor, p99 "
        f"{np.quantile(costs, 0.99) * 1000:.0f} ms; in virtual time {options.latency * 1000:.0f} ms; "
        f"starved {sum(r.starved for r in rounds)}"
    )
    lags = [lag for r in rounds for lag in r.lags]
    print(
        f"in the first pass the answer comes {np.median(lags):.0f} ms after the beat, nine of ten within "
        f"{np.quantile(lags, 0.9):.0f} ms (n={len(lags)}; hands are {LOOSE * 1000:.0f} ms loose)"
    )
    for r in sorted(rounds, key=lambda r: float(np.mean(r.beats)))[:5]:
        print(f"least: {r.name} {r.manner} {np.mean(r.beats):.2f}, downbeats {np.mean(r.downbeats):.2f}")


if __name__ == "__main__":
    main()
