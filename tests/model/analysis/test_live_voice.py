"""A line that is heard live: notes as they begin and end, from blocks of samples. Virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.analysis.live_voice import FRAME, HOP, Frame, Frames, Heard, LiveVoice, NoteFinder, Resampler, detect
from model.analysis.voice import RATE, Samples, sung_notes
from tests.support.sound.lines import Instrument, Timed, f1, plucked, pure_tone, sine, sounded, sung

SCALE = (60, 64, 65, 67, 72)
LINE: Timed = [(0.3 + 0.3 * i, 0.28, pitch) for i, pitch in enumerate(SCALE)]
Push = Callable[[Samples], list[Heard]]


def heard(voice: LiveVoice, sound: Samples, block: int = 256) -> list[tuple[Heard, float]]:
    """Return what is heard in a sound, each with the second at which it is known."""
    return [(h, voice.pushed) for i in range(0, len(sound), block) for h in voice.push(sound[i : i + block])]


def begun(voice: LiveVoice, sound: Samples, block: int = 256) -> list[tuple[float, int]]:
    return [(h.at, h.pitch) for h, _ in heard(voice, sound, block) if h.velocity]


def test_notes_below_the_detector_are_heard_and_no_later_than_others() -> None:
    pytest.importorskip("swift_f0")
    low: Timed = [(0.3 + 0.43 * i, 0.4, pitch) for i, pitch in enumerate((28, 29, 31, 28, 40, 29))]
    sound = sounded(low, plucked)
    known = [(h, at) for h, at in heard(LiveVoice(RATE), sound) if h.velocity]
    assert f1(low, [(h.at, h.pitch) for h, _ in known]) == 1
    assert max(at - h.at for h, at in known) < 0.2
    assert [round(n.pitch) for n in sung_notes(sound, RATE)] == [pitch for _, _, pitch in low]


def test_where_there_is_a_pitch_or_silence_the_detector_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def found(samples: Samples, rate: int) -> Pitches:
        asked.append(len(samples))
        count = len(samples) // HOP
        loud = np.full(count, -20.0) if np.abs(samples).max() > 0.1 else np.full(count, -90.0)
        return Pitches(np.full(count, 41.0 * 2), np.full(count, float(samples[0] > 0)), loud)

    monkeypatch.setattr("model.analysis.voice.detector", lambda: SimpleNamespace(detect=found))
    for level, times in ((0.5, 1), (0.0, 1), (-0.5, 2)):
        asked.clear()
        detect(np.full(20 * HOP, level, np.float32))
        assert len(asked) == times
    assert asked == [20 * HOP, 10 * HOP]


@dataclass
class Pitches:
    """An answer of the detector."""

    pitch_hz: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    loudness_db: npt.NDArray[np.float64]


def is_well_formed(notes: list[Heard]) -> bool:
    """Each note ends before the next begins, and not before it began."""
    pairs = list(zip(notes[::2], notes[1::2], strict=False))
    moments = [n.at for n in notes]
    return (
        moments == sorted(moments)
        and all(a.velocity and not b.velocity and a.pitch == b.pitch and b.at > a.at for a, b in pairs)
        and (len(notes) % 2 == 0 or bool(notes[-1].velocity))
    )


@pytest.mark.parametrize(
    ("instrument", "notes"),
    [
        (plucked, LINE),
        (plucked, [(0.3 + 0.4 * i, 0.38, p) for i, p in enumerate((33, 40, 45, 35, 31))]),
        (plucked, [(0.3 + 0.14 * i, 0.13, p) for i, p in enumerate(SCALE)]),
        (sung, [(0.3 + 0.5 * i, 0.45, p) for i, p in enumerate(SCALE)]),
    ],
    ids=["guitar", "bass guitar", "sixteenths", "voice"],
)
def test_lines_are_heard_within_a_fifth_of_a_second(instrument: Instrument, notes: Timed) -> None:
    pytest.importorskip("swift_f0")
    found = heard(LiveVoice(48_000), sounded(notes, instrument, 48_000))
    assert is_well_formed([h for h, _ in found])
    assert f1(notes, [(h.at, h.pitch) for h, _ in found if h.velocity]) >= 0.9
    late = [known - h.at for h, known in found if h.velocity]
    assert max(late) < 0.22
    assert np.median(late) < 0.18


@pytest.mark.parametrize("loud", [0.0, 0.003, 0.1, 0.3])
def test_silence_and_noise_are_no_notes(loud: float) -> None:
    pytest.importorskip("swift_f0")
    noise = np.random.default_rng(1).normal(0, loud, RATE)
    for sound in (noise, np.convolve(noise, np.ones(12) / 12, "same")):
        assert heard(LiveVoice(RATE), sound.astype(np.float32)) == []


def test_a_note_that_is_struck_again_begins_anew() -> None:
    again: Timed = [(0.5 + 0.4 * i, 0.39, 57) for i in range(5)]
    sound = sounded(again, lambda f, s, r: sine(f, s, r) * np.exp(-6 * np.arange(round(s * r)) / r))
    assert f1(again, begun(LiveVoice(RATE, pure_tone), sound)) == 1


def test_vibrato_is_one_note_and_a_slide_ends_in_another() -> None:
    finder = NoteFinder()
    shaken = [Frame(i, 60 + 0.5 * np.sin(i * FRAME * 2 * np.pi * 5.5), -20) for i in range(120)]
    assert [h.pitch for h in finder.push(shaken) if h.velocity] == [60]
    slid = [Frame(120 + i, min(64, 60 + i / 4), -20) for i in range(40)]
    assert [h.pitch for h in finder.push(slid) if h.velocity][-1] == 64


def test_loud_notes_are_strong() -> None:
    soft, loud = (
        next(h.velocity for h in LiveVoice(RATE, pure_tone).push(sounded([(0.2, 0.5, 60)], sine) * gain) if h.velocity)
        for gain in (0.1, 1.0)
    )
    assert loud > soft + 20


def test_the_detector_is_not_asked_in_silence() -> None:
    asked: list[int] = []

    def noting(samples: Samples) -> tuple[Samples, Samples, Samples]:
        asked.append(len(samples))
        return pure_tone(samples)

    frames = Frames(noting)
    frames.push(np.full(RATE, 1e-4, np.float32))
    assert asked == []
    frames.push(sounded([(0.0, 0.2, 60)], sine))
    assert asked


@pytest.mark.parametrize("block", [64, 441, 5000])
def test_however_the_sound_is_cut_into_blocks_the_notes_are_the_same(block: int) -> None:
    sound = sounded(LINE[:3], sine)
    assert begun(LiveVoice(RATE, pure_tone), sound, block) == begun(LiveVoice(RATE, pure_tone), sound)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_is_heard_alike(rate: int) -> None:
    assert f1(LINE, begun(LiveVoice(rate, pure_tone), sounded(LINE, sine, rate))) == 1


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_lies_above_half_the_rate_is_not_heard(rate: int) -> None:
    low, high = (Resampler(rate).push(sine(f, 0.5, rate).astype(np.float32)) for f in (440.0, 9_500.0))
    assert np.abs(low).max() == pytest.approx(0.3, abs=0.01)
    assert np.abs(high).max() < 0.003
    assert len(low) == pytest.approx(RATE / 2, abs=20)


@given(st.lists(st.tuples(st.none() | st.floats(28, 96), st.floats(-90, 0)), max_size=150), st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_whatever_is_heard_each_note_ends_before_the_next(
    seen: list[tuple[float | None, float]], repeated: int
) -> None:
    finder = NoteFinder()
    frames = [(pitch, loud) for pitch, loud in seen for _ in range(repeated)]
    notes = finder.push(Frame(i, pitch, loud) for i, (pitch, loud) in enumerate(frames))
    notes += finder.end()
    assert is_well_formed(notes)
    assert len(notes) % 2 == 0, "nothing is left sounding"


def test_samples_that_are_no_numbers_count_as_silence() -> None:
    broken = sounded(LINE, sine)
    broken[::7] = np.nan
    broken[3::11] = np.inf
    voice = LiveVoice(RATE, pure_tone)
    assert is_well_formed([h for h, _ in heard(voice, broken)] + voice.end())


def at_pitches(*runs: tuple[float | None, int, float]) -> list[Heard]:
    """Return what is heard in runs of (pitch, frames, loudness)."""
    frames = [(pitch, loud) for pitch, count, loud in runs for _ in range(count)]
    return NoteFinder().push(Frame(i, pitch, loud) for i, (pitch, loud) in enumerate(frames))


def test_a_consonant_within_a_note_does_not_strike_it_again() -> None:
    found = at_pitches((69, 8, -42), (69, 3, -27), (69, 15, -16), (69, 3, -22), (69, 15, -16), (None, 5, -60))
    assert [h.pitch for h in found] == [69, 69]


def test_an_overtone_that_is_found_for_a_moment_is_not_another_note() -> None:
    found = at_pitches((61, 10, -20), (85, 7, -20), (61, 10, -20), (None, 5, -60))
    assert [h.pitch for h in found] == [61, 61]
    [wrong, end, right, _] = at_pitches((85, 7, -20), (61, 10, -20), (None, 5, -60))
    assert (wrong.pitch, right.pitch) == (85, 61)
    assert right.at - wrong.at <= 2 * FRAME, "it began when the overtone was found"
    assert end.at <= right.at


def test_an_octave_that_is_struck_is_another_note() -> None:
    found = at_pitches((48, 12, -26), (60, 12, -14), (None, 5, -60))
    assert [h.pitch for h in found if h.velocity] == [48, 60]


def steady(pitches: list[float]) -> list[Frame]:
    """Frames of notes of a third of a second each, with a rest between them."""
    found: list[Frame] = []
    for pitch in pitches:
        found += [Frame(len(found) + i, pitch, -20.0) for i in range(20)]
        found += [Frame(len(found) + i, None, -90.0) for i in range(6)]
    return found


def numbers(pitches: list[float]) -> list[int]:
    return [h.pitch for h in NoteFinder().push(steady(pitches)) if h.velocity]


TUNE = [60, 62, 64, 60, 65, 64, 62, 67, 64, 60, 62, 59, 60, 67, 65, 64]
OFF = [0.05, -0.1, 0.1, 0.0, -0.16, 0.15, -0.05, 0.12, -0.14, 0.08, -0.2, 0.16, 0.0, -0.15, 0.1, -0.11]
"""Semitones by which a singer misses each note."""


@pytest.mark.parametrize("cents", [-45, -40, -20, 0, 20, 40, 45])
def test_a_voice_is_heard_in_the_key_of_its_own_tuning(cents: int) -> None:
    sung_at = [note + off + cents / 100 for note, off in zip(TUNE, OFF, strict=True)]
    heard_as = numbers(sung_at)
    assert heard_as[4:] == TUNE[4:], "after four notes the tuning is known"


def test_a_voice_about_a_quarter_tone_off_is_not_heard_sharp_and_flat_in_turn() -> None:
    sung_at = [note - 0.48 + off / 2 for note, off in zip(TUNE * 2, OFF * 2, strict=True)]
    steps = [a - b for a, b in zip(numbers(sung_at)[4:], (TUNE * 2)[4:], strict=True)]
    assert len(set(steps)) == 1


def test_notes_that_lie_at_no_one_tuning_are_heard_as_they_are() -> None:
    spread = [60.0, 62.3, 64.6, 65.1, 67.45, 60.7, 62.95, 64.2, 59.55]
    assert numbers(spread) == [round(pitch) for pitch in spread]


def test_a_voice_that_drifts_is_followed() -> None:
    sung_at = [note + off / 2 - 0.035 * i for i, (note, off) in enumerate(zip(TUNE, OFF, strict=True))]
    assert numbers(sung_at) == TUNE
