"""Compressed MusicXML, read into plain notes: as much of it as lead sheets and songs need.

Repeats are not unfolded. Grace notes are skipped; ties are joined; backup and forward are followed.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from model.music.harmony import Chord, parse_chord

QUARTER = 480
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KINDS = {
    "major": "", "minor": "m", "dominant": "7", "major-seventh": "maj7", "minor-seventh": "m7", "diminished": "dim",
    "augmented": "aug", "suspended-second": "sus2", "suspended-fourth": "sus4", "major-sixth": "6",
    "minor-sixth": "m6", "half-diminished": "m7b5", "diminished-seventh": "dim7", "major-minor": "mmaj7",
    "augmented-seventh": "aug7", "dominant-ninth": "9", "major-ninth": "maj9", "minor-ninth": "m9", "power": "5",
    "dominant-11th": "11", "minor-11th": "m11", "dominant-13th": "13", "major-13th": "maj13",
}  # fmt: skip


@dataclass(slots=True)
class Part:
    """One part: (start, length, pitch) in ticks, 480 a quarter."""

    notes: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Score:
    """What a file holds. Bars are (start, length, metre); `fifths` and `mode` are the first key signature."""

    title: str = ""
    parts: list[Part] = field(default_factory=list)
    bars: list[tuple[int, int, str]] = field(default_factory=list)
    chords: list[tuple[int, Chord]] = field(default_factory=list)
    fifths: int | None = None
    mode: str | None = None
    tempo: float = 0.0


def read(path: Path) -> Score:
    """Read an .mxl file, broken containers too. Raises ValueError where it holds no score."""
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.endswith((".xml", ".musicxml")) and "META-INF" not in n]
        if not names:
            raise ValueError(f"no score in {path.name}")
        parser = etree.XMLParser(recover=True, resolve_entities=False, load_dtd=False, no_network=True)
        root = etree.fromstring(archive.read(names[0]), parser)
    score = Score(title=(root.findtext("work/work-title") or root.findtext("movement-title") or "").strip())
    for number, element in enumerate(root.findall("part")):
        score.parts.append(_part(element, score, first=number == 0))
    return score


def _part(element: Any, score: Score, first: bool) -> Part:
    part = Part()
    divisions, meter, start = 1, "4/4", 0
    open_ties: dict[int, int] = {}
    for bar, measure in enumerate(element.findall("measure")):
        at, reached, onset = start, start, start
        for child in measure:
            match child.tag:
                case "attributes":
                    divisions = int(child.findtext("divisions") or divisions)
                    if child.find("time/beats") is not None:
                        meter = f"{child.findtext('time/beats')}/{child.findtext('time/beat-type')}"
                    if first and score.fifths is None and child.find("key/fifths") is not None:
                        score.fifths, score.mode = (
                            int(child.findtext("key/fifths")),
                            child.findtext("key/mode"),
                        )
                case "harmony" if first:
                    chord = _harmony(child)
                    if chord is not None:
                        score.chords.append((at, chord))
                case "direction" | "sound":
                    sound = child if child.tag == "sound" else child.find("sound")
                    if sound is not None and sound.get("tempo") and not score.tempo:
                        score.tempo = float(sound.get("tempo"))
                case "backup" | "forward":
                    moved = round(int(child.findtext("duration")) * QUARTER / divisions)
                    at += moved if child.tag == "forward" else -moved
                case "note" if child.find("grace") is None:
                    length = round(float(child.findtext("duration") or 0) * QUARTER / divisions)
                    if child.find("chord") is None:
                        onset, at = at, at + length
                    if child.find("pitch") is not None and length:
                        _sound(part, child, onset, length, open_ties)
            reached = max(reached, at)
        if first:
            score.bars.append((start, reached - start, meter))
        start = start + score.bars[bar][1] if bar < len(score.bars) else reached
    return part


def _sound(part: Part, note: Any, onset: int, length: int, open_ties: dict[int, int]) -> None:
    step, alter, octave = (note.findtext(f"pitch/{n}") for n in ("step", "alter", "octave"))
    pitch = 12 * (int(octave) + 1) + _STEPS[step] + round(float(alter or 0))
    ties = {t.get("type") for t in note.findall("tie")}
    if "stop" in ties and pitch in open_ties:
        index = open_ties[pitch] if "start" in ties else open_ties.pop(pitch)
        begun, lasted, _ = part.notes[index]
        part.notes[index] = (begun, max(lasted, onset + length - begun), pitch)
        return
    if "start" in ties:
        open_ties[pitch] = len(part.notes)
    part.notes.append((onset, length, pitch))


def _harmony(element: Any) -> Chord | None:
    step = element.findtext("root/root-step")
    kind = element.findtext("kind") or ""
    if step is None or kind == "none":
        return None
    signs = {1: "#", -1: "b", 2: "##", -2: "bb"}
    root = step + signs.get(round(float(element.findtext("root/root-alter") or 0)), "")
    degrees = "".join(
        f"add{d.findtext('degree-value')}"
        for d in element.findall("degree")
        if d.findtext("degree-type") == "add"
        and d.findtext("degree-value") == "9"
        and not int(d.findtext("degree-alter") or 0)
    )
    quality = _KINDS.get(kind, "m" if kind.startswith("minor") else "7" if kind.startswith("dom") else "")
    chord = parse_chord(root + (quality + degrees if quality in ("", "m") else quality))
    below = element.findtext("bass/bass-step")
    if below is None:
        return chord
    bass = (_STEPS[below] + round(float(element.findtext("bass/bass-alter") or 0))) % 12
    return Chord(chord.root, chord.quality, bass)
