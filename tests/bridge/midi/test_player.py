from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from bridge.clock import Seconds, TempoMap, monotonic
from bridge.midi.output_ports import OutputConfig, RecordingPort
from bridge.midi.player import Player
from bridge.midi.player_process import run
from bridge.midi.protocol import (
    Cancel,
    Health,
    OpenFailed,
    Play,
    PortLost,
    Program,
    Quit,
    Ready,
    ScheduledNote,
    SetTempoMap,
    Silence,
)
from bridge.processes.supervisor import ChildProcess
from model.music.notes import Ticks

SENSING = bytes((0xFE,))


class Hands:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> Seconds:
        return Seconds(self.now)


def stage(per_part: bool = False) -> tuple[Player, RecordingPort, Hands]:
    port, clock = RecordingPort(), Hands()
    player = Player(port, per_part, clock)
    player.handle(SetTempoMap(TempoMap.starting_at(120, Seconds(10.0))))
    return player, port, clock


def sound(at: int, length: int = 480) -> ScheduledNote:
    return ScheduledNote(Ticks(at), Ticks(length), 2, 60, 80, "bass", Ticks(at))


def sent(port: RecordingPort) -> list[bytes]:
    return [data for _, data in port.sent if data != SENSING]


def reported(player: Player, clock: Hands) -> Health:
    """Advance the clock by the player's timeout and return the health report due then."""
    wait = player.timeout()
    assert wait is not None
    clock.now += wait
    health = player.health()
    assert health is not None
    return health


def test_a_note_is_sent_when_its_moment_comes_and_not_before() -> None:
    player, port, clock = stage()
    player.handle(Play(1, (sound(480),)))
    assert player.timeout() == 0.5
    player.send_due()
    assert sent(port) == []
    clock.now = 10.5
    player.send_due()
    assert sent(port) == [bytes((0x92, 60, 80))]


def test_a_new_tempo_moves_what_is_to_come() -> None:
    player, _, _ = stage()
    player.handle(Play(1, (sound(480),)))
    player.handle(SetTempoMap(TempoMap.starting_at(60, Seconds(10.0))))
    assert player.timeout() == 1.0


def test_silence_ends_what_sounds_and_a_panic_tells_every_channel() -> None:
    player, port, clock = stage()
    player.handle(Play(1, (sound(0),)))
    player.send_due()
    player.handle(Silence(panic=True))
    told = sent(port)
    assert told[1] == bytes((0x82, 60, 0))
    assert len(told) == 2 + 32
    assert reported(player, clock).sent == 1
    assert player.timeout() is None


def test_a_program_change_goes_out_at_once_on_its_parts_channel() -> None:
    player, port, _ = stage()
    player.handle(Program("bass", 2, 38))
    assert sent(port) == [bytes((0xC2, 38))]


def test_active_sensing_is_sent_while_something_is_to_come_and_not_after() -> None:
    player, port, clock = stage()
    player.handle(Play(1, (sound(0, 960),)))
    while clock.now < 11.0:
        player.send_due()
        player.health()
        wait = player.timeout()
        assert wait is not None
        assert wait <= 0.27
        clock.now += max(wait, 0.001)
    player.send_due()
    player.health()
    assert sum(data == SENSING for _, data in port.sent) >= 4
    assert player.timeout() is None


def test_a_player_wakes_to_report_its_last_notes_and_then_sleeps() -> None:
    player, _, clock = stage()
    player.handle(Play(1, (sound(0, 48),)))
    player.send_due()
    clock.now = 10.05
    player.send_due()
    assert reported(player, clock).sent == 1
    assert clock.now == 11.0
    assert player.timeout() is None
    assert player.health() is None


def test_a_cancelled_note_is_never_sent() -> None:
    player, port, clock = stage()
    player.handle(Play(1, (sound(480),)))
    player.handle(Cancel(1, Ticks(480)))
    clock.now = 20
    player.send_due()
    assert sent(port) == []


def test_lateness_is_counted_and_a_beginning_far_too_late_is_dropped() -> None:
    player, _, clock = stage()
    player.handle(Play(1, (sound(480), sound(0))))
    clock.now = 10.51
    player.send_due()
    clock.now = 11.2
    health = player.health()
    assert isinstance(health, Health)
    assert (health.sent, health.late, health.dropped, round(health.p99_ms)) == (1, 1, 1, 10)


def test_each_line_of_the_trace_has_the_planned_beat_and_both_moments() -> None:
    player, _, clock = stage()
    player.handle(Play(1, (sound(480),)))
    clock.now = 10.502
    player.send_due()
    beat, planned, at, channel, pitch = player.trace[0].split()
    assert (float(beat), float(planned), float(at), channel, pitch) == (1.0, 10.5, 10.502, "3", "60")


# --- as a process --------------------------------------------------------------------------------

DIED = "died"
Start = Callable[..., tuple[ChildProcess, "queue.Queue[Any]"]]


@pytest.fixture
def start(child_process: Start) -> Start:
    return lambda config, main=run: child_process("player", main, config)


def nowhere(trace: Path | None = None) -> OutputConfig:
    return OutputConfig("none", "auto", False, "LLMBall", ("chords",), trace)


