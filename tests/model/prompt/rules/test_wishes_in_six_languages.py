"""Ramps, fades, keys, sections, drops, durations and numbers of chords as musicians say them in Chinese, German, French, Spanish, Portuguese and Japanese."""

from __future__ import annotations

import pytest

from model.music.harmony import parse_key
from model.music.wishes import Modulation, Wishes
from model.prompt.rules.reader import parse_prompt


@pytest.mark.parametrize(
    ("text", "tempi", "faster", "bars"),
    [
        ("速度由80渐快到140，民乐合奏", (80, 140), True, None), ("前8小节从100加快到130 BPM", (100, 130), True, 8), ("die letzten vier Takte immer langsamer, Walzer", (None, None), False, 4), ("Tempo von 150 allmählich auf 90 drosseln, Doom Metal", (150, 90), False, None),
        ("valse qui ralentit sur les quatre dernières mesures", (None, None), False, 4), ("de plus en plus vite, de 80 à 160 bpm, musette", (80, 160), True, None), ("ritardando en los últimos cuatro compases, bolero", (None, None), False, 4),
        ("sube la velocidad de 100 a 140 bpm, cumbia", (100, 140), True, None), ("começa em 70 bpm e vai acelerando até 110, samba", (70, 110), True, None), ("cada vez mais rápido, de 100 a 160 bpm, forró", (100, 160), True, None), ("テンポ80から140へ徐々に加速するお祭りの曲", (80, 140), True, None),
        ("16小節かけて100から130に上げて", (100, 130), True, 16), ("慢慢加速，从70到110，古筝", (70, 110), True, None), ("结尾两小节突慢，进行曲", (None, None), False, 2), ("越弹越快，80起步，最后到160", (80, 160), True, None), ("第9小节开始加速到150，摇滚", (None, 150), True, None),
        ("Polka, die immer schneller wird: von 110 bis 150", (110, 150), True, None), ("zum Schluss hin Ritardando über zwei Takte", (None, None), False, 2), ("Tempo steigt von 120 auf 128 innerhalb von 32 Takten, Techno", (120, 128), True, 32),
        ("fängt mit 60 bpm an und steigert sich auf 100", (60, 100), True, None), ("tempo qui passe progressivement de 100 à 140 bpm, rock", (100, 140), True, None), ("ralentir de 120 à 80 sur les 4 dernières mesures", (120, 80), False, 4),
        ("accelerando de 16 mesures, de 90 à 120", (90, 120), True, 16), ("ça démarre à 60 et ça monte jusqu'à 120, tango", (60, 120), True, None), ("va subiendo el tempo de 90 a 130 durante 16 compases", (90, 130), True, 16),
        ("que se ralentice al final, los últimos dos compases", (None, None), False, 2), ("arranca en 100 y llega a 160, joropo", (100, 160), True, None), ("de 120 baja a 90 poco a poco, reggae", (120, 90), False, None),
        ("o andamento sobe de 80 para 120 ao longo de 16 compassos", (80, 120), True, 16), ("vai ficando mais rápido, de 100 até 140", (100, 140), True, None), ("desacelerando de 130 para 90 no final", (130, 90), False, None), ("BPMを80から120まで徐々に上げる", (80, 120), True, None),
        ("8小節で140から100に減速する", (140, 100), False, 8), ("ゆっくり始まって最後は速くなるロシア民謡", (None, None), True, None), ("5小節目から加速して150まで", (None, 150), True, None), ("テンポを100から150へ上げていくパンク", (100, 150), True, None),
    ],
)  # fmt: skip
def test_a_ramp(text: str, tempi: tuple[float | None, float | None], faster: bool, bars: int | None) -> None:
    parsed = parse_prompt(text)
    ramp, tempo = parsed.wishes.ramp, parsed.tempo
    assert ramp is not None
    begin, end = tempi
    assert begin is None or tempo == begin
    assert end is None or ramp.factor_from(tempo or 100) * (tempo or 100) == pytest.approx(end)
    assert (ramp.factor_from(tempo or 100) > 1) == faster
    assert bars is None or ramp.bars == bars


