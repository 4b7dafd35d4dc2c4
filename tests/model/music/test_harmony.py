from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.music.chord_lists import parse_progression
from model.music.chord_suffix import read_suffix
from model.music.harmony import (
    CHORD_QUALITIES,
    DECODER_QUALITIES,
    MODES,
    QUALITIES,
    Chord,
    chord_symbol,
    parse_chord,
    parse_key,
    pitch_class,
    quality_token,
    suffix_quality,
)
from model.music.numerals import key_of, numeral, roman

pitch_classes = st.integers(0, 11)
chords = st.builds(Chord, pitch_classes, st.sampled_from(list(QUALITIES)), pitch_classes)


@given(chords, st.booleans())
def test_every_symbol_is_read_back(chord: Chord, flats: bool) -> None:
    assert parse_chord(chord_symbol(chord, flats)) == chord


def test_the_token_of_each_quality_is_the_one_the_weights_were_trained_with() -> None:
    assert len(DECODER_QUALITIES) == 30
    assert [CHORD_QUALITIES[name].token for name in DECODER_QUALITIES] == [*range(30)]
    known = {"": 0, "m": 1, "7": 2, "m7b5": 11, "13": 24, "5": 29}
    assert {name: quality_token(name) for name in known} == known


def test_a_quality_without_a_token_names_one_with_a_token() -> None:
    assert all((q.token is None) == bool(q.nearest) for q in CHORD_QUALITIES.values())
    assert all(CHORD_QUALITIES[q.nearest].token is not None for q in CHORD_QUALITIES.values() if q.nearest)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("C", "C"), ("C-", "Cm"), ("Cmin", "Cm"), ("CΔ7", "Cmaj7"), ("CM7", "Cmaj7"), ("C^7", "Cmaj7"), ("Cø", "Cm7b5"),
        ("C-7b5", "Cm7b5"), ("C°7", "Cdim7"), ("Co", "Cdim"), ("C+", "Caug"), ("Csus", "Csus4"), ("C7sus", "C7sus4"),
        ("C6/9", "C69"), ("C(add9)", "Cadd9"), ("Cm(maj7)", "Cmmaj7"), ("C7#5", "Caug7"), ("C7♭9", "C7b9"), ("C/E", "C/E"),
        ("Dm9/G", "Dm9/G"), ("C:min7", "Cm7"), ("Bb:maj/3", "Bb/D"), ("E♭maj7", "Ebmaj7"), ("F♯m", "F#m"), ("C5", "C5"), ("C:sus4(b7)", "C7sus4"), ("Cm13", "Cm13"), ("Cm6/9", "Cm69"), ("C7(b9,13)", "C13b9"), ("C7b9b13", "C7b9b13"),
        ("Cadd11", "Cadd11"), ("Cmaj7#5", "Cmaj7#5"), ("Cmi7b5", "Cm7b5"), ("CMA7", "Cmaj7"), ("C△", "Cmaj7"), ("C+7", "Caug7"),
        ("Cm7-5", "Cm7b5"), ("C7+9", "C7#9"), ("C7sus2", "C7sus2"), ("C9sus4", "C9sus4"), ("Cmaj7/9", "Cmaj9"), ("Cdim(maj7)", "Cmmaj7b5"), ("C(b5)", "C(b5)"), ("C7(#9,#11)", "C7#9#11"),
    ],
)  # fmt: skip
def test_the_dialects_of_chord_symbols(text: str, symbol: str) -> None:
    assert chord_symbol(parse_chord(text)) == symbol


@pytest.mark.parametrize(
    ("symbol", "tones"),
    [
        ("C7b5", "C E Gb Bb"), ("C7#11", "C E G Bb F#"), ("C13#11", "C E G Bb D F# A"), ("F7b13", "F A C Eb Db"), ("Bbmaj7#11", "Bb D F A E"),
        ("Cmaj7#5", "C E G# B"), ("C13b9", "C E G Bb Db A"), ("C9sus4", "C F G Bb D"), ("Cadd11", "C E G F"), ("Cm69", "C Eb G A D"),
        ("Cm9b5", "C Eb Gb Bb D"), ("C7b9#11", "C E G Bb Db F#"), ("Cmmaj9", "C Eb G B D"), ("Cmaj9#11", "C E G B D F#"), ("Cm(add11)", "C Eb G F"),
    ],
)  # fmt: skip
def test_an_extended_or_altered_chord_has_just_the_tones_it_asks_for(symbol: str, tones: str) -> None:
    assert parse_chord(symbol).pitch_classes == {pitch_class(t) for t in tones.split()}


suffixes = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "m", "maj", "min", "dim", "aug", "+", "-", "Δ"]),
        st.sampled_from(["", "6", "7", "9", "11", "13"]),
        st.sampled_from(["", "sus2", "sus4"]),
        st.lists(st.sampled_from(["b5", "#5", "b9", "#9", "#11", "b13"]), max_size=3, unique=True).map("".join),
        st.sampled_from(["", "add9", "add11", "no3", "no5"]),
    ),
)


@settings(deadline=None)
@given(suffixes)
def test_the_name_of_any_suffix_is_read_as_the_same_tones(suffix: str) -> None:
    read = read_suffix(suffix)
    if read is not None:
        name, tones = read
        assert read_suffix(name) == read, suffix
        assert QUALITIES[suffix_quality(name) or ""] == QUALITIES[suffix_quality(suffix) or ""]
        assert tones[0] == 0
        assert len(set(tones)) == len(tones)


@settings(deadline=None)
@given(suffixes)
def test_a_quality_that_is_in_no_table_is_told_to_the_decoder_as_one_that_is(suffix: str) -> None:
    name = suffix_quality(suffix)
    if name is not None:
        assert 0 <= quality_token(name) < len(DECODER_QUALITIES)


