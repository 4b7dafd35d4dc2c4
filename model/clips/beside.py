"""Parts written for tracks that are there: what is heard stays and is context, what is missing is written for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from model.analysis.tracks import HeardSet, chart
from model.clips.clip import TAKE, Writer, match_source, written_song
from model.clips.edit import fixed_content, harmonise_melody
from model.clips.messages import ClipSpec, KeepSpec
from model.generation.material import examples
from model.generation.messages import Begin
from model.music.groove import FEWEST, SIXTEENTH, Groove, groove_of
from model.music.midifile import Song, bar_length
from model.music.notes import PARTS, UNPITCHED_PARTS, USUAL_PARTS
from model.music.plan import Plan, apply_controls
from model.prompt.reader import parse_prompt
from model.prompt.rules.vocabulary import table


@dataclass(frozen=True, slots=True)
class WrittenBeside:
    """What was written for what was heard: the new parts alone, the whole, and what is told of it."""

    parts: Song
    whole: Song
    told: str


def missing_parts(prompt: str, there: Iterable[str], chosen: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Return the parts to write: those chosen, else those that the words name, else those that are missing of a band.

    Of several that the words name, those that are there are what is written for ("a melody over these chords"). Raises ValueError.
    """
    there = frozenset(there)
    if chosen:
        return chosen
    stated = parse_prompt(prompt).stated_parts
    named = (frozenset(stated.only) if stated.only is not None else stated.named) & frozenset(PARTS)
    wanted = (named - there or named) if named else frozenset(USUAL_PARTS) - there - stated.without
    if not wanted:
        raise ValueError("nothing is missing: say which part you want, such as 'a bass for this', or --parts bass")
    return tuple(part for part in PARTS if part in wanted)


def write_beside(composer: Writer, heard: HeardSet, wanted: ClipSpec) -> WrittenBeside:
    """Return the parts that are asked for, written for what was heard. The same request gives the same parts.

    Key, metre and tempo are the set's; its chords too, unless the request has some. Raises ValueError.
    """
    parts = missing_parts(wanted.prompt, heard.parts, wanted.parts)
    context = replace(
        heard.song,
        notes=tuple(n for n in heard.song.notes if n.part not in parts),
        programs=tuple(p for p in heard.song.programs if p[0] not in parts),
    )
    if not context.notes:
        raise ValueError(f"nothing is left to write {' and '.join(parts)} for: it is all that was given")
    heard_groove = groove_found(context) if len(context.notes) >= FEWEST else None
    found = ""
    if not context.chords and wanted.controls.chords == "auto" and any(n.part == "melody" for n in context.notes):
        alone = replace(only_parts(context, ["melody"]), chords=())
        asked = ClipSpec(wanted.prompt, wanted.seed, theta=wanted.theta)
        context = replace(context, chords=harmonise_melody(composer, alone, asked, parts=("chords",)).chords)
        found = f"; chords for the melody {chart(context)}"
    band = tuple(p for p in PARTS if p in {n.part for n in context.notes} | set(parts))
    harmony = bool(context.chords) and wanted.controls.chords == "auto"
    stays = KeepSpec(frozenset(n.part for n in context.notes), None, harmony=harmony)
    try:
        begin = Begin(TAKE, wanted.prompt, wanted.controls, wanted.seed, parts=band, theta=wanted.theta)
        plan = _heard_plan(composer.begin(begin).plan, context)
        knows_style = any(term.styles for term in parse_prompt(wanted.prompt).terms)
        piece = examples.beside(groove(context), plan, parts, wanted.seed, knows_style=knows_style)
        if piece is not None and not knows_style and examples.style_of(piece) in table():
            plan = replace(plan, style=((examples.style_of(piece), 1.0),))
        if heard_groove is not None:
            plan = replace(plan, swing=heard_groove.swing, swing_unit=heard_groove.unit)
        given = fixed_content(context, stays)
        if not harmony:  # chords of the request go before those that a part plays
            given = tuple(replace(kept, harmony=False, chord=None, fresh=False) for kept in given)
        bars = len(context.bars)
        closing = bars if wanted.closing else None
        if wanted.groove is not None:
            plan = replace(plan, swing=0.5)
        begin = replace(
            begin, plan=plan, given=given, beside=piece, bars=closing, loop=None if closing else bars
        )  # fmt: skip
        composer.begin(begin)
        whole = written_song(composer, begin, apply_controls(plan, wanted.controls)[0], bars)
    finally:
        composer.forget(TAKE)
    programs = dict(whole.programs) | dict(context.programs)
    if wanted.groove is not None:
        whole = replace(whole, notes=wanted.groove.applied(whole.notes, parts))
    whole = replace(whole, tempos=context.tempos, programs=tuple(programs.items()))
    style = "" if knows_style or piece is None else f", in the manner of {examples.style_of(piece)}"
    told = f"{heard.sentence()}{found}; written: {', '.join(parts)}{style}"
    return WrittenBeside(only_parts(whole, parts), whole, told)


def only_parts(song: Song, parts: Iterable[str]) -> Song:
    """Return a song with some of its parts alone."""
    kept = frozenset(parts)
    return replace(
        song,
        notes=tuple(n for n in song.notes if n.part in kept),
        programs=tuple(p for p in song.programs if p[0] in kept),
    )


def groove(song: Song) -> examples.Groove:
    """Return where the voices of a song strike, by sixteenths of the bar."""
    bar = bar_length(song.bars[0][1])
    strokes = ((n.part, n.pitch, (n.start + n.offset) / SIXTEENTH) for n in song.notes)
    return examples.groove_of(strokes, bar // SIXTEENTH, len(song.bars))


def groove_found(song: Song) -> Groove:
    """Return the groove of a song's drums, or of all of it where it has none. Raises ValueError for too few notes."""
    drums = [n for n in song.notes if n.part in UNPITCHED_PARTS]
    places = bar_length(song.bars[0][1]) // SIXTEENTH
    return groove_of(drums if len(drums) >= FEWEST else song.notes, places)


def _heard_plan(plan: Plan, context: Song) -> Plan:
    """Return the plan of the words with the tempo, key, metre and energy of what is there; controls that are set go before them."""
    told = tuple(name for name in plan.explicit if name not in ("tempo", "key", "meter", "density"))
    plan = match_source(context, replace(plan, explicit=told))
    if not any(n.part not in UNPITCHED_PARTS for n in context.notes):
        return plan
    return replace(plan, key=context.key, progression=None)
