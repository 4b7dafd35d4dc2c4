"""The form of what is written, what is kept of it, and how takes are ranked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.clips.clip import ranked, score
from model.clips.edit import fixed_content
from model.clips.messages import KeepSpec
from model.decoder.tokenizer import MAX_BARS_LEFT, NOW, SECTIONS, BarLine, Event, row_note
from model.generation.composer import Composer
from model.generation.material.form_plan import place_in_round
from model.generation.messages import Begin, Write
from model.generation.sections import bar_line
from model.generation.strokes import figure_rows, off_the_backbeat
from model.generation.take import (
    fixed_rows,
    is_all_fixed,
    later_rows,
    melody_ahead,
    rhythm_rows,
    ticks_until_fixed,
)
from model.music.drums import ROLES
from model.music.midifile import Song
from model.music.notes import CUES, METERS, PARTS, Beat, Kept, Note, Ticks, beat_length, beats_in_bar
from model.music.plan import Controls, Mix, Plan
from model.prompt.encoder import hash_encoder
from model.styles import STYLES
from tests.support.tiny_engine import engine

NAMES = st.sampled_from(list(STYLES))
BAR = 1920


@given(st.integers(0, 63), st.integers(1, 64), NAMES, st.booleans())
def test_every_bar_of_a_piece_has_a_known_section_and_a_place_in_its_phrase(
    bar: int, bars: int, style: str, closes: bool
) -> None:
    told = bar_line(min(bar, bars - 1), bars, style, closes=closes)
    assert told.section in SECTIONS
    assert 1 <= told.phrase <= MAX_BARS_LEFT
    assert 0 <= told.left <= MAX_BARS_LEFT


@given(st.integers(1, 64), NAMES)
def test_a_piece_that_closes_ends_once_and_in_its_last_bar(bars: int, style: str) -> None:
    found = [bar_line(i, bars, style, closes=True).section for i in range(bars)]
    assert found[-1] == "ending"
    assert "ending" not in found[:-1]


@given(st.integers(0, 200), NAMES)
def test_a_stream_has_no_end_and_still_styles_no_fills(bar: int, style: str) -> None:
    told = bar_line(bar, None, style, closes=False)
    assert told.left == 0
    assert told.section != "ending"
    assert told.section != "fill" or STYLES[style].has_fills


@given(st.integers(0, 40), NAMES, st.sampled_from(sorted(CUES)))
def test_a_cue_goes_before_the_form(bar: int, style: str, cue: str) -> None:
    assert bar_line(bar, None, style, closes=False, cue=cue).section == cue


@given(st.sampled_from(METERS), st.integers(0, 3), st.booleans(), st.booleans(), st.booleans())
def test_only_a_half_time_in_four_that_is_stated_or_known_of_the_style_moves_the_snare(
    meter: str, place: int, stated: bool, known: bool, half: bool
) -> None:
    frame = Beat(place, 0, min(place, beats_in_bar(meter) - 1), meter, None, fresh=False)
    plan = Plan(
        feel="half" if half else "normal",
        explicit=("feel",) if stated else (),
        style=(("trap" if known else "drill", 1.0),),
    )
    moved = (stated or known) and half and meter == "4/4"
    assert bool(figure_rows(plan, frame, BarLine())) == (moved and frame.beat == 2)
    assert bool(off_the_backbeat(plan, frame)) == (moved and frame.beat in (1, 3))
    assert not figure_rows(replace(plan, silenced=("snare",)), frame, BarLine())


def frame(index: int, meter: str = "4/4") -> Beat:
    beats = beats_in_bar(meter)
    return Beat(index, index // beats, index % beats, meter, None, fresh=False)


def test_what_is_kept_of_a_beat_comes_as_rows_in_their_place() -> None:
    notes = (Note(Ticks(240), Ticks(240), 67, part="melody"), Note(Ticks(0), Ticks(480), 40, part="bass"))
    held = Kept(notes, frozenset({"melody", "bass"}), harmony=True, chord="Am", fresh=True)
    rows = fixed_rows(frame(0), held, {}, melody_first=False)
    assert [r[0] for r in rows[:2]] == [Event.BAR, Event.CHORD]
    assert [row_note(r).part for r in rows[2:]] == ["bass", "melody"]
    first = fixed_rows(frame(0), held, {}, melody_first=True)
    assert row_note(first[1]).part == "melody"
    assert sorted(first) == sorted(rows)


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 96)), max_size=4, unique_by=lambda p: p[0]))
def test_a_rhythm_has_a_row_for_every_onset_and_no_pitch(places: list[tuple[int, int]]) -> None:
    rhythm = tuple((Ticks(20 * at), Ticks(20 * length)) for at, length in places)
    rows = rhythm_rows(Kept(rhythm=rhythm))
    assert len(rows) == len(places)
    assert all(row[1] == 0 for row in rows)


@given(st.sets(st.sampled_from(PARTS)), st.sets(st.sampled_from(PARTS), min_size=1), st.booleans())
def test_a_beat_is_whole_where_its_harmony_and_every_part_stay(stays: set[str], parts: set[str], harmony: bool) -> None:
    assert is_all_fixed(Kept(parts=frozenset(stays), harmony=harmony), tuple(parts)) == (harmony and parts <= stays)


def test_bars_that_follow_are_shown_between_marks_and_only_whole_ones() -> None:
    open_bar = [Kept()] * 4
    note = Note(Ticks(0), Ticks(480), 60, part="chords")
    stays = [Kept((note,), frozenset(PARTS), harmony=True, chord="C")] * 4
    rows = later_rows([*open_bar, *stays, *open_bar], frame(1), PARTS, {}, melody_first=False)
    assert rows[0][:2] == (Event.AFTER, 0)
    assert rows[-1][:2] == (Event.AFTER, NOW)
    assert sum(r[0] == Event.BAR for r in rows) == 1
    assert later_rows([*open_bar, *open_bar], frame(0), PARTS, {}, melody_first=False) == ()


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 479))
def test_the_room_of_a_part_ends_where_its_next_kept_note_begins(now: int, at: int, start: int) -> None:
    given_ = [Kept() for _ in range(8)]
    given_[at] = Kept((Note(Ticks(start), Ticks(60), 60, part="melody"),))
    expected = (at - now) * 480 + start if at >= now else None
    assert ticks_until_fixed(given_, "melody", frame(now)) == expected
    assert ticks_until_fixed(given_, "bass", frame(now)) is None


@given(st.sampled_from(METERS), st.integers(0, 11))
def test_the_melody_ahead_ends_with_the_half_or_the_bar(meter: str, beat: int) -> None:
    beats, length = beats_in_bar(meter), beat_length(meter)
    held = tuple(Kept((Note(Ticks(0), Ticks(4 * length), 60, part="melody"),)) for _ in range(2 * beats))
    place = beat % beats
    ahead = melody_ahead(held, frame(place, meter))
    half = beats // 2 if beats % 2 == 0 and place < beats // 2 else beats
    assert set(ahead) == {0}
    most = sum(min(4 * length, (half - i) * length) for i in range(place, half))
    assert ahead[0] == most


def piece(*, pitches: tuple[int, ...], count: int = 4) -> Song:
    notes = [
        Note(Ticks(BAR * bar + 480 * i), Ticks(480), p, part="melody")
        for bar in range(count)
        for i, p in enumerate(pitches)
    ]
    return Song(
        bars=tuple((Ticks(BAR * i), "4/4") for i in range(count)), end=Ticks(BAR * count), tempos=((Ticks(0), 100.0),),
        key="C major", notes=tuple(notes), chords=((Ticks(0), "C"),), programs=(("melody", 0),),
    )  # fmt: skip


PLAN = Plan(key="C major", parts=("melody",), style=(("pop", 1.0),), density=0.5)


@given(st.lists(st.integers(55, 80), min_size=1, max_size=4))
def test_a_take_scores_between_nothing_and_everything(pitches: list[int]) -> None:
    assert 0 <= score(piece(pitches=tuple(pitches)), PLAN) <= 1


def test_a_take_in_its_key_and_without_holes_is_ranked_before_others() -> None:
    good, foreign = piece(pitches=(60, 64, 62, 67)), piece(pitches=(61, 66, 63, 68))
    hole = replace(good, notes=good.notes[:8])
    assert ranked([(1, foreign), (2, good)], PLAN) == [2, 1]
    assert ranked([(3, hole), (4, good)], PLAN) == [4, 3]


def test_what_stays_of_a_song_covers_all_its_beats_and_keeps_its_chords_sounding() -> None:
    found = fixed_content(piece(pitches=(60, 64)), KeepSpec(parts=frozenset({"melody"}), harmony=True))
    assert len(found) == 16
    assert [k.fresh for k in found] == [True] + [False] * 15
    assert {k.chord for k in found} == {"C"}


def test_no_fill_breaks_into_a_sweep_that_moves_but_one_that_is_asked_for_by_hand() -> None:
    assert bar_line(7, None, "pop", closes=False).section == "fill"
    assert bar_line(7, None, "pop", closes=False, is_morphing=True).section == "groove"
    assert bar_line(7, None, "pop", closes=False, cue="fill", is_morphing=True).section == "fill"


STYLE = st.sampled_from(["pop", "house", "hip hop", "jazz", "ambient"]).map(lambda name: ((name, 1.0),))


@given(STYLE, st.integers(0, 2000))
def test_a_take_without_an_end_goes_round_in_sections_that_return(style: Mix, bar: int) -> None:
    place = place_in_round(bar, style)
    assert place is not None
    assert all(bar - 128 <= b < bar for b in place.again)
    for earlier in place.again:
        before = place_in_round(earlier, style)
        assert before is not None
        assert (before.letter, before.bar) == (place.letter, place.bar)
    names = {p.name for p in (place_in_round(b, style) for b in range(64)) if p is not None}
    assert len(names) >= 2


def written(writer: Composer, take: int, bars: int) -> list[Beat]:
    found = [writer.write(Write(take, i, Controls())).beat for i in range(4 * bars)]
    return [beat for beat in found if beat is not None]


def sung(beats: list[Beat]) -> list[tuple[int, int, int]]:
    return [(b.index, n.start, n.pitch) for b in beats for n in b.notes if n.part == "melody"]


def test_words_that_only_change_the_band_keep_its_tune_and_its_chords() -> None:
    writer = Composer(hash_encoder(), engine(0))
    plan = writer.begin(Begin(1, "pop in C major, 4/4", Controls(), 3)).plan
    first = written(writer, 1, 8)
    writer.begin(Begin(2, "darker and softer", Controls(), 9, key=plan.key, band=plan, after=1))
    again = written(writer, 2, 8)
    assert sung(again) == sung(first) != []
    assert [b.chord for b in again] == [b.chord for b in first]
    for number, words in ((3, "a new melody, darker"), (4, "techno")):
        writer.begin(Begin(number, words, Controls(), 9, key=plan.key, band=plan, after=1))
        assert sung(written(writer, number, 8)) != sung(first), words


@pytest.mark.parametrize(("words", "fuller"), [("much busier drums", True), ("much sparser drums", False)])
def test_drums_that_are_to_be_busier_or_sparser_are_the_ones_before_with_more_or_fewer_strokes(
    words: str, fuller: bool
) -> None:
    writer = Composer(hash_encoder(), engine(0))
    plan = writer.begin(Begin(1, "pop in C major, 4/4", Controls(), 3)).plan
    kicks, strokes = [], []
    for take in (1, 2):
        drums = [(b.index, n.start, n.pitch) for b in written(writer, take, 7) for n in b.notes if n.part == "drums"]
        kicks.append([stroke for stroke in drums if stroke[2] == ROLES["kick"] and stroke[1] == 0])
        strokes.append(len(drums))
        writer.begin(Begin(2, words, Controls(), 3, key=plan.key, band=replace(plan, density=0.5), after=1))
    assert kicks[0] == kicks[1] != []
    assert (strokes[1] > strokes[0]) == fuller != (strokes[1] < strokes[0])


def test_a_tune_that_is_added_is_sung_where_none_was_before() -> None:
    writer = Composer(hash_encoder(), engine(0))
    plan = writer.begin(Begin(1, "pop in C major, only drums, bass and chords, 4/4", Controls(), 3)).plan
    assert sung(written(writer, 1, 8)) == []
    writer.begin(Begin(2, "add a melody", Controls(), 9, key=plan.key, band=plan, after=1))
    assert sung(written(writer, 2, 8))


def test_what_is_kept_of_a_take_outlasts_two_quick_changes_and_comes_again_when_that_take_is_forgotten() -> None:
    writer = Composer(hash_encoder(), engine(0))
    plan = writer.begin(Begin(1, "pop in C major, 4/4", Controls(), 3)).plan
    first = written(writer, 1, 8)
    orders = [
        Begin(n, words, Controls(), 9, key=plan.key, band=plan, after=n - 1)
        for n, words in ((2, "darker"), (3, "softer"))
    ]
    writer.begin(orders[0])
    written(writer, 2, 1)
    writer.begin(orders[1])
    last = written(writer, 3, 8)
    assert sung(last) == sung(first) != []
    for take in (1, 2, 3):
        writer.forget(take)
    writer.begin(replace(orders[1], take=4))
    assert written(writer, 4, 8) == last
