"""Where a host goes on within its song, the band goes on too: stop, song position, continue; in virtual time."""

from __future__ import annotations

import pytest

from bridge.clock import Seconds
from bridge.midi.protocol import MidiReceived
from bridge.protocol.events import (
    BackRequested,
    ControlSet,
    Event,
    GeneratorExited,
    GeneratorReady,
    HostTransportReported,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    ScoreLaunchRequested,
    StopRequested,
)
from bridge.session.session import Session
from bridge.session.transport import State
from bridge.takes import takes
from model.generation.messages import Answer, BeatWritten, Begin, Forget, Order, Understood, Write
from model.music.notes import Beat, Note, Ticks
from model.music.plan import Plan
from tests.support.virtual_band import PITCHES, Rig, latencies, piece

START, CONTINUE, STOP, CLOCK = b"\xfa", b"\xfb", b"\xfc", b"\xf8"
MELODY = 1
"""The melody's channel, from 0."""


def numbered(order: Order) -> Answer | None:
    """Answer like a generator whose takes are a melody note a beat: of the first one 20, 21, …, of the second one from 60 on."""
    match order:
        case Begin(take):
            return Understood(take, Plan(tempo=120.0))
        case Write(take, index):
            pitch = (20 if take == 1 or "rain" in PROMPTS.get(take, "rain") else 60) + index % 60
            note = Note(Ticks(0), Ticks(240), pitch, 90, "melody")
            return BeatWritten(take, Beat(index, index // 4, index % 4, "4/4", "C", index == 0, (note,)))
    return None


PROMPTS: dict[int, str] = {}
"""The prompts of the takes that were begun, by their numbers."""


class Song:
    """A host with a song: it plays from a quarter note on, for a while, and stops."""

    def __init__(self, sync: str = "host") -> None:
        PROMPTS.clear()
        self.written: list[tuple[int, int]] = []
        self.forgotten: list[int] = []
        self.rig = Rig(latencies(0, 0.01), generator=self._write, session=Session(lambda: 7, sync=sync))
        self.sync, self.at = sync, self.rig.now + 0.5
        self.happen(ControlSet("humanise", 0.0))
        self.happen(PromptRequested("rain"))

    def _write(self, order: Order) -> Answer | None:
        if isinstance(order, Begin):
            PROMPTS[order.take] = order.prompt
        if isinstance(order, Write):
            self.written.append((order.take, order.index))
        if isinstance(order, Forget):
            self.forgotten.append(order.take)
        return numbered(order)

    def happen(self, event: Event) -> None:
        self.rig.until(self.at)
        self.rig.happen(event)

    def midi(self, data: bytes) -> None:
        self.happen(MidiReceived(Seconds(self.at), data))

    def play(self, quarter: float, beats: float) -> list[int]:
        """Play from a place for some beats, and stop just before the next; return the melody's pitches that sounded."""
        before = len(self.rig.sounded)
        self.roll(quarter, beats)
        self.stop()
        return self.heard(before)

    def roll(self, quarter: float, beats: float) -> None:
        """Play from a place for some beats."""
        if self.sync == "clock":
            sixteenths = round(quarter * 4)
            self.midi(bytes((0xF2, sixteenths & 127, sixteenths >> 7)))
            self.midi(CONTINUE if quarter else START)
            self.clocks(beats)
        for step in range(0 if self.sync == "clock" else round(beats * 4)):
            self.happen(HostTransportReported(True, quarter + step / 4, 120.0))
            self.at += 0.125

    def stop(self) -> None:
        self.at -= 0.01
        if self.sync == "clock":
            self.midi(STOP)
        else:
            self.happen(HostTransportReported(False, 0.0, 120.0))
        assert not self.rig.held, "a stop ends every note"

    def clocks(self, beats: float) -> None:
        for _ in range(round(beats * 24)):
            self.midi(CLOCK)
            self.at += 0.5 / 24

    def heard(self, before: int = 0) -> list[int]:
        """Return the melody's pitches after so many notes."""
        return [on.pitch for _, _, on in self.rig.sounded[before:] if on.channel == MELODY]

    def told(self) -> list[tuple[object, ...]]:
        return [args[:2] for _, path, args in self.rig.told if path == "beat"]


@pytest.mark.parametrize("sync", ["clock", "host"])
@pytest.mark.parametrize("bar", [3, 1.5])
def test_bars_that_were_heard_sound_again_where_the_host_goes_on_from_them(sync: str, bar: float) -> None:
    song = Song(sync)
    assert song.play(0, 24) == list(range(20, 44))
    song.at += 5
    quarter = round((bar - 1) * 4)
    told = len(song.told())
    assert song.play(quarter, 8) == list(range(20 + quarter, 28 + quarter))
    assert song.told()[told] == (quarter // 4 + 1, quarter % 4 + 1), "bars are counted on"
    assert song.rig.session.entered() == (quarter // 4 + 1, quarter // 4), "it entered there with a bar in its midst"


@pytest.mark.parametrize("event", [ControlSet("transpose", 2), ControlSet("energy", 0.9)])
def test_what_changes_before_the_first_beat_sounds_changes_no_count(event: Event) -> None:
    song = Song()
    song.play(0, 12)
    told = len(song.told())
    song.roll(5.3, 0.25)  # the first beat comes after a third of a second
    song.happen(event)
    song.roll(5.55, 6)
    assert song.told()[told : told + 4] == [(2, 3), (2, 4), (3, 1), (3, 2)]


def test_after_the_bars_that_are_known_the_take_goes_on_with_what_it_has_not_played() -> None:
    song = Song()
    song.play(0, 16)
    heard = song.play(8, 24)
    assert heard == list(range(28, 52))
    assert max(index for _, index in song.written) < 40, "nothing is written that is not heard"


def test_a_continue_without_a_place_goes_on_where_the_host_stopped() -> None:
    song = Song("clock")
    song.play(0, 9.5)
    song.clocks(7)  # most hosts send clocks while they are stopped
    before = len(song.rig.sounded)
    song.midi(CONTINUE)
    song.clocks(6)
    assert song.heard(before)[:5] == [30, 31, 32, 33, 34]


def test_a_place_that_was_never_heard_is_played_by_what_comes_next_in_the_take_at_that_place_of_its_phrase() -> None:
    song = Song()
    song.play(0, 12)
    told = len(song.told())
    heard = song.play(4 * 20, 10)
    assert heard == list(range(heard[0], heard[0] + len(heard)))
    first = song.told()[told]
    assert first[0] in (21, 22)
    assert heard[0] - 20 >= 16, "new bars"
    assert song.rig.session.entered() == (first[0], (heard[0] - 20) // 4)
    assert (heard[0] - 20) % 32 == 4 * (20 % 8) + int(str(first[1])) - 1, "as in the fifth bar of eight"


def test_a_start_begins_the_take_anew() -> None:
    song = Song()
    song.play(0, 10)
    assert song.play(0, 6) == list(range(20, 26))
    assert song.play(4, 4) == list(range(24, 28))


def test_what_was_asked_for_while_the_host_stood_still_is_played_from_its_beginning() -> None:
    song = Song()
    song.play(0, 10)
    song.happen(PromptRequested("sun"))
    song.at += 1
    assert song.play(4, 8)[:4] == [60, 61, 62, 63]


def test_controls_that_were_changed_while_the_host_stood_still_are_obeyed_at_the_bars_that_are_known() -> None:
    song = Song()
    song.play(0, 10)
    song.happen(ControlSet("energy", 0.9))
    song.at += 1
    heard = song.play(4, 8)
    assert len(heard) > 4
    assert not set(heard) & set(range(20, 30)), "written anew"


def test_a_song_of_two_takes_is_played_as_it_was_heard() -> None:
    song = Song()
    song.roll(0, 6)
    song.happen(PromptRequested("sun"))
    song.roll(6, 10)
    song.stop()
    first = song.heard()
    assert set(first) & set(range(20, 30))
    assert set(first) & set(range(60, 70))
    assert song.play(4, 16)[:12] == first[4:16]


@pytest.mark.parametrize(
    "event", [ControlSet("energy", 0.9), RefineRequested("darker"), PromptRequested("sun"), ControlSet("hold", 1)]
)
def test_bars_that_sound_again_give_way_to_what_is_asked_for(event: Event) -> None:
    song = Song()
    song.play(0, 28)
    before = len(song.rig.sounded)
    song.roll(4, 2)
    written = len(song.written)
    song.happen(event)
    song.roll(6, 14)
    heard = song.heard(before)
    assert heard[:2] == [24, 25]
    assert song.written[written:] or len(set(heard)) == 4, "written anew, or held"
    beats = [args[1] for args in song.told()[-14:]]
    assert beats == [(int(str(beats[0])) - 1 + i) % 4 + 1 for i in range(14)], "the bars go on"
    song.stop()


def test_a_piece_is_played_from_the_bar_where_the_host_is() -> None:
    song = Song()
    song.happen(ScoreLaunchRequested(piece()))
    song.at += 0.5
    assert song.play(0, 3) == list(PITCHES[:3])
    assert song.play(4, 4) == list(PITCHES[4:]), "bars that were not heard yet are known too"


def test_a_generator_that_died_meanwhile_plays_the_take_from_its_beginning() -> None:
    song = Song()
    song.play(0, 10)
    song.happen(GeneratorExited())
    song.happen(GeneratorReady())
    song.at += 1
    assert song.play(4, 8)[:4] == [20, 21, 22, 23]


def test_our_own_stop_and_play_begin_the_take_anew() -> None:
    song = Song()
    song.play(0, 10)
    song.happen(StopRequested())
    song.happen(PlayRequested())
    song.at += 1
    assert song.play(4, 4)[:3] == [20, 21, 22]


def test_a_host_that_stops_again_before_anything_sounds_loses_nothing() -> None:
    song = Song()
    song.play(0, 10)
    song.happen(HostTransportReported(True, 4.0, 120.0))
    song.happen(HostTransportReported(False, 4.0, 120.0))
    assert song.rig.session.state is State.IDLE
    assert song.play(4, 4) == [24, 25, 26, 27]
    assert song.play(0, 4) == [20, 21, 22, 23]


def test_what_is_written_of_a_paused_take_is_forgotten_once_it_begins_anew() -> None:
    song = Song()
    for _ in range(3):
        song.play(0, 4)
    assert song.forgotten == [1, 2], "one may still go on"


def test_back_after_a_stop_and_a_continue_brings_the_take_before() -> None:
    song = Song()
    song.roll(0, 6)
    song.happen(PromptRequested("sun"))
    song.roll(6, 10)
    song.stop()
    song.roll(12, 2)
    song.happen(BackRequested())
    before = len(song.rig.sounded)
    song.roll(14, 8)
    assert set(song.heard(before)[-4:]) <= set(range(20, 60)), "the first take"


def test_bars_heard_before_controls_changed_are_not_played_again_and_those_after_it_are() -> None:
    song = Song()
    song.roll(0, 10)
    song.happen(ControlSet("energy", 0.9))
    song.roll(10, 14)
    song.stop()
    first = song.heard()
    assert not set(song.play(4, 4)) & set(range(20, 44)), "written anew"
    assert song.play(16, 6) == first[16:22]


def test_controls_that_were_changed_are_obeyed_though_the_host_stopped_twice() -> None:
    song = Song()
    song.play(0, 10)
    song.happen(ControlSet("energy", 0.9))
    song.happen(HostTransportReported(True, 4.0, 120.0))
    song.happen(HostTransportReported(False, 4.0, 120.0))
    assert not set(song.play(4, 4)) & set(range(20, 30)), "written anew"


def test_a_piece_that_ends_begins_anew_where_the_host_goes_on_after_its_end() -> None:
    song = Song()
    song.happen(ScoreLaunchRequested(piece(loops=False)))
    song.at += 0.5
    song.play(0, 3)
    assert song.play(16, 4) == list(PITCHES[:4])


def test_a_host_that_goes_elsewhere_before_anything_sounds_is_followed() -> None:
    song = Song()
    song.play(0, 16)
    song.happen(HostTransportReported(True, 40.9, 120.0))
    assert song.rig.session.state is State.WAITING
    before = len(song.rig.sounded)
    for _ in range(3):  # a jump is believed once it is told again
        song.at += 0.001
        song.happen(HostTransportReported(True, 8.0, 120.0))
    song.play(8, 4)
    assert song.heard(before) == [28, 29, 30, 31]


@pytest.mark.parametrize("takes_heard", [1, 2])
def test_a_jump_while_bars_sound_again_keeps_the_place_in_the_bar(takes_heard: int) -> None:
    song = Song()
    song.happen(ControlSet("lookahead", 1.0))
    song.roll(0, 6)
    if takes_heard == 2:
        song.happen(PromptRequested("sun"))
    song.roll(6, 18)
    song.stop()
    song.roll(4, 2.5)
    song.roll(9.0, 8)  # another place in the bar
    told = song.told()[-8:]
    assert [beat for _, beat in told] == [2, 3, 4, 1, 2, 3, 4, 1]
    pitches = song.heard()[-8:]
    assert [(p - 20) % 4 for p in pitches] == [int(str(beat)) - 1 for _, beat in told], (
        "strong beats fall on strong ones"
    )


def test_a_take_keeps_its_words_however_often_the_host_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takes, "MAX_TAKES", 4)
    song = Song()
    for quarter in range(0, 32, 4):
        song.play(quarter, 4)
    song.roll(32, 5)
    assert {bar.prompt for bar in song.rig.session.kept_bars(1, song.rig.now).bars} == {"rain"}


def test_a_place_told_while_the_clock_runs_wakes_nobody_in_the_past() -> None:
    song = Song("clock")
    song.rig.happen(GeneratorExited())
    song.midi(START)
    song.clocks(10)
    song.midi(bytes((0xF2, 16, 0)))
    assert song.rig.session.next_deadline() is None
