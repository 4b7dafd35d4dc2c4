"""Whole bands read from small files of ours: which part a line plays, where bars begin, what is written straight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("symusic")

import mido
from hypothesis import given
from hypothesis import strategies as st

from model.music.harmony import chord_symbol
from model.training.corpus.band import BAND_PARTS
from model.training.corpus.game_music import credited, songs, straightened
from model.training.corpus.song import Song, meters_of
from model.training.corpus.splits import ranked_splits, runs

Struck = list[tuple[int, int, int]]
"""Tick, length and pitch of each note, 480 ticks a quarter."""
Lines = list[tuple[int, Struck]]
"""Program and notes of each line; −1 is the kit on channel 10."""

BARS = 16
ROOTS = (33, 29, 36, 31)
"""A, F, C, G: a bar each."""


def file(
    path: Path, lines: Lines, *, meters: tuple[tuple[int, int, int], ...] = ((0, 4, 4),), tempo: int = 500_000
) -> Path:
    """Write a file with a channel for each line and return its path."""
    made = mido.MidiFile(ticks_per_beat=480)
    conductor, at = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)]), 0
    for tick, beats, unit in meters:
        conductor.append(mido.MetaMessage("time_signature", numerator=beats, denominator=unit, time=tick - at))
        at = tick
    made.tracks.append(conductor)
    for number, (program, notes) in enumerate(lines):
        channel = 9 if program < 0 else number if number < 9 else number + 1
        track, at = mido.MidiTrack(), 0
        if program >= 0:
            track.append(mido.Message("program_change", program=program, channel=channel))
        events = sorted([(t, 1, p) for t, _, p in notes] + [(t + n, 0, p) for t, n, p in notes])
        for tick, on, pitch in events:
            track.append(
                mido.Message(
                    "note_on", note=pitch, velocity=(70 + tick // 480 % 4 * 10) * on, time=tick - at, channel=channel
                )
            )
            at = tick
        made.tracks.append(track)
    made.save(path)
    return path


def beats(kit: Callable[[int], list[tuple[int, int]]]) -> Struck:
    """Return kit notes of (tick in the bar, pitch) for each bar."""
    return [(1920 * bar + at, 100, pitch) for bar in range(BARS) for at, pitch in kit(bar)]


def rock(bar: int) -> list[tuple[int, int]]:
    """Kick, snare and eighths, a crash every fourth bar."""
    hats = [(240 * k, 42) for k in range(8)]
    return [(0, 36), (960, 36), (480, 38), (1440, 38), *hats, *([(0, 49)] if bar % 4 == 0 else [])]


KIT = (-1, beats(rock))
BASS = (33, [(1920 * b + 240 * k, 220, ROOTS[b % 4]) for b in range(BARS) for k in range(8)])
POWER = (30, [(1920 * b + 240 * k, 220, ROOTS[b % 4] + up) for b in range(BARS) for k in range(8) for up in (12, 19)])
PAD = (89, [(1920 * b, 1900, ROOTS[b % 4] + up) for b in range(BARS) for up in (24, 28 if b % 4 else 27, 31)])
LEAD = (81, [
    (1920 * b + at, length, pitch)
    for b in range(4, BARS)
    for at, length, pitch in zip((0, 480, 720, 1440), (480, 200, 700, 400), (76, 79, (77, 81, 72)[b % 3], 74 + b % 5), strict=True)
])  # fmt: skip
ARP = (
    11,
    [(1920 * b + 120 * k, 110, ROOTS[b % 4] + 36 + (0, 4, 7, 12)[k % 4]) for b in range(BARS) for k in range(16)],
)


def read(path: Path) -> Song:
    """Return the one song of a file."""
    found = songs(path, "freedoom", "a title")
    assert isinstance(found, list)
    assert len(found) == 1
    return found[0]


def notes_of(song: Song, part: str) -> list[tuple[int, int]]:
    """Return place and pitch of a part's notes."""
    return [(n.start, n.pitch) for n in song.notes if n.part == part]


def test_each_line_of_a_band_gets_its_part(tmp_path: Path) -> None:
    shakes = [(1920 * b + 480 * k, 60, 70) for b in range(BARS) for k in range(4)]
    song = read(file(tmp_path / "a.mid", [(-1, KIT[1] + shakes), BASS, POWER, PAD, LEAD, ARP]))
    assert {n.part for n in song.notes} == set(BAND_PARTS)
    assert notes_of(song, "bass")[:2] == [(0, 33), (240, 33)]
    assert {p for _, p in notes_of(song, "melody")} <= {p for _, _, p in LEAD[1]}
    assert len(notes_of(song, "pad")) == len(PAD[1])
    assert {p for _, p in notes_of(song, "perc")} == {70}
    assert {p for _, p in notes_of(song, "drums")} == {36, 38, 42, 49}


