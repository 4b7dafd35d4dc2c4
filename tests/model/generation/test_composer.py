from __future__ import annotations

from dataclasses import replace

import pytest

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.load import open_engine
from model.generation.bias_terms import PART_RANGES, target_velocity
from model.generation.composer import Composer
from model.generation.messages import Begin, Write
from model.music.harmony import CHARACTERISTIC_TONES, parse_chord, parse_key
from model.music.notes import Beat, beats_in_bar
from model.music.plan import Controls
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

FREE = Controls(scale_lock=0.7)


def composer(noise: int = 0) -> Composer:
    return Composer(hash_encoder(), engine(noise))


def beats(prompt: str, count: int, seed: int = 1, controls: Controls = FREE, bars: int | None = None) -> list[Beat]:
    writer = composer()
    writer.begin(Begin(1, prompt, controls, seed, bars))
    answers = [writer.write(Write(1, i, controls)).beat for i in range(count)]
    return [b for b in answers if b is not None]


def test_the_same_seed_gives_the_same_beats_and_another_gives_others() -> None:
    assert beats("rain", 16) == beats("rain", 16)
    assert beats("rain", 16) != beats("rain", 16, seed=2)


def test_a_beat_does_not_depend_on_rewinding() -> None:
    writer = composer()
    writer.begin(Begin(1, "rain", FREE, 5))
    first = [writer.write(Write(1, i, FREE)).beat for i in range(12)]
    again = [writer.write(Write(1, i, FREE)).beat for i in range(4, 12)]
    assert again == first[4:]
    assert [writer.write(Write(1, i, FREE)).beat for i in range(12)] == first


def test_two_takes_do_not_disturb_each_other() -> None:
    writer = composer()
    writer.begin(Begin(1, "rain", FREE, 5))
    writer.begin(Begin(2, "snow", FREE, 6))
    mixed = [writer.write(Write(take, i, FREE)).beat for i in range(8) for take in (1, 2)]
    assert mixed[::2] == beats("rain", 8, seed=5)


def test_a_take_is_heard_on_its_first_tick() -> None:
    for seed in range(10):
        assert any(n.start == 0 for n in beats("rain", 1, seed=seed)[0].notes)


def test_a_band_begins_with_its_drums_and_the_others_may_wait_for_the_off_beat() -> None:
    firsts = [beats("reggae", 1, seed=seed)[0].notes for seed in range(12)]
    assert all(any(n.part == "drums" and n.start == 0 for n in notes) for notes in firsts)
    for part in ("bass", "chords"):
        struck = [any(n.part == part and n.start == 0 for n in notes) for notes in firsts]
        assert not all(struck)


@pytest.mark.usefixtures("without_songbook")
def test_bass_and_chords_wait_no_longer_than_for_the_third_beat() -> None:
    for style in ("reggaeton", "reggae", "techno"):
        for seed in range(6):
            heard = {n.part for b in beats(style, 3, seed=seed) for n in b.notes}
            assert heard >= {"drums", "bass", "chords"}


def test_who_plays_alone_begins_on_the_beat() -> None:
    for parts in ("bass", "chords", "melody"):
        assert all(beats(f"only {parts}", 1, seed=seed)[0].notes[0].start == 0 for seed in range(6))


def test_no_beat_may_be_written_before_the_one_before_it() -> None:
    writer = composer()
    writer.begin(Begin(1, "rain", FREE, 5))
    with pytest.raises(ValueError, match="beat 3 of a take of 0 beats"):
        writer.write(Write(1, 3, FREE))


def test_bars_and_beats_follow_the_metre_and_a_new_one_waits_for_the_bar_line() -> None:
    writer = composer()
    writer.begin(Begin(1, "waltz in 3/4", FREE, 5))
    found = [writer.write(Write(1, i, FREE if i < 4 else replace(FREE, meter="6/8"))).beat for i in range(12)]
    assert [(b.bar, b.beat, b.meter) for b in found if b is not None][:7] == [
        (0, 0, "3/4"), (0, 1, "3/4"), (0, 2, "3/4"), (1, 0, "3/4"), (1, 1, "3/4"), (1, 2, "3/4"), (2, 0, "6/8"),
    ]  # fmt: skip


