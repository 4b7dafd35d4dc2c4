"""Whole kinds of what people write: forms with repeats, quantities, only in seven languages, tags, lists with slashes, signs, slips of the pen."""

from __future__ import annotations

import pytest

from model.music.drums import ROLES
from model.music.wishes import Modulation
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.understand import understand


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("AABA twice, 32 bars", "A4 A4 B4 A4 A4 A4 B4 A4"), ("verse x2, chorus, outro", "verse8 verse8 chorus8 outro4"), ("verse 8 bars x2, chorus 8", "verse8 verse8 chorus8"), ("8 bar verse (repeat), 8 bar chorus", "verse8 verse8 chorus8"),
        ("8 bars A, 8 bars B, then A again", "A8 B8 A8"), ("zweimal Strophe, einmal Refrain, je 8 Takte", "verse8 verse8 chorus8"), ("2 estrofas y un estribillo, de 8 compases cada uno", "verse8 verse8 chorus8"),
        ("couplet 8 mesures, refrain 8 mesures, deux fois", "verse8 chorus8 verse8 chorus8"), ("verso 8 compassos, refrão 8 compassos, duas vezes", "verse8 chorus8 verse8 chorus8"), ("due strofe da 8 battute e un ritornello da 8", "verse8 verse8 chorus8"),
        ("ABACA rondo, 8 bars each", "A8 B8 A8 C8 A8"), ("AABB结构，每段4小节，民谣", "A4 A4 B4 B4"), ("verse/chorus/verse, 8 bars each", "verse8 chorus8 verse8"), ("verse 8 bars, chorus 16 bars, verse, chorus", "verse8 chorus16 verse8 chorus16"),
    ],
)  # fmt: skip
def test_a_form_with_its_repeats(text: str, form: str) -> None:
    assert " ".join(f"{s.name}{s.bars}" for s in parse_prompt(text).wishes.sections) == form


def test_bars_that_are_added_are_the_length_of_all() -> None:
    assert parse_prompt("4+4+8 bars, folk").bars == 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not too much hihat, house", "not too much hihat"), ("nicht zu viel Hi-Hat, Techno", "nicht zu viel Hi-Hat"), ("鼓不要太多，民谣", "鼓不要太多"), ("ドラムは控えめに、ジャズ", "ドラムは控えめに"),
        ("fewer hi-hats, techno", "fewer hi-hats"), ("kaum Schlagzeug, Ambient", "kaum Schlagzeug"), ("less guitar, rock", "less guitar"), ("贝斯别太重，流行", "贝斯别太重"), ("non troppi piatti, rock", "non troppi piatti"),
    ],
)  # fmt: skip
def test_more_or_less_of_a_part_or_a_drum_is_told_and_takes_nobody_away(text: str, words: str) -> None:
    parsed = parse_prompt(text)
    assert words in dict(parsed.account.unread())
    assert not parsed.stated_parts.without
    assert not parsed.stated_parts.silenced


@pytest.mark.parametrize(
    "text", ["no drums except a kick, ambient", "ohne Schlagzeug außer der Kick", "sin batería salvo el kick"]
)
def test_no_drums_but_one_leaves_that_one(text: str) -> None:
    stated = parse_prompt(text).stated_parts
    assert stated.silenced == ROLES.keys() - {"kick"}
    assert (stated.without, stated.only) == (frozenset(), None)


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("ausschließlich Streicher, Filmmusik", {"chords"}), ("uniquement la batterie, funk", {"drums"}), ("únicamente bajo y batería", {"bass", "drums"}), ("unicamente la batteria, funk", {"drums"}), ("somente bateria e baixo", {"bass", "drums"}),
        ("仅用古筝，中国风", {"melody"}), ("ギター一本、フォーク", {"chords", "melody"}), ("nur Flächen, ruhig", {"pad"}), ("🥁🥁🥁 only", {"drums"}),
    ],
)  # fmt: skip
def test_only_some_play(text: str, only: set[str]) -> None:
    assert set(parse_prompt(text).stated_parts.only or ()) == only


@pytest.mark.parametrize(
    ("text", "without"),
    [("#lofi #nodrums", {"drums"}), ("no drums/bass, ambient", {"drums", "bass"}), ("🎹 sad, no 🥁", {"drums"})],
)
def test_parts_denied_in_tags_lists_and_signs(text: str, without: set[str]) -> None:
    assert parse_prompt(text).stated_parts.without == without


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("lofi/jazz/soul", {"lo-fi", "jazz", "soul"}), ("house/techno, Am/C, 124", {"house", "techno"}), ("piano/bass/drums, blues", {"piano", "blues"}), ("saxaphone, smooth jazz", {"sax", "smooth jazz"}), ("accordian waltz", {"accordion", "waltz"}),
        ("💃 salsa 🎺", {"salsa", "trumpet"}), ("jingle, a corner of clothes", set()),
    ],
)  # fmt: skip
def test_styles_and_instruments_in_lists_signs_and_slips(text: str, named: set[str]) -> None:
    parsed = parse_prompt(text)
    assert {t.name for t in parsed.terms} | {name for _, name in parsed.instruments} == named


