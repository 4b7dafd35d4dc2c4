"""The course of a clip as its words wish it: who rests where, another key, louder or softer, faster or slower. Pure.

Sections and cues are written by the composer; what is here is arithmetic on what it wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from model.clips.transforms import change_key
from model.music.control import MAX_TEMPO, MIN_TEMPO
from model.music.drums import ROLE_OF, ROLES
from model.music.harmony import MODES, Key, key_on, parse_key
from model.music.midifile import Song, bar_at, bar_length
from model.music.notes import TICKS_PER_QUARTER, Note, Ticks, beat_length
from model.music.wishes import EVERY_BEAT, Fade, Modulation, Strokes, TempoRamp, Wishes, felt_beats

LOUDEST = 127


def follow_course(song: Song, wishes: Wishes) -> Song:
    """Return the song as its wishes have it, with the names of its sections."""
    song = _named(song, wishes)
    for strokes in sorted(wishes.strokes, key=lambda s: s.without):
        song = _struck(song, strokes)
    if wishes.rests:
        song = rested(song, wishes)
    if wishes.modulation is not None:
        song = _modulated(song, wishes.modulation, wishes.modulation_bar(len(song.bars)))
    if wishes.groups:
        song = _accented(song, wishes.groups)
    for fade in wishes.fades:
        song = _faded(song, fade)
    return song if wishes.ramp is None else replace(song, tempos=ramped(song, wishes.ramp))


def _named(song: Song, wishes: Wishes) -> Song:
    """Return the song with the sections that were asked for, and what begins at a bar, by name; where none are, with its own."""
    if not wishes.sections and not wishes.cues:
        return song
    named = {first: s.name for first, s in wishes.placed_sections()}
    named |= {c.bar - 1: c.cue for c in wishes.cues if c.bar - 1 not in named}
    return replace(
        song, sections=tuple((song.bars[bar][0], named[bar]) for bar in sorted(named) if bar < len(song.bars))
    )


_USUAL_BEATS: dict[str, tuple[float, ...]] = {
    "kick": (1, 3), "snare": (2, 4), "rim": (2, 4), "clap": (2, 4), "crash": (1,), "tom_low": (4.5,), "tom_mid": (4.25,), "tom_high": (4,),
    "open_hat": (4.5,), "ride": (1, 2, 3, 4), "perc": (1, 2, 3, 4),
}  # fmt: skip
"""The beats of a bar on which a drum strikes that is asked for and that the band has not; others strike each eighth."""
_EIGHTHS, _THIRDS = tuple(1 + i / 2 for i in range(16)), tuple(1 + i / 3 for i in range(12))
_STROKE, _NEAR = 60, 60
"""Ticks that a stroke lasts, and how near to a beat it is on it."""


def _struck(song: Song, wish: Strokes) -> Song:
    """Return the song with a drum on the beats that are wished, in all bars that drum; one that only has to be heard stays as it is where it is."""
    kit = [n for n in song.notes if n.part == "drums"]
    pitch = ROLES[wish.role]
    if wish.without:
        denied = [
            at + (b - 1) * felt_beats(m)[1]
            for at, m in song.bars
            for b in range(1, felt_beats(m)[0] + 1)
            if b in wish.beats or wish.beats == EVERY_BEAT
        ]
        gone = {n for n in kit if n.pitch == pitch and any(abs(n.start - at) < _NEAR for at in denied)}
        return replace(song, notes=tuple(n for n in song.notes if n not in gone))
    if not wish.beats and any(n.pitch == pitch for n in kit):
        return song
    added: list[Note] = []
    for at, meter in song.bars:
        here = [n.velocity for n in kit if at <= n.start < at + bar_length(meter)]
        beats, beat = felt_beats(meter)
        usual = _USUAL_BEATS.get(wish.role, _EIGHTHS if beat == beat_length(meter) else _THIRDS)
        within = [place for place in wish.beats or usual if place < beats + 1]
        for place in within or ([] if wish.beats else [beats]):
            start = at + round((place - 1) * beat)
            if here:
                added.append(Note(Ticks(start), Ticks(_STROKE), pitch, sum(here) // len(here), "drums"))
    if wish.beats == EVERY_BEAT:  # of a longer bar all of its beats
        added += [
            replace(added[0], start=Ticks(at + i * felt_beats(m)[1]))
            for at, m in song.bars
            for i in range(len(EVERY_BEAT), felt_beats(m)[0])
            if added and any(n.start == at for n in added)
        ]
    kept = [n for n in song.notes if n.part != "drums" or n.pitch != pitch]
    return replace(song, notes=tuple(sorted([*kept, *added])))


_ACCENT, _BESIDE = 1.18, 0.9
"""How much louder the first eighth of a group is, and how much softer the others are."""


def _accented(song: Song, groups: Sequence[int]) -> Song:
    """Return the song with the first eighth of each group of a bar louder than the others."""
    firsts = {at + sum(groups[:i]) * _EIGHTH for at, _ in song.bars for i in range(len(groups))}

    def accented(note: Note) -> Note:
        near = round(note.start / _EIGHTH) * _EIGHTH
        factor = _ACCENT if near in firsts and abs(note.start - near) < _EIGHTH // 4 else _BESIDE
        return replace(note, velocity=min(LOUDEST, max(1, round(note.velocity * factor))))

    return replace(song, notes=tuple(accented(n) for n in song.notes))


_EIGHTH = TICKS_PER_QUARTER // 2


def rested(song: Song, wishes: Wishes) -> Song:
    """Return the song without the notes of the parts and drums that rest."""
    bars = len(song.bars)
    silent = [wishes.resting(bar, bars) for bar in range(bars)]

    def sounds(note: Note) -> bool:
        resting = silent[bar_at(song, note.start)]
        return note.part not in resting and not (note.part == "drums" and ROLE_OF.get(note.pitch) in resting)

    return replace(song, notes=tuple(n for n in song.notes if sounds(n)))


def modulated_key(home: Key, wish: Modulation) -> Key:
    """Return the key that a modulation leads to."""
    if wish.key.startswith("relative"):
        return key_on((home.tonic + (3 if home.minor else 9)) % 12, "major" if home.minor else "minor")
    if wish.key in ("major", "minor"):
        return key_on(home.tonic, wish.key)
    if wish.key:
        return parse_key(wish.key)
    tonic = (home.tonic + wish.semitones) % 12
    return key_on(tonic, home.mode) if home.mode in MODES else Key(tonic, "", home.scale)


def _modulated(song: Song, wish: Modulation, from_bar: int) -> Song:
    """Return the song in another key from a bar on, counted from 1."""
    bar = from_bar - 1
    if not 0 < bar < len(song.bars):
        return song
    at = song.bars[bar][0]
    moved = change_key(song, modulated_key(parse_key(song.key), wish))
    held = [replace(n, length=Ticks(min(n.length, at - n.start))) for n in song.notes if n.start < at]
    chords = [c for c in song.chords if c[0] < at]
    later = [c for c in moved.chords if c[0] >= at]
    if chords and (not later or later[0][0] > at):  # the chord that goes on, in the new key
        sounding = [c for c in moved.chords if c[0] < at]
        later = [(at, sounding[-1][1]), *later]
    later_notes = (n for n in moved.notes if n.start >= at)
    return replace(song, notes=(*held, *later_notes), chords=(*chords, *later), keys=((at, moved.key),))


def _faded(song: Song, fade: Fade) -> Song:
    """Return the song with its velocities along a line: over some bars at the end it fades to or the beginning it fades from, or over all."""
    first, last = 0, song.end
    if fade.bars is not None:
        bars = min(fade.bars, len(song.bars))
        if fade.begin < fade.end:
            last = song.bars[bars][0] if bars < len(song.bars) else song.end
        else:
            first = song.bars[-bars][0]
    if fade.first is not None and fade.first <= len(song.bars):
        first = song.bars[fade.first - 1][0]
        behind = fade.first - 1 + (fade.bars or len(song.bars))
        last = song.bars[behind][0] if behind < len(song.bars) else song.end

    def factor(at: int) -> float:
        x = min(1.0, max(0.0, (at - first) / max(1, last - first)))
        return fade.begin + (fade.end - fade.begin) * x

    def faded(note: Note) -> Note:
        return replace(note, velocity=min(LOUDEST, max(1, round(note.velocity * factor(note.start)))))

    return replace(song, notes=tuple(faded(n) for n in song.notes))


def ramped(song: Song, ramp: TempoRamp) -> tuple[tuple[Ticks, float], ...]:
    """Return the tempos of a song along a ramp, one a bar, of four parts in its last bars where it takes only those."""
    tempo = song.tempos[0][1]
    begin = 0 if ramp.bars is None else max(0, len(song.bars) - ramp.bars)
    behind = len(song.bars)
    if ramp.first is not None:
        begin = min(ramp.first, len(song.bars)) - 1
        behind = min(behind, begin + (ramp.bars or behind))
    lines: Sequence[int] = [start for start, _ in song.bars[begin:behind]]
    if ramp.bars is not None or len(lines) < 4:
        whole = [*lines, song.end if behind == len(song.bars) else song.bars[behind][0]]
        lines = [a + (b - a) * i // 4 for a, b in pairwise(whole) for i in range(4)]
    steps, factor = max(1, len(lines) - 1), ramp.factor_from(tempo)
    found = [(Ticks(0), tempo)] if lines[0] > 0 else []
    found += [(Ticks(at), tempo * (1 + (factor - 1) * i / steps)) for i, at in enumerate(lines)]
    return tuple((at, min(float(MAX_TEMPO), max(float(MIN_TEMPO), bpm))) for at, bpm in found)
