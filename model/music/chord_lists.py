"""Lists of chords as people write them: the one reader of prompts, options and controls. Pure.

Symbols (`Am F C G`, `Hm`, `am f c g`, `Do Sol Lam Fa`, `A minor, F, C and G`), Roman numerals (`iim7b5 V7 im`) or degrees
(`1 5 6- 4`, `4536251`); `%` repeats a bar, `x2` a chord or all, `/` holds a chord for a beat, `N.C.` lets the chord before go on.
Brackets, quotes, commas, dashes, arrows and small words between chords say nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from model.music.harmony import MODES, SIGNS, Chord, Key, parse_chord, parse_key, suffix_quality
from model.music.numerals import roman

MAX_PROGRESSION_BARS = 128
MAX_TIMES = 16
"""How often a chord or a list may be repeated by `x2`."""
BEATS = 4
"""Slashes of a bar that has no bar lines."""

_LINK = r"\s,;、，；→⇒>—–«»\"“”‘’·•"
_CJK = r"\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3"
_TOKEN = re.compile(rf"[|‖\[\](){{}}]|(?:[^{_LINK}{_CJK}|‖\[\](){{}}]+(?:\([^()\s]{{1,12}}\))?)+")
_BETWEEN = re.compile(rf"(?:[{_LINK}-]|和|与|及|跟|と|然后|接着?|再到|到|转|从)*")
_JOINERS = frozenset(
    [
        "and",
        "then",
        "to",
        "into",
        "followed",
        "by",
        "finally",
        "back",
        "und",
        "dann",
        "danach",
        "afterwards",
        "ensuite",
        "después",
        "depois",
        "dopo",
        "y",
        "luego",
        "e",
        "et",
        "puis",
        "poi",
        "&",
        "+",
        "->",
        "=>",
        "-",
        "…",
        "...",
    ]
)
_WORDS = {
    "minor": "m", "min": "m", "moll": "m", "menor": "m", "mineur": "m", "minore": "m", "m": "m",
    "major": "", "maj": "", "dur": "", "mayor": "", "majeur": "", "maggiore": "", "maior": "",
    "sharp": "#", "flat": "b", "#": "#", "b": "b", "sostenido": "#", "sustenido": "#", "dièse": "#", "diese": "#", "diesis": "#",
    "bemol": "b", "bémol": "b", "bemolle": "b",
    "seven": "7", "seventh": "7", "7": "7", "7th": "7", "siete": "7", "sept": "7", "sette": "7", "nine": "9", "ninth": "9", "9th": "9",
    "diminished": "dim", "dim": "dim", "augmented": "aug", "aug": "aug", "sus": "sus4", "sus4": "sus4", "sus2": "sus2",
    "maj7": "maj7", "m7": "m7", "dominant": "",
}  # fmt: skip
"""Words behind a chord's letter, and how symbols write them."""
_SOLFEGE = re.compile(r"(do|ut|ré|re|mi|fa|sol|la|si)([#b♯♭]?)(.*)", re.I)
_SYLLABLES = {"do": "C", "ut": "C", "re": "D", "ré": "D", "mi": "E", "fa": "F", "sol": "G", "la": "A", "si": "B"}
_DEGREE = re.compile(r"([b#]?)([1-7])(-?(?:7|9|11)?|[^/\d-][^/-]*|7[^/-]*)")
_DEGREES = re.compile(r"[1-7]{2,32}")
_PLAIN_NUMERAL = re.compile(r"[b#]?[IViv]+")
_TIMES = re.compile(r"(?:=?[x×*](\d{1,2})|(\d{1,2})[x×])", re.I)
_FILLED = re.compile(r"=(\d{1,2})")
"""How `_plain` writes that the chords before it fill so many bars."""
_NO_CHORD = re.compile(r"n\.?\s?c\.?", re.I)
_RADIO = re.compile(r"[A-H]M")
"""AM, FM, GM: chords only among others."""
_NO_WORDS = frozenset(["go", "do", "ho", "co", "bo", "ao", "eo"])


