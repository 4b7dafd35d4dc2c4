from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import arrange
from bridge.addresses import CONTROLS, VOICINGS, Value
from bridge.orders import Sound
from model.music import Beat, Note, Ticks

DEFAULTS: dict[str, Value] = {path: c.default for path, c in CONTROLS.items()} | {"humanise": 0.0}
CHORD = tuple(Note(Ticks(0), Ticks(480), p, 80, "chords") for p in (60, 64, 67, 71))
BEAT = Beat(
    0,
    0,
    0,
    "4/4",
    "Cmaj7",
    True,
    (*CHORD, Note(Ticks(240), Ticks(200), 76, 90, "melody"), Note(Ticks(0), Ticks(480), 36, 80, "bass")),
)


def sounds(swing: float = 0.5, beat: Beat = BEAT, **controls: Value) -> tuple[Sound, ...]:
    settings = DEFAULTS | {path.replace("__", "/"): value for path, value in controls.items()}
    return arrange.sounds(beat, Ticks(960), seed=3, bpm=120, swing=swing, settings=settings)


def of(part: str, found: tuple[Sound, ...]) -> list[Sound]:
    return [s for s in found if s.part == part]


def test_without_looseness_everything_is_where_it_was_written() -> None:
    found = sounds()
    assert [(s.at, s.pitch) for s in of("melody", found)] == [(1200, 76)]
    assert {s.channel for s in of("chords", found)} == {0}
    assert {s.velocity for s in of("bass", found)} == {80}


def test_a_part_can_be_muted_moved_and_sent_elsewhere() -> None:
    found = sounds(
        part__melody__enabled=0, part__bass__octave=1, part__chords__channel=7, part__chords__level=0.5
    )
    assert of("melody", found) == []
    assert [s.pitch for s in of("bass", found)] == [48]
    assert {(s.channel, s.velocity) for s in of("chords", found)} == {(6, 40)}


def test_a_level_of_zero_is_silence() -> None:
    assert of("bass", sounds(part__bass__level=0.0)) == []


def test_a_range_folds_by_octaves() -> None:
    assert [s.pitch for s in of("melody", sounds(part__melody__high=70))] == [64]
    assert [s.pitch for s in of("bass", sounds(part__bass__low=40))] == [48]


def test_a_range_that_has_no_such_note_is_silent() -> None:
    assert of("melody", sounds(part__melody__low=65, part__melody__high=66)) == []


def test_an_offset_is_in_milliseconds_whatever_the_tempo() -> None:
    assert of("bass", sounds(part__bass__offset=50.0))[0].at == 960 + 48


def test_swing_moves_the_off_beat_only() -> None:
    assert of("melody", sounds(swing=0.66))[0].at == 960 + round(480 * 0.66)
    assert of("bass", sounds(swing=0.66))[0].at == 960


@pytest.mark.parametrize(
    ("voicing", "pitches"),
    [("close", [60, 64, 67, 71]), ("open", [60, 67, 76, 83]), ("drop2", [55, 60, 64, 71]), ("shell", [60, 64, 71]),
     ("rootless", [64, 67, 71]), ("power", [60, 67, 72]), ("auto", [60, 64, 67, 71])],
)  # fmt: skip
def test_voicings(voicing: str, pitches: list[int]) -> None:
    assert sorted(s.pitch for s in of("chords", sounds(part__chords__voicing=voicing))) == pitches


@given(
    st.sampled_from(VOICINGS),
    st.integers(-24, 24),
    st.floats(0, 1),
    st.floats(0.5, 0.75),
    st.floats(-100, 100),
)
def test_whatever_is_set_the_sounds_are_playable_and_the_same_again(
    voicing: str, transpose: int, humanise: float, swing: float, offset: float
) -> None:
    settings: dict[str, Value] = {
        "part__chords__voicing": voicing, "transpose": transpose, "humanise": humanise, "part__bass__offset": offset
    }  # fmt: skip
    found = sounds(swing, BEAT, **settings)
    assert found == sounds(swing, BEAT, **settings)
    assert all(s.at >= 0 and s.length > 0 and 0 <= s.pitch <= 127 and 1 <= s.velocity <= 127 for s in found)


def test_looseness_moves_time_and_touch_a_little() -> None:
    loose = sounds(humanise=1.0)
    assert loose != sounds()
    for tight, moved in zip(
        of("chords", sounds()), sorted(of("chords", loose), key=lambda s: s.pitch), strict=True
    ):
        assert abs(moved.at - tight.at) <= 0.010 * 960 + 1
        assert abs(moved.velocity - tight.velocity) <= 9


def test_the_models_own_micro_timing_is_scaled_by_looseness() -> None:
    late = replace(BEAT, notes=(replace(CHORD[0], offset=8),))
    assert sounds(beat=late)[0].at == 960
