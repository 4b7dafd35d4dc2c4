"""What goes to and comes from an MQTT broker. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message to or from a broker. `answers` is the topic that its answers go to; `expires` in seconds."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    answers: str = ""
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription; `kept` where what the broker retains is wanted too."""

    topic: str
    qos: int = 0
    kept: bool = False
