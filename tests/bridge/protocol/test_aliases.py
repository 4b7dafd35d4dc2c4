"""An old address is read, answered and shown wherever the new one is."""

from __future__ import annotations

import json

import pytest

from bridge.errors import BadRequest
from bridge.http.websocket import LISTENABLE
from bridge.mqtt.client import MqttMessage
from bridge.mqtt.topics import TopicMirror
from bridge.protocol.controls import ALIASES, CONTROLS, ROOT, Value, current_path, defaults
from bridge.protocol.dispatch import Dispatcher
from bridge.protocol.events import ControlSet
from bridge.protocol.midi_learn import MidiBinding, MidiLearn
from bridge.protocol.osc import Message
from bridge.protocol.requests import Query, parse_request
from bridge.storage import kept_takes
from bridge.storage.sets import from_toml

OLD = [pytest.param(old, path, id=old) for old, path in ALIASES.items()]


@pytest.mark.parametrize(("old", "path"), OLD)
def test_an_old_address_sets_the_control_and_names_itself_where_it_is_refused(old: str, path: str) -> None:
    value = CONTROLS[path].high
    assert parse_request(Message(ROOT + old, (value,))) == ControlSet(path, value)
    with pytest.raises(BadRequest) as refused:
        parse_request(Message(ROOT + old, (value + 1,)))
    assert refused.value.address == ROOT + old


@pytest.mark.parametrize(("old", "path"), OLD)
def test_a_question_at_an_old_address_is_answered_there(old: str, path: str) -> None:
    settings, told = defaults(), list[tuple[Value, ...]]()
    dispatcher = Dispatcher(lambda _: None, lambda at: (settings[at],), lambda: "idle", lambda _, __, ___: None)
    request = parse_request(Message(ROOT + old, ()))
    assert isinstance(request, Query)
    dispatcher.handle(request, ("127.0.0.1", 1), lambda *answer: told.append(answer))
    assert told == [(old, settings[path])]


@pytest.mark.parametrize(("old", "path"), OLD)
def test_an_old_topic_shows_the_control_too(old: str, path: str) -> None:
    settings = defaults()
    mirror = TopicMirror("x", lambda at: (settings[at],))
    list(mirror.changed_controls())
    settings[path] = CONTROLS[path].high
    shown = {m.topic for m in mirror.changed_controls()}
    assert shown == {f"llmball/x/{path}", f"llmball/x/{old}"}
    message = mirror.parse(MqttMessage(f"llmball/x/{old}", b"0.5"))
    assert parse_request(message) == ControlSet(path, 0.5)
    assert ROOT + old in LISTENABLE


def test_a_set_and_a_pad_may_name_an_old_address() -> None:
    read = from_toml('[controls]\nquantise = 0.5\n[pads]\n"cc 1 20" = "quantise"\n')
    assert read.controls["tightness"] == 0.5
    assert "quantise" not in read.controls
    assert "tightness" in read.to_toml()
    pads = MidiLearn({MidiBinding("cc", 1, 20): "quantise"})
    [message] = pads.receive_midi(bytes((0xB0, 20, 127)))[1]
    assert parse_request(message) == ControlSet("tightness", 1.0)


def test_a_kept_take_of_an_older_version_has_its_controls_under_their_new_names() -> None:
    song = {
        "bars": [[0, "4/4"]],
        "end": 1920,
        "tempos": [[0, 90]],
        "key": "C major",
        "notes": [],
        "chords": [],
        "programs": [],
    }
    bar = {"take": "1", "prompt": "rain", "seed": 1, "refined": "", "controls": {"quantise": 1.0}}
    data = {"song": song, "bars": [bar], "controls": {"quantise": 0.5, "tempo": 90.0}, "weights": "x"}
    kept = kept_takes.from_json(json.dumps(data))
    assert dict(kept.controls) == {"tightness": 0.5, "tempo": 90.0}
    assert dict(kept.bars[0].controls) == {"tightness": 1.0}


def test_no_old_address_is_a_new_one_too() -> None:
    assert not ALIASES.keys() & CONTROLS.keys()
    assert all(current_path(path) == path for path in ALIASES.values())
