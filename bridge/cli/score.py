"""`llmball score`: plays, writes or checks a text of the songbook's notation, a .mid file, or a piece of ours by its name."""

from __future__ import annotations

import argparse
import queue
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from bridge.cli.commands import load_song, save_song
from bridge.cli.types import MIDI_SUFFIXES
from bridge.clock import Seconds, TempoMap, monotonic
from bridge.errors import OwnerError
from bridge.midi.output_ports import OutputConfig, first_words, resolved_output
from bridge.midi.player_process import run as run_player
from bridge.midi.protocol import OpenFailed, Play, PlayerOrder, PlayerReport, Ready, ScheduledNote, SetTempoMap
from bridge.processes.supervisor import ChildProcess
from model.music.notes import Ticks
from model.songbook.book import path_of, text_of_file
from model.songbook.lint import check_file
from model.songbook.midi import save
from model.songbook.piece import NotationError
from model.songbook.reader import read_file
from model.songbook.rendering import Performance, perform
from model.songbook.tables import PARTS
from model.songbook.writing import formatted

START_DELAY, AHEAD = Seconds(0.3), Seconds(1.0)
"""Seconds from the port's opening to the first note; how long before its first note a repeat is sent to the player."""


def run(args: argparse.Namespace) -> int:
    """Run `llmball score`; faults of a text are told a line each. Raises OwnerError."""
    try:
        path = Path(args.source)
        if path.is_file() and path.suffix != ".txt":
            return _of_midi(args, path)
        return _of_text(args, path_of(args.source))
    except NotationError as wrong:
        sys.stderr.writelines(f"{fault}\n" for fault in wrong.faults)
        return 2
    except UnicodeDecodeError as wrong:
        raise OwnerError(f"{args.source} is not UTF-8: {wrong.reason}") from wrong
    except ValueError as wrong:
        raise OwnerError(str(wrong)) from wrong
    except OSError as wrong:
        raise OwnerError(f"{wrong.filename or args.out or args.source}: {wrong.strerror}") from wrong


def _of_text(args: argparse.Namespace, path: Path) -> int:
    if args.check:
        report = check_file(path)
        sys.stdout.writelines(f"{fault}\n" for fault in report.warnings)
        sys.stderr.writelines(f"{fault}\n" for fault in report.errors)
        bars = report.piece.bars if report.piece else 0
        sys.stdout.write(f"{path}: {bars} bars, {len(report.errors)} errors, {len(report.warnings)} warnings\n")
        return 2 if report.errors else 0
    performance = perform(read_file(path))
    if args.out is None:
        return _play(args, _scheduled(performance), performance)
    if args.out.suffix in MIDI_SUFFIXES:
        save(performance, args.out, args.canonical, args.bends)
    else:
        args.out.write_text(formatted(path.read_text(encoding="utf-8")), encoding="utf-8")
    header = performance.piece.header
    notes = sum(map(len, performance.rendered().values()))
    sys.stdout.write(f"{args.out}: {performance.piece.bars} bars, {float(header.tempo):g} bpm, {notes} notes\n")
    return 0


def _of_midi(args: argparse.Namespace, path: Path) -> int:
    if args.out is None and not args.check:
        return _play(args, _scheduled_song(path))
    if args.out is not None and args.out.suffix in MIDI_SUFFIXES:
        raise OwnerError(f"{path} is a .mid file already: write it down with -o piece.txt")
    text, told = text_of_file(path)
    sys.stderr.writelines(f"{path}: {sentence}\n" for sentence in told)
    if not args.check:
        args.out.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{args.out}: {len(text.splitlines())} lines\n")
    return 0


# played


@dataclass(frozen=True, slots=True)
class Score:
    """Notes to be sent, how long they go on in ticks, and their tempo."""

    notes: tuple[ScheduledNote, ...]
    length: Ticks
    bpm: float


