"""The rules in front of the encoder: what a prompt states outright, in numbers, names and negations.

`parse_prompt` takes any text and never raises. What a rule has read is taken out of the text that is embedded, for
no encoder tells D minor from D major. A reader of one thing is a function text → `Span` with its value and place, or None. English and Chinese in full; numbers, keys, tempo words,
negation and the course of a piece in Japanese, German, French, Spanish, Italian and Portuguese too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from model.music.control import MAX_PROMPT, MAX_TEMPO, MIN_TEMPO
from model.music.harmony import Key, key_on, parse_key
from model.music.notes import ADDED_PARTS, METERS
from model.music.plan import LEVELS
from model.music.programs import PROGRAMS
from model.music.wishes import NO_ACCOUNT, NO_WISHES, Account, Rest, Strokes, Wishes
from model.prompt.account import Fact, account, find_mentions, in_other_languages, straightened
from model.prompt.rules import figures, keys, levels, parts, progressions, tempo_meter
from model.prompt.rules.negation import NamedSpan, Reader, T, negated, what_is_denied, within
from model.prompt.rules.numbers import in_digits
from model.prompt.rules.parts import NO_PARTS_STATED, StatedParts
from model.prompt.rules.tempo_meter import tempo_after_style
from model.prompt.rules.two_styles import WALTZES, TwoStyles, two_styles
from model.prompt.rules.vocabulary import (
    DETERMINER_BEFORE,
    SIMPLIFIED,
    FoundTerm,
    Term,
    is_another_word,
    opposite,
    table,
)
from model.prompt.rules.vocabulary import find as find_terms
from model.prompt.second_instruments import cast, shared_out
from model.prompt.wishes.at_bars import FILL
from model.prompt.wishes.find import find_wishes
from model.prompt.wishes.found import FoundWish
from model.prompt.wishes.sections import chorus_by_name, find_sections
from model.prompt.wishes.strokes import find_groups


@dataclass(frozen=True, slots=True)
class Refused:
    """What the words do not want of what is chosen where they state nothing: keys, metres, tempi outside a range."""

    keys: tuple[Key, ...] = ()
    meters: tuple[str, ...] = ()
    tempi: tuple[float, float] = (MIN_TEMPO, MAX_TEMPO)

    def tempo(self, chosen: float) -> float:
        """Return a tempo, moved to within the range of those that are wanted."""
        low, high = self.tempi
        return max(low * _INSIDE if low > MIN_TEMPO else low, min(high / _INSIDE if high < MAX_TEMPO else high, chosen))

    def meter(self, chosen: str) -> str:
        """Return a metre, another usual one where it is not wanted."""
        return chosen if chosen not in self.meters else next(m for m in _USUAL_METERS if m not in self.meters)

    def key(self, tonics: Sequence[int], first: int, mode: str) -> Key:
        """Return the first key of a mode that is not refused, of some tonics from one on."""
        kept = [key_on(tonics[(first + i) % len(tonics)], mode) for i in range(len(tonics))]
        return next((k for k in kept if k not in self.keys), kept[0])


NOTHING_REFUSED = Refused()
_INSIDE = 1.03
"""How far within a range of tempi the tempo lies that is moved there."""
_USUAL_METERS = ("4/4", "3/4", "6/8", "2/4", *METERS)


@dataclass(frozen=True, slots=True)
class ParsedPrompt:
    """What the rules read from a prompt, and the remaining text for the encoder.

    `mode` is a name of `harmony.MODES` or `SCALES` where no tonic was stated. `levels` are (name, 0..1) of the plan's four. `terms` are
    the genres, moods, instruments and artists, without the negated ones; `two_styles` tells how two styles among them share the
    parts; `doubled` is the plan's; `figures` are the patterns asked for by name. `explicit` names the plan's fields that were stated. `rest` is empty
    where the rules have read everything. `unwanted` are the General MIDI programs of instruments that are not wanted.
    """

    tempo: float | None = None
    feel: str | None = None
    key: Key | None = None
    mode: str | None = None
    meter: str | None = None
    bars: int | None = None
    stated_parts: StatedParts = NO_PARTS_STATED
    progression: tuple[str, ...] | None = None
    progression_key: Key | None = None
    instruments: tuple[tuple[str, str], ...] = ()
    doubled: tuple[tuple[str, str], ...] = ()
    levels: tuple[tuple[str, float], ...] = ()
    swing: float | None = None
    swing_unit: int | None = None
    register: float = 0.0
    registers: tuple[tuple[str, float], ...] = ()
    articulation: float = 0.0
    ending: str | None = None
    terms: tuple[Term, ...] = ()
    two_styles: TwoStyles | None = None
    figures: tuple[str, ...] = ()
    explicit: tuple[str, ...] = ()
    refused: Refused = NOTHING_REFUSED
    wishes: Wishes = NO_WISHES
    account: Account = NO_ACCOUNT
    rest: str = ""
    unwanted: frozenset[int] = frozenset()


MAX_PROMPT_CHARACTERS = 2 * MAX_PROMPT
"""Characters that are read: twice the longest prompt, for a sign may unfold into many."""
_ALL_BUT = re.compile(
    r"\b(?:(?:mute|remove|drop|cut|kill|without|take out|leave out) (?:everything|all|all parts|the rest) (?:except|but|besides)(?: for)?|(?:nothing|no (?:other )?(?:instruments?|parts?)) (?:except|besides)(?: for)?|"
    r"no (?:other )?(?:instruments?|parts?) but|nichts außer|rien d'autre que|nada más que|nada além de|nient'altro che)\b",
    re.I,
)
"""What means only, in words of which each denies."""
_A_MODE = re.compile(r"\ba(?= (?:minor|major) (?:key|scale|mode|tonality)\b)")
"""In a minor key: no A minor."""
STAYS = re.compile(
    r"\b(?:don['’]?t|do not|never|please don['’]?t)\s+(?:remove|delete|mute|lose|kill|cut out|take out|leave out|get rid of|omit|touch)\b",
    re.I,
)
"""What is not to be taken away is kept."""
_LABEL = re.compile(r"(?:any |the )?(?:metre|meter|time signature|taktart|compás|compasso|mesure)")
"""Beside a metre that was read, its name."""
_KEY_LABEL = re.compile(
    r"\b(?:tom|tono|tonalidad|tonalidade|tonalité|tonalità|tonart|key)(?: de| di| of| d[ao])?\s+(?=\w)"
)
_METER_LABEL = re.compile(r"\b(?:compasso|compás)(?: de)?\s+(?=\d{1,2}/\d)")
"""Before a key or a metre that is read, its name."""
_SLASH = re.compile(r"(?<=[^\W\d_]{3})/(?=[^\W\d_]{3})")
"""Between two words: lofi/jazz, drums/bass."""
_TAG = re.compile(
    r"#no(drums?|bass|beats?|melody|chords|piano|guitar|vocals|kick|snare|hats?|hihats?|percussion|pads?)\b", re.I
)
"""A tag that denies: #nodrums."""
_SPACES = re.compile(r"\s{2,}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters: they say nothing, and some of them are marks of the readers' own."""
_STRAIGHT = 0.5
_RICH_CHORDS = 0.75
"""The complexity from which a style means sevenths by plain numerals: jazz, bossa nova, neo-soul."""
_SHORT = 5
"""Words of a prompt in which a bare number is a tempo whatever the others are."""
_STOP = re.compile(
    r"\b(?:please|make|me|give|create|generate|write|play|some|something|a|an|the|with|and|of|for|in|at|to|that|i|want|"
    r"would like|can you|could you|about|bpm|key|una?|der|die|das|ein|eine|un|une|en|à|y|et|und|mit|con|avec|drums?|only|no|(?<!walking )(?<!slap )(?<!upright )(?<!synth )(?<!double )bass)\b|鼓|贝斯|只要|请|给我|来一段|来一首|来个|写|一首|一段|的"
)
_NOTHING_LEFT = "pop"
"""What is embedded where the words only say what is not wanted: their own sense would be just that."""


def parse_prompt(text: str) -> ParsedPrompt:
    """Return what a text states. Any text is allowed; what no rule knows is left for the encoder."""
    folded = _CONTROLS.sub(" ", unicodedata.normalize("NFKC", text)[:MAX_PROMPT_CHARACTERS])
    shown = _SPACES.sub(lambda run: "\n" if "\n" in run.group() else " ", folded)
    plain = shown.translate(SIMPLIFIED)
    lower = plain.lower()
    if len(lower) != len(plain):  # a few letters grow when lowered: keep the places equal
        plain = shown = lower
    plain, lower = (_ALL_BUT.sub(lambda said: "only".ljust(len(said.group())), t) for t in (plain, lower))
    plain, lower = (
        _TAG.sub(r"no \1", _SLASH.sub("、", STAYS.sub(lambda said: "keep".ljust(len(said.group())), t)))
        for t in (plain, lower)
    )
    counted = in_digits(straightened(lower))
    spelled_out = lower
    plain = "".join(new if new != old else said for said, old, new in zip(plain, lower, counted, strict=True))
    lower = counted
    plain, lower = chorus_by_name(plain), chorus_by_name(lower)
    wished = find_wishes(plain)
    # what is wished of the course of a piece is no fact of the whole: the bars of an intro, the end of a ramp
    taken: list[tuple[int, int]] = [(w.start, w.end) for w in wished.found]
    facts: list[Fact] = []

    def take(reader: Reader[T], source: str, field: str) -> T | None:
        """Return what a reader finds in a text outside the spans taken before; its own span is taken too."""
        span = reader(_blanked(source, taken))
        if span is not None:
            taken.append((span.start, span.end))
            facts.append((span.start, span.end, field))
        return None if span is None else span.value

    given = progressions.find_progression(plain, None)  # first: the Am of "Am F C G" is no key
    if given is not None:
        taken.append((given.start, given.end))
        facts.append((given.start, given.end, "progression"))
    refused_keys = keys.refused_keys(plain)
    figured = [m.span() for figure in figures.FIGURES.values() for m in figure.words.finditer(lower)]
    refused_meters = [  # "no four on the floor" refuses the figure
        m for m in tempo_meter.refused_meters(lower) if not any(m.start <= at < m.end for at, _ in figured)
    ]
    refusals = [(k.start, k.end) for k in refused_keys] + [(m.start, m.end) for m in refused_meters]
    taken += refusals
    key = take(lambda t: keys.key(_A_MODE.sub(" ", t)), plain, "key") or wished.key
    facts += [
        (m.start(), m.end(), "key")
        for m in _KEY_LABEL.finditer(lower)
        if key is not None and within(m.end(), [f[:2] for f in facts])
    ]
    facts += [(m.start(), m.end(), "meter") for m in _METER_LABEL.finditer(lower)]
    at_a_place = take(keys.palo, lower, "key")  # bulería por medio
    key = key or at_a_place
    if (
        key is not None
        and key.mode == "major"
        and facts
        and facts[-1][2] == "key"
        and keys.is_bare(plain[facts[-1][0] : facts[-1][1]])
    ):
        elsewhere = take(keys.mode, lower, "key")  # "a lydian dream in F"
        key = key if elsewhere is None else keys.with_mode(key, elsewhere)
    if given is not None and key is not None:
        given = progressions.find_progression(plain, key) or given
    meter_said = take(tempo_meter.meter, lower, "meter")
    meter = meter_said.played if meter_said is not None else None
    groups, grouped = find_groups(_blanked(lower, taken), meter)
    taken += [] if grouped is None else [(grouped.start, grouped.end)]
    named_blues = tempo_meter.blues_bars(lower)  # its words are a style too: they stay
    bars = take(tempo_meter.bars, lower, "bars") or wished.bars or (named_blues.value if named_blues else None)
    if named_blues is not None and (often := tempo_meter.said_of_blues_bars(lower)) is not None:
        taken.append(often)
        facts.append((*often, "bars"))
    if bars is None and given is not None and (given.says_bars or given.rests):
        bars = len(given.bars) * (1 if given.says_bars else -(-_USUAL_BARS // len(given.bars)))
    if bars is not None and any(c.bar > bars for c in wished.wishes.cues) and _is_a_stretch(lower, facts):
        bars = None  # "a slow burn for 8 bars, then drop at bar 9"
    bound = tempo_meter.tempo_bound(lower)
    refusals += [] if bound is None else [(bound.start, bound.end)]
    taken += refusals[-1:] if bound is not None else []
    tempo = take(tempo_meter.tempo, lower, "tempo") if wished.tempo is None else wished.tempo
    feel = tempo_meter.feel(lower)
    at_a_bar = None if feel is None else tempo_meter.feel_at_a_bar(lower, feel)
    feel = feel if at_a_bar is None else None
    taken += [] if at_a_bar is None else [at_a_bar]
    taken += [(feel.start, feel.end)] if feel else []
    facts += [(feel.start, feel.end, "feel")] if feel else []
    swing = take(tempo_meter.swing, lower, "swing")
    facts += [(*span, "swing") for span in tempo_meter.said_straight(lower)] if swing == _STRAIGHT else []
    mode = take(keys.mode, lower, "key") if key is None else None
    if given is not None and given.key is not None and mode == "minor" and not given.key.minor:
        given = progressions.find_progression(plain, parse_key("A minor")) or given  # "ii V I, minor"
    again = keys.mode(_blanked(lower, taken)) if key is not None else None
    facts += [(again.start, again.end, "key")] if again and key and again.value == key.mode else []
    terms = [f for f in cast(lower, list(find_terms(lower))) if not is_another_word(lower, f)]
    compared = tempo_meter.compared_tempo(lower, terms) if tempo is None else None
    if compared is not None:
        tempo, feel = compared.value, None
        taken.append((compared.start, compared.end))
        facts = [*(f for f in facts if f[2] != "feel"), (compared.start, compared.end, "tempo")]
    # a key, metre or tempo that is refused has used up its negation
    # what nothing here can do may be denied in a list as well: no vocals or lyrics
    metred = meter_said is not None or bool(refused_meters)
    mentioned = [m for m in find_mentions(lower) if not (metred and _LABEL.fullmatch(lower, m.start, m.end))]
    beyond = [*(w for w in wished.found if w.reason and not w.about), *mentioned]
    others = [NamedSpan(w.start, w.end, noun=True) for w in beyond]
    names = sorted([*parts.listable_names(lower, terms), *others], key=lambda n: (n.start, -n.end))
    but = parts.KIT_BUT.search(lower)
    fills = [(w.start, w.end) for w in wished.found if w.about == "form" and FILL.search(lower, w.start, w.end)]
    of_all = _blanked(lower, [*wished.binding, *fills])  # "no drums until bar 9" denies them there only
    denied = negated(_blanked(of_all, refusals if but is None else [*refusals, but.span()]), names)
    wanted = [
        f
        for f, after in pairwise([*terms, None])
        if f is not None
        and not within(f.start, denied)
        and (not within(f.start, taken) or f.term.name == "blues" or within(f.start, wished.players))
        and _musical(_blanked(lower, taken), f, after)
    ]
    if given is not None and any((f.term.complexity or 0) >= _RICH_CHORDS for f in wanted if f.term.kind == "genres"):
        given = given.with_sevenths()
    blues = None  # a blues is its twelve bars, called so or not
    if (
        given is None
        and wished.wishes.chords == 0
        and {f.term.styles for f in wanted if f.term.kind == "genres"} == {(("blues", 1.0),)}
    ):
        home = key or (parse_key("A minor") if mode == "minor" else None)
        blues = progressions.find_progression("12 bar blues", home)
    if tempo is None:
        ends = [f.end for f in wanted if f.term.kind in ("genres", "artists")] + [end for _, end in taken]
        tempo = take(
            lambda text: next(filter(None, (tempo_after_style(text, end) for end in ends)), None), lower, "tempo"
        ) or (
            take(tempo_meter.bare_tempo, lower, "tempo")
            if bound is None and (wanted or len(lower.split()) <= _SHORT)
            else None
        )
    taken += denied
    facts += [(start, end, "not wanted") for start, end in (*refusals, *denied)]
    turned = any(f.term.name in levels.PACES and within(f.start, denied) for f in terms)
    tempered = [table()["medium"]] if turned and tempo is None else []  # "not too fast"
    unwanted = [f for f in terms if f.term.kind == "moods" and within(f.start, denied)]
    tempered += [opposite(f.term) for f in unwanted if f.term.name not in levels.PACES]
    waltz = next((f.term.meter for f in wanted if f.term.name in WALTZES), None)
    waltz = None if waltz in [m.value for m in refused_meters] else waltz
    fixed = [(f.start, f.end) for f in terms if f.term.kind != "moods"]
    fixed += [(w.start, w.end) for w in wished.found if w.about == "dynamics"]
    fixed += _of_sections(lower) if len(wished.wishes.sections) > 1 else []
    stated_levels = {name: levels.level(name, lower, denied, fixed) for name in LEVELS}
    unread = _blanked(lower, [(given.start, given.end)] if given else [])
    register, registers = levels.registers(
        unread, [(f.start, f.end, f.term.part) for f in terms if f.term.kind != "moods"]
    )
    stated_parts = parts.stated_parts(of_all, terms, denied)
    entering = {r.part for r in wished.wishes.rests if r.first == 1 and (r.last or 0) > 0 and not r.roles}
    late = stated_parts.without & entering  # starts without drums, drums at bar 5
    stated_parts = replace(stated_parts, without=stated_parts.without - late, named=stated_parts.named | late)
    unit = tempo_meter.swing_unit(lower)
    spoken_of = stated_parts.named | stated_parts.without | frozenset(stated_parts.only or ())
    shared = shared_out(lower, wanted, spoken_of)
    instruments = dict(shared.instruments)
    stated_parts = stated_parts.also(shared.added)
    touch, finish = levels.articulation(lower, denied), levels.ending(unread, denied)
    told = [
        *([] if grouped is None else [grouped]),
        *([] if at_a_bar is None else [FoundWish(*at_a_bar, "half and double time are those of the whole piece")]),
        *(w for w in wished.found if w.about or not within(w.start, denied)),  # "no vocals" is met
        *shared.told,
        *_shares(lower, terms, denied),
        *_nearest(meter_said, facts),
        *_nearest_sounds(wanted),
        *([FoundWish(given.start, given.end, "in a bar without a chord nobody plays chords: bass and melody go on with the chord before")] if given and any(given.rests) and given.rests != tuple(range(len(given.rests))) else []),
    ]  # fmt: skip
    facts += [(f.start, f.end, f.term.kind) for f in wanted]
    facts += [(start, end, "figure") for start, end in figured if not within(start, denied)]
    abroad = in_other_languages(shown)
    heard = parts.sounding(lower, terms, stated_parts)
    facts += [
        (start, end, "parts") for start, end in heard if not within(start, abroad) and parts.is_meant(lower, start, end)
    ]
    facts += [(m.start(), m.end(), "parts") for m in _ACCOMPANIES.finditer(lower) if _is_beside(lower, m, wanted)]
    said = {**stated_levels, "register": register or None, "articulation": touch or None, "ending": finish}
    facts += levels.said(lower, fixed, said)
    facts += [
        (*span, "register")
        for span in levels.said_of_registers(lower, [(a, b) for a, b, _ in parts.named_players(lower, terms)])
    ]
    if stated_parts.only is not None:  # solo piano: who plays
        mentioned = [m for m in mentioned if not _SOLO.fullmatch(lower, m.start, m.end)]
    told += _unread_mentions(
        [
            *mentioned,
            *_other_keys(_blanked(plain, taken), key),
            *_other_mode(_blanked(lower, taken), key, mode),
            *_silent(lower, terms, stated_parts, denied),
        ],
        facts,
        told,
    )
    passing = [m for m in find_mentions(lower, in_passing=True) if _stands_alone(lower, m, terms)]
    passing = [m for m in passing if stated_parts.only is None or not _SOLO.fullmatch(lower, m.start, m.end)]
    told += _unread_mentions(passing, facts, told)
    stated = {
        "tempo": tempo or (bound and bound.value), "feel": feel, "key": key or mode, "meter": waltz if meter_said is None else meter_said.is_exact or None, "bars": bars,
        "parts": stated_parts if stated_parts.only or stated_parts.without or stated_parts.named & {"drums", *ADDED_PARTS} else None, **stated_levels, "swing": swing, "progression": given or wished.wishes.chords or None,
        "instruments": instruments or None,
    }  # fmt: skip
    return ParsedPrompt(
        tempo, feel.value if feel else None, key, mode, meter or waltz, bars or (len(blues.bars) if blues and not wished.wishes.seconds else None), stated_parts,
        given.bars if given else blues.bars if blues else None, given.key if given else blues.key if blues else None, tuple(sorted(instruments.items())), shared.doubled,
        tuple((name, v) for name, v in stated_levels.items() if v is not None),
        swing, unit.value if unit else None, register, registers,
        touch, finish,
        (*(levels.with_very(f, lower) for f in wanted if f.term.kind != "instruments"), *tempered),
        two_styles(lower, wanted), figures.named_figures(lower, denied),
        tuple(name for name, what in stated.items() if what is not None),
        Refused(tuple(k.value for k in refused_keys), tuple(m.value for m in refused_meters), bound.value if bound else (MIN_TEMPO, MAX_TEMPO)),
        replace(_without_chords(wished.wishes, given, bars), groups=groups, strokes=_struck(lower, wished.wishes, denied, figured, stated_parts.silenced)), account(shown, *_whole_words(spelled_out, lower, facts, told)),
        _rest(plain, taken) or (_NOTHING_LEFT if denied or refusals else ""),
        _unwanted_programs(lower, terms, denied),
    )  # fmt: skip


def _struck(
    lower: str,
    wishes: Wishes,
    denied: Sequence[tuple[int, int]],
    figured: Sequence[tuple[int, int]],
    silenced: frozenset[str],
) -> tuple[Strokes, ...]:
    """Return the strokes that are wished, and each drum of the kit that is named and only has to be heard."""
    told = {s.role for s in wishes.strokes}
    heard = {
        roles[0]: Strokes(roles[0])
        for start, end, roles in parts.drum_pieces(lower)
        if roles[0] not in told
        and not within(start, denied)
        and not within(start, figured)
        and parts.is_no_head(lower, end)
        and not parts.is_by_hand(lower[start:end])
        and parts.is_meant(lower, start, end)
    }
    return tuple(s for s in (*wishes.strokes, *heard.values()) if s.role not in silenced)


def _without_chords(wishes: Wishes, given: progressions.FoundProgression | None, bars: int | None) -> Wishes:
    """Return the wishes, with rests of who plays chords in the bars for which a progression has none."""
    if given is None or not given.rests:
        return wishes
    rounds = range(0, max(bars or 0, len(given.bars)), len(given.bars))
    rests = [Rest(p, at + n + 1, at + n + 1) for p in _CHORDAL for at in rounds for n in given.rests]
    return replace(wishes, rests=(*wishes.rests, *rests))


_CHORDAL, _USUAL_BARS = ("chords", "pad", "arp"), 8
"""Who plays chords, and the bars of a piece whose words say none."""
_ACCOMPANIES = re.compile(
    r"\b(?:begleitung|begleitet|accompagnement|accompagnée?|acompañamiento|acompañad[oa]|accompagnamento|accompagnat[oa]|acompanhamento|acompanhad[oa]|accompaniment|accompanied)\b|伴奏"
)
_LINKED = re.compile(
    r"[\s:,-]*(?:(?:by|von|vom|par|por|da|dal|de|di|mit|with|auf|on|the|an?|einem?|une?|una?|uma?|au|à|la|le|el|il|o|des|du)\s+)*"
)


def _is_beside(lower: str, said: re.Match[str], terms: Sequence[FoundTerm]) -> bool:
    """Return True if an instrument that plays no melody stands beside a word for accompanying."""
    named = [f for f in terms if f.term.kind == "instruments" and f.term.part != "melody"]
    return any(
        _LINKED.fullmatch(lower, said.end(), f.start) is not None
        or _LINKED.fullmatch(lower, f.end, said.start()) is not None
        for f in named
        if said.end() <= f.start or f.end <= said.start()
    )


_FOR_SO_LONG = re.compile(r"\b(?:for|für|pendant|durante|per|por)\s+(?:the first |about )?$")


_ITS_WORD = re.compile(r"(?:[^\W\d_]+[ -]+|[\u4e00-\u9fff]{1,3}的)$")
_BEHIND_IT = re.compile(r"[\u4e00-\u9fff]{1,4}")


def _of_sections(lower: str) -> list[tuple[int, int]]:
    """Return the words beside the names of sections: a quiet verse makes no quiet piece."""
    found = []
    for start, end, _ in find_sections(lower):
        before, behind = _ITS_WORD.search(lower, max(0, start - 24), start), _BEHIND_IT.match(lower, end)
        found += [(start if before is None else before.start(), end if behind is None else behind.end())]
    return found


def _is_a_stretch(lower: str, facts: Sequence[Fact]) -> bool:
    """Return True if the number of bars says how long something goes on, not the piece: "for 8 bars"."""
    return any(field == "bars" and _FOR_SO_LONG.search(lower, max(0, start - 40), start) for start, _, field in facts)


_SOLO = re.compile(r"\s*(?:solo|sólo|soli|sola|unaccompanied)\s*")


def _unread_mentions(
    mentioned: Sequence[FoundWish], facts: Sequence[Fact], told: Sequence[FoundWish]
) -> list[FoundWish]:
    """Return what is spoken of in words that nothing else has read; it may say more of a fact, as "drums louder" does."""
    read = [(f[0], f[1]) for f in facts]
    wished = [(w.start, w.end) for w in told]
    return [
        m
        for m in mentioned
        if not any(start < m.end and m.start < end for start, end in wished)
        and all(m.start <= start and end <= m.end and (start, end) != (m.start, m.end) for start, end in read if start < m.end and m.start < end)
    ]  # fmt: skip


_CLAUSE_ENDS = re.compile(r"[,.;:!?，。；、！？\n]")
_SMALL_WORDS = re.compile(
    r"\b(?:an?|the|with|and|some|please|then|more|lots? of|add|mit|ein\w*|und|der|die|das|avec|une?|des|du|et|con|un[ao]?|el|la|los|las|y|com|um|uma|il|lo|e|[oa]s?)\b"
)
_A_FEW_WORDS, _A_FEW_SIGNS = 2, 5


def _stands_alone(lower: str, mention: FoundWish, terms: Sequence[FoundTerm]) -> bool:
    """Return True if what is spoken of in passing has a short clause for itself, without a style, a mood, a part or an instrument."""
    first = max((m.end() for m in _CLAUSE_ENDS.finditer(lower, 0, mention.start)), default=0)
    end = _CLAUSE_ENDS.search(lower, mention.end)
    last = end.start() if end is not None else len(lower)
    if any(first <= t.start < last for t in terms):
        return False
    clause = lower[first:last]
    spaced = len(_SMALL_WORDS.sub(" ", clause).split()) <= _A_FEW_WORDS
    short = spaced and (not re.search(r"[\u3040-\u9fff]", clause) or len(clause.strip()) <= _A_FEW_SIGNS)
    return short and not _names_players(clause)


@lru_cache(64)
def _names_players(clause: str) -> bool:
    return parts.PART.search(clause) is not None or next(parts.drum_pieces(clause), None) is not None


_SHARE = re.compile(
    r"\b(?:less|fewer|more|hardly any|barely any|almost no|very little|weniger|mehr|kaum(?: noch)?|fast kein\w*|moins de|plus de|presque pas de|très peu de|menos|más|casi sin|meno|più|quasi (?:senza|niente)|mais|quase (?:sem|nada de)|muito pouc[ao])\s+(?:(?:of )?(?:the|la|le|el|il|o|a)\s+)?$"
    r"|(?:[少多]一?点|几乎(?:没有|不要|没)|少量的?)$"
)
_SHARE_BEHIND = re.compile(
    r"(?:は|を|も)?(?:控えめ|控え目|少なめ|多め|少し)(?:だけ)?[にで]?|[要再]?(?:少|多)一?[点些](?![\u4e00-\u9fff])|(?:不要|别)(?:太|那么)[多重响吵满密]"
)
"""More or less of one part, before and behind its name."""
_SHARE_REASON = "the share of one part is set by /llmball/part/{}/level"


def _shares(lower: str, terms: Sequence[FoundTerm], denied: Sequence[tuple[int, int]]) -> list[FoundWish]:
    """Return where the words want more or less of a part, an instrument or a drum; not too many notes is how dense it is."""
    found: dict[int, FoundWish] = {}
    for start, end, part in parts.named_players(lower, terms):
        before = _SHARE.search(lower, max(0, start - 24), start)
        behind = _SHARE_BEHIND.match(lower, end)
        reason = _SHARE_REASON.format(part)
        if what_is_denied(lower, start, denied) == "amount":
            span = next(s for s in denied if s[0] <= start < s[1])
            if _OF_NOTES.search(lower, *span) is None:
                found[span[0]] = FoundWish(span[0], max(span[1], end), reason)
        elif before is not None or behind is not None:
            begin, last = start if before is None else before.start(), end if behind is None else behind.end()
            found.setdefault(begin, FoundWish(begin, last, reason))
    return list(found.values())


_OF_NOTES = re.compile(r"\b(?:notes?|noten|notas|busy|dense|fills?|hits)\b|音符?|ノート")


def _other_keys(plain: str, known: Key | None) -> list[FoundWish]:
    """Return a further key that the words name beside the one that is played."""
    other = None if known is None else keys.key(plain)
    if known is None or other is None or (keys.is_bare(plain[other.start : other.end]) and not other.value.minor):
        return []
    return [
        FoundWish(
            other.start,
            other.end,
            f"the piece is in {known.name}: another key is said by its bar, modulate to {other.value.name} at bar 9",
        )
    ]


def _other_mode(lower: str, key: Key | None, known: str | None) -> list[FoundWish]:
    """Return major or minor that the words name beside the other one: a verse in minor and a chorus in major."""
    other = (
        keys.mode(lower)
        if known in ("major", "minor") or (key is not None and key.mode in ("major", "minor"))
        else None
    )
    mine = known or (key.mode if key is not None else "")
    if other is None or {other.value, mine} != {"major", "minor"}:
        return []
    return [
        FoundWish(
            other.start,
            other.end,
            f"the piece is in {mine}: another key is said by its bar, modulate to C {other.value} at bar 9",
        )
    ]


def _silent(
    lower: str, terms: Sequence[FoundTerm], stated: StatedParts, denied: Sequence[tuple[int, int]]
) -> list[FoundWish]:
    """Return the parts that are named and do not play, for others were asked to play alone."""
    if not stated.only:
        return []
    return [
        FoundWish(start, end, "it does not play: others were asked to play alone")
        for start, end in parts.named_and_silent(lower, terms, stated)
        if not within(start, denied)
    ]


def _unwanted_programs(lower: str, terms: Sequence[FoundTerm], denied: Sequence[tuple[int, int]]) -> frozenset[int]:
    """Return the programs of the instruments that the words do not want: of a plain name, "no piano", those of its family."""
    found: set[int] = set()
    for term in terms:
        number = term.term.program
        if term.term.kind != "instruments" or number is None or term.term.part == "drums":
            continue
        if what_is_denied(lower, term.start, denied) == "whole":
            of_a_kind = number % 8 == 0 or " " not in term.term.name
            found |= set(range(number - number % 8, number - number % 8 + 8)) if of_a_kind else {number}
    return frozenset(found)


def _nearest_sounds(wanted: Sequence[FoundTerm]) -> list[FoundWish]:
    found = [(f, f.term.program) for f in wanted if f.term.is_nearest]
    return [
        FoundWish(f.start, f.end, "General MIDI has none: {} is the nearest".format(PROGRAMS[n].replace("_", " ")))
        for f, n in found
        if n is not None
    ]


def _nearest(said: tempo_meter.Meter | None, facts: Sequence[Fact]) -> list[FoundWish]:
    if said is None or said.asked == said.played:
        return []
    start, end = next((start, end) for start, end, field in facts if field == "meter")
    reason = (
        f"its bar is written as {said.played}"
        if said.is_exact
        else f"{said.asked} cannot be played: {said.played} is the nearest"
    )
    return [FoundWish(start, end, reason)]


_PLAIN_WORDS = frozenset([
    "house", "garage", "trap", "drill", "rock", "metal", "jungle", "swing", "drone", "dub",
    "electro", "score", "study", "queen", "prince", "monk", "glass", "drake", "burial", "beyond", "light",
    "hot", "cool", "fire", "run", "free", "old", "open", "lost", "wind", "mar", "mer", "standard", "mass", "romance",
    "invention", "chamber", "breaks", "acid", "commercial", "sub", "fusion", "keys", "acoustic", "indian", "african", "horror",
])  # fmt: skip
"""Names of styles, and moods, that are plain words too: "an empty house", "the garage door"."""
_RICH = re.compile(r"jazzy(?:[\s-]+\w+){0,2}[\s-]+(?:chords?|harmon(?:y|ies)|voicings?)\b")
"""What only says that chords are rich: "house with jazzy chords" is a house."""
_OF_MUSIC = re.compile(
    r"\s*(?:-\s*)?(?:music|beats?|tracks?|grooves?|songs?|tunes?|loops?|vibes?|styles?|feel|riffs?|anthem|chords|bass|drums|piano)\b"
)


_OF_A_KIT = re.compile(r"[\s-]+(?:drums?|kick|pedals?)\b")
"""What makes an instrument's name one of the kit's: a double bass drum."""


def _musical(lower: str, found: FoundTerm, after: FoundTerm | None) -> bool:
    """Return True if a word that is a plain one too is meant as music: "a house track", not "an empty house"."""
    if found.term.kind == "instruments" and _OF_A_KIT.match(lower, found.end):
        return False
    if lower[found.start : found.end] not in _PLAIN_WORDS:
        return _RICH.match(lower, found.start) is None
    beside = after is not None and not lower[found.end : after.start].strip()
    if beside and after is not None and lower[after.start : after.end] not in _PLAIN_WORDS:
        return True
    return (
        _OF_MUSIC.match(lower, found.end) is not None
        or DETERMINER_BEFORE.search(lower[max(0, found.start - 40) : found.start]) is None
    )


def _whole_words(
    said: str, counted: str, facts: Sequence[Fact], told: Sequence[FoundWish]
) -> tuple[list[Fact], list[FoundWish]]:
    """Return facts and wishes with all of the words that were read in others: twelve bars, not lve bars."""
    return [(_begins(said, counted, start), _ends(said, counted, end), field) for start, end, field in facts], [
        replace(w, start=_begins(said, counted, w.start), end=_ends(said, counted, w.end)) for w in told
    ]


def _begins(said: str, counted: str, at: int) -> int:
    while at and counted[at - 1] == " " != said[at - 1]:
        at -= 1
    return at


def _ends(said: str, counted: str, at: int) -> int:
    while at < len(said) and counted[at] == " " != said[at]:
        at += 1
    return at


def _blanked(text: str, taken: list[tuple[int, int]]) -> str:
    for start, end in taken:
        text = text[:start] + "\0" * (end - start) + text[end:]
    return text


def _rest(plain: str, taken: list[tuple[int, int]]) -> str:
    left = _STOP.sub(" ", _blanked(plain, taken).replace("\0", " "))
    left = " ".join(re.sub(r"[^\w\s'&-]", " ", left).split())
    return left if any(c.isalpha() for c in left) else ""
