"""Sources read from small sets of ours, laid out as the real ones are."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from model.music.harmony import chord_symbol, parse_key
from model.music.notes import Note, Ticks

pytest.importorskip("symusic")
pytest.importorskip("lxml")

import mido

from model.music.drums import ROLE_OF
from model.training.corpus.groove import hits, lateness, swings
from model.training.corpus.pop909 import named
from model.training.corpus.scores import felt_beat
from model.training.corpus.song import chord_cover, snap_to_grid, split_bass
from model.training.corpus.sources import load
from model.training.formats.romantext import analysis, numeral_chord

C_MAJOR = (60, 64, 67)


def midi_file(path: Path, tracks: dict[str, list[tuple[int, int, int]]], tempo: int = 500_000) -> None:
    """Write notes (tick, length, pitch), 480 a quarter, 120 bpm unless said."""
    file = mido.MidiFile(ticks_per_beat=480)
    conductor = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo), mido.MetaMessage("time_signature", numerator=4, denominator=4),
                                mido.MetaMessage("key_signature", key="C")])  # fmt: skip
    file.tracks.append(conductor)
    for name, notes in tracks.items():
        events = sorted([(t, 1, p) for t, _, p in notes] + [(t + n, 0, p) for t, n, p in notes])
        track, at = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
        for tick, on, pitch in events:
            track.append(mido.Message("note_on", note=pitch, velocity=80 * on, time=tick - at))
            at = tick
        file.tracks.append(track)
    file.save(path)


def pop909(folder: Path, chords: tuple[int, ...] = C_MAJOR) -> None:
    """One song: a melody of chord tones on every beat, a bass and a chord on every bar, ten bars."""
    melody = [(480 * i, 400, 72 + (0, 4, 7)[i % 3]) for i in range(40)]
    piano = [(1920 * b, 1900, p) for b in range(10) for p in (36, 55, 64)]
    song = folder / "pop909" / "POP909" / "001"
    song.mkdir(parents=True)
    midi_file(song / "001.mid", {"MELODY": melody, "BRIDGE": [], "PIANO": piano})
    beats = "".join(f"{i * 0.5} {float(i % 2 == 0)} {float(i % 4 == 0)}\n" for i in range(44))
    for name in ("beat_midi.txt", "beat_audio.txt"):
        (song / name).write_text(beats)
    (song / "key_audio.txt").write_text("0.0\t20.0\tC:maj\n")
    corrected = folder / "pop909cl" / "POP909_processed"
    corrected.mkdir(parents=True)
    blocks = [(1920 * b, 1920, p) for b in range(10) for p in chords]
    midi_file(corrected / "001.mid", {"piano": sorted(melody + piano), "chords": blocks})


def test_a_song_of_pop909_has_its_parts_chords_key_and_tempo(tmp_path: Path) -> None:
    pop909(tmp_path)
    [song] = load(tmp_path, ("pop909",))
    assert (song.key, round(song.tempo), len(song.bars), song.end) == ("C major", 120, 10, 19200)
    assert {p: sum(n.part == p for n in song.notes) for p in ("melody", "bass", "chords")} == {
        "melody": 40,
        "bass": 10,
        "chords": 20,
    }
    assert [chord_symbol(c) for _, c in song.chords if c is not None] == ["C"] * 10


def test_a_melody_outside_its_chords_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pop909(tmp_path, chords=(61, 65, 68))
    assert list(load(tmp_path, ("pop909",))) == []
    assert "melody outside the chords" in capsys.readouterr().err


def lead_sheet(path: Path, bars: int = 12, tones: tuple[str, ...] = ("CEGB",)) -> None:
    note = "<note><pitch><step>{}</step><octave>5</octave></pitch><duration>2</duration></note>"
    attributes = (
        "<attributes><divisions>2</divisions><key><fifths>0</fifths><mode>major</mode></key>"
        "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
    )
    harmony = "<harmony><root><root-step>C</root-step></root><kind>major-seventh</kind></harmony>"
    pickup = f"<measure number='0'>{attributes}{note.format('G')}</measure>"
    whole = "".join(
        f"<measure number='{b}'>{harmony}" + "".join(note.format(s) for s in tones[(b - 1) % len(tones)]) + "</measure>"
        for b in range(1, bars)
    )
    text = f"<score-partwise><part-list/><part id='P1'>{pickup}{whole}</part></score-partwise>"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", "<broken'")
        archive.writestr("score.xml", text)


def test_a_lead_sheet_with_a_pickup_and_a_broken_container_is_read(tmp_path: Path) -> None:
    lead_sheet(tmp_path / "openewld" / "dataset" / "A" / "B" / "song.mxl")
    (tmp_path / "openewld" / "genres.csv").write_text(
        "path_leadsheet,language,genres,styles\ndataset/A/B/song.mxl,English,Jazz:4|Pop:1,Swing:3\n"
    )
    [song] = load(tmp_path, ("openewld",))
    assert song.notes[0].start == 3 * 480, "the pickup ends its bar"
    assert song.notes[1].start == 1920
    assert [text for _, text in song.tags] == ["labelled as Jazz", "labelled as Swing"]
    assert {chord_symbol(c) for _, c in song.chords if c is not None} == {"Cmaj7"}


@pytest.mark.parametrize(
    ("numeral", "key", "symbol"),
    [
        ("V65/V", "C major", "D7/F#"), ("viio7", "A minor", "G#dim7"), ("Cad64", "G major", "G/D"), ("N6", "C minor", "C#/F"), ("iiø65", "C minor", "Dm7b5/F"),
        ("VI", "A minor", "F"), ("I64", "C major", "C/G"), ("IV7", "C major", "Fmaj7"), ("V2", "C major", "G7/F"), ("III+", "A minor", "Caug"),
    ],
)  # fmt: skip
def test_numerals_with_figures(numeral: str, key: str, symbol: str) -> None:
    chord = numeral_chord(numeral, parse_key(key))
    assert chord is not None
    assert chord_symbol(chord) == symbol


def test_an_analysis_has_bars_beats_and_keys() -> None:
    read = analysis("Title: x\n\nTime Signature: 4/4\n\nm1 C: I b3 V7\nm2 a: i b2.5 nonsense b3 V\n")
    assert [(m, b, chord_symbol(c), k.name) for m, b, c, k in read] == [
        (0, 0, "C", "C major"), (0, 2, "G7", "C major"), (1, 0, "Am", "A minor"), (1, 2, "E", "A minor"),
    ]  # fmt: skip


def test_onsets_go_to_sixteenths_and_triplets_and_the_rest_is_micro_timing() -> None:
    assert snap_to_grid(125) == (120, 5)
    assert snap_to_grid(158) == (160, -2)
    assert snap_to_grid(475) == (480, -5)


def test_the_lowest_voice_is_the_bass_and_has_one_note_at_a_time() -> None:
    notes = [Note(Ticks(t), Ticks(900), p) for t in (0, 480) for p in (40, 60, 64)]
    bass = [n for n in split_bass(notes) if n.part == "bass"]
    assert [(n.start, n.length, n.pitch) for n in bass] == [(0, 480, 40), (480, 900, 40)]


def test_block_chords_are_named_by_what_fits_best() -> None:
    assert chord_symbol(named((48, 64, 67, 71)) or pytest.fail("none")) == "Cmaj7"
    assert chord_symbol(named((52, 60, 67)) or pytest.fail("none")) == "C/E"
    assert named((60,)) is None


def test_cover_is_the_share_of_melody_time_within_the_chord() -> None:
    melody = (Note(Ticks(0), Ticks(300), 60, 80, "melody"), Note(Ticks(300), Ticks(100), 61, 80, "melody"))
    chord = named((60, 64, 67))
    assert chord_cover(melody, ((Ticks(0), chord),), 400) == 0.75


def test_analysts_count_dotted_quarters_in_compound_metres() -> None:
    assert (felt_beat("6/8"), felt_beat("12/8"), felt_beat("3/4"), felt_beat("7/8"), felt_beat("2/2")) == (
        720,
        720,
        480,
        240,
        960,
    )


def groove(folder: Path, style: str, hits: list[tuple[int, int, int]], meter: str = "4-4") -> None:
    """One performance of hits (tick, pad, velocity)."""
    (folder / "groove" / "drummer1").mkdir(parents=True)
    midi_file(folder / "groove" / "drummer1" / "1.mid", {"drums": [(t, 60, p) for t, p, _ in hits]})
    header = "drummer,session,id,style,bpm,beat_type,time_signature,midi_filename,audio_filename,duration,split\n"
    row = f"drummer1,s,drummer1/1,{style},97,fill,{meter},drummer1/1.mid,,2,validation\n"
    (folder / "groove" / "info.csv").write_text(header + row)


def test_pads_become_roles_and_keep_how_far_off_the_grid_they_were(tmp_path: Path) -> None:
    groove(tmp_path, "funk/groove1", [(0, 36, 80), (127, 26, 80), (230, 40, 80), (1920, 55, 80)])
    [song] = load(tmp_path, ("groove",))
    assert [(n.start, ROLE_OF[n.pitch], n.offset) for n in song.notes] == [
        (0, "kick", 0), (120, "open_hat", 7), (240, "snare", -10), (1920, "crash", 0),
    ]  # fmt: skip
    assert (song.tempo, song.key, song.chords, len(song.bars)) == (97, "", (), 2)
    assert (song.style, song.has_velocities, song.has_timing) == ((("funk", 1.0),), True, True)
    assert ("human", "fill") in song.tags
    assert {line.section for line in song.lines} == {"fill"}


def test_what_a_whole_performance_is_late_is_no_groove() -> None:
    assert lateness([t + 14 for t in range(0, 1920, 120)]) == pytest.approx(14)
    assert lateness([t for q in range(0, 1920, 480) for t in (q, q + 160, q + 320, q + 480)]) == pytest.approx(0)
    assert lateness([14, 134]) == 0, "a few hits tell nothing"


@pytest.mark.parametrize(("style", "place"), [("jazz/swing", 240), ("funk/purdieshuffle", 240), ("jazz/funk", 320)])
def test_the_late_off_beat_of_swung_styles_is_the_straight_one(style: str, place: int) -> None:
    assert [n.start for n in hits([(0, 51, 80), (322, 51, 80)], swung=swings(style))] == [0, place]


def test_of_one_drum_struck_twice_at_one_place_the_louder_stays() -> None:
    assert [n.velocity for n in hits([(0, 38, 40), (3, 40, 90), (6, 38, 60)], swung=False)] == [90]


def test_loops_have_moods_keys_and_rhythms_and_one_title(tmp_path: Path) -> None:
    entry = {"numerals": ["im", "bVIM", "bIIIM", "bVIIM"], "moods": ["Nostalgic", "New"]}
    (tmp_path / "chord_moods.json").write_text(json.dumps({"scales": {"modal": [entry]}}))
    songs = list(load(tmp_path, ("loops",)))
    assert len(songs) == 6
    assert len({s.title for s in songs}) == 1, "they are held out together"
    assert all(("human", "nostalgic") in s.tags and ("human", "new") not in s.tags for s in songs)
    for song in songs:
        tonic = parse_key(song.key).tonic
        found = [((c.root - tonic) % 12, c.quality) for _, c in song.chords[:4] if c is not None]
        assert found == [(0, "m"), (8, ""), (3, ""), (10, "")]
        assert all(
            n.pitch % 12 in (song.chords[n.start // 1920][1] or pytest.fail("none")).pitch_classes for n in song.notes
        )


@pytest.mark.parametrize("first", [0, 1])
def test_the_chords_of_an_analysis_lie_in_their_bars_whatever_it_calls_the_pickup(tmp_path: Path, first: int) -> None:
    place = tmp_path / "lieder" / "scores" / "Composer,_A" / "Set" / "Song"
    lead_sheet(place / "song.mxl", tones=("CEGC", "GBDG"))
    bars = "".join(f"m{first + b} {'I' if b % 2 else 'V'}\n" for b in range(1, 12))
    (place / "analysis.rntxt").write_text(f"Time Signature: 4/4\n\nm{first} b4 C: V\n{bars}")
    [song] = load(tmp_path, ("lieder",))
    assert [(t, chord_symbol(c)) for t, c in song.chords if c is not None][:3] == [
        (1440, "G"),
        (1920, "C"),
        (3840, "G"),
    ]
