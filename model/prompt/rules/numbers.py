"""Numbers in words, up to 300, in English, German, French, Spanish, Italian, Portuguese and Chinese: "zwölf Takte", "à cent vingt". Pure.

They become digits where they count something of music: before a unit, or as a tempo behind "at" or "around". Elsewhere
they are words: "one hundred years", "my four brothers".
"""

from __future__ import annotations

import re
from functools import cache

MOST = 300
_MOST_WORDS = 6

_SMALL = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "es": "cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
    "it": "zero un due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete dezoito dezenove",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante septante huitante nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_ONE = {
    "eins": 1, "eine": 1, "einen": 1, "einem": 1, "einer": 1, "une": 1, "una": 1, "uno": 1, "uma": 1, "zwo": 2, "duas": 2, "dreissig": 30, "fuenf": 5, "zwoelf": 12,
    "dieciseis": 16, "dezasseis": 16, "catorze": 14, "dezassete": 17, "tres": 3,
}  # fmt: skip


def _below_hundred(language: str) -> dict[str, int]:
    small = {word: n for n, word in enumerate(_SMALL[language].split())}
    found = dict(small)
    for place, ten in enumerate(_TENS[language].split(), start=2):
        found[ten] = 10 * place
        for word, n in small.items():
            if not 0 < n < 10:
                continue
            value = 10 * place + n
            if language == "de":
                found[f"{word}und{ten}"] = value
            elif language == "en":
                found[f"{ten} {word}"] = found[f"{ten}{word}"] = value
            elif language == "fr":
                found[f"{ten} {word}"] = found[f"{ten} et {word}"] = value
            elif language == "es":
                found[f"{ten} y {word}"] = value
                found[f"{ten.rstrip('e')}i{word}"] = value  # veintidós
            elif language == "it":
                found[f"{ten[:-1] if word[0] in 'uo' else ten}{word}"] = found[f"{ten} {word}"] = value
            else:
                found[f"{ten} e {word}"] = value
    if language == "fr":
        for word, n in list(found.items()):
            if 10 <= n < 20:
                found[f"soixante {word}"] = found[f"soixante et {word}"] = 60 + n
            if 0 < n < 20:
                found[f"quatre vingt {word}"] = 80 + n
        found["quatre vingts"] = found["quatre vingt"] = 80
    if language == "es":
        found |= {"veintidós": 22, "veintitrés": 23, "veintiséis": 26, "veintiún": 21}
    return found


_HUNDREDS: dict[str, tuple[tuple[str, int], ...]] = {
    "en": (("a hundred", 100), ("one hundred", 100), ("hundred", 100), ("two hundred", 200)),
    "de": (("hundert", 100), ("einhundert", 100), ("zweihundert", 200)),
    "fr": (("cent", 100), ("deux cents", 200), ("deux cent", 200)),
    "es": (("cien", 100), ("ciento", 100), ("doscientos", 200)),
    "it": (("cento", 100), ("duecento", 200)),
    "pt": (("cem", 100), ("cento", 100), ("duzentos", 200)),
}
_LINKS = {"en": (" ", " and "), "de": ("", "und", " "), "fr": (" ",), "es": (" ",), "it": ("", " "), "pt": (" e ",)}


@cache
def words() -> dict[str, int]:
    """Return every number in words → its value, hyphens as blanks."""
    found = dict(_ONE)
    for language in _SMALL:
        below = {word.replace("-", " "): n for word, n in _below_hundred(language).items()}
        found |= below
        for hundred, value in _HUNDREDS[language]:
            found[hundred] = value
            for link in _LINKS[language]:
                found |= {f"{hundred}{link}{word}": value + n for word, n in below.items() if 0 < n < 100}
        if language == "en":  # one seventy four, one oh five
            for lead, value in (("one", 100), ("two", 200)):
                found |= {f"{lead} {word}": value + n for word, n in below.items() if n >= 10}
                found |= {f"{lead} oh {word}": value + n for word, n in below.items() if 0 < n < 10}
    return {word: n for word, n in found.items() if 0 < n <= MOST}


UNIT = (
    r"(?:b\.?p\.?m\b|beats? (?:per|a) min|(?:bars?|measures?|beats?|takte?n?|taktige[nrsm]?|schläge|compases|compás|compassos?|mesures?|battut[ae]|battiti|battements|pulsaciones|batidas|temps|tiempos?|tempos(?= )"
    r"|seconds?|secs?|minutes?|mins?|sekunden?|minuten?|secondes?|segundos?|minutos?|second[io]|minut[io]"
    r"|(?:different |simple )?(?:chords?|akkorde?n?|accords?|acordes?|accord[io])|semitones?|halbtöne?n?|demi-tons|semitonos?|semitoni|times|mal|fois|veces|volte|vezes|versions?|takes)(?![a-zà-ÿ]))"
)
_BEHIND = re.compile(rf"[\s-]*{UNIT}")
_TEMPO_BEFORE = re.compile(
    r"(?:\b(?:at|around|about|circa|roughly|near|tempo(?: of| di| de)?|bpm|um die|so um die|etwa|ungefähr|bei|auf|mit|à|vers|autour de|environ|a|a unos|unos|alrededor de|sobre|a circa|sui|intorno a[il]?|a cerca de|cerca de|em torno de|por volta de|uns)\s+)$"
)
_ENDS = re.compile(r"\s*(?:$|[,.;!?)\n]|or so\b|ish\b|please\b|bitte\b)")
_WORD = re.compile(r"[a-zà-öø-ÿß]+")
_CHINESE = re.compile(
    r"[一二两三]?百(?:零?[一二三四五六七八九])?(?:[一二三四五六七八九]?十[一二三四五六七八九]?)?(?=[拍左的，,。；\s]|$|bpm|小[节節]|秒)"
)
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_TEMPI = range(40, 221)


def in_digits(lower: str) -> str:
    """Return a text in small letters, as long, in which numbers in words that count something of music are digits."""
    known = words()
    spans = [m.span() for m in _WORD.finditer(lower)]
    at, pieces, done = 0, [], 0
    while at < len(spans):
        for last in range(min(at + _MOST_WORDS, len(spans)), at, -1):
            start, end = spans[at][0], spans[last - 1][1]
            value = known.get(lower[start:end].replace("-", " "))
            if value is not None and _counts(lower, start, end, value):
                pieces += [lower[done:start], str(value).rjust(end - start)]
                done, at = end, last
                break
        else:
            at += 1
    plain = "".join([*pieces, lower[done:]])
    return _CHINESE.sub(lambda m: str(_chinese(m.group())).rjust(len(m.group())), plain)


def _counts(lower: str, start: int, end: int, value: int) -> bool:
    if len(str(value)) > end - start:
        return False
    if _BEHIND.match(lower, end) is not None:
        return value > 1 or lower[start:end] in ("one", "un", "une", "una", "uma", "um", "eins")
    return value in _TEMPI and _ENDS.match(lower, end) is not None and _TEMPO_BEFORE.search(lower[:start]) is not None


def _chinese(said: str) -> int:
    hundreds, _, rest = said.partition("百")
    value = 100 * (_DIGITS.get(hundreds, 1) if hundreds else 1)
    if rest and "十" not in rest and not rest.startswith("零"):
        return value + 10 * _DIGITS[rest]  # 一百二 is 120
    tens, ten, ones = rest.lstrip("零").rpartition("十")
    return value + (10 * (_DIGITS.get(tens, 1) if tens else 1) if ten else 0) + _DIGITS.get(ones, 0)
