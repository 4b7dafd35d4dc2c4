"""What became of every word: a fact, left to meaning, a wish, or not understood; what words speak of that is not obeyed. Pure.

Plain words are left to meaning, whether a table knows them or not; not understood is only what is no word of a language: keys
struck at random. `tables/mentions.tsv` has the words for what nothing here obeys (voices, samples, effects, the mix, files …): they
are told where no rule has read them. Words of languages whose negations and numbers are not read are told where they hold one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from model.music.wishes import Account, Kind, Reading
from model.prompt.rules.vocabulary import FOLDER, table
from model.prompt.wishes.found import FoundWish

Fact = tuple[int, int, str]
"""Where a fact stands, and the field that it sets."""
NO_WORD = "no word that is known here"
NO_NUMBER = "a number that no rule has read: say of what (92 bpm, 8 bars, 3/4, at bar 9)"

_LANGUAGES: tuple[tuple[str, str], ...] = (
    ("Dutch", r"\b(?:geen|zonder|niet)\s+\w+|\b\d+\s+(?:slagen|maten)\b"),
    ("Swedish", r"\b(?:utan|inga|ingen|inte)\s+\w+"),
    ("Danish or Norwegian", r"\b(?:uden|uten|ikke)\s+\w+"),
    ("Finnish", r"\b(?:ilman|ei)\s+\w{3,}"),
    ("Polish or Czech", r"\b(?:bez|żadn\w+|žádn\w+)\s+\w+|\b\d+\s+(?:uderzeń|taktów|taktów|taktů)\b"),
    ("Hungarian", r"\b\w+\s+nélkül\b|\bnincs\s+\w+"),
    ("Turkish", r"\b\w+\s+(?:olmadan|yok|olmasın)\b|\b\w{3,}(?:sız|siz|suz|süz)\b"),
    ("Romanian", r"\bfără\s+\w+"),
    ("Indonesian", r"\btanpa\s+\w+"),
    ("Vietnamese", r"\bkhông(?:\s+có)?\s+\w+"),
    (
        "Russian or another Slavic language",
        r"\b(?:без|нет|не|никак\w+|немає|жодн\w+)\s+[\u0400-\u04ff]+|(?<!\d)\d{1,4}\s+(?:ударов|удара|такт\w*|тактів)",
    ),
    ("Greek", r"\bχωρίς\s+\w+"),
    ("Arabic", r"(?:بدون|بلا)\s+\w+"),
    ("Hebrew", r"(?:בלי|ללא)\s+\w+"),
    ("Thai", r"(?:ไม่มี|ไม่เอา|ไม่ต้อง)\S*"),
    ("Hindi", r"[\u0900-\u097f]{1,16}\s+(?:के\s+)?बिना|बिना\s+\S{1,24}"),
)
_ABROAD = tuple((language, re.compile(pattern, re.I)) for language, pattern in _LANGUAGES)

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_STROKES = frozenset(row[at : at + 3] for r in _ROWS for row in (r, r[::-1]) for at in range(len(row) - 2))
_REAL = frozenset(
    [
        "wer",
        "ert",
        "rty",
        "tyu",
        "uio",
        "opo",
        "poi",
        "ret",
        "tre",
        "ewe",
        "asd",
        "sas",
        "was",
        "saw",
        "rew",
        "ion",
        "were",
        "poi",
        "ure",
    ]
) - {"asd"}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*", re.UNICODE)
_LATIN = re.compile(r"[a-zà-öø-ÿąćęłńóśźżčěřšůžăâîșțğış]+")
_CLUSTERS = re.compile(r"sch|tsch|ch|ck|ng|th|ph|st|sp|tz|sh|str|gh|rh|ts|pf|wh|kn|([b-df-hj-np-tv-z])\1")
_VOWELS = "aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿăâîąęóěůı"
_SIGNS = re.compile(r"[^\w\s](?:[^\w]*[^\w\s])?")
_SOUNDS = re.compile(r"[啊吧噗噜啦嘎呃哦嗯哈呵嘿呀哇呜嘻咕咯哒嘟哔叽咔喵汪呱唧嘣]{5,}")
"""Chinese signs that only sound, when three and more different ones stand together."""
_PLACEHOLDERS = re.compile(
    r"(?:ほげ|ふが|ぴよ|ホゲ|フガ|ピヨ){2,}|(?<![a-z])(?:hoge|fuga|piyo|foobar|foo bar(?: baz)?|lorem ipsum(?: dolor sit amet)?|bla(?:h)?(?: bla(?:h)?)+|blablabla|trololo|asdf)(?![a-z])"
)
"""Words that stand for any other: hoge fuga piyo."""
_SMALL_SIGNS = re.compile(r"[的一是了我不哈吧呢吗嘛啊\s]{4,}")
_TWO_AGAIN = re.compile(r"([b-df-hj-np-tv-xz])(?!\1)([b-df-hj-np-tv-xz])\1\2\1")
_KANA_AGAIN = re.compile(r"([ぬぽばびぶべぼぱぴぷぺけせてねめもやゆより])\1{2,}")
_AGAIN = re.compile(r"\b([b-df-hj-np-tv-xz]{2,4})(?: \1\b)+")
"""The same few consonants again and again: jfj jfj."""
_ONE_SIGN = re.compile(r"([\u3040-\u9fff\uac00-\ud7a3])\1{5,}")
_TANGLE = re.compile(r"\b(?=\w*\d)(?=\w*[a-z])\w{5,}\b")


def account(shown: str, facts: Sequence[Fact], wishes: Sequence[FoundWish]) -> Account:
    """Return what became of each word of a text; `wishes` go before facts, facts before meaning."""
    taken: list[Reading] = []
    places: list[tuple[int, int, Kind, str]] = [
        *((w.start, w.end, w.kind, w.reason or w.about) for w in wishes),
        *((start, end, "fact", field) for start, end, field in facts),
    ]
    free = [True] * len(shown)
    for start, end, kind, note in places:
        if start < end and all(free[start:end]):
            taken.append(Reading(start, end, shown[start:end].strip(" ,.;"), kind, note))
            free[start:end] = [False] * (end - start)
        elif start < end and kind != "fact":  # two wishes in the same words: both are told
            taken.append(Reading(start, end, shown[start:end].strip(" ,.;"), kind, note))
    taken = [_whole_words(shown, free, reading) for reading in taken]
    for start, end in _open(free):
        taken += _left(shown, start, end)
    return Account(tuple(sorted(taken, key=lambda r: (r.start, r.end))))


def _whole_words(shown: str, free: list[bool], reading: Reading) -> Reading:
    """Return a reading with all of the words that it begins or ends in, as far as nothing else was read there: two chords, not o chords."""
    start, end = reading.start, reading.end
    while start and free[start - 1] and _LETTERS.fullmatch(shown, start - 1, start + 1) is not None:
        start -= 1
    while end < len(shown) and free[end] and _LETTERS.fullmatch(shown, end - 1, end + 1) is not None:
        end += 1
    kana = _KANA_END.match(shown, end)
    if kana is not None and all(free[end : kana.end()]):
        end = kana.end()
    free[start:end] = [False] * (end - start)
    return replace(reading, start=start, end=end, text=shown[start:end].strip(" ,.;"))


_LETTERS = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]{2}")
"""Two letters of one word."""
_KANA_END = re.compile(r"(?<=[ァ-ヺー])[ァ-ヺー]{1,2}(?![ァ-ヺー])|(?<=[\u4e00-\u9fffぁ-ん])な(?![ぁ-ん])")
"""The rest of a word that ends in another sign: ポップス, 静かな."""


def in_other_languages(shown: str) -> list[tuple[int, int]]:
    """Return where a text negates or counts in a language that is not read."""
    return [m.span() for _, pattern in _ABROAD for m in pattern.finditer(shown)]


_NUMBER = re.compile(
    r"(?<![\w.,:/$€£#-])(?!24/7|50/50|9/11|9 (?:to|til|till) 5)(?:(?:with|for|at|in|on|to|after|by|then|x)\s+)?\d{1,3}(?:[.,]\d+)?(?:\s*[-–/]\s*\d{1,3})?(?![\w:$€£°]|[.,]\d|\s*(?:am|pm|o'?clock|uhr|h\b|km|kg|m\b|miles?|years?|year-old|ans|años|anni|anos|jahre|days?|people|euros?|dollars?|step|cats?|st\b|nd\b|rd\b|th\b)|-\w|['’]?s\b)"
)
"""A number with nothing behind it that says that it counts no music; years have four digits."""
_NOT_A_COUNT = re.compile(
    r"\b(?:anni|années|años|anos|jahre|jahren|the|late|early|aged?|blink|route|highway|level|episode|chapter|room|area|studio|grade|year|class|season|act|no|nr|nº|number|op|opus|son clave|clave|psalm|top)\.?\s+$|(?:\b(?:he|she|who|i|they)(?:['’]?s|['’]?m| is| am| are| was)?|\b9|\b(?:turn(?:s|ed|ing)|becom(?:es|ing)|wird|bin|cumple|tiene|compie|fait|aged)) $",
    re.I,
)
_TERMS = (
    "drums", "melody", "section", "sections", "length", "change", "buildup", "break", "speed", "chord", "chords", "tempo", "minor", "major", "faster", "slower", "guitar", "strings", "piano", "violin", "trumpet", "chorus", "verse", "intro", "bridge", "without",
    "quiet", "louder", "softer", "reverb", "vocals", "percussion", "measure", "measures", "seconds", "minutes", "crescendo", "modulate", "modulation", "transpose", "arpeggio", "synth", "schlagzeug", "ohne",
    "langsam", "schnell", "gitarre", "klavier", "takte", "sekunden", "strophe", "batterie", "guitare", "mesures", "secondes", "rapide", "lentement", "batería", "guitarra", "compases", "segundos", "rápido",
    "lento", "estribillo", "chitarra", "batteria", "battute", "secondi", "veloce", "ritornello", "bateria", "compassos", "violão", "refrão", "swing", "shuffle",
)  # fmt: skip
_REAL_NEIGHBOURS = frozenset(
    [
        "composes",
        "cord",
        "cords",
        "bride",
        "temp",
        "sting",
        "stings",
        "string",
        "drum",
        "guitars",
        "violins",
        "trumpets",
        "intros",
        "vers",
        "verses",
        "verso",
        "bridges",
        "majors",
        "minors",
        "minuets",
        "quite",
        "quit",
        "tempos",
        "second",
        "minute",
        "measured",
        "synths",
        "secondo",
        "segundo",
        "seconde",
        "sekunde",
        "schnelle",
        "schnelles",
        "schneller",
        "schnellen",
        "langsame",
        "langsamer",
        "langsamen",
        "langsames",
        "rapides",
        "lenta",
        "lent",
        "strophen",
        "gitarren",
        "klaviere",
        "guitarras",
        "guitares",
        "takt",
        "taktet",
        "chitarre",
        "batterien",
        "batteria",
        "bateria",
        "battuta",
        "battle",
        "swings",
        "sing",
        "wing",
        "shuffles",
        "reverbs",
        "quiets",
        "crescendos",
        "pianos",
        "pianeo",
        "veloces",
        "estribillos",
        "ritornelli",
        "arpeggios",
        "arpeggi",
        "minora",
        "cento",
        "lentos",
        "rápidos",
        "rápida",
        "ohnes",
        "ohn",
        "one",
        "line",
    ]
)
"""Words beside those that are words too."""


def _misspelt(word: str) -> str | None:
    """Return the word of music that a word is but for one letter too many, one too few, or two that changed places."""
    if not 5 <= len(word) <= 12 or word in _REAL_NEIGHBOURS or word in _TERMS or word.removesuffix("s") in _TERMS:
        return None
    for term in _TERMS:
        if term[0] == word[0] and abs(len(term) - len(word)) <= 1 and _one_slip(word, term):
            return term
    return None


def straightened(lower: str) -> str:
    """Return a text in small letters, as long, in which words of music with two letters changed round, or long ones with a wrong vowel, are right: drusm, vrese, saxaphone."""
    return _WORD.sub(lambda m: _turned(m.group()), lower)


def _turned(word: str) -> str:
    if not 5 <= len(word) <= 12 or word in _REAL_NEIGHBOURS or word in _TERMS:
        return word
    turned = next((t for t in _TERMS if len(t) == len(word) and t[0] == word[0] and _one_slip(word, t)), None)
    if turned is not None or len(word) < _LONG_NAME or word in table():
        return turned or word
    masked = (f"{word[:i]}*{word[i + 1 :]}" for i in range(1, len(word)) if word[i] in _PLAIN_VOWELS)
    return next((known for m in masked if (known := _names_but_for_a_vowel().get(m)) is not None), word)


_LONG_NAME, _PLAIN_VOWELS = 7, "aeiouy"
"""Letters of a style's or an instrument's name from which on a wrong vowel leaves no other word."""


@cache
def _names_but_for_a_vowel() -> dict[str, str]:
    """Return each long name of a style or an instrument with one of its vowels masked → the name."""
    names = (
        a
        for a, t in table().items()
        if t.kind in ("genres", "instruments") and len(a) >= _LONG_NAME and a.isascii() and a.isalpha()
    )
    return {f"{n[:i]}*{n[i + 1 :]}": n for n in names for i in range(1, len(n)) if n[i] in _PLAIN_VOWELS}


def _one_slip(word: str, term: str) -> bool:
    if len(word) == len(term):
        odd = [i for i in range(len(word)) if word[i] != term[i]]
        return len(odd) == 2 and odd[1] == odd[0] + 1 and word[odd[0]] == term[odd[1]] and word[odd[1]] == term[odd[0]]
    longer, shorter = (word, term) if len(word) > len(term) else (term, word)
    return len(shorter) > 4 and any(longer[:i] + longer[i + 1 :] == shorter for i in range(1, len(longer)))


def _open(free: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the spans that are still free."""
    start: int | None = None
    for at, is_free in enumerate([*free, False]):
        if is_free and start is None:
            start = at
        elif not is_free and start is not None:
            yield start, at
            start = None


