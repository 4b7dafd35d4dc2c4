"""Ramps, fades, keys, sections, drops, durations and numbers of chords as musicians say them in Chinese, German, French, Spanish, Portuguese and Japanese."""

from __future__ import annotations

import pytest

from model.music.harmony import parse_key
from model.music.wishes import Modulation, Wishes
from model.prompt.reader import parse_prompt


@pytest.mark.parametrize(
    ("text", "tempi", "faster", "bars"),
    [
        ("速度由80渐快到140，民乐合奏", (80, 140), True, None), ("前8小节从100加快到130 BPM", (100, 130), True, 8), ("die letzten vier Takte immer langsamer, Walzer", (None, None), False, 4), ("Tempo von 150 allmählich auf 90 drosseln, Doom Metal", (150, 90), False, None),
        ("valse qui ralentit sur les quatre dernières mesures", (None, None), False, 4), ("de plus en plus vite, de 80 à 160 bpm, musette", (80, 160), True, None), ("ritardando en los últimos cuatro compases, bolero", (None, None), False, 4),
        ("sube la velocidad de 100 a 140 bpm, cumbia", (100, 140), True, None), ("começa em 70 bpm e vai acelerando até 110, samba", (70, 110), True, None), ("cada vez mais rápido, de 100 a 160 bpm, forró", (100, 160), True, None), ("テンポ80から140へ徐々に加速するお祭りの曲", (80, 140), True, None),
        ("16小節かけて100から130に上げて", (100, 130), True, 16), ("结尾两小节突慢，进行曲", (None, None), False, 2), ("第9小节开始加速到150，摇滚", (None, 150), True, None), ("zum Schluss hin Ritardando über zwei Takte", (None, None), False, 2), ("fängt mit 60 bpm an und steigert sich auf 100", (60, 100), True, None),
        ("ralentir de 120 à 80 sur les 4 dernières mesures", (120, 80), False, 4), ("ça démarre à 60 et ça monte jusqu'à 120, tango", (60, 120), True, None), ("que se ralentice al final, los últimos dos compases", (None, None), False, 2),
        ("de 120 baja a 90 poco a poco, reggae", (120, 90), False, None), ("vai ficando mais rápido, de 100 até 140", (100, 140), True, None), ("BPMを80から120まで徐々に上げる", (80, 120), True, None), ("ゆっくり始まって最後は速くなるロシア民謡", (None, None), True, None), ("テンポを100から150へ上げていくパンク", (100, 150), True, None),
        ("节奏从85慢慢推到125，城市流行", (85, 125), True, None), ("中途提速，100到150", (100, 150), True, None), ("最后八小节速度慢下来到60", (None, 60), False, 8), ("渐慢收尾，最后三小节", (None, None), False, 3), ("zieht von 96 auf 144 an, Balkan Brass", (96, 144), True, None),
        ("Tempo nimmt über 8 Takte von 120 auf 140 zu", (120, 140), True, 8), ("wird am Ende immer langsamer, letzte 4 Takte", (None, None), False, 4), ("80 bpm am Anfang, 130 bpm am Ende", (80, 130), True, None), ("le tempo grimpe de 95 à 125 en douze mesures", (95, 125), True, 12),
        ("rallentando sur les deux dernières mesures", (None, None), False, 2), ("on accélère petit à petit jusqu'à 150 à partir de la mesure 9", (None, 150), True, None), ("ralentit de 140 vers 100, hip-hop", (140, 100), False, None),
        ("que vaya acelerando desde 90 hasta 135, merengue", (90, 135), True, None), ("frena en los últimos 4 compases", (None, None), False, 4), ("tempo de 75 a 100, aumentando poco a poco", (75, 100), True, None), ("acelerando a partir do compasso 9 até 150", (None, 150), True, None),
        ("diminui a velocidade de 120 para 80 nos últimos 8 compassos", (120, 80), False, 8), ("começa devagar em 60 e termina rápido em 140", (60, 140), True, None), ("8小節かけてテンポを90から120に上げる", (90, 120), True, 8), ("ラスト2小節でゆっくりになる", (None, None), False, 2),
        ("BPM100スタートで最後は140まで加速", (100, 140), True, None), ("从头到尾越来越快，70到130，秧歌", (70, 130), True, None), ("结束前4小节放慢", (None, None), False, 4), ("von langsamen 70 auf 140 bpm anziehen, Hora", (70, 140), True, None), ("die letzten 8 Takte auf 60 abbremsen", (None, 60), False, 8),
        ("accelerando progressif de 100 à 160", (100, 160), True, None), ("on ralentit à la fin sur 4 mesures", (None, None), False, 4), ("empieza lento a 60 y acelera hasta 120", (60, 120), True, None), ("baja de 130 a 100 en los últimos 8 compases", (130, 100), False, 8),
                ("追逐戏配乐，越来越快，一开始100bpm，结尾要到160", (100, 160), True, None), ("第9小节开始加速，8小节之内到150，电子舞曲", (None, 150), True, 8), ("Ab Takt 17 das Tempo von 128 auf 136 hochziehen, 8 Takte lang", (128, 136), True, 8), ("Uhrwerk: von 120 BPM runter auf 60", (120, 60), False, None),
        ("Bolero a 90 bpm, en los últimos 4 compases que baje hasta 60", (90, 60), False, 4), ("desde el compas 9 vaya mas rapido poco a poco, llegando a 140 en 8 compases", (None, 140), True, 8), ("ambient pad 60 bpm, slowly speeds up to 90 by the end, 16 bars", (60, 90), True, None),
        ("bachata, los últimos 4 compases más lento", (None, None), False, 4), ("les 4 dernières mesures plus lentes", (None, None), False, 4), ("march, a bit faster in the last 8 bars, 32 bars", (None, None), True, 8), ("最后4小节慢一点，民谣", (None, None), False, 4), ("vai de 90 a 140 bpm em 16 compassos, maracatu", (90, 140), True, 16), ("o final desacelera, últimos 4 compassos", (None, None), False, 4), ("100から徐々に140までテンポアップ", (100, 140), True, None), ("最後の2小節はリタルダンドで", (None, None), False, 2),
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
        ("用8小节淡入，后摇", "in", 8), ("声音由小到大渐入四小节", "in", 4), ("klingt am Schluss über 4 Takte aus", "out", 4), ("wird die letzten 8 Takte ausgeblendet", "out", 8), ("le morceau s'éteint doucement sur quatre mesures", "out", 4), ("termine en fondu, slow des années 80", "out", 4),
        ("se desvanece durante los últimos 4 compases", "out", 4), ("que el volumen vaya bajando al final hasta el silencio", "out", 4), ("termina desaparecendo aos poucos, chillout", "out", 4), ("o volume diminui aos poucos no final", "out", 4), ("徐々に音が消えていくエンディング", "out", 4),
        ("終わりは音量を徐々に下げる", "out", 4), ("音乐在最后六小节渐渐淡出", "out", 6), ("由静到响淡入，四个小节", "in", 4), ("最后渐弱到没有声音", "out", 4), ("mit Fade-out über die letzten 6 Takte", "out", 6), ("blendet sich in 4 Takten ein", "in", 4), ("am Schluss 8 Takte ausblenden bitte", "out", 8),
        ("les 4 premières mesures en fondu d'entrée", "in", 4), ("ça se termine en fondu sur 8 mesures", "out", 8), ("disparaît peu à peu à la fin", "out", 4), ("que empiece desde el silencio y suba en 8 compases", "in", 8), ("acaba con fade out de 4 compases", "out", 4),
        ("los ocho últimos compases se van apagando", "out", 8), ("fade in nos primeiros 4 compassos", "in", 4), ("o final vai sumindo em 8 compassos", "out", 8), ("fecha em fade out", "out", 4), ("8小節で徐々にフェードアウトして終わる", "out", 8), ("冒頭4小節フェードイン", "in", 4), ("最後はだんだん静かになって終わる", "out", 4),
        ("Fade-in über die ersten 8 Takte, House", "in", 8), ("am Ende ausklingen lassen, 4 Takte", "out", 4), ("fondu sortant de 6 mesures", "out", 6), ("commence en fondu sur 4 mesures", "in", 4), ("desvanecimiento final de 8 compases", "out", 8),
        ("aparece poco a poco desde el silencio en 4 compases", "in", 4),         ("尾奏fade out", "out", 4), ("klingt in den letzten sechs Takten leise aus", "out", 6), ("que se desvanezca en los últimos 4 compases", "out", 4), ("fade out over the last 8", "out", 8), ("avec un fondu à la fin", "out", 4), ("desvanécete al final", "out", 4),
        ("some aos poucos nos últimos 8 compassos", "out", 8), ("entrada em fade in de 8 compassos", "in", 8), ("ラスト8小節でフェードアウト", "out", 8), ("静かにフェードインする4小節のイントロ", "in", 4),
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
        ("modula para ré maior no compasso 9", "D", 9, ""), ("最後のサビで半音上げ、J-POP", 1, None, "last chorus"), ("17小節目から半音上に転調、バラード", 1, 17, ""), ("最後のサビは1音上げ", 2, None, "last chorus"), ("第二段副歌转到G大调", "G", None, "second chorus"), ("降一个全音，第17小节", -2, 17, ""),
        ("beim letzten Refrain einen Halbton hoch", 1, None, "last chorus"), ("Tonartwechsel in Takt 9, zwei Halbtöne nach oben", 2, 9, ""), ("montée d'un demi-ton pour le refrain final", 1, None, "last chorus"), ("deuxième couplet un demi-ton au-dessus", 1, None, "second verse"),
        ("en el estribillo final sube un tono entero", 2, None, "last chorus"), ("modulación de un tono en el compás 13", 2, 13, ""), ("modulação para lá maior no compasso 17", "A", 17, ""), ("desce um tom no compasso 9", -2, 9, ""), ("13小節目でキーを半音上げる", 1, 13, ""),
        ("大サビで転調、半音上", 1, None, "last chorus"), ("最后一段副歌整体升全音", 2, None, "last chorus"), ("第21小节转F大调", "F", 21, ""), ("副歌升三个半音", 3, None, "chorus"), ("im C-Teil einen Ganzton tiefer", -2, None, "bridge"), ("letzter Refrain in D-Dur", "D", None, "last chorus"),
        ("ab Takt 25 alles eine kleine Terz höher", 3, 25, ""), ("der Schlussrefrain wird um einen Halbton angehoben", 1, None, "last chorus"), ("on monte d'un ton au refrain final", 2, None, "last chorus"), ("le pont module en la mineur", "A", None, "bridge"),
        ("à partir de la mesure 25, une tierce mineure plus haut", 3, 25, ""), ("el último estribillo medio tono más alto", 1, None, "last chorus"), ("el puente modula a fa mayor", "F", None, "bridge"), ("a partir del compás 25 todo un tono más arriba", 2, 25, ""),
        ("última vez do refrão meio tom acima", 1, None, "last chorus"), ("a ponte modula para fá maior", "F", None, "bridge"), ("sobe um tom e meio no compasso 25", 3, 25, ""), ("ラスサビだけ半音アップ", 1, None, "last chorus"), ("21小節目でヘ長調に転調する", "F", 21, ""), ("サビでキーが全音上がる", 2, None, "chorus"),
                ("Marsch in F-Dur, im Trio nach B-Dur", "Bb", None, "trio"), ("tonartwechsel bei takt 17 von a moll auf cis moll", "C#", 17, ""), ("gospel in Db, 12 bars, last 4 bars up a half step", 1, 9, ""), ("funk en mi mineur, monte d'un ton à la fin, 16 mesures", 2, 13, ""),
        ("从第17小节起转为G大调", "G", 17, ""), ("Refrain am Ende einen Ganzton rauf", 2, None, "chorus"), ("in Takt 9 Modulation nach F-Dur", "F", 9, ""), ("le dernier couplet un ton plus haut", 2, None, "last verse"), ("modulation au demi-ton supérieur à la mesure 17", 1, 17, ""),
        ("subir medio tono en el último coro", 1, None, "last chorus"), ("en el compás 9 cambia a sol mayor", "G", 9, ""), ("no último refrão aumenta um semitom", 1, None, "last chorus"), ("vai para mi maior no compasso 17", "E", 17, ""), ("2番から半音上がる", 1, None, ""),
        ("ラストサビで1音転調", 2, None, "last chorus"),
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
        ("イントロ(4) Aメロ(8) Bメロ(4) サビ(8) アウトロ(4)", "intro 4 verse 8 pre-chorus 4 chorus 8 outro 4"), ("前奏4小節、Aメロ8小節、サビ8小節、後奏4小節", "intro 4 verse 8 chorus 8 outro 4"), ("结构：前奏（4小节）主歌（16小节）副歌（8小节）", "intro 4 verse 16 chorus 8"), ("主歌8+导歌4+副歌8+间奏4", "verse 8 pre-chorus 4 chorus 8 breakdown 4"),
        ("Intro mit 4 Takten, dann Strophe mit 8 Takten, Refrain mit 8 Takten", "intro 4 verse 8 chorus 8"), ("Vorspiel, Strophe, Refrain, Nachspiel, jeweils 4 Takte", "intro 4 verse 4 chorus 4 outro 4"),
        ("Aufbau: Intro 8 Takte, Strophe 16 Takte, Refrain 16 Takte, Ende 4 Takte", "intro 8 verse 16 chorus 16 outro 4"), ("un couplet de huit mesures puis un refrain de huit mesures", "verse 8 chorus 8"),
        ("couplet 8, pré-refrain 4, refrain 8, pont 8, refrain 8", "verse 8 pre-chorus 4 chorus 8 bridge 8 chorus 8"), ("una estrofa de ocho compases y un coro de ocho compases", "verse 8 chorus 8"), ("8 compases de verso y 8 compases de coro", "verse 8 chorus 8"),
        ("uma intro de 4 compassos, depois verso de 16 e refrão de 8", "intro 4 verse 16 chorus 8"), ("イントロは4小節、Aメロは8小節、サビは16小節", "intro 4 verse 8 chorus 16"), ("構成：イントロ4、Aメロ8、Bメロ8、サビ8、間奏4、サビ8", "intro 4 verse 8 pre-chorus 8 chorus 8 breakdown 4 chorus 8"), ("8小節のサビと4小節のアウトロ", "chorus 8 outro 4"),
        ("曲式：8小节前奏，16小节主歌，8小节副歌，4小节尾奏", "intro 8 verse 16 chorus 8 outro 4"), ("主歌和副歌各16小节", "verse 16 chorus 16"), ("先来4小节的前奏，然后8小节主歌，接着8小节副歌", "intro 4 verse 8 chorus 8"), ("前奏4 主歌8 副歌8 桥段4 副歌8", "intro 4 verse 8 chorus 8 bridge 4 chorus 8"),
        ("Form: Intro (8 Takte), Strophe (16 Takte), Refrain (16 Takte)", "intro 8 verse 16 chorus 16"), ("erst 4 Takte Vorspiel, danach 8 Takte Strophe und 8 Takte Refrain", "intro 4 verse 8 chorus 8"), ("Strophe und Refrain je 8 Takte", "verse 8 chorus 8"),
        ("Einleitung 4, Strophe 8, Refrain 8, Brücke 8, Schlussrefrain 8", "intro 4 verse 8 chorus 8 bridge 8 chorus 8"), ("une intro de 8 mesures, deux couplets de 8 mesures, un refrain de 16 mesures", "intro 8 verse 8 verse 8 chorus 16"),
        ("couplet et refrain de 8 mesures chacun", "verse 8 chorus 8"), ("8 mesures intro + 16 mesures couplet + 16 mesures refrain", "intro 8 verse 16 chorus 16"), ("intro sur 4 mesures, puis couplet sur 8, refrain sur 8", "intro 4 verse 8 chorus 8"),
        ("estrofa y estribillo de 8 compases cada uno", "verse 8 chorus 8"), ("empieza con 4 compases de intro, luego 16 de verso y 8 de estribillo", "intro 4 verse 16 chorus 8"), ("introducción (4), verso (8), coro (8), puente (4), coro (8)", "intro 4 verse 8 chorus 8 bridge 4 chorus 8"),
        ("primeiro 4 compassos de introdução, depois 8 de verso e 8 de refrão", "intro 4 verse 8 chorus 8"), ("verso e refrão de 8 compassos cada", "verse 8 chorus 8"), ("intro (4), verso (8), pré-refrão (4), refrão (8), interlúdio (4)", "intro 4 verse 8 pre-chorus 4 chorus 8 breakdown 4"),
                ("ABA三段式，每段8小节，古筝独奏", "A 8 B 8 A 8"), ("zwölf Takte Strophe, dann zwölf Takte Solo, zum Schluss nochmal zwölf Takte Strophe", "verse 12 solo 12 verse 12"), ("Volkslied in der Form AAB, jeder Teil vier Takte", "A 4 A 4 B 4"),
        ("先来8小节的蓄力，紧接着drop", "build 8 drop 8"), ("イントロ4小節、Aメロ8小節、サビ8小節、サビで半音上に転調", "intro 4 verse 8 chorus 8"),
        ("Aメロとサビを8小節ずつ", "verse 8 chorus 8"), ("イントロ8、Aメロ16、サビ16、アウトロ8", "intro 8 verse 16 chorus 16 outro 8"), ("最初に4小節のイントロ、次に8小節のAメロ、そして8小節のサビ", "intro 4 verse 8 chorus 8"), ("イントロ４小節→Ａメロ８小節→サビ８小節", "intro 4 verse 8 chorus 8"),
        ("前奏2小节，主歌8小节，导歌4小节，副歌8小节，间奏2小节", "intro 2 verse 8 pre-chorus 4 chorus 8 breakdown 2"), ("主歌：16小节；副歌：16小节；尾奏：8小节", "verse 16 chorus 16 outro 8"), ("4 Takte Einleitung, dann 16 Takte Strophe, dann 8 Takte Refrain, dann 4 Takte Schluss", "intro 4 verse 16 chorus 8 outro 4"),
        ("Strophe 16, Refrain 8, Zwischenspiel 4, Strophe 16", "verse 16 chorus 8 breakdown 4 verse 16"), ("huit mesures pour le couplet, huit pour le refrain", "verse 8 chorus 8"), ("intro 2 mesures - couplet 8 mesures - pont 4 mesures - refrain 8 mesures", "intro 2 verse 8 bridge 4 chorus 8"),
        ("dos estrofas de 8 compases y un estribillo de 16", "verse 8 verse 8 chorus 16"), ("intro 8 compases, estrofa 16, puente 8, estribillo 16, final 8", "intro 8 verse 16 bridge 8 chorus 16 outro 8"),
        ("4 compassos de introdução, 8 compassos de verso, 8 compassos de refrão, 4 compassos de final", "intro 4 verse 8 chorus 8 outro 4"), ("estrofe 16, refrão 8, ponte 8, refrão 8", "verse 16 chorus 8 bridge 8 chorus 8"),
        ("前奏2小節、Aメロ8小節、Bメロ4小節、サビ8小節、後奏2小節", "intro 2 verse 8 pre-chorus 4 chorus 8 outro 2"), ("イントロ8小節のあとAメロ16小節、サビ16小節", "intro 8 verse 16 chorus 16"),
    ],
)  # fmt: skip
def test_sections_with_their_bars(text: str, sections: str) -> None:
    assert " ".join(f"{s.name} {s.bars}" for s in parse_prompt(text).wishes.sections) == sections


