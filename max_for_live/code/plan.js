// What is to be written, as a plan: what each clip loses and gains, and the work that does it. Where notes would be lost it waits for a yes. The effect's own functions.
// A plan: {changes: [{part, before, after: notes}], work()}. Throws what is in the way.
function planned(writing) {
    var job = writing.job, rows = Wire.notes(writing.clip), song = job.song, name;
    if (job.want.redo) return redoPlan(rows, job.want.source);
    name = Words.clipName(job.want.name, Chord.beginning(rows, song.num * 4 / song.den, writing.clip.beats), job.seed);
    return job.want.heard ? heardPlan(rows, job, writing.clip.beats, name) : clipPlan(rows, job, writing.clip.beats, name);
}
planned.local = 1;

function clipPlan(rows, job, beats, name) {
    var at = job.aim, all = sheets(rows, name, at.own, at.track), view = at.target === "view" ? Live.by(at.clip) : null, changes = [], i;
    if (view && !Live.there(view)) throw new Error(Words.GONE);
    for (i = 0; i < all.length; i++) changes.push({ part: all[i].part, before: view ? Live.notes(view) : [], after: all[i].notes.notes });
    return { changes: changes, work: function () {
        var clips, song = job.song;
        if (at.target === "row") clips = Write.row(all, beats, 0);
        else if (at.target === "slot") clips = Write.chosen(all[0], beats, at.scene, job.first);
        else if (at.target === "arrangement") clips = Write.arrangement(all, beats, song.beat, song.num * 4 / song.den);
        else {
            remembered([view]);
            clips = Write.into(view, all[0], beats);
        }
        for (i = 0; i < clips.length; i++) state.whose[Live.id(clips[i])] = all[i].whose;
    } };
}
clipPlan.local = 1;

// The missing part goes to its track at the place that was heard: into a new clip, or instead of the notes of the one there
function heardPlan(rows, job, beats, name) {
    var at = job.want.heard, some = written(rows), groups = [], places = [], changes = [], where = [], i, j, track, way, slot, before;
    for (i = 0; i < some.length; i++) {
        track = trackForHeard(some[i], job.aim.own, at);
        for (j = 0; j < groups.length && Live.id(groups[j].track) !== Live.id(track); j++);
        if (j === groups.length) groups.push({ track: track, parts: [] });
        groups[j].parts.push(some[i]);
    }
    for (i = 0; i < groups.length; i++) {
        track = groups[i].track;
        where.push(String(Live.get(track, "name", "")));
        way = null;
        before = [];
        if (at.scene < 0) way = inTheWay(track, at.at, beats);
        else {
            slot = Write.slot(track, at.scene);
            if (Number(Live.get(slot, "has_clip", 0)) === 1) way = { clip: Live.at(slot.unquotedpath + " clip"), from: 0 };
        }
        if (way) before = at.scene < 0 ? during(Live.notes(way.clip), way.from, beats) : Live.notes(way.clip);
        places.push({ sheet: sheetOf(groups[i], rows, name, way ? way.from : 0), scene: at.scene, at: at.at, clip: way && way.clip, from: way ? way.from : 0 });
        changes.push({ part: groups[i].parts[0], before: before, after: places[i].sheet.notes.notes });
    }
    return { changes: changes, where: Words.cut(where.join(", "), 30), work: function () {
        var done = Write.together(places, beats), kept = [];
        for (i = 0; i < done.length; i++) {
            kept.push(done[i].was || { id: Live.id(done[i].clip), made: true });
            state.whose[Live.id(done[i].clip)] = places[i].sheet.whose;
        }
        keptBefore(kept);
    } };
}
heardPlan.local = 1;
function during(notes, from, beats) {
    var found = [], i;
    for (i = 0; i < notes.length; i++) if (notes[i].start_time >= from - 1e-6 && notes[i].start_time < from + beats - 1e-6) found.push(notes[i]);
    return found;
}
during.local = 1;

// --- before it is written -----------------------------------------------------------------------------------
function loses(plan) {
    for (var i = 0; i < plan.changes.length; i++) if (plan.changes[i].before.length) return true;
    return false;
}
loses.local = 1;
function asSeen(plan) {
    var found = [], i;
    for (i = 0; i < plan.changes.length; i++) found.push(plan.changes[i].before);
    return JSON.stringify(found);
}
asSeen.local = 1;
function proposed(writing, plan, words) {
    state.pending = { writing: writing, seen: asSeen(plan) };
    outlet(1, "hidepending", 0);
    status(words);
}
proposed.local = 1;
function settled() {
    state.pending = null;
    outlet(1, "hidepending", 1);
}
settled.local = 1;
function apply() {
    var pending = state.pending, plan;
    if (!pending || !state.ready) return;
    settled();
    try { plan = planned(pending.writing); } catch (e) { status(e.message); return; }
    if (asSeen(plan) === pending.seen) finished(pending.writing, true);
    else { Roll.draw(plan.changes, pending.writing.clip.beats); proposed(pending.writing, plan, Words.CHANGED); }
}
function discard() {
    if (!state.pending || !state.ready) return;
    settled();
    Roll.draw([], 4);
    status(Words.DISCARDED);
}
