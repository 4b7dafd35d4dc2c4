from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_network

import pytest

from bridge.config import VERSION
from bridge.errors import BadRequest
from bridge.protocol import osc
from bridge.protocol.dispatch import Dispatcher
from bridge.protocol.events import PlayRequested, PromptRequested, SessionRequest
from bridge.runtime.osc_server import OscServer, is_this_machine

PATIENCE = 20.0  # seconds: a bound for a crowded machine, never waited for


def entered(visit: Callable[[OscServer, tuple[str, int], list[SessionRequest]], None]) -> None:
    """Open a door, let a visitor of blocking sockets in by a thread, and close it."""

    async def serve() -> None:
        wanted: list[SessionRequest] = []

        def decide(request: SessionRequest) -> None:
            if isinstance(request, PlayRequested):
                raise BadRequest("/llmball/play", "nothing to play")
            wanted.append(request)

        door = OscServer(
            (ip_network("10.0.0.0/8"),),
            Dispatcher(decide, lambda path: (1.5,), lambda: "idle", lambda request, sender, reply: None),
        )
        address = await door.open("127.0.0.1", 0)
        try:
            await asyncio.to_thread(visit, door, address, wanted)
        finally:
            door.close()

    asyncio.run(serve())


def client(address: tuple[str, int]) -> socket.socket:
    visitor = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    visitor.settimeout(PATIENCE)
    visitor.bind(("127.0.0.1", 0))
    visitor.connect(address)
    return visitor


def heard(visitor: socket.socket) -> osc.Message:
    [message] = osc.parse(visitor.recv(65536))
    assert isinstance(message, osc.Message)
    return message


def test_answers_and_news_go_to_the_reply_port_that_was_named() -> None:
    def visit(door: OscServer, address: tuple[str, int], wanted: list[SessionRequest]) -> None:
        with client(address) as asker, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.bind(("127.0.0.1", 0))
            ear.settimeout(PATIENCE)
            asker.send(osc.encode("/llmball/hello", [ear.getsockname()[1], "pd", 1]))
            assert heard(ear) == osc.Message(
                "/llmball/welcome", (VERSION, 1, "chords%20melody%20bass%20drums%20pad%20arp%20perc")
            )
            assert heard(ear) == osc.Message("/llmball/state", ("idle",))
            asked = heard(ear)
            assert asked.address == "/llmball/hello/nonce"
            asker.send(osc.encode("/llmball/hello/confirm", [int(str(asked.args[0]))]))
            asker.send(osc.encode("/llmball/tempo", []))
            assert heard(ear) == osc.Message("/llmball/tempo", (1.5,))
            door.publish("chord", ("F#m7", 1, 1))
            assert heard(ear) == osc.Message("/llmball/chord", ("F%23m7", 1, 1))

    entered(visit)


def test_a_stranger_is_answered_where_it_asked_and_told_nothing_else() -> None:
    def visit(door: OscServer, address: tuple[str, int], wanted: list[SessionRequest]) -> None:
        with client(address) as stranger:
            stranger.send(osc.encode("/llmball/play", []))
            assert heard(stranger) == osc.Message("/llmball/error", ("/llmball/play", "nothing to play"))
            door.publish("state", ("playing",))
            stranger.send(osc.encode("/llmball/ping", [3]))
            assert heard(stranger) == osc.Message("/llmball/pong", (3,))

    entered(visit)


def test_only_loopback_and_the_networks_allowed_are_listened_to() -> None:
    def visit(door: OscServer, address: tuple[str, int], wanted: list[SessionRequest]) -> None:
        for host in ("192.168.1.2", "10.1.2.3", "::1", "fe80::1%eth0"):
            door.datagram_received(osc.encode("/llmball/prompt", [host]), (host, 9))
        assert wanted == [PromptRequested("10.1.2.3"), PromptRequested("::1")]

    entered(visit)


def test_this_machine_is_known_by_its_addresses() -> None:
    assert is_this_machine("127.0.0.1")
    assert is_this_machine("::1")
    assert not is_this_machine("203.0.113.7")


def test_a_socket_of_every_ipv6_address_hears_and_answers_ipv4_too() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")

    async def talk() -> None:
        door = OscServer((), Dispatcher(lambda _: None, lambda _: (1.0,), lambda: "idle", lambda *_: None))
        host, port = await door.open("::", 0)
        assert host == "::"
        loop = asyncio.get_running_loop()
        for family, own in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family, socket.SOCK_DGRAM) as visitor:
                visitor.setblocking(False)
                visitor.connect((own, port))
                visitor.send(osc.encode("/llmball/hello", []))
                for _ in range(2):
                    await loop.sock_recv(visitor, 65536)
                door.publish("beat", (1, 1, 120.0))
                [beat] = osc.parse(await loop.sock_recv(visitor, 65536))
                assert isinstance(beat, osc.Message)
                assert beat.address == "/llmball/beat"
        door.close()

    asyncio.run(asyncio.wait_for(talk(), PATIENCE))
