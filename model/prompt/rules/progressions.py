"""Chord progressions in a text: symbols, Roman numerals, degrees such as 4536251, and some thirty names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from model.music.chord_lists import MAX_PROGRESSION_BARS, ChordList, find_lists, parse_progression
from model.music.harmony import MODES, Key, chord_symbol, parse_chord, parse_key
from model.music.numerals import key_of, roman

NAMED_PROGRESSIONS: tuple[tuple[str, str, str], ...] = (
    # names, mode, bars as Roman numerals
    ("canon progression|pachelbel's canon|pachelbel|canon|卡农|卡農|カノン進行", "major", "I V vi iii IV I IV V"),
    ("minor blues|小调布鲁斯", "minor", "i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 V7"),
    ("twelve-bar blues|twelve bar blues|12-bar blues|12 bar blues|十二小节布鲁斯|十二小节蓝调|12小节布鲁斯",
     "major", "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7"),
    ("eight-bar blues|8-bar blues|8 bar blues|八小节布鲁斯", "major", "I7 V7 IV7 IV7 I7 V7 I7 V7"),
    ("andalusian cadence|andalusian|安达卢西亚", "minor", "i bVII bVI V"),
    ("axis progression|four-chord song|four chord song|four chords song|流行四和弦|万能和弦", "major", "I V vi IV"),
    ("doo-wop progression|doo-wop|doo wop|50s progression|fifties progression|五十年代进行", "major", "I vi IV V"),
    ("royal road|王道进行|王道進行", "major", "IVmaj7 V7 iii7 vi"),
    ("komuro progression|komuro|小室进行|小室進行", "minor", "i bVI bVII bIII"),
    ("rhythm changes|节奏变化进行", "major", "I|vi7 ii7|V7 iii7|vi7 ii7|V7"),
    ("minor ii-v-i|minor two five one|小调二五一", "minor", "iiø7 V7 im7 im7"),
    ("two five one|two-five-one|251进行|二五一", "major", "ii7 V7 Imaj7 Imaj7"),
    ("circle of fifths|五度圈", "major", "I IV viio iii vi ii V I"),
    ("coltrane changes|柯川进行", "major", "Imaj7 bIII7 bVImaj7 VII7 IIImaj7 V7 Imaj7 V7"),
    ("la folia|folia|福利亚", "minor", "i V i bVII bIII bVII i V"),
    ("passamezzo antico|passamezzo", "minor", "i bVII i V bIII bVII i V"),
    ("romanesca|罗马内斯卡", "minor", "bIII bVII i V"),
    ("lament bass|悲叹低音", "minor", "i v6 bVI V"),
    ("mario cadence|马里奥终止", "major", "bVI bVII I I"),
    ("backdoor progression|backdoor cadence|后门进行", "major", "Imaj7 ivm7 bVII7 Imaj7"),
    ("plagal cadence|amen cadence|plagal|变格终止", "major", "I IV I I"),
    ("deceptive cadence|阻碍终止", "major", "I IV V vi"),
    ("authentic cadence|正格终止", "major", "I IV V I"),
    ("sensitive female chord progression|sensitive progression|6415|6415进行", "minor", "i bVI bIII bVII"),
    ("epic progression|史诗进行", "minor", "i bVI bVII i"),
    ("aeolian vamp", "minor", "i bVII bVI bVII"),
    ("dorian vamp|多利亚循环", "minor", "i7 IV7 i7 IV7"),
    ("mixolydian vamp", "major", "I bVII IV I"),
    ("lydian vamp", "major", "I II I II"),
    ("so what changes|so what chords", "minor", "im7 im7 im7 im7"),
    ("autumn leaves changes", "minor", "iv7 bVII7 bIIImaj7 bVImaj7 iiø7 V7 im im"),
    ("montgomery-ward bridge|montgomery ward bridge", "major", "I7 IV ii7 V7"),
    ("ragtime progression", "major", "III7 VI7 II7 V7"),
)  # fmt: skip

_BY_NAME = {name.lower(): (mode, bars) for names, mode, bars in NAMED_PROGRESSIONS for name in names.split("|")}
_IN_MINOR = {
    "I IV viio iii vi ii V I": "i iv bVII bIII bVI iio V i",
    "ii7 V7 Imaj7 Imaj7": "iiø7 V7 im7 im7",
    "I V vi iii IV I IV V": "i v bVI bIII iv i iv V",
    "I IV I I": "i iv i i",
    "I IV V I": "i iv V i",
    "I IV V vi": "i iv V bVI",
    "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7": "i7 i7 i7 i7 iv7 iv7 i7 i7 bVI7 V7 i7 V7",
}
"""What a name means in a minor key, where musicians have a form of their own for it."""
_STEPS = re.compile(r"[一二三四五六七]级(?:[\s,、到]*[一二三四五六七]级){1,7}")
_DIGITS = re.compile(
    r"(?<![\dA-Za-z./:#])(?<!tempo )(?<!bpm )([1-7]{4,8}|[1-7](?:\s?[-–—]\s?[1-7]){2,7}|[1-7](?:[\s,][1-7]){2,7}(?=\s*的?(?:进行|progression|changes|chords|和弦|in [a-g][#b♯♭]?\b)))"
    r"(?![\dA-Za-z./:]|\s*(?:bpm|beats|拍|bars?|小节|年|%|hz))"
)
_THREE = re.compile(r"(?:^|(?<!\d)[,;:，]\s*)([1-7](?:[\s,-]\s?[1-7]){2})(?=\s*(?:$|[.;，]|,(?!\d)))")
_OF_A_YEAR = re.compile(
    r"\b(?:in|since|from|of|until|till|before|after|around|circa|year|anno|seit|von|en|de|depuis|desde|公元)\s*$"
)
_CALLED = re.compile(r"\s*的?(?:进行|進行|progression|changes|chords|和弦)")
_KEY_BEFORE = re.compile(r"(?:\b(?:in|key(?: of)?)\s*:?\s*)$", re.I)
_MINOR_TONIC = re.compile(r"i(?![iv])")
_IN_A_KEY = re.compile(r"[A-G][#b♯♭]?m?\s*[,:;，：]\s*")


@dataclass(frozen=True, slots=True)
class FoundProgression:
    """A progression in a text: its bars as chord symbols, and where it stands.

    `key` is that of numerals, degrees, names and vamps; chord symbols by themselves leave it open (None). `rests` are the
    bars, counted from 0, for which none was wanted: under them the one before goes on. `says_bars`: the
    words say how many bars its chords take. `is_plain`: they are
    numerals without a sign of their own behind them.
    """

    bars: tuple[str, ...]
    key: Key | None
    start: int
    end: int
    rests: tuple[int, ...] = ()
    says_bars: bool = False
    is_plain: bool = False

    def with_sevenths(self) -> FoundProgression:
        """Return plain numerals with the sevenths that jazz means by them: ii V I is Dm7 G7 Cmaj7."""
        if not self.is_plain or self.key is None:
            return self
        key = self.key
        bars = tuple(" ".join(_with_seventh(symbol, key) for symbol in bar.split()) for bar in self.bars)
        return replace(self, bars=bars)


def _with_seventh(symbol: str, key: Key) -> str:
    chord = parse_chord(symbol)
    own = chord.root in key.pitch_classes and (chord.root + 11) % 12 in key.pitch_classes
    quality = {"": "maj7" if own else "7", "m": "m7", "dim": "m7b5"}.get(chord.quality, chord.quality)
    return chord_symbol(replace(chord, quality=quality), key)


def find_progression(text: str, key: Key | None) -> FoundProgression | None:
    """Return the first progression of a text; numerals and degrees are read in `key`, or C major / A minor."""
    given = _found(text, key)
    if given is None:
        return None
    called = _SO_CALLED.match(text, given.end)
    return _spaced(given if called is None else replace(given, end=called.end()), text)


_SO_CALLED = re.compile(
    r"\s*(?:chord )?(?:progressions?|changes)(?!\w)|\s*(?:的?(?:和弦)?进行|の?(?:コード)?進行)|\s+(?:progresión|progressão|progressione|suite d'accords|akkordfolge)(?!\w)",
    re.I,
)
"""Behind a list of chords, what it is."""


def _found(text: str, key: Key | None) -> FoundProgression | None:
    lower = text.lower()
    name = _name(lower)
    if (named := _STEPS.search(lower)) is not None:
        degrees = "".join(str("一二三四五六七".index(c) + 1) for c in named.group() if c in "一二三四五六七")
        return _degrees(degrees, key, *named.span())
    for listed in find_lists(text):
        if name is not None and name.start() <= listed.start and listed.end <= name.end():
            continue  # the numerals of "minor ii-V-i" are part of its name
        given = _listed(listed, text, key)
        if given is not None:
            return given
    for three in _THREE.finditer(lower):
        steps = [int(d) for d in re.findall(r"[1-7]", three.group(1))]
        if any(abs(b - a) != 1 for a, b in pairwise(steps)):  # "1 4 5", but "1 2 3" counts in
            return _degrees(three.group(1), key, *three.span(1))
    for digits in _DIGITS.finditer(lower):
        called = _CALLED.match(lower, digits.end())
        year = len(digits.group(1)) == 4 and _OF_A_YEAR.search(lower[max(0, digits.start() - 12) : digits.start()])
        if called or not year:
            return _degrees(digits.group(1), key, digits.start(), called.end() if called else digits.end())
    if name is None:
        return _vamp(text)
    mode, numerals = _BY_NAME[name.group()]
    home = key if key is not None else parse_key("A minor" if mode == "minor" else "C major")
    if home.minor and numerals in _IN_MINOR:
        mode, numerals = "minor", _IN_MINOR[numerals]
    return _bars(_named(numerals, home, mode), home, *name.span())


_FOR_SO_MANY = re.compile(r"\s*(?:for|für|pendant|durante|por|per)\s+\d", re.I)
"""Behind a list, that its bars are not yet all: Dm7 for 4 bars, G7 for 4."""
_ONE_CHORD = r"([A-G](?:#|b|♯|♭)?(?:[\w#♭♯+°øΔ()^]{0,9})(?:/[A-G][#b]?)?)(?![\w'])"
_VAMPS = (
    re.compile(
        rf"\b(?:vamp(?:ing|s)?|stay(?:ing|s)?|drone|pedal|jam(?:ming)?|groove|hold|loop)\s+(?:on|over|around)\s+(?:an?\s+|one\s+)?{_ONE_CHORD}"
    ),
    re.compile(
        rf"(?:\b(?:one|single|1)[- ]chord|\b(?:ein(?:zelner)?|1) Akkord|\b(?:un|1)(?: seul| solo)? (?:accord|acorde|accordo)|\b(?:um|1)(?: só| único)? acorde|[一1]个和弦)(?:\s+\w+)?\s*(?:[:,，、]|on|of|in)?\s*{_ONE_CHORD}(?!\s+(?:major|minor|{'|'.join(MODES)})\b)"
    ),
    re.compile(rf"{_ONE_CHORD}\s+(?:vamp|drone|chord only|throughout|the whole (?:time|way))"),
    re.compile(rf"\bchords?\s*[:=]\s*{_ONE_CHORD}"),
)


_MODE_BEHIND = re.compile(
    r"[\s-]+(?:(?P<minor>minor|moll|menor|mineur|minore)|major|dur|mayor|majeur|maggiore)\b", re.I
)


def _vamp(text: str) -> FoundProgression | None:
    """Return the one chord of a vamp: "vamp on Dm7", "an E7#9 vamp", "chords: Am7"."""
    for pattern in _VAMPS:
        for match in pattern.finditer(text):
            try:
                chord = parse_chord(match.group(1))
            except ValueError:
                continue
            mode = _MODE_BEHIND.match(text, match.end(1))
            if mode is not None and mode["minor"]:  # "stays on D minor"
                chord = parse_chord(f"{match.group(1)}m")
            minor = chord.quality.startswith("m") and not chord.quality.startswith("maj")
            home = Key(chord.root, *(("minor", MODES["minor"]) if minor else ("major", MODES["major"])))
            end = match.end() if mode is None else max(match.end(), mode.end())
            start = match.start(1 if pattern is _VAMPS[1] else 0)  # the number of chords is a fact of its own
            return FoundProgression((chord_symbol(chord, home),), home, start, end)
    return None


_LONGER = re.compile(
    r"\s*[,，(]?\s*(?:each\s+(?:for\s+)?)?(?:for\s+)?(?:(two|2|four|4|one|1|a)\s+bars?\s+(?:each|per chord|a chord)|(?:je|jeweils) (ein|zwei|vier) takte?|(une|deux|quatre) mesures? (?:chacun|par accord)|(un|dos|cuatro) comp[aá]s(?:es)? cada uno|(?:each|every) (?:chord )?(?:for |lasts )?(two|2|four|4) bars|每个?(?:和弦)?(一|1|两|2|四|4)个?小节)",
    re.I,
)
_BARS_SAID = dict.fromkeys(("four", "4", "四", "vier", "quatre", "cuatro"), 4) | dict.fromkeys(
    ("one", "1", "a", "一", "ein", "une", "un"), 1
)
_SHORTER = re.compile(
    r"\s*[,，(]?\s*(?:(?:two|2) chords (?:per|a|each|in a|to a|to the) bar|half a bar each|(?:two|2) beats each|(?:two|2) per bar|每小节(?:两|2)个(?:和弦)?|(?:一|每)个?和弦(?:半小节|两拍|2拍))"
)


def _spaced(given: FoundProgression, text: str) -> FoundProgression:
    """Return a progression with the time that the words behind it give to each chord."""
    if (longer := _LONGER.match(text, given.end)) is not None:
        times = _BARS_SAID.get(next(g for g in longer.groups() if g).lower(), 2)
        bars = tuple(bar for bar in given.bars for _ in range(times))
        return replace(given, bars=bars, end=longer.end())
    if (shorter := _SHORTER.match(text, given.end)) is not None and all(" " not in bar for bar in given.bars):
        pairs = tuple(" ".join(given.bars[i : i + 2]) for i in range(0, len(given.bars), 2))
        return replace(given, bars=pairs, end=shorter.end())
    return given


def _name(lower: str) -> re.Match[str] | None:
    """Return where the longest name of a progression stands: as whole words, or after no digit in Chinese."""
    for name in sorted((n for n in _BY_NAME if n in lower), key=len, reverse=True):
        edges = (r"(?<!\w)", r"(?!\w)") if name.isascii() else (r"(?<!\d)", "")
        if not name.isdigit() and (match := re.search(re.escape(name).join(edges), lower)) is not None:
            return match
    return None


def _named(numerals: str, key: Key, mode: str) -> tuple[tuple[str, ...], ...]:
    """Return the bars of a named progression; its numerals are meant in its own mode on the key's tonic."""
    home = parse_key(f"{key.name.split()[0]} {mode}")
    cells = [c.split("|") for c in numerals.split(" ")]
    return tuple(tuple(chord_symbol(roman(n.replace("v6", "v"), home), home) for n in cell) for cell in cells)


