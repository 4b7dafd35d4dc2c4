"""The roles of a drum kit. Drums are written as roles; which note plays one is decided at output."""

from __future__ import annotations

ROLES = {
    "kick": 36, "snare": 38, "rim": 37, "clap": 39, "closed_hat": 42, "pedal_hat": 44, "open_hat": 46,
    "tom_low": 43, "tom_mid": 47, "tom_high": 50, "crash": 49, "ride": 51, "shaker": 70, "perc": 56,
}  # fmt: skip
"""Role → the General MIDI note that stands for it everywhere in the model (`Note.pitch` of a drum)."""
ROLE_OF = {note: role for role, note in ROLES.items()}
