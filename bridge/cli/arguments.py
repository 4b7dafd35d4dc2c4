"""The command line of `llmball`: commands and their options → values. A value that cannot be used is refused in one line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import NoReturn

from bridge.cli import types
from bridge.cli.help import SHELLS, START, add_help
from bridge.config import BACKENDS, DEFAULT_HTTP, MAX_INPUTS, SYNC_SOURCES, VERSION, Config
from model.decoder.load import ENGINES


class Parser(argparse.ArgumentParser):
    """Reports an error in one line and exits with 2."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        sys.stderr.write(f"{self.prog}: {without_secrets(message)} (see {self.prog} --help)\n")
        sys.exit(2)


def without_secrets(message: str) -> str:
    """Return a message without what may hold a password: what has an @ behind a colon, and a broker's URL that is not our example."""
    return re.sub(r"(mqtts?:)(?!//HOST\b)\S+", r"\1…", re.sub(r"\S*:\S*@\S*", "…", message))


def parser(command: str | None = None) -> argparse.ArgumentParser:
    """Return the parser of `llmball` with the options of all commands, of one, or of none (""): those of `clip` load slowly."""
    top = Parser(
        prog="llmball",
        description="A sentence becomes a band that plays, in time and in key.",
        epilog=START,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"llmball {VERSION}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, add_options) in COMMANDS.items():
        added = commands.add_parser(name, help=text)
        if command in (None, name):
            add_help(added, name)
            add_options(added)
    return top


def _serve(serve: argparse.ArgumentParser) -> None:
    option = serve.add_argument
    _ports_of_output(serve)
    option(
        "--input", metavar="virtual|PORT|audio[:PORT]", action="append",
        help=f"listen to MIDI there (llmball ports), or to a microphone or instrument at JACK; several times for several players, {MAX_INPUTS} at most",
    )  # fmt: skip
    option("--osc", metavar="HOST:PORT", type=types.address, help="port 0: a free one")
    option("--browse", action="store_true", help="open the panel in a browser, where there is a display")
    option("--set", metavar="FILE.toml", type=types.existing_file, help="controls, bank and pads to begin with")
    option(
        "--http", metavar="HOST:PORT|none", type=types.address_or_none,
        help="the browser panel; port 0: a free one",
    )  # fmt: skip
    option("--token", metavar="T", type=types.token, help="what browsers elsewhere must say, beside --allow")
    option("--zeroconf", action="store_true", help="be found as OSCQuery in the local network")
    option(
        "--sync",
        choices=SYNC_SOURCES,
        help="source of the time; clock comes in by --input",
    )
    option("--mqtt", metavar="URL", type=types.broker, help="mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT][/NAME]")
    option(
        "--composer",
        metavar="URL[#MODEL]",
        type=types.composer,
        help="an OpenAI-compatible language model (llama.cpp, Ollama, LM Studio) that composes for each prompt; the band plays until it has",
    )
    option(
        "--composer-elsewhere", action="store_true", help="let --composer be another machine, to which prompts then go"
    )
    option("--play", metavar="PROMPT", type=types.prompt, help="play this at once")
    option(
        "--allow", metavar="CIDR", type=types.network, nargs="+", action="extend",
        help="networks whose programs may send OSC, such as 192.168.1.0/24; this machine always may",
    )  # fmt: skip
    option(
        "--tell", metavar="IP:PORT", type=types.receiver, nargs="+", action="extend",
        help="programs that are told everything over OSC without being asked, such as a tablet that cannot say hello; one on another machine needs --osc 0.0.0.0:7411 beside",
    )  # fmt: skip
    _encoder(serve)
    option(
        "--engine", choices=ENGINES,
        help="what computes: native (C, on one thread; needs AVX2 and a compiler at install), onnx (on one thread), or torch (a graphics card where there is one; needs the train extra); auto takes the first of these that is there",
    )  # fmt: skip
    option(
        "--trace",
        metavar="FILE",
        type=types.new_file,
        help="a line a note: planned beat, planned and sent time",
    )
    serve.set_defaults(**asdict(Config()) | {"http": DEFAULT_HTTP, "allow": [], "tell": [], "input": []})


def _clip(clip: argparse.ArgumentParser) -> None:
    from bridge.clips.options import OPTIONS
    from model.expression import GESTURES

    clip.add_argument("prompt", metavar="PROMPT", type=types.prompt, nargs="?", help="may be left out beside --with")
    _output(clip)
    clip.add_argument(
        "--from", dest="source", metavar="in.mid|hum.wav|NAME", type=types.piece,
        help="go on from a clip, or from a piece of the songbook by its name; with --keep or --redo, write parts or bars of it anew; a voice gets a band",
    )  # fmt: skip
    clip.add_argument(
        "--with", dest="beside", metavar="a.mid", type=types.existing_file, nargs="+", default=(),
        help="write parts for these files, heard together as the tracks of a set: --parts, those that the words name, or those that are missing; only they are written",
    )  # fmt: skip
    clip.add_argument("--whole", action="store_true", help="beside --with: write what was heard into the file too")
    clip.add_argument(
        "--groove", dest="template", metavar="in.mid", type=types.existing_file,
        help="with the timing and the accents of the drums in this file, or of all of it where it has none",
    )  # fmt: skip
    clip.add_argument(
        "--expression", action="store_true",
        help=f"with {GESTURES}, by section and part; not of drums",
    )  # fmt: skip
    for name in (option.name for option in OPTIONS.values() if option.in_command):
        _clip_option(clip, name)


def _clip_option(command: argparse.ArgumentParser, name: str, default: object = None) -> None:
    """Add an option of the table of clips; the default is the table's unless another is given."""
    from bridge.clips.options import OPTIONS

    row = OPTIONS[name]
    text = row.help if default is None else f"default: {default}"
    default = row.default if default is None else default
    command.add_argument(f"--{name}", metavar=row.metavar, type=types.reader(row.parse), default=default, help=text)


def _refine(refine: argparse.ArgumentParser) -> None:
    refine.add_argument("source", metavar="in.mid", type=types.existing_file)
    refine.add_argument("words", metavar="WORDS", type=types.prompt, help='such as "less busy, walking bass"')
    _output(refine)
    _clip_option(refine, "seed", 0)


def _harmonise(harmonise: argparse.ArgumentParser) -> None:
    harmonise.add_argument("source", metavar="in.mid|hum.wav", type=types.existing_file)
    harmonise.add_argument("prompt", metavar="PROMPT", type=types.prompt, nargs="?")
    _output(harmonise)
    _clip_option(harmonise, "parts", "chords,bass")
    _clip_option(harmonise, "seed", 0)
    harmonise.add_argument(
        "--tempo", metavar="BPM", type=types.reader(float), default=0.0, help="a voice sang to a click at this tempo (default: found)"
    )  # fmt: skip
    harmonise.add_argument(
        "--causal",
        action="store_true",
        help="chords depend on the melody before them only, as when playing live",
    )


def _understand(understand: argparse.ArgumentParser) -> None:
    understand.add_argument("prompt", metavar="PROMPT", type=types.prompt)
    _json(understand)
    understand.add_argument("--distribution", action="store_true", help="what else each field might have been, as JSON")


def _score(score: argparse.ArgumentParser) -> None:
    option = score.add_argument
    option(
        "source",
        metavar="FILE.txt|FILE.mid|NAME",
        type=types.piece,
        help="a text, a .mid file, or a piece of ours by its title or file name",
    )
    option(
        "-o",
        dest="out",
        metavar="FILE.mid|FILE.txt",
        type=types.score_file,
        help="write it there; without this it is played",
    )
    option(
        "--canonical",
        action="store_true",
        help="write the notes on the grid, so that the file comes back as the same text",
    )
    option("--bends", action="store_true", help="write slides, falls and vibrato as pitch bends (range 12) too")
    option("--check", action="store_true", help="only hold it to the notation and the songbook's laws")
    option("--loop", action="store_true", help="play it again and again, until Ctrl-C")
    _ports_of_output(score)
    score.set_defaults(**{name: value for name, value in asdict(Config()).items() if name in _OUTPUT})


_OUTPUT = ("output", "backend", "ports", "port_name")


def _ports_of_output(command: argparse.ArgumentParser) -> None:
    option = command.add_argument
    option("--output", metavar="virtual|PORT|record:FILE|none", help="default: virtual, else ./llmball.mid")
    option("--backend", choices=BACKENDS, help="the MIDI system; auto takes the best that answers")
    option("--ports", choices=("one", "per-part"), help="one port for all parts, or one for each")
    option("--port-name", metavar="NAME", type=types.port_name, help="what our port is called")


def _replay(replay: argparse.ArgumentParser) -> None:
    replay.add_argument("take", metavar="TAKE", help="its name, as /llmball/kept told it")
    replay.add_argument("-o", dest="out", metavar="FILE.mid", type=types.new_file, help="default: TAKE.mid here")


def _mcp(mcp: argparse.ArgumentParser) -> None:
    option = mcp.add_argument
    option("--daemon", metavar="HOST:PORT", type=types.address, default=DEFAULT_HTTP, help="the panel of the daemon")
    option("--daemon-token", metavar="T", type=types.token, help="the daemon's --token, if it is elsewhere")
    option("--start", action="store_true", help="start a daemon if none runs; it ends with this server")
    option("--folder", metavar="DIR", type=types.folder, help="where clips are (default: clips in the data folder)")
    option(
        "--http",
        metavar="HOST:PORT",
        type=types.address,
        help="serve streamable HTTP there, on this machine only, instead of standard input and output",
    )
    option("--token", metavar="T", type=types.token, help="what HTTP clients must show (default: a new one, printed)")


def _worker(worker: argparse.ArgumentParser) -> None:
    worker.add_argument("--mqtt", metavar="URL", type=types.broker, required=True)
    _encoder(worker, "as the bridges have it")


def _explain(explain: argparse.ArgumentParser) -> None:
    explain.add_argument("source", metavar="in.mid", type=types.existing_file)
    _json(explain)


def _sheet(sheet: argparse.ArgumentParser) -> None:
    sheet.add_argument(
        "source", metavar="in.mid|NAME", type=types.piece, help="a clip, or a piece of the songbook by its name"
    )
    sheet.add_argument(
        "-o", dest="out", metavar="FILE.txt|FILE.abc|FILE.musicxml", type=types.sheet_file,
        help="a chord sheet (.txt), or chords and melody for a notation program; without this the chord sheet is printed",
    )  # fmt: skip
    sheet.add_argument("--score", action="store_true", help="every pitched part, not only the melody")
    sheet.add_argument("--title", metavar="TITLE", help="default: the file's name")


def _render(render: argparse.ArgumentParser) -> None:
    render.add_argument(
        "source", metavar="in.mid|NAME", type=types.piece, help="a clip, or a piece of the songbook by its name"
    )
    render.add_argument("-o", dest="out", metavar="FILE.wav", type=types.wave_file, required=True)
    render.add_argument("--stems", action="store_true", help="a file of each part too: FILE-bass.wav …")
    render.add_argument("--soundfont", metavar="FILE", type=types.existing_file, help="default: ours (docs/clips.md)")


def _ports(ports: argparse.ArgumentParser) -> None:
    ports.add_argument(
        "--backend", choices=BACKENDS, default="auto", help="the MIDI system; auto takes the best that answers"
    )


def _device(device: argparse.ArgumentParser) -> None:
    install = device.add_subparsers(dest="doing", required=True, metavar="install").add_parser(
        "install", help="copy them into Live's User Library"
    )
    install.add_argument("--to", metavar="DIR", type=types.folder, help="the User Library (default: asks)")


def _doctor(doctor: argparse.ArgumentParser) -> None:
    """Add nothing: it has no options."""


def _completion(completion: argparse.ArgumentParser) -> None:
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"one of {', '.join(SHELLS)}")


