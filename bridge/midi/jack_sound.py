"""Sound from JACK: a client with one input port, whose callback in C copies samples into a ring."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bridge.clock import Seconds
from bridge.midi.jack import JackClient, seconds_of

SOUND_BLOCK = 64
"""Samples of a block at most: BLOCK of jackmidi.c."""
_IS_OUTPUT, _IS_PHYSICAL = 2, 4


@dataclass(frozen=True, slots=True)
class SoundBlock:
    """Samples that came in, JACK's frame of the first one, which wraps at 2**32, and its time."""

    first: int
    at: Seconds
    samples: npt.NDArray[np.float32]


class JackSound(JackClient):
    """A JACK client with one input port for sound."""

    _opened_by = "sound_open"

    @property
    def rate(self) -> int:
        """Samples a second."""
        return int(self._jack.jack_get_sample_rate(self._jack_client))

    def sources(self, physical: bool = False) -> tuple[str, ...]:
        """Return the names of the ports that send sound, all or those of the sound card."""
        flags = _IS_OUTPUT | (_IS_PHYSICAL if physical else 0)
        return self._names(self._jack.jack_get_ports(self._jack_client, None, b"audio", flags))

    def blocks(self) -> Iterable[SoundBlock]:
        """Yield the blocks that came in since the last call."""
        first, at, room = ctypes.c_uint32(), ctypes.c_int64(), np.zeros(SOUND_BLOCK, np.float32)
        there = room.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        while size := self._jack.sound_read(self._handle, ctypes.byref(first), ctypes.byref(at), there):
            yield SoundBlock(first.value, seconds_of(at.value), room[:size].copy())

    def close(self) -> None:
        """Close the client at once: nothing waits to be sent."""
        self._jack.port_close(self._handle)