@pytest.mark.parametrize(
    ("text", "way", "bars"),
    [
        ("开头四小节渐入，氛围音乐", "in", 4), ("in den letzten acht Takten ausblenden, Softrock", "out", 8), ("am Ende langsam ausfaden, Reggae", "out", 4), ("fondu de sortie sur les huit dernières mesures, slow", "out", 8), ("baisse le volume progressivement à la fin, chanson", "out", 4),
        ("entra con un fundido de 4 compases, ambient", "in", 4), ("fundido de entrada de ocho compases, new age", "in", 8), ("entra aos poucos com fade in de 4 compassos, ambient", "in", 4), ("最後の8小節でフェードアウト、シティポップ", "out", 8), ("フェードアウトで終わるバラード", "out", 4), ("4小節かけてフェードイン、アンビエント", "in", 4),
        ("尾声慢慢淡出，chillout", "out", 4), ("用8小节淡入，后摇", "in", 8), ("最后四小节音量渐渐变小", "out", 4), ("声音由小到大渐入四小节", "in", 4), ("langsames Einblenden in den ersten 8 Takten", "in", 8), ("klingt am Schluss über 4 Takte aus", "out", 4), ("zum Ende hin leiser werden, Wiegenlied", "out", 4),
        ("wird die letzten 8 Takte ausgeblendet", "out", 8), ("fade-out final de 8 mesures, soul", "out", 8), ("le morceau s'éteint doucement sur quatre mesures", "out", 4), ("entrée en fondu sur 8 mesures, post-rock", "in", 8), ("termine en fondu, slow des années 80", "out", 4),
        ("los primeros 4 compases con fade in", "in", 4), ("se desvanece durante los últimos 4 compases", "out", 4), ("termina con fundido de 8 compases, pop", "out", 8), ("que el volumen vaya bajando al final hasta el silencio", "out", 4), ("fade-in de 8 compassos no começo", "in", 8),
        ("termina desaparecendo aos poucos, chillout", "out", 4), ("os últimos 4 compassos em fade out", "out", 4), ("o volume diminui aos poucos no final", "out", 4), ("エンディングは8小節のフェードアウト", "out", 8), ("徐々に音が消えていくエンディング", "out", 4), ("無音から8小節でフェードイン", "in", 8), ("終わりは音量を徐々に下げる", "out", 4),
    ],
)  # fmt: skip
def test_a_fade(text: str, way: str, bars: int) -> None:
    (fade,) = parse_prompt(text).wishes.fades
    assert ("in" if fade.begin < fade.end else "out", fade.bars) == (way, bars)


