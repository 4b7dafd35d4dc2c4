"""The daemon as a client sees it: one WebSocket, what it last told, and requests that are answered or refused (asyncio)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp

from bridge.http.websocket import MAX_FRAME
from bridge.protocol.controls import ROOT, Value

Line = list[Any]
CONNECT_TIMEOUT, ANSWER_TIMEOUT, START_TIMEOUT = 3.0, 10.0, 90.0
"""Seconds: to reach a daemon; for its answer; until one that we start is ready."""
HEARD_TAKES = 64
"""Takes that are remembered since the connection."""


class StageError(Exception):
    """A request that was refused or not answered; the message says why and what to do."""


class Stage:
    """A connection to the daemon whose panel is at `url` (http://HOST:PORT), made when it is needed and made anew when it is lost."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self._token = token
        self._http: aiohttp.ClientSession | None = None
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._waiting: list[tuple[Callable[[Line], bool], asyncio.Future[Line]]] = []
        self._pings = 0
        self._child: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self.told: dict[str, Line] = {}
        self.takes: deque[tuple[str, str]] = deque(maxlen=HEARD_TAKES)
        self.label = ""
        """What the take that was asked for last is called, until it enters."""
        self.on_beat: Callable[[int, int], None] = lambda bar, beat: None
        """Called with bar and beat as each beat begins."""

    # --- connection --------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """True while the WebSocket is open."""
        return self._ws is not None and not self._ws.closed and self._reading is not None and not self._reading.done()

    async def connect(self) -> None:
        """Connect if that is needed. Raises StageError."""
        async with self._connecting:
            if self.is_connected:
                return
            await self._disconnect()
            self._http = aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {self._token}"} if self._token else None
            )
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    self._ws = await self._http.ws_connect(f"{self.url}/ws", max_msg_size=0, heartbeat=15)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                await self._disconnect()
                raise StageError(
                    f"no LLMBall answers at {self.url}: call the tool `start`, or run `llmball serve` and try again"
                ) from error
            self.told.clear()
            self._reading = asyncio.create_task(self._read(self._ws))
            heard = self._expect(lambda line: line[0] == "words")  # the snapshot, after the welcome
            await self._ws.send_str(json.dumps([f"{ROOT}hello", 0, "mcp"]))
            await self._answer(heard, "hello")

    async def start(self, *options: str) -> str:
        """Start a daemon of our own at our address, which ends with us; return what it says. Raises StageError."""
        with contextlib.suppress(StageError):
            await self.connect()
            return "it runs already"
        host_port = self.url.removeprefix("http://")
        words = [sys.executable, "-m", "bridge", "serve", "--http", host_port, *options]
        self._child = child = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stderr is not None
        errors: deque[str] = deque(maxlen=5)
        self._drain = asyncio.create_task(_drained(child.stderr, errors))
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while not (line := (await child.stdout.readline()).decode("utf-8", "replace")).startswith("ready "):
                    if not line:
                        await self._drain
                        raise StageError(errors[-1] if errors else "llmball serve ended at once")
        except TimeoutError as late:
            raise StageError(f"llmball serve was not ready within {START_TIMEOUT:.0f} seconds") from late
        await self.connect()
        return line.strip()

    async def close(self) -> None:
        """Disconnect; end the daemon if it is ours."""
        await self._disconnect()
        if self._child is not None and self._child.returncode is None:
            self._child.terminate()
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT):
                    await self._child.wait()
            except TimeoutError:
                self._child.kill()
        if self._drain is not None:
            self._drain.cancel()

    async def _disconnect(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self._ws is not None:
            await self._ws.close()
        if self._http is not None:
            await self._http.close()
        self._ws = self._http = self._reading = None

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for frame in ws:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    continue
                for line in json.loads(frame.data):
                    self._take_in(line)
        finally:
            for _, answer in self._waiting:
                if not answer.done():
                    answer.set_exception(StageError("the connection to LLMBall was lost: try again"))
                    answer.exception()  # it may have nobody who waits
            self._waiting.clear()

    def _take_in(self, line: Line) -> None:
        path = str(line[0]).removeprefix(ROOT)
        self.told[path] = line[1:]
        if path == "state" and line[1] != "playing":
            self.told.pop("beat", None)
            self.told.pop("chord", None)
        if path == "take" and (not self.takes or self.takes[-1][0] != str(line[1])):
            self.takes.append((str(line[1]), self.label or str(self.words)))
            self.label = ""
        if path == "beat":
            self.on_beat(int(line[1]), int(line[2]))
        for waiting in [w for w in self._waiting if w[0](line)]:
            self._waiting.remove(waiting)
            if not waiting[1].done():
                waiting[1].set_result(line)

    # --- requests ------------------------------------------------------------------

    async def send(self, path: str, *args: Value) -> None:
        """Send a request that is carried out at once. Raises StageError if it is refused."""
        await self.connect()
        self._pings += 1
        number, address = self._pings, ROOT + path
        heard = self._expect(
            lambda line: (line[0] == f"{ROOT}error" and line[1] == address) or line[:2] == [f"{ROOT}pong", number]
        )
        await self._write([[address, *args], [f"{ROOT}ping", number]])
        line = await self._answer(heard, path)
        if line[0] == f"{ROOT}error":
            raise StageError(str(line[2]))

    async def ask(self, path: str, *args: Value, until: tuple[str, ...], wait: float = ANSWER_TIMEOUT) -> Line:
        """Send a request that takes a while; return the message that ends it. Raises StageError if it is refused."""
        await self.connect()
        address, ends = ROOT + path, {ROOT + end for end in until}
        heard = self._expect(lambda line: line[0] in ends or (line[0] == f"{ROOT}error" and line[1] == address))
        await self._write([[address, *args]])
        line = await self._answer(heard, path, wait)
        if line[0] == f"{ROOT}error":
            raise StageError(str(line[2]))
        return line

    async def hear(self, path: str, wait: float) -> Line | None:
        """Return the next message of an address, None if none comes in time."""
        heard = self._expect(lambda line: line[0] in (ROOT + path, path))
        try:
            return await self._answer(heard, path, wait)
        except StageError:
            return None

    async def fetch(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON the daemon answers
        """Return the JSON at a path of the daemon's HTTP. Raises StageError."""
        await self.connect()
        assert self._http is not None
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT), self._http.get(f"{self.url}/{path}") as response:
                return await response.json()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise StageError(f"{self.url}/{path} did not answer: try again") from error

    async def _write(self, lines: list[Line]) -> None:
        assert self._ws is not None
        frame = json.dumps(lines, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if len(frame) > MAX_FRAME:
            raise StageError(f"that is {len(frame):,} bytes; LLMBall takes {MAX_FRAME:,} at once: make it shorter")
        try:
            await self._ws.send_str(frame.decode())
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            raise StageError("the connection to LLMBall was lost: try again") from error

    def _expect(self, is_it: Callable[[Line], bool]) -> asyncio.Future[Line]:
        answer: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._waiting.append((is_it, answer))
        return answer

    async def _answer(self, answer: asyncio.Future[Line], path: str, wait: float = ANSWER_TIMEOUT) -> Line:
        try:
            async with asyncio.timeout(wait):
                return await answer
        except TimeoutError as late:
            raise StageError(f"LLMBall has not answered {ROOT}{path} within {wait:.0f} seconds") from late
        finally:
            self._waiting = [w for w in self._waiting if w[1] is not answer]

    # --- what was told ----------------------------------------------------------------

    def value(self, path: str) -> Value:
        """Return the latest value of a control or a message with one argument, "" if none was told."""
        held = self.told.get(path)
        return "" if not held else held[0]

    @property
    def is_playing(self) -> bool:
        """True while the band plays."""
        return self.value("state") == "playing"

    @property
    def words(self) -> str:
        """The prompt of the take that was asked for last."""
        return str(self.value("words"))

    def place(self) -> tuple[int, int, float]:
        """Return bar, beat and tempo of the beat that sounds; bar 0 while nothing plays."""
        beat = self.told.get("beat")
        return (int(beat[0]), int(beat[1]), float(beat[2])) if beat and self.is_playing else (0, 0, 0.0)


async def _drained(stream: asyncio.StreamReader, into: deque[str]) -> None:
    async for line in stream:
        into.append(line.decode("utf-8", "replace").strip())
