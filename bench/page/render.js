// The page's synthesiser without a page: node render.js JOB.json OUT.raw writes float32, two channels. See sound.py for a job.
import fs from "node:fs";
const { page, font, rate, part, program, seconds, notes } = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const { BLOCK, Synth } = await import(`file://${page}/synth.js`);
const synth = new Synth(rate), bytes = fs.readFileSync(font);
await synth.load(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
synth.core.reverbProcessor.process = () => {}; // the effects of two synthesisers differ, and are not compared
synth.program(part, program);
for (const [pitch, velocity, at, length] of notes) synth.note(part, pitch, velocity, Math.round(at * rate), Math.round(length * rate));
const frames = Math.ceil(seconds * rate / BLOCK) * BLOCK, left = new Float32Array(frames), right = new Float32Array(frames);
for (let at = 0; at < frames; at += BLOCK) synth.render(left, right, at, at);
const out = new Float32Array(frames * 2);
for (let i = 0; i < frames; i++) { out[2 * i] = left[i]; out[2 * i + 1] = right[i]; }
fs.writeFileSync(process.argv[3], Buffer.from(out.buffer));
