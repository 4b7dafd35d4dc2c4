"""`llmball clip`, `refine`, `harmonise`, `replay` and `understand`: the commands that run without a daemon."""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from bridge.clips.options import clip_spec, keep_spec
from bridge.errors import OwnerError
from bridge.sound.fluidsynth import found_renderer
from bridge.storage import kept_takes
from model.analysis.explain import chart, explain
from model.analysis.midi_import import read_midi_file
from model.clips.clip import Writer, ranked, understood_plan
from model.clips.edit import harmonise_melody
from model.clips.messages import ClipSpec
from model.clips.refine import NOT_IN_A_CHANGE, refine
from model.generation.composer import Composer
from model.music import midifile
from model.music.control import MAX_SEED
from model.music.midifile import MidiFileError, Song
from model.music.plan import Plan
from model.processes.write_clips import make_clip
from model.prompt.encoder import EncoderError
from model.prompt.rules.reader import parse_prompt
from model.prompt.understand import distribution, open_encoder, to_json, understand
from model.songbook.book import path_of, to_song
from model.songbook.piece import NotationError
from model.songbook.reader import read_file
from model.songbook.rendering import perform
from model.weights import WeightsError


def open_composer(encoder: Path | None) -> Writer:
    """Return a composer with encoder and weights loaded. Raises OwnerError."""
    try:
        return Composer(open_encoder(encoder))
    except (EncoderError, WeightsError) as error:
        raise OwnerError(str(error)) from error


def write_clips(args: argparse.Namespace, open_composer_: Callable[[Path | None], Writer] = open_composer) -> int:
    """Run `llmball clip`: write one file, or one a take and a ranking; print a line each. Raises OwnerError."""
    seed = random.randrange(MAX_SEED + 1) if args.seed is None else args.seed
    if args.source is None and (args.keep or args.redo):
        raise OwnerError("--keep and --redo say what of a clip stays: name it with --from in.mid")
    source = None if args.source is None else load_source(args.source)
    is_audio(args.out)  # a missing renderer is told before the music is written
    composer = open_composer_(args.encoder)
    takes: list[tuple[int, Song]] = []
    plan: Plan | None = None
    for number in range(args.takes or 1):
        spec = clip_spec(args.prompt, (seed + number) % (MAX_SEED + 1), args.bars, vars(args))
        path = args.out if args.takes is None else args.out.with_stem(f"{args.out.stem}-{number + 1}")
        plan = plan or _understood(composer, spec)
        song = _write_clip(composer, spec, source, args)
        save_song(path, song)
        takes.append((number + 1, song))
        sys.stdout.write(_summary(path, song, spec.seed))
    assert plan is not None  # one take at least
    sys.stdout.write(_unread(plan.account.unread()))
    if args.takes is not None and args.takes > 1:
        best = ranked(takes, plan)
        sys.stdout.write("best first: " + " ".join(map(str, best)) + "\n")
    return 0


def _understood(composer: Writer, spec: ClipSpec) -> Plan:
    """Return the plan of a clip's words. Raises OwnerError where weights are not those that were shipped."""
    try:
        return understood_plan(composer, spec)
    except WeightsError as error:
        raise OwnerError(str(error)) from error


def _unread(words: Sequence[tuple[str, str]]) -> str:
    """Return a line for each of the words that are not obeyed, with the reason."""
    return "".join(f"not met: “{text}”: {reason}\n" for text, reason in words)


def _write_clip(composer: Writer, spec: ClipSpec, source: Song | None, args: argparse.Namespace) -> Song:
    try:
        return make_clip(composer, spec, source, keep_spec(vars(args)))
    except ValueError as error:
        raise OwnerError(str(error)) from error


def change_clip(args: argparse.Namespace, open_composer_: Callable[[Path | None], Writer] = open_composer) -> int:
    """Run `llmball refine`. Raises OwnerError."""
    source = load_song(args.source)
    try:
        song = refine(open_composer_(args.encoder), source, args.words, args.seed)
    except ValueError as error:
        raise OwnerError(str(error)) from error
    save_song(args.out, song)
    sys.stdout.write(_summary(args.out, song, args.seed))
    sys.stdout.write(_unread(parse_prompt(args.words).account.unread(NOT_IN_A_CHANGE)))
    return 0


def harmonise_clip(args: argparse.Namespace, open_composer_: Callable[[Path | None], Writer] = open_composer) -> int:
    """Run `llmball harmonise`. Raises OwnerError."""
    source = load_song(args.source)
    try:
        spec = ClipSpec(args.prompt or "harmonise", args.seed)
        song = harmonise_melody(open_composer_(args.encoder), source, spec, causal=args.causal, parts=args.parts)
    except ValueError as error:
        raise OwnerError(str(error)) from error
    save_song(args.out, song)
    sys.stdout.write(_summary(args.out, song, args.seed))
    return 0


