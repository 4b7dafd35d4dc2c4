from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.songbook.lint import check
from model.songbook.piece import NotationError
from model.songbook.reader import read
from model.songbook.rendering import perform
from tests.model.songbook.texts import melody, notes, piece, text

BAR = "section A 1\nharmony\nC\nmelody\n1: C5:16\n"


def faults(body: str, **header: str) -> list[tuple[int, int, str]]:
    with pytest.raises(NotationError) as found:
        perform(piece(body, **header))
    return [(fault.line, fault.column, fault.what) for fault in found.value.faults]


def test_a_token_without_a_length_has_the_length_of_the_one_before() -> None:
    assert melody("C5:4 D5 E5:8") == [(0, 480, 72, 80), (480, 480, 74, 80), (960, 960, 76, 80)]


def test_a_group_is_as_if_written_out() -> None:
    assert melody("[C5:1 [E5]*3]*4") == melody("C5:1 E5 E5 E5 C5 E5 E5 E5 C5 E5 E5 E5 C5 E5 E5 E5")


def test_a_bar_may_hold_fractions_of_units() -> None:
    assert [n[:2] for n in melody("C5:8/3 D5 E5 .:8")] == [(0, 320), (320, 320), (640, 320)]


def test_a_copy_changes_only_the_bars_that_it_writes() -> None:
    body = "section A 2\nharmony\nC | F\nmelody\nall: C5:16\nsection B = A\nmelody 2: E5:16"
    assert [n[2] for n in notes("melody", body, form="A B A")] == [72, 72, 72, 76, 72, 72]


def test_a_copy_may_be_of_some_bars_only() -> None:
    body = "section A 4\nharmony\nC | F | C | G7\nmelody\n1: C5:16\n2: D5:16\n3: E5:16\n4: F5:16\nsection B = A 3-4"
    assert [n[2] for n in notes("melody", body, form="A B")] == [72, 74, 76, 77, 76, 77]


def test_a_copy_that_names_a_bar_of_drums_clears_it_and_plus_keeps_it() -> None:
    body = (
        f"{BAR}drums\n1:\nK 9...9...9...9...\nS ....8.......8...\n"
        "section B = A\ndrums 1:\nH 8...............\n"
        "section C = A\ndrums +1:\nS 8...............\nK -"
    )
    struck = notes("drums", body, form="A B C")
    assert [n[2] for n in struck if n[0] < 1920] == [36, 36, 38, 36, 36, 38]
    assert [n[2] for n in struck if 1920 <= n[0] < 3840] == [42]
    assert [(n[0] - 3840, n[2]) for n in struck if n[0] >= 3840] == [(0, 38)]


def test_drum_blocks_of_one_section_add_up() -> None:
    struck = notes("drums", f"{BAR}drums\n1:\nK 9...............\nall:\nS 8...............")
    assert [n[2] for n in struck] == [36, 38]


def test_operations_work_in_the_order_of_the_lines() -> None:
    body = (
        "section A 2\nharmony\nC | C\nmelody\nall: C5:16\n"
        "section B = A\nmelody up 12\nmelody dynamics +5 2\nmelody 1: D5:16\nlevel +3"
    )
    assert [n[2:] for n in notes("melody", body, form="A B")] == [(72, 80), (72, 80), (74, 83), (84, 88)]


def test_a_part_that_is_out_is_silent() -> None:
    body = "section A 2\nharmony\nC | C\nmelody\nall: C5:16\nbass\nall: C2:16\nsection B = A\nmelody out\nbass out 1"
    assert len(notes("melody", body, form="A B")) == 2
    assert [n[0] for n in notes("bass", body, form="A B")] == [0, 1920, 5760]


