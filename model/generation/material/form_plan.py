"""The plan of the form: which bars return, part by part, and how loud and full each is. Pure.

A piece is a row of phrases of four bars, each with a letter: `aaba`. Each part, and the harmony, has letters of its own that follow
from these: another tune may keep the chords. The first phrase of a letter is written, the later ones return to it. What a bar is
follows from the style, the length, the seed and the bar's number alone, so a take can be rewound, morphed, refined or go on for
ever without a state. A label says what is drawn and what is given of a bar:

    new      all is drawn
    same     the bar of the source is given
    rhythm   the onsets of the source are given, what is played on them is drawn
    varied   the bar of the source is given, its last quarter is drawn
    answer   the onsets of the source's first half are given, the rest is drawn
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from model.music.notes import LABELS, UNPITCHED_PARTS
from model.music.plan import Mix
from model.music.wishes import Section
from model.styles import STYLES

HARMONY = "harmony"
"""The name of the chords as symbols, beside those of the parts."""
UNPITCHED = frozenset(UNPITCHED_PARTS)
"""The parts whose notes are strokes, not pitches."""
BARS = 4
"""Bars of a phrase."""
PHRASE_BARS = 8
"""Bars of the phrases of an endless take and of long clips, which sections count in."""
MAX_SOURCE_BARS = 64
"""A source lies at most so many bars back: as much as a take remembers."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a bar of a part is; `sources` are the bars to take it from, the first that can serve."""

    name: str = "new"
    sources: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.name not in LABELS or (self.name == "new") == bool(self.sources):
            raise ValueError(f"a label is one of {' '.join(LABELS)}, and all but new have a source: {self}")


NEW = Label()


@dataclass(frozen=True, slots=True)
class Manner:
    """How the styles of some families repeat themselves.

    Forms are rows of letters. Patterns have a letter for each bar of a phrase, the first of LABELS': n s r v a, and h of the
    harmony for a chord that is held. In the first phrase of a letter a bar's source is the bar two before, or the first bar for the
    second; in later ones it is the same bar of the first phrase. Where a choice is open each entry is as likely.
    """

    short: tuple[str, ...]  # forms of up to 8 bars,
    middle: tuple[str, ...]  # of up to 24,
    long: tuple[str, ...]  # and of more, also without an end: they begin again
    harmony: tuple[str, ...]  # patterns of a first phrase
    tune: tuple[str, ...]
    tune_again: tuple[str, ...]  # patterns of the second phrase of a letter
    tune_later: tuple[str, ...]  # and of those after it
    band: tuple[str, ...]  # of all parts but tune and drums, where the harmony is new
    drums: tuple[str, ...]
    same_harmony: float  # how likely another letter of the tune has the first one's chords, 0..1
    same_drums: float  # and its drums
    sections: tuple[str, ...]  # of pieces of 16 bars and more whose words name none
    round: str  # the sections of a piece without an end, which begin again: the fullest first, so that the style is heard at once


