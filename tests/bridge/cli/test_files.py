"""Somebody else's files through every command: no traceback, one line where one is refused, nothing lost that was not asked to change."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from bench.robustness.corpus import lost, try_file
from bridge.__main__ import main
from bridge.cli import commands
from model.analysis.midi_import import read_bytes
from model.clips.clip import Writer
from model.music import smf
from tests.support.odd_files import band, bent, midi, odd_files, struck, track
from tests.support.plain_writer import PlainWriter

BAR = 1920


def plain(_: Path | None) -> Writer:
    return PlainWriter()


@pytest.fixture(autouse=True)
def without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("write_clips", "change_clip", "harmonise_clip"):
        run = getattr(commands, name)
        monkeypatch.setattr(commands, name, lambda args, open_composer_=None, run=run: run(args, plain))


def written(tmp_path: Path, content: bytes, *words: str) -> bytes:
    """Return what a command makes of a file; IN and OUT stand for its names."""
    source, out = tmp_path / "in.mid", tmp_path / "out.mid"
    source.write_bytes(content)
    argv = [{"IN": str(source), "OUT": str(out)}.get(word, word) for word in words]
    assert main(argv) == 0
    return out.read_bytes()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd_files())
def test_any_chunks_go_through_every_command(tmp_path: Path, content: bytes) -> None:
    assert [f for f, _ in try_file("odd", content, tmp_path, plain) if f is not None] == []


def test_files_that_were_bent_go_through_every_command(tmp_path: Path) -> None:
    rng = random.Random(5)
    for number in range(6):
        content = bent(band(2), rng)
        assert [f for f, _ in try_file(str(number), content, tmp_path, plain) if f is not None] == []


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (("refine", "IN", "walking bass", "-o", "OUT"), "bass"),
        (("refine", "IN", "busier drums", "-o", "OUT"), "drums"),
        (("refine", "IN", "another melody", "-o", "OUT"), "melody"),
        (("harmonise", "IN", "-o", "OUT"), "bass chords"),
        (("clip", "and on", "--from", "IN", "--bars", "2", "-o", "OUT"), "none"),
        (("clip", "again", "--from", "IN", "--redo", "1", "-o", "OUT"), "bar 1"),
    ],
)
def test_what_was_not_asked_to_change_stays_event_for_event(
    tmp_path: Path, words: tuple[str, ...], changes: str
) -> None:
    content = band(4, 960)
    after = written(tmp_path, content, *words)
    assert lost(content, after, read_bytes(content), changes) is None
    assert read_bytes(after).song.notes != read_bytes(content).song.notes


def test_a_file_goes_on_in_its_own_metre_programs_and_tracks(tmp_path: Path) -> None:
    meters = [smf.meta(0, smf.METER, bytes((5, 3, 24, 8)))]
    tune = [(0, smf.PROGRAM, b"\x49"), *struck([(i * 240, 200, 60 + i % 5) for i in range(20)])]
    content = midi(track(meters), track(tune, "Flute"))
    after = read_bytes(written(tmp_path, content, "clip", "and on", "--from", "IN", "--bars", "2", "-o", "OUT"))
    assert [m for _, m in after.song.bars[:4]] == ["5/8"] * 4
    assert after.song.notes[:20] == read_bytes(content).song.notes
    assert dict(after.song.programs)["melody"] == 73
    assert {n.start // 1200 for n in after.song.notes} >= {4, 5}


@pytest.mark.parametrize(("beats", "unit"), [(5, 3), (7, 2), (3, 3), (9, 4)])
def test_a_bar_of_any_metre_is_redone_and_no_other(tmp_path: Path, beats: int, unit: int) -> None:
    bar = beats * BAR // (1 << unit)
    notes = struck([(i * 240, 200, 60 + i % 5) for i in range(8 * bar // 240)])
    content = midi(track([smf.meta(0, smf.METER, bytes((beats, unit, 24, 8)))]), track(notes, "Lead"))
    before = read_bytes(content).song
    after = read_bytes(written(tmp_path, content, "clip", "again", "--from", "IN", "--redo", "3", "-o", "OUT")).song
    assert after.bars == before.bars
    inside = range(2 * bar, 3 * bar)
    outside = [n for n in after.notes if n.part == "melody" and n.start not in inside]
    assert outside == [n for n in before.notes if n.start not in inside]
    assert [n for n in after.notes if n.start in inside] != [n for n in before.notes if n.start in inside]


def test_one_bar_of_a_long_song_is_redone_and_a_long_song_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = midi(track(struck([(i * BAR, 900, 60 + i % 12) for i in range(300)]), "Lead"))
    before = read_bytes(content).song
    after = read_bytes(written(tmp_path, content, "clip", "x", "--from", "IN", "--redo", "290", "-o", "OUT")).song
    assert [n for n in after.notes if n.start // BAR != 289] == [n for n in before.notes if n.start // BAR != 289]
    longer = read_bytes(written(tmp_path, content, "clip", "x", "--from", "IN", "--bars", "4", "-o", "OUT")).song
    assert (len(longer.bars), longer.notes[:300]) == (304, before.notes)
    assert main(["harmonise", str(tmp_path / "in.mid"), "-o", str(tmp_path / "out.mid")]) == 2
    assert "300 bars" in capsys.readouterr().err


def test_harmonising_keeps_the_kit_and_tells_of_parts_that_follow_other_chords(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pad = track([(0, smf.PROGRAM | 5, b"\x59"), *struck([(0, 3800, 64)], 5)], "pad")
    kit = track(struck([(i * 480, 100, 64) for i in range(8)], 9), "Kit")
    tune = track(struck([(i * 480, 400, 72 + i % 3) for i in range(8)]), "Lead")
    after = smf.parse(written(tmp_path, midi(tune, pad, kit), "harmonise", "IN", "-o", "OUT"))
    assert kit in after.tracks
    assert tune in after.tracks
    assert "left out, for they follow the old chords: pad" in capsys.readouterr().err


def test_a_file_is_written_down_up_to_a_limit_that_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.mid").write_bytes(midi(track(struck([(0, 400, 60), (1001 * BAR, 400, 60)]), "Lead")))
    assert main(["score", str(tmp_path / "x.mid"), "-o", str(tmp_path / "x.txt")]) == 2
    assert "1002 bars, and 1000 can be written down" in capsys.readouterr().err


def test_a_bar_of_odd_64ths_is_refused_on_paper_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.mid").write_bytes(
        midi(track([smf.meta(0, smf.METER, b"\x07\x06\x18\x08")]), track(struck([(0, 400, 60)]), "Lead"))
    )
    assert main(["sheet", str(tmp_path / "x.mid"), "-o", str(tmp_path / "x.musicxml")]) == 2
    assert "bar 1 is of 7/64" in capsys.readouterr().err


def test_what_was_out_of_order_in_a_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.mid").write_bytes(b"\xef\xbb\xbf" + band()[:-40])
    assert main(["explain", str(tmp_path / "x.mid")]) == 0
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 2
    assert "3 bytes before its header" in told[0]
    assert "cut short" in told[1]


WORDS = 'a "quoted"\tsad 😀 更暗, 120 bpm'


def test_a_file_of_ours_tells_its_words_and_what_refined_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, refined = tmp_path / "made.mid", tmp_path / "refined.mid"
    assert main(["clip", WORDS, "--bars", "2", "-o", str(made)]) == 0
    assert main(["refine", str(made), "drums off", "-o", str(refined)]) == 0
    for path, words in ((made, WORDS), (refined, f"{WORDS}, refined: drums off")):
        capsys.readouterr()
        assert main(["explain", str(path)]) == 0
        assert f"It came from the words “{words}”." in capsys.readouterr().out
    for more, told in (((), ((0, WORDS),)), (("busier",), ((0, WORDS), (2 * BAR, "busier")))):
        assert main(["clip", *more, "--from", str(made), "--bars", "2", "-o", str(refined)]) == 0, "its own will do"
        assert read_bytes(refined.read_bytes()).song.prompts == told


def test_a_part_that_is_redone_leaves_all_others_and_what_the_file_says(tmp_path: Path) -> None:
    made, redone = tmp_path / "made.mid", tmp_path / "redone.mid"
    assert main(["clip", WORDS, "--bars", "4", "--parts", "chords,bass,melody", "-o", str(made)]) == 0
    assert main(["refine", str(made), "up a fifth", "-o", str(made)]) == 0, "so that what is written anew is another"
    before = read_bytes(made.read_bytes()).song
    assert main(["clip", "--from", str(made), "--redo", "2,bass", "-o", str(redone)]) == 0
    after = read_bytes(redone.read_bytes()).song
    assert replace(after, notes=()) == replace(before, notes=())
    changed = set(before.notes) ^ set(after.notes)
    assert {n.part for n in changed} == {"bass"}
    assert {n.start // BAR for n in changed} == {1}
