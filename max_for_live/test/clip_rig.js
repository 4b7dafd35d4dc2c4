// What tests of the clips' device share: a device that has started, a Live set with a band, and answers of a daemon.
'use strict';
const { load, LiveSet, Track, read } = require('./mock_max');
const SOURCE = read('llmball.js');
const R = '/llmball/';

// `ask`: whether it asks before notes are lost, as a new device does
function started(set, words = 'dusty lo-fi, 82 bpm', ask = 0) {
  const d = load(SOURCE, { set });
  d.send(0, 'param', 'approve', ask);
  d.send(0, 'bang');
  d.send(0, R + 'welcome', '0.1.0', 1, 'chords melody bass drums');
  if (words) d.send(0, 'text', words);
  return d;
}
const band = (opts = {}) => new LiveSet({ tracks: [new Track('Keys', opts), new Track('Melody', opts), new Track('Bass', opts), new Track('Drums', { ...opts, pads: { 36: 'Kick 808', 40: 'Snare Dry', 44: 'Closed HH' } })], ...opts.set });
const ROWS = { chords: [60, 0, 2, 80, 64, 0, 2, 80], melody: [72, 0.5, 1, 90], bass: [36, 0, 1, 100], drums: [36, 0, 0.25, 110, 42, 1, 0.25, 30] };
// Answers the k-th clip that was asked for; ids begin anywhere, so that an answer to a device that was here before is not taken for one's own.
const idOf = (d, k) => { const seen = [...new Set(d.said('clip_uri').map((m) => m[2]))]; return k > 0 && k <= seen.length ? seen[k - 1] : k; };
function answer(d, k, rows = ROWS, beats = 16, key = 'A minor') {
  const id = idOf(d, k);
  let at = 0; const total = Object.values(rows).reduce((n, r) => n + r.length / 4, 0);
  d.send(0, R + 'clip/begin', id, total, beats, 120, key);
  for (const [part, flat] of Object.entries(rows)) { d.send(0, R + 'clip/notes', id, at, part, ...flat); at += flat.length / 4; }
  d.send(0, R + 'clip/end', id);
}
const last = (d) => d.said('clip_uri').at(-1);

module.exports = { SOURCE, R, started, band, ROWS, answer, last, idOf };
