"""The reader of the notation (docs/songbook.md): text to a `Piece`, with every fault named by line, column and law."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

from model.songbook.header import HEADER_KEYS, NAME, read_header
from model.songbook.piece import (
    Bar,
    Caption,
    Chord,
    Dynamics,
    Fault,
    HarmonyBar,
    Header,
    NotationError,
    Piece,
    Row,
    RowsBar,
    Section,
    Token,
    Waiver,
)
from model.songbook.symbols import pitch, symbol
from model.songbook.tables import DRUMS, KINDS, PARTS, PITCHED, ROW_STEPS, ROWS, UNIT

LAWS = (
    "structure", "range", "strong", "rub", "bass", "voice", "kick", "dynamics", "return", "ends",
)  # fmt: skip
"""Laws of the lint, by name; the reader's own is the first."""

MOST_ITEMS = 4096
"""Tokens that a group is written out to: groups within groups grow by powers of 64."""

_PITCH = r"[A-G][#b]*-?\d"
_LENGTH = r"\d+(?:\.\d+)?(?:/\d+)?"
_TOKEN = re.compile(
    rf"(?:\((?P<graces>{_PITCH}(?:,{_PITCH}){{0,2}})\))?"
    rf"(?:(?P<rest>\.)|(?P<hold>~)|(?P<pitches>{_PITCH}(?:\+{_PITCH})*)|(?P<early>>)?(?P<voices>x|[1-9]+)(?P<up>\^*)|(?P<next>>))"
    rf"(?::(?P<length>{_LENGTH}))?"
    rf"(?P<marks>(?:[!,'_/\\]|%{_LENGTH}|@\d+|\$~|\$>?[+-]?\d*)*)"
)
_MARK = re.compile(rf"[!,'_/\\]|%{_LENGTH}|@\d+|\$~|\$>?[+-]?\d*")
_ITEM = re.compile(r"\{([+-]?\d+)\}|(\[)|\]\*(\d+)(?=\s|\]|$)|([^\s\[\]]+)")
_SECTION = re.compile(
    rf"section\s+(?P<name>{NAME})\s+(?:(?P<bars>\d+)|=\s*(?P<base>{NAME})(?:\s+(?P<first>\d+)-(?P<last>\d+))?)(?:\s+(?P<kind>\w+))?"
)
_BARS = r"all|\d+(?:-\d+)?(?:\s*,\s*\d+(?:-\d+)?)*"
_BLOCKS = ("harmony", "voicings", *PARTS)
_OPERATION = re.compile(
    rf"(?P<part>\w+)\s+(?:(?P<out>out)|from\s+(?P<source>{NAME})|(?P<verb>up|dynamics)\s+(?P<value>[+-]?\d+))"
    rf"(?:\s+(?P<bars>{_BARS}))?(?:\s+at\s+(?P<at>\d+))?"
)
_COMMENT = re.compile(r"(?:^|\s);.*")


class _Wrong(ValueError):
    """Something wrong at a column of the line that is being read."""

    def __init__(self, what: str, column: int = 1) -> None:
        super().__init__(what)
        self.column = column


def read_file(path: Path) -> Piece:
    """Return the piece of a file. Raises `NotationError`."""
    return read(path.read_text(encoding="utf-8"), str(path))


def read(text: str, file: str = "piece") -> Piece:
    """Return the piece that a text says. Raises `NotationError` with all faults."""
    reader = _Reader(file)
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        reader.line(number, line)
    return reader.finish(tuple(lines))


