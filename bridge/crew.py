"""The player, the generator and the ears: begun, waited for, and heard as far as what they say is of themselves.

Called from the event loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bridge.child import Child
from bridge.children import Children
from bridge.errors import OwnerError
from bridge.events import GeneratorReady, Heard, PlayerReady
from bridge.inlet import InletConfig
from bridge.orders import Connected, Health, OpenFailed, PortLost, PortNews, Quit, Ready, Report
from bridge.outlets import Outlets
from bridge.playing import run as run_player
from bridge.playing import warm as warm_player
from bridge.ports import Kept, PortConfig
from bridge.readiness import Readiness
from model.commission import ClipAnswer
from model.music import Answer, Opening

log = logging.getLogger("llmball")

Spoken = Report | Heard | Answer | Opening | ClipAnswer | str | None
"""What a child says; a generator's None is that it is ready, its string what the owner must mend."""
News = GeneratorReady | PlayerReady | Health | Heard | Answer | Opening | ClipAnswer
"""What of it concerns somebody else too."""


@dataclass(frozen=True, slots=True)
class Duties:
    """What each runs; without an `inlet` nobody listens."""

    generator: Callable[..., None]
    ears: Callable[..., None]
    ports: PortConfig
    inlet: InletConfig | None
    encoder: Path | None
    begun: Child | None = None
    """The generator, where it was begun before all else: it takes longest."""


class Crew:
    """Begins `children`; `fail` is given what ends us all."""

    def __init__(self, duties: Duties, children: Children, fail: Callable[[Exception], None]) -> None:
        self._duties, self._children, self._fail = duties, children, fail
        self.outlets = Outlets(duties.ports, self._change_port)
        self.readiness = Readiness()
        self._kept: dict[str, Kept] = {}
        self._news: list[str] = []

    def begin(self) -> None:
        """Begin all of them."""
        duties = self._duties
        # the generator first: it takes longest
        self._children.begin("generator", duties.generator, lambda: (duties.encoder,), begun=duties.begun)
        self._children.begin("player", run_player, self._of_player, warm=warm_player)
        if self._duties.inlet is None:
            self.readiness.came("ears")
        else:
            self._children.begin("ears", self._duties.ears, self._of_ears)

    def introduce(self) -> None:
        """Say who has come, and how: not before we are ready, for where we cannot be one line says so."""
        for line in self._news:
            log.info("%s", line)

    def heard(self, child: str, said: Spoken) -> News | None:
        """Take what a child says; return what of it concerns others."""
        match said:
            case None:
                self._children.ready(child)
                self.readiness.came(child)
                return GeneratorReady()
            case Ready(name, realtime):
                self._children.ready(child)
                return self._port_ready(child, name, realtime)
            case OpenFailed(remedy) | (str() as remedy):
                self._children.end(child)  # it goes by itself, and another would fare no better
                self._fail(OwnerError(remedy))
            case PortLost(reason):
                log.warning("the %s's port was lost (%s); it is opened again when it can be", child, reason)
            case PortNews(line):
                log.warning("%s", line)
            case Connected(kept):
                self._kept[child] = kept
            case _:
                return said
        return None

    def _port_ready(self, child: str, name: str, realtime: bool) -> PlayerReady | None:
        first = self.readiness.came(child, name)
        if not first:
            log.warning("the %s's port is there again: %s", child, name)
        elif child == "player":
            self._news.append(f"the player has {'real-time' if realtime else 'normal'} priority")
        else:
            self._news.append(f"listening to {name}")
        if child != "player":
            return None
        self.outlets.opened(name)
        return PlayerReady()

    def _of_player(self) -> tuple[object, ...]:
        return self.outlets.config, self.readiness.there("player"), self._kept.get("player", {})

    def _of_ears(self) -> tuple[object, ...]:
        return self._duties.inlet, self.readiness.there("ears"), self._kept.get("ears", {})

    def _change_port(self) -> None:
        """Have another player open the port that was chosen; what is planned is given to it."""
        self._kept.pop("player", None)
        self._children.send("player", Quit())
