"""`python -m bench.music.wishes FILE…`: are wishes about the course of a piece met in the .mid? Judged by bars, metas and notes.

Each line of a file is one prompt with what is expected of its clip:
`{"id": …, "prompt": …, "expect": {KIND: {…}}}`, KIND one of `JUDGES`; what is null is left open. One process, one seed.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from bench.make_clips import Maker, composer
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.music import midifile
from model.music.harmony import Key, parse_chord, parse_key
from model.music.midifile import Song

Expected = Mapping[str, Any]
PARTS: Mapping[str, tuple[str, ...]] = {
    "ramp": ("drums",), "duration": ("drums",), "sections": ("drums",), "fade": ("chords",), "modulation": ("chords",), "nchords": ("chords",),
    "drop": ("chords", "drums"),
}  # fmt: skip
"""What is written of each kind: enough to judge by, and quick."""
_TEMPO_NEAR, _MOVES = 0.02, 0.01
_QUIET, _STEADY = 0.55, 0.7
_IN_KEY, _LESS_IN_KEY = 0.75, 0.1
_HITS = (35, 36, 49, 55, 57)
"""Kicks and crashes."""


def bar_of(song: Song, tick: int) -> int:
    """Return the bar of a tick, counted from 1."""
    return sum(start <= tick for start, _ in song.bars)


def velocities(song: Song) -> list[float]:
    """Return the mean velocity of the notes that begin in each bar, of a silent bar that of the bar before."""
    found: list[float] = []
    heard: dict[int, list[int]] = {}
    for note in song.notes:
        heard.setdefault(bar_of(song, note.start), []).append(note.velocity)
    for bar in range(1, len(song.bars) + 1):
        found.append(mean(heard[bar]) if bar in heard else found[-1] if found else 0.0)
    return found


def tempo_of_bars(song: Song) -> list[float]:
    """Return the tempo that each bar begins with, and that of the end."""
    starts = [start for start, _ in song.bars]
    return [[bpm for at, bpm in song.tempos if at <= start][-1] for start in starts] + [song.tempos[-1][1]]


def seconds(song: Song) -> float:
    """Return how long the song lasts."""
    ends = [at for at, _ in song.tempos[1:]] + [song.end]
    return sum((end - at) / 480 * 60 / bpm for (at, bpm), end in zip(song.tempos, ends, strict=True))


def ramp(song: Song, wish: Expected) -> Iterator[str]:
    """Yield what is wrong with the tempo."""
    tempi = tempo_of_bars(song)
    first, last = tempi[0], tempi[-1]
    if wish["from"] is not None and abs(first / wish["from"] - 1) > _TEMPO_NEAR:
        yield f"begins at {first:.0f}, not {wish['from']}"
    if wish["to"] is not None and abs(last / wish["to"] - 1) > _TEMPO_NEAR:
        yield f"ends at {last:.0f}, not {wish['to']}"
    up = wish["direction"] == "up"
    if (last > first) != up or abs(last / first - 1) < _MOVES:
        yield f"from {first:.0f} to {last:.0f} is not {wish['direction']}"
    if any((b < a - 0.01) == up and abs(b - a) > 0.01 for a, b in itertools.pairwise(tempi)):
        yield "is not monotone"
    moving = [n for n, (a, b) in enumerate(itertools.pairwise(tempi), start=1) if abs(b - a) > 0.01]
    inside = {bar_of(song, at) for at, _ in song.tempos[1:]}
    moving = sorted({*moving, *inside})
    if moving and wish["over_bars"] is not None and abs(moving[-1] - moving[0] + 1 - wish["over_bars"]) > 1:
        yield f"takes bars {moving[0]} to {moving[-1]}, not {wish['over_bars']}"
    if moving and wish["at_bar"] is not None and abs(moving[0] - wish["at_bar"]) > 1:
        yield f"begins at bar {moving[0]}, not {wish['at_bar']}"


def fade(song: Song, wish: Expected) -> Iterator[str]:
    """Yield what is wrong with the loudness of the bars."""
    loud = velocities(song)
    if wish["kind"] == "in":
        loud = loud[::-1]
    bars = min(wish["bars"] or 4, len(loud))
    before, fading = loud[:-bars], loud[-bars:]
    usual = median(before) if before else max(fading)
    if fading[-1] > _QUIET * usual:
        yield f"the last bar has {fading[-1]:.0f}, the others {usual:.0f}"
    if before and before[-1] < _STEADY * usual:
        yield f"the bar beside it has {before[-1]:.0f}, the others {usual:.0f}"
    half = len(fading) // 2
    if half and mean(fading[:half]) <= mean(fading[half:]):
        yield "its second half is no softer than its first"


def modulation(song: Song, wish: Expected) -> Iterator[str]:
    """Yield what is wrong with the keys, their bars and the notes in them."""
    if not song.keys:
        yield "one key"
        return
    at, name = song.keys[0]
    home, to, bar = parse_key(song.key), parse_key(name), bar_of(song, at)
    if wish["to_key"] is not None:
        wanted = parse_key(wish["to_key"])
        if (to.tonic, to.minor) != (wanted.tonic, wanted.minor):
            yield f"goes to {name}, not {wish['to_key']}"
    if wish["by_semitones"] is not None and (to.tonic - home.tonic - wish["by_semitones"]) % 12:
        yield f"goes {(to.tonic - home.tonic) % 12} semitones up, not {wish['by_semitones']}"
    if wish["at_bar"] is not None and bar != wish["at_bar"]:
        yield f"at bar {bar}, not {wish['at_bar']}"
    if wish["section"] is not None and not _in_section(song, wish["section"], bar):
        yield f"at bar {bar} of {len(song.bars)}, not in the {wish['section']}"
    before, behind = _fit(song, home, 0, at), _fit(song, to, at, song.end)
    if behind < min(_IN_KEY, before - _LESS_IN_KEY):  # a style of chromatic chords has them in both keys
        yield f"{100 * behind:.0f} % of the notes behind it are in {name}, {100 * before:.0f} % of those before it in {song.key}"


def _fit(song: Song, key: Key, begin: int, end: int) -> float:
    """Return the share of the pitched notes between two ticks that are of a key."""
    notes = [n for n in song.notes if begin <= n.start < end and n.part in ("chords", "bass", "melody")]
    return sum(n.pitch % 12 in key.pitch_classes for n in notes) / len(notes) if notes else 0.0


def _in_section(song: Song, section: str, bar: int) -> bool:
    name = section.split()[-1]
    there = [bar_of(song, at) for at, said in song.sections if said == name]
    if there:
        return bar in there
    late = section.startswith("last") or name == "outro"
    return bar > (len(song.bars) / 2 if late else 1)


def sections(song: Song, wish: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield what is wrong with the sections and their bars."""
    firsts = [bar_of(song, at) for at, _ in song.sections] + [len(song.bars) + 1]
    found = [[n, b - a] for (_, n), a, b in zip(song.sections, firsts, firsts[1:], strict=False)]
    if found != [list(s) for s in wish]:
        yield f"has {' '.join(f'{n} {b}' for n, b in found) or 'no sections'}"


