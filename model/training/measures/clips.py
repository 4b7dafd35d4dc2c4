"""What is measured: a clip or a song as plain arrays of notes, from .mid files of ours or from songs read.

A folder of clips may hold `clips.tsv`, a table with a header; its columns `file prompt seed label set key` may be
there or not. `label` is the style that was asked for, `set` names the prompts among which a clip's own is sought,
`key` is the key asked for where a .mid file, which knows only major and minor, cannot say it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.music import midifile
from model.music.harmony import Chord, chord_symbol, parse_chord
from model.music.notes import PARTS, Note, Ticks, beat_length, beats_in_bar
from model.training.corpus.song import Song

Notes = npt.NDArray[np.int32]
"""`(n, 4)`: start and length in ticks, pitch, velocity; ascending by start, then pitch."""
START, LENGTH, PITCH, VELOCITY = range(4)
Chords = tuple[tuple[int, Chord | None], ...]
"""Every change as (tick, chord), None for no chord; before the first there is none."""
MANIFEST = "clips.tsv"


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Whole bars of music, all times in ticks from its beginning.

    `group` is the song that a window was cut from: intervals resample groups. `bars` are (tick, metre), `tempo` is
    in quarters a minute, 0 where unknown, `key` a name or "" where unknown. Parts without notes are not there.
    """

    name: str
    group: str
    bars: tuple[tuple[int, str], ...]
    end: int
    tempo: float
    key: str
    parts: Mapping[str, Notes]
    chords: Chords = ()
    source: str = "clip"
    split: str = ""
    label: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    prompt: str = ""
    among: str = ""
    seed: int | None = None

    def part(self, name: str) -> Notes:
        """Return the notes of a part, none if it does not play."""
        return self.parts.get(name, np.zeros((0, 4), np.int32))

    @property
    def pitched(self) -> Notes:
        """The notes of all parts but the drums."""
        parts = [notes for part, notes in self.parts.items() if part != "drums"]
        return in_order(np.concatenate([np.zeros((0, 4), np.int32), *parts]))

    @property
    def spans(self) -> list[tuple[int, int, Chord]]:
        """Start and end of every chord, silence left out."""
        return spans(self.chords, self.end)


def spans(chords: Chords, end: int) -> list[tuple[int, int, Chord]]:
    """Return start and end of every chord of changes that last until `end`, silence left out."""
    ends = [at for at, _ in chords[1:]] + [end] * bool(chords)
    return [(at, stop, c) for (at, c), stop in zip(chords, ends, strict=True) if c is not None]


def in_order(notes: Notes) -> Notes:
    """Return notes by start, then pitch."""
    return notes[np.lexsort((notes[:, PITCH], notes[:, START]))]


def by_part(notes: Iterable[Note]) -> dict[str, Notes]:
    """Return the notes on the grid, micro-timing left out, by part."""
    rows: dict[str, list[tuple[int, int, int, int]]] = {}
    for n in notes:
        rows.setdefault(n.part, []).append((n.start, n.length, n.pitch, n.velocity))
    return {part: in_order(np.array(rows[part], np.int32)) for part in PARTS if part in rows}


def from_song(song: Song) -> Clip:
    """Return a whole song as a clip; its label is not known yet."""
    return Clip(
        name=song.id,
        group=song.id,
        bars=song.bars,
        end=song.end,
        tempo=song.tempo,
        key=song.key,
        parts=by_part(song.notes),
        chords=song.chords,
        source=song.source,
        split=song.split,
        tags=song.tags,
    )


def from_file(path: Path, told: Mapping[str, str] | None = None) -> Clip:
    """Return the clip of a .mid file of ours. Raises MidiFileError, OSError, ValueError."""
    return from_filed(path.stem, midifile.read(path), told)


def from_filed(name: str, filed: midifile.Song, told: Mapping[str, str] | None = None) -> Clip:
    """Return the clip of a song as a file holds it. Raises ValueError."""
    told = told or {}
    return Clip(
        name=name,
        group=name,
        bars=filed.bars,
        end=filed.end,
        tempo=filed.tempos[0][1],
        key=told.get("key") or filed.key,
        parts=by_part(filed.notes),
        chords=tuple((at, _chord(symbol)) for at, symbol in filed.chords),
        label=told.get("label", ""),
        prompt=told.get("prompt", ""),
        among=told.get("set", ""),
        seed=int(told["seed"]) if told.get("seed") else None,
    )


def _chord(symbol: str) -> Chord | None:
    return None if symbol in ("N.C.", "NC", "N", "") else parse_chord(symbol)


