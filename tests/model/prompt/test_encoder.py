from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from model.prompt.encoder import (
    ADAPTER,
    EncoderError,
    directory_encoder,
    fit_adapter,
    hash_encoder,
    mean_pooled,
    save_adapter,
    sentence_encoder,
)
from model.prompt.understand import open_encoder
from model.training.fit import adapter

pytestmark = pytest.mark.xdist_group("torch")  # one worker imports it

SENTENCES = [
    "calm piano", "calm piano in the rain", "fast techno at night", "slow dance", "warm rain", "dark night", "bright piano",
    "techno", "slow warm piano", "fast dance in the night", "bright warm night", "dark techno",
]  # fmt: skip


def tiny_gpt2(folder: Path) -> Path:
    """A GPT-2 of two layers with random weights and a tokenizer of words, made on the spot."""
    torch = pytest.importorskip("torch")
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    words = [
        "calm",
        "piano",
        "slow",
        "fast",
        "dance",
        "in",
        "the",
        "rain",
        "techno",
        "at",
        "night",
        "warm",
        "bright",
        "dark",
    ]
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({w: i for i, w in enumerate(["[UNK]", *words])}, "[UNK]"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]").save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=len(words) + 1, n_positions=64, n_embd=24, n_layer=2, n_head=2)
    transformers.GPT2Model(config).save_pretrained(folder, safe_serialization=True)
    return folder


@pytest.mark.filterwarnings("ignore")  # transformers' own
def test_a_local_directory_is_mean_pooled_and_carried_into_our_space(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = tiny_gpt2(tmp_path)
    tokens = AutoTokenizer.from_pretrained(folder)("calm piano in the rain", return_tensors="pt")
    by_hand = AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0].mean(0).detach().numpy()
    assert np.allclose(mean_pooled(folder)("calm piano in the rain"), by_hand, atol=1e-5)
    torch.set_num_threads(1)
    sentences = [
        "calm piano",
        "fast techno at night",
        "slow dance",
        "warm rain",
        "dark night",
        "bright piano",
    ]
    ours = hash_encoder()
    encoder = directory_encoder(folder, sentences, np.stack([ours.encode(s) for s in sentences]))
    vector = encoder.encode("calm piano")
    assert vector.shape == (512,)
    likeness = [float(vector @ ours.encode(s)) for s in sentences]
    assert int(np.argmax(likeness)) == 0
    assert encoder.encode("").shape == (512,)


