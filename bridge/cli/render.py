"""`llmball render`: a .mid file or a piece of the songbook as audio."""

from __future__ import annotations

import argparse
import sys

from bridge.cli.commands import load_source
from bridge.sound.fluidsynth import found_renderer


def run(args: argparse.Namespace) -> int:
    """Run `llmball render`. Raises OwnerError."""
    renderer = found_renderer(args.soundfont)
    song = load_source(args.source).song
    if args.stems:
        stems = renderer.render_stems(song, args.out)
        sys.stdout.writelines(f"{path}\n" for path in stems)
    else:
        renderer.render(song, args.out)
    sys.stdout.write(f"{args.out}: {len(song.bars)} bars, {song.tempos[0][1]:g} bpm\n")
    return 0
