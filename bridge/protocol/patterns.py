"""Address patterns of OSC: `/llmball/part/*/enabled` is a message to each control whose address matches. Pure.

Only controls match, since one message must not give several commands. The cost is bounded: a pattern has `MAX_WILDCARDS`
wildcards at most, it is compared step by step (a wildcard never matches a `/`), and it may match `MAX_MATCHES` controls.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bridge.errors import BadRequest
from bridge.protocol.controls import CONTROLS, ROOT
from bridge.protocol.osc import Message

WILDCARDS = frozenset("*?[{")
MAX_WILDCARDS = 4
MAX_MATCHES = 16
_TOKEN = re.compile(
    r"(?P<any>\*)|(?P<one>\?)|\[(?P<not>!?)(?P<set>[^][/]+)\]|\{(?P<either>[^{}/]+)\}|(?P<plain>[^][*?{}])"
)


def expand(message: Message) -> tuple[Message, ...]:
    """Return the messages that a message stands for: itself, or one for each control that its pattern matches.

    Raises BadRequest for a pattern that is malformed, has too many wildcards, or matches no control or too many.
    """
    if not WILDCARDS & set(message.address):
        return (message,)
    matching = _matching(message.address)
    if isinstance(matching, str):
        raise BadRequest(message.address, matching)
    return tuple(Message(ROOT + path, message.args) for path in matching)


@lru_cache(256)
def _matching(address: str) -> tuple[str, ...] | str:
    """Return the paths of the controls that a pattern matches, or what is wrong with it."""
    if sum(c in WILDCARDS for c in address) > MAX_WILDCARDS:
        return f"an address pattern has {MAX_WILDCARDS} wildcards at most"
    try:
        steps = [re.compile(_expression(step)) for step in address.split("/")]
    except (ValueError, re.error):
        return "no address pattern: * ? [a-z] [!a-z] and {one,other} are, each within one step"
    found = tuple(path for path in CONTROLS if _matches(steps, (ROOT + path).split("/")))
    if not found:
        return "no control has an address like this; commands take no patterns (docs/osc.md lists both)"
    if len(found) > MAX_MATCHES:
        return f"an address pattern may match {MAX_MATCHES} controls, not {len(found)}"
    return found


def _matches(steps: list[re.Pattern[str]], path: list[str]) -> bool:
    return len(steps) == len(path) and all(s.fullmatch(p) for s, p in zip(steps, path, strict=True))


def _expression(step: str) -> str:
    """Return one step of a pattern as a regular expression. Raises ValueError where it is malformed."""
    parts, at = [], 0
    while at < len(step):
        token = _TOKEN.match(step, at)
        if token is None:
            raise ValueError(step)
        at = token.end()
        match token.lastgroup:
            case "any":
                parts.append(".*")
            case "one":
                parts.append(".")
            case "set":
                inside = re.sub(r"([\\^&~|])", r"\\\1", token["set"])
                parts.append(f"[{'^' if token['not'] else ''}{inside}]")
            case "either":
                parts.append(f"(?:{'|'.join(re.escape(one) for one in token['either'].split(','))})")
            case _:
                parts.append(re.escape(token["plain"]))
    return "".join(parts)