@dataclass(frozen=True, slots=True)
class _Item:
    """A chord of a list, or a sign in it. `kind` is symbol, word, lower, syllable, numeral, degree, repeat, times, hold, rest, bar, open or close."""

    kind: str
    start: int
    end: int
    text: str = ""
    chord: Chord | None = None
    count: int = 0


_CHORDS = frozenset(["symbol", "word", "lower", "syllable", "numeral", "degree"])


@dataclass(frozen=True, slots=True)
class ChordList:
    """A list of chords in a text, from character `start` to `end`. `kind` is that of most of its chords."""

    start: int
    end: int
    kind: str
    items: tuple[_Item, ...]

    def bars(self, key: Key) -> tuple[tuple[Chord, ...], ...]:
        """Return its bars; numerals and degrees are read in the key. Raises ValueError."""
        return tuple(tuple(bar) for bar in _bars(self.items, key))

    def rests(self, key: Key) -> tuple[int, ...]:
        """Return the bars, counted from 0, without a chord."""
        return tuple(n for n, bar in enumerate(_bars(self.items, key)) if isinstance(bar, _RestBar))

    @property
    def says_bars(self) -> bool:
        """Whether it says how many bars its chords take, "Am F for 4 bars", or how often all of them come, "(Dm G7 C) x4"."""
        often = self.items[-1].kind == "times" and sum(i.kind == "times" for i in self.items) == 1
        return often or any(i.kind in ("filled", "times") and i.text.startswith("=") for i in self.items)

    @property
    def is_plain(self) -> bool:
        """Whether its chords are numerals with nothing behind them: ii V I."""
        return all(_PLAIN_NUMERAL.fullmatch(i.text) is not None for i in self.items if i.kind in _CHORDS)

    @property
    def first(self) -> str:
        """Its first chord, as it is written."""
        return next(i.text for i in self.items if i.kind in _CHORDS)

    def without_first(self) -> ChordList | None:
        """Return the list without its first chord, None where nothing is left that counts as one."""
        at = next(n for n, i in enumerate(self.items) if i.kind in _CHORDS)
        return _counted(self.items[at + 1 :])


_BARS_WORD = r"(?i:bars?|measures?|takte?n?|compases|mesures?|battute|compassos|小节)"
_LASTING = re.compile(rf"\(\s*(\d{{1,2}})\s*{_BARS_WORD}\s*\)")


_FILLING = re.compile(
    rf"\s*(?:for|für|pendant|durante|durant|por|per|を|は|弹|演奏)?\s*(?P<n>\d{{1,2}})\s?{_BARS_WORD}(?![a-z])", re.I
)
"""Behind several chords: "Am F for 4 bars" are four bars of both, in turn."""
_FOR_BARS = re.compile(
    rf"(?<![\w#/])(?:(?P<chord>[A-H][^\s,;()|]{{0,11}})\s+(?:for|für|pendant|durante|por|per)\s+(?P<n>\d{{1,2}})\s+{_BARS_WORD}|(?P<of>\d{{1,2}})\s+{_BARS_WORD}\s+(?:of|de|di|mit|von|d')\s*(?P<behind>[A-H][^\s,;()|]{{0,11}}))(?![\w#])"
)
"""Am for 4 bars, 4 bars of F."""


def _plain(text: str) -> str:
    """Return a text with the signs that are read, each character in its place: "Am (2 bars)" is Am x2."""
    plain = _LASTING.sub(lambda said: f"x{said.group(1)}".ljust(len(said.group())), text.translate(SIGNS))
    plain = _FOR_BARS.sub(_repeated, plain)
    plain = _BARS_OF_REST.sub(lambda said: f"n.c. x{said['n']}".ljust(len(said.group())), plain)
    groups = [
        behind
        for name in _SEVERAL.finditer(plain)
        if (behind := _FILLING.match(plain, name.end())) is not None
        and all(_symbol(c) is not None for c in re.split(r"[\s,]+", name.group()))
    ]
    if len(groups) + plain.count(" =x") < 2:  # "Am F C G, 8 bars" is as long as the piece
        return plain
    for behind in groups:
        token = f" ={behind['n']}".rjust(len(behind.group()))
        plain = plain[: behind.start()] + token + plain[behind.end() :]
    return plain


