"""`llmball sheet`: a clip or a piece on paper, as a chord sheet, a lead sheet or a score."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from bridge.cli.sources import load_source
from bridge.errors import OwnerError
from model.analysis.explain import chord_sheet, explain
from model.analysis.midi_import import detect_chords
from model.music.midifile import Song
from model.music.notes import PARTS, UNPITCHED_PARTS
from model.sheet.abc import to_abc
from model.sheet.musicxml import to_musicxml
from model.sheet.notated import notated


def run(args: argparse.Namespace) -> int:
    """Run `llmball sheet`: write the file, or print the chord sheet where none is named. Raises OwnerError."""
    song, title = load_source(args.source).song, args.title or Path(args.source).stem
    try:
        text = sheet_text(song, title, args.out.suffix if args.out else ".txt", args.score)
        if args.out is None:
            sys.stdout.write(text)
            return 0
        args.out.write_text(text, encoding="utf-8")
    except ValueError as error:
        raise OwnerError(f"{args.source}: {error}") from error
    except OSError as error:
        raise OwnerError(f"{args.out} cannot be written: {error.strerror}") from error
    sys.stdout.write(f"{args.out}: {len(song.bars)} bars of {song.bars[0][1]}, {song.key}\n")
    return 0


def sheet_text(song: Song, title: str, suffix: str, whole_score: bool) -> str:
    """Return a song as .txt, .abc or .musicxml (.xml): chords and melody, or with `whole_score` every pitched part. Raises ValueError."""
    if suffix == ".txt":
        return chord_sheet(explain(song), title)
    chords = song.chords or detect_chords(song)
    sounding = [part for part in PARTS if part not in UNPITCHED_PARTS and any(n.part == part for n in song.notes)]
    lead = ["melody"] if "melody" in sounding else sounding[:1]
    if not lead:
        raise ValueError("drums alone have no lead sheet")
    # the melody first: chords stand above the first staff
    parts = [*lead, *(part for part in sounding if part not in lead)] if whole_score else lead
    sheet = notated(replace(song, chords=chords), parts, title)
    return to_abc(sheet) if suffix == ".abc" else to_musicxml(sheet)
