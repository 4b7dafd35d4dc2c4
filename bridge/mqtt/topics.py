"""OSC addresses as MQTT topics: `llmball/NAME/tempo` is `/llmball/tempo`. Pure; owned by the MQTT server.

A payload is one number or text, or a JSON array of several; an empty one queries. Values of controls and of the state are
retained by the broker, for clients that subscribe later.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator

from bridge.errors import BadRequest
from bridge.mqtt.client import MqttMessage
from bridge.protocol.addresses import COMMANDS, OUTGOING
from bridge.protocol.controls import ALIASES, CONTROL_PATHS, CONTROLS, ROOT, Value, current_path
from bridge.protocol.osc import Message
from bridge.protocol.requests import is_encodable

MAX_PAYLOAD = 1 << 16
"""Bytes of a payload that is read as a value of a topic of ours."""
MAX_RECEIVED = 2 * MAX_PAYLOAD
"""Bytes of a payload that a broker may send: what is too long by less is refused in words. A worker's beat is far shorter."""
QOS_0_PATHS = frozenset({"note", "cancelled", "beat", "chord", "health"})
"""Paths published with QoS 0, because they are sent so often that a lost message is soon replaced. All others use QoS 1."""


TOLD_PATHS = frozenset({"online", *(entry.path for entry in OUTGOING)}) - {*COMMANDS, *CONTROL_PATHS}
"""Paths that only bridges publish: what comes there is another bridge's word, and never answered."""


def is_retained(path: str) -> bool:
    """Return True if the broker retains the last message of a path."""
    if path == "understood/overruled":
        return False  # one message for each overruled fact: the last says nothing of the others
    return path in CONTROL_PATHS or path in ("state", "take", "morph") or path.startswith("understood/")


def encode_payload(args: tuple[Value, ...]) -> bytes:
    """Return arguments as a payload that `decode_payload` reads back."""
    if len(args) == 1:
        value = args[0]
        plain = value if isinstance(value, str) else json.dumps(value)
        if plain and plain == plain.strip() and decode_payload(plain.encode("utf-8", "replace")) == args:
            return plain.encode()
    return json.dumps(list(args), ensure_ascii=False).encode("utf-8", "replace")


def decode_payload(data: bytes) -> tuple[Value, ...]:
    """Return a payload's arguments. Raises ValueError."""
    if len(data) > MAX_PAYLOAD:
        raise ValueError(f"a payload has {MAX_PAYLOAD} bytes at most, not {len(data)}")
    try:
        text = data.decode().strip()
    except UnicodeDecodeError as error:
        raise ValueError("a payload is UTF-8 text") from error
    if not text:
        return ()
    try:
        data_read = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)  # plain text
    values = data_read if isinstance(data_read, list) else [data_read]
    if not all(_is_value(v) for v in values):
        raise ValueError("a payload is a number, text, or a JSON array of those")
    return tuple(values)