def test_a_player_process_is_ready_plays_traces_and_ends_when_it_is_told_to(start: Start, tmp_path: Path) -> None:
    child, said = start(nowhere(tmp_path / "trace"))
    ready = said.get(timeout=20)
    assert isinstance(ready, Ready)
    assert ready.name == "none"
    began = monotonic()
    child.send(SetTempoMap(TempoMap.starting_at(120, Seconds(began + 0.05))))
    child.send(Play(1, (sound(0), sound(48))))
    health = said.get(timeout=5)
    assert isinstance(health, Health)
    assert health.sent == 2
    child.send(Quit())
    assert said.get(timeout=5) == DIED
    lines = [line.split() for line in (tmp_path / "trace").read_text().splitlines()]
    assert [float(line[0]) for line in lines] == [0.0, 0.1]
    assert float(lines[0][1]) == pytest.approx(began + 0.05, abs=1e-5)


def test_signals_leave_the_player_alone_for_it_ends_with_its_pipe(start: Start) -> None:
    child, said = start(nowhere())
    assert isinstance(said.get(timeout=20), Ready)
    assert child.pid is not None
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        os.kill(child.pid, getattr(signal, name))
    child.send(SetTempoMap(TempoMap.starting_at(120, monotonic())))
    child.send(Play(1, (sound(0),)))
    assert isinstance(said.get(timeout=5), Health)
    child.send(None)
    assert said.get(timeout=5) == DIED


def test_a_trace_that_cannot_be_written_is_refused_before_anything_plays(start: Start, tmp_path: Path) -> None:
    _, said = start(nowhere(tmp_path / "no such folder" / "trace"))
    refused = said.get(timeout=20)
    assert isinstance(refused, OpenFailed)
    assert "--trace" in refused.remedy


def test_a_port_that_cannot_be_opened_is_told_with_the_remedy(start: Start) -> None:
    _, said = start(OutputConfig("virtual", "winmm", False, "LLMBall", ("chords",)))
    refused = said.get(timeout=20)
    assert isinstance(refused, OpenFailed)
    assert "loopMIDI" in refused.remedy


class PluggedPort(RecordingPort):
    """Is looked at every tenth of a second; the test plugs a receiver in."""

    check_interval: Seconds | None = Seconds(0.1)


def plugged(player: Player, port: PluggedPort, clock: Hands, *routes: str) -> list[tuple[str, bytes]]:
    """Plug a receiver in and let the player look; return what it sends then."""
    port.joined, before = frozenset(routes), len(port.sent)
    clock.now += 0.15
    player.check()
    return port.sent[before:]


def test_a_receiver_that_was_unplugged_is_told_the_ends_that_it_missed() -> None:
    port, clock = PluggedPort(), Hands()
    player = Player(port, False, clock)
    player.handle(SetTempoMap(TempoMap.starting_at(120, Seconds(10.0))))
    short, long = sound(0), ScheduledNote(Ticks(0), Ticks(4800), 0, 64, 80, "chords", Ticks(0))
    player.handle(Play(1, (short, long)))
    player.send_due()
    assert plugged(player, port, clock) == []
    clock.now = 10.6
    player.send_due()
    assert plugged(player, port, clock, "") == [("", bytes((0x82, 60, 0)))], "the other note sounds and stays"
    player.handle(Silence())
    assert [data for _, data in plugged(player, port, clock, "")] == [bytes((0x80, 64, 0)), bytes((0x82, 60, 0))]
    assert plugged(player, port, clock) == []


def test_only_the_port_that_was_plugged_in_is_told_the_ends() -> None:
    port, clock = PluggedPort(), Hands()
    port.routes = ("bass", "chords")
    player = Player(port, True, clock)
    player.handle(SetTempoMap(TempoMap.starting_at(120, Seconds(10.0))))
    player.handle(Play(1, (sound(0), ScheduledNote(Ticks(0), Ticks(4), 0, 64, 80, "chords", Ticks(0)))))
    player.send_due()
    player.handle(Silence())
    assert plugged(player, port, clock, "bass") == [("bass", bytes((0x82, 60, 0)))]


class LostPort(RecordingPort):
    """A port whose `send` always fails."""

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        raise OSError("the cable is out")


def run_with_a_lost_port(connection: Connection, config: OutputConfig) -> None:
    """Run a player process whose first port is lost."""
    with pytest.MonkeyPatch.context() as patch:
        ports = iter([LostPort(), RecordingPort()])
        patch.setattr("bridge.midi.player_process.open_output", lambda *_: next(ports))
        run(connection, config)


def test_a_lost_port_is_told_and_opened_again(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    child, said = start(nowhere(), run_with_a_lost_port)
    assert isinstance(said.get(timeout=20), Ready)
    child.send(SetTempoMap(TempoMap.starting_at(120, monotonic())))
    child.send(Play(1, (sound(0),)))
    assert said.get(timeout=5) == PortLost("the cable is out")
    assert isinstance(said.get(timeout=5), Ready)
    child.send(None)
    assert said.get(timeout=5) == DIED
    assert "Traceback" not in capfd.readouterr().err