_SONG = Manner(
    short=("aa", "aa", "ab"),
    middle=("aaba", "aaba", "aaba", "abca", "abca"),
    long=("ababcdabababefef", "aabaccdcaabaeefe", "aabbaacdaabbaaef"),
    harmony=("nnnn", "nhnn", "nnnh", "nhnh", "nnss", "nnhn"),
    tune=("nnra", "nnnn", "nnna", "nnsv", "nnnn"),
    tune_again=("snva", "ssna", "svna", "snsn"),
    tune_later=("ssss", "ssss", "sssa"),
    band=("nrrn", "nrrr", "nnrr", "nnnn"),
    drums=("nsss", "nnss", "nsnv"),
    same_harmony=0.1,
    same_drums=0.5,
    sections=(
        "verse 8 chorus 8",
        "intro 4 verse 8 chorus 8 outro 4",
        "intro 4 verse 8 chorus 8 verse 4 chorus 8",
        "intro 4 verse 8 chorus 8 verse 8 chorus 8 bridge 4 chorus 8",
        "intro 4 verse 8 pre-chorus 4 chorus 8 verse 8 pre-chorus 4 chorus 8 bridge 8 chorus 8 outro 4",
    ),
    round="chorus 8 verse 8 chorus 8 verse 8 bridge 4 build 4",
)
_DANCE = Manner(
    short=("aa",),
    middle=("aaaa", "aaba", "aabb"),
    long=("aabbaaccaabbddaa", "aabaaabaccbcaaba"),
    harmony=("nnnn", "nhnh", "nnss", "nhss", "hhhh"),
    tune=("nnsv", "nnsn", "nsns", "nnra"),
    tune_again=("sssv", "ssss", "sssa"),
    tune_later=("ssss", "ssss", "sssv"),
    band=("nrrr", "nnrr"),
    drums=("nsss", "nsss", "nnss"),
    same_harmony=0.9,
    same_drums=0.9,
    sections=(
        "groove 4 build 4 drop 8",
        "groove 8 build 4 drop 8 outro 4",
        "intro 4 groove 8 breakdown 4 build 4 drop 8 outro 4",
        "intro 4 groove 16 breakdown 4 build 4 drop 16 outro 4",
        "intro 8 groove 16 breakdown 8 build 8 drop 16 outro 8",
    ),
    round="B 8 groove 8 B 8 groove 4 breakdown 4 build 4 drop 8 groove 8",
)
_BEAT = Manner(
    short=("aa",),
    middle=("aaba", "aabb", "abab"),
    long=("aabbaabbccbbaabb", "ababababcdcdabab"),
    harmony=("nnnn", "nhnh", "nnss", "nnhn"),
    tune=("nnsv", "nnra", "nrna"),
    tune_again=("sssv", "sssa", "ssvn"),
    tune_later=("ssss", "sssv"),
    band=("nrrr", "nnrr", "nrrn"),
    drums=("nsss", "nnss"),
    same_harmony=0.8,
    same_drums=0.8,
    sections=(
        "verse 8 chorus 8",
        "intro 4 verse 8 chorus 8 outro 4",
        "intro 4 verse 8 chorus 8 verse 4 chorus 8",
        "intro 4 verse 8 chorus 8 verse 8 chorus 8 bridge 4 chorus 8",
        "intro 4 verse 8 pre-chorus 4 chorus 8 verse 8 pre-chorus 4 chorus 8 bridge 8 chorus 8 outro 4",
    ),
    round="chorus 8 verse 8 chorus 8 verse 8 bridge 4 build 4",
)
_JAZZ = Manner(
    short=("ab", "aa"),
    middle=("aaba", "abac"),
    long=("ababcdababcdabab", "ababcdabefefcdab"),
    harmony=("nnnn", "nnnh", "nhnn"),
    tune=("nnra", "nnnn", "nrnn"),
    tune_again=("ssvn", "ssnn", "svsa"),
    tune_later=("ssss", "ssvn"),
    band=("nnnn", "nrnn"),
    drums=("nsnv", "nnsv"),
    same_harmony=0.2,
    same_drums=0.5,
    sections=(
        "A 8 B 4 A 4",
        "A 8 B 8 A 8",
        "A 8 A 8 B 8 A 8",
        "A 8 A 8 B 8 A 8 B 8 A 8",
        "A 8 A 8 B 8 A 8 A 8 A 8 B 8 A 8",
    ),
    round="B 8 B 8 A 8 B 8 C 8 C 8 A 8 B 8",
)
_STILL = Manner(
    short=("aa", "ab"),
    middle=("aaba", "abac", "abab"),
    long=("ababcdababefabab", "aabaccdcaabaeefe"),
    harmony=("nhnh", "nnnn", "nhnn", "nnnh"),
    tune=("nnra", "nnnn", "nrna"),
    tune_again=("ssva", "ssvn"),
    tune_later=("ssss", "sssa"),
    band=("nrrr", "nnrr", "nrrn"),
    drums=("nsss", "nnss"),
    same_harmony=0.5,
    same_drums=0.7,
    sections=(
        "A 8 B 8",
        "A 8 B 8 A 8",
        "intro 4 A 8 B 8 A 8 outro 4",
        "intro 4 A 8 B 8 A 8 B 8 A 8 outro 4",
        "intro 4 A 8 A 8 B 8 A 8 C 8 B 8 A 8 outro 4",
    ),
    round="B 8 A 8 B 8 C 8",
)
_BLUES = Manner(
    short=("ab",),
    middle=("abc",),
    long=("abcabcdefabc",),
    harmony=("nhnh", "nnnn", "nhnn"),
    tune=("nnra", "nnsv", "nnnn"),
    tune_again=("ssva", "ssvn"),
    tune_later=("ssss", "sssa"),
    band=("nrrr", "nrrn"),
    drums=("nsss", "nnss"),
    same_harmony=0.0,
    same_drums=0.9,
    sections=(),
    round="",
)
MANNERS = {
    "club": _DANCE, "techno": _DANCE, "bass": _DANCE, "hip-hop": _BEAT, "afro": _BEAT, "latin": _BEAT,
    "jazz": _JAZZ, "ambient": _STILL, "screen": _STILL, "classical": _STILL,
}  # fmt: skip
"""Manners by family; those of songs have the others."""
NAMES = {name[0]: name for name in LABELS}


