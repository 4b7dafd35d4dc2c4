"""What the owner asked of `llmball serve`. Frozen; read once."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from bridge.account import Account

Network = IPv4Network | IPv6Network
SYNCS = ("internal", "clock", "link", "host")
"""Who may lead the time."""


@dataclass(frozen=True, slots=True)
class Config:
    """The daemon's options; their meanings and defaults are the contract's (`llmball serve --help`).

    `output` None is a virtual port where a MIDI system exists, else ./llmball.mid.
    """

    output: str | None = None
    backend: str = "auto"
    per_part: bool = False
    input: str | None = None
    sync: str = "internal"
    port_name: str = "LLMBall"
    osc_host: str = "127.0.0.1"
    osc_port: int = 7411
    http: tuple[str, int] | None = None
    token: str | None = None
    zeroconf: bool = False
    play: str | None = None
    allow: tuple[Network, ...] = ()
    encoder: Path | None = None
    engine: str = "auto"
    trace: Path | None = None
    set_file: Path | None = None
    browse: bool = False
    mqtt: Account | None = None
