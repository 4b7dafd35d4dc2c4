"""The grammars of styles, and their pieces."""

from __future__ import annotations

import random

import pytest

from model.music.drums import ROLES
from model.music.harmony import parse_key
from model.styles import GRAMMAR_STYLES
from model.training.styles.grammar import styles
from model.training.styles.piece import PieceSpec, piece, sections
from model.training.styles.rhythm import bar_of


def test_every_style_that_is_named_has_a_grammar() -> None:
    assert set(styles()) == set(GRAMMAR_STYLES)


@pytest.mark.parametrize("name", GRAMMAR_STYLES)
def test_a_piece_keeps_its_bars_its_tempo_and_its_roles(name: str) -> None:
    style = styles()[name]
    for seed in range(3):
        song = piece(name, seed)
        assert style.tempo[0] <= song.tempo <= style.tempo[1]
        assert len(song.bars) == len(song.lines)
        assert all(n.start < song.end for n in song.notes)
        assert {n.pitch for n in song.notes if n.part == "drums"} <= set(ROLES.values())
        assert {n.part for n in song.notes} >= {"chords", "bass"}


@pytest.mark.parametrize("name", ["house", "lo-fi", "jazz", "guofeng"])
def test_no_two_pieces_are_the_same_and_a_seed_gives_one_piece(name: str) -> None:
    found = [piece(name, seed, PieceSpec(bars=8)) for seed in range(12)]
    assert len({tuple((n.start, n.pitch) for n in s.notes) for s in found}) == 12
    assert piece(name, 3, PieceSpec(bars=8)) == found[3]


def test_bass_and_melody_have_one_voice() -> None:
    for seed in range(20):
        song = piece(GRAMMAR_STYLES[seed], seed)
        for part in ("bass", "melody"):
            starts = [n.start for n in song.notes if n.part == part]
            assert len(starts) == len(set(starts))


def test_pieces_are_in_their_key() -> None:
    for name in ("pop", "house", "trance", "guofeng", "reggae"):
        song = piece(name, 1)
        inside = [n.pitch % 12 in parse_key(song.key).pitch_classes for n in song.notes if n.part == "melody"]
        assert sum(inside) >= 0.7 * len(inside)


def test_what_is_held_out_is_played_by_held_out_pieces_only() -> None:
    style = styles()["techno"]
    last = {r: [h.start for h in bar_of(p, 0, 1920)] for r, p in style.drums[-1].items()}
    shown = [piece("techno", seed, PieceSpec(bars=4, energy=1.0)) for seed in range(30)]
    kicks = [tuple(n.start % 1920 for n in s.notes if n.pitch == 36 and n.start < 1920) for s in shown]
    assert tuple(last["kick"]) not in kicks


def test_a_blend_takes_its_rhythm_from_one_style_and_its_chords_from_another() -> None:
    song = piece("techno", 4, blend="jazz")
    assert dict(song.style) == {"techno": 0.6, "jazz": 0.4}
    assert 126 <= song.tempo <= 140


def test_a_calm_piece_is_softer_and_a_dense_one_has_more_notes() -> None:
    def mean(values: list[int]) -> float:
        return sum(values) / len(values)

    soft, loud = (
        mean([n.velocity for seed in range(8) for n in piece("house", seed, PieceSpec(energy=e, bars=8)).notes])
        for e in (0.1, 0.95)
    )
    assert soft < loud - 15
    few, many = (
        sum(
            len(piece(name, seed, PieceSpec(density=d, energy=0.6, bars=8)).notes)
            for name in GRAMMAR_STYLES
            for seed in range(2)
        )
        for d in (0.0, 1.0)
    )
    assert few < 0.9 * many


def test_a_form_has_as_many_bars_as_asked_and_an_ending_only_where_it_closes() -> None:
    for seed in range(60):
        told = sections("club", 16, random.Random(seed), closes=seed % 2 == 1)
        assert len(told) == 16
        assert ("ending" in told) == (seed % 2 == 1)
