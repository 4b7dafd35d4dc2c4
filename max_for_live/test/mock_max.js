'use strict';
// A mock of Max's [js] and of as much of Live as the devices touch, in virtual time. Song time is stale and moves in steps, as Live's does.
// What Live refuses it refuses as Live does: without a word to the script (a line in the Max window, here `set.refused`).
const vm = require('node:vm'), fs = require('node:fs');

let ids = 100;
class Clip {
  constructor(track, beats, notes = [], name = '') { Object.assign(this, { id: String(++ids), track, name, color: 0, loop_start: 0, loop_end: beats, start_marker: 0, end_marker: beats, looping: 1, is_midi_clip: 1, notes: notes.slice(), selected: [], start_time: 0, is_arrangement_clip: 0 }); }
  // An unlooped clip's loop is its markers; an end before its beginning is refused.
  put(p, v) {
    const to = this.looping ? p : { loop_start: 'start_marker', loop_end: 'end_marker' }[p] || p, pair = /_(start|end)$/.test(to) ? ['loop_start', 'loop_end'] : /_marker$/.test(to) ? ['start_marker', 'end_marker'] : null;
    if (pair && (to === pair[0] ? v >= this[pair[1]] : v <= this[pair[0]])) return false;
    this[to] = v;
    return true;
  }
}
class Track {
  // `nested`: the Drum Rack lies in a chain of another Rack
  constructor(name, { slots = 4, midi = 1, pads = null, nested = false, frozen = 0 } = {}) {
    Object.assign(this, { id: String(++ids), name, midi, is_frozen: frozen, nested, slots: Array.from({ length: slots }, () => ({ id: String(++ids), clip: null })), pads, arrangement: [] });
  }
}
class LiveSet {
  constructor({ tracks = [new Track('LLMBall')], own = 0, song = {}, chain = 0, noUndo = false } = {}) {
    Object.assign(this, { tracks, own, chain, noUndo, undo: 0, steps: 0, calls: [], refused: [], shown: null, highlighted: null });
    this.song = Object.assign({ tempo: 120, signature_numerator: 4, signature_denominator: 4, root_note: 9, scale_name: 'Minor', scale_intervals: [0, 2, 3, 5, 7, 8, 10], scale_mode: 0, is_playing: 0, current_song_time: 0 }, song);
  }
  find(path) {                     // → {kind, ...} or null
    let m;
    const t = (i) => this.tracks[i];
    if (path === 'live_set') return { kind: 'song', id: '1' };
    if (path === 'live_set view detail_clip') return this.shown ? { kind: 'clip', clip: this.shown, id: this.shown.id } : null;
    if (path === 'live_set view highlighted_clip_slot') return this.highlighted ? { kind: 'slot', slot: this.highlighted.slot, track: this.highlighted.track, id: this.highlighted.slot.id } : null;
    if ((m = /^this_device((?: canonical_parent)+)$/.exec(path))) {
      const up = m[1].trim().split(' ').length;
      return up <= this.chain ? { kind: 'chain', id: '5' + up } : { kind: 'track', track: t(this.own), id: t(this.own).id };
    }
    if ((m = /^id (\S+)$/.exec(path))) { for (const c of this.clips()) if (c.id === m[1]) return { kind: 'clip', clip: c, id: c.id }; return null; }
    if ((m = /^live_set tracks (\d+)$/.exec(path))) return t(m[1]) ? { kind: 'track', track: t(m[1]), id: t(m[1]).id } : null;
    if ((m = /^(.+) clip_slots (\d+)( clip)?$/.exec(path))) {
      const at = this.find(m[1]); if (!at || !at.track || !at.track.slots[m[2]]) return null;
      const slot = at.track.slots[m[2]];
      return m[3] ? (slot.clip ? { kind: 'clip', clip: slot.clip, id: slot.clip.id } : null) : { kind: 'slot', slot, track: at.track, id: slot.id };
    }
    if ((m = /^live_set view highlighted_clip_slot clip$/.exec(path))) return this.highlighted && this.highlighted.slot.clip ? { kind: 'clip', clip: this.highlighted.slot.clip, id: this.highlighted.slot.clip.id } : null;
    if ((m = /^(.+) canonical_parent$/.exec(path))) { const at = this.find(m[1]); return this.parent(at); }
    if ((m = /^(.+) devices 0 chains 0 devices 0$/.exec(path))) { const at = this.find(m[1]); return at && at.track && at.track.nested ? { kind: 'rack', track: at.track, id: '71' } : null; }
    if ((m = /^(.+) devices 0 chains 0$/.exec(path))) { const at = this.find(m[1]); return at && at.track && at.track.nested ? { kind: 'chain', track: at.track, devices: 1, id: '72' } : null; }
    if ((m = /^(.+) devices 0$/.exec(path))) { const at = this.find(m[1]); return at && at.track && at.track.pads ? { kind: at.track.nested ? 'outer' : 'rack', track: at.track, chains: 1, id: '73' } : null; }
    if ((m = /^(.+?) devices 0(?: chains 0 devices 0)? drum_pads (\d+)$/.exec(path))) { const at = this.find(m[1]); this.padsRead = (this.padsRead || 0) + 1; const pad = at.track.pads[m[2]]; return { kind: 'pad', note: +m[2], name: pad || '', chains: pad ? 1 : 0, id: '9' + m[2] }; }
    if ((m = /^(.+) arrangement_clips (\d+)$/.exec(path))) { const at = this.find(m[1]); const c = at.track.arrangement[m[2]]; return c ? { kind: 'clip', clip: c, id: c.id } : null; }
    return null;
  }
  parent(at) {
    if (!at) return null;
    if (at.kind === 'slot') return { kind: 'track', track: at.track, id: at.track.id };
    if (at.kind !== 'clip') return null;
    const slot = at.clip.track.slots.find((s) => s.clip === at.clip);
    return slot ? { kind: 'slot', slot, track: at.clip.track, id: slot.id } : { kind: 'track', track: at.clip.track, id: at.clip.track.id };
  }
  clips() { return this.tracks.flatMap((t) => [...t.slots.map((s) => s.clip).filter(Boolean), ...t.arrangement]); }
}
function liveAPI(set, allowed) {
  return class LiveAPI {
    constructor(a, b) { if (!allowed()) throw new Error('LiveAPI before live.thisdevice'); this.path = typeof a === 'string' ? a : b || ''; const at = set.find(this.path); if (at && at.clip) this.kept = at.clip; }
    at() { if (this.kept && !set.clips().includes(this.kept)) return null; const f = set.find(this.path); return this.kept && (this.path.startsWith('live_set view') || (f && f.kind === 'clip')) ? { kind: 'clip', clip: this.kept, id: this.kept.id } : f; }
    get unquotedpath() { return this.path; }
    get id() { const a = this.at(); return a ? a.id : '0'; }
    get type() { const a = this.at(); return a ? { track: 'Track', chain: 'Chain', song: 'Song', slot: 'ClipSlot', clip: 'Clip' }[a.kind] || '' : ''; }
    get(p) {
      const a = this.at(); if (!a) return [0];
      if (a.kind === 'song') { const v = set.song[p]; return typeof v === 'function' ? [v()] : Array.isArray(v) ? v : [v]; }
      if (a.kind === 'slot' && p === 'has_clip') return [a.slot.clip ? 1 : 0];
      if (a.kind === 'track') return [p === 'has_midi_input' ? a.track.midi : a.track[p]];
      if (a.kind === 'rack') return [p === 'can_have_drum_pads' || p === 'can_have_chains' ? 1 : 0];
      if (a.kind === 'outer') return [p === 'can_have_chains' ? 1 : 0];
      if (a.kind === 'pad') return [a[p]];
      if (a.kind === 'clip') return [!a.clip.looping && p === 'loop_start' ? a.clip.start_marker : !a.clip.looping && p === 'loop_end' ? a.clip.end_marker : a.clip[p]];
      return [0];
    }
    set(p, v) { const a = this.at(); set.calls.push(['set', this.path, p, v]); if (!a) set.refused.push(['set', p]); else if (a.kind === 'song') set.song[p] = v; else if (!a.clip.put(p, v)) set.refused.push(['set', p, v]); }
    getcount(c) {
      const a = this.at(); if (!a) return 0;
      if (c === 'tracks') return set.tracks.length;
      if (c === 'clip_slots') return a.kind === 'track' ? a.track.slots.length : 0;
      if (c === 'devices') return a.kind === 'chain' ? a.devices || 0 : a.track && a.track.pads ? 1 : 0;
      if (c === 'chains') return a.chains;
      if (c === 'arrangement_clips') return a.track.arrangement.length;
      return 0;
    }
    call(fn, ...args) {
      const a = this.at(); set.calls.push([fn, this.path, ...args]);
      if (!a || (set.refuses && set.refuses(fn, a))) { set.refused.push([fn]); return 0; }
      switch (fn) {
        case 'begin_undo_step': if (set.noUndo) throw new Error('no such function'); set.undo++; set.steps++; return 0;
        case 'end_undo_step': set.undo--; return 0;
        case 'create_scene': set.tracks.forEach((t) => t.slots.push({ id: String(++ids), clip: null })); return 0;
        case 'delete_clip': if (a.kind === 'slot') a.slot.clip = null; else a.track.arrangement = a.track.arrangement.filter((c) => c.id !== String(args[1])); return 0;
        case 'create_clip': if (a.kind !== 'slot' || a.slot.clip || a.track.is_frozen || !a.track.midi) { set.refused.push([fn]); return 0; } a.slot.clip = new Clip(a.track, args[0]); return 0;
        case 'create_midi_clip': { if (a.track.is_frozen) { set.refused.push([fn]); return 0; } const c = new Clip(a.track, args[1]); c.start_time = args[0]; c.end_time = args[0] + args[1]; a.track.arrangement.push(c); return 'id ' + c.id; }
        case 'add_new_notes': a.clip.notes.push(...JSON.parse(JSON.stringify(args[0])).notes); return 0;
        case 'remove_notes_extended': { const [p, ps, from, span] = args; a.clip.notes = a.clip.notes.filter((n) => !(n.pitch >= p && n.pitch < p + ps && n.start_time >= from && n.start_time < from + span)); return 0; }
        case 'get_selected_notes_extended': return JSON.stringify({ notes: a.clip.selected });
        case 'get_notes_extended': return JSON.stringify({ notes: a.clip.notes });
        default: throw new Error('no such function ' + fn);
      }
    }
  };
}
// One loaded script. `clock.now` is virtual milliseconds; `advance` runs the tasks that fall due.
// `shared` is what Max's Global holds, one for all scripts.
function load(source, { set = new LiveSet(), clock = { now: 1000 }, shared = {} } = {}) {
  const out = [], posts = [], tasks = [], dicts = {};
  let apiOk = false, n = 0;
  class Task {
    constructor(f, o) { this.f = f; this.o = o; tasks.push(this); }
    repeat() { this.due = clock.now + this.interval; }
    schedule(ms) { this.due = clock.now + ms; this.once = true; }
    cancel() { this.due = undefined; }
  }
  class Dict { constructor(name) { this.name = name || 'u' + ++n; dicts[this.name] = dicts[this.name] || {}; } parse(s) { dicts[this.name] = JSON.parse(s); } stringify() { return JSON.stringify(dicts[this.name]); } }
  class FakeDate { getTime() { return clock.now; } }
  function Global(name) { return (shared[name] = shared[name] || {}); }
  const ctx = { inlet: 0, Global, messagename: '', post: (...a) => posts.push(a.join(' ')), arrayfromargs: (a) => Array.prototype.slice.call(a), Task, Dict, Date: FakeDate,
    outlet: (...a) => { if (!Number.isInteger(a[0]) || a[0] >= ctx.outlets) throw new Error('bad outlet ' + a[0]); const o = [a[0], ...(Array.isArray(a[1]) ? a[1] : a.slice(1))]; out.push(o); if (ctx.onOutlet) ctx.onOutlet(o); } };
  ctx.LiveAPI = liveAPI(set, () => apiOk);
  vm.createContext(ctx);
  vm.runInContext(source, ctx);
  const d = { ctx, out, posts, tasks, dicts, set, clock,
    send(inlet, name, ...args) {   // Max's rule: a global function of that name unless it is local, else anything()
      ctx.inlet = inlet; ctx.messagename = name;
      if (name === 'bang') apiOk = true;
      const f = typeof ctx[name] === 'function' && !ctx[name].local ? ctx[name] : ctx.anything;
      return f.apply(ctx, args);
    },
    run() { for (const t of tasks) while (t.due !== undefined && t.due <= clock.now) { if (t.once) t.due = undefined; else t.due += t.interval; t.f.call(t.o); } },
    advance(ms, step = 10) { for (let i = 0; i < ms; i += step) { clock.now += step; d.run(); } },
    said: (path) => out.filter((o) => o[0] === 0 && o[1] === '/llmball/' + path),
    told: (word) => out.filter((o) => o[0] === 1 && o[1] === word).map((o) => o[2]),
    status: () => { const s = out.filter((o) => o[1] === 'status'); return s.length ? s[s.length - 1][2] : ''; } };
  return d;
}
// The chain behind outlet 2 and 3: pipe and makenote, in virtual time. `ons` are [ms, pitch]; `sounding(at)` counts what sounds then.
class Chain {
  constructor(clock) { this.clock = clock; this.notes = []; }
  take(o) {
    const now = this.clock.now;
    if (o[0] === 2) this.notes.push({ pitch: o[1], velocity: o[2], on: now + o[4], off: now + o[4] + o[3] });
    if (o[0] === 3 && o[1] === 'clear') this.notes = this.notes.filter((n) => n.on <= now);
    if (o[0] === 3 && o[1] === 'bang') this.notes = this.notes.filter((n) => n.on <= now).map((n) => ({ ...n, off: Math.min(n.off, now) }));
  }
  sounding(at) { return this.notes.filter((n) => n.on <= at && n.off > at).length; }
}
const read = (device) => require('node:child_process').execFileSync(process.env.PYTHON || 'python3', ['-c', `import sys; from max_for_live.build import script; sys.stdout.buffer.write(script("${device}"))`], { cwd: require('node:path').join(__dirname, '../..'), encoding: 'utf8' });
module.exports = { load, LiveSet, Track, Clip, Chain, read };
