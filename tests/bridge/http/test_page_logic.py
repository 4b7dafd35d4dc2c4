"""What the page knows of takes, chords and what comes, run by Node without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from model.music import midifile
from model.music.harmony import parse_chord

Node = Callable[[str], dict[str, Any]]
WORLD = """
globalThis.document = { getElementById: () => null };
globalThis.localStorage = { getItem: () => null, setItem() {} };
globalThis.location = { host: "" };
globalThis.setInterval = () => 0;
let seconds = 0;
globalThis.performance = { now: () => seconds * 1000 };
const { wire } = await import("%PAGE%/wire.js");
const said = {};
"""
TAKES = (
    WORLD
    + """
const { score } = await import("%PAGE%/score.js");
const { packed, played, unpacked } = await import("%PAGE%/played.js");
let from = 1000; // seconds of the daemon's clock at quarter note 0
const enter = (id, words, key, at) => {
  wire.tell("words", words);
  wire.tell("coming", words, at);
  wire.tell("understood/key", key);
  seconds = from + at / 2 + 0.02;
  wire.tell("take", id);
  wire.tell("tempo_map", [[0, from, 120]]); // after the take, as the daemon sends it
  wire.tell("coming", "", -1);
  wire.tell("read");
};
const bars = (id, from, count) => {
  wire.tell("planned", Array.from({ length: count * 4 }, (_, i) => [from + i, (from + i) / 4 + 1 | 0, (from + i) % 4 + 1, ""]));
  for (let i = 0; i < count * 4; i++) wire.tell("note", id, "bass", 36 + i % 12, 90, from + i, 1);
};
const told = () => Object.fromEntries(played.takes.map((card) => { const song = played.songOf(card); return [card.words, song && [song.notes.length, song.quarters, song.key]]; }));
seconds = 1000;
wire.tell("state", "playing");
enter("1", "house", "C minor", 0);
bars("1", 0, 4);
seconds = from + 6;
said.early = told();
enter("2", "waltz", "G major", 16);
bars("2", 16, 2);
seconds = from + 11;
said.both = told();
enter("1", "house", "C minor", 24);
bars("1", 24, 1);
seconds = from + 12.9;
said.again = told();
wire.tell("beat", 7, 1, 99.53);
wire.tell("chords", "Am | F");
said.rows = played.takes.map((card) => [card.words, card.tempo, card.chords, Boolean(card.time)]);
seconds = from + 14;
wire.tell("state", "idle");
from = 2000;
seconds = from;
wire.tell("state", "playing");
said.after = told();
const text = packed(played.takes), again = unpacked(text);
const first = (cards) => Object.values(cards[0].song.notes[0]).join();
said.reloaded = [packed(again) === text, first(again) === first(played.takes), unpacked(null), unpacked("["), unpacked('{"a": 1}')];
enter("1", "polka", "D major", 0);
said.restarted = [told(), played.takes.map((card) => card.id)];
console.log(JSON.stringify(said));
"""
)


def test_a_take_keeps_what_it_played_while_others_play_and_after_a_stop(node: Node) -> None:
    said = node(TAKES)
    assert said["early"] == {"house": [12, 12, "C minor"]}, "as far as it has played"
    assert said["both"]["house"] == [16, 16, "C minor"], "whole, and in its own key"
    assert said["both"]["waltz"][0] in (6, 7)
    assert said["again"]["house"] == [16, 16, "C minor"], "a short return does not replace the long run"
    assert said["again"]["waltz"] == [8, 8, "G major"]
    assert said["rows"] == [["waltz", 0, "auto", True], ["house", 99.5, "Am | F", True]], (
        "a take that comes back keeps its place; its row says the tempo that sounds, and it keeps its locked chords"
    )
    assert said["after"] == said["again"]
    assert said["reloaded"] == [True, True, [], [], []]
    assert said["restarted"][0] == {"polka": None, **said["again"]}
    assert said["restarted"][1][0] == "1", "the number is the new daemon's"
    assert said["restarted"][1].count("1") == 1


ROUNDS = """
const { cellsOf, lockLine, lockText, period, replaced, roundOf, suggestions, takeBars, wholeBars } = await import("%PAGE%/rounds.js");
const bars = (text, first = 1) => text.split("|").map((bar, i) => {
  const from = i * 4, words = bar.trim().split(/\\s+/);
  return { number: first + i, opens: true, beats: words.map((_, n) => from + n), chords: words.flatMap((w, n) => w === "." ? [] : [[from + n, w]]) };
});
const four = "F . Fdim7 . | Gm7 . . . | C7 . . A#m | C7 . . A7";
const round = (text, first = 1, from = first) => roundOf(wholeBars(bars(text, from), first), first);
const said = {};
said.locked = lockText(round([four, four, four, "F . Fdim7"].join(" | ")));
said.late = round([four, four].join(" | "), 5).map((cell) => cell.number);
said.held = lockText(round("Eb . . . | . . . . | . . . . | . . . . | . . . . | . . . . | . . . ."));
said.free = lockText(round("A . . . | B . . . | C . . . | D . . . | E . . . | F . . . | G . . ."));
said.changed = lockText(round([..."ABCDE".split(""), ...Array(4).fill("F | G").join(" | ").split(" | ")].map((c) => `${c} . . .`).join(" | ")));
said.varied = lockText(round("A A A A D D A A E D A A A D A A D D A A E D A E".split(" ").map((c) => `${c} . . .`).join(" | ")));
said.joined = wholeBars([{ ...bars(four)[0], opens: false }, ...bars(four).slice(1)], 1).map((cell) => cell.number);
said.few = round("A . . . | B . . . | C . . .");
said.again = lockText(replaced(cellsOf(said.locked), 1, "Gm9 C9"));
said.lines = [[false, false, 8], [false, true, 3], [true, false, 1], [true, false, 4]].map((args) => lockLine(...args).split(".")[0]);
const list = (text, first, from, least, most) => takeBars(bars(text, from), first, least, most).map((cell) => `${cell.number} ${cell.chords.join(" ")}`);
said.bars = [list("C . G . | . . | F", 5, 4, 4, 64), list("C | D", 1, 7, 4, 64), list("C | D | E | F | G | A | B | C | D | E", 1, 1, 4, 8), list("", 1, 1, 0, 8).slice(1)];
said.keys = Object.fromEntries(["G major", "Db major", "E minor", "C dorian", "F# major"].map((key) => [key, Object.fromEntries(suggestions(key))]));
said.shown = cellsOf("C7 C7 C7 A7 | Dm").map((cell) => cell.chords.join(" "));
said.words = [cellsOf("Am F C G").length, cellsOf("| Eb |").length, cellsOf("ii V I").length, cellsOf("").length];
said.periods = ["A | A | A | A | A | A | A", "A | A | A | A | A | A | A | A", "A | B | A | B | A | B | A | B", "A | B | C | D | A | B | C"].map((text) => period(wholeBars(bars(text), 1)));
console.log(JSON.stringify(said));
"""


def test_a_lock_takes_whole_bars_of_the_round_and_keeps_the_places_of_the_chords(node: Node) -> None:
    said = node(ROUNDS)
    assert said["locked"] == "F Fdim7 | Gm7 | C7 C7 C7 A#m | C7 C7 C7 A7", (
        "of 13 bars, the last not whole, the round of 4"
    )
    assert said["late"] == [9, 10, 11, 12], "the round begins with the bar in which the take entered"
    assert said["held"] == "| Eb |"
    assert said["free"] == "E | F | G | D", "nothing repeats: the last 4 bars, each in its place"
    assert said["changed"] == "G | F", "the bars since the chords changed; bar 7 is one of G"
    assert said["varied"] == "A | D | A | A | D | D | A | A | E | D | A | E", "a blues whose rounds are not quite alike"
    assert said["joined"] == [2, 3, 4], "a bar of which the page saw a part is not whole"
    assert said["few"] == [], "three bars are no round"
    assert said["again"] == "F Fdim7 | Gm9 C9 | C7 C7 C7 A#m | C7 C7 C7 A7"
    assert said["bars"] == [["5 G", "6 F", "7 ", "8 "], ["7 C", "8 D", "9 ", "10 "], ["9 D", "10 E"], []], (
        "the take's own bars by their numbers, one that holds a chord too; what is not written is empty"
    )
    borrowed = {key: rows["Borrowed"] for key, rows in said["keys"].items()}
    assert borrowed == {
        "G major": ["Cm", "Ebmaj7", "F7"],
        "Db major": ["Gbm", "Amaj7", "Cb7"],
        "E minor": ["A", "Fmaj7", "E"],
        "C dorian": ["F", "Dbmaj7", "C"],
        "F# major": ["Bm", "Dmaj7", "E7"],
    }, "flat steps have their letter's flat, and never two signs"
    assert said["keys"]["G major"]["In the key"] == ["G", "Am", "Bm", "C", "D", "Em", "F#dim"]
    assert said["keys"]["G major"]["Richer"] == ["Gmaj7", "Am7", "Bm7", "Cmaj7", "Em7", "Am9", "Dsus4"]
    assert all(parse_chord(c) for rows in said["keys"].values() for row in rows.values() for c in row)
    assert said["shown"] == ["C7 A7", "Dm"]
    assert said["lines"] == [
        "",
        "The chords lock as soon as four whole bars are known",
        "Chords locked: this bar goes round",
        "Chords locked: these 4 bars go round",
    ]
    assert said["words"] == [4, 1, 0, 0]
    assert said["periods"] == [0, 1, 2, 0]


STATUS = (
    WORLD
    + """
