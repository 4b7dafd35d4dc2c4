"""Refining: what the words name moves, what they do not name stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.clips.refine import refine, refine_and_tell
from model.generation.composer import Composer
from model.music.drums import ROLES
from model.music.harmony import parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import PARTS, Note
from model.music.plan import Controls
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine


@pytest.fixture(scope="module")
def writer() -> Composer:
    return Composer(hash_encoder(), engine(1))


@pytest.fixture(scope="module")
def song(writer: Composer) -> Song:
    return clip(writer, ClipSpec("funk with drums", 3, bars=4, controls=Controls(key="D minor", chords="Dm Gm A Dm")))


def part(song: Song, name: str) -> list[tuple[int, int, int, int]]:
    return sorted((n.start, n.length, n.pitch, n.velocity) for n in song.notes if n.part == name)


def same_but(before: Song, after: Song, *changed: str) -> bool:
    return all(part(before, p) == part(after, p) for p in ("chords", "melody", "bass", "drums") if p not in changed)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("busier melody", ("melody",)),
        ("same chords, walking bass", ("bass",)),
        ("less busy drums", ("drums",)),
        ("no drums", ("drums",)),
        ("drums off", ("drums",)),
        ("turn the bass off", ("bass",)),
        ("Schlagzeug aus", ("drums",)),
        ("louder bass", ("bass",)),
        ("melody an octave lower", ("melody",)),
        ("旋律高一点", ("melody",)),
        ("slower", ()),
        ("at 90 bpm", ()),
        ("richer chords", ("chords",)),
        ("shorter notes in the bass", ("bass",)),
        ("another melody", ("melody",)),
    ],
)
def test_parts_that_are_not_named_stay(writer: Composer, song: Song, words: str, changed: tuple[str, ...]) -> None:
    after = refine(writer, song, words, 1)
    assert same_but(song, after, *changed)
    assert after != song
    assert len(after.bars) == len(song.bars)


def test_less_busy_takes_notes_away_and_busier_adds_some(writer: Composer, song: Song) -> None:
    assert len(refine(writer, song, "less busy", 1).notes) < len(song.notes)
    assert len(refine(writer, song, "busier", 1).notes) > len(song.notes)
    assert len(refine(writer, song, "鼓少一点", 1).notes) < len(song.notes)


def test_tempo_goes_where_the_words_say(writer: Composer, song: Song) -> None:
    before = song.tempos[0][1]
    assert (
        refine(writer, song, "a bit slower", 1).tempos[0][1] < before < refine(writer, song, "快一点", 1).tempos[0][1]
    )
    assert refine(writer, song, "at 90 bpm", 1).tempos[0][1] == 90


def test_brighter_is_major_and_darker_minor_on_the_same_tonic(writer: Composer, song: Song) -> None:
    bright = refine(writer, song, "brighter", 1)
    assert parse_key(bright.key).name == "D major"
    dark = refine(writer, bright, "darker", 1)
    assert parse_key(dark.key).name == "D minor"
    third = {n.pitch % 12 for n in bright.notes if n.part != "drums"}
    assert 5 not in third or 6 in third


@pytest.mark.parametrize(("words", "name", "up"), [("brighter melody", "melody", 12), ("darker chords", "chords", -12)])
def test_a_mood_of_a_part_moves_that_part_alone_in_the_same_key(
    writer: Composer, song: Song, words: str, name: str, up: int
) -> None:
    after = refine(writer, song, words, 1)
    assert same_but(song, after, name)
    assert after.key == song.key
    assert [n[2] - up for n in part(after, name)] == [n[2] for n in part(song, name)]


def test_a_mood_that_spares_the_drums_is_one_of_the_whole_band(writer: Composer, song: Song) -> None:
    after = refine(writer, song, "brighter but keep the drums", 1)
    assert parse_key(after.key).name == "D major"
    assert part(after, "drums") == part(song, "drums")


def test_another_key_moves_everything_but_the_drums(writer: Composer, song: Song) -> None:
    after = refine(writer, song, "in F minor", 1)
    assert parse_key(after.key).name == "F minor"
    assert part(after, "drums") == part(song, "drums")
    assert [p + 3 for _, _, p, _ in part(song, "bass")] == [p for _, _, p, _ in part(after, "bass")]
    assert [parse_chord(c).root for _, c in after.chords] == [(parse_chord(c).root + 3) % 12 for _, c in song.chords]


def test_chords_get_a_colour_more_or_lose_them(writer: Composer, song: Song) -> None:
    def size(song: Song) -> int:
        return sum(len(parse_chord(c).pitch_classes) for _, c in song.chords)

    rich = refine(writer, song, "jazzier", 1)
    assert size(rich) > size(song)
    assert size(refine(writer, rich, "simpler chords", 1)) < size(rich)
    assert len(refine(writer, song, "half the chords", 1).chords) == 2


def test_drums_that_were_not_there_are_added(writer: Composer, song: Song) -> None:
    bare = refine(writer, song, "no drums", 1)
    again = refine(writer, bare, "add drums", 1)
    assert part(again, "drums")
    assert same_but(bare, again, "drums")


def test_a_style_changes_the_band_but_not_the_tune(writer: Composer, song: Song) -> None:
    after = refine(writer, song, "as a bossa nova", 1)
    assert part(after, "melody") == part(song, "melody")
    assert [c for _, c in after.chords] == [c for _, c in song.chords]
    assert part(after, "drums") != part(song, "drums")


def test_words_that_name_nothing_are_refused(writer: Composer, song: Song) -> None:
    with pytest.raises(ValueError, match="names what should change"):
        refine(writer, song, "hmm", 1)


def test_the_walking_bass_walks(writer: Composer, song: Song) -> None:
    bass = part(refine(writer, song, "walking bass", 1), "bass")
    assert [start for start, *_ in bass] == list(range(0, song.end, 480))
    assert [bass[i * 4][2] % 12 for i in range(4)] == [2, 7, 9, 2]


@pytest.mark.parametrize(
    ("words", "name", "program"),
    [
        ("chords on strings", "chords", 48),
        ("the melody on a flute", "melody", 73),
        ("melody on strings", "melody", 48),
    ],
)
def test_another_instrument_changes_the_program_and_no_note(
    writer: Composer, song: Song, words: str, name: str, program: int
) -> None:
    after = refine(writer, song, words, 1)
    assert after.notes == song.notes
    assert after.programs == tuple((p, program if p == name else was) for p, was in song.programs)


def test_what_is_to_be_added_and_is_there_changes_nothing(writer: Composer, song: Song) -> None:
    assert refine(writer, song, "add drums", 1) == song


def starts(song: Song, *bars: int) -> list[tuple[int, int]]:
    lines = [*(at for at, _ in song.bars), song.end]
    return [(lines[b], lines[b + 1]) for b in bars]


def outside(song: Song, *bars: int) -> list[Note]:
    return sorted(n for n in song.notes if not any(a <= n.start < b for a, b in starts(song, *bars)))


@pytest.mark.parametrize(
    ("words", "bars"),
    [
        ("louder in bar 3", (2,)),
        ("last two bars quieter", (2, 3)),
        ("bars 1-2 without drums", (0, 1)),
        ("another melody in bars 3-4", (2, 3)),
        ("make it jazzier in bar 2", (1,)),
        ("bass in bar 1 an octave lower", (0,)),
        ("die letzten zwei Takte lauter", (2, 3)),
    ],
)
def test_bars_that_are_named_change_and_no_others(
    writer: Composer, song: Song, words: str, bars: tuple[int, ...]
) -> None:
    after = refine(writer, song, words, 1)
    assert after != song
    assert outside(after, *bars) == outside(song, *bars)
    assert [c for c in after.chords if c[0] < starts(song, *bars)[0][0]] == [
        c for c in song.chords if c[0] < starts(song, *bars)[0][0]
    ]


def test_a_part_plays_only_in_the_bars_that_are_named(writer: Composer, song: Song) -> None:
    after = refine(writer, song, "drums only in the last two bars", 1)
    assert {n.part for n in outside(after, 2, 3)} == {n.part for n in song.notes} - {"drums"}
    assert outside(after, 0, 1) == outside(song, 0, 1)


@pytest.mark.parametrize(
    ("words", "stay"),
    [
        ("only drums and bass", {"drums", "bass"}),
        ("nur Schlagzeug und Bass", {"drums", "bass"}),
        ("just the melody", {"melody"}),
        ("remove everything except the bass", {"bass"}),
        ("only piano", {"chords"}),
    ],
)
def test_only_what_is_named_stays(writer: Composer, song: Song, words: str, stay: set[str]) -> None:
    after = refine(writer, song, words, 1)
    assert {n.part for n in after.notes} == stay
    assert all(part(after, p) == part(song, p) for p in stay)


@pytest.mark.parametrize(
    "words",
    ["keep the melody, change everything else", "change everything but the melody", "keep the melody and change the rest"],
)  # fmt: skip
def test_what_is_to_be_kept_stays_and_the_rest_is_written_anew(writer: Composer, song: Song, words: str) -> None:
    after = refine(writer, song, words, 1)
    assert part(after, "melody") == part(song, "melody")
    assert all(part(after, p) != part(song, p) for p in ("chords", "bass", "drums"))


def test_a_kept_part_is_not_changed_with_the_others_wherever_it_is_named(writer: Composer, song: Song) -> None:
    for words in ("less busy but keep the drums", "keep the drums, louder", "everything but the drums louder"):
        after = refine(writer, song, words, 1)
        assert part(after, "drums") == part(song, "drums")
        assert part(after, "chords") != part(song, "chords")


def test_a_chord_by_its_place_changes_in_symbols_and_notes(writer: Composer, song: Song) -> None:
    after = refine(writer, song, "change the third chord to Em", 1)
    assert [c for _, c in after.chords] == ["Dm", "Gm", "Em", "Dm"]
    assert outside(after, 2) == outside(song, 2)
    tones = {
        n.pitch % 12 for n in after.notes if n.part == "chords" and any(a <= n.start < b for a, b in starts(song, 2))
    }
    assert tones <= parse_chord("Em").pitch_classes
    assert part(after, "melody") == part(song, "melody")


def test_all_chords_are_replaced_by_a_list(writer: Composer, song: Song) -> None:
    after = refine(writer, song, "change the chords to Am F C G", 1)
    assert [c for _, c in after.chords] == ["Am", "F", "C", "G"]
    assert same_but(song, after, "chords", "bass")


def test_the_key_goes_where_the_words_say_with_all_notes(writer: Composer, song: Song) -> None:
    assert refine(writer, song, "change the key to Bb", 1).key == "Bb major"
    assert refine(writer, song, "same but in G minor", 1).key == "G minor"
    up = refine(writer, song, "up a whole tone", 1)
    assert up.key == "E minor"
    assert [p + 2 for _, _, p, _ in part(song, "bass")] == [p for _, _, p, _ in part(up, "bass")]
    assert same_but(song, up, "chords", "melody", "bass")


def test_an_instrument_replaces_another_or_the_lack_is_told(writer: Composer, song: Song) -> None:
    after = refine(writer, song, "replace the piano with an organ", 1)
    assert dict(after.programs)["chords"] == 16
    assert after.notes == song.notes
    with pytest.raises(ValueError, match="no flute plays here"):
        refine(writer, song, "violin instead of flute", 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("louder, qwertz asdfg", "no word"),
        ("louder, in 3/4", "the metre stays 4/4"),
        ("louder, make it 16 bars", "the length stays 4 bars"),
        ("louder, then paint the dog", "names no change"),
        ("louder, softer in bar 9", "bars 1 to 4"),
        ("louder, faster in bar 2", "whole piece"),
        ("louder, change the key", "no key"),
        ("louder, violin instead of flute", "no flute"),
        ("louder, fifth chord to C", "there are 4 chords"),
        ("louder, make the chorus softer", "sections are not known"),
        ("louder, 300 bpm faster", "20..300"),
    ],
)
def test_what_is_not_done_is_told(writer: Composer, song: Song, words: str, told: str) -> None:
    after = refine_and_tell(writer, song, words, 1)
    assert same_but(song, after.song, "chords", "melody", "bass", "drums")
    assert any(told in why for _, why in after.told)
    assert told in after.account.sentence() or told == "no word"
    with pytest.raises(ValueError, match=r"no|stays?|bars|piece|chords|known|20|names"):
        refine(writer, song, words.removeprefix("louder, "), 1)


@pytest.mark.parametrize(
    "words", ["louder", "please make it a bit faster, thanks", "same chords, walking bass", "in A minor", "no drums"]
)
def test_what_is_done_is_not_told(writer: Composer, song: Song, words: str) -> None:
    assert refine_and_tell(writer, song, words, 1).told == ()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("funky bass", {"bass"}), ("funky bass and drums", {"bass", "drums"}), ("make the drums jazzier", {"drums"}),
        ("reggae drums", {"drums"}), ("more latin bass", {"bass"}),
    ],
)  # fmt: skip
def test_a_style_beside_parts_is_for_these_alone(writer: Composer, words: str, parts: set[str]) -> None:
    before = clip(writer, ClipSpec("house in D minor", 3, bars=4))
    after = refine(writer, before, words, 1)
    assert {p for p in PARTS if part(after, p) != part(before, p)} == parts


@pytest.fixture(scope="module")
def form(song: Song) -> Song:
    names = ("intro", "verse", "chorus", "chorus")
    return replace(song, sections=tuple((start, name) for (start, _), name in zip(song.bars, names, strict=True)))


def changed_bars(before: Song, after: Song) -> set[int]:
    starts = [start for start, _ in before.bars]
    odd = set(before.notes) ^ set(after.notes)
    return {sum(start <= n.start for start in starts) for n in odd}


@pytest.mark.parametrize(
    ("words", "bars"),
    [
        ("chorus louder", {3, 4}), ("make the verse quieter", {2}), ("the second chorus louder", {4}), ("last chorus louder", {4}), ("first chorus louder", {3}), ("chorus without drums", {3, 4}), ("drums louder in chorus 2", {4}),
        ("Refrain lauter", {3, 4}), ("refrain plus fort", {3, 4}), ("estribillo más fuerte", {3, 4}), ("ritornello più forte", {3, 4}), ("refrão mais forte", {3, 4}), ("副歌更响", {3, 4}), ("第二段副歌更响", {4}), ("die Strophe leiser", {2}),
    ],
)  # fmt: skip
def test_a_section_that_the_file_names_changes_and_the_others_stay(
    writer: Composer, form: Song, words: str, bars: set[int]
) -> None:
    refined = refine_and_tell(writer, form, words, 1)
    assert changed_bars(form, refined.song) == bars
    assert refined.told == ()


@pytest.mark.parametrize(
    ("words", "told"),
    [("louder, bridge without drums", "there is none of these here: intro verse chorus"), ("louder, third chorus softer", "none of these"), ("louder, violin in the chorus", "whole piece")],
)  # fmt: skip
def test_a_section_that_is_not_there_is_told(writer: Composer, form: Song, words: str, told: str) -> None:
    refined = refine_and_tell(writer, form, words, 1)
    assert any(told in why for _, why in refined.told)
    assert changed_bars(form, refined.song) == {1, 2, 3, 4}


@pytest.mark.parametrize(
    "words",
    [
        "change the second chord to Am7 and leave everything else alone", "the bass busier, rest stays", "no drums & keep everything else the same", "make the bass busier in bars 2-3, keep drums and melody",
        "cambia el segundo acorde por Lam7 y deja lo demás igual", "turn off the kick in the second half",
    ],
)  # fmt: skip
def test_what_says_that_the_rest_stays_is_true_and_not_told(writer: Composer, song: Song, words: str) -> None:
    refined = refine_and_tell(writer, song, words, 1)
    assert refined.told == ()
    assert refined.song != song
    assert part(refined.song, "melody") == part(song, "melody")


def bars_played(song: Song, name: str) -> str:
    """Return a # for each bar in which a part begins a note, else a dot."""
    ends = [*(at for at, _ in song.bars[1:]), song.end]
    return "".join(
        "#" if any(n.part == name and at <= n.start < end for n in song.notes) else "."
        for (at, _), end in zip(song.bars, ends, strict=True)
    )


