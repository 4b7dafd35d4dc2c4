"""Songs from the .mid files of two free games, Freedoom and Simutrans: whole bands, each line of a file given a part.

A line is what one track plays on one channel with one program. `model.training.corpus.band` tells which part it is. Bars follow the file's
metres; a bar that is none of ours divides the song in two. Lines on the grid are written on 24ths of a quarter; lines that
were played keep how far they are off. Chord symbols and keys are estimated.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import symusic

from model.analysis.key_finder import find_key
from model.decoder.tokenizer import BarLine
from model.music import midifile
from model.music.harmony import CHORD_QUALITIES, QUALITIES, Chord, Key
from model.music.notes import TICKS_PER_QUARTER, Note, Ticks, beat_length, beats_in_bar
from model.music.plan import Mix
from model.training.corpus.band import DRUM_ROLES, PERC_NOTES, PERC_PROGRAMS, TOGETHER, Line, assign_parts
from model.training.corpus.song import Song, meters_of, snap_to_grid

FEWEST_BARS = 8
"""Shorter pieces, and pieces of pieces, are left out."""
STEADY = 0.65
"""Share of the drums' or the bass's onsets near the grid below which a file's beats are not believed."""
NEAR = 7.5
"""Ticks from the grid that count as on it: a sixteenth of a sixteenth."""
WRITTEN = 0.85
"""Share of a line's onsets on the grid from which it is written, not played."""
MAX_LATENESS = 30.0
"""Ticks that a line may be behind or ahead throughout and be moved for it."""
SWUNG = 0.8
"""Share of the off-beats that are a triplet's from which a file swings."""
_PLACES = np.array((0, 3, 4, 6, 8, 9, 12, 15, 16, 18, 20, 21, 24)) * 20.0
HIT = Ticks(120)

Floats = npt.NDArray[np.float64]
Span = tuple[Ticks, str]


