"""Bends and controllers in the player: each bend ends with its note, and all come back whatever is ordered."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clock import Seconds, TempoMap
from bridge.midi.output_ports import OutputPort
from bridge.midi.player import Player
from bridge.midi.protocol import (
    Cancel,
    Centre,
    Neutral,
    Play,
    PlayerOrder,
    Quit,
    ScheduledControl,
    ScheduledNote,
    SetTempoMap,
    Silence,
)
from model.expression import FILTER, NEUTRAL, SWELL
from model.music.notes import Ticks

CENTRED, RATE = bytes((0xE2, 0, 64)), 960
"""The centre of channel 3; ticks a second at 120 quarters a minute."""


@dataclass
class Port(OutputPort):
    """Records messages with their times; sends them so many seconds early."""

    schedule_ahead: Seconds = Seconds(0.0)
    sent: list[tuple[float, bytes]] = field(default_factory=list)
    now: Seconds = Seconds(0.0)

    name, routes, check_interval, connections, joined = "port", ("",), None, {}, frozenset()

    def send(self, route: str, data: bytes, at: Seconds | None = None) -> None:
        self.sent.append((self.now if at is None else max(at, self.now), data))

    def flush(self) -> None:
        """Drop the note-ons that were sent early and send all else at once, as JACK's does."""
        late = [(at, data) for at, data in self.sent if at > self.now and data[0] & 0xF0 != 0x90]
        self.sent = [one for one in self.sent if one[0] <= self.now] + [(self.now, data) for _, data in late]

    def check(self) -> list[str]:
        return []

    def close(self) -> None:
        pass

    def heard(self) -> list[bytes]:
        """Return the messages in the order in which they arrive, without Active Sensing."""
        return [data for _, data in sorted(self.sent, key=lambda one: one[0]) if data != b"\xfe"]


def stage(ahead: float = 0.0) -> tuple[Player, Port]:
    port = Port(Seconds(ahead))
    player = Player(port, per_part=False, clock=lambda: port.now)
    player.handle(SetTempoMap(TempoMap.starting_at(120, Seconds(0))))
    return player, port


def until(player: Player, port: Port, seconds: float) -> None:
    while port.now < seconds:
        player.send_due()
        port.now = Seconds(port.now + 0.005)
    player.send_due()