def _scheduled(performance: Performance) -> Score:
    notes = [
        ScheduledNote(Ticks(n.start), Ticks(n.length), PARTS[part].channel, n.pitch, n.velocity, part, Ticks(n.start))
        for part, found in performance.rendered().items()
        for n in found
    ]
    return Score(tuple(sorted(notes)), Ticks(performance.length), float(performance.piece.header.tempo))


def _scheduled_song(path: Path) -> Score:
    song = load_song(path)
    notes = [
        ScheduledNote(n.start, n.length, PARTS[n.part].channel, n.pitch, n.velocity, n.part, n.start)
        for n in song.notes
    ]
    return Score(tuple(sorted(notes)), song.end, song.tempos[0][1])


class PlayerLink(Protocol):
    """A player process: it is sent orders, and reports (None when it has ended)."""

    def listen(self, on_message: Callable[[PlayerReport], None], on_exit: Callable[[], None]) -> None:
        """Read its reports."""

    def send(self, message: PlayerOrder) -> None:
        """Send it an order."""

    def close(self) -> None:
        """End it; it ends its notes first."""


def _play(args: argparse.Namespace, score: Score, performance: Performance | None = None) -> int:
    """Play on the chosen port until the end, or Ctrl-C."""
    parts = tuple(dict.fromkeys(note.part for note in score.notes))
    asked = OutputConfig(args.output, args.backend, args.ports == "per-part", args.port_name, parts)
    ports = resolved_output(asked)
    if ports.output is not None and ports.output.startswith("record:"):
        path = Path(ports.output.removeprefix("record:"))
        sys.stdout.write(first_words(asked, ports))
        if performance is not None:
            save(performance, path)
        else:
            save_song(path, load_song(Path(args.source)))
        return 0
    play(score, partial(ChildProcess, "player", run_player, (ports,)), loop=args.loop)
    return 0


def play(
    score: Score,
    start_player: Callable[[], PlayerLink],
    *,
    loop: bool = False,
    clock: Callable[[], Seconds] = monotonic,
    reports: queue.Queue[PlayerReport | None] | None = None,
) -> None:
    """Play a score through a player process until its end; with `loop` until interrupted. Raises OwnerError."""
    heard: queue.Queue[PlayerReport | None] = queue.Queue() if reports is None else reports
    player = start_player()
    try:
        player.listen(heard.put, lambda: heard.put(None))
        while not isinstance(report := heard.get(), Ready):
            if report is None or isinstance(report, OpenFailed):
                raise OwnerError(report.remedy if report else "the player process ended before it opened its port")
        sys.stdout.write(f"playing on {report.name}\n")
        sys.stdout.flush()
        tempo = TempoMap.starting_at(score.bpm, Seconds(clock() + START_DELAY))
        player.send(SetTempoMap(tempo))
        for begin, notes in passes(score, loop):
            player.send(Play(1, notes))
            end = Ticks(begin + score.length)
            _wait(heard, Seconds(tempo.seconds_at(end) - (AHEAD if loop else 0)), clock)
    finally:
        player.close()


def passes(score: Score, loop: bool) -> Iterator[tuple[Ticks, tuple[ScheduledNote, ...]]]:
    """Yield the tick and the notes of each time that a score is played."""
    begin = Ticks(0)
    while True:
        yield begin, tuple(_moved(note, begin) for note in score.notes)
        begin = Ticks(begin + score.length)
        if not loop:
            return


def _moved(note: ScheduledNote, by: Ticks) -> ScheduledNote:
    return ScheduledNote(
        Ticks(note.at + by), note.length, note.channel, note.pitch, note.velocity, note.part, Ticks(note.beat + by)
    )


def _wait(heard: queue.Queue[PlayerReport | None], until: Seconds, clock: Callable[[], Seconds]) -> None:
    """Wait until a moment while the player reports. Raises OwnerError if it ends."""
    while (rest := until - clock()) > 0:
        with suppress(queue.Empty):
            if heard.get(timeout=rest) is None:
                raise OwnerError("the player process ended: play it again")
