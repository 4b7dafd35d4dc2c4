"""Chord detection from held or just struck keys, by template matching, with the time of the stroke. Pure.

Older notes that only the sustain pedal holds are ignored, so that a chord change under the pedal gives the new chord.
Chords played one note at a time are detected in `bridge.follow.arpeggio`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bridge.clock import Seconds
from bridge.follow.keyboard import KeyPress, Played
from model.music.harmony import CHORD_QUALITIES, QUALITIES, Chord, Key

MAX_COST = 3.4
"""Above this cost no chord is detected: the notes are a cluster, or too few."""
EXTRA_TONE_COST = 3.0
"""Cost of each pitch class that is not in the template."""
MISSING_ROOT_COST, MISSING_THIRD_COST, MISSING_FIFTH_COST, MISSING_SEVENTH_COST, MISSING_EXTENSION_COST = (
    3.5,
    3.0,
    0.8,
    2.0,
    1.5,
)
OUT_OF_KEY_COST = 0.5
"""Cost of a chord with a tone outside the key, if one is known; added again for a root outside it."""
FOREIGN_BASS_COST = 2.2
"""Cost of a bass note that is no chord tone: C/D, F/G."""
_INVERSION_COST = {3: 0.9, 4: 0.9, 7: 1.0}
"""Cost of the third or fifth in the bass, by semitones above the root; `_OTHER_BASS_COST` for other chord tones."""
_OTHER_BASS_COST = 1.3


def detect_chord(pitches: Collection[int], key: Key | None = None) -> Chord | None:
    """Return the chord of MIDI pitches, the lowest as bass; None for fewer than two pitch classes or a cluster."""
    found = best_match(pitches, key)
    return found[1] if found is not None and found[0] <= MAX_COST else None


def best_match(pitches: Collection[int], key: Key | None = None) -> tuple[float, Chord] | None:
    """Return the cost and the chord of the cheapest template; None for fewer than two pitch classes."""
    pitch_classes = frozenset(p % 12 for p in pitches)
    if len(pitch_classes) < 2:
        return None
    return _best_match(pitch_classes, min(pitches) % 12, None if key is None else (key.tonic, key.pitch_classes))


@lru_cache(2048)
def _best_match(
    pitch_classes: frozenset[int], bass: int, key: tuple[int, frozenset[int]] | None
) -> tuple[float, Chord]:
    costs: list[tuple[float, int, int, Chord]] = []
    for number, (quality, tones) in enumerate(QUALITIES.items()):
        for root in range(12):
            classes = frozenset((root + t) % 12 for t in tones)
            cost = _cost(classes, root, quality, pitch_classes, bass)
            if key is not None:
                cost += OUT_OF_KEY_COST * ((not classes <= key[1]) + (root not in key[1]))
            costs.append((cost, number, root, Chord(root, quality, bass)))
    cost, _, _, chord = min(costs, key=lambda c: c[:3])
    return cost, chord


def _cost(classes: frozenset[int], root: int, quality: str, pitch_classes: frozenset[int], bass: int) -> float:
    extra = pitch_classes - classes
    cost = CHORD_QUALITIES[quality].rarity
    if bass in extra:
        extra -= {bass}
        cost += FOREIGN_BASS_COST
    elif bass != root:
        cost += _INVERSION_COST.get((bass - root) % 12, _OTHER_BASS_COST)
    cost += EXTRA_TONE_COST * len(extra)
    if quality == "5" and len(pitch_classes) > 2:
        cost += EXTRA_TONE_COST
    tones = QUALITIES[quality]
    third = next((t for t in (3, 4) if t in tones), tones[1] if "sus" in quality else None)
    if quality == "7sus4":
        third = 5
    for pitch in classes - pitch_classes:
        away = (pitch - root) % 12
        if away == 0:
            cost += MISSING_ROOT_COST
        elif away == third:
            cost += MISSING_THIRD_COST
        elif away == 7:
            cost += (
                MISSING_FIFTH_COST if 3 in tones or 4 in tones else MISSING_EXTENSION_COST
            )  # in a chord without a third, the fifth matters more
        elif away in (6, 8) or (away in (9, 10, 11) and len(tones) == 4):
            cost += MISSING_SEVENTH_COST
        else:
            cost += MISSING_EXTENSION_COST
    return cost


STROKE_WINDOW = Seconds(0.080)
"""Seconds within which notes belong to one stroke: a chord, perhaps rolled."""
SETTLE_TIME = Seconds(0.030)
"""Seconds without a new note after which a stroke is evaluated."""
HAND_GAP = 8
"""Semitones: one or two notes this far above three others are a melody over them."""
BASS_LIMIT = 52
"""MIDI pitch below which a single note is a bass note."""
MIN_LEAP = 3
MIN_ARPEGGIO_NOTES = 4
"""Fewest notes from which an arpeggio can be told from a melody."""
MAX_NEW_CHORD_COST = 1.6
"""Maximum cost of a chord struck together for which keys held from before the beat are ignored."""


@dataclass(frozen=True, slots=True)
class PlayedChord:
    """A detected chord and the time of its stroke; `arpeggiated`: its notes were played one by one."""

    chord: Chord
    at: Seconds
    arpeggiated: bool = False


def last_stroke(key_presses: Sequence[KeyPress]) -> list[KeyPress]:
    """Return the key presses of the last stroke: those within `STROKE_WINDOW` of the last one, and that one."""
    return [k for k in key_presses if k.at >= key_presses[-1].at - STROKE_WINDOW] if key_presses else []


def without_melody(key_presses: Sequence[KeyPress]) -> list[KeyPress]:
    """Return the key presses without one or two melody notes `HAND_GAP` above three others."""
    rising = sorted(key_presses, key=lambda k: k.pitch)
    for i in (len(rising) - 1, len(rising) - 2):
        if i >= 3 and rising[i].pitch - rising[i - 1].pitch >= HAND_GAP:
            return sorted(rising[:i], key=lambda k: k.at)
    return list(key_presses)


def held_chord(
    key_presses: Sequence[KeyPress],
    held_keys: Sequence[KeyPress],
    key: Key | None,
    since: Seconds | None = None,
) -> PlayedChord | None:
    """Return the chord of the held keys and of the last stroke; None for fewer than three pitches or a cluster.

    Held keys struck before `since` are ignored if the last stroke alone is a chord of at most `MAX_NEW_CHORD_COST`.
    """
    stroke = without_melody(last_stroke(key_presses))
    held = without_melody(held_keys)
    struck_together = stroke if len(stroke) >= 3 else []
    pitches = {k.pitch for k in (*held, *struck_together)}
    if len(pitches) < 3:
        return None
    match = best_match(pitches, key)
    if struck_together:
        stroke_match = best_match([k.pitch for k in struck_together], key)
        has_older_keys = since is not None and any(k.at < since for k in held)
        if stroke_match is not None and (
            match is None
            or stroke_match[0] < match[0] - 1
            or (has_older_keys and stroke_match[0] <= MAX_NEW_CHORD_COST)
        ):
            match = stroke_match
    if match is None or match[0] > MAX_COST:
        return None
    chord_keys = [k for k in stroke if k.pitch in pitches] or held
    return PlayedChord(match[1], min(k.at for k in last_stroke(sorted(chord_keys, key=lambda k: k.at))))


def leap_share(key_presses: Sequence[KeyPress]) -> float:
    """Return the share of leaps among a line's intervals: high in arpeggios, low in melodies; 0 for too few notes."""
    steps = [abs(a.pitch - b.pitch) for a, b in pairwise(key_presses) if a.pitch != b.pitch]
    return sum(s >= MIN_LEAP for s in steps) / len(steps) if len(steps) >= MIN_ARPEGGIO_NOTES - 1 else 0.0


