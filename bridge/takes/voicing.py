"""Reharmonises a planned beat: moves its bass, chords, pad and arp to another chord without the model. Pure.

Rhythm, lengths and velocities stay. A bass note keeps its function (root to root, third to third); the notes of a chord go
to the nearest chord tones, third and root included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from model.music.harmony import QUALITIES, Chord, parse_chord
from model.music.notes import HARMONY_PARTS, Beat, Note

BASS_RANGE = range(28, 58)
MAX_VOICES = 5


def reharmonised(beat: Beat, symbol: str, fresh: bool) -> Beat:
    """Return the beat under a chord symbol; `fresh`: whether the chord changes with this beat."""
    chord = parse_chord(symbol)
    notes: list[Note] = [n for n in beat.notes if n.part not in HARMONY_PARTS]
    old = None if beat.chord is None else parse_chord(beat.chord)
    notes += [replace(n, pitch=_bass_pitch(n.pitch, old, chord)) for n in beat.notes if n.part == "bass"]
    for part in HARMONY_PARTS[1:]:
        notes += revoiced([n for n in beat.notes if n.part == part], chord)
    return replace(beat, chord=symbol, fresh=fresh, notes=tuple(notes))


def revoiced(notes: Sequence[Note], chord: Chord) -> list[Note]:
    """Return the notes of chords, pad or arp under another chord."""
    found: list[Note] = []
    for start in sorted({n.start for n in notes}):
        stroke = sorted((n for n in notes if n.start == start), key=lambda n: n.pitch)
        pitches = nearest_voicing([n.pitch for n in stroke], chord)
        found += [replace(n, pitch=p) for n, p in zip(stroke, pitches, strict=True)]
    return found


def nearest_voicing(pitches: Sequence[int], chord: Chord) -> list[int]:
    """Return distinct pitches of a chord, one for each of some ascending pitches and near to them."""
    tones = [(chord.root + t) % 12 for t in _by_importance(QUALITIES[chord.quality])]
    if not 1 < len(pitches) <= MAX_VOICES:
        taken: list[int] = []
        for pitch in pitches:
            taken.append(min((p for p in _pitches_of(tones) if p not in taken), key=lambda p: abs(p - pitch)))
        return taken
    assigned_tones = (tones * len(pitches))[: len(pitches)]
    best: tuple[int, list[int]] | None = None
    for order in sorted(set(permutations(assigned_tones))):
        candidate = [
            min(_pitches_of([tone]), key=lambda p: abs(p - pitch)) for tone, pitch in zip(order, pitches, strict=True)
        ]
        cost = sum(abs(a - b) for a, b in zip(candidate, pitches, strict=True)) + 24 * (
            len(candidate) - len(set(candidate))
        )
        if best is None or cost < best[0]:
            best = cost, candidate
    assert best is not None
    return _without_duplicates(best[1])


def _bass_pitch(pitch: int, old: Chord | None, new: Chord) -> int:
    """Return the new pitch of a bass note: bass to bass, third to third, fifth to fifth, others to the nearest chord tone."""
    place = None if old is None else (pitch - old.root) % 12
    if old is None or pitch % 12 == old.bass or place == 0:
        wanted = {new.bass}
    else:
        tones = QUALITIES[new.quality]
        third = next((t for t in (3, 4) if t in tones), 7)
        fifth = next((t for t in (7, 6, 8) if t in tones), 0)
        if place in (3, 4):
            wanted = {(new.root + third) % 12}
        elif place in (6, 7, 8):
            wanted = {(new.root + fifth) % 12}
        else:
            wanted = set(new.pitch_classes)
    return min((p for p in BASS_RANGE if p % 12 in wanted), key=lambda p: (abs(p - pitch), p))


def _by_importance(tones: Sequence[int]) -> list[int]:
    """Return a chord's intervals, most characteristic first: third, root, seventh, others, fifth."""
    weight = {3: 0, 4: 0, 0: 1, 10: 2, 11: 2, 9: 3, 6: 3, 8: 3, 7: 4}
    return sorted(tones, key=lambda t: weight.get(t, 3))


def _pitches_of(tones: Sequence[int]) -> list[int]:
    return [p for p in range(24, 109) if p % 12 in tones]


def _without_duplicates(pitches: list[int]) -> list[int]:
    """Return the pitches with duplicates moved up an octave."""
    found: list[int] = []
    for pitch in pitches:
        while pitch in found:
            pitch += 12
        found.append(min(pitch, 127))
    return found
