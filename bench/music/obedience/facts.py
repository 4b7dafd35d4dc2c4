"""Were the stated facts obeyed? Judged by what the .mid holds and sounds, and by what was understood. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bench.music.obedience import measure_song
from bench.music.obedience.expectations import Expected, inside
from model.music.harmony import Chord, Key, parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import PARTS
from model.music.plan import Plan

IN_SCALE = 0.85
"""Share of the sounding time that lies in a scale that is obeyed: chords of other keys pass through."""
IN_CHORD = 0.75
"""Share of the sounding time of chords and bass that belongs to the chord given."""
EARLY = 20
"""Ticks by which a player may be early for a chord."""
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii")

Bars = list[list[Chord]]
Alike = Callable[[Chord, Chord], bool]


class Verdict(NamedTuple):
    """One expectation: what was heard and what was understood; None where that cannot tell."""

    name: str
    said: str
    heard: bool | None
    understood: bool | None
    found: str


def judged(expected: Expected, song: Song | None, plan: Plan) -> list[Verdict]:
    """Return a verdict on each expectation. The song is as its file is read back; without one only words are judged.

    Where chords were given that leave the tonic neither first nor last nor longest, no music can do both: such keys are
    judged by their scale and counted apart, as `OPEN`.
    """
    return [
        Verdict(
            OPEN if name == "key" and song is not None and _left_open(said, song, plan) else name,
            said,
            None if song is None else _HEARD[name](said, song, plan),
            _UNDERSTOOD[name](said, plan),
            f"{'' if song is None else _sounding(name, song, plan)} (understood {_told(name, plan)})",
        )
        for name, said in expected
    ]


# --- what was understood ---------------------------------------------------------------------------


def _meter_understood(said: str, plan: Plan) -> bool:
    return plan.meter != said[1:] if said.startswith("!") else plan.meter == said


def _key_understood(said: str, plan: Plan) -> bool:
    wanted, found = parse_key(said), parse_key(plan.key)
    return (wanted.tonic, wanted.scale) == (found.tonic, found.scale)


def _bars_understood(given: Callable[[str, Plan], Bars], alike: Alike) -> Callable[[str, Plan], bool]:
    def told(said: str, plan: Plan) -> bool:
        written = [[parse_chord(c) for c in bar.split()] for bar in plan.progression or ()]
        return _round(written, given(said, plan), alike)

    return told


def _degrees_understood(said: str, plan: Plan) -> bool:
    return _in_order(_symbols(",".join(plan.progression or ()), plan), _numerals(said, plan))


def _symbols(said: str, plan: Plan) -> Bars:
    return [[parse_chord(c) for c in bar.split()] for bar in said.split(",") if bar]


def _numerals(said: str, plan: Plan) -> Bars:
    key = parse_key(plan.key)
    return [[_degree(c, key) for c in bar.split()] for bar in said.split(",")]


def _degree(roman: str, key: Key) -> Chord:
    """Return the triad of a plain numeral: capitals major, degrees of the key's own major or minor scale."""
    scale = (0, 2, 3, 5, 7, 8, 10) if key.minor else (0, 2, 4, 5, 7, 9, 11)
    root = (key.tonic + scale[_ROMAN.index(roman.lower())]) % 12
    return Chord(root, "m" if roman.islower() else "", root)


def _same(a: Chord, b: Chord) -> bool:
    return a == b


def _same_triad(a: Chord, b: Chord) -> bool:
    minor = [(c.root + 3) % 12 in c.pitch_classes and (c.root + 4) % 12 not in c.pitch_classes for c in (a, b)]
    return a.root == b.root and minor[0] == minor[1]


def _round(written: Bars, given: Bars, alike: Alike) -> bool:
    """Tell whether bars go round and round through the given ones; a chord said twice in a row counts once."""
    pairs = ((_once(bar), _once(given[i % len(given)])) for i, bar in enumerate(written))
    return bool(written) and all(len(a) == len(b) and all(map(alike, a, b)) for a, b in pairs)


