"""Training loop: steps until the time is up, learning rate decaying to zero, checkpoints, a curve. Resumable.

The model, its batches and its loss are arguments. A checkpoint is written every few minutes and read again when the folder has
one; the time already spent counts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

SAVE_EVERY = 240.0
"""Seconds between checkpoints."""
POINTS = 24
"""How many points of the curve are taken in all."""
WARM_UP = 100
"""Steps in which the rate rises."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How long, how fast and where: minutes of wall time in all, or so many steps, if they are done first."""

    out: Path
    minutes: float
    batch: int
    rate: float
    steps: int | None = None
    device: str = "cpu"

    def rate_at(self, step: int, done: float) -> float:
        """Return the learning rate at a step, when a share of the course is done."""
        return self.rate * min(1, (step + 1) / WARM_UP) * max(0.02, 1 - done)


def computes_in_bfloat16(device: str) -> bool:
    """Return whether a device multiplies in bfloat16 faster than in float32."""
    return device != "cpu" or bool(torch.cpu._is_avx512_bf16_supported())


def optimizers(model: nn.Module, rate: float, device: str = "cpu") -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices of the blocks and AdamW for all else; AdamW for all where Muon's bfloat16 is slow."""
    if not computes_in_bfloat16(device):
        return [torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.01)]
    inner = [p for n, p in model.named_parameters() if n.startswith("blocks") and p.ndim == 2]
    chosen = {id(p) for p in inner}
    outer = [p for p in model.parameters() if id(p) not in chosen]
    return [
        torch.optim.Muon(inner, lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(outer, lr=rate, betas=(0.9, 0.95), weight_decay=0.01),
    ]


class TrainingLoop:
    """A model on its course; owns its optimizers and its place."""

    def __init__(self, model: nn.Module, config: TrainingConfig) -> None:
        self.model, self.config = model, config
        self._opts = optimizers(model, config.rate, config.device)
        self._checkpoint = config.out / "checkpoint.pt"
        self.step, self._spent = 0, 0.0
        if self._checkpoint.exists():
            state = torch.load(self._checkpoint, weights_only=True, map_location=config.device)
            model.load_state_dict(state["model"])
            for opt, held in zip(self._opts, state["optimizers"], strict=True):
                opt.load_state_dict(held)
            self.step, self._spent = state["step"], state["spent"]

    def run(self, loss: Callable[[], Tensor], held_out: Callable[[], Mapping[str, float]], seen: float) -> None:
        """Train to the end. `loss` draws a batch and returns its loss; `held_out` returns points of the curve.

        `seen` is how many millions of events a step sees.
        """
        config, model = self.config, self.model
        whole = config.minutes * 60
        begun = time.monotonic() - self._spent
        saved, told = time.monotonic(), self._spent
        model.train()
        while (gone := time.monotonic() - begun) < whole and self.step != config.steps:
            done = max(gone / whole, self.step / config.steps if config.steps else 0)
            for opt in self._opts:
                for group in opt.param_groups:
                    group["lr"] = config.rate_at(self.step, done)
            value = loss()
            torch.autograd.backward(value)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for opt in self._opts:
                opt.step()
                opt.zero_grad(set_to_none=True)
            self.step += 1
            if gone - told > whole / POINTS:
                told = gone
                model.eval()
                self._log_point({
                    "minutes": round(gone / 60, 2), "of": config.minutes, "step": self.step,
                    "Mevents": round(self.step * seen, 2), "loss": round(value.item(), 3), **held_out(),
                })  # fmt: skip
                model.train()
            if time.monotonic() - saved > SAVE_EVERY:
                self._save_checkpoint(time.monotonic() - begun)
                saved = time.monotonic()
        self._save_checkpoint(time.monotonic() - begun)
        model.eval()

    def _log_point(self, point: Mapping[str, Any]) -> None:
        line = json.dumps(point)
        print(line, flush=True)
        with (self.config.out / "curve.jsonl").open("a", encoding="utf-8") as curve:
            curve.write(line + "\n")

    def _save_checkpoint(self, spent: float) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "model": self.model.state_dict(), "optimizers": [o.state_dict() for o in self._opts],
            "step": self.step, "spent": spent,
        }  # fmt: skip
        torch.save(state, self._checkpoint.with_suffix(".new"))
        self._checkpoint.with_suffix(".new").replace(self._checkpoint)