def chord_on_bass(bass: int, key: Key, others: Collection[int] = ()) -> Chord:
    """Return the chord for a single bass note: the triad of the key on it; on the leading tone, the dominant.

    `others` are the pitch classes that others play over it: a third among them goes before the key's.
    """
    scale = key.pitch_classes
    third = 3 if (bass + 3) % 12 in scale and (bass + 4) % 12 not in scale else 4
    thirds = {t for t in (3, 4) if (bass + t) % 12 in others}
    if len(thirds) == 1 and thirds != {third}:
        return Chord(bass, "m" if thirds == {3} else "", bass)
    fifth = 7 if (bass + 7) % 12 in scale or (bass + 6) % 12 not in scale else 6
    if fifth == 6 and third == 3:
        below = (bass + 8) % 12  # root of the dominant if `bass` is the leading tone
        return Chord(below, "", bass) if (key.tonic - 1) % 12 == bass else Chord(bass, "dim", bass)
    return Chord(bass, "m" if third == 3 else "", bass)


def chord_over_bass(chord: Chord, bass: int, key: Key | None) -> Chord:
    """Return the chord that a chord of one player and a bass note of another make: Am over F is Fmaj7, C over E is C/E.

    A bass that is neither a tone of the chord nor makes another one of it stands below it: C over D is C/D.
    """
    tones = [(chord.root + t) % 12 for t in QUALITIES[chord.quality]]
    match = best_match([bass, *(12 + t for t in tones)], key)
    if bass in tones and (match is None or match[1].bass != match[1].root):
        return Chord(chord.root, chord.quality, bass)
    return match[1] if match is not None and match[0] <= MAX_COST else Chord(chord.root, chord.quality, bass)


ARPEGGIO_LEAP_SHARE, MELODY_LEAP_SHARE = 0.7, 0.5
"""Share of leaps from which on a line is an arpeggio, and below which a chord player's line is a melody."""
BASS_CEILING = BASS_LIMIT + 3
"""MIDI pitch: a line that stays below it is a bass line."""
WINDOW_BEATS, CHORD_MEMORY_BEATS = 4, 8
"""Beats of key presses that are examined; beats for which mode "chords" stays after three notes sounded at once."""


def playing_mode(keyboard: Played, previous: str | None, key: Key | None, now: Seconds, length: float) -> str | None:
    """Return "chords", "bass" or "melody", or the `previous` mode; `length` is the length of a beat in seconds."""
    recent = keyboard.since(Seconds(now - WINDOW_BEATS * length))
    if held_chord(recent, keyboard.held_keys, key) is not None:
        return "chords"
    if not recent or (previous == "chords" and _chord_since(keyboard, Seconds(now - CHORD_MEMORY_BEATS * length))):
        return previous
    is_bass = max(k.pitch for k in recent) < BASS_CEILING
    if is_bass and previous != "chords":
        return "bass"
    share = leap_share(recent)
    if share >= ARPEGGIO_LEAP_SHARE or (
        previous == "chords" and (share >= MELODY_LEAP_SHARE or len(recent) < MIN_ARPEGGIO_NOTES)
    ):
        return "chords"
    return "bass" if is_bass else "melody"


def _chord_since(keyboard: Played, moment: Seconds) -> bool:
    """Return True if three notes sounded at once since a time; notes held by the pedal count."""
    struck = keyboard.since(moment)
    return any(sum(other.sounds_at(k.at) for other in struck) >= 3 for k in struck)
