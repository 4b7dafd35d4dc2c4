"""Clips made out of clips: some bars and parts stay note for note, the rest is written around them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from model.clips.clip import Writer, clip
from model.clips.messages import ClipSpec, KeepSpec
from model.music.midifile import Song
from model.music.notes import PARTS, Kept, Note, Ticks, beat_length, beats_in_bar

Bars = Set[int]
"""Numbers of bars, from 0."""


def fixed_content(song: Song, stays: KeepSpec) -> tuple[Kept, ...]:
    """Return what stays of each beat. Chords stay with the chords part, and where `harmony` says so."""
    found: list[Kept] = []
    notes = sorted(song.notes)
    present = {n.part for n in notes} | {part for part, _ in song.programs}
    symbol: str | None = None
    for bar, (start, meter) in enumerate(song.bars):
        whole = stays.redone is not None and bar not in stays.redone
        parts = frozenset(PARTS) if whole else stays.parts
        harmony = whole or stays.harmony or "chords" in stays.parts
        for beat in range(beats_in_bar(meter)):
            at = start + beat * beat_length(meter)
            end = at + beat_length(meter)
            changes = [s for tick, s in song.chords if at <= tick < end]
            now = changes[-1] if changes else symbol
            inside = tuple(
                replace(n, start=Ticks(n.start - at)) for n in notes if at <= n.start < end and n.part in parts
            )
            fresh = bool(changes) or (not found and now is not None)
            found.append(Kept(inside, parts if whole else parts & present, harmony, now, fresh))
            symbol = now
    return tuple(found)


def fill_in(composer: Writer, song: Song, wanted: ClipSpec, stays: KeepSpec) -> Song:
    """Return the song with what does not stay written anew, in its own tempo, key, metre and bars.

    Parts that the song has not, but `wanted.parts` or the words ask for, are added. Raises ValueError for a bar that
    is not there.
    """
    beyond = sorted(b for b in stays.redone or () if not 0 <= b < len(song.bars))
    if beyond:
        raise ValueError(f"bars are 1..{len(song.bars)}, not {beyond[0] + 1}")
    present = tuple(p for p in PARTS if p in {n.part for n in song.notes})
    asked = replace(wanted, bars=len(song.bars), parts=wanted.parts or present or None)
    written = clip(composer, asked, given=fixed_content(song, stays), like_song=song)
    programs = dict(written.programs) | dict(song.programs)
    return replace(written, tempos=song.tempos, programs=tuple(programs.items()))


def continue_clip(composer: Writer, song: Song, wanted: ClipSpec, bars: int) -> Song:
    """Return the song and so many new bars after it, in its own manner where the words say nothing else."""
    present = tuple(p for p in PARTS if p in {n.part for n in song.notes})
    asked = replace(wanted, bars=len(song.bars) + bars, parts=wanted.parts or present or None)
    written = clip(composer, asked, given=fixed_content(song, KeepSpec(redone=frozenset())), like_song=song)
    return replace(written, programs=tuple((dict(written.programs) | dict(song.programs)).items()))


def harmonise_melody(
    composer: Writer,
    song: Song,
    wanted: ClipSpec,
    *,
    causal: bool = False,
    parts: tuple[str, ...] = ("chords", "bass"),
) -> Song:
    """Return the song's melody with chords (and other parts) written for it.

    Offline each beat's chord is chosen knowing that beat's melody; `causal` knows the melody before the beat only, as on
    a stage. Raises ValueError where there is no melody.
    """
    melody = [n for n in song.notes if n.part == "melody"]
    if not melody:
        raise ValueError("there is no melody in this file (a track named melody, or one line of single notes)")
    alone = replace(song, notes=tuple(melody), chords=(), programs=tuple(p for p in song.programs if p[0] == "melody"))
    every = tuple(p for p in PARTS if p in {*parts, *(wanted.parts or ()), "melody"})
    asked = replace(wanted, bars=len(song.bars), parts=every)
    given = fixed_content(alone, KeepSpec(parts=frozenset({"melody"})))
    return clip(composer, asked, given=given, like_song=alone, melody_first=not causal)


def notes_of(song: Song, part: str) -> tuple[Note, ...]:
    """Return the notes of a part, in order of time."""
    return tuple(sorted(n for n in song.notes if n.part == part))
