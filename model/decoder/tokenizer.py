"""The tokenizer: beats ↔ token rows. Pure; numpy only.

A song is a header and then events, each a row of five fields:

    row = (event, symbol, value, velocity, offset)          0 = no value

    the header: see `model.decoder.conditioning`
    AFTER symbol: 0 opens the bars that come later, NOW closes them: the rows that follow lie before them
    EXAMPLE, NOW: the same for bars that show the manner to play in; they belong to another place or another piece
    BAR   symbol: bars left (1 the last .. 8), value: section, velocity: place in the phrase (1 .. 16)
    FORM  symbol: how many bars back the bar's source lies, value: label of the melody, velocity: label of the other parts
    BEAT  symbol: its number in the bar, from 1 (the BAR row is beat 0)
    CHORD symbol: root or none, value: quality, velocity: bass above the root
    note  event: part and tick, symbol: pitch, value: length, velocity, offset: micro-timing
    drum  the same with the role's General MIDI note for a pitch, and no length

A beat is the metre's denominator, with 24 ticks a quarter. Within a beat events come in the order of
their numbers: the chord symbol, then the parts in `PART_ORDER`, each by tick and then by pitch. So the
accompaniment of a beat depends only on the melody before that beat, unless the header puts the melody
first. Velocity and offset are 0 in music without them, and never sampled as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import overload

import numpy as np
import numpy.typing as npt

from model.music.harmony import DECODER_QUALITIES, Chord, chord_symbol, parse_chord, quality_token
from model.music.notes import LABELS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Beat, Note, Ticks, beats_in_bar
from model.styles import MAX_FAMILIES, MAX_STYLES

Rows = npt.NDArray[np.int16]
GRID = 24
"""Grid ticks a quarter."""
STEP = TICKS_PER_QUARTER // GRID
"""Ticks of 1/480 quarter in a grid tick."""


class Event(IntEnum):
    """Values of the first field, except note events."""

    PAD = 0
    BOS = 1
    EOS = 2
    BAR = 3
    BEAT = 4
    CHORD = 5
    PARTS = 6
    METER = 7
    KEY = 8
    TEMPO = 9
    DENSITY = 10
    ENERGY = 11
    BRIGHTNESS = 12
    COMPLEXITY = 13
    STYLE = 14
    AFTER = 15
    SWING = 16
    FORM = 17
    EXAMPLE = 18


PART_ORDER = (*UNPITCHED_PARTS, "bass", "pad", "chords", "arp", "melody")
"""The parts in their order within a beat; those without pitches come first."""
FIRST_NOTE = 24
FIRST_PITCHED = FIRST_NOTE + len(UNPITCHED_PARTS) * GRID
"""The first event of a part with pitches."""
EVENTS = FIRST_NOTE + len(PART_ORDER) * GRID
MELODY_EVENT = EVENTS - GRID
"""The first event of the melody, the last part."""

# the second field: one range after another; what the decoder predicts comes first
PITCH = 1
ROOT = PITCH + 128
NO_CHORD = ROOT + 12
KEY = NO_CHORD + 1
TEMPO = KEY + 24
TEMPO_BINS = 24
METER = TEMPO + TEMPO_BINS
MAX_METERS = 24
LEVEL = METER + MAX_METERS
LEVELS = 8
BARS_LEFT = LEVEL + LEVELS
MAX_BARS_LEFT = 8
BEAT_NUMBER = BARS_LEFT + MAX_BARS_LEFT
MAX_BEATS = 16
MELODY_FIRST = BEAT_NUMBER + MAX_BEATS
NOW = MELODY_FIRST + 1
SWING = NOW + 1
SWINGS = 12
SOURCE = SWING + SWINGS
SOURCE_DISTANCES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Classes of how many bars back a bar's source lies; the nearest stands for others."""
PARTS_MASK = SOURCE + len(SOURCE_DISTANCES)
STYLE = PARTS_MASK + (1 << len(PART_ORDER))
SYMBOLS = STYLE + MAX_STYLES

# fmt: off
LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18, 20, 21, 22, 24, 27, 30, 32, 33, 36, 40, 42, 45,
           48, 54, 60, 66, 72, 78, 84, 90, 96, 108, 120, 132, 144, 168, 192, 216, 240, 288, 336, 384)
