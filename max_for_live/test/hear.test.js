// Writing for what is there: the clips of a scene or of the arrangement as context, the missing part into its place; and asking before notes are lost.
'use strict';
const test = require('node:test'), assert = require('node:assert'), vm = require('node:vm');
const { LiveSet, Track, Clip, read } = require('./mock_max');
const { SOURCE, R, started, ROWS, answer, last } = require('./clip_rig');
const { canvas } = require('./canvas');

const note = (pitch, start_time, duration = 1, velocity = 90) => ({ pitch, start_time, duration, velocity });
const PADS = { 36: 'Kick', 40: 'Snare', 44: 'Closed HH' };
const NAMES = ['Kit', 'Perc Loop', '温暖 Keys', 'Bass', 'Melody', 'Pad', 'Strings', 'Vox', 'FX', 'LLMBall'];
// Ten tracks; in the second scene all play but Bass, FX (muted), Vox (audio) and the device's own.
function ten() {
  const set = new LiveSet({ tracks: NAMES.map((n) => new Track(n, { ...(n === 'Kit' ? { pads: PADS } : {}), midi: n === 'Vox' ? 0 : 1 })), own: 9 });
  const put = (i, beats, notes) => { const t = set.tracks[i]; t.slots[1].clip = new Clip(t, beats, notes, 'mine'); };
  put(0, 4, [note(36, 0, 0.25), note(40, 1, 0.25), note(36, 2, 0.25), note(40, 3, 0.25)]);
  put(1, 8, [note(56, 0.5, 0.25), note(56, 6.5, 0.25)]);
  put(2, 16, [57, 60, 64].flatMap((p) => [note(p, 0, 4), note(p - 4, 8, 4)]));
  put(4, 16, [note(76, 0, 2), note(74, 12, 2)]);
  put(5, 16, [note(69, 0, 16)]);
  put(6, 8, [note(81, 0, 8)]);
  put(7, 16, [note(1, 0)]); set.tracks[7].slots[1].clip.is_midi_clip = 0;
  put(8, 16, [note(100, 0)]); set.tracks[8].mute = 1;
  set.highlighted = { slot: set.tracks[3].slots[1], track: set.tracks[3] };
  return set;
}
const listening = (set, what = 1, words = 'a bass for this', ask = 1) => { const d = started(set, words, ask); d.send(0, 'param', 'hear', what); d.send(0, 'param', 'bars', 0); return d; };
const given = (d, id = last(d)[2]) => { const found = {}; for (const m of d.said('clip/given')) if (m[2] === id) { const part = m[5], flat = m.slice(6); for (let i = 0; i < flat.length; i += 4) found[m[4] + i / 4] = [part, ...flat.slice(i, i + 4)]; } return Object.values(found); };
const parts = (rows) => [...new Set(rows.map((r) => decodeURIComponent(r[0])))];
const option = (d, name) => { const o = last(d); return o.includes(name) ? o[o.indexOf(name) + 1] : undefined; };
const snapshot = (set, but) => JSON.stringify(set.tracks.filter((t) => t !== but).map((t) => [t.slots.map((s) => s.clip && { ...s.clip, track: 0 }), t.arrangement.map((c) => ({ ...c, track: 0 }))]));
const pure = (name, next) => { const ctx = {}; vm.runInNewContext(SOURCE.slice(SOURCE.indexOf(`var ${name} =`), SOURCE.indexOf(next)) + `;this.it = ${name};`, ctx); return ctx.it; };