@pytest.mark.parametrize("text", ["", "N", "X7", "Cfoo", "hello", "C/", "am7?"])
def test_what_is_no_chord_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"chord|note name"):
        parse_chord(text)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tonic", ["C", "F#", "Bb"])
def test_every_key_is_read_back_by_its_name(tonic: str, mode: str) -> None:
    key = parse_key(f"{tonic} {mode}")
    assert parse_key(key.name) == key


@pytest.mark.parametrize(
    ("text", "name", "signature"),
    [
        ("E phrygian dominant", "E phrygian dominant", "E"), ("D hijaz", "D phrygian dominant", "D"), ("C whole-tone scale", "C whole tone", "C"),
        ("D double harmonic", "D double harmonic", "D"),
        ("Dm", "D minor", "Dm"), ("d dorian", "D dorian", "Dm"), ("F# major", "F# major", "F#"), ("Bb", "Bb major", "Bb"),
        ("H moll", "B minor", "Bm"), ("A minor pentatonic", "A minor pentatonic", "Am"), ("E blues", "E blues", "Em"),
        ("C [0,2,4,7,9]", "C [0,2,4,7,9]", "C"), ("G mixolydian", "G mixolydian", "G"), ("F sharp minor", "F# minor", "F#m"), ("E-flat major", "Eb major", "Eb"),
    ],
)  # fmt: skip
def test_keys_and_their_signatures(text: str, name: str, signature: str) -> None:
    assert (parse_key(text).name, parse_key(text).signature) == (name, signature)


@pytest.mark.parametrize("text", ["", "minor", "X minor", "D foo", "C [1,2]", "C [0,12]", "C [x]"])
def test_an_unknown_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"key|scale"):
        parse_key(text)


@pytest.mark.parametrize(
    ("text", "key", "symbols"),
    [
        ("ii–V–I", "C major", "Dm G C"), ("Am-F-C-G", "C major", "Am F C G"), ("i bVI bIII bVII", "A minor", "Am F C G"),
        ("4536251", "C major", "F G Em Am Dm G C"), ("6415", "A minor", "Am F C G"), ("V7/V V7", "C major", "D7 G7"),
        ("iiø7 V7 im7", "C minor", "Dm7b5 G7 Cm7"), ("viio7", "C major", "Bdim7"), ("I, vi, IV, V", "G major", "G Em C D"),
    ],
)  # fmt: skip
def test_progressions_in_symbols_numerals_and_degrees(text: str, key: str, symbols: str) -> None:
    bars = parse_progression(text, parse_key(key))
    assert " ".join(chord_symbol(c) for bar in bars for c in bar) == symbols


@pytest.mark.parametrize(
    ("numerals", "key", "symbols"),
    [
        ("bVII IV I", "C major", "Bb F C"), ("bVI bVII I", "G major", "Eb F G"), ("bIII IV", "D major", "F G"), ("#ivo V", "C major", "F#dim G"),
        ("i bII", "A minor", "Am Bb"), ("bVII I", "F# major", "E F#"), ("bII I", "Eb major", "E Eb"), ("bVI V i", "C minor", "Ab G Cm"),
        ("iim7b5 V7 im", "C minor", "Dm7b5 G7 Cm"), ("Im6 IVm7", "C major", "Cm6 Fm7"),
    ],
)  # fmt: skip
def test_lowered_degrees_are_written_with_flats_and_raised_ones_with_sharps(
    numerals: str, key: str, symbols: str
) -> None:
    home = parse_key(key)
    assert " ".join(chord_symbol(c, home) for bar in parse_progression(numerals, home) for c in bar) == symbols


def test_who_writes_a_flat_reads_a_flat_in_any_key() -> None:
    home = parse_key("E major")
    assert [chord_symbol(parse_chord(s), home) for s in ("Bb", "A#", "Ab/Bb")] == ["Bb", "A#", "Ab/Bb"]


def test_bars_are_divided_where_they_are_drawn() -> None:
    bars = parse_progression("Dm9 | G13 Cmaj9 | %", parse_key("C major"))
    assert [[chord_symbol(c) for c in bar] for bar in bars] == [["Dm9"], ["G13", "Cmaj9"], ["G13", "Cmaj9"]]


@given(
    st.sampled_from(["C major", "A minor", "Eb major", "F# minor"]),
    pitch_classes,
    st.sampled_from(["", "m", "7", "m7", "maj7"]),
)
def test_a_numeral_names_its_chord(key: str, root: int, quality: str) -> None:
    chord = Chord(root, quality, root)
    home = parse_key(key)
    assert roman(numeral(chord, home), home) == chord


@pytest.mark.parametrize(
    ("symbols", "key"),
    [
        ("Am F C G", "A minor"),
        ("C Am F G", "C major"),
        ("Dm7 G7 Cmaj7", "C major"),
        ("Em C G D", "E minor"),
        ("Am Dm E7 Am", "A minor"),
    ],
)
def test_the_key_of_chords(symbols: str, key: str) -> None:
    assert key_of([parse_chord(s) for s in symbols.split()]).name == key


def test_the_tritone_of_a_minor_key_is_a_flat_fifth_unless_it_leads_upwards() -> None:
    key = parse_key("G minor")
    assert [chord_symbol(Chord(1, quality, 1), key) for quality in ("7", "maj7", "dim7", "m7b5")] == [
        "Db7", "Dbmaj7", "C#dim7", "C#m7b5",
    ]  # fmt: skip
    assert chord_symbol(parse_chord("C#7"), key) == "C#7"
