"""The harmony and the key of a melody, from what has sounded."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bridge.follow.loop_detection import same_harmony
from model.analysis.melody_tracker import (
    TRIADS,
    BeatPlace,
    MelodyHarmonyTracker,
    beat_features,
    beat_line_features,
    extend_triad,
)
from model.music.harmony import Chord, parse_key

HELD = float("inf")


def sung(continuo: MelodyHarmonyTracker, bars: list[list[int]]) -> list[Chord]:
    """Sing bars of four quarters; return the chord that is believed in at the end of each."""
    found, before = [], None
    for bar in bars:
        for beat, pitch in enumerate(bar):
            continuo.beat(BeatPlace(beat, 4), before)
            chord = continuo.chord(beat_line_features([(0.0, HELD, pitch)]))
            before = beat_features([(0.0, 1.0, pitch)], 1.0)
        found.append(chord)
    return found


TUNE = [[60, 64, 67, 64], [65, 69, 72, 69], [67, 71, 74, 71], [72, 67, 64, 60]]


def test_a_tune_of_broken_chords_stands_on_them() -> None:
    continuo = MelodyHarmonyTracker()
    assert [c.root for c in sung(continuo, TUNE)] == [0, 5, 7, 0]
    assert continuo.key == parse_key("C major")


def test_the_same_tune_higher_has_the_same_harmony_higher() -> None:
    for up in range(12):
        here, there = MelodyHarmonyTracker(), MelodyHarmonyTracker()
        low, high = sung(here, TUNE), sung(there, [[p + up for p in bar] for bar in TUNE])
        assert high == [Chord((c.root + up) % 12, c.quality, (c.bass + up) % 12) for c in low]


def test_a_key_that_is_locked_stays_and_one_that_is_not_any_more_is_found() -> None:
    continuo = MelodyHarmonyTracker()
    continuo.set_key(parse_key("E minor"))
    sung(continuo, TUNE)
    assert continuo.key == parse_key("E minor")
    continuo.set_key(None)
    assert continuo.key == parse_key("C major")


def test_a_note_on_the_line_is_answered_before_it_has_sounded() -> None:
    continuo = MelodyHarmonyTracker()
    sung(continuo, TUNE[:1])
    continuo.beat(BeatPlace(0, 4), beat_features([(0.0, 1.0, 64)], 1.0))
    assert continuo.chord(beat_line_features([(0.0, HELD, 65), (0.0, HELD, 69)])).root == 5


def test_what_was_heard_before_a_beginning_is_forgotten() -> None:
    continuo, fresh = MelodyHarmonyTracker(), MelodyHarmonyTracker()
    sung(continuo, [[p + 6 for p in bar] for bar in TUNE])
    continuo.begin()
    assert sung(continuo, TUNE) == sung(fresh, TUNE)


def test_a_stroke_counts_for_the_line_that_it_is_meant_for() -> None:
    early, on, late = ((moment, 1.2, 60) for moment in (-0.2, 0.1, 0.4))
    assert beat_line_features([early]).tolist() == beat_line_features([on]).tolist() == [1.0, *[0.0] * 23]
    assert not beat_line_features([late]).any()
    assert beat_line_features([(-0.5, 1.2, 60)]).tolist() == [*[0.0] * 12, 1.0, *[0.0] * 11], "held over it"


def test_a_beat_is_heard_by_length_strokes_line_and_last_tone() -> None:
    long, struck, line, last = beat_features([(-1.0, 0.5, 60), (0.0, 0.5, 64), (0.5, 1.5, 67)], 2.0).reshape(4, 12)
    assert {p: float(t) for p, t in enumerate(long) if t} == {0: 1.0, 4: 1.0, 7: 1.0}
    assert np.flatnonzero(struck).tolist() == [4, 7]
    assert np.flatnonzero(line).tolist() == [4]
    assert np.flatnonzero(last).tolist() == [7]


@given(st.integers(0, 11), st.sampled_from(TRIADS), st.integers(0, 11))
def test_a_chord_that_bears_a_tone_keeps_its_root_and_its_third(root: int, kind: str, tone: int) -> None:
    plain = Chord(root, kind, root)
    borne = extend_triad(plain, tone, None)
    if tone in plain.pitch_classes:
        assert borne is None, "it bears it already"
    elif borne is not None:
        assert tone in borne.pitch_classes
        assert (borne.root, borne.bass) == (root, root)
        assert same_harmony(borne, plain)
        assert len(borne.pitch_classes) <= 4


def test_what_is_foreign_to_the_key_is_not_borne() -> None:
    key = parse_key("C major")
    assert extend_triad(Chord(0, "", 0), 11, key) == Chord(0, "maj7", 0)
    assert extend_triad(Chord(0, "", 0), 10, key) is None
    assert extend_triad(Chord(0, "", 0), 10, None) == Chord(0, "7", 0)
