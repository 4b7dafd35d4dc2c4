"""The HTTP server: the page, its WebSocket, the kept takes, and OSCQuery. Called from the event loop.

The files of the page are read at start, so that no path of a request is ever used to open one.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import math
import os
import re
import socket
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from hashlib import blake2b, sha256
from pathlib import Path

from aiohttp import web

from bridge.clock import TempoMap, monotonic
from bridge.config import DEFAULT_HTTP, Config
from bridge.errors import OwnerError
from bridge.http import oscquery, websocket
from bridge.http.access import AccessRules, Refusal, RequestSource
from bridge.http.broadcast import Broadcaster
from bridge.http.connections import Connections, peer_host
from bridge.http.limits import FREE_GUESSES, IDLE_TIMEOUT, Guesses
from bridge.http.oscquery import ZeroconfAnnouncer
from bridge.http.sheets import Sheets
from bridge.http.sound import Hearing
from bridge.http.view import View
from bridge.http.websocket import WebSocketServer
from bridge.midi.protocol import MidiReceived
from bridge.processes.child_processes import OutputChoice
from bridge.protocol.controls import CONTROL_PATHS, ROOT, Value
from bridge.protocol.dispatch import Dispatcher
from bridge.storage import kept_takes, scores, sets

log = logging.getLogger("llmball")

COOKIE = "llmball"
LINK = b'<link rel="stylesheet" href="page/style.css">'
NEEDED = b'data-needed="page/main.js"'
IMPORT = re.compile(r'^import [^(]*?"\./(\w+\.js)";', re.MULTILINE)
CHUNK = 1 << 17
"""Bytes of a file that are written at a time."""
EVERY_MESSAGE_PATHS = frozenset({"note", "cancelled", "chord", "take", "error", "kept", "understood/overruled"})
"""Paths of which every message is sent; of all others only the latest within `FLUSH_INTERVAL`."""
CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".md": "text/plain",
    ".sf3": "application/octet-stream",
}
PAGE_FOLDER = Path(__file__).parent / "page"
STYLE = (PAGE_FOLDER / "style.css").read_bytes()
# 'wasm-unsafe-eval' lets the synthesiser compile its Vorbis decoder; eval of scripts stays forbidden (decision 58)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    f"style-src 'self' 'sha256-{b64encode(sha256(STYLE).digest()).decode()}'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class HttpServer:
    """Listens from `open` to `close`."""

    def __init__(
        self,
        config: Config,
        dispatcher: Dispatcher,
        view: View,
        output_choice: OutputChoice,
        play_midi: Callable[[MidiReceived], None],
    ) -> None:
        self._config, self._view = config, view
        name = socket.gethostname()
        self._access = AccessRules(config.allow, config.token, (name, f"{name}.local"))
        self._broadcaster = Broadcaster(view.changes)
        self._websocket = WebSocketServer(dispatcher, view, output_choice, self._broadcaster, play_midi)
        self._files = {p.name: p.read_bytes() for p in sorted(PAGE_FOLDER.iterdir()) if p.suffix in CONTENT_TYPES}
        self._files["index.html"] = assembled(self._files)
        self._tags = {name: f'"{blake2b(data, digest_size=12).hexdigest()}"' for name, data in self._files.items()}
        self._runner: web.AppRunner | None = None
        self._connections: Connections | None = None
        self._guesses = Guesses()
        self._osc_port = 0
        self._announcer = ZeroconfAnnouncer() if config.zeroconf and config.http is not None else None

    async def open(self, osc_port: int) -> tuple[str, int] | None:
        """Listen; return (host, port), or None if HTTP is off. Raises OwnerError if the address cannot be used."""
        if self._config.http is None:
            return None
        self._osc_port = osc_port
        app = web.Application(
            middlewares=[web.middleware(partial(self._check_access))], client_max_size=websocket.MAX_FRAME
        )
        app.router.add_get("/", self._index)
        app.router.add_get("/ws", self._websocket.serve)
        app.router.add_get("/page/{name}", self._page_file)
        app.router.add_get("/takes", self._list_takes)
        app.router.add_get("/takes/{name}", self._take_file)
        app.router.add_get("/scores", self._list_scores)
        app.router.add_post("/hear", Hearing().serve)
        app.router.add_post("/sheet", Sheets().serve)
        app.router.add_get("/sets", self._list_sets)
        app.router.add_get("/{path:.*}", self._oscquery_node)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.5, handle_signals=False, keepalive_timeout=IDLE_TIMEOUT
        )
        await self._runner.setup()
        assert self._runner.server is not None
        self._connections = Connections(self._runner.server)
        host, port = self._config.http
        try:
            name, number = await self._connections.listen(host, port)
        except OSError as refused:
            if (host, port) != DEFAULT_HTTP or refused.errno != errno.EADDRINUSE:
                raise OwnerError(
                    f"cannot serve the panel on {host}:{port} ({os.strerror(refused.errno or 0)}): choose another with "
                    "--http 127.0.0.1:0, or none with --http none"
                ) from refused
            log.warning("port %d is in use: the panel is on another one", port)
            name, number = await self._connections.listen(host, 0)
        if self._announcer is not None:
            self._announcer.open(name, number, osc_port)
        return name, number

    def publish(self, path: str, args: tuple[Value, ...]) -> None:
        """Send a message to all listeners at the next flush."""
        self._view.last_published.update(path, args)
        self._broadcaster.publish(path, args, latest_only=path not in EVERY_MESSAGE_PATHS)

    def schedule_update(self) -> None:
        """Schedule sending the changes of the session's state."""
        self._broadcaster.schedule_flush()

    def set_tempo_map(self, tempo: TempoMap) -> None:
        """Send a new tempo map to the page."""
        self._view.tempo = tempo
        self._broadcaster.schedule_flush()

    @property
    def listener_count(self) -> int:
        """Number of connected listeners."""
        return len(self._broadcaster.listeners)

    async def close(self) -> None:
        """Disconnect all listeners and stop the server."""
        self._broadcaster.close()
        if self._connections is not None:
            self._connections.close()
        if self._announcer is not None:
            await self._announcer.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- access and the page -------------------------------------------------------------------

    async def _check_access(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        refusal = self._check_source(_request_source(request))
        response: web.StreamResponse
        if refusal is not None:
            response = web.Response(status=refusal.status, text=refusal.reason + "\n")
            response.headers.update(refusal.headers)
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=f"{error.reason}\n")
            token = request.query.get("token")
            if token and token == self._config.token and not response.prepared:
                response.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    def _check_source(self, source: RequestSource) -> Refusal | None:
        """Return the refusal of a request, if it is refused; who shows wrong tokens is slowed, and the owner is told."""
        now = monotonic()
        wait = self._guesses.wait(source.peer, now)
        if wait:
            return Refusal(429, "too many wrong tokens: wait", {"Retry-After": str(math.ceil(wait))})
        refusal = self._access.check(source)
        if refusal is not None and refusal.status == 401 and source.token is not None:
            count = self._guesses.wrong(source.peer, now, source.token)
            if count in (FREE_GUESSES, 10 * FREE_GUESSES) or (count and count % 1000 == 0):
                log.warning("%s has shown %d wrong tokens: it has to wait between them", source.peer, count)
        elif refusal is None:
            self._guesses.right(source.peer)
        return refusal

    async def _index(self, request: web.Request) -> web.StreamResponse:
        """Serve the page to browsers and the namespace to OSCQuery clients."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._websocket.serve(request)
        if "text/html" in request.headers.get("Accept", "") and "HOST_INFO" not in request.query:
            return await self._static_file(request, "index.html")
        return await self._oscquery_node(request)

    async def _page_file(self, request: web.Request) -> web.StreamResponse:
        return await self._static_file(request, request.match_info["name"])

    async def _static_file(self, request: web.Request, name: str) -> web.StreamResponse:
        """Serve a file; a browser that has its current version, such as the SoundFont's, gets 304 Not Modified."""
        if name not in self._files:
            raise web.HTTPNotFound
        headers = {"ETag": self._tags[name]}
        if request.headers.get("If-None-Match") == self._tags[name]:
            return web.Response(status=304, headers=headers)
        content_type = CONTENT_TYPES[Path(name).suffix]
        charset = None if content_type == "application/octet-stream" else "utf-8"
        data = self._files[name]
        if len(data) <= CHUNK:
            return web.Response(body=data, content_type=content_type, charset=charset, headers=headers)
        # in pieces, so that of a file of megabytes one piece waits for who reads slowly
        response = web.StreamResponse(headers={**HEADERS, **headers})
        response.content_type, response.content_length = content_type, len(data)
        if charset is not None:
            response.charset = charset
        await response.prepare(request)
        for at in range(0, len(data) if request.method == "GET" else 0, CHUNK):
            await response.write(data[at : at + CHUNK])
            if self._connections is not None:
                self._connections.went_on(request.transport)
        await response.write_eof()
        return response

    # --- kept takes and OSCQuery ---------------------------------------------------------------

    async def _list_takes(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(kept_takes.list_kept))

    async def _list_scores(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(scores.pieces))

    async def _list_sets(self, request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(sets.names))

    async def _take_file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        data = await asyncio.to_thread(kept_takes.kept_file, name)
        if data is None:
            raise web.HTTPNotFound
        if name.endswith(".json"):
            return web.Response(body=data, content_type="application/json")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=data, content_type="audio/midi", headers=headers)

    async def _oscquery_node(self, request: web.Request) -> web.Response:
        if "HOST_INFO" in request.query:
            host, port = request.transport.get_extra_info("sockname")[:2] if request.transport else ("", 0)
            return web.json_response(oscquery.host_info("LLMBall", str(host), self._osc_port, int(port)))
        node = oscquery.find_node(oscquery.namespace_tree(self._view.value), request.path)
        if node is None:
            raise web.HTTPNotFound
        attributes = [key for key in request.query if key != "token"]
        if not attributes:
            return web.json_response(node)
        if attributes[0] not in oscquery.KNOWN_ATTRIBUTES:
            raise web.HTTPBadRequest
        if attributes[0] == "VALUE" and request.path.removeprefix(ROOT) in CONTROL_PATHS:
            return web.json_response({"VALUE": self._view.value(request.path.removeprefix(ROOT))})
        if attributes[0] not in node:
            return web.Response(status=204)
        return web.json_response({attributes[0]: node[attributes[0]]})


