"""100,000 mutated OSC packets against a daemon that plays: it answers every ping, and the music goes on.

    python -m bench.packets [--count 1000000]

Then each kind of mistake once: it must be answered by an error and change nothing.
"""

from __future__ import annotations

import argparse
import random
import re
import socket
import tempfile
import time
from functools import partial
from pathlib import Path

from bench.client import ROOT, Client
from bench.figures import table
from bridge.addresses import COMMANDS
from bridge.controls import CONTROLS
from bridge.osc import encode
from tests import rig

PACKETS = 100_000
PING_EVERY = 500
MISTAKES: tuple[tuple[str, str, tuple[str | int | float, ...]], ...] = (
    ("wrong type", "tempo", ("fast",)),
    ("wrong type", "key", (5,)),
    ("out of range", "tempo", (301.0,)),
    ("out of range", "part/bass/channel", (17,)),
    ("out of range", "density", (float("nan"),)),
    ("too many", "tempo", (100.0, 120.0)),
    ("unknown address", "nonsense", (1,)),
    ("unknown key", "key", ("X minor",)),
    ("unknown chord", "chords", ("Am Qx",)),
    ("3,000 characters", "prompt", ("x" * 3000,)),
    ("empty prompt", "prompt", (" ",)),
)


QUIET = {"stop", "panic", "play", "bye", "keep", "set/save", "clip", "clip_uri"}
"""Commands that stop the music, write files or take a while: they are sent only as spoiling happens to make them."""


def seeds() -> list[bytes]:
    """Return good packets to spoil, one of each address, some in bundles and some with other arguments than they take."""
    rng = random.Random(11)
    kinds: dict[str, tuple[str | int | float, ...]] = {
        "s": ("Am F C G", "春天"),
        "i": (1, 2**31 - 1),
        "f": (0.5, float("nan")),
    }
    single = [
        encode(ROOT + c.path, [c.default]) for c in CONTROLS.values()
    ] + [encode(ROOT + c.path, [rng.choice(kinds[k]) for k in re.findall(r":([sif])", c.args)]) for c in COMMANDS.values()
         if c.path not in QUIET]  # fmt: skip
    odd = [
        encode(ROOT + path, rng.choices([*kinds["s"], *kinds["i"], *kinds["f"]], k=rng.randint(0, 9)))
        for path in CONTROLS
    ]
    starred = [encode(ROOT + "*" * 40, [1.0]), encode(ROOT + "part/{bass,drums}/level", [0.5])]
    bundles = [bundle(rng.sample(single, 3)) for _ in range(20)]
    return [*single, *odd, *starred, *bundles, bundle([bundle([bundle(bundles[:2])])])]


def bundle(packets: list[bytes]) -> bytes:
    """Return packets in one."""
    return b"#bundle\0" + bytes(7) + b"\1" + b"".join(len(p).to_bytes(4, "big") + p for p in packets)


def spoiled(rng: random.Random, good: list[bytes]) -> bytes:
    """Return a packet with one to five bytes changed, now and then cut."""
    packet = bytearray(rng.choice(good))
    for _ in range(rng.randint(1, 5)):
        packet[rng.randrange(len(packet))] = rng.choice((rng.randrange(256), 0, 255, 42))
    return bytes(packet[: rng.randrange(len(packet)) // 4 * 4] if rng.random() < 0.2 else packet)


def main() -> None:
    """Print how many pings were answered, how slowly at worst, and what each mistake came to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=PACKETS)
    count = parser.parse_args().count
    with (
        tempfile.TemporaryDirectory() as folder,
        rig.daemon("--output", "none", "--play", "calm piano", env={}, folder=Path(folder)) as daemon,
    ):
        client = Client(daemon.osc)
        try:
            rig.until(lambda: bool(client.heard("beat")), 20)  # it plays
            answered, worst, beats = flood(client, daemon.osc, count)
            print(table(
                ("packets", "pings", "answered", "slowest answer, ms", "beats meanwhile", "daemon"),
                [(count, count // PING_EVERY, answered, worst * 1000, beats,
                  "alive" if daemon.process.poll() is None else "dead")],
            ))  # fmt: skip
            print()
            print(
                table(
                    ("mistake", "address", "answered by", "state changed"),
                    [mistake(client, *m) for m in MISTAKES],
                )
            )
        finally:
            client.close()


def flood(client: Client, address: tuple[str, int], count: int) -> tuple[int, float, int]:
    """Send the packets, a ping after each few hundred; return pings answered, the slowest, and beats told."""
    rng, good = random.Random(7), seeds()
    answered, worst, place = 0, 0.0, len(client.told)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        for i in range(1, count + 1):
            stranger.sendto(spoiled(rng, good), address)
            if i % PING_EVERY:
                continue
            began = time.monotonic()
            client.say("ping", i)
            if rig.until(partial(ponged, client, i), 5):
                answered += 1
                worst = max(worst, time.monotonic() - began)
    return answered, worst, len(client.heard("beat", place))


def ponged(client: Client, number: int) -> bool:
    """Tell whether a ping was answered lately."""
    return any(t.args == (number,) for t in client.heard("pong", max(0, len(client.told) - 400)))


def mistake(
    client: Client, what: str, path: str, args: tuple[str | int | float, ...]
) -> tuple[str, str, str, str]:
    """Make one mistake; return what it was answered by, and whether a control's value changed."""
    is_control = path in ("tempo", "key", "density", "chords", "part/bass/channel")
    before = value(client, path) if is_control else None
    place = len(client.told)
    client.say(path, *args)
    told = rig.until(lambda: bool(client.heard("error", place)), 2)
    reason = client.heard("error", place)[0].args[1] if told else "nothing"
    after = value(client, path) if is_control else None
    return what, path, str(reason)[:70].replace("|", "/"), "yes" if before != after else "no"


def value(client: Client, path: str) -> object:
    """Ask for a control."""
    place = len(client.told)
    client.say(path)
    rig.until(lambda: bool(client.heard(path, place)), 2)
    return client.heard(path, place)[0].args


if __name__ == "__main__":
    main()
