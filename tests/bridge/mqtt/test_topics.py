from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import parse_broker_url
from bridge.errors import BadRequest
from bridge.mqtt.client import MqttMessage
from bridge.mqtt.topics import TopicMirror, decode_payload, encode_payload, is_retained, mqtt_reference
from bridge.protocol.controls import CONTROL_PATHS, CONTROLS, defaults
from bridge.protocol.osc import Message

VALUES = st.one_of(
    st.integers(-(2**31), 2**31), st.floats(-1e9, 1e9), st.text(st.characters(codec="utf-8"), max_size=40)
)


@given(st.lists(VALUES, max_size=6).map(tuple))
@settings(max_examples=80)
def test_a_payload_is_read_back_as_it_was(args: tuple[int | float | str, ...]) -> None:
    assert decode_payload(encode_payload(args)) == args


@given(st.binary(max_size=80))
@settings(max_examples=80)
def test_garbage_is_a_bad_request_or_words(data: bytes) -> None:
    mirror = TopicMirror("x", lambda path: (0,))
    with suppress(BadRequest):
        assert mirror.parse(MqttMessage("llmball/x/prompt", data)).address == "/llmball/prompt"


@pytest.mark.parametrize(
    ("data", "args"),
    [
        (b"96", (96,)),
        (b"F minor", ("F minor",)),
        (b"4/4", ("4/4",)),
        (b'["a", "b", 0.5]', ("a", "b", 0.5)),
        (b"", ()),
        (b"[]", ()),
        ("更温柔一点".encode(), ("更温柔一点",)),
        (b'"12"', ("12",)),
        (b"[Intro] jazz", ("[Intro] jazz",)),
    ],
)
def test_what_people_write_is_understood(data: bytes, args: tuple[object, ...]) -> None:
    assert decode_payload(data) == args


@pytest.mark.parametrize("data", [b"true", b"null", b'{"a": 1}', b"[[1]]", b"\xff", b"x" * 70000, b"NaN"])
def test_other_payloads_are_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        TopicMirror("x", lambda path: (0,)).parse(MqttMessage("llmball/x/tempo", data))


def test_a_topic_is_the_address_under_the_name() -> None:
    message = TopicMirror("stage left", lambda path: (0,)).parse(
        MqttMessage("llmball/stage left/part/bass/level", b"1.5")
    )
    assert message == Message("/llmball/part/bass/level", (1.5,))


def test_only_controls_that_changed_are_shown_again() -> None:
    values = defaults()
    mirror = TopicMirror("x", lambda path: (values[path],))
    assert len([*mirror.changed_controls()]) == len(CONTROL_PATHS)
    values["tempo"] = 96.0
    assert [*mirror.changed_controls()] == [MqttMessage("llmball/x/tempo", b"96.0", 1, retain=True)]
    assert not [*mirror.changed_controls()]


def test_a_broker_that_is_reached_is_shown_all_that_is_retained_and_nothing_else() -> None:
    mirror = TopicMirror("x", lambda path: (CONTROLS[path].default,))
    mirror.message_for("understood/key", ("D minor",))
    mirror.message_for("note", ("1", "bass", 40, 80, 0.0, 1.0))
    shown = {p.topic.removeprefix("llmball/x/"): p for p in mirror.all_retained()}
    assert set(shown) == {"online", "understood/key", *CONTROL_PATHS}
    assert all(p.retain and p.qos == 1 for p in shown.values())
    assert not is_retained("note")


def test_the_page_on_mqtt_is_printed_from_the_table() -> None:
    written = (Path(__file__).parents[3] / "docs" / "mqtt.md").read_text(encoding="utf-8")
    assert written == mqtt_reference(), "python -m bridge.mqtt.topics > docs/mqtt.md"


def test_an_account_comes_from_the_url_and_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMBALL_MQTT_USER", "ann")
    monkeypatch.setenv("LLMBALL_MQTT_PASSWORD", "s:cret")
    there = parse_broker_url("mqtts://broker.local/stage")
    assert (there.host, there.port, there.tls, there.name) == ("broker.local", 8883, True, "stage")
    assert (there.user, there.password) == ("ann", "s:cret")
    there = parse_broker_url("mqtt://bob:p%40ss@[::1]:1884")
    assert (there.host, there.port, there.user, there.password) == ("::1", 1884, "bob", "p@ss")


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "mqtt://x:99999", "mqtt://x/a/b", "mqtt://x/+", "x"])
def test_other_urls_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"broker|name"):
        parse_broker_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "mqtt://bob:secret", "mqtt://bob:secret@host:99999", "mqtt:bob:secret@host", "mqtt://bob:sec#ret@host", "http://bob:secret@host",
        "mqtt://bob:secret host", "mqtt://bob/secret$@host", "bob:secret", "mqtt://bob:secret@",
    ],
)  # fmt: skip
def test_a_broken_url_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"broker|topics") as refused:
        parse_broker_url(url)
    assert "secret" not in str(refused.value)
    assert "bob" not in str(refused.value)
