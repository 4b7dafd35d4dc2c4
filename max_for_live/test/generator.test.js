'use strict';
const test = require('node:test'), assert = require('node:assert');
const { load, LiveSet, Track, Clip, read } = require('./mock_max');
const SOURCE = read('llmball_generator.js'), R = '/llmball/';
const THERE = { notes: [{ note_id: 1, pitch: 50, start_time: 4, duration: 1, velocity: 80 }] };
function rig() {
  const set = new LiveSet(); set.shown = set.tracks[0].slots[0].clip = new Clip(set.tracks[0], 16, [{ pitch: 48, start_time: 5, duration: 1, velocity: 70 }]);
  const g = load(SOURCE, { set }); g.send(0, 'bang'); g.send(0, R + 'welcome', '1', 1, ''); g.send(0, 'text', 'soft pads');
  let asking = false; g.late = 0;
  g.asks = (there = { notes: [] }, context = { clip: { time_selection_start: 4, time_selection_end: 8 }, scale: { scale_mode: 1, root_note: 2, scale_name: 'Dorian', scale_intervals: [] } }) => {
    g.dicts.c = context; g.dicts.n = there; const before = g.out.length; asking = true; g.send(1, 'dictionary', 'c'); g.send(2, 'dictionary', 'n'); asking = false;
    const o = g.out.slice(before).filter((x) => x[0] === 1); assert.equal(o.length, 1, 'answered once, within the call'); assert.equal(o[0][1], 'dictionary'); return g.dicts[o[0][2]].notes;
  };
  g.ctx.onOutlet = (o) => { if (o[0] === 1 && !asking) g.late++; if (o[0] === 2 && o[1] === 'bang') g.asked = g.asks(); if (o[0] === 0 && asking) throw new Error('the network within an answer'); };
  return g;
}
function answer(g, id, rows = [60, 0.5, 1, 100, 62, 3.5, 2, 90, 64, 6, 1, 90]) { const ids = [...new Set(g.said('clip_uri').map((m) => m[2]))]; id = ids[id - 1]; g.send(0, R + 'clip/begin', id, rows.length / 4, 16, 120, 'D'); g.send(0, R + 'clip/notes', id, 0, 'chords', ...rows); g.send(0, R + 'clip/end', id); }

test('with nothing ready Live gets back the notes that were there', () => { const g = rig(); assert.deepEqual(g.asks(THERE).map((n) => n.pitch), [50]); assert.deepEqual(g.asks().map((n) => n.pitch), [48], 'the clip in view, where Live shows none'); assert.equal(g.late, 0); });

test('what was written comes within the selection, the moment Live asks, and again on Apply', () => {
  const g = rig(); g.send(0, 'generate'); answer(g, 1); assert.deepEqual(g.asked.map((n) => [n.pitch, n.start_time, n.duration]), [[60, 4.5, 1], [62, 7.5, 0.5]]);
  assert.deepEqual(g.asks().map((n) => n.pitch), [60, 62]); assert.equal(g.late, 0);
});

test('the scale of the clip is asked for, the seed stays until another is asked for', () => {
  const g = rig(); g.asks(); g.send(0, 'generate'); const first = g.said('clip_uri').at(-1); assert.ok(first.map((x) => decodeURIComponent(x)).includes('D dorian')); answer(g, 1);
  g.send(0, 'generate'); assert.equal(g.said('clip_uri').at(-1)[4], first[4]); g.send(0, 'newseed'); assert.notEqual(g.said('clip_uri').at(-1)[4], first[4]);
});

test('where another clip is in view by then, nothing is put into it unasked', () => { const g = rig(); g.send(0, 'generate'); g.set.shown = new Clip(g.set.tracks[0], 8); answer(g, 1); assert.equal(g.asked, undefined); assert.equal(g.status(), 'Ready, press Apply'); });

test('a changed control says so and sends nothing', () => { const g = rig(); g.send(0, 'generate'); answer(g, 1); const n = g.said('clip_uri').length; g.send(0, 'param', 'density', 80); assert.match(g.status(), /press Generate/); assert.equal(g.said('clip_uri').length, n); });

