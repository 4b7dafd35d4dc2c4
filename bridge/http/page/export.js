// Files of a song: .mid, WAV, stems in a .zip, and a chord sheet to print.
//
// A song is { title, key, programs, notes, seconds, quarters, tempi: [[quarter, bpm], …], bars: [{ from, chords: [[quarter, symbol], …] }, …] };
// its notes are { part, pitch, velocity, start, length } in quarter notes, with `at` and `seconds` in seconds.
import { $, complain, make, origin, save, say } from "./dom.js";
import { sound } from "./sound.js";

const TICKS = 480, CHANNELS = { chords: 0, melody: 1, bass: 2, pad: 3, arp: 4, drums: 9, perc: 10 };
export const fileName = (song) => (song.title || "llmball").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 48) || "llmball";

/** Return a kept take's JSON as a song. */
export function fromKept(kept, title) {
  const { song } = kept, tempi = song.tempos.map(([tick, bpm]) => [tick / TICKS, bpm]);
  const seconds = (quarter) => {
    let at = 0, [from, bpm] = tempi[0];
    for (const [next, after] of tempi.slice(1)) { if (next >= quarter) break; at += (next - from) * 60 / bpm; from = next; bpm = after; }
    return at + (quarter - from) * 60 / bpm;
  };
  const notes = song.notes.map((n) => {
    const start = (n.start + n.offset) / TICKS, length = n.length / TICKS, at = seconds(start);
    return { part: n.part, pitch: n.pitch, velocity: n.velocity, start, length, at: Math.max(0, at), seconds: seconds(start + length) - at };
  });
  const bars = song.bars.map(([tick], i) => {
    const from = tick / TICKS, to = (song.bars[i + 1]?.[0] ?? song.end) / TICKS;
    return { from, meter: song.bars[i][1], chords: song.chords.map(([t, c]) => [t / TICKS, c]).filter(([q]) => q >= from && q < to) };
  });
  return { title, key: song.key, notes, seconds: seconds(song.end / TICKS), quarters: song.end / TICKS, tempi, bars, programs: Object.fromEntries(song.programs ?? []) };
}

/** Return the quarter note of the bar line after the last of some bars, 0 where none is known. */
function lastLine(bars) {
  const bar = bars.at(-1), [beats, unit] = (bar?.meter ?? "").split("/").map(Number);
  return beats ? bar.from + beats * 4 / unit : 0;
}

