"""Ramps, fades, keys and drops are found with their bars in seven languages, wherever in the sentence these stand."""

from __future__ import annotations

import pytest

from model.music.wishes import CueAt, Fade, Modulation, TempoRamp
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.understand import understand
from model.prompt.wishes.find import find_wishes


@pytest.mark.parametrize(
    ("text", "ramp", "tempo"),
    [
        ("start at 90 bpm and speed up to 130 over 16 bars", TempoRamp(130 / 90, 16, 0.0, 1), 90), ("slow down, a ritardando over the last 4 bars", TempoRamp(0.72, 4), None),
        ("120 bpm until bar 9, from there drag it down to 60 over 8 bars", TempoRamp(0.5, 8, 0.0, 9), 120), ("accelerando from bar 5 to bar 13, ends at 150 bpm", TempoRamp(1.3, 8, 150.0, 5), None),
        ("112bpm, then push the tempo to 120 starting at bar 17", TempoRamp(120 / 112, None, 0.0, 17), 112), ("begin 100 end 140, a smooth increase", TempoRamp(1.4), 100), ("tempo ramp 124->128 across 32 bars", TempoRamp(128 / 124, 32, 0.0, 1), 124),
        ("von 90 auf 140 in 8 Takten, wird schneller", TempoRamp(140 / 90, 8, 0.0, 1), 90), ("wird in den letzten 4 Takten langsamer", TempoRamp(0.72, 4), None), ("die letzten 8 Takte auf 60 abbremsen", TempoRamp(0.72, 8, 60.0), None), ("beschleunigt von 100 auf 160 bpm", TempoRamp(1.6), 100),
        ("accélère de 80 à 120 sur 16 mesures", TempoRamp(1.5, 16, 0.0, 1), 80), ("ralentit dans les 2 dernières mesures", TempoRamp(0.72, 2), None), ("acelera de 90 a 120 en 12 compases", TempoRamp(120 / 90, 12, 0.0, 1), 90),
        ("rallenta nelle ultime 4 battute", TempoRamp(0.72, 4), None), ("acelerando de 80 até 160 bpm", TempoRamp(2.0), 80), ("desacelera nos últimos 4 compassos", TempoRamp(0.72, 4), None), ("用16小节从80加速到120bpm", TempoRamp(1.5, 16, 0.0, 1), 80), ("最后4小节渐慢", TempoRamp(0.72, 4), None),
    ],
)  # fmt: skip
def test_a_ramp_with_its_tempi_and_its_bars(text: str, ramp: TempoRamp, tempo: float | None) -> None:
    found = find_wishes(text)
    assert (found.wishes.ramp, found.tempo) == (ramp, tempo)


