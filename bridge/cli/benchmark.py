"""`llmball bench`: how fast this machine writes music. One thread, as in `serve`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from statistics import median

from bridge.cli.commands import open_composer
from model.clips.clip import Writer
from model.generation.messages import Begin, Write
from model.music.notes import TICKS_PER_QUARTER, USUAL_PARTS
from model.music.plan import Controls

PROMPTS = ("upbeat pop, 120 bpm", "busy jazz, 160 bpm", "techno, 130 bpm", "春天的气息")
BEATS = 64
DENSE_NOTES_PER_SECOND = 8
"""Notes that count as a second of music, to compare sparse and busy music."""


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """Figures over all prompts, with four parts and default guidance.

    Seconds of music a second: `music_s_per_s` in the prompts' own tempi, `dense_s_per_s` at DENSE_NOTES_PER_SECOND; times in ms.
    """

    beats: int
    notes: int
    music_s_per_s: float
    dense_s_per_s: float
    beat_ms: float
    worst_beat_ms: float
    words_to_first_beat_ms: float

    @property
    def advice(self) -> str:
        """Advice for a performance."""
        if self.music_s_per_s >= 6:
            return "plenty: a band of four parts leaves most of a core to your DAW"
        if self.music_s_per_s >= 2.5:
            return "enough: leave lookahead at 4 beats or more while the DAW is busy"
        return "little: switch parts off, set guidance 0, or let another machine write (llmball worker)"


def run_benchmark(composer: Writer, prompts: tuple[str, ...] = PROMPTS, beats: int = BEATS) -> BenchmarkResult:
    """Write `beats` beats of each prompt and measure the time."""
    beat_times: list[float] = []
    first: list[float] = []
    music = notes = 0.0
    controls = Controls()
    for number, prompt in enumerate(prompts):
        began = time.perf_counter()
        plan = composer.begin(Begin(number, prompt, controls, 1, parts=USUAL_PARTS)).plan
        for index in range(beats):
            before = time.perf_counter()
            beat = composer.write(Write(number, index, controls)).beat
            beat_times.append(time.perf_counter() - before)
            if index == 0:
                first.append(time.perf_counter() - began)
            if beat is not None:
                music += beat.length / TICKS_PER_QUARTER * 60 / plan.tempo
                notes += len(beat.notes)
        composer.forget(number)
    spent = sum(beat_times)
    return BenchmarkResult(
        len(beat_times), int(notes), music / spent, notes / DENSE_NOTES_PER_SECOND / spent, 1000 * median(beat_times), 1000 * max(beat_times), 1000 * median(first),
    )  # fmt: skip


def run(*, as_json: bool) -> int:
    """Run `llmball bench`. Raises OwnerError."""
    composer = open_composer(None)
    run_benchmark(composer, PROMPTS[:1], 4)  # the first beats fill caches
    result = run_benchmark(composer)
    if as_json:
        sys.stdout.write(json.dumps(asdict(result) | {"advice": result.advice}) + "\n")
        return 0
    sys.stdout.write(
        f"four parts: {result.music_s_per_s:.1f} seconds of music a second ({result.dense_s_per_s:.1f} at eight notes a second)\n"
        f"a beat: {result.beat_ms:.1f} ms, the slowest of {result.beats} {result.worst_beat_ms:.1f} ms\n"
        f"from words to the first beat: {result.words_to_first_beat_ms:.1f} ms\n{result.advice}\n"
    )
    return 0
