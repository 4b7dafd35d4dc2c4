"""`python -m max_for_live.picture DIR [STATES]`: how the devices look, in Live and behind the Edit button, as SVG; an approximation of Live's middle theme.

STATES is what `node max_for_live/test/states.js` prints: what the effect's own scripts show at work. With it there is a picture of each state.
"""

from __future__ import annotations

import html
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from max_for_live.build import devices
from max_for_live.patch import ENUM

GROUND, TEXT, CONTROL, CHOSEN, VALUE, EDGE = "#3a3a3a", "#d2d2d2", "#1f1f1f", "#ffad56", "#f2f2f2", "#111111"
LCD = "#171717"
Box = dict[str, Any]


@dataclass(frozen=True)
class State:
    """What a person typed and chose, and what the script then says: the pictures show a device at work."""

    name: str = ""
    typed: Mapping[str, str] = field(
        default_factory=lambda: {
            "prompt": "dusty lo-fi chords in D minor, sleepy drums, 82 bpm",
            "refine_words": "less busy, walking bass",
        }
    )
    told: Mapping[str, str] = field(
        default_factory=lambda: {
            "status": "96 notes, seed 17",
            "understood": "lo-fi · D minor · 82 bpm · Dm9 G13",
            "wishes": "Not met: vocals (no voice is written)",
            "set_live_tempo": "Set Live to 82",
            "menu_chords": "Chords (auto)",
            "menu_melody": "Melody (auto)",
            "menu_bass": "Bass (auto)",
            "menu_drums": "Drums (auto)",
            "menu_hear": "All tracks",
        }
    )
    hidden: frozenset[str] = frozenset()
    """Names of boxes that the script hides."""
    chosen: Mapping[str, int] = field(default_factory=dict)
    """Controls that are elsewhere than at first, by their boxes' names."""
    screen: str = ""
    """What the small roll has drawn."""


AT_WORK = State()
HIDES = {
    "hidemode": ("mode",), "hidestream": ("lead", "streamed_part"), "hidehear": ("menu_hear",), "hidepending": ("apply", "discard"),
    "hidescene": ("new_scene",), "hidetempo": ("set_live_tempo",), "hideinto": ("target", "variations", "into", "takes"),
}  # fmt: skip
"""What the script hides, by its word."""


def states(printed: str) -> list[State]:
    """Read what `states.js` prints."""
    found = []
    for said in json.loads(printed):
        told = {**said["told"], "set_live_tempo": said["told"].get("asked", "")}
        hidden = frozenset(name for word, names in HIDES.items() if said["hidden"].get(word) for name in names)
        typed = dict(zip(("prompt", "refine_words"), said["typed"], strict=True))
        found.append(State(said["name"], typed, told, hidden, said["values"], said["screen"]))
    return found


LETTER = 5
"""Pixels that a letter takes at most, on average, at nine points."""


def text_in(box: Box, state: State = AT_WORK) -> tuple[str, str, str]:
    """Return what a box shows, its colour and what is behind it."""
    value = box.get("saved_attribute_attributes", {}).get("valueof", {})
    name = box.get("varname", "")
    first = state.chosen.get(name, (value.get("parameter_initial") or [""])[0])
    match box["maxclass"]:
        case "live.comment":
            return state.told.get(name, box["text"]), TEXT, GROUND
        case "live.text":
            lit = (
                box["mode"] == 1 and first == 1
            ) or "activebgcolor" in box  # a button is lit only while it is pressed
            return state.told.get(name) or box["text"], EDGE if lit else TEXT, CHOSEN if lit else CONTROL
        case "umenu":
            return state.told.get(name, box["items"][0]), VALUE, CONTROL
        case "jsui":
            return "", VALUE, LCD
        case "textedit":
            return state.typed[name], VALUE, CONTROL
        case "live.dial":
            if value["parameter_type"] == ENUM:
                return value["parameter_enum"][int(first)], TEXT, GROUND
            return value["parameter_units"].replace("%d", f"{first}").replace("%%", "%"), TEXT, GROUND
        case "live.menu":
            return value["parameter_enum"][int(first)], VALUE, CONTROL
        case _:
            return f"{first}", VALUE, CONTROL


def wrapped(said: str, width: float) -> list[str]:
    """Return the lines that a text takes in a width, word by word."""
    lines = [""]
    for word in said.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) * LETTER <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def presentation(patcher: dict[str, Any], state: State = AT_WORK, scale: float = 2) -> str:
    """Return the view in Live."""
    width, height = int(patcher["devicewidth"]), int(patcher["openrect"][3])
    out = [f'<rect width="{width}" height="{height}" fill="{GROUND}"/>']
    for box in (held["box"] for held in patcher["boxes"]):
        if not box.get("presentation") or box.get("varname") in state.hidden:
            continue
        x, y, w, h = box["presentation_rect"]
        said, colour, behind = text_in(box, state)
        if behind != GROUND:
            out.append(
                f'<rect x="{x + 0.5}" y="{y + 0.5}" width="{w - 1}" height="{h - 1}" rx="1" fill="{behind}" stroke="{EDGE}"/>'
            )
        if box["maxclass"] == "live.dial":
            out += _dial(box["saved_attribute_attributes"]["valueof"], said, colour, x + w / 2, y, h)
        elif box["maxclass"] == "jsui":
            out.append(f'<svg x="{x}" y="{y}" width="{w}" height="{h}">{state.screen}</svg>')
        elif box["maxclass"] == "live.text":
            out.append(_text(said, x + w / 2, y + h / 2 + 3.3, colour, "middle", round(box.get("fontsize", 9))))
        elif box["maxclass"] in ("live.menu", "umenu"):
            out += [_text(said, x + 4, y + h - 4, colour), _text("▾", x + w - 10, y + h - 4, TEXT)]
        else:
            lines = wrapped(said, w)
            start = y + 12 if len(lines) > 1 or h > 20 else y + h / 2 + 3.3
            out += [_text(line, x + 3, start + 12 * i, colour) for i, line in enumerate(lines)]
    return _svg(width, height, out, scale)


