"""`llmball mcp`: the MCP server, by standard input and output or by HTTP on loopback."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import sys
from ipaddress import ip_address

from bridge.errors import OwnerError
from bridge.mcp.library import Library
from bridge.mcp.stage import Stage, StageError
from bridge.mcp.toolkit import Hands


def run(args: argparse.Namespace) -> int:
    """Serve until the client leaves, or a signal. Raises OwnerError."""
    try:
        from bridge.mcp import server
    except ImportError as missing:
        if (missing.name or "").split(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise OwnerError("the MCP server needs its extra: pip install 'llmball[mcp]'") from missing
    logging.basicConfig(level=logging.WARNING, format="llmball mcp: %(message)s", stream=sys.stderr)
    library = Library() if args.folder is None else Library(args.folder)
    hands = Hands(Stage("http://{}:{}".format(*args.daemon), args.daemon_token), library)

    async def serve() -> None:
        if args.start:
            try:
                await hands.stage.start()
            except StageError as error:
                raise OwnerError(str(error)) from error
        if args.http is None:
            await server.serve_stdio(hands)
        else:
            host, port = args.http
            await server.serve_http(hands, host, port, args.token or server.new_token())

    if args.http is not None and not _is_loopback(args.http[0]):
        raise OwnerError(f"{args.http[0]} is not this machine: --http takes 127.0.0.1:PORT (tunnel it if you must)")
    with contextlib.suppress(asyncio.CancelledError):
        try:
            asyncio.run(serve())
        except OSError as error:
            raise OwnerError(
                f"cannot serve there ({error.strerror}): choose another with --http 127.0.0.1:0"
            ) from error
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
