"""The music decoder in torch: for training, and the reference that the engines are tested against.

A causal transformer with one step per event. Small heads then predict the fields of the event one after another, each conditioned
on the fields before it. The text enters as prefix vectors, the plan as header rows. Only training and the torch engine import this.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.decoder.relations import (
    BY_CHORD,
    BY_KEY,
    BY_LEAP,
    HEAD_SIZES,
    INPUT_SIZES,
    LEAP,
    NOTE_DEGREE,
    ROOT_BY_KEY,
    ROOT_BY_ROOT,
    ROOT_DEGREE,
)
from model.decoder.tokenizer import FIRST_NOTE, FIRST_PITCHED, KEY, NO_CHORD, PITCH, ROOT, SIZES, Event


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a decoder; kept in the metadata of its weights."""

    width: int = 256
    layers: int = 6
    head: int = 64
    prefix: int = 2
    text: int = 512
    context: int = 1024

    @property
    def heads(self) -> int:
        """The number of attention heads."""
        return self.width // self.head


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Apply rotary position embedding to queries or keys."""
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


class Block(nn.Module):
    """Attention with rotary positions, then a squared-ReLU layer; both residual."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        d = shape.width
        self.heads = shape.heads
        self.norm_in, self.norm_up = nn.RMSNorm(d, eps=1e-6), nn.RMSNorm(d, eps=1e-6)
        self.qkv, self.out = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.up, self.down = nn.Linear(d, 4 * d, bias=False), nn.Linear(4 * d, d, bias=False)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, drop: float) -> Tensor:
        """Take and return `(B, T, D)`."""
        b, t, d = x.shape
        q, k, v = self.project_qkv(x)
        a = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v, is_causal=True)
        x = x + F.dropout(self.out(a.transpose(1, 2).reshape(b, t, d)), drop, self.training)
        return self.feed_forward(x, drop)

    def project_qkv(self, x: Tensor) -> Tensor:
        """Return queries, keys and values of `(B, T, D)`, each `(B, heads, T, head)`."""
        b, t, d = x.shape
        project_qkv: Tensor = self.qkv(self.norm_in(x))
        return project_qkv.view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)

    def feed_forward(self, x: Tensor, drop: float = 0.0) -> Tensor:
        """Add the squared-ReLU layer to `(B, T, D)`."""
        return x + F.dropout(self.down(F.relu(self.up(self.norm_up(x))).square()), drop, self.training)


class Decoder(nn.Module):
    """Rows so far → the distribution of each field of the next row."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        d = shape.width
        self.shape, self.dropout = shape, dropout
        self.embed = nn.ModuleList([nn.Embedding(n, d) for n in INPUT_SIZES])
        for e in self.embed:
            assert isinstance(e, nn.Embedding)
            nn.init.normal_(e.weight, std=0.02)
        self.prefix = nn.Linear(shape.text, shape.prefix * d, bias=False)
        self.unsaid = nn.Parameter(torch.randn(shape.prefix, d) * 0.02)
        self.blocks = nn.ModuleList([Block(shape) for _ in range(shape.layers)])
        self.norm = nn.RMSNorm(d, eps=1e-6)
        self.heads = nn.ModuleList([nn.Linear(d, n) for n in HEAD_SIZES])
        self.chain = nn.ModuleList([nn.ModuleList([nn.Linear(d, d), nn.Linear(d, d)]) for _ in SIZES[1:]])

    def backbone(self, text: Tensor, is_conditioned: Tensor, rows: Tensor) -> Tensor:
        """Return the states `(B, T, D)` after each row, prefix left out.

        `text` is `(B, 512)`, `is_conditioned`, `(B,)`, says which sequences are given it, `rows` is `(B, T, 8)`: five fields and three relations.
        """
        shape = self.shape
        given = self.prefix(text).view(-1, shape.prefix, shape.width)
        lead = torch.where(is_conditioned[:, None, None], given, self.unsaid.to(given.dtype))
        x = torch.cat([lead, sum_embeddings(self.embed, rows).to(lead.dtype)], 1)
        cos, sin = (turn.to(x) for turn in rotation(x.shape[1], shape.head))
        x = F.dropout(x, self.dropout, self.training)
        for block in self.blocks:
            x = block(x, cos, sin, self.dropout)
        return torch.as_tensor(self.norm(x)[:, shape.prefix :])

    def field_logits(self, h: Tensor, rows: Tensor) -> list[Tensor]:
        """Return the logits of each field of `rows` from the states before them, `(N, D)` and `(N, 8)`."""
        logits = self.head_values(h, rows)
        logits[1] = spread(logits[1], rows)
        return logits

    def head_values(self, h: Tensor, rows: Tensor) -> list[Tensor]:
        """Return what each head says, the second one's by relations still apart; arguments as of `field_logits`."""
        values = [self.heads[0](h)]
        for i in range(len(self.chain)):
            h = self.chain_step(h, i, rows[..., i])
            values.append(self.heads[i + 1](h))
        return values

    def chain_step(self, h: Tensor, index: int, values: Tensor) -> Tensor:
        """Return the chain's state after the values of field `index`."""
        layers = self.chain[index]
        assert isinstance(layers, nn.ModuleList)
        return h + torch.as_tensor(layers[1](F.relu(layers[0](h + self.embed[index](values)))))


