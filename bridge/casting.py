"""Which take comes next: by a prompt, a morph, a change in words, from the bank, or out of the past. Owned by the session."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.errors import BadRequest
from bridge.events import (
    BackAsked,
    BankLaunched,
    BankStored,
    Judged,
    LaunchAsked,
    MorphGiven,
    PromptGiven,
    RefineGiven,
    TasteChanged,
    TasteReset,
)
from bridge.generation import Generation
from bridge.lineup import Lineup
from bridge.stage import Stage
from bridge.take import Take
from model.music import Ticks
from model.taste import Weighting, moved, shipped

REFINED_BARS = 8
"""So many of the last bars are changed by a refinement, and are what its take begins with."""
Casts = PromptGiven | MorphGiven | RefineGiven | BackAsked | LaunchAsked | BankLaunched


@dataclass(slots=True)
class Casting:
    """Has takes come; `stage`, `takes` and `model` are the session's. `bank` has the prompts of the slots 1..16."""

    stage: Stage
    takes: Lineup
    model: Generation
    ends: tuple[str, str] = ("", "")
    bank: dict[int, str] = field(default_factory=dict)

    def cast(self, wanted: Casts) -> Take:
        """Have a take come instead of the one that did. Raises BadRequest, having changed nothing."""
        before = self.takes.coming
        match wanted:
            case PromptGiven(text):
                take = self.takes.prompt(text, None)
            case MorphGiven(first, second, _):
                self.ends = (first, second)
                take = self.takes.prompt(first, second)
            case RefineGiven(words):
                take = self._refined(words)
            case BackAsked():
                take = self._recalled(self.takes.past.before(self._latest()), back=True)
            case LaunchAsked(name):
                if name not in self.takes.past.taken:
                    raise BadRequest(
                        "/llmball/take/launch", f"there is no take {name!r}: /llmball/take tells their ids"
                    )
                take = self._recalled(self.takes.past.taken[name], back=False)
            case BankLaunched(slot):
                if slot not in self.bank:
                    raise BadRequest(
                        f"/llmball/bank/{slot}/launch", f"slot {slot} is empty: store a prompt there first"
                    )
                take = self.takes.prompt(self.bank[slot], None)
        self.model.forget(before)
        return take

    def store(self, event: BankStored) -> None:
        """Put a prompt into a slot; its words are read now, so that it is ready when it is launched."""
        self.bank[event.slot] = event.text
        self.model.prepare(event.text)

    def judge(self, event: Judged | TasteReset) -> None:
        """Move the user's taste. Raises BadRequest where nothing plays."""
        if isinstance(event, TasteReset):
            return self._to_taste(shipped())
        if self.takes.current is None:
            address = "/llmball/like" if event.liked else "/llmball/skip"
            raise BadRequest(address, "no take plays: play one first")
        return self._to_taste(moved(self.takes.theta, dict(self.takes.current.begin.theta), event.liked))

    def _to_taste(self, theta: Weighting) -> None:
        self.takes.theta = theta
        self.stage.effects.append(TasteChanged(theta))

    def _latest(self) -> Take | None:
        coming = self.takes.coming
        return (
            coming
            if coming is not None and (coming.back or self.takes.current is None)
            else self.takes.current
        )

    def _recalled(self, take: Take | None, *, back: bool) -> Take:
        if take is None:
            raise BadRequest("/llmball/back", "no take played before this one")
        return self.takes.recall(take, back=back)

    def _refined(self, words: str) -> Take:
        take = self.takes.current or self.takes.coming
        if take is None:
            raise BadRequest("/llmball/refine", "there is no take to change: send a prompt first")
        placed = self.stage.timeline.bars_before(Ticks(self.stage.timeline.end), REFINED_BARS, take.number)
        if not placed:  # it has not played yet: its words are added to
            return self.takes.prompt(f"{take.begin.prompt}, {words}", take.begin.morph, take.begin.seed)
        return self.takes.refine(take, words, tuple(p.music for p in placed))
