"""Numbers that are written as words, in the languages of the prompts. Pure tables."""

from __future__ import annotations

TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
ONES = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COUNTS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fourteen": 14, "sixteen": 16, "eighteen": 18, "twenty": 20, "twenty-four": 24, "twenty four": 24,
    "thirty-two": 32, "thirty two": 32, "sixty-four": 64, "sixty four": 64,
    "dos": 2, "cuatro": 4, "ocho": 8, "doce": 12, "dieciséis": 16, "zwei": 2, "vier": 4, "acht": 8, "zwölf": 12, "sechzehn": 16,
    "deux": 2, "quatre": 4, "huit": 8, "douze": 12, "seize": 16, "quatro": 4, "oito": 8, "dezesseis": 16, "quattro": 4, "otto": 8,
}  # fmt: skip
_CHINESE = {c: i for i, c in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


def chinese(said: str) -> int:
    """Return a number up to 99, 0 where it is none: 两 is 2, 十二 12, 二十四 24."""
    tens, ten, ones = said.rpartition("十")
    if not ten:
        return _CHINESE.get(said, 0)
    return (_CHINESE.get(tens, 1) if tens else 1) * 10 + (_CHINESE.get(ones, 0) if ones else 0)
