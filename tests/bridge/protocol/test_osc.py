from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from bridge.errors import BadRequest
from bridge.protocol import addresses, controls
from bridge.protocol.addresses import COMMANDS
from bridge.protocol.controls import CONTROLS, ROOT
from bridge.protocol.events import (
    ControlSet,
    MorphRequested,
    PlayRequested,
    PromptRequested,
    StopRequested,
    TakeRated,
    TasteResetRequested,
)
from bridge.protocol.osc import Message, OscError, encode, parse
from bridge.protocol.requests import Hello, Ping, Query, Request, parse_request

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
values = st.one_of(st.integers(-(2**31), 2**31 - 1), st.floats(width=32, allow_nan=False), text)


def ask(path: str, *args: object) -> Request:
    return parse_request(Message(ROOT + path, args))


@given(st.lists(values, max_size=6))
def test_what_is_encoded_is_read_back(args: list[int | float | str]) -> None:
    [message] = parse(encode("/llmball/x", args))
    assert message == Message("/llmball/x", tuple(args))


@given(st.lists(values, max_size=6))
def test_another_library_reads_what_we_write_and_we_read_what_it_writes(
    args: list[int | float | str],
) -> None:
    theirs = OscMessage(encode("/llmball/x", args))
    assert (theirs.address, tuple(theirs.params)) == ("/llmball/x", tuple(args))
    builder = OscMessageBuilder("/llmball/x")
    for arg in args:
        builder.add_arg(arg, "s" if isinstance(arg, str) else "d" if isinstance(arg, float) else "h")
    assert parse(builder.build().dgram) == [Message("/llmball/x", tuple(args))]


def test_what_is_no_number_and_no_string_is_read_past_and_nothing_takes_it() -> None:
    builder = OscMessageBuilder("/llmball/cue")
    builder.add_arg(b"xyz", "b")
    builder.add_arg(True, "T")
    builder.add_arg(None, "N")
    builder.add_arg((1, 2, 3, 4), "m")
    builder.add_arg(7, "r")
    builder.add_arg(["fill", [1]])
    builder.add_arg("after")
    [message] = parse(builder.build().dgram)
    assert isinstance(message, Message)
    assert message.args == (b"xyz", True, None, b"\1\2\3\4", bytes((0, 0, 0, 7)), ["fill", [1]], "after")
    for arg in message.args[:-1]:
        with pytest.raises(BadRequest):
            parse_request(Message("/llmball/cue", (arg,)))
        with pytest.raises(BadRequest):
            parse_request(Message("/llmball/tempo", (arg,)))


@pytest.mark.parametrize(
    "tags", [",[", ",]", ",[i", ",S", ",i,", ",\x01", "i", ",b", ",h", ",s", ",t", ",m" + "[" * 100]
)
def test_type_tags_that_do_not_hold_together_are_refused_with_the_messages_address(tags: str) -> None:
    cut = b"/llmball/key\0\0\0\0" + tags.encode() + bytes(4 - len(tags) % 4)
    [error] = parse(cut)
    assert isinstance(error, OscError)
    assert error.address == "/llmball/key"


def test_a_string_of_ours_ends_where_it_was_meant_to_and_a_number_too_large_is_infinite() -> None:
    [message] = parse(encode("/llmball/x", ["a\0b", "\ud800", 1e300, "end"]))
    assert message == Message("/llmball/x", ("a b", "?", float("inf"), "end"))


@given(st.binary(max_size=300))
def test_garbage_is_a_senders_error_and_never_another(data: bytes) -> None:
    try:
        messages = parse(data)
    except OscError:
        return
    assert all(isinstance(m, Message | OscError) for m in messages)


def bundle(*elements: bytes) -> bytes:
    inside = b"".join(len(e).to_bytes(4, "big") + e for e in elements)
    return b"#bundle\0" + b"\0\0\0\0\0\0\0\1" + inside


@pytest.mark.parametrize(
    "packet",
    [
        b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc",
        bundle(bundle(bundle(bundle(bundle(encode("/a", [])))))),
        b"/llmball/seed\0\0\0,I\0\0",
        b"/llmball/x",
        b"",
        bundle(*[encode("/llmball/ping", [1])] * 300),
    ],
    ids=["negative size", "nested", "unknown tag", "unaligned", "empty", "flood"],
)
def test_the_packets_that_hang_or_mislead_libraries_are_refused(packet: bytes) -> None:
    with suppress(OscError):
        assert all(isinstance(m, OscError) for m in parse(packet))


def test_the_messages_of_a_bundle_count_one_by_one_and_its_time_does_not() -> None:
    late = b"#bundle\0" + b"\xff" * 8
    packet = late + bundle(encode("/a", [1]), encode("/b", [2]))[16:]
    assert parse(packet) == [Message("/a", (1,)), Message("/b", (2,))]


