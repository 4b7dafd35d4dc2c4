"""How much of a piece is wished: how long it lasts in minutes and seconds, and of how many chords it is. Pure patterns."""

from __future__ import annotations

import re

from model.prompt.rules.vocabulary import tolerant
from model.prompt.wishes.course import COUNT, NUMBERS, count
from model.prompt.wishes.found import FoundWish

# --- how long ----------------------------------------------------------------------------------------

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_UNITS = (
    ("hour", r"hours?|hrs?|stunden?|heures?|horas?|ore|小时|時[間间]|시간"),
    (
        "minute",
        r"minütige[nrsm]?|minutes?|mins?|minuten?|minutos?|minutitos?|minut[oi]|分钟|分鐘|分[间間]|分(?=$|[的半]|の(?!\s?\d)|[半左,，、。くほ程弱强強\s]|\s?\d+秒)|분",
    ),
    (
        "second",
        r"sekündige[nrsm]?|seconds?|secs?|sekunden?|sek|secondes?|segundos?|segunditos?|segs?|second[oi]|秒[钟间間]?|초",
    ),
)
_TIME = tolerant(
    rf"(?<![\d.:/])(?<!\d,)(?:(?P<n>\d+(?:[.,]\d+)?|half(?: an?)?|medi[oa]|mei[oa]|mezz[oa]|une demi|halbe|eine halbe|an?|une?|una?|eine[nr]?|um|uma|半|\b(?:{NUMBERS})|[一二两三四五六七八九十百]{{1,3}})(?:\s+and\s+a\s+half(?P<half>))?(?:(?<=[a-z])[\s-]+|(?<![a-z])[\s-]*)个?(?P<half_too>半)?"
    rf"(?:(?P<hour>{_UNITS[0][1]})|(?P<minute>{_UNITS[1][1]})|(?P<second>{_UNITS[2][1]}))(?![a-z])(?P<half_last>半钟?|\s+and a half|\s+(?:e mezz[oa]|et demie?|y medi[oa]|e mei[oa]|(?:e |y |et )?(?:trente|treinta|trenta|trinta|dreißig|thirty)\b))?"
    r"(?:[\s,-]*(?:and|und|et|y|e)?\s*(?P<more>\d{1,2})\s*(?:seconds?|secs?|sekunden|secondes?|segundos|secondi|秒|s\b|(?=\s*(?:$|[,.;，。、]|(?:de|di|of|lang|long)\b))))?"
    r"|(?P<m>\d{1,2}):(?P<s>[0-5]\d)(?=\s*(?:long|min|minutes?|duration|$|[,.;]|h?\s*[a-z\u4e00-\u9fff]))"
    r"|(?<!\d )(?P<m2>\d{1,2})\s?(?:m|min|mn|')\s?(?P<s2>[0-5]?\d)\s?(?:s\b|sec|\"|''|(?![\d\w]))"
    r"|(?:(?<=[\s,;(])|^):(?P<s3>\d{2})(?=\s*(?:$|[,.;)]|[a-z]))"
    r"|(?![5789]0s\s*(?:$|[,.;)]))(?P<s4>\d{1,3}) ?s(?=\s*(?:$|[,.;)])|\s+(?:long|lang|loop|clip|jingle|ad|spot|sting|intro|video|reel|tiktok|teaser|trailer|cue|piece|of|for|de|di)\b))"
)
_NOT_ITS_LENGTH = tolerant(
    r"(?:\b(?:per|every|each|after|at|by|(?:the|in|my) (?:first|last)|within|until|before|in the|pro|jede|alle|nach|toutes les|chaque|après|cada|ogni|después de|dopo|depois de|beats? (?:a|per))\s*(?:the\s+)?|[每第前后]\s*)$"
)


