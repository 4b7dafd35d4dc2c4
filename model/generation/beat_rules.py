"""What holds for one beat: what the plan, the controls, what is given and what was played ask of its events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from model.analysis.harmoniser import begins_half_bar, harmony_after, harmony_of_melody
from model.decoder.tokenizer import (
    LENGTHS,
    STEP,
    BarLine,
    Event,
    note_row,
    part_and_tick,
    row_note,
    to_token_grid,
)
from model.generation import bias_terms, form, history, style_lanes
from model.generation.bias_weights import BiasWeights
from model.generation.morph import MorphPath
from model.generation.take import TakeState, melody_ahead, rhythm_rows, still_sounding
from model.music.drums import ROLES
from model.music.harmony import CHARACTERISTIC_TONES, Chord, Key, parse_chord
from model.music.notes import Beat, Kept, Ticks, beat_length, beats_in_bar
from model.music.plan import Controls, Mix, Plan
from model.prompt.rules import figures
from model.prompt.rules.vocabulary import usual_level
from model.styles import STYLES, thirdless_share

Row = tuple[int, ...]
Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BeatContext:
    """What holds for one beat. Ticks are those of the model's grid, from the beat's first; a row is a note's or a chord's numbers."""

    parts: frozenset[str]  # what is to be drawn
    ticks: int  # how long the beat is
    line: Event  # the line that ends it
    chord: Chord | None  # what sounds as the beat begins
    new_chord: Chord | None  # what must begin here
    may_change_chord: bool  # the model may choose a chord,
    must_change_chord: bool  # and has to
    chord_tones_only: bool  # chords and bass keep to chord tones
    entrances: frozenset[str]  # the parts that have to sound on the first tick
    scale: frozenset[int]  # pitch classes,
    scale_lock: float  # and how much they are kept to, 0 to 1
    characteristic_tone: int | None  # the pitch class that tells a stated mode from major and minor,
    tonic: int  # a pitch class,
    tonic_bias: float  # and how much chords on it are preferred, in logits
    recent_roots: tuple[int, ...]  # the roots of the last eight bars, the last one first
    is_last_bar: bool  # the bar is the last
    chord_change_bias: float  # how much a new chord is preferred to the old one, in logits
    sounding_until: Mapping[tuple[str, int], int]  # the tick until which a part's pitch sounds
    sounded_tones: frozenset[int]  # the pitch classes that the part of chords played since the chord began,
    missing_tone_bias: float  # and what those of the chord that are missing are worth, in logits
    extra_voice_bias: float  # what another voice of a chord's stroke is worth, in logits
    longest_note: int  # ticks of the longest note of chords and bass
    density_error: Mapping[str, float]  # how much fuller than wanted each part was, as a logarithm
    swing_bias: bias_terms.Array  # what an onset on each tick of a quarter is worth beside, (24,)
    target_velocity: Mapping[str, float]  # the velocity that is asked of each part
    register_position: Mapping[str, float]  # where each part shall lie, -1 to 1
    onsets_owed: Mapping[str, float]  # along a sweep: the onsets that each part owes in the beat
    target_pitches: Mapping[str, float]  # and the pitch about which each part lies
    articulation: float  # -1 staccato to 1 legato
    target_chord_size: float  # how many a new chord shall have,
    chord_size_emphasis: float  # and how much that matters, 1 being as usual
    brightness: float  # this and the next as in the plan, 0 to 1
    energy: float
    energy_above_style: float  # how much more energy there shall be than the style mostly has,
    brightness_above_style: float  # and how much more brightness
    temperature: float
    theta: BiasWeights
    sixteenth: int | None = None  # of the bar on which the beat begins; None where it has not sixteen
    drums_off_first_tick: frozenset[int] = frozenset()  # drums that do not sound on the first tick
    muted_drums: frozenset[int] = frozenset()  # drums that are not drawn at all
    # the last pitches of the parts of one voice, the very last first
    last_pitches: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    walking_parts: frozenset[str] = frozenset()  # the parts that go step by step
    # the mix of styles in whose manner each part plays
    part_styles: Mapping[str, Mix] = field(default_factory=dict)
    second_style_parts: frozenset[str] = frozenset()  # the parts that play in the manner of a second style
    melody_durations: Mapping[int, float] = field(
        default_factory=dict
    )  # how long each pitch class is known to come
    melody_harmony: Array | None = (
        None  # the logarithm of how likely each root and kind of triad is under it, (12, 3)
    )
    leading_rows: tuple[Row, ...] = ()  # what is given of other parts and said before the chord,
    given: tuple[Row, ...] = ()  # and after it, in its place; an onset may lack its pitch


def beat_context(
    take: TakeState,
    plan: Plan,
    controls: Controls,
    frame: Beat,
    key: Key,
    theta: BiasWeights,
    line: BarLine,
    kept: Kept,
    morph_path: MorphPath | None = None,
) -> BeatContext:
    """Return what holds for the beat `frame` of a take; `kept` is what is given of it, `line` what its bar line tells, `way` where between two prompts it lies."""
    begin = take.begin
    progression = plan.progression
    new_chord, longest_note = None, LENGTHS[-1]
    chord_tones_only = kept.harmony or progression is not None
    if kept.harmony:
        new_chord = parse_chord(kept.chord) if kept.fresh and kept.chord is not None else None
    elif progression is not None:
        new_chord, ahead = _given_chord(progression, frame)
        longest_note = ahead // STEP
        if take.written and new_chord == take.written[-1].chord and frame.beat:
            new_chord = None
    if line.left > 1:  # what holds over into the closing bar would keep the bass from its tonic
        beats = beats_in_bar(frame.meter)
        longest_note = min(longest_note, ((line.left - 1) * beats - frame.beat) * frame.length // STEP)
    stated = "key" in plan.explicit or controls.key != "auto"
    is_last_bar = line.left == 1
    leading = begin.loop is not None and begin.loop > 1 and frame.bar == begin.loop - 1
    parts = frozenset(plan.parts) - kept.parts
    ours, drums = form.replaced_parts(plan, line)
    sampled_parts = parts - ours - ({"melody"} if kept.rhythm is not None else set())
    figured = [row for row in form.figure_rows(plan, frame, line) if part_and_tick(row[0])[0] in parts]
    rows = [note_row(n) for n in map(to_token_grid, kept.notes) if n.start < frame.length]
    given = sorted({r for r in rows if not (begin.melody_first and row_note(r).part == "melody")})
    even = line.section in (None, "groove", "variation", "drop")
    registers = dict(plan.registers)
    if (
        theta.scale_when_played != theta.scale
        and history.share_outside_scale(take.beats, key.pitch_classes) < MAX_SHARE_OUTSIDE_SCALE
    ):
        theta = replace(theta, scale=theta.scale_when_played)
    onsets_owed = {} if morph_path is None else morph_path.onsets_owed(take.beats, frame, parts)
    target_chord_size = (
        None
        if morph_path is None
        else morph_path.target_chord_size([w.chord for w in take.written[-CHORDS_COUNTED:]])
    )
    melody_harmony = _melody_harmony(take, frame, kept, key, plan) if not chord_tones_only else None
    energy_above_style = plan.energy - usual_level(plan.style, "energy")
    roving = theta.chord_change if frame.beat == 0 and "melody" not in kept.parts else 0.0
    return BeatContext(
        parts=sampled_parts,
        ticks=frame.length // STEP,
        line=Event.BAR if frame.beat + 1 == beats_in_bar(frame.meter) else Event.BEAT,
        chord=take.written[-1].chord if take.written else None,
        new_chord=new_chord,
        may_change_chord=not chord_tones_only,
        must_change_chord=not chord_tones_only and frame.beat == 0 and (frame.index == 0 or is_last_bar),
        chord_tones_only=chord_tones_only,
        entrances=history.entrances(take.beats, sampled_parts),
        scale=key.pitch_classes,
        scale_lock=controls.scale_lock,
        characteristic_tone=(key.tonic + CHARACTERISTIC_TONES[key.mode]) % 12
        if stated and key.mode in CHARACTERISTIC_TONES
        else None,
        tonic=key.tonic,
        chord_change_bias=_chord_change_bias(take, frame, kept, melody_harmony, theta.melody_harmony)
        + roving,
        is_last_bar=is_last_bar,
        tonic_bias=0.0
        if melody_harmony is not None
        else _tonic_bias(
            frame,
            _tonic_missing(take, frame, key.tonic),
            theta.tonic,
            stated=stated,
            is_last_bar=is_last_bar,
            leading=leading,
        ),
        recent_roots=history.recent_roots([w.chord for w in take.written[-HARMONY_HISTORY_BEATS:]]),
        sounding_until=still_sounding(history.sounding_until(take.beats), kept, begin),
        sounded_tones=_sounded_tones(take),
        missing_tone_bias=theta.chord_completeness * (1 - thirdless_share(plan.style_of("chords"))),
        extra_voice_bias=0.0 if morph_path is None else EXTRA_VOICE_BIAS * morph_path.extra_voices(),
        longest_note=longest_note,
        density_error=history.density_errors(take.beats, plan, parts) if even and not onsets_owed else {},
        swing_bias=_swing_bias(take, plan, frame),
        target_velocity={p: bias_terms.target_velocity(p, plan.energy) for p in parts},
        register_position={
            p: bias_terms.register_position(plan.register, registers, p, plan.brightness, plan.energy)
            for p in parts
        },
        onsets_owed=onsets_owed,
        target_pitches={} if morph_path is None else morph_path.target_pitches(parts),
        articulation=bias_terms.target_articulation(
            plan.articulation, energy_above_style, theta.energy_articulation
        ),
        target_chord_size=bias_terms.chord_size(plan.complexity)
        if target_chord_size is None
        else target_chord_size,
        chord_size_emphasis=1 + 2 * abs(plan.complexity - 0.5)
        if target_chord_size is None
        else STATED_SIZE_EMPHASIS,
        brightness=plan.brightness,
        energy=plan.energy,
        energy_above_style=energy_above_style,
        brightness_above_style=plan.brightness - usual_level(plan.style, "brightness"),
        temperature=controls.temperature,
        theta=theta,
        part_styles={p: plan.style_of(p) for p in parts},
        second_style_parts=style_lanes.second_style_parts(plan),
        leading_rows=tuple(sorted({r for r in rows if r not in given})),
        given=tuple(sorted([*given, *rhythm_rows(kept), *figured])),
        sixteenth=4 * frame.beat if frame.meter == "4/4" else None,
        drums_off_first_tick=form.off_the_backbeat(plan, frame),
        muted_drums=drums.union(ROLES[role] for role in plan.silenced),
        last_pitches=history.last_pitches(take.beats),
        walking_parts=frozenset({"bass"} if figures.WALKING_BASS in plan.figures else ()),
        melody_durations=melody_ahead(begin.given, frame) if begin.melody_first else {},
        melody_harmony=melody_harmony,
    )


def _swing_bias(take: TakeState, plan: Plan, frame: Beat) -> bias_terms.Array:
    """Return what onsets are worth so that a swing which was stated, or its absence, can be heard at all."""
    if "swing" not in plan.explicit or not frame.meter.endswith("/4"):
        return NO_SWING_BIAS
    return bias_terms.swing_bias(history.missing_off_beats(take.beats, plan.swing_unit), plan.swing_unit)


NO_SWING_BIAS = np.zeros(24)


def _melody_harmony(take: TakeState, frame: Beat, kept: Kept, key: Key, plan: Plan) -> Array | None:
    """Return what a melody that is led by somebody else asks for in this half bar; None where nobody leads."""
    if "melody" not in kept.parts:
        return None
    corpus = STYLES[plan.style_of("chords")[0][0]].corpus if plan.style else ""
    if not take.begin.melody_first:
        return (
            harmony_after(take.beats, frame, key, corpus) if take.written and begins_half_bar(frame) else None
        )
    if take.melody_harmony is None or take.melody_harmony[0] != key.name:
        take.melody_harmony = key.name, harmony_of_melody(take.begin.given, frame.meter, key, corpus)
    beats = beats_in_bar(frame.meter)
    half = 2 * frame.bar + (frame.beat >= (beats + 1) // 2)
    return take.melody_harmony[1][half] if half < len(take.melody_harmony[1]) else None


def _chord_change_bias(
    take: TakeState, frame: Beat, kept: Kept, melody_harmony: Array | None, weight: float
) -> float:
    """Return how much a new chord is preferred to the old one under a melody that somebody else leads.

    Within half a bar chords stay; where one begins the new chord counts by how much more the melody asks for it.
    """
    if "melody" not in kept.parts:
        return 0.0
    if not begins_half_bar(frame):
        return WITHIN_HALF_BAR_BIAS
    chord = take.written[-1].chord if take.written else None
    if melody_harmony is None:
        return 0.0
    if chord is None:
        return MAX_CHANGE_BIAS
    roots = np.logaddexp.reduce(melody_harmony, 1)
    return float(np.clip(2 * weight * (roots.max() - roots[chord.root]) - 1, -2, MAX_CHANGE_BIAS))


MAX_SHARE_OUTSIDE_SCALE = 0.06
"""The share of the last beats' time outside the scale from which on it is kept to as machines keep to it: a key that is left stays heard."""
EXTRA_VOICE_BIAS = 8.0
"""What another voice is worth where a morph has led to chords of four tones."""
STATED_SIZE_EMPHASIS = 2.0
"""How much the size of chords matters where it was asked for outright."""
CHORDS_COUNTED = 16
"""Beats whose chords are counted along the way between prompts whose chords are of unlike sizes."""
MAX_CHANGE_BIAS = 12.0
WITHIN_HALF_BAR_BIAS = -4.0
"""What a new chord within half a bar is worth under a melody that somebody else leads."""


