"""The shell on real parts of ours: real UDP on loopback, real child processes, no MIDI system."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bridge.config import Config
from bridge.errors import OwnerError
from bridge.midi.input_ports import InputConfig
from bridge.midi.output_ports import OutputConfig
from bridge.midi.protocol import Ready
from bridge.processes.child_processes import ChildConfig
from bridge.protocol import osc
from bridge.protocol.osc import Message
from bridge.runtime.daemon import Daemon
from bridge.storage import home
from model.generation.bias_weights import shipped
from model.music import midifile
from tests.support import generators

PATIENCE = 20.0  # seconds: a bound for a crowded machine, never waited for


class Client(asyncio.DatagramProtocol):
    """Sends to the daemon and reads what comes back."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Message] = asyncio.Queue()

    transport: asyncio.DatagramTransport

    def datagram_received(self, data: bytes, addr: object) -> None:
        for message in osc.parse(data):
            assert isinstance(message, Message)
            self.heard.put_nowait(message)

    def send(self, path: str, *args: int | float | str) -> None:
        self.transport.sendto(osc.encode(f"/llmball/{path}", args))

    async def until(self, path: str, *args: object) -> Message:
        """Return the next message of an address (with these first arguments)."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self.heard.get()
                if message.address == f"/llmball/{path}" and message.args[: len(args)] == args:
                    return message


def listening(connection: Connection, config: InputConfig, *_: object) -> None:
    """Stand for an input process whose port is open."""
    connection.send(Ready(config.input, realtime=False))
    connection.recv()


def run(
    tmp_path: Path,
    steps: Callable[[Client, Daemon], Awaitable[None]],
    capsys: pytest.CaptureFixture[str],
    inputs: tuple[InputConfig, ...] = (),
) -> str:
    """Run a daemon, do the steps as a registered client, stop it by a signal; return what it printed."""

    async def performance() -> None:
        config = Config(output=f"record:{tmp_path / 'out.mid'}", osc=("127.0.0.1", 0))
        ports = OutputConfig(config.output, "auto", per_part=False, port_name="LLMBall", parts=("chords",), trace=None)
        daemon = Daemon(config, ChildConfig(generators.plain, ports, inputs, run_input=listening))
        serving = asyncio.create_task(daemon.run())
        async with asyncio.timeout(PATIENCE):
            while not (ready := capsys.readouterr().out):
                assert not serving.done(), serving
                await asyncio.wait([serving], timeout=0.01)
        printed.append(ready)
        port = int(ready.split("osc=127.0.0.1:")[1].split()[0])
        loop = asyncio.get_running_loop()
        transport, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
        client.transport = transport
        client.send("hello")
        await client.until("welcome")
        try:
            await steps(client, daemon)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
            transport.close()

    printed: list[str] = []
    asyncio.run(performance())
    return printed[0]


def test_a_prompt_is_played_told_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("prompt", "rain", "on", "the roof")
        await client.until("state", "waiting")
        assert (await client.until("understood/tempo")).args == (240.0,)
        client.send("play")
        await client.until("note", "1")
        await client.until("beat", 3, 1)
        client.send("stop")
        await client.until("cancelled", "1")
        await client.until("state", "idle")

    ready = run(tmp_path, steps, capsys)
    assert ready == f"ready osc=127.0.0.1:{ready.split(':')[1].split()[0]} midi=file:{tmp_path / 'out.mid'} http=none\n"
    song = midifile.read(tmp_path / "out.mid")
    assert song.end >= 2 * 1920
    assert song.end % 1920 == 0
    assert {n.part for n in song.notes} == {"chords", "bass", "melody", "drums"}


def test_what_is_liked_is_kept_at_home_and_an_unkept_taste_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("morph", "rain", "snow", 0.25)
        client.send("morph")
        assert (await client.until("morph")).args == ("rain", "snow", 0.25)
        client.send("play")
        await client.until("take", "1")
        client.send("like")
        client.send("ping", 1)
        await client.until("pong", 1)
        assert home.read_taste() != shipped()
        kept.unlink()
        kept.mkdir()
        client.send("taste/reset")
        client.send("ping", 2)
        await client.until("pong", 2)

    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    kept = tmp_path / "home" / "taste.json"
    run(tmp_path, steps, capsys)
    assert kept.is_dir()


def test_questions_and_mistakes_are_answered_to_the_asker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("ping", 7)
        assert (await client.until("pong")).args == (7,)
        client.send("tempo")
        assert (await client.until("tempo")).args == (0.0,)
        client.send("tempo", 500)
        assert (await client.until("error")).args[0] == "/llmball/tempo"
        client.send("play")
        assert (await client.until("error")).args[0] == "/llmball/play"
        client.transport.sendto(b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc")
        await client.until("error")
        client.send("tempo")
        assert (await client.until("tempo")).args == (0.0,)
        client.send("bye")
        client.send("prompt", "rain")
        client.send("ping", 8)
        await client.until("pong", 8)
        assert client.heard.empty()

    run(tmp_path, steps, capsys)


def test_the_band_outlives_its_generator_and_its_player(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("prompt", "rain")
        client.send("play")
        await client.until("take", "1")
        assert daemon.pids["generator"] is not None
        os.kill(daemon.pids["generator"], signal.SIGKILL)
        await client.until("take", "1")  # it comes again, from its beginning
        assert daemon.pids["player"] is not None
        os.kill(daemon.pids["player"], signal.SIGKILL)
        await client.until("beat", 8)
        health = await client.until("health")
        assert isinstance(health.args[2], int)

    run(tmp_path, steps, capsys)


def test_clients_are_told_when_the_process_of_an_input_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = (InputConfig("Keys", "jack", "LLMBall"), InputConfig("Pads", "jack", "LLMBall", 2))

    async def steps(client: Client, daemon: Daemon) -> None:
        for one in inputs:
            pid = daemon.pids[f"input{one.suffix}"]
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            assert (await client.until("input", one.number)).args[1:] == (one.input, "lost")

    run(tmp_path, steps, capsys, inputs)


def test_a_take_that_cannot_be_written_is_told_and_the_next_one_plays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def steps(client: Client, daemon: Daemon) -> None:
        client.send("prompt", "fail")
        assert (await client.until("error")).args[0] == "/llmball/prompt"
        client.send("prompt", "rain")
        client.send("play")
        await client.until("take", "2")

    run(tmp_path, steps, capsys)


def test_a_taken_port_and_missing_weights_are_the_owners_to_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = OutputConfig("none", "auto", per_part=False, port_name="LLMBall", parts=("chords",), trace=None)

    async def second(port: int) -> None:
        with pytest.raises(OwnerError, match="--osc 127"):
            await Daemon(Config(output="none", osc=("127.0.0.1", port)), ChildConfig(generators.plain, ports)).run()

    async def steps(client: Client, daemon: Daemon) -> None:
        await second(client.transport.get_extra_info("peername")[1])

    run(tmp_path, steps, capsys)

    async def without_weights() -> None:
        with pytest.raises(OwnerError, match="no weights"):
            await Daemon(Config(output="none", osc=("127.0.0.1", 0)), ChildConfig(generators.refusing, ports)).run()

    asyncio.run(without_weights())
