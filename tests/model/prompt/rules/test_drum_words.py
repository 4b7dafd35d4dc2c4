"""Single drums in words: what is denied does not play, and the rest of the kit does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.clips.refine import refine
from model.generation.composer import Composer
from model.music.drums import ROLE_OF, ROLES
from model.music.midifile import Song
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.rules.parts import drum_pieces
from tests.support.tiny_engine import engine

HATS = {"closed_hat", "pedal_hat", "open_hat"}
TOMS = {"tom_low", "tom_mid", "tom_high"}


@pytest.mark.parametrize(
    ("text", "silenced"),
    [
        ("house with no snare", {"snare"}),
        ("techno without hi-hats or claps", HATS | {"clap"}),
        ("no kick drum, funk", {"kick"}),
        ("rock without cymbals", {"crash", "ride"}),
        ("polka ohne Marschtrommel", {"snare"}),
        ("rock ohne Becken", {"crash", "ride"}),
        ("funk sans caisse claire", {"snare"}),
        ("disco senza grancassa", {"kick"}),
        ("没有军鼓的trap", {"snare"}),
        ("不要踩镲和拍手", HATS | {"clap"}),
        ("funk, no kick, no snare, no open hats", {"kick", "snare", "open_hat"}),
        ("disco, avoid the crash", {"crash"}),
        ("not so dark techno, no toms", TOMS),
        ("a groove with toms and a crash", set()),
        ("no drums", set()),
        ("just hi-hats and a kick", set(ROLES) - HATS - {"kick"}),
        ("drums only", set()),
        ("only drums: kick and snare", set()),
    ],
)
def test_drums_that_are_denied_are_known_by_role(text: str, silenced: set[str]) -> None:
    assert parse_prompt(text).stated_parts.silenced == silenced


def test_a_denied_piece_leaves_the_kit_and_the_style() -> None:
    stated_parts = parse_prompt("no kick drum, drum and bass").stated_parts
    assert "drums" not in stated_parts.without
    assert stated_parts.with_defaults(("chords", "drums")) == ("chords", "drums")


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_every_piece_that_is_found_has_roles_and_lies_in_the_text(text: str) -> None:
    for start, end, roles in drum_pieces(text.lower()):
        assert 0 <= start < end <= len(text.lower())
        assert roles
        assert set(roles) <= ROLES.keys()


def played(song: Song) -> set[str]:
    return {ROLE_OF[n.pitch] for n in song.notes if n.part == "drums"}


def written(words: str) -> Song:
    return clip(Composer(hash_encoder(), engine()), ClipSpec(words, 3, bars=4))


@pytest.mark.parametrize(
    ("words", "silent"),
    [
        ("house, no snare and no kick", {"snare", "kick"}),
        ("half-time trap, no snare", {"snare"}),
        ("rock without hats", HATS),
    ],
)
def test_a_denied_drum_is_nowhere_in_the_clip_and_others_are(words: str, silent: set[str]) -> None:
    found = played(written(words))
    assert found
    assert not found & silent


def test_taking_a_drum_out_of_a_clip_leaves_every_other_note() -> None:
    before = written("house")
    drum = next(name for name in ("ride", "clap", "rim", "kick") if name in played(before))
    after = refine(Composer(hash_encoder(), engine()), before, f"no {drum}s", 1)
    assert after.notes == tuple(n for n in before.notes if n.part != "drums" or n.pitch != ROLES[drum])


def test_taking_a_drum_and_a_part_out_does_both() -> None:
    before = written("house")
    after = refine(Composer(hash_encoder(), engine()), before, "without bass and without the crash", 1)
    assert not [n for n in after.notes if n.part == "bass"]
    assert "crash" not in played(after)
    assert played(after)