def _tonic_bias(
    frame: Beat, tonic_missing: float, tonic: float, *, stated: bool, is_last_bar: bool, leading: bool
) -> float:
    """Return how much a chord on the tonic is preferred, in logits: at the end, at the beginning, not before a loop's seam.

    Between them where a phrase begins and where it is `missed`, 0..1; the more so in a key that was stated, until it is heard.
    """
    if is_last_bar:
        return 5.0
    if leading:
        return -3.0
    begins = float(frame.beat == 0 and frame.bar % TONIC_PHRASE_BARS == 0)
    first = frame.index == 0
    known = (8.0 if first else 1.5 * min(1.0, 2 * tonic_missing)) if stated else (1.5 if first else 0.0)
    return known + tonic * (tonic_missing + begins)


def _tonic_missing(take: TakeState, frame: Beat, tonic: int) -> float:
    """Return how much a chord on the tonic was missing in the last eight bars: 0 not at all, 1 wholly; 0 within the first bar."""
    last = take.written[-HARMONY_HISTORY_BEATS:]
    if len(last) < beats_in_bar(frame.meter):
        return 0.0
    at_home = sum(w.chord is not None and w.chord.root == tonic for w in last)
    return max(0.0, 1 - at_home / len(last) / USUAL_TONIC_SHARE)


