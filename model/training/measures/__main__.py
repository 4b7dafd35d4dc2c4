"""`python -m model.training.measures [WHAT …] --midi DIR --json`: music measured, ours and people's alike.

First `read --data DIR --out FILE` turns the songs into one file for `--human`, `pieces --out FILE` writes pieces by
grammars for `--pieces`. Then any of: keys texture style prompts chords diversity copying (all that can be done with
what is given, if none is named). `melodies --out DIR` writes held-out melodies as .mid files; chords for them, in
files of the same names, go to `chords --midi DIR`. `files --human FILE --out DIR` writes songs of `--sources` as .mid files of
ours, a folder a source, for `python -m model.songbook distribution` and `likeness`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from model.training.measures import clips, report
from model.training.measures.control_songs import pieces, read_songs


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m model.training.measures", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"read, pieces, melodies, files, or any of {' '.join(report.MEASURES)}")
    parser.add_argument("--midi", type=Path, help="a folder of .mid files of ours, with clips.tsv or without")
    parser.add_argument("--human", type=Path, help="songs, as `read` wrote them")
    parser.add_argument("--pieces", type=Path, help="pieces by grammars, as `pieces` wrote them")
    parser.add_argument("--data", type=Path, help="the unpacked sets: for read, and for the second annotation")
    parser.add_argument("--sources", default="pop909,groove", help="human sets to read or to compare with")
    parser.add_argument("--split", default="test", help="which human songs ours are compared with")
    parser.add_argument("--bars", type=int, default=8, help="bars of a human window")
    parser.add_argument("--count", type=int, default=100, help="how many melodies, or pieces of a style, to write")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sources = options.sources.split(",")
    if options.what == ["read"]:
        if options.data is None or options.out is None:
            parser.error("read needs --data DIR and --out FILE")
        clips.save(options.out, list(read_songs(options.data, sources)))
        return
    if options.what == ["pieces"]:
        if options.out is None:
            parser.error("pieces needs --out FILE")
        clips.save(options.out, list(pieces(options.count)))
        return
    songs = clips.load(options.human) if options.human else []
    if options.what == ["melodies"]:
        if options.out is None or not songs:
            parser.error("melodies needs --human FILE and --out DIR")
        compared = [s for s in songs if s.source in sources]
        report.write_melodies(compared, options.split, options.bars, options.count, options.out)
        return
    if options.what == ["files"]:
        if options.out is None or not songs:
            parser.error("files needs --human FILE and --out DIR")
        report.write_songs([s for s in songs if s.source in sources], options.out)
        return
    if unknown := set(options.what) - report.MEASURES.keys():
        parser.error(f"a measure is one of {' '.join(report.MEASURES)}, not {min(unknown)}")
    given = report.MeasureInput(
        ours=clips.folder(options.midi) if options.midi else [],
        songs=songs,
        pieces=clips.load(options.pieces) if options.pieces else [],
        sources=tuple(sources),
        split=options.split,
        bars=options.bars,
        pop909=options.data / "pop909" / "POP909" if options.data else None,
    )
    found = report.measured(given, options.what or list(report.MEASURES))
    print(json.dumps(report.plain(found)) if options.json else report.text(found))


if __name__ == "__main__":
    main()
