"""Does a clip sound as any musician would expect of the prompt? Judged by its notes and tempo, and by the plan. Pure."""

from __future__ import annotations

from bench.music.obedience import measure_song
from bench.music.obedience.expectations import LEVELS, Expected, inside
from bench.music.obedience.facts import Verdict, playing
from bench.music.obedience.percentiles import reference
from model.music.midifile import Song
from model.music.plan import Plan

NEAR = 0.02
"""A level or an off-beat this far outside is inside; a tempo 2 % outside too."""


def judged(expected: Expected, song: Song | None, plan: Plan) -> list[Verdict]:
    """Return a verdict on each expectation; what a style is, this cannot hear. Without a song only words are judged."""
    heard = {} if song is None else sounding(song)
    told = planned(plan)
    return [
        Verdict(
            name,
            said,
            _meets(said, heard[name]) if name in heard else None,
            _meets(said, told[name]),
            f"{_short(heard.get(name, ''))} (understood {_short(told[name])})",
        )
        for name, said in expected
    ]


def sounding(song: Song) -> dict[str, float | set[str]]:
    """Return what is heard: tempo, levels over all styles, the off-beat that is furthest from straight, the parts."""
    heard: dict[str, float | set[str]] = {"tempo": song.tempos[0][1], "parts": playing(song)}
    heard |= reference().levels(song)
    if (place := measure_song.off_beat(song)) is not None:
        heard["swing"] = place
    return heard


def planned(plan: Plan) -> dict[str, float | set[str]]:
    """Return the same of a plan; of its styles the main one."""
    told: dict[str, float | set[str]] = {name: getattr(plan, name) for name in ("tempo", "swing", *LEVELS)}
    main = max(plan.style, key=lambda s: s[1])[0] if plan.style else ""
    return told | {"parts": set(plan.parts), "style": {main}}


def _meets(said: str, found: float | set[str]) -> bool:
    if isinstance(found, set):
        denied = {name[1:] for name in said.split(",") if name.startswith("!")}
        wanted = {name for name in said.split(",") if not name.startswith("!")}
        return not denied & found and (not wanted or bool(wanted & found))
    return inside(found, said, NEAR if found < 2 else NEAR * found)


def _short(found: float | str | set[str]) -> str:
    if isinstance(found, set):
        return ",".join(sorted(found))
    return found if isinstance(found, str) else f"{found:.2f}"
