"""POST /hear: a sound in, notes out, by a process of its own."""

from __future__ import annotations

import asyncio
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bridge.http import sound
from bridge.http.sound import Hearing

ECHO = "import sys, json; b = sys.stdin.buffer.read(); print(json.dumps([len(b), *sys.argv[1:]]))"


def child(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


async def posted(hearing: Hearing, body: bytes, query: str = "") -> tuple[int, str]:
    app = web.Application()
    app.router.add_post("/hear", hearing.serve)
    async with TestClient(TestServer(app)) as client:
        answer = await client.post(f"/hear{query}", data=body)
        return answer.status, await answer.text()


def test_a_sound_and_what_is_known_of_it_go_to_the_process_and_its_answer_comes_back() -> None:
    status, text = asyncio.run(posted(Hearing(child(ECHO)), b"x" * 100_000, "?tempo=96&meter=3/4&key=a%20minor"))
    assert (status, text.strip()) == (200, '[100000, "96", "3/4", "A minor"]')


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("?tempo=7", "a tempo is 0"),
        ("?tempo=fast", "could not convert"),
        ("?meter=4/5", "a metre is one of"),
        ("?key=H%20b", "key"),
    ],
)
def test_what_cannot_be_meant_is_refused(query: str, reason: str) -> None:
    status, text = asyncio.run(posted(Hearing(child(ECHO)), b"", query))
    assert status == 400
    assert reason in text


@pytest.mark.parametrize(("code", "status"), [(2, 400), (3, 501), (1, 500)])
def test_a_sound_that_cannot_be_heard_is_told_by_whose_fault_it_is(code: int, status: int) -> None:
    failing = child(f"import sys; sys.stdin.buffer.read(); sys.stderr.write('no tune'); sys.exit({code})")
    found, text = asyncio.run(posted(Hearing(failing), b"x"))
    assert found == status
    assert ("no tune" in text) == (code != 1)


def test_too_long_a_sound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound, "MAX_SOUND_BYTES", 10)
    assert asyncio.run(posted(Hearing(child(ECHO)), b"x" * 11))[0] == 413


def test_a_process_that_does_not_end_is_ended() -> None:
    endless = child("import sys, threading; sys.stdin.buffer.read(); threading.Event().wait()")
    status, text = asyncio.run(posted(Hearing(endless, timeout=0.2), b"x"))
    assert status == 503
    assert "in time" in text


def test_one_sound_is_heard_at_a_time() -> None:
    async def both() -> list[int]:
        hearing = Hearing(child(ECHO))
        app = web.Application()
        app.router.add_post("/hear", hearing.serve)
        async with TestClient(TestServer(app)) as client:
            answers = await asyncio.gather(*(client.post("/hear", data=b"x") for _ in range(2)))
            return sorted(a.status for a in answers)

    assert asyncio.run(both()) == [200, 503]


def test_a_sound_that_never_comes_is_given_up_so_that_others_are_heard() -> None:
    """One that sends its body a byte at a time would keep all others out."""

    async def steps() -> None:
        app = web.Application()
        app.router.add_post("/hear", Hearing(child("print('{}')"), timeout=0.2).serve)
        async with TestServer(app) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"POST /hear HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nRIFF")
            assert (await reader.readline()).split()[1] == b"408"
            writer.close()

    asyncio.run(asyncio.wait_for(steps(), 20))
