from __future__ import annotations

from bridge.clock import Seconds
from bridge.protocol.clients import CLIENT_TIMEOUT, MAX_CLIENTS, Clients

HERE = ("127.0.0.1", 50000)


def test_answers_go_to_the_sender_unless_it_named_a_port() -> None:
    clients = Clients()
    assert clients.reply_to(HERE).reply_address == HERE
    clients.register(HERE, 9000, "pd", encoded=True, now=Seconds(0))
    assert clients.reply_to(HERE).reply_address == ("127.0.0.1", 9000)
    assert clients.reply_to(HERE).encoded
    clients.unregister(HERE)
    assert clients.reply_to(HERE).reply_address == HERE


def test_news_goes_to_each_place_once() -> None:
    clients = Clients()
    for port in (50000, 50001):
        clients.register(("127.0.0.1", port), 9000, "", encoded=False, now=Seconds(0))
    assert [c.reply_address for c in clients.subscribers()] == [("127.0.0.1", 9000)]


def test_of_two_registrations_at_one_address_the_one_that_has_confirmed_counts() -> None:
    clients = Clients()
    clients.register(HERE, None, "mine", encoded=True, now=Seconds(0))
    clients.register(("127.0.0.1", 50001), HERE[1], "another's", False, Seconds(1), confirmed=False)
    assert [(c.name, c.confirmed, c.encoded) for c in clients.subscribers()] == [("mine", True, True)]


def test_ten_minutes_of_silence_end_a_registration_and_a_word_keeps_it() -> None:
    clients = Clients()
    clients.register(HERE, None, "", encoded=False, now=Seconds(0))
    clients.mark_seen(HERE, Seconds(CLIENT_TIMEOUT - 1))
    clients.mark_seen(("127.0.0.1", 1), Seconds(CLIENT_TIMEOUT + 1))
    assert len(clients.subscribers()) == 1
    clients.mark_seen(("127.0.0.1", 1), Seconds(2 * CLIENT_TIMEOUT))
    assert clients.subscribers() == []


def test_registrations_are_bounded_and_nobody_takes_anothers_place() -> None:
    clients = Clients()
    taken = [
        clients.register(("127.0.0.1", port), None, "", False, Seconds(port)) for port in range(1, MAX_CLIENTS + 20)
    ]
    assert taken == [True] * MAX_CLIENTS + [False] * 19
    assert clients.subscribers()[0].reply_address == ("127.0.0.1", 1)
    assert clients.register(("127.0.0.1", 1), None, "again", False, Seconds(900))
    clients.mark_seen(("127.0.0.1", 1), Seconds(CLIENT_TIMEOUT + 50))
    assert clients.register(("127.0.0.1", 9), None, "", False, Seconds(CLIENT_TIMEOUT + 51)), "the silent have gone"


def test_a_client_that_begins_again_at_another_port_keeps_its_place() -> None:
    clients = Clients()
    for port in range(1, MAX_CLIENTS + 1):
        clients.register(("127.0.0.1", port), 9000 + port, "", False, Seconds(port))
    assert clients.register(("127.0.0.1", 50_000), 9001, "begun again", False, Seconds(99))
    assert len(clients.subscribers()) == MAX_CLIENTS
    assert clients.reply_to(("127.0.0.1", 1)).name == ""


def test_who_has_not_confirmed_does_not_take_the_place_of_who_has_by_naming_its_port() -> None:
    clients = Clients()
    for port in range(1, MAX_CLIENTS + 1):
        clients.register(("127.0.0.1", port), None, "", False, Seconds(port))
    assert not clients.register(("127.0.0.1", 50_000), 1, "another", False, Seconds(99), confirmed=False)
    assert ("127.0.0.1", 1) in [c.reply_address for c in clients.subscribers() if c.confirmed]
    assert clients.registered_at(("127.0.0.1", 1)) == [("127.0.0.1", 1)]
