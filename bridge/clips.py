"""Clips for clients over OSC: what each asked for, what it gave, and what was written for it. Pure.

State is kept by client and the client's own id. A packet may come twice, late or never: the same request again is the
same clip, and what was written can be asked for once more for a minute. Called from the daemon's loop only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

from bridge.clients import Address
from bridge.cliprequests import ClipAsked, ClipCancelled, ClipNotes, ClipRedo, ClipRequest, ClipResend
from bridge.clock import Seconds
from bridge.controls import Value
from bridge.errors import BadRequest
from bridge.options import stays, wanted
from model.clipping import ClipAnswer, ClipFailed, ClipGivenUp, ClipOrder, ClipProgress, ClipWritten, Given
from model.importing import heard_chords, heard_key
from model.midifile import Song, bar_length
from model.music import PARTS, TICKS_PER_QUARTER, Note, Ticks

KEPT = Seconds(60)
"""So long a finished clip can be asked for again, and what was given waits for its clip."""
MOST, MOST_NOTES = 64, 20_000
"""Clips at a time, of all clients; notes given for one."""
A_PACKET = 32
"""Notes a message, so that it stays within one frame of a network."""
Answer = tuple[Address, str, tuple[Value, ...]]


@dataclass(slots=True)
class _Clip:
    """One clip of a client's: its notes by index, its marks, its request, its state."""

    heard: Seconds
    total: int = 0
    notes: dict[int, Note] = field(default_factory=dict)
    redo: ClipRedo | None = None
    asked: ClipAsked | None = None
    number: int = 0
    song: Song | None = None


@dataclass(slots=True)
class Clips:
    """`order` hands an order to the process that writes clips."""

    order: Callable[[ClipOrder | ClipGivenUp], None]
    _clips: dict[tuple[Address, int], _Clip] = field(default_factory=dict)
    _numbers: int = 0

    def on(self, request: ClipRequest, sender: Address, now: Seconds) -> list[Answer]:
        """Take a request; return what is to be answered. Raises BadRequest, having changed nothing."""
        self._forget(now)
        key = (sender, request.id)
        match request:
            case ClipNotes():
                return self._given(key, request, now)
            case ClipRedo():
                self._clip(key, now).redo = request
                return []
            case ClipAsked():
                return self._asked(key, request, now)
            case ClipCancelled():
                clip = self._known(key, "clip/cancel")
                if clip.number:
                    self.order(ClipGivenUp(clip.number))
                del self._clips[key]
                return [(sender, "clip/cancelled", (request.id,))]
            case ClipResend():
                found = self._clips.get(key)
                if found is None or found.song is None:
                    busy = found is not None and found.number
                    reason = (
                        "it is still being written" if busy else "it is not known any more: ask for it again"
                    )
                    return [(sender, "clip/failed", (request.id, reason))]
                return _told(sender, request.id, found.song)
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
                return [(sender, "clip/progress", (id_, float(share)))]
            case ClipWritten(_, song):
                clip.song, clip.number, clip.heard = song, 0, now
                return _told(sender, id_, song)
            case ClipFailed(_, reason):
                del self._clips[sender, id_]
                return [(sender, "clip/failed", (id_, reason))]

    def lost(self) -> list[Answer]:
        """Note that the writing process died: what it was at fails."""
        gone = [key for key, clip in self._clips.items() if clip.number]
        for key in gone:
            del self._clips[key]
        return [(sender, "clip/failed", (id_, "the writer ended; ask for it again")) for sender, id_ in gone]

    def _given(self, key: tuple[Address, int], request: ClipNotes, now: Seconds) -> list[Answer]:
        if request.total > MOST_NOTES or request.index + len(request.notes) > request.total:
            raise BadRequest("/llmball/clip/given", f"index and notes lie within total, {MOST_NOTES} at most")
        clip = self._clip(key, now)
        if clip.total != request.total or clip.asked is not None:  # another set of notes than before
            clip.notes, clip.total, clip.asked, clip.song = {}, request.total, None, None
        for at, note in enumerate(request.notes, start=request.index):
            clip.notes[at] = note
        return []

    def _asked(self, key: tuple[Address, int], request: ClipAsked, now: Seconds) -> list[Answer]:
        before = self._clips.get(key)
        if before is not None and before.asked == request:  # the same packet again, or its answer was lost
            return [] if before.song is None else _told(*key, before.song)
        missing = before.total - len(before.notes) if before is not None and before.asked is None else 0
        if missing > 0 and before is not None:
            reason = f"{missing} of {before.total} given notes did not come: send them again, then the clip"
            return [(key[0], "clip/failed", (key[1], reason))]
        asked = wanted(request)
        clip = self._clip(key, now)
        if clip.number:
            self.order(ClipGivenUp(clip.number))
        given = _source(clip, request, asked.bars) if clip.notes and clip.asked is None else None
        self._numbers += 1
        clip.asked, clip.number, clip.song = request, self._numbers, None
        self.order(ClipOrder(self._numbers, asked, given))
        return [(key[0], "clip/progress", (key[1], 0.0))]

    def _clip(self, key: tuple[Address, int], now: Seconds) -> _Clip:
        if key not in self._clips:
            if len(self._clips) >= MOST:
                raise BadRequest("/llmball/clip", f"{MOST} clips are open: wait for some to end")
            self._clips[key] = _Clip(now)
        self._clips[key].heard = now
        return self._clips[key]

    def _known(self, key: tuple[Address, int], path: str) -> _Clip:
        if key not in self._clips:
            raise BadRequest(f"/llmball/{path}", f"there is no clip {key[1]}")
        return self._clips[key]

    def _forget(self, now: Seconds) -> None:
        self._clips = {k: c for k, c in self._clips.items() if c.number or now - c.heard < KEPT}


