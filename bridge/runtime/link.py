"""Ableton Link, if its extra is installed: reports the session's time, and sends our tempo, start and stop.

Polled 50 times a second from the event loop, which is enough: each reading is exact for its time. The library is under the
GPL and therefore not part of the base install.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bridge.clock import Seconds, monotonic
from bridge.errors import OwnerError
from bridge.protocol.events import LinkReported, ToLink

POLL_INTERVAL = Seconds(0.020)
QUANTUM = 4.0
"""Quarter notes after which the phase repeats: a bar of 4/4."""
INITIAL_TEMPO = 120.0
"""Quarter notes a minute, until a peer or we set another tempo."""


class Link:
    """Our peer in the Link session. Joining does not change the others' tempo. Raises OwnerError if Link is not installed."""

    def __init__(self, on_report: Callable[[LinkReported], None]) -> None:
        try:
            import link
        except ImportError as missing:
            raise OwnerError(
                "--sync link needs Ableton Link (GPL): pip install 'llmball[link]', or LinkPython-extern"
            ) from missing
        self._on_report, self._loop = on_report, asyncio.get_running_loop()
        self._link: Any = link.Link(INITIAL_TEMPO)
        self._link.startStopSyncEnabled = True
        self._link.enabled = True
        self._timer = self._loop.call_soon(self._poll)

    def send(self, order: ToLink) -> None:
        """Send a tempo, or that we play or stop, to the session."""
        state, now = self._link.captureSessionState(), self._link.clock().micros()
        if order.bpm is not None:
            state.setTempo(order.bpm, now)
        if order.playing is not None and order.playing != state.isPlaying():
            state.setIsPlaying(order.playing, now)
        self._link.commitSessionState(state)

    def close(self) -> None:
        """Leave the session."""
        self._timer.cancel()
        self._link.enabled = False

    def _poll(self) -> None:
        state = self._link.captureSessionState()
        before, micros, after = monotonic(), self._link.clock().micros(), monotonic()
        report = LinkReported(
            Seconds((before + after) / 2),
            bool(state.isPlaying()),
            float(state.beatAtTime(micros, QUANTUM)),
            float(state.tempo()),
            int(self._link.numPeers()),
        )
        self._timer = self._loop.call_later(POLL_INTERVAL, self._poll)
        self._on_report(report)
