"""`llmball clip`, `refine`, `harmonise`, `replay`, `understand`, `explain` and `render`: the commands that run without a daemon."""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from itertools import count
from pathlib import Path
from typing import TextIO

from bridge.cli.sources import is_sound, load_file, load_source
from bridge.clips.options import clip_spec, keep_spec
from bridge.errors import BadRequest, OwnerError
from bridge.sound.fluidsynth import found_renderer
from bridge.storage import kept_takes
from model.analysis.explain import chart, explain
from model.analysis.midi_import import Reading
from model.analysis.tracks import HeardSet, read_set
from model.clips.beside import groove_found, write_beside
from model.clips.clip import Writer, ranked, understood_plan
from model.clips.edit import harmonise_melody, with_the_rest
from model.clips.expression import gestures
from model.clips.messages import DEFAULT_BARS, ClipSpec
from model.clips.refine import refine_and_tell
from model.generation.composer import Composer
from model.generation.messages import BeatWritten, Begin, Understood, Write
from model.music import midifile
from model.music.control import MAX_SEED
from model.music.groove import Groove
from model.music.midifile import MidiFileError, Song, in_turn
from model.music.notes import Ticks
from model.music.original import merged
from model.music.plan import Plan
from model.processes.write_clips import make_clip
from model.prompt.encoder import EncoderError
from model.prompt.understand import distribution, open_encoder, to_json, understand
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
    if args.beside and (args.source or args.keep or args.redo):
        raise OwnerError("--with writes parts for files that stay as they are: leave --from, --keep and --redo out")
    if args.prompt is None and not args.beside and args.source is None:
        raise OwnerError('say what to write, such as "lo-fi in D minor"')
    heard = _heard(args) if args.beside else None
    if args.source is not None and is_sound(Path(args.source)) and not (args.keep or args.redo):
        line = load_song(Path(args.source), args.tempo)
        heard, args.source, args.whole = HeardSet(line, (("the voice", "melody"),)), None, True
    template = None if args.template is None else _groove(args.template)
    source = None if args.source is None else load_source(args.source)
    words = args.prompt or _last_prompt(source) or NO_WORDS
    out = args.out or new_path(Path(), file_stem(args.prompt or "part"), args.takes)
    is_audio(out)  # a missing renderer is told before the music is written
    composer = open_composer_(args.encoder)
    takes: list[tuple[int, Song]] = []
    plan: Plan | None = None
    for number in range(args.takes or 1):
        try:
            spec = clip_spec(words, (seed + number) % (MAX_SEED + 1), args.bars, vars(args))
        except BadRequest as error:
            raise OwnerError(error.reason) from error
        spec = replace(spec, groove=template)
        path = out if args.takes is None else out.with_stem(f"{out.stem}-{number + 1}")
        plan = plan or _understood(composer, spec)
        song_of = None if source is None else source.song
        bars = (spec.bars or plan.bars or DEFAULT_BARS) if song_of is None or not args.redo else len(song_of.bars)
        with told_progress(composer, bars) as writer:
            song = (
                _write_clip(writer, spec, song_of, args) if heard is None else _write_beside(writer, heard, spec, args)
            )
        if source is None and args.prompt:
            song = replace(song, prompts=((Ticks(0), args.prompt),))
        if args.expression:
            song = replace(song, gestures=gestures(song, plan, spec.seed))
        save_song(path, song, source)
        takes.append((number + 1, song))
        sys.stdout.write(_summary(path, song, spec.seed))
    assert plan is not None  # one take at least
    sys.stdout.write(_unread(plan.account.unread()))
    if args.takes is not None and args.takes > 1:
        best = ranked(takes, plan)
        sys.stdout.write("nearest to your words first: take " + ", ".join(map(str, best)) + "\n")
    return 0


NO_WORDS = "a part that fits"
"""The words of a clip that is asked for without any, beside others."""


def _last_prompt(source: Reading | None) -> str:
    """Return the words that the end of a file of ours came from, "" where it says none."""
    return source.song.prompts[-1][1] if source is not None and source.song.prompts else ""


def _heard(args: argparse.Namespace) -> HeardSet:
    """Return what the files of --with hold together. Raises OwnerError."""
    try:
        return read_set(args.beside, meter=args.meter, tempo=args.tempo, key=args.key, bars=args.bars)
    except MidiFileError as error:
        raise OwnerError(f"--with: {error}") from error
    except OSError as error:
        raise OwnerError(f"{error.filename} cannot be read: {error.strerror}") from error


def _groove(path: Path) -> Groove:
    """Return the groove of a file, told in a line. Raises OwnerError."""
    try:
        found = groove_found(load_song(path))
    except ValueError as error:
        raise OwnerError(f"{path}: {error}") from error
    sys.stdout.write(f"{path}: {found.sentence()}\n")
    return found


def _write_beside(composer: Writer, heard: HeardSet, spec: ClipSpec, args: argparse.Namespace) -> Song:
    """Return parts written for what was heard, and tell what that was. Raises OwnerError."""
    try:
        written = write_beside(composer, heard, spec)
    except ValueError as error:
        raise OwnerError(str(error)) from error
    sys.stdout.write(f"heard: {written.told}\n")
    return written.whole if args.whole else written.parts


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
    source = load_file(args.source)
    try:
        with told_progress(open_composer_(args.encoder), len(source.song.bars)) as writer:
            refined = refine_and_tell(writer, source.song, args.words, args.seed)
    except ValueError as error:
        raise OwnerError(str(error)) from error
    out = args.out or new_path(Path(), f"{args.source.stem}-refined")
    told = tuple((at, f"{words}, refined: {args.words}") for at, words in refined.song.prompts)
    save_song(out, replace(refined.song, prompts=told), source)
    sys.stdout.write(_summary(out, refined.song, args.seed))
    sys.stdout.write(_unread(refined.told))
    return 0


