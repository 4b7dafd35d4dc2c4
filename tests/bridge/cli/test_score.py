from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.__main__ import main
from bridge.cli import commands
from bridge.cli.arguments import parser
from bridge.cli.score import Score, passes, play
from bridge.clock import Seconds
from bridge.errors import OwnerError
from bridge.midi.protocol import OpenFailed, Play, PlayerOrder, PlayerReport, Ready, ScheduledNote
from model.generation.composer import Composer
from model.music.midifile import Song, write
from model.music.midifile import read as read_song
from model.music.notes import Note, Ticks
from model.prompt.encoder import hash_encoder
from model.songbook.book import entries, find, text_of_file, to_song
from model.songbook.reader import read, read_file
from model.songbook.rendering import perform
from model.songbook.tables import PARTS
from tests.model.songbook.texts import spread, text
from tests.support.tiny_engine import engine

Said = pytest.CaptureFixture[str]
TUNE = "section A 2\nharmony\nC | G7\nchords\n1-2: x:16\nmelody\n1: C5:8 E5:8\n2: D5:16\npad\n1-2: C5:16\ndrums\nall:\nK 9...9...9...9..."


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    path = tmp_path / "piece.txt"
    path.write_text(text(TUNE), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", spread(6), ids=lambda p: p.stem)
def test_a_text_comes_back_from_the_file_it_was_written_as(path: Path, tmp_path: Path, capsys: Said) -> None:
    midi, back = tmp_path / "a.mid", tmp_path / "a.txt"
    assert main(["score", str(path), "--canonical", "-o", str(midi)]) == 0
    assert main(["score", str(midi), "-o", str(back)]) == 0
    assert perform(read_file(back)).notes() == perform(read_file(path)).notes()
    assert capsys.readouterr().err == ""


def test_a_performance_is_written_as_it_sounds_and_what_the_text_does_not_keep_is_told(
    tmp_path: Path, capsys: Said
) -> None:
    midi, back = tmp_path / "a.mid", tmp_path / "a.txt"
    assert main(["score", "Basement Sermon", "-o", str(midi)]) == 0
    assert capsys.readouterr().out.startswith(f"{midi}: 48 bars, 120 bpm, ")
    assert main(["score", str(midi), "-o", str(back)]) == 0
    assert "are put on the grid" in capsys.readouterr().err
    assert read_file(back).header.title == "Basement Sermon"


def test_a_piece_is_found_by_title_or_file_name_whatever_its_capitals_and_signs() -> None:
    assert find("basement sermon") == find("Basement-Sermon") == find("basement-sermon")
    for entry in entries():
        assert find(entry.title) is find(entry.name) is entry


def test_a_list_says_what_the_pieces_say() -> None:
    for path in spread(12):
        entry, piece = find(path.stem), read_file(path)
        header = piece.header
        said = (header.title, header.style, float(header.tempo), f"{header.tonic} {header.mode}", piece.bars)
        assert (entry.title, entry.style, entry.tempo, entry.key, entry.bars) == said


def test_names_near_an_unknown_one_are_proposed(capsys: Said) -> None:
    assert main(["score", "basement sermons", "--check"]) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "near: basement-sermon" in said) == (1, True)


def test_faults_name_file_line_column_section_bar_and_law_a_line_each(piece: Path, capsys: Said) -> None:
    piece.write_text(text(TUNE.replace("C5:8", "H5:8").replace("K 9...9", "K 9..9")), encoding="utf-8")
    for words in ([], ["--check"], ["-o", str(piece.with_suffix(".mid"))]):
        assert main(["score", str(piece), *words]) == 2
        first, second = capsys.readouterr().err.splitlines()
        assert first.startswith(f"{piece}:")
        assert "A bar 1: structure: " in first
        assert "structure" in second
    assert not piece.with_suffix(".mid").exists()


