"""Reads any .mid file as a `Song`: any resolution, any track names, whole bars; and keeps what the song does not hold.

Tracks named as our parts are those parts; channel 10 is drums; of the rest the lowest line is the bass, the highest single
line the melody, and what sounds together the chords. Chord symbols come from the markers, else from what sounds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from model.analysis.key_finder import find_key
from model.music import smf
from model.music.control import MAX_FILE_BARS
from model.music.drums import ROLES
from model.music.harmony import CHORD_QUALITIES, QUALITIES, Chord, Key, chord_symbol, parse_chord, parse_key
from model.music.midifile import (
    MidiFileError,
    Song,
    bar_length,
    from_bytes,
    halves,
    notes_in_spans,
    to_bytes,
    without_overlaps,
)
from model.music.notes import MAX_BEATS, PARTS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Note, Ticks, is_meter
from model.music.original import Original, Place, RawNote
from model.music.programs import GM_BASSES
from model.music.smf import RawFile

_ValueT = TypeVar("_ValueT")
_NAMES = {"melody": ("melody", "lead", "vocal", "voice", "旋律"), "bass": ("bass", "贝斯"),
          "drums": ("drum", "perc", "beat", "鼓"), "chords": ("chord", "piano", "keys", "pad", "comp", "和弦")}  # fmt: skip
SHORTEST = TICKS_PER_QUARTER // 8
"""The length of a note that a file begins and ends at once."""
_NEVER = 2**62
SLACK = TICKS_PER_QUARTER // 8
"""What sounds so far into a bar does not make it one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as read: the song, what it was made of (None: a file of ours, which holds nothing else), and what was out of order."""

    song: Song
    original: Original | None = None
    told: tuple[str, ...] = ()


def read_midi_file(path: Path) -> Song:
    """Return the song of any .mid file. Raises MidiFileError, OSError."""
    return read_file(path).song


def read_file(path: Path) -> Reading:
    """Return what any .mid file holds. Raises MidiFileError, OSError."""
    with path.open("rb") as file:
        return read_bytes(file.read(smf.MAX_BYTES + 1))


def read_bytes(content: bytes) -> Reading:
    """Return what the bytes of any .mid file hold. Raises MidiFileError."""
    raw = smf.parse(content)
    song = _ours(content) if _may_be_ours(raw) else None
    if song is not None:
        song = replace(song, chords=tuple((at, said) for at, text in song.chords if (said := _said(text))))
        return Reading(song if song.chords else replace(song, chords=detect_chords(song)))
    return _foreign(raw)


def _may_be_ours(raw: RawFile) -> bool:
    """Return whether a file's tracks are parts of ours by their names: its drums are roles then, and it lasts as long as its tracks."""
    parts = [track.name for track in raw.tracks[1:]]
    return not raw.told and (raw.kind, raw.division) == (1, TICKS_PER_QUARTER) and set(parts) <= set(PARTS)


def _ours(content: bytes) -> Song | None:
    """Return the song of a file that holds a song of ours and nothing else."""
    try:
        song = from_bytes(content)
    except MidiFileError:
        return None
    return song if to_bytes(song) == content else None


_MORE = re.compile(r"(?:[\d#b+()/,°-]|[A-G]|sus|add|omit|no|alt|maj|min|dim|aug)+")
"""What a chord symbol may go on with that we cannot say."""


def _said(text: str) -> str | None:
    """Return a chord marker as far as we know its kind of chord (D7sus4b9 is D7sus4), None for a marker that is no chord."""
    ends = (end for end in range(min(len(text), 40), 0, -1) if _is_chord(text[:end]))
    end = next(ends, 0)
    return text[:end] if end and (end == len(text) or _MORE.fullmatch(text[end:])) else None


Line = list[tuple[int, int, int, int, int]]
"""Notes of a track's channel: start, end, pitch, velocity, and the number of the file's note."""
_MAJORS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
_MINORS = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")


