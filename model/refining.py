"""A take that changes what plays: the bars that were played are refined as a clip would be, and the take goes on from them."""

from __future__ import annotations

from dataclasses import replace

from model.clip import Writer
from model.commission import Stays
from model.editing import kept
from model.encoder import TextEncoder
from model.likeness import measured
from model.midifile import Song
from model.music import Beat, Begin, Note, Plan, Ticks
from model.plan import understand
from model.precedence import apply
from model.refine import refine


def prepared(writer: Writer, order: Begin, encoder: TextEncoder) -> Begin:
    """Return the order with its bars refined, as what is given, and the plan that they follow.

    Raises ValueError where the words ask for nothing that can be changed.
    """
    assert order.refine is not None
    meant, _ = understand(order.prompt, encoder)
    plan, _ = apply(order.plan or meant, order.controls)
    song = refine(writer, song_of(order.played, plan), order.refine, order.seed)
    sounding = {n.part for n in song.notes}
    after = measured(song, replace(plan, explicit=()))
    changed = replace(after, explicit=plan.explicit, parts=tuple(p for p in plan.parts if p in sounding))
    added = tuple(p for p in sorted(sounding) if p not in changed.parts)
    return replace(
        order,
        given=kept(song, Stays(redone=frozenset())),
        plan=replace(changed, parts=(*changed.parts, *added)),
        parts=None,
    )


def song_of(beats: tuple[Beat, ...], plan: Plan) -> Song:
    """Return whole bars of beats as a song, without swing: that is applied at output."""
    bars: list[tuple[Ticks, str]] = []
    chords: list[tuple[Ticks, str]] = []
    notes: list[Note] = []
    now = Ticks(0)
    for beat in beats:
        if beat.beat == 0:
            bars.append((now, beat.meter))
        if beat.chord is not None and (not chords or chords[-1][1] != beat.chord):
            chords.append((now, beat.chord))
        notes += [replace(n, start=Ticks(now + n.start)) for n in beat.notes]
        now = Ticks(now + beat.length)
    short = tuple(replace(n, length=Ticks(min(n.length, now - n.start))) for n in notes)
    return Song(
        bars=tuple(bars),
        end=now,
        tempos=((Ticks(0), plan.tempo),),
        key=plan.key,
        notes=short,
        chords=tuple(chords),
    )
