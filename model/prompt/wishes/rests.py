"""Who is silent where: no drums until bar 9, the bass enters at bar 5, only piano in the intro, hats off in the last 4 bars. Pure patterns.

Such a wish is a run of words without others between them: who plays, a place of bars or a section, and whether they are denied there,
enter there, or play only there. What stands between the run's words says nothing of its own ("the", "please", 就).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from model.music.drums import ROLES
from model.music.notes import PARTS
from model.music.wishes import HALVES, Rest, Section
from model.prompt.rules.negation import NEGATION, within
from model.prompt.rules.parts import HELD, OF_SEVERAL_STRINGS, OFF, PART, PIECES, drum_pieces
from model.prompt.rules.vocabulary import find as find_terms
from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes.course import BAR, BARS, COUNT, FIRST, LAST, Place, count
from model.prompt.wishes.found import FoundWish
from model.prompt.wishes.sections import BARS_BEHIND, NAME, NAMED, named_as, section_of

_THE = r"(?:(?:the|la|le|les|el|los|las|il|lo|gli|i|o|os|a|as|den|die|der|das|dem|al|alla|della|del|do|da)\s+|l['’])?"
_UNTIL = r"(?:not until|until|till|'til|before|up to|bis(?: zu[mr]?)?|vor|hasta|antes de(?:l| la)?|jusqu['’](?:à|au)|avant|fino a(?:l|lla)?|prima (?:di|del|della|dell['’])|até|antes d[oae])"
_FROM = r"(?:(?:(?:starting|beginning) )?(?:at|from|on|by)|ab|bei|auf|desde|a partir de|a partir d[oa]|à(?: partir de)?|dès|dal(?:la)?|a(?: partire da(?:lla)?)?|all?a|en|no|na|nel(?:la)?)"
_AFTER = r"(?:after|nach|tras|después de(?:l| la)?|après|dopo|depois d[eoa])"
_IN = r"(?:in|during|for|over|throughout|im|in der|während|für|en|dans|sur|pendant|pour|durante|nel(?:la|le|l['’])?|nei|nos?|nas?|em|aux?|在)"
_NUMBER = r"(?:\d{1,3}|[一二三四五六七八九十百]{1,3})"
_ANY_SECTION = re.sub(r"\(\?P<s\d+>", "(?:", NAMED)
_PLACES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, tolerant(pattern))
    for kind, pattern in (
        ("until", rf"\b{_UNTIL}\s+{_THE}(?:{_ANY_SECTION})\s*[(=:,]\s*(?:{_FROM}\s+)?{_THE}{BAR}\s+(?P<a>\d{{1,3}})\s*\)?"),
        ("from", rf"(?:\b(?:{_IN}|{_FROM}|with|mit|avec|con|com)\s+)?{_THE}(?:{_ANY_SECTION})\s*[(=:,]\s*(?:{_FROM}\s+)?{_THE}{BAR}\s+(?P<a>\d{{1,3}})(?!\s*[-–]|\d)\s*\)?|在?(?:{_ANY_SECTION})\s*[(:]\s*第(?P<b>{_NUMBER})小[节節](?:开始|起|から)?\s*\)?"),
        (
            "range",
            rf"(?:\b(?:{_IN}|between|from|von|zwischen|entre|de|desde|das?|dos|dal(?:la)?|tra)\s+{_THE})?(?<![a-zà-ÿ]){BARS}\s+(?P<a>\d{{1,3}})\s*(?:-|–|to|until|through|and|bis|à|au|all?a|a|até|hasta|et|y|e|und)\s*(?:{_THE}{BAR}\s+)?(?P<b>\d{{1,3}})(?!\d|\s*b\.?p\.?m)"
            rf"|第\s*(?P<c>{_NUMBER})\s*(?:小[节節])?\s*(?:到|至|-|–|~|から)\s*第?\s*(?P<d>{_NUMBER})\s*小[节節](?:まで)?",
        ),
        (
            "until",
            rf"\b{_UNTIL}\s+{_THE}{BAR}\s+(?P<a>\d{{1,3}})|(?:直?到|等到?)第\s*(?P<b>{_NUMBER})\s*小[节節]|(?:在)?第\s*(?P<c>{_NUMBER})\s*小[节節](?:之?前|以前|为止|まで)",
        ),
        ("after", rf"\b{_AFTER}\s+{_THE}{BAR}\s+(?P<a>\d{{1,3}})|\b{_AFTER}\s+{_THE}(?:{FIRST}\s+)?(?P<b>{COUNT})\s+{BARS}(?![a-z])|(?<![第\d])(?P<c>\d{{1,3}})小[节節](?:之后|以后|后)"),
        ("at", rf"\b(?:in)\s+{_THE}{BAR}\s+(?P<a>\d{{1,3}})|(?<!\w){BAR}\s+(?P<b>\d{{1,3}})(?=\s+(?:(?:is|stays?|remains?|bleibt|ist|reste|est|queda|está|fica|resta|è)\s+)?(?:empty|blank|silent|leer|stumm|vide|vací[oa]|vazi[oa]|vuot[oa]))"),
        ("from", rf"(?:\b{_FROM}\s+{_THE}|(?<![\w,] )(?<!\w)){BAR}\s+(?P<a>\d{{1,3}})(?:\s+(?:on(?:wards?)?|an)(?![a-zà-ÿ]))?|(?:从|自)?第\s*(?P<b>{_NUMBER})\s*小[节節](?:开始|起|以后|之后|后|から|より)?"),
        (
            "first",
            rf"(?:\b{_IN}\s*)?{_THE}(?<![a-zà-ÿ]){FIRST}\s*(?:的)?(?P<a>{COUNT})\s*(?:个)?{BARS}(?:里|内|は|で)?|(?:\b{_IN}\s*)?{_THE}\b(?P<b>{COUNT})\s+{FIRST}\s+{BARS}|\b{_IN}\s+{_THE}{FIRST}\s+(?P<c>{COUNT})(?=\s*(?:$|[,.;])|\s+(?:and|und|et|y|e)\b)|\b{_IN}\s+{_THE}(?P<d>{COUNT})\s+{FIRST}(?=\s*(?:$|[,.;]))",
        ),
        (
            "last",
            rf"(?:\b{_IN}\s*)?{_THE}(?<![a-zà-ÿ]){LAST}\s*(?:的)?(?P<a>{COUNT})\s*(?:个)?{BARS}(?:里|内|は|で)?|(?:\b{_IN}\s*)?{_THE}\b(?P<b>{COUNT})\s+{LAST}\s+{BARS}|\b{_IN}\s+{_THE}{LAST}\s+(?P<c>{COUNT})(?=\s*(?:$|[,.;])|\s+(?:and|und|et|y|e)\b)|\b{_IN}\s+{_THE}(?P<d>{COUNT})\s+{LAST}(?=\s*(?:$|[,.;]))",
        ),
        (
            "last",
            rf"(?:\b{_IN}\s+)?{_THE}(?P<one>last|final|letzten?r?|dernière|último|ultima|última)\s+{BAR}(?![a-zà-ÿ])|(?:在)?(?P<one_zh>最后一?个?|最後の?|ラスト)小[节節]",
        ),
        ("first", rf"(?:\b{_IN}\s+)?{_THE}(?P<one>first|erste[nr]?|première|primer|prima|primeiro)\s+{BAR}(?![a-zà-ÿ])"),
        ("last", rf"\b(?P<a>{COUNT})\s+{BARS}\s+(?:before|avant|vor|antes (?:de|d[oe])l?|prima (?:della|di))\s*{_THE}(?:end|fin|ende|schluss|final|fine|fim)(?![a-z])"),
        ("alone", rf"\b(?:for|pendant|für|durante|por|per)\s+(?:the\s+)?(?P<a>{COUNT})\s+{BARS}(?![a-zà-ÿ])"),
        ("half", r"\b(?:in|during|from|for)\s+the\s+(?P<half>first|second)\s+half\b|\b(?:in|ab)\s+der\s+(?:(?P<front_de>ersten)|zweiten)\s+hälfte\b|\b(?:dans|pendant|à)\s+la\s+(?:(?P<front_fr>première)|seconde|deuxième)\s+moitié\b|\b(?:en|n)\s?a?\s?(?:la\s+)?(?:(?P<front_es>primera|primeira)|segunda)\s+(?:mitad|metade)\b|\bnella\s+(?:(?P<front_it>prima)|seconda)\s+metà(?![a-z])|(?P<front>前)半[段部]?|后半[段部]?"),
        (
            "section",
            rf"(?:\b(?:(?P<until>{_UNTIL})|(?P<from>from|at|with|ab|mit|desde|dès|a partir d[aeo]|dal(?:la|l['’])?)|(?P<after>{_AFTER})|{_IN})\s*{_THE}|[在到]?(?=[^\x00-\x7f]))(?:{NAMED})(?:\s+(?:section|part)\b|部分|里面?|中|的?时候?|で|は)?(?P<before>之?前)?(?:才|まで)?",
        ),
    )
)  # fmt: skip
BEFORE_ONLY = r"(?:only|just|nothing but|nur(?: noch)?|bloß|lediglich|seulement|uniquement|(?:plus )?rien que|nothing (?:else )?but|nichts (?:mehr )?(?:als|außer)|nada más que|nient['’]altro che|nada além d[aeo]|solamente|únicamente|soltanto|unicamente|apenas|somente|só)"
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, tolerant(pattern))
    for kind, pattern in (
        ("but", r"(?:except(?: for)?|but(?: for)?(?!\s+(?:it|they|then|only|from|with|in|at)\b)|apart from|save|außer|bis auf|sauf|excepté|à part|excepto|salvo|menos|tranne|eccetto|exceto|除了|以外は?)(?![a-zà-ÿ-])"),
        ("start", r"n['’](?:arriv|entr|commenc|apparaî|jou|intervien|vien)\w* qu['’]e?(?=\W|[àa])|n['’]\s?est (?:là )?qu['’]"),
        ("empty", r"(?:empty|blank|silent|leer|stumm|vide|vací[oa]s?|vazi[oa]s?|vuot[oaie]|pausa|pause|(?:in|en|em) (?:silen\w+|stille))(?![a-zà-ÿ-])|空着?|留空|休み|お休み|休止"),
        ("back", r"(?:(?:it|they|he|she|sie|er|es|ils?|elles?|ell[oa]s|eles|elas) )?(?:comes? back(?: in)?(?! in\b)|(?:is|are) back(?: in)?|returns?|returning|re-?enters?|(?:komm(?:t|en)|kehr(?:t|en)) (?:wieder|zurück)|wieder da(?:bei)?|revien(?:t|nent)|vuelve[n]?(?: a entrar)?|regresa[n]?|torna(?:no)?|rientra(?:no)?|volta[m]?|regressa[m]?|retorna[m]?)(?![a-zà-ÿ-])|回来|再次?(?:进来|加入|出现)|戻(?:る|って|り)"),
        ("small", r"(?:nothing|none|not)(?: else)? before(?: (?:that|it|then))?(?![a-zà-ÿ-])|(?:vorher|davor|zuvor) (?:kein\w*|nichts|nicht)(?![a-zà-ÿ-])"),
        ("not", rf"(?:{NEGATION.pattern})|\b(?:do|does|should|must)(?:n['’]t| not)\b|なし(?:で|に)?|抜き(?:で|に)?|無し|去掉|静音"),
        ("start", r"\b(?:enter(?:s|ing)?|comes? (?:back )?in|coming in|(?:start|begin|kick|join|appear|arriv)(?:s|es|e|ing)?(?: in)?|drops? in|sets? in|come|comes|bring(?:s|ing)? in|bring(?=\s+(?:the|in|back)\s)|in(?=\s+(?:at|on|from|by)\s)|add(?:s|ing)?|introduc\w+|erst|einsetzen|komm(?:t|en)|beginn(?:t|en)|ein|rein|dazu|entr(?:a|an|ano|am|e|ent|ando|ar|are|er)|rentr(?:e|ent)|lleg(?:a|an)|empiez(?:a|an)|comienz(?:a|an)|arriv(?:a|ano|ent)|commenc(?:e|ent)|inizi(?:a|ano)|part(?:e|ono)|cheg(?:a|am)|começ(?:a|am))(?![a-zà-ÿ-])|才?[进進](?:来|场|入)?|才?加入|才?出现|开始|入(?:る|って|り|ります|れて?)|スタート|始まる|登場|から|才有?|起"),
        ("stop", r"\b(?:stop(?:s|ped|ping)?|drops? out|leav(?:e|es|ing)|ends?|go(?:es)? (?:away|silent|out|quiet)|falls? (?:away|out|silent)|cuts? out|disappears?|rests?|pauses?|stopp(?:t|en)|(?:hör(?:t|en)|steig(?:t|en)) (?:auf|aus)|aufhören|aussteigen|fäll(?:t|en) (?:weg|aus)|verstumm(?:t|en)|setzt aus|paus(?:iert|ieren)|raus|weg|aus|se va[n]?|se retira[n]?|desaparece[nm]?|call(?:a|an)|par(?:a|an|am)(?= )|s['’]arrêt(?:e|ent)|disparaît|disparaissent|se tai(?:t|sent)|si ferma(?:no)?|esc(?:e|ono)|spari(?:sce|scono)|tac(?:e|ono)|som(?:e|em)|sai|saem)(?![a-zà-ÿ-])|停止?|退出|消失|止ま(?:る|って)|消え(?:る|て)|抜け(?:る|て)|休息|不响|不演奏|静默"),
        ("only behind", r"だけ|のみ|(?:sol[oa](?=\s*(?:$|[,.;]))|seule?s?|alone|allein(?:e)?|sozinh[oa]s?|(?:toca[n]?|suena[n]?|suona(?:no)?|spielt|plays?|joue) (?:sol[oaie]s?|alone|allein|seule?)(?= )|da sol[oaie])(?![a-zà-ÿ-])|单独|独奏"),
        ("only", rf"\b{BEFORE_ONLY}(?![a-zà-ÿ-])|\b(?:solo|sólo)(?= )|只[有用要]?|仅用?"),
        ("and", r"(?:and|und|et|y|e|&|\+|和|与|跟|と)(?![a-zà-ÿ-])"),
        ("small", r"(?:ensuite|luego|después|depois|poi|dopo|danach|entonces|take|let|lass(?:e|t|en)?|hol(?:e|t|en)?|bring(?:e|t|en)?|haz|deja|mete|fais|faites|laisse[rz]?|fai|fa['’]|metti|faça|deixe|then|but|the|an?|any|all|of|do|does|are|is|be|should|must|will|plays?|playing|with|we|let|have|has|get|please|there|also|again|at all|setzt|setzen|steigt|steigen|dann|aber|auch|bitte|joue(?:nt)?|toca[nm]?|tocan|suonano?|suena[n]?|stays?|is|remains?|kept|keep|bleib(?:t|en)|ist|reste(?:nt)?|est|queda[n]?|está|fica[m]?|resta|è|fait|macht|a|hace|una?|eine|it|er|sie|elles?|ils|eles?|elas?|lui|soll(?:en)?|spiel(?:t|en)|mit|gibt|die|das|der|dem|den|wieder|es|la|le|les|el|los|las|il|lo|gli|un[ae]?|puis|avec|il y a|o|os|as|con|com|que|se|de|del|di|d['’]|hay|c['’]è|tem)(?![a-zà-ÿ-])|一起|同时|一同|[都就再的了要请有在也会は]|が|も|を|に|で|の"),
    )
)  # fmt: skip
_OFF_BEHIND = tolerant(rf"(?:{OFF.pattern})|\s*(?:不要|没有|无|オフ|いらない)")
_PAUSE = re.compile(r"\s*[,:，：]\s*")
_BUT = tolerant(r"except|besides|instead|rather|除了")
_STOPS = re.compile(r"[,.;:!?，。；：！？、\n]")
_COLON = re.compile(r"\s*[:：(（]\s*")

_ALL = tolerant(
    r"(?:(?:the |l['’]|la |il |el |die |der |das |le )?(?:whole |full |entire |ganze |volle )?(?:everything|everyone|everybody|band(?: in)?|banda|gruppo|grupo|groupe|all(?: (?:the )?(?:instruments|parts|others))|alles|alle|tout(?: le (?:monde|groupe|reste))?|tous|toda? (?:el|la) (?:grupo|banda)|tod[oa]s?|tudo|tutt[oi]|tutta la band|rest)(?: else)?)(?![a-zà-ÿ-])|大家|(?:所有|全部|全体)(?:乐器|人)|乐队(?=一起)|全部|全员|全員|全体|(?:バンド|乐队|楽器)?(?:全员|全員|全体|みんな|全部)|整个乐队"
)
_BARE = tolerant(
    rf"(?:(?:{_IN}|{_FROM}|{_UNTIL})\s+{_THE})?(?P<a>\d{{1,3}})\s*(?:-|–|to|bis|à|au|all?a|a|até|hasta)\s*(?P<b>\d{{1,3}})(?![\d/.:%]|\s*(?:b\.?p\.?m|[-–]))|(?:{_IN}|{_FROM})\s+{_THE}(?P<c>\d{{1,3}})(?=\s*(?:$|[,.;)])|\s+(?:and|und|et|y|e)\b)"
)
"""Bars whose word is left out behind others: in bars 1-4 and 9-12, entra en el compás 5 y la melodía en el 7."""
_EARLIER = tolerant(
    r"\s*[,;:(、，]\s*(?:and |und |et |y |e )?(?:before(?: (?:that|then|it))?|until then|up to then|avant(?: (?:ça|cela))?|jusque-là|vorher|davor|zuvor|bis dahin|antes(?: (?:de eso|disso))?|hasta entonces|prima(?: di (?:allora|quello))?|fino ad allora|até lá|(?:在此)?之前|その前は?|それまでは?)[\s,:]*(?=\S)"
)
_LATER = tolerant(
    r"\s*[,;、，]?\s*(?:and then|then|after(?:wards| that)|und dann|dann|danach|et puis|puis|après|ensuite|y luego|luego|después|y después|e poi|poi|dopo|e depois|depois|然后|之后|接着|その後は?|そのあとは?|それから|(?:后面?|接下来)的?\d{1,3}小节|the (?:next|other) \d{1,3} bars,?)[\s,:]*(?=\S)"
)
OPENS_WITH = tolerant(
    r"(?:\b(?:start(?:s|ing)?|begin(?:s|ning)?|open(?:s|ing)?|(?:beginnt|fängt an|startet|los geht'?s|beginne) |commenc\w+|débute\w*|empieza|empezando|empezar|comienza|inizia|iniziare|começa|começando)\s*(?:off )?(?:with|mit|avec|par|con|com)|以|从)\s*(?=\S)"
)

_Kind = Literal["who", "where", "not", "start", "stop", "back", "but", "only", "only behind", "and", "small", "empty"]


@dataclass(frozen=True, slots=True)
class Word:
    """Words of a run: from where to where, what they say; for who plays its part and drums, for where its kind and match."""

    start: int
    end: int
    kind: str
    part: str = ""
    roles: tuple[str, ...] = ()
    place: re.Match[str] | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class FoundRests:
    """The rests, where they are said, who is named there, and which words bind there and not in the whole piece."""

    rests: tuple[Rest, ...] = ()
    found: tuple[FoundWish, ...] = ()
    players: tuple[Place, ...] = ()
    binding: tuple[Place, ...] = ()

    def beside(self, more: FoundRests, known: Sequence[Rest]) -> FoundRests:
        """Return these and more of them, without the rests that are known."""
        rests = (*self.rests, *(r for r in more.rests if r not in known))
        found, players = (*self.found, *more.found), (*self.players, *more.players)
        return FoundRests(tuple(dict.fromkeys(rests)), found, players, (*self.binding, *more.binding))


EVERYONE = "everyone"


def find_rests(lower: str, sections: Sequence[Section], taken: Sequence[Place]) -> FoundRests:
    """Return who rests where; `sections` are those that the piece has, `taken` is read already.

    Percussion is the kit as well where no drums are named: whoever wants none at a place wants no kit there.
    """
    found = _found_rests(lower, sections, taken)
    names = {m.lastgroup for m in PART.finditer(lower)}
    if "perc" not in names or names & {"drums", "piece", "hand"}:
        return found
    kit = [replace(r, part="drums") for r in found.rests if r.part == "perc" and not r.roles]
    both = {r.part for r in found.rests} >= {"perc", "drums"}
    return found if both else replace(found, rests=(*found.rests, *kit))


def _found_rests(lower: str, sections: Sequence[Section], taken: Sequence[Place]) -> FoundRests:
    players = named_players(lower)
    places = {
        at: w
        for at, w in _places(lower, taken).items()
        if not (lower.endswith("solo", 0, w.end) and w.end + 1 in players)  # with solo piano
    }
    whole = FoundRests()
    joins: list[int] = []  # bars at which everyone comes in
    last_who: list[Word] = []
    at = 0
    for start in sorted(w.start for w in places.values()):
        if start < at:
            continue
        whole_run = _run(lower, start, players, places)
        fills = bool(whole_run) and (
            _fills_its_clause(lower, whole_run[0].start, whole_run[-1].end)
            or bool(_clause_beside(lower, whole_run, players)[1])
        )
        for run in _split(whole_run):
            at = max(at, run[-1].end) if run else at
            who = [w for w in run if w.kind == "who"]
            closed = _closed(run, who or last_who, whole.rests, sections)
            if closed is not None:
                whole = replace(whole, rests=closed)
                read: tuple[list[Rest], str] | None = [], ""
            else:
                low = max((m.end() for m in _STOPS.finditer(lower, 0, run[0].start)), default=0) if run else 0
                if run and not who and not last_who and _PRONOUN.search(lower, low, run[-1].end):
                    last_who = _spoken_of(lower, run[0].start, players)
                said = run if who or not {"stop", "start"} & {w.kind for w in run} else [*last_who, *run]
                read = _read(lower, said, sections, fills)
            last_who = who or last_who
            more, players_too = _clause_beside(lower, run, players)
            if read is None and more and {w.part for w in who} == {EVERYONE}:
                read = [], ""  # everything until bar 12, then only the piano
            if read is not None:
                joins += _joining(run, read[0], sections)
                run = [*run, *players_too]
                at = max(at, run[-1].end)
                rests, reason = read
                until = any(w.where == "until" for w in run)
                rests = [r for r in dict.fromkeys(more if more and until else [*rests, *more]) if r not in whole.rests]
                whole = FoundRests(
                    (*whole.rests, *rests),
                    (*whole.found, FoundWish(run[0].start, run[-1].end, reason)),
                    (*whole.players, *((w.start, w.end) for w in run if w.kind == "who")),
                    (*whole.binding, *((w.start, w.end) for w in run if w.kind not in ("who", "and", "small"))),
                )
    return _at_first(lower, _opened(lower, whole, players, joins))


_PRONOUN = tolerant(r"\b(?:it|they|er|sie|ils?|elles?|ell[oa]s?|él|eles?|elas?)\b|它们?")


def _spoken_of(lower: str, at: int, players: dict[int, Word]) -> list[Word]:
    """Return who was named last in the sentence before a place: no bass at first, but it comes in at bar 5."""
    low = max((m.end() for m in re.finditer(r"[.;!?。；！？\n]", lower[:at])), default=0)
    named = [w for start, w in sorted(players.items()) if low <= start and w.end <= at and w.part != EVERYONE]
    return named[-1:]


_AT_FIRST = tolerant(
    r"\b(?:at first|at the (?:start|beginning)|in the beginning|to begin with|am anfang|zu beginn|zunächst|anfangs|au début|au départ|al principio|al comienzo|all['’]inizio|no início|no começo)\b|一开始|刚开始|最初(?:は|に)?|はじめは|始めは"
    r"|(?:erst|zuerst|first|d['’]abord|primero|primeiro|prima)(?= [^,.;]{0,24}?\b(?:nur|only|just|solo|sólo|só|seulement|soltanto|allein|seule?|alone|sozinh[oa])\b)|[先首まず](?=只有?)"
)
_JOINS = tolerant(
    rf"\s*(?:,\s*)?(?:until|till|bis|hasta que|jusqu['’]à ce que|finché|fino a quando|até que|直到|{_LATER.pattern})"
)


def _at_first(lower: str, whole: FoundRests) -> FoundRests:
    """Return the rests with the words for the beginning of those that begin there, and those for all who come after them."""
    ends = [r for r in whole.rests if r.first == 1 and r.last is not None]
    said = [m.span() for m in _AT_FIRST.finditer(lower)] if ends else []
    taken = [(f.start, f.end) for f in whole.found]
    new = [FoundWish(*span) for span in said if not within(span[0], taken)]
    return replace(whole, found=(*whole.found, *new))


def then_everyone(lower: str, rests: Sequence[Rest], taken: Sequence[Place]) -> tuple[list[FoundWish], list[Place]]:
    """Return where the words say that after some rests all play, or who rested, and no more; and where these are named."""
    found: list[FoundWish] = []
    named: list[Place] = []
    players = named_players(lower) if rests else {}
    resting = {r.part for r in rests if r.last is not None or r.section}
    for match in _LATER.finditer(lower) if rests else ():
        words = _onwards(lower, match.end(), players, {}, "")
        who = {w.part for w in words if w.kind == "who"}
        ends = not words or not lower[words[-1].end :].strip() or _STOPS.match(lower[words[-1].end :].lstrip())
        plays = {w.kind for w in words} <= {"who", "start", "small", "and"} and who and who <= resting | {EVERYONE}
        if plays and ends and not any(a < words[-1].end and match.start() < b for a, b in taken):
            lead = len(match.group()) - len(match.group().lstrip(" ,;，、"))
            found.append(FoundWish(match.start() + lead, words[-1].end, about="form"))
            named += [(w.start, w.end) for w in words if w.kind == "who"]
    return found, named


def _opened(lower: str, whole: FoundRests, players: dict[int, Word], joins: Sequence[int]) -> FoundRests:
    """Return the rests with those of who is not named where a piece opens with some alone: they come with the first who enters."""
    entrances = [r.last + 1 for r in whole.rests if r.first == 1 and r.last is not None and r.last > 0] + [*joins]
    opens, words = _opening(lower, players) if entrances else (0, [])
    told = max((i for i, w in enumerate(words) if w.kind in ("only", "only behind")), default=0)
    clause = [i for i, w in enumerate(words) if w.kind in _VERBS and i > told]
    if clause:  # "with only a piano and let the strings join": the strings are of another clause
        last_and = max((i for i, w in enumerate(words[: clause[0]]) if w.kind == "and"), default=clause[0])
        words = words[:last_and]
    who = [w for w in words if w.kind == "who" and w.part != EVERYONE]
    if not who or not {"only", "only behind"} & {w.kind for w in words}:
        return whole
    late = {r.part for r in whole.rests if r.first == 1}
    rests = [Rest(w.part, 1, min(entrances) - 1, roles=w.roles) for w in all_but(who) if w.part not in late]
    return FoundRests(
        (*whole.rests, *rests),
        (*whole.found, FoundWish(opens, words[-1].end)),
        (*whole.players, *((w.start, w.end) for w in who)),
        (*whole.binding, *((w.start, w.end) for w in words if w.kind in ("only", "only behind"))),
    )


def _opening(lower: str, players: dict[int, Word]) -> tuple[int, list[Word]]:
    """Return where and with which words a piece opens: start with just the pad; at first only the piano; only a bass until bar 5."""
    if (opens := OPENS_WITH.search(lower)) is not None:
        return opens.start(), _onwards(lower, opens.end(), players, {}, "")
    for first in _AT_FIRST.finditer(lower):
        low = max((m.end() for m in _STOPS.finditer(lower, 0, first.start())), default=0)
        for at in (low, first.end()):
            words = _onwards(lower, at, players, {}, "")
            if any(w.kind == "who" for w in words):
                return words[0].start, words
    for low in (0, *(m.end() for m in _STOPS.finditer(lower))):
        words = _onwards(lower, low, players, {}, "")
        kinds = [w.kind for w in words if w.kind != "small"]
        alone = kinds[:1] == ["only"] and _JOINS.match(lower, words[-1].end)
        if alone or kinds[:3] == ["who", "start", "only behind"]:  # the guitar begins alone
            return words[0].start, words
    return 0, []


def _joining(run: Sequence[Word], rests: Sequence[Rest], sections: Sequence[Section]) -> list[int]:
    """Return the bar at which everyone comes in, where a run says that and nothing of who rests."""
    everyone = {w.part for w in run if w.kind == "who"} == {EVERYONE}
    places = [w for w in run if w.kind == "where" and w.where in ("from", "at", "after")]
    spans = [span for w in places if (span := _span(w, sections)[0]) is not None] if everyone and not rests else []
    return [span[0] for span in spans[:1] if span[0] > 1]


def _closed(
    run: Sequence[Word], who: Sequence[Word], rests: Sequence[Rest], sections: Sequence[Section]
) -> tuple[Rest, ...] | None:
    """Return the rests, of which those without an end end where a run says that who rests comes back; None where it does not."""
    where = [w for w in run if w.kind == "where"]
    if len(where) != 1 or not {"back", "start"} & {w.kind for w in run} or {"not", "stop"} & {w.kind for w in run}:
        return None
    span, _ = _span(where[0], sections)
    parts = {w.part for w in who}
    if span is None:
        return None
    open_ = [
        r
        for r in rests
        if r.last is None and not r.section and 1 < r.first < span[0] and (r.part in parts or EVERYONE in parts)
    ]
    return tuple(replace(r, last=span[0] - 1) if r in open_ else r for r in rests) if open_ else None


def _clause_beside(lower: str, run: Sequence[Word], players: dict[int, Word]) -> tuple[list[Rest], list[Word]]:
    """Return who rests before a run's bar, or after it, as the next clause says: before that only chords, then nothing but the pad."""
    where = [w for w in run if w.kind == "where"]
    place = where[-1] if where and where[-1].where in ("from", "at", "until", "range", "first") else None
    span = None if place is None else _span(place, ())[0]
    if place is None or span is None:
        return [], []
    earlier = _EARLIER.match(lower, run[-1].end) if place.where in ("from", "at") else None
    later = _LATER.match(lower, run[-1].end) if place.where in ("until", "range", "first") else None
    lead = earlier or later
    words = [] if lead is None else _onwards(lower, lead.end(), players, {}, "")
    who = [w for w in words if w.kind == "who" and w.part != EVERYONE]
    if not who or not {"only", "only behind"} & {w.kind for w in words}:
        return [], []
    last = span[1] or 1
    if place.where == "until" and (last + 1) % 4 == 0:
        last += 1  # until bar 8, then: bar 8 is the last
    bars: _Span = (1, span[0] - 1) if earlier is not None else (last + 1, None)
    return [Rest(w.part, bars[0], bars[1], roles=w.roles) for w in all_but(who)], words


