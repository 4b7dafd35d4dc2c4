"""Bytes ↔ OSC messages. Pure. Malformed input raises `OscError` and nothing else, in time linear in its length.

Time tags are ignored: what a bundle holds is done when it comes. Address patterns are read as addresses
(`bridge.protocol.patterns`). Arguments other than numbers and strings become raw bytes, None, booleans or lists.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER_FORMATS = {"i": struct.Struct(">i"), "f": struct.Struct(">f"), "h": struct.Struct(">q"), "d": struct.Struct(">d")}  # fmt: skip
_TAGS_WITHOUT_DATA: dict[str, object] = {"T": True, "F": False, "N": None}
_RAW_SIZES = {"t": 8, "r": 4, "m": 4}
MAX_DEPTH, MAX_MESSAGES, MAX_TAGS, MAX_ADDRESS = 4, 256, 255, 256


class OscError(ValueError):
    """A datagram that is not OSC, or uses a part of it that is not supported; `address` is the message's, if known."""

    def __init__(self, reason: str, address: str = "") -> None:
        super().__init__(reason)
        self.address = address


@dataclass(frozen=True, slots=True)
class Message:
    """One message: address and arguments as Python values."""

    address: str
    args: tuple[object, ...]


def parse(datagram: bytes) -> list[Message | OscError]:
    """Return the messages of a packet, bundles flattened; a message that cannot be read is returned as its error.

    Raises OscError where the packet itself is malformed.
    """
    found: list[Message | OscError] = []
    _parse_packet(datagram, 0, found)
    return found


def _parse_packet(data: bytes, depth: int, found: list[Message | OscError]) -> None:
    if not data or len(data) % 4:
        raise OscError("a packet's length is a multiple of four")
    if not data.startswith(b"#bundle\0"):
        if len(found) >= MAX_MESSAGES:
            raise OscError(f"a bundle holds {MAX_MESSAGES} messages at most")
        try:
            found.append(_parse_message(data))
        except OscError as error:
            found.append(error)
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
        _parse_packet(data[at : at + size], depth + 1, found)
        at += size


def _parse_message(data: bytes) -> Message:
    raw, at = _parse_string(data, 0)
    if not raw.startswith(b"/") or not raw.isascii():
        raise OscError("an address begins with / and is plain ASCII")
    if len(raw) > MAX_ADDRESS:
        raise OscError(f"an address has {MAX_ADDRESS} characters at most, not {len(raw)}")
    address = raw.decode()
    if at == len(data):
        return Message(address, ())
    try:
        tags, at = _parse_string(data, at)
        if not tags.startswith(b",") or not tags.isascii():
            raise OscError("type tags begin with a comma and are plain ASCII")
        if len(tags) > MAX_TAGS + 1:
            raise OscError(f"a message has {MAX_TAGS} arguments at most, not {len(tags) - 1}")
        return Message(address, _parse_arguments(data, at, tags[1:].decode()))
    except OscError as error:
        raise OscError(str(error), address) from error


def _parse_arguments(data: bytes, at: int, tags: str) -> tuple[object, ...]:
    """Return the arguments, arrays as lists."""
    outside: list[list[object]] = []
    current: list[object] = []
    for tag in tags:
        if (number_format := _NUMBER_FORMATS.get(tag)) is not None:
            _require(data, at, number_format.size)
            current.append(number_format.unpack_from(data, at)[0])
            at += number_format.size
        elif tag == "s":
            raw, at = _parse_string(data, at)
            try:
                current.append(raw.decode())
            except UnicodeDecodeError as error:
                raise OscError("a string is not UTF-8") from error
        elif tag in _TAGS_WITHOUT_DATA:
            current.append(_TAGS_WITHOUT_DATA[tag])
        elif tag == "b":
            _require(data, at, 4)
            size = int.from_bytes(data[at : at + 4], "big")  # a negative one is far too long
            _require(data, at + 4, -(-size // 4) * 4)
            current.append(data[at + 4 : at + 4 + size])
            at += 4 + -(-size // 4) * 4
        elif tag in _RAW_SIZES:
            _require(data, at, _RAW_SIZES[tag])
            current.append(data[at : at + _RAW_SIZES[tag]])
            at += _RAW_SIZES[tag]
        elif tag == "[":
            outside.append(current)
            current = []
        elif tag == "]" and outside:
            outside[-1].append(current)
            current = outside.pop()
        else:
            raise OscError(f"unknown type tag {tag!r}")
    if outside:
        raise OscError("an array has no end")
    return tuple(current)


def _require(data: bytes, at: int, size: int) -> None:
    if at + size > len(data):
        raise OscError("its arguments are cut")


def _parse_string(data: bytes, start: int) -> tuple[bytes, int]:
    end = data.find(b"\0", start)
    after = (end - start) // 4 * 4 + 4 + start
    if end < 0 or after > len(data):
        raise OscError("a string has no end")
    return data[start:end], after


def encode(address: str, args: Sequence[int | float | str]) -> bytes:
    """Return the datagram of a message: int as i (32 bits), float as f, str as s in UTF-8.

    A NUL would end a string, so it is sent as a space.
    """
    tags, data = ",", b""
    for arg in args:
        if isinstance(arg, str):
            tags, data = tags + "s", data + _encode_string(arg)
        elif isinstance(arg, float):
            tags, data = tags + "f", data + _encode_float(arg)
        else:
            tags, data = tags + "i", data + _NUMBER_FORMATS["i"].pack(arg)
    return _encode_string(address) + _encode_string(tags) + data


def _encode_float(value: float) -> bytes:
    try:
        return _NUMBER_FORMATS["f"].pack(value)
    except OverflowError:  # too large for 32 bits
        return _NUMBER_FORMATS["f"].pack(float("inf") if value > 0 else float("-inf"))


def _encode_string(text: str) -> bytes:
    raw = text.replace("\0", " ").encode("utf-8", "replace")
    return raw + bytes(4 - len(raw) % 4)
