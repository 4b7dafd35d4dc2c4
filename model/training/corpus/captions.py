"""Words for a piece: from what people stated and from what is computed, in many wordings, English and Chinese.

A caption says a random choice of true things, so that any subset may be asked for later. What is computed may be said
outright (tempo, mode, metre, how busy, how strong, which parts); scenes for a style and moods by tempo, energy and mode
are weak labels, a judgement of ours: every caption knows how many of its words are such.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from model.prompt.rules.vocabulary import FOLDER, table

SCENES = FOLDER / "scenes.tsv"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a piece. Levels are 0..1 (see `model.training.fit.levels`); None is unknown."""

    mode: str
    meter: str
    tempo: float | None
    density: float | None
    energy: float | None
    brightness: float | None
    complexity: float | None
    parts: tuple[str, ...]
    style: tuple[tuple[str, float], ...] = ()
    stated: tuple[str, ...] = ()


_LEVEL_WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "density": (
        ("sparse", "few notes", "spacious", "minimal", "with lots of room", "疏朗", "音符很少", "留白很多", "极简"),
        ("flowing", "moderate", "steady", "unhurried", "流动的", "疏密适中", "平稳的", "从容的"),
        ("busy", "dense", "full of notes", "intricate", "packed", "繁密", "音符密集", "饱满", "紧凑"),
    ),
    "energy": (
        ("quiet", "soft", "delicate", "restrained", "gentle", "calm", "安静的", "轻柔的", "细腻的", "克制的", "平静"),
        ("warm", "expressive", "balanced", "gentle but present", "温暖的", "有表情的", "平衡的", "中等力度"),
        ("powerful", "strong", "driving", "intense", "energetic", "hard", "有力的", "强烈的", "激昂的", "充满能量的"),
    ),
    "brightness": (
        ("dark", "in a minor mood", "low and shadowy", "sombre", "gloomy", "暗淡的", "小调色彩", "低沉的", "忧郁的", "黑暗"),
        ("half light", "neither dark nor bright", "mellow", "muted", "柔和的", "明暗之间", "朦胧的", "含蓄的"),
        ("bright", "sunny", "open", "luminous", "shining", "明亮的", "阳光的", "开阔的", "清澈的"),
    ),
    "complexity": (
        ("plain triads", "simple harmony", "simple chords", "三和弦", "简单的和声"),
        ("some seventh chords", "a little colour in the chords", "少量七和弦", "和声略有色彩"),
        ("rich jazz chords", "extended harmony", "lush chords", "丰富的和弦", "爵士和声"),
    ),
}  # fmt: skip

_TEMPO_WORDS = (
    ((0, 66), ("very slow", "slow ballad", "adagio", "很慢", "慢板抒情")),
    ((60, 82), ("slow", "ballad tempo", "unhurried", "慢速", "慢慢的")),
    ((78, 104), ("medium tempo", "walking pace", "andante", "中速", "行板")),
    ((100, 126), ("moving along", "upbeat", "lively", "轻快", "活泼")),
    ((122, 400), ("fast", "quick", "allegro", "快速", "急促")),
)

_MOODS = (
    # tempo below, tempo above, energy below, energy above, major: words
    (84, 0, 0.5, 0.0, False, ("tender longing", "missing someone", "lonely night", "思念", "孤独的夜", "忧伤")),
    (84, 0, 0.6, 0.0, True, ("calm and tender", "a quiet morning", "lullaby", "宁静", "温柔的早晨", "摇篮曲")),
    (999, 84, 1.0, 0.4, True, ("joyful", "spring sunshine", "open fields", "欢快", "春天的阳光", "自由奔跑")),
    (999, 84, 1.0, 0.4, False, ("restless", "dramatic", "stormy", "不安", "戏剧性", "暴风雨")),
    (999, 70, 1.0, 0.6, True, ("hopeful and big", "triumphant", "充满希望", "凯旋")),
    (999, 70, 0.4, 0.0, False, ("wistful", "nostalgic", "怀旧", "淡淡的忧愁")),
)  # fmt: skip

