"""OSC as hands send it: buttons, switches, words cut into atoms, patterns, limits that are told."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.protocol.addresses import BANK_SLOTS, COMMANDS
from bridge.protocol.controls import CONTROLS, ROOT
from bridge.protocol.events import ControlSet
from bridge.protocol.osc import MAX_MESSAGES, MAX_TAGS, Message, OscError, encode, parse
from bridge.protocol.patterns import MAX_MATCHES, WILDCARDS, expand
from bridge.protocol.requests import ButtonReleased, KeepRequested, Query, Request, SetRequested, parse_request

BUTTONS = [c.path for c in COMMANDS.values() if not c.args]


def ask(path: str, *args: object) -> Request:
    return parse_request(Message(ROOT + path, args))


def asked(path: str, *args: object) -> list[Request]:
    return [parse_request(m) for m in expand(Message(ROOT + path, args))]


def refusal(path: str, *args: object) -> str:
    with pytest.raises(BadRequest) as refused:
        asked(path, *args)
    return refused.value.reason


@pytest.mark.parametrize("path", BUTTONS)
def test_a_button_acts_when_it_is_pressed_and_does_nothing_when_it_is_let_go(path: str) -> None:
    acts = ask(path)
    assert acts != ButtonReleased()
    assert [ask(path, press) for press in (1.0, 1, 127, 0.3, True, None)] == [acts] * 6
    assert [ask(path, release) for release in (0.0, 0, False)] == [ButtonReleased()] * 3


def test_buttons_are_all_commands_without_arguments() -> None:
    assert {"play", "stop", "panic", "tap", "back", "like", "skip", "bye", "taste/reset"} <= set(BUTTONS)
    assert {f"bank/{n}/launch" for n in BANK_SLOTS} <= set(BUTTONS)


@pytest.mark.parametrize("args", [("now",), (1, 1), (-1.0,), (float("nan"),), (float("inf"),), (b"x",), ([1],)])
def test_a_button_takes_nothing_but_a_press_or_a_release(args: Sequence[object]) -> None:
    assert "a button's" in refusal("play", *args)


def test_a_button_may_keep_the_last_bars() -> None:
    assert ask("keep", True) == ask("keep") == KeepRequested(8)
    assert ask("keep", 4.0) == KeepRequested(4)
    assert ask("keep", 0.0) == ask("keep", False) == ButtonReleased()


@pytest.mark.parametrize("path", [c.path for c in CONTROLS.values() if c.kind != "s" and c.path != "swing_unit"])
def test_true_and_false_are_one_and_nought_where_a_control_takes_a_number(path: str) -> None:
    def answer(value: object) -> object:
        try:
            return ask(path, value)
        except BadRequest as refused:
            return refused.reason

    assert (answer(True), answer(False)) == (answer(1), answer(0))


def test_true_and_false_are_no_words() -> None:
    assert "takes a string" in refusal("key", True)


@pytest.mark.parametrize(
    ("path", "atoms", "value"),
    [
        ("chords", ("Am", "F", "C", "G"), "Am F C G"),
        ("chords", ("Dm7", "|", "G7", "|", "Cmaj7"), "Dm7 | G7 | Cmaj7"),
        ("chords", (1.0, 5.0, 6.0, 4.0), "1 5 6 4"),
        ("chords", (4536,), "4536"),
        ("key", ("E", "dorian"), "E dorian"),
        ("key", ("Bb", "minor"), "Bb minor"),
        ("meter", (3, 4), "3/4"),
        ("meter", (6.0, 8.0), "6/8"),
        ("meter", (7.0, "/", 8.0), "7/8"),
        ("meter", ("12/", 8), "12/8"),
        ("follow/mode", ("split", ":", 60), "split:60"),
        ("meter", ("7", "8"), "7/8"),
        ("drums/map", ("kick:36", "snare:38"), "kick:36,snare:38"),
        ("follow/mode", ("split", 60), "split:60"),
    ],
)
def test_words_that_were_cut_into_atoms_are_joined_to_one_value(path: str, atoms: Sequence[object], value: str) -> None:
    assert ask(path, *atoms) == ControlSet(path, value)


def test_names_may_have_numbers_in_them() -> None:
    assert ask("set/save", "friday", 2.0) == SetRequested("friday 2", save=True)


@given(st.sampled_from([c for c in CONTROLS.values() if c.choices and c.kind == "s"]), st.data())
def test_one_word_is_what_it_was(control: object, data: st.DataObject) -> None:
    row = CONTROLS[control.path]  # type: ignore[attr-defined]
    choice = data.draw(st.sampled_from(row.choices))
    assert ask(row.path, choice) == ControlSet(row.path, choice)


def test_a_pattern_sets_each_control_that_it_matches() -> None:
    assert asked("part/*/enabled", 0) == [ControlSet(f"part/{p}/enabled", 0) for p in (
        "chords", "melody", "bass", "drums", "pad", "arp", "perc")]  # fmt: skip
    assert asked("part/[bd]*/level", 0.5) == [ControlSet(f"part/{p}/level", 0.5) for p in ("bass", "drums")]
    assert {m.address for m in expand(Message(ROOT + "part/[!bd]*/level", (1,)))}.isdisjoint(
        {ROOT + "part/bass/level", ROOT + "part/drums/level"}
    )
    assert asked("{tempo,key}") == [Query("tempo"), Query("key")]
    assert asked("s?ed", 7) == [ControlSet("seed", 7)]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("{play,stop}", "commands take no patterns"),
        ("bank/*/launch", "commands take no patterns"),
        ("nothing*", "no control"),
        ("part/*/*", f"{MAX_MATCHES} controls"),
        ("*" * 26, "wildcards at most"),
        ("te[mpo", "no address pattern"),
        ("te{mpo", "no address pattern"),
        ("[z-a]", "no address pattern"),
    ],
)
def test_a_pattern_that_cannot_be_obeyed_says_why(pattern: str, told: str) -> None:
    assert told in refusal(pattern, 1)


@given(st.text(st.sampled_from("*?[]{}!,-^\\/aept"), min_size=1, max_size=60).filter(lambda t: WILDCARDS & set(t)))
def test_a_pattern_costs_little_and_is_obeyed_or_refused(pattern: str) -> None:
    began = time.process_time()
    with contextlib.suppress(BadRequest):
        assert all(m.address.removeprefix(ROOT) in CONTROLS for m in expand(Message(ROOT + pattern, (1,))))
    assert time.process_time() - began < 0.1


def test_limits_are_told_by_name() -> None:
    def error(packet: bytes) -> str:
        try:
            [found] = [e for e in parse(packet) if isinstance(e, OscError)]
        except OscError as whole:
            return str(whole)
        return str(found)

    many = encode("/llmball/prompt", [1] * 300)
    assert error(many) == f"a message has {MAX_TAGS} arguments at most, not 300"
    assert [m for m in parse(encode("/llmball/prompt", [1] * MAX_TAGS)) if isinstance(m, OscError)] == []
    assert "256 characters at most" in error(encode("/" + "a" * 400, []))
    assert error(b"/llmball/seed\0\0\0,I\0\0") == "unknown type tag 'I'"
    ping = encode("/llmball/ping", [1])
    flood = b"#bundle\0" + bytes(8) + (len(ping).to_bytes(4, "big") + ping) * 300
    assert error(flood) == f"a bundle holds {MAX_MESSAGES} messages at most"


def test_a_pattern_sets_all_that_it_matches_or_nothing() -> None:
    assert "127" in refusal("{tempo,density}", 127)
