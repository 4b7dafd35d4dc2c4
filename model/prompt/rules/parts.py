"""Parts in a text: "no drums or bass", "just bass and drums", "solo piano", "with brushes", 只要鼓和贝斯. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace

from model.music.drums import ROLES
from model.music.notes import PARTS, USUAL_PARTS
from model.prompt.rules.negation import NamedSpan, list_after, what_is_denied, within
from model.prompt.rules.vocabulary import FoundTerm, table

_TOMS = ("tom_low", "tom_mid", "tom_high")
_HATS = ("closed_hat", "pedal_hat", "open_hat")

_PIECES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"\b(?:kick|bass) drums?\b|\bkicks?\b|\bbombos?\b|\b(?:grosse caisse|große trommel|basstrommel|bassdrum|grancassa)\b|底鼓|低音鼓|キック|バスドラム?",
        ("kick",),
    ),
    (
        r"\bsnares?\b|\bcaja\b|\b(?:caisse claire|redoblante|tarola|marschtrommel|kleine trommel|rullante|caixa)\b|军鼓|小鼓|スネア",
        ("snare",),
    ),
    (r"\brim ?-?shots?\b|\brims?\b|\bside ?sticks?\b|\bcross ?sticks?\b|边击|リムショット", ("rim",)),
    (r"\b(?:hand ?-?)?claps?\b|\b(?:klatsch(?:en|er)?|battimani|claquements? de mains?)\b|拍手|クラップ", ("clap",)),
    (r"\bclosed (?:hi-?)?hats?\b|闭镲", ("closed_hat",)),
    (r"\bopen (?:hi-?)?hats?\b|开镲", ("open_hat",)),
    (r"\bpedal (?:hi-?)?hats?\b", ("pedal_hat",)),
    (r"\bhi-? ?hats?\b|\bhats?\b|踩镲|ハイハット", _HATS),
    (r"\b(?:floor|low) toms?\b", ("tom_low",)),
    (r"\bmid(?:dle)? toms?\b", ("tom_mid",)),
    (r"\b(?:high|rack) toms?\b", ("tom_high",)),
    (r"\btoms?\b|\btom-toms?\b|通鼓|嗵鼓|タム", _TOMS),
    (r"\bcrash(?:es|becken)?\b|吊镲|クラッシュ", ("crash",)),
    (r"\brides?\b(?! (?:home|along|together|on|the|a)\b)|叮叮镲|ライド", ("ride",)),
    (r"\b(?:cymbals?|becken|cymbales?|platillos?|pratos|piatti)\b|镲片?|シンバル", ("crash", "ride")),
    (r"\bshakers?\b|\bmaracas\b|\bchocalhos?\b|沙锤|シェイカー", ("shaker",)),
    (
        r"\bcow ?bells?\b|\b(?:kuhglocken?|cencerros?|cloches? à vaches?|campanacci?o?)\b|カウベル|\bcongas?\b|\bbongos?\b|\btambourines?\b|\bpercs?\b|牛铃|康加鼓?|邦戈鼓?",
        ("perc",),
    ),
)

_PIECE = re.compile("|".join(f"({pattern})" for pattern, _ in _PIECES))


assert {role for _, roles in _PIECES for role in roles} == set(ROLES)


def drum_pieces(lower: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield the pieces that a lower-case text names: where each begins and ends, and its roles (`model.music.drums.ROLES`)."""
    for match in _PIECE.finditer(lower):
        if match.lastindex is not None:
            yield match.start(), match.end(), _PIECES[match.lastindex - 1][1]


