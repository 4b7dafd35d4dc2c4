"""Chat completions of an OpenAI-compatible server, streamed (asyncio). Whatever it answers is text, or a sentence on what is wrong."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bridge.config import ComposerAccount

CONNECT_PATIENCE, SILENCE_PATIENCE, WHOLE_PATIENCE = 5.0, 120.0, 900.0
"""Seconds: to connect; between two pieces of an answer (a long prompt is read before the first); for a whole answer."""
MAX_ANSWER, MAX_TOKENS = 400_000, 6000
"""Bytes of an answer with its frames; tokens that are asked for."""
TEMPERATURE = 0.8
KEY_VARIABLE = "LLMBALL_COMPOSER_KEY"


class ChatError(Exception):
    """The server does not answer, or not as it should; the message says what happened."""


@dataclass(slots=True)
class Chat:
    """A server and the model that is asked; None is the first that it has."""

    account: ComposerAccount
    silence: float = SILENCE_PATIENCE
    _model: str = ""

    async def ask(self, messages: Sequence[dict[str, str]]) -> AsyncIterator[str]:
        """Yield the pieces of an answer as they come. Raises ChatError, also where it is cut off."""
        key = os.environ.get(KEY_VARIABLE)
        timeout = aiohttp.ClientTimeout(total=WHOLE_PATIENCE, sock_connect=CONNECT_PATIENCE, sock_read=self.silence)
        try:
            async with aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {key}"} if key else None, timeout=timeout, trust_env=False
            ) as http:
                self._model = self._model or self.account.model or await self._first_model(http)
                body = {
                    "model": self._model, "messages": list(messages), "stream": True, "temperature": TEMPERATURE, "max_tokens": MAX_TOKENS,
                }  # fmt: skip
                async with http.post(
                    f"{self.account.url}/chat/completions", json=body, allow_redirects=False
                ) as response:
                    if response.status != 200:
                        raise ChatError(f"it answered {response.status} {(await response.text())[:120]!r}")
                    async for piece in _pieces(response):
                        yield piece
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            what = (
                "was silent for too long"
                if isinstance(error, TimeoutError | asyncio.TimeoutError)
                else "cannot be reached, or has gone"
            )
            raise ChatError(f"{self.account.url} {what}") from error
        except (ValueError, UnicodeError) as error:
            raise ChatError(f"what it answered is not understood: {str(error)[:120]}") from error

    async def _first_model(self, http: aiohttp.ClientSession) -> str:
        async with http.get(f"{self.account.url}/models", allow_redirects=False) as response:
            found = _at(await response.json(content_type=None), "data", 0, "id") if response.status == 200 else None
        return found if isinstance(found, str) else "default"


async def _pieces(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """Yield the text of a stream of events, or of one JSON object. Raises ChatError where the stream does not end as it should."""
    if "event-stream" not in response.headers.get("Content-Type", ""):
        text = _at(json.loads((await response.content.read(MAX_ANSWER)).decode()), "choices", 0, "message", "content")
        if not isinstance(text, str):
            raise ChatError("its answer has no text")
        yield text
        return
    rest, size = b"", 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_ANSWER:
            raise ChatError("its answer does not end")
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            data = line.removeprefix(b"data:").strip()
            if not line.startswith(b"data:") or not data:
                continue
            if data == b"[DONE]":
                return
            event = json.loads(data)
            if (error := _at(event, "error")) is not None:
                raise ChatError(f"it says {str(error)[:120]}")
            piece = _at(event, "choices", 0, "delta", "content")
            if isinstance(piece, str) and piece:
                yield piece
            reason = _at(event, "choices", 0, "finish_reason")
            if reason == "length":
                raise ChatError("its answer was cut off: it may write no more tokens")
            if reason is not None:
                return
    raise ChatError("its answer was cut off")


def _at(value: Any, *path: str | int) -> Any:  # noqa: ANN401 - whatever JSON it sent
    """Return what lies at a path in JSON, None where it does not."""
    for key in path:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and len(value) > key:
            value = value[key]
        else:
            return None
    return value