test('the clips of the selected scene are given with their loops gone round, each track by its own name, and only what sounds', () => {
  const set = ten(), d = listening(set); d.send(0, 'generate');
  const rows = given(d);
  assert.deepEqual(parts(rows), ['drums', 'track:2 Perc Loop', 'track:3 温暖 Keys', 'track:5 Melody', 'track:6 Pad', 'track:7 Strings']);
  const of = (p) => rows.filter((r) => decodeURIComponent(r[0]) === p);
  assert.deepEqual(of('drums').map((r) => [r[1], r[2]]).slice(0, 6), [[36, 0], [38, 1], [36, 2], [38, 3], [36, 4], [38, 5]], 'pads are read as what they are called');
  assert.equal(of('drums').length, 16); assert.deepEqual(of('track:2 Perc Loop').map((r) => r[2]), [0.5, 6.5, 8.5, 14.5]); assert.deepEqual(of('track:7 Strings').map((r) => [r[2], r[3]]), [[0, 8], [8, 8]]);
  assert.equal(option(d, 'from'), rows.length); assert.equal(option(d, 'with'), 1); assert.equal(option(d, 'parts'), undefined, 'the words say which part'); assert.equal(last(d)[3], 4, 'as long as the longest loop');
  for (const m of d.said('clip/given')) { assert.match(m[5], /^[\x21-\x7e]+$/); assert.ok(m.length <= 6 + 32 * 4); }
  assert.match(d.status(), /Heard 6 tracks/);
});

test('with Groove the timing of what is heard is asked for, and without anything heard it says nothing', () => {
  const d = listening(ten()); d.send(0, 'generate'); assert.equal(option(d, 'groove'), undefined);
  d.send(0, 'param', 'groove', 1); d.send(0, 'generate'); assert.equal(option(d, 'groove'), 1); assert.equal(option(d, 'with'), 1);
  d.send(0, 'param', 'hear', 0); d.send(0, 'generate'); assert.equal(option(d, 'groove'), undefined);
});

test('the missing part goes into the free slot of its track in the same scene, in one undo step, and nothing else is touched', () => {
  const set = ten(), d = listening(set), before = snapshot(set, set.tracks[3]); d.send(0, 'generate');
  d.send(0, R + 'clip/heard', last(d)[2], '3 Keys is chords, 1 Kit is drums; A minor, 4/4 at 120, 4 bars; chords Am | F; written: bass'); answer(d, 1, { bass: [33, 0, 4, 90, 29, 8, 4, 90] });
  const clip = set.tracks[3].slots[1].clip; assert.deepEqual(clip.notes.map((n) => [n.pitch, n.start_time]), [[33, 0], [29, 8]]); assert.equal(clip.loop_end, 16);
  assert.equal(snapshot(set, set.tracks[3]), before); assert.equal(set.steps, 1); assert.equal(set.undo, 0); assert.deepEqual(set.refused, []);
  assert.equal(d.status(), '2 notes into Bass, seed 1'); assert.match(d.told('understood').at(-1), /^A minor, 4\/4 at 120/); assert.match(d.told('wishes').at(-1), /^3 Keys is chords/); assert.ok(d.out.some((o) => o[1] === 'menu_hear' && o[3] === '3 温暖 Keys: chords'), 'the menu says what each track was heard as');
  d.send(0, 'back'); assert.equal(set.tracks[3].slots[1].clip, null, 'back takes a new clip away again'); assert.equal(snapshot(set, set.tracks[3]), before);
});

test('where the place holds notes they are shown against the new ones, and only Apply writes; Back brings them again', () => {
  const set = ten(), t = set.tracks[3], old = [note(33, 0), note(33, 4), note(40, 8.5), note(45, 12)]; t.slots[1].clip = new Clip(t, 16, old, 'my bass');
  const d = listening(set), before = snapshot(set); d.send(0, 'generate'); answer(d, 1, { bass: [33, 0, 1, 90, 33, 4, 2, 90, 40, 8, 1, 90, 28, 14, 1, 90] });
  assert.equal(snapshot(set), before, 'nothing is written yet'); assert.equal(d.status(), '1 added, 1 taken, 1 moved, 1 changed: Apply or Discard'); assert.equal(d.told('hidepending').at(-1), 0);
  const kinds = d.out.filter((o) => o[1] === 'roll' && o[2] === 'notes').slice(-5).map((o) => [o[3], o.slice(4).length / 3]); assert.deepEqual(kinds, [[10, 1], [11, 1], [12, 1], [13, 1], [14, 1]]);
  d.send(0, 'apply'); assert.deepEqual(t.slots[1].clip.notes.map((n) => [n.pitch, n.start_time, n.duration]), [[33, 0, 1], [33, 4, 2], [40, 8, 1], [28, 14, 1]]); assert.equal(set.steps, 1); assert.equal(d.told('hidepending').at(-1), 1);
  d.send(0, 'back'); assert.deepEqual(t.slots[1].clip.notes, old); assert.equal(t.slots[1].clip.name, 'my bass');
});

