// The chords of the take as a row of bars: the one that sounds is lit, each can be replaced, all can be locked.
import { $, button, make } from "./dom.js";
import { score } from "./score.js";
import { wire } from "./wire.js";

const MOST = 16, UNKNOWN = 8; // bars shown at most, and where the length of the round is not known yet
const PERIODS = [2, 4, 8, 12, 16];
let given = [], control = "auto", key = "C major", first = 1, awaiting = true;

export function progression() {
  wire.on("understood/progression", (bars) => { given = split(bars); show(); });
  wire.on("understood/key", (said) => { key = said; });
  wire.on("key", (said) => { if (said !== "auto") key = said; });
  wire.on("chords", (said) => {
    control = said;
    $("lock").setAttribute("aria-pressed", said !== "auto");
    $("lock").textContent = said === "auto" ? "Lock" : "Unlock";
    show();
  });
  wire.on("take", () => { awaiting = true; });
  wire.on("beat", (bar, beat) => { if (awaiting) { first = bar; awaiting = false; show(); } else if (beat === 1) show(); });
  wire.on("planned", show);
  wire.on("state", (state) => { if (state !== "playing") awaiting = true; show(); });
  $("lock").onclick = () => {
    const known = cells().filter((cell) => cell.chords.length);
    if (control !== "auto") wire.send("chords", "auto");
    else if (known.length) wire.send("chords", text(known));
  };
  $("chord-set").onclick = () => { chosen($("chord-text").value.trim()); };
}

const split = (bars) => bars.split("|").map((bar) => bar.trim()).filter(Boolean).map((bar) => bar.split(/\s+/));
const text = (list) => list.map((cell) => cell.chords.join(" ")).join(" | ");

/** Return the bars of the round: { number, chords }, as far as they are known. */
function cells() {
  if (control !== "auto" && control.includes(" | ")) return split(control).map((chords, i) => ({ number: i + 1, chords }));
  if (given.length) return given.map((chords, i) => ({ number: i + 1, chords }));
  let last = [];
  const played = score.bars().filter((bar) => bar.number >= first).map((bar) => {
    if (bar.chords.length) last = bar.chords.map(([, c]) => c);
    return { number: bar.number, chords: bar.chords.length ? last : last.slice(-1) };
  });
  const same = (a, b) => a.chords.join() === b.chords.join();
  const size = PERIODS.find((p) => played.length >= p + Math.min(p, 4) && played.slice(p).every((bar, i) => same(bar, played[i])));
  if (size) return played.slice(0, size);
  const from = Math.max(0, Math.floor((played.length - 1) / MOST) * MOST), shownBars = played.slice(from, from + MOST);
  while (shownBars.length && shownBars.length < UNKNOWN) shownBars.push({ number: 0, chords: [] });
  return shownBars;
}

let drawn = "";
function show() {
  const list = cells(), now = score.bars().findLast((bar) => bar.from <= score.quarterNow() + 0.01)?.number ?? 0;
  const at = score.state === "playing" && list.length ? (now - first + list.length * 100) % list.length : -1;
  const lit = list.findIndex((cell) => cell.number === now && control === "auto" && !given.length);
  const here = lit >= 0 ? lit : at, what = JSON.stringify([list, here, control !== "auto"]);
  if (what === drawn) return;
  const focused = [...$("progression").children].findIndex((li) => li.contains(document.activeElement));
  drawn = what;
  $("progression").replaceChildren(...list.map((cell, i) => {
    const bar = button("", () => edit(i, list), { className: "bar", disabled: !cell.chords.length, title: "Replace this chord" });
    bar.append(make("small", {}, make("span", { className: "hidden", textContent: "Bar " }), String(i + 1)), ...cell.chords.map((c) => make("b", { textContent: c })), ...(cell.chords.length ? [] : ["…"]));
    if (i === here) bar.setAttribute("aria-current", "true");
    return make("li", {}, bar);
  }));
  if (!list.length) $("progression").append(make("li", { className: "tag", textContent: "The chords stand here as soon as the band plays. Click one to replace it." }));
  if (focused >= 0) $("progression").children[focused]?.querySelector("button")?.focus();
}

// --- replacing a chord --------------------------------------------------------------------------

let editing = null;
function edit(index, list) {
  editing = { index, list };
  $("chord-editor-name").textContent = `Bar ${index + 1}: ${list[index].chords.join(" ")}`;
  $("chord-text").value = list[index].chords.join(" ");
  $("chord-choices").replaceChildren(...suggestions(key).map(([name, chords]) => make("p", {}, make("span", { className: "tag", textContent: name }), " ",
    ...chords.map((c) => button(c, () => { $("chord-editor").close(); chosen(c); }, { className: "chip" })))));
  $("chord-editor").showModal();
}

function chosen(chords) {
  if (!editing || !chords) return;
  const { index, list } = editing;
  const known = list.filter((cell) => cell.chords.length).map((cell, i) => i === index ? { chords: chords.split(/\s+/) } : cell);
  if (known.length === 1) known.push(known[0]);
  wire.send("chords", text(known));
}

const NOTES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const SHARPS = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"], FLATS = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"];
const MINOR = /minor|dorian|phrygian|blues|locrian|aeolian/i;
/** Return chords of a key to choose from, in three rows: those of the key, dominants that lead to them, and borrowed ones. */
export function suggestions(said) {
  const [, letter, accidental] = /^([A-G])([#b]?)/.exec(said) ?? [null, "C", ""];
  const tonic = (NOTES[letter] + (accidental === "#") - (accidental === "b") + 12) % 12, minor = MINOR.test(said);
  const flat = accidental === "b" || (accidental !== "#" && [5, ...(minor ? [0, 2, 7, 10] : [])].includes(tonic)), names = flat ? FLATS : SHARPS;
  const on = (step, kind) => names[(tonic + step) % 12] + kind;
  return minor
    ? [["In the key", [on(0, "m"), on(2, "m7b5"), on(3, ""), on(5, "m"), on(7, "m"), on(8, ""), on(10, "")]],
      ["Leading on", [on(7, "7"), on(0, "7"), on(10, "7"), on(3, "7"), on(11, "dim7")]],
      ["Richer", [on(0, "m9"), on(3, "maj7"), on(5, "m7"), on(8, "maj7"), on(1, "maj7"), on(5, ""), on(0, "sus4")]]]
    : [["In the key", [on(0, ""), on(2, "m"), on(4, "m"), on(5, ""), on(7, ""), on(9, "m"), on(11, "dim")]],
      ["Leading on", [on(7, "7"), on(0, "7"), on(2, "7"), on(4, "7"), on(9, "7"), on(11, "7")]],
      ["Richer", [on(0, "maj7"), on(2, "m7"), on(5, "maj7"), on(9, "m7"), on(5, "m"), on(8, ""), on(10, ""), on(7, "sus4")]]];
}
