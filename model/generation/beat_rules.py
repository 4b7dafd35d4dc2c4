"""The context of one beat for the sampler: from plan, controls, fixed content and the beats played so far. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from model.analysis.harmoniser import begins_half_bar, harmony_after, harmony_of_melody
from model.decoder import style_lanes
from model.decoder.engine import Array
from model.decoder.tokenizer import (
    LENGTHS,
    STEP,
    VELOCITY_CENTRE,
    BarLine,
    Event,
    nearest_length,
    note_event,
    note_row,
    part_and_tick,
    row_note,
    to_token_grid,
)
from model.generation import bias_terms, chord_bias, form, history, strokes
from model.generation.bias_weights import BiasWeights
from model.generation.material.form_plan import Level
from model.generation.morph import MorphPath
from model.generation.take import TakeState, melody_ahead, relative_velocity, rhythm_rows, still_sounding
from model.music.drums import ROLES
from model.music.harmony import CHARACTERISTIC_TONES, Chord, Key, parse_chord
from model.music.notes import CHORD_PARTS, Beat, Kept, beats_in_bar
from model.music.plan import Controls, Mix, Plan
from model.prompt.rules import figures
from model.prompt.rules.vocabulary import usual_level
from model.styles import STYLES, diatonic_share, thirdless_share

Row = tuple[int, ...]
MAX_SHARE_OUTSIDE_SCALE = 0.06
"""If more than this share of recent note time lies outside the scale, the strict scale weight applies again."""
MORPH_CHORD_BEATS = 16
"""Beats whose chords are counted on a morph between prompts of unlike chord sizes."""
USUAL_TONIC_SHARE = 0.35
"""The share of its time that people's music, eight bars long, spends on the tonic."""
TONIC_PHRASE_BARS, HARMONY_HISTORY_BEATS = 4, 32  # bars; beats


@dataclass(frozen=True, slots=True)
class BeatPosition:
    """Where the beat lies."""

    ticks: int  # length in grid ticks
    line: Event  # what ends it
    sixteenth: int | None = None  # of a 4/4 bar on which it begins; None in other metres
    is_last_bar: bool = False
    begins_bar: bool = False
    begins_half_bar: bool = False
    tonic_place: chord_bias.TonicPlace = "within"


@dataclass(frozen=True, slots=True)
class BeatHarmony:
    """Key and chords. Pitch classes are 0..11."""

    scale: frozenset[int]
    tonic: int
    scale_lock: float = 0.0  # how strictly the scale is kept, 0..1
    is_key_stated: bool = False
    is_diatonic: bool = False  # the style stays in its scale
    characteristic_tone: int | None = None  # the pitch class that tells a stated mode from major and minor
    new_chord: Chord | None = None  # the given chord that must begin here
    may_change_chord: bool = False  # the model may choose a chord
    must_change_chord: bool = False  # and has to
    chord_tones_only: bool = False  # chords and bass keep to chord tones
    chord_size: float = 3.0  # wanted number of tones of a new chord
    chord_size_emphasis: float = 1.0  # factor on its weight
    thirdless_share: float = 0.0  # of the style of the chords
    extra_voices: float = 0.0  # how far a morph has come beyond triads, 0..1 at four tones
    follows_melody: bool = False  # the melody is given or played by somebody else
    melody_durations: chord_bias.Durations = ()  # of the given melody ahead, by pitch class
    melody_harmony: Array | None = None  # log likelihood of each root and triad under it, (12, 3)