@pytest.mark.parametrize(
    ("text", "to", "bar", "section"),
    [
        ("第17小节升半音，慢摇", 1, 17, ""), ("在第9小节转到D大调", "D", 9, ""), ("im letzten Refrain eine Stufe höher, Schlager", 2, None, "last chorus"), ("Rückung um einen Ganzton im letzten Refrain", 2, None, "last chorus"), ("le dernier refrain monte d'un ton, variété française", 2, None, "last chorus"),
        ("modulation en ré majeur à la mesure 9", "D", 9, ""), ("sube un tono en el último estribillo, balada", 2, None, "last chorus"), ("modula a re mayor en el compás 9", "D", 9, ""), ("sobe um tom no último refrão, sertanejo", 2, None, "last chorus"),
        ("modula para ré maior no compasso 9", "D", 9, ""), ("最後のサビで半音上げ、J-POP", 1, None, "last chorus"), ("17小節目から半音上に転調、バラード", 1, 17, ""), ("最後のサビは1音上げ", 2, None, "last chorus"), ("到最后副歌转高一个全音", 2, None, "last chorus"), ("第二段副歌转到G大调", "G", None, "second chorus"), ("第13小节开始升两个半音", 2, 13, ""),
        ("降一个全音，第17小节", -2, 17, ""), ("Modulation nach A-Dur in Takt 17", "A", 17, ""), ("beim letzten Refrain einen Halbton hoch", 1, None, "last chorus"), ("in der zweiten Strophe nach D-Moll modulieren", "D", None, "second verse"), ("Tonartwechsel in Takt 9, zwei Halbtöne nach oben", 2, 9, ""),
        ("on passe en fa majeur à la mesure 17", "F", 17, ""), ("montée d'un demi-ton pour le refrain final", 1, None, "last chorus"), ("changement de tonalité mesure 13, un ton plus haut", 2, 13, ""), ("deuxième couplet un demi-ton au-dessus", 1, None, "second verse"),
        ("sube medio tono en el compás 9, bachata", 1, 9, ""), ("en el estribillo final sube un tono entero", 2, None, "last chorus"), ("cambia a la mayor en el compás 17", "A", 17, ""), ("modulación de un tono en el compás 13", 2, 13, ""),
        ("o último refrão sobe meio tom, gospel", 1, None, "last chorus"), ("modulação para lá maior no compasso 17", "A", 17, ""), ("um tom acima a partir do compasso 13", 2, 13, ""), ("desce um tom no compasso 9", -2, 9, ""), ("ラストのサビで全音上がる", 2, None, "last chorus"), ("13小節目でキーを半音上げる", 1, 13, ""),
        ("17小節目からト長調へ転調", "G", 17, ""), ("大サビで転調、半音上", 1, None, "last chorus"), ("2番のサビは全音下げ", -2, None, "second chorus"),
    ],
)  # fmt: skip
def test_another_key(text: str, to: int | str, bar: int | None, section: str) -> None:
    found = parse_prompt(text).wishes.modulation
    assert found is not None
    if isinstance(to, str):
        assert parse_key(found.key).tonic == parse_key(to).tonic
        found = Modulation("", 0, found.bar, found.section)
    assert found == Modulation("", to if isinstance(to, int) else 0, bar, section)


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("4小节前奏、16小节主歌、8小节副歌", "intro 4 verse 16 chorus 8"), ("前奏四小节→主歌十六小节→导歌四小节→副歌八小节→间奏四小节→尾奏四小节", "intro 4 verse 16 pre-chorus 4 chorus 8 breakdown 4 outro 4"), ("vier Takte Intro, acht Takte Strophe, acht Takte Refrain", "intro 4 verse 8 chorus 8"),
        ("Intro: 4, Strophe: 16, Bridge: 8, Outro: 4", "intro 4 verse 16 bridge 8 outro 4"), ("intro de 4 mesures, couplet de 8 mesures, refrain de 8 mesures, pont de 4 mesures", "intro 4 verse 8 chorus 8 bridge 4"),
        ("introduction 4 mesures, couplet 16, refrain 8, conclusion 4", "intro 4 verse 16 chorus 8 outro 4"), ("intro de cuatro compases, estrofa de ocho, estribillo de ocho", "intro 4 verse 8 chorus 8"),
        ("intro 4, verso 8, precoro 4, coro 8, puente 8, final 4", "intro 4 verse 8 pre-chorus 4 chorus 8 bridge 8 outro 4"), ("quatro compassos de intro, oito de estrofe, oito de refrão", "intro 4 verse 8 chorus 8"), ("イントロ4小節、Aメロ8小節、Bメロ8小節、サビ8小節", "intro 4 verse 8 pre-chorus 8 chorus 8"),
        ("イントロ(4) Aメロ(8) Bメロ(4) サビ(8) アウトロ(4)", "intro 4 verse 8 pre-chorus 4 chorus 8 outro 4"), ("前奏4小節、Aメロ8小節、サビ8小節、後奏4小節", "intro 4 verse 8 chorus 8 outro 4"), ("引子4小节，A段8小节，B段8小节，尾声4小节", "intro 4 A 8 B 8 outro 4"), ("结构：前奏（4小节）主歌（16小节）副歌（8小节）", "intro 4 verse 16 chorus 8"),
        ("前奏四个小节，主歌八个小节，副歌八个小节，再来一遍副歌八个小节", "intro 4 verse 8 chorus 8 chorus 8"), ("主歌8+导歌4+副歌8+间奏4", "verse 8 pre-chorus 4 chorus 8 breakdown 4"), ("前奏、主歌、副歌、尾奏，各8小节", "intro 8 verse 8 chorus 8 outro 8"),
        ("Intro mit 4 Takten, dann Strophe mit 8 Takten, Refrain mit 8 Takten", "intro 4 verse 8 chorus 8"), ("8 Takte Strophe, 4 Takte Pre-Chorus, 8 Takte Refrain, 8 Takte Mittelteil", "verse 8 pre-chorus 4 chorus 8 bridge 8"),
        ("Vorspiel, Strophe, Refrain, Nachspiel, jeweils 4 Takte", "intro 4 verse 4 chorus 4 outro 4"), ("achttaktige Strophe und sechzehntaktiger Refrain", "verse 8 chorus 16"), ("Aufbau: Intro 8 Takte, Strophe 16 Takte, Refrain 16 Takte, Ende 4 Takte", "intro 8 verse 16 chorus 16 outro 4"),
        ("structure : intro 4 mesures / couplet 8 mesures / refrain 8 mesures / outro 4 mesures", "intro 4 verse 8 chorus 8 outro 4"), ("un couplet de huit mesures puis un refrain de huit mesures", "verse 8 chorus 8"),
        ("4 mesures d'intro, 8 de couplet, 8 de refrain, 4 de fin", "intro 4 verse 8 chorus 8 outro 4"), ("couplet 8, pré-refrain 4, refrain 8, pont 8, refrain 8", "verse 8 pre-chorus 4 chorus 8 bridge 8 chorus 8"),
        ("intro (4 compases) - estrofa (8 compases) - estribillo (8 compases) - interludio (4 compases)", "intro 4 verse 8 chorus 8 breakdown 4"), ("una estrofa de ocho compases y un coro de ocho compases", "verse 8 chorus 8"),
        ("introducción 4 compases, estrofa 16 compases, estribillo 8 compases, solo 8 compases, coda 4 compases", "intro 4 verse 16 chorus 8 solo 8 outro 4"), ("8 compases de verso y 8 compases de coro", "verse 8 chorus 8"),
        ("introdução 4 compassos, estrofe 8 compassos, refrão 8 compassos, final 4 compassos", "intro 4 verse 8 chorus 8 outro 4"), ("uma intro de 4 compassos, depois verso de 16 e refrão de 8", "intro 4 verse 16 chorus 8"),
        ("verso com 8 compassos, refrão com 8 compassos, ponte com 4 compassos", "verse 8 chorus 8 bridge 4"), ("イントロは4小節、Aメロは8小節、サビは16小節", "intro 4 verse 8 chorus 16"), ("Aメロ8小節+Bメロ8小節+サビ8小節+アウトロ4小節", "verse 8 pre-chorus 8 chorus 8 outro 4"),
        ("構成：イントロ4、Aメロ8、Bメロ8、サビ8、間奏4、サビ8", "intro 4 verse 8 pre-chorus 8 chorus 8 breakdown 4 chorus 8"), ("4小節イントロ、8小節Aメロ、8小節サビ", "intro 4 verse 8 chorus 8"), ("8小節のサビと4小節のアウトロ", "chorus 8 outro 4"),
    ],
)  # fmt: skip
def test_sections_with_their_bars(text: str, sections: str) -> None:
    assert " ".join(f"{s.name} {s.bars}" for s in parse_prompt(text).wishes.sections) == sections