const { beatsOf, cued, onItsWay } = await import("%PAGE%/coming.js");
const { beside } = await import("%PAGE%/dom.js");
const { health, inputLine, labelOf, styleOf, valueOf } = await import("%PAGE%/labels.js");
const { keyName } = await import("%PAGE%/keys.js");
const at = (quarter, state = "playing") => ({ state, quarterNow: () => quarter, bars: () => [{ number: 1, from: 0 }, { number: 2, from: 4 }, { number: 3, from: 8 }] });
said.cue = [[1, "playing"], [4, "playing"], [8, "playing"], [5, "idle"]].map(([q, state]) => cued("fill", 4, 8, at(q, state)));
said.take = [["", -1, "playing"], ["house", -1, "idle"], ["house", -1, "waiting"], ["house", -1, "playing"], ["house", 8, "playing"], ["house", 12, "playing"]]
  .map(([words, entry, state]) => onItsWay(words, entry, at(1, state)));
const bar = (number, count, opens = true) => ({ number, opens, beats: Array(count).fill(0) });
said.beats = [beatsOf([bar(1, 4), bar(2, 2)], 2, 1), beatsOf([bar(1, 4), bar(2, 3), bar(3, 1)], 2, 3), beatsOf([bar(5, 2, false), bar(6, 4)], 5, 4), beatsOf([], 1, 1), beatsOf([bar(1, 7), bar(2, 1)], 3, 1)];
const view = { width: 1000, height: 600 }, size = { width: 300, height: 30 };
said.places = [[{ left: 40, top: 100, bottom: 130 }], [{ left: 900, top: 560, bottom: 590 }], [{ left: 40, top: -900, bottom: -870 }], [{ left: 40, top: 2000, bottom: 2030 }], [{ left: 40, top: 100, bottom: 130 }, { top: 136, bottom: 166 }]]
  .map(([control, taken]) => { const { x, y } = beside(control, size, view, taken); return [x, y]; });
