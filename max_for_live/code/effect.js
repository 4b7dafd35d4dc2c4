// The MIDI effect: the patch's messages in, OSC, text for the view and notes out. Everything else has a room of its own.
autowatch = 1;
inlets = 1;
outlets = 5;   // 0 udpsend   1 the view   2 notes: pitch velocity ms delay   3 flush: stop and clear   4 udpreceive's port

var BARS = [0, 1, 2, 4, 8, 12, 16, 32], MODES = ["major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "harmonic minor", "melodic minor"];
var TARGETS = ["row", "slot", "view", "arrangement"], STREAMED = ["all", "chords", "melody", "bass", "drums"], STEERED = { density: 100, energy: 100, brightness: 100, complexity: 100, temperature: 100 }, METERS = " 2/4 3/4 4/4 5/4 6/8 7/8 9/8 12/8 ";
var FIRST_PORT = 7412, PORTS = 8, BEAT = 2000, MISSED = 6000, LOOKED = 250, REMEMBERED = 12;
var state = { ready: false, enabled: true, port: 0, heardAt: 0, connected: false, other: false, ids: 0, seed: 1, writing: null, queue: [], before: [], history: [], bank: [], told: "", scenes: 0, looked: 0, asked: 0, whose: {}, understood: {} };
var P = { prompt: "", refine: "", bars: 4, key: 0, mode: 0, density: -1, energy: -1, brightness: -1, complexity: -1, temperature: 100, guidance: -1,
    chords: 1, melody: 1, bass: 1, drums: 1, track_chords: 0, track_melody: 0, track_bass: 0, track_drums: 0, target: 0, variations: 1, stream: 0, lead: 1, streamed: 0, slot: 0 };
var beating = null, looking = null, streaming = null;

function now() { return new Date().getTime(); }
now.local = 1;
function say(list) { outlet(0, list); }
say.local = 1;
function status(text) { if (text !== state.told) { state.told = text; outlet(1, "status", text); } }
status.local = 1;

// --- from the patch ---------------------------------------------------------------------------------------
function bang() {                  // live.thisdevice: from here on Live may be asked
    state.ready = true;
    Stream.open({ osc: say, note: function (n) { outlet(2, n); }, flush: function () { outlet(3, "bang"); }, clear: function () { outlet(3, "clear"); }, status: status });
    beating = repeated(beating, heartbeat, BEAT);
    looking = repeated(looking, look, LOOKED);
    state.port = 0;
    status(Words.WAITING);
    outlet(4, "port", FIRST_PORT);
    heartbeat();
}

function repeated(task, work, ms) {
    if (task) task.cancel();
    task = new Task(work, this);
    task.interval = ms;
    task.repeat();
    return task;
}
repeated.local = 1;

function enabled(on) {             // bypassed: nothing sounds on
    state.enabled = Number(on) === 1;
    if (!state.enabled) { Stream.hush(); outlet(3, "bang"); }
}
function text() { P.prompt = arrayfromargs(arguments).join(" "); }
function refinetext() { P.refine = arrayfromargs(arguments).join(" "); }
function param(name, value) {
    if (P[name] === undefined) return;
    P[name] = name === "slot" ? Number(value) - 1 : Number(value);
    if (name === "stream" || name === "lead" || name === "streamed") restream();
    else if (STEERED[name] && leading()) steer(name);
}
// While this device leads a stream its words and dials are the band's; else they are those of the next clip.
function leading() { return Stream.active() && P.lead === 1; }
leading.local = 1;
function steer(name) { say([Wire.ROOT + name, P[name] < 0 ? -1 : P[name] / STEERED[name]]); }
steer.local = 1;
function generate() { if (leading()) say([Wire.ROOT + "prompt_uri", Wire.encoded(P.prompt)]); else ask({ prompt: P.prompt }); }
function newseed() { state.seed = Math.floor(Math.random() * 2147483646) + 1; outlet(1, "seed", state.seed); generate(); }
function seed(value) { state.seed = Math.max(0, Math.round(Number(value))); }
function refine() { if (P.refine && leading()) say([Wire.ROOT + "refine_uri", Wire.encoded(P.refine)]); else if (P.refine) ask({ prompt: P.refine, change: true, name: P.prompt + ", " + P.refine }); else status("Type what is to change"); }
function redo() { ask({ prompt: P.prompt || "the same again", redo: true }); }
function go_on() { ask({ prompt: P.prompt || "go on", onward: true }); }
function cancel() {
    state.queue = [];
    if (!state.writing) return;
    say([Wire.ROOT + "clip/cancel", state.writing.clip.asked.id]);
    state.writing = null;
    progress(0);
    status("Cancelled");
}
function back() {                  // the notes before the last change of a clip in view; else the take before
    var last = state.before.pop(), clip;
    if (!last) { say([Wire.ROOT + "back"]); return; }
    clip = Live.at("id " + last.id);
    if (!Live.there(clip)) { status("That clip is gone"); return; }
    Write.putBack(clip, last);
    status("Back to the notes before");
}
function keep() { say([Wire.ROOT + "keep"]); }
function newscene() { Write.newScene(); status("A new scene: press Generate"); }
function settempo() { if (state.asked) { Live.at("live_set").set("tempo", state.asked); outlet(1, "asked", ""); status("Live's tempo is " + state.asked); state.asked = 0; } }
function history(index) { recall(state.history[Number(index)]); }
function bankstore() { state.bank[P.slot] = P.prompt; keepMemory(); say([Wire.ROOT + "bank/" + (P.slot + 1) + "/store", P.prompt]); status("Stored in bank " + (P.slot + 1)); }
function banklaunch() { if (state.bank[P.slot]) { recall(state.bank[P.slot]); if (Stream.active()) say([Wire.ROOT + "bank/" + (P.slot + 1) + "/launch"]); else generate(); } else status("Bank " + (P.slot + 1) + " is empty"); }
function recall(words) { if (words) { P.prompt = words; outlet(1, "prompt", words); } }
recall.local = 1;
function notifydeleted() {
    Stream.stop();
    if (state.ready) { outlet(3, "bang"); say([Wire.ROOT + "bye"]); }
    cancelTask(beating); cancelTask(looking); cancelTask(streaming);
}
function cancelTask(task) { if (task) task.cancel(); }
cancelTask.local = 1;

// --- clips ------------------------------------------------------------------------------------------------
function parts() {
    var found = [], i;
    for (i = 0; i < Words.PARTS.length; i++) if (P[Words.PARTS[i]]) found.push(Words.PARTS[i]);
    return found;
}
parts.local = 1;

function options(song, given) {
    var found = [["parts", parts().join(",")], ["tempo", song.tempo]], meter = song.num + "/" + song.den, levels = ["density", "energy", "brightness", "complexity"], i;
    if (METERS.indexOf(" " + meter + " ") >= 0) found.push(["meter", meter]);
    if (P.key === 0 && song.scaled) found.push(["key", Words.key(song.root, song.scale, song.intervals)]);
    else if (P.key > 1) found.push(["key", Words.NOTES[P.key - 2] + " " + MODES[P.mode]]);
    for (i = 0; i < levels.length; i++) if (P[levels[i]] >= 0) found.push([levels[i], P[levels[i]] / 100]);
    if (P.temperature !== 100) found.push(["temperature", P.temperature / 100]);
    if (P.guidance >= 0) found.push(["guidance", P.guidance]);
    return given ? found.slice(1) : found;
}
options.local = 1;

function ask(want) {
    var song, track, i;
    if (!state.ready) return;
    if (!want.prompt) { status(Words.EMPTY); return; }
    if (!state.connected) { status(state.other ? Words.OTHER : Words.ABSENT); return; }
    if (!parts().length) { status("Switch a part on"); return; }
    track = Live.ownTrack();
    if (!track) { status(Words.NO_TRACK); return; }
    song = Live.song();
    if (want.redo || want.change || want.onward) {
        try { want.source = gathered(track); } catch (e) { status(e.message); return; }
        if (!want.source) { status(Words.NO_CLIP); return; }
    }
    remember(P.prompt);
    askedTempo(want.prompt, song.tempo);
    state.queue = [];
    for (i = 0; i < (want.redo ? 1 : Math.max(1, P.variations)); i++) state.queue.push({ want: want, song: song, seed: state.seed + i });
    if (state.writing) say([Wire.ROOT + "clip/cancel", state.writing.clip.asked.id]);
    state.writing = null;
    next();
}
ask.local = 1;

function next() {
    var job = state.queue.shift(), asked, source;
    if (!job) return;
    source = job.want.source;
    asked = { id: ++state.ids, bars: job.want.redo || job.want.change ? 0 : BARS[P.bars], seed: job.seed, prompt: job.want.prompt, options: options(job.song, !!source), given: source ? source.rows : [] };
    if (job.want.change) asked.options = [["refine", 1]].concat(asked.options);
    if (job.want.redo) asked.redo = [source.parts.join(","), source.bars];
    state.writing = { job: job, clip: Wire.opened(asked, now()) };
    sayAll(asked);
    status("Asked LLMBall");
}
next.local = 1;
function sayAll(asked) { var p = Wire.packets(asked), i; for (i = 0; i < p.length; i++) say(p[i]); }
sayAll.local = 1;

function look() { if (state.writing) act(Wire.waited(state.writing.clip, now())); }
look.local = 1;
function clipHeard(address, a) { if (state.writing) act(Wire.heard(state.writing.clip, address, a, now())); }
clipHeard.local = 1;
function act(what) {
    var clip = state.writing.clip;
    if (what === "again") sayAll(clip.asked);
    else if (what === "resend") say([Wire.ROOT + "clip/resend", clip.asked.id]);
    else if (what === "more") { progress(clip.share); status(Words.seconds(clip.share)); }
    else if (what === "whole") finished();
    else if (what) failed(what[1]);
}
act.local = 1;
function progress(share) { outlet(1, "progress", share); }
progress.local = 1;
function failed(why) { state.writing = null; state.queue = []; progress(0); status(why); }
failed.local = 1;

function finished() {
    var writing = state.writing, count = writing.clip.total;
    state.writing = null;
    progress(1);
    try { placed(writing); }
    catch (e) { state.queue = []; status(e.message); if (e.message === Words.FULL) outlet(1, "offer", 1); return; }
    outlet(1, "offer", 0);
    understood({ key: writing.clip.key, tempo: writing.clip.tempo, progression: Chord.beginning(Wire.notes(writing.clip), writing.job.song.num * 4 / writing.job.song.den, writing.clip.beats).join(" ") });
    status(count + " notes, seed " + writing.job.seed);
    next();
}
finished.local = 1;

// Which track a part goes to: the one chosen, else one that is called so, else the device's own.
function trackOf(part, own) {
    var list = Live.tracks(), chosen = P["track_" + part], i;
    for (i = 0; i < list.length; i++) if (list[i].index === chosen - 2) return Live.at("live_set tracks " + list[i].index);
    if (chosen === 0) for (i = 0; i < list.length; i++) if (list[i].name.toLowerCase().indexOf(part) >= 0) return Live.at("live_set tracks " + list[i].index);
    return own;
}
trackOf.local = 1;

// Notes by tracks: parts that share a track share a clip.
function sheets(rows, name) {
    var own = Live.ownTrack(), found = [], byId = {}, i, part, track, some, map, id, notes;
    if (!own) throw new Error(Words.NO_TRACK);
    for (i = 0; i < Words.PARTS.length; i++) {
        part = Words.PARTS[i];
        some = Note.ofPart(rows, part);
        if (!some.length) continue;
        track = trackOf(part, own);
        map = part === "drums" ? Kit.pitches(Live.pads(track)) : null;
        notes = Note.dictionary(some, 0, map);
        id = String(track.id);
        if (byId[id]) byId[id].notes = { notes: byId[id].notes.notes.concat(notes.notes) };
        else { byId[id] = { track: track, part: part, name: name, colour: Words.COLOURS[part], notes: notes }; found.push(byId[id]); }
    }
    return found;
}
sheets.local = 1;

function placed(writing) {
    var job = writing.job, clip = writing.clip, rows = Wire.notes(clip), target = TARGETS[P.target], song = job.song, name, all, view;
    name = Words.clipName(job.want.name || P.prompt, Chord.beginning(rows, song.num * 4 / song.den, clip.beats), job.seed);
    if (job.want.redo) { redone(rows, job.want.source); return; }
    all = sheets(rows, name);
    if (!all.length) throw new Error("The answer has no notes: switch more parts on");
    if (target === "row") made(all, Write.row(all, clip.beats, 0), rows);
    else if (target === "slot") Write.highlighted(sheetFor(all, slotTrack()), clip.beats);
    else if (target === "view") {
        view = Live.shown();
        if (!view) throw new Error(Words.NO_CLIP);
        name = sheetFor(all, trackId(view));
        remembered(view);
        Write.inView(view, name, clip.beats);
    } else Write.arrangement(all, clip.beats, song.beat, song.num * 4 / song.den);
}
placed.local = 1;

function remembered(view) {
    state.before.push(Write.asItIs(view));
    if (state.before.length > REMEMBERED) state.before.shift();
}
remembered.local = 1;

function remember(words) {
    var i;
    if (!words || state.history[0] === words) return;
    for (i = 0; i < state.history.length; i++) if (state.history[i] === words) { state.history.splice(i, 1); break; }
    state.history.unshift(words);
    state.history = state.history.slice(0, REMEMBERED);
    showHistory();
    keepMemory();
}
remember.local = 1;
function showHistory() {
    outlet(1, "clearhistory");
    for (var i = 0; i < state.history.length; i++) outlet(1, "addhistory", state.history[i].substring(0, 40));
}
showHistory.local = 1;

// History and bank live in the set: a pattr keeps them as one symbol.
function keepMemory() { outlet(1, "memory", encodeURIComponent(JSON.stringify({ history: state.history, bank: state.bank }))); }
keepMemory.local = 1;
function memory(kept) {
    var held;
    try { held = JSON.parse(decodeURIComponent(String(kept))); } catch (e) { return; }   // a new device has none
    if (!held || !held.history || !held.bank) return;
    state.history = held.history.slice(0, REMEMBERED);
    state.bank = held.bank;
    showHistory();
}

// Live leads: where the words name another tempo the device says so, and offers it.
function askedTempo(words, tempo) {
    var named = Words.tempo(words);
    state.asked = named && Math.abs(named - tempo) > 0.05 ? named : 0;
    outlet(1, "asked", state.asked ? "Set Live to " + named : "");
    if (state.asked) outlet(1, "overruled", "you asked for " + named + ", Live is at " + Math.round(tempo * 100) / 100);
}
askedTempo.local = 1;

// --- streaming --------------------------------------------------------------------------------------------
function restream() {
    if (!state.ready) return;
    cancelTask(streaming);
    Stream.stop();
    if (!P.stream) return;
    if (P.lead && !P.prompt) { status(Words.EMPTY); return; }
    Stream.start({ part: STREAMED[P.streamed], lead: P.lead === 1, prompt: P.prompt }, now());
    streaming = repeated(streaming, streamTick, Stream.TICK);
    if (leading()) for (var name in STEERED) steer(name);
}
restream.local = 1;
function streamTick() { Stream.tick(now(), !state.enabled); }
streamTick.local = 1;
