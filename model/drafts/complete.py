"""A draft made whole: what a text of the notation leaves out and what can be known without asking, line numbers kept.

A language model need not say what only the songbook needs (family, batch, plan, captions), nor what follows from the rest
(form, sounds, voicings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from model.music.programs import PROGRAMS as GENERAL_MIDI
from model.songbook.book import plain
from model.songbook.header import HEADER_KEYS, NAME
from model.songbook.symbols import NAMES, NO_CHORD, pitch_name, symbol
from model.songbook.tables import PARTS, PITCHED, styles

PROGRAMS = {
    "chords": "electric_piano_1", "melody": "vibraphone", "bass": "electric_bass_finger", "pad": "pad_warm", "arp": "electric_guitar_muted",
}  # fmt: skip
"""What a part sounds like where nobody says it."""
DEFAULT_STYLE, DEFAULT_TEMPO, DEFAULT_KEY = "pop", 110, "C major"
LOWEST, HIGHEST, MIDDLE = 50, 79, 63
"""Where a voicing lies that nobody wrote, as MIDI numbers."""
MOST_VOICES = 5

_NUMBERED = re.compile(r"(?<=_)\d_")
"""General MIDI's own lists number leads, pads and effects: lead_2_sawtooth."""
_FENCE = re.compile(r"\s*```")
_SECTION = re.compile(rf"section\s+({NAME})\b")
_OPENS = re.compile(rf"(harmony|voicings|{'|'.join(PARTS)})\b(.*)")
_BARS = re.compile(r"^\+?[\d,\s-]*(?:all)?\s*:(?!\d)")


@dataclass(frozen=True, slots=True)
class Draft:
    """A completed text. `lines` has the author's own number of each of its lines, 0 for those that were added."""

    text: str
    lines: tuple[int, ...]
    filled: tuple[str, ...]

    def own_line(self, number: int) -> int:
        """Return the author's number of a line, that of the line before where it was added, 0 where there is none."""
        before = [own for own in self.lines[:number] if own]
        return before[-1] if before else 0


def completed(text: str, header: Mapping[str, str] | None = None) -> Draft:
    """Return a text with what it leaves out; the lines of `header` stand for those that it says itself."""
    rows = _without_talk([(number, line.rstrip()) for number, line in enumerate(text.splitlines(), 1)])
    first = next((i for i, (_, line) in enumerate(rows) if _begins_block(line)), len(rows))
    sections = next((i for i, (_, line) in enumerate(rows) if _SECTION.match(line.strip())), len(rows))
    said: dict[str, tuple[int, str]] = {}
    head: list[tuple[int, str]] = []
    for number, line in rows[:first]:
        key, _, value = line.strip().partition(" ")
        key = key.removesuffix(":").casefold()
        if key in HEADER_KEYS and key not in said:
            said[key] = (number, value.split(" ;")[0].strip())
        elif line.strip():
            head.append((number, line))
    for key, value in (header or {}).items():
        said[key] = (said.get(key, (0, ""))[0], value)
    filled = _fill(said, [line for _, line in rows[sections:]])
    voicings = _missing_voicings([line for _, line in rows])
    if voicings:
        filled.append(f"voicings of {', '.join(name for name, _ in voicings)}")
    added = [(0, "voicings"), *((0, f"{name} = {pitches}") for name, pitches in voicings)] if voicings else []
    whole = [
        *((number, f"{key} {value}") for key, (number, value) in said.items()),
        *head, *rows[first:sections], *added, *rows[sections:],
    ]  # fmt: skip
    return Draft("\n".join(line for _, line in whole) + "\n", tuple(number for number, _ in whole), tuple(filled))


