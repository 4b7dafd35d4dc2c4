// The prompt line, the examples, and what was understood of the words, as chips that can be changed.
import { onItsWay } from "./coming.js";
import { $, button, complain, done, make, origin, say, shown } from "./dom.js";
import { EXAMPLES } from "./examples.js";
import { styleOf } from "./labels.js";
import { score } from "./score.js";
import { sound, store, stored } from "./sound.js";
import { wire } from "./wire.js";

const KEYS = ["C major", "G major", "D major", "A minor", "E minor", "D minor", "D dorian", "E phrygian", "F lydian", "G mixolydian",
  "C minor pentatonic", "A blues", "A harmonic minor"];
const METERS = ["2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8"];
const FACTS = [
  { name: "tempo", off: 0, number: [20, 300], unit: "bpm" }, { name: "key", off: "auto", known: KEYS },
  { name: "meter", off: "auto", choices: METERS, label: "metre" },
  { name: "density", off: -1, span: [0, 1], label: "busy" }, { name: "energy", off: -1, span: [0, 1] },
  { name: "brightness", off: -1, span: [0, 1], label: "bright" }, { name: "complexity", off: -1, span: [0, 1], label: "rich chords" },
  { name: "swing", off: -1, span: [0.5, 0.75] },
];

let told = ""; // the words that the daemon has of the latest take

export function prompt() {
  $("ask").onsubmit = (event) => { event.preventDefault(); play($("prompt").value.trim()); };
  $("prompt").onkeydown = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); change(); } };
  $("change").onclick = change;
  wire.on("words", (words) => { told = words; if (document.activeElement !== $("prompt") && words) $("prompt").value = words; });
  wire.on("morph", (first, second) => { if (first && second && document.activeElement !== $("prompt")) $("prompt").value = `${first} → ${second}`; });
  wire.on("state", (state) => { $("change").disabled = state === "idle"; if (state === "idle") say(""); else waits(); });
  wire.on("coming", (words, entry) => waits(words, entry));
  wire.on("along", (text) => { along = text; });
  history();
  examples();
  understood();
}

/** Play what the prompt line says; with no words, the example that it shows. */
export async function play(words = $("prompt").value.trim()) {
  const audible = stored("sound", true) && !sound.on ? sound.start().catch((error) => complain(error.message)) : null;
  const said = words || (score.state === "idle" ? $("prompt").placeholder : "");
  if (words === "" && said) $("prompt").value = said;
  const isNew = said && (said !== told || score.state === "idle");
  if (isNew ? !wire.send("prompt", said) : !wire.open) { wire.tell("unsent"); return; }
  if (said) remember(said);
  if (isNew) say("Reading your words…");
  if (score.state === "playing") {
    if (!isNew) wire.send("prompt", said); // the same words once more: another take
    return audible;
  }
  if (starts) return;
  starts = true;
  await Promise.race([audible, new Promise((over) => setTimeout(over, SOUND_WAITS))]); // the first bar shall be heard
  if (starts && score.state !== "playing") wire.send("play"); // not where it was stopped, or started elsewhere, meanwhile
  starts = false;
}
let starts = false; // the band waits for the sound of this browser
const SOUND_WAITS = 6000; // milliseconds
wire.on("sending", (path) => { if (path === "stop" || path === "panic") starts = false; });

function change() {
  const words = $("prompt").value.trim();
  if (!words) return complain("Say what shall change: less busy, walking bass, jazz chords");
  if (wire.send("refine", words)) { say("Changing the take…"); remember(words); }
}

/** Show what is on its way, beside what brought it: `entry` is the quarter note at which it enters, -1 while it is written. */
let coming = ["", -1], askedAt = null, along = ""; // along: what else the take brings
function waits(words = coming[0], entry = coming[1]) {
  const had = coming[0], text = [onItsWay(words, entry, score), along].filter(Boolean).join(". ");
  coming = [words, entry];
  if (!had && words) askedAt = origin();
  if (words) say(text, false, askedAt);
  else if (had) { if (along) done(along, askedAt); else say(""); along = ""; }
}

function history() {
  const said = stored("said", []);
  $("said-before").append(...said.map((words) => new Option(words, words)));
}
function remember(words) {
  const said = [words, ...stored("said", []).filter((w) => w !== words)].slice(0, 20);
  store("said", said);
  $("said-before").replaceChildren(...said.map((w) => new Option(w, w)));
}

function examples() {
  const families = Object.keys(EXAMPLES), chosen = stored("family", families[0]);
  const tabs = make("select", { id: "family", label: "Family of styles" });
  tabs.append(...families.map((name) => new Option(name, name)));
  tabs.value = families.includes(chosen) ? chosen : families[0];
  const chips = make("span", { className: "chips" });
  const show = () => chips.replaceChildren(...EXAMPLES[tabs.value].map(([name, words]) =>
    button(name, () => { $("prompt").value = words; play(words); }, { className: "chip example", title: words })));
  tabs.onchange = () => { store("family", tabs.value); show(); };
  const surprise = button("Surprise me", () => {
    const all = Object.values(EXAMPLES).flat(), [, words] = all[Math.floor(Math.random() * all.length)];
    $("prompt").value = words;
    play(words);
  }, { className: "chip example" });
  $("examples").append(make("span", { className: "tag", textContent: "Try" }), tabs, chips, surprise);
  show();
}

