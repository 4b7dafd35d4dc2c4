// The sound of this browser: planned notes at the daemon's time, kept takes, keys, and WAV files. Speaks to synth_worker.js.
import { wire } from "./wire.js";
import { score } from "./score.js";

const FONT = "page/band.sf3", PARTS = ["chords", "melody", "bass", "drums", "pad", "arp", "perc", "keys"];
const AHEAD = 1.3, EVERY = 100, LATEST = 0.08; // seconds that notes are told ahead, milliseconds, seconds
const REST = 10000; // milliseconds of silence after which none is computed
const UNSAFE_AHEAD = 0.22; // seconds rendered ahead where there is no AudioWorklet
const WAV_RATE = 44100;

export const sound = { on: false, starting: false, volume: stored("volume", 0.8), notice: "", peaks: {}, programs: {}, start, stop, hear, key, level, program, setVolume, latency, wav, hearing: false, prepare };

let engine = null, starting = null, waiting = null, timer = 0, resting = 0, clockOffsets = [], fontBytes = null;

function stored(name, otherwise) {
  try { return JSON.parse(localStorage.getItem(`llmball-${name}`)) ?? otherwise; } catch { return otherwise; }
}
export function store(name, value) { try { localStorage.setItem(`llmball-${name}`, JSON.stringify(value)); } catch { /* private mode: not kept */ } }
export { stored };

/** Load the synthesiser and its SoundFont, so that the first note need not wait for them. */
function prepare() {
  if (!waiting) (waiting = new AudioContext({ latencyHint: "interactive" })).suspend();
  return starting ??= create(waiting).catch((error) => { starting = null; throw error; });
}

/** Start the sound; browsers allow it only after a user action. */
async function start() {
  const made = prepare(), resumed = waiting.resume();
  sound.starting = true;
  try {
    engine = await made;
    await resumed;
    await awake();
  } finally { sound.starting = false; }
  if (sound.on) return;
  sound.on = true;
  for (const note of score.notes) note.played = score.secondsAt(note.start) < wire.now(); // those to come sound
  clearInterval(timer);
  timer = setInterval(schedule, EVERY);
  schedule();
}

function stop() {
  sound.on = false;
  clearInterval(timer);
  engine?.silence();
  engine?.context.suspend();
}

/** Let the audio clock run again. */
async function awake() {
  resting = 0;
  if (engine.context.state === "running") return;
  await engine.context.resume();
  clockOffsets = [];
}

async function font() {
  fontBytes ??= fetch(FONT).then((answer) => {
    if (!answer.ok) throw new Error(`the SoundFont is not there (${answer.status})`);
    return answer.arrayBuffer();
  });
  try { return await fontBytes; } catch (error) { fontBytes = null; throw error; }
}

async function create(context) {
  try {
    return await soundFontEngine(context);
  } catch (error) {
    sound.notice = `Plain synthesisers play, without instruments: ${error.message}.`;
    const { simpleEngine } = await import("./simple_synth.js");
    const simple = await simpleEngine();
    simple.volume(sound.volume);
    return simple;
  }
}

function worker() {
  const made = new Worker("page/synth_worker.js", { type: "module" });
  made.ask = (kind, more = {}, moved = []) => made.postMessage({ kind, ...more }, moved);
  return made;
}