@dataclass(frozen=True, slots=True)
class BeatParts:
    """What each part is to play."""

    sampled: frozenset[str]
    entrances: frozenset[str] = frozenset()  # parts that have to sound on the first tick
    styles: Mapping[str, Mix] = field(default_factory=dict)
    second_style: frozenset[str] = frozenset()  # parts that the second style's lane speaks for
    walking: frozenset[str] = frozenset()  # parts that go step by step
    velocity: Mapping[str, float] = field(default_factory=dict)  # wanted mean, 1..127
    register: Mapping[str, float] = field(default_factory=dict)  # -1 low to 1 high
    pitch: Mapping[str, float] = field(default_factory=dict)  # on a morph: the pitch around which a part lies
    contour: Mapping[str, float] = field(default_factory=dict)  # the pitch around which a shown tune lies in the beat
    onsets_owed: Mapping[str, float] = field(default_factory=dict)  # on a morph: onsets owed in this beat
    longest_note: int = LENGTHS[-1]  # grid ticks, of chords and bass
    swing_unit: int | None = None  # 8 or 16 where swing, or straight, was stated
    muted_drums: frozenset[int] = frozenset()
    drums_off_first_tick: frozenset[int] = frozenset()
    rhythmic: frozenset[str] = frozenset()  # parts whose onsets are given
    min_voices: Mapping[str, int] = field(default_factory=dict)  # of a stroke of chords or pad
    melody_register: float = 0.0  # what the words ask for, below 0 a low one
    closing_tick: int = -1  # where the tune's last note of a phrase begins


@dataclass(frozen=True, slots=True)
class BeatLevels:
    """How it is to sound; levels are 0..1."""

    energy: float = 0.5
    brightness: float = 0.5
    energy_above_style: float = 0.0  # beyond what is usual in the style
    brightness_above_style: float = 0.0
    articulation: float = 0.0  # -1 staccato to 1 legato
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class BeatHistory:
    """What the beats before were like."""

    chord: Chord | None = None  # what sounds as the beat begins
    recent_roots: tuple[int, ...] = ()  # of the last eight bars, latest first
    tonic_missing: float = 0.0  # how rare the tonic was, 0..1
    sounding_until: Mapping[tuple[str, int], int] = field(default_factory=dict)  # by part and pitch; grid tick
    sounded_tones: frozenset[int] = frozenset()  # pitch classes of the parts that play chords since the chord began
    last_pitches: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # of monophonic parts, latest first
    density_error: Mapping[str, float] = field(default_factory=dict)  # log of how much fuller than wanted
    missing_off_beats: float = 0.0  # 1 if the swing unit had no off-beat, 0 if enough


@dataclass(frozen=True, slots=True)
class BeatContext:
    """All that the sampler and the biases know of a beat before its first row."""

    position: BeatPosition
    harmony: BeatHarmony
    parts: BeatParts
    levels: BeatLevels
    history: BeatHistory
    theta: BiasWeights
    leading_rows: tuple[Row, ...] = ()  # fixed rows before the chord: a melody that comes first
    given: tuple[Row, ...] = ()  # fixed rows in their places; an onset may lack its pitch
    fixed: frozenset[Row] = frozenset()  # those of all these that come out as they went in


class BeatProgress:
    """What changes while a beat is drawn: its chord, what sounds, and what each voice played last."""

    def __init__(self, context: BeatContext) -> None:
        self.sounding_until = dict(context.history.sounding_until)
        self.last_pitches = dict(context.history.last_pitches)
        self.chord_is_new = False
        self._set_chord(context.history.chord)
        self.sounded_tones = set(context.history.sounded_tones)
        if context.harmony.new_chord is not None:
            self.begin_chord(context.harmony.new_chord)

    def _set_chord(self, chord: Chord | None) -> None:
        self.chord, self.chord_tones = chord, None if chord is None else chord.pitch_classes

    def begin_chord(self, chord: Chord | None) -> None:
        """Begin a chord, or "no chord"; of chords and pad only what still sounds belongs to it so far."""
        self._set_chord(chord)
        if chord is not None:
            self.chord_is_new = True
            self.sounded_tones = {
                pitch % 12 for (part, pitch), until in self.sounding_until.items() if part in CHORD_PARTS and until > 1
            }

    def add_note(self, part: str, pitch: int, until: int) -> None:
        """Add a note of a part with pitches that sounds until a grid tick."""
        self.sounding_until[part, pitch] = until
        if part in CHORD_PARTS:
            self.sounded_tones.add(pitch % 12)
        elif part in history.MONOPHONIC_PARTS:
            self.last_pitches[part] = (pitch, *self.last_pitches.get(part, ())[:2])


