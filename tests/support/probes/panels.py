"""An HTTP server on loopback with a fake session, and an HTTP client, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import ip_network

import aiohttp

from bridge.config import Config
from bridge.errors import BadRequest
from bridge.http.app import HttpServer
from bridge.http.view import View
from bridge.midi.output_ports import OutputConfig
from bridge.midi.protocol import MidiReceived
from bridge.processes.child_processes import OutputChoice
from bridge.protocol.controls import Value, defaults
from bridge.protocol.dispatch import Dispatcher
from bridge.protocol.events import ControlSet, PlayRequested, SessionRequest

PATIENCE = 20.0  # seconds: an upper bound for a busy machine


@dataclass
class Behind:
    """The fake session: its settings, and the requests that reached it."""

    settings: dict[str, Value] = field(default_factory=defaults)
    wanted: list[SessionRequest] = field(default_factory=list)
    played: list[MidiReceived] = field(default_factory=list)

    def decide(self, request: SessionRequest) -> None:
        if isinstance(request, PlayRequested):
            raise BadRequest("/llmball/play", "nothing to play")
        if isinstance(request, ControlSet):
            self.settings[request.path] = request.value
        self.wanted.append(request)


@dataclass
class Visit:
    """An open panel server and an HTTP client for it."""

    panel: HttpServer
    behind: Behind
    http: aiohttp.ClientSession
    at: str
    port: int


def visited(steps: Callable[[Visit], Awaitable[None]], config: Config | None = None) -> None:
    """Run `steps` with a panel server on a free port, within `PATIENCE` seconds."""

    async def run() -> None:
        behind = Behind()
        dispatcher = Dispatcher(behind.decide, lambda path: (behind.settings[path],), lambda: "idle", lambda *_: None)
        output_choice = OutputChoice(
            OutputConfig("none", "auto", per_part=False, port_name="LLMBall", parts=("chords",)), lambda: None
        )
        view = View(
            behind.settings,
            lambda: {3: "rain"},
            lambda: ((0.0, 1, 1, "Am7"),),
            lambda: "rain",
            output_choice.current,
            lambda: ("", -1.0, "", -1.0, -1.0),
            lambda: (3, 2),
        )
        networks = (ip_network("10.0.0.0/8"),)
        panel = HttpServer(
            config or Config(http=("127.0.0.1", 0), token="a-long-token", allow=networks),
            dispatcher,
            view,
            output_choice,
            behind.played.append,
        )
        address = await panel.open(7411)
        assert address is not None
        try:
            async with (
                asyncio.timeout(PATIENCE),
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            ):
                await steps(Visit(panel, behind, http, f"http://127.0.0.1:{address[1]}", address[1]))
        finally:
            await panel.close()

    asyncio.run(run())


async def until(ws: aiohttp.ClientWebSocketResponse, name: str) -> list[object]:
    """Return the next message with an address or name, skipping all others."""
    while True:
        for said in await ws.receive_json():
            if said[0] == name:
                return list(said)
