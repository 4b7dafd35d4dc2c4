"""Does mood decide tempo? Pairs of sentences: bright or open against tender or longing, English and Chinese.

    python -m bench.music.mood_pairs

One decision a pair on the plan's tempo; notes per second over five 8-bar clips a sentence, seeds 1 to 5.
"""

from __future__ import annotations

from statistics import fmean

from bench.tables import interval, table
from model.clips.clip import clip
from model.clips.messages import ClipSpec
from model.generation.composer import Composer
from model.prompt.understand import open_encoder

PAIRS = (
    ("春天的气息弥漫在空气中", "我思念的那个人"),
    ("阳光洒满整个操场", "深夜里我又想起了你"),
    ("孩子们在海边奔跑欢笑", "雨中一个人慢慢走回家"),
    ("清晨推开窗,满眼都是新绿", "离别的站台上谁也没有说话"),
    ("我们一起去远方看烟花", "旧照片里妈妈年轻的样子"),
    ("丰收的节日全村人跳起舞来", "月光下轻轻哼着的摇篮曲"),
    ("The whole street is dancing in the sun", "I still keep your letters in the drawer"),
    ("Windows down, driving to the sea with friends", "Rain on the window of an empty house"),
    ("The first blossoms burst open on the hills", "Missing you on a long winter night"),
    ("Laughing, we ran across the wide green field", "A mother hums her baby to sleep"),
    ("Today everything begins anew", "The last train left, and you were on it"),
)
SEEDS = range(1, 6)


def main() -> None:
    """Print the table and the two shares."""
    encoder = open_encoder(None)
    composer = Composer(encoder)
    rows: list[tuple[object, ...]] = []
    slower = sparser = 0
    for pair in PAIRS:
        tempos: list[float] = []
        rates: list[list[float]] = []
        for prompt in pair:
            songs = [clip(composer, ClipSpec(prompt, seed, bars=8)) for seed in SEEDS]
            bpm = songs[0].tempos[0][1]
            tempos.append(bpm)
            rates.append([len(s.notes) / (s.end / 480 * 60 / bpm) for s in songs])
        fewer = sum(second < first for first, second in zip(*rates, strict=True))
        slower += tempos[1] < tempos[0]
        sparser += fewer
        rows.append((*pair, *tempos, fmean(rates[0]), fmean(rates[1]), f"{fewer}/{len(SEEDS)}"))
    head = ("bright, open", "tender, longing", "bpm", "bpm", "notes/s", "notes/s", "fewer")
    print(table(head, rows))
    print(f"\nplan tempo of the second lower: {interval(slower, len(PAIRS))}")
    print(f"notes per second of the second lower: {interval(sparser, len(PAIRS) * len(SEEDS))}")


if __name__ == "__main__":
    main()
