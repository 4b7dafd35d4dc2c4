"""Songs as the harmoniser learns them: what is heard of every half bar, the chord there, and stretches of them drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model.analysis.harmoniser import (
    CORPORA,
    FEATURES,
    TRIAD_KINDS,
    features,
    halves,
    relative_major_tonic,
    triad_kind,
)
from model.music.harmony import parse_key

if TYPE_CHECKING:
    from model.training.measures.clips import Clip

STRETCHES = (16, 16, 16, 32, 48)
"""Half bars of a stretch, drawn as often as they stand here."""
UNKNOWN = -1
SOURCES = {"pop909": "pop", "openewld": "standard", "lieder": "art song", "hymns": "hymn"}
POP = 0.6
"""The share of stretches that are of the first of the sources, which has three quarters of the bars."""


@dataclass(frozen=True, slots=True)
class MelodyNote:
    """A note of a melody, as far as it is heard here."""

    start: int
    end: int
    pitch: int


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """What is heard of a song in every half bar `(T, FEATURES)`, and the number of its chord there `(T,)`, UNKNOWN where none."""

    heard: npt.NDArray[np.float32]
    told: npt.NDArray[np.int64]
    source: str = "pop909"
    split: str = "train"


def song(clip: Clip) -> Song:
    """Return what is heard of a song, and its chords."""
    from model.training.measures.clips import LENGTH, PITCH, START
    from model.training.measures.melody_chords import longest_chord

    key, parts = parse_key(clip.key), halves(clip.bars)
    notes = [MelodyNote(int(n[START]), int(n[START] + n[LENGTH]), int(n[PITCH])) for n in clip.part("melody")]
    told = np.full(len(parts), UNKNOWN)
    for i, half in enumerate(parts):
        inside = [(at, c) for at, c in clip.chords if at < half.end]
        chord = longest_chord(tuple(inside[-9:]), half.start, half.end)
        if chord is not None:
            told[i] = (chord.root - relative_major_tonic(key)) % 12 * len(TRIAD_KINDS) + triad_kind(chord)
    corpus = SOURCES.get(clip.source, CORPORA[0])
    return Song(features(parts, notes, key, corpus), told, clip.source, clip.split)


def keep(path: Path, songs: Sequence[Song]) -> None:
    """Write songs to one `.npz`. Raises OSError."""
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            heard=np.concatenate([s.heard for s in songs]).astype(np.float16),
            told=np.concatenate([s.told for s in songs]).astype(np.int8),
            ends=np.cumsum([len(s.told) for s in songs]),
            sources=np.array([s.source for s in songs]),
            splits=np.array([s.split for s in songs]),
        )


def kept(path: Path) -> list[Song]:
    """Return the songs that `keep` wrote. Raises OSError."""
    with np.load(path, allow_pickle=False) as file:
        ends = file["ends"][:-1]
        heard, told = (
            np.split(file["heard"].astype(np.float32), ends),
            np.split(file["told"].astype(np.int64), ends),
        )
        return [
            Song(x, y, str(source), str(split))
            for x, y, source, split in zip(heard, told, file["sources"], file["splits"], strict=True)
        ]


class Excerpts:
    """Stretches of songs, drawn at random; all songs lie on the device."""

    def __init__(self, songs: Sequence[Song], device: str) -> None:
        self._device = device
        gap = max(STRETCHES)
        heard = [np.concatenate([s.heard, np.zeros((gap, FEATURES), np.float32)]) for s in songs]
        told = [np.concatenate([s.told, np.full(gap, UNKNOWN)]) for s in songs]
        self._heard = torch.from_numpy(np.concatenate(heard)).to(device)
        self._told = torch.from_numpy(np.concatenate(told)).to(device)
        self._starts = np.cumsum([0, *[len(t) for t in told[:-1]]])
        self._bars = np.array([len(s.told) // 2 for s in songs])
        pop = np.array([s.source == "pop909" for s in songs])
        weights = self._bars * np.where(
            pop, POP / max(1, self._bars[pop].sum()), (1 - POP) / max(1, self._bars[~pop].sum())
        )
        self._weights = np.cumsum(weights / weights.sum())

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
        """Return what is heard in so many stretches of one length, and their chords."""
        length = int(rng.choice(STRETCHES))
        which = np.minimum(np.searchsorted(self._weights, rng.random(count)), len(self._bars) - 1)
        room = np.maximum(1, self._bars[which] - length // 2 + 1)
        at = self._starts[which] + 2 * (rng.random(count) * room).astype(np.int64)
        places = torch.from_numpy(at[:, None] + np.arange(length)).to(self._device)
        return self._heard[places], self._told[places]