def test_a_doubled_guitar_an_echo_and_an_octave_are_not_read_twice(tmp_path: Path) -> None:
    echo = (80, [(t + 360, n, p) for t, n, p in LEAD[1]])
    octave = (38, [(t, n, p + 12) for t, n, p in BASS[1]])
    song = read(file(tmp_path / "a.mid", [KIT, BASS, octave, POWER, (29, POWER[1]), LEAD, echo]))
    plain = read(file(tmp_path / "b.mid", [KIT, BASS, POWER, LEAD]))
    assert song.notes == plain.notes


def test_the_strings_of_one_guitar_on_several_tracks_are_chords(tmp_path: Path) -> None:
    strings = [
        (24, [(1920 * b + 480 * k, 200, 60 + up + b % 2) for b in range(BARS) for k in range(4)]) for up in (0, 4, 7)
    ]
    song = read(file(tmp_path / "a.mid", [KIT, BASS, *strings, LEAD]))
    assert len(notes_of(song, "chords")) == 3 * 4 * BARS


def test_sound_effects_are_left_out(tmp_path: Path) -> None:
    song = read(file(tmp_path / "a.mid", [KIT, BASS, LEAD, (126, [(0, 1920, 60), (7680, 1920, 64)])]))
    assert {n.part for n in song.notes} == {"drums", "bass", "melody"}


def test_bars_begin_where_crashes_and_entries_say(tmp_path: Path) -> None:
    lines = [(p, [(t + 480, n, pitch) for t, n, pitch in notes]) for p, notes in (KIT, BASS, POWER, PAD)]
    song = read(file(tmp_path / "a.mid", lines))
    assert song.bars[0][0] == 0
    assert (0, 49) in notes_of(song, "drums")
    assert len(song.bars) == BARS


def test_a_file_that_says_four_and_goes_in_seven_is_read_in_seven(tmp_path: Path) -> None:
    kit = [
        (1680 * b + t, 100, p) for b in range(BARS) for t, p in ((0, 36), (480, 38), (960, 36), (1200, 38), (1440, 46))
    ]
    bass = [(1680 * b + t, 200, p) for b in range(BARS) for t, p in ((0, 33), (480, 36), (960, 33), (1440, 31))]
    song = read(file(tmp_path / "a.mid", [(-1, kit), (33, bass)]))
    assert {meter for _, meter in song.bars} == {"7/8"}


def test_a_bar_of_no_metre_of_ours_divides_a_piece(tmp_path: Path) -> None:
    later = 1920 * BARS + 840
    lines = [(p, notes + [(t + later, n, pitch) for t, n, pitch in notes]) for p, notes in (KIT, BASS)]
    meters = ((0, 4, 4), (1920 * BARS, 7, 16), (later, 4, 4))
    found = songs(file(tmp_path / "a.mid", lines, meters=meters), "freedoom", "a title")
    assert isinstance(found, list)
    assert [len(s.bars) for s in found] == [BARS, BARS]
    one, other = ([(n.start, n.pitch) for n in s.notes] for s in found)
    assert one == other


def test_swung_offbeats_are_written_straight(tmp_path: Path) -> None:
    def late(notes: Struck) -> Struck:
        return [(t + 80 if t % 480 == 240 else t, n, p) for t, n, p in notes]

    song = read(file(tmp_path / "a.mid", [(p, late(notes)) for p, notes in (KIT, BASS, POWER)]))
    straight = read(file(tmp_path / "b.mid", [KIT, BASS, POWER]))
    assert [(n.start, n.pitch) for n in song.notes] == [(n.start, n.pitch) for n in straight.notes]
    assert ("swing", "8 67") in song.tags
    assert not any(kind == "swing" for kind, _ in straight.tags)


def test_a_loose_line_keeps_how_far_it_is_off_the_grid(tmp_path: Path) -> None:
    loose = [(t + (0, 30, 9, -25, 17, -9, 38)[i % 7] * (t > 0), n, p) for i, (t, n, p) in enumerate(LEAD[1])]
    song = read(file(tmp_path / "a.mid", [KIT, BASS, (81, loose)]))
    assert song.has_timing
    assert {n.offset for n in song.notes if n.part == "melody"} >= {0, 9, -9}
    assert not any(n.offset for n in song.notes if n.part in ("drums", "bass"))