class _Reader:
    """Reads line by line; a wrong line becomes a fault and the reading goes on."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.number = 0
        self.values: dict[str, tuple[str, int]] = {}
        self.captions: list[Caption] = []
        self.voicings: dict[str, tuple[int, ...]] = {}
        self.sections: dict[str, Section] = {}
        self.block = "header"
        self.draft: _Draft | None = None
        self.bar = 1920

    def line(self, number: int, raw: str) -> None:
        """Read one line."""
        self.number = number
        body = _COMMENT.sub("", raw).rstrip()
        text = body.strip()
        if not text:
            return
        indent = len(body) - len(body.lstrip())
        try:
            self._dispatch(text)
        except ValueError as wrong:
            column = wrong.column if isinstance(wrong, _Wrong) else 1
            self.fault(str(wrong), column + indent)

    def fault(self, what: str, column: int = 1, number: int | None = None) -> None:
        """Note a fault of the structure."""
        name, bar = (self.draft.name, self.draft.bar) if self.draft else ("", 0)
        line = self.number if number is None else number
        if name and not bar:
            name, what = "", f"{name}: {what}"
        self.faults.append(Fault(self.file, line, column, "structure", what, name, bar))

    def _dispatch(self, text: str) -> None:
        if re.match(r"section\s", text):
            self._section(text)
        elif self.draft is not None:
            self.block = self.draft.line(text, self.number, self.block)
        elif text in ("captions", "voicings"):
            self.block = text
            self._meter()
        elif self.block == "header":
            key, _, value = text.partition(" ")
            if key not in HEADER_KEYS:
                raise _Wrong(f"no header line is called {key}")
            if key in self.values:
                raise _Wrong(f"{key} is said twice")
            self.values[key] = (value.strip(), self.number)
        elif self.block == "captions":
            m = re.fullmatch(r"(en|zh)(\*?):\s*(.+)", text)
            if not m:
                raise _Wrong("a caption is `en: text`, `en*: text`, `zh: text` or `zh*: text`")
            self.captions.append(Caption(m[1], bool(m[2]), m[3], self.number))
        else:
            _voicing(text, self.voicings)

    def _meter(self) -> None:
        value = self.values.get("meter", ("4/4", 0))[0]
        m = re.fullmatch(r"(\d+)/(\d+)", value)
        if m and int(m[2]) in ROW_STEPS and int(m[1]) > 0:
            self.bar = 1920 * int(m[1]) // int(m[2])

    def _section(self, text: str) -> None:
        self._close()
        self._meter()
        m = _SECTION.fullmatch(text)
        if not m:
            raise _Wrong("a section is `section NAME BARS [kind]` or `section NAME = BASE [FIRST-LAST] [kind]`")
        name, kind = m["name"], m["kind"]
        if kind is not None and kind not in KINDS:
            raise _Wrong(f"kinds are {' '.join(KINDS)}, not {kind}", m.start("kind") + 1)
        if name in self.sections:
            raise _Wrong(f"section {name} is written twice")
        base: Section | None = None
        if m["base"]:
            base = self.sections.get(m["base"])
            if base is None:
                self.draft = _Draft(self, Section(name, kind or "theme", 0, self.number))
                raise _Wrong(f"no section {m['base']} before this one", m.start("base") + 1)
        self.draft = _Draft(self, _begun(name, kind, self.number, int(m["bars"] or 0), base, m["first"], m["last"]))
        self.block = ""

    def _close(self) -> None:
        if self.draft is not None:
            self.draft.bar = 0
            section = self.draft.section()
            self.sections[section.name] = section
            self.draft = None

    def finish(self, lines: tuple[str, ...]) -> Piece:
        """Return the piece, or raise what was wrong."""
        self._close()
        header = self._header()
        if header is not None:
            self._whole(header)
        if self.faults or header is None:
            raise NotationError(tuple(sorted(self.faults, key=lambda f: (f.line, f.column))))
        return Piece(self.file, header, tuple(self.captions), self.voicings, self.sections, lines)

    def _header(self) -> Header | None:
        header, wrong = read_header({key: value for key, (value, _) in self.values.items()})
        for key, what in wrong.items():
            said = key in self.values
            self.fault(what, len(key) + 2 if said else 1, self.values[key][1] if said else 1)
        return header

    def _whole(self, header: Header) -> None:
        """Note what no line alone can have wrong."""
        number = self.values["form"][1]
        for name in header.form:
            if name not in self.sections:
                self.fault(f"form plays {name}, which is not written", number=number)
        for name, section in self.sections.items():
            if name not in header.form:
                self.fault(f"section {name} is not in the form", number=section.line)
        playing = {
            part
            for section in self.sections.values()
            for part, bars in section.pitched.items()
            if any(bar and bar.layers for bar in bars)
        }
        for part in sorted(playing - set(header.sound)):
            self.fault(f"sound names no program for {part}", number=self.values["sound"][1])


def _begun(
    name: str,
    kind: str | None,
    line: int,
    bars: int,
    base: Section | None,
    first: str | None,
    last: str | None,
) -> Section:
    """Return a section as it is before its own lines: empty, or its base's bars."""
    own = name.lower() if name.lower() in KINDS else None
    if base is None:
        if not 1 <= bars <= 128:
            raise _Wrong(f"a section has 1 to 128 bars, not {bars}")
        return Section(name, kind or own or "theme", bars, line, harmony=(None,) * bars)
    a, z = int(first or 1), int(last or base.bars)
    if not 1 <= a <= z <= base.bars:
        raise _Wrong(f"section {base.name} has bars 1 to {base.bars}")
    waivers = []
    for waiver in base.waivers:
        kept = tuple(b - a + 1 for b in waiver.bars if a <= b <= z)
        if kept:
            waivers.append(replace(waiver, bars=kept))
    return replace(
        base,
        name=name,
        kind=kind or own or base.kind,
        bars=z - a + 1,
        line=line,
        base=base.name,
        harmony=base.harmony[a - 1 : z],
        pitched={part: written[a - 1 : z] for part, written in base.pitched.items()},
        rows={part: written[a - 1 : z] for part, written in base.rows.items()},
        waivers=tuple(waivers),
    )


