"""What was told and still holds, for whoever comes in later. Pure; changed by each thing that is told."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.controls import Value

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
