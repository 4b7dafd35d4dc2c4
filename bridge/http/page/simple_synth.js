// Plain synthesisers by Tone.js: they play where the SoundFont cannot. No samples, no instruments to choose.
const STRUCK = ["drums", "perc"];
let Tone = null, band = null, analyser = null;

function load() {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = "page/tone.js";
    script.onload = () => done(window.Tone);
    script.onerror = () => failed(new Error("the synthesiser cannot be loaded"));
    document.head.append(script);
  });
}

/** Return an engine with the interface that sound.js uses. */
export async function simpleEngine() {
  Tone ??= await load();
  await Tone.start();
  band ??= made();
  const context = Tone.getContext().rawContext, samples = () => analyser.getValue();
  return { context, samples, note: (part, pitch, velocity, at, seconds) => play({ part, pitch, velocity }, Math.max(at, context.currentTime + 0.005), seconds),
    key: (part, pitch, velocity, down) => { if (down) play({ part, pitch, velocity }, context.currentTime + 0.005, 0.4); },
    silence, program() {}, volume: (gain) => { Tone.getDestination().volume.value = 20 * Math.log10(Math.max(gain, 1e-4)); } };
}

function made() {
  analyser = new Tone.Analyser("waveform", 512);
  const out = new Tone.Limiter(-2).connect(analyser).toDestination();
  const hall = new Tone.Reverb({ decay: 1.5, preDelay: 0.012, wet: 0.18 }).connect(out);
  const to = (node, decibels) => { node.volume.value = decibels; return node.connect(hall); };
  const chords = new Tone.PolySynth(Tone.FMSynth, { maxPolyphony: 24,
    harmonicity: 2, modulationIndex: 1.6, oscillator: { type: "sine" }, modulation: { type: "sine" },
    envelope: { attack: 0.006, decay: 1.4, sustain: 0.22, release: 0.5 },
    modulationEnvelope: { attack: 0.004, decay: 0.35, sustain: 0.12, release: 0.3 } });
  const melody = new Tone.PolySynth(Tone.Synth, { maxPolyphony: 12, oscillator: { type: "fattriangle", spread: 12, count: 2 },
    envelope: { attack: 0.01, decay: 0.5, sustain: 0.35, release: 0.35 } });
  const bass = new Tone.PolySynth(Tone.MonoSynth, { maxPolyphony: 4, oscillator: { type: "triangle" },
    envelope: { attack: 0.008, decay: 0.4, sustain: 0.6, release: 0.12 },
    filterEnvelope: { attack: 0.005, decay: 0.25, sustain: 0.3, baseFrequency: 110, octaves: 2.6 } });
  const pad = new Tone.PolySynth(Tone.Synth, { maxPolyphony: 16, oscillator: { type: "fattriangle", spread: 18, count: 3 },
    envelope: { attack: 0.35, decay: 0.6, sustain: 0.8, release: 1.2 } });
  const arp = new Tone.PolySynth(Tone.Synth, { maxPolyphony: 12, oscillator: { type: "triangle" },
    envelope: { attack: 0.003, decay: 0.25, sustain: 0.12, release: 0.2 } });
  to(chords, -15); to(melody, -13); to(bass, -9); to(pad, -21); to(arp, -15);
  const noise = (type, decay, from, decibels) => {
    const filter = new Tone.Filter(from, type).connect(out);
    const drum = new Tone.NoiseSynth({ noise: { type: "white" }, envelope: { attack: 0.001, decay, sustain: 0, release: 0.02 } });
    drum.volume.value = decibels;
    return drum.connect(filter);
  };
  const skin = (octaves, decay, decibels) => {
    const drum = new Tone.MembraneSynth({ octaves, pitchDecay: 0.045, envelope: { attack: 0.001, decay, sustain: 0, release: 0.05 } });
    drum.volume.value = decibels;
    return drum.connect(out);
  };
  const kit = { kick: skin(5, 0.32, -5), tom: skin(2.5, 0.3, -10), body: skin(1.5, 0.12, -14), snare: noise("highpass", 0.16, 1400, -15),
    rim: noise("bandpass", 0.03, 2200, -10), closed: noise("highpass", 0.045, 7800, -19), open: noise("highpass", 0.3, 7200, -21),
    crash: noise("highpass", 0.9, 4800, -21), ride: noise("highpass", 0.14, 6200, -23) };
  return { chords, melody, bass, pad, arp, kit };
}

const KIT = { 35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "snare", 40: "snare", 42: "closed", 44: "closed", 46: "open",
  49: "crash", 57: "crash", 51: "ride", 59: "ride", 53: "ride", 41: "tom", 43: "tom", 45: "tom", 47: "tom", 48: "tom", 50: "tom" };
const SHAKEN = [54, 69, 70, 82];
const drumOf = (part, pitch) => part === "drums" ? KIT[pitch] ?? "closed"
  : SHAKEN.includes(pitch) ? "closed" : pitch >= 60 && pitch <= 66 ? "tom" : "rim";
const last = new Map();

/** Play a note at a time of the audio clock, for a length in seconds. */
function play({ part, pitch, velocity }, at, seconds) {
  const strength = (velocity / 127) ** 1.5;
  if (!STRUCK.includes(part)) {
    (band[part] ?? band.chords).triggerAttackRelease(Tone.Frequency(pitch, "midi"), Math.max(0.05, seconds), at, strength);
    return;
  }
  const name = drumOf(part, pitch);
  const when = Math.max(at, (last.get(name) ?? 0) + 0.005); // each drum has one voice: its starts must increase
  last.set(name, when);
  if (name === "kick") band.kit.kick.triggerAttackRelease("C1", 0.2, when, strength);
  else if (name === "tom") band.kit.tom.triggerAttackRelease(Tone.Frequency(pitch - 7, "midi"), 0.2, when, strength);
  else band.kit[name].triggerAttackRelease(0.05, when, strength);
  if (name === "snare" && when > (last.get("body") ?? 0)) {
    last.set("body", when + 0.005);
    band.kit.body.triggerAttackRelease("G2", 0.1, when, strength);
  }
}

function silence(part) {
  for (const name of part ? [part] : ["chords", "melody", "bass", "pad", "arp"]) band?.[name]?.releaseAll?.();
}