class _Draft:
    """A section while its lines are read."""

    def __init__(self, reader: _Reader, begun: Section) -> None:
        self.reader, self.begun, self.name = reader, begun, begun.name
        self.level, self.transpose = begun.level, begun.transpose
        self.harmony = list(begun.harmony)
        self.voicings = dict(begun.voicings)
        self.pitched = {part: list(bars) for part, bars in begun.pitched.items()}
        self.rows = {part: list(bars) for part, bars in begun.rows.items()}
        self.waivers = list(begun.waivers)
        self.written: set[tuple[str, int]] = set()
        """Bars that this section's own lines have written, by part."""
        self.harmony_next = 1
        self.open_rows: tuple[int, ...] = ()
        self.keeps = False
        self.row_line = 0
        self.bar = 0
        """The first bar that the line which is read writes, 0 while it is not known."""

    def line(self, text: str, number: int, block: str) -> str:
        """Read one line of the section; return the block that is open after it."""
        self.bar = 0
        first = text.split(None, 1)[0]
        if text in _BLOCKS:
            self.open_rows, self.harmony_next = (), 1
            return text
        if first in ("level", "transpose"):
            m = re.fullmatch(r"\w+\s+([+-]?\d+)", text)
            if not m:
                raise _Wrong(f"{first} needs a whole number")
            if first == "level":
                self.level = int(m[1])
            else:
                self.transpose = self.begun.transpose + int(m[1])
            return block
        if first == "waive":
            self._waive(text, number)
            return block
        m = _OPERATION.fullmatch(text)
        if m and m["part"] in _BLOCKS:
            self._operate(m)
            return block
        m = re.match(rf"(?P<block>{'|'.join(_BLOCKS)})\s+(?=\+?(?:{_BARS})\s*:)", text)
        shift = 0
        if m:
            block, shift = m["block"], m.end()
            self.open_rows, self.harmony_next = (), 1
        try:
            self._body(text[shift:], number, block)
        except _Wrong as wrong:
            raise _Wrong(str(wrong), wrong.column + shift) from None
        return block

    def _body(self, text: str, number: int, block: str) -> None:
        if block == "voicings":
            _voicing(text, self.voicings)
        elif block == "harmony":
            self._harmony(text, number)
        elif block in PITCHED:
            m = re.match(rf"({_BARS})\s*:", text)
            if not m:
                raise _Wrong(f"{block} needs `BARS: tokens`")
            bars = self._bars(m[1])
            self.bar = bars[0] if bars else 0
            for bar in bars:
                if (block, bar) in self.written:
                    raise _Wrong(f"{block} bar {bar} is written twice")
            self.written |= {(block, bar) for bar in bars}
            written = self.pitched.setdefault(block, [None] * self.begun.bars)
            for bar in bars:
                written[bar - 1] = Bar((), "-", number, 1)  # should it be wrong, it is said once
            read = read_bar(text[m.end() :], self.reader.bar, number, m.end() + 1)
            for bar in bars:
                written[bar - 1] = read
        elif block in ROWS:
            self._rows(text, number, block)
        else:
            raise _Wrong(f"nothing is open that could hold `{text}`")

    def _bars(self, text: str) -> tuple[int, ...]:
        bars = _bar_numbers(text, self.begun.bars)
        if bars and max(bars) > self.begun.bars:
            raise _Wrong(f"section {self.name} has {self.begun.bars} bars, not {max(bars)}")
        return bars

    def _harmony(self, text: str, number: int) -> None:
        m = re.match(rf"({_BARS})\s*:(?!\d)", text)
        if m:
            bars, cells = self._bars(m[1]), [text[m.end() :]]
        else:
            cells = text.strip("|").split("|")
            bars = tuple(range(self.harmony_next, self.harmony_next + len(cells)))
            self.harmony_next += len(cells)
            if bars[-1] > self.begun.bars:
                raise _Wrong(f"harmony of {bars[-1]} bars in a section of {self.begun.bars}")
        for bar, cell in zip(bars, cells * (len(bars) if m else 1), strict=True):
            self.bar = bar
            if ("harmony", bar) in self.written:
                raise _Wrong(f"harmony of bar {bar} is written twice")
            self.written.add(("harmony", bar))
            if cell.split() == ["%"]:
                before = self.harmony[bar - 2] if bar > 1 else None
                if before is None:
                    raise _Wrong("% has no bar before it")
                self.harmony[bar - 1] = replace(before, line=number)
            else:
                self.harmony[bar - 1] = HarmonyBar(_chords(cell, self.reader.bar, bar), number)

    def _rows(self, text: str, number: int, block: str) -> None:
        m = re.fullmatch(rf"(\+?)({_BARS})\s*:", text)
        if m:
            self.open_rows, self.keeps, self.row_line = self._bars(m[2]), bool(m[1]), number
            written = self.rows.setdefault(block, [None] * self.begun.bars)
            for bar in self.open_rows:
                if not self.keeps and (block, bar) not in self.written:
                    written[bar - 1] = None
                self.written.add((block, bar))
            return
        if not self.open_rows:
            raise _Wrong(f"{block} needs `BARS:` before its rows")
        self.bar = self.open_rows[0]
        letter, _, pattern = text.partition(" ")
        if letter not in DRUMS:
            raise _Wrong(f"no drum has the letter {letter}")
        row = Row(letter, _strokes(pattern, self.reader), "".join(pattern.split()), number)
        written = self.rows[block]
        for bar in self.open_rows:
            old = written[bar - 1]
            rows = old.rows if old else ()
            if self.keeps:
                rows = tuple(r for r in rows if r.letter != letter or r.line > self.row_line)
            rows = (*rows, row) if row.text != "-" else tuple(r for r in rows if r.letter != letter)
            written[bar - 1] = RowsBar(rows, old.line if old else number, old.dynamics if old else 0)

    def _waive(self, text: str, number: int) -> None:
        m = re.fullmatch(rf"waive\s+(\w+)\s+({_BARS})\s*:\s*(\S.*)", text)
        if not m:
            raise _Wrong("a waiver is `waive LAW BARS: reason`")
        if m[1] not in LAWS[1:]:
            raise _Wrong(f"laws that can be waived are {' '.join(LAWS[1:])}, not {m[1]}")
        self.waivers.append(Waiver(m[1], self._bars(m[2]), m[3], number))

    def _operate(self, m: re.Match[str]) -> None:
        part = m["part"]
        if m["source"]:
            self._take(part, m["source"], m["bars"], m["at"])
            return
        if m["at"] or part in ("harmony", "voicings"):
            raise _Wrong(f"`{m[0]}` says nothing")
        bars = self._bars(m["bars"] or "all")
        rows = part in ROWS
        if m["out"] and not m["bars"]:
            (self.rows if rows else self.pitched).pop(part, None)
            self.written = {w for w in self.written if w[0] != part}
            return
        if part not in (self.rows if rows else self.pitched):
            raise _Wrong(f"{part} has no bars here")
        if rows:
            if m["verb"] == "up":
                raise _Wrong(f"{part} cannot go up")
            drums = self.rows[part]
            for bar in bars:
                old = drums[bar - 1]
                if m["out"]:
                    drums[bar - 1] = None
                elif old:
                    drums[bar - 1] = replace(old, dynamics=old.dynamics + int(m["value"]))
            return
        written = self.pitched[part]
        for bar in bars:
            pitched = written[bar - 1]
            if m["out"]:
                written[bar - 1] = Bar((), "-", self.reader.number, 1)
            elif pitched:
                by = int(m["value"])
                written[bar - 1] = (
                    replace(pitched, up=pitched.up + by)
                    if m["verb"] == "up"
                    else replace(pitched, dynamics=pitched.dynamics + by)
                )

    def _take(self, part: str, name: str, bars: str | None, at: str | None) -> None:
        source = self.reader.sections.get(name)
        if source is None:
            raise _Wrong(f"no section {name} before this one")
        numbers = _bar_numbers(bars or "all", source.bars)
        if max(numbers) > source.bars:
            raise _Wrong(f"section {name} has {source.bars} bars")
        to = int(at or numbers[0])
        if to + numbers[-1] - numbers[0] > self.begun.bars:
            raise _Wrong(f"section {self.name} has {self.begun.bars} bars only")
        target: list[object]
        taken: Mapping[int, object]
        if part == "harmony":
            target, taken = self.harmony, dict(enumerate(source.harmony, 1))  # type: ignore[assignment]
        elif part in ROWS and part in source.rows:
            target = self.rows.setdefault(part, [None] * self.begun.bars)  # type: ignore[assignment]
            taken = dict(enumerate(source.rows[part], 1))
        elif part in source.pitched:
            target = self.pitched.setdefault(part, [None] * self.begun.bars)  # type: ignore[assignment]
            taken = dict(enumerate(source.pitched[part], 1))
        else:
            raise _Wrong(f"section {name} has no {part}")
        for number in numbers:
            bar = to + number - numbers[0]
            target[bar - 1] = taken[number]
            self.written.discard((part, bar))

    def section(self) -> Section:
        """Return the section, and note which bars it lacks."""
        begun = self.begun
        for bar, harmony in enumerate(self.harmony, 1):
            if harmony is None:
                self.reader.fault(f"bar {bar} has no harmony", number=begun.line)
        for part, bars in self.pitched.items():
            missing = [str(n) for n, bar in enumerate(bars, 1) if bar is None]
            if missing:
                self.reader.fault(f"{part} lacks bar {', '.join(missing)} (an empty bar is `-`)", number=begun.line)
        return replace(
            begun,
            level=self.level,
            transpose=self.transpose,
            harmony=tuple(self.harmony),
            voicings=self.voicings,
            pitched={part: tuple(self.pitched[part]) for part in PITCHED if part in self.pitched},
            rows={part: tuple(self.rows[part]) for part in ROWS if part in self.rows},
            waivers=tuple(self.waivers),
        )


