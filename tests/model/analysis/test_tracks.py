"""Several tracks heard together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.analysis.tracks import Line, Track, assigned, heard, part_of_name, read_set
from model.music import midifile
from model.music.midifile import MidiFileError, Song
from model.music.notes import PARTS, Note, Ticks

BAR = 1920


def line(*pitches: int, step: int = 480, together: bool = False) -> Line:
    return [(0 if together else i * step, (0 if together else i * step) + step, p, 90) for i, p in enumerate(pitches)]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("3 Warm Keys", "chords"), ("Sub 808", "bass"), ("Lead Vox", "melody"), ("808 Core Kit", "drums"), ("Drum Rack", "drums"),
        ("Acoustic Bass Drum", "drums"), ("Strings pad", "pad"), ("贝斯", "bass"), ("1-MIDI", None), ("Kontakt 7", None),
    ],
)  # fmt: skip
def test_a_tracks_name_says_its_part(name: str, part: str | None) -> None:
    assert part_of_name(name) == part


def test_tracks_without_a_telling_name_are_what_they_sound_like() -> None:
    low, high, middle = line(36, 38, 40), line(72, 74, 76), line(60, 64, 67)
    block = line(60, 64, 67, together=True)
    tracks = [
        Track("1-MIDI", low),
        Track("2-MIDI", middle),
        Track("3-MIDI", high),
        Track("4-MIDI", block),
        Track("5-MIDI", low, True),
    ]
    assert assigned(tracks) == ("bass", "arp", "melody", "chords", "drums")
    assert assigned([Track("E-Guitar 1", line(64, 66)), Track("Guitar", block)]) == ("melody", "chords")


@given(st.lists(st.tuples(st.text(max_size=12), st.lists(st.integers(0, 127), min_size=1, max_size=6)), min_size=1, max_size=6))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_every_track_has_a_part_whatever_it_is_called(told: list[tuple[str, list[int]]]) -> None:
    found = assigned([Track(name, line(*pitches)) for name, pitches in told])
    assert len(found) == len(told)
    assert set(found) <= set(PARTS)


def test_a_shorter_track_goes_round_and_all_go_round_to_the_bars_wanted() -> None:
    two = [(i * 480, i * 480 + 480, 36, 90) for i in range(8)]
    found = heard([Track("kick", [(0, 100, 36, 90)], True, bars=1), Track("bass", two, bars=2)], bars=4)
    assert [n.start for n in found.song.notes if n.part == "drums"] == [0, BAR, 2 * BAR, 3 * BAR]
    assert sum(n.part == "bass" for n in found.song.notes) == 16
    assert found.song.end == 4 * BAR


def test_files_are_heard_together_with_the_tempo_key_and_chords_that_are_in_them(tmp_path: Path) -> None:
    keys = [Note(Ticks(b * BAR), Ticks(BAR), p, 80, "chords") for b, root in enumerate((57, 53)) for p in (root, root + 4 - (b == 0), root + 7)]  # fmt: skip
    kit = [Note(Ticks(i * 480), Ticks(60), 36, 100, "drums") for i in range(4)]
    for name, bars, notes in (("keys", 2, keys), ("kit", 1, kit)):
        song = Song(tuple((Ticks(i * BAR), "4/4") for i in range(bars)), Ticks(bars * BAR), ((Ticks(0), 96.0),), "A minor", tuple(notes))  # fmt: skip
        midifile.write(tmp_path / f"{name}.mid", song)
    found = read_set([tmp_path / "keys.mid", tmp_path / "kit.mid"])
    assert dict(found.tracks) == {"chords": "chords", "drums": "drums"}
    assert found.sentence().endswith("; A minor, 4/4 at 96, 2 bars; chords Am | F")
    assert sum(n.part == "drums" for n in found.song.notes) == 8


def test_drums_alone_have_no_key_that_could_be_told() -> None:
    assert heard([Track("kit", line(36, 38, 36, 38), True)]).sentence() == "kit is drums; 4/4 at 120, 1 bar; no chords"


def test_files_without_notes_are_refused(tmp_path: Path) -> None:
    song = Song(((Ticks(0), "4/4"),), Ticks(BAR), ((Ticks(0), 96.0),), "C major", ())
    midifile.write(tmp_path / "x.mid", song)
    with pytest.raises(MidiFileError, match="no note"):
        read_set([tmp_path / "x.mid"])
