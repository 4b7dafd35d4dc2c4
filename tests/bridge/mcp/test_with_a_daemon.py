"""The tools at a real daemon: what they ask is played, what is refused is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.mcp.stage import StageError
from bridge.mcp.toolkit import Hands, Refused, converted
from bridge.runtime.daemon import Daemon
from tests.bridge.mcp.test_tools import ROWS
from tests.model.drafts.test_drafts import GROOVE
from tests.support.chat.stages import staged


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))


async def call(hands: Hands, tool: str, /, **arguments: object) -> str:
    row = ROWS[tool]
    return await row.run(hands, converted(row, arguments))


async def heard(hands: Hands, path: str, *args: object) -> list[Any]:
    while True:
        line = await hands.stage.hear(path, 20.0)
        assert line is not None, path
        if tuple(line[1 : 1 + len(args)]) == args:
            return line


def test_a_band_is_prompted_changed_and_composed_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def steps(hands: Hands, daemon: Daemon) -> None:
        with pytest.raises(StageError, match="there is nothing to play yet"):
            await call(hands, "play")
        with pytest.raises(StageError, match="no bar can be counted: play first"):
            await call(hands, "part", parts=["drums"], plays=False, in_bars=4)
        assert "take 1 plays: 240 bpm, C major, 4/4" in await call(hands, "prompt", text="anything")
        bar = hands.stage.place()[0]
        told = await call(hands, "part", parts=["drums"], plays=False, in_bars=2)
        assert told.startswith(f"planned for bar {bar + 2}")
        assert f"planned: bar {bar + 2}: part/drums/enabled 0" in await call(hands, "state")
        await heard(hands, "beat", bar + 2, 1)
        assert hands.stage.value("part/drums/enabled") == 0
        assert "parts that sound: chords, melody, bass\n" in await call(hands, "state")
        assert (
            await call(hands, "set_controls", values={"quantize": "beat", "tempo": "200"})
            == "set: quantize beat, tempo 200.0"
        )
        assert "fill enters" in await call(hands, "cue", section="fill")
        told = await call(hands, "score_play", text="title Mine\ntempo 200\n" + GROOVE)
        assert "take 2 plays: 200 bpm" in told
        assert "Mine: 2 bars of 4/4" in told
        assert "parts that sound: chords, bass\n" in await call(hands, "state")  # the drums are muted
        with pytest.raises(StageError, match="only an ending can be cued"):
            await call(hands, "cue", section="fill")
        assert "comes back" in await call(hands, "takes", action="launch", id="1")
        await heard(hands, "take", "1")
        assert "take 2: Mine" in await call(hands, "takes", action="list")
        assert (await call(hands, "takes", action="keep", bars=1)).startswith("kept as ")
        assert "kept " in await call(hands, "takes", action="list")
        assert await call(hands, "stop") == "stopped"
        await heard(hands, "state", "idle") if hands.stage.is_playing else None

    staged(tmp_path, capsys, steps)


def test_the_bank_holds_prompts_and_pieces_and_a_lost_connection_is_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def steps(hands: Hands, daemon: Daemon) -> None:
        assert await call(hands, "bank", action="list") == "the bank is empty"
        with pytest.raises(Refused, match="slot 3 is empty"):
            await call(hands, "bank", action="launch", slot=3)
        await call(hands, "bank", action="store", slot=3, prompt="warm house")
        assert "slot 4 holds 'gold tooth'" in await call(hands, "bank", action="store", slot=4, piece="gold tooth")
        with pytest.raises(Refused, match="no piece of the songbook"):
            await call(hands, "bank", action="store", slot=5, piece="nothing of this name")
        assert await call(hands, "bank", action="list") == "3: warm house\n4: Gold Tooth"
        assert "take 1 plays" in await call(hands, "bank", action="launch", slot=4)
        assert "(in place of 'warm house')" in await call(hands, "bank", action="store", slot=3, prompt="cold house")
        refused = await asyncio.gather(call(hands, "takes", action="launch", id="99"), return_exceptions=True)
        assert "there is no take '99'" in str(refused[0])

        # the connection is lost, and made anew
        await call(hands, "set_controls", values={"energy": 0.5})
        assert hands.stage._ws is not None
        await hands.stage._ws.close()
        assert "energy 0.5" in await call(hands, "state")
        assert await hands.stage.start() == "it runs already"

    staged(tmp_path, capsys, steps)
