"""Wishes of eighteen kinds in seven languages: each is obeyed or told, none is passed over in silence."""

from __future__ import annotations

import re

import pytest

from model.prompt.reader import parse_prompt

WISHES: dict[str, tuple[str, ...]] = {
    # the words between brackets are the wish
    "tempo": ("liquid dnb [[at one seventy four]]", "make it [[twice as fast]]", "[[每分钟九十拍]]的流行", "Schlager, [[etwas flotter]]", "valse, [[pas plus de 140]]", "cumbia [[a unos noventa y cinco]]", "tarantella [[a centotrenta]]", "samba [[a cento e dez]]",),
    "key": ("ballad, [[key of D sharp minor]]", "prog, [[F lydian dominant]]", "钢琴曲，[[降E大调]]", "Choral in [[Es-Dur]]", "nocturne en [[si bémol mineur]]", "tango en [[la menor]]", "aria in [[mi bemolle maggiore]]", "choro em [[ré menor]]",),
    "metre": ("math rock with [[bars of seven]]", "[[waltz time]] lullaby", "[[八六拍]]的摇篮曲", "Tanz im [[Siebenachteltakt]]", "jig en [[six-huit]]", "zamba en [[seis por ocho]]", "[[in sei ottavi]] barcarola", "valsa em [[três por quatro]]",),
    "negation": ("[[leave the kick out]]", "lofi [[minus hats]]", "电子，[[去掉镲片]]", "Techno [[ohne Becken]]", "électro [[sans charley]]", "[[sin platillos]] jazz", "[[niente piatti]]", "bossa [[sem pratos]]",),
    "chords": ("loop [[Bm7 E7sus4 A]] with a chill beat", "[[use lots of diminished chords]] gothic waltz", "[[4536251]]流行", "[[zwei Akkorde pro Takt]] Swing", "[[deux accords qui tournent]] afrobeat", "[[tres acordes nada más]] ranchera", "[[giro di do]]", "[[só dois acordes]] forró",),
    "length": ("loop [[the length of a tweet video, 15s]]", "[[a sixteen bar]] groove", "广告曲，[[十五秒]]", "Jingle, [[höchstens zehn Sekunden]]", "générique, [[pas plus de vingt secondes]]", "[[dura medio minuto]]", "[[una ventina di secondi]]", "[[meio minuto]] de funk",),
    "section": ("[[skip the intro]] house", "rock: [[verse twice, chorus once]]", "[[前奏四小节]]然后进歌", "Rock mit [[langem Zwischenteil]]", "[[couplet refrain couplet refrain]] rock", "[[estrofa, estribillo y puente]]", "[[strofa e ritornello due volte]]", "[[estrofe, refrão, estrofe, refrão]]",),
    "drop": ("future bass, [[the drop should hit around 0:45]]", "[[everything cuts out before the chorus]]", "[[第十七小节开始炸]]", "[[Drop bei Takt 33]] Techno", "[[gros drop à la mesure 17]]", "[[que reviente en el compás 9]]", "[[il drop arriva a battuta 17]]", "[[drop no compasso 9]]",),
    "ramp": ("[[slow it down over the last few bars]]", "hava nagila, [[start slow and speed up]]", "秧歌，[[越打越快]]", "Sirtaki, [[erst langsam, dann immer rasanter]]", "[[accélère petit à petit]] kalinka", "[[cada vez más deprisa]]", "pizzica [[che accelera sempre di più]]", "[[vai acelerando]] frevo",),
    "fade": ("dream pop with [[a gradual fade]]", "[[come in from nothing]], strings", "[[结尾慢慢变小声]]", "[[am Ende leise werden]]", "[[s'éteint doucement]]", "[[que se vaya apagando]]", "[[sfuma alla fine]]", "[[vai sumindo no final]]",),
    "modulation": ("[[last chorus a tone higher]]", "[[go to the relative major in the bridge]]", "抒情，[[最后一段升key]]", "[[letzter Refrain einen Ton höher]]", "[[monte d'un ton au dernier refrain]]", "[[sube medio tono al final]]", "[[l'ultimo ritornello mezzo tono sopra]]", "[[sobe um tom no último refrão]]",),
    "effect": ("[[gated snare]] 80s pop", "dub with [[tape echo on the skank]]", "吉他[[加点失真和混响]]", "Dub [[mit viel Echo]]", "dub [[avec beaucoup de réverb]]", "guitarra [[con mucho eco]]", "[[con tanto riverbero]]", "[[com bastante eco]]",),
    "vocals": ("[[choir going aah]] epic", "[[someone whispering]] dark ambient", "[[来段说唱]]", "[[mit Männerchor]]", "[[avec des choeurs]]", "[[con coros]] gospel", "[[con una voce femminile]]", "[[com coral]] gospel",),
    "sample": ("[[rain in the background]] lofi", "[[a door slam on the one]]", "lofi[[加雨声]]", "[[Regen im Hintergrund]]", "lofi [[avec bruit de pluie]]", "[[sonido de olas]] chill", "[[rumore di pioggia]] lofi", "[[barulho de chuva]]",),
    "mix": ("rock, [[wide guitars, mono bass]]", "[[more top end]]", "[[鼓声压小]]", "[[Bass mehr nach vorn]]", "[[la basse plus en avant]]", "[[sube la guitarra]]", "[[alza il basso]]", "[[aumenta o grave]]",),
    "software": ("trap loop, [[save as wav]]", "[[undo that]]", "[[导出成midi]]", "[[exportier das bitte]]", "[[mets-le sur la piste 2]]", "[[guárdalo como mp3]]", "[[salvalo]]", "[[salva em wav]]",),
    "swing": ("[[totally straight, no shuffle]]", "beat with [[62 % swing]]", "[[三连音摇摆]]的布鲁斯", "[[triolisch]] geschufflt", "[[croches ternaires]]", "[[con swing]] jazz", "[[terzinato]] blues", "[[suingado]] samba rock",),
    "part": ("[[strings hold long notes]]", "[[hats in sixteenths]] trap", "[[贝斯走根音]]", "[[Bass spielt nur Grundtöne]]", "[[la basse joue les fondamentales]]", "[[el bajo solo en las tónicas]]", "[[il basso fa solo le toniche]]", "[[baixo só na tônica]]",),
    "instrument": ("[[bass clarinet]] noir", "[[kazoo]] birthday song", "草原，[[马头琴]]", "[[Hackbrett]] und Zither", "[[vielle à roue]] médiévale", "[[charango]] y quena", "[[mandolino]] napoletano", "[[cavaquinho]] e pandeiro",),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in WISHES.items() for text in texts])
