"""Pad, arp and perc on a stage: a control adds them, silences them, or leaves them to the words."""

from __future__ import annotations

import pytest

from bridge.midi.protocol import Controller
from bridge.protocol.controls import CONTROLS, defaults, model_controls, parse_value
from bridge.protocol.events import ControlSet, PlayRequested, PromptRequested, ToPlayer
from model.generation.messages import BeatWritten, Order, Understood, Write
from model.music.notes import ADDED_PARTS, CHANNELS, PARTS, USUAL_PARTS, Beat, Note, Ticks
from model.music.plan import Plan, apply_controls
from tests.support.virtual_band import Rig, beat_of, latencies, playing


def test_they_are_left_to_the_words_by_default_and_the_usual_parts_sound() -> None:
    assert {p: CONTROLS[f"part/{p}/enabled"].default for p in PARTS} == {
        p: -1 if p in ADDED_PARTS else 1 for p in PARTS
    }
    assert model_controls(defaults()).added == ()


def test_their_channels_are_those_of_the_songbook() -> None:
    assert [CONTROLS[f"part/{p}/channel"].default for p in ADDED_PARTS] == [4, 5, 11]
    assert [CONTROLS[f"part/{p}/channel"].default for p in USUAL_PARTS] == [1, 2, 3, 10]


@pytest.mark.parametrize(("value", "added"), [(1, ("pad",)), (0, ()), (-1, ())])
def test_only_one_that_is_set_to_1_is_added_whatever_the_words_say(value: int, added: tuple[str, ...]) -> None:
    assert model_controls(defaults() | {"part/pad/enabled": value}).added == added
    assert parse_value("part/pad/enabled", (float(value),)) == value


def generator(plan: Plan) -> Rig:
    """A rig whose generator writes the parts that the controls ask for, as the composer does."""

    def answered(order: Order) -> BeatWritten | Understood | None:
        if isinstance(order, Write):
            beat = beat_of(order.take, order.index, plan)
            parts = apply_controls(plan, order.controls)[0].parts
            more = tuple(Note(Ticks(0), Ticks(240), 65, 70, part) for part in parts if part in ADDED_PARTS)
            return BeatWritten(
                order.take, Beat(order.index, beat.bar, beat.beat, "4/4", "C", beat.fresh, beat.notes + more)
            )
        return Understood(order.take, plan) if hasattr(order, "prompt") and hasattr(order, "take") else None

    rig = Rig(latencies(1, 0.02), generator=answered)
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 4)
    return rig


def channels(rig: Rig, since: Ticks) -> set[int]:
    return {message.channel for at, _, message in rig.sounded if at >= since}


def test_a_part_enters_and_leaves_while_the_band_plays_on() -> None:
    rig = generator(Plan(tempo=160.0, parts=USUAL_PARTS))
    assert channels(rig, Ticks(0)) == {CHANNELS[p] for p in USUAL_PARTS}
    rig.happen(ControlSet("part/pad/enabled", 1))
    since = Ticks(rig.tempo.ticks_at(rig.now) + 960)
    rig.until(rig.now + 4)
    assert channels(rig, since) == {CHANNELS[p] for p in (*USUAL_PARTS, "pad")}
    rig.happen(ControlSet("part/pad/enabled", 0))
    since = Ticks(rig.tempo.ticks_at(rig.now) + 960)
    rig.until(rig.now + 4)
    assert channels(rig, since) == {CHANNELS[p] for p in USUAL_PARTS}


def test_a_part_that_the_words_ask_for_is_muted_and_comes_back() -> None:
    rig = generator(Plan(tempo=160.0, parts=(*USUAL_PARTS, "perc")))
    assert CHANNELS["perc"] in channels(rig, Ticks(0))
    for value in (0, -1, 0, 1):
        rig.happen(ControlSet("part/perc/enabled", value))
        since = Ticks(rig.tempo.ticks_at(rig.now) + 960)
        rig.until(rig.now + 3)
        assert (CHANNELS["perc"] in channels(rig, since)) == (value != 0)


def test_controllers_go_to_the_channels_of_the_parts_that_play() -> None:
    rig = playing()
    effects = rig.session.handle(ControlSet("send/energy", 1), rig.now)
    sent = [e.order for e in effects if isinstance(e, ToPlayer) and isinstance(e.order, Controller)]
    assert {order.part for order in sent} == set(USUAL_PARTS)
