"""A piece told stretch by stretch, in seven languages: who plays alone in some bars is alone nowhere else, and rests of others stand there."""

from __future__ import annotations

import pytest

from model.music.notes import PARTS
from model.prompt.reader import parse_prompt
from model.prompt.wishes.stretches import NOT_PLACED


@pytest.mark.parametrize(
    ("text", "bars", "playing", "first", "last"),
    [
        ("samba 32 bars, first 8 only drums and perc, bass comes in at bar 9", 32, "drums perc", 1, 8), ("reggae verse 8, then dub out for 8 (just drums and bass), then verse back 8", 24, "drums bass", 9, 16),
        ("8 bar groove, 4 bar drum break solo, 4 bars everyone back, funk", 16, "drums", 9, 12), ("国风曲子32小节,先古筝独奏8小节,再加鼓和贝斯8小节,高潮8小节", 32, "melody", 1, 8),
        ("salsa, intro 4 with piano montuno alone, 8 bars verse", 12, "chords", 1, 4), ("drums and bass for 4 bars, then everybody for 4 bars", 8, "drums bass", 1, 4),
        ("4 bars of drums, then 12 bars of everything", 16, "drums", 1, 4), ("first 8 drums only, then 8 everybody", 16, "drums", 1, 8), ("verse 8 chorus 8 only drums and bass, verse 8", 24, "drums bass", 9, 16),
        ("funk, 4 bars only bass, then 4 bars with drums, then 8 bars full band", 16, "bass", 1, 4), ("dub, 8 bars full band, 8 bars drums and bass only, 8 bars full band", 24, "drums bass", 9, 16),
        ("jazz, 8 bars of piano alone, then the trio plays 8 bars", 16, "chords", 1, 8), ("blues 12 bars, last 4 only drums", 12, "drums", -4, None), ("only drums, 8 bars, then 8 bars with the whole band", 16, "drums", 1, 8),
        ("erst 4 Takte nur Schlagzeug, dann 8 Takte alle", 12, "drums", 1, 4), ("Reggae, Strophe 8, dann 8 nur Schlagzeug und Bass, dann Strophe 8", 24, "drums bass", 9, 16), ("4 Takte nur Klavier, 8 Takte Strophe, 8 Takte Refrain", 20, "chords", 1, 4),
        ("d'abord 4 mesures de batterie seule, puis 8 mesures tout le groupe", 12, "drums", 1, 4), ("couplet 8 mesures, puis 4 mesures basse et batterie seulement, puis refrain 8 mesures", 20, "drums bass", 9, 12), ("16 mesures, d'abord 4 mesures de piano seul, ensuite tout le monde", 16, "chords", 1, 4),
        ("primero 4 compases solo batería, luego 8 compases todos", 12, "drums", 1, 4), ("salsa, intro 4 compases solo piano, verso 8 compases, coro 8 compases", 20, "chords", 1, 4),
        ("prima 4 battute solo pianoforte, poi 8 battute tutti", 12, "chords", 1, 4), ("intro 4 battute solo basso, strofa 8 battute, ritornello 8 battute", 20, "bass", 1, 4),
        ("primeiro 4 compassos só bateria, depois 8 compassos todos", 12, "drums", 1, 4), ("forró, 4 compassos só sanfona, depois 12 compassos todo mundo", 16, "chords", 1, 4),
        ("先钢琴独奏4小节,然后大家一起8小节", 12, "chords", 1, 4), ("放克16小节,先贝斯独奏4小节,然后全部乐器", 16, "bass", 1, 4), ("爵士,钢琴独奏8小节,然后乐队一起8小节", 16, "chords", 1, 8),
    ],
)  # fmt: skip
def test_who_plays_alone_in_some_bars_is_joined_in_the_others(
    text: str, bars: int, playing: str, first: int, last: int | None
) -> None:
    parsed = parse_prompt(text)
    rests = {r.part for r in parsed.wishes.rests if (r.first, r.last, r.section) == (first, last, "")}
    assert (parsed.bars, parsed.stated_parts.only) == (bars, None)
    assert rests == set(PARTS) - set(playing.split())
    assert not parsed.account.unread()


