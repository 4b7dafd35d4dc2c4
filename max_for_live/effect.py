"""LLMBall.amxd, the MIDI effect: what is seen in Live, what is behind it, and what is joined to what."""

from __future__ import annotations

from max_for_live import behind
from max_for_live.controls import Controls
from max_for_live.patch import BLOB, FONT, STORED, Patch

WIDTH, HEIGHT = 680, 169
KEYS = ["Follow Live", "By Words", "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
MODES = ["Major", "Minor", "Dorian", "Phrygian", "Lydian", "Mixolyd.", "Harm. Min", "Mel. Min"]
BARS = ["By Words", "1", "2", "4", "8", "12", "16", "32"]
TARGETS = ["New Row", "Slot", "In View", "Arrangement"]
PARTS = ("chords", "melody", "bass", "drums")
TRACKS = ["By Name", "This Track", *(f"Track {n}" for n in range(1, 33))]
GUIDANCE = ["Trained", *(f"{n / 2:g}" for n in range(21))]
BANKS = {
    "Sound": ["Density", "Energy", "Brightness", "Complexity", "Temperature", "Guidance", "Variations", "Bars"],
    "Band": ["Chords On", "Melody On", "Bass On", "Drums On", "Key", "Mode", "Target", "Stream"],
}  # fmt: skip


def effect() -> Patch:
    """Return the patch."""
    p = Patch(WIDTH, HEIGHT)
    c = Controls(p)
    behind.script(p)
    prompt = _words(c)
    _buttons(c, prompt)
    _controls(c)
    _parts(c)
    _labels(c)
    behind.told(p)
    behind.stream(p)
    return p


def _words(c: Controls) -> str:
    p = c.patch
    c.group("2  The words: Return or a button sends them as one symbol", (500, 8), 420)
    prompt = c.field(
        "Prompt", "Prompt", (8, 24, 232, 44), 3, "text",
        "Say what you want to hear, in your own words and language: mood, style, key, tempo, chords, parts.",
    )  # fmt: skip
    c.field(
        "Refine Words", "Refine", (58, 95, 182, 18), 1, "refinetext",
        "Say what is to change in what was made: less busy, walking bass, darker.",
    )  # fmt: skip
    recent = p.box(
        "umenu", (500, 250), shown=(128, 6, 112, 15), items=["Recent words"], fontname=FONT, fontsize=9.0,
        annotation="The words of before: choose to take them up again.",
    )  # fmt: skip
    p.chain(
        p.box("r ---recent", (500, 222)),
        recent,
        p.box("prepend history", (630, 250)),
        p.box("s ---script", (750, 250)),
    )
    memory = p.parameter(
        "pattr llmball_memory", "Memory", "Memory", BLOB, (500, 320), None, "The words of before, the bank and the seed, kept with the set.", "", STORED
    )  # fmt: skip
    p.chain(
        p.box("r ---memory", (500, 290)),
        memory,
        p.box("prepend memory", (680, 320)),
        p.box("s ---script", (800, 320)),
    )
    return prompt


def _buttons(c: Controls, prompt: str) -> None:
    c.group("3  Buttons: words first where they count, then a message", (500, 362), 420)
    change = "---refinetext"
    for long, text, message, shown, info, field in (
        ("Generate", "Generate", "generate", (8, 72, 92, 18), "Write the words as clips; while this device leads a stream, have it play them.", prompt),
        ("New Seed", "New Seed", "newseed", (104, 72, 66, 18), "The same words, other chance.", prompt),
        ("Cancel", "Cancel", "cancel", (174, 72, 66, 18), "Give up what is being written.", None),
        ("Refine", "Refine", "refine", (8, 118, 54, 18), "Change the clip in view, and its row, as the words say.", change),
        ("Redo", "Redo", "redo", (66, 118, 38, 18), "Write the chosen parts of the clip in view anew: the bars of the selected notes, or of a loop shorter than the clip, else all. The rest stays.", prompt),
        ("Continue", "Continue", "go_on", (108, 118, 54, 18), "Go on from the clip in view, in its manner.", prompt),
        ("Back", "Back", "back", (166, 118, 36, 18), "The notes before the last change; while this device leads a stream, the take before.", None),
        ("Keep", "Keep", "keep", (206, 118, 34, 18), "Keep the last bars of the stream as a .mid file.", None),
        ("New Scene", "New Scene", "newscene", (432, 115, 76, 18), "Add a scene; what found no free row goes there.", None),
        ("Set Live Tempo", "Set Live", "settempo", (520, 115, 152, 18), "Give Live the tempo that the words ask for.", None),
        ("Store", "Store", "bankstore", (322, 115, 44, 18), "Store the words in this slot of the bank.", prompt),
        ("Launch", "Launch", "banklaunch", (370, 115, 54, 18), "Take up the words of this slot.", None),
    ):  # fmt: skip
        c.button(long, text, message, shown, info, field, lit=message in ("newscene", "settempo"))


def _controls(c: Controls) -> None:
    c.group("4  Controls: each sends param, key, value", (1000, 8))
    c.menu("Bars", "Bars", "bars", BARS, (288, 6, 72, 15), "How long a clip is; By Words leaves it to them.", 4)
    c.menu(
        "Key",
        "Key",
        "key",
        KEYS,
        (288, 28, 72, 15),
        "Follow Live takes the scale of Live's control bar when it is on, By Words what the words say.",
    )
    c.menu("Mode", "Mode", "mode", MODES, (288, 50, 72, 15), "The mode of a chosen key.")
    c.menu(
        "Target",
        "Target",
        "target",
        TARGETS,
        (288, 72, 72, 15),
        "Where clips go: a free row of scenes, the selected slot, the clip in view, the arrangement.",
    )
    c.number(
        "Variations",
        "Variat.",
        "variations",
        (288, 94, 30, 15),
        "So many variations, each with the next seed, in the next free row.",
        1,
        8,
    )
    c.number(
        "Bank Slot",
        "Slot",
        "slot",
        (288, 116, 30, 15),
        "Which of the sixteen slots Store and Launch mean.",
        1,
        16,
    )
    c.level(
        "Density",
        "Density",
        "density",
        (372, 6, 44, 48),
        "How much happens: from sparse to busy, within the style.",
    )
    c.level("Energy", "Energy", "energy", (418, 6, 44, 48), "How loud and how full.")
    c.level("Brightness", "Bright", "brightness", (372, 60, 44, 48), "Dark to bright at the same key.")
    c.level("Complexity", "Complex", "complexity", (418, 60, 44, 48), "Plain triads to rich chords.")
    c.percent(
        "Temperature",
        "Temp",
        "temperature",
        (464, 6, 44, 48),
        "How adventurous: low repeats, high surprises.",
        10,
        200,
        100,
    )
    c.steps(
        "Guidance",
        "Guide",
        "guidance",
        (464, 60, 44, 48),
        "How strictly the words are followed. At the bottom: as it was trained to.",
        GUIDANCE,
    )


def _parts(c: Controls) -> None:
    c.group("5  Parts, their tracks, and the stream", (1460, 8))
    for i, part in enumerate(PARTS):
        name, y = part.capitalize(), 6 + 22 * i
        c.toggle(f"{name} On", name, part, (520, y, 56, 15), f"Whether {part} are written.", 1)
        told = f"Where {part} go: a track that is called so, this one, or another."
        c.menu(f"{name} Track", f"{name[:5]}Trk", f"track_{part}", TRACKS, (580, y, 92, 15), told, 0, STORED)
    c.toggle(
        "Stream",
        "Stream",
        "stream",
        (520, 94, 56, 15),
        "Play here, in Live's time, what the daemon writes.",
        0,
    )
    c.toggle(
        "Lead",
        "Lead",
        "lead",
        (580, 94, 36, 15),
        "May tell the daemon Live's time and the words: of all that may, one does. Switch it off and on to lead here.",
        1,
    )
    c.menu(
        "Streamed Part",
        "Part",
        "streamed",
        ["All", *(part.capitalize() for part in PARTS)],
        (620, 94, 52, 15),
        "Which part of the stream this track plays.",
    )


def _labels(c: Controls) -> None:
    c.group("8  Words on the face", (1460, 420))
    c.label("What shall be played", (8, 6, 116, 15))
    c.label("That, but", (8, 97, 48, 15))
    for name, y in (("Bars", 6), ("Key", 28), ("Mode", 50), ("Into", 72), ("Takes", 94), ("Bank", 116)):
        c.label(name, (252, y, 34, 15))