_SEVERAL = re.compile(
    r"(?<![\w#/])[A-H][^\s,;()|=]{0,11}(?:\s*,\s*|\s+)(?:[A-H][^\s,;()|=]{0,11}(?:\s*,\s*|\s+))*[A-H][\w#♯♭+°øΔ△()^/-]{0,11}(?![\w#])",
    re.A,
)
_BARS_OF_REST = re.compile(
    rf"(?P<n>\d{{1,2}})\s*{_BARS_WORD}\s+(?:of\s+|de\s+|di\s+|mit\s+|von\s+)?n\.?\s?c\.?(?![a-z])", re.I
)


def _repeated(said: re.Match[str]) -> str:
    chord, times = said["chord"] or said["behind"], said["n"] or said["of"]
    before = re.search(r"(?:^|[\s,])([A-H][^\s,]*)\s+$", said.string[: said.start()])
    several = (
        said["chord"] is not None and before is not None and _symbol(before.group(1)) is not None
    )  # "Am F for 4 bars" is four bars of both
    return (
        said.group()
        if several or _symbol(chord) is None
        else chord + f" =x{times}".rjust(len(said.group()) - len(chord))
    )


def parse_progression(text: str, key: Key) -> tuple[tuple[Chord, ...], ...]:
    """Return the bars of a progression, one chord a bar or bars between `|`. Raises ValueError where a word is no chord.

    Degrees of a minor key count from its relative major, as pop players write them.
    """
    plain = _plain(text)
    runs = list(_runs(plain))
    if len(runs) != 1 or _leftover(plain, runs[0]):
        wrong = next((w for w in _TOKEN.findall(plain) if not any(True for _ in _items(w, 0))), text.strip())
        raise ValueError(
            f"a progression has 1 to {MAX_PROGRESSION_BARS} bars, such as Am F C G or ii V I, not {wrong!r}"
        )
    bars = tuple(tuple(bar) for bar in _bars(runs[0], key))
    if not 1 <= len(bars) <= MAX_PROGRESSION_BARS:
        raise ValueError(f"a progression has 1 to {MAX_PROGRESSION_BARS} bars, such as Am F C G or ii V I")
    return bars


def counts_degrees(text: str) -> bool:
    """Return True if a progression is written in Roman numerals or degrees: it is in the key that they count from."""
    return any(i.kind in ("numeral", "degree") for run in _runs(text.translate(SIGNS)) for i in run)


def find_lists(text: str) -> Iterator[ChordList]:
    """Yield the lists of chords in a text, in their order: as many chords that words are not mistaken for them."""
    plain = _plain(text)
    for run in _runs(plain):
        found = _counted(run)
        chords = [] if found is None else [i.text for i in found.items if i.kind in _CHORDS]
        if len(chords) < 3 and any(c in _PLAIN_WORDS for c in chords):
            continue
        if found is not None and not (_letters(found) and _is_a_form(plain, found)):
            yield found


def _letters(found: ChordList) -> bool:
    return all(len(i.text) == 1 for i in found.items if i.kind in _CHORDS)


def _is_a_form(text: str, found: ChordList) -> bool:
    few = {i.text for i in found.items if i.kind in _CHORDS} <= {"A", "B", "C"}
    if few and _BARS_OF_A_FORM.search(text, 0, found.start) is not None:
        return True  # 16 bars: A A B A
    return _OF_A_FORM.match(text, found.end) is not None or _FORM_OF.search(text, 0, found.start) is not None


_OF_A_FORM = re.compile(r"\s*(?:sections?|parts?|forms?|structures?|patterns?|song form|段|部分)\b")
_BARS_OF_A_FORM = re.compile(rf"\b{_BARS_WORD}\s*:\s*$")
_FORM_OF = re.compile(r"\b(?:sections?|parts?|forms?|structure|pattern|rondo|rondeau)\W*$")


def _leftover(text: str, run: Sequence[_Item]) -> str:
    rest = text[: run[0].start] + text[run[-1].end :]
    return re.sub(rf"[{_LINK}\[\](){{}}|‖.:!-]", "", rest)


