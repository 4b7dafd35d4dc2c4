"""A language model composes beside the band: what it writes enters when it is right, and whatever fails is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from bridge.__main__ import main
from bridge.composer.chat import Chat, ChatError
from bridge.composer.composer import Composer
from bridge.composer.growth import complete_bars, may_enter, spoken
from bridge.composer.messages import bars_wanted, first_messages, header
from bridge.config import ComposerAccount, parse_composer_url
from bridge.protocol.events import PlayRequested, PromptRequested, ScoreGrown, ScoreLaunchRequested
from bridge.takes.takes import Take
from model.drafts.check import checked
from model.generation.messages import Begin
from model.music.plan import Controls, Plan
from model.music.score import Score
from tests.support.chat.chat_server import NONSENSE, RIGHT, WRONG, Answer, chat_server, garbage, gone, saying
from tests.support.chat.raw_mcp_client import NOBODY
from tests.support.virtual_band import Rig, latencies

PLAN = Plan(tempo=120.0, key="C major", meter="4/4", bars=4, style=(("house", 1.0),), parts=("bass", "drums", "melody"))


def take(number: int, prompt: str = "a groove", plan: Plan | None = PLAN, score: Score | None = None) -> Take:
    made = Take(Begin(number, prompt, Controls(), 1), score=score)
    made.first_plan = plan
    return made


def composed(
    *answers: Answer, silence: float = 5.0
) -> tuple[list[ScoreLaunchRequested | ScoreGrown], list[str], list[dict[str, object]]]:
    """Return what is submitted and told for one take, and what was asked."""
    events: list[ScoreLaunchRequested | ScoreGrown] = []
    told: list[str] = []

    async def compose() -> list[dict[str, object]]:
        async with chat_server(*answers) as server:
            composer = Composer(Chat(server.account, silence), events.append, told.append)
            composer.follow(take(1))
            assert composer._task is not None
            await composer._task
            return server.asked

    asked = asyncio.run(compose())
    return events, told, asked


# the text while it is written


def test_every_beginning_of_a_text_is_whole_bars_without_a_fault() -> None:
    before = 0
    for end in range(0, len(RIGHT) + 1, 7):
        whole = complete_bars(RIGHT[:end])
        if whole:
            verdict = checked(whole)
            assert verdict.errors == ()
            assert verdict.piece is not None
            assert verdict.piece.bars >= before
            before = verdict.piece.bars
    assert before == 3


def test_a_section_that_is_written_part_by_part_is_complete_with_the_next() -> None:
    first = "section A 2\nharmony\nC | F\nbass\n1: C2:16\n2: F1:16\n"
    assert complete_bars(first + "section B 4\nharmony\nC") == first
    assert complete_bars(first) == ""


def test_thoughts_are_not_music() -> None:
    assert complete_bars("<think>section A 1\nharmony 1: C\nharmony 2: C\n") == ""
    assert spoken("<think>hm</think>\nsection A 4\n") == "\nsection A 4\n"


def test_bars_enter_when_they_last_until_the_rest_is_written() -> None:
    for written, seconds, enters in (
        (0, 1.0, False),
        (1, 1.0, False),
        (2, 4.0, False),
        (4, 8.0, True),
        (4, 16.0, False),
        (6, 36.0, True),
        (8, 500.0, True),
    ):
        assert may_enter(written, 8, seconds, 2.0) is enters, (written, seconds)


# what is asked


def test_the_header_says_what_was_understood_and_the_guide_is_told() -> None:
    lines = header(PLAN, "a groove; please")
    assert lines == {
        "title": "a groove please",
        "tempo": "120",
        "key": "C major",
        "meter": "4/4",
        "ends": "loop",
        "style": "house",
    }
    assert checked(RIGHT, lines).errors == ()
    system, user = first_messages("a groove", PLAN, lines)
    assert "# Writing music as text" in system["content"]
    assert "Write `section A 4` for: a groove" in user["content"]
    assert user["content"].count("style house") == 3
    assert len(system["content"]) + len(user["content"]) < 20_000


@pytest.mark.parametrize("key", ["F# phrygian dominant", "C [0,2,4,7,9]", "Eb minor", "D hijaz"])
def test_any_key_that_is_understood_is_one_that_can_be_written(key: str) -> None:
    lines = header(Plan(key=key, tempo=10.0), "x")
    assert not [e for e in checked("section A 1\nharmony\nNC\nmelody\n1: C5:1 .:15\n", lines).errors if "header" in e]


def test_so_many_bars_are_asked_for_as_the_words_say() -> None:
    assert [bars_wanted(Plan(bars=bars)) for bars in (None, 1, 8, 64)] == [8, 4, 8, 16]


# what becomes of answers


def test_a_right_answer_enters_and_grows() -> None:
    events, told, asked = composed(saying(RIGHT))
    assert isinstance(events[0], ScoreLaunchRequested)
    assert all(isinstance(event, ScoreGrown) for event in events[1:])
    assert events[-1].score.beats[-1].bar == 3
    assert {event.score.name for event in events} == {"composed-1"}
    assert all(event.score.loops for event in events)
    assert told[-1] == "plays: 4 bars"
    assert (asked[0]["model"], asked[0]["stream"]) == ("tiny", True)


def test_faults_are_sent_back_and_mended() -> None:
    events, told, asked = composed(saying(WRONG), saying(RIGHT))
    messages = asked[1]["messages"]
    assert isinstance(messages, list)
    assert "bass 3: D2:12 A1:3` structure: 15 units, not 16" in messages[-1]["content"]
    assert told[-1] == "plays: 4 bars, after 1 of 2 mendings"
    assert events[-1].score.beats[-1].bar == 3


def test_after_two_mendings_what_is_right_goes_round() -> None:
    events, told, asked = composed(saying(WRONG), saying(WRONG), saying(WRONG), saying(RIGHT))
    assert len(asked) == 3
    assert told[-1].startswith("faults remain: line ")
    assert told[-1].endswith("the 2 bars that are right go round")
    assert events[-1].score.beats[-1].bar == 1


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ((), "it answered 503 'loading'; the band goes on"),
        ((saying(NONSENSE),) * 3, "there is no `section NAME BARS`"),
        ((saying("section A 4\nharmony 1: C\n", whole=False),), "its answer was cut off; the band goes on"),
        ((garbage,), "what it answered is not understood"),
        ((gone,), "cannot be reached, or has gone"),
    ],
)
def test_what_fails_is_told_and_the_band_goes_on(answers: Sequence[Answer], words: str) -> None:
    events, told, _ = composed(*answers)
    assert words in told[-1]
    assert [event.score.loops for event in events] == [True] * len(events)


def test_an_answer_that_is_cut_off_plays_the_bars_that_are_there() -> None:
    events, told, _ = composed(saying(RIGHT.partition("harmony 4")[0] + "harmony 4: G13\n", whole=False))
    assert told[-1] == "its answer was cut off; the 3 bars that are right go round"
    assert events[-1].score.beats[-1].bar == 2


def test_a_silent_server_is_given_up() -> None:
    async def never(number: int) -> None:
        await asyncio.Event().wait()

    events, told, _ = composed(saying(RIGHT, never), silence=0.2)
    assert "was silent for too long; the band goes on" in told[-1]
    assert events == []


def test_another_prompt_ends_the_composing() -> None:
    events: list[ScoreLaunchRequested | ScoreGrown] = []
    told: list[str] = []

    async def steps() -> None:
        started = asyncio.Event()

        async def waits(number: int) -> None:
            started.set()
            await asyncio.Event().wait()

        async with chat_server(saying(RIGHT, waits), saying(RIGHT)) as server:
            composer = Composer(Chat(server.account), events.append, told.append)
            composer.follow(take(1))
            await started.wait()
            composer.follow(take(2, plan=None))
            assert composer._task is None
            composer.follow(take(2))
            assert composer._task is not None
            await composer._task
            composer.follow(take(3, score=events[-1].score))
            assert composer.name == "composed-2"

    asyncio.run(steps())
    assert {event.score.name for event in events} == {"composed-2"}


def test_a_plain_answer_is_read_too() -> None:
    from aiohttp import web

    async def steps() -> str:
        async def completions(request: web.Request) -> web.Response:
            return web.json_response({"choices": [{"message": {"content": RIGHT}}]})

        app = web.Application()
        app.router.add_post("/v1/chat/completions", completions)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            chat = Chat(ComposerAccount(f"http://127.0.0.1:{runner.addresses[0][1]}/v1"))
            return "".join([piece async for piece in chat.ask([])])
        finally:
            await runner.cleanup()

    assert asyncio.run(steps()) == RIGHT


def test_nobody_at_the_url_is_told() -> None:
    async def ask() -> None:
        [_ async for _ in Chat(ComposerAccount(f"http://{NOBODY}/v1", "m")).ask([])]

    with pytest.raises(ChatError, match=rf"http://{NOBODY}/v1 cannot be reached"):
        asyncio.run(ask())


# the session


def test_there_is_never_a_bar_without_music_while_a_score_grows() -> None:
    rig = Rig(latencies(0, 0.01))
    rig.happen(PromptRequested("anything"))
    rig.happen(PlayRequested())
    rig.until(rig.now + 3)
    events, _, _ = composed(saying(RIGHT))
    for event in events:
        rig.happen(event)
        rig.until(rig.now + 3)
    rig.until(rig.now + 20)
    bars = {at // 1920 for at, _, _ in rig.sounded}
    assert bars == set(range(max(bars) + 1))
    assert len(bars) > 12
    assert rig.latest < 0.005


# the owner


def test_a_url_is_read_with_its_model() -> None:
    assert parse_composer_url("http://127.0.0.1:8080") == ComposerAccount("http://127.0.0.1:8080/v1")
    assert parse_composer_url("http://localhost:11434/v1/#qwen3:8b") == ComposerAccount(
        "http://localhost:11434/v1", "qwen3:8b"
    )
    assert [
        parse_composer_url(u).is_here
        for u in ("http://localhost:1", "http://[::1]:1", "http://192.168.1.4:1", "https://example.org")
    ] == [True, True, False, False]
    for wrong in ("127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://u:p@127.0.0.1", "http://127.0.0.1:x"):
        with pytest.raises(ValueError, match="a composer is such as"):
            parse_composer_url(wrong)


def test_a_composer_elsewhere_has_to_be_allowed(
    capsys: pytest.CaptureFixture[str], serve_refused: Callable[..., str]
) -> None:
    assert "prompts would leave it; add --composer-elsewhere" in serve_refused("--composer", "http://192.168.1.4:8080")


@pytest.fixture
def serve_refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*options: str) -> str:
        assert main(["serve", "--output", "none", "--http", "none", *options]) == 2
        return capsys.readouterr().err

    return run
