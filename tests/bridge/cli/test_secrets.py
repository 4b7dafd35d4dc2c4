"""A password is in no error, wherever the command line is broken around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.__main__ import main
from bridge.cli.arguments import without_secrets
from bridge.config import parse_broker_url, parse_composer_url

SECRETS = [
    "s3cret",
    "s3cret/more",
    "s3cret#more",
    "s3cret?more",
    "s3cret more",
    "s3cret:more",
    "s3cret@more",
    "1883/s3cret",
    "1883s3cret",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "words",
    [
        "serve --mqtt URL/a/b", "serve --mqtt URL:99999", "serve --mqtt URL/+", "serve URL", "serve --mqt=URL --x", "serve --output none URL",
        "serve --sync URL", "serve --http URL", "serve --osc URL", "serve --allow URL", "serve --engine URL", "serve --composer URL?q",
        "worker --mqtt URL/+/x", "worker URL", "URL", "serve --mqtt NOHOST", "serve --mqtt OTHER", "worker --mqtt NOHOST",
    ],
)  # fmt: skip
def test_no_part_of_a_password_is_printed(words: str, secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    urls = {
        "URL": f"mqtt://bob:{secret}@host",
        "NOHOST": f"mqtt://bob:{secret}@",
        "OTHER": f"http://bob:{secret}@host",
    }
    argv = []
    for word in words.split():
        key = next((k for k in urls if k in word), None)
        argv.append(word if key is None else word.replace(key, urls[key]))
    with pytest.raises(SystemExit) as ended:
        main(argv)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "s3cret" not in told
    assert told.count("\n") == 1


AccountT = TypeVar("AccountT")


def read(parse: Callable[[str], AccountT], url: str) -> AccountT | str:
    """Return the account of a URL, or why it is refused."""
    try:
        return parse(url)
    except ValueError as refused:
        return str(refused)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_url_that_is_read_has_its_password_where_it_belongs_or_is_refused(secret: str) -> None:
    account = read(parse_broker_url, f"mqtt://bob:{secret}@host/stage")
    if isinstance(account, str):
        assert "s3cret" not in account
        return
    assert (account.host, account.name) == ("host", "stage"), (
        "no part of the password is a host, which is looked up, or a topic"
    )


@pytest.mark.parametrize("secret", SECRETS)
def test_a_composer_with_a_password_is_refused_without_it(secret: str) -> None:
    account = read(parse_composer_url, f"http://bob:{secret}@host:80/v1")
    assert "s3cret" not in (account if isinstance(account, str) else account.url)


def test_the_remedy_stays_in_the_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--mqtt", "nonsense"])
    assert "mqtt://HOST:1883/NAME or mqtts://HOST" in capsys.readouterr().err


@given(
    st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=12).filter(
        lambda s: s not in "…mqtt://x@: "
    )
)
@settings(max_examples=100)
def test_whatever_the_password_is(secret: str) -> None:
    assert "kept" in without_secrets(f"kept mqtts://u:{secret}@h kept")
    assert f":{secret}" not in without_secrets(f"mqtts://u:{secret}@h")
