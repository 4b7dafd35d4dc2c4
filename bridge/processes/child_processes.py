"""The player, the generator and the ears: begun, waited for, and heard as far as what they say is of themselves.

Called from the event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bridge.errors import BadRequest, OwnerError
from bridge.midi.backends import list_ports
from bridge.midi.input_ports import InletConfig
from bridge.midi.output_ports import Kept, PortConfig
from bridge.midi.player_process import run as run_player
from bridge.midi.player_process import warm as warm_player
from bridge.midi.protocol import Connected, Health, Heard, OpenFailed, PortLost, PortNews, Quit, Ready, Report
from bridge.processes.supervisor import Child, Children
from bridge.protocol.events import GeneratorReady, PlayerReady
from model.clips.messages import ClipAnswer
from model.generation.messages import Answer, Opening

VIRTUAL = "virtual"


class Outlets:
    """Holds what is to be opened next; `change` has it opened."""

    def __init__(self, config: PortConfig, change: Callable[[], None]) -> None:
        self.config, self._change = config, change
        self._name = ""
        self._known: list[str] = []

    def opened(self, name: str) -> None:
        """Note the name of the port that is open now."""
        self._name = name

    def now(self) -> str:
        """Return the name of the port that is open."""
        return self._name

    def there(self) -> list[str]:
        """Return what could be chosen; asks the MIDI system, and is called from a thread."""
        found = list_ports(self.config.backend)
        self._known = [] if found is None else [VIRTUAL, *(p for p in found[1] if "llmball" not in p.lower())]
        return self._known

    def choose(self, wanted: str) -> None:
        """Have a port opened that was listed. Raises BadRequest."""
        if wanted not in self._known:
            raise BadRequest("port", f"{wanted!r} is not there: ask for the ports first")
        self.config = replace(self.config, output=wanted)
        self._change()


LONGEST = 120.0
"""Seconds that they are waited for."""


class Readiness:
    """Which of the children have ever been there; the player's word is the port's name."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._player: asyncio.Future[str] = loop.create_future()
        self._generator: asyncio.Future[str] = loop.create_future()
        self._ears: asyncio.Future[str] = loop.create_future()
        self._by_name = {"player": self._player, "generator": self._generator, "ears": self._ears}
        self._came: set[str] = set()

    async def all(self) -> str:
        """Wait for all of them; return the port's name. Raises what was given to `fail`."""
        port, *_ = await asyncio.wait_for(asyncio.gather(self._player, self._generator, self._ears), LONGEST)
        return port

    def there(self, child: str) -> bool:
        """Tell whether a child has been there."""
        return child in self._came

    def came(self, child: str, word: str = "") -> bool:
        """Note that a child is there; tell whether it is for the first time."""
        first = not self.there(child)
        self._came.add(child)
        waited = self._by_name[child]
        if not waited.done():  # as it is where another failed meanwhile
            waited.set_result(word)
        return first

    def fail(self, error: Exception) -> bool:
        """Give up the first that is still waited for; tell whether there was one."""
        waited = next((f for f in self._by_name.values() if not f.done()), None)
        if waited is None:
            return False
        waited.set_exception(error)
        waited.exception()  # it is raised where it is awaited; no second complaint
        return True

    def cancel(self) -> None:
        """Wait for nobody any more."""
        for future in self._by_name.values():
            future.cancel()


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
