"""Examples: bars of the songbook that a take is written in the manner of.

`model/weights/examples.npz` has eight bars of each piece of the songbook that the decoder was trained on
(`python -m model.training.fit.examples`): token rows with the piece's style, metre, key, tempo and energy. What a first
phrase lacks is taken from pieces near to its plan: the drums and the manner of bass and accompaniment of one, the progression of
another, the rhythm of the tune of a third (`shown`); pitches move to the chords of the take. Pieces of the test split are not in the
file. Behind the pieces are the other sections of those that have one (`other`), numbered as pieces, for choruses and verses.

Which bars of a tune come again is drawn from people's songs (`tune_plans.tsv`, `python -m model.training.fit.tune_plans`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import (
    BEAT_NUMBER,
    FIRST_NOTE,
    GRID,
    PART_ORDER,
    PITCH,
    STEP,
    VELOCITY_CENTRE,
    DecodedBeats,
    Event,
    Rows,
    note_event,
    part_and_tick,
    row_chord,
    row_note,
    transposed,
)
from model.generation.material.form_plan import LAYERS, manner
from model.music.groove import SIXTEENTH
from model.music.harmony import MODES, Chord, Key, parse_key
from model.music.notes import (
    CHORD_PARTS,
    HARMONY_PARTS,
    LABELS,
    UNPITCHED_PARTS,
    Beat,
    Kept,
    Note,
    beat_length,
    beats_in_bar,
)
from model.music.plan import Mix, Plan
from model.styles import DECODER_STYLES, STYLES, diatonic_share
from model.weights import FOLDER

FILE = FOLDER / "examples.npz"
NEAREST, PROGRESSIONS, FEW_PROGRESSIONS = 8, 24, 16
"""A take draws one of so many pieces that are nearest to its plan, and the progression of one of so many; a family that has fewer than
the last borrows those of others that repeat themselves alike, if the chords are alike."""
REACH, FEWEST = 1.5, 5
"""A piece that lies so much farther from the plan than the nearest one, in thirds of an octave of tempo, is drawn only among so few."""
OTHER_MODE = 0.3
"""How far a piece in minor lies from a plan in major, in octaves of tempo; as far as .3 of energy."""
SUNG_SHARE = 0.6
"""In so many of its bars a piece has the parts that it is drawn for."""
OTHER_STYLE = 10.0
"""How far a piece of another style of the family lies: one is taken only where the style has too few of its own."""
ALIKE_CHORDS, UNLIKE_CHORDS = 0.5, 1.25
"""Tones by which the chords of two pieces may differ, in the mean, without a word, and at most, for one to play the other's progression."""
GROOVE = ("drums", "bass")
"""What makes a band one of its style: who lacks other parts has them from another piece."""
C_MAJOR = parse_key("C major")
TUNE_PLANS = Path(__file__).parent / "tune_plans.tsv"
TUNE_PLAN_BARS = 32
_GROUPS = {
    "irish": "reels",
    "bluegrass": "reels",
    "pop": "pop",
    "rock": "pop",
    "soul": "pop",
    "east": "pop",
    "roots": "songs",
}
"""Which people's tunes those of a style or of a family return like."""


