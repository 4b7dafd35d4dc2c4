from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.music.plan import LEVELS, Controls, Plan, apply_controls
from model.prompt.encoder import TextEncoder, sentence_encoder
from model.prompt.understand import distribution, to_json, understand
from model.styles import STYLES

# Written before the head was fitted, and never among its anchors: bright and open, then tender and longing.
PAIRS = [
    ("万里无云的好天气", "梦里又见到你"), ("花开满园", "离别的车站"), ("欢快的小溪", "孤灯下的回忆"), ("夏日海滩", "冬夜里想念母亲"),
    ("鸟语花香", "相思"), ("晨光里的城市", "忘不了你的眼睛"), ("a bright morning in spring", "longing for someone far away"),
    ("open skies and laughter", "the night she said goodbye"), ("sunrise over the valley", "an ache I cannot name"),
    ("we are free at last", "tears on the pillow"), ("picnic by the lake in May", "I keep your scarf in my drawer"),
    ("blossoms everywhere", "a widow at the window"), ("the first swallow of the year", "waiting for a call that never comes"),
]  # fmt: skip

# Written after the head was fitted, with its anchors known, and before it was asked about any of them.
LATER_PAIRS = [
    ("柳絮飘飞的三月", "想你的夜晚格外漫长"),
    ("牧童骑在牛背上吹着短笛笑", "枕边还留着你的气息"),
    ("朝霞染红了东方", "你寄来的明信片已经泛黄"),
    ("游乐园里旋转的木马和气球", "独自守着空荡荡的家"),
    ("蝴蝶在油菜花田里飞舞", "分手那天下着小雨"),
    ("我们牵着手奔向大海", "摇篮边轻声的晚安"),
    ("春游的孩子们唱着歌", "再也回不去的少年时光"),
    ("敞开心扉,拥抱世界", "默默爱着一个不会回头的人"),
    ("大地回暖,燕子归来", "父亲的背影渐渐远去"),
    ("节日的彩旗迎风招展", "烛光里读你从前的日记"),
    ("Daffodils nodding along the lane in April", "I still set the table for two"),
    ("The parade turns the corner and everyone cheers", "Her last voicemail, played again and again"),
    ("Lemonade, bare feet and a sprinkler on the lawn", "Dusk settles over the cemetery"),
    ("School is out and summer has begun", "Hush now, close your eyes, the moon is here"),
    ("A dazzling day on the ski slopes", "I can't forget the way you held me"),
    ("Throw open the doors and let the light in", "He stands at the harbour long after the ship has gone"),
    ("The orchard hums with bees and gossip", "Half of the bed has been cold since November"),
    ("New shoes, new job, new life", "An old soldier remembers his brother"),
    ("Skipping stones and giggling by the creek", "Softly, so softly, she says farewell"),
    ("Hooray, the circus has come to town", "Autumn leaves on your grave"),
    ("Der Frühling ist da, alle Kinder sind draußen", "Ich denke an dich in stillen Nächten"),
    ("Un sol radiante sobre la playa llena de risas", "Nunca volví a ver tu sonrisa"),
    ("Le marché de printemps déborde de couleurs", "Je berce un souvenir de toi"),
    ("桜が満開の公園でピクニック", "別れの手紙を何度も読み返す"),
]
sentence_encoder_once = cache(sentence_encoder)


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return sentence_encoder_once()


def test_what_is_stated_outright_is_the_plan(encoder: TextEncoder) -> None:
    plan, _ = understand("calm piano ballad in D minor, 72 bpm, 3/4, 8 bars, no bass", encoder)
    assert (plan.tempo, plan.key, plan.meter, plan.bars, plan.parts) == (
        72,
        "D minor",
        "3/4",
        8,
        ("chords", "melody"),
    )
    assert {"tempo", "key", "meter", "bars", "parts"} <= set(plan.explicit)


def test_a_genre_brings_its_tempo_and_its_swing(encoder: TextEncoder) -> None:
    assert 118 <= understand("deep house", encoder)[0].tempo <= 123
    assert understand("dusty lo-fi", encoder)[0].swing == pytest.approx(0.58)
    assert understand("a waltz", encoder)[0].meter == "3/4"


def test_parts_are_played_on_what_the_words_name_else_on_what_the_style_has(encoder: TextEncoder) -> None:
    plain, named = (
        dict(understand(words, encoder)[0].programs)
        for words in ("heavy metal", "heavy metal with a flute and brushes")
    )
    assert (plain["chords"], plain["drums"]) == (30, 16)
    assert (named["chords"], named["melody"], named["drums"], named["perc"]) == (30, 73, 40, 40)


def test_chords_without_a_key_bring_their_own(encoder: TextEncoder) -> None:
    assert understand("Am F C G", encoder)[0].key == "A minor"
    assert understand("Dm7 G7 Cmaj7, dreamy", encoder)[0].key == "C major"


