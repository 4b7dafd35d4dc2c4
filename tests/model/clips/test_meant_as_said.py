"""Changes that once did another thing than they said: only a part, half-time drums, no swing, other chords, more players."""

from __future__ import annotations

import pytest

from model.clips.clip import clip
from model.clips.copies import bar_copy
from model.clips.messages import ClipSpec
from model.clips.named_changes import bars_with_their_word
from model.clips.refine import refine_and_tell
from model.clips.reharmony import half_time, other_chords
from model.clips.transforms import apply_swing
from model.generation.composer import Composer
from model.music.drums import ROLES
from model.music.harmony import parse_key
from model.music.midifile import Song
from model.music.notes import PARTS
from model.music.plan import Controls
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

Line = list[list[tuple[int, int, int, int]]]


@pytest.fixture(scope="module")
def writer() -> Composer:
    return Composer(hash_encoder(), engine(1))


@pytest.fixture(scope="module")
def song(writer: Composer) -> Song:
    controls = Controls(key="C major", chords="C G Am F")
    return clip(writer, ClipSpec("pop with drums, bass, chords and melody", 3, bars=8, controls=controls))


def by_bar(song: Song, part: str) -> Line:
    ends = [*(at for at, _ in song.bars[1:]), song.end]
    return [
        sorted((n.start - a, n.length, n.pitch, n.velocity) for n in song.notes if n.part == part and a <= n.start < b)
        for (a, _), b in zip(song.bars, ends, strict=True)
    ]


def changed(before: Song, after: Song) -> dict[str, set[int]]:
    """Return the bars, counted from 1, in which each part that changed is another."""
    found = {}
    for part in PARTS:
        pairs = zip(by_bar(before, part), by_bar(after, part), strict=True)
        if bars := {n for n, (a, b) in enumerate(pairs, start=1) if a != b}:
            found[part] = bars
    return found


@pytest.mark.parametrize(
    "words",
    [
        "melody an octave up, only the melody", "only the melody, an octave up", "nur die Melodie, eine Oktave höher", "la mélodie une octave plus haut, seulement la mélodie",
        "la melodía una octava más alta, solo la melodía", "la melodia un'ottava più alta, soltanto la melodia", "a melodia uma oitava acima, só a melodia", "旋律升高八度，只要旋律",
    ],
)  # fmt: skip
def test_only_a_part_beside_a_change_means_that_it_alone_changes(writer: Composer, song: Song, words: str) -> None:
    after = refine_and_tell(writer, song, words, 1).song
    assert changed(song, after).keys() == {"melody"}
    assert [n.pitch + 12 for n in song.notes if n.part == "melody"] == [
        n.pitch for n in after.notes if n.part == "melody"
    ]


@pytest.mark.parametrize(
    "words",
    ["only the drums", "keep only the drums", "behalte nur das Schlagzeug", "ne garde que la batterie", "solo la batería", "tieni solo la batteria", "deixa só a bateria", "只保留鼓"],
)  # fmt: skip
def test_only_a_part_without_a_change_takes_the_others_away(writer: Composer, song: Song, words: str) -> None:
    after = refine_and_tell(writer, song, words, 1).song
    assert {n.part for n in after.notes} == {"drums"}
    assert by_bar(after, "drums") == by_bar(song, "drums")


@pytest.mark.parametrize(
    "words",
    ["half time drums", "make the drums half-time", "Schlagzeug in halber Zeit", "la batterie à mi-tempo", "batería a medio tiempo", "batteria a metà tempo", "bateria a meio tempo", "鼓用半拍", "half-time feel"],
)  # fmt: skip
def test_half_time_drums_strike_the_backbeat_on_three_at_the_same_tempo(
    writer: Composer, song: Song, words: str
) -> None:
    after = refine_and_tell(writer, song, words, 1).song
    assert after.tempos == song.tempos
    assert changed(song, after).keys() == {"drums"}
    snares = {round((n.start % 1920) / 480, 1) for n in after.notes if n.part == "drums" and n.pitch == ROLES["snare"]}
    assert 2 in snares
    assert not snares & {1, 3}


