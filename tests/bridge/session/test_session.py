from __future__ import annotations

import pytest

from bridge.errors import BadRequest
from bridge.midi.protocol import Cancel, Controller, Health, Program
from bridge.protocol.events import (
    ControlSet,
    PlayerReady,
    PlayRequested,
    PromptRequested,
    StopRequested,
    TimerFired,
    ToPlayer,
)
from bridge.session.session import Session
from bridge.session.transport import State
from model.generation.bias_weights import sample_weights, shipped, updated_weights
from model.generation.messages import Answer, Begin, Failed, Order
from model.music.notes import USUAL_PARTS
from model.music.plan import Plan
from model.music.wishes import IN_CLIPS, Account, Reading
from tests.support.virtual_band import Rig, health, latencies, noting, playing, whole


def test_a_prompt_while_stopped_waits_for_play() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 5)
    assert rig.session.state is State.WAITING
    assert rig.sounded == []
    rig.happen(PlayRequested())
    rig.until(rig.now + 1)
    assert rig.sounded[0][0] == 0
    assert ("state", ("playing",)) in [(path, args) for _, path, args in rig.told]


def test_play_without_a_prompt_is_the_clients_error_and_changes_nothing() -> None:
    rig = Rig(latencies(0, 0.01))
    with pytest.raises(BadRequest):
        rig.happen(PlayRequested())
    assert rig.session.state is State.IDLE


def test_stop_ends_every_note_at_once_and_keeps_the_prompt() -> None:
    rig = playing()
    rig.happen(StopRequested())
    assert rig.held == {}
    rig.until(rig.now + 3)
    assert rig.held == {}
    count = len(rig.sounded)
    rig.happen(PlayRequested())
    rig.until(rig.now + 1)
    assert len(rig.sounded) > count
    assert rig.sounded[count][0] == 0


def test_explicit_words_that_lose_against_a_control_are_told() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=82.0, explicit=("tempo",)))
    rig.happen(ControlSet("tempo", 120.0))
    rig.happen(PromptRequested("lofi at 82 bpm"))
    rig.until(rig.now + 1)
    assert ("understood/overruled", ("tempo", "control")) in [(p, a) for _, p, a in rig.told]
    assert ("understood/tempo", (120.0,)) in [(p, a) for _, p, a in rig.told]


def test_words_that_are_not_obeyed_are_told_with_each_prompt_and_an_empty_line_where_all_are() -> None:
    account = Account(
        (Reading(0, 6, "vocals", "unmet", "nothing here sings"), Reading(7, 13, "drop at bar 9", "wish", "form"))
    )
    for plan, told in (
        (Plan(account=account), f"“vocals”: nothing here sings; “drop at bar 9”: {IN_CLIPS}"),
        (Plan(), ""),
    ):

        def understood(begin: Begin, plan: Plan = plan) -> Plan:
            return plan

        rig = Rig(latencies(0, 0.01), plan=understood)
        rig.happen(PromptRequested("words"))
        rig.until(rig.now + 1)
        assert [args for _, path, args in rig.told if path == "understood/unread"] == [(told,)]


def test_the_parts_of_the_take_are_told_and_those_that_controls_add_or_silence() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda begin: Plan(parts=("chords", "pad")))
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 1)
    rig.happen(ControlSet("part/arp/enabled", 1))
    rig.happen(ControlSet("part/pad/enabled", 0))
    told = [args for _, path, args in rig.told if path == "understood/parts"]
    assert told == [("chords", "pad"), ("chords", "pad", "arp"), ("chords", "arp")]


def test_a_new_player_is_told_the_tempo_and_all_that_is_to_come() -> None:
    rig = playing()
    rig.scheduler.silence()
    rig.held.clear()
    rig.happen(PlayerReady())
    assert rig.scheduler.busy


