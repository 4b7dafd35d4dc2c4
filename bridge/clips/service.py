"""Clips for clients over OSC: what each asked for, what it gave, and what was written for it. Pure.

State is kept by client and the client's own id. A packet may come twice, late or never: the same request again is the
same clip, and what was written can be asked for once more for a minute. Called from the daemon's loop only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from bridge.clips.options import announced, changes, marked, stays, wanted
from bridge.clips.sender import Answer
from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.protocol.clients import Address
from bridge.protocol.requests import (
    MOST_BARS,
    ClipAsked,
    ClipCancelled,
    ClipNotes,
    ClipRedo,
    ClipRequest,
    ClipResend,
)
from model.clips.messages import (
    ClipAnswer,
    ClipFailed,
    ClipGivenUp,
    ClipOrder,
    ClipProgress,
    ClipWritten,
    Given,
    Row,
    Wanted,
)
from model.music.midifile import bar_length
from model.music.notes import PARTS, TICKS_PER_QUARTER

KEPT = Seconds(60)
"""So long a finished clip can be asked for again, and what was given waits for its clip."""
MOST, MOST_NOTES, MOST_GIVEN = 64, 8_192, 50_000
"""Clips of all clients; notes given for one; notes given for all of them."""
Key = tuple[Address, int]


@dataclass(slots=True)
class _Clip:
    """One clip of a client's: what was given for it, what was asked, how far it is.

    `armed` tells that notes came, and `marked` that a mark came, since the last request; `changed` that one of them
    was another than before. `number` is the order's while it is being written.
    """

    heard: Seconds
    total: int = 0
    rows: dict[int, Row] = field(default_factory=dict)
    armed: bool = False
    redo: ClipRedo | None = None
    marked: bool = False
    changed: bool = False
    asked: ClipAsked | None = None
    number: int = 0
    share: float = 0.0
    written: ClipWritten | None = None
    cancelled: bool = False


@dataclass(slots=True)
class Clips:
    """`order` hands an order to the process that writes clips."""

    order: Callable[[ClipOrder | ClipGivenUp], None]
    _clips: dict[Key, _Clip] = field(default_factory=dict)
    _numbers: int = 0

    @property
    def clients(self) -> set[Address]:
        """Those that have a clip here."""
        return {client for client, _ in self._clips}

    def on(self, request: ClipRequest, sender: Address, now: Seconds) -> list[Answer]:
        """Take a request; return what is to be answered. Raises BadRequest, having changed nothing."""
        self._clips = {k: c for k, c in self._clips.items() if c.number or now - c.heard < KEPT}
        key = (sender, request.id)
        match request:
            case ClipNotes():
                self._given(key, request, now)
                return []
            case ClipRedo():
                marked(request)
                clip = self._clip(key, now)
                clip.changed |= clip.redo != request
                clip.redo, clip.marked = request, True
                return []
            case ClipAsked():
                return self._asked(key, request, now)
            case ClipCancelled():
                if key not in self._clips:
                    raise BadRequest("/llmball/clip/cancel", f"there is no clip {request.id}")
                if self._clips[key].number:
                    self.order(ClipGivenUp(self._clips[key].number))
                self._clips[key] = _Clip(now, cancelled=True)
                return [(sender, "clip/cancelled", (request.id,))]
            case ClipResend():
                return self._again(key)
            case _:
                assert_never(request)

    def written(self, answer: ClipAnswer, now: Seconds) -> list[Answer]:
        """Take what the writing process says; return what is to be told."""
        found = next(((k, c) for k, c in self._clips.items() if c.number == answer.number), None)
        if found is None:
            return []  # given up meanwhile
        (sender, id_), clip = found
        match answer:
            case ClipProgress(_, share):
                clip.share = float(share)
                return [(sender, "clip/progress", (id_, clip.share))]
            case ClipWritten():
                clip.written, clip.number, clip.heard = answer, 0, now
                return _told(sender, id_, answer)
            case ClipFailed(_, reason):
                clip.heard = now
                return [_failed((sender, id_), clip, reason)]

    def lost(self) -> list[list[Answer]]:
        """Note that the writing process died: what it was at fails. Return what is told to each."""
        at_work = [(key, clip) for key, clip in self._clips.items() if clip.number]
        return [[_failed(key, clip, "the writer ended: ask for it again")] for key, clip in at_work]

    def _given(self, key: Key, request: ClipNotes, now: Seconds) -> None:
        if request.total > MOST_NOTES or request.index + len(request.notes) > request.total:
            raise BadRequest("/llmball/clip/given", f"index and notes lie within total, {MOST_NOTES} at most")
        rows = dict(enumerate(request.notes, start=request.index))
        held = sum(len(c.rows) for k, c in self._clips.items() if k != key)
        if held + request.total > MOST_GIVEN:
            raise BadRequest("/llmball/clip/given", "too many notes wait for their clips: cancel some")
        clip = self._clip(key, now)
        known = clip.total == request.total and all(clip.rows.get(at) == row for at, row in rows.items())
        if clip.total != request.total or not (known or clip.armed):  # another set of notes than before
            clip.rows, clip.total = {}, request.total
        clip.rows.update(rows)
        clip.armed = True
        clip.changed |= not known

    def _asked(self, key: Key, request: ClipAsked, now: Seconds) -> list[Answer]:
        clip = self._clips.get(key)
        if clip is not None and clip.asked == request and not clip.changed:  # the same packet again
            if clip.written is not None:
                return _told(*key, clip.written)
            return [(key[0], "clip/progress", (key[1], clip.share))]
        asked, said = wanted(request), announced(request)
        given: Given | None = None
        came = 0 if clip is None or not clip.armed else len(clip.rows)
        total = 0 if clip is None or not clip.armed else clip.total
        if said is not None and said != total:
            return [_refused(key, f"{said} notes were to be given, not {total}: give them, then ask again")]
        if came < total:
            return [_refused(key, f"{total - came} of {total} given notes did not come: give them again")]
        if clip is not None and clip.armed:
            given, asked = _source(clip, request, asked)
        elif changes(request):
            return [_refused(key, "nothing was given that could be changed: send clip/given first")]
        elif stays(request, clip.redo if clip is not None and clip.marked else None, frozenset()) is not None:
            return [_refused(key, "nothing was given that could be kept or redone: send clip/given first")]
        clip = self._clip(key, now)
        if clip.number:
            self.order(ClipGivenUp(clip.number))
        self._numbers += 1
        clip.asked, clip.number, clip.written, clip.share = request, self._numbers, None, 0.0
        clip.armed = clip.marked = clip.changed = clip.cancelled = False
        self.order(ClipOrder(self._numbers, asked, given))
        return [(key[0], "clip/progress", (key[1], 0.0))]

    def _again(self, key: Key) -> list[Answer]:
        clip = self._clips.get(key)
        if clip is not None and clip.written is not None:
            return _told(*key, clip.written)
        if clip is not None and clip.number:
            return [(key[0], "clip/progress", (key[1], clip.share))]
        if clip is not None and clip.cancelled:
            return [(key[0], "clip/cancelled", (key[1],))]
        return [_refused(key, "it is not known, or not any more: ask for it again")]

    def _clip(self, key: Key, now: Seconds) -> _Clip:
        """Return a clip, made where there is none; the one longest silent makes room. Raises BadRequest."""
        if key not in self._clips:
            if len(self._clips) >= MOST:
                idle = [k for k, c in self._clips.items() if not c.number]
                if not idle:
                    raise BadRequest("/llmball/clip", f"{MOST} clips are being written: wait for some to end")
                del self._clips[min(idle, key=lambda k: self._clips[k].heard)]
            self._clips[key] = _Clip(now)
        self._clips[key].heard = now
        return self._clips[key]


def _refused(key: Key, reason: str) -> Answer:
    return key[0], "clip/failed", (key[1], reason)


def _failed(key: Key, clip: _Clip, reason: str) -> Answer:
    """Have a clip fail; what was given for it is kept, for another try."""
    clip.number, clip.asked, clip.changed = 0, None, False
    clip.armed, clip.marked = bool(clip.rows), clip.redo is not None
    return _refused(key, reason)


def _source(clip: _Clip, request: ClipAsked, asked: Wanted) -> tuple[Given, Wanted]:
    """Return what was given with what of it stays, and what is wanted of it. Raises BadRequest."""
    rows = tuple(clip.rows[i] for i in sorted(clip.rows))
    controls = asked.controls
    meter = "4/4" if controls.meter == "auto" else controls.meter
    reach = max(start + length for _, _, start, length, _ in rows) * TICKS_PER_QUARTER
    count = -(-round(reach) // bar_length(meter))
    present = frozenset(row[0] for row in rows)
    kept = stays(request, clip.redo if clip.marked else None, present)
    count = max(1, count if kept is None else max(count, asked.bars or 0))
    if count + (0 if kept is not None else asked.bars or 0) > MOST_BARS:
        raise BadRequest("/llmball/clip", f"a clip has {MOST_BARS} bars at most, what was given among them")
    beyond = sorted(bar for bar in (kept.redone if kept is not None else None) or () if bar >= count)
    if beyond:
        raise BadRequest("/llmball/clip/redo", f"bars are 1..{count}, not {beyond[0] + 1}")
    if (
        clip.marked and clip.redo is not None and asked.parts is None
    ):  # a part that was not there can be marked
        redone = marked(clip.redo)[0]
        asked = replace(asked, parts=tuple(p for p in PARTS if p in present | redone))
    return Given(rows, count, meter, controls.tempo, controls.key, kept, changes(request)), asked


def _told(sender: Address, id_: int, clip: ClipWritten) -> list[Answer]:
    begin = (sender, "clip/begin", (id_, clip.total, clip.beats, clip.tempo, clip.key))
    notes = [(sender, "clip/notes", (id_, at, part, *numbers)) for at, part, numbers in clip.packets]
    return [begin, *notes, (sender, "clip/end", (id_,))]
