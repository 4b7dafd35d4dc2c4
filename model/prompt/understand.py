"""The plan: every field of `llmball understand`, from the rules and from the embedding.

Within the words: what is stated outright, then the facts of known genres, moods and artists blended with what
the embedding suggests, then defaults. Set controls go before all of them: see `model.music.plan`.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from model.music.control import MAX_BARS, MAX_TEMPO, MIN_TEMPO
from model.music.harmony import Chord, Key, chord_symbol, key_on, parse_chord
from model.music.notes import PARTS, TICKS_PER_QUARTER, USUAL_PARTS, beat_length, beats_in_bar
from model.music.numerals import key_of, roman
from model.music.plan import LEVELS, Mix, Plan, wished_bars
from model.music.wishes import NO_WISHES, bars_of_seconds
from model.prompt import semantic_head
from model.prompt.encoder import (
    ADAPTER,
    Embedding,
    TextEncoder,
    adapted_encoder,
    directory_encoder,
    load_adapter,
    sentence_encoder,
)
from model.prompt.reader import NOTHING_REFUSED, ParsedPrompt, parse_prompt
from model.prompt.rules.two_styles import WALTZES, TwoStyles
from model.prompt.rules.vocabulary import FOLDER as TERMS
from model.prompt.rules.vocabulary import Term, style_term, table
from model.styles import DECODER_STYLES, drums_probability, program

TONICS = {"major": (0, 7, 5, 2, 10, 9, 3), "minor": (9, 4, 2, 0, 7, 5, 11)}
_MOST_STYLES, _LEAST_SHARE = 3, 0.15
_LEADING = 0.5
"""From this share on, a style that only the embedding suggests sets swing and feel."""
_CALM_NEUTRAL = 0.45
"""Below this energy a prompt without a style is a pop ballad, above it pop; where it tells of a picture it is scored as film is."""
_PICTURE_WORDS, _PICTURE_SIGNS = 3, 8
"""So many words, or Chinese and Japanese signs, that the rules cannot read are a picture, where none of them is a piece of music or you."""
_MUSIC = re.compile(
    r"\b(?:songs?|music|tunes?|melod\w+|beats?|tracks?|loops?|jams?|hits?|background|vibes?|grooves?|sounds?|s[aiu]ng\w*|you(?:rs?)?)\b"
    r"|\b(?:canci[oó]n|chanson|lied|m[uú]sica|musik|musique|canzone|dich|dir)\b|歌|曲|音乐|节拍|伴奏|音楽|你|妳|君|あなた|노래|음악|너|당신"
)
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HALF = 0.5

_ACOUSTIC = frozenset([*range(4), *range(6, 16), *range(19, 27), 32, *range(40, 50), *range(56, 80), *range(104, 112)])
"""General MIDI programs that are played without drums where no style was named."""
Odds = dict[str, float]


def understand(prompt: str, encoder: TextEncoder) -> tuple[Plan, Embedding]:
    """Return the plan of a prompt and the vector `(512,)` of what the rules left of it."""
    parsed = parse_prompt(prompt)
    text = encoder.encode(parsed.rest or prompt)
    return plan(prompt, text, parsed), text


def plan(prompt: str, text: Embedding, parsed: ParsedPrompt) -> Plan:
    """Return the plan of a prompt, given its vector and what its words stated."""
    hints = semantic_head.predicted_levels(text)
    levels = {name: _blend(_terms_for_level(parsed, name), name, hints[name]) for name in LEVELS} | dict(parsed.levels)
    mix = styles(parsed, text, levels["energy"])
    named = [t for t in parsed.terms if t.kind in ("genres", "artists")]
    grounds = named if parsed.two_styles is None else [parsed.two_styles.rhythm_style]
    leading = grounds or [style_term(name) for name, share in mix[:1] if share >= _LEADING]
    swinging = next((t for t in leading if t.swing), None)
    if parsed.swing is not None:
        swing, unit = parsed.swing, parsed.swing_unit or (leading[0].swing_unit if leading else 8)
    else:
        swing, unit = (swinging.swing or 0.5, swinging.swing_unit) if swinging is not None else (0.5, 8)
    key = parsed.key or _key(prompt, parsed, levels["brightness"])
    progression = _with_sevenths(parsed, key, levels["complexity"]) or _counted_chords(
        parsed.wishes.chords, key, levels["complexity"], prompt
    )
    found = Plan(
        tempo=float(round(parsed.refused.tempo(_tempo(parsed, hints["tempo"]))))
        if parsed.tempo is None
        else round(parsed.tempo, 2),
        feel=parsed.feel or next((t.feel for t in leading if t.feel), "normal"),
        key=key.name,
        meter=parsed.meter or parsed.refused.meter(next((t.meter for t in named or leading if t.meter), "4/4")),
        bars=parsed.bars,
        parts=parsed.stated_parts.with_defaults(_usual_parts(parsed, mix, levels["energy"])),
        progression=progression,
        instruments=parsed.instruments,
        swing=swing,
        style=mix,
        explicit=parsed.explicit,
        swing_unit=parsed.swing_unit or unit,
        register=parsed.register,
        registers=parsed.registers,
        articulation=parsed.articulation,
        ending=parsed.ending
        or ("cadence" if parsed.wishes.sections[-1:] and parsed.wishes.sections[-1].name == "outro" else None),
        silenced=tuple(sorted(parsed.stated_parts.silenced)),
        idioms=_part_styles(parsed.two_styles),
        figures=parsed.figures,
        wishes=parsed.wishes,
        account=parsed.account,
        programs=_programs(parsed, mix),
        doubled=parsed.doubled,
        **{name: round(value, 3) for name, value in levels.items()},
    )
    return _told(_fitted(found, parsed)) if parsed.wishes != NO_WISHES else found


def _fitted(found: Plan, parsed: ParsedPrompt) -> Plan:
    """Return a plan whose whole bars last just as long as the words say, where they leave the tempo free."""
    wishes = found.wishes
    free = parsed.tempo is None and parsed.bars is None and wishes.ramp is None and parsed.refused == NOTHING_REFUSED
    if not wishes.seconds or not free:
        return found
    bars = bars_of_seconds(wishes.seconds, found.tempo, found.meter)
    quarters = bars * beats_in_bar(found.meter) * beat_length(found.meter) / TICKS_PER_QUARTER
    tempo = 60 * quarters / wishes.seconds
    return replace(found, tempo=round(tempo, 2)) if bars <= MAX_BARS and MIN_TEMPO <= tempo <= MAX_TEMPO else found


_COUNTED = {
    "major": ("I", "I IV", "I IV I V", "I V vi IV", "I V vi iii IV", "I V vi iii IV ii", "I V vi iii IV ii bVII", "I V vi iii IV ii bVII iv"),
    "minor": ("i", "i bVI", "i bVI i bVII", "i bVI bIII bVII", "i bVI bIII bVII iv", "i bVI bIII bVII iv v", "i bVI bIII bVII iv v bII", "i bVI bIII bVII iv v bII IV"),
}  # fmt: skip
"""What is played of one to eight different chords where the words only count them."""
_SECOND = {"major": ("IV", "V", "vi", "ii"), "minor": ("bVI", "bVII", "iv", "v")}
_RICH = 0.55
"""From this complexity on, chords that are only counted have their sevenths."""


def _counted_chords(count: int, key: Key, complexity: float, prompt: str) -> tuple[str, ...] | None:
    """Return a progression of so many different chords in a key, a bar each; None for a count of 0."""
    if not count:
        return None
    mode = "minor" if key.minor else "major"
    numerals = _COUNTED[mode][count - 1].split()
    if count == 2:
        numerals[1] = _SECOND[mode][prompt_hash(prompt) % len(_SECOND[mode])]
    if complexity > _RICH:
        numerals = [n + ("maj7" if n in ("I", "IV", "bVI", "bIII", "bII") else "7") for n in numerals]
    return tuple(chord_symbol(roman(n, key), key) for n in numerals)


def _with_sevenths(parsed: ParsedPrompt, key: Key, complexity: float) -> tuple[str, ...] | None:
    """Return the progression of the words; where they are numerals, or a name, of rich music each plain triad has its seventh."""
    if parsed.progression is None or parsed.progression_key is None or complexity <= _RICH:
        return parsed.progression
    return tuple(" ".join(_seventh(parse_chord(c), key) for c in bar.split()) for bar in parsed.progression)


_SEVENTHS = {"": ("maj7", "7"), "m": ("m7",), "dim": ("m7b5", "dim7")}
"""What a triad is with a seventh; the first of them whose tones are the key's, else the last."""