_LEAST = tolerant(
    r"(?:\b(?:between|from|zwischen|von|entre|de|tra|da)\s+)?(?<![\d.:/])(?P<n>\d{1,3}(?:[.,]\d)?)\s*(?:-|–|to|and|or|bis|und|oder|à|et|ou|a|y|o|e|到|至)\s*$"
)
_SIXTEENTHS, _OF_NOTES = (
    re.compile(r"(?:[48]|16|32)分"),
    re.compile(r"跳ね|ハネ|シャッフル|スウィング|スイング|音符|刻|ハット|裏拍|摇摆|踩镲"),
)
"""Notes of a Japanese bar that are no minutes."""
_PART_OF = tolerant(r"\b(?:(?P<n>three|3) quarters? of|a quarter of|viertel)\s*$")


def duration_wish(lower: str) -> tuple[float, FoundWish] | None:
    """Return how many seconds a piece is to last."""
    for match in _TIME.finditer(lower):
        if _SIXTEENTHS.fullmatch(match.group()) and _OF_NOTES.search(lower):
            continue  # 跳ねた16分
        before, said = lower[max(0, match.start() - 16) : match.start()], match.groupdict()
        if _NOT_ITS_LENGTH.search(before) or re.match(
            r"\s*(?:later|ago|walk|drive|away|break|rule|noodles?|前|后|以后)", lower[match.end() :]
        ):
            continue
        if said["m"] is not None and re.match(r"\s*[ap]\.?m\b", lower[match.end() :]):
            continue
        if said["m"] is not None:
            seconds = 60.0 * int(said["m"]) + int(said["s"])
        elif said["m2"] is not None:
            seconds = 60.0 * int(said["m2"]) + int(said["s2"])
        elif said["s3"] or said["s4"]:
            seconds = float(said["s3"] or said["s4"])
        else:
            unit = next(u for u, _ in _UNITS if said[u] is not None)
            number = said["n"].replace(",", ".")
            value = (
                0.5
                if number
                in (
                    "half",
                    "half a",
                    "half an",
                    "半",
                    "medio",
                    "media",
                    "meio",
                    "meia",
                    "mezzo",
                    "mezza",
                    "une demi",
                    "halbe",
                    "eine halbe",
                )
                else float(number)
                if number[0].isdecimal()
                else float(count(number) or 1)
            )
            halves = said["half"] is not None or said["half_too"] or said["half_last"]
            seconds = (value + 0.5 * bool(halves)) * _SECONDS[unit] + float(said["more"] or 0)
            article = number in ("a", "an", "une", "un", "una", "eine", "einen", "um", "uma")
            if article and unit == "second":
                continue  # "un segundo amor"
            alone = not before.strip() or before.rstrip().endswith(
                (
                    ",",
                    ";",
                    ":",
                    "for",
                    "of",
                    "about",
                    "around",
                    "roughly",
                    "exactly",
                    "lasts",
                    "last",
                    "under",
                    "over",
                    "run",
                    "runs",
                    "etwa",
                    "circa",
                    "environ",
                    "unos",
                    "cerca de",
                )
            )
            if (
                article
                and not re.match(r"[\s-]*(?:long\b|piece|song|track|clip|loop|de |di |lang\b)", lower[match.end() :])
                and not alone
            ):
                continue  # "wait a minute for the drop"
        start = match.start()
        if (least := _LEAST.search(lower, max(0, start - 24), start)) is not None:  # between 60 and 90 seconds
            each = next((_SECONDS[u] for u, _ in _UNITS if said[u] is not None), 1)
            seconds, start = (seconds + each * float(least.group("n").replace(",", "."))) / 2, least.start()
        elif (part := _PART_OF.search(lower, max(0, start - 24), start)) is not None:  # three quarters of a minute
            seconds, start = seconds * (3 if part.group("n") else 1) / 4, part.start()
        if seconds > 0:
            return seconds, FoundWish(start, match.end())
    return None


# --- how many chords ---------------------------------------------------------------------------------

