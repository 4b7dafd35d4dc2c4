"""Parts written for what is there: it stays, and they fit it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.analysis.tracks import HeardSet
from model.clips.beside import groove_found, missing_parts, only_parts, write_beside
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.generation.composer import Composer
from model.music.groove import Groove
from model.music.harmony import parse_chord
from model.music.midifile import Song
from model.music.notes import PARTS, Note, Ticks
from model.music.plan import Controls
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

BAR = 1920
CHORDS = ("Am", "F", "C", "G")


def composer() -> Composer:
    return Composer(hash_encoder(), engine())


def band(bars: int = 4, late: int = 0) -> Song:
    notes: list[Note] = []
    changes = tuple((Ticks(b * BAR), CHORDS[b % 4]) for b in range(bars))
    for at, symbol in changes:
        chord = parse_chord(symbol)
        notes += [Note(at, Ticks(BAR), 60 + (tone - 60) % 12, 80, "chords") for tone in sorted(chord.pitch_classes)]
        notes += [Note(Ticks(at + i * 480), Ticks(60), 36 if i % 2 == 0 else 38, 100, "drums") for i in range(4)]
        notes += [Note(Ticks(at + i * 480 + 240 + late), Ticks(60), 42, 70, "drums") for i in range(4)]
    return Song(tuple((Ticks(b * BAR), "4/4") for b in range(bars)), Ticks(bars * BAR), ((Ticks(0), 96.0),), "A minor", tuple(sorted(notes)), changes)  # fmt: skip


def heard(song: Song) -> HeardSet:
    return HeardSet(song, tuple((p, p) for p in PARTS if any(n.part == p for n in song.notes)))


def test_what_is_written_is_the_part_that_is_named_else_what_is_missing() -> None:
    there = ("chords", "drums")
    assert missing_parts("a bass for this", there) == ("bass",)
    assert missing_parts("a melody over these chords", there) == ("melody",)
    assert missing_parts("something warm", there) == ("melody", "bass")
    assert missing_parts("techno without bass", there) == ("melody",)
    assert missing_parts("other drums", there) == ("drums",)
    assert missing_parts("a bass", there, ("pad",)) == ("pad",)
    with pytest.raises(ValueError, match="nothing is missing"):
        missing_parts("lovely", PARTS)


def test_a_bass_for_chords_and_drums_is_alone_in_its_clip_and_begins_each_chord_on_a_tone_of_it() -> None:
    song = band()
    written = write_beside(composer(), heard(song), ClipSpec("a bass for this", 3))
    assert {n.part for n in written.parts.notes} == {"bass"}
    assert only_parts(written.whole, ("chords", "drums")).notes == song.notes
    assert (written.parts.key, written.parts.tempos, written.parts.bars) == (song.key, song.tempos, song.bars)
    first = {at: min((n for n in written.parts.notes if n.start >= at), key=lambda n: n.start) for at, _ in song.chords}
    for at, symbol in song.chords:
        assert first[at].start < at + 480
        assert first[at].pitch % 12 in parse_chord(symbol).pitch_classes
    assert written.told.startswith("chords, drums; A minor, 4/4 at 96, 4 bars; chords Am | F | C | G; written: bass")


def test_nothing_of_the_bass_is_held_into_a_chord_that_begins() -> None:
    written = write_beside(composer(), heard(band()), ClipSpec("a bass for this", 3))
    assert all(n.start // BAR == (n.end - 1) // BAR for n in written.parts.notes)
    assert all(n.pitch >= 26 for n in written.parts.notes)


def test_the_same_request_gives_the_same_parts() -> None:
    one, other = (write_beside(composer(), heard(band()), ClipSpec("some bass", 5)) for _ in range(2))
    assert one == other


def test_a_part_that_is_there_is_written_anew_where_it_is_named() -> None:
    song = band()
    written = write_beside(composer(), heard(song), ClipSpec("other drums", 3))
    assert {n.part for n in written.parts.notes} == {"drums"}
    assert only_parts(written.whole, ("chords",)).notes == only_parts(song, ("chords",)).notes


def test_chords_that_are_asked_for_go_before_those_that_are_heard() -> None:
    written = write_beside(composer(), heard(band()), ClipSpec("a bass", 3, controls=Controls(chords="Dm Em")))
    assert [symbol for _, symbol in written.whole.chords] == ["Dm", "Em", "Dm", "Em"]


def test_a_part_that_is_all_there_is_has_nothing_to_be_written_for() -> None:
    with pytest.raises(ValueError, match="nothing is left"):
        write_beside(composer(), heard(only_parts(band(), ["drums"])), ClipSpec("drums", 3))


def test_new_parts_swing_as_the_drums_do() -> None:
    written = write_beside(composer(), heard(band(late=80)), ClipSpec("busy bass", 3))
    offbeats = [n.start % 480 for n in written.parts.notes if 200 <= n.start % 480 <= 360 and n.start % 480 != 360]
    assert groove_found(band(late=80)).swing == pytest.approx(0.66, abs=0.02)
    assert all(at > 250 for at in offbeats)


def test_a_clip_takes_the_timing_and_accents_of_a_groove() -> None:
    late = tuple(10 if place % 2 else 0 for place in range(16))
    groove = Groove(0.5, 8, late, tuple(1.5 if place == 0 else 1.0 for place in range(16)))
    plain = clip(composer(), ClipSpec("house", 3, bars=2))
    song = clip(composer(), ClipSpec("house", 3, bars=2, groove=groove))
    assert len(song.notes) == len(plain.notes)
    on_grid = [n for n in song.notes if n.start % 120 in (0, 10)]
    assert len(on_grid) > 0.9 * len(song.notes)
    assert all((n.start // 120) % 2 == 1 for n in on_grid if n.start % 120 == 10)


def test_bars_that_stay_keep_their_own_timing_under_a_groove() -> None:
    song = band()
    groove = Groove(0.5, 8, (20,) * 16, (None,) * 16)
    written = write_beside(composer(), heard(song), replace(ClipSpec("a bass", 3), groove=groove))
    assert only_parts(written.whole, ("chords", "drums")).notes == song.notes
    assert all(n.start % 120 == 20 for n in written.parts.notes if n.start % 120 <= 40)
