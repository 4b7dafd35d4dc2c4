"""Keys and modes in a text, in the spellings of ten languages and of DJs. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from model.music.harmony import SCALE_WORDS, Key, key_on, mode_named, parse_key
from model.prompt.rules.negation import Span, denied, refused
from model.prompt.rules.vocabulary import find as find_terms
from model.prompt.rules.vocabulary import table

_PLAIN = frozenset([
    "in", "yo", "jewish", "gypsy", "arabic", "hungarian", "persian", "enigmatic", "chromatic", "bebop", "augmented", "diminished", "altered",
    "acoustic", "overtone", "hindu", "sakura", "byzantine", "spanish gypsy", "okinawan", "ryukyu", "dominant diminished",
])  # fmt: skip
"""Scales whose names are plain words, or chords, too: meant as one only before "scale" or "mode"."""
_ABROAD = {
    "dorian": "dórico|dorico|dorien|dorisch", "phrygian": "frigio|frígio|phrygien|phrygisch", "lydian": "lidio|lídio|lydien|lydisch",
    "mixolydian": "mixolidio|mixolídio|misolidio|mixolydien|mixolydisch", "minor": "eólico|eólio|eolio|éolien|äolisch", "major": "jónico|jônico|ionico|ionien|ionisch",
    "locrian": "locrio|lócrio|locrien|lokrisch", "phrygian dominant": "frigio dominante|frígio dominante|phrygien dominant|phrygisch dominant",
    "whole tone": "tonos enteros|par tons|ganzton|ganztonleiter|gamme par tons", "harmonic minor": "menor armónica|mineur harmonique|harmonisch moll",
    "melodic minor": "menor melódica|mineur mélodique|melodisch moll",
}  # fmt: skip
_MODES_ABROAD = {word: mode for mode, words in _ABROAD.items() for word in words.split("|")}


def _alternatives(words: Iterable[str]) -> str:
    """Return a pattern of words, the longest first, hyphens as good as blanks."""
    return "|".join(re.escape(w).replace(r"\ ", r"[\s-]") for w in sorted(words, key=lambda w: (-len(w), w)))


_MODE = _alternatives([
    "harmonic minor", "melodic minor", "natural minor", "minor pentatonic", "major pentatonic", "pentatonic minor", "pentatonic major",
    "pentatonic scale", "minor blues", "blues scale", "major", "minor", "maj", "min", "dorian", "phrygian", "lydian", "mixolydian",
    "aeolian", "ionian", "locrian", "pentatonic", *(SCALE_WORDS.keys() - _PLAIN), *_MODES_ABROAD,
]) + rf"|blues(?= scale)|(?:{_alternatives(_PLAIN)})(?=[\s-](?:scale|mode)\b)"  # fmt: skip
_SIGN = r"(?:[\s-]?(sharp|flat)|([#b♯♭]))?"
_KEYS = (
    re.compile(rf"\b([A-Ha-h]){_SIGN}(?:\s+|-)({_MODE})\b(?!\s+(?:problem|issue|thing|detail|change|role|point|difference|part|label|way|chord|triad|seventh|key))", re.I),
    re.compile(r"(?<![A-Za-z0-9])([A-G])()([#b♯♭])?(min|maj|minor|major|dorian|phrygian|lydian|mixolydian)(?![A-Za-z0-9])"),
    re.compile(r"(?<![A-Za-z0-9#♯♭/])([A-G](?=[#b♯♭]?m)|[a-g](?=[#♯]m))([#b♯♭]?)m(?![A-Za-z0-9/#]|\s+(?:I|not)\b)"),
    re.compile(rf"\b([B-G]|A[#b♯♭]){_SIGN}\s(blues)\b"),
    re.compile(rf"\b(?:in|into|(?:transposed?|modulat\w+|changed?|switch(?:ed)?|moved?)\s+to|cent(?:re|er)ed on)\s+([B-H]|[A-G](?=[#♯♭]|b\b|\s(?:sharp|flat)\b)|[a-g](?=[#♯♭]|b\b|\s(?:sharp|flat)\b)){_SIGN}(?![\w'&+#♯/-]|\.\w)"),
    re.compile(rf"\b(?:key|tonic|tonality|tonart)(?:\s+(?:of|is|in))?\s*[:=]?\s*(?:the\s+)?([A-Ha-h]){_SIGN}(?![\w'&+#/-])"),
    re.compile(rf"\bin\s+(A){_SIGN}(?=[\s,.;!?。]*$|\s*[,.;!?。]|\s+[a-z\d])"),
    re.compile(rf"(?:^|[,;，])\s*([A-G]){_SIGN}\s*(?=$|[,;，])"),
    re.compile(rf"(?<=[a-z0-9] )([B-G]|A(?=[#b♯♭])){_SIGN}\s*[.!]?$"),
    re.compile(r"(?<![\w/|(\[-])([A-G])()([#♯♭]|b)(?![\w/|)\]'’&+#♯-]|\s+(?:[A-G]|(?:Takt|der|dem|den|\d+\.?|Minute|Mitte|Hälfte|Anfang|jetzt|hier|dort|sofort)\b|chord|trumpet|clarinet|sax|instrument))"),
    re.compile(rf"\bconcert ([A-G]){_SIGN}(?![\w'&+#/-])"),
    re.compile(r"(?<=[a-z] )([B-G])()()(?=,? (?:slow|fast|medium|mid-?tempo|up-?tempo|around|about|jam|groove|vamp|drone|loop|riff|backing track|with|at)\b)"),
)  # fmt: skip
_LOWER = re.compile(
    r"(?:\b(?:in|into|(?:transposed?|modulat\w+|changed?|switch(?:ed)?|moved?)\s+to)\s+|\b(?:key|tonart|tonic|tonality)(?:\s+(?:of|is|in))?\s*[:=]?\s*|(?P<alone>(?:^|[,;，])\s*))"
    r"(?P<letter>[a-h])(?:\s?(?P<word>sharp|flat)|(?P<sign>[#b♯♭]))?\s?(?P<mode>m|min|minor|moll|maj|major|dur)?(?![\w'’&+#♯/-]|\.\w)"
)
"""A key in small letters: behind "in" or "key", or by itself between commas."""
_MODE_FIRST = re.compile(
    rf"\b({_MODE})(?:\s+(?:mode|scale))?\s+(?:on|in|of|from|starting on)\s+([A-G]){_SIGN}(?![\w'&+#/-])", re.I
)
_MUSIC = re.compile(
    r"(?:\w+\s+)?(?:tune|song|piece|ballad|groove|beat|track|loop|chords?|melody|piano|guitar|synth|riff|waltz|blues|jazz|techno|house|trap|funk|pop|rock)\b"
)
"""What stands behind the key of "A minor piano ballad", and not behind "A major success"."""
_SPELLED, _SHORT_MINOR, _ALONE = (0, 1, 3), 2, (8, 11)
"""The places of the patterns that name their mode, of those that mean a minor one, and of those of a letter behind any word."""
_GERMAN = re.compile(r"\b(cis|dis|eis|fis|gis|ais|ces|des|es|fes|ges|as|[a-h])[- ]?(dur|moll)\b", re.I)
_GERMAN_NAMES = {"cis": "C#", "dis": "D#", "eis": "F", "fis": "F#", "gis": "G#", "ais": "A#", "ces": "B", "des": "Db",
                 "es": "Eb", "fes": "E", "ges": "Gb", "as": "Ab", "h": "B", "b": "Bb"}  # fmt: skip
_SOLFEGE = re.compile(
    r"\b(do|dó|re|ré|mi|fa|fá|sol|la|lá|si|до|ре|ми|фа|соль|ля|си)"
    r"(?:[\s-]+(sostenido|sustenido|bemol|dièse|diese|bémol|diesis|bemolle|диез|бемоль))?"
    rf"[\s-]+({_alternatives(_MODES_ABROAD)}|mayor|menor|majeur|mineur|maggiore|minore|maior|мажоре?|миноре?|major|minor)\b",
    re.I,
)
_SOLFEGE_NAMES = {"do": "C", "dó": "C", "re": "D", "ré": "D", "mi": "E", "fa": "F", "fá": "F", "sol": "G", "la": "A",
                  "lá": "A", "si": "B", "до": "C", "ре": "D", "ми": "E", "фа": "F", "соль": "G", "ля": "A", "си": "B"}  # fmt: skip
_CJK_MODES = {
    "大调五声": "major pentatonic", "小调五声": "minor pentatonic", "自然小调": "minor", "和声小调": "harmonic minor",
    "旋律小调": "melodic minor", "自然大调": "major", "大调": "major", "小调": "minor", "布鲁斯音阶": "blues", "蓝调音阶": "blues",
    "弗里几亚属音阶": "phrygian dominant", "弗里吉亚属音阶": "phrygian dominant", "弗里几亚属": "phrygian dominant", "弗里吉亚属": "phrygian dominant", "希贾兹": "phrygian dominant",
    "双和声": "double harmonic", "全音阶": "whole tone", "全音音阶": "whole tone", "减音阶": "diminished", "利底亚属": "lydian dominant", "都节": "miyako-bushi",
    "宫": "major pentatonic", "商": "[0,2,5,7,10]", "角": "[0,3,5,8,10]", "徵": "[0,2,5,7,9]", "羽": "minor pentatonic",
    "五声": "major pentatonic", "宫调": "major pentatonic", "商调": "[0,2,5,7,10]", "角调": "[0,3,5,8,10]",
    "徵调": "[0,2,5,7,9]", "羽调": "minor pentatonic", "多利亚": "dorian", "弗里几亚": "phrygian", "弗里吉亚": "phrygian",
    "混合利底亚": "mixolydian", "利底亚": "lydian", "伊奥尼亚": "major", "爱奥利亚": "minor", "洛克里亚": "locrian",
    "メジャー": "major", "長調": "major", "长调": "major", "マイナー": "minor", "短調": "minor", "短调": "minor", "ドリアン": "dorian",
    "フリジアン": "phrygian", "リディアン": "lydian", "ミクソリディアン": "mixolydian", "메이저": "major", "마이너": "minor",
    "장조": "major", "단조": "minor", "调": "major",
}  # fmt: skip
_CJK_MODE = "|".join(sorted((m for m in _CJK_MODES if m != "调"), key=len, reverse=True))
_CJK = re.compile(
    rf"(降|升|[#♯♭]|b(?=[A-G]))?\s*(?<![A-Za-z])([A-Ga-g])([#b♯♭])?\s*(?:(?:大调|小调)的?\s*(?=和声|旋律|自然|五声|布鲁斯|蓝调))?({_CJK_MODE}|调(?![性式色音高整子查用]))(?![色度落业店])"
)
_OLD_NAMES = re.compile(r"(変|嬰|올림|내림)?\s?([ハニホヘトイロ다라마바사가나])\s?(长调|短调|長調|短調|장조|단조)")
_SIGNS = {"sharp": "#", "flat": "b", "sostenido": "#", "sustenido": "#", "dièse": "#", "diese": "#", "diesis": "#",
          "диез": "#", "бемоль": "b", "bemol": "b", "bémol": "b", "bemolle": "b", "降": "b", "升": "#", "変": "b", "嬰": "#", "올림": "#", "내림": "b",
          None: "", "": "", "#": "#", "b": "b", "♯": "#", "♭": "b"}  # fmt: skip
_CAMELOT = re.compile(
    r"(?:\bcamelot\s*:?\s*|\b(?:key|in)\s*:?\s*)(1[0-2]|[1-9])([ab])\b|\b(1[0-2]|[1-9])([ab])\s+camelot\b",
    re.I,
)
_STEPS = re.compile(r"\b([A-G][#b♯♭]?)\s*(\[\s*\d+(?:\s*,\s*\d+)+\s*\])")


_KANA_KEY = re.compile(
    r"(?:キー|調性|调性|조성|키)(?:は|を|が|:|：|=|はもう|는|를)?\s*([A-G])([#b♯♭]?)(m(?!a)|マイナー|メジャー|短調|長調|短调|长调)?(?![A-Za-z0-9#♯♭])"
)
"""キーはC, with its mode or major."""


def _kana_key(text: str) -> Span[Key] | None:
    match = _KANA_KEY.search(text)
    if match is None or denied(text, match.start()):
        return None
    mode = "minor" if match.group(3) in ("m", "マイナー", "短調", "短调") else "major"
    return Span(parse_key(f"{match.group(1)}{_SIGNS[match.group(2)]} {mode}"), *match.span())


def key(text: str) -> Span[Key] | None:
    """Return a key with its tonic; the case of the text counts, for "a minor problem" is not one in A."""
    for read in (
        _steps,
        _camelot,
        _kana_key,
        _mode_first,
        _latin,
        _german,
        _solfege,
        _sung_alone,
        _cjk,
        _old_names,
        _lower,
    ):
        found = read(text)
        if found is not None:
            return found
    return None


def named(text: str) -> Key:
    """Return the key that a text names and says nothing else beside, in any of the languages. Raises ValueError.

    So B-Dur is B flat major, as who says Dur means it, and B major is B.
    """
    plain = text.strip()
    for said in (plain, f"in {plain}"):
        for read in (_german, _solfege, _cjk, _old_names, key):
            found = read(said)
            if found is not None and said[: found.start].strip() in ("", "in") and found.end == len(said):
                return found.value
    return parse_key(plain)


def refused_keys(text: str) -> list[Span[Key]]:
    """Return the keys that the words do not want: "not in C major"."""
    return refused(text, key)


def with_mode(tonic: Key, mode_: str) -> Key:
    """Return the key of a mode on the tonic of another."""
    return replace(key_on(tonic.tonic, mode_), sign=tonic.sign)


_STATES_MODE = re.compile(
    r"maj|major|dur|mayor|majeur|maggiore|maior|大调|长调|メジャー|메이저|장조|长調|長調|[\[\d]", re.I
)


def is_bare(said: str) -> bool:
    """Return True if the words of a major key name its tonic only: "in F"."""
    return _STATES_MODE.search(said) is None


def _steps(text: str) -> Span[Key] | None:
    for match in _STEPS.finditer(text):
        try:
            return Span(parse_key(f"{match.group(1)} {match.group(2)}"), *match.span())
        except ValueError:
            continue  # steps outside 0..11 are no scale
    return None


def _camelot(text: str) -> Span[Key] | None:
    """DJs' wheel: 8A is A minor, 8B C major, each step a fifth up."""
    match = _CAMELOT.search(text)
    if match is None:
        return None
    number, side = (match.group(1), match.group(2)) if match.group(1) else (match.group(3), match.group(4))
    minor = side in "aA"
    tonic = ((9 if minor else 0) + 7 * (int(number) - 8)) % 12
    name = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")[tonic]
    return Span(parse_key(f"{name} {'minor' if minor else 'major'}"), *match.span())


