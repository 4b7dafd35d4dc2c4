"""The words of the command line → values. What cannot be obeyed is refused, in one line with the remedy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import NoReturn, TypeVar

from bridge.account import Account, account
from bridge.baton import SYNCS
from bridge.config import Network
from bridge.systems import BACKENDS
from model.harmony import parse_key
from model.music import METERS, PARTS, Controls
from model.numerals import parse_progression

MOST_CHARACTERS = 2000
MOST_BARS, MOST_TAKES, MOST_SEED = 256, 99, 2**31 - 1

Number = TypeVar("Number", int, float)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, and exits with 2."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        sys.stderr.write(f"{self.prog}: {message} (see {self.prog} --help)\n")
        sys.exit(2)


def parser() -> argparse.ArgumentParser:
    """Return the parser of `llmball`."""
    top = Parser(prog="llmball", description="A sentence becomes a band that plays, in time and in key.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _serve(commands.add_parser("serve", help="the daemon: OSC in, MIDI out"))
    clip_options(commands.add_parser("clip", help="write a clip of exactly N bars as a .mid file"))
    _refine(commands.add_parser("refine", help="change what the words name in a .mid file, and nothing else"))
    _harmonise(commands.add_parser("harmonise", help="write chords for the melody of a .mid file"))
    understand = commands.add_parser("understand", help="show what a prompt means, field by field")
    understand.add_argument("prompt", metavar="PROMPT", type=_prompt)
    understand.add_argument("--json", action="store_true", help="as one JSON object")
    understand.add_argument(
        "--distribution", action="store_true", help="what else each field might have been, as JSON"
    )
    replay = commands.add_parser("replay", help="write a kept take again, byte for byte")
    replay.add_argument("take", metavar="TAKE", help="its name, as /llmball/kept told it")
    replay.add_argument("-o", dest="out", metavar="FILE.mid", type=_new_file, help="default: TAKE.mid here")
    worker = commands.add_parser("worker", help="write beats for bridges on other machines")
    worker.add_argument("--mqtt", metavar="URL", type=_broker, required=True)
    worker.add_argument("--encoder", metavar="DIR", type=_folder, help="as the bridges have it")
    explain = commands.add_parser(
        "explain", help="what a .mid file is made of: key, numerals, cadences, form"
    )
    explain.add_argument("source", metavar="in.mid", type=_old_file)
    explain.add_argument("--json", action="store_true", help="as one JSON object")
    ports = commands.add_parser("ports", help="list the MIDI ports of this machine")
    ports.add_argument("--backend", choices=BACKENDS, default="auto")
    commands.add_parser("doctor", help="check this machine, with a remedy for each fault")
    return top


def _serve(serve: argparse.ArgumentParser) -> None:
    option = serve.add_argument
    option("--output", metavar="virtual|PORT|record:FILE|none", help="default: virtual, else ./llmball.mid")
    option("--backend", choices=BACKENDS, default="auto")
    option("--ports", choices=("one", "per-part"), default="one")
    option("--port-name", metavar="NAME", type=_port_name, default="LLMBall")
    option("--input", metavar="virtual|PORT", help="listen to MIDI there (llmball ports)")
    option(
        "--osc", metavar="HOST:PORT", type=_address, default=("127.0.0.1", 7411), help="port 0: a free one"
    )
    option("--browse", action="store_true", help="open the panel in a browser, where there is a display")
    option("--set", metavar="FILE.toml", type=_old_file, help="controls, bank and pads to begin with")
    option(
        "--http",
        metavar="HOST:PORT|none",
        type=_panel,
        default=("127.0.0.1", 7410),
        help="the browser panel; port 0: a free one",
    )
    option("--token", metavar="T", type=_token, help="what browsers elsewhere must say, beside --allow")
    option("--zeroconf", action="store_true", help="be found as OSCQuery in the local network")
    option("--sync", choices=SYNCS, default="internal", help="who leads the time; clock comes in by --input")
    option("--mqtt", metavar="URL", type=_broker, help="mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/NAME]")
    option("--play", metavar="PROMPT", type=_prompt, help="play this at once")
    option("--allow", metavar="CIDR", type=_network, nargs="+", action="extend", default=[])
    option(
        "--encoder", metavar="DIR", type=_folder, help="a local Hugging Face directory instead of our encoder"
    )
    option("--engine", choices=("numpy",), default="numpy")
    option(
        "--trace", metavar="FILE", type=_new_file, help="a line a note: planned beat, planned and sent time"
    )


def _between(name: str, low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{name} is in {low:g}..{high:g}, not {text!r}")
        return value

    return read


def _level(text: str) -> float:
    return -1.0 if text == "-1" else _between("a level", 0.0, 1.0)(text)


LEVELS = ("density", "energy", "brightness", "complexity")


def clip_controls(args: argparse.Namespace) -> Controls:
    """Return the controls that the options of a clip set."""
    return Controls(
        tempo=args.tempo, key=args.key, meter=args.meter, chords=args.chords, temperature=args.temperature,
        guidance=args.guidance, **{level: getattr(args, level) for level in LEVELS},
    )  # fmt: skip


def clip_options(clip: argparse.ArgumentParser) -> None:
    """Add the options of `llmball clip`; messages have them by the same names."""
    option = clip.add_argument
    option("prompt", metavar="PROMPT", type=_prompt)
    option("-o", dest="out", metavar="FILE.mid", type=_new_file, required=True)
    option(
        "--bars",
        metavar="N",
        type=_whole("a clip has {} bars", 1, MOST_BARS),
        help="default: the words', else 8",
    )
    option(
        "--seed",
        metavar="N",
        type=_whole("a seed is in {}", 0, MOST_SEED),
        help="default: a new one, printed",
    )
    option("--parts", metavar="a,b", type=_parts, help=f"of {', '.join(PARTS)}")
    option("--tempo", metavar="BPM", type=_tempo, default=0.0)
    option("--key", metavar="K", type=_checked(parse_key), default="auto")
    option("--meter", metavar="M", choices=METERS, default="auto")
    option("--chords", metavar='"Am F C G"', type=_checked(_progression), default="auto")
    for level in LEVELS:
        option(f"--{level}", metavar="X", type=_level, default=-1.0, help="0..1; default: the words'")
    option("--temperature", metavar="X", type=_between("temperature", 0.1, 2.0), default=1.0, help="0.1..2")
    option("--guidance", metavar="X", type=_between("guidance", 0.0, 10.0), help="0..10; default: as shipped")
    option("--ending", choices=("loop", "cadence"), help="default: the words', else loop")
    option(
        "--takes",
        metavar="N",
        type=_whole("takes are {}", 1, MOST_TAKES),
        help="writes FILE-1.mid, FILE-2.mid …",
    )
    option(
        "--encoder", metavar="DIR", type=_folder, help="a local Hugging Face directory instead of our encoder"
    )

    option(
        "--from",
        dest="source",
        metavar="in.mid",
        type=_old_file,
        help="go on from a clip; with --keep or --redo, write parts or bars of it anew",
    )
    option("--keep", metavar="a,b", type=_parts, help="parts of --from that stay in the bars redone")
    option("--redo", metavar="3-4,7", type=_bars, help="bars of --from that are written anew (default: all)")


def _refine(refine: argparse.ArgumentParser) -> None:
    option = refine.add_argument
    option("source", metavar="in.mid", type=_old_file)
    option("words", metavar="WORDS", type=_prompt, help='such as "less busy, walking bass"')
    _written(option)


def _harmonise(harmonise: argparse.ArgumentParser) -> None:
    option = harmonise.add_argument
    option("source", metavar="in.mid", type=_old_file)
    option("prompt", metavar="PROMPT", type=_prompt, nargs="?")
    option("--parts", metavar="a,b", type=_parts, default=("chords", "bass"))
    option("--causal", action="store_true", help="as on a stage: chords know the melody before them only")
    _written(option)


def _written(option: Callable[..., object]) -> None:
    option("-o", dest="out", metavar="FILE.mid", type=_new_file, required=True)
    option("--seed", metavar="N", type=_whole("a seed is in {}", 0, MOST_SEED), default=0)
    option(
        "--encoder", metavar="DIR", type=_folder, help="a local Hugging Face directory instead of our encoder"
    )


def _bars(text: str) -> frozenset[int]:
    """Return the numbers, from 0, of the bars that "3-4,7" says from 1."""
    found: set[int] = set()
    for piece in text.split(","):
        first, dash, last = piece.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"bars are such as 3-4,7, not {text}")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= MOST_BARS:
            raise argparse.ArgumentTypeError(f"bars are in 1..{MOST_BARS} and rise, not {piece.strip()}")
        found |= set(range(low - 1, high))
    return frozenset(found)


def _old_file(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return Path(text)


def _prompt(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a prompt has words")
    if len(text) > MOST_CHARACTERS:
        raise argparse.ArgumentTypeError(
            f"a prompt has {MOST_CHARACTERS} characters at most, not {len(text)}"
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise argparse.ArgumentTypeError("a prompt is UTF-8 text")
    return text


def _whole(law: str, low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{law.format(f'{low}..{high}')}, not {text}")
        return int(text)

    return read


def _tempo(text: str) -> float:
    try:
        bpm = float(text)
    except ValueError:
        bpm = 0.0
    if not 20 <= bpm <= 300:
        raise argparse.ArgumentTypeError(f"a tempo is in 20..300 quarter notes a minute, not {text}")
    return bpm


def _parts(text: str) -> tuple[str, ...]:
    named = {name.strip() for name in text.split(",")}
    if not named <= set(PARTS):
        raise argparse.ArgumentTypeError(f"parts are {', '.join(PARTS)}, not {min(named - set(PARTS))!r}")
    return tuple(part for part in PARTS if part in named)


def _progression(text: str) -> object:
    return parse_progression(text, parse_key("C major"))


def _checked(read: Callable[[str], object]) -> Callable[[str], str]:
    """Return a type that keeps the text as it is, once `read` has understood it or it says "auto"."""

    def check(text: str) -> str:
        try:
            if text != "auto":
                read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return text

    return check


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"an address is HOST:PORT such as 127.0.0.1:7411, not {text}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _broker(text: str) -> Account:
    try:
        return account(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _panel(text: str) -> tuple[str, int] | None:
    return None if text == "none" else _address(text)


def _token(text: str) -> str:
    if len(text) < 8 or not text.isascii() or not all(c.isalnum() or c in "-._~" for c in text):
        raise argparse.ArgumentTypeError("a token has 8 letters, digits or -._~ at least")
    return text


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"a network is such as 192.168.1.0/24, not {text}") from error


def _port_name(text: str) -> str:
    if not any(character.isalnum() for character in text) or ":" in text:
        raise argparse.ArgumentTypeError("a port's name has a letter or digit and no colon")
    return text


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return Path(text)


def _new_file(text: str) -> Path:
    path = Path(text)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(
            f"{text} cannot be a file: it is a folder, or its folder is not there"
        )
    return path
