"""A song is written back into the file that it came from: what was not changed is the same event at the same tick."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.analysis.midi_import import Reading, read_bytes
from model.clips import transforms
from model.music import smf
from model.music.harmony import parse_key
from model.music.midifile import Song
from model.music.notes import Note, Ticks
from model.music.original import merged
from model.music.smf import MidiFileError
from tests.support import tried
from tests.support.odd_files import band, midi, odd_files, struck, track

BASS, FLUTE, PIANO, KIT = 3, 1, 2, 4
"""Tracks of the band."""


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_bytes(band(division=960))


def changed(reading: Reading, song: Song) -> tuple[smf.RawFile, tuple[str, ...]]:
    assert reading.original is not None
    content, told = merged(reading.original, song)
    return smf.parse(content), told


def differing(before: Reading, after: smf.RawFile) -> set[int]:
    assert before.original is not None
    return {i for i, t in enumerate(before.original.file.tracks) if t.events != after.tracks[i].events}


@settings(max_examples=tried(50), deadline=None)
@given(odd_files())
def test_an_unchanged_song_leaves_every_event_of_any_file(content: bytes) -> None:
    try:
        reading = read_bytes(content)
    except MidiFileError:
        return
    if reading.original is not None:
        file, told = changed(reading, reading.song)
        assert (file.tracks, told) == (reading.original.file.tracks, ())


def test_a_louder_part_changes_velocities_of_its_track_and_nothing_else(reading: Reading) -> None:
    after, _ = changed(reading, transforms.change_velocity(reading.song, frozenset({"bass"}), 10))
    assert differing(reading, after) == {BASS}
    was, now = smf.parse(band(division=960)).tracks[BASS].events, after.tracks[BASS].events
    assert [(e[0], e[1], e[2][:1]) for e in was] == [(e[0], e[1], e[2][:1]) for e in now]
    assert {e[2][1] for e in now if e[1] == smf.NOTE_ON | 2} == {90}


def test_notes_without_an_end_or_a_length_get_them_in_what_is_written() -> None:
    on, off = smf.NOTE_ON | 3, smf.NOTE_OFF | 3
    pad = [(bar * 1920, on, bytes((p, 40))) for bar in range(4) for p in (72, 76)]
    grace = [e for t in (240, 280, 960) for e in ((t, on, b"\x54\x50"), (t, off, b"\x54\x00"))]
    bass = struck([(bar * 1920, 1900, 36) for bar in range(4)], 1)
    reading = read_bytes(midi(track(bass, "Bass"), track([*pad, *grace], "Pad")))
    after, _ = changed(reading, transforms.change_velocity(reading.song, frozenset({"bass"}), 10))
    events = after.tracks[1].events
    lengths = {(events[a][0], events[a][2][0]): events[b][0] - events[a][0] for a, b in smf.spans(events) if b >= 0}
    assert [(at, lengths.pop((at, 84))) for at in (240, 280, 960)] == [(240, 40), (280, 60), (960, 60)]
    assert lengths == {(bar * 1920, p): 1920 for bar in range(3) for p in (72, 76)} | {
        (5760, 72): 1900,
        (5760, 76): 1900,
    }
    assert sum(e[1] == off for e in events) == sum(e[1] == on for e in events)


def test_sounds_of_a_kit_stay_where_only_its_loudness_changes(reading: Reading) -> None:
    after, _ = changed(reading, transforms.change_velocity(reading.song, frozenset({"drums"}), -9))
    pitches = Counter(e[2][0] for e in after.tracks[KIT].events if e[1] == smf.NOTE_ON | 9)
    assert set(pitches) == {35, 42, 64, 62, 54, 40, 51}


def test_a_part_written_anew_keeps_channel_program_and_the_events_of_others(reading: Reading) -> None:
    after, told = changed(reading, transforms.walking_bass_line(reading.song))
    assert differing(reading, after) == {BASS}
    events = after.tracks[BASS].events
    assert (0, smf.PROGRAM | 2, b"\x21") in events
    assert (0, smf.SYSEX, b"\x43\x10\x4c\xf7") in events
    assert {e[1] & 0x0F for e in events if e[1] < smf.SYSEX} == {2}
    assert told == ()


def test_bends_and_pedals_of_old_notes_do_not_act_on_new_ones_and_that_is_told(reading: Reading) -> None:
    new = tuple(Note(Ticks(i * 480), Ticks(480), 70, 80, "melody") for i in range(16))
    song = replace(reading.song, notes=(*(n for n in reading.song.notes if n.part != "melody"), *new))
    after, told = changed(reading, song)
    assert differing(reading, after) == {FLUTE}
    assert len(told) == 1
    assert "bends and pedals under its new notes" in told[0]
    lyrics = [e for e in after.tracks[FLUTE].events if e[1] == smf.META and e[2][0] == smf.LYRIC]
    assert len(lyrics) == 4


def test_a_new_part_has_a_track_and_a_channel_of_its_own(reading: Reading) -> None:
    pad = Note(Ticks(0), Ticks(1920), 64, 70, "pad")
    programs = (*reading.song.programs, ("pad", 89))
    after, _ = changed(reading, replace(reading.song, notes=(*reading.song.notes, pad), programs=programs))
    assert differing(reading, after) == set()
    assert after.tracks[-1].name == "pad"
    assert [e for e in after.tracks[-1].events if e[1] < smf.SYSEX] == [
        (0, smf.PROGRAM | 3, b"\x59"), (0, smf.NOTE_ON | 3, b"\x40\x46"), (3840, smf.NOTE_OFF | 3, b"\x40\x40")
    ]  # fmt: skip


def test_a_part_that_falls_silent_takes_its_track_with_it(reading: Reading) -> None:
    after, _ = changed(reading, transforms.remove_parts(reading.song, frozenset({"bass"})))
    assert [t.name for t in after.tracks] == ["Song", "Flute", "Piano", "Kit"]


@pytest.mark.parametrize(
    "word", [smf.meta(0, smf.TEXT, b"by a friend"), smf.meta(0, 0x7F, b"A"), (0, smf.SYSEX, b"\x7e\x7f\x09\x01\xf7")]
)
def test_what_is_of_the_whole_file_stays_where_the_part_beside_it_falls_silent(word: smf.Event) -> None:
    tune, bass = (struck([(480 * i, 240, pitch) for i in range(8)], channel) for channel, pitch in ((0, 72), (1, 36)))
    reading = read_bytes(midi(track(tune, "Tune"), track([word, *bass], "Bass")))
    after, _ = changed(reading, replace(reading.song, notes=tuple(n for n in reading.song.notes if n.part != "bass")))
    assert [e for e in after.tracks[1].events if e[1] >= smf.SYSEX] == [smf.meta(0, smf.NAME, b"Bass"), word]


def test_a_tempo_map_stays_until_the_tempo_is_changed(reading: Reading) -> None:
    assert len(reading.song.tempos) == 4
    after, _ = changed(reading, transforms.scale_tempo(reading.song, 2.0))
    tempos = [e for e in after.tracks[0].events if e[1] == smf.META and e[2][0] == smf.TEMPO]
    assert [(e[0], int.from_bytes(e[2][1:], "big")) for e in tempos] == [
        (0, 250_000), (3840, 250_500), (7680, 251_000), (11520, 251_500)
    ]  # fmt: skip


def test_another_key_moves_the_notes_and_the_signature_alone(reading: Reading) -> None:
    after, _ = changed(reading, transforms.shift_octaves(reading.song, frozenset({"melody"}), 1))
    assert differing(reading, after) == {FLUTE}
    key = parse_key("D major")
    after, _ = changed(reading, transforms.change_key(reading.song, key))
    assert differing(reading, after) == {0, FLUTE, PIANO, BASS}
    assert [e[2][1:] for e in after.tracks[0].events if e[1] == smf.META and e[2][0] == smf.KEY] == [b"\x02\x00"]


def test_an_instrument_is_changed_where_it_stands(reading: Reading) -> None:
    programs = tuple((part, 11 if part == "chords" else program) for part, program in reading.song.programs)
    after, _ = changed(reading, replace(reading.song, programs=programs))
    assert differing(reading, after) == {PIANO}
    assert (0, smf.PROGRAM | 1, b"\x0b") in after.tracks[PIANO].events


def test_a_note_that_lasted_to_one_that_is_gone_still_ends() -> None:
    events = [(0, smf.NOTE_ON, b"\x3c\x50"), (480, smf.NOTE_ON, b"\x3c\x50"), (960, smf.NOTE_OFF, b"\x3c\x00")]
    reading = read_bytes(midi(track([*events, *struck([(0, 1920, 64)])], "Lead")))
    after, _ = changed(reading, replace(reading.song, notes=tuple(n for n in reading.song.notes if n.start != 480)))
    assert (480, smf.NOTE_OFF, b"\x3c\x40") in after.tracks[0].events
    assert [n.length for n in read_bytes(smf.to_bytes(after)).song.notes] == [480, 1920]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from((96, 480, 960)), st.sets(st.integers(0, 40), min_size=1), st.integers(-20, 20))
def test_what_a_note_becomes_is_what_is_read_again(division: int, gone: set[int], louder: int) -> None:
    reading = read_bytes(band(division=division))
    notes = [n for i, n in enumerate(reading.song.notes) if i not in gone]
    moved = tuple(
        replace(n, velocity=min(127, max(1, n.velocity + louder)), pitch=n.pitch + (n.part == "bass")) for n in notes
    )
    after, _ = changed(reading, replace(reading.song, notes=moved))
    back = read_bytes(smf.to_bytes(after)).song
    assert sorted((n.part, n.start, n.length, n.pitch, n.velocity) for n in back.notes) == sorted(
        (n.part, n.start, n.length, n.pitch, n.velocity) for n in moved
    )