test('what is discarded, cancelled or asked for anew is not written, and Apply without a question does nothing', () => {
  for (const how of ['discard', 'cancel', 'generate']) {
    const set = ten(), t = set.tracks[3]; t.slots[1].clip = new Clip(t, 16, [note(33, 0)], 'mine'); const d = listening(set), before = snapshot(set);
    d.send(0, 'apply'); d.send(0, 'discard'); d.send(0, 'generate'); answer(d, 1, { bass: [28, 0, 1, 90] }); d.send(0, how); d.send(0, 'apply'); assert.equal(snapshot(set), before, how); assert.equal(d.told('hidepending').at(-1), 1, how);
  }
});

test('notes that were changed while it waited for a yes are shown again before they are lost', () => {
  const set = ten(), t = set.tracks[3]; t.slots[1].clip = new Clip(t, 16, [note(33, 0)], 'mine'); const d = listening(set); d.send(0, 'generate'); answer(d, 1, { bass: [28, 0, 1, 90] });
  t.slots[1].clip.notes.push(note(50, 3)); d.send(0, 'apply'); assert.match(d.status(), /changed meanwhile/); assert.equal(t.slots[1].clip.notes.length, 2);
  d.send(0, 'apply'); assert.deepEqual(t.slots[1].clip.notes.map((n) => n.pitch), [28]);
});

test('the clip in view and a redo ask too, a new clip never does, and who does not want it is not asked', () => {
  const set = ten(), t = set.tracks[4], clip = t.slots[1].clip; set.shown = clip;
  for (const ask of [1, 0]) {
    clip.notes = [note(60, 0)]; const d = started(set, 'other', ask); d.send(0, 'param', 'target', 2); d.send(0, 'generate'); answer(d, 1, { melody: [50, 0, 1, 90] }); assert.deepEqual(clip.notes.map((n) => n.pitch), [ask ? 60 : 50]); d.send(0, 'apply'); assert.deepEqual(clip.notes.map((n) => n.pitch), [50]);
    d.send(0, 'redo'); answer(d, 2, { melody: [48, 0, 1, 90] }); assert.deepEqual(clip.notes.map((n) => n.pitch), [ask ? 50 : 48]); d.send(0, 'apply'); assert.deepEqual(clip.notes.map((n) => n.pitch), [48]); d.send(0, 'back'); assert.deepEqual(clip.notes.map((n) => n.pitch), [50]);
  }
  const d = started(new LiveSet({ tracks: [new Track('Keys')] }), 'x', 1); d.send(0, 'generate'); answer(d, 1); assert.ok(d.set.tracks[0].slots[0].clip);
});

