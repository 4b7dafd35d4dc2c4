"""Every tool of the MCP server with good arguments, by the SDK's own client over HTTP and by a raw client over standard input and output.

    python -m bench.chat.clients

A real daemon with the real model plays meanwhile. Prints a line a call; exits with 1 where one was refused.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.model.drafts.test_drafts import GROOVE
from tests.support import real_programs
from tests.support.chat import raw_mcp_client
from tests.support.chat.raw_mcp_client import Client, StdioWire

TOKEN = "a-token-for-the-bench"
PATIENCE = 600.0
"""Seconds for an answer: what loads the model is at low priority."""
CHANGED = GROOVE.replace("2: Ab1:16", "2: Ab1:8 C2:8")
MELODY = "title Tune\nkey C major\nsection A 2\nharmony\nC | G7\nmelody\n1: C5:4 E5:4 G5:8\n2: F5:4 D5:4 B4:8\n"
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("start", {}), ("prompt", {"text": "dub techno in A minor at 118"}), ("state", {}), ("refine", {"text": "busier drums"}), ("back", {}),
    ("morph", {"a": "house", "b": "waltz", "x": 0.3}), ("controls", {}), ("controls", {"containing": "swing"}),
    ("set_controls", {"values": {"tempo": 120, "energy": 0.7}}), ("part", {"parts": ["melody"], "octave": 1}), ("part", {"parts": ["drums"], "plays": False, "in_bars": 2}),
    ("cue", {"section": "fill"}), ("bank", {"action": "store", "slot": 1, "prompt": "warm house"}), ("bank", {"action": "launch", "slot": 1}), ("bank", {"action": "list"}),
    ("takes", {"action": "list"}), ("takes", {"action": "keep", "bars": 1}), ("takes", {"action": "launch", "id": "1"}),
    ("understand", {"text": "bossa nova with vocals"}), ("score_guide", {}), ("score_check", {"text": GROOVE}), ("score_play", {"text": GROOVE}), ("score_play", {"piece": "gold tooth"}),
    ("songbook", {}), ("songbook", {"style": "waltz"}), ("songbook", {"piece": "gold tooth"}),
    ("score_clip", {"text": GROOVE, "name": "verse"}), ("score_clip", {"text": CHANGED, "name": "verse"}), ("write_clip", {"change": "change-1"}),
    ("clip", {"prompt": "lo-fi", "name": "mine", "bars": 2, "seed": 1}), ("refine_clip", {"clip": "mine", "words": "louder", "name": "louder"}),
    ("score_clip", {"text": MELODY, "name": "tune"}), ("harmonise", {"clip": "tune", "name": "tune with chords"}),
    ("explain", {"clip": "tune"}), ("explain", {"piece": "gold tooth"}), ("clips", {}), ("clips", {"name": "tune"}),
    ("play", {}), ("stop", {}),
)  # fmt: skip


def told(client: str, name: str, began: float, done: bool, text: str) -> bool:
    """Print a call; return whether it was carried out."""
    print(
        f"{client}\t{name}\t{time.monotonic() - began:.2f} s\t{'done' if done else 'REFUSED'}\t{text.splitlines()[0][:90]}",
        flush=True,
    )
    return done


def raw(at: str, env: dict[str, str]) -> list[bool]:
    """Call all by the raw client."""
    with StdioWire([sys.executable, "-m", "bridge", "mcp", "--daemon", at], env) as wire:
        client = Client(wire)
        results = []
        for name, arguments in CALLS:
            began = time.monotonic()
            text, done = client.call(name, arguments)
            results.append(told("raw", name, began, done, text))
        return results


def by_sdk(at: str, env: dict[str, str]) -> list[bool]:
    """Call all by the SDK's client, over HTTP."""
    command = [sys.executable, "-m", "bridge", "mcp", "--daemon", at, "--http", "127.0.0.1:0", "--token", TOKEN]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split("mcp=")[1].split()[0]
        try:
            return asyncio.run(_by_sdk(url))
        finally:
            server.terminate()


async def _by_sdk(url: str) -> list[bool]:
    import httpx2
    from mcp.client import Client as SdkClient
    from mcp.client.streamable_http import streamable_http_client

    results = []
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http,
        SdkClient(streamable_http_client(url, http_client=http)) as client,
    ):
        for name, arguments in CALLS:
            began = time.monotonic()
            found = await client.call_tool(name, arguments)
            text = "\n".join(getattr(c, "text", "") for c in found.content)
            results.append(told("sdk", name, began, not found.is_error, text))
    return results


def main() -> int:
    """Call all by both; return 1 where a call was refused."""
    raw_mcp_client.PATIENCE = PATIENCE
    results: list[bool] = []
    ways: tuple[Callable[[str, dict[str, str]], list[bool]], ...] = (raw, by_sdk)
    for call_all in ways:
        with tempfile.TemporaryDirectory() as name:
            env = os.environ | {"LLMBALL_HOME": name}
            with real_programs.daemon(
                "--output", "none", "--http", "127.0.0.1:0", env=env, folder=Path(name), wait=300
            ) as daemon:
                results += call_all(daemon.said("http").removeprefix("http://"), env)
    print(f"{sum(results)} of {len(results)} calls carried out")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