def _bar_numbers(text: str, bars: int) -> tuple[int, ...]:
    if text == "all":
        return tuple(range(1, bars + 1))
    numbers: list[int] = []
    for span in text.split(","):
        first, _, last = span.strip().partition("-")
        a, z = int(first), int(last or first)
        if not 1 <= a <= z:
            raise _Wrong(f"not bars: {span.strip()}")
        numbers += range(a, z + 1)
    if len(set(numbers)) < len(numbers):
        raise _Wrong(f"a bar stands twice in {text}")
    return tuple(numbers)


def _chords(cell: str, bar: int, number: int) -> tuple[Chord, ...]:
    words = [word.partition(":") for word in cell.split()]
    if not words:
        raise _Wrong(f"bar {number} has no chord")
    if len({bool(colon) for _, colon, _ in words}) > 1:
        raise _Wrong(f"all chords of bar {number} say their units, or none")
    chords, start = [], 0
    for name, colon, units in words:
        symbol(name)
        length = _ticks(units) if colon else _whole(Fraction(bar, len(words)), f"{len(words)} chords in bar {number}")
        chords.append(Chord(name, start, length))
        start += length
    if start != bar:
        raise _Wrong(f"harmony of bar {number} has {Fraction(start, UNIT)} units, not {Fraction(bar, UNIT)}")
    return tuple(chords)


