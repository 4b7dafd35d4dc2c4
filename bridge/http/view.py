"""State shown in the browser panel (controls, bank, planned beats, published values) and its changes.

Only reads the session. Called from the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from bridge.clock import TempoMap
from bridge.http.broadcast import PanelLine, panel_line
from bridge.protocol.controls import CONTROL_PATHS, CONTROLS, Value, current_path
from model.music.notes import TICKS_PER_QUARTER
from model.music.numerals import sentence

PathAndArgs = tuple[str, tuple[Value, ...]]
LATEST_PATHS = ("state", "take", "beat", "chord", "health", "composer/told")
NOTE_MEMORY = 8.0
"""Quarter notes for which a note is kept after its end."""
MAX_NOTES = 4000


class LastPublished:
    """The latest published value per path, and the notes that are planned or have just ended."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[Value, ...]] = {}
        self._overruled: dict[Value, Value] = {}
        self._notes: list[tuple[Value, ...]] = []
        self._inputs: dict[tuple[str, Value], tuple[Value, ...]] = {}

    def update(self, path: str, args: tuple[Value, ...]) -> None:
        """Record a published message."""
        match path, args:
            case "note", (*_, start, _):
                self._notes.append(args)
                if len(self._notes) > MAX_NOTES:
                    self._drop_old_notes(float(start) - 2 * NOTE_MEMORY)
            case "cancelled", (take, part, after):
                self._cancel_notes(take, part, float(after))
            case "input" | "input/latency" | "input/plays", (number, *_):
                self._inputs[path, number] = args
            case "understood/overruled", (name, by):
                self._overruled[name] = by
            case "state", ("idle" | "waiting",):
                self._latest[path] = args
                self._notes.clear()
                for path_ in ("beat", "chord"):
                    self._latest.pop(path_, None)
            case _ if path in LATEST_PATHS or path.startswith("understood/"):
                if path == "understood/feel":  # first message of a new plan: its overruled fields follow
                    self._overruled.clear()
                self._latest[path] = args

    def clear_overruled(self, path: str) -> None:
        """Remove the overruled entry of a control that was reset to its default."""
        self._overruled.pop(path, None)

    def messages(self) -> Iterator[PathAndArgs]:
        """Yield the recorded messages that are still valid."""
        yield from self._latest.items()
        for name, by in self._overruled.items():
            yield "understood/overruled", (name, by)
        for (path, _), told in self._inputs.items():
            yield path, told
        for note in self._notes:
            yield "note", note

    def last(self, path: str) -> tuple[Value, ...]:
        """Return the latest arguments published at a path, or ()."""
        return self._latest.get(path, ())

    def _drop_old_notes(self, before: float) -> None:
        self._notes = [n for n in self._notes if float(n[4]) + float(n[5]) >= before][-MAX_NOTES:]

    def _cancel_notes(self, take: Value, part: Value, after: float) -> None:
        kept = []
        for note in self._notes:
            start, length = float(note[4]), float(note[5])
            if note[:2] != (take, part) or start + length <= after:
                kept.append(note)
            elif start < after:
                kept.append((*note[:5], after - start))
        self._notes = kept


MAX_TEMPO_SEGMENTS = 8
"""Number of tempo map segments sent to the page: the latest ones."""


@dataclass(slots=True)
class View:
    """Reads the session through functions that are called at each use.

    `bank`: prompt per slot; `planned_beats`: (quarter, bar, beat, chord symbol or "") per beat; `latest_prompt`: prompt
    of the latest take; `output_name`: name of the MIDI output; `coming`, `entered`: what is on its way, and where the
    take that plays entered (see `Session`).
    """

    settings: Mapping[str, Value]
    bank: Callable[[], Mapping[int, str]]
    planned_beats: Callable[[], tuple[tuple[float, int, int, str], ...]]
    latest_prompt: Callable[[], str]
    output_name: Callable[[], str]
    coming: Callable[[], tuple[Value, ...]]
    entered: Callable[[], tuple[int, int]]
    tempo: TempoMap | None = None
    last_published: LastPublished = field(default_factory=LastPublished)
    _sent: dict[str, Value] = field(default_factory=dict)
    _sent_lines: list[PanelLine] = field(default_factory=list)

    def value(self, path: str) -> tuple[Value, ...]:
        """Return the value of a control, or the latest arguments published at any other path."""
        return (self.settings[current_path(path)],) if path in CONTROL_PATHS else self.last_published.last(path)

    def changes(self) -> Iterator[PanelLine]:
        """Yield the lines that changed since the last call."""
        for path in CONTROL_PATHS:
            value = self.settings[current_path(path)]
            if self._sent.get(path) != value:
                self._sent[path] = value
                if value == CONTROLS[current_path(path)].default:
                    self.last_published.clear_overruled(path)
                yield panel_line(path, (value,))
        lines = list(self._panel_lines())
        yield from (line for line in lines if line not in self._sent_lines)
        self._sent_lines = lines

    def snapshot(self) -> Iterator[PanelLine]:
        """Yield the whole state, for a new client."""
        yield from self._panel_lines()
        yield from (panel_line(path, self.value(path)) for path in CONTROL_PATHS)
        yield from (panel_line(path, args) for path, args in self.last_published.messages())

    def _explanations(self) -> tuple[str, str]:
        """Return a sentence on the current chord and one on the next chord; "" if unknown."""
        sounding = self.last_published.last("chord")
        key_control = str(self.settings["key"])
        key = key_control if key_control != "auto" else str(next(iter(self.last_published.last("understood/key")), ""))
        if not sounding or not key:
            return "", ""
        symbol, *where = sounding
        here = [int(place) for place in where]
        coming = next((chord for _, *at, chord in self.planned_beats() if chord and at > here), "")
        return explanation_of(str(symbol), key), explanation_of(coming, key)

    def _panel_lines(self) -> Iterator[PanelLine]:
        """Yield the lines that only the page gets, which are not in the address table."""
        if self.tempo is not None:
            segments = self.tempo.segments[-MAX_TEMPO_SEGMENTS:]
            yield "tempo_map", [[s.tick / TICKS_PER_QUARTER, s.seconds, s.bpm] for s in segments]
        yield "planned", self.planned_beats()
        yield "bank", {str(slot): text for slot, text in self.bank().items()}
        yield "words", self.latest_prompt()
        yield "coming", *self.coming()
        yield "entered", *self.entered()
        yield "explained", *self._explanations()
        yield "port", self.output_name()


@lru_cache(256)
def explanation_of(symbol: str, key: str) -> str:
    """Return a sentence on a chord in a key, "" if there is none. Cached: called 40 times a second."""
    try:
        return sentence(symbol, key) if symbol else ""
    except ValueError:  # a key with a user-defined scale has no Roman numerals
        return ""
