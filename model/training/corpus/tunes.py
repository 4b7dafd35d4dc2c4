"""Songs from tune books in ABC: hymns in four voices, and fiddle tunes, which are melodies alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from model.music.harmony import QUALITIES, Chord
from model.music.notes import Note, Ticks, beat_length, beats_in_bar
from model.training.corpus.scores import LEVEL, felt_beat
from model.training.corpus.song import Song, chord_cover
from model.training.formats.abc import Tune, read
from model.training.formats.barlines import CLOSE, Bar, lay_out_bars

COVER = 0.6
VOICES = ("S1V1", "S1V2", "S2V1", "S2V2")
RHYTHMS = {"slipjig": "slip jig", "double jig": "jig", "walkaround": ""}
PLAIN = ("", "m", "7", "m7", "maj7", "dim", "m7b5", "dim7", "6", "m6", "aug", "sus4", "sus2", "7sus4")
"""What a hymn's verticals may be called, the plainest first."""
Voiced = tuple[float, float, tuple[int, ...]]
"""Notes struck together: start and length in ticks, pitches."""


def hymns(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the hymns of every .abc file: soprano, inner voices, bass, and chords read off them by the beat."""
    for path in sorted(folder.glob("*.abc")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, page in enumerate(text.split("% PAGE LAYOUT")[1:]):
            found = hymn(f"hymns-{number:03}", page)
            if isinstance(found, Song):
                yield found
            else:
                drops[found] = drops.get(found, 0) + 1


def fiddle(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the tunes of every .abc file below a folder: melodies."""
    for path in sorted(folder.rglob("*.abc")):
        text = path.read_text(encoding="utf-8", errors="replace")
        pieces = re.split(r"^(?=X:)", text, flags=re.MULTILINE)[1:]
        for number, piece in enumerate(pieces):
            found = tune(f"fiddle-{path.parent.name}-{path.stem}-{number:03}", piece)
            if isinstance(found, Song):
                yield found
            else:
                drops[found] = drops.get(found, 0) + 1


def tune(name: str, text: str) -> Song | str:
    """Return a melody's song, or the reason why it is left out."""
    parsed = _read(text)
    if isinstance(parsed, str):
        return parsed
    bars = next(iter(parsed.voices.values()))
    layout = lay_out_bars(bars)
    if isinstance(layout, str):
        return layout
    lines, end, places = layout
    notes = _line(_sounding(bars, places), "melody")
    if len(notes) < 16:
        return "hardly any melody"
    rhythm = " ".join(parsed.fields.get("R", [""])[0].lower().split())
    rhythm = RHYTHMS.get(rhythm, rhythm)
    tags = (("human", rhythm), ("human", f"fiddle {rhythm}")) if rhythm else (("human", "fiddle tune"),)
    return Song(
        name, "fiddle", _title(parsed), parsed.tempo, parsed.key.name, lines, end, notes, (), tags, (("folk", 1.0),)
    )  # fmt: skip


def hymn(name: str, text: str) -> Song | str:
    """Return a hymn's song, or the reason why it is left out."""
    topics = [t for said in re.findall(r"^%OHTOPICS (.*)", text, re.MULTILINE) for t in re.findall(r"\{(.*?)\}", said)]
    parsed = _read(text[text.find("\nX:") + 1 :])
    if isinstance(parsed, str):
        return parsed
    if not all(v in parsed.voices for v in VOICES):
        return "not in four voices"
    voices = [parsed.voices[v] for v in VOICES]
    lengths = [sum(b.length for b in bars) for bars in voices]
    if max(lengths) - min(lengths) > CLOSE:
        return "voices of unequal length"
    layout = lay_out_bars(voices[0])
    if isinstance(layout, str):
        return layout
    lines, end, places = layout
    runs = [_sounding(bars, _alike(bars, voices[0], places)) for bars in voices]
    upper = [_pitched(run, "chords", lambda p: p[:-1]) for run in runs[:1]]
    inner = [_pitched(run, "chords", lambda p: p) for run in runs[1:3]]
    low = _pitched(runs[3], "chords", lambda p: p[1:])
    melody, bass = _line(runs[0], "melody"), _pitched(runs[3], "bass", lambda p: p[:1])
    notes = tuple(sorted({*melody, *bass, *(n for part in (*upper, *inner, low) for n in part)}))
    chords = verticals(notes, lines)
    if len(melody) < 16:
        return "hardly any melody"
    if chord_cover(notes, chords, end) < COVER:
        return "melody outside the chords"
    category = re.search(r"^%OHCATEGORY (.*)", text, re.MULTILINE)
    said = [re.sub(r" *\[.*?\]| *\(.*?\)", "", t).replace("&amp;", "and").strip().lower() for t in topics]
    if category is not None:
        said.insert(0, category[1].strip().lower())
    tags = tuple(("human", f"hymn, {t}" if i == 0 else t) for i, t in enumerate(dict.fromkeys(said)) if t)
    return Song(
        name, "hymns", _title(parsed), parsed.tempo, parsed.key.name, lines, end, notes, chords, tags, (("hymn", 1.0),)
    )  # fmt: skip


def verticals(notes: tuple[Note, ...], lines: tuple[tuple[Ticks, str], ...]) -> tuple[tuple[Ticks, Chord | None], ...]:
    """Return the chord changes of notes in several voices: of each felt beat the chord whose tones sound longest."""
    changes: list[tuple[Ticks, Chord | None]] = []
    pending = sorted(notes, key=lambda n: n.start)
    for start, meter in lines:
        beat = felt_beat(meter)
        for at in range(start, start + beats_in_bar(meter) * beat_length(meter), beat):
            sounding: dict[int, float] = {}
            low: tuple[int, float] = (128, 0.0)
            pending = [n for n in pending if n.end > at]
            for note in pending:
                if note.start >= at + beat:
                    break
                shared = min(note.end, at + beat) - max(note.start, at)
                shared *= 2 if note.start <= at else 1  # what begins the beat names it
                sounding[note.pitch % 12] = sounding.get(note.pitch % 12, 0.0) + shared
                if note.start <= at and note.pitch < low[0]:
                    low = (note.pitch, shared)
            if len(sounding) < 2:
                continue
            chord = _named(sounding, low[0] % 12 if low[1] else None, changes[-1][1] if changes else None)
            if not changes or changes[-1][1] != chord:
                changes.append((Ticks(at), chord))
    return tuple(changes)


def _named(sounding: dict[int, float], bass: int | None, before: Chord | None) -> Chord:
    """Return the chord that fits weighted pitch classes best: a missing tone, a foreign one and rarity cost."""
    total = sum(sounding.values())
    best = (-1e9, Chord(0, "", 0))
    for root in sounding:
        for rank, quality in enumerate(PLAIN):
            tones = {(root + i) % 12 for i in QUALITIES[quality]}
            inside = sum(w for p, w in sounding.items() if p in tones) / total
            missing = len(tones - sounding.keys())
            third = (root + QUALITIES[quality][1]) % 12 not in sounding
            below = bass if bass in tones else root
            chord = Chord(root, quality, root if below is None else below)
            held = before is not None and (chord.root, chord.quality) == (before.root, before.quality)
            rank_ = inside - 0.08 * missing - 0.06 * third - 0.012 * rank + 0.04 * (bass == root) + 0.05 * held
            best = max(best, (rank_, chord), key=lambda b: b[0])
    return best[1]


def _read(text: str) -> Tune | str:
    try:
        parsed = read(text)
    except ValueError as broken:
        return f"unreadable ({broken})" if "key" in str(broken) else "unreadable"
    return parsed if parsed.voices else "no notes"


def _title(parsed: Tune) -> str:
    return parsed.fields.get("T", [""])[0]


def _alike(bars: tuple[Bar, ...], first: tuple[Bar, ...], places: tuple[float, ...]) -> tuple[float, ...]:
    """Return where a voice's bars go: by how far each is into the tune, as the first voice's were."""
    starts: list[tuple[float, float]] = []
    at = 0.0
    for bar, place in zip(first, places, strict=True):
        starts.append((at, place))
        at += bar.length
    found: list[float] = []
    at = 0.0
    for bar in bars:
        begun, place = max((s for s in starts if s[0] <= at + CLOSE), key=lambda s: s[0])
        found.append(place + at - begun)
        at += bar.length
    return tuple(found)


def _sounding(bars: tuple[Bar, ...], places: tuple[float, ...]) -> list[Voiced]:
    """Return a voice's sounds in absolute ticks, ties joined."""
    run: list[Voiced] = []
    tied = False
    for bar, place in zip(bars, places, strict=True):
        for sound in bar.sounds:
            start = place + sound.start
            if tied and run and run[-1][2] == sound.pitches and abs(run[-1][0] + run[-1][1] - start) < CLOSE:
                run[-1] = (run[-1][0], run[-1][1] + sound.length, sound.pitches)
            elif sound.pitches:
                run.append((start, sound.length, sound.pitches))
            tied = sound.tied
    return run


def _line(run: list[Voiced], part: str) -> tuple[Note, ...]:
    """Return one voice: the highest note of each onset; of two on one place of the grid the longer."""
    return _pitched(run, part, lambda p: p[-1:])


def _pitched(run: list[Voiced], part: str, chosen: Callable[[tuple[int, ...]], tuple[int, ...]]) -> tuple[Note, ...]:
    """Return the chosen pitches, low to high, of each onset as notes on the grid of 24 to a quarter."""
    found: dict[tuple[Ticks, int], Note] = {}
    for start, length, pitches in run:
        for voice, pitch in enumerate(chosen(tuple(sorted(pitches)))):
            on = Ticks(round(start / 20) * 20)
            end = round((start + length) / 20) * 20
            note = Note(on, Ticks(max(20, end - on)), pitch, LEVEL, part)
            if (on, voice) not in found or found[on, voice].length < note.length:
                found[on, voice] = note
    return tuple(sorted(found.values()))
