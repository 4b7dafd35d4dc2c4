"""The songbook on the documentation site: a page a style, and one with the table of all. Printed, never edited.

Written by `python -m model.songbook pages FOLDER`; with `--check` only compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from model.songbook.figures import counted
from model.songbook.piece import Piece
from model.songbook.rendering import Note, Performance, perform
from model.songbook.tables import PARTS, Style, styles

INDEX = "pieces.md"
"""The page of all; an index.md would have the address of docs/songbook.md."""
ROLL_BARS = 8
_COLOURS = {
    "chords": "#5b8db8", "melody": "#c8553d", "bass": "#3d7a5a", "pad": "#a9b7c6", "arp": "#c79a3b", "perc": "#8a7f70",
    "drums": "#57504a",
}  # fmt: skip
_WIDTH, _HEIGHT, _DRUMS = 900, 240, 40
"""Of a roll in its own units; the drums' share of the height lies below."""


def pages(pieces: Iterable[Piece], sounds: Iterable[str] = ()) -> dict[str, str]:
    """Return the files by name; `sounds` are those that lie in `sound`, as "SLUG.PIECE.opus": a page shows the piece that is heard."""
    by_style: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_style.setdefault(piece.header.style, []).append(piece)
    named = (name.split(".") for name in sounds)
    heard = {parts[0]: parts[1] for parts in named if len(parts) == 3}  # others name no piece
    known = {name: style for name, style in styles().items() if name in by_style}
    files = {INDEX: _index([p for found in by_style.values() for p in found], known)}
    for name, style in known.items():
        found = sorted(by_style[name], key=lambda p: p.header.title.casefold())
        performance = perform(chosen(found, heard.get(style.slug)))
        files[f"{style.slug}.svg"] = roll(performance)
        files[f"{style.slug}.md"] = _page(style, found, performance.piece, heard)
    return files


def chosen(pieces: Sequence[Piece], name: str | None = None) -> Piece:
    """Return the piece that stands for its style in full: that of a file name, else that of the middle length of text."""
    named = [piece for piece in pieces if Path(piece.file).stem == name]
    if named:
        return named[0]
    ordered = sorted(pieces, key=lambda piece: (len(piece.lines), piece.header.title))
    return ordered[len(ordered) // 2]


def differences(files: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of files that are not as they would be written, or that would not be written."""
    there = {path.name for path in folder.glob("*") if path.suffix in (".md", ".svg")}
    stale = [name for name, text in files.items() if name not in there or (folder / name).read_text("utf-8") != text]
    return sorted([*stale, *(there - files.keys())])


def _index(pieces: Sequence[Piece], known: Mapping[str, Style]) -> str:
    lines = []
    for line in counted(pieces):
        name = line.split("|")[1].strip() if line.startswith("| ") else ""
        style = known.get(name)
        lines.append(line.replace(f"| {name} |", f"| [{name}]({style.slug}.md) |", 1) if style else line)
    head = [
        "# Pieces of the songbook",
        "",
        "Printed by `python -m model.songbook pages docs/songbook`. [The notation](../songbook.md) is a page of its own.",
        'Play one: `llmball score "Gold Tooth"`, `/llmball/score/play Gold Tooth`, or the panel\'s songbook.',
        "",
    ]
    return "\n".join([*head, *lines, ""])


def _page(style: Style, pieces: Sequence[Piece], piece: Piece, heard: Mapping[str, str]) -> str:
    lines = [
        f"# {style.name[:1].upper()}{style.name[1:]}",
        "",
        f"Family {style.family}; {len(pieces)} pieces, {sum(p.bars for p in pieces)} bars. [All styles]({INDEX}).",
        "",
        "| piece | bpm | key | metre | form | bars |",
        "|---|---|---|---|---|---|",
    ]
    for p in pieces:
        h = p.header
        key, meter = f"{h.tonic} {h.mode.replace('_', ' ')}", f"{h.meter[0]}/{h.meter[1]}"
        lines.append(f"| {_cell(h.title)} | {float(h.tempo):g} | {key} | {meter} | {' '.join(h.form)} | {p.bars} |")
    lines += [
        "",
        f"## {piece.header.title}",
        "",
        f"![Its first {ROLL_BARS} bars as a piano roll]({style.slug}.svg)",
        "",
    ]
    name = Path(piece.file).stem
    if heard.get(style.slug) == name:
        lines += [f'<audio controls preload="none" src="../sound/{style.slug}.{name}.opus"></audio>', ""]
    lines += ["```", *piece.lines, "```", "", "## Captions", ""]
    for p in pieces:
        said = [f"{'from the notes: ' if c.from_notes else ''}{c.text}" for c in p.captions]
        lines += [f"**{p.header.title}**", "", *(f"- {_plain(text)}" for text in said), ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Return a text whose signs Markdown does not read."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>#" else c for c in text)


def roll(performance: Performance) -> str:
    """Return the first bars of a piece as an SVG: time to the right, pitch up, drums below; a colour a part."""
    end = min(performance.length, ROLL_BARS * performance.piece.header.bar)
    notes = {part: [n for n in found if n.start < end] for part, found in performance.notes().items()}
    pitches = [n.pitch for part, found in notes.items() if not PARTS[part].rows for n in found] or [60]
    low, high = min(pitches) - 2, max(pitches) + 2
    unit = (_HEIGHT - _DRUMS) / (high - low)
    drums = sorted({n.pitch for part, found in notes.items() if PARTS[part].rows for n in found})
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fbfaf7"/>',
    ]
    for bar in range(0, end, performance.piece.header.bar):
        x = round(bar * _WIDTH / end)
        lines.append(f'<path d="M{x} 0V{_HEIGHT}" stroke="#ddd8cd"/>')
    for part, found in notes.items():
        if not found:
            continue
        boxes = []
        for note in found:
            if PARTS[part].rows:
                y = _HEIGHT - (drums.index(note.pitch) + 1) * _DRUMS / (len(drums) + 1)
                boxes.append(_box(note, end, y, 3))
            else:
                boxes.append(_box(note, end, (high - note.pitch) * unit, max(2.0, unit)))
        lines.append(f'<path fill="{_COLOURS[part]}" d="{"".join(boxes)}"><title>{part}</title></path>')
    return "\n".join([*lines, "</svg>", ""])


def _box(note: Note, end: int, y: float, height: float) -> str:
    x = note.start * _WIDTH / end
    width = max(2.0, (min(note.end, end) - note.start) * _WIDTH / end - 1)
    return f"M{x:.0f} {y:.0f}h{width:.0f}v{height:.0f}h-{width:.0f}z"
