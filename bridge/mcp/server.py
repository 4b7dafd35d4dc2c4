"""The server: our tools, resources and prompts in the words of the official SDK. The only module that imports it."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from bridge.config import VERSION
from bridge.mcp import band, clips, scores
from bridge.mcp.library import ClipError
from bridge.mcp.stage import StageError
from bridge.mcp.toolkit import Hands, Refused, ToolRow, converted
from model.drafts.guide import guide
from model.songbook.book import entries, find

log = logging.getLogger("llmball")
TOOLS: dict[str, ToolRow] = {row.name: row for row in (*band.ROWS, *scores.ROWS, *clips.ROWS)}
INSTRUCTIONS = (
    "LLMBall is a band that plays MIDI on this machine. `prompt` lets our own band play words; `refine`, `part`, `cue` and "
    "`set_controls` change what plays. To compose yourself, read `score_guide`, then `score_play`. What shall happen after so "
    "many bars takes in_bars. `state` tells what plays. Clips are .mid files; notes are never written over before write_clip."
)
NOTATION, STYLES, BOOK, NOW = "llmball://notation", "llmball://styles", "llmball://songbook", "llmball://now"
RESOURCES = (
    (NOTATION, "notation", "How music is written as text", "text/markdown"),
    (STYLES, "styles", "The styles of the songbook, with numbers of pieces and tempi", "text/plain"),
    (BOOK, "songbook", "All pieces of the songbook: name, title, style, tempo, key, metre, bars", "text/plain"),
    (NOW, "now", "What plays now", "text/plain"),
)
PROMPTS = {
    "write_a_groove": (
        "Write a groove and play it",
        (("style", "a style, such as dub techno", True), ("key", "a key", False), ("bars", "how many bars", False)),
    ),
    "reharmonise": (
        "Put other chords under a piece or a clip",
        (("piece", "a songbook piece, or a clip", True), ("manner", "in which manner", False)),
    ),
}


def clean(text: str) -> str:
    """Return a text that can be encoded: lone surrogates, which JSON may bring, are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _result(text: str, *, is_error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=clean(text))], is_error=is_error)


class Answers:
    """Answers of the server, as the SDK calls them."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    async def list_tools(self, _: Any, __: Any) -> types.ListToolsResult:  # noqa: ANN401 - the SDK's context
        """List the tools."""
        return types.ListToolsResult(tools=[_tool(row) for row in TOOLS.values()])

    async def call_tool(self, _: Any, params: types.CallToolRequestParams) -> types.CallToolResult:  # noqa: ANN401
        """Call a tool; what is refused is a result that says so, so that a language model can act on it."""
        row = TOOLS.get(params.name)
        if row is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {clean(params.name[:60])!r}")
        try:
            return _result(await row.run(self._hands, converted(row, params.arguments)))
        except (Refused, StageError, ClipError) as refused:
            return _result(str(refused), is_error=True)
        except Exception:
            log.exception("%s failed", row.name)
            return _result(
                f"{row.name} failed by a fault of LLMBall's, which is logged; nothing else is lost", is_error=True
            )

    async def list_resources(self, _: Any, __: Any) -> types.ListResourcesResult:  # noqa: ANN401
        """List the resources."""
        found = [types.Resource(uri=u, name=n, description=d, mime_type=m) for u, n, d, m in RESOURCES]
        return types.ListResourcesResult(resources=found)

    async def list_templates(self, _: Any, __: Any) -> types.ListResourceTemplatesResult:  # noqa: ANN401
        """List the templates of resources."""
        pieces = types.ResourceTemplate(
            uri_template=BOOK + "/{name}",
            name="piece",
            description="A piece of the songbook, in its notation",
            mime_type="text/plain",
        )
        return types.ListResourceTemplatesResult(resource_templates=[pieces])

    async def read_resource(self, _: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:  # noqa: ANN401
        """Read a resource."""
        uri = str(params.uri)
        try:
            text = await self._resource(uri)
        except (ValueError, StageError) as missing:
            raise MCPError(types.INVALID_PARAMS, clean(str(missing))) from missing
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=uri, text=text, mime_type="text/plain")]
        )

    async def _resource(self, uri: str) -> str:
        if uri == NOTATION:
            return guide()
        if uri == STYLES:
            return await asyncio.to_thread(scores.style_list)
        if uri == BOOK:
            return "\n".join(", ".join(map(str, e.row)) for e in await asyncio.to_thread(entries))
        if uri == NOW:
            await self._hands.stage.connect()
            return band.stage_words(self._hands)
        if uri.startswith(BOOK + "/"):
            return (await asyncio.to_thread(find, uri.removeprefix(BOOK + "/"))).path.read_text(encoding="utf-8")
        raise ValueError(f"there is no resource {uri[:80]!r}")

    async def list_prompts(self, _: Any, __: Any) -> types.ListPromptsResult:  # noqa: ANN401
        """List the prompts."""
        found = [
            types.Prompt(
                name=name, description=about,
                arguments=[types.PromptArgument(name=n, description=d, required=needed) for n, d, needed in arguments],
            )
            for name, (about, arguments) in PROMPTS.items()
        ]  # fmt: skip
        return types.ListPromptsResult(prompts=found)

    async def get_prompt(self, _: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:  # noqa: ANN401
        """Return a prompt's text."""
        if params.name not in PROMPTS:
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {clean(params.name[:60])!r}")
        about, arguments = PROMPTS[params.name]
        given = {name: clean(value.strip()) for name, value in (params.arguments or {}).items() if value.strip()}
        for name, _about, needed in arguments:
            if needed and name not in given:
                raise MCPError(types.INVALID_PARAMS, f"{params.name} needs {name}")
        message = types.PromptMessage(
            role="user", content=types.TextContent(type="text", text=_prompt_text(params.name, given))
        )
        return types.GetPromptResult(description=about, messages=[message])


