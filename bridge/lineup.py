"""Which take plays and which comes, and what a new take is begun with. Owned by the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bridge.controls import Value
from bridge.keepsake import Bar
from bridge.past import MOST, Past
from bridge.settings import controls
from bridge.take import Take
from model.music import Beat, Begin
from model.taste import Weighting, drawn


@dataclass(slots=True)
class Lineup:
    """At most one take plays (`current`, only while playing) and at most one is on its way to (`coming`).

    `seeds` gives the seed of a take where the controls name none; `theta` is the user's taste.
    """

    settings: Mapping[str, Value]
    seeds: Callable[[], int]
    theta: Weighting
    current: Take | None = None
    coming: Take | None = None
    past: Past = field(default_factory=Past)
    _numbers: int = 0
    _begun: dict[int, Take] = field(default_factory=dict)

    def refine(self, take: Take, words: str, played: tuple[Beat, ...]) -> Take:
        """Have a take come that changes, in words, what was played of another; its seed stays."""
        begin = replace(take.begin, controls=controls(self.settings), refine=words, played=played, given=())
        return self._come(replace(begin, plan=take.plan, morph=None), take.place)

    def recall(self, take: Take, *, back: bool) -> Take:
        """Have a take of the past come once more, under its old name."""
        return self._come(replace(take.begin, controls=controls(self.settings)), take.place, take.id, back)

    def prompt(self, text: str, second: str | None, seed: int | None = None) -> Take:
        """Have a new take come instead of the one that did; `second` is the other prompt of a morph."""
        if seed is None:
            seed = int(self.settings["seed"])
        if seed < 0:
            seed = self.seeds()
        theta = tuple(drawn(self.theta, seed).items())
        begin = Begin(0, text, controls(self.settings), seed, morph=second, theta=theta)
        return self._come(begin, float(self.settings["morph/x"]))

    def again(self, take: Take) -> Take:
        """Have a take that the generator lost come once more, as a new one: the same words and seed."""
        take.lost = True
        return self._come(take.begin, take.place, take.id, back=True)

    def enter(self, take: Take) -> None:
        """Let the coming take be the one that plays."""
        self.current, self.coming = take, None
        self.past.play(take)

    def origin(self, number: int) -> Bar:
        """Return where the bars of a take came from."""
        take = self._begun.get(number)
        if take is None:
            return Bar(str(number), "", 0)
        begin = take.begin
        return Bar(take.id, begin.prompt, begin.seed, begin.refine or "", begin.morph or "")

    @property
    def latest(self) -> Take | None:
        """The take that was asked for last."""
        return self.coming or self.current

    @property
    def all(self) -> list[Take]:
        """The takes there are."""
        return [take for take in (self.current, self.coming) if take is not None]

    def _come(self, begin: Begin, place: float, name: str = "", back: bool = False) -> Take:
        self._numbers += 1
        self.coming = Take(replace(begin, take=self._numbers), place=place, name=name, back=back)
        self.past.ask(self.coming)
        self._begun[self._numbers] = self.coming
        self._begun.pop(self._numbers - MOST, None)
        return self.coming
