"""Slaved to jack_midi_clock under jack_transport: 120, 133, 96 bpm, then stop, locate and play, then locate while it rolls.

    python -m bench.latency.host_sync [--seconds 20]

Each stretch lasts so many seconds. The clock and our notes are heard by the same receiver program; the error of a
note is its place in the clock's quarters, by JACK frames, beside its own beat. After a change it is told from which beat on,
counted from 1, no note is off by more than 3 ms. (jack_midi_clock says nothing of a locate while it rolls; `tests/bridge/session/test_host_sync.py` does.)
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench.client import Client
from bench.tables import percentile, table
from tests.support import real_programs

CLOCKS = 24
RATE = 48000
INLET = "llmball-in:LLMBall in"
PROMPT = "upbeat pop in C major"
NEAR = 0.050
"""Seconds between a note's planned moment and the period in which it was heard."""
SETTLED = 2.0
"""Beats after a change within which the phase may still be sought."""
IN_PHASE = 3.0
"""Milliseconds."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the performance: its name, the JACK frames of its clocks, and the place of the first in the song."""

    name: str
    clocks: Sequence[int]
    first: int

    def quarter(self, frame: int) -> float | None:
        """Return where a frame is, in quarter notes since the song began; None outside."""
        at = bisect_right(self.clocks, frame) - 1
        if not 0 <= at < len(self.clocks) - 1:
            return None
        here, there = self.clocks[at], self.clocks[at + 1]
        return (self.first + at + (frame - here) / (there - here)) / CLOCKS

    def milliseconds(self, frame: int, quarters: float) -> float:
        """Return how long so much of a quarter lasts there."""
        at = min(max(0, bisect_right(self.clocks, frame) - 1), len(self.clocks) - 2)
        return quarters * CLOCKS * (self.clocks[at + 1] - self.clocks[at]) * 1000 / RATE


@contextmanager
def transport(env: dict[str, str]) -> Iterator[IO[str]]:
    """Yield where jack_transport, as the master of the tempo, takes its commands."""
    command = [real_programs.tool("jack_transport", "jackd2")]
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    try:
        yield process.stdin
        process.stdin.write("exit\n")
        process.stdin.flush()
        process.wait(3)
    finally:
        process.stdin.close()
        real_programs.ended(process)


def main() -> None:
    """Print the phase error a stretch."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=20)
    seconds = options.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = real_programs.built_recorder(folder)
        with real_programs.jack(f"llmball-slaved-{os.getpid()}") as there:
            env = os.environ | there
            serve = ("--backend", "jack", "--sync", "clock", "--trace", str(folder / "trace"))
            with (
                real_programs.daemon(*serve, env=there, folder=folder) as daemon,
                real_programs.receiver(program, daemon.jack_port, there) as band,
                sender(env) as _,
                real_programs.receiver(program, "jack_midi_clock:mclk_out", there) as clock,
                transport(env) as host,
            ):
                client = Client(daemon.osc)
                client.say("humanise", 0)
                client.say("prompt", PROMPT)
                client.say("play")
                real_programs.until(lambda: bool(client.heard("understood/key")), 10)
                time.sleep(1)
                marks = performed(host, clock, seconds)
                priority = "real-time" if "real-time" in daemon.log.read_text() else "normal"
                client.close()
            report(clock.heard, band.note_ons(), marks, folder / "trace", priority)


@contextmanager
def sender(env: dict[str, str]) -> Iterator[None]:
    """Run jack_midi_clock, connected to the inlet."""
    process = subprocess.Popen(
        [real_programs.tool("jack_midi_clock", "jack-midi-clock"), "-d", "0", INLET],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        lsp = real_programs.tool("jack_lsp", "jackd2")
        real_programs.until(
            lambda: "mclk_out" in subprocess.run([lsp], env=env, capture_output=True, text=True).stdout, 5
        )
        yield
    finally:
        real_programs.ended(process)


def performed(host: IO[str], clock: real_programs.Receiver, seconds: float) -> list[tuple[str, int]]:
    """Play the score; return the name of each stretch and how many messages of the clock came before it."""
    marks: list[tuple[str, int]] = []

    def say(*commands: str, name: str) -> None:
        marks.append((name, len(clock.heard)))
        for command in commands:
            host.write(command + "\n")
            host.flush()
            time.sleep(0.3)
        time.sleep(seconds)

    say("master", "tempo 120", "play", name="120 from the start")
    say("tempo 133", name="133")
    say("tempo 96", name="96")
    say("stop", f"locate {RATE * 37}", "play", name="96 after stop, locate, play")
    host.write("stop\n")
    host.flush()
    time.sleep(0.5)
    return marks


def report(
    clock: list[real_programs.Heard],
    notes: list[real_programs.Heard],
    marks: list[tuple[str, int]],
    trace: Path,
    priority: str,
) -> None:
    """Print a row a stretch."""
    beats = matched(notes, [line.split() for line in trace.read_text().splitlines()])
    print(f"player: {priority} priority; 256 frames a period; note-ons heard {len(notes)}, traced {len(beats)}\n")
    rows, place = [], 0
    for index, (name, begin) in enumerate(marks):
        end = marks[index + 1][1] if index + 1 < len(marks) else len(clock)
        stretch = stretched(name, clock[begin:end], place)
        place = stretch.first + len(stretch.clocks)
        steady: list[float] = []
        worst: dict[int, float] = {}
        for heard, beat in beats:
            quarter = stretch.quarter(heard.frame)
            if quarter is None:
                continue
            beside = quarter - beat - round(quarter - beat)
            error = stretch.milliseconds(heard.frame, beside)
            since = quarter - stretch.first / CLOCKS
            number = int(since + 0.02) + 1
            worst[number] = max(worst.get(number, 0.0), abs(error))
            if since >= SETTLED:
                steady.append(abs(error))
        if steady:
            cells = [percentile(steady, share) for share in (0.5, 0.99, 1)]
            from_ = max((n for n, error in worst.items() if error > IN_PHASE), default=0) + 1
            rows.append((name, len(steady), *cells, worst.get(1, 0.0), worst.get(2, 0.0), from_))
    head = ("stretch", "notes", "median ms", "p99", "max", "beat 1, worst", "beat 2", "in phase from beat")
    print(table(head, rows))


def stretched(name: str, messages: list[real_programs.Heard], place: int) -> Stretch:
    """Return a stretch that begins at a place, in clocks, unless it says otherwise itself."""
    begins = next((i for i, m in enumerate(messages) if m.data[0] in (0xFA, 0xFB)), 0)
    for message in messages[:begins]:
        if message.data[0] == 0xF2:
            place = (message.data[1] | message.data[2] << 7) * 6
    return Stretch(name, [m.frame for m in messages[begins:] if m.data[0] == 0xF8], place)


def matched(heard: list[real_programs.Heard], lines: list[list[str]]) -> list[tuple[real_programs.Heard, float]]:
    """Pair what was heard with the trace: each note-on with the planned beat of the nearest of its pitch."""
    planned: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for beat, _, sent, channel, pitch in lines:
        planned.setdefault((int(channel), int(pitch)), []).append((float(sent), float(beat)))
    pairs: list[tuple[real_programs.Heard, float]] = []
    for message in heard:
        there = planned.get((message.channel, message.data[1]), [])
        nearest = min(there, key=lambda pair: abs(pair[0] - message.at), default=None)
        if nearest is not None and abs(nearest[0] - message.at) < NEAR:
            pairs.append((message, nearest[1]))
    return pairs


if __name__ == "__main__":
    main()
