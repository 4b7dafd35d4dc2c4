"""Rounds of kill -9 and SIGSTOP of player, spare and generator, mixed with stop, panic and changes of channels.

    python -m bench.robustness.mixed_kills [--rounds 40] [--seed 1]

Judged at a JACK receiver that stays connected: how long each note sounded, to its end or to all notes off. A process that
is stopped stays so until the end of its round: three seconds. The band plays at 160 bpm, where no note lasts for six seconds.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import psutil

from bench.client import Client, stage
from bench.tables import table
from tests.support import real_programs
from tests.support.real_programs import until

PROCESSES = ("player", "spare", "generator")
LONGEST, ROUND = 6.0, 3.0
"""Seconds that a note may sound, and that a round lasts."""


def main() -> None:
    """Play, break, and print the counts."""
    parser = argparse.ArgumentParser(prog="python -m bench.robustness.mixed_kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng, done = random.Random(given.seed), Counter[str]()
    with stage() as (daemon, receiver, client):
        for path, value in (("tempo", 160.0), ("meter", "4/4")):
            client.say(path, value)
        client.say("prompt", "funk with chords, melody, bass and drums")
        client.say("play")
        until(lambda: len(receiver.note_ons()) > 40, 30)
        for _ in range(given.rounds):
            done.update(one_round(daemon, client, rng))
        until(lambda: bool(receiver.note_ons(after=time.monotonic() - 1)), 20)
        plays = bool(receiver.note_ons(after=time.monotonic() - 2))
        client.say("stop")
        time.sleep(2)
        lengths = sounded(receiver.heard, time.monotonic())
    rows = [(what, str(count)) for what, count in sorted(done.items())]
    rows += [("notes", str(len(lengths))), ("longest note, s", f"{max(lengths, default=0.0):.1f}")]
    rows += [(f"notes on for over {LONGEST:.0f} s", str(sum(x > LONGEST for x in lengths)))]
    rows += [("plays at the end", "yes" if plays else "no")]
    print(table(("what", "count"), rows))


def one_round(daemon: real_programs.Daemon, client: Client, rng: random.Random) -> Iterable[str]:
    """Do three things to the processes and two to the music, and let those that are stopped go on."""
    stopped: list[psutil.Process] = []
    done: list[str] = []
    for _ in range(3):
        name, kills = rng.choice(PROCESSES), rng.random() < 0.5
        process = daemon.child(f"llmball: {name}")
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                process.kill() if kills else process.suspend()
                stopped += [] if kills else [process]
                done.append(f"{name} {'killed' if kills else 'stopped'}")
        time.sleep(rng.uniform(0, 0.3))
        what = rng.choice(("stop", "panic", "channel", ""))
        if what == "channel":
            client.say(f"part/{rng.choice(('chords', 'melody', 'bass'))}/channel", rng.randint(1, 16))
        elif what:
            client.say(what)
        done.append(what or "nothing asked")
        client.say("play")
    time.sleep(ROUND)
    for process in stopped:
        with suppress(psutil.NoSuchProcess):
            process.resume()
    return done


def sounded(heard: Iterable[real_programs.Heard], now: float) -> list[float]:
    """Return the seconds that each note sounded; those that have no end, until now."""
    begun: dict[tuple[int, int], float] = {}
    lengths: list[float] = []

    def end(voices: Iterable[tuple[int, int]], at: float) -> None:
        lengths.extend(at - begun.pop(voice) for voice in list(voices) if voice in begun)

    for message in list(heard):
        voice = (message.channel, message.data[1])
        if message.begins:
            end([voice], message.at)
            begun[voice] = message.at
        elif message.ends:
            end([voice], message.at)
        elif message.data[0] & 0xF0 == 0xB0 and message.data[1] in (120, 123):
            end([v for v in begun if v[0] == message.channel], message.at)
    end(list(begun), now)
    return lengths


if __name__ == "__main__":
    main()
