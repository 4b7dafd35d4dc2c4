"""Pieces by grammar: a style (or two), a key, a form and a mood become a `Song`, never the same twice."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from model.decoder.tokenizer import BarLine
from model.music.chord_lists import parse_progression
from model.music.harmony import MODES, QUALITIES, Chord, Key, parse_key
from model.music.notes import Note, Ticks, beat_length, beats_in_bar
from model.styles import GRAMMAR_STYLES
from model.training.corpus.song import Song
from model.training.corpus.voicing import voiced
from model.training.styles.grammar import Style, styles
from model.training.styles.kit import Drummer
from model.training.styles.lines import bass_bar, comp_bar
from model.training.styles.rhythm import mutated
from model.training.styles.tune import MelodyWriter

LENGTHS = (4, 8, 8, 8, 12, 16, 16, 16, 24, 32)
"""How long pieces are, in bars."""


def sections(form: str, bars: int, rng: random.Random, *, closes: bool) -> list[str]:
    """Return the section of each bar; a phrase's last bar is a fill now and then, the last of all an ending."""
    phrase = 8 if bars % 8 == 0 and bars >= 16 and rng.random() < 0.6 else 4
    count = -(-bars // phrase)
    told: list[str] = []
    for i, kind in enumerate(_phrases(form, count, rng)):
        bars_here = [kind] * phrase
        following = i + 1 < count or not closes
        if kind in ("groove", "variation", "drop") and following and form != "through" and rng.random() < 0.7:
            bars_here[-1] = "fill"
        told += bars_here
    told = told[:bars]
    if closes:
        told[-1] = "ending"
    return told


def _phrases(form: str, count: int, rng: random.Random) -> list[str]:
    if form == "through":
        return ["groove" if i % 2 == 0 or rng.random() < 0.5 else "variation" for i in range(count)]
    if count == 1:
        return [rng.choice(("groove", "groove", "groove", "variation", "drop" if form == "club" else "groove"))]
    if form == "club" and count >= 3:
        whole = rng.choice((["intro", "build", "drop", "break"], ["groove", "break", "build", "drop"],
                            ["groove", "variation", "break", "drop"], ["intro", "groove", "build", "drop"]))  # fmt: skip
    elif form == "song" and count >= 3:
        whole = rng.choice((["intro", "groove", "variation", "groove"], ["groove", "variation", "break", "variation"],
                            ["groove", "groove", "build", "variation"], ["groove", "variation", "groove", "variation"]))  # fmt: skip
    elif count >= 3:
        whole = rng.choice((["groove", "groove", "variation", "groove"], ["intro", "groove", "variation", "break"],
                            ["groove", "variation", "break", "groove"]))  # fmt: skip
    else:
        whole = rng.choice((["groove", "variation"], ["groove", "groove"], ["build", "drop"] if form == "club" else
                            ["groove", "variation"], ["intro", "groove"]))  # fmt: skip
    return [whole[i % len(whole)] for i in range(count)]


SEVENTHS = {"": "maj7", "m": "m7", "dim": "m7b5", "sus4": "7sus4"}
NINTHS = {"": "maj9", "m": "m9", "maj7": "maj9", "m7": "m9", "7": "9", "6": "69", "7sus4": "7sus4"}
RICHEST = {"7": "13", "9": "13", "m9": "m11", "maj9": "maj13", "m7": "m11", "m7b5": "m7b5"}
ADDED = {"": ("add9", "sus2", "6"), "m": ("madd9", "m7", "m6")}


def fit(which: str, key: Key) -> float:
    """Return the share of a progression's tones that lie in a key."""
    tones = [p for bar in parse_progression(which, key) for c in bar for p in c.pitch_classes]
    return sum(p in key.pitch_classes for p in tones) / len(tones)


def progression(which: str, key: Key, colour: float, rng: random.Random) -> list[list[Chord]]:
    """Return the chords of each bar of one round, coloured: 0 plain triads, 1 elevenths and thirteenths."""
    bars = parse_progression(which, key)
    return [[_coloured(c, key, colour, rng) for c in bar] for bar in bars]


def _coloured(chord: Chord, key: Key, colour: float, rng: random.Random) -> Chord:
    quality = chord.quality
    dominant = quality == "" and (chord.root + 10) % 12 in key.pitch_classes and (chord.root - key.tonic) % 12 == 7
    draw = colour + rng.uniform(-0.18, 0.18)
    if draw > 0.3 and quality in SEVENTHS:
        quality = (
            "7"
            if dominant or ((chord.root + 11) % 12 not in key.pitch_classes and quality == "")
            else SEVENTHS[quality]
        )
    elif draw > 0.18 and quality in ADDED and rng.random() < 0.5:
        quality = rng.choice(ADDED[quality])
    if draw > 0.58:
        quality = NINTHS.get(quality, quality)
    if draw > 0.82:
        quality = RICHEST.get(quality, quality)
    if draw > 0.75 and quality in ("7", "9", "13") and (chord.root - key.tonic) % 12 == 7 and key.minor:
        quality = rng.choice(("7b9", "7#9", "7alt"))
    if quality not in QUALITIES:
        quality = chord.quality
    return Chord(chord.root, quality, chord.bass)


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PieceSpec:
    """What a piece shall be like; None leaves it to chance within the style. Levels 0..1."""

    energy: float | None = None
    density: float | None = None
    colour: float | None = None
    tempo: float | None = None
    key: str | None = None
    bars: int | None = None


ANY = PieceSpec()
FITTING = 25.0
"""How strongly a mode is preferred in which more of the progression's tones lie."""


def piece(name: str, seed: int, mood: PieceSpec = ANY, blend: str | None = None, *, held_out: bool = False) -> Song:
    """Return a piece of a style; with `blend` its chords and melody are another style's.

    The last kit, bass, comping, progression and melody cell of each style are for `held_out` pieces only, so that
    a model trained on the others has never seen them.
    """
    rng = random.Random(f"{name}/{blend}/{seed}/{held_out}")
    return _Writer(styles()[name], styles()[blend or name], mood, rng, held_out=held_out).song(seed)


class _Writer:
    """One piece in the making."""

    def __init__(self, style: Style, upper: Style, mood: PieceSpec, rng: random.Random, *, held_out: bool) -> None:
        self._style, self._upper, self._rng, self._held = style, upper, rng, held_out
        drawn = rng.betavariate(1.3, 1.3)
        low, high = style.energy
        self._energy = mood.energy if mood.energy is not None else low + (high - low) * drawn
        self._density = (
            mood.density if mood.density is not None else min(1, max(0, rng.gauss(0.25 + 0.5 * drawn, 0.25)))
        )
        low, high = upper.colour
        self._colour = mood.colour if mood.colour is not None else rng.uniform(low, high)
        self._tempo = mood.tempo or round(rng.uniform(*style.tempo), 1)
        self._turns = [rng.choice(self._allowed(upper.progressions))]
        tonic = rng.randrange(12)
        keys = [parse_key(mood.key)] if mood.key else [Key(tonic, mode, MODES[mode]) for mode in upper.modes]
        fits = [upper.modes.get(k.mode, 1.0) * math.exp(FITTING * fit(self._turns[0], k)) for k in keys]
        self._key = rng.choices(keys, fits)[0]
        near = sorted(self._allowed(upper.progressions), key=lambda p: -fit(p, self._key))
        if mood.key and fit(self._turns[0], self._key) < fit(near[0], self._key) - 0.05:
            self._turns = near[:1]
        self._turns.append(rng.choice(near[: max(2, len(near) // 2)]))
        self._bars = mood.bars or rng.choice(LENGTHS)
        self._closes = rng.random() < 0.25
        self._sections = sections(style.form, self._bars, rng, closes=self._closes)
        self._beats = beats_in_bar(style.meter)
        self._ticks = self._beats * beat_length(style.meter)

    def song(self, seed: int) -> Song:
        """Return the piece."""
        style, upper = self._style, self._upper
        chords = self._chords()
        notes = self._comp(chords) + self._bass_and_drums(chords) + self._melody(chords)
        bars = tuple((Ticks(i * self._ticks), style.meter) for i in range(self._bars))
        changes = [(Ticks(bar * self._ticks + at), chord) for bar, here in enumerate(chords) for at, chord in here]
        mix: tuple[tuple[str, float], ...] = ((style.name, 1.0),)
        if upper is not style:
            mix = ((style.name, 0.6), (upper.name, 0.4))
        lines = tuple(
            BarLine(self._bars - i if self._closes else 0, s, i % 8 + 1) for i, s in enumerate(self._sections)
        )
        return Song(
            f"{style.name}-{upper.name}-{seed}", "grammar", f"{style.name} {seed}", self._tempo,
            self._key.name, bars, Ticks(self._bars * self._ticks),
            tuple(sorted(self._with_micro_timing(n) for n in notes)), tuple(changes), (), mix, lines, has_velocities=True, has_timing=True,
        )  # fmt: skip

    def _allowed(self, ways: Sequence[T]) -> Sequence[T]:
        """Return the ways that this piece may use: all but the last, or the last alone where it is held out."""
        if len(ways) < 3:
            return ways
        return ways[-1:] if self._held else ways[:-1]

    def _chords(self) -> list[list[tuple[int, Chord]]]:
        """Return the chords of each bar with their first ticks; a chord that goes on is said again at its bar."""
        rng = self._rng
        rounds = [progression(turn, self._key, self._colour, rng) for turn in self._turns]
        rate = rng.choice(self._upper.rate)
        turns = [[c for bar in r for c in bar] for r in rounds]
        even = all(len(bar) == 1 for r in rounds for bar in r)
        found: list[list[tuple[int, Chord]]] = []
        for bar in range(self._bars):
            which = 1 if self._sections[bar] in ("variation", "break") and len(rounds) > 1 else 0
            if even and rate >= 2 and self._beats % 2 == 0:
                line = turns[which]
                pair = [line[2 * bar % len(line)], line[(2 * bar + 1) % len(line)]]
                found.append([(0, pair[0]), (self._ticks // 2, pair[1])])
            elif even and rate < 1:
                line = turns[which]
                found.append([(0, line[int(bar * rate) % len(line)])])
            else:
                here = rounds[which][bar % len(rounds[which])][: self._beats]
                starts = [-(-i * self._beats // len(here)) * (self._ticks // self._beats) for i in range(len(here))]
                found.append(list(zip(starts, here, strict=True)))
        if self._closes:
            found[-1] = [(0, self._home())]
        return found

    def _home(self) -> Chord:
        quality = "m" if self._key.minor else ""
        rich = {"": "maj9", "m": "m9"}[quality] if self._colour > 0.55 else quality
        return Chord(self._key.tonic, rich, self._key.tonic)

    def _comp(self, chords: list[list[tuple[int, Chord]]]) -> list[Note]:
        rng, upper = self._rng, self._upper
        ways = sorted(self._allowed(upper.comp), key=lambda c: len(c.replace(".", "").replace("-", "")) / len(c))
        pick = self._weighted(ways)
        other = self._weighted(ways)
        how = rng.choice(upper.voicing)
        low = upper.low + rng.choice((-3, 0, 0, 3))
        high = upper.high + rng.choice((-3, 0, 0, 4))
        before: list[int] = []
        notes: list[Note] = []
        for bar, here in enumerate(chords):
            spread = []
            for at, chord in here:
                before = voiced(chord, how, low, high, [] if how == "parallel" else before)
                spread.append((at, before))
            section = self._sections[bar]
            pattern = other if section in ("variation", "drop") else pick
            loud = (62 if upper.feel != "machine" else 70) * (0.72 + 0.5 * self._energy)
            if section == "ending" or (section == "break" and rng.random() < 0.5):
                pattern = "X" + "-" * (len(pick.split("|")[0]) - 1)
            if section == "intro":
                loud *= 0.9
            if section == "build":
                loud *= 0.85 + 0.05 * (bar % 4)
            notes += [_moved(n, bar * self._ticks) for n in comp_bar(pattern, bar, self._ticks, spread, loud, rng)]
        return notes

    def _weighted(self, ways: Sequence[str]) -> str:
        """Draw one of the ways, ordered sparse to busy, near the piece's density; sometimes changed a little."""
        centre = self._density * (len(ways) - 1)
        chosen = self._rng.choices(ways, [2.0 ** -abs(i - centre) for i in range(len(ways))])[0]
        if chosen in ("walk", "kick") or any(c.isdigit() for c in chosen) or self._rng.random() < 0.6:
            return chosen
        return mutated(chosen, self._rng, 1)

    def _bass_and_drums(self, chords: list[list[tuple[int, Chord]]]) -> list[Note]:
        rng, style = self._rng, self._style
        kits = tuple(self._allowed(style.drums))
        kit = Drummer(style, kits, self._energy, rng) if kits and rng.random() >= style.drumless else None
        ways = sorted(self._allowed(style.bass), key=_busyness)
        pick, other = self._weighted(ways), self._weighted(ways)
        kick = kit.kick if kit else "x.......x......."
        notes: list[Note] = []
        for bar, here in enumerate(chords):
            section = self._sections[bar]
            after = chords[(bar + 1) % len(chords)][0][1]
            line = bar * self._ticks
            if kit:
                first = bar == 0 or self._sections[bar - 1] != section
                notes += [_moved(n, line) for n in kit.bar(bar, section, first, self._ticks)]
            silent = (section == "break" and rng.random() < 0.5) or (section == "intro" and bar < self._bars // 2 > 1)
            if silent and kit:
                continue
            pattern = other if section in ("variation", "drop") else pick
            if section == "ending":
                pattern = "R" + "-" * 15
            loud = 86 * (0.68 + 0.42 * self._energy)
            played = bass_bar(pattern, bar, self._ticks, here, after, kick, self._key, style.bass_low, loud, rng)
            notes += [_moved(n, line) for n in played]
        return notes

    def _melody(self, chords: list[list[tuple[int, Chord]]]) -> list[Note]:
        tune = self._upper.melody
        if not tune.cells:
            return []
        singer = MelodyWriter(tune, tuple(self._allowed(tune.cells)), self._key, self._density, self._rng)
        loud = 80 * (0.74 + 0.42 * self._energy)
        notes: list[Note] = []
        for bar, here in enumerate(chords):
            closes = self._closes and bar == self._bars - 1
            written = singer.bar(bar, self._sections[bar], self._ticks, here, loud, closes=closes)
            notes += [_moved(n, bar * self._ticks) for n in written if n.start < self._ticks]
        return notes

    def _with_micro_timing(self, note: Note) -> Note:
        """Return the note with its micro-timing: none of machines, a player's of people. Ticks of 1/480 quarter."""
        rng, feel = self._rng, self._style.feel
        if feel == "machine" or (self._upper.feel == "machine" and note.part != "drums"):
            return note
        late, spread = {"pushed": (-3, 2.0), "human": (0, 3.0), "laid back": (4, 3.0), "drunk": (3, 5.0)}[feel]
        if feel == "drunk" and note.part == "drums" and note.pitch == 38:
            late = -4
        if note.part in ("melody", "chords") and feel in ("laid back", "drunk"):
            late += 2
        offset = max(-10, min(9, round(rng.gauss(late, spread))))
        return replace(note, offset=offset if note.start + offset >= 0 else 0)


def _moved(note: Note, ticks: int) -> Note:
    return replace(note, start=Ticks(note.start + ticks))


def _busyness(pattern: str) -> float:
    if pattern in ("walk", "kick"):
        return 0.3
    return len(pattern.replace(".", "").replace("-", "").replace("|", "")) / len(pattern)


PIECES = 180
"""Training pieces of each grammar; as many blends in all as five styles' worth."""
HELD = 12
"""Pieces of each grammar for validation (new seeds), and for tests (new patterns)."""


def pieces(count: int) -> list[tuple[str, Song]]:
    """Return the pieces by grammar, each with its split; test pieces use patterns that no other piece has."""
    found = [("train", piece(s, i)) for s in GRAMMAR_STYLES for i in range(count)]
    rng = random.Random(0)
    for i in range(count * 5):
        lower, upper = rng.sample(GRAMMAR_STYLES, 2)
        found.append(("train", piece(lower, i, blend=upper)))
    held = max(1, min(HELD, count // 4))
    found += [("validation", piece(s, 10_000 + i)) for s in GRAMMAR_STYLES for i in range(held)]
    found += [("test", piece(s, 20_000 + i, held_out=True)) for s in GRAMMAR_STYLES for i in range(held)]
    return found