@pytest.mark.parametrize(
    ("text", "modulation"),
    [
        ("ab Takt 9 in G-Dur, Volkslied in C-Dur", Modulation("G major", 0, 9)), ("from bar 17 on in E minor", Modulation("E minor", 0, 17)), ("last 8 bars a minor third higher", Modulation("", 3, -8)), ("am Ende einen Halbton höher, Schlager", Modulation("", 1, -4)),
        ("sobe meio tom no final, gospel", Modulation("", 1, -4)), ("in C, second half in E flat, jazz", Modulation("Eb major")), ("on passe de do à ré à la mesure 9", Modulation("D major", 0, 9)), ("最后副歌升一个全音", Modulation("", 2, None, "last chorus")),
    ],
)  # fmt: skip
def test_a_key_that_comes_at_a_bar_or_at_the_end(text: str, modulation: Modulation) -> None:
    assert parse_prompt(text).wishes.modulation == modulation


@pytest.mark.parametrize(
    ("text", "ramp"),
    [
        ("langsam anfangen bei 70, dann auf 130, Polka", (70, 130, None)), ("ab Takt 9 schneller, bis 150", (None, 150, 9)), ("最後の4小節で70まで遅く", (None, 70, None)), ("keeps slowing until it stops", (None, 0, None)), ("start at 100 then up to 140", (100, 140, None)),
    ],
)  # fmt: skip
def test_a_tempo_that_moves(text: str, ramp: tuple[float | None, float, int | None]) -> None:
    parsed = parse_prompt(text)
    assert parsed.wishes.ramp is not None
    begin, end, first = ramp
    assert (parsed.tempo, parsed.wishes.ramp.first) == (begin, first)
    assert (parsed.wishes.ramp.end or round((begin or 0) * parsed.wishes.ramp.factor)) == end


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("between 60 and 90 seconds", 75),
        ("2 to 3 minutes, pop", 150),
        ("three quarters of a minute", 45),
        ("两分半钟", 150),
        ("synthwave 80s", 0),
    ],
)
def test_how_long(text: str, seconds: float) -> None:
    parsed = parse_prompt(text)
    assert (parsed.wishes.seconds, parsed.tempo) == (seconds, None)


def test_what_was_read_as_its_opposite() -> None:
    assert parse_prompt("nothing above 100 bpm, reggae").refused.tempi[1] == 100
    assert parse_prompt("stays on D minor the whole time").progression == ("Dm",)
    assert parse_prompt("r&b slow jam 65 Db major").account.unread() == ()
    assert parse_prompt("un beat de trap").account.unread() == ()


def test_a_word_in_katakana_is_read_to_its_end() -> None:
    readings = parse_prompt("静かな夜のポップス").account.readings
    assert [r.text for r in readings if r.kind == "fact"] == ["静かな", "夜", "ポップス"]


@pytest.mark.parametrize(
    ("text", "progression"),
    [
        ("funk jam on one chord, E7, all the way", "E7"), ("[Am] [F] [C] [G/B] x2, ballad", "Am F C G/B Am F C G/B"), ("em c g d% , folk", "Em C G D D"), ("pop en re menor: rem sib fa do", "Dm Bb F C"),
        ("Am for 2 bars then F for 2 bars", "Am Am F F"), ("4 bars of Am, 4 bars of G", "Am Am Am Am G G G G"), ("bass for 4 bars, drums for 4 bars", ""), ("rondo: A B A C A, 4 bars each", ""),
    ],
)  # fmt: skip
def test_chords_that_last_repeat_or_stand_behind_a_key(text: str, progression: str) -> None:
    assert " ".join(parse_prompt(text).progression or ()) == progression


def test_a_minor_key_is_a_mode_and_what_is_not_to_be_removed_stays() -> None:
    parsed = parse_prompt("something in a minor key but not A minor and not E minor")
    assert (parsed.key, parsed.mode, len(parsed.refused.keys)) == (None, "minor", 2)
    assert not parse_prompt("no melody off beat stuff, but don't remove the melody").stated_parts.without
    assert parse_prompt("prog rock, any metre except 4/4").account.unread() == ()


def test_only_a_guitar_and_a_bass_means_that_the_guitar_has_the_tune() -> None:
    programs = dict(understand("bossa nova sans batterie, juste guitare et basse", hash_encoder())[0].programs)
    assert programs["melody"] == programs["chords"]


def test_sections_share_bars_that_stand_before_them_and_the_last_has_the_rest() -> None:
    assert [(s.name, s.bars) for s in parse_prompt("16 mesures couplet refrain").wishes.sections] == [
        ("verse", 8),
        ("chorus", 8),
    ]
    assert [(s.name, s.bars) for s in parse_prompt("4 bar intro then verse, 16 bars").wishes.sections] == [
        ("intro", 4),
        ("verse", 12),
    ]


def test_the_last_bars_become_softer() -> None:
    (fade,) = parse_prompt("Rockballade, 16 Takte, die letzten vier Takte werden immer leiser").wishes.fades
    assert (fade.bars, fade.end < 1) == (4, True)
