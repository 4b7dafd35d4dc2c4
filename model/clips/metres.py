"""Bars of any metre as bars that the decoder writes. Pure."""

from __future__ import annotations

from functools import cache

from model.music.midifile import bar_length
from model.music.notes import METERS, Ticks

Bars = tuple[tuple[Ticks, str], ...]
"""The first tick and the metre of each bar."""
LONGEST = 64 * 2880
"""Ticks that are looked at for a bar line at which bars of ours end too."""
_STEP = 240
"""What the lengths of our metres are multiples of."""


def decoder_bars(bars: Bars) -> Bars:
    """Return bars of our metres over the same time, with a bar line wherever bars of ours can have one.

    A 6/4 becomes two of 3/4, a 7/4 a 4/4 and a 3/4, two of 5/8 one of 5/4, an upbeat is joined with the bar that follows. Where nothing
    fits, the last bar ends later.
    """
    found: list[tuple[Ticks, str]] = []
    begin, open_ticks, unit = Ticks(0), 0, ""
    for at, meter in bars:
        if not open_ticks and meter in METERS:
            found.append((at, meter))
            begin = Ticks(at + bar_length(meter))
            continue
        open_ticks += bar_length(meter)
        unit = unit or meter.split("/")[1]
        cover = _cover(open_ticks, unit == "8") if open_ticks <= LONGEST else None
        if cover is not None:
            found += _placed(begin, cover)
            begin, open_ticks, unit = Ticks(begin + open_ticks), 0, ""
    if open_ticks:
        longer = -(-open_ticks // _STEP) * _STEP
        while (cover := _cover(longer, unit == "8")) is None:
            longer += _STEP
        found += _placed(begin, cover)
    return tuple(found)


def _placed(begin: Ticks, meters: tuple[str, ...]) -> list[tuple[Ticks, str]]:
    found: list[tuple[Ticks, str]] = []
    for meter in meters:
        found.append((begin, meter))
        begin = Ticks(begin + bar_length(meter))
    return found


@cache
def _cover(ticks: int, eighths: bool) -> tuple[str, ...] | None:
    """Return the fewest of our metres that last so many ticks together, those of the unit first; None if none do."""
    if ticks % _STEP:
        return None
    lengths = {bar_length(m): m for m in sorted(METERS, key=lambda m: m.endswith("/8") == eighths)}
    if ticks > 4 * max(lengths):
        whole = bar_length("4/4")
        count = -(-(ticks - 4 * max(lengths)) // whole)
        rest = _cover(ticks - count * whole, eighths)
        return None if rest is None else ("4/4",) * count + rest
    best: dict[int, tuple[str, ...]] = {0: ()}
    for at in range(_STEP, ticks + 1, _STEP):
        shorter = [(*best[at - n], m) for n, m in lengths.items() if at - n in best]
        if shorter:
            best[at] = min(
                shorter, key=lambda s: (_strange(s, eighths), len(s), _unevenness(s), [-bar_length(m) for m in s])
            )
    return best.get(ticks)


def _unevenness(meters: tuple[str, ...]) -> int:
    """Return by how many ticks the longest bar is longer than the shortest."""
    lengths = [bar_length(meter) for meter in meters]
    return max(lengths) - min(lengths)


def _strange(meters: tuple[str, ...], eighths: bool) -> int:
    """Return how many metres count another unit."""
    return sum(meter.endswith("/8") != eighths for meter in meters)
