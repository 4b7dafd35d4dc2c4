"""`python -m bench.music.accompanying --human FILE [--count N] [--jobs N]`: the band behind hands that play a melody.

Eight bars of held-out melodies are played as people play into the real reading of MIDI, the real session and the real model,
in virtual time. The chords that the band finds as it goes are set beside those found knowing the whole tune, a hidden
Markov model that knows the key and hears half a bar late, and a fixed I V vi IV. The songs are a file of
`python -m model.training.measures read`.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from bench.make_clips import Maker, composer, spread
from bench.virtual_session import begun, melody_played
from model.clips.edit import harmonise_melody
from model.clips.messages import ClipSpec
from model.music.harmony import Chord, parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import Note, Ticks, beat_length
from model.music.plan import Controls
from model.training.measures import clips
from model.training.measures.agreement import scores
from model.training.measures.clips import LENGTH, PITCH, START, VELOCITY, Chords, Clip
from model.training.measures.melody_chords import Model, bare, merged
from model.training.measures.report import melodies
from model.training.measures.tables import Estimate, estimate, table

BARS = 8
PROMPT = "pop ballad"
LATENCY = 0.06
"""Seconds that a beat takes the model in virtual time."""
TEMPERATURE = 0.7
VAMPS = {False: ((0, ""), (7, ""), (9, "m"), (5, "")), True: ((0, "m"), (8, ""), (3, ""), (10, ""))}
"""I V vi IV, and i VI III VII where the key is minor: semitones above the tonic, and quality."""


def tunes(songs: Sequence[Clip], count: int) -> list[Clip]:
    """Return so many held-out windows, one a song, the sets in turn."""
    rng = np.random.default_rng(0)
    by_song: dict[tuple[str, str], list[Clip]] = {}
    for window in melodies(songs, "test", BARS):
        by_song.setdefault((window.source, window.group), []).append(window)
    by_source: dict[str, list[Clip]] = {}
    for (source, _), windows in by_song.items():
        by_source.setdefault(source, []).append(windows[int(rng.integers(len(windows)))])
    found: list[Clip] = []
    while len(found) < count and any(by_source.values()):
        found += [kept.pop(int(rng.integers(len(kept)))) for kept in by_source.values() if kept]
    return found[:count]


def live(told: tuple[int, Clip], *, stated: bool, latency: float, temperature: float) -> Chords:
    """Return the chords that the band found under a melody as it was played; `stated` sets the key."""
    number, clip = told
    bpm = min(160.0, max(60.0, clip.tempo or 100.0))
    meter = clip.bars[0][1]
    controls: dict[str, float | str] = {"meter": meter, "temperature": temperature}
    if stated:
        controls["key"] = clip.key
    rig, began = begun(PROMPT, bpm, latency, **controls)
    rig.perform(melody_played(clip, began, bpm, random.Random(number)), began + clip.end / 480 * 60 / bpm)
    beat, bar = beat_length(meter), clip.bars[1][0] - clip.bars[0][0]
    changes: dict[int, Chord | None] = {}
    for _, path, args in rig.told:
        if path == "chord":
            symbol, where, place = args
            changes[(int(str(where)) - 1) * bar + (int(str(place)) - 1) * beat] = parse_chord(str(symbol))
    return merged(sorted((at, c) for at, c in changes.items() if at < clip.end))


def offline(told: tuple[int, Clip], *, causal: bool, temperature: float) -> Chords:
    """Return the chords that are written for a melody in a file; `causal` knows of it what lies before each beat."""
    _, clip = told
    notes = tuple(
        Note(Ticks(int(n[START])), Ticks(int(n[LENGTH])), int(n[PITCH]), int(n[VELOCITY]) or 80, "melody")
        for n in clip.part("melody")
    )
    song = Song(
        bars=tuple((Ticks(at), meter) for at, meter in clip.bars),
        end=Ticks(clip.end),
        tempos=((Ticks(0), clip.tempo or 100.0),),
        key=clip.key,
        notes=notes,
    )
    wanted = ClipSpec(PROMPT, 1, controls=Controls(temperature=temperature))
    found = harmonise_melody(composer(Maker()), song, wanted, causal=causal)
    return merged((int(at), parse_chord(symbol)) for at, symbol in found.chords)


def vamp(clip: Clip) -> Chords:
    """Return a fixed progression in the clip's key, a chord a bar."""
    key = parse_key(clip.key)
    turn = VAMPS[key.minor]
    return tuple(
        (at, Chord((key.tonic + up) % 12, quality, (key.tonic + up) % 12))
        for (at, _), (up, quality) in zip(clip.bars, turn * (len(clip.bars) // 4 + 1), strict=False)
    )


def lags(clip: Clip, chords: Chords) -> tuple[list[float], list[float]]:
    """Return for each change of root that people wrote the beats to the next change of these chords, and to the same root.

    The root is waited for until people's next change; inf where it does not come.
    """
    beat = beat_length(clip.bars[0][1])
    roots = bare(clip.chords)
    moves, right = [], []
    for (at, chord), after in zip(roots[1:], [*[t for t, _ in roots[2:]], clip.end], strict=True):
        if chord is None:
            continue
        moves.append(min(((t - at) / beat for t, _ in chords if t >= at), default=np.inf))
        holding = [c for t, c in chords if t <= at][-1:]
        if holding and holding[0] is not None and holding[0].root == chord.root:
            right.append(0.0)
        else:
            found = [t for t, c in chords if at <= t < after and c is not None and c.root == chord.root]
            right.append((found[0] - at) / beat if found else np.inf)
    return moves, right


def main() -> None:
    """Parse the command line, play, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.accompanying", description=__doc__)
    parser.add_argument("--human", type=Path, required=True, help="songs, as model.training.measures read wrote them")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--latency", type=float, default=LATENCY)
    parser.add_argument("--temperature", type=float, default=TEMPERATURE)
    options = parser.parse_args()
    songs = clips.load(options.human)
    asked = tunes(songs, options.count)
    numbered = list(enumerate(asked))
    fit = Model.fit(s for s in songs if s.split == "train" and s.chords and s.key and s.part("melody").size)
    cool = options.temperature
    ways: dict[str, list[Chords]] = {
        "live, the key found": list(
            spread(partial(live, stated=False, latency=options.latency, temperature=cool), numbered, options.jobs)
        ),
        "live, the key set": list(
            spread(partial(live, stated=True, latency=options.latency, temperature=cool), numbered, options.jobs)
        ),
        "knowing the whole tune": list(
            spread(partial(offline, causal=False, temperature=cool), numbered, options.jobs)
        ),
        "a hidden Markov model, half a bar late": [fit.chords(c, behind=True) for c in asked],
        "I V vi IV": [vamp(c) for c in asked],
        "people": [c.chords for c in asked],
    }
    rows: list[list[object]] = []
    for name, chords in ways.items():
        figures = scores(asked, chords)
        found = [lags(c, ch) for c, ch in zip(asked, chords, strict=True)]
        moves = [m for clip_moves, _ in found for m in clip_moves]
        right = [r for _, clip_right in found for r in clip_right]
        shown = [Estimate(**{k: row[k] for k in asdict(estimate([1.0]))}) for row in figures.values()]
        reached = [r for r in right if np.isfinite(r)]
        rows.append(
            [
                name,
                *shown,
                float(np.median(moves)),
                len(reached) / len(right),
                float(np.median(reached or [np.inf])),
            ]
        )
    head = [
        "",
        *scores(asked[:1], [asked[0].chords]),
        "beats to its next change",
        "root reached",
        "beats to it",
    ]
    print(f"{len(asked)} melodies, temperature {cool}")
    print(table(head, rows))


if __name__ == "__main__":
    main()
