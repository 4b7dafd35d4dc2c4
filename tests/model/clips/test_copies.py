"""Which words make bars like others, which do not, and what stays as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.clips.clip import clip
from model.clips.copies import BarCopy, bar_copy, copied
from model.clips.messages import ClipSpec
from model.clips.refine import refine_and_tell
from model.generation.composer import Composer
from model.music.midifile import Song
from model.music.notes import Note, Ticks
from model.music.plan import Controls
from model.prompt.encoder import hash_encoder
from tests.model.clips.test_two_clause_changes import by_bar, changed_bars
from tests.support.tiny_engine import engine


@pytest.fixture(scope="module")
def writer() -> Composer:
    return Composer(hash_encoder(), engine(1))


@pytest.fixture(scope="module")
def song(writer: Composer) -> Song:
    return clip(writer, ClipSpec("funk with drums", 3, bars=8, controls=Controls(key="D minor", chords="Dm Gm A Dm")))


@pytest.mark.parametrize(
    "words",
    [
        "copy bar 1 to bar 3", "bar 3 repeats bar 1", "in bar 3 repeat bar 1", "repeat bar 1 in 3", "let bar 3 sound like it did in bar 1",
        "kopiere Takt 1 nach Takt 3", "wie in Takt 1 soll Takt 3 klingen", "Takt 1 in Takt 3 wiederholen", "Takt 3 soll so klingen wie Takt 1",
        "répète la mesure 1 dans la mesure 3", "la mesure 3 identique à la mesure 1", "la mesure 3 comme la 1",
        "repite el compás 1 en el 3", "compás 3 como el 1", "que el compás 3 sea igual que el compás 1",
        "la battuta 3 come la battuta 1", "copia dalla battuta 1 alla battuta 3", "la battuta 3 uguale alla battuta 1",
        "o compasso 3 igual ao compasso 1", "repete o compasso 1 no compasso 3", "copia o compasso 1 para o compasso 3",
        "让第3小节像第1小节一样", "第3小节重复第1小节", "1小節目を3小節目にコピーして", "1小節目と同じに3小節目を",
    ],
)  # fmt: skip
def test_the_third_bar_becomes_like_the_first(words: str) -> None:
    found = bar_copy(words, 8)
    assert found is not None
    assert (found.bars, found.source) == ((2,), (0,))


def test_bars_without_their_noun_are_read() -> None:
    found = bar_copy("bars 5-8 like 1-4", 8)
    assert found is not None
    assert (found.bars, found.source) == ((4, 5, 6, 7), (0, 1, 2, 3))


@pytest.mark.parametrize(
    "words",
    [
        "let the drums come in at bar 3 and the bass at bar 5", "que la batería entre en el compás 3 y el bajo en el compás 5",
        "la batería entra en el compás 3 como el bajo en el compás 1", "let the drums start in bar 3 like the bass in bar 1",
        "don't repeat bar 1 in bar 3", "Takt 3 soll nicht wie Takt 1 klingen", "no repitas el compás 1 en el compás 3",
        "ne répète pas la mesure 1 dans la mesure 3", "não repita o compasso 1 no compasso 3", "non ripetere la battuta 1 nella battuta 3",
        "不要把第1小节复制到第3小节", "1小節目を3小節目にコピーしないで", "la mesure 3 plus dense que la mesure 1", "bar 3 as dense as bar 1",
        "Takt 3 so laut wie Takt 1", "la battuta 3 più forte della battuta 1", "o compasso 3 mais forte que o compasso 1", "第3小节比第1小节更响",
        "mach Takt 2 und Takt 4 leiser wie ein Flüstern", "I'd like bar 3 and bar 5 louder", "bar 3 with bells like rain in bar 5",
        "repeat the bass of bar 1 and the drums of bar 3", "switch off the drums in bar 3 and the bass in bar 5",
        "bring the loop from bar 1 down and the pad from bar 5 up", "bar 3 at the same volume as bar 1",
        "bar 3 like 4 on the floor", "let the drums at bar 3 come 2 beats later", "bar 3 like bar 1 not the drums",
    ],
)  # fmt: skip
def test_other_words_with_two_bars_copy_none(words: str) -> None:
    assert bar_copy(words, 8) is None


@pytest.mark.parametrize(
    "words",
    ["la mesure 3 plus forte que la mesure 1", "el compás 3 más fuerte que el compás 1", "bar 3 loud like bar 1"],
)
def test_a_bar_that_is_to_be_louder_than_another_is_louder(writer: Composer, song: Song, words: str) -> None:
    after = refine_and_tell(writer, song, words, 3).song
    assert sorted(replace(n, velocity=1) for n in after.notes) == sorted(replace(n, velocity=1) for n in song.notes)
    louder = {by for by in range(8) if loudness(after, by) > loudness(song, by)}
    assert louder == {2}


def loudness(song: Song, bar: int) -> int:
    ends = [*(at for at, _ in song.bars[1:]), song.end]
    return sum(n.velocity for n in song.notes if song.bars[bar][0] <= n.start < ends[bar])


@pytest.mark.parametrize(
    "words",
    [
        "only the drums of bar 3 like bar 1", "the drums in bar 3 like in bar 1", "repeat bar 1 of the drums in bar 3",
        "das Schlagzeug in Takt 3 wie in Takt 1", "la batería del compás 3 como en el compás 1", "la batterie de la mesure 3 comme la mesure 1",
        "la batteria nella battuta 3 come nella battuta 1", "a bateria do compasso 3 igual ao compasso 1",
    ],
)  # fmt: skip
def test_only_the_parts_that_are_named_are_copied(writer: Composer, song: Song, words: str) -> None:
    after = refine_and_tell(writer, song, words, 3).song
    assert by_bar(after, "drums")[2] == by_bar(song, "drums")[0]
    assert all(by_bar(after, part) == by_bar(song, part) for part in ("bass", "chords", "melody"))
    assert after.chords == song.chords


@pytest.mark.parametrize("words", ["keep the bass, bar 3 like bar 1", "bar 3 like bar 1 except the bass"])
def test_a_part_that_is_kept_is_not_copied_over(writer: Composer, song: Song, words: str) -> None:
    after = refine_and_tell(writer, song, words, 3).song
    assert by_bar(after, "bass") == by_bar(song, "bass")
    assert by_bar(after, "drums")[2] == by_bar(song, "drums")[0]
    assert by_bar(after, "melody")[2] == by_bar(song, "melody")[0]


@pytest.mark.parametrize(
    "words",
    ["bar 3 like bar 1 but louder", "bar 3 like bar 1, louder", "copy bar 1 to bar 3 and louder", "Takt 3 wie Takt 1, aber lauter"],
)  # fmt: skip
def test_what_is_asked_behind_a_copy_is_done_to_the_copy_alone(writer: Composer, song: Song, words: str) -> None:
    after = refine_and_tell(writer, song, words, 3).song
    wish = BarCopy((2,), (0,))
    plain = copied(song, wish)
    assert plain is not None
    assert [replace(n, velocity=1) for n in after.notes] == [replace(n, velocity=1) for n in plain.notes]
    assert {bar for bar in range(8) if loudness(after, bar) > loudness(plain, bar)} == {2}


def test_a_copy_may_be_without_a_part_that_the_other_bars_keep(writer: Composer, song: Song) -> None:
    after = refine_and_tell(writer, song, "bar 3 like bar 1 but without the drums", 3).song
    assert changed_bars(song, after, "drums") == {3}
    assert by_bar(after, "drums")[2] == []
    assert by_bar(after, "bass")[2] == by_bar(song, "bass")[0]


def test_two_copies_in_one_clause_are_both_made(writer: Composer, song: Song) -> None:
    after = refine_and_tell(writer, song, "bar 3 like bar 1 and bar 4 like bar 2", 3).song
    assert by_bar(after, "drums")[2:4] == by_bar(song, "drums")[:2]


def test_a_copy_may_be_an_octave_higher(writer: Composer, song: Song) -> None:
    after = refine_and_tell(writer, song, "the melody in bar 3 like bar 1 an octave higher", 3).song
    assert [p for *_, p, _ in by_bar(after, "melody")[2]] == [p + 12 for *_, p, _ in by_bar(song, "melody")[0]]
    assert changed_bars(song, after, "bass") == set()


def test_a_copied_note_ends_where_its_pitch_is_struck_again() -> None:
    bars = tuple((Ticks(1920 * bar), "4/4") for bar in range(4))
    held = Note(Ticks(0), Ticks(3840), 60, part="pad")
    again = Note(Ticks(5760), Ticks(1920), 60, part="pad")
    song = Song(bars=bars, end=Ticks(7680), tempos=((Ticks(0), 120.0),), key="C major", notes=(held, again), chords=())
    after = copied(song, BarCopy((2,), (0,)))
    assert after is not None
    assert [(n.start, n.length) for n in after.notes] == [(0, 3840), (3840, 1920), (5760, 1920)]
