"""Changes to a finished clip that are arithmetic and nothing else: each moves one thing and leaves the rest. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence, Set
from dataclasses import replace
from functools import partial

from model.music.control import MAX_TEMPO, MIN_TEMPO
from model.music.drums import ROLE_OF, ROLES
from model.music.groove import swung
from model.music.harmony import MODES, QUALITIES, Chord, Key, chord_symbol, note_name, parse_chord, parse_key
from model.music.midifile import Song, bar_length
from model.music.notes import (
    CHORD_PARTS,
    HARMONY_PARTS,
    PARTS,
    TICKS_PER_QUARTER,
    UNPITCHED_PARTS,
    Note,
    Ticks,
    beat_length,
    beats_in_bar,
)

Parts = frozenset[str]
SIXTEENTH = TICKS_PER_QUARTER // 4
UPPER_PARTS = frozenset(PARTS).difference(UNPITCHED_PARTS, {"bass"})
"""Parts that go up and down together, over the bass."""


def map_notes(song: Song, parts: Parts, change: Callable[[Note], Note | None]) -> Song:
    """Return the song with each note of some parts changed, or left out where the change gives None."""
    notes = [change(n) if n.part in parts else n for n in song.notes]
    return replace(song, notes=tuple(sorted(n for n in notes if n is not None)))


def change_velocity(song: Song, parts: Parts, steps: int) -> Song:
    """Return the song so many steps of velocity louder (or softer)."""
    return map_notes(song, parts, lambda n: replace(n, velocity=min(127, max(12, n.velocity + steps))))


def scale_tempo(song: Song, ratio: float) -> Song:
    """Return the song at its tempo times a ratio, within MIN_TEMPO..MAX_TEMPO."""
    return replace(
        song,
        tempos=tuple((at, min(float(MAX_TEMPO), max(float(MIN_TEMPO), bpm * ratio))) for at, bpm in song.tempos),
    )


def set_tempo(song: Song, bpm: float) -> Song:
    """Return the song at one tempo, in quarters a minute."""
    return replace(song, tempos=((Ticks(0), bpm),))


def remove_parts(song: Song, parts: Parts) -> Song:
    """Return the song without some parts."""
    return replace(
        song,
        notes=tuple(n for n in song.notes if n.part not in parts),
        programs=tuple(p for p in song.programs if p[0] not in parts),
    )


def replace_drums(song: Song, old: Collection[str], new: Sequence[str]) -> Song:
    """Return the song with the first of some drums struck where others were, by their roles."""
    return replace(
        song,
        notes=tuple(
            replace(n, pitch=ROLES[new[0]]) if n.part == "drums" and ROLE_OF.get(n.pitch) in old else n
            for n in song.notes
        ),
    )


def remove_drums(song: Song, roles: Collection[str]) -> Song:
    """Return the song without some drums, named by their roles."""
    notes = {ROLES[role] for role in roles}
    return replace(song, notes=tuple(n for n in song.notes if n.part != "drums" or n.pitch not in notes))


def shift_octaves(song: Song, parts: Parts, octaves: int) -> Song:
    """Return the song with some parts so many octaves higher; a part that would leave 24..103 goes as far as it can."""
    for part in parts.difference(UNPITCHED_PARTS):
        pitches = [n.pitch for n in song.notes if n.part == part]
        step = 12 * octaves
        while pitches and step and not (min(pitches) + step >= 24 and max(pitches) + step <= 103):
            step -= 12 if step > 0 else -12
        step = step or (7 if octaves > 0 else -5)
        song = map_notes(song, frozenset({part}), partial(_up, step))
    return song


def _up(semitones: int, note: Note) -> Note:
    return replace(note, pitch=min(127, max(0, note.pitch + semitones)))


def shorten(song: Song, parts: Parts) -> Song:
    """Return the song with notes that end early."""
    return map_notes(
        song, parts.difference(UNPITCHED_PARTS), lambda n: replace(n, length=Ticks(max(30, int(n.length * 0.42))))
    )


def lengthen(song: Song, parts: Parts) -> Song:
    """Return the song with notes held to the next one of their part."""
    onsets = {p: sorted({n.start for n in song.notes if n.part == p}) for p in parts}

    def held(note: Note) -> Note:
        following = next((at for at in onsets[note.part] if at > note.start), song.end)
        return replace(note, length=Ticks(max(note.length, min(following, song.end) - note.start)))

    return map_notes(song, parts.difference(UNPITCHED_PARTS), held)


def onto_beats(song: Song, parts: Parts) -> Song:
    """Return the song with the notes of some parts on the beats: those between them move to the beat before, where it has none of their own."""
    lines = [at + i * beat_length(m) for at, m in song.bars for i in range(beats_in_bar(m))]
    beats = frozenset(lines)
    on_a_beat = {(n.part, n.start) for n in song.notes if n.start in beats}
    taken: set[tuple[str, int, int]] = set()

    def placed(note: Note) -> Note | None:
        beat = lines[bisect_right(lines, note.start) - 1]
        own = note.start == beat or (note.part, beat) not in on_a_beat
        here = note.part, beat, note.pitch if note.start == beat else -1
        if not own or here in taken or (note.part, beat, -1) in taken:
            return None
        taken.add(here)
        return replace(note, start=Ticks(beat), length=Ticks(note.length + note.start - beat))

    return map_notes(song, parts, placed)


def apply_swing(song: Song, swing: float, parts: Parts = frozenset(PARTS)) -> Song:
    """Return the song with the straight eighths of some parts swung."""

    def late(note: Note) -> Note:
        start, end = swung(note.start, swing), swung(note.end, swing)
        return replace(note, start=start, length=Ticks(max(1, end - start)))

    return map_notes(song, parts, late)


def remove_swing(song: Song, parts: Parts = frozenset(PARTS)) -> Song:
    """Return the song with the off-beats of some parts back in the middle of their beats."""
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

    return map_notes(song, parts, placed)


def thin_out(song: Song, parts: Parts, share: float = 0.4) -> Song:
    """Return the song without a share of the onsets of some parts: the weakest places and softest strokes go first."""
    gone: set[tuple[str, int]] = set()
    for part in parts:
        strokes: dict[int, int] = defaultdict(int)
        for note in song.notes:
            if note.part == part:
                strokes[note.start] = max(strokes[note.start], note.velocity)
        order = sorted(strokes, key=lambda at: (_metric_weight(at, song), strokes[at], at))
        gone |= {(part, at) for at in order[: round(share * len(order))] if _metric_weight(at, song) < 4}
    return replace(song, notes=tuple(n for n in song.notes if (n.part, n.start) not in gone))


def _metric_weight(tick: int, song: Song) -> int:
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


def add_onsets(song: Song, parts: Parts) -> Song:
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
                    pitch = next(p for p in (pitch + 2, pitch + 1, pitch - 1) if p % 12 in scale or p == pitch - 1)
                length = max(60, min(note.length, following - half))
                added.append(replace(note, start=Ticks(half), length=Ticks(length), pitch=pitch,
                                     velocity=max(12, int(note.velocity * 0.85))))  # fmt: skip
    return replace(song, notes=tuple(sorted([*(cut.get(n, n) for n in song.notes), *added])))


_LOWERED_IN_MINOR = {4: 3, 9: 8, 11: 10}
"""Degrees of a major scale that are lower in the minor one, in semitones above the tonic."""
_RAISED_IN_MAJOR = {3: 4, 8: 9, 10: 11}


def change_key(song: Song, key: Key) -> Song:
    """Return the song in another key: all moved by the shorter way, and its mode changed degree by degree."""
    now = parse_key(song.key)
    up = (key.tonic - now.tonic + 6) % 12 - 6
    keys = tuple(
        (at, replace(k, tonic=(k.tonic + up) % 12, sign="").name) for at, name in song.keys if (k := parse_key(name))
    )
    song = _degrees(song, now, {}, up)
    if key.minor != now.minor:
        song = _degrees(song, key, _LOWERED_IN_MINOR if key.minor else _RAISED_IN_MAJOR, 0)
    return replace(song, key=key.name, keys=keys)


def shift_semitones(song: Song, parts: Parts, semitones: int) -> Song:
    """Return the song with some parts so many semitones higher, thirds and sixths as the key has them."""
    scale = parse_key(song.key).pitch_classes
    up = 1 if semitones > 0 else -1

    def moved(note: Note) -> Note:
        step = abs(semitones)
        if step in (3, 4, 8, 9) and (note.pitch + up * step) % 12 not in scale:
            other = {3: 4, 4: 3, 8: 9, 9: 8}[step]
            step = other if (note.pitch + up * other) % 12 in scale else step
        return replace(note, pitch=min(127, max(0, note.pitch + up * step)))

    return map_notes(song, parts.difference(UNPITCHED_PARTS), moved)


def transpose(song: Song, semitones: int) -> Song:
    """Return the song, its chords and its key so many semitones higher; drums stay."""
    return _degrees(song, parse_key(song.key), {}, semitones)


def put_chords(song: Song, chords: Sequence[tuple[Ticks, str]]) -> Song:
    """Return the song on other chords, symbols from a tick on: what plays them moves to their tones, the melody stays."""

    def ends(symbols: Sequence[tuple[Ticks, str]]) -> list[tuple[Ticks, Ticks, str]]:
        after = [*(at for at, _ in symbols[1:]), song.end]
        return [(at, end, symbol) for (at, symbol), end in zip(symbols, after, strict=True)]

    notes = list(song.notes)
    old = ends(song.chords)
    for start, end, symbol in ends(chords):
        after = parse_chord(symbol)
        for at, until, was in old or [(Ticks(0), song.end, "")]:
            first, last = max(start, at), min(end, until)
            if first >= last or (was and parse_chord(was) == after):
                continue
            before = parse_chord(was) if was else after
            here = [n for n in notes if first <= n.start < last]
            moved = [n for n in here if n.part not in HARMONY_PARTS]
            for part in HARMONY_PARTS:
                own = [n for n in here if n.part == part]
                if part in CHORD_PARTS:
                    moved += _revoiced(own, before, after)
                else:
                    moved += [
                        _bass_tone(n, before, after) if part == "bass" else _nearest(n, set(after.pitch_classes))
                        for n in own
                    ]
            notes = [n for n in notes if not first <= n.start < last] + moved
    return replace(song, notes=tuple(sorted(notes)), chords=tuple(chords))


def _bass_tone(note: Note, before: Chord, after: Chord) -> Note:
    """Return a note of the bass under another chord: its bass for its bass, else the nearest tone."""
    return _nearest(note, {after.bass} if note.pitch % 12 in (before.bass, before.root) else set(after.pitch_classes))


def splice(song: Song, changed: Song, bars: Set[int]) -> Song:
    """Return the song with some bars, counted from 0, as another version of it has them; tempo and key stay."""
    starts = [*(at for at, _ in song.bars), song.end]
    spans = [(starts[b], starts[b + 1]) for b in sorted(bars)]

    def inside(tick: int) -> bool:
        return any(a <= tick < b for a, b in spans)

    def sounding(symbols: tuple[tuple[Ticks, str], ...], tick: int) -> str | None:
        return next((s for at, s in reversed(symbols) if at <= tick), None)

    ticks = sorted(
        {at for at, _ in (*song.chords, *changed.chords)} | ({t for span in spans for t in span} - {song.end})
    )
    chords: list[tuple[Ticks, str]] = []
    fresh = {at for at, _ in song.chords if not inside(at)} | {at for at, _ in changed.chords if inside(at)}
    for tick in ticks:
        symbol = sounding((changed if inside(tick) else song).chords, tick)
        if symbol is not None and (not chords or chords[-1][1] != symbol or tick in fresh):
            chords.append((Ticks(tick), symbol))
    notes = [n for n in song.notes if not inside(n.start)] + [n for n in changed.notes if inside(n.start)]
    programs = dict(changed.programs) | dict(song.programs)
    return replace(song, notes=tuple(sorted(notes)), chords=tuple(chords), programs=tuple(programs.items()))


def _moved(song: Song, parts: Parts) -> Parts | None:
    """Return the parts that a change of mood moves by an octave, None where all that have pitches may change key."""
    pitched = {n.part for n in song.notes}.difference(UNPITCHED_PARTS)
    return None if pitched <= parts else (parts & UPPER_PARTS) or parts


def make_darker(song: Song, parts: Parts) -> Song:
    """Return the song in the minor mode of its tonic, or, where it is in minor already or some parts alone are meant, lower."""
    key, moved = parse_key(song.key), _moved(song, parts)
    if key.minor or moved is not None:
        lower = UPPER_PARTS if moved is None else moved
        return change_velocity(shift_octaves(song, lower, -1), lower, -6)
    return change_key(song, Key(key.tonic, "minor", MODES["minor"]))


def make_brighter(song: Song, parts: Parts) -> Song:
    """Return the song in the major mode of its tonic, or, where it is in major already or some parts alone are meant, higher.

    A kit alone is louder instead.
    """
    key, moved = parse_key(song.key), _moved(song, parts)
    if moved is not None and not moved.difference(UNPITCHED_PARTS):
        return change_velocity(song, moved, 6)
    if not key.minor or moved is not None:
        return shift_octaves(song, UPPER_PARTS if moved is None else moved, 1)
    return change_key(song, Key(key.tonic, "major", MODES["major"]))


def _degrees(song: Song, key: Key, degrees: dict[int, int], up: int) -> Song:
    def map_pitch(pitch: int) -> int:
        above = (pitch - key.tonic) % 12
        return min(127, max(0, pitch + degrees.get(above, above) - above + up))

    pitched = frozenset(PARTS).difference(UNPITCHED_PARTS)
    home = Key((key.tonic + up) % 12, key.mode, key.scale)
    chords = tuple((at, _mapped_symbol(parse_chord(symbol), map_pitch, home)) for at, symbol in song.chords)
    name = f"{note_name(home.tonic, home.flats)} {key.mode or 'major'}"
    return replace(map_notes(song, pitched, lambda n: replace(n, pitch=map_pitch(n.pitch))), chords=chords, key=name)


def _mapped_symbol(chord: Chord, map_pitch: Callable[[int], int], home: Key) -> str:
    root = map_pitch(60 + chord.root) % 12
    classes = {map_pitch(60 + (chord.root + t) % 12) % 12 for t in QUALITIES[chord.quality]}
    bass = map_pitch(60 + chord.bass) % 12

    def off(quality: str) -> int:
        return len(classes ^ {(root + t) % 12 for t in QUALITIES[quality]})

    # its own quality last: a plain one of the same tones goes before
    return chord_symbol(Chord(root, min([*QUALITIES, chord.quality], key=off), bass), home)


def extend_chords(song: Song, steps: int) -> Song:
    """Return the song with a seventh or ninth more (or less) on each chord, in its symbols, in chords and pad."""
    key = parse_key(song.key)
    spans = list(zip(song.chords, [*(at for at, _ in song.chords[1:]), song.end], strict=True))
    symbols: list[tuple[Ticks, str]] = []
    notes = [n for n in song.notes if n.part not in CHORD_PARTS]
    for (at, symbol), end in spans:
        before = parse_chord(symbol)
        after = _extended_chord(before, key) if steps > 0 else _simple_chord(before)
        symbols.append((at, chord_symbol(after, key)))
        for part in CHORD_PARTS:
            here = [n for n in song.notes if n.part == part and at <= n.start < end]
            notes += _revoiced(here, before, after)
    notes += [n for n in song.notes if n.part in CHORD_PARTS and (not song.chords or n.start < song.chords[0][0])]
    return replace(song, notes=tuple(sorted(notes)), chords=tuple(symbols))


def _extended_chord(chord: Chord, key: Key) -> Chord:
    quality = chord.quality
    lowered = (chord.root + 10) % 12 in key.pitch_classes
    ladder = {"": "7" if lowered and (chord.root + 11) % 12 not in key.pitch_classes else "maj7", "m": "m7", "5": "m7",
              "dim": "m7b5", "sus4": "7sus4", "sus2": "maj9", "6": "69", "add9": "maj9", "madd9": "m9", "m6": "m9",
              "7": "13" if not key.minor else "7b9", "maj7": "maj9", "m7": "m9", "9": "13", "m9": "m11", "maj9": "maj13",
              "7sus4": "13"}  # fmt: skip
    return Chord(chord.root, ladder.get(quality, quality), chord.bass)


def _simple_chord(chord: Chord) -> Chord:
    tones = set(QUALITIES[chord.quality])
    kinds = (("m", {3, 7} <= tones), ("dim", {3, 6} <= tones), ("sus4", 5 in tones and 4 not in tones))
    quality = next((name for name, is_it in kinds if is_it), "")
    return Chord(
        chord.root,
        quality,
        chord.root if (chord.bass - chord.root) % 12 not in QUALITIES[quality] else chord.bass,
    )


def _revoiced(notes: Iterable[Note], before: Chord, after: Chord) -> list[Note]:
    """Return the chord's strokes with the tones that are new above the others, and without those that are gone."""
    wanted = {(after.root + t) % 12 for t in QUALITIES[after.quality]}
    new = [t for t in ((after.root + t) % 12 for t in QUALITIES[after.quality]) if t not in before.pitch_classes]
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


