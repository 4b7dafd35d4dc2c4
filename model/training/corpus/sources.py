"""All songs of the sets that lie unpacked in one folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from model.training.corpus import billboard, game_music, groove, loops, pop909, scores, tunes
from model.training.corpus.song import Song


def load(data: Path, sources: tuple[str, ...]) -> Iterator[Song]:
    """Yield the songs of the sources named; say on stderr how many came and why others did not."""
    for source in sources:
        drops: dict[str, int] = {}
        count = 0
        for song in _songs(data, source, drops):
            count += 1
            yield song
        sys.stderr.write(f"{source}: {count} songs; left out: {drops or 'none'}\n")


def _songs(data: Path, source: str, drops: dict[str, int]) -> Iterator[Song]:
    match source:
        case "pop909":
            return pop909.load(data / "pop909" / "POP909", data / "pop909cl" / "POP909_processed", drops)
        case "openewld":
            return scores.openewld(data / "openewld", drops)
        case "lieder":
            return scores.lieder(data / "lieder", drops)
        case "hymns":
            return tunes.hymns(data / "openhymnal", drops)
        case "fiddle":
            return tunes.fiddle(data / "fiddle", drops)
        case "groove":
            return groove.load(data / "groove", drops)
        case "loops":
            return loops.load(data / "chord_moods.json", drops)
        case "freedoom":
            return game_music.freedoom(data / "freedoom", drops)
        case "simutrans":
            return game_music.simutrans(data / "simutrans", drops)
        case "billboard":
            return billboard.load(data / "billboard", drops)
        case _:
            raise ValueError(
                f"unknown source: {source} (pop909, openewld, lieder, hymns, fiddle, groove, loops, freedoom, simutrans, "
                "billboard)"
            )


def data_folder(given: Path | None) -> Path:
    """Return the folder of the data: the option, or LLMBALL_DATA; there is no default."""
    if given is None and "LLMBALL_DATA" not in os.environ:
        raise SystemExit("say where the unpacked data lies: --data DIR, or set LLMBALL_DATA")
    return given or Path(os.environ["LLMBALL_DATA"])
