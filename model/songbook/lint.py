"""The lint: laws that a piece is held to (docs/songbook.md), as faults that say where; waived ones are counted."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from statistics import fmean

from model.songbook.piece import Fault, NotationError, Piece
from model.songbook.reader import read_file
from model.songbook.rendering import Performance, PlayedBar, Stroke, chord_at, perform
from model.songbook.symbols import NAMES, Symbol, pitch_class, pitch_name, symbol
from model.songbook.tables import PARTS, PIECES, PITCHED, styles

BLUE = frozenset({"soul", "rock", "roots", "jazz", "hip-hop", "afro", "latin"})
"""Families that sing minor thirds over major chords."""
PLANED = frozenset({"rock", "techno", "club", "bass", "ambient"})
"""Families that move whole chords in parallel."""
LOCKED = frozenset({"club", "techno", "bass", "hip-hop", "soul", "pop", "rock"})
"""Families whose bass and kick are one instrument."""
FREE_BASS = frozenset({"salsa", "afro-cuban", "amapiano", "ambient", "drone", "reggae", "dub", "acid"})
"""Styles whose bass anticipates its chord, or leaves it."""
_SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10, 11), "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10), "lydian": (0, 2, 4, 6, 7, 9, 11), "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10), "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic_minor": (0, 2, 3, 5, 7, 8, 9, 10, 11), "phrygian_dominant": (0, 1, 4, 5, 7, 8, 10),
    "major_pentatonic": (0, 2, 4, 5, 7, 9, 11), "minor_pentatonic": (0, 2, 3, 5, 7, 8, 10),
    "blues": (0, 2, 3, 4, 5, 6, 7, 9, 10),
}  # fmt: skip
"""Pitch classes of the modes, from the tonic; pentatonic ones with the two that their harmony adds."""

_EIGHTH, _QUARTER = 240, 480
_START = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Report:
    """What the lint found in a file; `piece` is None where it could not be read."""

    file: str
    piece: Piece | None
    errors: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    waived: int


def check_file(path: Path) -> Report:
    """Return what is wrong in a file."""
    try:
        piece = read_file(path)
    except NotationError as wrong:
        return Report(str(path), None, wrong.faults, (), 0)
    except UnicodeDecodeError as wrong:
        fault = Fault(str(path), 1, 1, "structure", f"not UTF-8: {wrong.reason}")
        return Report(str(path), None, (fault,), (), 0)
    return check(piece)


def check(piece: Piece) -> Report:
    """Return what is wrong in a piece."""
    try:
        performance = perform(piece)
    except NotationError as wrong:
        return Report(piece.file, piece, wrong.faults, (), 0)
    found = [*_Checker(performance).faults()]
    unique = {(f.law, f.line, f.column, f.what, f.error): f for f in reversed(found)}
    faults = sorted(unique.values(), key=lambda f: (f.line, f.column, f.law))
    waived = [f for f in faults if f.error and _waived(piece, f)]
    unused = _unused(piece, waived)
    return Report(
        piece.file,
        piece,
        tuple(f for f in faults if f.error and f not in waived),
        tuple(f for f in (*faults, *unused) if not f.error),
        len({w for section in piece.sections.values() for w in section.waivers}),
    )


def together(reports: Sequence[Report]) -> list[Report]:
    """Return reports with what only several files together have wrong: a title twice, a pen's plan row twice."""
    titles: dict[str, str] = {}
    rows: dict[tuple[str, str, int], str] = {}
    out = []
    for report in reports:
        errors, warnings = report.errors, report.warnings
        if report.piece:
            header = report.piece.header
            other = titles.setdefault(header.title.casefold(), report.file)
            if other != report.file:
                errors += (Fault(report.file, 1, 1, "structure", f"the title is that of {other}"),)
            other = rows.setdefault((header.style, header.batch, header.plan), report.file)
            if other != report.file:
                what = f"plan row {header.plan} of {header.batch} is that of {other}"
                warnings += (Fault(report.file, 1, 1, "structure", what, error=False),)
        out.append(replace(report, errors=errors, warnings=warnings))
    return out


def _waived(piece: Piece, fault: Fault) -> bool:
    section = piece.sections.get(fault.section)
    return section is not None and any(w.law == fault.law and fault.bar in w.bars for w in section.waivers)