@pytest.mark.filterwarnings("ignore")
def test_a_text_longer_than_the_model_reads_is_cut(tmp_path: Path) -> None:
    vector = mean_pooled(tiny_gpt2(tmp_path))
    longest = " ".join(["rain"] * 64)  # the model has 64 positions
    assert np.allclose(vector(longest + " night" * 900), vector(longest), atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", b"nonsense"),
        ("model.safetensors", None),
        ("tokenizer.json", b"{"),
        ("tokenizer.json", None),
        ("config.json", b"{"),
    ],
)
def test_a_broken_directory_is_the_owners_to_mend(tmp_path: Path, file: str, content: bytes | None) -> None:
    folder = tiny_gpt2(tmp_path)
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(EncoderError):
        mean_pooled(folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gpt2(tmp_path_factory.mktemp("whole"))


def config_with(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text()) | changes
        (folder / "config.json").write_text(json.dumps(config))

    return change


def written(file: str, content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / file).write_bytes(content)

    return change


def adapter_with(**arrays: object) -> Callable[[Path], None]:
    good = {"centre": np.zeros(24), "carry": np.zeros((24, 512)), "middle": np.zeros(512), "scale": np.ones(1)}
    shaped = {name: np.asarray(a, np.float32) for name, a in (good | arrays).items() if a is not None}
    return lambda folder: save_file(shaped, folder / ADAPTER)


def folder_in_place_of(file: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).mkdir()

    return change


MALFORMED: dict[str, Callable[[Path], None]] = {
    "an empty configuration": written("config.json", b""),
    "a list as configuration": written("config.json", b"[1]"),
    "no text": written("config.json", b"\xff\xfe\x00"),
    "nested configuration": written("config.json", b'{"a":' * 3000),
    "a whole number too long": written("config.json", b'{"model_type": "gpt2", "n_embd": ' + b"9" * 5000 + b"}"),
    "no type": written("config.json", b"{}"),
    "an unknown type": config_with(model_type="nobody's"),
    "a type that is none": config_with(model_type=7),
    "another type": config_with(model_type="clip"),
    "sizes that do not divide": config_with(n_head=7),
    "no heads": config_with(n_head=0),
    "a negative size": config_with(n_embd=-24),
    "a size in words": config_with(n_embd="wide"),
    "another size than the weights'": config_with(n_embd=48),
    "positions in words": config_with(n_positions=None, max_position_embeddings="many"),
    "an activation that is none": config_with(activation_function="magic"),
    "a number type that is none": config_with(dtype="float3", torch_dtype="float3"),
    "weights that are empty": written("model.safetensors", b""),
    "weights with a header too long": written("model.safetensors", b"\xff" * 8),
    "weights of other names": lambda folder: save_file({"a": np.zeros((2, 2), np.float32)}, folder / "model.safetensors"),
    "weights that are a folder": folder_in_place_of("model.safetensors"),
    "an index of weights that are not there": written("model.safetensors.index.json", b'{"weight_map": {"a": "../../b"}}'),
    "a tokenizer without a model": written("tokenizer.json", b"{}"),
    "a tokenizer in a list": written("tokenizer.json", b"[]"),
    "settings of the tokenizer in a list": written("tokenizer_config.json", b"[]"),
    "an adapter without a scale": adapter_with(scale=None),
    "an adapter of scale nought": adapter_with(scale=[0.0]),
    "an adapter with a scalar": adapter_with(centre=1.0),
    "an adapter with numbers that are none": adapter_with(middle=[np.nan] * 512),
    "an adapter that is empty": adapter_with(scale=[]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_directory_is_one_line_or_an_encoder_all_the_same(whole: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    MALFORMED[name](folder)
    try:
        encoder: object = open_encoder(folder) if (folder / ADAPTER).exists() else mean_pooled(folder)
    except EncoderError as refused:
        line = str(refused)
        assert "\n" not in line
        assert len(line) < 500
    else:
        assert callable(encoder), "what is wrong does not matter to the vectors"


@pytest.mark.filterwarnings("ignore")
def test_weights_that_would_have_to_be_unpickled_are_refused(tmp_path: Path) -> None:
    folder = tiny_gpt2(tmp_path)
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match="safetensors"):
        mean_pooled(folder)


@pytest.mark.filterwarnings("ignore")
def test_code_that_lies_beside_a_model_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny_gpt2(tmp_path)
    ran = tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w')\nclass Model: ...\nclass Config: ...\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    asked: list[str] = []

    def agree(question: str = "") -> str:
        asked.append(question)
        return "y"

    monkeypatch.setattr("builtins.input", agree)
    with pytest.raises(EncoderError):
        mean_pooled(folder)
    assert asked == []
    assert not ran.exists()


@pytest.mark.filterwarnings("ignore")
def test_of_a_model_with_a_decoder_the_encoder_is_taken(tmp_path: Path) -> None:
    folder = tiny_gpt2(tmp_path)
    import transformers

    config = transformers.T5Config(vocab_size=15, d_model=24, d_ff=32, num_layers=1, num_heads=2, d_kv=12)
    transformers.T5Model(config).save_pretrained(folder)
    assert mean_pooled(folder)("calm piano").shape == (24,)


def test_a_folder_without_a_model_is_the_owners_to_mend(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="no Hugging Face model directory"):
        mean_pooled(tmp_path)


@pytest.mark.parametrize("make", [hash_encoder, sentence_encoder], ids=["hash", "default"])
@pytest.mark.parametrize("text", ["calm piano", "春天", "🎹", "", " ", "x" * 2000, "half \udcff"])
def test_every_text_has_a_unit_vector_and_the_same_text_the_same(make: object, text: str) -> None:
    assert callable(make)
    encoder = make()
    vector = encoder.encode(text)
    assert vector.shape == (512,)
    assert vector.dtype == np.float32
    assert np.isfinite(vector).all()
    assert (encoder.encode(text) == vector).all()


def test_chinese_and_english_lie_near_each_other() -> None:
    encoder = sentence_encoder()
    calm, chinese, techno = (encoder.encode(t) for t in ("calm piano music", "平静的钢琴音乐", "hard techno"))
    assert calm @ chinese > calm @ techno


@pytest.mark.filterwarnings("ignore")
def test_an_adapter_is_trained_stored_and_found_in_its_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_gpt2(tmp_path)
    monkeypatch.setattr(adapter, "sentences", lambda: SENTENCES * 4)
    assert adapter.main(["--encoder", str(folder)]) == 0
    told = capsys.readouterr().out
    assert "of plans agree" in told
    assert (folder / ADAPTER).is_file()
    encoder = open_encoder(folder)
    vector = encoder.encode("calm piano in the rain")
    assert vector.shape == (512,)
    assert float(vector @ sentence_encoder().encode("calm piano in the rain")) > 0.5


@pytest.mark.filterwarnings("ignore")
def test_an_adapter_of_another_size_is_the_owners_to_train_again(tmp_path: Path) -> None:
    folder = tiny_gpt2(tmp_path)
    rng = np.random.default_rng(0)
    save_adapter(folder / ADAPTER, fit_adapter(rng.normal(size=(20, 7)), rng.normal(size=(20, 512))))
    with pytest.raises(EncoderError, match="train it again"):
        open_encoder(folder)
    (folder / ADAPTER).write_bytes(b"nonsense")
    with pytest.raises(EncoderError, match="no adapter"):
        open_encoder(folder)


@pytest.mark.parametrize(("sentences", "dimensions"), [(8, 30), (60, 10)], ids=["few", "many"])
def test_an_adapter_undoes_a_linear_change_of_space(sentences: int, dimensions: int) -> None:
    rng = np.random.default_rng(1)
    given = rng.normal(size=(sentences, dimensions))
    targets = given @ rng.normal(size=(dimensions, 512))
    carried = fit_adapter(given, targets, ridge=1e-6).carried(given)
    assert np.allclose(carried, targets, atol=1e-2)


def test_a_directory_without_a_model_gets_no_adapter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adapter.main(["--encoder", str(tmp_path)]) == 2
    assert "config.json" in capsys.readouterr().err
