from __future__ import annotations

import pytest

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.protocol.events import (
    BackRequested,
    BankLaunchRequested,
    BankStoreRequested,
    ControlSet,
    CueRequested,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    StopRequested,
    TakeLaunchRequested,
)
from bridge.session.transport import State
from model.generation.messages import Answer, BeatWritten, Begin, Order, Understood, Write
from model.music.notes import Beat, Ticks
from model.music.plan import Plan
from tests.support.virtual_band import BAR, BEAT, Rig, latencies, playing


def entered(rig: Rig) -> list[tuple[str, int]]:
    """The takes that were told, with the bar that began then."""
    found: list[tuple[str, int]] = []
    take = ""
    for _, path, args in rig.told:
        if path == "take":
            take = str(args[0])
        elif path == "beat" and take:
            assert args[1] == 1, "a take enters at a bar line"
            found.append((take, int(str(args[0]))))
            take = ""
    return found


def bar_of(rig: Rig, number: int) -> list[tuple[int, int]]:
    """What sounded in a bar, from 1: ticks within it, and pitches."""
    start = (number - 1) * BAR
    return sorted((t - start, m.pitch) for t, _, m in rig.sounded if start <= t < start + BAR)


def sections(rig: Rig) -> list[tuple[int, str | None]]:
    return [(w.index, w.section) for w in rig.writes if w.section is not None]


def test_hold_repeats_the_last_bars_from_the_next_line_and_lets_go_at_a_line() -> None:
    rig = playing()
    rig.until(rig.now + 3)
    rig.happen(ControlSet("hold", 2))
    held = int(rig.tempo.ticks_at(rig.now)) // BAR + 1
    rig.until(rig.now + 9)
    first = [bar_of(rig, held - 1), bar_of(rig, held)]
    assert [bar_of(rig, held + i) for i in range(1, 5)] == first + first
    written = len(rig.writes)
    rig.until(rig.now + 3)
    assert len(rig.writes) == written, "the model waits"
    rig.happen(ControlSet("hold", 0))
    rig.until(rig.now + 5)
    assert len(rig.writes) > written
    indices = [w.index for w in rig.writes[written:]]
    assert indices == list(range(indices[0], indices[0] + len(indices)))
    assert indices[0] % 4 == 0, "it goes on with a bar of its own"
    rig.happen(StopRequested())
    assert rig.held == {}


def test_a_take_that_enters_ends_the_hold() -> None:
    rig = playing()
    rig.happen(ControlSet("hold", 1))
    rig.until(rig.now + 4)
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 4)
    assert rig.session.query("hold") == (0,)
    assert entered(rig)[-1][0] == "2"


def test_the_count_in_clicks_before_bar_one() -> None:
    rig = playing(countin=2)
    clicks = [(t, m.pitch, m.channel) for t, take, m in rig.sounded if take == 0]
    rig.until(rig.now + 6)
    clicks = [(t, m.pitch, m.channel) for t, take, m in rig.sounded if take == 0]
    assert clicks == [(i * BEAT, 37, 9) for i in range(8)]
    beats = [args for _, path, args in rig.told if path == "beat"]
    assert [b[0] for b in beats[:9]] == [-1] * 4 + [0] * 4 + [1]
    assert entered(rig) == [("1", 1)]
    assert rig.session.entered() == (1, 0), "not with the clicks"
    assert min(t for t, take, _ in rig.sounded if take == 1) == 2 * BAR


@pytest.mark.parametrize(("section", "bars"), [("fill", 1), ("break", 4), ("build", 4), ("intro", 4), ("drop", 8)])
def test_a_cue_begins_at_the_next_line_and_lasts_its_bars(section: str, bars: int) -> None:
    rig = playing()
    rig.happen(CueRequested(section))
    line = (int(rig.tempo.ticks_at(rig.now)) + 700) // BAR + 1
    rig.until(rig.now + 16)
    assert sections(rig) == [(i, section) for i in range(line * 4, (line + bars) * 4)]


def test_a_cue_at_the_line_where_a_take_enters_lasts_bars_of_its_metre() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda _: Plan(tempo=120.0, meter="3/4"))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 0.1)  # all that is planned of it lies behind the line
    rig.happen(CueRequested("fill"))
    rig.until(rig.now + 4)
    assert [w.index for w in rig.writes if w.take == 2 and w.section == "fill"] == [0, 1, 2]


