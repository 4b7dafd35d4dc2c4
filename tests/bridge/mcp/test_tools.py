"""The tools of the MCP server, called as the server calls them, without the SDK."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.mcp import band, clips, commands, scores
from bridge.mcp.later import Later, Planned
from bridge.mcp.library import ClipError, Library
from bridge.mcp.stage import Stage, StageError
from bridge.mcp.toolkit import Hands, Refused, ToolRow, converted
from bridge.protocol.controls import ROOT
from bridge.storage.home import data_folder
from model.music import midifile
from tests.model.drafts.test_drafts import GROOVE
from tests.support.chat import raw_mcp_client

ROWS = {row.name: row for row in (*band.ROWS, *scores.ROWS, *clips.ROWS)}
NOBODY = f"http://{raw_mcp_client.NOBODY}"
"""Where no daemon listens."""


def call(hands: Hands, tool: str, /, **arguments: object) -> str:
    row = ROWS[tool]
    return asyncio.run(row.run(hands, converted(row, arguments)))


@pytest.fixture
def hands(tmp_path: Path) -> Hands:
    return Hands(Stage(NOBODY), Library(tmp_path / "clips"))


# arguments


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_tools_schema_is_one_object_that_takes_nothing_else(row: ToolRow) -> None:
    schema = row.schema()
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert "$ref" not in json.dumps(schema)
    assert set(schema["required"]) <= set(schema["properties"])
    assert not (row.reads and row.destroys)


def test_wrong_arguments_are_named() -> None:
    for arguments, words in (
        ({}, "prompt: Object missing required field `text`; it takes text, in_bars"),
        ({"text": "x", "tempo": 3}, "unknown field `tempo`"),
        ({"text": 3}, "Expected `str`, got `int` - at `$.text`"),
        ({"text": "x", "in_bars": 65}, "Expected `int` <= 64 - at `$.in_bars`"),
    ):
        with pytest.raises(Refused, match=r".*") as refused:
            converted(ROWS["prompt"], arguments)
        assert words in str(refused.value)


def test_only_the_server_imports_the_sdk() -> None:
    importing = re.compile(r"^\s*(?:from|import) (?:mcp|mcp_types|uvicorn|starlette|pydantic|anyio)\b", re.MULTILINE)
    sources = Path(__file__).parents[3].glob("[bm][ro][id]*/**/*.py")
    assert [path.name for path in sources if importing.search(path.read_text(encoding="utf-8"))] == ["server.py"]


# without a daemon


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("state", {}), ("play", {}), ("stop", {}), ("prompt", {"text": "house"}), ("refine", {"text": "darker"}), ("back", {}),
        ("morph", {"a": "house", "b": "waltz"}), ("controls", {}), ("set_controls", {"values": {"tempo": 90}}),
        ("part", {"parts": ["drums"], "plays": False}), ("cue", {"section": "fill"}), ("bank", {"action": "list"}), ("takes", {"action": "list"}),
        ("score_play", {"text": GROOVE}),
    ],
)  # fmt: skip
def test_what_needs_the_band_says_how_it_is_started(hands: Hands, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(StageError, match=r"no LLMBall answers at .*: call the tool `start`, or run `llmball serve`"):
        call(hands, name, **arguments)


def test_what_is_wrong_is_refused_before_a_daemon_is_asked(hands: Hands) -> None:
    for name, arguments, words in (
        ("set_controls", {"values": {"temop": 90}}, "no control is called 'temop'"),
        ("set_controls", {"values": {"tempo": 900}}, "tempo is 20..300, or 0, not 900"),
        ("part", {"parts": ["drums"]}, "say what changes"),
        ("score_play", {}, "either a text of the notation or the name of a piece"),
        ("score_play", {"piece": "no such thing"}, "no piece of the songbook"),
        ("score_play", {"text": GROOVE.replace("1: Eb2:16", "1: Eb2:15")}, "15 units, not 16"),
        ("songbook", {"style": "polka of the moon"}, "the songbook has no style"),
        ("explain", {}, "either a clip or a piece"),
    ):
        with pytest.raises(Refused, match=r".*") as refused:
            call(hands, name, **arguments)
        assert words in str(refused.value), name


def test_notation_is_checked_and_praised(hands: Hands) -> None:
    assert "no fault. Untitled: 2 bars of 4/4" in call(hands, "score_check", text=GROOVE)
    assert "voicings of Ebm9, Ab13" in call(hands, "score_check", text=GROOVE)
    with pytest.raises(
        Refused, match=r"1 faults; mend them and send the whole text again:\n1\. .*E over|bass begins Ebm9 with E"
    ):
        call(hands, "score_check", text=GROOVE.replace("Eb2", "E2"))
    assert "written:" in call(hands, "score_clip", text=GROOVE.replace("Eb2", "E2"), name="odd", anyway=True)


def test_the_songbook_is_listed_and_shown(hands: Hands) -> None:
    assert "dub techno: " in call(hands, "songbook")
    [first, *_] = call(hands, "songbook", style="Dub-Techno").splitlines()
    assert call(hands, "songbook", piece=first.split(":")[0]).startswith("title ")
    assert "section" in call(hands, "score_guide")


# clips, and approval


def test_a_clip_with_notes_is_written_over_only_after_approval(hands: Hands) -> None:
    assert call(hands, "score_clip", text=GROOVE, name="verse").startswith("written: ")
    path = hands.library.path("verse")
    before = path.read_bytes()
    told = call(hands, "score_clip", text=GROOVE.replace("2: Ab1:16", "2: Ab1:8 C2:8"), name="verse")
    assert told.startswith("NOT written yet")
    assert "bass: 1 added, 1 louder, softer, longer or shorter, 1 stay" in told
    assert path.read_bytes() == before
    assert "change-1: waits for approval, over verse" in call(hands, "clips")
    assert call(hands, "write_clip", change="change-1").startswith("written: ")
    assert len([n for n in midifile.read(path).notes if n.part == "bass"]) == 3
    with pytest.raises(ClipError, match="no change 'change-1' waits"):
        call(hands, "write_clip", change="change-1")


def test_a_clip_that_changed_meanwhile_is_not_written_over(hands: Hands) -> None:
    call(hands, "score_clip", text=GROOVE, name="verse")
    call(hands, "score_clip", text=GROOVE.replace("Ab1", "Eb1"), name="verse", anyway=True)
    hands.library.path("verse").write_bytes(b"somebody else's")
    with pytest.raises(ClipError, match="has changed since that was shown"):
        call(hands, "write_clip", change="change-1")
    assert hands.library.path("verse").read_bytes() == b"somebody else's"


def test_the_same_notes_are_not_written_again_and_a_names_path_is_refused(hands: Hands) -> None:
    call(hands, "score_clip", text=GROOVE, name="a")
    assert "holds these notes already" in call(hands, "score_clip", text=GROOVE, name="a.mid")
    for name in ("../a", "/etc/a", "a/b", ".hidden", "..", "a\0b"):
        with pytest.raises(ClipError, match="is no name of a clip"):
            call(hands, "score_clip", text=GROOVE, name=name)
    assert hands.library.names() == ["a"]


def test_a_kept_take_is_read_as_a_clip_and_never_written_over(
    hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "home"))
    call(hands, "score_clip", text=GROOVE, name="a")
    kept = data_folder() / "takes" / "20261130-120000.mid"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(hands.library.path("a").read_bytes())
    assert "Eb minor" in call(hands, "explain", clip="20261130-120000")
    before = kept.read_bytes()
    assert call(hands, "refine_clip", clip="20261130-120000", words="an octave higher", name="b").startswith(
        "written: "
    )
    assert call(hands, "refine_clip", clip="20261130-120000", words="louder").startswith("written: ")
    assert set(hands.library.names()) == {"a", "b", "20261130-120000"}
    assert kept.read_bytes() == before
    with pytest.raises(Refused, match="there is no clip"):
        call(hands, "explain", clip="20261130-130000")


def test_a_change_of_chords_is_told_by_their_names(hands: Hands) -> None:
    call(hands, "score_clip", text=GROOVE, name="verse")
    told = call(hands, "score_clip", text=GROOVE.replace("Ab13", "Abm9"), name="verse", anyway=True)
    assert "chords: Ebm9 | Abm9\nbefore: Ebm9 | Ab13\n" in told


def test_a_clip_is_explained(hands: Hands) -> None:
    call(hands, "score_clip", text=GROOVE, name="a")
    assert "Eb minor" in call(hands, "explain", clip="a")
    assert "bass   |=...............|" in call(hands, "clips", name="a")
    with pytest.raises(Refused, match="there is no clip 'b'; there are a"):
        call(hands, "explain", clip="b")


def test_commands_are_ended_when_a_call_is_cancelled() -> None:
    async def cancelled() -> None:
        before = psutil.Process().children()
        task = asyncio.create_task(commands.run(["understand", "--", "house"]))
        while not (children := [c for c in psutil.Process().children() if c not in before]):
            await asyncio.wait([task], timeout=0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)

    asyncio.run(cancelled())


def test_a_refused_command_says_its_own_sentence() -> None:
    with pytest.raises(commands.CommandError, match="there is no file"):
        asyncio.run(commands.run(["explain", "--", "nothing.mid"]))
    for text in ("\0", "\ud800"):
        with pytest.raises(commands.CommandError):
            asyncio.run(commands.run(["understand", "--", text]))


# later bars


def test_what_is_planned_is_sent_as_its_bar_comes() -> None:
    sent: list[str] = []
    later = Later()

    def noted(words: str) -> Callable[[], None]:
        return lambda: sent.append(words)

    later.add(Planned(4, "drums", noted("drums"), takes_a_bar=False))
    later.add(Planned(4, "prompt", noted("prompt"), takes_a_bar=True))
    assert later.words() == "bar 4: drums; bar 4: prompt"
    for bar, beat, then in (
        (2, 4, []),
        (3, 1, ["prompt"]),
        (3, 3, ["prompt"]),
        (3, 4, ["prompt", "drums"]),
        (4, 1, ["prompt", "drums"]),
    ):
        later.on_beat(bar, beat, 4)
        assert sent == then


def test_what_was_missed_is_sent_at_the_next_beat() -> None:
    sent: list[int] = []
    later = Later([Planned(4, "x", lambda: sent.append(1), takes_a_bar=False)])
    later.on_beat(7, 2, 4)
    assert sent == [1]


# whatever comes


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(ROWS)), st.data())
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_arguments_are_converted_or_refused(name: str, data: st.DataObject) -> None:
    row = ROWS[name]
    known = st.sampled_from([*row.arguments.__struct_fields__, "other"])
    given_ = data.draw(st.dictionaries(known, ANYTHING, max_size=3))
    try:
        said = f"{name}: {converted(row, given_)}"
    except Refused as refused:
        said = str(refused)
    assert said.startswith(f"{name}: ")


def test_a_lost_connection_is_told_to_whoever_waits() -> None:
    async def lost() -> None:
        stage = Stage(NOBODY)

        class Ended:
            def __aiter__(self) -> Ended:
                return self

            async def __anext__(self) -> object:
                raise StopAsyncIteration

        waiting = stage._expect(lambda line: line[0] == f"{ROOT}pong")
        await stage._read(Ended())  # type: ignore[arg-type]
        with pytest.raises(StageError, match="lost: try again"):
            await waiting

    asyncio.run(lost())
