"""The plan: every field of `llmball understand`, from the rules and from the embedding.

Within the words: what is stated outright, then the facts of known genres, moods and artists blended with what
the embedding suggests, then defaults. Set controls go before all of them: see `model.precedence`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model import leanings
from model.encoder import (
    ADAPTER,
    Embedding,
    TextEncoder,
    adapted_encoder,
    directory_encoder,
    load_adapter,
    sentence_encoder,
)
from model.harmony import MODES, Key, parse_chord
from model.idioms import WALTZES, Crossing
from model.music import PARTS, Mix, Plan
from model.numerals import key_of
from model.precedence import LEVELS
from model.styles import STYLES, drums
from model.terms import FOLDER as TERMS
from model.terms import Term, table
from model.words import Wish, read

TONICS = {"major": (0, 7, 5, 2, 10, 9, 3), "minor": (9, 4, 2, 0, 7, 5, 11)}
_MOST_STYLES, _LEAST_SHARE = 3, 0.15
_LEADING = 0.5
"""From which share on a style that only the embedding leans to brings its swing and its feel."""
_CALM_NEUTRAL = 0.45
"""Below this energy what leans to no style is a pop ballad, above it pop."""
_HALF = 0.5
_ACOUSTIC = frozenset(
    [*range(4), *range(6, 16), *range(19, 27), 32, *range(40, 50), *range(56, 80), *range(104, 112)]
)
"""General MIDI programs that are played without drums where no style was named."""

Odds = dict[str, float]


def understand(prompt: str, encoder: TextEncoder) -> tuple[Plan, Embedding]:
    """Return the plan of a prompt and the vector `(512,)` of what the rules left of it."""
    wish = read(prompt)
    text = encoder.encode(wish.rest or prompt)
    return plan(prompt, text, wish), text


def plan(prompt: str, text: Embedding, wish: Wish) -> Plan:
    """Return the plan of a prompt, given its vector and what its words stated."""
    hints = leanings.suggested(text)
    levels = {name: _blend(_speaking(wish, name), name, hints[name]) for name in LEVELS} | dict(wish.levels)
    mix = styles(wish, text, levels["energy"])
    named = [t for t in wish.terms if t.kind in ("genres", "artists")]
    grounds = named if wish.crossing is None else [wish.crossing.ground]
    leading = grounds or [table()[name] for name, share in mix[:1] if share >= _LEADING]
    swinging = next((t for t in leading if t.swing), None)
    if wish.swing is not None:
        swing, unit = wish.swing, wish.swing_unit or (leading[0].swing_unit if leading else 8)
    else:
        swing, unit = (swinging.swing or 0.5, swinging.swing_unit) if swinging is not None else (0.5, 8)
    key = wish.key or _key(prompt, wish, levels["brightness"])
    return Plan(
        tempo=round(wish.tempo if wish.tempo is not None else _tempo(wish, hints["tempo"]), 2),
        feel=wish.feel or next((t.feel for t in leading if t.feel), "normal"),
        key=key.name,
        meter=wish.meter or next((t.meter for t in named if t.meter), "4/4"),
        bars=wish.bars,
        parts=wish.said.among(_usual(wish, mix, levels["energy"])),
        progression=wish.progression,
        instruments=wish.instruments,
        swing=swing,
        style=mix,
        explicit=wish.explicit,
        swing_unit=wish.swing_unit or unit,
        register=wish.register,
        registers=wish.registers,
        articulation=wish.articulation,
        ending=wish.ending,
        silenced=tuple(sorted(wish.said.silenced)),
        idioms=_idioms(wish.crossing),
        figures=wish.figures,
        **{name: round(value, 3) for name, value in levels.items()},
    )


def styles(wish: Wish, text: Embedding, energy: float) -> Mix:
    """Return the mix of styles, weights summing to 1: those that were named, else those that the embedding leans to.

    A weak leaning is filled up with a neutral style, so a sentence that is like none of ours is a pop ballad or pop.
    """
    if wish.crossing is not None:
        return _heaviest(_summed(t.styles for t in (wish.crossing.ground, wish.crossing.upper)))
    waltzing = [t for t in wish.terms if t.styles and t.name in WALTZES]
    named = _summed(t.styles for t in wish.terms if t not in waltzing) or _summed(t.styles for t in waltzing)
    return _heaviest(named or dict(list(leant(wish, text, energy).items())[:2]))


def leant(wish: Wish, text: Embedding, energy: float) -> Odds:
    """Return the likelihood of each style by the embedding and the instruments, the likeliest first, summing to 1."""
    # where the rules have read all, "Am F C G", there is no sense to lean on
    likely = leanings.styles(text) if wish.rest else dict.fromkeys(STYLES, 0.0)
    hinted = _summed(table()[name.lower()].styles for _, name in wish.instruments)
    for name, weight in hinted.items():  # each hint as likely as a leaning can be
        likely[name] += weight
    if hinted:
        likely = {name: share / (1 + sum(hinted.values())) for name, share in likely.items()}
    neutral = "pop ballad" if energy < _CALM_NEUTRAL else "pop"
    likely[neutral] += max(0.0, 1 - sum(likely.values()))
    return dict(sorted(likely.items(), key=lambda s: -s[1]))


def _summed(mixes: Iterable[Mix]) -> Odds:
    total: Odds = {}
    for name, weight in (pair for mix in mixes for pair in mix):
        total[name] = total.get(name, 0.0) + weight
    return total


def _idioms(shared: Crossing | None) -> tuple[tuple[str, Mix], ...]:
    if shared is None:
        return ()
    return tuple((p, (shared.upper if p in shared.parts else shared.ground).styles) for p in PARTS)


def _heaviest(weights: Odds) -> Mix:
    """Return the heaviest styles, none below its least share; what rounding leaves goes to the first."""
    ordered = sorted(weights.items(), key=lambda s: -s[1])[:_MOST_STYLES]
    kept = [(n, w) for n, w in ordered if w >= _LEAST_SHARE * sum(v for _, v in ordered)] or ordered[:1]
    whole = sum(w for _, w in kept)
    rest = [(n, round(w / whole, 3)) for n, w in kept[1:]]
    return ((kept[0][0], round(1 - sum(w for _, w in rest), 3)), *rest)


def _usual(wish: Wish, mix: Mix, energy: float) -> tuple[str, ...]:
    """Return the parts that a band of these styles has where the words do not say."""
    return PARTS if drums_likely(wish, mix, energy) >= _HALF else PARTS[:3]


def drums_likely(wish: Wish, mix: Mix, energy: float) -> float:
    """Return how likely there are drums where the words do not say: by the styles, or none beside a bare piano."""
    programs = {table()[name.lower()].program for part, name in wish.instruments if part != "drums"}
    unnamed = not any(t.kind in ("genres", "artists") for t in wish.terms)
    if unnamed and programs and programs <= _ACOUSTIC:
        return drums((("folk", 1.0),), energy)
    return drums(mix, energy)


def _speaking(wish: Wish, level: str) -> Sequence[Term]:
    """Return the terms that say a level: of two styles that share the parts, only who plays the chords says what those are like."""
    shared = wish.crossing
    if shared is None or level != "complexity":
        return wish.terms
    silent = shared.ground if "chords" in shared.parts else shared.upper
    return [t for t in wish.terms if t != silent]


def _blend(terms: Sequence[Term], name: str, hint: float) -> float:
    """Return a level: known terms count more than the embedding does, moods four times a genre, which says what most of its music is like."""
    said = [(getattr(t, name), 4.0 if t.kind == "moods" else 1.0) for t in terms]
    known = [(v, w) for v, w in said if v is not None]
    if not known:
        return hint
    mean: float = sum(v * w for v, w in known) / sum(w for _, w in known)
    return 0.6 * mean + 0.4 * hint


_PACES = frozenset(["slow", "fast", "medium", "very slow", "very fast"])
_BEYOND = 2**0.25
"""How far past the end of a style's range of tempi "very slow" and "very fast" lie: a quarter of an octave."""


