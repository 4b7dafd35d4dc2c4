"""Numbers in words count music in seven languages, and are words elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.prompt.reader import parse_prompt
from model.prompt.rules.numbers import in_digits, words


@pytest.mark.parametrize(
    ("text", "tempo"),
    [
        ("neo soul, keep it around ninety", 90), ("liquid dnb at one seventy four", 174), ("jazz at one hundred and twenty bpm", 120), ("polka, so um die hundertzehn", 110), ("house bei hundertvierundzwanzig", 124),
        ("house à cent vingt-quatre", 124), ("valse, quatre-vingt-dix bpm", 90), ("cumbia a unos noventa y cinco", 95), ("salsa a ciento ochenta", 180), ("tarantella a centotrenta", 130), ("swing a centosessantacinque bpm", 165),
        ("samba a cento e dez", 110), ("forró a cento e quarenta e dois bpm", 142), ("一百二十八的浩室", 128), ("一百二拍的舞曲", 120),
    ],
)  # fmt: skip
def test_a_tempo_in_words(text: str, tempo: float) -> None:
    assert parse_prompt(text).tempo == tempo


@pytest.mark.parametrize(
    ("text", "bars"),
    [("zwölf Takte Blues", 12), ("sedici battute di swing", 16), ("seize mesures de funk", 16), ("treinta y dos compases", 32), ("vinte e quatro compassos", 24), ("forty-eight bars", 48)],
)  # fmt: skip
def test_a_length_in_words(text: str, bars: int) -> None:
    assert parse_prompt(text).bars == bars


@pytest.mark.parametrize("text", ["one hundred years of solitude", "my four brothers", "twenty one pilots", "cent ans de solitude", "the seven seas", "un beau jour", "百年孤独"])  # fmt: skip
def test_a_number_that_counts_no_music_stays_a_word(text: str) -> None:
    assert in_digits(text) == text


@pytest.mark.parametrize(
    ("text", "tempo"),
    [("一百拍的舞曲", 100), ("速度一百", 100), ("一百bpm", 100), ("二百拍", 200), ("百二十拍", 120), ("速度一百二", 120), ("一百零二拍", 102), ("每分钟一百一十拍", 110), ("两百拍", 200)],
)  # fmt: skip
def test_chinese_hundreds_that_are_longer_as_digits_are_read_too(text: str, tempo: float) -> None:
    assert parse_prompt(text).tempo == tempo


def test_chinese_hundreds_count_bars_and_seconds() -> None:
    assert parse_prompt("一百小节").bars == 100
    assert parse_prompt("一百秒的音乐").wishes.seconds == 100
    assert parse_prompt("三百小节").account.unread() == (("三百小节", "a clip has 256 bars at most"),)


CHINESE = st.text("一二两三四五六七八九十百零", min_size=1, max_size=6)


@given(CHINESE, st.sampled_from(["", "拍", "小节", "bpm", "秒", "，", "分半"]))
def test_a_chinese_number_keeps_the_length_of_its_text(said: str, unit: str) -> None:
    text = f"爵士{said}{unit}"
    assert len(in_digits(text)) == len(text)


@given(st.sampled_from(sorted(words())), st.sampled_from(["bpm", "takte", "battute", "seconds"]))
def test_a_text_keeps_its_length_and_the_number_its_value(said: str, unit: str) -> None:
    text = f"jazz, {said} {unit}"
    counted = in_digits(text)
    assert len(counted) == len(text)
    if words()[said] > 1 and len(str(words()[said])) <= len(said):
        assert str(words()[said]) in counted