def _mode_first(text: str) -> Span[Key] | None:
    match = _MODE_FIRST.search(text)
    if match is None or denied(text.lower(), match.start()):
        return None
    mode, letter, word, sign = match.groups()
    tonic = f"{letter.upper()}{_SIGNS[word.lower() if word else sign]}"
    return Span(_on(tonic, mode), *match.span())


def _on(tonic: str, mode: str) -> Key:
    """Return the key of a tonic and the words of a mode, in any of the languages."""
    words = " ".join(mode.lower().replace("-", " ").split()).replace("pentatonic scale", "pentatonic")
    home = parse_key(tonic)
    found = _MODES_ABROAD.get(words) or mode_named(words)
    assert found is not None  # each of `_MODE` is known
    return replace(key_on(home.tonic, found), sign=home.sign)


def _lower(text: str) -> Span[Key] | None:
    for match in _LOWER.finditer(text):
        letter, word, sign, mode = match.group("letter", "word", "sign", "mode")
        if match.group("alone") is not None and (letter == "a" or mode is None or mode[0] != "m"):
            continue  # "em, 90 bpm", but not "a, b, c" nor "am, I think"
        if letter == "h" and (word or sign):
            continue
        ends = not re.match(r"\s*[\w(]", text[match.end() :])
        if denied(text.lower(), match.start("letter")) or (
            letter == "a" and not sign and not word and not mode and not ends
        ):
            continue
        if (
            mode in ("m", "min", "minor", "moll")
            and letter == "a"
            and not sign
            and _NO_KEY_BEHIND.match(text, match.end())
        ):
            continue
        tonic = f"{letter.upper()}{_SIGNS[word or sign]}"
        minor = (mode is not None and mode.startswith(("mi", "mo"))) or mode == "m"
        return Span(_on(tonic, "minor" if minor else "major"), match.start("letter"), match.end())
    return None


