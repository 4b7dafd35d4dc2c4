from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.decoder import tokenizer
from model.decoder.conditioning import Header
from model.decoder.tokenizer import LENGTHS, SIZES, STEP, Event, beats_of, decode, encode, to_token_grid, transposed
from model.music.harmony import (
    CHORD_QUALITIES,
    DECODER_QUALITIES,
    QUALITIES,
    Chord,
    ChordQuality,
    chord_symbol,
    parse_chord,
)
from model.music.notes import METERS, UNPITCHED_PARTS, Beat, Note, Ticks, beat_length, beats_in_bar

lattice = st.builds(
    lambda tick, length, pitch, velocity, part, offset: to_token_grid(
        Note(Ticks(tick * STEP), Ticks(LENGTHS[length] * STEP), pitch, velocity * 8 + 4, part, offset if tick else 0)
    ),
    st.integers(0, 11), st.integers(0, len(LENGTHS) - 1), st.integers(0, 127), st.integers(0, 15),
    st.sampled_from(tokenizer.PART_ORDER), st.integers(-10, 9),
)  # fmt: skip
chords = st.none() | st.builds(Chord, st.integers(0, 11), st.sampled_from(DECODER_QUALITIES), st.integers(0, 11))


@st.composite
def songs(draw: st.DrawFn) -> tuple[list[str], list[Beat]]:
    meters = draw(st.lists(st.sampled_from(METERS), min_size=1, max_size=3))
    beats: list[Beat] = []
    symbol: str | None = None
    for bar, meter in enumerate(meters):
        for beat in range(beats_in_bar(meter)):
            fresh = draw(st.booleans())
            if fresh:
                chord = draw(chords)
                symbol = None if chord is None else chord_symbol(chord)
            notes = {tokenizer.note_row(n): n for n in draw(st.lists(lattice, max_size=4))}
            ordered = tuple(notes[row] for row in sorted(notes))
            beats.append(Beat(len(beats), bar, beat, meter, symbol, fresh, ordered))
    return meters, beats


@given(songs())
def test_what_lies_on_the_lattice_is_read_back_exactly(song: tuple[list[str], list[Beat]]) -> None:
    meters, beats = song
    assert decode(encode(beats), meters) == beats


@given(songs())
def test_every_field_lies_within_its_vocabulary_and_events_rise_within_a_beat(
    song: tuple[list[str], list[Beat]],
) -> None:
    rows = encode(song[1])
    assert (rows >= 0).all()
    assert (rows < np.array(SIZES)).all()
    within = (rows[1:, 0] > Event.BEAT) & (rows[:-1, 0] > Event.BEAT)
    assert (np.diff(rows[:, 0])[within] >= 0).all()


@given(
    st.builds(
        Note,
        st.integers(0, 5000).map(Ticks),
        st.integers(1, 9000).map(Ticks),
        st.integers(0, 127),
        st.integers(1, 127),
    )
)
def test_any_note_is_put_on_the_lattice_with_its_onset_kept_to_the_tick(note: Note) -> None:
    placed = to_token_grid(note)
    assert placed.start + placed.offset == note.start
    assert to_token_grid(placed) == placed
    assert abs(placed.velocity - note.velocity) <= 4
    if note.length <= LENGTHS[-1] * STEP:
        assert abs(placed.length - note.length) <= max(STEP, note.length * 0.13)


@given(songs(), st.integers(-11, 11))
def test_transposing_moves_pitches_and_chords_and_back_again_restores(
    song: tuple[list[str], list[Beat]], semitones: int
) -> None:
    meters, beats = song
    beats = [replace(b, notes=tuple(n for n in b.notes if 12 <= n.pitch < 116)) for b in beats]
    moved = decode(transposed(encode(beats), semitones), meters)
    for before, after in zip(beats, moved, strict=True):
        if before.chord is not None and after.chord is not None:
            assert (parse_chord(after.chord).root - parse_chord(before.chord).root - semitones) % 12 == 0
        assert [n.pitch + (0 if n.part in UNPITCHED_PARTS else semitones) for n in before.notes] == [
            n.pitch for n in after.notes
        ]
    assert (transposed(transposed(encode(beats), semitones), -semitones) == encode(beats)).all()


def test_a_song_is_cut_into_beats_and_chords_go_to_the_nearest() -> None:
    notes = [Note(Ticks(0), Ticks(480), 60, 84, "melody"), Note(Ticks(1900), Ticks(480), 62, 84, "melody")]
    beats = beats_of([(Ticks(0), "4/4")], notes, [(Ticks(10), parse_chord("Am")), (Ticks(950), parse_chord("F"))])
    assert [b.chord for b in beats] == ["Am", "Am", "F", "F"]
    assert [b.fresh for b in beats] == [True, False, True, False]
    assert [n.start for b in beats for n in b.notes] == [0, 460]


def test_a_header_says_what_it_is_told_and_zero_for_the_rest() -> None:
    rows = Header(parts=frozenset({"bass"}), meter="3/4", key=12).rows()
    assert (rows[:, 1] > 0).tolist() == [False, True, True, True] + [False] * 7
    assert Header(density=1.0).rows().max() < max(SIZES)


def test_a_beat_is_the_metres_denominator() -> None:
    assert (beat_length("6/8"), beats_in_bar("6/8"), beat_length("3/4")) == (240, 6, 480)


def test_the_decoder_gets_the_nearest_quality_of_one_that_it_has_not_learnt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(CHORD_QUALITIES, "new", ChordQuality("new", None, (0, 3, 7, 11, 2), 0.7, nearest="mmaj7"))
    monkeypatch.setitem(QUALITIES, "new", (0, 3, 7, 11, 2))
    assert tokenizer.chord_row(Chord(9, "new", 0)) == tokenizer.chord_row(Chord(9, "mmaj7", 0))