def assembled(files: Mapping[str, bytes]) -> bytes:
    """Return the page with its style sheet inside, and with the names of the modules that start.js loads: no file waits for another."""
    needed = ["main.js"]
    for name in needed:
        needed += [other for other in IMPORT.findall(files[name].decode()) if other not in needed]
    names = " ".join(f"page/{name}" for name in needed).encode()
    return (
        files["index.html"]
        .replace(LINK, b"<style>" + STYLE + b"</style>")
        .replace(NEEDED, b'data-needed="' + names + b'"')
    )


def _request_source(request: web.Request) -> RequestSource:
    local = request.transport.get_extra_info("sockname") if request.transport else None
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    hosts, origins = request.headers.getall("Host", []), request.headers.getall("Origin", [])
    return RequestSource(
        peer_host(request.transport.get_extra_info("peername") if request.transport else None),
        (str(local[0]), int(local[1])) if local else ("", 0),
        hosts[0] if len(hosts) == 1 else None,
        " ".join(origins) if origins else None,
        request.query.get("token") or bearer or request.cookies.get(COOKIE),
    )


def first_sound(page: str, midi: str, *, display: bool) -> str:
    """Return the line that says where to hear the band: `page` is the panel's address, `midi` the name of the port."""
    where = f"the panel opens: {page}" if display else f"no display here; open {page} in a browser of this machine"
    if midi.startswith("file:"):
        return f"{where}. Its sound button plays here; ./{midi.removeprefix('file:')} grows at every bar"
    return f"{where}. Its sound button plays here" + ("" if midi == "none" else f"; MIDI goes to {midi}")


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Return True if a browser can open a window on this machine."""
    return platform in ("darwin", "win32") or any(environment.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY"))