@pytest.mark.parametrize(
    ("text", "fade"),
    [
        ("fade out over the last 8 bars", Fade(1.0, 0.08, 8)), ("8 bars fade out", Fade(1.0, 0.08, 8)), ("a 4 bar fade in", Fade(0.15, 1.0, 4)), ("fade-in: 2 bars", Fade(0.15, 1.0, 2)), ("let it fade away at the end", Fade(1.0, 0.08, 4)),
        ("come in from silence over 16 bars", Fade(0.15, 1.0, 16)), ("16 bars, fade out from bar 13", Fade(1.0, 0.08, 4, 13)), ("volume from zero to full during the first 4 bars", Fade(0.15, 1.0, 4)), ("let it die away over 8 bars", Fade(1.0, 0.08, 8)),
        ("in den letzten 8 Takten ausblenden", Fade(1.0, 0.08, 8)), ("fondu de sortie sur 8 mesures", Fade(1.0, 0.08, 8)), ("se desvanece en los últimos 4 compases", Fade(1.0, 0.08, 4)), ("sfuma nelle ultime 8 battute", Fade(1.0, 0.08, 8)),
        ("fade out nos últimos 8 compassos", Fade(1.0, 0.08, 8)), ("最后8小节淡出", Fade(1.0, 0.08, 8)), ("开头4小节淡入", Fade(0.15, 1.0, 4)), ("in 4 Takten einblenden", Fade(0.15, 1.0, 4)),
    ],
)  # fmt: skip
def test_a_fade_with_its_bars(text: str, fade: Fade) -> None:
    assert find_wishes(text).wishes.fades == (fade,)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("go up a half step at the final chorus", Modulation("", 1, None, "last chorus")), ("bridge up a minor third", Modulation("", 3, None, "bridge")), ("transpose everything down 2 semitones at bar 13", Modulation("", -2, 13)),
        ("the final chorus jumps up 3 semitones", Modulation("", 3, None, "last chorus")), ("at bar 16 move up a perfect fourth", Modulation("", 5, 16)), ("32 bars, modulate up half step halfway", Modulation("", 1, 17)),
        ("truck driver key change! half step up at bar 17", Modulation("", 1, 17)), ("letzter Refrain einen Ton höher", Modulation("", 2, None, "last chorus")), ("ab Takt 17 einen Halbton höher", Modulation("", 1, 17)),
        ("monte d'un ton au dernier refrain", Modulation("", 2, None, "last chorus")), ("sube medio tono en el compás 17", Modulation("", 1, 17)), ("mezzo tono sopra nell'ultimo ritornello", Modulation("", 1, None, "last chorus")), ("sobe um tom no último refrão", Modulation("", 2, None, "last chorus")),
        ("melody a third higher", None), ("guitar tuned down a half step", None), ("a step up in quality", None),
    ],
)  # fmt: skip
def test_another_key_by_an_interval_and_at_its_place(text: str, wish: Modulation | None) -> None:
    assert find_wishes(text).wishes.modulation == wish


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("build for 4 bars then drop at 17, 128 bpm", (CueAt(13, "build", 4), CueAt(17, "drop"))), ("8 bar buildup and then the drop hits on bar 9", (CueAt(1, "build", 8), CueAt(9, "drop"))), ("quiet until bar 32, drop on 33", (CueAt(33, "drop"),)),
        ("4 bars buildup, drop bar 13", (CueAt(9, "build", 4), CueAt(13, "drop"))), ("bar 17 = drop, build from bar 9", (CueAt(9, "build", 8), CueAt(17, "drop"))), ("16 bars in we drop", (CueAt(17, "drop"),)), ("snare roll for 2 bars, drop at bar 17", (CueAt(15, "build", 2), CueAt(17, "drop"))),
    ],
)  # fmt: skip
def test_a_drop_with_the_build_before_it(text: str, cues: tuple[CueAt, ...]) -> None:
    assert find_wishes(text).wishes.cues == cues


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("verse (8 bars) and chorus (8 bars), twice", "verse 8 chorus 8 verse 8 chorus 8"), ("verse verse chorus, 8 bars each", "verse 8 verse 8 chorus 8"), ("rondo: A B A C A, 4 bars each", "A 4 B 4 A 4 C 4 A 4"),
        ("a verse of eight and a chorus of four, outro 2", "verse 8 chorus 4 outro 2"), ("verse 8 bars, build 4 bars, drop", "verse 8 build 4 drop 8"), ("16 bars AABA", "A 4 A 4 B 4 A 4"), ("intro 1 bar, loop A 8 bars, B 8 bars", "intro 1 A 8 B 8"),
        ("start with verse 8 bars, chorus comes at bar 9 and lasts 8 bars", "verse 8 chorus 8"), ("vs 16 / hook 8 / vs 16", "verse 16 chorus 8 verse 16"), ("Strophe 8 Takte, Refrain 8 Takte, zweimal", "verse 8 chorus 8 verse 8 chorus 8"),
    ],
)  # fmt: skip
def test_sections_as_people_count_them(text: str, sections: str) -> None:
    assert " ".join(f"{s.name} {s.bars}" for s in find_wishes(text).wishes.sections) == sections


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("15s sting, punchy", 15), ("1m30s of trap", 90), ("ad spot :60, soul", 60), ("dnb, length 1:06", 66), ("a 2:30 synthwave track", 150), ("lasts about a minute, spooky", 60), ("a minute and a half of lute", 90), ("80s synthwave", 0), ("meio minuto de funk", 30), ("at 3:30 pm", 0)],
)  # fmt: skip
def test_durations_as_people_write_them(text: str, seconds: float) -> None:
    assert find_wishes(text).wishes.seconds == seconds


@pytest.mark.parametrize(
    ("text", "key", "tempo"),
    [
        ("one drop reggae in G minor, 74 bpm", "G minor", 74),
        ("EDM DROP 128 BPM G MINOR 16 BARS", "G minor", 128),
        ("C minor pentatonic riff, rock, 100 bpm", "C minor pentatonic", 100),
        ("dropping beats in D minor at 90 bpm", "D minor", 90),
        ("upbeat pop in A minor, 120 bpm", "A minor", 120),
    ],
)
def test_a_key_beside_words_that_go_up_or_down_is_the_key(text: str, key: str, tempo: float) -> None:
    read = parse_prompt(text)
    assert (read.key and read.key.name, read.tempo) == (key, tempo)
    assert find_wishes(text).wishes.modulation is None


def test_drums_that_are_dropped_are_not_wanted() -> None:
    plan, *_ = understand("drop the drums, keep it at 100 bpm in A", hash_encoder())
    assert "drums" not in plan.parts