def _strokes(pattern: str, reader: _Reader) -> tuple[tuple[int, int], ...]:
    row = "".join(pattern.split())
    if row == "-":
        return ()
    wrong = re.search(r"[^.1-9]", row)
    if not row or wrong:
        raise _Wrong(f"a row holds `.` and 1-9, not {wrong[0]}" if wrong else "an empty row")
    meter = re.fullmatch(r"(\d+)/(\d+)", reader.values.get("meter", ("4/4", 0))[0])
    n, d = (int(meter[1]), int(meter[2])) if meter else (4, 4)
    allowed = [n * k for k in ROW_STEPS.get(d, ())]
    if len(row) not in allowed:
        raise _Wrong(f"a row of {len(row)} steps; {n}/{d} has {' '.join(map(str, allowed))}")
    step = reader.bar // len(row)
    return tuple((i * step, int(c)) for i, c in enumerate(row) if c != ".")


def _voicing(text: str, into: dict[str, tuple[int, ...]]) -> None:
    name, equals, pitches = text.partition("=")
    if not equals:
        raise _Wrong("a voicing is `SYMBOL = pitches`")
    name = name.strip()
    symbol(name)
    notes = tuple(pitch(p) for p in pitches.split())
    if not notes or list(notes) != sorted(set(notes)):
        raise _Wrong(f"the voicing of {name} must go up")
    if len(notes) > 9:
        raise _Wrong(f"the voicing of {name} has more than nine notes")
    into[name] = notes


