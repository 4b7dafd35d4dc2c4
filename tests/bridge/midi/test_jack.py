from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median

import psutil
import pytest

from bridge.clock import Seconds, TempoMap, monotonic
from bridge.midi import jack
from bridge.midi.jack import ConnectionKeeper, JackClient, JackPort
from bridge.midi.output_ports import RecordingPort
from bridge.midi.player import Player
from bridge.midi.protocol import Cancel, NoteOff, NoteOn, Play, ScheduledNote, SetTempoMap, Silence
from model.music.notes import Ticks
from tests.support import real_programs
from tests.support.jackd import still_registered
from tests.support.real_programs import Daemon, Receiver, sounding, until


class Door(JackClient):
    """A fake client; the test adds and removes the other ports."""

    def __init__(self, *there: str) -> None:
        self.there, self.joined = set(there), set(there)

    def connections(self) -> tuple[str, ...]:
        return tuple(sorted(self.joined))

    def exists(self, name: str) -> bool:
        return name in self.there

    def connect(self, other: str) -> bool:
        self.joined.add(other)
        return True


def test_a_synth_that_goes_is_told_and_connected_again_when_it_comes_back() -> None:
    door = Door("synth:in")
    connections = ConnectionKeeper(door)
    assert connections.check() == []
    door.there, door.joined = set(), set()
    assert connections.check() == ["synth:in is gone"]
    assert connections.left == {"synth:in"}
    assert connections.check() == []
    assert not connections.left
    door.there = {"synth:in"}
    assert connections.check() == ["synth:in is connected again"]
    assert door.joined == {"synth:in"}


def test_a_synth_that_is_looked_at_while_it_goes_is_not_taken_for_one_that_its_owner_took_off() -> None:
    door = Door("synth:in")
    connections = ConnectionKeeper(door)
    connections.check()
    door.joined = set()  # JACK removes a client's connections before its ports
    assert connections.check() == []
    assert connections.remembered == {"synth:in"}
    door.there = set()
    assert connections.check() == ["synth:in is gone"]
    door.there = {"synth:in"}
    assert connections.check() == ["synth:in is connected again"]


def test_a_synth_that_its_owner_takes_off_is_left_alone() -> None:
    door = Door("synth:in")
    connections = ConnectionKeeper(door)
    connections.check()
    door.joined = set()
    assert [connections.check() for _ in range(3)] == [[], [], []]
    assert connections.remembered == frozenset()
    assert door.joined == set()


def test_a_cable_that_is_pulled_and_plugged_in_again_is_noticed_whoever_did_it() -> None:
    door = Door("synth:in", "other:in")
    connections = ConnectionKeeper(door)
    connections.check()
    assert connections.joined == {"synth:in", "other:in"}
    connections.look()
    assert connections.joined == frozenset()
    door.joined = {"other:in"}
    connections.look()
    assert connections.joined == frozenset()
    door.joined = {"synth:in", "other:in"}
    connections.look()
    assert connections.joined == {"synth:in"}
    connections.check()
    assert connections.joined == frozenset(), "once"


def test_a_synth_that_is_connected_again_is_one_that_joined() -> None:
    door = Door("synth:in")
    connections = ConnectionKeeper(door)
    connections.check()
    door.there, door.joined = set(), set()
    connections.check()
    door.there = {"synth:in"}
    connections.check()
    assert connections.joined == {"synth:in"}


pytestmark = pytest.mark.timeout(90)


class PatientPort(RecordingPort):
    """Accepts messages 20 ms early and stores their times."""

    schedule_ahead = Seconds(0.020)

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[tuple[Seconds | None, bytes]] = []

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        self.moments.append((at, data))


def sound(at: int, length: int) -> ScheduledNote:
    return ScheduledNote(Ticks(at), Ticks(length), 0, 60, 80, "chords", Ticks(at))


