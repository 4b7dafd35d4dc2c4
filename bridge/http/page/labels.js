// Plain labels of the controls, whose paths are in their titles.
const LABELS = {
  scale_lock: "stay in the scale", meter: "metre", density: "busy", brightness: "bright", complexity: "rich chords",
  temperature: "how daring", guidance: "how literally", "morph/x": "place of the morph", humanise: "looseness", swing_unit: "notes that swing",
  tightness: "pull to the grid", quantize: "new take enters at", lookahead: "beats planned ahead", hold: "hold the last bars", countin: "count-in, bars",
  "send/energy": "send energy (CC 11)", "send/brightness": "send brightness (CC 74)", "expression": "slides, swells, filters (pitch bend, CC 11, 74)", "send/programs": "send programs", "send/clock": "send MIDI clock",
  follow: "follow my playing", "follow/mode": "what I play", "drums/map": "drum notes (gm: General MIDI)",
};

/** Return the label of a control by its path relative to /llmball/. */
export const labelOf = (path) => LABELS[path] ?? path.replaceAll(/[_/]/g, " ");

/** Return the styles of understood/style in words: the strongest, and the next where it counts. */
export function styleOf(...told) {
  const found = told.flatMap((name, i) => i % 2 ? [] : [[name, told[i + 1]]]).sort((a, b) => b[1] - a[1]);
  return found.slice(0, 2).filter(([, weight], i) => i === 0 || weight > 0.2).map(([name]) => name).join(" + ");
}

/** Return what a choice of a control is called. */
export const valueOf = (path, value) => path.startsWith("send/") || path === "expression" ? { 0: "off", 1: "on" }[value] ?? value : value;

/** Return in words what is known of an --input: what is played there, how late a note of sound is known, its gaps; or that it was lost.
    Keys of a page, which have no name, are told only while the band follows them. */
export function inputLine(number, { name, state, plays, ms, gaps }, follows = true) {
  if (!name) return follows && plays ? `Your keys: ${plays}` : "";
  if (state === "lost") return `Input ${number} (${name}) was lost; the others go on, it is opened again when it can be`;
  return [`Input ${number} (${name}): ${follows && plays || "listening"}`, ms ? `a note is known after ${Math.round(ms)} ms` : "", gaps ? `${gaps} gaps` : ""].filter(Boolean).join(", ");
}

/** Return the daemon's health in words. */
export function health(late, dropped, starved, ahead, p99) {
  return `${ahead.toFixed(1)} beats ahead · notes late ${late}, dropped ${dropped} · beats repeated ${starved} · 99 of 100 notes within ${p99.toFixed(1)} ms`;
}
