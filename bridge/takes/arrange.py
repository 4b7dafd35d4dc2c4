"""Applies the output controls to a generated beat: which notes sound, when, how loud. Pure and repeatable.

Mutes, levels, octaves, ranges, voicings, offsets, transposition, swing and humanise can be applied again to planned beats
without the model.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from bridge.midi.protocol import ScheduledNote
from bridge.protocol.controls import CONTROLS, Value
from model.music.drums import ROLES, drum_map
from model.music.groove import in_meter, swung
from model.music.harmony import QUALITIES, parse_chord
from model.music.notes import CHORD_PARTS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Beat, Note, Ticks
from model.music.plan import Plan

DEFAULT_HUMANISE = float(CONTROLS["humanise"].default)
"""Value of `humanise` when neither the control nor the prompt gives one."""
MAX_TIME_JITTER = 0.010
"""Seconds by which `humanise 1` moves a note at most."""
MAX_VELOCITY_JITTER = 8
"""Velocity steps by which `humanise 1` changes a note at most."""
MIDI_PITCHES = range(128)
MIN_SUSTAINED = 60
"""Ticks; a note that would go on for less under a new chord is left out."""
MIN_VOICING_NOTE, MAX_VOICING_NOTE = 47, 66
"""The range of the lowest note of a chord under the control `voicing` of a part."""
SPARSE_VOICINGS = frozenset({"shell", "rootless", "power"})
"""Voicings that leave out chord tones."""


@dataclass(frozen=True, slots=True)
class Feel:
    """A take's seed, and its swing: the position of the off-beat in pairs of `unit` notes (8 or 16).

    For expression its plan, whether it is written music, and the section of the beat with the take's beats at which this begins and ends.
    """

    seed: int = 0
    swing: float = 0.5
    unit: int = 8
    plan: Plan = field(default_factory=Plan, compare=False)
    is_written: bool = False
    section: str = ""
    first: int = 0
    last: int = 0


STRAIGHT = Feel()


def arranged_notes(
    beat: Beat, start: Ticks, bpm: float, feel: Feel, settings: Mapping[str, Value]
) -> tuple[ScheduledNote, ...]:
    """Return the notes to play of a beat that begins at tick `start`.

    The take's swing applies if the control `swing` is negative. Random deviations depend on the take's seed, the index of
    the beat and the part only, so muting one part does not change the others.
    """
    found: dict[tuple[str, int, Ticks], ScheduledNote] = {}
    humanise = float(settings["humanise"])
    if humanise < 0:
        humanise = DEFAULT_HUMANISE
    unquantised = 1 - float(settings["tightness"])
    swing, unit = _swing(feel, beat.meter, settings)
    ticks_a_second = bpm * TICKS_PER_QUARTER / 60
    for part in dict.fromkeys(n.part for n in beat.notes):
        if not settings[f"part/{part}/enabled"]:
            continue
        rng = random.Random(f"{feel.seed}/{beat.index}/{part}")
        later = float(settings[f"part/{part}/offset"]) / 1000 * ticks_a_second
        for note in _with_output_pitches([n for n in beat.notes if n.part == part], part, beat.chord, settings):
            jitter = (
                (rng.uniform(-MAX_TIME_JITTER, MAX_TIME_JITTER) * ticks_a_second + note.offset) * humanise * unquantised
            )
            velocity = round(
                note.velocity * float(settings[f"part/{part}/level"])
                + rng.uniform(-MAX_VELOCITY_JITTER, MAX_VELOCITY_JITTER) * humanise
            )
            if velocity < 1:
                continue
            at = start + swung(note.start, swing, unit) + round(later + jitter)
            scheduled = ScheduledNote(
                Ticks(max(0, at)),
                note.length,
                int(settings[f"part/{part}/channel"]) - 1,
                note.pitch,
                min(127, velocity),
                part,
                start,
                note.bend if settings["expression"] else "",
            )
            # folding octaves can give two notes the same pitch: keep one
            found.setdefault((part, note.pitch, note.start), scheduled)
    return tuple(sorted(found.values()))


def count_in_click(at: Ticks, beat: int, settings: Mapping[str, Value]) -> ScheduledNote:
    """Return the count-in click of a beat, louder on the first of the bar (0)."""
    pitch = drum_map(str(settings["drums/map"])).get(ROLES["rim"], ROLES["rim"])
    channel = int(settings["part/drums/channel"]) - 1
    return ScheduledNote(at, Ticks(60), channel, pitch, 85 if beat else 115, "drums", at)


def sustained_notes(
    notes: Iterable[ScheduledNote], ended_notes: Iterable[ScheduledNote], at: Ticks, beat: Ticks
) -> tuple[ScheduledNote, ...]:
    """Return the notes that continue from tick `at` under a new chord: those that end where a note of `ended_notes` did."""
    ends = {(s.part, s.at + s.length) for s in ended_notes}
    later = ((s, max(s.at, at), s.at + s.length) for s in notes)
    return tuple(
        replace(s, at=Ticks(begin), length=Ticks(end - begin), beat=beat)
        for s, begin, end in later
        if (s.part, end) in ends and end - at >= MIN_SUSTAINED
    )


def _swing(feel: Feel, meter: str, settings: Mapping[str, Value]) -> tuple[float, int]:
    """Return the position of the off-beat (0.5 is straight) and the unit of its pairs (8 or 16)."""
    swing, unit = float(settings["swing"]), int(settings["swing_unit"])
    if swing < 0:
        swing, unit = feel.swing, max(unit, feel.unit)
    return in_meter(swing, unit, meter), unit


def _with_output_pitches(
    notes: list[Note], part: str, symbol: str | None, settings: Mapping[str, Value]
) -> Iterable[Note]:
    """Return a part's notes at their output pitches, without those that do not fit its range."""
    low, high = int(settings[f"part/{part}/low"]), int(settings[f"part/{part}/high"])
    if part in UNPITCHED_PARTS:  # drums are not transposed
        kit = drum_map(str(settings["drums/map"])) if part == "drums" else {}
        mapped = (replace(n, pitch=kit.get(n.pitch, n.pitch)) for n in notes)
        return [n for n in mapped if low <= n.pitch <= high]
    shift = int(settings["transpose"]) + 12 * int(settings[f"part/{part}/octave"])
    if part in CHORD_PARTS:
        voicing = str(settings[f"part/{part}/voicing"])
        notes = voiced(notes, symbol, voicing, range(low - shift, high - shift + 1))
    placed = ((n, _octave_folded(n.pitch + shift, low, high)) for n in notes)
    return [replace(n, pitch=pitch) for n, pitch in placed if pitch is not None]


