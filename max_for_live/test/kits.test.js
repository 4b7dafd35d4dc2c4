// The drum kit of a track: which pad plays which role, by its name.
'use strict';
const test = require('node:test'), assert = require('node:assert');
const { LiveSet, Track } = require('./mock_max');
const { SOURCE, started, band, answer } = require('./clip_rig');

test('drums go to the pads of the track\'s own kit by their names, and what it lacks to the nearest it has', () => {
  const set = band(); const d = started(set); d.send(0, 'generate'); answer(d, 1, { drums: [36, 0, 0.25, 110, 38, 1, 0.25, 90, 42, 1.5, 0.25, 90, 46, 2, 0.25, 90] });
  assert.deepEqual(set.tracks[3].slots[0].clip.notes.map((n) => n.pitch), [36, 40, 44, 44]);
});

test('a kit without a name that is known gets the sixteen pads from 36', () => {
  const set = new LiveSet({ tracks: [new Track('Drums')] }); const d = started(set); d.send(0, 'generate'); answer(d, 1, { drums: [70, 0, 0.25, 90] });
  assert.deepEqual(set.tracks[0].slots[0].clip.notes.map((n) => n.pitch), [45]);
});

test('the roles of the kit are read from names as people give them', () => {
  const ctx = {}; require('node:vm').runInNewContext(SOURCE.slice(SOURCE.indexOf('var Kit ='), SOURCE.indexOf('// Reading Live')) + ';this.Kit = Kit;', ctx);
  const one = (name) => Object.keys(ctx.Kit.roles([{ note: 1, name }]))[0] || '';
  const told = { 'Kick 808': 'kick', 'Snare 808': 'snare', 'Clap 808': 'clap', 'Hihat Closed 808': 'closed_hat', 'Hihat Open 808': 'open_hat', 'Tom Low 808': 'tom_low', 'Tom Hi 808': 'tom_high', 'Tom Mid 808': 'tom_mid', 'Rim 808': 'rim', 'Cymbal 808': 'crash', 'Cowbell 808': 'perc',
    'Maracas 808': 'shaker', '808': 'kick', BD_01: 'kick', 'Bass Drum': 'kick', KickHard: 'kick', 'MyKick-2': 'kick', SD1: 'snare', Snr: 'snare', 'Side Stick': 'rim', 'X-Stick': 'rim', Rimshot: 'rim', 'Hand Clap': 'clap', CP: 'clap', 'Finger Snaps': 'clap', 'HH Cl': 'closed_hat', ClosedHH: 'closed_hat', HHClosed_01: 'closed_hat', CHH: 'closed_hat',
    'Hi-Hat (open)': 'open_hat', OHH: 'open_hat', 'Open Hat': 'open_hat', HatOpen: 'open_hat', 'HH Op': 'open_hat', 'Hat Pedal': 'pedal_hat', 'Foot Hat': 'pedal_hat', 'Floor Tom': 'tom_low', 'Low Tom': 'tom_low', 'Lo Tom': 'tom_low', 'Rack Tom': 'tom_mid', 'Tom 1': 'tom_high', 'Tom 2': 'tom_mid', 'Tom 3': 'tom_low', 'High Tom': 'tom_high', LT: 'tom_low', HT: 'tom_high',
    'Crash L': 'crash', Splash: 'crash', 'Ride Bell': 'ride', 'Cymbal Ride': 'ride', Shaker: 'shaker', Tambourine: 'shaker', Conga: 'perc', 'Perc 3': 'perc', Woodblock: 'perc', '底鼓': 'kick', '军鼓': 'snare', '拍手': 'clap', '闭合踩镲': 'closed_hat', '开镲': 'open_hat', '踩镲 开': 'open_hat', '吊镲': 'crash', '低音嗵鼓': 'tom_low', '沙锤': 'shaker',
    Vox: '', 'What the FX': '', Override: '', '': '', 'Audio 12': '' };
  for (const [name, role] of Object.entries(told)) assert.equal(one(name), role, name);
});

test('a whole kit of names with the machine in them is mapped role by role, and a redo reads it back as it was', () => {
  const pads = { 36: 'Kick 808', 37: 'Rim 808', 38: 'Snare 808', 39: 'Clap 808', 40: 'Cowbell 808', 41: 'Tom Low 808', 42: 'Hihat Closed 808', 44: 'Maracas 808', 46: 'Hihat Open 808', 49: 'Cymbal 808' };
  const set = new LiveSet({ tracks: [new Track('Drums', { pads, nested: true })] }); const d = started(set); d.send(0, 'generate');
  const flat = []; [36, 38, 37, 39, 42, 46, 43, 49, 70, 56].forEach((p, i) => flat.push(p, i, 0.25, 90)); answer(d, 1, { drums: flat }, 16);
  assert.deepEqual(set.tracks[0].slots[0].clip.notes.map((n) => n.pitch), [36, 38, 37, 39, 42, 46, 41, 49, 44, 40]);
  for (const p of ['chords', 'melody', 'bass']) d.send(0, 'param', p, 0);
  set.shown = set.tracks[0].slots[0].clip; d.send(0, 'redo'); const g = d.said('clip/given')[0].slice(6); assert.deepEqual(g.filter((x, i) => i % 4 === 0), [36, 38, 37, 39, 42, 46, 43, 49, 70, 56]);
});

test('the pads of a kit are read once a clip, not once a note', () => { const set = band(); const d = started(set); d.send(0, 'generate'); const many = []; for (let i = 0; i < 200; i++) many.push(36, i * 0.05, 0.05, 90); answer(d, 1, { drums: many }); assert.ok(set.padsRead <= 3 * 128 + 9, String(set.padsRead)); });
