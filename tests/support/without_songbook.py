"""A fixture for tests of what the decoder draws by itself: the songbook's bars are not there."""

from __future__ import annotations

import pytest

from model.generation import examples


@pytest.fixture
def without_songbook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the songbook's bars away for one test."""
    monkeypatch.setattr(examples, "nearest", lambda *_: ())