# --- the items of a text ---------------------------------------------------------------------------


def _runs(text: str) -> Iterator[tuple[_Item, ...]]:
    """Yield the items that follow one another with nothing but links between them, all chords of one run alike."""
    run: list[_Item] = []
    family = ""
    for found, joined in _with_minor_letters(text, list(_tokens(text))):
        if run and not joined:
            yield from _closed(run)
            run, family = [], ""
        for item in found or ():  # None: a small word between chords
            own = _family(item.kind) if item.kind in _CHORDS else family
            if family and own != family:
                yield from _closed(run)
                run = []
            run.append(item)
            family = own
    yield from _closed(run)


_Tokens = Sequence[tuple[list[_Item] | None, bool]]


def _with_minor_letters(text: str, tokens: _Tokens) -> Iterator[tuple[list[_Item] | None, bool]]:
    """Yield the tokens, with small letters beside capital ones as minor chords: "Akkorde: a F C G", "d F a C".

    An a or e is a word, too: it is a chord only behind another small letter of the list, an a behind a colon as well.
    """
    among, begins = False, 0
    for n, (found, joined) in enumerate(tokens):
        item = found[0] if found is not None and len(found) == 1 else None
        among = among and joined
        begins = begins if joined or not found else found[0].start
        if item is not None and item.kind == "lower" and len(item.text) == 1 and item.text != "b":
            near = [
                tokens[i][0] for i, linked in ((n - 1, joined), (n + 1, _joined(tokens, n + 1))) if linked and i >= 0
            ]
            beside = any(i.kind == "symbol" for items in near for i in items or ())
            listed = item.text == "a" and text[:begins].rstrip().endswith((":", "："))
            told = item.text not in "ae" or among or listed
            if beside and told and (minor := _chord(item.text.upper() + "m")) is not None:
                found, among = [replace(item, kind="symbol", text=item.text.upper() + "m", chord=minor)], True
        yield found, joined


def _joined(tokens: _Tokens, at: int) -> bool:
    return at < len(tokens) and tokens[at][1]


def _closed(run: Sequence[_Item]) -> Iterator[tuple[_Item, ...]]:
    """Yield a run without the signs at its ends that belong to no chord of it."""
    if not any(i.kind in _CHORDS for i in run):
        return
    first = next(n for n, i in enumerate(run) if i.kind in (*_CHORDS, "open", "bar", "rest"))
    last = next(n for n in range(len(run), 0, -1) if run[n - 1].kind != "open")
    yield tuple(run[first:last])


def _family(kind: str) -> str:
    return "symbol" if kind == "word" else kind


def _tokens(text: str) -> Iterator[tuple[list[_Item] | None, bool]]:
    """Yield the items of each token, None for a small word between chords, and whether it follows the one before at once."""
    tokens = list(_TOKEN.finditer(text))
    end, skip, broken = 0, 0, True
    for n, token in enumerate(tokens):
        gap = _BETWEEN.fullmatch(text, end, token.start()) is not None
        end = token.end()
        if skip:
            skip -= 1
            continue
        said = token.group().rstrip(".:!?").lstrip(":")
        spelled, skip = _spelled(text, tokens, n)
        if spelled is not None:
            end = spelled.end
            yield [spelled], gap and not broken
            broken = False
            continue
        found = list(_items(said, token.start() + len(token.group()) - len(token.group().lstrip(":"))))
        ends = token.group()[len(said) :].strip(":") != "" and token.group() not in (".", "..", "...")
        if found:
            yield found, gap and not broken
            broken = ends and found[-1].kind != "rest"
        elif said.lower() in _JOINERS or not said:
            yield None, gap and not broken
            broken = broken or ends
        else:
            broken = True
    return


