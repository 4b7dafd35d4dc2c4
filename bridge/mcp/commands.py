"""Our own commands as child processes: what loads the model, and takes seconds, can be cancelled and slows nothing else down."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

NICE = 10
PATIENCE = 300.0
"""Seconds that a command may take."""


class CommandError(Exception):
    """A command that was refused; the message is its own."""


async def run(words: Sequence[str], patience: float = PATIENCE) -> str:
    """Run `llmball` with these words; return what it printed. Cancelled, it is ended. Raises CommandError."""
    if any("\0" in word for word in words):
        raise CommandError("a text has no null characters")
    try:
        [word.encode() for word in words]
    except UnicodeEncodeError as error:
        raise CommandError("a text is UTF-8, without lone surrogates") from error
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", *words,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, child.pid, NICE)
    try:
        async with asyncio.timeout(patience):
            out, errors = await child.communicate()
    except TimeoutError as late:
        raise CommandError(f"it took longer than {patience:.0f} seconds: ask for fewer bars") from late
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode != 0:
        last = errors.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it ended"]
        raise CommandError(last[0].partition(": ")[2] if last[0].startswith("llmball") else last[0])
    return out.decode("utf-8", "replace").strip()
