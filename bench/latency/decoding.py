"""How much music a second of one thread writes, by parts and guidance, and beside a transformers GPT by `generate`.

    python -m bench.latency.decoding [--beats N] [--rounds N] [--alone]

Eight notes count as a second of music, so that sparse and busy music compare; "own tempo" counts the seconds that the music
lasts. CPU is this thread's own time. The rounds go through all rows by turns, so that a busy machine weighs on each alike.

The GPT-2 has our width and layers, random weights, float32, a token a field and five times our context; tokens become
notes as the fields of our own music do (fields said, over notes): what it would write if it were as good.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.tables import table
from model.decoder.tokenizer import SIZES
from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.music.notes import PARTS, TICKS_PER_QUARTER, UNPITCHED_PARTS, USUAL_PARTS
from model.music.plan import Controls
from model.prompt.understand import open_encoder

PROMPTS = ("upbeat pop, 120 bpm", "busy jazz, 160 bpm", "techno, 130 bpm", "春天的气息")
BANDS = (("melody",), ("chords", "bass"), ("drums", "bass", "chords"), USUAL_PARTS, PARTS)
DENSE = 8
TOKENS = 400
"""Tokens by `generate` in a round: less than a quarter of its context, where it is fastest."""


@dataclass(slots=True)
class Tally:
    """What a row of the table wrote, and what it took."""

    cpu: float = 0.0
    wall: float = 0.0
    worst: float = 0.0
    notes: int = 0
    events: int = 0
    fields: int = 0
    music: float = 0.0

    @property
    def cells(self) -> tuple[object, ...]:
        """Return the cells of its line."""
        return (
            self.notes / DENSE / self.cpu, self.music / self.cpu, self.notes / DENSE / self.wall,
            self.cpu / max(1, self.events) * 1e3, self.worst * 1e3,
        )  # fmt: skip


def compose(
    composer: Composer,
    tally: Tally,
    prompt: str,
    seed: int,
    parts: tuple[str, ...],
    controls: Controls,
    beats: int,
) -> None:
    """Write the first beats of a prompt."""
    plan = composer.begin(Begin(1, prompt, controls, seed, parts=parts)).plan
    for index in range(beats):
        wall, cpu = time.perf_counter(), time.thread_time()
        beat = composer.write(Write(1, index, controls)).beat
        spent = time.thread_time() - cpu
        tally.cpu, tally.wall = tally.cpu + spent, tally.wall + time.perf_counter() - wall
        tally.worst = max(tally.worst, spent)
        if beat is not None:
            tally.notes += len(beat.notes)
            tally.events += len(beat.notes) + 1 + beat.fresh
            struck = sum(n.part in UNPITCHED_PARTS for n in beat.notes)
            tally.fields += 5 * len(beat.notes) - struck + 2 + 4 * beat.fresh
            tally.music += beat.length / TICKS_PER_QUARTER * 60 / plan.tempo
    composer.forget(1)


def generator() -> Callable[[Tally], None]:
    """Return what has a GPT-2 of our size write `TOKENS` tokens, on one thread."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=sum(SIZES), n_positions=5 * 512, n_embd=256, n_layer=6, n_head=4)
    model = GPT2LMHeadModel(config).eval()
    size = sum(p.numel() for p in model.parameters())
    print(f"GPT-2 of {size / 1e6:.1f} M parameters, {TOKENS} tokens a round after a header of 50\n")

    def write(tally: Tally) -> None:
        head = torch.randint(1, sum(SIZES), (1, 50))
        wall, cpu = time.perf_counter(), time.thread_time()
        out = model.generate(
            head, attention_mask=torch.ones_like(head), do_sample=True, max_new_tokens=TOKENS, min_new_tokens=TOKENS,
            pad_token_id=0, use_cache=True,
        )  # fmt: skip
        tally.cpu, tally.wall = tally.cpu + time.thread_time() - cpu, tally.wall + time.perf_counter() - wall
        tally.fields += out.shape[1] - head.shape[1]

    return write


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency.decoding", description=__doc__)
    parser.add_argument("--beats", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help="without the GPT, which needs the train extra")
    options = parser.parse_args()
    composer = Composer(open_encoder(None))
    compose(composer, Tally(), PROMPTS[0], 0, PARTS, Controls(), 8)  # what is loaded late is loaded now
    rows = {(len(band), guidance): Tally() for band in BANDS for guidance in (0.0, None)}
    rival, beside = (None if options.alone else generator()), Tally()
    for seed in range(1, options.rounds + 1):
        for band in BANDS:
            for guidance in (0.0, None):
                for prompt in PROMPTS:
                    controls = Controls(guidance=guidance)
                    compose(composer, rows[len(band), guidance], prompt, seed, band, controls, options.beats)
        if rival is not None:
            rival(beside)
    head = (
        "parts",
        "guidance",
        "music s per CPU s",
        "own tempo",
        "per s of wall",
        "CPU ms an event",
        "worst beat, CPU ms",
    )
    print(table(head, [(n, "default" if g is None else g, *tally.cells) for (n, g), tally in rows.items()]))
    if rival is not None:
        for guidance in (0.0, None):
            ours = rows[len(USUAL_PARTS), guidance]
            theirs = beside.fields * ours.notes / ours.fields / DENSE
            ratio = ours.notes / DENSE / ours.cpu / (theirs / beside.cpu)
            print(
                f"\ngenerate: {beside.fields / beside.cpu:.0f} tokens per CPU s = {theirs / beside.cpu:.2f} music s per CPU s at "
                f"{ours.fields / ours.notes:.2f} fields a note; ours, guidance {'default' if guidance is None else 'none'}: x{ratio:.1f}"
            )


if __name__ == "__main__":
    main()
