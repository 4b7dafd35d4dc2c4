"""The values of the controls: one table by address, and what of it the model is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.addresses import CONTROLS, Value
from model.music import Controls

TOLD_TO_MODEL = (
    "tempo",
    "scale_lock",
    "density",
    "energy",
    "brightness",
    "complexity",
    "temperature",
    "guidance",
)


def defaults() -> dict[str, Value]:
    """Return every control at its default."""
    return {path: control.default for path, control in CONTROLS.items()}


def controls(settings: Mapping[str, Value]) -> Controls:
    """Return what of the settings the model and the precedence go by."""
    return Controls(
        key=str(settings["key"]),
        meter=str(settings["meter"]),
        chords=str(settings["chords"]),
        **{name: float(settings[name]) for name in TOLD_TO_MODEL},
    )
