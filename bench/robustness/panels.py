"""Ten panels and 1,000 state messages a second: how much later the player gets by them.

    python -m bench.robustness.panels [--pairs 10] [--seconds 12] [--address countin]

One daemon plays; stretches without and with panels take turns. Each of ten WebSockets is told everything and sets a
control a little over a hundred times a second, of which all ten are told the last value of each writing. Lateness is
the player's: when a note was sent against when it was due (`--trace`), in milliseconds; what is judged is the median of
the differences of each pair.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp

from bench.tables import table
from tests.support import real_programs

PANELS, A_SECOND = 10, 102
PROMPT = "busy funk, 120 bpm"


async def crowd(url: str, address: str, seconds: float) -> tuple[int, int, float, float]:
    """Have panels listen and speak for a while; return how many messages were said, and heard, from when until when."""
    said = heard = 0
    all_there = asyncio.Barrier(PANELS)
    begun: list[float] = []
    async with aiohttp.ClientSession() as http:

        async def panel(number: int) -> None:
            nonlocal said, heard
            async with http.ws_connect(url + "/ws") as ws:
                await ws.send_str('["/llmball/hello"]')

                async def listen() -> None:
                    nonlocal heard
                    async for frame in ws:
                        heard += len(json.loads(frame.data))

                listening = asyncio.create_task(listen())
                await all_there.wait()
                began = time.monotonic()
                begun.append(began)
                for count in range(round(seconds * A_SECOND)):
                    # each has its own moment: what a crowded machine delays is made up for, and the rate holds
                    await asyncio.sleep(max(0.0, began + count / A_SECOND - time.monotonic()))
                    await ws.send_str(json.dumps([f"/llmball/{address}", (number + said) % 5]))
                    said += 1
                listening.cancel()

        await asyncio.gather(*(panel(n) for n in range(PANELS)))
    return said, heard, begun[0], time.monotonic()


def lateness(trace: Path, begin: float, end: float) -> list[float]:
    """Return the lateness in milliseconds of the notes that were due within a stretch."""
    lines = (line.split() for line in trace.read_text().splitlines())
    return [(float(sent) - float(due)) * 1000 for _, due, sent, *_ in lines if begin <= float(due) < end]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--address", default="countin", help="a control that takes 0..4")
    args = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    medians: list[float] = []
    tails: list[float] = []
    said = heard = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trace = folder / "trace.txt"
        options = ("--output", "none", "--http", "127.0.0.1:0", "--trace", str(trace), "--play", PROMPT)
        with real_programs.daemon(*options, env={"LLMBALL_HOME": name}, folder=folder) as daemon:
            time.sleep(3)
            spans: list[tuple[float, float]] = []
            for _ in range(args.pairs):
                begin = time.monotonic()
                time.sleep(args.seconds)
                spans.append((begin, time.monotonic()))
                spoken, told, *span = asyncio.run(crowd(daemon.said("http"), args.address, args.seconds))
                said, heard = said + spoken, heard + told
                spans.append((span[0], span[1]))
            time.sleep(2)
        for pair in zip(spans[::2], spans[1::2], strict=True):
            without, within = (sorted(lateness(trace, *span)) for span in pair)
            p99 = [notes[int(len(notes) * 0.99)] for notes in (without, within)]
            middle = [statistics.median(notes) for notes in (without, within)]
            medians.append(middle[1] - middle[0])
            tails.append(p99[1] - p99[0])
            counts = f"{len(without)} / {len(within)}"
            rows.append((counts, *(f"{v:.3f}" for both in zip(middle, p99, strict=True) for v in both)))
    print(table(("notes without / with", "median", "p99", "median with", "p99 with"), rows))
    rate = said / sum(end - begin for begin, end in spans[1::2])
    print(f"\n{PANELS} panels, {rate:.0f} messages a second said, {heard} told")
    print(
        f"median of the differences: median {statistics.median(medians):+.3f} ms, p99 {statistics.median(tails):+.3f} ms"
    )


if __name__ == "__main__":
    main()