_NO_KEY_BEHIND = re.compile(r"\s+(?:problem|issue|thing|detail|change|role|point|difference|part|label|way)\b")


def _latin(text: str) -> Span[Key] | None:
    for place, pattern in enumerate(_KEYS):
        for match in pattern.finditer(text):
            letter, *signs = match.groups()
            mode = signs.pop() if place in _SPELLED else "minor" if place == _SHORT_MINOR else "major"
            article = letter in "aA" and not any(signs) and place == 0
            if place in _ALONE and _is_of_a_name(text, match.start()):
                continue
            if denied(text.lower(), match.start()) or (article and not _meant(text, match)):
                continue
            if letter in "hH" and any(signs):
                continue  # H is German for B, and sharp is no German: neither names "H sharp"
            sign = _SIGNS[next((s.lower() for s in signs if s), None)]
            return Span(_on(f"{letter.upper()}{sign}", mode), *match.span())
    return None


_NAMES_A_LETTER = frozenset([
    "plan", "part", "section", "vitamin", "drop", "open", "type", "class", "grade", "group", "team", "side", "series", "exhibit", "hepatitis", "tier",
    "category", "and", "or", "note", "string", "the", "to", "from", "middle", "high", "low", "written", "between", "play", "of", "teil", "sección", "partie",
])  # fmt: skip
"""Words with a letter behind them that is no key."""
_WORD_BEFORE = re.compile(r"([^\W\d_][\w'’-]*)\s$")