@pytest.mark.parametrize(
    ("words", "name", "bars"),
    [
        ("take the drums out for the first two bars", "drums", "..##"),
        ("第3小节开始旋律停掉", "melody", "##.."),
        ("without the bass in bar 2", "bass", "#.##"),
    ],
)
def test_parts_rest_in_the_bars_that_words_name_and_the_rest_stays(
    writer: Composer, song: Song, words: str, name: str, bars: str
) -> None:
    changed = refine(writer, song, words, 1)
    assert bars_played(song, name) == "####"
    assert bars_played(changed, name) == bars
    assert same_but(song, changed, name)


def test_only_the_melody_and_how_moves_nothing_else(writer: Composer, song: Song) -> None:
    changed = refine(writer, song, "only change the melody, i want it higher", 1)
    assert same_but(song, changed, "melody")
    assert sum(n.pitch for n in changed.notes if n.part == "melody") > sum(
        n.pitch for n in song.notes if n.part == "melody"
    )


def test_a_drum_comes_for_another(writer: Composer, song: Song) -> None:
    changed = refine(writer, song, "use a rim shot instead of the snare", 1)
    struck = {ROLES["snare"]: ROLES["rim"]}
    assert [n.pitch for n in changed.notes] == [
        struck.get(n.pitch, n.pitch) if n.part == "drums" else n.pitch for n in song.notes
    ]


def test_there_are_no_vocals_to_take_away(writer: Composer, song: Song) -> None:
    with pytest.raises(ValueError, match="nothing here sings"):
        refine(writer, song, "remove the vocals", 1)


@pytest.mark.parametrize("words", ["no drums in bars 90 to 99", "bass enters at bar 20"])
def test_bars_that_there_are_not_are_told(writer: Composer, song: Song, words: str) -> None:
    with pytest.raises(ValueError, match="there are bars 1 to 4"):
        refine(writer, song, words, 1)


@pytest.mark.parametrize(
    ("words", "chord"),
    [("cambia el segundo acorde a La menor", "Am"), ("replace Gm with Do", "C"), ("change Gm to Fa", "F")],
)
def test_sung_names_of_chords_keep_their_quality(writer: Composer, song: Song, words: str, chord: str) -> None:
    assert refine(writer, song, words, 1).chords[1][1] == chord
