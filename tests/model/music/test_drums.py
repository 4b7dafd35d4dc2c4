from __future__ import annotations

import pytest

from model.music.drums import ROLES, drum_map


def test_general_midi_is_what_the_roles_are_named_by() -> None:
    assert drum_map("gm") == {note: note for note in ROLES.values()}


def test_a_rack_has_every_role_on_a_pad_of_its_own() -> None:
    pads = [*drum_map("rack16").values()]
    assert len(set(pads)) == len(ROLES)
    assert all(36 <= pad <= 51 for pad in pads)


def test_named_roles_move_and_the_others_stay() -> None:
    moved = drum_map("kick:35, snare : 40,perc:0")
    assert (moved[36], moved[38], moved[56]) == (35, 40, 0)
    assert moved[42] == 42


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("", "gm, rack16 or role:note"),
        ("gm2", "gm, rack16 or role:note"),
        ("kick", "kick:36"),
        ("cowbell:56", "a drum role is one of kick snare"),
        ("kick:128", r"0\.\.127, not '128'"),
        ("kick:-1", r"0\.\.127"),
        ("kick:²", r"0\.\.127"),
        ("kick:", r"0\.\.127"),
        ("kick:36,kick:35", "kick is there twice"),
        ("kick:36,", "role:note"),
    ],
)
def test_a_map_that_cannot_be_read_is_refused_with_the_law(text: str, law: str) -> None:
    with pytest.raises(ValueError, match=law):
        drum_map(text)