PART = re.compile(
    r"(?P<arp>\b(?:arps?|arpeggios?|arpeggi|arpeggiat(?:ed|or|ors|ing)|arpegg?ios?|arpèges?|arpégé(?:e|s|es)?|arpejos?|arpegiad[oa]s?|arpejad[oa]s?|arpeggien|arpeggiert\w*)\b(?! (?:bass|sub))|琶音|分解和弦|アルペジオ|아르페지오)"
    r"|(?P<pad>(?<!drum )\b(?:pads?|synthpads?|nappes?|(?:klang|synth|ton)?flächen?|colchón|colchones|tappet[oi])\b|铺底|垫音|パッド|패드)"
    r"|(?P<perc>\b(?:percs?|percussions?|percussionists?|hand drums?|percusión|percusiones|percussão|percussões|perkussion|percussioni|percussione)\b|打击乐器?|打楽器|パーカッション|타악기|퍼커션)"
    r"|(?P<hand>\b(?:congas?|bongos?|shakers?|maracas|tambourines?|cajóns?|cajons?|djembes?|djembés?|timbales|tablas?|claves|güiros?|guiros?|cabasas?|pandeiros?|panderetas?|panderos?|tambourins?|darbukas?|darabukas?|doumbeks?|bodhr[aá]ns?|frame drums?|hand ?trommeln?|castanets|castañuelas|castagnettes|kastagnetten|nacchere|castanholas|surdos?|tamborim|zabumba|alfaias?|dhols?|tamburell[oi]|bongós?|palmas|hand ?claps|krakebs|washboard|triângulo|gonguê)\b"
    r"|康加鼓?|邦戈鼓?|沙锤|铃鼓|手鼓|非洲鼓|コンガ|ボンゴ|シェイカー|タンバリン|콩가|봉고|셰이커|탬버린)"
    r"|(?P<chords>\b(?:chords?|chordal|harmony|harmonies|comping|accords|acordes|akkorde|akkorden|accordi|keys(?! of))\b|和弦|和声|コード|화음|코드)"
    r"|(?P<melody>\b(?:melody|melodies|tune|topline|top line|lead line|lead|hook|melodía|melodia|mélodie|melodie|melodias?)\b|主?旋律|メロディー?|멜로디)"
    r"|(?P<drums>\b(?:drums?|drumming|drum kit|drum machine|breakbeats?|(?<!off )(?<!off-)(?<!on )(?<!on the )(?<!every )(?<!each )beats?(?! (?:per|a min)|/)|baterías?|baterias?|batteria|tambores|tambor|tamburi|tamburo|schlagzeug|trommeln?|batterie|tambours)\b"
    r"|鼓组?点?|ドラムス?|드럼|🥁+)"
    r"|(?P<bass>\b(?:bass ?lines?|bass|sub|subs|808s?(?! (?:drum|kick|kit|hat|snare|clap|cowbell|beat))|bajo|basse|contrabajo|basslinie|baixo|basso)\b(?! drum)|贝斯|低音(?![区提炮量域八])|ベース|베이스)"
    r"|(?P<piece>\b(?:(?:kick|bass|snare) drums?|kicks?|snares?|hi-?hats?|hats?|hihats?|claps?|cymbals?|rides?(?= cymbal)|toms?|"
    r"cowbells?|kuhglocken?|cencerros?|klatschen|battimani|rimshots?|brushes|bombo|caja|grosse caisse|große trommel|basstrommel|bassdrum|grancassa|caisse claire|redoblante|tarola|marschtrommel|kleine trommel|rullante|becken|cymbales?|platillos?|pratos|piatti)\b|底鼓|军鼓|踩镲|镲片?|拍手|クラップ|カウベル|牛铃|キック|バスドラム?|スネア|ハイハット|シンバル)"
)
"""The names of the parts; the group that matched is the part, or a piece of one."""
PIECES = {"piece": "drums", "hand": "perc"}
"""The part that has the pieces of a group of `PART`: a drum kit, hand percussion."""

_ONLY = re.compile(
    r"(?<!not )(?<!nicht )(?<!不)\b(?:only|just|nothing but|no(?:thing)? (?:more|other) than|solely|exclusively|nur|ausschließlich|lediglich|bloß|uniquement|exclusivement|únicamente|unicamente|exclusivamente|esclusivamente|somente|sólo|solamente|seulement|rien que|juste|apenas|só|soltanto)\b"
    r"|\bsolo\b(?=\s+(?:el|la|los|las|un|una|il|lo|i|le|gli)\s)|只要|只有|只弹|只留|只保留|只用|只需要?|仅仅?用?|单独的?|纯|だけ|のみ|一本(?=$|[,、。\s])|만"
)

