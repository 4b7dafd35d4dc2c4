from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.soundfont import (
    INSTRUMENT,
    KEY_RANGE,
    KITS,
    LOOP_END,
    LOOPS,
    SAMPLE,
    Bank,
    Named,
    Sample,
    Zone,
    later,
    read,
    trim,
)
from bridge.http.app import PAGE_FOLDER

FILE = PAGE_FOLDER / "band.sf3"
EVERY_KEY = 127 << 8


@pytest.fixture(scope="module")
def band() -> Bank:
    return read(FILE.read_bytes())


def test_the_pages_soundfont_has_every_program_and_kit_and_is_small(band: Bank) -> None:
    assert {(p.bank, p.program) for p in band.presets} == {(0, n) for n in range(128)} | {(128, n) for n in KITS}
    assert FILE.stat().st_size <= 8_000_000
    assert "Permission is hereby granted" in Path(FILE.with_name("band-license.md")).read_text(encoding="utf-8")


def test_every_program_sounds_on_six_octaves_and_every_kit_on_the_keys_of_general_midi(band: Bank) -> None:
    for preset in band.presets:
        links = [z.get(INSTRUMENT) for z in preset.zones if z.get(INSTRUMENT, -1) >= 0]
        heard = _keys([z for i in links for z in band.instruments[i].zones])
        silent = set(range(35, 82) if preset.bank else range(24, 97)) - heard
        assert not silent, preset.name


def test_every_loop_lies_within_its_sample(band: Bank) -> None:
    broken = [s.name for s in band.samples if not 0 <= s.loop[0] < s.loop[1]]
    assert not broken


def test_the_loops_that_zones_make_of_a_stored_sample_lie_within_it(band: Bank) -> None:
    stored = [
        i for i, sample in enumerate(band.samples) if not sample.kind & 16
    ]  # the frames of a coded one are not known
    ends = {i: band.samples[i].loop[1] + max(later(x, i) for x in band.instruments) for i in stored}
    assert stored
    assert [band.samples[i].name for i, end in ends.items() if end > len(band.samples[i].frames)] == []


@pytest.mark.parametrize(("loop_end", "kept"), [(0, 76), (40, 116), (-5 & 0xFFFF, 76)])
def test_what_follows_a_loop_goes_but_not_what_the_loop_of_a_zone_needs(loop_end: int, kept: int) -> None:
    zone = Zone(((LOOPS, 1), (LOOP_END, loop_end), (SAMPLE, 0)))
    sample = Sample(b"a", np.ones(200, np.int16), (10, 60), 8000, 60, 0, 1)
    trimmed = trim(Bank((Named(b"p", (Zone(((INSTRUMENT, 0),)),)),), (Named(b"i", (zone,)),), (sample,)))
    assert len(trimmed.samples[0].frames) == kept


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.booleans())
def test_trimming_leaves_every_key_with_one_sound(widths: list[int], is_pair: bool) -> None:
    zones, samples, low = list[Zone](), list[Sample](), 20
    for width in widths:
        for kind in (4, 2) if is_pair else (1,):
            zones.append(Zone(((KEY_RANGE, low | (low + width - 1) << 8), (SAMPLE, len(samples)))))
            samples.append(Sample(b"a", np.ones(10, np.int16), (0, 10), 8000, low + width // 2, 0, kind))
        low += width
    preset = Named(b"p", (Zone(((INSTRUMENT, 0),)),))
    trimmed = trim(Bank((preset,), (Named(b"i", tuple(zones)),), tuple(samples)))
    kept = trimmed.instruments[0].zones
    assert _keys(kept) == set(range(128))
    assert len(trimmed.samples) == len({z.get(SAMPLE) for z in kept}) <= len(widths)
    assert sum(len(_keys([z])) for z in kept) == 128


def _keys(zones: list[Zone] | tuple[Zone, ...]) -> set[int]:
    ranges = [z.get(KEY_RANGE, EVERY_KEY) for z in zones if z.get(SAMPLE, -1) >= 0]
    return {key for r in ranges for key in range(r & 127, (r >> 8) + 1)}