def _is_of_a_name(text: str, at: int) -> bool:
    """Return True if a letter alone belongs to the word before it: plan B, Kenny G, but not "Techno F"."""
    before = _WORD_BEFORE.search(text, max(0, at - 24), at)
    if before is None:
        return False
    word = before.group(1)
    return word.lower() in _NAMES_A_LETTER or (word[0].isupper() and word.lower() not in table())


_GERMAN_ALONE = re.compile(
    r"\b(?:in|[Tt]onart|Grundton)\s+(Es|As|es|as|Cis|Dis|Fis|Gis|Ais|Des|Ges|cis|dis|fis|gis|ais)\b(?![-\s]*(?:dur|moll))",
    re.A,
)
"""Without Dur or Moll a capital is major and a small letter minor."""


def _german(text: str) -> Span[Key] | None:
    match = _GERMAN.search(text)
    if match is None and (alone := _GERMAN_ALONE.search(text)) is not None:
        mode = "minor" if alone.group(1).islower() else "major"
        return Span(parse_key(f"{_GERMAN_NAMES[alone.group(1).lower()]} {mode}"), *alone.span())
    if match is None:
        return None
    name = match.group(1).lower()
    mode = "major" if match.group(2).lower() == "dur" else "minor"
    return Span(parse_key(f"{_GERMAN_NAMES.get(name, name.upper())} {mode}"), *match.span())