def test_a_take_of_n_bars_has_n_bars() -> None:
    assert len(beats("rain", 20, bars=3)) == 12


@pytest.mark.parametrize(
    "words",
    [
        "Am F C G",
        "Dm9 | G13 Cmaj9",
        "ii7 V7 I in Eb major, 3/4",
        "4536251",
        "C7alt F#m11 B69 Eb13",
        "Csus2 G5 Bbadd9",
    ],
)
@pytest.mark.parametrize("noise", range(4))
def test_chords_that_the_words_give_are_told_and_heard(words: str, noise: int) -> None:
    writer = composer(noise)
    writer.begin(Begin(1, words, FREE, 1))
    written = [b for i in range(24) if (b := writer.write(Write(1, i, FREE)).beat) is not None]
    fresh = [b for b in written if b.fresh]
    assert fresh
    for beat in fresh:
        assert beat.chord is not None
        chord = parse_chord(beat.chord)
        struck = [n for n in beat.notes if n.start == 0 and n.part in ("bass", "chords")]
        assert min((n.pitch for n in struck), default=0) % 12 == chord.bass
        assert len({n.pitch % 12 for n in struck}) >= min(4, len(chord.pitch_classes))
    for beat in written:
        if beat.chord is not None:
            tones = parse_chord(beat.chord).pitch_classes
            assert all(n.pitch % 12 in tones for n in beat.notes if n.part in ("bass", "chords"))


@pytest.mark.parametrize("key", ["D dorian", "C [0,2,4,7,9]", "F# minor", "E blues"])
def test_a_locked_scale_has_no_note_outside(key: str) -> None:
    scale = parse_key(key).pitch_classes
    written = beats("rain", 24, controls=Controls(key=key, scale_lock=1.0))
    assert all(n.pitch % 12 in scale for b in written for n in b.notes)
    assert any(b.notes for b in written)


def test_only_the_parts_that_are_wanted_play() -> None:
    assert {n.part for b in beats("only melody and bass", 16) for n in b.notes} <= {"melody", "bass"}


def test_single_voices_stay_single_and_no_pitch_is_struck_while_it_sounds() -> None:
    until: dict[object, int] = {}
    now = 0
    for beat in beats("rain", 64):
        for note in beat.notes:
            assert PART_RANGES[note.part][0] <= note.pitch <= PART_RANGES[note.part][1]
            voice: object = note.part if note.part != "chords" else (note.part, note.pitch)
            assert now + note.start >= until.get(voice, 0)
            until[voice] = now + note.end
        now += beat.length


def test_a_long_take_goes_on_past_the_context() -> None:
    written = beats("rain", 200)
    assert len(written) == 200
    assert all(len(b.notes) <= 40 for b in written)
    assert [b.beat for b in written] == [i % beats_in_bar("4/4") for i in range(200)] or written[0].meter != "4/4"


def test_a_long_take_holds_the_notes_of_its_last_beats_only_and_goes_on_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model.generation.form.MAX_SOURCE_BEATS", 32)
    whole = beats("rain", 140)
    monkeypatch.setattr("model.generation.take.REMEMBERED", 64)
    short = composer()
    short.begin(Begin(1, "rain", FREE, 1))
    assert [short.write(Write(1, i, FREE)).beat for i in range(140)] == whole
    held = [bool(w.beat.notes or w.rows or w.sampled) for w in short._takes[1].written]
    assert not any(held[:-64])
    assert all(held[-64:])
    with pytest.raises(ValueError, match="64 beats at most"):
        short.write(Write(1, 70, FREE))
    assert short.write(Write(1, 0, FREE)).beat == whole[0]


