"""LLMBall.amxd, the MIDI effect: what is seen in Live, what is behind it, and what is joined to what."""

from __future__ import annotations

from max_for_live.controls import Controls
from max_for_live.patch import BLOB, DECIMAL, FONT, PERCENT, STORED, Patch

WIDTH, HEIGHT = 664, 169
KEYS = ["Follow Live", "By Words", "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
MODES = ["Major", "Minor", "Dorian", "Phrygian", "Lydian", "Mixolyd.", "Harm. Min", "Mel. Min"]
BARS = ["By Words", "1", "2", "4", "8", "12", "16", "32"]
TARGETS = ["New Row", "Slot", "In View", "Arrangement"]
PARTS = ("chords", "melody", "bass", "drums")
TRACKS = ["By Name", "This Track", *(f"Track {n}" for n in range(1, 33))]
BANK = [
    "Density", "Energy", "Brightness", "Complexity", "Temperature", "Guidance", "Variations", "Bars",
    "Chords On", "Melody On", "Bass On", "Drums On", "Key", "Mode", "Target", "Stream",
]  # fmt: skip
TOLD = {
    "status": (8, 150, 224, 14, "Looking for LLMBall"), "understood": (236, 150, 204, 14, ""),
    "overruled": (444, 150, 136, 14, ""), "asked": (584, 150, 72, 14, ""), "progress": (436, 129, 40, 14, ""),
}  # fmt: skip
"""What the script says, where it is seen, and what stands there first."""


def effect() -> Patch:
    """Return the patch."""
    p = Patch(WIDTH, HEIGHT)
    js = _script(p)
    c = Controls(p, js)
    prompt, recent = _words(p, c)
    _controls(c)
    _told(p, js, prompt, recent)
    _stream(p, js)
    return p


def _script(p: Patch) -> str:
    p.box("comment", (24, 8), size=(420, 20), text="1  Live and the daemon: the script, OSC in and out")
    js = p.box(
        "js llmball.js", (24, 700), ports=(1, 5), size=(420, 22), saved_object_attributes={"filename": "llmball.js", "parameter_enable": 0}
    )  # fmt: skip
    device, on = p.box("live.thisdevice", (24, 40)), p.box("prepend enabled", (150, 72))
    p.cord(device, 0, js)
    p.cord(device, 1, on)
    p.cord(on, 0, js)
    receive = p.box("udpreceive 7412 @defer 1 @quiet 1", (24, 104))
    p.cord(receive, 0, js)
    p.cord(js, 0, p.box("udpsend 127.0.0.1 7411", (24, 740)))
    p.cord(js, 4, receive)
    return js


def _words(p: Patch, c: Controls) -> tuple[str, str]:
    c.group("2  The words: Return or a button sends them as one symbol", (24, 150), 420)
    c.label("What shall be played", (8, 6, 120, 14))
    c.label("That, but", (8, 110, 46, 14))
    prompt = c.field(
        "Prompt", "Prompt", (8, 22, 232, 62), 4, "text",
        "Say what you want to hear, in your own words and language: mood, style, key, tempo, chords, parts.",
    )  # fmt: skip
    change = c.field(
        "Refine Words", "Refine", (56, 108, 184, 18), 1, "refinetext",
        "Say what is to change in what was made: less busy, walking bass, darker.",
    )  # fmt: skip
    recent = p.box(
        "umenu", (24, 450), shown=(128, 5, 112, 15), items=["Recent words"], fontname=FONT, fontsize=9.0,
        annotation="The words of before: choose to take them up again.",
    )  # fmt: skip
    p.chain(recent, p.box("prepend history", (24, 480)), c.js)
    c.group("3  Buttons: each a message to the script", (480, 8))
    for long, text, message, shown, info, field in (
        ("Generate", "Generate", "generate", (8, 87, 92, 18), "Write the words as clips; while this device leads a stream, have it play them.", prompt),
        ("New Seed", "New Seed", "newseed", (103, 87, 66, 18), "The same words, other chance.", prompt),
        ("Cancel", "Cancel", "cancel", (172, 87, 68, 18), "Give up what is being written.", None),
        ("Refine", "Refine", "refine", (8, 129, 56, 18), "Change the clip in view, and its row, as the words say.", change),
        ("Redo", "Redo", "redo", (67, 129, 42, 18), "Write the clip in view anew; with a shorter loop only the bars in it.", prompt),
        ("Continue", "Continue", "go_on", (112, 129, 56, 18), "Go on from the clip in view, in its manner.", prompt),
        ("Back", "Back", "back", (171, 129, 34, 18), "The notes before the last change.", None),
        ("Keep", "Keep", "keep", (208, 129, 32, 18), "Keep the last bars of the stream as a .mid file.", None),
        ("New Scene", "New Scene", "newscene", (512, 129, 68, 18), "Add a scene, where no row is free.", None),
        ("Set Live Tempo", "Set Live", "settempo", (584, 129, 72, 18), "Give Live the tempo that the words ask for.", None),
        ("Store", "Store", "bankstore", (344, 129, 40, 18), "Store the words in this slot of the bank.", prompt),
        ("Launch", "Launch", "banklaunch", (387, 129, 45, 18), "Take up the words of this slot.", None),
    ):  # fmt: skip
        c.button(long, text, message, shown, info, field)
    return prompt, recent


def _controls(c: Controls) -> None:
    c.group("4  Controls: each sends param, key, value", (790, 8))
    for name, y in (("Bars", 22), ("Key", 48), ("Mode", 74), ("Into", 100)):
        c.label(name, (248, y, 34, 14))
    c.label("Takes", (248, 115, 36, 14))
    c.label("Slot", (304, 115, 36, 14))
    c.menu(
        "Bars", "Bars", "bars", BARS, (282, 22, 70, 15), "How long a clip is; By Words leaves it to them.", 4
    )
    c.menu(
        "Key",
        "Key",
        "key",
        KEYS,
        (282, 48, 70, 15),
        "Follow Live takes the scale of Live's control bar, By Words what the words say.",
    )
    c.menu("Mode", "Mode", "mode", MODES, (282, 74, 70, 15), "The mode of a chosen key.")
    c.menu(
        "Target",
        "Target",
        "target",
        TARGETS,
        (282, 100, 70, 15),
        "Where clips go: a free row, the selected slot, the clip in view, the arrangement.",
    )
    c.number(
        "Variations",
        "Variat.",
        "variations",
        (248, 129, 36, 15),
        "So many variations, each in the next free row.",
        1,
        8,
    )
    c.number(
        "Bank Slot",
        "Slot",
        "slot",
        (304, 129, 36, 15),
        "Which of the sixteen slots Store and Launch mean.",
        1,
        16,
    )
    c.level(
        "Density",
        "Density",
        "density",
        (360, 6, 40, 48),
        "How much happens: from sparse to busy, within the style.",
    )
    c.level("Energy", "Energy", "energy", (400, 6, 40, 48), "How loud and how full.")
    c.level("Brightness", "Bright", "brightness", (360, 64, 40, 48), "Dark to bright at the same key.")
    c.level("Complexity", "Complex", "complexity", (400, 64, 40, 48), "Plain triads to rich chords.")
    c.dial(
        "Temperature",
        "Temp",
        "temperature",
        (440, 6, 40, 48),
        "How adventurous: low repeats, high surprises.",
        10,
        200,
        100,
        PERCENT,
    )
    c.dial(
        "Guidance",
        "Guide",
        "guidance",
        (440, 64, 40, 48),
        "How strictly the words are followed; below 0 as shipped.",
        -1.0,
        10.0,
        -1.0,
        DECIMAL,
    )
    c.group("5  Parts, their tracks, and the stream", (1120, 8))
    c.label("Parts and their tracks", (488, 6, 120, 14))
    for i, part in enumerate(PARTS):
        name, y = part.capitalize(), 22 + 22 * i
        c.toggle(f"{name} On", name, part, (488, y, 56, 15), f"Whether {part} are written.", 1)
        told = f"Where {part} go: a track that is called so, this one, or another."
        c.menu(f"{name} Track", f"{name[:5]}Trk", f"track_{part}", TRACKS, (548, y, 108, 15), told, 0, STORED)
    c.toggle(
        "Stream",
        "Stream",
        "stream",
        (488, 110, 48, 15),
        "Play here, in Live's time, what the daemon writes.",
        0,
    )
    c.toggle(
        "Lead",
        "Lead",
        "lead",
        (540, 110, 40, 15),
        "This device tells the daemon Live's time and the words; one of all does.",
        1,
    )
    c.menu(
        "Streamed Part",
        "Part",
        "streamed",
        ["All", *(part.capitalize() for part in PARTS)],
        (584, 110, 72, 15),
        "Which part of the stream this track plays.",
    )


def _told(p: Patch, js: str, prompt: str, recent: str) -> None:
    p.box(
        "comment",
        (24, 780),
        size=(420, 20),
        text="6  What the script tells the view, and what the set remembers",
    )
    words = [*TOLD, "prompt", "clearhistory", "addhistory", "memory"]
    told = p.box(
        "route " + " ".join(words), (24, 810), ports=(len(words) + 1, len(words) + 1), size=(420, 22)
    )
    p.cord(js, 1, told)
    for i, (word, (x, y, width, height, text)) in enumerate(TOLD.items()):
        at = 24 + 100 * i
        put = p.box("prepend set", (at, 860), size=(80, 22))
        view = p.box(
            "live.comment",
            (at, 900),
            shown=(x, y, width, height),
            text=text,
            fontname=FONT,
            fontsize=9.0,
            varname=word,
        )
        p.cord(told, i, put)
        p.cord(put, 0, view)
    put, clear, add = (
        p.box("prepend set", (24, 520), size=(80, 22)), p.box("message", (120, 450), size=(50, 22), text="clear"), p.box("prepend append", (180, 450)),
    )  # fmt: skip
    for word, through, into in (
        ("prompt", put, prompt),
        ("clearhistory", clear, recent),
        ("addhistory", add, recent),
    ):
        p.cord(told, words.index(word), through)
        p.cord(through, 0, into)
    memory = p.parameter(
        "pattr llmball_memory",
        "Memory",
        "Memory",
        BLOB,
        (24, 560),
        None,
        "The words of before and the bank, kept with the set.",
        "",
        STORED,
    )
    p.cord(told, words.index("memory"), memory)
    p.chain(memory, p.box("prepend memory", (24, 590)), js)


def _stream(p: Patch, js: str) -> None:
    p.box(
        "comment",
        (480, 560),
        size=(420, 20),
        text="7  Notes of a stream: due now or in a moment, each with its end",
    )
    notes, pipe = (
        p.box("unpack 0 0 0 0", (480, 592), ports=(1, 4)),
        p.box("pipe 0 0 0 0", (480, 626), ports=(4, 3)),
    )
    make, pack = p.box("makenote 100 250", (480, 660)), p.box("pack 0 0", (480, 694))
    form, out, through = (
        p.box("midiformat", (480, 728), size=(120, 22)),
        p.box("midiout", (480, 762)),
        p.box("midiin", (640, 728)),
    )
    p.cord(js, 2, notes)
    for i in range(4):
        p.cord(notes, i, pipe, i)
    for i in range(3):
        p.cord(pipe, i, make, i)
    p.cord(make, 0, pack)
    p.cord(make, 1, pack, 1)
    p.chain(pack, form, out)
    p.cord(through, 0, out)
    which, ends = (
        p.box("route bang clear", (660, 592), ports=(3, 3)),
        p.box("t b b", (660, 626), ports=(1, 2)),
    )
    stop, clear = (
        p.box("message", (660, 660), size=(50, 22), text="stop"),
        p.box("message", (730, 660), size=(50, 22), text="clear"),
    )
    p.cord(js, 3, which)
    p.cord(which, 0, ends)
    p.cord(which, 1, clear)  # what waits is taken back, what sounds goes on
    p.cord(ends, 1, clear)
    p.cord(ends, 0, stop)
    p.cord(stop, 0, make)
    p.cord(clear, 0, pipe)
