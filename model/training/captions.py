"""Words for a song: from what people stated and from what is computed, in many wordings.

A caption says a random choice of true things, so that any subset may be asked for later. What is computed
may be said outright (tempo, mode, metre, how busy, how high); mood words follow from tempo, energy and
mode only, and are weak: they are one of three kinds of caption, never the only one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a song. Levels are percentiles within its source, 0..1; None is unknown."""

    key: str
    meter: str
    tempo: float | None
    density: float
    energy: float
    brightness: float
    complexity: float | None
    parts: tuple[str, ...]
    source: str
    stated: tuple[str, ...] = ()


_LEVEL_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "density": (
        ("sparse", "few notes", "spacious", "minimal", "疏朗", "音符很少", "留白很多", "极简"),
        ("flowing", "moderate", "steady", "unhurried", "流动的", "疏密适中", "平稳的", "从容的"),
        ("busy", "dense", "full of notes", "intricate", "繁密", "音符密集", "饱满", "紧凑"),
    ),
    "energy": (
        ("quiet", "soft", "delicate", "restrained", "安静的", "轻柔的", "细腻的", "克制的"),
        ("warm", "expressive", "balanced", "gentle but present", "温暖的", "有表情的", "平衡的", "中等力度"),
        ("powerful", "strong", "driving", "intense", "有力的", "强烈的", "激昂的", "充满能量的"),
    ),
    "brightness": (
        ("dark", "in a minor mood", "low and shadowy", "sombre", "暗淡的", "小调色彩", "低沉的", "忧郁的"),
        (
            "half light",
            "neither dark nor bright",
            "mellow",
            "muted",
            "柔和的",
            "明暗之间",
            "朦胧的",
            "含蓄的",
        ),
        ("bright", "sunny", "open", "luminous", "明亮的", "阳光的", "开阔的", "清澈的"),
    ),
    "complexity": (
        ("plain triads", "simple harmony", "三和弦", "简单的和声"),
        ("some seventh chords", "a little colour in the chords", "少量七和弦", "和声略有色彩"),
        ("rich jazz chords", "extended harmony", "丰富的和弦", "爵士和声"),
    ),
}

_TEMPO_WORDS = (
    ((0, 66), ("very slow", "slow ballad", "adagio", "很慢", "慢板抒情")),
    ((60, 82), ("slow", "ballad", "unhurried", "慢速", "抒情")),
    ((78, 104), ("medium tempo", "walking pace", "andante", "中速", "行板")),
    ((100, 126), ("moving along", "upbeat", "lively", "轻快", "活泼")),
    ((122, 400), ("fast", "quick", "allegro", "快速", "急促")),
)

_MOODS = (
    # tempo below, tempo above, energy below, energy above, major: words
    (
        84,
        0,
        0.5,
        0.0,
        False,
        ("tender longing", "missing someone", "lonely night", "思念", "孤独的夜", "忧伤"),
    ),
    (
        84,
        0,
        0.6,
        0.0,
        True,
        ("calm and tender", "a quiet morning", "lullaby", "宁静", "温柔的早晨", "摇篮曲"),
    ),
    (999, 84, 1.0, 0.4, True, ("joyful", "spring sunshine", "open fields", "欢快", "春天的阳光", "自由奔跑")),
    (999, 84, 1.0, 0.4, False, ("restless", "dramatic", "stormy", "不安", "戏剧性", "暴风雨")),
    (999, 70, 1.0, 0.6, True, ("hopeful and big", "triumphant", "充满希望", "凯旋")),
    (999, 70, 0.4, 0.0, False, ("wistful", "nostalgic", "怀旧", "淡淡的忧愁")),
)

_SOURCES = {
    "pop909": ("pop ballad", "pop song with piano", "Chinese pop", "流行抒情歌", "华语流行钢琴", "流行歌曲"),
    "openewld": ("lead sheet", "standard", "song tune", "旋律谱", "老歌"),
    "lieder": ("art song", "classical song with piano", "romantic lied", "艺术歌曲", "古典钢琴伴奏歌曲"),
}


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


def _choose(words: tuple[str, ...], chinese: bool, rng: random.Random) -> str:
    return rng.choice([w for w in words if _is_chinese(w) == chinese])


def caption(facts: Facts, chinese: bool, rng: random.Random) -> str:
    """Return one caption in English or Chinese; what it says is true of the facts, or a weak mood of them."""
    said: list[str] = []
    levels = {n: getattr(facts, n) for n in _LEVEL_WORDS}
    for name, level in levels.items():
        if level is not None and rng.random() < 0.4:
            said.append(_choose(_LEVEL_WORDS[name][min(2, int(level * 3))], chinese, rng))
    if facts.tempo is not None and rng.random() < 0.5:
        fitting = [words for (low, high), words in _TEMPO_WORDS if low <= facts.tempo < high]
        said.append(_choose(rng.choice(fitting), chinese, rng))
    if rng.random() < 0.35:
        said.extend(_mood(facts, chinese, rng))
    if rng.random() < 0.3 and facts.meter in ("3/4", "6/8"):
        said.append(
            {"3/4": ("waltz time", "三拍子"), "6/8": ("lilting six eight", "八六拍")}[facts.meter][chinese]
        )
    stated = [s for s in facts.stated if _is_chinese(s) == chinese]
    if stated and rng.random() < 0.5:
        said.append(rng.choice(stated))
    if not said or rng.random() < 0.5:
        said.append(_choose(_SOURCES[facts.source], chinese, rng))
    rng.shuffle(said)
    return ("，" if chinese else rng.choice((", ", " ", ", "))).join(said)


def _mood(facts: Facts, chinese: bool, rng: random.Random) -> list[str]:
    tempo = 90.0 if facts.tempo is None else facts.tempo
    major = "major" in facts.key
    fitting = [
        words
        for below, above, quiet, loud, is_major, words in _MOODS
        if above <= tempo < below and loud <= facts.energy <= quiet and is_major == major
    ]
    return [_choose(rng.choice(fitting), chinese, rng)] if fitting else []
