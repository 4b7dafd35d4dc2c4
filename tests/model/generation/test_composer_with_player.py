"""A player beside the model: chords and melodies that are given beat by beat, as they are played."""

from __future__ import annotations

from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.generation.take import mark_chord_change
from model.music.harmony import parse_chord
from model.music.notes import Beat, Kept, Note, Ticks
from model.music.plan import Controls
from model.prompt.understand import open_encoder
from tests.support.tiny_engine import engine

PROMPT = "pop, 100 bpm"
MELODY = frozenset({"melody"})


def band(seed: int = 1) -> Composer:
    composer = Composer(open_encoder(None), engine())
    composer.begin(Begin(1, PROMPT, Controls(), seed, parts=("chords", "melody", "bass", "drums")))
    return composer


def given(chord: str) -> Kept:
    return Kept(harmony=True, chord=chord)


def written(
    composer: Composer, index: int, hands: Kept | None = None, played: tuple[tuple[int, Kept], ...] = ()
) -> Beat:
    beat = composer.write(Write(1, index, Controls(), hands, played)).beat
    assert beat is not None
    return beat


def test_a_chord_of_the_hands_is_the_chord_of_the_beat_and_sounds() -> None:
    composer = band()
    for index, symbol in enumerate(("F#m7", "F#m7", "Bb", "Bb")):
        beat = written(composer, index, given(symbol))
        assert beat.chord is not None
        assert parse_chord(beat.chord) == parse_chord(symbol)
        assert beat.fresh == (index in (0, 2))
        low = [n.pitch % 12 for n in beat.notes if n.part == "bass" and n.start == 0]
        if beat.fresh:
            assert low == [parse_chord(symbol).bass]
        tones = parse_chord(symbol).pitch_classes
        assert all(n.pitch % 12 in tones for n in beat.notes if n.part in ("bass", "chords"))


def test_the_hands_go_before_a_progression_of_the_words() -> None:
    composer = Composer(open_encoder(None), engine())
    composer.begin(Begin(1, "Am F C G, pop", Controls(), 1))
    assert written(composer, 0, given("Eb")).chord == "D#" or written(composer, 0, given("Eb")).chord == "Eb"


def test_a_part_that_the_hands_play_is_not_written() -> None:
    composer = band()
    for index in range(8):
        assert all(n.part != "melody" for n in written(composer, index, Kept(parts=MELODY)).notes)


def test_what_was_played_is_what_the_next_beat_is_written_after() -> None:
    """The same as if it had been given from the beginning: nothing is left of what was only planned."""
    tune = Note(Ticks(0), Ticks(480), 71, 84, "melody")
    late, early = band(), band()
    for index in range(3):
        for composer in (late, early):
            written(composer, index, Kept(parts=MELODY))
    first = written(early, 3, Kept(parts=MELODY))
    written(late, 3, Kept(parts=MELODY))
    sounded = Kept((*first.notes, tune), parts=MELODY, harmony=True, chord=first.chord, fresh=first.fresh)
    after = [written(c, 4, Kept(parts=MELODY), ((3, sounded),)) for c in (late, early)]
    assert after[0] == after[1]
    assert late._takes[1].written[3].beat.notes == sounded.notes


def test_reading_again_is_the_same_as_having_read() -> None:
    tune = Note(Ticks(0), Ticks(480), 71, 84, "melody")
    once, anew = band(), band()
    for composer in (once, anew):
        for index in range(2):
            written(composer, index, Kept(parts=MELODY))
    beat = once._takes[1].written[1].beat
    other = Note(Ticks(0), Ticks(240), 40, 84, "bass")
    sounded = Kept((other, tune), harmony=True, chord=beat.chord, fresh=beat.fresh)
    anew._takes[1].cache_number += 1  # its cache is made anew, from all that was written
    assert written(once, 2, played=((1, sounded),)) == written(anew, 2, played=((1, sounded),))


def test_a_chord_is_fresh_where_it_is_another() -> None:
    assert mark_chord_change(None, given("C")).fresh
    assert not mark_chord_change(None, Kept()).fresh
