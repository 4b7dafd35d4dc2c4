"""The plan: every field of `llmball understand`, from the rules and from the embedding.

Within the words: what is stated outright, then the facts of known genres, moods and artists blended with what
the embedding suggests, then defaults. Set controls go before all of them: see `model.precedence`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

from model.encoder import Embedding, TextEncoder, directory_encoder, sentence_encoder
from model.harmony import MODES, Key, note_name, parse_chord, parse_key
from model.music import Plan
from model.numerals import key_of
from model.precedence import LEVELS
from model.terms import FOLDER as TERMS
from model.terms import Term
from model.weights import FOLDER, check
from model.words import Wish, read

WIDTH = 0.35
"""Width of the kernel, in cosine distance."""
RIDGE = 0.15
AVAILABLE = ("chords", "melody", "bass")
"""The parts that this version's decoder plays."""
_TONICS = {"major": (0, 7, 5, 2, 10, 9, 3), "minor": (9, 4, 2, 0, 7, 5, 11)}


def kernel(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return the likeness of unit vectors, `(n, 512)` and `(m, 512)` → `(n, m)`: 1 for the same direction."""
    return np.exp((a @ b.T - 1).astype(np.float64) / WIDTH)


@cache
def _head() -> dict[str, npt.NDArray[np.floating]]:
    path = FOLDER / "plan.safetensors"
    check(path)
    return {name: array.astype(np.float32) for name, array in load_file(path).items()}


def suggested(text: Embedding) -> dict[str, float]:
    """Return what the embedding suggests: tempo in quarters a minute and the four levels, 0..1."""
    head = _head()
    values = kernel(text[None], head["vectors"])[0] @ head["weights"] + head["middle"]
    levels = {name: float(np.clip(v, 0, 1)) for name, v in zip(LEVELS, values[1:], strict=True)}
    return {"tempo": float(np.clip(100 * 2.0 ** values[0], 40, 200)), **levels}


def understand(prompt: str, encoder: TextEncoder) -> tuple[Plan, Embedding]:
    """Return the plan of a prompt and the vector `(512,)` of what the rules left of it."""
    wish = read(prompt)
    text = encoder.encode(wish.rest or prompt)
    return plan(prompt, text, wish), text


def plan(prompt: str, text: Embedding, wish: Wish) -> Plan:
    """Return the plan of a prompt, given its vector and what its words stated."""
    hints = suggested(text)
    levels = {name: _blend(wish.terms, name, hints[name]) for name in LEVELS}
    if wish.density is not None:
        levels["density"] = wish.density
    if wish.complexity is not None:
        levels["complexity"] = wish.complexity
    genres = [t for t in wish.terms if t.kind in ("genres", "artists")]
    meter = wish.meter or next((t.meter for t in genres if t.meter), "4/4")
    feel = wish.feel or next((t.feel for t in genres if t.feel), "normal")
    swing = wish.swing if wish.swing is not None else next((t.swing for t in genres if t.swing), 0.5)
    key = wish.key or _key(prompt, wish, levels["brightness"])
    parts = tuple(p for p in wish.parts or AVAILABLE if p in AVAILABLE) or AVAILABLE
    style = {t.name: 1.0 for t in wish.terms if t.kind in ("genres", "artists")}
    style |= {t.name: 0.5 for t in wish.terms if t.kind == "moods" and t.name not in style}
    whole = sum(style.values())
    return Plan(
        tempo=round(wish.tempo if wish.tempo is not None else _tempo(wish.terms, hints["tempo"]), 2),
        feel=feel,
        key=key.name,
        meter=meter,
        bars=wish.bars,
        parts=parts,
        progression=wish.progression,
        instruments=wish.instruments,
        swing=swing,
        style=tuple((name, round(weight / whole, 3)) for name, weight in style.items()),
        explicit=wish.explicit,
        **{name: round(value, 3) for name, value in levels.items()},
    )


def _blend(terms: Sequence[Term], name: str, hint: float) -> float:
    """Return a level: known terms count as much as the embedding does, moods twice a genre."""
    said = [(getattr(t, name), 2.0 if t.kind == "moods" else 1.0) for t in terms]
    known = [(v, w) for v, w in said if v is not None]
    if not known:
        return hint
    mean: float = sum(v * w for v, w in known) / sum(w for _, w in known)
    return 0.6 * mean + 0.4 * hint


def _tempo(terms: Sequence[Term], hint: float) -> float:
    """Return a tempo: within the genre's range where one was named, the moods and the embedding say where."""
    moods = [t.tempo for t in terms if t.kind == "moods" and t.tempo is not None]
    genres = [t.tempo for t in terms if t.kind in ("genres", "artists") and t.tempo is not None]
    wanted = float(np.exp(np.mean([np.log(hint), *(np.log(sum(m) / 2) for m in moods)])))
    if not genres:
        return wanted
    low = sum(g[0] for g in genres) / len(genres)
    high = sum(g[1] for g in genres) / len(genres)
    # 60..130 bpm of feeling spread over the range of the genre
    place = min(1.0, max(0.0, (wanted - 60) / 70))
    return low + (high - low) * place


def _key(prompt: str, wish: Wish, brightness: float) -> Key:
    """Return a key where none was stated: the chords', else a mode by the words and a tonic by a hash of them."""
    if wish.progression is not None:
        return key_of([parse_chord(c) for bar in wish.progression for c in bar.split()])
    mode = wish.mode or next((t.mode for t in wish.terms if t.mode), None)
    mode = mode or ("major" if brightness >= 0.45 else "minor")
    minor = Key(0, mode, MODES[mode]).minor
    tonics = _TONICS["minor" if minor else "major"]
    place = hashlib.sha256(prompt.strip().lower().encode("utf-8", "replace")).digest()[0]
    return parse_key(f"{note_name(tonics[place % len(tonics)])} {mode}")


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

    The latter learns its way into the default's space from the sentences of `terms/anchors.tsv`.
    """
    if directory is None:
        return sentence_encoder()
    lines = (TERMS / "anchors.tsv").read_text(encoding="utf-8").splitlines()
    sentences = [line.split("\t")[0] for line in lines if not line.startswith("#")]
    # the head keeps the anchors' vectors first, in the order of the file
    return directory_encoder(directory, sentences, _head()["vectors"][: len(sentences)])