@dataclass(slots=True)
class _Heard:
    """What the events of a file say, in ticks of ours."""

    tempos: dict[Ticks, float]
    meters: dict[Ticks, str]
    keys: dict[Ticks, str]
    markers: list[tuple[Ticks, str, int, int]]
    cues: dict[Ticks, str]
    programs: dict[Place, int]
    lines: dict[Place, Line]
    raws: list[RawNote]


def _foreign(raw: RawFile) -> Reading:
    told = list(raw.told)
    if raw.ticks_per_quarter <= 0:
        raise MidiFileError("its header says 0 ticks a quarter note: export it again from the program that wrote it")
    if raw.in_seconds:
        told.append("its times are in seconds (SMPTE): bars are counted at 120 quarter notes a minute")
    if raw.kind == 2 and sum(any(e[1] & 0xF0 == smf.NOTE_ON for e in t.events) for t in raw.tracks) > 1:
        raise MidiFileError("it holds several pieces (type 2): export each as a file of its own, of type 0 or 1")
    heard = _heard(raw)
    if not heard.lines:
        raise MidiFileError("there is no note in this file")
    names = {track: raw.tracks[track].name for track, _ in heard.lines}
    parts, guessed = _parts(heard.lines, names, heard.programs)
    if guessed:
        told.append(f"{guessed} has the notes of a kit and was taken for drums: name it to have it otherwise")
    lines = [(part, row) for part, places in parts.items() for place in places for row in places[place]]
    ours = _may_be_ours(raw)
    until = max(max(row[1] - SLACK, row[0] + 1) for _, row in lines)
    until = max(until, *(track.end for track in raw.tracks)) if ours else until
    bars = _bars(heard.meters, until)
    if bars is None:
        told.append("its metres make too many bars: it was read in 4/4")
        bars = _bars({}, until)
    if bars is None:
        raise MidiFileError(f"a file has {MAX_FILE_BARS} bars at most: cut it, or move its last notes")
    end = Ticks(bars[-1][0] + bar_length(bars[-1][1]))
    places = {part: tuple(sorted(found, key=lambda p: (-len(found[p]), p))) for part, found in parts.items()}
    given = [
        Note(
            Ticks(start),
            Ticks(stop - start),
            _role(pitch) if part == "drums" and not ours else pitch,
            velocity,
            part,
            0,
            number + 1,
        )
        for part, (start, stop, pitch, velocity, number) in lines
    ]
    notes = without_overlaps(given, end)
    programs = {part: heard.programs.get(places[part][0], 0) for part in PARTS if part in places}
    keys = sorted(heard.keys.items())
    song = Song(
        bars=bars,
        end=end,
        tempos=_within({Ticks(0): 120.0} | heard.tempos, end),
        key=keys[0][1] if keys else "C major",
        notes=notes,
        programs=tuple(programs.items()),
        keys=tuple((at, key) for at, key in keys[1:] if 0 < at < end),
    )
    if not keys and any(n.part not in UNPITCHED_PARTS for n in notes):
        song = replace(song, key=find_key(song).key.name)
    chords = _marked_chords(heard.markers, song)
    song = replace(song, chords=_within({at: symbol for at, symbol, *_ in chords}, end))
    named = {at for at, *_ in chords}
    others = {at: text for at, text, *_ in heard.markers if at not in named}
    song = replace(song, sections=_within(_section_names(others | heard.cues), end))
    markers = {(track, index): at for at, _, track, index in chords}
    if not song.chords:
        song = replace(song, chords=detect_chords(song))
    original = Original(raw, song, _groups(given, notes, heard.raws), places, markers)
    return Reading(song, original, tuple(told))


