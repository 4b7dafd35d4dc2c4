"""Whether other seeds give other music: clips of one prompt beside one another (acceptance line 10)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import groupby

from model.music.harmony import parse_key
from model.training.measures.clips import PITCH, START, Clip
from model.training.measures.texture import top_line

FEWEST_NOTES = 4
"""Melodies of fewer notes are equal by chance."""


def progression(clip: Clip) -> tuple[tuple[int, str], ...]:
    """Return the chords one after another as (root above the tonic, quality), the same in every key and rhythm."""
    tonic = parse_key(clip.key).tonic if clip.key else 0
    degrees = (((chord.root - tonic) % 12, chord.quality) for _, _, chord in clip.spans)
    return tuple(degree for degree, _ in groupby(degrees))


def melody(clip: Clip) -> tuple[tuple[int, int], ...]:
    """Return the melody's top line as (tick, semitones above its first note), the same in every key."""
    line = top_line(clip.part("melody"))
    return tuple((int(n[START]), int(n[PITCH] - line[0, PITCH])) for n in line)


def measure(clips: Sequence[Clip]) -> dict[str, dict[str, int]]:
    """Return per prompt the clips, their different progressions and the pairs of equal melodies."""
    by_prompt: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.prompt:
            by_prompt[clip.prompt].append(clip)
    found = {}
    for prompt, takes in by_prompt.items():
        lines = Counter(line for line in map(melody, takes) if len(line) >= FEWEST_NOTES)
        chords = [p for p in map(progression, takes) if p]
        found[prompt] = {
            "clips": len(takes),
            "different progressions": len(set(chords)),
            "different rows of roots": len({tuple(r for r, _ in groupby(d for d, _ in p)) for p in chords}),
            "clips with chords": len(chords),
            "pairs of equal melodies": sum(n * (n - 1) // 2 for n in lines.values()),
            "clips with a melody": sum(lines.values()),
        }
    return found