@pytest.mark.parametrize(
    ("text", "bar", "build"),
    [
        ("铺垫8小节，第17小节掉下来，EDM", 17, 8), ("Drop in Takt 17, davor 8 Takte Steigerung, House", 17, 8), ("4 Takte Aufbau und in Takt 13 fällt der Drop", 13, 4), ("drop à la mesure 17, montée de 8 mesures avant", 17, 8), ("le drop arrive à la 17e mesure, big room", 17, None),
        ("subida de 4 compases y el drop cae en el compás 9", 9, 4), ("drop no compasso 17 com subida de 8 compassos", 17, 8), ("o drop cai no compasso 33, psytrance", 33, None), ("9小節目にドロップ、ダブステップ", 9, None), ("33小節目からドロップ、トランス", 33, None), ("drop在第33小节，techno", 33, None),
        ("第25小节高潮爆发，电子", 25, None), ("nach 16 Takten kommt der Drop, Drum and Bass", 17, None), ("8 Takte Spannungsaufbau, dann Drop ab Takt 17", 17, 8), ("ça drop à la mesure 17, dubstep", 17, None), ("à la mesure 9, gros drop", 9, None), ("en el compás 9 entra el drop, reggaetón", 9, None),
        ("el drop llega tras 16 compases", 17, None), ("drop no compasso 9, funk carioca", 9, None), ("depois de 16 compassos vem o drop", 17, None), ("8小節のビルドアップから9小節目でドロップ", 9, 8), ("4小節盛り上げて17小節目でドロップ", 17, 4), ("第9小节来一个大drop", 9, None), ("蓄力四小节，第13小节炸", 13, 4), ("16小节之后drop", 17, None),
        ("drop放在第25小节，前面铺垫8小节", 25, 8), ("Drop bei Takt 33, 8 Takte Aufbau davor", 33, 8), ("im 17. Takt kommt der große Drop", 17, None), ("nach acht Takten Steigerung kommt in Takt 9 der Drop", 9, 8), ("in Takt 17 setzt der Drop ein", 17, None), ("un drop énorme à la mesure 25", 25, None),
        ("après 16 mesures, le drop", 17, None), ("quatre mesures de montée et drop à la mesure 13", 13, 4), ("le drop est à la mesure 33, psytrance", 33, None), ("el drop en el compás diecisiete", 17, None), ("en el compás 33 explota el drop", 33, None),
        ("cuatro compases de build up, drop en el compás 13", 13, 4), ("después de 8 compases cae el drop", 9, None), ("o drop vem no compasso 25, tech house", 25, None), ("no compasso 17 cai o drop", 17, None), ("8 compassos de build e aí o drop no compasso 9", 9, 8), ("25小節目からドロップに入る", 25, None),
        ("17小節目にドロップ、その前に8小節のビルドアップ", 17, 8), ("16小節後にドロップ", 17, None), ("第33小节爆点drop", 33, None), ("铺垫16小节后drop", 17, 16), ("Build-up 16 Takte, Drop in Takt 17", 17, 16), ("der Beat droppt in Takt 9", 9, None), ("montée de 16 mesures, drop mesure 17", 17, 16),
                ("bei takt 9 soll es richtig knallen (drop), dubstep", 9, None), ("8 Takte aufbauen, dann kommt bei Takt 33 der Drop", 33, 8), ("der Drop kommt auf Takt 25, vorher acht Takte Riser", 25, 8), ("mit Drop auf der 1 von Takt 13", 13, None),
        ("montée de 4 mesures puis ça pète à la mesure 13", 13, 4), ("que reviente en el compas 9", 9, None), ("4 compases de build y el drop entra en el 21", 21, 4),
        ("le gros drop à la mesure 9", 9, None), ("drop en el compás 9 después de una subida de 4", 9, 4), ("a los 16 compases cae el drop", 17, None), ("o drop entra no compasso 33", 33, None), ("subida de 4 compassos antes do drop no compasso 17", 17, 4), ("盛り上げ8小節、17小節目ドロップ", 17, 8),
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
        ("medio minuto de ukelele", 30), ("dura un minuto y veinte segundos", 80), ("dois minutos e meio de choro", 150), ("quarenta e cinco segundos de piano", 45), ("1分半のジャズ", 90), ("2分間のローファイ", 120), ("長さは3分、ロック", 180), ("三分钟左右的钢琴曲", 180), ("四十五秒的广告曲", 45), ("2分15秒长的民谣", 135),
        ("Dauer: 1:45, Jazz", 105), ("fünfundvierzig Sekunden Klavier", 45), ("2-minütiger Technotrack", 120), ("environ trois minutes de rock", 180), ("durée : 1 min 30", 90), ("un minuto y medio de cumbia", 90), ("jingle de quince segundos", 15), ("una pieza de tres minutos", 180),
        ("um minuto e trinta segundos de bossa", 90), ("três minutos e meio de rock", 210), ("15秒のジングル", 15), ("二分半のポップス", 150), ("2分のEDM", 120), ("时长一分钟，钢琴", 60), ("大概40秒的片尾", 40), ("两分二十秒的电子乐", 140), ("做一个3分钟的曲子", 180), ("Länge 2:30, Funk", 150), ("eineinhalb Minuten Klezmer", 90),
        ("zwei Minuten dreißig, Rock", 150), ("eine Minute lang, Chill", 60), ("20 Sekunden Jingle", 20), ("trois minutes et demie de chanson", 210), ("une minute pile, techno", 60), ("une trentaine de secondes", 30), ("1'30 de jazz", 90), ("treinta segundos de ambient", 30),
        ("de dos minutos de duración, house", 120), ("un minuto exacto", 60), ("meia hora de ambient", 1800), ("trinta segundos de vinheta", 30), ("com 2 minutos e 30 segundos", 150), ("duração: 1:30", 90), ("2分30秒のロック", 150), ("一分間のジングル", 60), ("三十秒のジングル", 30), ("90秒、アニソン", 90),
        ("曲の長さは2分くらい", 120), ("时长控制在45秒", 45), ("五分钟的氛围音乐", 300), ("einminütiger Jingle", 60), ("Spielzeit 2 Minuten 15", 135), ("une minute quinze de rock", 75), ("un morceau de 3 minutes 30", 210), ("un minuto y cuarenta segundos", 100), ("duración de 90 segundos", 90),
                ("que dure 45 segs, algo tierno", 45), ("duração de dois minutos", 120), ("uns 45 segundos de jingle", 45), ("1分15秒のBGM", 75), ("5分間の瞑想音楽", 300),
    ],
)  # fmt: skip
def test_a_duration(text: str, seconds: float) -> None:
    assert parse_prompt(text).wishes.seconds == seconds


