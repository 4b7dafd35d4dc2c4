"""A daemon that plays over JACK to an independent receiver, and a client that is told everything."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.client import Client
from tests import rig


@contextmanager
def stage(*options: str) -> Iterator[tuple[rig.Daemon, rig.Receiver, Client]]:
    """Yield daemon, receiver and client; all of them are gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = rig.built_recorder(folder)
        with (
            rig.jack(f"llmball-bench-{os.getpid()}") as env,
            rig.daemon("--backend", "jack", *options, env=env, folder=folder) as daemon,
            rig.receiver(program, daemon.jack_port, env) as receiver,
        ):
            client = Client(daemon.osc)
            try:
                yield daemon, receiver, client
            finally:
                client.close()
