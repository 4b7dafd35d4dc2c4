"""Sentences of two clauses, as strangers typed them in seven languages: each clause is met or told, none is dropped."""

from __future__ import annotations

import pytest

from model.music.notes import PARTS
from model.music.wishes import CueAt, Rest, Strokes
from model.prompt.reader import parse_prompt
from model.prompt.understand import open_encoder, plan


def _told(text: str) -> str:
    return parse_prompt(text).account.sentence()


@pytest.mark.parametrize(
    ("text", "chords"),
    [
        ("Am F for 4 bars, then C G for 4 bars, rock", "Am F Am F C G C G"), ("Am F 4 Takte, dann C G 4 Takte, Rock", "Am F Am F C G C G"),
        ("C G durante 4 compases, luego Am F durante 4 compases", "C G C G Am F Am F"), ("Am F pendant 4 mesures puis C G pendant 2 mesures", "Am F Am F C G"), ("Am F 4小节，然后C G 4小节，摇滚", "Am F Am F C G C G"),
        ("C for 2 bars then F for 2 bars, country", "C C F F"), ("Am F C G for 2 bars, then Dm G for 2 bars", "Am F|C G|Dm|G"), ("(Dm G7 C) x4, one bar each, bossa", "Dm G7 C " * 4),
        ("funky loop 2 bars N.C. then E7#9 for 6 bars", "E7#9 " * 8),
    ],
)  # fmt: skip
def test_chords_fill_the_bars_that_are_said_of_them_and_the_piece_has_as_many(text: str, chords: str) -> None:
    parsed = parse_prompt(text)
    assert parsed.progression == tuple(chords.split("|") if "|" in chords else chords.split())
    assert parsed.bars == len(parsed.progression or ())
    assert not parsed.account.unread()


def test_in_bars_without_a_chord_nobody_plays_chords() -> None:
    rests = parse_prompt("2 bars N.C. then E7#9 for 6 bars").wishes.rests
    assert {(r.part, r.first, r.last) for r in rests} == {(p, n, n) for p in ("chords", "pad", "arp") for n in (1, 2)}


@pytest.mark.parametrize(
    ("text", "chords"),
    [("Akkorde: a F C G", "Am F C G"), ("Pop, d F a C", "Dm F Am C"), ("Akkorde: C a F G", "C Am F G"), ("play a D A Bm G loop", "D A Bm G"), ("give me a C F G progression", "C F G")],
)  # fmt: skip
def test_small_letters_beside_capital_ones_are_minor_chords_and_an_article_is_none(text: str, chords: str) -> None:
    parsed = parse_prompt(text)
    assert parsed.progression == tuple(chords.split())
    assert not parsed.account.unread()


@pytest.mark.parametrize(
    ("text", "chords"),
    [("jazz, ii V I in C", "Dm7 G7 Cmaj7"), ("bossa, I vi ii V em Fá maior", "Fmaj7 Dm7 Gm7 C7"), ("jazz, ii7 V7 I in C", "Dm7 G7 C"), ("pop, ii V I in C", "Dm G C"), ("jazz, Dm G C", "Dm G C")],
)  # fmt: skip
def test_plain_numerals_have_sevenths_where_the_style_means_them(text: str, chords: str) -> None:
    assert parse_prompt(text).progression == tuple(chords.split())


@pytest.mark.parametrize(
    "text",
    [
        "alle 8 Takte ein Fill, Rock", "rock, a fill every 8 bars", "rock, un relleno cada 8 compases", "toutes les 8 mesures un roulement, rock", "rock, uma virada a cada 8 compassos", "每八小节一个过门，摇滚",
        "8小節ごとにフィル、ロック",
    ],
)  # fmt: skip
def test_a_fill_that_comes_every_so_many_bars_comes_there_and_is_no_length(text: str) -> None:
    parsed = parse_prompt(f"{text}, 16 bars")
    assert parsed.wishes.cues == (CueAt(8, "fill"), CueAt(16, "fill"))
    assert (parse_prompt(text).bars, parse_prompt(text).account.unread()) == (None, ())


@pytest.mark.parametrize(
    ("text", "strokes"),
    [
        ("808 kit, cowbell on every beat", Strokes("perc", (1, 2, 3, 4))), ("disco, clap on 2 and 4", Strokes("clap", (2, 4))), ("Rock, Snare auf 2 und 4", Strokes("snare", (2, 4))), ("pop con clap en cada tiempo", Strokes("clap", (1, 2, 3, 4))),
        ("每拍都有牛铃的放克", Strokes("perc", (1, 2, 3, 4))), ("クラップを2、4拍に、ハウス", Strokes("clap", (2, 4))), ("techno, clap, 4 bars", Strokes("clap")), ("rock with a cowbell", Strokes("perc")),
    ],
)  # fmt: skip
def test_a_drum_strikes_the_beats_that_are_said_of_it_and_one_that_is_only_named_is_to_be_heard(
    text: str, strokes: Strokes
) -> None:
    parsed = parse_prompt(text)
    assert strokes in parsed.wishes.strokes
    assert not parsed.account.unread()


