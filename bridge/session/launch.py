"""Requests for takes, and the generator's answers: by a prompt, a morph, words that refine, the bank, or an earlier take.

Owned by the session.
"""

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
    ScoreLaunchRequested,
    ScoreStoreRequested,
    TakeLaunchRequested,
    TakeRated,
    TasteChanged,
    TasteResetRequested,
)
from bridge.session.generation import Generation
from bridge.session.playback import Playback
from bridge.session.quantize import enter_at_quantize_line, enter_immediately, lead_to_entry
from bridge.session.settings import SettingsControl
from bridge.takes.takes import Take, Takes
from model.generation.messages import BeatWritten, Failed, FirstNote, Understood
from model.music.score import Score

REFINED_BARS = 8
"""The number of bars played last that a refinement changes and begins with."""
LaunchRequest = (
    PromptRequested
    | MorphRequested
    | RefineRequested
    | BackRequested
    | TakeLaunchRequested
    | BankLaunchRequested
    | ScoreLaunchRequested
)


@dataclass(slots=True)
class Launcher:
    """Makes the coming take and lets it enter. `bank` has prompts and scores by slot, 1 to 16."""

    playback: Playback
    takes: Takes
    generation: Generation
    settings_control: SettingsControl
    morph_prompts: tuple[str, str] = ("", "")
    bank: dict[int, str | Score] = field(default_factory=dict)

    def launch(self, request: LaunchRequest) -> None:
        """Make a coming take, which replaces the one that was coming. Raises BadRequest and then changes nothing."""
        replaced = self.takes.coming
        match request:
            case PromptRequested(text):
                self.takes.from_prompt(text, None)
            case MorphRequested(first, second, _):
                self.morph_prompts = (first, second)
                self.takes.from_prompt(first, second)
            case RefineRequested(words):
                self._launch_refinement(words)
            case BackRequested():
                earlier = self.takes.previous()
                if earlier is None:
                    raise BadRequest("/llmball/back", "no take played before this one")
                self.takes.recall(earlier, is_return=True)
            case TakeLaunchRequested(id_):
                earlier = self.takes.by_id(id_)
                if earlier is None:
                    raise BadRequest("/llmball/take/launch", f"there is no take {id_!r}: /llmball/take tells their ids")
                self.takes.recall(earlier, is_return=False)
            case BankLaunchRequested(slot):
                if slot not in self.bank:
                    raise BadRequest(
                        f"/llmball/bank/{slot}/launch", f"slot {slot} is empty: store a prompt there first"
                    )
                held = self.bank[slot]
                if isinstance(held, Score):
                    self._launch_score(held)
                else:
                    self.takes.from_prompt(held, None)
            case ScoreLaunchRequested(score):
                self._launch_score(score)
        self.generation.forget(replaced)

    def schedule_entry(self, quantize: str, now: Seconds) -> None:
        """Set the coming take's entry from a quantize value. `now` cancels the current take's planned notes at once."""
        take, current = self.takes.coming, self.takes.current
        if take is None or current is None:
            return  # nothing plays: the take begins with play
        if quantize != "now":
            enter_at_quantize_line(take, quantize, self.playback, now)
            return
        self.playback.rewrite_from(current, self.playback.tick(now))
        enter_immediately(take, now)

    def prepare_entry(self, request: LaunchRequest, now: Seconds) -> None:
        """Let the band that plays lead to the line where another prompt enters, as a drummer would; a refinement and a morph go on from it."""
        take, current = self.takes.coming, self.takes.current
        if take is None or current is None or isinstance(request, RefineRequested | MorphRequested):
            return
        if self.generation.running and not current.generator_lost and not self.playback.holding:
            lead_to_entry(current, take, self.playback, now)

    def on_answer(self, answer: Understood | BeatWritten | Failed, now: Seconds) -> Take | None:
        """Process an answer of the generator; return the take that was requested last, None if there is none left."""
        self.generation.on_answer(answer)
        take = self.takes.find(answer.take)
        match answer:
            case _ if take is None:
                pass  # the take was dropped
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

    def on_first_note(self, first: FirstNote) -> None:
        """Process the first note of the coming take."""
        take = self.takes.coming
        if take is not None and take.number == first.take:
            take.on_first_note(first)

    def _on_failure(self, take: Take, answer: Failed, now: Seconds) -> None:
        message = ("/llmball/refine", answer.reason)
        if not answer.theirs:
            self.playback.emit(Fault(f"take {take.number}: {answer.reason}"))
            message = ("/llmball/prompt", f"take {take.number} could not be written")
        self.playback.emit(Publish("error", message))
        if take is self.takes.coming:
            self.takes.drop_coming()
        elif not take.generator_lost:
            self.takes.restart(take)
            self.schedule_entry("bar", now)

    def on_generator_ready(self, now: Seconds) -> None:
        """Submit the coming or current take to a new generation process. Playback repeats bars until it enters."""
        self.generation.on_ready()
        for held in self.bank.values():
            if isinstance(held, str):
                self.generation.prepare(held)
        if self.takes.on_generator_ready():
            self.schedule_entry("bar", now)

    def store(self, event: BankStoreRequested | ScoreStoreRequested) -> None:
        """Put a score into a slot, or a prompt: the generator reads it now, so that it can be launched without delay."""
        if isinstance(event, ScoreStoreRequested):
            self.bank[event.slot] = event.score
            return
        self.bank[event.slot] = event.text
        self.generation.prepare(event.text)

    def rate(self, event: TakeRated | TasteResetRequested) -> None:
        """Update the user's taste, or reset it. Raises BadRequest if nothing plays."""
        liked = event.liked if isinstance(event, TakeRated) else None
        theta = self.takes.rate(liked)
        if theta is None:
            address = "/llmball/like" if liked else "/llmball/skip"
            raise BadRequest(address, "no take plays: play one first")
        self.playback.emit(TasteChanged(theta))

    def _launch_score(self, score: Score) -> None:
        self.settings_control.publish_understood(self.takes.from_score(score))

    def _launch_refinement(self, words: str) -> None:
        take = self.takes.current or self.takes.coming
        if take is None:
            raise BadRequest("/llmball/refine", "there is no take to change: send a prompt first")
        timeline = self.playback.timeline
        placed = timeline.bars_before(timeline.end, REFINED_BARS, take.number)
        if placed:
            self.takes.refine(take, words, tuple(p.music for p in placed))
        elif take.score is not None:
            raise BadRequest("/llmball/refine", "no bar of the piece has played yet: there is nothing to change")
        else:  # nothing of it has played: its prompt gets longer
            self.takes.from_prompt(f"{take.begin.prompt}, {words}", take.begin.morph, take.begin.seed)
