"""Pieces of the drum kit in a text: "no snare", "without hats or claps", 不要军鼓. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from model.drums import ROLES

_TOMS = ("tom_low", "tom_mid", "tom_high")
_HATS = ("closed_hat", "pedal_hat", "open_hat")
_PIECES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\b(?:kick|bass) drums?\b|\bkicks?\b|\bbombo\b|底鼓|低音鼓|キック", ("kick",)),
    (r"\bsnares?\b|\bcaja\b|军鼓|小鼓|スネア", ("snare",)),
    (r"\brim ?-?shots?\b|\brims?\b|\bside ?sticks?\b|\bcross ?sticks?\b|边击", ("rim",)),
    (r"\b(?:hand ?-?)?claps?\b|拍手|クラップ", ("clap",)),
    (r"\bclosed (?:hi-?)?hats?\b|闭镲", ("closed_hat",)),
    (r"\bopen (?:hi-?)?hats?\b|开镲", ("open_hat",)),
    (r"\bpedal (?:hi-?)?hats?\b", ("pedal_hat",)),
    (r"\bhi-? ?hats?\b|\bhats?\b|踩镲|ハイハット", _HATS),
    (r"\b(?:floor|low) toms?\b", ("tom_low",)),
    (r"\bmid(?:dle)? toms?\b", ("tom_mid",)),
    (r"\b(?:high|rack) toms?\b", ("tom_high",)),
    (r"\btoms?\b|\btom-toms?\b|通鼓|嗵鼓|タム", _TOMS),
    (r"\bcrash(?:es)?\b|吊镲|クラッシュ", ("crash",)),
    (r"\brides?\b(?! (?:home|along|together|on|the|a)\b)|叮叮镲|ライド", ("ride",)),
    (r"\bcymbals?\b|镲片?|シンバル", ("crash", "ride")),
    (r"\bshakers?\b|\bmaracas\b|沙锤|シェイカー", ("shaker",)),
    (r"\bcow ?bells?\b|\bcongas?\b|\bbongos?\b|\btambourines?\b|\bpercs?\b|牛铃|康加鼓?|邦戈鼓?", ("perc",)),
)
_PIECE = re.compile("|".join(f"({pattern})" for pattern, _ in _PIECES))
assert {role for _, roles in _PIECES for role in roles} == set(ROLES)


def pieces(lower: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield the pieces that a lower-case text names: where each begins and ends, and its roles (`model.drums.ROLES`)."""
    for match in _PIECE.finditer(lower):
        if match.lastindex is not None:
            yield match.start(), match.end(), _PIECES[match.lastindex - 1][1]