_NOTHING_ELSE = re.compile(
    r"\b(?:(?:and|but) )?nothing else\b(?! (?:matters?|but|than)\b)|\bsonst (?:gar )?nichts\b|\brien d'autre\b(?! que\b)|\b(?:y |e )?nada más\b(?! que\b)"
    r"|\b(?:e )?(?:mais nada|nient'altro)\b(?! (?:que|che)\b)|(?:别的|其他的?)(?:都|什么都)?(?:不要|没有)|ほか(?:は|には)?(?:なし|何も)"
)
"""Behind all who play, that no other does."""
_BARS_OF = re.compile(
    r"(?:\b(?:bars?|measures?) of|(?<![第一二三四五六七八九十\d])[一二三四五六七八九十\d]{1,3}小[节節]的?)\s*(?:just |only |pure )?$"
)
_SOLO_BEFORE = re.compile(r"(?:\bsolo|\bsólo|\bunaccompanied|\ba cappella|纯|独奏)\s*$")

_SOLO_BEHIND = re.compile(
    r"\s*(?:独奏|ソロ|독주|(?<=piano )solo\b|(?<=bass )solo\b|(?<=drum )solo\b|(?<=drums )solo\b|alone\b|by itself\b|on its own\b|allein\b)"
)

_BEHIND = re.compile(r"\s*(?:only\b|alone\b|だけ|のみ|一本|만(?!\w))")
_LACKING = re.compile(r"\b(drum|bass|beat|percussion|chord|melody)-?(?:less|free)\b")
_BEATLESS = re.compile(r"\bno beats?\b|无鼓|没鼓")

_ALONE = re.compile(
    r"\b(?:drum|percussion) (?:loops?|patterns?|breaks?|fills?|solos?|grooves?|tracks?)\b|鼓(?:循环|独奏|loop)"
)

_DUET = re.compile(r"\b(?:duet|duo|dúo|duett)\b|二重奏|デュオ")
_FULL_BAND = re.compile(
    r"\b(?:full|whole|entire|complete) (?:rock |jazz |live )?band\b|\b(?:ganze|volle|komplette)[nr]? band\b|\b(?:tout le groupe|groupe (?:complet|entier)|toda la banda|banda (?:completa|entera|inteira)|toda a banda|tutta la band|band (?:completa|al completo))\b|(?:整个|全)乐队|バンド(?:全員|全体|みんな)|フルバンド"
)
"""A band has a bass and drums."""
_BACKING = re.compile(r"\b(?:backing track|minus one|karaoke)\b|伴奏带|カラオケ")
_VOICES = re.compile(r"\ba ?cc?app?ell?a\b|无伴奏合唱|清唱|アカペラ")

_UNACCOMPANIED = re.compile(r"\bunaccompanied (?:melody|tune)\b|\bmelody (?:alone|without accompaniment)\b|无伴奏旋律")

OF_SEVERAL_STRINGS = frozenset([8, 11, 12, 15, 25, *range(104, 109)])
"""General MIDI programs of melody instruments that are struck or plucked, and play chords where another one has the melody."""
HELD = frozenset([*range(16, 24), *range(40, 45), *range(48, 55), *range(56, 80), *range(88, 96)])
"""General MIDI programs whose tone does not die away: organs, bows, voices, winds, pads."""
_CHORD_INSTRUMENTS = frozenset(["pluck", "strings", "string ensemble", "brass"])
"""Instruments that play chords and no melody, when they play alone."""

_MUSIC = re.compile(
    r"[\s-]+(?:ballad|piece|music|track|song|tune|vibes?|jazz|house|pop|rock|based|driven|like|style)\b"
)

_LEADING = re.compile(r"[\s-]+(?:heavy|driven|led|based|music|loaded|and|with)\b")

_ARTICLE = re.compile(
    r"\s*(?:(?!(?:add|make|put|give|with|without|over|under|more|less|change|turn|like|before|after|for|to|and|not|no)\b)[a-zà-ü']+\s+){0,3}$"
)