@pytest.mark.parametrize(
    ("text", "groups"),
    [("7/8 in D dorian, grouped 2+2+3", (2, 2, 3)), ("4/4 pop, 3+3+2", (3, 3, 2)), ("4+4+8 pop: intro, verse, chorus", ()), ("7/8, 3+3+2", ())],
)  # fmt: skip
def test_the_eighths_of_a_bar_are_grouped_as_the_words_say_where_they_fill_it(
    text: str, groups: tuple[int, ...]
) -> None:
    assert parse_prompt(text).wishes.groups == groups


ALONE = {(p, 1, 4) for p in PARTS}


@pytest.mark.parametrize(
    ("text", "playing"),
    [
        ("start with solo piano and let the strings join at bar 5", "chords"), ("Nur Bass und Klavier, bis in Takt 5 die Trommeln einsetzen", "bass chords"), ("Solo guitarra al principio, luego entra la batería en el compás 5", "chords"),
        ("最初はピアノだけ、5小節目からドラムが入る", "chords"), ("Primero el piano solo, y la banda entra en el compás 5", "chords"), ("国风，前4小节只有古筝，第5小节笛子进来", "chords"), ("Erst nur Streicher, dann ab Takt 5 auch die Flöte", "chords"), ("La guitare seule pendant 4 mesures, ensuite la batterie et la basse", "chords"), ("guitar alone for 4 bars, then drums and bass", "chords"),
        ("O violão começa sozinho e a flauta entra no compasso 5", "chords"), ("Primero solo percusión, después de 4 compases entra todo", "perc"), ("only drums at first, then the bass comes in at bar 5", "drums"), ("前四小节只有钢琴，第五小节鼓和贝斯一起进来", "chords"),
    ],
)  # fmt: skip
def test_who_plays_alone_at_first_does_so_until_the_first_other_enters(text: str, playing: str) -> None:
    parsed = parse_prompt(text)
    assert {(r.part, r.first, r.last) for r in parsed.wishes.rests} == {r for r in ALONE if r[0] not in playing.split()}
    assert not parsed.account.unread()


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Pas de basse au début, mais elle arrive à la mesure 5", Rest("bass", 1, 4)), ("no bass at first but it comes in at bar 5, rock", Rest("bass", 1, 4)), ("pop with strings, they enter at bar 5", Rest("chords", 1, 4)),
        ("4小節のイントロ、そのあとドラムが入る", Rest("drums", section="intro")), ("le piano s'arrête deux mesures avant la fin", Rest("chords", -2, None)), ("Sem pratos, e a caixa só na segunda metade", Rest("drums", section="second half", outside=True, roles=("snare",))),
        ("in der zweiten Hälfte kommt das Schlagzeug dazu, Ballade", Rest("drums", section="second half", outside=True)),
    ],
)  # fmt: skip
def test_who_rests_where_as_the_clause_beside_it_says(text: str, rest: Rest) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.rests == (rest,)
    assert not parsed.account.unread()


@pytest.mark.parametrize(
    "text", ["Pop, der letzte Takt bleibt leer", "pop, the last bar is empty", "流行，最后一小节空着"]
)
def test_nobody_plays_in_an_empty_bar(text: str) -> None:
    assert parse_prompt(text).wishes.rests == tuple(Rest(part, -1, None) for part in PARTS)
    assert not parse_prompt(text).account.unread()


def test_percussion_that_enters_is_the_kit_too_where_no_drums_are_named() -> None:
    text = "la percusión entra en el compás 5 y la melodía en el 7, salsa"
    assert set(parse_prompt(text).wishes.rests) == {Rest("perc", 1, 4), Rest("drums", 1, 4), Rest("melody", 1, 6)}
    assert parse_prompt("la batería toca, la percusión entra en el compás 5").wishes.rests == (Rest("perc", 1, 4),)


