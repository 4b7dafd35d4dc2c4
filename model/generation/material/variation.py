"""Variation: how bass and accompaniment of a shown piece become a take's own. Pure; the same for a seed.

A take keeps the groove of its band's piece (`model.generation.material.examples`); what is played in it varies by the ways of `WAYS`, in the
vocabulary of the style's other pieces. Bars that are alike in the piece vary alike, so what loops in it loops in the take.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from statistics import fmean, median

from model.generation.material import examples
from model.music.drums import ROLES
from model.music.harmony import Chord, Key, parse_chord
from model.music.notes import Beat, Note, Ticks, beat_length, beats_in_bar

DOSE = 1.0
"""How much of all ways, 0 (a band as its piece has it) to 1."""
WAYS = {
    "first tails": 0.4,
    "second tails": 1.0,
    "approaches": 0.8,
    "octaves": 0.5,
    "rests": 0.5,
    "inversions": 0.8,
    "orders": 0.8,
}
"""How often each way is gone, 0 (never) to 1.

tails: the last half (of three beats the last two) of a first or a second bar of two is that of another piece of the style: its line in
the bass, in the accompaniment its rhythm, in the voicings of the band's own piece where chords are struck. approaches: the bass leads
to the next chord. octaves, rests: in second bars a bass note that is played again, beside the kick, leaps or is left out. inversions:
all chords are turned up or down. orders: the notes of a broken chord come in another order.
"""
DONORS, TEACHERS = 8, 5
"""Of so many pieces of the style, the nearest to the band's, the tails are taken; of so many the basses' ways."""
FEWEST = 4
"""Notes of a bass's bar of which none is left out."""
SHORT, VERY_SHORT = 240, 120
"""Ticks that a leading note beside a chord's tone may last, and one outside the scale."""
WALKS = 0.75
"""A single note on a beat leads on where it lasts so much of a quarter."""
LOCKED = ("bass", "chords")
TOGETHER, ALIKE, GHOST = 0.7, 0.2, 0.9
"""The share of their onsets that bass and chords have in common where they are one riff, and that of the backbeats of two bars that are alike;
of the drums' usual velocity what a ghost note stays below."""
OFFBEATS = 0.35
"""By how much the shares of strokes on the beat of two halves may differ for one accompaniment to stand for the other: a skank stays one."""
BLOCK = 1.8
"""Voices a stroke from which an accompaniment is one of chords; below it they are broken."""
LEAPS, CHROMATIC = 0.06, 0.15
"""The share of octaves in a style's basses, and of leading notes outside the scale, from which a bass may have them."""
LEADING = {11: 10, 1: 2, 10: 10, 2: 2, 7: 7, 5: 5}
"""Semitones above a next chord's bass from where a bass leads to it, and those in their place where they lie outside the scale; of these
some are leaps."""
LEAPING = frozenset({5, 7})
TURNED = 0.8
"""In so many of its strokes an accompaniment has three tones or more, where it is turned."""
HIGHEST_TURNED, LOWEST_TURNED = 67, 53
"""Where the usual top of chords that are turned up, and the usual lowest voice of those turned down, may lie."""

Played = tuple[Note, Chord | None]
"""A note, and the chord that it is played on in its piece."""


def is_chosen(way: str, *salt: object) -> bool:
    """Return True if a way is gone; the same for the same seed and place."""
    return _random(way, *salt).random() < DOSE * WAYS[way]


def _random(*salt: object) -> random.Random:
    return random.Random("/".join(map(str, salt)))


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a bar of a piece: its notes with their chords, from the bar line on; its length, and where its last half begins."""

    notes: tuple[Played, ...]
    length: int
    half: int

    def within(self, first: int, end: int) -> list[Played]:
        """Return what begins from a tick to another."""
        return [p for p in self.notes if first <= p[0].start < end]

    def onsets(self, first: int = 0) -> frozenset[int]:
        """Return where notes begin, from a tick on."""
        return frozenset(n.start for n, _ in self.notes if n.start >= first)

    def is_held(self, at: int) -> bool:
        """Return True if a note begins before a tick and sounds on after it."""
        return any(n.start < at < n.end for n, _ in self.notes)


@lru_cache(4096)
def line(piece: int, key: Key, part: str, bar: int) -> Line:
    """Return a part of a bar of a piece in a key."""
    found = examples.piece_beats(piece, key)
    beats, length = beats_in_bar(found[0].meter), beat_length(found[0].meter)
    first = bar % (len(found) // beats) * beats
    notes = (
        (replace(n, start=Ticks(i * length + n.start)), chord_of(beat))
        for i, beat in enumerate(found[first : first + beats])
        for n in beat.notes
        if n.part == part
    )
    played = tuple(sorted(notes, key=lambda p: (p[0].start, p[0].pitch)))
    return Line(played, beats * length, length * (beats // 2))


def chord_of(beat: Beat) -> Chord | None:
    """Return the chord of a beat of a piece; the take's key spells it."""
    return None if beat.chord is None else replace(parse_chord(beat.chord), sign="")


