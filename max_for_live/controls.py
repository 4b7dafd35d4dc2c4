"""The controls that both devices share: how each looks in Live, how it lies in the patching view, and what it says to the script.

A control sends `param key value`; a button sends a plain message; a field sends what was typed as one symbol. All of it goes to
`---script`, a name of each device's own, so that a patch reads row by row instead of as a bundle of cords.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from max_for_live.patch import AUTOMATED, BLOB, CUSTOM, ENUM, FONT, HIDDEN, INT, PLAIN, STORED, Patch, Rect

ROW = 32
SEEN_FIRST = "see_into"
"""What is changed under this name is seen at first."""
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

    def label(self, text: str, shown: Rect, look: str = "") -> None:
        """Write a word into the view; `look` as of a button, but seen at first."""
        at = self._look(look, 24)
        named: dict[str, Any] = {"varname": text.lower()} if look else {}
        size = (len(text) * 6 + 8, 18)
        made = self.patch.box(
            "live.comment", at, size=size, shown=shown, text=text, fontname=FONT, fontsize=9.0, **named
        )
        self._joined(look, made, at)

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
        self, long: str, text: str, message: str, shown: Rect, info: str, field: str | None = None, look: str = ""
    ) -> None:  # fmt: skip
        """Add a button; where it needs words their field is banged first, so that what is typed now counts.

        `look`: a name under which the script changes how it looks; it is hidden at first. Generate and Apply have the colour of
        what is chosen, Generate larger letters: what a device is for, and what it waits for.
        """
        p, (x, y) = self.patch, self._look(look)
        more: dict[str, object] = {"mode": 0, "outputmode": 1, "text": text, "texton": text}
        if look:
            more["hidden"] = 1
        if message == "generate":
            more["fontsize"] = 13.0
        if message in ("generate", "apply"):
            more |= {"activebgcolor": [1.0, 0.68, 0.34, 1.0], "activetextcolor": [0.07, 0.07, 0.07, 1.0]}
            more["bound"] = {
                "activebgcolor": {"expression": "themecolor.live_control_selection"},
                "activetextcolor": {"expression": "themecolor.live_control_fg_on"},
            }
        made = p.parameter(
            "live.text", long, long[:8], ENUM, (x, y), shown, info, 0, HIDDEN, parameter_enum=["Off", "On"], parameter_mmax=1,
            size=(SECOND - 10, 22), more=more,
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
        self._joined(look, made, (x, y))

    def toggle(self, long: str, text: str, key: str, shown: Rect, info: str, on: int, look: str = "") -> None:
        """Add a switch that stays; `look` as of a button."""
        self._param(
            key, "live.text", long, text, ENUM, shown, info, on, parameter_enum=["Off", "On"], parameter_mmax=1,
            more={"mode": 1, "text": text, "texton": text}, look=look,
        )  # fmt: skip

    def menu(
        self, long: str, short: str, key: str, items: Sequence[str], shown: Rect | None, info: str, initial: int = 0,
        stored: int = AUTOMATED, look: str = "",
    ) -> None:  # fmt: skip
        """Add a menu; what it says is the number of the item. Without a place it is kept and not seen; `look` as of a button."""
        self._param(
            key, "live.menu", long, short, ENUM, shown, info, initial, stored, parameter_enum=list(items),
            parameter_mmax=len(items) - 1, look=look,
        )  # fmt: skip

    def tracks(self, name: str, first: str, message: str, shown: Rect, info: str, look: str = "") -> None:
        """Add a menu that the script fills with the names of the set's tracks; a choice is said by `message` and the item's number."""
        p, (x, y) = self.patch, self._next(ROW * 2)
        heard = p.box(f"r ---{name}", (x, y))
        hidden: dict[str, Any] = {"hidden": 1} if look else {}
        made = p.box(
            "umenu", (x, y + ROW), shown=shown, size=(SECOND - 10, 22), items=[first], fontname=FONT, fontsize=9.0, annotation=info,
            varname=name, **hidden,
        )  # fmt: skip
        p.chain(
            heard, made, p.box(f"prepend {message}", (x + SECOND, y + ROW)), p.box("s ---script", (x + THIRD, y + ROW))
        )
        if look:
            p.cord(p.box(f"r ---{look}", (x + SECOND, y)), 0, made)

    def number(
        self, long: str, short: str, key: str, shown: Rect, info: str, low: int, high: int, look: str = ""
    ) -> None:
        """Add a box with a whole number."""
        self._param(
            key, "live.numbox", long, short, INT, shown, info, low, parameter_mmin=low, parameter_mmax=high,
            parameter_unitstyle=PLAIN, look=look,
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
        self, key: str, what: str, long: str, short: str, kind: int, shown: Rect | None, info: str, initial: float, stored: int = AUTOMATED,
        more: dict[str, object] | None = None, look: str = "", **said: object,
    ) -> None:  # fmt: skip
        height = 48 if what == "live.dial" else 22
        p, (x, y) = self.patch, self._look(look, max(ROW, height + 6))
        if look.startswith("see_") and look != SEEN_FIRST:
            more = {**(more or {}), "hidden": 1}
        made = p.parameter(
            what,
            long,
            short[:8],
            kind,
            (x, y),
            shown,
            info,
            initial,
            stored,
            more=more,
            size=(SECOND - 10, height),
            **said,
        )
        p.chain(made, p.box(f"prepend param {key}", (x + SECOND, y)), p.box("s ---script", (x + THIRD, y)))
        self._joined(look, made, (x, y))

    def _look(self, look: str, height: int = ROW) -> tuple[int, int]:
        """Return the place of a control, below what changes how it looks where that is."""
        x, y = self._next(height + (ROW if look else 0))
        return x, y + (ROW if look else 0)

    def _joined(self, look: str, made: str, at: tuple[int, int]) -> None:
        if look:
            self.patch.cord(self.patch.box(f"r ---{look}", (at[0], at[1] - ROW)), 0, made)

    def _next(self, height: int = ROW) -> tuple[int, int]:
        x, y = self._at
        self._at = (x, y + height)
        return x, y
