"""Measures of music, on music of ours whose figures are known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("symusic")
pytest.importorskip("lxml")

from model.analysis.key_finder import PROFILES
from model.music import midifile
from model.music.harmony import chord_symbol, parse_chord, parse_key
from model.music.notes import Note, Ticks
from model.training.measures import agreement, clips, keys, overlap, report
from model.training.measures.clips import Clip, Notes
from model.training.measures.melody_chords import Model, best_triads, halves
from model.training.measures.tables import estimate
from model.training.measures.texture import (
    bar_overlap,
    chord_changes,
    kick_on_bass,
    melody_on_chord,
    polyphony,
)

BAR = 1920


def notes(*rows: tuple[int, int, int]) -> Notes:
    """Return notes of (start, length, pitch)."""
    return clips.in_order(np.array([(s, n, p, 80) for s, n, p in rows], np.int32))


def made(name: str = "a", bars: int = 4, key: str = "C major", chords: str = "C F G C", **parts: Notes) -> Clip:
    """Return a clip in 4/4 with a chord a bar."""
    changes = tuple((BAR * i, parse_chord(c)) for i, c in enumerate(chords.split()))
    return Clip(name, name, tuple((BAR * i, "4/4") for i in range(bars)), BAR * bars, 100.0, key, parts, changes)


def scale(tonic: int, steps: tuple[int, ...] = (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0, 0)) -> Notes:
    return notes(*[(480 * i, 480, 60 + tonic + s) for i, s in enumerate(steps)])


def test_a_scale_that_dwells_on_its_tonic_is_found_in_every_key() -> None:
    for tonic in range(12):
        clip = made(melody=scale(tonic))
        for profiles in PROFILES:
            assert keys.find(keys.time_of_classes(clip), profiles) == (tonic, False)


def test_a_harmonic_minor_scale_is_found_as_minor() -> None:
    clip = made(melody=scale(2, (0, 2, 3, 5, 7, 8, 11, 12, 7, 3, 0, 0)))
    assert keys.find(keys.time_of_classes(clip)) == (2, True)


def test_silence_has_no_key() -> None:
    assert keys.find(np.zeros(12)) is None


def test_mirex_scores_near_keys_in_part() -> None:
    c, a_minor = (0, False), (9, True)
    assert keys.mirex(c, c) == 1.0
    assert keys.mirex((7, False), c) == 0.5
    assert keys.mirex(a_minor, c) == 0.3
    assert keys.mirex(c, a_minor) == 0.3
    assert keys.mirex((0, True), c) == 0.2
    assert keys.mirex((5, False), c) == 0.0


def test_the_raised_steps_of_minor_count_where_they_are_allowed() -> None:
    clip = made(key="A minor", melody=notes((0, 480, 69), (480, 480, 68)))
    assert keys.in_key(clip) == 0.5
    assert keys.in_key(clip, raised=True) == 1.0


def test_the_last_bass_note_says_whether_a_clip_ends_on_the_tonic() -> None:
    melody = notes((0, 480, 60), (1440, 480, 62))
    assert keys.ends_on_tonic(made(melody=melody, bass=notes((0, 480, 43), (960, 480, 36)))) == 1.0
    assert keys.ends_on_tonic(made(melody=melody)) == 0.0


def test_a_melody_half_on_its_chord_covers_half() -> None:
    assert melody_on_chord(made(bars=1, chords="C", melody=notes((0, 960, 64), (960, 960, 65)))) == 0.5


def test_bars_that_share_one_of_three_onsets_overlap_by_a_third() -> None:
    clip = made(bars=2, chords="", bass=notes((0, 60, 40), (480, 60, 40), (BAR, 60, 40), (BAR + 960, 60, 40)))
    assert bar_overlap(clip, "bass") == pytest.approx(1 / 3)


def test_chords_change_where_something_sounds_and_drums_alone_tell_nothing_of_them() -> None:
    assert chord_changes(made(bass=notes((0, 480, 36)))) == 3 / 4
    assert np.isnan(chord_changes(made(drums=notes((0, 120, 36)))))


def test_silence_does_not_thin_what_sounds_together() -> None:
    assert polyphony(made(melody=notes((0, 960, 64)), bass=notes((0, 480, 36), (1440, 480, 36)))) == 4 / 3


def test_kicks_with_and_without_a_bass_note_are_told_apart() -> None:
    clip = made(drums=notes((0, 120, 36), (960, 120, 36), (480, 120, 38)), bass=notes((10, 240, 36)))
    assert kick_on_bass(clip) == 0.5


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_an_interval_holds_its_mean_and_a_constant_has_none(values: list[int]) -> None:
    found = estimate([float(v) for v in values])
    assert found.low <= found.mean + 1e-9
    assert found.mean <= found.high + 1e-9
    assert found.count == len(values)
    if len(set(values)) == 1:
        assert found.low == pytest.approx(found.high)


def test_values_of_one_song_are_drawn_together() -> None:
    values = [0.0, 1.0] * 20
    alone, together = estimate(values), estimate(values, [i % 2 for i in range(40)])
    assert together.high - together.low > alone.high - alone.low


def test_like_songs_overlap_like_human_halves_and_unlike_ones_hardly() -> None:
    rng = np.random.default_rng(0)
    human, same, other = rng.normal(0, 1, 120), rng.normal(0, 1, 60), rng.normal(6, 1, 60)
    groups = [i // 3 for i in range(120)]
    measured = overlap.scalar_overlap(human)
    assert overlap.compared(same, human, groups, measured)["ratio"] > 0.85
    assert overlap.compared(other, human, groups, measured)["ratio"] < 0.3


def cadences(count: int) -> list[Clip]:
    """Return songs that go C F G C under a melody that says so, each in another key."""
    songs = []
    for i in range(count):
        bars = [(0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)]
        melody = [(BAR * b + 480 * k, 480, 60 + i % 12 + p[k % 3]) for b, p in enumerate(bars) for k in range(4)]
        symbols = [chord_symbol(parse_chord(("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")[(i + r) % 12]))
                   for r in (0, 5, 7, 0)]  # fmt: skip
        key = parse_key(symbols[0]).name
        songs.append(made(f"s{i}", key=key, chords=" ".join(symbols), melody=notes(*melody)))
    return songs


def test_the_hidden_markov_model_finds_the_chords_of_what_it_has_learnt() -> None:
    songs = cadences(24)
    model = Model.fit(songs[:12])
    for song in songs[12:]:
        assert agreement.roots_agree(model.chords(song), song) == 1.0
        assert agreement.roots_agree(best_triads(song), song) == 1.0
    assert Model.fit(songs).chords(songs[0], behind=True)[0] == songs[0].chords[0]


def test_a_chord_that_is_coloured_on_its_way_counts_as_one_root() -> None:
    [song] = cadences(1)
    c, third, f = parse_chord("C"), parse_chord("Am"), parse_chord("F")
    quarter = BAR // 4
    # C holds for half of the first bar in two colours, A minor for the other half but a quarter
    coloured = ((0, c), (quarter, parse_chord("Cmaj7")), (2 * quarter, third), (3 * quarter + 60, f))
    assert agreement.roots_agree((*coloured, *song.chords[1:]), song) == 1.0


def test_an_odd_bar_has_its_longer_half_first() -> None:
    waltz = Clip("w", "w", ((0, "3/4"),), 1440, 100.0, "C major", {"melody": notes((0, 1440, 60))})
    assert [(h.start, h.end, h.first) for h in halves(waltz)] == [(0, 960, True), (960, 1440, False)]
    assert halves(waltz)[0].heard[0] == 2.0


def test_a_second_annotation_is_laid_where_it_agrees_best(tmp_path: Path) -> None:
    song = made("pop909-001", bars=8, chords="C Am F G C Dm G C")
    (tmp_path / "001").mkdir()
    beats = "".join(f"{i * 0.5} {i % 2} {i % 4}\n" for i in range(40))
    (tmp_path / "001" / "beat_midi.txt").write_text(beats)
    rows = [f"{2 + i * 2.0}\t{4 + i * 2.0}\t{c}\n" for i, c in enumerate(("C:maj", "A:min", "F:maj", "G:7", "C:maj", "D:min", "G:maj", "C:maj"))]  # fmt: skip
    (tmp_path / "001" / "chord_midi.txt").write_text("0.0\t2.0\tN\n" + "".join(rows))
    again = agreement.annotated_twice([song], tmp_path)[0]
    assert agreement.roots_agree(again.chords, song) == 1.0
    assert agreement.size(again) > agreement.size(song)


def test_windows_are_cut_at_their_ends_and_carry_the_chord_that_sounds() -> None:
    song = made(bars=5, chords="C F", melody=notes((0, 5000, 60), (4000, 4000, 62)))
    first, second = clips.windows(song, 2)
    assert (first.part("melody")[:, clips.LENGTH]).tolist() == [3840]
    assert second.part("melody").tolist() == [[160, 3680, 62, 80]]
    assert [c.root for _, _, c in second.spans] == [5]
    assert (second.end, second.group) == (2 * BAR, "a")


def test_clips_are_saved_and_loaded_alike(tmp_path: Path) -> None:
    clip = made(melody=scale(0), drums=notes((0, 120, 36)), chords="C C/E")
    clips.save(tmp_path / "all.npz", [clip, made("b")])
    again, empty = clips.load(tmp_path / "all.npz")
    assert (again.name, again.bars, again.end, again.chords, empty.parts) == (
        "a",
        clip.bars,
        clip.end,
        clip.chords,
        {},
    )
    np.testing.assert_array_equal(again.part("drums"), clip.part("drums"))


def folder_of_clips(path: Path) -> Path:
    rows = ["file\tprompt\tseed\tlabel\tset"]
    for seed in range(2):
        song = midifile.Song(
            bars=tuple((Ticks(BAR * i), "4/4") for i in range(2)),
            end=Ticks(2 * BAR),
            tempos=((Ticks(0), 90.0),),
            key="A minor",
            notes=tuple(Note(Ticks(480 * i), Ticks(400), 69 + (0, 3, 7, 2 * seed)[i % 4], 90, "melody") for i in range(8)),
            chords=((Ticks(0), "Am"), (Ticks(BAR), "E7")),
        )  # fmt: skip
        midifile.write(path / f"{seed}.mid", song)
        rows.append(f"{seed}.mid\ta sad tune\t{seed}\tfolk\t")
    (path / "clips.tsv").write_text("\n".join(rows) + "\n")
    return path


def test_a_folder_of_clips_is_read_with_what_its_table_tells(tmp_path: Path) -> None:
    first, second = clips.folder(folder_of_clips(tmp_path))
    assert (first.prompt, second.seed, first.label, first.key) == ("a sad tune", 1, "folk", "A minor")
    assert first.tempo == pytest.approx(90)
    assert [c.root for _, _, c in first.spans] == [9, 4]


def test_everything_that_can_be_measured_goes_into_json_and_tables(tmp_path: Path) -> None:
    humans = [Clip(**{f: getattr(s, f) for f in s.__slots__} | {"source": "pop909", "split": ("train", "test")[i % 2]})
              for i, s in enumerate(cadences(24))]  # fmt: skip
    tree = report.measured(
        report.MeasureInput(clips.folder(folder_of_clips(tmp_path)), humans, bars=4), list(report.MEASURES)
    )
    plain = json.loads(json.dumps(report.plain(tree), allow_nan=False))
    assert plain["keys"]["ours"]["note time in key"]["mean"] == 1.0
    assert plain["chords"]["hidden Markov model"]["root per bar"]["mean"] == 1.0
    assert plain["diversity"]["prompts"]["a sad tune"]["different progressions"] == 1
    assert plain["copying"]["human"]["runs, intervals"]["count"] == 12
    assert "## texture" in report.text(tree)


def test_held_out_melodies_are_written_without_their_chords(tmp_path: Path) -> None:
    songs = [Clip(**{f: getattr(s, f) for f in s.__slots__} | {"split": "test"}) for s in cadences(3)]
    report.write_melodies(songs, "test", 4, 2, tmp_path / "out")
    written = clips.folder(tmp_path / "out")
    assert len(written) == 2
    assert all(c.name.endswith("@1") and not c.chords and set(c.parts) == {"melody"} for c in written)
