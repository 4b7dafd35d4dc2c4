"""A planned beat under another chord: the same rhythm and touch, other pitches."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.takes.voicing import reharmonised
from model.music.harmony import QUALITIES, Chord, chord_symbol, parse_chord
from model.music.notes import Beat, Note, Ticks

SYMBOLS = st.builds(
    lambda root, quality: chord_symbol(Chord(root, quality, root)),
    st.integers(0, 11),
    st.sampled_from(sorted(QUALITIES)),
)
STROKE = st.lists(st.integers(45, 80), min_size=1, max_size=5, unique=True)


def beat(chord: str, bass: int, struck: list[int]) -> Beat:
    notes = [Note(Ticks(0), Ticks(400), bass, 80, "bass"), Note(Ticks(0), Ticks(60), 36, 100, "drums")]
    notes += [Note(Ticks(240), Ticks(200), p, 70, "chords", 5) for p in struck]
    notes.append(Note(Ticks(0), Ticks(480), 78, 90, "melody"))
    return Beat(4, 1, 0, "4/4", chord, fresh=True, notes=tuple(notes))


@given(SYMBOLS, SYMBOLS, STROKE)
@settings(max_examples=60)
def test_only_pitches_of_bass_and_chords_change_and_lie_in_the_chord(old: str, new: str, struck: list[int]) -> None:
    before = beat(old, 36 + parse_chord(old).root, struck)
    after = reharmonised(before, new, fresh=True)

    def rest(notes: tuple[Note, ...]) -> list[Note]:
        return sorted(replace(n, pitch=0) for n in notes)

    assert rest(after.notes) == rest(before.notes)
    tones = parse_chord(new).pitch_classes
    for note in after.notes:
        if note.part in ("bass", "chords"):
            assert note.pitch % 12 in tones
        else:
            assert note in before.notes
    chords = [n.pitch for n in after.notes if n.part == "chords"]
    assert len(set(chords)) == len(chords), "no two voices on one key"
    assert [n.pitch % 12 for n in after.notes if n.part == "bass"] == [parse_chord(new).bass]


def test_a_triad_goes_to_the_whole_of_the_next_by_small_steps() -> None:
    after = reharmonised(beat("C", 36, [60, 64, 67]), "F", fresh=True)
    pitches = sorted(n.pitch for n in after.notes if n.part == "chords")
    assert {p % 12 for p in pitches} == {5, 9, 0}
    assert sum(abs(a - b) for a, b in zip(pitches, [60, 64, 67], strict=True)) <= 5


def test_a_bass_keeps_its_place_in_the_chord() -> None:
    third = reharmonised(beat("C", 40, [60, 64, 67]), "Am", fresh=True)
    fifth = reharmonised(beat("C", 43, [60, 64, 67]), "Am", fresh=True)
    assert [n.pitch % 12 for b in (third, fifth) for n in b.notes if n.part == "bass"] == [0, 4]


def test_pad_and_arp_follow_a_new_chord_and_percussion_does_not() -> None:
    notes = [Note(Ticks(0), Ticks(1920), p, 70, "pad") for p in (60, 64, 67)]
    notes += [Note(Ticks(240), Ticks(120), 76, 70, "arp"), Note(Ticks(0), Ticks(60), 63, 70, "perc")]
    after = reharmonised(Beat(0, 0, 0, "4/4", "C", fresh=True, notes=tuple(notes)), "Fm", fresh=True)
    told = {part: {n.pitch % 12 for n in after.notes if n.part == part} for part in ("pad", "arp", "perc")}
    assert told["pad"] == {5, 8, 0}
    assert told["arp"] <= {5, 8, 0}
    assert told["perc"] == {3}
