from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType

from bridge.clock import Seconds, TempoMap
from bridge.config import DEFAULT_HTTP, Config
from bridge.errors import OwnerError
from bridge.http import websocket
from bridge.http.app import first_sound, has_display
from bridge.protocol import osc
from bridge.protocol.events import ControlSet, PromptRequested
from bridge.storage import kept_takes
from tests.support.probes.panels import Visit, until, visited


def test_a_page_of_ours_alone_may_open_the_socket_and_only_by_our_name() -> None:
    async def steps(v: Visit) -> None:
        for headers in (
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": f"https://127.0.0.1:{v.port}"},
            {"Origin": f"http://localhost:{v.port}"},  # our own page under another name has a foreign Origin
            {"Host": "evil.example"},
            {"Host": f"evil.example:{v.port}"},
            {"Host": f"127.0.0.1.evil.example:{v.port}"},
            {"Host": "127.0.0.1:1"},
            {"Host": f"127.0.0.1@evil.example:{v.port}"},
            {"Host": ""},
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await v.http.ws_connect(v.at + "/ws", headers=headers)
            assert refused.value.status in (400, 403), headers
            for path in ("/", "/takes", "/llmball", "/page/main.js"):
                async with v.http.get(v.at + path, headers=headers) as answer:
                    assert answer.status in (400, 403), headers
        async with v.http.ws_connect(v.at + "/ws", headers={"Origin": v.at}) as ws:
            await ws.send_str('["/llmball/ping", 3]')
            assert await until(ws, "/llmball/pong") == ["/llmball/pong", 3]

    visited(steps)


@pytest.mark.parametrize(
    "frame",
    [
        "", "{", "null", "7", '"/llmball/play"', "[]", "[[]]", "[[7]]", '[["/llmball/tempo", null]]', "[NaN]",
        '["/llmball/tempo", true]', '["/llmball/tempo", [120]]', '["/llmball/tempo", {"a": 1}]',
        '["/llmball/tempo", 1e999]', '["/llmball/tempo", ' + "9" * 4000 + "]", '["/llmball/prompt", "\\ud800"]',
        "[" * 5000, '{"COMMAND": "LISTEN"}', '{"COMMAND": "RM", "DATA": "/"}', '["/llmball/tempo", 500]', '["/llmball/nothing"]',
        '["/llmball/play"]', '["port", "nowhere"]', '["sync", "x"]', '["/etc/passwd"]', b"", b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc",
        b"/llmball/tempo\0\0,f\0", json.dumps([["/llmball/ping", 1]] * 65),
    ],
    ids=lambda frame: repr(frame[:24]),
)  # fmt: skip
def test_a_malformed_frame_is_answered_and_changes_nothing(frame: str | bytes) -> None:
    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws") as ws:
            await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))
            await ws.send_str('["/llmball/ping", 4]')
            refused = await ws.receive_json()
            assert refused[0][0] == "/llmball/error"
            assert v.behind.wanted == []

    visited(steps)


def test_an_oversized_frame_ends_its_own_socket_only() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws") as other, v.http.ws_connect(v.at + "/ws") as ws:
            await ws.send_str(json.dumps(["/llmball/prompt", "x" * websocket.MAX_FRAME]))
            last = await ws.receive()
            assert last.type is WSMsgType.CLOSE
            assert last.data == 1009
            await other.send_str('["/llmball/ping", 4]')
            await until(other, "/llmball/pong")
        assert v.behind.wanted == []
        async with v.http.get(v.at + "/", headers={"X": "y" * 20000}) as answer:
            assert answer.status == 400
        async with v.http.post(v.at + "/takes", data=b"x" * 10) as answer:
            assert answer.status == 405

    visited(steps)


def test_no_path_leads_out_of_what_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "takes").mkdir(parents=True)
    (tmp_path / "home" / "taste.json").write_text("secret")
    (tmp_path / "home" / "takes" / "t1.mid").write_bytes(b"MThd")
    assert kept_takes.kept_file("../taste.json") is None

    async def steps(v: Visit) -> None:
        async def raw(path: str) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", v.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{v.port}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            return answer

        for path in (
            "/takes/../taste.json", "/takes/..%2ftaste.json", "/takes/%2e%2e/taste.json", "/takes/..%5ctaste.json",
            "/takes/....//taste.json", "/takes/.t1.mid", "/takes/t1.mid%00", "/page/../panel.py", "/page/..%2fpanel.py",
            "/page/%2e%2e%2fpanel.py", "//etc/passwd", "/page//etc/passwd", "/../../../../etc/passwd", "/takes/%2fetc%2fpasswd",
        ):  # fmt: skip
            answer = await raw(path)
            assert b" 404 " in answer.split(b"\r\n")[0] or b" 400 " in answer.split(b"\r\n")[0], path
            assert b"secret" not in answer
            assert b"root:" not in answer
        assert (await raw("/takes/t1.mid")).endswith(b"MThd")

    visited(steps)