# fmt: on
"""Classes of note length in grid ticks: dense up to a quarter, then coarser, to four bars of 4/4."""
# the third field
QUALITY = 1 + len(LENGTHS)
SECTION = QUALITY + len(DECODER_QUALITIES)
SECTIONS = (
    "intro", "groove", "build", "drop", "variation", "fill", "break", "ending", "verse", "prechorus", "chorus",
    "bridge", "solo", "interlude", "theme",
)  # fmt: skip
MAX_SECTIONS = 24
MODE = SECTION + MAX_SECTIONS
MAX_MODES = 24
LABEL = MODE + MAX_MODES
SECOND_STYLE = LABEL + len(LABELS)
VALUES = SECOND_STYLE + MAX_STYLES
# the fourth
VELOCITY_STEP = 8
VELOCITY_CENTRE = 80
"""The velocity of a note that is as loud as its part is usually."""
BASS = 1 + 128 // VELOCITY_STEP
PHRASE = BASS + 12
PHRASE_PLACES = 16
SHARE = PHRASE + PHRASE_PLACES
SHARES = 4
BAND_LABEL = SHARE + SHARES
VELOCITIES = BAND_LABEL + len(LABELS)
DRUM_LENGTH = Ticks(3 * STEP)
"""Nominal length of a drum note; only its onset counts."""
OFFSET_CENTRE = STEP // 2
OFFSETS = 1 + STEP
"""Number of micro-timing classes: 0 not given, else 1 + offset + 10 for offsets of −10..9 ticks."""
FAMILY = OFFSETS
"""The fifth field of a style's row: its family."""
SIZES = (EVENTS, SYMBOLS, VALUES, VELOCITIES, OFFSETS + MAX_FAMILIES)
"""How many values each field has."""
PREDICTED = (EVENTS, KEY, SECTION, PHRASE, OFFSETS)
"""How many of them, from 0 on, the decoder predicts: those of notes, chords and beats."""
_NEAREST_LENGTH = np.abs(np.subtract.outer(np.arange(LENGTHS[-1] + 1), np.array(LENGTHS))).argmin(1)


def note_event(part: str, tick: int) -> int:
    """Return the event of a note of a part on a grid tick of its beat."""
    return FIRST_NOTE + PART_ORDER.index(part) * GRID + tick


def part_and_tick(event: int) -> tuple[str, int]:
    """Return the part and the grid tick of a note event."""
    part, tick = divmod(event - FIRST_NOTE, GRID)
    return PART_ORDER[part], tick


def nearest_length(grid_ticks: int) -> int:
    """Return the class (from 0) of the length nearest to one in grid ticks."""
    return int(_NEAREST_LENGTH[min(max(grid_ticks, 1), LENGTHS[-1])])


