"""Changes to a finished clip that are arithmetic and nothing else: each moves one thing and leaves the rest. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from model.drums import ROLES
from model.harmony import parse_key
from model.midifile import Song, bar_length
from model.music import PARTS, TICKS_PER_QUARTER, Note, Ticks
from model.swing import swung

Parts = frozenset[str]

SIXTEENTH = TICKS_PER_QUARTER // 4


def mapped(song: Song, parts: Parts, change: Callable[[Note], Note | None]) -> Song:
    """Return the song with each note of some parts changed, or left out where the change gives None."""
    notes = [change(n) if n.part in parts else n for n in song.notes]
    return replace(song, notes=tuple(sorted(n for n in notes if n is not None)))


def louder(song: Song, parts: Parts, steps: int) -> Song:
    """Return the song so many steps of velocity louder (or softer)."""
    return mapped(song, parts, lambda n: replace(n, velocity=min(127, max(12, n.velocity + steps))))


def faster(song: Song, ratio: float) -> Song:
    """Return the song at its tempo times a ratio, within 20..300."""
    return replace(song, tempos=tuple((at, min(300.0, max(20.0, bpm * ratio))) for at, bpm in song.tempos))


def at_tempo(song: Song, bpm: float) -> Song:
    """Return the song at one tempo, in quarters a minute."""
    return replace(song, tempos=((Ticks(0), bpm),))


def without(song: Song, parts: Parts) -> Song:
    """Return the song without some parts."""
    return replace(
        song,
        notes=tuple(n for n in song.notes if n.part not in parts),
        programs=tuple(p for p in song.programs if p[0] not in parts),
    )


def without_drums(song: Song, roles: Collection[str]) -> Song:
    """Return the song without some drums, named by their roles."""
    notes = {ROLES[role] for role in roles}
    return replace(song, notes=tuple(n for n in song.notes if n.part != "drums" or n.pitch not in notes))


def moved(song: Song, parts: Parts, octaves: int) -> Song:
    """Return the song with some parts so many octaves higher; a part that would leave 24..103 goes as far as it can."""
    for part in parts - {"drums"}:
        pitches = [n.pitch for n in song.notes if n.part == part]
        step = 12 * octaves
        while pitches and step and not (min(pitches) + step >= 24 and max(pitches) + step <= 103):
            step -= 12 if step > 0 else -12
        step = step or (7 if octaves > 0 else -5)
        song = mapped(song, frozenset({part}), partial(_up, step))
    return song


def _up(semitones: int, note: Note) -> Note:
    return replace(note, pitch=min(127, max(0, note.pitch + semitones)))


def shorter(song: Song, parts: Parts) -> Song:
    """Return the song with notes that end early."""
    return mapped(song, parts - {"drums"}, lambda n: replace(n, length=Ticks(max(30, int(n.length * 0.42)))))


def longer(song: Song, parts: Parts) -> Song:
    """Return the song with notes held to the next one of their part."""
    onsets = {p: sorted({n.start for n in song.notes if n.part == p}) for p in parts}

    def held(note: Note) -> Note:
        following = next((at for at in onsets[note.part] if at > note.start), song.end)
        return replace(note, length=Ticks(max(note.length, min(following, song.end) - note.start)))

    return mapped(song, parts - {"drums"}, held)


def swinging(song: Song, swing: float) -> Song:
    """Return the song with its straight eighths swung."""

    def late(note: Note) -> Note:
        start, end = swung(note.start, swing), swung(note.end, swing)
        return replace(note, start=start, length=Ticks(max(1, end - start)))

    return mapped(song, frozenset(PARTS), late)


def straightened(song: Song) -> Song:
    """Return the song with its off-beats back in the middle of their beats."""
    off = [n.start % 480 for n in song.notes if 200 <= n.start % 480 <= 380]
    swing = min(0.75, max(0.5, sorted(off)[len(off) // 2] / 480)) if off else 0.5
    if swing < 0.53:
        return song
    back = {swung(Ticks(t), swing): t for t in range(481)}

    def even(tick: int) -> int:
        beat, inside = divmod(tick, 480)
        near = min(back, key=lambda t: abs(t - inside))
        return beat * 480 + back[near]

    def placed(note: Note) -> Note:
        start, end = even(note.start), even(note.end)
        return replace(note, start=Ticks(start), length=Ticks(max(1, end - start)))

    return mapped(song, frozenset(PARTS), placed)


def thinner(song: Song, parts: Parts, share: float = 0.4) -> Song:
    """Return the song without a share of the onsets of some parts: the weakest places and softest strokes go first."""
    gone: set[tuple[str, int]] = set()
    for part in parts:
        strokes: dict[int, int] = defaultdict(int)
        for note in song.notes:
            if note.part == part:
                strokes[note.start] = max(strokes[note.start], note.velocity)
        order = sorted(strokes, key=lambda at: (_weight(at, song), strokes[at], at))
        gone |= {(part, at) for at in order[: round(share * len(order))] if _weight(at, song) < 4}
    return replace(song, notes=tuple(n for n in song.notes if (n.part, n.start) not in gone))


def _weight(tick: int, song: Song) -> int:
    """Return how strong a place is: 4 a bar line, 3 half a bar, 2 a beat, 1 an eighth, 0 the rest."""
    start, meter = [bar for bar in song.bars if bar[0] <= tick][-1]
    inside = tick - start
    places = (
        (bar_length(meter), 4),
        (bar_length(meter) // 2, 3),
        (TICKS_PER_QUARTER, 2),
        (TICKS_PER_QUARTER // 2, 1),
    )
    return next((weight for unit, weight in places if inside % unit < 20 or unit - inside % unit < 20), 0)


def busier(song: Song, parts: Parts) -> Song:
    """Return the song with long strokes of some parts struck again half-way, a step or octave off where one voice plays."""
    scale = parse_key(song.key).pitch_classes
    added: list[Note] = []
    cut: dict[Note, Note] = {}
    for part in parts:
        onsets = sorted({n.start for n in song.notes if n.part == part})
        for at, following in zip(onsets, [*onsets[1:], song.end], strict=True):
            gap = following - at
            if gap < 2 * SIXTEENTH:
                continue
            half = at + gap // 2 // SIXTEENTH * SIXTEENTH
            for note in [n for n in song.notes if n.part == part and n.start == at]:
                if note.end > half:
                    cut[note] = replace(note, length=Ticks(half - at))
                pitch = note.pitch
                if part == "melody":
                    pitch = next(
                        p for p in (pitch + 2, pitch + 1, pitch - 1) if p % 12 in scale or p == pitch - 1
                    )
                length = max(60, min(note.length, following - half))
                added.append(replace(note, start=Ticks(half), length=Ticks(length), pitch=pitch,
                                     velocity=max(12, int(note.velocity * 0.85))))  # fmt: skip
    return replace(song, notes=tuple(sorted([*(cut.get(n, n) for n in song.notes), *added])))
