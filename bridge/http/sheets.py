"""POST /sheet: a .mid file becomes its lead sheet or score on paper, in a child process, so that nothing that plays waits for it.

The query has as (abc, musicxml or txt), score (1: every pitched part) and title. One sheet is written at a time, a few wait. Called from the event loop.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from aiohttp import web

from bridge.http.sound import answer_of, received, refused

TIMEOUT = 60.0
"""Seconds after which a sheet is given up."""
COMMAND = (sys.executable, "-m", "bridge", "sheet")
CONTENT_TYPES = {
    "abc": "text/vnd.abc",
    "musicxml": "application/vnd.recordare.musicxml+xml",
    "txt": "text/plain",
}
MAX_MIDI_BYTES = 2**20
MAX_TITLE = 200
MAX_PENDING = 4
"""Sheets that are written or wait for it."""


class Sheets:
    """Answers POST /sheet. `command` is `llmball sheet`."""

    def __init__(self, command: tuple[str, ...] = COMMAND, timeout: float = TIMEOUT) -> None:
        self._command, self._timeout = command, timeout
        self._lock, self._pending = asyncio.Lock(), 0

    async def serve(self, request: web.Request) -> web.Response:
        """Return the sheet; 400 where there is none of it, 413 where it is too large, 503 where it takes too long or too many wait."""
        form = request.query.get("as", "abc")
        if form not in CONTENT_TYPES:
            return refused(400, f"a sheet is written as one of {' '.join(CONTENT_TYPES)}, not {form[:20]}")
        title = "".join(c for c in request.query.get("title", "") if c.isprintable())[:MAX_TITLE]
        options = [f"--title={title.strip() or 'LLMBall'}", *(["--score"] if request.query.get("score") == "1" else [])]
        body = await received(request, "file", MAX_MIDI_BYTES, self._timeout)
        if isinstance(body, web.Response):
            return body
        if self._pending >= MAX_PENDING:
            return refused(503, "other sheets are being written: try again")
        self._pending += 1
        try:
            async with self._lock:
                if request.transport is None or request.transport.is_closing():
                    return refused(503, "who asked has gone")
                with tempfile.TemporaryDirectory(prefix="llmball-") as folder:
                    return await self._written(Path(folder), form, body, options)
        finally:
            self._pending -= 1

    async def _written(self, folder: Path, form: str, body: bytes, options: list[str]) -> web.Response:
        song, sheet = folder / "song.mid", folder / f"sheet.{form}"
        await asyncio.to_thread(song.write_bytes, body)
        words = [*self._command, str(song), "-o", str(sheet), *options]
        try:
            code, _, wrong = await answer_of(words, b"", self._timeout)
        except TimeoutError:
            return refused(503, "the sheet was not written in time: choose fewer bars")
        if code == 0:
            text = await asyncio.to_thread(sheet.read_bytes)
            return web.Response(body=text, content_type=CONTENT_TYPES[form], charset="utf-8")
        if code == 2:  # their file: the sentence without our path
            said = wrong.strip().splitlines()[-1:] or ["it cannot be read"]
            return refused(400, said[0].removeprefix("llmball: ").replace(str(song), "the music"))
        return refused(500, "the sheet could not be written: a fault of ours")
