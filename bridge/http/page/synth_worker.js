// A worker that renders the band ahead of the sound card, and whole songs as WAV files. See sound.js for its messages.
import { BLOCK, Synth } from "./synth.js";

const CHUNK = 4 * BLOCK; // frames of a message
const TAIL = 2.5; // seconds of a WAV after its last note
let synth = null, out = null, cursor = 0, told = 0;

const heard = {
  async load({ font, rate, port }) {
    synth = new Synth(rate);
    await synth.load(font);
    out = port ?? self;
    if (port) port.onmessage = ({ data }) => wanted(data);
    self.postMessage({ kind: "loaded" });
  },
  program({ part, number }) { synth.program(part, number); warm(); },
  notes({ notes }) { for (const note of notes) synth.note(...note); warm(); },
  cancel: ({ part, take, frame }) => synth.cancel(part, take, frame),
  key({ part, pitch, velocity, down }) { if (down) synth.on(part, pitch, velocity, cursor); else synth.off(part, pitch, cursor); },
  silence: ({ part }) => synth.silence(part),
  advance: wanted,
  wav: ({ songs }) => songs.forEach((song, i) => wav(song, i, songs.length)),
};

self.onmessage = async ({ data }) => {
  try { await heard[data.kind](data); } catch (error) { self.postMessage({ kind: "failed", reason: String(error?.message ?? error) }); }
};

/** Load samples one by one, so that what is to sound is rendered between them. */
let warming = false;
function warm() {
  if (warming) return;
  warming = true;
  setTimeout(() => { warming = false; if (synth.warm()) warm(); }, 0);
}

/** Render what was asked for last: on a busy machine questions queue up. */
let latest = null;
function wanted(range) {
  if (latest === null) setTimeout(() => { const range = latest; latest = null; advance(range); }, 0);
  latest = range;
}

/** Render up to a frame; `from` is the frame that plays now: what lies before it is too late. */
function advance({ from, until }) {
  if (cursor < from) cursor = Math.ceil((from + until) / 2 / BLOCK) * BLOCK;
  while (cursor < until) {
    const left = new Float32Array(CHUNK), right = new Float32Array(CHUNK), at = cursor;
    for (let i = 0; i < CHUNK; i += BLOCK, cursor += BLOCK) synth.render(left, right, i, cursor);
    out.postMessage({ kind: "chunk", at, left, right }, [left.buffer, right.buffer]);
  }
  if (cursor - told > synth.rate / 30) {
    told = cursor;
    self.postMessage({ kind: "peaks", peaks: synth.takePeaks() });
  }
}

/** Render a song of notes [part, pitch, velocity, second, seconds]; answers with the bytes of a 16-bit WAV file. */
function wav({ notes, seconds }, index, of) {
  const rate = synth.rate, frames = Math.ceil((seconds + TAIL) * rate / BLOCK) * BLOCK;
  const left = new Float32Array(frames), right = new Float32Array(frames);
  synth.silence();
  for (const [part, pitch, velocity, at, length] of notes) synth.note(part, pitch, velocity, Math.round(at * rate), Math.round(length * rate));
  for (let at = 0; at < frames; at += BLOCK) {
    synth.render(left, right, at, at);
    if (at % (BLOCK * 2000) === 0) self.postMessage({ kind: "progress", share: (index + at / frames) / of });
  }
  const file = toWav(left, right, rate);
  self.postMessage({ kind: "wav", index, file }, [file]);
}

function toWav(left, right, rate) {
  const file = new ArrayBuffer(44 + left.length * 4), view = new DataView(file);
  const text = (at, said) => [...said].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + left.length * 4, true); text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 2, true);
  view.setUint32(24, rate, true); view.setUint32(28, rate * 4, true); view.setUint16(32, 4, true); view.setUint16(34, 16, true);
  text(36, "data"); view.setUint32(40, left.length * 4, true);
  const samples = new Int16Array(file, 44);
  for (let i = 0; i < left.length; i++) {
    samples[2 * i] = Math.max(-1, Math.min(1, left[i])) * 32767;
    samples[2 * i + 1] = Math.max(-1, Math.min(1, right[i])) * 32767;
  }
  return file;
}
