"""Loop detection: repeating progressions are predicted, abandoned ones are dropped."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.follow.loop_detection import LOOP_LENGTHS, LoopDetector, same_harmony
from model.music.harmony import Chord, parse_chord

ROOTS = st.lists(st.integers(0, 11), min_size=2, max_size=4, unique=True)


def chord(root: int, quality: str = "") -> Chord:
    return Chord(root, quality, root)


def played(bars: list[int], beats: int = 4) -> LoopDetector:
    passes = LoopDetector(beats)
    for root in bars:
        for _ in range(beats):
            passes.add(chord(root))
    return passes


@given(ROOTS, st.sampled_from([2, 3, 4, 6]), st.integers(0, 40))
@settings(max_examples=80)
def test_after_two_passes_every_beat_to_come_is_known(bars: list[int], beats: int, more: int) -> None:
    if len(bars) not in LOOP_LENGTHS:
        return
    passes = played(bars * 2, beats)
    whole = [root for root in bars for _ in range(beats)]
    for turn in range(more):
        known = [passes.predict(k) for k in range(1, len(whole) + 1)]
        assert known == [chord(whole[(turn + k) % len(whole)]) for k in range(len(whole))]
        passes.add(chord(whole[turn % len(whole)]))


def test_one_pass_is_no_loop() -> None:
    assert played([9, 5, 0, 7]).predict(1) is None


def test_the_longest_that_holds_is_believed() -> None:
    """Two bars of C within eight bars are no one-bar loop once the eight bars have been repeated."""
    bars = [0, 0, 0, 0, 5, 5, 0, 7]
    passes = played(bars * 2)
    for beat in range(32):
        assert passes.predict(1) == chord(bars[beat // 4])
        passes.add(chord(bars[beat // 4]))


def test_a_loop_that_is_left_is_dropped_with_the_first_other_beat() -> None:
    passes = played([9, 5, 0, 7] * 2)
    assert passes.predict(1) == chord(9)
    passes.add(chord(2))
    assert passes.predict(1) is None


def test_a_slip_is_forgiven_once_it_fits_again() -> None:
    passes = played([9, 5, 0, 7] * 2)
    passes.add(chord(2))
    passes.add(chord(9))
    assert passes.predict(1) == chord(9)
    assert passes.predict(3) == chord(5)


def test_a_chord_with_something_added_is_the_same_harmony() -> None:
    assert same_harmony(parse_chord("Cmaj7"), parse_chord("C"))
    assert same_harmony(parse_chord("Am7"), parse_chord("Am/C"))
    assert not same_harmony(parse_chord("C"), parse_chord("Cm"))
    assert not same_harmony(parse_chord("C"), parse_chord("Am"))
    assert same_harmony(None, None)
    assert not same_harmony(parse_chord("C"), None)


def test_the_memory_is_bounded_and_can_be_dropped() -> None:
    passes = played([0, 5] * 200)
    assert len(passes._history) <= 48 * 4
    passes.reset()
    assert passes.predict(1) is None
