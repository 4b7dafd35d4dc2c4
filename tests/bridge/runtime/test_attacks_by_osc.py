"""What others send to the OSC socket to have it speak to who did not ask, or to hold up the beat."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from time import thread_time

import pytest

from bridge.clock import Seconds
from bridge.errors import OwnerError
from bridge.protocol import osc
from bridge.protocol.clients import MAX_CLIENTS, MAX_HOST_BUDGET, Budget, Budgets, host_budget
from bridge.protocol.consent import LISTENING, MAX_UNASKED, RESERVED, UNASKED_RATE, Allowances, confirmed_by, nonce
from bridge.protocol.controls import Value
from bridge.protocol.dispatch import Dispatcher
from bridge.protocol.events import SessionRequest
from bridge.runtime import osc_server
from bridge.runtime.osc_server import SLICE, OscServer

HERE, THERE = ("127.0.0.1", 40_001), ("10.1.2.3", 40_001)
VICTIM = ("127.0.0.1", 50_000)
SPOOFED = ("10.9.9.9", 40_001)


class Wire(asyncio.DatagramTransport):
    """A transport that keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[bytes, tuple[str, int]]] = []

    def sendto(self, data: bytes, addr: tuple[str, int]) -> None:  # type: ignore[override]
        self.sent.append((data, addr))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def bytes_to(self, host: str, port: int | None = None) -> int:
        return sum(len(data) for data, to in self.sent if to[0] == host and port in (None, to[1]))

    def said_to(self, address: tuple[str, int]) -> list[osc.Message]:
        found = [one for data, to in self.sent if to == address for one in osc.parse(data)]
        return [one for one in found if isinstance(one, osc.Message)]


