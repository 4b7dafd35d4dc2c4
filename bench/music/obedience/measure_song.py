"""What the notes of a song tell: fullness, force, light, height, swing, length and richness. Pure; no model is asked.

A measure is a plain number in its own unit; `bench.music.obedience.reference` makes percentiles of it. None: it cannot be heard here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from model.music.drums import ROLES
from model.music.harmony import Chord, parse_chord
from model.music.midifile import Song
from model.music.notes import PARTS, TICKS_PER_QUARTER, Note, beat_length, beats_in_bar

TOGETHER = 30
"""Ticks within which the notes of a part are one onset: a strummed chord is struck once."""
_FIFTHS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
"""Place on the line of fifths of each semitone above the tonic: below 0 darkens, above brightens."""
_HARSH = frozenset([1, 2, 6, 10, 11])
"""Intervals within the octave that are dissonant: seconds, sevenths and the tritone."""
OFF_BEAT = (0.45, 0.72)
"""Where in a pair's time its second note lies, straight to swung; sixteenths of straight music lie outside."""


def of_part(song: Song, part: str) -> list[Note]:
    """Return the notes of a part by time."""
    return sorted((n for n in song.notes if n.part == part), key=lambda n: (n.start + n.offset, n.pitch))


def pitched(song: Song) -> list[Note]:
    """Return the notes that are no drums."""
    return [n for n in song.notes if n.part != "drums"]


def onsets(song: Song, part: str) -> list[int]:
    """Return the ticks at which a part strikes; notes struck together count once."""
    ticks: list[int] = []
    for note in of_part(song, part):
        at = note.start + note.offset
        if not ticks or at - ticks[-1] > TOGETHER:
            ticks.append(at)
    return ticks


def rate(song: Song, part: str) -> float | None:
    """Return the onsets a quarter of a part; None where it does not play."""
    count = len(onsets(song, part))
    return count * TICKS_PER_QUARTER / song.end if count else None


def fullness(song: Song) -> float | None:
    """Return the mean over the parts of the logarithm of their onsets a quarter."""
    rates = [r for p in PARTS if (r := rate(song, p)) is not None]
    return float(np.mean(np.log(rates))) if rates else None


def velocity(song: Song) -> float | None:
    """Return the mean velocity."""
    return float(np.mean([n.velocity for n in song.notes])) if song.notes else None


def layers(song: Song) -> float:
    """Return how many pieces of the kit play in a bar, on average."""
    starts = [at for at, _ in song.bars]
    struck = {(bisect_right(starts, n.start), n.pitch) for n in song.notes if n.part == "drums"}
    return len(struck) / len(song.bars)


def spread(song: Song) -> float | None:
    """Return the standard deviation of the pitches in semitones."""
    notes = pitched(song)
    return float(np.std([n.pitch for n in notes])) if notes else None


def height(song: Song, part: str | None = None) -> float | None:
    """Return the mean pitch of a part, else of all but the drums."""
    notes = pitched(song) if part is None else of_part(song, part)
    return float(np.mean([n.pitch for n in notes])) if notes else None


def upper_height(song: Song) -> float | None:
    """Return the mean pitch of chords and melody."""
    pitches = [n.pitch for n in song.notes if n.part in ("chords", "melody")]
    return float(np.mean(pitches)) if pitches else None


