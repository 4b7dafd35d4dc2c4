"""POST /hear: a .wav file becomes the notes that were sung, in a child process, so that nothing that plays waits for it.

The query has tempo (0: found), meter and key (auto: found). One sound is heard at a time. Called from the event loop.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from aiohttp import web

from model.music.control import MAX_SOUND_BYTES, MAX_TEMPO, MIN_TEMPO
from model.music.harmony import parse_key
from model.music.notes import METERS

TIMEOUT = 60.0
"""Seconds after which a sound is given up."""
COMMAND = (sys.executable, "-m", "model.processes.hear")
_NO_EXTRA = 3


class Hearing:
    """Answers POST /hear. `command` reads a .wav file on stdin and writes JSON."""

    def __init__(self, command: tuple[str, ...] = COMMAND, timeout: float = TIMEOUT) -> None:
        self._command, self._timeout = command, timeout
        self._lock = asyncio.Lock()

    async def serve(self, request: web.Request) -> web.Response:
        """Return what was heard, as JSON; 400 where it cannot be, 501 without the extra, 503 while another sound is heard."""
        try:
            arguments = _arguments(request)
        except ValueError as error:
            return refused(400, str(error))
        if self._lock.locked():
            return refused(503, "another sound is being heard: try again")
        async with self._lock:
            body = await received(request, "sound", MAX_SOUND_BYTES, self._timeout)
            return body if isinstance(body, web.Response) else await self._heard(body, arguments)

    async def _heard(self, body: bytes, arguments: tuple[str, ...]) -> web.Response:
        try:
            code, told, wrong = await answer_of([*self._command, *arguments], body, self._timeout)
        except TimeoutError:
            return refused(503, "the sound was not heard in time: sing shorter")
        if code == 0:
            return web.Response(body=told, content_type="application/json")
        status = {2: 400, _NO_EXTRA: 501}.get(code, 500)
        return refused(status, wrong if status != 500 else "the sound could not be heard: a fault of ours")


def _arguments(request: web.Request) -> tuple[str, ...]:
    """Return tempo, metre and key of a request. Raises ValueError."""
    tempo, meter, key = (
        request.query.get(name, usual) for name, usual in (("tempo", "0"), ("meter", "4/4"), ("key", "auto"))
    )
    value = float(tempo)
    if value and not MIN_TEMPO <= value <= MAX_TEMPO:
        raise ValueError(f"a tempo is 0 (found) or in {MIN_TEMPO}..{MAX_TEMPO}, not {tempo}")
    if meter not in METERS:
        raise ValueError(f"a metre is one of {' '.join(METERS)}, not {meter}")
    return f"{value:g}", meter, key if key == "auto" else parse_key(key).name


async def answer_of(command: Sequence[str], body: bytes, patience: float) -> tuple[int, bytes, str]:
    """Return exit status, stdout and stderr of a child that reads the body. Raises TimeoutError after so many seconds; it ends with us."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        told, wrong = await asyncio.wait_for(child.communicate(body), patience)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return child.returncode or 0, told, wrong.decode(errors="replace")


async def received(request: web.Request, what: str, limit: int, patience: float) -> bytes | web.Response:
    """Return the body of a request, or the answer to one over `limit` bytes (413) or not there within `patience` seconds (408)."""
    body = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for chunk in request.content.iter_chunked(2**16):
                body += chunk
                if len(body) > limit:
                    return refused(413, f"a {what} has {limit // 2**20} MB at most")
    except TimeoutError:
        return refused(408, f"the {what} did not come in time")
    return bytes(body)


def refused(status: int, reason: str) -> web.Response:
    """Return an answer that says why nothing came of a request."""
    return web.Response(status=status, text=f"{reason}\n")
