from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.__main__ import main
from model.analysis.explain import chart, explain
from model.analysis.key_finder import PROFILES, RunningKey, find_key, key_correlations, numbered_key
from model.music import midifile
from model.music.harmony import MODES, QUALITIES, Chord, Key, chord_symbol, note_name, parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import Note, Ticks
from model.music.numerals import numeral_before, sentence


def comped(symbols: str, melody: str = "", times: int = 1, up: int = 0) -> Song:
    """A song of a bar a chord, with its root in the bass, and a melody of half notes by pitch class."""
    chords = [parse_chord(s) for s in symbols.split()] * times
    notes: list[Note] = []
    for i, chord in enumerate(chords):
        at = Ticks(1920 * i)
        notes.append(Note(at, Ticks(1900), 36 + (chord.root + up) % 12, 80, "bass"))
        notes += [
            Note(at, Ticks(1900), 60 + (chord.root + t + up) % 12, 80, "chords") for t in QUALITIES[chord.quality]
        ]
    for i, name in enumerate(melody.split() * times):
        notes.append(Note(Ticks(960 * i), Ticks(900), 72 + (int(name) + up) % 12, 80, "melody"))
    bars = tuple((Ticks(1920 * i), "4/4") for i in range(len(chords)))
    return Song(bars, Ticks(1920 * len(chords)), ((Ticks(0), 100.0),), "C major", tuple(notes))


CADENCE = comped("C Am F G C F G7 C", "4 7 4 0 5 9 7 2 4 0 9 5 7 11 0 0")


def test_a_plain_piece_is_told_key_numerals_cadences_and_form() -> None:
    told = explain(CADENCE)
    assert told.key == "C major"
    assert [c.numeral for c in told.chords] == ["I", "vi", "IV", "V", "I", "IV", "V7", "I"]
    assert [(c.bar, c.kind, c.numerals) for c in told.cadences] == [
        (4, "half", "IV V"),
        (8, "perfect authentic", "V7 I"),
    ]
    assert told.form == "A B"
    assert any("perfect authentic" in words for words in told.words)


def test_metres_and_tempi_are_told_where_they_change_and_sections_by_the_names_of_the_piece() -> None:
    bars = ((Ticks(0), "3/8"), *((Ticks(720 + 1440 * i), "6/8") for i in range(8)))
    note = Note(Ticks(720), Ticks(1400), 60, 80, "melody")
    tempos = ((Ticks(0), 92.0), (Ticks(6480), 60.0))
    song = Song(
        bars, Ticks(12240), tempos, "C major", (note,), sections=((Ticks(720), "verse"), (Ticks(6480), "chorus"))
    )
    told = explain(song)
    assert (told.meter, told.meters, told.tempo) == ("6/8", ((1, "3/8"), (2, "6/8")), 92.0)
    assert told.tempos == ((1, 92.0), (6, 60.0))
    assert told.words[0].startswith("9 bars of 3/8 → 6/8 at 92 → 60 quarter notes a minute")
    assert [(s.name, s.first, s.last) for s in told.sections] == [("-", 1, 1), ("verse", 2, 5), ("chorus", 6, 9)]
    assert "Its sections: - verse chorus." in told.words


@settings(max_examples=11, deadline=None)
@given(st.integers(1, 11))
def test_a_transposed_piece_is_explained_alike(up: int) -> None:
    plain, moved = (
        explain(CADENCE),
        explain(comped("C Am F G C F G7 C", "4 7 4 0 5 9 7 2 4 0 9 5 7 11 0 0", up=up)),
    )
    assert [c.numeral for c in moved.chords] == [c.numeral for c in plain.chords]
    assert [c.kind for c in moved.cadences] == [c.kind for c in plain.cadences]
    assert find_key(comped("C F G C", up=up)).key.tonic == up


def test_minor_half_and_deceptive_cadences_are_told() -> None:
    told = explain(comped("Am G F E Am Dm E F Am Dm E7 Am", "9 0 2 11 0 9 11 8 9 9 5 2 8 8 9 5 0 9 2 5 8 11 9 9"))
    assert told.key == "A minor"
    assert [(c.bar, c.kind) for c in told.cadences] == [
        (4, "half"),
        (8, "deceptive"),
        (12, "perfect authentic"),
    ]


def test_a_lowered_degree_is_written_with_a_flat_in_a_key_without_flats() -> None:
    told = explain(comped("C F G C F Bb G7 C", "4 7 5 9 7 2 4 0 9 5 10 2 5 11 4 0"))
    assert told.key == "C major"
    assert [(c.symbol, c.numeral) for c in told.chords if c.bar == 6] == [("Bb", "bVII")]


def test_a_phrase_that_comes_again_has_the_same_letter_and_a_loop_is_told() -> None:
    song = comped("Dm Bb F C", "2 5 10 2 5 9 0 4", times=4)
    told = explain(song)
    assert told.form == "A A A A"
    assert len(told.loop) == 4
    between = [(a.last, b.first) for a, b in pairwise(told.sections)]
    assert all(last + 1 == first for last, first in between)
    assert len(chart(told)) == 4


def test_drums_alone_have_no_key() -> None:
    drums = Song(
        ((Ticks(0), "4/4"),),
        Ticks(1920),
        ((Ticks(0), 100.0),),
        "C major",
        (Note(Ticks(0), Ticks(9), 36, 80, "drums"),),
    )
    with pytest.raises(ValueError, match="drums"):
        explain(drums)


