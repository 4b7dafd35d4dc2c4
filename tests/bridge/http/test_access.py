from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.http import websocket
from bridge.http.access import AccessRules, RequestSource
from bridge.protocol.osc import Message, OscError

HOME = RequestSource("127.0.0.1", ("127.0.0.1", 7410), "127.0.0.1:7410", None, None)
AWAY = RequestSource("10.0.0.9", ("10.0.0.1", 7410), "10.0.0.1:7410", None, "open-sesame")
GATE = AccessRules((ip_network("10.0.0.0/24"),), "open-sesame", ("studio", "studio.local"))


def test_whoever_sits_at_the_machine_needs_no_token() -> None:
    assert AccessRules().check(HOME) is None
    assert GATE.check(replace(HOME, host="localhost:7410", origin="http://localhost:7410")) is None
    assert GATE.check(replace(HOME, peer="::1", local=("::1", 7410), host="[::1]:7410")) is None
    assert GATE.check(replace(HOME, peer="::ffff:127.0.0.1", local=("::ffff:127.0.0.1", 7410))) is None


def test_from_elsewhere_a_network_and_a_token_are_needed() -> None:
    assert GATE.check(AWAY) is None
    assert GATE.check(replace(AWAY, host="studio.local:7410", origin="http://studio.local:7410")) is None
    for worse in (
        replace(AWAY, token=None),
        replace(AWAY, token="open-sesamE"),
        replace(AWAY, token="ö"),
        replace(AWAY, peer="10.0.1.9"),
        replace(AWAY, peer=""),
        replace(AWAY, host="localhost:7410"),
        replace(AWAY, host="evil.example:7410"),
        replace(AWAY, host="10.0.0.2:7410"),
        replace(AWAY, origin="http://evil.example"),
    ):
        assert GATE.check(worse) is not None, worse
    assert AccessRules((ip_network("10.0.0.0/24"),), None).check(replace(AWAY, token=None)) is not None
    assert AccessRules((), "open-sesame").check(AWAY) is not None


@given(st.text() | st.none(), st.text() | st.none())
@settings(max_examples=150)
def test_whatever_host_and_origin_say_only_our_own_pass(host: str | None, origin: str | None) -> None:
    passed = GATE.check(replace(HOME, host=host, origin=origin)) is None
    assert not passed or origin in (None, f"http://{host}")


@given(st.text() | st.binary())
@settings(max_examples=200)
def test_garbage_in_a_frame_is_its_own_error_and_no_other(frame: str | bytes) -> None:
    for one in websocket.parse_frame(frame):
        assert isinstance(one, OscError | websocket.PanelMessage | Message | websocket.Listen)


def test_a_token_of_bytes_that_are_no_text_is_refused_like_any_other() -> None:
    rules = AccessRules((ip_network("10.0.0.0/24"),), "open-sesame")
    for token in ("\udcff\udcfe", "open-sesame\udcff", "\ud800"):
        refusal = rules.check(replace(AWAY, token=token))
        assert refusal is not None
        assert refusal.status == 401
