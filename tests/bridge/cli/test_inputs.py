"""`serve --input`, once or several times: which ports are opened, and what is refused in one line."""

from __future__ import annotations

import pytest

from bridge.__main__ import config, main
from bridge.cli.arguments import parser
from bridge.cli.serve import inputs
from bridge.config import MAX_INPUTS, Config
from bridge.errors import OwnerError
from bridge.midi.input_ports import InputConfig


@pytest.fixture(autouse=True)
def _everything_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.midi.input_ports.find_backend", lambda _: "jack")
    monkeypatch.setattr("bridge.midi.audio_input.check_possible", lambda *, is_answered: None)


def opened(*words: str) -> list[tuple[str, int]]:
    given = config(parser("serve").parse_args(["serve", *words]))
    return [(one.input, one.number) for one in inputs(given)]


def test_each_input_is_a_player_in_the_order_of_the_options() -> None:
    assert opened() == []
    assert opened("--input", "Keys") == [("Keys", 1)]
    assert opened("--input", "Keys", "--input", "audio:capture_2") == [("Keys", 1), ("audio:capture_2", 2)]
    assert opened("--input", "virtual", "--input", "virtual") == [("virtual", 1), ("virtual", 2)]
    assert opened("--input", "") == [("virtual", 1)]


def test_a_clock_comes_in_by_a_midi_port() -> None:
    assert opened("--sync", "clock") == [("virtual", 1)]
    assert opened("--sync", "clock", "--input", "Keys") == [("Keys", 1)]
    assert opened("--sync", "clock", "--input", "audio") == [("audio", 1), ("virtual", 2)]


def test_ports_of_one_daemon_have_names_of_their_own() -> None:
    first, second = inputs(Config(input=("virtual", "virtual")))
    assert (first.suffix, second.suffix) == ("", " 2")
    assert InputConfig("audio", "jack", "LLMBall").is_sound
    assert not InputConfig("Audiobox MIDI", "jack", "LLMBall").is_sound


@pytest.mark.parametrize(
    ("names", "reason"),
    [(("Keys", "Keys"), "twice"), (tuple(f"Keys {i}" for i in range(MAX_INPUTS + 1)), "at most")],
)
def test_inputs_that_cannot_be_opened_together_are_refused(names: tuple[str, ...], reason: str) -> None:
    with pytest.raises(OwnerError, match=reason):
        inputs(Config(input=names))


def test_sound_without_the_extra_is_one_line_with_the_remedy_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*, is_answered: bool) -> None:
        raise OwnerError("--input audio takes the extra: pip install 'llmball[voice]'")

    monkeypatch.setattr("bridge.midi.audio_input.check_possible", refused)
    assert main(["serve", "--output", "none", "--input", "audio"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said == ["llmball serve: --input audio takes the extra: pip install 'llmball[voice]'"]
