"""Which take comes next: by a prompt, a morph, a change in words, from the bank, or out of the past. Owned by the session."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.protocol.events import (
    BackRequested,
    BankLaunchRequested,
    BankStoreRequested,
    Fault,
    MorphRequested,
    PromptRequested,
    Publish,
    RefineRequested,
    TakeLaunchRequested,
    TakeRated,
    TasteChanged,
    TasteResetRequested,
)
from bridge.session.generation import Generation
from bridge.session.playback import Playback
from bridge.session.quantize import enter_at_quantize_line, enter_immediately
from bridge.session.settings import SettingsControl
from bridge.takes.takes import Take, Takes
from model.generation.bias_weights import NamedWeights, shipped, updated_weights
from model.generation.messages import BeatWritten, Failed, FirstNote, Understood
from model.music.notes import Ticks

REFINED_BARS = 8
"""So many of the last bars are changed by a refinement, and are what its take begins with."""
LaunchRequest = (
    PromptRequested
    | MorphRequested
    | RefineRequested
    | BackRequested
    | TakeLaunchRequested
    | BankLaunchRequested
)


@dataclass(slots=True)
class Launcher:
    """Has takes come; `stage`, `takes` and `model` are the session's. `bank` has the prompts of the slots 1..16."""

    playback: Playback
    takes: Takes
    generation: Generation
    settings_control: SettingsControl
    morph_prompts: tuple[str, str] = ("", "")
    bank: dict[int, str] = field(default_factory=dict)

    def launch(self, request: LaunchRequest) -> Take:
        """Have a take come instead of the one that did. Raises BadRequest, having changed nothing."""
        replaced = self.takes.coming
        match request:
            case PromptRequested(text):
                take = self.takes.from_prompt(text, None)
            case MorphRequested(first, second, _):
                self.morph_prompts = (first, second)
                take = self.takes.from_prompt(first, second)
            case RefineRequested(words):
                take = self._launch_refinement(words)
            case BackRequested():
                take = self._launch_again(self.takes.history.previous(self._reference_take()), back=True)
            case TakeLaunchRequested(name):
                if name not in self.takes.history.by_id:
                    raise BadRequest(
                        "/llmball/take/launch", f"there is no take {name!r}: /llmball/take tells their ids"
                    )
                take = self._launch_again(self.takes.history.by_id[name], back=False)
            case BankLaunchRequested(slot):
                if slot not in self.bank:
                    raise BadRequest(
                        f"/llmball/bank/{slot}/launch", f"slot {slot} is empty: store a prompt there first"
                    )
                take = self.takes.from_prompt(self.bank[slot], None)
        self.generation.forget(replaced)
        return take

    def schedule_entry(self, quantize: str, now: Seconds) -> None:
        """Choose where the coming take means to enter; `now` takes the old notes back at once."""
        take, current = self.takes.coming, self.takes.current
        if take is None or current is None:
            return  # nothing plays: it begins with play
        if quantize != "now":
            enter_at_quantize_line(take, quantize, self.playback, now)
            return
        removed = self.playback.cut(self.playback.tick(now))
        removed_indices = [p.music.index for p in removed if p.take == current.number]
        current.rewind(
            min([*removed_indices, current.next_to_place])
        )  # what is on order of it comes too late
        enter_immediately(take, now)

    def on_answer(self, answer: Understood | BeatWritten | Failed, now: Seconds) -> Take | None:
        """Take an answer of the model's; return the take that is wanted last, None where there is none any more."""
        self.generation.on_answer(answer)
        take = next((t for t in self.takes.all if t.number == answer.take), None)
        match answer:
            case _ if take is None:
                pass  # of a take that was given up
            case Understood(_, plan, other):
                take.first_plan, take.second_plan = plan, other
                self.settings_control.publish_understood(take)
            case BeatWritten():
                beat = take.accept(answer)
                if beat is not None:
                    take.next_to_place = beat.index + 1
                    if take.first_note_only:
                        self.playback.complete_beat(take, beat)
                    else:
                        take.ready.append(beat)
                    take.first_note_only = False
            case Failed():
                self._on_failure(take, answer, now)
        return self.takes.latest

    def on_opening(self, opening: FirstNote) -> None:
        """Take in how the coming take opens."""
        take = self.takes.coming
        if take is not None and take.number == opening.take:
            take.on_opening(opening)

    def _on_failure(self, take: Take, answer: Failed, now: Seconds) -> None:
        message = ("/llmball/refine", answer.reason)
        if not answer.theirs:
            self.playback.effects.append(Fault(f"take {take.number}: {answer.reason}"))
            message = ("/llmball/prompt", f"take {take.number} could not be written")
        self.playback.effects.append(Publish("error", message))
        if take is self.takes.coming:
            self.takes.coming = None
        elif not take.generator_lost:
            self.takes.restart(take)
            self.schedule_entry("bar", now)

    def on_generator_ready(self, now: Seconds) -> None:
        """Give a new generator what the old one was at; what plays goes on by repeating until it enters."""
        self.generation.running = True
        for slot in self.bank.values():
            self.generation.prepare(slot)
        if self.takes.coming is not None:
            self.takes.coming.rewind(0)
            self.takes.coming.submitted = False
            if self.takes.current is not None:
                self.takes.current.generator_lost = True
        elif self.takes.current is not None:
            self.takes.restart(self.takes.current)
            self.schedule_entry("bar", now)

    def store(self, event: BankStoreRequested) -> None:
        """Put a prompt into a slot; its words are read now, so that it is ready when it is launched."""
        self.bank[event.slot] = event.text
        self.generation.prepare(event.text)

    def rate(self, event: TakeRated | TasteResetRequested) -> None:
        """Move the user's taste. Raises BadRequest where nothing plays."""
        if isinstance(event, TasteResetRequested):
            return self._set_taste(shipped())
        if self.takes.current is None:
            address = "/llmball/like" if event.liked else "/llmball/skip"
            raise BadRequest(address, "no take plays: play one first")
        return self._set_taste(
            updated_weights(self.takes.theta, dict(self.takes.current.begin.theta), event.liked)
        )

    def _set_taste(self, theta: NamedWeights) -> None:
        self.takes.theta = theta
        self.playback.effects.append(TasteChanged(theta))

    def _reference_take(self) -> Take | None:
        coming = self.takes.coming
        return (
            coming
            if coming is not None and (coming.is_return or self.takes.current is None)
            else self.takes.current
        )

    def _launch_again(self, take: Take | None, *, back: bool) -> Take:
        if take is None:
            raise BadRequest("/llmball/back", "no take played before this one")
        return self.takes.recall(take, is_return=back)

    def _launch_refinement(self, words: str) -> Take:
        take = self.takes.current or self.takes.coming
        if take is None:
            raise BadRequest("/llmball/refine", "there is no take to change: send a prompt first")
        placed = self.playback.timeline.bars_before(
            Ticks(self.playback.timeline.end), REFINED_BARS, take.number
        )
        if not placed:  # it has not played yet: its words are added to
            return self.takes.from_prompt(f"{take.begin.prompt}, {words}", take.begin.morph, take.begin.seed)
        return self.takes.refine(take, words, tuple(p.music for p in placed))
