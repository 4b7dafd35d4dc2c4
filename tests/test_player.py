from __future__ import annotations

from bridge.clock import Seconds, TempoMap
from bridge.orders import Cancel, Health, Play, Retime, Silence, Sound
from bridge.player import Player
from bridge.ports import RecordingPort
from model.music import Ticks

SENSING = bytes((0xFE,))


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 10.0

    def __call__(self) -> Seconds:
        return Seconds(self.now)


def stage(per_part: bool = False) -> tuple[Player, RecordingPort, Hands]:
    port, clock = RecordingPort(), Hands()
    player = Player(port, per_part, clock)
    player.on(Retime(TempoMap.started(120, Seconds(10.0))))
    return player, port, clock


def sound(at: int, length: int = 480) -> Sound:
    return Sound(Ticks(at), Ticks(length), 2, 60, 80, "bass")


def sent(port: RecordingPort) -> list[bytes]:
    return [data for _, data in port.sent if data != SENSING]


def test_a_note_is_sent_when_its_moment_comes_and_not_before() -> None:
    player, port, clock = stage()
    player.on(Play(1, (sound(480),)))
    assert player.wait() == 0.5
    player.play()
    assert sent(port) == []
    clock.now = 10.5
    player.play()
    assert sent(port) == [bytes((0x92, 60, 80))]


def test_a_new_tempo_moves_what_is_to_come() -> None:
    player, _, _ = stage()
    player.on(Play(1, (sound(480),)))
    player.on(Retime(TempoMap.started(60, Seconds(10.0))))
    assert player.wait() == 1.0


def test_silence_ends_what_sounds_and_a_panic_tells_every_channel() -> None:
    player, port, _ = stage()
    player.on(Play(1, (sound(0),)))
    player.play()
    player.on(Silence(panic=True))
    told = sent(port)
    assert told[1] == bytes((0x82, 60, 0))
    assert len(told) == 2 + 32
    assert player.wait() is None


def test_active_sensing_is_sent_while_something_is_to_come_and_not_after() -> None:
    player, port, clock = stage()
    player.on(Play(1, (sound(0, 960),)))
    while clock.now < 11.0:
        player.play()
        wait = player.wait()
        assert wait is not None
        assert wait <= 0.27
        clock.now += max(wait, 0.001)
    player.play()
    count = sum(data == SENSING for _, data in port.sent)
    assert count >= 4
    assert player.wait() is None


def test_a_cancelled_note_is_never_sent() -> None:
    player, port, clock = stage()
    player.on(Play(1, (sound(480),)))
    player.on(Cancel(1, Ticks(480)))
    clock.now = 20
    player.play()
    assert sent(port) == []


def test_lateness_is_counted_and_a_beginning_far_too_late_is_dropped() -> None:
    player, _, clock = stage()
    player.on(Play(1, (sound(480), sound(0))))
    clock.now = 10.51
    player.play()
    clock.now = 11.2
    health = player.health()
    assert isinstance(health, Health)
    assert (health.sent, health.late, health.dropped, round(health.p99_ms)) == (1, 1, 1, 10)


def test_each_line_of_the_trace_has_the_planned_beat_and_both_moments() -> None:
    player, _, clock = stage()
    player.on(Play(1, (sound(480),)))
    clock.now = 10.502
    player.play()
    beat, planned, at, channel, pitch = player.trace[0].split()
    assert (float(beat), float(planned), float(at), channel, pitch) == (1.0, 10.5, 10.502, "3", "60")

