"""Clips follow the course that their words wish: length, sections, cues, rests, tempo, loudness, key."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.generation.messages import BeatWritten, Write
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import METERS
from model.music.plan import Controls, Plan
from model.music.wishes import CueAt, Fade, Modulation, Rest, Section, TempoRamp, Wishes, bars_of_seconds
from tests.model.clips.test_clip import Metronome

FORM = (Section("intro", 2, "intro"), Section("verse", 4), Section("chorus", 4, "drop"))


class Listener(Metronome):
    """A metronome that remembers under which cue each bar was asked for."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.cues: dict[int, str | None] = {}

    def write(self, order: Write) -> BeatWritten:
        written = super().write(order)
        if written.beat is not None:
            self.cues[written.beat.bar] = order.section
        return written


def written(wishes: Wishes, bars: int | None = None, controls: Controls | None = None, **plan: object) -> Song:
    made = Plan(wishes=wishes, **plan)  # type: ignore[arg-type]
    return clip(Metronome(made), ClipSpec("x", 1, bars=bars, controls=controls or Controls()))


def sounding(song: Song, part: str) -> set[int]:
    """Return the bars, counted from 1, in which a part begins notes."""
    starts = [start for start, _ in song.bars]
    return {sum(start <= n.start for start in starts) for n in song.notes if n.part == part}


@pytest.mark.parametrize(
    ("seconds", "tempo", "meter", "bars"),
    [(120, 120, "4/4", 60), (30, 120, "4/4", 15), (60, 90, "3/4", 30), (60, 60, "6/8", 20), (1, 60, "4/4", 1), (90, 80, "4/4", 30)],
)  # fmt: skip
def test_a_duration_is_as_many_bars_as_come_nearest_to_it(seconds: float, tempo: float, meter: str, bars: int) -> None:
    assert len(written(Wishes(seconds=seconds), tempo=tempo, meter=meter).bars) == bars


def test_a_duration_counts_at_the_tempo_of_the_option() -> None:
    assert len(written(Wishes(seconds=60), controls=Controls(tempo=120), tempo=60.0).bars) == 30


def test_bars_go_before_a_duration_and_256_are_the_most() -> None:
    assert len(written(Wishes(seconds=60), bars=4).bars) == 4
    assert len(written(Wishes(seconds=60), explicit=("bars",), bars=4).bars) == 4
    assert len(written(Wishes(seconds=36_000)).bars) == 256


@settings(deadline=None)
@given(st.floats(2, 2000), st.floats(20, 300), st.sampled_from(METERS), st.none() | st.floats(0.3, 3))
def test_the_bars_of_a_duration_last_about_as_long(
    seconds: float, tempo: float, meter: str, factor: float | None
) -> None:
    ramp = None if factor is None else TempoRamp(factor)
    bars = bars_of_seconds(seconds, tempo, meter, ramp)
    assert bars >= 1
    paces = [tempo * (1 + ((factor or 1) - 1) * (i + 0.5) / 400) for i in range(400)]
    quarters = bars * midifile.bar_length(meter) / 480
    lasts = 60 * quarters * sum(1 / pace for pace in paces) / len(paces)
    assert bars == 1 or lasts == pytest.approx(seconds, abs=lasts / bars)


def test_sections_are_played_under_their_cues_and_make_the_length() -> None:
    listener = Listener(Plan(wishes=Wishes(sections=FORM)))
    assert len(clip(listener, ClipSpec("x", 1)).bars) == 10
    assert [listener.cues[bar] for bar in range(10)] == ["intro"] * 2 + [None] * 4 + ["drop"] * 4


def test_a_cue_at_a_bar_begins_there_and_the_clip_is_long_enough() -> None:
    listener = Listener(Plan(wishes=Wishes(cues=(CueAt(5, "build"), CueAt(9, "drop")))))
    assert len(clip(listener, ClipSpec("x", 1)).bars) == 16
    assert [listener.cues[bar] for bar in range(16)] == [None] * 4 + ["build"] * 4 + ["drop"] * 8


@pytest.mark.parametrize(
    ("rest", "bars"),
    [
        (Rest("drums", 1, 4), {5, 6, 7, 8, 9, 10}), (Rest("drums", 9, None), {1, 2, 3, 4, 5, 6, 7, 8}), (Rest("drums", section="intro"), {3, 4, 5, 6, 7, 8, 9, 10}),
        (Rest("drums", section="chorus", outside=True), {7, 8, 9, 10}),
    ],
)  # fmt: skip
def test_a_part_rests_where_it_is_wished_and_the_others_play(rest: Rest, bars: set[int]) -> None:
    song = written(Wishes(sections=FORM, rests=(rest,)), parts=("chords", "melody", "bass", "drums"))
    assert sounding(song, "drums") == bars
    assert sounding(song, "bass") == set(range(1, 11))


