"""`python -m bench.music.harmonised IN OUT [--causal]`: chords of ours for every melody in a folder, files of the same names."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.make_clips import Maker, composer
from model.clips.edit import harmonise_melody
from model.clips.messages import ClipSpec
from model.music import midifile
from model.music.plan import Controls

PROMPT = "pop ballad"


def main() -> None:
    """Parse the command line and write the files."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.harmonised", description=__doc__)
    parser.add_argument("melodies", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--causal", action="store_true", help="knowing the melody before each beat only")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--theta", default="", help="weights of the fusion by name, such as asked=4,cover=2")
    options = parser.parse_args()
    pairs = (pair.split("=") for pair in options.theta.split(",") if pair)
    theta = tuple((name, float(value)) for name, value in pairs)
    options.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(options.melodies.glob("*.mid")):
        wanted = ClipSpec(PROMPT, 1, controls=Controls(temperature=options.temperature), theta=theta)
        song = harmonise_melody(composer(Maker()), midifile.read(path), wanted, causal=options.causal)
        midifile.write(options.out / path.name, song)


if __name__ == "__main__":
    main()
