'use strict';
const test = require('node:test'), assert = require('node:assert');
const { load, LiveSet, Track, Chain, read } = require('./mock_max');
const SOURCE = read('llmball.js'), R = '/llmball/';

// A song whose true beat follows a tempo, read as Live gives it: up to 30 ms old and in steps of 20 ms (or as `step` and `old` say).
class Song {
  constructor(clock, bpm = (beat) => 100, { step = 20, old = 11 } = {}) { this.step = step; this.old = old; this.clock = clock; this.bpm = bpm; this.beat = 0; this.at = clock.now; this.seen = [[clock.now, 0]]; this.on = 0; }
  to(now) { while (this.at < now) { this.at += 1; if (this.on) this.beat += this.bpm(this.beat) / 60000; this.seen.push([this.at, this.beat]); if (this.seen.length > 200) this.seen.shift(); } return this.beat; }
  stale() { const old = Math.floor((this.clock.now - (this.clock.now * 7) % this.old) / this.step) * this.step; let v = this.seen[0][1]; for (const [t, b] of this.seen) if (t <= old) v = b; return v; }
  jump(beat) { this.beat = beat; this.seen = [[this.at, beat]]; }
}
function rig(part, options = {}) {
  const clock = options.clock || { now: 1000 }, song = options.song || new Song(clock, options.bpm, options.read), set = new LiveSet({ tracks: [new Track(part, { pads: options.pads || null })] });
  Object.assign(set.song, { current_song_time: () => song.stale(), is_playing: () => song.on, tempo: () => song.bpm(song.beat) });
  const d = load(SOURCE, { set, clock, shared: options.shared }), chain = new Chain(clock);
  d.ctx.onOutlet = (o) => chain.take(o);
  d.send(0, 'bang'); if (!options.absent) d.send(0, R + 'welcome', '1', 1, ''); d.send(0, 'text', options.words === undefined ? 'a song' : options.words);
  d.send(0, 'param', 'lead', options.lead === undefined ? 1 : options.lead); d.send(0, 'param', 'streamed', ['all', 'chords', 'melody', 'bass', 'drums'].indexOf(part)); d.send(0, 'param', 'stream', 1);
  let gone = 0;
  return { deaf() { options.deaf = true; }, d, chain, song, clock, step(ms = 1) { for (let i = 0; i < ms; i++) { clock.now += 1; song.to(clock.now); d.run(); if (!options.absent && ++gone % 1000 === 0 && !options.deaf) d.send(0, R + 'pong', 1); if (options.each) options.each(this); } } };
}
// A daemon that begins at the song's second bar, as ours does with a host, four quarters ahead; each packet takes 0 to 20 ms.
const ORIGIN = 4;
const pitch = (n) => 20 + (n % 100);   // by which a test knows each note again
function daemon(rigs, song, { part = () => ['chords', 'melody', 'bass', 'drums'], every = 0.5 } = {}) {
  let next = 0, beat = 0, seed = 7; const waiting = [], sent = [];
  const jitter = () => { seed = (seed * 16807) % 2147483647; return (seed / 2147483647) * 20; };
  return { sent, dead: false, tick(now) {
    if (this.dead || !song.on) return;
    while (next < song.beat) { for (const p of part()) { waiting.push([now + jitter(), 'note', '1', p, pitch(next / every), 90, next, 0.4]); sent.push([p, next]); } next += every; }
    while (beat + ORIGIN <= song.beat) { waiting.push([now + jitter(), 'beat', Math.floor(beat / 4) + 1, (beat % 4) + 1, 100]); beat += 1; }
    for (let i = waiting.length - 1; i >= 0; i--) if (waiting[i][0] <= now) { const [, path, ...a] = waiting.splice(i, 1)[0]; for (const r of rigs) r.d.send(0, R + path, ...a); }
  } };
}
function play(r, beats, d, seen = () => {}) { while (r.song.beat < beats) { r.step(); d.tick(r.clock.now); seen(); } }

