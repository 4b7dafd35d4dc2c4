// Notes planned ahead for one instance: kept in quarter notes since the last play, handed over only shortly before they sound,
// so that a ramp of Live's tempo moves them. All parts are kept, one (or all) is played; what is handed over can be taken back until it sounds. Pure.
var Ahead = (function () {
    var LATE = 0.1;   // quarter notes: what is later than this is left out, and counted
    var KEPT = 2500;  // ms

    function opened(part) { return { part: part, notes: [], seen: {}, late: 0, handed: [], aside: null }; }

    // /llmball/note take part pitch velocity start length
    function planned(state, take, part, pitch, velocity, start, length) {
        var name = take + " " + part + " " + pitch + " " + Math.round(start * 480);
        if (state.seen[name]) return;   // a packet may come twice
        state.seen[name] = true;
        state.notes.push({ take: String(take), part: part, pitch: Math.round(pitch), velocity: Math.round(velocity), start: Number(start), length: Number(length), name: name });
    }

    // /llmball/cancelled take part after: what was planned from there on is taken back. Returns whether something handed over was among it.
    function cancelled(state, take, part, after, now) {
        var left = [], i, n, h, back = false;
        for (i = 0; i < state.notes.length; i++) {
            n = state.notes[i];
            if (meant(n, take, part, after)) delete state.seen[n.name];
            else left.push(n);
        }
        state.notes = left;
        for (i = 0, left = []; i < state.handed.length; i++) {
            h = state.handed[i];
            if (h.at > now && meant(h.note, take, part, after)) { delete state.seen[h.note.name]; back = true; } else left.push(h);
        }
        state.handed = left;
        return back;
    }
    function meant(n, take, part, after) { return n.take === String(take) && n.part === part && n.start >= after - 1e-6; }

    // What sounds within `look` ms of `beat` (quarter notes since play) at `now`: [[pitch, velocity, length ms, delay ms]]
    function due(state, beat, tempo, look, now) {
        var ms = 60000 / tempo, edge = beat + look / ms, some = [], left = [], i, n;
        for (i = 0; i < state.notes.length; i++) {
            n = state.notes[i];
            if (n.start >= edge) left.push(n);
            else if (state.part !== "all" && n.part !== state.part) continue;
            else if (n.start < beat - LATE) state.late++;
            else some.push({ note: n, at: now + Math.max(0, Math.round((n.start - beat) * ms)), ms: Math.max(1, Math.round(n.length * ms)) });
        }
        state.notes = left;
        some.sort(function (a, b) { return a.at - b.at; });
        state.handed = waiting(state, now).concat(some);
        forget(state, beat);
        return asHanded(some, now);
    }

    // What was handed over and waits to sound still, as it would be handed over now
    function pending(state, now) { state.handed = waiting(state, now); return asHanded(state.handed, now); }
    function waiting(state, now) {
        var left = [], i;
        for (i = 0; i < state.handed.length; i++) if (state.handed[i].at > now) left.push(state.handed[i]);
        return left;
    }
    function asHanded(some, now) {
        var found = [], i;
        for (i = 0; i < some.length; i++) found.push([some[i].note.pitch, some[i].note.velocity, some[i].ms, some[i].at - now]);
        return found;
    }

    // Names are kept as long as a packet could come again.
    function forget(state, beat) {
        var name;
        for (name in state.seen) if (Number(name.substring(name.lastIndexOf(" ") + 1)) / 480 < beat - 16) delete state.seen[name];
    }

    function cleared(state) { state.notes = []; state.seen = {}; state.handed = []; state.aside = null; }

    // The band has stopped, or a stale word says so: what was planned is laid aside, and taken up again if its beats go on where they were.
    function laidAside(state, origin, now) {
        var aside = { notes: state.notes, seen: state.seen, origin: origin, at: now };
        cleared(state);
        if (aside.notes.length && origin !== null) state.aside = aside;
    }
    function takenUp(state, origin, now) {
        var aside = state.aside, name, i;
        state.aside = null;
        if (!aside || aside.origin !== origin || now - aside.at > KEPT) return;
        for (i = 0; i < aside.notes.length; i++) if (!state.seen[aside.notes[i].name]) state.notes.push(aside.notes[i]);
        for (name in aside.seen) state.seen[name] = true;
    }

    return { opened: opened, planned: planned, cancelled: cancelled, due: due, pending: pending, cleared: cleared, laidAside: laidAside, takenUp: takenUp };
}());
