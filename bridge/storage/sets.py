"""Sets: controls, bank and MIDI bindings as TOML. Pure except for `load_set` and `save_set`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bridge.errors import BadRequest, OwnerError
from bridge.protocol.addresses import BANK_SLOTS
from bridge.protocol.controls import CONTROL_PATHS, CONTROLS, Value, current_path, parse_value
from bridge.protocol.midi_learn import MidiBinding, parse_bindings
from bridge.protocol.requests import parse_prompt
from bridge.storage.home import StorageError, data_folder, read_regular, write_atomically

MAX_SETS = 1000
"""Sets that may be saved; a known one may be saved over."""
MAX_NAME_BYTES = 200
"""Bytes of a set's name: file systems allow 255 with our suffixes."""
_DEVICES = frozenset(("CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in "0123456789¹²³")))
"""Names that no file may have on Windows, whatever follows them."""
_NAME = re.compile(r"[\w-][\w -]{0,63}")


@dataclass(frozen=True, slots=True)
class Set:
    """Values of all controls, prompts and names of songbook pieces in the bank by slot, and MIDI bindings."""

    controls: Mapping[str, Value]
    bank: Mapping[int, str]
    bindings: Mapping[MidiBinding, str]
    scores: Mapping[int, str] = field(default_factory=dict)

    def to_toml(self) -> str:
        """Return the set as TOML: only values that are not at their default."""
        lines = [
            "# a set of LLMBall: what is not named here is at its default (docs/osc.md)",
            "",
            "[controls]",
        ]
        changed = {p: v for p, v in self.controls.items() if p in CONTROLS and v != CONTROLS[p].default and p != "hold"}
        lines += [f"{json.dumps(path)} = {_toml(value)}" for path, value in sorted(changed.items())]
        lines += ["", "[bank]", *(f"{slot} = {_toml(text)}" for slot, text in sorted(self.bank.items()))]
        lines += [
            "",
            "[pads]",
            *(f"{json.dumps(t.name)} = {_toml(action)}" for t, action in sorted(self.bindings.items())),
        ]
        if self.scores:
            lines += ["", "[scores]", *(f"{slot} = {_toml(name)}" for slot, name in sorted(self.scores.items()))]
        return "\n".join(lines) + "\n"


def _toml(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def from_toml(text: str) -> Set:
    """Return the set of a TOML text, every value checked. Raises ValueError with one line that names the fault."""
    try:
        data = _parsed(text)
        unknown = set(data) - {"controls", "bank", "pads", "scores"}
        if unknown:
            raise ValueError(f"[{min(unknown)}] is no part of a set: controls, bank, pads, scores")
        controls = {path: control.default for path, control in CONTROLS.items()}
        for path, value in _table(data, "controls").items():
            if path not in CONTROL_PATHS:
                raise ValueError(f"{path} is no control (docs/osc.md lists them)")
            controls[current_path(path)] = parse_value(path, [value])
        bank = {
            _slot(slot): parse_prompt(f"bank slot {slot}", [words], encoded=False)
            for slot, words in _table(data, "bank").items()
        }
        scores = {_slot(slot): str(name) for slot, name in _table(data, "scores").items()}
        return Set(controls, bank, parse_bindings(_table(data, "pads")), scores)
    except BadRequest as error:
        raise ValueError(f"{error.address}: {error.reason}") from error


def _parsed(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _slot(text: str) -> int:
    if not text.isdecimal() or int(text) not in BANK_SLOTS:
        raise ValueError(f"slots of the bank are 1..16, not {text}")
    return int(text)


def _table(data: Mapping[str, object], name: str) -> dict[str, object]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise ValueError(f"[{name}] is a table")
    return table


def set_path(name: str) -> Path:
    """Return the path of a set by its name. Raises BadRequest if the name is not allowed."""
    if name.split(" ")[0].upper() in _DEVICES:
        raise BadRequest("/llmball/set", f"{name!r} is a device on Windows: choose another name")
    if not _NAME.fullmatch(name) or len(name.encode()) > MAX_NAME_BYTES:
        raise BadRequest("/llmball/set", "a set's name has letters, digits, - and _, 64 at most")
    return data_folder() / "sets" / f"{name}.toml"


def bank_path() -> Path:
    """Return the path of the file that keeps the bank from one start to the next, which has the form of a set."""
    return data_folder() / "bank.toml"


def names() -> list[str]:
    """Return the names of the saved sets."""
    return sorted(path.stem for path in (data_folder() / "sets").glob("*.toml") if _NAME.fullmatch(path.stem))


def load_set(path: Path) -> Set:
    """Return the set of a file. Raises OwnerError."""
    try:
        return from_toml(read_regular(path))
    except OSError as error:
        raise OwnerError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise OwnerError(f"{path}: {error}") from error


def save_set(path: Path, set_: Set) -> bool:
    """Save a set; return True if it is a new one. Raises StorageError."""
    is_new = not path.exists()
    if is_new and sum(1 for _ in path.parent.glob("*.toml")) >= MAX_SETS:
        raise StorageError(f"{MAX_SETS} sets are saved in {path.parent}: move some away first")
    write_atomically(path, set_.to_toml().encode())
    return is_new