@pytest.mark.parametrize(
    ("text", "ramp", "tempo"),
    [
        ("speed up to 120,5 bpm", TempoRamp(1.3, None, 120.5), None), ("slow down to 92,5", TempoRamp(0.72, None, 92.5), None), ("90,5 bpm, get faster, 120 bpm", TempoRamp(120 / 90.5), 90.5),
        ("beschleunigt von 90,5 auf 120,5 bpm", TempoRamp(120.5 / 90.5), 90.5), ("let the tempo climb to 140", TempoRamp(1.3, None, 140.0), None), ("the tempo rises to 140 bpm", TempoRamp(1.3, None, 140.0), None),
        ("come down to 80 bpm", TempoRamp(0.72, None, 80.0), None), ("techno 140 bpm, slow down at the end", TempoRamp(0.72, 2), None),
    ],
)  # fmt: skip
def test_a_tempo_may_have_a_comma_and_its_verb_a_subject(text: str, ramp: TempoRamp, tempo: float | None) -> None:
    found = find_wishes(text)
    assert (found.wishes.ramp, found.tempo) == (ramp, tempo)


@pytest.mark.parametrize(
    "text",
    [
        "techno 140 bpm drop at bar 17", "174 bpm growl bass", "100 bpm mountain song", "90 bpm falling rain lofi", "120 bpm rising strings", "180 bpm drop D tuning", "midtempo falling rain", "tempo 90 falling leaves",
        "go down to the basement, house music", "come down to the river, gospel", "bring up to 8 bars of funk", "tempo between 100 and 120", "zwischen 100 und 120 bpm", "tempo 100 and 120",
    ],
)  # fmt: skip
def test_what_goes_up_or_down_beside_a_tempo_is_no_ramp(text: str) -> None:
    assert find_wishes(text).wishes.ramp is None


def test_a_tempo_between_two_is_the_middle() -> None:
    assert parse_prompt("tempo between 100 and 120").tempo == 110


@pytest.mark.parametrize("text", ["drifting away on a boat", "消失的爱人", "a ship that vanishes into the distance"])
def test_who_goes_away_fades_no_music(text: str) -> None:
    assert find_wishes(text).wishes.fades == ()


@pytest.mark.parametrize("text", ["the strings drift away at the end", "音乐消失", "trails off into silence"])
def test_music_that_goes_away_fades(text: str) -> None:
    assert find_wishes(text).wishes.fades == (Fade(1.0, 0.08, 4),)


def test_a_step_up_a_thing_is_no_other_key() -> None:
    assert find_wishes("I climbed a step up the mountain at bar 5").wishes.modulation is None
    assert find_wishes("a step up at bar 5").wishes.modulation == Modulation("", 2, 5)


@pytest.mark.parametrize(
    ("text", "bars", "first"),
    [
        ("house, drop at bar 17, fade out over the last 8 bars", 8, None), ("16 bars, drop at bar 9, slow down over the last 4 bars", 4, None), ("第9小节高潮，最后4小节淡出", 4, None), ("16小节，第9小节高潮，最后4小节渐慢", 4, None),
        ("16 bars, drop at bar 9, slow down", None, None), ("32 bars, drop at bar 17 and slow down", None, None), ("第9小节高潮，渐快", None, None),
        ("from bar 9, slow down", None, 9), ("16 bars, and at bar 9 slow down", 8, 9), ("第5小节渐快", None, 5), ("ab Takt 9, dann langsamer werden", None, 9), ("speed up from bar 9 to bar 5", None, 9),
    ],
)  # fmt: skip
def test_a_bar_is_that_of_its_own_clause(text: str, bars: int | None, first: int | None) -> None:
    wishes = find_wishes(text).wishes
    (course,) = wishes.fades or (wishes.ramp,)
    assert course is not None
    assert (course.bars, course.first) == (bars, first)


@pytest.mark.parametrize(("text", "words"), [("techno speeds up from bar 0", "from bar 0"), ("第0小节渐快", "第0小节"), ("fade out from bar 0", "from bar 0"), ("until bar 0, then slow down", "until bar 0")])  # fmt: skip
def test_there_is_no_bar_0_and_that_is_told(text: str, words: str) -> None:
    parsed = parse_prompt(text)
    assert all(c is None or c.first is None for c in (parsed.wishes.ramp, *parsed.wishes.fades))
    assert (words, "bars are counted from 1") in parsed.account.unread()


@pytest.mark.parametrize(("text", "bars"), [("30 seconds of house, 120 bpm, speed up from bar 40", 15), ("16 bars, fade out from bar 40", 16)])  # fmt: skip
def test_a_course_that_begins_behind_the_last_bar_is_told(text: str, bars: int) -> None:
    told = understand(text, hash_encoder())[0].account
    assert ("from bar 40", f"there is no bar 40 of {bars}") in told.unread()


@pytest.mark.parametrize(
    ("text", "bars"), [("AABA 32 bars jazz standard in F", (8, 8, 8, 8)), ("AAB 12 bars blues", (4, 4, 4)), ("AABA 8 bars each", (8, 8, 8, 8)), ("AABA 30 bars", (7, 7, 7, 9)), ("A 8 bars, B 16 bars", (8, 16))]
)  # fmt: skip
def test_the_bars_behind_a_run_of_letters_are_those_of_all(text: str, bars: tuple[int, ...]) -> None:
    assert tuple(s.bars for s in find_wishes(text).wishes.sections) == bars
