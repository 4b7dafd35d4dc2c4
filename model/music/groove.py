"""Groove: the timing and accents of played notes as a template of one bar, found in a clip and given to other notes. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import mean, median

from model.music.notes import TICKS_PER_QUARTER, Note, Ticks

SIXTEENTH = TICKS_PER_QUARTER // 4
MAX_LATE = 50
"""Ticks that a stroke is behind or ahead of its place at most, swing apart: nearer to no other place."""
FEWEST = 4
"""Strokes without which there is no groove to find."""
ACCENTS = (0.5, 1.6)
"""Between which a place's loudness lies, as a factor of the usual one."""
_SWINGS = [(unit, 0.5 + step / 100) for unit in (8, 16) for step in range(4, 27)]
LEFT = 0.5
"""A swing leaves at most this share of what the strokes are off their straight places: else it is how people play."""
PREFERENCE = 0.05
"""Of two swings that explain as much the lesser is meant: ticks for each hundredth."""


@dataclass(frozen=True, slots=True)
class Groove:
    """A template of one bar: its swing, and for each sixteenth how late it is (ticks) and how loud (a factor of the usual).

    None in `late` and `accents` where nothing was played: what falls there keeps its own loudness, and its swing only.
    """

    swing: float
    unit: int
    late: tuple[int | None, ...]
    accents: tuple[float | None, ...]

    @property
    def places(self) -> int:
        """Sixteenths of the bar."""
        return len(self.late)

    def sentence(self) -> str:
        """Return what the groove is in words."""
        feel = f"swing {self.swing:.0%} of {self.unit}ths" if self.swing > 0.5 else "straight"
        told = [n for n in self.late if n is not None]
        return f"groove: {feel}, {min(told, default=0):+d} to {max(told, default=0):+d} ticks, {len(told)} of {self.places} places"

    def applied(self, notes: Iterable[Note], parts: Collection[str], amount: float = 1.0) -> tuple[Note, ...]:
        """Return the notes, those of some parts with this timing and these accents, by an amount of 0..1.

        Ticks count from a bar line. The notes are straight: what they are off the sixteenths stays off them, less the amount.
        """
        return tuple(self._one(n, amount) if n.part in parts else n for n in notes)

    def _one(self, note: Note, amount: float) -> Note:
        sounds = note.start + note.offset
        place = round(sounds / SIXTEENTH)
        straight = place * SIXTEENTH
        own = sounds - straight
        if abs(own) > SIXTEENTH // 4:  # a triplet, a flam: it is on no sixteenth
            return note
        late, accent = self.late[place % self.places], self.accents[place % self.places]
        shift = swung(Ticks(straight), self.swing, self.unit) - straight + (late or 0)
        start = max(0, round(straight + amount * shift + (1 - amount) * own))
        end = self._end(note.end + note.offset, amount)
        velocity = note.velocity if accent is None else min(127, max(1, round(note.velocity * accent**amount)))
        return replace(note, start=Ticks(start), length=Ticks(max(1, end - start)), offset=0, velocity=velocity)

    def _end(self, end: int, amount: float) -> int:
        return round(end + amount * (swung(Ticks(end), self.swing, self.unit) - end)) if end >= 0 else end


def groove_of(notes: Sequence[Note], places: int) -> Groove:
    """Return the groove of notes in bars of so many sixteenths, from the first bar line. Raises ValueError for too few."""
    strokes = [(n.start + n.offset, n) for n in notes]
    if len(strokes) < FEWEST:
        raise ValueError(f"a groove is found in {FEWEST} notes at least, not {len(strokes)}")
    swing, unit = _swing([at for at, _ in strokes])
    late: dict[int, list[int]] = defaultdict(list)
    loud: dict[int, list[float]] = defaultdict(list)
    usual = {voice: mean(v) for voice, v in _velocities(notes).items()}
    for at, note in strokes:
        place = _nearest(at, swing, unit)
        off = at - swung(Ticks(place * SIXTEENTH), swing, unit)
        loud[place % places].append(note.velocity / usual[_voice(note)])
        if abs(off) <= MAX_LATE:
            late[place % places].append(off)
    low, high = ACCENTS
    return Groove(
        swing,
        unit,
        tuple(round(median(late[p])) if late[p] else None for p in range(places)),
        tuple(min(high, max(low, round(mean(loud[p]), 3))) if loud[p] else None for p in range(places)),
    )


def _voice(note: Note) -> tuple[str, int]:
    return note.part, note.pitch if note.part in ("drums", "perc") else 0


def _velocities(notes: Iterable[Note]) -> dict[tuple[str, int], list[int]]:
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for note in notes:
        found[_voice(note)].append(note.velocity)
    return found


def _nearest(at: int, swing: float, unit: int) -> int:
    """Return the sixteenth whose swung place is nearest."""
    near = round(at / SIXTEENTH)
    return min(range(max(0, near - 2), near + 3), key=lambda p: abs(swung(Ticks(p * SIXTEENTH), swing, unit) - at))


def _swing(strokes: Sequence[int]) -> tuple[float, int]:
    """Return the swing (0.5 straight) and its unit that explain the strokes best."""
    counted = Counter(at % _BAR for at in strokes)

    def off(swing: float, unit: int) -> float:
        places = [swung(Ticks(p * SIXTEENTH), swing, unit) for p in range(_BAR // SIXTEENTH + 1)]
        return sum(n * min(abs(at - p) for p in places) for at, n in counted.items()) / len(strokes)

    straight = off(0.5, 8)
    unit, swing = min(_SWINGS, key=lambda s: off(s[1], s[0]) + PREFERENCE * 100 * (s[1] - 0.5))
    return (swing, unit) if straight >= 1 and off(swing, unit) <= LEFT * straight else (0.5, 8)


_BAR = 4 * TICKS_PER_QUARTER


# Swing: later off-beats, applied to finished notes


def in_meter(swing: float, unit: int, meter: str) -> float:
    """Return the swing as it acts in a metre: bars of eighths have no pairs of eighths to swing."""
    return 0.5 if unit == 8 and not meter.endswith("/4") else swing


def swung(tick: Ticks, swing: float, unit: int = 8) -> Ticks:
    """Return where a tick, counted from a beat line, falls when swing moves the off-beats of a unit.

    Swing is the place of the off-beat within its pair, 0.5 straight to 0.75; the unit is 8 (pairs of eighths)
    or 16. The first half of a pair is stretched to it and the second squeezed, so the beat lines stay.
    """
    pair = TICKS_PER_QUARTER * 4 // unit * 2
    whole, inside = divmod(tick, pair)
    half = pair / 2
    moved = inside * 2 * swing if inside <= half else pair * swing + (inside - half) * 2 * (1 - swing)
    return Ticks(round(whole * pair + moved))
