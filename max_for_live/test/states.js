'use strict';
// What the effect's face shows at work, as JSON for `python -m max_for_live.picture`: the device's own scripts in the mock Live set, with answers as a daemon gives them.
const { LiveSet, Track, Clip, read } = require('./mock_max');
const { R, started, answer, last } = require('./clip_rig');
const { canvas } = require('./canvas');
const SCREEN = read('llmball_screen.js'), SIZE = [200, 54];

const KIT = { 36: 'Kick', 38: 'Snare', 42: 'Closed Hat', 46: 'Open Hat' };
const chords = [[50, 57, 60, 64, 65], [43, 53, 57, 59, 64], [48, 55, 59, 62, 64], [45, 55, 60, 64, 67]], roots = [38, 43, 36, 33];
const bars = (make) => { const flat = []; for (let b = 0; b < 8; b++) flat.push(...make(b)); return flat; };
const ROWS = {
  chords: bars((b) => chords[b % 4].flatMap((p) => [p, 4 * b, 1.5, 70, p, 4 * b + 2.5, 1.4, 62])),
  melody: bars((b) => [[74, 0.5, 1], [72, 1.5, 0.5], [69, 2, 1.5], [b % 2 ? 67 : 65, 3.5, 0.5]].flatMap(([p, s, l]) => [p, 4 * b + s, l, 84])),
  bass: bars((b) => [roots[b % 4], 4 * b, 1.5, 92, roots[b % 4] + 12, 4 * b + 2.5, 0.5, 78]),
  drums: bars((b) => [[36, 0], [42, 0.5], [38, 1], [42, 1.5], [36, 2.5], [38, 3], [46, 3.5]].flatMap(([p, s]) => [p, 4 * b + s, 0.25, 88])),
};
const WALK = bars((b) => [0, 4, 7, 10].flatMap((step, i) => [i ? roots[b % 4] + step - (step > 7 ? 12 : 0) : roots[b % 4], 4 * b + i, 0.9, 88]));

function state(d, name, typed) {
  const out = { name, typed, told: {}, hidden: {}, menus: {}, values: {}, screen: '' }, roll = canvas(SCREEN, SIZE);
  for (const [outlet, word, ...args] of d.out) {
    if (outlet !== 1) continue;
    if (word.startsWith('hide')) out.hidden[word] = args[0];
    else if (word.startsWith('menu_')) { const m = out.menus[word] = out.menus[word] || []; if (args[0] === 'clear') m.length = 0; else if (args[0] === 'append') m.push(args[1]); else if (args[0] === 'set') out.told[word] = m[args[1]]; }
    else if (word === 'roll') roll.send(args[0], ...args.slice(1));
    else out.told[word] = args[0];
  }
  for (const [key, value] of Object.entries(d.set.params || {})) out.values[key] = value;
  out.screen = roll.svg();
  return out;
}
// What is typed, word by word, up to the last but one
const typing = (d, words) => words.split(' ').slice(0, -1).forEach((_, i, all) => { if (i % 2 === 0) states.push(state(d, 'typing', [all.slice(0, i + 1).join(' '), ''])); });
const param = (d, key, value) => { d.set.params = { ...d.set.params, [key]: value }; d.send(0, 'param', key, value); };

const names = ['Chords', 'Melody', 'Bass', 'Kit', 'Warm Pad', 'Strings', 'Vox', 'Perc Loop', 'FX'];
const set = new LiveSet({ tracks: names.map((n) => new Track(n, n === 'Kit' ? { pads: KIT } : {})), song: { tempo: 120 } });
const prompt = 'dusty lo-fi chords in D minor, sleepy drums, 82 bpm, vinyl crackle', d = started(set, '', 1), states = [];
states.push(state(d, 'ready', ['', ''])); typing(d, prompt);
d.send(0, 'text', prompt); d.send(0, 'seed', 17); d.send(0, 'generate');
d.send(0, R + 'clip/progress', last(d)[2], 0.4);
states.push(state(d, 'writing', [prompt, '']));
d.send(0, R + 'clip/unread', last(d)[2], '"vinyl crackle": effects are not written'); answer(d, 1, ROWS, 32, 'D minor');
states.push(state(d, 'written', [prompt, '']));
d.send(0, 'settempo');
for (const t of set.tracks) if (t.slots[0].clip && t.name === 'Bass') t.slots[0].clip = null;
set.highlighted = { slot: set.tracks[2].slots[0], track: set.tracks[2] };
param(d, 'hear', 1); typing(d, 'a round bass for this'); d.send(0, 'text', 'a round bass for this'); d.send(0, 'generate');
d.send(0, R + 'clip/heard', last(d)[2], '1 Chords is chords, 2 Melody is melody, 4 Kit is drums; D minor, 4/4 at 82, 8 bars; chords Dm9 | G13 | Cmaj7 | Am7; written: bass'); answer(d, 2, { bass: ROWS.bass }, 32, 'D minor');
states.push(state(d, 'heard', ['a round bass for this', '']));
typing(d, 'a walking bass for this'); d.send(0, 'text', 'a walking bass for this'); d.send(0, 'generate');
d.send(0, R + 'clip/heard', last(d)[2], '1 Chords is chords, 2 Melody is melody, 4 Kit is drums; D minor, 4/4 at 82, 8 bars; chords Dm9 | G13 | Cmaj7 | Am7; written: bass'); answer(d, 3, { bass: WALK }, 32, 'D minor');
states.push(state(d, 'approve', ['a walking bass for this', '']));
d.send(0, 'apply');
states.push(state(d, 'applied', ['a walking bass for this', '']));
d.send(0, 'text', prompt); param(d, 'key', 4); param(d, 'mode', 1); param(d, 'stream', 1);
states.push(state(d, 'stream', [prompt, '']));
console.log(JSON.stringify(states));
