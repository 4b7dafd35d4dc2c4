"""The page's SoundFont, made from FluidR3_GM.sf2 (MIT; in Debian fluid-soundfont-gm): `python -m bench.soundfont IN.sf2 OUT.sf3`.

All 128 programs of General MIDI and eight kits stay, and none falls silent in the six octaves around the middle. What goes, so
that a browser gets it in a moment: the right channels, every second sample of instruments sampled more closely than `NEAR`
semitones, what follows a loop, what of a single sound follows `ONE_SHOT` seconds. Samples are coded as Ogg Vorbis (SF3). The
same versions write the same bytes. Needs numpy and soundfile.
"""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

KITS = (0, 8, 16, 24, 25, 32, 40, 48)
"""Kits that stay: standard, room, power, electronic, 808, jazz, brush, orchestra."""
NEAR = 5
"""Semitones between samples of one instrument below which every second one goes."""
ONE_SHOT = 2.2
"""Seconds that stay of a sound without a loop."""
QUALITY, SHORT_QUALITY, SHORT = 0.08, 0.4, 0.5
"""Vorbis quality 0..1 of samples, and of those shorter than so many seconds: these are mostly loop, whose seam is heard."""
LOUDEST = 0.98
"""Largest amplitude of a coded sample once it is decoded: above 1, who decodes to 16 bits has it turned around, which clicks."""
SOFTER = 75
"""Attenuation of what was in one channel before, 3 dB (synthesisers take 0.4 of it): as a pair's half is heard alone now."""

KEY_RANGE, VELOCITY_RANGE, PAN, ATTENUATION, INSTRUMENT, SAMPLE, LOOPS, ROOT_KEY = 43, 44, 17, 48, 41, 53, 54, 58
LOOP_END, LOOP_END_COARSE = 3, 50
"""How much later than its sample's the loop of a zone ends, in frames and in steps of 32768 frames."""
_LEFT, _RIGHT, _MONO, _VORBIS = 4, 2, 1, 16
_AFTER_LOOP = 16
"""Frames that stay after a loop: synthesisers interpolate beyond its end."""

Generators = tuple[tuple[int, int], ...]
Modulators = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of a preset or an instrument: its generators in their order, and its modulators as stored."""

    generators: Generators
    modulators: Modulators = ()

    def get(self, kind: int, default: int = 0) -> int:
        """Return the value of a generator."""
        return dict(self.generators).get(kind, default)

    def put(self, kind: int, value: int) -> Zone:
        """Return the zone with another value of a generator; ranges stay first and the link last, as the format wants."""
        rest = [(k, v) for k, v in self.generators if k != kind]
        place = 0 if kind == KEY_RANGE else len(rest) - (bool(rest) and rest[-1][0] in (INSTRUMENT, SAMPLE))
        return replace(self, generators=(*rest[:place], (kind, value), *rest[place:]))


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample: its header without places in the file, and its frames."""

    name: bytes
    frames: np.ndarray[tuple[int], np.dtype[np.int16]]
    loop: tuple[int, int]
    rate: int
    key: int
    cents: int
    kind: int


@dataclass(frozen=True, slots=True)
class Named:
    """A preset or an instrument: its name, its zones, and of a preset program and bank."""

    name: bytes
    zones: tuple[Zone, ...]
    program: int = 0
    bank: int = 0


@dataclass(frozen=True, slots=True)
class Bank:
    """A SoundFont."""

    presets: tuple[Named, ...]
    instruments: tuple[Named, ...]
    samples: tuple[Sample, ...]
    info: tuple[tuple[bytes, bytes], ...] = ()


# --- reading ---------------------------------------------------------------------------------------


