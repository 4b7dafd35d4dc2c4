"""`python -m model.training.continuo --human FILE [--out FILE]`: the tables of `model.continuo`, counted from training songs.

The songs are a file of `python -m model.training.measures read`; only those of the training split are counted.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from model.training.measures import clips
from model.training.measures.melody_chords import Model
from model.weights import FOLDER


def main() -> None:
    """Parse the command line, count, write."""
    parser = argparse.ArgumentParser(prog="python -m model.training.continuo", description=__doc__)
    parser.add_argument(
        "--human", type=Path, required=True, help="songs, as model.training.measures read wrote them"
    )
    parser.add_argument("--out", type=Path, default=FOLDER / "continuo.safetensors")
    options = parser.parse_args()
    songs = [s for s in clips.load(options.human) if s.split == "train" and s.chords and s.key]
    taught = [s for s in songs if s.part("melody").size]
    model = Model.learnt(taught)
    arrays = {
        "first": np.exp(model.first).astype(np.float32),
        "moves": np.exp(model.moves).astype(np.float32),
        "heard": model.heard.astype(np.float32),
    }
    save_file(arrays, options.out, {"shape": "{}"})
    print(f"{len(taught)} songs → {options.out}")


if __name__ == "__main__":
    main()
