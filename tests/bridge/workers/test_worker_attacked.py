"""What a stranger at the broker sends a worker: refused in words, and the next job is done."""

from __future__ import annotations

import asyncio
import json

import pytest

from bridge.config import BrokerAccount
from bridge.mqtt.client import ByteBudget, MqttMessage
from bridge.workers.protocol import (
    JOBS_TOPIC,
    Accepted,
    Job,
    Ordered,
    Refused,
    is_reply_topic,
    orders_topic,
    pack,
    unpack,
)
from bridge.workers.worker import WEIGHTS, ActiveJobs, Worker
from model.generation.messages import Begin, Write
from model.music.plan import Controls
from model.weights import hashed
from tests.support.generators import Plain

REPLY = "llmball-work/answers/me"
JOB = Job("a", "w", Begin(1, "calm", Controls(), 7))


def work(messages: list[MqttMessage], caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    """Pass messages to a worker without a broker; return what it publishes."""
    sent: list[MqttMessage] = []

    async def steps() -> None:
        worker = Worker(BrokerAccount("127.0.0.1", 1), Plain)
        worker._client.send = sent.append  # type: ignore[assignment]
        generator = Plain()
        for message in messages:
            worker._handle_message(message, generator)

    with caplog.at_level("WARNING"):
        asyncio.run(steps())
    return [(m.topic, unpack(m.payload, Accepted, Refused)) for m in sent]


def offer(job: Job, reply: str = REPLY) -> MqttMessage:
    return MqttMessage(JOBS_TOPIC, pack(job), 1, response_topic=reply)


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "llmball-work/#",
        "+",
        "",
        "llmball/LLMBall/stop",
        "$SYS/x",
        "llmball-work/\0",
        "llmball-work/" + "x" * 70_000,
    ],
)
def test_a_job_that_cannot_be_answered_is_refused_in_words_and_the_next_is_done(
    topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    weights = hashed(WEIGHTS)
    bad, good = (Job(i, weights, JOB.begin) for i in "ab")
    published = work([offer(bad, topic), offer(good)], caplog)
    assert [(to, value.job) for to, value in published if isinstance(value, Accepted)] == [(REPLY, "b")]
    assert "no topic of workers" in caplog.text
    assert len(caplog.text) < 500
    assert not is_reply_topic(topic)


@pytest.mark.parametrize("tempo", ["9" * 400, "1e400", "-" + "9" * 400, "NaN", "[]"])
def test_numbers_that_are_none_are_a_line_in_the_log(tempo: str, caplog: pytest.LogCaptureFixture) -> None:
    weights = hashed(WEIGHTS)
    told = json.dumps(json.loads(pack(Job("a", weights, JOB.begin)))).replace('"tempo": 0.0', f'"tempo": {tempo}')
    assert tempo in told
    published = work(
        [MqttMessage(JOBS_TOPIC, told.encode(), 1, response_topic=REPLY), offer(Job("b", weights, JOB.begin))], caplog
    )
    assert [value.job for _, value in published if isinstance(value, Accepted)] == ["b"]
    assert "cannot be read" in caplog.text


def test_an_unknown_job_is_refused_only_where_a_worker_may_answer() -> None:
    jobs = ActiveJobs("me", "w")
    order = Ordered("x", 0, (Write(1, 0, Controls()),))
    assert jobs.on_order(order, "#") == ([], [])
    assert jobs.on_order(order, REPLY) == ([], [(REPLY, Refused("x", "no longer known here"))])
    assert orders_topic("me") == "llmball-work/workers/me/orders"


def test_what_waits_is_bounded_in_bytes() -> None:
    room = ByteBudget(100)
    large, small = MqttMessage("a", bytes(80)), MqttMessage("a", bytes(20))
    assert [room.take(one) for one in (large, large, small, small)] == [True, False, True, False]
    room.give(large)
    assert room.take(large)