def _is_value(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    return is_encodable(value) if isinstance(value, str) else abs(value) < 2**63 and math.isfinite(value)


class TopicMirror:
    """The topics of one daemon and what was published at them. `query` gives the value of a control."""

    def __init__(self, name: str, query: Callable[[str], tuple[Value, ...]]) -> None:
        self.root = f"llmball/{name}/"
        self._query = query
        self._published: dict[str, bytes] = {}

    @property
    def will(self) -> MqttMessage:
        """The message that the broker publishes when the connection is lost."""
        return MqttMessage(self.root + "online", b"0", 1, retain=True)

    def parse(self, message: MqttMessage) -> Message:
        """Return an MQTT message as an OSC message. Raises BadRequest."""
        address = ROOT + message.topic.removeprefix(self.root)
        try:
            return Message(address, decode_payload(message.payload))
        except ValueError as error:
            raise BadRequest(address, str(error)) from error

    def message_for(self, path: str, args: tuple[Value, ...]) -> MqttMessage:
        """Return the MQTT message of a path and its arguments."""
        retained = is_retained(path)
        message = MqttMessage(self.root + path, encode_payload(args), 0 if path in QOS_0_PATHS else 1, retained)
        if retained:
            self._published[path] = message.payload
        return message

    def changed_controls(self) -> Iterator[MqttMessage]:
        """Yield messages of the controls whose values differ from those last published."""
        for path in CONTROL_PATHS:
            args = self._query(current_path(path))
            if self._published.get(path) != encode_payload(args):
                yield self.message_for(path, args)

    def all_retained(self) -> Iterator[MqttMessage]:
        """Yield all retained messages, for a broker that was just reached."""
        yield MqttMessage(self.root + "online", b"1", 1, retain=True)
        other_values = {path: data for path, data in self._published.items() if path not in CONTROL_PATHS}
        for path in CONTROL_PATHS:
            yield self.message_for(path, self._query(current_path(path)))
        for path, data in other_values.items():
            yield MqttMessage(self.root + path, data, 1, retain=True)


def mqtt_reference() -> str:
    """Return docs/mqtt.md."""
    lines = [
        "# MQTT",
        "",
        "Printed from the table in `bridge/protocol/addresses.py` by `python -m bridge.mqtt.topics`; a test holds them equal.",
        "",
        "`llmball serve --mqtt mqtt://HOST:1883/NAME` mirrors the OSC table ([osc.md](osc.md)): `llmball/NAME/tempo` is",
        "`/llmball/tempo`, with the same checks. NAME is the MIDI port's name unless the URL gives one. `mqtts://` is TLS.",
        "User and password come in the URL or, unseen by other users of the machine, in LLMBALL_MQTT_USER and",
        "LLMBALL_MQTT_PASSWORD; LLMBALL_MQTT_CA names a file of certificates to trust. MQTT 5.",
        "",
        "- **Payloads**: one number or text as it stands (`96`, `F minor`); several as a JSON array (`[\"a\", \"b\", 0.5]`);",
        "  an empty one asks, or has no arguments. 65,536 bytes at most.",
        "- **Controls** are set at the topic that shows them. The value is retained: after a refused one the real value is",
        "  there again. A command that the broker retained is not carried out when we connect.",
        "- **One name, one LLMBall.** Each asks for half a second before it publishes. A second one at the same broker and name",
        "  writes over nothing: it says so in its log and keeps silent until the first is gone; give it a NAME of its own.",
        "  A name that the broker remembers of one that was killed is free after three seconds. What LLMBalls publish has the",
        "  user property `llmball`, and is no command.",
        "- **`llmball/NAME/online`** is `1`, and `0` by the last will. `llmball/NAME/error` has `[address, reason]`.",
        "- A broker that is away or comes back disturbs nothing: it is tried again after 0.5 to 30 seconds, and then",
        "  everything that is retained is told anew. With `--mqtt`, prompts and notes leave this machine.",
        "",
        "Try it: `mosquitto_sub -t 'llmball/#' -v` and `mosquitto_pub -t llmball/LLMBall/prompt -m 'calm jazz in F'`,",
        "then `mosquitto_pub -t llmball/LLMBall/play -n`.",
        "",
        "## Commands (to us; subscribed with QoS 2)",
        "",
        "| topic | arguments | does |",
        "|---|---|---|",
        *(f"| `llmball/NAME/{c.path}` | {c.args} | {c.description} |" for c in COMMANDS.values()),
        "",
        "## Controls (to us and from us; QoS 1, retained)",
        "",
        "| topic | type | range | default | means |",
        "|---|---|---|---|---|",
        *(
            f"| `llmball/NAME/{c.path}` | {c.kind} | {c.range_text.replace('|', chr(92) + '|')} | {c.default} | {c.description} |"
            for c in CONTROLS.values()
        ),
        *(f"| `llmball/NAME/{old}` | | | | old name of `{path}`, set and shown too |" for old, path in ALIASES.items()),
        "",
        "## Told (from us)",
        "",
        "| topic | arguments | QoS | retained | when |",
        "|---|---|---|---|---|",
        "| `llmball/NAME/online` | 1 or 0 | 1 | yes | connected; the last will says 0 |",
        *(
            f"| `llmball/NAME/{c.path}` | {c.args} | {0 if c.path in QOS_0_PATHS else 1} | {'yes' if is_retained(c.path) else ''} | {c.description} |"
            for c in OUTGOING
        ),
        "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    print(mqtt_reference(), end="")
