"""The arguments of messages → numbers and words. Pure; every fault is a BadRequest that names its address."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from bridge.errors import BadRequest

PROMPT_LIMIT = 2000  # characters
MOST_RAW = 2 * PROMPT_LIMIT
"""Characters of a prompt before its spaces are put together; longer ones are not looked at."""
LARGEST = 2**31
"""Numbers from here on do not fit into 32 bits."""


def whole(value: object) -> int | None:
    """Return a whole number that may have come as a float, or None: 2.0 is 2."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else None


def prompt(address: str, args: Sequence[object], encoded: bool) -> str:
    """Return the words of a prompt, cleaned of what is not printable. Raises BadRequest."""
    if not args or not all(isinstance(a, str | int | float) and not isinstance(a, bool) for a in args):
        raise BadRequest(address, "takes the prompt as one string or several")
    # Pure Data cuts a sentence at spaces and sends its numbers as floats: 82 comes as 82.0
    text = " ".join(f"{a:g}" if isinstance(a, float) else str(a) for a in args)
    if encoded:
        try:
            text = unquote_to_bytes(text).decode()
        except UnicodeDecodeError as error:
            raise BadRequest(address, "the percent-encoding is not UTF-8") from error
    if len(text) > MOST_RAW:
        raise BadRequest(address, f"a prompt has {PROMPT_LIMIT} characters at most, not {len(text)}")
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    if not any(c.isalnum() or ord(c) > 0x2000 for c in text):
        raise BadRequest(address, "the prompt is empty")
    if len(text) > PROMPT_LIMIT:
        raise BadRequest(address, f"a prompt has {PROMPT_LIMIT} characters at most, not {len(text)}")
    return text


def sayable(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: JSON may name halves of characters, which cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)