/** Return the bytes of a Standard MIDI File of whole bars, also where the music ends before the line, a track for each part. */
export function midi(song) {
  const number = (value) => { const bytes = [value & 127]; while (value >>= 7) bytes.unshift(value & 127 | 128); return bytes; };
  const u32 = (v) => [v >> 24 & 255, v >> 16 & 255, v >> 8 & 255, v & 255];
  const tick = (quarter) => Math.max(0, Math.round(quarter * TICKS));
  const end = tick(Math.max(song.quarters, lastLine(song.bars)));
  const track = (events) => {
    const bytes = [];
    let last = 0;
    for (const [tick, ...message] of events.sort((a, b) => a[0] - b[0] || (b[1] >> 4 === 8) - (a[1] >> 4 === 8))) { bytes.push(...number(tick - last), ...message); last = tick; }
    bytes.push(...number(Math.max(0, end - last)), 0xff, 0x2f, 0);
    return [0x4d, 0x54, 0x72, 0x6b, ...u32(bytes.length), ...bytes];
  };
  const signature = () => { // of a church mode that of the nearest major or minor, as clips have it
    const [, letter, sign, mode] = /^([A-G])([#b]?) ?(.*)$/.exec(song.key ?? "") ?? [];
    if (!letter) return [];
    const minor = /minor|dorian|phrygian$|locrian|blues/.test(mode), sharps = "FCGDAEB".indexOf(letter) - 1 + (sign === "#" ? 7 : sign === "b" ? -7 : 0) - (minor ? 3 : 0);
    return Math.abs(sharps) > 7 ? [] : [[0, 0xff, 0x59, 2, sharps & 255, minor ? 1 : 0]];
  };
  const meters = song.bars.flatMap((bar, i) => {
    const [beats, unit] = (bar.meter ?? "").split("/").map(Number);
    return beats && bar.meter !== song.bars[i - 1]?.meter ? [[tick(bar.from), 0xff, 0x58, 4, beats, Math.log2(unit), 24, 8]] : [];
  });
  const text = (kind, said) => { const bytes = [...new TextEncoder().encode(said)].slice(0, 120); return [0xff, kind, bytes.length, ...bytes]; };
  const parts = [...new Set(song.notes.map((n) => n.part))];
  const head = [[0, ...text(3, song.title || "LLMBall")], ...meters, ...signature(), ...song.tempi.map(([q, bpm]) => [tick(q), 0xff, 0x51, 3, ...u32(Math.round(60e6 / bpm)).slice(1)]),
    ...song.bars.flatMap((bar) => bar.chords.map(([q, chord]) => [tick(q), ...text(6, chord)]))];
  const tracks = parts.map((part) => {
    const channel = CHANNELS[part] ?? 0, program = (song.programs ?? sound.programs)[part];
    return track([[0, ...text(3, part)], ...(program === undefined ? [] : [[0, 0xc0 | channel, program]]),
      ...song.notes.filter((n) => n.part === part).flatMap((n) => [[tick(n.start), 0x90 | channel, n.pitch, n.velocity], [Math.max(tick(n.start) + 1, tick(n.start + n.length)), 0x80 | channel, n.pitch, 0]])]);
  });
  return new Uint8Array([0x4d, 0x54, 0x68, 0x64, 0, 0, 0, 6, 0, 1, 0, parts.length + 1, TICKS >> 8, TICKS & 255, ...track(head), ...tracks.flat()]);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ n >>> 1 : n >>> 1; return n; });
function crc(bytes) { let c = ~0; for (const b of bytes) c = TABLE[(c ^ b) & 255] ^ c >>> 8; return ~c >>> 0; }

/** Return the pieces of a .zip of files [name, Uint8Array], stored without compression. */
export function zip(files) {
  const pieces = [], entries = [];
  let at = 0;
  const record = (size, fill) => { const bytes = new Uint8Array(size); fill(new DataView(bytes.buffer)); return bytes; };
  for (const [name, data] of files) {
    const label = new TextEncoder().encode(name), sum = crc(data);
    const common = (v, o) => { v.setUint16(o, 20, true); v.setUint16(o + 2, 0x800, true); v.setUint16(o + 8, 0x21, true); v.setUint32(o + 10, sum, true); v.setUint32(o + 14, data.length, true); v.setUint32(o + 18, data.length, true); v.setUint16(o + 22, label.length, true); };
    const local = record(30, (v) => { v.setUint32(0, 0x04034b50, true); common(v, 4); });
    const here = at;
    entries.push(record(46, (v) => { v.setUint32(0, 0x02014b50, true); v.setUint16(4, 20, true); common(v, 6); v.setUint32(42, here, true); }), label);
    pieces.push(local, label, data);
    at += local.length + label.length + data.length;
  }
  const size = entries.reduce((sum, e) => sum + e.length, 0);
  return [...pieces, ...entries, record(22, (v) => { v.setUint32(0, 0x06054b50, true); v.setUint16(8, files.length, true); v.setUint16(10, files.length, true); v.setUint32(12, size, true); v.setUint32(16, at, true); })];
}

export function saveMidi(song) { save(`${fileName(song)}.mid`, [midi(song)], "audio/midi"); }

export async function saveWav(song) {
  await rendered([song], (files) => save(`${fileName(song)}.wav`, files, "audio/wav"));
}

export async function saveStems(song) {
  const parts = [...new Set(song.notes.map((n) => n.part))];
  await rendered(parts.map((part) => ({ ...song, notes: song.notes.filter((n) => n.part === part) })), (files) =>
    save(`${fileName(song)}-stems.zip`, zip(files.map((file, i) => [`${parts[i]}.wav`, new Uint8Array(file)])), "application/zip"));
}

let rendering = false;
async function rendered(songs, finish) {
  if (rendering) { complain("Another file is being written: wait for it"); return; }
  rendering = true;
  const at = origin();
  try {
    say("Writing audio…", false, at);
    finish(await sound.wav(songs, (share) => say(`Writing audio: ${Math.round(share * 100)} %`, false, at)));
    say("", false, at);
  } catch (error) { say("", false, at); complain(`The audio cannot be written: ${error.message}`, at); } finally { rendering = false; }
}

/** Show a song on paper: as a chord sheet, four bars a line, and when it is asked for as a lead sheet or score. */
let onPaper = null;
export function chordSheet(song) {
  onPaper = song;
  chords();
  for (const [id, show] of [["chords", chords], ["lead", () => staves(false)], ["score", () => staves(true)], ["xml", musicXml]]) $(`sheet-${id}`).onclick = show;
  $("sheet").showModal();
}

function chosen(id) {
  for (const other of ["chords", "lead", "score"]) $(`sheet-${other}`).setAttribute("aria-pressed", other === id);
  $("sheet-said").hidden = true;
}

function chords() {
  const song = onPaper, cells = song.bars.map((bar) => make("li", { textContent: bar.chords.map(([, symbol]) => symbol).join("  ") || "%" }));
  const about = [song.key, `${Math.round(song.tempi[0][1])} bpm`, song.bars[0]?.meter].filter(Boolean).join(" · ");
  chosen("chords");
  $("sheet-body").replaceChildren(make("h2", { textContent: song.title || "Chord sheet" }), make("p", { textContent: about }), make("ol", {}, ...cells));
}

async function staves(every) {
  const song = onPaper;
  chosen(every ? "score" : "lead");
  $("sheet-body").replaceChildren(make("p", { textContent: "Writing the notes …", role: "status" }));
  await onto(async () => {
    const [abc, { draw }] = await Promise.all([sheet(song, "abc", every), import("./staves.js")]);
    if (song === onPaper && $(every ? "sheet-score" : "sheet-lead").getAttribute("aria-pressed") === "true") draw($("sheet-body"), abc, song.title);
  });
}

async function musicXml() {
  const song = onPaper;
  await onto(async () => save(`${fileName(song)}.musicxml`, [await sheet(song, "musicxml", true)], "application/vnd.recordare.musicxml+xml"));
}

/** Return a song as text on paper, written by the daemon. */
async function sheet(song, as, every) {
  const answer = await fetch(`sheet?${new URLSearchParams({ as, title: song.title || "LLMBall", score: every ? 1 : 0 })}`, { method: "POST", body: midi(song) });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.text();
}

async function onto(act) {
  try { await act(); } catch (error) { Object.assign($("sheet-said"), { textContent: `This cannot be written down: ${error.message}`, hidden: false }); }
}
