"""Which take comes next: by a prompt, a morph, a change in words, from the bank, or out of the past. Owned by the session."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.protocol.events import (
    BackAsked,
    BankLaunched,
    BankStored,
    Fault,
    Judged,
    LaunchAsked,
    MorphGiven,
    PromptGiven,
    RefineGiven,
    TasteChanged,
    TasteReset,
    Tell,
)
from bridge.session.generation import Generation
from bridge.session.playback import Stage
from bridge.session.quantize import aim, aim_at_once
from bridge.session.settings import Desk
from bridge.takes.takes import Lineup, Take
from model.generation.bias_weights import Weighting, moved, shipped
from model.generation.messages import BeatWritten, Failed, Opening, Understood
from model.music.notes import Ticks

REFINED_BARS = 8
"""So many of the last bars are changed by a refinement, and are what its take begins with."""
Casts = PromptGiven | MorphGiven | RefineGiven | BackAsked | LaunchAsked | BankLaunched


@dataclass(slots=True)
class Casting:
    """Has takes come; `stage`, `takes` and `model` are the session's. `bank` has the prompts of the slots 1..16."""

    stage: Stage
    takes: Lineup
    model: Generation
    desk: Desk
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

    def aim(self, quantize: str, now: Seconds) -> None:
        """Choose where the coming take means to enter; `now` takes the old notes back at once."""
        take, current = self.takes.coming, self.takes.current
        if take is None or current is None:
            return  # nothing plays: it begins with play
        if quantize != "now":
            aim(take, quantize, self.stage, now)
            return
        gone = self.stage.cut(self.stage.tick(now))
        mine = [p.music.index for p in gone if p.take == current.number]
        current.rewind(min([*mine, current.wanted]))  # what is on order of it comes too late
        aim_at_once(take, now)

    def answered(self, answer: Understood | BeatWritten | Failed, now: Seconds) -> Take | None:
        """Take an answer of the model's; return the take that is wanted last, None where there is none any more."""
        self.model.answered(answer)
        take = next((t for t in self.takes.all if t.number == answer.take), None)
        match answer:
            case _ if take is None:
                pass  # of a take that was given up
            case Understood(_, plan, other):
                take.first, take.other = plan, other
                self.desk.tell(take)
            case BeatWritten():
                beat = take.take_in(answer)
                if beat is not None:
                    take.wanted = beat.index + 1
                    if take.opened:
                        self.stage.fill(take, beat)
                    else:
                        take.ready.append(beat)
                    take.opened = False
            case Failed():
                self._failed(take, answer, now)
        return self.takes.latest

    def open(self, opening: Opening) -> None:
        """Take in how the coming take opens."""
        take = self.takes.coming
        if take is not None and take.number == opening.take:
            take.open(opening)

    def _failed(self, take: Take, answer: Failed, now: Seconds) -> None:
        told = ("/llmball/refine", answer.reason)
        if not answer.theirs:
            self.stage.effects.append(Fault(f"take {take.number}: {answer.reason}"))
            told = ("/llmball/prompt", f"take {take.number} could not be written")
        self.stage.effects.append(Tell("error", told))
        if take is self.takes.coming:
            self.takes.coming = None
        elif not take.lost:
            self.takes.again(take)
            self.aim("bar", now)

    def revived(self, now: Seconds) -> None:
        """Give a new generator what the old one was at; what plays goes on by repeating until it enters."""
        self.model.up = True
        for slot in self.bank.values():
            self.model.prepare(slot)
        if self.takes.coming is not None:
            self.takes.coming.rewind(0)
            self.takes.coming.begun = False
            if self.takes.current is not None:
                self.takes.current.lost = True
        elif self.takes.current is not None:
            self.takes.again(self.takes.current)
            self.aim("bar", now)

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