def named_players(lower: str) -> dict[int, Word]:
    """Return what may enter or rest by its place: parts, instruments as their parts, and pieces of the kit."""
    found: dict[int, Word] = {}
    terms = list(find_terms(lower))
    styles = [(t.start, t.end) for t in terms if t.term.kind in ("genres", "artists")]
    chordal = {
        t.term.name: t.term.program in HELD for t in terms if t.term.kind == "instruments" and t.term.part == "chords"
    }
    held = [name for name, is_held in chordal.items() if is_held]
    beside = held[-1] if held and len(chordal) > 1 else None  # strings beside a piano are a pad
    leads = {t.term.name: t.term.program for t in terms if t.term.kind == "instruments" and t.term.part == "melody"}
    several = next((name for name, n in leads.items() if n in OF_SEVERAL_STRINGS), None)
    plucked = several if len(leads) > 1 and not chordal else None  # a zither beside a flute accompanies it
    for term in terms:
        if term.term.kind == "instruments" and term.term.part is not None:
            played = "pad" if term.term.name == beside else "chords" if term.term.name == plucked else term.term.part
            found[term.start] = Word(term.start, term.end, "who", played)
    for part in PART.finditer(lower):
        name = part.lastgroup or ""
        if name != "piece" and not within(part.start(), styles):
            found[part.start()] = Word(*part.span(), "who", PIECES.get(name, name))
    for everyone in _ALL.finditer(lower):
        before = lower[everyone.start() - 1 : everyone.start()]
        if not (before.isalpha() and before.isascii()) and everyone.start() not in found:
            found[everyone.start()] = Word(*everyone.span(), "who", EVERYONE)
    for start, end, roles in drum_pieces(lower):
        if start not in found or (found[start].end <= end and (found[start].part, roles) != ("perc", ("perc",))):
            found[start] = Word(start, end, "who", "drums", roles)
    return found


