"""What can happen to a session and what it may ask to be done. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.midi.protocol import Health, Heard, PlayerOrder
from bridge.protocol.controls import Value
from model.generation.bias_weights import Weighting
from model.generation.messages import Answer, Opening, Order


@dataclass(frozen=True, slots=True)
class PromptGiven:
    """Somebody asked for a take, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class MorphGiven:
    """Somebody asked for a take between two prompts, at `x` (0..1) of the way."""

    first: str
    second: str
    x: float


@dataclass(frozen=True, slots=True)
class RefineGiven:
    """Somebody asked for a change to the take that plays, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class BackAsked:
    """The take that played before this one shall come back."""


@dataclass(frozen=True, slots=True)
class LaunchAsked:
    """A take of the past shall come, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class BankStored:
    """A prompt goes into a slot of the bank, 1..16."""

    slot: int
    text: str


@dataclass(frozen=True, slots=True)
class BankLaunched:
    """The prompt of a slot of the bank shall come."""

    slot: int


@dataclass(frozen=True, slots=True)
class CueGiven:
    """A section shall come at the next line."""

    section: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The take that plays was liked, or skipped."""

    liked: bool


@dataclass(frozen=True, slots=True)
class TasteReset:
    """What was liked and skipped is forgotten."""


@dataclass(frozen=True, slots=True)
class ControlSet:
    """A control was set to a checked value."""

    path: str
    value: Value


@dataclass(frozen=True, slots=True)
class PlayAsked:
    """Start, or start again, at bar 1."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """End every note; a panic tells all channels."""

    panic: bool = False


@dataclass(frozen=True, slots=True)
class GeneratorLost:
    """The generation process died; what it was asked for will not come."""


@dataclass(frozen=True, slots=True)
class GeneratorReady:
    """A generation process waits for orders."""


@dataclass(frozen=True, slots=True)
class PlayerReady:
    """A player waits for orders; what an earlier one was given is gone."""


@dataclass(frozen=True, slots=True)
class TransportGiven:
    """A host said whether it plays, where it is in quarter notes since its song began, and its tempo."""

    playing: bool
    quarter: float
    bpm: float


@dataclass(frozen=True, slots=True)
class LinkHeard:
    """Link said whether it plays, where it is at a moment in quarter notes, its tempo, and how many others there are."""

    at: Seconds
    playing: bool
    quarter: float
    bpm: float
    peers: int


@dataclass(frozen=True, slots=True)
class TapGiven:
    """Somebody tapped a beat."""


@dataclass(frozen=True, slots=True)
class Woken:
    """The moment that `Session.wake` named has come."""


Wanted = (
    PromptGiven
    | MorphGiven
    | RefineGiven
    | BackAsked
    | LaunchAsked
    | BankStored
    | BankLaunched
    | CueGiven
    | ControlSet
    | PlayAsked
    | StopAsked
    | Judged
    | TasteReset
    | TransportGiven
    | TapGiven
)
"""What clients may want of a session."""


Event = (
    Wanted
    | Answer
    | Opening
    | GeneratorLost
    | GeneratorReady
    | PlayerReady
    | Health
    | Heard
    | LinkHeard
    | Woken
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
class Tell:
    """Tell every registered client."""

    path: str
    args: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class BarPlayed:
    """A bar line was crossed: what was played may be written down."""


@dataclass(frozen=True, slots=True)
class TasteChanged:
    """The user's weights of the fusion are others now: they are kept."""

    theta: Weighting


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of ours that was recovered, for the log."""

    reason: str


Effect = ToModel | ToPlayer | ToLink | Tell | BarPlayed | TasteChanged | Fault
