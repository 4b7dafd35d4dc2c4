from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.music.obedience import expectations, facts, implied, judge
from model.music.drums import ROLES
from model.music.harmony import parse_chord, parse_key
from model.music.midifile import Song
from model.music.notes import METERS, PARTS, Note, Ticks
from model.music.plan import Plan
from model.styles import STYLES

QUARTER = 480
BAR = 4 * QUARTER


def note(quarter: float, pitch: int, length: float = 1.0, part: str = "melody", velocity: int = 80) -> Note:
    return Note(Ticks(round(quarter * QUARTER)), Ticks(round(length * QUARTER)), pitch, velocity, part)


def song(*notes: Note, chords: tuple[tuple[int, str], ...] = (), bars: int = 1, key: str = "C major") -> Song:
    return Song(
        bars=tuple((Ticks(i * BAR), "4/4") for i in range(bars)),
        end=Ticks(bars * BAR),
        tempos=((Ticks(0), 120.0),),
        key=key,
        notes=notes,
        chords=tuple((Ticks(quarter * QUARTER), symbol) for quarter, symbol in chords),
    )


def triad(quarter: float, root: int, third: int = 4, length: float = 4.0) -> list[Note]:
    return [note(quarter, root + i, length, "chords") for i in (0, third, 7)]


# --- the suite -------------------------------------------------------------------------------------


def test_the_suite_is_as_large_and_as_mixed_as_it_must_be() -> None:
    asked = expectations.prompts()
    by_language = {language: [p for p in asked if p.language == language] for language in ("en", "zh")}
    assert len(by_language["en"]) >= 80
    assert len(by_language["zh"]) >= 60
    assert len({p.language for p in asked}) == 9
    assert len([p for p in by_language["zh"] if p.pair]) >= 60
    assert len(expectations.facts()) >= 200
    assert len({p.text for p in asked}) == len(asked)


def test_paraphrases_and_parallel_sentences_are_on_one_side() -> None:
    for of in (lambda p: p.wish, lambda p: p.pair):
        for name, group in groupby(sorted(expectations.prompts(), key=of), key=of):
            if name:
                assert len({p.half for p in group}) == 1, name


def test_a_pair_is_one_english_and_one_chinese_sentence_of_one_wish() -> None:
    paired = sorted((p for p in expectations.prompts() if p.pair), key=lambda p: p.pair)
    for _, group in groupby(paired, key=lambda p: p.pair):
        english, chinese = sorted(group, key=lambda p: p.language)
        assert (english.language, chinese.language) == ("en", "zh")
        assert (english.wish, english.expected) == (chinese.wish, chinese.expected)


def test_every_range_of_the_suite_can_be_met() -> None:
    for asked in expectations.prompts():
        for name, said in asked.expected:
            if name == "style":
                assert set(said.split(",")) <= set(STYLES), asked.text
            elif name == "parts":
                assert {part.strip("!") for part in said.split(",")} <= set(PARTS), asked.text
            else:
                assert all(low <= high for low, high in expectations.ranges(said)), asked.text
                assert name == "tempo" or all(low >= 0 and high <= 1 for low, high in expectations.ranges(said))


def test_every_fact_of_the_suite_can_be_read() -> None:
    for fact in expectations.facts():
        for name, said in fact.expected:
            match name:
                case "key":
                    parse_key(said)
                case "meter":
                    assert said.strip("!") in METERS
                case "chords" | "roots":
                    assert all(parse_chord(c) for bar in said.split(",") for c in bar.split())
                case "parts" | "without" | "has":
                    assert set(said.split(",")) <= set(PARTS)
                case "bars":
                    assert int(said) > 0


def test_every_axis_has_six_pairs_in_two_languages() -> None:
    for axis in expectations.AXES:
        pairs = [o for o in expectations.opposites() if o.axis == axis]
        assert len(pairs) >= 6
        assert {o.language for o in pairs} == {"en", "zh"}


def test_every_measure_of_the_suite_is_known() -> None:
    busy = song(*triad(0, 60), note(0, 36, 1, "bass"), note(1, 72), chords=((0, "C"),))
    for measure in {o.axis for o in expectations.opposites()} | {r.measure for r in expectations.refinements()}:
        judge.measured(measure, busy)


def test_an_unknown_expectation_is_refused(tmp_path: Path) -> None:
    (tmp_path / "facts.tsv").write_text("en\tloud\tloudness=9\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not 'loudness'"):
        expectations.facts(tmp_path)


@given(low=st.integers(0, 300), width=st.integers(0, 50))
@settings(max_examples=30)
def test_both_ends_of_a_range_are_inside(low: int, width: int) -> None:
    said = f"{low}-{low + width}"
    assert expectations.inside(low, said)
    assert expectations.inside(low + width, said)
    assert not expectations.inside(low + width + 1, said)


# --- judging ---------------------------------------------------------------------------------------

PLAN = Plan(key="C major", progression=("C", "G"), parts=("chords",), bars=2, meter="4/4", tempo=120)
KEPT = song(*triad(0, 60), *triad(4, 55), chords=((0, "C"), (4, "G")), bars=2)