said.labels = [labelOf("temperature"), labelOf("drums/map"), labelOf("part_of/it"), health(0, 1, 2, 3.21, 1.04)];
said.keysHeard = [true, false].map((follows) => inputLine(1, { plays: "chords" }, follows));
said.off = inputLine(2, { name: "audio", state: "open", plays: "bass" }, false);
said.styles = [styleOf("folk", 0.6, "art song", 0.4), styleOf("lo-fi", 1, "jazz", 0.1), styleOf()];
said.inputs = [inputLine(1, { name: "jack:keys", state: "open" }), inputLine(2, { name: "audio", state: "open", plays: "bass", ms: 164.6, gaps: 2 }), inputLine(2, { name: "audio", state: "lost", plays: "bass" })];
said.values = [valueOf("send/clock", "1"), valueOf("swing_unit", "8")];
said.keys = [keyName("KeyA", null), keyName("KeyA", new Map([["KeyA", "q"]]))];
console.log(JSON.stringify(said));
"""
)


def test_what_comes_is_announced_until_it_has_played_and_not_while_nothing_plays(node: Node) -> None:
    said = node(STATUS)
    assert [c["text"] for c in said["cue"]] == ["Next: fill at bar 2", "Now: fill", "", ""]
    assert [c["lit"] for c in said["cue"]] == [True, True, False, False]
    writing, bar, line = (
        "Writing the first bars…",
        "The new take enters at bar 3",
        "The new take enters at the next line",
    )
    assert said["take"] == ["", "", writing, writing, bar, line]
    assert said["beats"] == [4, 3, 4, 4, 7], "a bar that is planned in part has its dots"


def test_a_message_stands_beside_its_control_and_inside_the_window(node: Node) -> None:
    said = node(STATUS)
    below, above, top, bottom, second = said["places"]
    assert below == [40, 136]
    assert above == [692, 524]
    assert top == [40, 8]
    assert bottom == [40, 562]
    assert second == [40, 170], "below the message that stands there"
    assert said["labels"][:3] == ["how daring", "drum notes (gm: General MIDI)", "part of it"]
    assert (
        said["labels"][3]
        == "3.2 beats ahead · notes late 0, dropped 1 · beats repeated 2 · 99 of 100 notes within 1.0 ms"
    )
    assert said["inputs"][:2] == [
        "Input 1 (jack:keys): listening",
        "Input 2 (audio): bass, a note is known after 165 ms, 2 gaps",
    ]
    assert said["inputs"][2].startswith("Input 2 (audio) was lost; the others go on")
    assert said["keysHeard"] == ["Your keys: chords", ""], (
        "the page's own keys have no name, and are told while they lead"
    )
    assert said["off"] == "Input 2 (audio): listening"
    assert said["styles"] == ["folk + art song", "lo-fi", ""]
    assert said["values"] == ["on", "8"]
    assert said["keys"] == ["A", "Q"]


CONNECTED = (
    WORLD.replace('location = { host: "" }', 'location = { host: "" }; globalThis.addEventListener = () => 0')
    + """
