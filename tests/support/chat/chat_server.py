"""A server of ours that speaks chat completions as llama.cpp, Ollama and LM Studio do: slowly, wrongly, partly, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from bridge.config import ComposerAccount

RIGHT = """section A 4
harmony 1: Cmaj9
drums 1:
K 9...9...9...9...
bass 1: C2:12 G1:4
melody 1: E5:8 D5:8
harmony 2: Am9
drums 2:
K 9...9...9...9...
bass 2: A1:12 E2:4
melody 2: C5:16
harmony 3: Dm9
drums 3:
K 9...9...9...9...
bass 3: D2:12 A1:4
melody 3: F5:8 E5:8
harmony 4: G13
drums 4:
K 9...9...9.7.9.99
bass 4: G1:12 B1:4
melody 4: D5:16
"""
WRONG = RIGHT.replace("bass 3: D2:12 A1:4", "bass 3: D2:12 A1:3")
"""A bar that does not add up, the third of four."""
NONSENSE = "I would rather talk about the weather."
Answer = Callable[[web.StreamResponse], Awaitable[None]]


async def _written(response: web.StreamResponse, text: str) -> None:
    event = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    await response.write(f"data: {json.dumps(event)}\n\n".encode())


def saying(text: str, between: Callable[[int], Awaitable[None]] | None = None, *, whole: bool = True) -> Answer:
    """Return an answer that streams a text line by line; `between` is awaited before each line; cut off unless `whole`."""

    async def answer(response: web.StreamResponse) -> None:
        for number, line in enumerate(text.splitlines(keepends=True)):
            if between is not None:
                await between(number)
            await _written(response, line)
        if whole:
            await response.write(b"data: [DONE]\n\n")

    return answer


async def gone(response: web.StreamResponse) -> None:
    """Say two bars, then lose the connection."""
    await saying("".join(RIGHT.splitlines(keepends=True)[:12]), whole=False)(response)
    raise ConnectionResetError


async def garbage(response: web.StreamResponse) -> None:
    """Answer with what is no JSON."""
    await response.write(b"data: {not json\n\n")


@dataclass
class ChatServer:
    """Answers one request after another as it is told; after the last it answers 503. `asked` has their messages."""

    answers: Sequence[Answer]
    url: str = ""
    asked: list[dict[str, object]] = field(default_factory=list)

    @property
    def account(self) -> ComposerAccount:
        """Where it is."""
        return ComposerAccount(f"{self.url}/v1")

    async def models(self, _: web.Request) -> web.Response:
        """List the one model."""
        return web.json_response({"object": "list", "data": [{"id": "tiny"}]})

    async def completions(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        self.asked.append(await request.json())
        if len(self.asked) > len(self.answers):
            return web.Response(status=503, text="loading")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await self.answers[len(self.asked) - 1](response)
        except ConnectionResetError:
            if request.transport is not None:
                request.transport.abort()
        return response


@asynccontextmanager
async def chat_server(*answers: Answer) -> AsyncIterator[ChatServer]:
    """Serve these answers on a free port."""
    server = ChatServer(answers)
    app = web.Application(client_max_size=4_000_000)
    app.router.add_get("/v1/models", server.models)
    app.router.add_post("/v1/chat/completions", server.completions)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
        await asyncio.sleep(0)
