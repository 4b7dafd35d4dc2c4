"""A microphone or an instrument at JACK as an input: its sound becomes the MIDI messages of one line (`--input audio`).

JACK's callback, in C, copies samples into a ring; a thread of the input process reads them and finds the notes. A note is known
some time after it began: its message has the moment at which it began, and `health` tells how long it took.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

import numpy as np

from bridge.clock import Seconds, monotonic
from bridge.errors import OwnerError
from bridge.midi import jack
from bridge.midi.backends import find_port
from bridge.midi.input_ports import InputConfig, JackInput, OnMidi, close_pipe, woken
from bridge.midi.jack_sound import JackSound, SoundBlock
from bridge.midi.protocol import InputHealth, NoteOff, NoteOn
from model.analysis.live_voice import Detect, Heard, LiveVoice, detect
from model.analysis.voice import RATE, is_there

CHANNEL = 0
"""The MIDI channel of the notes, counted from 0."""
MAX_GAP = 0.5
"""Seconds of lost sound that are filled with silence; after more the line begins anew."""
LATENCIES = 20
"""Notes whose latency is remembered: its median is told."""


def check_possible(*, is_answered: bool) -> None:
    """Raise OwnerError, with the remedy, where sound cannot be heard here; `is_answered` if a JACK server answers."""
    if not is_there():
        raise OwnerError("--input audio takes the extra: pip install 'llmball[voice]'")
    if not is_answered:
        raise OwnerError(
            "No JACK server answers: start JACK (jackd or PipeWire's) for --input audio, or name a MIDI port"
        )
    if not jack.hears_sound():
        raise OwnerError("--input audio takes JACK's callback in C: on Linux, with a C compiler, install LLMBall again")


class Ear:
    """Blocks of one stream become MIDI messages with their times; what is missing between blocks is counted. Called from one thread."""

    def __init__(self, rate: int, ask: Detect = detect) -> None:
        self._rate, self._ask = rate, ask
        self._voice = LiveVoice(rate, ask)
        self._next: int | None = None
        self._origin = Seconds(0)
        self.lost, self.gaps = 0.0, 0

    def hear(self, block: SoundBlock) -> list[tuple[Seconds, bytes]]:
        """Return the messages of the notes that are known now."""
        missing = 0 if self._next is None else (block.first - self._next) % 2**32
        self._next = (block.first + len(block.samples)) % 2**32
        messages: list[tuple[Seconds, bytes]] = []
        if missing:
            self.gaps += 1
            self.lost += missing / self._rate if missing < 2**31 else 0.0
            if missing > MAX_GAP * self._rate:
                messages += self.end()
                self._voice = LiveVoice(self._rate, self._ask)
            else:
                messages += self._told(self._voice.push(np.zeros(missing, np.float32)))
        self._origin = Seconds(block.at - self._voice.pushed)
        return messages + self._told(self._voice.push(block.samples))

    def end(self) -> list[tuple[Seconds, bytes]]:
        """Return the end of the note that sounds."""
        return self._told(self._voice.end())

    def _told(self, heard: list[Heard]) -> list[tuple[Seconds, bytes]]:
        return [
            (
                Seconds(self._origin + h.at),
                NoteOn(CHANNEL, h.pitch, h.velocity).encode() if h.velocity else NoteOff(CHANNEL, h.pitch).encode(),
            )
            for h in heard
        ]


class Latency:
    """How long after its beginning a note was known, as the last notes had it."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=LATENCIES)

    def note(self, began: Seconds, known: Seconds) -> None:
        """Take a note."""
        self._last.append(known - began)

    @property
    def milliseconds(self) -> float:
        """The median of the last notes; 0 before the first."""
        return round(median(self._last) * 1000, 1) if self._last else 0.0


class AudioInput(JackInput):
    """An input port for sound at JACK. `on_midi` is called in its own thread. A note ends when its sound does, who leaves is silent."""

    has_left = False
    _client: JackSound

    def __init__(
        self, name: str, client: JackSound, wake: tuple[int, int], on_midi: OnMidi, connections: frozenset[str]
    ) -> None:
        self._ear, self._latency = Ear(client.rate), Latency()
        self._told: InputHealth | None = None
        super().__init__(name, client, wake, on_midi, connections)

    def health(self) -> InputHealth | None:
        """Return the latency and the losses; None if they are as they were."""
        now = InputHealth(self._latency.milliseconds, self._ear.gaps, round(self._ear.lost * 1000))
        if now == self._told or (self._told is None and not now.latency_ms and not now.gaps):
            return None
        self._told = now
        return now

    def close(self) -> None:
        """Close the port; the note that sounds ends."""
        super().close()
        for at, data in self._ear.end():
            self._on_midi(at, data)

    def _received(self) -> Iterable[tuple[Seconds, bytes]]:
        for block in joined(self._client.blocks()):
            for at, data in self._ear.hear(block):
                if data[0] & 0xF0 == 0x90:
                    self._latency.note(at, monotonic())
                yield at, data


def joined(blocks: Iterable[SoundBlock]) -> Iterator[SoundBlock]:
    """Yield blocks that follow one another as one, so that what has waited is heard at once."""
    waiting: list[SoundBlock] = []
    for block in blocks:
        if waiting and block.first != (waiting[-1].first + len(waiting[-1].samples)) % 2**32:
            yield _one(waiting)
            waiting = []
        waiting.append(block)
    if waiting:
        yield _one(waiting)


def _one(blocks: Sequence[SoundBlock]) -> SoundBlock:
    return SoundBlock(blocks[0].first, blocks[0].at, np.concatenate([b.samples for b in blocks]))


def open_audio(config: InputConfig, client: str, on_midi: OnMidi, connections: frozenset[str]) -> AudioInput:
    """Open a port for sound, connected to `connections`, or to what the owner names, or to the first port of the sound card.

    Raises OwnerError.
    """
    port, wanted = f"{config.port_name} sound{config.suffix}", config.input.partition(":")[2]
    detect(np.zeros(RATE, np.float32))  # the detector is loaded before sound comes in
    sound, wake = woken(lambda pipe: JackSound(client, port, pipe))
    try:
        if not connections and wanted:
            others = [name for name in sound.sources() if not name.startswith(f"{client}:")]
            connections = frozenset({others[find_port(others, wanted)]})
        elif not connections:
            connections = frozenset(sound.sources(physical=True)[:1])
        heard = ", ".join(sorted(connections))
        return AudioInput(f"jack:{heard or f'{client}:{port}'}", sound, wake, on_midi, connections)
    except BaseException:
        sound.close()
        close_pipe(wake)
        raise
