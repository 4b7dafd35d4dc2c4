// What the device works from when something is there already: the clip in view with its row, and how redone bars go back. The effect's own functions.
// The clip in view as a source, with the other parts' clips of its row around it: {rows, part, bars, view, from, to}
function gathered(own) {
    var view = Live.shown(), song = Live.song(), bar = song.num * 4 / song.den, found, i, part, track, clips, from, to, last, path, scene, mine;
    if (!view) return null;
    path = view.unquotedpath || "";
    found = { rows: [], view: view, part: parts()[0], bars: "" };
    scene = sceneOf(view);
    for (i = 0; i < Words.PARTS.length; i++) {
        part = Words.PARTS[i];
        track = trackOf(part, own);
        if (!P[part]) continue;
        clips = scene < 0 ? null : Live.at(track.unquotedpath + " clip_slots " + scene + " clip");
        mine = String(track.id) === trackId(view);
        if (mine && found.mine === undefined) { found.part = part; found.mine = true; clips = view; }
        else if (mine) continue;   // one clip, several parts: it is read as the first
        if (!clips || !Live.there(clips)) continue;
        found.rows = found.rows.concat(Note.rows(Live.notes(clips), part, 0, part === "drums" ? Kit.turned(Kit.pitches(Live.pads(track))) : null));
    }
    if (found.mine === undefined) found.rows = found.rows.concat(Note.rows(Live.notes(view), found.part, 0, null));
    if (!found.rows.length) return null;
    from = Number(Live.get(view, "loop_start", 0)); to = Number(Live.get(view, "loop_end", bar)); last = Number(Live.get(view, "end_marker", to));
    if (to - from < last - 1e-6) found.bars = (Math.floor(from / bar) + 1) + "-" + Math.max(Math.floor(from / bar) + 1, Math.ceil(to / bar));
    found.from = found.bars ? Math.floor(from / bar) * bar : 0;
    found.to = found.bars ? Math.ceil(to / bar) * bar : 1e6;
    return found;
}
gathered.local = 1;
function trackId(clip) {
    var api = Live.at((clip.unquotedpath || clip.path) + " canonical_parent"), guard = 0;
    while (Live.there(api) && api.type !== "Track" && guard++ < 4) api = Live.at(api.unquotedpath + " canonical_parent");
    return String(api.id);
}
trackId.local = 1;
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

// Only what was to be written anew is taken out and put in; everything else in the clip is never touched.
function redone(rows, source) {
    var some = [], i, r, map = null, own = Live.ownTrack();
    for (i = 0; i < rows.length; i++) {
        r = rows[i];
        if (r[0] === source.part && r[2] >= source.from - 1e-6 && r[2] < source.to - 1e-6) some.push(r);
    }
    if (source.part === "drums") map = Kit.pitches(Live.pads(trackOf("drums", own)));
    remembered(source.view);
    Write.inOneStep(function () {
        source.view.call("remove_notes_extended", 0, 128, source.from, source.to - source.from);
        source.view.call("add_new_notes", Note.dictionary(some, 0, map));
    });
}
redone.local = 1;

