// The takes of this session, and the music of each: kept from when it plays until the window is closed, also over a reload.
import { styleOf } from "./labels.js";
import { score } from "./score.js";
import { sound } from "./sound.js";
import { wire } from "./wire.js";

const LISTED = 12, NEAR = 0.25; // takes listed; quarter notes by which a message may be late
export const played = { takes: [], current: null, songOf }; // the newest first: { id, words, time, style, key, tempo, chords, programs, since, song }

let words = "", coming = "", title = "", chords = "auto", facts = { key: "", tempo: 0, style: "" }; // title: of what came last, a piece's too

/** Keep what the take that plays has played until now. Of a take that played more than once the longest run is kept. */
function record() {
  const card = played.current, theirs = card ? score.notes.filter((n) => n.take === card.id && n.start >= card.since) : [];
  if (!theirs.length) return;
  const now = score.quarterNow(), from = score.bars().findLast((bar) => bar.from <= theirs[0].start + 1e-6)?.from ?? theirs[0].start;
  const line = score.state === "playing" ? score.beats.find(([quarter]) => quarter >= now - NEAR)?.[0] ?? now : now;
  const song = score.region(from, Math.min(line, Math.max(...theirs.map((n) => n.start + n.length))), card.id);
  if (song && song.quarters >= (card.song?.quarters ?? 0)) card.song = song;
}

/** Return what a take of the list has played as a song (see export.js), null if that is nothing yet. */
function songOf(card) {
  if (card === played.current) record();
  return card.song ? { ...card.song, title: card.words, key: card.key, programs: { ...card.programs } } : null;
}

function describe(card) {
  Object.assign(card, { ...facts, chords, programs: { ...sound.programs } });
}

const KEPT = "llmball-takes", FIELDS = ["pitch", "velocity", "start", "length", "at", "seconds"];
const short = (value) => Math.round(value * 1e4) / 1e4;

/** Return cards as text, notes as rows of numbers. */
export function packed(cards) {
  const rows = ({ notes, ...song }) => ({ ...song, notes: notes.map((n) => [n.part, ...FIELDS.map((field) => short(n[field]))]) });
  return JSON.stringify(cards.map(({ since, song, ...card }) => ({ ...card, song: song && rows(song) })));
}

/** Return the cards of a text; none where it is not one of `packed`. */
export function unpacked(text) {
  try {
    const notes = (rows) => rows.map(([part, ...values]) => ({ part, ...Object.fromEntries(FIELDS.map((field, i) => [field, values[i]])) }));
    return JSON.parse(text ?? "[]").map((card) => ({ ...card, since: Infinity, song: card.song && { ...card.song, notes: notes(card.song.notes) } }));
  } catch { return []; }
}

/** Keep the cards over a reload: as many of the newest as the browser takes. */
function keep() {
  record();
  for (let count = played.takes.length; count > 0; count--) {
    try { return sessionStorage.setItem(KEPT, packed(played.takes.slice(0, count))); } catch { /* too much, or storage is not allowed */ }
  }
}
try { played.takes = unpacked(globalThis.sessionStorage?.getItem(KEPT)); } catch { /* storage is not allowed */ }
globalThis.addEventListener?.("pagehide", keep);

wire.on("words", (told) => { words = told; });
wire.on("coming", (told) => { coming = told; title = told || title; });
wire.on("chords", (said) => { chords = said; if (played.current) played.current.chords = said; });
wire.on("beat", (bar, beat, tempo) => { // as it sounds, also after a tap
  const card = played.current, told = Math.round(tempo * 10) / 10;
  if (!card || card.tempo === told) return;
  card.tempo = told;
  wire.tell("card", card);
});
wire.on("understood/key", (key) => { facts.key = key; });
wire.on("understood/tempo", (tempo) => { facts.tempo = tempo; });
wire.on("understood/style", (...told) => { facts.style = styleOf(...told); });
wire.on("understood/programs", () => { if (played.current && !coming) played.current.programs = { ...sound.programs }; });
wire.on("take", (id) => {
  record();
  const known = played.takes.find((card) => card.id === id);
  const same = known && (!words || known.words === words); // numbers begin again with a new daemon
  if (known && !same) known.id = "";
  const card = same ? known : { id, words: words || title || "a piece", time: new Date().toLocaleTimeString(), song: null };
  card.since = Infinity;
  describe(card);
  if (!same) played.takes = [card, ...played.takes].slice(0, LISTED); // one that comes back keeps its place under the mouse
  played.current = card;
});
wire.on("state", (state) => {
  record();
  if (state === "playing" && played.current) played.current.since = -Infinity; // the quarter notes count from 0 again
});
wire.on("read", () => { // the tempo of the entry is told with it, after it
  if (played.current?.since === Infinity) played.current.since = score.quarterNow() - NEAR;
});
wire.on("lost", record);
wire.on("welcome", () => { // told after the take: the facts of what plays
  if (!played.current || score.state !== "playing") return;
  played.current.since = -Infinity;
  if (!coming) describe(played.current);
});
