"""The options of `llmball serve`, default addresses and the version. Frozen values."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

VERSION = "0.1.0"
"""The version of LLMBall; pyproject.toml reads it here."""


@dataclass(frozen=True, slots=True)
class BrokerAccount:
    """Address and login of a broker. `name` is the path of its URL: what follows `llmball/` in the topics."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    name: str = ""
    ca_file: str | None = None


def parse_broker_url(url: str) -> BrokerAccount:
    """Return the account of `mqtt[s]://[user[:password]@]host[:port][/NAME]`; environment variables fill in what it leaves out.

    LLMBALL_MQTT_USER, LLMBALL_MQTT_PASSWORD, and LLMBALL_MQTT_CA: a file of certificates to trust. Raises ValueError, which
    repeats nothing of the URL: wherever it is broken, a password may be in it.
    """
    syntax = "a broker is such as mqtt://HOST:1883/NAME or mqtts://HOST, and this is none"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(syntax) from error
    name = unquote(parts.path).strip("/")
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(syntax)
    if any(c in "/+#$@" or not c.isprintable() for c in name):  # with @ it is the rest of a password with a /
        raise ValueError("a name in topics has none of / + # $ @; in a password they are %2F, %2B, %23, %24, %40")
    tls = parts.scheme == "mqtts"
    env = os.environ
    return BrokerAccount(
        parts.hostname,
        port or (8883 if tls else 1883),
        tls,
        unquote(parts.username) if parts.username else env.get("LLMBALL_MQTT_USER"),
        unquote(parts.password) if parts.password else env.get("LLMBALL_MQTT_PASSWORD"),
        name,
        env.get("LLMBALL_MQTT_CA"),
    )


@dataclass(frozen=True, slots=True)
class ComposerAccount:
    """An OpenAI-compatible server (its URL up to /v1) and the model that is asked, "" for the first that it has."""

    url: str
    model: str = ""

    @property
    def is_here(self) -> bool:
        """True if it is on this machine."""
        host = urlsplit(self.url).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False


def parse_composer_url(url: str) -> ComposerAccount:
    """Return the account of `http://HOST:PORT[/v1][#MODEL]`. Raises ValueError, which repeats nothing of the URL."""
    syntax = "a composer is such as http://127.0.0.1:8080 or http://127.0.0.1:11434/v1#MODEL, and this is none"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(syntax) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or "@" in parts.netloc + parts.path:
        raise ValueError(syntax)
    return ComposerAccount(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or '/v1'}", unquote(parts.fragment))


Network = IPv4Network | IPv6Network
SYNC_SOURCES = ("internal", "clock", "link", "host")
"""The values of `serve --sync`; the classes are in `bridge.session.sync_sources`."""
BACKENDS = ("auto", "jack", "alsa", "coremidi", "winmm")
"""The values of `--backend`; `bridge.midi.backends` finds them."""
MAX_PORT = 65535
DEFAULT_OSC, DEFAULT_HTTP = ("127.0.0.1", 7411), ("127.0.0.1", 7410)
"""Addresses of the OSC socket and of the panel."""
MAX_INPUTS = 4
"""Inputs that are listened to at most: `serve --input`, several times."""


@dataclass(frozen=True, slots=True)
class Config:
    """The options of `llmball serve`, a field each, under the options' names (`llmball serve --help` says their meanings).

    `output` None is a virtual port where a MIDI system exists, else ./llmball.mid.
    """

    output: str | None = None
    backend: str = "auto"
    ports: str = "one"
    input: tuple[str, ...] = ()
    sync: str = "internal"
    port_name: str = "LLMBall"
    osc: tuple[str, int] = DEFAULT_OSC
    http: tuple[str, int] | None = None
    token: str | None = None
    zeroconf: bool = False
    play: str | None = None
    allow: tuple[Network, ...] = ()
    tell: tuple[tuple[str, int], ...] = ()
    encoder: Path | None = None
    engine: str = "auto"
    trace: Path | None = None
    set: Path | None = None
    browse: bool = False
    mqtt: BrokerAccount | None = None
    composer: ComposerAccount | None = None
    composer_elsewhere: bool = False
