"""What the tests have in common: real programs, fakes of ours, generators of examples."""

from __future__ import annotations

import os


def tried(usual: int) -> int:
    """Return on how many examples a law is tried that otherwise has so many: LLMBALL_EXAMPLES of a hundred."""
    return max(5, usual * int(os.environ.get("LLMBALL_EXAMPLES", "100")) // 100)
