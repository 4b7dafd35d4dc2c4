// Notes planned ahead for one instance: kept in quarter notes since the last play, handed over only shortly before they sound,
// so that a ramp of Live's tempo moves them. Pure.
var Ahead = (function () {
    var LATE = 0.1;   // quarter notes: what is later than this is left out, and counted

    function opened(part) { return { part: part, notes: [], seen: {}, late: 0, handed: [] }; }

    // /llmball/note take part pitch velocity start length
    function planned(state, take, part, pitch, velocity, start, length) {
        var name = take + " " + pitch + " " + Math.round(start * 480);
        if (part !== state.part && state.part !== "all") return;
        if (state.seen[name]) return;   // a packet may come twice
        state.seen[name] = true;
        state.notes.push({ take: String(take), pitch: Math.round(pitch), velocity: Math.round(velocity), start: Number(start), length: Number(length), name: name });
    }

    // /llmball/cancelled take part after: what was planned from there on is taken back
    function cancelled(state, take, part, after) {
        var left = [], i, n;
        if (part !== state.part && state.part !== "all") return;
        for (i = 0; i < state.notes.length; i++) {
            n = state.notes[i];
            if (n.take === String(take) && n.start >= after - 1e-6) delete state.seen[n.name];
            else left.push(n);
        }
        state.notes = left;
    }

    // What sounds within `look` ms of `beat` (quarter notes since play): [[pitch, velocity, length ms, delay ms]]
    function due(state, beat, tempo, look) {
        var ms = 60000 / tempo, edge = beat + look / ms, now = [], left = [], i, n, delay;
        for (i = 0; i < state.notes.length; i++) {
            n = state.notes[i];
            if (n.start >= edge) { left.push(n); continue; }
            delay = (n.start - beat) * ms;
            if (n.start < beat - LATE) { state.late++; continue; }
            now.push([n.pitch, n.velocity, Math.max(1, Math.round(n.length * ms)), Math.max(0, Math.round(delay))]);
        }
        state.notes = left;
        forget(state, beat);
        now.sort(function (a, b) { return a[3] - b[3]; });
        return now;
    }

    // Names are kept as long as a packet could come again.
    function forget(state, beat) {
        var name, at, n = 0;
        for (name in state.seen) {
            n++;
            at = Number(name.substring(name.lastIndexOf(" ") + 1)) / 480;
            if (at < beat - 16) delete state.seen[name];
        }
        return n;
    }

    function cleared(state) { state.notes = []; state.seen = {}; }

    return { opened: opened, planned: planned, cancelled: cancelled, due: due, cleared: cleared };
}());
