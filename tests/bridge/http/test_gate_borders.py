"""The gate, at its borders: each part of a Host and of an Origin that could be another's, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.http.access import AccessRules, Refusal, RequestSource

HOME = RequestSource("127.0.0.1", ("127.0.0.1", 7410), "127.0.0.1:7410", None, None)
AWAY = RequestSource("10.0.0.9", ("10.0.0.1", 7410), "10.0.0.1:7410", None, "open-sesame")
GATE = AccessRules((ip_network("10.0.0.0/24"),), "open-sesame", ("Studio", "studio.local"))
OTHER_HOST = Refusal(403, "this is not the Host that was asked for")
OTHER_ORIGIN = Refusal(403, "not for pages from elsewhere")
NOT_FROM_THERE = Refusal(403, "not from there: the owner names networks with --allow and a --token")
NO_TOKEN = Refusal(401, "a token is needed: open the page as /?token=…")


@pytest.mark.parametrize(
    "host",
    [
        None, "", ":7410", "user@127.0.0.1:7410", "@127.0.0.1:7410", "user:word@127.0.0.1:7410", "127.0.0.1:7410/", "127.0.0.1:7410/path",
        "127.0.0.1:7410?", "127.0.0.1:7410?query", "127.0.0.1:7410#part", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:7411", "127.0.0.1:99999",
        "127.0.0.1:port", "127.0.0.1:-1", "[::1", "::1]:7410", "[::g]:7410", "localhost.evil.example:7410", "evil.example:7410", "10.0.0.1:7410",
        "127.0.0.1.evil.example:7410", "studio:7410", "0.0.0.0:7410", "128.0.0.1:7410", "evil.example:7410@127.0.0.1:7410",
    ],
)  # fmt: skip
def test_at_home_every_other_host_is_refused(host: str | None) -> None:
    assert GATE.check(replace(HOME, host=host)) == OTHER_HOST


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:7410", "localhost:7410", "LocalHost:7410", "127.0.0.2:7410", "[::1]:7410", "[::ffff:127.0.0.1]:7410"],
)
def test_at_home_its_own_names_are_let_in(host: str) -> None:
    assert GATE.check(replace(HOME, host=host)) is None
    assert GATE.check(replace(HOME, host=host, origin=f"HTTP://{host}".upper())) is None


def test_a_host_without_a_port_means_port_80() -> None:
    at_80 = replace(HOME, local=("127.0.0.1", 80), host="127.0.0.1")
    assert GATE.check(at_80) is None
    assert GATE.check(replace(at_80, host="127.0.0.1:80")) is None
    assert GATE.check(replace(at_80, local=("127.0.0.1", 81))) == OTHER_HOST


@pytest.mark.parametrize("host", ["10.0.0.1:7410", "studio:7410", "STUDIO:7410", "studio.local:7410"])
def test_elsewhere_the_machines_address_and_names_are_let_in(host: str) -> None:
    assert GATE.check(replace(AWAY, host=host)) is None


@pytest.mark.parametrize(
    "host", ["10.0.0.2:7410", "localhost:7410", "127.0.0.1:7410", "studio:7411", "studios:7410", "[::1]:7410", None]
)
def test_elsewhere_every_other_host_is_refused(host: str | None) -> None:
    assert GATE.check(replace(AWAY, host=host)) == OTHER_HOST


def test_an_address_of_ours_that_cannot_be_read_lets_nobody_in() -> None:
    assert GATE.check(replace(HOME, local=("", 7410))) == OTHER_HOST
    assert GATE.check(replace(HOME, peer="nobody")) == Refusal(403, "an address that cannot be read")


@pytest.mark.parametrize(
    "origin",
    ["", "null", "https://127.0.0.1:7410", "http://127.0.0.1:7410/", "http://127.0.0.1", "http://localhost:7410", "file://", "http://evil.example"],
)  # fmt: skip
def test_pages_from_elsewhere_are_refused(origin: str) -> None:
    assert GATE.check(replace(HOME, origin=origin)) == OTHER_ORIGIN
    assert GATE.check(replace(AWAY, origin=origin)) == OTHER_ORIGIN


def test_from_elsewhere_the_network_comes_before_the_token_and_the_token_before_the_host() -> None:
    assert GATE.check(replace(AWAY, peer="10.0.1.9", token=None, host="x")) == NOT_FROM_THERE
    assert AccessRules((ip_network("10.0.0.0/24"),), None).check(AWAY) == NOT_FROM_THERE
    assert AccessRules((), "open-sesame").check(AWAY) == NOT_FROM_THERE
    for token in (None, "", "open-sesam", "open-sesame ", "OPEN-SESAME", "open-sesame\udcff", "öpen"):
        assert GATE.check(replace(AWAY, token=token, host="x")) == NO_TOKEN


def test_a_link_local_address_has_a_zone_that_does_not_count() -> None:
    gate = AccessRules((ip_network("fe80::/10"),), "open-sesame")
    there = RequestSource("fe80::2%eth0", ("fe80::1%eth0", 7410), "[fe80::1]:7410", None, "open-sesame")
    assert gate.check(there) is None
    assert gate.check(replace(there, peer="2001::2%eth0")) == NOT_FROM_THERE


PARTS = st.tuples(
    st.sampled_from(["", "user@", "@", "u:w@"]),
    st.sampled_from(["127.0.0.1", "localhost", "[::1]", "127.1.2.3", "10.0.0.1", "evil.example", "studio", ""]),
    st.sampled_from([":7410", ":7411", "", ":80", ":x"]),
    st.sampled_from(["", "/", "/p", "?q", "#f"]),
)
OURS = {"127.0.0.1", "localhost", "[::1]", "127.1.2.3"}


@given(PARTS, st.sampled_from(["same", "other", "none", "https"]))
@example(("", "localhost", ":7410", ""), "same")
@settings(max_examples=100)
def test_a_host_is_let_in_where_every_part_of_it_is_ours(parts: tuple[str, str, str, str], origin: str) -> None:
    host = "".join(parts)
    said = {"same": f"http://{host}", "other": "http://evil.example:7410", "none": None, "https": f"https://{host}"}[
        origin
    ]
    user, name, port, rest = parts
    fine = not user and not rest and port == ":7410" and name in OURS
    expected = None if fine and origin in ("same", "none") else OTHER_ORIGIN if fine else OTHER_HOST
    assert GATE.check(replace(HOME, host=host, origin=said)) == expected


@given(st.sampled_from(["open-sesame", "open-sesam", ""]), st.text(max_size=3), st.text(max_size=3))
@settings(max_examples=60)
def test_only_the_token_itself_opens(middle: str, before: str, behind: str) -> None:
    token = before + middle + behind
    assert (GATE.check(replace(AWAY, token=token)) is None) == (token == "open-sesame")
