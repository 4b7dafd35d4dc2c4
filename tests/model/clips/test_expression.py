"""Expression of clips: bends and curves in the file, lawful whatever the notes are."""

from __future__ import annotations

import io
from dataclasses import replace

import mido
from hypothesis import given, settings
from hypothesis import strategies as st

from model.clips.expression import gestures
from model.expression import FILTER, NEUTRAL, SWELL, Slide, Stroke, bend_points, bends
from model.music.midifile import Song, from_bytes, to_bytes
from model.music.notes import PARTS, UNPITCHED_PARTS, Note, Ticks
from model.music.plan import Plan
from model.music.smf import BEND_CENTRE, RANGE_TOLD
from model.songbook.book import to_song
from model.songbook.reader import read_file
from model.songbook.rendering import perform
from model.songbook.tables import PIECES
from tests.support import tried

BAR = 1920
TRAP = Plan(style=(("trap", 1.0),), parts=PARTS)
SOUNDS = (("chords", 81), ("melody", 107), ("bass", 39), ("drums", 0), ("pad", 91))


def song(notes: tuple[Note, ...], bars: int = 4, sections: tuple[tuple[Ticks, str], ...] = ()) -> Song:
    grid = tuple((Ticks(i * BAR), "4/4") for i in range(bars))
    return Song(grid, Ticks(bars * BAR), ((Ticks(0), 120.0),), "C major", notes, programs=SOUNDS, sections=sections)


def walk(part: str, bars: int = 4) -> tuple[Note, ...]:
    return tuple(Note(Ticks(i * 480), Ticks(480), 40 + i % 5, 90, part) for i in range(4 * bars))


def messages(content: bytes, part: str) -> list[tuple[int, mido.Message]]:
    track = next(t for t in mido.MidiFile(file=io.BytesIO(content)).tracks if t.name == part)
    now, found = 0, []
    for message in track:
        now += message.time
        found.append((now, message))
    return found


NOTES = st.builds(
    Note,
    start=st.integers(0, 4 * BAR - 1).map(Ticks),
    length=st.integers(1, 2 * BAR).map(Ticks),
    pitch=st.integers(0, 127),
    velocity=st.integers(1, 127),
    part=st.sampled_from(PARTS),
    bend=st.sampled_from(("", "", "$", "$-2", "$+1", "$>-12", "$~", "$-2$~", "$+", "$>")),
)


@given(st.lists(NOTES, max_size=30), st.integers(0, 3))
@settings(max_examples=tried(80), deadline=None)
def test_bends_end_with_their_note_curves_with_the_song_and_drums_have_none(notes: list[Note], seed: int) -> None:
    whole = song(tuple(notes))
    content = to_bytes(replace(whole, gestures=gestures(whole, TRAP, seed)))
    assert from_bytes(content) == from_bytes(to_bytes(whole)), "the notes are as they were"
    for part, _ in from_bytes(content).programs:
        found = messages(content, part)
        bent, sounding, controls, times = False, set[int](), dict[int, int](), list[tuple[int, int]]()
        for at, message in found:
            if message.type == "pitchwheel":
                bent = message.pitch != 0
                assert len(sounding) <= 1, "what sounds together is not bent"
            elif message.type == "control_change" and message.control in NEUTRAL:
                controls[message.control] = message.value
                times.append((at // 120 if at < whole.end else -1, message.control))
            elif message.type == "note_on" and message.velocity:
                sounding.add(message.note)
                assert not bent or len(sounding) == 1
            elif message.type in ("note_on", "note_off"):
                sounding.discard(message.note)
        assert not bent
        assert all(value == NEUTRAL[number] for number, value in controls.items())
        assert len(times) == len(set(times)), "a message a sixteenth at most"
        if part in UNPITCHED_PARTS:
            assert all(m.type not in ("pitchwheel", "control_change") for _, m in found)


@given(st.text("$~>+-0123456789", max_size=12), st.integers(1, 4000))
def test_marks_of_any_kind_bend_within_the_range_and_before_the_end(marks: str, length: int) -> None:
    points = bend_points(marks, length)
    assert all(0 <= at < length and 0 <= value <= 16383 for at, value in points)
    assert [at for at, _ in points] == sorted({at for at, _ in points})


def test_a_glide_begins_at_the_note_before_and_not_farther_than_the_range() -> None:
    always = Slide("$", 1.0, 240, joined=True)
    line = [Stroke(0, 480, 36), Stroke(480, 960, 37), Stroke(960, 1440, 30), Stroke(1500, 1980, 30)]
    told = bends(line, always, "seed")
    assert told == {1: "$-1", 2: "$+2"}
    assert bend_points(told[1], 480)[0] == (0, BEND_CENTRE // 2)


def test_what_sounds_with_another_is_not_bent_however_long_ago_that_began() -> None:
    always = Slide("$-1", 1.0, 60)
    line = [Stroke(0, 2000, 36), Stroke(100, 200, 40), Stroke(480, 960, 37), Stroke(2000, 2400, 30)]
    assert bends(line, always, "seed") == {3: "$-1"}
    assert bends(line[2:], always, "seed", line[:2]) == {1: "$-1"}


def test_a_bass_of_trap_glides_and_one_of_folk_does_not() -> None:
    whole = song(walk("bass"))
    wheels = [g for g in gestures(whole, TRAP, 1) if g.controller is None]
    assert wheels
    assert wheels[-1].value == BEND_CENTRE
    folk = gestures(whole, Plan(style=(("folk", 1.0),)), 1)
    assert all(g.controller is not None for g in folk)


def test_the_range_is_told_where_there_are_bends_only() -> None:
    whole = song(walk("bass") + walk("pad"))
    content = to_bytes(replace(whole, gestures=gestures(whole, TRAP, 1)))
    told = [(m.control, m.value) for _, m in messages(content, "bass") if m.type == "control_change"]
    assert told[: len(RANGE_TOLD)] == list(RANGE_TOLD)
    pads = [m.control for _, m in messages(content, "pad") if m.type == "control_change"]
    assert set(pads) == {SWELL, FILTER}


def test_the_filter_opens_over_the_section_that_is_called_build() -> None:
    sections = ((Ticks(0), "Verse"), (Ticks(4 * BAR), "Build-up"), (Ticks(8 * BAR), "Drop"))
    whole = song(walk("chords", 12), 12, sections)
    club = Plan(style=(("techno", 1.0),))
    curve = {g.tick: g.value for g in gestures(whole, club, 1) if g.part == "chords" and g.controller == FILTER}
    build = [v for at, v in curve.items() if 4 * BAR <= at < 8 * BAR]
    drop = [v for at, v in curve.items() if 8 * BAR <= at < 12 * BAR]
    assert build == sorted(build)
    assert build[0] < 64 < 100 < build[-1]
    assert drop == sorted(drop, reverse=True)
    assert drop[0] > 100


def test_marks_of_a_songbook_piece_come_with_its_notes() -> None:
    path = next(p for p in sorted((PIECES / "drill").rglob("*.txt")) if "$" in p.read_text(encoding="utf-8"))
    performance = perform(read_file(path))
    whole, _ = to_song(performance)
    assert sum(bool(n.bend) for n in whole.notes) == len({(b.part, b.start, b.pitch) for b in performance.bends})
    assert any(g.controller is None for g in gestures(whole, TRAP, 1))


def test_a_clip_without_expression_has_the_bytes_that_it_had() -> None:
    content = to_bytes(song(walk("bass")))
    assert {m.type for _, m in messages(content, "bass") if not m.is_meta} == {"program_change", "note_on", "note_off"}
