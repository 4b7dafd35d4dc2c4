"""Requests beside the session: clips, kept bars, sets, MIDI learn. Part of the daemon.

Called from the event loop; files are written and read in a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import assert_never

from bridge.clips.sender import PacedSender
from bridge.clips.service import Clips
from bridge.clock import monotonic
from bridge.errors import BadRequest, OwnerError
from bridge.midi.protocol import MidiReceived
from bridge.processes.supervisor import ImportTarget, Supervisor
from bridge.protocol.clients import Address
from bridge.protocol.controls import Value
from bridge.protocol.events import (
    BankStoreRequested,
    ControlSet,
    PlayRequested,
    ScoreLaunchRequested,
    ScoreStoreRequested,
    SessionRequest,
)
from bridge.protocol.midi_learn import MidiLearn
from bridge.protocol.requests import (
    ClipCancelled,
    ClipNotes,
    ClipRedo,
    ClipRequested,
    ClipResend,
    KeepRequested,
    LearnRequested,
    ScoreRequested,
    ScoresListed,
    ServiceRequest,
    SetRequested,
    parse_request,
)
from bridge.session.session import Session
from bridge.session.transport import State
from bridge.storage import kept_takes, scores, sets
from bridge.storage.home import StorageError
from bridge.storage.quotas import Gone, Quota
from bridge.storage.sets import Set
from bridge.takes.recorder import KeptBars
from model.clips.messages import CancelClip, ClipAnswer, ClipOrder, ClipProgress
from model.music.score import Score

log = logging.getLogger("llmball")
IDLE_TIMEOUT = 30.0
"""Seconds without an order after which the clip process is ended, to free its memory."""
OWNER: Address = ("", 0)
"""The client of what the owner does by a pad that was learnt."""
Reply = Callable[..., None]
"""Sends a message to one client: reply(path, *arguments)."""
Message = tuple[Value, ...]
Told = tuple[list[Message], list[Message]]
"""What a client is told, and what all are."""


class Services:
    """`submit` passes requests to the session, `publish` sends to all clients, `encoder` is the clip process's."""

    def __init__(
        self,
        session: Session,
        supervisor: Supervisor,
        submit: Callable[[SessionRequest], None],
        publish: Callable[[str, tuple[Value, ...]], None],
        encoder: Path | None,
    ) -> None:
        self._session, self._supervisor, self._submit, self._publish = session, supervisor, submit, publish
        self._encoder = encoder
        self._clips, self._midi_learn = Clips(self._order_clip), MidiLearn()
        self._kept_quota, self._set_quota = Quota(500, 1000), Quota(64, 256)
        self._replies: dict[Address, Reply] = {}
        self._sender = PacedSender(self._reply_to)
        self._order_executor, self._file_executor = (
            ThreadPoolExecutor(1, "clip orders"),
            ThreadPoolExecutor(1, "files"),
        )
        self._in_progress: set[int] = set()
        self._idle_timer: asyncio.TimerHandle | None = None

    def handle(self, request: ServiceRequest, sender: Address, reply: Reply) -> None:
        """Carry out a client's request. Raises BadRequest."""
        match request:
            case KeepRequested(bars):
                kept_bars = self._session.kept_bars(bars, monotonic())
                self._run_in_thread(lambda: self._keep(kept_bars, sender), "keep", reply, self._tell)
            case LearnRequested(words, forget):
                (self._midi_learn.unlearn if forget else self._midi_learn.learn)(words)
            case SetRequested(name, save):
                self._save_or_load_set(name, save, sender, reply)
            case ScoreRequested():
                self._read_score(request, reply)
            case ScoresListed(style):
                self._run_in_thread(lambda: scores.listed(style), "score/list", reply, lambda lines: lines)
            case ClipRequested() | ClipNotes() | ClipRedo() | ClipCancelled() | ClipResend():
                messages = self._clips.handle(request, sender, monotonic())
                self._replies[sender] = reply
                self._replies = {s: r for s, r in self._replies.items() if s == sender or s in self._clips.clients}
                self._sender.send(messages)
            case _:
                assert_never(request)

    def receive_midi(self, message: MidiReceived) -> bool:
        """Carry out what the message is bound to by MIDI learn; return True if it is bound."""
        binding, requests, is_binding = self._midi_learn.receive_midi(message.data)
        if binding is not None:
            self._publish("learnt", (binding.name, self._midi_learn.actions[binding]))
        for learnt_message in requests:
            try:
                request = parse_request(learnt_message)
                if isinstance(request, KeepRequested | LearnRequested | SetRequested | ScoreRequested):
                    self.handle(request, OWNER, self._publish_reply)
                elif isinstance(request, SessionRequest):
                    self._submit(request)
            except BadRequest as refused:
                self._publish("error", (refused.address, refused.reason))
        return is_binding

    def apply_set(self, set_: Set) -> None:
        """Apply a set: controls, bank, MIDI bindings."""
        for path, value in set_.controls.items():
            if self._session.query(path) != (value,):
                self._submit(ControlSet(path, value))
        self._apply_bank(set_)
        self._midi_learn.actions = dict(set_.bindings)

    def save_bank(self) -> None:
        """Save the bank for the next start; a failure is logged only."""
        bank = self._current_set(only_bank=True)
        future = asyncio.get_running_loop().run_in_executor(self._file_executor, sets.save_set, sets.bank_path(), bank)
        future.add_done_callback(_log_failure)

    def restore_bank(self) -> None:
        """Fill the bank as it was when the daemon stopped; nothing happens if it was empty or cannot be read."""
        try:
            saved = sets.load_set(sets.bank_path())
        except OwnerError as error:
            if sets.bank_path().exists():
                log.warning("the bank is empty: %s", error)
            return
        self._apply_bank(saved)

    def _apply_bank(self, set_: Set) -> None:
        for slot, words in set_.bank.items():
            self._submit(BankStoreRequested(slot, words))
        for slot, name in set_.scores.items():
            self._read_score(ScoreRequested(name, slot=slot), self._publish_reply)

    def _current_set(self, only_bank: bool = False) -> Set:
        held = self._session.bank.items()
        return Set(
            {} if only_bank else dict(self._session.settings),
            {slot: words for slot, words in held if isinstance(words, str)},
            {} if only_bank else dict(self._midi_learn.actions),
            {slot: score.name for slot, score in held if not isinstance(score, str)},
        )

    def on_clip_answer(self, answer: ClipAnswer) -> None:
        """Process an answer of the clip process."""
        self._sender.send(self._clips.on_answer(answer, monotonic()))
        if not isinstance(answer, ClipProgress):
            self._finish_clip(answer.number)

    def on_clip_writer_exit(self) -> None:
        """Report that the clip process died to the clients whose clips are lost."""
        self._in_progress.clear()
        for messages in self._clips.on_writer_exit():
            self._sender.send(messages)

    def close(self) -> None:
        """Stop: no client is answered any more; takes are still saved."""
        self._cancel_idle_timer()
        self._sender.close()
        self._order_executor.shutdown(wait=False, cancel_futures=True)
        self._file_executor.shutdown(wait=False)  # pending saves are completed

    def _keep(self, kept_bars: KeptBars, client: Address) -> Told:
        """Keep bars for a client, within its quota; return what it is told, and what all are. Called in the file thread. Raises StorageError."""
        gone: list[Gone] = []
        if kept_takes.is_full() and (oldest := self._kept_quota.make_room()) is not None:
            kept_takes.remove(oldest[0])
            gone.append(oldest)
        try:
            path, name = kept_takes.save(kept_bars, datetime.now())
        except StorageError as error:
            if not gone:
                raise
            log.warning("keep: %s", error)
            return _with_removed(("error", "/llmball/keep", str(error)), "kept/removed", gone, client)
        if client != OWNER:
            for oldest in self._kept_quota.stored(name, client):
                kept_takes.remove(oldest[0])
                gone.append(oldest)
        return _with_removed(("kept", str(path), name), "kept/removed", gone, client)

    def _save_set(self, name: str, set_: Set, client: Address) -> Told:
        """Save a set for a client, within its quota; return what it is told, and what all are. Called in the file thread. Raises StorageError."""
        path = sets.set_path(name)
        is_new = sets.save_set(path, set_)
        if client == OWNER:
            self._set_quota.release(name)
        gone = self._set_quota.stored(name, client) if client != OWNER and (is_new or name in self._set_quota) else []
        for one, _ in gone:
            sets.set_path(one).unlink(missing_ok=True)
        return _with_removed(("set/saved", str(path)), "set/removed", gone, client)

    def _tell(self, told: Told) -> list[Message]:
        messages, news = told
        for path, *args in news:
            self._publish(str(path), tuple(args))
        return messages

    def _save_or_load_set(self, name: str, save: bool, client: Address, reply: Reply) -> None:
        path = sets.set_path(name)
        if save:
            set_ = self._current_set()
            self._run_in_thread(lambda: self._save_set(name, set_, client), "set/save", reply, self._tell)
            return

        def loaded(set_: Set) -> tuple[Value, ...]:
            self.apply_set(set_)
            return ("set/loaded", name)

        self._run_in_thread(lambda: sets.load_set(path), "set/load", reply, loaded)

    def _read_score(self, request: ScoreRequested, reply: Reply) -> None:
        """Read a piece, then launch it (and play, if nothing does) or put it into the bank."""

        def was_read(read: tuple[Score, str]) -> list[tuple[Value, ...]]:
            score, left = read
            if request.slot:
                self._submit(ScoreStoreRequested(request.slot, score))
            else:
                self._submit(ScoreLaunchRequested(score))
                if self._session.state is not State.PLAYING:
                    self._submit(PlayRequested())
            return [("score/told", left)] if left else []

        path = "score/text" if request.text else "score/bank" if request.slot else "score/play"
        self._run_in_thread(lambda: scores.read(request.name, request.text), path, reply, was_read)

    def _run_in_thread(
        self,
        work: Callable[[], object],
        path: str,
        reply: Reply,
        result_message: Callable[..., tuple[Value, ...] | list[tuple[Value, ...]]],
    ) -> None:
        """Run work in the file thread, then reply with its result (a message, or a list of them), or with an error."""

        def done(future: asyncio.Future[object]) -> None:
            error = future.exception()
            if error is None:
                messages = result_message(future.result())
                for message in messages if isinstance(messages, list) else [messages]:
                    reply(*message)
            else:
                log.warning("%s: %s", path, error)
                reply("error", f"/llmball/{path}", str(error))

        asyncio.get_running_loop().run_in_executor(self._file_executor, work).add_done_callback(done)

    def _publish_reply(self, path: str, *args: Value) -> None:
        self._publish(path, args)

    def _reply_to(self, sender: Address, path: str, *args: Value) -> None:
        if sender in self._replies:
            self._replies[sender](path, *args)

    def _order_clip(self, order: ClipOrder | CancelClip) -> None:
        """Send an order to the clip process, which is started when it is first needed."""
        self._cancel_idle_timer()
        if "clips" not in self._supervisor.pids:
            try:
                self._supervisor.start(
                    "clips", ImportTarget("model.processes.write_clips:run"), lambda: (self._encoder,)
                )
            except (OSError, RuntimeError) as refused:
                log.warning("the writer of clips cannot be started (%s)", refused)
                self._supervisor.release("clips")
                asyncio.get_running_loop().call_soon(self.on_clip_writer_exit)
                return
        # orders may be long: a process that is slow to read must not block the event loop
        self._order_executor.submit(self._supervisor.send, "clips", order)
        if isinstance(order, CancelClip):
            self._finish_clip(order.number)
        else:
            self._in_progress.add(order.number)

    def _finish_clip(self, number: int) -> None:
        """Start the idle timer if no other clip is in progress."""
        self._in_progress.discard(number)
        if not self._in_progress:
            self._cancel_idle_timer()
            self._idle_timer = asyncio.get_running_loop().call_later(IDLE_TIMEOUT, self._end_clip_process)

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()

    def _end_clip_process(self) -> None:
        child = self._supervisor.release("clips")
        if child is not None:
            self._order_executor.submit(child.close)


def _log_failure(future: asyncio.Future[bool]) -> None:
    if not future.cancelled() and future.exception() is not None:
        log.warning("the bank cannot be saved: %s", future.exception())


def _with_removed(message: Message, path: str, gone: list[Gone], client: Address) -> Told:
    """Return an answer with what went for it; what another client had stored is told to all."""
    own, others = ([name for name, whose in gone if (whose == client) is is_own] for is_own in (True, False))
    return [message, *((path, name) for name in own)], [(path, name) for name in others]
