"""A voice, or one instrument that plays a line, as notes: pitch, drift of the tuning, tempo and rhythm, each told. Pure.

The pitch of each frame and its division into notes are those of swift-f0 (the extra `voice`); what is here reads a .wav file,
finds the tuning and its drift, the tempo and the bar lines, and puts the notes on the grid.
"""

from __future__ import annotations

import importlib.util
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from model.analysis.bar_lines import TunedNote, first_place
from model.analysis.key_finder import find_key
from model.music.control import MAX_SOUND_BYTES
from model.music.midifile import Song, bar_length
from model.music.notes import TICKS_PER_QUARTER, Note, Ticks

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32]

RATE = 16_000
"""Samples a second that the detector reads."""
MAX_SECONDS = 180
"""Seconds of sound that are read."""
REMEDY = "reading a voice takes the extra: pip install 'llmball[voice]'"


class SoundError(ValueError):
    """A sound cannot be read, or there is no tune in it; the message says why."""


@dataclass(frozen=True, slots=True)
class Sung:
    """A note as it was sung: seconds, and its pitch as a MIDI number with its cents."""

    start: float
    end: float
    pitch: float
    velocity: int = 80


@dataclass(frozen=True, slots=True)
class Transcription:
    """A line on the grid, and what was found of it.

    `tuning` is how many cents it began above A = 440, `drift` how many it rose until its end, `spread` how far (cents, the mean) its
    notes lay from the tuning, `late` how far (ms, the mean) from the grid. `notes` are as they were sung, `begins` is the second at
    which the song's first bar begins.
    """

    song: Song
    notes: tuple[Sung, ...]
    tuning: float
    drift: float
    spread: float
    late: float
    is_tempo_found: bool
    begins: float

    def sentence(self) -> str:
        """Return what was found in words."""
        song = self.song
        tempo = f"{song.tempos[0][1]:g} {'found' if self.is_tempo_found else 'told'}"
        return (
            f"{len(self.notes)} notes, {song.key}, {song.bars[0][1]} at {tempo}, {len(song.bars)} bars; "
            f"tuning {self.tuning:+.0f} cents, drift {self.drift:+.0f} cents, notes off by {self.spread:.0f} cents and {self.late:.0f} ms"
        )


# sound


def read_wav(content: bytes) -> tuple[Samples, int]:
    """Return the mean of all channels of a .wav file, -1..1, and its rate. PCM of 8 to 32 bits and floats. Raises SoundError."""
    if len(content) > MAX_SOUND_BYTES:
        raise SoundError(
            f"a .wav file has {MAX_SOUND_BYTES // 2**20} MB at most: sing shorter, or record mono in 16 bits"
        )
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise SoundError("no .wav file: record PCM, 16 bits, any rate")
    at, form = 12, None
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if kind == 0xFFFE and len(body) >= 26:
                kind = struct.unpack_from("<H", body, 24)[0]
            form = kind, channels, rate, bits
        elif name == b"data" and form is not None:
            return _samples(body, *form), form[2]
        at += 8 + size + size % 2
    raise SoundError("the .wav file ends before its sound")


_KINDS = {(1, 8): "u1", (1, 16): "<i2", (1, 32): "<i4", (3, 32): "<f4", (3, 64): "<f8"}