test('in the arrangement it hears the place of the play position, and writes there', () => {
  const set = ten(); set.song.current_song_time = 35; const d = listening(set, 2);
  const lay = (i, at, beats, notes, marks = {}) => { const t = set.tracks[i], c = Object.assign(new Clip(t, beats, notes, 'mine'), { start_time: at, end_time: at + beats }, marks); t.arrangement.push(c); return c; };
  lay(2, 24, 16, [note(60, 0, 4), note(62, 7, 2), note(64, 8, 4), note(65, 12, 4)]);   // sounds on at 32: the note of 31 rings over
  lay(0, 32, 8, [note(36, 0, 0.25), note(40, 1, 0.25)], { loop_end: 2, end_marker: 8 }); lay(4, 0, 16, [note(70, 0)]); lay(6, 36, 8, [note(81, 0, 8)]);
  const before = snapshot(set, set.tracks[3]); d.send(0, 'generate'); const rows = given(d), of = (p) => rows.filter((r) => r[0].endsWith(p)).map((r) => [r[1], r[2], r[3]]);
  assert.deepEqual(of('Keys'), [[62, 0, 1], [64, 0, 4], [65, 4, 4]]); assert.deepEqual(of('drums').map((r) => r[1]), [0, 1, 2, 3, 4, 5, 6, 7]); assert.deepEqual(of('Strings'), [[81, 4, 4]]); assert.deepEqual(of('Melody'), []); assert.equal(last(d)[3], 2);
  answer(d, 1, { bass: [33, 0, 4, 90] }, 8); const [clip] = set.tracks[3].arrangement; assert.equal(clip.start_time, 32); assert.equal(clip.loop_end, 8); assert.deepEqual(clip.notes.map((n) => n.pitch), [33]); assert.equal(snapshot(set, set.tracks[3]), before);
  d.send(0, 'back'); assert.equal(set.tracks[3].arrangement.length, 0);
});

test('in the arrangement a clip that fills the place is asked about and keeps its other notes; a crowded place is refused', () => {
  const set = ten(), t = set.tracks[3]; Object.assign(set.song, { loop: 1, loop_start: 8, loop_length: 8, current_song_time: 0 });
  const keys = set.tracks[2]; keys.arrangement.push(Object.assign(new Clip(keys, 32, [note(60, 8, 4)], 'k'), { start_time: 0, end_time: 32 }));
  const long = Object.assign(new Clip(t, 32, [note(30, 0), note(31, 9), note(32, 20)], 'long'), { start_time: 0, end_time: 32 }); t.arrangement.push(long);
  const d = listening(set, 2); d.send(0, 'generate'); assert.equal(last(d)[3], 2, 'the loop says how long'); answer(d, 1, { bass: [40, 0, 1, 90, 41, 4, 1, 90] }, 8); assert.equal(long.notes.length, 3); assert.match(d.status(), /2 added, 1 taken: Apply/);
  d.send(0, 'apply'); assert.deepEqual(long.notes.map((n) => [n.pitch, n.start_time]).sort((a, b) => a[1] - b[1]), [[30, 0], [40, 8], [41, 12], [32, 20]]); assert.equal(long.loop_end, 32); d.send(0, 'back'); assert.deepEqual(long.notes.map((n) => n.pitch), [30, 31, 32]);
  t.arrangement = [Object.assign(new Clip(t, 4, [note(30, 0)], 'short'), { start_time: 12, end_time: 16 })]; d.send(0, 'generate'); answer(d, 2, { bass: [40, 0, 1, 90] }, 8); assert.match(d.status(), /Bass has other clips at this place/); assert.equal(t.arrangement[0].notes[0].pitch, 30);
});

test('tracks can be left out, told by check marks and a count, and the set remembers which', () => {
  const set = ten(), d = listening(set), menu = () => { const all = d.out.filter((o) => o[1] === 'menu_hear'), from = all.map((o) => o[2]).lastIndexOf('clear'); return all.slice(from); };
  assert.equal(menu().find((o) => o[2] === 'append')[3], 'All tracks'); assert.equal(menu().filter((o) => o[2] === 'checkitem').length, 9);
  d.send(0, 'listen', 3); d.send(0, 'listen', 1); assert.equal(menu().find((o) => o[2] === 'append')[3], '7 of 9'); d.send(0, 'generate'); assert.deepEqual(parts(given(d)), ['track:2 Perc Loop', 'track:5 Melody', 'track:6 Pad', 'track:7 Strings']);
  const e = listening(set); e.send(0, 'memory', d.told('memory').at(-1)); e.send(0, 'generate'); assert.equal(parts(given(e)).length, 4); e.send(0, 'listen', 0); e.send(0, 'generate'); assert.equal(parts(given(e)).length, 6);
});