def _unused(piece: Piece, waived: list[Fault]) -> Iterator[Fault]:
    for section in piece.sections.values():
        for w in section.waivers:
            used = any(f.law == w.law and f.section == section.name and f.bar in w.bars for f in waived)
            if not used and (section.base is None or w not in piece.sections[section.base].waivers):
                yield Fault(
                    piece.file,
                    w.line,
                    1,
                    w.law,
                    "a waiver that waives nothing",
                    section.name,
                    w.bars[0],
                    False,
                )


class _Checker:
    """The laws, each a generator of faults over one performance."""

    def __init__(self, performance: Performance) -> None:
        self.performance = performance
        self.piece = performance.piece
        self.header = performance.piece.header
        self.size = self.header.bar
        self.parts: dict[str, list[Stroke]] = {part: [] for part in PARTS}
        for stroke in performance.strokes:
            self.parts[stroke.part].append(stroke)
        for strokes in self.parts.values():
            strokes.sort(key=lambda s: (s.start, s.pitch))
        tonic = pitch_class(self.header.tonic)
        self.scale = {(tonic + step) % 12 for step in _SCALES[self.header.mode]}

    def faults(self) -> Iterator[Fault]:
        """Return all that is wrong or questionable."""
        yield from self._table()
        yield from self._captions()
        yield from self._range()
        yield from self._strong()
        yield from self._rub()
        yield from self._bass()
        yield from self._foreign_bass()
        yield from self._voice()
        yield from self._kick()
        yield from self._dynamics()
        yield from self._return()
        yield from self._ends()
        yield from self._questionable()

    # where

    def _bar(self, tick: int) -> PlayedBar:
        return self.performance.bars[min(tick // self.size, len(self.performance.bars) - 1)]

    def _at(self, stroke: Stroke, law: str, what: str, error: bool = True, tick: int | None = None) -> Fault:
        bar = self._bar(stroke.start if tick is None else tick)
        return Fault(self.piece.file, stroke.line, stroke.column, law, what, bar.section.name, bar.number, error)

    def _in_bar(self, bar: PlayedBar, line: int, law: str, what: str, error: bool = True) -> Fault:
        return Fault(self.piece.file, line, 1, law, what, bar.section.name, bar.number, error)

    def _header_line(self, key: str) -> int:
        for number, line in enumerate(self.piece.lines, 1):
            if line.split(None, 1)[:1] == [key]:
                return number
        return 1

    def _of_header(self, key: str, law: str, what: str, error: bool = True) -> Fault:
        return Fault(self.piece.file, self._header_line(key), 1, law, what, error=error)

    def _strong_beats(self) -> tuple[int, ...]:
        n = self.header.meter[0]
        return (0, self.size // 2) if n % 2 == 0 and n > 2 else (0,)

    def _symbol(self, tick: int) -> tuple[str, Symbol | None]:
        name = chord_at(self.performance.harmony, tick).symbol
        return name, symbol(name)

    def _allowed(self, meant: Symbol, pitch: int) -> bool:
        interval = (pitch - meant.root) % 12
        if pitch % 12 in meant.tones or pitch % 12 in meant.tensions:
            return True
        return interval in (3, 10) and self.header.family in BLUE and (meant.root + 4) % 12 in meant.tones

    # laws

    def _table(self) -> Iterator[Fault]:
        style = styles().get(self.header.style)
        if style is None:
            yield self._of_header("style", "structure", f"no style of the table is called {self.header.style}")
            return
        if style.family != self.header.family:
            yield self._of_header("family", "structure", f"{style.name} is of the family {style.family}")
        path = Path(self.piece.file).resolve()
        if path.is_relative_to(PIECES) and path.parent.name != style.slug:
            yield self._of_header("style", "structure", f"a piece of {style.name} lies in {style.slug}/")
        meter = f"{self.header.meter[0]}/{self.header.meter[1]}"
        if meter not in style.metres:
            yield self._of_header("meter", "structure", f"{style.name} is written in {' '.join(style.metres)}", False)
        if not style.tempo[0] <= self.header.tempo <= style.tempo[1]:
            low, high = style.tempo
            yield self._of_header("tempo", "structure", f"{style.name} goes {low} to {high}", False)
        if not self.parts[self.header.lead]:
            yield self._of_header("lead", "structure", f"{self.header.lead} leads and does not play")

    def _captions(self) -> Iterator[Fault]:
        captions = self.piece.captions
        count = Counter(c.language for c in captions)
        line = self._header_line("captions")
        for language, least in (("en", 3), ("zh", 2)):
            if count[language] < least:
                what = f"{count[language]} captions in {language}, at least {least}"
                yield Fault(self.piece.file, line, 1, "structure", what)
        if sum(c.from_notes for c in captions) < len(captions) // 3:
            what = "a third of the captions is written from the notes alone (en*: zh*:)"
            yield Fault(self.piece.file, line, 1, "structure", what)
        for text, times in Counter(c.text.lower() for c in captions).items():
            if times > 1:
                yield Fault(self.piece.file, line, 1, "structure", f"a caption twice: {text}")

    def _range(self) -> Iterator[Fault]:
        for part in PITCHED:
            low, high = PARTS[part].low, PARTS[part].high
            for stroke in self.parts[part]:
                if not low <= stroke.pitch <= high:
                    what = f"{part} {pitch_name(stroke.pitch)}; it plays {pitch_name(low)} to {pitch_name(high)}"
                    yield self._at(stroke, "range", what)

    def _strong(self) -> Iterator[Fault]:
        melody = [s for s in self.parts["melody"] if not s.grace]
        for stroke in melody:
            for beat in self._beats_of(stroke):
                name, meant = self._symbol(beat)
                rest = stroke.start + stroke.length - beat
                if meant is None or rest < _EIGHTH or self._allowed(meant, stroke.pitch):
                    continue
                if self._resolves(stroke, melody):
                    continue
                against = [t for t in meant.tones if (stroke.pitch - t) % 12 == 1]
                foreign = stroke.pitch % 12 not in self.scale
                error = rest >= _QUARTER and (bool(against) or foreign)
                yield self._at(
                    stroke,
                    "strong",
                    f"melody {pitch_name(stroke.pitch)} over {name}, not resolved",
                    error,
                    beat,
                )

    def _beats_of(self, stroke: Stroke) -> Iterator[int]:
        """Return the strong beats on which a note begins or sounds on."""
        end = min(stroke.start + stroke.length, self.performance.length)
        for bar in range(stroke.start // self.size, (end - 1) // self.size + 1):
            for beat in self._strong_beats():
                tick = bar * self.size + beat
                if stroke.start <= tick < end:
                    yield tick

    def _resolves(self, stroke: Stroke, melody: list[Stroke]) -> bool:
        """Tell whether a note goes on by step to a note that its chord bears."""
        end = stroke.start + stroke.length
        after = [s for s in melody if s.start > stroke.start and end - _EIGHTH <= s.start <= end + _QUARTER]
        if not after:
            return False
        first = min(s.start for s in after)
        for s in after:
            if s.start == first and 1 <= abs(s.pitch - stroke.pitch) <= 2:
                meant = self._symbol(s.start)[1]
                if meant is None or self._allowed(meant, s.pitch):
                    return True
        return False

    def _rub(self) -> Iterator[Fault]:
        melody = [s for s in self.parts["melody"] if not s.grace]
        everything = sorted(
            (s for part in PITCHED for s in self.parts[part] if s.length > _EIGHTH), key=lambda s: s.start
        )
        sounding: list[Stroke] = []
        for stroke in everything:
            sounding = [s for s in sounding if s.start + s.length > stroke.start]
            for other in sounding:
                if other.part == stroke.part or abs(other.pitch - stroke.pitch) not in (1, 13):
                    continue
                until = min(other.start + other.length, stroke.start + stroke.length)
                if until - stroke.start <= _EIGHTH:
                    continue
                fault = self._rubs(stroke, other, until, melody)
                if fault:
                    yield fault
            sounding.append(stroke)

    def _rubs(self, a: Stroke, b: Stroke, until: int, melody: list[Stroke]) -> Fault | None:
        names = []
        for tick in (a.start, (a.start + until) // 2):
            name, meant = self._symbol(tick)
            names.append(name)
            if meant is None:
                return None
            classes = {a.pitch % 12, b.pitch % 12}
            if classes <= meant.tones or (classes & meant.tones and classes <= meant.tones | meant.tensions):
                return None
        tuned = [s for s in (a, b) if s.part == "melody"]
        passing = any(self._resolves(s, melody) for s in tuned) and until - a.start <= _QUARTER
        what = f"{a.part} {pitch_name(a.pitch)} rubs against {b.part} {pitch_name(b.pitch)} over {names[0]}"
        return self._at(a, "rub", what, not passing)

    def _bass(self) -> Iterator[Fault]:
        if self.header.style in FREE_BASS:
            return
        bass = [s for s in self.parts["bass"] if not s.grace]
        for sounding in self.performance.harmony:
            meant = symbol(sounding.symbol)
            if meant is None or sounding.end - sounding.start < self.size // 2:
                continue
            limit = sounding.start + _QUARTER
            first = next(
                (
                    s
                    for s in bass
                    if s.start + s.length > sounding.start + 120
                    and s.start < limit
                    and s.start >= sounding.start - _EIGHTH
                ),
                None,
            )
            if first is None or first.pitch % 12 in meant.tones:
                continue
            error = first.pitch % 12 not in meant.tensions and first.length >= _EIGHTH
            what = f"bass begins {sounding.symbol} with {NAMES[first.pitch % 12]}"
            yield self._at(first, "bass", what, error, sounding.start)

    def _foreign_bass(self) -> Iterator[Fault]:
        """Find a bass that seldom plays what its chords hold, wherever it begins."""
        at_home, heard = 0, 0
        for stroke in self.parts["bass"]:
            meant = self._symbol(stroke.start)[1]
            coming = self._symbol(min(stroke.start + _QUARTER, self.performance.length - 1))[1]
            if meant and coming and not stroke.grace:
                heard += 1
                at_home += any(stroke.pitch % 12 in m.tones | m.tensions for m in (meant, coming))
        if heard >= 8 and at_home < heard * 0.6:
            what = f"only {at_home} of {heard} bass notes are of their chord"
            yield self._of_header("form", "bass", what)

    def _voice(self) -> Iterator[Fault]:
        harmony = self.performance.harmony
        for a, b in pairwise(harmony):
            if not a.voicing or not b.voicing or len(a.voicing) != len(b.voicing):
                continue
            moved = fmean(abs(x - y) for x, y in zip(a.voicing, b.voicing, strict=True))
            if moved > 4 and self.header.family not in PLANED:
                bar = self._bar(b.start)
                written = bar.section.harmony[bar.number - 1]
                what = f"{a.symbol} to {b.symbol}: voices move {moved:.1f} semitones each"
                yield self._in_bar(bar, written.line if written else bar.section.line, "voice", what, moved > 7)

    def _kick(self) -> Iterator[Fault]:
        if self.header.family not in LOCKED or self.header.style in FREE_BASS:
            return
        kicks = {s.start for s in self.parts["drums"] if s.letter in "KX"}
        kicked = {tick // self.size for tick in kicks}
        bass = [s for s in self.parts["bass"] if s.start // self.size in kicked and not s.grace]
        if len(bass) < 8 or len(kicks) < 8:
            return
        starts = {s.start for s in bass}
        loud = fmean(s.velocity for s in bass)
        heavy = {s.start for s in bass if s.velocity >= loud + 2 or s.start % self.size == 0}
        bars = {s.start // self.size for s in bass}
        held = {k for k in kicks if k // self.size in bars}
        on_kick = len(starts & kicks) / len(starts)
        if len(heavy & kicks) < len(heavy) / 3 and len(held & starts) < len(held) / 3 and on_kick > 0.2:
            bar = self._bar(min(starts))
            share = f"{len(heavy & kicks)} of {len(heavy)} accents of the bass meet a kick"
            what = f"bass and kick do not know of each other: {share}, {len(held & starts)} of {len(held)} kicks a bass note"
            yield self._in_bar(bar, bar.section.line, "kick", what)

    def _loudness(self, start: int, end: int) -> float:
        """Return the sum over the parts of their mean velocity, weighted by the share of bars they play in."""
        total = 0.0
        for strokes in self.parts.values():
            inside = strokes[bisect_left(strokes, start, key=_START) : bisect_left(strokes, end, key=_START)]
            if inside:
                bars = len({s.start // self.size for s in inside})
                total += fmean(s.velocity for s in inside) * min(1.0, bars * self.size / (end - start) + 0.25)
        return total

    def _dynamics(self) -> Iterator[Fault]:
        starts = [bar for bar in self.performance.bars if bar.number == 1]
        ends = [*(bar.start for bar in starts[1:]), self.performance.length]
        loud = [self._loudness(bar.start, end) for bar, end in zip(starts, ends, strict=True)]
        for i in range(1, len(starts)):
            kind, before = starts[i].section.kind, starts[i - 1].section.kind
            if loud[i] >= loud[i - 1] * 0.95 or kind not in ("drop", "chorus") or before == kind:
                continue
            error = kind == "drop" and before in ("build", "break", "verse", "intro")
            what = f"the {kind} is softer than the {before} before it ({loud[i]:.0f}, {loud[i - 1]:.0f})"
            yield self._in_bar(starts[i], starts[i].section.line, "dynamics", what, error)

    def _return(self) -> Iterator[Fault]:
        form = self.header.form
        based = {self.piece.sections[name].base for name in form}
        if self.piece.bars >= 24 and len(set(form)) == len(form) and not based & set(form):
            yield self._of_header("form", "return", f"{self.piece.bars} bars and nothing comes back")

    def _ends(self) -> Iterator[Fault]:
        starts = {s.start // self.size for s in self.performance.strokes}
        last = len(self.performance.bars) - 1
        if self.header.ends == "loop" and last > 1 and not {last, last - 1} & starts:
            bar = self.performance.bars[last]
            yield self._in_bar(bar, bar.section.line, "ends", "the last two bars of a loop are empty")

    # warnings

    def _questionable(self) -> Iterator[Fault]:
        bars = self.performance.bars
        melody: dict[int, list[Stroke]] = {}
        for stroke in self.parts["melody"]:
            melody.setdefault(stroke.start // self.size, []).append(stroke)
        for index, strokes in melody.items():
            if len(strokes) >= 5 and len({s.pitch for s in strokes}) == 1:
                yield self._in_bar(bars[index], strokes[0].line, "strong", "the melody repeats one pitch", False)
        texts = [tuple((s.start % self.size, s.pitch) for s in melody.get(i, ())) for i in range(len(bars))]
        sung = [i for i, text in enumerate(texts) if len(text) > 1]
        if len(sung) >= 16:
            share = fmean(texts[i] in texts[max(0, i - 16) : i] for i in sung)
            if not 0.1 <= share <= 0.75:
                what = f"{share:.0%} of the sung bars return exactly within 16 bars"
                yield self._of_header("form", "return", what, False)
        yield from self._fills()
        yield from self._comping()
        ends = sum(s.start // self.size == len(bars) - 1 for s in self.performance.strokes)
        if self.header.ends == "loop" and ends <= 2:
            yield self._in_bar(bars[-1], bars[-1].section.line, "ends", "a dead last bar", False)

    def _fills(self) -> Iterator[Fault]:
        by_bar: dict[int, set[tuple[int, int]]] = {}
        for stroke in self.parts["drums"]:
            by_bar.setdefault(stroke.start // self.size, set()).add((stroke.start % self.size, stroke.pitch))
        same = 0
        for index in range(1, len(self.performance.bars)):
            alike = index in by_bar and by_bar[index] == by_bar.get(index - 1)
            same = same + 1 if alike else 0
            if same == 15:
                bar = self.performance.bars[index]
                yield self._in_bar(bar, bar.section.line, "kick", "drums without a change for 16 bars", False)

    def _comping(self) -> Iterator[Fault]:
        onsets: dict[int, set[int]] = {}
        for stroke in self.parts["chords"]:
            onsets.setdefault(stroke.start // self.size, set()).add(stroke.start % self.size)
        for section in self.piece.sections.values():
            first = next(b for b in self.performance.bars if b.section.name == section.name)
            bar = first.start // self.size
            rhythms = [frozenset(onsets.get(i, ())) for i in range(bar, bar + section.bars)]
            if (
                section.bars >= 8
                and len(set(rhythms)) == 1
                and len(rhythms[0]) > 1
                and self.header.family not in PLANED
            ):
                yield self._in_bar(first, section.line, "voice", "one comping rhythm through the section", False)