_SOLFEGE_ALONE = re.compile(
    r"(?:(?:^|[,;]\s*|\b(?:en|em|in|de|di)\s+)(do|dó|re|ré|mi|fa|fá|sol|la|lá|si)[\s-]+(sostenido|sustenido|bemol|dièse|diese|bémol|diesis|bemolle)(?=\s*(?:$|[,;.]|[a-zà-ÿ]))|\b(?:en|em|tonalité|tonalidad|tonalità|tom|in)(?: de| di)?\s+(do|dó|re|ré|mi|fa|fá|sol|lá|si)()(?=\s*(?:$|[,;.]))|\b(?:en|em)\s+(do|dó|ré|fa|fá|sol|lá)()(?=\s+[a-zà-ÿ])|,\s*(do|dó|re|ré|mi|fa|fá|sol|lá|si)()(?=\s*(?:$|[,;.])))",
    re.I,
)
"""A tonic without its mode: behind a comma with its sign, or behind "en"."""


_ITALIAN = re.compile(
    r"\b(?:un[ao]?|il|gli|di|del(?=\s+[a-z])|della|con|che|senza|molto|poi|brano|pezzo|canzon[ei]|canto|valzer|ballata|lent[oa]|veloce|allegr[oa]|dolce|triste|pianoforte|chitarra|batteria|battut[ae]|maggiore|minore|tonalità|musica|melodia|ritornello|strofa|tarantella|notturno|preludio|marcia|sonata|giro|accordi|note)\b",
    re.I,
)
_MUSIC_ABROAD = re.compile(
    r"\b(?:canci[oó]n|canção|chanson|tema|pieza|peça|morceau|pièce|vals|valse|valsa|balad[ae]|ballade|m[uú]sica|musique|melod[ií]a|mélodie|ton|tono|tom|acordes?|accords?|compases|mesures|compassos|guitarra|guitare|violão|piano|flauta|flûte|sonat[ae]|pr[eé]l[uú]d(?:e|io)|nocturn[eo]|estudio|étude|marcha|marche|himno|hymne|rumba|boler[ií]a|samba|mod[oe]|toca\w*|jou\w+|modul\w+|transp\w+)\b",
    re.I,
)
_CLAUSE = re.compile(r"[^,;.!?]*")