def _whole(value: Fraction, what: str) -> int:
    if value.denominator != 1:
        raise _Wrong(f"{what} is not a whole number of ticks")
    return int(value)


@cache
def _ticks(text: str) -> int:
    number, _, below = text.partition("/")
    try:
        value = Fraction(number) / int(below or 1) * UNIT
    except (ValueError, ZeroDivisionError):
        raise _Wrong(f"not a length: {text}") from None
    if value <= 0:
        raise _Wrong("a length must be above 0")
    return _whole(value, f"length {text}")


def read_bar(text: str, bar: int, line: int = 0, column: int = 1) -> Bar:
    """Return the bar of `bar` ticks that a text says. Raises ValueError."""
    if text.strip() == "-":
        return Bar((), "-", line, column)
    layers: list[tuple[Token | Dynamics, ...]] = []
    at = column
    for layer in text.split("&"):
        items = _layer(layer, at)
        length = sum(item.length for item in items if isinstance(item, Token))
        if length != bar:
            which = f"layer {len(layers) + 1}: " if "&" in text else ""
            raise _Wrong(f"{which}{Fraction(length, UNIT)} units, not {Fraction(bar, UNIT)}", at)
        layers.append(items)
        at += len(layer) + 1
    return Bar(tuple(layers), " ".join(text.split()), line, column)


