"""A broker that is stopped and begun again while the band plays: notes that are late, and what is shown afterwards.

`python -m bench.latency.broker [seconds]`; needs mosquitto. Lateness is that of the player's own trace.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from tests.bridge.mqtt.test_mqtt_broker import Listener
from tests.support.brokers import mosquitto
from tests.support.real_programs import daemon

LATE = 0.005  # seconds
PROMPT = "upbeat pop in C major, 140 bpm"


def main(seconds: float = 30.0) -> None:
    """Stop the broker for the middle third of the time; print what the trace and a new listener say."""
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name)) as broker:
        trace = Path(name) / "trace"
        options = ("--output", "none", "--mqtt", broker.url + "/a", "--play", PROMPT, "--trace", str(trace))
        with daemon(*options, "--http", "none", env=dict(os.environ), folder=Path(name)) as band:
            first = Listener(broker.port)
            time.sleep(seconds / 3)
            first.say("a/tempo", "150")
            if not first.hears("a/tempo", "150.0"):
                raise RuntimeError("the broker does not show the tempo")
            first.close()
            broker.stop()
            time.sleep(seconds / 3)
            broker.start()
            second = Listener(broker.port)
            shown = second.hears("a/state", "playing", 40) and second.hears("a/tempo", "150.0")
            time.sleep(seconds / 3)
            second.close()
            band.stop()
        notes = [line.split() for line in trace.read_text().splitlines()[1:]]
    late = [float(n[2]) - float(n[1]) for n in notes]
    print(f"{len(late)} notes, {sum(x > LATE for x in late)} later than 5 ms, worst {max(late) * 1000:.1f} ms")
    print(f"state shown after the broker's return: {'consistent' if shown else 'NOT consistent'}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