test('switched-off parts narrow what is written, and the part goes to the chosen track, one that is called so, or a silent own one', () => {
  const set = ten(), d = listening(set); for (const p of ['chords', 'melody', 'drums']) d.send(0, 'param', p, 0); d.send(0, 'generate'); assert.equal(decodeURIComponent(option(d, 'parts')), 'bass');
  d.send(0, 'pick', 'bass', 9); assert.equal(d.told('kept_bass').at(-1), 10, 'the ninth of the menu is the ninth track: an audio track is not among them'); answer(d, 1, { bass: [33, 0, 4, 90] }); assert.ok(set.tracks[8].slots[1].clip.notes.some((n) => n.pitch === 100), 'it is asked about'); d.send(0, 'discard');
  d.send(0, 'pick', 'bass', 0); set.tracks[3].name = 'Low'; d.send(0, 'generate'); answer(d, 2, { bass: [33, 0, 4, 90] }); assert.deepEqual(set.tracks[9].slots[1].clip.notes.map((n) => n.pitch), [33], 'nobody is called so: its own track');
  const e = listening(ten()); e.set.tracks[3].name = 'Low'; e.set.own = 2; e.send(0, 'generate'); answer(e, 1, { bass: [33, 0, 4, 90] }); assert.match(e.status(), /温暖 Keys plays here already: choose another track for bass/);
});

test('of several tracks that are called so a silent one is taken before one that plays', () => {
  const set = ten(); set.tracks[8].name = 'Sub Bass'; set.tracks[8].slots[1].clip = null; set.tracks[8].mute = 0; const t = set.tracks[3]; t.slots[1].clip = new Clip(t, 16, [note(33, 0)], 'mine');
  const d = listening(set); d.send(0, 'generate'); answer(d, 1, { bass: [28, 0, 1, 90] }); assert.deepEqual(set.tracks[8].slots[1].clip.notes.map((n) => n.pitch), [28]); assert.deepEqual(t.slots[1].clip.notes.map((n) => n.pitch), [33]);
});

test('a pad, an arpeggio or percussion that was asked for finds its track by name', () => {
  const set = ten(); set.tracks[5].slots[1].clip = set.tracks[1].slots[1].clip = null; const d = listening(set, 1, 'a pad and percussion for this'); d.send(0, 'generate'); answer(d, 1, { pad: [60, 0, 16, 60], perc: [60, 0, 1, 70] });
  assert.deepEqual(set.tracks[5].slots[1].clip.notes.map((n) => n.pitch), [60]); assert.deepEqual(set.tracks[1].slots[1].clip.notes.map((n) => n.pitch), [60]); assert.equal(set.steps, 1);
});

test('what Live refuses takes the whole answer back, new clips and replaced notes alike', () => {
  const set = ten(), t = set.tracks[3]; t.slots[1].clip = new Clip(t, 16, [note(33, 0)], 'mine'); set.tracks[8].name = 'Arp'; set.tracks[8].slots[1].clip = null; set.tracks[8].is_frozen = 1;
  const d = listening(set), before = snapshot(set); d.send(0, 'generate'); answer(d, 1, { bass: [28, 0, 1, 90], arp: [60, 0, 1, 90] }); d.send(0, 'apply'); assert.match(d.status(), /Arp is frozen/); assert.equal(snapshot(set), before); assert.equal(set.undo, 0);
});

test('a silent scene, no selected slot and too many notes are told before anything is sent', () => {
  const set = ten(), d = listening(set); set.highlighted = { slot: set.tracks[3].slots[2], track: set.tracks[3] }; d.send(0, 'generate'); assert.match(d.status(), /Nothing sounds in this scene/);
  set.highlighted = null; d.send(0, 'generate'); assert.match(d.status(), /Select a clip slot/); set.shown = set.tracks[2].slots[1].clip; d.send(0, 'param', 'hear', 2); d.send(0, 'generate'); assert.match(d.status(), /Nothing sounds at this place/); assert.equal(d.said('clip_uri').length, 0);
  d.send(0, 'param', 'hear', 1); set.shown.notes = Array.from({ length: 8200 }, (_, i) => note(60, (i % 1600) / 100, 0.01)); d.send(0, 'generate'); assert.match(d.status(), /More notes than can be heard/); set.shown.notes.length = 10; d.send(0, 'generate'); assert.equal(d.said('clip_uri').length, 1, 'the scene of the clip in view');
});

