"""A performance that somebody else leads, in virtual time: MIDI clock, a host's transport, Link, taps."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.midi.protocol import MidiReceived, Silence
from bridge.protocol.events import (
    ControlSet,
    HostTransportReported,
    LinkReported,
    PlayRequested,
    PromptRequested,
    StopRequested,
    TempoTapped,
    ToLink,
    ToPlayer,
)
from bridge.session.session import Session
from bridge.session.sync_sources import CLOCK_CEASED, NO_CLOCK, NO_START
from bridge.session.transport import State
from model.generation.messages import Begin
from model.music.plan import Plan
from tests.support.virtual_band import Rig, latencies

CLOCKS = 24


def exact(at: float) -> float:
    return at


class Host:
    """A MIDI clock that leads a performance; it writes down when each of its beats fell."""

    def __init__(self, rig: Rig, coarse: Callable[[float], float] = exact) -> None:
        self.rig, self._coarse, self.at = rig, coarse, rig.now + 0.5
        self.beats: list[tuple[float, int]] = []

    def say(self, *data: int) -> None:
        self.rig.until(self.at)
        self.rig.happen(MidiReceived(Seconds(self.rig.now), bytes(data)))

    def roll(self, bpm: float, beats: float, quarter: float = 0.0) -> float:
        """Send the clocks of so many beats from a place on; return where that leads to."""
        for clock in range(round(beats * CLOCKS)):
            if (round(quarter * CLOCKS) + clock) % CLOCKS == 0:
                self.beats.append((self.at, round(quarter + clock / CLOCKS)))
            heard = self._coarse(self.at)
            self.rig.until(max(heard, self.rig.now))
            self.rig.happen(MidiReceived(Seconds(heard), b"\xf8"))
            self.at += 60 / bpm / CLOCKS
        return quarter + beats


def led(sync: str = "clock", tempo: float = 82.0, explicit: tuple[str, ...] = ()) -> Rig:
    """A performance with a prompt, led by somebody."""

    def plan(begin: Begin) -> Plan:
        return Plan(tempo=tempo, explicit=explicit)

    rig = Rig(latencies(0, 0.01), plan, session=Session(lambda: 7, sync=sync))
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 0.5)
    return rig


def state(rig: Rig) -> State:
    return rig.session.state


def beats_told(rig: Rig, after: float = 0.0) -> list[tuple[float, int]]:
    """When each beat was told, and which of its bar it was."""
    return [(at, int(str(args[1]))) for at, path, args in rig.told if path == "beat" and at > after]


def beside(rig: Rig, host: Host, after: float) -> list[float]:
    """How far from the host's nearest beat each of ours was told, in seconds."""
    ours = [at for at, _ in beats_told(rig, after)]
    return [min((abs(at - theirs) for theirs, _ in host.beats)) for at in ours]


def test_the_music_begins_with_the_hosts_first_clock_and_ends_with_its_stop() -> None:
    rig = led()
    host = Host(rig)
    rig.until(rig.now + 3)
    assert [args for _, path, args in rig.told if path == "state"][-1] == ("waiting",)
    assert not rig.sounded
    host.at = rig.now
    host.say(0xFA)
    host.roll(120, 8)
    assert state(rig) is State.PLAYING
    assert beats_told(rig)[0][0] == pytest.approx(host.beats[0][0], abs=0.05)
    assert [beat for _, beat in beats_told(rig)][:8] == [1, 2, 3, 4, 1, 2, 3, 4]
    assert max(beside(rig, host, host.beats[1][0] - 0.1)) < 0.003
    host.say(0xFC)
    assert state(rig) is State.IDLE
    assert not rig.held
    count = len(rig.sounded)
    rig.until(rig.now + 3)
    assert len(rig.sounded) == count


def test_changes_of_tempo_and_coarse_moments_keep_the_phase() -> None:
    rig = led()
    rng = random.Random(2)
    host = Host(rig, lambda at: at + rng.uniform(0, 0.005) - 0.0025)
    host.say(0xFA)
    quarter = 0.0
    for bpm in (120, 133, 96, 171):
        quarter = host.roll(bpm, 2, quarter)
        steady = rig.now + 0.01
        quarter = host.roll(bpm, 12, quarter)
        assert max(beside(rig, host, steady)) < 0.005, bpm


@pytest.mark.parametrize("place", [16.0, 17.0, 6.0, 3.0])
def test_after_a_leap_beats_fall_on_the_hosts_and_downbeats_on_its_bars(place: float) -> None:
    rig = led()
    host = Host(rig)
    host.say(0xFA)
    host.roll(120, 10.5)
    leapt = host.at
    sixteenths = round(place * 4)
    host.say(0xF2, sixteenths & 127, sixteenths >> 7)
    host.say(0xFB)
    host.roll(120, 12, place)
    told = beats_told(rig, leapt + 0.4)
    assert len(told) > 9
    for at, beat in told:
        theirs = min(host.beats, key=lambda b: abs(b[0] - at))
        assert abs(theirs[0] - at) < 0.003
        assert beat == theirs[1] % 4 + 1
    assert max(b - a for (a, _), (b, _) in pairwise(told)) < 0.6, "no hole"


