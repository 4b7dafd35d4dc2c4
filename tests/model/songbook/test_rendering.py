from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model.songbook.rendering import Note, once, perform
from tests.model.songbook.texts import melody, notes, piece

ONE = "section A 1\nharmony\n{harmony}\nchords\n1: {tokens}"


def chords(tokens: str, harmony: str = "C") -> list[tuple[int, int, int, int]]:
    return notes("chords", ONE.format(tokens=tokens, harmony=harmony))


def test_voices_are_those_of_the_chord_in_force() -> None:
    assert [n[2] for n in chords("x:8 13:8", "C G7")] == [60, 64, 67, 59, 65]


def test_a_push_takes_the_next_chord_and_the_last_one_takes_the_first() -> None:
    assert [n[2] for n in chords(".:6 >1:8 >:2", "C F")] == [60, 60, 64, 67]


def test_a_ring_ends_with_its_chord() -> None:
    assert [n[:2] for n in chords("1:2_ 2:6_ .:8", "C F")] == [(0, 960), (240, 720)]
    assert chords(".:6 >1:1_ .:9", "C F") == [(720, 1200, 60, 80)]


def test_an_octave_mark_lifts_voices() -> None:
    assert [n[2] for n in chords("1^:8 1^^:8")] == [72, 84]


def test_a_hold_goes_on_over_the_bar_and_from_section_to_section() -> None:
    body = "section A 2\nharmony\nC | C\nmelody\n1: ~:4 C5:12\n2: ~:8 E5:8"
    assert [n[:3] for n in notes("melody", body, form="A A")] == [
        (480, 2400, 72), (2880, 1440, 76), (4320, 2400, 72), (6720, 960, 76),
    ]  # fmt: skip


def test_accents_dynamics_and_levels_add_up() -> None:
    body = "section A 1\nlevel +2\nharmony\nC\nmelody\n1: C5:4! D5:4,, {+5} E5:4 F5:4@70!"
    assert [n[3] for n in notes("melody", body)] == [93, 56, 87, 88]


def test_dynamics_end_with_their_section() -> None:
    body = "section A 1\nharmony\nC\nmelody\n1: {+9} C5:16"
    assert [n[3] for n in notes("melody", body + "\nsection B = A\nmelody 1: C5:16", form="A B")] == [89, 80]


def test_velocities_stay_within_midi() -> None:
    assert [n[3] for n in melody("C5:4!!!!! D5:4,,,,,,, E5:8@127!")] == [127, 1, 127]


def test_staccato_halves_and_a_tremolo_strikes_again() -> None:
    assert melody("C5:5' .:3 D5:8%2") == [
        (0, 300, 72, 80), (960, 240, 74, 80), (1200, 240, 74, 68), (1440, 240, 74, 76), (1680, 240, 74, 68),
    ]  # fmt: skip


def test_graces_stand_before_their_note_and_cut_the_one_before() -> None:
    assert melody("C5:8 (D5,E5)F5:8") == [
        (0, 840, 72, 80),
        (840, 60, 74, 70),
        (900, 60, 76, 70),
        (960, 960, 77, 80),
    ]
    assert melody("(D5)F5:16") == [(0, 1920, 77, 80)]


def test_layers_begin_together() -> None:
    assert [n[:3] for n in melody("C5:16 & .:8 E5:8")] == [(0, 1920, 72), (960, 960, 76)]


def test_digits_of_drums_are_velocities() -> None:
    body = "section A 1\nharmony\nC\ndrums\n1:\nK 1.......9.......\nO ........5......."
    assert notes("drums", body) == [(0, 60, 36, 23), (960, 60, 36, 127), (960, 170, 46, 75)]


def test_bends_are_marks_that_change_no_note() -> None:
    body = "section A 1\nharmony\nC\nbass\n1: C2:8 G2:4$ C2:4$>-12"
    played = perform(piece(body))
    assert [(b.start, b.pitch, b.mark) for b in played.bends] == [(960, 43, "$"), (1440, 36, "$>-12")]
    assert len(played.notes()["bass"]) == 3


def test_rendering_swings_the_second_of_a_pair() -> None:
    body = "section A 1\nharmony\nC\nmelody\n1: C5:1 D5:1 E5:2 C5:8/3 D5:8/3 E5:8/3 .:4"
    machine = {"touch": "melody=machine", "swing": "16 60"}
    assert [n.start for n in perform(piece(body, **machine)).rendered()["melody"]] == [
        0,
        144,
        240,
        480,
        800,
        1120,
    ]
    straight = perform(piece(body, straight="melody", **machine)).rendered()["melody"]
    assert [n.start for n in straight] == [0, 120, 240, 480, 800, 1120]


def test_a_machine_plays_what_is_written() -> None:
    body = "section A 1\nharmony\nC\nmelody\n1: C5:4! D5:4 .:8\nchords\n1: x:16"
    played = perform(piece(body, touch="melody=machine chords=machine"))
    assert played.rendered() == played.notes()


def test_a_hand_is_near_what_is_written_and_always_the_same() -> None:
    body = "section A 1\nharmony\nC\nmelody\n1: C5:4! D5:4 E5:8"
    played = perform(piece(body, loose="melody=8", feel="melody=+10"))
    assert played.rendered() == played.rendered()
    for plain, played_note in zip(played.notes()["melody"], played.rendered()["melody"], strict=True):
        assert abs(played_note.start - plain.start - 10) <= 8
        assert abs(played_note.velocity - plain.velocity) <= 15


def test_a_strum_rolls_up_or_down() -> None:
    body = "section A 1\nharmony\nC\nchords\n1: x:8/ x:8\\"
    found = perform(piece(body, roll="chords=20", touch="chords=machine")).rendered()["chords"]
    assert [(n.start, n.pitch) for n in found] == [
        (0, 60),
        (20, 64),
        (40, 67),
        (960, 67),
        (980, 64),
        (1000, 60),
    ]


NOTES = st.lists(
    st.builds(Note, st.integers(0, 4000), st.integers(60, 63), st.integers(1, 900), st.integers(1, 127)),
    max_size=30,
)


@given(NOTES)
def test_a_key_is_struck_once_at_a_time_and_nothing_sounds_past_the_end(found: list[Note]) -> None:
    kept = once(found, 3840)
    assert once(kept, 3840) == kept
    for a in kept:
        assert a.length > 0
        assert a.end <= 3840
        assert not any(a is not b and a.pitch == b.pitch and a.start <= b.start < a.end for b in kept)
    assert {(n.start, n.pitch) for n in kept} == {(n.start, n.pitch) for n in found if n.start < 3840}
