"""Files as other programs write them: what people reported of other readers, read as the standard says."""

from __future__ import annotations

import io
import time

import mido
import pytest

from model.analysis.explain import chart, explain
from model.analysis.midi_import import detect_chords, read_bytes
from model.music import smf
from model.music.control import MAX_FILE_BARS
from model.music.harmony import parse_key
from model.music.notes import Ticks
from model.music.smf import Event, MidiFileError
from tests.support.odd_files import band, midi, struck, track

PPQ, BAR = 480, 1920
TUNE = struck([(i * PPQ, 470, 60 + (i * 5) % 12) for i in range(32)])
"""Eight bars."""


def metered(*meters: tuple[int, int, int]) -> bytes:
    """Return a tune under metres: tick, beats, unit."""
    return midi(
        track([smf.meta(at, smf.METER, bytes((n, d.bit_length() - 1, 24, 8))) for at, n, d in meters]),
        track(TUNE, "Lead"),
    )


def lengths(events: list[Event]) -> list[int]:
    return [n.length for n in read_bytes(midi(track(events, "Lead"))).song.notes]


@pytest.mark.parametrize(
    "odd",
    [
        smf.meta(0, smf.KEY, b"\x08\x00"),
        smf.meta(0, smf.KEY, b"\xf8\x00"),
        smf.meta(0, smf.KEY, b"\x7f\x01"),
        smf.meta(0, smf.KEY, b"\x00\xff"),
        smf.meta(0, smf.KEY, b"\x00"),
        smf.meta(0, smf.TEMPO, bytes(3)),
        smf.meta(0, smf.TEMPO, b"\x07"),
        smf.meta(0, smf.METER, b"\x04"),
        smf.meta(0, smf.METER, b"\x00\x02\x18\x08"),
        smf.meta(0, smf.METER, b"\x04\xff\x18\x08"),
    ],
)
def test_a_meta_event_out_of_range_is_passed_over(odd: Event) -> None:
    song = read_bytes(midi(track([odd]), track(TUNE, "Lead"))).song
    assert (len(song.bars), song.bars[0][1], song.tempos, len(song.notes)) == (8, "4/4", ((0, 120.0),), 32)


@pytest.mark.parametrize(
    ("sharps", "minor", "name"), [(0, 0, "C major"), (1, 1, "E minor"), (0xF9, 0, "B major"), (7, 1, "A# minor")]
)
def test_every_signature_of_the_standard_is_read(sharps: int, minor: int, name: str) -> None:
    song = read_bytes(midi(track([smf.meta(0, smf.KEY, bytes((sharps, minor)))]), track(TUNE, "Lead"))).song
    assert transposed(song.key) == transposed(name)


def transposed(name: str) -> tuple[int, bool]:
    key = parse_key(name)
    return key.tonic, key.minor


@pytest.mark.parametrize(
    ("beats", "unit", "bars"),
    [(1, 4, 32), (1, 8, 64), (6, 4, 6), (3, 2, 6), (4, 8, 16), (5, 8, 13), (7, 4, 5), (4, 2, 4), (9, 16, 15), (11, 8, 6), (3, 8, 22), (2, 2, 8)],
)  # fmt: skip
def test_any_metre_is_read_as_it_is_written(beats: int, unit: int, bars: int) -> None:
    song = read_bytes(metered((0, beats, unit))).song
    assert (len(song.bars), song.bars[-1][1]) == (bars, f"{beats}/{unit}")


@pytest.mark.parametrize("sixty_fourths", [65, 99, 1023, 4095])
def test_a_long_bar_that_is_cut_at_an_odd_place_is_read_in_bars_that_end_there(sixty_fourths: int) -> None:
    at = sixty_fourths * 30
    metres = [smf.meta(0, smf.METER, bytes((64, 0, 24, 8))), smf.meta(at, smf.METER, bytes((3, 2, 24, 8)))]
    song = read_bytes(midi(track(metres), track(struck([(0, 240, 60), (at, 240, 62)]), "Lead"))).song
    assert (Ticks(at), "3/4") in song.bars


