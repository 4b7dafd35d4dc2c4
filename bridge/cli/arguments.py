"""The words of the command line → values. What cannot be obeyed is refused, in one line with the remedy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

from bridge.cli import types
from bridge.cli.types import MAX_CLIP_BARS, MAX_SEED, MAX_TAKES
from bridge.config import DEFAULT_HTTP, DEFAULT_OSC, SYNC_SOURCES
from bridge.midi.backends import BACKENDS
from model.decoder.load import ENGINES
from model.music.notes import METERS, PARTS
from model.music.plan import Controls


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
    understand.add_argument("prompt", metavar="PROMPT", type=types.prompt)
    understand.add_argument("--json", action="store_true", help="as one JSON object")
    understand.add_argument(
        "--distribution", action="store_true", help="what else each field might have been, as JSON"
    )
    replay = commands.add_parser("replay", help="write a kept take again, byte for byte")
    replay.add_argument("take", metavar="TAKE", help="its name, as /llmball/kept told it")
    replay.add_argument(
        "-o", dest="out", metavar="FILE.mid", type=types.new_file, help="default: TAKE.mid here"
    )
    worker = commands.add_parser("worker", help="write beats for bridges on other machines")
    worker.add_argument("--mqtt", metavar="URL", type=types.broker, required=True)
    worker.add_argument("--encoder", metavar="DIR", type=types.folder, help="as the bridges have it")
    explain = commands.add_parser(
        "explain", help="what a .mid file is made of: key, numerals, cadences, form"
    )
    explain.add_argument("source", metavar="in.mid", type=types.existing_file)
    explain.add_argument("--json", action="store_true", help="as one JSON object")
    ports = commands.add_parser("ports", help="list the MIDI ports of this machine")
    ports.add_argument("--backend", choices=BACKENDS, default="auto")
    device = commands.add_parser("device", help="the Max for Live devices")
    install = device.add_subparsers(dest="doing", required=True, metavar="install").add_parser(
        "install", help="copy them into Live's User Library"
    )
    install.add_argument("--to", metavar="DIR", type=types.folder, help="the User Library (default: asks)")
    bench = commands.add_parser("bench", help="how fast this machine writes music")
    bench.add_argument("--json", action="store_true", help="as one JSON object")
    commands.add_parser("doctor", help="check this machine, with a remedy for each fault")
    return top


def _serve(serve: argparse.ArgumentParser) -> None:
    option = serve.add_argument
    option("--output", metavar="virtual|PORT|record:FILE|none", help="default: virtual, else ./llmball.mid")
    option("--backend", choices=BACKENDS, default="auto")
    option("--ports", choices=("one", "per-part"), default="one")
    option("--port-name", metavar="NAME", type=types.port_name, default="LLMBall")
    option("--input", metavar="virtual|PORT", help="listen to MIDI there (llmball ports)")
    option(
        "--osc",
        metavar="HOST:PORT",
        type=types.address,
        default=DEFAULT_OSC,
        help="port 0: a free one",
    )
    option("--browse", action="store_true", help="open the panel in a browser, where there is a display")
    option(
        "--set", metavar="FILE.toml", type=types.existing_file, help="controls, bank and pads to begin with"
    )
    option(
        "--http",
        metavar="HOST:PORT|none",
        type=types.address_or_none,
        default=DEFAULT_HTTP,
        help="the browser panel; port 0: a free one",
    )
    option("--token", metavar="T", type=types.token, help="what browsers elsewhere must say, beside --allow")
    option("--zeroconf", action="store_true", help="be found as OSCQuery in the local network")
    option(
        "--sync",
        choices=SYNC_SOURCES,
        default="internal",
        help="who leads the time; clock comes in by --input",
    )
    option("--mqtt", metavar="URL", type=types.broker, help="mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/NAME]")
    option("--play", metavar="PROMPT", type=types.prompt, help="play this at once")
    option("--allow", metavar="CIDR", type=types.network, nargs="+", action="extend", default=[])
    option(
        "--encoder",
        metavar="DIR",
        type=types.folder,
        help="a local Hugging Face directory instead of our encoder",
    )
    option(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="what computes: native (C, on one thread; needs AVX2 and a compiler at install), onnx (on one thread), or torch (a graphics card where there is one; needs the train extra); auto takes the first of these that is there",
    )
    option(
        "--trace",
        metavar="FILE",
        type=types.new_file,
        help="a line a note: planned beat, planned and sent time",
    )


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
    option("prompt", metavar="PROMPT", type=types.prompt)
    option("-o", dest="out", metavar="FILE.mid", type=types.new_file, required=True)
    option(
        "--bars",
        metavar="N",
        type=types.whole_number("a clip has {} bars", 1, MAX_CLIP_BARS),
        help="default: the words', else 8",
    )
    option(
        "--seed",
        metavar="N",
        type=types.whole_number("a seed is in {}", 0, MAX_SEED),
        help="default: a new one, printed",
    )
    option("--parts", metavar="a,b", type=types.parts, help=f"of {', '.join(PARTS)}")
    option("--tempo", metavar="BPM", type=types.tempo, default=0.0)
    option("--key", metavar="K", type=types.key, default="auto")
    option("--meter", metavar="M", choices=METERS, default="auto")
    option("--chords", metavar='"Am F C G"', type=types.validated_by(types.progression), default="auto")
    for level in LEVELS:
        option(f"--{level}", metavar="X", type=types.level, default=-1.0, help="0..1; default: the words'")
    option(
        "--temperature",
        metavar="X",
        type=types.number_between("temperature", 0.1, 2.0),
        default=1.0,
        help="0.1..2",
    )
    option(
        "--guidance",
        metavar="X",
        type=types.number_between("guidance", 0.0, 10.0),
        help="0..10; default: as shipped",
    )
    option("--ending", choices=("loop", "cadence"), help="default: the words', else loop")
    option(
        "--takes",
        metavar="N",
        type=types.whole_number("takes are {}", 1, MAX_TAKES),
        help="writes FILE-1.mid, FILE-2.mid …",
    )
    option(
        "--encoder",
        metavar="DIR",
        type=types.folder,
        help="a local Hugging Face directory instead of our encoder",
    )

    option(
        "--from",
        dest="source",
        metavar="in.mid",
        type=types.existing_file,
        help="go on from a clip; with --keep or --redo, write parts or bars of it anew",
    )
    option("--keep", metavar="a,b", type=types.parts, help="parts of --from that stay in the bars redone")
    option(
        "--redo",
        metavar="3-4,7",
        type=types.bars,
        help="bars of --from that are written anew (default: all)",
    )


def _refine(refine: argparse.ArgumentParser) -> None:
    option = refine.add_argument
    option("source", metavar="in.mid", type=types.existing_file)
    option("words", metavar="WORDS", type=types.prompt, help='such as "less busy, walking bass"')
    _output_options(option)


def _harmonise(harmonise: argparse.ArgumentParser) -> None:
    option = harmonise.add_argument
    option("source", metavar="in.mid", type=types.existing_file)
    option("prompt", metavar="PROMPT", type=types.prompt, nargs="?")
    option("--parts", metavar="a,b", type=types.parts, default=("chords", "bass"))
    option("--causal", action="store_true", help="as on a stage: chords know the melody before them only")
    _output_options(option)


def _output_options(option: Callable[..., object]) -> None:
    option("-o", dest="out", metavar="FILE.mid", type=types.new_file, required=True)
    option("--seed", metavar="N", type=types.whole_number("a seed is in {}", 0, MAX_SEED), default=0)
    option(
        "--encoder",
        metavar="DIR",
        type=types.folder,
        help="a local Hugging Face directory instead of our encoder",
    )
