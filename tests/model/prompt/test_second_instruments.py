"""Two instruments of one part are both heard: on a part of their own, or as a second voice of the melody."""

from __future__ import annotations

import pytest

from model.music.programs import PROGRAMS
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.understand import understand


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("strings and brass", "chords=strings pad=brass"),
        ("piano and strings", "chords=piano pad=strings"),
        ("strings and piano", "chords=piano pad=strings"),
        ("a choir and strings", "chords=choir pad=strings"),
        ("piano and guitar", "arp=guitar chords=piano"),
        ("piano, guitar and strings", "arp=guitar chords=piano pad=strings"),
        ("flute and violin", "arp=violin melody=flute"),
        ("小提琴和长笛", "arp=flute melody=violin"),
        ("trumpet, sax and trombone", "arp=sax melody=trumpet pad=trombone"),
        ("a Rhodes piano", "chords=electric piano"),
        ("an orchestra with strings", "chords=orchestra"),
        ("only strings and brass", "chords=strings pad=brass"),
    ],
)
def test_a_second_instrument_gets_a_part_of_its_own(text: str, parts: str) -> None:
    parsed = parse_prompt(text)
    assert " ".join(f"{part}={name}" for part, name in parsed.instruments) == parts
    assert parsed.account.unread() == ()


@pytest.mark.parametrize(
    ("text", "manner"),
    [
        ("flute and violin", "unison"),
        ("flute and violin answer each other", "answer"),
        ("trumpet and sax trading phrases", "answer"),
        ("call and response between flute and oboe", "answer"),
        ("flauta y violín, un diálogo", "answer"),
        ("长笛和小提琴对答", "answer"),
    ],
)
def test_the_words_say_whether_a_melody_is_doubled_or_answered(text: str, manner: str) -> None:
    assert parse_prompt(text).doubled == (("arp", manner),)


@pytest.mark.parametrize(
    ("text", "untold"),
    [
        ("strings and brass, no pads", "brass"),
        ("strings, brass and a warm pad", "brass"),
        ("upright bass and tuba", "tuba"),
        ("flute, violin, oboe and clarinet", "clarinet"),
    ],
)
def test_an_instrument_without_a_free_part_is_told(text: str, untold: str) -> None:
    assert [words for words, reason in parse_prompt(text).account.unread() if "one instrument" in reason] == [untold]


def test_the_plan_has_the_program_and_the_part_of_both() -> None:
    plan, _ = understand("flute and violin answer each other", hash_encoder())
    programs = dict(plan.programs)
    assert (programs["melody"], programs["arp"]) == (PROGRAMS.index("flute"), PROGRAMS.index("violin"))
    assert {"melody", "arp"} <= set(plan.parts)
