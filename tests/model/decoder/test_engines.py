from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import weights
from model.decoder.engine import Array, Engine, with_relations
from model.decoder.load import EngineError, open_engine
from model.decoder.native_engine import NativeEngine
from model.decoder.onnx_engine import OnnxEngine
from model.decoder.tokenizer import SIZES, Event
from model.native.library import native_available
from tests.support.tiny_engine import SHAPE, noise

pytestmark = pytest.mark.xdist_group("torch")  # one worker imports it

Kind = Callable[[dict[str, Array], dict[str, int]], Engine]


@pytest.fixture(params=[OnnxEngine, NativeEngine])
def kind(request: pytest.FixtureRequest) -> Kind:
    if request.param is NativeEngine and not native_available():
        pytest.skip("model/native/decoder.c is not built (a C compiler, then make setup)")
    found: Kind = request.param
    return found


@pytest.fixture
def fast(kind: Kind) -> Engine:
    return kind(noise(), SHAPE)


def random_rows(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    rng = np.random.default_rng(3)
    return np.stack([rng.integers(1, n, count) for n in SIZES], -1).astype(np.int16)


def as_row(row: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> tuple[int, ...]:
    return tuple(int(v) for v in row)


@pytest.mark.parametrize("told", [[True, False], [True, True, False]])
def test_the_engine_says_what_the_torch_decoder_says_but_for_its_eight_bits(fast: Engine, told: list[bool]) -> None:
    torch = pytest.importorskip("torch")
    from model.decoder.transformer import Decoder, Shape

    arrays, rows, said_of = noise(), random_rows(40), np.array(told)
    every = np.stack([rows] * len(told))
    every[1:, 0, 1] = 1 + np.arange(len(told) - 1)  # each lane has a header of its own
    model = Decoder(Shape(**SHAPE)).eval()
    model.load_state_dict({n: torch.from_numpy(a) for n, a in arrays.items()})
    text = np.random.default_rng(4).normal(size=512).astype(np.float32)
    state, h = fast.begin(text, said_of, every[:, :9])
    for row in rows[9:]:
        h = fast.step(state, as_row(row))
    with torch.no_grad():
        texts = torch.from_numpy(np.stack([text] * len(told)))
        states = model.backbone(texts, torch.from_numpy(said_of), torch.from_numpy(with_relations(every)).long())
        said = torch.from_numpy(np.stack([rows[5]] * len(told))).long()
        ours = fast.event(h)
        for i, logits in enumerate(model.head_values(states[:, -1], said)):
            exact = logits.numpy()
            assert np.linalg.norm(ours - exact) < 0.03 * np.linalg.norm(exact)
            if i < len(SIZES) - 1:
                h, ours = fast.next_field(h, i, int(rows[5][i]))


def test_event_by_event_the_shipped_engine_prefers_what_the_torch_decoder_prefers(kind: Kind) -> None:
    torch = pytest.importorskip("torch")
    from model.decoder.transformer import Decoder, Shape

    arrays, shape = weights.load(weights.FOLDER / "decoder.safetensors")
    model = Decoder(Shape(**shape)).eval()
    model.load_state_dict({n: torch.from_numpy(a) for n, a in arrays.items()})
    fast, text = kind(arrays, shape), np.zeros(512, np.float32)
    rows = [(int(Event.BOS), 0, 0, 0, 0)]
    state, h = fast.begin(text, np.array([False]), np.array([rows], np.int16))
    for _ in range(30):
        row = []
        logits = fast.event(h)
        for i in range(len(SIZES)):
            row.append(int(logits[0].argmax()))
            if i < len(SIZES) - 1:
                h, logits = fast.next_field(h, i, row[-1])
                logits = logits if i else state.relations.spread(row[0], logits)
        rows.append((row[0], row[1], row[2], row[3], row[4]))
        h = fast.step(state, rows[-1])
    table = torch.from_numpy(with_relations(np.array([rows], np.int16))).long()
    with torch.no_grad():
        states = model.backbone(torch.from_numpy(text[None]), torch.tensor([False]), table[:, :-1])
        for i, exact in enumerate(model.field_logits(states[0], table[0, 1:])):
            chosen = exact.gather(-1, table[0, 1:, i : i + 1])[..., 0]
            assert (chosen > exact.max(-1).values - 0.25).all()


def test_reading_at_once_and_row_by_row_are_the_same(fast: Engine) -> None:
    rows = random_rows(30)
    text, said = np.zeros(512, np.float32), np.array([False])
    _, at_once = fast.begin(text, said, rows[None])
    state, h = fast.begin(text, said, rows[None, :5])
    for row in rows[5:]:
        h = fast.step(state, as_row(row))
    assert np.allclose(h, at_once, atol=0.01)


def test_a_lane_says_the_same_alone_and_beside_another(fast: Engine) -> None:
    rows = random_rows(20)
    text = np.random.default_rng(4).normal(size=512).astype(np.float32)
    one, alone = fast.begin(text, np.array([True]), rows[None, :10])
    two, beside = fast.begin(text, np.array([True, False]), np.stack([rows[:10]] * 2))
    assert np.allclose(alone[0], beside[0], atol=0.01)
    assert not np.allclose(beside[0], beside[1], atol=0.01)
    for row in rows[10:]:
        alone, beside = fast.step(one, as_row(row)), fast.step(two, as_row(row))
    assert np.allclose(alone[0], beside[0], atol=0.01)


@pytest.mark.parametrize("manners", [1, 2])
def test_a_beginning_without_words_that_was_read_before_is_not_read_again_and_says_the_same(
    kind: Kind, manners: int
) -> None:
    rows = random_rows(12)
    rng = np.random.default_rng(4)
    one, other = (rng.normal(size=512).astype(np.float32) for _ in range(2))
    known, fresh = kind(noise(), SHAPE), kind(noise(), SHAPE)
    known.begin(one, np.array([True, False]), np.stack([rows, rows]))
    told = np.stack([*(random_rows(13 + i)[1 + i :] for i in range(manners)), rows])
    said = np.array([True] * manners + [False])
    begun = [engine.begin(other, said, told) for engine in (known, fresh)]
    for row in random_rows(6):
        assert np.array_equal(begun[0][1], begun[1][1])
        begun = [
            (state, engine.step(state, as_row(row)).copy())
            for engine, (state, _) in zip((known, fresh), begun, strict=True)
        ]


def test_a_state_cut_back_goes_on_as_if_the_rest_had_never_been(fast: Engine) -> None:
    rows = random_rows(20)
    state, _ = fast.begin(np.zeros(512, np.float32), np.array([True]), rows[None, :10])
    length = state.length
    first = fast.step(state, (4, 1, 0, 0, 0)).copy()
    fast.step(state, (5, 2, 0, 0, 0))
    state.length = length
    assert (fast.step(state, (4, 1, 0, 0, 0)) == first).all()


def test_rows_that_leave_the_middle_of_a_state_are_as_if_they_had_never_been_read_where_nothing_heard_them(
    kind: Kind,
) -> None:
    arrays, rows = noise(), random_rows(40)
    rows[10:25, 0] = Event.BEAT  # rows without notes: those after them relate to none of them
    for i in range(
        SHAPE["layers"]
    ):  # what attention hears is thrown away, so that rows after the gap know nothing of it
        arrays[f"blocks.{i}.out.weight"][:] = 0
    fast = kind(arrays, SHAPE)
    text, said = np.zeros(512, np.float32), np.array([True])
    state, _ = fast.begin(text, said, rows[None])
    alone, _ = fast.begin(text, said, np.concatenate([rows[:10], rows[25:]])[None])
    state.drop_rows(SHAPE["prefix"] + 10, 15)
    assert state.length == alone.length
    for ours, theirs in zip(state.rows, alone.rows, strict=True):  # the native engine keeps them in eight bits
        assert np.allclose(ours, theirs, atol=0.02 * np.abs(theirs).max())


def test_a_state_goes_on_after_rows_have_left_it_much_as_if_it_had_not_read_them(
    fast: Engine,
) -> None:
    rows = random_rows(60)
    text, said = np.zeros(512, np.float32), np.array([True])
    state, _ = fast.begin(text, said, rows[None, :50])
    alone, _ = fast.begin(text, said, np.concatenate([rows[:10], rows[25:50]])[None])
    state.drop_rows(SHAPE["prefix"] + 10, 15)
    for row in rows[50:]:
        ours, theirs = fast.step(state, as_row(row)), fast.step(alone, as_row(row))
        assert np.linalg.norm(ours - theirs) < 0.2 * np.linalg.norm(theirs)


def test_a_full_state_refuses_another_row_and_stays_as_it_is(fast: Engine) -> None:
    state, _ = fast.begin(np.zeros(512, np.float32), np.array([True]), random_rows(fast.context)[None])
    assert state.free_rows == 0
    with pytest.raises(IndexError, match="room for 0 more rows, not 1"):
        fast.step(state, (4, 1, 0, 0, 0))
    assert state.length == fast.context + SHAPE["prefix"]


def test_two_states_of_one_engine_do_not_hear_each_other(fast: Engine) -> None:
    rows = random_rows(12)
    text, said = np.zeros(512, np.float32), np.array([False])
    alone, _ = fast.begin(text, said, rows[None, :6])
    expected = [fast.step(alone, as_row(row)).copy() for row in rows[6:]]
    a, _ = fast.begin(text, said, rows[None, :6])
    b, _ = fast.begin(text, said, rows[None, 6:])
    for row, h in zip(rows[6:], expected, strict=True):
        assert (fast.step(a, as_row(row)) == h).all()
        fast.step(b, (4, 1, 0, 0, 0))


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


def test_torch_says_event_by_event_what_the_shipped_engine_says_and_the_reference_exactly(kind: Kind) -> None:
    torch = pytest.importorskip("torch")
    from model.decoder.torch_engine import TorchEngine
    from model.decoder.transformer import Decoder, Shape

    arrays, rows = noise(), random_rows(40)
    slow, fast = TorchEngine(arrays, SHAPE), kind(arrays, SHAPE)
    text, said = np.random.default_rng(4).normal(size=512).astype(np.float32), np.array([True, False])
    theirs, h = slow.begin(text, said, np.stack([rows[:9]] * 2))
    ours, g = fast.begin(text, said, np.stack([rows[:9]] * 2))
    for row in rows[9:]:
        assert np.linalg.norm(h - g) < 0.03 * np.linalg.norm(h)
        h, g = slow.step(theirs, as_row(row)), fast.step(ours, as_row(row))
    model = Decoder(Shape(**SHAPE)).eval()
    model.load_state_dict({n: torch.from_numpy(a) for n, a in arrays.items()})
    with torch.no_grad():
        table = torch.from_numpy(with_relations(np.stack([rows] * 2))).long()
        states = model.backbone(torch.from_numpy(np.stack([text] * 2)), torch.from_numpy(said), table)
        exact = model.head_values(states[:, -1], torch.from_numpy(np.stack([rows[5]] * 2)).long())
    logits = slow.event(h)
    for i, expected in enumerate(exact):
        assert np.allclose(logits, expected.numpy(), atol=1e-4)
        if i < len(SIZES) - 1:
            h, logits = slow.next_field(h, i, int(rows[5][i]))
    theirs.drop_rows(SHAPE["prefix"] + 9, 20)
    ours.drop_rows(SHAPE["prefix"] + 9, 20)
    for row in rows[:5]:
        h, g = slow.step(theirs, as_row(row)), fast.step(ours, as_row(row))
        assert np.linalg.norm(h - g) < 0.03 * np.linalg.norm(h)


def test_both_engines_write_the_same_notes_where_nothing_is_left_to_chance(kind: Kind) -> None:
    pytest.importorskip("torch")
    from model.decoder.torch_engine import TorchEngine
    from model.generation.composer import Composer
    from model.generation.messages import Begin, Write
    from model.music.plan import Controls
    from model.prompt.encoder import hash_encoder

    controls, shipped = Controls(temperature=0.1), weights.load(weights.FOLDER / "decoder.safetensors")
    told = []
    for one in (TorchEngine(*shipped), kind(*shipped)):
        composer = Composer(hash_encoder(), one)
        composer.begin(Begin(1, "techno", controls, 5, theta=(("top_p", 1e-6), ("top_p_when_played", 1e-6))))
        beats = [composer.write(Write(1, i, controls)).beat for i in range(12)]
        told.append([{(n.part, n.start, n.pitch) for n in b.notes} for b in beats if b is not None])
    assert sum(map(len, told[0])) > 12
    shared = sum(len(a & b) for a, b in zip(*told, strict=True))
    # near ties, which eight bits decide otherwise, are lasting: what follows hears them
    assert shared >= 0.5 * sum(len(a | b) for a, b in zip(*told, strict=True))


def test_an_engine_that_is_not_installed_is_asked_for_in_vain_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "model.decoder.torch_engine", None)
    with pytest.raises(EngineError, match=r"pip install 'llmball\[train\]'"):
        open_engine("torch")


def test_where_nothing_was_compiled_onnx_runtime_plays_and_asking_for_native_tells_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model.native.library.native_available", lambda: False)
    assert isinstance(open_engine(), OnnxEngine)
    with pytest.raises(EngineError, match="C compiler"):
        open_engine("native")