def test_metres_change_where_they_change_and_a_bar_that_is_cut_short_is_a_short_bar() -> None:
    song = read_bytes(metered((0, 1, 4), (480, 4, 4), (480 + 4 * BAR, 3, 4), (480 + 4 * BAR + 1440 + 720, 4, 4))).song
    assert [m for _, m in song.bars[:9]] == ["1/4", "4/4", "4/4", "4/4", "4/4", "3/4", "3/8", "4/4", "4/4"]


def test_a_tempo_map_and_changes_of_key_are_kept_in_place() -> None:
    metas = [smf.meta(i * BAR, smf.TEMPO, (500_000 + i).to_bytes(3, "big")) for i in range(8)]
    metas += [smf.meta(0, smf.KEY, b"\x00\x00"), smf.meta(4 * BAR, smf.KEY, b"\x02\x00")]
    song = read_bytes(midi(track(metas), track(TUNE, "Lead"))).song
    assert [at for at, _ in song.tempos] == [i * BAR for i in range(8)]
    assert (song.key, song.keys) == ("C major", ((4 * BAR, "D major"),))


def test_a_bass_without_a_name_is_told_by_its_program() -> None:
    chords = struck([(i * BAR, BAR, p) for i in range(4) for p in (57, 60, 64)])
    low = [(0, smf.PROGRAM | 1, b"\x21"), *struck([(i * 960, 800, 33) for i in range(8)], 1)]
    song = read_bytes(midi(track([*chords, *low]), kind=0)).song
    assert {n.pitch for n in song.notes if n.part == "bass"} == {33}


def test_bars_from_which_another_metre_and_tempo_hold_are_told() -> None:
    metas = [smf.meta(4 * BAR, smf.METER, bytes((3, 2, 24, 8))), smf.meta(4 * BAR, smf.TEMPO, b"\x0a\x2c\x2b")]
    told = explain(read_bytes(midi(track(metas), track(TUNE, "Lead"))).song)
    assert told.words[1] == "From bar 5: 3/4, 90 quarter notes a minute."


def test_repeated_notes_last_as_long_as_they_are_held() -> None:
    assert lengths(
        [(0, 0x90, b"\x3c\x50"), (480, 0x90, b"\x3c\x50"), (480, 0x80, b"\x3c\x00"), (960, 0x80, b"\x3c\x00")]
    ) == [480, 480]
    assert lengths(
        [(0, 0x90, b"\x3c\x50"), (480, 0x90, b"\x3c\x50"), (540, 0x80, b"\x3c\x00"), (960, 0x80, b"\x3c\x00")]
    ) == [480, 480]


def test_notes_of_no_length_and_notes_without_an_end_are_kept() -> None:
    kit = [e for i in range(16) for e in ((i * 480, 0x99, b"\x26\x50"), (i * 480, 0x89, b"\x26\x00"))]
    song = read_bytes(midi(track(TUNE, "Lead"), track(kit))).song
    assert sum(n.part == "drums" for n in song.notes) == 16
    hanging = [e for e in TUNE if e[1] == smf.NOTE_ON]
    assert len(read_bytes(midi(track(hanging, "Lead"))).song.notes) == 32
    assert lengths([(0, 0x90, b"\x3c\x50"), (960, 0x90, b"\x40\x50"), (1920, 0x80, b"\x40\x00")]) == [1920, 960]


def test_programs_are_those_of_the_file() -> None:
    assert dict(read_bytes(band()).song.programs) == {"chords": 4, "melody": 73, "bass": 33, "drums": 25}


@pytest.mark.parametrize(
    ("markers", "chords"),
    [
        (("A", "B", "A", "B"), False),
        (("A", "B", "Chorus", "D"), False),
        (("Start", "D", "End"), False),
        (("C", "D7", "C", "F"), True),
        (("Intro", "C", "F", "Am", "G"), True),
    ],
)
def test_letters_are_chords_or_names_of_sections_by_what_stands_with_them(
    markers: tuple[str, ...], chords: bool
) -> None:
    texts = [smf.meta(i * BAR, smf.MARKER, text.encode()) for i, text in enumerate(markers)]
    reading = read_bytes(midi(track(texts), track(TUNE, "Lead")))
    assert reading.original is not None
    assert bool(reading.original.markers) == chords
    if not chords:
        assert reading.song.chords == detect_chords(reading.song)


