"""One beat, event by event: what may follow what, and the drawing of each field.

What may not come is barred; the terms of `model.generation.bias_terms` bend the rest, which is drawn around what is given.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from model.decoder.engine import Array, Decoding, Reading, comes, guided
from model.decoder.tokenizer import (
    EVENTS,
    FIRST_NOTE,
    GRID,
    LENGTHS,
    NO_CHORD,
    PITCH,
    QUALITY,
    QUALITY_NAMES,
    ROOT,
    Event,
    chord_row,
    note_event,
    part_and_tick,
    row_chord,
)
from model.generation import bias_terms, chord_bias, style_lanes
from model.generation.beat_rules import Row, Rules
from model.generation.bias_terms import BARRED, PITCHES, Worth, among
from model.generation.history import ENTERING, SINGLE
from model.music.harmony import QUALITIES, Chord

Free = npt.NDArray[np.bool_]


Demand = tuple[int, set[int]]
"""An event, and the pitch classes that it must bring."""


def demanded(rules: Rules) -> list[Demand]:
    """Return what must sound on the first tick, in order."""
    chord, demands = rules.change, list[Demand]()
    if "drums" in rules.due:
        demands.append((note_event("drums", 0), set()))
    if rules.obey and chord is not None:
        if "bass" in rules.parts:
            demands.append((note_event("bass", 0), {chord.bass}))
        if "chords" in rules.parts:
            demands.append((note_event("chords", 0), _essential(chord, rules)))
    elif rules.closing and rules.must_choose:
        demands += [(note_event(part, 0), set()) for part in ("bass", "chords") if part in rules.parts]
    known = {event for event, _ in demands}
    due = [note_event(part, 0) for part in ENTERING if part in rules.due]
    return demands + [(event, set()) for event in due if event not in known]


def within_reach(classes: frozenset[int], part: str, low: int, above: int, free: Free) -> Free:
    """Return which pitches 0..127 may bring one of the classes that are demanded, `(128,)`.

    They lie low enough for a beginning, from `low` on, and near enough above the voice that was written last (`above`, -1 of none),
    for the other tones to find room; further up where none of them is `free`.
    """
    wanted = among(classes)
    near = (above + 9 if above >= 0 else low + (18 if part == "bass" else 7)) >= PITCHES
    if not (wanted & near & free).any():
        near = max(low, above) + 12 >= PITCHES
    return np.asarray(wanted & near)


def _essential(chord: Chord, rules: Rules) -> set[int]:
    """Return the pitch classes without which a chord is another one; the bass may bring the root."""
    tones = QUALITIES[chord.quality]
    kept = tones if len(tones) <= 4 else tuple(t for t in tones if t != 7)
    if len(kept) > 3 and "bass" in rules.parts:
        kept = tuple(t for t in kept if t != 0)
    wanted = {(chord.root + t) % 12 for t in kept}
    if rules.lock >= 1:
        wanted &= rules.scale
    return wanted


def onset(rules: Rules, part: str, after: int = -6, said: int = 0) -> Worth:
    """Return what an onset of a part on each grid tick of a quarter is worth, `(24,)`, `after` its last one of `said` in this beat (-6: a sixteenth ago)."""
    usual = bias_terms.usual_places(rules.manners.get(part, ()), part, rules.theta.habits, rules.sixteenth)
    if part in rules.owed:
        return bias_terms.owing(rules.owed[part] - said, rules.theta.full, after) + rules.lilt + usual
    return bias_terms.thinned(rules.crowd.get(part, 0.0), rules.theta.full, after) + rules.lilt + usual


def struck(rules: Rules, tick: int) -> Worth:
    """Return what each symbol is worth as the drum that is struck on a grid tick of the beat."""
    barred = rules.muted if tick else rules.muted | rules.silent
    kit = bias_terms.kit(barred, rules.energy, rules.livelier, rules.lighter, rules.theta.layers)
    manner = rules.manners.get("drums", ())
    return kit + bias_terms.usual_drums(manner, rules.theta.habits, rules.sixteenth, tick)


LACKING = -0.3
"""How much emptier than wanted a part is, as a logarithm, for the parts to take turns."""


MOST_EVENTS = 56
"""More than twice the busiest beat of the training songs; a bound on one beat's cost."""


