"""Odd .mid files: built event by event, drawn by Hypothesis (legal and illegal chunks in any order), or bent out of sound ones."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from model.music import smf
from model.music.smf import Event, RawFile, RawTrack

PPQ = 480
Notes = Sequence[tuple[int, int, int]]
"""Start and length in ticks, pitch."""


def struck(notes: Notes, channel: int = 0, velocity: int = 80) -> list[Event]:
    """Return the events of notes; at one tick ends come before beginnings."""
    events: list[Event] = []
    for start, length, pitch in notes:
        events.append((start, smf.NOTE_ON | channel, bytes((pitch, velocity))))
        events.append((start + length, smf.NOTE_OFF | channel, bytes((pitch, 50))))
    return sorted(events, key=lambda e: (e[0], e[1] & 0xF0 == smf.NOTE_ON))


def track(events: Sequence[Event], name: str = "") -> RawTrack:
    """Return a track of events in any order, after its name."""
    named = [smf.meta(0, smf.NAME, name.encode())] if name else []
    order = [*named, *sorted(events, key=lambda e: e[0])]
    return RawTrack(tuple(order), max((e[0] for e in order), default=0))


def midi(*tracks: RawTrack, kind: int = 1, division: int = PPQ) -> bytes:
    """Return a file of tracks."""
    return smf.to_bytes(RawFile(kind, division, tracks))


def band(bars: int = 4, division: int = PPQ) -> bytes:
    """Return somebody's band of four tracks with programs, pedal, bends, a tempo map, texts and a kit of many sounds."""
    bar = 4 * division
    q = division
    tune = [(b * bar + i * q, q - q // 8, 72 + (2 * i + b) % 7) for b in range(bars) for i in range(4)]
    chord = [(b * bar, bar - q // 4, p + (b % 2) * 5) for b in range(bars) for p in (55, 60, 64)]
    low = [(b * bar + i * 2 * q, q, 36 + (b % 2) * 5) for b in range(bars) for i in range(2)]
    kit = [(b * bar + i * q // 2, q // 4, (35, 42, 64, 62, 54, 42, 40, 51)[i]) for b in range(bars) for i in range(8)]
    conductor = [
        smf.meta(0, smf.TEXT, b"by somebody"),
        smf.meta(0, smf.METER, bytes((4, 2, 24, 8))),
        smf.meta(0, smf.KEY, bytes((0, 0))),
        *(smf.meta(b * bar, smf.TEMPO, (500_000 + 1000 * b).to_bytes(3, "big")) for b in range(bars)),
        smf.meta(bar, smf.CUE, "Réfrain".encode("latin-1")),
    ]
    flute = [
        (0, smf.PROGRAM, b"\x49"),
        *struck(tune),
        *((t * q // 8, smf.BEND, bytes((t % 128, 64))) for t in range(99)),
    ]
    flute += [smf.meta(b * bar, smf.LYRIC, b"la") for b in range(bars)]
    piano = [(0, smf.CONTROL | 1, b"\x07\x50"), (0, smf.PROGRAM | 1, b"\x04"), *struck(chord, 1)]
    piano += [
        e
        for b in range(bars)
        for e in ((b * bar, smf.CONTROL | 1, b"\x40\x7f"), (b * bar + q, smf.CONTROL | 1, b"\x40\x00"))
    ]
    bass = [(0, smf.PROGRAM | 2, b"\x21"), (0, smf.SYSEX, b"\x43\x10\x4c\xf7"), *struck(low, 2)]
    drums = [(0, smf.PROGRAM | 9, b"\x19"), *struck(kit, 9)]
    return midi(
        track(conductor, "Song"), track(flute, "Flute"), track(piano, "Piano"), track(bass, "Bass"), track(drums, "Kit"),
        division=division,
    )  # fmt: skip


# drawn


def _some_events(rng: random.Random) -> tuple[bytes, ...]:
    """Return the bytes of events behind their delta times, sound ones and others."""
    found: list[bytes] = []
    for _ in range(400):
        delta = (
            bytes((rng.choice((0, 0, 10, 60, 127)),))
            if rng.random() < 0.95
            else rng.choice((b"\x83\x00", b"\x8f\x00", b"\xff"))
        )
        status = rng.choice(
            (0x80, 0x80, 0x90, 0x90, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0xF4, 0xFE, 0xFF, 0xFF, 0)
        )
        data = bytes((rng.randint(34, 72) if rng.random() < 0.95 else rng.randrange(256), rng.randrange(128)))
        content = rng.randbytes(rng.randrange(6))
        length = bytes((len(content) if rng.random() < 0.9 else rng.randrange(128),))
        if status == 0:  # running status, or garbage
            event = data
        elif status < 0xF0:
            event = bytes((status | rng.choice((0, 1, 2, 9)),)) + (data[:1] if status in (0xC0, 0xD0) else data)
        elif status == 0xF0:
            event = bytes((rng.choice((0xF0, 0xF7)),)) + length + content
        elif status == 0xFF:
            kind = rng.choice((0x00, 0x01, 0x03, 0x06, 0x2F, 0x51, 0x58, 0x59, 0x7F, rng.randrange(128)))
            event = bytes((status, kind)) + length + content
        else:
            event = bytes((status,))
        found.append(delta + event)
    return tuple(found)


_EVENTS = st.lists(st.sampled_from(_some_events(random.Random(1))), min_size=6, max_size=30).map(b"".join)
_ENDS = st.sampled_from((b"", b"\x00\xff\x2f\x00"))
_NAMES = st.sampled_from((b"MTrk", b"MTrk", b"MTrk", b"XFIH", b"\x00\x01\x02\x03"))
_WRONG = st.sampled_from((0, 0, 0, 0, 0, 0, -3, -1, 1, 3))
_CHUNKS = st.lists(
    st.tuples(_NAMES, _EVENTS, _ENDS, _WRONG).map(
        lambda c: c[0] + max(0, len(c[1]) + len(c[2]) + c[3]).to_bytes(4, "big") + c[1] + c[2]
    ),
    min_size=1,
    max_size=4,
)
_HEADERS = st.tuples(
    st.sampled_from((0, 1, 1, 1, 2, 3, 999)),
    st.integers(0, 5),
    st.sampled_from((24, 96, 480, 960, 32767, 0xE728, 0xE250, 0)),
).map(lambda h: b"MThd\x00\x00\x00\x06" + b"".join(n.to_bytes(2, "big") for n in h))
_BEFORE = st.sampled_from((b"", b"", b"", b"\xef\xbb\xbf", b"RIFF\x00\x00\x00\x00RMIDdata\x00\x00\x00\x00"))
_CUT = st.sampled_from((1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.4))


def odd_files() -> st.SearchStrategy[bytes]:
    """Return any sequence of legal and illegal chunks behind a header that may say anything of them."""
    return st.tuples(_BEFORE, _HEADERS, _CHUNKS, _CUT).map(_joined)


def _joined(drawn: tuple[bytes, bytes, list[bytes], float]) -> bytes:
    before, header, chunks, share = drawn
    content = before + header + b"".join(chunks)
    return content[: round(len(content) * share)]


# bent


def bent(content: bytes, rng: random.Random) -> bytes:
    """Return a file with one to four things done to its bytes."""
    found = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(found)) if found else 0
        match rng.randrange(8):
            case 0:
                found[at : at + 1] = bytes((rng.randrange(256),))
            case 1:
                found[at : at + 1] = bytes((found[at] ^ 1 << rng.randrange(8),)) if found else b""
            case 2:
                del found[at : at + rng.choice((1, 1, 2, 3, 16))]
            case 3:
                found[at:at] = rng.randbytes(rng.choice((1, 1, 2, 4)))
            case 4:
                found[at:at] = found[at : at + rng.choice((4, 8, 64))]
            case 5:
                if rng.randrange(4) == 0:
                    del found[at:]
            case 6:
                odd = rng.choice((b"\x00\xff\x59\x02\x08\x00", b"\x00\xff\x51\x03\x00\x00\x00", b"\x00\xff\x58\x04\x05\x03\x18\x08",
                                  b"\x00\xff\x58\x04\x00\xff\x18\x08", b"\x00\xff\x06\x01A", b"\x00\xf4", b"\x81\x00\xff\x58\x04\x07\x02\x18\x08"))  # fmt: skip
                found[at:at] = odd
            case _:
                found[10:14] = bytes(
                    (rng.choice((0, 0, 255)), rng.randrange(256), *rng.choice(((0, 96), (1, 224), (0xE7, 40), (0, 1))))
                )
    return bytes(found)
