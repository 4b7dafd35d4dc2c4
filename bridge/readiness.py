"""What must be there before the daemon says that it is ready: the port, the generator, the ears. Used in the event loop."""

from __future__ import annotations

import asyncio

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
