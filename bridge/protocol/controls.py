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


TEXT_LIMIT = 1000  # characters of a key, a progression or a drum map


SEEDS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Control:
    """A control: `kind` is f, i or s; `off` is a value outside the range that leaves it to the words.

    Of a text without choices `reads` returns what is kept of it, or raises ValueError; `syntax` says what it takes.
    """

    path: str
    kind: str
    default: Value
    words: str
    low: float = 0
    high: float = 0
    off: float | None = None
    choices: tuple[str, ...] = ()
    syntax: str = ""
    reads: Callable[[str], str] | None = None

    @property
    def range(self) -> str:
        """What may be said, in words."""
        if self.choices:
            return " ".join(self.choices)
        if self.kind == "s":
            return self.syntax
        span = f"{self.low:.10g}..{self.high:.10g}"
        return span if self.off is None else f"{span}, or {self.off:g}"

    def read(self, args: Sequence[object]) -> Value:
        """Return the value that a message sets. Raises BadRequest."""
        address = ROOT + self.path
        if len(args) != 1:
            raise BadRequest(address, f"takes one value: {self.range}")
        value = args[0]
        if self.kind == "s":
            if not isinstance(value, str):
                raise BadRequest(address, f"takes a string: {self.range}")
            return self._read_text(address, value.strip())
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise BadRequest(address, f"takes a number: {self.range}")
        if self.kind == "i" and value != int(value):
            raise BadRequest(address, f"takes a whole number: {self.range}")
        if self.choices:
            if str(int(value)) not in self.choices:
                raise BadRequest(address, f"is one of {self.range}")
        elif not self.low <= value <= self.high and value != self.off:
            raise BadRequest(address, f"is {self.range}, not {value:g}")
        return int(value) if self.kind == "i" else float(value)

    def _read_text(self, address: str, value: str) -> str:
        if self.choices:
            if value not in self.choices:
                raise BadRequest(address, f"is one of {self.range}")
            return value
        if len(value) > TEXT_LIMIT:
            raise BadRequest(address, f"has {TEXT_LIMIT} characters at most, not {len(value)}")
        if self.reads is None:
            return value
        try:
            return self.reads(value)
        except ValueError as error:
            raise BadRequest(address, str(error)) from error


def _key(text: str) -> str:
    return text if text == "auto" else named(text).name


def _progression(text: str) -> str:
    if text != "auto":
        parse_progression(text, parse_key("C major"))
    return text


def _kit(text: str) -> str:
    drum_map(text)
    return text


def _hands(text: str) -> str:
    split, _, pitch = text.partition(":")
    if text in HANDS or (split == "split" and pitch.isdecimal() and int(pitch) in range(1, 128)):
        return text
    raise ValueError(f"is {' '.join(HANDS)} or split:N with N in 1..127, not {text!r}")


def _level(path: str, words: str) -> Control:
    return Control(path, "f", -1.0, words, 0, 1, off=-1)


HANDS = ("auto", "melody", "chords", "bass")


VOICINGS = ("auto", "close", "open", "drop2", "shell", "rootless", "power")


QUANTIZE = ("now", "beat", "bar", "2bars", "4bars", "8bars")


_CHANNELS = {"chords": 1, "melody": 2, "bass": 3, "drums": 10}


def _part(name: str) -> tuple[Control, ...]:
    at = f"part/{name}/"
    below, above = ("what lies below is moved up by octaves", "what lies above is moved down by octaves")
    octave, voicing = "octaves up or down", "how chords are laid out"
    if name == "drums":  # a kit is not transposed
        below = above = "what lies outside is silent"
        octave = voicing = "kept, but moves no drum"
    elif name != "chords":
        voicing = "kept, for parts that play chords"
    return (
        Control(at + "enabled", "i", 1, "whether the part sounds", 0, 1),
        Control(at + "channel", "i", _CHANNELS[name], "its MIDI channel", 1, 16),
        Control(at + "octave", "i", 0, octave, -3, 3),
        Control(at + "level", "f", 1.0, "factor of its velocities", 0, 2),
        Control(at + "low", "i", 0, f"lowest note; {below}", 0, 127),
        Control(at + "high", "i", 127, f"highest note; {above}", 0, 127),
        Control(at + "voicing", "s", "auto", voicing, choices=VOICINGS),
        Control(at + "offset", "f", 0.0, "milliseconds later (or earlier)", -100, 100),
    )


CONTROLS: dict[str, Control] = {
    c.path: c
    for c in (
        Control("tempo", "f", 0.0, "quarter notes a minute; 0 leaves it to the words; acts at once", 20, 300, off=0),
        Control("key", "s", "auto", "tonic and mode", syntax="a key (D minor, F# lydian, C [0,2,4,7,9]) or auto", reads=_key),
        Control("scale_lock", "f", 0.7, "0 free, 1 no note outside the scale", 0, 1),
        Control("meter", "s", "auto", "metre, from the next bar line", choices=(*METERS, "auto")),
        Control("chords", "s", "auto", "a progression, obeyed exactly",
                syntax="chords or Roman numerals, one a bar or bars between | (Am F C G; ii V I), or auto", reads=_progression),
        _level("density", "onsets a bar, as a percentile of the style; -1 leaves it to the words"),
        _level("energy", "velocity and register spread; -1 leaves it to the words"),
        _level("brightness", "mode, register and consonance; -1 leaves it to the words"),
        _level("complexity", "triads to thirteenths; -1 leaves it to the words"),
        Control("humanise", "f", 0.3, "looseness of time and touch; 0 is on the grid, -1 leaves it to the words", 0, 1, off=-1),
        Control("swing", "f", -1.0, "place of the off-beat, 0.5 straight; -1 leaves it to the words", 0.5, 0.75, off=-1),
        Control("swing_unit", "i", 8, "which notes swing", choices=("8", "16")),
        Control("quantise", "f", 0.0, "how far looseness and offsets are drawn to the grid, at output", 0, 1),
        Control("temperature", "f", 1.0, "how daring", 0.1, 2),
        Control("guidance", "f", SHIPPED.text, "how literally the words are taken; at its default a taste may move it a little", 0, 10),
        Control("seed", "i", -1, "the seed of the next takes; -1 is a new one each take", 0, SEEDS, off=-1),
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
                syntax="auto, melody, chords, bass or split:N (chords below MIDI note N, melody from it on)", reads=_hands),
        Control("drums/map", "s", "gm", "which notes play the roles of the kit: " + " ".join(ROLES),
                syntax="gm, rack16 (36..51), or role:note,…", reads=_kit),
        *(c for name in PARTS for c in _part(name)),
    )
}  # fmt: skip


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
