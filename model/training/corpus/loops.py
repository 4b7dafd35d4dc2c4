"""Chord loops with the moods that one author gave them: progressions in some keys, played in some rhythms.

A rhythm is ours, and so are the voicings; a chord lasts a bar. They do not end, so nothing is said of bars left.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from model.decoder.tokenizer import BarLine
from model.music.harmony import MODES, SUFFIXES, Chord, Key
from model.music.notes import Note, Ticks
from model.music.numerals import roman
from model.training.corpus.scores import LEVEL
from model.training.corpus.song import Song
from model.training.corpus.voicing import voiced

BAR = 1920
FEWEST_BARS = 8
RHYTHMS = {
    "held chords": ((0, 1920),),
    "two chords a bar": ((0, 960), (960, 960)),
    "steady quarter-note chords": ((0, 420), (480, 420), (960, 420), (1440, 420)),
    "off-beat chords": ((240, 200), (720, 200), (1200, 200), (1680, 200)),
    "charleston comping": ((0, 720), (720, 960)),
    "tresillo chords": ((0, 640), (720, 640), (1440, 400)),
    "pushing eighth-note chords": tuple((t, 200) for t in range(0, BAR, 240)),
}
"""Name → (start, length) in ticks of each stroke of a bar."""
KEYS = 2
"""How many keys each progression is played in, each with …"""
STROKES = 3
"""… so many rhythms."""
NO_MOOD = ("New", "Cadence")


def load(path: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield every progression of chord_moods.json, each in `KEYS` keys and `STROKES` rhythms; one title for all."""
    for scale, entries in json.loads(path.read_text(encoding="utf-8"))["scales"].items():
        for number, entry in enumerate(entries):
            rng = random.Random(f"{scale}-{number}")
            for tonic in rng.sample(range(12), KEYS):
                try:
                    key, chords = progression(entry["numerals"], tonic, flats_said=scale == "modal")
                except ValueError:
                    drops["a chord without a name of ours"] = drops.get("a chord without a name of ours", 0) + 1
                    break
                for rhythm in rng.sample(tuple(RHYTHMS), STROKES):
                    moods = [m for m in entry["moods"] if m not in NO_MOOD]
                    name = f"loops-{scale}-{number:02}-{tonic}-{tuple(RHYTHMS).index(rhythm)}"
                    yield loop(name, " ".join(entry["numerals"]), key, chords, rhythm, moods)


def progression(numerals: list[str], tonic: int, *, flats_said: bool) -> tuple[Key, list[Chord]]:
    """Return the key and chords of numerals as the set spells them. Raises ValueError.

    Degrees follow the key, or the major scale where `flats_said`. "im" is "i" and "IM" is "I"; a seventh is the key's own unless it says "dom7". The mode is the one that holds
    most of the tones, among those on the first chord's side.
    """
    home = next((n for n in numerals if n.lstrip("b#").rstrip("mM0123456789") in ("i", "I")), numerals[0])
    minor = home.lstrip("b#").startswith("i")
    mode = "minor" if minor and not flats_said else "major"
    key = Key(tonic, mode, MODES[mode])
    chords = [_chord(n, key) for n in numerals]
    modes = ("minor", "dorian", "phrygian", "harmonic minor") if minor else ("major", "mixolydian", "lydian")
    tones = [p for c in chords for p in c.pitch_classes]
    best = max(modes, key=lambda m: sum((p - tonic) % 12 in MODES[m] for p in tones))
    return Key(tonic, best, MODES[best]), chords


def _chord(numeral: str, key: Key) -> Chord:
    plain = numeral.lstrip("b#")
    degree = plain[: len(plain) - len(plain.lstrip("iIvV"))]
    suffix = plain[len(degree) :]
    root = roman(numeral[: len(numeral) - len(suffix)], key).root
    if suffix == "7":
        third = "m" if degree.islower() else ""
        seventh = "7" if third or (root + 11) % 12 not in key.pitch_classes else "maj7"
        return Chord(root, third + seventh, root)
    lower = degree.islower() and not suffix.startswith(("m", "M", "sus", "dim", "5"))
    quality = SUFFIXES.get("m" + suffix if lower else suffix)
    if quality is None:
        raise ValueError(f"no chord of ours: {numeral!r}")
    return Chord(root, quality, root)


def loop(name: str, title: str, key: Key, chords: list[Chord], rhythm: str, moods: list[str]) -> Song:
    """Return a progression, round and round for at least eight bars, as block chords that lead from one to the next."""
    rounds = max(2, -(-FEWEST_BARS // len(chords)))
    notes: list[Note] = []
    before: list[int] = []
    for bar, chord in enumerate(chords * rounds):
        before = voiced(chord, "close", 50, 76, before)
        notes += [
            Note(Ticks(bar * BAR + start), Ticks(length), pitch, LEVEL)
            for start, length in RHYTHMS[rhythm]
            for pitch in before
        ]
    count = len(chords) * rounds
    changes = tuple((Ticks(bar * BAR), chord) for bar, chord in enumerate(chords * rounds))
    told = (*(("human", mood.lower()) for mood in moods), ("computed", rhythm))
    return Song(
        name, "loops", title, 0.0, key.name, tuple((Ticks(b * BAR), "4/4") for b in range(count)), Ticks(count * BAR),
        tuple(sorted(notes)), changes, told, (), (BarLine(),) * count,
    )  # fmt: skip
