"""What a song is like, as a plan: its tempo, key, metre, density and energy. Pure."""

from __future__ import annotations

import math
from dataclasses import replace

from model.densities import wanted_onsets
from model.fusion import LOUDER, QUIET
from model.midifile import Song
from model.music import TICKS_PER_QUARTER, Controls, Plan


def measured(song: Song, plan: Plan) -> Plan:
    """Return the plan with the song's tempo, key and metre, and its density and energy where the words say neither."""
    heard = {part: [n for n in song.notes if n.part == part] for part in {n.part for n in song.notes}}
    quarters = song.end / TICKS_PER_QUARTER
    told = set(plan.explicit)
    changed = replace(plan, meter=song.bars[0][1])
    if "tempo" not in told:
        changed = replace(changed, tempo=song.tempos[0][1])
    if "key" not in told:
        changed = replace(changed, key=song.key)
    if heard and "energy" not in told:
        mean = sum(n.velocity for n in song.notes) / len(song.notes)
        changed = replace(changed, energy=round(min(1.0, max(0.0, (mean - QUIET) / LOUDER)), 2))
    if heard and "density" not in told:
        rates = {p: len({n.start for n in v}) / quarters for p, v in heard.items()}
        changed = replace(
            changed, density=min((i / 20 for i in range(21)), key=lambda d: _away(d, rates, plan))
        )
    return changed


def _away(density: float, rates: dict[str, float], plan: Plan) -> float:
    return sum(math.log(wanted_onsets(plan.idiom(p), p, density) / rate) ** 2 for p, rate in rates.items())


def as_controls(plan: Plan, controls: Controls) -> Controls:
    """Return controls that hold a plan's tempo, key, metre, density and energy, unless they are set already."""
    return replace(
        controls,
        tempo=controls.tempo or plan.tempo,
        key=plan.key if controls.key == "auto" else controls.key,
        meter=plan.meter if controls.meter == "auto" else controls.meter,
        density=plan.density if controls.density < 0 else controls.density,
        energy=plan.energy if controls.energy < 0 else controls.energy,
    )
