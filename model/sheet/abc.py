"""A sheet as ABC 2.1 (https://abcnotation.com/wiki/abc:standard:v2.1), which pages show as a score."""

from __future__ import annotations

from collections.abc import Sequence

from model.music.harmony import Chord, Key, chord_symbol
from model.sheet.notated import STRAIGHT, TRIPLET, Sheet, Written
from model.sheet.symbols import altered_letters, signature, spelled

BARS_A_LINE = 4
_SIGNS = {0: "=", 1: "^", -1: "_"}


def to_abc(sheet: Sheet) -> str:
    """Return the tune's text: a voice of ABC for each voice of each staff, chords above the first."""
    sharps, mode = signature(sheet.key)
    lines = [
        "X:1", f"T:{sheet.title}", f"M:{sheet.bars[0].meter}", "L:1/16", f"Q:1/4={round(sheet.tempo)}",
        f"K:{_tonic(sheet.key)}{'' if mode == 'major' else mode[:3]}",
    ]  # fmt: skip
    number = 0
    for staff, part in enumerate(sheet.parts):
        for voice in range(max(len(bar.staves[staff]) for bar in sheet.bars)):
            number += 1
            lines.append(f'V:{number} name="{part.capitalize()}"')
            cells = []
            for index, bar in enumerate(sheet.bars):
                changed = index and sheet.bars[index - 1].meter != bar.meter
                chords = bar.chords if number == 1 else ()
                cells.append(
                    (f"[M:{bar.meter}]" if changed else "") + _bar(bar.staves[staff][voice], chords, sheet.key, sharps)
                )
            rows = [cells[i : i + BARS_A_LINE] for i in range(0, len(cells), BARS_A_LINE)]
            lines += [" | ".join(row) + (" |" if row is not rows[-1] else " |]") for row in rows]
    return "\n".join(lines) + "\n"


def _tonic(key: Key) -> str:
    letter, alter = spelled(key.tonic, key)
    return letter + {0: "", 1: "#", -1: "b"}[alter]


def _bar(values: Sequence[Written], chords: Sequence[tuple[int, Chord]], key: Key, sharps: int) -> str:
    sounding = dict[tuple[str, int], int]()
    usual = altered_letters(sharps)
    coming, said = list(chords), list[str]()
    for n, value in enumerate(values):
        text = ""
        while coming and coming[0][0] < value.start + value.length:
            text += f'"{chord_symbol(coming.pop(0)[1], key)}"'
        if value.triplet and (n == 0 or not values[n - 1].triplet or value.start % 480 == 0):
            group = [v for v in values[n:] if v.triplet and v.start // 480 == value.start // 480]
            text += f"(3:2:{len(group)}"
        length = value.length // TRIPLET * 2 if value.triplet else value.length // STRAIGHT
        tones = [
            _tone(pitch, key, usual, sounding) + ("-" if pitch in value.tied_to else "") for pitch in value.pitches
        ]
        number = "" if length == 1 else str(length)
        if not tones:
            text += "z" + number
        elif len(tones) == 1:
            tie = tones[0][-1] if tones[0].endswith("-") else ""
            text += tones[0].removesuffix("-") + number + tie
        else:
            text += "[" + "".join(tones) + "]" + number
        said.append(text)
    return " ".join(said)


def _tone(pitch: int, key: Key, usual: dict[str, int], sounding: dict[tuple[str, int], int]) -> str:
    """Return a note's name, with a sign where its letter does not sound so in its bar already."""
    letter, alter = spelled(pitch % 12, key)
    octave = pitch // 12 - 1
    sign = "" if sounding.get((letter, octave), usual.get(letter, 0)) == alter else _SIGNS[alter]
    sounding[letter, octave] = alter
    return sign + (letter.lower() + "'" * (octave - 5) if octave >= 5 else letter + "," * (4 - octave))
