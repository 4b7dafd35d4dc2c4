"""A strict reader of frozen Max for Live devices. It shares nothing with what builds them: every byte must be accounted for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

KINDS = {b"mmmm": "midi effect", b"nagg": "midi generator"}


class NotADeviceError(ValueError):
    """The file is not what Live opens; the message says where."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device: its kind, its patcher, and its other files by name."""

    kind: str
    patcher: dict[str, Any]
    files: dict[str, bytes]


def read(data: bytes, name: str) -> Device:
    """Return the device in a file called `name`. Raises NotADeviceError."""
    at, chunks = 0, list[tuple[bytes, bytes]]()
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        _need(at + 8 + size <= len(data), f"chunk at {at} runs past the end")
        chunks.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size
    _need([tag for tag, _ in chunks] == [b"ampf", b"meta", b"ptch"], "chunks are not ampf, meta, ptch")
    type_, meta, block = (payload for _, payload in chunks)
    _need(type_ in KINDS, f"unknown type {type_!r}")
    _need(meta == (7).to_bytes(4, "little"), "the flags do not say frozen")
    files = _files(block)
    _need(files[0][0] == name, f"the device calls itself {files[0][0]}")
    text = files[0][1]
    _need(text.endswith(b"\n\0"), "the patcher does not end as Max ends it")
    patcher = json.loads(text[:-2])["patcher"]
    _need("project" in patcher, "there is no project block: Max refuses to open it")
    _need(patcher["project"]["amxdtype"] == int.from_bytes(type_, "big"), "project and type disagree")
    return Device(KINDS[type_], patcher, dict(files[1:]))


def _files(block: bytes) -> list[tuple[str, bytes]]:
    _need(block[:8] == b"mx@c\0\0\0\x10", "no frozen block")
    directory = int.from_bytes(block[8:16], "big")
    _need(block[directory : directory + 4] == b"dlst", "no directory where the block says")
    _need(
        int.from_bytes(block[directory + 4 : directory + 8], "big") == len(block) - directory,
        "directory's size",
    )
    found, at, expected = list[tuple[str, bytes]](), directory + 8, 16
    while at < len(block):
        _need(block[at : at + 4] == b"dire", f"no entry at {at}")
        end = at + int.from_bytes(block[at + 4 : at + 8], "big")
        fields, at = dict[bytes, bytes](), at + 8
        while at < end:
            size = int.from_bytes(block[at + 4 : at + 8], "big")
            fields[block[at : at + 4]] = block[at + 8 : at + size]
            at += size
        _need(
            list(fields) == [b"type", b"fnam", b"sz32", b"of32", b"vers", b"flag", b"mdat"],
            "fields of an entry",
        )
        size, offset = (int.from_bytes(fields[f], "big") for f in (b"sz32", b"of32"))
        _need(offset == expected, "files are not back to back")
        expected = offset + size
        _need(len(fields[b"fnam"]) % 4 == 0 and fields[b"fnam"].endswith(b"\0"), "a name is not padded")
        own = not found
        _need(int.from_bytes(fields[b"flag"], "big") == (0x11 if own else 0), "flags of an entry")
        _need(fields[b"type"] == (b"JSON" if own else b"TEXT"), "type of an entry")
        found.append((fields[b"fnam"].rstrip(b"\0").decode("ascii"), block[offset:expected]))
    _need(expected == directory, "bytes between the last file and the directory")
    return found


def _need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise NotADeviceError(otherwise)
