"""Clips: a prompt becomes a song of exactly N bars, offline, with the composer that also plays live."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Protocol

from model.clips.course import follow_course
from model.clips.messages import DEFAULT_BARS, ClipSpec
from model.clips.metres import Bars, decoder_bars
from model.generation.bias_terms import ENERGY_VELOCITY_RANGE, MIN_MEAN_VELOCITY
from model.generation.history import target_onsets
from model.generation.material import examples, form_plan
from model.generation.material.form_plan import LAYERS
from model.generation.messages import BeatWritten, Begin, Understood, Write
from model.generation.sections import MIN_BARS_WITH_INTRO
from model.music.control import MAX_BARS
from model.music.groove import Groove, in_meter, swung
from model.music.harmony import QUALITIES, key_on, parse_chord, parse_key
from model.music.midifile import Song, bar_length
from model.music.notes import PARTS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Kept, Note, Ticks, beat_length, beats_in_bar
from model.music.plan import Controls, Plan, apply_controls, wished_bars
from model.music.programs import DEFAULT_PROGRAMS
from model.music.wishes import Section


def match_source(song: Song, plan: Plan) -> Plan:
    """Return the plan with the song's tempo, key and metre, and its density and energy where the words say neither."""
    heard = {part: [n for n in song.notes if n.part == part] for part in {n.part for n in song.notes}}
    quarters = song.end / TICKS_PER_QUARTER
    told = set(plan.explicit)
    changed = replace(plan, meter=decoder_bars(song.bars[:1])[0][1])
    if "tempo" not in told:
        changed = replace(changed, tempo=song.tempos[0][1])
    if "key" not in told:
        changed = replace(changed, key=song.key)
    if heard and "energy" not in told:
        mean = sum(n.velocity for n in song.notes) / len(song.notes)
        changed = replace(
            changed, energy=round(min(1.0, max(0.0, (mean - MIN_MEAN_VELOCITY) / ENERGY_VELOCITY_RANGE)), 2)
        )
    if heard and "density" not in told:
        rates = {p: len({n.start for n in v}) / quarters for p, v in heard.items()}
        changed = replace(
            changed, density=min((i / 20 for i in range(21)), key=lambda d: _density_error(d, rates, plan))
        )
    return changed


def _density_error(density: float, rates: dict[str, float], plan: Plan) -> float:
    return sum(math.log(target_onsets(plan.style_of(p), p, density) / rate) ** 2 for p, rate in rates.items())


def controls_from_plan(plan: Plan, controls: Controls) -> Controls:
    """Return controls that hold a plan's tempo, key, metre, density and energy, unless they are set already."""
    return replace(
        controls,
        tempo=controls.tempo or plan.tempo,
        key=plan.key if controls.key == "auto" else controls.key,
        meter=plan.meter if controls.meter == "auto" else controls.meter,
        density=plan.density if controls.density < 0 else controls.density,
        energy=plan.energy if controls.energy < 0 else controls.energy,
    )


TAKE = 0


class Writer(Protocol):
    """What of `model.generation.composer.Composer` a clip needs."""

    def begin(self, order: Begin) -> Understood:
        """Understand the words of a take."""

    def write(self, order: Write) -> BeatWritten:
        """Write one beat of it."""

    def forget(self, take: int) -> None:
        """Free it."""


def clip(
    composer: Writer,
    wanted: ClipSpec,
    *,
    given: tuple[Kept, ...] = (),
    like_song: Song | None = None,
    melody_first: bool = False,
    grid: Bars = (),
) -> Song:
    """Return the clip: bars as wanted, else as the words say, else 8. The same request gives the same song.

    `given` stays note for note, `like` is the song it comes from, whose tempo, key, metre, density and energy hold where
    neither words nor controls say otherwise. `grid` has the metre of each bar where they are not all the same.
    Raises ValueError where a control cannot be read.
    """
    try:
        plan = composer.begin(_begin(wanted, wanted.bars, None)).plan
        bars = wanted.bars or min(wished_bars(apply_controls(plan, wanted.controls)[0]) or DEFAULT_BARS, MAX_BARS)
        controls = (
            wanted.controls if like_song is None else controls_from_plan(match_source(like_song, plan), wanted.controls)
        )
        meters = tuple(meter for _, meter in grid)
        if meters:
            controls = replace(controls, meter=meters[0])
        sections, layers = plan.wishes.sections, tuple[str, ...]()
        is_song = _is_song(sections) or (not sections and bars >= MIN_BARS_WITH_INTRO)
        if not sections and not given and not melody_first and like_song is None and not meters:
            sections = _usual_sections(apply_controls(plan, controls)[0], bars)
            plan = replace(plan, wishes=replace(plan.wishes, sections=sections))
        ends = plan.ending == "cadence" or (plan.ending is None and is_song and _is_song(sections))
        closing = ends if wanted.closing is None else wanted.closing
        if not given and wanted.parts is None and (len(sections) > 1 or bars >= MIN_BARS_WITH_INTRO):
            layers = _layers(apply_controls(plan, controls)[0], wanted.seed)
            wanted = replace(wanted, parts=(*plan.parts, *layers))
        begin = replace(
            _begin(wanted, bars, closing),
            controls=controls,
            given=given,
            melody_first=melody_first,
            layers=layers,
            plan=plan if sections else None,
        )
        plan = composer.begin(begin).plan
        played = apply_controls(plan, controls)[0]
        if wanted.groove is not None:
            played = replace(played, swing=0.5)
        song = written_song(composer, begin, played, bars, meters)
        if wanted.groove is not None:
            song = replace(song, notes=_grooved(song, given, wanted.groove))
        is_told = given or like_song is not None or controls.key != "auto"
        song = song if is_told else _in_its_key(song, plan)
        return song if given else follow_course(song, plan.wishes)
    finally:
        composer.forget(TAKE)


