"""Scores as MusicXML read by another program: `python -m bench.sheets NAME|FILE.mid …` (needs `pip install music21`).

Of each: are key, metres, notes (pitch, beginning and length as notated) and chords (place, root, bass, kind) those of the song?
Exit 1 if any differs. music21's tones of a chord are compared too, but for kinds whose eleventh is understood to be left out.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bridge.cli.sources import load_source
from model.analysis.midi_import import detect_chords
from model.music.harmony import parse_chord
from model.music.notes import PARTS, UNPITCHED_PARTS
from model.sheet.musicxml import to_musicxml
from model.sheet.notated import Sheet, notated
from model.sheet.symbols import NO_ELEVENTH, signature


def main(names: list[str]) -> int:
    """Print a line for each piece; return 1 if any differs."""
    faults = 0
    for name in names:
        song = load_source(name).song
        song = replace(song, chords=song.chords or detect_chords(song))
        parts = [p for p in PARTS if p not in UNPITCHED_PARTS and any(n.part == p for n in song.notes)]
        sheet = notated(song, parts, Path(name).stem)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "a.musicxml"
            path.write_text(to_musicxml(sheet), encoding="utf-8")
            told = compared(sheet, path)
        heard = sum(n.part in parts for n in song.notes)
        faults += bool(told)
        print(
            f"{Path(name).stem}: {len(song.bars)} bars, {heard} notes, {len(song.chords)} chords: {told or 'the same'}",
            flush=True,
        )
    print(f"{len(names) - faults} of {len(names)} the same")
    return int(faults > 0)


def compared(sheet: Sheet, path: Path) -> str:
    """Return what differs between a sheet and its file as music21 reads it, "" if nothing does."""
    from music21 import converter

    score: Any = converter.parse(path)
    told = []
    sharps, mode = signature(sheet.key)
    read = [(k.sharps, k.mode) for k in score.parts[0].recurse().getElementsByClass("KeySignature")]
    if read[:1] != [(sharps, mode)]:
        told.append(f"key {read[:1]} for {(sharps, mode)}")
    starts = [0]
    for bar in sheet.bars:
        starts.append(starts[-1] + bar.length)
    metres = [
        m.timeSignature or m.getContextByClass("TimeSignature") for m in score.parts[0].getElementsByClass("Measure")
    ]
    if [m.ratioString for m in metres] != [bar.meter for bar in sheet.bars]:
        told.append("metres")
    for staff in range(len(sheet.parts)):
        wanted = Counter(_written(sheet, starts, staff))
        found = Counter(_read(score.parts[staff]))
        if wanted != found:
            told.append(f"{sheet.parts[staff]}: {(wanted - found).total()} notes lost, {(found - wanted).total()} more")
    symbols = score.parts[0].recurse().getElementsByClass("ChordSymbol")
    chords = [(round(float(s.getOffsetInHierarchy(score.parts[0])) * 480), s) for s in symbols]
    ours = [(starts[i] + at, chord) for i, bar in enumerate(sheet.bars) for at, chord in bar.chords]
    if len(chords) != len(ours):
        return "; ".join([*told, f"{len(chords)} chords for {len(ours)}"])
    for (at, symbol), (here, chord) in zip(chords, ours, strict=True):
        quality = symbol.chordKindStr or ""
        tones = {p.pitchClass for p in symbol.pitches}
        same = (at, symbol.root().pitchClass, symbol.bass().pitchClass) == (here, chord.root, chord.bass)
        named = parse_chord("C" + quality).quality == chord.quality
        if not (same and named and (chord.quality in NO_ELEVENTH or tones == chord.pitch_classes)):
            told.append(f"{chord} at {here} is {symbol.figure} {sorted(tones)} at {at}")
    return "; ".join(told)


def _read(part: Any) -> list[tuple[int, int, int]]:  # noqa: ANN401 (music21 has no types)
    """Return start, length and pitch of the notes of a part that was read, tied ones of a voice as one."""
    found: list[tuple[int, int, int]] = []
    going: dict[tuple[str, int], tuple[int, int]] = {}
    for measure in part.getElementsByClass("Measure"):
        for voice in [*measure.voices] or [measure]:
            for sounding in voice.notes:
                if "Harmony" in sounding.classes:
                    continue
                at = round(float(measure.offset + voice.offset * (voice is not measure) + sounding.offset) * 480)
                length = round(float(sounding.quarterLength) * 480)
                for note in sounding.notes if sounding.isChord else [sounding]:
                    name, tie = (str(voice.id) if voice is not measure else "1", note.pitch.midi), note.tie
                    begun, before = going.pop(name, (at, 0)) if tie and tie.type in ("stop", "continue") else (at, 0)
                    if tie and tie.type in ("start", "continue"):
                        going[name] = begun, before + length
                    else:
                        found.append((begun, before + length, note.pitch.midi))
    return found


def _written(sheet: Sheet, starts: list[int], staff: int) -> list[tuple[int, int, int]]:
    """Return start, length and pitch of the notes of a staff, tied ones as one."""
    found: list[tuple[int, int, int]] = []
    voices = max(len(bar.staves[staff]) for bar in sheet.bars)
    for voice in range(voices):
        going: dict[int, tuple[int, int]] = {}
        for start, bar in zip(starts, sheet.bars, strict=False):
            for value in bar.staves[staff][voice]:
                for pitch in value.pitches:
                    begun, length = (
                        going.pop(pitch, (start + value.start, 0))
                        if pitch in value.tied_from
                        else (start + value.start, 0)
                    )
                    if pitch in value.tied_to:
                        going[pitch] = begun, length + value.length
                    else:
                        found.append((begun, length + value.length, pitch))
    return found


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("python -m bench.sheets NAME|FILE.mid …")
    sys.exit(main(sys.argv[1:]))