def _seventh(chord: Chord, key: Key) -> str:
    """Return the symbol of a chord with the seventh that its key has, if it is a triad over its root."""
    kinds = _SEVENTHS.get(chord.quality, ()) if chord.bass == chord.root else ()
    found = [replace(chord, quality=kind) for kind in kinds]
    return chord_symbol(
        next((c for c in found if c.pitch_classes <= key.pitch_classes), found[-1]) if found else chord, key
    )


def _told(found: Plan) -> Plan:
    """Return a plan with the bars that its wishes come to, and those wishes told that do not fit into them."""
    wishes, account = found.wishes, found.account
    if wishes.seconds and found.bars is not None:
        account = account.without("length", f"the words say {found.bars} bars, too: they count")
    elif wishes.seconds:
        whole = bars_of_seconds(wishes.seconds, found.tempo, found.meter, wishes.ramp)
        if whole > MAX_BARS:
            account = account.without(
                "length", f"at {found.tempo:g} bpm these are {whole} bars, and a clip has {MAX_BARS} at most"
            )
    bars = wished_bars(found)
    beyond = [c.bar for c in wishes.cues if bars is not None and c.bar > bars]
    if beyond:
        account = account.without("form", f"there is no bar {beyond[0]} of {bars}")
    for about, course in (("tempo", (wishes.ramp,)), ("dynamics", wishes.fades)):
        late = [
            c.first for c in course if c is not None and c.first is not None and bars is not None and c.first > bars
        ]
        if late:
            account = account.without(about, f"there is no bar {late[0]} of {bars}")
    to = wishes.modulation
    if to is not None and to.bar is not None and bars is not None and to.bar > 0 and not 1 < to.bar <= bars:
        account = account.without("key", f"there is no key before bar {to.bar} of {bars}")
    return replace(found, bars=bars, account=account)