@pytest.mark.parametrize(
    ("name", "said", "right"),
    [
        ("tempo", "120", True), ("tempo", "90-100", False), ("meter", "4/4", True), ("meter", "!3/4", True),
        ("meter", "!4/4", False), ("bars", "2", True), ("bars", "8", False), ("key", "C major", True),
        ("key", "A minor", False), ("mode", "major", True), ("mode", "minor", False), ("parts", "chords", True),
        ("parts", "chords,bass", False), ("without", "drums", True), ("without", "chords", False), ("has", "drums", False),
        ("chords", "C,G", True), ("chords", "C,G7", False), ("roots", "Cmaj7,G7", True), ("degrees", "I,V", True),
        ("degrees", "I,IV", False),
    ],
)  # fmt: skip
def test_a_fact_is_judged_alike_by_the_notes_and_by_the_plan(name: str, said: str, right: bool) -> None:
    verdict = facts.judged(((name, said),), KEPT, PLAN)[0]
    assert (verdict.heard, verdict.understood) == (right, right)


def test_a_key_that_given_chords_leave_open_is_counted_apart() -> None:
    plan = replace(PLAN, progression=("F", "G"))
    heard = song(*triad(0, 65), *triad(4, 55), chords=((0, "F"), (4, "G")), bars=2)
    (open_,) = facts.judged((("key", "C major"),), heard, plan)
    assert (open_.name, open_.heard) == (facts.OPEN, True)
    (free,) = facts.judged((("key", "C major"),), heard, replace(plan, progression=None))
    assert (free.name, free.heard) == ("key", False)


def test_chords_that_are_written_but_not_played_are_not_obeyed() -> None:
    elsewhere = replace(KEPT, notes=(*triad(0, 61), *triad(4, 56)))
    assert facts.judged((("chords", "C,G"),), elsewhere, PLAN)[0].heard is False


def test_without_a_song_only_the_words_are_judged() -> None:
    verdict = facts.judged((("tempo", "120"),), None, PLAN)[0]
    assert (verdict.heard, verdict.understood) == (None, True)


def test_half_time_has_its_backbeat_on_three() -> None:
    half = song(note(0, ROLES["kick"], 0.2, "drums"), note(2, ROLES["snare"], 0.2, "drums"))
    normal = song(note(1, ROLES["snare"], 0.2, "drums"), note(3, ROLES["snare"], 0.2, "drums"))
    assert facts.judged((("feel", "half"),), half, PLAN)[0].heard is True
    assert facts.judged((("feel", "half"),), normal, PLAN)[0].heard is False


def test_an_implied_style_is_left_to_the_plan() -> None:
    plan = replace(PLAN, style=(("jazz", 0.6), ("pop", 0.4)))
    verdict = implied.judged((("style", "jazz,blues"),), KEPT, plan)[0]
    assert (verdict.heard, verdict.understood) == (None, True)


def test_a_part_that_must_not_play_is_missed_where_it_plays() -> None:
    assert implied.judged((("parts", "!chords"),), KEPT, PLAN)[0].heard is False
    assert implied.judged((("parts", "!drums"),), KEPT, PLAN)[0].heard is True


# --- moving ----------------------------------------------------------------------------------------


def test_what_is_kept_is_no_change_and_what_is_new_is_all() -> None:
    other = replace(KEPT, notes=(*triad(0, 61), *triad(4, 56)))
    assert judge.changed(KEPT, KEPT, "melody") == 0
    assert judge.changed(KEPT, other, "melody") == 1
    assert judge.changed(KEPT, other, "chords") == 0


def test_a_swung_note_has_moved_but_not_changed() -> None:
    swung = replace(KEPT, notes=tuple(replace(n, start=Ticks(n.start + 40)) for n in KEPT.notes))
    assert judge.changed(KEPT, swung, "-") == 0
    assert judge.changed(KEPT, swung, "melody") == 1


def test_a_part_that_falls_silent_has_fallen() -> None:
    silent = replace(KEPT, notes=KEPT.notes[:3])
    assert judge.rises("density chords", silent, KEPT)
    assert judge.rises("part chords", song(), KEPT)
    assert not judge.rises("register", song(), KEPT)


# --- the report ------------------------------------------------------------------------------------


def outcome(prompt: str, heard: bool, pair: str = "1", language: str = "en") -> judge.Outcome:
    verdict = facts.Verdict("tempo", "100", heard, heard, "90")
    return judge.Outcome(("tempo",), prompt, 1, verdict, pair, language)


def test_the_report_lists_every_miss_with_its_prompt() -> None:
    text = judge.report("facts", [outcome("slow", True), outcome("fast", False)], as_json=False)
    assert "1/2 = 50 %" in text
    assert [line for line in text.splitlines() if "\tfast\t" in line]
    assert "\tslow\t" not in text


def test_languages_are_compared_on_pairs_that_both_have() -> None:
    both = [outcome("slow", True), outcome("慢", False, language="zh"), outcome("alone", False, pair="2")]
    assert judge.languages_apart(both, lambda v: v.heard) == "+100 points [+100..+100], 1 pairs"


@pytest.mark.parametrize("what", ["facts", "implied", "opposites", "refine"])
def test_what_is_judged_is_the_same_at_every_run(what: str) -> None:
    asked = judge.jobs_of(what, 16, None, "")
    assert asked == judge.jobs_of(what, 16, None, "")
    assert (
        len(asked)
        == {
            "facts": 16 * len(expectations.facts()),
            "implied": 16 * len(expectations.prompts()),
            "opposites": 128,
            "refine": 16,
        }[what]
    )


def test_over_eight_seeds_every_pair_of_opposites_is_heard() -> None:
    asked = {(o.axis, o.less) for o, _ in judge.jobs_of("opposites", 8, None, "")}
    assert asked == {(o.axis, o.less) for o in expectations.opposites()}
