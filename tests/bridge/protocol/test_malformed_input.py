"""One law at every door: bad input gives an error to its sender and changes nothing."""

from __future__ import annotations

import asyncio
import os
import random
from itertools import islice

import pytest

from bench.robustness.in_process import Indoors
from bench.robustness.malformed_packets import encoded, frames, payloads
from bench.robustness.packets import judged
from bridge.errors import BadRequest
from bridge.http import websocket as reading
from bridge.mqtt.client import MqttMessage
from bridge.mqtt.topics import TopicMirror
from bridge.protocol import osc
from bridge.protocol.controls import ROOT
from bridge.protocol.osc import Message
from bridge.protocol.requests import parse_request

PACKETS = int(os.environ.get("LLMBALL_PACKETS", "4000"))
SENDER = ("127.0.0.1", 40_000)


def test_no_packet_breaks_the_law() -> None:
    verdict = asyncio.run(judged(PACKETS, seed=23))
    assert verdict.broken == {}, verdict.examples
    assert verdict.answered["an error"] > PACKETS / 2


def test_no_frame_is_more_than_its_senders_error() -> None:
    for frame in islice(frames(random.Random(29)), PACKETS):
        for one in reading.parse_frame(frame):
            if isinstance(one, Message):
                answered(one)


def test_no_payload_is_more_than_its_senders_error() -> None:
    mirror = TopicMirror("x", lambda path: (1.0,))
    for path, payload in islice(payloads(random.Random(31)), PACKETS):
        try:
            answered(mirror.parse(MqttMessage(mirror.root + path, payload)))
        except BadRequest as refused:
            mirror.message_for("error", (refused.address, refused.reason))


def answered(message: Message) -> None:
    """Read a message; an error about it can be said."""
    try:
        parse_request(message)
    except BadRequest as refused:
        [said] = osc.parse(osc.encode(ROOT + "error", [refused.address, refused.reason]))
        assert isinstance(said, Message)


@pytest.mark.parametrize("prompt", [
    "x" * 2000, "雨" * 2000, "calm\x07\x1b[2J\r\n\tpiano", "שיר שמח עם פסנתר", "‮upside down", "👩‍👩‍👧 🎹🎷", "é́́́́́ zalgo", "ﷺ", "C" * 30,
])  # fmt: skip
def test_a_prompt_may_be_anything_that_can_be_written(prompt: str) -> None:
    async def given() -> tuple[list[str], str]:
        house = Indoors()
        house.hear(encoded(ROOT + "prompt", [prompt]), SENDER)
        said = [osc.parse(data)[0] for data, _ in house.socket.sent]
        house.close()
        return [str(m.address) for m in said if isinstance(m, Message)], house.band.session.latest_prompt()

    said, words = asyncio.run(given())
    assert said == []
    assert words.isprintable()
    assert words.split() == "".join(c if c.isprintable() else " " for c in prompt).split()


@pytest.mark.parametrize("prompt", ["", " ", "\x00\x01", "\t\r\n", "x" * 2001, "雨" * 2001, "x" * 60_000, "​", "!?."])
def test_a_prompt_without_words_or_with_too_many_is_refused(prompt: str) -> None:
    with pytest.raises(BadRequest):
        parse_request(Message(ROOT + "prompt", (prompt,)))