def styles(parsed: ParsedPrompt, text: Embedding, energy: float) -> Mix:
    """Return the mix of styles, weights summing to 1: those that were named, else those that the embedding leans to.

    A weak leaning is filled up with a neutral style: a picture that is like none of ours is scored as film, another sentence is a pop ballad or pop.
    """
    if parsed.two_styles is not None:
        ground, over = parsed.two_styles.rhythm_style.styles, parsed.two_styles.harmony_style.styles
        return _heaviest(_summed((((ground[0][0], 1.0),), over)))  # who plays the drums comes first
    waltzing = [t for t in parsed.terms if t.styles and t.name in WALTZES]
    terms = [t for t in parsed.terms if t not in waltzing and not t.is_occasion]
    counting = (terms, waltzing, [t for t in parsed.terms if t.is_occasion])
    named = next((mix for kind in counting if (mix := _summed(t.styles for t in kind))), None)
    return _heaviest(named or dict(list(style_likelihoods(parsed, text, energy).items())[:2]))


def style_likelihoods(parsed: ParsedPrompt, text: Embedding, energy: float) -> Odds:
    """Return the likelihood of each style by the embedding and the instruments, the likeliest first, summing to 1."""
    # where the rules have read all, "Am F C G", there is no sense to lean on
    likely = semantic_head.styles(text) if parsed.rest else dict.fromkeys(DECODER_STYLES, 0.0)
    hinted = _summed(table()[name.lower()].styles for _, name in parsed.instruments)
    unsure = max(0.0, 1 - sum(likely.values()))
    for name, weight in hinted.items():  # instruments speak where the sense does not
        likely[name] = likely.get(name, 0.0) + unsure * weight / (HINTS + sum(hinted.values()))
    neutral = "pop ballad" if energy < _CALM_NEUTRAL else "pop"
    neutral = "cinematic" if not hinted and _is_picture(parsed) else neutral
    likely[neutral] += max(0.0, 1 - sum(likely.values()))
    return dict(sorted(likely.items(), key=lambda s: -s[1]))


