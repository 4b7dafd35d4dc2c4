from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.workers.protocol import Accepted, Done, Job, Ordered, Refused, Streamed, WireError, pack, unpack
from model.generation.messages import BeatWritten, Understood, Write
from model.music.notes import Beat, Kept, Note
from model.music.plan import Controls, Plan


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"is":"Done"}', b'{"is":"Done","job":3}', b"\xff", b"1" * 9]
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
REAL = st.floats(allow_nan=False)
WRITES = st.builds(
    Write,
    controls=st.builds(Controls, tempo=REAL, key=st.text(), guidance=st.none() | REAL),
    hands=st.none()
    | st.builds(Kept, notes=st.lists(NOTES, max_size=3).map(tuple), parts=st.frozensets(st.text())),
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