def _in_order(written: Bars, given: Bars) -> bool:
    """Tell whether chords come in the order of the given ones, again and again; numerals say no lengths."""
    chords, order = (_once([c for bar in bars for c in bar]) for bars in (written, given))
    if len(order) > 1 and order[0] == order[-1]:  # it goes round, and a chord said twice in a row counts once
        order = order[:-1]
    return bool(chords) and all(_same_triad(c, order[i % len(order)]) for i, c in enumerate(chords))


def _once(chords: list[Chord]) -> list[Chord]:
    return [c for c, before in zip(chords, [None, *chords], strict=False) if c != before]


_UNDERSTOOD: dict[str, Callable[[str, Plan], bool]] = {
    "tempo": lambda said, plan: inside(plan.tempo, said, 0.01),
    "meter": _meter_understood,
    "bars": lambda said, plan: plan.bars == int(said),
    "key": _key_understood,
    "mode": lambda said, plan: parse_key(plan.key).minor == (said == "minor"),
    "swing": lambda said, plan: inside(plan.swing, said, 0.001),
    "feel": lambda said, plan: plan.feel == said,
    "parts": lambda said, plan: set(plan.parts) == set(said.split(",")),
    "without": lambda said, plan: not set(plan.parts) & set(said.split(",")),
    "has": lambda said, plan: set(said.split(",")) <= set(plan.parts),
    "chords": _bars_understood(_symbols, _same),
    "roots": _bars_understood(_symbols, _same_triad),
    "degrees": _degrees_understood,
    "figure": lambda said, plan: said in plan.figures,
}


# --- what the file holds and sounds ----------------------------------------------------------------


def _meter_heard(said: str, song: Song, plan: Plan) -> bool:
    meters = {meter for _, meter in song.bars}
    return said[1:] not in meters if said.startswith("!") else meters == {said}


def _key_heard(said: str, song: Song, plan: Plan) -> bool | None:
    notes, key = measure_song.pitched(song), parse_key(said)
    if not notes:
        return None
    filed = parse_key(song.key).signature == parse_key(key.signature).signature
    share = float(measure_song.class_time(notes)[list(key.pitch_classes)].sum())
    return filed and share >= IN_SCALE and (_left_open(said, song, plan) or _is_centre(song, key.tonic))


OPEN = "key, of chords that leave it open"


