"""Errors by whose fault they are.

    BadRequest    a client's: it is told at /llmball/error, nothing changes, the daemon carries on
    OwnerError    the owner's: one line with the remedy on stderr, exit code 2

Whatever else is raised is a bug of ours.
"""

from __future__ import annotations


class BadRequest(ValueError):
    """A message from a client that cannot be carried out: which address, and why."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")
        self.address, self.reason = address, reason


class OwnerError(Exception):
    """Something that only the owner of the machine can mend; the message is one line and says how."""