def test_a_host_that_loops_bars_is_followed_without_a_new_plan() -> None:
    rig = led()
    host = Host(rig)
    host.say(0xFA)
    for _ in range(4):
        host.say(0xF2, 0, 0)
        host.roll(120, 8)
    assert not [args for _, path, args in rig.told if path == "cancelled"]
    assert [beat for _, beat in beats_told(rig)] == [1, 2, 3, 4] * 8 + [1] * (len(beats_told(rig)) - 32)


def test_a_host_that_goes_on_within_a_bar_is_joined_there() -> None:
    rig = led()
    host = Host(rig)
    host.say(0xF2, 4 * 6, 0)
    host.say(0xFB)
    host.roll(120, 8, 6)
    assert [beat for _, beat in beats_told(rig)][:6] == [3, 4, 1, 2, 3, 4]
    assert next(args for _, path, args in rig.told if path == "beat")[0] == 1, "bars count since play"


def test_play_while_the_host_rolls_enters_on_its_next_bar() -> None:
    rig = led()
    host = Host(rig)
    host.say(0xFA)
    host.roll(120, 5)
    rig.happen(StopRequested())
    quarter = host.roll(120, 4.5, 5)
    rig.happen(PlayRequested())
    asked = rig.now
    host.roll(120, 8, quarter)
    first = beats_told(rig, asked)[0]
    assert first[1] == 1
    assert first[0] == pytest.approx({q: at for at, q in host.beats}[12], abs=0.005)


def test_a_prompt_that_comes_while_the_host_rolls_joins_it() -> None:
    rig = Rig(latencies(0, 0.01), session=Session(lambda: 7, sync="clock"))
    host = Host(rig)
    host.say(0xFA)
    quarter = host.roll(120, 5)
    rig.happen(PromptRequested("rain"))
    host.roll(120, 8, quarter)
    assert state(rig) is State.PLAYING
    assert beats_told(rig)[0][1] == 1


def test_a_clock_without_a_start_and_a_start_without_a_clock_are_told_once() -> None:
    rig = led()
    host = Host(rig)
    host.roll(120, 20)
    assert [args[1] for _, path, args in rig.told if path == "error"] == [NO_START]
    assert state(rig) is State.WAITING
    rig.until(rig.now + 1)
    host.say(0xFA)
    rig.until(rig.now + 5)
    assert [args[1] for _, path, args in rig.told if path == "error"] == [NO_START, NO_CLOCK]
    host.roll(120, 2)
    assert state(rig) is State.PLAYING


def test_the_hosts_tempo_goes_before_the_words_and_the_control() -> None:
    rig = led(explicit=("tempo",))
    host = Host(rig)
    host.say(0xFA)
    quarter = host.roll(120, 6)
    told = [(path, args) for _, path, args in rig.told]
    assert ("understood/overruled", ("tempo", "host")) in told
    assert ("understood/tempo", (120.0,)) in told
    rig.happen(ControlSet("tempo", 90.0))
    assert rig.session.query("tempo") == (90.0,)
    steady = rig.now
    host.roll(120, 6, quarter)
    assert max(beside(rig, host, steady)) < 0.003
    tempi = [float(str(args[2])) for _, path, args in rig.told if path == "beat"]
    assert tempi[-1] == pytest.approx(120, abs=0.2)


# --- a host's transport --------------------------------------------------------------------------


def test_a_transport_that_nobody_asked_for_is_refused() -> None:
    rig = led("internal")
    with pytest.raises(BadRequest, match="--sync host"):
        rig.happen(HostTransportReported(True, 0.0, 120.0))


def test_a_hosts_transport_leads_from_its_start_to_its_stop() -> None:
    rig = led("host")
    start = rig.now
    for i in range(120):
        rig.until(start + i * 0.05)
        rig.happen(HostTransportReported(True, i * 0.05 * 1.5, 90.0))
    for at, beat in beats_told(rig)[1:]:
        quarter = (at - start) * 1.5
        assert quarter == pytest.approx(round(quarter), abs=0.01)
        assert beat == round(quarter) % 4 + 1
    assert len(beats_told(rig)) >= 8
    rig.happen(HostTransportReported(False, 9.0, 90.0))
    assert state(rig) is State.IDLE
    assert not rig.held


def test_where_the_host_rolls_and_nothing_was_asked_for_we_stay_idle() -> None:
    rig = Rig(latencies(0, 0.01), session=Session(lambda: 7, sync="host"))
    rig.happen(HostTransportReported(True, 0.0, 120.0))
    assert state(rig) is State.IDLE
    rig.happen(PromptRequested("rain"))
    assert state(rig) is State.WAITING


