from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.midi.protocol import Cancel, ControlChange, NoteOff, NoteOn, PitchBend, ScheduledNote
from bridge.midi.scheduler import Scheduler
from model.music.notes import Ticks

ON, OFF = NoteOn(0, 60, 80), NoteOff(0, 60)


def sound(at: int, length: int = 480, pitch: int = 60) -> ScheduledNote:
    return ScheduledNote(Ticks(at), Ticks(length), 0, pitch, 80, "chords", Ticks(at))


def scheduled(*sounds: ScheduledNote) -> Scheduler:
    scheduler = Scheduler()
    scheduler.add(sounds, take=1, route="")
    return scheduler


def at(scheduler: Scheduler, now: int, oldest: int = 0) -> list[NoteOn | NoteOff | PitchBend | ControlChange]:
    return [t.message for t in scheduler.pop_due(Ticks(now), Ticks(oldest))]


def test_a_note_begins_and_ends() -> None:
    scheduler = scheduled(sound(0))
    assert at(scheduler, 0) == [ON]
    assert scheduler.deadline == 480
    assert at(scheduler, 480) == [OFF]
    assert scheduler.deadline is None


def test_an_end_sounds_before_a_beginning_at_the_same_tick() -> None:
    scheduler = scheduled(sound(0), sound(480))
    at(scheduler, 0)
    assert at(scheduler, 480) == [OFF, ON]


def test_a_note_that_sounds_over_the_line_of_its_cancelled_take_ends_there() -> None:
    scheduler = scheduled(sound(0, 2000), sound(960))
    at(scheduler, 0)
    scheduler.cancel(Cancel(1, after=Ticks(480)))
    assert at(scheduler, 479) == []
    assert at(scheduler, 480) == [OFF]
    assert not scheduler.busy


def test_a_note_that_began_is_ended_though_all_of_its_beat_is_taken_back() -> None:
    scheduler = scheduled(sound(0))
    assert at(scheduler, 0) == [ON]
    scheduler.cancel(Cancel(1, after=Ticks(0)))
    assert at(scheduler, 0) == [OFF]
    assert not scheduler.busy


def test_a_part_that_rings_sounds_on_and_its_coming_beats_are_taken_back() -> None:
    scheduler = scheduled(sound(0, 2000), sound(960))
    at(scheduler, 0)
    scheduler.cancel(Cancel(1, Ticks(480), frozenset({"chords"})))
    assert at(scheduler, 1999) == []
    assert at(scheduler, 2000) == [OFF]
    assert not scheduler.busy


def test_a_note_that_comes_early_goes_with_its_beat() -> None:
    scheduler = scheduled(ScheduledNote(Ticks(470), Ticks(480), 0, 60, 80, "chords", beat=Ticks(480)))
    scheduler.cancel(Cancel(1, Ticks(480)))
    assert not scheduler.busy


def test_another_take_is_not_cancelled() -> None:
    scheduler = scheduled(sound(0))
    scheduler.cancel(Cancel(2, after=Ticks(0)))
    assert at(scheduler, 9999) == [ON, OFF]


def test_an_old_end_does_not_cut_a_newer_note_of_the_same_pitch() -> None:
    scheduler = scheduled(sound(0, 960), sound(480, 960))
    at(scheduler, 0)
    assert at(scheduler, 480) == [OFF, ON]
    assert at(scheduler, 960) == []
    assert at(scheduler, 1440) == [OFF]


def test_a_late_beginning_is_dropped_and_counted() -> None:
    scheduler = scheduled(sound(0))
    assert at(scheduler, 300, oldest=200) == []
    assert scheduler.dropped == 1
    assert at(scheduler, 480, oldest=400) == []


def test_of_several_late_beginnings_each_is_counted_and_what_is_on_time_begins() -> None:
    scheduler = scheduled(sound(0), sound(10, pitch=62), sound(250, pitch=64))
    assert at(scheduler, 300, oldest=200) == [NoteOn(0, 64, 80)]
    assert scheduler.dropped == 2


def test_a_beginning_at_the_oldest_tick_that_counts_is_not_late() -> None:
    assert at(scheduled(sound(200)), 300, oldest=200) == [ON]


def test_the_end_that_makes_room_for_a_note_counts_as_an_end() -> None:
    scheduler = scheduled(sound(0, 960), sound(480, 960))
    at(scheduler, 0)
    assert [t.rank for t in scheduler.pop_due(Ticks(480), Ticks(0))] == [0, 1]


def test_parts_with_ports_of_their_own_do_not_end_each_others_notes() -> None:
    scheduler = Scheduler()
    scheduler.add([sound(0)], take=1)
    scheduler.add([ScheduledNote(Ticks(0), Ticks(480), 0, 60, 80, "bass", Ticks(0))], take=1)
    assert at(scheduler, 0) == [ON, ON]


def test_silence_ends_what_sounds_and_forgets_the_rest() -> None:
    scheduler = scheduled(sound(0), sound(480))
    at(scheduler, 0)
    assert scheduler.silence() == [("", 0, 60)]
    assert not scheduler.busy


sounds = st.lists(st.builds(sound, st.integers(0, 2000), st.integers(1, 900), st.integers(60, 63)), max_size=30)


@settings(max_examples=80)
@given(sounds, st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=8))
def test_every_beginning_has_an_end_whenever_it_is_polled_or_cancelled(
    notes: list[ScheduledNote], moments: list[tuple[int, bool]]
) -> None:
    scheduler = scheduled(*notes)
    held: set[int] = set()
    for now, cancels in [*sorted(moments), (9999, False)]:
        if cancels:
            scheduler.cancel(Cancel(1, Ticks(now)))
        for message in at(scheduler, now):
            if isinstance(message, NoteOn):
                assert message.pitch not in held
                held.add(message.pitch)
            else:
                assert isinstance(message, NoteOff)
                held.remove(message.pitch)
    assert held == set()
