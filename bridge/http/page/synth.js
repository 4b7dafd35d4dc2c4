// The band's synthesiser: SpessaSynth with a General MIDI SoundFont, rendered block by block. Runs in a worker, without a page.
import { SoundBankLoader, SpessaSynthProcessor } from "./spessasynth.js";

export const BLOCK = 128; // frames rendered at once
/** MIDI channels, from 0, of the parts in this synthesiser; `keys` is what the visitor plays. */
export const CHANNELS = { chords: 0, melody: 1, bass: 2, pad: 3, arp: 4, keys: 5, drums: 9, perc: 10 };
export const KITS = ["drums", "perc"];
const ALL = Object.values(CHANNELS), USED = Math.max(...ALL) + 1;
const ALL_SOUND_OFF = 120; // a MIDI controller
const GAIN = 2; // seven parts together stay below full scale

export class Synth {
  /** A synthesiser at a sample rate. Call `load` before anything else. */
  constructor(rate) {
    this.rate = rate;
    this.events = []; // [frame, kind, channel, pitch, velocity, id, take], in order of frames
    this.sounding = new Map(); // channel * 128 + pitch: the id of the note that sounds there
    this.peaks = Object.fromEntries(Object.keys(CHANNELS).map((part) => [part, 0]));
    this.pairs = Array.from({ length: USED }, () => [new Float32Array(BLOCK), new Float32Array(BLOCK)]);
    this.next = 1;
  }

  /** Load a SoundFont, an ArrayBuffer. */
  async load(font) {
    this.core = new SpessaSynthProcessor(this.rate, { maxBufferSize: BLOCK, eventsEnabled: false });
    await this.core.processorInitialized; // compiles the Vorbis decoder of compressed SoundFonts
    this.core.soundBankManager.addSoundBank(SoundBankLoader.fromArrayBuffer(font), "gm");
    this.core.setSystemParameter("gain", GAIN);
    this.core.chorusProcessor.process = () => {}; // a third of the work, for a hundredth of the sound
    this.core.midiChannels[CHANNELS.perc].setDrums(true);
  }

  /** Choose a part's General MIDI program, or the kit of a drum part; loads its samples before a note needs them. */
  program(part, number) {
    const channel = CHANNELS[part];
    this.core.programChange(channel, number);
    const preset = this.core.midiChannels[channel].preset, [from, to, step] = KITS.includes(part) ? [35, 59, 1] : [28, 96, 4];
    for (let pitch = from; preset && pitch <= to; pitch += step) this.core.getVoicesForPreset(preset, pitch, 80);
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

  /** Render a block that begins at a frame into two arrays from an index on. */
  render(left, right, index, frame) {
    for (const pair of this.pairs) { pair[0].fill(0); pair[1].fill(0); }
    const wetLeft = left.subarray(index, index + BLOCK), wetRight = right.subarray(index, index + BLOCK);
    let done = 0;
    while (done < BLOCK) {
      while (this.events.length && this.events[0][0] <= frame + done) this.act(this.events.shift());
      const until = this.events.length ? Math.min(BLOCK, this.events[0][0] - frame) : BLOCK;
      this.core.processSplit(this.pairs, wetLeft, wetRight, done, until - done);
      done = until;
    }
    for (const part in CHANNELS) {
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
