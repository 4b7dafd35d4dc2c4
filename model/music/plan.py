"""Plans and controls. Precedence: controls set by hand, then stated words, then what the plan inferred. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from model.music.chord_lists import counts_degrees, parse_progression
from model.music.control import MAX_BARS, MAX_TEMPO, MIN_TEMPO, Reach, control_field
from model.music.harmony import chord_symbol, parse_key
from model.music.notes import METERS, PARTS
from model.music.numerals import key_of
from model.music.wishes import NO_ACCOUNT, NO_WISHES, Account, Wishes, bars_of_seconds

if TYPE_CHECKING:  # the bridge mixes plans too, and does without numpy
    import numpy as np
    import numpy.typing as npt


def _parse_progression(text: str) -> str:
    if text != "auto":
        parse_progression(text, parse_key("C major"))
    return text


def _level(description: str) -> float:
    return control_field(-1.0, f"{description}; -1 leaves it to the words", 0, 1, unset=-1)


@dataclass(frozen=True, slots=True)
class Controls:
    """The controls that the model is told: a row each, with default, meaning, range and what of the planned music it changes.

    A control that is set goes before the words; its default leaves it to them. Each is an OSC address too: `CONTROLS` of the
    bridge has these rows and those of which the model is not told.
    """

    # fmt: off
    tempo: float = control_field(0.0, "quarter notes a minute; 0 leaves it to the words; acts at once", MIN_TEMPO, MAX_TEMPO, unset=0, reach=Reach.TEMPO)
    key: str = control_field("auto", "tonic and mode", syntax="a key (D minor, F# lydian, C [0,2,4,7,9]) or auto")
    scale_lock: float = control_field(0.7, "0 free, 1 no note outside the scale", 0, 1)
    meter: str = control_field("auto", "metre, from the next bar line", choices=(*METERS, "auto"), reach=Reach.REGENERATE_BARS)
    chords: str = control_field(
        "auto", "a progression, obeyed exactly", parser=_parse_progression,
        syntax="chords or Roman numerals, one a bar or bars between | (Am F C G; ii V I), or auto",
    )
    density: float = _level("onsets a bar, as a percentile of the style")
    energy: float = _level("velocity and register spread")
    brightness: float = _level("mode, register and consonance")
    complexity: float = _level("triads to thirteenths")
    temperature: float = control_field(1.0, "how daring", 0.1, 2)
    guidance: float | None = control_field(None, "how literally the words are taken; at its default a taste may move it a little", 0, 10)
    morph: float = control_field(0.0, "place of a morph between its prompts; what is planned follows", 0, 1, path="morph/x", reach=Reach.MORPH)
    # fmt: on
    added: tuple[str, ...] = field(default=(), metadata={"later": True})
    """Of `ADDED_PARTS` those that play whatever the words say: each has a control of its own."""


Mix = tuple[tuple[str, float], ...]
"""Styles by name, with weights that sum to 1, the heaviest first."""


UNISON, ANSWER = "unison", "answer"
"""How a second instrument plays the melody: all of it, or every other two bars."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was understood of a prompt: every field of `llmball understand`, each overridable.

    `progression` has one string a bar ("Dm9", or "Dm9 G13" for two chords in the bar), or is
    None where the words gave none. `explicit` names the fields that the words stated outright.
    Density, energy, brightness and complexity are 0..1 (definitions: the contract); swing is the
    place of the off-beat, 0.5 straight to 0.75, in pairs of `swing_unit` notes (8 or 16).

    Not in the contract's JSON: `register` is -1 low to 1 high for the whole, `registers` for parts that were named,
    `articulation` -1 staccato to 1 legato, `ending` "loop" or "cadence" where the words ask for one, `silenced` the
    roles of drums that the words deny, `idioms` the mix of styles of each part where two styles share the parts, `figures` names
    of `model.generation.form`, `wishes` the course of the piece, which clips follow, `account` what became of each word,
    `programs` what each part is played on: General MIDI programs from 0, of drums and percussion the kit, `doubled` the parts
    that play the melody's notes, for its second instrument: in `UNISON` with it, or in `ANSWER` to it.
    """

    tempo: float = 100.0
    feel: str = "normal"
    key: str = "C major"
    meter: str = "4/4"
    bars: int | None = None
    parts: tuple[str, ...] = ("chords", "melody", "bass")
    progression: tuple[str, ...] | None = None
    instruments: tuple[tuple[str, str], ...] = ()
    density: float = 0.5
    energy: float = 0.5
    brightness: float = 0.5
    complexity: float = 0.3
    swing: float = 0.5
    style: tuple[tuple[str, float], ...] = ()
    explicit: tuple[str, ...] = ()
    swing_unit: int = 8
    register: float = 0.0
    registers: tuple[tuple[str, float], ...] = ()
    articulation: float = 0.0
    ending: str | None = None
    silenced: tuple[str, ...] = ()
    idioms: tuple[tuple[str, Mix], ...] = ()
    figures: tuple[str, ...] = ()
    wishes: Wishes = field(default=NO_WISHES, metadata={"later": True})
    account: Account = field(default=NO_ACCOUNT, metadata={"later": True})
    programs: tuple[tuple[str, int], ...] = field(default=(), metadata={"later": True})
    doubled: tuple[tuple[str, str], ...] = field(default=(), metadata={"later": True})

    def style_of(self, part: str) -> Mix:
        """Return the mix of styles that a part follows: its own where two styles share the parts, else the plan's."""
        return dict(self.idioms).get(part, self.style)


