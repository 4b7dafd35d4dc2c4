"""Each mishap by its name, and the table of what came of them: `python -m bench.robustness.mishaps [PART OF A NAME …]`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.robustness.mishaps import Row
from bench.robustness.mishaps.disks import disk_full, disk_read_only, home_is_no_folder
from bench.robustness.mishaps.starts import (
    CLIP,
    SERVE,
    bad_midi,
    bad_set,
    bad_take,
    cut,
    flipped,
    gone,
    http_taken,
    no_jack,
    osc_taken,
    spoiled_weights,
    two_daemons,
    unsummed,
)
from bench.robustness.mishaps.while_playing import (
    agrees_then_babbles,
    asleep,
    babbles,
    broker_that,
    hangs_up,
    says_nothing,
    told_to_end_while_stopped,
)
from bench.tables import table

MISHAPS: dict[str, Callable[[Path], Row]] = {
    "disk full: keep, set/save": disk_full,
    "disk read-only: keep, set/save": disk_read_only,
    "a file where the home should be": home_is_no_folder,
    "OSC port taken": osc_taken,
    "panel's port taken": http_taken,
    "two daemons": two_daemons,
    "no JACK server": no_jack,
    "a set that says nonsense": bad_set,
    "a kept take, cut": bad_take,
    "a .mid file that is none": bad_midi,
    "decoder cut: serve": spoiled_weights(cut("decoder.safetensors"), *SERVE),
    "decoder with one bit changed: serve": spoiled_weights(flipped("decoder.safetensors"), *SERVE),
    "decoder with one bit changed: clip": spoiled_weights(flipped("decoder.safetensors"), *CLIP),
    "decoder gone: serve": spoiled_weights(gone("decoder.safetensors"), *SERVE),
    "decoder cut, no sums: serve": spoiled_weights(unsummed("decoder.safetensors"), *SERVE),
    "plan cut, no sums: clip": spoiled_weights(unsummed("plan.safetensors"), *CLIP),
    "plan with one bit changed: understand": spoiled_weights(flipped("plan.safetensors"), "understand", "calm"),
    "θ with one bit changed: serve": spoiled_weights(flipped("fusion.json"), *SERVE),
    "θ cut: clip": spoiled_weights(cut("fusion.json"), *CLIP),
    "harmoniser with one bit changed: serve": spoiled_weights(flipped("harmoniser.safetensors"), *SERVE),
    "broker that hangs up": broker_that(hangs_up),
    "broker that says nothing": broker_that(says_nothing),
    "broker that babbles": broker_that(babbles),
    "broker that agrees, then babbles": broker_that(agrees_then_babbles),
    "all processes stopped for 5 s": asleep,
    "SIGTERM while the generator is stopped": told_to_end_while_stopped,
}


def main() -> None:
    """Print a row a mishap."""
    rows = []
    for name, happen in MISHAPS.items():
        if sys.argv[1:] and not any(part in name for part in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                words, line, code = happen(Path(folder))
            except Exception as error:  # the table goes on: this row tells it
                words, line, code = f"{type(error).__name__}: {error}"[:200], "-", "-"
        rows.append((name, words, line.replace("|", "/").replace(folder, "…"), code))
        print(*rows[-1], sep=" · ", file=sys.stderr)
    print(table(("mishap", "what happened", "what is told", "exit code"), rows))


if __name__ == "__main__":
    main()
