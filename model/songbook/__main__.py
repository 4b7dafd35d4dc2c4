"""Commands of the songbook, such as `python -m model.songbook check FILES` or `midi FILE -o out.mid`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.songbook", description="The songbook's tools.")
    commands = parser.add_subparsers(required=True)

    check = commands.add_parser("check", help="hold pieces to the laws")
    check.add_argument("paths", nargs="+", type=Path)
    check.add_argument(
        "-w", "--warnings", action="store_true", help="show warnings too (always, for three files or fewer)"
    )
    check.set_defaults(run=_check)

    midi = commands.add_parser("midi", help="write a piece as a .mid file")
    midi.add_argument("path", type=Path)
    midi.add_argument("-o", "--output", type=Path, required=True)
    midi.add_argument("--canonical", action="store_true", help="the notes as written, on the grid")
    midi.set_defaults(run=_midi)

    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def files(paths: Iterable[Path]) -> list[Path]:
    """Return the texts that paths name: files, or all texts below folders."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    return found


def _check(options: argparse.Namespace) -> int:
    from model.songbook.lint import check_file

    found = files(options.paths)
    reports = [check_file(path) for path in found]
    shown = options.warnings or len(found) <= 3
    for report in reports:
        for fault in (*report.errors, *(report.warnings if shown else ())):
            print(fault)
    errors = sum(len(r.errors) for r in reports)
    warnings = sum(len(r.warnings) for r in reports)
    bars = sum(r.piece.bars for r in reports if r.piece)
    waived = sum(r.waived for r in reports)
    print(f"{len(found)} pieces, {bars} bars: {errors} errors, {warnings} warnings, {waived} waivers")
    return 1 if errors else 0


def _midi(options: argparse.Namespace) -> int:
    from model.songbook.midi import save
    from model.songbook.piece import NotationError
    from model.songbook.reader import read_file
    from model.songbook.rendering import perform

    try:
        save(perform(read_file(options.path)), options.output, options.canonical)
    except NotationError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
