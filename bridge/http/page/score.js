// Current and planned notes, in quarter notes since play, and the conversion to the daemon's time in seconds.
import { wire } from "./wire.js";

export const score = { notes: [], planned: [], state: "idle", secondsAt, quarterAt, quarterNow };
const BEHIND = 16; // quarter notes for which past notes are kept for display

let tempi = [[0, 0, 120]]; // quarter, seconds, bpm

function secondsAt(quarter) {
  const [q, s, bpm] = tempi.findLast(([from]) => from <= quarter) ?? tempi[0];
  return s + (quarter - q) * 60 / bpm;
}

function quarterAt(seconds) {
  const [q, s, bpm] = tempi.findLast(([, from]) => from <= seconds) ?? tempi[0];
  return q + (seconds - s) * bpm / 60;
}

function quarterNow() { return quarterAt(wire.now()); }

function cleared() { score.notes = []; score.planned = []; }

wire.on("connected", cleared);
wire.on("tempo_map", (segments) => { tempi = segments; });
wire.on("planned", (beats) => {
  if (!beats.length) return;
  const first = beats[0][0], kept = score.planned.filter(([q]) => q < first && q > first - BEHIND);
  score.planned = [...kept, ...beats];
});
wire.on("state", (state) => { if (state !== "playing" || score.state !== "playing") score.planned = []; if (state !== "playing") cleared(); score.state = state; });
wire.on("note", (take, part, pitch, velocity, start, length) => {
  score.notes.push({ take, part, pitch, velocity, start, length, played: false });
});
wire.on("cancelled", (take, part, after) => {
  score.notes = score.notes.filter((n) => n.take !== take || n.part !== part || n.start < after);
  for (const n of score.notes) if (n.take === take && n.part === part && n.start + n.length > after) n.length = after - n.start;
});
wire.on("read", () => {
  if (score.notes.length < 1500) return;
  const here = quarterNow();
  score.notes = score.notes.filter((n) => n.start + n.length > here - BEHIND);
});