def _places(lower: str, taken: Sequence[Place]) -> dict[int, Word]:
    """Return the places of bars and sections, none within another or within what was read."""
    found: dict[int, Word] = {}
    ends: list[Place] = list(taken)
    for kind, pattern in _PLACES:
        for match in pattern.finditer(lower):
            if any(match.start() < end and start < match.end() for start, end in ends):
                continue
            begin = match.start() + len(match.group()) - len(match.group().lstrip())
            found[begin] = Word(begin, match.end(), "where", place=match, where=kind)
            ends.append(match.span())
    return found


def _word_at(lower: str, at: int, players: dict[int, Word], places: dict[int, Word], behind: str) -> Word | None:
    if at in places:
        return places[at]
    if at in players:
        return players[at]
    if behind == "who" and (off := _OFF_BEHIND.match(lower, at)) is not None:
        return Word(at, off.end(), "not")
    if at and lower[at - 1].isalpha() and lower[at - 1].isascii() and lower[at].isascii():
        return None
    for kind, pattern in _WORDS:
        match = pattern.match(lower, at)
        if match is not None and match.end() > at:
            return Word(at, match.end(), kind)
    return None


def _onwards(lower: str, at: int, players: dict[int, Word], places: dict[int, Word], behind: str) -> list[Word]:
    run: list[Word] = []
    while at < len(lower):
        while at < len(lower) and lower[at].isspace() and lower[at] != "\n":
            at += 1
        word = None if at >= len(lower) else _word_at(lower, at, players, places, behind)
        barred = any(w.kind == "where" and w.where not in ("section", "half") for w in run)
        if barred and (word is None or word.kind == "small") and (bare := _BARE.match(lower, at)) is not None:
            word = Word(at, bare.end(), "where", place=bare, where="range" if bare.group("b") else "from")
        if word is None:
            break
        run.append(word)
        at, behind = word.end, word.kind
    return run


