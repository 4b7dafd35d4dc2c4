"""LLMBall Generator.amxd, the MIDI Tool of Live 12: the same words, answered from what lies ready."""

from __future__ import annotations

from max_for_live.controls import Controls
from max_for_live.patch import FONT, Patch

WIDTH, HEIGHT = 360, 147
BARS = ["Selection", "1", "2", "4", "8", "16"]


def generator() -> Patch:
    """Return the patch."""
    p = Patch(WIDTH, HEIGHT)
    _script(p)
    c = Controls(p)
    c.group("2  The words, and the buttons that send them", (560, 8), 420)
    words = c.field(
        "Prompt", "Prompt", (8, 22, 200, 58), 4, "text", "Say what you want to hear, in your own words and language."
    )  # fmt: skip
    c.button(
        "Generate",
        "Generate",
        "generate",
        (8, 84, 124, 26),
        "Write the words; the notes come into the clip as soon as they are ready.",
        words,
    )
    c.button("New Seed", "New Seed", "newseed", (136, 88, 72, 18), "The same words, other chance.", words)
    c.group("3  Controls: each sends param, key, value", (560, 250))
    c.menu(
        "Part",
        "Part",
        "part",
        ["Chords", "Melody", "Bass", "Drums"],
        (256, 24, 96, 15),
        "Which part is written.",
    )
    c.menu(
        "Bars",
        "Bars",
        "bars",
        BARS,
        (256, 46, 96, 15),
        "How long; Selection fills what is selected, else the loop.",
    )
    c.level("Density", "Density", "density", (220, 72, 44, 48), "How much happens.")
    c.level("Complexity", "Complex", "complexity", (264, 72, 44, 48), "Plain triads to rich chords.")
    c.percent("Temperature", "Surprise", "temperature", (308, 72, 44, 48), "How adventurous.", 10, 200, 100)
    c.group("5  Words on the face", (24, 256), 240)
    c.label("What shall be played", (8, 6, 120, 15))
    c.label("Part", (220, 24, 34, 15))
    c.label("Bars", (220, 46, 34, 15))
    return p


def _script(p: Patch) -> None:
    p.heading("1  Live asks, and is answered within the same call; OSC on the left", (24, 8), 480)
    js = p.box(
        "js llmball_generator.js", (24, 150), ports=(3, 4), size=(460, 22),
        saved_object_attributes={"filename": "llmball_generator.js", "parameter_enable": 0},
    )  # fmt: skip
    device, receive, said = (
        p.box("live.thisdevice", (24, 40)),
        p.box("udpreceive 7428 @defer 1 @quiet 1", (24, 108)),
        p.box("r ---script", (24, 74)),
    )
    asks, answer = p.box("live.miditool.in", (360, 108)), p.box("live.miditool.out", (180, 204))
    for box in (device, receive, said):
        p.cord(box, 0, js)
    p.cord(asks, 1, js, 1)
    p.cord(asks, 0, js, 2)
    p.cord(js, 0, p.box("udpsend 127.0.0.1 7411", (24, 204)))
    p.cord(js, 1, answer)
    p.cord(js, 3, p.box("s ---port", (440, 204)))
    p.cord(p.box("r ---port", (180, 74)), 0, receive)
    p.cord(js, 2, p.box("s ---told", (320, 204)))
    p.heading("4  What the script tells", (310, 256), 230)
    heard = p.box("r ---told", (310, 290))
    told, put, later = (
        p.box("route bang status", (310, 326), ports=(3, 3)),
        p.box("prepend set", (400, 362)),
        p.box("deferlow", (310, 362)),
    )
    view = p.box(
        "live.comment", (400, 396), size=(140, 22), shown=(8, 114, 200, 26), text="Looking for LLMBall", fontname=FONT, fontsize=9.0, varname="status"
    )  # fmt: skip
    p.cord(heard, 0, told)
    p.chain(told, later, p.box("s ---ask", (310, 396)))
    p.cord(p.box("r ---ask", (360, 74)), 0, asks)
    p.cord(told, 1, put)
    p.cord(put, 0, view)
