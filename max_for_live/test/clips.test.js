'use strict';
const test = require('node:test'), assert = require('node:assert');
const { load, LiveSet, Track, Clip, read } = require('./mock_max');
const { SOURCE, R, started, band, ROWS, answer, last, idOf } = require('./clip_rig');

test('nothing touches Live or the daemon before the device has loaded', () => { const d = load(SOURCE); d.send(0, 'generate'); assert.deepEqual(d.out, []); });

test('words in Chinese with commas and semicolons arrive as they were typed', () => {
  const d = started(new LiveSet(), '温暖的 lo-fi, rainy; night'); d.send(0, 'generate');
  const m = last(d); assert.match(m[5], /^[\x21-\x7e]+$/); assert.equal(decodeURIComponent(m[5]), '温暖的 lo-fi, rainy; night');
});

test('a row of free slots takes a clip a part, exactly as long as asked, named, coloured and looped, in one undo step', () => {
  const set = band(); set.tracks[2].slots[0].clip = new Clip(set.tracks[2], 4, [], 'mine');
  const d = started(set); d.send(0, 'generate'); answer(d, 1);
  assert.equal(set.tracks[2].slots[0].clip.name, 'mine', 'what was there stays');
  for (const t of set.tracks) { const c = t.slots[1].clip; assert.equal(c.loop_end, 16); assert.equal(c.end_marker, 16); assert.equal(c.loop_start, 0); assert.equal(c.looping, 1); assert.match(c.name, /^dusty lo-fi.* #1$/); }
  assert.equal(new Set(set.tracks.map((t) => t.slots[1].clip.color)).size, 4);
  assert.equal(set.undo, 0); assert.equal(set.steps, 1);
});

test('ghost notes get a chance and a spread of velocity, the others do not', () => {
  const set = band(); const d = started(set); d.send(0, 'generate'); answer(d, 1);
  const [loud, ghost] = set.tracks[3].slots[0].clip.notes; assert.equal(loud.probability, 1); assert.ok(ghost.probability < 1 && ghost.velocity_deviation > 0);
});

test('each variation lands in the next row with the next seed', () => {
  const set = band(); const d = started(set); d.send(0, 'param', 'variations', 3); d.send(0, 'seed', 17); d.send(0, 'generate');
  for (let i = 1; i <= 3; i++) { assert.equal(last(d)[4], 16 + i); answer(d, i); }
  assert.deepEqual(set.tracks[0].slots.map((s) => s.clip && s.clip.name), ['dusty lo-fi #17', 'dusty lo-fi #18', 'dusty lo-fi #19', null]);
});

test('a full track offers a new scene, which then takes the clip', () => {
  const set = new LiveSet({ tracks: [new Track('Keys', { slots: 1 })] }); set.tracks[0].slots[0].clip = new Clip(set.tracks[0], 4, [], 'mine');
  const d = started(set); d.send(0, 'generate'); answer(d, 1); assert.match(d.status(), /New Scene/); assert.equal(d.told('hidescene').at(-1), 0);
  d.send(0, 'newscene'); d.send(0, 'generate'); answer(d, 2); assert.equal(set.tracks[0].slots[1].clip.name, 'dusty lo-fi #1'); assert.equal(set.tracks[0].slots[0].clip.name, 'mine');
});

test('the selected slot, the clip in view and the arrangement take clips where they are chosen', () => {
  const set = band(); const d = started(set); const slot = set.tracks[1].slots[2]; set.highlighted = { slot, track: set.tracks[1] };
  d.send(0, 'param', 'target', 1); d.send(0, 'generate'); answer(d, 1); assert.ok(slot.clip);
  d.send(0, 'generate'); assert.match(d.status(), /holds a clip/); assert.equal(d.said('clip_uri').length, 1, 'it is said before anything is written');
  set.shown = slot.clip; d.send(0, 'param', 'target', 2); d.send(0, 'generate'); answer(d, 2, { melody: [50, 0, 1, 90] }); assert.deepEqual(slot.clip.notes.map((n) => n.pitch), [50]);
  d.send(0, 'back'); assert.notDeepEqual(slot.clip.notes.map((n) => n.pitch), [50], 'back returns the notes before');
  set.song.current_song_time = 32; set.highlighted = null; d.send(0, 'param', 'target', 3); d.send(0, 'generate'); answer(d, 3); assert.equal(set.tracks[0].arrangement[0].start_time, 32);
});

test('redo writes only the bars in the loop of the clip in view; the rest is not touched', () => {
  const set = band(); const d = started(set); const t = set.tracks[1];
  t.slots[0].clip = new Clip(t, 16, [{ pitch: 60, start_time: 0, duration: 1, velocity: 90, probability: 0.5 }, { pitch: 62, start_time: 5, duration: 1, velocity: 91 }]); set.shown = t.slots[0].clip;
  Object.assign(set.shown, { loop_start: 4, loop_end: 8 }); d.send(0, 'redo');
  assert.deepEqual(d.said('clip/redo')[0].slice(3), ['melody', '2-2']); assert.equal(d.said('clip/given')[0][3], 2);
  answer(d, 1, { melody: [71, 0, 1, 90, 72, 4.5, 1, 90, 73, 9, 1, 90] });
  assert.deepEqual(set.shown.notes.map((n) => [n.pitch, n.start_time, n.probability]), [[60, 0, 0.5], [72, 4.5, 1]]);
});

test('refine and continue send the clip in view with its row', () => {
  const set = band(); const d = started(set); d.send(0, 'generate'); answer(d, 1); set.shown = set.tracks[0].slots[0].clip;
  d.send(0, 'refinetext', 'walking bass'); d.send(0, 'refine'); let m = last(d);
  assert.ok(m.includes('refine')); assert.equal(decodeURIComponent(m[5]), 'walking bass'); assert.equal(new Set(d.said('clip/given').map((g) => g[5])).size, 4); assert.equal(m.at(-1), 6);
  answer(d, 2); d.send(0, 'go_on'); m = last(d); assert.equal(m[3], 8); assert.ok(!m.includes('refine'));
});

test('Live\'s tempo, metre and scale go before the words, and the tempo asked for is offered', () => {
  const set = band({ set: { song: { tempo: 100, signature_numerator: 3, root_note: 2, scale_name: 'Dorian', scale_mode: 1 } } }); const d = started(set); d.send(0, 'generate');
  const o = last(d).slice(6); const at = (k) => o[o.indexOf(k) + 1]; assert.equal(at('tempo'), 100); assert.equal(at('meter'), '3%2F4'); assert.equal(decodeURIComponent(at('key')), 'D dorian');
  assert.deepEqual(d.told('asked').at(-1), 'Set Live to 82'); d.send(0, 'settempo'); assert.equal(set.song.tempo, 82);
});

test('a scale of Live\'s that has no name here goes by its intervals', () => {
  const set = new LiveSet({ song: { scale_name: 'Hirajoshi', scale_intervals: [0, 2, 3, 7, 8], scale_mode: 1 } }); const d = started(set); d.send(0, 'generate');
  assert.ok(last(d).map((x) => decodeURIComponent(x)).includes('A [0,2,3,7,8]'));
});

test('chunks out of order, twice and after the end make one whole clip', () => {
  const set = new LiveSet(); const d = started(set); d.send(0, 'generate');
  d.send(0, R + 'clip/begin', idOf(d, 1), 2, 16, 120, 'C'); d.send(0, R + 'clip/notes', idOf(d, 1), 1, 'chords', 64, 1, 1, 90); d.send(0, R + 'clip/end', idOf(d, 1));
  assert.equal(set.tracks[0].slots[0].clip, null); assert.equal(d.said('clip/resend').length, 1);
  d.send(0, R + 'clip/notes', idOf(d, 1), 1, 'chords', 64, 1, 1, 90); d.send(0, R + 'clip/notes', idOf(d, 1), 0, 'chords', 60, 0, 1, 90);
  assert.equal(set.tracks[0].slots[0].clip.notes.length, 2); d.send(0, R + 'clip/notes', idOf(d, 1), 0, 'chords', 60, 0, 1, 90); assert.equal(set.tracks[0].slots[0].clip.notes.length, 2);
});

test('a stale answer is not taken for the one asked for', () => { const set = new LiveSet(); const d = started(set); d.send(0, 'generate'); d.send(0, 'generate'); answer(d, 1); assert.equal(set.tracks[0].slots[0].clip, null); answer(d, 2); assert.ok(set.tracks[0].slots[0].clip); });

test('a lost request is said again, and silence for long ends in words', () => {
  const d = started(new LiveSet()); d.send(0, 'generate'); d.advance(1300); assert.equal(d.said('clip_uri').length, 2);
  d.advance(61000, 100); assert.match(d.status(), /not running|No answer/); assert.equal(d.set.tracks[0].slots[0].clip, null);
});

test('a daemon that is absent, late, of another version and back again is told', () => {
  const d = load(SOURCE); d.send(0, 'bang'); d.send(0, 'text', 'hi'); d.send(0, 'generate'); assert.match(d.status(), /not running/);
  d.advance(5000, 50); d.send(0, R + 'welcome', '0.1.0', 1, ''); assert.equal(d.status(), 'Ready');
  d.advance(8500, 50); assert.match(d.status(), /not running/); d.send(0, R + 'welcome', '9', 2, ''); assert.match(d.status(), /another version/);
  d.send(0, R + 'welcome', '0.1.0', 1, ''); d.send(0, 'generate'); assert.equal(d.said('clip_uri').length, 1);
});

test('an instance whose port another one holds tries the next', () => { const d = load(SOURCE); d.send(0, 'bang'); d.advance(2500, 50); const ports = d.out.filter((o) => o[0] === 4).map((o) => o[2]); assert.deepEqual(ports, [7412, 7413, 7414]); assert.equal(d.said('hello').at(-1)[2], 7414);
  d.send(0, R + 'welcome', '1', 1, ''); d.advance(20000, 50); assert.equal(d.said('hello').at(-1)[2], 7414, 'a port that was answered at is kept, whether the daemon is there or not'); });

test('works where Live knows no undo step, on an empty prompt, in a Rack and without a track', () => {
  const set = new LiveSet({ noUndo: true, chain: 2 }); const d = started(set); d.send(0, 'generate'); answer(d, 1); assert.ok(set.tracks[0].slots[0].clip);
  const e = started(new LiveSet(), ''); e.send(0, 'generate'); assert.match(e.status(), /Type what/);
});

test('a clip is named after its words, its first chords and its seed', () => {
  const set = new LiveSet(); const d = started(set, 'lofi, rainy'); d.send(0, 'param', 'bars', 2); d.send(0, 'seed', 17); d.send(0, 'generate');
  answer(d, 1, { chords: [65, 0, 2, 80, 69, 0, 2, 80, 72, 0, 2, 80, 64, 0, 2, 80, 71, 4, 2, 80, 65, 4, 2, 80, 69, 4, 2, 80, 64, 4, 2, 80], bass: [38, 0, 2, 90, 43, 4, 2, 90] }, 8);
  assert.equal(set.tracks[0].slots[0].clip.name, 'lofi Dm9–G13 #17');
});

test('history keeps the last words, newest first, and the bank what was stored', () => {
  const d = started(new LiveSet(), 'one'); d.send(0, 'generate'); d.send(0, 'text', 'two'); d.send(0, 'generate'); d.send(0, 'history', 1); assert.equal(d.told('prompt').at(-1), 'one');
  d.send(0, 'param', 'slot', 4); d.send(0, 'bankstore'); assert.equal(d.said('bank/4/store').length, 1); d.send(0, 'banklaunch'); assert.equal(decodeURIComponent(last(d)[5]), 'one');
});

test('parts that share a clip keep each other\'s notes when some are redone', () => {
  const set = new LiveSet({ tracks: [new Track('All')] }); const d = started(set); d.send(0, 'generate'); answer(d, 1); set.shown = set.tracks[0].slots[0].clip;
  for (const p of ['chords', 'bass', 'drums']) d.send(0, 'param', p, 0);
  d.send(0, 'redo'); assert.equal(d.said('clip/redo').at(-1)[3], 'melody'); answer(d, 2, { melody: [79, 1.5, 1, 90] });
  assert.deepEqual(set.shown.notes.map((n) => n.pitch).sort((a, b) => a - b), [36, 36, 42, 60, 64, 79]);
  d.send(0, 'back'); assert.deepEqual(set.shown.notes.map((n) => n.pitch).sort((a, b) => a - b), [36, 36, 42, 60, 64, 72]);
});

test('a shared clip of somebody else\'s is not guessed at', () => {
  const set = new LiveSet({ tracks: [new Track('All')] }); const d = started(set); const t = set.tracks[0];
  t.slots[0].clip = set.shown = new Clip(t, 16, [{ pitch: 60, start_time: 0, duration: 1, velocity: 90 }]); d.send(0, 'redo'); assert.match(d.status(), /own track/); assert.equal(d.said('clip_uri').length, 0);
});

test('back restores markers, loop and every property of the notes', () => {
  const set = band(); const d = started(set); const t = set.tracks[1]; const notes = [{ pitch: 60, start_time: 12, duration: 1, velocity: 90, probability: 0.5, mute: 0 }];
  t.slots[0].clip = set.shown = new Clip(t, 16, notes, 'mine'); Object.assign(set.shown, { loop_start: 4, loop_end: 8 }); d.send(0, 'param', 'target', 2); d.send(0, 'generate'); answer(d, 1); assert.notDeepEqual(set.shown.notes, notes);
  d.send(0, 'back'); assert.deepEqual(set.shown.notes, notes); assert.deepEqual([set.shown.loop_start, set.shown.loop_end, set.shown.end_marker, set.shown.name], [4, 8, 16, 'mine']);
});

test('the slot and the clip in view take the part of their own track', () => {
  const set = band(); const d = started(set); set.highlighted = { slot: set.tracks[2].slots[1], track: set.tracks[2] }; d.send(0, 'param', 'target', 1); d.send(0, 'generate'); answer(d, 1);
  assert.deepEqual(set.tracks[2].slots[1].clip.notes.map((n) => n.pitch), [36]);
  const other = new Track('Else'); set.tracks.push(other); set.highlighted = { slot: other.slots[0], track: other }; d.send(0, 'generate'); answer(d, 2); assert.match(d.status(), /None of the parts/); assert.equal(other.slots[0].clip, null);
});

test('clips of the arrangement begin on a bar line and never on another clip', () => {
  const set = band({ set: { song: { current_song_time: 32.37 } } }); const d = started(set); d.send(0, 'param', 'target', 3); d.send(0, 'generate'); answer(d, 1); d.send(0, 'generate'); answer(d, 2);
  assert.deepEqual(set.tracks[0].arrangement.map((c) => c.start_time), [36, 52]);
});

test('a tempo is heard in the words however it is written, a metre that is not known is left to the words', () => {
  for (const [words, bpm] of [['tempo 82 lofi', 82], ['lofi at 82', 82], ['慢板 82拍', 82], ['12 bars of lofi', 0]]) { const d = started(new LiveSet(), words); d.send(0, 'generate'); assert.equal(d.told('asked').at(-1), bpm ? `Set Live to ${bpm}` : 'Set Live', words); }
  const d = started(new LiveSet({ song: { signature_numerator: 2, signature_denominator: 8 } })); d.send(0, 'generate'); assert.ok(!last(d).includes('meter'));
});

test('long words and halves of characters do not break a packet, and a chunk beyond the total does not count', () => {
  const d = started(new LiveSet(), '雨'.repeat(900) + '😀'.repeat(300)); d.send(0, 'generate'); assert.ok(last(d)[5].length <= 4200); decodeURIComponent(last(d)[5]);
  const e = started(new LiveSet(), 'x\uD83D y'); e.send(0, 'generate'); assert.equal(decodeURIComponent(last(e)[5]), 'x y');
  d.send(0, R + 'clip/begin', idOf(d, 1), 2, 4, 120, 'C'); d.send(0, R + 'clip/notes', idOf(d, 1), 1, 'chords', 60, 0, 1, 90, 62, 1, 1, 90); assert.equal(d.set.tracks[0].slots[0].clip, null); d.send(0, R + 'clip/notes', idOf(d, 1), 0, 'chords', 59, 0, 1, 90); assert.equal(d.set.tracks[0].slots[0].clip.notes.length, 2);
});

test('history and bank come back with the set', () => {
  const d = started(new LiveSet(), 'one, 雨'); d.send(0, 'generate'); d.send(0, 'param', 'slot', 4); d.send(0, 'bankstore'); const kept = d.told('memory').at(-1); assert.match(kept, /^[!-~]+$/);
  const e = load(SOURCE); e.send(0, 'memory', kept); e.send(0, 'bang'); assert.deepEqual(e.told('addhistory'), ['one, 雨']); e.send(0, R + 'welcome', '1', 1, ''); e.send(0, 'param', 'slot', 4); e.send(0, 'banklaunch'); assert.equal(decodeURIComponent(last(e)[5]), 'one, 雨');
  const f = load(SOURCE); for (const nothing of ['', 0, '%', 'null']) f.send(0, 'memory', nothing); assert.deepEqual(f.out, []);
});

test('what was understood is shown, of a clip and of a stream', () => {
  const d = started(new LiveSet()); d.send(0, 'generate'); answer(d, 1); assert.match(d.told('understood').at(-1), /^A minor · 120 bpm/);
  d.send(0, R + 'understood/style', 'lo-fi'); d.send(0, R + 'understood/key', 'D dorian'); d.send(0, R + 'understood/tempo', 82.04); assert.match(d.told('understood').at(-1), /^lo-fi · D dorian · 82 bpm/);
});

test('the daemon\'s complaint is shown in its words', () => { const d = started(new LiveSet()); d.send(0, 'generate'); d.send(0, R + 'error', '/llmball/clip_uri', 'tempo is 20..300, not 900'); assert.match(d.status(), /20\.\.300/); });

test('both scripts are ES5 and call nothing that Max lacks', (t) => {
  let parse; try { ({ parse } = require('acorn')); } catch (e) { if (process.env.LLMBALL_REQUIRE_ALL) throw e; t.skip('acorn is not installed'); return; }
  for (const name of ['llmball.js', 'llmball_generator.js', 'llmball_screen.js']) { const s = read(name); parse(s, { ecmaVersion: 5 }); assert.doesNotMatch(s, /setTimeout|console\.|outlet\.apply|messnamed/); }
});

// --- what others would try ------------------------------------------------------------------------------------
test('a frozen track takes nothing, and then no other track does either', () => {
  const set = band(); set.tracks[2].is_frozen = 1; const d = started(set); d.send(0, 'generate'); answer(d, 1); assert.match(d.status(), /Bass is frozen/); assert.equal(set.clips().length, 0); assert.equal(set.undo, 0);
  d.send(0, 'param', 'target', 3); d.send(0, 'generate'); answer(d, 2); assert.match(d.status(), /frozen/); assert.equal(set.clips().length, 0);
});

test('where Live refuses the notes no part of the row stays', () => {
  const set = band(); let n = 0; set.refuses = (fn) => { if (fn === 'add_new_notes' && ++n === 3) throw new Error('no'); return false; };
  const d = started(set); d.send(0, 'generate'); answer(d, 1); assert.equal(set.clips().length, 0); assert.doesNotMatch(d.status(), /notes, seed/);
});

test('a new scene takes what waits for it, without asking the daemon again, for every take', () => {
  const set = new LiveSet({ tracks: [new Track('Keys', { slots: 1 })] }); set.tracks[0].slots[0].clip = new Clip(set.tracks[0], 4, [], 'mine');
  const d = started(set); d.send(0, 'param', 'variations', 3); d.send(0, 'seed', 5); d.send(0, 'generate'); answer(d, 1); assert.equal(d.told('hidescene').at(-1), 0);
  d.send(0, 'newscene'); answer(d, 2); answer(d, 3); assert.equal(d.said('clip_uri').length, 3); assert.deepEqual(set.tracks[0].slots.map((s) => s.clip.name), ['mine', 'dusty lo-fi #5', 'dusty lo-fi #6', 'dusty lo-fi #7']); assert.equal(d.told('hidescene').at(-1), 1);
});

test('takes into a slot go downwards from it, and over nothing', () => {
  const set = new LiveSet({ tracks: [new Track('Keys')] }); const t = set.tracks[0]; t.slots[2].clip = new Clip(t, 4, [], 'mine'); set.highlighted = { slot: t.slots[1], track: t };
  const d = started(set); d.send(0, 'param', 'target', 1); d.send(0, 'param', 'variations', 2); d.send(0, 'generate'); answer(d, 1); answer(d, 2); assert.deepEqual(t.slots.map((s) => s.clip && s.clip.name), [null, 'dusty lo-fi #1', 'mine', 'dusty lo-fi #2']);
});

test('what was in view when it was asked for is what is written, wherever the view is by then', () => {
  const set = band(); const a = set.tracks[1], b = set.tracks[2]; a.slots[0].clip = new Clip(a, 8, [{ pitch: 1, start_time: 0, duration: 1, velocity: 9 }], 'a'); b.slots[0].clip = new Clip(b, 8, [{ pitch: 2, start_time: 0, duration: 1, velocity: 9 }], 'b');
  set.shown = a.slots[0].clip; const d = started(set); d.send(0, 'param', 'target', 2); d.send(0, 'generate'); set.shown = b.slots[0].clip; answer(d, 1);
  assert.deepEqual(a.slots[0].clip.notes.map((n) => n.pitch), [72]); assert.deepEqual(b.slots[0].clip.notes.map((n) => n.pitch), [2]);
  d.send(0, 'generate'); b.slots[0].clip = null; answer(d, 2); assert.match(d.status(), /gone/);
});

test('a clip is named after the words that were sent, though others are typed meanwhile', () => { const set = band(); const d = started(set, '…, rainy jazz; slow'); d.send(0, 'generate'); d.send(0, 'text', 'techno'); answer(d, 1); assert.match(set.tracks[0].slots[0].clip.name, /^(…|rainy jazz) ?.*#1$/); assert.doesNotMatch(set.tracks[0].slots[0].clip.name, /techno/); });

test('a loop beyond the new one, and a clip that does not loop, get exactly the bars, and back brings theirs', () => {
  const set = band(); const t = set.tracks[1]; for (const marks of [{ loop_start: 20, loop_end: 24, end_marker: 32 }, { looping: 0, start_marker: 2, end_marker: 6 }]) {
    t.slots[0].clip = set.shown = Object.assign(new Clip(t, 32, [], 'mine'), marks); const d = started(set); const were = { ...set.shown }; d.send(0, 'param', 'target', 2); d.send(0, 'generate'); answer(d, 1, ROWS, 8);
    assert.deepEqual(['loop_start', 'loop_end', 'start_marker', 'end_marker', 'looping'].map((k) => set.shown[k]), [0, 8, 0, 8, 1]);
    d.send(0, 'back'); for (const k of ['looping', 'start_marker', 'end_marker', ...(were.looping ? ['loop_start', 'loop_end'] : [])]) assert.equal(set.shown[k], were[k], k);
  }
  assert.deepEqual(set.refused, []);
});

test('redo writes the bars of the selected notes, and the chosen parts of the row where another clip is in view', () => {
  const set = band(); const d = started(set); d.send(0, 'generate'); answer(d, 1); const [keys, mel, bass] = set.tracks.map((t) => t.slots[0].clip);
  set.shown = mel; mel.notes.push({ pitch: 65, start_time: 9, duration: 1, velocity: 80 }, { pitch: 67, start_time: 13, duration: 1, velocity: 80 }); mel.selected = [mel.notes[1]]; d.send(0, 'redo'); assert.deepEqual(d.said('clip/redo').at(-1).slice(3), ['melody', '3-3']); assert.equal(last(d)[3], 4, 'as long as the clip is, though its last bars may be empty');
  answer(d, 2, { melody: [71, 8, 1, 90] }); assert.deepEqual(mel.notes.map((n) => n.pitch), [72, 67, 71]); mel.selected = [];
  d.send(0, 'param', 'melody', 0); d.send(0, 'param', 'chords', 0); d.send(0, 'param', 'drums', 0); d.send(0, 'redo'); assert.deepEqual(d.said('clip/redo').at(-1).slice(3), ['bass', '']);
  const given = d.said('clip/given').slice(-4).map((g) => g[5]); assert.deepEqual(new Set(given), new Set(['chords', 'melody', 'bass', 'drums']), 'the whole row is heard, whatever is written');
  answer(d, 3, { bass: [33, 0, 4, 90], chords: [50, 0, 1, 90] }); assert.deepEqual(bass.notes.map((n) => n.pitch), [33]); assert.deepEqual(keys.notes.map((n) => n.pitch), [60, 64]); assert.deepEqual(mel.notes.map((n) => n.pitch), [72, 67, 71]);
});

test('a clip of one\'s own on a track that no part goes to is taken for what it looks like, once', () => {
  const set = band(); const pad = new Track('Warm Pad'); set.tracks.push(pad); pad.slots[0].clip = set.shown = new Clip(pad, 16, [{ pitch: 60, start_time: 0, duration: 4, velocity: 90 }]);
  const d = started(set); d.send(0, 'redo'); assert.deepEqual(d.said('clip/redo').at(-1).slice(3), ['chords', '']); answer(d, 1, { chords: [65, 0, 4, 90] }); assert.deepEqual(pad.slots[0].clip.notes.map((n) => n.pitch), [65]);
});

test('a daemon that was started anew while it wrote is asked again, from the beginning, but not for ever', () => {
  const set = new LiveSet(); const d = started(set); d.send(0, 'generate'); const id = last(d)[2]; d.send(0, R + 'clip/begin', id, 2, 16, 120, 'C'); d.send(0, R + 'clip/notes', id, 0, 'chords', 60, 0, 1, 90);
  d.advance(1300); assert.equal(d.said('clip/resend').length, 1); d.send(0, R + 'clip/failed', id, 'it is not known, or not any more: ask for it again'); assert.equal(d.said('clip_uri').length, 2); answer(d, 1); assert.equal(set.tracks[0].slots[0].clip.notes.length, 6);
  d.send(0, 'generate'); for (let i = 0; i < 20; i++) d.send(0, R + 'clip/failed', idOf(d, 2), 'the writer ended: ask for it again'); assert.match(d.status(), /ask for it again/); assert.ok(d.said('clip_uri').length < 20);
});

test('an answer to the device that was here before is not taken for one of ours', () => { const set = new LiveSet(), a = started(set); a.send(0, 'generate'); const b = started(set); b.send(0, 'generate'); assert.notEqual(last(a)[2], last(b)[2]); answer(b, last(a)[2]); assert.equal(set.clips().length, 0); });

test('the daemon hears that this port wants to be told', () => {
  const d = load(SOURCE); d.send(0, 'bang'); d.send(0, R + 'welcome', '1', 1, ''); d.send(0, R + 'hello/nonce', 1234567890);
  assert.deepEqual(d.said('hello/confirm').map((m) => m.slice(-1)), [[1234567890]]);
});
test('a daemon whose welcome is lost, and one of another version that goes, are told apart', () => {
  const d = load(SOURCE); d.send(0, 'bang'); d.send(0, R + 'pong', 1); assert.notEqual(d.status(), 'Ready', 'a pong says nothing of the version'); d.send(0, R + 'welcome', '9', 2, ''); assert.match(d.status(), /another version/); d.advance(3000, 50); assert.match(d.status(), /another version/);
  d.advance(6000, 50); assert.match(d.status(), /not running/); d.send(0, R + 'welcome', '1', 1, ''); assert.equal(d.status(), 'Ready'); d.advance(4000, 50); assert.ok(d.said('hello').length > 6, 'a daemon that was started anew hears who is there');
});

test('controls that come before the device has loaded, in any order, are kept and say nothing', () => {
  const d = load(SOURCE, { set: band() }); d.send(0, 'param', 'stream', 0); d.send(0, 'param', 'bars', 2); d.send(0, 'param', 'density', 51); d.send(0, 'text', 'late words'); d.send(0, 'enabled', 1); for (const b of ['back', 'newscene', 'settempo', 'cancel', 'redo', 'refine', 'go_on']) d.send(0, b);
  assert.deepEqual(d.out.filter((o) => o[0] === 0), []); d.send(0, 'bang'); d.send(0, R + 'welcome', '1', 1, ''); d.send(0, 'generate'); const o = last(d); assert.equal(o[3], 2); assert.equal(o[o.indexOf('density') + 1], 0.5);
});

test('a tempo of Live\'s beyond what the daemon takes is halved, and another metre in the words is told', () => {
  const d = started(new LiveSet({ song: { tempo: 480 } }), 'waltz in 3/4, 82 bpm'); d.send(0, 'generate'); const o = last(d); assert.equal(o[o.indexOf('tempo') + 1], 240); assert.equal(d.told('wishes').at(-1), 'you asked for 82, Live is at 480; 3/4, Live is in 4/4');
});

test('a dial at rest leaves its level to the words, and so does guidance', () => {
  const d = started(new LiveSet()); for (const k of ['density', 'energy', 'brightness', 'complexity', 'guidance']) d.send(0, 'param', k, 0); d.send(0, 'generate'); assert.ok(!last(d).some((x) => ['density', 'guidance'].includes(x)));
  d.send(0, 'param', 'density', 1); d.send(0, 'param', 'guidance', 1); d.send(0, 'generate'); let o = last(d); assert.equal(o[o.indexOf('density') + 1], 0); assert.equal(o[o.indexOf('guidance') + 1], 0);
  d.send(0, 'param', 'guidance', 21); d.send(0, 'param', 'density', 101); d.send(0, 'generate'); o = last(d); assert.equal(o[o.indexOf('density') + 1], 1); assert.equal(o[o.indexOf('guidance') + 1], 10);
});

test('the seed is kept with the set', () => { const d = started(new LiveSet()); d.send(0, 'newseed'); const n = last(d)[4]; const e = load(SOURCE); e.send(0, 'memory', d.told('memory').at(-1)); e.send(0, 'bang'); e.send(0, R + 'welcome', '1', 1, ''); e.send(0, 'text', 'x'); e.send(0, 'generate'); assert.equal(last(e)[4], n); });
