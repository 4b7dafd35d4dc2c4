"""The controls at work: what a change of one does to the music that is already planned. Owned by the session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge.clock import Seconds
from bridge.midi.protocol import Controller
from bridge.protocol.controls import CONTROLS, HOST_TEMPO, Reach, Value, model_controls
from bridge.protocol.events import Publish, ToPlayer
from bridge.session.playback import Playback
from bridge.session.quantize import MIN_NOTICE, HoldLoop
from bridge.takes.takes import Take, Takes
from model.music.notes import PARTS
from model.music.plan import Plan, apply_controls


def understood_messages(plan: Plan, settings: Mapping[str, Value]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield (path, arguments) for a plan under the controls, then what lost: explicit words, or a set tempo."""
    effective, overruled = apply_controls(plan, model_controls(settings))
    hosted = float(settings.get(HOST_TEMPO, 0.0))
    yield "understood/tempo", (float(effective.tempo),)
    yield "understood/feel", (effective.feel,)
    yield "understood/key", (effective.key,)
    yield "understood/meter", (effective.meter,)
    yield "understood/progression", (" | ".join(effective.progression or ()),)
    for name in ("density", "energy", "brightness", "complexity", "swing"):
        yield f"understood/{name}", (float(getattr(effective, name)),)
    yield (
        "understood/style",
        tuple(value for name, weight in effective.style for value in (name, float(weight))),
    )
    if hosted > 0 and float(settings["tempo"]) not in (0.0, hosted):
        overruled = (*(pair for pair in overruled if pair[0] != "tempo"), ("tempo", "host"))
    for name, by in overruled:
        yield "understood/overruled", (name, "host" if hosted > 0 and name == "tempo" else by)


TEMPO_TOLERANCE = 0.15
"""Quarter notes a minute: a host's tempo that differs by less is the same one, measured again."""


@dataclass(slots=True)
class SettingsControl:
    """Sets the controls; `stage` and `takes` are the session's."""

    settings: dict[str, Value]
    playback: Playback
    takes: Takes
    hold_loop: HoldLoop

    def set(self, path: str, value: Value, now: Seconds) -> None:
        """Set a control to a checked value, tell what is now understood otherwise, and change what is planned."""
        take, current = self.takes.latest, self.takes.current
        reach = CONTROLS[path].reach
        # how the same beats sound is not understood otherwise: a fader moves a hundred times a second
        republish = reach not in (Reach.REARRANGE, Reach.LATER_TAKES)
        before = list(self._understood(take)) if take is not None and republish else []
        self.settings[path] = value
        if path == "morph/x" and take is not None:
            take.morph_x = float(value)
        if take is not None and republish:
            self.playback.effects += [news for news in self._understood(take) if news not in before]
        match reach:
            case Reach.REGENERATE_BEATS | Reach.REGENERATE_BARS:
                self.regenerate(now, bar_line=reach is Reach.REGENERATE_BARS)
            case Reach.MORPH if take is not None and take.begin.morph is not None:
                self._move_morph(take, now)
            case Reach.TEMPO if current is not None:
                self.playback.retime(self.bpm(current), self.playback.tick(now))
            case Reach.REARRANGE if current is not None:
                self.playback.rearrange(now)

    def publish_understood(self, take: Take) -> None:
        """Tell what is understood of a take under the controls."""
        self.playback.effects += self._understood(take)

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

    def set_host_tempo(self, bpm: float) -> None:
        """Go by a host's tempo, which goes before everything; tell it where it is another than before."""
        rounded = round(bpm, 1)
        if abs(rounded - float(self.settings.get(HOST_TEMPO, 0.0))) < TEMPO_TOLERANCE:
            return
        take = self.takes.latest
        before = [] if take is None else list(self._understood(take))
        self.settings[HOST_TEMPO] = rounded
        if take is not None:
            self.playback.effects += [news for news in self._understood(take) if news not in before]

    def _understood(self, take: Take) -> Iterator[Publish]:
        if take.plan is not None:
            for path, args in understood_messages(take.plan, self.settings):
                yield Publish(path, args)

    def regenerate(self, now: Seconds, bar_line: bool, *, coming: bool = True) -> None:
        """Have the model write anew, under the controls, from the first beat (or bar) far enough away.

        `coming` tells whether a take that is on its way is written anew too.
        """
        current = self.takes.current
        if coming and self.takes.coming is not None:
            self.takes.coming.rewind(0)
        if (
            current is None or self.hold_loop.active
        ):  # what goes round stays; the take goes on under the controls later
            return
        earliest = self.playback.tick(Seconds(now + MIN_NOTICE))
        first = self.playback.timeline.first_from(earliest, bar_line, current.number)
        if first is None:
            current.rewind(current.next_to_place)  # only what is on order can still be changed
        else:
            self.playback.cut(first.start, frozenset(PARTS))
            current.rewind(first.music.index)

    def _move_morph(self, take: Take, now: Seconds) -> None:
        """Have a take of two prompts go on from its new place between them: its tempo at once, its notes soon."""
        if take is self.takes.coming:
            take.rewind(0)
        else:
            here = self.playback.timeline.first_of(take.number, self.playback.tick(now))
            self.playback.retime(self.bpm(take), here)
            self.regenerate(now, bar_line=False)


CONTROLLERS = {"energy": 11, "brightness": 74}
"""The controllers: expression, and brightness as General MIDI 2 names it."""


@dataclass(slots=True)
class ExpressionControllers:
    """Sends what changed; nothing where the controls `send/…` are off."""

    settings: Mapping[str, Value]
    playback: Playback
    takes: Takes
    _sent: dict[tuple[str, int], int] = field(default_factory=dict)

    def send(self) -> None:
        """Send the levels of the take that plays to the channels of the parts, where they are others than before."""
        take = self.takes.current
        enabled = [name for name in CONTROLLERS if self.settings[f"send/{name}"]]
        if take is None or take.plan is None or not enabled:
            self._sent.clear()
            return
        plan, _ = apply_controls(take.plan, model_controls(self.settings))
        for name in enabled:
            value = round(127 * float(getattr(plan, name)))
            for part in PARTS:
                channel = int(self.settings[f"part/{part}/channel"]) - 1
                if self._sent.get((name, channel)) != value:
                    self._sent[name, channel] = value
                    self.playback.effects.append(
                        ToPlayer(Controller(part, channel, CONTROLLERS[name], value))
                    )
