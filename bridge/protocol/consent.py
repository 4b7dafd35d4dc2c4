"""Whether somebody who is to be told wants to be, and how much may be told before that is known. Pure.

A sender on this machine that names no other port shows by its address who it is. Any other reply address (a port that was
named, a sender on another machine, whose address may be forged) is sent a number, and what it may be told until the number
comes back is bounded by what was sent to us, as in RFC 9000, section 8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from bridge.clock import Seconds
from bridge.protocol.clients import MAX_SENDERS, Address

RESERVED = 128
"""Bytes that are kept for the notice that answers were left out."""
MAX_UNASKED = 512 + RESERVED
"""Bytes that an address may be told at once before it has confirmed; the welcome is some 220."""
UNASKED_RATE = 64.0
"""Bytes a second for which an unconfirmed address may be answered, beside as many as were received for it."""
LISTENING = Seconds(10)
"""Time since its last packet for which an unconfirmed sender on another machine is told news, within the same bytes."""


def nonce(secret: bytes, sender: Address, reply_address: Address) -> int:
    """Return the number, of 31 bits, that shows that whoever listens at an address and a sender belong together."""
    pair = f"{sender[0]} {sender[1]} {reply_address[0]} {reply_address[1]}".encode()
    return int.from_bytes(blake2b(pair, key=secret, digest_size=4).digest(), "big") >> 1


def confirmed_by(secret: bytes, number: int, pairs: Iterable[tuple[Address, Address]]) -> Address | None:
    """Return the sender of the pair (sender, reply address) that a number confirms, None if it confirms none."""
    return next((sender for sender, reply in pairs if nonce(secret, sender, reply) == number), None)


@dataclass(slots=True)
class Allowances:
    """What unconfirmed addresses may still be told, in bytes. `key` is an address here, a host elsewhere: its ports are one."""

    _left: dict[object, tuple[Seconds, float]] = field(default_factory=dict)

    def received(self, key: object, size: int, now: Seconds) -> None:
        """Add the bytes of a packet that was received from or for an address."""
        self._set(key, self._now(key, now) + size, now)

    def may_send(self, key: object, size: int, now: Seconds, reserved: int = RESERVED) -> bool:
        """Take the bytes of a message; return False if they are not left, beside those that are `reserved`."""
        left = self._now(key, now)
        if size > left - reserved:
            return False
        self._set(key, left - size, now)
        return True

    def _now(self, key: object, now: Seconds) -> float:
        at, left = self._left.get(key, (now, float(MAX_UNASKED)))
        return min(float(MAX_UNASKED), left + UNASKED_RATE * max(0.0, now - at))

    def _set(self, key: object, left: float, now: Seconds) -> None:
        if key not in self._left and len(self._left) >= MAX_SENDERS:
            del self._left[min(self._left, key=lambda k: self._left[k][0])]
        self._left[key] = now, min(left, float(MAX_UNASKED))