def _without_talk(rows: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the lines within the first fence, or from the first line on that is of the notation."""
    fences = [i for i, (_, line) in enumerate(rows) if _FENCE.match(line)]
    if fences:
        return rows[fences[0] + 1 : fences[1] if len(fences) > 1 else len(rows)]
    start = next((i for i, (_, line) in enumerate(rows) if _begins_notation(line)), 0)
    return rows[start:]


def _begins_notation(line: str) -> bool:
    word, _, rest = line.strip().partition(" ")
    return _begins_block(line) or (word.removesuffix(":").casefold() in HEADER_KEYS and bool(rest.strip()))


def _begins_block(line: str) -> bool:
    return line.strip() in ("captions", "voicings") or _SECTION.match(line.strip()) is not None


def _fill(said: dict[str, tuple[int, str]], body: Sequence[str]) -> list[str]:
    """Put in the header's lines that are missing; return what was put in, for the author."""
    filled: list[str] = []

    def put(key: str, value: str, *, tell: bool = False) -> None:
        if key not in said:
            said[key] = (0, value)
            if tell:
                filled.append(f"{key} {value}")

    put("title", "Untitled")
    put("style", DEFAULT_STYLE, tell=True)
    number, name = said["style"]
    style = next((s for s in styles().values() if plain(s.name) == plain(name)), None)
    if style is not None:
        said["style"] = (number, style.name)
        said["family"] = (said.get("family", (0, ""))[0], style.family)
    put("family", "pop")
    put("batch", "guest")
    put("plan", "1")
    put("tempo", str(sum(style.tempo) // 2 if style is not None else DEFAULT_TEMPO), tell=True)
    put("key", DEFAULT_KEY, tell=True)
    number, key = said["key"]
    said["key"] = (number, _key(key))
    names = list(dict.fromkeys(m[1] for line in body if (m := _SECTION.match(line.strip()))))
    put("form", " ".join(names) or "A", tell=len(names) > 1)
    parts = _parts(body)
    number, sound = said.get("sound", (0, ""))
    lacking = [part for part in PITCHED if part in parts and f"{part}=" not in sound]
    said["sound"] = (
        number,
        " ".join([*map(_known_program, sound.split()), *(f"{part}={PROGRAMS[part]}" for part in lacking)])
        or "kit=standard",
    )
    if lacking:
        filled.append("sound " + " ".join(f"{part}={PROGRAMS[part]}" for part in lacking))
    leads = ("melody", "arp", "chords", "pad", "bass", "drums", "perc")
    if said.get("lead", (0, ""))[1] not in parts:
        said["lead"] = (said.get("lead", (0, ""))[0], next((part for part in leads if part in parts), "melody"))
    put("mood", "plain")
    put("energy", "3")
    put("density", "3")
    return filled


def _key(text: str) -> str:
    """Return a key as the notation writes it: `Dm`, `D min` and `d Minor` are `D minor`."""
    m = re.fullmatch(
        r"([A-Ga-g][#b]?)\s*(\w*)", text.replace(" pentatonic", "_pentatonic").replace("harmonic ", "harmonic_")
    )
    if m is None:
        return text
    mode = {
        "": "major",
        "maj": "major",
        "M": "major",
        "m": "minor",
        "min": "minor",
        "aeolian": "minor",
        "ionian": "major",
    }
    return f"{m[1][0].upper()}{m[1][1:]} {mode.get(m[2], m[2].casefold())}"


def _parts(body: Sequence[str]) -> set[str]:
    found = (_OPENS.match(line.strip()) for line in body)
    return {m[1] for m in found if m and m[1] in PARTS and not re.fullmatch(r"\s+out\b.*", m[2])}


# voicings


def _symbols(lines: Sequence[str]) -> Iterator[str]:
    """Yield the chord symbols of the harmony, as they are first written."""
    inside = False
    for line in lines:
        text = re.sub(r"(?:^|\s);.*", "", line).strip()
        opened = _OPENS.match(text)
        if _begins_block(text):
            inside = False
        elif opened:
            inside = opened[1] == "harmony"
            text = opened[2].strip()
        if inside and not text.startswith("from "):
            yield from (word.partition(":")[0] for word in _BARS.sub("", text).replace("|", " ").split())


def _missing_voicings(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return the symbols that have no voicing, with one each that lies near to the one before."""
    written = {line.partition("=")[0].strip() for line in lines if "=" in line}
    found: list[tuple[str, str]] = []
    before: tuple[int, ...] = ()
    for name in dict.fromkeys(_symbols(lines)):
        try:
            meant = symbol(name)
        except ValueError:
            continue  # the reader says so
        if name in written or name == "%" or name.rstrip("*") == NO_CHORD or meant is None:
            continue
        before = _voicing(meant.root, meant.tones, before)
        found.append((name, " ".join(pitch_name(p, NAMES) for p in before)))
    return found


def _voicing(root: int, tones: frozenset[int], before: tuple[int, ...]) -> tuple[int, ...]:
    """Return the closest position of a chord that lies nearest to the voicing before it."""
    kept = sorted(tones)
    for spare in (7, 0):  # the fifth, then the root, which the bass has
        if len(kept) > MOST_VOICES and (root + spare) % 12 in kept:
            kept.remove((root + spare) % 12)

    def cost(pitches: tuple[int, ...]) -> float:
        if len(pitches) == len(before):
            return fmean(abs(a - b) for a, b in zip(pitches, before, strict=True)) + abs(fmean(pitches) - MIDDLE) / 8
        return abs(fmean(pitches) - MIDDLE)

    return min((c for c in _positions(kept) if c[0] >= LOWEST and c[-1] <= HIGHEST), key=cost)


def _positions(kept: Sequence[int]) -> Iterator[tuple[int, ...]]:
    for turn in range(len(kept)):
        for base in (36, 48, 60):
            pitches = [base + kept[turn]]
            for pc in (*kept[turn + 1 :], *kept[:turn]):
                pitches.append(pitches[-1] + (pc - pitches[-1]) % 12)
            yield tuple(pitches)


def _known_program(said: str) -> str:
    """Return `part=program` with the name as this notation has it, as it was said if it has none such."""
    part, _, program = said.partition("=")
    plain = _NUMBERED.sub("", program)
    return f"{part}={plain}" if program not in GENERAL_MIDI and plain in GENERAL_MIDI else said
