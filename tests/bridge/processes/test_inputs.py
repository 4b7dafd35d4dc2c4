"""Several inputs: each in a process of its own, and what clients are told when one opens, is lost, or hears badly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

from bridge.clock import Seconds
from bridge.midi.input_ports import InputConfig
from bridge.midi.output_ports import OutputConfig
from bridge.midi.protocol import InputHealth, MidiReceived, PortLost, Ready
from bridge.processes.child_processes import ChildConfig, ChildProcesses
from bridge.processes.supervisor import Supervisor
from bridge.protocol.events import Publish

INPUTS = (InputConfig("Keys", "jack", "LLMBall"), InputConfig("audio", "jack", "LLMBall", 2))


def never(connection: Connection, *_: object) -> None:
    """Stand for a child that is not started here."""
    raise AssertionError


def with_children(steps: Callable[[ChildProcesses], None]) -> None:
    async def run() -> None:
        output = OutputConfig("none", "auto", per_part=False, port_name="LLMBall", parts=(), trace=None)
        supervisor = Supervisor(lambda *_: None, lambda _: None, lambda _: None)
        steps(ChildProcesses(ChildConfig(never, output, INPUTS), supervisor, lambda _: None))

    asyncio.run(run())


def test_all_inputs_are_waited_for_and_each_is_told_by_its_number() -> None:
    def steps(children: ChildProcesses) -> None:
        assert children.on_message("input", Ready("jack:keys", False)) == Publish("input", (1, "jack:keys", "open"))
        assert children.readiness.is_ready("input")
        assert not children.readiness.is_ready("input 2")
        told = children.on_message("input 2", Ready("jack:system:capture_1", False))
        assert told == Publish("input", (2, "jack:system:capture_1", "open"))

    with_children(steps)


def test_an_input_that_is_lost_is_told_and_the_other_goes_on() -> None:
    def steps(children: ChildProcesses) -> None:
        for name in ("input", "input 2"):
            children.on_message(name, Ready(name, False))
        assert children.on_message("input 2", PortLost("unplugged")) == Publish("input", (2, "audio", "lost"))
        played = MidiReceived(Seconds(1.0), b"\x90\x3c\x40")
        assert children.on_message("input", played) == played
        assert children.on_message("input 2", Ready("input 2", False)) == Publish("input", (2, "input 2", "open"))
        assert children.input_lost("input") == Publish("input", (1, "Keys", "lost")), "its process ended"
        assert children.input_lost("player") is None

    with_children(steps)


def test_the_latency_of_sound_is_told_and_logged_once_gaps_each_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "llmball")

    def steps(children: ChildProcesses) -> None:
        told = [
            children.on_message("input 2", InputHealth(latency, gaps, 5 * gaps))
            for latency, gaps in ((165.0, 0), (170.0, 0), (168.0, 1), (169.0, 3))
        ]
        assert told[0] == Publish("input/latency", (2, 165.0, 0, 0))
        assert told[-1] == Publish("input/latency", (2, 169.0, 3, 15))

    with_children(steps)
    assert [r.message for r in caplog.records] == [
        "the input 2 knows a note 165 ms after it began",
        "the input 2 has 1 gaps in its sound by now, 5 ms in all",
        "the input 2 has 3 gaps in its sound by now, 15 ms in all",
    ]
