"""Which part of a band a line of a .mid file plays: rules on its program, height, voices, rhythm and neighbours. Pure.

A line is a track's notes on one channel with one program. Copies of a line (doubled guitars, echoes on another
channel) get no part, nor do sound effects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from model.music.drums import ROLES

BAND_PARTS = ("chords", "melody", "bass", "drums", "pad", "arp", "perc")
"""Parts of a whole band, as the songbook has them."""

Floats = npt.NDArray[np.float64]

_KIT = {
    "kick": (35, 36), "snare": (38, 40), "rim": (31, 37), "clap": (28, 39), "closed_hat": (42,), "pedal_hat": (44,), "open_hat": (46,),
    "tom_low": (41, 43), "tom_mid": (45, 47), "tom_high": (48, 50), "crash": (49, 52, 55, 57), "ride": (51, 53, 59),
}  # fmt: skip
DRUM_ROLES = {note: ROLES[role] for role, notes in _KIT.items() for note in notes}
"""Note of a General MIDI kit → the note of its role; the others are percussion, or noises."""
PERC_NOTES = frozenset((54, 56, 58, *range(60, 88)))
PERC_PROGRAMS = {47: 87, 113: 67, 115: 76, 116: 87, 117: 64, 118: 63}
"""Programs of struck things → the percussion note that is most like them."""
STRING = 10
"""Semitones that a line on one string of a guitar keeps within."""
TOGETHER = 30.0
"""Ticks within which onsets are one stroke."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Notes of a track on one channel with one program, in ticks, by start."""

    name: str
    program: int
    is_drums: bool
    start: Floats
    end: Floats
    pitch: Floats
    velocity: Floats


@dataclass(frozen=True, slots=True)
class Shape:
    """How a line goes. Times in quarters."""

    voices: float
    """Different pitch classes a stroke: octaves are one voice."""
    height: float
    """Median pitch."""
    density: float
    """Strokes a quarter, in the bars that have any."""
    length: float
    """Median length of a stroke."""
    regular: float
    """Share of the commonest distance between strokes."""
    uniform: float
    """Share of the commonest rhythm of four quarters."""
    leaps: float
    """Share of thirds and more among steps of the top voice."""
    moves: float
    """Share of strokes with other pitches than the one before."""
    tones: int
    """Different pitches."""
    strokes: int
    spans: frozenset[int]
    """Spans of four quarters in which it sounds."""


