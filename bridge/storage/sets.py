"""A set: controls, bank and pads as readable TOML, saved and loaded whole. Pure but for the two that touch files."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import BadRequest, OwnerError
from bridge.protocol.addresses import BANK_SLOTS
from bridge.protocol.controls import CONTROL_PATHS, CONTROLS, Value, current_path, parse_value
from bridge.protocol.midi_learn import MidiBinding, parse_bindings
from bridge.protocol.requests import parse_prompt
from bridge.storage.home import data_folder, write_atomically

MAX_NAME_BYTES = 200
"""Of a name: file systems have 255 for one and what we put around it."""
_NAME = re.compile(r"[\w-][\w -]{0,63}")


@dataclass(frozen=True, slots=True)
class Set:
    """Every control, the prompts of the bank by slot, and what each touch of a MIDI controller does."""

    controls: Mapping[str, Value]
    bank: Mapping[int, str]
    bindings: Mapping[MidiBinding, str]

    def to_toml(self) -> str:
        """Return the file: only what is not at its default."""
        lines = [
            "# a set of LLMBall: what is not named here is at its default (docs/osc.md)",
            "",
            "[controls]",
        ]
        changed = {
            p: v
            for p, v in self.controls.items()
            if p in CONTROLS and v != CONTROLS[p].default and p != "hold"
        }
        lines += [f"{json.dumps(path)} = {_toml(value)}" for path, value in sorted(changed.items())]
        lines += ["", "[bank]", *(f"{slot} = {_toml(text)}" for slot, text in sorted(self.bank.items()))]
        lines += [
            "",
            "[pads]",
            *(f"{json.dumps(t.name)} = {_toml(action)}" for t, action in sorted(self.bindings.items())),
        ]
        return "\n".join(lines) + "\n"


def _toml(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def from_toml(text: str) -> Set:
    """Return the set that a file says, every value checked. Raises ValueError with a line that names the fault."""
    try:
        data = tomllib.loads(text)
        unknown = set(data) - {"controls", "bank", "pads"}
        if unknown:
            raise ValueError(f"[{min(unknown)}] is no part of a set: controls, bank, pads")
        controls = {path: control.default for path, control in CONTROLS.items()}
        for path, value in _table(data, "controls").items():
            if path not in CONTROL_PATHS:
                raise ValueError(f"{path} is no control (docs/osc.md lists them)")
            controls[current_path(path)] = parse_value(path, [value])
        bank = {}
        for slot, words in _table(data, "bank").items():
            if not slot.isdecimal() or int(slot) not in BANK_SLOTS:
                raise ValueError(f"slots of the bank are 1..16, not {slot}")
            bank[int(slot)] = parse_prompt(f"bank slot {slot}", [words], encoded=False)
        return Set(controls, bank, parse_bindings(_table(data, "pads")))
    except BadRequest as error:
        raise ValueError(f"{error.address}: {error.reason}") from error


def _table(data: Mapping[str, object], name: str) -> dict[str, object]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"[{name}] is a table")
    return table


def set_path(name: str) -> Path:
    """Return where a client's set of this name lies. Raises BadRequest: names are no paths."""
    if not _NAME.fullmatch(name) or len(name.encode()) > MAX_NAME_BYTES:
        raise BadRequest("/llmball/set", "a set's name has letters, digits, - and _, 64 at most")
    return data_folder() / "sets" / f"{name}.toml"


def load_set(path: Path) -> Set:
    """Return the owner's set. Raises OwnerError."""
    try:
        return from_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OwnerError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise OwnerError(f"{path}: {error}") from error


def save_set(path: Path, set_: Set) -> None:
    """Save a set, whole or not at all. Raises HomeError."""
    write_atomically(path, set_.to_toml().encode())
