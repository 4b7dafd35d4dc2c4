"""What happens on kill -9 of daemon, generator and player, on SIGSTOP of the player alone and together with the daemon, and when the JACK server dies or a synth goes away.

    python -m bench.robustness.faults [--only both_stopped,player_killed,…]

Each fault happens to a daemon of its own that plays to an independent receiver. "silent after" is from the fault to the
last end of what sounded: a note-off, or all notes off (controller 123) of the player that comes after. Active Sensing is
judged by the longest time between two messages of any kind while playing (receivers wait 330 ms).
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psutil

from bench.tables import table
from tests.support import real_programs

PROMPT = "fast pop in C major, 150 bpm"
Row = tuple[str, str, str]


@contextmanager
def playing(
    folder: Path, program: Path, env: Mapping[str, str]
) -> Iterator[tuple[real_programs.Daemon, real_programs.Receiver]]:
    """Yield a daemon that plays and its receiver, once notes sound."""
    with (
        real_programs.daemon("--backend", "jack", "--play", PROMPT, env=env, folder=folder) as daemon,
        real_programs.receiver(program, daemon.jack_port, env) as receiver,
    ):
        real_programs.until(lambda: len(receiver.note_ons()) > 30, 30)
        time.sleep(1)
        real_programs.until(lambda: bool(real_programs.sounding(receiver.heard)), 5)
        yield daemon, receiver


def silent_after(receiver: real_programs.Receiver, fault: float, seconds: float) -> float | None:
    """Return seconds until all that sounded at a moment was ended, None where something is left."""
    left = real_programs.sounding([m for m in receiver.heard if m.at <= fault])
    end = fault + seconds
    while time.monotonic() < end:
        last = fault
        rest = set(left)
        for message in [m for m in receiver.heard if m.at > fault]:
            before = len(rest)
            if message.ends:
                rest.discard((message.channel, message.data[1]))
            elif message.data[0] & 0xF0 == 0xB0 and message.data[1] in (120, 123):
                rest = {voice for voice in rest if voice[0] != message.channel}
            if len(rest) < before:
                last = message.at
        if not rest:
            return last - fault
        time.sleep(0.02)
    return None


def shown(seconds: float | None) -> str:
    """Return a duration in milliseconds, in words."""
    return "something is left sounding" if seconds is None else f"silent after {seconds * 1000:.0f} ms"


def longest_rest(receiver: real_programs.Receiver, begin: float, end: float) -> float:
    """Return the longest time without any message, in seconds."""
    times = [begin, *(m.at for m in receiver.heard if begin < m.at < end), end]
    return max(b - a for a, b in pairwise(times))


def daemon_killed(folder: Path, program: Path, env: Mapping[str, str]) -> Row:
    """Kill the daemon: the player ends what sounds."""
    with playing(folder, program, env) as (daemon, receiver):
        fault = time.monotonic()
        daemon.process.kill()
        return "daemon, kill -9", "0.5 s", shown(silent_after(receiver, fault, 2))


def generator_killed(folder: Path, program: Path, env: Mapping[str, str]) -> Row:
    """Kill the generator every 2 s: the music goes on."""
    with playing(folder, program, env) as (daemon, receiver):
        fault = time.monotonic()
        kills = 0
        while time.monotonic() < fault + 20:
            child = daemon.child("llmball: generator")
            if child is not None:
                child.kill()
                kills += 1
            time.sleep(2)
        onsets = [fault, *(m.at for m in receiver.note_ons(after=fault)), time.monotonic()]
        rest = max(b - a for a, b in pairwise(onsets))
        alive = daemon.process.poll() is None
        daemon.stop()
        return (
            f"generator, kill -9, {kills} times",
            "no bar without music",
            f"longest rest {rest * 1000:.0f} ms, {'daemon alive' if alive else 'daemon dead'}",
        )


def player_killed(folder: Path, program: Path, env: Mapping[str, str]) -> Row:
    """Kill the player: the next one, connected as before, ends what sounds."""
    with playing(folder, program, env) as (daemon, receiver):
        sensing = longest_rest(receiver, time.monotonic() - 1, time.monotonic())
        words = _without_player(daemon, receiver, psutil.Process.kill)
    return "player, kill -9", "Active Sensing", f"{words}; before it no rest over {sensing * 1000:.0f} ms"


def player_stopped(folder: Path, program: Path, env: Mapping[str, str]) -> Row:
    """Stop the player for as long as it takes: it is ended, and the next one ends what sounds."""
    with playing(folder, program, env) as (daemon, receiver):
        words = _without_player(daemon, receiver, psutil.Process.suspend)
    return "player, SIGSTOP", "silent, whoever holds the port", words


def _without_player(
    daemon: real_programs.Daemon, receiver: real_programs.Receiver, happen: Callable[[psutil.Process], None]
) -> str:
    """Let something happen to the player; return in words what came of it."""
    child = daemon.child("llmball: player")
    assert child is not None
    fault = time.monotonic()
    happen(child)
    ended = silent_after(receiver, fault, 8)
    again = real_programs.until(lambda: bool(receiver.note_ons(after=fault + 0.5)), 8)
    daemon.stop()
    return f"{shown(ended)} by the next player; {'plays again' if again else 'does not play again'}"


STOPPED = 3.0
"""Seconds for which daemon and player are stopped together."""
MOMENT = 0.1
"""Seconds in which note-ons count as struck together: those that came late would come in one."""


def both_stopped(folder: Path, program: Path, env: Mapping[str, str]) -> Row:
    """Stop daemon and player together and let them go on: nobody can end what sounds before, and nothing may come late after."""
    with playing(folder, program, env) as (daemon, receiver):
        child = daemon.child("llmball: player")
        assert child is not None
        both = (psutil.Process(daemon.process.pid), child)
        for process in both:
            process.suspend()
        before = [m.at for m in receiver.note_ons()]
        time.sleep(STOPPED)
        again = time.monotonic()
        for process in both:
            process.resume()
        ended = silent_after(receiver, again, 8)
        plays = real_programs.until(lambda: bool(receiver.note_ons(after=again + 0.5)), 8)
        together = len([m for m in receiver.note_ons(after=again) if m.at < again + MOMENT])
        usual = max(bisect_left(before, at + MOMENT) - i for i, at in enumerate(before))
        daemon.stop()
        left = real_programs.until(lambda: not real_programs.sounding(receiver.heard), 2)
    words = f"{shown(ended)}; {together} note-ons in the first {MOMENT} s (before it at most {usual}); "
    words += f"{'plays again' if plays else 'does not play again'}; {'nothing' if left else 'something'} left"
    return f"daemon and player, SIGSTOP for {STOPPED:.0f} s, SIGCONT", "no burst, nothing left", words


def synth_gone(folder: Path, program: Path, env: Mapping[str, str]) -> Row:
    """Take the receiver away and bring it back: it is connected again."""
    with real_programs.daemon("--backend", "jack", "--play", PROMPT, env=env, folder=folder) as daemon:
        with real_programs.receiver(program, daemon.jack_port, env) as receiver:
            real_programs.until(lambda: len(receiver.note_ons()) > 8, 30)
            time.sleep(1)
        time.sleep(1)
        with real_programs.receiver(program, None, env) as back:
            began = time.monotonic()
            notes = real_programs.until(lambda: bool(back.note_ons()), 8)
            taken = time.monotonic() - began
        lines = [x for x in daemon.log.read_text().splitlines() if "gone" in x or "connected again" in x]
        words = f"first note after {taken:.1f} s" if notes else "no note any more"
        return "synth goes and comes back", "reconnects, one line each", f"{words}; {len(lines)} lines told"


def server_gone(folder: Path, program: Path, name: str) -> Row:
    """Kill the JACK server and start another."""
    with real_programs.jack(name) as env:
        daemon_stack = real_programs.daemon("--backend", "jack", "--play", PROMPT, env=env, folder=folder)
        daemon = daemon_stack.__enter__()
        with real_programs.receiver(program, daemon.jack_port, env) as receiver:
            real_programs.until(lambda: len(receiver.note_ons()) > 8, 30)
    try:
        told = real_programs.until(lambda: "port was lost" in daemon.log.read_text(), 5)
        with real_programs.jack(name) as env:
            began = time.monotonic()
            back = real_programs.until(lambda: "there again" in daemon.log.read_text(), 10)
            taken = time.monotonic() - began
            with real_programs.receiver(program, daemon.jack_port, env) as receiver:
                plays = real_programs.until(lambda: len(receiver.note_ons()) > 4, 8)
                code = daemon.stop(signal.SIGTERM)
                left = real_programs.until(lambda: not real_programs.sounding(receiver.heard), 1)
        words = f"told: {told}, there again: {back} after {taken:.1f} s, plays: {plays}, "
        return "JACK server dies, returns", "reconnects, one line", words + f"exit {code}, silent: {left}"
    finally:
        daemon_stack.__exit__(None, None, None)


FAULTS = (daemon_killed, generator_killed, player_killed, player_stopped, both_stopped, synth_gone)


def main() -> None:
    """Print a row a fault."""
    options = argparse.ArgumentParser(prog="python -m bench.robustness.faults", description=__doc__)
    options.add_argument("--only", default=",".join([*(f.__name__ for f in FAULTS), server_gone.__name__]))
    only = options.parse_args().only.split(",")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = real_programs.built_recorder(folder)
        rows: list[Row] = []
        with real_programs.jack(f"llmball-faults-{os.getpid()}") as env:
            rows += [fault(folder, program, env) for fault in FAULTS if fault.__name__ in only]
        if server_gone.__name__ in only:
            rows.append(server_gone(folder, program, f"llmball-fall-{os.getpid()}"))
    print(table(("fault", "wanted", "what happened"), rows))


if __name__ == "__main__":
    main()