async function soundFontEngine(context) {
  const bytes = await font(), made = worker(), rate = context.sampleRate;
  const out = new GainNode(context, { gain: sound.volume }), analyser = new AnalyserNode(context, { fftSize: 512 });
  const limiter = new DynamicsCompressorNode(context, { threshold: -4, knee: 3, ratio: 12, attack: 0.002, release: 0.15 });
  out.connect(limiter).connect(analyser).connect(context.destination);
  const loaded = new Promise((done, failed) => {
    made.onerror = (event) => { console.warn(event.message); failed(new Error(event.message || "the synthesiser does not start here")); };
    made.onmessage = ({ data }) => {
      if (data.kind === "loaded") done();
      if (data.kind === "failed") { failed(new Error(data.reason)); console.warn(data.reason); }
      if (data.kind === "peaks") for (const part of PARTS) sound.peaks[part] = Math.max(data.peaks[part] ?? 0, sound.peaks[part] ?? 0);
      if (data.kind === "chunk") {
        const buffer = new AudioBuffer({ length: data.left.length, numberOfChannels: 2, sampleRate: rate });
        buffer.copyToChannel(data.left, 0);
        buffer.copyToChannel(data.right, 1);
        const source = new AudioBufferSourceNode(context, { buffer });
        source.connect(out);
        if (data.at / rate >= context.currentTime) source.start(data.at / rate);
      }
    };
  });
  let ahead = UNSAFE_AHEAD;
  if (context.audioWorklet) {
    const { port1, port2 } = new MessageChannel();
    await context.audioWorklet.addModule("page/synth_output.js");
    const node = new AudioWorkletNode(context, "synth-output", { numberOfInputs: 0, outputChannelCount: [2] });
    node.port.onmessage = ({ data }) => { ahead = data.ahead; sound.late = data.late; };
    made.ask("load", { font: bytes, rate, port: port2 }, [port2]);
    await loaded;
    node.port.postMessage({ port: port1 }, [port1]); // from now on it asks for chunks
    node.connect(out);
  } else {
    sound.notice = "This page is not on this machine's own address (nor https), so browsers give it no audio worklet: the band sounds the same, keys sound a fifth of a second late.";
    made.ask("load", { font: bytes, rate });
    await loaded;
    setInterval(() => {
      if (context.state !== "running") return;
      const from = Math.round(context.currentTime * rate);
      made.ask("advance", { from, until: from + Math.round(UNSAFE_AHEAD * rate) });
    }, 25);
  }
  const frame = (seconds) => Math.round(seconds * rate), samples = new Float32Array(512);
  for (const [part, number] of Object.entries(sound.programs)) made.ask("program", { part, number });
  return { context, real: true, ahead: () => ahead,
    notes: (notes) => made.ask("notes", { notes: notes.map(([part, pitch, velocity, at, seconds, take]) => [part, pitch, velocity, frame(at), frame(seconds), take]) }),
    cancel: (part, take, at) => made.ask("cancel", { part, take, frame: frame(at) }),
    key: (part, pitch, velocity, down) => made.ask("key", { part, pitch, velocity, down }),
    silence: (part) => made.ask("silence", { part }),
    program: (part, number) => made.ask("program", { part, number }),
    volume: (gain) => { out.gain.setTargetAtTime(gain, context.currentTime, 0.02); },
    samples: () => { analyser.getFloatTimeDomainData(samples); return samples; } };
}

/** Return the audio clock's time of a time of the daemon. The clock is read in steps: the largest of the last readings is right. */
function audioTime(seconds) {
  const here = performance.now() / 1000;
  clockOffsets = [...clockOffsets.filter(([at]) => here - at < 3), [here, engine.context.currentTime - here]];
  return seconds - wire.now() + here + Math.max(...clockOffsets.map(([, offset]) => offset));
}

function schedule() {
  if (!sound.on || sound.hearing) return;
  if (score.state !== "playing") {
    resting = level() > 0.0001 ? 0 : resting + 1; // a key may sound
    if (resting === REST / EVERY) engine.context.suspend();
    return;
  }
  if (resting) awake();
  if (engine.context.state !== "running") return;
  const here = wire.now(), due = [];
  for (let i = score.firstAfter(score.quarterNow() - 4); i < score.notes.length; i++) {
    const note = score.notes[i];
    if (note.played) continue;
    const at = score.secondsAt(note.start), wait = at - here;
    if (wait > AHEAD) break; // notes are in the order of their starts
    note.played = true;
    if (wait < -LATEST) continue; // too late, such as after connecting
    due.push([note.part, note.pitch, note.velocity, audioTime(at), Math.max(0.03, score.secondsAt(note.start + note.length) - at), note.take]);
  }
  send(due);
}

