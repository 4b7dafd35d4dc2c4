"""The generator stopped, killed and slowed while four parts play at 160 bpm: the band plays on.

    python -m bench.latency.starving [--kills N]

Judged at a JACK receiver by what was told: bars without a note, planned note-ons that never sounded.
"""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable

import psutil

from bench.client import stage
from bench.latency.prompt_changes import BAR, BPM, QUARTER, begun_at, end_with_their_take, held_against, kept
from bench.tables import table
from tests.support import real_programs
from tests.support.real_programs import sounding, until

SLOWED = 20
"""By how much the generator is slowed: it runs one part in so many of the time."""
SLICE = 0.005


def stopped(daemon: real_programs.Daemon, seconds: float = 5.0) -> None:
    """Stop the generator for some seconds."""
    child = generator(daemon)
    child.suspend()
    time.sleep(seconds)
    child.resume()


def killed(daemon: real_programs.Daemon, times: int) -> None:
    """Kill the generator every two seconds."""
    for _ in range(times):
        generator(daemon).send_signal(signal.SIGKILL)
        time.sleep(2)


def slowed(daemon: real_programs.Daemon, seconds: float = 30.0) -> None:
    """Let the generator run a twentieth of the time only."""
    child = generator(daemon)
    until_ = time.monotonic() + seconds
    while time.monotonic() < until_:
        child.suspend()
        time.sleep(SLICE * (SLOWED - 1))
        child.resume()
        time.sleep(SLICE)


def generator(daemon: real_programs.Daemon) -> psutil.Process:
    """Return the generator that runs now."""
    until(lambda: daemon.child("llmball: generator") is not None, 20)
    child = daemon.child("llmball: generator")
    assert child is not None
    return child


def performance(fault: Callable[[real_programs.Daemon], None]) -> list[tuple[str, object, object]]:
    """Play with a fault; return the counts."""
    with stage() as (daemon, receiver, client):
        for path, value in (
            ("tempo", BPM),
            ("meter", "4/4"),
            ("humanise", 0.0),
            ("swing", 0.5),
            ("density", 0.6),
        ):
            client.say(path, value)
        client.say("prompt", "funk with chords, melody, bass and drums")
        client.say("play")
        until(lambda: len(receiver.note_ons()) > 40, 20)
        fault(daemon)
        time.sleep(6)
        client.say("stop")
        time.sleep(1)
        heard, told = list(receiver.heard), list(client.told)
    planned, _ = kept(told)
    zero = begun_at(planned, [m for m in heard if m.begins])
    end_with_their_take(planned)
    ended = max(t.at for t in told if t.path == "state" and t.args[0] != "playing")
    due = [n for n in planned if zero + n.start * QUARTER < ended - 0.05]
    missing, _ = held_against(due, heard, zero)
    bars = int(max(n.start for n in due) // BAR) + 1
    late, dropped, starved = (max((t.args[i] for t in told if t.path == "health"), default=0) for i in range(3))
    return [
        ("bars without a plan", bars - len({int(n.start // BAR) for n in due}), bars),
        ("planned note-ons that never sounded", len(missing), len(due)),
        ("beats repeated", starved, ""),
        ("told as late; as dropped, being too late", f"{late}; {dropped}", ""),
        ("left sounding", len(sounding(heard)), ""),
    ]


def main() -> None:
    """Play three times, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency.starving", description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    options = parser.parse_args()
    faults: dict[str, Callable[[real_programs.Daemon], None]] = {
        "stopped for 5 s": stopped,
        f"killed every 2 s, {options.kills} times": lambda daemon: killed(daemon, options.kills),
        f"slowed by {SLOWED} for 30 s": slowed,
    }
    for name, fault in faults.items():
        print(f"{name}\n\n{table(('what', 'count', 'of'), performance(fault))}\n")


if __name__ == "__main__":
    main()
