"""Parts beside the usual ones: pad, arp and perc where they are asked for, and instruments that play the melody's notes with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.clips.clip import clip
from model.clips.edit import fill_in
from model.clips.messages import ClipSpec, KeepSpec
from model.decoder.tokenizer import PITCH, note_event
from model.generation import history
from model.generation.bias_terms import LOUDER, MASKED, PART_RANGES
from model.generation.composer import TURN_BARS, Composer
from model.generation.material.form_plan import labels
from model.generation.messages import Begin, Write
from model.generation.sampler import STRUCK, drum_mask
from model.music.drums import HAND_PERCUSSION, ROLES
from model.music.harmony import parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import ADDED_PARTS, PARTS, UNPITCHED_PARTS, USUAL_PARTS, Beat, Kept, Note, Ticks
from model.music.plan import Controls, Plan, apply_controls
from model.music.programs import PROGRAMS
from model.prompt.encoder import hash_encoder
from tests.support.tiny_engine import engine

CHORDS = "Am F C G"


@pytest.fixture(scope="module")
def writer() -> Composer:
    return Composer(hash_encoder(), engine(1))


@pytest.fixture(scope="module")
def band(writer: Composer) -> Song:
    controls = Controls(key="A minor", chords=CHORDS, scale_lock=1.0)
    return clip(writer, ClipSpec("house", 3, bars=4, parts=PARTS, controls=controls))


def of(song: Song, part: str) -> list[Note]:
    return sorted(n for n in song.notes if n.part == part)


def playing(song: Song) -> set[str]:
    return {n.part for n in song.notes}


def test_a_band_has_the_usual_parts_where_nothing_asks_for_more(writer: Composer) -> None:
    for prompt in ("house", "ambient at dawn", "salsa", "古风"):
        assert playing(clip(writer, ClipSpec(prompt, 1, bars=2))) <= set(USUAL_PARTS)


def test_all_seven_parts_play_where_all_are_asked_for(band: Song) -> None:
    assert playing(band) == set(PARTS)


@pytest.mark.parametrize("part", ADDED_PARTS)
@pytest.mark.usefixtures("without_songbook")
def test_an_added_part_plays_by_words_by_a_control_and_alone(writer: Composer, part: str) -> None:
    words = {"pad": "house with a pad", "arp": "house with an arpeggio", "perc": "house with congas"}[part]
    asked = ClipSpec(words, 1, bars=2), ClipSpec("house", 1, bars=2, controls=Controls(added=(part,)))
    assert all(part in playing(clip(writer, one)) for one in asked)
    alone = clip(writer, ClipSpec("house", 1, bars=2, parts=(part,)))
    assert playing(alone) == {part}
    assert min(n.start for n in alone.notes) == 0


def test_a_control_adds_a_part_to_a_plan_and_tells_the_words_that_lose() -> None:
    plan, lost = apply_controls(Plan(), Controls(added=("perc", "pad")))
    assert plan.parts == ("chords", "melody", "bass", "pad", "perc")
    assert lost == ()
    alone = Plan(parts=("drums",), explicit=("parts",))
    assert apply_controls(alone, Controls(added=("pad",)))[1] == (("parts", "control"),)
    assert apply_controls(replace(alone, parts=("drums", "pad")), Controls(added=("pad",)))[1] == ()


def test_percussion_strikes_hands_instruments_and_a_kit_its_roles(band: Song) -> None:
    assert {n.pitch for n in of(band, "perc")} <= set(HAND_PERCUSSION)
    assert {n.pitch for n in of(band, "drums")} <= set(ROLES.values())
    free = drum_mask(frozenset(), "perc") > MASKED / 2
    assert {p - PITCH for p in range(len(free)) if free[p]} == set(HAND_PERCUSSION)
    assert STRUCK.keys() == set(UNPITCHED_PARTS)


def test_a_role_that_the_words_deny_silences_no_percussion() -> None:
    assert drum_mask(frozenset({ROLES["shaker"]}))[PITCH + ROLES["shaker"]] < MASKED / 2
    assert drum_mask(frozenset(), "perc")[PITCH + ROLES["shaker"]] == 0


def test_pad_and_arp_keep_to_given_chords_to_the_key_and_to_their_range(band: Song) -> None:
    scale = parse_key("A minor").pitch_classes
    for part in ("pad", "arp"):
        low, high = PART_RANGES[part]
        for note in of(band, part):
            symbol = [s for at, s in band.chords if at <= note.start][-1]
            assert note.pitch % 12 in parse_chord(symbol).pitch_classes & scale
            assert low <= note.pitch <= high


def test_a_pad_enters_with_each_given_chord_in_full_and_holds_it(band: Song) -> None:
    for bar, (start, _) in enumerate(band.bars):
        struck = [n for n in of(band, "pad") if abs(n.start + n.offset - start) < 60]
        chord = parse_chord(CHORDS.split()[bar])
        assert {n.pitch % 12 for n in struck} >= chord.pitch_classes - {chord.root}
        assert all(n.length >= 900 for n in struck)


def test_a_pad_has_two_voices_at_least_and_chords_may_have_one() -> None:
    assert history.min_voices([], ("chords", "pad", "bass")) == {"chords": 1, "pad": 2}
    full = tuple(Note(Ticks(0), Ticks(480), p, 80, "pad") for p in (60, 64, 67))
    beats = [Beat(i, 0, i, "4/4", "C", fresh=not i, notes=full) for i in range(2)]
    assert history.min_voices(beats, ("chords", "pad")) == {"chords": 1, "pad": 3}


@pytest.mark.parametrize("part", ADDED_PARTS)
def test_what_was_asked_for_is_owed_by_the_third_beat_and_after_two_silent_bars(part: str) -> None:
    kick = (Note(Ticks(0), Ticks(60), 36, 100, "drums"),)
    beats = [Beat(i, i // 4, i % 4, "4/4", "C", fresh=not i, notes=kick) for i in range(8)]
    parts = ("drums", "melody", part)
    assert history.entrances(beats[:2], parts) == {part}
    assert history.entrances(beats, parts) == {part}
    assert history.entrances(beats, parts, "break") == set()


def test_the_form_has_a_label_for_every_part() -> None:
    found = labels(5, 16, (("house", 1.0),), 3, PARTS)
    assert set(PARTS) <= found.keys()
    assert found["perc"] == found["drums"]
    assert found["pad"] == found["arp"] == found["chords"]


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_a_range_a_loudness_and_a_density(part: str) -> None:
    assert part in PART_RANGES
    assert part in LOUDER
    assert history.target_onsets((("house", 1.0),), part, 0.5) > 0
    assert note_event(part, 0) > 0


def test_a_part_that_no_table_measured_has_a_density_too() -> None:
    rates = [history.target_onsets((("house", 1.0),), "kazoo", d) for d in (0.1, 0.5, 0.9)]
    assert rates == sorted(rates)
    assert rates[0] > 0


@pytest.mark.parametrize("part", ADDED_PARTS)
def test_an_added_part_stays_note_for_note_where_it_is_kept_and_is_new_where_it_is_not(
    writer: Composer, band: Song, part: str
) -> None:
    others = frozenset(PARTS) - {part}
    kept = fill_in(writer, band, ClipSpec("", 9), KeepSpec(frozenset({part})))
    assert of(kept, part) == of(band, part)
    assert playing(kept) == set(PARTS)
    anew = fill_in(writer, band, ClipSpec("", 9), KeepSpec(others, harmony=True))
    assert all(of(anew, other) == of(band, other) for other in others)
    assert of(anew, part) != of(band, part)
    filled = fill_in(writer, band, ClipSpec("", 9), KeepSpec(redone=frozenset({2})))
    assert [n for n in of(filled, part) if n.start < 3840 - 60] == [n for n in of(band, part) if n.start < 3840 - 60]


# An instrument beside the melody

BARS = 8


def doubled(prompt: str, given: tuple[Kept, ...] = ()) -> list[Beat]:
    writer = Composer(hash_encoder(), engine(0))
    writer.begin(replace(Begin(1, prompt, Controls(), 3), given=given))
    return [b for i in range(4 * BARS) if (b := writer.write(Write(1, i, Controls())).beat) is not None]


def of_part(beat: Beat, part: str) -> list[tuple[int, int, int]]:
    return sorted((n.start, n.pitch, n.velocity) for n in beat.notes if n.part == part)


def test_in_unison_both_play_the_same_notes() -> None:
    found = doubled("4/4 flute and violin")
    assert any(of_part(b, "melody") for b in found)
    assert all(of_part(b, "melody") == of_part(b, "arp") for b in found)


def test_a_low_instrument_doubles_an_octave_lower() -> None:
    for beat in doubled("4/4 flute and cello"):
        lower = [(s, p - 12 if p >= 48 else p, v) for s, p, v in of_part(beat, "melody")]
        assert of_part(beat, "arp") == lower


def test_they_answer_each_other_by_two_bars() -> None:
    heard: set[str] = set()
    for beat in doubled("4/4 flute and violin answer each other"):
        speaks, waits = ("melody", "arp") if beat.bar // TURN_BARS % 2 == 0 else ("arp", "melody")
        assert of_part(beat, waits) == []
        heard |= {speaks} if of_part(beat, speaks) else set()
    assert heard == {"melody", "arp"}


def test_a_clip_has_both_programs_and_both_tracks() -> None:
    song = clip(Composer(hash_encoder(), engine(0)), ClipSpec("4/4 flute and violin answer each other", 3, BARS))
    programs = dict(song.programs)
    assert (programs["melody"], programs["arp"]) == (PROGRAMS.index("flute"), PROGRAMS.index("violin"))
    assert {"melody", "arp"} <= {n.part for n in song.notes}


def test_a_part_that_is_added_while_it_doubles_is_written_once() -> None:
    writer = Composer(hash_encoder(), engine(0))
    added = Controls(added=("arp",))
    writer.begin(Begin(1, "4/4 flute and violin", added, 3))
    found = [b for i in range(16) if (b := writer.write(Write(1, i, added)).beat) is not None]
    assert any(of_part(b, "arp") for b in found)
    assert all(of_part(b, "melody") == of_part(b, "arp") for b in found)


def test_a_part_that_is_given_is_not_doubled_again() -> None:
    given = tuple(Kept(parts=frozenset({"arp"})) for _ in range(4))
    assert not any(of_part(b, "arp") for b in doubled("4/4 flute and violin", given)[:4])