def write_beat(
    engine: Decoding,
    state: Reading,
    h: Array,
    rules: Rules,
    rng: np.random.Generator,
    opening: Callable[[list[Row]], None] | None = None,
) -> list[Row]:
    """Return the rows of a beat after its line row; `h` is what follows that row. Extends the state.

    `opening` is called with the rows up to the first note, where that is no chord's.
    """
    beat = _Beat(engine, rules, rng)
    for lead in rules.lead:
        h = engine.step(state, lead)
    while len(beat.rows) < MOST_EVENTS and state.room > 2:
        row = beat.next(h)
        if row is None:
            break
        beat.rows.append(row)
        if opening is not None and row[0] >= FIRST_NOTE:
            if part_and_tick(row[0])[0] != "chords":  # which have to be whole to be laid out
                opening([*rules.lead, *beat.rows])
            opening = None
        h = engine.step(state, row)
    return [*rules.lead, *beat.rows]


class _Beat:
    """The beat that is being written; what leads is not among its rows."""

    def __init__(self, engine: Decoding, rules: Rules, rng: np.random.Generator) -> None:
        self._engine, self._rules, self._rng = engine, rules, rng
        self.rows: list[Row] = []
        self._given = list(rules.given)
        self._busy, self._before = dict(rules.busy), dict(rules.before)
        self._chord, self._fresh = rules.change or rules.chord, rules.change is not None
        self._sounded = self._ringing() if rules.change is not None else set(rules.sounded)
        self._demands = demanded(rules)
        # what a tone outside the scale costs, in logits
        self._penalty = bias_terms.looseness(rules.lock, rules.theta.scale, float(BARRED))
        self._turns = bool(rules.owed) or min(rules.crowd.values(), default=0.0) < LACKING
        self._full: set[int] = set()
        self._onsets = np.full(EVENTS, BARRED)
        for part in rules.parts:
            first = note_event(part, 0)
            self._onsets[first : first + rules.ticks] = onset(rules, part)[: rules.ticks]
        self._onsets[rules.line] = 0

    def next(self, h: Array) -> Row | None:
        """Return the next row, or None where the beat is over."""
        rules = self._rules
        if not self.rows and rules.change is not None:
            return chord_row(rules.change)
        logits = style_lanes.of_events(self._engine.event(h), rules.upper)
        if not self.rows and (rules.must_choose or (rules.free and self._changes(logits))):
            return self._chord_row(*self._say(h, 0, int(Event.CHORD)))
        while True:
            event = self._in_turn(logits) if self._turns else self._choose(logits, self._events())
            if self._given and event == self._given[0][0]:
                return self._beneath(event, h) or self._said(self._given.pop(0), h)
            if event == rules.line:
                return None
            pitches = self._pitches(event)
            if pitches.max() > BARRED / 2:
                return self._note_row(*self._say(h, 0, event, part_and_tick(event)[0]), event, pitches)
            self._full.add(event)  # every pitch is taken: this place has no more notes

    def _in_turn(self, logits: Array) -> int:
        """Draw the next event part by part, each against all that comes after it, unbent: one that lacks much would silence those before it."""
        bias = self._events()
        for first in range(FIRST_NOTE, EVENTS, GRID):
            after = bias[first + GRID :]
            unbent = bias.copy()
            unbent[FIRST_NOTE:first] = BARRED
            unbent[first + GRID :] = np.where(after > BARRED / 2, 0, BARRED)
            if unbent[first : first + GRID].max() > BARRED / 2:
                event = self._choose(logits, unbent)
                if first <= event < first + GRID:
                    return event
        return int(self._rules.line)

    def _beneath(self, event: int, h: Array) -> Row | None:
        """Return a drum that is struck with a given one and written before it, if one is drawn."""
        part, given = part_and_tick(event)[0], self._given[0][1]
        if part != "drums" or part not in self._rules.parts:
            return None
        pitches = self._pitches(event)
        pitches[given], pitches[given + 1 :] = 0, BARRED
        row = self._note_row(*self._say(h, 0, event, part), event, pitches)
        return row if row[1] < given else None

    def _said(self, row: Row, h: Array) -> Row:
        """Take note of a given row; one without a pitch gets its pitch here, and keeps its length."""
        part, tick = part_and_tick(row[0])
        if row[1] == 0:
            return self._note_row(*self._say(h, 0, row[0], part), row[0], self._pitches(row[0]), row[2])
        if part != "drums":
            self._take(part, row[1] - PITCH, tick + LENGTHS[row[2] - 1])
        return row

    def _take(self, part: str, pitch: int, until: int) -> None:
        """Take note of a tone that sounds until a tick."""
        self._busy[part, pitch] = until
        if part == "chords":
            self._sounded.add(pitch % 12)
        else:
            self._before[part] = (pitch, *self._before.get(part, ())[:1])

    def _ringing(self) -> set[int]:
        """Return the pitch classes of chords that still sound as the beat begins."""
        return {pitch % 12 for (part, pitch), until in self._busy.items() if part == "chords" and until > 1}

    def _events(self) -> Worth:
        """Return what each event is worth now, BARRED where it may not come."""
        rules = self._rules
        bias = self._onsets.copy()
        last = self.rows[-1][0] if self.rows else 0
        if last >= FIRST_NOTE:
            bias[FIRST_NOTE:last] = BARRED
            part, tick = part_and_tick(last)
            first = last - tick
            if part in rules.parts:
                said = len({row[0] for row in self.rows if first <= row[0] < first + GRID})
                bias[last : first + rules.ticks] = onset(rules, part, tick, said)[tick : rules.ticks]
            if part in SINGLE:
                bias[last] = BARRED
        for part in SINGLE:
            if part in rules.parts:
                until = max((t for (p, _), t in self._busy.items() if p == part), default=0)
                first = note_event(part, 0)
                bias[first : first + min(until, rules.ticks)] = BARRED
        if last >= FIRST_NOTE and bias[last] > BARRED / 2:
            stroke = {(row[1] - PITCH) % 12 for row in self.rows if row[0] == last}
            bias[last] = chord_bias.voice(rules, part_and_tick(last)[0], self._chord, stroke)
        bias[list(self._full)] = BARRED
        if self._demands:
            demanded = self._demands[0][0]
            if last > demanded or bias[demanded] <= BARRED / 2:
                self._demands.pop(0)  # it cannot be met: a held note is in the way
                return self._events()
            bias[demanded + 1 :] = BARRED
            bias[:FIRST_NOTE] = BARRED
            if self._demands[0][1] and last == demanded:
                bias[:demanded] = BARRED
        if self._given:
            following = self._given[0][0]
            bias[following:] = BARRED
            bias[rules.line] = BARRED
            bias[following] = 0
        return bias

    def _chord_row(self, h: Array, logits: Array) -> Row:
        rules = self._rules
        roots, kinds = chord_bias.roots(rules, self._penalty)
        symbol = self._choose(logits, roots)
        if symbol == NO_CHORD:
            self._chord = None
            return chord_row(None)
        root = symbol - ROOT
        h, logits = self._say(h, 1, symbol)
        value = self._choose(logits, chord_bias.kinds(rules, root, kinds[root], self._penalty))
        _, logits = self._say(h, 2, value)
        bias = chord_bias.basses(rules, root, QUALITY_NAMES[value - QUALITY], self._penalty)
        row = (int(Event.CHORD), symbol, value, self._choose(logits, bias), 0)
        self._chord, self._fresh, self._sounded = row_chord(row), True, self._ringing()
        return row

    def _note_row(self, h: Array, logits: Array, event: int, pitches: Worth, given_length: int = 0) -> Row:
        rules = self._rules
        part, tick = part_and_tick(event)
        pitch = self._choose(logits, pitches)
        h, logits = self._say(h, 1, pitch, part)
        length = 0
        if part != "drums":
            longest = len(LENGTHS) if part == "melody" else max(1, bisect_right(LENGTHS, rules.span - tick))
            theta, manner = rules.theta, rules.manners.get(part, ())
            bias = bias_terms.lengths(rules.articulation, theta.length, manner, part, theta.habits, longest)
            length = given_length or self._choose(logits, bias)
            self._take(part, pitch - PITCH, tick + LENGTHS[length - 1])
        h, logits = self._say(h, 2, length, part)
        velocity = self._choose(logits, bias_terms.touches(rules.wanted[part], rules.theta.touch))
        _, logits = self._say(h, 3, velocity, part)
        offset = self._choose(logits, bias_terms.OFFSET)
        if self._demands and self._demands[0][0] == event:
            self._demands[0][1].discard((pitch - PITCH) % 12)
            if not self._demands[0][1]:
                self._demands.pop(0)
        return (event, pitch, length, velocity, offset)

    def _pitches(self, event: int) -> Worth:
        """Return what each pitch is worth at a place, BARRED where it may not sound."""
        rules = self._rules
        part, tick = part_and_tick(event)
        above = max((row[1] - PITCH for row in self.rows if row[0] == event), default=-1)
        if part == "drums":
            bias = struck(rules, tick)
            bias[PITCH : PITCH + above + 1] = BARRED
            return bias
        low = bias_terms.RANGES[part][0]
        chord = self._chord if part != "melody" else None
        grounded = chord if part == "bass" else None
        begins, before = self._fresh and (tick == 0 or part not in rules.parts), self._before.get(part, ())
        ground = chord_bias.ground(rules, grounded, before, begins=begins)
        bias = bias_terms.pitches(
            part, rules.place.get(part, 0.0), rules.theta.register, rules.scale, self._penalty,
            None if chord is None else chord.pitch_classes, rules.theta.chord, rules.obey,
            ground,
        ).copy()  # fmt: skip
        if part == "chords" and chord is not None and (missing := chord.pitch_classes - self._sounded):
            bias[PITCH : PITCH + 128] += bias_terms.missing(missing, rules.whole)
        if part == "melody":
            bias[PITCH : PITCH + 128] += bias_terms.lit(rules.tonic, rules.brightness, rules.theta.light)
        if before:
            manner, walks = rules.manners.get(part, ()), part in rules.walking
            bias[PITCH : PITCH + 128] += bias_terms.moves(manner, part, rules.theta.habits, before, walks)
        if part in rules.heights:
            bias[PITCH : PITCH + 128] += bias_terms.led(rules.heights[part])
        if part == "chords":  # the bass is the lowest voice
            for (name, pitch), until in self._busy.items():
                if name == "bass" and until > tick:
                    low = max(low, pitch + 1)
        bias[PITCH : PITCH + max(low, above + 1)] = BARRED
        for (name, pitch), until in self._busy.items():
            if name == part and until > tick:
                bias[PITCH + pitch] = BARRED
        if self._demands and self._demands[0][0] == event and self._demands[0][1]:
            free = bias[PITCH : PITCH + 128] > BARRED / 2
            wanted = within_reach(frozenset(self._demands[0][1]), part, low, above, free)
            bias[PITCH : PITCH + 128] += np.where(wanted, 0, BARRED)
        return bias

    def _changes(self, logits: Array) -> bool:
        """Draw whether a new chord begins: its odds against all else, whatever the wanted density is worth to onsets."""
        rules, z = self._rules, guided(logits, self._rules.theta.text)
        rest, restless = z[self._onsets > BARRED / 2], z[Event.CHORD] + rules.restless
        return comes(restless, rest, rules.temperature, rules.theta.tail, self._rng.random())

    def _say(self, h: Array, index: int, value: int, part: str = "chords") -> tuple[Array, Array]:
        """Tell the chain a value of a part's row, or of a chord's; return its state, and the logits of the next field by who speaks for the part."""
        h, logits = self._engine.say(h, index, value)
        return h, style_lanes.of_part(logits, part, self._rules.upper)

    def _choose(self, logits: Array, bias: Worth) -> int:
        """Draw a value; every choice takes a number, so that later ones do not depend on how sure it was."""
        rules = self._rules
        return self._engine.choose(
            logits, bias, rules.theta.text, rules.temperature, rules.theta.tail, self._rng.random()
        )
