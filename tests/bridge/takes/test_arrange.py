from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge.midi.protocol import ScheduledNote
from bridge.protocol.controls import CONTROLS, VOICINGS, Value
from bridge.takes import arrange
from bridge.takes.arrange import Feel
from model.music.notes import Beat, Note, Ticks

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


def sounds(own_swing: float = 0.5, beat: Beat = BEAT, **controls: Value) -> tuple[ScheduledNote, ...]:
    settings = DEFAULTS | {path.replace("__", "/"): value for path, value in controls.items()}
    return arrange.arranged_notes(beat, Ticks(960), 120, Feel(3, own_swing), settings)


KIT = tuple(Note(Ticks(240 * i), Ticks(60), p, 100, "drums") for i, p in enumerate((36, 42)))
DRUMS = replace(BEAT, notes=(*BEAT.notes, *KIT))


def of(part: str, found: tuple[ScheduledNote, ...]) -> list[ScheduledNote]:
    return [s for s in found if s.part == part]


def test_without_looseness_everything_is_where_it_was_written() -> None:
    found = sounds()
    assert [(s.at, s.pitch) for s in of("melody", found)] == [(1200, 76)]
    assert {s.channel for s in of("chords", found)} == {0}
    assert {s.velocity for s in of("bass", found)} == {80}


def test_a_part_can_be_muted_moved_and_sent_elsewhere() -> None:
    found = sounds(part__melody__enabled=0, part__bass__octave=1, part__chords__channel=7, part__chords__level=0.5)
    assert of("melody", found) == []
    assert [s.pitch for s in of("bass", found)] == [48]
    assert {(s.channel, s.velocity) for s in of("chords", found)} == {(6, 40)}


ADDED = replace(
    BEAT,
    notes=(
        *(Note(Ticks(0), Ticks(1920), p, 70, "pad") for p in (60, 64, 67, 71)),
        Note(Ticks(0), Ticks(120), 72, 70, "arp"),
        Note(Ticks(0), Ticks(60), 36, 70, "perc"),
        Note(Ticks(0), Ticks(60), 36, 70, "drums"),
    ),
)


def test_pad_arp_and_perc_have_their_channels_and_sound_unless_they_are_muted() -> None:
    assert {s.part: s.channel for s in sounds(beat=ADDED)} == {"pad": 3, "arp": 4, "perc": 10, "drums": 9}
    assert {s.part for s in sounds(beat=ADDED, part__pad__enabled=0, part__perc__enabled=1)} == {"arp", "perc", "drums"}


def test_percussion_is_not_transposed_and_has_no_map_of_drums() -> None:
    found = sounds(beat=ADDED, transpose=3, part__perc__octave=1, drums__map="kick:38")
    assert {s.part: s.pitch for s in found if s.part in ("perc", "arp", "drums")} == {
        "perc": 36,
        "arp": 75,
        "drums": 38,
    }
    assert not of("perc", sounds(beat=ADDED, part__perc__low=50))


def test_a_pad_has_voicings_as_chords_have() -> None:
    assert sorted(s.pitch % 12 for s in of("pad", sounds(beat=ADDED, part__pad__voicing="shell"))) == [0, 4, 11]
    assert of("pad", sounds(beat=ADDED, part__chords__voicing="shell")) == of("pad", sounds(beat=ADDED))


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
    assert of("melody", sounds(0.66))[0].at == 960 + round(480 * 0.66)
    assert of("bass", sounds(0.66))[0].at == 960


@pytest.mark.parametrize(
    ("voicing", "pitches"),
    [("close", [60, 64, 67, 71]), ("open", [60, 67, 76, 83]), ("drop2", [55, 60, 64, 71]), ("shell", [60, 64, 71]),
     ("rootless", [64, 67, 71]), ("power", [60, 67, 72]), ("auto", [60, 64, 67, 71])],
)  # fmt: skip
def test_voicings(voicing: str, pitches: list[int]) -> None:
    assert sorted(s.pitch for s in of("chords", sounds(part__chords__voicing=voicing))) == pitches


@pytest.mark.parametrize(
    ("symbol", "voicing", "pitches"),
    [
        ("C", "shell", [60, 64, 67]), ("C", "rootless", [64, 67, 76]), ("Cadd9", "shell", [60, 64, 67]),
        ("C11", "shell", [60, 65, 70]), ("C9", "close", [60, 62, 64, 67, 70]), ("C13", "rootless", [64, 67, 70, 74, 81]),
        ("C5", "rootless", [67, 79]), ("C6", "shell", [60, 64, 69]), ("Csus4", "shell", [60, 65, 67]),
        ("C", "drop2", [60, 67, 76]), ("C", "open", [60, 67, 76]), ("C7#9", "open", [60, 64, 70, 75, 79]),
    ],
)  # fmt: skip
def test_a_voicing_lays_out_any_quality(symbol: str, voicing: str, pitches: list[int]) -> None:
    beat = replace(BEAT, chord=symbol)
    found = of("chords", sounds(beat=beat, part__chords__voicing=voicing))
    assert sorted(s.pitch for s in found) == pitches


