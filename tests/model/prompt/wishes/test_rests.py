"""Who is silent where is read in seven languages: before, from, in and after bars and sections; a part, an instrument, a drum."""

from __future__ import annotations

import pytest

from model.music.wishes import Rest
from model.prompt.reader import parse_prompt
from model.prompt.wishes.find import find_wishes

HATS = ("closed_hat", "pedal_hat", "open_hat")
BEFORE_9, BEFORE_5 = Rest("drums", 1, 8), Rest("bass", 1, 4)


@pytest.mark.parametrize(
    "text",
    [
        "lofi, no drums until bar 9", "drums only from bar 9", "ab Takt 9 Schlagzeug, Pop", "Schlagzeug erst ab Takt 9", "sin batería hasta el compás 9", "la batería entra en el compás 9",
        "pas de batterie avant la mesure 9, chanson", "senza batteria fino alla battuta 9, pop", "sem bateria até o compasso 9", "第9小节前不要鼓，流行", "鼓从第9小节开始", "9小節目からドラム、ポップス",
        "ドラムは9小節目から", "the drums come in at bar 9", "no drums for the first 8 bars, then everything", "drums after bar 8", "first 8 bars no drums", "At bar 9, drums and nothing before",
    ],
)  # fmt: skip
def test_drums_that_begin_with_a_bar_rest_before_it_and_are_no_drums_of_another_kind(text: str) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.rests == (BEFORE_9,)
    assert "drums" not in parsed.stated_parts.without
    assert parsed.stated_parts.only is None


@pytest.mark.parametrize(
    "text",
    ["pop, bass comes in at bar 5", "kein Bass bis Takt 5", "la basse arrive à la mesure 5, funk", "贝斯到第5小节才进", "sin bajo hasta el compás 5", "o baixo entra no compasso 5", "il basso entra alla battuta 5", "der Bass setzt erst in Takt 5 ein", "the bass comes in in bar 5"],
)  # fmt: skip
def test_the_bass_enters_at_a_bar(text: str) -> None:
    assert parse_prompt(text).wishes.rests == (BEFORE_5,)


@pytest.mark.parametrize(
    ("text", "rests"),
    [
        ("techno, hats off until bar 9", (Rest("drums", 1, 8, roles=HATS),)), ("house, kick drops out at bar 17", (Rest("drums", 17, None, roles=("kick",)),)),
        ("no hi hats before bar 9", (Rest("drums", 1, 8, roles=HATS),)), ("the snare stops at bar 5", (Rest("drums", 5, None, roles=("snare",)),)),
    ],
)  # fmt: skip
def test_a_drum_of_the_kit_rests_there_and_is_played_elsewhere(text: str, rests: tuple[Rest, ...]) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.rests == rests
    assert not parsed.stated_parts.silenced


@pytest.mark.parametrize(
    ("text", "rests"),
    [
        ("melody only in bars 5 to 8", (Rest("melody", 1, 4), Rest("melody", 9, None))), ("no piano from bar 9 to bar 12", (Rest("chords", 9, 12),)), ("last 2 bars without drums", (Rest("drums", -2, None),)),
        ("the drums leave in the last four bars", (Rest("drums", -4, None),)), ("in den letzten 4 Takten kein Bass", (Rest("bass", -4, None),)), ("les 4 dernières mesures sans basse", (Rest("bass", -4, None),)),
        ("最后4小节不要鼓", (Rest("drums", -4, None),)), ("drums from bar 5 and bass from bar 9", (Rest("drums", 1, 4), Rest("bass", 1, 8))), ("strings only after bar 8", (Rest("chords", 1, 8),)),
        ("verse 8 bars, chorus 8 bars, no drums until the chorus", (Rest("drums", 1, 8),)), ("主歌8小节，副歌8小节，副歌不要鼓", (Rest("drums", section="chorus"),)),
    ],
)  # fmt: skip
def test_who_rests_in_some_bars(text: str, rests: tuple[Rest, ...]) -> None:
    assert find_wishes(text).wishes.rests == rests


def test_only_some_play_there_so_that_all_others_rest() -> None:
    for text in ("first 8 bars just pads", "only pads for the first 8 bars", "前8小节只有铺底"):
        found = parse_prompt(text)
        assert {r.part for r in found.wishes.rests} == {"chords", "melody", "bass", "drums", "arp", "perc"}
        assert {(r.first, r.last) for r in found.wishes.rests} == {(1, 8)}
        assert found.stated_parts.only is None


@pytest.mark.parametrize(
    "text", ["key change at bar 9, drums and bass", "drums louder at bar 9", "a guitar solo at bar 9", "drop at bar 9, drums and bass", "piano in bar 3", "raise the bar for drums", "strings swell from bar 5", "blast beats from bar 5 to bar 8"],
)  # fmt: skip
def test_what_says_something_else_of_a_bar_lets_nobody_rest(text: str) -> None:
    assert parse_prompt(text).wishes.rests == ()


def test_an_instrument_that_enters_later_is_played_and_its_words_are_met() -> None:
    parsed = parse_prompt("a violin enters at bar 9")
    assert dict(parsed.instruments)["melody"] == "violin"
    assert parsed.account.unread() == ()


