"""Packets, frames and payloads that nobody should send: every address, with arguments of every type, right and wrong.

A source of each is an endless iterator over a seeded `random.Random`, so a run can be had again.
"""

from __future__ import annotations

import json
import math
import random
import re
import struct
from collections.abc import Iterator, Sequence

from bridge.protocol.addresses import COMMANDS, OUTGOING
from bridge.protocol.controls import CONTROLS, ROOT, Control

NUMBERS: tuple[float, ...] = (
    0, 1, -1, 2, 0.5, -0.5, 4, 8, 16, 17, 60, 127, 128, 120.5, 300, 301, 999, 65535, 65536, 2**31 - 1, 2**31, -(2**31),
    1e9, -1e9, 1e38, -1e38, 1e-40, math.nan, math.inf, -math.inf,
)  # fmt: skip
TEXTS: tuple[str, ...] = (
    "", " ", "auto", "gm", "bar", "now", "fill", "ending", "calm piano", "Am F C G", "ii V I", "C# minor", "H-Dur", "Δ ø °",
    "x" * 300, "x" * 2000, "x" * 2001, "Am " * 400, "\x01\x07\x1b[2J\r\n", "שיר שמח", "‮drow", "👩‍👩‍👧 🎹", "%E6%98%A5", "%ff%00",
    "春天的气息", "../../etc/passwd", "nan", "1e999", "'; --", "{}[]*?,", "split:0", "split:60", "kick:36,snare:38", "cue fill",
    "bank/1/launch", "1", "9" * 400, "C [0,2,4,7,9]", "C [" + "0," * 300 + "]", "((((", "|" * 200, "3-4", "bass,melody", "\u2028",
)  # fmt: skip
TAGS = "ifsbhdtrmTFNS[]cX,\0"
HUGE = 20_000
"""Bytes of the longest argument."""