def test_warnings_are_no_errors_and_checking_only_checks(tmp_path: Path, capsys: Said) -> None:
    source = find("basement-sermon").path
    assert main(["score", str(source), "--check"]) == 0
    assert "48 bars, 0 errors" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "law"),
    [
        (["nowhere.txt"], "there is no file nowhere.txt"),
        (["folder/piece"], "there is no file folder/piece"),
        ([" "], "a piece has a name"),
        (["x", "-o", "x.ogg"], "written as .txt or .mid"),
    ],
)
def test_what_is_no_score_is_refused(words: list[str], law: str, tmp_path: Path, capsys: Said) -> None:
    with pytest.MonkeyPatch.context() as here:
        here.chdir(tmp_path)
        with pytest.raises(SystemExit):
            main(["score", *words])
    assert law in capsys.readouterr().err


def test_bytes_that_are_no_text_and_no_mid_file_are_the_owners_error(tmp_path: Path, capsys: Said) -> None:
    for name in ("a.txt", "a.mid", "a"):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00")
        assert main(["score", str(tmp_path / name), "-o", str(tmp_path / "b.txt")]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_what_a_file_of_others_has_and_a_text_has_not_is_told(tmp_path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name="Lead; vocal"))
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    track.append(mido.Message("control_change", control=64, value=127))
    track.append(mido.Message("note_on", note=60, velocity=80, time=7))
    track.append(mido.Message("note_off", note=60, velocity=0, time=480))
    track.append(mido.MetaMessage("set_tempo", tempo=400_000))
    file.tracks.append(track)
    file.save(str(tmp_path / "a;b.mid"))
    written, told = text_of_file(tmp_path / "a;b.mid")
    assert read(written).header.title == "a b"
    assert any("melody: 1 of 1 notes are put on the grid" in sentence for sentence in told)
    assert any("tempo: the first of 2" in sentence for sentence in told)
    assert any("1 messages control_change" in sentence for sentence in told)


notes = st.builds(
    lambda start, length, pitch, velocity, part: Note(Ticks(start), Ticks(length), pitch, velocity, part),
    st.integers(0, 3839), st.integers(1, 2000), st.integers(0, 127), st.integers(1, 127),
    st.sampled_from(("chords", "melody", "bass", "drums")),
)  # fmt: skip


@given(st.lists(notes, min_size=1, max_size=12), st.sampled_from(("C major", "F# minor", "A dorian")))
def test_any_song_can_be_written_down(tmp_path_factory: pytest.TempPathFactory, found: list[Note], key: str) -> None:
    bars = ((Ticks(0), "4/4"), (Ticks(1920), "4/4"))
    path = tmp_path_factory.mktemp("song") / "a.mid"
    write(path, Song(bars, Ticks(3840), ((Ticks(0), 100.0),), key, tuple(found)))
    kept = perform(read(text_of_file(path)[0])).notes()
    assert all(n.end <= 3840 for part in kept for n in kept[part])


def test_a_piece_as_a_song_has_all_its_notes() -> None:
    performance = perform(read(text(TUNE)))
    song, left = to_song(performance)
    rendered = performance.rendered()
    assert {(n.part, n.start, n.pitch, n.length, n.velocity) for n in song.notes} == {
        (part, n.start, n.pitch, n.length, n.velocity)
        for part in ("chords", "melody", "pad", "drums")
        for n in rendered[part]
    }
    assert left == ""
    assert song.chords == ((0, "C"), (1920, "G7"))


def test_a_clip_goes_on_from_a_piece_of_the_songbook(tmp_path: Path, capsys: Said) -> None:
    out = tmp_path / "out.mid"
    words = ["clip", "more", "--from", "gold tooth", "--bars", "2", "--parts", "drums", "-o", str(out)]
    assert commands.write_clips(parser().parse_args(words), lambda _: Composer(hash_encoder(), engine(1))) == 0
    song, left = to_song(perform(read_file(find("gold-tooth").path)))
    longer = read_song(out)
    assert left == ""
    assert len(longer.bars) == len(song.bars) + 2
    assert {n for n in longer.notes if n.end <= song.end} >= {n for n in song.notes if n.end < song.end}


def test_a_clip_cannot_go_on_from_what_is_not_there(tmp_path: Path, capsys: Said) -> None:
    assert main(["clip", "more", "--from", "basement sermons", "-o", str(tmp_path / "out.mid")]) == 2
    assert "near: basement-sermon" in capsys.readouterr().err


