"""A voice or an instrument that is heard live, as notes: samples come in blocks, notes go out as they begin and end. Pure.

The pitch of each frame is that of swift-f0 (the extra `voice`), which knows it once some frames after it are there. One note
sounds at a time: of a chord one of its tones is found. The same line read from a file is `model.analysis.voice`.
"""

from __future__ import annotations

import cmath
import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from model.analysis.voice import FALL, FEWEST_FRAMES, RATE, RISE, RISE_FRAMES, TRUST, Samples, detected

HOP = 256
"""Samples of a frame, at `RATE`: 16 ms."""
FRAME = HOP / RATE
"""Seconds of a frame."""
FRAMES_BEFORE, FRAMES_AFTER = 11, 5
"""Frames around one that the detector asks for; with five after it its pitches are, but for a few, those that it finds in the whole sound."""
FRAMES_AT_ONCE = 2
"""Frames that are waited for until the detector is asked: asking costs much the same for one or several."""
GATE = -48.0
"""Loudness in dB of full scale under which nothing is a note: hum, breath, strings that nobody plays."""
VOICED = 0.5 ** (1 / TRUST)
"""Confidence from which on a frame has a pitch."""
STEADY, STEADY_CHANGE = 3, 4
"""Frames of one pitch that make a note, and that change the one that sounds: vibrato comes back sooner."""
SAME_PITCH, OTHER_PITCH = 0.6, 0.7
"""Semitones within which frames have one pitch, and beyond which they leave the note that sounds."""
CENTRE_FOLLOWS = 0.15
"""How far the middle of a note follows each frame: a note that was slid into, or is shaken, is still the same."""
PAUSE = 3
"""Frames without a pitch, or too soft, that end a note."""
ATTACK = 4
"""Frames before a steady pitch in which the sound rose: its note begins there."""


NOTES_TUNED, FEWEST_TUNED, MOST_FRAMES = 24, 4, 64
"""Last notes that tell the tuning of a voice, how many are needed for that, and up to how many frames a long one counts more."""
CLEAR_TUNING = 0.5
"""How close the notes must lie to one tuning, 0..1 (about 19 cents beside it, the standard deviation), to be heard by it."""
MOST_OFF = 0.65
"""Semitones that a tuning is followed from where it was; a quarter tone flat would else be heard sharp at times."""


class Tuning:
    """How far a voice sings above A = 440, in semitones: by the last notes, those that were held longer count more."""

    def __init__(self) -> None:
        self._notes: deque[tuple[float, int]] = deque(maxlen=NOTES_TUNED)
        self._semitones = 0.0

    def sung(self, pitch: float, frames: int) -> None:
        """Take a note that has ended."""
        self._notes.append((pitch, min(frames, MOST_FRAMES)))
        count = sum(frames for _, frames in self._notes)
        turn = sum(frames * cmath.exp(2j * math.pi * pitch) for pitch, frames in self._notes) / count
        if len(self._notes) < FEWEST_TUNED or abs(turn) < CLEAR_TUNING:
            self._semitones = 0.0
            return
        angle = cmath.phase(turn) / (2 * math.pi)
        near = self._semitones + (angle - self._semitones + 0.5) % 1 - 0.5
        self._semitones = near if abs(near) <= MOST_OFF else angle

    def number(self, pitch: float) -> int:
        """Return the MIDI number of a pitch of this voice."""
        return min(127, max(0, round(pitch - self._semitones)))


@dataclass(frozen=True, slots=True)
class Frame:
    """What is known of 16 ms: number, pitch as a MIDI number with its cents (None where there is none), loudness in dB."""

    number: int
    pitch: float | None
    loudness: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A note begins at a second of the stream, or ends there (velocity 0); its pitch is that of the voice's own tuning."""

    at: float
    pitch: int
    velocity: int


