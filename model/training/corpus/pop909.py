"""POP909 with the corrected chords, keys and metres of POP909-CL.

CL has the piano and the melody in one track on a grid, and block chords; the melody comes from the original,
by beats, shifted by whole beats until it matches CL best. Songs that do not match, or whose melody does not
fit the chords, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import symusic

from model.music.harmony import QUALITIES, Chord, Key, parse_key
from model.music.notes import METERS, TICKS_PER_QUARTER, Note, Ticks, beat_length, beats_in_bar
from model.training.corpus.song import Song, chord_cover, snap_to_grid, split_bass

ONSET_SLACK = 120  # ticks: one sixteenth
MATCHING = 0.95
COVER = 0.6

Onsets = npt.NDArray[np.int64]


def load(original: Path, corrected: Path, drops: dict[str, int]) -> Iterator[Song]:
    """Yield the songs of POP909/001 … that stand; count the rest in `drops` by reason."""
    for folder in sorted(p for p in original.iterdir() if p.name.isdigit()):
        files = [p for p in corrected.glob(f"{folder.name}*.mid") if p.stem.strip() == folder.name]
        reason = "no corrected file"
        if files:
            found = song(folder, files[0])
            if isinstance(found, Song):
                yield found
                continue
            reason = found
        drops[reason] = drops.get(reason, 0) + 1


def song(folder: Path, corrected: Path) -> Song | str:
    """Return a song, or the reason why it is left out."""
    score = symusic.Score(str(corrected))
    scale = TICKS_PER_QUARTER / score.ticks_per_quarter
    tracks = {("piano" if t.name == "piano" else "chords"): t for t in score.tracks}
    if set(tracks) != {"piano", "chords"}:
        return "tracks not as expected"
    piano = sorted(
        (round(n.time * scale), n.pitch, round(n.duration * scale), n.velocity) for n in tracks["piano"].notes
    )
    melody = _melody(folder, np.array([(p[0], p[1]) for p in piano]))
    if melody is None:
        return "melody does not match the corrected file"
    taken = _match(melody, piano)
    notes = [_note(piano[i], "melody") for i in sorted(set(taken.values()))]
    notes = _one_voice(notes)
    rest = [_note(p, "chords") for i, p in enumerate(piano) if i not in set(taken.values())]
    if len(notes) < 32:
        return "hardly any melody"
    meters = [(round(t.time * scale), f"{t.numerator}/{t.denominator}") for t in score.time_signatures]
    if not meters or any(m not in METERS for _, m in meters):
        return "metre outside the contract"
    last = max(p[0] + p[2] for p in piano)
    bars, end = _bars(meters, last)
    chords = _chords(
        [(round(n.time * scale), round((n.time + n.duration) * scale), n.pitch) for n in tracks["chords"].notes]
    )
    everything = tuple(n for n in sorted(notes + split_bass(rest)) if n.start < end)
    if chord_cover(everything, chords, end) < COVER:
        return "melody outside the chords"
    return Song(
        f"pop909-{folder.name}", "pop909", folder.name, _tempo(folder), _key(folder, score), bars, end, everything,
        chords, (("human", "Chinese pop song"), ("human", "华语流行歌曲")), has_velocities=True,
    )  # fmt: skip


def _melody(folder: Path, piano: Onsets) -> Onsets | None:
    """Return the melody's (tick, pitch) on the corrected file's time, or None; beats by MIDI, else by audio."""
    score = symusic.Score(str(folder / f"{folder.name}.mid")).to("Second")
    track = next((t for t in score.tracks if t.name == "MELODY"), None)
    if track is None:
        return None
    here = {(int(t) // 60 + d, int(p)) for t, p in piano for d in (-2, -1, 0, 1, 2)}
    for name in ("beat_midi.txt", "beat_audio.txt"):
        times = np.loadtxt(folder / name)[:, 0]
        if len(times) < 32:
            continue
        beats = np.interp([n.start for n in track.notes], times, np.arange(len(times)))
        ticks = np.round(beats * TICKS_PER_QUARTER).astype(np.int64)
        pitches = [n.pitch for n in track.notes]
        scores = [
            np.mean([((t + shift * 480) // 60, p) in here for t, p in zip(ticks, pitches, strict=True)])
            for shift in range(-16, 17)
        ]
        best = int(np.argmax(scores))
        if scores[best] > MATCHING:
            return np.stack([ticks + (best - 16) * 480, pitches], 1)
    return None


def _match(melody: Onsets, piano: list[tuple[int, int, int, int]]) -> dict[int, int]:
    """Return melody index → piano index: the same pitch, the nearest onset within a sixteenth."""
    by_pitch: dict[int, list[int]] = {}
    for i, (_, pitch, _, _) in enumerate(piano):
        by_pitch.setdefault(pitch, []).append(i)
    found: dict[int, int] = {}
    for m, (tick, pitch) in enumerate(melody):
        near = [i for i in by_pitch.get(int(pitch), []) if abs(piano[i][0] - tick) <= ONSET_SLACK]
        if near:
            # of two notes at once the louder is the melody's
            found[m] = min(near, key=lambda i: (abs(piano[i][0] - tick), -piano[i][3]))
    return found


def _note(played: tuple[int, int, int, int], part: str) -> Note:
    start, offset = snap_to_grid(played[0])
    length = max(1, round(played[2] / 20)) * 20
    return Note(start, Ticks(length), played[1], max(1, min(127, played[3])), part, offset)


def _one_voice(notes: list[Note]) -> list[Note]:
    """Cut each melody note at the next onset; of several at once keep the highest."""
    kept: list[Note] = []
    for note in sorted(notes, key=lambda n: (n.start, n.pitch)):
        if kept and kept[-1].start == note.start:
            kept.pop()
        elif kept and kept[-1].end > note.start:
            before = kept.pop()
            kept.append(
                Note(
                    before.start,
                    Ticks(note.start - before.start),
                    before.pitch,
                    before.velocity,
                    "melody",
                    before.offset,
                )
            )
        kept.append(note)
    return kept


def _bars(meters: list[tuple[int, str]], last: int) -> tuple[tuple[tuple[Ticks, str], ...], Ticks]:
    """Return every bar's start and metre up to the last note, and the end of the last bar."""
    bars: list[tuple[Ticks, str]] = []
    at, i = 0, 0
    while at < last:
        while i + 1 < len(meters) and meters[i + 1][0] <= at:
            i += 1
        meter = meters[i][1]
        bars.append((Ticks(at), meter))
        at += beats_in_bar(meter) * beat_length(meter)
    return tuple(bars), Ticks(at)


