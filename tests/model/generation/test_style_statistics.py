from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoder.tokenizer import LENGTHS
from model.generation import bias_terms, style_statistics
from model.generation.history import last_pitches
from model.music.drums import ROLES
from model.music.notes import Beat, Note, Ticks
from model.styles import GRAMMAR_STYLES
from model.training.fit.style_statistics import RARE, corrected, measured_habits, shares, style_tasks, write
from model.training.measures.clips import Clip

PEOPLE, MACHINES, NOBODY = (("pop ballad", 1.0),), (("techno", 1.0),), (("country", 1.0),)

counts = st.lists(st.integers(1, 500), min_size=13, max_size=13).map(lambda n: np.array(n, float) / np.sum(n))


@given(counts, counts)
def test_what_people_do_more_often_is_worth_more_and_what_they_do_as_often_stays_worth_the_same(
    people: style_statistics.Bias, ours: style_statistics.Bias
) -> None:
    bias = corrected(np.zeros(13), people, ours)
    assert np.array_equal(np.sign(np.round(bias, 9)), np.sign(np.round(np.log(people / ours), 9)))
    assert np.allclose(corrected(bias, people, people), bias)


@given(counts, counts)
def test_bent_odds_come_nearer_to_peoples(people: style_statistics.Bias, ours: style_statistics.Bias) -> None:
    after = ours * np.exp(corrected(np.zeros(13), people, ours))
    after /= after.sum()
    assert np.minimum(after, people).sum() >= np.minimum(ours, people).sum() - 1e-9


def test_lengths_and_steps_are_counted_by_their_size() -> None:
    melody = np.array([[0, 480, 60, 80], [480, 240, 62, 80], [720, 240, 62, 80], [960, 480, 77, 80]])
    clip = Clip("ours", "ours", ((0, "4/4"),), 1920, 100, "C major", {"melody": melody.astype(np.int32)})
    length_bias, steps = (shares([clip], "melody", what) for what in ("length", "step"))
    assert length_bias[LENGTHS.index(24)] == pytest.approx(length_bias[LENGTHS.index(12)])
    assert set(np.flatnonzero(steps > 0.1)) == {0, 2, style_statistics.MAX_STEP}
    assert length_bias.sum() == pytest.approx(1)


def test_only_who_was_measured_has_habits_and_a_mix_has_its_share_of_them() -> None:
    for style, part, what in ((PEOPLE, "melody", "step"), (MACHINES, "closed_hat", "place")):
        whole = style_statistics.bias(style, part, what)
        assert whole.any()
        assert not style_statistics.bias(NOBODY, part, what).any()
        assert np.allclose(style_statistics.bias((("country", 0.5), (style[0][0], 0.5)), part, what), whole / 2)
    assert not style_statistics.bias(PEOPLE, "drums", "place").any()


def test_every_style_with_a_grammar_has_places_in_which_its_parts_begin_notes() -> None:
    for name in GRAMMAR_STYLES:
        assert any(style_statistics.bias(((name, 1.0),), part, "place").any() for part in ("chords", "melody"))


@given(st.integers(0, 3), st.integers(0, 23))
def test_a_place_is_worth_what_its_nearest_sixteenth_of_the_bar_is(beat: int, tick: int) -> None:
    nearest = 4 * beat + min(3, round(tick / 6 + 1e-9))
    there = bias_terms.onset_place_bias(MACHINES, "bass", 1.0, 4 * beat)[tick]
    assert there == style_statistics.bias(MACHINES, "bass", "place")[nearest]
    struck = bias_terms.drum_place_bias(MACHINES, 1.0, 4 * beat, tick)
    assert struck[ROLES["kick"]] == style_statistics.bias(MACHINES, "kick", "place")[nearest]


def test_a_reggaes_chords_are_drawn_off_the_bars_first_beat() -> None:
    places = style_statistics.bias((("reggae", 1.0),), "chords", "place")
    assert places[0] < places[[2, 4, 6, 12]].min()


