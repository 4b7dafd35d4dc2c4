"""Clips made out of clips: some bars and parts stay note for note, the rest is written around them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import fields, replace
from operator import attrgetter

from model.clips.clip import Writer, clip
from model.clips.messages import ClipSpec, KeepSpec
from model.clips.metres import Bars, decoder_bars
from model.music.control import MAX_BARS
from model.music.midifile import Song, bar_at, bar_length
from model.music.notes import METERS, PARTS, UNPITCHED_PARTS, Kept, Note, Ticks, beat_length, beats_in_bar

CONTEXT_BARS = 16
"""Bars before and behind those that are written anew which are given with them, where a song has more than can be written at once."""


MAX_GIVEN = 16_000
"""Notes that are given with new bars behind them, and CONTEXT_BARS in any case."""
IN_ORDER = attrgetter(*(f.name for f in fields(Note) if f.compare))
"""Sorts notes as they compare, in a third of the time."""


def fixed_content(song: Song, stays: KeepSpec, grid: Bars | None = None) -> tuple[Kept, ...]:
    """Return what stays of each beat of the grid (the song's own bars). Chords stay with the chords part, and where `harmony` says so."""
    found: list[Kept] = []
    notes = sorted(song.notes, key=IN_ORDER)
    starts = [n.start for n in notes]
    changes_at = [at for at, _ in song.chords]
    present = {n.part for n in notes} | {part for part, _ in song.programs}
    symbol: str | None = None
    for start, meter in grid or song.bars:
        for beat in range(beats_in_bar(meter)):
            at = start + beat * beat_length(meter)
            end = at + beat_length(meter)
            whole = stays.redone is not None and bar_at(song, at) not in stays.redone
            parts = frozenset(PARTS) if whole else stays.parts
            harmony = whole or stays.harmony or "chords" in stays.parts
            changes = [s for _, s in song.chords[bisect_left(changes_at, at) : bisect_left(changes_at, end)]]
            now = changes[-1] if changes else symbol
            inside = tuple(
                replace(n, start=Ticks(n.start - at))
                for n in notes[bisect_left(starts, at) : bisect_left(starts, end)]
                if n.part in parts
            )
            fresh = bool(changes) or (not found and now is not None)
            found.append(Kept(inside, parts if whole else parts & present, harmony, now, fresh))
            symbol = now
    return tuple(found)


def fill_in(composer: Writer, song: Song, wanted: ClipSpec, stays: KeepSpec) -> Song:
    """Return the song with what does not stay written anew, in its own tempo, key, metre and bars.

    Parts that the song has not, but `wanted.parts` or the words ask for, are added. Raises ValueError for a bar that
    is not there, and for more bars than can be written at once.
    """
    beyond = sorted(b for b in stays.redone or () if not 0 <= b < len(song.bars))
    if beyond:
        raise ValueError(f"bars are 1..{len(song.bars)}, not {beyond[0] + 1}")
    present = tuple(p for p in PARTS if p in {n.part for n in song.notes})
    window, at, redone = _window(song, stays.redone)
    grid = decoder_bars(window.bars)
    named = wanted.parts and tuple(p for p in PARTS if p in wanted.parts or p in stays.parts & {*present})
    asked = replace(wanted, bars=len(grid), parts=named or present or None)
    given = fixed_content(window, replace(stays, redone=redone), grid)
    written = clip(composer, asked, given=given, like_song=window, grid=grid)

    def is_kept(part: str, tick: int) -> bool:
        return part in stays.parts or (stays.redone is not None and bar_at(song, tick) not in stays.redone)

    notes = [n for n in song.notes if is_kept(n.part, n.start)]
    new = (replace(n, start=Ticks(n.start + at)) for n in written.notes if n.start < window.end)
    notes += [n for n in new if not is_kept(n.part, n.start)]
    chords = tuple((Ticks(tick + at), symbol) for tick, symbol in written.chords if tick < window.end)
    pitched_stays = any(n.part not in UNPITCHED_PARTS and is_kept(n.part, n.start) for n in song.notes)
    return replace(
        song,
        notes=_clear(notes, song),
        key=song.key if pitched_stays else written.key,
        keys=song.keys if pitched_stays or written.key == song.key else (),
        chords=_chords(song, chords, stays),
        programs=tuple((dict(written.programs) | dict(song.programs)).items()),
    )


def _clear(notes: Sequence[Note], song: Song) -> tuple[Note, ...]:
    """Return the notes, those that the song had not within its end."""
    kept = {n for n in song.notes if n.end + n.offset > song.end}
    found: list[Note] = []
    for note in notes:
        over = note.end + note.offset - song.end
        if over > 0 and note not in kept:
            note = replace(note, length=Ticks(max(1, note.length - over)))
        found.append(note)
    return tuple(sorted(found, key=IN_ORDER))


def _chords(song: Song, written: tuple[tuple[Ticks, str], ...], stays: KeepSpec) -> tuple[tuple[Ticks, str], ...]:
    """Return the song's chords, those of the bars written anew where the harmony does not stay."""
    if stays.harmony or "chords" in stays.parts:
        return song.chords or written
    redone = stays.redone

    def is_new(at: int) -> bool:
        return redone is None or bar_at(song, at) in redone

    found = {at: symbol for at, symbol in song.chords if not is_new(at)}
    found |= {at: symbol for at, symbol in written if is_new(at)}
    for bar, (at, _) in enumerate(song.bars):  # a bar that stays goes on with its chord
        if redone is not None and bar not in redone and bar - 1 in redone and at not in found:
            held = [symbol for tick, symbol in song.chords if tick <= at]
            if held:
                found[at] = held[-1]
    return tuple(sorted(found.items()))


def _window(song: Song, redone: frozenset[int] | None) -> tuple[Song, Ticks, frozenset[int] | None]:
    """Return the bars that are given to the composer, the tick at which they begin, and of them those that are redone."""
    if len(decoder_bars(song.bars)) <= MAX_BARS:
        return song, Ticks(0), redone
    if redone:
        first, last = max(0, min(redone) - CONTEXT_BARS), min(len(song.bars), max(redone) + 1 + CONTEXT_BARS)
        window = excerpt(song, first, last)
        if len(decoder_bars(window.bars)) <= MAX_BARS:
            return window, song.bars[first][0], frozenset(b - first for b in redone)
    raise ValueError(
        f"the file has {len(song.bars)} bars, and at most {MAX_BARS - 2 * CONTEXT_BARS} are written anew at once: "
        "say which (llmball clip --from in.mid --redo 1-64), or cut the file"
    )


def excerpt(song: Song, first: int, last: int) -> Song:
    """Return the bars `first` up to `last` of a song, from 0, as a song of their own."""
    begin = song.bars[first][0]
    end = song.bars[last][0] if last < len(song.bars) else song.end

    def within(changes: tuple[tuple[Ticks, str], ...]) -> tuple[tuple[Ticks, str], ...]:
        here = [(Ticks(at - begin), value) for at, value in changes if begin <= at < end]
        before = [value for at, value in changes if at < begin]
        return tuple(([(Ticks(0), before[-1])] if before and (not here or here[0][0] > 0) else []) + here)

    tempo = [bpm for at, bpm in song.tempos if at <= begin][-1]
    keys = within(song.keys)
    home = keys[0][1] if keys and keys[0][0] == 0 else song.key
    return replace(
        song,
        bars=tuple((Ticks(at - begin), meter) for at, meter in song.bars[first:last]),
        end=Ticks(end - begin),
        tempos=((Ticks(0), tempo), *((Ticks(at - begin), bpm) for at, bpm in song.tempos if begin < at < end)),
        key=home,
        keys=tuple(k for k in keys if k[0] > 0),
        prompts=within(song.prompts),
        sections=within(song.sections),
        chords=within(song.chords),
        notes=tuple(replace(n, start=Ticks(n.start - begin)) for n in song.notes if begin <= n.start < end),
    )


def continue_clip(composer: Writer, song: Song, wanted: ClipSpec, bars: int) -> Song:
    """Return the song and so many new bars after it, in its own manner where the words say nothing else."""
    present = tuple(p for p in PARTS if p in {n.part for n in song.notes})
    first = max(0, len(song.bars) - (MAX_BARS - bars))
    while first < len(song.bars) - 1 and len(decoder_bars(song.bars[first:])) + bars > MAX_BARS:
        first += 1
    starts = sorted(n.start for n in song.notes)
    while first < len(song.bars) - CONTEXT_BARS and len(starts) - bisect_left(starts, song.bars[first][0]) > MAX_GIVEN:
        first += 1
    window = excerpt(song, first, len(song.bars)) if first else song
    grid = decoder_bars(window.bars)
    meter = wanted.controls.meter if wanted.controls.meter in METERS else grid[-1][1]
    at = Ticks(grid[-1][0] + bar_length(grid[-1][1]))
    given = fixed_content(window, KeepSpec(redone=frozenset()), grid)
    added = tuple((Ticks(at + i * bar_length(meter)), meter) for i in range(bars))
    asked = replace(wanted, bars=len(grid) + bars, parts=wanted.parts or present or None)
    written = clip(composer, asked, given=given, like_song=window, grid=(*grid, *added))
    by = Ticks(song.end - at)  # the grid may end a little behind the song
    new = [replace(n, start=Ticks(n.start + by)) for n in written.notes if n.start >= at]
    chords = [(Ticks(t + by), symbol) for t, symbol in written.chords if t >= at]
    return replace(
        song,
        bars=(*song.bars, *((Ticks(t + by), m) for t, m in added)),
        end=Ticks(song.end + bars * bar_length(meter)),
        notes=tuple(sorted((*song.notes, *new))),
        chords=(*song.chords, *chords),
        programs=tuple((dict(written.programs) | dict(song.programs)).items()),
        prompts=(*song.prompts, (song.end, wanted.prompt)) if song.prompts else (),
    )


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
    grid = decoder_bars(song.bars)
    if len(grid) > MAX_BARS:
        raise ValueError(f"the file has {len(song.bars)} bars, and chords for {MAX_BARS} can be written: cut it")
    every = tuple(p for p in PARTS if p in {*parts, *(wanted.parts or ()), "melody"})
    asked = replace(wanted, bars=len(grid), parts=every)
    given = fixed_content(alone, KeepSpec(parts=frozenset({"melody"})), grid)
    written = clip(composer, asked, given=given, like_song=alone, melody_first=not causal, grid=grid)
    new = [n for n in written.notes if n.part != "melody" and n.start < song.end]
    return replace(
        alone,
        notes=_clear([*melody, *new], song),
        chords=tuple(c for c in written.chords if c[0] < song.end),
        key=written.key,
        keys=song.keys if written.key == song.key else (),
        programs=tuple((dict(written.programs) | {p: n for p, n in song.programs if p in every}).items()),
    )


def with_the_rest(written: Song, source: Song) -> tuple[Song, tuple[str, ...]]:
    """Return a song with the parts of its source that follow no chords, and the parts that are left out because they do."""
    have = {n.part for n in written.notes}
    rest = [n for n in source.notes if n.part not in have]
    stays = [n for n in rest if n.part in UNPITCHED_PARTS]
    programs = {part: program for part, program in source.programs if part in {n.part for n in stays}}
    whole = replace(
        written,
        notes=tuple(sorted([*written.notes, *stays])),
        programs=tuple((programs | dict(written.programs)).items()),
    )
    return whole, tuple(part for part in PARTS if part in {n.part for n in rest} - {n.part for n in stays})


def notes_of(song: Song, part: str) -> tuple[Note, ...]:
    """Return the notes of a part, in order of time."""
    return tuple(sorted(n for n in song.notes if n.part == part))
