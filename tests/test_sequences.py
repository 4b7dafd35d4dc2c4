"""Whatever is asked, in whatever order: LLMBALL_SEQUENCES says how many sequences are tried."""

from __future__ import annotations

import os
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.events import (
    BackAsked,
    BankLaunched,
    BankStored,
    ControlSet,
    CueGiven,
    Event,
    GeneratorLost,
    GeneratorReady,
    Judged,
    LaunchAsked,
    MorphGiven,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    RefineGiven,
    StopAsked,
    TapGiven,
)
from model.form import CUES
from tests.performance import Rig, latencies

SEQUENCES = int(os.environ.get("LLMBALL_SEQUENCES", "150"))


def control(path: str, values: st.SearchStrategy[float | str]) -> st.SearchStrategy[ControlSet]:
    return st.builds(ControlSet, st.just(path), values)


events: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from(
        [PromptGiven("rain"), PlayAsked(), StopAsked(), StopAsked(panic=True), BackAsked(), TapGiven()]
    ),
    st.sampled_from([GeneratorLost(), GeneratorReady(), PlayerReady()]),
    st.builds(Judged, st.booleans()),
    st.builds(MorphGiven, st.just("rain"), st.just("snow"), st.floats(0, 1)),
    st.builds(RefineGiven, st.just("less busy")),
    st.builds(LaunchAsked, st.sampled_from(["1", "2", "9"])),
    st.builds(BankStored, st.integers(1, 3), st.just("snow")),
    st.builds(BankLaunched, st.integers(1, 3)),
    st.builds(CueGiven, st.sampled_from(list(CUES))),
    control("hold", st.integers(0, 4)),
    control("countin", st.integers(0, 2)),
    control("morph/x", st.floats(0, 1)),
    control("drums/map", st.sampled_from(["gm", "rack16", "kick:38"])),
    control("tempo", st.sampled_from([0.0, 40.0, 160.0, 300.0])),
    control("density", st.sampled_from([-1.0, 0.2])),
    control("meter", st.sampled_from(["auto", "3/4"])),
    control("transpose", st.integers(-24, 24)),
    control("part/bass/offset", st.floats(-100, 100)),
    control("part/chords/enabled", st.integers(0, 1)),
    control("quantize", st.sampled_from(["now", "beat", "bar", "4bars", "8bars"])),
)


@settings(max_examples=SEQUENCES, deadline=None)
@given(st.lists(st.tuples(events, st.floats(0, 3)), max_size=25), st.integers(0, 99))
def test_whatever_is_asked_every_note_ends_and_nothing_begins_after_stop(
    asked: list[tuple[Event, float]], seed: int
) -> None:
    rig = Rig(latencies(seed, 0.02, stalls=0.05))
    for event, pause in asked:
        with suppress(BadRequest):
            rig.happen(event)
        rig.until(rig.now + pause)
    rig.happen(StopAsked())
    assert rig.held == {}
    sounded = len(rig.sounded)
    rig.until(rig.now + 1)
    assert rig.held == {}
    assert len(rig.sounded) == sounded
