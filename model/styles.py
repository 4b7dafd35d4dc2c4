"""The styles that the decoder is told: names of `terms/genres.tsv`, and of what the real songs are."""

from __future__ import annotations

import math

GRAMMAR_STYLES = (
    "pop", "r&b", "house", "deep house", "afro house", "techno", "trap", "drill", "lo-fi", "boom bap",
    "drum and bass", "ambient", "funk", "neo-soul", "gospel", "afrobeats", "amapiano", "reggaeton",
    "uk garage", "jersey club", "synthwave", "cinematic", "jazz", "bossa nova", "reggae", "guofeng",
    "trance", "dubstep", "disco", "future bass", "city pop", "phonk", "cumbia", "rock", "metal",
)  # fmt: skip
"""Styles that `model.training.styles` has a grammar of."""
SONG_STYLES = (
    "pop ballad", "art song", "hymn", "folk", "standard", "latin", "hip hop", "soul", "afro-cuban", "punk",
    "new orleans", "country", "blues",
)  # fmt: skip
"""Styles that only real songs have."""
STYLES = GRAMMAR_STYLES + SONG_STYLES
"""In the order of the decoder's vocabulary; new ones go to the end."""
MAX_STYLES = 64
"""Room in the vocabulary."""

PERFORMED_STYLES = (*SONG_STYLES, "pop")
"""What is played as people play: the styles of real songs, and pop, which most words without a style become."""

THIRDLESS_STYLES = ("metal", "rock", "punk", "phonk", "dubstep", "guofeng")
"""What leaves chords without their thirds: root, fifth and octave, or a figure of few tones."""

_NEVER, _ALWAYS = 9.0, -9.0
_DRUMS_FROM = {
    "ambient": _NEVER, "art song": _NEVER, "hymn": _NEVER, "folk": 0.75, "pop ballad": 0.5, "cinematic": 0.45,
    "guofeng": 0.42, "standard": 0.3,
}  # fmt: skip
"""Styles without drums, or with them only from some energy on; all others have them."""


def drums_probability(mix: tuple[tuple[str, float], ...], energy: float) -> float:
    """Return how likely a mix of styles has drums at an energy 0..1."""
    likely = sum(w / (1 + math.exp(-(energy - _DRUMS_FROM.get(name, _ALWAYS)) / 0.05)) for name, w in mix)
    return likely / (sum(w for _, w in mix) or 1.0)


def performed_share(mix: tuple[tuple[str, float], ...]) -> float:
    """Return the share of a mix of styles, 0..1, that is played as people play; 0 of no style."""
    return _share(mix, PERFORMED_STYLES)


def thirdless_share(mix: tuple[tuple[str, float], ...]) -> float:
    """Return the share of a mix of styles, 0..1, whose chords need no third; 0 of no style."""
    return _share(mix, THIRDLESS_STYLES)


def _share(mix: tuple[tuple[str, float], ...], names: tuple[str, ...]) -> float:
    whole = sum(w for _, w in mix)
    return sum(w for name, w in mix if name in names) / whole if whole else 0.0
