"""The process that writes clips for clients, one after another, at a lower priority than the live music.

Spawned by the bridge when the first clip is asked for, so that a long clip never delays a beat of the stream.
"""

from __future__ import annotations

import os
import signal
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path

from setproctitle import setproctitle

from model.analysis.key_finder import find_key
from model.analysis.midi_import import detect_chords
from model.analysis.tracks import HeardSet, Line, Track, heard
from model.clips.beside import groove_found, write_beside
from model.clips.clip import Writer, clip, understood_plan
from model.clips.edit import continue_clip, fill_in
from model.clips.expression import gestures
from model.clips.messages import (
    BEND,
    DEFAULT_BARS,
    NOTES_PER_PACKET,
    POINTS_PER_PACKET,
    TRACK,
    ClipAnswer,
    ClipFailed,
    ClipOrder,
    ClipProgress,
    ClipSpec,
    ClipWritten,
    Curve,
    GivenNotes,
    KeepSpec,
    Packet,
)
from model.clips.refine import refine_and_tell
from model.generation.composer import Composer
from model.generation.messages import BeatWritten, Begin, Understood, Write
from model.music.midifile import Song, as_filed, bar_length
from model.music.notes import PARTS, TICKS_PER_QUARTER, UNPITCHED_PARTS, Note, Ticks
from model.prompt.understand import open_encoder

NICE = 10


def song_from_notes(given: GivenNotes) -> Song:
    """Return given notes as a song; key and chords are found in the notes where they are not stated."""
    if any(row[0].startswith(TRACK) for row in given.notes):
        return heard_in(given).song
    bar = bar_length(given.meter)
    notes = tuple(
        Note(Ticks(round(start * TICKS_PER_QUARTER)), Ticks(max(1, round(length * TICKS_PER_QUARTER))), pitch, velocity, part)
        for part, pitch, start, length, velocity in given.notes
    )  # fmt: skip
    bare = Song(
        bars=tuple((Ticks(i * bar), given.meter) for i in range(given.bars)),
        end=Ticks(given.bars * bar),
        tempos=((Ticks(0), given.tempo or 120.0),),
        key="C major" if given.key == "auto" else given.key,
        notes=notes,
    )
    if given.key == "auto" and any(n.part not in UNPITCHED_PARTS for n in notes):
        bare = replace(bare, key=find_key(bare).key.name)
    return as_filed(replace(bare, chords=detect_chords(bare)))


def heard_in(given: GivenNotes) -> HeardSet:
    """Return given notes as tracks heard together; they go round where more bars are asked for than they fill."""
    lines: dict[str, Line] = {}
    for name, pitch, start, length, velocity in given.notes:
        at, end = round(start * TICKS_PER_QUARTER), round((start + length) * TICKS_PER_QUARTER)
        lines.setdefault(name, []).append((at, max(at + 1, end), pitch, velocity))
    tracks = [Track(name.removeprefix(TRACK), line) for name, line in lines.items()]
    return heard(tracks, meter=given.meter, tempo=given.tempo, key=given.key, bars=given.bars)


def make_clip(composer: Writer, wanted: ClipSpec, song: Song | None = None, stays: KeepSpec | None = None) -> Song:
    """Return the clip: new, going on from a song, or with `stays` the song with parts of it anew. Raises ValueError."""
    if song is None:
        return clip(composer, wanted)
    if stays is None:
        return continue_clip(composer, song, wanted, wanted.bars or DEFAULT_BARS)
    return fill_in(composer, song, wanted, stays)


def pack_clip(number: int, song: Song) -> ClipWritten:
    """Return a clip as a message."""
    filed = as_filed(song)
    packets: list[Packet] = []
    index = 0
    for part in PARTS:
        line = [n for n in filed.notes if n.part == part]
        for at in range(0, len(line), NOTES_PER_PACKET):
            some = line[at : at + NOTES_PER_PACKET]
            rows = [(n.pitch, n.start / TICKS_PER_QUARTER, n.length / TICKS_PER_QUARTER, n.velocity) for n in some]
            packets.append((index, part, tuple(value for row in rows for value in row)))
            index += len(some)
    beats = filed.end / TICKS_PER_QUARTER
    tempo, curves = float(filed.tempos[0][1]), tuple(_curves(filed))
    return ClipWritten(number, index, beats, tempo, filed.key, tuple(packets), curves=curves)