def _is_sung(text: str, match: re.Match[str]) -> bool:
    """Return True if a syllable behind "in" is a tonic and no place: beside another Italian word; behind "en" in a clause of music."""
    word = match.group().split()[0].lower()
    if word not in ("in", "en", "em") or match.group().strip() == text.strip():
        return True
    if word == "in":
        return _ITALIAN.search(text) is not None
    begins = max(text.rfind(sign, 0, match.start()) for sign in ",;.!?") + 1
    clause = _CLAUSE.match(text, begins)
    said = "" if clause is None else clause.group()
    others = any(f.term.kind in ("genres", "instruments") for f in find_terms(said.lower()))
    return others or said.strip() == match.group().strip() or _MUSIC_ABROAD.search(said) is not None


def _solfege(text: str) -> Span[Key] | None:
    match = _SOLFEGE.search(text)
    if match is None:
        alone = next((m for m in _SOLFEGE_ALONE.finditer(text) if m.group(2) or _is_sung(text, m)), None)
        if alone is None:
            return None
        name = next(alone.group(n) for n in (1, 3, 5, 7) if alone.group(n)).lower()
        sign = (alone.group(2) or "").lower()
        return Span(_on(f"{_SOLFEGE_NAMES[name]}{_SIGNS[sign or None]}", "major"), *alone.span())
    name, sign, quality = (g and g.lower() for g in match.groups())
    usual = "minor" if (quality or "").startswith(("men", "min", "мин")) else "major"
    mode = _MODES_ABROAD.get(" ".join((quality or "").replace("-", " ").split()), usual)
    return Span(_on(f"{_SOLFEGE_NAMES[name or 'do']}{_SIGNS[sign]}", mode), *match.span())


_SUNG_ALONE = re.compile(
    rf"\b(?:en|in|em)\s+(do|dó|re|ré|mi|fa|fá|sol|la|lá|si)(?:[\s-]+({'|'.join(w for w in _SIGNS if w and len(w) > 3 and w[0] in 'sdb')}))?(?=\s*(?:$|[,.;!?)]))"
)
"""Without its mode a syllable that ends a clause is major: un blues en la."""
_PALO = re.compile(
    r"\b(?:buler[ií]as?|sole[aá]|soleares|tangos?|flamenc[oa]|rumbas?|tientos|fandangos?|sigui?riyas?|seguiriyas?|jaleos?|guitarra)\b[^.;]{0,24}?\b(?P<where>por (?P<place>medio|arriba))\b"
)
"""Where flamenco guitarists hold the key: por medio is A, por arriba E phrygian."""


def palo(lower: str) -> Span[Key] | None:
    """Return the key of a flamenco form by the place at which it is held."""
    match = _PALO.search(lower)
    if match is None:
        return None
    return Span(parse_key("A phrygian" if match["place"] == "medio" else "E phrygian"), *match.span("where"))


def _sung_alone(text: str) -> Span[Key] | None:
    match = _SUNG_ALONE.search(text.lower()) if len(text.lower()) == len(text) else None
    if match is None or denied(text.lower(), match.start()) or not (match.group(2) or _is_sung(text, match)):
        return None
    tonic = f"{_SOLFEGE_NAMES[match.group(1)]}{_SIGNS[match.group(2)]}"
    return Span(parse_key(f"{tonic} major"), *match.span())


