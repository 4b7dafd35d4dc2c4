"""The plan of the form: its labels are pure and sound, what returns is the same, builds rise, a player and the words go first."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.decoder.tokenizer import SECTIONS
from model.generation.composer import Composer
from model.generation.history import entrances
from model.generation.material.form_plan import (
    BARS,
    HARMONY,
    MAX_SOURCE_BARS,
    Label,
    given_of_beat,
    labels,
    phrase_velocity,
    section_level,
)
from model.generation.material.lines import moved_pitch
from model.generation.messages import Begin, Write
from model.music.drums import ROLES
from model.music.harmony import parse_chord, parse_key
from model.music.notes import CUES, LABELS, PARTS, Beat, Kept, Note, Ticks
from model.music.plan import Controls
from model.prompt.encoder import hash_encoder
from model.styles import STYLES
from tests.support.tiny_engine import engine

STYLE_NAMES = st.sampled_from(list(STYLES))
COUNTS = st.one_of(st.none(), st.integers(1, 64))
CHORDS = st.sampled_from(["C", "Dm", "Em", "F", "G", "Am"])
SEEDS = st.integers(0, 2**31)


@given(st.integers(0, 300), COUNTS, STYLE_NAMES, SEEDS)
def test_every_part_of_every_bar_has_a_label_and_sources_lie_before_it_and_near(
    bar: int, bars: int | None, style: str, seed: int
) -> None:
    found = labels(bar, bars, ((style, 1.0),), seed, PARTS)
    assert set(found) == {HARMONY, *PARTS}
    for label in found.values():
        assert label.name in LABELS
        assert all(0 <= source < bar and bar - source <= MAX_SOURCE_BARS + BARS for source in label.sources)


@settings(deadline=None)  # the styles' forms are laid out on the first call
@given(STYLE_NAMES, SEEDS)
def test_the_first_bar_of_a_piece_is_new_and_an_endless_one_returns_for_ever(style: str, seed: int) -> None:
    mix = ((style, 1.0),)
    assert {label.name for label in labels(0, None, mix, seed, PARTS).values()} == {"new"}
    far = [labels(bar, None, mix, seed, PARTS)["melody"].name for bar in range(400, 464)]
    assert "same" in far


@settings(deadline=None)
@given(STYLE_NAMES, SEEDS)
def test_bass_and_chords_return_only_with_their_harmony(style: str, seed: int) -> None:
    for bar in range(48):
        found = labels(bar, None, ((style, 1.0),), seed, PARTS)
        for part in ("bass", "chords"):
            if found[part].name in ("same", "varied"):
                assert found[part].sources == found[HARMONY].sources


@pytest.mark.parametrize("style", ["house", "techno", "drum and bass"])
def test_dance_styles_keep_their_drum_bar_and_their_loop(style: str) -> None:
    groups = [(seed, first) for seed in range(20) for first in range(4, 32, 4)]
    kept = 0
    for seed, first in groups:
        four = [labels(first + i, None, ((style, 1.0),), seed, PARTS) for i in range(4)]
        kept += sum(f["drums"].name == "same" for f in four) >= 3 and all(f[HARMONY].name == "same" for f in four)
    assert kept >= 0.6 * len(groups)


def test_a_label_without_a_source_is_new_and_no_other() -> None:
    with pytest.raises(ValueError, match="all but new have a source"):
        Label("same")
    with pytest.raises(ValueError, match="all but new have a source"):
        Label("new", (1,))
    with pytest.raises(ValueError, match="a label is one of"):
        Label("chorus", (1,))


@given(st.sampled_from([label for label in LABELS if label != "new"]), st.integers(2, 12))
def test_what_a_label_gives_shrinks_towards_the_end_of_its_bar(name: str, beats: int) -> None:
    told = [given_of_beat(Label(name, (0,)), beat, beats) for beat in range(beats)]
    assert told[0] == ("notes" if name in ("same", "varied") else "onsets")
    assert told[-1] == ("" if name in ("varied", "answer") else told[0])
    assert told == sorted(told, key=lambda what: what == "")


@given(st.integers(0, 200), COUNTS, STYLE_NAMES, SEEDS)
def test_a_phrase_is_louder_or_softer_as_a_whole_and_by_little(
    bar: int, bars: int | None, style: str, seed: int
) -> None:
    levels = {phrase_velocity(b, bars, ((style, 1.0),), seed) for b in range(bar - bar % BARS, bar - bar % BARS + BARS)}
    assert len(levels) == 1
    assert abs(levels.pop()) <= 10


def test_a_build_rises_bar_by_bar_and_a_drop_lies_above_it_and_a_break_below() -> None:
    build = [section_level("build", place, 4) for place in range(4)]
    assert all(a.velocity < b.velocity and a.roll < b.roll for a, b in itertools.pairwise(build))
    assert section_level("drop", 0, 8).velocity > build[-1].velocity
    assert section_level("break", 0, 4).velocity < section_level("groove", 0, 4).velocity
    assert all(section_level(section, 0, 1).kept <= 1 for section in SECTIONS)


@given(st.integers(40, 90), CHORDS, CHORDS)
def test_a_moved_melody_stays_near_in_its_scale_and_on_the_chord_where_it_is_strong(
    pitch: int, source: str, chord: str
) -> None:
    key, was, now = parse_key("C major"), parse_chord(source), parse_chord(chord)
    strong = moved_pitch(pitch, was, now, key, strong=True)
    weak = moved_pitch(pitch, was, now, key, strong=False)
    assert strong % 12 in now.pitch_classes
    assert abs(strong - pitch) <= 6
    assert abs(weak - pitch) <= 7
    assert (weak % 12 in key.pitch_classes) == (pitch % 12 in key.pitch_classes)
    assert moved_pitch(pitch, was, was, key, strong=False) == pitch


# In a take


def take(
    prompt: str,
    count: int,
    *,
    sections: dict[int, str] | None = None,
    hands: Kept | None = None,
    given_: tuple[Kept, ...] = (),
    bars: int | None = None,
) -> list[Beat]:
    """Return the beats of a take of the tiny engine, with cues by bar."""
    writer = Composer(hash_encoder(), engine(0))
    writer.begin(Begin(1, prompt, Controls(), 3, loop=bars, given=given_))
    cued = sections or {}
    written = [
        writer.write(Write(1, i, Controls(), hands=hands, section=cued.get(i // 4))).beat for i in range(4 * count)
    ]
    return [b for b in written if b is not None]


def bar_of(beats: list[Beat], bar: int, part: str) -> list[tuple[int, int, int]]:
    return [(b.beat, n.start, n.pitch) for b in beats if b.bar == bar for n in sorted(b.notes) if n.part == part]


@pytest.mark.usefixtures("without_songbook")
def test_what_returns_is_the_same_note_for_note() -> None:
    found, compared = take("house", 16, bars=16), 0
    for bar in range(16):
        told = labels(bar, 16, (("house", 1.0),), 3, PARTS)
        for part in ("melody", "drums", "chords", "bass"):
            label = told[part]
            fills = part == "drums" and bar % 8 == 7
            if label.name == "same" and not fills and bar_of(found, label.sources[0], part):
                compared += 1
                before = {(n.part, n.pitch) for b in found if b.bar == bar - 1 for n in b.notes}
                missing = set(bar_of(found, label.sources[0], part)) - set(bar_of(found, bar, part))
                assert part != "drums" or not missing
                assert len(missing) <= len(before)
    assert compared > 10


@pytest.mark.usefixtures("without_songbook")
def test_a_form_that_returns_does_not_depend_on_rewinding() -> None:
    writer = Composer(hash_encoder(), engine(0))
    writer.begin(Begin(1, "techno", Controls(), 5))
    first = [writer.write(Write(1, i, Controls())).beat for i in range(24)]
    assert [writer.write(Write(1, i, Controls())).beat for i in range(10, 24)] == first[10:]


def test_a_drop_has_more_strokes_and_is_louder_than_its_build_which_rises() -> None:
    cued = dict.fromkeys(range(8, 12), "build") | dict.fromkeys(range(12, 16), "drop")
    for style in ("house", "techno", "rock"):
        found = take(style, 16, sections=cued)
        strokes = [len(bar_of(found, bar, "drums")) for bar in range(16)]
        loud = [[n.velocity for b in found if b.bar == bar for n in b.notes] for bar in range(16)]
        mean = [sum(v) / max(1, len(v)) for v in loud]
        assert strokes[8] <= strokes[9] <= strokes[10] <= strokes[11]
        assert sum(strokes[12:16]) > sum(strokes[8:12])
        assert sum(mean[12:16]) > sum(mean[8:12])
        assert mean[11] > mean[8]


def test_a_break_leaves_out_the_kick() -> None:
    cued = dict.fromkeys(range(6, 10), "break")
    found = take("house", 10, sections=cued)
    assert all(n.pitch != ROLES["kick"] for b in found if b.bar >= 6 for n in b.notes if n.part == "drums")


def test_chords_of_a_player_go_before_the_form() -> None:
    hands = Kept(harmony=True, chord="Am")
    found = take("house", 12, hands=hands)
    assert {b.chord for b in found} == {"Am"}


def test_given_music_is_left_as_it_is_and_what_follows_may_return_to_it() -> None:
    tune = tuple(Note(Ticks(0), Ticks(480), pitch, part="melody") for pitch in (60,))
    fixed = tuple(Kept(tune, frozenset({"melody"})) for _ in range(16))
    found = take("pop", 8, given_=fixed)
    assert all([n for n in b.notes if n.part == "melody"] == list(tune) for b in found[:16])


def test_a_bar_of_drum_and_bass_with_one_kick_gets_another_on_its_third_beat() -> None:
    found = take("drum and bass", 8)
    for bar in range(8):
        kicks = [beat for beat, _, p in bar_of(found, bar, "drums") if p == ROLES["kick"]]
        early = [beat for beat in kicks if beat < 2]
        assert len(early) != 1 or len(kicks) > 1


def beat(index: int, *parts: str) -> Beat:
    return Beat(index, index // 4, index % 4, "4/4", None, fresh=False, notes=tuple(
        Note(Ticks(0), Ticks(480), 60, part=part) for part in parts
    ))  # fmt: skip


def test_a_bass_that_fell_silent_is_due_after_two_bars_but_not_in_an_intro_or_a_break() -> None:
    parts = ("bass", "chords", "drums")
    silent = [beat(0, "bass", "chords"), *(beat(i, "chords") for i in range(1, 12))]
    assert entrances(silent, parts, "groove") == {"bass"}
    assert entrances(silent, parts, "break") == frozenset()
    assert entrances(silent[:11], parts, "groove") == frozenset()
    assert entrances([beat(0, "drums"), beat(1, "drums")], parts, "intro") == frozenset()
    assert entrances([beat(0, "drums"), beat(1, "drums")], parts, "groove") == {"bass", "chords"}


def test_a_take_goes_on_in_the_key_before_it_unless_its_words_say_one() -> None:
    writer = Composer(hash_encoder(), engine(0))
    for words, key in (("calm piano", "F# minor"), ("calm piano in D major", "D major"), ("Am F C G", "A minor")):
        plan = writer.begin(Begin(1, words, Controls(), 1, key="F# minor")).plan
        assert (plan.key == "F# minor") == (key == "F# minor")
    assert writer.begin(Begin(1, "calm piano", Controls(), 1)).plan == replace(
        writer.begin(Begin(2, "calm piano", Controls(), 1, key="E major")).plan,
        key=writer.begin(Begin(1, "calm piano", Controls(), 1)).plan.key,
    )


def test_every_cue_that_the_form_shapes_is_known() -> None:
    assert {"build", "drop", "break"} <= set(CUES)


def test_a_bar_of_house_has_a_kick_on_every_beat_unless_the_words_take_it_away() -> None:
    kicks = [(b, place) for b in range(2) for place, at, p in bar_of(take("house", 2), b, "drums") if (at, p) == (0, ROLES["kick"])]  # fmt: skip
    assert kicks == [(b, place) for b in range(2) for place in range(4)]
    without = take("house without a kick", 2)
    assert not any(p == ROLES["kick"] for b in range(2) for _, _, p in bar_of(without, b, "drums"))
