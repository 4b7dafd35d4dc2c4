"""Numbers in words, up to 300, in English, German, French, Spanish, Italian, Portuguese and Chinese: "zwölf Takte", "à cent vingt". Pure.

They become digits where they count something of music: before a unit, or as a tempo behind "at" or "around". Elsewhere
they are words: "one hundred years", "my four brothers". Halves ("anderthalb Minuten"), ordinals ("la neuvième mesure") and what
Japanese says of the course of a piece are put in the words that the other readers know.
"""

from __future__ import annotations

import re
from functools import cache

from model.prompt.rules.tempo_meter import chinese_number

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
_BEHIND = re.compile(
    rf"[\s-]*(?:(?:last|first|final|letzten|ersten|dernières|premières|últim[oa]s|primer[oa]s|primeir[oa]s|ultim[ei]|prim[ei]|segund[oa]s)\s+)?{UNIT}"
)
_BAR_BEFORE = re.compile(r"\b(?:bar|measure|takt|mesure|compás|compasso|battuta)\s+$")
_SECOND = re.compile(r"\s+(?:segund|second|beat)")
_TEMPO_BEFORE = re.compile(
    r"(?:\b(?:at|around|about|circa|roughly|near|tempo(?: of| di| de)?|bpm|um die|so um die|etwa|ungefähr|bei|auf|mit|à|vers|autour de|environ|a|a unos|unos|alrededor de|sobre|a circa|sui|intorno a[il]?|a cerca de|cerca de|em torno de|por volta de|uns)\s+)$"
)
_ENDS = re.compile(r"\s*(?:$|[,.;!?)\n]|or so\b|ish\b|please\b|bitte\b)")
_WORD = re.compile(r"[a-zà-öø-ÿß]+")
_CHINESE = re.compile(
    r"[一二两三]?百(?:零?[一二三四五六七八九])?(?:[一二三四五六七八九]?十[一二三四五六七八九]?)?(?=[拍左的，,。；\s]|$|bpm|小[节節]|秒)"
)
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
    return _in_known_words(_CHINESE.sub(_chinese_count, plain))


def _counts(lower: str, start: int, end: int, value: int) -> bool:
    if len(str(value)) > end - start:
        return False
    if _BEHIND.match(lower, end) is not None:
        if value == 1 and _SECOND.match(lower, end) is not None:
            return False  # "un segundo amor", "un beat de trap"
        return value > 1 or lower[start:end] in ("one", "un", "une", "una", "uma", "um", "eins")
    if _BAR_BEFORE.search(lower, max(0, start - 40), start) is not None:
        return True
    leads = _TEMPO_BEFORE.search(lower, max(0, start - 40), start)
    return value in _TEMPI and _ENDS.match(lower, end) is not None and leads is not None


def _chinese_count(match: re.Match[str]) -> str:
    """Return a number as digits, as long; itself where these are longer (百 is 100), for who counts reads it too."""
    said = str(chinese_number(match.group())).rjust(len(match.group()))
    return said if len(said) == len(match.group()) else match.group()


# --- halves, ordinals and Japanese -------------------------------------------------------------------

_BAR = r"(?:takte?s?|mesure|compás|compasso|battuta|misura|bar|measure)"
_HALVES = {"anderthalb": 1.5, "eineinhalb": 1.5} | {
    f"{word}einhalb": n + 0.5 for n, word in enumerate(_SMALL["de"].split()) if 1 < n < 10
}
_ORDINAL = re.compile(
    rf"\b(?P<word>[a-zà-öø-ÿß]+(?:-[a-zà-öø-ÿß]+)*)(?P<space>\s+)(?P<bar>{_BAR})\b|\b(?P<digits>\d{{1,3}})(?:\.|º|ª|°|o\.?|a\.?|(?:e|è|é)(?:me)?|er|ère|st|nd|rd|th)\s+(?P<unit>{_BAR})(?![a-zà-ÿ])"
)
_TAKTIG = re.compile(r"\b(?P<word>[a-zäöüß]+)(?P<unit>takt|minüt|sekünd|stünd)(?P<end>ige[nrsm]?)\b")
_HALF = re.compile(rf"\b(?:{'|'.join(_HALVES)})(?=\s+(?:minuten?|stunden?|takte?))")
_TENTHS = {
    "dizaine": 10,
    "quinzaine": 15,
    "vingtaine": 20,
    "trentaine": 30,
    "quarantaine": 40,
    "cinquantaine": 50,
    "soixantaine": 60,
}
_ABOUT = re.compile(rf"\bune (?P<ten>{'|'.join(_TENTHS)}) d(?:e|['’])(?= ?(?:secondes|mesures|minutes))")
_MINUTES_AND = re.compile(
    r"(?P<unit>\bminut\w*) (?P<link>(?:et|y|e|und) )?(?P<word>[a-zà-öø-ÿß]+(?:-[a-zà-öø-ÿß]+)*)(?=\s*(?:$|[,.;]|(?:de|di|of|lang|long)\b))"
)
"""Une minute quinze de rock."""
_LAST_REFRAIN = re.compile(r"\bschlussrefrain\b")
_AND_A_HALF = re.compile(
    r"(?<![a-zà-ÿ\d] )(?<![a-zà-ÿ\d])(?P<unit>minut[oe]|hor[ae]|minuto|ora) (?:y|e) (?:medi[oa]|mei[oa]|mezz[oa])\b"
)
"""Minuto y medio, without a number: 1.5."""
_CHINESE_TIME = re.compile(
    r"(?P<n>[一二两三四五六七八九十]{1,3})(?P<unit>分(?=[一二三四五六七八九十\d半钟間间的の]|$)|秒|小[节節]目|小[节節])"
)
_SPANISH_ORDINALS = {
    word: n
    for language in (
        "primer segundo tercer cuarto quinto sexto séptimo octavo noveno décimo",
        "primeiro segundo terceiro quarto quinto sexto sétimo oitavo nono décimo",
        "prima seconda terza quarta quinta sesta settima ottava nona decima",
    )
    for n, word in enumerate(language.split(), start=1)
}


