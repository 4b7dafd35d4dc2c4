// The Live 12 MIDI Tool. Live takes an answer only inside the call in which it asks, so there are two phases:
//   A  Generate → the daemon writes → the notes lie ready here;   B  bang to live.miditool.in → Live asks → answered from what lies ready.
// Whatever Live asks, it is answered at once; as long as nothing lies ready it gets back the notes that were there.
autowatch = 1;
inlets = 3;    // 0 view and OSC   1 context (middle outlet of live.miditool.in)   2 notes (left outlet)
outlets = 4;   // 0 udpsend   1 live.miditool.out   2 the view, and bang → deferlow → live.miditool.in   3 udpreceive's port

var FIRST_PORT = 7416, PORTS = 4, BARS = [0, 1, 2, 4, 8, 16], PARTS = ["chords", "melody", "bass", "drums"];
var P = { prompt: "", bars: 0, part: 0, density: -1, complexity: -1, temperature: 100 };
var state = { ids: 0, seed: 1, writing: null, ready: null, context: null, clip: "", connected: false, heardAt: 0, port: 0, tried: false, started: false };
var beating = null;

function now() { return new Date().getTime(); }
now.local = 1;
function status(text) { outlet(2, "status", text); }
status.local = 1;

function loadbang() { begin(); }
function bang() { begin(); }
function begin() {
    if (state.started) return;
    state.started = true;
    outlet(3, "port", FIRST_PORT);
    beating = new Task(heartbeat, this);
    beating.interval = 1000;
    beating.repeat();
    heartbeat();
}
begin.local = 1;
function heartbeat() {
    if (state.heardAt && now() - state.heardAt > 6000) { state.connected = false; state.heardAt = 0; }
    if (!state.connected) {
        if (state.tried) { status(Words.ABSENT); state.port = (state.port + 1) % PORTS; outlet(3, "port", FIRST_PORT + state.port); }
        state.tried = true;
        outlet(0, [Wire.ROOT + "hello", FIRST_PORT + state.port, "live generator", 1]);
    }
    outlet(0, [Wire.ROOT + "ping", 1]);
    if (state.writing) act(Wire.waited(state.writing, now()));
}
heartbeat.local = 1;

function text() { P.prompt = arrayfromargs(arguments).join(" "); changed(); }
function param(name, value) { if (P[name] !== undefined) { P[name] = Number(value); changed(); } }
function changed() { if (state.ready) status("Settings changed, press Generate"); }
changed.local = 1;
function newseed() { state.seed = Math.floor(Math.random() * 2147483646) + 1; generate(); }
function generate() {
    var asked, span = selection(), bars, options, scale = state.context && state.context.scale;
    if (!P.prompt) { status(Words.EMPTY); return; }
    if (!state.connected) { status(Words.ABSENT); return; }
    bars = BARS[P.bars] || Math.max(1, Math.min(32, Math.ceil(span.length / 4)));
    options = [["parts", PARTS[P.part]]];
    if (scale && scale.scale_mode) options.push(["key", Words.key(scale.root_note, scale.scale_name, scale.scale_intervals)]);
    if (P.density >= 0) options.push(["density", P.density / 100]);
    if (P.complexity >= 0) options.push(["complexity", P.complexity / 100]);
    if (P.temperature !== 100) options.push(["temperature", P.temperature / 100]);
    asked = { id: ++state.ids, bars: bars, seed: state.seed, prompt: P.prompt, options: options, given: [] };
    state.clip = shownId();
    state.writing = Wire.opened(asked, now());
    sayAll(asked);
    status("Asked LLMBall");
}
function sayAll(asked) { var p = Wire.packets(asked), i; for (i = 0; i < p.length; i++) outlet(0, p[i]); }
sayAll.local = 1;

function anything() {
    var a = arrayfromargs(arguments), i;
    if (inlet !== 0 || messagename.substring(0, Wire.ROOT.length) !== Wire.ROOT) return;
    for (i = 0; i < a.length; i++) if (typeof a[i] === "string") a[i] = Wire.decoded(a[i]);
    state.heardAt = now();
    if (messagename === Wire.ROOT + "welcome") {
        state.connected = Number(a[1]) === Wire.PROTOCOL;
        state.tried = false;
        status(state.connected ? Words.READY : Words.OTHER);
    } else if (messagename === Wire.ROOT + "error" && state.writing) { state.writing = null; status(String(a[1])); }
    else if (state.writing) act(Wire.heard(state.writing, messagename, a, now()));
}
function act(what) {
    var clip = state.writing;
    if (what === "again") sayAll(clip.asked);
    else if (what === "resend") outlet(0, [Wire.ROOT + "clip/resend", clip.asked.id]);
    else if (what === "whole") {
        state.writing = null;
        state.ready = Wire.notes(clip);
        if (shownId() !== state.clip) { status("Ready, press Apply"); return; }
        status(state.ready.length + " notes, seed " + clip.asked.seed);
        outlet(2, "bang");
    } else if (what === "more") status(Words.seconds(clip.share));
    else if (what) { state.writing = null; status(what[1]); }
}
act.local = 1;

// --- Live asks: always answered within the call --------------------------------------------------------------
function dictionary(name) {
    var told = {};
    try { told = JSON.parse(new Dict(name).stringify()); } catch (e) { told = {}; }
    if (inlet === 1) { state.context = told; return; }
    if (inlet === 2) answer(told);
}
function answer(there) {
    var out = new Dict(), span = selection(), notes;
    if (state.ready) notes = fitted(Note.dictionary(state.ready, span.from), span);
    else notes = there && there.notes && there.notes.length ? { notes: there.notes } : held(span);
    out.parse(JSON.stringify(notes));
    outlet(1, "dictionary", out.name);
}
answer.local = 1;
function fitted(dict, span) {
    var found = [], i, n;
    for (i = 0; i < dict.notes.length; i++) {
        n = dict.notes[i];
        if (n.start_time >= span.from + span.length - 1e-6) continue;
        n.duration = Math.min(n.duration, span.from + span.length - n.start_time);
        found.push(n);
    }
    return { notes: found };
}
fitted.local = 1;
// What is in the selection of the clip in view, so that asking without an answer of ours wipes nothing
function held(span) {
    var clip, all, found = [], i;
    try {
        clip = Live.shown();
        all = clip ? Live.notes(clip) : [];
        for (i = 0; i < all.length; i++) if (all[i].start_time >= span.from - 1e-6 && all[i].start_time < span.from + span.length - 1e-6) found.push(all[i]);
    } catch (e) { found = []; }
    return { notes: found };
}
held.local = 1;
function selection() {
    var c = state.context && state.context.clip, from, to, clip;
    from = c && c.time_selection_start !== undefined ? Number(c.time_selection_start) : 0;
    to = c && c.time_selection_end !== undefined ? Number(c.time_selection_end) : from;
    if (to > from) return { from: from, length: to - from };
    try {
        clip = Live.shown();
        if (clip) return { from: Number(Live.get(clip, "loop_start", 0)), length: Number(Live.get(clip, "loop_end", 16)) - Number(Live.get(clip, "loop_start", 0)) };
    } catch (e) { /* no clip: four bars */ }
    return { from: from, length: 16 };
}
selection.local = 1;
function shownId() { try { var c = Live.shown(); return c ? String(c.id) : ""; } catch (e) { return ""; } }
shownId.local = 1;
function notifydeleted() { if (beating) beating.cancel(); outlet(0, [Wire.ROOT + "bye"]); }