def _spelled(text: str, tokens: Sequence[re.Match[str]], at: int) -> tuple[_Item | None, int]:
    """Return the chord that a letter and the words behind it spell, "A minor seven", and how many words; no item where none follows."""
    letter = tokens[at].group()
    syllable = _SOLFEGE.fullmatch(letter)
    if not (re.fullmatch(r"[A-H][#b]?", letter) or (syllable and not syllable.group(3))):
        return None, 0
    root = letter if syllable is None else _SYLLABLES[syllable.group(1).lower()] + syllable.group(2)
    symbol, used, end = "", 0, tokens[at].end()
    for token in tokens[at + 1 : at + 4]:
        word = token.group().rstrip(".:!?").lower()
        pieces = word.split("-")
        if text[end : token.start()].strip(" -") or not all(p in _WORDS for p in pieces):
            break
        if len(word) == 1 and not used and (syllable is None or token.group() != word):
            break  # "A B" is two chords, "A 7" none
        for piece in pieces:
            sign = _WORDS[piece]
            if sign in ("#", "b") and not symbol and len(root) == 1:
                root += sign
            elif sign == "7" and word != "7" and symbol == "" and text[end - 5 : end].lower() == "major":
                symbol = "maj7"
            else:
                symbol += sign
        used, end = used + 1, tokens[at + 1 + used].end()
    if not used or _chord(root + symbol) is None:
        return None, 0
    kind = "word" if syllable is None else "syllable"
    return _Item(kind, tokens[at].start(), end, text[tokens[at].start() : end], _chord(root + symbol)), used


def _items(word: str, start: int) -> Iterator[_Item]:
    """Yield the items of a word without blanks: one, or those that hyphens or slashes join; none where it is no chord."""
    if len(word) > 1 and word.endswith("%") and not word[0].isdigit():  # "D%" holds for a bar more
        yield from (*_items(word[:-1], start), _Item("repeat", start + len(word) - 1, start + len(word)))
        return
    whole = _item(word, start) if word else None
    if whole is not None:
        yield whole
        return
    for between in ("-", "/"):
        pieces = [p for p in re.split(rf"({re.escape(between)}+)", word) if p]
        at, found = start, list[_Item]()
        for piece in pieces:
            if not piece.startswith(between):
                item = _item(piece, at)
                if item is None or item.kind not in _CHORDS:
                    found = []
                    break
                found.append(item)
            at += len(piece)
        if len(found) > (1 if between == "-" else 3):  # C/E/G is no chord, and no list
            yield from found
            return


def _item(word: str, start: int) -> _Item | None:
    end = start + len(word)
    if word in ("|", "‖"):
        return _Item("bar", start, end)
    if word in "([{" and word:
        return _Item("open", start, end)
    if word in ")]}" and word:
        return _Item("close", start, end)
    if word == "%":
        return _Item("repeat", start, end)
    if word == "/":
        return _Item("hold", start, end)
    if _NO_CHORD.fullmatch(word):
        return _Item("rest", start, end)
    if (filled := _FILLED.fullmatch(word)) is not None:
        return _Item("filled", start, end, word, count=int(filled.group(1)))
    if (times := _TIMES.fullmatch(word)) is not None:
        return _Item("times", start, end, word, count=int(times.group(1) or times.group(2)))
    for kind, read in _READERS:
        chord = read(word)
        if chord is not None:
            return _Item(kind, start, end, word, chord if isinstance(chord, Chord) else None)
    return None


@cache
def _chord(word: str) -> Chord | None:
    try:
        return parse_chord(word)
    except ValueError:
        return None


_GERMAN = re.compile(r"(Cis|Dis|Eis|Fis|Gis|Ais|Ces|Des|Es|Fes|Ges|As)(?![a-ln-z])")
_GERMAN_ROOTS = {"Cis": "C#", "Dis": "D#", "Eis": "F", "Fis": "F#", "Gis": "G#", "Ais": "A#", "Ces": "B", "Des": "Db", "Es": "Eb", "Fes": "E", "Ges": "Gb", "As": "Ab"}  # fmt: skip
_PLAIN_WORDS = frozenset(["Es", "As", "Des"])
"""German roots that are words, too: chords only among three or more."""


def _symbol(word: str) -> Chord | None:
    if (german := _GERMAN.match(word)) is not None:
        return _chord(_GERMAN_ROOTS[german.group()] + word[german.end() :])
    return _chord(word) if word[:1] in "ABCDEFGH" and len(word) < 16 and word.lower() not in _NO_WORDS else None


