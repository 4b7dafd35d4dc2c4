from __future__ import annotations

import pytest

from model.encoder import TextEncoder, sentence_encoder
from model.music import Controls, Plan
from model.plan import to_json, understand
from model.precedence import apply

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


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return sentence_encoder()


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


def test_chords_without_a_key_bring_their_own(encoder: TextEncoder) -> None:
    assert understand("Am F C G", encoder)[0].key == "A minor"
    assert understand("Dm7 G7 Cmaj7, dreamy", encoder)[0].key == "C major"


@pytest.mark.parametrize(("pairs", "share"), [(PAIRS, 0.75), (LATER_PAIRS, 0.9)], ids=["first", "later"])
def test_longing_is_planned_slower_than_spring(
    encoder: TextEncoder, pairs: list[tuple[str, str]], share: float
) -> None:
    slower = [
        understand(bright, encoder)[0].tempo > understand(tender, encoder)[0].tempo
        for bright, tender in pairs
    ]
    assert sum(slower) >= share * len(pairs)


def test_the_same_words_give_the_same_plan(encoder: TextEncoder) -> None:
    assert understand("rain on the roof", encoder)[0] == understand("rain on the roof", encoder)[0]


def test_every_field_of_the_contract_is_printed(encoder: TextEncoder) -> None:
    told = to_json(understand("Am F C G for 4 bars on electric piano", encoder)[0])
    assert set(told) == {
        "tempo", "feel", "key", "meter", "bars", "parts", "progression", "instruments", "density", "energy",
        "brightness", "complexity", "swing", "style", "explicit",
    }  # fmt: skip
    assert told["progression"] == ["Am", "F", "C", "G"]
    assert told["instruments"] == {"chords": "electric piano"}


def test_a_set_control_goes_before_the_words_and_what_loses_is_told() -> None:
    words = Plan(tempo=82, key="D minor", explicit=("tempo",))
    under, lost = apply(words, Controls(tempo=120, key="E dorian", density=0.2))
    assert (under.tempo, under.key, under.density) == (120, "E dorian", 0.2)
    assert lost == (("tempo", "control"),)


def test_a_control_that_agrees_with_the_words_overrules_nothing() -> None:
    assert apply(Plan(tempo=82, explicit=("tempo",)), Controls(tempo=82))[1] == ()


def test_chords_that_are_set_bring_their_key_unless_the_words_said_one() -> None:
    assert apply(Plan(), Controls(chords="Am F C G"))[0].key == "A minor"
    assert apply(Plan(key="G major", explicit=("key",)), Controls(chords="Am F C G"))[0].key == "G major"
    assert apply(Plan(key="G major"), Controls(chords="ii V I", key="D major"))[0].progression == (
        "Em",
        "A",
        "D",
    )