def test_letters_alone_are_chords_where_their_tones_sound() -> None:
    roots = {"C": 60, "F": 65, "G": 67}
    loop = ("C", "F", "G", "C")
    piano = struck([(i * BAR, 1900, roots[text] + up) for i, text in enumerate(loop) for up in (0, 4, 7)])
    texts = [smf.meta(i * BAR, smf.MARKER, text.encode()) for i, text in enumerate(loop)]
    song = read_bytes(midi(track(texts), track(piano, "Piano"))).song
    assert [symbol for _, symbol in song.chords] == list(loop)


def test_letters_in_boxes_are_names_of_sections() -> None:
    marks = [smf.meta(at, smf.MARKER, name) for at, name in ((0, b"[A]"), (1920, b"(B)"), (3840, b"Coda"))]
    assert read_bytes(midi(track([*TUNE, *marks], "Lead"))).song.sections == ((0, "A"), (1920, "B"), (3840, "outro"))


def test_a_kit_without_a_name_or_channel_is_taken_for_one_and_that_is_told() -> None:
    kit = struck([(i * 240, 120, p) for i in range(32) for p in ((36, 42), (42,), (38, 42), (42,))[i % 4]])
    reading = read_bytes(midi(track(TUNE, "Lead"), track(kit)))
    assert sum(n.part == "drums" for n in reading.song.notes) == 48
    assert "taken for drums" in reading.told[0]


def test_times_in_seconds_are_read_at_120_and_told() -> None:
    reading = read_bytes(midi(track(struck([(0, 500, 60), (500, 500, 62)]), "Lead"), division=0xE728))
    assert [(n.start, n.length) for n in reading.song.notes] == [(0, 480), (480, 480)]
    assert "SMPTE" in reading.told[0]


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        (midi(track(TUNE), track(TUNE), kind=2), "export each as a file of its own"),
        (midi(track(TUNE), division=0), "export it again"),
        (midi(track(struck([(0, 10, 60), ((MAX_FILE_BARS + 1) * BAR, 10, 60)]))), "cut it"),
        (midi(), "no note"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_remedy(content: bytes, remedy: str) -> None:
    with pytest.raises(MidiFileError, match=remedy):
        read_bytes(content)


def test_one_sequence_of_type_2_is_read() -> None:
    assert len(read_bytes(midi(track(TUNE), kind=2)).song.notes) == 32


def test_a_file_of_another_program_reads_as_that_program_wrote_it() -> None:
    file = mido.MidiFile(type=1, ticks_per_beat=220)
    line = mido.MidiTrack([mido.MetaMessage("track_name", name="Lead"), mido.Message("program_change", program=40)])
    for pitch in (60, 64, 67, 72):
        line += [
            mido.Message("note_on", note=pitch, time=20),
            mido.Message("note_on", note=pitch, velocity=0, time=200),
        ]
    file.tracks.append(line)
    out = io.BytesIO()
    file.save(file=out)
    song = read_bytes(out.getvalue()).song
    assert [(n.start, n.pitch) for n in song.notes] == [(44, 60), (524, 64), (1004, 67), (1484, 72)]
    assert song.programs == (("melody", 40),)


def test_a_piece_is_explained_in_a_time_that_grows_with_its_notes() -> None:
    def seconds(notes: int) -> float:
        lines = [
            struck([(i * 240, 230, p + i % 7) for i in range(notes // 4)], c) for c, p in enumerate((36, 48, 60, 72))
        ]
        content = midi(*(track(line, name) for line, name in zip(lines, ("Bass", "Piano", "Pad", "Lead"), strict=True)))
        began = time.process_time()
        chart(explain(read_bytes(content).song))
        return time.process_time() - began

    seconds(400)
    # the best of three: what else the process does (collecting garbage) only adds time
    assert min(seconds(8_000) for _ in range(3)) < 24 * min(seconds(1_000) for _ in range(3))
