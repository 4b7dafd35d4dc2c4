"""Pieces of seven parts as .mid files: read, written, explained, gone on from and refined without loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model.analysis.explain import explain
from model.analysis.midi_import import read_midi_file
from model.clips import transforms
from model.clips.clip import programs
from model.clips.edit import continue_clip
from model.clips.messages import ClipSpec
from model.clips.refine import refine
from model.generation.composer import Composer
from model.music.harmony import parse_chord, parse_key
from model.music.midifile import Song, from_bytes, to_bytes
from model.music.notes import ADDED_PARTS, CHANNELS, HARMONY_PARTS, PARTS, UNPITCHED_PARTS
from model.music.plan import Plan
from model.prompt.encoder import hash_encoder
from model.songbook import midi, tables
from model.songbook.reader import read_file
from model.songbook.rendering import perform
from tests.support.tiny_engine import engine

PIECES = ("amapiano/brick-by-brick", "disco/cosmic-laundry")


@pytest.fixture(scope="module", params=PIECES)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("songbook") / "piece.mid"
    midi.save(perform(read_file(tables.PIECES / f"{request.param}.txt")), path)
    return path


@pytest.fixture(scope="module")
def song(file: Path) -> Song:
    return read_midi_file(file)


@pytest.fixture(scope="module")
def writer() -> Composer:
    return Composer(hash_encoder(), engine(1))


Line = list[tuple[int, int, int, int]]


def of(song: Song, part: str) -> Line:
    return sorted((n.start, n.pitch, n.length, n.velocity) for n in song.notes if n.part == part)


def same_but(before: Song, after: Song, *changed: str) -> bool:
    return all((of(before, p) == of(after, p)) != (p in changed) for p in PARTS)


def test_channels_are_those_of_the_songbook() -> None:
    assert {name: part.channel for name, part in tables.PARTS.items()} == CHANNELS


def test_a_piece_of_the_songbook_is_read_note_for_note(file: Path, song: Song) -> None:
    told = midi.load(file)
    assert set(ADDED_PARTS) <= {n.part for n in song.notes}
    for part in PARTS:
        assert of(song, part) == sorted((n.start, n.pitch, n.end - n.start, n.velocity) for n in told.notes[part])
    assert dict(song.programs).items() >= {p: told.programs[p] for p in ADDED_PARTS}.items()


def test_it_is_written_as_it_was_read(song: Song) -> None:
    assert from_bytes(to_bytes(song)) == song


def test_it_is_explained_with_all_its_parts(song: Song) -> None:
    told = explain(song)
    assert told.parts == PARTS
    assert told.words[0].endswith("chords, melody, bass, drums, pad, arp, perc.")


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("no pad", ("pad",)), ("louder percussion", ("perc",)), ("softer arpeggio", ("arp",)), ("less busy percussion", ("perc",)), ("no percussion", ("perc",)),
        ("arpeggio an octave higher", ("arp",)), ("shorter notes in the pad", ("pad",)), ("去掉铺底", ("pad",)), ("琶音轻一点", ("arp",)), ("no congas", ("perc",)),
    ],
)  # fmt: skip
def test_words_that_name_an_added_part_change_it_alone(
    writer: Composer, song: Song, words: str, changed: tuple[str, ...]
) -> None:
    assert same_but(song, refine(writer, song, words, 1), *changed)


def first_bars(song: Song, count: int) -> Song:
    """The song's first bars, with what sounds wholly in them."""
    end = song.bars[count][0]
    return replace(
        song,
        bars=song.bars[:count],
        end=end,
        notes=tuple(n for n in song.notes if n.end <= end),
        chords=tuple(c for c in song.chords if c[0] < end),
    )


def test_a_part_that_is_not_there_is_added_and_another_one_replaces_it(writer: Composer, song: Song) -> None:
    short = first_bars(song, 4)
    without = transforms.remove_parts(short, frozenset({"pad", "arp"}))
    added = refine(writer, without, "add a pad", 1)
    assert same_but(without, added, "pad")
    assert same_but(added, refine(writer, added, "another pad", 2), "pad")


def test_going_on_keeps_what_there_was_and_its_parts(writer: Composer, song: Song) -> None:
    given = first_bars(song, 8)
    longer = continue_clip(writer, given, ClipSpec("", 1), 2)
    assert [n for n in longer.notes if n.start < given.end and n in set(given.notes)] == sorted(given.notes)
    assert {n.part for n in longer.notes} == {n.part for n in given.notes}
    assert len(longer.bars) == 10


def test_a_change_of_key_moves_all_that_has_pitches_and_nothing_that_is_struck(song: Song) -> None:
    after = transforms.change_key(song, parse_key("F# minor"))
    assert same_but(song, after, *(p for p in PARTS if p not in UNPITCHED_PARTS))


def test_octaves_move_no_percussion(song: Song) -> None:
    assert same_but(
        song, transforms.shift_octaves(song, frozenset(PARTS) - {"bass"}, 1), "chords", "melody", "pad", "arp"
    )


def test_what_plays_a_chord_that_goes_moves_to_the_one_that_stays(song: Song) -> None:
    after = transforms.halve_chord_changes(song)
    gone = [at for at, _ in song.chords if at not in {a for a, _ in after.chords}]
    until = {at: next((a for a, _ in song.chords if a > at), song.end) for at in gone}
    for at in gone:
        tones = parse_chord([s for a, s in after.chords if a <= at][-1]).pitch_classes
        found = {n.pitch % 12 for n in after.notes if n.part in HARMONY_PARTS and at <= n.start < until[at]}
        assert found <= tones


def test_a_chord_marker_is_read_and_one_that_is_no_chord_is_left_out(tmp_path: Path, song: Song) -> None:
    odd = replace(song, chords=((song.bars[0][0], "D7sus4b9"), (song.bars[1][0], "Refrain"), (song.bars[2][0], "Am")))
    (tmp_path / "odd.mid").write_bytes(to_bytes(odd))
    assert [symbol for _, symbol in read_midi_file(tmp_path / "odd.mid").chords] == ["D7sus4b9", "Am"]


def test_a_pad_has_a_program_of_its_own() -> None:
    assert dict(programs(Plan(parts=PARTS)))["pad"] == 89
