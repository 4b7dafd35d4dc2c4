"""`python -m bench.music.listening OUT [--sound]`: sixteen clips over sixteen styles and two live takes with their piano rolls.

For docs/listening. `--sound` writes them as Opus too, by FluidSynth and our SoundFont; needs `pip install soundfile`. Once they are
read, `python -m bench.music.listening OUT --told FILE` writes what readers said into the table of OUT/README.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from bench.make_clips import Maker, made
from bench.songbook_sound import encode
from bench.virtual_session import begun
from bridge.protocol.events import PromptRequested
from bridge.sound.fluidsynth import SOUNDFONT
from model.music import midifile
from model.music.midifile import Song, bar_length
from model.music.notes import PARTS, TICKS_PER_QUARTER, Note, Ticks

COLOURS = {
    "chords": "#7c9ed9",
    "melody": "#d9734e",
    "bass": "#5f8f6b",
    "drums": "#888888",
    "pad": "#7fb8c9",
    "arp": "#c97f9b",
    "perc": "#a8a860",
}
WIDTH, ROW, TOP = 1200, 7, 34


def svg(song: Song) -> str:
    """Return the picture: bars as lines, notes as boxes as strong as their velocity, chord symbols on top."""
    pitches = [n.pitch for n in song.notes] or [60]
    low, high = min(pitches) - 2, max(pitches) + 2
    height = TOP + (high - low + 1) * ROW
    scale = WIDTH / song.end
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fbfaf7"/>',
    ]
    for pitch in range(low, high + 1):
        if pitch % 12 in (1, 3, 6, 8, 10):
            y = TOP + (high - pitch) * ROW
            lines.append(f'<rect x="0" y="{y}" width="{WIDTH}" height="{ROW}" fill="#f0eee8"/>')
    for tick in range(0, song.end, TICKS_PER_QUARTER):
        strong = any(start == tick for start, _ in song.bars)
        colour = "#b9b4a8" if strong else "#e2dfd6"
        lines.append(
            f'<line x1="{tick * scale:.1f}" y1="{TOP}" x2="{tick * scale:.1f}" y2="{height}" stroke="{colour}"/>'
        )
    for note in song.notes:
        x, y = (note.start + note.offset) * scale, TOP + (high - note.pitch) * ROW
        lines.append(
            f'<rect x="{x:.1f}" y="{y}" width="{max(2.0, note.length * scale - 1):.1f}" height="{ROW - 1}" rx="2" '
            f'fill="{COLOURS[note.part]}" fill-opacity="{0.35 + 0.65 * note.velocity / 127:.2f}"/>'
        )
    for tick, symbol in song.chords:
        lines.append(f'<text x="{tick * scale + 2:.1f}" y="14" font-size="13" fill="#333">{symbol}</text>')
    for i, (part, colour) in enumerate((p, c) for p, c in COLOURS.items() if any(n.part == p for n in song.notes)):
        lines.append(f'<text x="{4 + i * 70}" y="29" font-size="11" fill="{colour}">{part}</text>')
    return "\n".join([*lines, "</svg>", ""])


PROMPTS = {
    "house": "driving house with piano stabs, 124 bpm",
    "techno": "dark hypnotic techno in A phrygian",
    "trap": "cold trap with bells, F# minor",
    "lo-fi": "dusty lo-fi beat for a rainy evening, D minor, 82 bpm",
    "boom-bap": "head nodding boom bap, 90 bpm",
    "drum-and-bass": "liquid drum and bass, dreamy chords",
    "ambient": "fog over a still lake, no beat",
    "funk": "tight funk in E dorian",
    "neo-soul": "late night neo-soul, lush chords",
    "afrobeats": "sunny afrobeats for dancing",
    "synthwave": "neon synthwave drive at night",
    "jazz": "smoky jazz trio with a walking bass in Bb",
    "bossa-nova": "soft bossa nova by the sea",
    "reggae": "lazy one drop reggae, 72 bpm",
    "guofeng": "烟雨江南，古筝与竹笛",
    "ballad": "tender piano ballad in C minor, Cm Ab Eb Bb",
}

LIVE = {
    "live-house": (122.0, ("deep house at sunset", "a singing synth lead over it, more energy", "a dreamy breakdown without drums")),
    "live-soul": (84.0, ("slow neo-soul in Eb with a singing lead", "funk with slap bass, tighter", "gospel with a choir feeling, bigger")),
}  # fmt: skip
"""Tempo and prompts of a live take, a minute each."""
MINUTE = 60.0
MOST_SECONDS = 180.0
"""That are heard of a take."""
METER = "4/4"
LATENCY = 0.05
"""Seconds that an order takes in virtual time."""


def live(tempo: float, prompts: tuple[str, ...]) -> Song:
    """Return what the band plays live, in virtual time: a minute of each prompt, in 4/4. The sounds are those of the first."""
    rig, first = begun(prompts[0], tempo, LATENCY, follow=0.0)
    start = rig.session._playback.timeline.placed[0].start
    for i, prompt in enumerate(prompts[1:], 1):
        rig.until(first + i * MINUTE)
        rig.happen(PromptRequested(prompt))
    bars = int(len(prompts) * MINUTE * tempo / 60) // 4
    end = Ticks(bars * bar_length(METER))
    rig.until(first + len(prompts) * MINUTE)

    def ticks(at: float) -> Ticks:
        return Ticks(max(0, round((at - first) * tempo / 60) * TICKS_PER_QUARTER))

    told = {path: args for _, path, args in reversed(rig.told)}
    said = told["understood/programs"]
    notes = tuple(
        sorted(
            Note(Ticks(max(0, n.at - start)), n.length, n.pitch, n.velocity, n.part)
            for planned in rig.planned.values()
            for n in planned
            if n.at - start < end
        )
    )
    chords = {at: str(args[0]) for at, args in ((ticks(at), args) for at, path, args in rig.told if path == "chord")}
    return Song(
        bars=tuple((Ticks(i * bar_length(METER)), METER) for i in range(bars)),
        end=end,
        tempos=((Ticks(0), tempo),),
        key=str(told["understood/key"][0]),
        notes=notes,
        chords=tuple(sorted((at, symbol) for at, symbol in chords.items() if at < end)),
        programs=tuple(
            (str(part), int(str(program)))
            for part, program in zip(said[::2], said[1::2], strict=True)
            if part in PARTS and part not in ("drums", "perc")
        ),
        prompts=tuple((ticks(first + i * MINUTE), prompt) for i, prompt in enumerate(prompts)),
    )


HEAD = "| name | prompt | roll, notes, sound | kept, 1 to 5 | what the reader said |\n|---|---|---|---|---|\n"


def told_on(page: str, told: Mapping[str, tuple[str, str]]) -> str:
    """Return a page with its table made anew: of each clip what readers kept it at, and the sentence of one. Raises KeyError without these."""
    prompts = PROMPTS | {name: f"{' → '.join(said)} ({tempo:g} bpm, a minute each)" for name, (tempo, said) in LIVE.items()}  # fmt: skip
    before, _, after = page.partition(HEAD)
    rows = "".join(
        f'| {name} | {prompt} | [roll]({name}.svg), [.mid]({name}.mid) <audio controls preload="none" src="{name}.opus"></audio> | {" | ".join(told[name])} |\n'
        for name, prompt in prompts.items()
    )
    return before + HEAD + rows + after[after.index("\n\n") + 1 :]


def main() -> None:
    """Write the clips, the live takes and their pictures."""
    parser = argparse.ArgumentParser(prog="python -m bench.music.listening", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--sound", action="store_true", help="as Opus too; needs FluidSynth and `pip install soundfile`"
    )
    parser.add_argument(
        "--told", type=Path, help="only make the table of OUT/README.md anew, of lines: name, tab, kept, tab, sentence"
    )
    given = parser.parse_args()
    page: Path = given.out / "README.md"
    if given.told is not None:
        lines = (line.split("\t") for line in given.told.read_text(encoding="utf-8").splitlines())
        page.write_text(told_on(page.read_text(encoding="utf-8"), {n: (k, said) for n, k, said in lines}), "utf-8")
        return
    given.out.mkdir(parents=True, exist_ok=True)
    for name, prompt in PROMPTS.items():
        keep(given.out, name, made(prompt, 1, Maker()).song, sound=given.sound)
    for name, (tempo, prompts) in LIVE.items():
        keep(given.out, name, live(tempo, prompts), sound=given.sound)


def keep(folder: Path, name: str, song: Song, *, sound: bool) -> None:
    """Write a song and its picture, and its sound if that is wanted."""
    midifile.write(folder / f"{name}.mid", song)
    (folder / f"{name}.svg").write_text(svg(song), encoding="utf-8")
    if sound:
        encode(folder / f"{name}.mid", folder / f"{name}.opus", SOUNDFONT, MOST_SECONDS)


if __name__ == "__main__":
    main()
