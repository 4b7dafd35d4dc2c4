"""MIDI clock output: aligned with our ticks, checked by an independent MIDI clock receiver."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock import Seconds, TempoMap
from bridge.midi.clock_out import CLOCK, CONTINUE, START, STOP, TICKS_PER_CLOCK, ClockOut, song_position
from bridge.midi.output_ports import RecordingPort
from bridge.midi.player import Player
from bridge.midi.protocol import Quit, SendClock, SetTempoMap, Silence
from bridge.protocol.events import ControlSet, PlayerReady, PlayRequested, PromptRequested, StopRequested
from bridge.session.sync_sources import MidiClockSource
from model.music.notes import Ticks
from tests.support.real_programs import Daemon, Receiver, until
from tests.support.virtual_band import Rig, latencies

pytestmark = pytest.mark.timeout(120)


class Hand:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = Seconds(10.0)

    def __call__(self) -> Seconds:
        return self.now


def played(player: Player, clock: Hand, port: RecordingPort, until_: float) -> list[tuple[float, bytes]]:
    """Run the player up to a time; return the (time, message) pairs it sent."""
    found: list[tuple[float, bytes]] = []
    while (wait := player.timeout()) is not None and clock.now + wait <= until_:
        clock.now = Seconds(clock.now + wait)
        before = len(port.sent)
        player.send_due()
        found += [(clock.now, data) for _, data in port.sent[before:]]
    clock.now = Seconds(until_)
    return found


def test_a_start_comes_just_before_the_clock_of_bar_one_and_24_clocks_fill_a_quarter() -> None:
    clock, port = Hand(), RecordingPort()
    player = Player(port, per_part=False, clock=clock)
    player.handle(SetTempoMap(TempoMap.starting_at(120, Seconds(10.1))))
    player.handle(SendClock(Ticks(960)))
    sent = played(player, clock, port, 14.0)
    kinds = [data for _, data in sent]
    at = kinds.index(START)
    assert kinds[at + 1] == CLOCK
    assert sent[at][0] == pytest.approx(11.1, abs=1e-4)
    assert kinds[:at] == [CLOCK] * at
    assert at >= 48, "clocks tell the tempo before"
    ours = [moment for moment, data in sent if data == CLOCK]
    assert all(b - a == pytest.approx(0.5 / 24, abs=1e-4) for a, b in pairwise(ours))
    player.handle(Silence())
    assert port.sent[-1][1] == STOP
    player.handle(Quit())
    assert [data for _, data in port.sent].count(STOP) == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40_000), st.floats(30, 280))
def test_who_joins_late_goes_on_where_the_music_is(here: int, bpm: float) -> None:
    out, tempo, heard = ClockOut(), TempoMap.starting_at(bpm, Seconds(0)), MidiClockSource()
    for data in out.start(Ticks(0), Ticks(here)):
        heard.receive_midi(tempo.seconds_at(Ticks(here)), data)
    last = here + 4 * 480
    for tick in (*range(here, last, 7), last):
        for at, data in out.pop_due(Ticks(tick)):
            assert at % TICKS_PER_CLOCK == 0
            heard.receive_midi(tempo.seconds_at(at), data)
    assert heard.running
    assert heard.tempo_line is not None
    assert heard.tempo_line.quarter_at(tempo.seconds_at(Ticks(last))) * 480 == pytest.approx(last, abs=0.5)
    assert out.stop() == [STOP]
    assert out.stop() == []


def test_the_position_is_in_sixteenths() -> None:
    out = ClockOut()
    assert out.start(Ticks(0), Ticks(481)) == [song_position(5)]
    assert [data for _, data in out.pop_due(Ticks(600))][-2:] == [CONTINUE, CLOCK]


def test_the_control_begins_and_ends_it_and_a_new_player_is_told() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(ControlSet("countin", 1))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 1)
    assert rig.clocked == [], "nobody wanted it"
    rig.happen(ControlSet("send/clock", 1))
    assert rig.clocked == [1920]
    rig.happen(PlayerReady())
    assert rig.clocked == [1920, 1920]
    rig.happen(ControlSet("send/clock", 0))
    assert rig.clocked[-1] is None
    rig.happen(StopRequested())
    rig.happen(PlayerReady())
    assert len(rig.clocked) == 3


def test_another_program_hears_start_clocks_and_stop(
    daemon: Callable[..., Daemon], jack_server: str, receiver: Callable[[str], Receiver]
) -> None:
    from bench.client import Client

    started = daemon("--backend", "jack", env={"JACK_DEFAULT_SERVER": jack_server})
    heard = receiver(started.jack_port)
    client = Client(started.osc)
    try:
        for path, value in (("send/clock", 1), ("humanise", 0), ("tempo", 120), ("prompt", "pop in C major")):
            client.say(path, value)
        client.say("play")
        assert until(lambda: sum(m.data[0] == 0xF8 for m in heard.heard) > 100, 60)
        client.say("stop")
        assert until(lambda: any(m.data[0] == 0xFC for m in heard.heard), 5)
    finally:
        client.close()
    kinds = [m.data[0] for m in heard.heard]
    [begins] = [i for i, kind in enumerate(kinds) if kind in (0xFA, 0xFB)]
    # if the player gets the order after bar 1 began, it sends a song position
    assert kinds[begins] == 0xFA or 0xF2 in kinds[:begins]
    assert kinds.count(0xFC) == 1
    clocks = [m for m in heard.heard[begins:] if m.data[0] == 0xF8]
    steps = [b.jack - a.jack for a, b in pairwise(clocks)]
    # in JACK time: frame counts are not exact if the dummy server skips periods
    assert abs(sorted(steps)[len(steps) // 2] * 48_000 - 1000) <= 1, "20.83 ms"
    first = next(m.frame for m in heard.heard if m.begins)
    # a clock is 1000 frames; a late player continues from the next song position, six clocks apart; half a millisecond,
    # 24 frames, is for times that are rounded from a clock that is not JACK's
    clocks_before = 1 if kinds[begins] == 0xFA else 6
    assert first >= clocks[0].frame - 1000 * clocks_before - 24, "no note before the start"