def load_song(path: Path) -> Song:
    """Return the song of any .mid file. Raises OwnerError."""
    try:
        return read_midi_file(path)
    except MidiFileError as error:
        raise OwnerError(f"{path}: {error}") from error
    except OSError as error:
        raise OwnerError(f"{path} cannot be read: {error.strerror}") from error


def load_source(source: str) -> Song:
    """Return the song of a .mid file, a text of the songbook's notation, or a piece by its name. Raises OwnerError."""
    path = Path(source)
    if path.is_file() and path.suffix != ".txt":
        return load_song(path)
    try:
        song, left = to_song(perform(read_file(path_of(source))))
    except NotationError as error:
        raise OwnerError(str(error.faults[0])) from error
    except (OSError, ValueError) as error:
        raise OwnerError(str(error)) from error
    if left:
        sys.stderr.write(f"{left}\n")
    return song


def is_audio(path: Path) -> bool:
    """Return whether a file is to be rendered. Raises OwnerError where it is and nothing here can do that."""
    if path.suffix.lower() != ".wav":
        return False
    found_renderer()
    return True


def save_song(path: Path, song: Song) -> None:
    """Write a .mid file, or render a .wav file. Raises OwnerError."""
    if is_audio(path):
        found_renderer().render(song, path)
        return
    try:
        midifile.write(path, song)
    except OSError as error:
        raise OwnerError(f"{path} cannot be written: {error.strerror}") from error


def _summary(path: Path, song: Song, seed: int) -> str:
    count = len(song.bars)
    bars = f"{count} {'bar' if count == 1 else 'bars'} of {song.bars[0][1]}"
    return f"{path}: {bars}, {song.tempos[0][1]:g} bpm, {song.key}, {len(song.notes)} notes, seed {seed}\n"


def replay(args: argparse.Namespace) -> int:
    """Run `llmball replay`."""
    kept_bars = kept_takes.load(args.take)
    path = args.out or Path(f"{Path(args.take).stem}.mid")
    save_song(path, kept_bars.song)
    for at, bar in enumerate(kept_bars.bars, start=1):
        if at == 1 or bar != kept_bars.bars[at - 2]:
            change = f", refined: {bar.refined}" if bar.refined else ""
            sys.stdout.write(f"bar {at}: take {bar.take}, seed {bar.seed}: {bar.prompt}{change}\n")
    sys.stdout.write(f"{path}: {len(kept_bars.song.bars)} bars, {len(kept_bars.song.notes)} notes\n")
    return 0


def show_plan(args: argparse.Namespace) -> int:
    """Run `llmball understand`: the plan as a table, or as JSON."""
    try:
        encoder = open_encoder(None)
        if args.distribution:
            result = distribution(args.prompt, encoder)
            sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
            return 0
        plan, _ = understand(args.prompt, encoder)
    except (EncoderError, WeightsError) as error:
        raise OwnerError(str(error)) from error
    if args.json:
        sys.stdout.write(json.dumps(to_json(plan), ensure_ascii=False) + "\n")
        return 0
    for field in fields(Plan):
        if field.name not in ("explicit", "account", "wishes"):
            mark = "*" if field.name in plan.explicit else " "
            sys.stdout.write(f"{mark} {field.name:<12} {_format_value(getattr(plan, field.name))}\n")
    for about, words in plan.wishes.told():
        sys.stdout.write(f"* in clips     {about}: {words}\n")
    sys.stdout.write("* stated by the words; the rest is suggested by their sense\n")
    sys.stdout.write(_unread(plan.account.unread()))
    return 0


def _format_value(value: object) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.4g}"
        case tuple():
            between = " | " if value and all(isinstance(v, str) for v in value) else ", "
            return (
                between.join(
                    " ".join(map(_format_value, v)) if isinstance(v, tuple) else _format_value(v) for v in value
                )
                or "-"
            )
        case _:
            return str(value)


def explain_file(args: argparse.Namespace) -> int:
    """Run `llmball explain`: sentences and the numerals bar by bar, or JSON. Raises OwnerError."""
    try:
        result = explain(load_song(args.source))
    except ValueError as error:
        raise OwnerError(f"{args.source}: {error}") from error
    if args.json:
        sys.stdout.write(json.dumps(result.to_json(), ensure_ascii=False) + "\n")
        return 0
    sys.stdout.write("\n".join([*result.words, "", *chart(result)]) + "\n")
    return 0
