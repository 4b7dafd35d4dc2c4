// Streaming in the device: one instance a track plays its part; one of them leads and tells the daemon Live's time.
var Stream = (function () {
    var LOOK = 150, TICK = 40, TOLD = 100, GONE = 5000;   // ms
    var on = false, may = false, lead = false, followed = false, part = "all", ahead = null, time = null, song = null, told = 0, heardAt = 0, sounding = false, kit = null;

    // out: {osc(list), note(list), flush(): all ends and nothing waits, clear(): nothing waits, status(text)}
    var out = null;
    function open(to) { out = to; }

    // options: {part, lead: whether it may, certain: whether it takes the lead from another, prompt, steer(): says the band's controls, kit: the drums' pitches on this track, or null}
    function start(options, now) {
        part = options.part;
        may = options.lead;
        lead = may && options.prompt !== "" && Leader.claim(now, options.certain);
        followed = false;
        kit = options.kit;
        ahead = Ahead.opened(part);
        time = Transport.opened();
        on = true;
        heardAt = now;
        if (kit) out.osc([Wire.ROOT + "drums/map"]);   // the daemon's own map may have turned them already
        if (lead) {
            options.steer();       // before the words: a control that comes after them has the take written anew
            out.osc([Wire.ROOT + "prompt_uri", Wire.encoded(options.prompt)]);
            out.status("Streaming: start Live's transport");
        } else out.status(may && !Leader.other(now) ? Words.EMPTY : listening());
    }
    function listening() { return "Listening for " + part; }
    function hear(wanted) { part = ahead.part = wanted; hush(); out.status(listening()); }
    function giveUp() { may = lead = false; Leader.leave(); out.status(listening()); }

    function stop() {
        if (!on) return;
        on = false;
        if (lead) out.osc([Wire.ROOT + "stop"]);
        Leader.leave();
        lead = false;
        silence();
    }

    function silence() {
        if (ahead) Ahead.cleared(ahead);
        hush();
    }

    // What sounds ends, what waits is dropped; whoever leads goes on telling Live's time for the others.
    function hush() { if (sounding) { out.flush(); sounding = false; } }

    function tick(now, muted) {
        var turn, beat, led = lead;
        if (!on) return;
        song = Live.transport();
        turn = Transport.looked(time, song.playing, song.beat, song.tempo, now);
        if (Leader.other(now)) followed = true;
        lead = may && (lead || followed) && Leader.claim(now, false);   // whoever led may have been deleted
        if (led && !lead) out.status(listening());
        if (lead && song.playing && (turn === "began" || !led)) { tellTransport(now); out.osc([Wire.ROOT + "play"]); }
        if (turn === "ended") { if (lead) { tellTransport(now); out.osc([Wire.ROOT + "stop"]); } silence(); }
        if (turn === "leapt") hush();
        if (lead && (turn || now - told >= TOLD)) tellTransport(now);
        if (song.playing && now - heardAt > GONE) {
            if (sounding || ahead.notes.length) { silence(); out.status(Words.ABSENT); }
            return;
        }
        beat = Transport.sincePlay(time, now);
        if (beat !== null) hand(Ahead.due(ahead, beat, song.tempo, LOOK, now), muted);
    }
    function hand(notes, muted) {
        var i;
        if (muted || !notes.length) return;
        for (i = 0; i < notes.length; i++) out.note(notes[i]);
        if (!sounding) { sounding = true; out.status("Playing " + part); }
    }

    function tellTransport(now) {
        told = now;
        out.osc([Wire.ROOT + "transport", song.playing ? 1 : 0, song.playing ? Transport.beatAt(time, now) : song.beat, song.tempo]);
    }

    function heard(path, a, now) {
        var pitch = Number(a[2]);
        if (!on) return;
        heardAt = now;
        if (path === "note") Ahead.planned(ahead, a[0], String(a[1]), a[1] === "drums" && kit && kit[pitch] !== undefined ? kit[pitch] : pitch, a[3], a[4], a[5]);
        else if (path === "cancelled") { if (Ahead.cancelled(ahead, a[0], String(a[1]), Number(a[2]), now) && sounding) { out.clear(); hand(Ahead.pending(ahead, now)); } }
        else if (path === "beat" && song) { Transport.beaten(time, Number(a[0]), Number(a[1]), song.num, song.den, now); Ahead.takenUp(ahead, time.origin, now); }
        else if (path === "state" && String(a[0]) !== "playing") { Ahead.laidAside(ahead, time.origin, now); hush(); }
        else if (path === "drums/map" && a[0] !== "gm") kit = null;
        else if (path === "error" && /transport$/.test(a[0])) out.status(Words.UNSYNCED);
    }

    return { TICK: TICK, open: open, start: start, hear: hear, giveUp: giveUp, stop: stop, hush: hush, tick: tick, heard: heard, active: function () { return on; }, leads: function () { return on && lead; } };
}());
