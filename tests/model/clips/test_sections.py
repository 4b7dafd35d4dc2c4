"""Sections that the words name: what each bar plays, who rests, and what returns. Pieces with two sections give verse and chorus."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.generation.composer import Composer
from model.generation.material import examples
from model.generation.material.form_plan import (
    LAYERS,
    MATERIAL_BARS,
    NEW,
    Place,
    contrast,
    place_of,
    placed_tune,
    usual_sections,
)
from model.music.midifile import Song, bar_at
from model.music.wishes import Section
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

NAMES = (
    "intro",
    "verse",
    "pre-chorus",
    "chorus",
    "bridge",
    "build",
    "drop",
    "breakdown",
    "solo",
    "outro",
    "A",
    "B",
    "C",
)
FORMS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 20)), min_size=1, max_size=6).map(
    lambda found: tuple(Section(name, bars) for name, bars in found)
)
SONG = (Section("intro", 4), Section("verse", 8), Section("chorus", 8), Section("verse", 8), Section("chorus", 8))


def placed(sections: tuple[Section, ...]) -> list[Place]:
    found = [place_of(bar, sections) for bar in range(sum(s.bars for s in sections))]
    assert all(place is not None for place in found)
    return [place for place in found if place is not None]


@given(FORMS)
def test_every_bar_of_the_sections_has_a_place_and_returns_to_earlier_bars_of_its_letter(
    sections: tuple[Section, ...],
) -> None:
    places = placed(sections)
    assert place_of(len(places), sections) is None
    for bar, place in enumerate(places):
        assert 0 <= place.bar < MATERIAL_BARS
        assert 0 <= place.place < place.bars
        assert all(b < bar and (places[b].letter, places[b].bar) == (place.letter, place.bar) for b in place.again)


def test_a_chorus_is_other_music_than_its_verse_and_both_return() -> None:
    places = placed(SONG)
    assert "".join(places[bar].letter for bar in (0, 4, 12, 20, 28)) == "babab"
    assert [places[bar].again for bar in (4, 20, 28)] == [(), (4,), (12,)], "an introduction has no tune to return to"
    assert placed_tune(places[4], NEW) == NEW
    assert {placed_tune(place, NEW).name for place in places[28:]} == {"same", "answer"}


def test_without_a_chorus_all_sections_play_the_same_music() -> None:
    assert {place.letter for place in placed((Section("intro", 4), Section("verse", 8), Section("outro", 4)))} == {"a"}
    longer = placed((Section("intro", 8), Section("groove", 16), Section("breakdown", 8)))
    assert "".join(place.letter for place in longer[::8]) == "aaba", "but for the second half of a long one"


def test_layers_come_in_with_the_chorus_and_the_bass_after_half_an_introduction() -> None:
    places = placed(SONG)
    assert all(places[4].rests(part) for part in LAYERS), "a first verse has none of them"
    assert not any(places[12].rests(part) for part in LAYERS)
    assert [place.rests("bass") for place in places[:5]] == [True, True, False, False, False]


def test_drums_lead_from_section_to_section_but_not_out_of_a_build() -> None:
    places = placed((Section("verse", 8), Section("build", 4), Section("drop", 8)))
    assert [bar for bar, place in enumerate(places) if place.fills] == [7, 19]
    assert [bar for bar, place in enumerate(places) if place.stops(3, 4)] == [11], "a breath before the drop"


@given(st.integers(0, 200), st.integers(0, 2**31), st.sampled_from(["pop", "house", "jazz", "ambient", "blues"]))
def test_the_first_eight_bars_of_a_form_have_no_contrast(bar: int, seed: int, style: str) -> None:
    assert contrast(bar, None, ((style, 1.0),), seed) >= 0
    assert contrast(bar % MATERIAL_BARS, None, ((style, 1.0),), seed) == 0


def test_the_other_section_of_a_piece_is_no_piece_that_is_drawn() -> None:
    table = examples._table()
    count = len(table["other"])
    assert set(table["other"][table["other"] >= 0]) == set(range(count, len(table["bars"])))
    assert all(i < count for i in examples.nearest("pop", "4/4", False, 110, 0.6))
    for piece in np.flatnonzero(table["other"] >= 0)[:20].tolist():
        verse, chorus = examples.sections_of(piece)
        assert {verse, chorus} == {piece, int(table["other"][piece])}
        assert examples.sections_of(chorus) == (verse, chorus), "of either the two are the same"


@pytest.fixture(scope="module")
def song() -> Song:
    return clip(Composer(hash_encoder(), engine(0)), ClipSpec("pop song, 4 bars verse, 4 bars chorus", 3))


def test_a_song_with_sections_ends_on_its_tonic_held_by_all_that_play(song: Song) -> None:
    last = [n for n in song.notes if n.start >= song.bars[-1][0] and n.part not in ("drums", "perc")]
    assert last
    assert {n.start for n in last} == {song.bars[-1][0]}
    assert all(n.end >= song.end - 1 for n in last)
    assert song.chords[-1][1].startswith(song.key.split()[0])


def test_the_chords_of_its_chorus_are_not_those_of_its_verse(song: Song) -> None:
    first = {name: bar_at(song, at) for at, name in song.sections}
    chords = {
        name: [symbol for at, symbol in song.chords if first[name] <= bar_at(song, at) < first[name] + 4]
        for name in ("verse", "chorus")
    }
    assert chords["verse"] != chords["chorus"]


def test_letters_that_return_bring_their_chords_and_others_have_their_own() -> None:
    song = clip(Composer(hash_encoder(), engine(0)), ClipSpec("jazz ballad, AABA, 2 bars each, no melody", 3))
    bars = [[symbol for at, symbol in song.chords if bar_at(song, at) == bar] for bar in range(len(song.bars))]
    assert [name for _, name in song.sections] == ["A", "A", "B", "A"]
    assert bars[0:2] == bars[2:4]
    assert bars[6] == bars[0], "the last bar closes"
    assert bars[4:6] != bars[0:2]


@pytest.mark.parametrize(
    "words", ["drum solo 32 bars getting louder and louder", "bass and drums, techno, crescendo over 32 bars"]
)
def test_what_grows_begins_with_a_part_that_plays(words: str) -> None:
    song = clip(Composer(hash_encoder(), engine(0)), ClipSpec(words, 3))
    assert min(n.start for n in song.notes) < song.bars[1][0]


def test_the_first_bar_of_sections_is_no_end() -> None:
    words = "pop, intro 4 bars, verse 8 bars, chorus 8 bars"
    assert clip(Composer(hash_encoder(), engine(0)), ClipSpec(words, 3, bars=1)).notes


STYLES = st.sampled_from(["pop", "house", "jazz", "ambient", "trap", "blues"]).map(lambda name: ((name, 1.0),))


@given(STYLES, st.integers(1, 300), st.floats(0, 1))
def test_a_long_piece_whose_words_name_no_sections_has_those_of_its_kind(
    style: tuple[tuple[str, float], ...], bars: int, energy: float
) -> None:
    found = usual_sections(style, bars, energy)
    assert bool(found) == (bars >= 16 and style[0][0] != "blues")
    assert sum(s.bars for s in found) == (bars if found else 0)
    assert all(section.cue is None for section in found if section.name == "chorus" and energy < 0.5)


def test_an_intro_announces_the_tune_of_the_chorus_in_its_second_half() -> None:
    places = placed(SONG)
    assert [place.rests("melody") for place in places[:4]] == [True, True, False, False]
    chorus = places[12]
    assert (chorus.name, chorus.again, chorus.announced) == ("chorus", (), (2,))
    assert placed_tune(chorus, NEW).sources == (2,)
    assert [place.announced for place in places[14:16]] == [(), ()]


def test_a_piece_of_24_bars_ends_and_one_of_eight_loops() -> None:
    band = Composer(hash_encoder(), engine(0))
    long, short = (clip(band, ClipSpec("pop in C major", 3, bars=bars)) for bars in (24, 8))
    assert [name for _, name in long.sections] == ["intro", "verse", "chorus", "outro"]
    assert {n.start for n in long.notes if n.start >= long.bars[-1][0]} == {long.bars[-1][0]}
    assert not short.sections
    tune = [
        sorted((n.start - long.bars[bar][0]) for n in long.notes if n.part == "melody" and bar_at(long, n.start) == bar)
        for bar in range(24)
    ]
    assert tune[0] == tune[1] == [], "the intro waits with the tune of the chorus"
    assert tune[2:4] == tune[12:14] == tune[16:18] != [[], []], "which comes again in its fifth bar"