def _bars(bars: tuple[tuple[str, ...], ...], key: Key | None, start: int, end: int) -> FoundProgression:
    return FoundProgression(tuple(" ".join(b) for b in bars), key, start, end)


def _degrees(said: str, key: Key | None, start: int, end: int) -> FoundProgression:
    home = key or parse_key("C major")
    bars = parse_progression(re.sub(r"[^1-7]", "", said), home)
    return _bars(tuple(tuple(chord_symbol(c, home) for c in bar) for bar in bars), home, start, end)


def _listed(listed: ChordList, text: str, key: Key | None) -> FoundProgression | None:
    """Return a list of chords as a progression, None where nothing of it is left beside the key that it begins with."""
    first = listed.items[0]
    if (
        first.kind in ("word", "syllable")
        and " " in first.text
        and text[first.start : first.end + 1].rstrip().endswith(":")
    ):
        return (
            None if (rest := listed.without_first()) is None else _listed(rest, text, key)
        )  # "re menor: rem sib fa do"
    if (named := _IN_A_KEY.match(text, listed.start)) and _KEY_BEFORE.search(text[: listed.start]):
        rest = listed.without_first()  # the C of "in C, Am F G" is the key
        if rest is None:
            return None
        listed = rest if rest.start >= named.end() - 1 else listed
    numbered = listed.kind in ("numeral", "degree")
    home = key or parse_key("A minor" if listed.kind == "numeral" and _MINOR_TONIC.match(listed.first) else "C major")
    bars = listed.bars(home)
    if not 1 <= len(bars) <= MAX_PROGRESSION_BARS:
        return None
    if key is None and not numbered:
        home = key_of([c for bar in bars for c in bar])
    spelled = tuple(tuple(chord_symbol(c, home) for c in bar) for bar in bars)
    return replace(
        _bars(spelled, home if numbered else None, listed.start, listed.end),
        rests=listed.rests(home),
        says_bars=listed.says_bars and _FOR_SO_MANY.match(text, listed.end) is None,
        is_plain=listed.is_plain,
    )