def _tempo(wish: Wish, hint: float) -> float:
    """Return a tempo: within the range of the genre that was named, or of the ground of two, the moods and the embedding say where.

    A word for the pace itself counts three times a mood; "very" before it leaves the range of the style.
    """
    moods = [
        (t.tempo, 3 if t.name in _PACES else 1)
        for t in wish.terms
        if t.kind == "moods" and t.tempo is not None
    ]
    genres = tempi(wish)
    heard = [np.log(hint), *(np.log(sum(m) / 2) for m, times in moods for _ in range(times))]
    wanted = float(np.exp(np.mean(heard)))
    very = next((t.name for t in wish.terms if t.name in ("very slow", "very fast")), None)
    if not genres:
        return wanted
    low = sum(g[0] for g in genres) / len(genres)
    high = sum(g[1] for g in genres) / len(genres)
    if very is not None:
        return max(20.0, low / _BEYOND) if very == "very slow" else min(300.0, high * _BEYOND)
    # 60..130 bpm of feeling spread over the range of the genre
    place = min(1.0, max(0.0, (wanted - 60) / 70))
    return low + (high - low) * place


def tempi(wish: Wish) -> list[tuple[float, float]]:
    """Return the ranges of tempo of the genres that were named; of two that share the parts, the ground's."""
    named = wish.terms if wish.crossing is None else (wish.crossing.ground,)
    return [t.tempo for t in named if t.kind in ("genres", "artists") and t.tempo is not None]


