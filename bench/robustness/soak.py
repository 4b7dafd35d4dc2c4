"""Hours of virtual time with every feature in turn: prompts, changes, cues, follow, hold, morph, clips, bank and keeps.

    python -m bench.robustness.soak [--hours 8] [--model] [--seed 1]
    python -m bench.robustness.endurance --minutes 30        (the same in real time, at a JACK receiver)

The real session and scheduler over a virtual clock; beats come from a generator of ours within 40 ms, or with `--model` from
the model that is shipped (slow: its beats cost their real time). What sounds is ended at the end, and what the
process holds is counted every ten virtual minutes, from the second hour on or the second tenth where there are fewer.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from itertools import count

import psutil

from bench.tables import table
from bridge.clips.service import Clips
from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.midi.protocol import MidiReceived
from bridge.protocol.events import PlayRequested, StopRequested
from bridge.protocol.requests import ClipCancelled, ClipRequested, ClipResend
from bridge.session.transport import State
from bridge.storage import kept_takes
from model.clips.messages import ClipOrder, ClipWritten
from tests.support.random_events import KINDS
from tests.support.virtual_band import Rig

BEAT = 0.005, 0.040
"""Seconds that our generator takes for an order, at least and at most: the model's beats cost some ten milliseconds."""
LOOK = Seconds(600)
"""Seconds of virtual time between two looks at what the process holds."""
QUIET = 2.0
"""Seconds between two wishes, on average."""


def main() -> None:
    """Soak, and print what was left over."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--model", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    generator = None
    if given.model:
        from bench.virtual_session import Generator

        generator = Generator()
    with tempfile.TemporaryDirectory() as home:
        os.environ["LLMBALL_HOME"] = home
        began = time.monotonic()
        rows = soaked(given.hours, given.seed, generator)
        print(table(("what", "figure"), [*rows, ("real minutes", (time.monotonic() - began) / 60)]))


def soaked(hours: float, seed: int, generator: Callable[..., object] | None) -> list[tuple[str, object]]:
    """Play so many virtual hours; return the rows."""
    rng = random.Random(seed)
    cost = random.Random(seed)
    band = Rig(lambda: cost.uniform(*BEAT), generator=generator)  # type: ignore[arg-type]
    clips = Clips(lambda order: orders.append(order))
    orders: list[object] = []
    numbers = count()
    asked, starved, notes = Counter[str](), 0, 0
    end = band.now + hours * 3600
    looks: list[tuple[float, int]] = []
    look = band.now + LOOK
    first = band.now
    while band.now < end:
        band.until(Seconds(band.now + rng.expovariate(1 / QUIET)))
        name = rng.choice((*KINDS, "hands", "clip", "keep"))
        asked[name] += 1
        with suppress(BadRequest):
            if name == "hands":
                played(band, rng)
            elif name == "clip":
                clip(clips, orders, rng, next(numbers), band.now)
            elif name == "keep":
                kept = band.session.kept_bars(4, band.now)
                if rng.random() < 0.05:
                    kept_takes.save(kept, datetime.now())
            else:
                band.happen(KINDS[name](rng))
        if band.session.state is not State.PLAYING and rng.random() < 0.3:
            with suppress(BadRequest):
                band.happen(PlayRequested())
        notes += len(band.sounded)
        starved = max([starved, *(int(str(args[2])) for _, path, args in band.told if path == "health")])
        forget(band)
        if band.now >= look:
            look += LOOK
            gc.collect()
            process = psutil.Process()
            looks.append((process.memory_info().rss / 1e6, process.num_fds() + process.num_threads()))
    band.happen(StopRequested())
    left = len(band.held)
    after = looks[max(1, min(6, len(looks) // 10)) :] or looks
    growth = 100 * (after[-1][0] / after[0][0] - 1) if after else 0.0
    return [
        ("virtual hours", (band.now - first) / 3600),
        ("wishes", sum(asked.values())),
        ("kinds of wishes", len(asked)),
        ("note-ons", notes),
        ("left sounding", left),
        ("beats starved", starved),
        ("resident MB after warming up, at the end", f"{after[0][0]:.1f}, {after[-1][0]:.1f}" if after else "-"),
        ("memory growth, %", growth),
        ("growth of handles and threads", after[-1][1] - after[0][1] if after else 0),
    ]  # fmt: skip


def forget(band: Rig) -> None:
    """Drop what the rig writes down for tests: it is not the session's."""
    band.told.clear()
    band.sounded.clear()
    band.writes.clear()
    band.places.clear()
    band.kept.clear()
    band.silences.clear()
    band.clocked.clear()
    band.forgotten.clear()
    band.prepared.clear()
    band.planned.clear()
    for remembered in (band._plans, band._written, band._chords):
        for take in sorted(remembered)[:-64]:
            del remembered[take]


def played(band: Rig, rng: random.Random) -> None:
    """Play a chord for a moment."""
    root = rng.randrange(48, 60)
    for pitch in (root, root + 4, root + 7):
        band.happen(MidiReceived(band.now, bytes((0x90, pitch, 80))))
    band.until(Seconds(band.now + rng.uniform(0.2, 1.5)))
    for pitch in (root, root + 4, root + 7):
        band.happen(MidiReceived(band.now, bytes((0x80, pitch, 0))))


def clip(clips: Clips, orders: list[object], rng: random.Random, number: int, now: Seconds) -> None:
    """Ask for a clip, and have it written, cancelled or told again."""
    sender = ("127.0.0.1", 50_000 + number % 5)
    clips.handle(ClipRequested(number, 4, number, "rain", ()), sender, now)
    if rng.random() < 0.3:
        clips.handle(ClipCancelled(number), sender, now)
    for order in orders:
        if isinstance(order, ClipOrder):
            clips.on_answer(ClipWritten(order.number, 0, 16.0, 120.0, "C major", ()), now)
    orders.clear()
    clips.handle(ClipResend(number), sender, now)


if __name__ == "__main__":
    main()
