"""Slides of the songbook as pitch bends."""

from __future__ import annotations

import mido
import pytest

from model.songbook.midi import BEND_RANGE, bend_curve, to_midi
from model.songbook.reader import read_file
from model.songbook.rendering import Bend, Note, perform
from model.songbook.tables import PIECES

LINE = (Note(0, 36, 480, 90), Note(480, 43, 480, 90))


@pytest.mark.parametrize(("mark", "first", "last"), [("$", -7, 0), ("$-2", -2, 0), ("$+1", 1, 0)])
def test_a_slide_begins_where_it_says_and_comes_to_the_note(mark: str, first: float, last: float) -> None:
    curve = dict(bend_curve(LINE, [Bend("bass", 480, 43, mark)]))
    assert (curve[480], curve[600]) == (first, last)
    assert all(480 <= at <= 960 for at in curve)


def test_a_fall_ends_at_its_depth_and_the_next_note_is_not_bent() -> None:
    curve = bend_curve(LINE, [Bend("bass", 0, 36, "$>-12")])
    assert curve[-2] == (479, -12)
    assert curve[-1] == (480, 0.0)


def test_vibrato_goes_both_ways_and_waits() -> None:
    values = bend_curve((Note(0, 60, 960, 90),), [Bend("melody", 0, 60, "$~")])
    assert min(at for at, _ in values) == 240
    assert min(v for _, v in values) < -0.2 < 0.2 < max(v for _, v in values)


def test_a_note_that_sounds_with_others_is_not_bent() -> None:
    assert not bend_curve((Note(0, 60, 480, 90), Note(0, 64, 480, 90)), [Bend("chords", 0, 64, "$-2")])


def test_a_file_with_bends_has_its_notes_as_before_and_says_the_range() -> None:
    path = next(
        p for p in sorted(PIECES.rglob("*.txt")) if "$" in p.read_text(encoding="utf-8").partition("section")[2]
    )
    performance = perform(read_file(path))
    plain, bent = to_midi(performance), to_midi(performance, sounding=True)
    kinds = {"note_on", "note_off"}

    def notes(file: mido.MidiFile) -> list[list[str]]:
        return [[str(m.copy(time=0)) for m in t if m.type in kinds] for t in file.tracks]

    assert notes(plain) == notes(bent)
    wheel = [m for t in bent.tracks for m in t if m.type == "pitchwheel"]
    told = [m.value for t in bent.tracks for m in t if m.type == "control_change" and m.control == 6]
    assert set(told) <= {BEND_RANGE}
    assert bool(wheel) == bool(told)
