"""The composer: follows the takes, has a language model write for each prompt, and lets what is right enter. Part of the daemon (asyncio)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from bridge.clock import monotonic
from bridge.composer.chat import ChatError
from bridge.composer.growth import complete_bars, may_enter, spoken
from bridge.composer.messages import Message, bars_wanted, first_messages, header, mending
from bridge.protocol.events import ScoreGrown, ScoreLaunchRequested
from bridge.takes.takes import Take
from model.drafts.check import Verdict, checked
from model.music.notes import beat_length, beats_in_bar
from model.music.plan import Plan
from model.music.score import Score

log = logging.getLogger("llmball")
ROUNDS = 2
"""How often faults are sent back to be mended."""
LEAST_BARS = 2
"""Fewer bars than these do not enter if the rest is not written."""


class Asked(Protocol):
    """A language model."""

    def ask(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """Yield the pieces of an answer. Raises ChatError."""


class Composer:
    """Composes for one take at a time. `submit` hands what is written to the session, `tell` tells all clients."""

    def __init__(
        self,
        chat: Asked,
        submit: Callable[[ScoreLaunchRequested | ScoreGrown], None],
        tell: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._chat, self._submit, self._tell, self._clock = chat, submit, tell, clock
        self._number = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The name of the score that is being composed."""
        return f"composed-{self._number}"

    def follow(self, take: Take | None) -> None:
        """Compose for the take that was requested last if it is one of a prompt; stop composing for another."""
        if take is None or (take.score is not None and take.score.name == self.name) or take.number == self._number:
            return
        if take.is_return and take.id == str(self._number):
            return  # the same take, that the generator lost
        begin = take.begin
        is_prompt = take.score is None and begin.morph is None and begin.refine is None and not take.public_name
        if is_prompt and take.plan is None:
            self.close()
            return  # it is not understood yet
        self.close()
        self._number = take.number
        if is_prompt and take.plan is not None:
            self._task = asyncio.get_running_loop().create_task(self._compose(begin.prompt, take.plan))

    def close(self) -> None:
        """Stop composing."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _compose(self, prompt: str, plan: Plan) -> None:
        try:
            piece = _Piece(self, prompt, plan)
            self._tell(f"asked for {piece.wanted} bars; the band plays until they are there")
            self._tell(await piece.write())
        except Exception:  # ours: the band goes on, the next prompt is composed for again
            log.exception("the composer failed")
            self._tell("failed by a fault of LLMBall's, which is logged; the band goes on")


class _Piece:
    """One piece while it is written."""

    def __init__(self, composer: Composer, prompt: str, plan: Plan) -> None:
        self._composer = composer
        self._prompt, self._plan, self._name = prompt, plan, composer.name
        self._header = header(plan, prompt)
        self.wanted = bars_wanted(plan)
        meter = plan.meter
        self._bar_seconds = beats_in_bar(meter) * beat_length(meter) / 480 * 60 / plan.tempo
        self._playable: Score | None = None
        self._bars = 0
        self._entered = False

    async def write(self) -> str:
        """Write it; return a sentence on what became of it."""
        messages = await asyncio.to_thread(first_messages, self._prompt, self._plan, self._header)
        faults: Sequence[str] = ()
        for number in range(ROUNDS + 1):
            try:
                text = await self._one_answer(messages)
            except ChatError as error:
                return self._kept(str(error))
            verdict = await self._checked(text)
            if not verdict.errors:
                self._take(verdict, whole=True)
                return f"plays: {self._bars} bars" + (f", after {number} of {ROUNDS} mendings" if number else "")
            faults = verdict.errors
            if number < ROUNDS:
                self._composer._tell(f"{len(faults)} faults are sent back to be mended: {faults[0]}")
                messages = [*messages, *mending(text, faults)]
        return self._kept(f"faults remain: {faults[0]}")

    async def _one_answer(self, messages: Sequence[Message]) -> str:
        """Read an answer, and play its bars as they come; return its text. Raises ChatError."""
        text, read, began = "", "", 0.0
        async for piece in self._composer._chat.ask(messages):
            began = began or self._composer._clock()
            text += piece
            if "\n" not in piece:
                continue
            whole = complete_bars(text)
            if whole in ("", read):
                continue
            read = whole
            verdict = await self._checked(whole)
            if not verdict.errors:
                self._take(verdict, seconds=self._composer._clock() - began)
        return spoken(text)

    async def _checked(self, text: str) -> Verdict:
        return await asyncio.to_thread(checked, text, self._header)

    def _take(self, verdict: Verdict, *, whole: bool = False, seconds: float = 0.0) -> None:
        """Let music enter, or put it in the place of what is there, if it is longer or whole."""
        assert verdict.piece is not None
        bars = verdict.piece.bars
        if bars <= self._bars and not whole:
            return
        written, _ = verdict.score(self._name)
        self._playable, self._bars = replace(written, loops=True), bars
        if self._entered:
            self._composer._submit(ScoreGrown(self._playable))
        elif whole or may_enter(bars, self.wanted, seconds, self._bar_seconds):
            self._enter()

    def _enter(self) -> None:
        assert self._playable is not None
        self._entered = True
        self._composer._tell(f"enters with {self._bars} of {self.wanted} bars")
        self._composer._submit(ScoreLaunchRequested(self._playable))

    def _kept(self, reason: str) -> str:
        """Return what plays although it failed; bars that are right enter if there are enough."""
        if not self._entered and self._bars >= LEAST_BARS:
            self._enter()
        if self._entered:
            return f"{reason}; the {self._bars} bars that are right go round"
        return f"{reason}; the band goes on"
