// The band's synthesiser: SpessaSynth with a General MIDI SoundFont, rendered block by block. Runs in a worker, without a page.
import { SoundBankLoader, SpessaSynthProcessor } from "./spessasynth.js";

export const BLOCK = 128; // frames rendered at once
/** MIDI channels, from 0, of the parts in this synthesiser; `keys` is what the visitor plays. */
export const CHANNELS = { chords: 0, melody: 1, bass: 2, pad: 3, arp: 4, keys: 5, drums: 9, perc: 10 };
export const KITS = ["drums", "perc"];
const ALL = Object.values(CHANNELS), USED = Math.max(...ALL) + 1;
const ALL_SOUND_OFF = 120; // a MIDI controller
const GAIN = 2; // seven parts together stay below full scale
const TAIL = 5; // seconds after which nothing is left of the reverb

export class Synth {
  /** A synthesiser at a sample rate. Call `load` before anything else. */
  constructor(rate) {
    this.rate = rate;
    this.events = []; // [frame, kind, channel, pitch, velocity, id, take], in order of frames
    this.sounding = new Map(); // channel * 128 + pitch: the id of the note that sounds there
    this.peaks = Object.fromEntries(Object.keys(CHANNELS).map((part) => [part, 0]));
    this.pairs = Array.from({ length: USED }, () => [new Float32Array(BLOCK), new Float32Array(BLOCK)]);
    this.next = 1;
    this.cold = new Map(); // "channel program pitch": [channel, pitch, velocity] of samples to load before a note needs them
    this.wet = new Float32Array(BLOCK); // what goes into the reverb
    this.still = 0; // frames since something sounded
  }

  /** Load a SoundFont, an ArrayBuffer. */
  async load(font) {
    this.core = new SpessaSynthProcessor(this.rate, { maxBufferSize: BLOCK, eventsEnabled: false });
    await this.core.processorInitialized; // compiles the Vorbis decoder of compressed SoundFonts
    this.core.soundBankManager.addSoundBank(SoundBankLoader.fromArrayBuffer(font), "gm");
    this.core.setSystemParameter("gain", GAIN);
    this.core.chorusProcessor.process = () => {}; // a third of the work, for a hundredth of the sound
    this.core.midiChannels[CHANNELS.perc].setDrums(true);
    this.reverberate = halfRate(this.core.reverbProcessor, this.rate);
    this.core.reverbProcessor.process = (input, left, right, start, count) => this.wet.set(input.subarray(0, count), start);
  }

  /** Choose a part's General MIDI program, or the kit of a drum part. */
  program(part, number) {
    const channel = CHANNELS[part], [from, to, step] = KITS.includes(part) ? [35, 59, 1] : [28, 96, 4];
    this.core.programChange(channel, number);
    for (let pitch = from; pitch <= to; pitch += step) this.cold.set(`${channel} ${number} ${pitch}`, [channel, pitch, 80]);
  }

  /** Load the samples of one pitch, those of notes to come first; returns false where all are there. */
  warm() {
    const coming = this.events.find((e) => e[1] === "on" && !e[7]), [key, next] = coming ? ["", coming.slice(2)] : this.cold.entries().next().value ?? [];
    if (!next) return false;
    if (coming) coming[7] = true; else this.cold.delete(key);
    const [channel, pitch, velocity] = next, { preset } = this.core.midiChannels[channel];
    if (preset) this.core.getVoicesForPreset(preset, pitch, velocity);
    return true;
  }

  /** Play a note at a frame for a number of frames. */
  note(part, pitch, velocity, frame, frames, take) {
    const id = this.on(part, pitch, velocity, frame, take);
    this.insert([frame + Math.max(1, frames), "off", CHANNELS[part], pitch, 0, id, take]);
  }

  on(part, pitch, velocity, frame, take) {
    const id = this.next++;
    this.insert([frame, "on", CHANNELS[part], pitch, velocity, id, take]);
    return id;
  }

  /** Take back the notes of a take's part that begin at a frame or later; those that sound then end there. */
  cancel(part, take, frame) {
    const gone = new Set(), channel = CHANNELS[part], theirs = (e) => e[2] === channel && e[6] === take;
    for (const e of this.events) if (e[1] === "on" && e[0] >= frame && theirs(e)) gone.add(e[5]);
    const kept = this.events.filter((e) => !gone.has(e[5]) || !theirs(e));
    for (const e of kept) if (e[1] === "off" && e[0] > frame && theirs(e)) e[0] = frame;
    this.events = kept.sort((a, b) => a[0] - b[0]);
  }

