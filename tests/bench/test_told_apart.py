"""Telling melodies apart: what differs is told, what does not is not."""

from __future__ import annotations

import numpy as np

from bench.music.told_apart import accuracy, table


def test_what_differs_in_one_feature_is_told_and_chance_is_not() -> None:
    x = np.random.default_rng(0).normal(size=(120, 5))
    y = np.arange(120) % 2.0
    assert 0.3 < accuracy(x, y) < 0.7
    x[:, 2] += 4 * y
    assert accuracy(x, y) > 0.9


def test_a_feature_that_a_song_lacks_lies_at_the_mean() -> None:
    found = table([{"a": 1.0, "b": 2.0}, {"a": 3.0}, {"a": 2.0, "b": 4.0}], ["a", "b"])
    assert found[1, 1] == 0
    assert found[2, 0] == 0
