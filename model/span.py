"""Where in a text something was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Span(Generic[T]):
    """A value read from a text, and where it stands."""

    value: T
    start: int
    end: int