@pytest.mark.parametrize(
    ("text", "bar", "build"),
    [
        ("铺垫8小节，第17小节掉下来，EDM", 17, 8), ("Drop in Takt 17, davor 8 Takte Steigerung, House", 17, 8), ("4 Takte Aufbau und in Takt 13 fällt der Drop", 13, 4), ("drop à la mesure 17, montée de 8 mesures avant", 17, 8), ("le drop arrive à la 17e mesure, big room", 17, None),
        ("subida de 4 compases y el drop cae en el compás 9", 9, 4), ("drop no compasso 17 com subida de 8 compassos", 17, 8), ("o drop cai no compasso 33, psytrance", 33, None), ("9小節目にドロップ、ダブステップ", 9, None), ("33小節目からドロップ、トランス", 33, None), ("17小节进drop，前8小节铺垫，future bass", 17, 8),
        ("drop在第33小节，techno", 33, None), ("8小节build up之后第9小节drop", 9, 8), ("第25小节高潮爆发，电子", 25, None), ("Takt 17: Drop, vorher 4 Takte Build-up", 17, 4), ("nach 16 Takten kommt der Drop, Drum and Bass", 17, None), ("im neunten Takt droppt der Beat, Trap", 9, None),
        ("8 Takte Spannungsaufbau, dann Drop ab Takt 17", 17, 8), ("Drop auf Takt 25 mit großem Aufbau", 25, None), ("ça drop à la mesure 17, dubstep", 17, None), ("drop à la mesure 33 après une montée de 16 mesures", 33, 16), ("à la mesure 9, gros drop", 9, None),
        ("la montée dure 8 mesures et le drop arrive mesure 17", 17, 8), ("en el compás 9 entra el drop, reggaetón", 9, None), ("subidón de 8 compases y drop en el compás 25", 25, 8), ("el drop llega tras 16 compases", 17, None), ("build de 4 compases, drop en el 17 a 128 bpm", 17, 4),
        ("drop no compasso 9, funk carioca", 9, None), ("build up de 8 compassos e drop no compasso 17", 17, 8), ("depois de 16 compassos vem o drop", 17, None), ("ドロップは17小節目、EDM", 17, None), ("8小節のビルドアップから9小節目でドロップ", 9, 8), ("25小節目でドロップが来る、フューチャーベース", 25, None), ("4小節盛り上げて17小節目でドロップ", 17, 4),
    ],
)  # fmt: skip
def test_a_drop_at_a_bar_and_the_bars_of_its_build(text: str, bar: int, build: int | None) -> None:
    at = _places(parse_prompt(text).wishes)
    assert at["drop"] == bar
    assert build is None or at["build"] == bar - build


