// What the device works from when something is there already: the clip in view with its row, and how redone bars go back.
// Parts that share a clip are told apart by what this device wrote there itself. The effect's own functions.
function trackId(clip) {
    var api = Live.at((clip.unquotedpath || clip.path) + " canonical_parent"), guard = 0;
    while (Live.there(api) && api.type !== "Track" && guard++ < 4) api = Live.at(api.unquotedpath + " canonical_parent");
    return String(api.id);
}
trackId.local = 1;
function slotTrack() {
    var api = Live.at("live_set view highlighted_clip_slot canonical_parent");
    return Live.there(api) ? String(api.id) : "";
}
slotTrack.local = 1;

// The sheet that goes to a track; with a single sheet there is nothing to choose.
function sheetFor(all, id) {
    var i;
    for (i = 0; i < all.length; i++) if (String(all[i].track.id) === id) return all[i];
    if (all.length === 1) return all[0];
    throw new Error(Words.ELSEWHERE);
}
sheetFor.local = 1;

// Of clips in which several parts share a track it is remembered which note is whose.
function made(all, scene, rows) {
    var i, j, clip, whose, pitches;
    for (i = 0; i < all.length; i++) {
        clip = Live.at(all[i].track.unquotedpath + " clip_slots " + scene + " clip");
        whose = {};
        for (j = 0; j < rows.length; j++) {
            pitches = rows[j][0] === "drums" ? Kit.pitches(Live.pads(all[i].track)) : null;
            whose[noteName(pitches && pitches[rows[j][1]] !== undefined ? pitches[rows[j][1]] : rows[j][1], rows[j][2])] = rows[j][0];
        }
        state.whose[String(clip.id)] = whose;
    }
}
made.local = 1;
function noteName(pitch, start) { return pitch + " " + Math.round(start * 480); }
noteName.local = 1;

function sceneOf(clip) {
    var list = Live.tracks(), id = trackId(clip), i, j, n, track, there;
    for (i = 0; i < list.length; i++) {
        track = Live.at("live_set tracks " + list[i].index);
        if (String(track.id) !== id) continue;
        n = track.getcount("clip_slots");
        for (j = 0; j < n; j++) {
            there = Live.at(track.unquotedpath + " clip_slots " + j + " clip");
            if (Live.there(there) && String(there.id) === String(clip.id)) return j;
        }
    }
    return -1;
}
sceneOf.local = 1;

// Live's notes of a clip as rows, each with the part that it belongs to; `shared` are the parts that go to its track.
function rowsOf(clip, track, shared) {
    var notes = Live.notes(clip), whose = state.whose[String(clip.id)], found = [], i, part, back;
    for (i = 0; i < notes.length; i++) {
        part = whose && whose[noteName(notes[i].pitch, notes[i].start_time)];
        if (!part || (shared.length === 1 && part !== shared[0])) part = shared.length === 1 ? shared[0] : "";
        if (!part) throw new Error(Words.SHARED);
        back = part === "drums" ? Kit.turned(Kit.pitches(Live.pads(track))) : null;
        found = found.concat(Note.rows([notes[i]], part, 0, back));
    }
    return found;
}
rowsOf.local = 1;

// {rows, parts (those in view), bars, view, from, to}; null without a clip in view
function gathered(own) {
    var view = Live.shown(), song = Live.song(), bar = song.num * 4 / song.den, found, byTrack = {}, order = [], i, part, track, id, scene, clip, viewed, from, to, last, some;
    if (!view) return null;
    found = { rows: [], view: view, parts: [], bars: "" };
    scene = sceneOf(view);
    viewed = trackId(view);
    for (i = 0; i < Words.PARTS.length; i++) {
        part = Words.PARTS[i];
        if (!P[part]) continue;
        track = trackOf(part, own);
        id = String(track.id);
        if (!byTrack[id]) { byTrack[id] = { track: track, parts: [] }; order.push(id); }
        byTrack[id].parts.push(part);
    }
    if (!byTrack[viewed]) { byTrack[viewed] = { track: own, parts: [parts()[0]] }; order.unshift(viewed); }
    for (i = 0; i < order.length; i++) {
        id = order[i];
        clip = id === viewed ? view : scene < 0 ? null : Live.at(byTrack[id].track.unquotedpath + " clip_slots " + scene + " clip");
        if (!clip || !Live.there(clip)) continue;
        some = rowsOf(clip, byTrack[id].track, byTrack[id].parts);
        found.rows = found.rows.concat(some);
        if (id === viewed) { found.parts = byTrack[id].parts; found.track = byTrack[id].track; }
    }
    if (!found.rows.length) return null;
    from = Number(Live.get(view, "loop_start", 0)); to = Number(Live.get(view, "loop_end", bar)); last = Number(Live.get(view, "end_marker", to));
    if (to - from < last - 1e-6) found.bars = (Math.floor(from / bar) + 1) + "-" + Math.max(Math.floor(from / bar) + 1, Math.ceil(to / bar));
    found.from = found.bars ? Math.floor(from / bar) * bar : 0;
    found.to = found.bars ? Math.ceil(to / bar) * bar : 1e6;
    return found;
}
gathered.local = 1;

// Only what was to be written anew is taken out and put in; every other note of the clip is never touched.
function redone(rows, source) {
    var some = [], i, r, n, map = Kit.pitches(Live.pads(source.track)), whose = state.whose[String(source.view.id)] || {}, there = Live.notes(source.view), kept = [], fresh = { notes: [] };
    for (i = 0; i < rows.length; i++) {
        r = rows[i];
        if (source.parts.indexOf(r[0]) >= 0 && r[2] >= source.from - 1e-6 && r[2] < source.to - 1e-6) some.push(r);
    }
    for (i = 0; i < there.length; i++) {
        n = there[i];
        r = whose[noteName(n.pitch, n.start_time)];
        if (n.mute || (r && source.parts.indexOf(r) < 0)) if (n.start_time >= source.from && n.start_time < source.to) kept.push(n);
    }
    for (i = 0; i < some.length; i++) fresh.notes = fresh.notes.concat(Note.dictionary([some[i]], 0, some[i][0] === "drums" ? map : null).notes);
    remembered(source.view);
    Write.inOneStep(function () {
        source.view.call("remove_notes_extended", 0, 128, source.from, source.to - source.from);
        source.view.call("add_new_notes", { notes: Write.bare(kept).concat(fresh.notes) });
    });
    for (i = 0; i < some.length; i++) whose[noteName(some[i][0] === "drums" && map[some[i][1]] !== undefined ? map[some[i][1]] : some[i][1], some[i][2])] = some[i][0];
    state.whose[String(source.view.id)] = whose;
}
redone.local = 1;
