"""A patcher of Max, put together box by box: what it shows in Live and how it looks behind the Edit button.

Objects, their inlets and outlets are those of `objects.json`, each with its source; a box that is not there cannot be made.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
OBJECTS: dict[str, Any] = json.loads((FOLDER / "objects.json").read_text(encoding="utf-8"))
FONT = "Ableton Sans Medium"
FLOAT, INT, ENUM, BLOB = 0, 1, 2, 3
AUTOMATED, STORED, HIDDEN = 0, 1, 2
PLAIN, CUSTOM = 0, 9
Rect = tuple[int, int, int, int]


class Patch:
    """Collects boxes and cords. `kind` is a type of `max_for_live.build.TYPES`, sizes are in pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.boxes: list[dict[str, Any]] = []
        self.cords: list[tuple[str, int, str, int]] = []
        self.parameters: dict[str, list[Any]] = {}

    def box(
        self, what: str, at: tuple[int, int], *, shown: Rect | None = None, size: tuple[int, int] | None = None,
        ports: tuple[int, int] | None = None, **more: object,
    ) -> str:  # fmt: skip
        """Add an object at a place of the patching view; `shown` is its rectangle in Live. Return its id.

        `what` is the text of an object box, or the class of an object of the interface. Raises KeyError for one that is
        not in the table.
        """
        name = what.split(" ")[0]
        known = OBJECTS[name]
        inlets, outlets = known["in"], known["out"]
        if ports is not None:
            inlets, outlets = ports[0], [known.get("every", "")] * ports[1]
        id_ = f"obj-{len(self.boxes) + 1}"
        own = bool(known.get("interface"))
        width, height = size or (shown[2:] if shown else (max(40, 6 * len(what) + 14), 22))
        made: dict[str, Any] = {"id": id_, "maxclass": name if own else "newobj"}
        if not own:
            made["text"] = what
        made |= {"numinlets": inlets, "numoutlets": len(outlets)}
        if outlets:
            made["outlettype"] = outlets
        made["patching_rect"] = [float(v) for v in (at[0], self._below(at, width, height), width, height)]
        if shown is not None:
            made |= {"presentation": 1, "presentation_rect": [float(v) for v in shown]}
        self.boxes.append(made | more)
        return id_

    def heading(self, text: str, at: tuple[int, int], width: int) -> None:
        """Write a heading into the patching view."""
        self.box("comment", at, size=(width, 22), text=text, fontsize=13.0, fontface=1)

    def _below(self, at: tuple[int, int], width: int, height: int) -> int:
        """Return the first place from `at` downwards where nothing lies yet."""
        x, y = at
        while any(
            x < bx + bw + 6 and bx < x + width + 6 and y < by + bh + 4 and by < y + height + 4
            for bx, by, bw, bh in (b["patching_rect"] for b in self.boxes)
        ):
            y += 2
        return y

    def parameter(
        self, what: str, long: str, short: str, kind: int, at: tuple[int, int], shown: Rect | None, info: str,
        initial: float | str = 0, stored: int = AUTOMATED, more: dict[str, Any] | None = None,
        size: tuple[int, int] | None = None, **said: object,
    ) -> str:  # fmt: skip
        """Add a control that Live keeps; `long` is its identity for ever, `said` are keys of its parameter."""
        value = {
            "parameter_longname": long, "parameter_shortname": short, "parameter_type": kind,
            "parameter_initial": [initial], "parameter_initial_enable": 1,
            "parameter_annotation_name": long, "parameter_info": info, "parameter_unitstyle": PLAIN,
        }  # fmt: skip
        if stored:
            value["parameter_invisible"] = stored
        value |= said
        held = {"valueof": value, **(more or {}).pop("bound", {})}
        id_ = self.box(
            what, at, shown=shown, size=size, parameter_enable=1, varname=long.lower().replace(" ", "_"), annotation=info,
            annotation_name=long, hint=info, saved_attribute_attributes=held, **(more or {}),
        )  # fmt: skip
        self.parameters[id_] = [long, short, 0]
        return id_

    def cord(self, source: str, outlet: int, target: str, inlet: int = 0) -> None:
        """Join an outlet to an inlet."""
        self.cords.append((source, outlet, target, inlet))

    def chain(self, *ids: str) -> None:
        """Join each first outlet to the next one's first inlet."""
        for a, b in itertools.pairwise(ids):
            self.cord(a, 0, b)

    def json(self, type_: int, scripts: list[str], banks: dict[str, list[str]]) -> dict[str, Any]:
        """Return the patcher as Max writes it; `banks` are the pages on a Push: eight long names at most under a name."""
        registered: dict[str, Any] = dict(self.parameters)
        registered["parameterbanks"] = {
            str(i): {"index": i, "name": name, "parameters": (page + ["-"] * 8)[:8]}
            for i, (name, page) in enumerate(banks.items())
        }
        registered["inherited_shortname"] = 1
        shell = json.loads((FOLDER / "patcher.json").read_text(encoding="utf-8"))
        shell |= {
            "openrect": [0.0, 0.0, float(self.width), float(self.height)], "devicewidth": float(self.width),
            "boxes": [{"box": b} for b in self.boxes],
            "lines": [{"patchline": {"source": [a, o], "destination": [b, i]}} for a, o, b, i in self.cords],
            "parameters": registered,
            "dependency_cache": [{"name": n, "bootpath": ".", "type": "TEXT", "implicit": 1} for n in scripts],
        }  # fmt: skip
        shell["project"]["amxdtype"] = type_
        return {"patcher": shell}
