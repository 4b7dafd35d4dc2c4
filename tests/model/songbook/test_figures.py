from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.songbook.__main__ import main
from model.songbook.figures import MELODIC, Song, compared, figures, load_song, song
from model.songbook.likeness import KINDS, shared
from model.songbook.midi import save
from model.songbook.rendering import perform
from tests.model.songbook.texts import piece, text

FOUR = "section A 4\nharmony\nC | F | C | G7\nmelody\n1,3: C5:4 E5:4 G5:8\n2: A5:4 F5:4 C5:8\n4: -\n"


def measured(body: str, **header: str) -> Song:
    return song(perform(piece(body, **header)))


def test_returns_are_counted_within_eight_and_sixteen_bars() -> None:
    found = figures(measured(FOUR, form="A A"))
    assert found["return8"] == pytest.approx(4 / 6)
    assert found["rhythm8"] == pytest.approx(5 / 6)
    assert found["empty"] == pytest.approx(2 / 8)
    assert found["range"] == 9
    assert found["height"] == 76


def test_intervals_are_shares_of_one() -> None:
    found = figures(measured(FOUR, form="A A"))
    assert found["repeats"] + found["steps"] + found["thirds"] + found["leaps"] == pytest.approx(1)


def test_loops_fifths_and_held_chords_are_told() -> None:
    found = figures(measured(FOUR, form="A A"))
    assert found["loops"] == 1
    assert found["fifths"] == pytest.approx(3 / 7)
    assert found["held"] == 0
    assert figures(measured("section A 4\nharmony\nC | C | F | C F\nmelody\nall: -"))["held"] == pytest.approx(1 / 3)


def test_dance_keeps_its_drums() -> None:
    drums = "drums\n1-3:\nK 9...9...9...9...\nH 5.5.5.5.5.5.5.5.\n4:\nK 9...\nS .999\n"
    assert figures(measured(FOUR + drums))["drums_kept"] == 1
    apart = "drums\n1:\nK 9999\n2:\nS 9999\n3:\nH 9999\n4:\nC 9999\n"
    assert figures(measured(FOUR + apart))["drums_kept"] == 0


def test_the_same_is_measured_of_a_text_and_of_its_file(tmp_path: Path) -> None:
    performance = perform(piece(FOUR, form="A A"))
    save(performance, tmp_path / "a.mid", canonical=True)
    assert figures(load_song(tmp_path / "a.mid")) == figures(song(performance))


def test_a_group_is_held_against_quartiles() -> None:
    theirs = [{"return8": x / 10} for x in range(11)]
    lines = compared("g", [{"return8": 0.3}, {"return8": 0.9}, {"return8": 0.5}], theirs, MELODIC)
    assert [(line.ours, line.low, line.high, line.inside) for line in lines] == [(0.5, 0.25, 0.75, True)]
    assert not compared("g", [{"return8": 0.1}], theirs, MELODIC)[0].inside


def test_commands_measure_and_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    for name in ("a", "b", "c", "d"):
        (ours / f"{name}.txt").write_text(text(FOUR, form="A A", title=name), encoding="utf-8")
    assert main(["figures", str(ours), "--group", "people"]) == 0
    human = tmp_path / "people.json"
    human.write_text(capsys.readouterr().out, encoding="utf-8")
    assert json.loads(human.read_text(encoding="utf-8"))["songs"][0]["return8"] == pytest.approx(0.6667)
    assert main(["distribution", str(ours), "--melodies", str(human), "--chords", str(human)]) == 0
    assert "sung / people: return16" in capsys.readouterr().out
    assert main(["table", str(ours)]) == 0
    assert "| pop | pop | 4 | 32 | 1 | 20 | 4/4 |" in capsys.readouterr().out
    assert main(["likeness", str(ours)]) == 0
    assert "progressions: ours, 4 songs: 1 of 1 shared" not in capsys.readouterr().out


def test_what_two_pieces_share_is_found_in_any_key() -> None:
    hook = "section A 4\nharmony\nC | F | G7 | C\nchords\nall: x:8 x:8\nmelody\nall: C5:4 E5:4 G5:2 E5:2 C5:4\ndrums\nall:\nK 9.9.9.9.\nS .9.9.9.9\nH 55555555\n"
    a = measured(hook, title="One")
    b = measured(hook.replace("C5", "D5").replace("E5", "F#5").replace("G5", "A5"), title="Two")
    c = measured(FOUR, title="Three")
    for kind in KINDS:
        found = shared([a, b, c], kind)
        assert found.shared == 1
        assert [name for name, _ in found.places[0]] == ["One", "Two"]
        assert shared([a, c], kind).shared == 0
