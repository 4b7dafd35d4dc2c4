"""Bass and accompaniment of a shown piece vary in the take: with the kick, in the style, and alike where the piece's bars are alike."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.generation.material import examples, variation
from model.music.drums import ROLES
from model.music.harmony import parse_chord, parse_key
from model.music.notes import Note, Ticks
from model.music.plan import Plan

KEY = parse_key("C minor")
STYLES = ("house", "funk", "pop", "trap", "jazz", "waltz")
SEEDS = range(1, 3)


def bands() -> list[int]:
    found = []
    for style in STYLES:
        meter = "3/4" if style == "waltz" else "4/4"
        near = examples.nearest(style, meter, True, 110, 0.5)
        found += [i for i in near if examples.style_of(i) == style][:1]
    return found


BARS = [(band, bar, seed) for band in bands() for bar in range(8) for seed in SEEDS]


def kicks(band: int, bar: int) -> set[int]:
    return {n.start for n, _ in variation.line(band, KEY, "drums", bar).notes if n.pitch == ROLES["kick"]}


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Let a test choose the ways that are gone, always; what was remembered is forgotten before and after."""
    remembered = (variation.tail, variation.bar_played, variation.turn)

    def choose(*ways: str) -> None:
        for way in variation.WAYS:
            monkeypatch.setitem(variation.WAYS, way, float(way in ways))
        for one in remembered:
            one.cache_clear()

    yield choose
    for one in remembered:
        one.cache_clear()


@pytest.mark.parametrize("part", ["bass", "chords"])
def test_without_any_way_a_band_plays_as_its_piece_has_it(only: Callable[..., None], part: str) -> None:
    only()
    for band, bar, seed in BARS:
        assert variation.bar_played(band, KEY, part, bar, seed) == variation.line(band, KEY, part, bar).notes
        assert variation.turn(band, KEY, seed) == 0


def test_a_tail_keeps_the_first_half_and_ends_with_the_bar(only: Callable[..., None]) -> None:
    only("first tails", "second tails")
    changed = 0
    for band, bar, seed in BARS:
        own, played = variation.line(band, KEY, "bass", bar), variation.bar_played(band, KEY, "bass", bar, seed)
        if variation.tail(band, KEY, "bass", bar, seed) is None:
            assert played == own.notes
            continue
        changed += 1
        before = [(n.start, n.pitch) for n, _ in played if n.start < own.half]
        assert before == [(n.start, n.pitch) for n, _ in own.within(0, own.half)]
        assert all(n.end <= own.length for n, _ in played)
        assert all(a.end <= b.start for (a, _), (b, _) in itertools.pairwise(played) if a.start < own.half <= b.start)
    assert changed > len(BARS) / 4


def test_a_tail_of_the_bass_meets_the_kick_as_often(only: Callable[..., None]) -> None:
    only("first tails", "second tails")
    for band, bar, seed in BARS:
        bar = variation.alike(band, KEY, "bass", bar)
        own = variation.line(band, KEY, "bass", bar).onsets()
        played = {n.start for n, _ in variation.bar_played(band, KEY, "bass", bar, seed)}
        assert len(played & kicks(band, bar)) >= len(own & kicks(band, bar))


@pytest.mark.parametrize("part", ["bass", "chords"])
def test_bars_that_strike_alike_in_the_piece_do_so_in_the_take(part: str) -> None:
    def struck(notes: tuple[variation.Played, ...]) -> list[tuple[int, int]]:
        return [(n.start, n.length) for n, _ in notes]

    for band, bar, seed in BARS:
        first = variation.alike(band, KEY, part, bar)
        if struck(variation.line(band, KEY, part, bar).notes) == struck(variation.line(band, KEY, part, first).notes):
            tails = [variation.tail(band, KEY, part, i, seed) for i in (first, bar)]
            assert tails[0] == tails[1]