@pytest.mark.parametrize("words", ["add strings and brass", "aggiungi archi e ottoni"])
def test_an_instrument_for_which_no_part_is_free_is_told(writer: Composer, song: Song, words: str) -> None:
    refined = refine_and_tell(writer, song, words, 1)
    assert changed(song, refined.song).keys() == {"pad"}
    assert any("no part is free" in why for _, why in refined.told)


@pytest.mark.parametrize(
    "words", ["make the drums funky, only the drums", "cambia la batería, solo la batería", "neues Schlagzeug, nur das Schlagzeug"]
)  # fmt: skip
def test_only_a_part_that_is_named_twice_takes_nobody_away(writer: Composer, song: Song, words: str) -> None:
    assert changed(song, refine_and_tell(writer, song, words, 1).song).keys() == {"drums"}


def test_half_time_without_drums_named_is_still_a_tempo(writer: Composer, song: Song) -> None:
    assert refine_and_tell(writer, song, "half the tempo", 1).song.tempos[0][1] == song.tempos[0][1] / 2
    assert half_time(half_time(song)) == half_time(song)


@pytest.mark.parametrize(
    "words",
    ["no swing", "straighten it", "kein Swing", "sans swing", "sin swing", "senza swing", "sem swing", "不要摇摆", "スウィングなし"],
)  # fmt: skip
def test_no_swing_takes_swing_away(writer: Composer, song: Song, words: str) -> None:
    swinging = apply_swing(song, 0.64)
    after = refine_and_tell(writer, swinging, words, 1).song
    late = [n.start % 480 for n in after.notes if 200 <= n.start % 480 <= 380]
    assert sum(abs(at - 240) <= 8 for at in late) > 0.8 * len(late)
    assert refine_and_tell(writer, song, words, 1).song == song


def test_no_swing_in_the_drums_leaves_the_drums(writer: Composer, song: Song) -> None:
    after = refine_and_tell(writer, apply_swing(song, 0.64), "no swing in the drums", 1).song
    assert len([n for n in after.notes if n.part == "drums"]) == len([n for n in song.notes if n.part == "drums"])


@pytest.mark.parametrize(
    "words",
    ["change the chords", "other chords", "different chord progression", "andere Akkorde", "d'autres accords", "otros acordes", "altri accordi", "outros acordes", "换和弦", "コードを変えて"],
)  # fmt: skip
def test_other_chords_are_another_progression_under_the_same_tune(writer: Composer, song: Song, words: str) -> None:
    refined = refine_and_tell(writer, song, words, 1)
    after = refined.song
    assert [s for _, s in after.chords] != [s for _, s in song.chords]
    assert changed(song, after).keys() == {"chords", "bass"}
    assert after.key == song.key
    scale = parse_key(song.key).pitch_classes
    assert all(n.pitch % 12 in scale for n in after.notes if n.part == "bass" and n not in song.notes)


def test_other_chords_differ_in_half_the_bars_at_least_and_follow_the_seed(song: Song) -> None:
    found = {tuple(s for _, s in other_chords(song, seed).chords) for seed in range(3)}
    assert len(found) == 3
    now = [s for _, s in song.chords]
    assert all(sum(a != b for a, b in zip(now, chords, strict=True)) >= 4 for chords in found)


@pytest.mark.parametrize(
    "words",
    ["add strings in bars 1-4", "füge Streicher in Takt 1-4 hinzu", "ajoute des cordes dans les mesures 1 à 4", "añade cuerdas en los compases 1-4", "aggiungi archi nelle battute 1-4", "adiciona cordas nos compassos 1-4", "第1到4小节加弦乐"],
)  # fmt: skip
def test_added_strings_take_nobody_away(writer: Composer, song: Song, words: str) -> None:
    refined = refine_and_tell(writer, song, words, 1)
    assert changed(song, refined.song) == {"pad": {1, 2, 3, 4}}
    assert dict(refined.song.programs).items() >= {**dict(song.programs), "pad": 48}.items()
    assert refined.told == ()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("no drums from 5 to 8", "drums"), ("from bar 5 to bar 8 no melody", "melody"), ("ohne Bass von 5 bis 8", "bass"), ("sans basse de 5 à 8", "bass"), ("sin bajo de 5 a 8", "bass"),
        ("senza basso da 5 a 8", "bass"), ("sem baixo de 5 a 8", "bass"), ("第5到8小节不要贝斯", "bass"), ("la basse se tait de la mesure 5 à la mesure 8", "bass"),
    ],
)  # fmt: skip
def test_a_part_is_silent_from_one_bar_to_another(writer: Composer, song: Song, words: str, part: str) -> None:
    after = refine_and_tell(writer, song, words, 1).song
    assert changed(song, after).keys() == {part}
    assert by_bar(after, part) == [*by_bar(song, part)[:4], [], [], [], []]


