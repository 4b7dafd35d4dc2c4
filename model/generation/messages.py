"""Orders to the generation process, and its answers: frozen values without a clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from model.music.notes import Beat, Kept
from model.music.plan import Controls, Plan


@dataclass(frozen=True, slots=True)
class Begin:
    """Order: read a prompt and prepare its take."""

    take: int
    prompt: str
    controls: Controls
    seed: int
    bars: int | None = None  # None is endless, else the take closes in its last bar
    parts: tuple[str, ...] | None = None  # take precedence over the prompt
    morph: str | None = None  # a second prompt; `Controls.morph` is the position between the two
    theta: tuple[tuple[str, float], ...] = ()  # bias weights; those that are not named are as shipped
    loop: int | None = None  # bars of a looped clip: its last bar leads back
    given: tuple[Kept, ...] = ()  # fixed content, beat by beat from the first; the rest is written around it,
    melody_first: bool = False  # with the melody before the chords in each beat
    refine: str | None = None  # words that change the bars
    played: tuple[Beat, ...] = ()  # beats that were played before the take
    plan: Plan | None = None  # replaces what is read from the prompt
    key: str | None = field(
        default=None, metadata={"later": True}
    )  # that sounds before the take: it stays where the prompt states none
    beside: int | None = field(
        default=None, metadata={"later": True}
    )  # what is given are other parts, and the rest is written as in this piece of the examples
    band: Plan | None = field(default=None, metadata={"later": True})  # the plan that sounds before, under its controls
    after: int | None = field(default=None, metadata={"later": True})  # the take that sounds before
    layers: tuple[str, ...] = field(default=(), metadata={"later": True})  # of its parts those that come and go


@dataclass(frozen=True, slots=True)
class Write:
    """Order: write beat `index` of a take under these controls.

    Beats are requested one by one, which is all the back-pressure there is. An index already written rewinds the take to it.

    `hands` is what a player gives of the beat: its chord if `harmony` is set (`fresh` is then found out), and the parts that are
    not to be written; it takes precedence over a progression in the prompt. `played` is, by index, what was really played of earlier
    beats. `section` is a cue (see `model.generation.form`).
    """

    take: int
    index: int
    controls: Controls
    hands: Kept | None = None
    played: tuple[tuple[int, Kept], ...] = ()
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """Order: a take is over; free its state."""

    take: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Order: read a prompt that will begin later."""

    prompt: str


Order = Begin | Write | Forget | Prepare


@dataclass(frozen=True, slots=True)
class Understood:
    """Answer to `Begin`: the plan of its prompt; `other` is that of a morph's second prompt."""

    take: int
    plan: Plan
    other: Plan | None = None


@dataclass(frozen=True, slots=True)
class BeatWritten:
    """Answer to `Write`. After the last beat of a take with `bars`, `beat` is None."""

    take: int
    beat: Beat | None


@dataclass(frozen=True, slots=True)
class FirstNote:
    """Sent before the answer to the `Write` of a take's first beat: its first note and what is given of it, which the answer has too."""

    take: int
    beat: Beat


@dataclass(frozen=True, slots=True)
class Failed:
    """Answer to an order that failed: the take is lost. `theirs` if the prompt is the cause."""

    take: int
    reason: str
    theirs: bool = False


Answer = Understood | BeatWritten | Failed
