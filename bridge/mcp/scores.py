"""Tools for music that the client's own language model writes, in the songbook's notation, and for the songbook itself."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

import msgspec

from bridge.mcp.band import _task, take
from bridge.mcp.toolkit import Arguments, Hands, InBars, Name, NoArguments, Notation, Refused, ToolRow
from model.drafts.check import Verdict, checked
from model.drafts.guide import guide
from model.songbook.book import entries, find, to_song
from model.songbook.rendering import perform

LISTED = 30
"""Pieces that are listed at once."""


class Check(Arguments, frozen=True):
    """Arguments of `score_check`."""

    text: Notation


class Play(Arguments, frozen=True):
    """Arguments of `score_play`."""

    text: Notation = ""
    piece: Annotated[str, msgspec.Meta(max_length=100, description="a piece of the songbook, instead of a text")] = ""
    in_bars: InBars = 0
    anyway: Annotated[
        bool, msgspec.Meta(description="play although laws of the songbook are broken, where the text can be read")
    ] = False


class Clip(Arguments, frozen=True):
    """Arguments of `score_clip`."""

    text: Notation
    name: Name
    anyway: Annotated[bool, msgspec.Meta(description="write although laws of the songbook are broken")] = False


class Songbook(Arguments, frozen=True):
    """Arguments of `songbook`."""

    style: Annotated[str, msgspec.Meta(max_length=60, description="list the pieces of this style")] = ""
    piece: Annotated[str, msgspec.Meta(max_length=100, description="show this piece's notation")] = ""


async def score_guide(_: Hands, __: NoArguments) -> str:
    """Tell how music is written."""
    return guide()


async def _checked(text: str) -> Verdict:
    return await asyncio.to_thread(checked, text)


def _faults(verdict: Verdict) -> str:
    numbered = "\n".join(f"{number}. {error}" for number, error in enumerate(verdict.errors, 1))
    hint = "" if verdict.piece is None else "\nIt can be read: with anyway true it is played as it is."
    return f"{len(verdict.errors)} faults; mend them and send the whole text again:\n{numbered}{hint}"


def _praise(verdict: Verdict) -> str:
    assert verdict.piece is not None
    header = verdict.piece.header
    lines = [
        f"{header.title}: {verdict.piece.bars} bars of {header.meter[0]}/{header.meter[1]}, {float(header.tempo):g} bpm, "
        f"{header.tonic} {header.mode}, form {' '.join(header.form)}"
    ]
    if verdict.draft.filled:
        lines.append("added: " + "; ".join(verdict.draft.filled))
    return "\n".join([*lines, *(f"remark: {warning}" for warning in verdict.warnings[:5])])


async def score_check(_: Hands, args: Check) -> str:
    """Check a text."""
    verdict = await _checked(args.text)
    if verdict.errors:
        raise Refused(_faults(verdict))
    return f"no fault. {_praise(verdict)}"


async def _read(text: str, anyway: bool) -> Verdict:
    verdict = await _checked(text)
    if verdict.errors and not (anyway and verdict.piece is not None):
        raise Refused(_faults(verdict))
    return verdict


async def score_play(hands: Hands, args: Play) -> str:
    """Play a text or a piece as a take."""
    if bool(args.text.strip()) == bool(args.piece.strip()):
        raise Refused("score_play takes either a text of the notation or the name of a piece")
    if args.piece:
        try:
            entry = await asyncio.to_thread(find, args.piece)
        except ValueError as error:
            raise Refused(str(error)) from error
        run, words = partial(take, hands, "score/play", entry.name, label=entry.title), entry.title
        told = f"{entry.title}, {entry.style}, {entry.bars} bars"
    else:
        verdict = await _read(args.text, args.anyway)
        assert verdict.piece is not None
        words, told = verdict.piece.header.title, _praise(verdict)
        run = partial(take, hands, "score/text", verdict.draft.text, label=words)
    if args.in_bars:
        return f"{hands.plan(args.in_bars, words, _task(hands, run), takes_a_bar=True)}\n{told}"
    return f"{await run()}\n{told}"


async def score_clip(hands: Hands, args: Clip) -> str:
    """Write a text as a clip."""
    verdict = await _read(args.text, args.anyway)
    assert verdict.piece is not None
    song, left = await asyncio.to_thread(lambda piece: to_song(perform(piece)), verdict.piece)
    told = await asyncio.to_thread(hands.library.put, args.name, song)
    return "\n".join([told, *([left] if left else []), _praise(verdict)])


async def songbook(_: Hands, args: Songbook) -> str:
    """List styles, pieces of one, or show a piece."""
    try:
        return await asyncio.to_thread(_songbook, args)
    except ValueError as error:
        raise Refused(str(error)) from error


def _songbook(args: Songbook) -> str:
    if args.piece:
        return find(args.piece).path.read_text(encoding="utf-8")
    if not args.style:
        return style_list()
    wanted = "".join(c for c in args.style.casefold() if c.isalnum())
    found = [e for e in entries() if "".join(c for c in e.style.casefold() if c.isalnum()) == wanted]
    if not found:
        raise ValueError(f"the songbook has no style {args.style!r}: call songbook without arguments for the list")
    lines = [f"{e.name}: {e.title}, {e.tempo:g} bpm, {e.key}, {e.meter}, {e.bars} bars" for e in found[:LISTED]]
    return "\n".join(lines)


def style_list() -> str:
    """Return the styles of the songbook with their numbers of pieces and range of tempi."""
    by_style: dict[str, list[float]] = {}
    for entry in entries():
        by_style.setdefault(entry.style, []).append(entry.tempo)
    return "\n".join(
        f"{style}: {len(tempi)} pieces, {min(tempi):g} to {max(tempi):g} bpm" for style, tempi in by_style.items()
    )


ROWS = (
    ToolRow("score_guide", "How to write music", "The notation in which you can compose yourself: read it before score_play, score_clip or score_check.", NoArguments, score_guide, reads=True, again=True),
    ToolRow("score_check", "Check notation", "Hold a text to the notation and the songbook's laws; faults come with line, bar and remedy.", Check, score_check, reads=True, again=True),
    ToolRow("score_play", "Play notation", "Play music that you wrote (or a songbook piece by name) as a take, in time with the host, from the next bar line on; it starts if nothing plays. Faults come back with line and remedy: mend and send again.", Play, score_play),
    ToolRow("score_clip", "Notation as a clip", "Write music that you wrote as a .mid clip. A clip that holds notes is not written over: you are told what would change.", Clip, score_clip),
    ToolRow("songbook", "The songbook", "Styles; the pieces of a style; a piece in full, as an example of the notation.", Songbook, songbook, reads=True, again=True),
)  # fmt: skip