def _run(lower: str, start: int, players: dict[int, Word], places: dict[int, Word]) -> list[Word]:
    """Return the words around a place that belong to its run; where it opens a clause alone, those behind its comma too."""
    low = max((m.end() for m in re.finditer(r"[,.;:!?，。；：！？、\n]", lower[:start])), default=0)
    begins = sorted(
        {
            low,
            *(m.start() for m in re.finditer(r"\w+|[^\w\s]", lower[:start]) if m.start() >= low),
            *(p for p in players if low <= p < start),
            *_signs(lower, low, start),
        }
    )
    run = next((r for at in begins if (r := _onwards(lower, at, players, places, ""))[-1:] and r[-1].end > start), None)
    run = run or _onwards(lower, start, players, places, "")
    if run and (pause := _PAUSE.match(lower, run[-1].end)) is not None:  # all stop at bar 8, except the piano
        more = _onwards(lower, pause.end(), players, {}, "")
        run += more if more and more[0].kind == "but" else []
    if run and not any(w.kind in ("who", "empty") for w in run) and (not lower[low : run[0].start].strip()):
        pause = _PAUSE.match(lower, run[-1].end)
        more = [] if pause is None else _onwards(lower, pause.end(), players, places, "")
        if any(w.kind == "who" for w in more) and not any(w.kind == "where" for w in more):
            run += more
    for i, word in enumerate(run):  # arp until bar 8, then only the pad: the second says it of the bars behind
        if word.kind == "where" and any(w.kind == "who" for w in run[:i]):
            then = _LATER.match(lower, word.end)
            if (
                then is not None
                and _onwards(lower, then.end(), players, {}, "")[:1]
                and (_onwards(lower, then.end(), players, {}, "")[0].kind == "only")
            ):
                run = run[: i + 1]
                break
    run = _without_next(lower, _of_last_verb(run))
    while run and run[0].kind in ("and", "small"):
        run = run[1:]
    while run and run[-1].kind in ("and", "small"):
        run = run[:-1]
    return run


