"""Errors caused by clients and by the owner of the machine.

    BadRequest    by a client: it is sent to /llmball/error, nothing changes, the daemon continues
    OwnerError    by the owner: one line with the remedy on stderr, exit code 2

Any other exception is a bug in LLMBall.
"""

from __future__ import annotations


class BadRequest(ValueError):
    """A message from a client that cannot be executed: its address, and the reason."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")
        self.address, self.reason = address, reason


class OwnerError(Exception):
    """A problem that only the owner of the machine can solve; the message is one line with the remedy."""
