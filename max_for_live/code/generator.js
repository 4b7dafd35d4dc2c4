// The Live 12 MIDI Tool. Live takes an answer only inside the call in which it asks, so there are two phases:
//   A  Generate → the daemon writes → the notes lie ready here;   B  bang to live.miditool.in → Live asks → answered from what lies ready.
// Whatever Live asks, it is answered at once; as long as nothing lies ready it gets back the notes that were there.
autowatch = 1;
inlets = 3;    // 0 view and OSC   1 context (middle outlet of live.miditool.in)   2 notes (left outlet)
outlets = 4;   // 0 udpsend   1 live.miditool.out   2 the view, and bang → deferlow → live.miditool.in   3 udpreceive's port

var FIRST_PORT = 7428, PORTS = 8, BARS = [0, 1, 2, 4, 8, 16], FASTEST = 300, MOST_BARS = 64, SEEN = 76;   // characters of two lines
var P = { prompt: "", bars: 0, part: 0, density: -1, complexity: -1, temperature: 100 };
var state = { ready: false, link: null, ids: 0, seed: 1, writing: null, notes: null, context: null, clip: "", told: "", out: null };
var beating = null;

function now() { return new Date().getTime(); }
now.local = 1;
function status(text) { text = Words.cut(text, SEEN); if (text !== state.told) { state.told = text; outlet(2, "status", text); } }
status.local = 1;
function say(list) { outlet(0, list); }
say.local = 1;

function bang() {                  // live.thisdevice
    if (state.ready) return;
    state.ready = true;
    state.ids = Math.floor(Math.random() * 1e6) * 1000;
    state.link = Link.opened("live generator", FIRST_PORT, PORTS, now());
    beating = new Task(heartbeat, this);
    beating.interval = Link.SEARCH;
    beating.repeat();
    status(Words.WAITING);
    outlet(3, "port", FIRST_PORT);
    heartbeat();
}
function heartbeat() {
    var found = Link.beat(state.link, now()), i;
    if (found.port) outlet(3, "port", found.port);
    for (i = 0; i < found.say.length; i++) say(found.say[i]);
    if (!state.link.connected) status(Link.state(state.link, now()));
    if (state.writing) act(Wire.waited(state.writing, now()));
}
heartbeat.local = 1;

function text() { var words = arrayfromargs(arguments).join(" "); if (words !== P.prompt) { P.prompt = words; changed(); } }
function param(name, value) {
    var meant = name === "density" || name === "complexity" ? Number(value) - 1 : Number(value);   // 0 is "Words", then percents
    if (P[name] !== undefined && P[name] !== meant) { P[name] = meant; changed(); }
}
function changed() { if (state.notes) status("Settings changed, press Generate"); }
changed.local = 1;
function newseed() { state.seed = Math.floor(Math.random() * 2147483646) + 1; generate(); }
function generate() {
    var asked, span, song, bar, tempo;
    if (!state.ready) return;
    if (!P.prompt) { status(Words.EMPTY); return; }
    if (!state.link.connected) { status(state.link.other ? Words.OTHER : Words.ABSENT); return; }
    span = selection();
    song = Live.song();
    bar = song.num * 4 / song.den;
    for (tempo = song.tempo; tempo > FASTEST; tempo /= 2);
    asked = { id: ++state.ids, bars: BARS[P.bars] || Math.max(1, Math.min(MOST_BARS, Math.ceil(span.length / bar - 1e-6))), seed: state.seed, prompt: P.prompt, options: options(song, tempo), given: [] };
    if (state.writing) say([Wire.ROOT + "clip/cancel", state.writing.asked.id]);
    state.clip = shownId();
    state.writing = Wire.opened(asked, now());
    sayAll(asked);
    status("Asked LLMBall");
}
function options(song, tempo) {
    var scale = state.context && state.context.scale, found = [["parts", Words.PARTS[P.part]], ["tempo", tempo]], meter = song.num + "/" + song.den;
    if (" 2/4 3/4 4/4 5/4 6/8 7/8 9/8 12/8 ".indexOf(" " + meter + " ") >= 0) found.push(["meter", meter]);
    if (scale ? Number(scale.scale_mode) : song.scaled) found.push(["key", scale ? Words.key(Number(scale.root_note), scale.scale_name, scale.scale_intervals) : Words.key(song.root, song.scale, song.intervals)]);
    if (P.density >= 0) found.push(["density", P.density / 100]);
    if (P.complexity >= 0) found.push(["complexity", P.complexity / 100]);
    if (P.temperature !== 100) found.push(["temperature", P.temperature / 100]);
    return found;
}
options.local = 1;
function sayAll(asked) { var p = Wire.packets(asked), i; for (i = 0; i < p.length; i++) say(p[i]); }
sayAll.local = 1;

