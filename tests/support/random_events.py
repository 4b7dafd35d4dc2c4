"""Random session events by kind: for property tests and long-running soak tests."""

from __future__ import annotations

import random
from collections.abc import Callable

from bridge.protocol.controls import Value
from bridge.protocol.events import (
    BackRequested,
    BankLaunchRequested,
    BankStoreRequested,
    ControlSet,
    CueRequested,
    Event,
    MorphRequested,
    PlayerReady,
    PlayRequested,
    PromptRequested,
    RefineRequested,
    ScoreLaunchRequested,
    ScoreStoreRequested,
    StopRequested,
    TakeLaunchRequested,
    TakeRated,
    TasteResetRequested,
    TempoTapped,
)
from model.music.notes import CUES, METERS
from tests.support.virtual_band import piece

Asked = Callable[[random.Random], Event]
"""Draws a random event of one kind."""
PROMPTS = (
    "rain",
    "calm jazz piano",
    "house 124",
    "三拍子 温柔的钢琴曲",
    "busy funk in E",
    "ambient",
    "drum and bass 174",
)


def control(path: str, draw: Callable[[random.Random], Value]) -> Asked:
    """Return a kind of event that sets a control to a value drawn by `draw`."""
    return lambda rng: ControlSet(path, draw(rng))


def among(path: str, *values: Value) -> Asked:
    """Return a kind of event that sets a control to one of `values`."""
    return control(path, lambda rng: rng.choice(values))


def prompt(rng: random.Random) -> str:
    """Return a random prompt."""
    return rng.choice(PROMPTS)


KINDS: dict[str, Asked] = {
    "prompt": lambda rng: PromptRequested(prompt(rng)),
    "refine": lambda rng: RefineRequested(rng.choice(("less busy", "darker", "walking bass"))),
    "morph": lambda rng: MorphRequested(prompt(rng), prompt(rng), rng.random()),
    "morph/x": control("morph/x", random.Random.random),
    "cue": lambda rng: CueRequested(rng.choice([c for c in CUES if c != "ending"])),
    "hold": among("hold", 0, 0, 1, 2, 4),
    "back": lambda _: BackRequested(),
    "launch": lambda rng: TakeLaunchRequested(str(rng.randrange(1, 40))),
    "store": lambda rng: BankStoreRequested(rng.randrange(1, 17), prompt(rng)),
    "bank": lambda rng: BankLaunchRequested(rng.randrange(1, 17)),
    "score": lambda rng: ScoreLaunchRequested(piece(loops=rng.random() < 0.5)),
    "store score": lambda rng: ScoreStoreRequested(rng.randrange(1, 17), piece()),
    "judge": lambda rng: TakeRated(liked=rng.random() < 0.5),
    "taste/reset": lambda _: TasteResetRequested(),
    "tap": lambda _: TempoTapped(),
    "tempo": among("tempo", 0.0, 20.0, 96.0, 160.0, 300.0),
    "meter": among("meter", *METERS, "auto"),
    "expression": among("expression", 0, 1, 1),
    "density": among("density", -1.0, 0.1, 0.9),
    "key": among("key", "auto", "D minor", "F# lydian"),
    "transpose": control("transpose", lambda rng: rng.randrange(-24, 25)),
    "quantize": among("quantize", "now", "beat", "bar", "4bars", "8bars"),
    "lookahead": among("lookahead", 1.0, 4.0, 16.0),
    "humanise": control("humanise", random.Random.random),
    "countin": among("countin", 0, 1, 2),
    "drums/map": among("drums/map", "gm", "rack16", "kick:38"),
    "offset": control("part/bass/offset", lambda rng: rng.uniform(-100, 100)),
    "enabled": lambda rng: ControlSet(f"part/{rng.choice(('bass', 'melody', 'chords'))}/enabled", rng.randrange(2)),
    "follow": among("follow", 0, 1),
    "follow/mode": among("follow/mode", "auto", "melody", "chords", "bass", "split:60"),
    "play": lambda _: PlayRequested(),
    "stop": lambda rng: StopRequested(panic=rng.random() < 0.2),
    "player lost": lambda _: PlayerReady(),
}
