"""`refine`: words change a finished clip. What they name moves; what they do not name stays, note for note.

Where arithmetic does it exactly (`model.clips.transforms`, `model.clips.transforms`) arithmetic does it; what has to be invented (another melody, drums that
were not there, a part in another style) is written by the composer around what stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from model.clips import transforms
from model.clips.clip import Writer, match_source
from model.clips.edit import fill_in, fixed_content
from model.clips.messages import ClipSpec, KeepSpec
from model.generation.messages import Begin
from model.music.midifile import Song
from model.music.notes import PARTS, UNPITCHED_PARTS, Beat, Note, Ticks
from model.music.plan import Controls, Plan, apply_controls
from model.prompt.encoder import TextEncoder
from model.prompt.rules import figures
from model.prompt.rules.parts import PART, PIECES, drum_pieces
from model.prompt.rules.reader import parse_prompt
from model.prompt.rules.vocabulary import find
from model.prompt.understand import understand

Parts = frozenset[str]
NOT_IN_A_CHANGE = "a new clip has it; a change leaves the bars as they are"
EVERY = frozenset(PARTS)
PITCHED = EVERY.difference(UNPITCHED_PARTS)
_CLAUSE = re.compile(r"[,;.，；。、]|\bbut\b|\band then\b|但是?|而且")
_LESS = r"(?:\bless\b|\bfewer\b|\bnot (?:so|as|that|too)\b|\breduce\w*\b|少|别那么|不要太|没那么|减)"
_MORE = r"(?:\bmore\b|\badd\b|\bextra\b|更|多|加)"
_DENSE = r"(?:\bbusy\b|\bbusier\b|\bdens\w+|\bnotes?\b|\bnoise\b|\bactiv\w+|\bcrowded\b|\bfull\w*|\bhits?\b|密|繁|忙|音符|满|花)"

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("walking", r"\bwalk(?:ing|s)?\b|行走"),
        ("fewer chords", r"\bhalf (?:the|as many) chord|\bfewer (?:chords?|chord changes)|\bless chords?\b|\bslower chord|和弦(?:减半|少)|一半的?和弦"),
        ("plainer", r"\b(?:simpl\w+|plain\w*|basic|triads?)\b[^,]*\b(?:chords?|harmon\w+|triads?)|\bjust triads\b|\bless jazz\w*|(?:简单|朴素)\S*和[弦声]|和[弦声]\S*简单|三和弦"),
        ("richer", r"\bjazzi\w+|\bmore jazz\w*|\b(?:rich\w*|lush\w*|complex\w*|extended|fancier|colou?rful)\b[^,]*\b(?:chords?|harmon\w+|voicing\w*)|\b(?:chords?|harmon\w+)\b[^,]*\b(?:rich\w*|lush\w*|complex|jazz\w*)|更爵士|(?:丰富|复杂)\S*和[弦声]|和[弦声]\S*(?:丰富|复杂)"),
        ("sparser", rf"{_LESS}[^,]*{_DENSE}|\bspars\w+|\bthin\w*|\bmore (?:space|room|air)|\bspac(?:e|ious)\b|\bsimpl(?:er|ify)\b|\bminimal\w*|\bcalm(?:er)? down|少一?[点些]|疏|稀|留白|简单|空一点"),
        ("busier", rf"{_MORE}[^,]*{_DENSE}|\bbusier\b|\bdenser\b|\bfuller\b|\bmore (?:movement|going on)|更满|更密|更忙|更花|忙碌"),
        ("softer", r"\bsoft\w*|\bquiet\w*|\bgentl\w+|\bcalm\w*|\bmellow\w*|\btender\w*|\bless (?:loud|energ\w+|intense|aggressive)|\blighter touch|\blower (?:the )?(?:volume|energy)|温柔|轻柔?一?[点些]|更轻|安静|柔和|平静|小声"),
        ("louder", r"\bloud\w*|\bharder\b|\bstronger\b|\bpower\w*|\bmore (?:energ\w+|intense|aggressive|drive|punch)|\bintense\b|\benerget\w+|\bpunch\w*|有力|激烈|大声|更强|更响|响一?点|有劲|能量"),
        ("darker", r"\bdark\w*|\bsad\w*|\bgloom\w*|\bmood(?:y|ier)\b|\bmelanchol\w*|\bsombre|\bin minor\b|\bminor\b|暗|忧伤|悲|伤感|小调"),
        ("brighter", r"\bbright\w*|\bhappi?\w*|\bsunn\w+|\bcheer\w*|\buplift\w*|\bmajor\b|明亮|亮一?点|更亮|开心|欢快|阳光|大调"),
        ("slower", r"\bslow\w*|慢"),
        ("faster", r"\bfast\w*|\bquick\w*|\bspeed\w* up|快"),
        ("higher", r"\bhigher\b|\boctave (?:up|higher)|\bup an octave|\bhigh\b|高"),
        ("lower", r"\blower\b|\boctave (?:down|lower)|\bdown an octave|\bdeeper\b|低"),
        ("shorter", r"\bshort\w*|\bstaccato\b|\bpluck\w*|\btight\w*|\bclipped\b|断奏|短"),
        ("longer", r"\blegato\b|\blonger\b|\bsmooth\w*|\bsustain\w*|\bheld\b|\bconnected\b|连奏|连贯|长音|更长"),
        ("straight", r"\bstraight\w*|\bno swing|\bless swing|\bunswing|不要摇摆|平均"),
        ("swing", r"\bswing\w*|\bswung\b|\bshuffl\w+|摇摆"),
        ("another", r"\b(?:another|different|new|change the|other|re-?write|redo)\b|换|另一|不同|重写|新的"),
    )
)  # fmt: skip
"""What a clause may ask for, in the order in which the first that fits counts; several of different kinds may."""
_SAME = re.compile(r"\b(?:same|keep|leave|unchanged|don'?t (?:touch|change))\b|不变|保持|保留|一样|别动|不动")
_REMOVE = re.compile(r"\b(?:no|without|remove|drop|delete|mute|lose|take out|cut)\b|不要|去掉|没有|删|静音")
_ADD = re.compile(r"\b(?:add|with|bring in|put in|plus|give (?:it|me)|needs?)\b|加上?|来点|添")

_SHUTS_OUT = {
    "plainer": {"sparser"},
    "fewer chords": {"sparser"},
    "richer": {"busier"},
    "shorter": {"sparser"},
}

Change = Callable[[Song, Parts], Song]

_ARITHMETIC: dict[str, Change] = {
    "walking": lambda song, _: transforms.walking_bass_line(song),
    "fewer chords": lambda song, _: transforms.halve_chord_changes(song),
    "plainer": lambda song, _: transforms.extend_chords(song, -1),
    "richer": lambda song, _: transforms.extend_chords(song, 1),
    "sparser": transforms.thin_out,
    "softer": lambda song, parts: transforms.change_velocity(song, parts, -18),
    "louder": lambda song, parts: transforms.change_velocity(song, parts, 18),
    "darker": lambda song, _: transforms.make_darker(song),
    "brighter": lambda song, _: transforms.make_brighter(song),
    "slower": lambda song, _: transforms.scale_tempo(song, 0.85),
    "faster": lambda song, _: transforms.scale_tempo(song, 1.15),
    "higher": lambda song, parts: transforms.shift_octaves(song, parts, 1),
    "lower": lambda song, parts: transforms.shift_octaves(song, parts, -1),
    "shorter": transforms.shorten,
    "longer": transforms.lengthen,
    "straight": lambda song, _: transforms.remove_swing(song),
    "swing": lambda song, _: transforms.apply_swing(song, 0.64),
}  # fmt: skip

_USUAL: dict[str, Parts] = {
    "higher": transforms.UPPER_PARTS,
    "lower": transforms.UPPER_PARTS,
}
"""The parts a change moves where none is named; every part otherwise."""


def refine(composer: Writer, song: Song, words: str, seed: int) -> Song:
    """Return the song as the words would have it. Raises ValueError where they ask for nothing that we can change."""
    done = False
    for clause in _CLAUSE.split(words.lower()):
        if clause.strip():
            song, changed = _clause(composer, song, clause.strip(), seed)
            done |= changed
    if not done:
        song = _restyled(composer, song, words, seed)
    return song


def _clause(composer: Writer, song: Song, clause: str, seed: int) -> tuple[Song, bool]:
    """Carry out one clause; tell whether it asked for anything."""
    parsed = parse_prompt(clause)
    named = _named(clause)
    present = frozenset(n.part for n in song.notes)
    if _SAME.search(clause):
        return song, True
    done = False
    if "tempo" in parsed.explicit and parsed.tempo is not None:
        song, done = transforms.set_tempo(song, parsed.tempo), True
    if "key" in parsed.explicit and parsed.key is not None:
        return transforms.change_key(song, parsed.key), True
    if _REMOVE.search(clause) and (named or _pieces(clause)):
        song = transforms.remove_drums(song, _pieces(clause))
        return transforms.remove_parts(song, named if not _pieces(clause) else named - {"drums"}), True
    asked = [name for name, pattern in _RULES if pattern.search(clause)]
    if done:
        asked = [a for a in asked if a not in ("slower", "faster")]
    for first in list(asked):
        asked = [a for a in asked if a not in _SHUTS_OUT.get(first, ())]
    if named - present and (_ADD.search(clause) or not asked):
        return _written(composer, song, clause, seed, named - present), True
    for name in asked:
        parts = named or _USUAL.get(name, EVERY)
        if name == "another":
            song = _written(composer, song, clause, seed, named or frozenset({"melody"}))
        elif name == "busier":
            song = transforms.add_onsets(song, (named or present) & present)
        else:
            song = _ARITHMETIC[name](song, parts)
        done = True
    played = {} if asked else _played_on(clause, present)
    if played:
        song = replace(song, programs=tuple((part, played.get(part, was)) for part, was in song.programs))
    # what is to be there and is there already is no fault
    return song, done or bool(played or (named and _ADD.search(clause)))


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


def _written(
    composer: Writer, song: Song, words: str, seed: int, parts: Parts, controls: Controls | None = None
) -> Song:
    """Return the song with some parts written anew (or for the first time), the others and the chords kept."""
    others = frozenset(n.part for n in song.notes) - parts
    every = tuple(p for p in PARTS if p in others | parts)
    wanted = ClipSpec(words, seed, parts=every, controls=controls or Controls())
    return fill_in(composer, song, wanted, KeepSpec(others, None, harmony=bool(song.chords)))


def _restyled(composer: Writer, song: Song, words: str, seed: int) -> Song:
    """Return the song with its accompaniment in the style that the words name, its melody and chords kept, or with the figures that they name."""
    parsed = parse_prompt(words)
    if parsed.figures and not parsed.terms:
        parts = frozenset(figures.part(name) for name in parsed.figures)
        return replace(_written(composer, song, words, seed, parts), tempos=song.tempos)
    if not parsed.terms:
        raise ValueError(f"nothing in {words!r} names what should change: less busy, darker, no drums, walking bass …")
    lead = {"melody"} & {n.part for n in song.notes}
    parts = (frozenset(n.part for n in song.notes) | set(parsed.stated_parts.named)) - lead
    return replace(_written(composer, song, words, seed, frozenset(parts)), tempos=song.tempos)


def prepared(writer: Writer, order: Begin, encoder: TextEncoder) -> Begin:
    """Return the order with its bars refined, as what is given, and the plan that they follow.

    Raises ValueError where the words ask for nothing that can be changed.
    """
    assert order.refine is not None
    understood_plan, _ = understand(order.prompt, encoder)
    plan, _ = apply_controls(order.plan or understood_plan, order.controls)
    song = refine(writer, song_from_beats(order.played, plan), order.refine, order.seed)
    sounding = {n.part for n in song.notes}
    after = match_source(song, replace(plan, explicit=()))
    told = parse_prompt(order.refine).account
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
