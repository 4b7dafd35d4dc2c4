"""What one sender may take of the daemon's time, alone and at each door."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from multiprocessing import Pipe

import pytest

from bridge.clock import Seconds, monotonic
from bridge.protocol import osc
from bridge.protocol.clients import (
    MAX_BUDGET,
    MAX_SENDERS,
    MAX_WAITING,
    NOTICE_INTERVAL,
    REFILL_RATE,
    Budget,
    Budgets,
)
from bridge.protocol.dispatch import Dispatcher
from bridge.protocol.events import ControlSet, SessionRequest
from bridge.runtime.osc_server import OscServer, Packet
from model.generation.messages import Forget, Order, Prepare
from model.processes.generate import MAX_PREPARED, by_priority

HERE, OTHER = ("127.0.0.1", 40_001), ("127.0.0.1", 40_002)


def test_a_share_is_saved_up_to_a_bound_used_up_and_comes_back_with_time() -> None:
    share: Budget[None] = Budget(Seconds(10))
    assert share.has_budget(Seconds(1000))
    share.spend(MAX_BUDGET + REFILL_RATE)
    assert not share.has_budget(Seconds(1000))
    assert not share.has_budget(Seconds(1000.99))
    assert share.has_budget(Seconds(1000 + share.seconds_until_budget() + 1.0))


def test_what_waits_is_the_newest_of_each_address_in_the_order_it_was_last_said() -> None:
    share: Budget[int] = Budget(Seconds(0))
    for number, address in enumerate(("tempo", "energy", "tempo")):
        share.enqueue(address, number)
    assert [share.dequeue(), share.dequeue(), share.dequeue()] == [1, 2, None]


def test_more_addresses_than_a_bound_do_not_wait() -> None:
    share: Budget[int] = Budget(Seconds(0))
    for number in range(3 * MAX_WAITING):
        share.enqueue(number, number)
    assert len(share.waiting) == MAX_WAITING


def test_a_sender_is_told_once_in_a_while_that_it_takes_too_much() -> None:
    share: Budget[None] = Budget(Seconds(0))
    assert [share.should_notify(Seconds(at)) for at in (0.0, 0.5, NOTICE_INTERVAL + 0.1)] == [
        True,
        False,
        True,
    ]


def test_a_sender_keeps_its_share_and_a_thousand_strangers_have_one_together() -> None:
    shares: Budgets[None] = Budgets(Budget)
    first = shares.for_sender(HERE, Seconds(0))
    first.spend(1)
    assert shares.for_sender(HERE, Seconds(0)) is first
    for port in range(MAX_SENDERS + 5):
        shares.for_sender(("10.0.0.1", port), Seconds(0)).spend(1)
    assert shares.for_sender(("10.0.0.2", 1), Seconds(0)) is shares.for_sender(("10.0.0.3", 1), Seconds(0))
    later = Seconds(1000)  # all have rested: there is room again
    assert shares.for_sender(("10.0.0.2", 1), later) is not shares.for_sender(("10.0.0.3", 1), later)


class Sent(asyncio.DatagramTransport):
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[osc.Message, tuple[str, int]]] = []

    def sendto(self, data: bytes, addr: tuple[str, int]) -> None:  # type: ignore[override]
        [message] = osc.parse(data)
        assert isinstance(message, osc.Message)
        self.said.append((message, addr))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def to(self, address: tuple[str, int]) -> list[str]:
        return [m.address.removeprefix("/llmball/") for m, a in self.said if a == address]


async def visited(
    share: Callable[[Seconds], Budget[Packet]] = Budget,
) -> tuple[OscServer, Sent, asyncio.Queue[SessionRequest]]:
    wanted: asyncio.Queue[SessionRequest] = asyncio.Queue()
    door = OscServer(
        (),
        Dispatcher(wanted.put_nowait, lambda path: (1.0,), lambda: "idle", lambda *_: None),
        share,
    )
    sent = Sent()
    door.connection_made(sent)
    return door, sent, wanted


def test_of_a_flood_the_newest_of_each_address_is_done_later_and_the_sender_is_told_once() -> None:
    async def flood() -> None:
        door, sent, wanted = await visited(lambda now: Budget(now, remaining=-0.05))
        for n in range(100):
            door.datagram_received(osc.encode("/llmball/density", [n / 100]), HERE)
            door.datagram_received(osc.encode("/llmball/energy", [n / 100]), HERE)
        assert wanted.empty()
        done = [await wanted.get(), await wanted.get()]
        values = {w.path: w.value for w in done if isinstance(w, ControlSet)}
        assert values == pytest.approx({"density": 0.99, "energy": 0.99})
        assert wanted.empty()
        assert sent.to(HERE) == ["error"]
        door.close()

    asyncio.run(flood())


def test_anothers_flood_is_nobody_elses_trouble() -> None:
    async def flood() -> None:
        left = iter((-1000.0, 0.1))
        door, sent, _ = await visited(lambda now: Budget(now, remaining=next(left)))
        began = monotonic()
        for n in range(3000):
            door.datagram_received(osc.encode("/llmball/ping", [n]), HERE)
        assert set(sent.to(HERE)) == {"error"}
        assert len(sent.to(HERE)) <= 1 + (monotonic() - began) / NOTICE_INTERVAL
        door.datagram_received(osc.encode("/llmball/ping", [7]), OTHER)
        assert sent.said[-1] == (osc.Message("/llmball/pong", (7,)), OTHER)
        door.close()

    asyncio.run(flood())


def test_an_error_is_never_answered_by_an_error() -> None:
    async def talk() -> None:
        door, sent, _ = await visited()
        door.datagram_received(osc.encode("/llmball/error", ["/llmball/pong", "unknown address"]), HERE)
        assert sent.said == []
        door.close()

    asyncio.run(talk())


def test_nobody_has_the_daemon_talk_to_itself() -> None:
    async def talk() -> None:
        door, _, _ = await visited()
        host, port = await door.open("127.0.0.1", 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            client.setblocking(False)
            client.sendto(osc.encode("/llmball/hello", [port]), (host, port))
            answer = await asyncio.get_running_loop().sock_recv(client, 65536)
        [message] = osc.parse(answer)
        assert isinstance(message, osc.Message)
        assert message.address == "/llmball/error"
        assert str(port) in str(message.args[1])
        door.close()

    asyncio.run(talk())


def test_packets_that_wait_in_the_socket_are_read_in_one_turn_of_the_loop() -> None:
    async def burst() -> None:
        door, _, wanted = await visited()
        address = await door.open("127.0.0.1", 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for n in range(20):
                client.sendto(osc.encode("/llmball/density", [n / 20]), address)
            done = [await wanted.get() for _ in range(20)]
        values = [w.value for w in done if isinstance(w, ControlSet)]
        assert values == pytest.approx([n / 20 for n in range(20)], abs=1e-6)
        door.close()

    asyncio.run(burst())


def test_prompts_to_be_prepared_wait_behind_the_music_and_the_latest_are_kept() -> None:
    ours, theirs = Pipe()
    for n in range(3 * MAX_PREPARED):
        ours.send(Prepare(f"prompt {n}"))
    ours.send(Forget(1))
    turns = by_priority(theirs)
    found: list[Order] = [next(turns) for _ in range(1 + MAX_PREPARED)]
    ours.send(None)
    assert found[0] == Forget(1)
    assert found[1:] == [Prepare(f"prompt {n}") for n in range(2 * MAX_PREPARED, 3 * MAX_PREPARED)]
    assert list(turns) == []
