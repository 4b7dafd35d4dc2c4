"""Which pieces of the songbook a band plays, and that it plays them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.decoder.tokenizer import BarLine
from model.generation.form import FormRequest
from model.generation.material import examples, variation
from model.generation.material.lines import rubs
from model.generation.messages import Begin
from model.generation.shown import LOWEST_CHORD_NOTE, MOST_VOICES, Shown, _lean
from model.generation.take import TakeState, WrittenBeat
from model.music.drums import ROLES
from model.music.harmony import parse_chord, parse_key
from model.music.notes import Beat, Kept, Note, Ticks
from model.music.plan import Controls, Plan
from model.styles import STYLES
from model.training.fit.tune_plans import tune_plan
from tests.model.generation.test_composer import beats, composer

KEY = parse_key("A minor")
PARTS = ("chords", "melody", "bass", "drums")


def band(style: str, seed: int, feel: str = "normal", explicit: tuple[str, ...] = ()) -> int | None:
    plan = Plan(style=((style, 1.0),), tempo=120, key=KEY.name, parts=PARTS, feel=feel, explicit=explicit)
    return examples.drawn_band(plan, KEY, seed)


def test_most_pieces_of_a_style_say_how_its_drums_count() -> None:
    assert {style: examples.usual_pulse(style) for style in ("techno", "trap", "drum and bass", "disco")} == {
        "techno": "four",
        "trap": "half",
        "drum and bass": "back",
        "disco": "four",
    }
    assert examples.usual_pulse("bluegrass") is None, "no piece of it is shown: it is the test's"


@pytest.mark.parametrize("style", ["techno", "house", "trap", "dubstep", "drum and bass"])
def test_a_band_counts_as_its_style_does(style: str) -> None:
    drawn = [band(style, seed) for seed in range(12)]
    assert {examples.pulse(piece) for piece in drawn if piece is not None} == {examples.usual_pulse(style)}


def test_half_time_is_played_where_it_was_said() -> None:
    drawn = [band("reggae", seed, "half", ("feel",)) for seed in range(6)]
    assert {examples.pulse(piece) for piece in drawn if piece is not None} == {"half"}


@pytest.mark.parametrize("style", [name for name in STYLES if name != "bluegrass"])
def test_a_style_that_has_pieces_borrows_none_of_its_family(style: str) -> None:
    near = examples.nearest(style, "4/4", True, 120, 0.5)
    own = [examples.style_of(piece) == style for piece in near]
    assert own == sorted(own, reverse=True), "its own come first, however far their tempo"


def test_trap_is_in_half_time_by_a_piece_and_has_no_kick_on_every_beat() -> None:
    written = beats("hard trap in a minor key, 140 bpm", 16)
    kicks = [any(n.part == "drums" and n.start == 0 and n.pitch == ROLES["kick"] for n in b.notes) for b in written]
    snares = [
        {n.pitch for n in b.notes if n.part == "drums" and n.start == 0} & {ROLES["snare"], ROLES["clap"]}
        for b in written
    ]
    assert sum(kicks) < len(kicks) / 2
    assert all(snares[beat] for beat in range(2, 16, 4))
    assert not any(snares[beat] for beat in range(1, 16, 2))


def test_a_stated_kick_on_every_beat_is_added_to_a_piece_without() -> None:
    written = beats("reggae with four on the floor", 8)
    assert all(any(n.start == 0 and n.pitch == ROLES["kick"] for n in b.notes) for b in written)
    assert {n.pitch for b in written for n in b.notes if n.part == "drums"} - {ROLES["kick"]}, (
        "the rest of its kit stays"
    )


def test_chords_that_the_words_give_are_struck_as_a_piece_strikes_its_own() -> None:
    written = beats("Am F C G pop", 16)
    struck = [sorted({n.start for n in b.notes if n.part == "chords"}) for b in written]
    for beat in written:
        chord = parse_chord(beat.chord or "N.C.")
        assert {n.pitch % 12 for n in beat.notes if n.part in ("bass", "chords")} <= chord.pitch_classes
    assert sum(map(len, struck)) >= 8, "a rhythm, not a chord a bar"


C = parse_key("C major")
POP = Plan(style=(("pop", 1.0),), key="C major", parts=("drums", "bass", "chords", "melody"))
SEEDS = range(40)


def near(plan: Plan, seed: int) -> tuple[int, ...]:
    return examples.tunes(plan, parse_key(plan.key), seed)


@pytest.mark.parametrize("style", ["pop", "rock", "folk", "irish"])
def test_what_returns_in_a_plan_has_a_bar_to_return_to(style: str) -> None:
    for seed in SEEDS:
        told = examples.tune_plan(((style, 1.0),), seed)
        assert len(told) == examples.TUNE_PLAN_BARS
        for bar, what in enumerate(told):
            assert what[0] in "nsrval-"
            if what[0] in "srva":
                source = bar - int(what[1:])
                assert source < bar
                assert source < 0 or told[source] != "-"


def test_songs_of_dance_have_the_plans_of_their_own_pieces() -> None:
    assert examples.tune_plan((("techno", 1.0),), 1) == ()
    assert examples.tune_plan((), 1) == ()


def test_other_seeds_have_other_plans() -> None:
    assert len({examples.tune_plan((("pop", 1.0),), seed) for seed in SEEDS}) > 20


def test_a_new_bar_has_a_rhythm_that_no_bar_before_it_has() -> None:
    pieces, told = near(POP, 3), ("n",) * 12
    places = [examples.tune_bar(pieces, told[: bar + 1]) for bar in range(12)]
    assert len(set(places)) == 12


def test_what_returns_has_the_place_of_its_source_and_a_rest_has_none() -> None:
    pieces = near(POP, 3)
    told = ("n", "n", "-", "s2", "r2", "n")
    places = [examples.tune_bar(pieces, told[: bar + 1]) for bar in range(6)]
    assert places[2] is None
    assert places[3] == places[1]
    assert places[4] is None, "what returns to a rest rests"
    assert places[5] not in places[:5]


def test_a_reel_has_a_band_of_reels_and_a_progression_in_the_scale() -> None:
    reel = Plan(style=(("irish", 1.0),), key="D major", parts=("chords", "melody"), tempo=112)
    key = parse_key(reel.key)
    for seed in SEEDS:
        band = examples.drawn_band(reel, key, seed)
        assert band is not None
        assert examples.style_of(band) == "irish"
        piece = examples.drawn_harmony(reel, key, seed, band, at_home=False)
        symbols = [] if piece is None else [b.chord for b in examples.piece_beats(piece, key) if b.chord is not None]
        assert all(parse_chord(symbol).pitch_classes <= key.pitch_classes for symbol in symbols)


def test_a_tune_rubs_a_semitone_above_a_tone_of_the_chord_or_outside_the_key() -> None:
    chord = parse_chord("C")
    assert rubs(65, chord, C), "F over C"
    assert rubs(66, chord, C), "F sharp"
    assert not rubs(64, chord, C)
    assert not rubs(69, chord, C), "A over C is a colour"


def request(beat: int, section: str, parts: tuple[str, ...]) -> FormRequest:
    plan = Plan(style=(("pop", 1.0),), parts=parts, meter="9/8")  # without an example: none is in this metre
    frame = Beat(8 + beat, 2, beat, "4/4", "C", fresh=False)
    velocity = dict.fromkeys(parts, 90.0)
    return FormRequest(
        TakeState(Begin(1, "pop", Controls(), 1), plan, np.zeros(0, np.float32)),
        plan,
        frame,
        BarLine(0, section, 3),
        velocity,
        is_cued=True,
    )


def test_a_band_without_drums_takes_a_breath_before_a_change() -> None:
    parts = ("chords", "melody")
    assert [request(b, "fill", parts).planned().parts for b in range(4)][-1] == {"melody"}
    assert "melody" not in request(2, "fill", parts).planned().parts
    assert "melody" not in request(3, "fill", (*parts, "drums")).planned().parts


def test_the_plan_of_a_tune_is_read_from_its_bars() -> None:
    tune = [[60, 62], [64, 65], [60, 62], [], [64, 67], [60]]
    beats = [
        Beat(
            4 * bar + beat, bar, beat, "4/4", None, fresh=False,
            notes=tuple(Note(Ticks(0), Ticks(400), p, 80, "melody") for p in pitches[beat : beat + 1]),
        )
        for bar, pitches in enumerate(tune)
        for beat in range(4)
    ]  # fmt: skip
    assert tune_plan(beats) == ("n", "r1", "s2", "-", "v3", "l")


@pytest.mark.parametrize("words", ["dubstep, intro 4 bars, drop 4 bars", "synthwave, intro 4 bars, verse 4 bars"])
def test_after_an_intro_without_it_the_backbeat_comes(words: str) -> None:
    song = clip(composer(), ClipSpec(words, 4))
    backbeats = {ROLES["snare"], ROLES["clap"], ROLES["rim"]}
    bars = {n.start // 1920 for n in song.notes if n.part == "drums" and n.pitch in backbeats}
    assert not bars & {0, 1, 2}
    assert {4, 5, 6} <= bars


@pytest.mark.parametrize("seed", range(4))
def test_a_new_phrase_has_chords_of_its_own_not_its_first_one_over_and_over(seed: int) -> None:
    song = clip(composer(), ClipSpec("sad piano ballad", seed, bars=32))
    changes = {at // 1920 for at, _ in song.chords}
    assert all(changes & set(range(start, start + 8)) - {start} for start in range(0, 32, 8))


@pytest.mark.parametrize("style", ["house", "trap", "reggaeton"])
def test_what_goes_on_from_a_groove_goes_on_in_its_manner(style: str) -> None:
    piece = next(i for i in range(872) if examples.style_of(i) == style and examples.bars_of(i) == 8)
    given = tuple(Kept(b.notes, frozenset(PARTS)) for b in examples.piece_beats(piece, KEY))
    tempo = round(float(examples._table()["tempo"][piece]))
    found = examples.going_on(given, ("chords", "bass", "drums"), "4/4", tempo, 1)
    assert found is not None
    assert examples.pulse(found) == examples.pulse(piece)
    assert examples.going_on((), ("drums",), "4/4", tempo, 1) is None


@pytest.mark.parametrize("wanted", [50.0, 110.0])
def test_what_is_held_into_a_told_chord_is_struck_again_as_loud_as_wanted(wanted: float) -> None:
    plan = Plan(style=(("funk", 1.0),), parts=PARTS, progression=("C", "F"), explicit=("progression",))
    take = TakeState(Begin(1, "funk", Controls(), 11, loop=8), plan, np.zeros(0, np.float32))
    held = Note(Ticks(0), Ticks(960), 64, round(wanted), "chords")
    take.written.append(WrittenBeat(Beat(3, 0, 3, "4/4", "C", False, (held,)), parse_chord("C"), [], 0, 0))
    frame = Beat(4, 1, 0, "4/4", "F", fresh=True)
    shown = Shown.of(FormRequest(take, plan, frame, BarLine(0, "groove", 2), {"chords": wanted}))
    assert shown is not None
    notes = shown.part("chords", parse_chord("F"))
    assert isinstance(notes, tuple)
    struck = [n for n in notes if n.start == 0]
    assert struck, "the piece strikes nothing at the line, so it is struck anew"
    assert [abs(n.velocity - wanted) <= 1 for n in struck] == [True] * len(struck)


def drawn(style: str, parts: tuple[str, ...] = PARTS, meter: str = "4/4") -> list[int]:
    plan = Plan(style=((style, 1.0),), tempo=130, key=KEY.name, parts=parts, meter=meter)
    return [piece for seed in range(12) if (piece := examples.drawn_band(plan, KEY, seed)) is not None]


@pytest.mark.parametrize("style", ["acid", "tango", "metal", "gospel", "future bass", "grime"])
def test_a_style_with_few_pieces_plays_its_own(style: str) -> None:
    parts = PARTS if style != "tango" else PARTS[:3]
    assert {examples.style_of(piece) for piece in drawn(style, parts)} == {style}


def test_a_part_that_a_band_lacks_is_from_a_piece_near_to_it() -> None:
    plan = Plan(style=(("acid", 1.0),), tempo=130, key=KEY.name, parts=PARTS)
    for band in set(drawn("acid")):
        assert examples.player(plan, KEY, 1, "bass", band) == band
        comping = examples.player(plan, KEY, 1, "chords", band)
        assert any(n.part == "chords" for b in examples.piece_beats(comping, KEY) for n in b.notes)


def test_a_style_without_pieces_has_tunes_of_those_that_people_sing_alike() -> None:
    plan = Plan(style=(("bluegrass", 1.0),), tempo=140, key="G major", parts=PARTS)
    tunes = {examples.drawn_tune(plan, parse_key(plan.key), seed) for seed in range(12)}
    assert {examples.style_of(tune) for tune in tunes if tune is not None} == {"irish"}


def test_a_progression_of_another_style_has_chords_of_as_many_tones() -> None:
    for style in ("folk", "rock", "lo-fi", "cumbia"):
        plan = Plan(style=((style, 1.0),), tempo=110, key=KEY.name, parts=PARTS)
        for seed in range(12):
            band = examples.drawn_band(plan, KEY, seed)
            piece = None if band is None else examples.drawn_harmony(plan, KEY, seed, band, at_home=False)
            if band is not None and piece is not None:
                sizes = [
                    np.mean(
                        [len(parse_chord(b.chord).pitch_classes) for b in examples.piece_beats(one, KEY) if b.chord]
                    )
                    for one in (band, piece)
                ]
                assert abs(sizes[0] - sizes[1]) <= examples.UNLIKE_CHORDS + 0.5, "by beats, not by changes"


@pytest.mark.parametrize("style", ["pop", "rock", "folk", "irish"])
def test_the_first_eight_bars_of_a_tune_have_no_rest_and_come_back_to_the_first_four(style: str) -> None:
    for seed in SEEDS:
        told = examples.tune_plan(((style, 1.0),), seed)[:8]
        assert "-" not in told
        assert any(what[1:] == "4" for what in told[4:])


def test_a_bar_without_a_tune_has_the_rhythm_of_one_that_stands_alike() -> None:
    pieces = examples.nearest("future garage", "4/4", True, 130, 0.5)
    for piece in pieces[:5]:
        sung = [bar for bar in range(8) if examples.melody_pitches(piece, KEY, bar, None, 4)]
        for bar in range(8) if sung else ():
            found = examples.sung_bar(piece, bar)
            assert found in sung
            assert found == bar or bar not in sung


def test_a_full_orchestra_s_chord_beside_a_tune_has_no_tone_in_two_octaves() -> None:
    stroke = [Note(Ticks(0), Ticks(120), pitch, 80, "chords") for pitch in (48, 53, 56, 60, 65, 68, 72, 77)]
    quiet = [Note(Ticks(240), Ticks(120), pitch, 80, "chords") for pitch in (48, 60)]
    assert [n.pitch for n in _lean([*stroke, *quiet])] == [48, 53, 56, 48, 60]


def test_no_stroke_beside_a_tune_has_more_than_six_voices_and_none_lies_under_the_bass() -> None:
    for prompt in ("epic battle music with low brass", "a quiet song with one guitar"):
        for beat in beats(prompt, 16):
            chords = [n for n in beat.notes if n.part == "chords"]
            assert max((sum(n.start == o.start for n in chords) for o in chords), default=0) <= MOST_VOICES
            assert all(n.pitch >= LOWEST_CHORD_NOTE for n in chords)


def test_a_bass_under_a_bass_note_that_is_no_tone_of_its_chord_plays_that_and_its_fifth() -> None:
    here, there, key = parse_chord("C"), parse_chord("F/G"), parse_key("C major")
    line = [Note(Ticks(0), Ticks(240), pitch, 80, "bass") for pitch in (36, 43, 40)]
    assert [examples.fitted(n, here, there, key).pitch % 12 for n in line] == [7, 2, 7]


@pytest.mark.parametrize("tempo", [66, 130])
def test_a_band_is_near_the_tempo_where_its_style_has_pieces_near_it(tempo: int) -> None:
    plan = Plan(style=(("gospel", 1.0),), tempo=tempo, energy=0.5, key="Ab major", parts=PARTS)
    key = parse_key(plan.key)
    far = examples._distances(("gospel", "4/4", False, tempo, 0.5))
    own = [i for i in far if examples.style_of(i) == "gospel"]
    for seed in range(12):
        drawn = examples.drawn_band(plan, key, seed)
        assert drawn in own[: examples.FEWEST] or far[drawn or 0] <= far[own[0]] + examples.REACH


def test_a_band_begins_with_its_kick_and_bass() -> None:
    drawn = {band("drum and bass", seed) for seed in range(20)}
    assert all(piece is not None and examples._begins_whole(piece) for piece in drawn)


def test_a_drone_is_played_by_a_drone() -> None:
    plan = Plan(style=(("drone", 1.0),), tempo=60, energy=0.2, key="A minor", parts=("chords", "melody", "bass"))
    assert {examples.style_of(examples.drawn_band(plan, KEY, seed) or 0) for seed in range(6)} == {"drone"}


@pytest.mark.parametrize(("density", "most"), [(0.02, 0.8), (0.5, 3.0)])
def test_words_about_density_leave_fewer_strokes_of_a_shown_band(density: float, most: float) -> None:
    plan = Plan(
        style=(("dub techno", 1.0),), tempo=121, key="F minor", parts=PARTS, density=density, explicit=("density",)
    )
    found = TakeState(Begin(1, "dub techno", Controls(), 1), plan, np.zeros(0, np.float32))
    strokes, kicks = 0, 0
    for beat in range(4):
        frame = Beat(4 + beat, 1, beat, "4/4", "Fm", fresh=False)
        shown = Shown.of(FormRequest(found, plan, frame, BarLine(0, "groove", 2), dict.fromkeys(PARTS, 90.0)))
        assert shown is not None
        drums, chords = shown.part("drums", None), shown.part("chords", parse_chord("Fm"))
        if isinstance(drums, tuple):
            kicks += sum(n.pitch == ROLES["kick"] and n.start == 0 for n in drums)
        strokes += len({n.start for n in chords}) if isinstance(chords, tuple) else 0
    assert kicks == 4
    assert strokes / 4 <= most


def test_a_chord_that_is_pushed_ahead_of_the_next_one_is_on_the_takes_next_chord() -> None:
    """Found in a gospel: over F7 a push into Eb had become G minor."""
    key = parse_key("Bb major")
    plan = Plan(style=(("gospel", 1.0),), tempo=128, key=key.name, parts=PARTS)
    pushes = 0
    for piece in (i for i in examples.nearest("gospel", "4/4", False, 128, 0.8) if examples.style_of(i) == "gospel"):
        for here, there in zip(examples.piece_beats(piece, key), examples.piece_beats(piece, key)[1:], strict=False):
            chord, aim = variation.chord_of(here), variation.chord_of(there)
            source = WrittenBeat(here, chord, [], 0, 0)
            over = [n for n in here.notes if n.part == "chords" and n.start and n.end > here.length + 30]
            tones = {n.pitch % 12 for n in over}
            if (
                not over
                or chord is None
                or aim is None
                or tones <= chord.pitch_classes
                or not tones <= aim.pitch_classes
            ):
                continue
            take = TakeState(Begin(1, "gospel", Controls(), 1, loop=there.bar + 8), plan, np.zeros(0, np.float32))
            asked = FormRequest(take, replace(plan, progression=("Cm",)), here, BarLine(0, "groove", 2))
            played = Shown(asked, key, piece, piece)._pushed("chords", piece, over, source, 0)
            if there.beat == 0:  # a bar of the words begins with its chord
                pushes += 1
                assert {n.pitch % 12 for n in played} <= parse_chord("Cm").pitch_classes
    assert pushes
