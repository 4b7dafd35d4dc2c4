// What was done on this page, and how to take it back: a control by the value that it had, a take by the one that played.
import { $, done } from "./dom.js";
import { labelOf } from "./labels.js";
import { score } from "./score.js";
import { wire } from "./wire.js";

const MOST = 100, ONE_MOVE = 1500; // steps that are remembered; milliseconds between two values of one control that are one move
const TAKES = { prompt: "the new take", refine: "the change of the take", morph: "the morph", back: "the take that came back", "take/launch": "the take that came back", "score/play": "the piece" };
const PARTS = { level: "level", program: "instrument", channel: "channel", octave: "octave", low: "lowest note", high: "highest note", offset: "offset", voicing: "voicing" };
const known = new Map(), steps = []; // values by path; steps: { what, before: Map of values by path, take, restore, at }
let group = null, undoing = false;

/** Return what a message did, in words. */
function named(path, value) {
  const [, part, what] = /^part\/(\w+)\/(\w+)$/.exec(path) ?? [];
  if (part) return what === "enabled" ? `${value ? "unmute" : "mute"} ${part}` : `${PARTS[what]} of ${part}`;
  return TAKES[path] ?? (path === "chords" ? value === "auto" ? "unlock the chords" : "the locked chords" : path.startsWith("bank/") ? `pad ${path.split("/")[1]}` : labelOf(path));
}

/** Do what sends several messages as one step; `restore` is called when it is undone, which it can be while it `holds`. */
export function together(what, act, restore, holds) {
  group = { what, before: new Map(), restore, holds };
  const step = group;
  try { return act(); } finally { group = null; if (step.before.size || step.take || restore) push(step); }
}

function push(step) {
  const top = last(), paths = [...step.before.keys()];
  step.at = performance.now();
  if (top && !top.take && !top.restore && !step.take && !step.restore && step.at - top.at < ONE_MOVE && paths.length === 1 && top.before.size === 1 && top.before.has(paths[0])) {
    top.at = step.at;
    if (step.value === top.before.get(paths[0])) steps.pop(); // back where it was
  }
  else steps.push(step);
  if (steps.length > MOST) steps.shift();
  show();
}

/** Take back what was done last. */
export function undo() {
  const step = last();
  if (!step) return;
  undoing = true;
  const sent = [...step.before].map(([path, value]) => wire.send(path, value)).every(Boolean) && (!step.take || wire.send("take/launch", step.take));
  undoing = false;
  if (!sent) return;
  steps.pop();
  step.restore?.();
  done(`Undone: ${step.what}`);
  show();
}

/** What an undo would take back, "" for nothing. */
export const undoes = () => last()?.what ?? "";

function last() {
  while (steps.at(-1)?.holds?.() === false) steps.pop();
  return steps.at(-1);
}

export function show() {
  const what = undoes(), title = what ? `Undo: ${what} (Ctrl+Z)` : "Nothing to undo yet (Ctrl+Z)";
  Object.assign($("undo") ?? {}, { disabled: !what, title });
  $("undo")?.setAttribute("aria-label", what ? `Undo: ${what}` : "Undo");
}

wire.on("*", (path, ...args) => { if (args.length === 1) known.set(path, args[0]); });
wire.on("sending", (path, ...args) => {
  const control = path === "tap" ? "tempo" : path, step = group ?? { what: named(control, args[0]), before: new Map(), value: args[0] };
  if (path in TAKES || /^bank\/\d+\/launch$/.test(path)) step.take = score.state === "playing" ? score.take : "";
  else if (known.has(control) && known.get(control) !== args[0]) step.before.set(control, step.before.get(control) ?? known.get(control));
  if (path !== "tap" && known.has(path)) known.set(path, args[0]);
  if (!undoing && !group && (step.take || step.before.size)) push(step);
});

wire.on("lost", () => { // another daemon's takes have other numbers
  for (const step of steps) step.take = "";
  steps.splice(0, steps.length, ...steps.filter((step) => step.before.size || step.restore));
  show();
});

export function history() {
  $("undo").onclick = undo;
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.target.closest("input:not([type=range]), textarea, dialog")) return;
    event.preventDefault();
    undo();
  });
  show();
}