class Band:
    """A socket without a network; its clock is set by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, work: float = 0.0) -> None:
        self.now, self.wire, self.done = Seconds(1000.0), Wire(), 0
        self._work = work
        monkeypatch.setattr(osc_server, "monotonic", lambda: self.now)
        dispatcher = Dispatcher(self._decide, self._values, lambda: "playing", lambda *_: None)
        self.door = OscServer((ip_network("10.0.0.0/8"),), dispatcher)
        self.door.connection_made(self.wire)

    def _decide(self, _: SessionRequest) -> None:
        self.done += 1
        until = thread_time() + self._work
        while thread_time() < until:
            pass

    def _values(self, _: str) -> tuple[Value, ...]:
        return ("kick:36,snare:38," * 20,)

    def hear(self, sender: tuple[str, int], path: str, *args: Value) -> int:
        packet = osc.encode("/llmball/" + path, args)
        self.door.datagram_received(packet, sender)
        return len(packet)

    def play(self, seconds: int) -> None:
        """Publish what a band that plays does: some fifty messages a second."""
        for _ in range(10 * seconds):
            self.now = Seconds(self.now + 0.1)
            self.door.publish("beat", (1, 1, 120.0))
            for pitch in (60, 64, 67, 72):
                self.door.publish("note", ("1", "chords", pitch, 80, 0.0, 1.0))

    def paths_to(self, address: tuple[str, int]) -> list[str]:
        return [m.address.removeprefix("/llmball/") for m in self.wire.said_to(address)]


def run(monkeypatch: pytest.MonkeyPatch, steps: Callable[[Band], Awaitable[None] | None], work: float = 0.0) -> None:
    async def inside() -> None:
        band = Band(monkeypatch, work)
        try:
            waited = steps(band)
            if waited is not None:
                await waited
        finally:
            band.door.close()

    asyncio.run(inside())


def test_one_hello_that_names_a_port_has_nothing_streamed_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "hello", VICTIM[1])
        band.play(60)
        assert band.paths_to(VICTIM) == ["welcome", "state", "hello/nonce"]

    run(monkeypatch, steps)


@pytest.mark.parametrize("answer_from", [HERE, VICTIM], ids=["the sender", "the port itself"])
def test_who_answers_the_number_hears_all(monkeypatch: pytest.MonkeyPatch, answer_from: tuple[str, int]) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "hello", VICTIM[1])
        number = band.wire.said_to(VICTIM)[-1].args[0]
        assert isinstance(number, int)
        band.hear(answer_from, "hello/confirm", number)
        band.play(1)
        assert band.paths_to(VICTIM).count("note") == 40
        band.hear(HERE, "hello", VICTIM[1])
        assert "hello/nonce" not in band.paths_to(VICTIM)[3:], "who has confirmed is not asked again"

    run(monkeypatch, steps)


def test_a_wrong_number_confirms_nothing_and_one_pairs_number_no_other_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        other = ("127.0.0.1", 40_002)
        band.hear(HERE, "hello", VICTIM[1])
        number = band.wire.said_to(VICTIM)[-1].args[0]
        assert isinstance(number, int)
        band.hear(other, "hello", VICTIM[1])
        band.hear(other, "hello/confirm", number)
        band.hear(HERE, "hello/confirm", number ^ 1)
        band.play(1)
        assert "note" not in band.paths_to(VICTIM)

    run(monkeypatch, steps)


def test_an_old_client_at_its_own_port_hears_all_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "hello")
        band.hear(("127.0.0.1", 40_002), "hello", 40_002)
        band.play(1)
        for port in (40_001, 40_002):
            assert band.paths_to(("127.0.0.1", port)).count("note") == 40
            assert "hello/nonce" not in band.paths_to(("127.0.0.1", port))

    run(monkeypatch, steps)


def test_a_forged_packet_sends_another_machine_no_more_than_a_few_hundred_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def steps(band: Band) -> None:
        sent = band.hear(SPOOFED, "hello")
        band.play(60)
        assert band.wire.bytes_to(SPOOFED[0]) <= MAX_UNASKED + sent + UNASKED_RATE * LISTENING
        assert band.paths_to(SPOOFED)[-1] in ("beat", "note"), "an old client elsewhere hears something"

    run(monkeypatch, steps)


def test_forged_ports_of_one_machine_share_what_it_may_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        sent = sum(band.hear((SPOOFED[0], port), "drums/map") for port in range(2000, 2040))
        assert band.wire.bytes_to(SPOOFED[0]) <= MAX_UNASKED + sent

    run(monkeypatch, steps)


def test_who_confirms_from_another_machine_hears_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(THERE, "hello")
        number = band.wire.said_to(THERE)[-1].args[0]
        assert isinstance(number, int)
        band.hear(THERE, "hello/confirm", number)
        band.play(1)
        assert band.paths_to(THERE).count("note") == 40

    run(monkeypatch, steps)


def test_a_bundle_of_questions_is_answered_to_anothers_port_by_no_more_than_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def steps(band: Band) -> None:
        question = osc.encode("/llmball/drums/map", [])
        bundle = b"#bundle\0" + bytes(8) + (len(question).to_bytes(4, "big") + question) * 200
        band.hear(HERE, "hello", VICTIM[1])
        band.door.datagram_received(bundle, HERE)
        while band.door.catch_up():
            band.now = Seconds(band.now + 0.001)
        assert band.wire.bytes_to(*VICTIM) <= MAX_UNASKED + 100 + len(bundle)
        told = [m for m in band.wire.said_to(HERE) if m.address == "/llmball/error"]
        assert len(told) == 1
        assert "hello/confirm" in str(told[0].args[1])

    run(monkeypatch, steps)


def test_whom_the_owner_names_is_told_without_being_asked_but_not_we_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.door.tell_always((THERE,))
        band.play(1)
        assert band.paths_to(THERE).count("note") == 40
        band.hear(THERE, "hello")
        band.play(1)
        assert band.paths_to(THERE).count("note") == 80

    run(monkeypatch, steps)

    async def opened() -> None:
        door = OscServer((), Dispatcher(lambda _: None, lambda _: (1.0,), lambda: "idle", lambda *_: None))
        try:
            with pytest.raises(OwnerError, match="our own address"):
                door.tell_always((await door.open("127.0.0.1", 0),))
        finally:
            door.close()

    asyncio.run(opened())


@pytest.mark.parametrize(
    ("own", "told", "remedy"),
    [
        ("127.0.0.1", "192.0.2.20", r"--osc 0\.0\.0\.0:\d+$"),
        ("127.0.0.1", "::1", r"--osc \[::\]:\d+$"),
        ("0.0.0.0", "2001:db8::7", r"--osc \[::\]:\d+$"),
        ("0.0.0.0", "192.0.2.20", None),
        ("127.0.0.1", "127.0.0.1", None),
    ],
)
def test_the_owner_is_told_which_address_to_listen_on_to_reach_whom_it_names(
    own: str, told: str, remedy: str | None
) -> None:
    async def opened() -> None:
        door = OscServer((), Dispatcher(lambda _: None, lambda _: (1.0,), lambda: "idle", lambda *_: None))
        try:
            await door.open(own, 0)
            with contextlib.nullcontext() if remedy is None else pytest.raises(OwnerError, match=remedy):
                door.tell_always(((told, 9),))
        finally:
            door.close()

    asyncio.run(opened())


def test_what_the_system_does_not_send_is_logged_and_who_has_gone_is_not(caplog: pytest.LogCaptureFixture) -> None:
    async def opened() -> None:
        door = OscServer((), Dispatcher(lambda _: None, lambda _: (1.0,), lambda: "idle", lambda *_: None))
        try:
            await door.open("127.0.0.1", 0)
            door._clients.told_always = (("2001:db8::7", 9),)  # no address of this socket's family
            door.publish("state", ("playing",))
            door.error_received(ConnectionResetError())
        finally:
            door.close()

    asyncio.run(opened())
    assert len([line for line in caplog.messages if line.startswith("OSC cannot be sent")]) == 1


def test_registrations_that_end_other_than_by_bye_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "hello")
        band.now = Seconds(band.now + 601)
        band.hear(("127.0.0.1", 40_002), "ping", 1)
        assert band.wire.said_to(HERE)[-1].args == ("/llmball/hello", "your registration has ended: say hello again")

    run(monkeypatch, steps)


def test_a_registration_that_ends_is_told_where_its_client_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "hello", VICTIM[1])
        number = band.wire.said_to(VICTIM)[-1].args[0]
        band.hear(VICTIM, "hello/confirm", int(str(number)))
        band.now = Seconds(band.now + 601)
        band.hear(("127.0.0.1", 40_002), "ping", 1)
        assert band.wire.said_to(VICTIM)[-1].args == ("/llmball/hello", "your registration has ended: say hello again")
        assert band.wire.said_to(HERE) == []

    run(monkeypatch, steps)


def test_another_machine_that_has_not_said_hello_is_told_that_answers_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def steps(band: Band) -> None:
        sent = sum(band.hear(THERE, "drums/map") for _ in range(40))
        notices = [m for m in band.wire.said_to(THERE) if m.address == "/llmball/error"]
        assert [m.args for m in notices] == [("/llmball/hello", osc_server.LEFT_OUT)], "one a second"
        assert max(len(data) for data, _ in band.wire.sent if data.startswith(b"/llmball/error")) <= RESERVED
        assert band.wire.bytes_to(THERE[0]) <= MAX_UNASKED + sent
        band.now = Seconds(band.now + 2.5)
        sent += sum(band.hear(THERE, "drums/map") for _ in range(10))
        assert band.paths_to(THERE).count("error") == 2
        assert band.wire.bytes_to(THERE[0]) <= MAX_UNASKED + sent + 2.5 * UNASKED_RATE

    run(monkeypatch, steps)


def test_who_has_not_confirmed_takes_nobodys_place(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        for port in range(MAX_CLIENTS):
            band.now = Seconds(band.now + 1)
            band.hear(("127.0.0.1", 41_000 + port), "hello", 9_000 + port)
        band.hear(HERE, "hello")
        band.play(1)
        assert band.paths_to(HERE).count("note") == 40

    run(monkeypatch, steps)


def test_who_names_anothers_port_does_not_end_its_news(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "hello")
        band.hear(("127.0.0.1", 40_002), "hello", HERE[1])
        band.play(1)
        assert band.paths_to(HERE).count("note") == 40

    run(monkeypatch, steps)


def test_a_number_is_made_for_two_addresses_and_a_secret() -> None:
    numbers = {nonce(s, a, b) for s in (b"1", b"2") for a in (HERE, THERE) for b in (HERE, THERE, VICTIM)}
    assert len(numbers) == 12
    assert all(0 <= n < 2**31 for n in numbers)
    assert confirmed_by(b"1", nonce(b"1", HERE, VICTIM), [(THERE, VICTIM), (HERE, VICTIM)]) == HERE


def test_allowances_are_kept_for_so_many_addresses_only() -> None:
    allowances = Allowances()
    for number in range(600):
        allowances.received(number, 1, Seconds(number))
    assert len(allowances._left) <= 256


def heavy(count: int) -> bytes:
    """Return a bundle of changes, each of which costs some milliseconds."""
    message = osc.encode("/llmball/density", [0.5])
    return b"#bundle\0" + bytes(8) + (len(message).to_bytes(4, "big") + message) * count


def test_a_heavy_packet_is_done_in_slices_and_others_are_answered_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        began = thread_time()
        band.door.datagram_received(heavy(40), HERE)
        assert thread_time() - began < 4 * SLICE, "one packet does not hold the loop"
        assert band.done < 5
        band.hear(("127.0.0.1", 40_002), "ping", 7)
        assert band.paths_to(("127.0.0.1", 40_002)) == ["pong"]
        turns = 0
        while band.door.catch_up():
            band.now, turns = Seconds(band.now + 0.02), turns + 1
        assert band.done == 40, "nothing of it is lost"
        assert turns >= 10

    run(monkeypatch, steps, work=0.002)


def test_what_follows_a_long_packet_is_done_after_it_and_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "hello")
        band.door.datagram_received(heavy(5), HERE)
        for number in range(20):
            band.hear(HERE, "ping", number)
        while band.door.catch_up():
            band.now = Seconds(band.now + 0.02)
        assert [m.args[0] for m in band.wire.said_to(HERE) if m.address == "/llmball/pong"] == list(range(20))

    run(monkeypatch, steps, work=0.002)


def test_sixty_four_ports_take_no_more_than_one_hosts_share_and_a_quiet_one_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "ping", 0)
        began, until, packet = band.now, band.now + 1, heavy(20)
        while band.now < until:
            for port in range(64):
                band.door.datagram_received(packet, ("127.0.0.1", 42_000 + port))
            band.hear(HERE, "ping", 1)
            for _ in range(5):
                band.door.catch_up()
            band.now = Seconds(band.now + 0.1)
        answers = band.paths_to(HERE).count("pong")
        assert answers >= 9, "it waits for a tenth of a second at most"
        share = host_budget(began)
        assert band.done * 0.001 <= share.size + (band.now - began) * share.refill_rate + 0.1

    run(monkeypatch, steps, work=0.0002)


def test_who_sends_little_is_answered_though_its_host_has_used_up_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(band: Band) -> None:
        band.hear(HERE, "ping", 0)
        band.door._budgets.for_host(HERE[0], band.now).spend(MAX_HOST_BUDGET + 0.01)
        for number in range(5):
            band.hear(HERE, "ping", number)
        assert band.paths_to(HERE).count("pong") == 6
        band.door._budgets.for_host(HERE[0], band.now).spend(1)
        band.hear(HERE, "ping", 9)
        assert band.paths_to(HERE).count("pong") == 6, "a debt has its bound"

    run(monkeypatch, steps)


def test_many_ports_get_no_more_together_than_a_few() -> None:
    for ports in (4, 64, 250):
        budgets: Budgets[None] = Budgets(Budget)
        full = sum(budgets.for_sender(("127.0.0.1", port), Seconds(0)).remaining for port in range(ports))
        assert full < 1.3


def test_what_waits_is_bounded_in_bytes() -> None:
    share: Budget[bytes] = Budget(Seconds(0))
    for number in range(100):
        share.enqueue(number, bytes(60_000), 60_000)
    assert sum(len(packet) for packet in share.waiting.values()) <= 1 << 17
    while share.dequeue() is not None:
        pass
    share.enqueue(1, bytes(60_000), 60_000)
    assert share.has_work, "what was done makes room"


def test_a_real_socket_streams_to_nobody_who_did_not_ask() -> None:
    async def talk() -> None:
        door = OscServer((), Dispatcher(lambda _: None, lambda _: (1.0,), lambda: "idle", lambda *_: None))
        address = await door.open("127.0.0.1", 0)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as victim,
        ):
            victim.bind(("127.0.0.1", 0))
            victim.setblocking(False)
            attacker.sendto(osc.encode("/llmball/hello", [victim.getsockname()[1]]), address)
            loop = asyncio.get_running_loop()
            for _ in range(3):  # welcome, state, hello/nonce
                last = await loop.sock_recv(victim, 65536)
            for _ in range(100):
                door.publish("beat", (1, 1, 120.0))
            attacker.sendto(osc.encode("/llmball/ping", [1]), address)
            assert osc.parse(await loop.sock_recv(victim, 65536)) == [osc.Message("/llmball/pong", (1,))]
            [asked] = osc.parse(last)
            assert isinstance(asked, osc.Message)
            victim.sendto(osc.encode("/llmball/hello/confirm", [int(str(asked.args[0]))]), address)
            victim.sendto(osc.encode("/llmball/ping", [2]), address)
            await loop.sock_recv(victim, 65536)
            door.publish("beat", (1, 1, 120.0))
            [beat] = osc.parse(await loop.sock_recv(victim, 65536))
            assert isinstance(beat, osc.Message)
            assert beat.address == "/llmball/beat"
        door.close()

    asyncio.run(asyncio.wait_for(talk(), 20))