// The error of each note-on against the moment at which the song's true beat came to where the note was planned.
function errors(options, beats = 44) {
  const r = rig('chords', options), d = daemon([r], r.song, { part: () => ['chords'], every: 0.25 });
  const truth = new Map(); r.song.on = 1; r.song.to(r.clock.now);
  play(r, beats, d, () => { const k = Math.floor(r.song.beat * 4); if (!truth.has(k)) truth.set(k, r.clock.now); });
  const found = [], heard = r.chain.notes.filter((n) => n.on < r.clock.now - 500);
  for (const n of heard) { let best = 1e9; for (const [k, t] of truth) if (pitch(k - ORIGIN * 4) === n.pitch) best = Math.min(best, Math.abs(n.on - t)); found.push(best); }
  return found.sort((a, b) => a - b);
}
const UP = (b) => 100 + Math.min(40, b * 40 / 32), DOWN = (b) => 180 - Math.min(110, b * 110 / 40), WAVES = (b) => 120 + 30 * Math.sin(b / 4);
for (const [how, options] of [['a ramp from 100 to 140', { bpm: UP }], ['a ramp from 180 down to 70', { bpm: DOWN }], ['a tempo that goes up and down', { bpm: WAVES }], ['steps of 47 ms', { bpm: UP, read: { step: 47, old: 5 } }], ['steps of 5 ms, up to 40 late', { bpm: UP, read: { step: 5, old: 40 } }], ['steps of a millisecond', { bpm: DOWN, read: { step: 1, old: 1 } }]])
  test(`note-ons lie on the song's own time while the network jitters: ${how}, p99 within 5 ms`, () => {
    const found = errors(options), p99 = found[Math.floor(found.length * 0.99)];
    console.log(`# ${how}: ${found.length} notes, error median ${found[found.length >> 1].toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
    assert.ok(found.length > 140); assert.ok(p99 <= 5, `p99 ${p99}`);
  });

for (const [how, act] of [['stop', (r) => { r.song.on = 0; }], ['bypass', (r) => r.d.send(0, 'enabled', 0)], ['deletion', (r) => r.d.ctx.notifydeleted()], ['the switch', (r) => r.d.send(0, 'param', 'stream', 0)]])
  test(`nothing sounds after ${how}`, () => {
    const r = rig('chords'), d = daemon([r], r.song, { part: () => ['chords'] }); r.song.on = 1; play(r, 9.1, d); assert.ok(r.chain.notes.length > 10);
    act(r); r.step(60); assert.equal(r.chain.sounding(r.clock.now), 0); const n = r.chain.notes.length; if (how !== 'stop') r.song.on = 1; r.step(1500); assert.equal(r.chain.notes.filter((x) => x.on > r.clock.now - 1400).length, 0); assert.ok(r.chain.notes.length <= n);
  });

test('nothing sounds on when the daemon is gone, and the device says so', () => {
  const r = rig('chords'), d = daemon([r], r.song, { part: () => ['chords'] }); r.song.on = 1; play(r, 9, d); d.dead = true; r.deaf(); r.step(7000);
  assert.equal(r.chain.sounding(r.clock.now), 0); assert.match(r.d.status(), /not running/);
});

test('what is cancelled does not sound, and what is planned anew does', () => {
  const r = rig('chords'), d = daemon([r], r.song, { part: () => ['chords'] }); r.song.on = 1; play(r, 6, d); d.dead = true;
  r.d.send(0, R + 'cancelled', '1', 'chords', 4); r.d.send(0, R + 'note', '2', 'chords', 72, 90, 4.25, 0.5); r.step(3000);
  const after = r.chain.notes.filter((n) => n.pitch === 72); assert.equal(after.length, 1);
  const beats = r.chain.notes.filter((n) => n.pitch < 72).length; assert.equal(beats, 8, 'two a quarter up to the fourth');
});

test('a device that plays all parts takes back only the part that is cancelled, and keeps two parts on one pitch apart', () => {
  const r = rig('all'); r.song.on = 1; r.step(600); r.d.send(0, R + 'beat', 1, 2, 100);   // origin 0
  for (const p of ['bass', 'drums', 'chords']) r.d.send(0, R + 'note', '1', p, 36, 90, 4, 0.5);
  r.d.send(0, R + 'cancelled', '1', 'bass', 2); r.step(3000); assert.equal(r.chain.notes.filter((n) => n.pitch === 36).length, 2);
});

test('what was handed over already is taken back as long as it does not sound; what sounds goes on', () => {
  const r = rig('chords'); r.song.on = 1; r.step(600); r.d.send(0, R + 'beat', 1, 2, 100);
  r.d.send(0, R + 'note', '1', 'chords', 50, 90, 3.9, 4); r.d.send(0, R + 'note', '1', 'chords', 60, 90, 4, 1); r.d.send(0, R + 'note', '2', 'chords', 61, 90, 4, 1);
  while (r.song.beat < 3.92) r.step(); assert.deepEqual(r.chain.notes.map((n) => n.pitch).sort(), [50, 60, 61], 'all three are with the pipe');
  r.d.send(0, R + 'cancelled', '1', 'chords', 4); r.step(300); assert.deepEqual(r.chain.notes.map((n) => n.pitch).sort(), [50, 61]); assert.equal(r.chain.sounding(r.clock.now), 2);
});

test('a leader that is bypassed goes on telling the daemon Live\'s time, and its stop', () => {
  const r = rig('chords'), d = daemon([r], r.song, { part: () => ['chords'] }); r.song.on = 1; play(r, 9, d); r.d.send(0, 'enabled', 0); const before = r.d.said('transport').length;
  r.step(1000); assert.ok(r.d.said('transport').length >= before + 8); assert.equal(r.chain.sounding(r.clock.now), 0); r.song.on = 0; r.step(100); assert.equal(r.d.said('stop').length, 1);
  r.song.on = 1; r.d.send(0, 'enabled', 1); r.step(100); assert.equal(r.d.said('play').length, 2);
});

test('a packet that comes twice sounds once; one that comes late is left out', () => {
  const r = rig('bass'); r.song.on = 1; r.step(200); r.d.send(0, R + 'beat', 1, 1, 100); for (let i = 0; i < 2; i++) r.d.send(0, R + 'note', '1', 'bass', 40, 90, 2, 0.5);
  r.d.send(0, R + 'beat', 1, 1, 100); r.step(300); r.d.send(0, R + 'beat', 1, 2, 100); r.step(2500); assert.equal(r.chain.notes.length, 1);
  r.d.send(0, R + 'note', '1', 'bass', 41, 90, 1, 0.5); r.step(500); assert.equal(r.chain.notes.length, 1);
});

test('four instances play four parts, each its own, and one of them leads', () => {
  const clock = { now: 1000 }, song = new Song(clock), shared = {}; const rigs = ['chords', 'melody', 'bass', 'drums'].map((p) => rig(p, { clock, song, shared }));   // each may lead, as they come out of the browser
  const d = daemon(rigs, song); song.on = 1;
  while (song.beat < 12) { clock.now += 1; song.to(clock.now); for (const r of rigs) r.d.run(); d.tick(clock.now); }
  const counts = rigs.map((r) => r.chain.notes.length); assert.ok(Math.min(...counts) >= 14, String(counts)); assert.ok(Math.max(...counts) <= 18, String(counts));
  assert.deepEqual(rigs.map((r) => r.d.said('transport').length > 0), [true, false, false, false]); assert.equal(rigs[0].d.said('play').length, 1);
});

test('a leap of the song is told to the daemon at once, and ends what sounds', () => {
  const r = rig('chords'), d = daemon([r], r.song, { part: () => ['chords'] }); r.song.on = 1; play(r, 9.1, d); const before = r.d.said('transport').length;
  r.song.jump(2); r.step(60); const told = r.d.said('transport').slice(before); assert.ok(told.some((m) => Math.abs(m[3] - 2) < 0.3)); assert.equal(r.chain.sounding(r.clock.now), 0);
});

test('a daemon that does not follow the host says how to start it', () => { const r = rig('all'); r.d.send(0, R + 'error', '/llmball/transport', 'the time is not the host\'s'); assert.match(r.d.status(), /--sync host/); });

test('while it leads, its words and dials are the band\'s', () => {
  const r = rig('all'); r.d.send(0, 'param', 'density', 81); assert.deepEqual(r.d.said('density').at(-1).slice(2), [0.8]); r.d.send(0, 'text', 'techno'); r.d.send(0, 'generate'); assert.equal(r.d.said('prompt_uri').at(-1)[2], 'techno');
  r.d.send(0, 'refinetext', 'darker'); r.d.send(0, 'refine'); assert.equal(r.d.said('refine_uri').at(-1)[2], 'darker'); assert.equal(r.d.said('clip_uri').length, 0);
});

test('a stale word of a stop loses nothing, a true one ends what sounds at once', () => {
  const r = rig('chords'), d = daemon([r], r.song, { part: () => ['chords'] }); r.song.on = 1; r.step(600); r.d.send(0, R + 'beat', 1, 2, 100); for (let i = 0; i < 16; i++) r.d.send(0, R + 'note', '1', 'chords', 40 + i, 90, 2 + i, 0.4);
  while (r.song.beat < 4.5) r.step(); r.d.send(0, R + 'state', 'waiting'); r.step(30); assert.equal(r.chain.sounding(r.clock.now), 0); r.d.send(0, R + 'beat', 1, 5, 100); r.step(4000);
  assert.deepEqual(r.chain.notes.map((n) => n.pitch).slice(0, 8), [40, 41, 42, 43, 44, 45, 46, 47]);
  r.d.send(0, R + 'state', 'idle'); const n = r.chain.notes.length; r.step(4000); assert.equal(r.chain.notes.filter((x) => x.on < r.clock.now).length, n); r.d.send(0, R + 'beat', 1, 1, 100); r.step(500); assert.equal(r.chain.notes.length, n, 'another play: nothing of before');
});

test('a beat that comes late or again moves nothing; a band that begins anew does', () => {
  const r = rig('chords'); r.song.on = 1; r.step(600); r.d.send(0, R + 'beat', 1, 2, 100); r.d.send(0, R + 'note', '1', 'chords', 60, 90, 6, 0.4); while (r.song.beat < 3.1) r.step();
  r.d.send(0, R + 'beat', 1, 2, 100); r.d.send(0, R + 'beat', 1, 4, 100); while (r.song.beat < 7) r.step(); assert.equal(r.chain.notes.length, 1); const [n] = r.chain.notes; assert.ok(Math.abs((n.on - 1000) * 100 / 60000 - 6) < 0.1, String(n.on));
  while (r.song.beat < 8) r.step(); r.d.send(0, R + 'beat', 1, 1, 100); r.d.send(0, R + 'note', '2', 'chords', 62, 90, 2, 0.4); r.step(2500); assert.ok(Math.abs((r.chain.notes[1].on - 1000) * 100 / 60000 - 10) < 0.1);
});

test('of four that may lead one does, whoever is told to lead does from then on, and a leader that is deleted is followed', () => {
  const clock = { now: 1000 }, song = new Song(clock), shared = {}, rigs = ['chords', 'bass', 'drums'].map((p) => rig(p, { clock, song, shared })); song.on = 1;
  const step = (ms) => { for (let i = 0; i < ms; i++) { clock.now += 1; song.to(clock.now); for (const r of rigs) r.d.run(); if (i % 900 === 0) for (const r of rigs) r.d.send(0, R + 'pong', 1); } };
  const tells = () => { const n = rigs.map((r) => r.d.said('transport').length); step(300); return rigs.map((r, i) => r.d.said('transport').length > n[i]); };
  assert.deepEqual(tells(), [true, false, false]); assert.deepEqual(rigs.map((r) => r.d.said('prompt_uri').length), [1, 0, 0]);
  rigs[1].d.send(0, 'param', 'lead', 0); rigs[1].d.send(0, 'param', 'lead', 1); assert.deepEqual(tells(), [false, true, false]); assert.equal(rigs[0].d.said('stop').length, 0, 'handing over stops nobody');
  rigs[1].d.ctx.notifydeleted(); step(200); assert.equal(tells().filter(Boolean).length, 1);
});

test('a device that streams without words listens, and leads once it is given some', () => {
  const r = rig('chords', { words: '' }); r.song.on = 1; r.step(200); assert.match(r.d.status(), /Type what/); assert.equal(r.d.said('transport').length, 0); r.d.send(0, R + 'beat', 1, 1, 100); r.d.send(0, R + 'note', '1', 'chords', 60, 90, 2, 0.4); r.step(2000); assert.equal(r.chain.notes.length, 1);
  r.d.send(0, 'text', 'techno'); r.d.send(0, 'generate'); assert.equal(r.d.said('prompt_uri').length, 1); assert.equal(r.d.said('clip_uri').length, 0); r.step(100); assert.equal(r.d.said('play').length, 1);
});

test('a daemon that comes late, or is started anew, is told what to play', () => {
  const r = rig('chords', { absent: true }); r.song.on = 1; r.step(3000); const n = r.d.said('prompt_uri').length; r.d.send(0, R + 'welcome', '1', 1, ''); r.step(100); assert.equal(r.d.said('prompt_uri').length, n + 1); assert.ok(r.d.said('play').length >= 1);
  r.step(8000); assert.match(r.d.status(), /not running/); const m = r.d.said('prompt_uri').length; r.d.send(0, R + 'welcome', '1', 1, ''); r.step(100); assert.equal(r.d.said('prompt_uri').length, m + 1);
});

test('a set that was saved while it streamed streams again, whatever comes first', () => {
  const set = new LiveSet({ tracks: [new Track('x')] }), d = load(SOURCE, { set }); d.send(0, 'param', 'stream', 1); d.send(0, 'bang'); d.send(0, 'text', 'words of before'); assert.equal(d.said('prompt_uri').length, 0); d.send(0, R + 'welcome', '1', 1, ''); assert.equal(d.said('prompt_uri').length, 1);
});

test('streamed drums go to the pads of the track\'s own kit, unless the daemon\'s own map turned them already', () => {
  for (const map of ['gm', 'rack16']) {
    const r = rig('drums', { pads: { 36: 'Snare 808', 50: 'Kick 808' } }); assert.equal(r.d.said('drums/map').length, 1); r.d.send(0, R + 'drums/map', map); r.song.on = 1; r.step(600); r.d.send(0, R + 'beat', 1, 2, 100);
    r.d.send(0, R + 'note', '1', 'drums', 36, 90, 2, 0.4); r.step(1500); assert.deepEqual(r.chain.notes.map((n) => n.pitch), [map === 'gm' ? 50 : 36]);
  }
});

test('another part is played at once, and the band is not disturbed', () => {
  const r = rig('chords'), d = daemon([r], r.song, { part: () => ['chords', 'bass'] }); r.song.on = 1; play(r, 6, d); const stops = r.d.said('stop').length, words = r.d.said('prompt_uri').length;
  r.d.send(0, R + 'note', '1', 'bass', 99, 90, 2.75, 0.4); r.d.send(0, 'param', 'streamed', 3); const n = r.chain.notes.length; play(r, 8, d); assert.ok(r.chain.notes.slice(n).some((x) => x.pitch === 99)); assert.deepEqual([r.d.said('stop').length, r.d.said('prompt_uri').length], [stops, words]);
});

test('whoever leads says Live\'s key and metre and which parts play, and again only when they change', () => {
  const set = new LiveSet({ song: { scale_mode: 1, root_note: 2, scale_name: 'Dorian', signature_numerator: 3 } }), d = load(SOURCE, { set }); d.send(0, 'bang'); d.send(0, R + 'welcome', '1', 1, ''); d.send(0, 'text', 'a'); d.send(0, 'param', 'bass', 0); d.send(0, 'param', 'stream', 1);
  assert.deepEqual(['key', 'meter', 'part/bass/enabled', 'part/drums/enabled', 'density'].map((p) => d.said(p).at(-1)[2]), ['D dorian', '3/4', 0, 1, -1]); const order = d.out.filter((o) => o[0] === 0).map((o) => o[1].slice(9)); assert.ok(order.indexOf('prompt_uri') > order.indexOf('meter'), 'a control after the words would have the take written anew'); const n = d.out.length; d.advance(300); assert.equal(d.said('key').length, 1); set.song.scale_name = 'Minor'; d.advance(300); assert.equal(d.said('key').at(-1)[2], 'D minor'); assert.ok(d.out.length < n + 20);
});

test('the first beats may come in a burst, late: the least late of them counts', () => {
  const r = rig('chords'); r.song.on = 1; r.step(2400); for (const beat of [2, 3, 4]) r.d.send(0, R + 'beat', 1, beat, 100); r.d.send(0, R + 'beat', 2, 1, 100);   // the song is at the fourth quarter
  r.d.send(0, R + 'note', '1', 'chords', 60, 90, 6, 0.4); r.step(2000); assert.equal(r.chain.notes.length, 1); assert.ok(Math.abs((r.chain.notes[0].on - 1000) * 100 / 60000 - 6) < 0.1, String(r.chain.notes[0].on));
});
