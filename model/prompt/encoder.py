"""Text → semantic vector, behind one small interface.

The default is Google's multilingual USE in a package that ships its weights; any local Hugging Face directory
works through transformers, its vectors carried over to the default's space by a linear map. Numbers, keys and
negation are not for encoders: see `model.prompt.reader`.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

Embedding = npt.NDArray[np.float32]
"""A vector of unit length, `(512,)`."""

DIMENSION = 512
MAX_CACHED_TEXTS = 256  # texts
MAX_TOKENS = 256  # of a text; a prompt of 2,000 characters has about 500, its sense lies in the first


class EncoderError(ValueError):
    """An encoder cannot be opened; the message says the remedy."""


class TextEncoder(Protocol):
    """Anything that turns text into an embedding."""

    name: str

    def encode(self, text: str) -> Embedding:
        """Return the unit vector of a text; the same text gives the same vector."""


class _CachedEncoder:
    """Remembers the vectors of the last texts. Called from one thread only."""

    def __init__(self, name: str, vector: Callable[[str], npt.NDArray[np.floating]]) -> None:
        self.name = name
        self._vector = vector
        self._known: OrderedDict[str, Embedding] = OrderedDict()

    def encode(self, text: str) -> Embedding:
        if text not in self._known:
            # arguments of a shell may hold half characters, which no tokenizer takes
            whole = text.encode("utf-8", "replace").decode()
            vector = np.asarray(self._vector(whole), np.float32)
            self._known[text] = vector / max(float(np.linalg.norm(vector)), 1e-9)
            if len(self._known) > MAX_CACHED_TEXTS:
                self._known.popitem(last=False)
        self._known.move_to_end(text)
        return self._known[text]


def sentence_encoder() -> TextEncoder:
    """Return the default: USE multilingual v3, 512-d, one thread."""
    from model.prompt.use_encoder import use_encoder  # late: not every command needs it

    return _CachedEncoder("use-multilingual-v3", use_encoder().encode)


def hash_encoder() -> TextEncoder:
    """Return an encoder without weights: character trigrams under a fixed random projection. For tests."""

    def vector(text: str) -> npt.NDArray[np.floating]:
        padded = f"  {text} "
        total = np.zeros(DIMENSION)
        for i in range(len(padded) - 2):
            seed = hashlib.sha256(padded[i : i + 3].encode("utf-8", "replace")).digest()[:8]
            total += np.random.default_rng(int.from_bytes(seed, "little")).standard_normal(DIMENSION)
        return total

    return _CachedEncoder("hash", vector)


def mean_pooled(directory: Path) -> Callable[[str], npt.NDArray[np.floating]]:
    """Return text → the mean of a transformer's last hidden states over a text's first tokens, 256 at most.

    `directory` is a local Hugging Face directory with safetensors weights and a tokenizer; of a model with a
    decoder the encoder is taken. Nothing is fetched, nothing is unpickled, and code that lies in the directory
    is not run. Raises `EncoderError`.
    """
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    if not (directory / "config.json").is_file():
        raise EncoderError(f"{directory} is no Hugging Face model directory (no config.json)")
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ImportError as missing:
        raise EncoderError("--encoder DIR needs torch and transformers: pip install 'llmball[train]'") from missing
    # without trust_remote_code=False transformers would ask on the terminal whether to run foreign code
    local = {"local_files_only": True, "trust_remote_code": False}
    torch.set_num_threads(1)
    try:
        tokenizer = AutoTokenizer.from_pretrained(directory, **local)
        model = AutoModel.from_pretrained(directory, use_safetensors=True, **local).eval()
        if model.config.is_encoder_decoder:
            model = model.get_encoder()
        positions = getattr(model.config, "max_position_embeddings", MAX_TOKENS)
        longest = max(1, min(MAX_TOKENS, int(positions), tokenizer.model_max_length))
    except Exception as broken:  # transformers raises whatever a malformed file leads to
        raise EncoderError(f"{directory} cannot be read as an encoder: {_line(broken)}") from broken

    def vector(text: str) -> npt.NDArray[np.floating]:
        tokens = tokenizer(text, return_tensors="pt", truncation=True, max_length=longest)
        if tokens["input_ids"].shape[1] == 0:
            return np.ones(model.config.hidden_size)
        with torch.no_grad():
            hidden = model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).last_hidden_state[
                0
            ]  # (T, D)
        mask = tokens["attention_mask"][0].float()[:, None]  # (T, 1)
        return np.asarray((hidden.float() * mask).sum(0) / mask.sum())

    _check_encoder(vector, directory)
    return vector


def _check_encoder(vector: Callable[[str], npt.NDArray[np.floating]], directory: Path) -> None:
    """Raise `EncoderError` unless a model bears a long text and tells two texts apart: better now than on stage."""
    try:
        one, other = vector("calm piano in the rain " * 100), vector("春 fast techno at night")
        same = np.array_equal(one, other)
    except Exception as unfit:
        raise EncoderError(f"{directory} holds no model that encodes text: {_line(unfit)}") from unfit
    if one.ndim != 1 or one.shape != other.shape:
        raise EncoderError(f"{directory} holds no model that encodes text: its vectors have {one.ndim} dimensions")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise EncoderError(f"{directory} gives vectors that are not finite: take weights in float32")
    if same:
        raise EncoderError(f"{directory} gives every text the same vector: is its tokenizer there?")


def _line(error: BaseException) -> str:
    """Return the first line of an error's text, else its name."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