USUAL_TONIC_SHARE = 0.35
"""The share of its time that people's music, eight bars long, spends on the tonic."""
TONIC_PHRASE_BARS, HARMONY_HISTORY_BEATS = 4, 32  # bars; beats


def _sounded_tones(take: TakeState) -> frozenset[int]:
    """Return the pitch classes that the part of chords played in the last beats under the chord that holds."""
    found: set[int] = set()
    for w in reversed(take.written[-history.HISTORY_BEATS :]):
        if w.chord != take.written[-1].chord:
            break
        found.update(n.pitch % 12 for n in w.beat.notes if n.part == "chords")
    return frozenset(found)


def _given_chord(progression: tuple[str, ...], frame: Beat) -> tuple[Chord | None, Ticks]:
    """Return the chord of a progression that begins on this beat, if any, and the ticks to the next change.

    The chords of a bar share its beats as evenly as whole beats allow, the earlier ones longer.
    """
    beats = beats_in_bar(frame.meter)
    chords = [parse_chord(c) for c in progression[frame.bar % len(progression)].split()][:beats]
    starts = [-(-i * beats // len(chords)) for i in range(len(chords))]
    after = next((s for s in starts if s > frame.beat), beats)
    new_chord = chords[starts.index(frame.beat)] if frame.beat in starts else None
    return new_chord, Ticks((after - frame.beat) * beat_length(frame.meter))
