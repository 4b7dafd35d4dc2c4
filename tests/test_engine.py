from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model import weights
from model.language import SIZES
from tests.small import SHAPE, engine


def random_rows(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    rng = np.random.default_rng(3)
    return np.stack([rng.integers(1, n, count) for n in SIZES], -1).astype(np.int16)


def test_the_engine_and_the_torch_decoder_say_the_same() -> None:
    torch = pytest.importorskip("torch")
    from model.decoder import Decoder, Shape

    fast, rows = engine(), random_rows(40)
    model = Decoder(Shape(**SHAPE)).eval()
    model.load_state_dict({n: torch.from_numpy(a) for n, a in fast.arrays.items()})
    text = np.random.default_rng(4).normal(size=512).astype(np.float32)
    state, h = fast.begin(text, np.array([True, False]), np.stack([rows[:9]] * 2))
    for row in rows[9:]:
        h = fast.step(state, tuple(int(v) for v in row))
    with torch.no_grad():
        table = torch.from_numpy(np.stack([rows] * 2)).long()
        slow = model.backbone(torch.from_numpy(np.stack([text] * 2)), torch.tensor([True, False]), table)[
            :, -1
        ]
        said = torch.from_numpy(np.stack([rows[5]] * 2)).long()
        for i, logits in enumerate(model.fields(slow, said)):
            assert np.allclose(fast.logits(h, i), logits.numpy(), atol=1e-4)
            if i < len(SIZES) - 1:
                h = fast.say(h, i, int(rows[5][i]))


def test_reading_at_once_and_row_by_row_are_the_same() -> None:
    fast, rows = engine(), random_rows(30)
    text, said = np.zeros(512, np.float32), np.array([False])
    _, at_once = fast.begin(text, said, rows[None])
    state, h = fast.begin(text, said, rows[None, :5])
    for row in rows[5:]:
        h = fast.step(state, tuple(int(v) for v in row))
    assert np.allclose(h, at_once, atol=1e-5)


def test_a_state_cut_back_goes_on_as_if_the_rest_had_never_been() -> None:
    fast, rows = engine(), random_rows(20)
    state, _ = fast.begin(np.zeros(512, np.float32), np.array([True]), rows[None, :10])
    length = state.length
    first = fast.step(state, (4, 1, 0, 0, 0))
    fast.step(state, (5, 2, 0, 0, 0))
    state.length = length
    assert (fast.step(state, (4, 1, 0, 0, 0)) == first).all()


def test_weights_come_back_within_an_eighth_bit_step(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {"a": rng.normal(size=(40, 30)).astype(np.float32), "b": rng.normal(size=7).astype(np.float32)}
    weights.save(tmp_path / "w.safetensors", arrays, {"width": 30})
    back, shape = weights.load(tmp_path / "w.safetensors")
    assert shape == {"width": 30}
    assert (back["b"] == arrays["b"]).all()
    assert (np.abs(back["a"] - arrays["a"]) <= np.abs(arrays["a"]).max(1, keepdims=True) / 254 + 1e-7).all()


def test_a_changed_or_missing_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    with pytest.raises(weights.WeightsError, match="train them"):
        weights.load(path)
    weights.save(path, {"b": np.zeros(3, np.float32)}, {})
    (tmp_path / "SHA256SUMS").write_text("0" * 64 + "  w.safetensors\n")
    with pytest.raises(weights.WeightsError, match="not the file that was shipped"):
        weights.load(path)


def test_the_shipped_weights_are_the_ones_that_are_listed() -> None:
    for path in weights.FOLDER.glob("*.safetensors"):
        assert path.name in (weights.FOLDER / "SHA256SUMS").read_text()
        weights.check(path)
