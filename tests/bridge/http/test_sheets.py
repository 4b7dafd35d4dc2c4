"""POST /sheet: a .mid file in, its sheet out, by a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bridge.http import sheets
from bridge.http.sheets import MAX_PENDING, Sheets
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import Note, Ticks

ECHO = "import sys, pathlib; pathlib.Path(sys.argv[3]).write_text(repr([pathlib.Path(sys.argv[1]).read_bytes(), *sys.argv[4:]]))"


def child(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


async def posted(asked: Sheets, body: bytes, query: str = "") -> tuple[int, str, str]:
    app = web.Application()
    app.router.add_post("/sheet", asked.serve)
    async with TestClient(TestServer(app)) as client:
        answer = await client.post(f"/sheet{query}", data=body)
        return answer.status, answer.content_type, await answer.text()


def tune() -> bytes:
    notes = tuple(Note(Ticks(i * 480), Ticks(480), 60 + i, 80, "melody") for i in range(8))
    bars = ((Ticks(0), "4/4"), (Ticks(1920), "4/4"))
    chords = ((Ticks(0), "C"), (Ticks(1920), "G7"))
    return midifile.to_bytes(Song(bars, Ticks(3840), ((Ticks(0), 96.0),), "C major", notes, chords))


def test_a_song_comes_back_as_abc_with_its_chords_and_title() -> None:
    status, kind, text = asyncio.run(posted(Sheets(), tune(), "?title=Two%20bars"))
    assert (status, kind) == (200, "text/vnd.abc")
    assert "T:Two bars\n" in text
    assert '"C"' in text
    assert '"G7"' in text


def test_the_query_says_what_is_written_and_titles_are_one_line() -> None:
    status, kind, text = asyncio.run(posted(Sheets(child(ECHO)), b"x", "?as=musicxml&score=1&title=a%0A%00b"))
    assert (status, kind) == (200, "application/vnd.recordare.musicxml+xml")
    assert text == repr([b"x", "--title=ab", "--score"])


def test_another_form_is_refused() -> None:
    status, _, text = asyncio.run(posted(Sheets(child(ECHO)), b"x", "?as=pdf"))
    assert (status, text) == (400, "a sheet is written as one of abc musicxml txt, not pdf\n")


def test_what_is_no_song_is_refused_without_our_paths() -> None:
    status, _, text = asyncio.run(posted(Sheets(), b"no song"))
    assert status == 400
    assert "the music" in text
    assert "llmball-" not in text


@pytest.mark.parametrize(("code", "status"), [("import sys; sys.exit(1)", 500), ("import time; time.sleep(60)", 503)])
def test_a_fault_of_ours_and_a_process_that_hangs_are_told(code: str, status: int) -> None:
    assert asyncio.run(posted(Sheets(child(code), timeout=1.0), b"x"))[0] == status


def test_too_long_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_MIDI_BYTES", 10)
    assert asyncio.run(posted(Sheets(child(ECHO)), b"x" * 11))[0] == 413


def test_a_file_that_never_comes_is_given_up() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    async def begun() -> int:
        app = web.Application()
        app.router.add_post("/sheet", Sheets(child(ECHO), timeout=0.2).serve)
        async with TestClient(TestServer(app)) as client, client.post("/sheet", data=body()) as answer:
            return answer.status

    assert asyncio.run(asyncio.wait_for(begun(), 20)) == 408


def counting(at: Path) -> tuple[str, ...]:
    """Return a command that writes a sheet slowly, and an x into a file."""
    code = "import sys, time, pathlib; open(sys.argv[1], 'a').write('x'); time.sleep(.3); pathlib.Path(sys.argv[4]).write_text('s')"
    return *child(code), str(at)


def test_a_few_sheets_wait_and_more_are_refused(tmp_path: Path) -> None:
    async def asked() -> list[int]:
        app = web.Application()
        app.router.add_post("/sheet", Sheets(counting(tmp_path / "count")).serve)
        async with TestClient(TestServer(app)) as client:
            answers = await asyncio.gather(*(client.post("/sheet", data=b"x") for _ in range(MAX_PENDING + 3)))
            again = await client.post("/sheet", data=b"x")
            return [*sorted(answer.status for answer in answers), again.status]

    assert asyncio.run(asyncio.wait_for(asked(), 60)) == [200] * MAX_PENDING + [503] * 3 + [200]
    assert (tmp_path / "count").read_text() == "x" * (MAX_PENDING + 1)


def test_the_sheet_of_who_has_gone_is_not_written(tmp_path: Path) -> None:
    count = tmp_path / "count"

    async def asked() -> int:
        app, sheets_ = web.Application(), Sheets(counting(count))
        app.router.add_post("/sheet", sheets_.serve)
        async with TestClient(TestServer(app)) as client:
            first = asyncio.create_task(client.post("/sheet", data=b"x"))
            while sheets_._pending < 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            _, gone = await asyncio.open_connection(client.host, client.port)
            gone.write(b"POST /sheet HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
            while sheets_._pending < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            gone.transport.abort()
            last = await client.post("/sheet", data=b"x")
            assert (await first).status == 200
            return last.status

    assert asyncio.run(asyncio.wait_for(asked(), 60)) == 200
    assert count.read_text() == "xx"
