// Whether the daemon is there, at which port it answers, and what it says. The effect's own functions.
function heartbeat() {
    if (state.heardAt && now() - state.heardAt > MISSED) { state.connected = false; state.lost = true; state.heardAt = 0; }
    if (!state.connected) {
        if (!state.other) status(state.tried || state.lost ? Words.ABSENT : Words.WAITING);
        if (state.tried) { state.port = (state.port + 1) % PORTS; outlet(4, "port", FIRST_PORT + state.port); }   // another instance may have this one
        state.tried = true;
        say([Wire.ROOT + "hello", FIRST_PORT + state.port, "live", 1]);
    }
    say([Wire.ROOT + "ping", 1]);
}
heartbeat.local = 1;

function anything() {              // OSC: messagename is the address
    var a = arrayfromargs(arguments), address = messagename, path, i;
    if (address.substring(0, Wire.ROOT.length) !== Wire.ROOT) return;
    path = address.substring(Wire.ROOT.length);
    for (i = 0; i < a.length; i++) if (typeof a[i] === "string") a[i] = Wire.decoded(a[i]);
    state.heardAt = now();
    if (path === "welcome") { welcome(a); return; }
    if (path === "pong") { if (!state.connected && !state.other) connected(); return; }
    if (path.substring(0, 5) === "clip/") { clipHeard(address, a); return; }
    if (path === "understood/overruled") { outlet(1, "overruled", a[0] + " is " + a[1] + "'s"); return; }
    if (path.substring(0, 11) === "understood/") { stated(path.substring(11), a); return; }
    if (path === "kept") { status("Kept: " + a[0]); return; }
    if (path === "error") errorHeard(a);
    Stream.heard(address, a, now());
}
function connected() {
    state.connected = true;
    state.tried = false;
    if (!state.writing) status(Words.READY);
}
connected.local = 1;
function welcome(a) {
    state.other = Number(a[1]) !== Wire.PROTOCOL;
    if (state.other) { state.connected = false; status(Words.OTHER); } else connected();
}
welcome.local = 1;
function errorHeard(a) {
    if (/\/clip/.test(a[0]) && state.writing) failed(String(a[1]));
    else status(String(a[1]));
}
errorHeard.local = 1;


// What was understood of the words, in one line: the style, the key, the tempo, the chords
function stated(field, a) {
    var told = {};
    told[field] = field === "style" ? a[0] : a.join(" ");
    understood(told);
}
stated.local = 1;
function understood(told) {
    var line = [], name, u = state.understood;
    for (name in told) u[name] = told[name];
    if (u.style) line.push(u.style);
    if (u.key) line.push(u.key);
    if (u.tempo) line.push(Math.round(u.tempo * 10) / 10 + " bpm");
    if (u.progression) line.push(String(u.progression).substring(0, 24));
    outlet(1, "understood", line.join(" · "));
}
understood.local = 1;