def test_the_pieces_of_the_songbook_are_listed() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.get(v.at + "/scores") as answer:
            rows = await answer.json()
        assert ["gold-tooth", "Gold Tooth", "french house", 126.0, "C minor", "4/4", 16] in rows

    visited(steps)


def test_who_comes_in_later_is_told_what_holds() -> None:
    async def steps(v: Visit) -> None:
        v.panel.publish("understood/tempo", (82.0,))
        v.panel.publish("understood/overruled", ("key", "key"))
        v.panel.publish("note", ("1", "chords", 60, 80, 0.0, 4.0))
        v.panel.publish("note", ("1", "chords", 64, 80, 6.0, 1.0))
        v.panel.publish("cancelled", ("1", "chords", 2.0))
        v.panel.set_tempo_map(TempoMap.starting_at(82, Seconds(5)))
        async with v.http.ws_connect(v.at + "/ws") as ws:
            await ws.send_str('["/llmball/hello"]')
            said: list[list[object]] = []
            while not any(s[0] == "/llmball/welcome" for s in said):
                said += await ws.receive_json()
        assert ["/llmball/understood/tempo", 82.0] in said
        assert ["/llmball/understood/overruled", "key", "key"] in said
        assert [s for s in said if s[0] == "/llmball/note"] == [["/llmball/note", "1", "chords", 60, 80, 0.0, 2.0]]
        assert ["/llmball/key", "auto"] in said
        assert ["tempo_map", [[0.0, 5, 82]]] in said
        assert ["planned", [[0.0, 1, 1, "Am7"]]] in said
        assert ["entered", 3, 2] in said
        assert ["bank", {"3": "rain"}] in said

    visited(steps)


def test_what_sounds_is_explained_in_a_sentence_and_so_is_what_comes() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws") as ws:
            await ws.send_str('["/llmball/hello"]')
            assert await until(ws, "explained") == ["explained", "", ""]
            v.panel.publish("understood/key", ("C major",))
            v.panel.publish("chord", ("G7", 0, 4))
            now, then = (await until(ws, "explained"))[1:]
            assert now == "G7 is V7 in C major: the dominant, which pulls home to C."
            assert str(then).startswith("Am7 is vi7 in C major")
            v.behind.settings["key"] = "A minor"
            v.panel.schedule_update()
            assert str((await until(ws, "explained"))[2]).endswith("home.")
            v.behind.settings["key"] = "C [0,1,2]"
            v.panel.schedule_update()
            assert len(await until(ws, "explained")) == 3
            v.panel.publish("state", ("idle",))
            assert await until(ws, "explained") == ["explained", "", ""]

    visited(steps)


def test_what_one_panel_sets_the_others_are_told_once_with_its_last_value() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws") as one, v.http.ws_connect(v.at + "/ws") as other:
            await other.send_str('["/llmball/hello"]')
            await until(other, "/llmball/welcome")
            await one.send_str(json.dumps([["/llmball/tempo", t] for t in (90, 100, 110)]))
            await one.send_bytes(osc.encode("/llmball/prompt", ("rain",)))
            await one.send_str('["/llmball/ping", 1]')
            await until(one, "/llmball/pong")
            v.panel.schedule_update()
            while (told := (await until(other, "/llmball/tempo"))[1]) == 0.0:
                continue
            assert told == 110.0
        assert v.behind.wanted[-1] == PromptRequested("rain")
        assert v.behind.wanted[:-1] == [ControlSet("tempo", t) for t in (90.0, 100.0, 110.0)]

    visited(steps)


