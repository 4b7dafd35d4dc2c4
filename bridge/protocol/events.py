"""What can happen to a session and what it may ask to be done. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.midi.protocol import Health, MidiReceived, PlayerOrder
from bridge.protocol.controls import Value
from model.generation.bias_weights import NamedWeights
from model.generation.messages import Answer, FirstNote, Order


@dataclass(frozen=True, slots=True)
class PromptRequested:
    """Somebody asked for a take, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class MorphRequested:
    """Somebody asked for a take between two prompts, at `x` (0..1) of the way."""

    first: str
    second: str
    x: float


@dataclass(frozen=True, slots=True)
class RefineRequested:
    """Somebody asked for a change to the take that plays, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class BackRequested:
    """The take that played before this one shall come back."""


@dataclass(frozen=True, slots=True)
class TakeLaunchRequested:
    """A take of the past shall come, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class BankStoreRequested:
    """A prompt goes into a slot of the bank, 1..16."""

    slot: int
    text: str


@dataclass(frozen=True, slots=True)
class BankLaunchRequested:
    """The prompt of a slot of the bank shall come."""

    slot: int


@dataclass(frozen=True, slots=True)
class CueRequested:
    """A section shall come at the next line."""

    section: str


@dataclass(frozen=True, slots=True)
class TakeRated:
    """The take that plays was liked, or skipped."""

    liked: bool


@dataclass(frozen=True, slots=True)
class TasteResetRequested:
    """What was liked and skipped is forgotten."""


@dataclass(frozen=True, slots=True)
class ControlSet:
    """A control was set to a checked value."""

    path: str
    value: Value


@dataclass(frozen=True, slots=True)
class PlayRequested:
    """Start, or start again, at bar 1."""


@dataclass(frozen=True, slots=True)
class StopRequested:
    """End every note; a panic tells all channels."""

    panic: bool = False


@dataclass(frozen=True, slots=True)
class GeneratorExited:
    """The generation process died; what it was asked for will not come."""


@dataclass(frozen=True, slots=True)
class GeneratorReady:
    """A generation process waits for orders."""


@dataclass(frozen=True, slots=True)
class PlayerReady:
    """A player waits for orders; what an earlier one was given is gone."""


@dataclass(frozen=True, slots=True)
class HostTransportReported:
    """A host said whether it plays, where it is in quarter notes since its song began, and its tempo."""

    playing: bool
    quarter: float
    bpm: float


@dataclass(frozen=True, slots=True)
class LinkReported:
    """Link said whether it plays, where it is at a moment in quarter notes, its tempo, and how many others there are."""

    at: Seconds
    playing: bool
    quarter: float
    bpm: float
    peers: int


@dataclass(frozen=True, slots=True)
class TempoTapped:
    """Somebody tapped a beat."""


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The moment that `Session.wake` named has come."""


SessionRequest = (
    PromptRequested
    | MorphRequested
    | RefineRequested
    | BackRequested
    | TakeLaunchRequested
    | BankStoreRequested
    | BankLaunchRequested
    | CueRequested
    | ControlSet
    | PlayRequested
    | StopRequested
    | TakeRated
    | TasteResetRequested
    | HostTransportReported
    | TempoTapped
)
"""What clients may want of a session."""


Event = (
    SessionRequest
    | Answer
    | FirstNote
    | GeneratorExited
    | GeneratorReady
    | PlayerReady
    | Health
    | MidiReceived
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
    """Tell Link's others a tempo, or that we play or do not; None leaves it as it is."""

    bpm: float | None = None
    playing: bool | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """Tell every registered client."""

    path: str
    args: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class BarPlayed:
    """A bar line was crossed: what was played may be written down."""


@dataclass(frozen=True, slots=True)
class TasteChanged:
    """The user's weights of the fusion are others now: they are kept."""

    theta: NamedWeights


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of ours that was recovered, for the log."""

    reason: str


Effect = ToModel | ToPlayer | ToLink | Publish | BarPlayed | TasteChanged | Fault