def test_numbers_that_name_no_bars_stay_as_they_are() -> None:
    for words in ("tempo from 90 to 120", "from 5 to 12", "from bar 5 to 8", "from 1 to 4 beats"):
        assert bars_with_their_word(words, 8) == words


@pytest.mark.parametrize(
    "words",
    ["a fill every 4 bars", "alle vier Takte ein Drum Fill", "un fill toutes les 4 mesures", "un redoble cada cuatro compases", "un fill ogni quattro battute", "uma virada a cada quatro compassos", "每四小节加一个鼓花", "4小節ごとにフィルを入れて"],
)  # fmt: skip
def test_a_fill_comes_every_four_bars(writer: Composer, song: Song, words: str) -> None:
    assert changed(song, refine_and_tell(writer, song, words, 1).song) == {"drums": {4, 8}}


@pytest.mark.parametrize(
    "words",
    ["bar 2 like the 6th", "Takt 2 wie die 6", "la mesure 2 comme la 6", "compás 2 como el 6", "battuta 2 come la 6", "compasso 2 como o 6", "copy 6 to bar 2"],
)  # fmt: skip
def test_the_second_bar_needs_no_word(words: str) -> None:
    found = bar_copy(words, 8)
    assert found is not None
    assert (found.bars, found.source) == ((1,), (5,))


@pytest.mark.parametrize(
    "words",
    ["not too many drums", "nicht zu viel Schlagzeug", "pas trop de batterie", "no demasiada batería", "non troppa batteria", "não muita bateria", "鼓不要太多"],
)  # fmt: skip
def test_not_too_many_drums_are_fewer_strokes(writer: Composer, song: Song, words: str) -> None:
    refined = refine_and_tell(writer, song, words, 1)
    assert changed(song, refined.song).keys() == {"drums"}
    assert (
        0
        < len([n for n in refined.song.notes if n.part == "drums"])
        < len([n for n in song.notes if n.part == "drums"])
    )
    assert refined.told == ()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("repeat bar 1 of the melody in bar 3", "melody"), ("wiederhole Takt 1 der Melodie in Takt 3", "melody"), ("répète la mesure 1 de la mélodie dans la mesure 3", "melody"), ("repite el compás 1 de la melodía en el compás 3", "melody"),
        ("ripeti la battuta 1 della melodia nella battuta 3", "melody"), ("repete o compasso 1 da melodia no compasso 3", "melody"), ("把旋律的第1小节复制到第3小节", "melody"), ("bar 3 of the drums like bar 1", "drums"),
    ],
)  # fmt: skip
def test_a_bar_of_a_part_is_repeated_in_that_part_alone(writer: Composer, song: Song, words: str, part: str) -> None:
    after = refine_and_tell(writer, song, words, 1).song
    assert changed(song, after) == {part: {3}}
    assert [n[:3] for n in by_bar(after, part)[2]] == [n[:3] for n in by_bar(song, part)[0]]
    assert after.chords == song.chords


@pytest.mark.parametrize(
    "words", ["just piano, bass and drums", "nur Klavier, Bass und Schlagzeug", "solo piano, bajo y batería"]
)
def test_a_list_behind_only_is_one_list(writer: Composer, song: Song, words: str) -> None:
    assert changed(song, refine_and_tell(writer, song, words, 1).song).keys() == {"melody"}
