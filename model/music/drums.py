"""The roles of a drum kit. Drums are written as roles; which note plays one is decided at output."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

ROLES = {
    "kick": 36, "snare": 38, "rim": 37, "clap": 39, "closed_hat": 42, "pedal_hat": 44, "open_hat": 46,
    "tom_low": 43, "tom_mid": 47, "tom_high": 50, "crash": 49, "ride": 51, "shaker": 70, "perc": 56,
}  # fmt: skip
"""Role → the General MIDI note that stands for it everywhere in the model (`Note.pitch` of a drum)."""
ROLE_OF = {note: role for role, note in ROLES.items()}

HAND_PERCUSSION = (54, 56, 58, *range(60, 88))
"""General MIDI's hand percussion: what the part `perc` strikes. It is not the role `perc` of a kit."""

_PADS = {"shaker": 45, "perc": 48}
"""The roles that General MIDI has above a rack of sixteen pads (36..51): there they take free pads among its toms."""


@cache
def drum_map(text: str) -> Mapping[int, int]:
    """Return which note plays each role, both as notes: role's General MIDI note → note sent.

    The text is "gm", "rack16" (all roles within 36..51) or pairs such as "kick:36, snare:40"; roles that are not
    named keep their General MIDI note. Raises ValueError.
    """
    if text == "gm":
        return MappingProxyType({note: note for note in ROLES.values()})
    if text == "rack16":
        return MappingProxyType({note: _PADS.get(role, note) for role, note in ROLES.items()})
    notes: dict[str, int] = {}
    for pair in text.split(","):
        role, colon, number = (word.strip() for word in pair.partition(":"))
        if not colon:
            raise ValueError(f"a drum map is gm, rack16 or role:note pairs such as kick:36, not {pair.strip()!r}")
        if role not in ROLES:
            raise ValueError(f"a drum role is one of {' '.join(ROLES)}, not {role!r}")
        if role in notes:
            raise ValueError(f"a drum role has one note: {role} is there twice")
        if not (number.isascii() and number.isdecimal() and int(number) <= 127):
            raise ValueError(f"a drum's note is in 0..127, not {number!r}")
        notes[role] = int(number)
    return MappingProxyType({note: notes.get(role, note) for role, note in ROLES.items()})
