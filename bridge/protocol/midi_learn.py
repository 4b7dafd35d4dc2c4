"""MIDI learn: notes, controllers and programs of the MIDI input that are mapped to OSC commands and controls. Pure.

Owned by the daemon, which hands it every message of the input but clock and transport.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.errors import BadRequest
from bridge.protocol.addresses import COMMANDS
from bridge.protocol.controls import CONTROLS, ROOT, Value, current_path, parse_value
from bridge.protocol.osc import Message

NOTE_ON, NOTE_OFF, CONTROL, PROGRAM = 0x90, 0x80, 0xB0, 0xC0
_KIND_NAMES = {NOTE_ON: "note", CONTROL: "cc", PROGRAM: "program"}
PRESS_THRESHOLD = 64
"""Controller value from which a controller counts as pressed."""
NOT_LEARNABLE = frozenset({"hello", "bye", "ping", "learn", "unlearn", "clip", "clip_uri"})


@dataclass(frozen=True, slots=True, order=True)
class MidiBinding:
    """A source: "note", "cc" or "program", its channel 1..16 and its number 0..127."""

    kind: str
    channel: int
    number: int

    @property
    def name(self) -> str:
        """Its name in a set: "note 10 36"."""
        return f"{self.kind} {self.channel} {self.number}"


@dataclass(slots=True)
class MidiLearn:
    """The action of each source: a path and arguments, such as "bank/3/launch", "cue fill" or "morph/x"."""

    actions: dict[MidiBinding, str] = field(default_factory=dict)
    _pending_action: str | None = None
    _pressed: set[MidiBinding] = field(default_factory=set)

    def learn(self, action: str) -> None:
        """Map the next source that is used to an action; "" cancels. Raises BadRequest for an action that cannot be mapped."""
        if action:
            checked_action(action)
        self._pending_action = action or None

    def unlearn(self, action: str) -> None:
        """Remove the mappings to an action; "" removes all."""
        self.actions = {binding: mapped for binding, mapped in self.actions.items() if action not in ("", mapped)}

    def receive_midi(self, data: bytes) -> tuple[MidiBinding | None, list[Message], bool]:
        """Take a MIDI message; return the source that was learnt, the OSC messages of its action, and True if it is mapped."""
        kind = _KIND_NAMES.get(data[0] & 0xF0) if len(data) > 1 and data[0] < 0xF0 else None
        if data and data[0] & 0xF0 == NOTE_OFF and len(data) > 1:
            return None, [], MidiBinding("note", (data[0] & 15) + 1, data[1]) in self.actions
        if kind is None:
            return None, [], False
        binding = MidiBinding(kind, (data[0] & 15) + 1, data[1])
        value = 127 if kind == "program" else data[2] if len(data) > 2 else 0
        learnt = None
        if self._pending_action is not None and value:
            self.actions[binding], self._pending_action, learnt = self._pending_action, None, binding
        if binding not in self.actions:
            return None, [], False
        return learnt, self._requests(binding, value), True

    def _requests(self, binding: MidiBinding, value: int) -> list[Message]:
        path, *words = self.actions[binding].split(maxsplit=1)
        control = CONTROLS.get(current_path(path))
        if control is not None and not words and binding.kind == "cc" and not control.choices and control.kind != "s":
            scaled = control.low + (control.high - control.low) * value / 127
            return [Message(ROOT + path, (round(scaled) if control.kind == "i" else scaled,))]
        was_pressed, is_pressed = (
            binding in self._pressed,
            value >= PRESS_THRESHOLD if binding.kind == "cc" else value > 0,
        )
        (self._pressed.add if is_pressed and binding.kind == "cc" else self._pressed.discard)(binding)
        if not is_pressed or was_pressed:
            return []
        return [Message(ROOT + path, tuple(_number_or_text(w) for w in words))]


def checked_action(words: str) -> str:
    """Return an action that can be mapped: a command, or a control with or without a value. Raises BadRequest."""
    path, *rest = words.split(maxsplit=1)
    control = CONTROLS.get(current_path(path))
    if control is not None and rest:
        parse_value(path, [_number_or_text(rest[0])])
    elif control is None and (current_path(path) not in COMMANDS or path in NOT_LEARNABLE or path.startswith("clip/")):
        raise BadRequest("/llmball/learn", f"{path!r} is nothing that a pad can do: bank/1/launch, cue fill, morph/x …")
    return words


def parse_binding(name: str) -> MidiBinding:
    """Return the source of a name such as "cc 1 20". Raises ValueError."""
    kind, *numbers = name.split() or [""]
    if kind not in _KIND_NAMES.values() or len(numbers) != 2 or not all(n.isdecimal() for n in numbers):
        raise ValueError(f"a touch is such as note 10 36, cc 1 20 or program 1 5, not {name}")
    channel, number = map(int, numbers)
    if not 1 <= channel <= 16 or not 0 <= number <= 127:
        raise ValueError(f"a touch has a channel 1..16 and a number 0..127, not {name}")
    return MidiBinding(kind, channel, number)


def parse_bindings(table: Mapping[str, object]) -> dict[MidiBinding, str]:
    """Return the mappings of a table of a set: action by source name. Raises ValueError or BadRequest."""
    return {parse_binding(name): checked_action(str(words)) for name, words in table.items()}


def _number_or_text(text: str) -> Value:
    try:
        return float(text)
    except ValueError:
        return text
