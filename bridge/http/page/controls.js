// All controls, built from the OSCQuery namespace.
import { button, limited, make, shown } from "./dom.js";
import { labelOf, valueOf } from "./labels.js";
import { wire } from "./wire.js";

export async function controls(place) {
  const answer = await fetch("llmball", { headers: { Accept: "application/json" } });
  const rows = [];
  const walk = (node) => {
    if (node.ACCESS === 3 && !node.FULL_PATH.includes("/part/") && !node.DESCRIPTION.startsWith("old address of ")) rows.push(control(node));
    for (const inner of Object.values(node.CONTENTS ?? {})) walk(inner);
  };
  walk(await answer.json());
  place.replaceChildren(...rows);
}

function control({ FULL_PATH, TYPE, RANGE: [range], DESCRIPTION, VALUE, DEFAULT_VALUE }) {
  const path = FULL_PATH.replace("/llmball/", ""), id = `control-${path.replace("/", "-")}`, row = make("div", { className: "row", title: `${path}: ${DESCRIPTION}` });
  const toggles = TYPE === "i" && range.MIN === 0 && range.MAX === 1;
  const slides = TYPE !== "s" && !range.VALS && !toggles && path !== "seed" && path !== "tempo";
  const input = range.VALS || toggles ? make("select", { id }) : make("input", { id, type: TYPE === "s" ? "text" : slides ? "range" : "number", autocomplete: "off" });
  if (toggles) input.append(new Option("off", 0), new Option("on", 1));
  if (range.VALS) input.append(...range.VALS.map((v) => new Option(valueOf(path, v), v)));
  if (slides) Object.assign(input, { min: range.MIN, max: range.MAX, step: TYPE === "i" ? 1 : 0.01 });
  row.append(make("label", { htmlFor: id, textContent: labelOf(path) }), input);
  const output = slides ? make("output", { htmlFor: id }) : null;
  if (output) row.append(output);
  const back = button("×", () => wire.send(path, DEFAULT_VALUE[0]), { className: "undo", title: `back to ${DEFAULT_VALUE[0]}`, label: `${labelOf(path)}: back to ${DEFAULT_VALUE[0]}` });
  row.append(back);
  const show = (value) => {
    if (document.activeElement !== input || slides || range.VALS) input.value = value;
    if (output) output.value = value < range.MIN ? "words" : shown(value);
    row.classList.toggle("set", value !== DEFAULT_VALUE[0]);
  };
  show(VALUE[0]);
  wire.on(path, show);
  const slide = limited(() => wire.send(path, Number(input.value)));
  if (slides) input.oninput = () => { if (output) output.value = shown(Number(input.value)); slide(); };
  if (!slides) input.onchange = () => wire.send(path, TYPE === "s" ? input.value : Number(input.value));
  return row;
}