def _of_last_verb(run: list[Word]) -> list[Word]:
    """Return the part of a run that its last verb says, where another says who plays alone before it: only a piano, and the strings join at bar 5."""
    for i in range(len(run) - 1, 0, -1):
        behind, before = {w.kind for w in run[i:]}, {w.kind for w in run[:i]}
        if (
            run[i].kind == "and"
            and {"who", "where"} <= behind
            and behind & _VERBS
            and before & {"only", "only behind"}
            and "where" not in before
        ):
            return run[i + 1 :]
    return run


def _without_next(lower: str, run: list[Word]) -> list[Word]:
    """Return a run without who stands behind its place and an "and", where words of their own follow: and the melody louder.

    Everyone behind a "then" is of the next clause: no bass in bars 1-8, then the full band.
    """
    last = max((i for i, w in enumerate(run) if w.kind == "where"), default=len(run))
    behind = [w.kind for w in run[last + 1 :]]
    everyone = [w for w in run[last + 1 :] if w.part == EVERYONE]
    if everyone and _LATER.match(lower, run[last].end) and any(w.kind == "who" for w in run[:last]):
        return run[: last + 1]
    if behind[:1] != ["and"] or set(behind) - {"and", "small", "who"} or "who" not in behind:
        return run
    more = lower[run[-1].end :].lstrip()
    return run if not more or _STOPS.match(more) or not any(w.kind == "who" for w in run[:last]) else run[: last + 1]


