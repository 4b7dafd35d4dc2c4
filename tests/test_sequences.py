"""Whatever is asked, in whatever order: LLMBALL_SEQUENCES says how many sequences are tried."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.baton import SYNCS
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
    Heard,
    Judged,
    LaunchAsked,
    MorphGiven,
    PlayAsked,
    PlayerReady,
    PromptGiven,
    RefineGiven,
    StopAsked,
    TapGiven,
    TasteReset,
    TransportGiven,
)
from bridge.session import Session
from model.form import CUES
from tests.performance import Rig, latencies

SEQUENCES = int(os.environ.get("LLMBALL_SEQUENCES", "150"))


def control(path: str, values: st.SearchStrategy[float | str]) -> st.SearchStrategy[ControlSet]:
    return st.builds(ControlSet, st.just(path), values)


@dataclass(frozen=True)
class Touched:
    """Three keys go down, or come up again, or the pedal moves; some clocks come."""

    data: tuple[bytes, ...]


def keys(root: int, on: int) -> Touched:
    return Touched(tuple(bytes((0x90, root + away, 90 * on)) for away in (0, 4, 7)))


hands: st.SearchStrategy[Touched] = st.one_of(
    st.builds(keys, st.sampled_from([36, 48, 60]), st.integers(0, 1)),
    st.sampled_from([Touched((b"\xb0\x40\x7f",)), Touched((b"\xb0\x40\x00",)), Touched((b"\xb0\x7b\x00",))]),
    st.sampled_from([Touched((b"\xfa",)), Touched((b"\xfc",)), Touched((b"\xf2\x10\x00", b"\xfb"))]),
    st.integers(1, 30).map(lambda count: Touched((b"\xf8",) * count)),
)

events: st.SearchStrategy[Event | Touched] = st.one_of(
    hands,
    st.builds(TransportGiven, st.booleans(), st.floats(0, 100), st.floats(20, 300)),
    control("follow", st.integers(0, 1)),
    control("follow/mode", st.sampled_from(["auto", "melody", "chords", "bass", "split:60"])),
    control("lookahead", st.sampled_from([0.5, 4.0, 16.0])),
    control("humanise", st.floats(0, 1)),
    st.sampled_from(
        [PromptGiven("rain"), PlayAsked(), StopAsked(), StopAsked(panic=True), BackAsked(), TapGiven()]
    ),
    st.sampled_from([GeneratorLost(), GeneratorReady(), PlayerReady(), TasteReset()]),
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
@given(
    st.lists(st.tuples(events, st.floats(0, 3)), max_size=25),
    st.integers(0, 99),
    st.sampled_from(SYNCS),
    st.booleans(),
)
def test_whatever_is_asked_every_note_ends_and_nothing_begins_after_stop(
    asked: list[tuple[Event | Touched, float]], seed: int, sync: str, plays: bool
) -> None:
    rig = Rig(latencies(seed, 0.02, stalls=0.05), session=Session(lambda: 7, sync=sync))
    stopped = False
    first: list[tuple[Event | Touched, float]] = [(PromptGiven("rain"), 0.0), (PlayAsked(), 1.0)]
    for event, pause in [*first, *asked] if plays else asked:
        before = len(rig.sounded)
        if isinstance(event, Touched):
            happen(rig, event)
        else:
            with suppress(BadRequest):
                rig.happen(event)
        stopped = isinstance(event, StopAsked) or (stopped and not begins(event))
        rig.until(rig.now + pause)
        if stopped:
            assert rig.held == {}
            assert len(rig.sounded) == before, "nothing begins after a stop"
    rig.happen(StopAsked())
    assert rig.held == {}
    sounded = len(rig.sounded)
    rig.until(rig.now + 1)
    assert rig.held == {}
    assert len(rig.sounded) == sounded


def happen(rig: Rig, touched: Touched) -> None:
    """Let messages come, clocks 20 ms apart."""
    for data in touched.data:
        rig.happen(Heard(rig.now, data))
        if data[0] == 0xF8:
            rig.until(rig.now + 0.02)


def begins(event: Event | Touched) -> bool:
    """Whether something may begin to play by this: we are asked to, or whoever leads the time rolls."""
    return isinstance(event, PlayAsked | TransportGiven | Touched)
