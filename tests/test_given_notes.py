"""Notes that a client gives for a clip: they come in packets, in any order, late or twice, or never."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bridge.controls import Value
from bridge.errors import BadRequest
from model.clipping import song_of
from model.commission import ClipOrder
from model.music import Note, Ticks
from tests.test_clips import Desk, song


def packets(notes: list[Note]) -> list[tuple[Value, ...]]:
    found: list[tuple[Value, ...]] = []
    for at in range(0, len(notes), 32):
        some = [n for n in notes[at : at + 32] if n.part == notes[at].part]
        numbers = [v for n in some for v in (n.pitch, n.start / 480, n.length / 480, n.velocity)]
        found.append((7, len(notes), at, some[0].part, *numbers))
    return found


@examples(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_given_notes_may_come_in_any_order_and_twice(rng: random.Random) -> None:
    notes = [Note(Ticks(120 * i), Ticks(100), 60 + i % 12, 80, "melody") for i in range(90)]
    desk, sent = Desk(), packets(notes) * 2
    rng.shuffle(sent)
    for args in sent:
        desk.say("clip/given", *args)
    desk.say("clip", 7, 8, 0, "rain", "redo", "3-4")
    source = desk.last().given
    assert source is not None
    assert sorted(song_of(source).notes) == sorted(notes)
    assert source.stays is not None
    assert source.stays.redone == frozenset({2, 3})


def test_given_notes_that_are_not_all_there_fail_with_a_reason_and_can_be_completed() -> None:
    notes = [Note(Ticks(120 * i), Ticks(100), 60, 80, "melody") for i in range(64)]
    first, second = packets(notes)
    desk = Desk()
    desk.say("clip/given", *first)
    told = desk.say("clip", 7, 8, 0, "rain")
    assert told[0][1] == "clip/failed"
    assert "32 of 64" in str(told[0][2][1])
    assert desk.orders == []
    desk.say("clip/given", *second)
    desk.say("clip", 7, 8, 0, "rain")
    source = desk.last().given
    assert source is not None
    assert source.stays is None, "nothing marked: it goes on from them"
    assert (source.bars, len(source.notes)) == (4, 64)


def test_given_notes_of_all_clips_are_bounded_too() -> None:
    desk = Desk()
    for i in range(6):
        desk.say("clip/given", i, 8000, 0, "melody", 60, 0, 1, 80)
    for k in range(7993 // 32):
        row = [v for n in range(32) for v in (60, k + n / 32, 0.01, 80)]
        for i in range(6):
            desk.say("clip/given", i, 8000, 32 * k, "melody", *row)
    with pytest.raises(BadRequest, match="too many notes"):
        desk.say("clip/given", 7, 8000, 0, "melody", 60, 0, 1, 80)


def test_what_was_announced_and_never_came_fails_and_is_not_made_up() -> None:
    desk = Desk()
    for options in (("from", 3), ("keep", "bass"), ("redo", "1-2")):
        told = desk.say("clip", 1, 2, 0, "rain", *options)
        assert [(a[1], a[2][0]) for a in told] == [("clip/failed", 1)]
    desk.say("clip/redo", 2, "bass", "")
    assert desk.say("clip", 2, 2, 0, "rain")[0][1] == "clip/failed"
    assert desk.orders == []


def test_a_late_copy_of_a_given_packet_changes_nothing() -> None:
    desk, sent = Desk(), packets([Note(Ticks(120 * i), Ticks(100), 60, 80, "melody") for i in range(64)])
    for args in sent:
        desk.say("clip/given", *args)
    desk.say("clip", 7, 8, 0, "rain")
    desk.say("clip/given", *sent[0])
    told = desk.finish(song(40))
    desk.say("clip/given", *sent[1])
    assert desk.say("clip", 7, 8, 0, "rain") == told
    assert desk.say("clip/resend", 7) == told
    assert len(desk.orders) == 1


def test_other_notes_under_the_same_id_are_another_clip() -> None:
    desk = Desk()
    for pitch in (60, 61):
        desk.say("clip/given", 7, 1, 0, "melody", pitch, 0, 1, 80)
        desk.say("clip", 7, 8, 0, "rain")
    assert [o.given.notes[0][1] for o in desk.orders if isinstance(o, ClipOrder) and o.given] == [60, 61]
    desk.say("clip", 7, 8, 1, "rain")
    assert desk.last().given is None, "what was given is for one clip"