def _signs(lower: str, low: int, start: int) -> Iterator[int]:
    """Yield the places of signs that are words without blanks between them."""
    return (i for i in range(low, start) if not lower[i].isascii())


_VERBS = frozenset(("start", "stop", "back"))


def _is_anew(group: Sequence[Word], word: Word, rest: set[str]) -> bool:
    """Return True if the same players do something else from a word on: drop out at bar 5 and come back at bar 7."""
    if not _VERBS & {w.kind for w in group} or "where" not in rest or "who" in rest:
        return False
    said = [w.kind for w in group if w.kind not in ("and", "small")]
    return word.kind in _VERBS or (word.kind == "where" and said[-1] in _VERBS and bool(_VERBS & rest))


def _split(run: list[Word]) -> Iterator[list[Word]]:
    """Yield the runs of one place each: drums from bar 5 and bass from bar 9."""
    group: list[Word] = []
    for i, word in enumerate(run):
        complete = {"who", "where"} <= {w.kind for w in group}
        rest = {w.kind for w in run[i:]}
        anew = _is_anew(group, word, rest)
        if complete and (anew or (word.kind in ("and", "who", "where") and {"who", "where"} <= rest)):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


_Span = tuple[int, int | None]
"""Bars from one to another, counted from 1, of the end where negative; None for the end."""