def _lower(word: str) -> Chord | None:
    return (
        _chord(word[0].upper() + word[1:])
        if word[:1] in "abcdefgh" and len(word) < 16 and word not in _NO_WORDS
        else None
    )


def _syllable(word: str) -> Chord | None:
    match = _SOLFEGE.fullmatch(word)
    if match is None or len(word) > 12:
        return None
    rest, _, below = match.group(3).partition("/")
    under = "" if not below else _SYLLABLES.get(below.rstrip("#b").lower(), "?") + below[len(below.rstrip("#b")) :]
    return _chord(_SYLLABLES[match.group(1).lower()] + match.group(2) + rest + (f"/{under}" if under else ""))


def _numeral(word: str) -> bool | None:
    if word[:1] not in "IViv#b" or len(word) > 14:
        return None
    try:
        roman(word, _C_MAJOR)
    except ValueError:
        return None
    return True


def _degree(word: str) -> bool | None:
    if _DEGREES.fullmatch(word):
        return True
    match = _DEGREE.fullmatch(word)
    return True if match is not None and suffix_quality(match.group(3)) is not None else None


_C_MAJOR = parse_key("C major")
_Reader = Callable[[str], Chord | bool | None]
_READERS: tuple[tuple[str, _Reader], ...] = (
    ("symbol", _symbol),
    ("numeral", _numeral),
    ("degree", _degree),
    ("syllable", _syllable),
    ("lower", _lower),
)


# --- which runs are meant as chords ----------------------------------------------------------------


def _counted(items: Sequence[_Item]) -> ChordList | None:
    """Return a run as a list of chords, None where its words may mean something else."""
    kept = next(iter(_closed(items)), ())
    chords = [i for i in kept if i.kind in _CHORDS]
    if not chords:
        return None
    kind = chords[0].kind if chords[0].kind != "word" else "symbol"
    spelled = sum(i.kind == "word" for i in chords)
    if spelled == 1 and chords[0].kind == "word":  # "C major: Am F C G" begins with its key
        at = kept.index(chords[0])
        return _counted(kept[at + 1 :])
    if not _MEANT[kind](kept, chords):
        return None
    last = max(
        n
        for n, i in enumerate(kept)
        if i.kind in (*_CHORDS, "repeat", "times", "filled", "hold", "rest", "bar", "close")
    )
    kept = kept[: last + 1]
    while kept[-1].kind == "close" and not any(i.kind == "open" for i in kept):
        kept = kept[:-1]
    return ChordList(kept[0].start, kept[-1].end, kind, tuple(kept))


def _meant_as_symbols(kept: Sequence[_Item], chords: Sequence[_Item]) -> bool:
    texts = [c.text for c in chords]
    drawn = any(i.kind in ("repeat", "bar", "hold", "times", "rest") for i in kept)
    telling = [t for t in texts if len(t) > 1 and not _RADIO.fullmatch(t)]
    if any(c.kind == "word" for c in chords):
        return len(chords) > 2
    if len(chords) < 2:
        return bool(telling) and drawn
    return any(t != "A" for t in texts) and (len(chords) > 2 or bool(telling) or any(c.text[:1] == "=" for c in kept))


def _meant_as_lower(kept: Sequence[_Item], chords: Sequence[_Item]) -> bool:
    texts = [c.text for c in chords]
    telling = [t for t in texts if len(t) > 1 and t not in ("am", "as")]
    certain = [t for t in texts if any(c.isdigit() for c in t) or "maj" in t]
    others = [t for t in texts if t not in ("a", "am", "e")]
    if len(chords) < 3:
        return len(chords) == 2 and len(certain) == 2
    return len(set(texts)) > 1 and len(others) > 1 and (bool(telling) or "am" in texts)


def _meant_as_syllables(kept: Sequence[_Item], chords: Sequence[_Item]) -> bool:
    roots = [c.chord.root for c in chords if c.chord is not None]
    suffixed = any(c.chord is not None and (c.chord.quality or c.chord.bass != c.chord.root) for c in chords)
    scale = all((b - a) % 12 in (1, 2) for a, b in itertools.pairwise(roots))
    return len(set(roots)) > 1 and (len(chords) > 3 or (suffixed and len(chords) > 2)) and (suffixed or not scale)


