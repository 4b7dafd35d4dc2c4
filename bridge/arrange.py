"""A beat of the model under the output controls: which notes sound, where, how loud. Pure and repeatable.

What is decided here can be decided again for beats already planned: mutes, levels, octaves, ranges, voicings,
offsets, transposition, swing and looseness never ask the model.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

from bridge.addresses import Value
from bridge.orders import Sound
from model.harmony import QUALITIES, parse_chord
from model.music import TICKS_PER_QUARTER, Beat, Note, Ticks
from model.swing import swung

LOOSE = 0.3
"""The looseness of words that say nothing of it."""
JITTER = 0.010
"""Seconds that `humanise 1` moves a note at most."""
TOUCH = 8
"""Velocity steps that `humanise 1` moves a note at most."""


def sounds(
    beat: Beat, start: Ticks, seed: int, bpm: float, swing: float, settings: Mapping[str, Value]
) -> tuple[Sound, ...]:
    """Return the sounds of a beat that begins at an absolute tick.

    `swing` is the take's own, for where the control leaves it to the words; `seed` (the take's) and the number
    of the beat decide all looseness.
    """
    found: list[Sound] = []
    loose = float(settings["humanise"])
    if loose < 0:
        loose = LOOSE
    if float(settings["swing"]) >= 0:
        swing = float(settings["swing"])
    rng = random.Random(f"{seed}/{beat.index}")
    ticks_a_second = bpm * TICKS_PER_QUARTER / 60
    for part in dict.fromkeys(n.part for n in beat.notes):
        if not settings[f"part/{part}/enabled"]:
            continue
        notes = [n for n in beat.notes if n.part == part]
        if part == "chords":
            notes = voiced(notes, beat.chord, str(settings["part/chords/voicing"]))
        later = float(settings[f"part/{part}/offset"]) / 1000 * ticks_a_second
        for note in notes:
            pitch = _placed(note.pitch, part, settings)
            drift = (rng.uniform(-JITTER, JITTER) * ticks_a_second + note.offset) * loose
            velocity = round(
                note.velocity * float(settings[f"part/{part}/level"]) + rng.uniform(-TOUCH, TOUCH) * loose
            )
            if pitch is None or velocity < 1:
                continue
            at = start + swung(note.start, swing, int(settings["swing_unit"])) + round(later + drift)
            found.append(
                Sound(
                    Ticks(max(0, at)),
                    note.length,
                    int(settings[f"part/{part}/channel"]) - 1,
                    pitch,
                    min(127, velocity),
                    part,
                    start,
                )
            )
    return tuple(sorted(found))


def _placed(pitch: int, part: str, settings: Mapping[str, Value]) -> int | None:
    """Return the pitch under transposition, octave and range; None where the range has no such note."""
    if part != "drums":
        pitch += int(settings["transpose"]) + 12 * int(settings[f"part/{part}/octave"])
    low, high = int(settings[f"part/{part}/low"]), int(settings[f"part/{part}/high"])
    pitch += 12 * max(0, -(-(low - pitch) // 12))
    pitch -= 12 * max(0, -(-(pitch - high) // 12))
    return pitch if max(0, low) <= pitch <= min(127, high) else None


def voiced(notes: list[Note], symbol: str | None, voicing: str) -> list[Note]:
    """Return the chords of a beat laid out anew; the rhythm, lengths and velocities stay the model's."""
    if voicing == "auto" or symbol is None:
        return notes
    chord = parse_chord(symbol)
    tones = _tones(QUALITIES[chord.quality], voicing)
    result: list[Note] = []
    for start in sorted({n.start for n in notes}):
        struck = sorted((n for n in notes if n.start == start), key=lambda n: n.pitch)
        if len(struck) < 2 and voicing != "power":
            result += struck  # a single note of a figure is no chord to lay out
            continue
        base = chord.root + 12 * max(3, min(5, (struck[0].pitch - chord.root) // 12))
        result += [
            replace(struck[min(i, len(struck) - 1)], pitch=min(127, base + t)) for i, t in enumerate(tones)
        ]
    return result


def _tones(intervals: tuple[int, ...], voicing: str) -> list[int]:
    """Return semitones above the root: ninths and more in the second octave, then as the voicing says."""
    rising: list[int] = []
    for i, tone in enumerate(intervals):
        rising.append(tone + 12 if i >= 4 and tone < 10 else tone)
    rising = sorted(rising)
    match voicing:
        case "open":
            return sorted(t + 12 if i % 2 else t for i, t in enumerate(rising))
        case "drop2":
            return (
                sorted([*rising[:-2], rising[-2] - 12, rising[-1]])
                if len(rising) > 3
                else sorted([rising[1] + 12, rising[0], *rising[2:]])
            )
        case "shell":
            sevenths = [t for t in rising if t in (9, 10, 11)][:1] or [t for t in rising if t in (6, 7, 8)][
                :1
            ]
            return [0, *[t for t in rising if t in (2, 3, 4, 5)][:1], *sevenths]
        case "rootless":
            return [t for t in rising if t != 0] if len(rising) > 3 else rising
        case "power":
            return [0, 7, 12]
        case _:
            return rising