def test_a_place_with_bars_and_one_without_that_word_are_both_counted() -> None:
    parsed = parse_prompt("techno, intro beat 8, breakdown 8 no kick, drop 8")
    assert [(s.name, s.bars) for s in parsed.wishes.sections] == [("intro", 8), ("breakdown", 8), ("drop", 8)]
    assert [(r.part, r.roles, r.first, r.last) for r in parsed.wishes.rests] == [("drums", ("kick",), 9, 16)]


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("流行摇滚,前奏4小节,主歌8小节,间奏4小节吉他solo,副歌8小节", "intro 4 verse 8 breakdown 4 chorus 8"),
        ("jazz, head 8 bars, bass solo 8 bars, head 8 bars", "groove 8 solo 8 groove 8"),
    ],
)
def test_under_a_solo_between_others_the_band_plays_on(text: str, sections: str) -> None:
    parsed = parse_prompt(text)
    assert " ".join(f"{s.name} {s.bars}" for s in parsed.wishes.sections) == sections
    assert parsed.stated_parts.only is None
    assert not parsed.wishes.rests


@pytest.mark.parametrize(
    "text",
    [
        "8 bars build with snare roll then 8 bars drop",
        "8 Takte Build mit Snare Roll, dann 8 Takte Drop",
        "build 8 drop 8",
    ],
)
def test_what_a_section_is_played_with_is_no_second_one(text: str) -> None:
    sections = parse_prompt(text).wishes.sections
    assert [(s.name, s.bars) for s in sections] == [("build", 8), ("drop", 8)]


@pytest.mark.parametrize(
    "text",
    [
        "first only drums, then everyone, funk",
        "just a pad, then the whole band",
        "lofi 16 bars, first 8 piano only, then 16 bars with everybody",
    ],
)
def test_who_plays_alone_at_a_place_that_is_not_clear_is_told_and_never_alone_in_all(text: str) -> None:
    parsed = parse_prompt(text)
    assert parsed.stated_parts.only is None
    assert NOT_PLACED in parsed.account.sentence()


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("only drums and bass", "bass drums"), ("8 bars only drums and bass", "bass drums"), ("funk with just bass and drums, 16 bars", "bass drums"), ("16 bars of drums and bass only", "bass drums"),
        ("solo piano piece, 8 bars", "chords melody"), ("8 bars solo piano", "chords melody"), ("my first solo piano piece, 16 bars", "chords melody"), ("solo guitar, 12 bars, slow", "chords melody"),
        ("nur Schlagzeug und Bass, 8 Takte", "bass drums"), ("solo bajo y batería, 8 compases", "bass drums"), ("juste basse et batterie, 16 mesures", "bass drums"), ("solo pianoforte, 8 battute", "chords melody"),
        ("só baixo e bateria, 16 compassos", "bass drums"), ("只有鼓和贝斯,16小节", "bass drums"), ("16小节钢琴独奏", "chords melody"), ("鼓独奏8小节", "drums"), ("drum solo, 8 bars", "drums"), ("8 bars of drums", "drums"),
        ("verse 8 bars, guitar solo 8 bars, outro 4 bars", ""), ("rock song, verse 8 bars, chorus 8 bars, drums only in the bridge 4 bars", ""), ("rock 16 bars in 4/4, 120 bpm, no piano", ""), ("Am F for 4 bars, then C G for 4 bars, rock", ""), ("verse 8 chorus 8 verse 8 chorus 8, rock", ""),
    ],
)  # fmt: skip
def test_who_plays_alone_without_a_place_does_so_in_the_whole_piece(text: str, only: str) -> None:
    parsed = parse_prompt(text)
    assert " ".join(sorted(parsed.stated_parts.only or ())) == only
    assert not parsed.wishes.rests


@pytest.mark.parametrize(
    "words",
    [
        "funk jam, 8 bar groove, 4 bar drum break solo, 4 bars everyone back",
        "rock, 8 bars verse, 4 bars breakdown with only drums, 4 bars chorus",
    ],
)
def test_in_a_break_of_drums_alone_the_drums_play(words: str) -> None:
    wishes = parse_prompt(words).wishes
    assert [s.cue for s in wishes.sections if s.name == "breakdown"] == [None]
    assert "drums" not in {r.part for r in wishes.rests}