def test_an_ending_closes_and_stops_at_its_bar_line() -> None:
    rig = playing()
    rig.happen(CueRequested("ending"))
    rig.until(rig.now + 8)
    assert rig.session.state is State.IDLE
    assert max(t for t, _, _ in rig.sounded) // BAR + 1 == sections(rig)[-1][0] // 4 + 1
    assert rig.held == {}
    assert [args for _, path, args in rig.told if path == "state"][-1] == ("idle",)
    rig.happen(PlayRequested())
    rig.until(rig.now + 12)
    assert [args for _, path, args in rig.told if path == "state"][-1] == ("playing",), "an ending is for once"


def test_back_brings_the_take_before_under_its_name_and_goes_further_back() -> None:
    rig = playing()
    for words in ("snow", "hail"):
        rig.happen(PromptRequested(words))
        rig.until(rig.now + 4)
    for _ in range(2):
        rig.happen(BackRequested())
        rig.until(rig.now + 4)
    assert [take for take, _ in entered(rig)] == ["1", "2", "3", "2", "1"]
    assert rig.session.entered() == (entered(rig)[-1][1], 0)
    with pytest.raises(BadRequest, match="no take played before"):
        rig.happen(BackRequested())
    rig.happen(TakeLaunchRequested("3"))
    rig.until(rig.now + 4)
    assert entered(rig)[-1][0] == "3"
    with pytest.raises(BadRequest, match="there is no take"):
        rig.happen(TakeLaunchRequested("77"))


def test_a_take_that_comes_back_has_its_words_and_seed() -> None:
    begun: list[Begin] = []

    def noted(begin: Begin) -> Plan:
        begun.append(begin)
        return Plan(tempo=160.0)

    rig = Rig(latencies(0, 0.01), plan=noted)
    rig.happen(ControlSet("seed", 5))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    rig.happen(ControlSet("seed", 6))
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 4)
    rig.happen(BackRequested())
    rig.until(rig.now + 4)
    assert [(b.prompt, b.seed) for b in begun] == [("rain", 5), ("snow", 6), ("rain", 5)]


def test_a_slot_of_the_bank_is_read_when_stored_and_enters_at_the_very_next_line() -> None:
    rig = playing()
    rig.happen(BankStoreRequested(16, "snow"))
    assert rig.prepared == ["snow"]
    rig.until(rig.now + 1)
    rig.happen(BankLaunchRequested(16))
    line = (int(rig.tempo.ticks_at(rig.now)) + 320) // BAR + 2
    rig.until(rig.now + 4)
    assert entered(rig)[-1] == ("2", line)
    with pytest.raises(BadRequest, match="slot 3 is empty"):
        rig.happen(BankLaunchRequested(3))


def test_a_refinement_is_given_the_last_bars_that_are_planned_of_the_take_that_plays() -> None:
    begun: list[Begin] = []

    def noted(begin: Begin) -> Plan:
        begun.append(begin)
        return Plan(tempo=160.0)

    rig = Rig(latencies(0, 0.01), plan=noted)
    with pytest.raises(BadRequest, match="no take to change"):
        rig.happen(RefineRequested("less busy"))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 6)
    rig.happen(RefineRequested("less busy"))
    rig.until(rig.now + 4)
    assert begun[-1].refine == "less busy"
    assert begun[-1].prompt == "rain"
    assert begun[-1].seed == begun[0].seed
    played = begun[-1].played
    assert len(played) % 4 == 0
    assert played[0].beat == 0
    assert [b.index for b in played] == list(range(played[0].index, played[0].index + len(played)))


