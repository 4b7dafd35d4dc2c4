"""Drums as people played them: the Groove MIDI Dataset, with each hit's touch and micro-timing.

A hit goes to the nearest place of the grid and keeps how far it was off, as far as the language can say it. What a
whole performance is early or late against the click is no groove and is taken out first. In swung styles the late
off-beat is the straight one: swing is put in by whoever plays.
"""

from __future__ import annotations

import cmath
import csv
import math
from collections.abc import Iterator
from pathlib import Path

import symusic

from model.decoder.tokenizer import BarLine
from model.music.drums import ROLES
from model.music.notes import METERS, TICKS_PER_QUARTER, Note, Ticks, beat_length, beats_in_bar
from model.training.corpus.song import Song, snap_to_grid

HIT = Ticks(120)
"""The length of every hit: a drum row says none."""
PADS = {
    36: "kick", 38: "snare", 40: "snare", 37: "rim", 22: "closed_hat", 42: "closed_hat", 44: "pedal_hat",
    26: "open_hat", 46: "open_hat", 43: "tom_low", 58: "tom_low", 45: "tom_mid", 47: "tom_mid", 48: "tom_high",
    50: "tom_high", 49: "crash", 52: "crash", 55: "crash", 57: "crash", 51: "ride", 53: "ride", 59: "ride",
}  # fmt: skip
"""A Roland TD-11's numbers: 22 and 26 are hi-hat edges, 40 and 58 rims, 52 a china, 53 a bell, 55 a splash."""
STYLES = {
    "rock": "rock", "funk": "funk", "hiphop": "hip hop", "soul": "soul", "motown": "soul", "jazz": "jazz",
    "latin": "latin", "afrocuban": "afro-cuban", "punk": "punk", "neworleans": "new orleans", "country": "country",
    "reggae": "reggae", "gospel": "gospel", "pop": "pop", "disco": "disco", "blues": "blues", "folk": "folk",
    "brazilian-bossa": "bossa nova", "reggaeton": "reggaeton", "afrobeat": "afrobeats",
}  # fmt: skip
"""Words of `primary/detail` → our style; words that are not here name none of ours."""
STRAIGHT = ("funk", "fusion", "linear", "klezmer")
"""Kinds of jazz that do not swing."""


def load(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the beats and fills of info.csv; count in `drops` those left out, and hits on unknown pads."""
    with (folder / "info.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            meter = row["time_signature"].replace("-", "/")
            if meter not in METERS:
                drops["metre outside the contract"] = drops.get("metre outside the contract", 0) + 1
                continue
            track = symusic.Score(str(folder / row["midi_filename"]))
            scale = TICKS_PER_QUARTER / track.ticks_per_quarter
            played = [(n.time * scale, n.pitch, n.velocity) for t in track.tracks for n in t.notes]
            unknown = sum(p not in PADS for _, p, _ in played)
            if unknown:
                drops["hits on unknown pads"] = drops.get("hits on unknown pads", 0) + unknown
            notes = hits(played, swung=swings(row["style"]))
            if notes:
                yield _song(row, meter, notes)
            else:
                drops["no hits"] = drops.get("no hits", 0) + 1


def splits(folder: Path) -> dict[str, str]:
    """Return the set's own division: a song's title → train, validation or test."""
    with (folder / "info.csv").open(newline="", encoding="utf-8") as file:
        return {row["id"]: row["split"] for row in csv.DictReader(file)}


def hits(played: list[tuple[float, int, int]], *, swung: bool) -> tuple[Note, ...]:
    """Return the drum notes of (tick, pad, velocity); of one role struck twice at one place the louder stays."""
    loudest: dict[tuple[int, int], Note] = {}
    late = lateness([tick for tick, _, _ in played])
    for tick, pad, velocity in played:
        if pad not in PADS:
            continue
        start, offset = snap_to_grid(max(0.0, tick - late))
        if swung and start % TICKS_PER_QUARTER == 320:
            start = Ticks(start - 80)
        note = Note(start, HIT, ROLES[PADS[pad]], max(1, min(127, velocity)), "drums", offset)
        place = (start, note.pitch)
        if place not in loudest or loudest[place].velocity < note.velocity:
            loudest[place] = note
    return tuple(sorted(loudest.values()))


def lateness(ticks: list[float]) -> float:
    """Return how many ticks a performance lies behind its sixteenths on the whole, −30..30; 0 for a few hits.

    The mean direction on the circle of a sixteenth: triplets point all ways and leave it alone.
    """
    if len(ticks) < 16:
        return 0.0
    towards = sum(cmath.exp(2j * math.pi * tick / 120) for tick in ticks)
    return max(-30.0, min(30.0, cmath.phase(towards) / (2 * math.pi) * 120))


def swings(style: str) -> bool:
    """Return whether a style's off-beats are late: jazz and shuffles."""
    primary, _, detail = style.partition("/")
    return "shuffle" in detail or (primary == "jazz" and detail not in STRAIGHT)


def _song(row: dict[str, str], meter: str, notes: tuple[Note, ...]) -> Song:
    whole = beats_in_bar(meter) * beat_length(meter)
    count = notes[-1].start // whole + 1
    bars = tuple((Ticks(i * whole), meter) for i in range(count))
    primary, _, detail = row["style"].partition("/")
    primary = primary.replace("hiphop", "hip hop").replace("neworleans", "new orleans")
    detail = "" if detail.startswith("groove") else detail.replace("-", " ")
    kind = "fill" if row["beat_type"] == "fill" else "groove"
    told = [f"{primary} {kind}", f"{detail} {kind}" if detail else "", "fill" if kind == "fill" else ""]
    return Song(
        f"groove-{row['id']}", "groove", row["id"], float(row["bpm"]), "", bars, Ticks(count * whole), notes, (),
        tuple(("human", text) for text in told if text), _styles(row["style"]), (BarLine(section=kind),) * count, has_velocities=True, has_timing=True,
    )  # fmt: skip


def _styles(style: str) -> tuple[tuple[str, float], ...]:
    """Return our styles of `primary/detail`: the first word's weighs 0.6 where both have one."""
    found = list(dict.fromkeys(STYLES[word] for word in style.split("/") if word in STYLES))
    if len(found) == 2 and found[0] in ("latin", "soul", "pop"):
        return ((found[1], 1.0),)  # the second is a kind of the first
    return ((found[0], 0.6), (found[1], 0.4)) if len(found) == 2 else tuple((f, 1.0) for f in found)
