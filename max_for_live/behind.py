"""What lies behind the face of LLMBall.amxd: the script with its doors, what it tells the view, and the way of streamed notes to MIDI."""

from __future__ import annotations

from max_for_live.patch import FONT, Patch

TOLD = {
    "status": (8, 139, 232, 26, "Looking for LLMBall"), "understood": (252, 139, 256, 26, ""), "overruled": (520, 139, 152, 26, ""),
}  # fmt: skip
"""What the script says, where it is seen, and what stands there first: two lines each."""


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


ROWS: tuple[tuple[tuple[str, str, str], ...], ...] = (
    tuple((word, "prepend set", "") for word in TOLD),
    (("offer", "prepend active", "s ---newscene"), ("asked", "prepend text", "s ---settempo"), ("askable", "prepend active", "s ---settempo")),
    (("prompt", "prepend set", "s ---text"), ("addhistory", "prepend append", "s ---recent"), ("clearhistory", "clear", "s ---recent")),
    (("memory", "", "s ---memory"),),
)  # fmt: skip
"""What the script says: the word, what is done to what follows it, and where it goes; a row hands on what it does not know."""


def told(p: Patch) -> None:
    """Lead what the script says to the view, and to what the set remembers."""
    p.heading("6  What the script tells the view, and what the set remembers", (24, 264), 440)
    before, outlet, y = p.box("r ---told", (24, 296)), 0, 326
    for row in ROWS:
        words = [word for word, _, _ in row]
        route = p.box(
            "route " + " ".join(words), (24, y), ports=(len(row) + 1, len(row) + 1), size=(420 if len(row) > 1 else 110, 22)
        )  # fmt: skip
        p.cord(before, outlet, route)
        for i, (word, how, to) in enumerate(row):
            _said(p, route, i, (24 + 126 * i, y + 30), word, how, to)
        before, outlet, y = route, len(row), y + 90


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
            "live.comment", below, size=(110, 22), shown=(x, y, width, height), text=text, fontname=FONT, fontsize=9.0, varname=word
        )  # fmt: skip
    if put != route:
        p.cord(route, outlet, put)
    p.cord(put, 0 if put != route else outlet, view)


def stream(p: Patch) -> None:
    """Make MIDI of the notes that the script hands over."""
    p.heading("7  Notes of a stream: due now or in a moment, each with its end", (24, 640), 440)
    notes, pipe = (
        p.box("unpack 0 0 0 0", (24, 704), ports=(1, 4)),
        p.box("pipe 0 0 0 0", (24, 740), ports=(4, 3)),
    )
    make, pack = p.box("makenote 100 250", (24, 776)), p.box("pack 0 0", (24, 812))
    form, out = p.box("midiformat", (24, 848), size=(120, 22)), p.box("midiout", (24, 884))
    through = p.box("midiin", (180, 848))
    p.cord(p.box("r ---notes", (24, 672)), 0, notes)
    for i in range(4):
        p.cord(notes, i, pipe, i)
    for i in range(3):
        p.cord(pipe, i, make, i)
    p.cord(make, 0, pack)
    p.cord(make, 1, pack, 1)
    p.chain(pack, form, out)
    p.cord(through, 0, out)
    which, ends = (
        p.box("route bang clear", (220, 704), ports=(3, 3)),
        p.box("t b b", (220, 740), ports=(1, 2)),
    )
    stop, clear = (
        p.box("message", (220, 776), size=(50, 22), text="stop"),
        p.box("message", (290, 776), size=(50, 22), text="clear"),
    )
    p.cord(p.box("r ---ends", (220, 672)), 0, which)
    p.cord(p.box("freebang", (360, 704)), 0, ends)  # the device is taken away while something sounds
    p.cord(which, 0, ends)
    p.cord(which, 1, clear)  # what waits is taken back, what sounds goes on
    p.cord(ends, 1, clear)
    p.cord(ends, 0, stop)
    p.cord(stop, 0, make)
    p.cord(clear, 0, pipe)
