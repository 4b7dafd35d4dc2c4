"""What music is, here: notes and beats in ticks, and what one may ask for.

Pure frozen values. No torch, no I/O and no clock: the model never knows what time it is;
`bridge.clock` is the only place where ticks become seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

Ticks = NewType("Ticks", int)

TICKS_PER_QUARTER = Ticks(480)
"""Also the resolution of every .mid file we write."""

PARTS = ("chords", "melody", "bass", "drums")
"""The parts of the contract, in their order of tracks. An open list: `arp pad perc` are reserved."""

METERS = ("2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8")

CUES: dict[str, tuple[int, float, float]] = {
    "intro": (4, -0.2, -0.25),
    "fill": (1, 0.1, 0.15),
    "break": (4, -0.3, -0.35),
    "build": (4, 0.1, 0.2),
    "drop": (8, 0.25, 0.15),
    "ending": (1, 0.0, -0.15),
}
"""What may be asked for by hand: the bars that it lasts, and what it adds to energy and density."""


def beats_in_bar(meter: str) -> int:
    """Return how many beats a bar has; a beat is the metre's denominator."""
    return int(meter.split("/")[0])


def beat_length(meter: str) -> Ticks:
    """Return the length of a beat in ticks: 480 for a quarter, 240 for an eighth."""
    return Ticks(4 * TICKS_PER_QUARTER // int(meter.split("/")[1]))


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One sounding note of a part. It has a length, so it always ends.

    `start` is in ticks on the grid, counted from the beginning of whatever holds the note (a beat
    or a song). `offset` is its micro-timing in ticks, kept apart so that `humanise 0` can leave
    it out: the note sounds at `start + offset`.
    """

    start: Ticks
    length: Ticks
    pitch: int
    velocity: int = 80
    part: str = "chords"
    offset: int = 0

    def __post_init__(self) -> None:
        if self.start < 0 or self.length <= 0:
            raise ValueError(f"a note starts at or after 0 and lasts: {self}")
        if not 0 <= self.pitch <= 127:
            raise ValueError(f"a pitch is in 0..127, not {self.pitch}")
        if not 1 <= self.velocity <= 127:
            raise ValueError(f"a velocity is in 1..127, not {self.velocity}")

    @property
    def end(self) -> Ticks:
        """The tick at which the note is released, micro-timing apart."""
        return Ticks(self.start + self.length)


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat of a take: the unit that the model hands over.

    `index` counts the beats of the take from 0, `bar` its bars from 0, `beat` within the bar
    from 0. `chord` is the symbol that sounds in this beat, `fresh` whether it begins here.
    Notes start within `0 <= start < length`, counted from the beat's own first tick.
    """

    index: int
    bar: int
    beat: int
    meter: str
    chord: str | None
    fresh: bool
    notes: tuple[Note, ...] = ()

    @property
    def length(self) -> Ticks:
        """The length of the beat in ticks."""
        return beat_length(self.meter)


@dataclass(frozen=True, slots=True)
class Controls:
    """What the owner has set by hand; it goes before the words. -1, 0 or "auto" leave it to the words.

    `tempo` in quarter notes a minute; `key` and `chords` as text (see `model.harmony`);
    density, energy, brightness and complexity in 0..1. `morph` is the place of a take of two prompts between them,
    0 at the first and 1 at the second.
    """

    tempo: float = 0.0
    key: str = "auto"
    scale_lock: float = 0.7
    meter: str = "auto"
    chords: str = "auto"
    density: float = -1.0
    energy: float = -1.0
    brightness: float = -1.0
    complexity: float = -1.0
    temperature: float = 1.0
    guidance: float | None = None
    morph: float = 0.0


Mix = tuple[tuple[str, float], ...]
"""Styles by name, with weights that sum to 1, the heaviest first."""


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
    of `model.figures`.
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

    def idiom(self, part: str) -> Mix:
        """Return the mix of styles in whose manner a part plays: its own where two styles share the parts, else the plan's."""
        return dict(self.idioms).get(part, self.style)


# --- what goes between the bridge and the generation process, over a pipe ------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays as it is in one beat: the notes of some parts, and the chord where `harmony` is kept.

    Notes count from the beat's first tick and come out as they are. `fresh` tells whether the chord begins here.
    `rhythm` has the onsets and lengths, in ticks, of a melody whose pitches are to be found.
    """

    notes: tuple[Note, ...] = ()
    parts: frozenset[str] = frozenset()
    harmony: bool = False
    chord: str | None = None
    fresh: bool = False
    rhythm: tuple[tuple[Ticks, Ticks], ...] | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """Order: understand a prompt and make ready for its take."""

    take: int
    prompt: str
    controls: Controls
    seed: int
    bars: int | None = None  # None is endless, else the take comes to a close in its last bar
    parts: tuple[str, ...] | None = None  # goes before the words
    morph: str | None = None  # a second prompt; `Controls.morph` says where between the two the music lies
    theta: tuple[
        tuple[str, float], ...
    ] = ()  # weights of the fusion; those that are not named are as shipped
    loop: int | None = None  # bars of a clip that goes round: its last bar leads back
    given: tuple[Kept, ...] = ()  # what stays, beat by beat from the first; the rest is written around it,
    melody_first: bool = False  # with the melody before the chords in each beat
    refine: str | None = None  # words that change the bars
    played: tuple[Beat, ...] = ()  # that were played, and that the take begins with
    plan: Plan | None = None  # stands for what is understood of the prompt


@dataclass(frozen=True, slots=True)
class Write:
    """Order: write beat `index` of a take under these controls.

    Beats are asked for one by one, which is all the back-pressure there is. An index already
    written rewinds the take to it: what was written from there on is forgotten.

    `hands` has what a player gives of the beat: its chord where `harmony` says so, in which case `fresh` is found by
    itself, and the parts that are not to be written. It goes before a progression of the words. `played` has, by index,
    how earlier beats really sounded, the player's notes among them; what follows is written after that. `section` is one that was
    asked for by hand (see `model.form`).
    """

    take: int
    index: int
    controls: Controls
    hands: Kept | None = None
    played: tuple[tuple[int, Kept], ...] = ()
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Order: a take is over; free what it held."""

    take: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Order: read the words of a prompt that will be begun later."""

    prompt: str


Order = Begin | Write | Forget | Prepare


@dataclass(frozen=True, slots=True)
class Understood:
    """Answer to `Begin`: the plan of its words; `other` is that of the second prompt of a morph."""

    take: int
    plan: Plan
    other: Plan | None = None


@dataclass(frozen=True, slots=True)
class BeatWritten:
    """Answer to `Write`. After the last beat of a take with `bars`, `beat` is None."""

    take: int
    beat: Beat | None


@dataclass(frozen=True, slots=True)
class Opening:
    """What comes before the answer to a `Write` of a take's first beat: its first note, while the rest is being written.

    The answer has the same note.
    """

    take: int
    beat: Beat


@dataclass(frozen=True, slots=True)
class Failed:
    """Answer to an order that could not be carried out: the take is lost. `theirs` where its words are to blame."""

    take: int
    reason: str
    theirs: bool = False


Answer = Understood | BeatWritten | Failed