def _prompt_text(name: str, given: dict[str, str]) -> str:
    if name == "write_a_groove":
        where = f" in {given['key']}" if "key" in given else ""
        return (
            f"Write a {given['style']} groove of {given.get('bars', '8')} bars{where} yourself, in LLMBall's notation: read score_guide, "
            "look at one or two pieces of the style with `songbook`, write drums, bass, chords and a melody that fit together, "
            "check it with score_check, mend what it says, and play it with score_play."
        )
    manner = f" in this manner: {given['manner']}" if "manner" in given else ""
    return (
        f"Reharmonise {given['piece']!r}{manner}. Look at it with `songbook` (a piece) or `clips` (a clip) and `explain`; keep its melody, "
        "write other chords, bass and voicings for it in LLMBall's notation (score_guide), check with score_check, and play it with "
        "score_play. Say in two sentences what you changed."
    )


def _tool(row: ToolRow) -> types.Tool:
    hints = types.ToolAnnotations(
        title=row.title,
        read_only_hint=row.reads,
        destructive_hint=row.destroys,
        idempotent_hint=row.again,
        open_world_hint=False,
    )
    return types.Tool(
        name=row.name, title=row.title, description=row.about, input_schema=row.schema(), annotations=hints
    )


def server(hands: Hands) -> Server[Any]:
    """Return the server; it disconnects from the daemon when it ends."""
    answers = Answers(hands)

    return Server(
        "llmball", version=VERSION, title="LLMBall", instructions=INSTRUCTIONS,
        on_list_tools=answers.list_tools, on_call_tool=answers.call_tool,
        on_list_resources=answers.list_resources, on_list_resource_templates=answers.list_templates, on_read_resource=answers.read_resource,
        on_list_prompts=answers.list_prompts, on_get_prompt=answers.get_prompt,
    )  # fmt: skip


class AnsweringStream:
    """A stream of messages in which a line that is no message is answered with an error, so that nobody waits for it.

    The SDK drops such lines: among them a request whose strings have lone surrogates, which JSON may write.
    """

    def __init__(self, inner: Any, answer: Any) -> None:  # noqa: ANN401 - the SDK's protocols of streams
        self._inner, self._answer = inner, answer

    @property
    def last_context(self) -> Any:  # noqa: ANN401
        """The context of whoever sent the latest message."""
        return self._inner.last_context

    async def receive(self) -> SessionMessage:
        """Return the next message."""
        while isinstance(item := await self._inner.receive(), Exception):
            await self._answer.send(SessionMessage(_parse_error(item)))
        message: SessionMessage = item
        return message

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    def __aiter__(self) -> AnsweringStream:
        return self

    async def __anext__(self) -> SessionMessage:
        try:
            return await self.receive()
        except anyio.EndOfStream as end:
            raise StopAsyncIteration from end

    async def __aenter__(self) -> AnsweringStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _parse_error(wrong: Exception) -> types.JSONRPCError:
    """Return the answer to a line that is no message, with its id if it has one."""
    line = wrong.errors()[0].get("input") if isinstance(wrong, ValidationError) else None
    try:
        message = json.loads(line) if isinstance(line, str) else line
    except (ValueError, RecursionError):
        message = None
    id_ = message.get("id") if isinstance(message, dict) else None
    code = types.PARSE_ERROR if message is None else types.INVALID_REQUEST
    error = types.ErrorData(code=code, message="a line is one JSON-RPC message, in UTF-8 without lone surrogates")
    known = isinstance(id_, str | int) and not isinstance(id_, bool)
    return types.JSONRPCError(
        jsonrpc="2.0", id=clean(id_) if isinstance(id_, str) else id_ if known else None, error=error
    )


async def serve_stdio(hands: Hands) -> None:
    """Serve one client by standard input and output, until it closes them."""
    served = server(hands)
    try:
        async with stdio_server() as (read, write):
            await served.run(AnsweringStream(read, write), write, served.create_initialization_options())
    except* (BrokenPipeError, ConnectionResetError):
        log.info("the client has gone")
    finally:
        await hands.stage.close()


Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Guarded:
    """An ASGI application that is only reached with the token."""

    def __init__(self, inner: Callable[[Scope, Receive, Send], Awaitable[None]], token: str) -> None:
        self._inner, self._expected = inner, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        shown = dict(scope.get("headers", [])).get(b"authorization", b"")
        if scope["type"] != "http" or hmac.compare_digest(shown, self._expected):
            await self._inner(scope, receive, send)
            return
        headers = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Bearer")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b"a token is needed: Authorization: Bearer TOKEN\n"})


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(24)


async def serve_http(hands: Hands, host: str, port: int, token: str) -> None:
    """Serve any number of clients by streamable HTTP at /mcp, until a signal. Raises OSError."""
    import uvicorn

    app = server(hands).streamable_http_app(host=host)
    config = uvicorn.Config(Guarded(app, token), log_level="warning", lifespan="on")
    with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listening:
        name, number = listening.getsockname()[:2]
        sys.stdout.write(f"ready mcp=http://{f'[{name}]' if ':' in name else name}:{number}/mcp token={token}\n")
        sys.stdout.flush()
        try:
            await uvicorn.Server(config).serve(sockets=[listening])
        finally:
            await hands.stage.close()