# played


@dataclass
class FakePlayer:
    """A player whose port opens at once, or does not, and which may end."""

    first: PlayerReport | None
    sent: list[PlayerOrder] = field(default_factory=list)
    closed: bool = False
    report: Callable[[PlayerReport], None] = lambda _: None

    def listen(self, on_message: Callable[[PlayerReport], None], on_exit: Callable[[], None]) -> None:
        """Report at once."""
        if self.first is None:
            on_exit()
        else:
            on_message(self.first)

    def send(self, message: PlayerOrder) -> None:
        """Keep the order."""
        self.sent.append(message)

    def close(self) -> None:
        """Note it."""
        self.closed = True


class Waits(queue.Queue[PlayerReport | None]):
    """Reports whose waiting moves a virtual clock; interrupted at a moment, as by Ctrl-C."""

    def __init__(self, interrupt: float = 1000.0) -> None:
        super().__init__()
        self.now, self.interrupt = 0.0, interrupt

    def get(self, block: bool = True, timeout: float | None = None) -> PlayerReport | None:
        """Return a report, or let the time pass."""
        if not self.empty() or timeout is None:
            return super().get()
        self.now += timeout
        if self.now > self.interrupt:
            raise KeyboardInterrupt
        raise queue.Empty

    def clock(self) -> Seconds:
        """Return the virtual time."""
        return Seconds(self.now)


SCORE = Score((ScheduledNote(Ticks(0), Ticks(480), 0, 60, 80, "chords", Ticks(0)),), Ticks(1920), 120.0)


def test_a_score_is_played_to_its_end_and_the_player_is_closed() -> None:
    player, waits = FakePlayer(Ready("port", False)), Waits()
    play(SCORE, lambda: player, clock=waits.clock, reports=waits)
    assert [order.notes for order in player.sent if isinstance(order, Play)] == [SCORE.notes]
    assert player.closed
    assert 2 <= waits.now < 2.5


def test_a_score_that_loops_plays_without_a_gap_until_it_is_interrupted() -> None:
    player, waits = FakePlayer(Ready("port", False)), Waits(interrupt=9)
    with pytest.raises(KeyboardInterrupt):
        play(SCORE, lambda: player, loop=True, clock=waits.clock, reports=waits)
    begun = [order.notes[0].at for order in player.sent if isinstance(order, Play)]
    assert begun == [1920 * i for i in range(len(begun))]
    assert len(begun) >= 4
    assert player.closed


@pytest.mark.parametrize(("first", "what"), [(OpenFailed("no port: start JACK"), "start JACK"), (None, "ended")])
def test_a_port_that_does_not_open_is_the_owners_error(first: PlayerReport | None, what: str) -> None:
    player, waits = FakePlayer(first), Waits()
    with pytest.raises(OwnerError, match=what):
        play(SCORE, lambda: player, clock=waits.clock, reports=waits)
    assert player.closed


def test_every_pass_has_every_note() -> None:
    both = [notes for _, notes in zip(range(2), passes(SCORE, loop=True), strict=False)]
    assert [len(found) for _, found in both] == [1, 1]


def test_a_piece_is_recorded_where_the_output_says_so(piece: Path, tmp_path: Path) -> None:
    assert main(["score", str(piece), "--output", f"record:{tmp_path / 'out.mid'}"]) == 0
    tracks = {track.name for track in mido.MidiFile(str(tmp_path / "out.mid")).tracks}
    assert {"chords", "melody", "pad", "drums"} <= tracks <= {*PARTS, "A Test"}


def test_a_piece_is_played_by_a_real_player(tmp_path: Path, capsys: Said) -> None:
    path = tmp_path / "short.txt"
    path.write_text(text("section A 1\nharmony\nC\nmelody\n1: C5:2", meter="1/8", tempo="300"), encoding="utf-8")
    assert main(["score", str(path), "--output", "none"]) == 0
    assert capsys.readouterr().out == "playing on none\n"