def _is_picture(parsed: ParsedPrompt) -> bool:
    """Return True if what the rules leave of a prompt tells of something to see, and asks for no song."""
    words, moods = parsed.rest.lower(), sum(t.kind == "moods" for t in parsed.terms)
    is_long = len(words.split()) - moods >= _PICTURE_WORDS or len(_SIGNS.findall(words)) - 2 * moods >= _PICTURE_SIGNS
    return is_long and not _MUSIC.search(words)


HINTS = 0.5
"""What no style has beside the hints of instruments; each of them counts 1."""


def _summed(mixes: Iterable[Mix]) -> Odds:
    total: Odds = {}
    for name, weight in (pair for mix in mixes for pair in mix):
        total[name] = total.get(name, 0.0) + weight
    return total


def _part_styles(shared: TwoStyles | None) -> tuple[tuple[str, Mix], ...]:
    if shared is None:
        return ()
    return tuple((p, (shared.harmony_style if p in shared.parts else shared.rhythm_style).styles) for p in PARTS)


def _heaviest(weights: Odds) -> Mix:
    """Return the heaviest styles, none below its least share; what rounding leaves goes to the first."""
    ordered = sorted(weights.items(), key=lambda s: -s[1])[:_MOST_STYLES]
    kept = [(n, w) for n, w in ordered if w >= _LEAST_SHARE * sum(v for _, v in ordered)] or ordered[:1]
    whole = sum(w for _, w in kept)
    rest = [(n, round(w / whole, 3)) for n, w in kept[1:]]
    return ((kept[0][0], round(1 - sum(w for _, w in rest), 3)), *rest)


_OTHERS = {
    "chords": (26, 4, 48, 16), "melody": (66, 73, 56, 40, 80), "bass": (33, 32, 38), "pad": (48, 89, 16), "arp": (11, 24, 81, 46),
}  # fmt: skip
"""General MIDI programs that a part is played on where that of its style is not wanted."""

_ACCORDION = 21
"""General MIDI's accordion: its right hand has the melody where no other instrument is named for it."""


def _programs(parsed: ParsedPrompt, mix: Mix) -> tuple[tuple[str, int], ...]:
    """Return what each part is played on: the instrument that the words name, else that of its style."""
    named = {part: table()[name.lower()].program for part, name in parsed.instruments if name.lower() in table()}
    own = dict(_part_styles(parsed.two_styles))
    found = {part: program(own.get(part, mix), part) if named.get(part) is None else named[part] for part in PARTS}
    for part in (p for p in PARTS if named.get(p) is None and found[p] in parsed.unwanted):
        found[part] = next((n for n in _OTHERS.get(part, ()) if n not in parsed.unwanted), found[part])
    only = parsed.stated_parts.only or ()
    for part, other in (("melody", "chords"), ("chords", "melody")):  # only a guitar and a bass: the guitar sings too
        if part in only and named.get(part) is None and (played := named.get(other)) is not None:
            found[part] = played
    if named.get("melody") is None and named.get("chords") == _ACCORDION:
        found["melody"] = _ACCORDION
    if named.get("drums") is not None and named.get("perc") is None:
        found["perc"] = found["drums"]
    return tuple((part, number) for part, number in found.items() if number is not None)


def _usual_parts(parsed: ParsedPrompt, mix: Mix, energy: float) -> tuple[str, ...]:
    """Return the parts that a band of these styles has where the words do not say."""
    return USUAL_PARTS if drums_likely(parsed, mix, energy) >= _HALF else USUAL_PARTS[:3]


