"""Synthesised lines for tests: plucked strings, voices with vibrato, sines, noise; and a detector of pitch for pure tones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.analysis.voice import RATE, Floats, Samples

Timed = Sequence[tuple[float, float, int]]
"""Notes: seconds of their beginnings, lengths in seconds, MIDI pitches."""
Instrument = Callable[[float, float, int], Floats]
"""(frequency in Hz, seconds, samples a second) → samples."""


def hertz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def sine(frequency: float, seconds: float, rate: int) -> Floats:
    """Return a pure tone that begins and ends softly."""
    t = np.arange(round(seconds * rate)) / rate
    tone: Floats = 0.3 * np.sin(2 * np.pi * frequency * t) * np.clip(np.minimum(t, seconds - t) / 0.01, 0, 1)
    return tone


def plucked(frequency: float, seconds: float, rate: int) -> Floats:
    """Return a plucked string: partials that die away, the high ones sooner."""
    t = np.arange(round(seconds * rate)) / rate
    partials = [k for k in range(1, 10) if frequency * k < rate / 2.4]
    tones = [np.sin(2 * np.pi * frequency * k * t) / k * np.exp(-t * (2 + k)) for k in partials]
    tone: Floats = 0.3 * np.sum(tones, 0) * np.minimum(1, t / 0.004)
    return tone


def sung(frequency: float, seconds: float, rate: int) -> Floats:
    """Return a voice with a vibrato of 40 cents to each side."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(frequency * 2 ** (0.4 * np.sin(2 * np.pi * 5.5 * t) / 12)) / rate
    voice = np.sum([np.sin(k * phase) / k**1.5 for k in range(1, 8)], 0)
    tone: Floats = 0.2 * voice * np.minimum(1, t / 0.06) * np.clip((seconds - t) / 0.08, 0, 1)
    return tone


def sounded(notes: Timed, instrument: Instrument, rate: int = RATE, noise: float = 0.001) -> Samples:
    """Return the sound of a line, with a second of silence after it."""
    found = np.zeros(round((max(at + length for at, length, _ in notes) + 1) * rate))
    for at, length, pitch in notes:
        tone = instrument(hertz(pitch), length, rate)
        found[round(at * rate) :][: len(tone)] += tone
    loud: Samples = (found + np.random.default_rng(0).normal(0, noise, len(found))).astype(np.float32)
    return loud


def pure_tone(samples: Samples) -> tuple[Samples, Samples, Samples]:
    """Detect the pitch of a pure tone by its zero crossings: a stand-in for swift-f0 with its frames of 256 samples."""
    count = len(samples) // 256
    pitch, confidence, loudness = np.full(count, 440.0), np.zeros(count), np.full(count, -140.0)
    for i in range(count):
        frame = samples[max(0, i - 1) * 256 : (i + 2) * 256]
        loudness[i] = 20 * np.log10(max(1e-7, float(np.sqrt(np.square(frame, dtype=float).mean()))))
        crossings = np.flatnonzero(np.diff(np.signbit(frame)))
        if len(crossings) < 3:
            continue
        gaps = np.diff(crossings)
        if gaps.max() - gaps.min() <= 2:
            pitch[i], confidence[i] = RATE / 2 / gaps.mean(), 1.0
    return pitch.astype(np.float32), confidence.astype(np.float32), loudness.astype(np.float32)


def f1(wanted: Timed, heard: Sequence[tuple[float, int]], within: float = 0.05) -> float:
    """Return the F1 of beginnings: a note is found if one of its pitch begins near it."""
    left, hits = list(heard), 0
    for at, _, pitch in wanted:
        match = next((h for h in left if h[1] == pitch and abs(h[0] - at) <= within), None)
        if match is not None:
            left.remove(match)
            hits += 1
    return 2 * hits / (len(wanted) + len(heard)) if heard else 0.0
