"""Tools that play the band: prompts, refinements, controls, parts, cues, the bank, takes, the state of the stage."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Annotated, Any, Literal

import msgspec

from bridge.mcp.stage import StageError
from bridge.mcp.toolkit import Arguments, Hands, InBars, NoArguments, Refused, Slot, ToolRow, Words
from bridge.protocol.controls import CONTROL_PATHS, CONTROLS, Value, current_path
from model.music.control import MAX_BARS
from model.music.notes import CUES, PARTS, USUAL_PARTS
from model.songbook.book import find

ENTRY_WAIT, BANK_WAIT = 5.0, 2.0
"""Seconds in which a take usually enters (a later one is told as coming), and a piece is in its slot."""
log = logging.getLogger("llmball")
_TASKS: set[asyncio.Task[None]] = set()


class Prompt(Arguments, frozen=True):
    """Arguments of `prompt`."""

    text: Words
    in_bars: InBars = 0


class Morph(Arguments, frozen=True):
    """Arguments of `morph`."""

    a: Words
    b: Words
    x: Annotated[float, msgspec.Meta(ge=0, le=1, description="0 is a, 1 is b")] = 0.5


class Start(Arguments, frozen=True):
    """Arguments of `start`."""

    output: Annotated[
        str,
        msgspec.Meta(
            max_length=100,
            description="a MIDI port's name, virtual, or none (the panel's sound only); default: virtual",
        ),
    ] = ""


class Stop(Arguments, frozen=True):
    """Arguments of `stop`."""

    in_bars: InBars = 0
    panic: Annotated[bool, msgspec.Meta(description="all notes off on every channel too")] = False


class ReadControls(Arguments, frozen=True):
    """Arguments of `controls`."""

    containing: Annotated[
        str, msgspec.Meta(max_length=60, description="only controls whose name or meaning contains this")
    ] = ""


class SetControls(Arguments, frozen=True):
    """Arguments of `set_controls`."""

    values: Annotated[
        dict[str, int | float | str],
        msgspec.Meta(min_length=1, max_length=40, description='by name, such as {"tempo": 118, "key": "A minor"}'),
    ]
    in_bars: InBars = 0


class Part(Arguments, frozen=True):
    """Arguments of `part`."""

    parts: Annotated[list[Literal[PARTS]], msgspec.Meta(min_length=1, max_length=7)]  # type: ignore[valid-type]
    plays: bool | None = None
    level: Annotated[float, msgspec.Meta(ge=0, le=2, description="factor of its velocities")] | None = None
    octave: Annotated[int, msgspec.Meta(ge=-3, le=3)] | None = None
    channel: Annotated[int, msgspec.Meta(ge=1, le=16, description="MIDI channel")] | None = None
    in_bars: InBars = 0


class Cue(Arguments, frozen=True):
    """Arguments of `cue`."""

    section: Literal[tuple(CUES)]  # type: ignore[valid-type]
    in_bars: InBars = 0


class Bank(Arguments, frozen=True):
    """Arguments of `bank`."""

    action: Literal["list", "store", "launch"]
    slot: Slot | None = None
    prompt: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    piece: Annotated[str, msgspec.Meta(max_length=100, description="a piece of the songbook instead of a prompt")] = ""


class Takes(Arguments, frozen=True):
    """Arguments of `takes`."""

    action: Literal["list", "keep", "launch"]
    id: Annotated[str, msgspec.Meta(max_length=20, description="of a take, to launch it again")] = ""
    bars: Annotated[int, msgspec.Meta(ge=1, le=MAX_BARS, description="how many of the last bars to keep")] = 8


async def start(hands: Hands, args: Start) -> str:
    """Start a daemon of our own."""
    return await hands.stage.start(*([f"--output={args.output}"] if args.output else []))


async def state(hands: Hands, _: NoArguments) -> str:
    """Tell what the stage does."""
    await hands.stage.connect()
    return stage_words(hands)


def stage_words(hands: Hands) -> str:
    """Return what the stage does now, a line each."""
    stage = hands.stage
    bar, beat, tempo = stage.place()
    styles = stage.told.get("understood/style", [])
    lines = [
        f"{stage.value('state') or 'idle'}{f': bar {bar} beat {beat}, {tempo:g} bpm' if bar else ''}",
        f"take {stage.value('take') or '-'}: {stage.words or (stage.takes[-1][1] if stage.takes else 'no prompt yet')}",
        f"key {stage.value('understood/key') or '-'}, metre {stage.value('understood/meter') or '-'}, style "
        + (", ".join(f"{name} {weight:.0%}" for name, weight in zip(styles[::2], styles[1::2], strict=False)) or "-"),
        *([f"chord {stage.value('chord')}"] if stage.told.get("chord") else []),
        f"parts that sound: {', '.join(p for p in PARTS if _sounds(hands, p)) or 'none'}",
        f"enters: {stage.value('quantize')}; MIDI output: {stage.value('port') or 'none'}",
        *([f"not obeyed: {unread}"] if (unread := stage.value("understood/unread")) else []),
        *([f"composer: {told}"] if (told := stage.value("composer/told")) else []),
        *([f"planned, and not carried out: {hands.failed}"] if hands.failed else []),
        *([f"planned: {later}"] if (later := hands.later.words()) else []),
    ]
    changed = {p: stage.value(p) for p in CONTROLS if p in stage.told and stage.value(p) != CONTROLS[p].default}
    if changed:
        lines.append("controls that are set: " + ", ".join(f"{p} {v}" for p, v in changed.items()))
    return "\n".join(lines)


def _sounds(hands: Hands, part: str) -> bool:
    """Return True if the take has a part (before the first one, the usual ones) and it is not muted."""
    of_the_take = hands.stage.told.get("understood/parts", USUAL_PARTS)
    return part in of_the_take and hands.stage.value(f"part/{part}/enabled") != 0


async def play(hands: Hands, _: NoArguments) -> str:
    """Start the transport."""
    hands.later.clear()
    await hands.stage.send("play")
    return "playing from bar 1"


async def stop(hands: Hands, args: Stop) -> str:
    """Stop the transport."""
    path = "panic" if args.panic else "stop"
    if args.in_bars:
        return hands.plan(args.in_bars, "stop", _task(hands, partial(hands.stage.send, path)))
    hands.later.clear()
    await hands.stage.send(path)
    return "stopped"


async def prompt(hands: Hands, args: Prompt) -> str:
    """Ask for a take of these words."""
    if args.in_bars:
        return hands.plan(
            args.in_bars, f"prompt {args.text!r}", _task(hands, partial(_prompt, hands, args.text)), takes_a_bar=True
        )
    return await _prompt(hands, args.text)


async def _prompt(hands: Hands, text: str) -> str:
    return await take(hands, "prompt", text, label=text)


async def take(hands: Hands, path: str, *args: Value, label: str) -> str:
    """Send a request for a take; start if nothing plays; wait a moment for it to enter. Return what is told of it."""
    stage = hands.stage
    await stage.connect()
    before, stage.label = stage.value("take"), label[:80]
    entered = asyncio.create_task(stage.hear("take", ENTRY_WAIT))
    try:
        line = await stage.ask(path, *args, until=("understood/unread",))
        unread = str(line[1])
        if not stage.is_playing and not path.startswith("score/"):
            await stage.send("play")
        heard = await entered
    finally:
        entered.cancel()
    known = (
        f"{stage.value('understood/tempo'):g} bpm, {stage.value('understood/key')}, {stage.value('understood/meter')}"
    )
    now = stage.value("take")
    where = (
        f"take {now} plays"
        if heard is not None or now != before
        else f"it enters at the next line ({stage.value('quantize')})"
    )
    return f"{where}: {known}" + (f"\nnot obeyed: {unread}" if unread else "")


async def refine(hands: Hands, args: Prompt) -> str:
    """Ask for a change of what plays."""
    run = partial(take, hands, "refine", args.text, label=f"{hands.stage.words}, {args.text}")
    if args.in_bars:
        return hands.plan(args.in_bars, f"refine {args.text!r}", _task(hands, run), takes_a_bar=True)
    await hands.stage.connect()
    if not hands.stage.is_playing and not hands.stage.words:
        raise Refused("there is no take to change: call `prompt` first")
    return await run()


async def morph(hands: Hands, args: Morph) -> str:
    """Ask for a take between two prompts."""
    return await take(hands, "morph", args.a, args.b, args.x, label=f"{args.a} → {args.b}")


async def back(hands: Hands, _: NoArguments) -> str:
    """Ask for the take before."""
    await hands.stage.send("back")
    return f"the take before comes back at the next line ({hands.stage.value('quantize')})"


async def controls(hands: Hands, args: ReadControls) -> str:
    """Tell controls with their values."""
    await hands.stage.connect()
    wanted = args.containing.casefold()
    rows = [c for c in CONTROLS.values() if wanted in f"{c.path} {c.description}".casefold()]
    if not wanted:
        rows = [c for c in rows if not c.path.startswith("part/")]
    if not rows:
        raise Refused(f"no control contains {args.containing!r}: call controls without it to see all names")
    lines = [f"{c.path} = {hands.stage.value(c.path)}  ({c.range_text}): {c.description}" for c in rows]
    more = (
        []
        if wanted
        else [f"and part/NAME/… for {', '.join(PARTS)}: enabled channel octave level low high voicing offset"]
    )
    return "\n".join([*lines, *more])


async def set_controls(hands: Hands, args: SetControls) -> str:
    """Set controls, all or none."""
    checked: dict[str, Value] = {}
    for said, value in args.values.items():
        name = current_path(said.strip().removeprefix("/llmball/"))
        if name not in CONTROLS:
            near = [p for p in CONTROL_PATHS if name and (name in p or p in name)][:6]
            raise Refused(
                f"no control is called {said[:40]!r}"
                + (f"; near: {', '.join(near)}" if near else "")
                + "; `controls` lists them"
            )
        try:
            control = CONTROLS[name]
            checked[name] = (
                control.from_text(value) if isinstance(value, str) and control.kind != "s" else control.checked(value)
            )
        except ValueError as error:
            raise Refused(f"{name} {error}") from error
    return await _set(hands, checked, args.in_bars)


async def _set(hands: Hands, values: Mapping[str, Value], in_bars: int) -> str:
    async def send() -> None:
        for path, value in values.items():
            await hands.stage.send(path, value)

    words = ", ".join(f"{path} {value}" for path, value in values.items())
    if in_bars:
        return hands.plan(in_bars, words, _task(hands, send))
    await send()
    return f"set: {words}"


async def part(hands: Hands, args: Part) -> str:
    """Set what is said of parts."""
    said = {
        "enabled": None if args.plays is None else int(args.plays),
        "level": args.level,
        "octave": args.octave,
        "channel": args.channel,
    }
    values = {
        f"part/{name}/{field}": value for name in args.parts for field, value in said.items() if value is not None
    }
    if not values:
        raise Refused("say what changes: plays, level, octave or channel")
    return await _set(hands, values, args.in_bars)


async def cue(hands: Hands, args: Cue) -> str:
    """Cue a section."""
    if args.in_bars:
        send = _task(hands, partial(hands.stage.send, "cue", args.section))
        return hands.plan(args.in_bars, f"cue {args.section}", send, takes_a_bar=True)
    await hands.stage.send("cue", args.section)
    return f"{args.section} enters at the next line ({hands.stage.value('quantize')})"


async def bank(hands: Hands, args: Bank) -> str:
    """List, store or launch slots."""
    await hands.stage.connect()
    told = hands.stage.told.get("bank") or [{}]
    held = {int(slot): str(words) for slot, words in told[0].items()}
    if args.action == "list":
        return "\n".join(f"{slot}: {words}" for slot, words in sorted(held.items())) or "the bank is empty"
    if args.slot is None:
        raise Refused(f"{args.action} needs a slot, 1 to 16")
    if args.action == "launch":
        if args.slot not in held:
            raise Refused(f"slot {args.slot} is empty: store a prompt there first")
        return await take(hands, f"bank/{args.slot}/launch", label=held[args.slot])
    if bool(args.prompt.strip()) == bool(args.piece.strip()):
        raise Refused("store needs a prompt, or a piece of the songbook by its name")
    if args.piece:
        try:
            piece = await asyncio.to_thread(find, args.piece)
        except ValueError as error:
            raise Refused(str(error)) from error
        changed = asyncio.create_task(hands.stage.hear("bank", BANK_WAIT))
        await hands.stage.send("score/bank", args.slot, piece.name)
        await changed  # it is read in a thread; a slot that held the same piece does not change
    else:
        await hands.stage.send(f"bank/{args.slot}/store", args.prompt)
    replaced = f" (in place of {held[args.slot]!r})" if args.slot in held else ""
    return f"slot {args.slot} holds {args.prompt or args.piece!r}{replaced}"


async def takes(hands: Hands, args: Takes) -> str:
    """List, keep or launch takes."""
    stage = hands.stage
    if args.action == "keep":
        line = await stage.ask("keep", args.bars, until=("kept",))
        return f"kept as {line[2]}: {line[1]}\nexplain, clips, clip (as source), refine_clip and harmonise take this name as a clip"
    if args.action == "launch":
        if not args.id.strip():
            raise Refused("launch needs the id of a take: `takes` with action list tells them")
        await stage.send("take/launch", args.id.strip())
        return f"take {args.id.strip()} comes back at the next line ({stage.value('quantize')})"
    kept = await stage.fetch("takes")
    heard = [f"take {id_}: {words}" for id_, words in stage.takes]
    files = [f"kept {k['name']}: {k['bars']} bars, {k['tempo']:g} bpm, {k['key']}: {k['words']}" for k in kept[:20]]
    return "\n".join([*(heard or ["no take has played since this client connected"]), *(files or ["no take is kept"])])


def _task(hands: Hands, run: Callable[[], Coroutine[Any, Any, object]]) -> Callable[[], None]:
    """Return a function that starts a request; what it is refused with is told as its state."""

    async def carried_out() -> None:
        try:
            await run()
        except (StageError, Refused) as error:  # it was planned: whoever asks for the state is told
            hands.failed = str(error)
            log.warning("a planned request was not carried out: %s", error)

    def begin() -> None:
        task = asyncio.get_running_loop().create_task(carried_out())
        _TASKS.add(task)
        task.add_done_callback(_TASKS.discard)

    return begin


ROWS = (
    ToolRow("state", "What plays now", "Bar, beat, tempo, key, chord, prompt, parts, what is set and planned.", NoArguments, state, reads=True, again=True),
    ToolRow("start", "Start LLMBall", "Start the LLMBall daemon on this machine, if none runs. It ends with this server. Ask the user first.", Start, start, again=True),
    ToolRow("play", "Play", "Play from bar 1 what was asked for last.", NoArguments, play),
    ToolRow("stop", "Stop", "Stop; the prompt is kept.", Stop, stop, again=True),
    ToolRow("prompt", "A new take from words", "Our own band plays these words as a new take from the next bar line on, and starts if nothing plays: style, tempo, key, chords, mood, instruments, parts, metre ('dub techno in A minor at 118, no melody').", Prompt, prompt),
    ToolRow("refine", "Change the take", "A new take that changes the one that plays as these words say: 'less busy', 'walking bass', 'same chords, darker'. To silence a part use `part`.", Prompt, refine),
    ToolRow("morph", "Between two prompts", "A new take that lies between two prompts.", Morph, morph),
    ToolRow("back", "The take before", "The take that played before comes back.", NoArguments, back),
    ToolRow("controls", "Read controls", "Names, values, ranges and meanings of the controls.", ReadControls, controls, reads=True, again=True),
    ToolRow("set_controls", "Set controls", "Set controls by name (tempo, key, meter, chords, density, energy, brightness, complexity, swing, quantize, transpose …): all or none. A control wins over words.", SetControls, set_controls, again=True),
    ToolRow("part", "Parts in and out", "Let parts play or rest, and set their level, octave or MIDI channel: 'drop the drums' is plays false.", Part, part, again=True),
    ToolRow("cue", "Cue a section", "A section of the take that plays enters at the next line. An ending stops.", Cue, cue),
    ToolRow("bank", "The bank's slots", "List the 16 slots, store a prompt or a songbook piece (over what was there), launch one.", Bank, bank, destroys=True),
    ToolRow("takes", "Takes", "List takes, keep the last bars as a .mid file, launch a take again by its id.", Takes, takes),
)  # fmt: skip