def drums_likely(parsed: ParsedPrompt, mix: Mix, energy: float) -> float:
    """Return how likely there are drums where the words do not say: by the styles, or none beside a bare piano."""
    programs = {table()[name.lower()].program for part, name in parsed.instruments if part != "drums"}
    unnamed = not any(t.kind in ("genres", "artists") for t in parsed.terms)
    if unnamed and programs and programs <= _ACOUSTIC:
        return drums_probability((("folk", 1.0),), energy)
    return drums_probability(mix, energy)


def _terms_for_level(parsed: ParsedPrompt, level: str) -> Sequence[Term]:
    """Return the terms that say a level: of two styles that share the parts, only who plays the chords says what those are like."""
    shared = parsed.two_styles
    if shared is None or level != "complexity":
        return parsed.terms
    silent = shared.rhythm_style if "chords" in shared.parts else shared.harmony_style
    return [t for t in parsed.terms if t != silent]


def _blend(terms: Sequence[Term], name: str, hint: float) -> float:
    """Return a level: known terms count more than the embedding does, moods four times a genre, which says what most of its music is like."""
    said = [(getattr(t, name), 4.0 if t.kind == "moods" else 1.0) for t in terms]
    known = [(v, w) for v, w in said if v is not None]
    if not known:
        return hint
    mean: float = sum(v * w for v, w in known) / sum(w for _, w in known)
    return 0.6 * mean + 0.4 * hint


_PACES = frozenset(["slow", "fast", "medium", "very slow", "very fast"])
_SLOW_END = 0.03
"""How far into the range of a style "slow" lies."""
_VERY_SLOW, _VERY_FAST = 60, 160
"""The tempi that "very slow" and "very fast" are at most and at least, where no style is named."""
_BEYOND = 2**0.25
"""How far past the end of a style's range of tempi "very slow" and "very fast" lie: a quarter of an octave."""


def _tempo(parsed: ParsedPrompt, hint: float) -> float:
    """Return a tempo: within the range of the genre that was named, or of the ground of two, the moods and the embedding say where.

    A word for the pace itself counts three times a mood; "very" before it leaves the range of the style.
    """
    moods = [(t.tempo, 3 if t.name in _PACES else 1) for t in parsed.terms if t.kind == "moods" and t.tempo is not None]
    genres = tempo_ranges(parsed)
    heard = [np.log(hint), *(np.log(sum(m) / 2) for m, times in moods for _ in range(times))]
    wanted = float(np.exp(np.mean(heard)))
    very = next((t.name for t in parsed.terms if t.name in ("very slow", "very fast")), None)
    if not genres:
        return {"very slow": min(wanted, _VERY_SLOW), "very fast": max(wanted, _VERY_FAST)}.get(very or "", wanted)
    low = sum(g[0] for g in genres) / len(genres)
    high = sum(g[1] for g in genres) / len(genres)
    if very is not None:
        return max(20.0, low / _BEYOND) if very == "very slow" else min(300.0, high * _BEYOND)
    # 60..130 bpm of feeling spread over the range of the genre
    place = min(1.0, max(0.0, (wanted - 60) / 70))
    if any(t.name == "slow" for t in parsed.terms):
        place = min(place, _SLOW_END)
    return low + (high - low) * place


def tempo_ranges(parsed: ParsedPrompt) -> list[tuple[float, float]]:
    """Return the ranges of tempo of the genres that were named; of two that share the parts, the ground's."""
    named: Sequence[Term] = parsed.terms if parsed.two_styles is None else (parsed.two_styles.rhythm_style,)
    named = [t for t in named if not t.is_occasion] if any(t.styles and not t.is_occasion for t in named) else named
    return [t.tempo for t in named if t.kind in ("genres", "artists") and t.tempo is not None]


def _key(prompt: str, parsed: ParsedPrompt, brightness: float) -> Key:
    """Return a key where no tonic was stated: the chords', else a mode by the words and a tonic by a hash of them."""
    if parsed.progression is not None:
        chords = [parse_chord(c) for bar in parsed.progression for c in bar.split()]
        return parsed.progression_key or key_of(chords)
    mode = max(mode_probabilities(parsed, brightness).items(), key=lambda m: m[1])[0]
    tonics = TONICS["minor" if key_on(0, mode).minor else "major"]
    return parsed.refused.key(tonics, prompt_hash(prompt) % len(tonics), mode)


