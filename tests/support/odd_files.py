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

_CONTENT = st.binary(max_size=6)
_DATA = st.integers(0, 127)


@st.composite
def _events(draw: st.DrawFn) -> bytes:
    """Return the bytes of one event, sound or not."""
    status = draw(
        st.sampled_from((0x80, 0x90, 0x90, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0xF7, 0xF4, 0xFE, 0xFF, 0))
    )
    channel = draw(st.sampled_from((0, 1, 2, 9)))
    if status == 0:  # running status, or garbage
        return bytes((draw(st.integers(48, 60)), draw(_DATA)))
    if status < 0xF0:
        pitch = draw(st.integers(34, 72) | st.integers(0, 255))
        return bytes((status | channel, pitch) if status in (0xC0, 0xD0) else (status | channel, pitch, draw(_DATA)))
    content = draw(_CONTENT)
    length = len(content) if draw(st.integers(0, 9)) else draw(st.integers(0, 255)) & 0x7F
    if status in (0xF0, 0xF7):
        return bytes((status, length)) + content
    if status < 0xFF:
        return bytes((status,))
    kind = draw(st.sampled_from((0x00, 0x01, 0x03, 0x06, 0x2F, 0x51, 0x58, 0x59, 0x7F)) | _DATA)
    return bytes((status, kind, length)) + content


@st.composite
def odd_files(draw: st.DrawFn) -> bytes:
    """Return any sequence of legal and illegal chunks behind a header that may say anything of them."""
    chunks: list[bytes] = []
    for _ in range(draw(st.integers(0, 4))):
        deltas = st.integers(0, 127) | st.sampled_from((0x83, 0x8F, 0xFF))
        body = b"".join(bytes((draw(deltas),)) + draw(_events()) for _ in range(draw(st.integers(0, 24))))
        body += b"\x00\xff\x2f\x00" if draw(st.booleans()) else b""
        name = draw(st.sampled_from((b"MTrk", b"MTrk", b"MTrk", b"XFIH", b"\x00\x01\x02\x03")))
        size = len(body) + (draw(st.integers(-3, 3)) if draw(st.integers(0, 5)) == 0 else 0)
        chunks.append(name + max(0, size).to_bytes(4, "big") + body)
    kind = draw(st.sampled_from((0, 1, 1, 1, 2, 3, 999)))
    division = draw(st.sampled_from((1, 24, 96, 480, 960, 32767, 0xE728, 0xE250, 0)))
    count = len(chunks) if draw(st.booleans()) else draw(st.integers(0, 9))
    header = b"".join(n.to_bytes(2, "big") for n in (kind, count, division))
    before = draw(st.sampled_from((b"", b"", b"", b"\xef\xbb\xbf", b"RIFF\x00\x00\x00\x00RMIDdata\x00\x00\x00\x00")))
    content = before + b"MThd\x00\x00\x00\x06" + header + b"".join(chunks)
    return content[: draw(st.integers(0, len(content)))] if draw(st.integers(0, 7)) == 0 else content


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