def test_a_ramp_goes_from_the_tempo_to_its_end_and_the_file_says_so() -> None:
    song = written(Wishes(ramp=TempoRamp(1.75)), tempo=80.0)
    assert (song.tempos[0][1], song.tempos[-1][1]) == (80, 140)
    assert [bpm for _, bpm in song.tempos] == sorted(bpm for _, bpm in song.tempos)
    read = midifile.from_bytes(midifile.to_bytes(song)).tempos
    assert [round(bpm, 2) for _, bpm in read] == [round(bpm, 2) for _, bpm in song.tempos]


def test_a_ramp_to_a_tempo_ends_there_whatever_it_began_with() -> None:
    song = written(Wishes(ramp=TempoRamp(1.3, end=140)), tempo=100.0)
    assert (song.tempos[0][1], song.tempos[-1][1]) == (100, 140)


def test_a_ritardando_takes_the_last_bars_only() -> None:
    song = written(Wishes(ramp=TempoRamp(0.7, 2)), tempo=100.0)
    assert song.tempos[:2] == ((0, 100.0), (song.bars[-2][0], 100.0))
    assert song.tempos[-1][1] == pytest.approx(70)


def test_a_fade_changes_velocities_where_it_lies_and_nothing_else() -> None:
    plain, faded = written(Wishes()), written(Wishes(fades=(Fade(1.0, 0.1, 4),)))
    at = plain.bars[4][0]
    assert [n for n in faded.notes if n.start < at] == [n for n in plain.notes if n.start < at]
    late = [n.velocity for n in faded.notes if n.start >= at]
    assert late == sorted(late, reverse=True)
    assert min(late) < 20
    assert [(n.start, n.pitch) for n in faded.notes] == [(n.start, n.pitch) for n in plain.notes]


@pytest.mark.parametrize(
    ("wish", "up"),
    [
        (Modulation(semitones=2, bar=5), 2), (Modulation(key="Eb major", bar=5), 3), (Modulation(semitones=-1, bar=5), -1), (Modulation(semitones=2), 2),
    ],
)  # fmt: skip
def test_a_modulation_moves_all_pitches_from_its_bar_on(wish: Modulation, up: int) -> None:
    plain, moved = written(Wishes(), 8), written(Wishes(modulation=wish), 8)
    at = plain.bars[4][0]
    for before, after in zip(sorted(plain.notes), sorted(moved.notes), strict=True):
        shift = up if before.start >= at and before.part != "drums" else 0
        assert (after.pitch - before.pitch) % 12 == shift % 12
    assert [s for t, s in moved.chords if t < at] == [s for t, s in plain.chords if t < at]
    assert moved.chords[-1][1] != plain.chords[-1][1]


def test_a_ramp_from_a_bar_on_takes_its_bars_and_then_holds() -> None:
    song = written(Wishes(ramp=TempoRamp(1.5, 4, 0.0, 5)), bars=12, tempo=100.0)
    bars = [start for start, _ in song.bars]
    tempi = [next(bpm for at, bpm in reversed(song.tempos) if at <= start) for start in bars]
    assert tempi[:5] == pytest.approx([100] * 5)
    assert all(a < b for a, b in itertools.pairwise(tempi[4:9]))
    assert tempi[8:] == pytest.approx([150] * 4)


def test_a_fade_from_a_bar_on_leaves_the_bars_before_it() -> None:
    plain, faded = written(Wishes(), bars=16), written(Wishes(fades=(Fade(1.0, 0.1, 4, 13),)), bars=16)
    start = plain.bars[12][0]
    pairs = list(zip(plain.notes, faded.notes, strict=True))
    assert all(a.velocity == b.velocity for a, b in pairs if a.start <= start)
    assert all(b.velocity < a.velocity for a, b in pairs if a.start > start + 480)


def test_a_build_as_long_as_it_was_asked_for_leads_to_its_drop() -> None:
    listener = Listener(Plan(wishes=Wishes(cues=(CueAt(3, "build", 6), CueAt(9, "drop")))))
    clip(listener, ClipSpec("x", 1))
    assert [listener.cues[bar] for bar in range(10)] == [None] * 2 + ["build"] * 6 + ["drop"] * 2


@pytest.mark.parametrize(
    ("section", "bar"),
    [("last chorus", 15), ("second chorus", 15), ("chorus", 7), ("second verse", 11), ("bridge", 10), ("outro", 15), ("", 10)],
)  # fmt: skip
def test_a_key_changes_with_the_section_that_was_named_or_where_it_mostly_lies(section: str, bar: int) -> None:
    form = (Section("intro", 2), *(Section("verse", 4), Section("chorus", 4, "drop")) * 2)
    song = written(Wishes(sections=form, modulation=Modulation(semitones=2, section=section)))
    assert song.keys[0][0] == song.bars[bar - 1][0]


def test_sections_and_drops_are_named_in_the_file() -> None:
    song = midifile.from_bytes(midifile.to_bytes(written(Wishes(sections=FORM))))
    assert song.sections == tuple(
        (song.bars[bar][0], name) for bar, name in ((0, "intro"), (2, "verse"), (6, "chorus"))
    )
    dropped = written(Wishes(cues=(CueAt(5, "build"), CueAt(9, "drop"))))
    assert [name for _, name in dropped.sections] == ["build", "drop"]