def test_other_seeds_have_other_basses_and_the_same_one_the_same() -> None:
    def bass(band: int, seed: int) -> tuple[object, ...]:
        variation.bar_played.cache_clear()
        return tuple(variation.bar_played(band, KEY, "bass", bar, seed) for bar in range(8))

    for band in bands():
        assert bass(band, 1) == bass(band, 1)
    assert sum(len({bass(band, seed) for seed in range(6)}) > 3 for band in bands()) > len(bands()) / 2


def test_chords_that_are_struck_elsewhere_keep_the_voicings_of_their_piece(only: Callable[..., None]) -> None:
    only("first tails", "second tails")
    changed = 0
    for band, bar, seed in BARS:
        own, played = variation.line(band, KEY, "chords", bar), variation.bar_played(band, KEY, "chords", bar, seed)
        if played != own.notes and len(own.notes) >= variation.BLOCK * len(own.onsets()):
            changed += 1
            assert {n.pitch for n, _ in played} <= {n.pitch for n, _ in own.notes}
    assert changed


@pytest.mark.parametrize("part", ["bass", "chords"])
def test_beats_of_a_bar_are_the_bar(part: str) -> None:
    for band, bar, seed in BARS:
        length = variation.line(band, KEY, part, bar).length
        spans = [(at, at + 480) for at in range(0, length, 480)]
        beats = [p for span in spans for p in variation.beat_played(band, KEY, part, bar, span, seed)]
        assert beats == sorted(variation.bar_played(band, KEY, part, bar, seed), key=lambda p: p[0].start)


def test_the_first_beat_of_a_take_reads_no_other_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(piece: int) -> Iterator[int]:
        raise AssertionError(piece)

    monkeypatch.setattr(examples, "neighbours", refuse)
    held = 0
    for band in bands():
        own = variation.line(band, KEY, "bass", 0).within(0, 480)
        if all(n.end <= variation.line(band, KEY, "bass", 0).half for n, _ in own):
            assert variation.beat_played(band, KEY, "bass", 0, (0, 480), 99) == own
        else:
            held += 1
    assert held < len(bands())


def chord(*pitches: int) -> list[Note]:
    return [Note(Ticks(0), Ticks(480), p, 80, "chords") for p in pitches]


@settings(max_examples=40)
@given(st.sets(st.integers(40, 80), min_size=1, max_size=6), st.sampled_from([-1, 0, 1]))
def test_turned_chords_keep_their_tones_and_get_no_new_semitone(pitches: set[int], way: int) -> None:
    def near(notes: list[Note]) -> int:
        found = sorted(n.pitch for n in notes)
        return sum(b - a < 2 for a, b in itertools.pairwise(found))

    given_notes = chord(*pitches)
    found = variation.turned(given_notes, way)
    assert sorted(n.pitch % 12 for n in found) == sorted(n.pitch % 12 for n in given_notes)
    assert near(found) <= near(given_notes)


def test_power_chords_are_not_turned() -> None:
    assert [n.pitch for n in variation.turned(chord(40, 47, 52), 1)] == [40, 47, 52]


def test_an_arp_in_another_order_has_the_same_notes_and_onsets(only: Callable[..., None]) -> None:
    only("orders")
    notes = [Note(Ticks(120 * i), Ticks(120), p, 80, "arp") for i, p in enumerate((60, 63, 67, 72))]
    assert [n.pitch for n in variation.ordered(notes, "arp", 1, 0)] == [72, 67, 63, 60]
    assert [n.pitch for n in variation.ordered(notes, "chords", 1, 0)] == [60, 72, 67, 63]
    assert variation.ordered(notes[:2], "arp", 1, 0) == notes[:2]


