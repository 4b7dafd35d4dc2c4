"""Changes to a finished clip's harmony: its key, its mode, the colour and number of its chords, a walking bass. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from model import changes
from model.harmony import MODES, QUALITIES, Chord, Key, chord_symbol, note_name, parse_chord, parse_key
from model.midifile import Song
from model.music import PARTS, TICKS_PER_QUARTER, Note, Ticks

_DARKER = {4: 3, 9: 8, 11: 10}
"""Degrees of a major scale that are lower in the minor one, in semitones above the tonic."""
_BRIGHTER = {3: 4, 8: 9, 10: 11}


def in_key(song: Song, key: Key) -> Song:
    """Return the song in another key: all moved by the shorter way, and its mode changed degree by degree."""
    now = parse_key(song.key)
    up = (key.tonic - now.tonic + 6) % 12 - 6
    song = _degrees(song, now, {}, up)
    if key.minor != now.minor:
        song = _degrees(song, key, _DARKER if key.minor else _BRIGHTER, 0)
    return replace(song, key=key.name)


def darker(song: Song) -> Song:
    """Return the song in the minor mode of its tonic, or, where it is in minor already, lower."""
    key = parse_key(song.key)
    if key.minor:
        return changes.louder(
            changes.moved(song, frozenset({"chords", "melody"}), -1), frozenset({"chords", "melody"}), -6
        )
    return in_key(song, Key(key.tonic, "minor", MODES["minor"]))


def brighter(song: Song) -> Song:
    """Return the song in the major mode of its tonic, or, where it is in major already, higher."""
    key = parse_key(song.key)
    if not key.minor:
        return changes.moved(song, frozenset({"chords", "melody"}), 1)
    return in_key(song, Key(key.tonic, "major", MODES["major"]))


def _degrees(song: Song, key: Key, degrees: dict[int, int], up: int) -> Song:
    def turned(pitch: int) -> int:
        above = (pitch - key.tonic) % 12
        return min(127, max(0, pitch + degrees.get(above, above) - above + up))

    pitched = frozenset(PARTS) - {"drums"}
    flats = Key((key.tonic + up) % 12, key.mode, key.scale).flats
    chords = tuple((at, _turned(parse_chord(symbol), turned, flats)) for at, symbol in song.chords)
    name = f"{note_name((key.tonic + up) % 12, flats)} {key.mode or 'major'}"
    return replace(
        changes.mapped(song, pitched, lambda n: replace(n, pitch=turned(n.pitch))), chords=chords, key=name
    )


def _turned(chord: Chord, turned: Callable[[int], int], flats: bool) -> str:
    root = turned(60 + chord.root) % 12
    classes = {turned(60 + (chord.root + t) % 12) % 12 for t in QUALITIES[chord.quality]}
    bass = turned(60 + chord.bass) % 12

    def off(quality: str) -> tuple[int, int]:
        return len(classes ^ {(root + t) % 12 for t in QUALITIES[quality]}), list(QUALITIES).index(quality)

    return chord_symbol(Chord(root, min(QUALITIES, key=off), bass), flats)


def coloured(song: Song, steps: int) -> Song:
    """Return the song with a seventh or ninth more (or less) on each chord, in its symbols and in the chords part."""
    key = parse_key(song.key)
    spans = list(zip(song.chords, [*(at for at, _ in song.chords[1:]), song.end], strict=True))
    symbols: list[tuple[Ticks, str]] = []
    notes = [n for n in song.notes if n.part != "chords"]
    for (at, symbol), end in spans:
        before = parse_chord(symbol)
        after = _richer(before, key) if steps > 0 else _plainer(before)
        symbols.append((at, chord_symbol(after, key.flats)))
        here = [n for n in song.notes if n.part == "chords" and at <= n.start < end]
        notes += _recoloured(here, before, after)
    notes += [
        n for n in song.notes if n.part == "chords" and (not song.chords or n.start < song.chords[0][0])
    ]
    return replace(song, notes=tuple(sorted(notes)), chords=tuple(symbols))


def _richer(chord: Chord, key: Key) -> Chord:
    quality = chord.quality
    lowered = (chord.root + 10) % 12 in key.pitch_classes
    ladder = {"": "7" if lowered and (chord.root + 11) % 12 not in key.pitch_classes else "maj7", "m": "m7", "5": "m7",
              "dim": "m7b5", "sus4": "7sus4", "sus2": "maj9", "6": "69", "add9": "maj9", "madd9": "m9", "m6": "m9",
              "7": "13" if not key.minor else "7b9", "maj7": "maj9", "m7": "m9", "9": "13", "m9": "m11", "maj9": "maj13",
              "7sus4": "13"}  # fmt: skip
    return Chord(chord.root, ladder.get(quality, quality), chord.bass)


def _plainer(chord: Chord) -> Chord:
    tones = set(QUALITIES[chord.quality])
    quality = (
        "m"
        if 3 in tones and 7 in tones
        else "dim"
        if {3, 6} <= tones
        else "sus4"
        if 5 in tones and 4 not in tones
        else ""
    )
    return Chord(
        chord.root,
        quality,
        chord.root if (chord.bass - chord.root) % 12 not in QUALITIES[quality] else chord.bass,
    )


def _recoloured(notes: Iterable[Note], before: Chord, after: Chord) -> list[Note]:
    """Return the chord's strokes with the tones that are new above the others, and without those that are gone."""
    wanted = {(after.root + t) % 12 for t in QUALITIES[after.quality]}
    new = [
        t for t in ((after.root + t) % 12 for t in QUALITIES[after.quality]) if t not in before.pitch_classes
    ]
    strokes: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        strokes[note.start].append(note)
    found: list[Note] = []
    for stroke in strokes.values():
        stays = [n for n in stroke if n.pitch % 12 in wanted]
        if not stays:
            stays = [_nearest(n, wanted) for n in stroke]
        if len(stroke) >= 2:
            top = max(stays, key=lambda n: n.pitch)
            for tone in new:
                pitch = top.pitch - 11 + (tone - (top.pitch - 11)) % 12
                stays.append(replace(top, pitch=pitch, velocity=max(12, top.velocity - 6)))
        found += {(n.pitch, n.start): n for n in stays}.values()
    return found


