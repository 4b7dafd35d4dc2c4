"""The controls at work: what a change of one does to the music that is already planned. Owned by the session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge.clock import Seconds
from bridge.midi.protocol import Controller
from bridge.protocol.controls import HOST_TEMPO, Reach, Value, controls, reach
from bridge.protocol.events import Tell, ToPlayer
from bridge.session.playback import Stage
from bridge.session.quantize import NOTICE, Loop
from bridge.takes.takes import Lineup, Take
from model.music.notes import PARTS
from model.music.plan import Plan, apply


def understood(plan: Plan, settings: Mapping[str, Value]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield (path, arguments) for a plan under the controls, then what lost: explicit words, or a set tempo."""
    under, lost = apply(plan, controls(settings))
    hosted = float(settings.get(HOST_TEMPO, 0.0))
    yield "understood/tempo", (float(under.tempo),)
    yield "understood/feel", (under.feel,)
    yield "understood/key", (under.key,)
    yield "understood/meter", (under.meter,)
    yield "understood/progression", (" | ".join(under.progression or ()),)
    for name in ("density", "energy", "brightness", "complexity", "swing"):
        yield f"understood/{name}", (float(getattr(under, name)),)
    yield "understood/style", tuple(value for name, weight in under.style for value in (name, float(weight)))
    if hosted > 0 and float(settings["tempo"]) not in (0.0, hosted):
        lost = (*(pair for pair in lost if pair[0] != "tempo"), ("tempo", "host"))
    for name, by in lost:
        yield "understood/overruled", (name, "host" if hosted > 0 and name == "tempo" else by)


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


SENT = {"energy": 11, "brightness": 74}
"""The controllers: expression, and brightness as General MIDI 2 names it."""


@dataclass(slots=True)
class Expression:
    """Sends what changed; nothing where the controls `send/…` are off."""

    settings: Mapping[str, Value]
    stage: Stage
    takes: Lineup
    _told: dict[tuple[str, int], int] = field(default_factory=dict)

    def send(self) -> None:
        """Send the levels of the take that plays to the channels of the parts, where they are others than before."""
        take = self.takes.current
        wanted = [name for name in SENT if self.settings[f"send/{name}"]]
        if take is None or take.plan is None or not wanted:
            self._told.clear()
            return
        plan, _ = apply(take.plan, controls(self.settings))
        for name in wanted:
            value = round(127 * float(getattr(plan, name)))
            for part in PARTS:
                channel = int(self.settings[f"part/{part}/channel"]) - 1
                if self._told.get((name, channel)) != value:
                    self._told[name, channel] = value
                    self.stage.effects.append(ToPlayer(Controller(part, channel, SENT[name], value)))
