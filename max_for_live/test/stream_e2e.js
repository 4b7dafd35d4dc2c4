'use strict';
// Four instances of the effect stream from a real daemon (serve --sync host): node stream_e2e.js HOST PORT SECONDS NOTES
// They play until each has heard NOTES notes, SECONDS at most. Live's song runs in real time at 120, read late and in steps.
// Prints what each instance played, and how far from Live's half beats.
const dgram = require('node:dgram');
const { load, LiveSet, Track, read } = require('./mock_max');
const { encode, decode } = require('./osc');
const [host, port, seconds, enough] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4] || 10), Number(process.argv[5] || Infinity)];
const SOURCE = read('llmball.js'), BPM = 120;
let began = 0;
const beat = () => (began ? (Math.floor((Date.now() - 12) / 20) * 20 - began) * BPM / 60000 : 0);
const parts = ['chords', 'melody', 'bass', 'drums'];
const all = parts.map((part, i) => {
  const socket = dgram.createSocket('udp4'), clock = { now: Date.now() }, set = new LiveSet({ tracks: [new Track(part)] });
  Object.assign(set.song, { current_song_time: () => Math.max(0, beat()), is_playing: () => (began ? 1 : 0), tempo: () => BPM });
  const d = load(SOURCE, { set, clock }), heard = [], told = new Set();
  d.ctx.onOutlet = (o) => {
    if (o[0] === 0) socket.send(encode(o[1], o[1] === '/llmball/hello' ? [] : o.slice(2)), port, host);
    if (o[0] === 2) heard.push({ at: Date.now() + o[4], pitch: o[1] });
    if (o[0] === 3) heard.flushed = (heard.flushed || 0) + 1;
  };
  socket.on('message', (m) => { clock.now = Date.now(); const [address, args] = decode(m); if (address === '/llmball/note') told.add(args[1]); d.send(0, address, ...args); });
  socket.bind(0, '127.0.0.1', () => { d.send(0, 'bang'); d.send(0, 'text', 'techno with a melody, humanise nothing'); });
  const timer = setInterval(() => { clock.now = Date.now(); d.run(); }, 5);
  return { part, d, heard, told, close() { clearInterval(timer); d.ctx.notifydeleted(); setTimeout(() => socket.close(), 50); }, stream() { d.send(0, 'param', 'lead', i === 0 ? 1 : 0); d.send(0, 'param', 'streamed', i + 1); d.send(0, 'param', 'stream', 1); } };
});
setTimeout(() => { for (const one of all) one.stream(); }, 1500);
setTimeout(() => { began = Date.now(); }, 3500);
const watch = setInterval(() => {
  const played = (one) => one.heard.filter((n) => n.at <= Date.now()).length;
  if (!began || (Date.now() - began < seconds * 1000 && !all.every((one) => played(one) >= enough))) return;
  clearInterval(watch);
  for (const one of all) {
    const off = one.heard.map((n) => { const b = (n.at - began) * BPM / 60000 * 4; return Math.abs(b - Math.round(b)) / 4 * 60000 / BPM; }).sort((a, b) => a - b);
    console.log(JSON.stringify({ part: one.part, connected: one.d.ctx.state.link.connected, notes: one.heard.length, parts: [...one.told], off: off[Math.floor(off.length * 0.5)], p99: off[Math.floor(off.length * 0.99)], status: one.d.status() }));
    one.close();
  }
}, 100);
