"""What was played, with all that it came from: for a file, and to be kept. Owned by the session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bridge.clock import Seconds
from bridge.controls import Value
from bridge.entrance import NEAR
from bridge.errors import BadRequest
from bridge.keepsake import Keepsake
from bridge.lineup import Lineup
from bridge.settings import changed
from bridge.stage import Stage
from model.midifile import Song


@dataclass(slots=True)
class Memory:
    """Reads the stage's record; `weights` is the hash of those that write."""

    stage: Stage
    takes: Lineup
    settings: Mapping[str, Value]
    weights: str

    def recorded(self, now: Seconds) -> Song | None:
        """Return the whole bars played so far, where a record of all is wanted."""
        return self.stage.record.song(self._key, self.stage.tick(Seconds(now + NEAR)))

    def keepsake(self, bars: int, now: Seconds) -> Keepsake:
        """Return the last whole bars with all that they came from. Raises BadRequest where there are none."""
        found = self.stage.record.last(bars, self._key, self.stage.tick(Seconds(now + NEAR)))
        if found is None:
            raise BadRequest("/llmball/keep", "no whole bar was played yet: play first")
        song, origins = found
        begun = tuple(replace(self.takes.origin(take), controls=under) for take, under in origins)
        return Keepsake(song, begun, changed(self.settings), self.weights)

    @property
    def _key(self) -> str:
        take = self.takes.latest
        return take.plan.key if take is not None and take.plan is not None else "C major"