test('given notes that were lost on their way are given again until all are there', () => {
  const set = ten(), d = listening(set); d.send(0, 'generate'); const id = last(d)[2], n = d.said('clip/given').length;
  d.send(0, R + 'clip/failed', id, '32 of 47 given notes did not come: give them again'); assert.equal(d.said('clip/given').length, 2 * n); assert.equal(d.said('clip_uri').length, 2); answer(d, 1, { bass: [33, 0, 1, 90] }); assert.ok(set.tracks[3].slots[1].clip);
});

test('what the words ask for in vain is told, for a clip, a heard one and a stream, and what Live overrules stays whole', () => {
  const d = started(new LiveSet(), 'lo-fi with vocals, 82 bpm'); d.send(0, 'generate'); d.send(0, R + 'clip/unread', last(d)[2], 'vocals: nothing here sings: the music is notes for instruments'); answer(d, 1);
  assert.match(d.told('wishes').at(-1), /^Not met: vocals.*…; you asked for 82, Live is at 120$/); assert.ok(d.told('wishes').at(-1).length <= 70); assert.equal(d.said('clip/resend').length, 0);
  d.send(0, 'generate'); answer(d, 2); assert.equal(d.told('wishes').at(-1), 'you asked for 82, Live is at 120', 'it is that of the last words'); d.send(0, R + 'understood/unread', 'reverb: an effect'); assert.match(d.told('wishes').at(-1), /^Not met: reverb/); d.send(0, R + 'understood/unread', ''); assert.doesNotMatch(d.told('wishes').at(-1), /Not met/);
});

test('the mode is seen with a chosen key only, the lead while it streams, the tracks while it hears, and Into while it does not', () => {
  const d = started(new LiveSet()); const seen = () => ['hidemode', 'hidestream', 'hidehear', 'hideinto'].map((w) => d.told(w).at(-1)); assert.deepEqual(seen(), [1, 1, 1, 0]);
  d.send(0, 'param', 'key', 4); d.send(0, 'param', 'stream', 1); d.send(0, 'param', 'hear', 1); assert.deepEqual(seen(), [0, 0, 0, 1]); d.send(0, 'param', 'key', 1); d.send(0, 'param', 'stream', 0); d.send(0, 'param', 'hear', 0); assert.deepEqual(seen(), [1, 1, 1, 0]);
});

test('the menus of the parts say which track is meant, by its name, and follow the set', () => {
  const set = ten(), d = started(set); const first = (p) => { const all = d.out.filter((o) => o[1] === 'menu_' + p), at = all.map((o) => o[2]).lastIndexOf('clear'); return all[at + 1][3]; };
  assert.deepEqual(['chords', 'melody', 'bass', 'drums'].map(first), ['LLMBall (auto)', 'Melody (auto)', 'Bass (auto)', 'Kit (auto)']); set.tracks.push(new Track('Chords')); d.advance(1100, 50); assert.equal(first('chords'), 'Chords (auto)');
  const said = d.out.length; d.advance(5000, 50); assert.ok(!d.out.slice(said).some((o) => /^menu_/.test(o[1])), 'nothing is said again that has not changed'); d.send(0, 'pick', 'bass', 5); assert.equal(d.told('kept_bass').at(-1), 5); assert.equal(d.out.filter((o) => o[1] === 'menu_bass').at(-1)[3], 5);
});

// --- laws -----------------------------------------------------------------------------------------------------
const random = (seed) => () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;

