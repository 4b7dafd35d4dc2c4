"""The harmony and the key of a melody, from what has sounded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.passes import alike
from model.continuo import KINDS, Continuo, bearing
from model.harmony import Chord, parse_key


def sung(continuo: Continuo, bars: list[list[int]]) -> list[Chord]:
    """Sing bars of four quarters; return the chord that is believed in at the end of each."""
    found = []
    for bar in bars:
        for beat, pitch in enumerate(bar):
            if beat in (0, 2):
                continuo.half(beat == 0)
            continuo.sound({pitch % 12: 1.0})
        found.append(continuo.chord())
    return found


TUNE = [[60, 64, 67, 64], [65, 69, 72, 69], [67, 71, 74, 71], [72, 67, 64, 60]]


def test_a_tune_of_broken_chords_stands_on_them() -> None:
    continuo = Continuo()
    assert [c.root for c in sung(continuo, TUNE)] == [0, 5, 7, 0]
    assert continuo.key == parse_key("C major")


def test_the_same_tune_higher_has_the_same_harmony_higher() -> None:
    for up in range(12):
        here, there = Continuo(), Continuo()
        low, high = sung(here, TUNE), sung(there, [[p + up for p in bar] for bar in TUNE])
        assert high == [Chord((c.root + up) % 12, c.quality, (c.bass + up) % 12) for c in low]


def test_a_key_that_is_locked_stays() -> None:
    continuo = Continuo()
    continuo.lock(parse_key("E minor"))
    sung(continuo, TUNE)
    assert continuo.key == parse_key("E minor")
    continuo.lock(None)
    sung(continuo, TUNE * 4)
    assert continuo.key == parse_key("C major")


def test_silence_changes_no_belief_of_the_chord() -> None:
    continuo = Continuo()
    sung(continuo, TUNE[:1])
    before = continuo.chord()
    continuo.sound({})
    assert continuo.chord({}) == before
    assert before.quality in KINDS


def test_a_note_on_the_line_is_answered_before_it_has_sounded() -> None:
    continuo = Continuo()
    sung(continuo, TUNE[:1])
    continuo.half(True)
    assert continuo.chord({5: 0.5, 9: 0.5}).root == 5


def test_after_another_key_was_locked_a_tune_is_heard_as_if_only_this_one_had_been() -> None:
    continuo, fresh = Continuo(), Continuo()
    continuo.lock(parse_key("F# major"))
    continuo.lock(parse_key("C major"))
    fresh.lock(parse_key("C major"))
    assert sung(continuo, TUNE) == sung(fresh, TUNE)
    assert continuo.key == parse_key("C major")


@given(st.integers(0, 11), st.sampled_from(KINDS), st.integers(0, 11))
def test_a_chord_that_bears_a_tone_keeps_its_root_and_its_third(root: int, kind: str, tone: int) -> None:
    plain = Chord(root, kind, root)
    borne = bearing(plain, tone, None)
    if tone in plain.pitch_classes:
        assert borne is None, "it bears it already"
    elif borne is not None:
        assert tone in borne.pitch_classes
        assert (borne.root, borne.bass) == (root, root)
        assert alike(borne, plain)
        assert len(borne.pitch_classes) <= 4


def test_what_is_foreign_to_the_key_is_not_borne() -> None:
    key = parse_key("C major")
    assert bearing(Chord(0, "", 0), 11, key) == Chord(0, "maj7", 0)
    assert bearing(Chord(0, "", 0), 10, key) is None
    assert bearing(Chord(0, "", 0), 10, None) == Chord(0, "7", 0)