def test_density_that_changes_while_it_plays_makes_the_cache_anew() -> None:
    writer = composer()
    writer.begin(Begin(1, "rain", FREE, 5))
    for i in range(16):
        controls = FREE if i < 8 else replace(FREE, density=0.9, guidance=0.0)
        assert writer.write(Write(1, i, controls)).beat is not None


@pytest.mark.parametrize("noise", range(3))
def test_a_stated_half_time_has_its_snare_on_three_and_none_on_two_and_four(noise: int) -> None:
    writer = composer(noise)
    writer.begin(Begin(1, "trap at 140 bpm, half-time feel", FREE, 1, parts=("drums",)))
    beats = [b for i in range(32) if (b := writer.write(Write(1, i, FREE)).beat) is not None]
    backbeats = [{n.pitch for n in b.notes if n.start == 0} & {38, 39} for b in beats]
    assert all(38 in struck for b, struck in zip(beats, backbeats, strict=True) if b.beat == 2)
    assert not any(struck for b, struck in zip(beats, backbeats, strict=True) if b.beat % 2)


@pytest.mark.parametrize("energy", [0.05, 0.4, 0.9])
@pytest.mark.usefixtures("without_songbook")
def test_energy_sets_how_loud_a_part_is_and_leaves_its_shape(energy: float) -> None:
    notes = [n for b in beats("rain", 32, controls=replace(FREE, energy=energy)) for n in b.notes]
    loud = [n.velocity for n in notes if n.part == "chords"]
    assert sum(loud) / len(loud) == pytest.approx(target_velocity("chords", energy), abs=6)
    assert len(set(loud)) > 8


@pytest.mark.parametrize("seed", range(6))
def test_a_closing_clip_has_its_bass_on_the_last_line_whatever_was_held(seed: int) -> None:
    written = ClipSpec("a slow ballad in D minor", seed, bars=3, closing=True)
    song = clip(composer(3), written)
    last = song.bars[-1][0]
    bass = [n for n in song.notes if n.part == "bass"]
    assert [n.start for n in bass if n.start >= last][:1] == [last]
    assert all(n.end <= last for n in bass if n.start < last)


def test_chords_taken_from_a_piece_in_another_key_are_spelled_in_the_takes_own() -> None:
    symbols = {b.chord for seed in range(9) for b in beats("pop in Eb major", 16, seed=seed)}
    assert len(symbols) > 6
    assert [s for s in symbols if s is not None and "#" in (s[1:2], s.partition("/")[2][1:2])] == []


@pytest.fixture(scope="module")
def trained() -> Composer:
    return Composer(hash_encoder(), open_engine())


@pytest.mark.parametrize("mode", CHARACTERISTIC_TONES)
def test_a_mode_that_is_stated_is_mostly_told_by_its_chords_and_never_denied(trained: Composer, mode: str) -> None:
    scale, told = parse_key(f"A {mode}").pitch_classes, 0
    for seed in (1, 2, 3):
        song = clip(trained, ClipSpec(f"techno in A {mode}", seed, bars=8))
        chords = [parse_chord(symbol) for _, symbol in song.chords if symbol]
        told += any((9 + CHARACTERISTIC_TONES[mode]) % 12 in chord.pitch_classes for chord in chords)
        assert all({chord.root, (chord.root + 7) % 12} <= scale for chord in chords)
    assert told >= 2


@pytest.mark.parametrize(
    ("key", "symbol"),
    [("A phrygian", "Bb"), ("C dorian", "Eb"), ("C mixolydian", "Bb"), ("E dorian", "F#"), ("D lydian", "G#"), ("G# phrygian", "D#")],
)  # fmt: skip
def test_a_mode_is_spelled_as_the_major_key_of_its_tones(key: str, symbol: str) -> None:
    assert parse_key(key).flats == symbol.endswith("b")
