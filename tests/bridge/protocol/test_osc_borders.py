"""The OSC reader, at its borders: each length, each limit, and what is said where it is passed."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.protocol.osc import MAX_ADDRESS, MAX_DEPTH, MAX_MESSAGES, MAX_TAGS, Message, OscError, encode, parse

PING = encode("/llmball/ping", [1])


def padded(raw: bytes) -> bytes:
    return raw + bytes(4 - len(raw) % 4)


def message(tags: str, data: bytes = b"", address: bytes = b"/a") -> bytes:
    return padded(address) + padded(tags.encode()) + data


def bundle(*elements: bytes) -> bytes:
    return b"#bundle\0" + bytes(7) + b"\1" + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def fault(packet: bytes) -> tuple[str, str]:
    """Return what is said of a packet, and the address it is said about."""
    try:
        [found] = parse(packet)
    except OscError as error:
        return str(error), error.address
    assert isinstance(found, OscError), found
    return str(found), found.address


@pytest.mark.parametrize("length", [n for n in range(len(PING)) if n % 4 or not n])
def test_a_length_that_is_no_multiple_of_four_is_refused(length: int) -> None:
    assert fault(PING[:length]) == ("a packet's length is a multiple of four", "")


@pytest.mark.parametrize("size", [-4, -1, 0, 1, 2, 3, 5, 7, len(PING) + 4, 2**31 - 4])
def test_an_element_of_another_length_than_it_says_is_refused(size: int) -> None:
    head = b"#bundle\0" + bytes(8)
    assert fault(head + struct.pack(">i", size) + PING) == ("a bundle element's size is wrong", "")


def test_a_bundle_is_whole_or_refused() -> None:
    assert parse(bundle()) == []
    assert fault(bundle()[:12]) == ("a bundle is too short or nested too deeply", "")
    assert fault(b"#bundle\0") == ("a bundle is too short or nested too deeply", "")
    assert parse(bundle(PING, PING)) == [Message("/llmball/ping", (1,))] * 2
    assert fault(b"#bundle" + b"x" + bytes(8)) == ("an address begins with / and is plain ASCII", "")
    with pytest.raises(OscError, match="a bundle element's size is wrong"):
        parse(bundle(PING) + PING[:4])


def test_bundles_lie_in_one_another_up_to_a_limit() -> None:
    packet = PING
    for _ in range(MAX_DEPTH):
        packet = bundle(packet)
    assert parse(packet) == [Message("/llmball/ping", (1,))]
    assert fault(bundle(packet)) == ("a bundle is too short or nested too deeply", "")


def test_a_bundle_holds_messages_up_to_a_limit() -> None:
    assert len(parse(bundle(*[PING] * MAX_MESSAGES))) == MAX_MESSAGES
    assert fault(bundle(*[PING] * (MAX_MESSAGES + 1))) == (f"a bundle holds {MAX_MESSAGES} messages at most", "")
    with pytest.raises(OscError, match="messages at most"):
        parse(bundle(bundle(*[PING] * MAX_MESSAGES), PING))


def test_an_address_has_characters_up_to_a_limit() -> None:
    longest = b"/" + b"a" * (MAX_ADDRESS - 1)
    assert parse(padded(longest)) == [Message(longest.decode(), ())]
    assert fault(padded(longest + b"a")) == (
        f"an address has {MAX_ADDRESS} characters at most, not {MAX_ADDRESS + 1}",
        "",
    )


@pytest.mark.parametrize("address", [b"a/b", b"", b"/\xc3\xa4", b" /a", b",i"])
def test_an_address_is_plain_and_begins_with_a_stroke(address: bytes) -> None:
    assert fault(padded(address)) == ("an address begins with / and is plain ASCII", "")


def test_a_string_without_an_end_is_refused() -> None:
    assert fault(b"/abc") == ("a string has no end", "")
    assert fault(padded(b"/a") + b",sss") == ("a string has no end", "/a")
    assert fault(message(",s", b"abcd")) == ("a string has no end", "/a")
    assert fault(message(",s")) == ("a string has no end", "/a")
    assert parse(message(",s", b"abc\0")) == [Message("/a", ("abc",))]
    assert parse(message(",ss", b"abc\0\0\0\0\0")) == [Message("/a", ("abc", ""))]


def test_arguments_up_to_a_limit_are_read() -> None:
    tags = "," + "T" * MAX_TAGS
    assert parse(message(tags)) == [Message("/a", (True,) * MAX_TAGS)]
    assert fault(message(tags + "T")) == (f"a message has {MAX_TAGS} arguments at most, not {MAX_TAGS + 1}", "/a")


@pytest.mark.parametrize("tags", [b"i", b"", b"\xc3\xa4", b",\xc3\xa4", b"[,"])
def test_type_tags_begin_with_a_comma(tags: bytes) -> None:
    assert fault(padded(b"/a") + padded(tags) + bytes(8)) == ("type tags begin with a comma and are plain ASCII", "/a")


@pytest.mark.parametrize("text", [b"\xff", b"\xc3", b"caf\xe9", b"\xed\xa0\x80", b"\xf8\x88\x80\x80"])
def test_a_string_that_is_no_utf_8_is_refused(text: bytes) -> None:
    assert fault(message(",s", padded(text))) == ("a string is not UTF-8", "/a")


SIZES = {"i": 4, "f": 4, "h": 8, "d": 8, "t": 8, "r": 4, "m": 4}


@pytest.mark.parametrize("tag", SIZES)
def test_an_argument_that_is_cut_is_refused_and_a_whole_one_is_not(tag: str) -> None:
    size = SIZES[tag]
    for length in range(0, size, 4):
        assert fault(message(f",T{tag}", bytes(length))) == ("its arguments are cut", "/a")
    [found] = parse(message(f",{tag}s", bytes(size) + b"end\0"))
    assert isinstance(found, Message)
    assert found.args[1] == "end", "the next argument begins behind it"
    assert found.args[0] in (0, 0.0, bytes(size))


def test_numbers_are_read_big_end_first() -> None:
    data = struct.pack(">ifqd", -2, 0.5, 2**40, 1e300)
    assert parse(message(",ifhd", data)) == [Message("/a", (-2, 0.5, 2**40, 1e300))]


@pytest.mark.parametrize("size", range(10))
def test_a_blob_is_followed_by_what_fills_it_up_to_four(size: int) -> None:
    blob, filled = bytes(range(1, size + 1)), -(-size // 4) * 4
    data = struct.pack(">i", size) + blob.ljust(filled, b"\0")
    assert parse(message(",bs", data + b"end\0")) == [Message("/a", (blob, "end"))]
    if size:
        assert fault(message(",b", data[:-4])) == ("its arguments are cut", "/a")
    assert fault(message(",b", struct.pack(">i", size + 5) + bytes(filled))) == ("its arguments are cut", "/a")


@pytest.mark.parametrize("size", [-1, -4, -(2**31)])
def test_a_blob_of_a_negative_size_is_cut(size: int) -> None:
    assert fault(message(",b", struct.pack(">i", size) + bytes(64))) == ("its arguments are cut", "/a")


def test_arrays_are_lists_and_have_an_end() -> None:
    assert parse(message(",T[F[N]]s", b"end\0")) == [Message("/a", (True, [False, [None]], "end"))]
    assert parse(message(",[][]")) == [Message("/a", ([], []))]
    assert fault(message(",[")) == ("an array has no end", "/a")
    assert fault(message(",[[]")) == ("an array has no end", "/a")
    assert fault(message(",]")) == ("unknown type tag ']'", "/a")
    assert fault(message(",[]]")) == ("unknown type tag ']'", "/a")
    assert fault(message(",I")) == ("unknown type tag 'I'", "/a")


def test_a_message_without_type_tags_has_no_arguments() -> None:
    assert parse(padded(b"/abc")) == [Message("/abc", ())]


def test_a_message_that_is_wrong_leaves_the_others_of_its_bundle() -> None:
    found = parse(bundle(PING, message(",s"), PING))
    assert [isinstance(one, OscError) for one in found] == [False, True, False]


def test_what_is_sent_has_its_padding_and_its_kinds() -> None:
    assert encode("/abc", []) == b"/abc\0\0\0\0,\0\0\0"
    assert encode("/a", ["abc", "abcd"]) == b"/a\0\0,ss\0abc\0abcd\0\0\0\0"
    assert encode("/a", [1, 0.5]) == b"/a\0\0,if\0" + struct.pack(">if", 1, 0.5)
    assert parse(encode("/a", [-1e300, 1e300])) == [Message("/a", (-float("inf"), float("inf")))]
    assert parse(encode("/a", ["a\0b", "\ud800"])) == [Message("/a", ("a b", "?"))]


@given(
    st.binary(max_size=40).map(lambda raw: raw[: len(raw) // 4 * 4]),
    st.sampled_from([",s", ",b", ",ib", ",[s]", ",sss", ",hd"]),
)
@settings(max_examples=60)
def test_whatever_follows_the_tags_is_arguments_or_a_fault_at_its_address(data: bytes, tags: str) -> None:
    [found] = parse(message(tags, data))
    if isinstance(found, OscError):
        assert found.address == "/a"
    else:
        assert found.address == "/a"
        assert len(found.args) == len(tags.replace("[", "").replace("]", "")) - 1
