"""A client of MCP servers that shares no code with the SDK: JSON-RPC by standard input and output, or by streamable HTTP.

python -m tests.support.chat.raw_mcp_client URL TOKEN tools | call NAME [JSON] | resource URI | prompt NAME [JSON]
"""

from __future__ import annotations

import json
import queue
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol

VERSION = "2025-06-18"
PATIENCE = 120.0
HELLO = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}


class Wire(Protocol):
    """Carries messages."""

    def send(self, message: dict[str, Any]) -> None:
        """Send one."""

    def receive(self) -> dict[str, Any]:
        """Return the next."""


class StdioWire:
    """A server that is our child process."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=env
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def write(self, text: str) -> None:
        """Write any text, also what is no message."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self.write(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        """Return the next message. Raises queue.Empty, EOFError."""
        line = self._lines.get(timeout=PATIENCE)
        if not line:
            raise EOFError("the server has ended")
        message: dict[str, Any] = json.loads(line)
        return message

    def __enter__(self) -> StdioWire:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


class HttpWire:
    """A server at a URL: a POST a message, its answers as JSON or as a stream of events."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._session = url, ""
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        self._answers: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        """Send a message and keep what is answered."""
        headers = dict(self._headers)
        if self._session:
            headers |= {"Mcp-Session-Id": self._session, "Mcp-Protocol-Version": VERSION}
        request = urllib.request.Request(self._url, json.dumps(message).encode(), headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            self._session = response.headers.get("Mcp-Session-Id") or self._session
            body = response.read().decode()
            events = "text/event-stream" in response.headers.get("Content-Type", "")
        lines = [line[5:] for line in body.splitlines() if line.startswith("data:")] if events else [body]
        self._answers += [json.loads(line) for line in lines if line.strip()]

    def close(self) -> None:
        """End the session: a server keeps so many only."""
        headers = self._headers | {"Mcp-Session-Id": self._session, "Mcp-Protocol-Version": VERSION}
        with urllib.request.urlopen(
            urllib.request.Request(self._url, headers=headers, method="DELETE"), timeout=PATIENCE
        ):
            pass

    def receive(self) -> dict[str, Any]:
        """Return the next message. Raises EOFError."""
        if not self._answers:
            raise EOFError("nothing was answered")
        return self._answers.pop(0)


_UNHEARD = socket.socket()
_UNHEARD.bind(("127.0.0.1", 0))
NOBODY = f"127.0.0.1:{_UNHEARD.getsockname()[1]}"
"""Where nobody listens, for as long as this process lives."""


class RpcError(Exception):
    """An error of the protocol: its code and message."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


class Client:
    """Requests, one after another; what is answered to others meanwhile is kept in `others`."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._number = wire, 0
        self.others: list[dict[str, Any]] = []
        self.hello = self.request("initialize", HELLO)
        wire.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def begin(self, method: str, params: dict[str, Any] | None = None) -> int:
        """Send a request; return its number."""
        self._number += 1
        self._wire.send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params or {}})
        return self._number

    def cancel(self, number: int) -> None:
        """Cancel a request."""
        self._wire.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})

    def result(self, number: int) -> dict[str, Any]:
        """Return the result of a request. Raises RpcError."""
        while True:
            message = self._wire.receive()
            if message.get("id") != number:
                self.others.append(message)
            elif "error" in message:
                raise RpcError(message["error"])
            else:
                found: dict[str, Any] = message["result"]
                return found

    def request(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a request and return its result. Raises RpcError."""
        return self.result(self.begin(method, params))

    def call(self, name: str, arguments: dict[str, Any] | None = None) -> tuple[str, bool]:
        """Call a tool; return its text, and whether it was carried out. Raises RpcError."""
        found = self.request("tools/call", {"name": name, "arguments": arguments or {}})
        return "\n".join(c.get("text", "") for c in found["content"]), not found.get("isError", False)


def main(words: Sequence[str]) -> int:
    """Do one thing and print what is answered; exit 1 where a tool refuses."""
    if len(words) < 3:
        print(__doc__)
        return 2
    url, token, what, *rest = words
    try:
        wire = HttpWire(url, token)
        client = Client(wire)
        try:
            return _do(client, what, rest)
        finally:
            wire.close()
    except (RpcError, OSError, ValueError) as error:
        print(f"error: {error}")
        return 1


def _do(client: Client, what: str, rest: Sequence[str]) -> int:
    match what, rest:
        case "tools", []:
            for tool in client.request("tools/list")["tools"]:
                print(f"{tool['name']}: {tool['description']}\n    {json.dumps(tool['inputSchema']['properties'])}")
        case "call", [name, *given] if len(given) < 2:
            text, done = client.call(name, json.loads(given[0]) if given else {})
            print(text if done else f"refused: {text}")
            return 0 if done else 1
        case "resource", [uri]:
            print(client.request("resources/read", {"uri": uri})["contents"][0]["text"])
        case "prompt", [name, *given] if len(given) < 2:
            found = client.request("prompts/get", {"name": name, "arguments": json.loads(given[0]) if given else {}})
            print(found["messages"][0]["content"]["text"])
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
