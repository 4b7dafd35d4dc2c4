"""The controls: one row each, with OSC address, type, range, default, meaning, and what of the planned music it changes.

The rows that the model is told are the fields of `model.music.plan.Controls`; the others are here. Nothing is clamped: a value
out of range or of a wrong type is the client's error. The commands are in `bridge.protocol.addresses`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bridge.config import MAX_INPUTS
from bridge.errors import BadRequest
from model.expression import FILTER, GESTURES, SWELL
from model.generation.bias_weights import SHIPPED
from model.music.control import MAX_SEED, control_rows
from model.music.control import Control as Control
from model.music.control import Reach as Reach
from model.music.control import Value as Value
from model.music.drums import ROLES, drum_map
from model.music.notes import ADDED_PARTS, CHANNELS, CHORD_PARTS, PARTS, UNPITCHED_PARTS
from model.music.plan import Controls, Plan
from model.music.programs import DEFAULT_PROGRAMS
from model.prompt.rules.keys import named

ValueT = TypeVar("ValueT")
ROOT = "/llmball/"
"""All addresses are under it."""
INT32_LIMIT = 2**31
"""Numbers from here on do not fit into 32 bits."""


def _parse_key(text: str) -> str:
    return text if text == "auto" else named(text).name


def _parse_drum_map(text: str) -> str:
    drum_map(text)
    return text


def _parse_follow_mode(text: str) -> str:
    modes = [mode.strip() for mode in text.split(",")]
    for mode in modes[:MAX_INPUTS]:
        split, _, pitch = mode.partition(":")
        if mode not in FOLLOW_MODES and not (split == "split" and pitch.isdecimal() and int(pitch) in range(1, 128)):
            raise ValueError(f"is {' '.join(FOLLOW_MODES)} or split:N with N in 1..127, not {text!r}")
    if len(modes) > MAX_INPUTS:
        raise ValueError(f"has a mode for each input, {MAX_INPUTS} at most, not {text!r}")
    return ",".join(modes)


FOLLOW_MODES = ("auto", "melody", "chords", "bass")
VOICINGS = ("auto", "close", "open", "drop2", "shell", "rootless", "power")
QUANTIZE = ("now", "beat", "bar", "2bars", "4bars", "8bars")


def _part_controls(name: str) -> tuple[Control, ...]:
    prefix = f"part/{name}/"
    below, above = ("what lies below is moved up by octaves", "what lies above is moved down by octaves")
    octave, voicing = "octaves up or down", "how chords are laid out"
    if name in UNPITCHED_PARTS:  # a kit is not transposed
        below = above = "what lies outside is silent"
        octave = voicing = "stored, without effect on drums"
    elif name not in CHORD_PARTS:
        voicing = "stored, without effect on parts that play no chords"
    enabled = Control(prefix + "enabled", "i", 1, "whether the part sounds", 0, 1)
    if name in ADDED_PARTS:
        told = "1: the part plays; 0: it is silent; -1: it plays where the words ask for it"
        enabled = Control(prefix + "enabled", "i", -1, told, 0, 1, unset=-1, reach=Reach.REGENERATE_BEATS)
    rows = (
        Control(prefix + "channel", "i", CHANNELS[name] + 1, "its MIDI channel", 1, 16),
        Control(prefix + "octave", "i", 0, octave, -3, 3),
        Control(prefix + "level", "f", 1.0, "factor of its velocities", 0, 2),
        Control(prefix + "low", "i", 0, f"lowest note; {below}", 0, 127),
        Control(prefix + "high", "i", 127, f"highest note; {above}", 0, 127),
        Control(prefix + "voicing", "s", "auto", voicing, choices=VOICINGS),
        Control(prefix + "offset", "f", 0.0, "milliseconds later (or earlier)", -100, 100),
    )
    program = "General MIDI program from 0, of drums and perc the kit, told and, with send/programs, sent; -1 leaves it to the words"
    rearranged = (replace(row, reach=Reach.REARRANGE) for row in rows)
    return (
        enabled if name in ADDED_PARTS else replace(enabled, reach=Reach.REARRANGE),
        *rearranged,
        Control(prefix + "program", "i", -1, program, 0, 127, unset=-1),
    )


def _client_row(row: Control) -> Control:
    """Return a row of `Controls` as clients have it: a key in any language, and the fitted weight for the words."""
    if row.field == "key":
        return replace(row, parser=_parse_key)
    return replace(row, default=SHIPPED.text) if row.field == "guidance" else row


CONTROLS: dict[str, Control] = {
    c.path: c
    for c in (
        *(_client_row(c) for c in control_rows(Controls)),
        Control("humanise", "f", 0.3, "looseness of time and touch; 0 is on the grid, -1 leaves it to the words", 0, 1, unset=-1, reach=Reach.REARRANGE),
        Control("swing", "f", -1.0, "place of the off-beat, 0.5 straight; -1 leaves it to the words", 0.5, 0.75, unset=-1, reach=Reach.REARRANGE),
        Control("swing_unit", "i", 8, "which notes swing", choices=("8", "16"), reach=Reach.REARRANGE),
        Control("tightness", "f", 0.0, "how far looseness and offsets are drawn to the grid, at output", 0, 1, reach=Reach.REARRANGE),
        Control("seed", "i", -1, "the seed of the next takes; -1 is a new one each take", 0, MAX_SEED, unset=-1),
        Control("quantize", "s", "bar", "where a new take enters", choices=QUANTIZE),
        Control("lookahead", "f", 4.0, "beats planned ahead", 0.5, 16),
        Control("hold", "i", 0, "the last so many bars go round from the next bar line on; 0 goes on at a bar line", 0, 16),
        Control("countin", "i", 0, "bars of clicks before bar 1", 0, 4),
        Control("send/energy", "i", 0, f"whether energy is sent on as controller {SWELL} to the channels of the parts", choices=("0", "1")),
        Control("send/brightness", "i", 0, f"whether brightness is sent on as controller {FILTER}", choices=("0", "1")),
        Control("expression", "i", 0, f"whether {GESTURES} are sent; not to drums", choices=("0", "1"), reach=Reach.REARRANGE),
        Control("send/programs", "i", 0, "whether program changes are sent to the channels of the parts: understood/programs", choices=("0", "1")),
        Control("send/clock", "i", 0, "whether MIDI clock is sent along: 24 clocks a quarter note, start at bar 1, stop, song position", choices=("0", "1")),
        Control("transpose", "i", 0, "semitones, at output; drums stay", -24, 24, reach=Reach.REARRANGE),
        Control("follow", "i", 0, "the band follows the hands at --input", 0, 1, reach=Reach.REGENERATE_BEATS),
        Control("follow/mode", "s", "auto", "what they play: chords tell the harmony, a melody is accompanied, a bass tells the roots",
                syntax="auto, melody, chords, bass or split:N (chords below MIDI note N, melody from it on); of several inputs one each: chords,bass", parser=_parse_follow_mode, reach=Reach.REGENERATE_BEATS),
        Control("drums/map", "s", "gm", "which notes play the roles of the kit: " + " ".join(ROLES),
                syntax="gm, rack16 (36..51), or role:note,…", parser=_parse_drum_map, reach=Reach.REARRANGE),
        *(c for name in PARTS for c in _part_controls(name)),
    )
}  # fmt: skip
ALIASES = {"quantise": "tightness"}
"""Old paths, and the path that each stands for: read, answered and shown wherever a path may stand."""
CONTROL_PATHS = (*CONTROLS, *(old for old, path in ALIASES.items() if path in CONTROLS))
"""Where controls are set and shown: their paths and the old ones."""


def current_path(path: str) -> str:
    """Return the path that an old one stands for, or the path itself."""
    return ALIASES.get(path, path)


def current_paths(values: Mapping[str, ValueT]) -> dict[str, ValueT]:
    """Return a table by path, such as the controls of a file, with the old paths replaced."""
    return {current_path(path): value for path, value in values.items()}


HOST_TEMPO = "host/tempo"
"""Where a host's tempo is kept beside the controls, while one leads: it goes before the one that was set."""