def class_time(notes: Sequence[Note]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the share of time that each pitch class sounds, `(12,)`."""
    time = np.zeros(12)
    for note in notes:
        time[note.pitch % 12] += note.length
    time /= max(time.sum(), 1.0)
    return time


def mode_light(song: Song, tonic: int) -> float | None:
    """Return the mean place of what sounds on the line of fifths above the tonic: Phrygian dark, Lydian bright."""
    notes = pitched(song)
    return float(np.roll(class_time(notes), -tonic) @ np.array(_FIFTHS)) if notes else None


def consonance(song: Song) -> float | None:
    """Return the share of consonant intervals among all that sound together, looked at every half quarter."""
    notes = pitched(song)
    mild = whole = 0
    for tick in range(0, song.end, TICKS_PER_QUARTER // 2):
        pitches = sorted({n.pitch for n in notes if n.start <= tick < n.end})
        for i, low in enumerate(pitches):
            for high in pitches[i + 1 :]:
                whole += 1
                mild += (high - low) % 12 not in _HARSH
    return mild / whole if whole else None


def spans(song: Song) -> list[tuple[int, int, Chord]]:
    """Return start, end and chord of each chord symbol."""
    changes_ = [*song.chords, (song.end, "")]
    return [(at, end, parse_chord(symbol)) for (at, symbol), (end, _) in pairwise(changes_)]


def richness(song: Song) -> float | None:
    """Return how many pitch classes a chord has: the mean of the symbols' and of what the chords' part sounds."""
    sizes: list[float] = []
    for at, end, chord in spans(song):
        heard = {n.pitch % 12 for n in song.notes if n.part == "chords" and at <= n.start < end}
        sizes.append((len(chord.pitch_classes) + len(heard)) / 2 if heard else len(chord.pitch_classes))
    return float(np.mean(sizes)) if sizes else None


def changes(song: Song) -> float:
    """Return how often the chord changes a bar."""
    return len(song.chords) / len(song.bars)


def swing(song: Song, unit: int = 8) -> float | None:
    """Return the median place of the off-beats in pairs of eighths (or sixteenths): 0.5 straight, 0.67 a triplet."""
    pair = TICKS_PER_QUARTER * 8 // unit
    places = [at % pair / pair for part in PARTS for at in onsets(song, part)]
    off = [place for place in places if OFF_BEAT[0] <= place <= OFF_BEAT[1]]
    return float(np.median(off)) if off else None


def off_beat(song: Song) -> float | None:
    """Return the swing of the eighths or of the sixteenths, whichever is further from straight."""
    places = [place for unit in (8, 16) if (place := swing(song, unit)) is not None]
    return max(places, key=lambda place: abs(place - 0.5), default=None)


def articulation(song: Song, part: str | None = None) -> float | None:
    """Return the mean length of a note over the time to the part's next onset; at most 1.5 a note, drums left out."""
    shares: list[float] = []
    for name in PARTS if part is None else (part,):
        ticks = onsets(song, name)
        for note in of_part(song, name) if name != "drums" else ():
            following = bisect_right(ticks, note.start + note.offset + TOGETHER)
            if following < len(ticks):
                shares.append(min(1.5, note.length / (ticks[following] - note.start - note.offset)))
    return float(np.mean(shares)) if shares else None


def walking(song: Song) -> float:
    """Return the share of quarters at which the bass strikes a pitch other than its last one."""
    notes = of_part(song, "bass")
    near = TICKS_PER_QUARTER // 8
    steps = {
        round((b.start + b.offset) / TICKS_PER_QUARTER)
        for a, b in pairwise(notes)
        if a.pitch != b.pitch and (b.start + b.offset + near) % TICKS_PER_QUARTER <= 2 * near
    }
    return len(steps) * TICKS_PER_QUARTER / song.end


def backbeat(song: Song) -> Counter[int]:
    """Return how often snare or clap strike on each beat (from 1) of the bars, in quarters."""
    starts = [at for at, _ in song.bars]
    counted: Counter[int] = Counter()
    for note in song.notes:
        if note.part == "drums" and note.pitch in (38, 39, 37):
            bar = bisect_right(starts, note.start) - 1
            beat, inside = divmod(note.start - starts[bar], TICKS_PER_QUARTER)
            if inside <= TICKS_PER_QUARTER // 8:
                counted[beat + 1] += 1
    return counted


def figure(song: Song, name: str) -> bool | None:
    """Tell whether a figure is played in every bar but the last, where a piece may come to rest; None of less than two bars."""
    starts = [at for at, _ in song.bars]
    if len(starts) < 2:
        return None
    beats = {at + i * beat_length(m) for at, m in song.bars[:-1] for i in range(beats_in_bar(m))}
    within = range(-TOGETHER, starts[-1] - TOGETHER)

    def struck(part: str, role: str | None = None) -> set[int]:
        notes = (n for n in song.notes if n.part == part and (role is None or n.pitch == ROLES[role]))
        return {round(n.start / TOGETHER / 2) * 2 * TOGETHER for n in notes if n.start in within}

    match name:
        case "four on the floor":
            return struck("drums", "kick") == beats
        case "one drop":
            return struck("drums", "kick") == {at + 2 * TICKS_PER_QUARTER for at in starts[:-1]}
        case "walking bass":
            line = [n.pitch for n in of_part(song, "bass") if n.start in within]
            moves = [abs(b - a) for a, b in pairwise(line)]
            return struck("bass") == beats and 0 not in moves and sum(m <= 4 for m in moves) > len(moves) / 2
        case "offbeat bass":
            return struck("bass") == {at + TICKS_PER_QUARTER // 2 for at in beats}
        case "sixteenth hats":
            return struck("drums", "closed_hat") == {at + i * TICKS_PER_QUARTER // 4 for at in beats for i in range(4)}
    raise ValueError(f"no figure is called {name!r}")
