// The understood fields of the prompt, which can be overridden, and all controls, built from the OSCQuery namespace.
import { wire } from "./wire.js";

const KEYS = ["C major", "G major", "D major", "A minor", "E minor", "D minor", "D dorian", "E phrygian", "F lydian", "G mixolydian",
  "C minor pentatonic", "A blues", "A harmonic minor"];
const METERS = ["2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8"];
const FACTS = [
  { name: "tempo", off: 0, number: [20, 300] }, { name: "key", off: "auto", known: KEYS },
  { name: "meter", off: "auto", choices: METERS }, { name: "progression", path: "chords", off: "auto" },
  { name: "density", off: -1, span: [0, 1] }, { name: "energy", off: -1, span: [0, 1] },
  { name: "brightness", off: -1, span: [0, 1] }, { name: "complexity", off: -1, span: [0, 1] },
  { name: "swing", off: -1, span: [0.5, 0.75] },
];

const make = (tag, more = {}) => Object.assign(document.createElement(tag), more);
const shown = (value) => typeof value === "number" ? String(Math.round(value * 100) / 100) : value;

export function facts($) {
  $("facts").append(...FACTS.map(fact), said("feel"), said("style"), said("unread", "not met"));
  const lost = new Map();
  const show = () => $("overruled").replaceChildren(...[...lost].map(([name, by]) =>
    make("li", { textContent: `${name}: ${by === "host" ? "the host's" : "the control's"} value counts, not the words'` })));
  wire.on("connected", () => { lost.clear(); show(); });
  wire.on("understood/feel", () => { lost.clear(); show(); });
  wire.on("understood/overruled", (name, by) => { lost.set(name, by); show(); });
  for (const { name, path = name, off } of FACTS) wire.on(path, (value) => { if (value === off) { lost.delete(name); lost.delete(path); show(); } });
  controls($("controls"));
}

/** Create the row of a field that the prompt or a control sets. */
function fact({ name, path = name, off, number, span, choices, known }) {
  const id = `fact-${name}`, row = make("div", { className: "row" });
  const input = choices ? make("select", { id }) : make("input", { id, type: number ? "number" : span ? "range" : "text", autocomplete: "off" });
  if (choices) input.append(...choices.map((c) => new Option(c, c)));
  if (number) Object.assign(input, { min: number[0], max: number[1], step: "any" });
  if (span) Object.assign(input, { min: span[0], max: span[1], step: 0.01 });
  row.append(make("label", { htmlFor: id, textContent: name }), input);
  if (span) row.append(make("output", { htmlFor: id }));
  if (known) {
    const list = make("datalist", { id: `${id}-known` });
    list.append(...known.map((k) => new Option(k, k)));
    input.setAttribute("list", list.id);
    row.append(list);
  }
  const words = make("button", { type: "button", textContent: "×", title: `leave ${name} to the words` });
  words.setAttribute("aria-label", words.title);
  row.append(words);
  let understood = "";
  const show = () => {
    if (document.activeElement !== input || span || choices) input.value = understood;
    if (span) row.querySelector("output").value = shown(Number(understood));
  };
  wire.on(`understood/${name}`, (value) => { understood = shown(value); show(); });
  wire.on(path, (value) => { row.classList.toggle("set", value !== off); if (value !== off && (name !== "progression" || !understood)) { understood = shown(value); show(); } });
  input.onchange = () => {
    const value = input.value.trim();
    wire.send(path, number || span ? Number(value) : value || off);
    if (!number && !span) understood = value;
  };
  if (span) input.oninput = () => { row.querySelector("output").value = shown(Number(input.value)); };
  words.onclick = () => wire.send(path, off);
  return row;
}

/** Create the row of a field that only the prompt sets. */
function said(name, label = name) {
  const row = make("div", { className: "row" }), told = make("span", { className: "told", id: `fact-${name}` });
  row.append(make("span", { className: "tag", textContent: label }), told);
  wire.on(`understood/${name}`, (...args) => {
    told.textContent = name === "style"
      ? args.flatMap((a, i) => i % 2 ? [] : [`${a} ${Math.round(args[i + 1] * 100)} %`]).slice(0, 3).join(", ") : args[0];
  });
  return row;
}

async function controls(place) {
  const answer = await fetch("llmball", { headers: { Accept: "application/json" } });
  const rows = [];
  const walk = (node) => {
    if (node.ACCESS === 3 && !node.FULL_PATH.includes("/part/")) rows.push(control(node));
    for (const inner of Object.values(node.CONTENTS ?? {})) walk(inner);
  };
  walk(await answer.json());
  place.replaceChildren(...rows);
  wire.send("hello", 0, "panel"); // requests the current values
}

function control({ FULL_PATH, TYPE, RANGE: [range], DESCRIPTION, VALUE, DEFAULT_VALUE }) {
  const path = FULL_PATH.replace("/llmball/", ""), id = `control-${path.replace("/", "-")}`, row = make("div", { className: "row", title: DESCRIPTION });
  const toggles = TYPE === "i" && range.MIN === 0 && range.MAX === 1;
  const slides = TYPE !== "s" && !range.VALS && !toggles && path !== "seed" && path !== "tempo";
  const input = range.VALS || toggles ? make("select", { id }) : make("input", { id, type: TYPE === "s" ? "text" : slides ? "range" : "number", autocomplete: "off" });
  if (toggles) input.append(new Option("off", 0), new Option("on", 1));
  if (range.VALS) input.append(...range.VALS.map((v) => new Option(v, v)));
  if (slides) Object.assign(input, { min: range.MIN, max: range.MAX, step: TYPE === "i" ? 1 : 0.01 });
  row.append(make("label", { htmlFor: id, textContent: path.replace("_", " ") }), input);
  const output = slides ? make("output", { htmlFor: id }) : null;
  if (output) row.append(output);
  const back = make("button", { type: "button", textContent: "×", title: `back to ${DEFAULT_VALUE[0]}` });
  back.setAttribute("aria-label", `${path}: ${back.title}`);
  back.onclick = () => wire.send(path, DEFAULT_VALUE[0]);
  row.append(back);
  const show = (value) => {
    if (document.activeElement !== input || slides || range.VALS) input.value = value;
    if (output) output.value = value < range.MIN ? "words" : shown(value);
    row.classList.toggle("set", value !== DEFAULT_VALUE[0]);
  };
  show(VALUE[0]);
  wire.on(path, show);
  input.oninput = () => { if (slides) wire.send(path, Number(input.value)); };
  input.onchange = () => wire.send(path, TYPE === "s" ? input.value : Number(input.value));
  return row;
}