def _octave_folded(pitch: int, low: int, high: int) -> int | None:
    """Return the pitch moved by octaves into low..high, None if no octave of it lies there."""
    pitch += 12 * max(0, -(-(low - pitch) // 12))
    pitch -= 12 * max(0, -(-(pitch - high) // 12))
    return pitch if low <= pitch <= high else None


def voiced(notes: list[Note], symbol: str | None, voicing: str, within: range = MIDI_PITCHES) -> list[Note]:
    """Return the chords or the pad of a beat in a voicing; rhythm, lengths and velocities stay.

    The chord goes to the octave nearest to the generated one in which all of it lies `within` a range. A single note
    moves to the nearest tone of the voicing if the voicing leaves out tones.
    """
    if voicing == "auto" or symbol is None:
        return notes
    chord = parse_chord(symbol)
    tones = _voicing_intervals(QUALITIES[chord.quality], voicing)
    classes = {(chord.root + tone) % 12 for tone in tones}
    result: list[Note] = []
    for start in sorted({n.start for n in notes}):
        chord_notes = sorted((n for n in notes if n.start == start), key=lambda n: n.pitch)
        if len(chord_notes) < 2:
            if voicing in SPARSE_VOICINGS:
                chord_notes = [replace(n, pitch=_nearest_pitch(n.pitch, classes)) for n in chord_notes]
            result += chord_notes
            continue
        roots = [chord.root + 12 * octave for octave in range(-1, 10)]
        legal = [r for r in roots if r + tones[0] >= 0 and r + tones[-1] <= 127]
        fits = [r for r in legal if r + tones[0] in within and r + tones[-1] in within]
        middle = max(MIN_VOICING_NOTE, min(MAX_VOICING_NOTE, chord_notes[0].pitch))
        # the octave nearest to the generated chord, the lower one first
        base = min(fits or legal, key=lambda r: abs(r + 5 - middle))
        result += [replace(chord_notes[min(i, len(chord_notes) - 1)], pitch=base + t) for i, t in enumerate(tones)]
    return result


def _nearest_pitch(pitch: int, classes: Collection[int]) -> int:
    """Return the nearest pitch in a set of pitch classes."""
    around = (p for p in range(128) if p % 12 in classes)
    return min(around, key=lambda p: abs(p - pitch))


def _voicing_intervals(intervals: Iterable[int], voicing: str) -> list[int]:
    """Return the voicing as ascending semitones above the root; `intervals` that descend go up an octave."""
    rising: list[int] = []
    for tone in intervals:
        rising.append(tone if not rising or tone > rising[-1] else tone + 12)
    close = sorted(t % 12 for t in rising)
    match voicing:
        case "close":
            return close
        case "open":
            return sorted(t + 12 if i % 2 else t for i, t in enumerate(close))
        case "drop2":  # a triad: second inversion above the root
            dropped = close[-2] if len(close) > 3 else close[1]
            moved = dropped - 12 if len(close) > 3 else dropped + 12
            return sorted([moved, *(t for t in close if t != dropped)])
        case "shell":
            # the third (or fourth, second), and the seventh (or sixth, fifth)
            third = [t for t in (4, 3, 5, 2) if t in close]
            seventh = [t for t in (11, 10, 9, 7, 8, 6) if t in close]
            return [0, *third[:1], *seventh[:1]]
        case "rootless":
            upper = rising[1:]
            return upper if len(upper) > 2 else [*upper, upper[0] + 12]
        case "power":
            return [0, 7, 12]
        case _:
            return rising
