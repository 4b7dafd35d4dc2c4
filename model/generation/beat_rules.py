"""What holds for one beat: what the plan, the controls, what is given and what was played ask of its events. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from model.analysis.harmoniser import asked_after, asked_by, manner, opens_half
from model.decoder.tokenizer import LENGTHS, STEP, Event, Line, note_row, on_lattice, part_and_tick, row_note
from model.generation import bias_terms, form, history, style_lanes
from model.generation.bias_weights import Theta
from model.generation.morph import Way
from model.generation.take import Take, melody_ahead, rhythm_rows, sounding_on
from model.music.drums import ROLES
from model.music.harmony import TELLING, Chord, Key, parse_chord
from model.music.notes import Beat, Kept, Ticks, beat_length, beats_in_bar
from model.music.plan import Controls, Mix, Plan
from model.prompt.rules import figures
from model.prompt.rules.vocabulary import usual
from model.styles import bare

Row = tuple[int, ...]
Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one beat. Ticks are those of the model's grid, from the beat's first; a row is a note's or a chord's numbers."""

    parts: frozenset[str]  # what is to be drawn
    ticks: int  # how long the beat is
    line: Event  # the line that ends it
    chord: Chord | None  # what sounds as the beat begins
    change: Chord | None  # what must begin here
    free: bool  # the model may choose a chord,
    must_choose: bool  # and has to
    obey: bool  # chords and bass keep to chord tones
    due: frozenset[str]  # the parts that have to sound on the first tick
    scale: frozenset[int]  # pitch classes,
    lock: float  # and how much they are kept to, 0 to 1
    modal: int | None  # the pitch class that tells a stated mode from major and minor,
    tonic: int  # a pitch class,
    pull: float  # and how much chords on it are preferred, in logits
    heard: tuple[int, ...]  # the roots of the last eight bars, the last one first
    closing: bool  # the bar is the last
    restless: float  # how much a new chord is preferred to the old one, in logits
    busy: Mapping[tuple[str, int], int]  # the tick until which a part's pitch sounds
    sounded: frozenset[int]  # the pitch classes that the part of chords played since the chord began,
    whole: float  # and what those of the chord that are missing are worth, in logits
    voices: float  # what another voice of a chord's stroke is worth, in logits
    span: int  # ticks of the longest note of chords and bass
    crowd: Mapping[str, float]  # how much fuller than wanted each part was, as a logarithm
    lilt: bias_terms.Array  # what an onset on each tick of a quarter is worth beside, (24,)
    wanted: Mapping[str, float]  # the velocity that is asked of each part
    place: Mapping[str, float]  # where each part shall lie, -1 to 1
    owed: Mapping[str, float]  # along a sweep: the onsets that each part owes in the beat
    heights: Mapping[str, float]  # and the pitch about which each part lies
    articulation: float  # -1 staccato to 1 legato
    tones: float  # how many a new chord shall have,
    particular: float  # and how much that matters, 1 being as usual
    brightness: float  # this and the next as in the plan, 0 to 1
    energy: float
    livelier: float  # how much more energy there shall be than the style mostly has,
    lighter: float  # and how much more brightness
    temperature: float
    theta: Theta
    sixteenth: int | None = None  # of the bar on which the beat begins; None where it has not sixteen
    silent: frozenset[int] = frozenset()  # drums that do not sound on the first tick
    muted: frozenset[int] = frozenset()  # drums that are not drawn at all
    # the last pitches of the parts of one voice, the very last first
    before: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    walking: frozenset[str] = frozenset()  # the parts that go step by step
    # the mix of styles in whose manner each part plays
    manners: Mapping[str, Mix] = field(default_factory=dict)
    upper: frozenset[str] = frozenset()  # the parts that play in the manner of a second style
    melody: Mapping[int, float] = field(default_factory=dict)  # how long each pitch class is known to come
    asked: Array | None = None  # the logarithm of how likely each root and kind of triad is under it, (12, 3)
    lead: tuple[Row, ...] = ()  # what is given of other parts and said before the chord,
    given: tuple[Row, ...] = ()  # and after it, in its place; an onset may lack its pitch


