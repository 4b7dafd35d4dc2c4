from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.clips.clip import clip
from model.clips.messages import AUTOMATIC_CONTROLS, ClipSpec
from model.clips.refine import refine
from model.generation.composer import Composer
from model.music.drums import ROLES
from model.music.harmony import parse_chord
from model.music.midifile import Song
from model.music.plan import Controls
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from tests.support.tiny_engine import engine

QUARTER = 480


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("funk with a four-on-the-floor kick", ("four on the floor",)), ("4 on the floor pop", ("four on the floor",)),
        ("house, no four on the floor", ()), ("one drop reggae", ("one drop",)), ("a drop of rain", ()),
        ("jazz trio with a walking upright bass", ("walking bass",)), ("walking home alone", ()), ("a bass line that walks", ("walking bass",)),
        ("爵士，行走的贝斯", ("walking bass",)), ("trance with offbeat bass", ("offbeat bass",)), ("offbeat guitar", ()),
        ("techno, 16th hats and a rolling bassline", ("sixteenth hats", "rolling bass")), ("eighth-note hi-hats", ("eighth hats",)),
        ("十六分踩镲的house", ("sixteenth hats",)), ("off-beat open hats", ("offbeat hats",)), ("rolling hills", ()),
        ("one drop, then four on the floor", ("four on the floor",)),
    ],
)  # fmt: skip
def test_figures_are_heard_by_their_names_and_of_each_drum_one(words: str, names: tuple[str, ...]) -> None:
    assert parse_prompt(words).figures == names


def played(words: str, seed: int, noise: int = 0, controls: Controls = AUTOMATIC_CONTROLS, bars: int = 4) -> Song:
    return clip(Composer(hash_encoder(), engine(noise)), ClipSpec(words, seed, bars=bars, controls=controls))


def places(song: Song, part: str, role: str | None = None) -> Counter[int]:
    """Return how often a part, or a drum, begins on each tick of the bar."""
    return Counter(
        n.start % (4 * QUARTER) for n in song.notes if n.part == part and (role is None or n.pitch == ROLES[role])
    )


anything = given(st.integers(0, 50), st.integers(0, 3))


@settings(max_examples=8, deadline=None)
@anything
def test_four_on_the_floor_has_its_kick_on_every_quarter_and_nowhere_else(seed: int, noise: int) -> None:
    song = played("four on the floor pop with drums", seed, noise)
    assert places(song, "drums", "kick") == {beat * QUARTER: 4 for beat in range(4)}
    assert sum(places(song, "drums").values()) > 16  # the kit goes on beside it


@settings(max_examples=8, deadline=None)
@anything
def test_one_drop_has_its_kick_on_three(seed: int, noise: int) -> None:
    assert places(played("one drop reggae", seed, noise), "drums", "kick") == {2 * QUARTER: 4}


@settings(max_examples=8, deadline=None)
@anything
def test_hats_in_sixteenths_leave_the_rest_of_the_kit_its_place(seed: int, noise: int) -> None:
    song = played("house with sixteenth hats", seed, noise)
    assert places(song, "drums", "closed_hat") == {sixteenth * 120: 4 for sixteenth in range(16)}


@settings(max_examples=8, deadline=None)
@anything
def test_a_walking_bass_steps_on_each_beat_and_never_stays(seed: int, noise: int) -> None:
    song = played("jazz trio with walking bass, straight", seed, noise, bars=5)
    bass = sorted((n for n in song.notes if n.part == "bass"), key=lambda n: n.start)
    before_the_last_bar = [n for n in bass if n.start < 4 * 4 * QUARTER]
    assert {n.start for n in before_the_last_bar} == {beat * QUARTER for beat in range(16)}
    assert all(a.pitch != b.pitch for a, b in pairwise(before_the_last_bar))


@settings(max_examples=8, deadline=None)
@anything
def test_a_walking_bass_keeps_to_chords_that_are_given(seed: int, noise: int) -> None:
    song = played("walking bass, straight jazz", seed, noise, Controls(chords="Dm7 | G7 | Cmaj7 | A7"))
    chords = [parse_chord(c) for c in ("Dm7", "G7", "Cmaj7", "A7")]
    for note in (n for n in song.notes if n.part == "bass"):
        chord = chords[note.start // (4 * QUARTER)]
        assert note.pitch % 12 in chord.pitch_classes
        if note.start % (4 * QUARTER) == 0:
            assert note.pitch % 12 == chord.bass


def test_an_offbeat_bass_lies_between_the_beats_until_the_last_bar() -> None:
    song = played("house with offbeat bass", 3, bars=8)
    ending = 7 * 4 * QUARTER
    assert places(replace(song, notes=tuple(n for n in song.notes if n.start < ending)), "bass").keys() == {
        beat * QUARTER + QUARTER // 2 for beat in range(4)
    }


def test_a_figure_of_a_part_that_does_not_play_is_silent() -> None:
    assert not places(played("four on the floor, no drums", 1), "drums")


def test_a_song_is_refined_with_a_figure() -> None:
    composer = Composer(hash_encoder(), engine(0))
    song = clip(composer, ClipSpec("pop with drums", 1, bars=4))
    changed = refine(composer, song, "four on the floor", 1)
    assert places(changed, "drums", "kick") == {beat * QUARTER: 4 for beat in range(4)}
    kept = [{n for n in one.notes if n.part != "drums"} for one in (song, changed)]
    assert kept[0] == kept[1]