def _places(wishes: Wishes) -> dict[str, int]:
    """Return at which bar each cue or section begins."""
    at, found = 1, {c.cue: c.bar for c in wishes.cues}
    for section in wishes.sections:
        found.setdefault(section.name, at)
        at += section.bars
    return found


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90秒的片头曲", 90), ("时长3分20秒，摇滚", 200), ("anderthalb Minuten Lo-Fi", 90), ("eine Minute und zwanzig Sekunden Ambient", 80), ("eine halbe Minute Ukulele", 30), ("deux minutes trente de funk", 150), ("une demi-minute de jingle", 30), ("minuto y medio de salsa", 90),
        ("medio minuto de ukelele", 30), ("dura un minuto y veinte segundos", 80), ("dois minutos e meio de choro", 150), ("quarenta e cinco segundos de piano", 45), ("1分半のジャズ", 90), ("2分間のローファイ", 120), ("長さは3分、ロック", 180), ("一分钟的纯音乐", 60), ("三分钟左右的钢琴曲", 180), ("1分30秒，电子", 90), ("四十五秒的广告曲", 45),
        ("两分半钟的摇滚", 150), ("2分15秒长的民谣", 135), ("ungefähr zwei Minuten Pop", 120), ("Dauer: 1:45, Jazz", 105), ("dreieinhalb Minuten Rock", 210), ("fünfundvierzig Sekunden Klavier", 45), ("ein 30-sekündiger Jingle", 30), ("2-minütiger Technotrack", 120), ("morceau d'une minute trente, jazz", 90),
        ("environ trois minutes de rock", 180), ("un jingle de 15 secondes", 15), ("durée : 1 min 30", 90), ("deux minutes et quinze secondes", 135), ("un minuto y medio de cumbia", 90), ("que dure unos 2 minutos y medio, rock", 150), ("jingle de quince segundos", 15), ("duración 3:20, pop", 200),
        ("una pieza de tres minutos", 180), ("uma faixa de 2 minutos", 120), ("um minuto e trinta segundos de bossa", 90), ("jingle de quinze segundos", 15), ("três minutos e meio de rock", 210), ("3分くらいのバラード", 180), ("15秒のジングル", 15), ("1分30秒のテクノ", 90), ("二分半のポップス", 150), ("45秒程度のピアノ曲", 45),
        ("2分のEDM", 120),
    ],
)  # fmt: skip
def test_a_duration(text: str, seconds: float) -> None:
    assert parse_prompt(text).wishes.seconds == seconds