def _source(clip: _Clip, request: ClipAsked, bars: int | None) -> Given:
    """Return the notes that were given as a song, and what of it stays. Raises BadRequest."""
    options = dict(request.options)
    notes = tuple(clip.notes[i] for i in sorted(clip.notes))
    meter = str(options.get("meter", "4/4"))
    length = bar_length(meter)
    marked = clip.redo is not None or "redo" in options or "keep" in options
    reach = -(-max(n.end for n in notes) // length)
    count = max(reach, bars or 0) if marked else reach
    tempo = options.get("tempo", 0)
    key = str(options.get("key", "auto"))
    bare = Song(
        bars=tuple((Ticks(i * length), meter) for i in range(count)),
        end=Ticks(count * length),
        tempos=((Ticks(0), float(tempo) or 120.0),),
        key=heard_key(notes).name if key == "auto" else key,
        notes=notes,
        programs=tuple((part, 0) for part in PARTS if any(n.part == part for n in notes)),
    )
    song = Song(bare.bars, bare.end, bare.tempos, bare.key, notes, heard_chords(bare), ())
    if not marked:
        return Given(song)
    kept = stays(request, clip.redo, frozenset(n.part for n in notes))
    beyond = sorted(bar for bar in kept.redone or () if bar >= count)
    if beyond:
        raise BadRequest("/llmball/clip/redo", f"bars are 1..{count}, not {beyond[0] + 1}")
    return Given(song, kept)


def _told(sender: Address, id_: int, song: Song) -> list[Answer]:
    notes = [n for part in PARTS for n in sorted(song.notes) if n.part == part]
    beats = song.end / TICKS_PER_QUARTER
    told: list[Answer] = [
        (sender, "clip/begin", (id_, len(notes), float(beats), float(song.tempos[0][1]), song.key))
    ]
    at = 0
    while at < len(notes):
        part = notes[at].part
        some = [n for n in notes[at : at + A_PACKET] if n.part == part]
        numbers: list[Value] = []
        for n in some:
            numbers += [n.pitch, n.start / TICKS_PER_QUARTER, n.length / TICKS_PER_QUARTER, n.velocity]
        told.append((sender, "clip/notes", (id_, at, part, *numbers)))
        at += len(some)
    return [*told, (sender, "clip/end", (id_,))]
