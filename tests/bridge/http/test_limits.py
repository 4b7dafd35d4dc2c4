"""What one host may hold and try at the HTTP server: the deciders alone, then by a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import pytest

from bridge.clock import Seconds
from bridge.config import Config
from bridge.http import app, connections, websocket
from bridge.http.access import RequestSource
from bridge.http.broadcast import MAX_QUEUED_BYTES, MAX_REPLIES, Broadcaster, Listener
from bridge.http.limits import (
    FREE_GUESSES,
    LONGEST_WAIT,
    MAX_CONNECTIONS,
    MAX_CONNECTIONS_PER_HOST,
    MAX_GUESSERS,
    STALL_TIMEOUT,
    Guesses,
    Stalls,
    is_admitted,
    max_connections,
)
from bridge.midi.output_ports import OutputConfig
from bridge.processes import child_processes
from bridge.processes.child_processes import SWITCH_INTERVAL, OutputChoice
from tests.support.probes.panels import Visit, visited


def test_connections_leave_descriptors_to_children_and_files() -> None:
    assert max_connections(float("inf")) == max_connections(1024) == MAX_CONNECTIONS
    assert max_connections(64) + 50 < 64
    assert max_connections(24) == 2


def test_no_host_takes_every_connection() -> None:
    limit = MAX_CONNECTIONS
    many = ["10.0.0.1"] * MAX_CONNECTIONS_PER_HOST
    assert not is_admitted("10.0.0.1", False, many, limit)
    assert is_admitted("10.0.0.2", False, many, limit)
    assert is_admitted("127.0.0.1", True, many, limit)
    assert not is_admitted("127.0.0.1", True, ["127.0.0.1"] * (limit * 5 // 6), limit), "a sixth is left to others"
    assert not is_admitted("10.0.0.2", False, [f"10.0.1.{n}" for n in range(limit)], limit)


def test_who_reads_nothing_of_what_waits_is_found_and_who_reads_slowly_is_not() -> None:
    stalls = Stalls()
    for at in range(0, 100, 5):
        unread = [("deaf", 5000 + at), ("slow", 5000 - at), ("idle", 0)]
        found = stalls.stalled(unread, Seconds(at))
        assert found == (["deaf"] if at >= STALL_TIMEOUT else [])


def test_who_reads_steadily_is_not_stalled_though_as_much_waits_at_every_look() -> None:
    stalls = Stalls()
    for at in range(0, 100, 5):
        assert stalls.stalled([("steady", 100_000)], Seconds(at)) == []
        stalls.went_on("steady", Seconds(at + 3))
        stalls.went_on("idle", Seconds(at + 3))


def test_wrong_tokens_make_a_host_wait_longer_and_longer_up_to_a_bound() -> None:
    guesses = Guesses()
    now = Seconds(0)
    tried = 0
    while now < 3600:
        wait = guesses.wait("10.0.0.1", now)
        if wait:
            now = Seconds(now + wait)
            continue
        guesses.wrong("10.0.0.1", now)
        tried += 1
        assert guesses.wait("10.0.0.1", now) <= LONGEST_WAIT
    assert tried < 150, "it was 1,400 a second"
    assert guesses.wait("10.0.0.2", now) == 0


def test_a_right_token_forgets_the_wrong_ones_and_hosts_are_bounded() -> None:
    guesses = Guesses()
    for _ in range(FREE_GUESSES - 1):
        guesses.wrong("10.0.0.1", Seconds(0))
    guesses.right("10.0.0.1")
    assert guesses.wrong("10.0.0.1", Seconds(0)) == 1
    for number in range(3 * MAX_GUESSERS):
        guesses.wrong(str(number), Seconds(0))
    assert len(guesses._wrong) <= MAX_GUESSERS


def test_a_forgotten_page_that_shows_its_old_token_again_and_again_locks_nobody_out() -> None:
    guesses = Guesses()
    counts = []
    for at in range(0, 300, 3):
        counts += [guesses.wrong("10.0.0.1", Seconds(at), day) for day in ("of yesterday", "of the day before")]
        assert guesses.wait("10.0.0.1", Seconds(at)) == 0
    assert counts == [1, 2] + [0] * 198
    assert [guesses.wrong("10.0.0.1", Seconds(300), f"guess {n}") for n in range(2)] == [3, 4]


def test_who_guesses_is_answered_401_then_429_and_the_owner_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def steps(v: Visit) -> None:
        def source(token: str) -> RequestSource:
            return RequestSource("10.0.0.9", ("10.0.0.1", v.port), f"10.0.0.1:{v.port}", None, token)

        def status(token: str) -> int | None:
            refusal = v.panel._check_source(source(token))
            return None if refusal is None else refusal.status

        wrong = [status(token) for token in ("\udcff\udcfe", *(f"guess {n}" for n in range(2000)))]
        assert wrong[:FREE_GUESSES] == [401] * FREE_GUESSES
        assert wrong.count(401) <= FREE_GUESSES + 2
        assert set(wrong) == {401, 429}
        assert status("a-long-token") == 429, "while it waits nothing is compared"
        refusal = v.panel._check_source(source("x"))
        assert refusal is not None
        assert int(refusal.headers["Retry-After"]) >= 1

    visited(steps)
    assert sum("wrong tokens" in line for line in caplog.messages) == 1


async def raw(v: Visit, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", v.port)
    writer.write(data)
    return reader, writer


def test_half_a_header_and_a_silent_connection_are_ended_at_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "IDLE_TIMEOUT", 0.2)

    async def steps(v: Visit) -> None:
        for sent in (
            b"",
            b"GET / HTTP/1.1\r\nHo",
            f"GET /sets HTTP/1.1\r\nHost: 127.0.0.1:{v.port}\r\n\r\nGET /".encode(),
        ):
            reader, writer = await raw(v, sent)
            answer = await reader.read()  # until the server ends it
            assert answer == b"" or answer.startswith(b"HTTP/1.1 200")
            writer.close()

    visited(steps)


def test_a_thousand_idle_connections_hold_few_descriptors_and_others_still_come(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "descriptor_limit", lambda: 96.0)  # 20 connections, 16 of one host
    monkeypatch.setattr(app, "IDLE_TIMEOUT", 0.5)

    async def steps(v: Visit) -> None:
        opened = [await raw(v, b"GET") for _ in range(100)]
        held = v.panel._connections
        assert held is not None
        assert len(held._server.connections) <= 16
        ended = [await asyncio.wait_for(reader.read(), 10) for reader, _ in opened]
        assert ended == [b""] * 100
        for _, writer in opened:
            writer.close()
        async with v.http.get(v.at + "/sets") as answer:
            assert answer.status == 200

    visited(steps)


def test_one_that_asks_for_megabytes_and_reads_nothing_holds_little_and_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "SWEEP_INTERVAL", 0.05)
    clock = iter(range(0, 10_000, 5))
    monkeypatch.setattr(connections, "monotonic", lambda: Seconds(next(clock)))

    async def steps(v: Visit) -> None:
        reader, writer = await raw(v, f"GET /page/band.sf3 HTTP/1.1\r\nHost: 127.0.0.1:{v.port}\r\n\r\n".encode())
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        held = v.panel._connections
        assert held is not None
        most = 0
        while held._server.connections or not most:
            sizes = [h.transport.get_write_buffer_size() for h in held._server.connections if h.transport]
            most = max([most, *sizes])
            await asyncio.sleep(0.01)
        assert most <= 2 * app.CHUNK + 2**16
        writer.close()
        assert reader is not None

    visited(steps)


def test_a_large_file_comes_whole() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.get(v.at + "/page/band.sf3") as answer:
            data = await answer.read()
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert data == (Path(app.PAGE_FOLDER) / "band.sf3").read_bytes()

    visited(steps)


def test_the_head_of_a_large_file_has_no_body() -> None:
    async def steps(v: Visit) -> None:
        for name in ("band.sf3", "main.js"):
            reader, writer = await raw(
                v, f"HEAD /page/{name} HTTP/1.1\r\nHost: 127.0.0.1:{v.port}\r\nConnection: close\r\n\r\n".encode()
            )
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            size = (Path(app.PAGE_FOLDER) / name).stat().st_size
            assert f"Content-Length: {size}".encode() in head
            assert body == b""
            writer.close()

    visited(steps)


class SameAtEveryLook(Stalls):
    """Finds as much waiting at every look: the worst that samples of a steady reader can be."""

    def stalled(self, unread: Iterable[tuple[object, int]], now: Seconds) -> list[object]:
        return super().stalled([(connection, 100_000) for connection, _ in unread], now)


def test_a_large_file_comes_whole_to_who_reads_it_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [Seconds(0)]
    monkeypatch.setattr(connections, "monotonic", lambda: clock[0])

    async def steps(v: Visit) -> None:
        held = v.panel._connections
        assert held is not None
        held._stalls = SameAtEveryLook()
        reader, writer = await raw(v, f"GET /page/band.sf3 HTTP/1.1\r\nHost: 127.0.0.1:{v.port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length:")[1].split()[0])
        for left in range(size, 0, -(1 << 19)):
            await reader.readexactly(min(left, 1 << 19))
            clock[0] = Seconds(clock[0] + 5)
            held._sweep()
        writer.close()

    visited(steps)


def test_what_waits_for_a_listener_is_bounded_in_bytes_and_is_let_go_once() -> None:
    let_go: list[int] = []
    listener = Listener(lambda: let_go.append(1))
    for _ in range(1000):
        listener.send_frame("x" * 10_000)
    assert let_go == [1]
    assert listener.queue.empty()
    greedy = Listener(lambda: let_go.append(2))
    for _ in range(1000):
        greedy.reply(("/llmball/error", "", "no"))
    assert let_go == [1, 2]
    assert greedy.replies == []
    assert MAX_REPLIES < 1000
    assert MAX_QUEUED_BYTES < 1 << 20


def test_a_socket_that_asks_for_errors_and_never_reads_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CLOSE_TIMEOUT", 0.1)

    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws", compress=0) as ws:
            connection = ws._response.connection
            assert connection is not None
            assert connection.transport is not None
            connection.transport.pause_reading()
            held = v.panel._connections
            assert held is not None
            while v.panel.listener_count:
                for listener in list(v.panel._broadcaster.listeners):
                    listener.send_frame("x" * 200_000)
                await asyncio.sleep(0)
            await until_none(held)
            connection.transport.resume_reading()

    visited(steps)


async def until_none(held: connections.Connections) -> None:
    """Wait until no connection is open."""
    while any(h.transport is not None for h in held._server.connections):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def test_pings_have_a_share_like_any_message_and_are_answered() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws", autoping=False) as ws:
            await ws.ping(b"one")
            assert (await ws.receive()).data == b"one"
            loop = asyncio.get_running_loop()
            began, count = loop.time(), 800  # 0.4 s of a share that is saved up to 0.2 s
            for _ in range(count):
                await ws.ping()
            for _ in range(count):
                assert (await ws.receive()).type is aiohttp.WSMsgType.PONG
            assert loop.time() - began > 0.4

    visited(steps)


def test_sixty_four_questions_for_the_ports_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def listed(_: OutputChoice) -> list[str]:
        asked.append(1)
        return ["virtual"]

    monkeypatch.setattr(OutputChoice, "available", listed)

    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws") as ws, v.http.ws_connect(v.at + "/ws") as other:
            frame = json.dumps([["ports"]] * 64)
            await ws.send_str(frame)
            assert (await ws.receive_json()) == [["ports", ["virtual"]]]
            await other.send_str('["ports"]')
            assert (await other.receive_json()) == [["ports", ["virtual"]]]
        assert len(asked) == 2

    visited(steps)


def test_of_four_thousand_ports_asked_for_the_last_is_opened_and_few_players_are_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child_processes, "SWITCH_INTERVAL", 0.05)
    assert SWITCH_INTERVAL >= 0.5

    async def switch() -> None:
        begun: list[str | None] = []
        choice = OutputChoice(
            OutputConfig("none", "auto", per_part=False, port_name="LLMBall", parts=("chords",)),
            lambda: begun.append(choice.given().output),
        )
        choice._available = ["virtual", "synth"]
        for number in range(4001):
            choice.choose(("virtual", "synth")[number % 2])
        while begun[-1] != "virtual" or choice._timer is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert len(begun) <= 3
        choice.choose("virtual")
        assert len(begun) <= 3, "who has it already is not begun anew"

    asyncio.run(asyncio.wait_for(switch(), 20))


def test_every_address_of_ipv6_is_ipv4_too() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")

    async def steps(v: Visit) -> None:
        for host in ("127.0.0.1", "[::1]"):
            async with v.http.get(f"http://{host}:{v.port}/sets") as answer:
                assert answer.status == 200, host

    visited(steps, Config(http=("::", 0)))


def test_a_closed_broadcaster_has_nothing_left() -> None:
    broadcaster = Broadcaster(lambda: ())
    gone: list[int] = []
    broadcaster.listeners.add(Listener(lambda: gone.append(1)))
    broadcaster.close()
    assert gone == [1]
