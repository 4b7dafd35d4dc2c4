"""The process that writes clips for clients: one after another, and less urgent than the music that plays.

Spawned by the bridge when the first clip is asked for, so that a long clip never delays a beat of the stream.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from setproctitle import setproctitle

from model.clip import DEFAULT_BARS, Wanted, Writer, clip
from model.composer import Composer
from model.editing import Stays, continued, filled_in
from model.midifile import Song, as_filed
from model.music import BeatWritten, Begin, Understood, Write
from model.plan import open_encoder

NICE = 10


@dataclass(frozen=True, slots=True)
class Given:
    """A song to go on from, or with `stays` to write anew in part."""

    song: Song
    stays: Stays | None = None


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """Write a clip; the number is the bridge's own."""

    number: int
    wanted: Wanted
    given: Given | None = None


@dataclass(frozen=True, slots=True)
class ClipGivenUp:
    """A clip is not wanted any more."""

    number: int


@dataclass(frozen=True, slots=True)
class ClipProgress:
    """So much of a clip is written, 0..1."""

    number: int
    share: float


@dataclass(frozen=True, slots=True)
class ClipWritten:
    """A clip as its file would hold it."""

    number: int
    song: Song


@dataclass(frozen=True, slots=True)
class ClipFailed:
    """A clip cannot be written: `reason` says why."""

    number: int
    reason: str


ClipAnswer = ClipProgress | ClipWritten | ClipFailed


def made(composer: Writer, wanted: Wanted, given: Given | None) -> Song:
    """Return the clip: new, going on from what is given, or what is given with parts of it anew. Raises ValueError."""
    if given is None:
        return clip(composer, wanted)
    if given.stays is None:
        return continued(composer, given.song, wanted, wanted.bars or DEFAULT_BARS)
    return filled_in(composer, given.song, wanted, given.stays)


class _NotWantedError(Exception):
    """The clip that is being written was given up."""


class _Telling:
    """A composer that tells how far it is, and hears meanwhile what else is ordered."""

    def __init__(self, composer: Composer, connection: Connection) -> None:
        self._composer, self._connection = composer, connection
        self.orders: deque[ClipOrder] = deque()
        self.number, self.closed = 0, False
        self._bars = 1

    def start(self, order: ClipOrder) -> None:
        """Write this one now."""
        self.number = order.number
        given = 0 if order.given is None else len(order.given.song.bars)
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
        """Write a beat, and look up from the work."""
        written = self._composer.write(order)
        if written.beat is not None and written.beat.beat == 0:
            self._connection.send(ClipProgress(self.number, min(1.0, written.beat.bar / self._bars)))
        while self._connection.poll():
            self.hear()
        return written

    def hear(self) -> None:
        """Take one order; wait for it where there is none. Raises _NotWantedError where the clip at hand is given up."""
        order = self._connection.recv()
        if order is None:
            self.closed = True
            raise _NotWantedError
        if isinstance(order, ClipOrder):
            self.orders.append(order)
            return
        self.orders = deque(o for o in self.orders if o.number != order.number)
        if order.number == self.number:
            raise _NotWantedError


def run(connection: Connection, encoder: Path | None) -> None:
    """Serve orders until None comes or the pipe closes."""
    setproctitle("llmball: clips")
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICE)
    try:
        writer = _Telling(Composer(open_encoder(encoder)), connection)
        while not writer.closed:
            try:
                if not writer.orders:
                    writer.number = 0
                    writer.hear()
                    continue
                order = writer.orders.popleft()
                writer.start(order)
                connection.send(_written(writer, order))
            except _NotWantedError:
                continue
    except (EOFError, OSError):
        return


def _written(writer: _Telling, order: ClipOrder) -> ClipAnswer:
    try:
        return ClipWritten(order.number, as_filed(made(writer, order.wanted, order.given)))
    except ValueError as error:
        return ClipFailed(order.number, str(error))
    except _NotWantedError:
        raise
    except Exception as fault:  # ours, whatever it is: this clip is lost, the next is not
        return ClipFailed(order.number, f"{type(fault).__name__}: {fault}")
