"""Events, which the session takes, and effects, which it returns. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.midi.protocol import Health, InputLost, MidiReceived, PlayerOrder
from bridge.protocol.controls import Value
from model.generation.bias_weights import NamedWeights
from model.generation.messages import Answer, FirstNote, Order
from model.music.score import Score


@dataclass(frozen=True, slots=True)
class PromptRequested:
    """A new take of these words was asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class MorphRequested:
    """A new take between two prompts was asked for, at `x` (0..1)."""

    first: str
    second: str
    x: float


@dataclass(frozen=True, slots=True)
class RefineRequested:
    """A new take that changes the one that plays, as these words say, was asked for."""

    text: str


@dataclass(frozen=True, slots=True)
class BackRequested:
    """The take that played before this one was asked for."""


@dataclass(frozen=True, slots=True)
class TakeLaunchRequested:
    """An earlier take was asked for, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class BankStoreRequested:
    """Store a prompt in a slot of the bank, 1..16."""

    slot: int
    text: str


@dataclass(frozen=True, slots=True)
class BankLaunchRequested:
    """A new take of the prompt in a slot of the bank was asked for."""

    slot: int


@dataclass(frozen=True, slots=True)
class ScoreLaunchRequested:
    """A new take of written music was asked for."""

    score: Score


@dataclass(frozen=True, slots=True)
class ScoreGrown:
    """Written music that was launched has more bars, or other ones: it goes on under the same name."""

    score: Score


@dataclass(frozen=True, slots=True)
class ScoreStoreRequested:
    """Store written music in a slot of the bank, 1..16."""

    slot: int
    score: Score


@dataclass(frozen=True, slots=True)
class CueRequested:
    """A section was asked for: one of CUES."""

    section: str


@dataclass(frozen=True, slots=True)
class TakeRated:
    """The take that plays was liked, or skipped."""

    liked: bool


@dataclass(frozen=True, slots=True)
class TasteResetRequested:
    """Reset the weights that likes and skips have moved."""


@dataclass(frozen=True, slots=True)
class ControlSet:
    """A control was set to a checked value."""

    path: str
    value: Value


@dataclass(frozen=True, slots=True)
class PlayRequested:
    """Start at bar 1; again where it plays."""


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Stop and end every note; `panic` sends all notes off on every channel too."""

    panic: bool = False


@dataclass(frozen=True, slots=True)
class GeneratorExited:
    """The generation process exited; its open orders get no answer."""


@dataclass(frozen=True, slots=True)
class GeneratorReady:
    """A generation process takes orders."""


@dataclass(frozen=True, slots=True)
class PlayerReady:
    """A player process takes orders; those given to an earlier one are lost."""


@dataclass(frozen=True, slots=True)
class HostTransportReported:
    """State of the host: playing, position in quarter notes since its song began, tempo."""

    playing: bool
    quarter: float
    bpm: float


@dataclass(frozen=True, slots=True)
class LinkReported:
    """State of Link at a time: playing, position in quarter notes, tempo, number of other peers."""

    at: Seconds
    playing: bool
    quarter: float
    bpm: float
    peers: int


@dataclass(frozen=True, slots=True)
class TempoTapped:
    """A beat was tapped."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time that `Session.next_deadline` named has come."""


SessionRequest = (
    PromptRequested
    | MorphRequested
    | RefineRequested
    | BackRequested
    | TakeLaunchRequested
    | BankStoreRequested
    | BankLaunchRequested
    | ScoreLaunchRequested
    | ScoreStoreRequested
    | CueRequested
    | ControlSet
    | PlayRequested
    | StopRequested
    | TakeRated
    | TasteResetRequested
    | HostTransportReported
    | TempoTapped
)
"""Requests of clients to the session."""
Event = (
    SessionRequest
    | ScoreGrown
    | Answer
    | FirstNote
    | GeneratorExited
    | GeneratorReady
    | PlayerReady
    | Health
    | MidiReceived
    | InputLost
    | LinkReported
    | TimerFired
)


@dataclass(frozen=True, slots=True)
class ToModel:
    """Send an order to the generation process."""

    order: Order


@dataclass(frozen=True, slots=True)
class ToPlayer:
    """Send an order to the player."""

    order: PlayerOrder


@dataclass(frozen=True, slots=True)
class ToLink:
    """Send Link a tempo, or that we play or not; None leaves it unchanged."""

    bpm: float | None = None
    playing: bool | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """Send a message to every registered client."""

    path: str
    args: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class BarPlayed:
    """A bar has ended: a recording file may be written."""


@dataclass(frozen=True, slots=True)
class TasteChanged:
    """The user's bias weights have changed and are to be stored."""

    theta: NamedWeights


@dataclass(frozen=True, slots=True)
class Fault:
    """An internal error from which we recovered, for the log."""

    reason: str


Effect = ToModel | ToPlayer | ToLink | Publish | BarPlayed | TasteChanged | Fault
