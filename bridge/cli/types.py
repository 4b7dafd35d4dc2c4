"""Types of command-line options: text → value. Each raises ArgumentTypeError that says what is accepted."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TypeVar

from bridge.config import MAX_PORT, Network, parse_broker_url, parse_composer_url
from model.music.control import MAX_PROMPT

ValueT = TypeVar("ValueT")


def reader(read: Callable[[str], ValueT]) -> Callable[[str], ValueT]:
    """Return an argparse type of a function that raises ValueError, with its message."""

    def read_argument(text: str) -> ValueT:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return read_argument


broker = reader(parse_broker_url)
composer = reader(parse_composer_url)


def existing_file(text: str) -> Path:
    """Return the path of an existing file."""
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return Path(text)


MIDI_SUFFIXES = (".mid", ".midi")


def piece(text: str) -> str:
    """Return the path of an existing file, or the name of a piece in the songbook."""
    path = Path(text)
    if not path.is_file() and (path.suffix in (".txt", *MIDI_SUFFIXES) or len(path.parts) > 1):
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    if not text.strip():
        raise argparse.ArgumentTypeError("a piece has a name")
    return text


def score_file(text: str) -> Path:
    """Return the path of a .txt or .mid file that can be written."""
    path = new_file(text)
    if path.suffix not in (".txt", *MIDI_SUFFIXES):
        raise argparse.ArgumentTypeError(f"a score is written as .txt or .mid, not {text}")
    return path


def clip_file(text: str) -> Path:
    """Return the path of a .mid or .wav file that can be written; a name without a suffix is taken as it is."""
    path = new_file(text)
    if path.suffix.lower() not in ("", ".wav", *MIDI_SUFFIXES):
        raise argparse.ArgumentTypeError(f"a clip is written as .mid or .wav, not {path.suffix}")
    return path


def wave_file(text: str) -> Path:
    """Return the path of a .wav file that can be written."""
    path = new_file(text)
    if path.suffix.lower() != ".wav":
        raise argparse.ArgumentTypeError(f"audio is written as .wav, not {text}")
    return path


def sheet_file(text: str) -> Path:
    """Return the path of a sheet that can be written."""
    path = new_file(text)
    if path.suffix not in (".txt", ".abc", ".musicxml", ".xml"):
        raise argparse.ArgumentTypeError(f"a sheet is written as .txt, .abc or .musicxml, not {text}")
    return path


def prompt(text: str) -> str:
    """Return a prompt: 1..MAX_PROMPT characters of UTF-8."""
    if not text.strip():
        raise argparse.ArgumentTypeError("a prompt has words")
    if len(text) > MAX_PROMPT:
        raise argparse.ArgumentTypeError(f"a prompt has {MAX_PROMPT} characters at most, not {len(text)}")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise argparse.ArgumentTypeError("a prompt is UTF-8 text")
    return text


def address(text: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"an address is HOST:PORT such as 127.0.0.1:7411, not {text}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def receiver(text: str) -> tuple[str, int]:
    """Return the IP address of a program, and its port."""
    host, port = address(text)
    try:
        if ip_address(host).is_unspecified or not port:
            raise ValueError(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a program is IP:PORT such as 192.168.1.20:9000, not {text}") from error
    return host, port


def address_or_none(text: str) -> tuple[str, int] | None:
    """Return host and port of HOST:PORT, None for "none"."""
    return None if text == "none" else address(text)


def token(text: str) -> str:
    """Return a token: 8 or more characters that can stand in a URL."""
    if len(text) < 8 or not text.isascii() or not all(c.isalnum() or c in "-._~" for c in text):
        raise argparse.ArgumentTypeError("a token has 8 letters, digits or -._~ at least")
    return text


def network(text: str) -> Network:
    """Return a network in CIDR notation."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a network is such as 192.168.1.0/24, not {text}") from error


def port_name(text: str) -> str:
    """Return the name of a MIDI port."""
    if not any(character.isalnum() for character in text) or ":" in text:
        raise argparse.ArgumentTypeError("a port's name has a letter or digit and no colon")
    return text


def folder(text: str) -> Path:
    """Return the path of an existing folder."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def new_file(text: str) -> Path:
    """Return the path of a file that can be written."""
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} cannot be a file: it is a folder, or its folder is not there")
    return path
