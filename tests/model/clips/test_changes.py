"""What writing one clip over another changes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from model.clips.changes import changes, roll
from model.music.midifile import Song
from model.music.notes import Note, Ticks


def note(start: int, pitch: int, part: str = "bass", length: int = 120, velocity: int = 80) -> Note:
    return Note(Ticks(start), Ticks(length), pitch, velocity, part)


def song(*notes: Note, bars: int = 2) -> Song:
    return Song(
        bars=tuple((Ticks(i * 1920), "4/4") for i in range(bars)),
        end=Ticks(bars * 1920),
        tempos=((Ticks(0), 120.0),),
        key="C major",
        notes=tuple(sorted(notes)),
    )


def test_notes_are_added_taken_moved_and_altered() -> None:
    old = song(note(0, 36), note(480, 36), note(960, 40), note(1440, 43))
    new = song(note(0, 36), note(600, 36), note(960, 41), note(2400, 36), note(1440, 43, velocity=100))
    found = changes(old, new)
    [bass] = found.parts
    assert (bass.added, bass.taken) == ((note(2400, 36),), ())
    assert bass.moved == ((note(480, 36), note(600, 36)), (note(960, 40), note(960, 41)))
    assert bass.sentence() == "bass: 1 added, 2 moved, 1 louder, softer, longer or shorter, 1 stay"
    assert found.roll()[1] == "bass   |=....>..>...~...|....+...........|"


def test_a_part_that_goes_is_taken_and_one_that_comes_is_added() -> None:
    found = changes(song(note(0, 36)), song(note(0, 60, "melody")))
    assert [p.sentence() for p in found.parts] == ["melody: 1 added, 0 stay", "bass: 1 taken, 0 stay"]


def test_another_length_and_tempo_are_told() -> None:
    longer = replace(song(note(0, 36), bars=4), tempos=((Ticks(0), 90.0),))
    assert changes(song(note(0, 36)), longer).text().startswith("120 bpm become 90\n2 bars become 4\n")


def test_chords_are_told_by_bars_where_they_change() -> None:
    old = song(note(0, 36))
    new = replace(old, chords=((Ticks(0), "Am"), (Ticks(960), "F")))
    assert "\nchords: Am F | %\n" in changes(old, new).text()
    assert "chords:" not in changes(new, new).text()
    assert "\nchords: none\nbefore: Am F | %\n" in changes(new, old).text()


def test_the_roll_begins_at_the_first_change_and_shows_eight_bars() -> None:
    before = song(note(0, 36), bars=16)
    head, line = changes(before, song(note(0, 36), note(9600, 36), bars=16)).roll()
    assert head.startswith("bars 6 to 13 of 16")
    assert line.startswith("bass   |+...............|")


NOTES = st.lists(
    st.builds(
        note, st.integers(0, 31).map(lambda n: n * 120), st.integers(36, 40), st.sampled_from(["bass", "melody"])
    ),
    max_size=12,
)


@given(NOTES, NOTES)
def test_every_note_of_both_is_accounted_for_once(old: list[Note], new: list[Note]) -> None:
    before = song(*{(n.start, n.pitch, n.part): n for n in old}.values())
    after = song(*{(n.start, n.pitch, n.part): n for n in new}.values())
    parts = changes(before, after).parts
    assert sum(p.same + len(p.altered) + len(p.moved) + len(p.taken) for p in parts) == len(before.notes)
    assert sum(p.same + len(p.altered) + len(p.moved) + len(p.added) for p in parts) == len(after.notes)


@given(NOTES)
def test_a_clip_changes_nothing_of_itself(notes: list[Note]) -> None:
    same = song(*{(n.start, n.pitch, n.part): n for n in notes}.values())
    assert not changes(same, same).any
    assert all(set(line.partition("|")[2]) <= set("=.|") for line in roll(same)[1:])