def test_our_clock_begins_with_the_hosts_bar_one() -> None:
    rig = led("host")
    rig.happen(ControlSet("send/clock", 1))
    rig.happen(HostTransportReported(True, 0.0, 120.0))
    rig.until(rig.now + 1)
    assert rig.clocked == [0]


def test_where_the_host_stops_what_sounds_is_ended_without_a_panic() -> None:
    rig = led("host")
    rig.happen(HostTransportReported(True, 0.0, 120.0))
    rig.until(rig.now + 2)
    assert state(rig) is State.PLAYING
    effects = rig.session.handle(HostTransportReported(False, 4.0, 120.0), rig.now)
    silences = [e.order for e in effects if isinstance(e, ToPlayer) and isinstance(e.order, Silence)]
    assert silences == [Silence(panic=False)]


# --- taps ----------------------------------------------------------------------------------------


def test_a_clock_that_ceases_without_a_stop_is_told_once_each_time_and_the_band_plays_on() -> None:
    rig = led()
    host = Host(rig)
    host.say(0xFA)
    quarter = host.roll(120, 8)
    for _ in range(2):
        rig.until(host.at + 3)
        assert rig.sounded[-1][0] > rig.tempo.ticks_at(Seconds(host.at + 2)), "it plays on"
        host.at = rig.now
        quarter = host.roll(120, 8, quarter)
    host.say(0xFC)
    rig.until(host.at + 3)
    told = [args for _, path, args in rig.told if path == "error"]
    assert told == [("", CLOCK_CEASED)] * 2
    assert not rig.held


def test_two_taps_set_the_tempo() -> None:
    rig = led("internal")
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    for _ in range(4):
        rig.happen(TempoTapped())
        rig.until(rig.now + 0.4)
    assert rig.session.query("tempo") == (150.0,)
    assert [args for _, path, args in rig.told if path == "understood/tempo"][-1] == (150.0,)


def test_links_time_is_joined_on_a_bar_and_its_tempo_is_followed() -> None:
    rig = led("link")
    start, quarter, bpm = rig.now, 2.3, 100.0
    rig.happen(LinkReported(rig.now, False, quarter, bpm, 1))
    rig.happen(PlayRequested())
    beats: list[float] = []
    for i in range(600):
        rig.until(start + i * 0.02)
        bpm = 100.0 if i < 300 else 140.0
        before, quarter = quarter, quarter + 0.02 * bpm / 60
        if int(quarter) > int(before):
            beats.append(rig.now - (quarter - int(quarter)) * 60 / bpm)
        rig.happen(LinkReported(rig.now, True, quarter, bpm, 1))
    told = beats_told(rig)
    assert told[0][1] == 1
    for at, _ in told[1:]:
        assert min(abs(at - b) for b in beats) < 0.02
    assert len(told) > 14


def test_only_links_others_are_told_a_tempo_that_was_set_and_none_where_it_is_the_words() -> None:
    for sync, value, told in (("link", 90.0, [ToLink(bpm=90.0)]), ("link", 0.0, []), ("internal", 90.0, [])):
        effects = led(sync).session.handle(ControlSet("tempo", value), Seconds(200.0))
        assert [e for e in effects if isinstance(e, ToLink)] == told


def test_links_others_are_told_that_we_were_asked_to_play_or_to_stop() -> None:
    for event, playing in ((PlayRequested(), True), (StopRequested(), False)):
        effects = led("link").session.handle(event, Seconds(200.0))
        assert [e for e in effects if isinstance(e, ToLink)] == [ToLink(playing=playing)]


@pytest.mark.parametrize("gap", [1.01, 3.3, 7.76, 16.01])
@pytest.mark.parametrize("bpm", [120, 140, 90])
def test_a_gap_of_the_clock_silences_nothing_and_leaves_no_note(gap: float, bpm: float) -> None:
    rig = led()
    host = Host(rig)
    host.say(0xFA)
    quarter = host.roll(120, 8)
    again = host.at + gap
    host.at = again
    host.roll(bpm, 16, quarter)
    told = [at for at, _ in beats_told(rig, 1.0)]
    assert max(b - a for a, b in pairwise(told)) < 1.5 * 60 / 90
    assert max(beside(rig, host, again + 1.0)) < 0.005
    host.say(0xFC)
    assert not rig.held
    count = len(rig.sounded)
    rig.until(rig.now + 3)
    assert len(rig.sounded) == count


def test_a_second_clock_changes_nothing_and_is_told_once() -> None:
    rig = led()
    host = Host(rig)
    host.say(0xFA)
    begin = host.at
    clocks = [(begin + i / 48, 0) for i in range(24 * 24)]
    clocks += [(begin + 3.003 + i / 36, 1) for i in range(24 * 12)]
    host.beats = [(begin + i / 2, i) for i in range(24)]
    for at, _ in sorted(clocks):
        rig.until(max(at, rig.now))
        rig.happen(MidiReceived(Seconds(at), b"\xf8"))
    assert max(beside(rig, host, begin + 0.5)) < 0.005
    assert len([args for _, path, args in rig.told if path == "error"]) == 1
