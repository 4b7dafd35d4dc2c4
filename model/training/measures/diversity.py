"""Whether other seeds give other music: clips of one prompt beside one another (acceptance line 10)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from model.harmony import parse_key
from model.training.measures.clips import PITCH, START, Clip
from model.training.measures.texture import top_line


def progression(clip: Clip) -> tuple[tuple[int, int, str], ...]:
    """Return the chord changes as (tick, root above the tonic, quality), the same in every key."""
    tonic = parse_key(clip.key).tonic if clip.key else 0
    changes: list[tuple[int, int, str]] = []
    for start, _, chord in clip.spans:
        if not changes or changes[-1][1:] != ((chord.root - tonic) % 12, chord.quality):
            changes.append((start, (chord.root - tonic) % 12, chord.quality))
    return tuple(changes)


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
        lines = Counter(line for line in map(melody, takes) if line)
        found[prompt] = {
            "clips": len(takes),
            "different progressions": len({p for p in map(progression, takes) if p}),
            "clips with chords": sum(bool(progression(c)) for c in takes),
            "pairs of equal melodies": sum(n * (n - 1) // 2 for n in lines.values()),
            "clips with a melody": sum(lines.values()),
        }
    return found
