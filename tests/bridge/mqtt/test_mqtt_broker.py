"""The MQTT door at a real broker, with mosquitto's own clients' library on the other side."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import CallbackAPIVersion, Client, MQTTMessage, MQTTv5

from bridge.config import BrokerAccount
from bridge.mqtt.server import MqttServer
from bridge.protocol.controls import defaults
from bridge.protocol.dispatch import Dispatcher
from tests.support.brokers import Mosquitto, mosquitto
from tests.support.real_programs import Daemon, until

pytestmark = pytest.mark.timeout(90)

Start = Callable[..., Daemon]
PROMPT = "upbeat pop in C major, 140 bpm"


class Listener:
    """A client of the broker: `last` has the newest payload by topic, `count` how many came."""

    def __init__(self, port: int, known_by: Callable[[Client], object] = lambda client: None) -> None:
        self.last: dict[str, str] = {}
        self.count: dict[str, int] = {}
        self._lock = threading.Lock()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        self._client.on_message = self._came
        self._client.on_connect = lambda client, *_: client.subscribe("llmball/#", 1)
        self._client.reconnect_delay_set(1, 1)
        known_by(self._client)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _came(self, client: Client, data: object, message: MQTTMessage) -> None:
        with self._lock:
            path = message.topic.removeprefix("llmball/")
            self.last[path] = message.payload.decode()
            self.count[path] = self.count.get(path, 0) + 1

    def say(self, path: str, payload: str = "", retain: bool = False) -> None:
        self._client.publish(f"llmball/{path}", payload, 1, retain)

    def hears(self, path: str, payload: str, seconds: float = 10) -> bool:
        return until(lambda: self.last.get(path) == payload, seconds)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listen() -> Iterator[Callable[[int], Listener]]:
    opened: list[Listener] = []

    def begun(port: int) -> Listener:
        opened.append(Listener(port))
        return opened[-1]

    yield begun
    for one in opened:
        one.close()


def test_a_prompt_over_mqtt_plays_and_what_is_told_is_mirrored(
    broker: Mosquitto, listen: Callable[[int], Listener], daemon: Start
) -> None:
    ear = listen(broker.port)
    started = daemon("--output", "none", "--mqtt", broker.url + "/stage")
    assert ear.hears("stage/online", "1")
    assert ear.hears("stage/tempo", "0.0")
    ear.say("stage/prompt", PROMPT)
    ear.say("stage/play")
    assert ear.hears("stage/state", "playing")
    assert ear.hears("stage/understood/key", "C major")
    assert until(lambda: ear.count.get("stage/note", 0) > 4, 10)
    assert len(json.loads(ear.last["stage/note"])) == 6
    ear.say("stage/tempo", "96")
    assert ear.hears("stage/tempo", "96.0")
    ear.say("stage/tempo", "9600")
    assert until(lambda: "stage/error" in ear.last, 5)
    assert json.loads(ear.last["stage/error"])[0] == "/llmball/tempo"
    assert ear.hears("stage/tempo", "96.0"), "what is retained is the real value again"
    late = listen(broker.port)
    assert late.hears("stage/state", "playing"), "retained for whoever comes later"
    assert late.hears("stage/tempo", "96.0")
    assert "stage/note" not in late.last or late.count["stage/note"] < ear.count["stage/note"]
    assert started.stop() == 0
    assert ear.hears("stage/online", "0")


def test_a_killed_daemon_is_offline_by_its_last_will(
    broker: Mosquitto, listen: Callable[[int], Listener], daemon: Start
) -> None:
    ear = listen(broker.port)
    started = daemon("--output", "none", "--mqtt", broker.url, "--port-name", "Left")
    assert ear.hears("Left/online", "1")
    started.process.kill()
    assert ear.hears("Left/online", "0")


def test_a_broker_lost_and_found_again_is_told_the_state_and_the_music_goes_on(
    broker: Mosquitto, listen: Callable[[int], Listener], daemon: Start, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    ear = listen(broker.port)
    options = ("--output", "none", "--mqtt", broker.url + "/a", "--play", PROMPT, "--trace", str(trace))
    started = daemon(*options)
    assert ear.hears("a/state", "playing")
    assert until(lambda: ear.count.get("a/beat", 0) > 2, 10)
    ear.say("a/tempo", "150")
    assert ear.hears("a/tempo", "150.0")
    broker.stop()
    lines = len(trace.read_text().splitlines())
    time.sleep(1.5)  # real seconds of music without a broker
    assert len(trace.read_text().splitlines()) > lines, "the music goes on"
    broker.start()
    again = listen(broker.port)
    assert again.hears("a/state", "playing", 20)
    assert again.hears("a/tempo", "150.0")
    assert again.hears("a/online", "1")
    assert until(lambda: again.count.get("a/beat", 0) > 2, 10)
    assert started.stop() == 0
    assert "Traceback" not in started.log.read_text()


def test_a_broker_that_was_never_there_costs_one_line(daemon: Start) -> None:
    started = daemon("--output", "none", "--mqtt", "mqtt://127.0.0.1:1/x", "--play", PROMPT)
    assert until(lambda: "no broker at 127.0.0.1:1" in started.log.read_text(), 5)
    time.sleep(1.5)  # over a second attempt
    assert started.log.read_text().count("no broker") == 1
    assert started.stop() == 0


def passwords(folder: Path, needs: Callable[[str, str], str]) -> tuple[str, ...]:
    """Return the settings of a broker that knows ann by her password, "s:cret"."""
    file = folder / "passwords"
    subprocess.run(
        [needs("mosquitto_passwd", "mosquitto"), "-b", "-c", str(file), "ann", "s:cret"],
        check=True, capture_output=True,
    )  # fmt: skip
    return "allow_anonymous false", f"password_file {file}"


def certified(folder: Path, needs: Callable[[str, str], str]) -> tuple[Path, tuple[str, ...]]:
    """Make a certificate of our own; return it, and the settings of a broker that shows it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [needs("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "1", "-subj", "/CN=broker", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, (f"certfile {certificate}", f"keyfile {key}")


def test_a_broker_that_wants_a_password_gets_the_environments(
    tmp_path: Path, needs: Callable[[str, str], str], daemon: Start
) -> None:
    known = passwords(tmp_path, needs)
    with mosquitto(tmp_path, known) as closed:
        ear = Listener(closed.port, lambda client: client.username_pw_set("ann", "s:cret"))
        for password, comes_in in (("wrong", False), ("s:cret", True)):
            env = {"LLMBALL_MQTT_USER": "ann", "LLMBALL_MQTT_PASSWORD": password}
            started = daemon("--output", "none", "--mqtt", closed.url + "/x", env=env)
            if comes_in:
                assert ear.hears("x/online", "1")
            else:
                assert until(lambda at=started: "no broker at" in at.log.read_text(), 10)  # type: ignore[misc]
                assert ear.last == {}
            assert password not in started.log.read_text()
            assert started.stop() == 0
        ear.close()


def test_over_tls_the_brokers_certificate_must_be_one_that_is_trusted(
    tmp_path: Path, needs: Callable[[str, str], str], daemon: Start
) -> None:
    known = passwords(tmp_path, needs)
    certificate, shown = certified(tmp_path, needs)
    with mosquitto(tmp_path, (*known, *shown)) as closed:

        def known_by(client: Client) -> None:
            client.tls_set(str(certificate))
            client.username_pw_set("ann", "s:cret")

        ear = Listener(closed.port, known_by)
        url = f"mqtts://ann:s%3Acret@127.0.0.1:{closed.port}/x"
        stranger = daemon("--output", "none", "--mqtt", url)
        assert until(lambda: "certificate verify failed" in stranger.log.read_text(), 10)
        assert ear.last == {}
        assert stranger.stop() == 0
        trusting = daemon("--output", "none", "--mqtt", url, env={"LLMBALL_MQTT_CA": str(certificate)})
        assert ear.hears("x/online", "1")
        ear.say("x/tempo", "96")
        assert ear.hears("x/tempo", "96.0")
        assert trusting.stop() == 0
        assert ear.hears("x/online", "0")
        ear.close()


class Bridge:
    """A server of ours at the broker, whose tempo is told; it holds nothing else."""

    def __init__(self, broker: Mosquitto, tempo: float) -> None:
        values = defaults() | {"tempo": tempo}
        self.events: list[object] = []
        dispatcher = Dispatcher(self.events.append, lambda path: (values[path],), lambda: "idle", lambda *_: None)
        self.server = MqttServer(BrokerAccount("127.0.0.1", broker.port), "Stage", dispatcher, None)


def test_a_second_of_a_name_writes_over_nothing_and_has_it_when_the_first_is_gone(
    broker: Mosquitto, listen: Callable[[int], Listener], caplog: pytest.LogCaptureFixture
) -> None:
    ear = listen(broker.port)

    async def meet() -> None:
        async def hears(path: str, payload: str) -> bool:
            return await asyncio.to_thread(ear.hears, path, payload)

        first = Bridge(broker, 96.0)
        assert await hears("Stage/tempo", "96.0")
        assert await hears("Stage/state", "idle")
        second = Bridge(broker, 150.0)
        assert await asyncio.to_thread(until, lambda: "another LLMBall has the name 'Stage'" in caplog.text, 10)
        second.server.publish("take", ("seven",))
        first.server.publish("take", ("one",))
        assert await hears("Stage/take", "one")
        assert (ear.count["Stage/tempo"], ear.count["Stage/take"]) == (1, 1), "nothing is written over"
        await asyncio.to_thread(first.server.close)
        assert await hears("Stage/tempo", "150.0")
        assert await hears("Stage/online", "1")
        await asyncio.to_thread(second.server.close)
        assert await hears("Stage/online", "0")

    with caplog.at_level("WARNING"):
        asyncio.run(meet())


def test_a_name_that_the_broker_remembers_of_one_that_is_gone_is_taken_and_what_was_said_meanwhile_is_done(
    broker: Mosquitto, listen: Callable[[int], Listener]
) -> None:
    ear = listen(broker.port)
    ear.say("Stage/online", "1", retain=True)
    assert ear.hears("Stage/online", "1")

    async def come() -> None:
        bridge = Bridge(broker, 96.0)
        assert await asyncio.to_thread(ear.hears, "Stage/online/ask", "1")
        ear.say("Stage/prompt", "calm pop")
        assert await asyncio.to_thread(ear.hears, "Stage/tempo", "96.0")
        assert await asyncio.to_thread(until, lambda: "calm pop" in str(bridge.events), 10)
        await asyncio.to_thread(bridge.server.close)

    asyncio.run(come())
