"""Messages to and from the clip process: plain values without the code that writes clips, so importing them is cheap.

Whoever only passes them on need not load what writes.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.music.control import MAX_BARS
from model.music.groove import Groove
from model.music.plan import Controls

DEFAULT_BARS = 8
AUTOMATIC_CONTROLS = Controls()


@dataclass(frozen=True, slots=True)
class ClipSpec:
    """What is asked of a clip beside its words. None leaves it to them.

    `closing` lets the last bar come to a close; False lets it lead back, as a loop. `theta` has weights of the fusion by
    name; those that are not named are as shipped. `groove` is the timing and the accents of all that is written. With `expression` it
    has bends and curves.
    """

    prompt: str
    seed: int
    bars: int | None = None
    parts: tuple[str, ...] | None = None
    controls: Controls = AUTOMATIC_CONTROLS
    closing: bool | None = None
    theta: tuple[tuple[str, float], ...] = ()
    groove: Groove | None = None
    expression: bool = False

    def __post_init__(self) -> None:
        if self.bars is not None and not 1 <= self.bars <= MAX_BARS:
            raise ValueError(f"a clip has 1..{MAX_BARS} bars, not {self.bars}")


@dataclass(frozen=True, slots=True)
class KeepSpec:
    """What is kept of a song: `parts` in every bar, and all parts outside the bars `redone` (None: all bars are rewritten)."""

    parts: frozenset[str] = frozenset()
    redone: frozenset[int] | None = None
    harmony: bool = False


NoteTuple = tuple[str, int, float, float, int]
"""A note as it is sent: part (or `TRACK` and a track's name), pitch, start and length in quarter notes, velocity."""
TRACK = "track:"
"""What stands before the name of a track whose part is to be found."""
MAX_TRACK_NAME = 64
"""Characters of a track's name."""


@dataclass(frozen=True, slots=True)
class GivenNotes:
    """So many bars of notes to go on from, or with `stays` to write anew in part.

    `tempo` 0 is not known, `key` "auto" is to be heard in the notes; `changed` tells that the words change it, `beside` that parts
    are written for it, `has_groove` that its timing and accents are given to what is written.
    """

    notes: tuple[NoteTuple, ...]
    bars: int
    meter: str = "4/4"
    tempo: float = 0.0
    key: str = "auto"
    stays: KeepSpec | None = None
    changed: bool = False
    beside: bool = False
    has_groove: bool = False


NOTES_PER_PACKET = 32
"""Notes of one message, given or told: with its address it stays within one frame of a network."""
Packet = tuple[int, str, tuple[int | float, ...]]
POINTS_PER_PACKET, BEND = 64, -1
"""Points of a curve in one message; the number that bends have in the place of a controller's."""
Curve = tuple[str, int, tuple[int | float, ...]]


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """Write a clip; the number is the bridge's own."""

    number: int
    wanted: ClipSpec
    given: GivenNotes | None = None


@dataclass(frozen=True, slots=True)
class CancelClip:
    """Cancels a clip."""

    number: int


@dataclass(frozen=True, slots=True)
class ClipProgress:
    """Progress of a clip, 0..1."""

    number: int
    share: float


@dataclass(frozen=True, slots=True)
class ClipWritten:
    """A clip as its file would hold it: its count of notes, its quarter notes, its notes in packets of one part each.

    A packet has the number of its first note, its part, and pitch, start, length and velocity of each note. `unread` names the
    words that were not obeyed, each with the reason; it is empty where all were. `heard` tells what was heard in what was given. `curves`
    are bends (controller -1) and controllers: of each part and controller the quarter and value of each point.
    """

    number: int
    total: int
    beats: float
    tempo: float
    key: str
    packets: tuple[Packet, ...]
    unread: str = ""
    heard: str = ""
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class ClipFailed:
    """A clip cannot be written: `reason` says why."""

    number: int
    reason: str


ClipAnswer = ClipProgress | ClipWritten | ClipFailed
