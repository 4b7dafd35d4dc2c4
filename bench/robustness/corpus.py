"""Somebody else's .mid files through every command that reads one.

    python -m bench.robustness.corpus [DIR ...] [--bent 5000] [--start 0] [--only explain,refine] [--seed 11] [--plain]

Each file below the folders (none: a band of ours) goes through explain, refine, harmonise, clip --from, --redo and --with, score and sheet, or through those that
`--only` names. With `--bent` so many more are made of them by changing bytes; `--start 500 --bent 250` tries the 501st to the 750th, so that many can be tried in parts. The law: no traceback, one line where a file is refused, no command over ten seconds, and
what was not asked to change is the same event at the same tick. `--plain` writes with a composer that has no model, so that only what
reads and writes files is tried.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bridge.cli import commands, score, sheet
from bridge.cli.arguments import parser
from bridge.errors import OwnerError
from model.analysis.midi_import import Reading, read_bytes
from model.clips.clip import Writer
from model.music import smf
from model.music.midifile import Song
from model.music.original import RawNote
from model.music.smf import RawFile
from tests.support.odd_files import band, bent
from tests.support.plain_writer import PlainWriter

LONGEST = 10.0
"""Seconds that a command may take."""
Open = Callable[[Path | None], Writer]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a command did that it must not."""

    file: str
    command: str
    what: str


def main() -> None:
    """Print the faults and a summary; exit 1 where there are any."""
    options = argparse.ArgumentParser(prog="python -m bench.robustness.corpus", description=__doc__)
    options.add_argument("folders", type=Path, nargs="*")
    options.add_argument("--bent", type=int, default=0)
    options.add_argument("--start", type=int, default=0, help="how many bent files of the seed are left out")
    options.add_argument("--only", default="explain,refine,harmonise,clip,score,sheet")
    options.add_argument("--seed", type=int, default=11)
    options.add_argument("--plain", action="store_true")
    asked = options.parse_args()
    open_composer: Open = (lambda _: PlainWriter()) if asked.plain else _shared(commands.open_composer)
    tried, faults, slowest = 0, Counter[str](), 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files(asked.folders, asked.bent, asked.seed, asked.start):
            for fault, seconds in try_file(name, content, Path(folder), open_composer, asked.only.split(",")):
                slowest = max(slowest, seconds)
                if fault is not None:
                    faults[fault.what.splitlines()[-1][:60]] += 1
                    print(f"{fault.file}: {fault.command}: {fault.what}", flush=True)
            tried += 1
    print(f"{tried} files, {faults.total()} faults, slowest command {slowest:.1f} s")
    sys.exit(1 if faults else 0)


def _shared(open_: Open) -> Open:
    found: list[Writer] = []

    def once(encoder: Path | None) -> Writer:
        if not found:
            found.append(open_(encoder))
        return found[0]

    return once


