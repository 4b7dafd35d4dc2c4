"""What the panel sees of the session: its controls, bank and plan, what was told, and what of it is new.

Looks and remembers, changes nothing. Called from the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from bridge.clock import TempoMap
from bridge.http.broadcast import Line, line
from bridge.protocol.controls import CONTROLS, Value
from model.music.notes import TICKS_PER_QUARTER
from model.music.numerals import sentence

Message = tuple[str, tuple[Value, ...]]


LAST = ("state", "take", "beat", "chord", "health")


BEHIND = 8.0
"""Quarter notes that a note is remembered after its end."""


MOST_NOTES = 4000


class Score:
    """The last word at each address, and the notes that are planned or have just sounded."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Value, ...]] = {}
        self._overruled: dict[Value, Value] = {}
        self._notes: list[tuple[Value, ...]] = []

    def hear(self, path: str, args: tuple[Value, ...]) -> None:
        """Take in what is told."""
        match path, args:
            case "note", (*_, start, _):
                self._notes.append(args)
                if len(self._notes) > MOST_NOTES:
                    self._forget(float(start) - 2 * BEHIND)
            case "cancelled", (take, part, after):
                self._cut(take, part, float(after))
            case "understood/overruled", (name, by):
                self._overruled[name] = by
            case "state", ("idle" | "waiting",):
                self._last[path] = args
                self._notes.clear()
                for gone in ("beat", "chord"):
                    self._last.pop(gone, None)
            case _ if path in LAST or path.startswith("understood/"):
                if path == "understood/feel":  # a plan is told anew: what lost is told after it
                    self._overruled.clear()
                self._last[path] = args

    def free(self, path: str) -> None:
        """Forget what lost against a control that was given back to the words."""
        self._overruled.pop(path, None)

    def told(self) -> Iterator[Message]:
        """Yield all that holds."""
        yield from self._last.items()
        for name, by in self._overruled.items():
            yield "understood/overruled", (name, by)
        for note in self._notes:
            yield "note", note

    def last(self, path: str) -> tuple[Value, ...]:
        """Return what was told last at an address, or nothing."""
        return self._last.get(path, ())

    def _forget(self, before: float) -> None:
        self._notes = [n for n in self._notes if float(n[4]) + float(n[5]) >= before][-MOST_NOTES:]

    def _cut(self, take: Value, part: Value, after: float) -> None:
        kept = []
        for note in self._notes:
            start, length = float(note[4]), float(note[5])
            if note[:2] != (take, part) or start + length <= after:
                kept.append(note)
            elif start < after:
                kept.append((*note[:5], after - start))
        self._notes = kept


TEMPI = 8
"""Segments of the tempo that are told: those before lie behind."""


@dataclass(slots=True)
class View:
    """Functions look at the session, anew each time.

    `bank` gives the prompts of the slots, `planned` (quarter, bar, beat, chord or nothing) of each beat, `words` the
    latest take's, `port` where MIDI goes.
    """

    settings: Mapping[str, Value]
    bank: Callable[[], Mapping[int, str]]
    planned: Callable[[], tuple[tuple[float, int, int, str], ...]]
    words: Callable[[], str]
    port: Callable[[], str]
    tempo: TempoMap | None = None
    score: Score = field(default_factory=Score)
    _sent: dict[str, Value] = field(default_factory=dict)
    _sent_words: list[Line] = field(default_factory=list)

    def value(self, path: str) -> tuple[Value, ...]:
        """Return what an address was set to or told last."""
        return (self.settings[path],) if path in CONTROLS else self.score.last(path)

    def changes(self) -> Iterator[Line]:
        """Yield what is otherwise than it was at the last call."""
        for path in CONTROLS:
            value = self.settings[path]
            if self._sent.get(path) != value:
                self._sent[path] = value
                if value == CONTROLS[path].default:
                    self.score.free(path)
                yield line(path, (value,))
        words = list(self._own_words())
        yield from (w for w in words if w not in self._sent_words)
        self._sent_words = words

    def snapshot(self) -> Iterator[Line]:
        """Yield all that holds, for one who comes in."""
        yield from self._own_words()
        yield from (line(path, (self.settings[path],)) for path in CONTROLS)
        yield from (line(path, args) for path, args in self.score.told())

    def _explained(self) -> tuple[str, str]:
        """Return a plain sentence on the chord that sounds and one on the chord that comes next, or nothing."""
        sounding = self.score.last("chord")
        told = str(self.settings["key"])
        key = told if told != "auto" else str(next(iter(self.score.last("understood/key")), ""))
        if not sounding or not key:
            return "", ""
        symbol, *where = sounding
        here = [int(place) for place in where]
        coming = next((chord for _, *at, chord in self.planned() if chord and at > here), "")
        return told_of(str(symbol), key), told_of(coming, key)

    def _own_words(self) -> Iterator[Line]:
        """Yield what the page is told beside the table of addresses."""
        if self.tempo is not None:
            segments = self.tempo.segments[-TEMPI:]
            yield "tempo_map", [[s.tick / TICKS_PER_QUARTER, s.seconds, s.bpm] for s in segments]
        yield "planned", self.planned()
        yield "bank", {str(slot): text for slot, text in self.bank().items()}
        yield "words", self.words()
        yield "explained", *self._explained()
        yield "port", self.port()


@lru_cache(256)
def told_of(symbol: str, key: str) -> str:
    """Return the sentence on a chord in a key, nothing where there is none; asked forty times a second."""
    try:
        return sentence(symbol, key) if symbol else ""
    except ValueError:  # a key of the owner's own scale has no numerals
        return ""