@cache
def _ordinals() -> dict[str, int]:
    """Return every ordinal below a hundred → its value: neunten, siebzehnten, neuvième, dix-septième, noveno."""
    found = dict(_SPANISH_ORDINALS)
    for word, n in _below_hundred("de").items():
        stem = {1: "ers", 3: "drit", 7: "sieb", 8: "ach"}.get(n, word + ("s" if n >= 20 else ""))
        found |= {f"{stem}te{end}": n for end in ("", "n", "r", "s", "m")}
    for word, n in _below_hundred("fr").items():
        stem = {5: "cinqu", 9: "neuv"}.get(n, word.removesuffix("e").replace(" ", "-"))
        found[f"{stem}ième"] = n
    return found | {"première": 1, "seconde": 2}


_KANA = re.compile(r"[ぁ-ヿ]|小[节節]目")
_SLOWLY = r"(?:だんだんと?|徐々に|次第に|少しずつ|ゆっくりと?|どんどん|じわじわ|ゆるやかに|緩やかに|じょじょに)"
_COUNTS = {"ワン": 1, "ツー": 2, "スリー": 3, "フォー": 4, "ひとつ": 1, "ふたつ": 2, "みっつ": 3, "よっつ": 4} | {
    f"{digit}つ": n for n, digit in enumerate("一二三四五六七八", start=1)
}
_COUNT = rf"(?:[1-9一二三四五六七八](?:つ|個|种类|種類|個|种)?|{'|'.join(_COUNTS)})"
_JAPANESE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"(?<!\d)(\d{1,3})小[节節]目", r"第\1小节"),
        (r"(?:最后|ラスト|終わり|おしまい|末尾|终わり)の?(?=\d)", "最后"),
        (r"(?:最初|はじめ|始め|冒头|出だし|头)の?(?=\d)", "开头"),
        (r"(?<![第\d])(\d{1,3}小[节節])(?:を?かけて|かけ|の间に|间で|の间|で)", r"\1内"),
        (r"([23])番の?(?=サビ|[ab]メロ)", r"第\1段"),
        (r"(?:最后の|ラストの|ラスト|ラス|大)サビ", "末副歌"),
        (r"(\d{2,3}(?:bpm)?)から(\d{2,3}(?:bpm)?)(?:まで|へと?|に)(?:上げ\w?|上が\w?|アップ)", r"从\1到\2加速"),
        (r"(\d{2,3}(?:bpm)?)から(\d{2,3}(?:bpm)?)(?:まで|へと?|に)(?:下げ\w?|下が\w?|落と\w?|ダウン)", r"从\1到\2减速"),
        (r"(\d{2,3}(?:bpm)?)から(\d{2,3}(?:bpm)?)(?:まで|へと?|に)", r"从\1到\2"),
        (r"(\d{2,3}(?:bpm)?)(?:まで|へと?|に)(?:加速|上げ|上が|スピードアップ|テンポアップ|速く|早く)", r"加速到\1"),
        (r"(\d{2,3}(?:bpm)?)(?:まで|へと?|に)(?:减速|減速|下げ|下が|落と|スローダウン|テンポダウン|遅く|ゆっくり)", r"减速到\1"),
        (r"(\d{2,3}(?:bpm)?)まで", r"到\1"),
        (r"ゆっくり(?:に|と)?な(?:る|っ|り)", "渐慢"),
        (r"(?:遅く|ゆっくり)(?:始ま|はじま|スタート)[ぁ-んァ-ヶー最后、,]{0,10}?(?:速く|早く|激しく)", "先慢后快"),
        (r"(?:速く|早く)(?:始ま|はじま|スタート)[ぁ-んァ-ヶー最后、,]{0,10}?(?:遅く|ゆっくり)", "先快后慢"),
        (rf"{_SLOWLY}(?:テンポ)?[がを]?(?:速|早|はや|加速|スピードアップ|テンポアップ|アップテンポ|上げ)\w?(?:な[るっり])?", "渐快"),
        (rf"{_SLOWLY}(?:テンポ)?[がを]?(?:遅|おそ|減速|减速|スローダウン|テンポダウン|ゆっくり|落と)\w?(?:な[るっり])?", "渐慢"),
        (r"(?:速|早)く(?:な[るっり]|して(?:い|ゆ))|テンポ(?:アップ|が上が\w|を?上げ\w)|スピードアップ|アッチェレランド|アッチェル|加速", "加速"),
        (r"遅く(?:な[るっり]|して(?:い|ゆ))|テンポ(?:ダウン|が下が\w|を?落と\w|を?下げ\w)|スローダウン|リタルダンド|(?<![ァ-ヺー])リット(?![ァ-ヺー])|減速", "渐慢"),
        (rf"(?:音量?|ボリューム)?[がを]?{_SLOWLY}(?:音量?|ボリューム)?[がを]?(?:小さく|弱く|静かに|消え\w?|下げ\w?)(?:な[るっり])?\w?", "淡出"),
        (rf"(?:音量?|ボリューム)?[がを]?{_SLOWLY}(?:音量?|ボリューム)?[がを]?(?:大きく|強く|强く|激しく|盛り上が\w?)(?:な[るっり])?", "渐强"),
        (r"消えて(?:い[くき]|ゆく|終わ\w|终わ\w)", "淡出"),
        (r"(?:キーを?|调を?)?(半音|全音|短三度|长三度|完全四度|完全五度|[1-9]半音)(?:上げ|上が|上に|高く|高い|アップ|上[へのの]?|↑)", r"升\1"),
        (r"(?:キーを?|调を?)?(半音|全音|短三度|长三度|完全四度|完全五度|[1-9]半音)(?:下げ|下が|下に|低く|ダウン|下)", r"降\1"),
        (r"(?:キーを?)?[1一](?:音|つ)(?:上げ|上が|上に|高く|アップ)", "升全音"),
        (r"(?:キーを?)?[1一](?:音|つ)(?:下げ|下が|下に|低く|ダウン)", "降全音"),
        (rf"(?:コード|和音)(?:は|が|数は|を)?(?P<n>{_COUNT})", r"\g<n>个和弦"),
        (rf"(?P<n>{_COUNT})(?:の|だけの)?(?:コード|和音)", r"\g<n>个和弦"),
    )
)  # fmt: skip


