"""What a tool is: a class of arguments, hints, and a function; arguments are checked before it is called."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

import msgspec

from bridge.mcp.later import Later, Planned
from bridge.mcp.library import Library
from bridge.mcp.stage import Stage, StageError
from bridge.protocol.addresses import BANK_SLOTS
from model.music.control import MAX_BARS, MAX_PROMPT, MAX_SEED
from model.music.notes import METERS, beats_in_bar

MAX_SCORE = 48_000
"""Characters of a text of the notation: what a frame of the daemon's WebSocket takes of plain letters."""
MAX_LATER_BARS = 64


class Refused(Exception):
    """A call that cannot be carried out as it is; the message says why and what to do."""


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Arguments of a tool. Their checks are their schema."""


class NoArguments(Arguments, frozen=True):
    """None."""


Words = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_PROMPT)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="a clip's name, without .mid")]
Bars = Annotated[int, msgspec.Meta(ge=1, le=MAX_BARS)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=MAX_SEED)]
Slot = Annotated[int, msgspec.Meta(ge=BANK_SLOTS[0], le=BANK_SLOTS[-1])]
Notation = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=MAX_SCORE, description="music in the songbook's notation; score_guide tells how"
    ),
]
InBars = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=MAX_LATER_BARS,
        description="carry it out so many bars after the bar that plays, counted by the band; 0 is at once",
    ),
]


@dataclass(slots=True)
class Hands:
    """What tools work with."""

    stage: Stage
    library: Library = field(default_factory=Library)
    later: Later = field(default_factory=Later)
    failed: str = ""
    """Why the last request for a later bar was not carried out."""

    def __post_init__(self) -> None:
        self.stage.on_beat = self._on_beat

    def _on_beat(self, bar: int, beat: int) -> None:
        self.later.on_beat(bar, beat, self.beats())

    def beats(self) -> int:
        """Return how many beats a bar has."""
        meter = str(self.stage.value("understood/meter"))
        return beats_in_bar(meter) if meter in METERS else 4

    def plan(self, in_bars: int, words: str, send: Callable[[], None], *, takes_a_bar: bool = False) -> str:
        """Keep a request for a later bar; return a sentence. Raises StageError while nothing plays."""
        bar, _, _ = self.stage.place()
        if not bar:
            raise StageError("nothing plays, so no bar can be counted: play first, then say in_bars")
        self.failed = ""
        self.later.add(Planned(bar + in_bars, words, send, takes_a_bar))
        return f"planned for bar {bar + in_bars} (bar {bar} plays now): {words}"


ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)
Run = Callable[[Hands, Any], Coroutine[Any, Any, str]]


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool. `reads` changes nothing; `destroys` may take something away; `again` does no more if it is called twice."""

    name: str
    title: str
    about: str
    arguments: type[Arguments]
    run: Run
    reads: bool = False
    destroys: bool = False
    again: bool = False

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of its arguments."""
        _, definitions = msgspec.json.schema_components([self.arguments], ref_template="#/$defs/{name}")
        schema = dict(definitions[self.arguments.__name__])
        schema.pop("title", None)
        schema.pop("description", None)
        return schema


def converted(row: ToolRow, given: Mapping[str, Any] | None) -> Arguments:
    """Return checked arguments. Raises Refused that names the argument and what it takes."""
    try:
        return msgspec.convert(dict(given or {}), row.arguments)
    except msgspec.ValidationError as error:
        takes = ", ".join(row.arguments.__struct_fields__) or "nothing"
        raise Refused(f"{row.name}: {error}; it takes {takes}") from error
    except RecursionError as error:
        raise Refused(f"{row.name}: arguments within arguments too deeply") from error