def _layer(text: str, column: int) -> tuple[Token | Dynamics, ...]:
    items: list[Token | Dynamics] = []
    length, start = UNIT, 0
    for word, at in _written_out(text, column):
        if word.startswith("{"):
            items.append(Dynamics(int(word[1:-1])))
            continue
        token = _token(word, at, start, length)
        items.append(token)
        length = token.length
        start += length
    return tuple(items)


def _written_out(text: str, column: int) -> list[tuple[str, int]]:
    """Return the words of a layer and their columns, with its groups written out."""
    stack: list[list[tuple[str, int]]] = [[]]
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        m = _ITEM.match(text, position)
        at = column + position
        if not m:
            raise _Wrong(f"not a token: {text[position:].split()[0]}", at)
        if m[2]:
            stack.append([])
        elif m[3]:
            if len(stack) == 1:
                raise _Wrong("a group ends that has not begun", at)
            if not 1 <= int(m[3]) <= 64:
                raise _Wrong("a group is repeated 1 to 64 times", at)
            group = stack.pop()
            if len(group) * int(m[3]) > MOST_ITEMS:
                raise _Wrong(f"a layer of more than {MOST_ITEMS} tokens", at)
            stack[-1] += group * int(m[3])
        else:
            stack[-1].append((m[0], at))
        position = m.end()
    if len(stack) > 1:
        raise _Wrong("a group does not end", column)
    return stack[0]


def _token(word: str, column: int, start: int, default: int) -> Token:
    try:
        return _meant(word, default)._replace(start=start, column=column)
    except ValueError as wrong:
        raise _Wrong(str(wrong), column) from None


@cache
def _meant(word: str, default: int) -> Token:
    """Return the token that a word says, as if it began its bar; `default` is its length where it says none."""
    m = _TOKEN.fullmatch(word)
    if not m:
        raise _Wrong(f"not a token: {word}")
    length = _ticks(m["length"]) if m["length"] else default
    if m["rest"] or m["hold"]:
        if m["marks"] or m["graces"]:
            raise _Wrong(f"a rest or a hold has no marks: {word}")
        return Token(0, length, "rest" if m["rest"] else "hold")
    graces = tuple(pitch(p) for p in (m["graces"] or "").split(",") if p)
    if m["pitches"]:
        pitches = tuple(sorted(pitch(p) for p in m["pitches"].split("+")))
        if len(set(pitches)) < len(pitches):
            raise _Wrong(f"a pitch twice: {word}")
        token = Token(0, length, "pitches", pitches, graces=graces)
    else:
        voices = "" if m["next"] or m["voices"] == "x" else m["voices"]
        if len(set(voices)) < len(voices):
            raise _Wrong(f"a voice twice: {word}")
        early = bool(m["early"] or m["next"])
        token = Token(0, length, "voices", tuple(sorted(map(int, voices))), early, len(m["up"] or ""), graces)
    return _marked(token, m["marks"])


def _marked(token: Token, marks: str) -> Token:
    for mark in _MARK.findall(marks):
        match mark[0]:
            case "!":
                token = token._replace(accent=token.accent + 11)
            case ",":
                token = token._replace(accent=token.accent - 13)
            case "'":
                token = token._replace(short=True)
            case "_":
                token = token._replace(ring=True)
            case "/":
                token = token._replace(strum=1)
            case "\\":
                token = token._replace(strum=-1)
            case "%":
                tremolo = _ticks(mark[1:])
                if token.length % tremolo:
                    raise _Wrong(f"{mark} does not divide the length")
                token = token._replace(tremolo=tremolo)
            case "@":
                if not 1 <= int(mark[1:]) <= 127:
                    raise _Wrong(f"a velocity is 1 to 127, not {mark[1:]}")
                token = token._replace(exact=int(mark[1:]))
            case _:
                token = token._replace(bend=token.bend + mark)
    return token