@pytest.mark.parametrize(
    "text",
    [
        "dead straight, no swing, no humanize, jazz funk", "doux et nostalgique, rubato interdit, 80", "andante, con un crescendo fino alla fine", "Melodie auf der Blockflöte, Begleitung Cembalo", "melancólico, lento, con swing", "随便来点好听的",
        "Strophe 8 Takte ohne Schlagzeug, im Refrain 8 Takte kommt alles dazu", "Une intro de 4 mesures sans batterie, puis tout le monde joue", "bulería por medio, la frigio", "Un tempo lent, à la flûte", "blues de 12 compases en la, una sola vuelta",
        "why do the birds sing", "what a wonderful day", "how to disappear completely",
    ],
)  # fmt: skip
def test_what_is_met_is_not_told(text: str) -> None:
    assert not parse_prompt(text).account.unread()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what time is it in tokyo", "what time is it in tokyo"), ("translate this to french: good morning", "translate this to french"), ("wie spät ist es in Berlin", "wie spät ist es"), ("ふがほげぴよ", "ふがほげぴよ"),
        ("a waltz that turns into 4/4 at bar 9", "turns into 4/4"), ("double time from bar 9, punk", "double time from bar 9"), ("静かに始まって、サビで盛り上がる", "サビ"), ("un couplet de 8 mesures en mineur et un refrain de 8 mesures en majeur", "majeur"), ("haz el máster para Spotify", "máster"), ("ドラムは2拍と4拍だけ", "2拍と4拍だけ"),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_told(text: str, words: str) -> None:
    assert any(words in said for said, _ in parse_prompt(text).account.unread()), _told(text)


def test_words_that_are_others_in_another_language_and_a_pace_that_is_compared() -> None:
    encoder = open_encoder(None)
    tempi = {
        text: plan(text, encoder.encode(text), parse_prompt(text)).tempo
        for text in ("ganz ruhig, fast schwebend, sehr langsam", "wild, doppelt so schnell wie eine Ballade", "twice as fast as a ballad")
    }  # fmt: skip
    very_slow, *twice = tempi.values()
    assert very_slow <= 75
    assert all(130 <= tempo <= 160 for tempo in twice)
    assert not [t for t in parse_prompt("algo que sea más alegre").terms if t.name == "sea"]


@pytest.mark.parametrize(
    ("text", "part", "up"),
    [("die Melodie soll höher liegen", "melody", True), ("que el bajo sea más grave", "bass", False), ("o piano uma oitava acima", "chords", True), ("la mélodie plus aiguë", "melody", True)],
)  # fmt: skip
def test_words_behind_a_part_say_how_high_it_lies(text: str, part: str, up: bool) -> None:
    assert dict(parse_prompt(text).registers)[part] * (1 if up else -1) > 0


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("no drums until the drop, drop at bar 9, techno", Rest("drums", 1, 8)), ("techno with no kick in the breakdown, breakdown at bar 9", Rest("drums", 9, 12, roles=("kick",))), ("dubstep, bass only in the drop, drop at bar 9", Rest("bass", 1, 8)),
    ],
)  # fmt: skip
def test_who_rests_in_what_happens_at_a_bar_rests_in_its_bars(text: str, rest: Rest) -> None:
    assert parse_prompt(text).wishes.rests == (rest,)
    assert not parse_prompt(text).account.unread()


@pytest.mark.parametrize(
    "text", ["starts without drums, drums at bar 5", "ドラムなしで始まり、5小節目からドラムを入れて"]
)
def test_who_is_denied_and_enters_later_is_denied_until_then(text: str) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.rests == (Rest("drums", 1, 4),)
    assert (parsed.stated_parts.without, "drums" in parsed.stated_parts.named) == (frozenset(), True)


@pytest.mark.parametrize(
    ("text", "first", "then", "bar", "bars"),
    [
        ("8 bars in C then 8 bars in Eb, piano", "C major", "Eb major", 9, 16), ("8 Takte in C-Dur, dann 4 Takte in a-Moll", "C major", "A minor", 9, 12), ("Pop in D, ab Takt 5 in E", "D major", "E major", 5, None),
    ],
)  # fmt: skip
def test_the_second_key_comes_at_its_bar(text: str, first: str, then: str, bar: int, bars: int | None) -> None:
    parsed = parse_prompt(text)
    wish = parsed.wishes.modulation
    assert parsed.key is not None
    assert wish is not None
    assert (parsed.key.name, wish.key, wish.bar, parsed.bars) == (first, then, bar, bars)
    assert not parsed.account.unread()


def test_an_instrument_that_comes_after_a_rest_plays_its_part() -> None:
    parsed = parse_prompt("Sin melodía en los primeros 4 compases, luego flauta")
    assert (parsed.wishes.rests, dict(parsed.instruments)) == ((Rest("melody", 1, 4),), {"melody": "flute"})
    assert not parsed.account.unread()
