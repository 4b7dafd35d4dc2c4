"""Pieces of the songbook asked for by name at a real daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import BadRequest
from bridge.protocol.osc import Message
from bridge.protocol.requests import ScoreRequested, ScoresListed, parse_request
from bridge.runtime.daemon import Daemon
from model.music import midifile
from model.songbook.book import find, to_song
from model.songbook.reader import read_file
from model.songbook.rendering import perform
from tests.bridge.runtime.test_daemon import Client, run
from tests.model.songbook.texts import text

TUNE = "section A 1\nharmony\nC\nmelody\n1: C5:8 E5:8"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))


def test_a_piece_is_played_by_name_kept_in_the_bank_and_in_a_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("humanise", 0.0)
        client.send("key", "F# minor")
        client.send("score/play", "ledger", "lines")
        assert (await client.until("understood/tempo")).args == (140.0,)
        assert (await client.until("understood/key")).args != ("F# minor",), "a piece keeps its own key"
        await client.until("beat", 3, 1)
        client.send("score/bank", 4, "Gold Tooth")
        client.send("score/play", "nothing of this name")
        assert "no piece" in str((await client.until("error", "/llmball/score/play")).args[1])
        client.send("set/save", "live")
        saved.append(Path(str((await client.until("set/saved")).args[0])))
        client.send("bank/4/launch")
        await client.until("take", "2")
        client.send("score/bank", 4, "Basement Sermon")
        client.send("set/load", "live")
        await client.until("set/loaded")
        client.send("ping", 1)
        await client.until("pong", 1)
        client.send("stop")
        await client.until("state", "idle")

    saved: list[Path] = []
    run(tmp_path, steps, capsys)
    assert '[scores]\n4 = "gold-tooth"' in saved[0].read_text(encoding="utf-8")
    song, _ = to_song(perform(read_file(find("ledger-lines").path)))
    played = midifile.read(tmp_path / "out.mid")
    first = {(n.part, n.start, n.pitch) for n in song.notes if n.end <= 2 * 1920}
    assert first
    assert first <= {(n.part, n.start, n.pitch) for n in played.notes}


def test_a_text_is_played_and_its_faults_name_line_and_law(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("score/text", text(TUNE.replace("C5", "H5")))
        address, reason = (await client.until("error")).args
        assert (address, "A bar 1: structure: not a token" in str(reason)) == ("/llmball/score/text", True)
        client.send("score/text", text(TUNE))
        note = (await client.until("note")).args
        assert note[1:3] == ("melody", 72)

    run(tmp_path, steps, capsys)


def test_styles_and_their_pieces_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("score/list")
        told = (await client.until("score/styles")).args
        counts = dict(zip(told[::2], told[1::2], strict=True))
        client.send("score/list", "French", "house")
        first = (await client.until("score/piece", 1)).args
        assert first[1] == counts["french house"]
        assert first[4] == "french house"
        await client.until("score/piece", first[1])
        client.send("score/list", "polka of the moon")
        assert "no style" in str((await client.until("error")).args[1])

    run(tmp_path, steps, capsys)


def test_requests_for_pieces_are_checked() -> None:
    def asked(path: str, *args: int | str) -> object:
        return parse_request(Message(f"/llmball/score/{path}", args))

    assert asked("play", "gold", "tooth") == ScoreRequested("gold tooth")
    assert asked("bank", 3, "gold tooth") == ScoreRequested("gold tooth", slot=3)
    assert asked("list") == ScoresListed("")
    for path, args in (
        ("play", ()),
        ("bank", (17, "a")),
        ("bank", (3,)),
        ("bank", ()),
        ("text", ("",)),
        ("text", (3,)),
    ):
        with pytest.raises(BadRequest):
            asked(path, *args)