def test_bars_may_be_taken_from_another_section() -> None:
    body = (
        "section A 2\nharmony\nC | F\nmelody\n1: C5:16\n2: F5:16\n"
        "section B 4\nharmony from A\nharmony from A at 3\nmelody from A 2 at 1\nmelody from A at 3\nmelody 2: -"
    )
    found = [(n[0] // 1920, n[2]) for n in notes("melody", body, form="A B")]
    assert found == [(0, 72), (1, 77), (2, 77), (4, 72), (5, 77)]


def test_a_transposed_section_moves_its_harmony_and_voices_too() -> None:
    body = "section A 1\nharmony\nC\nchords\n1: x:16\nsection B = A\ntranspose +2"
    played = perform(piece(body, form="A B"))
    assert [s.symbol for s in played.harmony] == ["C", "D"]
    assert [n.pitch for n in played.notes()["chords"]] == [60, 64, 67, 62, 66, 69]


def test_harmony_shares_its_bar_or_says_units() -> None:
    played = perform(piece("section A 3\nharmony\nC F | C:12 G7:4 | %\nmelody\nall: -"))
    assert [(s.start, s.symbol) for s in played.harmony] == [
        (0, "C"), (960, "F"), (1920, "C"), (3360, "G7"), (3840, "C"), (5280, "G7"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("meter", "bar"),
    [("2/4", 8), ("3/4", 12), ("5/4", 20), ("6/8", 12), ("7/8", 14), ("9/8", 18), ("12/8", 24), ("4/4", 16)],
)
def test_a_bar_has_as_many_units_as_its_metre(meter: str, bar: int) -> None:
    assert melody(f"C5:{bar}", meter=meter) == [(0, bar * 120, 72, 80)]
    with pytest.raises(NotationError, match="units, not"):
        melody(f"C5:{bar + 1}", meter=meter)


@pytest.mark.parametrize(("meter", "steps"), [("4/4", 24), ("3/4", 12), ("7/8", 14), ("12/8", 36), ("2/4", 16)])
def test_a_drum_row_divides_its_bar(meter: str, steps: int) -> None:
    body = BAR.replace("C5:16", "-") + f"drums\n1:\nK {'9' * steps}"
    assert len(notes("drums", body, meter=meter)) == steps
    assert "steps" in faults(body + "9", meter=meter)[0][2]


def test_a_fault_says_line_and_column() -> None:
    first = len(text("").splitlines())
    assert faults("section A 1\nharmony\nC\nmelody\n1: C5:8 D6: E5:8") == [(first + 5 - 1, 9, "not a token: D6:")]


def test_a_fault_says_section_and_bar() -> None:
    body = "section A 3\nharmony\nC | Hm | C\nmelody\n2-3: D6:\nbass\n1-3: -\ndrums\n3:\nk 9\nlevel loud"
    with pytest.raises(NotationError) as wrong:
        read(text(body))
    assert [(f.section, f.bar) for f in wrong.value.faults[-4:]] == [("A", 2), ("A", 2), ("A", 3), ("", 0)]


def test_every_fault_of_a_text_is_found() -> None:
    found = faults("section A 2\nharmony\nC | Hm\nmelody\n1: C5:15\nbass\n1: C2:16", energy="9", colour="red")
    whats = " ".join(what for *_, what in found)
    for part in (
        "not a chord symbol: Hm",
        "15 units, not 16",
        "bass lacks bar 2",
        "must be in 1..5",
        "called colour",
    ):
        assert part in whats


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("section A 1\nmelody\n1: -", "no harmony"),
        ("section A 1\nharmony\nC:8 F\nmelody\n1: -", "all chords"),
        ("section A 1\nharmony\nC:8 F:4\nmelody\n1: -", "has 12 units"),
        ("section A 1\nharmony\nC\nmelody\n1: -\n1: -", "written twice"),
        ("section A 1\nharmony\nC\nmelody\n2: -", "has 1 bars"),
        ("section A 1\nharmony\nC\nchords\n1: 4:16", "3 voices"),
        ("section A 1\nharmony\nAm\nchords\n1: x:16", "no voicing"),
        ("section A 1\nharmony\nC\nmelody\n1: .:4 ~:12", "nothing before it"),
        ("section A 1\nharmony\nC\nmelody\n1: [C5:1", "does not end"),
        ("section A 1\nharmony\nC\nmelody\n1: C5:16%3", "does not divide"),
        ("section A 1\nharmony\nC\nmelody\n1: C5:1/7", "whole number"),
        ("section A 1\nharmony\nC\nmelody\n1: .:16!", "no marks"),
        ("section A = B", "no section B"),
        ("section A 1 jump\nharmony\nC", "kinds are"),
        ("section A 1\nharmony\nC\nmelody\n1: -\nmelody from B", "no section B"),
        ("section A 1\nharmony\nC\nwaive taste 1: I like it", "laws that can be waived"),
        ("section A 1\nharmony\nC\ndrums\n1:\nk 9...9...9...9...", "no drum has the letter"),
        ("section A 1\nharmony\nC\nsection B 1\nharmony\nC", "not in the form"),
        ("section A 1\nharmony\nC\nperc up 2", "no bars here"),
    ],
)
def test_what_is_wrong_is_said(body: str, what: str) -> None:
    assert any(what in said for *_, said in faults(body))


def test_the_example_of_the_docs_is_a_piece_and_keeps_the_laws() -> None:
    docs = Path(__file__).parents[3] / "docs" / "songbook.md"
    example = docs.read_text(encoding="utf-8").split("```")[1]
    assert check(read(example)).errors == ()
    assert perform(read(example)).length == 6 * 1920


TOKENS = st.text(alphabet="ABCGx12345:./~!,'_\\%@$^>&[]*{}+-# b4\n|;=", max_size=60)


@given(TOKENS)
def test_garbage_gives_notation_errors_and_nothing_else(garbage: str) -> None:
    for body in (f"section A 1\nharmony\nC\nmelody\n1: {garbage}", f"section A 1\n{garbage}", garbage):
        with suppress(NotationError):
            perform(read(text(body)))