function send(notes) {
  if (!notes.length) return;
  if (engine.notes) engine.notes(notes); else for (const note of notes) engine.note(...note);
}

/** Return the largest amplitude of the last samples, 0..1. */
function level() {
  if (engine?.context.state !== "running") return 0;
  let most = 0;
  for (const sample of engine.samples()) most = Math.max(most, Math.abs(sample));
  return most;
}

/** Play a key of the visitor's at once; `velocity` 0 is its end. */
async function key(pitch, velocity) {
  if (!engine) await start(); else await awake();
  engine.key("keys", pitch, velocity, velocity > 0);
}

/** Choose a part's General MIDI program for this browser. */
function program(part, number) {
  if (sound.programs[part] === number) return;
  sound.programs[part] = number;
  if (!sound.hearing) engine?.program(part, number);
}

function setVolume(gain) {
  sound.volume = gain;
  store("volume", gain);
  engine?.volume(gain);
}

/** Return the seconds from a key to its sound, null before the sound was started. */
function latency() {
  if (!engine) return null;
  return (engine.ahead?.() ?? 0.005) + (engine.context.baseLatency || 0) + (engine.context.outputLatency || 0);
}

/** Play a song (see export.js) once or, with `again`, round and round, instead of the band; null stops. */
let round = 0;
async function hear(song, again = false) {
  clearTimeout(round);
  engine?.silence();
  if (sound.hearing) for (const [part, number] of Object.entries(sound.programs)) engine?.program(part, number);
  sound.hearing = false;
  if (!song) return;
  const live = sound.on;
  await start();
  if (!live) { sound.on = false; clearInterval(timer); }
  sound.hearing = true;
  for (const [part, number] of Object.entries(song.programs ?? {})) engine.program(part, number);
  let from = engine.context.currentTime + 0.3;
  const next = () => {
    send(song.notes.map((n) => [n.part, n.pitch, n.velocity, from + n.at, Math.max(0.03, n.seconds), "heard"]));
    from += song.seconds;
    round = setTimeout(() => { if (again) next(); else hear(null); }, (from - engine.context.currentTime - (again ? 0.3 : 0)) * 1000);
  };
  next();
}

/** Render songs (see export.js) as WAV files (ArrayBuffers); `told(share)` hears of progress. */
async function wav(songs, told) {
  const made = worker(), bytes = await font();
  try {
    return await new Promise((done, failed) => {
      const files = [];
      made.onerror = (event) => failed(new Error(event.message || "the synthesiser does not start here"));
      made.onmessage = ({ data }) => {
        if (data.kind === "failed") failed(new Error(data.reason));
        if (data.kind === "progress") told?.(data.share);
        if (data.kind === "loaded") {
          for (const [part, number] of Object.entries({ ...sound.programs, ...songs[0].programs })) made.ask("program", { part, number });
          made.ask("wav", { songs: songs.map((song) => ({ seconds: song.seconds, notes: song.notes.map((n) => [n.part, n.pitch, n.velocity, n.at, Math.max(0.03, n.seconds)]) })) });
        }
        if (data.kind === "wav") { files[data.index] = data.file; if (files.filter(Boolean).length === songs.length) done(files); }
      };
      made.ask("load", { font: bytes, rate: WAV_RATE });
    });
  } finally { made.terminate(); }
}

wire.on("state", (state) => { if (state !== "playing" && !sound.hearing) engine?.silence(); });
wire.on("cancelled", (take, part, after) => {
  if (sound.on && !sound.hearing) engine?.cancel?.(part, take, audioTime(score.secondsAt(after)));
});
wire.on("part-muted", (part) => engine?.silence(part));
