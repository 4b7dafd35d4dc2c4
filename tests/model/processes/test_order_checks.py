"""Orders with numbers that are none, or that nobody could carry out, are refused in words before anything is done."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.generation.messages import Begin, Failed, Forget, Order, Prepare, Write
from model.music.control import control_rows
from model.music.notes import Beat, Kept, Note, Ticks
from model.music.plan import Controls, Plan
from model.processes.generate import Generator
from model.processes.order_checks import check_order

NOTE = Note(Ticks(0), Ticks(480), 60)
BEGIN, WRITE = Begin(1, "calm", Controls(), 7), Write(1, 0, Controls())
BEAT = Beat(0, 0, 0, "4/4", "C", True, (NOTE,))
NUMBERS = [row for row in control_rows(Controls) if row.kind == "f"]


def test_what_the_session_orders_passes() -> None:
    plan = Plan(tempo=96.5, style=(("jazz", 0.75), ("pop", 0.25)), wishes=Plan().wishes)
    kept = Kept((NOTE,), frozenset({"melody"}), True, "C")
    for order in (
        BEGIN, WRITE, Forget(1), Prepare("rain"),
        Begin(-1, "x" * 2000, Controls(tempo=300, key="F# lydian", chords="Am F C G", guidance=2.5, morph=1.0), 2**31 - 1, 256, ("bass",),
              "snow", (("density", 0.5),), 4, (kept,) * 64, True, "slower", (BEAT,) * 64, plan, "C major", 3),
        Write(1, 600, Controls(density=0.0, meter="7/8"), kept, ((599, kept),), "fill"),
    ):  # fmt: skip
        check_order(order)


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: row.path)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, 10**400, -7.0])
def test_a_control_that_is_no_number_of_its_range_is_refused(row: Any, value: float) -> None:  # noqa: ANN401
    changed: dict[str, Any] = {row.field: value}
    controls = Controls(**changed)
    for order in (replace(BEGIN, controls=controls), replace(WRITE, controls=controls)):
        with pytest.raises(ValueError, match=r"number|is "):
            check_order(order)


@pytest.mark.parametrize(
    "order",
    [
        replace(BEGIN, theta=(("density", math.nan),)),
        replace(BEGIN, theta=(("density", 10**400),)),
        replace(BEGIN, bars=10**9), replace(BEGIN, bars=0), replace(BEGIN, loop=-1), replace(BEGIN, seed=2**60),
        replace(BEGIN, parts=("kazoo",)), replace(BEGIN, prompt="x" * 9000),
        replace(BEGIN, given=(Kept((replace(NOTE, length=Ticks(10**12)),)),)),
        replace(BEGIN, given=(Kept((NOTE,)),) * 40_000),
        replace(BEGIN, given=(Kept((), frozenset({"kazoo"})),)),
        replace(BEGIN, played=(replace(BEAT, meter="4/0"),)),
        replace(BEGIN, plan=Plan(tempo=math.nan)), replace(BEGIN, plan=Plan(tempo=1e9)), replace(BEGIN, plan=Plan(meter="64/1")),
        replace(BEGIN, plan=Plan(bars=10**8)), replace(BEGIN, plan=Plan(style=(("jazz", math.inf),))), replace(BEGIN, plan=Plan(density=math.nan)),
        replace(BEGIN, controls=Controls(meter="4/0")), replace(BEGIN, controls=Controls(chords="Q")),
        replace(WRITE, index=-1), replace(WRITE, index=10**9), replace(WRITE, section="coda"),
    ],
)  # fmt: skip
def test_an_order_that_nobody_could_carry_out_is_refused_in_words(order: Order) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        check_order(order)
    assert len(str(refused.value)) < 1200
    assert "\n" not in str(refused.value)


@given(
    st.sampled_from([f.name for f in fields(Plan) if f.type == "float"]),
    st.sampled_from([math.nan, math.inf, -math.inf, 2.0**60]),
)
@settings(max_examples=60, deadline=None)
def test_no_number_of_a_plan_is_none(name: str, value: float) -> None:
    changed: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=r"number|tempo"):
        check_order(replace(BEGIN, plan=replace(Plan(), **changed)))


def test_a_tempo_of_a_plan_is_refused_with_the_range_that_is_allowed() -> None:
    check_order(replace(BEGIN, plan=Plan(tempo=1200)))
    with pytest.raises(ValueError, match=r"5\.\.1200, not 1201"):
        check_order(replace(BEGIN, plan=Plan(tempo=1201)))


def test_a_generator_answers_that_such_an_order_failed_and_does_not_begin() -> None:
    generator = Generator.__new__(Generator)  # none of its parts is asked
    answer = generator.execute(replace(WRITE, take=3, controls=Controls(temperature=math.nan)))
    assert isinstance(answer, Failed)
    assert answer.take == 3
    assert "temperature takes a number" in answer.reason