def _usual_sections(plan: Plan, bars: int) -> tuple[Section, ...]:
    """Return the sections of a long piece whose words say nothing of its course."""
    wishes = plan.wishes
    grows = any(fade.begin < fade.end for fade in wishes.fades)
    is_told = wishes.cues or grows or wishes.ramp or "density" in plan.explicit
    return () if is_told else form_plan.usual_sections(plan.style, bars, plan.energy)


def _in_its_key(song: Song, plan: Plan) -> Song:
    """Return the song with the key of its chords where no words say one: of major and minor the one whose tonic they have."""
    key = parse_key(song.key)
    if {"key", "progression"} & set(plan.explicit) or key.mode not in ("major", "minor"):
        return song
    thirds = {
        third
        for _, s in song.chords
        for third in QUALITIES[parse_chord(s).quality]
        if third in (3, 4) and parse_chord(s).root == key.tonic
    }
    other = {3: "minor", 4: "major"}.get(next(iter(thirds), 0)) if len(thirds) == 1 else key.mode
    return song if other in (None, key.mode) else replace(song, key=key_on(key.tonic, other).name)


def _is_song(sections: Sequence[Section]) -> bool:
    """Return True if sections are those of a song, which ends; others lead back to the beginning."""
    return (
        len(sections) > 1
        and bool({s.name for s in sections} & {"chorus", "A", "outro"})
        and sections[-1].name != "drop"
    )


def _layers(plan: Plan, seed: int) -> tuple[str, ...]:
    """Return the parts that the piece whose band a plan plays has beside its own, where the words name none."""
    if {"parts", "instruments", "density"} & set(plan.explicit):
        return ()
    in_sections = len(plan.wishes.sections) > 1
    band = examples.drawn_band(plan, parse_key(plan.key), seed, in_sections=in_sections)
    more = () if band is None else examples.parts_of(band)
    return tuple(p for p in LAYERS if p in more and p not in plan.parts)


def understood_plan(composer: Writer, wanted: ClipSpec) -> Plan:
    """Return the plan of a clip's words under its controls."""
    plan = composer.begin(_begin(wanted, None, None)).plan
    composer.forget(TAKE)
    return apply_controls(plan, wanted.controls)[0]


def _begin(wanted: ClipSpec, bars: int | None, closing: bool | None) -> Begin:
    return Begin(
        TAKE,
        wanted.prompt,
        wanted.controls,
        wanted.seed,
        bars if closing else None,
        wanted.parts,
        theta=wanted.theta,
        loop=bars if closing is False else None,
    )


def written_song(composer: Writer, begin: Begin, plan: Plan, count: int, meters: Sequence[str] = ()) -> Song:
    """Return the song of a take that has begun, so many bars of it, in the plan's metre or in each bar's own."""
    bars: list[tuple[Ticks, str]] = []
    chords: list[tuple[Ticks, str]] = []
    notes: list[Note] = []
    kept: set[Note] = set()
    now, index = Ticks(0), 0
    end: Ticks | None = None
    bar = 0
    while end is None or now < end:
        cue = None if begin.given else plan.wishes.cue_of(bar)
        controls = replace(begin.controls, meter=meters[bar]) if bar < len(meters) else begin.controls
        beat = composer.write(Write(TAKE, index, controls, section=cue)).beat
        if beat is None:
            raise ValueError(f"the composer ended before bar {count}")
        bar = beat.bar + (beat.beat + 1 == beats_in_bar(beat.meter))
        if beat.beat == 0:
            bars.append((now, beat.meter))
            if len(bars) == count:
                end = Ticks(now + bar_length(beat.meter))
        if beat.chord is not None and (beat.fresh or not chords):
            chords.append((now, beat.chord))
        swing = in_meter(plan.swing, plan.swing_unit, beat.meter)
        stays = set(begin.given[index].notes) if index < len(begin.given) else set[Note]()
        for note in beat.notes:
            if note in stays:  # a kept note has its swing already
                notes.append(replace(note, start=Ticks(now + note.start)))
                kept.add(notes[-1])
            elif note.part in plan.parts:
                notes.append(_placed(note, now, swing, plan.swing_unit))
        now, index = Ticks(now + beat.length), index + 1
    return Song(
        bars=tuple(bars),
        end=now,
        tempos=((Ticks(0), plan.tempo),),
        key=plan.key,
        notes=_clear_of(kept, notes),
        chords=tuple(chords),
        programs=programs(plan),
    )


