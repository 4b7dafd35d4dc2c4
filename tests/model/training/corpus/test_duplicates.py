"""Copies of one tune are found in any key, and go one way."""

from __future__ import annotations

import random
import re

import pytest

from model.music.notes import Note, Ticks

pytest.importorskip("symusic")
pytest.importorskip("lxml")

from model.training.corpus.song import SPLITS_FILE, Song, fingerprint
from model.training.corpus.splits import assign_splits, groups


def tune_of(name: str, source: str, pitches: list[int], title: str = "") -> Song:
    notes = tuple(Note(Ticks(480 * i), Ticks(480), p, 80, "melody") for i, p in enumerate(pitches))
    end = Ticks(480 * len(notes))
    return Song(name, source, title or name, 0, "C major", ((Ticks(0), "4/4"),), end, notes, ())


def some_melody(seed: int) -> list[int]:
    rng = random.Random(seed)
    return [rng.randint(60, 76) for _ in range(40)]


def test_a_tune_in_another_key_is_the_same_tune_and_another_tune_is_not() -> None:
    tune, other = some_melody(1), some_melody(2)
    songs = [tune_of("a", "fiddle", tune), tune_of("b", "hymns", other), tune_of("c", "fiddle", [p + 5 for p in tune]),
             tune_of("d", "fiddle", tune[:13] + other[20:40])]  # fmt: skip
    assert groups(songs)[:3] == [0, 1, 0]


def test_scales_and_repeated_notes_make_no_copies() -> None:
    scale = [60, 62, 64, 65, 67, 69, 71, 72] * 5
    assert groups([tune_of("a", "fiddle", [60] * 40), tune_of("b", "fiddle", [60] * 40), tune_of("c", "x", scale)]) == [
        0,
        1,
        2,
    ]


def test_copies_go_the_way_of_the_song_that_was_there_before() -> None:
    tune = some_melody(3)
    was = next(s for i in range(99) if (s := tune_of("a", "openewld", tune, f"t{i}")).by_title == "test")
    new = next(s for i in range(99) if (s := tune_of("b", "hymns", tune, f"t{i}")).by_title == "train")
    assert assign_splits([was, new], {}) == {fingerprint(new): "test"}
    trained = next(s for i in range(99) if (s := tune_of("c", "lieder", tune, f"t{i}")).by_title == "train")
    assert assign_splits([was, new, trained], {}) == {fingerprint(was): "train"}


def test_grooves_keep_their_own_division() -> None:
    song = next(s for i in range(99) if (s := tune_of("a", "groove", [], f"{i}")).by_title == "test")
    assert assign_splits([song], {song.title: "train"}) == {fingerprint(song): "train"}


def test_the_settled_splits_are_hashes_and_letters() -> None:
    lines = SPLITS_FILE.read_text(encoding="ascii").splitlines()
    assert lines == sorted(set(lines))
    assert all(re.fullmatch(r"[0-9a-f]{12}\t[tve]", line) for line in lines)
