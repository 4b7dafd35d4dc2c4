"""A real daemon within the test's own loop, with a virtual generator, and the MCP server's hands on it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bridge.config import Config
from bridge.mcp.library import Library
from bridge.mcp.stage import Stage
from bridge.mcp.toolkit import Hands
from bridge.midi.output_ports import OutputConfig
from bridge.processes.child_processes import ChildConfig
from bridge.runtime.daemon import Daemon
from model.music.notes import PARTS
from tests.support import generators

PATIENCE = 60.0


def staged(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    steps: Callable[[Hands, Daemon], Awaitable[None]],
    config: Config | None = None,
) -> None:
    """Run steps with hands on a daemon, then stop it by a signal."""

    async def performance() -> None:
        wanted = config or Config(output="none", osc=("127.0.0.1", 0), http=("127.0.0.1", 0))
        ports = OutputConfig(
            wanted.output, "auto", per_part=False, port_name="LLMBall", parts=PARTS, trace=wanted.trace
        )
        daemon = Daemon(wanted, ChildConfig(generators.plain, ports))
        serving = asyncio.create_task(daemon.run())
        try:
            async with asyncio.timeout(PATIENCE):
                while not (ready := capsys.readouterr().out):
                    assert not serving.done(), serving
                    await asyncio.wait([serving], timeout=0.01)
                hands = Hands(Stage(ready.split("http=")[1].split()[0]), Library(tmp_path / "clips"))
                try:
                    await steps(hands, daemon)
                finally:
                    await hands.stage.close()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await serving

    asyncio.run(performance())