const sockets = [];
globalThis.WebSocket = class { static OPEN = 1; constructor() { sockets.push(this); this.readyState = 1; } send(text) { sent.push(JSON.parse(text)); } close() {} };
globalThis.Option = class {};
const element = () => ({ style: {}, setAttribute() {}, replaceChildren() {}, getBoundingClientRect: () => ({ width: 0, height: 0 }) });
const elements = {}, sent = [];
document.getElementById = (id) => elements[id] ??= element();
const { connect } = await import("%PAGE%/wire.js");
connect();
sockets[0].onopen();
const told = (...messages) => sockets[0].onmessage({ data: JSON.stringify(messages) });
const done = () => sent.splice(0).filter(([path]) => path !== "sync").map(([path, ...args]) => [path.slice(9), ...args]);
"""
)
UNDO = (
    CONNECTED
    + """
const { history, together, undo, undoes } = await import("%PAGE%/history.js");
const { score } = await import("%PAGE%/score.js");
told(["/llmball/part/bass/level", 1], ["/llmball/part/bass/enabled", 1], ["/llmball/part/pad/enabled", -1], ["/llmball/tempo", 0], ["/llmball/chords", "auto"], ["/llmball/state", "idle"]);
history();
said.none = [undoes(), elements.undo.disabled];
wire.send("prompt", "house"); // nothing plays: no take to come back to
said.first = undoes();
told(["/llmball/take", "7"], ["/llmball/state", "playing"]);
for (const value of [0.9, 0.7, 0.5]) { seconds += 0.1; wire.send("part/bass/level", value); }
seconds += 9;
let restored = 0;
together("solo of bass", () => { wire.send("part/pad/enabled", 0); wire.send("part/bass/enabled", 1); }, () => { restored += 1; });
wire.send("tap"); said.tapped = undoes(); seconds += 0.5; wire.send("tap"); told(["/llmball/tempo", 119.8]);
wire.send("chords", "Am | F");
wire.send("like"); wire.send("prompt", "waltz");
told(["/llmball/take", "8"]);
said.titles = [];
done();
for (let what; (what = undoes()); ) { said.titles.push([what, elements.undo.title.includes(what)]); undo(); said.titles.at(-1).push(done()); seconds += 9; }
said.restored = restored;
said.end = [undoes(), elements.undo.disabled];
wire.send("part/bass/level", 0.2);
seconds += 9;
for (const value of [0, 1]) wire.send("part/bass/enabled", value);
said.back = undoes();
let waits = true;
together("the lock that waits", () => {}, () => {}, () => waits);
said.waiting = undoes();
waits = false;
wire.open = false;
undo();
said.lost = undoes();
wire.open = true;
const refused = (path) => told([`/llmball/error`, `/llmball/${path}`, "no"]);
const undone = () => { done(); const what = undoes(); undo(); return [what, ...done()]; };
for (const level of [0.33, 0.333]) { wire.send("part/bass/level", level); told(["/llmball/part/bass/level", Math.fround(level)]); }
said.written = undone(); // as the daemon writes it
told(["/llmball/part/bass/level", 0.2]);
seconds += 9;
wire.send("chords", "H7"); refused("chords");
said.refused = undoes();
wire.send("chords", "Am F"); told(["/llmball/chords", "Am F"]);
wire.send("chords", "H7"); refused("chords");
said.chords = undone();
told(["/llmball/chords", "auto"]);
wire.send("back"); refused("back");
said.back0 = undoes();
wire.send("score/play", "a"); told(["/llmball/take", "9"]); refused("score/play"); // another's: ours came
said.piece = undone();
together("the return of house", () => { wire.send("chords", "C"); wire.send("take/launch", "3"); }); told(["/llmball/chords", "C"]); refused("take/launch");
said.half = undone();
told(["/llmball/chords", "auto"]);
seconds += 9;
wire.send("part/bass/enabled", 0); told(["/llmball/part/bass/enabled", 0]);
seconds += 9;
wire.send("chords", "Dm"); told(["/llmball/chords", "Dm"]);
seconds += 9;
told(["/llmball/chords", "G7"]); // set on another panel
said.others = [undoes(), elements.undo.title.includes("mute bass")];
console.log(JSON.stringify(said));
process.exit(0);
"""
)


def test_undo_takes_back_the_last_thing_done_on_the_page_and_says_which(node: Node) -> None:
    said = node(UNDO)
    assert said["none"] == ["", True]
    assert said["first"] == ""
    assert said["titles"] == [
        ["the new take", True, [["take/launch", "7"]]],
        ["the locked chords", True, [["chords", "auto"]]],
        ["tempo", True, [["tempo", 0]]],
        ["solo of bass", True, [["part/pad/enabled", -1]]],
        ["level of bass", True, [["part/bass/level", 1]]],
    ], "a fader's move, two taps and a solo are one step each; a like is none"
    assert said["tapped"] == "solo of bass", "one tap sets no tempo"
    assert said["restored"] == 1
    assert said["end"] == ["", True]
    assert said["back"] == "level of bass", "a part that is muted and at once unmuted is as it was"
    assert said["waiting"] == "the lock that waits"
    assert said["lost"] == "level of bass", "without a connection nothing is undone, nor forgotten"


def test_undo_takes_back_nothing_that_was_refused_and_nothing_that_another_panel_set(node: Node) -> None:
    said = node(UNDO)
    assert said["written"] == ["level of bass", ["part/bass/level", 0.2]]
    assert said["refused"] == said["back0"] == "level of bass", "neither chords nor a take"
    assert said["chords"] == ["the locked chords", ["chords", "auto"]], "what was refused is not remembered"
    assert said["piece"] == ["the piece", ["take/launch", "8"]]
    assert said["half"] == ["the return of house", ["chords", "auto"]], "the chords changed, the take did not"
    assert said["others"] == ["mute bass", True], "the chords that another panel set since stay"


FIRST_BAR = (
    CONNECTED
    + """