@pytest.mark.parametrize(
    ("text", "chords"),
    [
        ("全曲只有一个和弦", 1), ("四和弦循环，流行", 4), ("nur zwei Akkorde, Krautrock", 2), ("mit drei Akkorden, Punk", 3), ("seulement deux accords, afrobeat", 2), ("trois accords, pas plus, punk", 3), ("sólo dos acordes, cumbia", 2), ("con tres acordes, rock and roll", 3), ("só dois acordes, forró", 2),
        ("com três acordes, rock", 3), ("コードは2つだけ、ファンク", 2), ("3コードのロックンロール", 3), ("二つの和音だけで", 2), ("三和弦歌曲，民谣", 0), ("总共四个和弦，流行", 4), ("besteht nur aus drei Akkorden, Folk", 3), ("zwei Akkorde im Wechsel, Reggae", 2), ("Drei-Akkord-Song, Punk", 3), ("une boucle de deux accords, reggae", 2),
        ("reste sur un seul accord, funk", 1), ("un solo acorde todo el tiempo, funk", 1), ("no más de cuatro acordes", 4), ("um acorde só, do começo ao fim", 1), ("quatro acordes em loop, pop", 4), ("和音は三つだけ、フォーク", 3), ("コード進行は4つのコードのループ", 4), ("只要三个和弦，民谣", 3), ("两个和弦循环", 2), ("单和弦，氛围", 1),
        ("全程一个和弦", 1), ("höchstens drei Akkorde, Folk", 3), ("ein Akkord reicht, Drone", 1), ("vier Akkorde in Dauerschleife", 4), ("Zwei-Akkord-Vamp, Soul", 2), ("rien que deux accords", 2), ("quatre accords qui tournent en boucle", 4), ("sur un accord, transe", 1), ("à trois accords, punk", 3),
        ("únicamente dos acordes", 2), ("con un acorde nada más", 1), ("a base de tres acordes", 3), ("só um acorde, mantra", 1), ("usando só dois acordes", 2), ("no máximo quatro acordes", 4), ("コードは1つのまま", 1), ("三つのコードで", 3), ("4コード循環のポップ", 4), ("コード2個でループ", 2), ("全曲两个和弦就行", 2),
        ("nicht mehr als vier Akkorde", 4), ("une grille de trois accords", 3), ("avec seulement un accord", 1), ("rueda de cuatro acordes", 4), ("con solo dos acordes", 2), ("usa três acordes", 3), ("apenas um acorde do início ao fim", 1), ("コード3つのパンク", 3), ("2つのコードの繰り返し", 2),
    ],
)  # fmt: skip
def test_a_number_of_chords(text: str, chords: int) -> None:
    assert parse_prompt(text).wishes.chords == chords


@pytest.mark.parametrize(
    "text",
    [
        "se queda en la memoria", "an angel choir, con coro", "the final 3 bars softer", "速く激しいパンク", "ゆっくりしたバラード", "消えそうな夢", "大きく広がる空", "Sieben auf einen Streich", "le troisième homme", "un segundo amor", "minuto a minuto", "die zweite Geige", "fin de semana en la playa", "en coro con los ángeles",
        "la caída del imperio", "最後の夏", "the last chorus in the rain", "zwei Strophen über die Liebe", "une trentaine de musiciens", "after the rain, 140 vers libres",
    ],
)  # fmt: skip
def test_words_that_wish_nothing_of_the_course(text: str) -> None:
    assert parse_prompt(text).wishes == Wishes()
