"""`llmball bench` in numbers: what it counts is what was written."""

from __future__ import annotations

from dataclasses import replace

from bridge.cli import benchmark
from model.generation.composer import Composer
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine


def test_the_figures_are_of_the_beats_that_were_written() -> None:
    found = benchmark.run_benchmark(Composer(hash_encoder(), engine()), ("calm piano", "techno"), 6)
    assert found.beats == 12
    assert found.notes > 12
    assert found.worst_beat_ms >= found.beat_ms > 0
    assert found.words_to_first_beat_ms > 0
    assert found.dense_s_per_s * benchmark.DENSE_NOTES_PER_SECOND > 0


def test_the_advice_goes_by_what_is_left_of_a_core() -> None:
    fast = benchmark.run_benchmark(Composer(hash_encoder(), engine()), ("calm piano",), 2)
    said = {replace(fast, music_s_per_s=x).advice.split(":")[0] for x in (1.0, 3.0, 20.0)}
    assert said == {"little", "enough", "plenty"}
