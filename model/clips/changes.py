"""What would change in a clip if another were written over it: notes added, taken and moved, and a small roll of them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from model.music.midifile import Song
from model.music.notes import PARTS, TICKS_PER_QUARTER, Note, Ticks

STEP = Ticks(TICKS_PER_QUARTER // 4)
"""A column of the roll: a sixteenth."""
ROLL_BARS = 8
"""The roll shows so many bars, from the first that changes."""
CHORD_BARS = 16
"""Chords are told of so many bars."""
REACH = TICKS_PER_QUARTER
"""A note that went is one that moved if the same pitch begins anew within a quarter, or another pitch at its place."""


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part: what of it is new, gone, elsewhere (as pairs), louder or longer, and how many notes stay as they are."""

    part: str
    added: tuple[Note, ...]
    taken: tuple[Note, ...]
    moved: tuple[tuple[Note, Note], ...]
    altered: tuple[Note, ...]
    same: int

    @property
    def any(self) -> bool:
        """True if anything of it changes."""
        return bool(self.added or self.taken or self.moved or self.altered)

    def sentence(self) -> str:
        """Return it in words: `bass: 2 added, 1 moved, 12 stay`."""
        counts = (
            (len(self.added), "added"), (len(self.taken), "taken"), (len(self.moved), "moved"), (len(self.altered), "louder, softer, longer or shorter"),
        )  # fmt: skip
        said = [f"{count} {what}" for count, what in counts if count] or ["nothing changes"]
        return f"{self.part}: {', '.join(said)}, {self.same} stay"


@dataclass(frozen=True, slots=True)
class Changes:
    """Both clips, and the parts of either."""

    old: Song
    new: Song
    parts: tuple[PartChange, ...]

    @property
    def any(self) -> bool:
        """True if a note or the length changes."""
        return any(part.any for part in self.parts) or self.old.end != self.new.end

    def text(self) -> str:
        """Return what changes in lines, the roll last."""
        lines = [part.sentence() for part in self.parts]
        if len(self.old.bars) != len(self.new.bars):
            lines.insert(0, f"{len(self.old.bars)} bars become {len(self.new.bars)}")
        if self.old.tempos[0][1] != self.new.tempos[0][1]:
            lines.insert(0, f"{self.old.tempos[0][1]:g} bpm become {self.new.tempos[0][1]:g}")
        before, after = chords_by_bars(self.old), chords_by_bars(self.new)
        if before != after:
            lines += [f"chords: {after or 'none'}", *([f"before: {before}"] if before else [])]
        return "\n".join([*lines, *self.roll()])

    def roll(self) -> list[str]:
        """Return a line a part, a column a sixteenth: = stays, + added, - taken, > moved to here, ~ altered."""
        longer = self.new if self.new.end >= self.old.end else self.old
        starts = [at for at, _ in longer.bars]
        places = [n.start for p in self.parts for n in (*p.added, *p.taken, *(b for _, b in p.moved), *p.altered)]
        first = bisect_right(starts, min(places, default=Ticks(0))) - 1
        shown = range(first, min(first + ROLL_BARS, len(starts)))
        return [
            f"bars {first + 1} to {shown[-1] + 1} of {len(starts)}, a column a sixteenth: = stays, + added, - taken, > moved here, ~ altered",
            *(
                f"{part.part:<7}|" + "|".join(self._bar(part, starts, longer.end, bar) for bar in shown) + "|"
                for part in self.parts
            ),
        ]

    def _bar(self, part: PartChange, starts: Sequence[Ticks], end: Ticks, bar: int) -> str:
        begin = starts[bar]
        columns = max(1, ((starts[bar + 1] if bar + 1 < len(starts) else end) - begin) // STEP)
        row = ["."] * columns
        changed = {*part.added, *part.altered, *(b for _, b in part.moved)}
        stays = [n for n in self.new.notes if n.part == part.part and n not in changed]
        moved = [b for _, b in part.moved]
        for sign, notes in (("=", stays), ("-", part.taken), ("~", part.altered), (">", moved), ("+", part.added)):
            for note in notes:
                column = (note.start - begin) // STEP
                if 0 <= column < columns:
                    row[column] = sign
        return "".join(row)


def chords_by_bars(song: Song) -> str:
    """Return the chords of a song's first bars, a bar between |, % where none begins; "" where there are none."""
    if not song.chords:
        return ""
    bars: list[list[str]] = [[] for _ in song.bars]
    starts = [at for at, _ in song.bars]
    for at, symbol in song.chords:
        bars[max(0, bisect_right(starts, at) - 1)].append(symbol)
    more = " …" if len(bars) > CHORD_BARS else ""
    return " | ".join(" ".join(bar) or "%" for bar in bars[:CHORD_BARS]) + more


def changes(old: Song, new: Song) -> Changes:
    """Return what writing one clip over another changes."""
    present = {n.part for n in (*old.notes, *new.notes)}
    return Changes(old, new, tuple(_of_part(old, new, part) for part in PARTS if part in present))


def _of_part(old: Song, new: Song, part: str) -> PartChange:
    before = {(n.start, n.pitch): n for n in old.notes if n.part == part}
    after = {(n.start, n.pitch): n for n in new.notes if n.part == part}
    both = before.keys() & after.keys()
    altered = [
        after[key]
        for key in both
        if (before[key].length, before[key].velocity) != (after[key].length, after[key].velocity)
    ]
    gone = sorted(before[key] for key in before.keys() - both)
    come = sorted(after[key] for key in after.keys() - both)
    moved: list[tuple[Note, Note]] = []
    for note in gone:
        near = [
            n for n in come if (n.pitch == note.pitch and abs(n.start - note.start) < REACH) or n.start == note.start
        ]
        if near:
            to = min(near, key=lambda n: (abs(n.start - note.start), abs(n.pitch - note.pitch)))
            come.remove(to)
            moved.append((note, to))
    left = {a for a, _ in moved}
    taken = tuple(n for n in gone if n not in left)
    return PartChange(part, tuple(come), taken, tuple(moved), tuple(sorted(altered)), len(both) - len(altered))


def roll(song: Song) -> list[str]:
    """Return the roll of a clip by itself."""
    return [
        line.replace(": = stays, + added, - taken, > moved here, ~ altered", ", = a note begins")
        for line in changes(song, song).roll()
    ]
