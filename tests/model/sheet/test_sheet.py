"""Sheets: what is written is what was played, on the grid."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.analysis.explain import chord_sheet, explain
from model.music.harmony import CHORD_QUALITIES, QUALITIES, Chord, parse_key
from model.music.midifile import Song
from model.music.notes import METERS, Note, Ticks, beat_length, beats_in_bar
from model.sheet.abc import to_abc
from model.sheet.musicxml import DIVISION, to_musicxml
from model.sheet.notated import Sheet, notated
from model.sheet.symbols import KINDS, NO_ELEVENTH, altered_letters, kind, signature

TONES = {"3": 4, "5": 7, "7": 10, "9": 2, "11": 5, "13": 9}
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def song_of(notes: list[Note], meter: str = "4/4", bars: int = 2, key: str = "C major", chords: str = "Am F") -> Song:
    length = beats_in_bar(meter) * beat_length(meter)
    symbols = tuple((Ticks(n * length), symbol) for n, symbol in enumerate(chords.split()))
    places = tuple((Ticks(n * length), meter) for n in range(bars))
    return Song(places, Ticks(bars * length), ((Ticks(0), 100.0),), key, tuple(notes), symbols)


def read(xml: str) -> list[tuple[int, int, int]]:
    """Return start, length and pitch of the notes of the first staff, tied ones of a voice as one."""
    found, going, line = list[tuple[int, int, int]](), dict[tuple[str, int], tuple[int, int]](), 0
    for measure in fromstring(xml.split('dtd">\n')[1]).iterfind("part[1]/measure"):
        now = longest = begin = 0
        for item in measure:
            length = DIVISION * int(item.findtext("duration") or 0)
            if item.tag == "backup":
                now -= length
            elif item.tag == "note":
                begin = begin if item.find("chord") is not None else now
                now, longest = begin + length, max(longest, begin + length)
                _sound(item, line + begin, length, going, found)
        line += longest
    assert not going
    return found


def _sound(
    note: Element,
    at: int,
    length: int,
    going: dict[tuple[str, int], tuple[int, int]],
    found: list[tuple[int, int, int]],
) -> None:
    if note.find("rest") is not None:
        return
    octave = int(note.findtext("pitch/octave") or 0)
    pitch = 12 * (octave + 1) + STEPS[note.findtext("pitch/step") or ""] + int(note.findtext("pitch/alter") or 0)
    ties = {tie.get("type") for tie in note.iterfind("tie")}
    name = note.findtext("voice") or "", pitch
    begun, before = going.pop(name) if "stop" in ties else (at, 0)
    if "start" in ties:
        going[name] = begun, before + length
    else:
        found.append((begun, before + length, pitch))


notes = st.builds(
    Note,
    st.integers(0, 3800).map(Ticks),
    st.integers(1, 2500).map(Ticks),
    st.integers(30, 100),
    st.just(80),
    st.just("chords"),
    st.integers(-40, 40).map(Ticks),
)


@given(st.lists(notes, max_size=24), st.sampled_from(METERS), st.sampled_from(["C major", "F# minor", "Eb dorian"]))
def test_musicxml_has_every_note_near_where_it_sounds_and_every_bar_full(
    played: list[Note], meter: str, key: str
) -> None:
    song = song_of(played, meter, bars=8, key=key)
    sheet = notated(song, ["chords"], "a")
    heard = read(to_musicxml(sheet))
    inside = [n for n in played if n.start + n.offset < song.end]
    assert {pitch for *_, pitch in heard} == {n.pitch for n in played}
    for note in inside:
        at = max(0, note.start + note.offset)
        assert any(pitch == note.pitch and abs(start - at) <= 160 for start, _, pitch in heard)
    for bar in sheet.bars:
        for voice in bar.staves[0]:
            assert sum(value.length for value in voice) == bar.length
            assert all(a.start + a.length == b.start for a, b in pairwise(voice))


def test_notes_on_the_grid_are_written_as_they_are_across_bar_lines_and_in_triplets() -> None:
    played = [(0, 480, 60), (480, 160, 62), (640, 160, 64), (800, 160, 65), (1680, 720, 67), (2640, 360, 60)]
    song = song_of([Note(Ticks(s), Ticks(n), p, 80, "melody") for s, n, p in played])
    assert Counter(read(to_musicxml(notated(song, ["melody"], "a")))) == Counter(played)


def test_abc_says_chords_triplets_ties_and_signs_once_a_bar() -> None:
    played = [(0, 480, 61), (480, 160, 61), (640, 160, 64), (800, 160, 65), (1680, 720, 70), (2400, 480, 61)]
    song = song_of([Note(Ticks(s), Ticks(n), p, 80, "melody") for s, n, p in played], key="F major", chords="Bb7 F")
    lines = to_abc(notated(song, ["melody"], "Tune")).splitlines()
    assert lines[:6] == ["X:1", "T:Tune", "M:4/4", "L:1/16", "Q:1/4=100", "K:F"]
    assert lines[-1] == '"Bb7"_D4 (3:2:3D2 E2 F2 z6 B2- | "F"B4 _D4 z8 |]'


def test_a_chord_sheet_has_each_bar_under_the_name_of_its_phrase() -> None:
    song = song_of([Note(Ticks(0), Ticks(480), 60, 80, "melody")], bars=4, chords="Am F C G")
    assert "| Am | F  | C  | G  |" in chord_sheet(explain(song), "Tune").splitlines()


@pytest.mark.parametrize("quality", [q for q in CHORD_QUALITIES if q not in NO_ELEVENTH] + ["13b9", "m9b5", "maj7#11"])
def test_a_chords_kind_and_degrees_have_its_tones(quality: str) -> None:
    name, degrees = kind(Chord(0, quality, 0))
    base = next(q for q, xml in KINDS.items() if xml == name)
    tones = set(QUALITIES[base])
    for value, alter, how in degrees:
        if how == "add":
            tones.add((TONES[str(value)] + alter) % 12)
        elif how == "alter":
            tones = tones - {7} | {7 + alter}
        else:
            tones -= {TONES[str(value)], TONES[str(value)] - (value == 3)}
    assert tones == set(QUALITIES[quality])


@pytest.mark.parametrize(
    ("key", "sharps", "mode"),
    [("D dorian", 0, "dorian"), ("Bb minor", -5, "minor"), ("F# major", 6, "major"), ("A lydian", 4, "lydian"), ("E phrygian dominant", 0, "major")],
)  # fmt: skip
def test_keys_have_their_signature(key: str, sharps: int, mode: str) -> None:
    assert mode == signature(parse_key(key))[1]
    assert key == "E phrygian dominant" or signature(parse_key(key))[0] == sharps


def test_two_sharps_raise_f_and_c() -> None:
    assert altered_letters(2) == {"F": 1, "C": 1}
    assert altered_letters(-2) == {"B": -1, "E": -1}


def test_a_title_with_signs_of_xml_comes_back() -> None:
    sheet: Sheet = notated(song_of([]), ["melody"], "A & <B>")
    assert re.search("A &amp; &lt;B&gt;", to_musicxml(sheet))


def test_a_sheet_of_hours_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="2000 bars at most, and this has 2001"):
        notated(song_of([Note(Ticks(0), Ticks(480), 60, 80, "melody")], bars=2001), ["melody"], "long")
