"""Clips made out of clips: what stays, stays note for note."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import factors
from model.clips.clip import clip
from model.clips.edit import continue_clip, fill_in, harmonise_melody, notes_of
from model.clips.messages import ClipSpec, KeepSpec
from model.generation.composer import Composer
from model.music.midifile import Song
from model.music.notes import PARTS, Note, Ticks
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

BAR = 1920


def composer(noise: int = 0) -> Composer:
    return Composer(hash_encoder(), engine(noise))


def song(noise: int = 0, bars: int = 4) -> Song:
    made = clip(composer(noise), ClipSpec("house in D minor at 124", 3, bars=bars))
    # off the lattice, as a player's notes are
    moved = tuple(replace(n, start=Ticks(n.start + 3), velocity=n.velocity) for n in made.notes if n.start % BAR < 1800)
    return replace(made, notes=moved)


def told(song: Song, among: frozenset[str], bars: set[int] | None = None) -> list[Note]:
    return sorted(n for n in song.notes if n.part in among and (bars is None or n.start // BAR in bars))


@given(
    st.sets(st.integers(0, 3), min_size=1, max_size=3),
    st.sets(st.sampled_from(PARTS), max_size=3),
    st.integers(0, 3),
)
@settings(max_examples=12, deadline=None)
def test_kept_parts_and_bars_stay_note_for_note(bars: set[int], parts: set[str], noise: int) -> None:
    before = song(noise)
    stays = KeepSpec(frozenset(parts), frozenset(bars))
    after = fill_in(composer(noise), before, ClipSpec("techno", 9), stays)
    assert told(after, frozenset(PARTS), {0, 1, 2, 3} - bars) == told(before, frozenset(PARTS), {0, 1, 2, 3} - bars)
    assert told(after, frozenset(parts)) == told(before, frozenset(parts))
    assert (after.bars, after.tempos, after.key) == (before.bars, before.tempos, before.key)


def test_what_is_redone_is_another_music_and_ends_before_what_is_kept() -> None:
    before = song()
    after = fill_in(composer(), before, ClipSpec("techno", 9), KeepSpec(frozenset(), frozenset({1})))
    assert told(after, frozenset(PARTS), {1}) != told(before, frozenset(PARTS), {1})
    for part in ("bass", "melody"):
        starts = [n.start for n in told(before, frozenset({part}), {2, 3})]
        new = told(after, frozenset({part}), {1})
        assert all(n.end <= min(starts) for n in new if starts)


def test_a_bar_that_is_not_there_cannot_be_redone() -> None:
    with pytest.raises(ValueError, match=r"bars are 1\.\.4, not 9"):
        fill_in(composer(), song(), ClipSpec("x", 1), KeepSpec(redone=frozenset({8})))


def test_a_clip_goes_on_after_itself_in_its_own_tempo_and_key() -> None:
    before = song()
    after = continue_clip(composer(), before, ClipSpec("and on", 5), 3)
    assert len(after.bars) == 7
    assert told(after, frozenset(PARTS), {0, 1, 2, 3}) == told(before, frozenset(PARTS))
    assert (after.tempos, after.key) == (before.tempos, before.key)
    assert told(after, frozenset(PARTS), {4, 5, 6})


@pytest.mark.parametrize("causal", [False, True])
def test_a_melody_gets_chords_and_keeps_its_notes(causal: bool) -> None:
    before = song()
    after = harmonise_melody(composer(), before, ClipSpec("jazz", 2), causal=causal)
    assert told(after, frozenset({"melody"})) == told(before, frozenset({"melody"}))
    assert after.chords
    assert {n.part for n in after.notes} <= {"chords", "bass", "melody"}
    assert told(after, frozenset({"chords"}))


def test_causal_chords_do_not_know_the_melody_of_their_beat() -> None:
    before = song()
    last = BAR * 3 + 1440
    other = replace(
        before,
        notes=tuple(
            replace(n, pitch=n.pitch - 1) if n.part == "melody" and n.start >= last else n for n in before.notes
        ),
    )
    one, two = (harmonise_melody(composer(), s, ClipSpec("jazz", 2), causal=True) for s in (before, other))
    assert one.chords == two.chords
    assert told(one, frozenset({"chords", "bass"})) == told(two, frozenset({"chords", "bass"}))


@pytest.mark.parametrize("causal", [False, True])
def test_a_note_that_rounds_up_into_the_next_beat_is_harmonised_too(causal: bool) -> None:
    late = tuple(Note(Ticks(480 * i + 475), Ticks(240), 60 + i, part="melody") for i in range(8))
    before = replace(song(bars=2), notes=late)
    after = harmonise_melody(composer(), before, ClipSpec("jazz", 2), causal=causal)
    assert told(after, frozenset({"melody"})) == sorted(late)


def test_without_a_melody_there_is_nothing_to_harmonise() -> None:
    before = song()
    with pytest.raises(ValueError, match="no melody"):
        harmonise_melody(composer(), replace(before, notes=tuple(told(before, frozenset({"bass"})))), ClipSpec("x", 1))


def test_each_factor_of_the_music_can_be_asked_for_alone() -> None:
    wanted = ClipSpec("a waltz in A minor", 4, bars=2)
    assert {n.part for n in factors.notes(composer(), wanted).notes} == {n.part for n in clip(composer(), wanted).notes}
    assert all(isinstance(symbol, str) for _, symbol in factors.chords(composer(), wanted))
    rhythm = factors.rhythm(composer(), wanted)
    assert rhythm.onsets
    melody = factors.chords_for(composer(), wanted, song())
    assert melody.chords


def test_a_melody_is_found_for_a_rhythm_that_it_keeps() -> None:
    rhythm = factors.Beats(
        (
            (Ticks(0), Ticks(480)),
            (Ticks(720), Ticks(240)),
            (Ticks(960), Ticks(960)),
            (Ticks(1920), Ticks(1920)),
        )
    )
    made = factors.melody_on(composer(), ClipSpec("pop in C", 6), rhythm)
    assert [(n.start, n.length) for n in notes_of(made, "melody")] == list(rhythm.onsets)
