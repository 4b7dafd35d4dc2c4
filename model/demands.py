"""What a beat owes to its first tick: a chord that was given is heard as that chord, a part that is due is heard, a close has its chord and bass. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.harmony import QUALITIES, Chord
from model.language import note_event
from model.looking_back import ENTERING
from model.rules import Rules
from model.worths import PITCHES, among

Free = npt.NDArray[np.bool_]
Demand = tuple[int, set[int]]
"""An event, and the pitch classes that it must bring."""


def demanded(rules: Rules) -> list[Demand]:
    """Return what must sound on the first tick, in order."""
    chord, demands = rules.change, list[Demand]()
    if "drums" in rules.due:
        demands.append((note_event("drums", 0), set()))
    if rules.obey and chord is not None:
        if "bass" in rules.parts:
            demands.append((note_event("bass", 0), {chord.bass}))
        if "chords" in rules.parts:
            demands.append((note_event("chords", 0), _essential(chord, rules)))
    elif rules.closing and rules.must_choose:
        demands += [(note_event(part, 0), set()) for part in ("bass", "chords") if part in rules.parts]
    known = {event for event, _ in demands}
    due = [note_event(part, 0) for part in ENTERING if part in rules.due]
    return demands + [(event, set()) for event in due if event not in known]


def within_reach(classes: frozenset[int], part: str, low: int, above: int, free: Free) -> Free:
    """Return which pitches 0..127 may bring one of the classes that are demanded, `(128,)`.

    They lie low enough for a beginning, from `low` on, and near enough above the voice that was written last (`above`, -1 of none),
    for the other tones to find room; further up where none of them is `free`.
    """
    wanted = among(classes)
    near = (above + 9 if above >= 0 else low + (18 if part == "bass" else 7)) >= PITCHES
    if not (wanted & near & free).any():
        near = max(low, above) + 12 >= PITCHES
    return np.asarray(wanted & near)


def _essential(chord: Chord, rules: Rules) -> set[int]:
    """Return the pitch classes without which a chord is another one; the bass may bring the root."""
    tones = QUALITIES[chord.quality]
    kept = tones if len(tones) <= 4 else tuple(t for t in tones if t != 7)
    if len(kept) > 3 and "bass" in rules.parts:
        kept = tuple(t for t in kept if t != 0)
    wanted = {(chord.root + t) % 12 for t in kept}
    if rules.lock >= 1:
        wanted &= rules.scale
    return wanted
