from __future__ import annotations

import itertools

import pytest

from model.clips.clip import _clear_of, clip, programs
from model.clips.messages import ClipSpec
from model.generation.messages import BeatWritten, Begin, Understood, Write
from model.music import midifile
from model.music.groove import swung
from model.music.midifile import bar_length
from model.music.notes import PARTS, Beat, Note, Ticks, beat_length, beats_in_bar
from model.music.plan import Controls, Plan


class Metronome:
    """A composer of ours: a note of each part on every beat, two beats long; it closes where told to."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.taken: dict[int, Begin] = {}
        self.begun: list[Begin] = []

    def begin(self, order: Begin) -> Understood:
        self.taken[order.take] = order
        self.begun.append(order)
        return Understood(order.take, self.plan)

    def write(self, order: Write) -> BeatWritten:
        begin, meter = self.taken[order.take], self.plan.meter
        bar, beat = divmod(order.index, beats_in_bar(meter))
        if begin.bars is not None and bar >= begin.bars:
            return BeatWritten(order.take, None)
        last = begin.bars is not None and bar == begin.bars - 1
        pitch = 60 + (begin.seed + order.index) % 12
        length = Ticks(2 * beat_length(meter))
        notes = tuple(Note(Ticks(0), length, pitch, part=part) for part in PARTS)
        chord = "C" if last else "Am"
        return BeatWritten(order.take, Beat(order.index, bar, beat, meter, chord, beat == 0, notes))

    def forget(self, take: int) -> None:
        self.taken.pop(take, None)


@pytest.mark.parametrize(
    ("option", "words", "expected"),
    [(4, 16, 4), (None, 16, 16), (None, None, 8), (None, 9999, 256), (1, None, 1)],
)
@pytest.mark.parametrize("closing", [False, True])
@pytest.mark.parametrize("meter", ["4/4", "6/8"])
def test_a_clip_is_exactly_as_long_as_the_option_else_the_words_else_eight_bars(
    option: int | None, words: int | None, expected: int, closing: bool, meter: str
) -> None:
    song = clip(Metronome(Plan(bars=words, meter=meter)), ClipSpec("x", 1, bars=option, closing=closing))
    assert len(song.bars) == expected
    assert song.end == expected * bar_length(meter)
    filed = midifile.from_bytes(midifile.to_bytes(song))
    assert filed.end == song.end
    assert max(n.end for n in filed.notes) == song.end


def test_a_loop_is_not_told_where_it_ends_and_a_closing_clip_is() -> None:
    loop = clip(Metronome(Plan()), ClipSpec("x", 1, bars=2))
    closing = clip(Metronome(Plan()), ClipSpec("x", 1, bars=2, closing=True))
    assert [symbol for _, symbol in loop.chords] == ["Am", "Am"]
    assert [symbol for _, symbol in closing.chords] == ["Am", "C"]


def test_only_the_parts_of_the_plan_are_in_the_file_each_with_its_instrument() -> None:
    plan = Plan(parts=("melody", "bass"), programs=(("bass", 36), ("melody", 73)))
    song = clip(Metronome(plan), ClipSpec("x", 1, bars=1))
    assert {n.part for n in song.notes} == {"melody", "bass"}
    assert song.programs == (("melody", 73), ("bass", 36))


def test_without_words_a_part_is_played_by_a_piano_or_a_bass() -> None:
    assert programs(Plan()) == (
        ("chords", 0),
        ("melody", 0),
        ("bass", 32),
    )


def test_a_set_control_goes_before_the_words() -> None:
    wanted = ClipSpec("x", 1, bars=1, controls=Controls(tempo=90, key="E minor"))
    song = clip(Metronome(Plan(tempo=120, key="C major", explicit=("tempo", "key"))), wanted)
    assert song.tempos == ((Ticks(0), 90),)
    assert song.key == "E minor"


def test_the_option_for_parts_reaches_the_composer() -> None:
    composer = Metronome(Plan())
    clip(composer, ClipSpec("x", 1, bars=1, parts=("bass",)))
    assert {order.parts for order in composer.begun} == {("bass",)}
    assert not composer.taken, "the take is forgotten"


def test_swing_moves_the_off_beats_and_keeps_the_beats() -> None:
    assert [swung(Ticks(t), 0.5) for t in range(0, 481, 60)] == list(range(0, 481, 60))
    assert [swung(Ticks(t), 2 / 3) for t in (0, 240, 480, 720)] == [0, 320, 480, 800]
    assert [swung(Ticks(t), 0.75, 16) for t in (0, 120, 240, 360)] == [0, 180, 240, 420]
    moved = [swung(Ticks(t), 0.62) for t in range(961)]
    assert all(a <= b for a, b in itertools.pairwise(moved))


def test_a_clip_of_no_bars_is_refused_with_the_law() -> None:
    with pytest.raises(ValueError, match=r"1\.\.256 bars, not 0"):
        ClipSpec("x", 1, bars=0)


def test_a_new_note_that_comes_early_does_not_cut_a_kept_one() -> None:
    kept = Note(Ticks(0), Ticks(480), 60, 80, "melody")
    early = Note(Ticks(480), Ticks(240), 60, 80, "melody", offset=-9)
    other = Note(Ticks(470), Ticks(240), 62, 80, "melody", offset=-9)
    within = Note(Ticks(240), Ticks(120), 60, 80, "melody")
    found = _clear_of({kept}, [kept, early, other, within])
    assert found == (kept, Note(Ticks(480), Ticks(240), 60, 80, "melody"), other)
