"""Every word is accounted for; gibberish is told, plain words never are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.prompt.account import REASONS, find_mentions, is_gibberish
from model.prompt.reader import parse_prompt
from model.prompt.rules.vocabulary import FOLDER

GIBBERISH = [
    "asdf", "asdfgh", "qwerty", "sdkfjhsdkf", "hjkl", "zxcvbn", "lkjhg", "poiuy", "asdasd", "dfgdfg", "kjsdhf", "qqqq", "x7f9q2w", "mnbvc", "vrrrtx", "jajsjsjaksdj", "skskks", "ñññ",
]  # fmt: skip
WORDS = [
    "dreamy", "property", "power", "were", "quiet", "sadder", "treasure", "opera", "street", "Angstschweiß", "Herbststurm", "Borschtsch", "catchphrase", "strengths", "rhythms", "lynx",
    "Tchaikovsky", "Dvořák", "Rzeszów", "sphinx", "Knightsbridge", "pssst", "brrr", "hmmm", "tr808", "c64", "mp3", "4x4", "16ths", "90s", "EDM", "phonk", "djent", "shhh", "Schwarzkopf", "witchcraft", "screens", "textbooks", "streetlights", "doorkeeper", "fff", "sixteenths",
]  # fmt: skip


@pytest.mark.parametrize("word", GIBBERISH)
def test_keys_struck_at_random_are_told(word: str) -> None:
    assert is_gibberish(word)
    assert (word, "unknown") in [(r.text, r.kind) for r in parse_prompt(f"jazz {word} piano").account.readings]


@pytest.mark.parametrize("word", WORDS)
def test_names_slang_and_words_of_any_language_are_not_called_gibberish(word: str) -> None:
    assert not is_gibberish(word)


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.long)])
def test_no_plain_sentence_is_called_not_understood(every: int) -> None:
    lines = (FOLDER / "scenes.tsv").read_text(encoding="utf-8").splitlines()
    sentences = [s for line in lines if not line.startswith("#") for s in line.split("\t")[1].split("|")][::every]
    accounts = [parse_prompt(s).account for s in sentences]
    assert not any(r.kind == "unknown" for a in accounts for r in a.readings)
    of_the_sound = {
        REASONS[kind] for kind in ("voice", "sample", "effect")
    }  # a scene with vocals or echoes speaks of them
    told = [{reason for _, reason in a.unread()} for a in accounts]
    assert sum(bool(reasons) for reasons in told) <= 0.05 * len(sentences)
    assert sum(bool(reasons - of_the_sound) for reasons in told) <= 0.01 * len(sentences)


@pytest.mark.parametrize(
    "text", ["🐸🐸🐸", "........", "啊吧啊吧噗噜噜123啦啦嘎", "的一是了我不 哈 哈 吧", "jfj jfj jfj", "ぬぬぬぽえびょ"]
)
def test_signs_that_are_no_words_are_told(text: str) -> None:
    assert parse_prompt(text).account.unread()


@pytest.mark.parametrize(
    ("text", "words"),
    [("Blues, zwölf Takte Strophe und acht Takte Solo", "zwölf Takte Strophe"), ("que dure 45 segs, jazz", "que dure 45 segs"), ("slowly speeds up to 90 by the end", "by the end"), ("4 compases de build y el drop entra en el 21", "drop entra en el 21")],
)  # fmt: skip
def test_a_wish_is_accounted_for_by_all_of_its_words(text: str, words: str) -> None:
    assert (words, "wish") in [(r.text, r.kind) for r in parse_prompt(text).account.readings]


@pytest.mark.parametrize(
    ("text", "language"),
    [("geen drums, jazz", "Dutch"), ("utan trummor", "Swedish"), ("bez perkusji", "Polish"), ("70 ударов в минуту", "Russian"), ("без барабанов", "Russian"), ("davulsuz", "Turkish"), ("tanpa drum", "Indonesian")],
)  # fmt: skip
def test_what_is_not_wanted_in_a_language_that_is_not_read_is_told(text: str, language: str) -> None:
    assert any(language in reason for _, reason in parse_prompt(text).account.unread())


def test_facts_meaning_and_wishes_are_told_apart_in_the_words_of_the_prompt() -> None:
    account = parse_prompt("憂傷 piano in D minor, 82 bpm, drop at bar 9, with vocals").account
    assert [(r.text, r.kind) for r in account.readings] == [
        ("憂傷", "fact"), ("piano", "fact"), ("in", "meaning"), ("D minor", "fact"), ("82 bpm", "fact"), ("drop at bar 9", "wish"), ("with", "meaning"), ("vocals", "unmet"),
    ]  # fmt: skip
    assert [words for words, _ in account.unread()] == ["vocals"]
    assert [words for words, _ in account.unread("not here")] == ["drop at bar 9", "vocals"]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("jazz, can it sing about the sea", "voice", "can it sing"), ("Bossa mit Frauenstimme", "voice", "frauenstimme"), ("抒情，女声", "voice", "女声"),
        ("house, un sample de jazz", "sample", "sample"), ("techno, sidechain on the pad", "effect", "sidechain"), ("dub con mucho eco", "effect", "eco"), ("爵士，加点混响", "effect", "混响"),
        ("rock, guitars louder", "level", "guitars louder"), ("pop, plus d'aigus", "mix", "plus d'aigus"), ("摇滚，母带处理", "mix", "母带"),
        ("exportieren bitte, Walzer", "software", "exportieren"), ("salva il file, tango", "software", "salva"), ("pop, ein Refrain", "form", "refrain"),
        ("blues, tres veces", "length", "tres veces"), ("canto, fuga a tres voces", "counterpoint", "fuga"), ("polka en croches", "place", "croches"), ("swing, triplets", "place", "triplets"),
        ("same as before, faster", "before", "same as"), ("march, picardy third", "ending", "picardy third"),
    ],
)  # fmt: skip
def test_what_is_spoken_of_and_not_obeyed_is_told_with_the_reason_of_its_kind(text: str, kind: str, words: str) -> None:
    assert (words, REASONS[kind]) in [(text.lower()[w.start : w.end], w.reason) for w in find_mentions(text.lower())]
    assert REASONS[kind] in [reason for _, reason in parse_prompt(text).account.unread()]


@pytest.mark.parametrize(
    ("text", "tempo"),
    [("surf guitar, sunny 160", 160), ("surf rock guitar sunny 160", 160), ("trap. 140. only kick and snare", 140), ("disco anni 80 118 synth", 118), ("funk, 速度改成95", 95), ("pop in 16 bars", None), ("jazz for route 66", None)],
)  # fmt: skip
def test_the_only_bare_number_is_a_tempo(text: str, tempo: float | None) -> None:
    assert parse_prompt(text).tempo == tempo


@pytest.mark.parametrize(
    ("text", "key"),
    [("jazz, si bemol, swing", "Bb major"), ("bluegrass banjo fiddle G", "G major"), ("Bossa, Tonart Es", "Eb major"), ("pop in concert F, slow", "F major"), ("Schlager in the key of H", "B major")],
)  # fmt: skip
def test_a_tonic_alone_is_a_key(text: str, key: str) -> None:
    found = parse_prompt(text).key
    assert found is not None
    assert found.name == key


def test_what_is_denied_of_it_is_met() -> None:
    assert parse_prompt("jazz without reverb or delay").account.unread() == ()


def test_parts_figures_and_levels_that_are_obeyed_are_facts() -> None:
    account = parse_prompt("sparse piano, walking bass, drums, legato, a loop").account
    assert [(r.text, r.note) for r in account.readings if r.kind == "fact"] == [
        ("sparse", "density"), ("piano", "instruments"), ("walking bass", "figure"), ("drums", "parts"), ("legato", "articulation"), ("loop", "ending"),
    ]  # fmt: skip


@settings(deadline=None)
@given(st.text(alphabet="ab no drums Am F 12/8 鼓不要 bar9x,.-", max_size=60))
def test_every_letter_of_a_prompt_lies_in_a_reading(text: str) -> None:
    readings = parse_prompt(text).account.readings
    places = {at for r in readings for at in range(r.start, r.end)}
    plain = [at for at, c in enumerate(" ".join(text.split(" "))) if c.isalnum()]
    if "  " not in text:
        assert set(plain) <= places


@settings(deadline=None)
@given(st.text(max_size=120))
def test_any_text_has_an_account(text: str) -> None:
    for reading in parse_prompt(text).account.readings:
        assert 0 <= reading.start < reading.end


@pytest.mark.parametrize(
    ("text", "words"),
    [("twelve bars of jazz", "twelve bars"), ("rock with two chords", "two chords"), ("Pop mit vier Akkorden", "vier Akkorden"), ("jazz che rallenta", "rallenta"), ("Zwölf Takte Blues in E", "Zwölf Takte")],
)  # fmt: skip
def test_a_reading_has_whole_words(text: str, words: str) -> None:
    readings = parse_prompt(text).account.readings
    assert words in [r.text for r in readings]
    assert all(text[r.start : r.end].strip(" ,.;") == r.text for r in readings)
    assert parse_prompt(text).account.unread() == ()


def test_a_word_of_two_thousand_letters_is_told_at_once() -> None:
    begun = time.process_time()
    is_gibberish("qwertz" * 334)
    assert time.process_time() - begun < 0.1