_AND = re.compile(r"\s(?:y|e|et|und)\s")
_HEAD = re.compile(
    r"[\s-]{1,3}(?:solos?|fills?|fill-ins?|rolls?|breaks?|breakdowns?|drops?|hits?|stabs?|slides?|intros?|outros?|samples?|machines?|changes?|licks?|runs?|riffs?|bus|bleed)\b|(?:\s[a-z-]+){1,2}\s(?:stuff|noodling|nonsense)\b"
    r"|\s?(?:独奏|过门|加花|ソロ|フィル|솔로)"
)
"""What makes the name of a part before it an adjective: a drum solo, a chord change."""
SECTION = (
    r"(?:intro(?:duction)?s?|outros?|verses?|chorus(?:es)?|refrains?|hooks?|bridges?|pre-?chorus(?:es)?|drops?|breaks?|breakdowns?|build(?:-?up)?s?|middle eight|"
    r"coda|solos?|ending|end|beginning|start|estribillos?|estrofas?|versos?|puente|couplets?|pont|strophen?|ritornello|strofe?|refrão|ponte|a section|b section)"
)
PLACE = (
    rf"(?:(?:at first|to begin with|initially|am anfang|zu beginn|zu anfang|al principio|al comienzo|au début|au départ|all'inizio|no início|no começo)\b|(?:in|during|for|on|at|until|till|before|after|from|im|in der|am|bis|ab|en|dans|pendant|au|à|durante|nel|nella|no|na|em|hasta|jusqu'(?:au|à))\s+(?:(?:the|el|la|le|il|l'|der|dem|zum|zur)\s*)?"
    rf"(?:(?:first|second|third|fourth|last|next|final|\d+(?:st|nd|rd|th)?)\s+)?(?:(?:\d+|one|two|three|four|eight|half)\s+)?"
    rf"(?:{SECTION}|\d(?:\s*(?:and|,|&|\+|und|et|y|e)\s*\d)*(?!\s*(?:bars?|instruments?|chords?))|half|bars?|measures?|beats?|takte?|compás|compases|mesures?|battut[ae]|downbeats?|offbeats?|backbeats?)\b)"
)
"""A place in a piece: what is said of a part there is not said of all of it."""
_PLACED = re.compile(rf"\s*,?\s*(?:only\s+|nur\s+|solo\s+|seulement\s+)?{PLACE}")
OFF = re.compile(
    r"\s*(?:is |are |stays? |should be |ist |bleibt |reste |queda |resta |fica )?(?:off|out|silent|muted?|absent|tacet|aus|weg|raus|stumm|coupée?s?|muette?s?|apagad[ao]s?|callad[ao]s?|fuera|spent[aieo]|mut[oaie]|desligad[ao]s?|fora)(?![a-zà-ÿ])"
)
"""Behind a part, that it does not play."""
_PLACED_OFF = re.compile(rf"(?:{OFF.pattern})(?:{_PLACED.pattern})")
_PLACE_BEFORE = re.compile(
    r"(?:前奏|间奏|尾奏|副歌|主歌|桥段|开头|结尾|第[一二三四五六七八九十\d]+[小节拍]+|(?:in|during) the [a-z-]+(?: section)?),?\s*(?:里|中|部分|时|的时候)?\s*(?:才|再|就)?\s*(?:有|加|进|出现)?\s*$"
)
_CHORD_KIND = re.compile(
    r"\b(?:minor|major|seventh|7th|ninth|9th|diminished|dim|augmented|aug|sus|suspended|power|triad|triadic|extended|diatonic|open|barre|jazz|jazzy|altered|dominant|quartal|moll|dur)\b|小调|大调|大三|小三|七|属"
)
_CHORDS = re.compile(r"\b(?:chords?|accords|acordes|akkorde|accordi)$|和弦$")
_OPENS = re.compile(
    r"\b(?:(?:start|begin|open)\w*\s+(?:out\s+)?with|first\s+\S+\s+(?:bars?|measures?)[:,]?(?:\s+with)?)\s*$"
)
_COUNT = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|a single|single|a couple of|a few|dos|tres|cuatro|deux|trois|quatre|zwei|drei|vier|due|tre|quattro|dois|três)\b|[一二两三四五六七八\d]+个"
)


