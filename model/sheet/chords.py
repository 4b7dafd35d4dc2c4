"""A chord sheet: title, key, tempo, and the chords of each phrase, four bars a line. Plain text, to print or to sing from."""

from __future__ import annotations

from model.analysis.explain import Explanation

BARS_A_LINE = 4


def to_text(told: Explanation, title: str) -> str:
    """Return the sheet of an explained piece; a bar that goes on with the chord before shows %, a repeated phrase its name."""
    lines = [title, f"{told.key}, {told.meter}, {told.tempo:g} quarter notes a minute", ""]
    cells = {bar: " ".join(c.symbol for c in told.chords if c.bar == bar) or "%" for bar in range(1, told.bars + 1)}
    wide = max(map(len, cells.values()))
    for section in told.sections:
        lines.append(f"{section.name}  (bars {section.first} to {section.last})")
        for first in range(section.first, section.last + 1, BARS_A_LINE):
            bars = range(first, min(first + BARS_A_LINE, section.last + 1))
            lines.append("| " + " | ".join(cells[bar].ljust(wide) for bar in bars) + " |")
        lines.append("")
    return "\n".join(lines)