@dataclass(frozen=True, slots=True)
class MidiLines:
    """What the bytes of a .mid file hold, 480 ticks a quarter: `lines` by the name of their track and its number.

    Channel 10 is named drums. `key` is "" and `chords` empty where nothing is stated; `meter` is the first, None where there is none.
    """

    tempos: Mapping[Ticks, float]
    meter: str | None
    chords: Mapping[Ticks, str]
    key: str
    lines: Mapping[tuple[str, int], list[tuple[int, int, int, int]]]
    end: int

    @property
    def bars(self) -> int:
        """Return how many bars of the metre the notes fill."""
        return max(1, -(-(self.end - SLACK) // bar_length(self.meter or "4/4")))


def midi_lines(content: bytes) -> MidiLines:
    """Return the lines of a .mid file's bytes. Raises MidiFileError."""
    raw = smf.parse(content)
    if raw.kind == 2 or raw.ticks_per_quarter <= 0:
        raise MidiFileError("a .mid file of one piece, with ticks a quarter, can be read")
    found = _heard(raw)
    if not found.lines:
        raise MidiFileError("there is no note in this file")
    lines = {
        ("drums" if channel == 9 else raw.tracks[track].name, track * 16 + channel): [row[:4] for row in line]
        for (track, channel), line in found.lines.items()
    }
    return MidiLines(
        found.tempos,
        found.meters[min(found.meters)] if found.meters else None,
        {at: said for at, text, *_ in found.markers if (said := _said(text))},
        found.keys[min(found.keys)] if found.keys else "",
        lines,
        max(end for line in lines.values() for _, end, _, _ in line),
    )


def notes_of_line(part: str, line: Sequence[tuple[int, int, int, int]]) -> list[Note]:
    """Return the notes of a line that is a part; drums as roles."""
    return [
        Note(Ticks(start), Ticks(end - start), _role(pitch) if part == "drums" else pitch, max(1, velocity), part)
        for start, end, pitch, velocity in line
    ]


def _within(values: Mapping[Ticks, _ValueT], end: int) -> tuple[tuple[Ticks, _ValueT], ...]:
    return tuple(sorted((at, value) for at, value in values.items() if at < end))


def _groups(given: Sequence[Note], notes: Sequence[Note], raws: Sequence[RawNote]) -> dict[int, tuple[RawNote, ...]]:
    """Return the notes of the file behind each note of the song: itself, and those that sounded at once with it."""
    found: dict[int, tuple[RawNote, ...]] = {note.source: (raws[note.source - 1],) for note in notes}
    hidden = [note for note in given if note.source not in found]
    heard = {(note.part, note.pitch, note.start): note.source for note in notes} if hidden else {}
    for note in hidden:
        source = heard.get((note.part, note.pitch, note.start))
        if source is not None:
            found[source] += (raws[note.source - 1],)
    return found


def _heard(raw: RawFile) -> _Heard:
    scale = TICKS_PER_QUARTER / raw.ticks_per_quarter
    found = _Heard({}, {}, {}, [], {}, {}, defaultdict(list), [])
    last = max((tick for t in raw.tracks for tick, status, _ in t.events if status & 0xE0 == smf.NOTE_OFF), default=0)
    for number, track in enumerate(raw.tracks):
        for index, event in enumerate(track.events):
            tick, status, data = event
            if status == smf.META:
                if smf.is_sound(event):
                    _meta(found, Ticks(round(tick * scale)), data, number, index, raw.in_seconds)
            elif status & 0xF0 == smf.PROGRAM:
                found.programs.setdefault((number, status & 0x0F), data[0])
        events, notes = track.events, smf.spans(track.events)
        struck: dict[tuple[int, int], list[int]] = defaultdict(list)
        if any(events[on][0] == events[off][0] for on, off in notes if off >= 0):
            for on, _ in notes:
                struck[events[on][1], events[on][2][0]].append(events[on][0])
        for on, off in notes:
            tick, status, data = events[on]
            stop = events[off][0] if off >= 0 else max(last, track.end if track.end > tick else 0)
            if stop <= tick and off < 0:
                stop = tick + round(raw.ticks_per_quarter)
            if stop == tick:  # of the least length, but not beyond the next note of its key
                begun = struck[status, data[0]]
                at = bisect_right(begun, tick)
                stop = min(tick + max(1, round(SHORTEST / scale)), *begun[at : at + 1], _NEVER)
            start, end = round(tick * scale), round(stop * scale)
            found.lines[number, status & 0x0F].append(
                (start, end if end > start else start + SHORTEST, data[0], data[1], len(found.raws))
            )
            found.raws.append(RawNote(number, on, off, tick, stop))
    return found


def _meta(found: _Heard, at: Ticks, data: bytes, track: int, index: int, in_seconds: bool) -> None:
    kind, content = data[0], data[1:]
    if kind == smf.TEMPO and not in_seconds:
        found.tempos[at] = min(300.0, max(20.0, 60_000_000 / int.from_bytes(content, "big")))
    elif kind == smf.METER:
        meter = f"{content[0]}/{1 << content[1]}"
        if is_meter(meter):
            found.meters[at] = meter
    elif kind == smf.KEY:
        names = _MINORS if content[1] else _MAJORS
        fifths = int.from_bytes(content[:1], "big", signed=True)
        found.keys.setdefault(at, parse_key(names[fifths + 7] + ("m" if content[1] else "")).name)
    elif kind == smf.CUE:
        found.cues[at] = smf.text_of(content).strip()
    elif kind == smf.MARKER:
        text = smf.text_of(content).strip()
        if text:
            found.markers.append((at, text, track, index))


def _bars(meters: Mapping[Ticks, str], until: int) -> tuple[tuple[Ticks, str], ...] | None:
    """Return whole bars that reach a tick; a metre begins a bar, and cuts the one before short. None for more than MAX_FILE_BARS."""
    bars: list[tuple[Ticks, str]] = []
    changes = sorted({Ticks(0): "4/4", **meters}.items())
    at = Ticks(0)
    for (_, meter), following in zip(changes, [*(c[0] for c in changes[1:]), None], strict=True):
        length = bar_length(meter)
        while at < (until if following is None else min(following, until)):
            bar = meter
            if following is not None and following - at < length:
                bar = _short_bar(following - at)
                if not bar:
                    break
            bars.append((at, bar))
            if len(bars) > MAX_FILE_BARS:
                return None
            at = Ticks(at + bar_length(bar))
    return tuple(bars)


def _short_bar(ticks: int) -> str:
    """Return the metre of a bar that is cut short, "" if nothing is left of it: to the next 64th note.

    What is too long to be counted in small notes is cut at a larger one; a bar of what is left follows.
    """
    beats, unit = round(ticks / (TICKS_PER_QUARTER / 16)), 64
    while (unit > 4 and beats % 2 == 0) or beats > MAX_BEATS:
        beats, unit = beats // 2, unit // 2
    return f"{beats}/{unit}" if beats else ""


def _section_names(said: Mapping[Ticks, str]) -> dict[Ticks, str]:
    """Return the names of sections among the texts at some ticks, as wishes have them: Chorus 2 is chorus, A is A."""
    if not said:
        return {}
    from model.prompt.wishes.sections import find_sections  # most files name none, and its patterns take long to load

    found: dict[Ticks, str] = {}
    for at, text in said.items():
        letter = text.strip("[]() ")  # a rehearsal letter may stand in a box
        name = letter if letter in ("A", "B", "C") else next((n for _, _, n in find_sections(text.lower())), "")
        if name:
            found[at] = name
    return found


def _marked_chords(markers: Sequence[tuple[Ticks, str, int, int]], song: Song) -> list[tuple[Ticks, str, int, int]]:
    """Return the markers that say chords, in order. Letters alone may be names of sections: other markers tell, else what sounds."""
    found = [(at, said, track, index) for at, text, track, index in markers if (said := _said(text)) and at < song.end]
    letters = {text for _, text, *_ in markers if len(text) == 1 and "A" <= text <= "Z"}
    plain = [m for m in found if m[1] in letters]
    if plain:
        chords = len(found) - len(plain)
        words = len(markers) - len(found)
        if words > chords or (not chords and _fit(plain, song) < _FITS_LETTERS[_runs(markers)]):
            found = [m for m in found if m[1] not in letters]
    return sorted(found)


_FITS_LETTERS = {True: 0.9, False: 0.6}
"""How much of what sounds under letters belongs to their chords, where they run A, B, C … and where they do not."""


def _runs(markers: Sequence[tuple[Ticks, str, int, int]]) -> bool:
    """Return whether letters appear in the order of the alphabet, from A on."""
    first_seen = dict.fromkeys(text for _, text, *_ in sorted(markers))
    return list(first_seen) == [chr(ord("A") + i) for i in range(len(first_seen))]


def _fit(chords: Sequence[tuple[Ticks, str, int, int]], song: Song) -> float:
    """Return the share of the sounding time that lies on the tones of chords."""
    order = sorted(chords)
    spans = [(at, end) for (at, *_), end in zip(order, [*(c[0] for c in order[1:]), song.end], strict=True) if end > at]
    inside = whole = 0
    pitched = [n for n in song.notes if n.part not in UNPITCHED_PARTS]
    symbols = {at: symbol for at, symbol, *_ in order}
    for (at, _), heard in zip(spans, notes_in_spans(pitched, spans), strict=True):
        tones = parse_chord(symbols[at]).pitch_classes
        whole += sum(shared for _, shared in heard)
        inside += sum(shared for note, shared in heard if note.pitch % 12 in tones)
    return inside / whole if whole else 1.0


def _is_chord(text: str) -> bool:
    try:
        parse_chord(text)
    except ValueError:
        return False
    return True


def _parts(
    lines: Mapping[Place, Line], names: Mapping[int, str], programs: Mapping[Place, int]
) -> tuple[dict[str, dict[Place, Line]], str]:
    """Return the lines by part: by their names, else basses by their programs, the rest by how they lie and how many voices they have.

    The second value names a track that was taken for drums by its notes, "" if there is none.
    """
    found: dict[str, dict[Place, Line]] = defaultdict(dict)
    rest: list[tuple[Place, Line]] = []
    for (track, channel), line in lines.items():
        name = "drums" if channel == 9 else names[track]
        part = next((p for p, words in _NAMES.items() if any(w in name.lower() for w in words)), None)
        part = name if name in PARTS else part
        if part is None and programs.get((track, channel)) in GM_BASSES:
            part = "bass"
        if part is None:
            rest.append(((track, channel), line))
        else:
            found[part][track, channel] = line
    guessed = ""
    if "drums" not in found:
        kits = [(place, line) for place, line in rest if _is_kit(line)]
        for place, line in kits:
            found["drums"][place] = line
            rest.remove((place, line))
            guessed = f"track {place[0] + 1}"
    rest.sort(key=lambda one: sum(n[2] for n in one[1]) / len(one[1]))
    single = [one for one in rest if voices(one[1]) < 1.2]
    if "melody" not in found and single:
        found["melody"] = dict([single[-1]])
        rest.remove(single[-1])
    low = [one for one in rest if sum(n[2] for n in one[1]) / len(one[1]) < 52 and voices(one[1]) < 1.3]
    if "bass" not in found and low:
        found["bass"] = dict([low[0]])
        rest.remove(low[0])
    for place, line in rest:
        chords = line
        if "melody" not in found and len(rest) == 1:  # one piano: its top line leads
            tops: dict[int, int] = {}
            for start, _, pitch, *_ in line:
                tops[start] = max(pitch, tops.get(start, 0))
            melody = [n for n in line if n[2] == tops[n[0]] and n[2] >= 60]
            chords = [n for n in line if n[2] != tops[n[0]] or n[2] < 60]
            if melody:
                found["melody"][place] = melody
        if chords:
            found["chords"][place] = chords
    return {part: found[part] for part in PARTS if found.get(part)}, guessed


def voices(line: Sequence[tuple[int, ...]]) -> float:
    """Return how many notes begin together, on average."""
    return len(line) / len({start for start, *_ in line})


_KICKS, _BACKBEATS, _HATS = {35, 36}, {37, 38, 39, 40}, {42, 44, 46}


def _is_kit(line: Line) -> bool:
    """Return whether a line has the notes of a kit: kick and snare or hats, next to nothing else, struck together and short."""
    pitches = [n[2] for n in line]
    struck = {*pitches}
    core = sum(p in _KICKS | _BACKBEATS | _HATS for p in pitches) / len(pitches)
    short = sorted(n[1] - n[0] for n in line)[len(line) // 2] <= TICKS_PER_QUARTER // 2
    kit = bool(struck & _KICKS) and bool(struck & _BACKBEATS) and bool(struck & _HATS)
    return kit and core >= 0.8 and max(struck) <= 81 and short and voices(line) >= 1.1


_NEAREST_ROLE = {35: 36, 40: 38, 31: 37, 41: 43, 45: 43, 48: 47, 22: 42, 26: 46, 52: 49, 55: 49, 57: 49, 53: 51, 59: 51,
        54: 70, 69: 70, 82: 70}  # fmt: skip
"""General MIDI's second toms, cymbals and shakers as roles of ours; what else there is counts as percussion."""


def _role(pitch: int) -> int:
    return pitch if pitch in ROLES.values() else _NEAREST_ROLE.get(pitch, ROLES["perc"])


def detect_chords(song: Song) -> tuple[tuple[Ticks, str], ...]:
    """Return the chords that sound, one a half bar at most: the kind and root that cover the most time."""
    key = parse_key(song.key)
    spans = halves(song)
    weight, lowest = np.zeros((len(spans), 12)), np.full(len(spans), -1)
    for at, inside in enumerate(notes_in_spans(song.notes, spans)):
        low = 128
        for note, shared in inside:
            if note.part not in UNPITCHED_PARTS:
                weight[at, note.pitch % 12] += shared * (0.5 if note.part == "melody" else 1.0)
                if note.part != "melody" and note.pitch < low:
                    low, lowest[at] = note.pitch, note.pitch % 12
    best = _best_chords(weight, lowest, key)
    found: list[tuple[Ticks, str]] = []
    for (at, _), sounds, number in zip(spans, weight.sum(1).tolist(), best.tolist(), strict=True):
        if sounds:
            symbol = _symbol(number, key.name)
            if not found or found[-1][1] != symbol:
                found.append((Ticks(at), symbol))
    return tuple(found)


_FOUND_IN_FILES = tuple(q.name for q in CHORD_QUALITIES.values() if q.is_found_in_files)
_ROOTS = np.repeat(np.arange(12), len(_FOUND_IN_FILES))
"""The root of each chord that is looked for."""


def _tones() -> npt.NDArray[np.float64]:
    """Return the tones of each chord that is looked for, `(chords, 12)`."""
    found = np.zeros((12 * len(_FOUND_IN_FILES), 12))
    for root in range(12):
        for number, quality in enumerate(_FOUND_IN_FILES):
            found[root * len(_FOUND_IN_FILES) + number, [(root + t) % 12 for t in QUALITIES[quality]]] = 1
    return found


_TONES = _tones()


def _best_chords(weight: npt.NDArray[np.float64], lowest: npt.NDArray[np.int_], key: Key) -> npt.NDArray[np.int_]:
    """Return the number of the chord that fits best, of how long each pitch class sounds `(n, 12)` and the lowest one."""
    whole = weight.sum(1, keepdims=True)
    inside = weight @ _TONES.T / np.where(whole, whole, 1)
    silent = (weight == 0) @ _TONES.T
    size = _TONES.sum(1)
    kin = 0.02 * _TONES[:, sorted(key.pitch_classes)].sum(1) / size
    scores = inside - 0.13 * silent - 0.04 * size + 0.12 * (lowest[:, None] == _ROOTS) + kin
    best: npt.NDArray[np.int_] = scores.round(9).argmax(1)
    return best


@cache
def _symbol(number: int, key: str) -> str:
    """Return the symbol of a chord by its number."""
    root, quality = divmod(number, len(_FOUND_IN_FILES))
    return chord_symbol(Chord(root, _FOUND_IN_FILES[quality], root), parse_key(key))
