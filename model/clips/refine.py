"""`refine`: words change a finished clip. What they name moves; what they do not name stays, note for note.

Where arithmetic does it exactly (`model.clips.transforms`, `model.clips.transforms`) arithmetic does it; what has to be invented (another melody, drums that
were not there, a part in another style) is written by the composer around what stays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from model.clips import transforms
from model.clips.clip import Writer, match_source
from model.clips.copies import bar_copy, copied, where_copied
from model.clips.course import follow_course, rested
from model.clips.edit import fill_in, fixed_content
from model.clips.messages import ClipSpec, KeepSpec
from model.clips.named_changes import (
    NamedBars,
    bars_with_their_word,
    chord_change,
    drum_swap,
    instrument_swap,
    interval,
    key_wanted,
    named_bars,
    named_sections,
    names_interval,
    tempo_change,
    tempo_to,
)
from model.clips.reharmony import half_time, other_chords
from model.generation.messages import Begin
from model.music.control import MAX_TEMPO, MIN_TEMPO
from model.music.drums import ROLES
from model.music.harmony import Key, parse_chord, parse_key
from model.music.midifile import Song, bar_length
from model.music.notes import PARTS, UNPITCHED_PARTS, Beat, Note, Ticks
from model.music.plan import Plan, apply_controls
from model.music.wishes import Account, Reading, Section, Strokes, Wishes
from model.prompt.account import IN_A_CHANGE, REASONS
from model.prompt.encoder import TextEncoder
from model.prompt.reader import STAYS, ParsedPrompt, parse_prompt
from model.prompt.rules import figures
from model.prompt.rules.parts import PART, PIECES, drum_pieces
from model.prompt.rules.progressions import find_progression
from model.prompt.rules.vocabulary import Term, find
from model.prompt.understand import understand
from model.prompt.wishes.at_bars import FILL, at_bars

Parts = frozenset[str]
NOT_IN_A_CHANGE = "a new clip has it; a change leaves the bars as they are"
EVERY = frozenset(PARTS)
PITCHED = EVERY.difference(UNPITCHED_PARTS)
NO_CHANGE = "names no change that is known here"
_CLAUSE = re.compile(
    r"[,;，；。、!]|\.(?!\d)|\s&\s(?=an?\s)|\bbut\b|\baber\b|\bpero\b|\band then\b|但是?|而且"
    r"|\b(?:and|und|et|y|e)\s+(?=(?:in\s+)?(?:bar|takt|mesure|compás|compasso|battuta)\s+\d+\s*(?:to|zu|auf|in|en|a|por|para|[:=])\s)"
    r"|\b(?:und|et|y|e)\s+(?=(?:cambia|quita|pon|añade|agrega|sube|baja|haz|deja|usa|repite|elimina|transpón|change|enlève|mets|ajoute|monte|baisse|rends|garde|fais|remplace|retire|supprime|répète|mach|nimm|füg|änder|ändere|ersetz\w*|setz|lass|entfern\w*|spiel|wiederhol\w*|dreh|togli|metti|aggiungi|alza|abbassa|fai|lascia|sostituisci|ripeti|muda|tira|coloca|adiciona|sobe|abaixa|faz|deixa|troca|põe|remove)\b)"
    r"|\b(?:and|und|et|y|e)\s+(?=(?:more|less|fewer|mehr|weniger|plus|moins|m[aá]s|menos|pi[uù]|meno|mais)\s+(?:d[e'’]|of)?\s*(?:the |la |le |el |il |o |a )?\w+\s*(?:$|[,.;]))"
    r"|\band (?=(?:the\s+)?(?:\w+\s+)?chord\b)|\band (?=(?:also |then )?(?:change|make|rewrite|replace|swap|add|remove|drop|mute|transpose|put|give|keep|slow|speed|turn|raise|lower)\b)"
)
_EXCEPT = re.compile(
    r"(?<=everything) but\b(?! (?:make|change|turn|let|add|remove|put|give|take|mute|play|with|move|raise|lower|more|less|fewer|another|different|new|louder|softer|quieter|higher|slower|faster|darker|brighter|simpler|busier|shorter|longer)\b)|(?<=all) but\b|\b(?:except(?: for)?|apart from|besides|aside from|außer|sauf|excepto|salvo|menos|tranne|eccetto|exceto)\b",
    re.I,
)
_ALL_EXCEPT = re.compile(r"\b(?:everything|all|the rest|alles|tout|todo|tutto|tudo)\s+except\b|(?:除了)")
_THE_REST = re.compile(
    r"\b(?:everything else|all else|the (?:rest|others?)|all the (?:rest|others?)|(?:alles|den|das) (?:andere|rest)|le reste|tout le reste|(?:todo )?lo dem[aá]s|el resto|(?:tutto )?il resto|(?:todo )?o resto)\b|其[他它余]|他は|ほかは|残りは|その他|\b(?:der |den )?rest\b|나머지"
)
_REST_STAYS = re.compile(
    r"(?:\s*(?:[,;&]|\b(?:and|but|und|aber|y|et|e|ma|mas|pero|mais)\b))?\s*(?:\b(?:leave|keep|with|lass(?:e|t)?|behalte?|deja(?:r|ndo)?|manten(?:er|iendo)?|laisse[zr]?|garde[zr]?|lascia(?:re|ndo)?|mantieni|deix[ae]|mantém)\s+(?:everything|all|the rest|the others?|alles|den rest|lo demás|el resto|todo lo demás|tout le reste|le reste|il resto|tutto il resto|o resto|todo o resto)(?:\s+(?:else|andere|übrige))?"
    r"|\b(?:(?:the|der|den|le|el|il|o)\s+)?(?:rest|everything else|alles andere|reste|resto|lo demás)(?=\s+(?:stay|remain|as it|unchanged|bleibt|reste|queda|resta|fica|igual|uguale)))"
    r"(?:\s+(?:stays?|remains?|bleibt|reste|queda|resta|fica|is|sein))*\s*(?:alone|as (?:it |they )?(?:is|are|was)|the same|unchanged|untouched|intact|put|so|wie (?:es|er) ist|gleich|unverändert|in ruhe|igual|como está|tal cual|intacto|tel quel|inchangé|pareil|tranquille|uguale|com'è|invariato|como está)?(?=\s*(?:$|[,.;!]|\bbut\b(?! (?:the|for)\b)|\band\b))"
    r"|(?:\s*[,;]|^|\s+(?:and|und|et|y|e))\s*(?:nothing else|sonst (?:gar )?nichts|rien d'autre|nada más|nient'altro|mais nada)(?=\s*(?:$|[,.;!]))"
    r"|(?:其[他它余]的?|剩下的?)(?:都)?(?:不变|不要动|别动|不动|保持(?:不变|原样))|(?:他|ほか|残り|その他)は(?:そのまま|変えない(?:で)?)",
    re.I,
)
"""What says that the rest stays: it does."""
_SECTION = re.compile(
    r"\b(?:intro|verses?|chorus(?:es)?|bridge|outro|refrain|strophe|couplet|coro|estribillo|ritornello|refrão|estrofa|strofa|breakdown|interlude|coda|pre-?chorus|middle eight|zwischenspiel|vorspiel|puente(?! de)|pont (?:musical|instrumental)|ponte|estrofe)\b(?!\s+(?:effect|pedal))|前奏|主歌|副歌|尾奏",
    re.I,
)
_ANEW = re.compile(
    r"\b(?:change|vary|re-?write|redo|renew|new|another|different|regenerate|replace|änder\w*|neu|anders|chang\w*|refai\w*|nouveau|cambi\w*|nuevo|riscriv\w*|nuovo|mud\w*|(?<!bossa )(?<!de )nov[oa]|nuev[oa]|nuov[oa]|nouvel(?:le)?|otr[oa]|altr[oa]|outr[oa]|autre|neue[nrsm]?|andere[nrsm]?|rehaz|rehacer|refaz|refazer|rifai|rifare)\b|[换改变変重]|新|別の|違う|書き直"
)
_ONLY = re.compile(
    r"\b(?:only|just|nothing but|solely|nur|seulement|uniquement|solo|sólo|solamente|soltanto|apenas|só|somente)\b|只|仅|单独|だけ|のみ"
)
_PLEASE = re.compile(
    r"\b(?:please|thanks|thank you|thx|hey|hi|ok(?:ay)?|it|the|a|an|and|then|also|make|can you|could you|i want|i'd like|bitte|merci|por favor|per favore|s'il (?:te|vous) pla[iî]t)\b|请|谢谢|再|一?下|吧|してください|してほしい|お願いします?|ください|して|下さい"
)
_BAR_CHORD_JA = re.compile(
    r"\s*の?(?:コード|和音|和弦)?(?:を|は)?\s*(?P<symbol>[A-G](?:##|bb|[#b♯♭])?[\w#♯♭+°øΔ△^-]{0,9}?(?:/[A-G][#b♯♭]?)?)\s*(?:に|へ)?(?:変え|し|かえ|変更)?[ぁ-ん]*\W*"
)
"""3小節目のコードをDmにして."""
_PLACED = re.compile(
    r"\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|last|final)\s+chord|\bchord\s*#?\d|第.{1,3}个?和弦"
)
_KEY_WORD = re.compile(r"\b(?:change|transpose|move|shift|modulate)\b[^,]*\bkey\b|\bkey\s+(?:of|to)\b|\bin the key\b")
_BAR_CHORD = re.compile(
    r"(?:.*?\b(?:chords?|harmony|akkord|accord|acorde|accordo|make|put|use|play|change)\b[^A-H]*?|.*?和弦\D*?|\W*)(?:\b(?:to|be|into|zu|en|a|=|por|with)\b|[:=]|改成|换成|\s|)*\s*(?P<symbol>[A-H](?:##|bb|[#b♯♭])?[\w#♯♭+°øΔ△()^-]{0,9}(?:/[A-G][#b♯♭]?)?)\s*(?:chord)?\W*"
)
_LESS = r"(?:\bless\b|\bfewer\b|\bnot (?:so|as|that|too)\b|\breduce\w*\b|少|别那么|不要太|没那么|减)"
_MORE = r"(?:\bmore\b|\badd\b|\bextra\b|更|多|加)"
_DENSE = r"(?:\bbusy\b|\bbusier\b|\bdens\w+|\bnotes?\b|\bnoise\b|\bactiv\w+|\bcrowded\b|\bfull\w*|\bhits?\b|密|繁|忙|音符|满|花)"

_BESIDE_THE_BEAT = re.compile(
    r"\b(?:no|without|remove|drop|lose|kein\w*|ohne|sans|pas de|sin|senza|sem)\b[^,]*\b(?:off[\s-]?beats?|syncop\w+|synkop\w+|contre-?temps|contratiempos?|sincop\w+|síncop\w+|contratempos?)|(?:不要|没有|去掉)\S*(?:反拍|切分)|裏拍\S*(?:なし|無し)"
)
"""That nothing is wanted beside the beats: it moves onto them."""
_NO_SWING = re.compile(
    r"\b(?:no|not?|without(?: any)?|zero|remove|lose|drop|take out|ohne|kein\w*|sans|pas de|enl[eè]ve|sin|quita\w*|senza|niente|togli|sem|tir[ae]|nada de)\s+(?:the |den |le |el |lo |o )?(?:swing|swung|shuffle)\b"
)
_TOO_MUCH = re.compile(
    r"\b(?:not|nicht|ne pas|pas|no|non|não|nem)\s+(?:too|so|zu|trop|tan|tant[oaie]s?|demasiad[oa]s?|tropp[oaie]|muit[oa]s?|much[oa]s?|tant)(?:\s+(?:many|much|viel\w*))?\b|不要?(?:那么|太)多|别(?:那么|太)多|(?:あまり|そんなに)\S*(?:多く|たくさん)?(?:しない|なく)|多すぎ(?:ない|ず)"
)
"""That something is to be there, and less of it."""
_KEEP_ONLY = re.compile(
    r"\b(?:keep|leave|behalt\w*|lass\w*|gard\w*|laisse\w*|deja\w*|mant[eé]n\w*|conserv\w*|mantieni|tieni|lascia|deix\w*)\s+(?:only|just|nothing but|nur|seulement|uniquement|que|solo|sólo|solamente|soltanto|apenas|só|somente)\b|\bne gard\w+ que\b|只(?:保)?留|只保留"
)
"""That all others go."""
_HALF_TIME = re.compile(
    r"\bhalf[\s-]?time\b|\bhalbe[smnr]? (?:tempo|zeit|geschwindigkeit)|\b(?:demi|mi)[\s-]tempo\b|\bà la moitié(?: du tempo)?\b|\b(?:a )?medio (?:tiempo|tempo)\b|\ba mitad de (?:tiempo|tempo)\b|\b(?:a )?(?:mezzo|metà) tempo\b|\b(?:a )?(?:meio|metade do) tempo\b|半拍|半时|半速|ハーフ・?タイム|하프타임"
)
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("on the beat", rf"{_BESIDE_THE_BEAT.pattern}|\bon (?:the )?beats? only\b|\bonly on (?:the )?beats?\b|nur auf (?:den |die )?(?:schlag|schläge|beats?|zählzeiten)\b|(?:seulement|uniquement|que) sur les temps|(?:solo|sólo) en (?:los tiempos|el pulso)|solo sui tempi|só nos tempos|只在拍上|拍頭だけ"),
        ("walking", r"\bwalk(?:ing|s)?\b|行走"),
        ("fewer chords", r"\bhalf (?:the|as many) chord|\bfewer (?:chords?|chord changes)|\bless chords?\b|\bslower chord|和弦(?:减半|少)|一半的?和弦"),
        ("plainer", r"\b(?:simpl\w+|plain\w*|basic|triads?)\b[^,]*\b(?:chords?|harmon\w+|triads?)|\bjust triads\b|\bless jazz\w*|(?:简单|朴素)\S*和[弦声]|和[弦声]\S*简单|三和弦"),
        ("richer", r"\b(?:more|bit|little) interesting|interessanter|plus intéressante?|m[aá]s interesante|pi[uù] interessante|mais interessante|有意思|有趣|面白く|\bjazz(?:i\w+|y)\b|\bmore jazz\w*|\b(?:rich\w*|lush\w*|complex\w*|extended|fancier|colou?rful)\b[^,]*\b(?:chords?|harmon\w+|voicing\w*)|\b(?:chords?|harmon\w+)\b[^,]*\b(?:rich\w*|lush\w*|complex|jazz\w*)|更爵士|(?:丰富|复杂)\S*和[弦声]|和[弦声]\S*(?:丰富|复杂)"),
        ("sparser", rf"\b(?:weniger (?:noten|dicht)|moins (?:de notes|charg\w+)|menos notas|meno note)\b|{_LESS}[^,]*{_DENSE}|\bspars\w+|\bthin\w*|\bmore (?:space|room|air)|\bspac(?:e|ious)\b|\bsimpl(?:er|ify)\b|\beinfacher|\b(?:m[aá]s|plus|mais) simples?\b|\bpi[uù] semplic[ei]\b|\bminimal\w*|\bcalm(?:er)? down|少一?[点些]|疏|稀|留白|简单|空一点|音数?を?減ら|減らし|少なく|すっきり|シンプル|スカスカ"),
        ("busier", rf"\b(?:dichter|voller|plus de notes|m[aá]s notas|pi[uù] note|mais notas)\b|{_MORE}[^,]*{_DENSE}|\bbusier\b|\bdenser\b|\bfuller\b|\bmore (?:movement|going on)|更满|更密|更忙|更花|忙碌|増やし|音数を増|細かく|にぎやか|賑やか|派手に"),
        ("softer", r"\b(?:leiser|sanfter|ruhiger|(?:plus doux|plus douce|moins fort)|m[aá]s (?:suave|flojo)|pi[uù] (?:piano|dolce|morbid[oa])|mais (?:suave|baixinho))\b|\bsoft\w*|\bquiet\w*|\bgentl\w+|\bcalm\w*|\bmellow\w*|\btender\w*|\bless (?:loud|energ\w+|intense|aggressive)|\blighter touch|\blower (?:the )?(?:volume|energy)|静かに|小さく|弱く|柔らかく|やわらか|優しく|やさしく|温柔|轻柔?一?[点些]|更轻|安静|柔和|平静|小声"),
        ("louder", r"\b(?:lauter|kräftiger|plus forte?|m[aá]s fuerte|pi[uù] forte|mais forte)\b|\bloud\w*|\bharder\b|\bstronger\b|\bpower\w*|\bmore (?:energ\w+|intense|aggressive|drive|punch)|\bintense\b|\benerget\w+|\bpunch\w*|大きく|強く|激しく|力強く|パワフル|有力|激烈|大声|更强|更响|响一?点|有劲|能量"),
        ("darker", r"\b(?:dunkler|düsterer|plus sombre|m[aá]s oscur[oa]|pi[uù] (?:scur[oa]|cup[oa])|mais escur[oa]|trauriger|plus triste|m[aá]s triste|pi[uù] triste|mais triste)\b|\bdark\w*|\bsad\w*|\bgloom\w*|\bmood(?:y|ier)\b|\bmelanchol\w*|\bsombre|\bin minor\b|\bminor\b|切なく|哀し|暗|忧伤|悲|伤感|小调"),
        ("brighter", r"\b(?:heller|fröhlicher|plus (?:gaie?|joyeu\w+|claire?)|m[aá]s (?:alegre|brillante)|pi[uù] (?:allegr[oa]|chiar[oa])|mais alegre)\b|\bbright\w*|\bhappi?\w*|\bsunn\w+|\bcheer\w*|\buplift\w*|\bmajor\b|明るく|元気に|楽しく|陽気|明亮|亮一?点|更亮|开心|欢快|阳光|大调"),
        ("slower", r"\bslow\w*|慢|遅く|遅め|ゆっくり"),
        ("faster", r"\bfast\w*|\bquick\w*|\bspeed\w* up|快|[速早]く|[速早]め"),
        ("higher", r"\b(?:höher|plus haute?|m[aá]s (?:agud[oa]|alt[oa])|pi[uù] (?:acut[oa]|alt[oa])|mais (?:agud[oa]|alt[oa]))\b|\bhigher\b|\boctave (?:up|higher)|\bup an octave|\bhigh\b|高|オクターブ上"),
        ("lower", r"\b(?:tiefer|plus (?:basse?|grave)|m[aá]s (?:grave|baj[oa])|pi[uù] (?:grave|bass[oa])|mais (?:grave|baix[oa]))\b|\blower\b|\boctave (?:down|lower)|\bdown an octave|\bdeeper\b|低|オクターブ下"),
        ("shorter", r"\bshort\w*|\bstaccato\b|\bpluck\w*|\btight\w*|\bclipped\b|断奏|短|スタッカート|歯切れ"),
        ("longer", r"\blegato\b|\blonger\b|\bsmooth\w*|\bsustain\w*|\bheld\b|\bconnected\b|连奏|连贯|长音|更长|長く|レガート|なめらか|滑らか"),
        ("straight", rf"{_NO_SWING.pattern}|\bstraight\w*|\b(?:less|weniger|moins de|menos|meno) swing|\b(?:un|de-?)swing|\bgerade (?:spielen|achtel\w*|machen)|\bbinaire|\bbinari[oa]|(?:不要?|没有|去掉|少)\S{{0,2}}(?:摇摆|swing)|(?:スウィング|スイング|シャッフル)(?:は|を)?(?:な|無|やめ|いら)|平均|ストレート|跳ねない"),
        ("swing", r"\bswing\w*|\bswung\b|\bshuffl\w+|摇摆|スウィング|スイング|跳ね(?!な)|シャッフル"),
        ("another", r"\b(?:another|different|new|change the|other|re-?write|redo|neue?[nrsm]?|andere[nrsm]?|anders|autres?|nouve(?:au|l|lle)s?|otr[oa]s?|nuev[oa]s?|altr[oaie]|nuov[oaie]|outr[oa]s?|(?<!bossa )(?<!de )nov[oa]s?|rifai|rehaz|refai[st]?|refaire|refaz)\b|別の|違う|新しい|書き直|作り直|変えて|换|另一|不同|重写|新的"),
    )
)  # fmt: skip
"""What a clause may ask for, in the order in which the first that fits counts; several of different kinds may."""
_SAME = re.compile(
    r"\b(?:same|keep|leave|unchanged|don'?t (?:touch|change)|behalt\w*|gleiche\w*|unverändert|lass\w*|gard\w*|m[eê]mes?|inchangé\w*|mant[eé]n\w*|conserv\w*|mism[oa]s?|stess[oaie]|mantieni|tieni|mesm[oa]s?|mantém|mantenha|igual(?:es)?(?! (?:que|a|de)\b)|identi\w+|tal cual|tel(?:le)? quel\w*|pareil\w*|unverändert|bleib\w*|stays? (?:the same|as|put|unchanged)|remains?|unver[aä]ndert|(?:queda|quede)n? igual|no (?:cambi|toqu)\w+|não (?:mud|mex)\w+|non (?:cambi|tocc)\w+|ne (?:change|bouge|touche)\w*)\b"
    r"|そのまま|変えない|変えず|キープ|維持|残し|不变|保持|保留|一样|别动|不动"
)
_REMOVE = re.compile(
    r"\b(?:no|without|remove|drop|delete|mute|lose|take out|cut|silence|ohne|kein\w*|entfern\w*|weg|sans|enl[eè]v\w*|retir\w*|supprim\w*|sin|quita\w*|elimin\w*|senza|togli\w*|rimuov\w*|sem|tir[ae]\w*|remov\w*"
    r"|off(?![\s-]*(?:the )?beat)|silent|none|raus|fuera|fora|apagad[ao]s?|desligad[ao]s?|spent[aie]|éteinte?s?|aus(?=\s*$))\b"
    r"|抜い|抜き|抜く|なし|無し|消し|なくし|無くし|外し|カット|ミュート|いらない|要らない|オフ|削除|빼|없애|不要|去掉|没有|删|静音"
)
_ADD = re.compile(
    r"\b(?:add|with|bring in|put in|plus|give (?:it|me)|needs?|mit|füge|hinzu|avec|ajout\w*|con|añad\w*|agreg\w*|aggiung\w*|com|adicion\w*|acrescent\w*)\b|足し|加え|入れ|追加|加上?|来点|添"
)

_ADDS = re.compile(
    r"\b(?:add|bring in|put in|füge|hinzu\w*|ergänz\w*|ajout\w*|rajout\w*|añad\w*|agreg\w*|aggiung\w*|adicion\w*|acrescent\w*)\b|[加添]|足し|加え|追加"
)
"""That somebody comes who was not there: nobody goes for it."""
_SUNG = re.compile(
    r"\bvocals?\b|\bsing(?:ing|er)\b|\blyrics\b|\bgesang|\bvoix\b|\bvoz\b|\bvoces\b|\bvoce\b|\bchant\b|人声|ボーカル|歌声"
)
_SHUTS_OUT = {
    "plainer": {"sparser"},
    "fewer chords": {"sparser"},
    "richer": {"busier"},
    "shorter": {"sparser"},
    "straight": {"swing"},
}

Change = Callable[[Song, Parts], Song]

_ARITHMETIC: dict[str, Change] = {
    "on the beat": transforms.onto_beats,
    "walking": lambda song, _: transforms.walking_bass_line(song),
    "fewer chords": lambda song, _: transforms.halve_chord_changes(song),
    "plainer": lambda song, _: transforms.extend_chords(song, -1),
    "richer": lambda song, _: transforms.extend_chords(song, 1),
    "sparser": transforms.thin_out,
    "softer": lambda song, parts: transforms.change_velocity(song, parts, -18),
    "louder": lambda song, parts: transforms.change_velocity(song, parts, 18),
    "darker": transforms.make_darker,
    "brighter": transforms.make_brighter,
    "slower": lambda song, _: transforms.scale_tempo(song, 0.85),
    "faster": lambda song, _: transforms.scale_tempo(song, 1.15),
    "higher": lambda song, parts: transforms.shift_octaves(song, parts, 1),
    "lower": lambda song, parts: transforms.shift_octaves(song, parts, -1),
    "shorter": transforms.shorten,
    "longer": transforms.lengthen,
    "straight": transforms.remove_swing,
    "swing": lambda song, parts: transforms.apply_swing(song, 0.64, parts),
}  # fmt: skip

_USUAL: dict[str, Parts] = {
    "higher": transforms.UPPER_PARTS,
    "lower": transforms.UPPER_PARTS,
}
"""The parts a change moves where none is named; every part otherwise."""


@dataclass(frozen=True, slots=True)
class Refined:
    """A song that words have changed, and the words that it does not obey, each with the reason."""

    song: Song
    told: tuple[tuple[str, str], ...] = ()

    @property
    def account(self) -> Account:
        """What it does not obey, as an account of the words."""
        return Account(tuple(Reading(i, i + 1, text, "unmet", why) for i, (text, why) in enumerate(self.told)))


@dataclass(frozen=True, slots=True)
class _State:
    """The song so far; the parts that were to be kept; what was not obeyed; whether a clause has asked for anything."""

    song: Song
    kept: Parts = frozenset()
    told: tuple[tuple[str, str], ...] = ()
    done: bool = False

    def but(self, song: Song) -> _State:
        """Return the state after a change."""
        return replace(self, song=song, done=True)

    def telling(self, words: str, why: str) -> _State:
        """Return the state with words that are not obeyed."""
        return replace(self, told=(*self.told, (words, why)))


def refine(composer: Writer, song: Song, words: str, seed: int) -> Song:
    """Return the song as the words would have it. Raises ValueError where they ask for nothing that we can change."""
    return refine_and_tell(composer, song, words, seed).song


def refine_and_tell(composer: Writer, song: Song, words: str, seed: int) -> Refined:
    """Return the song as the words would have it, and what of them it does not obey.

    Raises ValueError where they ask for nothing that can be changed, with the reason.
    """
    state = _State(song)
    plain = _REST_STAYS.sub(" ", STAYS.sub("keep", _EXCEPT.sub(" except ", words)))
    plain = bars_with_their_word(words if not plain.strip(" ,.;!") else plain, len(song.bars))
    listed = _progression(plain, song)
    if listed is not None:
        plain, chords = listed
        state = state.but(transforms.put_chords(song, chords))
    said = [clause for clause in _CLAUSE.split(plain) if clause.strip()]
    clauses = _meant_alone(where_copied(said, len(song.bars), _is_told_of_bars))
    keeping = (clause.lower() for clause in clauses if _SAME.search(clause.lower()))
    state = replace(state, kept=frozenset().union(*map(_named, keeping)))
    for clause in clauses:
        state = _within_bars(composer, state, clause.strip(), seed)
    if not state.done:
        reasons = "; ".join(f"“{text}”: {why}" for text, why in state.told if why != NO_CHANGE)
        raise ValueError(
            reasons or f"nothing in {words!r} names what should change: less busy, darker, no drums, walking bass …"
        )
    return Refined(state.song, state.told)


def _progression(words: str, song: Song) -> tuple[str, list[tuple[Ticks, str]]] | None:
    """Return the chords of a list that the words want in the place of all, one bar each, and the words without it."""
    found = find_progression(words, parse_key(song.key))
    asks = re.search(r"\bchords?\b|\bprogression\b|\bchanges\b|akkord|accord|acorde|和弦", words.lower())
    if found is None or len(found.bars) < 2 or not (asks or found.end - found.start > 0.7 * len(words)):
        return None
    if _SAME.search(words[: found.start].lower()) or _PLACED.search(words.lower()):
        return None
    chords: list[tuple[Ticks, str]] = []
    for bar, (start, meter) in enumerate(song.bars):
        symbols = found.bars[bar % len(found.bars)].split()
        for i, symbol in enumerate(symbols):
            at = Ticks(start + bar_length(meter) * i // len(symbols))
            if not chords or chords[-1][1] != symbol:
                chords.append((at, symbol))
    before, after = words[: found.start], words[found.end :]
    return f"{_CLAUSE.split(before)[-1] and before[: -len(_CLAUSE.split(before)[-1])]} {after}", chords


_HEIGHT = re.compile("|".join(pattern.pattern for name, pattern in _RULES if name in ("higher", "lower")))


def _meant_alone(clauses: Sequence[str]) -> list[str]:
    """Return the clauses in which "only change the melody, I want it higher" is one: what follows says how, of that part."""
    found: list[str] = []
    for clause in _without_limits(clauses):
        last = found[-1].lower() if found else ""
        is_how = not _named(clause.lower()) and any(pattern.search(clause.lower()) for _, pattern in _RULES)
        if is_how and _ONLY.search(last) and _ANEW.search(last) and _named(last):
            found[-1] = f"{clause} {' '.join(sorted(_named(last)))}"
        elif (
            len(_named(last)) == 1
            and not _named(clause.lower())
            and _HEIGHT.search(clause.lower())
            and not _REMOVE.search(last)
        ):
            found.append(f"{clause} {next(iter(_named(last)))}")  # the melody on a flute, an octave higher
        else:
            found.append(clause)
    return found


def _beside_names(clause: str) -> str:
    """Return what a clause says beside the names of parts and instruments."""
    spans = [m.span() for m in PART.finditer(clause.lower())] + [
        (f.start, f.end) for f in find(clause.lower()) if f.term.kind == "instruments"
    ]
    rest = "".join(" " if any(a <= i < b for a, b in spans) else c for i, c in enumerate(clause.lower()))
    return re.sub(
        r"\b(?:and|or|und|oder|et|ou|y|o|e|the|der|die|das|la|le|les|el|los|las|il|os|as|a)\b|[和与跟及と\W]", "", rest
    )


def _without_limits(clauses: Sequence[str]) -> list[str]:
    """Return the clauses without those that only say in which parts the change beside them is: "an octave up, only the melody"."""

    def changes(lower: str) -> bool:
        asked = {name for name, pattern in _RULES if pattern.search(lower)} - {"slower", "faster"}
        how = asked or interval(lower) is not None or any(p.search(lower) for p in (_ANEW, _ON_ONE))
        return bool(how) and _SAME.search(lower) is None

    def limits(lower: str) -> bool:
        said = _ONLY.search(lower) or re.search(r"只要?", lower)
        return (
            said is not None and bool(_named(lower)) and not any(p.search(lower) for p in (_REMOVE, _SAME, _ANEW, _ADD))
        )

    lists: list[str] = []
    for clause in clauses:
        listed = lists and (_ONLY.search(lists[-1].lower()) or _REMOVE.search(lists[-1].lower()))
        if listed and _named(lists[-1].lower()) and _named(clause.lower()) and not _beside_names(clause):
            lists[-1] = f"{lists[-1]} and {clause}"  # just piano, bass and drums
        else:
            lists.append(clause)
    clauses, lowers = lists, [clause.lower() for clause in lists]
    limit = next((low for low in lowers if limits(low) and not changes(low) and "nothing but" not in low), None)
    if limit is None:
        return list(clauses)
    own = _named(limit)
    if not any(_named(low) == own or (changes(low) and _named(low) <= own) for low in lowers if low != limit):
        return list(clauses)
    names = " and ".join(sorted(own))
    return [c if _named(c.lower()) else f"{c} {names}" for c in clauses if c.lower() != limit]


def _within_bars(composer: Writer, state: _State, clause: str, seed: int) -> _State:
    """Carry out one clause in the bars that it names, or in all."""
    count = len(state.song.bars)
    if (copy := bar_copy(clause, count, _is_told_of_bars)) is not None:
        meant = (_named(copy.about) or EVERY - state.kept) - _named(copy.spared)
        alike = copied(state.song, copy, None if meant == EVERY else meant)
        if alike is None:
            return state.telling(clause, "their bars are not of one metre")
        state = state.but(alike)
        aim = copy.place if _named(copy.rest) else copy.aim
        return _within_bars(composer, state, f"{copy.rest} {aim}", seed) if copy.rest else state
    fills = [c.bar - 1 for c in at_bars(clause.lower(), count)[0] if c.cue == "fill" and c.bar <= count]
    if len(fills) > 1 and not _REMOVE.search(clause.lower()):  # a fill every four bars
        return _filled(composer, state, fills, seed)
    parsed = parse_prompt(clause)
    wishes = parsed.wishes
    halves = _beside_rests(parsed) if wishes.rests else []
    adds = _ADDS.search(clause.lower()) is not None and not _ONLY.search(clause.lower())
    if wishes.rests and not adds and not any(map(_is_how, halves)):
        if any(abs(rest.last or 1) > count for rest in wishes.rests) or all(abs(r.first) > count for r in wishes.rests):
            return state.telling(clause, f"there are bars 1 to {count}")
        silent = rested(state.song, replace(wishes, sections=_as_sections(state.song)))
        same = silent.notes == state.song.notes
        state = state.telling(clause, "nothing of it plays there") if same else state.but(silent)
        for half in halves:
            more = _JOINT.sub("", half).strip()
            if _CARRIES.sub("", more.lower()).strip(" .!?,'’"):
                state = _within_bars(composer, state, more, seed)
        return state
    found = named_bars(clause, len(state.song.bars)) or named_sections(
        clause, _sections(state.song), len(state.song.bars)
    )
    if found is None and _SECTION.search(clause):
        return state.telling(clause, NO_SECTIONS)
    if found is None:
        return _clause(composer, state, clause, seed)
    if found.beyond:
        return state.telling(clause, f"there are bars 1 to {len(state.song.bars)}")
    if not found.bars:
        known = " ".join(dict.fromkeys(name for _, name in state.song.sections))
        if not known:
            return state.telling(clause, NO_SECTIONS)
        return state.telling(
            clause,
            f"there is none of these here: {known}"
            if named_bars(clause, len(state.song.bars)) is None
            else "these bars are none",
        )
    song, lower = state.song, found.rest.lower()
    if (chord := _chord_of_bar(song, found)) is not None:
        return state.but(chord)
    only = _ONLY.search(lower)
    parts = _named(lower) or (_players(lower, song) if only else frozenset())
    if only is not None and parts and not [name for name, pattern in _RULES if pattern.search(lower)]:
        silent = transforms.remove_parts(song, parts)
        return state.but(transforms.splice(song, silent, frozenset(range(len(song.bars))) - found.bars))
    strokes = parsed.wishes.strokes if _pieces(lower) and parts <= {"drums"} and not _REMOVE.search(lower) else ()
    if strokes and not any(pattern.search(lower) for _, pattern in _RULES):  # a crash at bar 5
        beats = tuple(s if s.beats else Strokes(s.role, (1,)) if s.role == "crash" else s for s in strokes)
        struck = follow_course(song, Wishes(strokes=beats))
        return state.but(transforms.splice(song, struck, found.bars))
    if FILL.search(lower) and not _REMOVE.search(lower) and parts <= {"drums"}:
        return _filled(composer, state, found.bars, seed)
    after = _clause(composer, replace(state, done=False), found.rest, seed)
    if not after.done:
        told = _unread(parse_prompt(clause), NOT_IN_A_CHANGE)
        return replace(state, told=(*state.told, *told)) if told else replace(after, done=state.done)
    if after.song.tempos != song.tempos:
        return state.telling(clause, "the tempo changes for the whole piece: say it without the bars")
    spliced = transforms.splice(song, after.song, found.bars)
    same = (sorted(spliced.notes), spliced.chords) == (sorted(song.notes), song.chords)
    if same and after.song.programs != song.programs:
        return state.telling(clause, "an instrument changes for the whole piece: say it without the bars")
    return replace(after, song=spliced, done=state.done or after.done)


def _filled(composer: Writer, state: _State, bars: Collection[int], seed: int) -> _State:
    """Return the state with a fill of the drums in some bars."""
    asked = ", ".join(f"drum fill at bar {bar + 1}" for bar in sorted(bars))
    filled = _written(composer, state.song, asked, seed, frozenset({"drums"}))
    return state.but(transforms.splice(state.song, filled, frozenset(bars)))


def _is_told_of_bars(words: str) -> bool:
    """Return True if words say how bars are played, beside which others they are like: louder, up a third, no drums."""
    hits = any(pattern.search(words) for name, pattern in _RULES if name != "another")
    return hits or names_interval(words) or (_REMOVE.search(words) is not None and bool(_named(words)))


_JOINT = re.compile(
    r"^\W*(?:(?:and|und|et|y|e|then|dann|puis|luego|poi|depois|also|auch|aber|but|mais|pero|ma|mas)\b\W*|(?:然后|再|并且?|而且|そして|それから)\W*)+"
)
"""What joins a half of a sentence to what stands before it."""
_CARRIES = re.compile(
    rf"{_PLEASE.pattern}|\b(?:not before|nicht (?:vorher|früher)|pas avant|no antes|non prima|não antes|spiel\w*|play\w*|joue\w*|toqu\w*|toca\w*|suon\w*|erst|auch|take|bring|put|let|have|leave|get|give|turn|should|must|will|mach|lass|nimm|hol|setz|haz|que|deja|pon|fais|mets|laisse|fai|metti|faça|deixe|tire|und|et|y|e|der|die|das|den|le|la|les|el|los|las|il|lo|gli|os?|as?|i)\b|^.?$|[掉把让使都就]|[をはがもにでの]"
)
"""Words that carry a wish and say nothing of their own."""


def _beside_rests(parsed: ParsedPrompt) -> list[str]:
    """Return the words that stand between those which say who rests where."""
    halves = [""]
    for reading in parsed.account.readings:
        if reading.kind == "wish":
            halves.append("")
        else:
            halves[-1] = f"{halves[-1]} {reading.text}".strip()
    return [half for half in halves if half]


def _is_how(half: str) -> bool:
    """Return True if words beside a place say how who plays there is changed, not who rests: only the drums louder."""
    lower = half.lower()
    return not _JOINT.match(lower) and not _named(lower) and any(pattern.search(lower) for _, pattern in _RULES)


NO_SECTIONS = "sections are not known in given notes: name their bars"


def _as_sections(song: Song) -> tuple[Section, ...]:
    """Return the sections of a song with their bars; what is before the first one has no name."""
    firsts = [(0, ""), *_sections(song), (len(song.bars), "")]
    return tuple(Section(name, after - first) for (first, name), (after, _) in pairwise(firsts) if after > first)


def _sections(song: Song) -> list[tuple[int, str]]:
    """Return the first bar of each section, counted from 0, and its name."""
    starts = [at for at, _ in song.bars]
    return [(bisect_right(starts, at) - 1, name) for at, name in song.sections]


def _chord_of_bar(song: Song, found: NamedBars) -> Song | None:
    """Return the song with the chord that a clause gives its bars: "bar 3: Em7", "change the chord in bar 4 to G7"."""
    match = _BAR_CHORD.fullmatch(found.rest) or _BAR_CHORD_JA.fullmatch(found.rest)
    if match is None:
        return None
    try:
        parse_chord(match["symbol"])
    except ValueError:
        return None
    starts = [at for at, _ in song.bars]
    chords = tuple((starts[b], match["symbol"]) for b in sorted(found.bars))
    whole = tuple((at, s) for at, s in song.chords if not any(at == c for c, _ in chords))
    changed = transforms.splice(
        replace(song), replace(song, chords=tuple(sorted({**dict(whole), **dict(chords)}.items()))), found.bars
    )
    inside = {b: (starts[b], starts[b + 1] if b + 1 < len(starts) else song.end) for b in found.bars}
    symbols = tuple(
        (at, s) for at, s in changed.chords if at in dict(chords) or not any(a <= at < e for a, e in inside.values())
    )
    return transforms.put_chords(song, symbols)


def _clause(composer: Writer, state: _State, clause: str, seed: int) -> _State:
    """Carry out one clause; what it asks and cannot have is told."""
    song, lower = state.song, clause.lower()
    parsed = parse_prompt(clause)
    present = frozenset(n.part for n in song.notes)
    spared, action = _spared(lower)
    if spared:
        rest = present - spared
        if _REMOVE.search(action) or _ONLY.search(action):
            return state.but(transforms.remove_parts(song, rest))
        kinds = [name for name, pattern in _RULES if pattern.search(action)]
        if kinds and "another" not in kinds:
            return _ruled(composer, replace(state, kept=spared), clause, seed, kinds, rest)
        if kinds or _ANEW.search(action):
            return state.but(_written(composer, song, clause, seed, rest))
    named = _named(lower)
    if _THE_REST.search(lower) and not named:
        rest = present - state.kept
        if state.kept and (_ANEW.search(lower) or not [n for n, p in _RULES if p.search(lower)]):
            if _REMOVE.search(lower):
                return state.but(transforms.remove_parts(song, rest))
            return state.but(_written(composer, song, clause, seed, rest))
    if _KEEP_ONLY.search(lower) and (players := _players(lower, song) & present):
        return state.but(transforms.remove_parts(song, present - players))
    if _SAME.search(lower):
        in_key = None if named or "key" not in parsed.explicit else parsed.key
        return state.but(song if in_key is None else transforms.change_key(song, in_key))
    chords = _merged(song.chords)
    chord = chord_change(clause, [s for _, s in chords])
    if chord is not None:
        if chord.fault:
            return state.telling(clause, chord.fault)
        changed = [(at, chord.symbol if i in chord.places else s) for i, (at, s) in enumerate(chords)]
        return state.but(transforms.put_chords(song, changed))
    if _HALF_TIME.search(lower) and ("drums" in named or re.search(r"\bfeel\b|\bgroove\b", lower)):
        halved = half_time(song)
        if halved == song:
            return state.telling(clause, "no drums play a backbeat in bars of four here")
        return state.but(halved)
    tempo = tempo_change(clause, song.tempos[0][1])
    if tempo is None and parsed.wishes.ramp is not None:
        tempo = tempo_to(clause)
    if tempo is not None:
        if not MIN_TEMPO <= tempo <= MAX_TEMPO:
            return state.telling(clause, f"a tempo is {MIN_TEMPO}..{MAX_TEMPO}, not {tempo:g}")
        state = state.but(transforms.scale_tempo(song, tempo / song.tempos[0][1]))
    elif "tempo" in parsed.explicit and parsed.tempo is not None:
        state = state.but(transforms.set_tempo(song, parsed.tempo))
    timed, song = state.song.tempos != song.tempos or tempo is not None or "tempo" in parsed.explicit, state.song
    up = interval(clause)
    if up is not None and up % 12:
        shifted = transforms.shift_semitones(song, named, up) if named else transforms.transpose(song, up)
        return _on_instruments(state.but(shifted), _played_on(lower, present))
    key = (
        key_wanted(clause, parse_key(song.key))
        or (parsed.key if "key" in parsed.explicit else None)
        or _modulated(parsed)
    )
    if key is not None and not _REMOVE.search(lower):
        return state.but(transforms.change_key(song, key))
    if _KEY_WORD.search(lower):
        return state.telling(clause, "no key that is known: say D minor, Bb major, up a tone")
    if (drums := drum_swap(clause)) is not None:
        return state.but(transforms.replace_drums(song, *drums))
    if (swapped := _swapped(state, clause)) is not None:
        return swapped
    removes = _REMOVE.search(lower) and not any(p.search(lower) for p in (_BESIDE_THE_BEAT, _NO_SWING, _TOO_MUCH))
    if _REMOVE.search(lower) and _SUNG.search(lower):
        return state.telling(clause, "nothing here sings: the melody is notes of an instrument")
    if named & state.kept and removes:
        return state.telling(clause, "it is to stay as well")
    if removes and (named or _pieces(lower)):
        song = transforms.remove_drums(song, _pieces(lower))
        return state.but(transforms.remove_parts(song, named if not _pieces(lower) else named - {"drums"}))
    asked = [name for name, pattern in _RULES if pattern.search(lower)]
    if timed:
        asked = [
            a
            for a in asked
            if a not in (("slower", "faster") if tempo is None or named else ("slower", "faster", "lower", "higher"))
        ]
    if not asked and _TOO_MUCH.search(lower) and (roles := _pieces(lower)):
        notes = {ROLES[role] for role in roles}
        pieces = replace(song, notes=tuple(n for n in song.notes if n.part == "drums" and n.pitch in notes))
        fewer = transforms.thin_out(pieces, frozenset({"drums"})).notes
        others = [n for n in song.notes if n.part != "drums" or n.pitch not in notes]
        return state.but(replace(song, notes=tuple(sorted([*others, *fewer]))))
    if not asked and named and _TOO_MUCH.search(lower):
        asked = ["sparser"]
    if not asked and named and (share := _SHARE_OF.match(lower)) is not None:
        asked = ["louder" if share["more"] else "softer"]  # more drums, moins de piano
    if named and not named & {"chords", "pad"}:  # jazzier drums are drums of another style
        asked = [a for a in asked if a not in ("richer", "plainer")]
    if not asked and up is not None:  # an octave, said in words of its own
        asked = ["higher" if up > 0 else "lower"]
    for first in list(asked):
        asked = [a for a in asked if a not in _SHUTS_OUT.get(first, ())]
    if (
        asked in ([], ["another"])
        and named <= {"chords"}
        and (asked or _ANEW.search(lower))
        and _OF_THE_HARMONY.search(lower)
    ):
        return state.but(other_chords(song, seed))
    if _ONLY.search(lower) and _ANEW.search(lower) and named & present and asked in ([], ["another"]):
        return state.but(_written(composer, song, clause, seed, named & present))  # only the drums anew
    if _ONLY.search(lower) and not asked and (kit := _only_of_the_kit(lower)):
        return state.but(transforms.remove_drums(song, ROLES.keys() - kit))  # drums: only kick and snare
    if _ONLY.search(lower) and not asked and not _ADD.search(lower):
        players = _players(lower, song)
        if players & present:
            return state.but(transforms.remove_parts(song, present - players))
        if players or named:
            return state.telling(clause, f"these do not play here: {' '.join(p for p in PARTS if p in present)} do")
    unmet = tuple(
        u
        for u in _unread(parsed)
        if not (up is not None and names_interval(u[0]))
        and not (named and (_SHARE_OF.match(u[0].lower()) or _TOO_MUCH.search(u[0].lower())))
        and not (tempo is not None and _OF_THE_TEMPO.search(u[0].lower()))
        and not any(name in asked and pattern.search(u[0].lower()) for name, pattern in _RULES)
    )
    if named - present and (_ADD.search(lower) or not asked):
        return replace(state, told=(*state.told, *unmet)).but(_written(composer, song, clause, seed, named - present))
    if asked:
        state = _ruled(composer, replace(state, told=(*state.told, *unmet)), clause, seed, asked, named or None)
        return _on_instruments(state, _played_on(lower, present)) if _ON_ONE.search(lower) else state
    strokes = parsed.wishes.strokes
    if strokes and _pieces(lower) and (_ADD.search(lower) or any(s.beats for s in strokes)):
        return replace(state, told=(*state.told, *unmet)).but(follow_course(song, Wishes(strokes=strokes)))
    spoken = _without_mixing(lower, unmet)
    played = _played_on(spoken, present)
    if played and _ADDS.search(lower) and not any(m.lastgroup in PITCHED for m in PART.finditer(lower)):
        told = tuple(u for u in unmet if not _named(u[0].lower()) & played.keys())
        return _joined(composer, replace(state, told=(*state.told, *told)), clause, seed)
    if played:
        told = tuple(u for u in unmet if not _named(u[0].lower()) & played.keys())
        return _on_instruments(replace(state, told=(*state.told, *told)), played)
    if named and _ADD.search(lower):  # what is to be there and is there already is no fault
        return replace(state, told=(*state.told, *unmet), done=True)
    if named & present and _ANEW.search(lower) and not (parsed.terms or parsed.figures or timed):
        told = tuple(u for u in unmet if not _named(u[0].lower()) & named)
        return replace(state, told=(*state.told, *told)).but(_written(composer, song, clause, seed, named & present))
    return state if timed else _unnamed(composer, state, clause, seed)


def _joined(composer: Writer, state: _State, clause: str, seed: int) -> _State:
    """Return the state with an instrument more, as the pad where none plays; what finds no part is told."""
    wanted = [f.term for f in find(clause.lower()) if f.term.kind == "instruments" and f.term.program is not None]
    for term in wanted:
        song = state.song
        if term.program in dict(song.programs).values():
            state = replace(state, done=True)
        elif "pad" in {n.part for n in song.notes}:
            why = "no part is free for it: say which one shall play it, as in chords on strings"
            state = state.telling(term.name, why)
        else:
            written = _written(composer, song, "a pad", seed, frozenset({"pad"}))
            programs = {**dict(written.programs), "pad": term.program}
            state = state.but(replace(written, programs=tuple((p, n) for p, n in programs.items() if n is not None)))
    return state


_OF_THE_HARMONY = re.compile(
    r"\b(?:chords?(?! (?:part|pattern|rhythm|voicing|sound|instrument|player))|progressions?|harmon(?:y|ies)|harmonien?|akkorde?n?|akkordfolge|accords|harmonie|progresión|acordes?|armonía|accordi|armonia|progressione|harmonia|progressão)\b|和弦|和声|コード"
)
_ON_ONE = re.compile(
    r"\b(?:melod\w*|mélod\w*|lead|bass\w*|bajo|basso|baixo|chords?|akkorde?|accords?|acordes?|accordi)\s+(?:\w+\s+)?(?:on|auf|sur|with|mit|avec|con|com|su|em|en|na|no|nel)\s+(?:an?|the|ein\w*|der|dem|une?|un[ao]?|uma?|la|le|el|il|o)\s+|(?:旋律|贝斯|和弦)用|(?:メロディー?|ベース|コード)は?を?\w{1,8}で"
)
"""A part on an instrument, beside what else becomes of it."""


def _on_instruments(state: _State, played: Mapping[str, int]) -> _State:
    """Return the state with parts on other instruments."""
    if not played:
        return state
    programs = tuple((part, played.get(part, was)) for part, was in state.song.programs)
    return state.but(replace(state.song, programs=programs))


def _only_of_the_kit(lower: str) -> frozenset[str]:
    """Return the drums that a clause names behind the name of the kit, none where it names other players: "drums: only kick and snare"."""
    kit = any(m.lastgroup == "drums" for m in PART.finditer(lower))
    roles = frozenset(role for _, _, roles in drum_pieces(lower) for role in roles)
    return roles if kit and _named(lower) == {"drums"} else frozenset()


_MIXING = frozenset(REASONS[kind] for kind in ("mix", "effect", "level", "sample"))


def _without_mixing(lower: str, unmet: Sequence[tuple[str, str]]) -> str:
    """Return a clause without what it says of the sound and the mix of who plays: pan the guitar left."""
    for words, why in unmet:
        lower = lower.replace(words.lower(), " ") if why in _MIXING or why in _NO_EFFECTS else lower
    return lower


_NO_EFFECTS = frozenset({"the sound is that of the instruments that play the notes; effects are put there"})


_SHARE_OF = re.compile(
    r"\W*(?:(?:and|und|et|y|e|a (?:bit|little)|etwas|ein bisschen|un peu|un poco|um pouco|with|mit|con|avec|com)\s+)*"
    r"(?:(?P<more>more|mehr|plus d[e'’]|m[aá]s|pi[uù]|mais)|less|fewer|weniger|moins d[e'’]|menos|meno)\s*(?:of )?(?:the |la |le |el |il |lo |o |a |l['’]|les |los |las )?[\w-]+(?:\s+(?:please|bitte|por favor|per favore|s['’]il te pla[iî]t))?\W*$"
)
"""More or less of a part, and no more."""
_OF_THE_TEMPO = re.compile(r"\d|tempo|speed|bpm|速度|テンポ|vitesse|velocid|geschwind")


def _modulated(parsed: ParsedPrompt) -> Key | None:
    """Return the key that words go to without a place: 转到D大调."""
    wish = parsed.wishes.modulation
    if wish is None or wish.bar is not None or wish.section or not re.match(r"[A-G]", wish.key):
        return None
    return parse_key(wish.key)


def _unread(parsed: ParsedPrompt, not_here: str = "") -> tuple[tuple[str, str], ...]:
    """Return the words that are not obeyed, but for those that only a change can obey."""
    return tuple((words, reason) for words, reason in parsed.account.unread(not_here) if reason not in IN_A_CHANGE)


def _ruled(
    composer: Writer, state: _State, clause: str, seed: int, asked: Sequence[str], named: Parts | None
) -> _State:
    """Carry out the changes that a clause asks for, in the parts that it names, else in all but those that were to be kept."""
    present = frozenset(n.part for n in state.song.notes)
    for name in asked:
        song = state.song
        parts = named or _USUAL.get(name, EVERY) - state.kept
        if name == "another":
            song = _written(composer, song, clause, seed, named or frozenset({"melody"}))
        elif name == "busier":
            song = transforms.add_onsets(song, (named or present - state.kept) & present)
        else:
            song = _ARITHMETIC[name](song, parts)
        state = state.but(song)
    return state


_COMPARATIVE = re.compile(r"(\w{3,})ier\b", re.I)


def _unnamed(composer: Writer, state: _State, clause: str, seed: int) -> _State:
    """Carry out a clause that names no change: a style or a figure, else what it asks is told."""
    clause = _COMPARATIVE.sub(r"\1y", clause)  # funkier is funky
    parsed = parse_prompt(clause)
    song, told = state.song, _unread(parsed, NOT_IN_A_CHANGE)
    named = _named(clause.lower()) & {n.part for n in song.notes}
    if parsed.terms and named:
        song = replace(_written(composer, song, clause, seed, named), tempos=song.tempos)
        return replace(state.but(song), told=(*state.told, *told))
    if parsed.terms or parsed.figures:
        after = replace(state, song=_restyled(composer, song, clause, seed, state.kept), done=True)
        return replace(after, told=(*after.told, *told))
    if parsed.meter is not None and parsed.meter != song.bars[0][1]:
        told = (*told, (clause, f"the metre stays {song.bars[0][1]}: {NOT_IN_A_CHANGE}"))
    elif parsed.bars is not None:
        told = (*told, (clause, f"the length stays {len(song.bars)} bars: clip --from goes on from it"))
    if not told and _PLEASE.sub("", clause.lower()).strip(" .!?"):
        told = ((clause, NO_CHANGE),)
    return replace(state, told=(*state.told, *told))


def _swapped(state: _State, clause: str) -> _State | None:
    """Carry out "violin instead of flute" and its like."""
    song, lower = state.song, clause.lower()
    swap = instrument_swap(
        clause, [(m.start(), PIECES.get(m.lastgroup or "", m.lastgroup or "")) for m in PART.finditer(lower)]
    )
    if swap is None:
        return None
    old, new = swap
    present = frozenset(n.part for n in song.notes)
    parts = {old} & present if isinstance(old, str) else _playing(old, song)
    if not parts or new.program is None:
        name = old if isinstance(old, str) else old.name
        return state.telling(clause, f"no {name} plays here: {' '.join(p for p in PARTS if p in present)} do")
    programs = tuple((part, new.program if part in parts else was) for part, was in song.programs)
    return state.but(replace(song, programs=programs))


def _playing(term: Term, song: Song) -> Parts:
    """Return the parts that play an instrument: its own program, else one of its family."""
    programs = [(part, program) for part, program in song.programs if part in PITCHED]
    exact = frozenset(part for part, program in programs if program == term.program)
    family = frozenset(p for p, program in programs if term.program is not None and program // 8 == term.program // 8)
    return (exact or family) & frozenset(n.part for n in song.notes)


def _players(lower: str, song: Song) -> Parts:
    """Return the parts that a clause names, by their names or by what they play."""
    found = {PIECES.get(m.lastgroup or "", m.lastgroup or "") for m in PART.finditer(lower)}
    for term in (f.term for f in find(lower) if f.term.kind == "instruments"):
        found |= _playing(term, song) or {term.part or ""}
    return frozenset(found) & EVERY


def _spared(lower: str) -> tuple[Parts, str]:
    """Return the parts that "everything except …" leaves out, and the rest of the clause."""
    match = _ALL_EXCEPT.search(lower)
    if match is None:
        return frozenset(), lower
    return _named(lower[match.end() :]), f"{lower[: match.start()]} {lower[match.end() :]}"


def _merged(chords: tuple[tuple[Ticks, str], ...]) -> list[tuple[Ticks, str]]:
    """Return the chords without those that only repeat the one before."""
    return [c for i, c in enumerate(chords) if i == 0 or chords[i - 1][1] != c[1]]


def _played_on(clause: str, present: Parts) -> dict[str, int]:
    """Return the program of each part for which a clause names an instrument: of the part it names, else of the usual one."""
    parts = frozenset(m.lastgroup or "" for m in PART.finditer(clause)) & present & PITCHED
    found = [f.term for f in find(clause) if f.term.kind == "instruments" and f.term.program is not None]
    return {
        part: term.program
        for term in found
        for part in (parts or frozenset({term.part or ""}) & present)
        if term.program is not None
    }


def _named(clause: str) -> Parts:
    """Return the parts that a clause names, by their names or by instruments."""
    found = {m.lastgroup or "" for m in PART.finditer(clause)}
    found |= {f.term.part for f in find(clause) if f.term.kind == "instruments" and f.term.part}
    return frozenset(PIECES.get(part, part) for part in found) & EVERY


def _pieces(clause: str) -> frozenset[str]:
    """Return the roles of drums that a clause names, none where it names the kit itself."""
    if any(m.lastgroup == "drums" for m in PART.finditer(clause)):
        return frozenset()
    return frozenset(role for _, _, roles in drum_pieces(clause) for role in roles)


def _written(composer: Writer, song: Song, words: str, seed: int, parts: Parts) -> Song:
    """Return the song with some parts written anew (or for the first time), the others and the chords kept."""
    others = frozenset(n.part for n in song.notes) - parts
    every = tuple(p for p in PARTS if p in others | parts)
    wanted = ClipSpec(words, seed, parts=every)
    return fill_in(composer, song, wanted, KeepSpec(others, None, harmony=bool(song.chords)))


def _restyled(composer: Writer, song: Song, words: str, seed: int, kept: Parts) -> Song:
    """Return the song with its accompaniment in the style that the words name, its melody and chords kept, or with the figures that they name."""
    parsed = parse_prompt(words)
    if parsed.figures and not parsed.terms:
        parts = frozenset(figures.part(name) for name in parsed.figures)
        return replace(_written(composer, song, words, seed, parts), tempos=song.tempos)
    lead = ({"melody"} & {n.part for n in song.notes}) | kept
    parts = (frozenset(n.part for n in song.notes) | set(parsed.stated_parts.named)) - lead
    return replace(_written(composer, song, words, seed, frozenset(parts)), tempos=song.tempos)


def prepared(writer: Writer, order: Begin, encoder: TextEncoder) -> Begin:
    """Return the order with its bars refined, as what is given, and the plan that they follow.

    Raises ValueError where the words ask for nothing that can be changed.
    """
    assert order.refine is not None
    understood_plan, _ = understand(order.prompt, encoder)
    plan, _ = apply_controls(order.plan or understood_plan, order.controls)
    refined = refine_and_tell(writer, song_from_beats(order.played, plan), order.refine, order.seed)
    song, told = refined.song, refined.account
    sounding = {n.part for n in song.notes}
    after = match_source(song, replace(plan, explicit=()))
    changed = replace(after, explicit=plan.explicit, parts=tuple(p for p in plan.parts if p in sounding), account=told)
    added = tuple(p for p in sorted(sounding) if p not in changed.parts)
    return replace(
        order,
        given=fixed_content(song, KeepSpec(redone=frozenset())),
        plan=replace(changed, parts=(*changed.parts, *added)),
        parts=None,
    )


def song_from_beats(beats: tuple[Beat, ...], plan: Plan) -> Song:
    """Return whole bars of beats as a song, without swing: that is applied at output."""
    bars: list[tuple[Ticks, str]] = []
    chords: list[tuple[Ticks, str]] = []
    notes: list[Note] = []
    now = Ticks(0)
    for beat in beats:
        if beat.beat == 0:
            bars.append((now, beat.meter))
        if beat.chord is not None and (not chords or chords[-1][1] != beat.chord):
            chords.append((now, beat.chord))
        notes += [replace(n, start=Ticks(now + n.start)) for n in beat.notes]
        now = Ticks(now + beat.length)
    short = tuple(replace(n, length=Ticks(min(n.length, now - n.start))) for n in notes)
    return Song(
        bars=tuple(bars),
        end=now,
        tempos=((Ticks(0), plan.tempo),),
        key=plan.key,
        notes=short,
        chords=tuple(chords),
    )
