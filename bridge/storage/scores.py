"""Pieces of the songbook and kept takes for clients: read by name or from a text, and listed. Called from a worker thread of the daemon."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bridge.errors import OwnerError
from bridge.protocol.controls import Value
from bridge.storage import kept_takes
from bridge.takes.recorder import KeptBars
from model.music.harmony import key_on, parse_key
from model.music.midifile import Song, bar_at
from model.music.notes import PARTS, UNPITCHED_PARTS, Note
from model.music.plan import Plan
from model.music.score import Score, score_of


def read(name: str, text: str = "") -> tuple[Score, str]:
    """Return a piece or a kept take, and a sentence on what of it cannot be played. Raises ValueError."""
    if not text and kept_takes.kept_path(name, "json") is not None:
        return kept(name), ""
    from model.songbook import book  # imported here: the daemon's start need not wait for it

    return book.score_of_text(text) if text else book.score_named(name)


def kept(name: str) -> Score:
    """Return a kept take as a score that goes round, in its first tempo, key and metre. Raises ValueError."""
    try:
        song = as_written(kept_takes.load(name))
    except OwnerError as error:
        raise ValueError(str(error)) from error
    heard = {n.part for n in song.notes}
    plan = Plan(
        tempo=song.tempos[0][1],
        key=song.key,
        meter=song.bars[0][1],
        bars=len(song.bars),
        parts=tuple(part for part in PARTS if part in heard),
        explicit=("tempo", "key", "meter"),
        programs=song.programs,
    )
    return score_of(name, song.prompts[0][1] if song.prompts else name, song, plan, loops=True)


def as_written(kept: KeptBars) -> Song:
    """Return the song before what the output did to it, which it does again: without its transposition, octaves and levels."""

    def written(note: Note) -> Note:
        controls = kept.bars[min(bar_at(kept.song, note.start), len(kept.bars) - 1)].controls
        level = float(controls.get(f"part/{note.part}/level", 1))
        velocity = min(127, max(1, round(note.velocity / level))) if level else note.velocity
        if note.part in UNPITCHED_PARTS:
            return replace(note, velocity=velocity)
        up = int(controls.get("transpose", 0)) + 12 * int(controls.get(f"part/{note.part}/octave", 0))
        pitch = note.pitch - up if 0 <= note.pitch - up <= 127 else note.pitch
        return replace(note, pitch=pitch, velocity=velocity)

    if not kept.bars:
        return kept.song
    key, up = parse_key(kept.song.key), int(kept.bars[0].controls.get("transpose", 0))
    at_home = replace(kept.song, key=key_on((key.tonic - up) % 12, key.mode).name) if up else kept.song
    return replace(at_home, notes=tuple(map(written, kept.song.notes)))


def listed(style: str) -> list[tuple[Value, ...]]:
    """Return a message for each piece of a style, or one of all styles with their numbers of pieces. Raises ValueError."""
    rows = pieces()
    counts = Counter(row[2] for row in rows)
    if not style:
        return [("score/styles", *(value for pair in sorted(counts.items()) for value in pair))]
    wanted = next((known for known in counts if known.casefold() == style.casefold()), None)
    if wanted is None:
        raise ValueError(f"no style of the songbook is called {style!r}: score/list without a style tells them")
    found = [row for row in rows if row[2] == wanted]
    return [("score/piece", index, len(found), *row) for index, row in enumerate(found, 1)]


def pieces() -> list[tuple[str, str, str, float, str, str, int]]:
    """Return name, title, style, tempo, key, metre and bars of every piece, by style and title."""
    from model.songbook import book

    return [entry.row for entry in book.entries()]
