"""Which clocks are one source's where the clocks of two arrive at one port: one leads, the others are dropped. Pure.

A port tells no senders apart, so the times must. A source's clocks are regular; a change of tempo is regular too. Two sources
together are not: clocks go on falling where the leader's are due, and others lie in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.clock import Seconds

REGULAR = 0.2
"""The most that clocks of one source are beside a straight line, as a share of their spacing (root mean square)."""
NEAR, FAR = 0.1, 0.35
"""The least and the most share of the spacing by which a clock may be beside the place where the leader's is due."""
SURE, EXACT = 0.2, 0.03
"""The most of it where another source is known; and how near a clock is the leader's before a later one might be nearer."""
GONE = 3
"""The leader's clocks that are missing before another source leads."""
DECIDED = 4
"""The leader's clocks, with others in between, after which these are another source's."""
ALONE = 24
"""The leader's clocks in a row, with none in between, after which one source is left."""
SEARCHED = 16
"""Clocks in which a leader is searched where none is known yet."""


def is_regular(times: Sequence[Seconds], jitter: float | None = None) -> bool:
    """Return True if times are those of one source: near a straight line by their numbers, as its jitter (seconds) allows."""
    count = len(times)
    if count < 3 or times[-1] <= times[0]:
        return count < 3
    mean_x, mean_y = (count - 1) / 2, sum(times) / count
    spread = sum((i - mean_x) ** 2 for i in range(count))
    slope = sum((i - mean_x) * (t - mean_y) for i, t in enumerate(times)) / spread
    rms = (sum((t - mean_y - slope * (i - mean_x)) ** 2 for i, t in enumerate(times)) / count) ** 0.5
    return slope > 0 and rms <= (REGULAR * slope if jitter is None else max(0.04 * slope, 2.5 * jitter))


def find_leader(times: Sequence[Seconds]) -> list[Seconds]:
    """Return the clocks of one source among those of several: the quickest that goes through, empty where there is none."""
    for first in range(2):
        for second in range(first + 1, min(len(times), first + 6)):
            train = _train(times, first, second)
            if len(train) >= 5 and times[-1] - train[-1] < 1.5 * (train[-1] - train[-2]):
                return train
    return []


def others_of(times: Sequence[Seconds], leading: Sequence[Seconds]) -> list[Seconds]:
    """Return the clocks of another source beside the leader's, empty where they are none's: one that jitters or swings has no other."""
    ours = set(leading)
    others = [t for t in times if t >= leading[0] and t not in ours]
    if len(others) < 3 or not is_regular(others):
        return []
    step = (others[-1] - others[0]) / (len(others) - 1)
    return others if times[-1] - others[-1] < 1.5 * step else []


def _train(times: Sequence[Seconds], first: int, second: int) -> list[Seconds]:
    """Return the clocks that go on at the distance of two of them, up to the first that is missing."""
    found, spacing = [times[first], times[second]], times[second] - times[first]
    for at in times[second + 1 :]:
        steps = (at - found[-1]) / spacing if spacing > 0 else 0
        if steps > 1 + FAR:
            return found if len(found) > 2 else []
        if abs(steps - 1) <= 1.5 * NEAR:
            found.append(at)
            spacing = (found[-1] - found[0]) / (len(found) - 1)
    return found


class ClockLeader:
    """Passes on the clocks of the source that leads. `others` tells whether another one's arrive too."""

    def __init__(self) -> None:
        self.others = False
        self._held: list[Seconds] = []
        self._alone = 0

    def reset(self, others: bool = False) -> None:
        """Forget what is held: the clocks begin anew, of one source or of two."""
        self._held, self.others, self._alone = [], others, 0

    def passed(self, at: Seconds, last: Seconds, spacing: float, jitter: float) -> list[Seconds]:
        """Return the clocks that are the leader's, now that one came: none yet, one or several, in order.

        `last` is where the leader's last one lies by its line, `spacing` the seconds between two, `jitter` in seconds.
        """
        near = min(SURE if self.others else FAR, max(NEAR, 3.5 * jitter / spacing))
        self._held.append(at)
        places = [(t - last) / spacing for t in self._held]
        best: dict[int, Seconds] = {}
        for place, time in zip(places, self._held, strict=True):
            due = round(place)
            if due > 0 and abs(place - due) <= near:
                best[due] = min(best.get(due, time), time, key=lambda t: abs(t - last - due * spacing))
        passed = int(places[-1] - near)  # the leader's clocks that had to come by now
        missing = [due for due in range(1, passed + 1) if due not in best]
        if self.others:
            if len(missing) >= GONE:
                return self._release()
            settled = [d for d in best if d <= places[-1] + EXACT]
            if settled:
                later = [t for place, t in zip(places, self._held, strict=True) if round(place) > max(settled)]
                self._alone = self._alone + 1 if len(self._held) == len(settled) + len(later) else 0
                self.others = self._alone < ALONE
                self._held = later
            return [best[d] for d in sorted(settled)]
        if missing:
            return self._release()  # all went elsewhere: another tempo, or a leap
        extra = [place for place, time in zip(places, self._held, strict=True) if best.get(round(place)) != time]
        if not extra:
            return self._release()
        if len(best) < DECIDED:
            return []
        if len(extra) < 2 or is_regular(self._held, jitter) or places[-1] - extra[-1] > 1.5 * (extra[-1] - extra[-2]):
            return self._release()  # a source's own clocks, at another tempo for a while
        self.reset(others=True)
        return [best[due] for due in sorted(best)]

    def _release(self) -> list[Seconds]:
        """Return all that is held: it is one source's, where the leader's are due or at another tempo or place."""
        released, self._held, self.others = self._held, [], False
        return released