def folder(path: Path) -> list[Clip]:
    """Return the clips of every .mid file in a folder, by name. Raises MidiFileError, OSError, ValueError."""
    told: dict[str, Mapping[str, str]] = {}
    if (path / MANIFEST).exists():
        with (path / MANIFEST).open(encoding="utf-8", newline="") as file:
            told = {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}
    return [from_file(p, told.get(p.name)) for p in sorted(path.glob("*.mid"))]


def windows(clip: Clip, bars: int) -> list[Clip]:
    """Return consecutive windows of so many bars, each of one metre; a shorter rest is left out.

    Notes that reach over a window's end are cut there; those that began before it are left out.
    """
    found = []
    edges = [at for at, _ in clip.bars] + [clip.end]
    for i in range(0, len(clip.bars) - bars + 1, bars):
        here = clip.bars[i : i + bars]
        if len({meter for _, meter in here}) == 1:
            found.append(_cut(clip, here, edges[i], edges[i + bars], f"{clip.name}@{i + 1}"))
    return found


def _cut(clip: Clip, bars: tuple[tuple[int, str], ...], start: int, stop: int, name: str) -> Clip:
    parts = {}
    for part, notes in clip.parts.items():
        inside = notes[(notes[:, START] >= start) & (notes[:, START] < stop)].copy()
        inside[:, START] -= start
        inside[:, LENGTH] = np.minimum(inside[:, LENGTH], stop - start - inside[:, START])
        if len(inside):
            parts[part] = inside
    before = [(start, c) for at, c in clip.chords if at <= start][-1:]
    chords = [*before, *[(at, c) for at, c in clip.chords if start < at < stop]]
    return replace(
        clip,
        name=name,
        bars=tuple((at - start, meter) for at, meter in bars),
        end=stop - start,
        parts=parts,
        chords=tuple((at - start, c) for at, c in chords),
    )


def as_song(clip: Clip, parts: Sequence[str]) -> midifile.Song:
    """Return some parts of a clip as a song without its chords."""
    notes = [
        Note(Ticks(start), Ticks(length), pitch, velocity, part)
        for part in parts
        for start, length, pitch, velocity in clip.part(part).tolist()
    ]
    return midifile.Song(
        bars=tuple((Ticks(at), meter) for at, meter in clip.bars),
        end=Ticks(clip.end),
        tempos=((Ticks(0), clip.tempo or 100.0),),
        key=clip.key or "C major",
        notes=tuple(notes),
    )


def to_file(path: Path, clip: Clip, parts: Sequence[str]) -> None:
    """Write some parts of a clip as a .mid file without its chords. Raises OSError."""
    midifile.write(path, as_song(clip, parts))


def save(path: Path, clips: Sequence[Clip]) -> None:
    """Write clips to one `.npz` without pickles. Raises OSError."""
    notes = [
        np.insert(clip.parts[part], [0, 0], (i, PARTS.index(part)), axis=1)
        for i, clip in enumerate(clips)
        for part in clip.parts
    ]
    told = [
        {
            "name": c.name,
            "group": c.group,
            "bars": _runs(c),
            "tempo": c.tempo,
            "key": c.key,
            "chords": [(at, chord_symbol(chord) if chord else "") for at, chord in c.chords],
            "source": c.source,
            "split": c.split,
            "label": c.label,
            "tags": c.tags,
        }
        for c in clips
    ]
    text = np.frombuffer(json.dumps(told).encode(), np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, notes=np.concatenate(notes).astype(np.int32), told=text)


def load(path: Path) -> list[Clip]:
    """Return the clips that `save` wrote. Raises OSError."""
    with np.load(path, allow_pickle=False) as arrays:
        notes, told = arrays["notes"], json.loads(arrays["told"].tobytes())
    edges = np.searchsorted(notes[:, 0], np.arange(len(told) + 1))
    clips = []
    for i, row in enumerate(told):
        mine = notes[edges[i] : edges[i + 1]]
        parts = {PARTS[p]: mine[mine[:, 1] == p, 2:] for p in np.unique(mine[:, 1])}
        bars, end = _bars(row.pop("bars"))
        chords = tuple((at, parse_chord(s) if s else None) for at, s in row.pop("chords"))
        tags = tuple((kind, text) for kind, text in row.pop("tags"))
        clips.append(Clip(**row, bars=bars, end=end, parts=parts, chords=chords, tags=tags))
    return clips


def _runs(clip: Clip) -> list[tuple[str, int]]:
    """Return the metres with the number of bars that each holds for."""
    return [(meter, len(list(run))) for meter, run in groupby(m for _, m in clip.bars)]


def _bars(runs: Sequence[tuple[str, int]]) -> tuple[tuple[tuple[int, str], ...], int]:
    bars, at = [], 0
    for meter, count in runs:
        for _ in range(count):
            bars.append((at, meter))
            at += beats_in_bar(meter) * beat_length(meter)
    return tuple(bars), at