def _cjk(text: str) -> Span[Key] | None:
    for match in _CJK.finditer(text):
        sign, letter, after, said = match.groups()
        if denied(text, match.start()):
            continue
        tonic = f"{letter.upper()}{_SIGNS[sign] or _SIGNS[after]}"
        return Span(parse_key(f"{tonic} {_CJK_MODES[said]}"), *match.span())
    return None


def _old_names(text: str) -> Span[Key] | None:
    match = _OLD_NAMES.search(text)
    if match is None:
        return None
    letter = "CDEFGABCDEFGAB"["ハニホヘトイロ다라마바사가나".index(match.group(2))]
    return Span(parse_key(f"{letter}{_SIGNS[match.group(1)]} {_CJK_MODES[match.group(3)]}"), *match.span())


_SAID_OF_ANY = frozenset(
    ["major", "minor", "major pentatonic", "minor pentatonic", "blues", "pentatonic", "harmonic minor", "melodic minor"]
)
"""Modes with an article before them: a minor blues. Who writes A hirajoshi means the tonic."""


def _meant(text: str, match: re.Match[str]) -> bool:
    """Return True if "a minor" names a key: after "in" or "key of", or with nothing but a tempo or a comma behind."""
    before, after = text[: match.start()].lower().rstrip(), text[match.end() :].lstrip()
    if before.endswith((" key", "in a")) or (match.group(1) == "a" and after.lower().startswith("key")):
        return False
    named = re.search(r"(?:\bin|\bof|\bto|key|:|en|,|，)$", before) is not None
    capital = match.group(1) == "A" and (bool(before) or _MUSIC.match(after.lower()) is not None)
    scale = mode_named(match.groups()[-1].lower().replace("-", " ")) not in _SAID_OF_ANY
    alone = match.group(1) == "A" and scale and not re.search(r"\bin [A-H]", text[match.end() :])
    return named or not after or not after[0].isalpha() or capital or alone


_NAMED_ALONE = _alternatives([
    "harmonic minor", "melodic minor", "minor pentatonic", "major pentatonic", "dorian", "phrygian", "mixolydian", "lydian", "aeolian",
    "ionian", "locrian", "pentatonic", "blues scale", *(SCALE_WORDS.keys() - _PLAIN), *_MODES_ABROAD,
])  # fmt: skip
_MODE_ONLY = re.compile(
    rf"\b({_NAMED_ALONE}|(?:{_alternatives(_PLAIN)})(?=[\s-](?:scale|mode)\b))(?!\w)"
    r"|(多利亚|弗里几亚属|弗里吉亚属|弗里几亚|弗里吉亚|混合利底亚|利底亚属|利底亚|爱奥利亚|洛克里亚|和声小调|旋律小调|五声|希贾兹|双和声|[宫羽]调(?=式)|全音音阶|全音阶|减音阶|都节)"
    r"|(?<!\b[A-Ha-h] )\b(minor|major)(?:[- ](?:key|mode|scale|tonality|chords?|feel|progression|melody|tune|sound|harmon\w+|ballad|song|piece|waltz|groove))\b|\b(?:in|use|but|avoid|no|not) (?:a )?(minor|major)\b(?! (?:chang|detail|thing))"
    r"|(?:^|[,;]\s*)(minor|major)(?=\s*(?:[,;]|$))|((?<!江南)(?:小调|大调))|\b(moll|dur)\b|\b(menor|mayor|mineur|majeur|minore|maggiore|maior)\b"
    r"|(短调|长调|마이너|단조|장조|マイナー|メジャー)"
)
_MINOR = re.compile(r"minor|小调|moll|menor|mineur|短|마이너|단조|マイナー")


def mode(lower: str) -> Span[str] | None:
    """Return a mode that was named without a tonic; "not in minor" is major."""
    match = _MODE_ONLY.search(lower)
    if match is None:
        return None
    name = match.group(1) or match.group(2)
    if name is not None:
        known = _CJK_MODES.get(name) or _MODES_ABROAD.get(name) or mode_named(name)
        return None if known is None or denied(lower, match.start()) else Span(known, *match.span())
    minor = (_MINOR.search(match.group()) is not None) != denied(lower, match.start(match.lastindex or 0))
    return Span("minor" if minor else "major", *match.span())
