"""`python -m bench.music.listening OUT`: sixteen clips over sixteen styles with their piano rolls, for docs/listening."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.make_clips import Maker, made
from model.music import midifile
from model.music.midifile import Song
from model.music.notes import TICKS_PER_QUARTER

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


def main() -> None:
    """Write the clips and their pictures."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, prompt in PROMPTS.items():
        song = made(prompt, 1, Maker()).song
        midifile.write(out / f"{name}.mid", song)
        (out / f"{name}.svg").write_text(svg(song), encoding="utf-8")


if __name__ == "__main__":
    main()
