"""What a clause of a refinement names exactly: tempo by amounts, intervals, keys, chords by their place, bars, instruments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.clips.named_changes import (
    chord_change,
    instrument_swap,
    interval,
    key_wanted,
    named_bars,
    named_sections,
    tempo_change,
)
from model.music.harmony import parse_key


@pytest.mark.parametrize(
    ("words", "tempo"),
    [
        ("10 bpm faster", 130), ("5 bpm slower", 115), ("twice as fast", 240), ("half the tempo", 60), ("15% faster", 138),
        ("increase the tempo by 12", 132), ("reduce the tempo by 10%", 108), ("tempo +10", 130), ("drop 10 bpm", 110),
        ("faster by 8", 128), ("double the tempo", 240), ("half as fast", 60), ("twice as slow", 60),
        ("langsamer", 102), ("schneller", 138), ("um 10 bpm schneller", 130), ("doppelt so schnell", 240), ("10 % langsamer", 108),
        ("plus lent", 102), ("moins vite", 102), ("deux fois plus vite", 240), ("deux fois plus lent", 60), ("un peu plus vite", 128),
        ("más lento", 102), ("más rápido", 138), ("más despacio", 102), ("el doble de rápido", 240), ("5 bpm más lento", 115),
        ("più veloce", 138), ("più lento", 102), ("un po' più lento", 112), ("due volte più veloce", 240),
        ("mais devagar", 102), ("mais rápido", 138), ("duas vezes mais rápido", 240),
        ("faster 16th notes", 138), ("faster 16ths", 138), ("3 times faster", 138), ("make it 10 faster", 130),
        ("テンポを10上げて", 130), ("テンポを5下げて", 115), ("もう少し速く", 128), ("BPMを8上げて", 128), ("速度快10", 130), ("把速度降低12", 108), ("sube el tempo 12", 132), ("tempo 10 rauf", 130), ("speed up 15", 135), ("慢一点", 112), ("快一点", 128), ("慢20%", 96), ("快一倍", 240), ("速度减半", 60), ("slower", 102), ("a bit faster", 128), ("much slower", 84),
    ],
)  # fmt: skip
def test_a_tempo_changes_by_the_amount_that_is_said(words: str, tempo: float) -> None:
    assert tempo_change(words, 120.0) == pytest.approx(tempo)


@pytest.mark.parametrize(
    "words",
    ["louder", "tempo 140", "to 90 bpm", "louder by 20%", "walking bass", "in 3/4", "8 bars", "テンポを140にして"],
)
def test_what_is_no_change_of_the_tempo_is_none(words: str) -> None:
    assert tempo_change(words, 120.0) is None


@pytest.mark.parametrize(
    ("words", "semitones"),
    [
        ("up a whole tone", 2), ("down a semitone", -1), ("transpose up 3 semitones", 3), ("transpose by -3", -3), ("transpose +5", 5),
        ("a minor third higher", 3), ("down a fifth", -7), ("an octave lower", -12), ("eine Quinte höher", 7), ("einen Halbton tiefer", -1),
        ("un ton plus haut", 2), ("un demi-ton plus bas", -1), ("un tono más alto", 2), ("un semitono più basso", -1), ("um tom acima", 2),
        ("半音上げて", 1), ("メロディーをオクターブ上げて", 12), ("la melodía una octava más grave", -12), ("升两个半音", 2), ("降一个全音", -2), ("louder", None), ("third chord", None), ("up and running", None),
    ],
)  # fmt: skip
def test_an_interval_moves_up_or_down(words: str, semitones: int | None) -> None:
    assert interval(words) == semitones


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("change the key to Bb", "Bb major"), ("transpose to G minor", "G minor"), ("move it to F# minor", "F# minor"),
        ("the key to Eb", "Eb major"), ("キーをEbに変えて", "Eb major"), ("Aマイナーにして", "A minor"), ("transponiere nach a-Moll", "A minor"), ("change the key to d", "D major"),
        ("to the relative major", "F major"), ("parallel major", "D major"),
    ],
)  # fmt: skip
def test_a_key_is_where_the_words_move_it(words: str, key: str) -> None:
    found = key_wanted(words, parse_key("D minor"))
    assert found is not None
    assert found.name == key


def test_what_is_no_key_is_none() -> None:
    assert key_wanted("change the key to H sharp", parse_key("D minor")) is None
    assert key_wanted("change the mood", parse_key("D minor")) is None


@pytest.mark.parametrize(
    ("words", "bars", "rest"),
    [
        ("louder in bar 3", {2}, "louder"), ("bars 2-4 without drums", {1, 2, 3}, "without drums"), ("bars 3 to 4 softer", {2, 3}, "softer"),
        ("last two bars quieter", {6, 7}, "quieter"), ("louder in the first bar", {0}, "louder"), ("the final 3 bars softer", {5, 6, 7}, "softer"),
        ("second half louder", {4, 5, 6, 7}, "louder"), ("first half louder", {0, 1, 2, 3}, "louder"), ("every second bar louder", {1, 3, 5, 7}, "louder"),
        ("louder from bar 5", {4, 5, 6, 7}, "louder"), ("no drums until bar 3", {0, 1}, "no drums"), ("third bar softer", {2}, "softer"),
        ("die letzten zwei Takte leiser", {6, 7}, "leiser"), ("lauter in Takt 3", {2}, "lauter"), ("les deux dernières mesures plus fort", {6, 7}, "plus fort"),
        ("últimos dos compases más suave", {6, 7}, "más suave"), ("más suave en el compás 2", {1}, "más suave"),
        ("ultime due battute più forte", {6, 7}, "più forte"), ("compassos 3 a 4 mais forte", {2, 3}, "mais forte"),
        ("bars 4 and 8 louder", {3, 7}, "louder"), ("最後の2小節を静かに", {6, 7}, "を静かに"), ("最后两小节轻一点", {6, 7}, "轻一点"), ("第3到4小节大声", {2, 3}, "大声"), ("前两小节安静", {0, 1}, "安静"),
    ],
)  # fmt: skip
def test_bars_are_named_by_number_place_and_half(words: str, bars: set[int], rest: str) -> None:
    found = named_bars(words, 8)
    assert found is not None
    assert (set(found.bars), found.rest, found.beyond) == (bars, rest, 0)


def test_bars_that_are_not_there_are_told_and_a_count_of_bars_names_none() -> None:
    beyond = named_bars("louder in bar 12", 8)
    assert beyond is not None
    assert beyond.beyond == 12
    assert named_bars("make it 16 bars", 8) is None
    assert named_bars("louder", 8) is None


@pytest.mark.parametrize(
    ("words", "places", "symbol"),
    [
        ("change the third chord to Em", (2,), "Em"), ("make the second chord a Dm7", (1,), "Dm7"), ("last chord G7sus4", (3,), "G7sus4"),
        ("chord 2 = Bbmaj7", (1,), "Bbmaj7"), ("make the first chord minor", (0,), "Am"), ("dritter Akkord Em7", (2,), "Em7"),
        ("troisième accord Em", (2,), "Em"), ("tercer acorde Em", (2,), "Em"), ("terzo accordo Em", (2,), "Em"), ("terceiro acorde Em", (2,), "Em"),
        ("第三个和弦改成Em", (2,), "Em"), ("最后一个和弦换成D7", (3,), "D7"), ("replace every F with Fmaj7", (1, 3), "Fmaj7"), ("swap C for A7", (2,), "A7"),
    ],
)  # fmt: skip
def test_a_chord_is_changed_by_its_place_or_its_name(words: str, places: tuple[int, ...], symbol: str) -> None:
    found = chord_change(words, ["A", "F", "C", "F"])
    assert found is not None
    assert (found.places, found.symbol, found.fault) == (places, symbol, "")


@pytest.mark.parametrize(
    "words", ["the ninth chord louder", "change the seventh chord to Em", "third chord please", "replace G with D"]
)
def test_a_chord_that_is_not_there_or_not_named_is_told(words: str) -> None:
    found = chord_change(words, ["A", "F", "C", "F"])
    assert found is None or found.fault


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("violin instead of flute", "flute", "violin"), ("replace the piano with an organ", "piano", "organ"), ("Orgel statt Klavier", "piano", "organ"),
        ("swap the flute for a violin", "flute", "violin"), ("把钢琴换成风琴", "piano", "organ"), ("ピアノをオルガンに変えて", "piano", "organ"),
    ],
)  # fmt: skip
def test_an_instrument_comes_for_another(words: str, old: str, new: str) -> None:
    found = instrument_swap(words, [])
    assert found is not None
    assert not isinstance(found[0], str)
    assert (found[0].name, found[1].name) == (old, new)


@given(st.text(max_size=120), st.integers(1, 64))
def test_any_text_is_read_without_a_fault(words: str, count: int) -> None:
    key = parse_key("D minor")
    bars = named_bars(words, count)
    assert bars is None or all(0 <= b < count for b in bars.bars)
    tempo_change(words, 120.0)
    interval(words)
    key_wanted(words, key)
    chord_change(words, ["Am", "F"])
    instrument_swap(words, [])


@pytest.mark.parametrize(
    ("words", "bars", "rest"),
    [
        ("verse 1 and 2 louder", {0, 2}, "louder"), ("verse 1 louder", {0}, "louder"), ("verses 1 to 3 louder", {0, 2, 4}, "louder"), ("verse 1, 2 and 3 louder", {0, 2, 4}, "louder"), ("Strophe 2 und 3 lauter", {2, 4}, "lauter"),
        ("couplet 1 et 3 plus fort", {0, 4}, "plus fort"), ("estrofa 1 y 3 más fuerte", {0, 4}, "más fuerte"), ("主歌1和2更响", {0, 2}, "更响"), ("verse 1 and chorus louder", {0}, "and chorus louder"),
    ],
)  # fmt: skip
def test_sections_are_named_by_one_number_or_more(words: str, bars: set[int], rest: str) -> None:
    form = [(0, "verse"), (1, "chorus"), (2, "verse"), (3, "chorus"), (4, "verse")]
    found = named_sections(words, form, 5)
    assert found is not None
    assert (set(found.bars), found.rest) == (bars, rest)


def test_chords_have_their_sung_names_and_bars_their_spans_in_japanese() -> None:
    for words, symbol in (
        ("remplace le dernier accord par un Do", "C"),
        ("cambia el segundo acorde por Solm", "Gm"),
        ("le premier accord en Fa#m", "F#m"),
    ):
        change = chord_change(words, ["C", "Am", "F", "G"])
        assert change is not None
        assert change.symbol == symbol
    named = named_bars("5小節目から8小節目だけドラムを激しく", 16)
    assert named is not None
    assert named.bars == {4, 5, 6, 7}
