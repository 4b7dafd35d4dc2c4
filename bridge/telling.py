"""What is told of a plan: /llmball/understood/… . Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.controls import Value
from bridge.settings import HOST_TEMPO, controls
from model.music import Plan
from model.precedence import apply


def understood(plan: Plan, settings: Mapping[str, Value]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield (path, arguments) for a plan under the controls, then what lost: explicit words, or a set tempo."""
    under, lost = apply(plan, controls(settings))
    hosted = float(settings.get(HOST_TEMPO, 0.0))
    yield "understood/tempo", (float(under.tempo),)
    yield "understood/feel", (under.feel,)
    yield "understood/key", (under.key,)
    yield "understood/meter", (under.meter,)
    yield "understood/progression", (" | ".join(under.progression or ()),)
    for name in ("density", "energy", "brightness", "complexity", "swing"):
        yield f"understood/{name}", (float(getattr(under, name)),)
    yield "understood/style", tuple(value for name, weight in under.style for value in (name, float(weight)))
    if hosted > 0 and float(settings["tempo"]) not in (0.0, hosted):
        lost = (*(pair for pair in lost if pair[0] != "tempo"), ("tempo", "host"))
    for name, by in lost:
        yield "understood/overruled", (name, "host" if hosted > 0 and name == "tempo" else by)
