"""The values of the controls: one table by address, and what of it the model is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from bridge.controls import CONTROLS, Value
from model.music import Controls


class Reach(Enum):
    """What of the music already planned a control reaches."""

    NOTHING = "later takes only"
    TEMPO = "the time of all that is planned"
    BEATS = "beats are written anew, from one soon"
    BARS = "beats are written anew, from a bar line"
    PLACE = "a take of two prompts goes on from another place between them"
    SOUNDS = "the same beats are arranged anew"


_REACH = {
    **dict.fromkeys(("key", "chords", "scale_lock", "density", "energy", "brightness"), Reach.BEATS),
    **dict.fromkeys(("complexity", "temperature", "guidance", "follow", "follow/mode"), Reach.BEATS),
    **dict.fromkeys(("humanise", "quantise", "transpose", "swing", "swing_unit", "drums/map"), Reach.SOUNDS),
    "tempo": Reach.TEMPO,
    "meter": Reach.BARS,
    "morph/x": Reach.PLACE,
}
TOLD_TO_MODEL = (
    "tempo",
    "scale_lock",
    "density",
    "energy",
    "brightness",
    "complexity",
    "temperature",
)


HOST_TEMPO = "host/tempo"
"""Where a host's tempo is kept beside the controls, while one leads: it goes before the one that was set."""


def reach(path: str) -> Reach:
    """Return what of the planned music a control changes."""
    return Reach.SOUNDS if path.startswith("part/") else _REACH.get(path, Reach.NOTHING)


def defaults() -> dict[str, Value]:
    """Return every control at its default."""
    return {path: control.default for path, control in CONTROLS.items()}


def changed(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Return the controls that are not at their default."""
    return {path: v for path, v in settings.items() if path in CONTROLS and v != CONTROLS[path].default}


def controls(settings: Mapping[str, Value]) -> Controls:
    """Return what of the settings the model and the precedence go by; a guidance left at its default is the take's."""
    guidance = float(settings["guidance"])
    hosted = float(settings.get(HOST_TEMPO, 0.0))
    return Controls(
        key=str(settings["key"]),
        meter=str(settings["meter"]),
        chords=str(settings["chords"]),
        guidance=None if guidance == CONTROLS["guidance"].default else guidance,
        morph=float(settings["morph/x"]),
        **{name: float(settings[name]) for name in TOLD_TO_MODEL} | ({"tempo": hosted} if hosted > 0 else {}),
    )
