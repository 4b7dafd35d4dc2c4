"""Takes that play written music: pieces of the songbook."""

from __future__ import annotations

import pytest

from bridge.errors import BadRequest
from bridge.protocol.events import (
    BackRequested,
    BankLaunchRequested,
    ControlSet,
    CueRequested,
    GeneratorExited,
    GeneratorReady,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    ScoreLaunchRequested,
    ScoreStoreRequested,
    StopRequested,
    TakeLaunchRequested,
    TakeRated,
)
from bridge.session.transport import State
from model.music.score import Score
from tests.support.virtual_band import PITCHES, Rig, latencies, piece, playing


def launched(score: Score, rig: Rig | None = None) -> Rig:
    rig = rig or Rig(latencies(0, 0.01))
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(ScoreLaunchRequested(score))
    rig.happen(PlayRequested())
    return rig


def melody(rig: Rig, since: int = 0) -> list[tuple[int, int]]:
    return [(at, note.pitch) for at, _, note in rig.sounded[since:] if note.pitch in range(90, 127)]


def test_a_piece_sounds_as_it_is_written_and_loops() -> None:
    rig = launched(piece())
    rig.until(rig.now + 4.9)
    heard = melody(rig)
    assert heard[:16] == [(480 * i + 7 * (i % 2), PITCHES[i % 8]) for i in range(16)]
    assert len(heard) > 16
    assert rig.latest < 0.005
    assert [args for _, path, args in rig.told if path == "chord"][:3] == [("Dm", 1, 1), ("A7", 2, 1), ("Dm", 3, 1)]
    assert not [args for _, path, args in rig.told if path == "health" and args[2]]


def test_a_piece_that_closes_ends_and_may_be_played_again() -> None:
    rig = launched(piece(loops=False))
    for _ in range(2):
        before = len(rig.sounded)
        rig.until(rig.now + 4)
        assert rig.session.state is State.IDLE
        assert rig.held == {}
        assert [pitch for _, pitch in melody(rig, before)] == [*PITCHES]
        rig.happen(PlayRequested())


def test_the_generator_is_not_asked_and_need_not_run() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(GeneratorExited())
    launched(piece(), rig)
    rig.until(rig.now + 1)
    rig.happen(GeneratorReady())
    rig.until(rig.now + 2)
    heard = melody(rig)
    assert [pitch for _, pitch in heard[:11]] == [PITCHES[i % 8] for i in range(11)]
    assert rig.writes == []


def test_a_piece_enters_at_the_next_line_and_gives_way_at_one() -> None:
    rig = playing()
    rig.happen(ControlSet("humanise", 0.0))
    rig.happen(ScoreLaunchRequested(piece()))
    rig.until(rig.now + 5)
    first = next(at for at, pitch in melody(rig) if pitch == PITCHES[0])
    assert first % 1920 == 0
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 5)
    last = max(at for at, pitch in melody(rig) if pitch in PITCHES)
    assert [int(str(args[0])) for _, path, args in rig.told if path == "take"] == [1, 2, 3]
    assert last % 1920 == 1447
    rig.happen(BackRequested())
    rig.until(rig.now + 5)
    assert melody(rig)[-1][1] in PITCHES


def test_a_piece_enters_at_once_with_quantize_now() -> None:
    rig = playing()
    rig.happen(ControlSet("quantize", "now"))
    before = len(rig.sounded)
    rig.happen(ScoreLaunchRequested(piece()))
    rig.until(rig.now + 0.3)
    assert PITCHES[0] in [pitch for _, pitch in melody(rig, before)]


def test_parts_are_muted_and_notes_transposed_as_in_any_take() -> None:
    rig = launched(piece())
    rig.happen(ControlSet("part/drums/enabled", 0))
    rig.happen(ControlSet("transpose", -5))
    rig.until(rig.now + 4)
    late = [note.pitch for at, _, note in rig.sounded if at > 3000]
    assert set(late) == {pitch - 5 for pitch in PITCHES}


def test_a_piece_is_kept_with_its_title() -> None:
    rig = launched(piece())
    rig.until(rig.now + 3)
    kept = rig.session.kept_bars(2, rig.now)
    assert {bar.prompt for bar in kept.bars} == {"A Piece"}
    assert kept.song.key == "D minor"
    assert [n.pitch for n in sorted(kept.song.notes) if n.part == "melody"] == [*PITCHES]


def test_a_piece_waits_in_the_bank_and_comes_back_by_its_id() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(ScoreStoreRequested(3, piece()))
    rig.happen(BankLaunchRequested(3))
    assert rig.session.state is State.WAITING
    rig.happen(PlayRequested())
    rig.until(rig.now + 1)
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 3)
    rig.happen(TakeLaunchRequested("1"))
    rig.until(rig.now + 4)
    assert melody(rig)[-1][1] in PITCHES
    assert [args for _, path, args in rig.told if path == "take"][-1] == ("1",)


def test_its_plan_is_told_as_understood() -> None:
    rig = launched(piece())
    told = {path: args for _, path, args in rig.told}
    assert told["understood/tempo"] == (240.0,)
    assert told["understood/key"] == ("D minor",)


def test_only_an_ending_can_be_cued() -> None:
    rig = launched(piece())
    rig.until(rig.now + 1)
    with pytest.raises(BadRequest, match="only an ending"):
        rig.happen(CueRequested("fill"))
    rig.happen(CueRequested("ending"))
    rig.until(rig.now + 5)
    assert rig.session.state is State.IDLE
    assert rig.held == {}


def test_words_change_a_piece_once_a_bar_of_it_has_played() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(ScoreLaunchRequested(piece()))
    with pytest.raises(BadRequest, match="nothing to change"):
        rig.happen(RefineRequested("less busy"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 3)
    rig.happen(RefineRequested("less busy"))
    rig.until(rig.now + 4)
    assert rig.sounded[-1][1] == 2
    assert [write.take for write in rig.writes][:1] == [2]


def test_a_piece_holds_regenerates_and_stops_like_any_take() -> None:
    rig = launched(piece())
    rig.until(rig.now + 1.2)
    rig.happen(ControlSet("hold", 1))
    rig.until(rig.now + 3)
    rig.happen(ControlSet("hold", 0))
    rig.happen(ControlSet("density", 0.9))  # makes other takes write anew
    rig.happen(ControlSet("meter", "3/4"))
    rig.until(rig.now + 3)
    assert melody(rig)[-1][1] in PITCHES
    rig.happen(StopRequested())
    assert rig.held == {}


def test_to_like_a_piece_changes_no_taste() -> None:
    rig = launched(piece())
    rig.until(rig.now + 1)
    rig.happen(TakeRated(liked=True))
    rig.happen(TakeRated(liked=False))
    assert rig.kept[0] == rig.kept[1]


def test_a_new_generator_leaves_a_piece_playing_and_restarts_what_waits_behind_it() -> None:
    rig = launched(piece())
    rig.until(rig.now + 1)
    rig.happen(PromptRequested("rain"))
    rig.happen(GeneratorExited())
    rig.until(rig.now + 2)
    rig.happen(GeneratorReady())
    rig.until(rig.now + 4)
    assert [args for _, path, args in rig.told if path == "take"] == [("1",), ("2",)]
