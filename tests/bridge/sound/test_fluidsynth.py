"""Songs as audio: by a synthesiser of ours that writes what it is told, and by FluidSynth where it is."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import pytest

from bridge.errors import OwnerError
from bridge.sound.fluidsynth import RATE, SOUNDFONT, Renderer, found_renderer, with_kits
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import Note, Ticks

Needs = Callable[[str, str], str]


def song() -> Song:
    notes = (
        Note(Ticks(0), Ticks(480), 60, 90, "melody"),
        Note(Ticks(480), Ticks(480), 36, 90, "bass"),
        Note(Ticks(960), Ticks(120), 62, 90, "perc"),
    )
    return Song(((Ticks(0), "4/4"),), Ticks(1920), ((Ticks(0), 120.0),), "C major", notes, programs=(("melody", 73),))


def counting(command: list[str]) -> int:
    """Write a tenth of a second for each note, as loud as there are notes."""
    notes = [m for track in mido.MidiFile(command[-1]).tracks for m in track if m.type == "note_on" and m.velocity]
    with wave.open(command[command.index("-F") + 1], "wb") as out:
        out.setparams((2, 2, RATE, 0, "NONE", ""))
        out.writeframes(np.full((RATE // 10 * len(notes), 2), 1000 * len(notes), "<i2").tobytes())
    return 0


def samples(path: Path) -> npt.NDArray[np.int16]:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, RATE, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)


def test_stems_have_the_length_of_the_whole_and_their_share_of_its_level(tmp_path: Path) -> None:
    stems = Renderer("synth", run=counting).render_stems(song(), tmp_path / "a.wav")
    assert [path.name for path in stems] == ["a-melody.wav", "a-bass.wav", "a-perc.wav"]
    whole = samples(tmp_path / "a.wav")
    assert whole.max() == round(0.9 * 32767)
    for path in stems:
        assert len(samples(path)) == len(whole)
        assert samples(path).max() == round(0.3 * 32767)


def test_percussion_is_rendered_on_the_channel_of_kits() -> None:
    file = mido.MidiFile(file=io.BytesIO(with_kits(midifile.to_bytes(song()))))
    channels = {t.name: {m.channel for m in t if not m.is_meta} for t in file.tracks if t.name}
    assert channels == {"melody": {1}, "bass": {2}, "perc": {9}}


def test_a_synthesiser_that_fails_or_is_missing_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(OwnerError, match="fluidsynth failed"):
        Renderer("synth", run=lambda command: 1).render(song(), tmp_path / "a.wav")
    with pytest.raises(OwnerError, match="apt install fluidsynth"):
        found_renderer(find=lambda name: None)


def test_fluidsynth_renders_with_our_soundfont(needs: Needs, tmp_path: Path) -> None:
    Renderer(needs("fluidsynth", "fluidsynth"), SOUNDFONT).render(song(), tmp_path / "a.wav")
    heard = np.abs(samples(tmp_path / "a.wav")).max(axis=1)
    assert heard[: RATE // 4].max() > 1000
    assert heard[RATE // 2 : RATE * 3 // 4].max() > 1000


def test_no_sample_of_ours_is_so_loud_that_sixteen_bits_turn_it_around(needs: Needs, tmp_path: Path) -> None:
    slaps_and_bassoon = enumerate(("bass", "chords") * 6)
    notes = tuple(Note(Ticks(480 * i), Ticks(240), 36 + 2 * i, 119, part) for i, part in slaps_and_bassoon)
    bars = tuple((Ticks(1920 * i), "4/4") for i in range(3))
    programs = (("bass", 37), ("chords", 70))
    struck = Song(bars, Ticks(3 * 1920), ((Ticks(0), 120.0),), "C major", notes, programs=programs)
    Renderer(needs("fluidsynth", "fluidsynth"), SOUNDFONT).render(struck, tmp_path / "a.wav")
    heard = samples(tmp_path / "a.wav")[: len(notes) * RATE // 2, 0].astype(float).reshape(len(notes), -1)
    jumps = np.abs(np.diff(heard)).max(axis=1) / np.abs(heard).max(axis=1)
    assert jumps.max() < 0.7, "a click is a jump over more than the loudest sample"