def _curves(song: Song) -> Iterator[Curve]:
    lines = defaultdict[tuple[str, int], list[tuple[float, int]]](list)
    for g in sorted(song.gestures, key=lambda g: g.tick):
        lines[g.part, BEND if g.controller is None else g.controller].append((g.tick / TICKS_PER_QUARTER, g.value))
    for (part, controller), line in lines.items():
        for at in range(0, len(line), POINTS_PER_PACKET):
            yield part, controller, tuple(chain.from_iterable(line[at : at + POINTS_PER_PACKET]))


class _CancelledError(Exception):
    """The clip that is being written was cancelled."""


class _ProgressWriter:
    """A composer that reports progress after each bar and reads new orders meanwhile (a cancelled clip raises _NotWantedError)."""

    def __init__(self, composer: Composer, connection: Connection) -> None:
        self._composer, self._connection = composer, connection
        self.orders: deque[ClipOrder] = deque()
        self.number, self.closed = 0, False
        self._bars = 1

    def start(self, order: ClipOrder) -> None:
        """Write this one now."""
        self.number = order.number
        given = 0 if order.given is None else order.given.bars
        self._bars = max(
            1,
            given,
            (order.wanted.bars or DEFAULT_BARS) + (given if order.given and not order.given.stays else 0),
        )

    def begin(self, order: Begin) -> Understood:
        """Begin a take."""
        return self._composer.begin(order)

    def forget(self, take: int) -> None:
        """Forget a take."""
        self._composer.forget(take)

    def write(self, order: Write) -> BeatWritten:
        """Write a beat, then read new orders."""
        written = self._composer.write(order)
        if written.beat is not None and written.beat.beat == 0:
            self._connection.send(ClipProgress(self.number, min(1.0, written.beat.bar / self._bars)))
        while self._connection.poll():
            self.receive_order()
        return written

    def receive_order(self) -> None:
        """Take one order; wait for it where there is none. Raises _NotWantedError where the clip at hand is given up."""
        order = self._connection.recv()
        if order is None:
            self.closed = True
            raise _CancelledError
        if isinstance(order, ClipOrder):
            self.orders.append(order)
            return
        self.orders = deque(o for o in self.orders if o.number != order.number)
        if order.number == self.number:
            raise _CancelledError


def run(connection: Connection, encoder: Path | None) -> None:
    """Serve orders until None comes or the pipe closes."""
    setproctitle("llmball: clips")
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICE)
    try:
        writer = _ProgressWriter(Composer(open_encoder(encoder)), connection)
        while not writer.closed:
            try:
                if not writer.orders:
                    writer.number = 0
                    writer.receive_order()
                    continue
                order = writer.orders.popleft()
                writer.start(order)
                connection.send(_written(writer, order))
            except _CancelledError:
                continue
    except (EOFError, OSError):
        return


def _written(writer: _ProgressWriter, order: ClipOrder) -> ClipAnswer:
    try:
        given, wanted, told = order.given, order.wanted, ""
        if given is not None and given.has_groove:
            groove = groove_found(heard_in(given).song)
            wanted, told = replace(wanted, groove=groove), groove.sentence()
        if given is not None and given.beside:
            written = write_beside(writer, heard_in(given), wanted)
            song, told = written.parts, "; ".join(filter(None, (written.told, told)))
        elif given is None or given.has_groove:
            song = make_clip(writer, wanted)
        elif given.changed:
            refined = refine_and_tell(writer, song_from_notes(given), order.wanted.prompt, order.wanted.seed)
            return replace(pack_clip(order.number, refined.song), unread=refined.account.sentence())
        else:
            song = make_clip(writer, order.wanted, song_from_notes(given), given.stays)
        plan = understood_plan(writer, order.wanted)
        if wanted.expression:
            song = replace(song, gestures=gestures(song, plan, wanted.seed))
        return replace(pack_clip(order.number, song), unread=plan.account.sentence(), heard=told)
    except ValueError as error:
        return ClipFailed(order.number, str(error))
    except _CancelledError:
        raise
    except Exception as fault:  # ours, whatever it is: this clip is lost, the next is not
        return ClipFailed(order.number, f"{type(fault).__name__}: {fault}")