def test_a_port_that_waits_is_given_each_message_ahead_with_its_moment() -> None:
    now = [Seconds(10.0)]
    port = PatientPort()
    player = Player(port, False, lambda: now[0])
    player.handle(SetTempoMap(TempoMap.starting_at(125, Seconds(11.0))))  # one tick is 1 ms
    player.handle(Play(1, (sound(0, 100),)))
    assert player.timeout() == pytest.approx(0.98)
    now[0] = Seconds(10.981)
    player.send_due()
    assert [at for at, data in port.moments if data[0] == 0x90] == [11.0]
    now[0] = Seconds(11.081)
    player.send_due()
    assert [at for at, data in port.moments if data[0] == 0x80] == [pytest.approx(11.1)]


def test_an_end_that_is_brought_forward_never_comes_before_its_beginning() -> None:
    now = [Seconds(10.0)]
    port = PatientPort()
    player = Player(port, False, lambda: now[0])
    player.handle(SetTempoMap(TempoMap.starting_at(125, Seconds(11.0))))
    player.handle(Play(1, (sound(0, 100),)))
    now[0] = Seconds(10.985)
    player.send_due()
    player.handle(Cancel(1, Ticks(0)))  # of a note that was sent early only the end can be moved
    player.send_due()
    (on, off) = [at for at, data in port.moments if data[0] in (0x90, 0x80)]
    assert on is not None
    assert off is not None
    assert off >= on


# --- with a JACK server --------------------------------------------------------------------------


@pytest.fixture
def exact(jack_server: str) -> Iterator[JackPort]:
    """A port on the private server."""
    if not jack.available():
        pytest.skip("bridge/midi/jackmidi.c is not built (a C compiler, then make setup)")
    port = JackPort("jack:exact:out", {"": ("exact", "out")}, {})
    yield port
    port.close()


def test_messages_sound_at_their_frames(exact: JackPort, receiver: Callable[[str], Receiver]) -> None:
    heard = receiver("exact:out")
    begin = monotonic() + 0.1
    for i in range(40):
        exact.send("", NoteOn(0, 40 + i, 80).encode(), Seconds(begin + i * 0.0105))
    assert until(lambda: len(heard.heard) == 40, 3)
    steps = [b.frame - a.frame for a, b in pairwise(heard.heard)]
    assert abs(median(steps) - 504) <= 4, "10.5 ms; at the beginnings of periods it would be 512"


def test_beginnings_that_wait_are_taken_back_and_ends_come_at_once(
    exact: JackPort, receiver: Callable[[str], Receiver]
) -> None:
    heard = receiver("exact:out")
    exact.send("", NoteOn(0, 60, 80).encode())
    assert until(lambda: heard.heard != [], 1)
    later = Seconds(monotonic() + 1.0)
    exact.send("", NoteOff(0, 60).encode(), later)
    exact.send("", NoteOn(0, 64, 80).encode(), later)
    exact.flush()
    assert until(lambda: (0x80, 60, 0) in [m.data for m in heard.heard], 0.5)
    assert monotonic() < later
    time.sleep(max(0.0, later + 0.05 - monotonic()))
    assert [m.data for m in heard.heard] == [(0x90, 60, 80), (0x80, 60, 0)]