def _meant_as_numerals(kept: Sequence[_Item], chords: Sequence[_Item]) -> bool:
    texts = [c.text for c in chords]
    return len(texts) > 1 and any(t != "I" for t in texts) and (len(texts) > 2 or any(len(t) > 1 for t in texts))


def _meant_as_degrees(kept: Sequence[_Item], chords: Sequence[_Item]) -> bool:
    texts = [c.text for c in chords]
    if any(_DEGREES.fullmatch(t) for t in texts):
        return False  # a year, a tempo: what stands around them decides
    signed = any(re.search(r"\D", t) for t in texts)
    bare = [int(t) for t in texts if t.isdecimal() and len(t) == 1]
    counted = len(bare) > 1 and all(abs(b - a) == 1 for a, b in itertools.pairwise(bare))
    return len(texts) > 3 and len(set(texts)) > 1 and (signed or not counted)


_MEANT: dict[str, Callable[[Sequence[_Item], Sequence[_Item]], bool]] = {
    "symbol": _meant_as_symbols,
    "lower": _meant_as_lower,
    "syllable": _meant_as_syllables,
    "numeral": _meant_as_numerals,
    "degree": _meant_as_degrees,
}


# --- from items to bars ----------------------------------------------------------------------------

_Bar = list[Chord]


class _RestBar(list[Chord]):
    """A bar without a chord; under it the chord before goes on, or the first one begins."""


def _bars(items: Sequence[_Item], key: Key) -> list[_Bar]:
    german = any(
        i.kind in ("symbol", "lower") and (i.text[0] in "Hh" or _GERMAN.match(i.text) is not None) for i in items
    )
    drawn = any(i.kind == "bar" for i in items)
    held = _held(items)
    cells: list[tuple[_Item, list[Chord]]] = []
    for item in items:
        if item.kind == "hold" and not held:
            continue
        cells.append((item, _chords_of(item, key, german=german) if item.kind in _CHORDS else []))
    bars = _drawn(cells) if drawn else _in_beats(cells) if held else _one_a_bar(cells)
    first = next((bar for bar in bars if bar), [])
    return [type(bar)(bar or first) for bar in bars if bar or isinstance(bar, _RestBar)]


def _held(items: Sequence[_Item]) -> bool:
    """Return True if slashes are beats: two follow one another, or one ends the list; else they stand between chords."""
    kinds = [i.kind for i in items]
    pairs = any(a == b == "hold" for a, b in itertools.pairwise(kinds))
    return pairs or kinds[-1] == "hold" or any(a == "hold" and b == "bar" for a, b in itertools.pairwise(kinds))


def _chords_of(item: _Item, key: Key, *, german: bool) -> list[Chord]:
    if item.kind == "numeral":
        return [roman(item.text, key)]
    if item.kind == "degree":
        return [degree_chord(d, key) for d in (item.text if _DEGREES.fullmatch(item.text) else [item.text])]
    assert item.chord is not None
    letter = item.text[:1].upper()
    if german and letter == "B" and item.text[1:2] not in ("b", "#") and item.kind in ("symbol", "lower"):
        return [parse_chord(f"Bb{item.text[1:]}")]
    return [item.chord]


def degree_chord(said: str, key: Key) -> Chord:
    """Return the chord of a degree such as "6", "b7" or "2m7" in a key; bare ones have their own third."""
    match = _DEGREE.fullmatch(said)
    if match is None:
        raise ValueError(f"not a degree: {said!r} (say 1 5 6 4)")
    sign, digit, suffix = match.groups()
    tonic = (key.tonic + 3 * key.minor) % 12
    number = int(digit) - 1
    usual = ("", "m", "m", "", "", "m", "dim")[number] if not sign else ""
    whole = suffix_quality(suffix) if suffix else usual
    if suffix and suffix[0].isdigit() and usual == "m":
        whole = suffix_quality("m" + suffix)
    root = (tonic + MODES["major"][number] + {"": 0, "b": -1, "#": 1}[sign]) % 12
    return Chord(root, whole or "", root)


