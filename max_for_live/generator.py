"""LLMBall Generator.amxd, the MIDI Tool of Live 12: the same words, answered from what lies ready."""

from __future__ import annotations

from max_for_live.controls import Controls
from max_for_live.patch import FONT, PERCENT, Patch

WIDTH, HEIGHT = 360, 147
BARS = ["Selection", "1", "2", "4", "8", "16"]


def generator() -> Patch:
    """Return the patch."""
    p = Patch(WIDTH, HEIGHT)
    p.box(
        "comment",
        (24, 8),
        size=(480, 20),
        text="1  Live asks, and is answered within the same call; OSC on the left",
    )
    js = p.box(
        "js llmball_generator.js", (24, 460), ports=(3, 4), size=(420, 22),
        saved_object_attributes={"filename": "llmball_generator.js", "parameter_enable": 0},
    )  # fmt: skip
    receive = p.box("udpreceive 7416 @defer 1 @quiet 1", (24, 72))
    asks, answer = p.box("live.miditool.in", (500, 420)), p.box("live.miditool.out", (300, 520))
    p.cord(p.box("live.thisdevice", (24, 40)), 0, js)
    p.cord(receive, 0, js)
    p.cord(asks, 1, js, 1)
    p.cord(asks, 0, js, 2)
    p.cord(js, 0, p.box("udpsend 127.0.0.1 7411", (24, 520)))
    p.cord(js, 1, answer)
    p.cord(js, 3, receive)
    c = Controls(p, js)
    c.group("2  The words and the buttons", (24, 110))
    c.label("What shall be played", (8, 6, 120, 14))
    words = c.field(
        "Prompt", "Prompt", (8, 22, 200, 62), 4, "text", "Say what you want to hear, in your own words and language."
    )  # fmt: skip
    c.button(
        "Generate",
        "Generate",
        "generate",
        (8, 88, 98, 18),
        "Write the words; the notes come into the clip as soon as they are ready.",
        words,
    )
    c.button("New Seed", "New Seed", "newseed", (110, 88, 98, 18), "The same words, other chance.", words)
    c.group("3  Controls: each sends param, key, value", (500, 60))
    c.label("Part", (220, 22, 34, 14))
    c.label("Bars", (220, 50, 34, 14))
    c.menu(
        "Part",
        "Part",
        "part",
        ["Chords", "Melody", "Bass", "Drums"],
        (256, 22, 96, 15),
        "Which part is written.",
    )
    c.menu(
        "Bars",
        "Bars",
        "bars",
        BARS,
        (256, 50, 96, 15),
        "How long; Selection fills what is selected, else the loop.",
    )
    c.level("Density", "Density", "density", (216, 74, 44, 48), "How much happens.")
    c.level("Complexity", "Complex", "complexity", (262, 74, 44, 48), "Plain triads to rich chords.")
    c.dial("Temperature", "Temp", "temperature", (308, 74, 44, 48), "How adventurous.", 10, 200, 100, PERCENT)
    p.box("comment", (500, 490), size=(300, 20), text="4  What the script tells; a bang has Live ask")
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
