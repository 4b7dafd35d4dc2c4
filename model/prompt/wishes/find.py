"""Wishes about a piece as a whole: its length in time, its form, its course. Those that a clip meets, and those that nothing here can.

Each is found by its form (a number of minutes, a section with its bars, something that happens at a bar), in English, Chinese, Japanese,
German, French, Spanish, Italian and Portuguese. Pure patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from model.music.control import MAX_BARS, MAX_TEMPO, MIN_TEMPO
from model.music.notes import CUES
from model.music.wishes import CueAt, Rest, Section, Wishes
from model.prompt.rules import tempo_meter
from model.prompt.rules.negation import within
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes import course
from model.prompt.wishes.amounts import chord_count, duration_wish
from model.prompt.wishes.at_bars import at_bars
from model.prompt.wishes.course import BAR, BARS, COUNT, count
from model.prompt.wishes.found import About, FoundWish, FoundWishes
from model.prompt.wishes.modulation import bars_in_two_keys, modulation_wish
from model.prompt.wishes.rests import behind_a_section, find_rests, then_everyone
from model.prompt.wishes.sections import BARS_BETWEEN, lettered, listed_sections
from model.prompt.wishes.stretches import told_in_stretches
from model.prompt.wishes.strokes import find_strokes

_NUMBER = r"(?<!\d)\d{1,3}(?:[.,]\d{1,2})?"
_CANNOT: tuple[tuple[str, str], ...] = (
    ("nothing here sings: the music is notes for instruments", r"\b(?:(?:fe)?male\s+)?(?:lead\s+|backing\s+)?(?:vocals?(?! chops?)|vocalists?|lyrics|spoken word|voice-?over)\b|\b(?:with|add|plus) (?:an? )?(?:\w+ )?(?:singers?|rappers?)\b|\b(?:fe)?male (?:singers?|voices?)\b|\bavec (?:du |un )?chant\b|\b(?:mit|avec|con|com)\s+(?:gesang|paroles|voz|letra|canto|voce)\b|(?<!切片)(?<!切碎)人声(?!切片)|歌词|演唱|ボーカル|歌詞|보컬|가사"),
    ("the sound is that of the instruments that play the notes; effects are put there", r"\b(?:reverb\w*|delay pedals?|sidechain\w*|compress(?:ed|ion|or)|(?:low|high)[- ]?pass|filter sweeps?|stereo (?:width|field|image)|(?:hard[- ])?pann(?:ed|ing)|pan the \w+ (?:hard )?(?:left|right)|vocoder|talk ?box|echo and delay|auto-?tun\w*|master(?:ed|ing)\b(?! of)|mix(?:ed)? (?:it )?down|eq(?:'?d| curve)?\b|bit-?crush\w*|vinyl crackle|tape hiss|white noise|sound effects|sfx|field recordings?|foley|nachhall|réverbération)\b|混响|延迟效果|音效|黑胶噪音"),
    ("`llmball render` makes audio of a clip, `llmball sheet` a score", r"\b(?:as|in|to|an?|export|render|save|give me)\s+(?:an?\s+)?(?:mp3|wav|flac|ogg|aiff|audio|stems?|sheet music|pdf|music ?xml|video)\b(?!-)|\b(?:mp3|wav|flac|stems|musicxml)(?: file| export)?\s*(?=$|[,.;])"),
    ("one piece is written: llmball clip --takes N writes several", rf"\b(?:{COUNT})\s+(?:different\s+)?(?:versions|variations|takes|options|alternatives|varianten|versiones|versioni|versões)\b|(?<!\d)[一二两三四五六七八九\d]{{1,3}}个?(?:版本|变奏)"),
    ("notes are those of the piano, tuned by who plays them", r"\b(?:432|440|442|415)\s*hz\b|\bmicroton\w+|\bquarter[- ]tones?\b|\bjust intonation\b|\b(?:drop|open)[- ][a-g] tuning\b|\bcapo\b|微分音|四分之一音"),
    ("maqams and ragas are played by the scales that have twelve equal tones: hijaz, double harmonic, phrygian …", r"\b(?:maqam|makam|dastgah|slendro|pelog)\b(?:\s+\w+)?|\b(?:raga|raag)\s+\w+"),
    ("the tempo is steady, but for a ramp from one to another", r"\b\d{2,3}(?: bpm)?,? (?:and )?then \d{2,3}(?: bpm)?\b(?! bars)|\b(?:rubato|tempo changes|free (?:time|tempo)|sin tempo fijo|tempo libero|freies tempo)\b|自由速度|散板"),
    ("loudness is set by /llmball/part/NAME/level, not in decibels", rf"{_NUMBER}\s?db\b(?!\s?(?:maj|min|m\b|dur|moll))|\bvelocity\s+(?:of\s+)?{_NUMBER}\b"),
    ("a bar is changed by redoing it: --redo 3-4", rf"\b(?:in|at|on|from|after)\s+(?:the\s+)?(?:last|first|{COUNT})?\s*{BAR}\s+\d{{1,3}}(?:\s*(?:-|to|and)\s*\d{{1,3}})?\b|\b(?:last|first)\s+(?:{COUNT})\s+bars?\b"),
    ("where in the bar a part plays is its style's, or a figure's: four on the floor, offbeat bass", r"\bonly\s+on\s+(?:the\s+)?(?:\d|one|two|three|four)(?:\s*(?:and|,|&|\+)\s*(?:the\s+)?(?:\d|one|two|three|four))*\b|\b(?:only\s+)?on\s+(?:the\s+)?(?:(?:beats?|counts?)\s+\d(?:\s*(?:and|,|&|\+)\s*\d)*|(?:first|second|third|fourth|last|1st|2nd|3rd|4th)\s+beat)\b|\bnur auf (?:der |die )?(?:eins|zwei|drei|vier|\d)\b|只在第[一二三四\d]拍"),
    ("what changes in a section is who plays there: no drums in the intro", r"\b(?:only\s+)?(?:in|during|for)\s+the\s+(?:last\s+|first\s+|second\s+|final\s+)?(?:intro|outro|verses?|chorus(?:es)?|pre-?chorus|bridge|breakdown|coda|[ab][ -]section)\b(?:\s+only)?|(?:副歌|主歌|前奏|间奏|尾奏|桥段)(?:的?时候|部分|里|才)"),
    ("a part enters at a bar: drums enter at bar 5", r"\b(?:join|enter|come|start|kick)s?\s+(?:in\s+)?(?:later|eventually|halfway|gradually|towards the end)\b|\b(?:no|without)\s+(?:\w+\s+)?\w+\s+(?:at first|at the (?:beginning|start))\b|\b(?:start|begin|open)\w* with (?:just |only )?(?:an? |the )?\w+[^.;]{0,20}?\b(?:then|before)\b[^.;]{0,12}\b(?:add|bring|enter|come|join)\w*(?:\s+\w+){0,2}|\b(?:layer by layer|one by one|one after (?:another|the other))\b|(?:渐渐|逐渐|依次)加入"),
    ("a clip is as long as its bars: say how many", r"\b(?:repeat(?:ed|s)?|loop(?:ed)?|play(?:ed)?)(?: it| this)?\s+(?:\d+ times|twice|three times|four times)\b|重复[两二三四五\d]遍"),
    ("a piece has one metre", r"(?<![\d/])\d{1,2}/(?:2|4|8|16)\b[^.;]{0,24}?\bthen\s+(?:in\s+)?\d{1,2}/(?:2|4|8|16)|\b(?:switch|chang|turn|go|mov|becom|wechsel|wird|werde|pass|camb|vir|mud|devien|devenir|diventa)\w*\s+(?:in ?to|to|zu|zum|in|auf|à|en|a|al|ad?|em|para)?\s*(?:an? |einem? |un[ae]? |um )?\d{1,2}/(?:2|4|8|16)|(?:转|变|切|換|变わ)(?:到|成|为|为)?\s*\d{1,2}/(?:2|4|8|16)|\d{1,2}/(?:2|4|8|16)(?:拍子)?(?:に|へ)(?:変|切|な)|(?<![\d/])\d{1,2}/(?:2|4|8|16)\s*(?:,?\s*(?:then|and then|to|and|alternating with|followed by|und|dann|puis|y luego|然后|转|交替))\s*\d{1,2}/(?:2|4|8|16)|\b(?:changing|alternating|mixed|irregular) (?:met(?:re|er)s?|time signatures?)\b|\btaktwechsel\b|变拍"),
    ("the form is named by its sections with their bars: intro 4 bars, verse 8 bars …", r"(?<![A-Za-z])[ABC]{3,8}(?:'|’)?\s+form\b|\b(?:verse[-/ ]chorus|song|sonata|rondo|binary|ternary|through-composed)[- ](?:form|structure)\b"),
)  # fmt: skip
_IMPOSSIBLE = tuple((reason, tolerant(pattern, re.I)) for reason, pattern in _CANNOT)
_NO_FILLS = tolerant(r"\b(?:no|without(?: any)?|ohne|sans|sin|senza)\s+(?:drum\s+)?fills?\b|不要过门|不要加花")
_TOO_LONG = tolerant(rf"(?<![\d.#])(\d{{3,6}}|[二两三四五六七八九]百)[\s-]?(?:个)?\s?{BARS}(?![a-z])")
_NO_BAR = tolerant(
    rf"(?:\b(?:from|at|on|in|until|till|up to|ab|bei|bis|hasta|até|à partir de|dès|à|desde|en|no|da|dalla|alla)\s+)?(?:the\s+|la\s+|el\s+|il\s+|o\s+)?\b{BAR}\s+0+(?!\d|[.,]\d)|[从自]?第\s*[0零]+\s*小[节節](?:开始|起)?"
)
_TOO_FAST = tolerant(
    r"(?<![\d.])(\d{1,6})\s?(?:bpm|b\.p\.m\.?|beats per minute|拍每分钟)(?![a-z])|\btempo\s*(?:of|=|:)?\s*(\d{3,6})\b"
)

_BEFORE_IT = tolerant(
    rf"\b(?:vorher|davor|zuvor|before (?:that|it|which)|avant (?:ça|cela)|antes(?: de eso| disso)?|prima(?: di quello)?|precedid[oa] (?:de|por)|preceded by|précédé de|之前|前面)[\s:,]*(?:the |las? |los |les |die )?(?P<n>{COUNT})\s*{BARS}|\b(?P<m>{COUNT})\s*{BARS}\s+(?:vorher|davor|zuvor|before(?= (?:that|it)\b|\s*(?:$|[,.;]))|avant(?=\s*(?:$|[,.;]))|antes(?=\s*(?:$|[,.;]))|prima(?=\s*(?:$|[,.;])))(?: that| it)?"
)
"""So many bars before the drop."""


def _impossible(plain: str, lower: str) -> Iterator[FoundWish]:
    no_bars = [m.span() for m in _NO_BAR.finditer(lower)]
    yield from (FoundWish(*span, "bars are counted from 1") for span in no_bars)
    for reason, pattern in _IMPOSSIBLE:
        for match in pattern.finditer(plain):
            if not within(match.start(), no_bars):
                yield FoundWish(*match.span(), reason)
    for match in _TOO_LONG.finditer(lower):
        if count(match.group(1)) > MAX_BARS:
            yield FoundWish(*match.span(), f"a clip has {MAX_BARS} bars at most")
    for match in _TOO_FAST.finditer(lower):
        if not MIN_TEMPO <= int(match.group(1) or match.group(2)) <= MAX_TEMPO:
            yield FoundWish(*match.span(), f"a tempo lies in {MIN_TEMPO}..{MAX_TEMPO}")


def find_wishes(plain: str) -> FoundWishes:
    """Return the wishes of a text: those that clips meet with their values, and those that cannot be met with the reason."""
    lower = plain.lower() if len(plain.lower()) == len(plain) else plain
    found: list[FoundWish] = []
    bars = bars_in_two_keys(plain)
    counted = None if bars else tempo_meter.bars(lower)
    total = None if counted is None else counted.value
    ramp, tempo, places, right = course.ramp(lower, total)
    if ramp is not None and counted is not None and ramp.first is not None and ramp.first > counted.value:
        ramp = replace(ramp, bars=counted.value)  # from bar 17 on, 8 bars long
        places.append((counted.start, counted.end))
    found += _at(places, "tempo", "" if right else f"a tempo lies in {MIN_TEMPO}..{MAX_TEMPO}")
    fades = list(course.fades(lower, total))
    found += [wish for _, places in fades for wish in _at(places, "dynamics") if not _inside(wish, found)]
    modulation, first_key, places = modulation_wish(plain, total)
    found += _at(places, "key")
    sections, placed = listed_sections(lettered(plain, lower), total, [(f.start, f.end) for f in found])
    placed = [replace(_led(lower, p, _AT_LAST), about="form") for p in placed]
    placed = [_led(lower, placed[0], _FORM_AHEAD), *placed[1:]] if placed else placed
    barred = any(any(c.isdigit() for c in lower[p.start : p.end]) for p in placed)
    found += placed
    if total is not None and [s.name for s in sections] == ["intro"] and sections[0].bars < total:
        sections = (*sections, Section("verse", total - sections[0].bars))
    elif len(sections) > 1 and {s.name for s in sections} <= {"intro", "outro"}:
        middle = Section("verse", BARS_BETWEEN)
        sections = (*sections[:-1], middle, sections[-1]) if sections[-1].name == "outro" else (*sections, middle)
    if len(sections) > 1:
        bars = sum(s.bars for s in sections)
        if bars > MAX_BARS:
            found = [
                replace(f, reason=f"a clip has {MAX_BARS} bars at most, these sections have {bars}")
                if f in placed
                else f
                for f in found
            ]
            sections, bars = (), None
    cues, placed = at_bars(lower, bars or total)
    drop = next((c.bar for c in cues if c.cue == "drop"), None)
    lead = None if drop is None else _BEFORE_IT.search(lower)
    if (
        drop is not None
        and lead is not None
        and (bars_before := count(lead.group("n") or lead.group("m"))) in range(1, drop)
    ):
        if not any(c.cue == "build" for c in cues):
            cues.append(CueAt(drop - bars_before, "build", bars_before))
        placed.append(FoundWish(*lead.span()))
    if drop is not None and (not barred or {s.name for s in sections} <= {"build", "drop", "breakdown"}):
        builds = [s.bars for s in sections if s.name == "build" and barred]
        if builds and builds[0] < drop and not any(c.cue == "build" for c in cues):  # so many bars before the drop
            cues.append(CueAt(drop - builds[0], "build", builds[0]))
        sections, bars = (), None
    cues = [
        replace(c, bars=drop - c.bar)
        if c.cue == "build" and drop is not None and c.bar < drop and drop - c.bar != CUES["build"][0]
        else c
        for c in cues
    ]
    found = _widened(found, placed)
    cued = _cued_sections(cues) if not sections else ()
    resting = find_rests(lower, sections or cued, [(f.start, f.end) for f in found])
    resting = replace(resting, rests=tuple(_by_bars(r, cued) for r in resting.rests)) if cued else resting
    denied = behind_a_section(lower, sections, [(f.start, f.end) for f in resting.found])
    told = told_in_stretches(lower, [*resting.binding, *denied.binding])
    if told is not None:
        if told.sections:
            sections, bars = told.sections, sum(s.bars for s in told.sections)
        denied = denied.beside(told.rests, resting.rests)
    found = _widened(found, [*resting.found, *denied.found])
    after, entering = then_everyone(lower, [*resting.rests, *denied.rests], [(f.start, f.end) for f in found])
    found += after
    strokes, struck, not_struck = find_strokes(lower, [(f.start, f.end) for f in found])
    found += struck
    duration = duration_wish(_without(lower, found))
    chords = chord_count(lower)
    found += [] if duration is None else [replace(_led(lower, duration[1], _LASTS), about="length")]
    found += [] if chords is None else [replace(chords[1], about="chords")]
    taken = [(f.start, f.end) for f in found]
    found += [w for w in _impossible(plain, lower) if not any(w.start < end and start < w.end for start, end in taken)]
    fills = _NO_FILLS.search(lower)
    found += [] if fills is None else [FoundWish(*fills.span(), "fills belong to the style", "form")]
    wishes = Wishes(
        seconds=0.0 if duration is None else duration[0],
        chords=0 if chords is None else chords[0],
        sections=_drum_breaks(sections, (*resting.rests, *denied.rests)),
        cues=tuple(sorted(cues, key=lambda c: c.bar)),
        rests=(*resting.rests, *denied.rests),
        ramp=ramp,
        fades=tuple(fade for fade, _ in fades),
        modulation=modulation,
        strokes=strokes,
    )
    return FoundWishes(
        wishes,
        tuple(sorted(found, key=lambda f: f.start)),
        bars,
        tempo,
        first_key,
        (*resting.players, *denied.players, *entering),
        (*resting.binding, *denied.binding, *not_struck),
    )


def _drum_breaks(sections: tuple[Section, ...], rests: Sequence[Rest]) -> tuple[Section, ...]:
    """Return the sections with breaks in which the drums are alone as what they are: a break of the model has no drums."""
    found, begin = [], 1
    for section in sections:
        last = begin + section.bars - 1
        resting = {
            r.part
            for r in rests
            if not r.roles
            and not r.outside
            and (r.section == section.name if r.section else r.first <= begin and (r.last is None or r.last >= last))
        }
        is_of_drums = section.cue == "break" and {"chords", "melody", "bass"} <= resting and "drums" not in resting
        found.append(replace(section, cue=None) if is_of_drums else section)
        begin = last + 1
    return tuple(found)


_AS_SECTIONS = {"break": "breakdown", "drop": "drop", "build": "build"}


def _cued_sections(cues: Sequence[CueAt]) -> tuple[Section, ...]:
    """Return what happens at bars as sections, those between them without a name: no kick until the drop, drop at bar 9."""
    sections: list[Section] = []
    at = 1
    ordered = sorted((c for c in cues if c.cue in _AS_SECTIONS), key=lambda c: c.bar)
    for cue, after in pairwise([*ordered, CueAt(MAX_BARS + 1, "")]):
        sections += [Section("", cue.bar - at)] if cue.bar > at else []
        left = after.bar - cue.bar
        bars = left if cue.cue == "drop" else min(cue.bars or CUES[cue.cue][0], left)
        sections.append(Section(_AS_SECTIONS[cue.cue], bars))
        at = cue.bar + bars
    return tuple(sections)


def _by_bars(rest: Rest, sections: Sequence[Section]) -> Rest:
    """Return a rest in the bars of a section that is one by its cue."""
    at = 1
    for section in sections:
        if rest.section and section.name == rest.section:
            to_the_end = at + section.bars > MAX_BARS
            if rest.outside:
                return replace(rest, section="", outside=False, first=1, last=at - 1) if to_the_end and at > 1 else rest
            return replace(rest, section="", first=at, last=None if to_the_end else at + section.bars - 1)
        at += section.bars
    return rest


def _at(places: Sequence[course.Place], about: About, reason: str = "") -> list[FoundWish]:
    """Return a wish at each of its places; of those that overlap, one from the first to the last."""
    joined: list[course.Place] = []
    for start, end in sorted(places):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return [FoundWish(start, end, reason, about) for start, end in joined]


_LASTS = tolerant(
    r"\b(?:(?:que |it |should |must |soll |va |doit )*(?:lasts?|lasting|dur(?:e|a|i|ar|er|are|ée|ación|ata|ação)|dauer[nt]?|length|länge|long of|lang)(?: de| di| of| von)?)[\s:=]*$"
)
_AT_LAST = tolerant(
    r"(?:\b(?:zum schluss|am (?:ende|schluss)|nochmals?|noch einmal|finally|at the end|once more|again|à la fin|pour finir|encore|al final|otra vez|alla fine|di nuovo|ancora|no final|de novo|mais uma vez)|最后|再来?个?)[\s,]*$"
)
_FORM_AHEAD = tolerant(
    r"(?:\b(?:rondo|rondeau|rondò|rondó|form|forme|forma|structure|struktur|estructura|struttura|estrutura|sections?)|结构|曲式|构成)\s*[:=]\s*$"
)
"""What leads to what was found, and says no more: lasts 45 seconds, and at the end 8 bars of verse."""


def _led(lower: str, wish: FoundWish, lead: re.Pattern[str]) -> FoundWish:
    """Return a wish with the words before it that lead to it."""
    at = wish.start
    while (before := lead.search(lower, max(0, at - 40), at)) is not None and before.start() < at:
        at = before.start()
    return replace(wish, start=at)


def _widened(found: Sequence[FoundWish], placed: Sequence[FoundWish]) -> list[FoundWish]:
    """Return what was found, and what happens at bars: where both begin with the same words, up to the end of both."""
    joined = list(found)
    for wish in placed:
        beside = next((i for i, f in enumerate(joined) if f.start <= wish.start < f.end), None)
        if beside is None:
            joined.append(replace(wish, about="form"))
        elif joined[beside].about == "form" and not joined[beside].reason:
            joined[beside] = replace(joined[beside], end=max(joined[beside].end, wish.end))
    return joined


def _inside(wish: FoundWish, found: Sequence[FoundWish]) -> bool:
    return any(f.start <= wish.start and wish.end <= f.end for f in found)


def _without(lower: str, found: Sequence[FoundWish]) -> str:
    for wish in found:
        lower = lower[: wish.start] + "\0" * (wish.end - wish.start) + lower[wish.end :]
    return lower
