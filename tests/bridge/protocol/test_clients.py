from __future__ import annotations

from bridge.clock import Seconds
from bridge.protocol.clients import MOST_CLIENTS, SILENCE, Clients

HERE = ("127.0.0.1", 50000)


def test_answers_go_to_the_sender_unless_it_named_a_port() -> None:
    clients = Clients()
    assert clients.reply_to(HERE).reply == HERE
    clients.hello(HERE, 9000, "pd", encoded=True, now=Seconds(0))
    assert clients.reply_to(HERE).reply == ("127.0.0.1", 9000)
    assert clients.reply_to(HERE).encoded
    clients.bye(HERE)
    assert clients.reply_to(HERE).reply == HERE


def test_news_goes_to_each_place_once() -> None:
    clients = Clients()
    for port in (50000, 50001):
        clients.hello(("127.0.0.1", port), 9000, "", encoded=False, now=Seconds(0))
    assert [c.reply for c in clients.told()] == [("127.0.0.1", 9000)]


def test_ten_minutes_of_silence_end_a_registration_and_a_word_keeps_it() -> None:
    clients = Clients()
    clients.hello(HERE, None, "", encoded=False, now=Seconds(0))
    clients.heard(HERE, Seconds(SILENCE - 1))
    clients.heard(("127.0.0.1", 1), Seconds(SILENCE + 1))
    assert len(clients.told()) == 1
    clients.heard(("127.0.0.1", 1), Seconds(2 * SILENCE))
    assert clients.told() == []


def test_registrations_are_bounded() -> None:
    clients = Clients()
    for port in range(1, MOST_CLIENTS + 20):
        clients.hello(("127.0.0.1", port), None, "", encoded=False, now=Seconds(port))
    assert len(clients.told()) == MOST_CLIENTS
