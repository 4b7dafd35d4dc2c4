"""Lists of chords in the ways that people write them, in a prompt and as an option alike."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.music.chord_lists import find_lists, parse_progression
from model.music.harmony import chord_symbol, parse_key
from model.music.plan import Controls, Plan, apply_controls
from model.prompt.reader import parse_prompt

C_MAJOR = parse_key("C major")

WRITTEN = [
    ("Hm G D A", "Bm G D A"), ("B C H F", "Bb C B F"), ("H7 Em", "B7 Em"),
    ("Dm, Bb and C", "Dm Bb C"), ("(Am F C G)", "Am F C G"), ('"Am F C G"', "Am F C G"), ("Am, F, C and G", "Am F C G"),
    ("C△7 Am7 Dm7 G7", "Cmaj7 Am7 Dm7 G7"), ("Dmi7 G7 CMA7", "Dm7 G7 Cmaj7"), ("iim7b5 V7 im", "Dm7b5 G7 Cm"),
    ("Cm7-5 F7", "Cm7b5 F7"), ("Cø F7", "Cm7b5 F7"), ("Am % F G", "Am Am F G"), ("[Am] [F] [C] [G]", "Am F C G"),
    ("Am / / / D7 / / /", "Am D7"), ("Am / D7 / G / / /", "Am D7 | G"), ("Am / F / C / G", "Am F C G"), ("Am x2, F, G", "Am Am F G"),
    ("Am F C G x2", "Am F C G Am F C G"), ("(Am F)x2 C G", "Am F Am F C G"), ("Am N.C. F G", "Am Am F G"),
    ("am f c g", "Am F C G"), ("dm7 g7 cmaj7", "Dm7 G7 Cmaj7"), ("c#m a e b", "C#m A E B"), ("Do Sol Lam Fa", "C G Am F"),
    ("rem7, sol7, domaj7", "Dm7 G7 Cmaj7"), ("la menor, fa mayor, do mayor, sol mayor", "Am F C G"), ("A minor, F, C and G major", "Am F C G"),
    ("D minor seven, G seven, C major seven", "Dm7 G7 Cmaj7"), ("1 5 6 4", "C G Am F"), ("1-5-6-4", "C G Am F"), ("1 5 6- 4", "C G Am F"),
    ("bVII IV I V", "Bb F C G"), ("C Eb F G", "C Eb F G"), ("Am→F→C→G", "Am F C G"), ("Am - F - C - G", "Am F C G"), ("Am-F-C-G", "Am F C G"),
    ("Am、F、C、G", "Am F C G"), ("Am和F和C", "Am F C"), ("C to G to Am to F", "C G Am F"), ("|: Am | F :|", "Am F"),
    ("C13#11 F7b13 C7b5", "C13#11 F7b13 C7b5"), ("Bbmaj7#11 Ebmaj7", "Bbmaj7#11 Ebmaj7"), ("Dm7(b5) G7(#9) Cm", "Dm7b5 G7#9 Cm"),
]  # fmt: skip


def bars_of(text: str) -> str:
    bars = parse_progression(text, C_MAJOR)
    between = " | " if any(len(bar) > 1 for bar in bars) else " "
    return between.join(" ".join(chord_symbol(c, C_MAJOR) for c in bar) for bar in bars)


@pytest.mark.parametrize(("text", "bars"), WRITTEN)
def test_an_option_reads_chords_as_people_write_them(text: str, bars: str) -> None:
    assert bars_of(text) == bars


@pytest.mark.parametrize(("text", "bars"), WRITTEN)
@pytest.mark.parametrize("around", ["{}", "a slow song: {}", "{}, 8 bars, no drums"])
def test_a_prompt_reads_the_same_chords_as_an_option(text: str, bars: str, around: str) -> None:
    prompt = around.format(text)
    found = parse_prompt(prompt).progression
    assert found is not None
    between = " | " if any(" " in bar for bar in found) else " "
    assert between.join(found) == bars


@pytest.mark.parametrize(
    "text",
    [
        "I am in love", "A day in the life", "Go F yourself", "AM FM radio", "i am a dad", "a c e g chord", "do re mi fa sol",
        "la la la", "count 1 2 3 4", "sections A, B and C", "A B A C form", "vitamins A, B and D parts", "E major scale", "si, mi amor",
    ],
)  # fmt: skip
def test_plain_words_are_no_chords(text: str) -> None:
    assert parse_prompt(text).progression is None


@pytest.mark.parametrize("text", ["foo bar", "Am F xx", "", "|", "%", "4/4", "Am F and drums"])
def test_an_option_with_a_word_that_is_no_chord_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a progression has"):
        parse_progression(text, C_MAJOR)


def test_a_bar_with_slashes_has_a_chord_a_beat() -> None:
    assert bars_of("Am / / D7 | G / / /") == "Am Am Am D7 | G"


def test_numerals_of_an_option_make_the_key_that_they_count_from() -> None:
    plan, _ = apply_controls(Plan(key="C major"), Controls(chords="I I7 IV iv I"))
    assert (plan.key, plan.progression) == ("C major", ("C", "C7", "F", "Fm", "C"))
    assert apply_controls(Plan(key="Eb major"), Controls(chords="bVII IV I"))[0].progression == ("Db", "Ab", "Eb")


def test_a_key_before_the_chords_is_none_of_them() -> None:
    for text in ("in C, Am F G", "C major: Am F G", "key of C: Am, F, G"):
        found = parse_prompt(text)
        assert (found.key and found.key.name, found.progression) == ("C major", ("Am", "F", "G")), text


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "Am",
                "F",
                "C7",
                "G/B",
                "%",
                "x2",
                "/",
                "|",
                "(",
                ")",
                "and",
                ",",
                "1",
                "5",
                "6-",
                "ii",
                "V7",
                "Do",
                "Lam",
                "N.C.",
                "-",
                "h",
                "am",
            ]
        ),
        max_size=12,
    )
)
def test_any_mixture_of_their_signs_is_read_or_refused(words: list[str]) -> None:
    text = " ".join(words)
    for found in find_lists(text):
        assert 0 <= found.start < found.end <= len(text)
        assert all(bar for bar in found.bars(C_MAJOR))
    with suppress(ValueError):
        assert all(parse_progression(text, C_MAJOR))
