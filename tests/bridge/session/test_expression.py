"""Expression while playing: bends and curves always come back, never act on drums, and are thin."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.midi.scheduler import Scheduler
from bridge.protocol.events import (
    ControlSet,
    CueRequested,
    Event,
    PlayerReady,
    PlayRequested,
    PromptRequested,
    StopRequested,
)
from bridge.storage.kept_takes import from_json
from model.expression import FILTER, NEUTRAL, SWELL
from model.generation.messages import Answer, BeatWritten, Begin, Order, Understood, Write
from model.music.midifile import Song, to_bytes
from model.music.notes import CHANNELS, Beat, Note, Ticks
from model.music.plan import Plan
from model.music.smf import BEND_CENTRE, BEND_RANGE, RANGE_TOLD
from tests.support.virtual_band import BAR, BEAT, Rig, latencies

TRAP = Plan(
    tempo=140.0,
    parts=("chords", "melody", "bass", "drums", "pad"),
    style=(("trap", 1.0),),
    programs=(("chords", 89), ("melody", 107), ("bass", 39), ("pad", 91)),
)
CLUB = Plan(tempo=124.0, parts=("chords", "bass", "drums", "pad"), style=(("techno", 1.0),), programs=(("chords", 81), ("bass", 38), ("pad", 91)))  # fmt: skip


def beat(index: int) -> Beat:
    """Return a beat whose bass and melody go on from note to note, on other pitches."""
    notes = [Note(Ticks(0), Ticks(480), pitch, 80, part) for part in ("chords", "pad") for pitch in (60, 64, 67)]
    notes += [Note(Ticks(0), Ticks(480), 36 + index % 5, 90, "bass")]
    notes += [Note(Ticks(0), Ticks(480), 72 + index % 7, 90, "melody"), Note(Ticks(0), Ticks(60), 36, 100, "drums")]
    return Beat(index, index // 4, index % 4, "4/4", "C", index == 0, tuple(notes))


def rig(plan: Plan, expression: int = 1) -> Rig:
    def answer(order: Order) -> Answer | None:
        match order:
            case Begin():
                return Understood(order.take, plan, None)
            case Write(take, index):
                return BeatWritten(take, beat(index))
        return None

    found = Rig(latencies(1, 0.01), generator=answer)
    found.happen(ControlSet("humanise", 0.0))
    found.happen(ControlSet("expression", expression))
    found.happen(PromptRequested("trap"))
    found.happen(PlayRequested())
    return found


def test_without_expression_nothing_but_notes_is_sent() -> None:
    band = rig(TRAP, expression=0)
    band.until(band.now + 8)
    assert not band.bends
    assert not band.curves
    assert not band.told_controllers


def test_the_curves_of_bars_without_notes_are_cancelled_with_them() -> None:
    def answer(order: Order) -> Answer | None:
        match order:
            case Begin():
                return Understood(order.take, CLUB, None)
            case Write(take, index):
                return BeatWritten(take, beat(index) if index < 4 else replace(beat(index), notes=()))
        return None

    band = Rig(latencies(1, 0.01), generator=answer)
    for name, value in (("humanise", 0.0), ("expression", 1), ("lookahead", 8.0)):
        band.happen(ControlSet(name, value))
    band.happen(PromptRequested("rain"))
    band.happen(PlayRequested())
    band.until(band.now + 4)
    band.curves.clear()
    band.happen(PromptRequested("snow"))
    band.until(band.now + 4)
    assert band.curves
    assert max(Counter(curve[:3] for curve in band.curves).values()) == 1, "a curve of each take would be two"


def test_the_bend_range_is_told_before_anything_is_bent() -> None:
    band = rig(TRAP)
    told = Counter(channel for channel, _, _ in band.told_controllers)
    band.until(band.now + 8)
    assert band.bends
    assert [(n, v) for channel, n, v in band.told_controllers if channel == 2] == list(RANGE_TOLD)
    assert 9 not in told
    assert (6, BEND_RANGE) in RANGE_TOLD


def test_a_bass_of_trap_glides_from_note_to_note_and_ends_in_tune() -> None:
    band = rig(TRAP)
    band.until(band.now + 12)
    ends = [value for _, _, value in band.bends]
    assert ends.count(BEND_CENTRE) >= 5
    assert any(value != BEND_CENTRE for value in ends)
    glides = [(at, value) for at, _, value in band.bends if value != BEND_CENTRE]
    assert all(at % BEAT < 130 for at, _ in glides), "a glide is over within a sixteenth"


def test_a_pad_swells_over_its_phrases_by_a_message_a_sixteenth_at_most() -> None:
    band = rig(TRAP)
    band.until(band.now + 12)
    swells = [(at, value) for at, channel, number, value in band.curves if channel == 3 and number == SWELL and at >= 0]
    phrase = [value for at, value in swells if 0 <= at < 4 * BAR]
    assert phrase[0] < 100 < max(phrase)
    assert phrase.index(max(phrase)) > len(phrase) / 2
    per_sixteenth = Counter((at // 120, channel, number) for at, channel, number, _ in band.curves if at >= 0)
    assert max(per_sixteenth.values()) == 1


def test_a_filter_opens_over_a_build_and_closes_behind_the_drop() -> None:
    band = rig(CLUB)
    band.until(band.now + 4)
    band.happen(CueRequested("build"))
    band.until(band.now + 12)
    band.happen(CueRequested("drop"))
    band.until(band.now + 16)
    pads = [(at, value) for at, channel, number, value in band.curves if (channel, number) == (3, FILTER) and at >= 0]
    begins = next(at for at, value in pads if value <= 41)
    build = [value for at, value in pads if begins <= at < begins + 4 * BAR]
    drop = next(at for at, value in pads if at >= begins + 4 * BAR and value > 105)
    assert build == sorted(build)
    assert build[-1] > 105
    closing = [value for at, value in pads if drop <= at < drop + 4 * BAR]
    assert closing == sorted(closing, reverse=True)
    assert closing[-1] < 70


@pytest.mark.parametrize("event", [StopRequested(panic=False), StopRequested(panic=True)])
def test_stop_and_panic_take_every_curve_back(event: StopRequested) -> None:
    band = rig(TRAP)
    band.until(band.now + 6.1)
    band.happen(event)
    last = {(channel, number): value for _, channel, number, value in band.curves}
    assert last
    assert all(value == NEUTRAL[number] for (_, number), value in last.items())


def test_another_take_begins_with_neutral_controllers_where_it_has_no_curves() -> None:
    plans = [TRAP, Plan(tempo=140.0, style=(("folk", 1.0),), programs=(("chords", 24),))]
    band = rig(TRAP)

    def answer(order: Order) -> Answer | None:
        if isinstance(order, Begin):
            return Understood(order.take, plans[1], None)
        return BeatWritten(order.take, beat(order.index)) if isinstance(order, Write) else None

    band.until(band.now + 6)
    band.generator = answer
    band.happen(PromptRequested("folk"))
    band.until(band.now + 6)
    last = {(channel, number): value for _, channel, number, value in band.curves}
    assert last
    assert all(value == NEUTRAL[number] for (_, number), value in last.items())


def test_switching_it_off_takes_everything_back_at_once() -> None:
    band = rig(TRAP)
    band.until(band.now + 5.2)
    band.happen(ControlSet("expression", 0))
    sent = len(band.curves), len(band.bends)
    last = {(channel, number): value for _, channel, number, value in band.curves}
    assert all(value == NEUTRAL[number] for (_, number), value in last.items())
    band.until(band.now + 5)
    assert (len(band.curves), len(band.bends)) == sent


def test_a_player_that_comes_back_is_told_the_range_and_neutral_values() -> None:
    band = rig(TRAP)
    band.until(band.now + 4)
    band.told_controllers.clear()
    band.happen(PlayerReady())
    pads = [(n, v) for channel, n, v in band.told_controllers if channel == 3]
    assert pads == [*NEUTRAL.items(), *RANGE_TOLD]


def test_a_player_that_comes_back_is_told_where_the_curves_are_and_how_they_go_on() -> None:
    band, undisturbed = rig(TRAP), rig(TRAP)
    for one in (band, undisturbed):
        one.until(one.now + 6.1)
    band.scheduler, band.held, band.bent = Scheduler(), {}, {}  # another player, which knows of nothing
    band.curves.clear()
    band.told_controllers.clear()
    band.happen(PlayerReady())
    here = band.tempo.ticks_at(band.now)
    for one in (band, undisturbed):
        one.until(one.now + 1)
    again = [(channel, number) for at, channel, number, _ in band.curves if at <= here]
    assert len(again) == len(set(again)), "each is told once"
    told = {(channel, number): value for channel, number, value in band.told_controllers if number in NEUTRAL}
    told |= {(channel, number): value for at, channel, number, value in band.curves if at <= here}
    assert told == {(channel, n): value for at, channel, n, value in undisturbed.curves if at <= here}
    goes_on = sorted(curve for curve in undisturbed.curves if curve[0] > here)
    assert goes_on
    assert sorted(curve for curve in band.curves if curve[0] > here) == goes_on


def test_a_channel_that_drums_share_has_neither_bends_nor_curves() -> None:
    band = rig(TRAP)
    band.happen(ControlSet("part/bass/channel", 10))
    band.happen(ControlSet("part/pad/channel", 10))
    band.until(band.now + 1)
    band.curves.clear()
    band.bends.clear()
    band.until(band.now + 8)
    assert {channel for _, channel, _ in band.bends} == {1}, "those of the melody go on"
    assert {channel for _, channel, _, _ in band.curves} == {0}, "those of the chords go on"


def test_a_controller_that_is_sent_by_hand_has_no_curve() -> None:
    band = rig(TRAP)
    band.happen(ControlSet("send/energy", 1))
    band.until(band.now + 1)
    before = len(band.curves)
    band.until(band.now + 8)
    assert all(number != SWELL for _, _, number, _ in band.curves[before:])


MOVES: dict[str, Event] = {
    "stop": StopRequested(panic=False),
    "play": PlayRequested(),
    "prompt": PromptRequested("again"),
    "build": CueRequested("build"),
    "drop": CueRequested("drop"),
    "hold": ControlSet("hold", 1),
    "off": ControlSet("expression", 0),
    "on": ControlSet("expression", 1),
    "channel": ControlSet("part/melody/channel", 3),
    "player": PlayerReady(),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.floats(0.05, 1.5)), max_size=8))
@settings(max_examples=20, deadline=None)
def test_whatever_is_asked_bends_and_curves_come_back(moves: list[tuple[str, float]]) -> None:
    band = rig(TRAP)
    for move, seconds in moves:
        with suppress(BadRequest):  # a cue while nothing plays
            band.happen(MOVES[move])
        band.until(band.now + seconds)
    band.happen(StopRequested(panic=False))
    assert not band.bent
    assert not band.held
    last = {(channel, number): value for _, channel, number, value in band.curves}
    assert all(value == NEUTRAL[number] for (_, number), value in last.items())


def sent(band: Rig, end: int) -> tuple[set[tuple[int, int, int]], set[tuple[int, int, int, int]]]:
    return {b for b in band.bends if 0 <= b[0] < end}, {c for c in band.curves if 0 <= c[0] < end}


def recorded(band: Rig) -> tuple[Song, set[tuple[int, int, int]], set[tuple[int, int, int, int]]]:
    song = band.session.recorded_song(band.now)
    assert song is not None
    inside = [g for g in song.gestures if g.tick < song.end]
    bends = {(g.tick, CHANNELS[g.part], g.value) for g in inside if g.controller is None}
    return song, bends, {(g.tick, CHANNELS[g.part], g.controller, g.value) for g in inside if g.controller is not None}


@pytest.mark.parametrize("plan", [TRAP, CLUB])
def test_the_file_of_what_was_played_has_the_bends_and_curves_that_were_sent(plan: Plan) -> None:
    band = rig(plan)
    band.until(band.now + 17)
    song, bends, curves = recorded(band)
    assert (bends, curves) == sent(band, song.end)
    assert curves
    last = {(g.part, g.controller): g.value for g in song.gestures}
    assert all(value == (BEND_CENTRE if number is None else NEUTRAL[number]) for (_, number), value in last.items())


def test_a_kept_take_has_them_from_its_own_first_bar_on_and_after_a_replay() -> None:
    band = rig(CLUB)
    band.until(band.now + 17)
    kept = band.session.kept_bars(2, band.now)
    curves = [g for g in kept.song.gestures if g.controller is not None]
    assert min(g.tick for g in curves) == 0, "what a curve was at when the first bar began"
    assert max(g.tick for g in curves) <= kept.song.end == 2 * BAR
    again = from_json(kept.to_json())
    assert to_bytes(again.song) == to_bytes(kept.song) != to_bytes(replace(kept.song, gestures=()))


def test_a_file_has_nothing_of_it_before_it_was_switched_on_and_after_it_was_switched_off() -> None:
    band = rig(TRAP, expression=0)
    band.until(band.now + 5)
    assert not recorded(band)[0].gestures
    band.happen(ControlSet("expression", 1))
    band.until(band.now + 7)
    band.happen(ControlSet("expression", 0))
    off = band.tempo.ticks_at(band.now)
    band.until(band.now + 8)
    song, bends, curves = recorded(band)
    assert curves
    assert max(at for at, *_ in [*bends, *curves]) <= off
    last = {(g.part, g.controller): g.value for g in song.gestures if g.controller is not None}
    assert all(value == NEUTRAL[number] for (_, number), value in last.items())
