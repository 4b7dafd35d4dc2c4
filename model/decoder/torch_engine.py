"""The decoder in torch, float32: on CUDA or MPS if available, else on one CPU thread. Only imported for `--engine torch`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from model.decoder.engine import Array, Engine, relations_after, with_relations
from model.decoder.relations import Relations
from model.decoder.tokenizer import Rows
from model.decoder.transformer import Decoder, Shape, rotate, rotation, sum_embeddings


class TorchState:
    """The cache of one take, `(2, layers, lanes, heads, rows, head)`."""

    def __init__(self, cache: Tensor) -> None:
        self.cache, self.length, self.relations = cache, 0, Relations()

    @property
    def free_rows(self) -> int:
        """How many rows still fit."""
        return self.cache.shape[4] - self.length

    @torch.inference_mode()
    def drop_rows(self, first: int, count: int) -> None:
        """Remove `count` rows from row `first` on; see `EngineState`."""
        kept = self.cache[..., first + count : self.length, :].clone()
        self.length -= count
        cos, sin = (t[count].to(kept.device) for t in rotation(count + 1, kept.shape[-1]))
        self.cache[0, ..., first : self.length, :] = rotate(kept[0], cos, -sin)
        self.cache[1, ..., first : self.length, :] = kept[1]


class TorchEngine(Engine):
    """The decoder in torch."""

    def __init__(self, arrays: Mapping[str, Array], shape: Mapping[str, int]) -> None:
        self.shape = shape
        torch.set_num_threads(1)  # two collapse once the DAW wants a core
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        self._device = torch.device(name)
        model = Decoder(Shape(**shape))
        model.load_state_dict({n: torch.from_numpy(a) for n, a in arrays.items()})
        self._model = model.eval().to(self._device)
        cos, sin = rotation(shape["context"] + shape["prefix"], shape["head"])
        self._cos, self._sin = cos.to(self._device), sin.to(self._device)

    @torch.inference_mode()
    def begin(self, text: Array, is_conditioned: npt.NDArray[np.bool_], rows: Rows) -> tuple[TorchState, Array]:
        """Open a state and read its first rows; see `Engine`."""
        shape, model = self._model.shape, self._model
        size = shape.context + shape.prefix
        state = TorchState(torch.zeros(2, shape.layers, len(rows), shape.heads, size, shape.head, device=self._device))
        prefix = model.prefix(torch.from_numpy(text).to(self._device)).view(shape.prefix, shape.width)
        lead = torch.where(torch.from_numpy(is_conditioned).to(self._device)[:, None, None], prefix, model.unsaid)
        state.relations = relations_after(rows[0])
        x = torch.cat([lead, self._embedded(with_relations(rows))], 1)
        return state, self._read(state, x)

    @torch.inference_mode()
    def step(self, state: TorchState, row: tuple[int, ...]) -> Array:
        """Read one row, the same in every lane; return its output, `(lanes, D)`."""
        x = self._embedded(np.array([[(*row, *state.relations.relate(row))]], np.int16))
        return self._read(state, x.expand(state.cache.shape[2], 1, -1))

    @torch.inference_mode()
    def event(self, h: Array) -> Array:
        """Return the logits of the first field, `(lanes, n)`, from the output of a row."""
        return _array(self._model.heads[0](torch.from_numpy(h).to(self._device)))

    @torch.inference_mode()
    def next_field(self, h: Array, index: int, value: int) -> tuple[Array, Array]:
        """Pass the value of field `index` to the chain; return its state, and the logits of the next field, `(lanes, n)`."""
        out = self._model.chain_step(
            torch.from_numpy(h).to(self._device), index, torch.tensor(value, device=self._device)
        )
        return _array(out), _array(self._model.heads[index + 1](out))

    def _embedded(self, rows: Rows) -> Tensor:
        return sum_embeddings(self._model.embed, torch.from_numpy(rows.astype(np.int64)).to(self._device))

    def _read(self, state: TorchState, x: Tensor) -> Array:
        lanes, rows, width = x.shape
        if rows > state.free_rows:
            raise IndexError(f"a state has room for {state.free_rows} more rows, not {rows}")
        at, end = state.length, state.length + rows
        state.length = end
        cos, sin = self._cos[at:end], self._sin[at:end]
        for block, keys, values in zip(self._model.blocks, *state.cache, strict=True):
            q, k, v = block.project_qkv(x)
            keys[:, :, at:end], values[:, :, at:end] = rotate(k, cos, sin), v
            # more than one row is only read when a state is opened
            attended = F.scaled_dot_product_attention(
                rotate(q, cos, sin), keys[:, :, :end], values[:, :, :end], is_causal=rows > 1
            )
            x = block.feed_forward(x + block.out(attended.transpose(1, 2).reshape(lanes, rows, width)))
        return _array(self._model.norm(x)[:, -1])


def _array(tensor: Tensor) -> Array:
    return tensor.cpu().numpy()
