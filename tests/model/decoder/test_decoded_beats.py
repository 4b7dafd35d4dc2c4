"""Beats that are decoded when they are asked for are those that are decoded at once."""

import random

from hypothesis import given
from hypothesis import strategies as st

from model.decoder.tokenizer import DecodedBeats, decode, encode
from model.music.notes import Beat, Note, Ticks

CHORDS = st.sampled_from([None, "C", "Am7", "F/A", "Gsus4"])
NOTES = st.builds(
    lambda start, pitch, part: Note(Ticks(20 * start), Ticks(240), pitch, 66, part),
    st.integers(0, 23), st.integers(30, 90), st.sampled_from(["bass", "chords", "melody"]),
)  # fmt: skip


@st.composite
def beats(draw: st.DrawFn) -> list[Beat]:
    """Return two bars of three beats."""
    found: list[Beat] = []
    chord = None
    for i in range(6):
        fresh = draw(st.booleans())
        chord = draw(CHORDS) if fresh else chord
        notes = draw(st.lists(NOTES, max_size=4))
        found.append(Beat(i, i // 3, i % 3, "3/4", chord, fresh=fresh, notes=tuple(notes)))
    return found


@given(beats(), st.randoms(use_true_random=False))
def test_beats_asked_for_in_any_order_are_those_decoded_at_once(written: list[Beat], order: random.Random) -> None:
    rows = encode(written)
    found, places = DecodedBeats(rows, "3/4"), list(range(len(written)))
    order.shuffle(places)
    whole = decode(rows.tolist(), ["3/4", "3/4"])
    assert [found[i] for i in places] == [whole[i] for i in places]
    assert found[2:5] == tuple(whole[2:5])
    assert found[-1] == whole[-1]