test('while the daemon writes, fails or is lost, Live is answered all the same', () => {
  const g = rig(); g.send(0, 'generate'); assert.deepEqual(g.asks(THERE).map((n) => n.pitch), [50]); g.send(0, R + 'clip/failed', g.said('clip_uri').at(-1)[2], 'no'); assert.deepEqual(g.asks(THERE).map((n) => n.pitch), [50]);
  g.send(0, 'generate'); g.advance(70000, 500); assert.deepEqual(g.asks(THERE).map((n) => n.pitch), [50]); assert.equal(g.late, 0);
});

test('the metre and the tempo are Live\'s, and the bars those of the selection', () => {
  const g = rig(); Object.assign(g.set.song, { tempo: 640, signature_numerator: 3 }); g.asks({ notes: [] }, { clip: { time_selection_start: 3, time_selection_end: 12 } }); g.send(0, 'generate'); const m = g.said('clip_uri').at(-1), at = (k) => m[m.indexOf(k) + 1];
  assert.equal(m[3], 3); assert.equal(at('meter'), '3%2F4'); assert.equal(at('tempo'), 160);
});

test('drums go to the pads of the clip\'s own track', () => {
  const g = rig(); g.set.tracks[0].pads = { 40: 'Kick 808', 41: 'Snare 808' }; g.send(0, 'param', 'part', 3); g.send(0, 'generate'); const id = g.said('clip_uri').at(-1)[2];
  g.send(0, R + 'clip/begin', id, 2, 4, 120, 'D'); g.send(0, R + 'clip/notes', id, 0, 'drums', 36, 0, 0.25, 100, 38, 1, 0.25, 90); g.send(0, R + 'clip/end', id); assert.deepEqual(g.asked.map((n) => n.pitch), [40, 41]);
});

test('an answer comes though the context is missing, the dictionary broken, Live has no clip or nothing falls into the selection', () => {
  const g = rig(); g.send(0, 'generate'); answer(g, 1);
  for (const context of [{}, { clip: {} }, { clip: { time_selection_start: 4, time_selection_end: 4 } }, null]) assert.ok(g.asks(THERE, context).length > 0);
  assert.deepEqual(g.asks(THERE, { clip: { time_selection_start: 4, time_selection_end: 4.25 } }).map((n) => n.pitch), [50], 'a rest of ours is no reason to take notes away');
  g.set.shown = null; assert.ok(Array.isArray(g.asks({ notes: [] }, {}))); const h = rig(); h.set.shown = null; assert.deepEqual(h.asks({}, {}), []); assert.equal(g.late + h.late, 0);
});

test('Live is answered before the device has loaded, and nothing is sent meanwhile', () => {
  const g = load(SOURCE, { set: new LiveSet() }); g.dicts.n = THERE; g.send(2, 'dictionary', 'n'); const o = g.out.filter((x) => x[0] === 1); assert.equal(o.length, 1); assert.deepEqual(g.dicts[o[0][2]].notes.map((n) => n.pitch), [50]); assert.deepEqual(g.out.filter((x) => x[0] === 0), []);
});

test('a daemon of another version, one that goes and one that is started anew while it writes are told', () => {
  const g = rig(); g.send(0, R + 'welcome', '9', 2, ''); assert.match(g.status(), /another version/); g.send(0, 'generate'); assert.match(g.status(), /another version/); g.advance(9000, 50); assert.match(g.status(), /not running/);
  g.send(0, R + 'welcome', '1', 1, ''); g.send(0, 'generate'); const id = g.said('clip_uri').at(-1)[2], n = g.said('clip_uri').length; g.send(0, R + 'clip/failed', id, 'it is not known, or not any more: ask for it again'); assert.equal(g.said('clip_uri').length, n + 1);
});

test('one dictionary is enough for all answers', () => { const g = rig(); const names = new Set(); for (let i = 0; i < 5; i++) { g.asks(THERE); names.add(g.out.filter((x) => x[0] === 1).at(-1)[2]); } assert.equal(names.size, 1); });
