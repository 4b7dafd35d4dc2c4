"""A language model composes, and fails in every way: bars without music, and what was told.

    python -m bench.chat.composer [--seconds 25]

A real daemon plays into a file while a server of ours answers rightly, slowly, wrongly, partly, with nonsense, or goes away.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.client import Client
from bench.tables import table
from model.music import midifile
from tests.support import real_programs
from tests.support.chat.chat_server import NONSENSE, RIGHT, WRONG, Answer, chat_server, garbage, gone, saying


async def _slowly(number: int) -> None:
    await asyncio.sleep(0.6)


async def _never(number: int) -> None:
    await asyncio.sleep(3600)


CASES: dict[str, tuple[Answer, ...]] = {
    "right": (saying(RIGHT),),
    "slow": (saying(RIGHT, _slowly),),
    "wrong, mended": (saying(WRONG), saying(RIGHT)),
    "wrong three times": (saying(WRONG),) * 3,
    "nonsense": (saying(NONSENSE),) * 3,
    "cut off": (saying(RIGHT.partition("harmony 4")[0] + "harmony 4: G13\n", whole=False),),
    "gone": (gone,),
    "no JSON": (garbage,),
    "silent": (saying(RIGHT, _never),),
    "loading (503)": (),
}


async def _case(answers: Sequence[Answer], seconds: float, folder: Path) -> tuple[int, int, str]:
    """Return the bars played, those without a note, and what was told last."""
    out = folder / "out.mid"
    async with chat_server(*answers) as server:
        options = ("--output", f"record:{out}", "--composer", server.url, "--http", "none")
        with real_programs.daemon(*options, env={"LLMBALL_HOME": str(folder)}, folder=folder, wait=300) as daemon:
            client = Client(daemon.osc)
            client.say("prompt", "house in C major at 120, four bars")
            client.say("play")
            await asyncio.sleep(seconds)
            told = [str(t.args[0]) for t in client.heard("composer/told")]
            client.say("stop")
            await asyncio.sleep(0.5)
            client.close()
    song = midifile.read(out)
    sounding = {note.start // 1920 for note in song.notes}
    return len(song.bars), len(song.bars) - len(sounding), told[-1] if told else "nothing"


def main() -> None:
    """Print a row a case."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=25)
    given = options.parse_args()
    rows = []
    for name, answers in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            bars, empty, told = asyncio.run(_case(answers, given.seconds, Path(folder)))
        rows.append((name, bars, empty, told))
        print(*rows[-1], sep="\t", flush=True)
    print(table(("server", "bars", "without music", "told last"), rows))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