def _left_open(said: str, song: Song, plan: Plan) -> bool:
    """Tell whether a progression was given which, laid over the bars, has the tonic neither first nor last nor longest."""
    if plan.progression is None:
        return False
    bars = [plan.progression[i % len(plan.progression)].split() for i in range(len(song.bars))]
    laid = [
        (at + i * (end - at) // len(bar), at + (i + 1) * (end - at) // len(bar), parse_chord(symbol))
        for bar, (at, _), (end, _) in zip(bars, song.bars, [*song.bars[1:], (song.end, "")], strict=True)
        for i, symbol in enumerate(bar)
    ]
    return not _roots_it(laid, parse_key(said).tonic)


def _is_centre(song: Song, tonic: int) -> bool:
    """Tell whether a tonic roots the first, last or longest chord; without chords, whether three tones at most sound longer."""
    chords = measure_song.spans(song)
    if not chords:
        return tonic in np.argsort(measure_song.class_time(measure_song.pitched(song)))[-4:]
    return _roots_it(chords, tonic)


def _roots_it(chords: Sequence[tuple[int, int, Chord]], tonic: int) -> bool:
    """Tell whether a tonic roots the first, last or longest of chords, told with their starts and ends."""
    time = np.zeros(12)
    for start, end, chord in chords:
        time[chord.root] += end - start
    return tonic in (chords[0][2].root, chords[-1][2].root, int(time.argmax()))


def _mode_heard(said: str, song: Song, plan: Plan) -> bool | None:
    notes, tonic = measure_song.pitched(song), parse_key(song.key).tonic
    time = measure_song.class_time(notes)
    minor = bool(time[(tonic + 3) % 12] > time[(tonic + 4) % 12])
    return (minor == parse_key(song.key).minor == (said == "minor")) if notes else None


def _swing_heard(said: str, song: Song, plan: Plan) -> bool | None:
    place = measure_song.swing(song, plan.swing_unit)
    return None if place is None or not song.bars[0][1].endswith("/4") else inside(place, said, 0.03)


def _feel_heard(said: str, song: Song, plan: Plan) -> bool | None:
    back = measure_song.backbeat(song)
    return back[3] > (back[2] + back[4]) / 2 if said == "half" and back.total() else None


def playing(song: Song) -> set[str]:
    """Return the parts that have notes."""
    return {n.part for n in song.notes}


def _bars_heard(given: Callable[[str, Plan], Bars], alike: Alike) -> Callable[[str, Song, Plan], bool]:
    def heard(said: str, song: Song, plan: Plan) -> bool:
        starts = [at for at, _ in song.bars]
        spans = measure_song.spans(song)
        written = [
            [c for at, to, c in spans if at < end and to > start]
            for start, end in zip(starts, [*starts[1:], song.end], strict=True)
        ]
        return _round(written, given(said, plan), alike) and _chord_time(song) >= IN_CHORD

    return heard


def _degrees_heard(said: str, song: Song, plan: Plan) -> bool:
    written = [[chord for _, _, chord in measure_song.spans(song)]]
    return _in_order(written, _numerals(said, plan)) and _chord_time(song) >= IN_CHORD


def _chord_time(song: Song) -> float:
    """Return the share of the time of chords and bass that belongs to the chord under which a note begins."""
    within = whole = 0
    for start, end, chord in measure_song.spans(song):
        for note in song.notes:
            # a player is up to ten ticks early
            if note.part in ("chords", "bass") and start <= note.start + EARLY < end:
                whole += note.length
                within += note.length * (note.pitch % 12 in chord.pitch_classes)
    return within / whole if whole else 1.0


_HEARD: dict[str, Callable[[str, Song, Plan], bool | None]] = {
    "tempo": lambda said, song, plan: inside(song.tempos[0][1], said, 0.01),
    "meter": _meter_heard,
    "bars": lambda said, song, plan: len(song.bars) == int(said),
    "key": _key_heard,
    "mode": _mode_heard,
    "swing": _swing_heard,
    "feel": _feel_heard,
    "parts": lambda said, song, plan: playing(song) == set(said.split(",")),
    "without": lambda said, song, plan: bool(song.notes) and not playing(song) & set(said.split(",")),
    "has": lambda said, song, plan: set(said.split(",")) <= playing(song),
    "chords": _bars_heard(_symbols, _same),
    "roots": _bars_heard(_symbols, _same_triad),
    "degrees": _degrees_heard,
    "figure": lambda said, song, plan: measure_song.figure(song, said),
}


# --- what to say of a miss -------------------------------------------------------------------------


def _sounding(name: str, song: Song, plan: Plan) -> str:
    match name:
        case "tempo":
            return f"{song.tempos[0][1]:.1f}"
        case "meter":
            return song.bars[0][1]
        case "bars":
            return str(len(song.bars))
        case "key" | "mode":
            share = measure_song.class_time(measure_song.pitched(song))[list(parse_key(plan.key).pitch_classes)].sum()
            return f"{song.key}, {100 * share:.0f} % within {plan.key}"
        case "swing":
            return str(measure_song.swing(song, plan.swing_unit))
        case "feel":
            return f"backbeats {dict(measure_song.backbeat(song))}"
        case "parts" | "without" | "has":
            return ",".join(p for p in PARTS if p in playing(song))
        case _:
            return f"{' '.join(symbol for _, symbol in song.chords[:8])}, {_chord_time(song):.2f} chord tones"


def _told(name: str, plan: Plan) -> str:
    match name:
        case "mode":
            return plan.key
        case "without" | "has":
            return ",".join(plan.parts)
        case "chords" | "roots" | "degrees":
            return f"{plan.progression} in {plan.key}"
        case "figure":
            return ",".join(plan.figures)
        case _:
            return str(getattr(plan, name))