const { play } = await import("%PAGE%/prompt.js");
const { sound } = await import("%PAGE%/sound.js");
let loaded, ready;
const loads = () => { ready = new Promise((done) => { loaded = done; }); };
sound.start = () => ready;
loads();
const turn = () => new Promise((over) => setImmediate(over));
done();
play("house");
play("house");
await turn();
said.waits = done();
loaded();
await turn();
said.plays = done();
loads();
play("waltz");
wire.send("stop");
loaded();
await turn();
said.stopped = done();
loads();
play("house");
told(["/llmball/state", "playing"]); // another panel's play
loaded();
await turn();
said.begun = done();
console.log(JSON.stringify(said));
process.exit(0);
"""
)


def test_the_band_begins_when_this_browsers_sound_is_there(node: Node) -> None:
    said = node(FIRST_BAR)
    assert said["waits"] == [["prompt", "house"], ["prompt", "house"]], "it writes meanwhile"
    assert said["plays"] == [["play"]], "once"
    assert said["stopped"] == [["prompt", "waltz"], ["stop"]]
    assert said["begun"] == [["prompt", "house"]], "what another panel started meanwhile is not started again"


FILES = (
    WORLD.replace('location = { host: "" }', 'location = { host: "", protocol: "http:", search: "", pathname: "/" }')
    + """