def test_a_section_that_there_is_not_is_told_in_the_words_of_who_asks() -> None:
    (told,) = parse_prompt("pop, no drums in the coda").account.unread()
    assert told[0] == "no drums in the coda"
    assert told[1].startswith("there is no coda yet")


def test_bars_are_counted_from_the_end_where_they_are_the_last() -> None:
    assert list(Rest("drums", -4, None).bars(16)) == [12, 13, 14, 15]
    assert list(Rest("drums", 1, -5).bars(16)) == list(range(12))


@pytest.mark.parametrize(
    "text",
    [
        "drums drop out at bar 5 and come back at bar 7", "Schlagzeug steigt in Takt 5 aus und kommt in Takt 7 wieder", "la batterie s'arrête à la mesure 5 et revient à la mesure 7",
        "la batería para en el compás 5 y vuelve en el compás 7", "la batteria esce a battuta 5 e torna a battuta 7", "a bateria sai no compasso 5 e volta no compasso 7",
        "鼓在第5小节停，第7小节回来", "ドラムは5小節目で止まって7小節目に戻る",
    ],
)  # fmt: skip
def test_who_drops_out_and_comes_back_rests_between(text: str) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.rests == (Rest("drums", 5, 6),)
    assert parsed.account.sentence() == ""


@pytest.mark.parametrize(
    ("text", "rests"),
    [
        ("melody only in bars 1-4 and 9-12 of a 16 bar folk tune", (Rest("melody", 5, 8), Rest("melody", 13, None))),
        ("no drums in bars 3-4 and 7-8", (Rest("drums", 3, 4), Rest("drums", 7, 8))),
        ("el bajo entra en el compás 5 y la melodía en el 7", (Rest("bass", 1, 4), Rest("melody", 1, 6))),
        ("la basse entre à la mesure 5 et la mélodie à la 7", (Rest("bass", 1, 4), Rest("melody", 1, 6))),
        ("16 compases, el bajo desaparece en los últimos cuatro", (Rest("bass", -4, None),)),
        ("16 Takte, kein Bass in den letzten vier", (Rest("bass", -4, None),)),
        ("16 battute, la batteria entra nel ritornello (battuta 9)", (Rest("drums", 1, 8),)),
        ("drums enter in the chorus (bar 9)", (Rest("drums", 1, 8),)),
    ],
)  # fmt: skip
def test_the_word_for_bars_is_left_out_behind_others_and_a_section_has_its_bar(
    text: str, rests: tuple[Rest, ...]
) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.rests == rests
    assert parsed.account.sentence() == ""


@pytest.mark.parametrize(
    "text",
    [
        "everything stops on bar 8 except the piano", "everything stops at bar 8, except the piano", "alles stoppt in Takt 8 außer dem Klavier", "tout s'arrête à la mesure 8 sauf le piano",
        "todo para en el compás 8 excepto el piano", "tutto si ferma a battuta 8 tranne il piano", "tudo para no compasso 8 exceto o piano", "第8小节全部停，除了钢琴",
    ],
)  # fmt: skip
def test_all_stop_but_one(text: str) -> None:
    rests = parse_prompt(text).wishes.rests
    assert {r.part for r in rests} == {"melody", "bass", "drums", "pad", "arp", "perc"}
    assert {(r.first, r.last) for r in rests} == {(8, None)}


@pytest.mark.parametrize(
    ("text", "first", "last", "playing"),
    [
        ("最初の4小節はピアノだけ、5小節目からバンド全員", 1, 4, "chords"),
        ("first 4 bars only piano, the whole band from bar 5", 1, 4, "chords"),
        ("la basse n'arrive qu'à la mesure 5, avant seulement les accords, trip hop", 1, 4, "chords"),
        ("drums come in at bar 5, before that only chords", 1, 4, "chords"),
        ("Schlagzeug ab Takt 5, vorher nur Akkorde", 1, 4, "chords"),
        ("arpège jusqu'à la mesure 8 puis plus rien que la nappe, 16 mesures", 9, None, "pad"),
        ("arp until bar 8, then only the pad, 16 bars", 9, None, "pad"),
    ],
)
def test_the_next_clause_says_who_plays_before_or_after(text: str, first: int, last: int | None, playing: str) -> None:
    parsed = parse_prompt(text)
    assert {(r.part, r.first, r.last) for r in parsed.wishes.rests} == {
        (part, first, last) for part in ("chords", "melody", "bass", "drums", "pad", "arp", "perc") if part != playing
    }
    assert parsed.account.sentence() == ""


def test_a_piece_that_opens_with_one_alone_has_the_others_with_the_first_who_enters() -> None:
    found = parse_prompt("start with just the pad, then bass at bar 3, drums at bar 5, lead at bar 7").wishes.rests
    assert {(r.part, r.last) for r in found} == {
        ("bass", 2), ("drums", 4), ("melody", 6), ("chords", 2), ("arp", 2), ("perc", 2),
    }  # fmt: skip
