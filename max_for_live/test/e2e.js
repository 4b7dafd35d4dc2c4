'use strict';
// The effect's script in the mock Live set, joined to a real daemon by UDP: node e2e.js HOST PORT INSTANCES < jobs.json
// jobs: [{prompt, seed, bars (index of the menu), params: {…}}]. Prints a line of JSON for each: its status and the notes by track.
const dgram = require('node:dgram'), fs = require('node:fs');
const { load, LiveSet, Track, read } = require('./mock_max');
const { encode, decode } = require('./osc');
const GM = { 36: 'Kick', 37: 'Rim', 38: 'Snare', 39: 'Clap', 42: 'Closed Hat', 44: 'Pedal', 43: 'Low Tom', 46: 'Open Hat', 47: 'Tom', 49: 'Crash', 50: 'Hi Tom', 51: 'Ride', 56: 'Cowbell', 70: 'Shaker' };
const [host, port, instances] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4] || 1)];
const jobs = JSON.parse(fs.readFileSync(0, 'utf8')), SOURCE = read('llmball.js');

function instance() {
  const socket = dgram.createSocket('udp4'), clock = { now: Date.now() };
  let d, job = null, asked = 0;
  const fresh = () => new LiveSet({ tracks: [new Track('Keys'), new Track('Melody'), new Track('Bass'), new Track('Drums', { pads: GM })] });
  function begin() {
    job = jobs.shift();
    if (!job) { socket.close(); clearInterval(timer); d.ctx.onOutlet = null; return; }
    d.set.tracks = fresh().tracks;
    d.send(0, 'text', job.prompt); d.send(0, 'seed', job.seed); d.send(0, 'param', 'bars', job.bars);
    for (const [k, v] of Object.entries(job.params || {})) d.send(0, 'param', k, v);
    asked = Date.now(); d.send(0, 'generate');
  }
  function look() {
    clock.now = Date.now(); d.run();
    if (!d.ctx.state.link.connected || (job === null && !begin()) || !job) return;
    const clips = d.set.tracks.map((t) => t.slots[0].clip), idle = !d.ctx.state.writing && !d.ctx.state.queue.length;
    if (!idle || Date.now() === asked) return;
    const notes = {}; d.set.tracks.forEach((t, i) => { notes[t.name.toLowerCase()] = clips[i] ? clips[i].notes.map((n) => [n.pitch, n.start_time, n.duration, n.velocity]) : []; });
    console.log(JSON.stringify({ prompt: job.prompt, seed: job.seed, status: d.status(), beats: Math.max(0, ...clips.filter(Boolean).map((c) => c.loop_end)), notes }));
    job = null;
  }
  d = load(SOURCE, { set: fresh(), clock });
  d.ctx.onOutlet = (o) => { if (o[0] === 0) socket.send(encode(o[1], o[1] === '/llmball/hello' ? [] : o.slice(2)), port, host); };
  socket.on('message', (m) => { clock.now = Date.now(); const [address, args] = decode(m); d.send(0, address, ...args); });
  const timer = setInterval(look, 20);
  socket.bind(0, '127.0.0.1', () => d.send(0, 'bang'));
}
for (let i = 0; i < instances; i++) instance();
