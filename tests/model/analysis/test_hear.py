"""The process that hears a sound: stdin to JSON."""

from __future__ import annotations

import io
import json
import sys

import pytest

from model.analysis.voice import Sung, transcribed
from model.processes import hear


class Pipe:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_what_was_heard_is_told_in_quarter_notes() -> None:
    notes = [Sung(0.25 + i * 0.5, 0.7 + i * 0.5, 60 + step) for i, step in enumerate((0, 2, 4, 5, 7))]
    told = json.loads(json.dumps(hear.to_json(transcribed(notes, tempo=120))))
    assert [row[:2] for row in told["notes"]] == [[60, 0.0], [62, 1.0], [64, 2.0], [65, 3.0], [67, 4.0]]
    assert (told["tempo"], told["meter"], told["key"], told["beats"]) == (120, "4/4", "C major", 8.0)
    assert "notes" in told["told"]


@pytest.mark.parametrize(("there", "code", "reason"), [(False, 3, "pip install"), (True, 2, "no .wav file")])
def test_what_cannot_be_heard_has_its_exit_code(
    there: bool, code: int, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hear, "is_there", lambda: there)
    monkeypatch.setattr(sys, "stdin", Pipe(b"MThd"))
    assert hear.main([]) == code
    assert reason in capsys.readouterr().err