_Cells = Sequence[tuple[_Item, list[Chord]]]


def _one_a_bar(cells: _Cells) -> list[_Bar]:
    bars: list[_Bar] = []
    opened, filled = [0], 0
    for n, (item, chords) in enumerate(cells):
        match item.kind:
            case "open":
                opened.append(len(bars))
            case "close" if len(opened) > 1 and not _times_next(cells, n):
                opened.pop()
            case "repeat" if bars:
                bars.append(_again(bars[-1]))
            case "rest":
                bars.append(_RestBar(bars[-1] if bars else ()))
            case "filled" if len(bars) > filled and 0 < item.count <= MAX_PROGRESSION_BARS:
                bars[filled:] = _filling(bars[filled:], item.count)
                filled = len(bars)
            case "times" if bars and 0 < item.count <= MAX_TIMES:
                closed = n > 0 and cells[n - 1][0].kind == "close"
                first = opened.pop() if closed and len(opened) > 1 else len(bars) - 1
                boxed = closed and first == len(bars) - 1 and sum(other.kind == "open" for other, _ in cells[:n]) > 1
                last = all(later.kind not in _CHORDS for later, _ in cells[n + 1 :])
                earlier = any(other.kind in ("times", "filled") for other, _ in cells[:n])
                if (not closed or boxed) and last and not earlier and len(bars) > 1:
                    first = 0  # "Am F C G x2" and "[Am] [F] x2" are all of it, "Am x2, F, G" one chord
                bars += [_again(b) for b in bars[first:] * (item.count - 1)]
            case _:
                bars += [[c] for c in chords]
    return bars


def _filling(group: Sequence[_Bar], count: int) -> list[_Bar]:
    """Return so many bars of a group of chords, in turn; more chords than bars share them."""
    if len(group) <= count:
        return [_again(group[i % len(group)]) for i in range(count)]
    cuts = [len(group) * i // count for i in range(count + 1)]
    return [[c for bar in group[a:b] for c in bar] for a, b in itertools.pairwise(cuts)]


def _again(bar: _Bar) -> _Bar:
    return type(bar)(bar)


def _times_next(cells: _Cells, n: int) -> bool:
    return n + 1 < len(cells) and cells[n + 1][0].kind == "times"


def _drawn(cells: _Cells) -> list[_Bar]:
    """Return the bars between bar lines; a bar with slashes has a chord a beat."""
    bars: list[_Bar] = []
    bar: list[tuple[str, list[Chord]]] = []
    last: list[Chord] = []
    for item, chords in [*cells, (_Item("bar", 0, 0), list[Chord]())]:
        if item.kind == "times" and bars and not bar and 0 < item.count <= MAX_TIMES:
            bars += [_again(b) for b in bars * (item.count - 1)]
        elif item.kind != "bar":
            bar.append((item.kind, chords))
        elif bar:
            if [k for k, _ in bar] == ["repeat"] and bars:
                bars.append(_again(bars[-1]))
            elif all(k == "rest" for k, _ in bar):
                bars.append(_RestBar(last))
            else:
                found: list[Chord] = []
                for kind, chord in bar:
                    if kind in ("hold", "rest", "repeat"):
                        found += (found or last)[-1:]
                    found += chord
                if found:
                    bars.append(found if len(set(found)) > 1 else found[:1])
            bar = []
            last = bars[-1] if bars else []
    return bars


def _in_beats(cells: _Cells) -> list[_Bar]:
    """Return the bars of a list in which each chord or slash is a beat."""
    beats: list[Chord] = []
    for item, chords in cells:
        if item.kind in ("hold", "repeat", "rest"):
            beats += beats[-1:]
        beats += chords
    bars = [beats[at : at + BEATS] for at in range(0, len(beats), BEATS)]
    halves = [b[::2] if len(b) == BEATS and b[0] == b[1] and b[2] == b[3] else b for b in bars]
    return [b if len(set(b)) > 1 else b[:1] for b in halves]
