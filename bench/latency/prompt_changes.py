"""200 prompt changes at random moments while playing, in real time at 160 bpm, judged at a JACK receiver.

    python -m bench.latency.prompt_changes

What was told (planned notes, cancellations, takes) is held against what was heard.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from dataclasses import dataclass

from bench.client import Told, stage
from bench.tables import table
from model.music.notes import CHANNELS
from tests.support.real_programs import Heard, sounding, until

CHANGES = 200
BPM, BAR = 160.0, 4.0
QUARTER = 60 / BPM
TOLERANCE = 0.03
"""Seconds between plan and receiver at which a note counts as heard: a period and the clock's wander."""
EXAMPLES = 5
MOODS = (
    "calm",
    "joyful",
    "tender",
    "dark",
    "dreamy",
    "lonely",
    "hopeful",
    "playful",
    "温柔",
    "busy",
    "sparse",
)
STYLES = ("pop", "jazz", "lo-fi", "folk", "blues", "钢琴曲", "bossa nova", "rock", "film music")


@dataclass(slots=True)
class Planned:
    """A note that was told and not taken back: quarter notes since play."""

    take: str
    part: str
    pitch: int
    start: float
    end: float


def main() -> None:
    """Play, change, and print the counts."""
    rng = random.Random(5)
    asked: list[float] = []
    with stage() as (_, receiver, client):
        for path, value in (("tempo", BPM), ("meter", "4/4"), ("humanise", 0.0), ("swing", 0.5)):
            client.say(path, value)
        client.say("prompt", "pop")
        client.say("play")
        until(lambda: len(receiver.note_ons()) > 4, 10)
        for _ in range(CHANGES):
            time.sleep(rng.uniform(0.05, 2.5))
            asked.append(time.monotonic())
            client.say("prompt", f"{rng.choice(MOODS)} {rng.choice(STYLES)}")
        time.sleep(4)
        client.say("stop")
        time.sleep(1)
        heard, told = list(receiver.heard), list(client.told)
    print(report(asked, told, heard))


def report(asked: list[float], told: list[Told], heard: list[Heard]) -> str:
    """Return the table of one performance."""
    planned, taken_back = kept(told)
    ons = [m for m in heard if m.begins]
    zero = begun_at(planned, ons)
    end_with_their_take(planned)
    stopped = max(t.at for t in told if t.path == "state" and t.args[0] != "playing")
    due = [n for n in planned if zero + n.start * QUARTER < stopped - 0.05]
    missing, cut = held_against(due, heard, zero)
    for what, notes in (("never heard", missing), ("cut", cut)):
        for note in notes[:EXAMPLES]:
            print(f"{what}: {note}")

    entered = [t for t in told if t.path == "take"]
    firsts: dict[str, float] = {}
    for note in due:
        firsts[note.take] = min(note.start, firsts.get(note.take, note.start))
    off_line = sum(abs(start / BAR - round(start / BAR)) > 1e-3 for start in firsts.values())
    late = 0
    for take in entered[1:]:
        at = (take.at - zero) / QUARTER
        last = max((a for a in asked if a < take.at - 0.2), default=None)
        if last is not None:
            line = next_line((last + 0.25 - zero) / QUARTER)
            late += at > line + BAR / 2
    sounded_bars = {int(n.start // BAR) for n in due}
    bars = int(max(n.start for n in due) // BAR) + 1
    health = [t.args for t in told if t.path == "health"]
    sums = [(max(h[i] for h in health) if health else 0) for i in range(3)]
    on = {(m.channel, m.data[1]) for m in ons}
    return table(
        ("what", "count", "of"),
        [
            ("prompts", len(asked), ""),
            ("takes that entered (several prompts in a row: the latest)", len(entered) - 1, len(asked)),
            ("first notes off a bar line", off_line, len(firsts)),
            ("takes at a later line than the first", late, len(entered) - 1),
            ("planned note-ons that never sounded", len(missing), len(due)),
            ("told and taken back", taken_back, ""),
            ("bars without a note", bars - len(sounded_bars), bars),
            ("notes cut by an older note's end", len(cut), len(due)),
            ("notes left sounding", len(sounding(heard)), len(on)),
            ("late, dropped, starved by the daemon's own count", " ".join(f"{s:.0f}" for s in sums), ""),
        ],
    )


def next_line(quarters: float) -> float:
    """Return the first bar line at or after a moment."""
    return -(-quarters // BAR) * BAR


def kept(told: list[Told]) -> tuple[list[Planned], int]:
    """Return the notes told and not taken back, and how many were; a cancellation cuts what sounds."""
    notes: list[Planned] = []
    taken_back = 0
    for message in told:
        if message.path == "note":
            take, part, pitch, _, start, length = message.args
            notes.append(Planned(take, part, pitch, start, start + length))
        elif message.path == "cancelled":
            take, part, after = message.args
            before = len(notes)
            notes = [n for n in notes if (n.take, n.part) != (take, part) or n.start < after - 1e-4]
            taken_back += before - len(notes)
            for note in notes:
                if note.part == part and note.take == take:
                    note.end = min(note.end, after)
    return sorted(notes, key=lambda n: n.start), taken_back


def begun_at(planned: list[Planned], ons: list[Heard]) -> float:
    """Return the second of quarter 0: the first note's, mended by the median over the first bars."""
    zero = ons[0].at - planned[0].start * QUARTER
    errors: list[float] = []
    for note in planned[:60]:
        near = [m.at - zero - note.start * QUARTER for m in ons if m.data[1] == note.pitch]
        errors.append(min(near, key=abs, default=0.0))
    return zero + sorted(errors)[len(errors) // 2]


def end_with_their_take(planned: list[Planned]) -> None:
    """Cut each note where a later take enters: the old take plays until that line."""
    entries: dict[str, float] = {}
    for note in planned:
        entries[note.take] = min(note.start, entries.get(note.take, note.start))
    for note in planned:
        following = (start for start in entries.values() if start > entries[note.take])
        note.end = min(note.end, min(following, default=note.end))


def held_against(planned: list[Planned], heard: list[Heard], zero: float) -> tuple[list[Planned], list[Planned]]:
    """Return the planned notes that were never heard, and those that ended too early with no successor."""
    events: dict[tuple[int, int], list[Heard]] = defaultdict(list)
    for message in heard:
        if message.begins or message.ends:
            events[message.channel, message.data[1]].append(message)
    missing: list[Planned] = []
    cut: list[Planned] = []
    for note in planned:
        line = events[CHANNELS[note.part] + 1, note.pitch]
        at = zero + note.start * QUARTER
        on = next((i for i, m in enumerate(line) if m.begins and abs(m.at - at) < TOLERANCE), None)
        if on is None:
            missing.append(note)
            continue
        end = next((m for m in line[on + 1 :] if m.ends), None)
        successor = any(m.begins and end is not None and abs(m.at - end.at) < TOLERANCE for m in line[on + 1 :])
        if end is not None and end.at < zero + note.end * QUARTER - TOLERANCE and not successor:
            cut.append(note)
    return missing, cut


if __name__ == "__main__":
    main()