def _in_known_words(text: str) -> str:
    """Return a text, as long, with its halves as digits, its ordinals as numbers of bars, and Japanese wishes in Chinese words."""
    text = _HALF.sub(lambda m: str(_HALVES[m.group()]).rjust(len(m.group())), text)
    text = _AND_A_HALF.sub(lambda m: f"1.5 {m['unit']}".rjust(len(m.group())), text)
    text = _ABOUT.sub(lambda m: str(_TENTHS[m["ten"]]).rjust(len(m.group())), text)
    text = _MINUTES_AND.sub(_minutes_and, text)
    text = _LAST_REFRAIN.sub("letzte refrain", text)
    text = _TAKTIG.sub(_bars_of_word, text)
    text = _ORDINAL.sub(_bar_of_ordinal, text)
    text = _CHINESE_TIME.sub(_chinese_time, text)
    if _KANA.search(text) is None:
        return text
    for pattern, known in _JAPANESE:
        text = pattern.sub(lambda m, known=known: _fitted(m, known), text)  # type: ignore[misc]
    return text


def _chinese_time(match: re.Match[str]) -> str:
    said = f"{chinese_number(match['n']):>{len(match['n'])}}{match['unit']}"
    return said if len(said) == len(match.group()) else match.group()


def _minutes_and(match: re.Match[str]) -> str:
    value = words().get(match["word"].replace("-", " "), 0)
    said = f"{match['unit']} {match['link'] or ''}{value:>{len(match['word'])}}"
    return said if 10 <= value < 60 else match.group()


def _bars_of_word(match: re.Match[str]) -> str:
    value = words().get(match["word"])
    return match.group() if value is None else f"{value} {match['unit']}{match['end']}".ljust(len(match.group()))


def _bar_of_ordinal(match: re.Match[str]) -> str:
    value = int(match["digits"]) if match["digits"] else _ordinals().get(match["word"])
    said = match.group() if value is None else f"{match['bar'] or match['unit']} {value}".ljust(len(match.group()))
    return said if len(said) == len(match.group()) else match.group()


def _fitted(match: re.Match[str], known: str) -> str:
    said = match.expand(known)
    for word, value in _COUNTS.items():
        said = said.replace(word, str(value))
    said = re.sub(r"(?<=\d)(?:つ|個|种类|種類|种)", "", said)
    return said.ljust(len(match.group())) if len(said) <= len(match.group()) else match.group()