def _chords(blocks: list[tuple[int, int, int]]) -> tuple[tuple[Ticks, Chord | None], ...]:
    """Return the chord changes of block chords; a gap of more than a beat is "no chord"."""
    by_onset: dict[int, list[tuple[int, int]]] = {}
    for start, stop, pitch in blocks:
        by_onset.setdefault(start, []).append((pitch, stop))
    changes: list[tuple[Ticks, Chord | None]] = []
    until = 0
    for start in sorted(by_onset):
        if start - until > TICKS_PER_QUARTER and (not changes or changes[-1][1] is not None):
            changes.append((Ticks(until), None))
        found = named(tuple(sorted(p for p, _ in by_onset[start])))
        if found is not None:
            changes.append((Ticks(start), found))
        until = max(stop for _, stop in by_onset[start])
    return tuple(changes)


def named(pitches: tuple[int, ...]) -> Chord | None:
    """Return the chord that a block of pitches is nearest to, its lowest note the bass; None for fewer than two."""
    classes = {p % 12 for p in pitches}
    if len(classes) < 2:
        return None
    bass = pitches[0] % 12
    best: tuple[int, int, int, Chord] | None = None
    for order, (quality, intervals) in enumerate(QUALITIES.items()):
        for root in classes:
            tones = {(root + i) % 12 for i in intervals}
            wrong = len(classes ^ tones)
            rank = (wrong, int(root != bass), order)
            if best is None or rank < best[:3]:
                best = (*rank, Chord(root, quality, bass))
    return None if best is None else best[3]


def _tempo(folder: Path) -> float:
    return float(60 / np.median(np.diff(np.loadtxt(folder / "beat_midi.txt")[:, 0])))


def _key(folder: Path, score: symusic.Score) -> str:
    """Return the key: the corrected signature's, major or minor as the original annotation says."""
    lines = [line.split("\t") for line in (folder / "key_audio.txt").read_text().splitlines() if line]
    label = max(lines, key=lambda f: float(f[1]) - float(f[0]))[2]
    tonic, _, mode = label.partition(":")
    told = parse_key(f"{tonic} {'minor' if mode == 'min' else 'major'}")
    if score.key_signatures:
        major = score.key_signatures[0].key * 7 % 12
        told_major = (told.tonic + 3 * told.minor) % 12
        if told_major != major:
            told = Key((major + 9) % 12 if told.minor else major, told.mode, told.scale)
    return told.name