def _samples(body: bytes, kind: int, channels: int, rate: int, bits: int) -> Samples:
    if (
        not 1 <= channels <= 32
        or not 4_000 <= rate <= 384_000
        or ((kind, bits) not in _KINDS and (kind, bits) != (1, 24))
    ):
        raise SoundError(f"a .wav file has PCM of 8 to 32 bits or floats, not kind {kind} of {bits} bits at {rate}")
    body = body[: len(body) // (channels * bits // 8) * (channels * bits // 8)]
    if bits == 24:
        raw = np.frombuffer(body, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 1:] = raw
        values = wide.view("<i4")[:, 0] / 2.0**31
    else:
        found = np.frombuffer(body, _KINDS[kind, bits]).astype(np.float64)
        values = found if kind == 3 else (found - 128) / 128 if bits == 8 else found / 2.0 ** (bits - 1)
    if not values.size:
        raise SoundError("there is no sound in the .wav file")
    if not np.isfinite(values).all():
        raise SoundError("the .wav file has samples that are no numbers")
    mono = values.reshape(-1, channels).mean(1)
    found_samples: Samples = np.clip(mono[: MAX_SECONDS * rate], -8, 8).astype(np.float32)
    return found_samples


def resampled(samples: Samples, rate: int) -> Samples:
    """Return samples at `RATE`, without what lies above half of it."""
    if rate == RATE:
        return samples
    count = max(1, round(len(samples) * RATE / rate))
    unit = rate // math.gcd(rate, RATE)
    wanted = -(-(len(samples) + rate // 20) // unit) * unit  # what goes round lies in silence
    padded = np.concatenate([samples, np.zeros(wanted - len(samples), np.float32)])
    whole = len(padded) // unit * (RATE // math.gcd(rate, RATE))
    bands = np.fft.rfft(padded)
    kept = np.zeros(whole // 2 + 1, complex)
    shared = min(len(bands), len(kept))
    kept[:shared] = bands[:shared]
    found: Samples = (np.fft.irfft(kept, whole) * (whole / len(padded))).astype(np.float32)
    return found[:count]


# notes


def is_there() -> bool:
    """Return True if the extra is installed."""
    return importlib.util.find_spec("swift_f0") is not None


@cache
def detector() -> Any:  # noqa: ANN401 -- swift-f0 may not be there
    """Return swift-f0, on one thread. Raises ImportError."""
    import swift_f0

    return swift_f0.SwiftF0(threads=1, spin=False)


LOWEST, RANGE_BEGINS = 36.0, 47.5
"""Hz: the lowest note of a bass guitar in drop D, and what lies above is in the detector's own range."""
DOUBT, SOFT, FEWEST_DOUBTED = 0.3, -48.0, 4
"""The confidence below which a frame has no pitch, dB below which it is silence, and how many such frames the detector is asked again for."""
_HALF_BAND = np.sinc(np.arange(-16, 17) / 2) * np.hanning(35)[1:-1] / 2


def detected(samples: Samples) -> Any:  # noqa: ANN401 -- swift-f0 may not be there
    """Return what swift-f0 finds, at `RATE`. Sound in which it finds no pitch it hears at twice the speed too: E1 and F1 of a bass."""
    result = detector().detect(samples, RATE)
    doubted = (result.confidence < DOUBT) & (result.loudness_db >= SOFT)
    if np.count_nonzero(doubted) < FEWEST_DOUBTED:
        return result
    fast = detector().detect(np.convolve(samples, _HALF_BAND, "same")[::2].astype(np.float32), RATE)
    at = np.minimum(np.arange(len(doubted)) // 2, len(fast.pitch_hz) - 1)
    pitch, confidence = fast.pitch_hz[at] / 2, fast.confidence[at]
    low = doubted & (confidence >= DOUBT) & (pitch >= LOWEST) & (pitch < RANGE_BEGINS)
    result.pitch_hz = np.where(low, pitch, result.pitch_hz)
    result.confidence = np.where(low, confidence, result.confidence)
    return result


RISE, RISE_FRAMES, FALL = 9.0, 3, 9.0
"""A note is struck again where it grows by so many dB within so many frames of 16 ms, having fallen by so many before."""
FEWEST_FRAMES = 6
"""And not nearer to its beginning or its end than this."""
TRUST = 0.6
"""The power of the detector's confidence, 0..1: strings that ring into the next note make it doubt short ones."""
SHORTEST, HOLD = 0.045, 56.0
"""Seconds of the shortest note: what is shorter is a consonant or a noise; milliseconds for which a new pitch is held to be a note."""


def sung_notes(samples: Samples, rate: int) -> tuple[Sung, ...]:
    """Return the notes of a sound. Raises SoundError where the extra is missing."""
    if not is_there():
        raise SoundError(REMEDY)
    import swift_f0

    result = detected(resampled(samples, rate))
    result.confidence = np.clip(result.confidence, 0, 1) ** TRUST
    level: Floats = result.loudness_db
    found: list[Sung] = []
    for note in swift_f0.segment_notes(result, pitch_hold_ms=HOLD):
        first, last = round(note.start / swift_f0.core.FRAME_PERIOD), round(note.end / swift_f0.core.FRAME_PERIOD)
        pitch = 69 + 12 * math.log2(note.pitch_hz / 440)
        edges = [first, *_struck_again(level[first:last], first), last]
        for a, b in pairwise(edges):
            loud = float(level[a:b].max()) if b > a else -60.0
            start, end = a * swift_f0.core.FRAME_PERIOD, b * swift_f0.core.FRAME_PERIOD
            found.append(Sung(start, end, pitch, round(min(120, max(30, 127 + 1.6 * loud)))))
    return tuple(n for n in found if n.end - n.start >= SHORTEST)


def _struck_again(level: Floats, first: int) -> list[int]:
    """Return the frames at which a note is struck again: its loudness jumps."""
    found: list[int] = []
    at, last = FEWEST_FRAMES, 0
    while at < len(level) - FEWEST_FRAMES:
        before = float(level[max(0, at - RISE_FRAMES) : at].min())
        has_fallen = float(level[last:at].max()) - before >= FALL
        if has_fallen and level[at : at + 2].max() - before >= RISE and before >= level.max() - 40:
            found.append(first + at)
            last = at
            at += FEWEST_FRAMES
        at += 1
    return found


def tuning_of(notes: Sequence[Sung]) -> tuple[float, float]:
    """Return how far the notes begin above equal temperament, and how far they rise until the end, both in semitones."""
    pitch, at = np.array([n.pitch for n in notes]), np.array([n.start for n in notes])
    weight = np.array([n.end - n.start for n in notes])
    place = (at - at[0]) / max(1e-9, at[-1] - at[0])
    slopes = np.linspace(-MAX_DRIFT, MAX_DRIFT, 41) if len(notes) >= MIN_NOTES_FOR_DRIFT else np.zeros(1)
    turns = np.exp(2j * np.pi * (pitch[None, :] - slopes[:, None] * place[None, :])) @ weight / weight.sum()
    fit = np.abs(turns) - DRIFT_COST * np.abs(slopes)
    best = int(fit.argmax())
    return float(np.angle(turns[best]) / (2 * np.pi)), float(slopes[best])


MAX_DRIFT, MIN_NOTES_FOR_DRIFT, DRIFT_COST = 1.0, 6, 0.1
"""Semitones that a voice is followed as it drifts; notes without which it is not; how much closer notes must lie for a semitone of it."""


# rhythm

TEMPOS = np.arange(56.0, 181.0, 0.5)
USUAL_TEMPO, TEMPO_SPREAD = 96.0, 0.45
"""What tempo is supposed where several explain the onsets, and how far (octaves, the standard deviation) from it."""
LEVELS = ((1.0, 0.3), (0.5, 0.45), (0.25, 0.25))
"""Of a beat which fractions the onsets lie on, and how much each counts."""


def tempo_of(notes: Sequence[Sung]) -> float:
    """Return the tempo, in quarters a minute, on whose beats, eighths and sixteenths the onsets lie best."""
    at = np.array([n.start for n in notes])
    weight = np.sqrt(np.array([n.end - n.start for n in notes]))
    score = -0.5 * (np.log2(TEMPOS / USUAL_TEMPO) / TEMPO_SPREAD) ** 2 * 0.12
    for fraction, counts in LEVELS:
        turns = np.exp(2j * np.pi * np.outer(TEMPOS / 60 / fraction, at)) @ weight / weight.sum()
        score = score + counts * np.abs(turns)
    return float(TEMPOS[int(score.argmax())])


def _first_sixteenth(notes: Sequence[Sung], step: float) -> float:
    """Return the moment of the sixteenth nearest to the first note, on the grid of so many seconds that fits all of them."""
    at, weight = np.array([n.start for n in notes]), np.array([n.end - n.start for n in notes])
    turn = np.exp(2j * np.pi * at / step) @ weight
    phase = float(np.angle(turn) / (2 * np.pi)) * step
    return phase + step * round((notes[0].start - phase) / step)


def transcribed(notes: Sequence[Sung], *, tempo: float = 0.0, meter: str = "4/4", key: str = "auto") -> Transcription:
    """Return sung notes as a melody on the grid of sixteenths. What is not told is found. Raises SoundError where there is no tune."""
    if len(notes) < FEWEST_NOTES:
        raise SoundError(
            f"there is no tune in it: {len(notes)} notes were heard; sing or play {FEWEST_NOTES} at least, one at a time"
        )
    tuning, drift = tuning_of(notes)
    span = max(1e-9, notes[-1].start - notes[0].start)
    tuned = [n.pitch - tuning - drift * (n.start - notes[0].start) / span for n in notes]
    bpm = tempo or tempo_of(notes)
    quarter = 60 / bpm
    begins = _first_sixteenth(notes, quarter / 4)
    step, placed = TICKS_PER_QUARTER // 4, dict[int, Note]()
    off = []
    for sung, pitch in zip(notes, tuned, strict=True):
        place = (sung.start - begins) / quarter * 4
        start = max(0, round(place))
        off.append(abs(place - start) * quarter / 4 * 1000)
        length = max(1, round((sung.end - sung.start) / quarter * 4))
        note = Note(Ticks(start * step), Ticks(length * step), min(127, max(0, round(pitch))), sung.velocity, "melody")
        if start * step not in placed or placed[start * step].length < note.length:
            placed[start * step] = note
    line_of_notes = [placed[at] for at in sorted(placed)]
    ends = [*(n.start for n in line_of_notes[1:]), Ticks(10**9)]
    melody = tuple(
        replace(n, length=Ticks(min(n.length, end - n.start))) for n, end in zip(line_of_notes, ends, strict=True)
    )
    before = first_place([TunedNote(n.start, n.end, n.pitch) for n in melody], meter)
    melody = tuple(replace(n, start=Ticks(n.start + before)) for n in melody)
    line = begins - before / TICKS_PER_QUARTER * quarter
    bar = bar_length(meter)
    count = max(1, -(-melody[-1].end // bar))
    song = Song(
        bars=tuple((Ticks(i * bar), meter) for i in range(count)),
        end=Ticks(count * bar),
        tempos=((Ticks(0), bpm),),
        key="C major" if key == "auto" else key,
        notes=melody,
    )
    if key == "auto":
        song = replace(song, key=find_key(song).key.name)
    spread = float(np.mean([abs(p - round(p)) for p in tuned]) * 100)
    return Transcription(song, tuple(notes), tuning * 100, drift * 100, spread, float(np.mean(off)), not tempo, line)


FEWEST_NOTES = 3


def heard_in_sound(content: bytes, *, tempo: float = 0.0, meter: str = "4/4", key: str = "auto") -> Transcription:
    """Return the line that is sung or played in a .wav file. Raises SoundError."""
    samples, rate = read_wav(content)
    return transcribed(sung_notes(samples, rate), tempo=tempo, meter=meter, key=key)
