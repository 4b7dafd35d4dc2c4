"""The controls that both devices share: how each looks in Live, how it lies in the patching view, and what it says to the script.

A control sends `param key value`; a button sends a plain message; a field sends what was typed as one symbol.
"""

from __future__ import annotations

from collections.abc import Sequence

from max_for_live.patch import (
    AUTOMATED,
    BLOB,
    CUSTOM,
    ENUM,
    FLOAT,
    FONT,
    HIDDEN,
    INT,
    STORED,
    Patch,
    Rect,
)

ROW = 34


class Controls:
    """Puts controls into a patch, group by group, each on a row of its own in the patching view."""

    def __init__(self, patch: Patch, js: str) -> None:
        self.patch, self.js = patch, js
        self._at = (0, 0)
        self._labels = 0

    def group(self, text: str, at: tuple[int, int], width: int = 280) -> None:
        """Begin a group with its heading; the rows of its controls follow below."""
        self.patch.box("comment", at, size=(width, 20), text=text)
        self._at = (at[0], at[1] + 32)

    def label(self, text: str, shown: Rect) -> None:
        """Write a word into the view; labels lie in a column of their own at the right of the patch."""
        self._labels += 1
        self.patch.box(
            "live.comment",
            (1470, 18 + 22 * self._labels),
            shown=shown,
            text=text,
            fontname=FONT,
            fontsize=9.0,
        )

    def field(self, long: str, short: str, shown: Rect, lines: int, message: str, info: str) -> str:
        """Add a field to type into; return its id, for the buttons that send what is typed."""
        at = self._next(shown[3] + 70)
        colours = {
            "bgcolor": {"expression": "themecolor.live_control_text_bg"},
            "textcolor": {"expression": "themecolor.live_control_fg"},
        }
        more = {
            "keymode": 1, "outputmode": 1, "wordwrap": 1, "lines": lines, "fontname": FONT, "fontsize": 10.0, "border": 1.0,
            "rounded": 0.0, "text": "", "bgcolor": [0.12, 0.12, 0.12, 1.0], "textcolor": [0.9, 0.9, 0.9, 1.0], "bound": colours,
        }  # fmt: skip
        made = self.patch.parameter("textedit", long, short, BLOB, at, shown, info, "", STORED, more=more)
        only = self.patch.box("route text", (at[0], at[1] + shown[3] + 8), ports=(2, 2))
        held = self.patch.box(f"prepend {message}", (at[0], at[1] + shown[3] + 36))
        self.patch.chain(made, only, held, self.js)
        return made

    def button(
        self, long: str, text: str, message: str, shown: Rect, info: str, field: str | None = None
    ) -> None:
        """Add a button; where it needs words their field is banged first, so that what is typed now counts."""
        p, (x, y) = self.patch, self._next()
        made = p.parameter(
            "live.text", long, long[:8], ENUM, (x, y), shown, info, 0, HIDDEN, parameter_enum=["Off", "On"], parameter_mmax=1,
            more={"mode": 0, "outputmode": 1, "text": text, "texton": text},
        )  # fmt: skip
        said = p.box("message", (x + 220, y), size=(70, 22), text=message)
        if field is None:
            p.cord(made, 0, said)
        else:
            first = p.box("t b b", (x + 150, y), ports=(1, 2))
            p.cord(made, 0, first)
            p.cord(first, 1, field)
            p.cord(first, 0, said)
        p.cord(said, 0, self.js)

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
            key, "live.numbox", long, short, INT, shown, info, low, parameter_mmin=low, parameter_mmax=high
        )

    def level(self, long: str, short: str, key: str, shown: Rect, info: str) -> None:
        """Add a dial of 0 to 100 percent that leaves its level to the words below 0."""
        told = f"{info} Below 0: left to the words."
        self.dial(long, short, key, shown, told, -1, 100, -1, CUSTOM, parameter_units="%d %%")

    def dial(
        self, long: str, short: str, key: str, shown: Rect, info: str, low: float, high: float, initial: float, unit: int, **said: str
    ) -> None:  # fmt: skip
        """Add a dial; its number is whole where its ends are."""
        kind = INT if isinstance(low, int) else FLOAT
        self._param(
            key, "live.dial", long, short, kind, shown, info, initial, AUTOMATED,
            {"showname": 1, "shownumber": 1}, parameter_mmin=low, parameter_mmax=high, parameter_unitstyle=unit, **said,
        )  # fmt: skip

    def _param(
        self, key: str, what: str, long: str, short: str, kind: int, shown: Rect, info: str, initial: float, stored: int = AUTOMATED,
        more: dict[str, object] | None = None, **said: object,
    ) -> None:  # fmt: skip
        x, y = self._next(max(ROW, shown[3] + 6))
        made = self.patch.parameter(
            what, long, short[:8], kind, (x, y), shown, info, initial, stored, more=more, **said
        )
        self.patch.chain(made, self.patch.box(f"prepend param {key}", (x + 130, y)), self.js)

    def _next(self, height: int = ROW) -> tuple[int, int]:
        x, y = self._at
        self._at = (x, y + height)
        return x, y
