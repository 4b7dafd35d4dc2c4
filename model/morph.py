"""Between two prompts: their plans and their vectors mixed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from model.music import Plan
from model.precedence import LEVELS

if TYPE_CHECKING:  # the bridge mixes plans too, and does without numpy
    from model.encoder import Embedding

_LINEAR = (*LEVELS, "swing", "register", "articulation")


def between(first: Plan, second: Plan, x: float) -> Plan:
    """Return the plan at `x` (0..1) of the way from the first to the second.

    Tempo goes by ratios, levels in a line, styles by their weights; what cannot be halved (key, metre, parts, a
    progression …) is the nearer plan's. All parts play in one manner on the way. A tempo, key or metre counts as stated while the plan it comes from states it.
    """
    if not 0 <= x <= 1:
        raise ValueError(f"a morph lies in 0..1, not at {x:g}")
    nearer = second if x > 0.5 else first
    if x in (0, 1):
        return nearer
    mixed: dict[str, Any] = {name: _line(getattr(first, name), getattr(second, name), x) for name in _LINEAR}
    styles = _mixed(dict(first.style), dict(second.style), x)
    return replace(
        nearer,
        tempo=first.tempo * (second.tempo / first.tempo) ** x,
        style=tuple(sorted(styles, key=lambda style: -style[1])),
        idioms=(),
        registers=_mixed(dict(first.registers), dict(second.registers), x),
        **mixed,
    )


def blended(first: Embedding, second: Embedding, x: float) -> Embedding:
    """Return the vector at `x` of the way between two unit vectors, of unit length again."""
    mixed = (1 - x) * first + x * second
    length = float(mixed @ mixed) ** 0.5
    return mixed / length if length > 1e-6 else first


def _line(a: float, b: float, x: float) -> float:
    return a + (b - a) * x


def _mixed(a: Mapping[str, float], b: Mapping[str, float], x: float) -> tuple[tuple[str, float], ...]:
    """Return named weights between two tables; a name that one of them lacks weighs nothing there."""
    found = ((name, _line(a.get(name, 0.0), b.get(name, 0.0), x)) for name in dict.fromkeys([*a, *b]))
    return tuple((name, weight) for name, weight in found if weight)