def mode_probabilities(parsed: ParsedPrompt, brightness: float) -> Odds:
    """Return how likely each mode is where no key was stated: by the words, the styles, else by brightness 0..1."""
    said = parsed.mode or next((t.mode for t in parsed.terms if t.mode), None)
    if parsed.mode is not None:
        return {parsed.mode: 1.0}
    if said is not None and brightness < _BRIGHT:
        return {said: 0.85, "minor" if said == "major" else "major": 0.15}
    major = 1 / (1 + float(np.exp(-(brightness - _DUSK) / 0.08)))
    return {"major": major, "minor": 1 - major}


_BRIGHT, _DUSK = 0.7, 0.45
"""From where on a style's own mode is overruled, and where major and minor are as likely."""


def prompt_hash(prompt: str) -> int:
    """Return a number 0..255 that the words choose: the same words, the same key."""
    return hashlib.sha256(prompt.strip().lower().encode("utf-8", "replace")).digest()[0]


def to_json(plan_: Plan) -> dict[str, Any]:
    """Return the plan as `llmball understand --json` prints it."""
    return {
        "tempo": plan_.tempo, "feel": plan_.feel, "key": plan_.key, "meter": plan_.meter, "bars": plan_.bars,
        "parts": list(plan_.parts), "progression": None if plan_.progression is None else list(plan_.progression),
        "instruments": dict(plan_.instruments), "density": plan_.density, "energy": plan_.energy,
        "brightness": plan_.brightness, "complexity": plan_.complexity, "swing": plan_.swing,
        "style": [list(s) for s in plan_.style], "explicit": list(plan_.explicit),
        "unread": [list(words) for words in plan_.account.unread()],
    }  # fmt: skip


def open_encoder(directory: Path | None) -> TextEncoder:
    """Return the default encoder, or one from a local Hugging Face directory. Raises `EncoderError`.

    The latter is carried into the default's space by the adapter that lies in the directory (trained by
    `python -m model.training.fit.adapter`), else by one learnt here and now from the sentences of `terms/anchors.tsv`.
    """
    if directory is None:
        return sentence_encoder()
    if (directory / ADAPTER).is_file():
        return adapted_encoder(directory, load_adapter(directory / ADAPTER))
    lines = (TERMS / "anchors.tsv").read_text(encoding="utf-8").splitlines()
    sentences = [line.split("\t")[0] for line in lines if not line.startswith("#")]
    # the head keeps the anchors' vectors first, in the order of the file
    return directory_encoder(directory, sentences, semantic_head.head()["vectors"][: len(sentences)])


_TENTH = 1.2816
"""Standard deviations from the median to the tenth and the ninetieth percentile."""
_RARER = 0.8
"""Ratio of the probabilities of neighbouring tonics in the hashed order."""
_USUAL = {"chords": 0.98, "melody": 0.95, "bass": 0.92}
_METERS = {"4/4": 0.86, "3/4": 0.09, "6/8": 0.05}


