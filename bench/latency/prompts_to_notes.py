"""From words to the first note-on at a JACK receiver: playing, quantize now, 200 different prompts, warm.

    python -m bench.latency.prompts_to_notes [--prompts 200]

The receiver knows an event by the period in which it came (5.3 ms). On its way a prompt is told of: the old take's notes are
taken back, the words are understood, the first beat is told.
"""

from __future__ import annotations

import argparse
import itertools
import time

from bench.client import Client, stage
from bench.tables import percentile, table
from tests.support.real_programs import Receiver, until

MOODS = (
    "calm",
    "joyful",
    "tender",
    "dark",
    "dreamy",
    "angry",
    "lonely",
    "hopeful",
    "playful",
    "温柔的",
    "sleepy",
    "proud",
    "nervous",
    "bright",
    "weightless",
    "stubborn",
    "mysterious",
    "warm",
    "restless",
    "忧伤的",
)
STYLES = (
    "pop",
    "jazz",
    "lo-fi",
    "folk ballad",
    "waltz",
    "blues",
    "钢琴曲",
    "bossa nova",
    "rock",
    "film music",
)
HOPS = ("cancelled", "understood/key", "note")
GAP = 0.9
"""Seconds of music between two prompts."""


def main() -> None:
    """Print the distribution in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency.prompts_to_notes", description=__doc__)
    parser.add_argument("--prompts", type=int, default=len(MOODS) * len(STYLES))
    count = parser.parse_args().prompts
    taken: list[float] = []
    hops: dict[str, list[float]] = {path: [] for path in HOPS}
    lost = 0
    with stage() as (_, receiver, client):
        client.say("quantize", "now")
        client.say("prompt", "warm up")
        client.say("play")
        until(lambda: len(receiver.note_ons()) > 8, 10)
        for mood, style in itertools.islice(itertools.product(MOODS, STYLES), count):
            time.sleep(GAP)
            began, place = time.monotonic(), len(client.told)
            milliseconds = one(client, receiver, f"{mood} {style}")
            for path, times in hops.items():
                times += [1000 * (told.at - began) for told in client.heard(path, place)[:1]]
            if milliseconds is None:
                lost += 1
            else:
                taken.append(milliseconds)
    head = ("prompts", "not heard within 3 s", "median ms", "p90", "p99", "worst")
    cells = [percentile(taken, share) for share in (0.5, 0.9, 0.99, 1)]
    print(table(head, [(len(taken) + lost, lost, *cells)]))
    print()
    print(table(("told on the way", "median ms"), [(path, percentile(ms, 0.5)) for path, ms in hops.items()]))


def one(client: Client, receiver: Receiver, prompt: str) -> float | None:
    """Return milliseconds from sending a prompt to the first note of its take at the receiver."""
    before = {told.args[0] for told in client.heard("note")}
    place = len(client.told)
    began = time.monotonic()
    client.say("prompt", prompt)

    def first() -> float | None:
        planned = [told for told in client.heard("note", place) if told.args[0] not in before]
        if not planned:
            return None
        pitches = {told.args[2] for told in planned}
        # the old take is silent by the time that the new one's notes are told
        return next((m.at for m in receiver.note_ons(after=planned[0].at - 0.006) if m.data[1] in pitches), None)

    if not until(lambda: first() is not None, 3):
        return None
    return ((first() or began) - began) * 1000


if __name__ == "__main__":
    main()