@pytest.mark.parametrize(
    ("symbol", "key", "words"),
    [
        ("G7", "C major", "G7 is V7 in C major: the dominant, which pulls home to C."),
        ("A7", "C major", "a dominant of D"), ("Am", "A minor", "home"), ("Bb", "C major", "borrowed"),
    ],
)  # fmt: skip
def test_what_sounds_now_is_told_in_a_sentence(symbol: str, key: str, words: str) -> None:
    assert words in sentence(symbol, key)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 11),
    st.sampled_from(sorted(QUALITIES)),
    st.integers(0, 11),
    st.sampled_from(["major", "minor", "dorian"]),
)
def test_every_chord_has_a_sentence_in_every_key(root: int, quality: str, tonic: int, mode: str) -> None:
    told = sentence(chord_symbol(Chord(root, quality, root)), f"{note_name(tonic)} {mode}")
    assert told.endswith(".")
    assert "{" not in told


def test_the_command_explains_a_file_in_words_and_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.mid"
    midifile.write(path, CADENCE)
    assert main(["explain", str(path)]) == 0
    assert "The key is C major" in capsys.readouterr().out
    assert main(["explain", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key"], told["bars"], told["chords"][0]["numeral"]) == ("C major", 8, "I")
    path.write_bytes(b"no midi")
    assert main(["explain", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("tonic", range(12))
def test_every_profile_finds_the_key_of_a_scale_that_dwells_on_its_triad(profile: str, tonic: int) -> None:
    time = np.roll([4, 0, 2, 0, 3, 2, 0, 3, 0, 2, 0, 1], tonic)
    assert numbered_key(int(key_correlations(time, profile).argmax())) == Key(tonic, "major", MODES["major"])


def test_a_running_key_waits_for_four_pitch_classes_and_changes_when_another_fits_clearly_better() -> None:
    running = RunningKey()
    running.update([60, 64, 67])
    assert running.key is None
    for chord in ([60, 64, 67], [65, 69, 72], [67, 71, 74], [60, 64, 67]):
        running.update(chord)
    assert running.key == parse_key("C major")
    for _ in range(12):
        for chord in ([54, 58, 61], [59, 63, 66], [61, 65, 68], [54, 58, 61]):
            running.update(chord)
    assert running.key == parse_key("F# major")


def test_secondary_dominants_are_named_by_what_they_point_to() -> None:
    told = explain(comped("C A7 Dm D7 G7 C E7 Am F G C"))
    assert [c.numeral for c in told.chords] == ["I", "V7/ii", "ii", "V7/V", "V7", "I", "V7/vi", "vi", "IV", "V", "I"]
    assert "A7 is V7/ii, a secondary dominant: it points to ii; in bar 2 it goes to Dm." in told.words
    leading = numeral_before(parse_chord("F#dim7"), parse_chord("G"), parse_key("C major"))
    assert leading == "viio7/V"


def test_in_a_blues_the_seventh_chord_of_home_is_home() -> None:
    seventh, sub = parse_chord("C7"), parse_chord("F7")
    assert numeral_before(seventh, sub, parse_key("C major")) == "I7"
    assert numeral_before(seventh, parse_chord("Fmaj7"), parse_key("C major")) == "V7/IV"


def test_the_chords_of_a_blues_are_no_secondary_dominants() -> None:
    told = explain(
        comped("E7 A7 E7 E7 A7 A7 E7 E7 B7 A7 E7 E7", "4 4 4 11 4 8 11 4 4 4 11 4 8 8 4 4 11 11 4 4 4 8 4 4")
    )
    assert told.key.startswith("E ")
    assert {(c.symbol, c.numeral) for c in told.chords} >= {("E7", "I7"), ("A7", "IV7")}
    assert "E7 is I7: home, with the seventh of the blues." in told.words
    assert not any("secondary" in words or "Borrowed" in words for words in told.words)


def test_borrowed_chords_are_told() -> None:
    told = explain(comped("C F Fm C Ab Bb C G C"))
    assert "Borrowed from the minor key on C: Fm, Ab, Bb." in told.words


def test_loops_over_the_same_chords_are_one_phrase_and_its_variants() -> None:
    tunes = ("0 4 7 4 0 5 9 7", "7 7 4 4 2 2 0 0", "4 2 0 2 4 5 7 9", "0 0 7 7 9 9 7 5")
    song = comped("C Am F G", " ".join(tunes), times=4)
    assert {name[0] for name in explain(song).form.split()} == {"A"}


def test_a_tune_alone_has_no_chords_invented() -> None:
    tune = tuple(
        Note(Ticks(480 * i), Ticks(400), 60 + p, 80, "melody") for i, p in enumerate([0, 2, 4, 5, 7, 5, 4, 2] * 2)
    )
    told = explain(replace(CADENCE, notes=tune))
    assert told.chords == ()
    assert "A tune alone: no chords sound." in told.words


def test_the_keys_that_a_file_states_and_its_words_are_told_with_their_bars() -> None:
    song = replace(
        CADENCE,
        keys=((Ticks(1920 * 4), "A minor"),),
        prompts=((Ticks(0), "soul\x1b[31m"), (Ticks(1920 * 4), "darker")),
    )
    words = explain(song).words
    assert "Its key signatures say C major; from bar 5 A minor." in words
    assert "It came from the words “soul�[31m”; from bar 5 “darker”." in words
    assert not [w for w in explain(CADENCE).words if w.startswith(("Its key", "It came"))], (
        "nothing is said of what is not there"
    )