def test_a_bass_leads_to_the_next_chord_with_its_last_note_and_in_the_scale(only: Callable[..., None]) -> None:
    only("approaches")
    here, there = parse_chord("Cm"), parse_chord("Fm")
    beat = [Note(Ticks(0), Ticks(240), 36, 80, "bass"), Note(Ticks(240), Ticks(240), 36, 80, "bass")]
    led = 0
    for band in bands():
        for seed in range(16):
            first, last = variation.approached(beat, here, there, KEY, band, seed, 3)
            assert first == beat[0]
            assert (last.start, last.length) == (240, 240)
            if last.pitch != 36:
                led += 1
                assert (last.pitch - there.bass) % 12 in variation.LEADING
                is_chromatic = variation.vocabulary(band, KEY).chromatic >= variation.CHROMATIC
                assert is_chromatic or last.pitch % 12 in KEY.pitch_classes
            assert variation.approached(beat, here, here, KEY, band, seed, 3) == beat, "nothing comes"
    assert led > 10


def test_a_leading_note_that_is_no_tone_of_its_chord_goes_on_by_step(only: Callable[..., None]) -> None:
    only("approaches")
    for band, seed, names in itertools.product(bands(), range(40), (("Cm", "Fm"), ("Ab", "Eb"), ("Eb", "Bb"))):
        here, there = (parse_chord(name) for name in names)
        beat = [Note(Ticks(at), Ticks(240), 36 + here.bass, 80, "bass") for at in (0, 240)]
        last = variation.approached(beat, here, there, KEY, band, seed, 3)[-1]
        if last.pitch % 12 not in here.pitch_classes:
            assert (last.pitch - there.bass) % 12 in (1, 2, 10, 11)
            rubs = {(last.pitch + 1) % 12, (last.pitch - 1) % 12} & here.pitch_classes
            assert last.pitch % 12 in KEY.pitch_classes or not rubs, "a leading tone outside the scale is short"


def test_a_skank_stays_off_the_beat(only: Callable[..., None]) -> None:
    only("first tails", "second tails")
    for band, bar, seed in itertools.product(
        [i for i in examples.nearest("reggae", "4/4", True, 76, 0.5) if examples.style_of(i) == "reggae"][:6],
        range(8),
        SEEDS,
    ):
        own = variation.line(band, KEY, "chords", bar).onsets(960)
        if own and not any(start % 480 == 0 for start in own):
            played = {n.start for n, _ in variation.bar_played(band, KEY, "chords", bar, seed) if n.start >= 960}
            assert sum(start % 480 == 0 for start in played) <= len(played) / 2


def test_a_long_bass_note_leads_nowhere(only: Callable[..., None]) -> None:
    only("approaches")
    held = [Note(Ticks(0), Ticks(960), 36, 80, "bass")]
    for band in bands():
        assert variation.approached(held, parse_chord("Cm"), parse_chord("Fm"), KEY, band, 1, 3) == held


@pytest.mark.parametrize(
    ("style", "key"),
    [("jazz", "Eb major"), ("country", "C major"), ("house", "C minor"), ("lo-fi", "E minor"), ("soul", "Eb major")],
)
def test_twenty_seeds_of_a_style_have_twelve_progressions(style: str, key: str) -> None:
    plan, spelled, found = Plan(style=((style, 1.0),), key=key), parse_key(key), set()
    for seed in range(1, 21):
        band = examples.drawn_band(plan, spelled, seed)
        assert band is not None
        piece = examples.drawn_harmony(plan, spelled, seed, band, at_home=False)
        if piece is not None:
            found.add((piece, examples.begins(piece, band, spelled, seed, at_home=False)))
    assert len(found) >= 12


def test_jazz_in_a_stated_minor_key_has_twelve_progressions_that_begin_at_home() -> None:
    plan, found = Plan(style=(("jazz", 1.0),), key="C minor", tempo=150, complexity=0.85), set()
    for seed in range(1, 21):
        band = examples.drawn_band(plan, KEY, seed)
        assert band is not None
        piece = examples.drawn_harmony(plan, KEY, seed, band, at_home=True)
        if piece is not None:
            first = examples.begins(piece, band, KEY, seed, at_home=True)
            found.add((piece, first))
            chord = variation.chord_of(examples.shown(piece, KEY, first, 0, 4))
            assert chord is not None
            assert chord.root == KEY.tonic
    assert len(found) >= 12
