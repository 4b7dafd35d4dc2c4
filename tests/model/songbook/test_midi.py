from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.music.harmony import CHORD_QUALITIES
from model.songbook.midi import load, recorded, save, to_midi
from model.songbook.reader import read, read_file
from model.songbook.rendering import Note, Performance, perform
from model.songbook.symbols import symbol
from model.songbook.writing import formatted, written
from tests.model.songbook.texts import piece, spread, text
from tests.support import tried

EXAMPLES = spread(16)


def again(performance: Performance) -> Performance:
    """Return a performance after it has been a .mid file and text again."""
    return perform(read(written(recorded(to_midi(performance, canonical=True)))))


def sounds(performance: Performance) -> list[frozenset[tuple[str, Note]]]:
    """Return what begins in each section of the form, from its start."""
    starts = [bar.start for bar in performance.bars if bar.number == 1]
    notes = [(part, note) for part, found in performance.notes().items() for note in found]
    return [
        frozenset((part, n._replace(start=n.start - a)) for part, n in notes if a <= n.start < z)
        for a, z in pairwise([*starts, performance.length])
    ]


def test_a_file_has_the_tracks_channels_and_programs_of_its_parts() -> None:
    body = "section A 1\nharmony\nC\nmelody\n1: C5:16\npad\n1: x:16\nperc\n1:\nG 9...............\n"
    file = to_midi(perform(piece(body, sound="melody=flute pad=pad_warm kit=jazz")))
    assert [track.name for track in file.tracks] == [
        "A Test",
        "chords",
        "melody",
        "bass",
        "pad",
        "perc",
        "drums",
    ]
    programs = [(m.channel + 1, m.program) for track in file.tracks for m in track if m.type == "program_change"]
    assert programs == [(1, 0), (2, 73), (3, 0), (4, 89), (11, 32), (10, 32)]


def test_a_file_ends_with_its_last_bar_and_every_note_ends() -> None:
    file = to_midi(perform(piece("section A 3\nharmony\nC | F | C\nmelody\nall: C5:16")))
    for track in file.tracks:
        assert sum(m.time for m in track) == 3 * 1920
        assert track[-1].type == "end_of_track"
        assert sum(m.type == "note_on" for m in track) == sum(m.type == "note_off" for m in track)


def test_a_file_tells_symbols_sections_key_and_metre() -> None:
    body = "section A 2 chorus\nharmony\nC* | C\nmelody\nall: -\nsection B = A verse\nharmony 2: G7"
    file = to_midi(perform(piece(body.replace("C*", "C"), form="A B", key="D dorian", meter="6/8")))
    said = [(m.type, getattr(m, "text", "")) for m in file.tracks[0] if m.type in ("marker", "cue_marker")]
    assert said == [("cue_marker", "A chorus"), ("marker", "C"), ("cue_marker", "B verse"), ("marker", "G7")]
    assert next(m.key for m in file.tracks[0] if m.type == "key_signature") == "Dm"
    assert next(m.numerator for m in file.tracks[0] if m.type == "time_signature") == 6


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_pieces_come_back_from_their_files(path: Path, tmp_path: Path) -> None:
    performance = perform(read_file(path))
    save(performance, tmp_path / "piece.mid", canonical=True)
    back = perform(read(written(load(tmp_path / "piece.mid"))))
    assert back.notes() == performance.notes()
    assert set(back.bends) == set(performance.bends)
    assert [s.symbol for s in back.harmony if s.symbol] != []
    # a section that sounds otherwise the next time, as with graces before another section, has a prime of its own
    ours, theirs = performance.piece.header.form, back.piece.header.form
    assert [name.rstrip("'") for name in theirs] == [name.rstrip("'") for name in ours]
    assert len(set(theirs)) <= len(set(zip(ours, sounds(performance), strict=True)))
    assert [c.text for c in back.piece.captions] == [c.text for c in performance.piece.captions]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_text_that_is_laid_out_says_the_same(path: Path) -> None:
    raw = path.read_text(encoding="utf-8")
    laid_out = formatted(raw)
    assert formatted(laid_out) == laid_out
    assert raw.count(";") == laid_out.count(";")
    assert perform(read(laid_out)).rendered() == perform(read(raw)).rendered()


