"""Words for a pad, an arpeggio and hand percussion; without them a band has its usual parts."""

from __future__ import annotations

import pytest

from model.music.notes import USUAL_PARTS
from model.prompt.reader import parse_prompt


def added(text: str) -> str:
    parts = parse_prompt(text).stated_parts.with_defaults(USUAL_PARTS)
    return " ".join(p for p in parts if p not in USUAL_PARTS)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("techno with a pad", "pad"), ("house with an arpeggio", "arp"), ("arpeggiated synth over house", "arp"), ("latin pop with congas", "perc"),
        ("house, shaker and bongos", "perc"), ("afro house with percussion", "perc"), ("a warm pad, an arp and hand drums", "pad arp perc"),
        ("techno con percusión y un pad", "pad perc"), ("house avec des nappes, des percussions et des arpèges", "pad arp perc"),
        ("Techno mit Flächen und Perkussion", "pad perc"), ("house com percussão e arpejos", "arp perc"), ("techno con percussioni e arpeggi", "arp perc"),
        ("带铺底和琶音的电子乐", "pad arp"), ("有打击乐的放克", "perc"), ("康加鼓和沙锤的拉丁舞曲", "perc"), ("アルペジオとパッドのアンビエント", "pad arp"),
        ("타악기가 있는 하우스", "perc"),
    ],
)  # fmt: skip
def test_a_part_is_added_where_the_words_name_it(text: str, parts: str) -> None:
    assert added(text) == parts
    assert "parts" in parse_prompt(text).explicit


@pytest.mark.parametrize(
    "text",
    ["techno", "house with drums", "an arpeggiated bass", "drum pads", "lo-fi, no congas", "ambient without pads", "no arpeggios", "不要铺底", "funk with a cowbell",
     "salsa", "an orchestra with strings"],
)  # fmt: skip
def test_nothing_is_added_where_the_words_do_not_ask(text: str) -> None:
    assert added(text) == ""


@pytest.mark.parametrize(
    ("text", "only"),
    [("solo pad", ("pad",)), ("only pads and bass", ("bass", "pad")), ("just congas and bongos", ("perc",)), ("percussion loop", ("perc",)),
     ("no drums, only percussion", ("perc",)), ("drums and percussion only", ("drums", "perc")), ("drum loop", ("drums",))],
)  # fmt: skip
def test_an_added_part_may_play_alone(text: str, only: tuple[str, ...]) -> None:
    assert parse_prompt(text).stated_parts.only == only


def test_whoever_wants_no_percussion_wants_no_drums_unless_they_are_named() -> None:
    assert parse_prompt("warm choir, no percussion").stated_parts.without == {"drums", "perc"}
    assert parse_prompt("drums without percussion").stated_parts.without == {"perc"}


def test_the_role_of_a_kit_and_the_part_are_told_apart() -> None:
    assert parse_prompt("no congas").stated_parts.silenced == {"perc"}
    assert parse_prompt("kick and shaker only").stated_parts.only == ("drums", "perc")


def test_a_pad_plays_its_own_instrument() -> None:
    assert dict(parse_prompt("piano and a warm pad").instruments) == {"chords": "piano", "pad": "pad"}
