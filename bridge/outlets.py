"""Which MIDI port the band plays into, and which it could: chosen at the panel. Called from the event loop, but `there`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bridge.errors import BadRequest
from bridge.ports import PortConfig
from bridge.systems import list_ports

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