@cache
def _table() -> dict[str, npt.NDArray[Any]]:
    if not FILE.exists():
        return {}
    with np.load(FILE, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def nearest(style: str, meter: str, minor: bool, tempo: int, energy: float) -> tuple[int, ...]:
    """Return the pieces of a metre, of a style or its family, that are nearest to a plan, the nearest first."""
    return tuple(_distances((style, meter, minor, tempo, energy)))


Goal = tuple[str, str, bool, int, float]
"""What a piece is to be near to: style, metre, whether in minor, tempo and energy of a plan."""


@lru_cache(256)
def _distances(goal: Goal) -> Mapping[int, float]:
    """Return how far the pieces of a metre, of a style or its family, lie from a plan, the nearest first."""
    table, (style, meter, minor, tempo, energy) = _table(), goal
    if not table or style not in DECODER_STYLES:
        return {}
    family = [STYLES[name].family == STYLES[style].family for name in DECODER_STYLES]
    found = np.flatnonzero(np.array(family)[table["style"]] & (table["meter"] == meter))
    found = found[found < len(table["other"])]
    far = 3 * np.abs(np.log2(table["tempo"][found] / tempo)) + np.abs(table["energy"][found] - energy)
    far = far + OTHER_MODE * (table["key"][found] // 12 != minor)
    far = far + OTHER_STYLE * (table["style"][found] != DECODER_STYLES.index(style))
    return {int(found[at]): float(far[at]) for at in np.argsort(far, kind="stable")}


def neighbours(piece: int) -> Iterator[int]:
    """Yield the other pieces of a piece's style that are nearest to it, the nearest first."""
    table = _table()
    style, minor = DECODER_STYLES[int(table["style"][piece])], bool(table["key"][piece] // 12)
    meter, energy = str(table["meter"][piece]), round(float(table["energy"][piece]), 1)
    near = nearest(style, meter, minor, round(float(table["tempo"][piece])), energy)
    return (i for i in near if i != piece and table["style"][i] == table["style"][piece])


def drawn_band(plan: Plan, key: Key, seed: int, *, in_sections: bool = False) -> int | None:
    """Return the piece whose drums, bass and accompaniment a take plays, None where the songbook has none: one that has its parts.

    With `in_sections` it is one that has another section, where there is one near.
    """
    near = _near(plan, key)
    may_rest = {"melody", *(LAYERS if in_sections and "parts" not in plan.explicit else ())}
    if plan.style:
        may_rest |= _lacking(plan.style[0][0])
    wanted = tuple(i for i, part in enumerate(PART_ORDER) if part in plan.parts and part not in may_rest)
    if "drums" in plan.parts and plan.style:
        near = _in_time(
            near, "half" if plan.feel == "half" and "feel" in plan.explicit else usual_pulse(plan.style[0][0])
        )
    own = tuple(i for i in near if style_of(i) == plan.style[0][0]) if plan.style else ()
    goal = _goal(plan, key)
    if "density" in plan.explicit:
        full = {i: sum(onset_rate(i, p) for p in GROOVE) for i in own if _plays(i, wanted)}
        rank = sorted(full, key=lambda i: full[i], reverse=plan.density > 0.5)
        own, goal = tuple(rank[: max(FEWEST, len(rank) // 3)]) or own, None
    groove = tuple(i for i in wanted if PART_ORDER[i] in GROOVE)
    found = _player(own, wanted, seed, "band", goal, in_sections=in_sections)
    if found is None and groove:
        found = _player(own, groove, seed, "band", goal, in_sections=in_sections)
    return _player(near, wanted, seed, "band", goal, in_sections=in_sections) if found is None else found


@cache
def _lacking(style: str) -> frozenset[str]:
    """Return the parts that no piece of a style has: a drone has no bass, and is no other style's band for that."""
    own = [i for i in range(len(_table()["other"])) if style_of(i) == style] if _table() else []
    return frozenset(p for at, p in enumerate(PART_ORDER) if own and not any(_plays(i, (at,)) for i in own))


def player(plan: Plan, key: Key, seed: int, part: str, band: int) -> int:
    """Return the piece that a part of the accompaniment is from: the band's own, or one near to the plan that has what it lacks."""
    wanted = (PART_ORDER.index(part),)
    found = None if _plays(band, wanted) else _player(_near(plan, key), wanted, seed, part, _goal(plan, key))
    return band if found is None else found


def drawn_tune(plan: Plan, key: Key, seed: int, *, in_sections: bool = False) -> int | None:
    """Return the piece in whose rhythm and form a take's melody goes, None where the songbook has none: one that mostly sings."""
    wanted = (PART_ORDER.index("melody"),)
    return _player(_near_tunes(plan, key), wanted, seed, "tune", in_sections=in_sections)


def _near_tunes(plan: Plan, key: Key) -> tuple[int, ...]:
    """Return the pieces near to a plan; where none is of its style, first those whose tunes are people's as its own are."""
    near = _near(plan, key)
    if not near or style_of(near[0]) == plan.style[0][0]:
        return near
    group = tune_group(plan.style)
    return tuple(sorted(near, key=lambda i: tune_group(((style_of(i), 1.0),)) != group))


@lru_cache(256)
def _player(
    near: tuple[int, ...],
    wanted: tuple[int, ...],
    seed: int,
    which: str,
    goal: Goal | None = None,
    *,
    in_sections: bool = False,
) -> int | None:
    """Return one of the nearest pieces that have some parts, of those in the style of the nearest one: a reel borrows no blues."""
    found = [i for i in near if _plays(i, wanted)]
    found = [i for i in found if style_of(i) == style_of(found[0])]
    if which == "band":
        found = list(islice((i for i in found if _begins_whole(i)), 2 * NEAREST)) or found
    if goal is not None and found:
        far = _distances(goal)
        found = [i for at, i in enumerate(found) if at < FEWEST or far[i] <= far[found[0]] + REACH]
    return _pick((_in_sections(found, wanted) if in_sections else found)[:NEAREST], seed, which)


def _in_sections(near: Sequence[int], wanted: tuple[int, ...] = ()) -> list[int]:
    """Return of the nearest pieces those with another section that has the parts too, all where none has one."""
    wide = near[: 2 * NEAREST]
    two = [i for i in wide if len({*sections_of(i)}) > 1 and all(_plays(j, wanted) for j in sections_of(i))]
    return two or list(near)


def _plays(piece: int, parts: tuple[int, ...]) -> bool:
    return _playing()[piece].issuperset(parts)


@cache
def _playing() -> tuple[frozenset[int], ...]:
    """Return which parts each piece has in most of its bars."""
    table = _table()
    plays = table["playing"] >= SUNG_SHARE * table["bars"][:, None]
    return tuple(frozenset(np.flatnonzero(one).tolist()) for one in plays)


@lru_cache(1024)
def _onsets(piece: int) -> npt.NDArray[np.int64]:
    """Return a row for each note of a piece, read from its rows alone: bar, beat of the piece, part by its number, grid tick, symbol."""
    table = _table()
    rows = table["rows"][table["at"][piece] : table["at"][piece + 1]].astype(np.int64)
    bars, beats = (
        np.cumsum(rows[:, 0] == Event.BAR) - 1,
        np.cumsum((rows[:, 0] == Event.BAR) | (rows[:, 0] == Event.BEAT)) - 1,
    )
    at = rows[:, 0] >= FIRST_NOTE
    part, tick = np.divmod(rows[at, 0] - FIRST_NOTE, GRID)
    return np.stack((bars[at], beats[at], part, tick, rows[at, 1]), 1)


@cache
def _begins_whole(piece: int) -> bool:
    """Return True if the kick and the bass of a piece, if it has them, sound in the first phrase as they do later: it opens with no intro."""
    found = _onsets(piece)
    kicks = (found[:, 2] == PART_ORDER.index("drums")) & np.isin(found[:, 4], [PITCH + p for p in KICKS])
    bars = (set(found[of, 0].tolist()) for of in (kicks, found[:, 2] == PART_ORDER.index("bass")))
    return all(sum(bar < PHRASE for bar in of) >= min(PHRASE - 1, len(of)) for of in bars)


Groove = npt.NDArray[np.float32]
"""How often each voice strikes in each sixteenth of a bar: `(VOICES, sixteenths)`."""
VOICES = ("kick", "snare", "hat", "perc", "bass", "chords", "arp", "melody")
_DRUM_VOICES = {36: "kick", 35: "kick", 38: "snare", 40: "snare", 37: "snare", 39: "snare", 42: "hat", 44: "hat", 46: "hat", 51: "hat"}  # fmt: skip
KICKS = (35, 36)
_HEAVY = {"kick": 2.0, "bass": 2.0}
"""What counts twice where two bands are compared: what the rest locks with."""
TEMPO_WEIGHT, STYLE_WEIGHT = 0.5, 0.35
"""What an octave of tempo, and another style than the words', count beside unlike grooves (0..1)."""


def voice_of(part: str, pitch: int) -> str:
    """Return the voice of `VOICES` that a note of a part belongs to."""
    if part == "drums":
        return _DRUM_VOICES.get(pitch, "perc")
    return "chords" if part == "pad" else part


def groove_of(strokes: Iterable[tuple[str, int, float]], sixteenths: int, bars: int) -> Groove:
    """Return the groove of strokes: part, pitch (of drums), and place in sixteenths from the first bar line."""
    found = np.zeros((len(VOICES), sixteenths), np.float32)
    seen: set[tuple[int, int]] = set()
    for part, pitch, place in strokes:
        voice, at = VOICES.index(voice_of(part, pitch)), round(place)
        if (voice, at) not in seen:
            seen.add((voice, at))
            found[voice, at % sixteenths] += 1
    return (found / max(1, bars)).astype(np.float32)


@lru_cache(1024)
def _groove(piece: int) -> Groove:
    """Return the groove of a piece, read from its rows alone."""
    table = _table()
    rows = table["rows"][table["at"][piece] : table["at"][piece + 1]]
    beats, unit = (int(n) for n in str(table["meter"][piece]).split("/"))
    lines = np.cumsum((rows[:, 0] == Event.BAR) | (rows[:, 0] == Event.BEAT)) - 1
    notes = rows[:, 0] >= FIRST_NOTE
    per_beat = 16 // unit

    def strokes() -> Iterator[tuple[str, int, float]]:
        for (event, symbol), beat in zip(rows[notes, :2].tolist(), lines[notes].tolist(), strict=True):
            part, tick = part_and_tick(event)
            yield part, symbol - PITCH, beat * per_beat + tick * STEP / 120

    return groove_of(strokes(), beats * per_beat, int(table["bars"][piece]))


def likeness(one: Groove, other: Groove) -> float:
    """Return how alike the voices are that the first has, 0..1."""
    weights, found = [], []
    for voice, row in enumerate(one):
        if row.any():
            norm = float(np.linalg.norm(row) * np.linalg.norm(other[voice]))
            found.append(float(row @ other[voice]) / norm if norm else 0.0)
            weights.append(_HEAVY.get(VOICES[voice], 1.0))
    return float(np.average(found, weights=weights)) if found else 0.0


def beside(groove: Groove, plan: Plan, parts: Sequence[str], seed: int, *, knows_style: bool) -> int | None:
    """Return the piece that goes with what is there: one that has the parts to be written, in the metre, whose others are most alike.

    Where the words name no style any will do. None where the songbook has none in the metre.
    """
    table = _table()
    wanted = tuple(PART_ORDER.index(part) for part in parts)
    found = [int(i) for i in np.flatnonzero(table["meter"] == plan.meter) if i < len(table["other"])] if table else []
    found = [i for i in found if _plays(i, wanted)]
    if not found:
        return None
    styles = dict(plan.style) if knows_style else {}
    families = {STYLES[name].family for name in styles}

    def far(piece: int) -> float:
        name = DECODER_STYLES[int(table["style"][piece])]
        other = 0.0 if not styles or name in styles else 1.0 if STYLES[name].family in families else 3.0
        octaves = abs(float(np.log2(table["tempo"][piece] / plan.tempo)))
        return 1 - likeness(groove, _groove(piece)) + TEMPO_WEIGHT * octaves + STYLE_WEIGHT * other

    order = sorted(found, key=far)
    best = far(order[0])
    return _pick([i for i in order[:BESIDE] if far(i) <= best + NEARLY], seed, "beside")


@lru_cache(16)
def going_on(given: tuple[Kept, ...], parts: tuple[str, ...], meter: str, tempo: int, seed: int) -> int | None:
    """Return the piece in whose manner parts go on from beats that are there: its voices strike most like theirs, in any style."""
    length, bars = beat_length(meter), len(given) // beats_in_bar(meter)
    strokes = [
        (n.part, n.pitch, (i * length + n.start + n.offset) / SIXTEENTH)
        for i, kept in enumerate(given)
        for n in kept.notes
    ]
    if bars == 0 or not strokes:
        return None
    groove = groove_of(strokes, beats_in_bar(meter) * length // SIXTEENTH, bars)
    return beside(groove, Plan(meter=meter, tempo=tempo), parts, seed, knows_style=False)


BESIDE, NEARLY = 4, 0.05
"""Of so many pieces that go nearly as well as the best one is drawn."""


@cache
def sections_of(piece: int) -> tuple[int, int]:
    """Return a piece and its other section as pieces, the verse first where one of them is a chorus; twice itself where it has none."""
    others = _table()["other"]
    if piece >= len(others):
        piece = int(np.flatnonzero(others == piece)[0])
    other = int(others[piece])
    if other < 0:
        return piece, piece
    return (other, piece) if _table()["higher"][other - len(others)] < 0 else (piece, other)


def style_of(piece: int) -> str:
    """Return the style of a piece."""
    return DECODER_STYLES[int(_table()["style"][piece])]


def parts_of(piece: int) -> tuple[str, ...]:
    """Return the parts that a piece has in most of its bars."""
    return tuple(part for i, part in enumerate(PART_ORDER) if _plays(piece, (i,)))


def bars_of(piece: int) -> int:
    """Return how many bars of a piece there are: eight, or four."""
    return int(_table()["bars"][piece])


def beats_in_bar_of(piece: int) -> int:
    """Return the beats of a bar of a piece."""
    return beats_in_bar(str(_table()["meter"][piece]))


def melody_label(piece: int, bar: int) -> tuple[str | None, int]:
    """Return how the melody of a bar of a piece relates to an earlier one, and how many bars back that lies; None where it rests."""
    number, back = (int(n) for n in _table()["melody"][piece, bar])
    return (None if number < 0 else LABELS[number]), back


LONG_REST = "- - -"
"""Bars in a row in which somebody else plays, in a quarter of people's songs: readers miss the tune there, so these are not drawn."""
OPENING = 8
"""Bars in which a tune neither rests nor leaves its first phrase: where it did, readers heard a hole, and no idea that returns."""


@cache
def _tune_plans() -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for line in TUNE_PLANS.read_text(encoding="utf-8").splitlines():
        group, _, told = line.partition("\t")
        plan = tuple(told.split())
        returns = any(what[1:] == str(OPENING // 2) for what in plan[OPENING // 2 : OPENING])
        if returns and "-" not in plan[:OPENING] and LONG_REST not in " ".join(plan):
            found.setdefault(group, []).append(plan)
    return found


def tune_group(style: Mix) -> str:
    """Return which people's tunes those of a style are like: a group of `tune_plans.tsv`, "" where people's are not known."""
    name = style[0][0] if style else ""
    return _GROUPS.get(name) or _GROUPS.get(STYLES[name].family, "") if name else ""


@lru_cache(256)
def tune_plan(style: Mix, seed: int) -> tuple[str, ...]:
    """Return what each of 32 bars of a take's tune is, as `tune_plans.tsv` has it of one song; nothing where people's are not known."""
    plans, salt = _tune_plans().get(tune_group(style), []), "/".join(name for name, _ in style).encode()
    return plans[int(np.random.default_rng([seed, *salt, *b"tune plan"]).integers(len(plans)))] if plans else ()


@lru_cache(1024)
def tune_bar(near: tuple[int, ...], told: tuple[str, ...]) -> tuple[int, int] | None:
    """Return the piece and its bar whose rhythm the last of some bars of a tune has; None where it rests.

    A bar that is new, or ends otherwise than its source, takes one that none before it has taken: at the same place in the phrase, of
    the nearest pieces first.
    """
    places: list[tuple[int, int] | None] = []
    for bar, what in enumerate(told):
        back = int(what[1:] or 0)
        if what == "-":
            places.append(None)
        elif what[0] in "sr" and 0 < back <= bar:
            places.append(places[bar - back])
        else:
            bars = _sung_bars(near, single=what == "l")
            free = [i for i in bars if i not in places] or bars or _sung_bars(near, single=False)
            places.append(next((i for i in free if (i[1] - bar) % 4 == 0), free[0] if free else None))
    return places[-1]


@lru_cache(1024)
def sung_bar(piece: int, bar: int) -> int:
    """Return a bar of a piece in which its tune has notes: the bar itself, else the one that stands most like it in its phrase."""
    beats = beats_in_bar_of(piece)
    sung = [at for at in range(bars_of(piece)) if _rhythm(piece, at, beats)]
    return min(sung, key=lambda at: (at != bar, (at - bar) % 4 != 0, (at - bar) % 2 != 0, at), default=bar)


@lru_cache(256)
def _sung_bars(near: tuple[int, ...], *, single: bool) -> list[tuple[int, int]]:
    """Return the bars of pieces in which their tune has notes, or one note, those with the rhythm of an earlier one left out."""
    found: list[tuple[int, int]] = []
    rhythms: set[tuple[int, ...]] = set()
    for piece in near:
        beats = beats_in_bar_of(piece)
        for bar in range(bars_of(piece)):
            rhythm = _rhythm(piece, bar, beats)
            if rhythm and (len(rhythm) == 1) == single and (single or rhythm not in rhythms):
                rhythms.add(rhythm)
                found.append((piece, bar))
    return found


def _rhythm(piece: int, bar: int, beats: int) -> tuple[int, ...]:
    first = bar % bars_of(piece) * beats
    sung = (n for n in played(piece, "melody") if first <= n.beat < first + beats)
    return tuple(sorted({1000 * (n.beat - first) + n.start for n in sung}))


def tunes(plan: Plan, key: Key, seed: int, *, in_sections: bool = False) -> tuple[int, ...]:
    """Return the pieces in whose rhythms a take's melody goes: that of `drawn_tune`, then the others near to it."""
    first = drawn_tune(plan, key, seed, in_sections=in_sections)
    wanted = (PART_ORDER.index("melody"),)
    others = [i for i in _near_tunes(plan, key) if i != first and _plays(i, wanted)]
    return () if first is None else (first, *others[:NEAREST])


@lru_cache(256)
def drawn_harmony(
    plan: Plan, key: Key, seed: int, band: int, *, at_home: bool, in_sections: bool = False, verse: int | None = None
) -> int | None:
    """Return the piece whose progression a band plays: one in the same mode whose chords change where the band's own do, or the band's.

    Not at all of these places need it change. `at_home` asks for one that begins on the tonic and stays in the scale, or nearly so in
    rich music, tunes of the people for one that stays in it, of whatever style; None where there is none. A chorus answers the piece of its `verse`: with the
    other section of that one, else with a piece that begins on another chord, if there is one.
    """
    changes, minor = _changes(band), _minor()
    is_plain = is_of_the_people(plan) or (at_home and plan.complexity < RICH)

    def serves(piece: int) -> bool:
        is_home = (
            not at_home
            or verse is not None
            or any(_begins_at_home(piece, key, first) for first in range(0, bars_of(piece), PHRASE // 2))
        )
        is_fit = (not is_plain or _is_diatonic(piece, key)) and is_home
        return is_fit and share_in_key(piece) >= (BORROWED_IN_KEY if at_home else IN_KEY)

    def unlike(piece: int) -> float:
        lacks = 0.0 if style_of(piece) == style_of(band) else max(0.0, BORROWED_IN_KEY - share_in_key(piece))
        return max(0.0, abs(_chord_size(piece) - _chord_size(band)) - ALIKE_CHORDS) + lacks

    def fitting(pieces: Iterable[int], at: frozenset[tuple[int, int]]) -> Iterator[int]:
        like = (i for i in pieces if i != band and minor[i] == key.minor and (is_vamp(band) or not is_vamp(i)))
        home = at_home and verse is None
        return (i for i in like if serves(i) and (_starts(i, at, key, at_home=True) if home else _changes(i) <= at))

    family = dict.fromkeys(_near(plan, key))
    found, lines = list(fitting(family, changes)), changes | _free_lines(band)
    if len(found) < FEW_FITTING:
        found = list(dict.fromkeys((*found, *fitting(family, lines))))
    own = sorted((i for i in found if unlike(i) <= UNLIKE_CHORDS - ALIKE_CHORDS), key=unlike)
    elsewhere = _in_meter(plan.meter, round(plan.tempo)) if len(own) < FEW_PROGRESSIONS else ()
    others = [
        i
        for i in fitting((j for j in elsewhere if j not in family), changes if len(own) >= FEW_FITTING else lines)
        if not unlike(i) and share_in_key(i) >= PLAIN and is_kin(i, plan)
    ]
    near = [*own, *others[: max(0, FEW_PROGRESSIONS - len(own))]]
    if in_sections:
        near = _in_sections(near)
    if verse is not None:
        sections = [i for i in sections_of(verse) if i != verse and serves(i) and _changes(i) <= changes]
        away = [i for i in sections or near if _opening_chord(i) != _opening_chord(verse)]
        near = away or [i for i in near if _progression(i) != _progression(verse)] or near
    drawn = _pick(near[:PROGRESSIONS], seed, "harmony")
    return (band if serves(band) else None) if drawn is None else drawn


def is_kin(piece: int, plan: Plan) -> bool:
    """Return True if a piece repeats itself as the styles of a plan do."""
    return manner(((style_of(piece), 1.0),)) is manner(plan.style)


def begins(piece: int, band: int, key: Key, seed: int, *, at_home: bool) -> int:
    """Return the bar with which a piece's progression begins over a band: one of those that serve."""
    found = _starts(piece, _changes(band) | _free_lines(band), key, at_home=at_home)
    return found[int(np.random.default_rng([seed, *b"begins"]).integers(len(found)))] if found else 0


@lru_cache(4096)
def _starts(piece: int, at: frozenset[tuple[int, int]], key: Key, *, at_home: bool) -> tuple[int, ...]:
    """Return the bars with which a piece's progression may begin where four bars may change at some places: the first of a phrase.

    At home, of bars that have the tonic's chord, also the third of a phrase.
    """
    found = [
        first
        for first in (range(0, bars_of(piece), PHRASE // 2 if at_home else PHRASE))
        if _changes_from(piece, first) <= at and (not at_home or _begins_at_home(piece, key, first))
    ]
    moving = [first for first in found if len(_changes_from(piece, first)) > 1]
    return tuple(moving or found)


@lru_cache(4096)
def _changes_from(piece: int, first: int) -> frozenset[tuple[int, int]]:
    """Return where the chords of a piece change in the four bars from one on, as bar and beat; the first bar's among them."""
    bars = bars_of(piece)
    away = (((bar - first) % bars, beat) for bar, beat, _ in chords_of(piece))
    return frozenset({(0, 0), *(place for place in away if place[0] < PHRASE)})


@lru_cache(64)
def _in_meter(meter: str, tempo: int) -> tuple[int, ...]:
    """Return all pieces in a metre, those of a like tempo first."""
    found = np.flatnonzero(_table()["meter"][: len(_table()["other"])] == meter) if _table() else np.zeros(0, int)
    far = np.abs(np.log2(_table()["tempo"][found] / tempo)) if len(found) else found
    return tuple(int(i) for i in found[np.argsort(far, kind="stable")])


def is_of_the_people(plan: Plan) -> bool:
    """Return True if most of a plan's style are songs and dances of the people, whose tunes and chords stay in their scale."""
    return diatonic_share(plan.style) >= 0.5


@cache
def _is_diatonic(piece: int, key: Key) -> bool:
    """Return True if all chords of a piece, in a key, are of the scale; a dominant in minor has its leading tone."""
    up = (key.tonic - int(_table()["key"][piece])) % 12
    fifth, leading = (key.tonic + 7) % 12, {(key.tonic + 11) % 12} if key.minor else set[int]()
    chords = [chord for _, _, chord in chords_of(piece)]
    return all(
        c is not None
        and {(p + up) % 12 for p in c.pitch_classes}
        <= key.pitch_classes | (leading if (c.root + up) % 12 == fifth else set[int]())
        for c in chords
    )


RICH = 0.6
"""From this complexity on a progression in a stated key may borrow chords."""
FEW_FITTING = 12
"""Where fewer progressions change as a band's own does, it plays also those that change at bar lines which it holds nothing over."""
PHRASE = 4
"""Bars after which a progression may begin: what follows its last bar is the first again."""
IN_KEY = 0.8
"""With less than this of its chords' tones in its key a piece is elsewhere in these bars, and its chords are not shown."""

BORROWED_IN_KEY = 0.85
"""With less than this a progression is not like one of another style."""

PLAIN = 0.95
"""The same for one of another family."""


@cache
def _chord_size(piece: int) -> float:
    """Return how many tones the chords of a piece have in the mean."""
    sizes = [len(chord.pitch_classes) for _, _, chord in chords_of(piece) if chord is not None]
    return sum(sizes) / len(sizes) if sizes else 3.0


@cache
def share_in_key(piece: int) -> float:
    """Return the share, 0..1, of the tones of a piece's chords that lie in its key's scale, in minor with its leading tone."""
    number = int(_table()["key"][piece])
    scale = {(number + step) % 12 for step in ((*MODES["minor"], 11) if number >= 12 else MODES["major"])}
    shares = [
        len(scale & chord.pitch_classes) / len(chord.pitch_classes)
        for _, _, chord in chords_of(piece)
        if chord is not None
    ]
    return sum(shares) / len(shares) if shares else 1.0


def _begins_at_home(piece: int, key: Key, first: int = 0) -> bool:
    """Return True if a piece, in a key, has the tonic's chord as a bar begins."""
    chord = next((c for bar, beat, c in reversed(chords_of(piece)) if (bar, beat) <= (first, 0)), None)
    return chord is not None and (chord.root - int(_table()["key"][piece])) % 12 == 0


def _opening_chord(piece: int) -> int | None:
    """Return the root of a piece's first chord above its tonic."""
    return next(iter(_progression(piece)), None)


def _progression(piece: int) -> tuple[int | None, ...]:
    """Return the roots of a piece's first four bars above its tonic, as they change."""
    tonic = int(_table()["key"][piece])
    return tuple(None if c is None else (c.root - tonic) % 12 for bar, _, c in chords_of(piece) if bar < 4)


def in_scale(note: Note, key: Key) -> Note:
    """Return the note, or the one of the scale nearest below or above it."""
    return _within(note, key.pitch_classes)


def in_chord(note: Note, chord: Chord) -> Note:
    """Return the note, or the tone of the chord nearest below or above it."""
    return _within(note, chord.pitch_classes)


def _within(note: Note, classes: frozenset[int]) -> Note:
    near = (note.pitch + sign * away for away in range(7) for sign in (-1, 1))
    return replace(note, pitch=next((p for p in near if p % 12 in classes), note.pitch))


def _goal(plan: Plan, key: Key) -> Goal | None:
    style = next((name for name, _ in plan.style), None)
    return None if style is None else (style, plan.meter, key.minor, round(plan.tempo), round(plan.energy, 1))


def _near(plan: Plan, key: Key) -> tuple[int, ...]:
    goal = _goal(plan, key)
    return () if goal is None else nearest(*goal)


def _pick(near: Sequence[int], seed: int, which: str) -> int | None:
    return near[int(np.random.default_rng([seed, *which.encode()]).integers(len(near)))] if near else None


@cache
def fill_bar(piece: int) -> int | None:
    """Return the bar in which a piece's drums end a phrase with something else than they usually play; None where they do not."""
    beats = beats_in_bar_of(piece)
    bars: list[set[tuple[int, int, int]]] = [set() for _ in range(bars_of(piece))]
    for n in played(piece, "drums"):
        bars[n.beat // beats].add((n.beat % beats, n.start, n.pitch))
    far = [sum(len(a ^ b) / max(1, len(a | b)) for b in bars) / len(bars) for a in bars]
    ends = [bar for bar in range(3, len(bars), 4) if bars[bar]]
    found = max(ends, key=lambda bar: far[bar], default=None)
    return found if found is not None and far[found] > float(np.median(far)) + FILLS else None


FILLS = 0.2
"""A bar that differs from the others by so much more than they do is a fill."""


@cache
def _minor() -> tuple[bool, ...]:
    """Return which pieces are in minor."""
    return tuple((_table()["key"] // 12 > 0).tolist())


@cache
def _changes(piece: int) -> frozenset[tuple[int, int]]:
    """Return where the chords of a piece change in its first four bars, as bar and beat."""
    return frozenset((bar, beat) for bar, beat, _ in chords_of(piece) if bar < 4)


@cache
def _free_lines(piece: int) -> frozenset[tuple[int, int]]:
    """Return the bar lines of a piece's first four bars that none of its parts holds a note over, as bar and beat 0."""
    meter = str(_table()["meter"][piece])
    size = beats_in_bar(meter) * beat_length(meter)
    ends = [
        (n.beat // beats_in_bar(meter), n.beat * beat_length(meter) + n.start + n.length)
        for part in HARMONY_PARTS
        for n in played(piece, part)
    ]
    held = {line for bar, end in ends for line in range(bar + 1, bar + 4) if end > line * size}
    return frozenset((line, 0) for line in range(4) if line not in held)


def is_vamp(piece: int) -> bool:
    """Return True if a piece stays on one chord for four bars."""
    return len(_changes(piece)) < 2


@cache
def chords_of(piece: int) -> tuple[tuple[int, int, Chord | None], ...]:
    """Return the chords of a piece where they begin, in its own key, as (bar, beat, chord); read from its rows alone."""
    table = _table()
    rows = table["rows"][table["at"][piece] : table["at"][piece + 1]]
    found: list[tuple[int, int, Chord | None]] = []
    bar, beat = -1, 0
    for row in rows[(rows[:, 0] == Event.BAR) | (rows[:, 0] == Event.BEAT) | (rows[:, 0] == Event.CHORD)].tolist():
        if row[0] == Event.BAR:
            bar, beat = bar + 1, 0
        elif row[0] == Event.BEAT:
            beat = row[1] - BEAT_NUMBER + 1
        elif not found or row_chord(row) != found[-1][2]:
            found.append((bar, beat, row_chord(row)))
    return tuple(found)


def piece_rows(piece: int, key: Key) -> Rows:
    """Return the rows of a piece in a key."""
    table = _table()
    rows = table["rows"][table["at"][piece] : table["at"][piece + 1]]
    return transposed(rows, raised(piece, key))


def raised(piece: int, key: Key) -> int:
    """Return by how many semitones a piece is raised to stand in a key: the nearest way."""
    up = (key.tonic - int(_table()["key"][piece])) % 12
    return up - 12 if up > 6 else up


@lru_cache(64)
def piece_beats(piece: int, key: Key) -> Sequence[Beat]:
    """Return the beats of a piece in a key; velocities are relative to `VELOCITY_CENTRE`."""
    return DecodedBeats(piece_rows(piece, key), str(_table()["meter"][piece]))


class Played(NamedTuple):
    """A note of a piece in its own key: the beat in which it begins, counted through, and its ticks from there."""

    beat: int
    start: int
    length: int
    pitch: int
    velocity: int


@lru_cache(1024)
def played(piece: int, part: str) -> tuple[Played, ...]:
    """Return the notes of a part of a piece in its own key, in the order of its rows."""
    table = _table()
    rows = table["rows"][table["at"][piece] : table["at"][piece + 1]]
    beat = np.cumsum((rows[:, 0] == Event.BAR) | (rows[:, 0] == Event.BEAT)) - 1
    first = note_event(part, 0)
    of_part = (rows[:, 0] >= first) & (rows[:, 0] < first + GRID)
    notes = zip(beat[of_part].tolist(), map(row_note, rows[of_part].tolist()), strict=True)
    return tuple(Played(at, n.start, n.length, n.pitch, n.velocity) for at, n in notes)


def pitches(piece: int, part: str, key: Key) -> list[int]:
    """Return the pitches of a part of a piece in a key, in the order of its rows."""
    up = raised(piece, key) if part not in UNPITCHED_PARTS else 0
    return [min(127, max(0, n.pitch + up)) for n in played(piece, part)]


@lru_cache(1024)
def usual_velocity(piece: int, part: str) -> float:
    """Return the mean velocity of a part of a piece, as its notes are in `piece_beats`."""
    found = [n.velocity for n in played(piece, part)]
    return sum(found) / len(found) if found else float(VELOCITY_CENTRE)


@lru_cache(4096)
def onset_rate(piece: int, part: str) -> float:
    """Return how many onsets a quarter a part of a piece has."""
    beats, unit = (int(n) for n in str(_table()["meter"][piece]).split("/"))
    found = _onsets(piece)
    own = {tuple(at) for at in found[found[:, 2] == PART_ORDER.index(part)][:, [1, 3]].tolist()}
    return len(own) * unit / (4 * beats * bars_of(piece))


LOWEST_BASS, HIGHEST_BASS = 26, 45
"""D1: what a bass moved to another key does not go below; and where its middle may lie at the highest, as in nearly all pieces."""
HIGHEST_CHORDS = 71
"""B4: where the usual top of chords may lie; in 95 of a hundred pieces it lies no higher."""


@lru_cache(1024)
def octave(piece: int, part: str, key: Key) -> int:
    """Return by how many semitones, an octave or none, a part of a piece is moved so that it lies where the part usually lies."""
    if part == "bass":
        bass = sorted(pitches(piece, part, key))
        if not bass:
            return 0
        lowest, middle = bass[0], bass[len(bass) // 2]
        up = 12 if lowest < LOWEST_BASS else -12 if middle > HIGHEST_BASS else 0
        return up if lowest + up >= LOWEST_BASS and middle + up <= HIGHEST_BASS else 0
    return -12 if part in CHORD_PARTS and (chord_tops(piece, key) or 0) > HIGHEST_CHORDS else 0


@lru_cache(1024)
def chord_tops(piece: int, key: Key) -> float | None:
    """Return the usual pitch of the highest voice of chords and pad of a piece, as written; None where it has none."""
    strokes: dict[tuple[str, int, int], int] = {}
    for part in CHORD_PARTS:
        for n, pitch in zip(played(piece, part), pitches(piece, part, key), strict=True):
            at = part, n.beat, n.start
            strokes[at] = max(pitch, strokes.get(at, 0))
    return float(np.median(list(strokes.values()))) if strokes else None


@lru_cache(4096)
def melody_pitches(piece: int, key: Key, bar: int, beat: int | None, beats: int) -> tuple[int, ...]:
    """Return the pitches of a piece's melody that begin in a beat of a bar, or in all of it."""
    found = (shown(piece, key, bar, b, beats) for b in (range(beats) if beat is None else (beat,)))
    return tuple(n.pitch for one in found for n in one.notes if n.part == "melody")


@lru_cache(1024)
def median_pitch(piece: int, key: Key) -> float:
    """Return the median pitch of a piece's melody."""
    return float(np.median(pitches(piece, "melody", key)))


def shown(piece: int, key: Key, bar: int, beat: int, beats: int) -> Beat:
    """Return the beat of a piece, in a key, that stands for a beat of a bar; the piece begins again at its end."""
    found = piece_beats(piece, key)
    return found[(bar % (len(found) // beats)) * beats + beat]


FUNCTIONS = {0: "root", 1: "ninth", 2: "ninth", 3: "third", 4: "third", 5: "fourth", 6: "fifth", 7: "fifth", 8: "fifth", 9: "sixth", 10: "seventh", 11: "seventh"}  # fmt: skip
"""What a tone is in a chord, by its semitones above the root."""
INSTEAD = {"ninth": "root", "third": "fourth", "fourth": "third", "fifth": "root", "sixth": "fifth", "seventh": "root"}
"""The tone that stands for one that a chord lacks."""


IMPORTANCE = (4, 3, 10, 11, 0, 9, 8, 6, 2, 1, 5, 7)
"""Intervals above a chord's root, those first that tell most of it."""


def fitted(note: Note, source: Chord, chord: Chord, key: Key) -> Note:
    """Return a note of bass or accompaniment as it is played on another chord.

    A chord's bass becomes the other's, in the bass; a tone becomes the tone that is the same in the other chord (third, seventh …), over
    a bass that is no tone of the chord the bass again. Others move with the root, to the nearest pitch of the scale.
    """
    if source == chord:
        return note
    if note.part == "bass" and note.pitch % 12 == source.bass:
        return replace(note, pitch=nearest_pitch(note.pitch, chord.bass))
    is_tone = note.pitch % 12 in source.pitch_classes
    if note.part == "bass" and is_tone and chord.bass not in replace(chord, bass=chord.root).pitch_classes:
        fifth = (chord.bass + 7) % 12
        is_fifth = (note.pitch - source.bass) % 12 == 7 and fifth in key.pitch_classes
        return replace(note, pitch=nearest_pitch(note.pitch, fifth if is_fifth else chord.bass))
    if is_tone:
        tones = {FUNCTIONS[(t - chord.root) % 12]: t for t in sorted(chord.pitch_classes)} | {"root": chord.root}
        function = FUNCTIONS[(note.pitch - source.root) % 12]
        if function == "ninth" and (chord.root + 2) % 12 in key.pitch_classes:
            return replace(note, pitch=nearest_pitch(note.pitch, tones.get(function, chord.root + 2) % 12))
        while function not in tones:
            function = INSTEAD[function] if function != "fourth" or "third" in tones else "fifth"
        return replace(note, pitch=nearest_pitch(note.pitch, tones[function]))
    moved = note.pitch + (chord.root - source.root + 6) % 12 - 6
    scale = key.pitch_classes | chord.pitch_classes
    return replace(note, pitch=min(range(moved - 2, moved + 3), key=lambda p: (p % 12 not in scale, abs(p - moved), p)))


def nearest_pitch(pitch: int, pitch_class: int) -> int:
    """Return the pitch of a class that is nearest to a pitch."""
    up = (pitch_class - pitch) % 12
    return pitch + (up if up <= 6 else up - 12)


USUAL = 2 / 3
"""The share of a style's pieces whose drums count alike that makes others unusual."""
PULSES = ("", "four", "half", "back")
"""How drums count: there are none; a kick on every beat; the backbeat on three of four only; otherwise."""


def pulse(piece: int) -> str:
    """Return how the drums of a piece count, of `PULSES`."""
    return PULSES[int(_table()["pulse"][piece])]


@cache
def usual_pulse(style: str) -> str | None:
    """Return how the drums of most pieces of a style in 4/4 count; None where they differ, or there are none."""
    meters = _table()["meter"][: len(_table()["other"])] if _table() else ()
    found = Counter(pulse(i) for i, meter in enumerate(meters) if meter == "4/4" and style_of(i) == style)
    found.pop("", None)
    most = found.most_common(1)
    return most[0][0] if most and most[0][1] >= USUAL * found.total() else None


@lru_cache(256)
def _in_time(near: tuple[int, ...], wanted: str | None) -> tuple[int, ...]:
    """Return the pieces whose drums count as wanted, all if none does or it does not matter."""
    return tuple(i for i in near if wanted is None or pulse(i) == wanted) or near
