"""The same prompts through ours and through what it must beat, as folders of clips for `model.training.measures`.

    python -m bench.music.variants --what ours|grammar|dropped|shuffled --prompts styles|suite|tune|between|easy|hard|told|diverse
        [--seeds N] [--bars N] [--ending loop|cadence] [--weights FILE] [--theta text=0.5,chord=1] [--jobs N] --out DIR
    python -m bench.music.variants --prompts matched --human FILE [--split test] [--count N] --out DIR

`grammar`: the words' plan and the nearest grammar, no decoder. `dropped`: every prompt has the same vector, so only rules
and tables speak. `shuffled`: each prompt has another one's vector. `told`: easy and hard,
and the suite once, from which it is learnt which prompt made a clip. `matched`: what people played, asked of ours (`model.training.measures.conditions`).
Every clip has a seed of its own: clips of one seed share their chance, and change chords in the same places.
Writes .mid files and `clips.tsv`.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench.make_clips import MAKERS, Maker, composer, planned, spread
from bench.music.obedience.expectations import prompts as wished
from model.clips.clip import clip, match_source
from model.clips.messages import ClipSpec
from model.music import midifile
from model.styles import GRAMMAR_STYLES
from model.training.corpus.captions import SCENES
from model.training.evaluation.grammar_only import clip as grammar_clip
from model.training.measures.clips import as_song, load
from model.training.measures.conditions import conditions
from model.weights import FOLDER

BETWEEN = {
    "techno with jazz chords": "techno+jazz",
    "bossa nova house": "bossa nova+house",
    "trap with a gospel choir feel": "trap+gospel",
    "reggae drum and bass": "reggae+drum and bass",
    "lo-fi waltz on a guzheng": "lo-fi+guofeng",
    "funky amapiano": "funk+amapiano",
    "cinematic dubstep": "cinematic+dubstep",
    "afrobeats with neo-soul harmony": "afrobeats+neo-soul",
    "disco metal": "disco+metal",
    "synthwave bossa": "synthwave+bossa nova",
    "ambient drill": "ambient+drill",
    "country trap": "country+trap",
    "jazzy uk garage": "jazz+uk garage",
    "flamenco house": "latin+house",
    "爵士味的国风": "jazz+guofeng",
    "电子味的雷鬼": "reggae+house",
}
"""Prompts between styles, and the two that any musician would name: nothing that we wrote down is any of them."""
EASY = ("techno", "piano ballad", "bossa nova", "heavy metal", "ambient drone", "funk", "trap", "reggae")
DIVERSE = (*EASY, "lo-fi", "a walk by the sea")
HARD = tuple(f"{mood} house" for mood in ("dark", "happy", "sparse", "frantic", "warm", "cold", "gentle", "heavy"))


@dataclass(frozen=True, slots=True)
class Asked:
    """One clip to be made."""

    prompt: str
    seed: int
    label: str
    among: str
    parts: tuple[str, ...] | None = None
    like_song: midifile.Song | None = None


def asked(name: str, seeds: int) -> list[Asked]:
    """Return what is to be made of a set of prompts."""
    found: list[tuple[str, str, str]] = []
    match name:
        case "styles":
            scenes = dict(line.split("\t") for line in SCENES.read_text("utf-8").splitlines()[1:])
            found = [(style, style, "") for style in GRAMMAR_STYLES]
            found += [(scenes[style].split("|")[0], style, "") for style in GRAMMAR_STYLES]
        case "suite" | "tune":
            half = "report" if name == "suite" else "tune"
            found = [(p.text, "", "") for p in wished() if p.half == half]
        case "between":
            found = [(p, styles, "") for p, styles in BETWEEN.items()]
        case "easy":
            found = [(p, "", "easy") for p in EASY]
        case "hard":
            found = [(p, "", "hard") for p in HARD]
        case "diverse":
            found = [(p, "", "") for p in DIVERSE]
        case "told":
            once = [Asked(p.text, 1 + number, "", "") for number, p in enumerate(wished())]
            return [*asked("easy", seeds), *asked("hard", seeds), *once]
    takes = [row for row in found for _ in range(seeds)]
    return [Asked(p, 1 + number, label, among) for number, (p, label, among) in enumerate(takes)]


def matched(human: Path, sources: str, split: str, bars: int, count: int) -> list[Asked]:
    """Return what is to be made beside windows of people's songs."""
    songs = [s for s in load(human) if s.source in sources.split(",")]
    return [
        Asked(c.prompt, 1 + number, c.window.label, "", c.parts, as_song(c.window, c.parts))
        for number, c in enumerate(conditions(songs, split, bars, count))
    ]


@dataclass(frozen=True, slots=True)
class How:
    """How clips are made."""

    maker: Maker
    bars: int
    theta: tuple[tuple[str, float], ...]
    closing: bool | None = None


def make(how: How, one: Asked) -> bytes:
    """Return the .mid file of one clip."""
    if how.maker.what == "grammar":
        plan = planned(one.prompt)
        plan = plan if one.parts is None else replace(plan, parts=one.parts)
        plan = plan if one.like_song is None else match_source(one.like_song, plan)
        return midifile.to_bytes(grammar_clip(plan, one.seed, how.bars))
    wanted = ClipSpec(one.prompt, one.seed, bars=how.bars, parts=one.parts, theta=how.theta, closing=how.closing)
    return midifile.to_bytes(clip(composer(how.maker), wanted, like_song=one.like_song))


def main() -> None:
    """Parse the command line and write the clips."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.variants", description=__doc__)
    parser.add_argument("--what", choices=MAKERS, default="ours")
    parser.add_argument(
        "--prompts",
        choices=("styles", "suite", "tune", "between", "easy", "hard", "told", "diverse", "matched"),
        required=True,
    )
    parser.add_argument("--human", type=Path, help="for matched: songs, as `measures read` wrote them")
    parser.add_argument("--sources", default="pop909,groove", help="for matched: the sets of songs")
    parser.add_argument("--split", default="test", help="for matched: which songs")
    parser.add_argument("--count", type=int, default=120, help="for matched: how many clips")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--ending", choices=("loop", "cadence"), help="what the words say without it")
    parser.add_argument("--weights", type=Path, default=FOLDER / "decoder.safetensors")
    parser.add_argument("--theta", default="", help="weights of the fusion by name, such as text=0.5,chord=1")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.prompts == "matched":
        if options.human is None:
            parser.error("matched needs --human FILE")
        todo = matched(options.human, options.sources, options.split, options.bars, options.count)
    else:
        todo = asked(options.prompts, options.seeds)
    pairs = (pair.split("=") for pair in options.theta.split(",") if pair)
    theta = tuple((name, float(value)) for name, value in pairs)
    texts = tuple(dict.fromkeys(a.prompt for a in todo))
    closing = None if options.ending is None else options.ending == "cadence"
    how = How(Maker(options.weights, options.what, texts), options.bars, theta, closing)
    with (options.out / "clips.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t")
        table.writerow(["file", "prompt", "seed", "label", "set"])
        for number, content in enumerate(spread(partial(make, how), todo, options.jobs)):
            one = todo[number]
            (options.out / f"{number:04}.mid").write_bytes(content)
            table.writerow([f"{number:04}.mid", one.prompt, one.seed, one.label, one.among])


if __name__ == "__main__":
    main()
