"""Whatever is asked, in whatever order: LLMBALL_SEQUENCES says how many sequences are tried."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import SYNC_SOURCES
from bridge.errors import BadRequest
from bridge.midi.protocol import MidiReceived
from bridge.protocol.events import (
    ControlSet,
    CueRequested,
    Event,
    GeneratorExited,
    GeneratorReady,
    HostTransportReported,
    PlayRequested,
    PromptRequested,
    StopRequested,
    TakeLaunchRequested,
)
from bridge.session.session import Session
from tests.support import random_events
from tests.support.virtual_band import Rig, latencies

SEQUENCES = int(os.environ.get("LLMBALL_SEQUENCES", "150"))


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
    st.builds(
        lambda name, rng: random_events.KINDS[name](rng),
        st.sampled_from(list(random_events.KINDS)),
        st.randoms(use_true_random=False),
    ),
    st.sampled_from(
        [
            GeneratorExited(),
            GeneratorReady(),
            CueRequested("ending"),
            TakeLaunchRequested("1"),
            ControlSet("lookahead", 0.5),
        ]
    ),
    st.builds(HostTransportReported, st.booleans(), st.floats(0, 100), st.floats(20, 300)),
)


@settings(max_examples=SEQUENCES, deadline=None)
@given(
    st.lists(st.tuples(events, st.floats(0, 3)), max_size=25),
    st.integers(0, 99),
    st.sampled_from(SYNC_SOURCES),
    st.booleans(),
    st.booleans(),
)
def test_whatever_is_asked_every_note_ends_and_nothing_begins_after_stop(
    wanted: list[tuple[Event | Touched, float]], seed: int, sync: str, plays: bool, opens: bool
) -> None:
    rig = Rig(latencies(seed, 0.02, stalls=0.05), session=Session(lambda: 7, sync=sync), opens=opens)
    stopped = False
    first: list[tuple[Event | Touched, float]] = [(PromptRequested("rain"), 0.0), (PlayRequested(), 1.0)]
    for event, pause in [*first, *wanted] if plays else wanted:
        before = len(rig.sounded)
        if isinstance(event, Touched):
            happen(rig, event)
        else:
            with suppress(BadRequest):
                rig.happen(event)
        stopped = isinstance(event, StopRequested) or (stopped and not begins(event))
        rig.until(rig.now + pause)
        if stopped:
            assert rig.held == {}
            assert len(rig.sounded) == before, "nothing begins after a stop"
    rig.happen(StopRequested())
    assert rig.held == {}
    sounded = len(rig.sounded)
    rig.until(rig.now + 1)
    assert rig.held == {}
    assert len(rig.sounded) == sounded


def happen(rig: Rig, touched: Touched) -> None:
    """Let messages come, clocks 20 ms apart."""
    for data in touched.data:
        rig.happen(MidiReceived(rig.now, data))
        if data[0] == 0xF8:
            rig.until(rig.now + 0.02)


def begins(event: Event | Touched) -> bool:
    """Whether something may begin to play by this: we are asked to, or whoever leads the time rolls."""
    return isinstance(event, PlayRequested | HostTransportReported | Touched)
