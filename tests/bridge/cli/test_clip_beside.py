"""`llmball clip --with`, `--groove` and `--from hum.wav`, without the shipped weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.cli import commands
from bridge.cli.arguments import parser
from bridge.errors import OwnerError
from model.clips.clip import Writer
from model.generation.composer import Composer
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import Note, Ticks
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

BAR = 1920


def opened(_: Path | None) -> Writer:
    return Composer(hash_encoder(), engine())


def run(*words: str) -> int:
    return commands.write_clips(parser("clip").parse_args(["clip", *words]), opened)


@pytest.fixture
def keys(tmp_path: Path) -> str:
    notes = tuple(
        Note(Ticks(b * BAR), Ticks(BAR), p, 80, "chords") for b, root in enumerate((57, 53)) for p in (root, root + 4 - (b == 0), root + 7)
    )  # fmt: skip
    song = Song(((Ticks(0), "4/4"), (Ticks(BAR), "4/4")), Ticks(2 * BAR), ((Ticks(0), 96.0),), "A minor", notes)
    midifile.write(tmp_path / "keys.mid", song)
    return str(tmp_path / "keys.mid")


def test_the_missing_part_alone_is_written_and_what_was_heard_is_told(
    keys: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bass.mid"
    assert run("a bass for this", "--with", keys, "-o", str(out), "--seed", "1", "--bars", "3") == 0
    song = midifile.read(out)
    assert {n.part for n in song.notes} == {"bass"}
    assert (len(song.bars), round(song.tempos[0][1]), song.key) == (3, 96, "A minor")
    assert "heard: chords; A minor, 4/4 at 96, 3 bars; chords Am | F" in capsys.readouterr().out
    assert run("a bass", "--with", keys, "--whole", "-o", str(out), "--seed", "1") == 0
    assert {n.part for n in midifile.read(out).notes} == {"bass", "chords"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--from", "x.mid"), "leave --from"), (("--keep", "bass"), "--keep"), (("--parts", "chords"), "nothing is left"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(keys: str, tmp_path: Path, words: tuple[str, ...], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("x.mid").write_bytes(Path(keys).read_bytes())
    with pytest.raises(OwnerError, match=reason):
        run("a bass", "--with", keys, *words, "-o", "y.mid")


def test_without_words_there_is_nothing_to_write_unless_it_is_for_something(tmp_path: Path) -> None:
    with pytest.raises(OwnerError, match="say what to write"):
        run("-o", str(tmp_path / "x.mid"))


def test_a_groove_of_too_few_notes_is_refused(tmp_path: Path) -> None:
    song = Song(((Ticks(0), "4/4"),), Ticks(BAR), ((Ticks(0), 96.0),), "C major", (Note(Ticks(0), Ticks(60), 36, 80, "drums"),))  # fmt: skip
    midifile.write(tmp_path / "one.mid", song)
    with pytest.raises(OwnerError, match="4 notes at least"):
        run("house", "--groove", str(tmp_path / "one.mid"), "-o", str(tmp_path / "x.mid"))


def test_a_sound_that_is_none_is_refused_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "hum.wav").write_bytes(b"RIFF")
    with pytest.raises(OwnerError, match=r"no \.wav file"):
        run("folk", "--from", str(tmp_path / "hum.wav"), "-o", str(tmp_path / "x.mid"))
