"""Reads any .mid file as a `Song`: any resolution, any track names, whole bars.

Tracks named as our parts are those parts; channel 10 is drums; of the rest the lowest line is the bass, the highest single
line the melody, and what sounds together the chords. Chord symbols come from the markers, else from what sounds.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido

from model.analysis.key_finder import find_key
from model.music.drums import ROLES
from model.music.harmony import CHORD_QUALITIES, QUALITIES, Chord, Key, chord_symbol, parse_chord, parse_key
from model.music.midifile import (
    MidiFileError,
    Song,
    as_filed,
    bar_length,
    from_bytes,
    halves,
    notes_in_spans,
)
from model.music.notes import METERS, PARTS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Note, Ticks

_NAMES = {"melody": ("melody", "lead", "vocal", "voice", "旋律"), "bass": ("bass", "贝斯"),
          "drums": ("drum", "perc", "beat", "鼓"), "chords": ("chord", "piano", "keys", "pad", "comp", "和弦")}  # fmt: skip
MAX_NOTES = 100_000
Line = list[tuple[int, int, int, int]]
"""Notes of one voice or instrument: start, end, pitch and velocity."""


def read_midi_file(path: Path) -> Song:
    """Return the song of any .mid file. Raises MidiFileError, OSError."""
    content = path.read_bytes()
    try:
        song = from_bytes(content)
    except MidiFileError:
        song = _foreign(content)
    song = replace(song, chords=tuple((at, said) for at, text in song.chords if (said := _said(text))))
    return song if song.chords else replace(song, chords=detect_chords(song))


_MORE = re.compile(r"(?:[\d#b+()/,°-]|[A-G]|sus|add|omit|no|alt|maj|min|dim|aug)+")
"""What a chord symbol may go on with that we cannot say."""


def _said(text: str) -> str | None:
    """Return a chord marker as far as we know its kind of chord (D7sus4b9 is D7sus4), None for a marker that is no chord."""
    ends = (end for end in range(len(text), 0, -1) if _is_chord(text[:end]))
    end = next(ends, 0)
    return text[:end] if end and (end == len(text) or _MORE.fullmatch(text[end:])) else None


@dataclass(frozen=True, slots=True)
class MidiLines:
    """What the bytes of a .mid file hold, 480 ticks a quarter: `lines` by the name of their track and its number.

    Channel 10 is named drums. `key` is "" and `chords` empty where nothing is stated, `tempo` the first, None where there is none.
    """

    tempos: dict[Ticks, float]
    meter: str | None
    chords: dict[Ticks, str]
    key: str
    lines: dict[tuple[str, int], Line]
    end: int

    @property
    def bars(self) -> int:
        """Return how many bars of the metre the notes fill."""
        return max(1, -(-(self.end - TICKS_PER_QUARTER // 8) // bar_length(self.meter or "4/4")))


def midi_lines(content: bytes) -> MidiLines:
    """Return the lines of a .mid file's bytes. Raises MidiFileError."""
    try:
        file = mido.MidiFile(file=io.BytesIO(content), clip=True)
    except (EOFError, OSError, ValueError, LookupError, TypeError) as broken:
        raise MidiFileError(f"no .mid file: {str(broken) or 'it ends too early'}") from broken
    if file.type == 2 or file.ticks_per_beat <= 0:
        raise MidiFileError("a .mid file of one piece, with ticks a quarter, can be read")
    scale = TICKS_PER_QUARTER / file.ticks_per_beat
    tempos: dict[Ticks, float] = {}
    meters: dict[int, str] = {}
    chords: dict[Ticks, str] = {}
    key = ""
    lines: dict[tuple[str, int], list[tuple[int, int, int, int]]] = defaultdict(list)
    end = 0
    for number, track in enumerate(file.tracks):
        sounding: dict[tuple[int, int], tuple[int, int]] = {}
        now = 0
        for message in track:
            now += message.time
            at = round(now * scale)
            match message.type:
                case "set_tempo":
                    tempos[Ticks(at)] = min(300.0, max(20.0, mido.tempo2bpm(message.tempo)))
                case "time_signature":
                    meters[at] = f"{message.numerator}/{message.denominator}"
                case "key_signature":
                    key = key or message.key
                case "marker" if _is_chord(message.text):
                    chords[Ticks(at)] = message.text
                case "note_on" | "note_off":
                    voice = (message.channel, message.note)
                    began = sounding.pop(voice, None)
                    if began is not None and at > began[0]:
                        name = "drums" if message.channel == 9 else track.name
                        lines[name, number * 16 + message.channel].append((began[0], at, message.note, began[1]))
                        end = max(end, at)
                    if message.type == "note_on" and message.velocity:
                        sounding[voice] = (at, message.velocity)
    if not lines:
        raise MidiFileError("there is no note in this file")
    if sum(map(len, lines.values())) > MAX_NOTES:
        raise MidiFileError(f"a file has {MAX_NOTES} notes at most")
    meter = meters.get(0)
    if meter is not None:
        meter = {"2/2": "4/4", "12/16": "6/8", "3/8": "6/8"}.get(meter, meter)
        if meter not in METERS:
            raise MidiFileError(f"a metre is one of {' '.join(METERS)}, not {meter}")
    return MidiLines(tempos, meter, chords, key, dict(lines), end)