ADAPTER = "llmball-adapter.safetensors"
"""The name of an adapter's file in the directory of its encoder."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A linear map from an encoder's vectors to the default's: `(x - centre) / scale @ carry + middle`."""

    centre: npt.NDArray[np.floating]
    scale: float
    carry: npt.NDArray[np.floating]
    middle: npt.NDArray[np.floating]

    def carried(self, vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return vectors `(…, d)` in the default's space, `(…, 512)`."""
        return np.asarray((vectors - self.centre) / self.scale @ self.carry + self.middle)


def fit_adapter(given: npt.NDArray[np.floating], targets: npt.NDArray[np.floating], ridge: float = 0.3) -> Adapter:
    """Return the ridge regression from centred vectors `(n, d)` to the default's `(n, 512)` of the same sentences."""
    centre, middle = given.mean(0), targets.mean(0)
    scale = float(np.linalg.norm(given - centre, axis=1).mean()) or 1.0
    x = (given - centre) / scale
    # whichever form is smaller: by sentences, or by dimensions
    if len(x) <= x.shape[1]:
        carry = x.T @ np.linalg.solve(x @ x.T + ridge * np.eye(len(x)), targets - middle)
    else:
        carry = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ (targets - middle))
    return Adapter(centre, scale, carry, middle)


def save_adapter(path: Path, adapter: Adapter) -> None:
    """Write an adapter as safetensors, in float32."""
    arrays = {
        "centre": adapter.centre,
        "carry": adapter.carry,
        "middle": adapter.middle,
        "scale": np.array([adapter.scale]),
    }
    save_file({name: np.ascontiguousarray(a, np.float32) for name, a in arrays.items()}, path)


def load_adapter(path: Path) -> Adapter:
    """Return the adapter of a file. Raises `EncoderError`."""
    try:
        arrays = load_file(path)
        centre, carry, middle = arrays["centre"], arrays["carry"], arrays["middle"]
        if carry.shape != (len(centre), DIMENSION) or middle.shape != (DIMENSION,):
            raise EncoderError(f"{path} carries {carry.shape} into {middle.shape}, not into {DIMENSION} dimensions")
        scale = float(arrays["scale"][0])
        if not (scale > 0 and all(np.isfinite(a).all() for a in (scale, centre, carry, middle))):
            raise EncoderError(f"{path} has numbers that are none: train it again")
        return Adapter(centre, scale, carry, middle)
    except (OSError, KeyError, IndexError, TypeError, AttributeError, SafetensorError) as broken:
        raise EncoderError(f"{path} is no adapter: remove it, or train it again ({broken})") from broken


def adapted_encoder(directory: Path, adapter: Adapter) -> TextEncoder:
    """Return an encoder from a local directory, carried over by its adapter. Raises `EncoderError`."""
    vector = mean_pooled(directory)
    size = len(vector("one"))
    if size != len(adapter.centre):
        raise EncoderError(
            f"the adapter is for {len(adapter.centre)} dimensions, {directory} has {size}: train it again"
        )
    return _CachedEncoder(directory.name, lambda text: adapter.carried(vector(text)))


def directory_encoder(directory: Path, sentences: Sequence[str], targets: npt.NDArray[np.floating]) -> TextEncoder:
    """Return an encoder from a local directory whose vectors live in the default encoder's space.

    A ridge regression from its centred vectors to the default's vectors of the same `sentences`, `(n, 512)`,
    lets a decoder and a plan learnt on the default be steered by it. Costs one pass over the sentences.
    """
    vector = mean_pooled(directory)
    adapter = fit_adapter(np.stack([vector(s) for s in sentences]), targets)
    return _CachedEncoder(directory.name, lambda text: adapter.carried(vector(text)))
