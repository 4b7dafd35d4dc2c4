// The piano roll: past and planned notes scroll past a play line, with chord symbols above and bar lines behind.
import { score } from "./score.js";

export const COLOURS = { chords: "#7fb4ff", melody: "#ffb86b", bass: "#c29bff", drums: "#6fd3a8", pad: "#8fd0e6", arp: "#f08fb0", perc: "#c5cf6a" };
export const STRUCK = ["drums", "perc"];
const TOP = 34, KIT = 8, LINE = 0.3, SPAN = 14; // pixels, drum rows, play line as fraction of the width, quarter notes
const KIT_ROWS = { 35: 0, 36: 0, 37: 1, 38: 1, 39: 1, 40: 1, 42: 2, 44: 2, 46: 3, 51: 4, 59: 4, 49: 5, 57: 5 };
let low = 36, high = 84;

export function draw(canvas) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  const playing = score.state === "playing", here = playing ? score.quarterNow() : 0;
  const scale = width / SPAN, x = (quarter) => (quarter - here + SPAN * LINE) * scale;
  const kit = (height - TOP) * 0.2, floor = height - kit;
  fit();
  const step = (floor - TOP) / (high - low + 1);
  keys(c, width, floor, step);
  lines(c, x, height);
  for (const n of score.notes) {
    const left = x(n.start), right = x(n.start + n.length);
    if (right < 0 || left > width) continue;
    const sounds = playing && n.start <= here && here < n.start + n.length;
    c.globalAlpha = sounds ? 1 : n.start > here ? 0.4 + 0.4 * n.velocity / 127 : 0.28;
    c.fillStyle = sounds ? "#fff" : COLOURS[n.part] ?? "#ccc";
    if (STRUCK.includes(n.part)) {
      const row = n.part === "perc" ? 7 : KIT_ROWS[n.pitch] ?? 6;
      bar(c, left, height - (row + 1) * kit / KIT + 1, Math.max(5, scale * 0.09), kit / KIT - 2);
    } else bar(c, left, floor - (n.pitch - low + 1) * step, Math.max(3, right - left - 1.5), Math.max(3, step - 1));
  }
  c.globalAlpha = 1;
  names(c, x, width);
  c.fillStyle = "#f2b35e";
  c.fillRect(x(here) - 1, 0, 2, height);
  if (!score.notes.length) {
    c.fillStyle = "#9297a6"; c.font = "15px system-ui, sans-serif"; c.textAlign = "center";
    c.fillText(playing ? "…" : "Type a sentence above, then press Play", width / 2, height / 2);
  }
  canvas.dataset.quarter = here.toFixed(3);
  canvas.dataset.ahead = String(score.notes.filter((n) => n.start > here).length);
  canvas.dataset.notes = String(score.notes.length);
  canvas.dataset.parts = [...new Set(score.notes.filter((n) => n.start > here).map((n) => n.part))].join(" ");
}

function fit() {
  const pitches = score.notes.filter((n) => !STRUCK.includes(n.part)).map((n) => n.pitch);
  if (!pitches.length) return;
  const lowest = Math.min(...pitches) - 2, highest = Math.max(...pitches) + 2;
  low += (Math.min(lowest, 48) - low) * 0.08; // smooth the change of the range
  high += (Math.max(highest, 72) - high) * 0.08;
}

function keys(c, width, floor, step) {
  c.fillStyle = "#15171d";
  for (let p = Math.ceil(low); p <= high; p++) {
    if ([1, 3, 6, 8, 10].includes(p % 12)) c.fillRect(0, floor - (p - low + 1) * step, width, step);
  }
  c.fillStyle = "#0a0b0e";
  c.fillRect(0, floor, width, 400);
  c.fillStyle = "#2c2f3a";
  c.fillRect(0, floor, width, 1);
}

function lines(c, x, height) {
  c.font = "11px system-ui, sans-serif"; c.textAlign = "left";
  for (const [quarter, number, beat] of score.planned) {
    c.fillStyle = beat === 1 ? "#363a47" : "#20222b";
    c.fillRect(x(quarter), TOP - (beat === 1 ? 8 : 0), 1, height);
    if (beat === 1) { c.fillStyle = "#858a99"; c.fillText(number, x(quarter) + 4, height - 4); }
  }
}

function names(c, x, width) {
  c.fillStyle = "#121318"; c.fillRect(0, 0, width, TOP - 8);
  c.font = "600 15px system-ui, sans-serif"; c.textAlign = "left";
  let shown = 0, until = -Infinity;
  for (const [quarter, , , chord] of score.planned) {
    if (!chord) continue;
    const left = x(quarter) + 5;
    c.fillStyle = quarter <= score.quarterNow() ? "#c9ccd6" : "#f2b35e";
    if (left > -60 && left < width && left > until) { c.fillText(chord, left, 19); shown++; until = left + c.measureText(chord).width + 6; }
  }
  c.canvas.dataset.chords = String(shown);
}

function bar(c, x, y, w, h) { c.beginPath(); c.roundRect(x, y, w, h, Math.min(3, h / 2)); c.fill(); }