// --- what was understood ------------------------------------------------------------------------

const EASY = { key: "key", tempo: "tempo", meter: "metre", chords: "chords" };
function understood() {
  $("understood").append(style(), ...FACTS.map(fact), feel());
  const lost = new Map();
  let unread = "";
  const show = () => $("unmet").replaceChildren(
    ...(unread ? unread.split(/;\s+/).filter(Boolean).map((text) => make("li", { className: "chip warn", textContent: `Not followed: ${text}` })) : []),
    ...[...lost].map(([name, by]) => {
      const what = EASY[name] ?? name, path = name === "progression" ? "chords" : name;
      const chip = make("li", { className: "chip warn", textContent: by === "host" ? `${what}: the host's holds, not your words'` : `${what}: yours from here holds, not the words' ` });
      if (by !== "host") chip.append(button("Follow the words", () => wire.send(path, FACTS.find((f) => f.name === name)?.off ?? "auto"), { className: "small" }));
      return chip;
    }));
  wire.on("connected", () => { lost.clear(); unread = ""; $("understood").hidden = true; show(); });
  wire.on("understood/feel", () => { lost.clear(); $("understood").hidden = false; show(); });
  wire.on("understood/unread", (words) => { unread = words; show(); });
  wire.on("understood/overruled", (name, by) => { lost.set(name, by); show(); });
  for (const { name, off } of [...FACTS, { name: "progression", off: "auto" }]) {
    wire.on(name === "progression" ? "chords" : name, (value) => { if (value === off && lost.delete(name)) show(); });
  }
}

/** Make the chip of a field that the words or a control set. */
function fact({ name, label = name, off, number, span, choices, known, unit }) {
  const id = `fact-${name}`, chip = make("span", { className: "chip fact" });
  const input = choices ? make("select", { id }) : make("input", { id, type: number ? "number" : span ? "range" : "text", autocomplete: "off", spellcheck: false });
  if (choices) input.append(...choices.map((c) => new Option(c, c)));
  if (number) Object.assign(input, { min: number[0], max: number[1], step: "any" });
  if (span) Object.assign(input, { min: span[0], max: span[1], step: 0.01 });
  const output = span ? make("output", { htmlFor: id }) : null;
  chip.append(make("label", { htmlFor: id, textContent: label }), input, output ?? (unit ? make("span", { className: "unit", textContent: unit }) : ""));
  if (known) {
    const list = make("datalist", { id: `${id}-known` });
    list.append(...known.map((k) => new Option(k, k)));
    input.setAttribute("list", list.id);
    chip.append(list);
  }
  const words = button("×", () => wire.send(name, off), { className: "undo", label: `Leave ${label} to the words`, title: `You set this: leave ${label} to the words` });
  chip.append(words);
  let understood = "";
  const show = () => {
    if (document.activeElement !== input || span || choices) input.value = understood;
    if (!span && !choices) input.size = Math.max(3, String(understood).length);
    if (output) output.value = span[0] === 0.5 ? (Number(understood) <= 0.5 ? "straight" : `${Math.round(understood * 100)} %`) : `${Math.round(understood * 100)} %`;
  };
  wire.on(`understood/${name}`, (value) => { understood = shown(value); show(); });
  wire.on(name, (value) => { chip.classList.toggle("set", value !== off); if (value !== off) { understood = shown(value); show(); } });
  input.onchange = () => {
    const value = input.value.trim();
    wire.send(name, number || span ? Number(value) : value || off);
  };
  if (span) input.oninput = () => { understood = Number(input.value); show(); };
  return chip;
}

/** The chip of the style: choosing another changes the take that plays. */
function style() {
  const chip = make("span", { className: "chip fact" }), choice = make("select", { id: "fact-style" });
  chip.append(make("label", { htmlFor: "fact-style", textContent: "style" }), choice);
  const names = Object.values(EXAMPLES).flat().map(([name]) => name).sort();
  wire.on("understood/style", (...args) => {
    const text = styleOf(...args) || "none";
    choice.replaceChildren(new Option(text, ""), ...names.filter((n) => n !== text).map((n) => new Option(n, n)));
  });
  choice.onchange = () => {
    const name = choice.value;
    if (!name) return;
    const words = Object.values(EXAMPLES).flat().find(([n]) => n === name)[1];
    $("prompt").value = words;
    play(words);
  };
  return chip;
}

function feel() {
  const chip = make("span", { className: "chip", id: "fact-feel", hidden: true });
  wire.on("understood/feel", (said) => { chip.textContent = `${said} time`; chip.hidden = said === "normal"; });
  return chip;
}
