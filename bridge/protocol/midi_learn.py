"""Pads, knobs and pedals of a MIDI controller → what clients may ask for: learnt by touching them. Pure.

Owned by the daemon, which hands it every message of the input that is not the time's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.errors import BadRequest
from bridge.protocol.addresses import COMMANDS
from bridge.protocol.controls import CONTROLS, ROOT, Value
from bridge.protocol.osc import Message

NOTE_ON, NOTE_OFF, CONTROL, PROGRAM = 0x90, 0x80, 0xB0, 0xC0
_KINDS = {NOTE_ON: "note", CONTROL: "cc", PROGRAM: "program"}
PRESSED = 64
"""From this value on a controller counts as pressed."""
NOT_HERE = frozenset({"hello", "bye", "ping", "learn", "unlearn", "clip", "clip_uri"})


@dataclass(frozen=True, slots=True, order=True)
class Touch:
    """What is touched: "note", "cc" or "program", its channel 1..16 and its number 0..127."""

    kind: str
    channel: int
    number: int

    @property
    def name(self) -> str:
        """As a set writes it: "note 10 36"."""
        return f"{self.kind} {self.channel} {self.number}"


@dataclass(slots=True)
class Pads:
    """What each touch does: words such as "bank/3/launch", "cue fill" or "morph/x"."""

    map: dict[Touch, str] = field(default_factory=dict)
    _learning: str | None = None
    _pressed: set[Touch] = field(default_factory=set)

    def learn(self, words: str) -> None:
        """Have the next touch do this; "" gives it up. Raises BadRequest for what nobody may ask."""
        if words:
            checked(words)
        self._learning = words or None

    def unlearn(self, words: str) -> None:
        """Forget every touch that does this; "" forgets all."""
        self.map = {touch: does for touch, does in self.map.items() if words not in ("", does)}

    def hear(self, data: bytes) -> tuple[Touch | None, list[Message], bool]:
        """Take a message; return the touch that was learnt with it, what it asks for, and whether it is a pad's."""
        kind = _KINDS.get(data[0] & 0xF0) if len(data) > 1 and data[0] < 0xF0 else None
        if data and data[0] & 0xF0 == NOTE_OFF and len(data) > 1:
            return None, [], Touch("note", (data[0] & 15) + 1, data[1]) in self.map
        if kind is None:
            return None, [], False
        touch = Touch(kind, (data[0] & 15) + 1, data[1])
        value = 127 if kind == "program" else data[2] if len(data) > 2 else 0
        learnt = None
        if self._learning is not None and value:
            self.map[touch], self._learning, learnt = self._learning, None, touch
        if touch not in self.map:
            return None, [], False
        return learnt, self._asked(touch, value), True

    def _asked(self, touch: Touch, value: int) -> list[Message]:
        path, *words = self.map[touch].split(maxsplit=1)
        control = CONTROLS.get(path)
        if (
            control is not None
            and not words
            and touch.kind == "cc"
            and not control.choices
            and control.kind != "s"
        ):
            at = control.low + (control.high - control.low) * value / 127
            return [Message(ROOT + path, (round(at) if control.kind == "i" else at,))]
        was, now = touch in self._pressed, value >= PRESSED if touch.kind == "cc" else value > 0
        (self._pressed.add if now and touch.kind == "cc" else self._pressed.discard)(touch)
        if not now or was:
            return []
        return [Message(ROOT + path, tuple(_value(w) for w in words))]


def checked(words: str) -> str:
    """Return words that a pad may mean: a command, or a control with or without its value. Raises BadRequest."""
    path, *rest = words.split(maxsplit=1)
    control = CONTROLS.get(path)
    if control is not None and rest:
        control.read([_value(rest[0])])
    elif control is None and (path not in COMMANDS or path in NOT_HERE or path.startswith("clip/")):
        raise BadRequest(
            "/llmball/learn", f"{path!r} is nothing that a pad can do: bank/1/launch, cue fill, morph/x …"
        )
    return words


def touch_of(name: str) -> Touch:
    """Return the touch of a name such as "cc 1 20". Raises ValueError."""
    kind, *numbers = name.split() or [""]
    if kind not in _KINDS.values() or len(numbers) != 2 or not all(n.isdecimal() for n in numbers):
        raise ValueError(f"a touch is such as note 10 36, cc 1 20 or program 1 5, not {name}")
    channel, number = map(int, numbers)
    if not 1 <= channel <= 16 or not 0 <= number <= 127:
        raise ValueError(f"a touch has a channel 1..16 and a number 0..127, not {name}")
    return Touch(kind, channel, number)


def read_map(told: Mapping[str, object]) -> dict[Touch, str]:
    """Return a map as a set has it. Raises ValueError or BadRequest."""
    return {touch_of(name): checked(str(words)) for name, words in told.items()}


def _value(text: str) -> Value:
    try:
        return float(text)
    except ValueError:
        return text
