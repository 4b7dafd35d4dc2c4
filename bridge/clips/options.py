"""The options of a clip that come in a message, under the names and laws of the command line."""

from __future__ import annotations

import argparse
from functools import cache
from typing import NoReturn

from bridge.cli.arguments import clip_controls, clip_options
from bridge.errors import BadRequest
from bridge.protocol.requests import ClipRedo, ClipRequested, as_whole_number
from model.clips.messages import ClipSpec, KeepSpec

EXCLUDED_OPTIONS = ("encoder", "takes", "o", "bars", "seed", "prompt")
"""Options of the command line that a message has no use for, or says otherwise."""
LIST_OPTIONS = ("parts", "keep")


class _ParseError(ValueError):
    """The parser's complaint."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong to whoever asked."""

    def error(self, message: str) -> NoReturn:
        """Refuse the message."""
        raise _ParseError(message)


@cache
def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="clip", add_help=False, allow_abbrev=False)
    clip_options(parser)
    return parser


def _parse_words(address: str, words: list[str], prompt: str) -> argparse.Namespace:
    try:
        return _parser().parse_args([*words, "-o", "clip.mid", "--", prompt])
    except _ParseError as error:
        raise BadRequest(address, str(error)) from error


def _comma_separated(text: str) -> str:
    """Return names with commas between, however they were listed."""
    return ",".join(text.replace(",", " ").split())


def _parse_options(request: ClipRequested) -> argparse.Namespace:
    words: list[str] = []
    for name, value in request.options:
        option = name.lstrip("-")
        if option in EXCLUDED_OPTIONS:
            raise BadRequest(
                "/llmball/clip", f"{option} is no option of a message: bars and seed come before the prompt"
            )
        if option in ("from", "refine") or value == "auto" or (option == "tempo" and value == 0):
            continue  # left to the words, or not the parser's
        # seven digits are what a 32-bit float holds: 82.3 comes as 82.3000030517578
        text = f"{value:.7g}" if isinstance(value, int | float) else value
        words.append(f"--{option}={_comma_separated(text) if option in LIST_OPTIONS else text}")
    if request.bars:
        words.append(f"--bars={request.bars}")
    return _parse_words("/llmball/clip", words, request.prompt)


def clip_spec(request: ClipRequested) -> ClipSpec:
    """Return what `llmball clip` makes of the same options. Raises BadRequest."""
    args = _parse_options(request)
    return ClipSpec(
        args.prompt,
        request.seed,
        bars=args.bars,
        parts=args.parts,
        controls=clip_controls(args),
        closing=None if args.ending is None else args.ending == "cadence",
    )


def announced_notes(request: ClipRequested) -> int | None:
    """Return how many notes the option `from` says were given for it. Raises BadRequest."""
    value_given = dict(request.options).get("from")
    count = as_whole_number(value_given)
    if value_given is not None and (count is None or count < 0):
        raise BadRequest("/llmball/clip", "from is the count of the notes that were given")
    return count


def is_refinement(request: ClipRequested) -> bool:
    """Tell whether the words change what was given (option `refine 1`) rather than ask for a new clip. Raises BadRequest."""
    value_given = dict(request.options).get("refine", 0)
    if as_whole_number(value_given) not in (0, 1):
        raise BadRequest("/llmball/clip", "refine is 1 where the words change what was given, else 0")
    return as_whole_number(value_given) == 1


def keep_spec(
    request: ClipRequested, redo: ClipRedo | None, parts_present: frozenset[str]
) -> KeepSpec | None:
    """Return what stays of a clip with these parts: by its options, or by a mark that names what is redone.

    None where neither says anything of it. Raises BadRequest.
    """
    args = _parse_options(request)
    if redo is not None:
        parts, bars = parse_redo(redo)
        return KeepSpec(parts_present - parts if parts else frozenset(), bars)
    if args.keep is None and args.redo is None:
        return None
    return KeepSpec(frozenset(args.keep or ()), args.redo)


def parse_redo(redo: ClipRedo) -> tuple[frozenset[str], frozenset[int] | None]:
    """Return the parts and the bars, from 0, of a mark; none, or None, are all. Raises BadRequest."""
    words = [f"--redo={redo.bars}"] if redo.bars else []
    if redo.parts:
        words.append(f"--parts={_comma_separated(redo.parts)}")
    args = _parse_words("/llmball/clip/redo", words, "redo")
    return frozenset(args.parts or ()), args.redo
