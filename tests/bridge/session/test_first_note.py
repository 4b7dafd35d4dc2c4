"""The first note of a take, which with `quantize now` sounds before the rest of its beat is written."""

from __future__ import annotations

import random

import pytest

from bridge.protocol.events import (
    ControlSet,
    GeneratorExited,
    GeneratorReady,
    PromptRequested,
    StopRequested,
    ToModel,
)
from bridge.session.session import Session
from model.generation.composer import Composer
from model.generation.messages import BeatWritten, Begin, FirstNote, Prepare, Write
from model.music.plan import Controls, Plan
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine
from tests.support.virtual_band import Rig, beat_of, first_notes, latencies, opening, playing

PARTS_OF_A_BEAT = 6
"""Notes of a beat of the generator of ours, at its beginning."""


def first_beats(rig: Rig) -> dict[int, list[tuple[int, int, str]]]:
    """Return (tick, pitch, part) of what was planned of the first beat of each take, and not taken back."""
    beats = {take: min((s.beat for s in sounds), default=0) for take, sounds in rig.planned.items()}
    return {
        take: [(s.at, s.pitch, s.part) for s in sounds if s.beat == beats[take]] for take, sounds in rig.planned.items()
    }


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("prompt", ["rain", "only bass and drums", "calm piano"])
def test_a_composer_tells_the_first_note_before_the_rest_and_the_beat_has_it(seed: int, prompt: str) -> None:
    told: list[FirstNote] = []
    writer = Composer(hash_encoder(), engine(), told.append)
    writer.begin(Begin(1, prompt, Controls(), seed))
    beats = [writer.write(Write(1, i, Controls())).beat for i in range(4)]
    assert beats[0] is not None
    notes = [note for one in told for note in one.beat.notes]
    assert [one.take for one in told] == [1] * len(told)
    assert len(told) <= 1, "once, and for the first beat only"
    assert len(notes) >= len(told), "with what is given of the beat"
    assert set(notes) <= set(beats[0].notes)
    assert told or beats[0].notes[0].part == "chords", "chords are laid out whole"
    assert all(one.beat.chord == beats[0].chord for one in told)


def test_whether_the_first_note_is_told_changes_no_note() -> None:
    def beats(writer: Composer) -> list[object]:
        writer.begin(Begin(1, "rain", Controls(), 3))
        return [writer.write(Write(1, i, Controls())).beat for i in range(6)]

    assert beats(Composer(hash_encoder(), engine(), lambda _: None)) == beats(Composer(hash_encoder(), engine()))


def test_with_quantize_now_the_first_note_sounds_while_the_rest_is_written_and_the_rest_follows() -> None:
    rig = playing(typical=0.02, quantize="now")
    rig.opens = True
    rig.happen(ControlSet("humanise", 0.3))
    rng = random.Random(4)
    for i in range(30):
        rig.until(rig.now + rng.uniform(0.6, 1.5))
        rig.happen(PromptRequested(f"prompt {i}"))
    rig.until(rig.now + 1)
    beats = first_beats(rig)
    assert len(beats) == 31
    assert all(len(notes) == len(set(notes)) == PARTS_OF_A_BEAT for notes in beats.values())
    rig.happen(StopRequested())
    assert rig.held == {}


def opened() -> Rig:
    """Return a band that changes at once: 70 ms after a prompt its first note has sounded and the rest is still being written."""
    rig = playing(quantize="now")
    rig.latency = lambda: 0.040
    rig.opens = True
    rig.happen(PromptRequested("snow"))
    rig.until(rig.now + 0.070)
    return rig


def sounded_of(rig: Rig, take: int) -> int:
    """Return how many notes of a take sounded."""
    return sum(of == take for _, of, _ in rig.sounded)


def test_the_first_note_is_heard_before_the_generator_has_answered() -> None:
    rig = opened()  # words are understood after 40 ms, the beat is written after 80
    assert sounded_of(rig, 2) == 1
    rig.until(rig.now + 0.015)
    assert sounded_of(rig, 2) == PARTS_OF_A_BEAT


def test_a_take_that_waits_for_a_bar_line_needs_no_first_note() -> None:
    one, other = playing(quantize="bar"), playing(quantize="bar")
    other.opens = True
    for rig in (one, other):
        rig.happen(PromptRequested("snow"))
        rig.until(rig.now + 4)
    assert one.sounded == other.sounded


def test_another_prompt_before_the_rest_is_written_leaves_only_the_first_note_of_the_old_one() -> None:
    rig = opened()
    rig.happen(PromptRequested("hail"))
    rig.until(rig.now + 2)
    assert sounded_of(rig, 2) == 1
    assert len(first_beats(rig)[3]) == PARTS_OF_A_BEAT


def test_a_generator_that_dies_after_the_first_note_leaves_a_band_that_plays_on() -> None:
    rig = opened()
    rig._answers.clear()
    rig.happen(GeneratorExited())
    rig.happen(GeneratorReady())
    rig.until(rig.now + 3)
    assert len(first_notes(rig)) == 3, "the words are played by another take"
    rig.happen(StopRequested())
    assert rig.held == {}


def test_a_first_note_of_a_take_that_was_given_up_is_nobodys() -> None:
    rig = playing(quantize="now")
    rig.happen(PromptRequested("snow"))
    rig.happen(PromptRequested("hail"))
    rig.happen(opening(BeatWritten(2, beat_of(2, 0, Plan()))))
    rig.until(rig.now + 0.1)
    assert sounded_of(rig, 2) == 0


def test_words_are_read_before_it_is_decided_what_they_change_unless_others_are_being_read() -> None:
    rig = Rig(latencies(0, 0.01))
    assert rig.session.early_effects(PromptRequested("snow")) == [ToModel(Prepare("snow"))]
    rig.happen(PromptRequested("snow"))
    assert rig.session.early_effects(PromptRequested("hail")) == [], "a flood of prompts is not read"
    rig.until(rig.now + 1)
    assert rig.session.early_effects(PromptRequested("hail")) == [ToModel(Prepare("hail"))]
    assert rig.session.early_effects(ControlSet("density", 0.5)) == []
    assert Session(lambda: 7).early_effects(PromptRequested("snow")) == [], "nobody is there who could"
