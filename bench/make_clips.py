"""Clips for the judges: made in this process or in several, as `llmball clip` makes them, then read back from their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from model.clips.clip import clip
from model.clips.messages import AUTOMATIC_CONTROLS, DEFAULT_BARS, ClipSpec
from model.decoder.onnx_engine import OnnxEngine
from model.generation.composer import Composer
from model.music.midifile import Song, from_bytes, to_bytes
from model.music.plan import Controls, Plan, apply_controls
from model.prompt.encoder import Embedding, TextEncoder
from model.prompt.understand import open_encoder, understand
from model.training.evaluation.grammar_only import clip as grammar_clip
from model.weights import load


class OtherWords:
    """An encoder that says something else than the words: the mean of all vectors, or another prompt's."""

    def __init__(self, inner: TextEncoder, prompts: tuple[str, ...], *, shuffled: bool) -> None:
        self.name = "shuffled" if shuffled else "dropped"
        vectors = [inner.encode(p) for p in prompts]
        mean = np.mean(vectors, 0)
        self._mean: Embedding = (mean / np.linalg.norm(mean)).astype(np.float32)
        away = len(vectors) // 3 + 1  # not the other half: a style's name and its scene are that far apart
        turned = [*vectors[away:], *vectors[:away]]
        self._turned = turned if shuffled else []
        self._order: dict[str, int] = {}

    def encode(self, text: str) -> Embedding:
        """Return what is heard in the place of a prompt."""
        if not self._turned:
            return self._mean
        place = self._order.setdefault(text, len(self._order))
        return self._turned[place % len(self._turned)]


T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Made:
    """A clip as its file is read back, with the plan of its prompt."""

    song: Song
    plan: Plan


@cache
def encoder() -> TextEncoder:
    """Return this process's encoder."""
    return open_encoder(None)


MAKERS = ("ours", "grammar", "dropped", "shuffled")


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes the clips: `what` is ours, grammar (no decoder), dropped or shuffled (other words' vectors, of `prompts`)."""

    weights: Path | None = None
    what: str = "ours"
    prompts: tuple[str, ...] = ()


@cache
def composer(maker: Maker) -> Composer:
    """Return this process's composer, with the weights of a file or those that are shipped."""
    heard = encoder()
    if maker.what in ("dropped", "shuffled"):
        heard = OtherWords(heard, maker.prompts, shuffled=maker.what == "shuffled")
    return Composer(heard, None if maker.weights is None else OnnxEngine(*load(maker.weights)))


def made(prompt: str, seed: int, maker: Maker, controls: Controls = AUTOMATIC_CONTROLS) -> Made:
    """Return the clip of a prompt; its plan is what the words mean, whoever made it."""
    if maker.what == "grammar":
        plan = apply_controls(planned(prompt), controls)[0]
        song = grammar_clip(plan, seed, plan.bars or DEFAULT_BARS)
    else:
        song = clip(composer(maker), ClipSpec(prompt, seed, controls=controls))
    return Made(from_bytes(to_bytes(song)), apply_controls(planned(prompt), controls)[0])


def planned(prompt: str) -> Plan:
    """Return what is understood of a prompt."""
    return understand(prompt, encoder())[0]


def spread(work: Callable[[T], R], items: Iterable[T], jobs: int) -> Iterator[R]:
    """Yield what the work makes of each item, in order, with so many processes."""
    if jobs == 1:
        yield from map(work, items)
        return
    with get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(work, items)
