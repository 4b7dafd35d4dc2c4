"""The options of a clip that come in a message, under the names and laws of the command line."""

from __future__ import annotations

import argparse
from typing import NoReturn

from bridge.arguments import clip_options
from bridge.cliprequests import ClipAsked, ClipRedo
from bridge.errors import BadRequest
from model.clip import Wanted
from model.editing import Stays
from model.music import Controls

NOT_HERE = ("from", "encoder", "takes", "o", "bars", "seed")
"""Options of the command line that a message has no use for, or says otherwise."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong to whoever asked."""

    def error(self, message: str) -> NoReturn:
        """Refuse the message."""
        raise BadRequest("/llmball/clip", message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="clip", add_help=False, allow_abbrev=False)
    clip_options(parser)
    return parser


def _read(request: ClipAsked) -> argparse.Namespace:
    words: list[str] = []
    for name, value in request.options:
        plain = name.lstrip("-")
        if plain in NOT_HERE:
            raise BadRequest(
                "/llmball/clip", f"{plain} is no option of a message: bars and seed come before the prompt"
            )
        words += [f"--{plain}={value:g}" if isinstance(value, int | float) else f"--{plain}={value}"]
    if request.bars:
        words += [f"--bars={request.bars}"]
    return _parser().parse_args([*words, "-o", "clip.mid", "--", request.prompt])


def wanted(request: ClipAsked) -> Wanted:
    """Return what `llmball clip` makes of the same options. Raises BadRequest."""
    args = _read(request)
    return Wanted(
        args.prompt,
        request.seed,
        bars=args.bars,
        parts=args.parts,
        controls=Controls(tempo=args.tempo, key=args.key, meter=args.meter, chords=args.chords),
        closing=None if args.ending is None else args.ending == "cadence",
    )


def stays(request: ClipAsked, redo: ClipRedo | None, present: frozenset[str]) -> Stays:
    """Return what stays of a clip with these parts: by its options, or by a mark that names what is redone."""
    args = _read(request)
    if redo is None:
        return Stays(frozenset(args.keep or ()), args.redo)
    marked = [f"--redo={redo.bars}"] if redo.bars else []
    if redo.parts:
        marked.append(f"--keep={redo.parts}")
    mark = _parser().parse_args([*marked, "-o", "clip.mid", "--", "redo"])
    return Stays(present - frozenset(mark.keep or present), mark.redo)