def test_twenty_thousand_mutated_packets_raise_nothing_but_the_senders_error() -> None:
    rng = random.Random(7)
    message = encode("/llmball/prompt", ["jazzier please", 3, 0.5])
    seeds = [
        message,
        bundle(message, message),
        bundle(bundle(message), message),
        encode("/llmball/tempo", [120.0]),
    ]
    for _ in range(20_000):
        packet = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 5)):
            packet[rng.randrange(len(packet))] = rng.choice((rng.randrange(256), 0, 255, 42))
        try:
            messages = parse(bytes(packet[: rng.randrange(len(packet)) // 4 * 4] if rng.random() < 0.2 else packet))
        except OscError:
            continue
        for m in messages:
            if isinstance(m, Message):
                try:
                    parse_request(m)
                except BadRequest:
                    continue


def test_numbers_may_come_as_int_or_float() -> None:
    assert ask("tempo", 120) == ask("tempo", 120.0) == ControlSet("tempo", 120.0)
    assert ask("transpose", 3.0) == ControlSet("transpose", 3)


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("tempo", (19.9,)), ("tempo", (301,)), ("tempo", ("fast",)), ("tempo", (float("nan"),)), ("tempo", (float("inf"),)),
        ("tempo", (True,)), ("tempo", (120, 3)), ("tempo", (b"x",)), ("transpose", (2.5,)), ("density", (1.01,)),
        ("density", (-0.5,)), ("key", ("X minor",)), ("key", (5,)), ("meter", ("11/8",)), ("chords", ("Am Zz",)),
        ("chords", ("",)), ("quantize", ("3bars",)), ("lookahead", (0.4,)), ("seed", (2**31,)), ("part/bass/channel", (0,)),
        ("part/bass/voicing", ("wide",)), ("swing_unit", (12,)), ("prompt", ()), ("prompt", ("  \t ",)), ("prompt", (b"x",)),
        ("prompt", ("x" * 3000,)), ("prompt_uri", ("%ff%fe",)), ("ping", ()), ("ping", (1e300,)), ("ping", (2**40,)), ("key", ("C" * 2000,)), ("play", (-1,)), ("hello", (70000,)),
        ("hello", ("port",)), ("unknown", (1,)), ("refine", ()), ("cue", ("chorus",)), ("cue", ()), ("bank/17/launch", ()), ("bank/0/store", ("x",)), ("take/launch", ()), ("hold", (17,)), ("countin", (-1,)), ("quantise", (1.1,)), ("back", ("now",)), ("part/flute/level", (1,)),
        ("morph", ("a", "b")), ("morph", ("a", "b", 1.5)), ("morph", ("a", " ", 0.5)), ("morph", ("a", 1, 0.5)),
        ("morph", ("a", "b" * 2001, 0.5)), ("morph/x", (-0.1,)), ("like", (1, 1)), ("drums/map", ("gm2",)),
        ("drums/map", ("kick:128",)), ("drums/map", ("cowbell:3",)), ("drums/map", (36,)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_address(path: str, args: tuple[object, ...]) -> None:
    with pytest.raises(BadRequest) as refused:
        ask(path, *args)
    assert refused.value.address == ROOT + path
    assert refused.value.reason


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_every_control_takes_its_default_and_can_be_asked(control: controls.Control) -> None:
    assert ask(control.path) == Query(control.path)
    assert ask(control.path, control.default) == ControlSet(control.path, control.default)


def test_prompts_are_joined_cleaned_and_decoded() -> None:
    assert ask("prompt", "calm", "piano") == PromptRequested("calm piano")
    assert ask("prompt", "lofi", 82.0, "bpm") == PromptRequested("lofi 82 bpm")
    assert ask("prompt", "春天的气息") == PromptRequested("春天的气息")
    assert ask("prompt", "a\x07b\n c") == PromptRequested("a b c")
    assert ask("prompt_uri", "%E6%98%A5%20a%25") == PromptRequested("春 a%")
    assert ask("prompt", "100%25") == PromptRequested("100%25")


def test_commands_are_read() -> None:
    assert ask("play") == PlayRequested()
    assert ask("panic") == StopRequested(panic=True)
    assert ask("ping", 7) == Ping(7)
    assert ask("morph", "calm  piano", "techno", 0.25) == MorphRequested("calm piano", "techno", 0.25)
    assert ask("morph_uri", "calm%20piano", "%E6%98%A5", 1) == MorphRequested("calm piano", "春", 1.0)
    assert ask("morph") == Query("morph")
    assert ask("like") == TakeRated(liked=True)
    assert ask("skip") == TakeRated(liked=False)
    assert ask("taste/reset") == TasteResetRequested()
    assert ask("drums/map", "kick:35, snare:40") == ControlSet("drums/map", "kick:35, snare:40")
    assert ask("hello") == Hello(None, "", False)
    assert ask("hello", 9000.0, "pd", 1) == Hello(9000, "pd", True)


def test_the_page_of_addresses_is_printed_from_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "osc.md").read_text(encoding="utf-8")
    assert page == addresses.osc_reference()


def test_every_command_of_the_table_is_understood() -> None:
    for path in COMMANDS:
        words = {"prompt": ("x",), "prompt_uri": ("x",), "ping": (1,), "transport": (1, 0.0, 120)}
        words |= {
            "clip": (1, 8, 0, "x"),
            "clip_uri": (1, 8, 0, "x"),
            "clip/given": (1, 1, 0, "bass", 40, 0, 1, 80),
            "clip/redo": (1, "", "1"),
            "clip/cancel": (1,),
            "clip/resend": (1,),
        }
        words |= {
            "hello/confirm": (1,),
            "learn": ("back",),
            "unlearn": ("",),
            "set/save": ("x",),
            "set/load": ("x",),
            "refine": ("x",),
            "take/launch": ("1",),
            "cue": ("fill",),
            "score/play": ("x",),
            "score/text": ("x",),
            "score/bank": (3, "x"),
            "bank/16/store": ("x",),
        }
        args = {
            **words,
            **{f"bank/{n}/store": ("x",) for n in range(1, 17)},
            "morph": ("x", "y", 0),
            "morph_uri": ("x", "y", 0),
            "refine_uri": ("x",),
        }.get(path, ())
        assert ask(path, *args) is not None