def freedoom(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the pieces of `musics/`; remixes of one piece have one title."""
    told = credited((folder / "CREDITS-MUSIC").read_text(encoding="utf-8", errors="replace"))
    for path in sorted(folder.glob("*.mid")):
        title, _ = told.get(path.stem, (path.stem, ""))
        yield from _read(path, "freedoom", title, (("human", "video game music"),), drops, loops=True)


def simutrans(folder: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the pieces of `music/`."""
    for path in sorted(folder.glob("*.mid")):
        title = " ".join(re.sub(r"^\d+-", "", path.stem).split("-"))
        tags = (("human", "video game music"), ("human", title.lower()))
        yield from _read(path, "simutrans", title, tags, drops, loops=False)


_CREDIT = re.compile(r"^\s*(?P<slot>[A-Z][A-Za-z0-9]*): *(?P<rest>.+)$")
_SOURCE = re.compile(r"(?:remix of|based on|originally|original by) *(?P<name>\"[^\"]+\"|\w+\.mid)?", re.IGNORECASE)
_SLOTS = {
    "--Phase 1--": {"Title": "d_intro", "Intermission": "d_inter", "Victory": "d_victor", "Bunny": "d_bunny"},
    "--Phase 2--": {"Title": "d_dm2ttl", "Intermission": "d_dm2int", "Story": "d_read_m"},
    "--FreeDM--": {"Title": "d_fdmttl", "Intermission": "d_fdmint", "Story": "d_fdmrdm"},
}


def credited(text: str) -> dict[str, tuple[str, str]]:
    """Return file → (title, composers) of CREDITS-MUSIC. A remix has the title of what it is a remix of, if that is said."""
    found: dict[str, tuple[str, str]] = {}
    part = ""
    for line in text.splitlines():
        if line.startswith("--"):
            part = line.strip()
        entry = _CREDIT.match(line)
        if entry is None or "Previously" in part:
            continue
        slot, rest = entry["slot"], entry["rest"]
        file = _SLOTS.get(part, {}).get(slot, f"d_{slot.lower()}")
        own = re.match(r"\"([^\"]+)\"", rest)
        composers = rest.rpartition(" by ")[2] if own is None else rest[own.end() :].removeprefix(" by ").split(",")[0]
        source = _SOURCE.search(rest)
        named = source["name"].strip('"') if source is not None and source["name"] else None
        found[file] = (named or (own[1] if own else rest.split(" by ")[0]), composers.strip())
    if "d_intro" in found:
        found["d_introa"] = found["d_intro"]
    return found


def _read(
    path: Path, source: str, title: str, tags: tuple[tuple[str, str], ...], drops: dict[str, int], *, loops: bool
) -> Iterator[Song]:
    found = songs(path, source, title, tags, loops=loops)
    if isinstance(found, str):
        drops[found] = drops.get(found, 0) + 1
    else:
        yield from found


def songs(
    path: Path, source: str, title: str, tags: tuple[tuple[str, str], ...] = (), *, loops: bool = False
) -> list[Song] | str:
    """Return the songs of a file, one unless a bar of no metre of ours divides it; or the reason why it has none."""
    try:
        score = symusic.Score(str(path))
    except RuntimeError:
        return "unreadable"
    scale = TICKS_PER_QUARTER / score.ticks_per_quarter
    lines = file_lines(score)
    if not lines:
        return "no notes"
    signatures = [(round(s.time * scale), s.numerator, s.denominator) for s in score.time_signatures]
    stretch = 1.0
    if steadiness(lines) < STEADY:
        stretch = found_stretch(lines)
        if not stretch:
            return "beats not found"
        lines = [replace(line, start=line.start * stretch, end=line.end * stretch) for line in lines]
        signatures = []
    last = max(float(line.end.max()) for line in lines)
    runs = [r for r in bar_runs(signatures, lines, last) if len(r[0]) >= FEWEST_BARS]
    if not runs:
        return "fewer than eight bars"
    tempo = round(stretch * _tempo([(t.time * scale, t.qpm) for t in score.tempos], last), 2)
    unit = swing_unit(lines) if all(d == 4 for _, _, d in signatures) else 0
    notes, timed = placed(lines, assign_parts(lines), unit)
    varied = has_touch(lines)
    found = []
    for number, (bars, end) in enumerate(runs):
        name = f"{source}-{path.stem}" + (f"-{number + 1}" if len(runs) > 1 else "")
        song = _song(name, source, title, tempo, bars, end, notes)
        if song is not None:
            lines_ = (BarLine(),) * len(song.bars) if loops else ()
            style, told = style_of(song, lines, title if source == "simutrans" else "")
            told = (*told, ("swing", f"{unit} 67")) if unit else told
            found.append(
                replace(song, tags=(*tags, *told), style=style, lines=lines_, has_velocities=varied, has_timing=timed)
            )
    return found or "fewer than eight bars"


def file_lines(score: symusic.Score) -> list[Line]:
    """Return the lines of a file in ticks of 480 a quarter."""
    scale = TICKS_PER_QUARTER / score.ticks_per_quarter
    found = []
    for track in score.tracks:
        notes = sorted((n.time * scale, n.pitch, (n.time + n.duration) * scale, n.velocity) for n in track.notes)
        if notes:
            start, pitch, end, velocity = (np.array(column, np.float64) for column in zip(*notes, strict=True))
            found.append(Line(track.name.strip(), track.program, track.is_drum, start, end, pitch, velocity))
    return found


def nearness(ticks: Floats) -> float:
    """Return the share of onsets within a sixteenth of a sixteenth of places that people write."""
    if not len(ticks):
        return 0.0
    return float((np.abs((ticks % TICKS_PER_QUARTER)[:, None] - _PLACES).min(1) <= NEAR).mean())


def steadiness(lines: Sequence[Line]) -> float:
    """Return how well the file's beats are those of its music, 0..1, by its drums, its bass or all, whichever says most.

    `nearness`, or how much onsets gather at one place of the sixteenth: players are late by habit.
    """
    layers = [
        [line for line in lines if line.is_drums],
        [line for line in lines if not line.is_drums and 32 <= line.program < 40],
        list(lines),
    ]
    onsets = [o for layer in layers if layer and len(o := np.concatenate([line.start for line in layer])) >= 50]
    return max((max(nearness(o), float(abs(np.exp(2j * np.pi * o / 120).mean()))) for o in onsets), default=0.0)


def found_stretch(lines: Sequence[Line]) -> float:
    """Return the factor on a file's ticks, from a half to two, that puts 95 % of its onsets on sixteenths; 0 if none does.

    Converted files have one tempo, but not the one that they say. Of several factors the one nearest to 1 is taken.
    """
    onsets = np.unique(np.concatenate([line.start for line in lines]))
    if len(onsets) < 50:
        return 0.0
    onsets -= onsets[0]

    def fit(ticks: Floats, factor: float) -> float:
        inside = ticks * factor % 120
        return float((np.minimum(inside, 120 - inside) <= NEAR).mean())

    opening = onsets[onsets < 24_000]
    factors = sorted(np.exp(np.arange(-0.7, 0.7, 2e-4)).tolist(), key=lambda k: abs(np.log(k)))
    for factor in (k for k in factors if fit(opening, k) >= 0.95):
        near = factor + np.arange(-3e-4, 3e-4, 2 / onsets[-1])
        best = max(near.tolist(), key=lambda k: fit(onsets, k))
        if fit(onsets, best) >= 0.95:
            return float(best)
    return 0.0


# --- bars -----------------------------------------------------------------------------------------------


def bar_runs(
    signatures: Sequence[tuple[int, int, int]], lines: Sequence[Line], last: float
) -> list[tuple[list[Span], int]]:
    """Return runs of bars that follow each other and have metres of ours, each with its end.

    Many programs write 4/4 into every file, or nothing: of such files the metre and the beat that begins the bars are found.
    """
    changes: dict[int, tuple[int, int]] = {at: (n, d) for at, n, d in signatures}
    if not changes or min(changes) > 0:
        changes[0] = changes[min(changes)] if changes else (4, 4)
    begin = 0
    if set(changes.values()) == {(4, 4)}:
        changes = {0: found_meter(lines)}
        begin = first_bar(lines) if changes[0] == (4, 4) else 0
    elif len(changes) == 2 and min(changes) == 0 and max(changes) < 960:  # a silent bar that sets up the synthesiser
        begin = max(changes)
        changes = {begin: changes[begin]}
    starts = sorted(changes)
    starts[0] = begin
    runs: list[tuple[list[Span], int]] = [([], begin)]
    for index, start in enumerate(starts):
        meters = meters_of(*(changes[start] if start in changes else changes[min(changes)]))
        stop = starts[index + 1] if index + 1 < len(starts) else last
        at, turn, stop = start, 0, round(stop)
        while at < stop - 30:
            meter = meters[turn % len(meters)] if meters else None
            length = _length(meter) if meter else stop - at
            if index + 1 < len(starts) and at + length > stop:
                length = stop - at
                meter = next((m for m in ("4/4", "3/4", "2/4", "5/4", "7/8", "9/8") if _length(m) == length), None)
            if meter is None:
                runs.append(([], at + length))
            else:
                runs[-1][0].append((Ticks(at), meter))
                runs[-1] = (runs[-1][0], at + length)
            at, turn = at + length, turn + 1
    return [run for run in runs if run[0]]


def _length(meter: str) -> int:
    return beats_in_bar(meter) * beat_length(meter)


_BARS = {6: (3, 4), 7: (7, 8), 8: (4, 4), 9: (9, 8), 10: (5, 4), 12: (3, 4), 14: (7, 8)}
"""Eighths after which music comes again → metre."""


def found_meter(lines: Sequence[Line]) -> tuple[int, int]:
    """Return the metre of music that is said to be in 4/4: another one if it comes again by those bars, and not by fours.

    What strikes in each eighth is compared with what strikes one, two and four bars later.
    """
    count = int(max(float(line.start.max()) for line in lines) // 240) + 1
    struck = np.zeros((count, 24))
    for line in lines:
        kinds = np.array([12 + DRUM_ROLES.get(int(p), 60) % 12 if line.is_drums else int(p) % 12 for p in line.pitch])
        struck[(line.start // 240).astype(int), kinds] = 1
    struck -= struck.mean(0)
    power = max(1e-9, float((struck * struck).sum()))

    def likeness(bar: int) -> float:
        lags = [lag for lag in (bar, 2 * bar, 4 * bar) if lag < count]
        return sum(float((struck[:-lag] * struck[lag:]).sum()) for lag in lags) / power / len(lags) if lags else 0.0

    told = {bar: likeness(bar) for bar in _BARS}
    best = max(told, key=lambda bar: told[bar])
    return _BARS[best] if told[best] >= 0.2 and told[best] >= 2 * told[8] else (4, 4)


def first_bar(lines: Sequence[Line]) -> int:
    """Return the tick at which the first bar of music in 4/4 begins, which may be before the file does.

    0, unless crashes and entries say plainly that another beat begins the bars.
    """
    crashes = np.concatenate(
        [line.start[np.isin(line.pitch, (49, 52, 55, 57))] for line in lines if line.is_drums] or [np.zeros(0)]
    )
    entries = np.concatenate([_entries(line.start) for line in lines])
    told = np.zeros(4)
    for ticks in (crashes, entries):
        beats = np.round(ticks / TICKS_PER_QUARTER)
        on = beats[np.abs(ticks - beats * TICKS_PER_QUARTER) < 60].astype(int) % 4
        if len(on) >= 3:
            told += np.bincount(on, minlength=4) / len(on)
    best = int(told.argmax())
    return (best - 4) * TICKS_PER_QUARTER if told[best] > told[0] + 0.5 else 0


def _entries(starts: Floats) -> Floats:
    """Return the onsets after eight silent beats or more, the first among them."""
    return starts[np.diff(starts, prepend=-1e9) >= 8 * TICKS_PER_QUARTER]


# --- notes ----------------------------------------------------------------------------------------------


def swing_unit(lines: Sequence[Line]) -> int:
    """Return 8 where a file's off-beats are a triplet's third, 16 where those of its eighths are, 0 where it goes straight."""
    inside = np.concatenate([np.maximum(0.0, line.start - lateness(line.start)) for line in lines]) % TICKS_PER_QUARTER

    def count(*places: int) -> int:
        return int((np.abs(inside[:, None] - np.array(places)) <= 15).any(1).sum())

    for unit, late, straight in ((8, count(320), count(240)), (16, count(160, 400), count(120, 360))):
        if late >= SWUNG * (late + straight) and late >= 0.08 * len(inside):
            return unit
    return 0


def straightened(places: Sequence[int], unit: int) -> list[int]:
    """Return the places of a line's onsets with late off-beats of a unit where straight ones are; triplets stay triplets."""
    pair = 2 * 4 * TICKS_PER_QUARTER // unit
    late = (pair * 2 // 3, pair * 3 // 4) if unit == 8 else (pair * 2 // 3,)
    crowded = {at // pair for at in places if 0 < at % pair < late[0]}
    return [at - at % pair + pair // 2 if at % pair in late and at // pair not in crowded else at for at in places]


def placed(lines: Sequence[Line], parts: Sequence[str | None], unit: int = 0) -> tuple[list[Note], bool]:
    """Return the notes of the lines that have a part, and whether many of them were played and not written.

    Where the file swings by a unit its off-beats are written straight: swing is put in by whoever plays.
    """
    found: dict[tuple[str, int, int], Note] = {}
    played = 0
    for line, part in zip(lines, parts, strict=True):
        if part is None:
            continue
        if part in ("melody", "arp", "bass"):
            line = without_octaves(line, keep_low=part == "bass")
        shift = lateness(line.start)
        starts = np.maximum(0.0, line.start - shift)
        written = nearness(starts) >= WRITTEN
        at = [(round(t / 20) * 20, 0) if written else snap_to_grid(t) for t in starts.tolist()]
        even = straightened([grid for grid, _ in at], unit) if unit else [grid for grid, _ in at]
        for index, (grid, offset) in enumerate(at):
            to, tone = sounding(line, part, int(line.pitch[index]))
            if to is None:
                continue
            lasts = round((line.end[index] - shift - grid - offset) / 20) * 20
            length = HIT if to in ("drums", "perc") else Ticks(max(20, lasts))
            velocity = int(max(1, min(127, line.velocity[index])))
            note = Note(Ticks(even[index]), length, tone, velocity, to, offset)
            place = (to, even[index], tone)
            if place not in found or found[place].velocity < velocity:
                found[place] = note
                played += not written
    return sorted(found.values()), played > 0.1 * len(found)


def without_octaves(line: Line, *, keep_low: bool) -> Line:
    """Return a line without notes that double another of their stroke in octaves: the highest stays, or the lowest."""
    stroke = np.cumsum(np.diff(line.start, prepend=-1e9) > TOGETHER)
    order = np.lexsort((line.pitch if keep_low else -line.pitch, stroke))
    _, first = np.unique((stroke * 12 + line.pitch.astype(int) % 12)[order], return_index=True)
    kept = np.sort(order[first])
    return replace(
        line, start=line.start[kept], end=line.end[kept], pitch=line.pitch[kept], velocity=line.velocity[kept]
    )


def sounding(line: Line, part: str, pitch: int) -> tuple[str | None, int]:
    """Return the part and pitch of a note of a line: hits on a kit are drums, percussion or neither."""
    if line.is_drums:
        if pitch in DRUM_ROLES:
            return "drums", DRUM_ROLES[pitch]
        return ("perc", pitch) if pitch in PERC_NOTES else (None, pitch)
    if part == "perc":
        return part, PERC_PROGRAMS.get(line.program, pitch if pitch in PERC_NOTES else 64)
    return part, pitch


def lateness(ticks: Floats) -> float:
    """Return how many ticks a line is behind the sixteenths on the whole, if it is so throughout: a delay."""
    mean = np.exp(2j * np.pi * ticks / 120).mean()
    late = float(np.angle(mean) / (2 * np.pi) * 120)
    return late if abs(mean) > 0.7 and 3 <= abs(late) <= MAX_LATENESS else 0.0


def has_touch(lines: Sequence[Line]) -> bool:
    """Return whether velocities are a player's or a machine's own: they differ within most lines."""
    notes = sum(len(line.velocity) for line in lines)
    varied = sum(len(line.velocity) for line in lines if line.velocity.std() >= 4)
    return varied >= 0.5 * notes


# --- the song -------------------------------------------------------------------------------------------


def _song(
    name: str, source: str, title: str, tempo: float, bars: list[Span], end: int, notes: Sequence[Note]
) -> Song | None:
    """Return the song of a run of bars, without the silent bars before and after it."""
    inside = [n for n in notes if bars[0][0] <= n.start < end]
    starts = [at for at, _ in bars]
    if not inside:
        return None
    first, final = (
        int(np.searchsorted(starts, at, "right")) - 1 for at in (inside[0].start, max(n.start for n in inside))
    )
    bars = bars[first : final + 1]
    if len(bars) < FEWEST_BARS:
        return None
    begin, end = bars[0][0], int(bars[-1][0]) + _length(bars[-1][1])
    moved = tuple(
        replace(n, start=Ticks(n.start - begin), length=Ticks(max(20, min(n.length, end - n.start)))) for n in inside
    )
    moved_bars = tuple((Ticks(at - begin), meter) for at, meter in bars)
    pitched = tuple(
        replace(n, part="chords" if n.part in ("pad", "arp") else n.part)
        for n in moved
        if n.part not in ("drums", "perc")
    )
    end = Ticks(end - begin)
    key = ""
    chords: tuple[tuple[Ticks, Chord | None], ...] = ()
    if len({n.pitch % 12 for n in pitched}) >= 3:
        filed = midifile.Song(moved_bars, end, ((Ticks(0), 120.0),), "", pitched)
        found = find_key(filed).key
        key, chords = found.name, harmonies(filed, found)
    return Song(name, source, title, tempo, key, moved_bars, end, moved, chords)


def _tempo(changes: Sequence[tuple[float, float]], last: float) -> float:
    """Return the tempo that holds longest; 120 where a file says none, as the standard has it."""
    holds: Counter[float] = Counter()
    if not changes:
        return 120.0
    for (at, tempo), until in zip(changes, [*[t for t, _ in changes[1:]], last], strict=True):
        holds[round(tempo, 2)] += max(0, int(until - at))
    return holds.most_common(1)[0][0]


_FOUND = tuple(q for q in CHORD_QUALITIES.values() if q.is_found_in_files or q.name == "5")
_CHORDS = tuple((root, q.name) for root in range(12) for q in _FOUND)
_TONES = np.array([[(p - root) % 12 in QUALITIES[name] for p in range(12)] for root, name in _CHORDS], np.float64)
_RARITY = np.array([q.rarity for q in _FOUND] * 12)
OTHER_HALF = 0.1
"""What the other half of the bar counts."""
HOLD = 0.03
"""What it costs to change the chord; within a bar twice that."""


def harmonies(song: midifile.Song, key: Key) -> tuple[tuple[Ticks, Chord | None], ...]:
    """Return the chord changes, half bars at most: the likeliest way through the chords that cover what sounds.

    The lowest note is told as the bass. Of 30 songs of POP909, read in this way, 86 % of the half bars have the annotated root.
    """
    spans = midifile.halves(song)
    weights = np.zeros((len(spans), 12))
    lowest = np.full(len(spans), 128)
    for index, inside in enumerate(midifile.notes_in_spans(song.notes, spans)):
        for note, shared in inside:
            weights[index, note.pitch % 12] += shared * (0.5 if note.part == "melody" else 1.0)
            if note.part != "melody" and shared >= 60:
                lowest[index] = min(lowest[index], note.pitch)
    other = weights.reshape(-1, 2, 12)[:, ::-1].reshape(-1, 12)
    heard = weights + OTHER_HALF * other
    whole = heard.sum(1, keepdims=True)
    share = heard / np.where(whole > 0, whole, 1)
    tones = _TONES.sum(1)
    scores = share @ _TONES.T - 0.13 * ((share < 0.04).astype(float) @ _TONES.T) - 0.04 * tones - 0.04 * _RARITY
    roots = np.array([root for root, _ in _CHORDS])
    scores += 0.12 * (roots[None] == (lowest % 12)[:, None]) * (lowest < 128)[:, None]
    in_key = np.array([p in key.pitch_classes for p in range(12)], np.float64)
    scores += 0.03 * (_TONES @ in_key) / tones
    path = _likeliest(scores)
    found: list[tuple[Ticks, Chord | None]] = []
    silent = 0
    for index, (at, _) in enumerate(spans):
        chord: Chord | None
        if not whole[index]:
            silent += 1
            if found and silent < 4:
                continue
            chord = None
        else:
            silent = 0
            root, quality = _CHORDS[path[index]]
            low = int(lowest[index]) % 12
            on = lowest[index] < 128 and (low - root) % 12 in QUALITIES[quality]
            chord = Chord(root, quality, low if on else root)
        if not found or found[-1][1] != chord:
            found.append((Ticks(at), chord))
    return tuple(found)


def _likeliest(scores: Floats) -> list[int]:
    """Return the best path where each change of chord costs `HOLD`, twice that within a bar."""
    best = scores[0]
    back = np.zeros(scores.shape, int)
    for index in range(1, len(scores)):
        cost = HOLD * (1 + index % 2)
        leader = int(best.argmax())
        stays = best >= best[leader] - cost
        back[index] = np.where(stays, np.arange(scores.shape[1]), leader)
        best = np.where(stays, best, best[leader] - cost) + scores[index]
    path = [int(best.argmax())]
    for index in range(len(scores) - 1, 0, -1):
        path.append(int(back[index, path[-1]]))
    return path[::-1]


_NAMED = {"swing": "jazz", "blues": "blues", "rockin": "rock", "house": "house"}
"""Words of a title that name a style."""


def style_of(song: Song, lines: Sequence[Line], title: str) -> tuple[Mix, tuple[tuple[str, str], ...]]:
    """Return the style, and computed tags: what a title says, else rock, metal or ambient by programs, drums and tempo."""
    for word, style in _NAMED.items():
        if word in title.lower().split():
            return ((style, 1.0),), ()
    programs: Counter[int] = Counter()
    for line in lines:
        if not line.is_drums:
            programs[line.program] += len(line.start)
    whole = max(1, sum(programs.values()))
    quarters = song.end / TICKS_PER_QUARTER
    hits = sum(n.part == "drums" for n in song.notes) / quarters
    kicks = sum(n.part == "drums" and n.pitch == 36 for n in song.notes) / quarters
    driven = sum(count for program, count in programs.items() if program in (29, 30, 31)) / whole
    soft = sum(count for program, count in programs.items() if 40 <= program < 56 or 88 <= program < 104) / whole
    found: list[str] = []
    if hits >= 1 and driven >= 0.25:
        found.append("metal" if song.tempo >= 150 or kicks >= 1.5 else "rock")
    elif hits < 0.5 and soft >= 0.4:
        found.append("ambient")
    return tuple((f, 1.0) for f in found), tuple(("computed", f) for f in found)
