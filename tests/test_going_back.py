from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model import looking_back
from model.chording import roots
from model.harmony import Chord, parse_chord
from model.language import ROOT
from model.theta import Theta
from tests.test_whole_chords import HELD

chords = st.lists(st.one_of(st.none(), st.builds(Chord, st.integers(0, 11), st.sampled_from(["", "m7"]), st.just(0))), max_size=40)  # fmt: skip


@given(chords)
def test_the_roots_that_were_heard_are_told_as_they_came_the_last_one_first_none_twice_running(
    known: list[Chord | None],
) -> None:
    found = looking_back.roots(known)
    assert all(one != other for one, other in pairwise(found))
    assert set(found) == {chord.root for chord in known if chord is not None}
    last = next((chord.root for chord in reversed(known) if chord is not None), None)
    assert found[:1] == (() if last is None else (last,))


def test_a_bar_without_a_chord_is_no_move() -> None:
    symbols = ("C", "F", None, "F7", "Am")
    assert looking_back.roots([None if s is None else parse_chord(s) for s in symbols]) == (9, 5, 0)


@given(st.lists(st.integers(0, 11), min_size=2, max_size=6, unique=True))
def test_going_back_at_once_to_the_root_that_was_left_costs_and_nothing_else_does(heard: list[int]) -> None:
    rules = replace(HELD, heard=tuple(heard), free=True)
    plain, costly = (
        roots(replace(rules, theta=Theta(back=back)), 0.0)[0][ROOT : ROOT + 12] for back in (0.0, 1.5)
    )
    assert np.array_equal(np.flatnonzero(costly - plain), [heard[1]])
    assert costly[heard[1]] - plain[heard[1]] == -1.5


def test_who_has_heard_one_root_has_none_to_go_back_to() -> None:
    rules = replace(HELD, heard=(5,), free=True)
    plain, costly = (roots(replace(rules, theta=Theta(back=back)), 0.0)[0] for back in (0.0, 1.5))
    assert np.array_equal(plain, costly)
