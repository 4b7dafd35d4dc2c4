"""Text from what was read: a text laid out the usual way (`formatted`), and a .mid file written down (`written`)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from model.music.programs import KITS, PROGRAMS
from model.songbook.header import HEADER_KEYS
from model.songbook.midi import Recording
from model.songbook.rendering import Bend, Note, once
from model.songbook.symbols import names_in, pitch_name, symbol
from model.songbook.tables import DRUMS, LETTERS, PARTS, PITCHED, ROW_STEPS, ROWS, UNIT

# laid out

_BLOCKS = ("captions", "voicings", "harmony", *PARTS)
_COLUMN = 33
"""Where a comment begins that stands after something."""


def formatted(text: str) -> str:
    """Return a text laid out the usual way: header in order, one space, one empty line between blocks.

    It says the same; comments stay with their lines.
    """
    header: dict[str, list[str]] = {}
    opening: list[str] = []
    body: list[str] = []
    waiting: list[str] = []
    for raw in text.splitlines():
        code, comment = _split(raw)
        key = code.split(None, 1)[0] if code else ""
        if not body and (key in _BLOCKS or key == "section"):
            body += waiting
            waiting = []
            body.append(_line(code, comment))
        elif body:
            body.append(_line(code, comment))
        elif not code:
            waiting += [comment] if comment else []
        elif key in HEADER_KEYS and key not in header:
            header[key] = [*waiting, _line(code, comment)]
            waiting = []
        else:
            opening += [*waiting, _line(code, comment)]
            waiting = []
    lines = [line for key in HEADER_KEYS for line in header.get(key, [])] + opening + waiting
    out: list[str] = lines
    for line in body:
        word = line.split(None, 1)[0] if line else ""
        if not line:
            continue
        if word in ("captions", "section") or (line.split(";")[0].strip() == "voicings" and not _in_section(out)):
            comments = _trailing_comments(out)
            out += ["", *comments]
        out.append(line)
    return "\n".join(out).strip("\n") + "\n"


def _in_section(lines: list[str]) -> bool:
    return any(line.startswith("section ") for line in lines)


def _trailing_comments(lines: list[str]) -> list[str]:
    """Take the comments that stand last and alone off the lines: they belong to the block that begins."""
    taken: list[str] = []
    while lines and lines[-1].startswith(";"):
        taken.insert(0, lines.pop())
    return taken


def _split(raw: str) -> tuple[str, str]:
    m = re.search(r"(?:^|\s);.*", raw)
    return (raw[: m.start()].strip(), m[0].strip()) if m else (raw.strip(), "")


def _line(code: str, comment: str) -> str:
    code = " ".join(code.split())
    m = re.fullmatch(r"([A-Za-z]) ([.1-9 ]+|-)", code)
    if m and m[1] in DRUMS:
        code = f"{m[1]} {m[2].replace(' ', '')}"
    elif "|" in code and not code.startswith(("en", "zh", "title")):
        code = " | ".join(" ".join(cell.split()) for cell in code.strip("| ").split("|"))
    if not comment:
        return code
    return f"{code.ljust(_COLUMN - 1)} {comment}" if code else comment


# written down


@dataclass(frozen=True, slots=True)
class _Event:
    """Notes of one part that begin, end and are struck alike."""

    start: int
    end: int
    velocity: int
    pitches: tuple[int, ...]
    bend: str = ""


@dataclass(frozen=True, slots=True)
class _Chord:
    start: int
    end: int
    symbol: str


_Cells = dict[tuple[str, int], str]
"""Text of each bar of a section, by part and number."""


def written(recording: Recording, said: Mapping[str, str] | None = None) -> str:
    """Return the notation of a .mid file of ours: its notes, symbols, sections and, where it holds them, its header.

    Notes off the grid (of a performance) are put on it. `said` are header lines for files that hold none. Raises ValueError.
    """
    beats, unit = recording.meter
    if unit not in ROW_STEPS:
        raise ValueError(
            f"a metre in {unit}ths cannot be written down: the notation has halves to sixteenths, not {beats}/{unit}"
        )
    return _Writer(recording, dict(said or {})).text()


class _Writer:
    """Writes one recording down."""

    def __init__(self, recording: Recording, said: dict[str, str]) -> None:
        self.recording = recording
        self.bar = recording.bar
        self.bars = recording.length // self.bar
        self.header = self._header(said)
        self.names = names_in(recording.key)
        self.harmony = self._harmony()
        self.mix = self._mix()
        self.voicings = self._voicings()
        self.levels = self._levels()

    def text(self) -> str:
        """Return the text."""
        bars: list[_Cells] = [{} for _ in range(self.bars)]
        for part in PITCHED:
            if self.recording.notes[part]:
                for index, cell in enumerate(self._pitched(part)):
                    bars[index][part, 0] = cell
        for part in ROWS:
            for index, cell in self._rows(part).items():
                bars[index][part, 0] = cell
        for index in range(self.bars):
            bars[index]["harmony", 0] = self._harmony_cell(index)
        names, order = self._sections(bars)
        lines = [*self._header_text(order), "", "captions", *self._captions()]
        if self.voicings:
            lines += ["", "voicings"]
            lines += [f"{name} = {' '.join(pitch_name(p, self.names) for p in v)}" for name, v in self.voicings.items()]
        for name, (kind, cells) in names.items():
            lines += ["", *self._section(name, kind, cells)]
        return "\n".join(lines) + "\n"

    # header

    def _header(self, said: dict[str, str]) -> dict[str, str]:
        recording = self.recording
        minor = recording.key.endswith("m")
        header = {
            "title": recording.title or "Untitled",
            "style": "pop",
            "family": "pop",
            "batch": "recorded",
            "plan": "0",
            "tempo": f"{float(round(recording.tempo, 3)):g}",
            "key": f"{recording.key.rstrip('m')} {'minor' if minor else 'major'}",
            "meter": f"{recording.meter[0]}/{recording.meter[1]}",
            "lead": "melody",
            "mood": "unsaid",
            "energy": "3",
            "density": "3",
        }
        kits = {program: kit for kit, program in KITS.items()}
        sound = [f"{part}={PROGRAMS[recording.programs.get(part, 0)]}" for part in PITCHED if recording.notes[part]]
        kit = kits.get(recording.programs.get("drums", 0), "standard")
        header["sound"] = " ".join([*sound, f"kit={kit}"])
        for line in recording.lines:
            key, _, value = line.partition(" ")
            if key in HEADER_KEYS and value:
                header[key] = value
        return header | said

    def _header_text(self, order: list[str]) -> list[str]:
        header = self.header | {
            "form": " ".join(order),
            "mix": " ".join(f"{p}={v}" for p, v in self.mix.items()),
        }
        return [f"{key} {header[key]}" for key in HEADER_KEYS if header.get(key)]

    def _captions(self) -> list[str]:
        return [line for line in self.recording.lines if re.match(r"(en|zh)\*?: ", line)]

    def _mix(self) -> dict[str, int]:
        said = dict(re.findall(r"(\w+)=(\d+)", self.header.get("mix", "")))
        mix = {}
        for part in PITCHED:
            velocities = Counter(n.velocity for n in self.recording.notes[part])
            if part in said:
                mix[part] = int(said[part])
            elif velocities:
                mix[part] = velocities.most_common(1)[0][0]
        return mix

    def _cues(self) -> list[tuple[int, str]]:
        """Return the bars where sections begin, with what their cue points say; every eight bars if there are none."""
        cues = sorted({min(tick // self.bar, self.bars - 1): text for tick, text in self.recording.sections}.items())
        return cues if cues and cues[0][0] == 0 else [(index, "") for index in range(0, self.bars, 8)]

    def _levels(self) -> list[int]:
        """Return each bar's level: what the velocities of its section are away from the mix."""
        starts = [bar for bar, _ in self._cues()]
        levels: list[int] = []
        for first, last in zip(starts, [*starts[1:], self.bars], strict=True):
            inside = [
                (n.velocity, n.velocity - mix)
                for part, mix in self.mix.items()
                for n in self.recording.notes[part]
                if first * self.bar <= n.start < last * self.bar
            ]
            if inside:
                level = max(range(-40, 41), key=lambda x: (sum(a - x in _ACCENTS for _, a in inside), -abs(x)))
                if any(not 1 <= v - level <= 127 for v, _ in inside):
                    level = 0
            else:
                level = levels[-1] if levels else 0
            levels += [level] * (last - first)
        return levels

    # harmony

    def _harmony(self) -> list[_Chord]:
        """Return the chords as they will be written: each symbol begins again in each bar."""
        changes: dict[int, str] = {0: "NC"}
        for tick, told in self.recording.symbols:
            name = told.replace("mmaj7", "mM7").replace("aug7", "7#5")  # the notation's spelling of the band's names
            try:
                symbol(name)
            except ValueError:
                continue
            place = tick if self.recording.canonical else _snap(tick)
            changes[min(place, self.recording.length)] = name
        ticks = sorted({*changes, *range(0, self.recording.length, self.bar)})
        chords, now = [], "NC"
        for tick, end in zip(ticks, [*ticks[1:], self.recording.length], strict=True):
            now = changes.get(tick, now)
            if tick < end:
                chords.append(_Chord(tick, end, now))
        return chords

    def _harmony_cell(self, index: int) -> str:
        start = index * self.bar
        chords = [c for c in self.harmony if start <= c.start < start + self.bar]
        lengths = {c.end - c.start for c in chords}
        if len(lengths) == 1:
            return " ".join(c.symbol for c in chords)
        return " ".join(f"{c.symbol}:{_units(c.end - c.start)}" for c in chords)

    def _chord(self, tick: int) -> int:
        return bisect_right(self.harmony, tick, key=lambda chord: chord.start) - 1

    def _voicings(self) -> dict[str, tuple[int, ...]]:
        """Return the voicing of each symbol: what the chords strike most often while it is in force."""
        struck: dict[str, Counter[tuple[int, ...]]] = {}
        for event in self._events("chords"):
            if 3 <= len(event.pitches) <= 9:
                name = self.harmony[self._chord(event.start)].symbol
                struck.setdefault(name, Counter())[event.pitches] += 1
        return {name: c.most_common(1)[0][0] for name, c in sorted(struck.items()) if name != "NC"}

    # notes

    def _notes(self, part: str) -> list[Note]:
        """Return a part's notes; those of a performance are put on the grid."""
        notes, length = self.recording.notes[part], self.recording.length
        if self.recording.canonical or all(n.start % 60 == 0 or n.start % 40 == 0 for n in notes):
            return list(notes)
        placed: dict[tuple[int, int], Note] = {}
        for note in notes:
            start = min(_snap(note.start), length - 60)
            end = min(max(_snap(note.end), start + 60), length)
            placed.setdefault((start, note.pitch), Note(start, note.pitch, end - start, note.velocity))
        return list(once(placed.values(), length))

    def _events(self, part: str) -> list[_Event]:
        groups: dict[tuple[int, int, int], list[int]] = {}
        for note in self._notes(part):
            groups.setdefault((note.start, note.end, note.velocity), []).append(note.pitch)
        marks: dict[int, list[Bend]] = {}
        for bend in self.recording.bends:
            if bend.part == part:
                marks.setdefault(bend.start, []).append(bend)
        events = []
        for (start, end, velocity), pitches in sorted(groups.items()):
            mark = next((b.mark for b in marks.get(start, ()) if b.pitch == max(pitches)), "")
            events.append(_Event(start, end, velocity, tuple(sorted(pitches)), mark))
        return events

    def _pitched(self, part: str) -> list[str]:
        """Return the text of each bar of a part."""
        layers: list[list[_Event]] = []
        for event in self._events(part):
            free = next((layer for layer in layers if layer[-1].end <= event.start), None)
            if free is None:
                layers.append([event])
            else:
                free.append(event)
        bars: list[list[list[_Event]]] = [[[] for _ in layers] for _ in range(self.bars)]
        for k, layer in enumerate(layers):
            for event in layer:
                for index in range(event.start // self.bar, (event.end - 1) // self.bar + 1):
                    bars[index][k].append(event)
        return [self._bar_text(part, inside, index) for index, inside in enumerate(bars)]

    def _bar_text(self, part: str, inside: list[list[_Event]], index: int) -> str:
        start, end = index * self.bar, (index + 1) * self.bar
        while inside and not inside[-1]:
            inside.pop()
        if not inside:
            return "-"
        texts = []
        for events in inside:
            tokens, now = [], start
            for event in events:
                if event.start > now:
                    tokens.append(f".:{_units(event.start - now)}")
                until = min(event.end, end)
                begins = max(event.start, start)
                head = "~" if event.start < start else self._head(part, event)
                marks = "" if head == "~" else self._marks(part, event)
                tokens.append(f"{head}:{_units(until - begins)}{marks}")
                now = until
            if now < end:
                tokens.append(f".:{_units(end - now)}")
            texts.append(" ".join(tokens))
        return " & ".join(texts)

    def _head(self, part: str, event: _Event) -> str:
        if part in ("chords", "pad"):
            here = self._chord(event.start)
            for early, index in (("", here), (">", (here + 1) % len(self.harmony))):
                voicing = self.voicings.get(self.harmony[index].symbol, ())
                if event.pitches == voicing:
                    return early + "x"
                if not early and voicing and set(event.pitches) <= set(voicing):
                    return "".join(str(voicing.index(p) + 1) for p in event.pitches)
        return "+".join(pitch_name(p, self.names) for p in event.pitches)

    def _marks(self, part: str, event: _Event) -> str:
        level = self.levels[event.start // self.bar]
        accent = _ACCENTS.get(event.velocity - level - self.mix[part])
        return (f"@{event.velocity - level}" if accent is None else accent) + event.bend

    # drum rows

    def _rows(self, part: str) -> dict[int, str]:
        bars: dict[int, list[Note]] = {}
        for note in self._notes(part):
            bars.setdefault(note.start // self.bar, []).append(note)
        cells = {}
        for index, notes in sorted(bars.items()):
            level = self.levels[index]
            louder = _louder(notes, level)
            rows: dict[str, list[tuple[int, int]]] = {}
            for note in notes:
                letter = LETTERS.get(_NEAREST.get(note.pitch, note.pitch))
                if letter is not None:
                    rows.setdefault(letter, []).append((note.start % self.bar, _digit(note.velocity, louder)))
            lines = []
            for letter in sorted(rows, key=list(DRUMS).index):
                lines += [f"{letter} {text}" for text in self._patterns(rows[letter])]
            away = louder - level
            cells[index] = "\n".join([*lines, f"dynamics {away:+d}"] if away else lines)
        return cells

    def _patterns(self, strokes: list[tuple[int, int]]) -> list[str]:
        """Return rows that hold strokes: one of the fewest steps that does, else the finest straight and triplet ones."""
        n, d = self.recording.meter
        steps = sorted((n * k for k in ROW_STEPS[d]), key=lambda s: (s != 16 * n // d, s))
        ticks = {tick for tick, _ in strokes}
        for count in steps:
            if count >= 8 * n // d and all(tick % (self.bar // count) == 0 for tick in ticks):
                return [_pattern(strokes, count, self.bar)]
        finest = max(s for s in steps if (self.bar // s) % 15 == 0)
        triplet = max((s for s in steps if (self.bar // s) % 15), default=finest)
        rows = []
        for count, chosen in (
            (finest, [s for s in strokes if s[0] % (self.bar // finest) == 0]),
            (triplet, [s for s in strokes if s[0] % (self.bar // finest)]),
        ):
            if chosen:
                rows.append(_pattern(chosen, count, self.bar))
        return rows

    # sections

    def _sections(self, bars: list[_Cells]) -> tuple[dict[str, tuple[str, _Cells]], list[str]]:
        """Return the sections by name with kind and cells, and the order in which they are played."""
        cues = sorted({min(tick // self.bar, self.bars - 1): text for tick, text in self.recording.sections}.items())
        if not cues or cues[0][0] != 0:
            cues = [(index, "") for index in range(0, self.bars, 8)]
        sections: dict[str, tuple[str, _Cells]] = {}
        order = []
        for (first, text), last in zip(cues, [*(c[0] for c in cues[1:]), self.bars], strict=True):
            name, _, kind = text.partition(" ")
            if not re.fullmatch(r"[A-Za-z]\w*'*", name):
                name = ""
            cells = {(part, i + 1): cell for i in range(last - first) for (part, _), cell in bars[first + i].items()}
            cells["level", 1] = str(self.levels[first])
            known = next(
                (n for n, (_, c) in sections.items() if c == cells and (not name or n.rstrip("'") == name.rstrip("'"))),
                None,
            )
            if known is None:
                known = name or next(c for c in _letters() if c not in sections)
                while known in sections:
                    known += "'"
                sections[known] = (kind or "theme", cells)
            order.append(known)
        return sections, order

    def _section(self, name: str, kind: str, cells: _Cells) -> list[str]:
        length = max(bar for _, bar in cells)
        harmony = [cells["harmony", bar] for bar in range(1, length + 1)]
        lines = [f"section {name} {length} {kind}"]
        if cells["level", 1] != "0":
            lines.append(f"level {int(cells['level', 1]):+d}")
        lines.append("harmony")
        lines += [" | ".join(harmony[i : i + 4]) for i in range(0, length, 4)]
        for part in PITCHED:
            texts = {bar: cells[part, bar] for bar in range(1, length + 1) if (part, bar) in cells}
            if any(text != "-" for text in texts.values()):
                lines += [part, *(f"{_spans(where)}: {text}" for text, where in _alike(texts))]
        for part in ROWS:
            texts = {bar: cells[part, bar] for bar in range(1, length + 1) if (part, bar) in cells}
            if texts:
                lines.append(part)
            after = []
            for text, where in _alike(texts):
                rows = text.split("\n")
                if rows[-1].startswith("dynamics"):
                    after.append(f"{part} {rows.pop()} {_spans(where)}")
                lines += [f"{_spans(where)}:", *rows]
            lines += after
        return lines


_ACCENTS = {0: "", 11: "!", 22: "!!", -13: ",", -26: ",,"}
"""Accents by what they add."""
_NEAREST = {43: 41, 47: 45, 50: 48, 72: 71, 84: 81}
"""Drums without a letter, and what is written for them."""


def _letters() -> Iterable[str]:
    for round_ in range(100):
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            yield letter + (str(round_) if round_ else "")


def _alike(texts: Mapping[int, str]) -> list[tuple[str, list[int]]]:
    """Return texts with the bars that have them, in the order of their first bars."""
    groups: dict[str, list[int]] = {}
    for bar, text in texts.items():
        groups.setdefault(text, []).append(bar)
    return list(groups.items())


def _spans(bars: list[int]) -> str:
    spans: list[list[int]] = []
    for bar in bars:
        if spans and bar == spans[-1][1] + 1:
            spans[-1][1] = bar
        else:
            spans.append([bar, bar])
    return ",".join(str(a) if a == z else f"{a}-{z}" for a, z in spans)


def _units(ticks: int) -> str:
    return str(Fraction(ticks, UNIT))


def _snap(tick: int) -> int:
    """Return the place on the grid nearest to a tick: sixteenths before thirty-seconds and triplets."""
    near = [(abs(tick - round(tick / grid) * grid) + cost, round(tick / grid) * grid) for grid, cost in _GRIDS]
    return min(near)[1]


_GRIDS = ((120, 0), (80, 10), (60, 15), (40, 20))
"""Grids in ticks, and by how many ticks a place on them must be nearer than on the sixteenths."""


def _louder(notes: list[Note], level: int) -> int:
    """Return the offset under which the velocities of a bar are those of digits; the level if that will do."""
    velocities = {n.velocity for n in notes}
    for louder in (level, 0, *(x for i in range(1, 61) for x in (i, -i))):
        if all(_exact(v, louder) for v in velocities):
            return louder
    return level


def _exact(velocity: int, louder: int) -> bool:
    return any(min(127, max(1, 10 + 13 * digit + louder)) == velocity for digit in range(1, 10))


def _digit(velocity: int, louder: int) -> int:
    return min(range(1, 10), key=lambda digit: abs(min(127, max(1, 10 + 13 * digit + louder)) - velocity))


def _pattern(strokes: list[tuple[int, int]], steps: int, bar: int) -> str:
    row = ["."] * steps
    for tick, digit in strokes:
        row[min(steps - 1, round(Fraction(tick * steps, bar)))] = str(digit)
    return "".join(row)