def drop(song: Song, wish: Expected) -> Iterator[str]:
    """Yield what is wrong with the drop's bar."""
    at = wish["drop_bar"]
    if len(song.bars) < at:
        yield f"{len(song.bars)} bars"
        return
    named = {name: bar_of(song, tick) for tick, name in song.sections}
    if named.get("drop", named.get("chorus")) != at:
        yield f"the drop is at bar {named.get('drop')}"
    build = wish["build_bars"]
    if build is not None and named.get("build") != at - build:
        yield f"the build is at bar {named.get('build')}, not {at - build}"
    start = song.bars[at - 1][0]
    ones = [n for n in song.notes if abs(n.start - start) < 60]
    if not any(n.part == "drums" and n.pitch in _HITS for n in ones) and len({n.part for n in ones}) < 2:
        yield "nothing hits on its first beat"
    loud = velocities(song)
    quiet = loud[: max(1, at - 1 - (build or 0))]
    if mean(loud[at - 1 : at + 3]) <= mean(quiet[-4:]):
        yield f"its bars have {mean(loud[at - 1 : at + 3]):.0f}, those before {mean(quiet[-4:]):.0f}"


def duration(song: Song, wish: Expected) -> Iterator[str]:
    """Yield what is wrong with the length in seconds."""
    lasts = seconds(song)
    bar = lasts / len(song.bars)
    if abs(lasts - wish["seconds"]) > max(bar / 2, 0.02 * wish["seconds"]):
        yield f"lasts {lasts:.1f} s, not {wish['seconds']}"
    if wish["tempo"] is not None and abs(song.tempos[0][1] / wish["tempo"] - 1) > _TEMPO_NEAR:
        yield f"at {song.tempos[0][1]:.0f}, not {wish['tempo']}"


def nchords(song: Song, wish: Expected) -> Iterator[str]:
    """Yield what is wrong with the number of different chords, by their names and by what sounds."""
    different = {symbol for _, symbol in song.chords}
    if len(different) != wish["n"]:
        yield f"{len(different)} chords: {' '.join(sorted(different))}"
    inside = total = 0
    for (at, symbol), end in zip(song.chords, [*(a for a, _ in song.chords[1:]), song.end], strict=True):
        tones = parse_chord(symbol).pitch_classes
        played = [n for n in song.notes if n.part == "chords" and at <= n.start < end]
        inside += sum(n.pitch % 12 in tones for n in played)
        total += len(played)
    if total and inside / total < 0.7:
        yield f"{100 * inside / total:.0f} % of the chords' notes are of them"


JUDGES: Mapping[str, Callable[[Song, Any], Iterator[str]]] = {
    "ramp": ramp, "fade": fade, "modulation": modulation, "sections": sections, "drop": drop, "duration": duration, "nchords": nchords,
}  # fmt: skip


def main() -> None:
    """Judge the prompts of files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":", 1)[1])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--first", type=int, default=0, help="only so many lines of each file")
    parser.add_argument("--last", type=int, default=0, help="only so many lines at the end of each file")
    options = parser.parse_args()
    writer = composer(Maker())
    for path in options.files:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        lines = lines[: options.first or None] if not options.last else lines[-options.last :]
        right = 0
        for line in lines:
            parts = tuple(sorted({p for kind in line["expect"] for p in PARTS[kind]}))
            song = midifile.from_bytes(midifile.to_bytes(clip(writer, ClipSpec(line["prompt"], 1, parts=parts))))
            wrong = [fault for kind, wish in line["expect"].items() for fault in JUDGES[kind](song, wish)]
            right += not wrong
            if wrong:
                print(f"{line['id']}: {'; '.join(wrong)} | {line['prompt']}", flush=True)
        print(f"{path.stem}: {right} of {len(lines)}", flush=True)


if __name__ == "__main__":
    main()
