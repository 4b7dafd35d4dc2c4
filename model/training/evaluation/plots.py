"""`python -m model.training.evaluation.plots`: the training curve, or histograms of our clips beside human songs, as SVG.

`--curve FILE --out FILE` draws what trainings wrote (several files, several lines); `--midi DIR --human FILE
--out FILE` draws onsets a bar of each part, velocities, pitches, lengths and melodic intervals, ours beside those of
the songs that `python -m model.training.measures read` wrote.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.decoder.tokenizer import PART_ORDER
from model.music.notes import TICKS_PER_QUARTER
from model.training.measures import clips
from model.training.measures.clips import LENGTH, PITCH, START, VELOCITY, Clip

Values = npt.NDArray[np.float64]
PAPER, INK, GRID = "#fbfaf7", "#333", "#e2dfd6"
COLOURS = ("#d9734e", "#7c9ed9", "#5f8f6b", "#9a7bb0")
WIDTH, HEIGHT, MARGIN = 380, 200, 42
COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Histogram:
    """What is counted: a title, the edges of its boxes in its own unit, and the values of a clip."""

    title: str
    edges: Values
    values: Callable[[Clip], Values]


def onsets_a_bar(clip: Clip, part: str) -> Values:
    """Return how many notes of a part begin in each bar of a clip that has the part."""
    notes = clip.part(part)
    if not len(notes):
        return np.zeros(0)
    edges = [*(at for at, _ in clip.bars), clip.end]
    return np.histogram(notes[:, START], edges)[0].astype(float)


def melodic_intervals(clip: Clip) -> Values:
    """Return the semitones from each note of the melody to the next, the highest of those that begin together."""
    melody = clip.part("melody")
    last = np.append(np.diff(melody[:, START]) > 0, True)[: len(melody)]
    steps: Values = np.diff(melody[last, PITCH]).astype(np.float64)
    return steps


def _onsets(part: str) -> Callable[[Clip], Values]:
    return lambda clip: onsets_a_bar(clip, part)


def histograms() -> list[Histogram]:
    """Return what is drawn: onsets of each part, then the rest."""
    most = {"drums": 32, "perc": 32, "bass": 16, "chords": 40, "pad": 20, "arp": 20, "melody": 20}
    found = [
        Histogram(
            f"{part}: onsets a bar",
            np.arange(-0.5, most[part] + 1, 1 if most[part] < 30 else 2),
            _onsets(part),
        )
        for part in PART_ORDER
    ]
    pitched = Histogram("pitch, drums apart", np.arange(23.5, 102, 2), lambda c: c.pitched[:, PITCH].astype(float))
    return [
        *found,
        Histogram("velocity", np.arange(0, 129, 8.0), lambda c: _all(c, VELOCITY)),
        pitched,
        Histogram(
            "length in quarters, drums apart",
            np.arange(0.0625, 4.2, 0.125),
            lambda c: c.pitched[:, LENGTH] / TICKS_PER_QUARTER,
        ),
        Histogram("melodic interval in semitones", np.arange(-12.5, 13), melodic_intervals),
    ]


def _all(clip: Clip, column: int) -> Values:
    return np.concatenate([np.zeros(0), *(notes[:, column].astype(float) for notes in clip.parts.values())])


def shares(songs: Sequence[Clip], what: Histogram) -> Values:
    """Return which share of the values of all songs falls in each box; values beyond the edges count in the last."""
    values = np.concatenate([np.zeros(0), *(what.values(song) for song in songs)])
    inside = np.clip(values, what.edges[0], what.edges[-1])
    counts = np.histogram(inside, what.edges)[0]
    return np.asarray(counts / max(1, counts.sum()))


def comparison(groups: Mapping[str, Sequence[Clip]]) -> str:
    """Return the picture of all histograms, each group of clips in its colour."""
    kinds = histograms()
    lines = []
    for i, what in enumerate(kinds):
        here = {name: shares(songs, what) for name, songs in groups.items()}
        x, y = i % COLUMNS * WIDTH, 24 + i // COLUMNS * HEIGHT
        lines += [f'<g transform="translate({x} {y})">', *_histogram(what, here), "</g>"]
    for i, (name, songs) in enumerate(groups.items()):
        lines.append(_text(MARGIN + 260 * i, 17, f"{name} ({len(songs)})", COLOURS[i], 13))
    return _picture(COLUMNS * WIDTH, 24 - (-len(kinds) // COLUMNS) * HEIGHT, lines)


def _histogram(what: Histogram, groups: Mapping[str, Values]) -> list[str]:
    top = max((float(v.max()) for v in groups.values()), default=0) or 1.0
    across, up = WIDTH - MARGIN - 12, HEIGHT - 56
    low, high = float(what.edges[0]), float(what.edges[-1])
    lines = [_text(MARGIN, 14, what.title, INK, 12)]
    for tick in np.linspace(low, high, 5):
        x = MARGIN + (tick - low) / (high - low) * across
        lines += [_line(x, 22, x, 22 + up, GRID), _text(x - 8, 36 + up, f"{tick:.3g}", INK, 10)]
    lines.append(_text(4, 30, f"{top:.0%}", INK, 10))
    for (_, share), colour in zip(groups.items(), COLOURS, strict=False):
        points = [f"{MARGIN},{22 + up}"]
        for left, right, v in zip(what.edges[:-1], what.edges[1:], share, strict=True):
            y = 22 + up * (1 - v / top)
            points += [f"{MARGIN + (e - low) / (high - low) * across:.1f},{y:.1f}" for e in (left, right)]
        points.append(f"{MARGIN + across},{22 + up}")
        lines.append(f'<polygon points="{" ".join(points)}" fill="{colour}" fill-opacity="0.3" stroke="{colour}"/>')
    return lines


def curve(trainings: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """Return the picture of trainings: bits a note on held-out POP909 by millions of events seen, a line each.

    Raises ValueError if there is no point to draw.
    """
    points = [(p["Mevents"], p["pop909"]) for lines in trainings.values() for p in lines]
    if not points:
        raise ValueError("a curve has at least one point, not none")
    width, height = 2 * WIDTH, 2 * HEIGHT
    across, up = width - MARGIN - 16, height - 80
    last = max(e for e, _ in points) or 1.0
    low, high = np.floor(min(b for _, b in points)), np.ceil(max(b for _, b in points) + 1e-9)

    def place(events: float, bits: float) -> tuple[float, float]:
        return MARGIN + events / last * across, 40 + (high - bits) / (high - low) * up

    lines = [_text(MARGIN, 18, "bits a note on held-out POP909, by millions of events seen", INK, 13)]
    for bits in np.linspace(low, high, 5):
        y = place(0, bits)[1]
        lines += [_line(MARGIN, y, MARGIN + across, y, GRID), _text(4, y + 4, f"{bits:.2f}", INK, 10)]
    for events in np.linspace(0, last, 6):
        lines.append(_text(place(events, low)[0] - 8, 58 + up, f"{events:.0f}", INK, 10))
    for i, (name, told) in enumerate(trainings.items()):
        colour = COLOURS[i % len(COLOURS)]
        at = [place(p["Mevents"], p["pop909"]) for p in told]
        drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
        lines.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in at]
        lines.append(_text(MARGIN + 160 * i, 34, name, colour, 11))
    return _picture(width, height, lines)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, said: str, colour: str, size: int) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}">{escape(said)}</text>'


def _picture(width: int, height: int, lines: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="{PAPER}"/>', *lines, "</svg>", ""])


def main() -> None:
    """Parse the command line and draw."""
    parser = argparse.ArgumentParser(prog="python -m model.training.evaluation.plots", description=__doc__)
    parser.add_argument("--curve", type=Path, nargs="+", help="curve.jsonl of one training or more")
    parser.add_argument("--midi", type=Path, help="a folder of .mid files of ours")
    parser.add_argument("--human", type=Path, help="songs, as model.training.measures read wrote them")
    parser.add_argument("--sources", default="pop909,groove", help="the human sets drawn")
    parser.add_argument("--split", default="test", help="the split of the human songs drawn")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    if options.curve:
        read = {p.parent.name: p.read_text(encoding="utf-8").splitlines() for p in options.curve}
        drawn = curve({name: [json.loads(line) for line in lines] for name, lines in read.items()})
    elif options.midi and options.human:
        wanted = options.sources.split(",")
        theirs = [s for s in clips.load(options.human) if s.source in wanted and s.split == options.split]
        drawn = comparison({"our clips": clips.folder(options.midi), "human songs": theirs})
    else:
        parser.error("what is drawn is --curve FILE, or --midi DIR beside --human FILE")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
