"""MIDI clock input from an independent program: jack_midi_clock with jack_transport, checked at a receiver."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bench.latency.host_sync import INLET, matched, sender, stretched, transport
from tests.support.real_programs import Daemon, Receiver, sounding, until

pytestmark = pytest.mark.timeout(90)


def test_the_band_plays_in_phase_with_jack_midi_clock_and_stops_with_it(
    daemon: Callable[..., Daemon],
    receiver: Callable[[str], Receiver],
    jack_environment: Mapping[str, str],
    needs: Callable[[str, str], str],
    tmp_path: Path,
) -> None:
    needs("jack_midi_clock", "jack-midi-clock"), needs("jack_transport", "jackd2")
    env = {**os.environ, **jack_environment}
    trace = tmp_path / "trace"
    options = ("--backend", "jack", "--sync", "clock", "--trace", str(trace), "--play", "fast pop in C major")

    def listed() -> str:
        return subprocess.run([needs("jack_lsp", "jackd2")], env=env, capture_output=True, text=True).stdout

    # JACK removes the client of an earlier daemon with a delay and would rename ours
    assert until(lambda: INLET not in listed(), 20)
    started = daemon(*options, env=jack_environment)
    band = receiver(started.jack_port)
    assert INLET in listed()
    with sender(env), transport(env) as host:
        clock = receiver("jack_midi_clock:mclk_out")
        for command in ("master", "tempo 140", "play"):
            host.write(command + "\n")
            host.flush()
        assert until(lambda: len(band.note_ons()) > 120, 40)
        host.write("stop\n")
        host.flush()
        assert until(lambda: any(m.data[0] == 0xFC for m in clock.heard), 5)
        assert until(lambda: not sounding(band.heard), 1)
    assert started.stop() == 0
    beats = matched(band.note_ons(), [line.split() for line in trace.read_text().splitlines()])
    stretch = stretched("all", clock.heard, 0)
    errors = []
    for heard, beat in beats:
        quarter = stretch.quarter(heard.frame)
        if quarter is not None and quarter > 2:
            errors.append(stretch.milliseconds(heard.frame, quarter - beat))
    assert len(errors) > 20
    assert sorted(map(abs, errors))[len(errors) // 2] < 6, "a period is 5.3 ms"