def test_the_beats_of_a_file_with_another_tempo_than_it_says_are_found(tmp_path: Path) -> None:
    slow = [(p, [(round(t * 1.0373), n, pitch) for t, n, pitch in notes]) for p, notes in (KIT, BASS, POWER)]
    song = read(file(tmp_path / "a.mid", slow))
    plain = read(file(tmp_path / "b.mid", [KIT, BASS, POWER]))
    assert [(n.start, n.pitch) for n in song.notes] == [(n.start, n.pitch) for n in plain.notes]
    assert song.tempo == pytest.approx(120 / 1.0373, abs=0.1)


def test_a_file_without_steady_beats_is_left_out(tmp_path: Path) -> None:
    rubato = [
        (p, [(t + 173 * k * k // 40, n, pitch) for k, (t, n, pitch) in enumerate(notes)]) for p, notes in (KIT, BASS)
    ]
    assert songs(file(tmp_path / "a.mid", rubato), "freedoom", "a title") == "beats not found"


def test_chords_and_key_are_those_of_what_sounds(tmp_path: Path) -> None:
    song = read(file(tmp_path / "a.mid", [KIT, BASS, PAD]))
    assert [chord_symbol(c) for _, c in song.chords[:4] if c is not None] == ["Am", "F", "C", "G"]
    assert song.key in ("A minor", "C major")
    assert song.tempo == 120


def test_velocities_that_never_change_are_nobodys_touch(tmp_path: Path) -> None:
    assert read(file(tmp_path / "a.mid", [KIT, BASS, POWER])).has_velocities
    even = [(p, [(t // 4 * 4, n, pitch) for t, n, pitch in notes if t % 1920 < 480]) for p, notes in (KIT, BASS)]
    assert not read(file(tmp_path / "b.mid", even)).has_velocities


def test_remixes_of_one_piece_have_its_title() -> None:
    text = """--Phase 2--
\tMAP30: "Devoured" by K., based on "Paranoia" by T.
\tMAP11: "Undergrowth" by K., remix of dave3d01.mid by J.
--FreeDM--
\tDM10: "Paranoia" by T.
--Previously Featured in 0.13.0--
DM10: "Another" by S.
"""
    told = credited(text)
    assert told["d_map30"][0] == told["d_dm10"][0] == "Paranoia"
    assert told["d_map11"] == ("dave3d01.mid", "K.")


def test_small_sets_are_divided_by_rank_and_groups_stay_together() -> None:
    pieces = [Song(f"p{i}", "freedoom", f"t{i // 2}", 0, "", (), 0, (), ()) for i in range(50)]  # type: ignore[arg-type]
    told = ranked_splits([pieces[i : i + 2] for i in range(0, 50, 2)])
    counts = [sum(split == name for split in told.values()) for name in ("test", "validation", "train")]
    assert counts == [4, 4, 42]
    assert all(told[f"p{i}"] == told[f"p{i + 1}"] for i in range(0, 50, 2))


def test_a_bands_bass_lines_tell_copies(tmp_path: Path) -> None:
    walk = (33, [(480 * k, 400, 33 + (0, 4, 7, 9, 10, 9, 5, 2)[k % 8] + k // 8 % 3) for k in range(64)])
    one, other = (read(file(tmp_path / f"{i}.mid", [KIT, walk])) for i in range(2))
    assert runs(one) == runs(other) != frozenset()


@given(st.lists(st.integers(0, 96).map(lambda k: 20 * k), max_size=40), st.sampled_from((8, 16)))
def test_what_is_straight_stays_and_nothing_leaves_its_pair(places: list[int], unit: int) -> None:
    moved = straightened(places, unit)
    pair = 3840 // unit
    assert [m // pair for m in moved] == [p // pair for p in places]
    assert straightened(moved, unit) == moved


@given(st.integers(1, 16), st.sampled_from((2, 4, 8, 16)))
def test_the_metres_that_make_a_bar_last_as_long_as_it(count: int, unit: int) -> None:
    parts = [tuple(map(int, m.split("/"))) for m in meters_of(count, unit)]
    assert not parts or sum(n / d for n, d in parts) == count / unit