def harmonise_clip(args: argparse.Namespace, open_composer_: Callable[[Path | None], Writer] = open_composer) -> int:
    """Run `llmball harmonise`. Raises OwnerError."""
    source = load_file(args.source, args.tempo)
    try:
        spec = ClipSpec(args.prompt or "harmonise", args.seed)
        with told_progress(open_composer_(args.encoder), len(source.song.bars)) as writer:
            written = harmonise_melody(writer, source.song, spec, causal=args.causal, parts=args.parts)
    except ValueError as error:
        raise OwnerError(str(error)) from error
    song, left = with_the_rest(written, source.song)
    if left:
        sys.stderr.write(f"{args.source}: left out, for they follow the old chords: {', '.join(left)}\n")
    out = args.out or new_path(Path(), f"{args.source.stem}-harmonised")
    save_song(out, song, source)
    sys.stdout.write(_summary(out, song, args.seed))
    return 0


MAX_STEM = 40
"""Characters of a file that is named after words."""


def file_stem(words: str) -> str:
    """Return the name of a file for a prompt: its letters and digits, small, with hyphens between the words."""
    stem = ""
    for word in re.findall(r"[^\W_]+", words.lower()):
        longer = f"{stem}-{word}" if stem else word[:MAX_STEM]
        if len(longer) > MAX_STEM:
            break
        stem = longer
    return stem or "clip"


def new_path(folder: Path, stem: str, takes: int | None = None) -> Path:
    """Return STEM.mid, or STEM-2.mid, STEM-3.mid …: the first that writes over no file, nor its numbered takes do."""
    for number in count(1):
        path = folder / (f"{stem}.mid" if number == 1 else f"{stem}-{number}.mid")
        written = [path] if takes is None else [path.with_stem(f"{path.stem}-{n + 1}") for n in range(takes)]
        if not any(file.exists() for file in written):
            return path
    raise AssertionError("numbers do not end")


class _BarCounter:
    """A composer that says on a terminal which bar it writes, in one line."""

    def __init__(self, composer: Writer, bars: int, terminal: TextIO) -> None:
        self._composer, self._bars, self._terminal = composer, bars, terminal

    def begin(self, order: Begin) -> Understood:
        """Begin a take."""
        return self._composer.begin(order)

    def forget(self, take: int) -> None:
        """Forget a take."""
        self._composer.forget(take)

    def write(self, order: Write) -> BeatWritten:
        """Write a beat; say its bar where it is the first of it."""
        written = self._composer.write(order)
        if written.beat is not None and written.beat.beat == 0:
            self._terminal.write(f"\rwriting bar {min(written.beat.bar + 1, self._bars)} of {self._bars} ")
            self._terminal.flush()
        return written


@contextmanager
def told_progress(composer: Writer, bars: int, terminal: TextIO | None = None) -> Iterator[Writer]:
    """Yield a composer that counts its bars on stderr while it writes, where that is a terminal; the line is wiped at the end."""
    terminal = terminal or sys.stderr
    if not terminal.isatty():
        yield composer
        return
    try:
        yield _BarCounter(composer, bars, terminal)
    finally:
        terminal.write("\r\x1b[K")
        terminal.flush()


def load_song(path: Path, tempo: float = 0.0) -> Song:
    """Return the song of any .mid file, or the line that is sung in a .wav file. Raises OwnerError."""
    return load_file(path, tempo).song


def is_audio(path: Path) -> bool:
    """Return whether a file is to be rendered. Raises OwnerError where it is and nothing here can do that."""
    if path.suffix.lower() != ".wav":
        return False
    found_renderer()
    return True


def save_song(path: Path, song: Song, source: Reading | None = None) -> None:
    """Write a .mid file, or render a .wav file; what was read from somebody's file is written back into it. Raises OwnerError.

    What cannot stay is told.
    """
    if is_audio(path):
        found_renderer().render(song, path)
        return
    try:
        if source is None or source.original is None:
            midifile.write(path, song)
            return
        if song.gestures:
            sys.stderr.write(f"{path}: bends and curves are left out: the file has its own\n")
        content, told = merged(source.original, song)
        midifile.write_bytes(path, content)
    except OSError as error:
        raise OwnerError(f"{path} cannot be written: {error.strerror}") from error
    sys.stderr.writelines(f"{path}: {sentence}\n" for sentence in told)


def _summary(path: Path, song: Song, seed: int) -> str:
    count = len(song.bars)
    bars = f"{count} {'bar' if count == 1 else 'bars'} of {in_turn(meter for _, meter in song.bars)}"
    tempo = in_turn(f"{bpm:g}" for _, bpm in song.tempos)
    key = in_turn([song.key, *(key for _, key in song.keys)])
    return f"{path}: {bars}, {tempo} bpm, {key}, {len(song.notes)} notes, seed {seed}\n"


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


def render(args: argparse.Namespace) -> int:
    """Run `llmball render`: a .mid file or a piece of the songbook as audio. Raises OwnerError."""
    renderer = found_renderer(args.soundfont)
    song = load_source(args.source).song
    if args.stems:
        stems = renderer.render_stems(song, args.out)
        sys.stdout.writelines(f"{path}\n" for path in stems)
    else:
        renderer.render(song, args.out)
    sys.stdout.write(f"{args.out}: {len(song.bars)} bars, {song.tempos[0][1]:g} bpm\n")
    return 0