def to_token_grid(note: Note) -> Note:
    """Return the note as token rows can represent it: onset exact to a tick, length and velocity in classes."""
    at = max(0, note.start + note.offset)
    grid = (at + OFFSET_CENTRE) // STEP
    offset = at - grid * STEP
    length = LENGTHS[nearest_length(round(note.length / STEP))] * STEP
    if note.part in UNPITCHED_PARTS:
        length = DRUM_LENGTH
    velocity = min(127, _velocity(note.velocity // VELOCITY_STEP))
    return replace(note, start=Ticks(grid * STEP), length=Ticks(length), velocity=velocity, offset=offset)


def chord_row(chord: Chord | None) -> tuple[int, ...]:
    """Return the row of a chord symbol; None is "no chord"."""
    if chord is None:
        return (Event.CHORD, NO_CHORD, 0, 0, 0)
    quality = QUALITY + quality_token(chord.quality)
    return (Event.CHORD, ROOT + chord.root, quality, BASS + (chord.bass - chord.root) % 12, 0)


def row_chord(row: Sequence[int]) -> Chord | None:
    """Return the chord of a CHORD row."""
    if row[1] == NO_CHORD:
        return None
    root = int(row[1]) - ROOT
    return Chord(root, DECODER_QUALITIES[int(row[2]) - QUALITY], (root + int(row[3]) - BASS) % 12)


def note_row(note: Note) -> tuple[int, ...]:
    """Return the row of a note on the token grid; its start counts from its beat."""
    return (
        note_event(note.part, note.start // STEP),
        PITCH + note.pitch,
        0 if note.part in UNPITCHED_PARTS else 1 + nearest_length(note.length // STEP),
        1 + note.velocity // VELOCITY_STEP,
        1 + note.offset + OFFSET_CENTRE,
    )


def row_note(row: Sequence[int]) -> Note:
    """Return the note of a note row; its start counts from its beat."""
    part, tick = part_and_tick(int(row[0]))
    return Note(
        Ticks(tick * STEP),
        DRUM_LENGTH if part in UNPITCHED_PARTS else Ticks(LENGTHS[int(row[2]) - 1] * STEP),
        int(row[1]) - PITCH,
        _velocity(int(row[3]) - 1),
        part,
        0 if row[4] == 0 else int(row[4]) - 1 - OFFSET_CENTRE,
    )


def _velocity(bin_: int) -> int:
    return bin_ * VELOCITY_STEP + VELOCITY_STEP // 2


@dataclass(frozen=True, slots=True)
class BarLine:
    """The conditions of a bar; 0 and None are "not given".

    `left` counts the bars from this one to the end (1 is the last), `phrase` the bar's place in its phrase from 1.
    `melody` and `band` are labels of `LABELS`: how the melody, and the other parts, relate to the bar `source` bars before.
    """

    left: int = 0
    section: str | None = None
    phrase: int = 0
    melody: str | None = None
    band: str | None = None
    source: int = 0

    def row(self) -> tuple[int, ...]:
        """Return the BAR row."""
        return (
            Event.BAR,
            BARS_LEFT + self.left - 1 if 0 < self.left <= MAX_BARS_LEFT else 0,
            0 if self.section is None else SECTION + SECTIONS.index(self.section),
            PHRASE + (self.phrase - 1) % PHRASE_PLACES if self.phrase else 0,
            0,
        )

    def form_row(self) -> tuple[int, ...] | None:
        """Return the FORM row, or None if nothing is known of the form."""
        if self.melody is None and self.band is None:
            return None
        back = 0
        if self.source > 0:
            nearest = min(SOURCE_DISTANCES, key=lambda d: abs(d - self.source))
            back = SOURCE + SOURCE_DISTANCES.index(nearest)
        return (
            Event.FORM,
            back,
            0 if self.melody is None else LABEL + LABELS.index(self.melody),
            0 if self.band is None else BAND_LABEL + LABELS.index(self.band),
            0,
        )


EMPTY_BAR_LINE = BarLine()


def line_row(beat: int, line: BarLine) -> tuple[int, ...]:
    """Return the row that opens a beat: BAR for beat 0, else BEAT."""
    return (Event.BEAT, BEAT_NUMBER + beat - 1, 0, 0, 0) if beat else line.row()


def encode_beat(beat: Beat, line: BarLine = EMPTY_BAR_LINE, *, melody_first: bool = False) -> list[tuple[int, ...]]:
    """Return the rows of a beat whose notes lie on the token grid."""
    notes = sorted({note_row(n) for n in beat.notes})
    first = [r for r in notes if melody_first and r[0] >= MELODY_EVENT]
    chord = [chord_row(None if beat.chord is None else parse_chord(beat.chord))] if beat.fresh else []
    form = None if beat.beat else line.form_row()
    return [
        line_row(beat.beat, line),
        *([] if form is None else [form]),
        *first,
        *chord,
        *(r for r in notes if r not in first),
    ]


def encode(beats: Iterable[Beat]) -> Rows:
    """Return the rows of a whole song, header apart, ended by EOS."""
    rows = [row for beat in beats for row in encode_beat(beat)]
    return np.array([*rows, (Event.EOS, 0, 0, 0, 0)], np.int16)


def decode(rows: Iterable[Sequence[int]], meters: Iterable[str]) -> list[Beat]:
    """Return the beats of rows; `meters` has one for each bar. Header rows and EOS are ignored."""
    beats: list[Beat] = []
    notes: list[list[Note]] = []
    chord: str | None = None
    meter_of, bar, meter = iter(meters), -1, ""
    for row in rows:
        event = int(row[0])
        if event == Event.BAR:
            bar, meter = bar + 1, next(meter_of)
        if event in (Event.BAR, Event.BEAT):
            place = 0 if event == Event.BAR else int(row[1]) - BEAT_NUMBER + 1
            beats.append(Beat(len(beats), bar, place, meter, chord, fresh=False))
            notes.append([])
        elif event == Event.CHORD:
            said = row_chord(row)
            chord = None if said is None else chord_symbol(said)
            beats[-1] = replace(beats[-1], chord=chord, fresh=True)
        elif event >= FIRST_NOTE:
            notes[-1].append(row_note(row))
    return [replace(beat, notes=tuple(found)) for beat, found in zip(beats, notes, strict=True)]


class DecodedBeats(Sequence[Beat]):
    """The beats of rows in one metre, as `decode` returns them; each is decoded when it is first asked for."""

    def __init__(self, rows: Rows, meter: str) -> None:
        lines = np.flatnonzero((rows[:, 0] == Event.BAR) | (rows[:, 0] == Event.BEAT))
        self._rows, self._meter, self._starts = rows, meter, (*lines.tolist(), len(rows))
        self._bars = (np.cumsum(rows[lines, 0] == Event.BAR) - 1).tolist()
        self._chords = np.flatnonzero(rows[:, 0] == Event.CHORD)
        self._found: dict[int, Beat] = {}

    def __len__(self) -> int:
        return len(self._bars)

    @overload
    def __getitem__(self, index: int) -> Beat: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Beat, ...]: ...
    def __getitem__(self, index: int | slice) -> Beat | tuple[Beat, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        index = range(len(self))[index]
        if index not in self._found:
            self._found[index] = self._decoded(index)
        return self._found[index]

    def _decoded(self, index: int) -> Beat:
        first, last = self._starts[index : index + 2]
        rows = self._rows[first:last].tolist()
        place = 0 if rows[0][0] == Event.BAR else rows[0][1] - BEAT_NUMBER + 1
        told = int(np.searchsorted(self._chords, last)) - 1
        chord = row_chord(self._rows[self._chords[told]]) if told >= 0 else None
        return Beat(
            index, self._bars[index], place, self._meter, None if chord is None else chord_symbol(chord),
            fresh=told >= 0 and bool(self._chords[told] >= first),
            notes=tuple(row_note(row) for row in rows if row[0] >= FIRST_NOTE),
        )  # fmt: skip


def beats_of(
    bars: Iterable[tuple[Ticks, str]], notes: Iterable[Note], chords: Iterable[tuple[Ticks, Chord | None]]
) -> list[Beat]:
    """Cut a song in absolute ticks into beats, with its notes on the token grid.

    Onsets that round up into the next beat go there; chord changes go to the beat nearest to them.
    """
    frames: list[Beat] = []
    starts: list[int] = []
    for bar, (start, meter) in enumerate(bars):
        for beat in range(beats_in_bar(meter)):
            frame = Beat(len(frames), bar, beat, meter, None, fresh=False)
            starts.append(start + beat * frame.length)
            frames.append(frame)
    held: list[list[Note]] = [[] for _ in frames]
    lines = np.array(starts)
    for note in map(to_token_grid, notes):
        at = int(np.searchsorted(lines, note.start, "right")) - 1
        inside = at >= 0 and note.start < starts[at] + frames[at].length
        if inside:
            held[at].append(replace(note, start=Ticks(note.start - starts[at])))
    fresh: dict[int, str | None] = {}
    for tick, chord in chords:
        at = int(np.abs(lines - tick).argmin())
        fresh[at] = None if chord is None else chord_symbol(chord)
    beats: list[Beat] = []
    symbol: str | None = None
    for i, frame in enumerate(frames):
        changed = i in fresh and (fresh[i] != symbol or not beats)
        symbol = fresh.get(i, symbol)
        beats.append(replace(frame, chord=symbol, fresh=changed, notes=tuple(sorted(held[i]))))
    return beats


def transposed(rows: Rows, semitones: int) -> Rows:
    """Return the rows some semitones higher: pitches, chord roots and the key. What has no pitch stays."""
    rows = rows.copy()
    event, symbol = rows[:, 0], rows[:, 1]
    pitch = event >= FIRST_PITCHED
    symbol[pitch] = PITCH + np.clip(symbol[pitch] - PITCH + semitones, 0, 127)
    root = (event == Event.CHORD) & (symbol != NO_CHORD)
    symbol[root] = ROOT + (symbol[root] - ROOT + semitones) % 12
    key = (event == Event.KEY) & (symbol > 0)
    told = symbol[key] - KEY
    symbol[key] = KEY + told // 12 * 12 + (told % 12 + semitones) % 12
    return rows