def sum_embeddings(embed: nn.ModuleList, rows: Tensor) -> Tensor:
    """Return the sum of the embeddings of fields and relations, `(B, T, D)`; 0 is embedded as "no value"."""
    x: Tensor = embed[0](rows[..., 0])
    for i in range(1, len(INPUT_SIZES)):
        x = x + embed[i](rows[..., i])
    return x


def spread(logits: Tensor, rows: Tensor) -> Tensor:
    """Return the logits of the second field, `(N, KEY)`, from those of its head, `(N, KEY + RELATED)`: see `relations`.

    What sounds is told by the relations of the rows themselves, `(N, 8)`.
    """
    own, related = logits[:, :KEY], logits[:, KEY:]
    added = torch.zeros_like(own)
    notes = torch.nonzero(rows[:, 0] >= FIRST_PITCHED).squeeze(1)
    pitch, told = rows[notes, 1] - PITCH, rows[notes, 5:]
    places = torch.arange(ROOT - PITCH, device=rows.device)
    by = related[notes]
    tonic, root, last = (
        pitch - told[:, 0] + NOTE_DEGREE,
        pitch - told[:, 1] + NOTE_DEGREE,
        pitch - told[:, 2] + 1 + LEAP,
    )
    note = _gather(by[:, BY_KEY:BY_CHORD], (places - tonic[:, None]) % 12, told[:, 0])
    note = note + _gather(by[:, BY_CHORD:BY_LEAP], (places - root[:, None]) % 12, told[:, 1])
    leaps = (places - last[:, None]).clamp(-LEAP, LEAP) + LEAP
    note = note + _gather(by[:, BY_LEAP:ROOT_BY_KEY], leaps, told[:, 2])
    added[notes, PITCH:ROOT] = note
    chords = torch.nonzero((rows[:, 0] == Event.CHORD) & (rows[:, 1] != NO_CHORD)).squeeze(1)
    here, told = rows[chords, 1] - ROOT, rows[chords, 5:]
    tonic, before = here - told[:, 0] + ROOT_DEGREE, here - told[:, 1] + ROOT_DEGREE
    by, places = related[chords], places[:12]
    chord = _gather(by[:, ROOT_BY_KEY:ROOT_BY_ROOT], (places - tonic[:, None]) % 12, told[:, 0])
    chord = chord + _gather(by[:, ROOT_BY_ROOT:], (places - before[:, None]) % 12, told[:, 1])
    added[chords, ROOT:NO_CHORD] = chord
    return own + added


def _gather(values: Tensor, places: Tensor, told: Tensor) -> Tensor:
    """Return the values at places, `(N, k)`; 0 in rows of which nothing is told."""
    return values.gather(1, places) * (told > 0)[:, None]


def rotation(length: int, head: int) -> tuple[Tensor, Tensor]:
    """Return cosines and sines `(T, head / 2)` of rotary positions (RoFormer, arXiv:2104.09864)."""
    half = head // 2
    angle = torch.arange(length).float()[:, None] * 10000 ** (-torch.arange(half).float() / half)
    return angle.cos(), angle.sin()


def scored_fields(rows: Tensor) -> Tensor:
    """Return which fields of which rows count in the loss, `(…, 5)` of bool: those that the model predicts."""
    event = rows[..., 0]
    note = event >= FIRST_NOTE
    chord = event == Event.CHORD
    line = (event == Event.BAR) | (event == Event.BEAT) | (event == Event.EOS)
    both, said = note | chord, rows > 0
    return torch.stack([both | line, both, both & said[..., 2], both & said[..., 3], note & said[..., 4]], -1)


def losses(model: Decoder, text: Tensor, is_conditioned: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the summed cross entropy of each field and how often each was said, `(5,)` and `(5,)`.

    `rows` is `(B, T + 1, 8)`: its first T rows are the input, its last T the targets; PAD and header rows do not count.
    """
    h = model.backbone(text, is_conditioned, rows[:, :-1])
    targets = rows[:, 1:]
    counted = scored_fields(targets)
    kept = counted[..., 0]
    h, targets, counted = h[kept], targets[kept], counted[kept]
    totals, counts = [], []
    for i, logits in enumerate(model.field_logits(h, targets)):
        target = targets[..., i].masked_fill(~counted[..., i], -100)
        totals.append(F.cross_entropy(logits.float(), target, ignore_index=-100, reduction="sum"))
        counts.append(counted[..., i].sum())
    return torch.stack(totals), torch.stack(counts)