def _span(word: Word, sections: Sequence[Section]) -> tuple[_Span | None, str]:
    """Return the bars that a place names, of a section without its bars none and its name."""
    match = word.place
    assert match is not None
    said = match.groupdict()
    numbers = [1] if said.get("one") or said.get("one_zh") else [count(said[g]) for g in "abcd" if said.get(g)]
    if word.where == "section":
        name, _, _ = section_of(match)
        edge = said.get("until") or said.get("from") or said.get("after") or said.get("before")
        if edge is None:
            return None, name
        first = next(((at + 1, at + s.bars) for at, s in _placed(sections) if s.name == name), None)
        if first is None:
            return None, ""
        if said.get("until") or said.get("before"):
            return (1, first[0] - 1), name
        return (first[0] if said.get("from") else first[1] + 1, None), name
    if word.where == "half":
        front = any(v for k, v in said.items() if k.startswith("front")) or said.get("half") == "first"
        return None, HALVES[0] if front else HALVES[1]
    n = numbers[0]
    return {
        "range": (n, numbers[-1]), "until": (1, n - 1), "from": (n, None), "at": (n, n), "first": (1, n), "last": (-n, None),
        "after": (n + 1, None), "alone": (1, n),
    }[word.where], ""  # fmt: skip


def _placed(sections: Sequence[Section]) -> Iterator[tuple[int, Section]]:
    at = 0
    for section in sections:
        yield at, section
        at += section.bars


def _fills_its_clause(lower: str, start: int, end: int) -> bool:
    """Return True if nothing of its own stands beside a run between commas: "drums from bar 5", not "blast beats from bar 5"."""
    low = max((m.end() for m in _STOPS.finditer(lower, 0, start)), default=0)
    stop = _STOPS.search(lower, end)
    return _says_nothing(lower, low, start) and _says_nothing(lower, end, len(lower) if stop is None else stop.start())


def _says_nothing(lower: str, at: int, end: int) -> bool:
    """Return True if nothing but small words stands between two places."""
    while at < end:
        if not lower[at].isalnum():
            at += 1
            continue
        said = [
            m.end() for kind, p in _WORDS if kind in ("and", "small") and (m := p.match(lower, at, end)) is not None
        ]
        if max(said, default=at) == at:
            return False
        at = max(said)
    return True


def _read(lower: str, run: Sequence[Word], sections: Sequence[Section], fills: bool) -> tuple[list[Rest], str] | None:
    """Return the rests of a run, and why there are none of them where there are none; None where the run says nothing of the kind.

    `fills`: a place alone says that a part enters there only where no other words stand beside it.
    """
    who = [w for w in run if w.kind == "who"]
    where = [w for w in run if w.kind == "where"]
    if where and not who and "empty" in {w.kind for w in run}:
        return _emptied(lower, where, sections)
    if not where or not who:
        return None
    if len(where) > 1:
        return _read_several(run, who, where)
    place, kinds = where[0], [w.kind for w in run]
    span, section = _span(place, sections)
    known = span is not None or section in HALVES or any(s.name == section for s in sections)
    if not known and place.place is not None:
        return (
            [],
            f"there is no {named_as(place.place)} yet: say how long its sections are (intro 4 bars, verse 8 bars …)",
        )
    if span is not None and (span[0] == 0 or span[1] == 0):
        return None
    only = _only(run, who, place)
    if place.where == "alone" and only != "who":
        return None  # "drums for 4 bars" says not which
    everyone = any(w.part == EVERYONE for w in who)
    if "but" in kinds or everyone:
        named = [w for w in run[kinds.index("but") :] if w.kind == "who"] if "but" in kinds else []
        if not everyone or span is None or (named and EVERYONE in {w.part for w in named}):
            return None
        if {"stop", "not"} & set(kinds) and named:
            last_bar = None if place.where in ("at", "from") else span[1]
            return [Rest(w.part, span[0], last_bar, roles=w.roles) for w in all_but(named)], ""
        return ([], "") if place.where in ("at", "from", "after") and not named and fills else None
    if any(w.kind == "not" and _BUT.match(lower, w.start) for w in run):
        return None  # "everything stops at bar 8 except the piano" says it of the others
    if span is not None and place.where == "at" and {"stop", "start"} & set(kinds):
        span = span[0], None
    if "not" in kinds or "stop" in kinds:
        silent, outside = who, False
    elif only == "who":
        silent, outside = all_but(who), False
    elif only == "where":
        silent, outside = who, True
    elif "start" in kinds and place.where != "first":
        silent, outside = who, place.where != "until"
    elif fills and (
        (place.where in ("from", "after", "range") and section == "")
        or place.where == "until"
        or (place.where == "section" and span is not None and span[0] == 1)
    ):
        silent, outside = who, True
    else:
        return None
    if place.where == "until" and "start" in kinds:
        outside = False
    found: list[Rest] = []
    for word in silent:
        if span is None and "start" in kinds and section not in HALVES and not only:
            first = next(at for at, s in _placed(sections) if s.name == section)
            found += [Rest(word.part, 1, first, roles=word.roles)] if first else []
        elif span is None:
            found.append(Rest(word.part, section=section, outside=outside, roles=word.roles))
        elif not outside:
            found += (
                [Rest(word.part, *span, roles=word.roles)]
                if span[1] is None or span[1] < 0 or span[0] <= span[1]
                else []
            )
        else:
            first, last = span
            found += [Rest(word.part, 1, first - 1, roles=word.roles)] if first != 1 else []
            found += [Rest(word.part, last + 1, None, roles=word.roles)] if last is not None and last != -1 else []
    return list(dict.fromkeys(found)), ""