  off(part, pitch, frame) { this.insert([frame, "off", CHANNELS[part], pitch, 0, 0]); }

  insert(event) {
    let at = this.events.length;
    while (at > 0 && this.events[at - 1][0] > event[0]) at--;
    this.events.splice(at, 0, event);
  }

  /** End all notes of a part, or of all parts, and forget those to come. */
  silence(part) {
    const channel = CHANNELS[part];
    this.events = part ? this.events.filter((e) => e[2] !== channel) : [];
    for (const one of part ? [channel] : ALL) this.core.controllerChange(one, ALL_SOUND_OFF, 0);
    for (const key of [...this.sounding.keys()]) if (!part || key >> 7 === channel) this.sounding.delete(key);
  }

  /** Render a block that begins at a frame into two arrays of zeros from an index on. */
  render(left, right, index, frame) {
    const isDue = this.events.length > 0 && this.events[0][0] < frame + BLOCK;
    if (this.still > TAIL * this.rate && !isDue) return;
    for (const pair of this.pairs) { pair[0].fill(0); pair[1].fill(0); }
    const wetLeft = left.subarray(index, index + BLOCK), wetRight = right.subarray(index, index + BLOCK);
    let done = 0, sounding = 0; // a bit for each channel with voices
    this.wet.fill(0);
    while (done < BLOCK) {
      while (this.events.length && this.events[0][0] <= frame + done) this.act(this.events.shift());
      const until = this.events.length ? Math.min(BLOCK, this.events[0][0] - frame) : BLOCK;
      this.core.processSplit(this.pairs, wetLeft, wetRight, done, until - done);
      for (const channel of ALL) if (this.core.midiChannels?.[channel].voiceCount !== 0) sounding |= 1 << channel;
      done = until;
    }
    this.still = sounding ? 0 : this.still + BLOCK;
    this.reverberate?.(this.wet, wetLeft, wetRight);
    for (const part in CHANNELS) {
      if (!(sounding >> CHANNELS[part] & 1)) continue;
      const [l, r] = this.pairs[CHANNELS[part]];
      let peak = this.peaks[part];
      for (let i = 0; i < BLOCK; i++) {
        wetLeft[i] += l[i];
        wetRight[i] += r[i];
        const loud = Math.abs(l[i]) + Math.abs(r[i]);
        if (loud > peak) peak = loud;
      }
      this.peaks[part] = peak;
    }
  }

  /** Return the loudest sample of each part since the last call. */
  takePeaks() {
    const peaks = { ...this.peaks };
    for (const part in this.peaks) this.peaks[part] = 0;
    return peaks;
  }

  act([, kind, channel, pitch, velocity, id]) {
    const key = channel * 128 + pitch, held = this.sounding.get(key);
    if (kind === "on") {
      if (held) this.core.noteOff(channel, pitch);
      this.core.noteOn(channel, pitch, velocity);
      this.sounding.set(key, id);
    } else if (held && (!id || held === id)) { // an old end does not cut a newer note
      this.core.noteOff(channel, pitch);
      this.sounding.delete(key);
    }
  }
}

/** Return a reverb like another one at half its rate, which takes a third of its time: it adds that of a block to two arrays. */
function halfRate(full, rate) {
  const half = new full.constructor(rate / 2, BLOCK), size = BLOCK / 2, input = new Float32Array(size), out = [new Float32Array(size), new Float32Array(size)], last = [0, 0];
  Object.assign(half, full.getSnapshot());
  for (const filter of ["preLPF", "damping"]) half.dattorro[filter] = 1 - (1 - half.dattorro[filter]) ** 2; // the same edges
  return (wet, ...sides) => {
    for (let i = 0; i < size; i++) input[i] = (wet[2 * i] + wet[2 * i + 1]) / 2;
    out[0].fill(0);
    out[1].fill(0);
    half.process(input, ...out, 0, size);
    for (let side = 0; side < 2; side++) {
      const from = out[side], to = sides[side];
      let before = last[side];
      for (let i = 0; i < size; i++) { to[2 * i] += (before + from[i]) / 2; to[2 * i + 1] += before = from[i]; }
      last[side] = before;
    }
  };
}