def _left(shown: str, start: int, end: int) -> Iterator[Reading]:
    """Yield the readings of words that no rule has read: meaning, but for what is no word, or in a language that is not read."""
    odd: list[tuple[int, int, Kind, str]] = []
    for language, pattern in _ABROAD:
        for match in pattern.finditer(shown, start, end):
            note = f"{language} is read by its sense only: say facts and what is not wanted in English, 中文, Deutsch, français, español, italiano or português"
            odd.append((*match.span(), "unmet", note))
    for match in (*_WORD.finditer(shown, start, end), *_TANGLE.finditer(shown.lower(), start, end)):
        if is_gibberish(match.group()):
            odd.append((*match.span(), "unknown", NO_WORD))
    odd += [
        (*m.span(), "unknown", NO_NUMBER)
        for m in _NUMBER.finditer(shown, start, end)
        if not _NOT_A_COUNT.search(shown[max(0, m.start() - 16) : m.start()])
    ]
    for match in _WORD.finditer(shown, start, end):
        meant = _misspelt(match.group().lower())
        if meant is not None:
            odd.append((*match.span(), "unknown", f"{NO_WORD}: {meant}?"))
    odd += [(*m.span(), "unknown", NO_WORD) for m in _ONE_SIGN.finditer(shown, start, end)]
    odd += [(*m.span(), "unknown", NO_WORD) for m in _SOUNDS.finditer(shown, start, end) if len(set(m.group())) > 2]
    odd += [
        (*m.span(), "unknown", NO_WORD) for p in (_KANA_AGAIN, _AGAIN) for m in p.finditer(shown.lower(), start, end)
    ]
    odd += [(*m.span(), "unknown", NO_WORD) for m in _PLACEHOLDERS.finditer(shown.lower(), start, end)]
    if _SMALL_SIGNS.fullmatch(shown) is not None:
        odd.append((start, end, "unknown", NO_WORD))
    if not any(c.isalnum() for c in shown):
        odd += [(*m.span(), "unknown", NO_WORD) for m in _SIGNS.finditer(shown, start, end)]
    at = start
    for first, last, kind, note in sorted(odd, key=lambda o: (o[0], -o[1])):
        if first < at:
            continue
        yield from _meaning(shown, at, first)
        yield Reading(first, last, shown[first:last], kind, note)
        at = last
    yield from _meaning(shown, at, end)


