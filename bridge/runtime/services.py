"""What clients ask for beside the music that plays: clips, kept bars, sets, and what pads do. Part of the daemon's shell.

Called from the event loop; files are written and read in a worker thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import assert_never

from bridge.clips.sender import Pace
from bridge.clips.service import Clips
from bridge.clock import monotonic
from bridge.errors import BadRequest
from bridge.midi.protocol import Heard
from bridge.processes.supervisor import Children, Elsewhere
from bridge.protocol.clients import Address
from bridge.protocol.controls import Value
from bridge.protocol.events import BankStored, ControlSet, Wanted
from bridge.protocol.midi_learn import Pads
from bridge.protocol.requests import (
    ClipAsked,
    ClipCancelled,
    ClipNotes,
    ClipRedo,
    ClipResend,
    Errand,
    Keep,
    Learn,
    SetAsked,
    read,
)
from bridge.session.session import Session
from bridge.storage import kept_takes, sets
from bridge.storage.sets import Set
from model.clips.messages import ClipAnswer, ClipGivenUp, ClipOrder, ClipProgress

log = logging.getLogger("llmball")


REST = 30.0
"""Seconds without an order after which the process that writes clips is ended, and its memory is free again."""


Reply = Callable[..., None]
"""Answers one client: reply(path, *arguments)."""


class Errands:
    """`decide` is given what clients want of the session, `tell` tells everyone, `encoder` is the clip writer's."""

    def __init__(
        self,
        session: Session,
        children: Children,
        decide: Callable[[Wanted], None],
        tell: Callable[[str, tuple[Value, ...]], None],
        encoder: Path | None,
    ) -> None:
        self._session, self._children, self._decide, self._tell = session, children, decide, tell
        self._encoder = encoder
        self._clips, self._pads = Clips(self._order), Pads()
        self._replies: dict[Address, Reply] = {}
        self._pace = Pace(self._reply)
        self._orders, self._files = ThreadPoolExecutor(1, "clip orders"), ThreadPoolExecutor(1, "files")
        self._under_way: set[int] = set()
        self._resting: asyncio.TimerHandle | None = None

    def on(self, request: Errand, sender: Address, reply: Reply) -> None:
        """Run an errand for a client. Raises BadRequest."""
        match request:
            case Keep(bars):
                kept = self._session.keepsake(bars, monotonic())
                self._later(
                    lambda: kept_takes.write(kept, datetime.now()),
                    "keep",
                    reply,
                    lambda at: ("kept", str(at[0]), at[1]),
                )
            case Learn(words, forget):
                (self._pads.unlearn if forget else self._pads.learn)(words)
            case SetAsked(name, save):
                self._set(name, save, reply)
            case ClipAsked() | ClipNotes() | ClipRedo() | ClipCancelled() | ClipResend():
                told = self._clips.on(request, sender, monotonic())
                self._replies[sender] = reply
                self._replies = {
                    s: r for s, r in self._replies.items() if s == sender or s in self._clips.clients
                }
                self._pace.put(told)
            case _:
                assert_never(request)

    def heard(self, message: Heard) -> bool:
        """Do what a pad does, if this is one; tell whether it was."""
        learnt, asked, ours = self._pads.hear(message.data)
        if learnt is not None:
            self._tell("learnt", (learnt.name, self._pads.map[learnt]))
        for one in asked:
            try:
                request = read(one)
                if isinstance(request, Keep | Learn | SetAsked):
                    self.on(request, ("", 0), self._to_all)
                elif isinstance(request, Wanted):
                    self._decide(request)
            except BadRequest as refused:
                self._tell("error", (refused.address, refused.reason))
        return ours

    def load(self, set_: Set) -> None:
        """Take a set over: every control, the bank, the pads."""
        for path, value in set_.controls.items():
            if self._session.asked(path) != (value,):
                self._decide(ControlSet(path, value))
        for slot, words in set_.bank.items():
            self._decide(BankStored(slot, words))
        self._pads.map = dict(set_.pads)

    def written(self, answer: ClipAnswer) -> None:
        """Take what the writer of clips says."""
        self._pace.put(self._clips.written(answer, monotonic()))
        if not isinstance(answer, ClipProgress):
            self._over(answer.number)

    def lost(self) -> None:
        """Note that the writer of clips died."""
        self._under_way.clear()
        for told in self._clips.lost():
            self._pace.put(told)

    def close(self) -> None:
        """Answer nobody any more."""
        self._stay()
        self._pace.close()
        self._orders.shutdown(wait=False, cancel_futures=True)
        self._files.shutdown(wait=False)  # what was to be kept is still kept

    def _set(self, name: str, save: bool, reply: Reply) -> None:
        path = sets.path_of(name)
        if save:
            set_ = Set(dict(self._session.settings), self._session.bank, dict(self._pads.map))
            self._later(
                lambda: sets.written(path, set_), "set/save", reply, lambda _: ("set/saved", str(path))
            )
            return

        def loaded(set_: Set) -> tuple[Value, ...]:
            self.load(set_)
            return ("set/loaded", name)

        self._later(lambda: sets.opened(path), "set/load", reply, loaded)

    def _later(
        self, work: Callable[[], object], path: str, reply: Reply, told: Callable[..., tuple[Value, ...]]
    ) -> None:
        """Do work away from the loop, then tell what came of it, or the fault."""

        def done(future: asyncio.Future[object]) -> None:
            error = future.exception()
            if error is None:
                reply(*told(future.result()))
            else:
                log.warning("%s: %s", path, error)
                reply("error", f"/llmball/{path}", str(error))

        asyncio.get_running_loop().run_in_executor(self._files, work).add_done_callback(done)

    def _to_all(self, path: str, *args: Value) -> None:
        self._tell(path, args)

    def _reply(self, sender: Address, path: str, *args: Value) -> None:
        if sender in self._replies:
            self._replies[sender](path, *args)

    def _order(self, order: ClipOrder | ClipGivenUp) -> None:
        """Hand an order to the process that writes clips; it is begun when it is first needed."""
        self._stay()
        if "clips" not in self._children.pids:
            self._children.begin(
                "clips", Elsewhere("model.processes.write_clips:run"), lambda: (self._encoder,)
            )
        # what was given may be long: a writer that is slow to read it must not hold up the loop
        self._orders.submit(self._children.send, "clips", order)
        if isinstance(order, ClipGivenUp):
            self._over(order.number)
        else:
            self._under_way.add(order.number)

    def _over(self, number: int) -> None:
        """Have the process rest after a while where nothing else is being written."""
        self._under_way.discard(number)
        if not self._under_way:
            self._stay()
            self._resting = asyncio.get_running_loop().call_later(REST, self._rest)

    def _stay(self) -> None:
        if self._resting is not None:
            self._resting.cancel()

    def _rest(self) -> None:
        child = self._children.end("clips")
        if child is not None:
            self._orders.submit(child.close)
