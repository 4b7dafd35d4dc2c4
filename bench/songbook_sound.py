"""A piece of each style of the songbook as sound, for the documentation: FluidSynth and a General MIDI SoundFont, as Opus.

`python -m bench.songbook_sound FOLDER` writes FOLDER/SLUG.PIECE.opus, of the piece that has one already, if it is still there; needs fluidsynth and `pip install soundfile`. The SoundFont is
the page's. The piece of a style is that of its page.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from bridge.sound.fluidsynth import SOUNDFONT, with_kits
from model.songbook.midi import save
from model.songbook.pages import chosen
from model.songbook.piece import Piece
from model.songbook.reader import read_file
from model.songbook.rendering import Performance, perform
from model.songbook.tables import PIECES, styles

RATE = 48_000
SECONDS, FADE = 20.0, 2.0
"""Seconds of a piece that are heard, and of these how many fade away: all styles stay within ten megabytes."""
LOUDEST = 0.9


def main(arguments: list[str] | None = None) -> int:
    """Write the sounds; print the bytes of each and of all."""
    parser = argparse.ArgumentParser(prog="python -m bench.songbook_sound", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    parser.add_argument("--styles", nargs="*", help="slugs (default: all)")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for style in styles().values():
        pieces = [read_file(path) for path in sorted((PIECES / style.slug).glob("*.txt"))]
        if pieces and style.slug in (options.styles or [style.slug]):
            before = [path.name.split(".")[1] for path in options.folder.glob(f"{style.slug}.*.opus")]
            piece = chosen(pieces, *before[:1])
            path = options.folder / f"{style.slug}.{Path(piece.file).stem}.opus"
            write(piece, path, options.soundfont)
            total += path.stat().st_size
            print(f"{path.stat().st_size}\t{path}", flush=True)
    print(f"{total}\tall")
    return 0


def write(piece: Piece, path: Path, soundfont: Path) -> None:
    """Write the first seconds of a piece as Opus, in one channel."""
    with tempfile.TemporaryDirectory() as folder:
        midi = Path(folder) / "a.mid"
        save(_opening(perform(piece)), midi)
        encode(midi, path, soundfont, SECONDS)


def encode(source: Path, path: Path, soundfont: Path, seconds: float) -> None:
    """Write the first seconds of a .mid file as Opus, in one channel, faded out."""
    import soundfile  # of the pages' maker only: no dependency of ours

    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "b.mid", Path(folder) / "b.wav"
        midi.write_bytes(with_kits(source.read_bytes()))
        command = ["fluidsynth", "-ni", "-q", "-g", "0.5", "-r", str(RATE), "-F", str(wave), str(soundfont), str(midi)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        sound, _ = soundfile.read(str(wave), always_2d=True)
    heard = np.asarray(sound, dtype=np.float64)[: int(seconds * RATE)].mean(axis=1)
    fade = min(len(heard), int(FADE * RATE))
    heard[len(heard) - fade :] *= np.linspace(1, 0, fade)
    heard *= LOUDEST / max(float(np.abs(heard).max()), 1e-9)
    soundfile.write(str(path), heard, RATE, format="OGG", subtype="OPUS", compression_level=0.9)


def _opening(performance: Performance) -> Performance:
    """Return what sounds in the seconds that are heard: the rest need not be rendered."""
    end = min(performance.length, int(SECONDS * 8 * performance.piece.header.tempo))  # 480 ticks a quarter
    return replace(
        performance,
        bars=tuple(bar for bar in performance.bars if bar.start < end),
        harmony=tuple(chord for chord in performance.harmony if chord.start < end),
        strokes=tuple(stroke for stroke in performance.strokes if stroke.start < end),
        bends=tuple(bend for bend in performance.bends if bend.start < end),
        length=end,
    )


if __name__ == "__main__":
    raise SystemExit(main())