def test_a_performance_is_put_on_the_grid_when_it_is_written_down() -> None:
    body = "section A 1\nharmony\nC\nmelody\n1: C5:4! D5:2 E5:2 .:8\ndrums\n1:\nK 9...9...9...9.9."
    performance = perform(piece(body, feel="melody=+9 K=-7", loose="melody=6 drums=8"))
    back = perform(read(written(recorded(to_midi(performance)))))
    for part in ("melody", "drums"):
        starts = [(n.start, n.pitch) for n in performance.notes()[part]]
        assert [(n.start, n.pitch) for n in back.notes()[part]] == starts


def test_a_file_of_another_program_is_written_down_by_its_channels() -> None:
    file = mido.MidiFile(ticks_per_beat=96)
    track = mido.MidiTrack()
    track += [
        mido.Message("note_on", channel=1, note=72, velocity=90),
        mido.Message("note_off", channel=1, note=72, time=96),
        mido.Message("note_on", channel=9, note=36, velocity=101),
        mido.Message("note_on", channel=9, note=36, velocity=0, time=24),
    ]
    file.tracks.append(track)
    back = perform(read(written(recorded(file))))
    assert [(n.start, n.length, n.pitch, n.velocity) for n in back.notes()["melody"]] == [(0, 480, 72, 90)]
    assert [(n.start, n.pitch, n.velocity) for n in back.notes()["drums"]] == [(480, 36, 101)]


def test_what_is_no_mid_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mid").write_bytes(b"MThd nonsense")
    with pytest.raises(ValueError, match=r"not a \.mid file"):
        load(tmp_path / "x.mid")


LENGTHS = st.sampled_from(["1", "2", "3", "4", "1/2", "4/3", "3/2"])
HEADS = st.sampled_from(["x", "13", "2^", ">", "C5", "E4+B4", "(D5)E5", ".", "~"])
MARKS = st.sampled_from(["", "", "!", ",", ",,", "'", "_", "/", "@64", "%1/6", "$"])


@st.composite
def bars(draw: st.DrawFn) -> str:
    """Return a bar of a pitched part: tokens, then a rest for what is left."""
    tokens, left, held = [], 16 * 6, False
    for head, length, mark in draw(st.lists(st.tuples(HEADS, LENGTHS, MARKS), max_size=8)):
        number, _, below = length.partition("/")
        size = int(number) * 6 // int(below or 1)
        if size > left:
            break
        left -= size
        if head == "~" and not held:
            head = "."
        held = head != "."
        tokens.append(f"{head}:{length}{mark if head not in '.~' else ''}")
    if left:
        tokens.append(f".:{left}/6")
    return " ".join(tokens)


ROWS = st.text(alphabet="....13579", min_size=16, max_size=16)


@settings(deadline=None, max_examples=tried(50))
@given(
    st.lists(st.tuples(bars(), bars(), bars(), ROWS, ROWS), min_size=2, max_size=4),
    st.integers(-20, 20),
    st.sampled_from(["A A", "A B", "A B A", "B A B"]),
)
def test_whatever_can_be_written_comes_back(
    written_bars: list[tuple[str, str, str, str, str]], level: int, form: str
) -> None:
    lines = [f"section A {len(written_bars)}", "harmony", " | ".join(["C G7"] * len(written_bars))]
    for column, part in enumerate(("chords", "melody", "pad")):
        lines += [part, *(f"{number}: {bar[column]}" for number, bar in enumerate(written_bars, 1))]
    for column, part in ((3, "drums"), (4, "perc")):
        lines.append(part)
        for number, bar in enumerate(written_bars, 1):
            lines += [f"{number}:", f"K {bar[column]}"]
    if "B" in form:
        lines += [
            "section B = A chorus",
            f"level {level:+d}",
            "melody 2: C5:8 E5:8",
            "pad out",
            "drums +1:",
            "K -",
        ]
    raw = text("\n".join(lines), form=form)
    performance = perform(read(raw))
    back = again(performance)
    assert back.notes() == performance.notes()
    assert set(back.bends) == set(performance.bends)
    assert perform(read(formatted(raw))).notes() == performance.notes()


@pytest.mark.parametrize("quality", CHORD_QUALITIES)
def test_every_chord_of_the_band_is_written_down(quality: str) -> None:
    file = to_midi(perform(piece("section A 1\nharmony\nG\nmelody\nall: C5:16")))
    for message in file.tracks[0]:
        if message.type == "marker":
            message.text = f"G{quality}"
    harmony = perform(read(written(recorded(file)))).harmony
    meant = symbol(harmony[0].symbol)
    assert meant is not None
    assert meant.tones >= {(7 + tone) % 12 for tone in CHORD_QUALITIES[quality].tones}, (
        "the notation counts more tones to 11, 7alt"
    )