_CHORDS = tolerant(
    rf"(?:\b(?:only|just|on|nur|bloß|lediglich|solo|sólo|solamente|só|somente|seulement|apenas|只有?|只用)\s*)?(?P<n>{COUNT}|\b(?:a single|single|(?:ein )?einzige[nrsm]?|un seul|un (?:único|unico|solo)|um (?:único|só)|un|une|una|um|ein|einem|einen))(?:(?<=[a-zà-ÿ])[\s-]+|(?<![a-zà-ÿ])[\s-]*)(?:个|different\s+|simple\s+)*"
    r"(?:chords?|akkorde?n?|accords?|acordes?|accord[oi]|和弦|コード)(?![a-z])(?!\s*(?:per|a|each|every|pro|je|par|por|cada)\s*(?:bar|beat|measure|takt|mesure|compás|compasso|battuta)?\b|\s*(?:in|to|en|in|no|na|dans) (?:a|each|every|the|jedem|chaque|cada|ogni)\s+(?:bar|beat|measure|takt|mesure|compás|battuta)\b"
    r"|(?<=four chord)\s*song\b|(?<=4 chord)\s*song\b|(?<=four-chord)\s*song\b|(?<=4-chord)\s*song\b)(?:\s+(?:only|sol[oi]|throughout|all the way|reicht|genügt|nada más|the whole (?:time|way)|all through))?"
)
_STATIC = tolerant(
    r"\b(?:(?:derselbe|dieselbe|der gleiche|ein und derselbe) akkord|bleibt (?:immer |nur )?auf (?:einem|dem(?:selben)?|einem einzigen) akkord|toujours le même accord|siempre el mismo acorde|sempre o mesmo acorde|sempre lo stesso accordo|reste sur (?:un|le même) accord|se queda en un acorde|fica (?:em|num) (?:um )?(?:só )?acorde|no chord changes?|without chord changes?|stays? on (?:one|a single) chord|never changes? chords?|static harmony|keine akkordwechsel|sin cambios? de acordes?|sans changement d'accords?)\b|和弦不变|不换和弦|同一个和弦|单一?和弦|コードチェンジなし"
)
_A_CHORD_NAMED = tolerant(
    r"\s*(?:de|di|of|von|d['’]|in)\s*(?:do|ré|re|mi|fa|fá|sol|la|lá|si|[a-h])(?:[#♯♭b]|\s|$|[,.;])"
)
_ENDS_WITH = tolerant(
    r"\b(?:ends?|ending|finish\w*|clos\w*|endet|enden|schließt|termin\w*|acab\w*|fini\w*|conclu\w*)\s+(?:\w+\s+)?(?:on|with|auf|mit|con|com|sur|par|avec|in|en|em)\s+$"
)
"""What is about a chord, and about none of their number: un acorde de fá."""
MOST_CHORDS = 8


def chord_count(lower: str) -> tuple[int, FoundWish] | None:
    """Return of how many different chords a piece is to be, 0 where they are too many."""
    if (static := _STATIC.search(lower)) is not None:
        return 1, FoundWish(*static.span())
    for match in _CHORDS.finditer(lower):
        said = match.group("n")
        found = count(said) or 1
        if found == 1 and (_A_CHORD_NAMED.match(lower, match.end()) or _ENDS_WITH.search(lower, 0, match.start())):
            continue
        single = not said.isdecimal() and said in ("un", "une", "una", "um", "ein", "einem", "einen", "one", "1")
        only = (
            re.match(
                r"(?:only|just|on|nur|bloß|lediglich|solo|sólo|solamente|só|somente|seulement|apenas|只)", match.group()
            )
            is not None
        )
        behind = (
            re.search(r"(?:only|sol[oi]|reicht|genügt|más|throughout|way|time|through)$", match.group()) is not None
        )
        alone = re.search(r"(?:^|[,.;:])\s*$", lower[: match.start()]) and re.match(
            r"\s*(?:$|[,.;])", lower[match.end() :]
        )
        if single and said != "one" and not (only or behind or alone):
            continue
        after = "" if said.isdecimal() or not match.group().startswith("三和弦") else None
        if after is None or lower[match.start() :].startswith(("三和弦", "七和弦", "九和弦")):
            continue
        reason = (
            ""
            if 1 <= found <= MOST_CHORDS
            else f"a piece has 1 to {MOST_CHORDS} different chords by their number; name them for more"
        )
        return (found if not reason else 0), FoundWish(*match.span(), reason)
    return None
