"""What lies behind the face of LLMBall.amxd: the script with its doors, what it tells the view, and the way of streamed notes to MIDI."""

from __future__ import annotations

from max_for_live.patch import FONT, Patch

SCREEN = "llmball_screen.js"

TOLD = {
    "status": (592, 2, 200, 26, "Looking for LLMBall"), "understood": (592, 30, 200, 26, ""), "wishes": (592, 114, 200, 26, ""),
}  # fmt: skip
"""What the script says, where it is seen, and what stands there first: two lines each, in one place with the small roll."""
ROLL = (592, 58, 200, 54)


def script(p: Patch) -> None:
    """Put the script into a patch, with Live and the daemon on either side of it."""
    p.heading("1  Live and the daemon: the script, OSC in and out", (24, 8), 420)
    device, order, on = (
        p.box("live.thisdevice", (24, 40)),
        p.box("t b b", (24, 76), ports=(1, 2)),
        p.box("prepend enabled", (150, 76)),
    )
    said, receive = p.box("r ---script", (280, 76)), p.box("udpreceive 7412 @defer 1 @quiet 1", (150, 112))
    js = p.box(
        "js llmball.js", (24, 160), ports=(1, 5), size=(420, 22), saved_object_attributes={"filename": "llmball.js", "parameter_enable": 0}
    )  # fmt: skip
    p.cord(device, 0, order)
    p.cord(device, 1, on)
    p.cord(
        order, 1, p.box("s ---text", (24, 112))
    )  # words that came back with the set are heard before the script begins
    p.cord(order, 0, js)
    for box in (on, said, receive):
        p.cord(box, 0, js)
    p.cord(p.box("r ---port", (370, 76)), 0, receive)
    for outlet, (what, at) in enumerate(
        (
            ("udpsend 127.0.0.1 7411", (24, 204)), ("s ---told", (176, 204)), ("s ---notes", (262, 204)), ("s ---ends", (354, 204)),
            ("s ---port", (354, 234)),
        )
    ):  # fmt: skip
        p.cord(js, outlet, p.box(what, at))


HIDE = "prepend sendbox hidden"
ROWS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    tuple((word, "prepend set", "") for word in TOLD),
    (("hidescene", HIDE, "s ---newscene"), ("asked", "prepend text", "s ---settempo"), ("hidetempo", HIDE, "s ---settempo")),
    (("hidemode", HIDE, "s ---see_mode"), ("hidestream", HIDE, "s ---see_stream"), ("hidehear", HIDE, "s ---see_hear")),
    (("hideinto", HIDE, "s ---see_into"),),
    (("prompt", "prepend set", "s ---text"), ("addhistory", "prepend append", "s ---recent"), ("clearhistory", "clear", "s ---recent")),
    (("hidepending", HIDE, "s ---see_pending"), ("memory", "", "s ---memory"), ("roll", "", "s ---roll")),
    (("menu_chords", "", "s ---menu_chords"), ("menu_melody", "", "s ---menu_melody"), ("menu_bass", "", "s ---menu_bass")),
    (("menu_drums", "", "s ---menu_drums"), ("menu_hear", "", "s ---menu_hear"), ("kept_chords", "", "s ---kept_chords")),
    (("kept_melody", "", "s ---kept_melody"), ("kept_bass", "", "s ---kept_bass"), ("kept_drums", "", "s ---kept_drums")),
)  # fmt: skip
"""What the script says: the word, what is done to what follows it, and where it goes."""


def told(p: Patch) -> None:
    """Lead what the script says to the view, and to what the set remembers."""
    p.heading("6  What the script tells the face, and what the set remembers", (24, 264), 440)
    y = 296
    for row in ROWS:
        said = p.box("r ---told", (24, y))
        route = p.box(
            "route " + " ".join(word for word, _, _ in row), (24, y + 28), ports=(len(row) + 1, len(row) + 1), size=(440, 22)
        )  # fmt: skip
        p.cord(said, 0, route)
        for i, (word, how, to) in enumerate(row):
            _said(p, route, i, (24 + 146 * i, y + 56), word, how, to)
        y += 114 if any(how for _, how, _ in row) else 86


def _said(p: Patch, route: str, outlet: int, at: tuple[int, int], word: str, how: str, to: str) -> None:
    if how == "clear":
        put = p.box("message", at, size=(60, 22), text=how)
    elif how:
        put = p.box(how, at)
    else:
        put = route
    below = (at[0], at[1] + 28)
    if to:
        view = p.box(to, below if how else at)
    else:
        x, y, width, height, text = TOLD[word]
        view = p.box(
            "live.comment", below, size=(130, 22), shown=(x, y, width, height), text=text, fontname=FONT, fontsize=9.0, varname=word
        )  # fmt: skip
    if put != route:
        p.cord(route, outlet, put)
    p.cord(put, 0 if put != route else outlet, view)


def screen(p: Patch, at: tuple[int, int]) -> None:
    """Put the small roll into a patch: it draws itself, by a script of its own."""
    p.heading("8  The small roll", at, 200)
    roll = p.box(
        "jsui", (at[0], at[1] + 60), shown=ROLL, filename=SCREEN, parameter_enable=0, border=0, ignoreclick=1, varname="roll",
        annotation="The notes of the last clip, or what a clip would lose and gain.",
    )  # fmt: skip
    p.cord(p.box("r ---roll", (at[0], at[1] + 32)), 0, roll)


def stream(p: Patch, origin: tuple[int, int]) -> None:
    """Make MIDI of the notes that the script hands over."""
    p.heading("7  Notes of a stream: due now or in a moment, each with its end", origin, 440)
    x, y = origin
    notes, pipe = (
        p.box("unpack 0 0 0 0", (x, y + 64), ports=(1, 4)),
        p.box("pipe 0 0 0 0", (x, y + 100), ports=(4, 3)),
    )
    make, pack = p.box("makenote 100 250", (x, y + 136)), p.box("pack 0 0", (x, y + 172))
    form, out = p.box("midiformat", (x, y + 208), size=(120, 22)), p.box("midiout", (x, y + 244))
    through = p.box("midiin", (x + 156, y + 208))
    p.cord(p.box("r ---notes", (x, y + 32)), 0, notes)
    for i in range(4):
        p.cord(notes, i, pipe, i)
    for i in range(3):
        p.cord(pipe, i, make, i)
    p.cord(make, 0, pack)
    p.cord(make, 1, pack, 1)
    p.chain(pack, form, out)
    p.cord(through, 0, out)
    which, ends = (
        p.box("route bang clear", (x + 196, y + 64), ports=(3, 3)),
        p.box("t b b", (x + 196, y + 100), ports=(1, 2)),
    )
    stop, clear = (
        p.box("message", (x + 196, y + 136), size=(50, 22), text="stop"),
        p.box("message", (x + 266, y + 136), size=(50, 22), text="clear"),
    )
    p.cord(p.box("r ---ends", (x + 196, y + 32)), 0, which)
    p.cord(p.box("freebang", (x + 336, y + 64)), 0, ends)  # the device is taken away while something sounds
    p.cord(which, 0, ends)
    p.cord(which, 1, clear)  # what waits is taken back, what sounds goes on
    p.cord(ends, 1, clear)
    p.cord(ends, 0, stop)
    p.cord(stop, 0, make)
    p.cord(clear, 0, pipe)
