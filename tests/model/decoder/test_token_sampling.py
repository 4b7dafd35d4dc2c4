from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoder.engine import sample, sample_binary
from model.decoder.native_engine import NativeEngine
from model.native.library import native_available
from tests.support.tiny_engine import SHAPE, noise

values = st.floats(-30, 30, width=32)


@given(
    st.lists(st.tuples(values, values, st.one_of(values, st.just(-1e9))), min_size=1, max_size=40),
    st.floats(0, 3), st.floats(0.1, 2), st.one_of(st.just(1.0), st.floats(0.05, 1)), st.floats(0, 1, exclude_max=True),
)  # fmt: skip
def test_the_native_engine_draws_what_the_reference_draws_unless_the_number_lies_on_the_border(
    rows: list[tuple[float, float, float]], text: float, temperature: float, top_p: float, uniform: float
) -> None:
    if not native_available():
        pytest.skip("model/native/decoder.c is not built (a C compiler, then make setup)")
    table = np.array(rows)
    logits, bias = np.ascontiguousarray(table[:, :2].T, np.float32), np.ascontiguousarray(table[:, 2])
    told = native().sample(logits, bias, text, temperature, top_p, uniform)
    near = {sample(logits, bias, text, temperature, t, d) for d in around(uniform) for t in around(top_p)}
    assert told in near


anything = st.one_of(values, st.sampled_from([np.nan, np.inf, -np.inf]))


@given(
    st.lists(st.tuples(anything, anything, anything), min_size=1, max_size=40), anything, anything, anything, anything
)
def test_the_native_engine_draws_a_value_that_there_is_whatever_the_numbers_are(
    rows: list[tuple[float, float, float]], text: float, temperature: float, top_p: float, uniform: float
) -> None:
    if not native_available():
        pytest.skip("model/native/decoder.c is not built (a C compiler, then make setup)")
    table = np.array(rows)
    logits, bias = np.ascontiguousarray(table[:, :2].T, np.float32), np.ascontiguousarray(table[:, 2])
    drawn = {native().sample(logits, bias, text, temperature, top_p, uniform) for _ in range(3)}
    assert len(drawn) == 1, "nothing that was not initialised"
    assert 0 <= min(drawn) <= max(drawn) < len(rows)


def around(x: float) -> tuple[float, float, float]:
    return max(0.0, x - 1e-4), x, min(1.0, x + 1e-4)


@cache
def native() -> NativeEngine:
    return NativeEngine(noise(), SHAPE)


@given(st.floats(-30, 30), st.floats(0, 5), st.lists(st.floats(-20, 20), min_size=1, max_size=9), st.floats(0, 1))
def test_what_comes_against_all_else_comes_too_where_it_is_likelier(
    logit: float, more: float, other_logits: list[float], uniform: float
) -> None:
    rest = np.array(other_logits)
    assert sample_binary(logit + more, rest, 1.0, 0.9, uniform) or not sample_binary(logit, rest, 1.0, 0.9, uniform)
    assert sample_binary(rest.max() + 30, rest, 1.0, 0.9, uniform)
    assert not sample_binary(rest.max() - 30, rest, 1.0, 0.9, uniform)
