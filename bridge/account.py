"""Which MQTT broker, and who we are there: a URL and the environment → a frozen value."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Account:
    """Where a broker is and who we are there. `name` is the URL's path: what follows `llmball/` in the topics."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    name: str = ""
    authorities: str | None = None


def account(url: str) -> Account:
    """Read `mqtt[s]://[user[:password]@]host[:port][/NAME]`; the environment has what the URL does not say.

    LLMBALL_MQTT_USER, LLMBALL_MQTT_PASSWORD, and LLMBALL_MQTT_CA: a file of certificates to trust. Raises ValueError.
    """
    law = f"a broker is such as mqtt://HOST:1883/NAME or mqtts://HOST, not {url.rpartition('@')[2]}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(law) from error
    name = unquote(parts.path).strip("/")
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(law)
    if any(c in "/+#$" or not c.isprintable() for c in name):
        raise ValueError(f"a name in topics has none of / + # $, not {name!r}")
    tls = parts.scheme == "mqtts"
    env = os.environ
    return Account(
        parts.hostname,
        port or (8883 if tls else 1883),
        tls,
        unquote(parts.username) if parts.username else env.get("LLMBALL_MQTT_USER"),
        unquote(parts.password) if parts.password else env.get("LLMBALL_MQTT_PASSWORD"),
        name,
        env.get("LLMBALL_MQTT_CA"),
    )