_FROM_THERE = tolerant(
    r"from|starting|ab(?![a-z])|desde|a partir|à partir|dès|dal|depuis|から|从|自|以后|之后|after|nach|onwards?"
)


def _emptied(lower: str, where: Sequence[Word], sections: Sequence[Section]) -> tuple[list[Rest], str] | None:
    """Return the rests of all where a run says that nothing plays at its place: the last bar is empty."""
    spans = [_span(w, sections)[0] for w in where]
    rests: list[Rest] = []
    for word, span in zip(where, spans, strict=True):
        if span is None or word.where not in ("range", "at", "from", "first", "last"):
            return None
        alone = word.where == "from" and _FROM_THERE.search(lower, word.start, word.end) is None
        rests += [Rest(part, span[0], span[0] if alone else span[1]) for part in PARTS]
    return rests, ""


def _read_several(run: Sequence[Word], who: Sequence[Word], where: Sequence[Word]) -> tuple[list[Rest], str] | None:
    """Return the rests of a run with several places of bars: only in bars 1-4 and 9-12, no drums in bars 3-4 and 7-8."""
    kinds = {w.kind for w in run}
    spans = [s for s in (_span(w, ())[0] for w in where if w.where in ("range", "at")) if s is not None]
    ends = [last for _, last in spans if last is not None]
    if len(ends) != len(where) or "start" in kinds or any(w.part == EVERYONE for w in who):
        return None
    if {"not", "stop"} & kinds:
        return [Rest(w.part, a, b, roles=w.roles) for w in who for a, b in spans], ""
    only = _only(run, who, where[0])
    if not only:
        return None
    if only == "who":
        return [Rest(w.part, a, b, roles=w.roles) for w in all_but(who) for a, b in spans], ""
    gaps: list[_Span] = []
    at = 1
    for first, last in sorted(zip((first for first, _ in spans), ends, strict=True)):
        gaps += [(at, first - 1)] if first > at else []
        at = max(at, last + 1)
    return [Rest(w.part, a, b, roles=w.roles) for w in who for a, b in [*gaps, (at, None)]], ""


def _only(run: Sequence[Word], who: Sequence[Word], place: Word) -> Literal["", "who", "where"]:
    """Return what a word such as "only" binds to: those who play, so that the others rest, or the place."""
    kinds = [w for w in run if w.kind not in ("and", "small")]
    for i, word in enumerate(kinds):
        before, behind = kinds[i - 1] if i else None, kinds[i + 1] if i + 1 < len(kinds) else None
        if word.kind == "only behind" and before is not None and before.kind in _VERBS:
            return "who"
        if word.kind == "only behind" and before is not None:
            return "who" if before.kind == "who" else "where"
        if word.kind != "only":
            continue
        if behind is not None and behind.kind == "who":
            return "who"
        if behind is not None and behind.kind == "where" and before is not None and before.kind == "who":
            return "who" if behind.where in ("until", "first") else "where"
        if behind is None and before is not None and before.kind == "where":
            return "where"
        return "where" if behind is not None and behind.kind in ("where", "start") else "who"
    return ""


def all_but(who: Sequence[Word]) -> list[Word]:
    """Return all who are not named: of the kit its other drums, where only some of it are."""
    playing = {w.part for w in who}
    silent = [Word(0, 0, "who", part) for part in PARTS if part not in playing]
    roles = {r for w in who for r in w.roles}
    if "drums" in playing and all(w.roles for w in who if w.part == "drums"):
        silent.append(Word(0, 0, "who", "drums", tuple(r for r in ROLES if r not in roles)))
    return silent


def _everyone_joins(run: Sequence[Word]) -> bool:
    """Return True if all of a run's players are everyone, who come in: chorus 8 bars, everything comes in."""
    return {w.part for w in run if w.kind == "who"} == {EVERYONE} and "start" in {w.kind for w in run}


def behind_a_section(lower: str, sections: Sequence[Section], taken: Sequence[Place]) -> FoundRests:
    """Return who is denied, or plays alone, right behind a section with its bars: intro 8 bars without drums, intro (8 bars): only piano."""
    known = {s.name for s in sections}
    players = named_players(lower)
    whole = FoundRests()
    for match in NAME.finditer(lower):
        bars = BARS_BEHIND.match(lower, match.end())
        at = match.end() if bars is None else bars.end()
        name, colon = section_of(match)[0], _COLON.match(lower, at)
        run = _onwards(lower, at if colon is None else colon.end(), players, {}, "") if name in known else []
        while run and run[0].kind == "small":
            run = run[1:]
        late = _LATER.match(lower, at)
        after = [] if late is None or name not in known else _onwards(lower, late.end(), players, {}, "")
        if "start" in {w.kind for w in after} and {w.kind for w in after} <= {"who", "start", "small", "and"}:
            entering = [w for w in after if w.kind == "who" and w.part != EVERYONE]
            if entering and not within(after[0].start, taken):  # intro 4 bars, then drums and bass come in
                whole = replace(
                    whole,
                    rests=(*whole.rests, *(Rest(w.part, section=name, roles=w.roles) for w in entering)),
                    found=(*whole.found, FoundWish(after[0].start, after[-1].end)),
                )
                continue
        who = [w for w in run if w.kind == "who"]
        if who and {"who", "start", "small"} >= {w.kind for w in run} and _everyone_joins(run):
            whole = replace(whole, found=(*whole.found, FoundWish(run[0].start, run[-1].end)))
        if not who or run[0].kind not in ("not", "only") or within(run[0].start, taken):
            continue
        silent = who if run[0].kind == "not" else all_but(who)
        whole = replace(
            whole,
            rests=(*whole.rests, *(Rest(w.part, section=name, roles=w.roles) for w in silent)),
            found=(*whole.found, FoundWish(run[0].start, who[-1].end)),
            players=(*whole.players, *((w.start, w.end) for w in who)),
            binding=(*whole.binding, (run[0].start, run[0].end)),
        )
    return whole
