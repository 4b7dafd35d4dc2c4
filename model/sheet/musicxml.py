"""A sheet as MusicXML 4.0 (https://www.w3.org/2021/06/musicxml40), which notation programs read."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from model.music.harmony import Chord, Key
from model.sheet.notated import Sheet, Written, WrittenBar
from model.sheet.symbols import Degree, kind, signature, spelled

DIVISION = 40
"""Ticks of a division: sixteenths and eighth triplets are whole numbers of it."""
_TYPES = {
    1920: ("whole", 0), 1440: ("half", 1), 960: ("half", 0), 720: ("quarter", 1), 480: ("quarter", 0),
    360: ("eighth", 1), 240: ("eighth", 0), 120: ("16th", 0),
}  # fmt: skip
_TRIPLET_TYPES = {160: "eighth", 320: "quarter"}
_HEADER = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_LOW = 55
"""A staff whose notes lie below this on average has a bass clef."""


def to_musicxml(sheet: Sheet) -> str:
    """Return the file's text. Chords stand above the first staff."""
    score = Element("score-partwise", version="4.0")
    SubElement(SubElement(score, "work"), "work-title").text = sheet.title
    SubElement(SubElement(SubElement(score, "identification"), "encoding"), "software").text = "LLMBall"
    names = SubElement(score, "part-list")
    for number, part in enumerate(sheet.parts, start=1):
        SubElement(SubElement(names, "score-part", id=f"P{number}"), "part-name").text = part.capitalize()
    for number in range(len(sheet.parts)):
        staff = SubElement(score, "part", id=f"P{number + 1}")
        for index in range(len(sheet.bars)):
            _measure(staff, sheet, number, index)
    indent(score)
    return _HEADER + tostring(score, encoding="unicode") + "\n"


def _measure(part: Element, sheet: Sheet, number: int, index: int) -> None:
    bar = sheet.bars[index]
    measure = SubElement(part, "measure", number=str(index + 1))
    if index == 0 or sheet.bars[index - 1].meter != bar.meter:
        _attributes(measure, sheet, number, index)
    if index == 0 and number == 0:
        direction = SubElement(measure, "direction", placement="above")
        metronome = SubElement(SubElement(direction, "direction-type"), "metronome")
        SubElement(metronome, "beat-unit").text = "quarter"
        SubElement(metronome, "per-minute").text = f"{sheet.tempo:g}"
        SubElement(direction, "sound", tempo=f"{sheet.tempo:g}")
    for voice, written in enumerate(bar.staves[number], start=1):
        if voice > 1:
            SubElement(SubElement(measure, "backup"), "duration").text = str(bar.length // DIVISION)
        coming = list(bar.chords) if number == 0 and voice == 1 else []
        for value in written:
            while coming and coming[0][0] < value.start + value.length:
                at, chord = coming.pop(0)
                _harmony(measure, chord, sheet.key, (at - value.start) // DIVISION)
            _value(measure, value, voice, sheet.key)
    if index == len(sheet.bars) - 1:
        SubElement(SubElement(measure, "barline", location="right"), "bar-style").text = "light-heavy"


def _attributes(measure: Element, sheet: Sheet, number: int, index: int) -> None:
    attributes = SubElement(measure, "attributes")
    if index == 0:
        sharps, mode = signature(sheet.key)
        SubElement(attributes, "divisions").text = str(480 // DIVISION)
        key = SubElement(attributes, "key")
        SubElement(key, "fifths").text = str(sharps)
        SubElement(key, "mode").text = mode
    beats, unit = sheet.bars[index].meter.split("/")
    time = SubElement(attributes, "time")
    SubElement(time, "beats").text = beats
    SubElement(time, "beat-type").text = unit
    if index == 0:
        clef = SubElement(attributes, "clef")
        is_low = _mean_pitch(sheet.bars, number) < _LOW
        SubElement(clef, "sign").text = "F" if is_low else "G"
        SubElement(clef, "line").text = "4" if is_low else "2"


def _mean_pitch(bars: tuple[WrittenBar, ...], number: int) -> float:
    pitches = [p for bar in bars for voice in bar.staves[number] for value in voice for p in value.pitches]
    return sum(pitches) / len(pitches) if pitches else 60.0


def _harmony(measure: Element, chord: Chord, key: Key, offset: int) -> None:
    harmony = SubElement(measure, "harmony")
    name, degrees = kind(chord)
    _step(SubElement(harmony, "root"), "root", chord.root, chord, key)
    SubElement(harmony, "kind", text=chord.quality).text = name
    if chord.bass != chord.root:
        _step(SubElement(harmony, "bass"), "bass", chord.bass, chord, key)
    for degree in degrees:
        _degree(harmony, degree)
    if offset:
        SubElement(harmony, "offset").text = str(offset)


def _step(parent: Element, name: str, pitch_class: int, chord: Chord, key: Key) -> None:
    letter, alter = spelled(pitch_class, key)
    if alter and chord.sign and (alter > 0) != (chord.sign == "#"):
        letter, alter = _other_name(letter, alter)
    SubElement(parent, f"{name}-step").text = letter
    if alter:
        SubElement(parent, f"{name}-alter").text = str(alter)


def _other_name(letter: str, alter: int) -> tuple[str, int]:
    """Return a black key by its other name."""
    return "ABCDEFG"[("ABCDEFG".index(letter) + alter) % 7], -alter


def _degree(harmony: Element, degree: Degree) -> None:
    value, alter, how = degree
    found = SubElement(harmony, "degree")
    SubElement(found, "degree-value").text = str(value)
    SubElement(found, "degree-alter").text = str(alter)
    SubElement(found, "degree-type").text = how


def _value(measure: Element, value: Written, voice: int, key: Key) -> None:
    for n, pitch in enumerate(value.pitches or (None,)):
        note = SubElement(measure, "note")
        if n:
            SubElement(note, "chord")
        if pitch is None:
            SubElement(note, "rest")
        else:
            letter, alter = spelled(pitch % 12, key)
            place = SubElement(note, "pitch")
            SubElement(place, "step").text = letter
            if alter:
                SubElement(place, "alter").text = str(alter)
            SubElement(place, "octave").text = str(pitch // 12 - 1)
        SubElement(note, "duration").text = str(value.length // DIVISION)
        ties = [way for way, tied in (("stop", value.tied_from), ("start", value.tied_to)) if pitch in tied]
        for way in ties:
            SubElement(note, "tie", type=way)
        SubElement(note, "voice").text = str(voice)
        if value.triplet:
            SubElement(note, "type").text = _TRIPLET_TYPES[value.length]
            ratio = SubElement(note, "time-modification")
            SubElement(ratio, "actual-notes").text, SubElement(ratio, "normal-notes").text = "3", "2"
        else:
            name, dots = _TYPES[value.length]
            SubElement(note, "type").text = name
            if dots:
                SubElement(note, "dot")
        if ties:
            notations = SubElement(note, "notations")
            for way in ties:
                SubElement(notations, "tied", type=way)
