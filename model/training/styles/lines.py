"""Bass and comping from pattern strings. All chance from the generator that is passed in.

Bass: R root, 5 fifth, 3 third, 7 seventh, 8 octave above, d octave below, n the next chord's root, a a step next to it,
g a ghost of the root; "kick" follows the bass drum, "walk" walks in quarters.
Comping: X x o the whole chord, h its upper half, 1..6 one voice from below, g a ghost of it; a trailing `-` holds.
"""

from __future__ import annotations

import random

from model.music.harmony import QUALITIES, Chord, Key
from model.music.notes import Note, Ticks
from model.training.styles.rhythm import Hit, bar_of, played

SOFT = {"g": 0.5, "o": 0.8, "?": 0.75}


def bass_bar(
    pattern: str, bar: int, ticks: int, chords: list[tuple[int, Chord]], after: Chord, kick: str, key: Key,
    low: int, loud: float, rng: random.Random,
) -> list[Note]:  # fmt: skip
    """Return a bar's bass; `chords` are the bar's with their first ticks, `after` the chord of the next bar."""
    if pattern == "walk":
        return _walk(ticks, chords, after, key, low, loud, rng)
    if pattern == "kick":
        hits = [h for h in played(bar_of(kick, bar, ticks), rng) if h.strength > 0.5]
        ends = [*(h.start for h in hits[1:]), ticks]
        hits = [Hit(h.start, e - h.start, "R", h.strength) for h, e in zip(hits, ends, strict=True)]
    else:
        hits = played(bar_of(pattern, bar, ticks), rng)
    notes: list[Note] = []
    for hit in hits:
        chord, following = _sounding(chords, after, hit.start)
        pitch = _bass_pitch(hit.token, chord, following, key, low, rng)
        velocity = loud * hit.strength * SOFT.get(hit.token, 1.0)
        notes.append(_note(hit, pitch, velocity, "bass", ticks))
    return notes


def _sounding(chords: list[tuple[int, Chord]], after: Chord, tick: int) -> tuple[Chord, Chord]:
    index = max(i for i, (start, _) in enumerate(chords) if start <= tick)
    return chords[index][1], chords[index + 1][1] if index + 1 < len(chords) else after


def _bass_pitch(token: str, chord: Chord, after: Chord, key: Key, low: int, rng: random.Random) -> int:
    base = low + (chord.bass - low) % 12
    tones = QUALITIES[chord.quality]
    above = {"8": 12, "d": -12 if base - 12 >= 28 else 0, "5": 7 if 7 in tones else (6 if 6 in tones else 7)}
    match token:
        case "3":
            return base + next((t for t in tones if t in (3, 4)), 5)
        case "7":
            return base + next((t for t in tones if t in (9, 10, 11)), 7)
        case "n":
            return low + (after.bass - low) % 12
        case "a":
            goal = low + (after.bass - low) % 12
            near = [goal + d for d in (-1, 1, -2, 2)]
            inside = [p for p in near if p % 12 in key.pitch_classes]
            return rng.choice(inside or near) if rng.random() < 0.6 else goal - 1
    return base + above.get(token, 0)


def _walk(
    ticks: int,
    chords: list[tuple[int, Chord]],
    after: Chord,
    key: Key,
    low: int,
    loud: float,
    rng: random.Random,
) -> list[Note]:
    """Return quarters from root to the next root: chord tones inside, a step or semitone at the end."""
    notes: list[Note] = []
    last = low + 5
    beats = ticks // 480
    for beat in range(beats):
        chord, following = _sounding(chords, after, beat * 480)
        fresh = any(start == beat * 480 for start, _ in chords)
        changes = beat + 1 == beats or any(start == (beat + 1) * 480 for start, _ in chords)
        if fresh:
            goals = [chord.bass]
        elif changes:
            goals = [(following.bass + d) % 12 for d in (-1, 1, 7)]
        else:
            goals = [(chord.root + t) % 12 for t in QUALITIES[chord.quality][:4]] + [last % 12 + 2]
        near = [p for p in range(low - 2, low + 20) if p % 12 in {g % 12 for g in goals} and p != last]
        near.sort(key=lambda p: (abs(p - last), rng.random()))
        last = near[0] if rng.random() < 0.7 or len(near) == 1 else near[1]
        hit = Hit(beat * 480, 480, "x", 1.0 if beat % 2 else 0.92)
        notes.append(_note(hit, last, loud * hit.strength, "bass", ticks, gate=0.92))
        if rng.random() < 0.12:
            notes[-1] = _note(Hit(beat * 480, 240, "x", 1.0), last, loud, "bass", ticks)
            notes.append(_note(Hit(beat * 480 + 240, 240, "g", 0.6), last, loud * 0.6, "bass", ticks))
    return notes


def comp_bar(
    pattern: str, bar: int, ticks: int, chords: list[tuple[int, list[int]]], loud: float, rng: random.Random
) -> list[Note]:
    """Return a bar's chords; `chords` are the bar's voicings with their first ticks."""
    notes: list[Note] = []
    for hit in played(bar_of(pattern, bar, ticks), rng):
        index = max(i for i, (start, _) in enumerate(chords) if start <= hit.start)
        pitches = chords[index][1]
        cut = chords[index + 1][0] if index + 1 < len(chords) else ticks
        if hit.token.isdigit():
            voice = int(hit.token) - 1
            sounding = [pitches[voice % len(pitches)] + 12 * (voice // len(pitches))]
        else:
            sounding = pitches[len(pitches) // 2 :] if hit.token == "h" else pitches
        velocity = loud * hit.strength * SOFT.get(hit.token, 1.0)
        spans = [(hit.start, min(hit.length, cut - hit.start))]
        if hit.start + hit.length > cut and hit.length > 480:  # a pad changes with its chord
            spans += [(start, end - start) for start, end in _later(chords, cut, hit.start + hit.length)]
        for start, length in spans:
            here = max(i for i, (at, _) in enumerate(chords) if at <= start)
            voices = sounding if start == hit.start else chords[here][1]
            part = Hit(start, length, hit.token, hit.strength)
            notes += [_note(part, p, velocity * rng.uniform(0.95, 1.05), "chords", ticks) for p in voices]
    return notes


def _later(chords: list[tuple[int, list[int]]], cut: int, end: int) -> list[tuple[int, int]]:
    starts = [start for start, _ in chords if cut <= start < end]
    return list(zip(starts, [*starts[1:], end], strict=True))


def _note(hit: Hit, pitch: int, velocity: float, part: str, ticks: int, gate: float = 1.0) -> Note:
    length = max(20, min(round(hit.length * gate), ticks - hit.start))
    return Note(Ticks(hit.start), Ticks(length), min(108, max(24, pitch)), min(127, max(8, round(velocity))), part)
