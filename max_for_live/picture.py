"""`python -m max_for_live.picture DIR`: how the devices look, in Live and behind the Edit button, as SVG; an approximation of Live's middle theme."""

from __future__ import annotations

import html
import sys
from pathlib import Path
from typing import Any

from max_for_live.build import devices

GROUND, TEXT, CONTROL, CHOSEN, VALUE, EDGE = "#3a3a3a", "#d2d2d2", "#1f1f1f", "#ffad56", "#f2f2f2", "#111111"
Box = dict[str, Any]


def contrast(a: str, b: str) -> float:
    """Return the contrast of two colours, 1..21 (WCAG 2.1)."""
    light = sorted((_luminance(a), _luminance(b)))
    return (light[1] + 0.05) / (light[0] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text_in(box: Box) -> tuple[str, str, str]:
    """Return what a box shows, its colour and what is behind it."""
    value = box.get("saved_attribute_attributes", {}).get("valueof", {})
    first = (value.get("parameter_initial") or [""])[0]
    match box["maxclass"]:
        case "live.comment":
            return box["text"], TEXT, GROUND
        case "live.text":
            lit = box["mode"] == 1 and first == 1  # a button is lit only while it is pressed
            return box["text"], EDGE if lit else TEXT, CHOSEN if lit else CONTROL
        case "live.menu":
            return value["parameter_enum"][int(first)], VALUE, CONTROL
        case "umenu":
            return box["items"][0], VALUE, CONTROL
        case "textedit":
            return (
                "dusty lo-fi chords, rainy night" if box["varname"] == "prompt" else "walking bass",
                VALUE,
                CONTROL,
            )
        case "live.dial":
            return f"{first:g}" + (" %" if value["parameter_unitstyle"] in (5, 9) else ""), TEXT, GROUND
        case _:
            return f"{first}", VALUE, CONTROL


def presentation(patcher: dict[str, Any]) -> str:
    """Return the view in Live."""
    width, height = int(patcher["devicewidth"]), int(patcher["openrect"][3])
    out = [f'<rect width="{width}" height="{height}" fill="{GROUND}"/>']
    for box in (held["box"] for held in patcher["boxes"]):
        if not box.get("presentation"):
            continue
        x, y, w, h = box["presentation_rect"]
        said, colour, behind = text_in(box)
        if behind != GROUND:
            out.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{behind}" stroke="{EDGE}"/>')
        if box["maxclass"] == "live.dial":
            short = box["saved_attribute_attributes"]["valueof"]["parameter_shortname"]
            out.append(_text(short, x + w / 2, y + 9, colour, "middle", 8))
            out.append(
                f'<circle cx="{x + w / 2}" cy="{y + h / 2}" r="10" fill="none" stroke="{CHOSEN}" stroke-width="3"/>'
            )
            out.append(_text(said, x + w / 2, y + h - 2, colour, "middle", 8))
        elif box["maxclass"] == "live.text":
            out.append(_text(said, x + w / 2, y + h / 2 + 3, colour, "middle"))
        elif box["maxclass"] == "textedit":
            out.append(_text(said, x + 4, y + 13, colour))
        else:
            out.append(_text(said, x + 3, y + h - 4, colour))
        if box["maxclass"] in ("live.menu", "umenu"):
            out.append(_text("▾", x + w - 10, y + h - 4, TEXT))
    return _svg(width, height, out, 2)


def patching(patcher: dict[str, Any]) -> str:
    """Return the view behind the Edit button."""
    boxes = {held["box"]["id"]: held["box"] for held in patcher["boxes"]}
    right = max(b["patching_rect"][0] + b["patching_rect"][2] for b in boxes.values()) + 24
    low = max(b["patching_rect"][1] + b["patching_rect"][3] for b in boxes.values()) + 24
    out = [f'<rect width="{right}" height="{low}" fill="#e5e5e5"/>']
    for held in patcher["lines"]:
        (a, o), (b, i) = held["patchline"]["source"], held["patchline"]["destination"]
        (x, y), (u, v) = _port(boxes[a], o, "numoutlets", 1), _port(boxes[b], i, "numinlets", 0)
        bend = max(20, abs(v - y) / 3)
        out.append(
            f'<path d="M{x} {y} C{x} {y + bend} {u} {v - bend} {u} {v}" fill="none" stroke="#7a8a5a" stroke-width="1.2"/>'
        )
    for box in boxes.values():
        x, y, w, h = box["patching_rect"]
        plain = box["maxclass"] == "comment"
        if not plain:
            fill = "#ffffff" if box["maxclass"] == "newobj" else "#d8dfe8"
            out.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3" fill="{fill}" stroke="#555"/>')
        said = box.get("text") or box.get("varname") or box["maxclass"]
        out.append(_text(said, x + 4, y + 15, "#222", size=12 if plain else 10))
    return _svg(right, low, out, 1)


def _port(box: Box, number: int, count: str, low: int) -> tuple[float, float]:
    x, y, w, h = box["patching_rect"]
    return x + 6 + (w - 12) * number / max(1, box[count] - 1), y + low * h


def _text(said: str, x: float, y: float, colour: str, anchor: str = "start", size: int = 9) -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}" font-family="DejaVu Sans">{html.escape(said)}</text>'


def _svg(width: float, height: float, parts: list[str], scale: float) -> str:
    size = f'width="{width * scale}" height="{height * scale}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def main(folder: Path) -> None:
    """Write both views of both devices."""
    for name, (_, patcher, _) in devices().items():
        called = "generator" if "Generator" in name else "device"
        (folder / f"{called}.svg").write_text(presentation(patcher["patcher"]), encoding="utf-8")
        (folder / f"{called}-patch.svg").write_text(patching(patcher["patcher"]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