def files(folders: Sequence[Path], count: int, seed: int, start: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the files of folders, then so many bent ones after the first `start`."""
    paths = sorted(
        p for folder in folders for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi", ".rmi", ".kar")
    )
    for path in paths:
        yield str(path), path.read_bytes()
    rng = random.Random(seed)
    small = [p for p in paths if p.stat().st_size < 20_000]
    for number in range(start + count):
        sound = rng.choice(small).read_bytes() if small else band()
        changed = bent(sound, rng)
        if number >= start:
            yield f"bent {number}", changed


def try_file(
    name: str, content: bytes, folder: Path, open_composer: Open, only: Sequence[str] = ()
) -> Iterator[tuple[Fault | None, float]]:
    """Run every command on a file, or those of some names; yield what each did wrong, and the seconds it took."""
    source, out = folder / "in.mid", folder / "out.mid"
    source.write_bytes(content)
    try:
        reading = read_bytes(content)
        parts = [part for part in ("bass", "melody", "chords", "drums") if part in {n.part for n in reading.song.notes}]
        part = parts[0] if parts else "melody"
    except ValueError:  # what is more than a refusal is counted where the commands do it
        reading, part = None, "melody"
    trials: list[tuple[list[str], str]] = [
        (["explain", str(source)], ""),
        (["refine", str(source), f"louder {part}", "-o", str(out)], part),
        (["harmonise", str(source), "-o", str(out)], "bass chords"),
        (["clip", "and on", "--from", str(source), "--bars", "1", "--seed", "1", "-o", str(out)], "none"),
        (["clip", "again", "--from", str(source), "--redo", "1", "--seed", "1", "-o", str(out)], "bar 1"),
        (["score", str(source), "-o", str(folder / "out.txt")], ""),
        (["sheet", str(source)], ""),
        (["sheet", str(source), "--score", "-o", str(folder / "out.musicxml")], ""),
        (["clip", "a part", "--with", str(source), "--bars", "2", "-o", str(folder / "part.mid")], ""),
    ]
    for words, changes in trials:
        if only and words[0] not in only:
            continue
        out.unlink(missing_ok=True)
        began = time.process_time()
        code, said = _run(words, open_composer)
        seconds = time.process_time() - began
        fault = None
        if code not in (0, 2):
            fault = said
        elif code == 2 and len(said.splitlines()) > 1 + len(reading.told if reading else ()):
            fault = f"{len(said.splitlines())} lines: {said}"
        elif seconds > LONGEST:
            fault = f"{seconds:.1f} s"
        elif code == 0 and changes and reading is not None:
            fault = lost(content, out.read_bytes(), reading, changes)
        yield None if fault is None else Fault(name, " ".join(words[:2]) + " " + " ".join(words[4:6]), fault), seconds


def _run(words: Sequence[str], open_composer: Open) -> tuple[int, str]:
    """Return the exit code of a command (1: a traceback) and what it said on stderr."""
    args = parser(words[0]).parse_args(words)
    runs: dict[str, Callable[[argparse.Namespace], int]] = {
        "explain": commands.explain_file,
        "score": score.run,
        "sheet": sheet.run,
        "refine": partial(commands.change_clip, open_composer_=open_composer),
        "harmonise": partial(commands.harmonise_clip, open_composer_=open_composer),
        "clip": partial(commands.write_clips, open_composer_=open_composer),
    }
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            return runs[words[0]](args), said.getvalue()
        except OwnerError as error:
            return 2, f"{said.getvalue()}{error}\n"
        except Exception:
            return 1, traceback.format_exc()


def lost(before: bytes, after: bytes, reading: Reading, changes: str) -> str | None:
    """Return what of a file is gone or new that was not asked to change, None where nothing is.

    `changes` are parts whose notes may change, "bar 1", or "none" where only what comes after may be new.
    """
    original = reading.original
    if original is None:  # a file of ours holds nothing but its song
        return _lost_of_song(reading.song, read_bytes(after).song, changes)
    song, end = reading.song, original.ticks(reading.song.end)
    bar = original.ticks(song.bars[1][0] if len(song.bars) > 1 else song.end)
    parts = set(changes.split())
    if parts == {"bass", "chords"}:
        parts |= {"pad", "arp"}  # they follow the chords that harmonise replaces
    parts_of = {note.source: note.part for note in song.notes}

    def may_change(source: int, raw: RawNote) -> bool:
        if changes == "none":
            return False
        return raw.start <= bar if changes == "bar 1" else parts_of[source] in parts

    raws = [raw for source, group in original.notes.items() for raw in group if may_change(source, raw)]
    loose = {(raw.track, index) for raw in raws for index in (raw.on, raw.off) if index >= 0}
    ended = [raw for group in original.notes.values() for raw in group if original.lacks_end(raw)]
    ends: set[tuple[int, int, int]] = set()  # ticks, channels and pitches of ends that the file lacked
    for raw in ended:
        events = original.file.tracks[raw.track].events
        _, status, data = events[raw.on]
        ends.add((raw.end, status & 0x0F, data[0]))
        if raw.off >= 0 and events[raw.off][0] == raw.start:
            loose.add((raw.track, raw.off))
    if changes in ("bar 1", "bass chords"):  # the symbols of chords that are written anew
        loose |= set(original.markers)
    was = _events(original.file, loose)
    now = _events(smf.parse(after), set())
    channels = {channel for part, places in original.places.items() if part in parts for _, channel in places}
    if changes == "bar 1":
        channels = set(range(16))
    gone = [
        e
        for e in (was - now).elements()
        if not (_is_neutralised(e) and (e[1] & 0x0F in channels or (changes == "none" and e[0] >= end)))
    ]
    if gone and not (changes == "bass chords" and _tracks_left_out(gone, raws)):
        return f"gone: {gone[:3]}"
    new = [
        e
        for e in (now - was).elements()
        if changes == "none"
        and e[0] < end
        and e[1] & 0xE0 == smf.NOTE_OFF
        and not (e[1] & 0xF0 == smf.NOTE_OFF and (e[0], e[1] & 0x0F, e[2][0]) in ends)
    ]
    return f"new: {new[:3]}" if new else None


def _is_neutralised(event: tuple[int, int, bytes]) -> bool:
    """Return whether an event is one that is left out under new notes, and told: a bend, a pressure, a pedal."""
    kind = event[1] & 0xF0
    return kind in (smf.BEND, smf.PRESSURE) or (kind == smf.CONTROL and event[2][:1] == b"\x40")


def _tracks_left_out(gone: Sequence[tuple[int, int, bytes]], raws: Sequence[RawNote]) -> bool:
    """Return whether what is gone are settings of a track whose notes all went."""
    return bool(raws) and all(status & 0xE0 != smf.NOTE_OFF for _, status, _ in gone)


def _events(file: RawFile, but: set[tuple[int, int]]) -> Counter[tuple[int, int, bytes]]:
    """Return the events of a file, without some (track, index)."""
    return Counter(e for t, track in enumerate(file.tracks) for i, e in enumerate(track.events) if (t, i) not in but)


def _lost_of_song(before: Song, after: Song, changes: str) -> str | None:
    stays = {p for p in ("melody", "drums", "perc") if p not in changes} if changes != "bar 1" else set[str]()
    was = Counter(n for n in before.notes if n.part in stays)
    gone = was - Counter(n for n in after.notes if n.part in stays)
    return f"gone: {list(gone)[:3]}" if gone else None


if __name__ == "__main__":
    main()