def halve_chord_changes(song: Song) -> Song:
    """Return the song with every second chord change left out; what plays the dropped ones moves to what stays."""
    stay = [c for i, c in enumerate(song.chords) if i % 2 == 0]
    gone = {at: stay[i // 2][1] for i, (at, _) in enumerate(song.chords) if i % 2}
    ends = dict(zip((at for at, _ in song.chords), [*(at for at, _ in song.chords[1:]), song.end], strict=True))

    def to_remaining_chord(note: Note) -> Note:
        for at, symbol in gone.items():
            if at <= note.start < ends[at]:
                return _nearest(note, set(parse_chord(symbol).pitch_classes))
        return note

    return replace(map_notes(song, frozenset(HARMONY_PARTS), to_remaining_chord), chords=tuple(stay))


def walking_bass_line(song: Song) -> Song:
    """Return the song with a bass that walks in quarters from root to root, a step away from each new root."""
    key = parse_key(song.key)
    chords = song.chords or ((Ticks(0), key.name.split()[0]),)
    loud = [n.velocity for n in song.notes if n.part == "bass"] or [84]
    mean = sum(loud) // len(loud)
    last = 40
    bass: list[Note] = []
    for at in range(0, song.end, TICKS_PER_QUARTER):
        now = parse_chord([s for tick, s in chords if tick <= max(at, chords[0][0])][-1])
        following = parse_chord([s for tick, s in chords if tick <= max(at + TICKS_PER_QUARTER, chords[0][0])][-1])
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
