"""Applies control changes: stores the value, publishes what is now understood, and changes planned beats.

A change regenerates, rearranges or retimes, as the control's `Reach` says. Owned by the session.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bridge.clock import Seconds
from bridge.protocol.controls import CONTROLS, HOST_TEMPO, Reach, Value, model_controls, part_programs
from bridge.protocol.events import Publish
from bridge.session.playback import MIN_NOTICE, Playback
from bridge.takes.takes import Take, Takes
from model.music.notes import ADDED_PARTS, PARTS
from model.music.plan import Plan, apply_controls
from model.music.wishes import IN_CLIPS


def understood_messages(plan: Plan, settings: Mapping[str, Value]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield (path, arguments) for a plan under the controls, then one `understood/overruled` for each fact that was overruled."""
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
    programs = part_programs(effective, settings)
    yield "understood/programs", tuple(value for part, number in programs.items() for value in (part, number))
    silent = {p for p in ADDED_PARTS if settings[f"part/{p}/enabled"] == 0}
    yield "understood/parts", tuple(p for p in effective.parts if p not in silent)
    yield "understood/unread", (plan.account.sentence(IN_CLIPS),)
    if hosted > 0 and float(settings["tempo"]) not in (0.0, hosted):
        overruled = (*(pair for pair in overruled if pair[0] != "tempo"), ("tempo", "host"))
    for name, by in overruled:
        yield "understood/overruled", (name, "host" if hosted > 0 and name == "tempo" else by)


WRITING = (Reach.REGENERATE_BEATS, Reach.REGENERATE_BARS)
"""What such controls change is written anew; the rest acts on what is written."""
TEMPO_TOLERANCE = 0.15
"""Quarter notes a minute: a host's tempo that differs by less counts as unchanged."""


@dataclass(slots=True)
class SettingsControl:
    """Sets controls, and computes a take's tempo and metre under them."""

    settings: dict[str, Value]
    playback: Playback
    takes: Takes

    def set(self, path: str, value: Value, now: Seconds) -> None:
        """Set a control to a checked value, publish what is now understood differently, and change planned beats."""
        take, current = self.takes.latest, self.takes.current
        reach = CONTROLS[path].reach
        # output controls change nothing that is understood; a fader sends a hundred values a second
        republish = reach not in (Reach.REARRANGE, Reach.LATER_TAKES)
        before = list(self._understood(take)) if republish else []
        self.settings[path] = value
        if path == "morph/x" and take is not None:
            take.morph_x = float(value)
        if republish:
            self._publish_changes(take, before)
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
        """Publish what is understood of a take under the controls."""
        self.playback.emit(*self._understood(take))

    def bpm(self, take: Take) -> float:
        """Return a take's tempo under the controls (a host's goes first), in quarter notes a minute."""
        return float(self.settings.get(HOST_TEMPO, 0.0)) or self.own_bpm(take)

    def own_bpm(self, take: Take) -> float:
        """Return the tempo that a take has without a host, in quarter notes a minute."""
        tempo = float(self.settings["tempo"])
        return tempo if tempo > 0 else take.plan.tempo if take.plan is not None else 120.0

    def meter(self, take: Take) -> str:
        """Return a take's metre under the controls."""
        meter = str(self.settings["meter"])
        return meter if meter != "auto" else take.plan.meter if take.plan is not None else "4/4"

    def set_host_tempo(self, bpm: float) -> None:
        """Set the host's tempo, which overrides all others; publish it if it has changed."""
        rounded = round(bpm, 1)
        if abs(rounded - float(self.settings.get(HOST_TEMPO, 0.0))) < TEMPO_TOLERANCE:
            return
        take = self.takes.latest
        before = list(self._understood(take))
        self.settings[HOST_TEMPO] = rounded
        self._publish_changes(take, before)

    def _publish_changes(self, take: Take | None, before: list[Publish]) -> None:
        self.playback.emit(*[message for message in self._understood(take) if message not in before])

    def _understood(self, take: Take | None) -> Iterator[Publish]:
        if take is not None and take.plan is not None:
            settings = dict(self.settings)
            if take.score is not None:  # a piece keeps what is written: key, metre and chords are its own
                settings |= {path: control.default for path, control in CONTROLS.items() if control.reach in WRITING}
            for path, args in understood_messages(take.plan, settings):
                yield Publish(path, args)

    def regenerate(self, now: Seconds, bar_line: bool, *, coming: bool = True) -> None:
        """Generate again, under the current controls, from the first beat (or bar) at least `MIN_NOTICE` away.

        `coming`: whether the coming take is generated again too.
        """
        current = self.takes.current
        if coming and self.takes.coming is not None:
            self.takes.coming.rewind(0)
        if current is None or self.playback.holding:
            return  # looped bars stay; new controls take effect when the loop ends
        self.playback.drop_replay()
        earliest = self.playback.tick(Seconds(now + MIN_NOTICE))
        first = self.playback.timeline.first_from(earliest, bar_line, current.number)
        if first is None:
            current.rewind(current.next_to_place)  # only pending orders can still change
        else:
            self.playback.cut(first.start, frozenset(PARTS))
            current.rewind(first.music.index)

    def _move_morph(self, take: Take, now: Seconds) -> None:
        """Move a morphing take to its new place between two prompts: its tempo at once, its notes soon."""
        if take is self.takes.coming:
            take.rewind(0)
        else:
            here = self.playback.timeline.first_of(take.number, self.playback.tick(now))
            self.playback.retime(self.bpm(take), here)
            self.regenerate(now, bar_line=False)
