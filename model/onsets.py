"""What an onset is worth where one may come, and which drum is struck there. Pure."""

from __future__ import annotations

from model import fusion, worths
from model.rules import Rules
from model.worths import Worth


def onset(rules: Rules, part: str, after: int = -6, said: int = 0) -> Worth:
    """Return what an onset of a part on each grid tick of a quarter is worth, `(24,)`, `after` its last one of `said` in this beat (-6: a sixteenth ago)."""
    usual = worths.usual_places(rules.manners.get(part, ()), part, rules.theta.habits, rules.sixteenth)
    if part in rules.owed:
        return fusion.owing(rules.owed[part] - said, rules.theta.full, after) + rules.lilt + usual
    return fusion.thinned(rules.crowd.get(part, 0.0), rules.theta.full, after) + rules.lilt + usual


def struck(rules: Rules, tick: int) -> Worth:
    """Return what each symbol is worth as the drum that is struck on a grid tick of the beat."""
    barred = rules.muted if tick else rules.muted | rules.silent
    kit = worths.kit(barred, rules.energy, rules.livelier, rules.lighter, rules.theta.layers)
    manner = rules.manners.get("drums", ())
    return kit + worths.usual_drums(manner, rules.theta.habits, rules.sixteenth, tick)