def rules_for(
    take: Take,
    plan: Plan,
    controls: Controls,
    frame: Beat,
    key: Key,
    theta: Theta,
    line: Line,
    kept: Kept,
    way: Way | None = None,
) -> Rules:
    """Return what holds for the beat `frame` of a take; `kept` is what is given of it, `line` what its bar line tells, `way` where between two prompts it lies."""
    begin = take.begin
    progression = plan.progression
    change, span = None, LENGTHS[-1]
    obey = kept.harmony or progression is not None
    if kept.harmony:
        change = parse_chord(kept.chord) if kept.fresh and kept.chord is not None else None
    elif progression is not None:
        change, ahead = _given_chord(progression, frame)
        span = ahead // STEP
        if take.written and change == take.written[-1].chord and frame.beat:
            change = None
    if line.left > 1:  # what holds over into the closing bar would keep the bass from its tonic
        beats = beats_in_bar(frame.meter)
        span = min(span, ((line.left - 1) * beats - frame.beat) * frame.length // STEP)
    stated = "key" in plan.explicit or controls.key != "auto"
    closing = line.left == 1
    leading = begin.loop is not None and begin.loop > 1 and frame.bar == begin.loop - 1
    parts = frozenset(plan.parts) - kept.parts
    ours, drums = form.owned(plan, line)
    drawn = parts - ours - ({"melody"} if kept.rhythm is not None else set())
    figured = [row for row in form.rows(plan, frame, line) if part_and_tick(row[0])[0] in parts]
    rows = [note_row(n) for n in map(on_lattice, kept.notes) if n.start < frame.length]
    given = sorted({r for r in rows if not (begin.melody_first and row_note(r).part == "melody")})
    even = line.section in (None, "groove", "variation", "drop")
    registers = dict(plan.registers)
    if theta.stray != theta.scale and history.astray(take.beats, key.pitch_classes) < ASTRAY:
        theta = replace(theta, scale=theta.stray)
    owed = {} if way is None else way.owed(take.beats, frame, parts)
    tones = None if way is None else way.tones([w.chord for w in take.written[-COUNTED:]])
    asked = _asked(take, frame, kept, key, plan) if not obey else None
    livelier = plan.energy - usual(plan.style, "energy")
    roving = theta.rove if frame.beat == 0 and "melody" not in kept.parts else 0.0
    return Rules(
        parts=drawn,
        ticks=frame.length // STEP,
        line=Event.BAR if frame.beat + 1 == beats_in_bar(frame.meter) else Event.BEAT,
        chord=take.written[-1].chord if take.written else None,
        change=change,
        free=not obey,
        must_choose=not obey and frame.beat == 0 and (frame.index == 0 or closing),
        obey=obey,
        due=history.due(take.beats, drawn),
        scale=key.pitch_classes,
        lock=controls.scale_lock,
        modal=(key.tonic + TELLING[key.mode]) % 12 if stated and key.mode in TELLING else None,
        tonic=key.tonic,
        restless=_restless(take, frame, kept, asked, theta.asked) + roving,
        closing=closing,
        pull=0.0
        if asked is not None
        else _pull(
            frame,
            _missed(take, frame, key.tonic),
            theta.home,
            stated=stated,
            closing=closing,
            leading=leading,
        ),
        heard=history.roots([w.chord for w in take.written[-LOOKED_BACK:]]),
        busy=sounding_on(history.busy(take.beats), kept, begin),
        sounded=_sounded(take),
        whole=theta.whole * (1 - bare(plan.idiom("chords"))),
        voices=0.0 if way is None else VOICES * way.broad(),
        span=span,
        crowd=history.crowds(take.beats, plan, parts) if even and not owed else {},
        lilt=_lilt(take, plan, frame),
        wanted={p: bias_terms.wanted_velocity(p, plan.energy) for p in parts},
        place={p: bias_terms.place(plan.register, registers, p, plan.brightness, plan.energy) for p in parts},
        owed=owed,
        heights={} if way is None else way.heights(parts),
        articulation=bias_terms.manner(plan.articulation, livelier, theta.ease),
        tones=bias_terms.chord_size(plan.complexity) if tones is None else tones,
        particular=1 + 2 * abs(plan.complexity - 0.5) if tones is None else OUTRIGHT,
        brightness=plan.brightness,
        energy=plan.energy,
        livelier=livelier,
        lighter=plan.brightness - usual(plan.style, "brightness"),
        temperature=controls.temperature,
        theta=theta,
        manners={p: plan.idiom(p) for p in parts},
        upper=style_lanes.upper(plan),
        lead=tuple(sorted({r for r in rows if r not in given})),
        given=tuple(sorted([*given, *rhythm_rows(kept), *figured])),
        sixteenth=4 * frame.beat if frame.meter == "4/4" else None,
        silent=form.off_the_backbeat(plan, frame),
        muted=drums.union(ROLES[role] for role in plan.silenced),
        before=history.last(take.beats),
        walking=frozenset({"bass"} if figures.WALK in plan.figures else ()),
        melody=melody_ahead(begin.given, frame) if begin.melody_first else {},
        asked=asked,
    )


def _lilt(take: Take, plan: Plan, frame: Beat) -> bias_terms.Array:
    """Return what onsets are worth so that a swing which was stated, or its absence, can be heard at all."""
    if "swing" not in plan.explicit or not frame.meter.endswith("/4"):
        return STRAIGHT_ON
    return bias_terms.lilt(history.without_off_beats(take.beats, plan.swing_unit), plan.swing_unit)


STRAIGHT_ON = np.zeros(24)


def _asked(take: Take, frame: Beat, kept: Kept, key: Key, plan: Plan) -> Array | None:
    """Return what a melody that is led by somebody else asks for in this half bar; None where nobody leads."""
    if "melody" not in kept.parts:
        return None
    who = manner(plan.idiom("chords")[0][0]) if plan.style else ""
    if not take.begin.melody_first:
        return asked_after(take.beats, frame, key, who) if take.written and opens_half(frame) else None
    if take.asked is None or take.asked[0] != key.name:
        take.asked = key.name, asked_by(take.begin.given, frame.meter, key, who)
    beats = beats_in_bar(frame.meter)
    half = 2 * frame.bar + (frame.beat >= (beats + 1) // 2)
    return take.asked[1][half] if half < len(take.asked[1]) else None


def _restless(take: Take, frame: Beat, kept: Kept, asked: Array | None, weight: float) -> float:
    """Return how much a new chord is preferred to the old one under a melody that somebody else leads.

    Within half a bar chords stay; where one begins the new chord counts by how much more the melody asks for it.
    """
    if "melody" not in kept.parts:
        return 0.0
    if not opens_half(frame):
        return HOLDING
    chord = take.written[-1].chord if take.written else None
    if asked is None:
        return 0.0
    if chord is None:
        return MOST
    roots = np.logaddexp.reduce(asked, 1)
    return float(np.clip(2 * weight * (roots.max() - roots[chord.root]) - 1, -2, MOST))


ASTRAY = 0.06
"""The share of the last beats' time outside the scale from which on it is kept to as machines keep to it: a key that is left stays heard."""
VOICES = 8.0
"""What another voice is worth where a morph has led to chords of four tones."""
OUTRIGHT = 2.0
"""How much the size of chords matters where it was asked for outright."""
COUNTED = 16
"""Beats whose chords are counted along the way between prompts whose chords are of unlike sizes."""
MOST = 12.0
HOLDING = -4.0
"""What a new chord within half a bar is worth under a melody that somebody else leads."""


def _pull(frame: Beat, missed: float, home: float, *, stated: bool, closing: bool, leading: bool) -> float:
    """Return how much a chord on the tonic is preferred, in logits: at the end, at the beginning, not before a loop's seam.

    Between them where a phrase begins and where it is `missed`, 0..1; the more so in a key that was stated, until it is heard.
    """
    if closing:
        return 5.0
    if leading:
        return -3.0
    begins = float(frame.beat == 0 and frame.bar % PHRASE == 0)
    first = frame.index == 0
    known = (8.0 if first else 1.5 * min(1.0, 2 * missed)) if stated else (1.5 if first else 0.0)
    return known + home * (missed + begins)


def _missed(take: Take, frame: Beat, tonic: int) -> float:
    """Return how much a chord on the tonic was missing in the last eight bars: 0 not at all, 1 wholly; 0 within the first bar."""
    last = take.written[-LOOKED_BACK:]
    if len(last) < beats_in_bar(frame.meter):
        return 0.0
    at_home = sum(w.chord is not None and w.chord.root == tonic for w in last)
    return max(0.0, 1 - at_home / len(last) / AT_HOME)


AT_HOME = 0.35
"""The share of its time that people's music, eight bars long, spends on the tonic."""
PHRASE, LOOKED_BACK = 4, 32  # bars; beats


def _sounded(take: Take) -> frozenset[int]:
    """Return the pitch classes that the part of chords played in the last beats under the chord that holds."""
    found: set[int] = set()
    for w in reversed(take.written[-history.LOOKED_BACK :]):
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
    change = chords[starts.index(frame.beat)] if frame.beat in starts else None
    return change, Ticks((after - frame.beat) * beat_length(frame.meter))
