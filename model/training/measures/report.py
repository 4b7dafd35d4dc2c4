"""Every measure over what is given, as one tree of figures, and that tree as tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from model.music import midifile
from model.music.harmony import chord_symbol
from model.music.notes import Ticks
from model.prompt.encoder import sentence_encoder
from model.training.measures import (
    agreement,
    clips,
    control_songs,
    keys,
    originality,
    overlap,
    probe,
    prompts,
)
from model.training.measures.clips import Chords, Clip
from model.training.measures.melody_chords import Model, best_triads
from model.training.measures.originality import Index
from model.training.measures.tables import estimate, table

Tree = Mapping[str, object]
MAX_OF_A_STYLE = 60
"""Windows of one style and kind of source that the probe hears, so that no set of songs drowns the others."""
FEWEST_SONGS = 5
"""A style with fewer songs cannot be learnt from some and asked of others."""


@dataclass(frozen=True)
class MeasureInput:
    """What there is to measure: our clips, whole human songs of every split, pieces by grammars.

    Ours are compared with the songs of `sources` and `split`, in windows of `bars`; `pop909` is the folder of the
    original POP909 for its own chord labels.
    """

    ours: Sequence[Clip]
    songs: Sequence[Clip]
    pieces: Sequence[Clip] = ()
    sources: tuple[str, ...] = ("pop909", "groove")
    split: str = "test"
    bars: int = 8
    pop909: Path | None = None

    @cached_property
    def windows(self) -> list[Clip]:
        """The windows of the human songs that ours are compared with."""
        return [w for s in self.compared if s.split == self.split for w in clips.windows(s, self.bars)]

    @property
    def compared(self) -> list[Clip]:
        """The human songs of the sources named, of every split."""
        return [s for s in self.songs if s.source in self.sources]

    @property
    def training(self) -> list[Clip]:
        """The human songs that the decoder learnt from."""
        return [s for s in self.songs if s.split == "train"]


def _keys(given: MeasureInput) -> Tree:
    """Key finding; of human windows those of songs in one key."""
    theirs = [w for w in given.windows if control_songs.ONE_KEY in w.tags]
    return {who: keys.measure(what) for who, what in (("ours", given.ours), ("human", theirs)) if what}


def _texture(given: MeasureInput) -> Tree:
    """Textures beside human windows; without clips of ours one half of the songs stands for them."""
    if given.ours or not given.windows:
        return overlap.measure(given.ours, given.windows)
    songs = sorted({w.group for w in given.windows})
    half = set(songs[::2])
    first = [w for w in given.windows if w.group in half]
    return overlap.measure(first, [w for w in given.windows if w.group not in half])


def _style(given: MeasureInput) -> Tree:
    """Style told from notes by a probe that heard people's songs and grammars' pieces, never those it is asked of."""
    heard = _balanced([w for s in (*given.songs, *given.pieces) if s.label for w in clips.windows(s, given.bars)])
    if len({c.label for c in heard}) < 2:
        return {}
    labels, kinds = [c.label for c in heard], [_kind(c) for c in heard]
    told = probe.cross_validated(heard, labels, [c.group for c in heard])
    found: dict[str, object] = {}
    for kind in dict.fromkeys(kinds):
        mine = [i for i, k in enumerate(kinds) if k == kind]
        found[kind] = _told([heard[i] for i in mine], [told[i] for i in mine])
        alone = [heard[i] for i in mine]
        if len({c.label for c in alone}) > 1 and len(set(kinds)) > 1:
            by_itself = probe.cross_validated(alone, [c.label for c in alone], [c.group for c in alone])
            found[f"{kind}, by a probe of nothing else"] = _told(alone, by_itself)
    asked = [c for c in given.ours if c.label in set(labels)]
    between = [c for c in given.ours if "+" in c.label and set(c.label.split("+")) <= set(labels)]
    if asked or between:
        trained = probe.fit(heard, labels)
        if asked:
            found["ours"] = _told(asked, [trained.predict(c) for c in asked])
        if between:
            found["ours, between two styles"] = probe.between(trained, between)
    return found


def _kind(clip: Clip) -> str:
    return clip.source if clip.source in (control_songs.NEW, control_songs.UNSEEN) else "songs of people"


def _told(asked: Sequence[Clip], told: Sequence[str]) -> Tree:
    labels = [c.label for c in asked]
    scores = probe.scores(labels, told, [c.group for c in asked])
    return {**scores, "confusion": probe.confusion(labels, told)}


def _balanced(windows: Sequence[Clip]) -> list[Clip]:
    """Return some windows of every style that has songs enough, spread over the songs; the same every time."""
    order = np.random.default_rng(0).permutation(len(windows))
    alike: dict[tuple[str, str], list[Clip]] = {}
    for i in order:
        alike.setdefault((_kind(windows[i]), windows[i].label), []).append(windows[i])
    enough = [some for some in alike.values() if len({c.group for c in some}) >= FEWEST_SONGS]
    return [c for some in enough for c in some[:MAX_OF_A_STYLE]]


def _prompts(given: MeasureInput) -> Tree:
    """Which of the prompts of a set made a clip."""
    if not any(c.among for c in given.ours):
        return {}
    return prompts.measure(given.ours, prompts.vectors(sentence_encoder()))


def _chords(given: MeasureInput) -> Tree:
    """Chords for held-out melodies: those in our files, a hidden Markov model, triads, people."""
    taught = [s for s in given.compared if s.split == "train" and s.chords and s.key]
    asked = melodies(given.compared, given.split, given.bars)
    ours = {c.name: c.chords for c in given.ours}
    if any(w.name in ours for w in asked):
        asked = [w for w in asked if w.name in ours]
    if not asked or not taught:
        return {}
    model = Model.fit(taught)
    ways: dict[str, Callable[[Clip], Chords | None]] = {
        "ours": lambda c: ours.get(c.name),
        "hidden Markov model": model.chords,
        "hidden Markov model, behind": lambda c: model.chords(c, behind=True),
        "best triad of the key": best_triads,
        "the annotation itself": lambda c: c.chords,
    }
    found = dict(agreement.measure(asked, ways))
    if given.pop909 is not None:
        songs = [s for s in given.songs if s.source == "pop909" and s.split == given.split]
        annotated = agreement.annotated_twice(songs, given.pop909)
        second = {w.name: w.chords for s in annotated for w in clips.windows(s, given.bars)}
        found |= agreement.measure(asked, {"another annotation": lambda c: second.get(c.name)})
    return found


def melodies(songs: Sequence[Clip], split: str, bars: int) -> list[Clip]:
    """Return the windows of a split that have a melody in every second bar or more, chords and a key."""
    found = [w for s in songs if s.split == split and s.key for w in clips.windows(s, bars)]
    return [w for w in found if w.chords and _bars_with_melody(w) >= bars / 2]


def _bars_with_melody(window: Clip) -> int:
    edges = [at for at, _ in window.bars]
    return len(np.unique(np.searchsorted(edges, window.part("melody")[:, clips.START], "right")))


def write_melodies(songs: Sequence[Clip], split: str, bars: int, count: int, folder: Path) -> None:
    """Write so many held-out melodies as .mid files without chords, spread over the songs. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    found = melodies(songs, split, bars)
    for i in sorted(np.random.default_rng(0).permutation(len(found))[:count]):
        clips.to_file(folder / f"{found[i].name}.mid", found[i], ("melody",))


