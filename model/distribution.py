"""Every field of a plan as a distribution, from the words and from the embedding; the plan is its mode.

What the words state has probability 1 and no spread. A judgement of ours about what else the words might have meant,
told so that an owner sees how sure the plan is; it is not calibrated on listeners.
"""

from __future__ import annotations

import math
from typing import Any

from model import leanings
from model.encoder import TextEncoder
from model.harmony import MODES, Key
from model.music import PARTS, Plan
from model.plan import TONICS, drums_likely, leant, modes, place, plan, tempi
from model.precedence import LEVELS
from model.words import Wish, read

_TENTH = 1.2816
"""Standard deviations from the median to the tenth and the ninetieth percentile."""
_RARER = 0.8
"""How likely each tonic is beside the one before it, in the order in which the words choose."""
_USUAL = {"chords": 0.98, "melody": 0.95, "bass": 0.92}
_METERS = {"4/4": 0.86, "3/4": 0.09, "6/8": 0.05}


def distribution(prompt: str, encoder: TextEncoder) -> dict[str, Any]:
    """Return the candidates of each field with their probabilities.

    `tempo`: its median and 80 % interval, in quarters a minute. The four levels: mean and standard deviation, 0..1.
    `key`, `meter`, `feel`, `style`: name → probability, summing to 1, the plan's first. `parts`: the probability of
    each. `bars`, `progression`, `instruments`, `swing`: what the plan says, and whether the words stated it.
    """
    wish = read(prompt)
    text = encoder.encode(wish.rest or prompt)
    chosen = plan(prompt, text, wish)
    spread = leanings.spreads(text)
    level = dict(wish.levels)
    return {
        "tempo": _tempo(wish, chosen, spread["tempo"]),
        "feel": {chosen.feel: 1.0} if wish.feel else _beside(chosen.feel, {"normal": 0.85, "half": 0.1, "double": 0.05}),
        "key": _keys(prompt, wish, chosen),
        "meter": {chosen.meter: 1.0} if wish.meter else _beside(chosen.meter, _METERS),
        "bars": {"value": chosen.bars, "stated": wish.bars is not None},
        "parts": _parts(wish, chosen),
        "progression": {"value": chosen.progression, "stated": wish.progression is not None},
        "instruments": {"value": dict(chosen.instruments), "stated": bool(wish.instruments)},
        **{
            name: {"mean": getattr(chosen, name), "spread": 0.0 if name in level else round(_narrowed(wish, spread[name]), 3)}
            for name in LEVELS
        },
        "swing": {"value": chosen.swing, "stated": wish.swing is not None},
        "style": dict(chosen.style) if any(t.styles for t in wish.terms) else _rounded(leant(wish, text, chosen.energy)),
    }  # fmt: skip


def _narrowed(wish: Wish, spread: float) -> float:
    """Return a spread, halved where a term of the table speaks too."""
    return spread / 2 if wish.terms else spread


def _tempo(wish: Wish, chosen: Plan, octaves: float) -> dict[str, float]:
    if wish.tempo is not None:
        return {"median": chosen.tempo, "low": chosen.tempo, "high": chosen.tempo}
    ranges = tempi(wish)
    reach = 2 ** (_narrowed(wish, octaves) * _TENTH)
    low, high = chosen.tempo / reach, chosen.tempo * reach
    if ranges:  # within the named styles' range, which the plan's tempo may touch
        low = max(low, min(chosen.tempo, *(r[0] for r in ranges)))
        high = min(high, max(chosen.tempo, *(r[1] for r in ranges)))
    return {"median": chosen.tempo, "low": round(low, 1), "high": round(high, 1)}


def _keys(prompt: str, wish: Wish, chosen: Plan) -> dict[str, float]:
    if wish.key is not None or wish.progression is not None:
        return {chosen.key: 1.0}
    odds: dict[str, float] = {}
    for mode, likely in modes(wish, chosen.brightness).items():
        tonics = TONICS["minor" if Key(0, mode, MODES[mode]).minor else "major"]
        first = place(prompt) % len(tonics)
        weights = [_RARER**i for i in range(len(tonics))]
        for i, weight in enumerate(weights):
            name = Key(tonics[(first + i) % len(tonics)], mode, MODES[mode]).name
            odds[name] = likely * weight / sum(weights)
    return _rounded(odds)


def _parts(wish: Wish, chosen: Plan) -> dict[str, float]:
    said = wish.said
    odds = {**_USUAL, "drums": drums_likely(wish, chosen.style, chosen.energy)}
    told = {p: float(p in chosen.parts) for p in PARTS if said.only or p in said.without or p in said.named}
    return {p: round(v, 3) for p, v in (odds | told).items() if p in PARTS}


def _beside(chosen: str, usual: dict[str, float]) -> dict[str, float]:
    """Return the usual odds, the chosen one made as likely as the likeliest."""
    return _rounded({chosen: 1.1 * max(usual.values())} | {n: v for n, v in usual.items() if n != chosen})


def _rounded(odds: dict[str, float]) -> dict[str, float]:
    """Return odds as probabilities of three digits that sum to 1, the likeliest first, those under 0.005 left out."""
    whole = math.fsum(odds.values())
    kept = {
        n: round(v / whole, 3) for n, v in sorted(odds.items(), key=lambda o: -o[1]) if v / whole >= 0.005
    }
    first = next(iter(kept))
    kept[first] = round(kept[first] + 1 - math.fsum(kept.values()), 3)
    return kept
