"""Bytes ↔ OSC messages. Pure; garbage gives `OscError`, never anything else, and never hangs.

python-osc decodes; in front of it stands a check for the packets that hang its version 1.10.2: a bundle
element of a negative size, deep nesting, unknown type tags (which shift later arguments), and address patterns.
Time tags are ignored.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

_TAGS = frozenset("ifsbhdtrmTFN[]")
_PATTERN = frozenset(b"*?[]{}")
MAX_DEPTH, MAX_MESSAGES = 4, 256


class OscError(ValueError):
    """A datagram that is not OSC, or not OSC that we read."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: address and arguments as Python values."""

    address: str
    args: tuple[object, ...]


def parse(datagram: bytes) -> list[Message | OscError]:
    """Return the messages of a packet, bundles flattened; one that cannot be read stands as its error.

    Raises OscError where the packet itself is broken.
    """
    found: list[Message | OscError] = []
    _walk(datagram, 0, found)
    return found


def _walk(data: bytes, depth: int, found: list[Message | OscError]) -> None:
    if not data or len(data) % 4:
        raise OscError("a packet's length is a multiple of four")
    if not data.startswith(b"#bundle\0"):
        found.append(_message(data))
        if len(found) > MAX_MESSAGES:
            raise OscError(f"a bundle holds {MAX_MESSAGES} messages at most")
        return
    if depth >= MAX_DEPTH or len(data) < 16:
        raise OscError("a bundle is too short or nested too deeply")
    at = 16
    while at < len(data):
        if at + 4 > len(data):
            raise OscError("a bundle element is cut")
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if size <= 0 or size % 4 or at + size > len(data):
            raise OscError("a bundle element's size is wrong")
        _walk(data[at : at + size], depth + 1, found)
        at += size


def _message(data: bytes) -> Message | OscError:
    address, at = _string(data, 0)
    if not address.startswith(b"/") or len(address) > 256 or not address.isascii():
        return OscError("an address begins with / and is plain ASCII")
    if _PATTERN & set(address):
        return OscError("address patterns are not taken")
    if at < len(data):
        tags, _ = _string(data, at)
        if (
            not tags.startswith(b",")
            or len(tags) > 256
            or not tags.isascii()
            or not set(tags[1:].decode()) <= _TAGS
        ):
            return OscError("unknown type tags")
    try:
        message = OscMessage(data)
        return Message(message.address, tuple(message.params))
    except Exception as error:  # whatever a decoder of foreign bytes raises is the sender's fault
        return OscError(f"cannot be decoded ({type(error).__name__})")


def _string(data: bytes, start: int) -> tuple[bytes, int]:
    end = data.find(b"\0", start)
    after = (end - start) // 4 * 4 + 4 + start
    if end < 0 or after > len(data):
        raise OscError("a string has no end")
    return data[start:end], after


def encode(address: str, args: Sequence[int | float | str]) -> bytes:
    """Return the datagram of a message: int as i (32 bits), float as f, str as s in UTF-8."""
    builder = OscMessageBuilder(address=address)
    for arg in args:
        builder.add_arg(arg, "s" if isinstance(arg, str) else "f" if isinstance(arg, float) else "i")
    return bytes(builder.build().dgram)