def _in_the_book(symbol: str) -> str:
    """Return a chord symbol as the songbook writes it."""
    return symbol.replace("mmaj", "mM").replace("aug7", "7#5")


def write_songs(songs: Sequence[Clip], folder: Path) -> None:
    """Write songs whole, a folder a source, as .mid files of ours on the grid: sets to hold the songbook against. Raises OSError."""
    for song in songs:
        of_source = folder / song.source
        of_source.mkdir(parents=True, exist_ok=True)
        symbols = tuple((Ticks(at), _in_the_book(chord_symbol(chord))) for at, chord in song.chords if chord)
        midifile.write(
            of_source / f"{song.name.replace('/', '-')}.mid",
            replace(clips.as_song(song, tuple(song.parts)), chords=symbols),
        )


def _diversity(given: MeasureInput) -> Tree:
    """Clips of one prompt beside one another."""
    by_prompt = originality.measure_diversity(given.ours)
    if not by_prompt:
        return {}
    progressions = [float(row["different progressions"]) for row in by_prompt.values()]
    equal = [float(row["pairs of equal melodies"]) for row in by_prompt.values()]
    mean = {
        "different progressions": asdict(estimate(progressions)),
        "pairs of equal melodies": asdict(estimate(equal)),
    }
    return {"prompts": by_prompt, "mean of the prompts": mean, "fewest progressions": min(progressions)}