def test_a_player_falls_silent_at_once_whatever_it_gave_ahead(
    exact: JackPort, receiver: Callable[[str], Receiver]
) -> None:
    heard = receiver("exact:out")
    player = Player(exact, False)
    player.handle(SetTempoMap(TempoMap.starting_at(125, monotonic())))
    player.handle(
        Play(
            1,
            tuple(ScheduledNote(Ticks(t), Ticks(9), 0, 30 + t // 5, 80, "chords", Ticks(t)) for t in range(0, 300, 5)),
        )
    )
    end = monotonic() + 0.15
    while monotonic() < end:
        time.sleep(min(0.005, player.timeout() or 0.005))
        player.send_due()
    player.handle(Silence())
    assert until(lambda: len(heard.note_ons()) > 20 and not sounding(heard.heard), 0.5)
    count = len(heard.note_ons())
    time.sleep(0.05)
    assert len(heard.note_ons()) == count


# --- failures, with a JACK server of their own ---------------------------------------------------


def connected(env: Mapping[str, str], source: str) -> list[str]:
    """Return the names of the ports that a JACK port is connected to."""
    listing = subprocess.run(["jack_lsp", "-c"], env={**os.environ, **env}, capture_output=True, text=True)
    lines = listing.stdout.splitlines()
    if source not in lines:
        return []
    there = lines[lines.index(source) + 1 :]
    return [line.strip() for line in there[: next((i for i, x in enumerate(there) if x[:1] != " "), None)]]


def log(started: Daemon) -> list[str]:
    """Return the log lines of the daemon about its port."""
    return [x for x in started.log.read_text().splitlines() if "gone" in x or "again" in x]


def test_a_jack_server_that_dies_is_told_and_everything_is_made_again_when_it_returns(
    daemon: Callable[..., Daemon], recorder: Path
) -> None:
    if not jack.available():
        pytest.skip("bridge/midi/jackmidi.c is not built (a C compiler, then make setup)")
    name = f"llmball-falls-{os.getpid()}"
    with real_programs.jack(name) as env:
        started = daemon("--backend", "jack", "--play", "fast pop in C major", env=env)
        with real_programs.receiver(recorder, started.jack_port, env) as heard:
            assert until(lambda: len(heard.note_ons()) > 8, 15)
            theirs = connected(env, started.jack_port)
            assert theirs
    assert until(lambda: "port was lost" in started.log.read_text(), 20)
    assert started.process.poll() is None
    with real_programs.jack(name) as env:
        assert until(lambda: "there again" in started.log.read_text(), 20), started.log.read_text()
        with real_programs.receiver(recorder, started.jack_port, env) as heard:
            assert until(lambda: len(heard.note_ons()) > 8, 10), "it plays on"
            assert started.stop() == 0
            assert until(lambda: not sounding(heard.heard), 1)
    # the receiver ends just before its server: whether the daemon logs that too depends on timing
    told = [line for line in log(started) if "port" in line]
    assert len(told) == 2, log(started)
    assert "Traceback" not in started.log.read_text()


def test_a_jack_server_that_was_killed_leaves_nothing_in_the_way_of_the_next(
    needs: Callable[[str, str], str],
) -> None:
    needs("jackd", "jackd2")
    name = f"llmball-killed-{os.getpid()}"
    with real_programs.jack(name):
        alive = [c for c in psutil.Process().children() if c.status() != psutil.STATUS_ZOMBIE]
        (server,) = (c for c in alive if name in c.cmdline())
        server.kill()
    assert name not in still_registered()
    assert not list(Path("/dev/shm").glob(f"jack_sem.*_{name}_*"))


def test_a_synth_that_goes_away_is_connected_again_when_it_comes_back(
    daemon: Callable[..., Daemon], jack_environment: Mapping[str, str], recorder: Path
) -> None:
    if not jack.available():
        pytest.skip("bridge/midi/jackmidi.c is not built (a C compiler, then make setup)")
    started = daemon("--backend", "jack", "--play", "fast pop in C major", env=jack_environment)
    env = {**os.environ, **jack_environment}
    with real_programs.receiver(recorder, started.jack_port, jack_environment) as heard:
        assert until(lambda: len(heard.note_ons()) > 8, 15)
        time.sleep(0.6)  # the player checks twice per second
        (theirs,) = connected(jack_environment, started.jack_port)
    assert until(lambda: f"{theirs} is gone" in started.log.read_text(), 20)
    client = theirs.partition(":")[0]
    back = subprocess.Popen([str(recorder), client], env=env, stdout=subprocess.PIPE, text=True)
    assert back.stdout is not None
    try:
        assert until(lambda: connected(jack_environment, started.jack_port) == [theirs], 20)
    finally:
        real_programs.ended(back)
        back.stdout.close()