@dataclass(frozen=True, slots=True)
class StatedParts:
    """What the words say of parts: exactly these, without some, some among them, less of some; and drums that stay silent, by role."""

    only: tuple[str, ...] | None = None
    without: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    fewer: frozenset[str] = frozenset()
    silenced: frozenset[str] = frozenset()

    def with_defaults(self, usual: Sequence[str]) -> tuple[str, ...]:
        """Return the parts that play, given those that would; never none."""
        if self.only is not None:
            return self.only
        kept = tuple(p for p in PARTS if (p in usual or p in self.named) and p not in self.without)
        return kept or tuple(p for p in USUAL_PARTS if p not in self.without) or PARTS[:1]

    def also(self, parts: Set[str]) -> StatedParts:
        """Return the statement with parts that play too."""
        only = None if self.only is None else tuple(p for p in PARTS if p in self.only or p in parts)
        return replace(self, only=only, named=self.named | parts)


NO_PARTS_STATED = StatedParts()
"""Where the words are silent of parts."""


@dataclass(frozen=True, slots=True)
class _PartMention:
    """A place in the text that names parts, or an instrument with its parts."""

    name: NamedSpan
    parts: frozenset[str]
    piece: bool = False
    instrument: bool = False


def listable_names(lower: str, terms: Sequence[FoundTerm]) -> list[NamedSpan]:
    """Return what a list in the text may consist of, in order: parts and instruments as nouns, other terms as adjectives."""
    nouns = [NamedSpan(*p.span(), noun=True) for p in _parts(lower, terms)]
    nouns += [NamedSpan(f.start, f.end, noun=True) for f in terms if f.term.kind == "instruments"]
    covered = [(n.start, n.end) for n in nouns]
    rest = [NamedSpan(f.start, f.end, noun=False) for f in terms if not within(f.start, covered)]
    return sorted([*nouns, *rest], key=lambda n: (n.start, -n.end))


def stated_parts(lower: str, terms: Sequence[FoundTerm], negated: Sequence[tuple[int, int]]) -> StatedParts:
    """Return what a lower-case text says of parts; `terms` are all that were found in it, in order."""
    players = _players(lower, terms)
    denied = {p: _denied(lower, p.name, negated) for p in players}
    wanted = [p for p in players if denied[p] is None]
    kept = [p for p in players if denied[p] in ("quality", "amount") and not p.instrument]
    without = {p2 for p in players if not p.piece and not p.instrument and denied[p] == "whole" for p2 in p.parts}
    fewer = frozenset(p2 for p in kept if denied[p] == "amount" and not p.piece for p2 in p.parts)
    without |= {{"drum": "drums", "beat": "drums", "percussion": "drums", "chord": "chords"}.get(m.group(1), m.group(1))
                for m in _LACKING.finditer(lower)}  # fmt: skip
    if _BEATLESS.search(lower):
        without.add("drums")
    if _BACKING.search(lower):
        without.add("melody")
    if _VOICES.search(lower):
        without |= {"drums", "bass"}
    named = frozenset(part for p in (*wanted, *kept) if not p.instrument for part in p.parts)
    if _FULL_BAND.search(lower):
        named |= {"bass", "drums"} - without
    if "perc" in without and "drums" not in named:  # whoever wants no percussion wants no kit
        without.add("drums")
    only = _only(lower, wanted, negated) - without
    ordered = tuple(p for p in PARTS if p in only)
    struck = [p for p in wanted if "drums" in p.parts]
    kit_alone = only - {"perc"} == {"drums"} and bool(struck) and all(p.piece for p in struck)
    silenced = _silenced(lower, negated, kit_alone=kit_alone)
    if (kept_drums := KIT_BUT.search(lower)) is not None:  # "no drums except a kick"
        beside = {r for start, _, roles in drum_pieces(lower) if start >= kept_drums.end() for r in roles}
        silenced, without, named = silenced | (ROLES.keys() - beside), without - {"drums"}, named | {"drums"}
    return StatedParts(ordered or None, frozenset(without), named - without, fewer - without, silenced)


