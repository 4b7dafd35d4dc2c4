"""Which of several LLMBalls holds a name at a broker: the one that is there, of two at once the one that began first. Pure.

Each puts its id into all that it publishes, so that none takes the other's words for a client's. It asks before it publishes;
where another answers it keeps silent under the name, and takes it when the other is gone.
"""

from __future__ import annotations

from enum import Enum, auto

MAX_ANSWERED = 64
"""Later bridges that are remembered, so that each is told once."""


class Claim(Enum):
    """What a message of another bridge leads to."""

    NOTHING = auto()
    ANSWER = auto()
    """Say that we are here."""
    SHOW_AGAIN = auto()
    """Publish what is ours once more: by it a later one learns of us, or clients that we are here."""
    YIELD = auto()
    """The other was first: be silent, and tell the owner."""
    TAKE = auto()
    """The other is gone: the name is ours."""


class NameClaim:
    """The claim of the bridge `id`; ids sort by the time at which their bridges began."""

    def __init__(self, id_: str) -> None:
        self._id = id_
        self._holder = ""
        self._asking = False
        self._answered: dict[str, None] = {}

    @property
    def holds(self) -> bool:
        """True while no other bridge is known to hold it, unless we have just asked."""
        return not self._holder and not self._asking

    @property
    def asks(self) -> bool:
        """True while we wait for an answer."""
        return self._asking

    def forget(self) -> None:
        """Forget who holds it: the broker was lost, and the other may be gone."""
        self._holder = ""
        self._answered.clear()

    def ask(self) -> None:
        """Hold nothing yet: whoever holds it is asked."""
        self.forget()
        self._asking = True

    def take_unanswered(self) -> bool:
        """Take the name if nobody has answered; return True if it is ours by that."""
        asked, self._asking = self._asking, False
        return asked

    def heard(self, bridge: str, online: bool | None, asks: bool = False) -> Claim:
        """Decide on a message of another bridge: whether it says that it is there, that it is gone, or neither; or asks."""
        if bridge == self._id:
            return Claim.NOTHING
        if asks:
            return Claim.ANSWER if self.holds else Claim.NOTHING
        if self._asking:
            if online is not False:
                self._holder, self._asking = bridge, False
            return Claim.YIELD if self._holder else Claim.NOTHING
        if online is False:
            gone = bridge == self._holder
            self._holder = "" if gone else self._holder
            self._answered.pop(bridge, None)
            # what another one's last will says is shown under the name: it is put right
            return Claim.TAKE if gone else Claim.SHOW_AGAIN if self.holds else Claim.NOTHING
        if bridge < self._id:
            first, self._holder = self.holds, min(bridge, self._holder or bridge)
            return Claim.YIELD if first else Claim.NOTHING
        if not self.holds or bridge in self._answered or not online:
            return Claim.NOTHING
        self._answered[bridge] = None
        if len(self._answered) > MAX_ANSWERED:
            del self._answered[next(iter(self._answered))]
        return Claim.SHOW_AGAIN
