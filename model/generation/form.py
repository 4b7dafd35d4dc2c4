"""The form: each bar's section and place in the phrase, the figures of drums and bass, and what the plan of the form gives. Pure.

A clip has phrases of four or eight bars; a phrase's last bar is a fill in most styles, and a clip of 24 bars or more begins with
an intro. An endless take has phrases of eight bars, every second one a variation.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import dropwhile, takewhile

import numpy as np

from model.decoder.tokenizer import (
    DRUM_LENGTH,
    MAX_BARS_LEFT,
    OFFSET_CENTRE,
    PITCH,
    STEP,
    VELOCITY_CENTRE,
    VELOCITY_STEP,
    BarLine,
    nearest_length,
    note_event,
    row_note,
)
from model.generation import examples, form_plan, variation
from model.generation.bias_terms import PART_RANGES, share
from model.generation.form_plan import HARMONY, NEW, UNPITCHED, Label, Level
from model.generation.history import MONOPHONIC_PARTS, SPARSE_SECTIONS, sounding_until
from model.generation.take import FORGOTTEN_BEAT, TakeState, WrittenBeat
from model.music.drums import ROLE_OF, ROLES
from model.music.harmony import CHARACTERISTIC_TONES, Chord, Key, parse_chord, parse_key
from model.music.notes import (
    CHORD_PARTS,
    CUES,
    HARMONY_PARTS,
    LABELS,
    TICKS_PER_QUARTER,
    Beat,
    Note,
    Ticks,
    beat_length,
    beats_in_bar,
)
from model.music.plan import Plan
from model.prompt.rules.figures import FIGURES, Figure
from model.styles import STYLES

MIN_BARS_WITH_INTRO = 24
_SILENT_PARTS = {"intro": {"melody"}, "break": {"drums", "perc", "bass"}}
"""Parts that are silent in a section, as long as others are left."""


def apply_cue(plan: Plan, section: str | None) -> Plan:
    """Return the plan under a section cue."""
    if section is None:
        return plan
    _, energy, density = CUES[section]
    left = tuple(p for p in plan.parts if p not in _SILENT_PARTS.get(section, ()))
    return replace(
        plan,
        parts=left or plan.parts,
        energy=min(1.0, max(0.0, plan.energy + energy)),
        density=min(1.0, max(0.0, plan.density + density)),
    )


def bar_line(
    bar: int, bars: int | None, style: str, *, closes: bool, cue: str | None = None, is_morphing: bool = False
) -> BarLine:
    """Return the bar line of bar number `bar` (from 0) of a piece of `bars`, None for endless.

    `cue` is a section set by hand. During a morph there are no other fills.
    """
    left = 0 if bars is None or not closes else bars - bar
    section = cue or _section(bar, bars, style, left)
    if is_morphing and section == "fill" and cue != "fill":
        section = "groove"
    return BarLine(left if left <= MAX_BARS_LEFT else 0, section, bar % form_plan.PHRASE_BARS + 1)


def _section(bar: int, bars: int | None, style: str, left: int) -> str:
    if left == 1:
        return "ending"
    phrase = form_plan.phrase_length(bars)
    number, place = divmod(bar, phrase)
    count = None if bars is None else -(-bars // phrase)
    if count is not None and bars is not None and bars >= MIN_BARS_WITH_INTRO and number == 0:
        return "intro" if place < phrase // 2 else "groove"
    last = place == phrase - 1 and (bars is None or bar + 1 < bars or bars >= phrase)
    if last and STYLES[style].has_fills:
        return "fill"
    if count is not None and count >= 4 and STYLES[style].has_club_form:
        return ("groove", "build", "drop", "break")[number % 4]
    return "variation" if number % 2 else "groove"


Row = tuple[int, ...]


def figure_rows(plan: Plan, frame: Beat, line: BarLine) -> tuple[Row, ...]:
    """Return the rows of the plan's figures in a beat; those of the bass have no pitch. A closing bar has none of the bass."""
    found, loud = list[Row](), 1 + VELOCITY_CENTRE // VELOCITY_STEP
    for figure in _active_figures(plan, line):
        for tick in figure.ticks if figure.beat in (None, frame.beat) else ():
            if figure.what == "bass":
                found.append((note_event("bass", tick), 0, 1 + nearest_length(figure.length), 0, 0))
            else:
                pitch = PITCH + ROLES[figure.what]
                found.append((note_event("drums", tick), pitch, 0, loud - (tick % 12 > 0), 1 + OFFSET_CENTRE))
    if _half_time(plan, frame) and frame.beat == 2 and "snare" not in plan.silenced:
        found.append((note_event("drums", 0), PITCH + ROLES["snare"], 0, loud, 1 + OFFSET_CENTRE))
    return tuple(found)


def replaced_parts(plan: Plan, line: BarLine) -> tuple[frozenset[str], frozenset[int]]:
    """Return the parts, and the drums by their notes, that figures replace in a bar: nothing else of them is sampled."""
    what = {figure.what for figure in _active_figures(plan, line)}
    return frozenset(what & {"bass"}), frozenset(ROLES[role] for role in what - {"bass"})


def off_the_backbeat(plan: Plan, frame: Beat) -> frozenset[int]:
    """Return the drums that must not sound on a beat's first tick in half time: snare, clap and rim on two and four."""
    if _half_time(plan, frame) and frame.beat % 2:
        return frozenset({ROLES["snare"], ROLES["clap"], ROLES["rim"]})
    return frozenset()


def _active_figures(plan: Plan, line: BarLine) -> list[Figure]:
    figures = [FIGURES[name] for name in plan.figures]
    return [
        f
        for f in figures
        if f.part in plan.parts and f.what not in plan.silenced and not (f.what == "bass" and line.left == 1)
    ]


def _half_time(plan: Plan, frame: Beat) -> bool:
    known = "feel" in plan.explicit or any(STYLES[name].is_half_time for name, _ in plan.style[:1])
    return plan.feel == "half" and known and frame.meter == "4/4"


KICKS, KICK_PLACE = 2, 12
"""Kicks of a bar in the styles that have more than one, and the grid tick of its third beat where a missing one falls."""
_SYNCOPATED = frozenset({"bass", "hip-hop"})
"""Families whose bars have a kick on the first beat, and more than one."""
_FOUR_ON_THE_FLOOR = frozenset({"club", "techno"})
"""Families whose bars have a kick on every beat."""


def owed_kicks(take: TakeState, plan: Plan, frame: Beat, line: BarLine) -> tuple[Row, ...]:
    """Return the kicks without which a bar in 4/4 would not be one of its style: what returns is copied with its faults."""
    family = next((STYLES[name].family for name, _ in plan.style_of("drums")), "")
    tick = None
    if family in _FOUR_ON_THE_FLOOR or (family in _SYNCOPATED and frame.beat == 0):
        tick = 0
    elif family in _SYNCOPATED and frame.beat == 2 and not _half_time(plan, frame):
        last = [n for w in take.written[-2:] for n in w.beat.notes if n.part == "drums"]
        tick = KICK_PLACE if last and sum(n.pitch == ROLES["kick"] for n in last) < KICKS else None
    replaced = ROLES["kick"] in replaced_parts(plan, line)[1] or "kick" in plan.silenced
    if tick is None or frame.meter != "4/4" or replaced or line.section in SPARSE_SECTIONS:
        return ()
    loud = 1 + VELOCITY_CENTRE // VELOCITY_STEP
    return ((note_event("drums", tick), PITCH + ROLES["kick"], 0, loud, 1 + OFFSET_CENTRE),)


