"""`python -m bench.music.pages --human FILE [--jobs N] [PAGE …]`: the measurements of the music, each a page in runs/music.

FILE is what `python -m model.training.measures read` wrote. What is there already is made again only if the weights
are newer, so that an interrupted run goes on. Prints the pages at the end.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

OUT = Path("runs/music")
VARIANTS = "bench.music.variants --out {out} --prompts"
MEASURES = "model.training.measures"
INPUTS = {
    "suite": f"{VARIANTS} suite",
    "unweighed": f"{VARIANTS} suite --theta scale=0,chord=0,tonic=0,chord_size=0,brightness=0",
    "closed": f"{VARIANTS} suite --ending cadence",
    "matched": f"{VARIANTS} matched --human {{human}}",
    "styles": f"{VARIANTS} styles",
    "told": f"{VARIANTS} told --seeds 10",
    "diverse": f"{VARIANTS} diverse --seeds 20",
    "tunes": f"{MEASURES} melodies --human {{human}} --sources pop909 --out {{out}}",
    "pieces.npz": f"{MEASURES} pieces --count 20 --out {{out}}",
}
"""Folders of clips, and the grammars' pieces, that pages measure: a module and its options."""


@dataclass(frozen=True, slots=True)
class Page:
    """The inputs a page needs, and the commands whose output it holds."""

    inputs: tuple[str, ...]
    commands: tuple[str, ...]


def _measured(what: str, folder: str, more: str = "") -> Page:
    return Page((folder,), (f"{MEASURES} {what} --midi runs/music/{folder} {more}",))


def _judged(what: str) -> Page:
    return Page((), (f"bench.music.obedience.judge {what}",))


def _harmonised(folder: str, option: str) -> Page:
    made = f"bench.music.harmonised runs/music/tunes runs/music/{folder} {option}"
    return Page(("tunes",), (made, f"{MEASURES} chords --midi runs/music/{folder} {HUMAN} --sources pop909"))


HUMAN = "--human {human}"
PAGES = {
    "facts": _judged("facts"),
    "implied": _judged("implied --half report"),
    "opposites": _judged("opposites"),
    "refine": _judged("refine"),
    "keys": Page(
        ("suite", "closed"),
        (f"{MEASURES} keys --midi runs/music/suite {HUMAN}", f"{MEASURES} keys --midi runs/music/closed"),
    ),
    "unweighed": _measured("keys texture", "unweighed", HUMAN),
    "texture": _measured("texture", "suite", HUMAN),
    "matched": _measured("texture keys", "matched", HUMAN),
    "copying": _measured("copying", "suite", HUMAN),
    "style": Page(
        ("styles", "pieces.npz"),
        (f"{MEASURES} style --midi runs/music/styles {HUMAN} --pieces runs/music/pieces.npz",),
    ),
    "told": _measured("prompts", "told"),
    "diversity": _measured("diversity", "diverse"),
    "chords": _harmonised("dressed", ""),
    "behind": _harmonised("behind", "--causal"),
}


def is_fresh(made: Path, sources: Iterable[Path]) -> bool:
    """Return True if a file is there and none of its sources is newer."""
    return made.exists() and all(s.stat().st_mtime <= made.stat().st_mtime for s in sources)


def _run(command: str, human: Path, out: Path) -> str:
    words = [word.format(human=human, out=out) for word in shlex.split(command)]
    return subprocess.run([sys.executable, "-m", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Make the inputs that the pages need, then the pages, several at once, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", metavar="PAGE", default=list(PAGES), help=", ".join(PAGES))
    parser.add_argument("--human", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    if unknown := set(args.pages) - set(PAGES):
        parser.error(f"no page is called {min(unknown)}")
    OUT.mkdir(parents=True, exist_ok=True)
    weights = Path("model/weights")
    sources = [*weights.glob("*.safetensors"), *weights.glob("*.json")]

    def make_input(name: str) -> None:
        marker = OUT / name if name.endswith(".npz") else OUT / name / "made"
        if not is_fresh(marker, sources):
            _run(INPUTS[name], args.human, OUT / name)
            marker.touch()

    def make_page(name: str) -> Path:
        path = OUT / f"{name}.md"
        if not is_fresh(path, sources):
            text = "\n".join(_run(command, args.human, OUT) for command in PAGES[name].commands)
            path.write_text(f"# {name}\n\n{text}", encoding="utf-8")
        return path

    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(make_input, sorted({i for name in args.pages for i in PAGES[name].inputs})))
        for path in list(pool.map(make_page, args.pages)):
            print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
