"""Changes that strangers asked for in sentences of two clauses: both are carried out, or told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.clips.clip import clip
from model.clips.copies import bar_copy, copied
from model.clips.course import follow_course
from model.clips.messages import ClipSpec
from model.clips.refine import refine_and_tell
from model.generation.composer import Composer
from model.music.drums import ROLES
from model.music.midifile import Song
from model.music.notes import PARTS, Note, Ticks
from model.music.plan import Controls
from model.music.wishes import Strokes, Wishes
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine


@pytest.fixture(scope="module")
def writer() -> Composer:
    return Composer(hash_encoder(), engine(1))


@pytest.fixture(scope="module")
def song(writer: Composer) -> Song:
    return clip(writer, ClipSpec("funk with drums", 3, bars=8, controls=Controls(key="D minor", chords="Dm Gm A Dm")))


def by_bar(song: Song, part: str) -> list[list[tuple[int, int, int, int]]]:
    ends = [*(at for at, _ in song.bars[1:]), song.end]
    return [
        sorted((n.start - a, n.length, n.pitch, n.velocity) for n in song.notes if n.part == part and a <= n.start < b)
        for (a, _), b in zip(song.bars, ends, strict=True)
    ]


def changed_bars(before: Song, after: Song, part: str) -> set[int]:
    """Return the bars, counted from 1, in which a part is another."""
    pairs = zip(by_bar(before, part), by_bar(after, part), strict=True)
    return {n for n, (a, b) in enumerate(pairs, start=1) if a != b}


@pytest.mark.parametrize(
    ("words", "bars", "source"),
    [
        ("bar 3 like bar 1", (2,), (0,)), ("make bars 5 to 8 the same as bars 1 to 4", (4, 5, 6, 7), (0, 1, 2, 3)), ("repeat the first four bars in bars 5-8 exactly", (4, 5, 6, 7), (0, 1, 2, 3)), ("copy bar 1 to bar 3", (2,), (0,)),
        ("Takt 3 wie Takt 1", (2,), (0,)), ("la mesure 4 comme la mesure 2", (3,), (1,)), ("que el compás 3 sea igual que el compás 1", (2,), (0,)), ("copia le prime due battute nelle battute 5-6", (4, 5), (0, 1)),
        ("第3小节和第1小节一样", (2,), (0,)), ("把第1小节复制到第5小节", (4,), (0,)), ("3小節目を1小節目と同じにして", (2,), (0,)), ("fill bars 5-8 with copies of bars 1-2, repeat", (4, 5, 6, 7), (0, 1)), ("bar 3 like 1", (2,), (0,)),
    ],
)  # fmt: skip
def test_bars_become_like_those_that_the_words_name(words: str, bars: tuple[int, ...], source: tuple[int, ...]) -> None:
    found = bar_copy(words, 8)
    assert found is not None
    assert (found.bars, found.source) == (bars, source)


@pytest.mark.parametrize(
    "words", ["bar 3 like bar 30", "more like jazz", "repeat it", "bars 1-4 like bars 2-3", "louder in bars 3 and 4"]
)
def test_other_words_copy_no_bars(words: str) -> None:
    assert bar_copy(words, 8) is None


def test_a_copied_bar_has_the_notes_and_the_chord_of_the_other_and_the_rest_stays(song: Song) -> None:
    wish = bar_copy("bars 5-8 like bars 1-2", 8)
    assert wish is not None
    after = copied(song, wish)
    assert after is not None
    for part in PARTS:
        here = [[note[0::2] for note in bar] for bar in by_bar(after, part)]
        assert here[4:] == here[:2] * 2
        assert changed_bars(song, after, part) <= {5, 6, 7, 8}
    sounding = [next(s for at, s in reversed(after.chords) if at <= bar) for bar, _ in after.bars]
    assert sounding == ["Dm", "Gm", "A", "Dm", "Dm", "Gm", "Dm", "Gm"]


@pytest.mark.parametrize(
    "words",
    [
        "bring the bass in at bar 3 not before", "lass den Bass erst in Takt 3 einsetzen", "fais entrer la basse à la mesure 3", "haz que el bajo entre en el compás 3", "fai entrare il basso a battuta 3",
        "faça o baixo entrar no compasso 3", "ベースは3小節目から入れて", "贝斯从第3小节再进来",
    ],
)  # fmt: skip
def test_a_part_enters_at_a_bar(writer: Composer, song: Song, words: str) -> None:
    after = refine_and_tell(writer, song, words, 1)
    assert changed_bars(song, after.song, "bass") == {1, 2}
    assert not any(by_bar(after.song, "bass")[:2])
    assert not after.told


@pytest.mark.parametrize(
    ("words", "louder"),
    [("no drums in bars 1-2 and make the melody louder", True), ("sin batería en los dos primeros compases y la melodía más fuerte", True), ("ohne Schlagzeug in Takt 1 und 2 und die Melodie leiser", False)],
)  # fmt: skip
def test_the_clause_behind_who_rests_is_carried_out_too(writer: Composer, song: Song, words: str, louder: bool) -> None:
    after = refine_and_tell(writer, song, words, 1)
    assert changed_bars(song, after.song, "drums") == {1, 2}
    loud = [sum(n[3] for bar in by_bar(s, "melody") for n in bar) for s in (song, after.song)]
    assert (loud[1] > loud[0]) == louder
    assert not after.told


def test_a_clause_that_names_no_change_is_told_beside_who_rests(writer: Composer, song: Song) -> None:
    after = refine_and_tell(writer, song, "no bass in bars 1-2 and write a symphony about cats", 1)
    assert changed_bars(song, after.song, "bass") <= {1, 2}
    assert [words for words, _ in after.told] == ["write a symphony about cats"]


@pytest.mark.parametrize("words", ["from bar 5 to 8 only drums louder", "5小節目から8小節目だけドラムを激しく"])
def test_words_that_say_how_change_who_plays_in_the_bars_and_silence_nobody(
    writer: Composer, song: Song, words: str
) -> None:
    after = refine_and_tell(writer, song, words, 1)
    assert changed_bars(song, after.song, "drums") <= {5, 6, 7, 8}
    assert all(bool(a) == bool(b) for a, b in zip(by_bar(song, "bass"), by_bar(after.song, "bass"), strict=True))
    assert not after.told


def test_what_is_to_stay_is_not_taken_away_and_its_offbeats_move_onto_the_beats(writer: Composer, song: Song) -> None:
    after = refine_and_tell(writer, song, "no melody off beat stuff, but don't remove the melody", 1).song
    assert {n.start % 480 for n in after.notes if n.part == "melody"} == {0}
    assert all(changed_bars(song, after, part) == set() for part in PARTS if part != "melody")


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("plus de batterie et moins de piano", {"drums", "chords"}), ("more bass", {"bass"}), ("less drums please", {"drums"}), ("make it swing but don't touch the drums", {"chords", "melody", "bass"}), ("change bar 2 to Dm7 and bar 6 to F", {"chords", "bass"}),
        ("keep everything but make the drums quieter in bars 1 to 4", {"drums"}), ("nur das Klavier leiser, sonst nichts", {"chords"}), ("drums: only kick and snare", {"drums"}), ("die Melodie auf einer Flöte und eine Oktave höher", {"melody"}),
        ("旋律用长笛，高八度", {"melody"}), ("swap bars 1 and 2", {"drums", "chords", "melody", "bass"}), ("add a cowbell on every beat", {"drums"}), ("把鼓去掉，旋律换成小提琴", {"drums"}), ("sube el tempo a 90 y quita la melodía", {"melody"}),
    ],
)  # fmt: skip
def test_a_change_of_two_clauses_moves_what_both_name_and_nothing_else(
    writer: Composer, song: Song, words: str, changed: set[str]
) -> None:
    after = refine_and_tell(writer, song, words, 1)
    assert {part for part in PARTS if changed_bars(song, after.song, part)} == changed
    assert not after.told
    programs = dict(after.song.programs)
    assert ("Flöte" not in words and "长笛" not in words) or programs["melody"] == 73
    assert "小提琴" not in words or programs["melody"] == 40
    assert ("tempo" not in words) or after.song.tempos[0][1] == 90


def test_the_sound_and_the_mix_are_told_and_change_nobody_s_instrument(writer: Composer, song: Song) -> None:
    after = refine_and_tell(writer, song, "pan the guitar left and add reverb to the snare", 1)
    assert [words for words, _ in after.told] == ["pan the guitar left", "reverb"]
    assert (after.song.notes, after.song.programs) == (song.notes, song.programs)


def _kit(*places: tuple[int, str]) -> Song:
    notes = [Note(Ticks(at), Ticks(60), ROLES[role], 80, "drums") for at, role in places]
    notes += [Note(Ticks(i * 240), Ticks(200), 60, 80, "melody") for i in range(16)]
    bars = ((Ticks(0), "4/4"), (Ticks(1920), "4/4"))
    return Song(bars=bars, end=Ticks(3840), tempos=((Ticks(0), 120.0),), key="C major", notes=tuple(sorted(notes)))


def test_a_drum_strikes_its_beats_in_the_bars_that_drum() -> None:
    song = _kit((0, "kick"), (120, "perc"))
    after = follow_course(song, Wishes(strokes=(Strokes("perc", (1, 2, 3, 4)), Strokes("clap"), Strokes("kick"))))
    struck = {
        role: [n.start for n in after.notes if n.part == "drums" and n.pitch == ROLES[role]]
        for role in ("perc", "clap", "kick")
    }
    assert struck == {"perc": [0, 480, 960, 1440], "clap": [480, 1440], "kick": [0]}


def test_the_first_eighth_of_each_group_is_louder_than_the_others() -> None:
    after = follow_course(_kit((0, "kick")), Wishes(groups=(3, 3, 2)))
    loud = [n.velocity for n in after.notes if n.part == "melody"][:8]
    assert [v > 80 for v in loud] == [True, False, False, True, False, False, True, False]


def test_a_drum_is_taken_away_on_the_beats_on_which_it_is_not_wanted_and_no_other_drum() -> None:
    song = _kit((0, "kick"), (960, "kick"), (970, "snare"), (1200, "kick"), (2880, "kick"))
    after = follow_course(song, Wishes(strokes=(Strokes("kick", (3,), without=True),)))
    assert [(n.start, n.pitch) for n in after.notes if n.part == "drums"] == [
        (0, ROLES["kick"]), (970, ROLES["snare"]), (1200, ROLES["kick"]),
    ]  # fmt: skip


def test_six_eighths_are_counted_in_two() -> None:
    bars = ((Ticks(0), "6/8"), (Ticks(1440), "6/8"))
    song = replace(_kit((0, "kick")), bars=bars, end=Ticks(2880))
    wishes = Wishes(strokes=(Strokes("clap", (2,)), Strokes("perc", (1, 2, 3, 4)), Strokes("tom_low")))
    after = follow_course(song, wishes)
    struck = {r: [n.start for n in after.notes if n.pitch == ROLES[r]] for r in ("clap", "perc", "tom_low")}
    assert struck == {"clap": [720], "perc": [0, 720], "tom_low": [720]}


def test_strokes_alone_leave_the_names_of_the_sections() -> None:
    song = replace(_kit((0, "kick")), sections=((Ticks(0), "verse"), (Ticks(1920), "chorus")))
    assert follow_course(song, Wishes(strokes=(Strokes("clap", (2, 4)),))).sections == song.sections