def distribution(prompt: str, encoder: TextEncoder) -> dict[str, Any]:
    """Return the candidates of each field with their probabilities.

    `tempo`: its median and 80 % interval, in quarters a minute. The four levels: mean and standard deviation, 0..1.
    `key`, `meter`, `feel`, `style`: name → probability, summing to 1, the plan's first. `parts`: the probability of
    each. `bars`, `progression`, `instruments`, `swing`: what the plan says, and whether the words stated it.
    """
    parsed = parse_prompt(prompt)
    text = encoder.encode(parsed.rest or prompt)
    chosen = plan(prompt, text, parsed)
    spread = semantic_head.spreads(text)
    level = dict(parsed.levels)
    return {
        "tempo": _tempo_spread(parsed, chosen, spread["tempo"]),
        "feel": {chosen.feel: 1.0} if parsed.feel else _odds_with_first(chosen.feel, {"normal": 0.85, "half": 0.1, "double": 0.05}),
        "key": _keys(prompt, parsed, chosen),
        "meter": {chosen.meter: 1.0} if parsed.meter else _odds_with_first(chosen.meter, _METERS),
        "bars": {"value": chosen.bars, "stated": parsed.bars is not None},
        "parts": _parts(parsed, chosen),
        "progression": {"value": chosen.progression, "stated": parsed.progression is not None},
        "instruments": {"value": dict(chosen.instruments), "stated": bool(parsed.instruments)},
        **{
            name: {"mean": getattr(chosen, name), "spread": 0.0 if name in level else round(_narrowed(parsed, spread[name]), 3)}
            for name in LEVELS
        },
        "swing": {"value": chosen.swing, "stated": parsed.swing is not None},
        "style": dict(chosen.style) if any(t.styles for t in parsed.terms) else _rounded(style_likelihoods(parsed, text, chosen.energy)),
    }  # fmt: skip


def _narrowed(parsed: ParsedPrompt, spread: float) -> float:
    """Return a spread, halved where a term of the table speaks too."""
    return spread / 2 if parsed.terms else spread


def _tempo_spread(parsed: ParsedPrompt, chosen: Plan, octaves: float) -> dict[str, float]:
    if parsed.tempo is not None:
        return {"median": chosen.tempo, "low": chosen.tempo, "high": chosen.tempo}
    ranges = tempo_ranges(parsed)
    reach = 2 ** (_narrowed(parsed, octaves) * _TENTH)
    low, high = chosen.tempo / reach, chosen.tempo * reach
    if ranges:  # within the named styles' range, which the plan's tempo may touch
        low = max(low, min(chosen.tempo, *(r[0] for r in ranges)))
        high = min(high, max(chosen.tempo, *(r[1] for r in ranges)))
    return {"median": chosen.tempo, "low": round(low, 1), "high": round(high, 1)}


def _keys(prompt: str, parsed: ParsedPrompt, chosen: Plan) -> dict[str, float]:
    if parsed.key is not None or parsed.progression is not None:
        return {chosen.key: 1.0}
    odds: dict[str, float] = {}
    for mode, likely in mode_probabilities(parsed, chosen.brightness).items():
        tonics = TONICS["minor" if key_on(0, mode).minor else "major"]
        first = prompt_hash(prompt) % len(tonics)
        weights = [_RARER**i for i in range(len(tonics))]
        for i, weight in enumerate(weights):
            found = key_on(tonics[(first + i) % len(tonics)], mode)
            if found in parsed.refused.keys:
                continue
            name = found.name
            odds[name] = likely * weight / sum(weights)
    return _rounded(odds)


def _parts(parsed: ParsedPrompt, chosen: Plan) -> dict[str, float]:
    stated_parts = parsed.stated_parts
    odds = {**_USUAL, "drums": drums_likely(parsed, chosen.style, chosen.energy)}
    told = {
        p: float(p in chosen.parts)
        for p in PARTS
        if stated_parts.only or p in stated_parts.without or p in stated_parts.named
    }
    return {p: round(v, 3) for p, v in (odds | told).items() if p in PARTS}


def _odds_with_first(chosen: str, usual: dict[str, float]) -> dict[str, float]:
    """Return the usual odds, the chosen one made as likely as the likeliest."""
    return _rounded({chosen: 1.1 * max(usual.values())} | {n: v for n, v in usual.items() if n != chosen})


def _rounded(odds: dict[str, float]) -> dict[str, float]:
    """Return odds as probabilities of three digits that sum to 1, the likeliest first, those under 0.005 left out."""
    whole = math.fsum(odds.values())
    kept = {n: round(v / whole, 3) for n, v in sorted(odds.items(), key=lambda o: -o[1]) if v / whole >= 0.005}
    first = next(iter(kept))
    kept[first] = round(kept[first] + 1 - math.fsum(kept.values()), 3)
    return kept