def read(data: bytes) -> Bank:
    """Read an SF2 or SF3 file; frames of a coded sample are its bytes, two to a frame, and mean nothing."""
    parts = {kind: body for _, _, group in _chunks(data[12:]) for kind, body, _ in _chunks(group)} if data else {}
    info = tuple((kind, body) for kind, body, _ in _chunks(next(g for k, _, g in _chunks(data[12:]) if k == b"INFO")))
    frames = np.frombuffer(parts[b"smpl"], "<i2")
    samples = tuple(
        Sample(
            name,
            frames[start // 2 : end // 2] if kind & _VORBIS else frames[start:end],
            (loop, loop_end) if kind & _VORBIS else (loop - start, loop_end - start),
            rate,
            key,
            cents,
            kind,
        )
        for name, start, end, loop, loop_end, rate, key, cents, _, kind in _records(parts[b"shdr"], "<20sIIIIIBbHH")[
            :-1
        ]
    )
    zones = _zones(parts[b"ibag"], parts[b"igen"], parts[b"imod"])
    heads = _records(parts[b"inst"], "<20sH")
    instruments = tuple(Named(a[0], tuple(zones[a[1] : b[1]])) for a, b in pairwise(heads))
    zones = _zones(parts[b"pbag"], parts[b"pgen"], parts[b"pmod"])
    heads = _records(parts[b"phdr"], "<20sHHHIII")
    presets = tuple(Named(a[0], tuple(zones[a[3] : b[3]]), a[1], a[2]) for a, b in pairwise(heads))
    return Bank(presets, instruments, samples, info)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield of each chunk its name, its body, and of a list the chunks in it."""
    at = 0
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + length]
        yield (body[:4], body, body[4:]) if kind == b"LIST" else (kind, body, b"")
        at += 8 + length + length % 2


def _records(data: bytes, form: str) -> list[tuple[Any, ...]]:
    return list(struct.iter_unpack(form, data))


def _zones(bags: bytes, generators: bytes, modulators: bytes) -> list[Zone]:
    places = list(struct.iter_unpack("<HH", bags))
    values = list(struct.iter_unpack("<HH", generators))
    stored = [modulators[i : i + 10] for i in range(0, len(modulators), 10)]
    return [Zone(tuple(values[a[0] : b[0]]), tuple(stored[a[1] : b[1]])) for a, b in pairwise(places)]


# --- trimming --------------------------------------------------------------------------------------


def trim(bank: Bank) -> Bank:
    """Return what stays of a bank."""
    presets = sorted(
        (p for p in bank.presets if p.bank == 0 or (p.bank == 128 and p.program in KITS)),
        key=lambda p: (p.bank, p.program),
    )
    instruments = [_one_channel(x, bank.samples) for x in bank.instruments]
    for preset in presets:
        if preset.bank == 0:
            links = {z.get(INSTRUMENT) for z in preset.zones if z.get(INSTRUMENT, -1) >= 0}
            for i in links:
                thin = _thinned(instruments[i], bank.samples)
                instruments[i] = _stretched(thin) if len(links) == 1 else thin
    used = sorted({z.get(INSTRUMENT) for p in presets for z in p.zones if z.get(INSTRUMENT, -1) >= 0})
    heard = sorted({z.get(SAMPLE) for i in used for z in instruments[i].zones if z.get(SAMPLE, -1) >= 0})
    samples = [
        _cut(
            bank.samples[s],
            {_loops(instruments[i], s) for i in used} - {None},
            max(later(instruments[i], s) for i in used),
        )
        for s in heard
    ]
    return Bank(
        tuple(_relinked(p, INSTRUMENT, used) for p in presets),
        tuple(_relinked(instruments[i], SAMPLE, heard) for i in used),
        tuple(samples),
        bank.info,
    )


def _one_channel(instrument: Named, samples: Sequence[Sample]) -> Named:
    """Return the instrument without right channels: left ones in the middle, others as much softer as that is."""
    common, zones = _common(instrument), list[Zone]()
    for zone in instrument.zones:
        kind = samples[zone.get(SAMPLE)].kind if zone.get(SAMPLE, -1) >= 0 else None
        if kind == _LEFT:
            zones.append(zone.put(PAN, 0))
        elif kind is None:
            zones.append(zone)
        elif kind != _RIGHT:
            zones.append(zone.put(ATTENUATION, zone.get(ATTENUATION, common.get(ATTENUATION)) + SOFTER))
    return replace(instrument, zones=tuple(zones))


def _common(instrument: Named) -> Zone:
    """Return the zone whose values hold for all others where they say nothing."""
    return instrument.zones[0] if instrument.zones and instrument.zones[0].get(SAMPLE, -1) < 0 else Zone(())


def _thinned(instrument: Named, samples: Sequence[Sample]) -> Named:
    """Return the instrument without every second sample where they are near; its neighbour below takes over its keys."""
    layers: dict[tuple[int, ...], list[int]] = {}
    for i, zone in enumerate(instrument.zones):
        if zone.get(SAMPLE, -1) >= 0 and zone.get(KEY_RANGE, -1) >= 0:
            layers.setdefault((zone.get(VELOCITY_RANGE, 127 << 8), zone.get(LOOPS)), []).append(i)
    zones: list[Zone | None] = list(instrument.zones)
    for places in layers.values():
        places.sort(key=lambda i: instrument.zones[i].get(KEY_RANGE) & 127)
        lower = places[0]
        for place in places[1:]:
            below, zone = zones[lower], instrument.zones[place]
            assert below is not None
            near = _root(zone, samples) - _root(below, samples) < NEAR
            follows = (below.get(KEY_RANGE) >> 8) + 1 == zone.get(KEY_RANGE) & 127
            if near and follows and below is instrument.zones[lower]:
                zones[lower] = below.put(KEY_RANGE, below.get(KEY_RANGE) & 255 | zone.get(KEY_RANGE) & 0xFF00)
                zones[place] = None
            else:
                lower = place
    return replace(instrument, zones=tuple(z for z in zones if z is not None))


def _stretched(instrument: Named) -> Named:
    """Return the instrument with its outermost samples, and those below a gap, on the keys that had none."""
    zones = list(instrument.zones)
    ranges = [z.get(KEY_RANGE, 127 << 8) for z in zones if z.get(SAMPLE, -1) >= 0]
    heard = {key for r in ranges for key in range(r & 127, (r >> 8) + 1)}
    next_low = {
        high: min((k for k in heard if k > high), default=128) - 1 for r in ranges if (high := r >> 8) + 1 not in heard
    }
    for i, zone in enumerate(zones):
        if zone.get(SAMPLE, -1) >= 0 and (keys := zone.get(KEY_RANGE, -1)) >= 0:
            low, high = keys & 127, keys >> 8
            zones[i] = zone.put(KEY_RANGE, (0 if low == min(heard) else low) | next_low.get(high, high) << 8)
    return replace(instrument, zones=tuple(zones))


def _root(zone: Zone, samples: Sequence[Sample]) -> int:
    return zone.get(ROOT_KEY, samples[zone.get(SAMPLE)].key)


def _loops(instrument: Named, sample: int) -> int | None:
    """Return how an instrument loops a sample (0 not, 1 always, 3 until release), or None if it does not use it."""
    common = _common(instrument)
    modes = {z.get(LOOPS, common.get(LOOPS)) for z in instrument.zones if z.get(SAMPLE, -1) == sample}
    return max(modes) if len(modes) == 1 else 3 if modes else None


def later(instrument: Named, sample: int) -> int:
    """Return how many frames after a sample's own loop the last of the loops that an instrument's zones make of it ends."""
    common, ends = _common(instrument), [0]
    for zone in instrument.zones:
        if zone.get(SAMPLE, -1) == sample:
            fine, coarse = (zone.get(kind, common.get(kind)) for kind in (LOOP_END, LOOP_END_COARSE))
            ends.append((fine ^ 0x8000) - 0x8000 + 0x8000 * ((coarse ^ 0x8000) - 0x8000))
    return max(ends)


def _cut(sample: Sample, loops: set[int | None], later: int) -> Sample:
    frames = sample.frames
    if loops == {1}:
        frames = frames[: sample.loop[1] + later + _AFTER_LOOP]
    elif loops == {0} and len(frames) > ONE_SHOT * sample.rate:
        frames = frames[: int(ONE_SHOT * sample.rate)].copy()
        tail = int(0.3 * sample.rate)
        frames[-tail:] = (frames[-tail:] * np.linspace(1, 0, tail)).astype(np.int16)
    first, last = (min(x, len(frames)) for x in sample.loop)
    return replace(sample, frames=frames, loop=(first, last) if first < last else (0, len(frames)), kind=_MONO)


def _relinked(one: Named, link: int, kept: list[int]) -> Named:
    places = {was: now for now, was in enumerate(kept)}
    zones = (z if z.get(link, -1) < 0 else z.put(link, places[z.get(link)]) for z in one.zones)
    return replace(one, zones=tuple(zones))


# --- writing ---------------------------------------------------------------------------------------


def write(bank: Bank) -> bytes:
    """Write an SF3 file: SF2 whose samples are Ogg Vorbis, or as they are where that is smaller."""
    heads, body = [], bytearray()
    for sample in bank.samples:
        raw, coded = sample.frames.astype("<i2").tobytes(), vorbis(sample)
        if len(coded) < len(raw):
            heads.append((len(body), len(body) + len(coded), *sample.loop, _MONO | _VORBIS))
            body += coded + bytes(len(coded) % 2)
        else:
            first = len(body) // 2
            end = first + len(sample.frames)
            heads.append((first, end, first + sample.loop[0], first + sample.loop[1], _MONO))
            body += raw + bytes(2 * 46)  # the format wants 46 frames of silence after each
    shdr = [
        struct.pack("<20sIIIIIBbHH", s.name, *head[:4], s.rate, s.key, s.cents, 0, head[4])
        for s, head in zip(bank.samples, heads, strict=True)
    ]
    instruments, ibag, igen, imod = _packed(bank.instruments)
    presets, pbag, pgen, pmod = _packed(bank.presets)
    phdr = [
        struct.pack("<20sHHHIII", p.name, p.program, p.bank, at, 0, 0, 0)
        for p, at in zip((*bank.presets, Named(b"EOP", ())), presets, strict=True)
    ]
    inst = [
        struct.pack("<20sH", p.name, at)
        for p, at in zip((*bank.instruments, Named(b"EOI", ())), instruments, strict=True)
    ]
    said = {**dict(bank.info), b"ifil": struct.pack("<HH", 3, 0), b"INAM": b"LLMBall, from Fluid R3 GM\0"}
    said[b"ICMT"] = b"trimmed from Fluid R3, (c) 2000-2002, 2008 Frank Wen, MIT licence\0"
    info = b"".join(_chunk(kind, text) for kind, text in said.items())
    tables = {
        b"phdr": b"".join(phdr), b"pbag": pbag, b"pmod": pmod, b"pgen": pgen, b"inst": b"".join(inst), b"ibag": ibag,
        b"imod": imod, b"igen": igen, b"shdr": b"".join(shdr) + struct.pack("<20s26x", b"EOS"),
    }  # fmt: skip
    lists = (
        _chunk(b"LIST", b"INFO" + info)
        + _chunk(b"LIST", b"sdta" + _chunk(b"smpl", bytes(body)))
        + _chunk(b"LIST", b"pdta" + b"".join(_chunk(kind, table) for kind, table in tables.items()))
    )
    return _chunk(b"RIFF", b"sfbk" + lists)


def _packed(named: Sequence[Named]) -> tuple[list[int], bytes, bytes, bytes]:
    """Return the first zone of each, and the three tables of zones."""
    firsts, bags, generators, modulators = [0], [], list[tuple[int, int]](), list[bytes]()
    for one in named:
        for zone in one.zones:
            bags.append((len(generators), len(modulators)))
            generators += zone.generators
            modulators += zone.modulators
        firsts.append(len(bags))
    bags.append((len(generators), len(modulators)))
    return (
        firsts,
        b"".join(struct.pack("<HH", *bag) for bag in bags),
        b"".join(struct.pack("<HH", *g) for g in generators) + bytes(4),
        b"".join(modulators) + bytes(10),
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + bytes(len(body) % 2)


def vorbis(sample: Sample) -> bytes:
    """Code a sample as Ogg Vorbis, softer where coding took it above `LOUDEST`."""
    import soundfile  # of its maker only: no dependency of ours

    frames = sample.frames.astype(np.float32) / 32768
    quality = SHORT_QUALITY if len(frames) < SHORT * sample.rate else QUALITY
    while True:
        file = io.BytesIO()
        soundfile.write(file, frames, sample.rate, format="OGG", subtype="VORBIS", compression_level=1 - quality)
        decoded, _ = soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")
        peak = float(np.abs(decoded).max(initial=0))
        if peak <= LOUDEST:
            return _numbered(file.getvalue())
        frames = frames * (LOUDEST / peak - 0.002)


def _numbered(coded: bytes) -> bytes:
    """Return an Ogg stream with the serial number 1 in place of that which the library draws by chance."""
    data, at = bytearray(coded), 0
    while at < len(data):
        segments = data[at + 26]
        end = at + 27 + segments + sum(data[at + 27 : at + 27 + segments])
        struct.pack_into("<II", data, at + 14, 1, *struct.unpack_from("<I", data, at + 18))
        struct.pack_into("<I", data, at + 22, 0)
        struct.pack_into("<I", data, at + 22, _ogg_crc(bytes(data[at:end])))
        at = end
    return bytes(data)


def _crc_table() -> tuple[int, ...]:
    values = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x04C11DB7 if crc & 0x80000000 else 0)
        values.append(crc & 0xFFFFFFFF)
    return tuple(values)


_CRC = _crc_table()


def _ogg_crc(page: bytes) -> int:
    crc = 0
    for byte in page:
        crc = (crc << 8) & 0xFFFFFFFF ^ _CRC[crc >> 24 ^ byte]
    return crc


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("python -m bench.soundfont FluidR3_GM.sf2 bridge/http/page/band.sf3")
    written = write(trim(read(Path(sys.argv[1]).read_bytes())))
    Path(sys.argv[2]).write_bytes(written)
    print(f"{len(written) / 1e6:.1f} MB")