def shape(line: Line) -> Shape:
    """Return the shape of a line."""
    heads = np.flatnonzero(np.diff(line.start, prepend=-1e9) > TOGETHER)
    starts = line.start[heads]
    ends = np.maximum.reduceat(line.end, heads)
    tops = np.maximum.reduceat(line.pitch, heads)
    sums = np.add.reduceat(line.pitch * line.pitch, heads)
    stroke = np.cumsum(np.diff(line.start, prepend=-1e9) > TOGETHER)
    voices = len(np.unique(stroke * 12 + line.pitch.astype(int) % 12)) / len(starts)
    spans = Counter((starts // 1920).astype(int).tolist())
    sounding = {
        s for a, b in zip(starts, ends, strict=True) for s in range(int(a // 1920), int(max(a, b - 60) // 1920) + 1)
    }
    gaps = np.round(np.diff(starts) / 40).astype(int)
    gaps = gaps[gaps <= 48]
    steps = np.diff(tops)
    rhythms: dict[int, list[int]] = {}
    for at in np.round(starts / 120).astype(int).tolist():
        rhythms.setdefault(at // 16, []).append(at % 16)
    return Shape(
        voices=voices,
        height=float(np.median(line.pitch)),
        density=len(starts) / (4 * len(spans)),
        length=float(np.median(ends - starts)) / 480,
        regular=Counter(gaps.tolist()).most_common(1)[0][1] / len(gaps) if len(gaps) else 0.0,
        uniform=Counter(map(tuple, rhythms.values())).most_common(1)[0][1] / len(rhythms),
        leaps=float((np.abs(steps) >= 3).mean()) if len(steps) else 0.0,
        moves=float((np.diff(sums) != 0).mean()) if len(sums) > 1 else 0.0,
        tones=len(set(line.pitch.tolist())),
        strokes=len(starts),
        spans=frozenset(sounding),
    )


_WORDS = {
    "melody": ("melody", "voice", "vocal", "vox", "solo", "soloist", "lead", "lead2", "melodie"),
    "chords": ("chord", "chords", "rythm", "rhythm", "chodpiano", "comp"),
    "bass": ("bass", "base", "baixo", "basse", "bas", "basu", "bais"),
    "pad": ("pad", "pads"),
    "arp": ("arp", "arp2", "arpeggio", "seq"),
    "perc": ("perc", "percu", "parc", "percussion"),
}
_SOUNDS = frozenset((
    "square", "sawtooth", "saw", "calliope", "chiff", "charang", "fifths", "sweep", "choir", "warm",
    "polysynth", "newage", "age", "halo", "metallic", "bowed", "synth", "space", "crystal", "finger",
    "pick", "slap", "fretless", "acoustic",
))  # fmt: skip
"""Words for sounds: beside one of them lead, pad or bass names the program and not the part."""


def said_part(name: str) -> str | None:
    """Return the part that a track's name says, if it is not just the name of a sound."""
    words = re.findall(r"[a-z]+\d?", name.lower())
    if _SOUNDS & set(words):
        return None
    return next((part for part, known in _WORDS.items() if set(known) & set(words)), None)


def assign_parts(lines: Sequence[Line]) -> list[str | None]:
    """Return the part of each line, "drums" for a kit (its hits may be percussion); None for copies and effects."""
    copies = copied(lines)
    shapes = [None if line.is_drums else shape(line) for line in _joined(lines, copies)]
    parts: list[str | None] = []
    for line, form, copy in zip(lines, shapes, copies, strict=True):
        parts.append("drums" if form is None else None if copy else part_of(line, form))
    _settle_bass(lines, shapes, parts)
    _settle_melody(lines, shapes, parts)
    return parts


def _joined(lines: Sequence[Line], copies: Sequence[bool]) -> list[Line]:
    """Return the lines, each with those of its program that go in step with it: the strings of a guitar, voices of a section."""
    found = list(lines)
    single = [
        i for i, line in enumerate(lines)
        if not line.is_drums and not copies[i] and said_part(line.name) != "melody" and line.program // 8 != 4
    ]  # fmt: skip
    for i in single:
        alike = [j for j in single if lines[j].program == lines[i].program]
        strings = [j for j in alike if lines[i].program // 8 == 3 and np.ptp(lines[j].pitch) <= STRING]
        if i in strings and len(strings) >= 3:
            same = strings
        else:
            same = [j for j in alike if j == i or _together(lines[i], lines[j])]
        if len(same) > 1:
            start, end, pitch, velocity = (
                np.concatenate([getattr(lines[j], field) for j in same])
                for field in ("start", "end", "pitch", "velocity")
            )
            order = np.argsort(start, kind="stable")
            found[i] = replace(
                lines[i], start=start[order], end=end[order], pitch=pitch[order], velocity=velocity[order]
            )
    return found


def part_of(line: Line, form: Shape) -> str | None:
    """Return the part of a line by itself: see the rules below, the first that holds decides."""
    family, program = line.program // 8, line.program
    said = said_part(line.name)
    guitar, driven = family == 3, program in (29, 30)
    sustaining = family in (6, 11) or (family == 5 and program not in (45, 46)) or program in (16, 18, 19, 20)
    if family == 15 or program == 119:
        return None
    if program in PERC_PROGRAMS and (form.tones < 5 or program in (47, 116, 117, 118)):
        return "perc"
    if said == "perc" and family == 0 and form.tones <= 8:
        return "perc"
    if said == "bass" and form.voices < 1.6 and form.height < 60:
        return "bass"
    if family == 4 and form.voices < 1.6 and form.height < 57:
        return "bass"
    if said == "melody" and form.height >= 50 and (form.voices < 1.8 or (form.voices < 2.3 and form.moves >= 0.4)):
        return "melody"
    if said == "arp" and form.voices < 2.3:
        return "arp"
    if said == "pad" and form.length >= 1:
        return "pad"
    if said == "chords" and form.voices >= 1.3:
        return "chords"
    held = form.length >= 1.75 and form.density <= 0.9
    if family not in (0, 3) and held:
        if sustaining and (form.voices >= 1.3 or form.length >= 2.5):
            return "pad"
        if form.length >= 2.9 and (form.voices >= 1.6 or (form.length >= 3.5 and form.density <= 0.4 and family != 1)):
            return "pad"
    if form.height < 46 and form.voices < 1.3 and not guitar:
        return "bass"
    if form.voices < 1.35 and _figures(form) and not (driven and form.height < 55):
        return "chords" if guitar and form.height < (48 if form.leaps >= 0.5 else 58) else "arp"
    if form.voices >= 1.35 and form.density >= 2.5 and form.regular >= 0.75 and form.height >= 60 and not guitar:
        return "arp" if form.moves >= 0.5 and form.voices < 2.5 else "chords"
    if guitar:
        return "chords" if form.voices >= (1.6 if form.height >= 64 else 1.35) or form.height < 58 else "melody"
    if family == 0:
        return "chords" if form.voices >= 1.25 or form.height < 58 else "melody"
    if form.voices >= 2.3 or (form.voices >= 1.5 and (form.height < 64 or family in (2, 6))):
        return "chords"
    if form.height < 52:
        return "chords"
    return "melody"


def _figures(form: Shape) -> bool:
    """Return whether a single line figures a chord or beats a tone, and does not sing: it leaps or stays, in even notes."""
    if form.leaps >= 0.8 and form.density >= 1.75:
        return True
    if form.density >= 1.75 and form.regular >= 0.7:
        return (
            form.leaps >= 0.5 or form.moves < 0.5 or (form.leaps >= 0.15 and (form.uniform >= 0.4 or form.density >= 3))
        )
    if form.density >= 1.4 and form.regular >= 0.8:
        return form.leaps >= 0.4
    return (form.tones < 3 and form.strokes >= 8) or (form.density >= 1.2 and form.leaps >= 0.6 and form.uniform >= 0.5)


def _shared(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of one line's spans in which another sounds too."""
    return len(one & other) / len(one) if one else 0.0


def _settle_bass(lines: Sequence[Line], shapes: Sequence[Shape | None], parts: list[str | None]) -> None:
    """Make one bass of a band: low lines beside a bass are riffs or pads; a band without one has its lowest line."""
    basses = [i for i, part in enumerate(parts) if part == "bass"]
    basses.sort(key=lambda i: (lines[i].program // 8 != 4 and said_part(lines[i].name) != "bass", -len(lines[i].start)))
    kept: set[int] = set()
    for i in basses:
        form = shapes[i]
        assert form is not None
        if (
            lines[i].program // 8 != 4
            and said_part(lines[i].name) != "bass"
            and _shared(form.spans, frozenset(kept)) > 0.5
        ):
            parts[i] = "pad" if form.length >= 0.9 else "arp" if form.density >= 1.75 else "chords"
        else:
            kept |= form.spans
    whole = {s for form in shapes if form is not None for s in form.spans}
    if len(kept) < 0.25 * len(whole):
        low = [
            (form.height, i)
            for i, form in enumerate(shapes)
            if form is not None and parts[i] not in (None, "bass", "perc")
            and form.voices < 1.5 and form.height < 52 and len(form.spans) >= 0.25 * len(whole)
        ]  # fmt: skip
        if low:
            parts[min(low)[1]] = "bass"


def _settle_melody(lines: Sequence[Line], shapes: Sequence[Shape | None], parts: list[str | None]) -> None:
    """Let one line lead at a time, with another that goes in its rhythm; a third, or one that only figures, accompanies."""
    leads = [i for i, part in enumerate(parts) if part == "melody"]

    def claim(i: int) -> float:
        form = shapes[i]
        assert form is not None
        told = said_part(lines[i].name) == "melody"
        singing = lines[i].program // 8 in (7, 8, 9, 10) or lines[i].program in (29, 30)
        loud = float(lines[i].velocity.mean()) / 127
        return 2 * told + 0.5 * singing + form.height / 60 + loud - form.uniform - max(0.0, form.voices - 1)

    settled: list[int] = []
    for i in sorted(leads, key=claim, reverse=True):
        form = shapes[i]
        assert form is not None
        over = [j for j in settled if _shared(form.spans, _spans(shapes[j])) > 0.5]
        together = [j for j in over if _in_step(lines[i], lines[j])]
        if over and said_part(lines[i].name) != "melody" and (not together or len(over) > 1):
            if form.length >= 1.75 and form.density <= 0.9:
                parts[i] = "pad"
            elif form.uniform >= 0.35 or form.regular >= 0.7:
                parts[i] = "arp" if form.voices < 1.35 else "chords"
            elif len(over) > 1:
                parts[i] = "chords" if form.voices >= 1.35 else "arp"
        if parts[i] == "melody":
            settled.append(i)


def _spans(form: Shape | None) -> frozenset[int]:
    return frozenset() if form is None else form.spans


def _together(one: Line, other: Line) -> bool:
    """Return whether two lines have most of their onsets together."""
    return _in_step(one, other) and _in_step(other, one)


def _in_step(one: Line, other: Line) -> bool:
    """Return whether most of one line's onsets are another's too."""
    at = np.clip(np.searchsorted(other.start, one.start), 1, max(1, len(other.start) - 1))
    near = np.minimum(
        np.abs(one.start - other.start[at - 1]), np.abs(one.start - other.start[np.minimum(at, len(other.start) - 1)])
    )
    return bool((near <= TOGETHER).mean() >= 0.6)


COPY = 0.85
"""Share of a line's notes that another has too, as late, from which it is a copy."""
LATEST = 1000.0
"""Ticks that an echo may be late: two quarters."""


def copied(lines: Sequence[Line]) -> list[bool]:
    """Return for each line whether it is a copy of one that stays: the same notes at once, later, or an octave away."""
    order = sorted(
        (i for i, line in enumerate(lines) if not line.is_drums),
        key=lambda i: (lines[i].program // 8 != 4, -round(len(lines[i].start) / 20), lines[i].start[0], -lines[i].velocity.mean(), i),
    )  # fmt: skip
    gone = [False] * len(lines)
    kept: list[int] = []
    for i in order:
        gone[i] = any(is_copy(lines[i], lines[j]) for j in kept)
        if not gone[i]:
            kept.append(i)
    return gone


def is_copy(line: Line, of: Line) -> bool:
    """Return whether most notes of a line are another's, at one or two distances in time and one in pitch: none or octaves."""
    if len(line.start) > 1.25 * len(of.start):
        return False
    votes: Counter[tuple[int, int]] = Counter()
    for start, pitch in list(zip(line.start, line.pitch, strict=True))[:: max(1, len(line.start) // 48)]:
        low, high = np.searchsorted(of.start, (start - LATEST, start + 40))
        for other, tone in zip(of.start[low:high], of.pitch[low:high], strict=True):
            if pitch - tone in (0, 12, -12, 24, -24):
                votes[round((start - other) / 20), int(pitch - tone)] += 1
    if not 0.4 <= _lengths(line) / _lengths(of) <= 2.5:
        return False
    for up in (0, 12, -12, 24, -24):
        if up and (len(of.start) > 1.25 * len(line.start) or _octave_roles(line, of)):
            continue
        lags = [lag for (lag, tone), count in votes.most_common(16) if tone == up and count >= 4][:6]
        distinct = len(set(line.pitch.tolist())) >= 3 and _strokes_beside(of, line) <= 1.6 * len(line.start)
        keys = np.sort((of.pitch + up) * 1e7 + of.start)
        found = [_matched(keys, line.pitch * 1e7 + line.start - lag * 20) for lag in lags if lag == 0 or distinct]
        covered = np.zeros(len(line.start), bool)
        for _ in range(min(2, len(found))):
            covered |= max(found, key=lambda f: int((f & ~covered).sum()))
            if covered.mean() >= COPY:
                return True
    return False


def _matched(keys: Floats, wanted: Floats) -> npt.NDArray[np.bool_]:
    """Return which of some numbers lie beside one of the sorted keys."""
    at = np.clip(np.searchsorted(keys, wanted), 1, max(1, len(keys) - 1))
    return np.minimum(np.abs(wanted - keys[at - 1]), np.abs(wanted - keys[np.minimum(at, len(keys) - 1)])) <= 25


def _strokes_beside(of: Line, line: Line) -> int:
    """Return how many notes a line has in the bars of four in which another has some."""
    return int(np.isin(of.start // 1920, line.start // 1920).sum())


def _lengths(line: Line) -> float:
    return max(20.0, float(np.median(line.end - line.start)))


def _octave_roles(line: Line, of: Line) -> bool:
    """Return whether two lines an octave apart are a bass and something above it."""
    low, high = sorted((float(np.median(line.pitch)), float(np.median(of.pitch))))
    return low < 46 <= high
