// Streaming in the device: one instance a track plays its part; one of them leads and tells the daemon Live's time.
var Stream = (function () {
    var LOOK = 150, TICK = 40, TOLD = 100, GONE = 5000;   // ms
    var on = false, lead = false, part = "all", ahead = null, time = null, song = null, told = 0, heardAt = 0, sounding = false;

    // out: {osc(list), note(list), flush(): all ends and nothing waits, clear(): nothing waits, status(text)}
    var out = null;
    function open(to) { out = to; }

    function start(options, now) {
        part = options.part;
        lead = options.lead;
        ahead = Ahead.opened(part);
        time = Transport.opened();
        on = true;
        heardAt = now;
        if (lead) {
            out.osc([Wire.ROOT + "prompt_uri", Wire.encoded(options.prompt)]);
            out.status("Streaming: start Live's transport");
        } else out.status("Listening for " + part);
    }

    function stop() {
        if (!on) return;
        on = false;
        if (lead) out.osc([Wire.ROOT + "stop"]);
        silence();
    }

    function silence() {
        if (ahead) Ahead.cleared(ahead);
        hush();
    }

    // Bypassed: what sounds ends, but whoever leads goes on telling Live's time for the others.
    function hush() { if (sounding) { out.flush(); sounding = false; } }

    function tick(now, muted) {
        var turn, beat, notes;
        if (!on) return;
        song = Live.song();
        turn = Transport.looked(time, song.playing, song.beat, song.tempo, now);
        if (turn === "began" && lead) { tellTransport(now); out.osc([Wire.ROOT + "play"]); }
        if (turn === "ended") { if (lead) { tellTransport(now); out.osc([Wire.ROOT + "stop"]); } silence(); }
        if (turn === "leapt") hush();
        if (lead && (turn || now - told >= TOLD)) tellTransport(now);
        if (song.playing && now - heardAt > GONE) {
            if (sounding || ahead.notes.length) { silence(); out.status(Words.ABSENT); }
            return;
        }
        beat = Transport.sincePlay(time, now);
        if (beat === null) return;
        notes = Ahead.due(ahead, beat, song.tempo, LOOK, now);
        if (!muted) hand(notes);
    }
    function hand(notes) {
        for (var i = 0; i < notes.length; i++) out.note(notes[i]);
        if (notes.length && !sounding) { sounding = true; out.status("Playing " + part); }
    }

    function tellTransport(now) {
        told = now;
        out.osc([Wire.ROOT + "transport", song.playing ? 1 : 0, song.playing ? Transport.beatAt(time, now) : song.beat, song.tempo]);
    }

    function heard(address, a, now) {
        var path = address.substring(Wire.ROOT.length);
        if (!on) return;
        heardAt = now;
        if (path === "note") Ahead.planned(ahead, a[0], String(a[1]), a[2], a[3], a[4], a[5]);
        else if (path === "cancelled") { if (Ahead.cancelled(ahead, a[0], String(a[1]), Number(a[2]), now) && sounding) { out.clear(); hand(Ahead.pending(ahead, now)); } }
        else if (path === "beat" && song) Transport.beaten(time, Number(a[0]), Number(a[1]), song.num, song.den, now);
        else if (path === "state" && String(a[0]) !== "playing") silence();
        else if (path === "error" && /transport$/.test(a[0])) out.status("Start the daemon with: llmball serve --sync host");
    }

    return { TICK: TICK, open: open, start: start, stop: stop, hush: hush, tick: tick, heard: heard, active: function () { return on; } };
}());
