"""What music is, here: notes and beats in ticks, and what one may ask for.

Pure frozen values. No torch, no I/O and no clock: the model never knows what time it is;
`bridge.clock` is the only place where ticks become seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.music.notes import Beat, Kept
from model.music.plan import Controls, Plan


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
    asked for by hand (see `model.generation.form`).
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
class FirstNote:
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
