from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.jobs import Done, Job, Ordered
from bridge.wire import WireError, unpack


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
