"""Energy and brightness as MIDI controllers, for synths that want to follow them. Owned by the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.controls import Value
from bridge.events import ToPlayer
from bridge.lineup import Lineup
from bridge.orders import Controller
from bridge.settings import controls
from bridge.stage import Stage
from model.music import PARTS
from model.precedence import apply

SENT = {"energy": 11, "brightness": 74}
"""The controllers: expression, and brightness as General MIDI 2 names it."""


@dataclass(slots=True)
class Expression:
    """Sends what changed; nothing where the controls `send/…` are off."""

    settings: Mapping[str, Value]
    stage: Stage
    takes: Lineup
    _told: dict[tuple[str, int], int] = field(default_factory=dict)

    def send(self) -> None:
        """Send the levels of the take that plays to the channels of the parts, where they are others than before."""
        take = self.takes.current
        wanted = [name for name in SENT if self.settings[f"send/{name}"]]
        if take is None or take.plan is None or not wanted:
            self._told.clear()
            return
        plan, _ = apply(take.plan, controls(self.settings))
        for name in wanted:
            value = round(127 * float(getattr(plan, name)))
            for part in PARTS:
                channel = int(self.settings[f"part/{part}/channel"]) - 1
                if self._told.get((name, channel)) != value:
                    self._told[name, channel] = value
                    self.stage.effects.append(ToPlayer(Controller(part, channel, SENT[name], value)))
