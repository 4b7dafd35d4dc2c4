"""Reading packets: pieces as note tables with ids only, spoilt twins hidden among them; and what readers' scores say."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from model.songbook.midi import key_signature
from model.songbook.rendering import Note, Performance
from model.songbook.symbols import names_in, pitch_name
from model.songbook.tables import LETTERS, PARTS, PITCHED, UNIT

Notes = Mapping[str, tuple[Note, ...]]

ITEMS, TWINS = 10, 2
"""Items of a packet, and how many of them are spoilt twins of others in it."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What is read of a piece: some bars from its start, as canonical notes."""

    name: str
    style: str
    performance: Performance
    bars: int
    notes: Notes

    @property
    def bar(self) -> int:
        """Ticks of a bar."""
        return self.performance.piece.header.bar


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a packet: its id, what it is, and how it was spoilt (empty: it was not)."""

    id: str
    excerpt: Excerpt
    spoilt: str = ""


def excerpt(performance: Performance, name: str, bars: int) -> Excerpt:
    """Return the first bars of a piece."""
    header = performance.piece.header
    count = min(bars, len(performance.bars))
    end = count * header.bar
    notes = {
        part: tuple(n._replace(length=min(n.length, end - n.start)) for n in found if n.start < end)
        for part, found in performance.notes().items()
    }
    return Excerpt(name, header.style, performance, count, notes)


# spoiling


def bass_off(piece: Excerpt, other: Excerpt, chance: random.Random) -> Notes:
    """Return the notes with the bass a semitone up."""
    return {**piece.notes, "bass": tuple(n._replace(pitch=n.pitch + 1) for n in piece.notes["bass"])}


def melody_late(piece: Excerpt, other: Excerpt, chance: random.Random) -> Notes:
    """Return the notes with the melody two bars late, its end at the beginning."""
    end, late = piece.bars * piece.bar, 2 * piece.bar
    moved = (n._replace(start=(n.start + late) % end) for n in piece.notes["melody"])
    return {
        **piece.notes,
        "melody": tuple(sorted(n._replace(length=min(n.length, end - n.start)) for n in moved)),
    }


def bars_shuffled(piece: Excerpt, other: Excerpt, chance: random.Random) -> Notes:
    """Return the notes with each part's bars in an order of its own."""
    spoilt = {}
    for part, notes in piece.notes.items():
        order = list(range(piece.bars))
        while piece.bars > 1 and order == sorted(order):
            chance.shuffle(order)
        moved = []
        for n in notes:
            bar, inside = divmod(n.start, piece.bar)
            moved.append(n._replace(start=order[bar] * piece.bar + inside, length=min(n.length, piece.bar - inside)))
        spoilt[part] = tuple(sorted(moved))
    return spoilt