def _meaning(shown: str, start: int, end: int) -> Iterator[Reading]:
    text = shown[start:end]
    words = text.strip(" \t\n,.;:!?，。；、")
    if words:
        first = start + text.index(words)
        yield Reading(first, first + len(words), words, "meaning")


_LONG_WORD = 30
"""Letters of a word that are looked at."""


def is_gibberish(word: str) -> bool:
    """Return True if a word is none of any language: keys struck in a row, consonants without end. Names and slang are words."""
    lower = word.lower()
    if any(c.isdigit() for c in lower):
        changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(lower))
        return changes > 3 and not re.fullmatch(r"(?:[a-z]+\d+)+|\d+(?:x|to|on)\d+", lower)
    if not _LATIN.fullmatch(lower) or word.isupper():
        return False
    lower = lower[:_LONG_WORD]
    if len(lower) == 3:
        return (len(set(lower)) == 1 and lower[0] in "bcdgjkqtvyñ") or lower in (
            "asd",
            "qwe",
            "zxc",
            "dfg",
            "fgh",
            "jkl",
            "hjk",
            "sdf",
            "xcv",
            "cvb",
            "vbn",
        )
    if len(lower) < 4:
        return False
    if len(set(lower)) == 1:
        return lower[0] not in "aeiouhmrszlx" or len(lower) > 12
    longest = max((n for n in range(len(lower), 3, -1) if _in_a_row(lower, n)), default=0)
    if longest >= 0.7 * len(lower):
        return True
    struck = [lower[i : i + 3] in _STROKES and lower[i : i + 3] not in _REAL for i in range(len(lower) - 2)]
    covered = [any(struck[max(0, i - 2) : i + 1]) for i in range(len(lower))]
    if sum(covered) >= 0.7 * len(lower) and (len(lower) > 4 or sum(struck) > 1):
        return True
    plain = _CLUSTERS.sub("x", lower)
    if not any(c in _VOWELS for c in lower):
        return len(set(lower)) > (3 if len(lower) < 6 else 1) and lower not in _WITHOUT_VOWELS
    return re.search(rf"[^{_VOWELS}'’]{{6,}}", plain) is not None or _TWO_AGAIN.search(lower) is not None


