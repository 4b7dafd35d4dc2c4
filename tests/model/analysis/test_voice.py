"""A voice becomes notes: sound read, tuning and drift found, rhythm on the grid."""

from __future__ import annotations

import math
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.analysis import voice
from model.analysis.voice import (
    RATE,
    Floats,
    SoundError,
    Sung,
    heard_in_sound,
    read_wav,
    resampled,
    tempo_of,
    transcribed,
    tuning_of,
)

TUNE = (
    (0, 1, 60),
    (1, 1, 62),
    (2, 0.5, 64),
    (2.5, 0.5, 65),
    (3, 1, 67),
    (4, 2, 64),
    (6, 1, 62),
    (7, 1, 60),
    (8, 4, 57),
)


def wav(samples: Floats, rate: int = RATE, kind: int = 1, bits: int = 16, channels: int = 1) -> bytes:
    values = np.repeat(np.asarray(samples), channels)
    if kind == 3:
        data = values.astype("<f4").tobytes()
    elif bits == 24:
        data = (values * (2**31 - 1)).astype("<i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    else:
        data = (values * (2 ** (bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", 16) + form
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def sine(hz: float, seconds: float, rate: int) -> Floats:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def sung(bpm: float, sharp: float = 0.0, drift: float = 0.0, begin: float = 0.3) -> list[Sung]:
    beat = 60 / bpm
    return [Sung(begin + s * beat, begin + (s + 0.9 * n) * beat, p + sharp + drift * s / 12) for s, n, p in TUNE]


@pytest.mark.parametrize(("kind", "bits"), [(1, 16), (1, 24), (1, 32), (3, 32)])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_files_of_every_usual_kind_are_the_same_sound(kind: int, bits: int, channels: int) -> None:
    told = sine(440, 0.01, 44_100)
    samples, rate = read_wav(wav(told, 44_100, kind, bits, channels))
    assert rate == 44_100
    assert samples == pytest.approx(told, abs=1e-3)


@given(st.binary(max_size=120))
def test_bytes_that_are_no_sound_are_refused_in_a_sentence(content: bytes) -> None:
    for whole in (content, b"RIFF\0\0\0\0WAVE" + content, wav(np.zeros(8))[:-20] + content[:3]):
        with suppress(SoundError):
            assert read_wav(whole)[0].size


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_resampling_keeps_a_tone(rate: int) -> None:
    found = resampled(sine(440, 0.5, rate).astype(np.float32), rate)
    assert len(found) == RATE // 2
    inside = slice(RATE // 20, -RATE // 20)
    assert found[inside] == pytest.approx(sine(440, 0.5, RATE)[inside], abs=0.01)


@given(st.floats(-0.45, 0.45), st.floats(-0.6, 0.6))
@settings(max_examples=40)
def test_a_voice_that_is_out_of_tune_and_drifts_sings_the_same_notes(sharp: float, drift: float) -> None:
    found = transcribed(sung(96, sharp, drift), tempo=96)
    pitches = [n.pitch for n in found.song.notes]
    assert np.diff(pitches).tolist() == np.diff([p for _, _, p in TUNE]).tolist()
    assert tuning_of(sung(96, sharp))[0] == pytest.approx(sharp, abs=0.03)


@pytest.mark.parametrize("bpm", [72, 84, 96, 120, 132])
def test_tempo_and_rhythm_are_found(bpm: float) -> None:
    found = transcribed(sung(bpm))
    assert tempo_of(sung(bpm)) == pytest.approx(bpm, abs=1)
    assert [(n.start / 480, n.pitch) for n in found.song.notes] == [(s, p) for s, _, p in TUNE]
    assert found.song.key in ("A minor", "C major")
    assert len(found.song.bars) == 3
    assert f"at {found.song.tempos[0][1]:g} found" in found.sentence()


def test_two_notes_are_no_tune() -> None:
    with pytest.raises(SoundError, match="2 notes were heard"):
        transcribed(sung(96)[:2])


def test_without_the_extra_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "is_there", lambda: False)
    with pytest.raises(SoundError, match="pip install"):
        heard_in_sound(wav(np.zeros(RATE)))


def test_a_voice_with_vibrato_and_noise_is_heard() -> None:
    pytest.importorskip("swift_f0")
    chance = np.random.default_rng(0)
    beat, sound = 60 / 96, np.zeros(round(13 * 60 / 96 * RATE))
    for start, beats, pitch in TUNE:
        t = np.arange(round(0.92 * beats * beat * RATE)) / RATE
        bend = 0.3 + 0.25 * np.sin(2 * np.pi * 5.5 * t) - 0.5 * np.exp(-t / 0.03)
        phase = 2 * np.pi * np.cumsum(440 * 2 ** ((pitch + bend - 69) / 12)) / RATE
        tone = sum((np.sin(k * phase) / k for k in range(1, 7)), np.zeros(len(t)))
        first = round((0.3 + start * beat) * RATE)
        sound[first : first + len(t)] += 0.15 * tone * np.minimum(1, t / 0.03) * np.minimum(1, (t[-1] - t) / 0.03)
    found = heard_in_sound(wav(np.clip(sound + chance.normal(0, 0.004, len(sound)), -1, 1)))
    assert [(n.start / 480, n.pitch) for n in found.song.notes] == [(s, p) for s, _, p in TUNE]
    assert found.tuning == pytest.approx(30, abs=8)
    assert math.isclose(found.song.tempos[0][1], 96, abs_tol=1)
