"""`llmball serve`: opens the ports that the options name, as far as this machine has them, then runs the daemon."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from bridge.config import MAX_INPUTS, Config
from bridge.errors import OwnerError
from bridge.midi.input_ports import InputConfig, resolved_input
from bridge.midi.output_ports import OutputConfig, first_words, resolved_output
from bridge.processes.child_processes import ChildConfig
from bridge.processes.supervisor import ChildProcess
from bridge.runtime.daemon import Daemon
from bridge.runtime.fault_log import limited_lines
from bridge.session.sync_sources import SOURCES
from model.music.notes import PARTS


def run(config: Config, generator: Callable[..., None], started_generator: ChildProcess) -> int:
    """Serve until a signal; return the exit code. `generator` runs in `started_generator`, and in its successors. Raises OwnerError."""
    logging.basicConfig(level=logging.INFO, format="llmball: %(message)s", stream=sys.stderr)
    with limited_lines():
        return _run(config, generator, started_generator)


def _run(config: Config, generator: Callable[..., None], started_generator: ChildProcess) -> int:
    asked = OutputConfig(
        config.output, config.backend, config.ports == "per-part", config.port_name, PARTS, config.trace
    )
    ports = resolved_output(asked)
    sys.stdout.write(first_words(asked, ports))
    if ports.output is not None and ports.output.startswith("record:"):
        folder = Path(ports.output.removeprefix("record:")).absolute().parent
        if not folder.is_dir():
            raise OwnerError(
                f"there is no folder {folder} to record into: make it, or choose another --output record:FILE"
            )
    if config.composer is not None and not config.composer.is_here and not config.composer_elsewhere:
        raise OwnerError(
            f"{config.composer.url} is not this machine: prompts would leave it; add --composer-elsewhere if they may"
        )
    if config.trace is not None:
        try:
            config.trace.write_text("")  # the players of one run append to it
        except OSError as refused:
            raise OwnerError(
                f"{config.trace} cannot be written ({refused.strerror}): choose another --trace"
            ) from refused

    children = ChildConfig(generator, ports, inputs(config), config.encoder, started_generator)

    async def serve() -> None:
        await Daemon(config, children).run()

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve())
    return 0


def inputs(config: Config) -> tuple[InputConfig, ...]:
    """Return the inputs that are opened: those of `--input`, and one for a MIDI clock. Raises OwnerError."""
    wanted = tuple(name or "virtual" for name in config.input)
    needs_midi = SOURCES[config.sync].needs_midi_input
    asked = [InputConfig(name, config.backend, config.port_name, i) for i, name in enumerate(wanted, 1)]
    if needs_midi and all(one.is_sound for one in asked):
        asked.append(InputConfig("virtual", config.backend, config.port_name, len(asked) + 1))
    if len(asked) > MAX_INPUTS:
        raise OwnerError(f"there are {len(asked)} inputs: {MAX_INPUTS} at most")
    if len(twice := {name for name in wanted if name != "virtual" and wanted.count(name) > 1}):
        raise OwnerError(f"--input {min(twice)} is there twice: each player has an input of its own")
    return tuple(map(resolved_input, asked))