JOINTS = {"meter": "/", "drums/map": ",", "follow/mode": ":"}
"""What stands between the pieces of a text that came as several arguments; a space elsewhere."""


def words_of(args: Sequence[object]) -> list[str]:
    """Return arguments as words: 82.0 is 82, since some clients send every number as a float."""
    return [f"{a:g}" if isinstance(a, float) else str(a).strip() for a in args]


def parse_value(path: str, args: Sequence[object]) -> Value:
    """Return the value that the arguments of a message set a control to, whose path may be an old one. Raises BadRequest."""
    control = CONTROLS[current_path(path)]
    if control.kind == "s" and args and all(isinstance(a, str | int | float) and not isinstance(a, bool) for a in args):
        # Max and Pure Data cut words at spaces and commas, and send what looks like a number as one
        joint, words = JOINTS.get(control.path, ""), words_of(args)
        if joint and len(words) > 1:  # the joint may be a piece of its own, or stand beside one
            words = [piece for word in words for part in word.split(joint) if (piece := part.strip())]
        args = [(joint or " ").join(words)]
    if len(args) != 1:
        raise BadRequest(ROOT + path, f"takes one value: {control.range_text}")
    try:
        return control.checked(int(args[0]) if isinstance(args[0], bool) else args[0])
    except ValueError as error:
        raise BadRequest(ROOT + path, str(error)) from error


def part_programs(plan: Plan, settings: Mapping[str, Value]) -> dict[str, int]:
    """Return the General MIDI program of each part, from 0 (of drums and percussion the kit): the control's, else the plan's."""
    chosen = DEFAULT_PROGRAMS | dict(plan.programs)
    set_by_hand = {part: int(settings[f"part/{part}/program"]) for part in PARTS}
    return {part: chosen[part] if set_by_hand[part] < 0 else set_by_hand[part] for part in PARTS}


def defaults() -> dict[str, Value]:
    """Return every control at its default."""
    return {path: control.default for path, control in CONTROLS.items()}


def changed_controls(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Return the controls that are not at their default."""
    return {path: v for path, v in settings.items() if path in CONTROLS and v != CONTROLS[path].default}


MODEL_CONTROLS = tuple(c for c in CONTROLS.values() if c.field)


def model_controls(settings: Mapping[str, Value]) -> Controls:
    """Return what of the settings the model is told. A guidance at its default is the take's: None."""
    told: dict[str, Any] = {
        c.field: float(settings[c.path]) if c.kind == "f" else settings[c.path] for c in MODEL_CONTROLS
    }
    if told["guidance"] == CONTROLS["guidance"].default:
        told["guidance"] = None
    told["tempo"] = float(settings.get(HOST_TEMPO, 0.0)) or told["tempo"]
    told["added"] = tuple(p for p in ADDED_PARTS if settings[f"part/{p}/enabled"] == 1)
    return Controls(**told)
