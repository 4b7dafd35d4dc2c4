from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model.songbook.__main__ import main
from model.songbook.lint import check, check_file, together
from model.songbook.packets import SPOILS
from model.songbook.reader import read
from model.songbook.tables import PITCHED, styles
from tests.model.songbook.texts import piece, spread, text


def errors(body: str, **header: str) -> set[str]:
    return {fault.law for fault in check(piece(body, **header)).errors}


def warnings(body: str, **header: str) -> set[str]:
    return {fault.law for fault in check(piece(body, **header)).warnings}


def tune(tokens: str, chords: str = "C") -> str:
    return f"section A 1\nharmony\n{chords}\nmelody\n1: {tokens}"


def test_a_plain_piece_has_no_errors() -> None:
    assert errors(tune("C5:8 E5:8")) == set()


@pytest.mark.parametrize(
    ("tokens", "chords", "law"),
    [
        ("F5:16", "C", {"strong"}),
        ("C#5:8 .:8", "C", {"strong"}),
        ("F5:8 E5:8", "C", set()),
        ("A5:16", "C", set()),
        ("D5:16", "Cm7", set()),
        ("C#5:2 D5:2 E5:12", "C", set()),
        ("F#5:16", "C7", set()),
        ("F5:16", "NC", set()),
    ],
)
def test_a_long_note_on_a_strong_beat_is_of_its_chord_or_resolves(tokens: str, chords: str, law: set[str]) -> None:
    assert errors(tune(tokens, chords)) == law


def test_an_eighth_against_the_chord_is_questionable_only() -> None:
    body = tune("C#5:2 .:6 E5:8")
    assert errors(body) == set()
    assert "strong" in warnings(body)


def test_parts_a_semitone_apart_rub_unless_the_symbol_holds_both() -> None:
    chords = "\nchords\n1: x:16"
    assert errors(tune(".:4 F4:12", "C") + chords) >= {"rub"}
    assert errors(tune("B4:16", "Cmaj7") + chords.replace("x", "C5")) == set()
    assert errors(tune(".:4 F4:2 .:10", "C") + chords) == set()


def test_a_pitch_out_of_range_is_wrong() -> None:
    assert errors(tune("C8:16")) == {"range"}


def test_a_chord_begins_with_its_tones_in_the_bass() -> None:
    body = "section A 1\nharmony\nC\nmelody\n1: C5:16\nbass\n1: {}"
    assert errors(body.format("C#2:8 G2:8")) == {"bass"}
    assert errors(body.format("E2:8 G2:8")) == set()
    assert errors(body.format("C#2:1 C2:15")) == set()


def test_voices_that_leap_are_wrong_only_where_voices_lead() -> None:
    body = "section A 1\nharmony\nC F\nvoicings\nF = F5 A5 C6\nchords\n1: x:8 x:8\nmelody\n1: C5:16"
    assert errors(body) == {"voice"}
    assert errors(body, style="techno", family="techno") == set()


def test_bass_and_kick_know_of_each_other() -> None:
    body = "section A 4\nharmony\nC | C | C | C\nmelody\nall: C5:16\nbass\nall: {}\ndrums\nall:\nK 9.....9.9.....9."
    apart = body.format(".:1 C2:1! .:1 C2:1! .:2 C2:1 .:5 C2:4!")
    together = body.format("C2:6! C2:2! C2:6! C2:2!")
    assert errors(apart, style="house", family="club") == {"kick"}
    assert errors(together, style="house", family="club") == set()


def test_a_drop_is_not_softer_than_its_build() -> None:
    body = "section A 2 build\nharmony\nC | C\nmelody\nall: C5:8 E5:8\nsection B = A drop\nlevel {}"
    assert errors(body.format("-20"), form="A B") == {"dynamics"}
    assert errors(body.format("+6"), form="A B") == set()


def test_a_long_piece_comes_back_to_something() -> None:
    section = "section {} 12\nharmony\n" + "C | " * 11 + "C\nmelody\nall: C5:8 E5:8\n"
    assert errors(section.format("A") + section.format("B"), form="A B") == {"return"}
    assert errors(section.format("A") + "section B = A", form="A B") == set()