const { midi } = await import("%PAGE%/export.js");
const note = (part, start, length) => ({ part, pitch: 60, velocity: 90, start, length, at: start / 2, seconds: length / 2 });
const song = (quarters, ...notes) => ({ notes, quarters, seconds: quarters / 2, tempi: [[0, 120]], programs: {}, title: "t",
  bars: [0, 3].filter((from) => from < quarters).map((from) => ({ from, meter: "3/4", chords: [] })) });
const songs = [song(6, note("bass", 0, 1), note("melody", 3, 2.998)), song(4.5, note("bass", 0, 4.5))];
for (const [i, one] of songs.entries()) said[i] = [...midi(one)];
console.log(JSON.stringify(said));
"""
)


def test_a_file_from_the_page_holds_whole_bars_whenever_its_last_note_ends(node: Node) -> None:
    said = node(FILES)
    ends_early, ends_inside_a_bar = (midifile.from_bytes(bytes(said[name])) for name in "01")
    assert [meter for _, meter in ends_early.bars] == [meter for _, meter in ends_inside_a_bar.bars] == ["3/4", "3/4"]
    assert [n.length for n in ends_early.notes] == [480, 1439]


CHORD_NAMES = (
    WORLD
    + """
const { placed } = await import("%PAGE%/roll.js");
const wide = () => 55.3;
said.held = placed([-300, -80, 400], wide, 1200);
said.pushed = Array.from({ length: 600 }, (_, i) => placed([-80, i / 10], wide, 1200));
said.crowded = placed([10, 30, 100, 1190, 1199], wide, 1200);
console.log(JSON.stringify(said));
"""
)


def test_a_chord_that_holds_stays_at_the_edge_until_the_next_one_pushes_it_out(node: Node) -> None:
    said = node(CHORD_NAMES)
    assert said["held"] == [[1, 5], [2, 405]]
    for tenths, (held, following) in enumerate(said["pushed"]):
        assert following == [1, tenths / 10 + 5], "whoever pushes is shown, wherever it is"
        assert held[1] == pytest.approx(min(5, tenths / 10 - 55.3 - 3))
    assert said["crowded"] == [[0, 15], [2, 105], [3, 1195]], "names do not lie on one another"


TILES = (
    WORLD
    + """
