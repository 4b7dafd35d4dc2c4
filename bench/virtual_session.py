"""Hands for measuring: songs of people played as people do, and the real session with the real model in virtual time."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field

from bench.make_clips import Maker, composer
from bridge.clock import Seconds
from bridge.midi.protocol import MidiReceived
from bridge.protocol.events import ControlSet, PlayRequested, PromptRequested
from model.generation.messages import Answer, Begin, Forget, Order, Write
from model.music.harmony import QUALITIES, Chord, parse_chord
from model.training.measures.clips import LENGTH, PITCH, START, Clip
from tests.support.virtual_band import Rig

LOOSE = 0.020
"""Seconds: the standard deviation of a stroke; its keys are spread by less than half of it."""
CORPORA = ("blocks", "voice led", "comped", "broken", "pedalled")
"""Held chords with the root below; the nearest inversion over a bass; struck anew on every second beat; broken in
eighths; held by the pedal, which is changed a little after the chord."""
TICKS = 480


@dataclass
class Generator:
    """The composer that is shipped, answering orders. `costs` has the processor's seconds of each beat written."""

    costs: list[float] = field(default_factory=list)

    def __call__(self, order: Order) -> Answer | None:
        """Answer an order, as the generation process does."""
        model = composer(Maker())
        match order:
            case Begin():
                return model.begin(order)
            case Write():
                began = time.process_time()
                written = model.write(order)
                self.costs.append(time.process_time() - began)
                return written
            case Forget():
                model.forget(order.take)
        return None


def held(at: float, until: float, pitch: int, rng: random.Random) -> list[MidiReceived]:
    """Return a key that goes down about a moment and up a little before another."""
    begin = at + rng.gauss(0, LOOSE * 0.4)
    end = max(begin + 0.08, until - rng.uniform(0.02, 0.12))
    velocity = rng.randrange(55, 96)
    return [
        MidiReceived(Seconds(begin), bytes((0x90, pitch, velocity))),
        MidiReceived(Seconds(end), bytes((0x80, pitch, 0))),
    ]


def chords_played(
    spans: list[tuple[float, float, Chord]], beat: float, manner: str, rng: random.Random
) -> list[MidiReceived]:
    """Return chords (begin, end, chord; seconds) under somebody's hands; `beat` is in seconds."""
    found: list[MidiReceived] = []
    before: list[int] = []
    for start, end, chord in spans:
        at = start + rng.gauss(0, LOOSE)
        bass = 36 + (chord.bass - 36) % 12
        tones = [(chord.root + t) % 12 for t in QUALITIES[chord.quality]]
        right = voice_led(tones, before) if manner == "voice led" else _close(tones)
        before = right
        if manner == "broken":
            figure = [bass, *right]
            step, n = beat / 2, 0
            while start + n * step < end - 0.05:
                i = n % (2 * len(figure) - 2)
                pitch = figure[i if i < len(figure) else 2 * len(figure) - 2 - i]
                moment = start + n * step + rng.gauss(0, LOOSE)
                found += held(moment, moment + step, pitch, rng)
                n += 1
        elif manner == "comped":
            n = 0
            while start + n * 2 * beat < end - 0.05:
                moment = start + n * 2 * beat + rng.gauss(0, LOOSE)
                for pitch in (bass, *right):
                    found += held(moment, moment + beat * 1.2, pitch, rng)
                n += 1
        elif manner == "pedalled":
            found += [
                MidiReceived(Seconds(at + 0.06), bytes((0xB0, 64, 0))),
                MidiReceived(Seconds(at + 0.12), bytes((0xB0, 64, 127))),
            ]
            for pitch in (bass, *right):
                found += held(at, at + min(beat, end - start), pitch, rng)
        else:
            for pitch in (bass, *right):
                found += held(at, end, pitch, rng)
    return _in_turn(found)


def melody_played(clip: Clip, at: float, bpm: float, rng: random.Random) -> list[MidiReceived]:
    """Return a clip's melody played from a moment on."""
    found: list[MidiReceived] = []
    second = 60 / bpm / TICKS
    for note in clip.part("melody"):
        begin = at + note[START] * second + rng.gauss(0, LOOSE)
        found += held(begin, begin + note[LENGTH] * second, int(note[PITCH]), rng)
    return _in_turn(found)


def _in_turn(events: list[MidiReceived]) -> list[MidiReceived]:
    return sorted(events, key=lambda h: h.at)


def _close(tones: list[int]) -> list[int]:
    """Return a close position from the root above middle C's octave."""
    pitches = [54 + (tones[0] - 54) % 12]
    for tone in tones[1:]:
        pitches.append(pitches[-1] + 1 + (tone - pitches[-1] - 1) % 12)
    return pitches


def voice_led(tones: list[int], before: list[int]) -> list[int]:
    """Return the tones, each in the octave nearest to the middle of what was held before."""
    middle = sum(before) / len(before) if before else 62
    return sorted(min(range(48, 84), key=lambda p: (p % 12 != t, abs(p - middle))) for t in tones)


def begun(prompt: str, bpm: float, latency: float, **controls: float | str) -> tuple[Rig, float]:
    """Return a performance that has just begun and the moment of its first beat."""
    rig = Rig(lambda: latency, generator=Generator())
    asked: dict[str, float | str] = {"humanise": 0.0, "follow": 1, "tempo": bpm, "seed": 1}
    for path, value in (asked | controls).items():
        rig.happen(ControlSet(path.replace("__", "/"), value))
    rig.happen(PromptRequested(prompt))
    rig.until(rig.now + 1)
    rig.happen(PlayRequested())
    rig.until(rig.now + 0.001)
    first = rig.session._playback.timeline.placed[0]
    return rig, rig.tempo.seconds_at(first.start)


def lane(rig: Rig) -> list[tuple[float, Chord]]:
    """Return the chords that the band told, with their moments."""
    return [(at, parse_chord(str(args[0]))) for at, path, args in rig.told if path == "chord"]


def chord_at(changes: list[tuple[float, Chord]], moment: float) -> Chord | None:
    """Return the chord that holds at a moment."""
    return next((chord for when, chord in reversed(changes) if when <= moment), None)


def bass_in(rig: Rig, since: float, until: float) -> int | None:
    """Return the pitch class that the bass plays longest between two moments; None where it rests."""
    first, last = rig.tempo.ticks_at(Seconds(since)), rig.tempo.ticks_at(Seconds(until))
    heard: dict[int, int] = {}
    for sounds in rig.planned.values():
        for s in sounds:
            if s.part == "bass":
                shared = min(last, s.at + s.length) - max(first, s.at)
                if shared > 0:
                    heard[s.pitch % 12] = heard.get(s.pitch % 12, 0) + shared
    return max(heard, key=lambda p: heard[p], default=None)


def starved(rig: Rig) -> int:
    """Return how many beats were repeated, as the last report tells."""
    reports = [args for _, path, args in rig.told if path == "health"]
    return int(str(reports[-1][2])) if reports else 0
