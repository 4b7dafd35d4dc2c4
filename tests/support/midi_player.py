"""Simulated live playing for tests: chord progressions and melodies as MIDI messages with times."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from bridge.clock import Seconds
from bridge.midi.protocol import MidiReceived
from model.music.harmony import QUALITIES, parse_chord

C3 = 48


def struck(at: float, pitch: int, velocity: int = 80, channel: int = 0) -> MidiReceived:
    """Return a note-on at a time in seconds."""
    return MidiReceived(Seconds(at), bytes((0x90 | channel, pitch, velocity)))


def let_go(at: float, pitch: int, channel: int = 0) -> MidiReceived:
    """Return a note-off at a time in seconds."""
    return MidiReceived(Seconds(at), bytes((0x80 | channel, pitch, 0)))


def pedal(at: float, down: bool, channel: int = 0) -> MidiReceived:
    """Return a sustain pedal message at a time in seconds."""
    return MidiReceived(Seconds(at), bytes((0xB0 | channel, 64, 127 if down else 0)))


def voicing(symbol: str, inversion: int = 0) -> list[int]:
    """Return the MIDI pitches of a chord in close position from C3 up, with the bass of a slash chord below."""
    chord = parse_chord(symbol)
    tones = [(chord.root + t) % 12 for t in QUALITIES[chord.quality]]
    tones = tones[inversion:] + tones[:inversion]
    pitches = [C3 + tones[0]]
    for tone in tones[1:]:
        pitches.append(pitches[-1] + 1 + (tone - pitches[-1] - 1) % 12)
    return pitches if chord.bass == chord.root else [C3 - 12 + chord.bass, *pitches]


def chords(
    progression: Iterable[str], at: float, length: float, loose: float = 0.0, seed: int = 0, gap: float = 0.06
) -> list[MidiReceived]:
    """Return successive chords of `length` seconds each, with random delays of about `loose` seconds between keys."""
    rng = random.Random(seed)
    found: list[MidiReceived] = []
    for i, symbol in enumerate(progression):
        for pitch in voicing(symbol):
            begin = at + i * length + rng.gauss(0, loose)
            found += [
                struck(begin, pitch, 70 + rng.randrange(30)),
                let_go(at + (i + 1) * length - gap, pitch),
            ]
    return sorted(found, key=lambda h: h.at)


def line(pitches: Sequence[int], at: float, length: float) -> list[MidiReceived]:
    """Return successive single notes of `length` seconds each."""
    found: list[MidiReceived] = []
    for i, pitch in enumerate(pitches):
        found += [struck(at + i * length, pitch), let_go(at + (i + 0.95) * length, pitch)]
    return sorted(found, key=lambda h: h.at)