def _grooved(song: Song, given: tuple[Kept, ...], groove: Groove) -> tuple[Note, ...]:
    """Return the notes with a groove, but for those of beats and parts that stay."""
    beat = beat_length(song.bars[0][1])
    notes: list[Note] = []
    for note in song.notes:
        index = note.start // beat
        stays = index < len(given) and note.part in given[index].parts
        notes += [note] if stays else groove.applied([note], PARTS)
    return tuple(notes)


def _clear_of(kept: Set[Note], notes: Sequence[Note]) -> tuple[Note, ...]:
    """Return the notes without those new ones that would cut a kept note short, the slightly early ones held back."""
    spans: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for note in kept:
        spans[note.part, note.pitch].append((note.start + note.offset, note.end + note.offset))
    starts = {key: sorted(start for start, _ in of_key) for key, of_key in spans.items()}
    latest = {key: [*accumulate((end for _, end in sorted(of_key)), max)] for key, of_key in spans.items()}
    found: list[Note] = []
    for note in notes:
        at, key = note.start + note.offset, (note.part, note.pitch)
        before = bisect_right(starts[key], at) if key in starts and note not in kept else 0
        end = max(at, latest[key][before - 1]) if before else at
        if end - at < note.length:
            found.append(replace(note, start=Ticks(end), offset=0) if end > at else note)
    return tuple(found)


def _placed(note: Note, beat_line: Ticks, swing: float, unit: int) -> Note:
    """Return a note of a beat at its tick of the song; of a swung note both ends move."""
    start = Ticks(beat_line + swung(note.start, swing, unit))
    end = Ticks(beat_line + swung(note.end, swing, unit))
    return replace(note, start=start, length=Ticks(max(1, end - start)))


def programs(plan: Plan) -> tuple[tuple[str, int], ...]:
    """Return the General MIDI program of each part of a plan; of one that no words were read for, a piano or a bass."""
    chosen = DEFAULT_PROGRAMS | dict(plan.programs)
    return tuple((part, chosen[part]) for part in plan.parts)


ALIKE = (0.25, 0.85)
"""Between which the likeness of neighbouring bars lies in most human songs: neither chaos nor a copy."""


def score(song: Song, plan: Plan) -> float:
    """Return how good a take is, higher is better: five parts of 0..1 each, evenly weighed."""
    pitched = [n for n in song.notes if n.part not in UNPITCHED_PARTS]
    if not pitched:
        return _fulness(song, plan)
    scale = parse_key(plan.key).pitch_classes
    inside = sum(n.length for n in pitched if n.pitch % 12 in scale) / sum(n.length for n in pitched)
    return (inside + _on_chords(song) + _fulness(song, plan) + _held_together(song) + _no_hole(song)) / 5


def _on_chords(song: Song) -> float:
    melody = [n for n in song.notes if n.part == "melody"]
    if not melody or not song.chords:
        return 0.7
    within = whole = 0
    for note in melody:
        symbols = [symbol for at, symbol in song.chords if at <= note.start]
        if symbols:
            whole += note.length
            within += note.length * (note.pitch % 12 in parse_chord(symbols[-1]).pitch_classes)
    share = within / whole if whole else 0.7
    return 1 - abs(share - 0.75)


def _fulness(song: Song, plan: Plan) -> float:
    """Return 1 where each part has as many onsets as the plan's density asks."""
    quarters = song.end / TICKS_PER_QUARTER
    off = []
    for part in plan.parts:
        onsets = len({n.start for n in song.notes if n.part == part}) / quarters
        off.append(abs(math.log((onsets + 0.1) / (target_onsets(plan.style_of(part), part, plan.density) + 0.1))))
    return math.exp(-sum(off) / len(off)) if off else 0.0


def _by_bar(song: Song) -> list[list[Note]]:
    starts = [start for start, _ in song.bars]
    ends = [*starts[1:], song.end]
    return [[n for n in song.notes if a <= n.start < b] for a, b in zip(starts, ends, strict=True)]


def _held_together(song: Song) -> float:
    """Return 1 where neighbouring bars share their onsets as much as bars of human songs do."""
    bars = [
        {(n.part, (n.start - start) // 120) for n in notes}
        for (start, _), notes in zip(song.bars, _by_bar(song), strict=True)
    ]
    likeness = [len(a & b) / len(a | b) for a, b in pairwise(bars) if a | b]
    if not likeness:
        return 1.0
    mean = sum(likeness) / len(likeness)
    low, high = ALIKE
    return 1 - max(low - mean, mean - high, 0.0)


def _no_hole(song: Song) -> float:
    bars = _by_bar(song)
    return sum(bool(notes) for notes in bars) / len(bars)


def ranked(takes: list[tuple[int, Song]], plan: Plan) -> list[int]:
    """Return the numbers of the takes, the best first."""
    return [number for number, _ in sorted(takes, key=lambda take: -score(take[1], plan))]
