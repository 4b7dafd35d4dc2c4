'use strict';
// The effect's script in a mock Live set of ten tracks, joined to a real daemon by UDP: node hear_e2e.js HOST PORT
// A bass for a scene, another one (shown, discarded; shown, applied, taken back), drums for it, a bass for the arrangement. A line of JSON for each step.
const dgram = require('node:dgram');
const { load, LiveSet, Track, Clip, read } = require('./mock_max');
const { encode, decode } = require('./osc');
const [host, port] = [process.argv[2], Number(process.argv[3])];

const GM = { 36: 'Kick', 37: 'Rim', 38: 'Snare', 39: 'Clap', 42: 'Closed Hat', 44: 'Pedal', 43: 'Low Tom', 46: 'Open Hat', 47: 'Tom', 49: 'Crash', 50: 'Hi Tom', 51: 'Ride', 56: 'Cowbell', 70: 'Shaker' };
const note = (pitch, start_time, duration = 1, velocity = 90) => ({ pitch, start_time, duration, velocity });
const CHORDS = [[57, 60, 64], [53, 57, 60], [55, 60, 64], [55, 59, 62]], bars = (make) => [0, 1, 2, 3].flatMap((b) => make(b).map((n) => ({ ...n, start_time: n.start_time + 4 * b })));
const CLIPS = {
  Kit: [4, [0, 1, 2, 3].flatMap((b) => [note(b % 2 ? 38 : 36, b, 0.25), note(42, b + 0.5, 0.25)])], 'Perc Loop': [8, [note(70, 0.5, 0.25), note(70, 6.5, 0.25)]],
  Keys: [16, bars((b) => CHORDS[b].map((p) => note(p, 0, 4)))], Melody: [16, bars((b) => [note(76 - b, 0, 2), note(72, 2, 1)])], Pad: [16, bars((b) => [note(CHORDS[b][2] + 12, 0, 4)])], Strings: [8, [note(76, 0, 8)]], Arp: [4, [0, 1, 2, 3].map((b) => note(81, b, 0.5))],
};
const NAMES = ['Kit', 'Perc Loop', 'Keys', 'Bass', 'Melody', 'Pad', 'Strings', 'Arp', 'Vox', 'LLMBall'];
const set = new LiveSet({ tracks: NAMES.map((n) => new Track(n, { ...(n === 'Kit' ? { pads: GM } : {}), midi: n === 'Vox' ? 0 : 1 })), own: 9, song: { tempo: 100 } });
for (const t of set.tracks) if (CLIPS[t.name]) {
  const [beats, notes] = CLIPS[t.name]; t.slots[0].clip = new Clip(t, beats, notes, 'mine');
  t.arrangement.push(Object.assign(new Clip(t, beats, notes, 'mine'), { start_time: 32, end_time: 48, end_marker: 16 }));
}
const track = (name) => set.tracks.find((t) => t.name === name), rows = (c) => c ? c.notes.map((n) => [n.pitch, n.start_time, n.duration, n.velocity]).sort((a, b) => a[1] - b[1] || a[0] - b[0]) : null;
const all = (but) => JSON.stringify(set.tracks.filter((t) => t.name !== but).map((t) => [rows(t.slots[0].clip), t.arrangement.map(rows)]));
set.highlighted = { slot: track('Bass').slots[0], track: track('Bass') };

const socket = dgram.createSocket('udp4'), clock = { now: Date.now() };
let at = 0, asked = false, before = '', d;
const scene = () => rows(track('Bass').slots[0].clip);
const ask = (words, seed, but) => { before = all(but); d.send(0, 'text', words); d.send(0, 'seed', seed); d.send(0, 'generate'); };
const STEPS = [
  { name: 'whole', ask: () => ask('a bass for this', 17, 'Bass'), done: () => ({ notes: scene(), untouched: all('Bass') === before }) },
  { name: 'other, discarded', ask: () => ask('a walking bass for this', 18, 'Bass'), done: () => { const was = scene(), status = d.status(), asks = !!d.ctx.state.pending; d.send(0, 'discard'); return { asks, status, untouched: all('Bass') === before, notes: scene(), kept: JSON.stringify(was) === JSON.stringify(scene()) }; } },
  { name: 'other, applied', ask: () => ask('a walking bass for this', 18, 'Bass'), done: () => { const was = scene(), asks = !!d.ctx.state.pending; d.send(0, 'apply'); const notes = scene(); d.send(0, 'back'); return { asks, notes, untouched: all('Bass') === before, back: JSON.stringify(was) === JSON.stringify(scene()) }; } },
  { name: 'drums', ask: () => { track('Kit').slots[0].clip = null; ask('drums that fit', 19, 'Kit'); }, done: () => ({ notes: rows(track('Kit').slots[0].clip), untouched: all('Kit') === before }) },
  { name: 'arrangement', ask: () => { set.song.current_song_time = 33; d.send(0, 'param', 'hear', 2); ask('a bass for this', 20, 'Bass'); }, done: () => ({ notes: rows(track('Bass').arrangement[0]), start: (track('Bass').arrangement[0] || {}).start_time, untouched: all('Bass') === before }) },
];
function look() {
  clock.now = Date.now(); d.run();
  if (!d.ctx.state.link.connected) return;
  const s = d.ctx.state;
  if (!asked) { asked = true; STEPS[at].ask(); return; }
  if (s.writing || s.queue.length) return;
  const wishes = d.told('wishes').at(-1), understood = d.told('understood').at(-1), given = d.said('clip/given').length, requests = d.said('clip_uri').length, status = d.status(), found = STEPS[at].done();
  console.log(JSON.stringify({ step: STEPS[at].name, status, ...found, wishes, understood, given, requests, steps: set.steps, open: set.undo, refused: set.refused.length }));
  asked = false;
  if (++at === STEPS.length) { clearInterval(timer); d.ctx.onOutlet = null; socket.close(); }
}
d = load(read('llmball.js'), { set, clock });
d.ctx.onOutlet = (o) => { if (o[0] === 0) socket.send(encode(o[1], o[1] === '/llmball/hello' ? [] : o.slice(2)), port, host); };
socket.on('message', (m) => { clock.now = Date.now(); const [address, args] = decode(m); d.send(0, address, ...args); });
const timer = setInterval(look, 20);
socket.bind(0, '127.0.0.1', () => { d.send(0, 'bang'); d.send(0, 'param', 'hear', 1); d.send(0, 'param', 'bars', 0); });
