"""The MCP server at two clients that share no code: the SDK's own, and a raw one of ours."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.mcp.library import Library
from bridge.mcp.stage import Stage
from bridge.mcp.toolkit import Hands
from tests.bridge.mcp.test_tools import NOBODY, ROWS
from tests.model.drafts.test_drafts import GROOVE
from tests.support.chat.raw_mcp_client import Client, RpcError, StdioWire

pytest.importorskip("mcp", reason="the MCP SDK is not installed (extra mcp)")

COMMAND = [sys.executable, "-m", "bridge", "mcp", "--daemon", NOBODY.removeprefix("http://")]
ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.xdist_group("mcp")  # one server for all


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, StdioWire]]:
    environment = os.environ | {"LLMBALL_HOME": str(tmp_path_factory.mktemp("home")), "PYTHONPATH": str(ROOT)}
    with StdioWire(COMMAND, env=environment) as wire:
        yield Client(wire), wire


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_the_sdks_client_lists_calls_reads_and_prompts(tmp_path: Path, era: str) -> None:
    from mcp.client import Client as SdkClient
    from mcp.shared.exceptions import MCPError

    from bridge.mcp.server import server

    async def session() -> None:
        hands = Hands(Stage(NOBODY), Library(tmp_path))
        async with SdkClient(server(hands), mode=era) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == set(ROWS)
            hints = {tool.name: tool.annotations for tool in tools}
            assert [name for name, hint in hints.items() if hint is not None and hint.destructive_hint] == [
                "bank",
                "write_clip",
            ]
            done = await client.call_tool("score_check", {"text": GROOVE})
            assert (done.is_error, done.content[0].text[:9]) == (False, "no fault.")
            for name in ROWS:
                assert (await client.call_tool(name, {"nobody": "knows this"})).is_error, name
            wrong = await client.call_tool("score_check", {"text": 3})
            assert wrong.is_error
            assert "Expected `str`" in wrong.content[0].text
            with pytest.raises(MCPError, match="there is no tool 'bogus'"):
                await client.call_tool("bogus", {})
            uris = {str(r.uri) for r in (await client.list_resources()).resources}
            assert uris == {"llmball://notation", "llmball://styles", "llmball://songbook", "llmball://now"}
            piece = await client.read_resource("llmball://songbook/gold-tooth")
            assert piece.contents[0].text.startswith("title Gold Tooth")
            with pytest.raises(MCPError, match="no LLMBall answers"):
                await client.read_resource("llmball://now")
            assert len((await client.list_prompts()).prompts) == 2
            told = await client.get_prompt("write_a_groove", {"style": "dub techno"})
            assert "dub techno groove of 8 bars" in told.messages[0].content.text
            with pytest.raises(MCPError, match="write_a_groove needs style"):
                await client.get_prompt("write_a_groove", {})

    asyncio.run(session())


def test_a_raw_client_lists_and_calls(raw: tuple[Client, StdioWire]) -> None:
    client, _ = raw
    assert client.hello["serverInfo"]["name"] == "llmball"
    assert "score_guide" in client.hello["instructions"]
    assert {tool["name"] for tool in client.request("tools/list")["tools"]} == set(ROWS)
    assert client.call("score_check", {"text": GROOVE})[1]
    text, done = client.call("state")
    assert (done, f"no LLMBall answers at {NOBODY}" in text) == (False, True)
    for method, params in (
        ("tools/call", {"name": "bogus", "arguments": {}}), ("tools/call", {"arguments": {}}), ("tools/call", {"name": "state", "arguments": [1]}),
        ("resources/read", {"uri": "llmball://nothing"}), ("prompts/get", {"name": "bogus"}), ("no/such", {}),
    ):  # fmt: skip
        with pytest.raises(RpcError) as refused:
            client.request(method, params)
        assert -32768 <= refused.value.code <= -32000, method


def test_lines_that_are_no_messages_harm_nobody(raw: tuple[Client, StdioWire]) -> None:
    client, wire = raw
    for line in (
        "",
        "not json",
        "[]",
        "{}",
        '{"jsonrpc": "2.0"}',
        '{"jsonrpc": "2.0", "id": null, "method": 3}',
        "\ud7ff" * 10,
        "[" * 3000,
    ):
        wire.write(line)
    assert client.call("score_check", {"text": GROOVE})[1]
    with pytest.raises(RpcError, match="lone surrogates"):
        client.call("score_check", {"text": "\ud800"})


def test_a_cancelled_call_is_not_waited_for(raw: tuple[Client, StdioWire]) -> None:
    client, _ = raw
    slow = client.begin("tools/call", {"name": "clip", "arguments": {"prompt": "house", "name": "slow", "bars": 256}})
    client.cancel(slow)
    assert client.call("score_check", {"text": GROOVE})[1]
    assert "slow" not in client.call("clips")[0]


@pytest.mark.long
def test_another_client_connects_while_the_first_is_there_and_when_one_has_gone(
    raw: tuple[Client, StdioWire], tmp_path: Path
) -> None:
    client, _ = raw
    with StdioWire(COMMAND, env=os.environ | {"LLMBALL_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}) as wire:
        assert Client(wire).call("score_clip", {"text": GROOVE, "name": "kept"})[1]
        assert "kept" not in client.call("clips")[0]
    assert wire.process.returncode == 0
    assert client.call("clips")[1]


def test_http_is_only_reached_with_the_token() -> None:
    from bridge.mcp.server import Guarded

    reached: list[str] = []

    async def inner(scope: dict[str, Any], receive: object, send: object) -> None:
        reached.append(scope["path"])

    async def asked(*headers: tuple[bytes, bytes]) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await Guarded(inner, "a-long-token")({"type": "http", "path": "/mcp", "headers": list(headers)}, None, send)  # type: ignore[arg-type]
        return sent

    async def all_of_it() -> None:
        for headers in ((), ((b"authorization", b"Bearer a-long-toke"),), ((b"authorization", b"a-long-token"),)):
            assert (await asked(*headers))[0]["status"] == 401
        assert reached == []
        assert await asked((b"authorization", b"Bearer a-long-token")) == []
        assert reached == ["/mcp"]

    asyncio.run(all_of_it())


def test_http_is_not_served_to_other_machines(capsys: pytest.CaptureFixture[str]) -> None:
    from bridge.__main__ import main

    assert main(["mcp", "--http", "0.0.0.0:0"]) == 2
    assert "is not this machine" in capsys.readouterr().err


def test_tools_are_told_in_the_manual() -> None:
    page = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
    assert [name for name in ROWS if f"`{name}" not in page] == []