def _nearest(note: Note, wanted: set[int]) -> Note:
    return replace(
        note,
        pitch=min(
            (note.pitch + d for d in (0, -1, 1, -2, 2, -3, 3, 4)),
            key=lambda p: (p % 12 not in wanted, abs(p - note.pitch)),
        ),
    )


def fewer_changes(song: Song) -> Song:
    """Return the song with every second chord change left out; chords and bass of the dropped ones move to what stays."""
    stay = [c for i, c in enumerate(song.chords) if i % 2 == 0]
    gone = {at: stay[i // 2][1] for i, (at, _) in enumerate(song.chords) if i % 2}
    ends = dict(
        zip((at for at, _ in song.chords), [*(at for at, _ in song.chords[1:]), song.end], strict=True)
    )

    def pulled(note: Note) -> Note:
        for at, symbol in gone.items():
            if at <= note.start < ends[at]:
                return _nearest(note, set(parse_chord(symbol).pitch_classes))
        return note

    return replace(changes.mapped(song, frozenset({"chords", "bass"}), pulled), chords=tuple(stay))


def walking(song: Song) -> Song:
    """Return the song with a bass that walks in quarters from root to root, a step away from each new root."""
    key = parse_key(song.key)
    chords = song.chords or ((Ticks(0), key.name.split()[0]),)
    loud = [n.velocity for n in song.notes if n.part == "bass"] or [84]
    mean = sum(loud) // len(loud)
    last = 40
    bass: list[Note] = []
    for at in range(0, song.end, TICKS_PER_QUARTER):
        now = parse_chord([s for tick, s in chords if tick <= max(at, chords[0][0])][-1])
        following = parse_chord(
            [s for tick, s in chords if tick <= max(at + TICKS_PER_QUARTER, chords[0][0])][-1]
        )
        fresh = any(at - TICKS_PER_QUARTER < tick <= at for tick, _ in chords)
        if fresh or not bass:
            classes = {now.bass}
        elif following != now:
            classes = {(following.bass + d) % 12 for d in (-1, 1, 2, -2)} & (
                key.pitch_classes | {(following.bass - 1) % 12}
            )
        else:
            classes = set(now.pitch_classes) | {(last + 2) % 12} & key.pitch_classes
        near = [p for p in range(31, 56) if p % 12 in classes and p != last] or [last]
        last = min(near, key=lambda p: (abs(p - last), p))
        velocity = min(127, mean + (4 if at // TICKS_PER_QUARTER % 2 else -2))
        bass.append(Note(Ticks(at), Ticks(TICKS_PER_QUARTER - 30), last, velocity, "bass"))
    rest = [n for n in song.notes if n.part != "bass"]
    programs = dict(song.programs)
    programs.setdefault("bass", 32)
    return replace(song, notes=tuple(sorted([*rest, *bass])), programs=tuple(programs.items()))