@given(st.sampled_from(VOICINGS[1:]), st.integers(0, 40), st.integers(36, 60), st.integers(-24, 24))
def test_a_voicing_keeps_its_shape_wherever_its_range_has_room(
    voicing: str, low: int, width: int, transpose: int
) -> None:
    assume(transpose <= low and low + width - transpose <= 127)  # a voicing is laid out before it is transposed
    ranged: dict[str, Value] = {
        "part__chords__low": low,
        "part__chords__high": low + width,
        "transpose": transpose,
    }
    free = sorted(s.pitch for s in of("chords", sounds(part__chords__voicing=voicing)))
    found = sorted(s.pitch for s in of("chords", sounds(0.5, BEAT, part__chords__voicing=voicing, **ranged)))
    assert [p - found[0] for p in found] == [p - free[0] for p in free]
    assert all(low <= p <= low + width for p in found)
    assert (found[0] - free[0] - transpose) % 12 == 0


def test_a_range_too_narrow_for_the_voicing_folds_it_and_no_pitch_sounds_twice() -> None:
    found = of("chords", sounds(part__chords__voicing="power", part__chords__low=60, part__chords__high=71))
    assert [s.pitch for s in found] == [60, 67]


def test_a_figure_keeps_its_notes_but_those_that_the_voicing_leaves_out() -> None:
    figure = replace(BEAT, notes=tuple(Note(Ticks(120 * i), Ticks(120), p) for i, p in enumerate((60, 64, 67, 71))))
    assert [s.pitch for s in sounds(beat=figure, part__chords__voicing="open")] == [60, 64, 67, 71]
    assert [s.pitch for s in sounds(beat=figure, part__chords__voicing="power")] == [60, 67, 67, 72]
    assert [s.pitch for s in sounds(beat=figure, part__chords__voicing="shell")] == [60, 64, 64, 71]


def test_drums_swing_and_are_loosened_but_neither_transposed_nor_folded() -> None:
    moved: dict[str, Value] = {"transpose": 7, "part__drums__octave": 2, "part__drums__voicing": "power"}
    assert of("drums", sounds(0.5, DRUMS, **moved)) == of("drums", sounds(beat=DRUMS))
    assert {s.channel for s in of("drums", sounds(beat=DRUMS))} == {9}
    assert of("drums", sounds(0.66, DRUMS))[1].at == 960 + round(480 * 0.66)
    assert of("drums", sounds(beat=DRUMS, humanise=1.0)) != of("drums", sounds(beat=DRUMS))
    assert [s.pitch for s in of("drums", sounds(beat=DRUMS, part__drums__low=40))] == [42]


def test_the_kit_is_played_by_the_notes_of_its_map() -> None:
    found = of("drums", sounds(beat=DRUMS, drums__map="kick:35", part__drums__channel=11, part__drums__level=0.5))
    assert [(s.pitch, s.channel, s.velocity) for s in found] == [(35, 10, 50), (42, 10, 50)]
    other = replace(DRUMS, notes=(Note(Ticks(0), Ticks(60), 81, 100, "drums"),))
    assert [s.pitch for s in sounds(beat=other, drums__map="rack16")] == [81], "no role: it stays"


def test_a_mute_changes_nothing_in_the_other_parts() -> None:
    whole = sounds(beat=DRUMS, humanise=1.0)
    assert of("melody", sounds(beat=DRUMS, humanise=1.0, part__chords__enabled=0)) == of("melody", whole)


def test_the_swing_of_the_words_has_a_unit_of_its_own() -> None:
    sixteenth = replace(BEAT, notes=(Note(Ticks(120), Ticks(60), 76, 90, "melody"),))
    settings = dict(DEFAULTS)
    assert arrange.arranged_notes(sixteenth, Ticks(0), 120, Feel(3, 0.75, 16), settings)[0].at == 180
    assert arrange.arranged_notes(sixteenth, Ticks(0), 120, Feel(3, 0.75, 8), settings)[0].at == 180
    assert sounds(0.5, sixteenth, swing=0.75, swing_unit=16)[0].at == 960 + 180
    eighth = replace(sixteenth, meter="6/8")
    assert sounds(0.75, eighth)[0].at == 960 + 120, "threes have no pairs of eighths"


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
    for tight, moved in zip(of("chords", sounds()), sorted(of("chords", loose), key=lambda s: s.pitch), strict=True):
        assert abs(moved.at - tight.at) <= 0.010 * 960 + 1
        assert abs(moved.velocity - tight.velocity) <= 9


def test_the_models_own_micro_timing_is_scaled_by_looseness() -> None:
    late = replace(BEAT, notes=(replace(CHORD[0], offset=8),))
    assert sounds(beat=late)[0].at == 960
