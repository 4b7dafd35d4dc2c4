"""Tunes in ABC notation, read into plain bars: as much of the language as tune books and a hymnal use.

Format: the ABC standard 2.1. Grace notes, words, decorations, symbols in quotes and second layers (&) are skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from model.music.harmony import MODES, Key, pitch_class
from model.training.formats.barlines import QUARTER, Bar, Sound, bar_ticks, unfold_repeats

_TOKEN = re.compile(
    r"""(?P<field>\[[A-Za-z]:[^\]]*\])
    | \[\s*"?(?P<ending>[1-9])[^\s"\]|A-Ga-g]*"?
    | (?P<bar>\[\|[|\]]*:*|::+|:+[|\]]+:*|\|[|\]]*:*)\s*(?P<turn>[1-9][-,1-9]*)?
    | (?P<skip>\{[^}]*\}|"[^"]*"|![^!\s|]{1,24}!|\+\w+\+|y\d*)
    | \((?P<tuplet>[2-9])(?::(?P<in>\d?))?(?::(?P<over>\d?))?
    | \[(?P<chord>[^\]|:]*)\](?P<chord_length>\d*/*\d*)
    | (?P<note>(?P<sign>\^\^|\^|__|_|=)?(?P<letter>[A-Ga-g])(?P<octave>[,']*)|[zx])(?P<length>\d*/*\d*)
    | Z(?P<rests>\d*)
    | (?P<broken>>+|<+)
    | (?P<tie>-)
    | (?P<layer>&)""",
    re.VERBOSE,
)
_INNER = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([,']*)(\d*/*\d*)")
_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}
_MODES = {
    "": ("major", 0), "maj": ("major", 0), "ion": ("major", 0), "m": ("minor", -3), "min": ("minor", -3),
    "aeo": ("minor", -3), "mix": ("mixolydian", -1), "dor": ("dorian", -2), "phr": ("phrygian", -4),
    "lyd": ("lydian", 1), "loc": ("locrian", -5),
}  # fmt: skip
"""The first letters of a mode → our name and how many fifths its signature lies above the major one's."""


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune: its header fields by letter, its key, its tempo in quarters a minute (0: not said), its voices."""

    fields: dict[str, list[str]]
    key: Key
    tempo: float
    voices: dict[str, tuple[Bar, ...]]


def read(text: str) -> Tune:
    """Read one tune, its repeats unfolded. Raises ValueError where a field is not as the format has it."""
    fields: dict[str, list[str]] = {}
    voices: dict[str, _Voice] = {}
    current, told = "", ""
    for line in text.splitlines():
        line = line.split("%", 1)[0].strip()
        letter = line[0] if line[1:2] == ":" and line[0].isalpha() else ""
        if "K" in fields and letter.upper() in tuple("ABCDEFGXZ"):
            letter = ""  # a note before a repeat sign
        value = line[2:].strip()
        if letter in ("w", "W"):
            continue
        if letter and "K" not in fields:
            fields.setdefault(letter, []).append(value)
            continue
        if "K" not in fields or not line:
            continue
        body = f"[{letter}:{value}]" if letter in tuple("KLMQV") else "" if letter else line
        for token in _TOKEN.finditer(body):
            said = token["field"]
            if said and said[1] == "V":
                current = said[3:-1].split()[0] if said[3:-1].strip() else current
            elif said and said[1] == "Q":
                told = told or said[3:-1]
            else:
                if current not in voices:
                    voices[current] = _Voice(fields)
                voices[current].take(token)
    for each in voices.values():
        each.line("")
    key, _ = signature(fields.get("K", [""])[0])
    unit = _unit(fields.get("L", [""])[0], meter_of(fields.get("M", [""])[0]))
    told = fields.get("Q", [told])[0]
    return Tune(
        fields,
        key,
        _tempo(told, unit),
        {n: tuple(unfold_repeats(v.bars)) for n, v in voices.items() if v.bars},
    )


def signature(text: str) -> tuple[Key, dict[str, int]]:
    """Return a key field's key and what it does to each letter. Raises ValueError."""
    if text.upper().startswith("HP"):
        text = "Amix"  # the pipes' scale
    match = _KEY.match(text)
    found = _MODES.get(match[3].lower()[:3] if match[3] not in ("clef",) else "") if match else None
    if match is None or found is None:
        raise ValueError(f"a key is a letter and a mode, not {text!r}")
    mode, above = found
    fifths = "FCGDAEB".index(match[1]) - 1 + 7 * ((match[2] == "#") - (match[2] == "b")) + above
    signs = dict.fromkeys("FCGDAEB"[: max(0, fifths)], 1) | dict.fromkeys("BEADGCF"[: max(0, -fifths)], -1)
    for sign, letter in re.findall(r"(\^|_|=)([A-Ga-g])\b", text):
        signs[letter.upper()] = _SIGNS[sign]
    return Key(pitch_class(match[1] + match[2]), mode, MODES[mode]), signs


def meter_of(text: str) -> str:
    """Return a metre field as "4/4": alla breve is 4/4; "" where there is none."""
    word = text.split()[0] if text.split() else ""
    plain = {"C": "4/4", "C|": "4/4", "2/2": "4/4"}.get(word, word)
    return plain if re.fullmatch(r"\d+/[1-9]\d*", plain) else ""


