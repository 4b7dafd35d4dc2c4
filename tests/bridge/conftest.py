"""Real programs that tests of several folders begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import Mosquitto, mosquitto
from tests.support.real_programs import MissingToolError


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    try:
        with mosquitto(tmp_path) as running:
            yield running
    except MissingToolError as missing:
        pytest.skip(str(missing))
