"""What stands between bar lines: in the order of playing, and laid out in whole bars."""

from __future__ import annotations

from dataclasses import dataclass

from model.music.notes import METERS, Ticks

QUARTER = 480
CLOSE = 2.0  # ticks that rounding may add up to in a bar
MISFITS = 0.1  # the share of bars that may not add up


@dataclass(slots=True)
class Sound:
    """Notes struck together, or a rest: ticks from the bar line and the length in ticks, neither rounded."""

    start: float
    length: float
    pitches: tuple[int, ...]
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands between two bar lines; it may be less than a bar.

    `opens` and `closes` tell of repeat signs at its sides, `fresh` of a double bar before it, `ending` is its
    number under a bracket, or 0.
    """

    sounds: tuple[Sound, ...]
    length: float
    meter: str
    opens: bool = False
    closes: bool = False
    fresh: bool = False
    ending: int = 0


def bar_ticks(meter: str) -> float:
    """Return a bar's length in ticks."""
    over, under = meter.split("/")
    return 4 * QUARTER * int(over) / int(under)


def unfold_repeats(bars: list[Bar]) -> list[Bar]:
    """Return the bars in the order of playing: each repeat is played twice, with its first and its second ending."""
    out: list[Bar] = []
    begin = i = 0
    signed = False  # whether the stretch from `begin` has a repeat sign before it; a double bar is then inside it
    while i < len(bars):
        bar = bars[i]
        if bar.opens or (bar.fresh and not bar.ending and not signed):
            out += bars[begin:i]
            begin, signed = i, bar.opens
        i += 1
        if not bar.closes:
            continue
        stretch = bars[begin:i]
        first = next((k for k, b in enumerate(stretch) if b.ending), len(stretch))
        out += stretch + stretch[:first]
        if first < len(stretch) and i < len(bars) and bars[i].ending:
            second = i
            i += 1
            while i < len(bars) and not _ends(bars[i - 1], bars[i]):
                i += 1
            out += bars[second:i]
        begin, signed = i, False
    return out + bars[begin:]


def _ends(bar: Bar, after: Bar) -> bool:
    return bar.closes or after.opens or after.fresh or after.ending > 0


def lay_out_bars(
    bars: tuple[Bar, ...],
) -> tuple[tuple[tuple[Ticks, str], ...], Ticks, tuple[float, ...]] | str:
    """Lay what stands between bar lines out in whole bars: (bars, end, start of each); or why it cannot be done.

    A pickup goes to the end of its bar, at the beginning and after a double bar; else a short bar is filled by
    the next one where both make a whole, and with a rest where they do not, which is a misfit, as is one too long.
    """
    if any(b.meter not in METERS for b in bars):
        return "metre outside the contract"
    lines: list[tuple[Ticks, str]] = []
    places: list[float] = []
    at = used = 0.0
    misfits = 0
    for i, bar in enumerate(bars):
        full = bar_ticks(bar.meter)
        if used and (used + bar.length > full + CLOSE or lines[-1][1] != bar.meter):
            misfits += 1
            at, used = at + bar_ticks(lines[-1][1]), 0.0
        if not used:
            lines.append((Ticks(round(at)), bar.meter))
            after = bars[i + 1].length if i + 1 < len(bars) else 0.0
            if (i == 0 or bar.fresh) and bar.length < full - CLOSE < after + bar.length - 2 * CLOSE:
                used = full - bar.length
        places.append(at + used)
        used += bar.length
        misfits += used > full + CLOSE
        while used >= full - CLOSE:
            at, used = at + full, max(0.0, used - full)
            if used > CLOSE:
                lines.append((Ticks(round(at)), bar.meter))
            else:
                used = 0.0
    if misfits > max(1, MISFITS * len(bars)):
        return "bars do not add up"
    last = lines[-1]
    return tuple(lines), Ticks(round(last[0] + bar_ticks(last[1]))), tuple(places)