def _key(prompt: str, wish: Wish, brightness: float) -> Key:
    """Return a key where no tonic was stated: the chords', else a mode by the words and a tonic by a hash of them."""
    if wish.progression is not None:
        chords = [parse_chord(c) for bar in wish.progression for c in bar.split()]
        return wish.progression_key or key_of(chords)
    mode = max(modes(wish, brightness).items(), key=lambda m: m[1])[0]
    minor = Key(0, mode, MODES[mode]).minor
    tonics = TONICS["minor" if minor else "major"]
    return Key(tonics[place(prompt) % len(tonics)], mode, MODES[mode])


def modes(wish: Wish, brightness: float) -> Odds:
    """Return how likely each mode is where no key was stated: by the words, the styles, else by brightness 0..1."""
    said = wish.mode or next((t.mode for t in wish.terms if t.mode), None)
    if wish.mode is not None:
        return {wish.mode: 1.0}
    if said is not None and brightness < _BRIGHT:
        return {said: 0.85, "minor" if said == "major" else "major": 0.15}
    major = 1 / (1 + float(np.exp(-(brightness - _DUSK) / 0.08)))
    return {"major": major, "minor": 1 - major}


_BRIGHT, _DUSK = 0.7, 0.45
"""From where on a style's own mode is overruled, and where major and minor are as likely."""


def place(prompt: str) -> int:
    """Return a number 0..255 that the words choose: the same words, the same key."""
    return hashlib.sha256(prompt.strip().lower().encode("utf-8", "replace")).digest()[0]


def to_json(plan_: Plan) -> dict[str, Any]:
    """Return the plan as `llmball understand --json` prints it."""
    return {
        "tempo": plan_.tempo, "feel": plan_.feel, "key": plan_.key, "meter": plan_.meter, "bars": plan_.bars,
        "parts": list(plan_.parts), "progression": None if plan_.progression is None else list(plan_.progression),
        "instruments": dict(plan_.instruments), "density": plan_.density, "energy": plan_.energy,
        "brightness": plan_.brightness, "complexity": plan_.complexity, "swing": plan_.swing,
        "style": [list(s) for s in plan_.style], "explicit": list(plan_.explicit),
    }  # fmt: skip


def open_encoder(directory: Path | None) -> TextEncoder:
    """Return the default encoder, or one from a local Hugging Face directory. Raises `EncoderError`.

    The latter is carried into the default's space by the adapter that lies in the directory (trained by
    `python -m model.training.adapter`), else by one learnt here and now from the sentences of `terms/anchors.tsv`.
    """
    if directory is None:
        return sentence_encoder()
    if (directory / ADAPTER).is_file():
        return adapted_encoder(directory, load_adapter(directory / ADAPTER))
    lines = (TERMS / "anchors.tsv").read_text(encoding="utf-8").splitlines()
    sentences = [line.split("\t")[0] for line in lines if not line.startswith("#")]
    # the head keeps the anchors' vectors first, in the order of the file
    return directory_encoder(directory, sentences, leanings.head()["vectors"][: len(sentences)])
