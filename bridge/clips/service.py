"""Clips for clients over OSC: requests, given notes and finished clips, by client. Pure.

A clip is known by client and the client's id. Packets may come twice, late or never: a repeated request is the same clip, and a
finished clip can be asked for again for RETENTION. Called from the daemon's loop only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, assert_never

from bridge.clips.options import MAX_NOTES_PER_CLIP, clip_spec, keep_spec, read_bars, read_message, read_parts
from bridge.clips.sender import ClientMessage
from bridge.clock import Seconds
from bridge.errors import BadRequest
from bridge.protocol.clients import Address
from bridge.protocol.requests import (
    ClipCancelled,
    ClipNotes,
    ClipRedo,
    ClipRequest,
    ClipRequested,
    ClipResend,
)
from model.clips.messages import (
    TRACK,
    CancelClip,
    ClipAnswer,
    ClipFailed,
    ClipOrder,
    ClipProgress,
    ClipSpec,
    ClipWritten,
    GivenNotes,
    KeepSpec,
    NoteTuple,
)
from model.music.control import MAX_BARS
from model.music.midifile import bar_length
from model.music.notes import PARTS, TICKS_PER_QUARTER

RETENTION = Seconds(60)
"""Time for which a finished clip can be sent again, and given notes wait for their clip."""
MAX_CLIPS, MAX_NOTES_TOTAL = 64, 50_000
"""Clips of all clients, and notes given for all of them."""
ClipKey = tuple[Address, int]


@dataclass(slots=True)
class _Clip:
    """One clip of a client: given notes, request, progress, result.

    Since the last request: `notes_pending` if notes came, `redo_pending` if a clip/redo came, `source_changed` if either differs
    from before. `order_number` is 0 unless the clip is being written.
    """

    last_request_at: Seconds
    total: int = 0
    source_notes: dict[int, NoteTuple] = field(default_factory=dict)
    notes_pending: bool = False
    redo: ClipRedo | None = None
    redo_pending: bool = False
    source_changed: bool = False
    request: ClipRequested | None = None
    order_number: int = 0
    progress: float = 0.0
    written: ClipWritten | None = None
    cancelled: bool = False


@dataclass(slots=True)
class Clips:
    """All clips. `send_order` hands an order to the process that writes them."""

    send_order: Callable[[ClipOrder | CancelClip], None]
    _clips: dict[ClipKey, _Clip] = field(default_factory=dict)
    _last_number: int = 0

    @property
    def clients(self) -> set[Address]:
        """Clients that have a clip here."""
        return {client for client, _ in self._clips}

    def handle(self, request: ClipRequest, sender: Address, now: Seconds) -> list[ClientMessage]:
        """Take a request; return the messages that answer it. Raises BadRequest, having changed nothing."""
        self._clips = {k: c for k, c in self._clips.items() if c.order_number or now - c.last_request_at < RETENTION}
        key = (sender, request.id)
        match request:
            case ClipNotes():
                self._add_source_notes(key, request, now)
                return []
            case ClipRedo():
                _parse_redo(request)
                clip = self._get_or_create(key, now)
                clip.source_changed |= clip.redo != request
                clip.redo, clip.redo_pending = request, True
                return []
            case ClipRequested():
                return self._request_clip(key, request, now)
            case ClipCancelled():
                if key not in self._clips:
                    raise BadRequest("/llmball/clip/cancel", f"there is no clip {request.id}")
                if self._clips[key].order_number:
                    self.send_order(CancelClip(self._clips[key].order_number))
                self._clips[key] = _Clip(now, cancelled=True)
                return [(sender, "clip/cancelled", (request.id,))]
            case ClipResend():
                return self._resend(key)
            case _:
                assert_never(request)

    def on_answer(self, answer: ClipAnswer, now: Seconds) -> list[ClientMessage]:
        """Take an answer of the writing process; return the messages for the client."""
        found = next(((k, c) for k, c in self._clips.items() if c.order_number == answer.number), None)
        if found is None:
            return []  # cancelled or replaced meanwhile
        (sender, id_), clip = found
        match answer:
            case ClipProgress(_, share):
                clip.progress = float(share)
                return [(sender, "clip/progress", (id_, clip.progress))]
            case ClipWritten():
                clip.written, clip.order_number, clip.last_request_at = answer, 0, now
                return _result_messages(sender, id_, answer)
            case ClipFailed(_, reason):
                clip.last_request_at = now
                return [_fail_clip((sender, id_), clip, reason)]

    def on_writer_exit(self) -> list[list[ClientMessage]]:
        """Mark the clips that were being written as failed: the writing process exited. Return the messages for each client."""
        in_progress = [(key, clip) for key, clip in self._clips.items() if clip.order_number]
        return [[_fail_clip(key, clip, "the writer ended: ask for it again")] for key, clip in in_progress]

    def _add_source_notes(self, key: ClipKey, request: ClipNotes, now: Seconds) -> None:
        if request.total > MAX_NOTES_PER_CLIP or request.index + len(request.notes) > request.total:
            raise BadRequest("/llmball/clip/given", f"index and notes lie within total, {MAX_NOTES_PER_CLIP} at most")
        rows = dict(enumerate(request.notes, start=request.index))
        notes_held = sum(len(c.source_notes) for k, c in self._clips.items() if k != key)
        if notes_held + request.total > MAX_NOTES_TOTAL:
            raise BadRequest("/llmball/clip/given", "too many notes wait for their clips: cancel some")
        clip = self._get_or_create(key, now)
        unchanged = clip.total == request.total and all(clip.source_notes.get(at) == row for at, row in rows.items())
        if clip.total != request.total or not (unchanged or clip.notes_pending):  # another set of notes than before
            clip.source_notes, clip.total = {}, request.total
        clip.source_notes.update(rows)
        clip.notes_pending = True
        clip.source_changed |= not unchanged

    def _request_clip(self, key: ClipKey, request: ClipRequested, now: Seconds) -> list[ClientMessage]:
        clip = self._clips.get(key)
        if clip is not None and clip.request == request and not clip.source_changed:  # the same packet again
            if clip.written is not None:
                return _result_messages(*key, clip.written)
            return [(key[0], "clip/progress", (key[1], clip.progress))]
        options = read_message(request.options)
        spec = clip_spec(request.prompt, request.seed, request.bars or None, options)
        notes_announced: int | None = options["from"]
        given: GivenNotes | None = None
        notes_received = 0 if clip is None or not clip.notes_pending else len(clip.source_notes)
        total = 0 if clip is None or not clip.notes_pending else clip.total
        if notes_announced is not None and notes_announced != total:
            return [_failure(key, f"{notes_announced} notes were to be given, not {total}: give them, then ask again")]
        if notes_received < total:
            return [_failure(key, f"{total - notes_received} of {total} given notes did not come: give them again")]
        if clip is not None and clip.notes_pending:
            changes = options["refine"] or clip.redo_pending or keep_spec(options) is not None
            named = any(row[0].startswith(TRACK) for row in clip.source_notes.values())
            if changes and (options["with"] or options["groove"] or named):
                return [_failure(key, "say one: with (and tracks by their names), or refine, keep and redo")]
            if options["refine"] and options["expression"]:
                return [_failure(key, "say one: expression is for what is written, not for what is refined")]
            given, spec = _source_and_spec(clip, options, spec)
        elif options["with"] or options["groove"]:
            return [_failure(key, "nothing was given that could be heard: send clip/given first")]
        elif options["refine"]:
            return [_failure(key, "nothing was given that could be changed: send clip/given first")]
        elif keep_spec(options) is not None or (clip is not None and clip.redo_pending):
            return [_failure(key, "nothing was given that could be kept or redone: send clip/given first")]
        clip = self._get_or_create(key, now)
        if clip.order_number:
            self.send_order(CancelClip(clip.order_number))
        self._last_number += 1
        clip.request, clip.order_number, clip.written, clip.progress = request, self._last_number, None, 0.0
        clip.notes_pending = clip.redo_pending = clip.source_changed = clip.cancelled = False
        self.send_order(ClipOrder(self._last_number, spec, given))
        return [(key[0], "clip/progress", (key[1], 0.0))]

    def _resend(self, key: ClipKey) -> list[ClientMessage]:
        clip = self._clips.get(key)
        if clip is not None and clip.written is not None:
            return _result_messages(*key, clip.written)
        if clip is not None and clip.order_number:
            return [(key[0], "clip/progress", (key[1], clip.progress))]
        if clip is not None and clip.cancelled:
            return [(key[0], "clip/cancelled", (key[1],))]
        return [_failure(key, "it is not known, or not any more: ask for it again")]

    def _get_or_create(self, key: ClipKey, now: Seconds) -> _Clip:
        """Return a clip, a new one where there is none; it replaces the one that was idle longest. Raises BadRequest."""
        if key not in self._clips:
            if len(self._clips) >= MAX_CLIPS:
                idle = [k for k, c in self._clips.items() if not c.order_number]
                if not idle:
                    raise BadRequest("/llmball/clip", f"{MAX_CLIPS} clips are being written: wait for some to end")
                del self._clips[min(idle, key=lambda k: self._clips[k].last_request_at)]
            self._clips[key] = _Clip(now)
        self._clips[key].last_request_at = now
        return self._clips[key]


def _failure(key: ClipKey, reason: str) -> ClientMessage:
    return key[0], "clip/failed", (key[1], reason)


def _fail_clip(key: ClipKey, clip: _Clip, reason: str) -> ClientMessage:
    """Mark a clip as failed; its given notes stay for another request."""
    clip.order_number, clip.request, clip.source_changed = 0, None, False
    clip.notes_pending, clip.redo_pending = bool(clip.source_notes), clip.redo is not None
    return _failure(key, reason)


def _parse_redo(redo: ClipRedo) -> tuple[frozenset[str], frozenset[int] | None]:
    """Return the parts and the bars, counted from 0, that are written anew; no parts, or None, are all. Raises BadRequest."""
    try:
        parts = frozenset(read_parts(redo.parts)) if redo.parts else frozenset()
        return parts, read_bars(redo.bars) if redo.bars else None
    except ValueError as error:
        raise BadRequest("/llmball/clip/redo", str(error)) from error


def _source_and_spec(clip: _Clip, options: Mapping[str, Any], spec: ClipSpec) -> tuple[GivenNotes, ClipSpec]:
    """Return the notes given for a clip with what of them stays, and the clip asked for. Raises BadRequest."""
    rows = tuple(clip.source_notes[i] for i in sorted(clip.source_notes))
    controls = spec.controls
    meter = "4/4" if controls.meter == "auto" else controls.meter
    end = max(start + length for _, _, start, length, _ in rows) * TICKS_PER_QUARTER
    count = -(-round(end) // bar_length(meter))
    parts_present = frozenset(row[0] for row in rows)
    redo = _parse_redo(clip.redo) if clip.redo_pending and clip.redo is not None else None
    kept = keep_spec(options)
    if redo is not None:
        kept = KeepSpec(parts_present - redo[0] if redo[0] else frozenset(), redo[1])
    beside, has_groove = bool(options["with"]), bool(options["groove"])
    if beside:
        count = max(1, spec.bars or count)
    count = max(1, count if kept is None else max(count, spec.bars or 0))
    if count + (0 if kept is not None or beside or has_groove else spec.bars or 0) > MAX_BARS:
        raise BadRequest("/llmball/clip", f"a clip has {MAX_BARS} bars at most, what was given among them")
    out_of_range = sorted(bar for bar in (kept.redone if kept is not None else None) or () if bar >= count)
    if out_of_range:
        raise BadRequest("/llmball/clip/redo", f"bars are 1..{count}, not {out_of_range[0] + 1}")
    if redo is not None and spec.parts is None:  # a part that was not there can be marked
        spec = replace(spec, parts=tuple(p for p in PARTS if p in parts_present | redo[0]))
    changed = bool(options["refine"])
    return GivenNotes(rows, count, meter, controls.tempo, controls.key, kept, changed, beside, has_groove), spec


def _result_messages(sender: Address, id_: int, clip: ClipWritten) -> list[ClientMessage]:
    begin = (sender, "clip/begin", (id_, clip.total, clip.beats, clip.tempo, clip.key))
    notes = [(sender, "clip/notes", (id_, at, part, *numbers)) for at, part, numbers in clip.packets]
    unread = [(sender, "clip/unread", (id_, clip.unread))] if clip.unread else []
    heard = [(sender, "clip/heard", (id_, clip.heard))] if clip.heard else []
    total = sum(len(points) // 2 for _, _, points in clip.curves)
    before = accumulate((len(points) // 2 for _, _, points in clip.curves), initial=0)
    curves = [
        (sender, "clip/curve", (id_, index, total, part, controller, *points))
        for index, (part, controller, points) in zip(before, clip.curves, strict=False)
    ]
    return [*unread, *heard, begin, *notes, *curves, (sender, "clip/end", (id_,))]
