"""Wishes about the course of a piece are read by their form; what nothing here can do is told with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.music.wishes import CueAt, Fade, Modulation, Rest, TempoRamp
from model.prompt.encoder import hash_encoder
from model.prompt.reader import parse_prompt
from model.prompt.understand import understand
from model.prompt.wishes.find import find_wishes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("a 2 minute song", 120), ("30 seconds of ambient", 30), ("90 second loop", 90), ("1:30 long", 90), ("2 and a half minutes", 150), ("half a minute", 30), ("a minute long", 60),
        ("3 min, jazz", 180), ("make it last 1 minute 20 seconds", 80), ("quarante secondes", 40), ("un minuto e mezzo", 90), ("in the last 10 seconds", 0), ("half hour of ambient", 1800), ("3分の曲", 180), ("song length: 3:20", 200), ("a three and a half minute song", 210), ("2 minutes and 30 seconds", 150), ("zwei Minuten Techno", 120), ("deux minutes de jazz", 120), ("un minuto de lofi", 60), ("tres minutos", 180),
        ("due minuti di jazz", 120), ("dois minutos", 120), ("两分钟的曲子", 120), ("30秒", 30), ("一分半钟", 90), ("three minutes", 180), ("a 1 hour mix", 3600),
        ("120 beats per minute", 0), ("wait a minute", 0), ("every 30 seconds a fill", 0), ("the first 10 seconds", 0), ("80s synthwave", 0), ("5 minutes later", 0), ("Amin7 Dmin7", 0),
        ("last minute panic", 0), ("八分之六拍", 0),
    ],
)  # fmt: skip
def test_a_duration(text: str, seconds: float) -> None:
    assert find_wishes(text).wishes.seconds == seconds


@pytest.mark.parametrize(
    ("text", "chords"),
    [
        ("one chord", 1), ("a one-chord vamp", 1), ("two chords only", 2), ("just two chords, Am and G", 2), ("only 3 chords", 3), ("three chords", 3), ("four different chords", 4),
        ("zwei Akkorde", 2), ("nur ein Akkord", 1), ("deux accords", 2), ("solo dos acordes", 2), ("tre accordi", 3), ("dois acordes", 2), ("只有两个和弦", 2), ("no chord changes", 1), ("stays on one chord", 1),
        ("one chord per bar", 0), ("two chords per bar", 0), ("a chord", 0), ("warm chords", 0), ("four chord song", 0), ("三和弦", 0), ("chords in D", 0),
    ],
)  # fmt: skip
def test_a_number_of_chords(text: str, chords: int) -> None:
    assert find_wishes(text).wishes.chords == chords


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("key", ["C major", "A minor", "D dorian", "E phrygian dominant"])
def test_so_many_chords_are_so_many_different_ones(count: int, key: str) -> None:
    plan = understand(f"{count} chords only, in {key}", hash_encoder())[0]
    assert plan.progression is not None
    assert len(set(plan.progression)) == count
    assert "progression" in plan.explicit


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("intro 4 bars, verse 8 bars, chorus 8 bars", "intro 4 verse 8 chorus 8"), ("4 bar intro, 8 bar verse, 16 bar chorus, 4 bar outro", "intro 4 verse 8 chorus 16 outro 4"),
        ("Intro (4) Verse (8) Chorus (8)", "intro 4 verse 8 chorus 8"), ("intro: 4, verse: 8, chorus: 8", "intro 4 verse 8 chorus 8"), ("verse: 8 bars; bridge: four bars", "verse 8 bridge 4"),
        ("intro, verse, chorus, outro", "intro 4 verse 8 chorus 8 outro 4"), ("verse -> chorus -> verse -> chorus", "verse 8 chorus 8 verse 8 chorus 8"),
        ("Intro 4 Takte, Strophe 8 Takte, Refrain 8 Takte", "intro 4 verse 8 chorus 8"), ("intro de 4 compases, estrofa de 8 compases, estribillo de 8 compases", "intro 4 verse 8 chorus 8"),
        ("intro 4 mesures, couplet 8 mesures, refrain 8 mesures", "intro 4 verse 8 chorus 8"), ("前奏4小节，主歌8小节，副歌8小节", "intro 4 verse 8 chorus 8"),
        ("A section 8 bars, B section 8 bars", "A 8 B 8"), ("AABA form", "A 8 A 8 B 8 A 8"), ("build 4 bars, drop 8 bars, breakdown 4 bars", "build 4 drop 8 breakdown 4"),
        ("a catchy chorus", ""), ("a huge drop", ""), ("a bridge over troubled water", ""), ("verse and chorus", ""), ("a break in the clouds", ""),
    ],
)  # fmt: skip
def test_sections_with_their_bars(text: str, sections: str) -> None:
    found = find_wishes(text)
    assert " ".join(f"{s.name} {s.bars}" for s in found.wishes.sections) == sections
    assert found.bars == (sum(s.bars for s in found.wishes.sections) or None)


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("stadium rock, verse and chorus, 16 bars", "verse 8 chorus 8"), ("techno, 16 bars, build up and then a drop", "build 4 drop 12"),
        ("trance with an intro, a long build and a big drop, 32 bars", "intro 8 build 8 drop 16"), ("piano ballad, quiet verse and a big emotional chorus, 32 bars", "verse 16 chorus 16"),
        ("rock mit Strophe und Refrain, 32 Takte", "verse 16 chorus 16"), ("抒情流行，主歌加副歌，32小节", "verse 16 chorus 16"), ("future bass，16小节，有前奏和一个很炸的drop", "intro 4 drop 12"),
        ("verse and chorus", ""), ("drum and bass, 32 bars with a drop", ""), ("pop, 16 bars, no drums in the verse", ""), ("with an intro, a groove and a break, 32 bars", "intro 8 groove 16 breakdown 8"), ("tight drums, groove and bass, 16 bars", ""),
    ],
)  # fmt: skip
def test_sections_without_bars_share_those_of_the_piece(text: str, sections: str) -> None:
    found = parse_prompt(text).wishes.sections
    assert " ".join(f"{s.name} {s.bars}" for s in found) == sections


@given(
    st.lists(st.sampled_from(["intro", "verse", "chorus", "build", "drop"]), min_size=2, max_size=2, unique=True),
    st.integers(2, 256),
)
def test_what_sections_share_is_all_of_the_piece(names: list[str], bars: int) -> None:
    found = parse_prompt(f"pop, {' and '.join(names)}, {bars} bars").wishes.sections
    assert [s.name for s in found] == names
    assert sum(s.bars for s in found) == bars
    assert min(s.bars for s in found) >= 1


@pytest.mark.parametrize(
    "text", ["trap, 8 bar intro without drums, 16 bars", "house, intro 8 bars no drums, drop 8 bars"]
)
def test_a_part_denied_behind_a_section_with_bars_rests_there_only(text: str) -> None:
    found = parse_prompt(text)
    assert found.wishes.rests == (Rest("drums", section="intro"),)
    assert "drums" not in found.stated_parts.without
    assert "drums" in parse_prompt("pop without drums, intro 4 bars, verse 8 bars").stated_parts.without


def test_between_an_intro_and_an_outro_there_is_a_piece() -> None:
    sections = find_wishes("with a 4 bar intro and a 2 bar outro").wishes.sections
    assert [(s.name, s.bars) for s in sections] == [("intro", 4), ("verse", 8), ("outro", 2)]


def test_a_fade_in_and_a_fade_out_are_both_played() -> None:
    assert find_wishes("fade in, then fade out").wishes.fades == (Fade(0.15, 1.0, 4), Fade(1.0, 0.08, 4))


def test_who_starts_with_one_instrument_does_not_want_only_that() -> None:
    assert parse_prompt("starts with just piano, then the drums come in").stated_parts.only is None


def test_the_bars_of_sections_are_the_length_of_the_piece() -> None:
    assert understand("intro 4 bars, verse 8 bars, chorus 8 bars", hash_encoder())[0].bars == 20
    assert parse_prompt("32 bars: 4 bar intro, 8 bar verse").bars == 32


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("drop at bar 9", [(9, "drop")]), ("build at bar 5, drop at bar 9", [(5, "build"), (9, "drop")]), ("at bar 9 a big drop", [(9, "drop")]), ("a drop in bar 17", [(17, "drop")]),
        ("the chorus comes at bar 9", [(9, "drop")]), ("Drop ab Takt 9", [(9, "drop")]), ("drop en el compás 9", [(9, "drop")]), ("drop à la mesure 9", [(9, "drop")]), ("第9小节drop", [(9, "drop")]),
        ("breakdown from bar 8", [(8, "break")]), ("big drop after 16 bars", [(17, "drop")]), ("第17小节高潮", [(17, "drop")]), ("bass drops out in bar 13", []), ("a drop", []), ("8 bars, a drop", []),
    ],
)  # fmt: skip
def test_what_begins_at_a_bar(text: str, cues: list[tuple[int, str]]) -> None:
    assert find_wishes(text).wishes.cues == tuple(CueAt(bar, cue) for bar, cue in cues)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("drums enter at bar 5", Rest("drums", 1, 4)), ("no drums until bar 5", Rest("drums", 1, 4)), ("no bass for the first 4 bars", Rest("bass", 1, 4)), ("melody starts at bar 3", Rest("melody", 1, 2)),
        ("drums drop out at bar 9", Rest("drums", 9, None)), ("drums start after 4 bars", Rest("drums", 1, 4)), ("piano enters at bar 5", Rest("chords", 1, 4)), ("bass drops out in bar 13", Rest("bass", 13, None)), ("bring in the bass after 8 bars", Rest("bass", 1, 8)), ("drums only in the second half", Rest("drums", section="second half", outside=True)),
        ("bass off until bar 5", Rest("bass", 1, 4)), ("drums out for the first 4 bars", Rest("drums", 1, 4)), ("guitar off from bar 5", Rest("chords", 5, None)),
        ("first 4 bars no drums", Rest("drums", 1, 4)), ("intro 4 bars, verse 8 bars, no drums in the intro", Rest("drums", section="intro")),
        ("verse 8 bars, chorus 8 bars, drums only in the chorus", Rest("drums", section="chorus", outside=True)),
    ],
)  # fmt: skip
def test_a_part_that_rests(text: str, rest: Rest) -> None:
    assert find_wishes(text).wishes.rests == (rest,)


@pytest.mark.parametrize(
    ("text", "ramp", "tempo"),
    [
        ("accelerando from 80 to 140", TempoRamp(1.75), 80), ("from 80 to 140 bpm", TempoRamp(1.75), 80), ("slows down from 120 to 60 bpm", TempoRamp(0.5), 120), ("von 80 bis 120 bpm", TempoRamp(1.5), 80), ("tempo rises from 100 to 120", TempoRamp(1.2), 100), ("accelera da 80 a 120 bpm", TempoRamp(1.5), 80), ("empieza lento y termina rápido", TempoRamp(1.3), None), ("先慢后快", TempoRamp(1.3), None), ("slow down gradually from 120 to 80", TempoRamp(80 / 120), 120), ("accelerate to 140 bpm", TempoRamp(1.3, end=140), None), ("immer schneller", TempoRamp(1.3), None),
        ("de plus en plus vite", TempoRamp(1.3), None), ("cada vez más lento", TempoRamp(0.72), None),
        ("从80到120bpm", TempoRamp(1.5), 80), ("accelerando", TempoRamp(1.3), None), ("start slow then speed up", TempoRamp(1.3), None), ("gradually gets slower", TempoRamp(0.72), None),
        ("ritardando at the end", TempoRamp(0.72, 2), None), ("渐快", TempoRamp(1.3), None), ("between 80 and 90 bpm", None, None), ("120-126 bpm", None, None), ("slow", None, None),
    ],
)  # fmt: skip
def test_a_ramp_of_the_tempo(text: str, ramp: TempoRamp | None, tempo: float | None) -> None:
    found = find_wishes(text)
    assert (found.wishes.ramp, found.tempo) == (ramp, tempo)


def test_the_tempo_of_a_ramp_is_that_of_its_beginning() -> None:
    assert understand("accelerando from 80 to 140", hash_encoder())[0].tempo == 80


@pytest.mark.parametrize(
    ("text", "fade"),
    [("fade out", Fade(1.0, 0.08, 4)), ("it fades away", Fade(1.0, 0.08, 4)), ("fade-in", Fade(0.15, 1.0, 4)), ("a long crescendo", Fade(0.5, 1.15)), ("淡出", Fade(1.0, 0.08, 4)), ("faded jeans", None)],
)  # fmt: skip
def test_a_fade(text: str, fade: Fade | None) -> None:
    assert find_wishes(text).wishes.fades == (() if fade is None else (fade,))


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("modulate to E major at bar 9", Modulation("E major", 0, 9)), ("key change up a whole step at bar 9", Modulation("", 2, 9)), ("modulates up a half step", Modulation("", 1)),
        ("key change down a semitone in bar 5", Modulation("", -1, 5)), ("from C minor to Eb major", Modulation("Eb major")), ("von a-Moll nach C-Dur", Modulation("C major")),
        ("modulate to the relative minor", Modulation("relative minor")), ("转调到G大调", Modulation("G major")), ("从C大调转到A小调", Modulation("A minor")), ("begin in G then move to E minor at bar 9", Modulation("E minor", 0, 9)), ("starts in C major and ends in A minor", Modulation("A minor")),
        ("Tonartwechsel nach D-Dur ab Takt 9", Modulation("D major", 0, 9)), ("cambia a sol mayor en el compás 9", Modulation("G major", 0, 9)), ("key change to D major after 8 bars", Modulation("D major", 0, 9)), ("goes from minor to major", Modulation("major")), ("modulation to the dominant", Modulation("", 7)), ("a key change from G to A at the end", Modulation("A major")), ("from A to Z", None), ("goes to sleep", None), ("from C to G", None), ("a change of heart", None),
    ],
)  # fmt: skip
def test_a_modulation(text: str, wish: Modulation | None) -> None:
    assert find_wishes(text).wishes.modulation == wish


def test_a_modulation_from_a_key_begins_in_it() -> None:
    parsed = parse_prompt("from C minor to Eb major")
    assert parsed.key is not None
    assert parsed.key.name == "C minor"


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        ("300 bars", "300 bars", "256"), ("999 bpm techno", "999 bpm", "20..300"), ("with female vocals", "female vocals", "sings"), ("lots of reverb", "reverb", "effects"), ("export as wav", "as wav", "llmball render"),
        ("3 versions", "3 versions", "--takes"), ("4/4 then 3/4", "4/4 then 3/4", "one metre"), ("rubato piano", "rubato", "steady"), ("in 432 Hz", "432 Hz", "tuned"), ("louder in the chorus", "in the chorus", "section"), ("bass only on beat 1", "only on beat 1", "style"), ("start with just piano, then add drums", "start with just piano, then add drums", "at a bar"), ("repeat 4 times", "repeat 4 times", "bars"), ("tempo 100, then 120", "100, then 120", "steady"), ("without drums at first", "without drums at first", "at a bar"),
        ("raga bhairav", "raga bhairav", "twelve equal"), ("louder in bar 3", "in bar 3", "redo"), ("drums only in the chorus", "drums only in the chorus", "no chorus yet"), ("11/8 folk", "11/8", "12/8 is the nearest"),
        ("a march in 2/2", "2/2", "4/4"), ("not too much bass", "not too much bass", "level"), ("upright bass and tuba", "tuba", "one instrument"), ("Am N.C. F G", "Am N.C. F G", "without a chord"),
        ("a 3 hour mix", "3 hour", "256"), ("8 bars, drop at bar 9", "drop at bar 9", "no bar 9 of 8"), ("8 bars, 2 minutes long", "2 minutes", "8 bars"), ("人声", "人声", "sings"),
    ],
)  # fmt: skip
def test_what_cannot_be_met_is_told_with_its_reason(text: str, words: str, reason: str) -> None:
    unread = dict(understand(text, hash_encoder())[0].account.unread())
    assert words in unread
    assert reason in unread[words]


@pytest.mark.parametrize(
    "text",
    [
        "no vocals",
        "without reverb",
        "no vocals or lyrics",
        "ohne Gesang",
        "不要人声",
        "rhodes piano",
        "arpeggiated synths",
    ],
)
def test_what_is_met_as_it_is_is_not_told(text: str) -> None:
    assert parse_prompt(text).account.unread() == ()
