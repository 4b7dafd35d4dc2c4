"""Messages of workers: they travel unchanged, also from and to older versions, and nothing else is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.workers.protocol import (
    MAX_PAYLOAD,
    Accepted,
    Done,
    Job,
    Ordered,
    Refused,
    Streamed,
    WireError,
    pack,
    unpack,
)
from model.generation.messages import BeatWritten, Begin, Understood, Write
from model.music.notes import Beat, Kept, Note, Ticks
from model.music.plan import Controls, Plan


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"is":"Done"}',
        b'{"is":"Done","job":3}',
        b"\xff",
        b"1" * 9,
        b'{"is":"Job","job":"a"}',
        b'{"is":"Done","job":"\xff"}',
        b'{"is":[],"job":"a"}',
        b"[" * 9999,
        b'{"is":"Done","job":"a"',
        b" " * (MAX_PAYLOAD + 1),
    ],
)
def test_garbage_from_a_broker_is_a_wire_error(data: bytes) -> None:
    with pytest.raises(WireError):
        unpack(data, Ordered, Done)


@given(st.binary(max_size=60))
@settings(max_examples=60)
def test_any_bytes_are_a_wire_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(WireError):
        unpack(data, Job)


NUMBERS = st.integers(-(2**40), 2**40)
NOTES = st.builds(
    Note,
    st.integers(0, 9999),
    st.integers(1, 9999),
    st.integers(0, 127),
    st.integers(1, 127),
    st.text(),
    NUMBERS,
)
BEATS = st.builds(Beat, notes=st.lists(NOTES, max_size=5).map(tuple), chord=st.none() | st.text())
REAL = st.floats(allow_nan=False, allow_infinity=False)
WRITES = st.builds(
    Write,
    controls=st.builds(Controls, tempo=REAL, key=st.text(), guidance=st.none() | REAL),
    hands=st.none() | st.builds(Kept, notes=st.lists(NOTES, max_size=3).map(tuple), parts=st.frozensets(st.text())),
    played=st.just(()),
    section=st.none() | st.text(),
)
STREAMED = st.builds(Streamed, answer=st.builds(BeatWritten, beat=st.none() | BEATS))
MIXES = st.lists(st.tuples(st.text(), REAL), max_size=2).map(tuple)
PLANS = st.builds(
    Plan,
    style=MIXES,
    progression=st.none(),
    idioms=st.lists(st.tuples(st.text(), MIXES), max_size=2).map(tuple),
    figures=st.lists(st.text(), max_size=2).map(tuple),
)
ORDERED = st.builds(Ordered, writes=st.lists(WRITES, max_size=3).map(tuple))


@given(STREAMED | ORDERED | st.builds(Refused))
@settings(max_examples=60, deadline=None)
def test_what_is_packed_is_unpacked_as_it_was(value: Streamed | Ordered | Refused) -> None:
    assert unpack(pack(value), Job, Done, Accepted, Refused, Streamed, Ordered) == value


@given(PLANS)
@settings(max_examples=60, deadline=None)
def test_a_plan_of_two_styles_and_figures_travels_as_it_is(plan: Plan) -> None:
    assert unpack(pack(Understood(1, plan)), Understood) == Understood(1, plan)


# --- versions ------------------------------------------------------------------------------------

NOTE = Note(Ticks(120), Ticks(240), 60, 90, "melody", -3)
BEAT = Beat(5, 1, 1, "4/4", "F#m7", True, (NOTE,))
KEPT = Kept((NOTE,), frozenset({"melody", "bass"}), True, "C", False)
PLAN = Plan(tempo=96.5, style=(("jazz", 0.75), ("pop", 0.25)), explicit=("tempo", "key"))
MESSAGES: tuple[object, ...] = (
    Job("a1", "c0ffee", Begin(3, "späte Nacht 🌙", Controls(tempo=96.5, key="F minor"), 7)),
    Job(
        "a2",
        "c0ffee",
        Begin(
            4, "rain", Controls(), 2**40, 8, ("bass", "drums"), "snow", (("density", 0.5),), 4, (KEPT,), True, "slower",
            (BEAT,), PLAN,
        ),
    ),
    Accepted("a1", "w"),
    Refused("a1", 'no "weights"'),
    Done("a1"),
    Ordered("a1", 4, (Write(3, 5, Controls(), KEPT, ((4, KEPT),), "fill"), Write(3, 6, Controls()))),
    Streamed("a1", 4, BeatWritten(3, BEAT)),
    Streamed("a1", 5, BeatWritten(3, None)),
)  # fmt: skip
RECORDED = (Path(__file__).parent / "messages_0_1.jsonl").read_bytes().splitlines()
"""MESSAGES as version 0.1 packed them, before msgspec."""


@pytest.mark.parametrize(("value", "recorded"), list(zip(MESSAGES, RECORDED, strict=True)))
def test_messages_of_an_older_version_are_read_and_written_as_before(value: object, recorded: bytes) -> None:
    assert unpack(recorded, Job, Accepted, Refused, Done, Ordered, Streamed) == value
    assert pack(value) == recorded


def test_a_field_that_a_later_version_adds_is_ignored_and_one_that_has_a_default_may_be_missing() -> None:
    data = json.loads(RECORDED[0])
    data["begin"]["mood"] = "blue"
    del data["begin"]["plan"]
    assert unpack(json.dumps(data).encode(), Job) == MESSAGES[0]


def test_a_note_that_no_keyboard_has_is_a_wire_error() -> None:
    data = json.loads(RECORDED[6])
    data["answer"]["beat"]["notes"][0]["pitch"] = 128
    with pytest.raises(WireError):
        unpack(json.dumps(data).encode(), Streamed)