KIT_BUT = re.compile(
    r"\b(?:no|without(?: any)?|keine?|ohne|sin|pas de|sans|senza|niente|sem)\s+(?:drums?|drum kit|percussion|schlagzeug|batería|batterie|batteria|bateria)\s+"
    r"(?:except|but|besides|apart from|other than|außer|bis auf|salvo|excepto|menos|sauf|à part|hormis|tranne|eccetto|exceto)\s+(?:for\s+)?"
    rf"(?=(?:(?:just|only|an?|the|eine?[rnm]?|der|die|das|una?|el|la|le|les|los|il|lo|o|um)\s+){{0,2}}(?:{_PIECE.pattern}))"
)
"""No drums but some of the kit."""


def _denied(lower: str, name: NamedSpan, negated: Sequence[tuple[int, int]]) -> str | None:
    """Return what of a part the words take away: the "whole", a "quality" (a drum solo, drums in the intro), its "amount", or None."""
    what = what_is_denied(lower, name.start, negated)
    if what == "whole" and (
        _HEAD.match(lower, name.end)
        or _described(lower, name, negated)
        or _PLACED.match(lower, name.end)
        or _PLACED_OFF.match(lower, name.end)
        or _placed_before(lower, name.start, negated)
    ):
        return "quality"
    return what


_ROMANCE = re.compile(r"(?:sin|sans|sem|senza|ni|né|nem|pas(?: de)?|nada de|ning\w+|nenhum\w*|nessun\w*|aucune?)\b")
_NEXT_WORD = re.compile(r"\s+([a-zà-ÿ]{4,})(?=\s*(?:$|[,.;!)]))")


def _described(lower: str, name: NamedSpan, negated: Sequence[tuple[int, int]]) -> bool:
    """Return True if an adjective that agrees with it stands behind a Romance noun, at the end of the clause: "sin batería pesada"."""
    span = next((s for s in negated if s[0] <= name.start < s[1]), None)
    word = _NEXT_WORD.match(lower, name.end)
    if span is None or word is None or _ROMANCE.match(lower, span[0]) is None:
        return False
    known = table().get(word.group(1))
    if known is not None and known.name in ("slow", "fast"):
        return False  # "sin bajo, lento": the pace is the piece's
    noun, adjective = lower[name.start : name.end].rstrip("s"), word.group(1).rstrip("s")
    return adjective[-1] == noun[-1] and adjective[-1] in "aoe"


def _placed_before(lower: str, start: int, negated: Sequence[tuple[int, int]]) -> bool:
    """Return True if a place stands before the negation of what begins at `start`: 副歌不要鼓."""
    span = next((s for s in negated if s[0] <= start < s[1]), (start, start))
    return _PLACE_BEFORE.search(lower[max(0, span[0] - 24) : span[0]]) is not None


def _silenced(lower: str, negated: Sequence[tuple[int, int]], *, kit_alone: bool) -> frozenset[str]:
    """Return the roles of drums that are not wanted: those denied, and all the others where only some play."""
    denied: set[str] = set()
    wanted: set[str] = set()
    for start, end, roles in drum_pieces(lower):
        what = _denied(lower, NamedSpan(start, end, noun=True), negated)
        (denied if what == "whole" else wanted).update(roles)
    if kit_alone and wanted:
        denied |= ROLES.keys() - wanted
    return frozenset(denied)


def _parts(lower: str, terms: Sequence[FoundTerm]) -> list[re.Match[str]]:
    """Return the names of parts, those within the name of a style left out: drum and bass, a trap beat."""
    styles = [(f.start, f.end) for f in terms if f.term.kind in ("genres", "artists")]
    found = []
    for match in PART.finditer(lower):
        of_a_style = match.group().startswith("beat") and any(
            not lower[end : match.start()].strip(" -") for _, end in styles
        )
        if not within(match.start(), styles) and not of_a_style:
            found.append(match)
    return found


