from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import habits, worths
from model.language import LENGTHS
from model.looking_back import last
from model.music import Beat, Note, Ticks
from model.training.habits import bent, shares
from model.training.measures.clips import Clip

PEOPLE, MACHINES = (("pop ballad", 1.0),), (("techno", 1.0),)

counts = st.lists(st.integers(1, 500), min_size=13, max_size=13).map(lambda n: np.array(n, float) / np.sum(n))


@given(counts, counts)
def test_what_people_do_more_often_is_worth_more_and_what_they_do_as_often_stays_worth_the_same(
    people: habits.Worth, ours: habits.Worth
) -> None:
    worth = bent(np.zeros(13), people, ours)
    assert np.array_equal(np.sign(np.round(worth, 9)), np.sign(np.round(np.log(people / ours), 9)))
    assert np.allclose(bent(worth, people, people), worth)


@given(counts, counts)
def test_bent_odds_come_nearer_to_peoples(people: habits.Worth, ours: habits.Worth) -> None:
    after = ours * np.exp(bent(np.zeros(13), people, ours))
    after /= after.sum()
    assert np.minimum(after, people).sum() >= np.minimum(ours, people).sum() - 1e-9


def test_lengths_and_steps_are_counted_by_their_size() -> None:
    melody = np.array([[0, 480, 60, 80], [480, 240, 62, 80], [720, 240, 62, 80], [960, 480, 77, 80]])
    clip = Clip("ours", "ours", ((0, "4/4"),), 1920, 100, "C major", {"melody": melody.astype(np.int32)})
    lengths, steps = (shares([clip], "melody", what) for what in ("length", "step"))
    assert lengths[LENGTHS.index(24)] == pytest.approx(lengths[LENGTHS.index(12)])
    assert set(np.flatnonzero(steps > 0.1)) == {0, 2, habits.LARGEST}
    assert lengths.sum() == pytest.approx(1)


def test_only_people_who_were_measured_have_habits_and_a_mix_has_its_share_of_them() -> None:
    for part, what in (("chords", "length"), ("melody", "step")):
        whole = habits.worth(PEOPLE, part, what)
        assert whole.any()
        assert not habits.worth(MACHINES, part, what).any()
        assert np.allclose(habits.worth((("techno", 0.5), ("pop ballad", 0.5)), part, what), whole / 2)
    assert not habits.worth(PEOPLE, "drums", "length").any()


@given(st.integers(30, 90), st.booleans())
def test_a_move_is_worth_what_its_size_is_up_or_down(before: int, walks: bool) -> None:
    worth = worths.moves(PEOPLE, "melody", 1.0, (before,), walks)
    assert np.array_equal(worth[before - 20 : before + 21], worth[before - 20 : before + 21][::-1])
    if walks:
        assert worth.argmin() == before


def test_the_last_pitches_of_a_voice_are_found_however_long_ago() -> None:
    def beat(index: int, *notes: tuple[str, int, int]) -> Beat:
        played = tuple(Note(Ticks(start), Ticks(60), pitch, 80, part) for part, start, pitch in notes)
        return Beat(index, 0, index, "4/4", None, fresh=False, notes=played)

    beats = [
        beat(0, ("bass", 0, 40), ("bass", 240, 43)),
        beat(1, ("melody", 0, 70), ("chords", 0, 60)),
        beat(2),
    ]
    assert last(beats) == {"bass": (43, 40), "melody": (70,)}
    assert last([]) == {}