def _foreign(content: bytes) -> Song:
    found = midi_lines(content)
    meter = found.meter or "4/4"
    bar, count = bar_length(meter), found.bars
    notes = tuple(n for part, line in _parts(found.lines).items() for n in notes_of_line(part, line))
    tempos = {Ticks(0): 120.0} | found.tempos
    song = Song(
        bars=tuple((Ticks(i * bar), meter) for i in range(count)),
        end=Ticks(count * bar),
        tempos=tuple(sorted((at, bpm) for at, bpm in tempos.items() if at < count * bar)),
        key=parse_key(found.key).name if found.key else "C major",
        notes=notes,
        chords=tuple(sorted((at, symbol) for at, symbol in found.chords.items() if at < count * bar)),
    )
    if not found.key and any(n.part not in UNPITCHED_PARTS for n in notes):
        song = replace(song, key=find_key(song).key.name)
    return as_filed(song)


def _is_chord(text: str) -> bool:
    try:
        parse_chord(text)
    except ValueError:
        return False
    return True


def _parts(lines: Mapping[tuple[str, int], Line]) -> dict[str, Line]:
    """Return the lines by part: by their names, else by how they lie and how many voices they have."""
    found: dict[str, Line] = defaultdict(list)
    rest: list[Line] = []
    for (name, _), line in lines.items():
        part = next((p for p, words in _NAMES.items() if any(w in name.lower() for w in words)), None)
        part = name if name in PARTS else part
        if part is None:
            rest.append(line)
        else:
            found[part] += line
    rest.sort(key=lambda line: sum(n[2] for n in line) / len(line))
    single = [line for line in rest if voices(line) < 1.2]
    if "melody" not in found and single:
        found["melody"] += single[-1]
        rest.remove(single[-1])
    low = [line for line in rest if sum(n[2] for n in line) / len(line) < 52 and voices(line) < 1.3]
    if "bass" not in found and low:
        found["bass"] += low[0]
        rest.remove(low[0])
    for line in rest:
        if "melody" not in found and len(rest) == 1:  # one piano: its top line leads
            tops = {start: max(n[2] for n in line if n[0] == start) for start in {n[0] for n in line}}
            found["melody"] += [n for n in line if n[2] == tops[n[0]] and n[2] >= 60]
            line = [n for n in line if n not in found["melody"]]
        found["chords"] += line
    return {part: line for part, line in found.items() if line}


def voices(line: Line) -> float:
    """Return how many notes begin together, on average."""
    return len(line) / len({start for start, *_ in line})


def notes_of_line(part: str, line: Line) -> list[Note]:
    """Return the notes of a line that is a part; drums as roles."""
    return [
        Note(
            Ticks(start), Ticks(end - start),
            _role(pitch) if part == "drums" else pitch,
            max(1, velocity), part,
        )
        for start, end, pitch, velocity in line
    ]  # fmt: skip


_NEAREST_ROLE = {35: 36, 40: 38, 31: 37, 41: 43, 45: 43, 48: 47, 22: 42, 26: 46, 52: 49, 55: 49, 57: 49, 53: 51, 59: 51,
        54: 70, 69: 70, 82: 70}  # fmt: skip
"""General MIDI's second toms, cymbals and shakers as roles of ours; what else there is counts as percussion."""


def _role(pitch: int) -> int:
    return pitch if pitch in ROLES.values() else _NEAREST_ROLE.get(pitch, ROLES["perc"])


def detect_chords(song: Song) -> tuple[tuple[Ticks, str], ...]:
    """Return the chords that sound, one a half bar at most: the kind and root that cover the most time."""
    key = parse_key(song.key)
    found: list[tuple[Ticks, str]] = []
    spans = halves(song)
    for (at, _), inside in zip(spans, notes_in_spans(song.notes, spans), strict=True):
        chord = _best_chord(inside, key)
        symbol = None if chord is None else chord_symbol(chord, key)
        if symbol is not None and (not found or found[-1][1] != symbol):
            found.append((Ticks(at), symbol))
    return tuple(found)


_FOUND_IN_FILES = tuple(q.name for q in CHORD_QUALITIES.values() if q.is_found_in_files)


def _best_chord(notes: Sequence[tuple[Note, int]], key: Key) -> Chord | None:
    weight = [0.0] * 12
    lowest, low = 128, None
    for note, shared in notes:
        if note.part not in UNPITCHED_PARTS:
            weight[note.pitch % 12] += shared * (0.5 if note.part == "melody" else 1.0)
            if note.part != "melody" and note.pitch < lowest:
                lowest, low = note.pitch, note.pitch % 12
    whole = sum(weight)
    if not whole:
        return None

    def score(root: int, quality: str) -> float:
        tones = {(root + t) % 12 for t in QUALITIES[quality]}
        inside = sum(weight[t] for t in tones)
        silent = sum(weight[t] == 0 for t in tones)
        kin = 0.02 * sum(t in key.pitch_classes for t in tones) / len(tones)
        return inside / whole - 0.13 * silent - 0.04 * len(tones) + 0.12 * (root == low) + kin

    root, quality = max(((r, q) for r in range(12) for q in _FOUND_IN_FILES), key=lambda c: score(*c))
    return Chord(root, quality, root)