class Resampler:
    """Samples of any rate, block by block, become samples at `RATE`, without what lies above half of it; 1 ms late."""

    HALF = 16
    """Zero crossings of the filter on each side, in samples at `RATE` or at the rate that comes in, whichever is slower."""

    def __init__(self, rate: int) -> None:
        shared = math.gcd(rate, RATE)
        self._step, self._phases = rate // shared, RATE // shared
        self._stretch = max(1.0, rate / RATE)
        self._reach = math.ceil(self.HALF * self._stretch)
        around = np.arange(-self._reach, self._reach + 1)[None, :] - np.arange(self._phases)[:, None] / self._phases
        taps = (
            np.sinc(around * 0.94 / self._stretch) * np.cos(np.pi / 2 * np.clip(around / (self._reach + 1), -1, 1)) ** 2
        )
        self._taps = (taps / taps.sum(1, keepdims=True)).astype(np.float32)
        self._waiting = np.zeros(self._reach, np.float32)
        self._place = self._reach * self._phases  # of the next sample that goes out, in parts of those that wait

    def push(self, samples: Samples) -> Samples:
        """Return the samples that can be told now."""
        if self._step == self._phases:
            return samples
        waiting = np.concatenate([self._waiting, samples])
        last = (len(waiting) - self._reach - 1) * self._phases
        places = np.arange(self._place, last + 1, self._step)
        whole, phase = places // self._phases, places % self._phases
        around = waiting[whole[:, None] + np.arange(-self._reach, self._reach + 1)[None, :]]
        found: Samples = np.einsum("ij,ij->i", around, self._taps[phase]).astype(np.float32)
        self._place = int(places[-1]) + self._step if len(places) else self._place
        drop = max(0, self._place // self._phases - self._reach)
        self._waiting, self._place = waiting[drop:], self._place - drop * self._phases
        return found


Detect = Callable[[Samples], tuple[Samples, Samples, Samples]]
"""Samples → the frequency in Hz, confidence and loudness of each of their frames."""


def detect(samples: Samples) -> tuple[Samples, Samples, Samples]:
    """Ask swift-f0."""
    result = detected(samples)
    return result.pitch_hz, result.confidence, result.loudness_db


class Frames:
    """Samples at `RATE` become frames, each as soon as those after it are there that the detector needs."""

    def __init__(self, ask: Detect = detect) -> None:
        self._ask = ask
        self._samples = np.zeros(0, np.float32)
        self._first = self._next = 0  # the number of the first frame that is held, and of the next one that is told

    def push(self, samples: Samples) -> list[Frame]:
        """Return the frames that are known now."""
        self._samples = np.concatenate([self._samples, samples])
        end = self._first + len(self._samples) // HOP - FRAMES_AFTER
        if end - self._next < FRAMES_AT_ONCE:
            return []
        frames = self._known(end)
        self._next = end
        drop = max(0, end - FRAMES_BEFORE - self._first)
        self._samples, self._first = self._samples[drop * HOP :], self._first + drop
        return frames

    def _known(self, end: int) -> list[Frame]:
        """Return the frames up to `end`. Where all that is held is softer than the gate the detector is not asked."""
        if 20 * math.log10(max(1e-7, float(np.abs(self._samples).max()))) < GATE:
            return [Frame(number, None, -140.0) for number in range(self._next, end)]
        pitch, confidence, loudness = self._ask(self._samples)
        found: list[Frame] = []
        for number in range(self._next, end):
            at = number - self._first
            is_voiced = confidence[at] >= VOICED and loudness[at] >= GATE
            found.append(
                Frame(number, 69 + 12 * math.log2(pitch[at] / 440) if is_voiced else None, float(loudness[at]))
            )
        return found


class NoteFinder:
    """Frames become notes: one begins where a pitch is steady, and ends where it is left, struck again or falls silent."""

    def __init__(self) -> None:
        self._recent: deque[Frame] = deque(maxlen=FEWEST_FRAMES + ATTACK)
        self._tuning = Tuning()
        self._steady: list[Frame] = []
        self._note: int | None = None
        self._centre = 0.0
        self._begun = 0
        self._loudest = -140.0
        self._silent = 0

    def push(self, frames: Iterable[Frame]) -> list[Heard]:
        """Return the notes that begin and end with these frames, in order."""
        return [heard for frame in frames for heard in self._on_frame(frame)]

    def end(self) -> list[Heard]:
        """Return the end of the note that sounds: the sound was lost."""
        last = self._recent[-1].number + 1 if self._recent else 0
        ended = self._ended(last)
        self._recent.clear()
        self._steady = []
        return ended

    def _on_frame(self, frame: Frame) -> list[Heard]:
        self._recent.append(frame)
        if frame.pitch is None:
            self._steady = []
            self._silent += 1
            return self._ended(frame.number - PAUSE + 1) if self._silent >= PAUSE else []
        self._silent = 0
        if self._note is not None and abs(frame.pitch - self._centre) < OTHER_PITCH:
            self._steady = []
            self._centre += CENTRE_FOLLOWS * (frame.pitch - self._centre)
            return self._struck_again(frame)
        self._steady = [f for f in self._steady if f.pitch is not None and abs(f.pitch - frame.pitch) < SAME_PITCH]
        self._steady.append(frame)
        if len(self._steady) < (STEADY if self._note is None else STEADY_CHANGE):
            return []
        begins = self._attack(self._steady[0].number)
        centre = float(np.median([f.pitch for f in self._steady if f.pitch is not None]))
        octaves = 0 if self._note is None or self._is_attack(begins) else _octaves(centre - self._centre)
        if self._note == self._tuning.number(centre) or octaves > 0:
            self._steady = []  # the same note, or its overtones
            return []
        if octaves < 0:  # what began was an overtone of it
            begins = self._begun + 1
        return [*self._ended(begins), *self._begin(begins, centre)]

    def _struck_again(self, frame: Frame) -> list[Heard]:
        """Begin the note that sounds anew where its loudness fell and jumps."""
        levels = [f.loudness for f in self._recent if f.number >= self._begun][-RISE_FRAMES - 1 :]
        lowest = min(levels)
        self._loudest = max(self._loudest, levels[0])  # what rises now is no loudness from which it fell
        is_struck = frame.loudness - lowest >= RISE and self._loudest - lowest >= FALL > self._loudest - frame.loudness
        if not is_struck or frame.number - self._begun < FEWEST_FRAMES or frame.pitch is None:
            return []
        at = max(self._begun + 1, self._attack(frame.number))
        return [*self._ended(at), *self._begin(at, self._centre)]

    def _attack(self, number: int) -> int:
        """Return the frame in which the sound rose that is steady from `number` on."""
        near = [f.number for f in self._recent if number - ATTACK < f.number <= number and f.number > self._begun + 1]
        at = max(near, key=self._jump, default=number)
        return at if self._is_attack(at) else number

    def _is_attack(self, number: int) -> bool:
        return self._jump(number) >= RISE / 2

    def _jump(self, number: int) -> float:
        """Return by how much a frame is louder than the one before."""
        levels = {f.number: f.loudness for f in self._recent}
        return levels[number] - levels[number - 1] if {number, number - 1} <= levels.keys() else 0.0

    def _begin(self, at: int, centre: float) -> list[Heard]:
        self._note, self._centre, self._begun, self._steady = self._tuning.number(centre), centre, at, []
        self._loudest = -140.0
        loudness = max(f.loudness for f in self._recent if f.number >= at)
        return [Heard(at * FRAME, self._note, round(min(120, max(30, 127 + 1.6 * loudness))))]

    def _ended(self, at: int) -> list[Heard]:
        note, self._note = self._note, None
        self._silent = 0
        if note is None:
            return []
        at = max(at, self._begun + 1)
        self._tuning.sung(self._centre, at - self._begun)
        return [Heard(at * FRAME, note, 0)]


def _octaves(semitones: float) -> int:
    """Return how many octaves an interval is, 0 if it is not about one or several."""
    octaves = round(semitones / 12)
    return octaves if abs(semitones - 12 * octaves) < SAME_PITCH else 0


class LiveVoice:
    """Blocks of samples at a rate become notes; the moments are seconds of what was pushed, of which `pushed` tells how many."""

    def __init__(self, rate: int, ask: Detect = detect) -> None:
        self._rate, self._count = rate, 0
        self._resampler, self._frames, self._finder = Resampler(rate), Frames(ask), NoteFinder()

    @property
    def pushed(self) -> float:
        """Seconds that were pushed."""
        return self._count / self._rate

    def push(self, samples: Samples) -> list[Heard]:
        """Return the notes that begin or end, as far as it is known now. What is no number counts as silence."""
        self._count += len(samples)
        clean: Samples = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -8, 8)
        return self._finder.push(self._frames.push(self._resampler.push(clean)))

    def end(self) -> list[Heard]:
        """Return the end of the note that sounds."""
        return self._finder.end()
