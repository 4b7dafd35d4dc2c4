"""The browser's synthesiser and file writers, run by Node without a browser."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from io import BytesIO

from bridge.http.app import HEADERS, PAGE_FOLDER
from model.music import midifile

NOTE_LOGIC = """
import { BLOCK, CHANNELS, Synth } from "%PAGE%/synth.js";
const synth = new Synth(48000), log = [];
synth.core = { noteOn: (c, p, v) => log.push(["on", c, p, v]), noteOff: (c, p) => log.push(["off", c, p]),
  controllerChange: (c, n) => log.push(["silence", c]), processSplit: (pairs, l, r, from, count) => log.push(["frames", from, count]) };
const at = (frame) => { log.length = 0; synth.render(new Float32Array(BLOCK), new Float32Array(BLOCK), 0, frame); return log.filter((e) => e[0] !== "frames").map(String); };
const said = {};
synth.note("melody", 60, 90, 10, 1000, "1");
synth.note("melody", 60, 80, 200, 2000, "1");
said.first = at(0);
said.split = log.filter((e) => e[0] === "frames").map(String);
said.again = at(128);
said.oldEnd = [...at(896), ...at(1024)];
synth.note("melody", 72, 80, 3000, 100, "1");
synth.note("melody", 74, 80, 3000, 100, "2");
synth.cancel("melody", "1", 2100);
said.cancelled = Array.from({ length: 12 }, (_, i) => at(2048 + i * 128)).flat();
synth.note("drums", 36, 80, 9000, 100, "2");
synth.silence();
said.left = synth.events.length;
console.log(JSON.stringify(said));
"""
FILES = """
globalThis.document = { getElementById: () => null };
globalThis.localStorage = { getItem: () => null, setItem() {} };
globalThis.location = { host: "" };
globalThis.setInterval = () => 0;
const { midi, zip } = await import("%PAGE%/export.js");
const note = (part, pitch, velocity, start, length) => ({ part, pitch, velocity, start, length, at: start / 2, seconds: length / 2 });
const song = { title: "Zwölf – 二", key: "D minor", programs: { bass: 33 }, seconds: 4, quarters: 8, tempi: [[0, 120], [4, 90]],
  notes: [note("chords", 60, 80, 0, 4), note("chords", 60, 81, 4, 4), note("bass", 36, 99, 0, 1), note("drums", 38, 127, 1, 0.25)],
  bars: [{ from: 0, chords: [[0, "Dm7"]] }, { from: 4, chords: [[4, "G7"]] }] };
const bytes = midi(song), pieces = zip([["bass.wav", new Uint8Array([1, 2, 3])], ["二.wav", new Uint8Array(70000).fill(7)]]);
const whole = Buffer.concat(pieces.map((p) => Buffer.from(p)));
console.log(JSON.stringify({ midi: Buffer.from(bytes).toString("hex"), zip: whole.toString("hex") }));
"""


def test_an_old_end_does_not_cut_a_newer_note_and_a_cancelled_note_does_not_sound(
    node: Callable[[str], dict[str, object]],
) -> None:
    said = node(NOTE_LOGIC)
    assert said["first"] == ["on,1,60,90"]
    assert said["split"] == ["frames,0,10", "frames,10,118"], "a note begins at its frame, not at its block"
    assert said["again"] == ["off,1,60", "on,1,60,80"], "a note on a key that sounds strikes it anew"
    assert said["oldEnd"] == [], "the end of the first note at frame 1010 leaves the second alone"
    assert said["cancelled"] == ["off,1,60", "on,1,74,80", "off,1,74"], (
        "what sounds of the take ends, the other take plays"
    )
    assert said["left"] == 0


def test_the_page_writes_midi_files_and_archives_that_others_read(node: Callable[[str], dict[str, object]]) -> None:
    said = node(FILES)
    song = midifile.from_bytes(bytes.fromhex(str(said["midi"])))
    assert sorted((n.part, n.pitch, n.velocity, n.start, n.length) for n in song.notes) == [
        ("bass", 36, 99, 0, 480),
        ("chords", 60, 80, 0, 1920),
        ("chords", 60, 81, 1920, 1920),
        ("drums", 38, 127, 480, 120),
    ]
    assert [(tick, round(bpm)) for tick, bpm in song.tempos] == [(0, 120), (1920, 90)]
    assert song.chords == ((0, "Dm7"), (1920, "G7"))
    assert dict(song.programs)["bass"] == 33
    with zipfile.ZipFile(BytesIO(bytes.fromhex(str(said["zip"])))) as archive:
        assert archive.testzip() is None
        assert archive.read("bass.wav") == b"\1\2\3"
        assert len(archive.read("二.wav")) == 70000


def test_the_policy_allows_webassembly_but_no_evaluated_inline_or_foreign_script() -> None:
    rules = dict(r.strip().split(" ", 1) for r in HEADERS["Content-Security-Policy"].split(";"))
    assert rules["script-src"].split() == ["'self'", "'wasm-unsafe-eval'"]
    assert rules["default-src"] == "'none'"
    page = (PAGE_FOLDER / "index.html").read_text(encoding="utf-8")
    assert [word for word in ("http://", "https://", "style=", "onclick") if word in page] == []
