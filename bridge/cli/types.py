"""How the owner spells a value of the command line: text → value, refused with what would do. Used as argparse types."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

from bridge.config import BrokerAccount, Network, parse_broker_url
from model.music.harmony import parse_key
from model.music.notes import PARTS
from model.music.numerals import parse_progression
from model.prompt.rules.keys import named

MAX_CHARACTERS = 2000
MAX_CLIP_BARS, MAX_TAKES, MAX_SEED = 256, 99, 2**31 - 1


def number_between(name: str, low: float, high: float) -> Callable[[str], float]:
    """Return a type that takes numbers from low to high."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{name} is in {low:g}..{high:g}, not {text!r}")
        return value

    return read


def level(text: str) -> float:
    """Take a level in 0..1, or −1 for the words'."""
    return -1.0 if text == "-1" else number_between("a level", 0.0, 1.0)(text)


def bars(text: str) -> frozenset[int]:
    """Return the numbers, from 0, of the bars that "3-4,7" says from 1."""
    found: set[int] = set()
    for piece in text.split(","):
        first, dash, last = piece.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"bars are such as 3-4,7, not {text}")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= MAX_CLIP_BARS:
            raise argparse.ArgumentTypeError(f"bars are in 1..{MAX_CLIP_BARS} and rise, not {piece.strip()}")
        found |= set(range(low - 1, high))
    return frozenset(found)


def existing_file(text: str) -> Path:
    """Take a file that is there."""
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return Path(text)


def prompt(text: str) -> str:
    """Take a prompt: words, no more than the contract allows."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a prompt has words")
    if len(text) > MAX_CHARACTERS:
        raise argparse.ArgumentTypeError(f"a prompt has {MAX_CHARACTERS} characters at most, not {len(text)}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise argparse.ArgumentTypeError("a prompt is UTF-8 text")
    return text


def whole_number(message: str, low: int, high: int) -> Callable[[str], int]:
    """Return a type that takes whole numbers from low to high; `law` says so of the range."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{message.format(f'{low}..{high}')}, not {text}")
        return int(text)

    return read


def tempo(text: str) -> float:
    """Take quarter notes a minute."""
    try:
        bpm = float(text)
    except ValueError:
        bpm = 0.0
    if not 20 <= bpm <= 300:
        raise argparse.ArgumentTypeError(f"a tempo is in 20..300 quarter notes a minute, not {text}")
    return bpm


def parts(text: str) -> tuple[str, ...]:
    """Take names of parts with commas between; they come in the band's order."""
    named = {name.strip() for name in text.split(",")}
    if not named <= set(PARTS):
        raise argparse.ArgumentTypeError(f"parts are {', '.join(PARTS)}, not {min(named - set(PARTS))!r}")
    return tuple(part for part in PARTS if part in named)


def progression(text: str) -> object:
    """Read a progression, to see that it can be read."""
    return parse_progression(text, parse_key("C major"))


def validated_by(read: Callable[[str], object]) -> Callable[[str], str]:
    """Return a type that keeps the text as it is, once `read` has understood it or it says "auto"."""

    def check(text: str) -> str:
        try:
            if text != "auto":
                read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return text

    return check


def key(text: str) -> str:
    """Take a key in any of the languages, or "auto"; it is kept as we name it."""
    try:
        return text if text == "auto" else named(text).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def address(text: str) -> tuple[str, int]:
    """Take HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"an address is HOST:PORT such as 127.0.0.1:7411, not {text}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def broker(text: str) -> BrokerAccount:
    """Take a broker's URL."""
    try:
        return parse_broker_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def address_or_none(text: str) -> tuple[str, int] | None:
    """Take HOST:PORT, or none."""
    return None if text == "none" else address(text)


def token(text: str) -> str:
    """Take a secret that can stand in a URL."""
    if len(text) < 8 or not text.isascii() or not all(c.isalnum() or c in "-._~" for c in text):
        raise argparse.ArgumentTypeError("a token has 8 letters, digits or -._~ at least")
    return text


def network(text: str) -> Network:
    """Take a network in CIDR."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a network is such as 192.168.1.0/24, not {text}") from error


def port_name(text: str) -> str:
    """Take a MIDI port's name."""
    if not any(character.isalnum() for character in text) or ":" in text:
        raise argparse.ArgumentTypeError("a port's name has a letter or digit and no colon")
    return text


def folder(text: str) -> Path:
    """Take a folder that is there."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def new_file(text: str) -> Path:
    """Take a file that can be written."""
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text} cannot be a file: it is a folder, or its folder is not there"
        )
    return path