_PARTS = {
    frozenset({"drums"}): ("just drums", "drum groove", "beat only", "只有鼓", "鼓的律动"),
    frozenset({"melody"}): ("a single melody", "tune alone", "unaccompanied", "单旋律", "独奏旋律"),
    frozenset({"chords"}): ("chords only", "chord progression", "只有和弦", "和弦进行"),
    frozenset({"chords", "melody", "bass"}): ("no drums", "without drums", "没有鼓", "无鼓"),
}


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text)


@cache
def _scenes() -> dict[str, tuple[str, ...]]:
    """Return scenes by style, in both languages."""
    found: dict[str, tuple[str, ...]] = {}
    for line in SCENES.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            style, sentences = line.split("\t")
            found[style] = (*found.get(style, ()), *sentences.split("|"))
    return found


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Return what a style is called: all aliases of its row in the table of terms."""
    found: dict[str, list[str]] = defaultdict(list)
    for alias, term in table().items():
        if term.kind == "genres" and alias.isascii() | _is_chinese(alias):
            found[term.name].append(alias)
    return {name: tuple(aliases) for name, aliases in found.items()}


def caption(facts: Facts, chinese: bool, rng: random.Random) -> str:
    """Return one caption in English or Chinese; what it says is true of the facts, or a weak label of ours."""
    said: list[str] = []
    for name, words in _LEVEL_WORDS.items():
        level = getattr(facts, name)
        if level is not None and rng.random() < 0.35:
            said.append(_choose(words[min(2, int(level * 3))], chinese, rng))
    if facts.tempo is not None and rng.random() < 0.35:
        fitting = [words for (low, high), words in _TEMPO_WORDS if low <= facts.tempo < high]
        said.append(_choose(rng.choice(fitting), chinese, rng))
    if rng.random() < 0.3:
        said += _mood(facts, chinese, rng)
    if rng.random() < 0.3 and facts.meter in ("3/4", "6/8"):
        said.append({"3/4": ("waltz time", "三拍子"), "6/8": ("lilting six eight", "八六拍")}[facts.meter][chinese])
    if rng.random() < 0.3 and frozenset(facts.parts) in _PARTS:
        said.append(_choose(_PARTS[frozenset(facts.parts)], chinese, rng))
    stated = [s for s in facts.stated if _is_chinese(s) == chinese]
    if stated and rng.random() < 0.5:
        said.append(rng.choice(stated))
    said += _style(facts.style, chinese, rng, must=not said)
    rng.shuffle(said)
    return ("，" if chinese else rng.choice((", ", " ", ", "))).join(said) or ("音乐" if chinese else "music")


def _choose(words: tuple[str, ...], chinese: bool, rng: random.Random) -> str:
    return rng.choice([w for w in words if _is_chinese(w) == chinese])


def _style(style: tuple[tuple[str, float], ...], chinese: bool, rng: random.Random, *, must: bool) -> list[str]:
    """Return words for each style: its name, or a scene in place of it."""
    said = []
    for name, weight in style:
        if not must and rng.random() > 0.6 + 0.35 * weight:
            continue
        pools = [_names().get(name, (name,)), _scenes().get(name, ())]
        fitting = [[w for w in pool if _is_chinese(w) == chinese] for pool in pools]
        names, scenes = (f or None for f in fitting)
        pool = scenes if scenes and (names is None or rng.random() < 0.45) else names
        said.append(rng.choice(pool or [name]))
    return said


def _mood(facts: Facts, chinese: bool, rng: random.Random) -> list[str]:
    if facts.energy is None or not facts.mode:
        return []
    tempo = 90.0 if facts.tempo is None else facts.tempo
    major = facts.mode in ("major", "lydian", "mixolydian", "major pentatonic")
    fitting = [
        words
        for below, above, quiet, loud, is_major, words in _MOODS
        if above <= tempo < below and loud <= facts.energy <= quiet and is_major == major
    ]
    return [_choose(rng.choice(fitting), chinese, rng)] if fitting else []