def sounding(lower: str, terms: Sequence[FoundTerm], stated: StatedParts) -> list[tuple[int, int]]:
    """Return where the words name parts that play; a drum fill is none."""
    heard = [m for m in _parts(lower, terms) if _HEAD.match(lower, m.end()) is None]
    played = stated.with_defaults(tuple(stated.named))
    return [m.span() for m in heard if PIECES.get(m.lastgroup or "", m.lastgroup) in played]


def is_by_hand(name: str) -> bool:
    """Return True if a drum's name is one of hand percussion, which the part `perc` strikes, and no kit: tambourine, congas."""
    return _BY_HAND.fullmatch(name) is not None


_BY_HAND = re.compile(r"congas?|bongos?|tambourines?|percs?|康加鼓?|邦戈鼓?")


_A_NOUN = re.compile(
    r"toms?|rides?|rims?|crash(?:es)?|kicks?|hats?|clap|klatsche[nr]?|caja|caixa|bombos?|piatti|pratos|becken|platillos?"
)
"""Names of drums that are plain words too: a train ride, a rim of light, kick in the door."""
_A_DRUM_BEFORE = re.compile(
    r"(?:(?:^|[,;:(])\s*|\b(?:with|and|add(?:ing)?|plus|mit|und|avec|et|con|aggiungi|añade|com|more)\s+(?:(?:an?|the|some|more|eine[mnr]?|une?|un[ao]?|uma?|el|la|il|o)\s+)?)$"
)
_LOUDER = re.compile(r"kicks?|toms|hats|clap")
"""Those that may have words before them: a big kick, but a train ride."""
_WORDS_BEFORE = re.compile(_A_DRUM_BEFORE.pattern[:-1] + r"(?:[^\W\d_]+(?:-[^\W\d_]+)?\s+){0,2}$")
_ENDS = re.compile(r"\s*(?:$|[,;:.!)]|(?:and|und|et|y|e|with|on|at|auf|sur|en|su|em)\b)")
_KIT_NEAR = re.compile(r"\s*(?:[-/+&]\s*)?(?:[^\W\d_]+\s+){0,2}(?:the\s+)?")
_KIT_WORD = re.compile(r"(?<!\w)(?:drums?|cymbals?|kits?|patterns?|samples?|grooves?|loops?)\b")


def is_meant(lower: str, start: int, end: int) -> bool:
    """Return True if a name is a drum's: an unambiguous one, one beside another or beside "drums", one behind "with" or "add", or one for itself."""
    name = lower[start:end]
    if not _A_NOUN.fullmatch(name):
        return True
    others = [(a, b) for a, b, _ in drum_pieces(lower) if (a, b) != (start, end)]
    others += [m.span() for m in _KIT_WORD.finditer(lower)]
    if any(_KIT_NEAR.fullmatch(lower, *((b, start) if b <= start else (end, a))) for a, b in others):
        return True
    before = (_WORDS_BEFORE if _LOUDER.fullmatch(name) else _A_DRUM_BEFORE).search(lower, max(0, start - 48), start)
    return before is not None and _ENDS.match(lower, end) is not None and (name != "tom" or before.group()[-2:] == "a ")


def is_no_head(lower: str, end: int) -> bool:
    """Return True if what stands behind a name leaves it one: a snare, no snare roll."""
    return _HEAD.match(lower, end) is None


def named_and_silent(lower: str, terms: Sequence[FoundTerm], stated: StatedParts) -> list[tuple[int, int]]:
    """Return where the words name parts that do not play."""
    heard = [m for m in _parts(lower, terms) if _HEAD.match(lower, m.end()) is None]
    played = stated.with_defaults(tuple(stated.named))
    return [m.span() for m in heard if PIECES.get(m.lastgroup or "", m.lastgroup) not in played]


def named_players(lower: str, terms: Sequence[FoundTerm]) -> list[tuple[int, int, str]]:
    """Return the names of parts, drums and instruments in a text, and the part that each of them plays."""
    heard = [(*m.span(), PIECES.get(m.lastgroup or "", m.lastgroup or "")) for m in _parts(lower, terms)]
    heard += [(f.start, f.end, f.term.part) for f in terms if f.term.kind == "instruments" and f.term.part is not None]
    heard += [(start, end, "drums") for start, end, _ in drum_pieces(lower)]
    return sorted(heard)