@dataclass(frozen=True, slots=True)
class BeatRequest:
    """What a beat's context is made from: the take before it, the plan under the controls, and what is fixed of the beat.

    `velocity` is the wanted velocity of each part, `planned` what the plan of the form gives.
    """

    take: TakeState
    plan: Plan
    controls: Controls
    frame: Beat  # the empty beat
    key: Key
    theta: BiasWeights
    bar_line: BarLine
    kept: Kept
    velocity: Mapping[str, float]
    planned: form.Planned = form.NOTHING
    level: Level = form.NO_LEVEL
    morph_path: MorphPath | None = None

    def context(self) -> BeatContext:
        """Return the context of the beat."""
        plan, frame, kept, melody_first = self.plan, self.frame, self.kept, self.take.begin.melody_first
        parts = frozenset(plan.parts) - kept.parts - self.planned.parts
        theta, scale = self.theta, self.key.pitch_classes
        if (
            theta.scale_when_played != theta.scale
            and not self._is_diatonic
            and history.share_outside_scale(self.take.beats, scale) < MAX_SHARE_OUTSIDE_SCALE
        ):
            theta = replace(theta, scale=theta.scale_when_played)
        figures = (
            *strokes.figure_rows(plan, frame, self.bar_line),
            *strokes.owed_kicks(self.take, plan, frame, self.bar_line),
        )
        figured = {r for r in figures if part_and_tick(r[0])[0] in parts}
        notes = (*kept.notes, *self.planned.notes)
        relative = (to_token_grid(relative_velocity(n, self.velocity)) for n in notes)
        rows = {note_row(n) for n in relative if n.start < frame.length}
        form_row = None if frame.beat else self.bar_line.form_row()
        labels = () if form_row is None else (form_row,)
        leading = {r for r in rows if melody_first and row_note(r).part == "melody"}
        beat_parts, harmony = self._parts(parts), self._harmony()
        return BeatContext(
            position=self._position(),
            harmony=harmony,
            parts=beat_parts,
            levels=self._levels(),
            history=self._history(parts, beat_parts),
            theta=theta,
            leading_rows=(*labels, *sorted(leading)),
            given=tuple(sorted([*(rows - leading), *rhythm_rows(kept), *self._planned_rhythm(), *figured])),
            fixed=frozenset([*rows, *labels]),
        )

    def _planned_rhythm(self) -> list[Row]:
        """Return the rows of the onsets that the plan of the form gives, without pitches."""
        return [
            (note_event(part, at // STEP), 0, 1 + nearest_length(length // STEP), 0, 0)
            for part, at, length in self.planned.rhythm
        ]

    @property
    def _is_key_stated(self) -> bool:
        return "key" in self.plan.explicit or self.controls.key != "auto"

    @property
    def _is_diatonic(self) -> bool:
        return diatonic_share(self.plan.style) >= 0.5

    def _position(self) -> BeatPosition:
        frame, loop = self.frame, self.take.begin.loop
        place: chord_bias.TonicPlace = "within"
        if self.bar_line.left == 1:
            place = "close"
        elif loop is not None and loop > 1 and frame.bar == loop - 1:
            place = "loop end"
        elif frame.index == 0:
            place = "opening"
        elif frame.beat == 0 and frame.bar % TONIC_PHRASE_BARS == 0:
            place = "phrase start"
        return BeatPosition(
            ticks=frame.length // STEP,
            line=Event.BAR if frame.beat + 1 == beats_in_bar(frame.meter) else Event.BEAT,
            sixteenth=4 * frame.beat if frame.meter == "4/4" else None,
            is_last_bar=self.bar_line.left == 1,
            begins_bar=frame.beat == 0,
            begins_half_bar=begins_half_bar(frame),
            tonic_place=place,
        )

    def _harmony(self) -> BeatHarmony:
        plan, frame, kept, key = self.plan, self.frame, self.kept, self.key
        chord_tones_only = kept.harmony or plan.progression is not None
        is_given = chord_tones_only or self.planned.has_harmony
        last = [w.chord for w in self.take.written[-MORPH_CHORD_BEATS:]]
        size = None if self.morph_path is None else self.morph_path.target_chord_size(last)
        stated = self._is_key_stated
        return BeatHarmony(
            scale=key.pitch_classes,
            tonic=key.tonic,
            scale_lock=self.controls.scale_lock,
            is_key_stated=stated,
            is_diatonic=self._is_diatonic,
            characteristic_tone=(key.tonic + CHARACTERISTIC_TONES[key.mode]) % 12
            if stated and key.mode in CHARACTERISTIC_TONES
            else None,
            new_chord=self._new_chord(),
            may_change_chord=not is_given,
            must_change_chord=not is_given and frame.beat == 0 and (frame.index == 0 or self.bar_line.left == 1),
            chord_tones_only=chord_tones_only,
            chord_size=chord_bias.chord_size(plan.complexity) if size is None else size,
            chord_size_emphasis=1 + 2 * abs(plan.complexity - 0.5) if size is None else chord_bias.STATED_SIZE_EMPHASIS,
            thirdless_share=thirdless_share(plan.style_of("chords")),
            extra_voices=0.0 if self.morph_path is None else self.morph_path.extra_voices(),
            follows_melody="melody" in kept.parts,
            melody_durations=tuple(melody_ahead(self.take.begin.given, frame).items())
            if self.take.begin.melody_first
            else (),
            melody_harmony=None if is_given else self._melody_harmony(),
        )

    def _new_chord(self) -> Chord | None:
        """Return the given chord that begins on this beat."""
        if self.kept.harmony:
            return parse_chord(self.kept.chord) if self.kept.fresh and self.kept.chord is not None else None
        if self.planned.has_harmony:
            last = self.take.written[-1].chord if self.take.written else None
            return None if self.planned.chord == last else self.planned.chord
        if self.plan.progression is None:
            return None
        chord, _ = form.given_chord(self.plan.progression, self.frame)
        written = self.take.written
        return None if written and self.frame.beat and chord == written[-1].chord else chord

    def _longest_note(self) -> int:
        """Return the grid ticks of the longest note of chords and bass: up to the next given chord, and to the closing bar."""
        frame, longest = self.frame, LENGTHS[-1]
        if not self.kept.harmony and self.plan.progression is not None:
            longest = form.given_chord(self.plan.progression, frame)[1] // STEP
        if self.bar_line.left > 1:  # a note held over would keep the bass from the tonic in the closing bar
            beats = (self.bar_line.left - 1) * beats_in_bar(frame.meter) - frame.beat
            longest = min(longest, beats * frame.length // STEP)
        return longest

    def _melody_harmony(self) -> Array | None:
        """Return the log likelihood of each root and triad in this half bar under a melody that is not the model's, `(12, 3)`."""
        take, frame, key = self.take, self.frame, self.key
        if "melody" not in self.kept.parts:
            return None
        corpus = STYLES[self.plan.style_of("chords")[0][0]].corpus if self.plan.style else ""
        if not take.begin.melody_first:
            follows = take.written and begins_half_bar(frame)
            return harmony_after(take.beats, frame, key, corpus) if follows else None
        if take.melody_harmony is None or take.melody_harmony[0] != key.name:
            take.melody_harmony = key.name, harmony_of_melody(take.begin.given, frame.meter, key, corpus)
        half = 2 * frame.bar + (frame.beat >= (beats_in_bar(frame.meter) + 1) // 2)
        return take.melody_harmony[1][half] if half < len(take.melody_harmony[1]) else None

    def _parts(self, parts: frozenset[str]) -> BeatParts:
        plan, kept, path = self.plan, self.kept, self.morph_path
        replaced, replaced_drums = strokes.replaced_parts(plan, self.bar_line)
        sampled = parts - replaced - ({"melody"} if kept.rhythm is not None else set())
        registers = dict(plan.registers)
        swings = "swing" in plan.explicit and self.frame.meter.endswith("/4")
        return BeatParts(
            sampled=sampled,
            entrances=history.entrances(self.take.beats, sampled, self.bar_line.section),
            styles={p: plan.style_of(p) for p in parts},
            second_style=style_lanes.second_style_parts(plan),
            walking=frozenset({"bass"} if figures.WALKING_BASS in plan.figures else ()),
            velocity={p: float(VELOCITY_CENTRE) for p in parts},
            register={
                p: bias_terms.register_position(plan.register, registers, p, plan.brightness, plan.energy)
                for p in parts
            },
            pitch={} if path is None else path.target_pitches(parts),
            contour=self.planned.contour if path is None else {},
            onsets_owed={} if path is None else path.onsets_owed(self.take.beats, self.frame, parts),
            longest_note=self._longest_note(),
            swing_unit=plan.swing_unit if swings else None,
            muted_drums=replaced_drums.union(ROLES[role] for role in plan.silenced),
            drums_off_first_tick=strokes.off_the_backbeat(plan, self.frame),
            rhythmic=self.planned.rhythmic,
            melody_register=registers.get("melody", plan.register),
            closing_tick=max(at // STEP for p, at, _ in self.planned.rhythm if p == "melody")
            if self.planned.closes
            else -1,
            min_voices=history.min_voices(self.take.beats, parts),
        )

    def _levels(self) -> BeatLevels:
        plan = self.plan
        energy_above_style = plan.energy - usual_level(plan.style, "energy")
        return BeatLevels(
            energy=plan.energy,
            brightness=plan.brightness,
            energy_above_style=energy_above_style,
            brightness_above_style=plan.brightness - usual_level(plan.style, "brightness"),
            articulation=bias_terms.target_articulation(
                plan.articulation, energy_above_style, self.theta.energy_articulation
            ),
            temperature=self.controls.temperature,
        )

    def _history(self, parts: frozenset[str], wanted: BeatParts) -> BeatHistory:
        take, beats, unit = self.take, self.take.beats, wanted.swing_unit
        steady = self.bar_line.section in (None, "groove", "variation", "build", "drop") and not wanted.onsets_owed
        fuller = replace(self.plan, density=min(1.0, max(0.0, self.plan.density + self.level.density)))
        return BeatHistory(
            chord=take.written[-1].chord if take.written else None,
            recent_roots=history.recent_roots([w.chord for w in take.written[-HARMONY_HISTORY_BEATS:]]),
            tonic_missing=_tonic_missing(take, self.frame, self.key.tonic),
            sounding_until=still_sounding(history.sounding_until(beats), self.kept, take.begin),
            sounded_tones=_sounded_tones(take),
            last_pitches=history.last_pitches(beats),
            density_error=history.density_errors(beats, fuller, parts) if steady else {},
            missing_off_beats=0.0 if unit is None else history.missing_off_beats(beats, unit),
        )


def _tonic_missing(take: TakeState, frame: Beat, tonic: int) -> float:
    """Return how rare chords on the tonic were in the last eight bars: 0 as usual, 1 never; 0 within the first bar."""
    last = take.written[-HARMONY_HISTORY_BEATS:]
    if len(last) < beats_in_bar(frame.meter):
        return 0.0
    at_home = sum(w.chord is not None and w.chord.root == tonic for w in last)
    return max(0.0, 1 - at_home / len(last) / USUAL_TONIC_SHARE)


def _sounded_tones(take: TakeState) -> frozenset[int]:
    """Return the pitch classes that chords and pad played in the last beats since the chord began."""
    found: set[int] = set()
    for w in reversed(take.written[-history.HISTORY_BEATS :]):
        if w.chord != take.written[-1].chord:
            break
        found.update(n.pitch % 12 for n in w.beat.notes if n.part in CHORD_PARTS)
    return frozenset(found)