@pytest.mark.parametrize(("pairs", "share"), [(PAIRS, 0.75), (LATER_PAIRS, 0.9)], ids=["first", "later"])
def test_longing_is_planned_slower_than_spring(
    encoder: TextEncoder, pairs: list[tuple[str, str]], share: float
) -> None:
    slower = [understand(bright, encoder)[0].tempo > understand(tender, encoder)[0].tempo for bright, tender in pairs]
    assert sum(slower) >= share * len(pairs)


def test_the_same_words_give_the_same_plan(encoder: TextEncoder) -> None:
    assert understand("rain on the roof", encoder)[0] == understand("rain on the roof", encoder)[0]


def test_every_field_of_the_contract_is_printed(encoder: TextEncoder) -> None:
    told = to_json(understand("Am F C G for 4 bars on electric piano", encoder)[0])
    assert set(told) == {
        "tempo", "feel", "key", "meter", "bars", "parts", "progression", "instruments", "density", "energy",
        "brightness", "complexity", "swing", "style", "explicit", "unread",
    }  # fmt: skip
    assert told["progression"] == ["Am", "F", "C", "G"]
    assert told["instruments"] == {"chords": "electric piano"}


def test_a_set_control_goes_before_the_words_and_what_loses_is_told() -> None:
    words = Plan(tempo=82, key="D minor", explicit=("tempo",))
    under, lost = apply_controls(words, Controls(tempo=120, key="E dorian", density=0.2))
    assert (under.tempo, under.key, under.density) == (120, "E dorian", 0.2)
    assert lost == (("tempo", "control"),)


def test_a_control_that_agrees_with_the_words_overrules_nothing() -> None:
    assert apply_controls(Plan(tempo=82, explicit=("tempo",)), Controls(tempo=82))[1] == ()


def test_chords_that_are_set_bring_their_key_unless_the_words_said_one() -> None:
    assert apply_controls(Plan(), Controls(chords="Am F C G"))[0].key == "A minor"
    assert apply_controls(Plan(key="G major", explicit=("key",)), Controls(chords="Am F C G"))[0].key == "G major"
    assert apply_controls(Plan(key="G major"), Controls(chords="ii V I", key="D major"))[0].progression == (
        "Em",
        "A",
        "D",
    )


@pytest.mark.parametrize(
    ("text", "leading"),
    [
        ("only a few guests left at the bar, tenor sax and brushes", "jazz"), ("练字的时候听，一壶茶，一把古琴", "guofeng"),
        ("glaciers, no rhythm, no hurry", "ambient"), ("cows, barn, pedal steel", "country"), ("sub shaking the subway, strobe, 5am", "techno"),
    ],
)  # fmt: skip
def test_a_scene_without_a_style_leans_to_one(encoder: TextEncoder, text: str, leading: str) -> None:
    assert leading in dict(understand(text, encoder)[0].style)


@pytest.mark.parametrize(
    "text",
    [
        "footsteps in the attic although nobody lives upstairs",
        "two wolves circle each other in the snow",
        "大军压境，城墙上点起烽火连天",
    ],
)
def test_a_picture_that_leans_to_no_style_is_scored_as_film(encoder: TextEncoder, text: str) -> None:
    assert understand(text, encoder)[0].style[0][0] == "cinematic"


@pytest.mark.parametrize(
    "text", ["surprise me", "a song for nobody in particular", "tears on the pillow, I miss you so"]
)
def test_a_song_that_leans_to_no_style_is_pop(encoder: TextEncoder, text: str) -> None:
    assert understand(text, encoder)[0].style[0][0] in ("pop", "pop ballad")


@pytest.mark.parametrize(
    ("text", "chords"),
    [
        ("swing jazz, ii V I in Bb", ("Cm7", "F7", "Bbmaj7")),
        ("pop, I V vi IV in G", ("G", "D", "Em", "C")),
        ("jazz in C, Dm G C", ("Dm", "G", "C")),
    ],
)
def test_numerals_have_the_sevenths_of_their_music_and_chords_by_name_stay(
    encoder: TextEncoder, text: str, chords: tuple[str, ...]
) -> None:
    assert understand(text, encoder)[0].progression == chords


@pytest.mark.parametrize(
    ("text", "style", "slowest", "fastest"),
    [
        ("doom metal riff", "metal", 50, 90),
        ("a military march", "cinematic", 100, 124),
        ("tropical house", "house", 100, 120),
    ],
)
def test_styles_that_were_read_as_others_have_rows(
    encoder: TextEncoder, text: str, style: str, slowest: int, fastest: int
) -> None:
    found = understand(text, encoder)[0]
    assert found.style[0][0] == style
    assert slowest <= found.tempo <= fastest


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.sampled_from(["techno", "jazz", "rain", "古筝", "sad", "chopin", "128", "happy", "808"]),
        max_size=5,
    )
)
def test_a_plan_names_one_to_three_styles_of_the_decoder_that_sum_to_one(words: list[str]) -> None:
    style = understand(" ".join(words) or "music", sentence_encoder_once())[0].style
    assert 1 <= len(style) <= 3
    assert {name for name, _ in style} <= set(STYLES)
    assert sum(w for _, w in style) == pytest.approx(1)
    assert [w for _, w in style] == sorted((w for _, w in style), reverse=True)


