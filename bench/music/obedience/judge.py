"""The measures that opposites and refinements must move, from notes alone. Pure."""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bench import make_clips
from bench.music.obedience import facts, implied, measure_song
from bench.music.obedience.expectations import AXES, HALVES, IMPLIED, STATED, Opposite, Prompt, Refinement
from bench.music.obedience.expectations import facts as stated
from bench.music.obedience.expectations import opposites as opposed
from bench.music.obedience.expectations import prompts as wished
from bench.music.obedience.expectations import refinements as refining
from bench.music.obedience.facts import Verdict
from bench.music.obedience.percentiles import reference
from bench.tables import interval, table
from model.clips.refine import refine
from model.music.midifile import Song
from model.music.notes import PARTS
from model.music.plan import Controls, Plan

_MEASURES: dict[str, Callable[[Song], float | None]] = {
    "density": measure_song.fullness,
    "energy": lambda song: reference().levels(song).get("energy"),
    "brightness": lambda song: reference().levels(song).get("brightness"),
    "register": measure_song.height,
    "swing": measure_song.off_beat,
    "tempo": lambda song: song.tempos[0][1],
    "articulation": measure_song.articulation,
    "complexity": measure_song.richness,
    "velocity": measure_song.velocity,
    "changes": measure_song.changes,
    "walking": measure_song.walking,
}
_OF_A_PART: dict[str, Callable[[Song, str], float | None]] = {
    "density": measure_song.rate,
    "register": measure_song.height,
    "articulation": measure_song.articulation,
    "part": lambda song, part: float(bool(measure_song.of_part(song, part))),
}


def measured(name: str, song: Song) -> float | None:
    """Return a measure ("density", or of one part "density melody"), in its own unit; None where it cannot be heard."""
    what, _, part = name.partition(" ")
    return _OF_A_PART[what](song, part) if part else _MEASURES[what](song)


def rises(name: str, less: Song, more: Song) -> bool:
    """Tell whether a measure is higher in the second; what can be heard in only one of them has not risen."""
    low, high = measured(name, less), measured(name, more)
    return low is not None and high is not None and low < high


