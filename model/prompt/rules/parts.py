"""Parts in a text: "no drums or bass", "just bass and drums", "solo piano", "with brushes", 只要鼓和贝斯. Pure patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.music.drums import ROLES
from model.music.notes import PARTS, USUAL_PARTS
from model.prompt.rules.negation import NamedSpan, list_after, within
from model.prompt.rules.vocabulary import FoundTerm

_TOMS = ("tom_low", "tom_mid", "tom_high")
_HATS = ("closed_hat", "pedal_hat", "open_hat")

_PIECES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\b(?:kick|bass) drums?\b|\bkicks?\b|\bbombo\b|底鼓|低音鼓|キック", ("kick",)),
    (r"\bsnares?\b|\bcaja\b|军鼓|小鼓|スネア", ("snare",)),
    (r"\brim ?-?shots?\b|\brims?\b|\bside ?sticks?\b|\bcross ?sticks?\b|边击", ("rim",)),
    (r"\b(?:hand ?-?)?claps?\b|拍手|クラップ", ("clap",)),
    (r"\bclosed (?:hi-?)?hats?\b|闭镲", ("closed_hat",)),
    (r"\bopen (?:hi-?)?hats?\b|开镲", ("open_hat",)),
    (r"\bpedal (?:hi-?)?hats?\b", ("pedal_hat",)),
    (r"\bhi-? ?hats?\b|\bhats?\b|踩镲|ハイハット", _HATS),
    (r"\b(?:floor|low) toms?\b", ("tom_low",)),
    (r"\bmid(?:dle)? toms?\b", ("tom_mid",)),
    (r"\b(?:high|rack) toms?\b", ("tom_high",)),
    (r"\btoms?\b|\btom-toms?\b|通鼓|嗵鼓|タム", _TOMS),
    (r"\bcrash(?:es)?\b|吊镲|クラッシュ", ("crash",)),
    (r"\brides?\b(?! (?:home|along|together|on|the|a)\b)|叮叮镲|ライド", ("ride",)),
    (r"\bcymbals?\b|镲片?|シンバル", ("crash", "ride")),
    (r"\bshakers?\b|\bmaracas\b|沙锤|シェイカー", ("shaker",)),
    (r"\bcow ?bells?\b|\bcongas?\b|\bbongos?\b|\btambourines?\b|\bpercs?\b|牛铃|康加鼓?|邦戈鼓?", ("perc",)),
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
    r"|(?P<perc>\b(?:percussions?|percussionists?|hand drums?|percusión|percusiones|percussão|percussões|perkussion|percussioni|percussione)\b|打击乐器?|打楽器|パーカッション|타악기|퍼커션)"
    r"|(?P<hand>\b(?:congas?|bongos?|shakers?|maracas|tambourines?|cajóns?|cajons?|djembes?|djembés?|timbales|tablas?|claves|güiros?|guiros?|cabasas?|pandeiros?|panderetas?|tambourins?)\b"
    r"|康加鼓?|邦戈鼓?|沙锤|铃鼓|手鼓|非洲鼓|コンガ|ボンゴ|シェイカー|タンバリン|콩가|봉고|셰이커|탬버린)"
    r"|(?P<chords>\b(?:chords?|chordal|harmony|harmonies|comping|accords|acordes|akkorde|akkorden|accordi|keys(?! of))\b|和弦|和声|コード|화음|코드)"
    r"|(?P<melody>\b(?:melody|melodies|tune|topline|top line|lead line|lead|hook|melodía|melodia|mélodie|melodie|melodias?)\b|主?旋律|メロディー?|멜로디)"
    r"|(?P<drums>\b(?:drums?|drumming|drum kit|drum machine|breakbeats?|beats?(?! (?:per|a min)|/)|batería|bateria|batteria|tamburi|schlagzeug|trommeln|batterie|tambours)\b"
    r"|鼓组?点?|ドラムス?|드럼)"
    r"|(?P<bass>\b(?:bass ?lines?|bass|sub|subs|808s?(?! (?:drum|kick|kit|hat|snare|clap|cowbell|beat))|bajo|basse|contrabajo|basslinie|baixo|basso)\b(?! drum)|贝斯|低音(?![区提炮量域八])|ベース|베이스)"
    r"|(?P<piece>\b(?:(?:kick|bass|snare) drums?|kicks?|snares?|hi-?hats?|hats?|hihats?|claps?|cymbals?|rides?(?= cymbal)|toms?|"
    r"cowbells?|rimshots?|brushes|bombo|caja)\b|底鼓|军鼓|踩镲|镲片?|拍手|キック|スネア|ハイハット)"
)
"""The names of the parts; the group that matched is the part, or a piece of one."""
PIECES = {"piece": "drums", "hand": "perc"}
"""The part that has the pieces of a group of `PART`: a drum kit, hand percussion."""

_ONLY = re.compile(
    r"(?<!not )(?<!nicht )(?<!不)\b(?:only|just|nothing but|no(?:thing)? (?:more|other) than|solely|exclusively|nur|sólo|solamente|seulement|rien que|juste|apenas|só|soltanto)\b"
    r"|\bsolo\b(?=\s+(?:el|la|los|las|un|una|il|lo|i|le|gli)\s)|只要|只有|只弹|只留|只保留|只用|只需要?|仅仅?|单独的?|纯|だけ|のみ|만"
)

_BARS_OF = re.compile(r"(?:\b(?:bars?|measures?) of|小[节節]的?)\s*(?:just |only |pure )?$")
_SOLO_BEFORE = re.compile(r"(?:\bsolo|\bsólo|\bunaccompanied|\ba cappella|纯|独奏)\s*$")

_SOLO_BEHIND = re.compile(
    r"\s*(?:独奏|ソロ|독주|(?<=piano )solo\b|(?<=bass )solo\b|(?<=drum )solo\b|(?<=drums )solo\b|alone\b|by itself\b|on its own\b|allein\b)"
)

_BEHIND = re.compile(r"\s*(?:only\b|alone\b|だけ|のみ|만(?!\w))")
_LACKING = re.compile(r"\b(drum|bass|beat|percussion|chord|melody)-?(?:less|free)\b")
_BEATLESS = re.compile(r"\bno beats?\b|无鼓|没鼓")

_ALONE = re.compile(
    r"\b(?:drum|percussion) (?:loops?|patterns?|breaks?|fills?|solos?|grooves?|tracks?)\b|鼓(?:循环|独奏|loop)"
)

_DUET = re.compile(r"\b(?:duet|duo|dúo|duett)\b|二重奏|デュオ")
_BACKING = re.compile(r"\b(?:backing track|minus one|karaoke)\b|伴奏带|カラオケ")
_VOICES = re.compile(r"\ba ?cc?app?ell?a\b|无伴奏合唱|清唱|アカペラ")

_UNACCOMPANIED = re.compile(r"\bunaccompanied (?:melody|tune)\b|\bmelody (?:alone|without accompaniment)\b|无伴奏旋律")

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


@dataclass(frozen=True, slots=True)
class StatedParts:
    """What the words say of parts: exactly these, or without some, or some among them; and drums that stay silent, by role."""

    only: tuple[str, ...] | None = None
    without: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    silenced: frozenset[str] = frozenset()

    def with_defaults(self, usual: Sequence[str]) -> tuple[str, ...]:
        """Return the parts that play, given those that would; never none."""
        if self.only is not None:
            return self.only
        kept = tuple(p for p in PARTS if (p in usual or p in self.named) and p not in self.without)
        return kept or tuple(p for p in USUAL_PARTS if p not in self.without) or PARTS[:1]


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
    wanted = [p for p in players if not within(p.name.start, negated)]
    without = {part for p in players if not p.piece and not p.instrument and p not in wanted for part in p.parts}
    without |= {{"drum": "drums", "beat": "drums", "percussion": "drums", "chord": "chords"}.get(m.group(1), m.group(1))
                for m in _LACKING.finditer(lower)}  # fmt: skip
    if _BEATLESS.search(lower):
        without.add("drums")
    if _BACKING.search(lower):
        without.add("melody")
    if _VOICES.search(lower):
        without |= {"drums", "bass"}
    named = frozenset(part for p in wanted if not p.instrument for part in p.parts)
    if "perc" in without and "drums" not in named:  # whoever wants no percussion wants no kit
        without.add("drums")
    only = _only(lower, wanted, negated) - without
    ordered = tuple(p for p in PARTS if p in only)
    struck = [p for p in wanted if "drums" in p.parts]
    kit_alone = only - {"perc"} == {"drums"} and bool(struck) and all(p.piece for p in struck)
    return StatedParts(ordered or None, frozenset(without), named, _silenced(lower, negated, kit_alone=kit_alone))


def _silenced(lower: str, negated: Sequence[tuple[int, int]], *, kit_alone: bool) -> frozenset[str]:
    """Return the roles of drums that are not wanted: those denied, and all the others where only some play."""
    denied: set[str] = set()
    wanted: set[str] = set()
    for start, _, roles in drum_pieces(lower):
        (denied if within(start, negated) else wanted).update(roles)
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


def _players(lower: str, terms: Sequence[FoundTerm]) -> list[_PartMention]:
    found = [
        _PartMention(NamedSpan(*m.span(), noun=True), frozenset([PIECES.get(m.lastgroup or "", m.lastgroup or "")]), m.lastgroup in PIECES)
        for m in _parts(lower, terms)
    ]  # fmt: skip
    for f in terms:
        if f.term.kind == "instruments" and f.term.part is not None and _MUSIC.match(lower, f.end) is None:
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
        if within(only.start(), negated):
            continue
        ahead = next((n for n in at if n.start >= only.end()), None)
        if ahead is not None and _ARTICLE.fullmatch(lower, only.end(), ahead.start):
            chain = list_after(lower, at, ahead.start, ahead.end)
            return set().union(*(by_name[n].parts for n in chain))
        if _BEHIND.match(lower, only.start()):  # "chords and melody only"
            for first in at:
                chain = list_after(lower, at, first.start, first.end)
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
    if _DUET.search(lower) and len(players) > 1:
        return named
    return named or {"drums"} if _ALONE.search(lower) and named <= {"drums", "perc"} else set()