const made = [], elements = {};
const pen = new Proxy({}, { get: (held, name) => held[name] ?? (() => ({ width: 20 })), set: (held, name, value) => { held[name] = value; return true; } });
const element = () => ({ dataset: {}, style: {}, children: [], clientWidth: 1536, clientHeight: 300, append() {}, appendChild: (child) => child, addEventListener() {}, setAttribute() {}, remove() {}, getContext: () => pen });
Object.assign(globalThis, { devicePixelRatio: 1, requestAnimationFrame() {}, matchMedia: element, getComputedStyle: () => ({}), ResizeObserver: class { constructor(told) { this.observe = told; } } });
document.getElementById = (id) => elements[id] ??= element();
document.createElement = (tag) => { const one = element(); if (tag === "canvas") made.push(one); return one; };
document.body = element();
const { draw, roll } = await import("%PAGE%/roll.js");
const drawn = () => { const before = made.length; draw(); return made.length - before; };
roll();
wire.tell("state", "playing");
wire.tell("tempo_map", [[0, 0, 60]]);
const beats = (from, to) => wire.tell("planned", Array.from({ length: to - from }, (_, i) => [from + i, (from + i) / 4 + 1 | 0, (from + i) % 4 + 1, "C"]));
beats(0, 12);
seconds = 2;
said.first = drawn(); // 24 quarter notes are 1536 pixels, so three tiles of 512
seconds = 2.3;
said.moved = drawn();
beats(3, 12);
said.toldAgain = drawn();
wire.tell("note", "1", "chords", 60, 90, 5, 1);
said.note = drawn();
wire.tell("note", "1", "bass", 44, 90, 7.5, 1);
said.acrossTwo = drawn();
wire.tell("cancelled", "1", "bass", 9);
said.cancelled = drawn();
wire.tell("note", "1", "melody", 100, 90, 9, 1);
said.high = drawn();
wire.tell("state", "idle");
draw();
said.still = [drawn(), elements.roll.dataset.notes];
console.log(JSON.stringify(said));
"""
)


def test_the_roll_draws_anew_only_the_stretches_that_changed(node: Node) -> None:
    said = node(TILES)
    assert said["first"] == 3
    assert said["moved"] == said["toldAgain"] == 0, "what moves is drawn over pictures that are there"
    assert said["note"] == 1
    assert said["acrossTwo"] == 2, "a note that lies in two"
    assert said["cancelled"] == 2, "from there to the right edge"
    assert said["high"] == 3, "another range of pitches changes all"
    assert said["still"] == [0, 0], "stopped: what was to come is gone, and nothing is drawn"


PLANNED_IN_PART = (
    WORLD.replace('location = { host: "" }', 'location = { host: "", protocol: "http:", search: "", pathname: "/" }')
    + """
const { midi } = await import("%PAGE%/export.js");
const { score } = await import("%PAGE%/score.js");
const planned = (to, meters) => { // beats of some bars up to a quarter note; notes of one quarter note
  wire.tell("connected");
  const beats = [];
  let at = 0;
  for (const [i, [count, step]] of meters.entries())
    for (let beat = 1; beat <= count; beat++, at += step) if (at < to) beats.push([at, i + 1, beat, beat === 1 ? "C" : ""]);
  wire.tell("planned", beats);
  for (let q = 0; q < to; q++) wire.tell("note", "1", "chords", 60, 80, q, 1);
};
const five = [5, 1], four = [4, 1], nine = [9, 0.5], three = [3, 1];
const cases = { five: [9, 6, [five, five]], four: [10, 10, [four, four, four]], one: [6, 6, [five, four]], changed: [8.5, 8.5, [nine, four]], longer: [8, 8, [three, five]], whole: [9, 9, [five, four, five]], alone: [2, 2, [four]] };
for (const [name, [to, saved, meters]] of Object.entries(cases)) { planned(to, meters); said[name] = [...midi(score.region(0, saved, "1"))]; }
console.log(JSON.stringify(said));
"""
)


def test_a_bar_that_is_planned_in_part_is_saved_in_the_metre_of_the_bar_before(node: Node) -> None:
    said = node(PLANNED_IN_PART)
    songs = {name: midifile.from_bytes(bytes(data)) for name, data in said.items()}
    assert {name: [meter for _, meter in song.bars] for name, song in songs.items()} == {
        "five": ["5/4", "5/4"],
        "four": ["4/4", "4/4", "4/4"],
        "one": ["5/4", "5/4"],
        "changed": ["9/8", "4/4"],
        "longer": ["3/4", "5/4"],
        "whole": ["5/4", "5/4"],
        "alone": ["2/4"],
    }
    assert songs["five"].end == 10 * 480, "up to the bar line"


PANEL = (
    WORLD.replace(
        'location = { host: "" }',
        'location = { host: "", protocol: "http:", search: "", pathname: "/" }; globalThis.addEventListener = () => 0',
    )
    + """
const elements = {};
let rebuilt = 0;
const element = () => ({ dataset: {}, style: {}, children: [], append(...more) { this.children.push(...more); }, replaceChildren(...all) { rebuilt += 1; this.children = all; },
  setAttribute(name, value) { this[name] = value; }, removeAttribute(name) { delete this[name]; }, get firstChild() { return this.children[0]; }, get lastChild() { return this.children.at(-1); },
  querySelector(tag) { return this.tag === tag ? this : this.children.map((child) => child.querySelector?.(tag)).find(Boolean); } });
