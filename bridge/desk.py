"""The controls at work: what a change of one does to the music that is already planned. Owned by the session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.controls import Value
from bridge.entrance import NOTICE
from bridge.events import Tell
from bridge.lineup import Lineup
from bridge.loop import Loop
from bridge.settings import HOST_TEMPO, Reach, reach
from bridge.stage import Stage
from bridge.take import Take
from bridge.telling import understood
from model.music import PARTS

NOTEWORTHY = 0.15
"""Quarter notes a minute: a host's tempo that differs by less is the same one, measured again."""


@dataclass(slots=True)
class Desk:
    """Sets the controls; `stage` and `takes` are the session's."""

    settings: dict[str, Value]
    stage: Stage
    takes: Lineup
    loop: Loop

    def set(self, path: str, value: Value, now: Seconds) -> None:
        """Set a control to a checked value, tell what is now understood otherwise, and change what is planned."""
        take, current = self.takes.latest, self.takes.current
        reached = reach(path)
        # how the same beats sound is not understood otherwise: a fader moves a hundred times a second
        reread = reached not in (Reach.SOUNDS, Reach.NOTHING)
        before = list(self._understood(take)) if take is not None and reread else []
        self.settings[path] = value
        if path == "morph/x" and take is not None:
            take.place = float(value)
        if take is not None and reread:
            self.stage.effects += [news for news in self._understood(take) if news not in before]
        match reached:
            case Reach.BEATS | Reach.BARS:
                self.rewrite(now, bar_line=reached is Reach.BARS)
            case Reach.PLACE if take is not None and take.begin.morph is not None:
                self._move(take, now)
            case Reach.TEMPO if current is not None:
                self.stage.retime(self.bpm(current), self.stage.tick(now))
            case Reach.SOUNDS if current is not None:
                self.stage.arrange_anew(now)

    def tell(self, take: Take) -> None:
        """Tell what is understood of a take under the controls."""
        self.stage.effects += self._understood(take)

    def bpm(self, take: Take) -> float:
        """Return the tempo of a take under the controls, in quarter notes a minute."""
        return float(self.settings.get(HOST_TEMPO, 0.0)) or self.own_bpm(take)

    def own_bpm(self, take: Take) -> float:
        """Return the tempo that a take would have without a host."""
        tempo = float(self.settings["tempo"])
        return tempo if tempo > 0 else take.plan.tempo if take.plan is not None else 120.0

    def meter(self, take: Take) -> str:
        """Return the metre of a take under the controls."""
        meter = str(self.settings["meter"])
        return meter if meter != "auto" else take.plan.meter if take.plan is not None else "4/4"

    def hosted(self, bpm: float) -> None:
        """Go by a host's tempo, which goes before everything; tell it where it is another than before."""
        told = round(bpm, 1)
        if abs(told - float(self.settings.get(HOST_TEMPO, 0.0))) < NOTEWORTHY:
            return
        take = self.takes.latest
        before = [] if take is None else list(self._understood(take))
        self.settings[HOST_TEMPO] = told
        if take is not None:
            self.stage.effects += [news for news in self._understood(take) if news not in before]

    def _understood(self, take: Take) -> Iterator[Tell]:
        if take.plan is not None:
            for path, args in understood(take.plan, self.settings):
                yield Tell(path, args)

    def rewrite(self, now: Seconds, bar_line: bool, *, coming: bool = True) -> None:
        """Have the model write anew, under the controls, from the first beat (or bar) far enough away.

        `coming` tells whether a take that is on its way is written anew too.
        """
        current = self.takes.current
        if coming and self.takes.coming is not None:
            self.takes.coming.rewind(0)
        if (
            current is None or self.loop.on
        ):  # what goes round stays; the take goes on under the controls later
            return
        far = self.stage.tick(Seconds(now + NOTICE))
        first = self.stage.timeline.first_from(far, bar_line, current.number)
        if first is None:
            current.rewind(current.wanted)  # only what is on order can still be changed
        else:
            self.stage.cut(first.start, frozenset(PARTS))
            current.rewind(first.music.index)

    def _move(self, take: Take, now: Seconds) -> None:
        """Have a take of two prompts go on from its new place between them: its tempo at once, its notes soon."""
        if take is self.takes.coming:
            take.rewind(0)
        else:
            here = self.stage.timeline.first_of(take.number, self.stage.tick(now))
            self.stage.retime(self.bpm(take), here)
            self.rewrite(now, bar_line=False)