def drums_of_another(piece: Excerpt, other: Excerpt, chance: random.Random) -> Notes:
    """Return the notes with the drums of another piece, repeated or cut to fit, an eighth late."""
    end, length = piece.bars * piece.bar, other.bars * other.bar
    taken = (
        n._replace(start=n.start + turn * length + 240)
        for n in other.notes["drums"]
        for turn in range(end // length + 1)
    )
    return {**piece.notes, "drums": tuple(sorted(n for n in taken if n.end <= end))}


SPOILS: dict[str, tuple[str, Callable[[Excerpt, Excerpt, random.Random], Notes]]] = {
    "bass a semitone off": ("bass", bass_off),
    "bars shuffled": ("chords", bars_shuffled),
    "drums of another piece, an eighth late": ("drums", drums_of_another),
    "melody two bars late": ("melody", melody_late),
}
"""Ways to spoil a piece: which part it needs, and how."""


# packets


def packet(excerpts: Sequence[Excerpt], seed: int) -> list[Item]:
    """Return a packet of pieces of one style: those given, and twins of some, in an order that says nothing."""
    chance = random.Random(seed)
    chosen = list(excerpts)
    items = [(e, "") for e in chosen]
    ways = list(SPOILS)
    chance.shuffle(ways)
    twins: list[tuple[Excerpt, str]] = []
    for original in chance.sample(chosen, len(chosen)):
        possible = [w for w in ways if _can(original, chosen, w)]
        if len(twins) < TWINS and possible:
            way = possible[0]
            ways.remove(way)
            ways.append(way)
            other = chance.choice([e for e in chosen if e is not original and e.notes["drums"]] or [original])
            spoilt = SPOILS[way][1](original, other, chance)
            twins.append((Excerpt(original.name, original.style, original.performance, original.bars, spoilt), way))
    items += twins
    chance.shuffle(items)
    ids = chance.sample(range(100, 1000), len(items))
    return [Item(f"P{number}", e, way) for number, (e, way) in zip(ids, items, strict=True)]


def _can(original: Excerpt, chosen: Sequence[Excerpt], way: str) -> bool:
    if not original.notes[SPOILS[way][0]] or original.bars < 4:
        return False
    others = [e for e in chosen if e is not original and e.notes["drums"] and e.bar == original.bar]
    return way != "drums of another piece, an eighth late" or bool(others)


def table(items: Iterable[Item]) -> str:
    """Return what a reader is given: nothing but ids, instruments and notes."""
    return "\n\n".join(_item(item) for item in items) + "\n"


def key(items: Iterable[Item], seed: int) -> str:
    """Return the answers, as JSON: of each id the piece and how it was spoilt."""
    answers = {i.id: {"piece": i.excerpt.name, "style": i.excerpt.style, "spoilt": i.spoilt} for i in items}
    return json.dumps({"seed": seed, "items": answers}, indent=1, ensure_ascii=False) + "\n"


def _item(item: Item) -> str:
    piece = item.excerpt
    header = piece.performance.piece.header
    names = names_in(key_signature(header.tonic, header.mode))
    sound = " ".join(f"{part}={header.sound[part]}" for part in PITCHED if piece.notes[part] and part in header.sound)
    swing = f", swing {header.swing[0]}ths {float(header.swing[1]):g} %" if header.swing[1] != 50 else ""
    lines = [
        f"== {item.id} ==",
        f"tempo {float(header.tempo):g}, metre {header.meter[0]}/{header.meter[1]}, {header.tonic} {header.mode}{swing}",
        f"{sound} kit={header.kit}",
        "notes: beat:pitch/length in quarters, ^ loud, . soft; drums: letter and velocity 1-9 a sixteenth",
    ]
    for index in range(piece.bars):
        lines.append(f"bar {index + 1}: {_symbols(piece, index)}")
        for part in PARTS:
            inside = [n for n in piece.notes[part] if n.start // piece.bar == index]
            if inside:
                text = (
                    _rows(inside, piece.bar)
                    if PARTS[part].rows
                    else _notes(inside, piece.notes[part], piece.bar, names)
                )
                lines.append(f"  {part} {text}")
    return "\n".join(lines)


def _symbols(piece: Excerpt, index: int) -> str:
    start = index * piece.bar
    inside = [s for s in piece.performance.harmony if start <= s.start < start + piece.bar]
    return " ".join(f"{_beat(s.start - start)}:{s.symbol}" for s in inside)


def _beat(tick: int) -> str:
    return f"{tick / 480 + 1:.4g}"


def _notes(inside: Sequence[Note], whole: Sequence[Note], bar: int, names: tuple[str, ...]) -> str:
    usual = mean(n.velocity for n in whole)
    together: dict[tuple[int, int, str], list[str]] = {}
    for n in inside:
        force = "^" if n.velocity > usual + 7 else "." if n.velocity < usual - 7 else ""
        together.setdefault((n.start % bar, n.length, force), []).append(pitch_name(n.pitch, names))
    return " ".join(
        f"{_beat(start)}:{'+'.join(pitches)}/{length / 480:.3g}{force}"
        for (start, length, force), pitches in together.items()
    )


def _rows(inside: Sequence[Note], bar: int) -> str:
    rows: dict[str, list[str]] = {}
    finer = any(n.start % UNIT for n in inside)
    step = 40 if finer else UNIT
    for n in inside:
        row = rows.setdefault(LETTERS[n.pitch], ["."] * (bar // step))
        row[n.start % bar // step] = str(max(1, min(9, round((n.velocity - 10) / 13))))
    unit = " (triplets of sixteenths)" if finer else ""
    return " ".join(f"{letter}={''.join(row)}" for letter, row in rows.items()) + unit


# scores


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one reader said of one packet: scores by id, higher is better, and the packet's answers."""

    reader: str
    scores: Mapping[str, float]
    answers: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A piece's place: the mean of its scores (each less its sheet's mean), how many, whether it is in the lowest fifth."""

    piece: str
    style: str
    score: float
    readings: int
    lowest: bool


LEAST = 0.85
"""Share of twins to which a reader must prefer the original, to be counted."""


def read_sheet(path: Path, answers: Path) -> Sheet:
    """Return a sheet: `reader NAME`, then `ID SCORE` a line (a reason may follow)."""
    reader, scores = path.stem, {}
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:1] == ["reader"]:
            reader = words[1]
        elif len(words) > 1 and not line.startswith("#"):
            scores[words[0]] = float(words[1])
    items = json.loads(answers.read_text(encoding="utf-8"))["items"]
    unknown = set(scores) - set(items)
    if unknown:
        raise ValueError(f"{path}: ids that the packet does not have: {' '.join(sorted(unknown))}")
    return Sheet(reader, scores, items)


def preferences(sheets: Iterable[Sheet]) -> dict[str, tuple[int, int]]:
    """Return by reader how many twins scored below their originals, of how many."""
    found: dict[str, tuple[int, int]] = {}
    for sheet in sheets:
        right, of = found.get(sheet.reader, (0, 0))
        originals = {a["piece"]: i for i, a in sheet.answers.items() if not a["spoilt"]}
        for id_, answer in sheet.answers.items():
            original = originals.get(answer["piece"], "")
            if answer["spoilt"] and id_ in sheet.scores and original in sheet.scores:
                right += sheet.scores[original] > sheet.scores[id_]
                of += 1
        found[sheet.reader] = (right, of)
    return found


def verdicts(sheets: Sequence[Sheet]) -> list[Verdict]:
    """Return the pieces from the best to the worst in each style, by the readers who are counted."""
    counted = {r for r, (right, of) in preferences(sheets).items() if of == 0 or right >= LEAST * of}
    heard: dict[tuple[str, str], list[float]] = {}
    for sheet in sheets:
        if sheet.reader not in counted or not sheet.scores:
            continue
        originals = {i: s for i, s in sheet.scores.items() if not sheet.answers[i]["spoilt"]}
        if not originals:
            continue
        middle = mean(originals.values())
        for id_, score in originals.items():
            answer = sheet.answers[id_]
            heard.setdefault((answer["style"], answer["piece"]), []).append(score - middle)
    out = []
    for style in sorted({style for style, _ in heard}):
        ranked = sorted(((mean(s), p, len(s)) for (st, p), s in heard.items() if st == style), reverse=True)
        lowest = len(ranked) // 5
        for place, (score, piece, readings) in enumerate(ranked):
            out.append(Verdict(piece, style, score, readings, place >= len(ranked) - lowest))
    return out