def note(at: int, length: int = 480, pitch: int = 40, bend: str = "$-2", channel: int = 2) -> ScheduledNote:
    return ScheduledNote(Ticks(at), Ticks(length), channel, pitch, 80, "bass", Ticks(at // 480 * 480), bend)


def swell(at: int, value: int, number: int = SWELL) -> ScheduledControl:
    return ScheduledControl(Ticks(at), 3, number, value, "pad", Ticks(at // 480 * 480))


def test_a_slide_begins_before_its_note_and_is_over_within_a_sixteenth() -> None:
    player, port = stage()
    player.handle(Play(1, (note(480),)))
    until(player, port, 1.2)
    heard = port.heard()
    assert heard[:2] == [bytes((0xE2, 0, 0)), bytes((0x92, 40, 80))]
    assert heard[-2:] == [bytes((0x82, 40, 0)), CENTRED]
    assert max(at for at, data in port.sent if data[0] == 0xE2 and data != CENTRED) < 0.5 + 121 / RATE


@pytest.mark.parametrize("ahead", [0.0, 0.06])
def test_a_note_that_is_cancelled_within_its_slide_leaves_the_centre_behind(ahead: float) -> None:
    player, port = stage(ahead)
    player.handle(Play(1, (note(0, bend="$-2$~", length=1920),)))
    until(player, port, 0.05)
    player.handle(Cancel(1, Ticks(60)))
    until(player, port, 1.0)
    assert [data for data in port.heard() if data[0] == 0xE2][-1] == CENTRED


def test_a_second_note_on_the_channel_ends_the_bend() -> None:
    player, port = stage()
    player.handle(Play(1, (note(0, 1920, bend="$~"), note(600, 480, 52, ""))))
    until(player, port, 2.5)
    heard = port.heard()
    at = heard.index(bytes((0x92, 52, 80)))
    assert heard[at - 1] == CENTRED
    assert all(data[0] != 0xE2 for data in heard[at : heard.index(bytes((0x82, 52, 0)))])


def test_a_note_that_is_too_late_leaves_no_bend() -> None:
    player, port = stage()
    port.now = Seconds(1.0)
    player.handle(Play(1, (note(0),)))
    until(player, port, 1.5)
    assert port.heard() == []


@pytest.mark.parametrize("order", [Silence(), Silence(panic=True), Quit(), Neutral()])
@pytest.mark.parametrize("ahead", [0.0, 0.06])
def test_stop_panic_and_quit_take_bends_and_controllers_back(order: PlayerOrder, ahead: float) -> None:
    player, port = stage(ahead)
    player.handle(Play(1, (note(0, 1920, bend="$-2$~"),), (swell(0, 60), swell(120, 70), swell(0, 20, FILTER))))
    until(player, port, 0.3)
    player.handle(order)
    until(player, port, 1.0)
    heard = port.heard()
    assert [data for data in heard if data[0] == 0xE2][-1] == CENTRED
    controls = {data[1]: data[2] for data in heard if data[0] == 0xB3 and data[1] in NEUTRAL}
    assert controls == NEUTRAL


def test_without_bends_and_controllers_stop_sends_nothing_more_than_it_did() -> None:
    player, port = stage()
    player.handle(Play(1, (note(0, bend=""),)))
    until(player, port, 0.1)
    player.handle(Silence())
    assert port.heard() == [bytes((0x92, 40, 80)), bytes((0x82, 40, 0))]


def test_controllers_go_with_their_beat_when_a_take_is_cancelled() -> None:
    player, port = stage()
    player.handle(Play(1, (), (swell(0, 60), swell(480, 70), swell(600, 80))))
    player.handle(Cancel(1, Ticks(480)))
    until(player, port, 1.0)
    assert port.heard() == [bytes((0xB3, SWELL, 60))]


def test_a_channel_is_centred_at_once_where_that_is_ordered() -> None:
    player, port = stage()
    player.handle(Centre("bass", 2))
    assert port.heard() == [CENTRED]


NOTES = st.builds(
    note,
    at=st.integers(0, 3000),
    length=st.integers(1, 1500),
    pitch=st.integers(40, 43),
    bend=st.sampled_from(("", "$-2", "$+1", "$>-12", "$~", "$-2$~")),
    channel=st.sampled_from((2, 3)),
)
CONTROLS = st.builds(swell, at=st.integers(0, 3000), value=st.integers(0, 127), number=st.sampled_from((SWELL, FILTER)))
ORDERS = st.one_of(
    st.builds(
        lambda take, notes, controls: Play(take, tuple(notes), tuple(controls)),
        st.integers(1, 2),
        st.lists(NOTES, max_size=6),
        st.lists(CONTROLS, max_size=4),
    ),
    st.builds(lambda take, after: Cancel(take, Ticks(after)), st.integers(1, 2), st.integers(0, 3000)),
    st.just(Silence()),
    st.just(Silence(panic=True)),
    st.just(Neutral()),
)


@given(st.lists(st.tuples(ORDERS, st.floats(0, 0.5)), max_size=8), st.sampled_from((0.0, 0.06)))
@settings(max_examples=60, deadline=None)
def test_whatever_is_ordered_a_bend_sounds_with_one_note_only_and_all_comes_back(
    orders: list[tuple[PlayerOrder, float]], ahead: float
) -> None:
    player, port = stage(ahead)
    for order, wait in orders:
        player.handle(order)
        until(player, port, port.now + wait)
    player.handle(Quit())
    sounding: dict[int, set[int]] = {2: set(), 3: set()}
    bent, controls = {2: False, 3: False}, dict[tuple[int, int], int]()
    for data in port.heard():
        channel = data[0] & 0x0F
        match data[0] & 0xF0:
            case 0x90:
                sounding[channel].add(data[1])
                assert len(sounding[channel]) == 1 or not bent[channel] or ahead, "two notes under one bend"
            case 0x80:
                sounding[channel].discard(data[1])
            case 0xE0:
                bent[channel] = data != bytes((0xE0 | channel, 0, 64))
                assert len(sounding[channel]) <= 1 or not bent[channel] or ahead
            case 0xB0 if data[1] in NEUTRAL:
                controls[channel, data[1]] = data[2]
    assert not any(bent.values())
    assert all(value == NEUTRAL[number] for (_, number), value in controls.items())
