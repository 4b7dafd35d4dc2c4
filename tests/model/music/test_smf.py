"""The frame of .mid files: what is out of order is read as far as it is there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from model.music import smf
from model.music.smf import MidiFileError, RawTrack
from tests.support.odd_files import band, midi, odd_files, struck, track

TUNE = struck([(0, 240, 60), (240, 240, 62)])


def lengths(events: list[smf.Event]) -> list[tuple[int, int]]:
    """Return start and end of each note, end -1 for one that nothing ends."""
    return [(events[on][0], events[off][0] if off >= 0 else -1) for on, off in smf.spans(events)]


def key(tick: int, velocity: int, pitch: int = 60) -> smf.Event:
    return tick, smf.NOTE_ON, bytes((pitch, velocity))


@settings(max_examples=80, deadline=None)
@given(odd_files())
def test_any_chunks_are_read_and_come_back_or_are_refused_with_a_reason(content: bytes) -> None:
    try:
        file = smf.parse(content)
    except MidiFileError:
        return
    again = smf.parse(smf.to_bytes(file))
    assert (again.tracks, again.division, again.told) == (file.tracks, file.division, ())
    assert smf.parse(smf.sound(content)).kind == file.kind


@pytest.mark.parametrize(
    "before", [b"\x00\x00", b"\xef\xbb\xbf", bytes(128), b"RIFF\xff\xff\xff\xffRMIDdata\xff\xff\xff\xff"]
)
def test_what_stands_before_the_header_is_skipped_and_told(before: bytes) -> None:
    file = smf.parse(before + midi(track(TUNE)))
    assert file.tracks[0].events == tuple(TUNE)
    assert file.told == (f"{len(before)} bytes before its header are skipped",)


def test_chunks_of_others_are_skipped_wherever_they_stand() -> None:
    content = midi(track(TUNE), track(TUNE))
    second = content.index(b"MTrk", 20)
    for at in (14, second, len(content)):
        odd = content[:at] + b"XFIH\x00\x00\x00\x02ab" + content[at:]
        assert smf.parse(odd).tracks == smf.parse(content).tracks


@pytest.mark.parametrize("count", [0, 1, 2, 3, 999])
def test_the_tracks_that_are_there_are_read_whatever_the_header_counts(count: int) -> None:
    content = bytearray(midi(track(TUNE), track(TUNE)))
    content[10:12] = count.to_bytes(2, "big")
    assert len(smf.parse(bytes(content)).tracks) == 2


@pytest.mark.parametrize("wrong", [-4, -1, 1, 9000])
def test_a_track_of_a_wrong_length_is_read_to_the_next_one(wrong: int) -> None:
    content = bytearray(midi(track(TUNE, "a"), track(TUNE, "b")))
    length = int.from_bytes(content[18:22], "big")
    content[18:22] = (length + wrong).to_bytes(4, "big")
    file = smf.parse(bytes(content))
    assert file.tracks[0].name == "a"
    assert set(TUNE) <= set(file.tracks[0].events)


def test_of_a_file_that_is_cut_short_what_is_whole_is_read() -> None:
    content = band()
    for end in range(30, len(content), 97):
        file = smf.parse(content[:end])
        assert file.told
        whole = smf.parse(content)
        assert all(t.events == w.events[: len(t.events)] for t, w in zip(file.tracks, whole.tracks, strict=False))


@pytest.mark.parametrize("content", [b"", b"<html>", b"ID3\x04" * 400, b"MThd\x00\x00\x00\x06"])
def test_what_is_no_midi_is_refused_with_the_remedy(content: bytes) -> None:
    with pytest.raises(MidiFileError, match="export it again"):
        smf.parse(content)


def test_more_notes_than_a_file_has_are_refused_at_once() -> None:
    one = b"\x00\x90\x3c\x40" + b"\x01\x3c\x00\x00\x3c\x40" * smf.MAX_NOTES
    content = midi() + b"MTrk" + len(one).to_bytes(4, "big") + one
    with pytest.raises(MidiFileError, match="100000 notes at most"):
        smf.parse(content)


@pytest.mark.parametrize(
    ("events", "notes"),
    [
        ([key(0, 80), key(480, 90), key(480, 0), key(960, 0)], [(0, 480), (480, 960)]),  # struck again before its end
        ([key(0, 80), key(480, 90), key(540, 0), key(960, 0)], [(0, 540), (480, 960)]),  # legato
        ([key(0, 80), key(480, 90), key(960, 0)], [(0, 480), (480, 960)]),  # one end for two
        ([key(0, 80), key(0, 90), key(480, 0), key(480, 0)], [(0, 480), (0, 480)]),  # doubled
        ([key(0, 80), key(0, 0), key(480, 80), key(480, 0)], [(0, 0), (480, 480)]),  # of no length
        ([key(0, 80), key(480, 80)], [(0, 480), (480, -1)]),  # without ends
        ([key(0, 0), key(480, 80), key(960, 0)], [(480, 960)]),  # an end too many
        ([key(0, 80), key(480, 80), key(480, 0), key(960, 80)], [(0, 480), (480, 960), (960, -1)]),
    ],
)
def test_ends_end_the_note_that_began_first(events: list[smf.Event], notes: list[tuple[int, int]]) -> None:
    assert lengths(events) == notes


def test_metas_that_the_standard_does_not_allow_are_left_out_for_strict_readers() -> None:
    odd = [smf.meta(0, smf.KEY, b"\x08\x00"), smf.meta(0, smf.TEMPO, bytes(3)), smf.meta(0, smf.METER, b"\x04")]
    good = smf.meta(0, smf.KEY, b"\xf9\x01")
    assert smf.parse(smf.sound(midi(track([*odd, good])))).tracks[0] == RawTrack((good,), 0)