def manner(style: Mix) -> Manner:
    """Return the manner of a mix of styles: that of its heaviest one."""
    name = style[0][0] if style else ""
    if name == "blues":
        return _BLUES
    return MANNERS.get(STYLES[name].family, _SONG) if name else _SONG


@lru_cache(4096)
def labels(bar: int, bars: int | None, style: Mix, seed: int, parts: tuple[str, ...]) -> Mapping[str, Label]:
    """Return the label of each part, and of the harmony, in bar number `bar` (from 0) of a piece of `bars`, None for endless."""
    how, seed = manner(style), salted(seed, style)
    form = _form(how, bars, seed)
    phrase, place = divmod(bar, BARS)
    choices = {name: _Aspect(name, how, form, seed) for name in (HARMONY, "melody", "drums", "band")}
    harmony = _harmony(choices[HARMONY], phrase, place)
    found = {HARMONY: harmony}
    for part in parts:
        if part == "melody":
            found[part] = _tune(choices["melody"], phrase, place, harmony)
        elif part in UNPITCHED:
            found[part] = _repeated(choices["drums"], phrase, place, "ssss")
        else:
            found[part] = _band(choices["band"], phrase, place, harmony, bar)
    return found


def salted(seed: int, style: Mix) -> int:
    """Return the seed of a form: styles that differ have other forms."""
    return zlib.crc32("/".join(name for name, _ in style).encode()) ^ seed


@lru_cache(256)
def _form(how: Manner, bars: int | None, seed: int) -> str:
    forms = how.long if bars is None or bars > 24 else how.middle if bars > 8 else how.short
    return _chosen(forms, seed, "form")


def _chosen(choices: Sequence[str], *salt: object) -> str:
    return random.Random("/".join(map(str, salt))).choice(choices)


@lru_cache(256)
def _with_kept_letters(form: str, share: float, salt: str) -> str:
    """Return a form in which letters have become the first one, each with a likelihood of `share`."""
    kept = {letter: random.Random(f"{salt}/{letter}").random() < share for letter in set(form)}
    return "".join(form[0] if kept[letter] else letter for letter in form)