def _unit(text: str, meter: str) -> float:
    """Return the unit length in ticks: as said, else an eighth, or a sixteenth in metres below 3/4."""
    match = re.match(r"(\d+)/([1-9]\d*)", text)
    if match is not None:
        return 4 * QUARTER * int(match[1]) / int(match[2])
    return QUARTER / 4 if meter and bar_ticks(meter) < 3 * QUARTER else QUARTER / 2


def _tempo(text: str, unit: float) -> float:
    match = re.search(r"(\d+)/([1-9]\d*)\s*=\s*(\d+)", text)
    if match is not None:
        return 4 * int(match[1]) / int(match[2]) * int(match[3])
    return int(text) * unit / QUARTER if text.isdigit() else 0.0


def _times(text: str) -> float:
    """Return what a length such as "3", "/", "3/2" or "//" multiplies the unit by."""
    over, slash, under = text.partition("/")
    divisor = int(under.lstrip("/")) if under.lstrip("/") else 2 ** (1 + len(under))
    if divisor == 0:
        raise ValueError(f"a length is a part of something, not {text!r}")
    return float(over or 1) / (divisor if slash else 1)


@dataclass(slots=True)
class _Voice:
    """A voice while it is read: the bar that is open and what holds in it."""

    fields: dict[str, list[str]]
    bars: list[Bar] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    at: float = 0.0
    opens: bool = False
    fresh: bool = False
    ending: int = 0
    skipping: bool = False
    signs: dict[str, int] = field(default_factory=dict)
    here: dict[tuple[str, str], int] = field(default_factory=dict)
    meter: str = ""
    unit: float = 0.0
    ahead: float = 1.0
    tuplet: tuple[float, int] = (1.0, 0)

    def __post_init__(self) -> None:
        self.meter = meter_of(self.fields.get("M", [""])[0])
        self.unit = _unit(self.fields.get("L", [""])[0], self.meter)
        _, self.signs = signature(self.fields["K"][0])

    def take(self, token: re.Match[str]) -> None:
        """Read one token."""
        if token["bar"]:
            self.line(token["bar"])
            self.ending = int(token["turn"][0]) if token["turn"] else self.ending
        elif token["ending"]:
            if self.sounds:
                self.line("|")
            self.ending = int(token["ending"])
        elif token["field"]:
            self._told(token["field"][1], token["field"][3:-1].strip())
        elif self.skipping or token["skip"]:
            return
        elif token["note"]:
            letter = token["letter"]
            self._sound(
                [self._pitch(token["sign"], letter, token["octave"])] if letter else [],
                _times(token["length"]),
            )
        elif token["chord"] is not None:
            inner = _INNER.findall(token["chord"])
            if inner:
                pitches = [self._pitch(s, n, o) for s, n, o, _ in inner]
                self._sound(pitches, _times(inner[0][3]) * _times(token["chord_length"]))
                self.sounds[-1].tied = "-" in token["chord"]
        elif token["rests"] is not None and self.meter:
            self._sound([], int(token["rests"] or 1) * bar_ticks(self.meter) / self.unit)
        elif token["tuplet"]:
            self._group(int(token["tuplet"]), token["in"], token["over"])
        elif token["broken"] and self.sounds:
            self._break(token["broken"])
        elif token["tie"] and self.sounds:
            self.sounds[-1].tied = True
        elif token["layer"]:
            self.skipping = True

    def line(self, bar: str) -> None:
        """Close the bar that is open at a bar line, or at the end."""
        closes, opens = bar.startswith(":"), bar.endswith(":")
        if self.sounds:
            self.bars.append(Bar(tuple(self.sounds), self.at, self.meter, self.opens, closes, self.fresh, self.ending))
            self.opens = self.fresh = False
            self.ending = 0
        elif closes and self.bars:
            self.bars[-1] = replace(self.bars[-1], closes=True)
        self.opens |= opens
        self.fresh |= bar not in ("|", "")
        self.sounds, self.at, self.here, self.skipping = [], 0.0, {}, False

    def _told(self, letter: str, value: str) -> None:
        match letter:
            case "K" if value and value != "none":
                _, self.signs = signature(value)
            case "M":
                self.meter = meter_of(value)
            case "L":
                self.unit = _unit(value, self.meter)

    def _pitch(self, sign: str | None, letter: str, octave: str) -> int:
        name = letter.upper()
        if sign:
            self.here[letter, octave] = _SIGNS[sign]
        raised = self.here.get((letter, octave), self.signs.get(name, 0))
        octaves = letter.islower() + octave.count("'") - octave.count(",")
        return 60 + 12 * octaves + _LETTERS[name] + raised

    def _sound(self, pitches: list[int], times: float) -> None:
        factor, left = self.tuplet
        length = times * self.unit * self.ahead * (factor if left else 1)
        self.tuplet = (factor, max(0, left - 1))
        self.ahead = 1.0
        self.sounds.append(Sound(self.at, length, tuple(pitches)))
        self.at += length

    def _group(self, count: int, within: str | None, over: str | None) -> None:
        compound = self.meter in ("6/8", "9/8", "12/8")
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(count, 3 if compound else 2)
        self.tuplet = (int(within or usual) / count, int(over or count))

    def _break(self, mark: str) -> None:
        """Lengthen the note before and shorten the next one, or the other way round."""
        short = 0.5 ** len(mark)
        before, self.ahead = (2 - short, short) if mark[0] == ">" else (short, 2 - short)
        last = self.sounds[-1]
        self.at += last.length * (before - 1)
        last.length *= before