def test_a_loop_does_not_end_in_silence() -> None:
    body = "section A 4\nharmony\nC | C | C | C\nmelody\n1-2: C5:8 E5:8\n3-4: -"
    assert errors(body) == {"ends"}
    assert errors(body, ends="close") == set()


def test_captions_are_counted_and_a_third_is_from_the_notes() -> None:
    plain = text(tune("C5:16"))
    for said, instead in (("zh: 一\n", ""), ("en: two\n", "en: one\n"), ("en*: ", "en: ")):
        wrong = plain.replace(said, instead).replace("zh*: ", "zh: ")
        assert {f.law for f in check(read(wrong)).errors} == {"structure"}


def test_style_family_folder_and_lead_are_those_of_the_table() -> None:
    assert errors(tune("C5:16"), style="polka-dot") == {"structure"}
    assert errors(tune("C5:16"), family="club") == {"structure"}
    assert errors(tune("C5:16"), lead="arp") == {"structure"}


def test_a_waiver_silences_its_law_in_its_bars_and_is_counted() -> None:
    body = tune("F5:16") + "\nwaive strong 1: the suspended fourth never resolves, on purpose"
    report = check(piece(body))
    assert (report.errors, report.waived) == ((), 1)
    assert "strong" in warnings(body.replace("F5", "E5"))


def test_a_copy_inherits_waivers() -> None:
    body = "section A 2\nharmony\nC | C\nmelody\n1: E5:16\n2: F5:16\nwaive strong 2: on purpose\nsection B = A 2-2"
    assert errors(body, form="A B") == set()


def test_a_fault_in_a_copy_is_said_at_the_line_that_is_to_blame_once() -> None:
    found = check(piece("section A 1\nharmony\nC\nmelody\n1: C#5:16", form="A A A")).errors
    assert [(f.line, f.column, f.section, f.bar) for f in found] == [(len(text("").splitlines()) + 4, 4, "A", 1)]


def test_a_title_belongs_to_one_piece() -> None:
    one, other = (check(replace(piece(tune("C5:16")), file=name)) for name in ("one", "other"))
    found = together([one, other])
    assert [len(report.errors) for report in found] == [0, 1]
    assert "plan row" in found[1].warnings[-1].what


def test_pieces_of_the_book_can_be_read_and_keep_the_laws() -> None:
    reports = together([check_file(path) for path in spread(80)])
    assert [str(fault) for report in reports for fault in report.errors] == []
    waived = sum(report.waived > 0 for report in reports)
    assert waived <= 0.02 * len(reports) + 1


def test_most_pieces_with_the_bass_a_semitone_off_are_found() -> None:
    assert "bass a semitone off" in SPOILS
    found = []
    for path in spread(25):
        good = check_file(path).piece
        assert good is not None
        if "bass" in good.header.sound and any("bass" in s.pitched for s in good.sections.values()):
            off = {
                name: replace(
                    s,
                    pitched={
                        part: tuple(replace(b, up=b.up + 1) if b and part == "bass" else b for b in bars)
                        for part, bars in s.pitched.items()
                    },
                )
                for name, s in good.sections.items()
            }
            found.append(bool(check(replace(good, sections=off)).errors))
    assert sum(found) >= 0.8 * len(found)


def test_the_command_says_how_many_and_fails_on_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text(tune("C5:16")), encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 0
    assert "1 pieces, 1 bars: 0 errors" in capsys.readouterr().out
    path.write_text(text(tune("C5:15")), encoding="utf-8")
    assert main(["check", str(path)]) == 1
    assert f"{path}:" in capsys.readouterr().out
    assert main(["midi", str(path), "-o", str(tmp_path / "a.mid")]) == 2


def test_styles_have_their_own_names_folders_and_indexes() -> None:
    table = styles()
    assert len({s.slug for s in table.values()}) == len({s.index for s in table.values()}) == len(table)
    assert len(table) >= 58
    assert len({s.family for s in table.values()}) >= 12
    assert sum(s.count for s in table.values()) >= 1050
    assert set(PITCHED) == {"chords", "melody", "bass", "pad", "arp"}