def _output(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-o", dest="out", metavar="FILE.mid|FILE.wav", type=types.clip_file,
        help="default: a new .mid file here, named after the words or the source; its name is told",
    )  # fmt: skip
    _encoder(command)


def _encoder(
    command: argparse.ArgumentParser, text: str = "a local Hugging Face directory instead of our encoder"
) -> None:
    command.add_argument("--encoder", metavar="DIR", type=types.folder, help=text)


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="as one JSON object")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "serve": ("the daemon: OSC in, MIDI out", _serve),
    "clip": ("write a clip of exactly N bars as a .mid file", _clip),
    "refine": ("change what the words name in a .mid file, and nothing else", _refine),
    "harmonise": ("write chords for the melody of a .mid file, or for a voice", _harmonise),
    "score": ("play, write or check a piece of the songbook's notation", _score),
    "understand": ("show what a prompt means, field by field", _understand),
    "replay": ("write a kept take again, byte for byte", _replay),
    "mcp": ("play from a chat client (Model Context Protocol; needs the mcp extra)", _mcp),
    "worker": ("write beats for bridges on other machines", _worker),
    "explain": ("what a .mid file is made of: key, numerals, cadences, form", _explain),
    "sheet": ("write a .mid file on paper: chord sheet, lead sheet, score", _sheet),
    "render": ("write a .mid file as audio, with FluidSynth", _render),
    "ports": ("list the MIDI ports of this machine", _ports),
    "device": ("the Max for Live devices", _device),
    "bench": ("how fast this machine writes music", _json),
    "doctor": ("check this machine, with a remedy for each fault", _doctor),
    "completion": ("print the completion script of a shell", _completion),
}
"""The commands: what `llmball --help` says of each, and what adds its options."""
