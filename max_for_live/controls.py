"""The controls that both devices share: how each looks in Live, how it lies in the patching view, and what it says to the script.

A control sends `param key value`; a button sends a plain message; a field sends what was typed as one symbol. All of it goes to
`---script`, a name of each device's own, so that a patch reads row by row instead of as a bundle of cords.
"""

from __future__ import annotations

from collections.abc import Sequence

from max_for_live.patch import AUTOMATED, BLOB, CUSTOM, ENUM, FONT, HIDDEN, INT, PLAIN, STORED, Patch, Rect

ROW = 32
SECOND, THIRD = 120, 300
"""Where the second and the third object of a row begin, from its first."""


class Controls:
    """Puts controls into a patch, group by group, each on a row of its own in the patching view."""

    def __init__(self, patch: Patch) -> None:
        self.patch = patch
        self._at = (0, 0)

    def group(self, text: str, at: tuple[int, int], width: int = 340) -> None:
        """Begin a group with its heading; the rows of its controls follow below."""
        self.patch.heading(text, at, width)
        self._at = (at[0], at[1] + 32)

    def label(self, text: str, shown: Rect) -> None:
        """Write a word into the view."""
        self.patch.box("live.comment", self._next(24), shown=shown, text=text, fontname=FONT, fontsize=9.0)

    def field(self, long: str, short: str, shown: Rect, lines: int, message: str, info: str) -> str:
        """Add a field to type into; return the name under which it is banged and set."""
        p, (x, y) = self.patch, self._next(shown[3] + 44)
        colours = {
            "bgcolor": {"expression": "themecolor.live_control_text_bg"},
            "textcolor": {"expression": "themecolor.live_control_fg"},
        }
        more = {
            "keymode": 1, "outputmode": 1, "wordwrap": 1, "lines": lines, "fontname": FONT, "fontsize": 10.0, "border": 1.0,
            "rounded": 0.0, "text": "", "bgcolor": [0.12, 0.12, 0.12, 1.0], "textcolor": [0.9, 0.9, 0.9, 1.0], "bound": colours,
        }  # fmt: skip
        name = f"---{message}"
        heard = p.box(f"r {name}", (x, y))
        made = p.parameter("textedit", long, short, BLOB, (x, y + 32), shown, info, "", STORED, more=more)
        only = p.box("route text", (x + SECOND + 120, y), ports=(2, 2))
        held, gone = (
            p.box(f"prepend {message}", (x + SECOND + 120, y + 32)),
            p.box("s ---script", (x + SECOND + 120, y + 64)),
        )
        p.chain(heard, made, only, held, gone)
        return name

    def button(
        self, long: str, text: str, message: str, shown: Rect, info: str, field: str | None = None, lit: bool = False
    ) -> None:  # fmt: skip
        """Add a button; where it needs words their field is banged first, so that what is typed now counts.

        `lit`: the script may change how it looks, by `---` and the message's name.
        """
        p, (x, y) = self.patch, self._next()
        made = p.parameter(
            "live.text", long, long[:8], ENUM, (x, y), shown, info, 0, HIDDEN, parameter_enum=["Off", "On"], parameter_mmax=1,
            size=(min(shown[2], SECOND - 10), shown[3]), more={"mode": 0, "outputmode": 1, "text": text, "texton": text},
        )  # fmt: skip
        said = p.box("message", (x + SECOND + 60, y), size=(90, 22), text=message)
        if field is None:
            p.cord(made, 0, said)
        else:
            first = p.box("t b b", (x + SECOND, y), ports=(1, 2))
            p.cord(made, 0, first)
            p.cord(first, 1, p.box(f"s {field}", (x + THIRD + 90, y)))
            p.cord(first, 0, said)
        p.cord(said, 0, p.box("s ---script", (x + THIRD, y)))
        if lit:
            p.cord(p.box(f"r ---{message}", (x + THIRD + 90, y)), 0, made)

    def toggle(self, long: str, text: str, key: str, shown: Rect, info: str, on: int) -> None:
        """Add a switch that stays."""
        self._param(
            key, "live.text", long, text, ENUM, shown, info, on, parameter_enum=["Off", "On"], parameter_mmax=1,
            more={"mode": 1, "text": text, "texton": text},
        )  # fmt: skip

    def menu(
        self, long: str, short: str, key: str, items: Sequence[str], shown: Rect, info: str, initial: int = 0, stored: int = AUTOMATED
    ) -> None:  # fmt: skip
        """Add a menu; what it says is the number of the item."""
        self._param(
            key, "live.menu", long, short, ENUM, shown, info, initial, stored, parameter_enum=list(items),
            parameter_mmax=len(items) - 1,
        )  # fmt: skip

    def number(self, long: str, short: str, key: str, shown: Rect, info: str, low: int, high: int) -> None:
        """Add a box with a whole number."""
        self._param(
            key, "live.numbox", long, short, INT, shown, info, low, parameter_mmin=low, parameter_mmax=high,
            parameter_unitstyle=PLAIN,
        )  # fmt: skip

    def level(self, long: str, short: str, key: str, shown: Rect, info: str) -> None:
        """Add a dial that leaves its level to the words at rest, and then goes from 0 to 100 percent."""
        said = f"{info} At the bottom: left to the words."
        self.steps(long, short, key, shown, said, ["Words", *(f"{n} %" for n in range(101))])

    def steps(self, long: str, short: str, key: str, shown: Rect, info: str, places: Sequence[str]) -> None:
        """Add a dial with named places; what it says is the number of the place."""
        self._param(
            key, "live.dial", long, short, ENUM, shown, info, 0, AUTOMATED,
            {"showname": 1, "shownumber": 1}, parameter_enum=list(places), parameter_mmax=len(places) - 1,
        )  # fmt: skip

    def percent(
        self, long: str, short: str, key: str, shown: Rect, info: str, low: int, high: int, initial: int
    ) -> None:
        """Add a dial of whole percents."""
        self._param(
            key, "live.dial", long, short, INT, shown, info, initial, AUTOMATED,
            {"showname": 1, "shownumber": 1}, parameter_mmin=low, parameter_mmax=high, parameter_unitstyle=CUSTOM, parameter_units="%d %%",
        )  # fmt: skip

    def _param(
        self, key: str, what: str, long: str, short: str, kind: int, shown: Rect, info: str, initial: float, stored: int = AUTOMATED,
        more: dict[str, object] | None = None, **said: object,
    ) -> None:  # fmt: skip
        p, (x, y) = self.patch, self._next(max(ROW, shown[3] + 6))
        made = p.parameter(
            what, long, short[:8], kind, (x, y), shown, info, initial, stored, more=more, size=None, **said
        )
        p.chain(made, p.box(f"prepend param {key}", (x + SECOND, y)), p.box("s ---script", (x + THIRD, y)))

    def _next(self, height: int = ROW) -> tuple[int, int]:
        x, y = self._at
        self._at = (x, y + height)
        return x, y
