"""Bits on whole songs: windows of a model's context that overlap by half, each row counted once.

Of every window but the first only what the one before did not reach counts. Intervals are 95 % bootstrap
intervals over songs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from model import weights
from model.decoder.conditioning import HEADER
from model.decoder.relations import INPUT_SIZES, relate
from model.decoder.tokenizer import FIRST_NOTE, SIZES, Event, Rows
from model.decoder.transformer import Decoder, Shape, scored_fields
from model.training.dataset.store import Store

Bits = npt.NDArray[np.float64]
Interval = tuple[float, float]
BATCH = 16


@dataclass(frozen=True, slots=True)
class ConditionedSong:
    """A song with what is told of it: a header, and the text's vector or None."""

    header: Rows
    rows: Rows
    text: npt.NDArray[np.floating] | None = None


def lines_unsaid(rows: Rows) -> Rows:
    """Return the rows with what bar lines tell (bars left, section, place in the phrase, form) left out."""
    rows = rows[rows[:, 0] != Event.FORM].copy()
    rows[rows[:, 0] == Event.BAR, 1:] = 0
    return rows


def openings(store: Store, source: str, context: int, songs: int = 20) -> list[ConditionedSong]:
    """Return the first windows of validation songs of a source, with their headers and nothing else told."""
    room = context + 1 - len(HEADER)
    return [
        ConditionedSong(
            store.headers[i],
            lines_unsaid(store.song(int(i))[:room]),
        )
        for i in store.songs("validation", source)[:songs]
    ]


def count_notes(songs: Sequence[ConditionedSong]) -> int:
    """Return how many notes the songs have."""
    return sum(int((song.rows[:, 0] >= FIRST_NOTE).sum()) for song in songs)


def spans(edges: npt.NDArray[np.int64], room: int) -> Iterator[tuple[int, int, int]]:
    """Yield windows of at most `room` as (start, where what is new begins, end), all of them among `edges`.

    `edges` ascend from 0 to the song's length, with no two further apart than a quarter of the room.
    """
    at = fresh = 0
    while fresh < edges[-1]:
        end = int(edges[np.searchsorted(edges, at + room, "right") - 1])
        yield at, fresh, end
        fresh = end
        at = int(edges[min(int(np.searchsorted(edges, at + room // 2)), len(edges) - 1)])


def vectors(songs: Sequence[ConditionedSong], size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the texts `(B, size)` and where there is one `(B,)`."""
    text = np.zeros((len(songs), size), np.float32)
    for i, song in enumerate(songs):
        if song.text is not None:
            text[i] = song.text
    return torch.from_numpy(text), torch.tensor([song.text is not None for song in songs])


@dataclass(frozen=True, slots=True)
class RowWindow:
    """Rows of song number `song`, its header first; those behind number `known` are paid for."""

    song: int
    rows: Rows
    known: int


def decoder_bits(model: Decoder, songs: Sequence[ConditionedSong]) -> Bits:
    """Return the bits spent on each field of each song, `(songs, 5)`."""
    cuts = [
        RowWindow(i, np.concatenate([song.header, song.rows[at:end]]), len(song.header) - 1 + fresh - at)
        for i, song in enumerate(songs)
        for at, fresh, end in spans(np.arange(len(song.rows) + 1), model.shape.context - len(song.header))
    ]
    return cut_bits(model, songs, cuts)


def cut_bits(model: Decoder, songs: Sequence[ConditionedSong], cuts: Sequence[RowWindow]) -> Bits:
    """Return the bits spent on each field of each song in its cuts, `(songs, 5)`; cuts of several songs go together."""
    total = np.zeros((len(songs), len(SIZES)))
    device = model.unsaid.device
    cuts = sorted(cuts, key=lambda cut: len(cut.rows))  # so that little is padded
    for first in range(0, len(cuts), BATCH):
        here = cuts[first : first + BATCH]
        table = np.zeros((len(here), len(here[-1].rows), len(INPUT_SIZES)), np.int64)
        for k, cut in enumerate(here):
            table[k, : len(cut.rows)] = np.concatenate([cut.rows, relate(cut.rows)], 1)
        rows = torch.from_numpy(table).to(device)
        ours = scored_fields(rows[:, 1:])
        for k, cut in enumerate(here):
            ours[k, : cut.known] = False
        text, said = vectors([songs[cut.song] for cut in here], model.shape.text)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type != "cpu"):
            h = model.backbone(text.to(device), said.to(device), rows[:, :-1])
            counted = ours[..., 0]
            songs_of = np.array([cut.song for cut in here])[counted.nonzero()[:, 0].cpu().numpy()]
            targets, ours = rows[:, 1:][counted], ours[counted]
            for f, logits in enumerate(model.field_logits(h[counted], targets)):
                target = targets[:, f].masked_fill(~ours[:, f], -100)
                spent = F.cross_entropy(logits.float(), target, ignore_index=-100, reduction="none")
                np.add.at(total[:, f], songs_of, spent.cpu().numpy() / math.log(2))
    return total


def interval(bits: Bits, notes: npt.NDArray[np.int64]) -> Interval:
    """Return the interval of bits a note; `bits` is `(songs, 5)` and may be a difference of two models' bits."""
    picks = _picks(len(notes))
    return _quantiles(bits.sum(1)[picks].sum(1) / notes[picks].sum(1))


def saved(bits: Bits, floor: Bits) -> tuple[float, Interval]:
    """Return which share of the floor's bits is saved, with its interval; both are `(songs, 5)`."""
    picks = _picks(len(bits))
    ours, theirs = bits.sum(1), floor.sum(1)
    return 1 - float(ours.sum() / theirs.sum()), _quantiles(1 - ours[picks].sum(1) / theirs[picks].sum(1))


def _picks(songs: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(0).integers(songs, size=(1000, songs))


def _quantiles(values: Bits) -> Interval:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def decoder(path: Path) -> Decoder:
    """Return the torch decoder with weights as shipped (eight bits and all)."""
    arrays, shape = weights.load(path)
    model = Decoder(Shape(**shape))
    model.load_state_dict({n: torch.from_numpy(a) for n, a in arrays.items()})
    return model.eval()