def changed(before: Song, after: Song, parts: str) -> float:
    """Return the share of notes of the parts not named that are not in both songs: 0 all kept, 1 all new.

    `parts` are those that may change: a name, `*` all (then there is nothing to keep), `-` none but in time: a note
    must stay within its bar then, else at its tick.
    """
    kept = [p for p in PARTS if p != parts] if parts != "*" else []
    grain = max(b - a for (a, _), (b, _) in pairwise([*before.bars, (before.end, "")])) if parts == "-" else 1
    old, new = (
        Counter((n.part, n.pitch, (n.start + n.offset) // grain) for n in song.notes if n.part in kept)
        for song in (before, after)
    )
    whole = max(old.total(), new.total())
    return 1 - (old & new).total() / whole if whole else 0.0


FIXED_KEYS = ("C major", "A minor")
"""The keys in which dark and bright are compared, by turns."""
MAY_CHANGE = 0.1
"""Share of the notes of parts not named that a refinement may touch."""
RESAMPLES = 2000


class Outcome(NamedTuple):
    """One verdict with where it came from. `group` says on which lines of the table it counts."""

    groups: tuple[str, ...]
    prompt: str
    seed: int
    verdict: Verdict
    pair: str = ""
    language: str = ""


class Means(NamedTuple):
    """How to judge: by the words alone or by clips, made with these weights or those that are shipped."""

    words: bool
    maker: make_clips.Maker


Job = tuple[Any, int]


def fact(job: Job, by: Means) -> list[Outcome]:
    """Judge one prompt with stated facts."""
    asked, seed = job
    song, plan = _heard(asked.text, seed, by)
    return [Outcome((v.name, asked.language), asked.text, seed, v) for v in facts.judged(asked.expected, song, plan)]


def wish(job: Job, by: Means) -> list[Outcome]:
    """Judge one prompt that implies."""
    asked: Prompt
    asked, seed = job
    song, plan = _heard(asked.text, seed, by)
    known = "in the table" if asked.in_table else "not in the table"
    spoken = (f"pairs {asked.language}",) if asked.pair else ()
    return [
        Outcome((f"{v.name}, {known}", f"all, {known}", *spoken), asked.text, seed, v, asked.pair, asked.language)
        for v in implied.judged(asked.expected, song, plan)
    ]


def _heard(text: str, seed: int, by: Means) -> tuple[Song | None, Plan]:
    if by.words:
        return None, make_clips.planned(text)
    made = make_clips.made(text, seed, by.maker)
    return made.song, made.plan


def opposite(job: Job, by: Means) -> list[Outcome]:
    """Judge one pair of opposites under one seed."""
    asked: Opposite
    asked, seed = job
    controls = Controls(key=FIXED_KEYS[seed % 2]) if asked.axis == "brightness" else Controls()
    plans = [make_clips.planned(text) for text in (asked.less, asked.more)]
    told = [getattr(plan, asked.axis) for plan in plans]
    heard, found = None, ""
    if not by.words:
        less, more = (make_clips.made(text, seed, by.maker, controls).song for text in (asked.less, asked.more))
        heard = rises(asked.axis, less, more)
        found = f"{_number(measured(asked.axis, less))} against {_number(measured(asked.axis, more))} "
    found += f"(understood {told[0]:g} against {told[1]:g})"
    verdict = Verdict(asked.axis, "less", heard, told[0] < told[1], found)
    return [Outcome((asked.axis, asked.language), f"{asked.less} / {asked.more}", seed, verdict)]


def refinement(job: Job, by: Means) -> list[Outcome]:
    """Judge one change to a clip: what moved, and what of the rest stayed."""
    asked: Refinement
    asked, seed = job
    base = _base(asked, seed)
    before = make_clips.made(base, seed, by.maker).song
    after = refine(make_clips.composer(by.maker), before, asked.words, seed)
    ends = (after, before) if asked.way == "down" else (before, after)
    share = changed(before, after, asked.parts)
    told = f"{_number(measured(asked.measure, before))} to {_number(measured(asked.measure, after))}"
    prompt = f"{asked.words} ← {base}"
    moved = Verdict(asked.measure, asked.way, rises(asked.measure, *ends), None, told)
    stayed = Verdict("the rest", f"≤ {MAY_CHANGE}", share <= MAY_CHANGE, None, f"{share:.2f} changed")
    outcomes = [Outcome((f"moved: {asked.words}", "moved"), prompt, seed, moved)]
    return outcomes + [Outcome(("the rest stayed",), prompt, seed, stayed)] * (asked.parts != "*")


def _base(asked: Refinement, seed: int) -> str:
    """Return a prompt of the suite, another for each seed, whose clip plays what is to be changed."""
    needed = {asked.parts, asked.measure.partition(" ")[2]} & set(PARTS)
    texts = [p.text for p in wished() if p.pair and p.language == "en"]
    turned = (texts[(7 * seed + i) % len(texts)] for i in range(len(texts)))
    return next(text for text in turned if needed <= set(make_clips.planned(text).parts))


def _number(value: float | None) -> str:
    return "silence" if value is None else f"{value:.3g}"


def jobs_of(what: str, seeds: int, half: str | None, only: str) -> list[Job]:
    """Return what is to be judged, each with its seed."""
    match what:
        case "facts":
            return [(f, s) for f in stated() if only in f.text for s in range(1, seeds + 1)]
        case "implied":
            asked = [p for p in wished() if (half is None or p.half == half) and only in f"{p.wish} {p.text}"]
            return [(p, s) for p in asked for s in range(1, seeds + 1)]
        case "opposites":
            by_axis = {
                axis: [o for o in opposed() if o.axis == axis and only in f"{o.axis} {o.less} / {o.more}"]
                for axis in AXES
            }
            return [(rows[s % len(rows)], s) for rows in by_axis.values() if rows for s in range(1, seeds + 1)]
        case _:
            rows = [r for r in refining() if only in r.words]
            return [(rows[s % len(rows)], s) for s in range(1, seeds + 1)] if rows else []


def prompts_of(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Return every prompt of what is judged, once."""
    pairs = [(a.less, a.more) if isinstance(a, Opposite) else (getattr(a, "text", ""),) for a, _ in jobs]
    return tuple(dict.fromkeys(text for pair in pairs for text in pair))


class Judge(Protocol):
    """A judge of one row of the suite."""

    def __call__(self, job: Job, by: Means) -> list[Outcome]:
        """Return the verdicts."""


JUDGES: dict[str, Judge] = {
    "facts": fact, "implied": wish, "opposites": opposite, "refine": refinement,
}  # fmt: skip
SEEDS = {"facts": 1, "implied": 2, "opposites": 50, "refine": 50}
ORDER = (*STATED, *IMPLIED, *AXES)


def rows(outcomes: Sequence[Outcome]) -> list[tuple[str, str, str]]:
    """Return the lines of the table: a group, its share as heard, its share as understood."""
    grouped: dict[str, list[Verdict]] = defaultdict(list)
    for outcome in outcomes:
        for group in outcome.groups:
            grouped[group].append(outcome.verdict)
        grouped["all"].append(outcome.verdict)
    place = {name: i for i, name in enumerate(ORDER)}
    ordered = sorted(grouped, key=lambda g: (g == "all", place.get(g.partition(",")[0], len(place)), g))
    return [(g, _share(v.heard for v in grouped[g]), _share(v.understood for v in grouped[g])) for g in ordered]


def _share(verdicts: Iterable[bool | None]) -> str:
    told = [v for v in verdicts if v is not None]
    return interval(sum(told), len(told)) if told else "–"


def languages_apart(outcomes: Sequence[Outcome], told: Callable[[Verdict], bool | None]) -> str:
    """Return by how many points English is better than Chinese on parallel pairs, with an interval by resampling pairs."""
    by_pair: dict[str, dict[str, list[bool]]] = defaultdict(lambda: {"en": [], "zh": []})
    for outcome in outcomes:
        right = told(outcome.verdict)
        if outcome.pair and right is not None:
            by_pair[outcome.pair][outcome.language].append(right)
    held = [p for p in by_pair.values() if p["en"] and p["zh"]]
    if not held:
        return "–"

    def apart(sample: Sequence[dict[str, list[bool]]]) -> float:
        shares = [[right for pair in sample for right in pair[language]] for language in ("en", "zh")]
        return 100 * (sum(shares[0]) / len(shares[0]) - sum(shares[1]) / len(shares[1]))

    rng = random.Random(1)
    drawn = sorted(apart(rng.choices(held, k=len(held))) for _ in range(RESAMPLES))
    low, high = drawn[RESAMPLES // 40], drawn[-RESAMPLES // 40]
    return f"{apart(held):+.0f} points [{low:+.0f}..{high:+.0f}], {len(held)} pairs"


def misses(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line for every expectation that was not met; what was misunderstood is marked so."""
    return [
        f"{'words' if o.verdict.understood is False else 'notes'}\t{o.verdict.name}={o.verdict.said}\t{o.prompt}\tseed {o.seed}\t{o.verdict.found}"
        for o in outcomes
        if o.verdict.heard is False or o.verdict.understood is False
    ]


def report(what: str, outcomes: Sequence[Outcome], *, as_json: bool) -> str:
    """Return the table and the misses, or all of it as JSON."""
    lines = rows(outcomes)
    apart = {
        name: languages_apart(outcomes, told)
        for name, told in (("heard", lambda v: v.heard), ("understood", lambda v: v.understood))
    }
    if as_json:
        return json.dumps(
            {
                "what": what,
                "table": [dict(zip(("group", "heard", "understood"), line, strict=True)) for line in lines],
                "english_over_chinese": apart,
                "verdicts": [
                    {"prompt": o.prompt, "seed": o.seed, **o.verdict._asdict(), "groups": o.groups} for o in outcomes
                ],
            },
            ensure_ascii=False,
        )
    text = [table((what, "as heard", "as understood"), lines)]
    if what == "implied":
        text.append(f"English over Chinese: heard {apart['heard']}; understood {apart['understood']}")
    return "\n".join([*text, "", *misses(outcomes)])


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.obedience.judge", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=tuple(JUDGES))
    parser.add_argument(
        "--seeds", type=int, help="seeds a prompt (facts, implied), an axis (opposites), or clips (refine)"
    )
    parser.add_argument("--half", choices=HALVES, help="of the wishes that imply; both without it")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--words", action="store_true", help="judge what was understood; make no clip")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="a decoder's, instead of the one that is shipped")
    parser.add_argument("--by", dest="maker", choices=make_clips.MAKERS, default="ours")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.words and args.what == "refine":
        parser.error("a refinement is judged by its notes: leave --words out")
    asked = jobs_of(args.what, args.seeds or SEEDS[args.what], args.half, args.only)
    by = Means(args.words, make_clips.Maker(args.weights, args.maker, prompts_of(asked)))
    outcomes: list[Outcome] = []
    for i, found in enumerate(make_clips.spread(partial(JUDGES[args.what], by=by), asked, args.jobs), 1):
        outcomes += found
        sys.stderr.write(f"\r{i}/{len(asked)}")
    sys.stderr.write("\n")
    print(report(args.what, outcomes, as_json=args.json))


if __name__ == "__main__":
    main()
