"""The MQTT door: what a broker brings is read by the same law as OSC, and what is told is shown there.

Called from the event loop; the connection has a thread of its own (`bridge.mqtt.client`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from secrets import token_hex
from time import thread_time

from bridge.clock import monotonic
from bridge.config import Account
from bridge.errors import BadRequest
from bridge.mqtt.client import Broker, Parcel, Wish
from bridge.mqtt.topics import Mirror
from bridge.protocol.clients import Address, Share
from bridge.protocol.controls import ROOT, Value
from bridge.protocol.dispatch import House, cost
from bridge.protocol.events import TransportGiven
from bridge.protocol.requests import Bye, Hello, Request, read
from bridge.workers.dispatcher import Foreman

ALL_OF_THEM: Address = ("mqtt", 0)
"""A broker does not say who speaks: its clients are one, whose clips are told at its topics."""


class MqttDoor:
    """Open from the first to the last.

    `foreman` has the parcels outside our own topics: those of workers.
    """

    def __init__(
        self,
        there: Account,
        name: str,
        house: House,
        *,
        foreman: Foreman | None = None,
    ) -> None:
        self._house = house
        self._foreman = foreman
        self._mirror = Mirror(there.name or name, house.asked)
        self._loop = asyncio.get_running_loop()
        self._share: Share[Parcel] = Share(monotonic())
        self._timer: asyncio.TimerHandle | None = None
        own = Wish(self._mirror.root + "#", 2)
        self._broker = Broker(
            there,
            f"llmball-{token_hex(6)}",
            (own, *(foreman.wishes if foreman is not None else ())),
            self._mirror.will,
            lambda parcel: self._in_loop(self._came, parcel),
            lambda there: self._in_loop(self._turned, there),
        )
        if foreman is not None:
            foreman.send = self._broker.send
        self._broker.open()

    def tell(self, path: str, args: tuple[Value, ...]) -> None:
        """Show what is told."""
        self._broker.send(self._mirror.told(path, args))

    def look(self) -> None:
        """Show the controls that have changed."""
        for parcel in self._mirror.changed():
            self._broker.send(parcel)

    def close(self) -> None:
        """Say goodbye; waits for a moment at most."""
        if self._timer is not None:
            self._timer.cancel()
        self._broker.send(self._mirror.will)
        self._broker.close()

    def _in_loop(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: we are going anyway
            self._loop.call_soon_threadsafe(call, *args)

    def _turned(self, there: bool) -> None:
        if there:
            for parcel in self._mirror.all():
                self._broker.send(parcel)
            self.tell("state", (self._house.state(),))
        if self._foreman is not None:
            self._foreman.reached(there)

    def _came(self, parcel: Parcel) -> None:
        if not parcel.topic.startswith(self._mirror.root):
            if self._foreman is not None:
                self._foreman.came(parcel)
        elif parcel.retain:
            pass  # it was said before we came
        elif not self._share.waiting and self._share.may(monotonic()):
            self._read(parcel)
        else:
            self._share.wait(parcel.topic, parcel)
            if self._timer is None:
                self._later()

    def _later(self) -> None:
        self._timer = self._loop.call_later(self._share.later(), self._read_on)

    def _read_on(self) -> None:
        """Read what has waited, as far as the share goes."""
        self._timer = None
        while self._share.may(monotonic()) and (parcel := self._share.next()) is not None:
            self._read(parcel)
        if self._share.waiting:
            self._later()

    def _read(self, parcel: Parcel) -> None:
        began, least = thread_time(), 0.0
        try:
            request = read(self._mirror.read(parcel))
            self._carry_out(request)
            least = cost(request)
            if not isinstance(request, TransportGiven):
                self.look()
        except BadRequest as error:
            self._answer("error", error.address, error.reason)
            path = error.address.removeprefix(ROOT)
            with contextlib.suppress(KeyError):  # what is retained there now is wrong
                self._answer(path, *self._house.asked(path))
        self._share.use(max(thread_time() - began, least))

    def _carry_out(self, request: Request) -> None:
        match request:
            case Hello():
                self._house.welcome(self._answer)
            case Bye():
                pass
            case _:
                self._house.answer(request, ALL_OF_THEM, self._answer)

    def _answer(self, path: str, *args: Value) -> None:
        self.tell(path, args)