def _players(lower: str, terms: Sequence[FoundTerm]) -> list[_PartMention]:
    found = [
        _PartMention(NamedSpan(*m.span(), noun=True), frozenset([PIECES.get(m.lastgroup or "", m.lastgroup or "")]), m.lastgroup in PIECES)
        for m in _parts(lower, terms)
    ]  # fmt: skip
    for f in terms:
        if (
            f.term.kind == "instruments"
            and f.term.part is not None
            and (_MUSIC.match(lower, f.end) is None or _SOLO_BEFORE.search(lower[max(0, f.start - 16) : f.start]))
        ):
            alone = (
                {f.term.part} if f.term.part != "chords" or f.term.name in _CHORD_INSTRUMENTS else {"chords", "melody"}
            )
            found.append(_PartMention(NamedSpan(f.start, f.end, noun=True), frozenset(alone), instrument=True))
    return sorted(found, key=lambda p: (p.name.start, -p.name.end))


def _only(lower: str, players: Sequence[_PartMention], negated: Sequence[tuple[int, int]]) -> set[str]:
    """Return the parts that play alone, if the words say so."""
    if _UNACCOMPANIED.search(lower):
        return {"melody"}
    at = [p.name for p in players]
    by_name = {p.name: p for p in players}
    for only in _ONLY.finditer(lower):
        if within(only.start(), negated) or _PLACED.match(lower, only.end()) or _OPENS.search(lower[: only.start()]):
            continue  # "drums only in the chorus", "starts with just a piano"
        ahead = next((n for n in at if n.start >= only.end()), None)
        if ahead is not None and _ARTICLE.fullmatch(lower, only.end(), ahead.start):
            chain = list_after(lower, at, ahead.start, ahead.end)
            said, named = lower[only.end() : ahead.end], set().union(*(by_name[n].parts for n in chain))
            if _PLACED.match(lower, chain[-1].end) or _HEAD.match(lower, ahead.end):
                continue
            if _CHORDS.search(said) and (_CHORD_KIND.search(said) or _COUNT.search(said)):
                continue  # "only minor chords", "just two chords"
            return named
        if _BEHIND.match(lower, only.start()):  # "chords and melody only"
            for first in at:
                chain = list_after(lower, at, first.start, first.end)
                counted = _COUNT.search(lower[max(0, first.start - 12) : first.start]) or _CHORD_KIND.search(
                    lower[max(0, first.start - 12) : first.start]
                )
                chords = bool(chain) and {p2 for n in chain for p2 in by_name[n].parts} == {"chords"}
                if chords and counted and not by_name[first].instrument:
                    break  # "two chords only"
                if chain and chain[-1].end <= only.start() and not lower[chain[-1].end : only.start()].strip():
                    return set().union(*(by_name[n].parts for n in chain))
    for player in players:
        start, end = player.name.start, player.name.end
        alone = _SOLO_BEFORE.search(lower[max(0, start - 16) : start]) or _SOLO_BEHIND.match(lower, end)
        if alone or (_BARS_OF.search(lower[max(0, start - 20) : start]) and not _LEADING.match(lower, end)):
            chain = list_after(lower, at, start, end)  # "solo bajo y batería", but not "solo piano and strings"
            together = _AND.search(lower[start : chain[-1].end]) is not None
            return set().union(*(by_name[n].parts for n in chain)) if together else set(player.parts)
    named = {part for p in players for part in p.parts}
    else_ = _NOTHING_ELSE.search(lower)
    if else_ is not None and not (
        named == {"chords"} and _COUNT.search(lower, 0, else_.start())
    ):  # "two chords, nothing else"
        return named
    if _DUET.search(lower) and len(players) > 1:
        return named
    alone = _ALONE.search(lower)
    kit = alone is not None and named <= {"drums", "perc"} and not within(alone.start(), negated)
    return named or {"drums"} if kit else set()