@lru_cache(4096)
def alike(piece: int, key: Key, part: str, bar: int) -> int:
    """Return the first bar of a piece, at the same place of two, in which a part strikes as in this one."""
    return next(i for i in range(bar % 2, bar + 1, 2) if _struck(piece, key, part, i) == _struck(piece, key, part, bar))


def _struck(piece: int, key: Key, part: str, bar: int) -> tuple[tuple[int, int], ...]:
    return tuple((n.start, n.length) for n, _ in line(piece, key, part, bar).notes)


@lru_cache(4096)
def tail(band: int, key: Key, part: str, bar: int, seed: int) -> tuple[int, int] | None:
    """Return the piece and its bar whose last half stands for that of a bar of the band's; None where it keeps its own.

    The accompaniment takes that of the bass where it can, and where both strike together only that.
    """
    bar = alike(band, key, part, bar)
    if not is_chosen("second tails" if bar % 2 else "first tails", seed, band, bar):
        return None
    together = part in LOCKED and _is_together(band, key, bar)
    beside = tail(band, key, "bass", bar, seed) if part == "chords" else None
    if beside is not None and _serves(band, key, part, bar, beside):
        return beside
    if part == "chords" and together:
        return None
    donors = list(examples.neighbours(band))[:DONORS]
    _random(seed, band).shuffle(donors)
    places = [b for b in range(examples.bars_of(band)) if b % 2 == bar % 2]
    places.sort(key=lambda b: (b - bar) % 4)
    others = LOCKED if together else (part,)
    found = ((d, b) for d in donors for b in places)
    return next((place for place in found if all(_serves(band, key, p, bar, place) for p in others)), None)


def _is_together(band: int, key: Key, bar: int) -> bool:
    """Return True if bass and chords strike together in the last half of a bar, as in a riff."""
    bass, chords = (line(band, key, part, bar) for part in LOCKED)
    one, other = bass.onsets(bass.half), chords.onsets(chords.half)
    return len(one & other) >= TOGETHER * len(one | other) > 0


def _strokes(piece: int, key: Key, bar: int, *voices: str) -> frozenset[tuple[int, str]]:
    """Return where some voices of the drums strike in the last half of a bar, ghost notes left out."""
    drums, loud = line(piece, key, "drums", bar), GHOST * examples.usual_velocity(piece, "drums")
    found = (n for n, _ in drums.within(drums.half, drums.length) if n.velocity >= loud)
    struck = ((n.start, examples.voice_of("drums", n.pitch)) for n in found)
    return frozenset(stroke for stroke in struck if stroke[1] in voices)


