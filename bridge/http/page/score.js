// The music of this session: played and planned notes in quarter notes since play, bars with their chords, and time in seconds.
import { wire } from "./wire.js";

const MOST = 12000, DROPPED = 2000; // notes kept to look back at, notes dropped at once
const BAR = 12; // quarter notes of a bar at most: what is planned completes a bar that begins before it

export const score = { notes: [], beats: [], state: "idle", take: "", longest: 4, version: 0, plannedUntil: 0, changed: [Infinity, -Infinity],
  secondsAt, quarterAt, quarterNow, firstAfter, bars, region };

let tempi = [[0, 0, 120]]; // quarter, seconds, bpm
let stoppedAt = 0; // where the roll stands while nothing plays

function secondsAt(quarter) {
  const [q, s, bpm] = tempi.findLast(([from]) => from <= quarter) ?? tempi[0];
  return s + (quarter - q) * 60 / bpm;
}

function quarterAt(seconds) {
  const [q, s, bpm] = tempi.findLast(([, from]) => from <= seconds) ?? tempi[0];
  return q + (seconds - s) * bpm / 60;
}

/** Return the quarter note that plays now, or at which it was stopped. */
function quarterNow() { return score.state === "playing" ? Math.max(quarterAt(wire.now()), -8) : stoppedAt; }

/** Return the index of the first note that starts at a quarter note or later. */
function firstAfter(quarter) {
  let low = 0, high = score.notes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (score.notes[middle].start < quarter) low = middle + 1; else high = middle;
  }
  return low;
}

/** Return the bars that were played or are planned: number, first and last quarter note, whether it is known from its first beat on, metre, chords [[quarter, symbol], …]. */
let made = { version: -1, bars: [] };
function bars() {
  if (made.version === score.version) return made.bars;
  const found = [];
  for (const [quarter, number, beat, chord] of score.beats) {
    let bar = found.at(-1);
    if (bar?.number !== number) found.push(bar = { number, from: quarter, to: quarter, opens: beat === 1, beats: [], chords: [] });
    bar.beats.push(quarter);
    if (chord) bar.chords.push([quarter, chord]);
  }
  found.forEach((bar, i) => {
    const step = bar.beats.length > 1 ? bar.beats[1] - bar.beats[0] : 1;
    bar.to = found[i + 1]?.from ?? bar.beats.at(-1) + step;
    const before = found[i - 1], last = i === found.length - 1; // the last may be planned in part: then it has the metre of the bar before
    const same = last && before?.opens && bar.beats.length < before.beats.length && (bar.beats.length === 1 || Math.abs(step - before.step) < 1e-6);
    Object.assign(bar, { step, meter: same ? before.meter : `${bar.beats.length}/${Math.round(4 / step)}` });
  });
  made = { version: score.version, bars: found };
  return found;
}

/** Return the music from one quarter note to another, of one take or of all, as a song (see export.js), null if there is none. */
function region(from, to, take) {
  const start = secondsAt(from), notes = [];
  for (let i = firstAfter(from - 1e-6); i < score.notes.length && score.notes[i].start < to - 1e-6; i++) {
    const n = score.notes[i], length = Math.min(n.length, to - n.start);
    if (take === undefined || n.take === take) notes.push({ part: n.part, pitch: n.pitch, velocity: n.velocity, start: n.start - from, length, at: secondsAt(n.start) - start, seconds: secondsAt(n.start + length) - secondsAt(n.start) });
  }
  const chosen = bars().filter((bar) => bar.from >= from - 1e-6 && bar.from < to - 1e-6);
  const changes = tempi.filter(([q]) => q > from && q < to).map(([q, , bpm]) => [q - from, bpm]);
  const bpm = (tempi.findLast(([q]) => q <= from) ?? tempi[0])[2];
  return notes.length ? { notes, seconds: secondsAt(to) - start, quarters: to - from, tempi: [[0, bpm], ...changes],
    bars: chosen.map((bar) => ({ from: bar.from - from, meter: bar.meter, chords: bar.chords.map(([q, c]) => [q - from, c]) })) } : null;
}

/** Note that what is drawn between two quarter notes is not as it was. */
function touch(from = -Infinity, to = Infinity) { score.changed = [Math.min(from, score.changed[0]), Math.max(to, score.changed[1])]; }

function insert(note) {
  const { notes } = score;
  let at = notes.length;
  while (at > 0 && notes[at - 1].start > note.start) at--;
  notes.splice(at, 0, note);
  touch(note.start, note.start + note.length);
  if (note.length > score.longest) score.longest = Math.min(note.length, 64);
  if (notes.length > MOST) notes.splice(0, DROPPED);
}

function cleared() { Object.assign(score, { notes: [], beats: [], longest: 4, version: score.version + 1, plannedUntil: 0 }); stoppedAt = 0; touch(); }

let chord = ""; // that sounds now: of a chord that began before the page was opened no beat says it
let before = null, joining = false; // what was known when the connection was lost: the daemon tells only the notes of late
wire.on("connected", () => {
  before = { notes: score.notes, beats: score.beats, take: score.take };
  cleared();
  chord = "";
  joining = true;
});
wire.on("welcome", () => {
  joining = false;
  if (before?.take && before.take === score.take && score.state === "playing") {
    const note = score.notes[0]?.start ?? Infinity, beat = score.beats[0]?.[0] ?? Infinity;
    score.notes = [...before.notes.filter((n) => n.start < note), ...score.notes];
    score.beats = [...before.beats.filter(([q]) => q < beat), ...score.beats];
  }
  before = null;
  const now = quarterNow(), first = score.beats[0];
  if (chord && first && first[0] <= now && !score.beats.some(([q, , , name]) => q <= now && name)) first[3] = chord;
  score.version++;
  touch();
});
wire.on("chord", (symbol) => { chord = symbol; });
wire.on("tempo_map", (segments) => {
  const first = segments[0][0], before = tempi.filter(([q]) => q < first);
  tempi = first > 0 ? [...before, ...segments] : segments;
});
wire.on("planned", (beats) => {
  if (!beats.length) return;
  const first = beats[0][0], before = score.beats.filter(([q]) => q >= first), isNew = beats.find((beat, i) => String(beat) !== String(before[i]));
  if (isNew) touch(isNew[0] - BAR);
  score.beats = [...score.beats.filter(([q]) => q < first), ...beats].slice(-4000);
  score.plannedUntil = beats.at(-1)[0] + 1;
  score.version++;
});
wire.on("state", (state) => {
  if (state === "playing" && score.state !== "playing" && !joining) cleared();
  else if (state !== "playing" && score.state === "playing") {
    stoppedAt = quarterAt(wire.now());
    score.notes = score.notes.filter((n) => n.start <= stoppedAt);
    score.beats = score.beats.filter(([q]) => q <= stoppedAt);
  }
  score.state = state;
  score.version++;
  touch();
});
wire.on("take", (id) => { score.take = id; });
wire.on("note", (take, part, pitch, velocity, start, length) => {
  insert({ take, part, pitch, velocity, start, length, played: false });
});
wire.on("cancelled", (take, part, after) => {
  score.notes = score.notes.filter((n) => n.take !== take || n.part !== part || n.start < after);
  for (let i = firstAfter(after - score.longest); i < score.notes.length; i++) {
    const n = score.notes[i];
    if (n.take === take && n.part === part && n.start + n.length > after) n.length = after - n.start;
  }
  score.version++;
  touch(after);
});