def _dial(value: dict[str, Any], said: str, colour: str, x: float, y: float, height: float) -> list[str]:
    (first,) = value["parameter_initial"]
    low = value.get("parameter_mmin", 0)
    turned = (first - low) / (value["parameter_mmax"] - low)
    cy, radius = y + height / 2 + 1, 9

    def at(share: float, r: float = radius) -> str:
        angle = math.radians(135 + 270 * share)
        return f"{x + r * math.cos(angle):.2f} {cy + r * math.sin(angle):.2f}"

    def arc(share: float, stroke: str) -> str:
        big = int(share > 2 / 3)
        return f'<path d="M{at(0)} A{radius} {radius} 0 {big} 1 {at(share)}" fill="none" stroke="{stroke}" stroke-width="3"/>'

    found = [_text(value["parameter_shortname"], x, y + 9, colour, "middle"), arc(1, CONTROL)]
    found += [arc(turned, CHOSEN)] if turned > 0 else []
    hand = f'<path d="M{x} {cy} L{at(turned)}" stroke="{VALUE}" stroke-width="1.6"/>'
    return [*found, hand, _text(said, x, y + height - 2, colour, "middle")]


def patching(patcher: dict[str, Any]) -> str:
    """Return the view behind the Edit button."""
    boxes = {held["box"]["id"]: held["box"] for held in patcher["boxes"]}
    right = max(b["patching_rect"][0] + b["patching_rect"][2] for b in boxes.values()) + 24
    low = max(b["patching_rect"][1] + b["patching_rect"][3] for b in boxes.values()) + 24
    out = [f'<rect width="{right}" height="{low}" fill="#e5e5e5"/>']
    for held in patcher["lines"]:
        (a, o), (b, i) = held["patchline"]["source"], held["patchline"]["destination"]
        (x, y), (p, q), (r, s), (u, v) = _curve(boxes[a], o, boxes[b], i)
        out.append(f'<path d="M{x} {y} C{p} {q} {r} {s} {u} {v}" fill="none" stroke="#7a8a5a" stroke-width="1.2"/>')
    for box in boxes.values():
        x, y, w, h = box["patching_rect"]
        plain = box["maxclass"] == "comment"
        if not plain:
            fill = "#ffffff" if box["maxclass"] == "newobj" else "#d8dfe8"
            out.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3" fill="{fill}" stroke="#555"/>')
        out.append(_text(name_in(box), x + 4, y + min(15, h / 2 + 4), "#222", size=13 if plain else 10))
    return _svg(right, low, out, 1)


def name_in(box: Box) -> str:
    """Return what is written into a box of the patching view."""
    return str(box.get("text") or box.get("varname") or box["maxclass"])


def cord(source: Box, outlet: int, target: Box, inlet: int, steps: int = 24) -> list[tuple[float, float]]:
    """Return points along a cord of the patching view."""
    curve = _curve(source, outlet, target, inlet)
    found = []
    for step in range(steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        found.append(
            (
                sum(w * x for w, (x, _) in zip(weights, curve, strict=True)),
                sum(w * y for w, (_, y) in zip(weights, curve, strict=True)),
            )
        )
    return found


def _curve(source: Box, outlet: int, target: Box, inlet: int) -> tuple[tuple[float, float], ...]:
    (x, y), (u, v) = _port(source, outlet, "numoutlets", 1), _port(target, inlet, "numinlets", 0)
    bend = max(20, abs(v - y) / 3)
    return (x, y), (x, y + bend), (u, v - bend), (u, v)


def _port(box: Box, number: int, count: str, low: int) -> tuple[float, float]:
    x, y, w, h = box["patching_rect"]
    return x + 6 + (w - 12) * number / max(1, box[count] - 1), y + low * h


def _text(said: str, x: float, y: float, colour: str, anchor: str = "start", size: int = 9) -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}" text-anchor="{anchor}" font-family="DejaVu Sans">{html.escape(said)}</text>'


def _svg(width: float, height: float, parts: list[str], scale: float) -> str:
    size = f'width="{width * scale}" height="{height * scale}" viewBox="0 0 {width} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def main(folder: Path, printed: str = "") -> None:
    """Write both views of both devices, and the face of the effect in each state."""
    for name, (_, patcher, _) in devices().items():
        called = "generator" if "Generator" in name else "device"
        (folder / f"{called}.svg").write_text(presentation(patcher["patcher"]), encoding="utf-8")
        (folder / f"{called}-patch.svg").write_text(patching(patcher["patcher"]), encoding="utf-8")
        for state in states(printed) if printed and called == "device" else ():
            face = presentation(patcher["patcher"], state)
            (folder / f"{called}-{state.name}.svg").write_text(face, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8") if len(sys.argv) > 2 else "")