def wished_bars(plan_: Plan) -> int | None:
    """Return the bars that the words ask for, by their number, by sections or by a duration at the plan's tempo; None for any."""
    wishes = plan_.wishes
    if wishes.seconds and "bars" not in plan_.explicit:
        return min(MAX_BARS, bars_of_seconds(wishes.seconds, plan_.tempo, plan_.meter, wishes.ramp))
    if plan_.bars is not None:
        return plan_.bars
    if len(wishes.sections) > 1:
        return min(MAX_BARS, sum(s.bars for s in wishes.sections))
    named = [s.bars for s in wishes.sections] + [c.bar - 1 for c in wishes.cues if c.cue != "fill"]
    rested = [max(r.first - 1, r.last or 0) for r in wishes.rests]
    rested += [c.bar - 1 for c in wishes.cues if c.cue == "fill"]
    lasting = [
        w for w in (wishes.ramp, *wishes.fades) if w is not None and (w.first is not None or (w.bars or 0) > _FEW)
    ]
    named += [(w.first or 1) - 1 + (w.bars or 0) for w in lasting]
    named += [wishes.modulation.bar - 1] if wishes.modulation is not None and wishes.modulation.bar is not None else []
    lengths = [n + BARS_BEHIND for n in named] + [max(BARS_BEHIND, (n // _PHRASE + 1) * _PHRASE) for n in rested]
    return min(MAX_BARS, max(lengths)) if lengths else None


_FEW = 4
"""Bars of a ramp or a fade for which a clip of its usual length has room."""
_PHRASE = 4
"""Bars of a phrase: who enters or rests at a bar does so within a piece of whole phrases."""
BARS_BEHIND = 8
"""Bars that a clip goes on behind the last thing that was asked for at a bar, where no length was."""
LEVELS = ("energy", "density", "brightness", "complexity")


def apply_controls(plan_: Plan, controls: Controls) -> tuple[Plan, tuple[tuple[str, str], ...]]:
    """Return the plan under the controls, and what the words stated outright but lost, as (name, "control").

    A progression moves with a key that the controls set only where it was given by them; chords that the words
    spelled out stay as they are. Raises ValueError for a key or chords that cannot be read.
    """
    changed: dict[str, Any] = {}
    if controls.tempo > 0:
        changed["tempo"] = controls.tempo
    if controls.key != "auto":
        changed["key"] = parse_key(controls.key).name
    if controls.meter != "auto":
        changed["meter"] = controls.meter
    if controls.chords != "auto":
        chosen = parse_key(changed.get("key", plan_.key))
        bars = parse_progression(controls.chords, chosen)
        changed["progression"] = tuple(" ".join(chord_symbol(c, chosen) for c in bar) for bar in bars)
        if "key" not in changed and "key" not in plan_.explicit:
            numbered = counts_degrees(controls.chords)
            changed["key"] = chosen.name if numbered else key_of([c for bar in bars for c in bar]).name
    for name in LEVELS:
        if getattr(controls, name) >= 0:
            changed[name] = getattr(controls, name)
    if not set(controls.added) <= set(plan_.parts):
        changed["parts"] = tuple(p for p in PARTS if p in plan_.parts or p in controls.added)
    lost = tuple(
        (name, "control") for name, value in changed.items() if name in plan_.explicit and value != getattr(plan_, name)
    )
    return replace(plan_, **changed), lost


_LINEAR = (*LEVELS, "swing", "register", "articulation")


def interpolate_plans(first: Plan, second: Plan, x: float) -> Plan:
    """Return the plan at `x` (0..1) of the way from the first to the second.

    Tempo goes by ratios, levels in a line, styles by their weights; what cannot be halved (key, metre, parts, a
    progression …) is the nearer plan's. All parts play in one manner on the way. A tempo, key or metre counts as stated while the plan it comes from states it.
    """
    if not 0 <= x <= 1:
        raise ValueError(f"a morph lies in 0..1, not at {x:g}")
    nearer = second if x > 0.5 else first
    if x in (0, 1):
        return nearer
    mixed: dict[str, Any] = {name: _line(getattr(first, name), getattr(second, name), x) for name in _LINEAR}
    styles = _mixed(dict(first.style), dict(second.style), x)
    return replace(
        nearer,
        tempo=first.tempo * (second.tempo / first.tempo) ** x,
        style=tuple(sorted(styles, key=lambda style: -style[1])),
        idioms=(),
        registers=_mixed(dict(first.registers), dict(second.registers), x),
        **mixed,
    )


def interpolate_vectors(
    first: npt.NDArray[np.float32], second: npt.NDArray[np.float32], x: float
) -> npt.NDArray[np.float32]:
    """Return the vector at `x` of the way between two unit vectors, of unit length again."""
    mixed = (1 - x) * first + x * second
    length = float(mixed @ mixed) ** 0.5
    return mixed / length if length > 1e-6 else first


def _line(a: float, b: float, x: float) -> float:
    return a + (b - a) * x


def _mixed(a: Mapping[str, float], b: Mapping[str, float], x: float) -> tuple[tuple[str, float], ...]:
    """Return named weights between two tables; a name that one of them lacks weighs nothing there."""
    found = ((name, _line(a.get(name, 0.0), b.get(name, 0.0), x)) for name in dict.fromkeys([*a, *b]))
    return tuple((name, weight) for name, weight in found if weight)