def packets(rng: random.Random) -> Iterator[bytes]:
    """Yield OSC packets: typed right and wrong, mutated, cut, bundled, starred, and of no kind at all."""
    while True:
        kind = rng.random()
        if kind < 0.30:
            yield message(rng)
        elif kind < 0.65:
            yield mutated(rng, message(rng))
        elif kind < 0.75:
            yield mutated(rng, bundle(rng, 0)) if rng.random() < 0.5 else bundle(rng, 0)
        elif kind < 0.82:
            yield encoded(starred(rng), rng.choices(NUMBERS, k=rng.randint(0, 2)))
        elif kind < 0.88:
            yield rng.randbytes(rng.randrange(64))
        elif kind < 0.92:
            yield encoded(address(rng), [rng.choice(("x", "春", "\x01")) * rng.randrange(HUGE // 3)])
        elif kind < 0.96:
            yield encoded(address(rng), rng.choices([*NUMBERS, *TEXTS], k=rng.randint(9, 140)))
        else:
            yield typed(rng)


def address(rng: random.Random) -> str:
    """Return an address of the table, now and then one that is told or one that is nowhere."""
    kind = rng.random()
    if kind < 0.5:
        return ROOT + rng.choice(_CONTROLS)
    if kind < 0.94:
        return ROOT + rng.choice(_COMMANDS)
    if kind < 0.97:
        return ROOT + rng.choice(_TOLD)
    return rng.choice(("/", "", "/llmball", "/llmball/", "llmball/tempo", "/other/tempo", "/llmball/bank/17/launch"))


def message(rng: random.Random) -> bytes:
    """Return a message to an address of the table: two of three times with arguments such as it takes."""
    path = address(rng)
    return encoded(path, arguments(rng, path))


def arguments(rng: random.Random, path: str) -> list[float | str]:
    """Return arguments for an address, of its types for the most part."""
    name = path.removeprefix(ROOT)
    if rng.random() < 0.33:
        return rng.choices([*NUMBERS, *TEXTS], k=rng.randint(0, 5))
    if name in CONTROLS:
        return [near(rng, CONTROLS[name])]
    kinds = re.findall(r":([sif])", COMMANDS[name].args) if name in COMMANDS else []
    return [rng.choice(TEXTS) if kind == "s" else rng.choice(NUMBERS) for kind in kinds]


def near(rng: random.Random, control: Control) -> float | str:
    """Return a value for a control: inside its range, at an end of it, just beyond, or not a value at all."""
    if control.kind == "s":
        return rng.choice([*control.choices, *TEXTS])
    if control.choices:
        return rng.choice([float(control.choices[0]), 3.5, math.nan])
    low, high = control.low, control.high
    inside = rng.uniform(low, high)
    return rng.choice((inside, round(inside), low, high, low - 1, high + 1, math.nan, math.inf, 1e30))


def encoded(path: str, args: Sequence[float | str]) -> bytes:
    """Return a message: whole numbers as i, h or f, others as f or d, strings as s."""
    tags, data = ",", b""
    for arg in args:
        if isinstance(arg, str):
            tags, data = tags + "s", data + string(arg.encode("utf-8", "replace"))
        elif isinstance(arg, int) and -(2**31) <= arg < 2**31:
            tags, data = tags + "i", data + struct.pack(">i", arg)
        elif isinstance(arg, int):
            tags, data = tags + "h", data + struct.pack(">q", arg)
        elif math.isfinite(arg) and abs(arg) > 3e38:
            tags, data = tags + "d", data + struct.pack(">d", arg)
        else:
            tags, data = tags + "f", data + struct.pack(">f", arg)
    return string(path.encode()) + string(tags.encode()) + data


def typed(rng: random.Random) -> bytes:
    """Return a message with any type tags, and bytes that may or may not be theirs."""
    tags = "".join(rng.choices(TAGS, k=rng.randint(1, 12)))
    data = b"".join(_of(rng, tag) for tag in tags)
    return string(address(rng).encode()) + string(b"," + tags.encode()) + data


def _of(rng: random.Random, tag: str) -> bytes:
    if tag in "hdt":
        return rng.choice((struct.pack(">d", rng.choice(NUMBERS)), rng.randbytes(8), b"\xff" * 8))
    if tag in "ifrmc":
        return rng.choice((struct.pack(">i", rng.randrange(300)), rng.randbytes(4), b"\xff" * 4))
    if tag == "s":
        return string(rng.choice(TEXTS).encode("utf-8", "replace"))
    if tag == "b":
        size = rng.choice((0, 4, 64, -1, -4, 2**31 - 1, 2**30))
        return struct.pack(">i", size) + rng.randbytes(min(64, max(0, size)))
    return b""


def string(data: bytes) -> bytes:
    """Return an OSC string."""
    return data + bytes(4 - len(data) % 4)


def starred(rng: random.Random) -> str:
    """Return an address pattern that would cost much to match."""
    return ROOT + rng.choice((
        "*" * 200, "*a" * 100 + "b", "?" * 200, "{" + ",".join(["a"] * 80) + "}" * 10, "[!a-z]" * 30, "part/*/level", "//tempo",
        "{tempo,density}", "*" * 20 + "{" * 20, "part/{bass,drums}/l[a-z]vel",
    ))  # fmt: skip


def bundle(rng: random.Random, depth: int) -> bytes:
    """Return messages in a bundle, in bundles, with time tags of any time."""
    tag = rng.choice((b"\0" * 7 + b"\1", b"\xff" * 8, bytes(8), rng.randbytes(8)))
    parts: list[bytes] = []
    for _ in range(rng.randint(0, 4) if depth else rng.choice((1, 3, 8))):
        parts.append(bundle(rng, depth + 1) if depth < 6 and rng.random() < 0.3 else message(rng))
    size = rng.choice((0, -4, 2**31 - 1, 3)) if rng.random() < 0.03 else None
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(p) if size is None else size) + p for p in parts)


def mutated(rng: random.Random, good: bytes) -> bytes:
    """Return a packet with one to five bytes changed, added or taken out, now and then cut."""
    packet = bytearray(good)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(packet) + 1)
        what = rng.random()
        if what < 0.7 and at < len(packet):
            packet[at] = rng.choice((rng.randrange(256), 0, 255, 42, packet[at] ^ 1 << rng.randrange(8)))
        elif what < 0.85:
            packet[at:at] = rng.randbytes(rng.choice((1, 4)))
        else:
            del packet[at : at + rng.choice((1, 4))]
    return bytes(packet[: rng.randrange(len(packet) + 1) // 4 * 4] if rng.random() < 0.2 else packet)


def frames(rng: random.Random) -> Iterator[str | bytes]:
    """Yield frames of a WebSocket: messages as JSON and as OSC, lists of them, and what is neither."""
    binary = packets(rng)
    while True:
        kind = rng.random()
        if kind < 0.25:
            yield next(binary)
        elif kind < 0.55:
            yield json.dumps(_line(rng))
        elif kind < 0.70:
            yield json.dumps([_line(rng) for _ in range(rng.choice((1, 3, 64, 65)))])
        elif kind < 0.85:
            yield _scribbled(rng, json.dumps(_line(rng)))
        else:
            yield rng.choice((
                "", "[", "[" * 3000, "{}", "null", "[[[]]]", '["/llmball/tempo", NaN]', '["/llmball/tempo", 1e999]', "[1]",
                '["/llmball/tempo", ' + "9" * 4000 + "]", '["sync", "x"]', '["sync", 1e308]', '["port", ["x"]]', '["port", ""]',
                '["ports", 1]', '["nonsense"]', '{"COMMAND": "LISTEN", "DATA": "/nowhere"}', '{"COMMAND": "LISTEN", "DATA": 1}',
                '["/llmball/cue", {"a": 1}]', '["/llmball/key", "\\ud800 minor"]', '["/llmball/ping", true]', "\0", "x" * 60000,
            ))  # fmt: skip


def payloads(rng: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield MQTT (path under the bridge's root, payload) pairs."""
    while True:
        name = address(rng).removeprefix("/").removeprefix("llmball/")
        path = name or "x"
        args = arguments(rng, ROOT + name)
        kind = rng.random()
        if kind < 0.5 and len(args) == 1:
            yield path, str(args[0]).encode("utf-8", "replace")
        elif kind < 0.6:
            yield path, json.dumps(args).encode()
        elif kind < 0.8:
            yield path, mutated(rng, json.dumps(args).encode())
        elif kind < 0.9:
            yield path, rng.randbytes(rng.randrange(40))
        else:
            yield path, rng.choice((
                b"", b"[" * 5000, b"{}", b"null", b"true", b"NaN", b"[NaN]", b"1e999", b"9" * 5000, b'"\\ud800"', b"[[1]]",
                b"x" * 70_000, b'["\\u0000", 1]',
            ))  # fmt: skip


def _line(rng: random.Random) -> list[object]:
    path = address(rng)
    return [path, *arguments(rng, path)]


def _scribbled(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(('"', "]", "\\", "}", "e9", "\u202e", "")) + text[at + rng.randrange(4) :]


_CONTROLS, _COMMANDS, _TOLD = tuple(CONTROLS), tuple(COMMANDS), tuple(t.path for t in OUTGOING)
