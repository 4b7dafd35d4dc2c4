"""Another progression under a tune that stays, and the pattern of drums at half their pace. Pure arithmetic."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from model.clips.transforms import put_chords
from model.music.chord_lists import parse_progression
from model.music.drums import ROLE_OF
from model.music.harmony import Chord, chord_symbol, parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import Note, Ticks, beat_length, beats_in_bar

_LOOPS = {
    False: ("I vi IV V", "vi IV I V", "I IV vi V", "I iii IV V", "ii V I vi", "IV V iii vi", "I V vi IV"),
    True: ("i bVI bIII bVII", "i iv bVII bIII", "i bVII bVI bVII", "i bIII iv v", "bVI bVII i i", "i iv bVI bVII"),
}
"""Progressions of four bars that any tune of a key can go on, by whether its third is minor."""
_BACKBEATS = ("snare", "clap", "rim")


def other_chords(song: Song, seed: int) -> Song:
    """Return the song on another progression of its key, of those that fit its melody best the one of the seed."""
    key = parse_key(song.key)
    starts = [Ticks(at) for at, _ in song.bars]
    spans = list(pairwise([*starts, song.end]))
    now = [next((parse_chord(s) for at, s in reversed(song.chords) if at <= start), None) for start in starts]
    tune = [n for n in song.notes if n.part == "melody"]

    def fit(chords: list[Chord]) -> int:
        return sum(
            max(0, min(n.end, end) - max(n.start, start)) * (1 if n.pitch % 12 in chord.pitch_classes else -1)
            for chord, (start, end) in zip(chords, spans, strict=True)
            for n in tune
            if n.start < end and n.end > start
        )

    found: list[list[Chord]] = []
    for loop in _LOOPS[key.minor]:
        bars = [bar[0] for bar in parse_progression(loop, key)]
        chords = [bars[i % len(bars)] for i in range(len(starts))]
        differs = sum(was is None or was.root != chord.root for was, chord in zip(now, chords, strict=True))
        if 2 * differs >= len(starts):
            found.append(chords)
    best = sorted(found, key=fit, reverse=True)[:3]
    symbols = [chord_symbol(chord, key) for chord in best[seed % len(best)]]
    return put_chords(song, list(zip(starts, symbols, strict=True)))


def half_time(song: Song) -> Song:
    """Return the song with the backbeat of its drums on the third beat of each bar of four, its tempo as it is."""
    gone: set[Note] = set()
    added: list[Note] = []
    for start, meter in song.bars:
        if beats_in_bar(meter) != 4:
            continue
        beat = beat_length(meter)
        struck = {
            n: round((n.start - start) / (beat / 4))
            for n in song.notes
            if n.part == "drums" and start - beat // 8 <= n.start < start + 4 * beat - beat // 8
        }
        backbeats = [n for n, place in struck.items() if ROLE_OF.get(n.pitch) in _BACKBEATS and place in (4, 12)]
        gone |= set(backbeats)
        gone |= {n for n, place in struck.items() if ROLE_OF.get(n.pitch) == "kick" and place == 8 and backbeats}
        there = {n.pitch for n, place in struck.items() if place == 8}
        for note in sorted(backbeats, key=lambda n: n.start):
            if note.pitch not in there:
                added.append(replace(note, start=Ticks(start + 2 * beat)))
                there.add(note.pitch)
    return replace(song, notes=tuple(sorted([*(n for n in song.notes if n not in gone), *added])))
