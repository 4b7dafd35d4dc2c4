// The MIDI effect: the patch's messages in, OSC, text for the view and notes out. Everything else has a room of its own.
autowatch = 1;
inlets = 1;
outlets = 5;   // 0 udpsend   1 the view   2 notes: pitch velocity ms delay   3 bang: stop and clear, clear   4 udpreceive's port

var BARS = [0, 1, 2, 4, 8, 12, 16, 32], MODES = ["major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "harmonic minor", "melodic minor"];
var TARGETS = ["row", "slot", "view", "arrangement"], STREAMED = ["all", "chords", "melody", "bass", "drums"], LEVELS = ["density", "energy", "brightness", "complexity"], METERS = " 2/4 3/4 4/4 5/4 6/8 7/8 9/8 12/8 ";
var FIRST_PORT = 7412, PORTS = 16, LOOKED = 250, REMEMBERED = 12, FASTEST = 300, SEEN = 76, ROOM = 70;   // characters of two lines; where two things are said in them
var state = { ready: false, enabled: true, link: null, ids: 0, seed: 1, writing: null, waiting: null, queue: [], before: [], history: [], bank: [], told: "", asked: 0, whose: {}, understood: {}, unread: "", overruled: "", pending: null, deaf: {}, tracks: 0, heardAs: {} };
var P = { prompt: "", refine: "", bars: 4, key: 0, mode: 0, density: -1, energy: -1, brightness: -1, complexity: -1, temperature: 100, guidance: -1,
    chords: 1, melody: 1, bass: 1, drums: 1, track_chords: 0, track_melody: 0, track_bass: 0, track_drums: 0, target: 0, variations: 1, stream: 0, lead: 1, streamed: 0, slot: 0, hear: 0, groove: 0, approve: 1 };
var beating = null, looking = null, streaming = null;

function now() { return new Date().getTime(); }
now.local = 1;
function say(list) { outlet(0, list); }
say.local = 1;
function status(text) { text = Words.cut(text, SEEN); if (text !== state.told) { state.told = text; outlet(1, "status", text); } }
status.local = 1;

// --- from the patch ---------------------------------------------------------------------------------------
function bang() {                  // live.thisdevice: from here on Live may be asked
    state.ready = true;
    Stream.open({ osc: say, note: function (n) { outlet(2, n); }, flush: function () { outlet(3, "bang"); }, clear: function () { outlet(3, "clear"); }, status: status });
    Leader.open(now());
    state.ids = Math.floor(Math.random() * 1e6) * 1000;   // an answer to a device that was here before is not taken for one of ours
    state.link = Link.opened("live", FIRST_PORT, PORTS, now());
    beating = repeated(beating, heartbeat, Link.SEARCH);
    looking = repeated(looking, look, LOOKED);
    status(Words.WAITING);
    offer(0);
    settled();
    faces();
    askedTempo("", 0);
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
    var was = P[name];
    if (was === undefined) return;
    // dials of levels: 0 is "Words", then percents; guidance: 0 is "Trained", then halves
    P[name] = name === "slot" || LEVELS.indexOf(name) >= 0 ? Number(value) - 1 : name === "guidance" ? (Number(value) - 1) / 2 : Number(value);
    if (P.guidance < 0) P.guidance = -1;
    if (!state.ready || P[name] === was) return;
    if (name === "key" || name === "stream" || name === "hear") faces();
    if (name.substring(0, 6) === "track_" || name === "hear") trackMenus();
    if (name === "streamed" && Stream.active()) Stream.hear(STREAMED[P.streamed]);
    else if (name === "lead" && Stream.active() && !P.lead) Stream.giveUp();
    else if (name === "stream" || name === "lead") restream(name === "lead");
    else steerAll(false);
}
function leading() { return Stream.leads(); }
leading.local = 1;
// While this device leads a stream its words are the band's; else they are those of the next clip.
function generate() {
    if (P.stream && P.lead && P.prompt && !leading() && !Leader.other(now())) restream(false);
    else if (leading()) { if (P.prompt) { say([Wire.ROOT + "prompt_uri", Wire.encoded(P.prompt)]); remember(P.prompt); } else status(Words.EMPTY); }
    else ask({ prompt: P.prompt, name: P.prompt, hear: P.hear > 0 });
}
function newseed() {
    state.seed = Math.floor(Math.random() * 2147483646) + 1;
    keepMemory();
    if (leading()) say([Wire.ROOT + "seed", state.seed]);
    generate();
}
function seed(value) { state.seed = Math.max(0, Math.round(Number(value))); }
function refine() {
    if (!P.refine) status(Words.NO_CHANGE);
    else if (leading()) say([Wire.ROOT + "refine_uri", Wire.encoded(P.refine)]);
    else ask({ prompt: P.refine, change: true, name: P.prompt ? P.prompt + " " + P.refine : P.refine });
}
function redo() { ask({ prompt: P.prompt || "the same again", redo: true }); }
function go_on() { ask({ prompt: P.prompt || "go on", onward: true, name: P.prompt || "go on" }); }
function cancel() {
    state.queue = [];
    state.waiting = null;
    offer(0);
    if (state.pending) discard();
    if (!state.writing) return;
    say([Wire.ROOT + "clip/cancel", state.writing.clip.asked.id]);
    state.writing = null;
    status("Cancelled");
}
function back() {                  // the band's take before; else the notes before the last change of clips
    var last, some = [], i, clip;
    if (!state.ready) return;
    if (leading()) { say([Wire.ROOT + "back"]); return; }
    last = state.before.pop();
    if (!last) { status("Nothing to go back to"); return; }
    for (i = 0; i < last.length; i++) { clip = Live.by(last[i].id); if (Live.there(clip)) some.push({ clip: clip, was: last[i].made ? null : last[i] }); }
    if (!some.length) { status(Words.GONE); return; }
    Write.putBack(some);
    status("Back to the notes before");
}
function keep() { say([Wire.ROOT + "keep"]); }
function newscene() {              // as many as the takes that wait for one
    var waiting = state.waiting, i;
    if (!state.ready) return;
    for (i = 0; i <= (waiting ? state.queue.length : 0); i++) Write.newScene();
    offer(0);
    state.waiting = null;
    if (waiting) finished(waiting); else status("A new scene");
}
function settempo() { if (state.ready && state.asked) { Live.at("live_set").set("tempo", state.asked); status("Live's tempo is " + state.asked); askedTempo("", 0); } }
function notifydeleted() {
    if (state.ready) {
        Stream.stop();
        outlet(3, "bang");
        if (state.writing) say([Wire.ROOT + "clip/cancel", state.writing.clip.asked.id]);
        say([Wire.ROOT + "bye"]);
    }
    state.ready = false;
    cancelTask(beating); cancelTask(looking); cancelTask(streaming);
}
function cancelTask(task) { if (task) task.cancel(); }
cancelTask.local = 1;

// --- the daemon -------------------------------------------------------------------------------------------
function heartbeat() {
    var found = Link.beat(state.link, now()), i;
    if (found.port) outlet(4, "port", found.port);
    for (i = 0; i < found.say.length; i++) say(found.say[i]);
    if (!state.link.connected) status(Link.state(state.link, now()));
    i = Live.at("live_set").getcount("tracks");
    if (i !== state.tracks) { state.tracks = i; trackMenus(); }
}
heartbeat.local = 1;

function anything() {              // OSC: messagename is the address
    var a = arrayfromargs(arguments), address = messagename, path, i, news;
    if (!state.ready || address.substring(0, Wire.ROOT.length) !== Wire.ROOT) return;
    path = address.substring(Wire.ROOT.length);
    for (i = 0; i < a.length; i++) if (typeof a[i] === "string") a[i] = Wire.decoded(a[i]);
    news = Link.heard(state.link, path, a, now());
    if (Link.asked(path, a)) { say(Link.asked(path, a)); return; }
    if (news === "other") status(Words.OTHER);
    if (news === "up") { status(Words.READY); if (P.stream && (!Stream.active() || leading())) restream(false); }   // a set saved while it streamed, or a daemon started anew
    if (path.substring(0, 5) === "clip/") { if (state.writing) act(Wire.heard(state.writing.clip, address, a, now())); }
    else if (path === "understood/overruled") overruled(a[0] + " is " + a[1] + "'s");
    else if (path === "understood/unread") { state.unread = String(a[0]); toldWords(); }
    else if (path.substring(0, 11) === "understood/") { state.understood[path.substring(11)] = path === "understood/style" ? a[0] : a.join(" "); understood(); }
    else if (path === "kept") status("Kept: " + String(a[0]).split(/[\\\/]/).pop() + " (take " + a[1] + ")");
    else if (path === "error" && /\/clip/.test(a[0]) && state.writing) failed(String(a[1]));
    else if (path === "error") { if (!/\/drums\/map$/.test(a[0])) status(String(a[1])); Stream.heard(path, a, now()); }
    else Stream.heard(path, a, now());
}
// What was understood of the words, in one line: the style, the key, the tempo, the chords
function understood() {
    var line = [], u = state.understood;
    if (u.style) line.push(u.style);
    if (u.key) line.push(u.key);
    if (u.tempo) line.push(Math.round(u.tempo * 10) / 10 + " bpm");
    if (u.progression) line.push(Words.cut(u.progression, 24));
    outlet(1, "understood", line.join(" · "));
}
understood.local = 1;
function overruled(words) { state.overruled = words; toldWords(); }
overruled.local = 1;
function toldWords() { outlet(1, "wishes", Words.told(state.unread, state.overruled, ROOM)); }
toldWords.local = 1;

// --- clips ------------------------------------------------------------------------------------------------
function parts() {
    var found = [], i;
    for (i = 0; i < Words.PARTS.length; i++) if (P[Words.PARTS[i]]) found.push(Words.PARTS[i]);
    return found;
}
parts.local = 1;

function options(song, given) {
    var found = given ? [] : [["parts", parts().join(",")]], tempo = song.tempo, i;
    while (tempo > FASTEST) tempo /= 2;   // Live goes to 999; the clip is the same in quarter notes
    found.push(["tempo", tempo]);
    if (meterOf(song)) found.push(["meter", meterOf(song)]);
    if (keyOf(song)) found.push(["key", keyOf(song)]);
    for (i = 0; i < LEVELS.length; i++) if (P[LEVELS[i]] >= 0) found.push([LEVELS[i], P[LEVELS[i]] / 100]);
    if (P.temperature !== 100) found.push(["temperature", P.temperature / 100]);
    if (P.guidance >= 0) found.push(["guidance", P.guidance]);
    return found;
}
options.local = 1;

function ask(want) {
    var song, own, at, i, takes;
    if (!state.ready) return;
    if (!want.prompt) { status(Words.EMPTY); return; }
    if (!state.link.connected) { status(state.link.other ? Words.OTHER : Words.ABSENT); return; }
    if (!parts().length) { status(Words.NO_PART); return; }
    own = Live.ownTrack();
    if (!own) { status(Words.NO_TRACK); return; }
    song = Live.song();
    try {
        if (want.redo || want.change || want.onward) want.source = gathered(own, want.redo);
        if (want.hear) want.heard = heard(own);
        at = want.redo ? null : want.heard ? { target: "heard", own: own } : aim(own);
    } catch (e) { status(e.message); return; }
    remember(P.prompt);
    askedTempo(want.prompt, song);
    state.queue = [];
    state.waiting = null;
    state.unread = "";
    toldWords();
    offer(0);
    settled();
    trackMenus();
    takes = want.redo || at.target === "view" || want.heard ? 1 : Math.max(1, P.variations);
    for (i = 0; i < takes; i++) state.queue.push({ want: want, song: song, seed: (state.seed + i) % 2147483648, aim: at && { target: at.target, own: own, track: at.track, scene: at.scene, clip: at.clip, first: i === 0 } });
    if (state.writing) say([Wire.ROOT + "clip/cancel", state.writing.clip.asked.id]);
    state.writing = null;
    next();
}
ask.local = 1;

function next() {
    var job = state.queue.shift(), asked, source, song, context;
    if (!job) return;
    source = job.want.source;
    song = job.song;
    context = job.want.heard;
    asked = { id: ++state.ids, bars: job.want.redo ? source.count : job.want.change ? 0 : BARS[P.bars], seed: job.seed, prompt: job.want.prompt, options: options(job.song, !!source), given: source ? source.rows : [] };
    if (job.want.change) asked.options.unshift(["refine", 1]);
    if (job.want.redo) asked.redo = [source.parts.join(","), source.bars];
    if (context) {                 // all switches on: the words say which part, or whatever is missing
        asked.bars = Math.round(context.beats / (song.num * 4 / song.den));
        asked.given = context.rows;
        asked.options = options(song, parts().length === Words.PARTS.length);
        asked.options.push(["with", 1]);
        if (P.groove) asked.options.push(["groove", 1]);
    }
    state.writing = { job: job, clip: Wire.opened(asked, now()) };
    sayAll(asked);
    status(context ? "Heard " + context.count + (context.count === 1 ? " track" : " tracks") + ", asked LLMBall" : "Asked LLMBall");
}
next.local = 1;
function sayAll(asked) { var p = Wire.packets(asked), i; for (i = 0; i < p.length; i++) say(p[i]); }
sayAll.local = 1;

function look() {
    if (state.writing) act(Wire.waited(state.writing.clip, now()));
    steerAll(false);               // Live's key or metre may have changed
}
look.local = 1;
function act(what) {
    var clip = state.writing.clip;
    if (what === "again") sayAll(clip.asked);
    else if (what === "resend") say([Wire.ROOT + "clip/resend", clip.asked.id]);
    else if (what === "more") status(Words.seconds(clip.share));
    else if (what === "whole") { clip = state.writing; state.writing = null; finished(clip); }
    else if (what) failed(what[1]);
}
act.local = 1;
function failed(why) { state.writing = null; state.queue = []; status(why); }
failed.local = 1;

// `certain`: it was shown and applied
function finished(writing, certain) {
    var plan, differs;
    try {
        plan = planned(writing);
        differs = Roll.draw(plan.changes, writing.clip.beats);
        knownOf(writing);
        if (!certain && P.approve && loses(plan)) { proposed(writing, plan, differs + ": Apply or Discard"); return; }
        plan.work();
    } catch (e) {
        status(e.message);
        if (e.message === Words.FULL) { state.waiting = writing; offer(1); } else state.queue = [];
        return;
    }
    status(writing.clip.total + " notes" + (plan.where ? " into " + plan.where : "") + ", seed " + writing.job.seed);
    next();
}
finished.local = 1;
// What a clip was written as: in the daemon's words where it heard others, else by key, tempo and chords
function knownOf(writing) {
    var clip = writing.clip, song = writing.job.song, said = Words.heard(clip.context);
    state.unread = clip.unread;
    if (clip.context) {
        heardAs(said[0]);
        outlet(1, "understood", Words.shortened(said[1], ROOM));
        outlet(1, "wishes", clip.unread ? Words.told(clip.unread, state.overruled, ROOM) : Words.shortened(said[0], ROOM));
        return;
    }
    state.understood = { key: clip.key, tempo: clip.tempo, progression: Chord.beginning(Wire.notes(clip), song.num * 4 / song.den, clip.beats).join(" ") };
    understood();
    toldWords();
}
knownOf.local = 1;
function offer(on) { outlet(1, "hidescene", on ? 0 : 1); }
offer.local = 1;

// Live leads: where the words name another tempo or metre the device says so, and offers the tempo.
function askedTempo(words, song) {
    var named = Words.tempo(words), meter = Words.meter(words), told = [];
    state.asked = named && Math.abs(named - song.tempo) > 0.05 ? named : 0;
    if (state.asked) told.push("you asked for " + named + ", Live is at " + Math.round(song.tempo * 100) / 100);
    if (meter && meterOf(song) && meter !== meterOf(song)) told.push((told.length ? "" : "you asked for ") + meter + ", Live is in " + meterOf(song));
    overruled(told.join("; "));
    outlet(1, "asked", state.asked ? "Set Live to " + named : "Set Live");
    outlet(1, "hidetempo", state.asked ? 0 : 1);
}
askedTempo.local = 1;

// --- streaming --------------------------------------------------------------------------------------------
// `certain`: whoever leads until now gives way
function restream(certain) {
    var own, kit = null;
    if (!state.ready) return;
    cancelTask(streaming);
    Stream.stop();
    if (P.stream) Roll.draw([], 16);
    if (!P.stream) { if (state.link.connected) status(Words.READY); return; }
    own = Live.ownTrack();
    if (own && Live.pads(own).length) kit = Kit.of(Live.pads(own)).there;
    Stream.start({ part: STREAMED[P.streamed], lead: P.lead === 1, certain: certain, prompt: P.prompt, kit: kit, steer: function () { steerAll(true); } }, now());
    streaming = repeated(streaming, streamTick, Stream.TICK);
}
restream.local = 1;
function streamTick() { Stream.tick(now(), !state.enabled); }
streamTick.local = 1;
