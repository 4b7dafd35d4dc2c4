"""LLMBall Generator.amxd, the MIDI Tool of Live 12: the same words, answered from what lies ready."""

from __future__ import annotations

from typing import Any

from max_for_live.patch import BLOB, CUSTOM, ENUM, FONT, HIDDEN, INT, PERCENT, STORED, Patch

WIDTH, HEIGHT = 360, 147
BARS = ["Selection", "1", "2", "4", "8", "16"]
BANK: list[str] = []
"""A MIDI Tool has no Push banks."""


def generator() -> Patch:
    """Return the patch."""
    p = Patch(WIDTH, HEIGHT)
    p.box(
        "comment",
        (24, 8),
        size=(460, 20),
        text="1  Live asks on the right, and is answered within the same call; OSC on the left",
    )
    js = p.box("js llmball_generator.js", (24, 460), ports=(3, 4), size=(420, 22),
               saved_object_attributes={"filename": "llmball_generator.js", "parameter_enable": 0})  # fmt: skip
    loaded = p.box("live.thisdevice", (24, 40))
    receive = p.box("udpreceive 7416 @defer 1 @quiet 1", (24, 72))
    asks, answer = p.box("live.miditool.in", (500, 420)), p.box("live.miditool.out", (300, 520))
    p.cord(loaded, 0, js)
    p.cord(receive, 0, js)
    p.cord(asks, 1, js, 1)
    p.cord(asks, 0, js, 2)
    p.cord(js, 0, p.box("udpsend 127.0.0.1 7411", (24, 520)))
    p.cord(js, 1, answer)
    p.cord(js, 3, receive)
    p.box("comment", (24, 110), size=(420, 20), text="2  The words and the controls")
    p.box(
        "live.comment",
        (700, 40),
        shown=(8, 6, 120, 14),
        text="What shall be played",
        fontname=FONT,
        fontsize=9.0,
    )
    bound = {
        "bgcolor": {"expression": "themecolor.live_control_text_bg"},
        "textcolor": {"expression": "themecolor.live_control_fg"},
    }
    words = p.parameter("textedit", "Prompt", "Prompt", BLOB, (24, 140), (8, 22, 200, 62), "Say what you want to hear, in your own words and language.", "", STORED,
                        more={"keymode": 1, "outputmode": 1, "wordwrap": 1, "lines": 4, "fontname": FONT, "fontsize": 10.0, "border": 1.0, "rounded": 0.0, "text": "",
                              "bgcolor": [0.12, 0.12, 0.12, 1.0], "textcolor": [0.9, 0.9, 0.9, 1.0], "bound": bound})  # fmt: skip
    only, held = p.box("route text", (24, 212), ports=(2, 2)), p.box("prepend text", (24, 240))
    p.chain(words, only, held, js)
    for i, (long, message, rect, info) in enumerate(
        (("Generate", "generate", (8, 88, 98, 18), "Write the words; the notes come into the clip as soon as they are ready."),
         ("New Seed", "newseed", (110, 88, 98, 18), "The same words, other chance."))
    ):  # fmt: skip
        y = 290 + 60 * i
        made = p.parameter("live.text", long, long[:8], ENUM, (24, y), rect, info, 0, HIDDEN, parameter_enum=["Off", "On"], parameter_mmax=1,
                           more={"mode": 0, "outputmode": 1, "text": long, "texton": long})  # fmt: skip
        first, said = (
            p.box("t b b", (140, y), ports=(1, 2)),
            p.box("message", (220, y), size=(70, 22), text=message),
        )
        p.cord(made, 0, first)
        p.cord(first, 1, words)
        p.cord(first, 0, said)
        p.cord(said, 0, js)
    menus = (
        ("Part", "part", ["Chords", "Melody", "Bass", "Drums"], 22, "Which part is written."),
        ("Bars", "bars", BARS, 50, "How long; Selection fills what is selected, else the loop."),
    )
    for long, key, items, y, info in menus:
        p.box("live.comment", (700, 60 + y), shown=(220, y, 34, 14), text=long, fontname=FONT, fontsize=9.0)
        made = p.parameter(
            "live.menu",
            long,
            long,
            ENUM,
            (340, 100 + 2 * y),
            (256, y, 96, 15),
            info,
            0,
            parameter_enum=items,
            parameter_mmax=len(items) - 1,
        )
        said = p.box(f"prepend param {key}", (460, 100 + 2 * y))
        p.chain(made, said, js)
    dials = (
        ("Density", "Density", "density", -1, 100, -1, CUSTOM),
        ("Complexity", "Complex", "complexity", -1, 100, -1, CUSTOM),
        ("Temperature", "Temp", "temperature", 10, 200, 100, PERCENT),
    )
    for i, (long, short, key, low, high, first_, unit) in enumerate(dials):
        more: dict[str, Any] = {"parameter_units": "%d %%"} if unit == CUSTOM else {}
        made = p.parameter("live.dial", long, short, INT, (340, 250 + 54 * i), (216 + 46 * i, 74, 44, 48), f"{long} of what is written; −1 leaves it to the words." if low < 0 else "How adventurous.",
                           first_, more={"showname": 1, "shownumber": 1}, parameter_mmin=low, parameter_mmax=high, parameter_unitstyle=unit, **more)  # fmt: skip
        said = p.box(f"prepend param {key}", (460, 250 + 54 * i))
        p.chain(made, said, js)
    p.box("comment", (500, 490), size=(300, 20), text="3  What the script tells; a bang has Live ask")
    told, put, later = (
        p.box("route bang status", (500, 520), ports=(3, 3)),
        p.box("prepend set", (580, 550)),
        p.box("deferlow", (500, 550)),
    )
    view = p.box(
        "live.comment",
        (580, 580),
        shown=(8, 128, 344, 14),
        text="Looking for LLMBall",
        fontname=FONT,
        fontsize=9.0,
        varname="status",
    )
    p.cord(js, 2, told)
    p.chain(told, later, asks)
    p.cord(told, 1, put)
    p.cord(put, 0, view)
    return p
