"""Tools for clips (.mid files in one folder): written, changed, harmonised, explained, and approved before notes are written over."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from bridge.mcp import commands
from bridge.mcp.library import summary
from bridge.mcp.toolkit import Arguments, Bars, Hands, Name, Refused, Seed, ToolRow, Words
from bridge.protocol.controls import CONTROLS
from bridge.storage.kept_takes import list_kept
from model.analysis.explain import chart, explain
from model.analysis.midi_import import read_midi_file
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import PARTS
from model.songbook.book import find, to_song
from model.songbook.reader import read_file
from model.songbook.rendering import perform

LISTED_TAKES = 10
"""Kept takes that are listed with the clips."""
Tempo = Annotated[float, msgspec.Meta(ge=CONTROLS["tempo"].low, le=CONTROLS["tempo"].high)]
Short = Annotated[str, msgspec.Meta(max_length=400)]
PartNames = list[Literal[PARTS]]  # type: ignore[valid-type]


class Clip(Arguments, frozen=True):
    """Arguments of `clip`."""

    prompt: Words
    name: Name
    bars: Bars | None = None
    seed: Seed | None = None
    tempo: Tempo | None = None
    key: Short = ""
    meter: Short = ""
    chords: Annotated[str, msgspec.Meta(max_length=400, description='a progression, obeyed exactly: "Am F C G"')] = ""
    parts: PartNames = []  # noqa: RUF012 - msgspec copies it
    ending: Literal["", "loop", "cadence"] = ""
    source: Annotated[
        str,
        msgspec.Meta(
            max_length=64, description="go on from this clip; with keep or redo, write parts or bars of it anew"
        ),
    ] = ""
    keep: Annotated[PartNames, msgspec.Meta(description="parts of source that stay")] = []  # noqa: RUF012
    redo: Annotated[
        str,
        msgspec.Meta(
            max_length=100, description="bars, parts or both of source that are written anew: 3-4,7 or bass or 3-4,bass"
        ),
    ] = ""


class Refine(Arguments, frozen=True):
    """Arguments of `refine_clip`."""

    clip: Name
    words: Words
    name: Annotated[
        str, msgspec.Meta(max_length=64, description="where it is written; the clip itself unless said")
    ] = ""
    seed: Seed = 0


class Harmonise(Arguments, frozen=True):
    """Arguments of `harmonise`."""

    clip: Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="a clip with a melody")]
    prompt: Annotated[str, msgspec.Meta(max_length=2000, description="in which manner")] = ""
    parts: PartNames = []  # noqa: RUF012
    name: Annotated[
        str, msgspec.Meta(max_length=64, description="where it is written; the clip itself unless said")
    ] = ""
    seed: Seed = 0


class Explain(Arguments, frozen=True):
    """Arguments of `explain`."""

    clip: Annotated[str, msgspec.Meta(max_length=64)] = ""
    piece: Annotated[str, msgspec.Meta(max_length=100, description="a piece of the songbook instead of a clip")] = ""


class Read(Arguments, frozen=True):
    """Arguments of `clips`."""

    name: Annotated[str, msgspec.Meta(max_length=64, description="show this clip; without it all are listed")] = ""


class Write(Arguments, frozen=True):
    """Arguments of `write_clip`."""

    change: Annotated[str, msgspec.Meta(max_length=40, description="the change that was shown, such as change-1")]


class Understand(Arguments, frozen=True):
    """Arguments of `understand`."""

    text: Words


async def _written(words: Sequence[str]) -> tuple[Song, str]:
    """Run a command that writes a file; return its song, and the lines on words that it does not obey. Raises Refused."""
    with tempfile.TemporaryDirectory(prefix="llmball-") as folder:
        path = Path(folder) / "out.mid"
        try:
            said = await commands.run([words[0], f"-o={path}", *words[1:]])
        except commands.CommandError as error:
            raise Refused(str(error)) from error
        song = await asyncio.to_thread(read_midi_file, path)
    return song, "\n".join(line for line in said.splitlines() if line.startswith("not met"))


async def _put(hands: Hands, name: str, words: Sequence[str]) -> str:
    hands.library.path(name)  # a wrong name is refused before seconds are spent
    song, unread = await _written(words)
    told = await asyncio.to_thread(hands.library.put, name, song)
    return f"{told}\n{unread}".rstrip()


async def clip(hands: Hands, args: Clip) -> str:
    """Write a clip."""
    options = {
        "bars": args.bars, "seed": args.seed, "tempo": args.tempo, "key": args.key, "meter": args.meter, "chords": args.chords,
        "parts": ",".join(args.parts), "ending": args.ending, "keep": ",".join(args.keep), "redo": args.redo,
    }  # fmt: skip
    given = [f"--{name}={value}" for name, value in options.items() if value not in (None, "")]
    if args.source:
        hands.library.read(args.source)
        given.append(f"--from={hands.library.source(args.source)}")
    return await _put(hands, args.name, ["clip", *given, "--", args.prompt])


async def refine_clip(hands: Hands, args: Refine) -> str:
    """Change a clip."""
    hands.library.read(args.clip)
    words = ["refine", f"--seed={args.seed}", "--", str(hands.library.source(args.clip)), args.words]
    return await _put(hands, args.name or args.clip, words)


async def harmonise(hands: Hands, args: Harmonise) -> str:
    """Write chords for a melody."""
    hands.library.read(args.clip)
    parts = [f"--parts={','.join(args.parts)}"] if args.parts else []
    words = ["harmonise", *parts, f"--seed={args.seed}", "--", str(hands.library.source(args.clip))]
    return await _put(hands, args.name or args.clip, [*words, *([args.prompt] if args.prompt.strip() else [])])


async def explain_clip(hands: Hands, args: Explain) -> str:
    """Explain a clip or a piece."""
    if bool(args.clip.strip()) == bool(args.piece.strip()):
        raise Refused("explain takes either a clip or a piece of the songbook")
    try:
        if args.clip:
            song = midifile.as_filed(hands.library.read(args.clip))
        else:
            song, _ = await asyncio.to_thread(lambda: to_song(perform(read_file(find(args.piece).path))))
        result = await asyncio.to_thread(explain, song)
    except ValueError as error:
        raise Refused(str(error)) from error
    return "\n".join([*result.words, "", *chart(result)])


async def clips(hands: Hands, args: Read) -> str:
    """List or show clips."""
    if not args.name:
        names = hands.library.names()
        waiting = [f"{id_}: waits for approval, over {held.name}" for id_, held in hands.library.held.items()]
        kept = [
            f"kept take {take['name']}: {take['bars']} bars, {take['words']}" for take in list_kept()[:LISTED_TAKES]
        ]
        return "\n".join([f"in {hands.library.folder}:", *(names or ["no clip yet"]), *waiting, *kept])
    return summary(hands.library.read(args.name))


async def write_clip(hands: Hands, args: Write) -> str:
    """Write a change that was shown."""
    return await asyncio.to_thread(hands.library.approve, args.change)


async def understand(_: Hands, args: Understand) -> str:
    """Tell what words mean."""
    try:
        plan = json.loads(await commands.run(["understand", "--json", "--", args.text]))
    except commands.CommandError as error:
        raise Refused(str(error)) from error
    stated = set(plan.pop("explicit", ()))
    lines = [
        f"{name}{' (stated)' if name in stated else ''}: {_plain(value)}"
        for name, value in plan.items()
        if value not in (None, [], {}, "")
    ]
    return "\n".join(lines)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


ROWS = (
    ToolRow("understand", "What words mean", "What a prompt means to our band, field by field, and which of its words are not obeyed.", Understand, understand, reads=True, again=True),
    ToolRow("clip", "Write a clip", "Our own model writes a clip of exactly so many bars as a .mid file. A clip that holds notes is not written over: you are told what would change.", Clip, clip),
    ToolRow("refine_clip", "Change a clip", "Change what the words name in a clip, and nothing else. You are told what would change before it is written over.", Refine, refine_clip),
    ToolRow("harmonise", "Harmonise a melody", "Write chords and bass (or other parts) for the melody of a clip. You are told what would change before it is written over.", Harmonise, harmonise),
    ToolRow("explain", "Explain the music", "Key, Roman numerals, cadences and form of a clip, a kept take or a songbook piece.", Explain, explain_clip, reads=True, again=True),
    ToolRow("clips", "Clips", "List the clips and kept takes, or show one: length, tempo, key, chords, notes as a small roll. A kept take can be used wherever a clip is read.", Read, clips, reads=True, again=True),
    ToolRow("write_clip", "Write over a clip", "Write a change that was shown (change-N) over the notes of its clip. Only after the user agreed.", Write, write_clip, destroys=True),
)  # fmt: skip
