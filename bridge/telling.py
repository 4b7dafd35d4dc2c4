"""What is told of a plan: /llmball/understood/… . Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.controls import Value
from model.music import Controls, Plan
from model.precedence import apply


def understood(plan: Plan, controls: Controls) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield (path, arguments) for a plan under the controls, then which explicit words lost against them."""
    under, lost = apply(plan, controls)
    yield "understood/tempo", (float(under.tempo),)
    yield "understood/feel", (under.feel,)
    yield "understood/key", (under.key,)
    yield "understood/meter", (under.meter,)
    yield "understood/progression", (" | ".join(under.progression or ()),)
    for name in ("density", "energy", "brightness", "complexity", "swing"):
        yield f"understood/{name}", (float(getattr(under, name)),)
    yield "understood/style", tuple(value for name, weight in under.style for value in (name, float(weight)))
    for name, by in lost:
        yield "understood/overruled", (name, by)
