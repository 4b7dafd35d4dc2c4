"""The styles that the decoder is told: names of `terms/genres.tsv`, and of what the real songs are."""

from __future__ import annotations

GRAMMARS = (
    "pop", "r&b", "house", "deep house", "afro house", "techno", "trap", "drill", "lo-fi", "boom bap",
    "drum and bass", "ambient", "funk", "neo-soul", "gospel", "afrobeats", "amapiano", "reggaeton",
    "uk garage", "jersey club", "synthwave", "cinematic", "jazz", "bossa nova", "reggae", "guofeng",
    "trance", "dubstep", "disco", "future bass", "city pop", "phonk", "cumbia", "rock", "metal",
)  # fmt: skip
"""Styles that `model.training.styles` has a grammar of."""
HUMAN = (
    "pop ballad", "art song", "hymn", "folk", "standard", "latin", "hip hop", "soul", "afro-cuban", "punk",
    "new orleans", "country", "blues",
)  # fmt: skip
"""Styles that only real songs have."""
STYLES = GRAMMARS + HUMAN
"""In the order of the decoder's vocabulary; new ones go to the end."""
MOST_STYLES = 64
"""Room in the vocabulary."""
