// What the device works from when something is there already: the clip in view with its row, and how redone bars go back.
// Parts that share a clip are told apart by what this device wrote there itself. The effect's own functions.

// The clips of the row in which the clip in view lies: [{clip, track, parts, kit, rows, others: notes that are nobody's}]
function rowOf(view, own) {
    var track = Live.trackOf(view), scene, groups = grouped(Words.PARTS, own), found = [], i, j, mine = null, clip, one;
    if (!track) throw new Error(Words.GONE);
    scene = Live.sceneOf(view, track);
    for (i = 0; i < groups.length; i++) if (groups[i].id === Live.id(track)) mine = groups[i];
    if (!mine) {                   // no part goes to its track: it is what it looks like
        one = likely(view, track);
        mine = { id: Live.id(track), track: track, parts: [one] };
        for (i = 0; i < groups.length; i++) for (j = 0; j < groups[i].parts.length; j++) if (groups[i].parts[j] === one) groups[i].parts.splice(j, 1);
        groups.unshift(mine);
    }
    for (i = 0; i < groups.length; i++) {
        clip = groups[i] === mine ? view : scene < 0 ? null : Live.at(groups[i].track.unquotedpath + " clip_slots " + scene + " clip");
        if (Live.there(clip) && groups[i].parts.length) found.push(read(clip, groups[i]));
    }
    return found;
}
rowOf.local = 1;
function likely(view, track) {
    var some = parts(), i;
    if (Live.pads(track).length) return "drums";
    for (i = 0; i < some.length; i++) if (Words.TRACKS[some[i]].test(String(Live.get(track, "name", "")))) return some[i];
    for (i = 0; i < some.length; i++) if (some[i] !== "drums") return some[i];
    return "melody";
}
likely.local = 1;
// Live's notes of a clip as rows, each with the part that it belongs to. Throws where nobody can know.
function read(clip, group) {
    var notes = Live.notes(clip), whose = state.whose[Live.id(clip)], found = { clip: clip, track: group.track, parts: group.parts, kit: null, rows: [], others: [] }, i, part, end = Number(Live.get(clip, "end_marker", 1e6)), some = onlyChosen(group.parts);
    if (!whose && some.length === 1) found.parts = group.parts = some;
    if (!whose && group.parts.length > 1) { if (notes.length) throw new Error(Words.SHARED); else return found; }
    if (group.parts.indexOf("drums") >= 0) found.kit = Kit.of(Live.pads(group.track));
    for (i = 0; i < notes.length; i++) {
        part = group.parts.length === 1 ? group.parts[0] : whose[noteName(notes[i].pitch, notes[i].start_time)];
        if (!part || notes[i].mute) found.others.push(notes[i]);
        else if (notes[i].start_time < end) found.rows = found.rows.concat(Note.rows([notes[i]], part, 0, part === "drums" ? found.kit.back : null));
    }
    return found;
}
read.local = 1;
function onlyChosen(some) {
    var found = [], i;
    for (i = 0; i < some.length; i++) if (P[some[i]]) found.push(some[i]);
    return found;
}
onlyChosen.local = 1;
function present(rows, part) { return Note.ofPart(rows, part).length > 0; }
present.local = 1;

// {rows, parts, bars, from, to, targets: the clips that are written anew}. Throws what is missing.
function gathered(own, redo) {
    var view = Live.shown(), song = Live.song(), bar = song.num * 4 / song.den, all, found = { rows: [], parts: [], bars: "", targets: [] }, i, j, k, n, wanted = parts(), here;
    if (!view) throw new Error(Words.NO_CLIP);
    all = rowOf(view, own);
    for (i = 0; i < all.length; i++) for (j = 0; j < all[i].rows.length; j++) if (redo || wanted.indexOf(all[i].rows[j][0]) >= 0) found.rows.push(all[i].rows[j]);
    if (!found.rows.length) throw new Error(Words.NO_CLIP);
    // the chosen parts of the clip in view; where none of them lies there, those of its row
    for (k = 1; k >= 0 && !found.targets.length; k--) for (i = 0; i < all.length; i++) {
        here = [];
        for (n = 0; n < wanted.length; n++) if (present(all[i].rows, wanted[n])) here.push(wanted[n]);
        if ((Live.id(all[i].clip) === Live.id(view)) === (k === 1) && here.length) { found.targets.push({ of: all[i], parts: here }); found.parts = found.parts.concat(here); }
    }
    if (redo && !found.targets.length) throw new Error(Words.ABSENT_PARTS);
    within(found, view, bar);
    return found;
}
gathered.local = 1;
// Which bars: those of the selected notes where some are, else those of a loop that is shorter than the clip, else all
function within(found, view, bar) {
    var some = Live.chosen(view), from = Number(Live.get(view, "loop_start", 0)), to = Number(Live.get(view, "loop_end", bar)), first = Number(Live.get(view, "start_marker", 0)), last = Number(Live.get(view, "end_marker", to)), i;
    found.count = Math.max(1, Math.ceil(Math.max(to, last) / bar - 1e-6));
    if (some.length && some.length < Live.notes(view).length) {
        from = 1e9;
        to = 0;
        for (i = 0; i < some.length; i++) { from = Math.min(from, some[i].start_time); to = Math.max(to, some[i].start_time + 1e-3); }
    } else if (from <= first + 1e-6 && to >= last - 1e-6) { found.from = 0; found.to = 1e6; return; }
    from = Math.max(0, Math.floor(from / bar + 1e-6));
    to = Math.max(from + 1, Math.ceil(to / bar - 1e-6));
    found.bars = (from + 1) + "-" + to;
    found.from = from * bar;
    found.to = to * bar;
}
within.local = 1;

// The plan of a redo: only what was to be written anew is taken out and put in; every other note of the clips is never touched.
function redoPlan(rows, source) {
    var i, clips = [], some = [], changes = [], of;
    for (i = 0; i < source.targets.length; i++) {
        of = source.targets[i].of;
        if (!Live.there(of.clip)) throw new Error(Words.GONE);
        clips.push(of.clip);
        some.push(anew(rows, of, source.targets[i].parts, source));
        changes.push({ part: source.targets[i].parts[0], before: some[i].gone, after: some[i].fresh });
    }
    return { changes: changes, work: function () {
        remembered(clips);
        Write.exchanged(some, source.from, source.to - source.from);
        for (i = 0; i < some.length; i++) state.whose[Live.id(some[i].clip)] = some[i].whose;
    } };
}
redoPlan.local = 1;
function anew(rows, of, some, source) {
    var known = state.whose[Live.id(of.clip)] || {}, whose = {}, notes = Live.notes(of.clip), kept = [], gone = [], fresh = [], i, n, part;
    for (n in known) whose[n] = known[n];
    for (i = 0; i < notes.length; i++) {
        n = notes[i];
        part = of.parts.length === 1 ? of.parts[0] : whose[noteName(n.pitch, n.start_time)];
        if (n.start_time >= source.from && n.start_time < source.to) (n.mute || some.indexOf(part) < 0 ? kept : gone).push(n);
    }
    for (i = 0; i < rows.length; i++) {
        n = rows[i];
        if (some.indexOf(n[0]) < 0 || n[2] < source.from - 1e-6 || n[2] >= source.to - 1e-6) continue;
        fresh = fresh.concat(noted(Note.dictionary([n], 0, n[0] === "drums" ? of.kit.there : null).notes, n[0], whose));
    }
    return { clip: of.clip, kept: kept, gone: gone, fresh: fresh, whose: whose };
}
anew.local = 1;
