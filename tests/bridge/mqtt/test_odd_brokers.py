"""Brokers that answer what they should not: told in one line, tried again ever more seldom, and nothing is swallowed whole."""

from __future__ import annotations

import gc
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import BrokerAccount
from bridge.mqtt.client import MqttClient, MqttMessage, Subscriber, Subscription
from bridge.mqtt.connection import MAX_TOPIC_BYTES, is_topic
from tests.support.fake_broker import (
    CONNACK,
    CONNECT,
    PUBLISH,
    SUBSCRIBE,
    Answer,
    FakeBroker,
    fake_broker,
    packet,
    polite,
    published,
)
from tests.support.tools import until

MAX_PAYLOAD = 1 << 17
pytestmark = pytest.mark.timeout(60)


class Ear:
    """A client at a broker; `came` has the messages, `states` what was said of the connection."""

    def __init__(self, broker: FakeBroker) -> None:
        self.came: list[MqttMessage] = []
        self.states: list[bool] = []
        subscriber = Subscriber((Subscription("a/#", 1),), self.came.append, self.states.append)
        will = MqttMessage("a/online", b"0", bridge="me")
        self.client = MqttClient(BrokerAccount("127.0.0.1", broker.port), "ear", will, subscriber, MAX_PAYLOAD)
        self.client.open()


@contextmanager
def listening(answer: Answer) -> Iterator[tuple[FakeBroker, Ear]]:
    with fake_broker(answer) as broker:
        ear = Ear(broker)
        try:
            yield broker, ear
        finally:
            ear.client.close()
    gc.collect()


def subscribing(answer: Answer) -> Answer:
    """Accept the connection, and answer the subscription otherwise."""
    return lambda kind, body: CONNACK if kind == CONNECT else answer(kind, body) if kind == SUBSCRIBE else b""


def no_codes(kind: int, body: bytes) -> bytes:
    return packet(0x90, body[:2] + b"\0")


def refused(kind: int, body: bytes) -> bytes:
    return packet(0x90, body[:2] + b"\0\x87")


BROKEN: dict[str, tuple[Answer, str]] = {
    "it speaks TLS": (lambda kind, body: bytes.fromhex("15030100020246"), "mqtts://"),
    "it hangs up": (lambda kind, body: None, "hangs up"),
    "its greeting is cut": (lambda kind, body: b"\x20\x00", "hangs up"),
    "it refuses us": (lambda kind, body: b"\x20\x03\x00\x87\x00", "Not authorized"),
    "it confirms nothing": (subscribing(no_codes), "its answer is empty"),
    "it refuses the subscription": (subscribing(refused), "Not authorized"),
    "a topic that is no text": (polite(published(b"\xff\xfe", b"x")), "no broker at"),
    "a packet that is cut": (polite(packet(0x30, b"\x00\x40a")), "no broker at"),
    "properties that are none": (polite(published(b"a/b", b"x", b"\xff\xff")), "no broker at"),
    "a payload of 8 MB": (polite(published(b"a/b", bytes(8 << 20))), "are allowed"),
    "bytes": (polite(bytes(range(256))), "no broker at"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broker_that_is_none_is_told_in_one_line(name: str, caplog: pytest.LogCaptureFixture) -> None:
    answer, word = BROKEN[name]
    with caplog.at_level("WARNING"), listening(answer) as (broker, ear):
        assert until(lambda: broker.connections >= 2, 20), "it is tried again"
    assert ear.came == []
    assert word in caplog.text
    assert len(caplog.records) == 1, caplog.text
    assert "Traceback" not in caplog.text


def test_a_broker_is_told_how_much_we_take_and_from_whom_the_will_is() -> None:
    with listening(polite()) as (broker, ear):
        assert until(lambda: ear.states == [True], 10)
        connect = next(body for kind, body in broker.packets if kind == CONNECT)
    assert b"\x27" + struct.pack(">I", MAX_PAYLOAD + 4096) in connect
    assert b"\x00\x07llmball\x00\x02me" in connect


def test_messages_come_through_with_who_sent_them_and_a_confirmation_twice_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    property_ = b"\x26\x00\x07llmball\x00\x01b"
    twice = polite(published(b"a/b", b"one") + published(b"a/c", b"two", property_))
    with caplog.at_level("WARNING"), listening(twice) as (_, ear):
        assert until(lambda: len(ear.came) == 2, 10)
    assert [(m.topic, m.payload, m.bridge) for m in ear.came] == [("a/b", b"one", ""), ("a/c", b"two", "b")]
    assert caplog.text == ""


def test_what_cannot_be_a_topic_is_not_sent_and_the_connection_stays(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"), listening(polite()) as (broker, ear):
        assert until(lambda: ear.states == [True], 10)
        for topic in ("#", "a/+", "", "a\0b", "x" * 70_000, "\ud800"):
            ear.client.send(MqttMessage(topic, b"x"))
        ear.client.send(MqttMessage("a/last", b"x"))
        assert until(lambda: any(kind == PUBLISH for kind, _ in broker.packets), 10)
    assert [body[2:8] for kind, body in broker.packets if kind == PUBLISH] == [b"a/last"]
    assert broker.connections == 1
    assert caplog.text.count("nothing can be sent") == 6
    assert max(len(r.getMessage()) for r in caplog.records) < 200


@given(st.text(max_size=20))
@settings(max_examples=150)
def test_a_topic_is_what_every_broker_takes(text: str) -> None:
    fine = is_topic(text)
    assert fine == bool(text and not set(text) & set("+#") and text.isprintable() and "\ud800" not in text)
    assert not is_topic(text + "\0")
    assert not is_topic("ä" * MAX_TOPIC_BYTES)