def test_a_wish_is_obeyed_or_told(kind: str, text: str) -> None:
    wish = re.search(r"\[\[(.*?)\]\]", text)
    assert wish is not None
    prompt, start = text.replace("[[", "").replace("]]", ""), wish.start()
    end = start + len(wish.group(1))
    heard = [r for r in parse_prompt(prompt).account.readings if r.start < end and start < r.end]
    assert any(r.kind != "meaning" for r in heard), f"{kind}: {heard}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jazz, 7", "7"), ("techno, sound 7 then 8", "7"), ("rock with louder guittar", "guittar"), ("pop, hhhhhhhhhhhhhhhh", "hhhhhhhhhhhhhhhh"), ("民谣，啊啊啊啊啊啊啊", "啊啊啊啊啊啊啊"),
        ("only an arpeggio, low bass pulse", "bass"), ("jazz in C major, a little D minor", "D minor"), ("C maj7 arpeggio, ambient", "C maj7"), ("folk tune on hurdy gurdy", "hurdy gurdy"),
    ],
)  # fmt: skip
def test_what_no_rule_reads_is_told_where_it_cannot_be_a_scene(text: str, words: str) -> None:
    assert any(words in said or said in words for said, _ in parse_prompt(text).account.unread())


@pytest.mark.parametrize(
    "text",
    [
        "top 40 pop for a 9 to 5 office", "unicorn song for my sister shes 5", "A second instrument plays along", "une valse à trois temps, noire = 144", "gospel in F, not too many notes in the melody", "ni piano ni bajo, solo guitarra y batería",
        "80s synthwave", "a train at 3 am", "blink 182 style pop punk", "4 am in Tokyo", "anni 60 surf", "the summer of 1969", "sitting by the bridge at dawn", "the coral reef at noon", "24/7 lofi", "two lovers on a train",
        "a catchy riff for a road movie", "hypnotic pulse of the night", "分手后的雨夜", "最后的夏天", "hinter den sieben Bergen", "la dernière danse", "el último verano", "l'ultima estate", "o último trem",
    ],
)  # fmt: skip
def test_scenes_with_a_number_or_a_musical_word_are_not_told(text: str) -> None:
    assert parse_prompt(text).account.unread() == ()


def test_bars_that_something_goes_on_for_are_not_the_length_where_more_is_wished_behind_them() -> None:
    assert parse_prompt("slow burn for 8 bars, then drop at bar 9").bars is None
    assert parse_prompt("8 bars, drop at bar 9").bars == 8
    assert parse_prompt("a calm piano for 8 bars").bars == 8


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("teh drusm, c minro, jazz", "key", "C minor"),
        ("jazz, without drusm", "parts", "drums"),
        ("intro 4 bars, vrese 8 bars", "bars", 12),
    ],
)
def test_letters_that_changed_places_are_read_as_they_were_meant(text: str, field: str, value: object) -> None:
    parsed = parse_prompt(text)
    found = {
        "key": parsed.key and parsed.key.name,
        "parts": next(iter(parsed.stated_parts.without), None),
        "bars": parsed.bars,
    }
    assert found[field] == value