def test_a_new_metre_begins_at_a_bar_line_and_beats_are_counted_from_one() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=120.0, meter="4/4" if b.take == 1 else "3/4"))
    rig.happen(PromptRequested("march"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 3)
    rig.happen(PromptRequested("waltz"))
    rig.until(rig.now + 8)
    beats = [(whole(args[0]), whole(args[1])) for _, path, args in rig.told if path == "beat"]
    assert beats[:4] == [(1, 1), (1, 2), (1, 3), (1, 4)]
    assert max(b for _, b in beats[-6:]) == 3
    bars = [bar for bar, _ in beats]
    assert bars == sorted(bars)


def test_the_seed_that_is_set_is_the_takes() -> None:
    seen: list[Begin] = []
    rig = Rig(latencies(0, 0.01), plan=noting(seen))
    rig.happen(ControlSet("seed", 42))
    rig.happen(PromptRequested("rain"))
    assert seen[-1].seed == 42


def test_a_take_that_follows_another_is_told_the_key_that_sounds_and_the_first_one_none() -> None:
    seen: list[Begin] = []
    keys = {"rain": "F# minor", "snow": "C major"}
    read = noting(seen)

    def in_keys(begin: Begin) -> Plan:
        read(begin)
        return Plan(key=begin.key or keys[begin.prompt])

    rig = Rig(latencies(0, 0.01), plan=in_keys)
    rig.happen(PromptRequested("rain"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 4)
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 4)
    assert [begin.key for begin in seen] == [None, "F# minor"]
    assert [begin.after for begin in seen] == [None, seen[0].take], "whose tune a mere change of the band keeps"
    assert [args for _, path, args in rig.told if path == "understood/key"][-1] == ("F# minor",)
    rig.happen(ControlSet("key", "D dorian"))
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 1)
    assert seen[-1].key == "D dorian"


def test_a_control_that_beats_the_words_is_told_when_it_is_set() -> None:
    rig = Rig(latencies(0, 0.01), plan=lambda b: Plan(tempo=82.0, explicit=("tempo",)))
    rig.happen(PromptRequested("lofi at 82 bpm"))
    rig.until(rig.now + 1)
    before = len(rig.told)
    rig.happen(ControlSet("tempo", 120.0))
    news = [(path, args) for _, path, args in rig.told[before:]]
    assert news == [("understood/tempo", (120.0,)), ("understood/overruled", ("tempo", "control"))]
    rig.happen(ControlSet("seed", 5))
    assert len(rig.told) == before + 2


def test_what_the_player_counted_is_told_with_what_we_count_ourselves() -> None:
    rig = playing()
    rig.happen(Health(sent=9, late=2, dropped=1, p99_ms=3.5))
    rig.until(rig.now + 1.5)
    assert health(rig) == (2, 1, 0)
    assert [args[-1] for _, path, args in rig.told if path == "health"][-1] == 3.5


def test_what_stop_takes_back_is_told() -> None:
    rig = playing()
    before = len(rig.told)
    rig.happen(StopRequested())
    assert {args[1] for _, path, args in rig.told[before:] if path == "cancelled"} == set(USUAL_PARTS)


def test_nothing_is_taken_back_by_a_stop_where_nothing_plays() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 1)
    effects = rig.session.handle(StopRequested(), rig.now)
    assert not [e for e in effects if isinstance(e, ToPlayer) and isinstance(e.order, Cancel)]


def illiterate(order: Order) -> Answer | None:
    """A generator that reads no words."""
    return Failed(order.take, "no") if isinstance(order, Begin) else None


def test_words_that_cannot_be_read_leave_nothing_to_wait_for_and_the_next_ones_wait_for_play() -> None:
    rig = Rig(latencies(0, 0.01), generator=illiterate)
    rig.happen(PromptRequested("unreadable"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 1)
    assert ("error", ("/llmball/prompt", "take 1 could not be written")) in [(p, a) for _, p, a in rig.told]
    rig.generator = None
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 1)
    assert [args[0] for _, path, args in rig.told if path == "state"] == ["waiting", "idle", "waiting"]
    assert rig.sounded == []


def test_an_answer_to_words_that_were_given_up_changes_no_state() -> None:
    rig = playing()
    rig.happen(Failed(99, "of long ago"))
    assert rig.session.state is State.PLAYING
    idle = Rig(latencies(0, 0.01))
    idle.happen(Failed(99, "of long ago"))
    assert idle.session.state is State.IDLE


def test_what_is_kept_has_the_bars_that_were_asked_for_the_controls_and_the_hash_of_the_weights() -> None:
    for session, weights in ((Session(lambda: 7), ""), (Session(lambda: 7, weights="c0ffee"), "c0ffee")):
        rig = Rig(latencies(0, 0.01), session=session)
        rig.happen(ControlSet("transpose", 2))
        rig.happen(PromptRequested("rain"))
        rig.happen(PlayRequested())
        rig.until(rig.now + 8)
        kept = rig.session.kept_bars(2, rig.now)
        assert (len(kept.song.bars), kept.controls, kept.weights) == (2, {"transpose": 2}, weights)


