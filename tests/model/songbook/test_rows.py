from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from model.decoder.tokenizer import LENGTHS, STEP, beats_of, decode, encode, nearest_length
from model.music.notes import METERS, UNPITCHED_PARTS
from model.songbook.reader import read_file
from model.training.corpus.songbook import load, song
from tests.model.songbook.texts import spread


@pytest.mark.parametrize("file", spread(16), ids=lambda file: file.stem)
def test_a_piece_comes_back_from_the_rows_that_the_decoder_reads(file: Path) -> None:
    """Each note at its tick, pitch and part; a length that the vocabulary has not becomes the nearest that it has."""
    piece = read_file(file)
    if "{}/{}".format(*piece.header.meter) not in METERS:
        assert piece.header.title not in {left.title for left in load(file.parent, {})}, "left out, and counted"
        return
    made = song(piece)
    starts, meters = zip(*made.bars, strict=True)
    back = [
        (starts[beat.bar] + beat.beat * beat.length + note.start + note.offset, note)
        for beat in decode(encode(beats_of(made.bars, made.notes, made.chords)), meters)
        for note in beat.notes
    ]
    given = Counter((n.start + n.offset, n.pitch, n.part) for n in made.notes)
    assert Counter((at, n.pitch, n.part) for at, n in back) == given
    lengths = Counter(
        (n.start, n.pitch, n.part, LENGTHS[nearest_length(round(n.length / STEP))] * STEP)
        for n in made.notes
        if n.part not in UNPITCHED_PARTS
    )
    assert Counter((at, n.pitch, n.part, n.length) for at, n in back if n.part not in UNPITCHED_PARTS) == lengths
