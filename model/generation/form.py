"""The form: what the plan of the form and the songbook's pieces give of a beat, and what is left to the decoder. Pure."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import dropwhile, takewhile

from model.decoder.tokenizer import DRUM_LENGTH, OFFSET_CENTRE, STEP, BarLine
from model.generation.bias_terms import HIGHEST_USUAL
from model.generation.history import MONOPHONIC_PARTS, sounding_until
from model.generation.material import examples, form_plan
from model.generation.material.form_plan import HARMONY, NAMES, NEW, UNPITCHED, Label, Level
from model.generation.material.lines import grates, moved_pitch, risen, rubs, sequenced, stepped
from model.generation.sections import MIN_BARS_WITH_INTRO, next_beat, place_of_bar, section_place
from model.generation.shown import Shown
from model.generation.strokes import BACKBEAT, replaced_parts
from model.generation.take import FORGOTTEN_BEAT, TakeState, WrittenBeat
from model.music.drums import ROLES
from model.music.harmony import CHARACTERISTIC_TONES, Chord, parse_chord, parse_key
from model.music.notes import CHORD_PARTS, TICKS_PER_QUARTER, Beat, Note, Ticks, beat_length, beats_in_bar
from model.music.plan import Plan
from model.styles import STYLES


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
LOOK_AHEAD = 8
"""Beats in which a next chord of the words is looked for."""
NO_BAR = -1
"""The source bar of what is from no bar of the take."""
RISING_BAR = 6
"""Of eight bars the one, from 0, in which a phrase that comes again rises."""
MAX_SOURCE_BEATS = 256
"""A source lies at most so many beats back: what a take remembers, less what it may be rewound by."""
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
    are left. `follows_round` unless cues or hands say how a take without an end goes on.
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
    follows_round: bool = True

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
            frame = next_beat(frame)
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
        """Where the bar lies in the sections of a clip, or of the round of a take without an end; None where it has none."""
        return place_of_bar(self.take, self.plan, self.frame, follows_round=self.follows_round)

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
        return Label(NAMES[told[bar][0]], (bar - back,)) if 0 < back <= bar else NEW

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

    def recalled(self) -> WrittenBeat | None:
        """Return the beat of the take before whose tune and chord come again, where the words change only its band."""
        place, key = self.place, self.plan.key
        if place is None or place.again or self.is_led:
            return None
        bar = self.take.theme.get((place.letter, place.bar), ())
        is_like = len(bar) == beats_in_bar(self.frame.meter) and bar[0].plan is not None and bar[0].plan.key == key
        return bar[self.frame.beat] if is_like else None

    def planned(self) -> Planned:
        """Return what is given of the beat."""
        if self.line.left == 1 and self.frame.bar and self.place is not None and not self.is_led:
            return self._closing()
        labels, plan, frame = self.labels(), self.plan, self.frame
        example, theme = Shown.of(self), self.recalled()
        if not labels and example is None and theme is None:
            return NOTHING
        notes, bars, rhythm, rhythmic = list[Note](), dict[str, int](), list[tuple[str, Ticks, Ticks]](), set[str]()
        harmony, sounding = self._harmony(labels.get(HARMONY, NEW)), sounding_until(self.take.beats)
        if theme is not None and theme.chord is not None and self.told_chord() is None:
            harmony = theme
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
            if part == "melody" and theme is not None and theme.plan is not None and part in theme.plan.parts:
                bars[part] = NO_BAR
                notes += (n for n in self._again(theme, self._chord(harmony)) if n.start // STEP >= _busy(sounding, n))
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
            frame = next_beat(frame)
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
            if not any(n.pitch in BACKBEAT for n in strokes):
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
            return [n for n in notes if n.pitch not in BACKBEAT]
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

        Another one moves the bar as a whole to where it lies on the chord (a sequence), then what would still rub.
        """
        if note.part != "melody" or source.chord is None or chord is None:
            return note
        key, strong = parse_key(self.plan.key), note.start == 0 and self.frame.beat % 2 == 0
        if self.told_chord() is None:
            note = replace(note, pitch=stepped(note.pitch, self._steps(source, chord), key))
            held = note.length >= TICKS_PER_QUARTER
            if chord == source.chord or note.pitch % 12 in chord.pitch_classes:
                return note
            if not held and not ((strong or grates(note.pitch, chord, key)) and rubs(note.pitch, chord, key)):
                return note
            strong = True
        elif chord == source.chord:
            return note
        pitch = moved_pitch(note.pitch, source.chord, chord, key, strong=strong)
        if self.is_scale_locked and pitch % 12 not in key.pitch_classes:
            return note  # the lock goes before the chord
        return replace(note, pitch=pitch)

    def _again(self, theme: WrittenBeat, chord: Chord | None) -> Iterator[Note]:
        """Yield the tune of a beat of the take before, as loud as it is wanted here, on the chord that sounds here."""
        louder = round(self.velocity["melody"] - theme.velocity.get("melody", self.velocity["melody"]))
        key = parse_key(self.plan.key)
        for note in (n for n in theme.beat.notes if n.part == "melody"):
            moved = note
            if theme.chord is not None and chord is not None and chord != theme.chord:
                moved = replace(note, pitch=moved_pitch(note.pitch, theme.chord, chord, key, strong=note.start == 0))
            yield replace(moved, velocity=min(127, max(1, note.velocity + louder)))

    def _steps(self, source: WrittenBeat, chord: Chord) -> int:
        """Return by how many steps of the scale the bar's tune lies above its source; `chord` sounds in the beat.

        Where a phrase comes again its third bar rises: what is only sung twice leads nowhere.
        """
        take, bar, key = self.take, self.frame.bar, parse_key(self.plan.key)
        here = take.written[len(take.written) - self.frame.beat :]
        chord = here[0].chord or chord if here else chord
        there = self._bar(source.beat.index - source.beat.beat)
        heard = [
            (n.pitch, (n.length / TICKS_PER_QUARTER) ** 0.5 * (1.0 if n.start == 0 else 0.5))
            for w in there
            for n in w.beat.notes
            if n.part == "melody"
        ]
        if not heard:
            return 0
        before = take.written[-self.frame.beat - 1].source_bars.get("melody")
        is_again = source.beat.bar == bar - form_plan.BARS == (before or 0) + 1
        if bar % form_plan.PHRASE_BARS == RISING_BAR and is_again:
            return risen(heard, chord, key, HIGHEST_USUAL)
        return 0 if there[0].chord == chord else sequenced(heard, chord, key, HIGHEST_USUAL)


def level_of_bar(
    take: TakeState, plan: Plan, frame: Beat, line: BarLine, placed: form_plan.Place | None, *, is_cued: bool
) -> Level:
    """Return what the form adds to the velocity and density of a bar."""
    if frame.index < len(take.begin.given):
        return NO_LEVEL
    level = form_plan.section_level(line.section, *section_place(take, frame, line, is_cued=is_cued))
    bars = take.begin.bars or take.begin.loop
    if placed is not None:
        return replace(level, velocity=level.velocity + placed.velocity)
    if line.section in _OWN_DRUMS:  # these rise and fall by themselves
        return level
    return replace(
        level, velocity=level.velocity + form_plan.phrase_velocity(frame.bar, bars, plan.style, take.begin.seed)
    )


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