function anything() {
    var a = arrayfromargs(arguments), i, path, news;
    if (!state.ready || inlet !== 0 || messagename.substring(0, Wire.ROOT.length) !== Wire.ROOT) return;
    for (i = 0; i < a.length; i++) if (typeof a[i] === "string") a[i] = Wire.decoded(a[i]);
    path = messagename.substring(Wire.ROOT.length);
    news = Link.heard(state.link, path, a, now());
    if (Link.asked(path, a)) { say(Link.asked(path, a)); return; }
    if (news === "other") status(Words.OTHER);
    else if (news === "up" && !state.writing) status(Words.READY);
    else if (path === "error" && /\/clip/.test(a[0]) && state.writing) { state.writing = null; status(String(a[1])); }
    else if (state.writing) act(Wire.heard(state.writing, messagename, a, now()));
}
function act(what) {
    var clip = state.writing;
    if (what === "again") sayAll(clip.asked);
    else if (what === "resend") say([Wire.ROOT + "clip/resend", clip.asked.id]);
    else if (what === "whole") {
        state.writing = null;
        state.notes = Wire.notes(clip);
        if (shownId() !== state.clip) { status("Ready, press Apply"); return; }
        status(Words.told(clip.unread, state.notes.length + " notes, seed " + clip.asked.seed, SEEN));
        outlet(2, "bang");
    } else if (what === "more") status(Words.seconds(clip.share));
    else if (what) { state.writing = null; status(what[1]); }
}
act.local = 1;

// --- Live asks: always answered within the call --------------------------------------------------------------
function dictionary(name) {
    var told = {};
    try { told = JSON.parse(new Dict(name).stringify()) || {}; } catch (e) { told = {}; }
    if (inlet === 1) state.context = told;
    else if (inlet === 2) answer(told);
}
function answer(there) {
    var notes = null;
    try { if (state.notes) notes = fitted(Note.dictionary(state.notes, 0, kit()).notes, selection()); } catch (e) { notes = null; }
    if (!notes || !notes.length) notes = there.notes && there.notes.length ? there.notes : held();
    if (!state.out) state.out = new Dict();
    state.out.parse(JSON.stringify({ notes: notes }));
    outlet(1, "dictionary", state.out.name);
}
answer.local = 1;
// Into the selection, and no further
function fitted(notes, span) {
    var found = [], i, n;
    for (i = 0; i < notes.length; i++) {
        n = notes[i];
        if (n.start_time >= span.length - 1e-6) continue;
        n.duration = Math.min(n.duration, span.length - n.start_time);
        n.start_time += span.from;
        found.push(n);
    }
    return found;
}
fitted.local = 1;
// Drums go to the pads of the clip's own track.
function kit() {
    var clip, track;
    if (!state.notes.length || state.notes[0][0] !== "drums") return null;
    try {
        clip = Live.shown();
        track = clip && Live.trackOf(clip);
        return Kit.of(track ? Live.pads(track) : []).there;
    } catch (e) { return Kit.of([]).there; }
}
kit.local = 1;
// What is in the selection of the clip in view, so that asking without an answer of ours wipes nothing
function held() {
    var clip, all, found = [], i, span;
    try {
        span = selection();
        clip = Live.shown();
        all = clip ? Live.notes(clip) : [];
        for (i = 0; i < all.length; i++) if (all[i].start_time >= span.from - 1e-6 && all[i].start_time < span.from + span.length - 1e-6) found.push(all[i]);
    } catch (e) { found = []; }
    return found;
}
held.local = 1;
// {from, length} in quarter notes: what is selected, else the loop of the clip in view, else four bars of four
function selection() {
    var c = state.context && state.context.clip, from = c ? Number(c.time_selection_start) : NaN, to = c ? Number(c.time_selection_end) : NaN, clip;
    if (to > from) return { from: from, length: to - from };
    try {
        clip = Live.shown();
        from = Number(Live.get(clip, "loop_start", 0));
        to = Number(Live.get(clip, "loop_end", 16));
        if (clip && to > from) return { from: from, length: to - from };
    } catch (e) { /* no clip is in view */ }
    return { from: 0, length: 16 };
}
selection.local = 1;
function shownId() { try { var c = Live.shown(); return c ? Live.id(c) : ""; } catch (e) { return ""; } }
shownId.local = 1;
function notifydeleted() {
    if (beating) beating.cancel();
    if (state.ready) say([Wire.ROOT + "bye"]);
    state.ready = false;
}
