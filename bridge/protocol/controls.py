"""The controls: what may be set and asked, of which type and range, and what it means.

One half of the table of addresses, see `bridge.protocol.addresses`. Nothing is clamped: a value out of range or of a wrong
type is the client's error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from bridge.errors import BadRequest
from model.generation.bias_weights import SHIPPED
from model.music.drums import ROLES, drum_map
from model.music.harmony import parse_key
from model.music.notes import METERS, PARTS
from model.music.numerals import parse_progression
from model.music.plan import Controls
from model.prompt.rules.keys import named

ROOT = "/llmball/"
"""All addresses are under it."""


Value = int | float | str


MAX_TEXT = 1000  # characters of a key, a progression or a drum map


MAX_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Control:
    """A control: `kind` is f, i or s; `off` is a value outside the range that leaves it to the words.

    Of a text without choices `reads` returns what is kept of it, or raises ValueError; `syntax` says what it takes.
    """

    path: str
    kind: str
    default: Value
    description: str
    low: float = 0
    high: float = 0
    unset: float | None = None
    choices: tuple[str, ...] = ()
    syntax: str = ""
    parser: Callable[[str], str] | None = None

    @property
    def range_text(self) -> str:
        """What may be said, in words."""
        if self.choices:
            return " ".join(self.choices)
        if self.kind == "s":
            return self.syntax
        span = f"{self.low:.10g}..{self.high:.10g}"
        return span if self.unset is None else f"{span}, or {self.unset:g}"

    def parse(self, args: Sequence[object]) -> Value:
        """Return the value that a message sets. Raises BadRequest."""
        address = ROOT + self.path
        if len(args) != 1:
            raise BadRequest(address, f"takes one value: {self.range_text}")
        value = args[0]
        if self.kind == "s":
            if not isinstance(value, str):
                raise BadRequest(address, f"takes a string: {self.range_text}")
            return self._parse_text(address, value.strip())
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadRequest(address, f"takes a number: {self.range_text}")
        if self.kind == "i" and value != int(value):
            raise BadRequest(address, f"takes a whole number: {self.range_text}")
        if self.choices:
            if str(int(value)) not in self.choices:
                raise BadRequest(address, f"is one of {self.range_text}")
        elif not self.low <= value <= self.high and value != self.unset:
            raise BadRequest(address, f"is {self.range_text}, not {value:g}")
        return int(value) if self.kind == "i" else float(value)

    def _parse_text(self, address: str, value: str) -> str:
        if self.choices:
            if value not in self.choices:
                raise BadRequest(address, f"is one of {self.range_text}")
            return value
        if len(value) > MAX_TEXT:
            raise BadRequest(address, f"has {MAX_TEXT} characters at most, not {len(value)}")
        if self.parser is None:
            return value
        try:
            return self.parser(value)
        except ValueError as error:
            raise BadRequest(address, str(error)) from error


def _parse_key(text: str) -> str:
    return text if text == "auto" else named(text).name


def _parse_progression(text: str) -> str:
    if text != "auto":
        parse_progression(text, parse_key("C major"))
    return text


def _parse_drum_map(text: str) -> str:
    drum_map(text)
    return text


def _parse_follow_mode(text: str) -> str:
    split, _, pitch = text.partition(":")
    if text in FOLLOW_MODES or (split == "split" and pitch.isdecimal() and int(pitch) in range(1, 128)):
        return text
    raise ValueError(f"is {' '.join(FOLLOW_MODES)} or split:N with N in 1..127, not {text!r}")


def _level_control(path: str, description: str) -> Control:
    return Control(path, "f", -1.0, description, 0, 1, unset=-1)


FOLLOW_MODES = ("auto", "melody", "chords", "bass")


VOICINGS = ("auto", "close", "open", "drop2", "shell", "rootless", "power")


QUANTIZE = ("now", "beat", "bar", "2bars", "4bars", "8bars")


_DEFAULT_CHANNELS = {"chords": 1, "melody": 2, "bass": 3, "drums": 10}


def _part_controls(name: str) -> tuple[Control, ...]:
    prefix = f"part/{name}/"
    below, above = ("what lies below is moved up by octaves", "what lies above is moved down by octaves")
    octave, voicing = "octaves up or down", "how chords are laid out"
    if name == "drums":  # a kit is not transposed
        below = above = "what lies outside is silent"
        octave = voicing = "kept, but moves no drum"
    elif name != "chords":
        voicing = "kept, for parts that play chords"
    return (
        Control(prefix + "enabled", "i", 1, "whether the part sounds", 0, 1),
        Control(prefix + "channel", "i", _DEFAULT_CHANNELS[name], "its MIDI channel", 1, 16),
        Control(prefix + "octave", "i", 0, octave, -3, 3),
        Control(prefix + "level", "f", 1.0, "factor of its velocities", 0, 2),
        Control(prefix + "low", "i", 0, f"lowest note; {below}", 0, 127),
        Control(prefix + "high", "i", 127, f"highest note; {above}", 0, 127),
        Control(prefix + "voicing", "s", "auto", voicing, choices=VOICINGS),
        Control(prefix + "offset", "f", 0.0, "milliseconds later (or earlier)", -100, 100),
    )


CONTROLS: dict[str, Control] = {
    c.path: c
    for c in (
        Control("tempo", "f", 0.0, "quarter notes a minute; 0 leaves it to the words; acts at once", 20, 300, unset=0),
        Control("key", "s", "auto", "tonic and mode", syntax="a key (D minor, F# lydian, C [0,2,4,7,9]) or auto", parser=_parse_key),
        Control("scale_lock", "f", 0.7, "0 free, 1 no note outside the scale", 0, 1),
        Control("meter", "s", "auto", "metre, from the next bar line", choices=(*METERS, "auto")),
        Control("chords", "s", "auto", "a progression, obeyed exactly",
                syntax="chords or Roman numerals, one a bar or bars between | (Am F C G; ii V I), or auto", parser=_parse_progression),
        _level_control("density", "onsets a bar, as a percentile of the style; -1 leaves it to the words"),
        _level_control("energy", "velocity and register spread; -1 leaves it to the words"),
        _level_control("brightness", "mode, register and consonance; -1 leaves it to the words"),
        _level_control("complexity", "triads to thirteenths; -1 leaves it to the words"),
        Control("humanise", "f", 0.3, "looseness of time and touch; 0 is on the grid, -1 leaves it to the words", 0, 1, unset=-1),
        Control("swing", "f", -1.0, "place of the off-beat, 0.5 straight; -1 leaves it to the words", 0.5, 0.75, unset=-1),
        Control("swing_unit", "i", 8, "which notes swing", choices=("8", "16")),
        Control("quantise", "f", 0.0, "how far looseness and offsets are drawn to the grid, at output", 0, 1),
        Control("temperature", "f", 1.0, "how daring", 0.1, 2),
        Control("guidance", "f", SHIPPED.text, "how literally the words are taken; at its default a taste may move it a little", 0, 10),
        Control("seed", "i", -1, "the seed of the next takes; -1 is a new one each take", 0, MAX_SEED, unset=-1),
        Control("quantize", "s", "bar", "where a new take enters", choices=QUANTIZE),
        Control("lookahead", "f", 4.0, "beats planned ahead", 0.5, 16),
        Control("hold", "i", 0, "the last so many bars go round from the next bar line on; 0 goes on at a bar line", 0, 16),
        Control("countin", "i", 0, "bars of clicks before bar 1", 0, 4),
        Control("send/energy", "i", 0, "whether energy is sent on as controller 11 to the channels of the parts", choices=("0", "1")),
        Control("send/brightness", "i", 0, "whether brightness is sent on as controller 74", choices=("0", "1")),
        Control("send/clock", "i", 0, "whether MIDI clock is sent along: 24 clocks a quarter note, start at bar 1, stop, song position", choices=("0", "1")),
        Control("transpose", "i", 0, "semitones, at output; drums stay", -24, 24),
        Control("morph/x", "f", 0.0, "place of a morph between its prompts; what is planned follows", 0, 1),
        Control("follow", "i", 0, "the band follows the hands at --input", 0, 1),
        Control("follow/mode", "s", "auto", "what they play: chords tell the harmony, a melody is accompanied, a bass tells the roots",
                syntax="auto, melody, chords, bass or split:N (chords below MIDI note N, melody from it on)", parser=_parse_follow_mode),
        Control("drums/map", "s", "gm", "which notes play the roles of the kit: " + " ".join(ROLES),
                syntax="gm, rack16 (36..51), or role:note,…", parser=_parse_drum_map),
        *(c for name in PARTS for c in _part_controls(name)),
    )
}  # fmt: skip


class Reach(Enum):
    """What of the music already planned a control reaches."""

    LATER_TAKES = "later takes only"
    TEMPO = "the time of all that is planned"
    REGENERATE_BEATS = "beats are written anew, from one soon"
    REGENERATE_BARS = "beats are written anew, from a bar line"
    MORPH = "a take of two prompts goes on from another place between them"
    REARRANGE = "the same beats are arranged anew"


_REACH = {
    **dict.fromkeys(
        ("key", "chords", "scale_lock", "density", "energy", "brightness"), Reach.REGENERATE_BEATS
    ),
    **dict.fromkeys(
        ("complexity", "temperature", "guidance", "follow", "follow/mode"), Reach.REGENERATE_BEATS
    ),
    **dict.fromkeys(
        ("humanise", "quantise", "transpose", "swing", "swing_unit", "drums/map"), Reach.REARRANGE
    ),
    "tempo": Reach.TEMPO,
    "meter": Reach.REGENERATE_BARS,
    "morph/x": Reach.MORPH,
}


MODEL_CONTROLS = (
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


def reach_of(path: str) -> Reach:
    """Return what of the planned music a control changes."""
    return Reach.REARRANGE if path.startswith("part/") else _REACH.get(path, Reach.LATER_TAKES)


def defaults() -> dict[str, Value]:
    """Return every control at its default."""
    return {path: control.default for path, control in CONTROLS.items()}


def changed_controls(settings: Mapping[str, Value]) -> dict[str, Value]:
    """Return the controls that are not at their default."""
    return {path: v for path, v in settings.items() if path in CONTROLS and v != CONTROLS[path].default}


def model_controls(settings: Mapping[str, Value]) -> Controls:
    """Return what of the settings the model and the precedence go by; a guidance left at its default is the take's."""
    guidance = float(settings["guidance"])
    hosted = float(settings.get(HOST_TEMPO, 0.0))
    return Controls(
        key=str(settings["key"]),
        meter=str(settings["meter"]),
        chords=str(settings["chords"]),
        guidance=None if guidance == CONTROLS["guidance"].default else guidance,
        morph=float(settings["morph/x"]),
        **{name: float(settings[name]) for name in MODEL_CONTROLS}
        | ({"tempo": hosted} if hosted > 0 else {}),
    )
