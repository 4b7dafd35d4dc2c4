"""The key that sounds, told by finders that know nothing of how our clips are made (acceptance line 2).

A finder correlates the time that each pitch class sounds with the 24 turned profiles of `model.analysis.key_finder`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from model.analysis.key_finder import PROFILES, key_correlations
from model.music.harmony import MODES, parse_key
from model.training.measures.clips import LENGTH, PITCH, START, Clip
from model.training.measures.tables import Estimate, estimate

Profile = npt.NDArray[np.float64]

_RAISED = frozenset(MODES["harmonic minor"]) | frozenset(MODES["melodic minor"])


def time_of_classes(clip: Clip) -> Profile:
    """Return how long each pitch class sounds in the pitched parts, in ticks, `(12,)`."""
    notes = clip.pitched
    return np.bincount(notes[:, PITCH] % 12, notes[:, LENGTH], 12).astype(np.float64)


def find(time: Profile, profile: str = "albrecht-shanahan") -> tuple[int, bool] | None:
    """Return the key that sounds as (tonic, whether minor); None where nothing tells one from another."""
    if np.ptp(time) == 0:
        return None
    best = int(key_correlations(time, profile).argmax())
    return best % 12, best >= 12


def mirex(found: tuple[int, bool] | None, told: tuple[int, bool]) -> float:
    """Return the MIREX score: 1 exact, 0.5 a fifth above, 0.3 the relative, 0.2 the parallel key, else 0."""
    if found is None:
        return 0.0
    step, same_mode = (found[0] - told[0]) % 12, found[1] == told[1]
    if same_mode:
        return {0: 1.0, 7: 0.5}.get(step, 0.0)
    if step == 0:
        return 0.2
    return 0.3 if step == (3 if told[1] else 9) else 0.0


def in_key(clip: Clip, raised: bool = False) -> float:
    """Return the share of note time inside the clip's key; `raised` adds a minor key's raised sixth and seventh."""
    key = parse_key(clip.key)
    scale = set(key.scale) | (_RAISED if raised and key.mode == "minor" else frozenset())
    time = time_of_classes(clip)
    inside = sum(time[(key.tonic + step) % 12] for step in scale)
    return float(inside / time.sum()) if time.any() else np.nan


def ends_on_tonic(clip: Clip) -> float:
    """Return 1.0 if the last bass note is the tonic, else 0.0.

    Without a bass the lowest of the last notes of the chords counts, without both the last note of the melody.
    """
    for part in ("bass", "chords", "melody"):
        notes = clip.part(part)
        if len(notes):
            last = notes[notes[:, START] == notes[-1, START]]
            return float(last[:, PITCH].min() % 12 == parse_key(clip.key).tonic)
    return np.nan


def measure(clips: Sequence[Clip]) -> dict[str, dict[str, float]]:
    """Return every figure about keys over the clips that have a key and a pitched part."""
    keyed = [c for c in clips if c.key and len(c.pitched)]
    groups = [c.group for c in keyed]
    told = [(parse_key(c.key).tonic, parse_key(c.key).minor) for c in keyed]
    time = [time_of_classes(c) for c in keyed]
    found: dict[str, Estimate] = {}
    for name in PROFILES:
        heard = [find(t, name) for t in time]
        found[f"exact, {name}"] = estimate([h == t for h, t in zip(heard, told, strict=True)], groups)
        scores = [mirex(h, t) for h, t in zip(heard, told, strict=True)]
        found[f"MIREX, {name}"] = estimate(scores, groups)
    weights = [float(t.sum()) for t in time]
    found["note time in key"] = estimate([in_key(c) for c in keyed], groups, weights)
    found["note time in key, raised steps of minor allowed"] = estimate(
        [in_key(c, raised=True) for c in keyed], groups, weights
    )
    found["ends on the tonic"] = estimate([ends_on_tonic(c) for c in keyed], groups)
    return {name: asdict(f) for name, f in found.items()}
