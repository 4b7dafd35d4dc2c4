// What was done on this page, and how to take it back: a control by the value that it had, a take by the one that played.
import { $, done } from "./dom.js";
import { labelOf } from "./labels.js";
import { score } from "./score.js";
import { wire } from "./wire.js";

const MOST = 100, ONE_MOVE = 1500; // steps that are remembered; milliseconds between two values of one control that are one move
const TAKES = { prompt: "the new take", refine: "the change of the take", morph: "the morph", back: "the take that came back", "take/launch": "the take that came back", "score/play": "the piece" };
const PARTS = { level: "level", program: "instrument", channel: "channel", octave: "octave", low: "lowest note", high: "highest note", offset: "offset", voicing: "voicing" };
const known = new Map(), told = new Map(), steps = []; // values by path: with what is sent, and as the daemon told them
// steps: { what, before: Map of values by path, sent: Map of those that replaced them, take, asked: its message, restore, at }
const made = (what, more) => ({ what, before: new Map(), sent: new Map(), ...more });
let group = null, undoing = false;

/** Return what a message did, in words. */
function named(path, value) {
  const [, part, what] = /^part\/(\w+)\/(\w+)$/.exec(path) ?? [];
  if (part) return what === "enabled" ? `${value ? "unmute" : "mute"} ${part}` : `${PARTS[what]} of ${part}`;
  return TAKES[path] ?? (path === "chords" ? value === "auto" ? "unlock the chords" : "the locked chords" : path.startsWith("bank/") ? `pad ${path.split("/")[1]}` : labelOf(path));
}

/** Do what sends several messages as one step; `restore` is called when it is undone, which it can be while it `holds`. */
export function together(what, act, restore, holds) {
  group = made(what, { restore, holds });
  const step = group;
  try { return act(); } finally { group = null; if (step.before.size || step.take || restore) push(step); }
}

function push(step) {
  const top = steps.at(-1), paths = [...step.before.keys()];
  step.at = performance.now();
  if (top && !top.take && !top.restore && !step.take && !step.restore && step.at - top.at < ONE_MOVE && paths.length === 1 && top.before.size === 1 && top.before.has(paths[0])) {
    Object.assign(top, { at: step.at, sent: step.sent });
    if (step.sent.get(paths[0]) === top.before.get(paths[0])) steps.pop(); // back where it was
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
  const sent = [...step.before].filter(([path]) => isOurs(step, path)).map(([path, value]) => wire.send(path, value)).every(Boolean) && (!step.take || wire.send("take/launch", step.take));
  undoing = false;
  if (!sent) return;
  steps.pop();
  step.restore?.();
  done(`Undone: ${step.what}`);
  show();
}

/** What an undo would take back, "" for nothing. */
export const undoes = () => last()?.what ?? "";

/** Whether a control still has the value that a step gave it: what another panel set since stays. */
const isOurs = (step, path) => known.get(path) === step.sent.get(path);

function isVoid(step) { return !step.take && !step.restore && ![...step.before.keys()].some((path) => isOurs(step, path)); }

function last() {
  while (steps.length && (steps.at(-1).holds?.() === false || isVoid(steps.at(-1)))) steps.pop();
  return steps.at(-1);
}

export function show() {
  const what = undoes(), title = what ? `Undo: ${what} (Ctrl+Z)` : "Nothing to undo yet (Ctrl+Z)";
  Object.assign($("undo") ?? {}, { disabled: !what, title });
  $("undo")?.setAttribute("aria-label", what ? `Undo: ${what}` : "Undo");
}

let tapped = null; // the tempo before a tap, and when that was
wire.on("*", (path, ...args) => {
  if (args.length !== 1) return;
  const now = performance.now(), step = steps.findLast((step) => step.before.has(path)), differs = known.get(path) !== args[0];
  known.set(path, args[0]);
  told.set(path, args[0]);
  if (path === "tempo" && tapped && now - tapped.at < ONE_MOVE && args[0] !== tapped.tempo) push(made("tempo", { before: new Map([[path, tapped.tempo]]), sent: new Map([[path, args[0]]]) }));
  else if (step && now - step.at < ONE_MOVE) step.sent.set(path, args[0]); // ours, as the daemon writes it
  if (path === "tempo") tapped = null;
  if (step && differs) show();
});
wire.on("sending", (path, ...args) => {
  if (path === "tap") { tapped = known.has("tempo") ? { tempo: known.get("tempo"), at: performance.now() } : null; return; }
  const step = group ?? made(named(path, args[0]));
  if (path in TAKES || /^bank\/\d+\/launch$/.test(path)) Object.assign(step, { take: score.state === "playing" ? score.take : "", asked: path });
  else if (known.has(path) && known.get(path) !== args[0]) {
    step.before.set(path, step.before.get(path) ?? known.get(path));
    step.sent.set(path, args[0]);
  }
  if (known.has(path)) known.set(path, args[0]);
  if (!undoing && !group && (step.take || step.before.size)) push(step);
});

wire.on("take", () => { for (const step of steps) step.asked = ""; });
wire.on("error", (address) => { // what was refused changed nothing
  const path = String(address).replace(/^\/llmball\//, ""), step = steps.findLast((step) => step.before.has(path) || step.asked === path);
  if (told.has(path)) known.set(path, told.get(path));
  if (!step) return;
  if (step.asked === path) step.take = step.asked = "";
  if (step.before.get(path) === told.get(path)) step.before.delete(path);
  else if (step.before.has(path)) step.sent.set(path, told.get(path));
  if (!step.before.size && !step.take && !step.restore) steps.splice(steps.indexOf(step), 1);
  show();
});

wire.on("lost", () => { // another daemon's takes have other numbers
  for (const step of steps) step.take = "";
  steps.splice(0, steps.length, ...steps.filter((step) => step.before.size || step.restore));
  show();
});

export function history() {
  $("undo").onclick = undo;
  addEventListener("keydown", (event) => {
    if (event.key?.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.target.closest("input:not([type=range]), textarea, dialog")) return;
    event.preventDefault();
    undo();
  });
  show();
}
