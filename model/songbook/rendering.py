"""A piece played: its form unrolled to canonical notes on the grid, and these rendered with swing, feel and touch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from operator import attrgetter
from typing import NamedTuple

from model.songbook.piece import Bar, Dynamics, Fault, Header, NotationError, Piece, RowsBar, Section, Token
from model.songbook.symbols import transposed
from model.songbook.tables import DRUM_TICKS, DRUMS, PARTS, PITCHED, ROWS


class Note(NamedTuple):
    """A note: ticks from the piece's start, MIDI pitch, ticks, velocity."""

    start: int
    pitch: int
    length: int
    velocity: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Sounding:
    """A chord of the harmony as played; `symbol` is transposed and without stars."""

    start: int
    end: int
    symbol: str
    voicing: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """A bar as played: its section and number there, where it starts."""

    section: Section
    number: int
    start: int


@dataclass(frozen=True, slots=True)
class Bend:
    """A mark of a slide or bend: written as text into the part's track, and as pitch bends where these are asked for."""

    part: str
    start: int
    pitch: int
    mark: str


class Stroke(NamedTuple):
    """A note with what rendering asks of it."""

    part: str
    start: int
    length: int
    pitch: int
    velocity: int
    bar: int
    order: int = 0
    size: int = 1
    strum: int = 0
    exact: bool = False
    short: bool = False
    ring: bool = False
    grace: bool = False
    letter: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Performance:
    """A piece unrolled: bars, harmony and strokes as played, with the length of all in ticks."""

    piece: Piece
    bars: tuple[PlayedBar, ...]
    harmony: tuple[Sounding, ...]
    strokes: tuple[Stroke, ...]
    bends: tuple[Bend, ...]
    length: int

    def notes(self) -> dict[str, tuple[Note, ...]]:
        """Return the canonical notes by part: on the grid, as written."""
        return self._by_part((s.part, Note(s.start, s.pitch, s.length, s.velocity)) for s in self.strokes)

    def rendered(self) -> dict[str, tuple[Note, ...]]:
        """Return the notes by part as they are played: with swing, gate, touch, feel and rolls of the header."""
        header = self.piece.header
        medians = {}
        for part in PITCHED:
            pitches = sorted(s.pitch for s in self.strokes if s.part == part and not s.grace)
            medians[part] = pitches[len(pitches) // 2] if pitches else 0
        return self._by_part((s.part, _rendered(s, header, medians.get(s.part, 0))) for s in self.strokes)

    def _by_part(self, notes: Iterable[tuple[str, Note]]) -> dict[str, tuple[Note, ...]]:
        by: dict[str, list[Note]] = {part: [] for part in PARTS}
        for part, note in notes:
            by[part].append(note)
        return {part: once(found, self.length) for part, found in by.items()}


def once(notes: Iterable[Note], end: int) -> tuple[Note, ...]:
    """Return notes with each key struck once at a time, none sounding past the end."""
    by_pitch: dict[int, list[Note]] = {}
    for start, pitch, length, velocity in sorted(notes):
        if start >= end:
            continue
        length = min(length, end - start)
        kept = by_pitch.setdefault(pitch, [])
        if kept and kept[-1].start == start:
            last = kept.pop()
            length, velocity = max(last.length, length), max(last.velocity, velocity)
        elif kept and kept[-1].end > start:
            kept[-1] = kept[-1]._replace(length=start - kept[-1].start)
        kept.append(Note(start, pitch, length, velocity))
    return tuple(sorted(note for kept in by_pitch.values() for note in kept))


def perform(piece: Piece) -> Performance:
    """Return a piece with its form unrolled. Raises `NotationError` for voices or holds that mean nothing."""
    size = piece.header.bar
    bars: list[PlayedBar] = []
    for name in piece.header.form:
        section = piece.sections[name]
        for number in range(1, section.bars + 1):
            bars.append(PlayedBar(section, number, len(bars) * size))
    harmony = _harmony(piece, bars)
    unroller = _Unroller(piece, bars, harmony, len(bars) * size)
    for part in PITCHED:
        unroller.pitched(part)
    for part in ROWS:
        unroller.rows(part)
    if unroller.faults:
        raise NotationError(tuple(dict.fromkeys(unroller.faults)))
    halved = (s._replace(length=s.length // 2) if s.short else s for s in unroller.strokes)
    strokes = tuple(s for s in halved if s.length)
    struck = {(s.part, s.start, s.pitch) for s in strokes}
    bends = tuple(b for b in unroller.bends if (b.part, b.start, b.pitch) in struck)
    return Performance(piece, tuple(bars), harmony, strokes, bends, len(bars) * size)


def _harmony(piece: Piece, bars: list[PlayedBar]) -> tuple[Sounding, ...]:
    sounding = []
    for bar in bars:
        section = bar.section
        written = section.harmony[bar.number - 1]
        for chord in written.chords if written else ():
            voicing = section.voicings.get(chord.symbol, piece.voicings.get(chord.symbol))
            by = section.transpose
            start = bar.start + chord.start
            sounding.append(
                Sounding(
                    start,
                    start + chord.length,
                    transposed(chord.symbol, by).rstrip("*"),
                    tuple(p + by for p in voicing) if voicing else None,
                )
            )
    return tuple(sounding)


class _Unroller:
    """Walks the bars of each part as played."""

    def __init__(self, piece: Piece, bars: list[PlayedBar], harmony: tuple[Sounding, ...], length: int) -> None:
        self.piece, self.bars, self.harmony, self.length = piece, bars, harmony, length
        self.strokes: list[Stroke] = []
        self.bends: list[Bend] = []
        self.faults: list[Fault] = []

    def rows(self, part: str) -> None:
        """Unroll a part of drum rows."""
        for played in self.bars:
            rows = played.section.rows.get(part)
            bar: RowsBar | None = rows[played.number - 1] if rows else None
            if bar is None:
                continue
            louder = played.section.level + bar.dynamics
            for row in bar.rows:
                for tick, digit in row.strokes:
                    self.strokes.append(
                        Stroke(
                            part,
                            played.start + tick,
                            DRUM_TICKS[row.letter],
                            DRUMS[row.letter],
                            _held(10 + 13 * digit + louder),
                            played.start,
                            letter=row.letter,
                            line=row.line,
                        )
                    )

    def pitched(self, part: str) -> None:
        """Unroll a pitched part."""
        layers: dict[int, _Layer] = {}
        for played in self.bars:
            if played.number == 1:
                for layer in layers.values():
                    layer.dynamics = 0
            written = played.section.pitched.get(part)
            bar: Bar | None = written[played.number - 1] if written else None
            if bar is None:
                continue
            for index, items in enumerate(bar.layers):
                self._bar(part, played, bar, items, layers.setdefault(index, _Layer()))

    def _bar(self, part: str, played: PlayedBar, bar: Bar, items: tuple[Token | Dynamics, ...], layer: _Layer) -> None:
        mix = self.piece.header.mix.get(part, 84)
        for item in items:
            if isinstance(item, Dynamics):
                layer.dynamics = item.value
                continue
            start = played.start + item.start
            end = start + item.length
            if item.kind == "rest":
                continue
            if item.kind == "hold":
                if layer.end != start:
                    if played.number != 1 or item.start:
                        self._fault(bar, played, item, "~ has nothing before it to hold")
                    layer.last = []
                for index in layer.last:
                    held = self.strokes[index]
                    length = max(held.length, end - held.start) if held.ring else end - held.start
                    self.strokes[index] = held._replace(length=length)
                layer.end = end
                continue
            pitches, rings = self._pitches(played, bar, item, start)
            by = bar.up + played.section.transpose
            pitches = tuple(p + by if item.kind == "pitches" else p + bar.up for p in pitches)
            graces = tuple(p + by for p in item.graces)
            if any(not 0 <= p <= 127 for p in (*pitches, *graces)):
                self._fault(bar, played, item, "a pitch leaves 0..127")
                continue
            velocity = (mix if item.exact is None else item.exact) + item.accent
            velocity = _held(velocity + layer.dynamics + played.section.level + bar.dynamics)
            self._graces(part, graces, start, velocity, layer, played, bar, item)
            layer.last = self._strike(
                part, pitches, start, rings if item.ring else end, end, velocity, played, bar, item
            )
            layer.end = end
            if item.bend and pitches:
                self.bends.append(Bend(part, start, pitches[-1], item.bend))

    def _pitches(self, played: PlayedBar, bar: Bar, token: Token, start: int) -> tuple[tuple[int, ...], int]:
        """Return a token's pitches and where they end if they ring."""
        index = _in_force(self.harmony, start)
        sounding = self.harmony[index]
        rings = sounding.end
        if token.early:
            last = index + 1 == len(self.harmony)
            sounding = self.harmony[0 if last else index + 1]
            rings = self.length if last else sounding.end
        if token.kind == "pitches":
            return token.pitches, rings
        if sounding.voicing is None:
            self._fault(bar, played, token, f"{sounding.symbol} has no voicing")
            return (), rings
        if token.pitches and token.pitches[-1] > len(sounding.voicing):
            self._fault(bar, played, token, f"{sounding.symbol} has {len(sounding.voicing)} voices")
            return (), rings
        voices = [sounding.voicing[v - 1] for v in token.pitches] if token.pitches else sounding.voicing
        return tuple(p + 12 * token.octaves for p in voices), rings

    def _graces(
        self,
        part: str,
        graces: tuple[int, ...],
        start: int,
        velocity: int,
        layer: _Layer,
        played: PlayedBar,
        bar: Bar,
        token: Token,
    ) -> None:
        first = start - 60 * len(graces)
        if not graces or first < 0:
            return
        for index in layer.last:
            before = self.strokes[index]
            if not before.ring and before.start + before.length > first:
                self.strokes[index] = before._replace(length=max(0, first - before.start))
        for i, pitch in enumerate(graces):
            self.strokes.append(
                Stroke(
                    part, first + 60 * i, 60, pitch, _held(velocity - 10), played.start,
                    exact=token.exact is not None, grace=True, line=bar.line, column=token.column,
                )
            )  # fmt: skip

    def _strike(
        self,
        part: str,
        pitches: tuple[int, ...],
        start: int,
        stop: int,
        end: int,
        velocity: int,
        played: PlayedBar,
        bar: Bar,
        token: Token,
    ) -> list[int]:
        """Add a token's notes; return which of them a hold goes on."""
        strikes = [(start, stop, velocity)]
        if token.tremolo:
            n = token.tremolo
            strikes = [
                (start + i * n, start + (i + 1) * n, _held(velocity - (12 if i % 2 else 4 if i else 0)))
                for i in range((end - start) // n)
            ]
        last: list[int] = []
        for a, z, v in strikes:
            last = []
            for order, pitch in enumerate(pitches):
                last.append(len(self.strokes))
                self.strokes.append(
                    Stroke(
                        part, a, z - a, pitch, v, played.start, order, len(pitches), token.strum,
                        token.exact is not None, token.short, token.ring and not token.tremolo, False, "", bar.line,
                        token.column,
                    )
                )  # fmt: skip
        return last

    def _fault(self, bar: Bar, played: PlayedBar, token: Token, what: str) -> None:
        self.faults.append(
            Fault(self.piece.file, bar.line, token.column, "structure", what, played.section.name, played.number)
        )


@dataclass(slots=True)
class _Layer:
    """Where a layer of a part is: its dynamics, where its last notes end, and which they are."""

    dynamics: int = 0
    end: int = -1
    last: list[int] = field(default_factory=list)


def _held(velocity: int) -> int:
    return min(127, max(1, velocity))


_START = attrgetter("start")


def _in_force(harmony: tuple[Sounding, ...], tick: int) -> int:
    """Return the index of the chord at a tick."""
    return max(0, bisect_right(harmony, tick, key=_START) - 1)


def wobble(n: int) -> int:
    """Return -3..3, always the same for the same number: a hand that can be repeated."""
    return ((n * 2654435761) >> 13) % 7 - 3


def _swung(tick: int, bar: int, size: int, swing: tuple[int, Fraction]) -> int:
    """Return where swing puts a tick; `bar` is where its bar starts, `size` its ticks."""
    unit, percent = swing
    inside = tick - bar
    if percent == 50 or inside % 15:
        return tick
    pair = 480 if unit == 8 else 240
    index, rest = divmod(inside, pair)
    if (index + 1) * pair > size:
        return tick
    share, half = percent / 100, Fraction(pair, 2)
    moved = rest * 2 * share if rest <= half else pair * share + (rest - half) * 2 * (1 - share)
    return bar + index * pair + round(moved)


def _rendered(stroke: Stroke, header: Header, median: int) -> Note:
    """Return a stroke as it is played."""
    size, part = header.bar, stroke.part
    human = header.touch.get(part, "human") == "human"
    start, end, velocity = stroke.start, stroke.start + stroke.length, stroke.velocity
    length = stroke.length
    if part not in header.straight:
        a = _swung(start, stroke.bar, size, header.swing)
        z = _swung(end, end // size * size, size, header.swing)
        start, length = a, stroke.length if stroke.letter else z - a
    place, inside = stroke.start // 10, stroke.start - stroke.bar
    loose = header.loose.get(part, 0) if human else 0
    if stroke.letter:
        start += header.feel.get(stroke.letter, header.feel.get(part, 0))
        if human:
            velocity += wobble(place * 5 + stroke.pitch)
            if stroke.letter != "K":
                start += wobble(place * 3 + stroke.pitch) * loose // 3
    else:
        if not (stroke.short or stroke.ring or stroke.grace):
            length = length * header.gate.get(part, 96) // 100
        if human and not stroke.exact:
            velocity += _metric(inside, header) + wobble(place + 31 * stroke.pitch)
            if part in ("melody", "arp"):
                velocity += max(-7, min(7, round(Fraction(7 * (stroke.pitch - median), 10))))
            elif part in ("chords", "pad") and stroke.size > 1:
                velocity += 4 if stroke.order == stroke.size - 1 else -2
        start += header.feel.get(part, 0)
        if loose:
            start += wobble(place * 7 + 3) * loose // 3
        if stroke.strum:
            order = stroke.order if stroke.strum > 0 else stroke.size - 1 - stroke.order
            start += order * header.roll.get(part, 14)
        elif human and stroke.size > 1:
            start += stroke.order * header.roll.get("tight", 2)
    return Note(max(0, start), stroke.pitch, max(20, length), max(8, min(127, velocity)))


def _metric(inside: int, header: Header) -> int:
    """Return the accent of a place in the bar."""
    if inside < 120:
        return 4 if inside == 0 else -4
    if inside * 2 == header.bar and header.meter[0] % 2 == 0:
        return 2
    if inside % 480 == 0:
        return 0
    return -1 if inside % 240 == 0 else -4


def chord_at(harmony: tuple[Sounding, ...], tick: int) -> Sounding:
    """Return the chord in force at a tick."""
    return harmony[_in_force(harmony, tick)]
