from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import mido
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.music import midifile
from model.music.harmony import MODES, note_name, parse_key
from model.music.midifile import Song, as_filed, bar_length, from_bytes, to_bytes
from model.music.notes import METERS, PARTS, Note, Ticks
from tests.support import tried

TWO_BARS = ((Ticks(0), "4/4"), (Ticks(1920), "4/4"))


def song(*notes: Note, **changed: object) -> Song:
    fields: dict[str, Any] = {
        "bars": TWO_BARS,
        "end": Ticks(3840),
        "tempos": ((Ticks(0), 72.0),),
        "key": "D minor",
        "notes": notes,
        "chords": ((Ticks(0), "Dm9"), (Ticks(1920), "G13")),
    }
    fields.update(changed)
    return Song(**fields)


def note(start: int, length: int, pitch: int = 60, velocity: int = 80, part: str = "chords", offset: int = 0) -> Note:
    return Note(Ticks(start), Ticks(length), pitch, velocity, part, offset)


@st.composite
def songs(draw: st.DrawFn) -> Song:
    meters = draw(st.lists(st.sampled_from(METERS), min_size=1, max_size=6))
    starts = [Ticks(0), *(Ticks(s) for s in itertools.accumulate(map(bar_length, meters)))]
    end = starts.pop()
    ticks = st.integers(0, end - 1).map(Ticks)
    notes = st.builds(
        Note,
        start=st.integers(0, end + 480).map(Ticks),
        length=st.integers(1, 4000).map(Ticks),
        pitch=st.integers(58, 62) | st.integers(0, 127),
        velocity=st.integers(1, 127),
        part=st.sampled_from(PARTS),
        offset=st.integers(-60, 60),
    )
    tempos = draw(st.dictionaries(ticks, st.floats(20, 300), max_size=3)) | {Ticks(0): draw(st.floats(20, 300))}
    key = f"{note_name(draw(st.integers(0, 11)), draw(st.booleans()))} {draw(st.sampled_from(sorted(MODES)))}"
    return Song(
        bars=tuple(zip(starts, meters, strict=True)),
        end=end,
        tempos=tuple(sorted(tempos.items())),
        key=key,
        notes=tuple(draw(st.lists(notes, max_size=24))),
        chords=tuple(sorted(draw(st.dictionaries(ticks, st.sampled_from(["Am", "F#m7b5", "C/E", "♭"]))).items())),
        programs=tuple(draw(st.dictionaries(st.sampled_from(PARTS), st.integers(0, 127))).items()),
    )


@settings(max_examples=tried(60), deadline=None)
@given(songs())
@example(song(note(0, 480), note(0, 960), note(240, 240)))
def test_a_song_comes_back_from_its_file_as_filed(given_song: Song) -> None:
    assert from_bytes(to_bytes(given_song)) == as_filed(given_song)
    assert as_filed(as_filed(given_song)) == as_filed(given_song)


@settings(max_examples=40, deadline=None)
@given(songs())
def test_every_track_ends_at_the_last_bar_and_nothing_sounds_past_it(given_song: Song) -> None:
    file = mido.MidiFile(file=io.BytesIO(to_bytes(given_song)))
    assert (file.type, file.ticks_per_beat) == (1, 480)
    for track in file.tracks:
        assert track[-1].type == "end_of_track"
        assert sum(m.time for m in track) == given_song.end
        sounding = set()
        for message in track:
            if message.type == "note_on":
                assert message.note not in sounding, "an overlap"
                sounding.add(message.note)
            elif message.type == "note_off":
                sounding.remove(message.note)
        assert not sounding


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda b: to_bytes(song(note(0, 480)))[:40] + b))
@settings(max_examples=tried(100), deadline=None)
def test_bytes_that_are_no_song_raise_nothing_but_our_error(content: bytes) -> None:
    try:
        from_bytes(content)
    except midifile.MidiFileError:
        return


def test_a_tempo_comes_back_within_some_millionths() -> None:
    back = from_bytes(to_bytes(song(tempos=((Ticks(0), 82.5), (Ticks(480), 299.9)))))
    assert [bpm for _, bpm in back.tempos] == pytest.approx([82.5, 299.9], rel=3e-6)


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("tonic", range(12))
def test_every_key_has_a_signature_that_a_file_can_hold(tonic: int, mode: str) -> None:
    key = parse_key(f"{note_name(tonic)} {mode}")
    back = parse_key(from_bytes(to_bytes(song(key=key.name))).key)
    assert (back.tonic, back.minor) == (key.tonic, key.minor)


def test_micro_timing_is_written_as_time_and_not_before_the_beginning() -> None:
    back = from_bytes(to_bytes(song(note(0, 480, offset=-12), note(960, 480, offset=7))))
    assert [(n.start, n.length) for n in back.notes] == [(0, 468), (967, 480)]


def test_the_same_song_gives_the_same_bytes_whatever_the_order_of_its_notes() -> None:
    a, b = note(0, 480, 60), note(0, 480, 64, part="melody")
    assert to_bytes(song(a, b)) == to_bytes(song(b, a))


def test_a_silent_part_with_a_program_has_a_track_of_the_same_length() -> None:
    file = mido.MidiFile(file=io.BytesIO(to_bytes(song(programs=(("bass", 33),)))))
    assert [t.name for t in file.tracks] == ["", "bass"]
    assert file.tracks[1][1].program == 33
    assert file.tracks[1][1].channel == 2


def test_a_file_on_disk_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "take.mid"
    for length in (480, 960):
        midifile.write(path, song(note(0, length)))
        assert midifile.read(path).notes[0].length == length
    assert [p.name for p in tmp_path.iterdir()] == ["take.mid"]


@pytest.mark.parametrize(
    ("changed", "law"),
    [
        ({"end": Ticks(3839)}, "whole bars"),
        ({"bars": ()}, "whole bars"),
        ({"bars": ((Ticks(0), "4/4"), (Ticks(1900), "4/4"))}, "a bar begins where the last one ends"),
        ({"bars": ((Ticks(0), "11/3"),)}, "a metre is"),
        ({"tempos": ((Ticks(5), 90.0),)}, "the first tempo"),
        ({"chords": ((Ticks(3840), "C"),)}, "chords change"),
        ({"tempos": ((Ticks(0), 0.5),)}, "a tempo is in"),
        ({"notes": (note(0, 1, part="kazoo"),)}, "not kazoo"),
        ({"programs": (("bass", 128),)}, "a program is in"),
    ],
)
def test_a_song_that_breaks_a_law_is_refused_with_the_law(changed: dict[str, object], law: str) -> None:
    with pytest.raises(ValueError, match=law):
        song(**changed)


@pytest.mark.parametrize(("ticks", "name", "law"), [(96, "chords", "480 ticks"), (480, "Piano", "a track is named")])
def test_a_file_of_another_kind_is_refused_with_the_law(ticks: int, name: str, law: str) -> None:
    file = mido.MidiFile(ticks_per_beat=ticks)
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name), mido.Message("note_on", note=60)])
    track.append(mido.MetaMessage("end_of_track", time=4 * ticks))
    file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    with pytest.raises(midifile.MidiFileError, match=law):
        from_bytes(out.getvalue())