def test_places_are_counted_bar_by_bar_and_of_drums_by_their_share_of_what_is_struck() -> None:
    def notes(*rows: tuple[int, int]) -> npt.NDArray[np.int32]:
        return np.array([(start, 60, pitch, 80) for start, pitch in rows], np.int32)

    drums = notes((0, ROLES["kick"]), (0, ROLES["closed_hat"]), (480, ROLES["kick"]), (1920, ROLES["kick"]))
    clip = Clip(
        "ours",
        "ours",
        ((0, "4/4"), (1920, "4/4")),
        3840,
        100,
        "C major",
        {"drums": drums, "bass": notes((120, 40))},
    )
    found = measured_habits([clip], [("bass", "place"), ("drums", "place"), ("kick", "place"), ("chords", "place")])
    assert ("chords", "place") not in found
    assert found["bass", "place"].argmax() == 1
    assert found["bass", "place"][1] == pytest.approx(0.5 + RARE)
    assert found["drums", "place"][[0, 4]] == pytest.approx(np.array([1.5, 0.5]) + len(ROLES) * RARE)
    assert found["kick", "place"][0] == pytest.approx((1 + RARE) / (1.5 + len(ROLES) * RARE))
    assert found["kick", "place"][4] > found["kick", "place"][0]


def test_machines_are_learnt_from_their_grammars_pieces() -> None:
    (lesson,) = style_tasks([], ["techno"], 0, 4)
    assert lesson.style == "techno"
    assert len(lesson.asked) == 4
    kick = lesson.theirs["kick", "place"]
    assert kick[::4].min() > np.delete(kick, range(0, 16, 4)).max()
    assert {part for part, what in lesson.theirs if what == "length"} == {"bass", "chords", "melody"}


def test_a_table_that_was_written_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_statistics, "FILE", tmp_path / "habits.tsv")
    told = {
        ("techno", "bass", "place"): np.linspace(-3, 3, 16).round(2),
        ("techno", "bass", "length"): np.zeros(len(LENGTHS)),
    }
    write(told)
    style_statistics.table.cache_clear()
    read = dict(style_statistics.table())
    style_statistics.table.cache_clear()
    assert list(read) == [("techno", "bass", "place")]
    assert np.array_equal(read["techno", "bass", "place"], told["techno", "bass", "place"])


def test_lengths_that_are_asked_for_outright_are_nobodys_habit() -> None:
    def habit(articulation: float) -> style_statistics.Bias:
        asked, plain = (bias_terms.usual_length_bias(articulation, PEOPLE, "chords", weight) for weight in (1.0, 0.0))
        return asked - plain

    assert np.allclose(habit(0.0), style_statistics.bias(PEOPLE, "chords", "length"))
    assert np.allclose(habit(0.5), habit(0.0) / 2)
    assert not habit(-1.4).any()


@given(st.integers(30, 90), st.booleans())
def test_a_move_is_worth_what_its_size_is_up_or_down(before: int, walks: bool) -> None:
    bias = bias_terms.step_bias(PEOPLE, "melody", 1.0, (before,), walks)
    assert np.array_equal(bias[before - 20 : before + 21], bias[before - 20 : before + 21][::-1])
    if walks:
        assert bias.argmin() == before


def test_the_last_pitches_of_a_voice_are_found_however_long_ago() -> None:
    def beat(index: int, *notes: tuple[str, int, int]) -> Beat:
        played = tuple(Note(Ticks(start), Ticks(60), pitch, 80, part) for part, start, pitch in notes)
        return Beat(index, 0, index, "4/4", None, fresh=False, notes=played)

    beats = [
        beat(0, ("bass", 0, 40), ("bass", 240, 43)),
        beat(1, ("melody", 0, 70), ("chords", 0, 60)),
        beat(2),
    ]
    assert last_pitches(beats) == {"bass": (43, 40), "melody": (70,)}
    assert last_pitches([]) == {}
