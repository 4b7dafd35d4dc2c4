"""Commands of the songbook, such as `python -m model.songbook check FILES` or `midi FILE -o out.mid`."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from model.songbook.tables import PIECES

if TYPE_CHECKING:
    from model.songbook.figures import Song


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m model.songbook", description="The songbook's tools.")
    commands = parser.add_subparsers(required=True)

    check = commands.add_parser("check", help="hold pieces to the laws")
    check.add_argument("paths", nargs="*", type=Path, default=[PIECES])
    check.add_argument(
        "-w", "--warnings", action="store_true", help="show warnings too (always, for three files or fewer)"
    )
    check.set_defaults(run=_check)

    midi = commands.add_parser("midi", help="write a piece as a .mid file")
    midi.add_argument("path", type=Path)
    midi.add_argument("-o", "--output", type=Path, required=True)
    midi.add_argument("--canonical", action="store_true", help="the notes as written, on the grid")
    midi.set_defaults(run=_midi)

    text = commands.add_parser("text", help="write a .mid file of ours down as text")
    text.add_argument("path", type=Path)
    text.add_argument("-o", "--output", type=Path, help="default: standard output")
    text.set_defaults(run=_text)

    layout = commands.add_parser("format", help="lay texts out the usual way, in place")
    layout.add_argument("paths", nargs="+", type=Path)
    layout.add_argument("--check", action="store_true", help="change nothing; name the files that would change")
    layout.set_defaults(run=_format)

    table = commands.add_parser("table", help="count pieces, bars, styles, pens, captions, metres (Markdown)")
    table.add_argument("paths", nargs="*", type=Path, default=[PIECES])
    table.set_defaults(run=_table)

    figures = commands.add_parser("figures", help="measure songs (.txt or .mid) as a JSON set, for `distribution`")
    figures.add_argument("paths", nargs="+", type=Path)
    figures.add_argument("--group", required=True, help="the set's name")
    figures.set_defaults(run=_figures)

    distribution = commands.add_parser("distribution", help="hold pieces against the quartiles of people's songs")
    distribution.add_argument("paths", nargs="*", type=Path, default=[PIECES])
    distribution.add_argument("--melodies", type=Path, nargs="*", default=[], help="human sets: JSON or folder of .mid")
    distribution.add_argument("--chords", type=Path, nargs="*", default=[], help="human sets with chord symbols")
    distribution.set_defaults(run=_distribution)

    likeness = commands.add_parser("likeness", help="what pieces share with each other")
    likeness.add_argument("paths", nargs="*", type=Path, default=[PIECES])
    likeness.add_argument("--human", type=Path, nargs="*", default=[], help="folders of .mid, to compare with")
    likeness.add_argument("-n", type=int, default=10, help="how many of each kind to name")
    likeness.set_defaults(run=_likeness)

    packet = commands.add_parser("packet", help="write reading packets with spoilt twins, answers apart")
    packet.add_argument("paths", nargs="+", type=Path)
    packet.add_argument("-o", "--output", type=Path, required=True, help="folder of the packets")
    packet.add_argument("--keys", type=Path, required=True, help="folder of the answers: not where readers look")
    packet.add_argument("--bars", type=int, default=24, help="bars of each piece")
    packet.add_argument("--seed", type=int, default=1)
    packet.set_defaults(run=_packet)

    scores = commands.add_parser("scores", help="collect readers' sheets: who counts, which pieces are lowest")
    scores.add_argument("sheets", nargs="+", type=Path, help="sheets called as their packets, or PACKET.READER.txt")
    scores.add_argument("--keys", type=Path, required=True)
    scores.set_defaults(run=_scores)

    site = commands.add_parser("pages", help="write the documentation's pages: one a style, one of all")
    site.add_argument("folder", type=Path)
    site.add_argument("paths", nargs="*", type=Path, default=[PIECES])
    site.add_argument("--check", action="store_true", help="change nothing; name the pages that would change")
    site.set_defaults(run=_pages)

    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except (ValueError, OSError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return status


def files(paths: Iterable[Path], endings: tuple[str, ...] = (".txt",)) -> list[Path]:
    """Return the files that paths name: themselves, or all below folders with one of the endings."""
    found: list[Path] = []
    for path in paths:
        found += sorted(p for p in path.rglob("*") if p.suffix in endings) if path.is_dir() else [path]
    return found


def _check(options: argparse.Namespace) -> int:
    from model.songbook.lint import check_file, together

    found = files(options.paths)
    reports = together([check_file(path) for path in found])
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
    from model.songbook.reader import read_file
    from model.songbook.rendering import perform

    save(perform(read_file(options.path)), options.output, options.canonical)
    return 0


def _text(options: argparse.Namespace) -> int:
    from model.songbook.midi import load
    from model.songbook.writing import written

    text = written(load(options.path))
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


def _format(options: argparse.Namespace) -> int:
    from model.songbook.writing import formatted

    changed = 0
    for path in files(options.paths):
        text = path.read_text(encoding="utf-8")
        laid_out = formatted(text)
        if laid_out == text:
            continue
        changed += 1
        print(path)
        if not options.check:
            path.write_text(laid_out, encoding="utf-8")
    return 1 if changed and options.check else 0


def _table(options: argparse.Namespace) -> int:
    from model.songbook.figures import counted
    from model.songbook.reader import read_file

    print("\n".join(counted([read_file(path) for path in files(options.paths)])))
    return 0


def _pages(options: argparse.Namespace) -> int:
    from model.songbook.pages import differences, pages
    from model.songbook.reader import read_file

    sounds = [path.name for path in (options.folder / "sound").glob("*.opus")]
    made = pages((read_file(path) for path in files(options.paths)), sounds)
    if not options.check:
        options.folder.mkdir(parents=True, exist_ok=True)
    changed = differences(made, options.folder)
    for name in changed:
        print(options.folder / name)
        if options.check:
            continue
        if name in made:
            (options.folder / name).write_text(made[name], encoding="utf-8")
        else:
            (options.folder / name).unlink()
    return 1 if changed and options.check else 0


def _songs(paths: Iterable[Path]) -> list[Song]:
    from model.songbook.figures import load_song

    return [load_song(path) for path in files(paths, (".txt", ".mid"))]


def _figures(options: argparse.Namespace) -> int:
    import json

    from model.songbook.figures import figures

    songs = [{"id": song.name, **{k: round(v, 4) for k, v in figures(song).items()}} for song in _songs(options.paths)]
    print(json.dumps({"group": options.group, "songs": songs}, indent=1, ensure_ascii=False))
    return 0


def _distribution(options: argparse.Namespace) -> int:
    from model.songbook.figures import compare

    for line in compare(_songs(options.paths), options.melodies, options.chords):
        print(line)
    return 0


def _likeness(options: argparse.Namespace) -> int:
    from model.songbook.likeness import KINDS, shared

    groups = {"ours": _songs(options.paths)} | {path.name: _songs([path]) for path in options.human}
    least = min(map(len, groups.values()))
    for kind in KINDS:
        for name, songs in groups.items():
            for size in sorted({least, len(songs)}):
                found = shared(songs[:: max(1, len(songs) // size)][:size], kind)
                print(f"{kind}: {name}, {size} songs: {found.shared} of {found.distinct} shared ({found.share:.2%})")
        for places in shared(groups["ours"], kind).places[: options.n]:
            print("    " + ", ".join(f"{piece} {bar}" for piece, bar in places))
    return 0


def _packet(options: argparse.Namespace) -> int:
    from model.songbook.packets import ITEMS, TWINS, excerpt, key, packet, table
    from model.songbook.reader import read_file
    from model.songbook.rendering import perform

    by_style: dict[str, list[Path]] = {}
    for path in files(options.paths):
        by_style.setdefault(path.parent.name, []).append(path)
    options.output.mkdir(parents=True, exist_ok=True)
    options.keys.mkdir(parents=True, exist_ok=True)
    size = ITEMS - TWINS
    for style, paths in sorted(by_style.items()):
        random.Random(options.seed).shuffle(paths)
        rest = [paths[i : i + size] for i in range(0, len(paths), size)]
        if len(rest) > 1 and len(rest[-1]) < 4:
            last = rest.pop()
            rest[-1] += last
        for number, chosen in enumerate(rest, 1):
            excerpts = [excerpt(perform(read_file(path)), str(path), options.bars) for path in chosen]
            seed = options.seed * 1000 + number
            items = packet(excerpts, seed)
            name = f"{style}-{options.seed}-{number}"
            (options.output / f"{name}.txt").write_text(table(items), encoding="utf-8")
            (options.keys / f"{name}.json").write_text(key(items, seed), encoding="utf-8")
            print(f"{name}: {len(items)} items")
    return 0


def _scores(options: argparse.Namespace) -> int:
    from model.songbook.packets import LEAST, preferences, read_sheet, verdicts

    sheets = [read_sheet(path, options.keys / f"{path.name.split('.')[0]}.json") for path in options.sheets]
    for reader, (right, of) in sorted(preferences(sheets).items()):
        counted = "counted" if of == 0 or right >= LEAST * of else "not counted"
        print(f"reader {reader}: {right} of {of} twins found worse, {counted}")
    for v in verdicts(sheets):
        print(v.style, f"{v.score:+.2f}", v.readings, v.piece, *(["lowest"] if v.lowest else []), sep="\t")
    return 0


if __name__ == "__main__":
    sys.exit(main())
