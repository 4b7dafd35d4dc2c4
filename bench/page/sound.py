"""Each part alone by the page's synthesiser and by FluidSynth, the same SoundFont, effects off: how alike they sound.

    python -m bench.page.sound [--pieces NAME …] [--seconds 30] [--soundfont FILE]

Pieces of the songbook; needs Node.js and FluidSynth. Printed of each part: the correlation of the onset envelopes (what grows from
one hundredth of a second to the next, all frequencies together) and of the spectrograms (log(1 + 100 x), x of the loudest), and how
much of the energy lies above 4 kHz, in dB, FluidSynth's and ours.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import wave
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from bench.tables import table
from bridge.http.app import PAGE_FOLDER
from bridge.sound.fluidsynth import SOUNDFONT, with_kits
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import TICKS_PER_QUARTER
from model.songbook.book import find, to_song
from model.songbook.reader import read_file
from model.songbook.rendering import perform

RATE = 44_100
WINDOW, HOP = 1024, 441
LEAST = 8
"""Notes below which a part is not compared."""
BRIGHT = 4000
"""Hertz above which the share of the energy is printed."""
LAGS = range(-2, 3)
"""Hundredths of a second by which the two may be apart: one starts its blocks of frames otherwise."""
PIECES = ("danzon-de-la-vecina", "gold-tooth")

Samples = npt.NDArray[np.float64]


def single(song: Song, part: str, seconds: float) -> tuple[Song, float]:
    """Return a part of a song, in its first tempo and without what begins later, and its seconds a tick."""
    second = 60 / song.tempos[0][1] / TICKS_PER_QUARTER
    notes = tuple(n for n in song.notes if n.part == part and n.start * second < seconds)
    programs = tuple(p for p in song.programs if p[0] == part)
    return replace(song, notes=notes, tempos=song.tempos[:1], chords=(), prompts=(), keys=(), programs=programs), second


def by_fluidsynth(program: str, song: Song, font: Path, folder: Path) -> Samples:
    """Return FluidSynth's samples, both channels together."""
    (folder / "a.mid").write_bytes(with_kits(midifile.to_bytes(song)))
    command = [program, "-ni", "-q", "-g", "0.4", "-R", "0", "-C", "0", "-r", str(RATE), "-T", "wav", "-O", "s16"]
    subprocess.run(
        [*command, "-F", str(folder / "a.wav"), str(font), str(folder / "a.mid")], check=True, capture_output=True
    )
    with wave.open(str(folder / "a.wav"), "rb") as file:
        both: Samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).mean(axis=1) / 32768
    return both


def by_page(node: str, song: Song, part: str, second: float, font: Path, folder: Path) -> Samples:
    """Return the samples of the page's synthesiser, both channels together."""
    notes = [(n.pitch, n.velocity, (n.start + n.offset) * second, n.length * second) for n in song.notes]
    job = {
        "page": str(PAGE_FOLDER), "font": str(font.resolve()), "rate": RATE, "part": part, "notes": notes,
        "program": dict(song.programs).get(part, 0), "seconds": max(at + length for _, _, at, length in notes) + 2,
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    script = Path(__file__).parent / "render.js"
    subprocess.run([node, str(script), str(folder / "job.json"), str(folder / "a.raw")], check=True)
    both: Samples = np.fromfile(folder / "a.raw", "<f4").reshape(-1, 2).mean(axis=1).astype(float)
    return both


def spectrogram(samples: Samples) -> Samples:
    """Return the magnitudes by hundredths of a second, of 1, as log(1 + 100 x)."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP] * np.hanning(WINDOW)
    magnitudes: Samples = np.abs(np.fft.rfft(frames))
    loudness: Samples = np.log1p(100 * magnitudes / magnitudes.max())
    return loudness


def onsets(spectra: Samples) -> Samples:
    """Return how much grows from each frame to the next."""
    grown: Samples = np.maximum(0, np.diff(spectra, axis=0)).sum(axis=1)
    return grown


def likeness(one: Samples, other: Samples) -> tuple[float, float]:
    """Return the correlations of onset envelopes, at the best of `LAGS`, and of spectrograms."""
    length = min(len(one), len(other))
    a, b = spectrogram(one[:length]), spectrogram(other[:length])
    x, y = onsets(a), onsets(b)
    shifted = ((x[max(0, lag) : len(x) + min(0, lag)], y[max(0, -lag) : len(y) - max(0, lag)]) for lag in LAGS)
    return max(float(np.corrcoef(p, q)[0, 1]) for p, q in shifted), float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def bright(samples: Samples) -> float:
    """Return the share of energy above `BRIGHT` hertz, in dB."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(10 * np.log10(power[np.fft.rfftfreq(len(samples), 1 / RATE) > BRIGHT].sum() / power.sum()))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.page.sound", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pieces", nargs="+", default=PIECES)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    given = parser.parse_args()
    node, fluidsynth = shutil.which("node"), shutil.which("fluidsynth")
    if node is None or fluidsynth is None:
        raise SystemExit("the comparison needs Node.js and FluidSynth: install them")
    rows = []
    for name in given.pieces:
        song = midifile.as_filed(to_song(perform(read_file(find(name).path)))[0])
        for part in sorted({n.part for n in song.notes}):
            alone, second = single(song, part, given.seconds)
            if len(alone.notes) < LEAST:
                continue
            with TemporaryDirectory() as folder:
                theirs = by_fluidsynth(fluidsynth, alone, given.soundfont, Path(folder))
                ours = by_page(node, alone, part, second, given.soundfont, Path(folder))
            rows.append((name, part, len(alone.notes), *likeness(theirs, ours), bright(theirs), bright(ours)))
    print(table(("piece", "part", "notes", "onsets", "spectrogram", "bright, FluidSynth", "bright, ours"), rows))


if __name__ == "__main__":
    main()