def test_what_is_quantised_is_on_the_grid() -> None:
    rig = playing(humanise=1.0, tightness=1.0)
    assert all(t % (BEAT // 2) == 0 for t, _, _ in rig.sounded)
    rig = playing(humanise=1.0)
    assert any(Ticks(t) % (BEAT // 2) for t, _, _ in rig.sounded)


def test_an_ending_ends_with_its_bar_and_is_no_panic() -> None:
    rig = playing()
    rig.happen(CueRequested("ending"))
    rig.until(rig.now + 20)
    [at] = [at for at, path, args in rig.told if path == "state" and args == ("idle",)]
    assert (rig.tempo.ticks_at(Seconds(at)) + 2) % BAR <= 4
    assert not any(rig.silences)


def test_what_is_on_its_way_is_told_with_its_place() -> None:
    rig = playing()
    assert rig.session.coming() == ("", -1.0, "", -1.0, -1.0)
    rig.happen(CueRequested("fill"))
    bar = (int(rig.tempo.ticks_at(rig.now)) + 700) // BAR + 1
    rig.until(rig.now + 1)
    assert rig.session.coming() == ("", -1.0, "fill", bar * 4.0, bar * 4.0 + 4)
    rig.until(rig.now + 8)
    assert rig.session.coming()[2:] == ("fill", bar * 4.0, bar * 4.0 + 4), "its place stays when it has passed"
    rig.happen(PromptRequested("snow"))
    words, entry, *_ = rig.session.coming()
    rig.until(rig.now + 6)
    assert words == "snow"
    assert entered(rig)[-1] == ("2", entry // 4 + 1)
    assert rig.session.coming()[:2] == ("", -1.0)


def fills(rig: Rig) -> list[int]:
    return [w.index for w in rig.writes if w.section == "fill"]


def test_the_band_leads_to_the_line_where_another_prompt_enters_with_a_bar_of_fill() -> None:
    rig = playing()
    rig.happen(ControlSet("quantize", "4bars"))
    rig.until(rig.now + 1)
    rig.happen(PromptRequested("another"))
    rig.until(rig.now + 12)
    (_, _), (_, bar) = entered(rig)
    assert fills(rig)[-4:] == list(range(4 * (bar - 2), 4 * (bar - 1)))
    assert len(fills(rig)) == 4


def test_a_line_that_is_near_is_led_to_by_the_beats_that_are_left() -> None:
    rig = playing()
    rig.until(rig.now + 1.5 * 6.2 / 4)
    rig.happen(PromptRequested("another"))
    rig.until(rig.now + 6)
    (_, _), (_, bar) = entered(rig)
    assert 1 <= len(fills(rig)) < 4
    assert fills(rig)[-1] == 4 * (bar - 1) - 1, "the last beat before it enters"


def test_a_line_at_which_the_metre_changes_is_led_to_by_a_whole_bar_of_the_one_before() -> None:
    def answer(order: Order) -> Answer | None:
        if isinstance(order, Begin):
            return Understood(order.take, Plan(tempo=160.0), None)
        if not isinstance(order, Write):
            return None
        bar, beat = divmod(order.index, 4) if order.index < 8 else (2 + (order.index - 8) // 3, (order.index - 8) % 3)
        meter = "4/4" if order.index < 8 else "3/4"
        return BeatWritten(order.take, Beat(order.index, bar, beat, meter, "C", order.index == 0))

    rig = Rig(latencies(1, 0.01), generator=answer)
    for name, value in (("lookahead", 12.0), ("quantize", "2bars")):
        rig.happen(ControlSet(name, value))
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 0.7)
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 4)
    assert entered(rig) == [("1", 1), ("2", 3)], "where three quarters a bar would have begun"
    assert fills(rig) == [4, 5, 6, 7]


@pytest.mark.parametrize("event", [RefineRequested("busier"), PromptRequested("now")])
def test_a_refinement_and_an_entry_at_once_have_no_fill(event: RefineRequested | PromptRequested) -> None:
    rig = playing()
    if isinstance(event, PromptRequested):
        rig.happen(ControlSet("quantize", "now"))
    rig.until(rig.now + 3)
    rig.happen(event)
    rig.until(rig.now + 6)
    assert fills(rig) == []


def test_prompts_one_after_another_before_a_line_have_one_fill() -> None:
    rig = playing()
    rig.happen(ControlSet("quantize", "4bars"))
    rig.until(rig.now + 2)
    for text in ("one", "two", "three"):
        rig.happen(PromptRequested(text))
        rig.until(rig.now + 0.1)
    rig.until(rig.now + 12)
    assert len(set(fills(rig))) == len(fills(rig)) == 4


def test_a_section_that_was_asked_for_goes_before_a_fill() -> None:
    rig = playing()
    rig.until(rig.now + 2)
    rig.happen(CueRequested("drop"))
    rig.until(rig.now + 2)
    rig.happen(PromptRequested("another"))
    rig.until(rig.now + 4)
    assert fills(rig) == []
