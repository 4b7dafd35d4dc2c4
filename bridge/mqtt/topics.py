"""The table of addresses as MQTT topics: `llmball/NAME/tempo` is `/llmball/tempo`. Pure; owned by the MQTT door.

A payload is one number or text as it stands, or a JSON array where there are several; empty asks. The values of the
controls and what is told of the state are retained: whoever comes later sees them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator

from bridge.errors import BadRequest
from bridge.mqtt.client import Parcel
from bridge.protocol.addresses import COMMANDS, TOLD
from bridge.protocol.controls import CONTROLS, ROOT, Value
from bridge.protocol.osc import Message
from bridge.protocol.requests import sayable

MOST_BYTES = 1 << 16
LIVELY = frozenset({"note", "cancelled", "beat", "chord", "health"})
"""Told so often that a lost one is made good by the next: QoS 0. The rest goes with QoS 1."""


def retained(path: str) -> bool:
    """Tell whether the broker keeps the last value of what is told."""
    if path == "understood/overruled":
        return False  # one for each fact that lost: the last says nothing of the others
    return path in CONTROLS or path in ("state", "take", "morph") or path.startswith("understood/")


def payload(args: tuple[Value, ...]) -> bytes:
    """Return arguments as a payload, which `arguments` reads back."""
    if len(args) == 1:
        value = args[0]
        plain = value if isinstance(value, str) else json.dumps(value)
        if plain and plain == plain.strip() and arguments(plain.encode("utf-8", "replace")) == args:
            return plain.encode()
    return json.dumps(list(args), ensure_ascii=False).encode("utf-8", "replace")


def arguments(data: bytes) -> tuple[Value, ...]:
    """Return a payload's arguments. Raises ValueError."""
    if len(data) > MOST_BYTES:
        raise ValueError(f"a payload has {MOST_BYTES} bytes at most, not {len(data)}")
    try:
        text = data.decode().strip()
    except UnicodeDecodeError as error:
        raise ValueError("a payload is UTF-8 text") from error
    if not text:
        return ()
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)  # plain words
    values = read if isinstance(read, list) else [read]
    if not all(_one(v) for v in values):
        raise ValueError("a payload is a number, text, or a JSON array of those")
    return tuple(values)


def _one(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    return sayable(value) if isinstance(value, str) else abs(value) < 2**63 and math.isfinite(value)


class Mirror:
    """What a broker shows of one bridge. `asked` gives the value of a control."""

    def __init__(self, name: str, asked: Callable[[str], tuple[Value, ...]]) -> None:
        self.root = f"llmball/{name}/"
        self._asked = asked
        self._shown: dict[str, bytes] = {}

    @property
    def will(self) -> Parcel:
        """What the broker tells of us when we are gone."""
        return Parcel(self.root + "online", b"0", 1, retain=True)

    def read(self, parcel: Parcel) -> Message:
        """Return the message that a parcel is. Raises BadRequest."""
        address = ROOT + parcel.topic.removeprefix(self.root)
        try:
            return Message(address, arguments(parcel.payload))
        except ValueError as error:
            raise BadRequest(address, str(error)) from error

    def told(self, path: str, args: tuple[Value, ...]) -> Parcel:
        """Return what is told, as a parcel."""
        kept = retained(path)
        parcel = Parcel(self.root + path, payload(args), 0 if path in LIVELY else 1, kept)
        if kept:
            self._shown[path] = parcel.payload
        return parcel

    def changed(self) -> Iterator[Parcel]:
        """Yield the controls whose values are others than those shown."""
        for path in CONTROLS:
            args = self._asked(path)
            if self._shown.get(path) != payload(args):
                yield self.told(path, args)

    def all(self) -> Iterator[Parcel]:
        """Yield everything that is retained, for a broker that has just been reached."""
        yield Parcel(self.root + "online", b"1", 1, retain=True)
        told = {path: data for path, data in self._shown.items() if path not in CONTROLS}
        for path in CONTROLS:
            yield self.told(path, self._asked(path))
        for path, data in told.items():
            yield Parcel(self.root + path, data, 1, retain=True)


def page() -> str:
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
        *(f"| `llmball/NAME/{c.path}` | {c.args} | {c.words} |" for c in COMMANDS.values()),
        "",
        "## Controls (to us and from us; QoS 1, retained)",
        "",
        "| topic | type | range | default | means |",
        "|---|---|---|---|---|",
        *(
            f"| `llmball/NAME/{c.path}` | {c.kind} | {c.range.replace('|', chr(92) + '|')} | {c.default} | {c.words} |"
            for c in CONTROLS.values()
        ),
        "",
        "## Told (from us)",
        "",
        "| topic | arguments | QoS | retained | when |",
        "|---|---|---|---|---|",
        "| `llmball/NAME/online` | 1 or 0 | 1 | yes | connected; the last will says 0 |",
        *(
            f"| `llmball/NAME/{c.path}` | {c.args} | {0 if c.path in LIVELY else 1} | {'yes' if retained(c.path) else ''} | {c.words} |"
            for c in TOLD
        ),
        "",
    ]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(), end="")