def _serves(band: int, key: Key, part: str, bar: int, place: tuple[int, int]) -> bool:
    """Return True if the last half of another piece's bar can stand for the band's.

    It is as full and its notes as long, cut nowhere, its drums are much like the band's, the bass meets the kick as often, and chords
    strike as much on the beat.
    """
    own, other = line(band, key, part, bar), line(place[0], key, part, place[1])
    at = own.half
    mine, theirs = own.within(at, own.length), other.within(at, own.length)
    if not mine or not theirs or any(chord is None for _, chord in theirs):
        return False
    if any(one.is_held(one.length) for one in (own, other)) or (other.is_held(at) and not own.is_held(at)):
        return False
    here, there = own.onsets(at), other.onsets(at)
    if abs(len(here) - len(there)) > max(1, len(here) // 3):
        return False
    if not 0.5 <= fmean(n.length for n, _ in theirs) / fmean(n.length for n, _ in mine) <= 2:
        return False
    one, two = (_strokes(*which, "snare", "perc") for which in ((band, key, bar), (place[0], key, place[1])))
    if one and two and len(one & two) < ALIKE * len(one | two):
        return False
    if part != "bass":
        if abs(_on_beats(here) - _on_beats(there)) > OFFBEATS:
            return False
        is_block = len(mine) >= BLOCK * len(here)
        return is_block == (len(theirs) >= BLOCK * len(there)) and (not is_block or here != there)
    kicks = {start for start, _ in _strokes(band, key, bar, "kick")}
    met, meets = len(here & kicks), len(there & kicks)
    return _manner(mine) != _manner(theirs) and meets >= met and meets * (len(here) + 1) >= met * len(there)


def _on_beats(onsets: frozenset[int]) -> float:
    return sum(start % 480 == 0 for start in onsets) / len(onsets)


def _manner(notes: Sequence[Played]) -> list[tuple[int, int]]:
    return [(n.start, -1 if chord is None else (n.pitch - chord.bass) % 12) for n, chord in notes]


@lru_cache(8192)
def bar_played(band: int, key: Key, part: str, bar: int, seed: int) -> tuple[Played, ...]:
    """Return what a part of a take plays in a bar of the band's piece, on the chords of the pieces that it is from."""
    own, found = line(band, key, part, bar), None if part == "pad" else tail(band, key, part, bar, seed)
    notes = list(own.notes)
    if found is not None:
        other = line(found[0], key, part, found[1])
        begins = min(other.onsets(own.half))
        seam = begins if other.is_held(own.half) else own.half
        kept = [(replace(n, length=Ticks(min(n.length, seam - n.start))), c) for n, c in own.within(0, own.half)]
        louder = round(examples.usual_velocity(band, part) - examples.usual_velocity(found[0], part))
        theirs = [(_louder(n, louder), c) for n, c in other.within(own.half, own.length)]
        if part != "bass" and len(theirs) >= BLOCK * len(other.onsets(own.half)):
            notes = [*kept, *_voiced(theirs, own)]
        else:
            up = 12 * round((_middle(band, key, part) - _middle(found[0], key, part)) / 12)
            notes = [*kept, *((replace(n, pitch=n.pitch + up), c) for n, c in theirs)]
    return tuple(_altered(notes, band, key, bar, seed)) if part == "bass" and bar % 2 else tuple(notes)


def beat_played(band: int, key: Key, part: str, bar: int, span: tuple[int, int], seed: int) -> list[Played]:
    """Return what a part of a take plays of a bar from a tick to another: other pieces are not read before the first that needs them."""
    own = line(band, key, part, bar)
    here = own.within(*span)
    if bar % 2 == 0 and span[1] <= own.half and all(n.end <= own.half for n, _ in here):
        return here
    return [p for p in bar_played(band, key, part, bar, seed) if span[0] <= p[0].start < span[1]]


def _louder(note: Note, louder: int) -> Note:
    return replace(note, velocity=min(127, max(1, note.velocity + louder)))


@lru_cache(1024)
def _middle(piece: int, key: Key, part: str) -> float:
    return median(examples.pitches(piece, part, key))


def _voiced(strokes: Sequence[Played], own: Line) -> Iterator[Played]:
    """Yield strokes of another piece in the voicing that a bar's own chords have when they begin."""
    for at in sorted({n.start for n, _ in strokes}):
        first = max((n.start for n, _ in own.notes if n.start <= at), default=own.notes[0][0].start)
        model = max((n for n, _ in strokes if n.start == at), key=lambda n: n.length)
        for n, chord in own.within(first, first + 1):
            yield replace(model, pitch=n.pitch), chord


def _altered(notes: Sequence[Played], band: int, key: Key, bar: int, seed: int) -> list[Played]:
    """Return a bass with a note that leaps an octave, and one left out, among those that are played again beside the kick."""
    kicks = {n.start for n, _ in line(band, key, "drums", bar).notes if n.pitch == ROLES["kick"]}
    found, like = list(notes), alike(band, key, "bass", bar)
    again = [
        i
        for i in range(1, len(found))
        if found[i][0].pitch == found[i - 1][0].pitch and found[i][0].start % 480 and found[i][0].start not in kicks
    ]
    draw = _random(seed, band, "altered", like)
    if again and vocabulary(band, key).leaps >= LEAPS and is_chosen("octaves", seed, band, like):
        at = again.pop(draw.randrange(len(again)))
        found[at] = replace(found[at][0], pitch=found[at][0].pitch + 12), found[at][1]
    if again and len(found) > FEWEST and is_chosen("rests", seed, band, like):
        found.pop(again[draw.randrange(len(again))])
    return found


# Towards the next chord


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How the basses of some pieces move: their share of octaves, and how the last note before another bass leads to it.

    `leads` counts semitones above that next bass, 0..11; `chromatic` is the share of those a semitone away that lie outside the scale.
    """

    leaps: float
    leads: tuple[int, ...]
    chromatic: float


@lru_cache(64)
def vocabulary(band: int, key: Key) -> Vocabulary:
    """Return how the basses of a piece and of some near to it move."""
    leads, leaps, steps, outside, near = list[int](), 0, 0, 0, 0
    for piece in (band, *list(examples.neighbours(band))[:TEACHERS]):
        beats = examples.beats_in_bar_of(piece)
        bass = [n for n in sorted(examples.played(piece, "bass")) if n.beat < examples.bars_of(piece) * beats - 1]
        steps, leaps = steps + len(bass), leaps + sum(abs(a.pitch - b.pitch) == 12 for a, b in pairwise(bass))
        last = {n.beat: n.pitch for n in bass}
        for (*_, here), (bar, beat, there) in pairwise(examples.chords_of(piece)):
            pitch = last.get(bar * beats + beat - 1)
            if pitch is not None and here is not None and there is not None and here.bass != there.bass:
                leads.append((pitch - there.bass) % 12)
                if leads[-1] in (1, 11):
                    outside += (pitch + examples.raised(piece, key)) % 12 not in key.pitch_classes
                    near += 1
    return Vocabulary(leaps / max(1, steps), tuple(leads), outside / max(1, near))


def approached(
    notes: Sequence[Note], chord: Chord, following: Chord, key: Key, band: int, seed: int, bar: int
) -> list[Note]:
    """Return the bass of a beat as it leads to the chord of the next one, in the manner of the style: its last note, if that is short."""
    words = vocabulary(band, key)
    last = max(notes, key=lambda n: n.start, default=None)
    if last is None or chord.bass == following.bass or last.length > 480 or not words.leads:
        return list(notes)
    if len(notes) == 1 and last.start == 0 and last.length < 480 * WALKS:
        return list(notes)
    salt = seed, band, alike(band, key, "bass", bar), chord.bass, following.bass
    lead = words.leads[_random("lead", *salt).randrange(len(words.leads))]
    if lead not in LEADING or not is_chosen("approaches", *salt):
        return list(notes)
    if (following.bass + lead) % 12 not in key.pitch_classes | chord.pitch_classes and words.chromatic < CHROMATIC:
        lead = LEADING[lead]
    pitch = examples.nearest_pitch(last.pitch, (following.bass + lead) % 12)
    if pitch % 12 not in chord.pitch_classes:
        rubs = bool({(pitch + 1) % 12, (pitch - 1) % 12} & chord.pitch_classes)
        is_long = last.length > (SHORT if pitch % 12 in key.pitch_classes else VERY_SHORT)
        if lead in LEAPING or (rubs and is_long):  # a tone of the chord leads on instead
            tones = (examples.nearest_pitch(last.pitch, tone) for tone in sorted(chord.pitch_classes))
            pitch = min(tones, key=lambda p: (abs(p - examples.nearest_pitch(p, following.bass)), p))
    return [replace(n, pitch=pitch) if n is last else n for n in notes]


# Other voicings


@lru_cache(256)
def turn(band: int, key: Key, seed: int) -> int:
    """Return how all chords of a take are turned: 1 up, -1 down, 0 not at all, as where they are of two tones or lie at an edge."""
    pitches: dict[tuple[int, int], list[int]] = {}
    for n, pitch in zip(examples.played(band, "chords"), examples.pitches(band, "chords", key), strict=True):
        pitches.setdefault((n.beat, n.start), []).append(pitch)
    strokes = [sorted(one) for one in pitches.values()]
    full = [s for s in strokes if len({p % 12 for p in s}) >= 3]
    if len(full) < TURNED * len(strokes) or not full or not is_chosen("inversions", seed, band):
        return 0
    up = examples.octave(band, "chords", key)
    ways = [1] * (median(s[-1] for s in full) + up <= HIGHEST_TURNED)
    ways += [-1] * (median(s[0] for s in full) + up >= LOWEST_TURNED)
    return ways[_random("turn", seed, band).randrange(len(ways))] if ways else 0


def turned(notes: Sequence[Note], way: int) -> list[Note]:
    """Return strokes with their lowest voice an octave higher, or their highest one lower; where that makes no new semitone."""
    found = list[Note]()
    for at in sorted({n.start for n in notes}):
        stroke = sorted((n for n in notes if n.start == at), key=lambda n: n.pitch)
        if way and len({n.pitch % 12 for n in stroke}) >= 3:
            moved = stroke[0 if way > 0 else -1]
            other = [n for n in stroke if n is not moved]
            pitch = moved.pitch + 12 * way
            if all(abs(pitch - n.pitch) > 1 for n in other):
                stroke = [*other, replace(moved, pitch=pitch)]
        found += stroke
    return found


def ordered(notes: Sequence[Note], part: str, seed: int, band: int) -> list[Note]:
    """Return a broken chord's notes of a beat in another order: backwards in an arp, elsewhere all but the first one."""
    line = sorted(notes)
    if len(line) < 3 or len({n.start for n in line}) < len(line) or not is_chosen("orders", seed, band, part):
        return list(notes)
    first = 0 if part == "arp" else 1
    pitches = [n.pitch for n in line]
    pitches[first:] = pitches[first:][::-1]
    return [replace(n, pitch=pitch) for n, pitch in zip(line, pitches, strict=True)]
