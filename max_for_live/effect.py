"""LLMBall.amxd, the MIDI effect: what is seen in Live, what is behind it, and what is joined to what."""

from __future__ import annotations

from max_for_live import behind
from max_for_live.controls import Controls
from max_for_live.patch import BLOB, FONT, STORED, Patch

WIDTH, HEIGHT = 800, 169
KEYS = ["Follow Live", "By Words", "C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]
MODES = ["Major", "Minor", "Dorian", "Phrygian", "Lydian", "Mixolyd.", "Harm. Min", "Mel. Min"]
BARS = ["By Words", "1", "2", "4", "8", "12", "16", "32"]
TARGETS = ["New Row", "Slot", "In View", "Arrangement"]
HEARD = ["Nothing", "Scene", "Arrangement"]
PARTS = ("chords", "melody", "bass", "drums")
TRACKS = ["By Name", "This Track", *(f"Track {n}" for n in range(1, 127))]
GUIDANCE = ["Usual", *(f"{n / 2:g}" for n in range(21))]
BANKS = {
    "Sound": ["Density", "Energy", "Brightness", "Complexity", "Temperature", "Guidance", "Variations", "Bars"],
    "Band": ["Chords On", "Melody On", "Bass On", "Drums On", "Key", "Mode", "Target", "Stream"],
}  # fmt: skip


def effect() -> Patch:
    """Return the patch: four columns behind the Edit button, the words and what answers them at the left and right of the face."""
    p = Patch(WIDTH, HEIGHT)
    c = Controls(p)
    behind.script(p)
    prompt = _words(c)
    _buttons(c, prompt)
    _controls(c)
    _parts(c)
    behind.told(p)
    behind.stream(p, (1560, 860))
    behind.screen(p, (1030, 830))
    _labels(c)
    return p


def _words(c: Controls) -> str:
    p = c.patch
    c.group("2  The words: Return or a button sends them as one symbol", (500, 8), 420)
    prompt = c.field(
        "Prompt", "Prompt", (8, 22, 224, 56), 4, "text",
        "Say what you want to hear, in your own words and language: mood, style, key, tempo, chords, parts.",
    )  # fmt: skip
    c.field(
        "Refine Words", "Refine", (50, 118, 124, 18), 1, "refinetext",
        "Say what is to change in what was made: less busy, walking bass, darker.",
    )  # fmt: skip
    recent = p.box(
        "umenu", (500, 270), shown=(120, 4, 112, 15), items=["Recent words"], fontname=FONT, fontsize=9.0,
        annotation="The words of before: choose to take them up again.",
    )  # fmt: skip
    p.chain(
        p.box("r ---recent", (500, 242)),
        recent,
        p.box("prepend history", (630, 270)),
        p.box("s ---script", (800, 270)),
    )
    memory = p.parameter(
        "pattr llmball_memory", "Memory", "Memory", BLOB, (500, 340), None, "The words of before, the bank, the seed and the tracks that are not heard, kept with the set.", "", STORED
    )  # fmt: skip
    p.chain(
        p.box("r ---memory", (500, 310)),
        memory,
        p.box("prepend memory", (680, 340)),
        p.box("s ---script", (800, 340)),
    )
    return prompt


def _buttons(c: Controls, prompt: str) -> None:
    c.group("3  Buttons: words first where they count, then a message", (500, 392), 420)
    change = "---refinetext"
    for long, text, message, shown, info, field, look in (
        ("Generate", "Generate", "generate", (8, 83, 124, 28), "Write the words as clips; while this device leads a stream, have it play them.", prompt, ""),
        ("New Seed", "New Seed", "newseed", (136, 88, 52, 18), "The same words, other chance.", prompt, ""),
        ("Cancel", "Cancel", "cancel", (192, 88, 40, 18), "Give up what is being written.", None, ""),
        ("Refine", "Refine", "refine", (178, 118, 54, 18), "Change the clip in view, and its row, as the words say.", change, ""),
        ("Redo", "Redo", "redo", (8, 144, 53, 18), "Write the chosen parts of the clip in view anew: the bars of the selected notes, or of a loop shorter than the clip, else all. The rest stays.", prompt, ""),
        ("Continue", "Continue", "go_on", (65, 144, 53, 18), "Go on from the clip in view, in its manner.", prompt, ""),
        ("Back", "Back", "back", (122, 144, 53, 18), "The notes before the last change; while this device leads a stream, the take before.", None, ""),
        ("Keep", "Keep", "keep", (179, 144, 53, 18), "Keep the last bars of the stream as a .mid file.", None, ""),
        ("Store", "Store", "bankstore", (328, 92, 44, 18), "Store the words in this slot of the bank.", prompt, ""),
        ("Launch", "Launch", "banklaunch", (376, 92, 56, 18), "Take up the words of this slot.", None, ""),
        ("Apply", "Apply", "apply", (592, 145, 60, 18), "Write what is shown: green notes come, red ones go.", None, "see_pending"),
        ("Discard", "Discard", "discard", (656, 145, 60, 18), "Leave the notes as they are.", None, "see_pending"),
        ("New Scene", "New Scene", "newscene", (592, 145, 124, 18), "Add a scene; what found no free row goes there.", None, "newscene"),
        ("Set Live Tempo", "Set Live", "settempo", (720, 145, 72, 18), "Give Live the tempo that the words ask for.", None, "settempo"),
    ):  # fmt: skip
        c.button(long, text, message, shown, info, field, look)


def _controls(c: Controls) -> None:
    c.group("4  Controls: each sends param, key, value", (1030, 8))
    c.menu("Bars", "Bars", "bars", BARS, (276, 4, 72, 15), "How long a clip is; By Words leaves it to them.", 4)
    c.menu(
        "Key", "Key", "key", KEYS, (276, 26, 72, 15), "Follow Live takes the scale of Live's control bar when it is on, By Words what the words say."
    )  # fmt: skip
    c.menu("Mode", "Mode", "mode", MODES, (352, 26, 80, 15), "The mode of the chosen key.", look="see_mode")
    c.menu(
        "Target", "Target", "target", TARGETS, (276, 48, 72, 15),
        "Where clips go: a free row of scenes, the selected slot, the clip in view, the arrangement.", look="see_into",
    )  # fmt: skip
    c.toggle(
        "Approve", "Ask First", "approve", (352, 48, 80, 15), "Before notes are lost, show what would change, and wait for Apply.", 1
    )  # fmt: skip
    c.menu(
        "Hear", "Hear", "hear", HEARD, (276, 70, 62, 15),
        "Write for what is there: the clips of the selected scene, or of the arrangement at the play position or in its loop. They stay as they are; the part that the words name, or that is missing, goes to the same place.",
    )  # fmt: skip
    c.tracks(
        "menu_hear", "All tracks", "listen", (341, 70, 50, 15), "Which tracks are heard: choose one to leave it out, or to hear it again.", "see_hear"
    )  # fmt: skip
    c.toggle(
        "Groove", "Groove", "groove", (394, 70, 38, 15), "Write with the timing and the accents of the drums that are heard, or of all that is heard where there are none.", 0, "see_hear",
    )  # fmt: skip
    c.number(
        "Variations", "Variat.", "variations", (394, 4, 38, 15), "So many variations, each with the next seed, in the next free row.", 1, 8, "see_into"
    )  # fmt: skip
    c.number("Bank Slot", "Slot", "slot", (276, 93, 40, 15), "Which of the sixteen slots Store and Launch mean.", 1, 16)
    dials = iter((242 + 57 * n, 115, 50, 48) for n in range(6))
    c.level("Density", "Density", "density", next(dials), "How much happens: from sparse to busy, within the style.")
    c.level("Energy", "Energy", "energy", next(dials), "How loud and how full.")
    c.level("Brightness", "Bright", "brightness", next(dials), "Dark to bright at the same key.")
    c.level("Complexity", "Complex", "complexity", next(dials), "Plain triads to rich chords.")
    c.percent(
        "Temperature", "Surprise", "temperature", next(dials), "How adventurous: low repeats, high surprises.", 10, 200, 100
    )  # fmt: skip
    c.steps(
        "Guidance", "Literal", "guidance", next(dials), "How strictly the words are followed. At the bottom: as usual.", GUIDANCE
    )  # fmt: skip


def _parts(c: Controls) -> None:
    c.group("5  Parts, their tracks, and the stream", (1560, 8))
    for i, part in enumerate(PARTS):
        name, y = part.capitalize(), 4 + 22 * i
        c.toggle(f"{name} On", name, part, (442, y, 48, 15), f"Whether {part} are written.", 1)
        told = f"Where {part} go: a track that is called so, this one, or another."
        c.menu(f"{name} Track", f"{name[:5]}Trk", f"track_{part}", TRACKS, None, told, 0, STORED, f"kept_{part}")
        c.tracks(f"menu_{part}", "By name", f"pick {part}", (494, y, 88, 15), told)
    c.toggle("Stream", "Stream", "stream", (442, 92, 48, 15), "Play here, in Live's time, what the daemon writes.", 0)
    c.toggle(
        "Lead", "Lead", "lead", (494, 92, 34, 15),
        "May tell the daemon Live's time and the words: of all that may, one does. Switch it off and on to lead here.", 1, "see_stream",
    )  # fmt: skip
    c.menu(
        "Streamed Part", "Part", "streamed", ["All", *(part.capitalize() for part in PARTS)], (532, 92, 50, 15),
        "Which part of the stream this track plays.", look="see_stream",
    )  # fmt: skip


def _labels(c: Controls) -> None:
    c.group("9  Words on the face", (1270, 830), 200)
    c.label("What shall be played", (8, 4, 110, 15))
    c.label("Change", (8, 120, 40, 15))
    for name, y in (("Bars", 4), ("Key", 26), ("Hear", 70), ("Bank", 93)):
        c.label(name, (240, y, 34, 15))
    c.label("Into", (240, 48, 34, 15), "see_into")
    c.label("Takes", (358, 4, 34, 15), "see_into")
