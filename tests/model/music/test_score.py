from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model.music.midifile import Song, bar_length
from model.music.notes import METERS, Note, Ticks, beat_length
from model.music.plan import Plan
from model.music.score import Score, score_of

notes = st.builds(
    lambda start, length, pitch, part: Note(Ticks(start), Ticks(length), pitch, 80, part),
    st.integers(0, 2 * 480 - 1), st.integers(1, 2000), st.integers(0, 127), st.sampled_from(("chords", "drums")),
)  # fmt: skip


def scored(
    found: list[Note], meter: str = "4/4", loops: bool = True, chords: tuple[tuple[int, str], ...] = ()
) -> Score:
    bar = bar_length(meter)
    symbols = tuple((Ticks(at), symbol) for at, symbol in chords)
    bars = ((Ticks(0), meter), (bar, meter))
    song = Song(bars, Ticks(2 * bar), ((Ticks(0), 100.0),), "C major", tuple(found), symbols)
    return score_of("a", "A", song, Plan(meter=meter), loops)


@given(st.lists(notes, max_size=12), st.sampled_from(METERS))
def test_every_note_lies_in_the_beat_in_which_it_begins(found: list[Note], meter: str) -> None:
    length = beat_length(meter)
    back = [
        (b.index * length + n.start, n.length, n.pitch, n.part) for b in scored(found, meter).beats for n in b.notes
    ]
    assert sorted(back) == sorted((n.start, n.length, n.pitch, n.part) for n in found)
    assert all(0 <= n.start < length for b in scored(found, meter).beats for n in b.notes)


def test_a_chord_is_in_force_until_the_next_and_fresh_where_it_begins() -> None:
    beats = scored([], chords=((480, "C"), (2100, "G7"))).beats
    assert [b.chord for b in beats] == [None, "C", "C", "C", "G7", "G7", "G7", "G7"]
    assert [b.index for b in beats if b.fresh] == [1, 4]


def test_a_loop_goes_on_with_its_first_beat_and_a_piece_that_closes_ends() -> None:
    loop, closed = scored([]), scored([], loops=False)
    again = loop.beat(9)
    assert again is not None
    assert (again.index, again.bar, again.beat, again.notes) == (9, 2, 1, loop.beats[1].notes)
    assert (loop.end, closed.end) == (None, 8)
    assert closed.beat(7) is closed.beats[7]
    assert closed.beat(8) is None
