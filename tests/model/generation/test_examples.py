"""Which pieces of the songbook a band plays, and that it plays them."""

from __future__ import annotations

import pytest

from model.generation import examples
from model.music.drums import ROLES
from model.music.harmony import parse_chord, parse_key
from model.music.plan import Plan
from model.styles import STYLES
from tests.model.generation.test_composer import beats

KEY = parse_key("A minor")
PARTS = ("chords", "melody", "bass", "drums")


def band(style: str, seed: int, feel: str = "normal", explicit: tuple[str, ...] = ()) -> int | None:
    plan = Plan(style=((style, 1.0),), tempo=120, key=KEY.name, parts=PARTS, feel=feel, explicit=explicit)
    return examples.drawn_band(plan, KEY, seed)


def test_most_pieces_of_a_style_say_how_its_drums_count() -> None:
    assert {style: examples.usual_pulse(style) for style in ("techno", "trap", "drum and bass", "disco")} == {
        "techno": "four",
        "trap": "half",
        "drum and bass": "back",
        "disco": "four",
    }
    assert examples.usual_pulse("bluegrass") is None, "no piece of it is shown: it is the test's"


@pytest.mark.parametrize("style", ["techno", "house", "trap", "dubstep", "drum and bass"])
def test_a_band_counts_as_its_style_does(style: str) -> None:
    drawn = [band(style, seed) for seed in range(12)]
    assert {examples.pulse(piece) for piece in drawn if piece is not None} == {examples.usual_pulse(style)}


def test_half_time_is_played_where_it_was_said() -> None:
    drawn = [band("reggae", seed, "half", ("feel",)) for seed in range(6)]
    assert {examples.pulse(piece) for piece in drawn if piece is not None} == {"half"}


@pytest.mark.parametrize("style", [name for name in STYLES if name != "bluegrass"])
def test_a_style_that_has_pieces_borrows_none_of_its_family(style: str) -> None:
    near = examples.nearest(style, "4/4", True, 120, 0.5)
    own = [examples.style_of(piece) == style for piece in near]
    assert own == sorted(own, reverse=True), "its own come first, however far their tempo"


def test_trap_is_in_half_time_by_a_piece_and_has_no_kick_on_every_beat() -> None:
    written = beats("hard trap in a minor key, 140 bpm", 16)
    kicks = [any(n.part == "drums" and n.start == 0 and n.pitch == ROLES["kick"] for n in b.notes) for b in written]
    snares = [
        {n.pitch for n in b.notes if n.part == "drums" and n.start == 0} & {ROLES["snare"], ROLES["clap"]}
        for b in written
    ]
    assert sum(kicks) < len(kicks) / 2
    assert all(snares[beat] for beat in range(2, 16, 4))
    assert not any(snares[beat] for beat in range(1, 16, 2))


def test_a_stated_kick_on_every_beat_is_added_to_a_piece_without() -> None:
    written = beats("reggae with four on the floor", 8)
    assert all(any(n.start == 0 and n.pitch == ROLES["kick"] for n in b.notes) for b in written)
    assert {n.pitch for b in written for n in b.notes if n.part == "drums"} - {ROLES["kick"]}, (
        "the rest of its kit stays"
    )


def test_chords_that_the_words_give_are_struck_as_a_piece_strikes_its_own() -> None:
    written = beats("Am F C G pop", 16)
    struck = [sorted({n.start for n in b.notes if n.part == "chords"}) for b in written]
    for beat in written:
        chord = parse_chord(beat.chord or "N.C.")
        assert {n.pitch % 12 for n in beat.notes if n.part in ("bass", "chords")} <= chord.pitch_classes
    assert sum(map(len, struck)) >= 8, "a rhythm, not a chord a bar"
