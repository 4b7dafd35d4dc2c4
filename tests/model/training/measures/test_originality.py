"""How much of what was written is found in what was learnt from: planted copies are found, unlike tunes are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("symusic")
pytest.importorskip("lxml")

from model.training.measures import clips, originality
from model.training.measures.clips import Notes
from model.training.measures.originality import Index
from tests.model.training.measures.test_measures import made, notes


def line(steps: list[int], rhythm: list[int] | None = None) -> Notes:
    pitches = np.cumsum([60, *steps])
    starts = np.cumsum([0, *(rhythm or [240] * len(steps))])
    return notes(*[(int(s), 120, int(p)) for s, p in zip(starts, pitches, strict=True)])


tunes = st.lists(st.integers(-4, 4), min_size=16, max_size=24)


@given(tunes, st.integers(-12, 12))
@settings(max_examples=30, deadline=None)
def test_a_transposed_copy_is_found_with_its_rhythm(steps: list[int], by: int) -> None:
    tune = line(steps)
    moved = tune.copy()
    moved[:, clips.PITCH] += by
    assert Index.of([tune]).copied(moved).all()


@given(tunes, st.integers(2, 11), st.sampled_from(["changed", "added", "left out"]))
@settings(max_examples=60, deadline=None)
def test_a_copy_with_one_edit_is_found_as_such(steps: list[int], at: int, edit: str) -> None:
    tune = line(steps)
    pitches = tune[:, clips.PITCH].tolist()
    match edit:
        case "changed":
            pitches[at] += 1
        case "added":
            pitches.insert(at, pitches[at] + 1)
        case _:
            del pitches[at]
    run = line(np.diff(pitches[:12]).tolist())
    found = Index.of([tune]).copied(run)
    # so many notes of the original are in a run of ours, which has one more than it, or one less
    original = originality.runs(np.array(steps), {"added": 11, "changed": 12, "left out": 13}[edit])
    if len(found) and originality.telling(original).all():
        assert found[:, 2].all()


def test_another_rhythm_is_no_copy_with_rhythm() -> None:
    steps = [2, 2, 1, 2, -3, -1, 4, -2, 2, 5, -7]
    copy = line(steps, [240, 480] * 5 + [240])
    assert Index.of([line(steps)]).copied(copy).tolist() == [[True, False, True]]


def test_unlike_tunes_and_plain_scales_are_no_copies() -> None:
    index = Index.of([line([2, 2, 1, 2, -3, -1, 4, -2, 2, 5, -7])])
    assert not index.copied(line([-1, 3, -4, 7, 1, -2, 5, -5, 3, 3, -6])).any()
    assert len(index.copied(line([1] * 20))) == 0
    assert not Index.of([]).copied(line([2, 2, 1, 2, -3, -1, 4, -2, 2, 5, -7])).any()


def test_equal_progressions_in_other_keys_and_rhythms_are_one() -> None:
    c = originality.progression(made(chords="C F G C"))
    assert originality.progression(made(key="D major", chords="D G A D")) == c
    assert originality.progression(made(chords="C C F G C", bars=5)) == c
    assert originality.progression(made(chords="C Am F G")) != c