def test_one_that_does_not_read_is_let_go_and_the_others_hear_on() -> None:
    async def steps(v: Visit) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", v.port, limit=1024)
        writer.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{v.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        hello = b'["/llmball/hello"]'
        writer.write(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
        async with v.http.ws_connect(v.at + "/ws") as ws:
            await ws.send_str('["/llmball/hello"]')
            await until(ws, "/llmball/welcome")
            listeners = v.panel.listener_count
            while v.panel.listener_count == listeners:
                v.panel.publish("take", ("x" * 200_000,))
                await until(ws, "/llmball/take")
            await ws.send_str('["/llmball/ping", 1]')
            await until(ws, "/llmball/pong")
        writer.close()

    visited(steps)


def test_a_taken_usual_port_gives_way_and_another_is_the_owners_to_mend() -> None:
    async def steps(v: Visit) -> None:
        with pytest.raises(OwnerError, match="--http 127"):
            await asyncio.to_thread(visited, steps, Config(http=("127.0.0.1", v.port)))

    visited(steps)

    async def again(v: Visit) -> None:
        ports.append(v.port)
        if len(ports) == 1:
            await asyncio.to_thread(visited, again, Config(http=DEFAULT_HTTP))

    ports: list[int] = []
    visited(again, Config(http=DEFAULT_HTTP))
    assert len(set(ports)) == 2


@pytest.mark.parametrize(
    ("midi", "display", "told"),
    [
        ("file:llmball.mid", False, "no display here; open P in a browser of this machine. Its sound button plays here; ./llmball.mid grows at every bar"),
        ("jack:llmball:LLMBall", True, "the panel opens: P. Its sound button plays here; MIDI goes to jack:llmball:LLMBall"),
        ("none", True, "the panel opens: P. Its sound button plays here"),
    ],
)  # fmt: skip
def test_the_owner_is_told_where_to_hear_the_band(midi: str, display: bool, told: str) -> None:
    assert first_sound("P", midi, display=display) == told


@pytest.mark.parametrize(
    ("environment", "platform", "opened"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({}, "darwin", True),
    ],
)
def test_a_browser_is_opened_only_where_there_is_a_display(
    environment: dict[str, str], platform: str, opened: bool
) -> None:
    assert has_display(environment, platform) is opened


def test_keys_of_a_page_count_as_midi_input_and_nothing_else_does() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws") as ws:
            for played in ([0x90, 60, 80], [0x8F, 60, 0], [0xB0, 20, 127], [0xC1, 5, 0]):
                await ws.send_str(json.dumps(["played", *played]))
            for refused in (
                [0xF8, 0, 0],
                [0x90, 128, 1],
                [0x90, -1, 1],
                [0xE0, 0, 0],
                [0x190, 1, 1],
                [60],
                ["x", 1, 1],
            ):
                await ws.send_str(json.dumps(["played", *refused]))
                assert (await until(ws, "/llmball/error"))[2] == "'played' is no word of the panel's"
            sent = [m.data for m in v.behind.played]
            assert sent == [b"\x90\x3c\x50", b"\x8f\x3c\x00", b"\xb0\x14\x7f", b"\xc1\x05"]

    visited(steps)


def test_keys_and_pedals_that_a_page_holds_are_let_go_when_it_goes() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.ws_connect(v.at + "/ws") as ws:
            for played in ([0x90, 60, 80], [0x91, 64, 80], [0xB1, 64, 127], [0x90, 67, 80], [0x80, 67, 0]):
                await ws.send_str(json.dumps(["played", *played]))
            await ws.send_str(json.dumps(["played", 0xE0, 0, 0]))  # refused: what came before has been heard
            await until(ws, "/llmball/error")
            heard = len(v.behind.played)
        async with v.http.ws_connect(
            v.at + "/ws"
        ) as ws:  # a page that comes afterwards: by then the first one's end was seen
            await ws.send_str(json.dumps(["sync", 1]))
            await until(ws, "sync")
        assert {m.data for m in v.behind.played[heard:]} == {b"\x80\x3c\x00", b"\x81\x40\x00", b"\xb1\x40\x00"}

    visited(steps)


def test_a_file_that_a_browser_has_is_not_sent_again() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.get(v.at + "/page/main.js") as answer:
            tag = answer.headers["ETag"]
            assert await answer.read()
        async with v.http.get(v.at + "/page/main.js", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
            assert await answer.read() == b""
        async with v.http.get(v.at + "/page/wire.js", headers={"If-None-Match": tag}) as answer:
            assert answer.status == 200

    visited(steps)


def test_the_page_is_painted_without_another_file_and_then_asks_for_all_modules_at_once() -> None:
    async def steps(v: Visit) -> None:
        async with v.http.get(v.at + "/", headers={"Accept": "text/html"}) as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        style = page.partition("<style>")[2].partition("</style>")[0]
        assert "--accent" in style
        assert f"style-src 'self' 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
        assert 'rel="stylesheet"' not in page
        needed = page.partition('data-needed="')[2].partition('"')[0].split()
        assert needed[0] == "page/main.js"
        for name in needed:
            async with v.http.get(f"{v.at}/{name}") as answer:
                assert answer.status == 200
                imported = re.findall(r'^import .*"\./(.+)";', await answer.text(), re.MULTILINE)
            assert {f"page/{other}" for other in imported} <= set(needed), "no module is found only by reading another"
        assert "page/spessasynth.js" not in needed, "what only the worker needs waits for the sound"

    visited(steps)


def test_the_saved_sets_are_listed_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path))
    (tmp_path / "sets").mkdir()
    for name in ("friday.toml", "old friday.toml", ".hidden.toml", "x.txt"):
        (tmp_path / "sets" / name).write_text("")

    async def steps(v: Visit) -> None:
        async with v.http.get(v.at + "/sets") as answer:
            assert await answer.json() == ["friday", "old friday"]

    visited(steps)