document.getElementById = (id) => elements[id] ??= element();
document.createElement = (tag) => Object.assign(element(), { tag });
"""
)
CARDS = (
    PANEL
    + """
const { takes } = await import("%PAGE%/takes.js");
globalThis.fetch = async () => null;
takes();
wire.tell("words", "house");
wire.tell("state", "playing");
wire.tell("take", "1");
wire.tell("words", "waltz");
wire.tell("take", "2");
const lines = () => elements.session.children.map((row) => row.querySelector("small").textContent.split(" · ").filter((text) => /now|bpm/.test(text)).join());
rebuilt = 0;
for (const tempo of [120, 120.1, 119.9]) wire.tell("beat", 1, 1, tempo);
said.clock = [rebuilt, lines()];
console.log(JSON.stringify(said));
"""
)


def test_a_clock_that_trembles_writes_only_the_line_of_the_take_that_plays(node: Node) -> None:
    assert node(CARDS)["clock"] == [0, ["plays now,119.9 bpm", ""]]


WENT_ON = (
    PANEL
    + """
const { progression } = await import("%PAGE%/progression.js");
progression();
const shown = () => elements.progression.children.map((row) => [row.firstChild.dataset.chords, row.firstChild["aria-current"] ?? ""].join(" ").trim());
wire.tell("understood/progression", "C | G | Am | F");
wire.tell("state", "playing");
wire.tell("tempo_map", [[0, 0, 60]]);
wire.tell("planned", [["C", 0], ["G", 4], ["Am", 8]].map(([chord, at], i) => [at, i + 3, 1, chord]));
wire.tell("entered", 3);
said.entered = shown();
wire.tell("entered", 3, 2); // it goes on with the third of its bars
said.wentOn = shown();
console.log(JSON.stringify(said));
"""
)


def test_a_take_that_goes_on_in_its_midst_has_its_own_chords_in_each_bar(node: Node) -> None:
    said = node(WENT_ON)
    assert said["entered"] == ["3 C true", "4 G", "5 Am", "6 F"]
    assert said["wentOn"] == ["1 C", "2 G", "3 Am true", "4 F"]


ANOTHER_DAEMON = (
    WORLD.replace('location = { host: "" }', 'location = { host: "", protocol: "http:", search: "", pathname: "/" }')
    + """
const elements = {};
const element = () => ({ dataset: {}, style: {}, children: [], options: [], append() {}, replaceChildren() {}, addEventListener() {}, setAttribute() {}, getAttribute: () => "true" });
Object.assign(globalThis, { addEventListener() {}, Option: class {} });
globalThis.navigator ??= {};
document.getElementById = (id) => elements[id] ??= element();
document.createElement = element;
document.body = element();
const { keys } = await import("%PAGE%/keys.js");
const { score } = await import("%PAGE%/score.js");
keys();
const joins = (...inputs) => {
  wire.tell("connected");
  wire.tell("tempo_map", [[0, 0, 60]]);
  for (const number of inputs) wire.tell("input", number, `keys ${number}`, "open");
  wire.tell("state", "playing");
};
joins(1, 2);
wire.tell("chord", "Dm");
wire.tell("planned", [[0, 1, 1, ""], [1, 1, 2, "G"]]);
wire.tell("welcome");
said.first = [elements.inputs.textContent, score.bars()[0].chords];
joins(1);
wire.tell("planned", [[0, 1, 1, ""], [1, 1, 2, "C"]]);
wire.tell("welcome");
said.second = [elements.inputs.textContent, score.bars()[0].chords];
joins();
said.third = elements.inputs.textContent;
console.log(JSON.stringify(said));
"""
)


def test_another_daemons_inputs_and_chord_are_not_those_of_the_one_before(node: Node) -> None:
    said = node(ANOTHER_DAEMON)
    listening = "Input 1 (keys 1): listening"
    assert said["first"] == [f"{listening} · Input 2 (keys 2): listening", [[0, "Dm"], [1, "G"]]]
    assert said["second"] == [listening, [[1, "C"]]], "what sounds has not been told"
    assert said["third"] == "Play on the keys below or a MIDI keyboard: the band follows."
