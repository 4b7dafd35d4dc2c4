"""A song as audio, rendered by FluidSynth, which is called as a program of its own (LGPL), with our SoundFont or another."""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import mido
import numpy as np
import numpy.typing as npt

from bridge.errors import OwnerError
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import CHANNELS, PARTS
from model.music.programs import DRUM_CHANNEL

SOUNDFONT = Path(__file__).parents[1] / "http" / "page" / "band.sf3"
RATE = 44_100
GAIN, PEAK = 0.5, 0.9
"""FluidSynth's gain, which leaves room for seven parts, and what the loudest sample is brought to, of 1."""


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


@dataclass(frozen=True, slots=True)
class Renderer:
    """FluidSynth and what it plays with; `run` executes a command and returns its exit code."""

    program: str
    soundfont: Path = SOUNDFONT
    run: Callable[[list[str]], int] = _run

    def render(self, song: Song, path: Path) -> None:
        """Write a song as a .wav file: 44.1 kHz, two channels, 16 bits. Raises OwnerError."""
        self._write({path: song})

    def render_stems(self, song: Song, path: Path) -> list[Path]:
        """Write a song and a file beside it of each part that sounds, of the same length and level; return those of the parts. Raises OwnerError."""
        stems = {
            path.with_stem(f"{path.stem}-{part}"): replace(song, notes=tuple(n for n in song.notes if n.part == part))
            for part in PARTS
            if any(n.part == part for n in song.notes)
        }
        self._write({path: song, **stems})
        return [*stems]

    def _write(self, songs: dict[Path, Song]) -> None:
        """Render songs and write them, all brought to the level at which the loudest sample of the first one is `PEAK`."""
        rendered = {path: self._rendered(song) for path, song in songs.items()}
        longest = max(map(len, rendered.values()))
        loudest = max((int(np.abs(samples).max(initial=0)) for samples in [*rendered.values()][:1]), default=0)
        factor = PEAK * 32767 / loudest if loudest else 1.0
        for path, samples in rendered.items():
            level = np.zeros((longest, 2), "<i2")
            level[: len(samples)] = np.clip(np.rint(samples * factor), -32768, 32767)
            try:
                with path.open("wb") as file, wave.open(file, "wb") as out:
                    out.setparams((2, level.itemsize, RATE, 0, "NONE", ""))
                    out.writeframes(level.tobytes())
            except OSError as error:
                raise OwnerError(f"{path} cannot be written: {error.strerror}") from error

    def _rendered(self, song: Song) -> npt.NDArray[np.int32]:
        """Return the samples of a song, `(frames, 2)`."""
        with TemporaryDirectory() as folder:
            midi, sound = Path(folder) / "song.mid", Path(folder) / "song.wav"
            midi.write_bytes(with_kits(midifile.to_bytes(song)))
            command = [
                self.program, "-ni", "-q", "-g", str(GAIN), "-r", str(RATE), "-T", "wav", "-O", "s16",
                "-F", str(sound), str(self.soundfont), str(midi),
            ]  # fmt: skip
            code = self.run(command)
            if code or not sound.is_file():
                raise OwnerError(
                    f"fluidsynth failed ({code}): does `fluidsynth --version` run, and is {self.soundfont} a SoundFont?"
                )
            with wave.open(str(sound), "rb") as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples.reshape(-1, 2).astype(np.int32)


def with_kits(content: bytes) -> bytes:
    """Return a .mid file of ours with percussion on the channel where General MIDI has its kits."""
    file = mido.MidiFile(file=io.BytesIO(content), charset="utf-8")
    for track in file.tracks:
        for message in track:
            if not message.is_meta and message.channel == CHANNELS["perc"]:
                message.channel = DRUM_CHANNEL
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def found_renderer(soundfont: Path | None = None, find: Callable[[str], str | None] = shutil.which) -> Renderer:
    """Return FluidSynth where it is installed. Raises OwnerError with the remedy where it is not."""
    program = find("fluidsynth")
    if program is None:
        raise OwnerError(
            "audio is rendered by FluidSynth, which is not installed: apt install fluidsynth, brew install fluid-synth, or "
            "choco install fluidsynth (or write a .mid file, and render it in your DAW)"
        )
    return Renderer(program, SOUNDFONT if soundfont is None else soundfont)
