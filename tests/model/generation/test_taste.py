from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import BadRequest
from bridge.protocol.events import ControlSet, PromptRequested, TakeRated, TasteResetRequested
from bridge.storage import home
from model.generation.bias_weights import (
    MAX_STEP,
    SHIPPED,
    WEIGHTS,
    BiasWeights,
    Weight,
    restore_weights,
    sample_weights,
    shipped,
    updated_weights,
)
from model.generation.messages import Begin
from tests.support.virtual_band import Rig, latencies, noting, playing

TABLE = {"text": Weight(0.7, 0.1, 2.0), "chord": Weight(1.0, 0.0, 3.0), "scale": Weight(-1.0, -1.0, 1.0)}
judgements = st.lists(st.tuples(st.integers(0, 9999), st.booleans()), max_size=60)


def after(judged: list[tuple[int, bool]]) -> Mapping[str, float]:
    theta = shipped(TABLE)
    for seed, liked in judged:
        theta = updated_weights(theta, sample_weights(theta, seed, TABLE), liked, TABLE)
    return theta


@given(judgements, st.integers(0, 9999))
@settings(max_examples=60)
def test_whatever_is_liked_and_skipped_every_weight_stays_within_its_bounds(
    judged: list[tuple[int, bool]], seed: int
) -> None:
    theta = after(judged)
    for weights in (theta, sample_weights(theta, seed, TABLE)):
        assert weights.keys() == TABLE.keys()
        assert all(TABLE[name].low <= value <= TABLE[name].high for name, value in weights.items())


@given(judgements, st.integers(0, 9999), st.booleans())
@settings(max_examples=60)
def test_one_judgement_is_a_short_step_towards_what_is_liked_or_away_from_what_is_not(
    judged: list[tuple[int, bool]], seed: int, liked: bool
) -> None:
    theta = after(judged)
    take = sample_weights(theta, seed, TABLE)
    later = updated_weights(theta, take, liked, TABLE)
    for name, weight in TABLE.items():
        before, now = abs(take[name] - theta[name]), abs(take[name] - later[name])
        assert now <= before + 1e-12 if liked else now >= before - 1e-12
        assert abs(later[name] - theta[name]) <= MAX_STEP * weight.span + 1e-12


def test_takes_of_one_kind_that_are_liked_again_and_again_draw_the_weights_there() -> None:
    theta = shipped(TABLE)
    for seed in range(400):
        take = sample_weights(theta, seed, TABLE)
        theta = updated_weights(theta, take, take["text"] > theta["text"], TABLE)
    assert theta["text"] > 1.5


def test_the_weights_of_a_take_are_its_seeds() -> None:
    assert sample_weights(shipped(), 5) == sample_weights(shipped(), 5)
    assert sample_weights(shipped(), 5) != sample_weights(shipped(), 6)


def test_what_was_stored_is_read_as_far_as_it_is_sound() -> None:
    assert restore_weights({"text": 1.5, "unknown": 3}, TABLE) == {**shipped(TABLE), "text": 1.5}
    assert restore_weights({"text": 99}, TABLE)["text"] == 2.0
    for broken in ("high", None, True, float("nan"), 10**400, [1]):
        assert restore_weights({"text": broken}, TABLE) == shipped(TABLE)
    with pytest.raises(ValueError, match="a table of numbers"):
        restore_weights([1], TABLE)


def test_a_weight_is_shipped_within_its_bounds() -> None:
    assert all(weight.low <= weight.shipped <= weight.high for weight in WEIGHTS.values())
    assert BiasWeights(**shipped()) == SHIPPED
    with pytest.raises(ValueError, match="within the bounds"):
        Weight(3, 0, 2)


def test_a_taste_is_kept_at_home_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path / "not" / "there" / "yet"))
    assert home.read_taste() == shipped()
    home.write_taste({"text": 1.25})
    assert home.read_taste() == {**shipped(), "text": 1.25}
    assert [p.name for p in home.data_folder().iterdir()] == ["taste.json"]
    assert json.loads((home.data_folder() / "taste.json").read_text()) == {"text": 1.25}


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b""])
def test_a_taste_that_cannot_be_read_is_as_shipped_and_said_so(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("LLMBALL_HOME", str(tmp_path))
    (tmp_path / "taste.json").write_bytes(content)
    with caplog.at_level(logging.WARNING, "llmball"):
        assert home.read_taste() == shipped()
    assert "taste.json" in caplog.text


def test_without_a_home_of_ours_the_platforms_data_folder_is_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLMBALL_HOME", raising=False)
    assert home.data_folder().name == "llmball"
    monkeypatch.setenv("LLMBALL_HOME", "")
    assert home.data_folder().name == "llmball"


def test_what_is_liked_moves_the_users_weights_towards_the_take_that_plays() -> None:
    rig = playing(seed=0)
    [(name, value)] = [(n, v) for n, v in shipped().items() if n == "text"]
    drawn_value = dict(sample_weights(shipped(), 7))[name]
    rig.happen(TakeRated(liked=True))
    assert min(value, drawn_value) < rig.kept[-1][name] < max(value, drawn_value)
    rig.happen(TasteResetRequested())
    assert rig.kept[-1] == shipped()
    rig.happen(TakeRated(liked=False))
    assert (rig.kept[-1][name] - value) * (drawn_value - value) < 0


def test_nothing_is_judged_while_nothing_plays() -> None:
    rig = Rig(latencies(0, 0.01))
    for liked in (True, False):
        with pytest.raises(BadRequest, match="no take plays"):
            rig.happen(TakeRated(liked))
    assert rig.kept == []


def test_the_taste_goes_with_later_takes_by_their_seed() -> None:
    begun: list[Begin] = []
    rig = Rig(latencies(0, 0.01), plan=noting(begun))
    for _ in range(2):
        rig.happen(PromptRequested("rain"))
        rig.until(rig.now + 1)
    assert begun[0].theta == begun[1].theta == tuple(sample_weights(shipped(), 7).items())
    assert begun[0].controls.guidance is None, "a guidance that was not set is the taste's"
    rig.happen(ControlSet("guidance", 2.0))
    rig.happen(PromptRequested("rain"))
    rig.until(rig.now + 1)
    assert begun[-1].controls.guidance == 2.0
