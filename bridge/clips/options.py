"""The options of a clip that come in a message, under the names and laws of the command line."""

from __future__ import annotations

import argparse
from functools import cache
from typing import NoReturn

from bridge.cli.arguments import clip_controls, clip_options
from bridge.errors import BadRequest
from bridge.protocol.requests import ClipAsked, ClipRedo, whole
from model.clips.messages import Stays, Wanted

NOT_HERE = ("encoder", "takes", "o", "bars", "seed", "prompt")
"""Options of the command line that a message has no use for, or says otherwise."""
LISTS = ("parts", "keep")


class _Refused(ValueError):
    """The parser's complaint."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong to whoever asked."""

    def error(self, message: str) -> NoReturn:
        """Refuse the message."""
        raise _Refused(message)


@cache
def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="clip", add_help=False, allow_abbrev=False)
    clip_options(parser)
    return parser


def _parsed(address: str, words: list[str], prompt: str) -> argparse.Namespace:
    try:
        return _parser().parse_args([*words, "-o", "clip.mid", "--", prompt])
    except _Refused as refused:
        raise BadRequest(address, str(refused)) from refused


def _listed(text: str) -> str:
    """Return names with commas between, however they were listed."""
    return ",".join(text.replace(",", " ").split())


def _read(request: ClipAsked) -> argparse.Namespace:
    words: list[str] = []
    for name, value in request.options:
        plain = name.lstrip("-")
        if plain in NOT_HERE:
            raise BadRequest(
                "/llmball/clip", f"{plain} is no option of a message: bars and seed come before the prompt"
            )
        if plain in ("from", "refine") or value == "auto" or (plain == "tempo" and value == 0):
            continue  # left to the words, or not the parser's
        # seven digits are what a 32-bit float holds: 82.3 comes as 82.3000030517578
        text = f"{value:.7g}" if isinstance(value, int | float) else value
        words.append(f"--{plain}={_listed(text) if plain in LISTS else text}")
    if request.bars:
        words.append(f"--bars={request.bars}")
    return _parsed("/llmball/clip", words, request.prompt)


def wanted(request: ClipAsked) -> Wanted:
    """Return what `llmball clip` makes of the same options. Raises BadRequest."""
    args = _read(request)
    return Wanted(
        args.prompt,
        request.seed,
        bars=args.bars,
        parts=args.parts,
        controls=clip_controls(args),
        closing=None if args.ending is None else args.ending == "cadence",
    )


def announced(request: ClipAsked) -> int | None:
    """Return how many notes the option `from` says were given for it. Raises BadRequest."""
    said = dict(request.options).get("from")
    count = whole(said)
    if said is not None and (count is None or count < 0):
        raise BadRequest("/llmball/clip", "from is the count of the notes that were given")
    return count


def changes(request: ClipAsked) -> bool:
    """Tell whether the words change what was given (option `refine 1`) rather than ask for a new clip. Raises BadRequest."""
    said = dict(request.options).get("refine", 0)
    if whole(said) not in (0, 1):
        raise BadRequest("/llmball/clip", "refine is 1 where the words change what was given, else 0")
    return whole(said) == 1


def stays(request: ClipAsked, redo: ClipRedo | None, present: frozenset[str]) -> Stays | None:
    """Return what stays of a clip with these parts: by its options, or by a mark that names what is redone.

    None where neither says anything of it. Raises BadRequest.
    """
    args = _read(request)
    if redo is not None:
        parts, bars = marked(redo)
        return Stays(present - parts if parts else frozenset(), bars)
    if args.keep is None and args.redo is None:
        return None
    return Stays(frozenset(args.keep or ()), args.redo)


def marked(redo: ClipRedo) -> tuple[frozenset[str], frozenset[int] | None]:
    """Return the parts and the bars, from 0, of a mark; none, or None, are all. Raises BadRequest."""
    words = [f"--redo={redo.bars}"] if redo.bars else []
    if redo.parts:
        words.append(f"--parts={_listed(redo.parts)}")
    args = _parsed("/llmball/clip/redo", words, "redo")
    return frozenset(args.parts or ()), args.redo