def _copying(given: MeasureInput) -> Tree:
    """Measure which runs of melodies are found in training songs: of our clips, of held-out songs."""
    if not given.training:
        return {}
    index = Index.of(s.part("melody") for s in given.training)
    pairs = (("ours", given.ours), ("human", given.windows))
    return {who: originality.measure_copying(what, index) for who, what in pairs if what}


MEASURES: dict[str, Callable[[MeasureInput], Tree]] = {
    "keys": _keys,
    "texture": _texture,
    "style": _style,
    "prompts": _prompts,
    "chords": _chords,
    "diversity": _diversity,
    "copying": _copying,
}


def measured(given: MeasureInput, what: Sequence[str]) -> dict[str, Tree]:
    """Return the figures of the measures named."""
    return {name: MEASURES[name](given) for name in what}


def plain(tree: object) -> object:
    """Return a tree that JSON can hold: no NaN, which it has no word for."""
    match tree:
        case Mapping():
            return {str(k): plain(v) for k, v in tree.items()}
        case list() | tuple():
            return [plain(v) for v in tree]
        case float() if not math.isfinite(tree):
            return None
        case _:
            return tree


def text(tree: Tree) -> str:
    """Return the tree as headings and tables in Markdown."""
    return "\n\n".join(block for name, branch in tree.items() for block in _blocks(name, branch))


def _blocks(name: str, branch: object) -> list[str]:
    """Return a heading with one table of what lies flat below, then the blocks of what lies deeper."""
    if not isinstance(branch, Mapping) or not branch:
        return [f"## {name}\n\nnothing to measure"]
    if all(_flat(row) for row in branch.values()):
        columns = list(dict.fromkeys(c for row in branch.values() if isinstance(row, Mapping) for c in row))
        rows = [
            [what, *(_cell(row.get(c, "")) for c in columns)] if isinstance(row, Mapping) else [what, _cell(row)]
            for what, row in branch.items()
        ]
        return [f"## {name}\n\n" + table(["", *(columns or ["value"])], rows)]
    return [block for what, below in branch.items() for block in _below(f"{name}: {what}", below)]


def _below(name: str, branch: object) -> list[str]:
    return _blocks(name, branch) if isinstance(branch, Mapping) else [f"{name}: {_cell(branch)}"]


def _flat(row: object) -> bool:
    """Return whether a row has only cells: numbers, words, lists, and figures with their intervals."""
    return not isinstance(row, Mapping) or all(
        not isinstance(cell, Mapping) or cell.keys() == {"mean", "low", "high", "count"} for cell in row.values()
    )


def _cell(value: object) -> str:
    match value:
        case {"mean": float(mean), "low": float(low), "high": float(high), "count": int(count)}:
            return f"{mean:.3f} [{low:.3f}..{high:.3f}] n={count}" if count else "none"
        case list():
            return " … ".join(_cell(v) for v in value)
        case bool() | None:
            return {True: "yes", False: "no", None: ""}[value]
        case float():
            return f"{value:.3f}"
        case _:
            return str(value)
