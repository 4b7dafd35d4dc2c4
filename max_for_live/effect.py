"""LLMBall.amxd, the MIDI effect: what is seen in Live, what is behind it, and what is joined to what."""

from __future__ import annotations

from max_for_live.patch import (
    AUTOMATED,
    BLOB,
    CUSTOM,
    DECIMAL,
    ENUM,
    FLOAT,
    FONT,
    HIDDEN,
    INT,
    PERCENT,
    STORED,
    Patch,
    Rect,
)

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


class Effect:
    """The patch in the making; controls send `param key value` to the script."""

    def __init__(self) -> None:
        self.patch = Patch(WIDTH, HEIGHT)
        self._rows = 0
        self._script()
        self._words()
        self._buttons()
        self._choices()
        self._dials()
        self._parts()
        self._streaming()
        self._told()

    def _script(self) -> None:
        p = self.patch
        p.box("comment", (24, 8), size=(420, 20), text="1  Live and the daemon: the script, OSC in and out")
        self.js = p.box(
            "js llmball.js", (24, 640), ports=(1, 5), size=(420, 22),
            saved_object_attributes={"filename": "llmball.js", "parameter_enable": 0},
        )  # fmt: skip
        device = p.box("live.thisdevice", (24, 40))
        on = p.box("prepend enabled", (150, 72))
        p.cord(device, 0, self.js)
        p.cord(device, 1, on)
        p.cord(on, 0, self.js)
        self.receive = p.box("udpreceive 7412 @defer 1 @quiet 1", (24, 104))
        p.cord(self.receive, 0, self.js)
        p.cord(self.js, 0, p.box("udpsend 127.0.0.1 7411", (24, 690)))
        p.cord(self.js, 4, self.receive)
        p.box(
            "comment",
            (480, 672),
            size=(420, 20),
            text="6  Notes of a stream: due now or in a moment, each with its end",
        )
        notes = p.box("unpack 0 0 0 0", (480, 700), ports=(1, 4))
        pipe = p.box("pipe 0 0 0 0", (480, 730), ports=(4, 3))
        make, pack = p.box("makenote 100 250", (480, 760)), p.box("pack 0 0", (480, 790))
        form, out = p.box("midiformat", (480, 820), size=(120, 22)), p.box("midiout", (480, 880))
        through = p.box("midiin", (640, 820))
        p.cord(self.js, 2, notes)
        for i in range(4):
            p.cord(notes, i, pipe, i)
        for i in range(3):
            p.cord(pipe, i, make, i)
        p.cord(make, 0, pack)
        p.cord(make, 1, pack, 1)
        p.chain(pack, form, out)
        p.cord(through, 0, out)
        ends = p.box("t b b", (660, 700), ports=(1, 2))
        p.cord(self.js, 3, ends)
        for i, (text, target, x) in enumerate((("stop", make, 660), ("clear", pipe, 730))):
            said = p.box("message", (x, 730), size=(50, 22), text=text)
            p.cord(ends, i, said)
            p.cord(said, 0, target)

    def _param(self, key: str, source: str, column: int, outlet: int = 0) -> None:
        x, y = self._place(column)
        said = self.patch.box(f"prepend param {key}", (x + 110, y))
        self.patch.cord(source, outlet, said)
        self.patch.cord(said, 0, self.js)

    def _place(self, column: int) -> tuple[int, int]:
        return 480 + 300 * column, 40 + 34 * (self._rows % 17)

    def _next(self, column: int) -> tuple[int, int]:
        self._rows += 1
        return self._place(column)

    def _label(self, text: str, shown: Rect) -> None:
        x, y = 1400, 40 + 22 * len([b for b in self.patch.boxes if b["maxclass"] == "live.comment"])
        self.patch.box("live.comment", (x, y), shown=shown, text=text, fontname=FONT, fontsize=9.0)

    def _field(
        self, long: str, short: str, shown: Rect, lines: int, message: str, info: str, at: tuple[int, int]
    ) -> str:
        colours = {
            "bgcolor": {"expression": "themecolor.live_control_text_bg"},
            "textcolor": {"expression": "themecolor.live_control_fg"},
        }
        field = self.patch.parameter(
            "textedit", long, short, BLOB, at, shown, info, "", STORED,
            more={"keymode": 1, "outputmode": 1, "wordwrap": 1, "lines": lines, "fontname": FONT, "fontsize": 10.0, "border": 1.0,
                  "rounded": 0.0, "text": "", "bgcolor": [0.12, 0.12, 0.12, 1.0], "textcolor": [0.9, 0.9, 0.9, 1.0], "bound": colours},
        )  # fmt: skip
        said = self.patch.box("route text", (at[0], at[1] + shown[3] + 10), ports=(2, 2))
        held = self.patch.box(f"prepend {message}", (at[0], at[1] + shown[3] + 40))
        self.patch.chain(field, said, held)
        self.patch.cord(held, 0, self.js)
        return field

    def _words(self) -> None:
        p = self.patch
        p.box(
            "comment",
            (24, 150),
            size=(420, 20),
            text="2  The words: Return or a button sends them as one symbol",
        )
        self._label("What shall be played", (8, 6, 120, 14))
        self.prompt = self._field(
            "Prompt", "Prompt", (8, 22, 232, 62), 4, "text",
            "Say what you want to hear, in your own words and language: mood, style, key, tempo, chords, parts.", (24, 180),
        )  # fmt: skip
        self._label("That, but", (8, 110, 46, 14))
        self.change = self._field(
            "Refine Words", "Refine", (56, 108, 184, 18), 1, "refinetext",
            "Say what is to change in what was made: less busy, walking bass, darker.", (24, 330),
        )  # fmt: skip
        self.recent = p.box("umenu", (24, 440), shown=(128, 5, 112, 15), items=["Recent words"], fontname=FONT, fontsize=9.0,
                            annotation="The words of before: choose to take them up again.")  # fmt: skip
        said = p.box("prepend history", (24, 470))
        p.chain(self.recent, said, self.js)

    def _button(
        self, long: str, text: str, message: str, shown: Rect, info: str, field: str | None = None
    ) -> None:
        """Add a button; where it needs words, the field is banged first, so that what is typed now counts."""
        p = self.patch
        x, y = self._next(0)
        made = p.parameter(
            "live.text", long, long[:8], ENUM, (x, y), shown, info, 0, HIDDEN, parameter_enum=["Off", "On"], parameter_mmax=1,
            more={"mode": 0, "outputmode": 1, "text": text, "texton": text},
        )  # fmt: skip
        said = p.box("message", (x + 220, y), size=(70, 22), text=message)
        if field is None:
            p.cord(made, 0, said)
        else:
            first = p.box("t b b", (x + 150, y), ports=(1, 2))
            p.cord(made, 0, first)
            p.cord(first, 1, field)
            p.cord(first, 0, said)
        p.cord(said, 0, self.js)

    def _buttons(self) -> None:
        self.patch.box("comment", (480, 8), size=(280, 20), text="3  Buttons: each a message to the script")
        say, change = self.prompt, self.change
        self._button("Generate", "Generate", "generate", (8, 87, 92, 18), "Write the words as clips.", say)
        self._button(
            "New Seed", "New Seed", "newseed", (103, 87, 66, 18), "The same words, other chance.", say
        )
        self._button("Cancel", "Cancel", "cancel", (172, 87, 68, 18), "Give up what is being written.")
        self._button(
            "Refine",
            "Refine",
            "refine",
            (8, 129, 56, 18),
            "Change the clip in view, and its row, as the words say.",
            change,
        )
        self._button(
            "Redo",
            "Redo",
            "redo",
            (67, 129, 42, 18),
            "Write the clip in view anew; with a shorter loop only the bars in it.",
            say,
        )
        self._button(
            "Continue",
            "Continue",
            "go_on",
            (112, 129, 56, 18),
            "Go on from the clip in view, in its manner.",
            say,
        )
        self._button("Back", "Back", "back", (171, 129, 34, 18), "The notes before the last change.")
        self._button(
            "Keep", "Keep", "keep", (208, 129, 32, 18), "Keep the last bars of the stream as a .mid file."
        )
        self._button(
            "New Scene", "New Scene", "newscene", (512, 129, 68, 18), "Add a scene, where no row is free."
        )
        self._button(
            "Set Live Tempo",
            "Set Live",
            "settempo",
            (584, 129, 72, 18),
            "Give Live the tempo that the words ask for.",
        )
        self._button(
            "Store",
            "Store",
            "bankstore",
            (344, 129, 40, 18),
            "Store the words in this slot of the bank.",
            say,
        )
        self._button("Launch", "Launch", "banklaunch", (387, 129, 45, 18), "Take up the words of this slot.")

    def _menu(
        self,
        long: str,
        short: str,
        key: str,
        items: list[str],
        shown: Rect,
        info: str,
        initial: int = 0,
        stored: int = AUTOMATED,
    ) -> str:
        x, y = self._next(1)
        made = self.patch.parameter(
            "live.menu",
            long,
            short,
            ENUM,
            (x, y),
            shown,
            info,
            initial,
            stored,
            parameter_enum=items,
            parameter_mmax=len(items) - 1,
        )
        self._param(key, made, 1)
        return made

    def _choices(self) -> None:
        self._rows = 0
        self.patch.box(
            "comment", (780, 8), size=(300, 20), text="4  Controls: each sends param, its key and its value"
        )
        for i, (name, _row) in enumerate((("Bars", 0), ("Key", 1), ("Mode", 2), ("Into", 3))):
            self._label(name, (248, 22 + 26 * i, 34, 14))
        self._label("Takes", (248, 115, 36, 14))
        self._label("Slot", (304, 115, 36, 14))
        self._menu(
            "Bars",
            "Bars",
            "bars",
            BARS,
            (282, 22, 70, 15),
            "How long a clip is; By Words leaves it to them.",
            4,
        )
        self._menu(
            "Key",
            "Key",
            "key",
            KEYS,
            (282, 48, 70, 15),
            "Follow Live takes the scale of Live's control bar, By Words what the words say.",
        )
        self._menu("Mode", "Mode", "mode", MODES, (282, 74, 70, 15), "The mode of a chosen key.")
        self._menu(
            "Target",
            "Target",
            "target",
            TARGETS,
            (282, 100, 70, 15),
            "Where clips go: a free row, the selected slot, the clip in view, the arrangement.",
        )
        x, y = self._next(1)
        made = self.patch.parameter("live.numbox", "Variations", "Variat.", INT, (x, y), (248, 129, 36, 15), "So many variations, each in the next free row.",
                                    1, parameter_mmin=1, parameter_mmax=8)  # fmt: skip
        self._param("variations", made, 1)
        x, y = self._next(1)
        made = self.patch.parameter("live.numbox", "Bank Slot", "Slot", INT, (x, y), (304, 129, 36, 15), "Which of the sixteen slots Store and Launch mean.",
                                    1, parameter_mmin=1, parameter_mmax=16)  # fmt: skip
        self._param("slot", made, 1)

    def _dials(self) -> None:
        levels = [
            (
                "Density",
                "Density",
                "density",
                "How much happens: from sparse to busy, within the style. Below 0: left to the words.",
            ),
            ("Energy", "Energy", "energy", "How loud and how full. Below 0: left to the words."),
            (
                "Brightness",
                "Bright",
                "brightness",
                "Dark to bright at the same key. Below 0: left to the words.",
            ),
            (
                "Complexity",
                "Complex",
                "complexity",
                "Plain triads to rich chords. Below 0: left to the words.",
            ),
        ]
        for i, (long, short, key, info) in enumerate(levels):
            x, y = self._next(1)
            made = self.patch.parameter(
                "live.dial", long, short, INT, (x, y), (360 + 40 * (i % 2), 6 + 58 * (i // 2), 40, 48), info, -1,
                more={"showname": 1, "shownumber": 1}, parameter_mmin=-1, parameter_mmax=100, parameter_unitstyle=CUSTOM, parameter_units="%d %%",
            )  # fmt: skip
            self._param(key, made, 1)
        x, y = self._next(1)
        made = self.patch.parameter("live.dial", "Temperature", "Temp", INT, (x, y), (440, 6, 40, 48), "How adventurous: low repeats, high surprises.", 100,
                                    more={"showname": 1, "shownumber": 1}, parameter_mmin=10, parameter_mmax=200, parameter_unitstyle=PERCENT)  # fmt: skip
        self._param("temperature", made, 1)
        x, y = self._next(1)
        made = self.patch.parameter("live.dial", "Guidance", "Guide", FLOAT, (x, y), (440, 64, 40, 48), "How strictly the words are followed; below 0 as shipped.", -1.0,
                                    more={"showname": 1, "shownumber": 1}, parameter_mmin=-1.0, parameter_mmax=10.0, parameter_unitstyle=DECIMAL)  # fmt: skip
        self._param("guidance", made, 1)

    def _parts(self) -> None:
        self._rows = 0
        self._label("Parts and their tracks", (488, 6, 120, 14))
        self.tracks: list[str] = []
        for i, part in enumerate(PARTS):
            x, y = self._next(2)
            name = part.capitalize()
            made = self.patch.parameter(
                "live.text", f"{name} On", name[:8], ENUM, (x, y), (488, 22 + 22 * i, 56, 15), f"Whether {part} are written.", 1,
                parameter_enum=["Off", "On"], parameter_mmax=1, more={"mode": 1, "text": name, "texton": name},
            )  # fmt: skip
            self._param(part, made, 2)
            x, y = self._next(2)
            menu = self.patch.parameter("live.menu", f"{name} Track", name[:5] + "Trk", ENUM, (x, y), (548, 22 + 22 * i, 108, 15),
                                        f"Where {part} go: a track that is called so, this one, or another.", 0, STORED,
                                        parameter_enum=TRACKS, parameter_mmax=len(TRACKS) - 1)  # fmt: skip
            self._param(f"track_{part}", menu, 2)
            self.tracks.append(menu)

    def _streaming(self) -> None:
        for long, text, key, rect, first, info in (
            (
                "Stream",
                "Stream",
                "stream",
                (488, 110, 48, 15),
                0,
                "Play here, in Live's time, what the daemon writes.",
            ),
            (
                "Lead",
                "Lead",
                "lead",
                (540, 110, 40, 15),
                1,
                "This device tells the daemon Live's time and the words; one of all does.",
            ),
        ):
            x, y = self._next(2)
            made = self.patch.parameter("live.text", long, text, ENUM, (x, y), rect, info, first, parameter_enum=["Off", "On"], parameter_mmax=1,
                                        more={"mode": 1, "text": text, "texton": text})  # fmt: skip
            self._param(key, made, 2)
        x, y = self._next(2)
        made = self.patch.parameter("live.menu", "Streamed Part", "Part", ENUM, (x, y), (584, 110, 72, 15), "Which part of the stream this track plays.", 0,
                                    parameter_enum=["All", "Chords", "Melody", "Bass", "Drums"], parameter_mmax=4)  # fmt: skip
        self._param("streamed", made, 2)

    def _told(self) -> None:
        p = self.patch
        p.box("comment", (24, 730), size=(420, 20), text="5  What the script tells the view")
        words = ["status", "asked", "overruled", "progress", "prompt", "clearhistory", "addhistory", "offer"]
        told = p.box(
            "route " + " ".join(words), (24, 760), ports=(len(words) + 1, len(words) + 1), size=(420, 22)
        )
        p.cord(self.js, 1, told)
        lines = {
            "status": (8, 150, 330, 14, "Looking for LLMBall"), "overruled": (344, 150, 240, 14, ""), "asked": (584, 150, 72, 14, ""), "progress": (436, 129, 40, 14, ""),
        }  # fmt: skip
        for i, word in enumerate(words):
            if word in lines:
                x, y, width, height, text = lines[word]
                view = p.box(
                    "live.comment",
                    (24 + 110 * i, 850),
                    shown=(x, y, width, height),
                    text=text,
                    fontname=FONT,
                    fontsize=9.0,
                    varname=word,
                )
                put = p.box("prepend set", (24 + 110 * i, 810))
                p.cord(told, i, put)
                p.cord(put, 0, view)
        put = p.box("prepend set", (24, 520), size=(80, 22))
        p.cord(told, words.index("prompt"), put)
        p.cord(put, 0, self.prompt)
        clear = p.box("message", (120, 440), size=(50, 22), text="clear")
        add = p.box("prepend append", (180, 440))
        p.cord(told, words.index("clearhistory"), clear)
        p.cord(told, words.index("addhistory"), add)
        p.cord(clear, 0, self.recent)
        p.cord(add, 0, self.recent)