def _in_a_row(word: str, length: int) -> bool:
    """Return True if so many letters of a word lie beside one another on a keyboard."""
    pieces = {word[i : i + length] for i in range(len(word) - length + 1)}
    return any(piece in row or piece in row[::-1] for piece in pieces for row in _ROWS)


_WITHOUT_VOWELS = frozenset(
    [
        "pssst",
        "psst",
        "brrr",
        "grrr",
        "hmmm",
        "tsk",
        "pfft",
        "shhh",
        "dnb",
        "rnb",
        "mpdc",
        "html",
        "jpop",
        "kpop",
        "krk",
        "smrt",
        "strč",
        "prst",
    ]
)


# --- what is spoken of and not obeyed -----------------------------------------------------------------

REASONS = {
    "voice": "nothing here sings: the music is notes for instruments",
    "sample": "nothing is sampled: the music is notes for instruments",
    "effect": "the sound is that of the instruments that play the notes; effects are put there",
    "level": "how loud a part is, is set by /llmball/part/NAME/level",
    "mix": "the music is notes: it is mixed where they are played",
    "software": "words say music only: files, exports and settings have commands of their own, see llmball --help",
    "form": "the form is named by its sections with their bars (intro 4 bars, verse 8 bars …), what happens by its bar (drop at bar 9)",
    "length": "a piece is as long as its bars, minutes or seconds: say how many",
    "counterpoint": "how the parts imitate, answer and vary one another is not said by words",
    "harmony": "chords are said by name or by a progression: Am F C G, ii V I, a bar each",
    "place": "where and how single notes are played is the style's, or a figure's: four on the floor, walking bass",
    "range": "a part is set high or low as a whole: no note bounds it",
    "before": "a prompt is read by itself: refine changes what was played",
    "tempo": "a tempo is said by its number (92 bpm), by a pace (slow, fast) or as a ramp (from 90 to 120 bpm)",
    "key": "a key is said by its name: D minor, F# dorian, A major pentatonic",
    "metre": "a metre is said by its numbers: 3/4, 6/8, 7/8",
    "dynamics": "loudness that changes is said as fade in, fade out, crescendo or diminuendo",
    "modulation": "another key is said by its name and its bar: modulate to E minor at bar 9",
    "instrument": "it is none of the instruments that are played here",
    "swing": "swing is said by a number or a word: swing 60%, a light shuffle, straight",
    "add": "it is none of the parts, instruments and styles that are known here",
    "question": "words say music only: a question or an errand is no wish of it",
    "ending": "a piece ends on a cadence or loops; other endings and pauses are not said by words",
}
IN_A_CHANGE = frozenset(REASONS[kind] for kind in ("level", "before", "form", "place", "ending"))
"""Reasons that are none where words change what was played."""


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = [line.split("\t") for line in (FOLDER / "mentions.tsv").read_text(encoding="utf-8").splitlines()]
    words: dict[str, list[str]] = {}
    for kind, language, pattern in (row for row in rows if not row[0].startswith("#")):
        bounded = pattern if language == "中文" else _BOUNDED.format(pattern)
        words.setdefault(kind, []).append(bounded)
    return tuple((kind, re.compile("|".join(patterns))) for kind, patterns in words.items())


_BOUNDED = r"(?<![A-Za-zÀ-ÿ0-9_'’])(?:{})(?![A-Za-zÀ-ÿ0-9_])"


_ORDINAL = re.compile(r"(?:an?|the) second(?=\s+(?!long\b|of\b|or\b|each\b|and\b|is\b|later\b)[a-z])")
"""A second instrument: no length."""


def find_mentions(lower: str, in_passing: bool = False) -> Iterator[FoundWish]:
    """Yield what a lower-case text speaks of that is not obeyed, each with its reason, none within another.

    `in_passing`: those whose words may only colour a scene, "a catchy riff"; a row of the table marks them by a "?".
    """
    end: list[tuple[int, int]] = []
    for kind, pattern in _patterns():
        if kind.endswith("?") != in_passing:
            continue
        reason = REASONS[kind.rstrip("?")]
        for match in pattern.finditer(lower):
            if _ORDINAL.match(lower, match.start()):
                continue
            if match.end() > match.start() and not any(a < match.end() and match.start() < b for a, b in end):
                end.append(match.span())
                yield FoundWish(*match.span(), reason)