test('every note of before is kept, taken, moved or changed once, and every new one is kept, added, moved or changed once', () => {
  const Diff = pure('Diff', '// What the small roll is told');
  for (let seed = 1; seed <= 300; seed++) {
    const r = random(seed), some = () => Array.from({ length: Math.floor(r() * 40) }, () => note(48 + Math.floor(r() * 14), Math.floor(r() * 32) / 4, 0.25 + Math.floor(r() * 4) / 4, 60 + Math.floor(r() * 3) * 20)), before = some(), after = r() < 0.2 ? before.slice() : some(), f = Diff.of(before, after);
    assert.equal(f.kept.length + f.moved.length + f.changed.length + f.added.length, after.length); assert.equal(f.kept.length + f.moved.length + f.changed.length + f.taken.length, before.length);
    if (after.every((n, i) => n === before[i]) && after.length === before.length) assert.equal(f.kept.length, after.length); assert.equal(Diff.of(before, []).taken.length, before.length);
  }
});

test('an unrolled loop holds what a clip that goes round would sound, however it is cut', () => {
  const Loop = pure('Loop', 'var HEARD');
  for (let seed = 1; seed <= 200; seed++) {
    const r = random(seed), low = Math.floor(r() * 4), high = low + 1 + Math.floor(r() * 8), start = Math.floor(r() * (high + 3)), marks = { looping: r() < 0.7, start, end: high + 4, low, high }, notes = Array.from({ length: 12 }, () => note(60 + Math.floor(r() * 5), Math.floor(r() * 48) / 4, 0.25 + r() * 2)), length = 1 + Math.floor(r() * 20);
    const whole = Loop.unrolled(notes, marks, 0, length); for (const n of whole) { assert.ok(n.start_time >= 0 && n.start_time + n.duration <= length + 1e-9 && n.duration > 0); }
    const round = marks.looping && start < high, sounding = (t) => { let pos = start + t; if (round && pos >= high) pos = low + (pos - high) % (high - low); return pos; };
    for (const n of whole) { const pos = sounding(n.start_time); assert.ok(notes.some((m) => m.pitch === n.pitch && Math.abs(m.start_time - pos) < 1e-6), `${seed}: ${pos}`); }
    const cut = Math.floor(r() * length), late = Loop.unrolled(notes, marks, cut, length - cut); for (const n of whole) if (n.start_time >= cut && n.start_time < length) assert.ok(late.some((m) => m.pitch === n.pitch && Math.abs(m.start_time + cut - n.start_time) < 1e-6), String(seed));
  }
});

test('the small roll draws every note within its frame: parts in their colours, taken ones hollow, with a key', () => {
  const roll = canvas(read('llmball_screen.js'), [200, 54]), inside = (d) => !d.rect || (d.rect[0] >= -0.01 && d.rect[1] >= 0 && d.rect[0] + d.rect[2] <= 200.5 && d.rect[1] + d.rect[3] <= 54.01);
  roll.send('clear', 0, 16, 36, 84); roll.send('notes', 0, 60, 0, 4, 84, 12, 4); roll.send('notes', 3, 36, 15.75, 0.25); roll.send('done'); assert.equal(roll.redrawn(), 1); let drawn = roll.paint(); assert.ok(drawn.every(inside)); assert.equal(new Set(drawn.slice(-3).map((d) => String(d.colour))).size, 2); assert.ok(!drawn.some((d) => d.text));
  roll.send('clear', 32, 16, 0, 127); roll.send('notes', 11, 0, 32, 1); roll.send('notes', 12, 127, 40, 8); roll.send('done'); drawn = roll.paint(); assert.ok(drawn.every(inside)); assert.equal(drawn.filter((d) => d.style === 'stroke').length, 2, 'the note, and the key'); assert.deepEqual(drawn.filter((d) => d.text).map((d) => d.text), ['added', 'taken', 'moved', 'changed']); assert.ok(drawn.filter((d) => d.text).every((d) => d.at[0] + 5 * d.text.length <= 200));
});
