from __future__ import annotations

from pathlib import Path

from bridge.midi.protocol import ScheduledNote
from bridge.takes.recorder import Recorder
from bridge.takes.timeline import Timeline
from model.music import midifile
from model.music.notes import Beat, Ticks, beats_in_bar


def laid(count: int, meter: str = "4/4", record: Recorder | None = None) -> Timeline:
    timeline = Timeline()
    for i in range(count):
        bar, beat = divmod(i, beats_in_bar(meter))
        sound = ScheduledNote(timeline.end, Ticks(300), 0, 60, 80, "chords", timeline.end)
        placed = timeline.place(1, Beat(i, bar, beat, meter, "Am" if i % 2 else "C", True), (sound,), beat == 0)
        if record is not None:
            record.add(placed, {})
    return timeline


def in_c(take: int, controls: object) -> tuple[str, str]:
    return "C major", ""


def test_beats_lie_end_to_end_and_are_counted_from_one() -> None:
    placed = laid(6).placed
    assert [p.start for p in placed] == [0, 480, 960, 1440, 1920, 2400]
    assert [(p.bar, p.beat) for p in placed] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2)]


def test_lines_are_found_among_the_planned_and_beyond() -> None:
    timeline = laid(6)
    assert timeline.next_line("bar", Ticks(1)) == 1920
    assert timeline.next_line("beat", Ticks(1)) == 480
    assert timeline.next_line("bar", Ticks(1921)) == 3840
    assert timeline.next_line("2bars", Ticks(1)) == 3840
    assert timeline.next_line("4bars", Ticks(1)) == 7680
    assert timeline.next_line("8bars", Ticks(0)) == 0
    assert timeline.next_line("now", Ticks(77)) == 77
    assert laid(7, "6/8").next_line("bar", Ticks(1441)) == 2880


def test_what_is_cut_is_returned_and_the_end_is_where_it_began() -> None:
    timeline = laid(6)
    assert [p.start for p in timeline.cut(Ticks(1000))] == [1440, 1920, 2400]
    assert timeline.end == 1440
    assert timeline.bar == 1


def test_sixteen_bars_are_remembered() -> None:
    timeline = laid(100)
    timeline.forget(Ticks(480 * 90))
    assert timeline.placed[0].bar == 7
    assert [p.beat for p in timeline.bar_before(timeline.end)] == [1, 2, 3, 4]


def test_a_record_has_whole_bars_only_and_what_was_taken_back_is_gone(tmp_path: Path) -> None:
    record = Recorder(keep_all=True)
    record.retime(Ticks(0), 100)
    timeline = laid(6, record=record)
    assert record.song(in_c, Ticks(1919)) is None
    song = record.song(in_c, Ticks(2500))
    assert song is not None
    assert (song.end, len(song.notes)) == (1920, 4)
    record.cut(Ticks(1100), timeline.max_reach)
    record.retime(Ticks(1100), 90)
    laid_on = record.song(in_c, Ticks(9999))
    assert laid_on is None, "the bar was cut short"
    midifile.write(tmp_path / "a.mid", song)
    assert midifile.read(tmp_path / "a.mid").end == 1920


def test_a_record_that_nobody_wants_whole_keeps_the_last_bars() -> None:
    record = Recorder(keep_all=False)
    record.retime(Ticks(0), 120)
    laid(4 * 600, record=record)
    found = record.last_bars(999, in_c, Ticks(1920 * 600))
    assert found is not None
    assert 256 <= len(found[0].bars) <= 512


def test_a_note_that_is_played_a_hair_early_is_kept_with_the_bar_that_it_belongs_to() -> None:
    record = Recorder(keep_all=True)
    record.retime(Ticks(0), 120)
    laid(8, record=record)
    early = (ScheduledNote(Ticks(1918), Ticks(300), 0, 40, 80, "bass", Ticks(1920)),)
    record.add_notes(early)
    found = record.last_bars(1, in_c, Ticks(2 * 1920))
    assert found is not None
    assert [n.start for n in found[0].notes if n.part == "bass"] == [0]


def test_a_cut_reaches_every_beat_that_still_sounds_however_far_back() -> None:
    timeline = laid(40)
    timeline.add_notes(
        timeline.placed[3],
        (ScheduledNote(Ticks(3 * 480), Ticks(36 * 480), 0, 40, 80, "bass", Ticks(3 * 480)),),
    )
    timeline.cut(Ticks(38 * 480))
    assert max(s.at + s.length for p in timeline.placed for s in p.notes) == 38 * 480
    assert [s.length for s in timeline.placed[3].notes] == [300, 35 * 480]
