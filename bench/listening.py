"""`python -m bench.listening OUT`: sixteen clips over sixteen styles with their piano rolls, for docs/listening."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.clips import Maker, made
from bench.roll import svg
from model import midifile

PROMPTS = {
    "house": "driving house with piano stabs, 124 bpm",
    "techno": "dark hypnotic techno in A phrygian",
    "trap": "cold trap with bells, F# minor",
    "lo-fi": "dusty lo-fi beat for a rainy evening, D minor, 82 bpm",
    "boom-bap": "head nodding boom bap, 90 bpm",
    "drum-and-bass": "liquid drum and bass, dreamy chords",
    "ambient": "fog over a still lake, no beat",
    "funk": "tight funk in E dorian",
    "neo-soul": "late night neo-soul, lush chords",
    "afrobeats": "sunny afrobeats for dancing",
    "synthwave": "neon synthwave drive at night",
    "jazz": "smoky jazz trio with a walking bass in Bb",
    "bossa-nova": "soft bossa nova by the sea",
    "reggae": "lazy one drop reggae, 72 bpm",
    "guofeng": "烟雨江南，古筝与竹笛",
    "ballad": "tender piano ballad in C minor, Cm Ab Eb Bb",
}


def main() -> None:
    """Write the clips and their pictures."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, prompt in PROMPTS.items():
        song = made(prompt, 1, Maker()).song
        midifile.write(out / f"{name}.mid", song)
        (out / f"{name}.svg").write_text(svg(song), encoding="utf-8")


if __name__ == "__main__":
    main()