def test_styles_between_two_words_are_a_mix(encoder: TextEncoder) -> None:
    assert understand("jazz meets techno", encoder)[0].style == (("jazz", 0.5), ("techno", 0.5))
    assert dict(understand("tech house", encoder)[0].style) == {"house": 0.6, "techno": 0.4}
    assert understand("in the style of Chopin", encoder)[0].style == (("art song", 1),)


@pytest.mark.parametrize(
    ("text", "drummed"),
    [
        ("techno", True), ("trap beat", True), ("rock", True), ("lo-fi", True), ("ambient", False), ("a nocturne", False), ("lullaby", False),
        ("piano ballad", False), ("solo piano", False), ("calm piano", False), ("hymn", False), ("rain on a window, a tender goodbye", False),
        ("ambient with soft drums", True), ("techno, no drums", False), ("摇滚", True), ("摇篮曲", False), ("wild party, everybody jumps", True),
    ],
)  # fmt: skip
def test_drums_play_where_the_style_has_them(encoder: TextEncoder, text: str, drummed: bool) -> None:
    assert ("drums" in understand(text, encoder)[0].parts) is drummed


def test_a_denied_part_leaves_the_others_of_its_style(encoder: TextEncoder) -> None:
    assert understand("techno without melody", encoder)[0].parts == ("chords", "bass", "drums")
    assert understand("nocturne without bass", encoder)[0].parts == ("chords", "melody")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "techno",
                "in D minor",
                "rain",
                "3/4",
                "no drums",
                "96 bpm",
                "calm",
                "Am F C G",
                "half-time",
                "古筝",
                "loud",
            ]
        ),
        max_size=5,
    )
)
def test_a_plan_is_the_mode_of_its_distribution(words: list[str]) -> None:
    prompt = ", ".join(words) or "music"
    plan = understand(prompt, sentence_encoder_once())[0]
    told = distribution(prompt, sentence_encoder_once())
    for name in ("feel", "key", "meter"):
        assert max(told[name], key=told[name].get) == getattr(plan, name)
        assert sum(told[name].values()) == pytest.approx(1)
    assert max(told["style"], key=told["style"].get) == plan.style[0][0]
    assert {p for p, odds in told["parts"].items() if odds >= 0.5} == set(plan.parts)
    tempo = told["tempo"]
    assert tempo["low"] <= tempo["median"] + 0.1
    assert tempo["median"] <= tempo["high"] + 0.1
    assert tempo["median"] == plan.tempo
    for name in plan.explicit:
        if name in LEVELS:
            assert told[name]["spread"] == 0
    assert (tempo["low"] == tempo["high"]) is ("tempo" in plan.explicit)


def test_a_style_that_swings_in_sixteenths_says_so(encoder: TextEncoder) -> None:
    assert understand("boom bap", encoder)[0].swing_unit == 16
    assert understand("jazz", encoder)[0].swing_unit == 8


def test_words_that_are_all_facts_lean_to_no_style(encoder: TextEncoder) -> None:
    assert understand("Am F C G, 96 bpm, 8 bars", encoder)[0].style in (
        (("pop", 1.0),),
        (("pop ballad", 1.0),),
    )


@pytest.mark.parametrize("mood", ["sad", "dark", "gloomy"])
def test_what_is_not_wanted_leans_the_other_way(mood: str) -> None:
    wanted, unwanted = (understand(words, sentence_encoder())[0] for words in (mood, f"not {mood}"))
    assert unwanted.brightness > 0.5 > wanted.brightness
    assert unwanted.energy > wanted.energy


@pytest.mark.parametrize(
    ("prompt", "key", "tempo"),
    [
        ("12-bar blues in A shuffle 110", "A major", 110), ("funky groove in E minor 105", "E minor", 105),
        ("A minor trap 140", "A minor", 140), ("in Am, Dm G C Am", "A minor", None), ("i VI III VII", "A minor", None),
        ("happy ukulele in C, C Am F G", "C major", None), ("a minor blues", "A minor", None),
    ],
)  # fmt: skip
def test_keys_and_bare_numbers_beside_chords_and_styles(prompt: str, key: str, tempo: float | None) -> None:
    plan, _ = understand(prompt, sentence_encoder())
    assert plan.key == key
    assert tempo is None or plan.tempo == tempo