def given_chord(progression: tuple[str, ...], frame: Beat) -> tuple[Chord | None, Ticks]:
    """Return the chord of a progression that begins on this beat, if any, and the ticks to the next change.

    The chords of a bar share its beats as evenly as whole beats allow, the earlier ones longer.
    """
    beats = beats_in_bar(frame.meter)
    chords = [parse_chord(c) for c in progression[frame.bar % len(progression)].split()][:beats]
    starts = [-(-i * beats // len(chords)) for i in range(len(chords))]
    after = next((s for s in starts if s > frame.beat), beats)
    new_chord = chords[starts.index(frame.beat)] if frame.beat in starts else None
    return new_chord, Ticks((after - frame.beat) * beat_length(frame.meter))


# What the plan of the form gives


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan of the form gives of a beat: the notes of some parts, the onsets of others, the chord."""

    notes: tuple[Note, ...] = ()
    parts: frozenset[str] = frozenset()  # whose notes are given
    rhythm: tuple[tuple[str, Ticks, Ticks], ...] = ()  # part, onset and length of the notes without a pitch
    rhythmic: frozenset[str] = frozenset()  # whose onsets are given
    has_harmony: bool = False
    chord: Chord | None = None  # of the beat, where it is given
    source_bars: Mapping[str, int] = field(default_factory=dict)  # from which bar the notes of a part are
    contour: Mapping[str, float] = field(default_factory=dict)  # the pitch around which a part lies in the beat
    closes: bool = False  # the tune's last note of a phrase begins in the beat


NOTHING, NO_LEVEL = Planned(), Level()
MAX_SOURCE_BEATS = 256
"""A source lies at most so many beats back: what a take remembers, less what it may be rewound by."""
_NAMES = {name[0]: name for name in LABELS}
_SINGING = frozenset({"melody", "arp"})
_OWN_LINES = UNPITCHED | {"melody"}
"""Parts that do not play the chords."""
_STEADY = frozenset({"groove", "variation"})
_RISING = frozenset({"build", "drop"})
"""Sections that were asked for play the fullest phrase before them."""
_OWN_DRUMS = frozenset({"build", "drop", "break"})
"""Sections whose drums are made of those of the last steady bar."""
_STEADY_SEARCH_BARS = 24
_SAME_DENSITY, _SAME_LEVEL, _SAME_ENERGY = 0.1, 0.15, 0.3
"""How far the levels of two plans may lie apart for the one to take bars from the other."""
_ENTRIES = {"bass": 1 / 4, "pad": 1 / 4, "arp": 1 / 2, "drums": 1 / 2, "perc": 1 / 2}
"""When parts come in that do not begin a piece that grows, as shares of its bars."""
_HATS = frozenset(ROLES[name] for name in ("closed_hat", "pedal_hat", "open_hat"))
_BACKBEAT = frozenset(ROLES[name] for name in ("snare", "clap", "rim", "crash", "tom_low", "tom_mid", "tom_high"))
"""Drums that an intro that was asked for leaves to what follows."""
_FILL = (
    ((0, "snare"), (240, "snare")),
    ((0, "snare"), (120, "snare"), (240, "tom_mid"), (360, "tom_low")),
)
"""What a fill strikes in the last two beats of a bar, as ticks and roles."""
_SHAKEN = frozenset({ROLES["shaker"]})
_ROLL_STEP = 240
"""Ticks between the strokes of a build's snare."""
_SHORT_ROLL = 2
"""Strokes that a build of fewer bars than a phrase has more in each."""
_DROP_PLACES = tuple(Ticks(t) for t in (240, 0, 120, 360))
"""Where a drop gets two more strokes a beat: of the hat in the first places that have none, else of a shaker."""


@dataclass(frozen=True, slots=True)
class FormRequest:
    """What the plan of the form is asked for: the take, the plan of the words without cues, a beat, and its bar line.

    `velocity` is the wanted velocity of each part that plays. With `is_led` somebody plays the chords: of the form only the drums
    are left.
    """

    take: TakeState
    plan: Plan
    frame: Beat
    line: BarLine
    velocity: Mapping[str, float] = field(default_factory=dict)
    is_cued: bool = False
    is_led: bool = False
    is_scale_locked: bool = False
    is_key_stated: bool = False

    @property
    def fills_in(self) -> bool:
        """Whether the beat is written around bars that stay: these have a form already. Parts beside others have the take's own."""
        begin = self.take.begin
        return begin.beside is None and self.frame.index < len(begin.given)

    def told_chord(self) -> tuple[Chord | None, Chord | None] | None:
        """Return the chord that the words, or the parts that are there, let begin in the beat, and the one that sounds in it.

        None where it may be chosen.
        """
        kept, last = self.take.kept(self.frame.index), self.take.written[-1].chord if self.take.written else None
        if self.take.begin.beside is not None and kept.harmony:
            sounds = None if kept.chord is None else parse_chord(kept.chord)
            return (sounds if kept.fresh else None), sounds
        if self.plan.progression is None:
            return None
        begins, _ = given_chord(self.plan.progression, self.frame)
        return begins, begins or last

    def until_told_chord(self) -> Ticks | None:
        """Return the ticks from the beat's start to the next chord that the words or the parts that are there give; None where none comes."""
        away, frame = self.frame.length, self.frame
        for _ in range(LOOK_AHEAD if self.plan.progression is not None and self.take.begin.beside is None else 0):
            frame = _next_beat(frame)
            if given_chord(self.plan.progression or (), frame)[0] is not None:
                return away
            away = Ticks(away + frame.length)
        for kept in self.take.begin.given[self.frame.index + 1 :]:
            if kept.harmony and kept.fresh:
                return away
            away = Ticks(away + self.frame.length)
        return None

    def labels(self) -> Mapping[str, Label]:
        """Return the labels of the bar; none where it opens or closes the piece, or where the take has what is given."""
        take, frame = self.take, self.frame
        if frame.bar == 0 or self.line.left == 1 or take.begin.melody_first or self.fills_in:
            return {}
        plan, bars = self.plan, take.begin.bars or take.begin.loop
        found = dict(form_plan.labels(frame.bar, bars, plan.style, take.begin.seed, tuple(sorted(plan.parts))))
        if "melody" in found:
            found["melody"] = self._label_of_tune(found["melody"])
        if self.is_led:
            return {p: label for p, label in found.items() if p == "drums"}
        placed, example = self.place, Shown.of(self)
        if placed is not None and example is not None:
            told = example.labels(("melody",), placed).get("melody", NEW)
            found = dict.fromkeys(found, NEW)
            if "melody" in found:
                found["melody"] = form_plan.placed_tune(placed, told)
            if self.told_chord() is not None:
                found.pop(HARMONY)
            return {name: label for name, label in found.items() if name not in take.kept(frame.index).parts}
        phrase = self._fullest_phrase(_STEADY | _RISING) if self.is_cued and self.line.section in _RISING else range(0)
        if phrase:
            sings = bool(examples.tune_plan(plan.style, take.begin.seed))
            again = Label("same", (phrase[frame.bar % form_plan.BARS],))
            found = {name: label if name == "melody" and sings else again for name, label in found.items()}
        if self.told_chord() is not None:
            found.pop(HARMONY)
        found = {name: label for name, label in found.items() if name not in take.kept(frame.index).parts}
        if phrase or example is None:
            return found
        first = frame.bar - frame.bar % form_plan.BARS
        opening = form_plan.labels(first, bars, plan.style, take.begin.seed, ())
        if HARMONY in found and opening.get(HARMONY, NEW) is NEW and example.harmony() is not None:
            found[HARMONY] = NEW  # all of a new phrase has chords of a piece, not its first one again
        return {**found, **example.labels(tuple(found))}

    @property
    def place(self) -> form_plan.Place | None:
        """Where the bar lies in the sections that the words ask a clip for, None where they ask for none."""
        begin, sections = self.take.begin, self.plan.wishes.sections
        is_clip = begin.bars is not None or begin.loop is not None
        placed = is_clip and not begin.given and len(sections) > 1
        return form_plan.place_of(self.frame.bar, sections) if placed else None

    @property
    def layers_later(self) -> frozenset[str]:
        """The parts of a long clip whose words name no sections that have not come in: in one that grows, part after part."""
        begin, bar, bars = self.take.begin, self.frame.bar, self.take.begin.bars or self.take.begin.loop or 0
        first = form_plan.MATERIAL_BARS if bars >= MIN_BARS_WITH_INTRO else 0
        grows = any(
            f.begin < f.end and 2 * (f.bars or bars) >= bars >= MIN_BARS_WITH_INTRO for f in self.plan.wishes.fades
        )
        waiting = set(_ENTRIES) if grows and "parts" not in self.plan.explicit else set()
        late = {p for p in waiting if bar < _ENTRIES[p] * bars} if set(self.plan.parts) - waiting else set()
        return frozenset(late | {*begin.layers} if bar < first else late)

    @property
    def contrast(self) -> int:
        """Which of the letters that come later the bar's phrase has in a form that the words do not name; 0 for the first ones."""
        begin = self.take.begin
        if begin.given or begin.beside is not None or self.place is not None:
            return 0
        return form_plan.contrast(self.frame.bar, begin.bars or begin.loop, self.plan.style, begin.seed)

    def _label_of_tune(self, label: Label) -> Label:
        """Return the label of the tune in the bar: as in a song of people where theirs are known, else the one given."""
        bar = self.frame.bar
        told = examples.tune_plan(self.plan.style, self.take.begin.seed)
        if bar >= len(told):
            return label
        back = int(told[bar][1:] or 0)
        return Label(_NAMES[told[bar][0]], (bar - back,)) if 0 < back <= bar else NEW

    def labelled_line(self) -> BarLine:
        """Return the bar line with the labels of melody and band, and how far back the source lies."""
        labels = self.labels()
        melody = labels.get("melody")
        band = {labels.get(part, NEW).name for part in self.velocity if part != "melody"}
        what = None if not band or not labels else next(iter(band)) if len(band) == 1 else "varied"
        if what in ("rhythm", "answer"):
            what = "varied"
        sources = [label.sources[0] for label in (melody, *labels.values()) if label is not None and label.sources]
        back = self.frame.bar - sources[0] if sources else 0
        return replace(self.line, melody=None if melody is None else melody.name, band=what, source=back)

    def planned(self) -> Planned:
        """Return what is given of the beat."""
        if self.line.left == 1 and self.frame.bar and self.place is not None and not self.is_led:
            return self._closing()
        labels, plan, frame = self.labels(), self.plan, self.frame
        example = Shown.of(self)
        if not labels and example is None:
            return NOTHING
        notes, bars, rhythm, rhythmic = list[Note](), dict[str, int](), list[tuple[str, Ticks, Ticks]](), set[str]()
        harmony, sounding = self._harmony(labels.get(HARMONY, NEW)), sounding_until(self.take.beats)
        if harmony is None and example is not None and labels.get(HARMONY, NEW) is NEW and self.told_chord() is None:
            harmony = example.harmony() or example.held()
        replaced, _ = replaced_parts(plan, self.line)
        there = self.take.kept(frame.index).parts
        placed = self.place
        lasting = frozenset(form_plan.LAYERS) - {*self.take.begin.layers}
        resting = frozenset(plan.parts) - lasting if "parts" not in plan.explicit else frozenset[str]()
        for part in (p for p in self.velocity if p not in there):
            if placed is None and part in self.layers_later:
                bars[part] = NO_BAR
                continue
            if placed is not None and (
                (part in resting and placed.rests(part))
                or (part not in UNPITCHED and placed.stops(frame.beat, beats_in_bar(frame.meter)))
            ):
                bars[part] = NO_BAR
                continue
            what, source = self._source(part, labels.get(part, NEW))
            shown_fill = example.fill() if part == "drums" and placed is not None and placed.fills and example else None
            if shown_fill is not None:
                bars[part] = NO_BAR
                notes += shown_fill
                continue
            if part == "drums" and self.line.section in _OWN_DRUMS:
                is_own = placed is not None and (self.line.section == "drop" or placed.bars < form_plan.BARS)
                source = None if is_own else self._steady()
                what = "notes" if source is not None else ""
                given = example.part(part, None) if source is None and example is not None else None
                if isinstance(given, tuple):  # nothing steady came before: the piece's own, in this section
                    bars[part] = NO_BAR
                    notes += self._with_section(list(given))
                    continue
            if part == "drums" and self.line.section == "fill" and labels.get(part, NEW) is not NEW:
                shown_fill = None if example is None else example.fill()
                if shown_fill is not None:
                    bars[part] = NO_BAR
                    notes += shown_fill
                    continue
                source = self._steady()
                what = "notes" if source is not None else ""
            if part in _SINGING and self._breathes(there):
                bars[part] = NO_BAR
                continue
            is_new = labels.get(part, NEW) is NEW or part in ("drums", "melody")
            is_shown = source is None and example is not None and is_new and part not in replaced
            if is_shown and example is not None:
                given = example.part(part, self._chord(harmony))
                if isinstance(given, tuple):
                    bars[part] = NO_BAR
                    notes += (n for n in given if n.start // STEP >= _busy(sounding, n))
                    continue
                what, source = ("onsets", given) if given is not None else ("", None)
            if source is None or (part not in _OWN_LINES and not is_shown and not self._fits(source, harmony)):
                continue
            if what == "notes":
                bars[part] = source.beat.bar
                copied = self._copied(part, source, self._chord(harmony))
                notes += (n for n in copied if n.start // STEP >= _busy(sounding, n))
            elif what == "onsets" and part not in replaced:
                rhythmic.add(part)
                found = {n.start + n.offset: n.length for n in source.beat.notes if n.part == part}
                grid = {(at + OFFSET_CENTRE) // STEP: length for at, length in sorted(found.items())}
                busy = max((t for (p, _), t in sounding.items() if p == part), default=0) * (part in MONOPHONIC_PARTS)
                inside = ((at, length) for at, length in grid.items() if max(0, busy) <= at < frame.length // STEP)
                rhythm += [(part, Ticks(at * STEP), length) for at, length in inside]
        return Planned(
            tuple(sorted(notes)),
            frozenset(bars),
            tuple(rhythm),
            frozenset(rhythmic),
            harmony is not None,
            harmony.chord if harmony is not None else None,
            bars,
            {} if example is None or "melody" not in rhythmic else example.contour(),
            example is not None and any(p == "melody" for p, _, _ in rhythm) and example.closes_phrase(),
        )

    def _closing(self) -> Planned:
        """Return the last bar of sections that were asked for: all strike the tonic's chord, or the words', once, and hold it."""
        key, there, told = parse_key(self.plan.key), self.take.kept(self.frame.index).parts, self.told_chord()
        triad = next(q for q in ("m", "") if Chord(key.tonic, q, key.tonic).pitch_classes <= key.pitch_classes or not q)
        chord = Chord(key.tonic, triad, key.tonic) if told is None or told[1] is None else told[1]
        parts = frozenset(self.velocity) - there
        notes = [n for part in parts for n in self._last_stroke(part, chord)] if self.frame.beat == 0 else []
        return Planned(
            tuple(sorted(notes)), parts, has_harmony=told is None, chord=chord, source_bars=dict.fromkeys(parts, NO_BAR)
        )

    def _last_stroke(self, part: str, chord: Chord) -> Iterator[Note]:
        """Yield what a part strikes in the last bar: what it struck first in its last bar, on another chord."""
        length = Ticks(beats_in_bar(self.frame.meter) * self.frame.length)
        loud = min(127, max(1, round(self.velocity[part])))
        key = parse_key(self.plan.key)
        beats = self.take.written[-2 * beats_in_bar(self.frame.meter) :]
        last = next((w for w in beats if any(n.part == part for n in w.beat.notes)), None)
        if last is None or part == "perc":
            return
        if part == "drums":
            yield from (
                Note(Ticks(0), DRUM_LENGTH, ROLES[role], loud, part)
                for role in ("kick", "crash")
                if role not in self.plan.silenced
            )
            return
        struck = [n for n in last.beat.notes if n.part == part]
        stroke = [n for n in struck if n.start == struck[0].start] if part in CHORD_PARTS else struck[-1:]
        pitches = {examples.fitted(n, last.chord or chord, chord, key).pitch for n in stroke}
        if part not in CHORD_PARTS:
            pitches = {examples.nearest_pitch(p, chord.bass if part == "bass" else chord.root) for p in pitches}
        yield from (Note(Ticks(0), length, p, loud, part) for p in sorted(pitches))

    def until_given(self, part: str) -> Ticks | None:
        """Return the ticks from the beat's start to the next note that the form gives of a part after it, within two bars."""
        away, frame = self.frame.length, self.frame
        for _ in range(2 * beats_in_bar(frame.meter) - 1):
            frame = _next_beat(frame)
            later = replace(self, frame=frame, line=replace(self.line, left=0, section=None), is_cued=False)
            label = later.labels().get(part, NEW)
            if self.frame.bar in label.sources:  # this bar, which is not written yet
                return away
            what, source = later._source(part, label)
            starts = [n.start for n in source.beat.notes if n.part == part] if source is not None and what else []
            if starts:
                return Ticks(away + min(starts))
            away = Ticks(away + frame.length)
        return None

    def _harmony(self, label: Label) -> WrittenBeat | None:
        """Return the beat whose chord is given, None where a chord may be chosen."""
        if label.sources == (self.frame.bar - 1,):  # the chord is held
            last = self.take.written[-1] if self.take.written else None
            tells = parse_key(self.plan.key).mode in CHARACTERISTIC_TONES  # a mode needs its chords to be heard
            if tells or last is None or last.chord is None or not self._serves(HARMONY, last):
                return None
            return last
        what, source = self._source(HARMONY, label)
        return source if what and source is not None and source.chord is not None else None

    def _chord(self, harmony: WrittenBeat | None) -> Chord | None:
        """Return the chord that sounds in the beat, None where it is still to be chosen."""
        if harmony is not None:
            return harmony.chord
        told = self.told_chord()
        return None if told is None else told[1]

    def _fits(self, source: WrittenBeat, harmony: WrittenBeat | None) -> bool:
        """Return True if a part that plays the chords can be taken from a beat: it has the chord that sounds here."""
        told = self.told_chord()
        if told is None:
            return harmony is None or source.chord == harmony.chord
        begins, chord = told
        return source.chord == chord and (source.beat.fresh or begins is None)

    def _source(self, part: str, label: Label) -> tuple[str, WrittenBeat | None]:
        """Return what is given of a part in the beat ("notes", "onsets" or "") and the beat that it is taken from."""
        what = form_plan.given_of_beat(label, self.frame.beat, beats_in_bar(self.frame.meter))
        for bar in label.sources if what else ():
            first = self._first_beat(bar)
            if first is None or not self._sounds(part, first):
                continue
            source = self.take.written[first + self.frame.beat]
            if not self._serves(part, source):
                continue
            moved = part not in UNPITCHED and source.plan is not None and source.plan.key != self.plan.key
            if moved and part == HARMONY:
                continue
            return ("onsets" if moved else what), source
        return "", None

    def _first_beat(self, bar: int) -> int | None:
        """Return the index of the first beat of a bar, if it is written, remembered and of this metre."""
        frame = self.frame
        index = frame.index - frame.beat - (frame.bar - bar) * beats_in_bar(frame.meter)
        if frame.index - index > MAX_SOURCE_BEATS or not 0 <= index <= len(self.take.written) - beats_in_bar(
            frame.meter
        ):
            return None
        first = self.take.written[index]
        return index if first is not FORGOTTEN_BEAT and first.beat.bar == bar and self._is_bar(first) else None

    def _is_bar(self, first: WrittenBeat) -> bool:
        return first.beat.beat == 0 and first.beat.meter == self.frame.meter

    def _bar(self, first: int) -> list[WrittenBeat]:
        return self.take.written[first : first + beats_in_bar(self.frame.meter)]

    def _sounds(self, part: str, first: int) -> bool:
        """Return True if a part sounds in a bar."""
        if part == HARMONY or any(n.part == part for w in self._bar(first) for n in w.beat.notes):
            return True
        return any(True for _ in self._held_into(part, first))

    def _serves(self, part: str, source: WrittenBeat) -> bool:
        """Return True if a beat was written under a plan that is like this one in all that a part hears."""
        first = source.beat.index - source.beat.beat
        if part == "drums" and source.section == "intro" != self.line.section:
            strokes = (n for w in self._bar(first) for n in w.beat.notes if n.part == part)
            if not any(n.pitch in _BACKBEAT for n in strokes):
                return False  # an intro leaves the backbeat to what follows
        then, now = source.plan, self.plan
        if then is None:
            return False
        alike = (
            (part == HARMONY or part in then.parts)
            and then.style_of(part) == now.style_of(part)
            and (then.feel, then.figures, then.silenced, then.articulation)
            == (now.feel, now.figures, now.silenced, now.articulation)
            and abs(then.density - now.density) <= _SAME_DENSITY
            and abs(then.energy - now.energy) <= _SAME_ENERGY
        )
        if part in UNPITCHED or not alike:
            return alike
        scale = parse_key(now.key).pitch_classes
        sounds = {n.pitch % 12 for n in source.beat.notes if n.part == part}
        if part == HARMONY and source.chord is not None:
            sounds = set(source.chord.pitch_classes)
        inside = not self.is_scale_locked or sounds <= scale
        return (
            inside
            and (then.register, then.registers) == (now.register, now.registers)
            and abs(then.complexity - now.complexity) <= _SAME_LEVEL
            and abs(then.brightness - now.brightness) <= _SAME_LEVEL
        )

    def _steady(self) -> WrittenBeat | None:
        """Return the beat of the usual bar of the fullest steady phrase, from which a section with drums of its own takes them.

        The usual one is most like the others: a fill, or a first bar with its crash, is none.
        """
        phrase = self._fullest_phrase(_STEADY)
        found = [f for f in map(self._first_beat, phrase) if f is not None and self._sounds("drums", f)]
        strokes = {first: self._strokes(first) for first in found}
        usual = max(found, key=lambda f: sum(_likeness(strokes[f], strokes[o]) for o in found), default=None)
        source = None if usual is None else self.take.written[usual + self.frame.beat]
        return source if source is not None and self._serves("drums", source) else None

    def _fullest_phrase(self, sections: frozenset[str]) -> range:
        """Return the four bars in some sections that have the most notes, of those not far back; the latest of several."""
        best, most = range(0), 0
        latest = self.frame.bar // form_plan.BARS * form_plan.BARS - form_plan.BARS
        for start in range(latest, max(-1, latest - _STEADY_SEARCH_BARS), -form_plan.BARS):
            first, last = self._first_beat(start), self._first_beat(start + form_plan.BARS - 1)
            if first is None or last is None:
                break
            beats = self.take.written[first : last + beats_in_bar(self.frame.meter)]
            notes = sum(len(w.beat.notes) for w in beats)
            if notes > most and all(w.section in sections or w.section == "fill" for w in beats):
                best, most = range(start, start + form_plan.BARS), notes
        return best

    def _strokes(self, first: int) -> frozenset[tuple[int, int, int]]:
        return frozenset(
            (w.beat.beat, n.start, n.pitch) for w in self._bar(first) for n in w.beat.notes if n.part == "drums"
        )

    def _copied(self, part: str, source: WrittenBeat, chord: Chord | None) -> Iterator[Note]:
        """Yield the notes of a part of a beat: with the velocity that is wanted here, in the chord that sounds here."""
        louder = self.velocity.get(part, 0.0) - source.velocity.get(part, self.velocity.get(part, 0.0))
        found = [n for n in source.beat.notes if n.part == part]
        first = source.beat.index - source.beat.beat
        if self.line.section in _RISING:  # from where the section begins, however soft its source was
            whole = [n.velocity for w in self._bar(first) for n in w.beat.notes if n.part == part]
            louder = self.velocity.get(part, 0.0) - sum(whole) / len(whole) if whole else louder
        before = self.take.written[-1] if self.take.written else None
        goes_on = before is not None and before.source_bars.get(part) == source.beat.bar - 1
        if self.frame.beat == 0 and part not in _OWN_LINES and not goes_on:
            held = list(self._held_into(part, first))
            taken = {n.pitch for n in found if n.start == 0}
            found += [n for n in held if n.pitch not in taken]
        to_the_end = (beats_in_bar(self.frame.meter) - self.frame.beat) * self.frame.length
        goes_on = self._goes_on(part, source.beat.bar)
        for note in self._with_section(found) if part == "drums" else found:
            length = note.length if goes_on or part in UNPITCHED else min(note.length, to_the_end - note.start)
            velocity = min(127, max(1, round(note.velocity + louder)))
            yield replace(self._moved(note, source, chord), length=Ticks(max(1, length)), velocity=velocity)

    def _goes_on(self, part: str, bar: int) -> bool:
        """Return True if the next bar of a part goes on where a source bar does."""
        following = replace(self.frame, bar=self.frame.bar + 1)
        label = replace(self, frame=following, line=replace(self.line, left=0)).labels().get(part, NEW)
        return label.name in ("same", "varied") and bar + 1 in label.sources

    def _held_into(self, part: str, first: int) -> Iterator[Note]:
        """Yield what a part still holds as a bar begins, from the bar line on."""
        back = 0
        for written in reversed(self.take.written[max(0, first - 2 * beats_in_bar(self.frame.meter)) : first]):
            back += written.beat.length
            for note in written.beat.notes:
                if note.part == part and note.end > back:
                    yield replace(note, start=Ticks(0), length=Ticks(note.end - back), offset=0)

    def _with_section(self, notes: list[Note]) -> list[Note]:
        """Return the strokes of a beat in its section: a build leads on with a snare, a break has few and no kick, a drop has more."""
        section, place = self.line.section, section_place(self.take, self.frame, self.line, is_cued=self.is_cued)
        level = form_plan.section_level(section, *place)
        if section == "intro":
            return [n for n in notes if n.pitch not in _BACKBEAT]
        if section == "fill" or (self.place is not None and self.place.fills):
            return self._filled(notes)
        if section == "break":
            kept = [n for n in notes if _rank(self.take.begin.seed, self.frame.beat, n) < level.kept]
            return [n for n in kept if n.pitch != ROLES["kick"]]
        more: list[tuple[Ticks, str]] = []
        if section == "build":
            to_the_end = (beats_in_bar(self.frame.meter) - self.frame.beat) * self.frame.length
            strokes = round(level.roll) + _SHORT_ROLL * (self.place is not None and self.place.bars < form_plan.BARS)
            roll = (to_the_end - _ROLL_STEP * (i + 1) for i in range(strokes))
            more = [(Ticks(at), "snare") for at in roll if 0 <= at < self.frame.length]
        elif section == "drop":
            hats, shakers = (
                [(at, role) for at in _DROP_PLACES if not any(n.start == at and n.pitch in struck for n in notes)]
                for role, struck in (("closed_hat", _HATS), ("shaker", _SHAKEN))
            )
            count = max(2, min(4, math.ceil(self._strokes_before() - len(notes))))
            more = [(at, role) for at, role in [*hats, *shakers][:count] if at < self.frame.length]
            more += [(Ticks(0), "crash")] * (self.frame.beat == 0 and place[0] % form_plan.BARS == 0)
        loud = max((n.velocity for n in notes), default=100)
        taken = {(n.start, n.pitch) for n in notes}
        added = [
            Note(at, DRUM_LENGTH, ROLES[role], max(1, loud - 10), "drums")
            for at, role in more
            if role not in self.plan.silenced and (at, ROLES[role]) not in taken
        ]
        return [*notes, *added]

    def _strokes_before(self) -> float:
        """Return the strokes that each beat of the build before a drop had, and a half: so many are more; 0 where none came before."""
        before = list(dropwhile(lambda w: w.section == "drop", reversed(self.take.written)))
        built = list(takewhile(lambda w: w.section == "build", before))
        return sum(n.part == "drums" for w in built for n in w.beat.notes) / len(built) + 0.5 if built else 0.0

    def _breathes(self, there: frozenset[str]) -> bool:
        """Return True in the last beat of a fill that was asked for where nobody drums: the band takes a breath."""
        drums = "drums" in self.velocity or "drums" in there
        last = self.frame.beat + 1 == beats_in_bar(self.frame.meter)
        return self.is_cued and self.line.section == "fill" and last and not drums

    def _filled(self, notes: list[Note]) -> list[Note]:
        """Return the strokes of a beat in a fill: towards the bar line snare and toms take the hats' place, in the styles that have fills."""
        left, style = beats_in_bar(self.frame.meter) - self.frame.beat, self.plan.style_of("drums")
        if left > len(_FILL) or not style or not STYLES[style[0][0]].has_fills:
            return notes
        loud = max((n.velocity for n in notes), default=100)
        struck = [
            (Ticks(at), role) for at, role in _FILL[-left] if at < self.frame.length and role not in self.plan.silenced
        ]
        kept = [n for n in notes if n.pitch == ROLES["kick"]]
        return [
            *kept,
            *(Note(at, DRUM_LENGTH, ROLES[role], max(1, loud - 12 + at // 40), "drums") for at, role in struck),
        ]

    def _moved(self, note: Note, source: WrittenBeat, chord: Chord | None) -> Note:
        """Return a note of the melody on the chord that sounds here: one that the words or a player gave moves all of them.

        Another one moves what would rub against it: people sing a bar again as it was, over other chords too.
        """
        if note.part != "melody" or source.chord is None or chord is None or chord == source.chord:
            return note
        key, strong = parse_key(self.plan.key), note.start == 0 and self.frame.beat % 2 == 0
        if self.told_chord() is None:
            heard = strong or note.length >= TICKS_PER_QUARTER or grates(note.pitch, chord, key)
            if not heard or not rubs(note.pitch, chord, key):
                return note
            strong = True
        pitch = moved_pitch(note.pitch, source.chord, chord, key, strong=strong)
        if self.is_scale_locked and pitch % 12 not in key.pitch_classes:
            return note  # the lock goes before the chord
        return replace(note, pitch=pitch)


def rubs(pitch: int, chord: Chord, key: Key) -> bool:
    """Return True if a pitch that is no tone of a chord lies a semitone above one, or outside the key."""
    tones = chord.pitch_classes
    return pitch % 12 not in tones and ((pitch - 1) % 12 in tones or pitch % 12 not in key.pitch_classes)


def grates(pitch: int, chord: Chord, key: Key) -> bool:
    """Return True if a tone of a chord that is outside the key takes a pitch's place: E flat over C major in C minor."""
    outside = chord.pitch_classes - key.pitch_classes
    return pitch % 12 not in chord.pitch_classes and any((pitch + step) % 12 in outside for step in (-1, 1))


def moved_pitch(pitch: int, source: Chord, chord: Chord, key: Key, *, strong: bool) -> int:
    """Return a melody's pitch moved from one chord to another: to the nearest tone of the chord on a strong beat, where it was one.

    Others move by the steps of the scale that the root moves, the short way; a pitch outside the scale stays where it is.
    """
    if strong:
        if pitch % 12 in chord.pitch_classes:
            return pitch
        near = sorted(range(max(0, pitch - 6), min(127, pitch + 6) + 1), key=lambda p: (abs(p - pitch), p))
        return next(p for p in near if p % 12 in chord.pitch_classes)
    scale = [p for p in range(128) if p % 12 in key.pitch_classes]
    classes = sorted(key.pitch_classes)
    if pitch not in scale or source.root not in classes or chord.root not in classes:
        return pitch
    steps = (classes.index(chord.root) - classes.index(source.root)) % len(classes)
    steps -= len(classes) * (steps > len(classes) // 2)
    at = scale.index(pitch) + steps
    return scale[at] if 0 <= at < len(scale) else pitch


def section_place(take: TakeState, frame: Beat, line: BarLine, *, is_cued: bool) -> tuple[int, int]:
    """Return the place of a bar in its section, from 0, and the bars that this lasts."""
    if not is_cued or line.section not in CUES:
        length = form_plan.phrase_length(take.begin.bars or take.begin.loop)
        return frame.bar % length, length
    before = 0
    for written in reversed(take.written[: len(take.written) - frame.beat]):
        if written.section != line.section:
            break
        before += written.beat.beat == 0
    return before, CUES[line.section][0]


def level_of_bar(take: TakeState, plan: Plan, frame: Beat, line: BarLine, *, is_cued: bool) -> Level:
    """Return what the form adds to the velocity and density of a bar."""
    if frame.index < len(take.begin.given):
        return NO_LEVEL
    level = form_plan.section_level(line.section, *section_place(take, frame, line, is_cued=is_cued))
    bars = take.begin.bars or take.begin.loop
    placed = FormRequest(take, plan, frame, line).place
    if placed is not None:
        return replace(level, velocity=level.velocity + placed.velocity)
    if line.section in _OWN_DRUMS:  # these rise and fall by themselves
        return level
    return replace(
        level, velocity=level.velocity + form_plan.phrase_velocity(frame.bar, bars, plan.style, take.begin.seed)
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """What pieces of the songbook give of a beat that has no source in the take (`model.generation.examples`)."""

    request: FormRequest
    key: Key
    band: int
    """The piece whose drums, bass and accompaniment are played; `examples.piece_beats` has it."""
    verse: int = -1
    """In a chorus or a bridge the piece of the verse, else itself."""

    @classmethod
    def of(cls, request: FormRequest) -> Shown | None:
        """Return what is shown, or None where the words or somebody else say how it goes, or no piece is near."""
        take, plan = request.take, request.plan
        if request.line.left == 1 or take.begin.melody_first or request.fills_in:
            return None
        if request.is_led or "density" in plan.explicit:
            return None
        key = parse_key(plan.key)
        band = take.begin.beside
        if band is None and take.begin.given:  # it goes on from what is there
            parts = tuple(p for p in plan.parts if p != "melody")
            band = examples.going_on(take.begin.given, parts, plan.meter, round(plan.tempo), take.begin.seed)
        if band is None:
            is_endless = take.begin.bars is None and take.begin.loop is None
            in_sections = is_endless or request.place is not None
            band = examples.drawn_band(plan, key, take.begin.seed, in_sections=in_sections)
        if band is None:
            return None
        verse, chorus = examples.sections_of(band)
        other = chorus if verse == band else verse
        if request.place is not None and request.place.is_plain:
            verse, chorus = band, other
        if request.place is None:
            return cls(request, key, other if request.contrast % 2 else band, band)
        return cls(request, key, chorus if request.place.letter == "b" else verse, verse)

    @property
    def bar(self) -> int:
        """The bar of its pieces that is played."""
        return self.request.frame.bar if self.request.place is None else self.request.place.bar

    def labels(self, parts: tuple[str, ...], placed: form_plan.Place | None = None) -> Mapping[str, Label]:
        """Return the labels of a bar that the pieces have themselves: the band's bars are all its own, a tune returns as theirs does."""
        bar, tune = self.bar, self._tune()
        if placed is not None and (told := self._told_tune()):
            back = int(told[bar][1:] or 0)
            is_back = 0 < back <= min(bar, placed.place)
            return {"melody": Label(_NAMES[told[bar][0]], (self.request.frame.bar - back,)) if is_back else NEW}
        is_other = self.request.contrast % 2 == 1 and self.band != self.verse
        found = {p: NEW for p in parts if p not in ("melody", HARMONY) and is_other}
        found |= {p: NEW for p in parts if p != "melody" and bar < examples.bars_of(self.band)}
        told = self._told_tune()
        if "melody" in parts and not told and tune is not None and bar < examples.bars_of(tune):
            name, back = examples.melody_label(tune, bar)
            is_return = name not in (None, "new") and 0 < back <= (bar if placed is None else min(bar, placed.place))
            found["melody"] = Label(name, (self.request.frame.bar - back,)) if name is not None and is_return else NEW
        return found

    def _told_tune(self) -> tuple[str, ...]:
        """Return what each bar of the tune is in people's songs; of a chorus and a bridge in other ones than of the verse."""
        request = self.request
        letter = ord(request.place.letter) - ord("a") if request.place is not None else 0
        return examples.tune_plan(request.plan.style, request.take.begin.seed + LETTER_SEEDS * letter)

    def contour(self) -> Mapping[str, float]:
        """Return the pitch around which the tune lies in the beat: its piece's own, as high above the chords as tunes lie."""
        place, frame, plan = self._tune_bar(), self.request.frame, self.request.plan
        if place is None or plan.register or plan.registers:
            return {}
        tune, at = place
        beats = beats_in_bar(frame.meter)
        here, bar = (examples.melody_pitches(tune, self.key, at, beat, beats) for beat in (frame.beat, None))
        if not bar:
            return {}
        return {"melody": float(np.mean(here or bar)) + self._height(tune) - examples.median_pitch(tune, self.key)}

    def closes_phrase(self) -> bool:
        """Return True if the tune has no note of the phrase after this beat."""
        place, frame = self._tune_bar(), self.request.frame
        beats = beats_in_bar(frame.meter)
        if place is None or frame.bar % form_plan.BARS != form_plan.BARS - 1:
            return False
        return not any(
            examples.melody_pitches(place[0], self.key, place[1], beat, beats) for beat in range(frame.beat + 1, beats)
        )

    def _height(self, tune: int) -> float:
        """Return the pitch around which a tune lies in the rhythm of a piece: lower than the songbook's where people sing lower."""
        lower = LOWER_THAN_SONGBOOK.get(examples.tune_group(self.request.plan.style), 0)
        place = self.request.place
        higher = 0 if place is None else CHORUS_ABOVE if place.letter == "b" else -VERSE_BELOW
        drawn = self._tune_of_verse
        middle = examples.median_pitch(tune if drawn is None else drawn, self.key)
        return float(np.clip(middle - lower + higher, *TUNE_RANGE))

    @property
    def _tune_of_verse(self) -> int | None:
        request = self.request
        return examples.drawn_tune(
            request.plan, self.key, request.take.begin.seed, in_sections=request.place is not None
        )

    def _tunes(self) -> tuple[int, ...]:
        request = self.request
        return examples.tunes(request.plan, self.key, request.take.begin.seed, in_sections=request.place is not None)

    def _tune(self) -> int | None:
        """Return the piece whose tune is sung: in a chorus its other section, in a bridge another piece."""
        tune, place = self._tune_of_verse, self.request.place
        if tune is None or place is None:
            return tune
        near = self._tunes()
        verse, chorus = examples.sections_of(tune)
        other = near[min(1, len(near) - 1)]
        sings = all("melody" in examples.parts_of(i) for i in (verse, chorus)) and verse != chorus
        if not sings:
            verse, chorus = tune, other
        return {"a": verse, "b": chorus}.get(place.letter, other)

    def _tune_bar(self) -> tuple[int, int] | None:
        """Return the piece and its bar in whose rhythm the tune goes, None where it rests or no piece is near."""
        bar, near, told, first = self.bar, self._tunes(), self._told_tune(), self._tune()
        if near and first is not None:
            near = (first, *(i for i in near if i != first))
        if near and bar < len(told):
            return examples.tune_bar(near, told[: bar + 1])
        return (near[0], examples.sung_bar(near[0], bar % examples.bars_of(near[0]))) if near else None

    def harmony(self) -> WrittenBeat | None:
        """Return the chord of the progression, as a beat; None where the words ask for another manner of chords."""
        plan = self.request.plan
        tells = self.key.mode in CHARACTERISTIC_TONES  # a mode needs its own chords to be heard
        if tells or plan.progression is not None or "complexity" in plan.explicit:
            return None
        bar, place, at_home = self.request.frame.bar, self.request.place, self.request.is_key_stated
        phrase = bar - bar % form_plan.BARS if bar >= examples.bars_of(self.band) and place is None else 0
        seed = self.request.take.begin.seed + phrase
        piece = examples.drawn_harmony(plan, self.key, seed, self.verse, at_home=at_home, in_sections=place is not None)
        if place is None and self.request.contrast == 1:
            piece = examples.drawn_harmony(plan, self.key, seed - phrase, self.verse, at_home=at_home)
        answers = int(self.request.contrast == 1) if place is None else "abc".index(place.letter)
        for _ in range(answers):  # each answers the one before it
            piece = examples.drawn_harmony(plan, self.key, seed, self.band, at_home=at_home, verse=piece)
        if piece is None:
            return None
        whole = place is None and not answers  # a section, or what answers one, begins with its own first chord
        begins = examples.begins(piece, self.band, self.key, seed, at_home=at_home) if whole else 0
        found = self._beat(piece, self.bar + begins)
        locked = self.request.is_scale_locked and found.chord is not None
        if found.chord is None or (locked and not found.chord.pitch_classes <= self.key.pitch_classes):
            return None
        return found

    def held(self) -> WrittenBeat | None:
        """Return the last beat, whose chord sounds on: a new one may be chosen only where the band's piece has one.

        In a mode also at every bar line, for it needs chords of its own; over a piece of one chord at every second.
        """
        last, frame = self.request.take.written[-1] if self.request.take.written else None, self.request.frame
        tells = self.key.mode in CHARACTERISTIC_TONES
        chooses = frame.beat == 0 and (tells or (frame.bar % 2 == 0 and examples.is_vamp(self.band)))
        fresh = chooses or self._beat(self.band).beat.fresh
        return None if fresh or last is None or last.chord is None else last

    def fill(self) -> tuple[Note, ...] | None:
        """Return the drums of the beat as the piece plays them in the bar with which it ends a phrase, None where it has no fill."""
        bar = examples.fill_bar(self.band)
        given = None if bar is None else self.part("drums", None, bar)
        return given if isinstance(given, tuple) else None

    def part(self, part: str, chord: Chord | None, bar: int | None = None) -> tuple[Note, ...] | WrittenBeat | None:
        """Return the notes of a part; a beat whose onsets it plays; or None where it is left to the decoder. `bar` is the piece's."""
        request = self.request
        plan = request.plan
        if len(plan.parts) == 1 and request.frame.bar == 0:
            return None  # who plays alone begins on the beat
        if part == "melody":
            if self._tune() is None:
                return None
            place = self._tune_bar()
            return () if place is None else self._beat(*place)
        band = examples.player(plan, self.key, request.take.begin.seed, part, self.band)
        if not self._plays(part, band):
            return () if any(part in examples.parts_of(i) for i in examples.sections_of(self.verse)) else None
        source = self._beat(band, bar)
        notes = [n for n in source.beat.notes if n.part == part]
        up = 0 if plan.register or plan.registers else examples.octave(band, part, self.key)
        usual = examples.usual_velocity(band, part)
        louder = round(request.velocity.get(part, usual) - usual)
        if part in UNPITCHED:
            if part == "drums" and _half_time(plan, request.frame) and examples.pulse(self.band) != "half":
                return None
            silent = {ROLES[role] for role in plan.silenced}
            notes = [n for n in map(_on_the_kit, notes) if n is not None and n.pitch not in silent]
            if part == "drums" and request.line.section == "intro":
                notes = [n for n in notes if n.pitch not in _BACKBEAT]
            if part == "drums":
                replaced = replaced_parts(plan, request.line)[1]
                notes = [
                    n
                    for n in notes
                    if n.pitch not in replaced and (n.start or n.pitch not in off_the_backbeat(plan, request.frame))
                ]
                asked = [
                    row_note(row) for row in figure_rows(plan, request.frame, request.line) if row[1]
                ]  # of the drums
                struck = {n.pitch for n in notes if not n.start}
                is_told = "feel" in plan.explicit  # half time has its snare, where the piece claps too
                notes += [n for n in asked if n.pitch in replaced or (is_told and n.pitch not in struck)]
        elif (
            part in dict(plan.registers)
            or plan.register
            or "articulation" in plan.explicit
            or (part == "bass" and any(FIGURES[name].part == part for name in plan.figures))
            or chord is None
            or source.chord is None
            or not self._keeps_pitches(part)
        ):
            return source
        else:
            notes = [
                examples.fitted(replace(n, pitch=n.pitch + up), on or source.chord, chord, self.key)
                for n, on in self._varied(part, band, notes, source.chord)
            ]
            notes = self._own(part, band, notes, chord)
            if part in CHORD_PARTS and "melody" in plan.parts:
                notes = _lean(self._below_the_tune(notes))
            if part in CHORD_PARTS:
                notes = [replace(n, pitch=n.pitch + 12 * (n.pitch < LOWEST_CHORD_NOTE)) for n in notes]
            if request.told_chord() is not None:
                notes = self._on_told_chords(part, band, notes, chord)
                if plan.progression is not None:
                    notes = self._spelled(part, notes, chord)
            elif request.is_key_stated or examples.is_of_the_people(plan):
                notes = [examples.in_scale(n, self.key) for n in notes]
            if part == "bass":
                low, high = PART_RANGES[part][0], HIGHEST_BASS_NOTE
                notes = [replace(n, pitch=n.pitch + 12 * (n.pitch < low) - 12 * (n.pitch > high)) for n in notes]
        unique = {(n.start, n.pitch): n for n in notes}.values()
        return tuple(replace(n, velocity=min(127, max(1, n.velocity + louder))) for n in unique)

    @property
    def _varies(self) -> bool:
        """True if the band is the take's own: what goes beside given parts, or on from them, is as its piece has it."""
        return self.request.take.begin.beside is None and not self.request.take.begin.given

    def _varied(self, part: str, band: int, notes: list[Note], chord: Chord) -> list[variation.Played]:
        """Return what a part plays in the beat, with the chords that it is played on: as its piece has it, or varied."""
        frame = self.request.frame
        if not self._varies:
            return [(n, chord) for n in notes]
        first, seed = frame.beat * frame.length, self.request.take.begin.seed
        bar = self.bar % examples.bars_of(band)
        played = variation.beat_played(band, self.key, part, bar, (first, first + frame.length), seed)
        return [(replace(n, start=Ticks(n.start - first)), on) for n, on in played]

    def _own(self, part: str, band: int, notes: list[Note], chord: Chord) -> list[Note]:
        """Return a part's notes on the chord of the beat as the take plays them: led to the next chord, turned, in another order."""
        seed = self.request.take.begin.seed
        if not self._varies:
            return notes
        if part == "bass":
            following = self._next_chord()
            bar = self.bar % examples.bars_of(band)
            if following is not None:
                return variation.approached(notes, chord, following, self.key, band, seed, bar)
        elif part == "chords" and {"bass"} < set(self.request.plan.parts) <= TURNED_WITH and self._plays("bass", band):
            notes = variation.turned(notes, variation.turn(band, self.key, seed))
        return variation.ordered(notes, part, seed, band) if part in ("chords", "arp") else notes

    def _next_chord(self) -> Chord | None:
        """Return the chord of the next beat, that of the first one at the end of what comes round; None where it is not known yet."""
        request = self.request
        take, frame = request.take, _next_beat(request.frame)
        if frame.bar == (take.begin.bars or take.begin.loop):
            return take.written[0].chord if take.written else None
        later = replace(request, frame=frame, line=replace(request.line, left=0, section=None), is_cued=False)
        told = later.told_chord()
        if told is not None:
            return told[0]
        label = later.labels().get(HARMONY, NEW)
        found = replace(self, request=later).harmony() if label is NEW else later._harmony(label)
        return None if found is None else found.chord

    def _below_the_tune(self, notes: list[Note]) -> list[Note]:
        """Return a chord's notes with those that lie where the tune does an octave lower: an inversion below it."""
        tune = self._tune()
        if tune is None:
            return notes
        top = self._height(tune) - BELOW_TUNE
        lower = (n.pitch - 12 if n.pitch > top and n.pitch - 12 >= LOWEST_INVERSION else n.pitch for n in notes)
        return [replace(n, pitch=pitch) for n, pitch in zip(notes, lower, strict=True)]

    def _on_told_chords(self, part: str, band: int, notes: list[Note], chord: Chord) -> list[Note]:
        """Return the notes as chords that change elsewhere than the piece's want them: struck anew where one begins, not held into the next."""
        request = self.request
        told, until = request.told_chord(), request.until_told_chord()
        if told is not None and told[0] is not None and part in HARMONY_PARTS and not any(n.start == 0 for n in notes):
            beats = ([n for n in w.beat.notes if n.part == part] for w in reversed(request.take.written[-4:]))
            held = next((notes for notes in beats if notes), [])
            last = [n for n in held if n.start == max(n.start for n in held)]
            before = request.take.written[-1].chord if request.take.written else None
            moved = {examples.fitted(n, before or chord, chord, self.key).pitch for n in last}
            held_on = self._until_struck(part, band) if part == "pad" else request.frame.length
            length = min((n.start for n in notes), default=held_on)
            usual = round(examples.usual_velocity(band, part))  # as loud as wanted, like the piece's own notes
            notes = [*(Note(Ticks(0), Ticks(length), p, usual, part) for p in sorted(moved)), *notes]
        if until is None:
            return notes
        return [replace(n, length=Ticks(max(1, min(n.length, until - n.start)))) for n in notes]

    def _until_struck(self, part: str, band: int) -> int:
        """Return the ticks from the beat's start until a piece strikes a part again, at most to the end of the bar."""
        frame, count = self.request.frame, beats_in_bar(self.request.frame.meter)
        for beat in range(frame.beat + 1, count):
            later = examples.shown(band, self.key, self.bar, beat, count).notes
            starts = [n.start for n in later if n.part == part]
            if starts:
                return (beat - frame.beat) * frame.length + min(starts)
        return (count - frame.beat) * frame.length

    def _spelled(self, part: str, notes: list[Note], chord: Chord) -> list[Note]:
        """Return the notes as tones of a chord that the words give, struck whole where it begins: without notes between."""
        notes = [examples.in_chord(n, chord) for n in notes]
        told = self.request.told_chord()
        if told is None or told[0] is None or part not in ("bass", *CHORD_PARTS):
            return notes
        first = [n for n in notes if n.start == 0]
        model = min(first or notes, key=lambda n: n.pitch, default=None)
        pitch = 40 if part == "bass" else 60
        length = Ticks(min((n.start for n in notes if n.start), default=self.request.frame.length))
        model = (
            Note(Ticks(0), length, pitch, 80, part)
            if model is None
            else replace(model, start=Ticks(0), offset=0, length=length if not first else model.length)
        )
        if part == "bass":
            return [
                replace(model, pitch=examples.nearest_pitch(model.pitch, chord.bass)),
                *(n for n in notes if n.start),
            ]
        middle = round(sum(n.pitch for n in first) / len(first)) if first else max(model.pitch, 55)
        heard = {n.pitch % 12 for n in first}
        lacking = sorted(chord.pitch_classes - heard, key=lambda t: examples.IMPORTANCE.index((t - chord.root) % 12))
        more = lacking[: max(0, min(WHOLE, len(chord.pitch_classes)) - len(heard))]
        return [*notes, *(replace(model, pitch=examples.nearest_pitch(middle, t)) for t in more)]

    def _keeps_pitches(self, part: str) -> bool:
        """Return True if a part has the pitches of the piece in the bar, False if only its onsets."""
        take, bar = self.request.take, self.request.frame.bar
        chance = np.random.default_rng([take.begin.seed, bar, *part.encode()]).random()
        return bool(chance < share(take.theta.kept_pitches))

    def _plays(self, part: str, piece: int) -> bool:
        """Return True if a piece has the part at all."""
        return bool(examples.played(piece, part))

    def _beat(self, piece: int, bar: int | None = None) -> WrittenBeat:
        frame = self.request.frame
        bar = self.bar if bar is None else bar
        beat = examples.shown(piece, self.key, bar, frame.beat, beats_in_bar(frame.meter))
        # of a piece in another key: the take's key spells its chords
        chord = None if beat.chord is None else replace(parse_chord(beat.chord), sign="")
        return WrittenBeat(beat, chord, [], 0, 0)


def _lean(notes: list[Note]) -> list[Note]:
    """Return the notes of chords with no tone in more than one octave where more than `MOST_VOICES` begin at once."""
    voices = Counter(n.start for n in notes)
    tones = {(n.start, n.pitch % 12): n for n in sorted(notes, key=lambda n: -n.pitch)}
    return [n for n in notes if voices[n.start] <= MOST_VOICES or tones[n.start, n.pitch % 12].pitch == n.pitch]


MOST_VOICES, LOWEST_CHORD_NOTE = 6, 40
"""Tones of a shown chord that are struck at once beside a tune; and E2, below which a chord's note would lie under the bass."""
TURNED_WITH = frozenset({"drums", "perc", "bass", "chords", "melody"})
"""Parts beside which chords may be turned: a pad or an arp lies where they would come."""
HIGHEST_BASS_NOTE = 52
"""E3: where a shown bass turns back an octave, so that it does not climb into the chords; of the songbook's notes 1 % lie higher."""
LOOK_AHEAD = 8
"""Beats in which a next chord of the words is looked for."""
WHOLE = 4
"""Tones of a chord that are struck where the words let it begin."""
CHORUS_ABOVE, VERSE_BELOW = 3, 2
"""Semitones by which the tune of a chorus that was asked for lies above where tunes do, and that of a verse below."""
LETTER_SEEDS = 1000
"""By how much the seeds of a verse's tune and a chorus's differ."""
TUNE_RANGE = (67, 79)
"""The pitches, G4 to G5, around which a tune may be asked to lie."""
LOWER_THAN_SONGBOOK = {"pop": 4, "songs": 6}
"""Semitones that a tune of a group is asked to lie below the songbook's: people's lie four and five lower, by medians."""
BELOW_TUNE = 6
"""Semitones below a tune's middle above which no chord is voiced."""
LOWEST_INVERSION = 48
"""C3: a chord's tone is put no lower to make room for the tune."""
NO_BAR = -1
"""The source bar of what is from no bar of the take."""
_KIT = {35: 36, 40: 38, 41: 43, 45: 47, 48: 50, 53: 51, 59: 51, 52: 49, 55: 49, 57: 49, 69: 70, 82: 70, 76: 56, 77: 56}
"""General MIDI's drums that are not among the roles, and the role's note that stands for them."""


def _on_the_kit(note: Note) -> Note | None:
    """Return a stroke as the roles of a kit have it, None where they have nothing like it; percussion as it is."""
    if note.part != "drums":
        return note
    pitch = _KIT.get(note.pitch, note.pitch)
    return replace(note, pitch=pitch) if pitch in ROLE_OF else None


def _busy(sounding: Mapping[tuple[str, int], int], note: Note) -> int:
    """Return the grid tick until which what sounds leaves no room for a note: of a part with one voice any pitch does."""
    return max(
        (
            t
            for (part, pitch), t in sounding.items()
            if part == note.part and (pitch == note.pitch or part in MONOPHONIC_PARTS)
        ),
        default=0,
    )


def _rank(seed: int, beat: int, note: Note) -> float:
    """Return the place of a stroke among those that a thin section leaves out, 0..1: the beats' kicks last."""
    chance = random.Random(f"{seed}/{beat}/{note.start}/{note.pitch}").random()
    return chance / 2 if note.pitch == ROLES["kick"] and note.start == 0 else chance


def _likeness(one: frozenset[tuple[int, int, int]], other: frozenset[tuple[int, int, int]]) -> float:
    return len(one & other) / max(1, len(one | other))


def _next_beat(frame: Beat) -> Beat:
    last = frame.beat + 1 == beats_in_bar(frame.meter)
    return replace(frame, index=frame.index + 1, bar=frame.bar + last, beat=0 if last else frame.beat + 1)
