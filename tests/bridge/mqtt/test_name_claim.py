"""Two LLMBalls of one name at one broker: the one that began first has it, and neither answers the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import BrokerAccount
from bridge.mqtt.client import MqttClient, MqttMessage
from bridge.mqtt.name_claim import MAX_ANSWERED, Claim, NameClaim
from bridge.mqtt.server import MqttServer
from bridge.mqtt.topics import TOLD_PATHS
from bridge.protocol.addresses import COMMANDS, OUTGOING
from bridge.protocol.controls import CONTROL_PATHS, defaults
from bridge.protocol.dispatch import Dispatcher


def test_the_later_one_yields_once_and_takes_the_name_when_the_first_is_gone() -> None:
    later = NameClaim("2")
    assert later.heard("1", None) is Claim.YIELD
    assert not later.holds
    assert later.heard("1", True) is Claim.NOTHING
    assert later.heard("3", True) is Claim.NOTHING, "whoever holds it answers"
    assert later.heard("3", False) is Claim.NOTHING
    assert later.heard("1", False) is Claim.TAKE
    assert later.holds


def test_the_first_one_shows_itself_once_to_each_later_one() -> None:
    first = NameClaim("1")
    assert first.heard("2", True) is Claim.SHOW_AGAIN
    assert first.heard("2", True) is Claim.NOTHING
    assert first.heard("2", None) is Claim.NOTHING
    assert first.heard("2", False) is Claim.SHOW_AGAIN, "its last will said that the name is offline"
    assert first.heard("2", True) is Claim.SHOW_AGAIN
    assert first.heard("1", True) is Claim.NOTHING, "our own words"
    for number in range(1000):
        first.heard(f"9{number}", True)
    assert len(first._answered) <= MAX_ANSWERED


def test_whoever_is_there_answers_who_asks_and_has_the_name_though_it_began_later() -> None:
    holder, asking = NameClaim("2"), NameClaim("1")
    asking.ask()
    assert not asking.holds
    assert holder.heard("1", None, asks=True) is Claim.ANSWER
    assert holder.holds
    assert asking.heard("2", True) is Claim.YIELD
    assert not asking.take_unanswered(), "a timer that comes after the answer takes nothing"
    assert not asking.holds
    assert asking.heard("3", None, asks=True) is Claim.NOTHING, "whoever holds it answers"
    assert asking.heard("2", False) is Claim.TAKE


def test_of_two_that_ask_at_once_one_has_the_name() -> None:
    first, second = NameClaim("1"), NameClaim("2")
    for claim, other in ((first, "2"), (second, "1")):
        claim.ask()
        assert claim.heard(other, None, asks=True) is Claim.NOTHING
        assert claim.heard(other, False) is Claim.NOTHING, "what another's last will says answers nothing"
    assert first.take_unanswered()
    assert second.take_unanswered()
    assert second.heard("1", True) is Claim.YIELD
    assert first.heard("2", True) is Claim.SHOW_AGAIN
    assert (first.holds, second.holds) == (True, False)


def test_a_broker_that_was_lost_makes_the_claim_new() -> None:
    later = NameClaim("2")
    later.heard("1", True)
    later.forget()
    assert later.holds


def test_what_bridges_tell_is_no_command() -> None:
    assert {"error", "beat", "online", "state", "understood/unread"} <= TOLD_PATHS
    assert not TOLD_PATHS & {*COMMANDS, *CONTROL_PATHS}
    assert {entry.path for entry in OUTGOING} - TOLD_PATHS <= {*COMMANDS, *CONTROL_PATHS}


@pytest.fixture(autouse=True, scope="module")
def no_network() -> Iterator[None]:
    """No server of this module connects."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MqttClient, "open", lambda self: None)
        yield


class Air:
    """A broker of fakes: what one server sends all others get, until nobody says anything."""

    def __init__(self) -> None:
        self.servers: list[MqttServer] = []
        self.flying: deque[tuple[MqttServer | None, MqttMessage]] = deque()
        self.sent: list[tuple[MqttServer | None, MqttMessage]] = []

    def join(self) -> MqttServer:
        values = defaults()
        dispatcher = Dispatcher(lambda event: None, lambda path: (values[path],), lambda: "idle", lambda *_: None)
        server = MqttServer(BrokerAccount("127.0.0.1", 1), "LLMBall", dispatcher, None)
        server._client.send = lambda message: self.flying.append((server, message))  # type: ignore[method-assign]
        self.servers.append(server)
        server._on_connection(True)
        self.settle()
        server._take_unanswered()  # its timer
        return server

    def settle(self, most: int = 5000) -> int:
        count = 0
        while self.flying:
            sender, message = self.flying.popleft()
            self.sent.append((sender, message))
            count += 1
            assert count < most, "they answer each other for ever"
            for server in self.servers:
                if server is not sender:
                    server._on_message(replace(message, retain=False))  # as a broker passes it on
        return count

    def say(self, path: str, payload: bytes) -> None:
        self.flying.append((None, MqttMessage(f"llmball/LLMBall/{path}", payload)))


def play(steps: list[str], caplog: pytest.LogCaptureFixture | None = None) -> Air:
    """Let two bridges of one name join and others speak; return the air."""

    async def played() -> Air:
        air = Air()
        air.join()
        air.settle()
        air.join()
        air.settle()
        for step in steps:
            match step:
                case "error":
                    air.servers[0].publish("error", ("/llmball/x", "no"))
                case "both":
                    for server in air.servers:
                        server.publish("beat", (1, 1, 96.0))
                case "old":
                    air.say("error", b'["/llmball/x", "no"]')
                case "command":
                    air.say("tempo", b"96")
                case "wrong":
                    air.say("tempo", b"nonsense")
            air.settle()
        for server in air.servers:
            server.close()
        return air

    return asyncio.run(played())


def test_the_later_one_shows_nothing_of_its_own_while_the_first_is_there() -> None:
    air = play(["both"])
    told = {message.topic for sender, message in air.sent if sender is air.servers[1]}
    assert told == {"llmball/LLMBall/online/ask"}


def test_two_bridges_of_one_name_fall_silent_and_a_client_has_one_answer(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        air = play(["both", "error", "old", "wrong"])
    first, second = air.servers
    assert first._claim.holds
    assert not second._claim.holds
    assert caplog.text.count("another LLMBall has the name 'LLMBall'") == 1
    errors = [sender for sender, message in air.sent if message.topic.endswith("/error")]
    assert errors == [first, None, first], "its own, an old version's that nobody answers, and one to the client"
    beats = [sender for sender, message in air.sent if message.topic.endswith("/beat")]
    assert beats == [first], [m for _, m in air.sent if m.topic.endswith("/beat")]


@given(st.lists(st.sampled_from(["error", "both", "old", "command", "wrong"]), max_size=12))
@settings(max_examples=15, deadline=None)
def test_whatever_is_said_they_never_answer_each_other_for_ever(steps: list[str]) -> None:
    play(steps)