def test_takes_are_drawn_from_the_taste_that_the_session_was_given() -> None:
    begun: list[Begin] = []
    taste = updated_weights(shipped(), sample_weights(shipped(), 3), liked=True)
    rig = Rig(latencies(0, 0.01), plan=noting(begun), session=Session(lambda: 7, theta=taste))
    rig.happen(PromptRequested("rain"))
    assert begun[0].theta == tuple(sample_weights(taste, 7).items()) != tuple(sample_weights(shipped(), 7).items())


def test_energy_is_sent_as_a_controller_to_every_part_once_it_is_wanted() -> None:
    rig = playing()
    effects = rig.session.handle(ControlSet("send/energy", 1), rig.now)
    sent = [e.order for e in effects if isinstance(e, ToPlayer) and isinstance(e.order, Controller)]
    assert {(c.part, c.number) for c in sent} == {(part, 11) for part in USUAL_PARTS}
    assert not [
        e
        for e in rig.session.handle(TimerFired(), rig.now)
        if isinstance(e, ToPlayer) and isinstance(e.order, Controller)
    ]


def test_programs_are_sent_once_they_are_wanted_and_again_where_one_is_chosen() -> None:
    def sent(control: str, value: int) -> set[tuple[str, int, int]]:
        effects = rig.session.handle(ControlSet(control, value), rig.now)
        orders = [e.order for e in effects if isinstance(e, ToPlayer)]
        return {(o.part, o.channel, o.program) for o in orders if isinstance(o, Program)}

    rig = playing()
    assert not sent("part/bass/program", 38)
    assert {("bass", 2, 38), ("drums", 9, 0), ("chords", 0, 0)} < sent("send/programs", 1)
    assert sent("part/chords/program", 4) == {("chords", 0, 4)}
    rig.until(rig.now + 8)
    assert ("bass", 38) in rig.session.kept_bars(1, rig.now).song.programs


def test_our_clock_goes_along_from_bar_one_as_long_as_it_is_wanted() -> None:
    rig = playing()
    rig.happen(ControlSet("transpose", 1))
    assert rig.clocked == []
    rig.happen(ControlSet("send/clock", 1))
    rig.happen(ControlSet("transpose", 2))
    rig.happen(ControlSet("send/clock", 0))
    assert rig.clocked == [0, None]


def test_after_a_stop_the_take_begins_anew_with_its_first_beat() -> None:
    rig = playing()
    written = len(rig.writes)
    rig.happen(StopRequested())
    rig.happen(PlayRequested())
    rig.until(rig.now + 1)
    assert [write.index for write in rig.writes[written : written + 3]] == [0, 1, 2]


def test_the_generator_is_told_of_a_take_that_is_over_and_of_none_that_may_play_again() -> None:
    rig = playing()
    rig.happen(StopRequested())
    assert rig.forgotten == [], "play begins it again"
    rig.happen(PlayRequested())
    rig.until(rig.now + 2)
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 6)
    assert rig.forgotten == [1], "another one plays"
    rig.happen(PromptRequested("wind"))
    rig.happen(StopRequested())
    assert rig.forgotten == [1, 2], "another one is next"


def test_only_a_panic_is_one() -> None:
    rig = playing()
    rig.happen(PlayRequested())
    rig.happen(StopRequested())
    assert rig.silences
    assert not any(rig.silences)
    rig.happen(StopRequested(panic=True))
    assert rig.silences[-1]


def test_what_is_told_to_be_ahead_is_about_what_lookahead_asks_for() -> None:
    rig = playing()
    rig.until(rig.now + 4)
    aheads = [float(str(args[3])) for _, path, args in rig.told if path == "health"]
    assert all(3 < ahead < 6 for ahead in aheads)


def test_tempi_that_lie_behind_all_that_is_remembered_are_forgotten() -> None:
    rig = playing()
    for i in range(200):
        rig.happen(ControlSet("tempo", 100.0 + i % 50))
        rig.until(rig.now + 1)
    assert len(rig.tempo.segments) < 60
