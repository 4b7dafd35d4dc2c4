"""Other people's .mid files."""

from __future__ import annotations

import io
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.key_finder import find_key
from model.analysis.midi_import import read_midi_file
from model.music.midifile import MidiFileError


def file(tmp_path: Path, *tracks: tuple[str, int, list[tuple[int, int, int]]], ticks: int = 96) -> Path:
    midi = mido.MidiFile(type=1, ticks_per_beat=ticks)
    for name, channel, notes in tracks:
        track = mido.MidiTrack()
        track.append(mido.MetaMessage("track_name", name=name))
        events = [(at, "note_on", pitch) for at, _, pitch in notes] + [
            (at + long, "note_off", p) for at, long, p in notes
        ]
        now = 0
        for at, kind, pitch in sorted(events, key=lambda e: (e[0], e[1] == "note_on")):
            track.append(mido.Message(kind, note=pitch, velocity=80, channel=channel, time=at - now))
            now = at
        midi.tracks.append(track)
    path = tmp_path / "x.mid"
    midi.save(path)
    return path


def test_a_foreign_file_gets_our_parts_resolution_bars_and_chords(tmp_path: Path) -> None:
    lead = ("Vox", 0, [(i * 96, 96, p) for i, p in enumerate((72, 74, 76, 79))])
    low = ("Track 2", 1, [(0, 384, 36)])
    block = ("Synth", 2, [(0, 384, p) for p in (60, 64, 67)])
    kit = ("Beatz", 9, [(0, 24, 35), (96, 24, 40)])
    song = read_midi_file(file(tmp_path, lead, low, block, kit))
    assert {p: sorted({n.pitch for n in song.notes if n.part == p}) for p in ("melody", "bass", "chords", "drums")} == {
        "melody": [72, 74, 76, 79], "bass": [36], "chords": [60, 64, 67], "drums": [36, 38],
    }  # fmt: skip
    assert (len(song.bars), song.end) == (1, 1920)
    assert song.chords[0] == (0, "C")
    assert [n.start for n in song.notes if n.part == "melody"] == [0, 480, 960, 1440]


def test_a_piano_alone_is_a_melody_over_chords(tmp_path: Path) -> None:
    notes = [(i * 96, 90, 76 + i) for i in range(4)] + [(0, 384, p) for p in (48, 55, 64)]
    song = read_midi_file(file(tmp_path, ("whatever", 0, notes)))
    assert [n.pitch for n in song.notes if n.part == "melody"] == [76, 77, 78, 79]


@given(st.binary(max_size=200))
def test_bytes_that_are_no_midi_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "x.mid"
    path.write_bytes(content)
    with pytest.raises(MidiFileError):
        read_midi_file(path)


def test_a_key_is_heard_from_the_pitch_classes_by_their_time(tmp_path: Path) -> None:
    scale = [(i * 96, 96, p) for i, p in enumerate((69, 71, 72, 74, 76, 77, 80, 81, 69, 76, 69))]
    song = read_midi_file(file(tmp_path, ("lead", 0, scale)))
    assert find_key(song).key.name == "A minor"


def test_a_file_without_notes_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    mido.MidiFile(type=1, ticks_per_beat=96, tracks=[mido.MidiTrack()]).save(file=buffer)
    path = tmp_path / "empty.mid"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(MidiFileError, match="no note"):
        read_midi_file(path)