@dataclass(frozen=True, slots=True)
class _Aspect:
    """One aspect of the form (harmony, melody, drums, band): its letters and its random choices."""

    name: str
    how: Manner
    form: str
    seed: int

    def letter(self, phrase: int) -> str:
        """Return the letter of a phrase: of harmony and drums, the first letter's where it keeps them."""
        if self.name == "melody":
            return self.form[phrase % len(self.form)]
        share = self.how.same_drums if self.name == "drums" else self.how.same_harmony
        return _with_kept_letters(self.form, share, f"{self.seed}/{self.name == 'drums'}")[phrase % len(self.form)]

    def before(self, phrase: int) -> tuple[int, ...]:
        """Return the earlier phrases of the same letter that are near enough, the first of this round of the form first."""
        letter, start = self.letter(phrase), phrase - phrase % len(self.form)
        same = [q for q in range(max(0, phrase - MAX_SOURCE_BARS // BARS), phrase) if self.letter(q) == letter]
        return tuple(sorted(same, key=lambda q: (q < start, q)))

    def pattern(self, phrase: int, choices: Sequence[str]) -> str:
        """Return the pattern of a phrase; phrases of a letter that come equally late choose alike."""
        return _chosen(choices, self.seed, self.name, self.letter(phrase), len(self.before(phrase)))


def _within(phrase: int, place: int) -> int:
    """Return the bar that a bar of a first phrase goes back to: two before, or the first one."""
    return BARS * phrase + (place - 2 if place > 1 else 0)


def _harmony(aspect: _Aspect, phrase: int, place: int) -> Label:
    before = aspect.before(phrase)
    if before:
        return Label("same", tuple(BARS * q + place for q in before))
    told = aspect.pattern(phrase, aspect.how.harmony)[place]
    if told == "h" and BARS * phrase + place:
        return Label("same", (BARS * phrase + place - 1,))
    return Label("same", (_within(phrase, place),)) if told == "s" else NEW


def _tune(aspect: _Aspect, phrase: int, place: int, harmony: Label) -> Label:
    before = aspect.before(phrase)
    if before:
        told = aspect.pattern(phrase, aspect.how.tune_again if len(before) == 1 else aspect.how.tune_later)[place]
        return _label(told, tuple(BARS * q + place for q in before))
    told, source = aspect.pattern(phrase, aspect.how.tune)[place], _within(phrase, place)
    if source not in harmony.sources:  # the chords are others: what was played on them returns as a rhythm
        told = {"s": "r", "v": "a"}.get(told, told)
    return _label(told, (source,))


def _band(aspect: _Aspect, phrase: int, place: int, harmony: Label, bar: int) -> Label:
    if harmony.sources and harmony.sources != (bar - 1,):
        last = place == BARS - 1 and bool(aspect.before(phrase)) and aspect.pattern(phrase, "sssv") == "v"
        return Label("varied" if last else "same", harmony.sources)
    return _label(aspect.pattern(phrase, aspect.how.band)[place], (_within(phrase, place),))


def _repeated(aspect: _Aspect, phrase: int, place: int, again: str) -> Label:
    before = aspect.before(phrase)
    if before:
        return _label(again[place], tuple(BARS * q + place for q in before))
    return _label(aspect.pattern(phrase, aspect.how.drums)[place], (_within(phrase, place),))


def _label(letter: str, sources: tuple[int, ...]) -> Label:
    return NEW if letter == "n" else Label(NAMES[letter], sources)


def given_of_beat(label: Label, beat: int, beats: int) -> str:
    """Return what a label gives of a beat of a bar of `beats`: "notes", "onsets" or "" for nothing."""
    if label.name in ("same", "varied"):
        return "notes" if label.name == "same" or beat < beats - max(1, beats // 4) else ""
    if label.name in ("rhythm", "answer"):
        return "onsets" if label.name == "rhythm" or beat < beats // 2 else ""
    return ""


# The sections that the words name

MATERIAL_BARS = 8
"""Bars of a verse or chorus before it comes again."""
_LETTERS = {
    "intro": "b", "verse": "a", "groove": "a", "A": "a", "pre-chorus": "a", "build": "a", "chorus": "b", "drop": "b", "B": "b", "trio": "b",
    "bridge": "c", "C": "c",
}  # fmt: skip
"""The letters of sections: verses, choruses and others have material of their own; other names go on with what was before."""
SECTION_CUES = {
    "intro": "intro", "pre-chorus": "build", "build": "build", "chorus": "drop", "drop": "drop", "breakdown": "break", "bridge": "break",
}  # fmt: skip
"""The cue that a section is played as, where it has one."""
CALM = 0.5
"""The energy below which music is calm."""
LAYERS = ("pad", "arp", "perc")
"""Parts that come and go between sections where the words do not name them."""
_LEADING = frozenset({"build", "pre-chorus"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bar lies in the sections that were asked for: in bar `place` (from 0) of one of `bars`, playing bar `bar` of `letter`.

    `is_plain` where no chorus or drop is among them: then a long section has two letters. `again` are the earlier bars of the piece that play the same bar of the same letter, the first of them first; `following` is the
    section after it; `announced` are the bars of an intro in which its tune was heard before, `cue` is that of its section.
    """

    letter: str
    name: str
    place: int
    bars: int
    bar: int
    again: tuple[int, ...]
    following: str = ""
    is_plain: bool = False
    announced: tuple[int, ...] = ()
    cue: str | None = None

    @property
    def is_last(self) -> bool:
        """Whether the section ends with the bar."""
        return self.place == self.bars - 1

    @property
    def fills(self) -> bool:
        """Whether drums lead on from the bar: to the next section, or to the same again."""
        ends = (self.is_last and bool(self.following)) or self.place % MATERIAL_BARS == MATERIAL_BARS - 1
        return ends and self.name not in ("build", "breakdown")

    def rests(self, part: str) -> bool:
        """Return True if a part is silent there: layers come in with choruses and second verses, the bass after half an intro."""
        late = self.place >= self.bars // 2
        if part in LAYERS:
            if self.name in ("chorus", "drop", "build"):
                return part == "arp" and self.bars > MATERIAL_BARS and self.place < MATERIAL_BARS
            return (
                part != "pad"
                if self.name in ("intro", "outro", "breakdown", "bridge")
                else part == "pad" or not self.again
            )
        if self.name == "intro":
            return part in ("bass", "melody") and not (late and self.bars >= BARS)
        return self.name == "outro" and self.bars >= BARS and late and part in UNPITCHED | {"melody"}

    def stops(self, beat: int, beats: int) -> bool:
        """Return True if all but the drums hold their breath in a beat: the last one before a drop or a chorus."""
        is_leading = self.is_last and self.name in _LEADING and self.bars >= BARS
        return beat == beats - 1 and is_leading and self.following in ("drop", "chorus")

    @property
    def velocity(self) -> float:
        """By how many steps the bar is louder or softer than its section's cue says: what comes again is louder."""
        if self.name in ("intro", "build", "breakdown"):
            return 0.0
        usual = FIRST if self.letter != "b" or self.name == "outro" else 0.0
        return usual + (AGAIN if self.again and self.name != "outro" else 0.0)


def usual_sections(style: Mix, bars: int, energy: float) -> tuple[Section, ...]:
    """Return the sections of a piece whose words name none: those of the longest form that fits, more of them and longer ones by what is left."""
    told = [tuple(row.split()) for row in manner(style).sections]
    forms = [[(name, int(count)) for name, count in zip(row[::2], row[1::2], strict=True)] for row in told]
    fitting = [form for form in forms if sum(count for _, count in form) <= bars]
    if not fitting:
        return ()
    form = max(fitting, key=lambda f: sum(count for _, count in f))
    left = bars - sum(count for _, count in form)
    form[1:1] = forms[0] * (left // sum(count for _, count in forms[0]))
    left = bars - sum(count for _, count in form)
    longest = max(range(len(form)), key=lambda i: form[i][1])
    form[longest] = form[longest][0], form[longest][1] + left
    return _sections(form, energy)


@lru_cache(4096)
def place_in_round(bar: int, style: Mix) -> Place | None:
    """Return where a bar of a piece without an end lies in sections that begin again; None in a style that has none."""
    row = manner(style).round.split()
    sections = _sections([(name, int(count)) for name, count in zip(row[::2], row[1::2], strict=True)], 0.0)
    length = sum(section.bars for section in sections)
    if not length:
        return None
    past = max(0, bar // length - 1) * length  # of the rounds before only the last one is remembered
    found = place_of(bar - past, sections * 2)
    return None if found is None else replace(found, again=tuple(past + b for b in found.again))


def _sections(form: Sequence[tuple[str, int]], energy: float) -> tuple[Section, ...]:
    """Return the sections of a form; in calm music a chorus is other music, and no louder than its letter makes it."""
    cues = {name: cue for name, cue in SECTION_CUES.items() if name != "chorus" or energy >= CALM}
    return tuple(Section(name, count, cues.get(name)) for name, count in form)


@lru_cache(1024)
def place_of(bar: int, sections: tuple[Section, ...]) -> Place | None:
    """Return where a bar lies in sections, None where it lies behind them."""
    letter, at, found = "", 0, dict[tuple[str, int], list[int]]()
    announced = dict[tuple[str, int], list[int]]()
    letters = {_LETTERS.get(s.name) for s in sections if s.name != "intro"}
    is_plain = "b" not in letters
    for number, section in enumerate(sections):
        usual = _LETTERS.get(section.name, letter) or "a"
        if (is_plain and usual == "b") or (section.name == "intro" and "a" not in letters):
            usual = "a"
        for place in range(section.bars):
            is_odd = place // MATERIAL_BARS % 2 == 1 and section.bars >= 2 * MATERIAL_BARS
            longer = usual == "b" and section.bars > 2 * MATERIAL_BARS
            letter = "b" if is_plain and is_odd else "c" if longer and is_odd else usual
            left = section.bars - place
            ending = place >= MATERIAL_BARS and left <= BARS and section.bars % MATERIAL_BARS == BARS
            of_letter = place % MATERIAL_BARS + BARS * (ending and place % MATERIAL_BARS < BARS)
            if section.name == "intro" and section.bars >= BARS:
                of_letter = place % min(section.bars // 2, MATERIAL_BARS)
            sung, before = found.setdefault((letter, of_letter), []), announced.setdefault((letter, of_letter), [])
            if at == bar:
                following = sections[number + 1].name if number + 1 < len(sections) else ""
                return Place(
                    letter, section.name, place, section.bars, of_letter, tuple(sung), following, is_plain, tuple(before), section.cue
                )  # fmt: skip
            if section.name != "intro":
                sung.append(at)
            elif section.bars // 2 <= place and section.bars >= BARS:
                before.append(at)
            at += 1
    return None


def placed_tune(place: Place, told: Label) -> Label:
    """Return the label of the tune in a bar of a piece: `told` in the first verse or chorus, from which later ones return.

    Every second time its lines end otherwise.
    """
    if not place.again:
        return Label("same", place.announced) if place.announced else told
    again = "answer" if place.letter == "b" else "rhythm"
    ends = place.bar % BARS == BARS - 1
    return Label(again if ends and len(place.again) % 2 else "same", place.again)


# How loud and how full

FIRST, AGAIN, OTHER = -4.0, 3.0, 7.0
"""Steps of velocity of the first phrase of a form, of its return, and of other letters, up or down."""


@dataclass(frozen=True, slots=True)
class Level:
    """What the form adds to a bar's velocity, in steps, and to its density, 0..1.

    `kept` is the share of the kit's strokes that stay, 0..1, `roll` how many strokes of the snare lead into the next bar.
    """

    velocity: float = 0.0
    density: float = 0.0
    kept: float = 1.0
    roll: float = 0.0


_EVEN = Level()
SECTIONS: Mapping[str, tuple[Level, Level]] = {
    "intro": (Level(-6), Level(-6)),
    "fill": (Level(3), Level(3)),
    "build": (Level(1, -0.1, roll=1), Level(5, 0.1, roll=6)),
    "drop": (Level(7, 0.1), Level(7, 0.1)),
    "break": (Level(-7, -0.1, 0.4), Level(-7, -0.1, 0.4)),
}
"""The levels in the first and the last bar of a section."""


@lru_cache(1024)
def phrase_velocity(bar: int, bars: int | None, style: Mix, seed: int) -> float:
    """Return by how many steps of velocity a bar is louder or softer because of its phrase's letter."""
    how, seed = manner(style), salted(seed, style)
    aspect = _Aspect("melody", how, _form(how, bars, seed), seed)
    phrase = bar // BARS
    letter, first = aspect.letter(phrase), aspect.form[0]
    if letter == first:
        return AGAIN if aspect.before(phrase) and phrase % 2 else FIRST
    return OTHER * (1 if (seed + ord(letter)) % 3 else -1) + (AGAIN if aspect.before(phrase) else 0.0)


def section_level(section: str | None, place: int, length: int) -> Level:
    """Return the level in bar `place` (from 0) of a section of `length` bars."""
    first, last = SECTIONS.get(section or "", (_EVEN, _EVEN))
    way = min(1.0, place / max(1, length - 1))
    return Level(*(a + (b - a) * way for a, b in ((getattr(first, n), getattr(last, n)) for n in Level.__slots__)))


@lru_cache(4096)
def contrast(bar: int, bars: int | None, style: Mix, seed: int) -> int:
    """Return which of the letters that come after the first eight bars a bar's phrase has, from 1; 0 for those that were there before."""
    how = manner(style)
    form, phrase = _form(how, bars, salted(seed, style)), bar // BARS
    letters = [*dict.fromkeys(form)]
    known = {*form[: MATERIAL_BARS // BARS]}
    letter = form[phrase % len(form)]
    return 0 if letter in known else letters.index(letter) - len(known) + 1


def phrase_length(bars: int | None) -> int:
    """Return the bars of a section that the form sets by itself."""
    return PHRASE_BARS if bars is None or bars >= 16 else BARS