@pytest.mark.parametrize(
    ("text", "chords"),
    [
        ("全曲只有一个和弦", 1), ("四和弦循环，流行", 4), ("nur zwei Akkorde, Krautrock", 2), ("mit drei Akkorden, Punk", 3), ("seulement deux accords, afrobeat", 2), ("trois accords, pas plus, punk", 3), ("sólo dos acordes, cumbia", 2), ("con tres acordes, rock and roll", 3), ("só dois acordes, forró", 2),
        ("com três acordes, rock", 3), ("コードは2つだけ、ファンク", 2), ("3コードのロックンロール", 3), ("二つの和音だけで", 2), ("就两个和弦来回，朋克", 2), ("三和弦歌曲，民谣", 0), ("一个和弦到底，迷幻", 1), ("总共四个和弦，流行", 4), ("3个和弦的蓝调摇滚", 3), ("besteht nur aus drei Akkorden, Folk", 3), ("immer derselbe Akkord, Drone", 1),
        ("zwei Akkorde im Wechsel, Reggae", 2), ("bleibt auf einem Akkord, Funk", 1), ("Drei-Akkord-Song, Punk", 3), ("pas plus de trois accords, folk", 3), ("une boucle de deux accords, reggae", 2), ("juste deux accords qui tournent", 2), ("reste sur un seul accord, funk", 1),
        ("solamente tres acordes, punk", 3), ("un solo acorde todo el tiempo, funk", 1), ("vamp de dos acordes, soul", 2), ("no más de cuatro acordes", 4), ("somente três acordes, punk", 3), ("um acorde só, do começo ao fim", 1), ("vamp de dois acordes, funk", 2), ("quatro acordes em loop, pop", 4),
        ("ツーコードのファンク", 2), ("和音は三つだけ、フォーク", 3), ("ワンコードのジャム", 1), ("コード進行は4つのコードのループ", 4), ("2コードのみ、レゲエ", 2),
    ],
)  # fmt: skip
def test_a_number_of_chords(text: str, chords: int) -> None:
    assert parse_prompt(text).wishes.chords == chords


@pytest.mark.parametrize(
    "text",
    [
        "se queda en la memoria", "an angel choir, con coro", "the final 3 bars softer", "速く激しいパンク", "ゆっくりしたバラード", "消えそうな夢", "大きく広がる空", "Sieben auf einen Streich", "le troisième homme", "un segundo amor", "minuto a minuto", "die zweite Geige", "fin de semana en la playa", "en coro con los ángeles",
        "la caída del imperio", "最後の夏",
    ],
)  # fmt: skip
def test_words_that_wish_nothing_of_the_course(text: str) -> None:
    assert parse_prompt(text).wishes == Wishes()
