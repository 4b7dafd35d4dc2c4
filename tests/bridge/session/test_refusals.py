"""What the session refuses, and what may be asked of it: each refusal names its address, says the remedy and changes nothing."""

from __future__ import annotations

import pytest

from bridge.errors import BadRequest
from bridge.midi.protocol import Silence
from bridge.protocol.events import (
    BackRequested,
    BankLaunchRequested,
    BankStoreRequested,
    ControlSet,
    CueRequested,
    Event,
    MorphRequested,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    StopRequested,
    TakeLaunchRequested,
    TakeRated,
    ToPlayer,
)
from bridge.session.session import Session
from bridge.session.transport import State
from tests.support.virtual_band import Rig, latencies, playing


@pytest.mark.parametrize(
    ("wish", "address", "remedy"),
    [
        (PlayRequested(), "/llmball/play", "there is nothing to play yet: send a prompt first"),
        (CueRequested("fill"), "/llmball/cue", "no take plays: play one first"),
        (RefineRequested("darker"), "/llmball/refine", "there is no take to change: send a prompt first"),
        (BackRequested(), "/llmball/back", "no take played before this one"),
        (TakeLaunchRequested("9"), "/llmball/take/launch", "/llmball/take tells their ids"),
        (BankLaunchRequested(3), "/llmball/bank/3/launch", "store a prompt there first"),
        (TakeRated(liked=True), "/llmball/like", "play one first"),
        (TakeRated(liked=False), "/llmball/skip", "play one first"),
    ],
)
def test_what_cannot_be_is_refused_with_its_address_and_remedy(wish: Event, address: str, remedy: str) -> None:
    rig = Rig(latencies(0, 0.01))
    before = (dict(rig.session.settings), rig.session.state, rig.session.bank, rig.session.latest_prompt())
    with pytest.raises(BadRequest) as refused:
        rig.happen(wish)
    assert refused.value.address == address
    assert refused.value.reason.endswith(remedy)
    assert (
        dict(rig.session.settings),
        rig.session.state,
        rig.session.bank,
        rig.session.latest_prompt(),
    ) == before
    with pytest.raises(BadRequest) as nothing:
        rig.session.kept_bars(4, rig.now)
    assert nothing.value.address == "/llmball/keep"


def test_stop_lets_go_of_what_is_held_and_leaves_hold_off() -> None:
    rig = playing(hold=2)
    assert rig.session.settings["hold"] == 2
    rig.happen(StopRequested())
    assert rig.session.settings["hold"] == 0
    assert set(rig.session.settings) == set(Session(lambda: 1).settings)


@pytest.mark.parametrize("panic", [False, True])
def test_only_a_panic_tells_all_channels(panic: bool) -> None:
    rig = playing()
    effects = rig.session.handle(StopRequested(panic=panic), rig.now)
    assert [e.order for e in effects if isinstance(e, ToPlayer) and isinstance(e.order, Silence)] == [Silence(panic)]


def test_a_cue_lets_go_of_what_goes_round() -> None:
    rig = playing()
    rig.until(rig.now + 4)
    rig.happen(ControlSet("hold", 1))
    rig.until(rig.now + 4)
    written = len(rig.writes)
    rig.happen(CueRequested("fill"))
    assert rig.session.settings["hold"] == 0
    rig.until(rig.now + 4)
    assert len(rig.writes) > written, "the take goes on"


def test_a_cue_waits_for_the_line_that_quantize_names() -> None:
    firsts = []
    for quantize in ("bar", "4bars"):
        rig = playing(quantize=quantize)
        rig.happen(CueRequested("break"))
        rig.until(rig.now + 12)
        firsts.append(next(i for i, write in enumerate(rig.writes) if write.section == "break"))
    assert firsts[0] < firsts[1]


def test_the_words_the_bank_and_the_ends_of_a_morph_can_be_asked() -> None:
    rig = playing()
    assert rig.session.latest_prompt() == "rain"
    rig.happen(BankStoreRequested(4, "snow"))
    assert rig.session.bank == {4: "snow"}
    rig.happen(MorphRequested("sun", "moon", 0.25))
    assert rig.session.query("morph") == ("sun", "moon", 0.25)
    assert rig.session.query("morph/x") == (0.25,)
    assert rig.session.latest_prompt() == "sun"
    assert Session(lambda: 1).latest_prompt() == ""


def test_what_is_planned_can_be_asked_with_its_bars_and_beats() -> None:
    rig = playing()
    planned = rig.session.planned_beats()
    assert [p[:3] for p in planned[:5]] == [(float(n), 1 + n // 4, 1 + n % 4) for n in range(5)]
    assert planned[0][3] == "C"


def test_a_session_that_records_has_a_record_of_all() -> None:
    rig = Rig(latencies(0, 0.01), session=Session(lambda: 7, keep_all_bars=True))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 5)
    song = rig.session.recorded_song(rig.now)
    assert song is not None
    assert len(song.bars) >= 2


def test_a_session_that_does_not_play_wants_no_waking() -> None:
    rig = Rig(latencies(0, 0.01))
    assert rig.session.next_deadline() is None
    rig.happen(PromptRequested("rain"))
    assert rig.session.state is State.WAITING
    assert rig.session.next_deadline() is None
    rig.happen(PlayRequested())
    rig.until(rig.now + 1)
    wake = rig.session.next_deadline()
    assert wake is not None
    assert wake > rig.now
