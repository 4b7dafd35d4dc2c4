// Where clips go: parts to tracks, and notes to the row, the slot, the clip or the arrangement that was meant when they were asked for. The effect's own functions.
function trackOf(part, own) {      // the one chosen, else one that is called so, else the device's own
    var list = Live.tracks(), chosen = P["track_" + part], i;
    for (i = 0; i < list.length; i++) if (chosen > 1 ? list[i].index === chosen - 2 : chosen === 0 && Words.TRACKS[part].test(list[i].name)) return Live.at("live_set tracks " + list[i].index);
    return own;
}
trackOf.local = 1;
// [{id, track, parts}]: some parts by the tracks that they go to
function grouped(some, own) {
    var found = [], i, j, track, id;
    for (i = 0; i < some.length; i++) {
        track = trackOf(some[i], own);
        id = Live.id(track);
        for (j = 0; j < found.length && found[j].id !== id; j++);
        if (j === found.length) found.push({ id: id, track: track, parts: [] });
        found[j].parts.push(some[i]);
    }
    return found;
}
grouped.local = 1;

// What is meant by the target as it is now: the view may have moved on when the notes come. Throws what is missing.
function aim(own) {
    var found = { target: TARGETS[P.target], own: own, first: true }, slot, view, groups = grouped(parts(), own), tracks = [], i;
    if (found.target === "slot") {
        slot = Live.highlighted();
        found.track = slot && Live.trackOf(slot);
        if (!found.track) throw new Error(Words.NO_SLOT);
        found.scene = Live.sceneOf(slot, found.track);
        if (Number(Live.get(slot, "has_clip", 0)) === 1) throw new Error(Words.TAKEN);
        groupFor(groups, found.track);
    } else if (found.target === "view") {
        view = Live.shown();
        if (!view) throw new Error(Words.NO_CLIP);
        found.clip = Live.id(view);
        found.track = Live.trackOf(view);
        groupFor(groups, found.track);
    }
    return found;
}
aim.local = 1;
// The parts that go to a track; where all parts share one there is nothing to choose.
function groupFor(groups, track) {
    var i;
    for (i = 0; i < groups.length; i++) if (groups[i].id === Live.id(track)) return groups[i];
    if (groups.length === 1) return { id: Live.id(track), track: track, parts: groups[0].parts };
    throw new Error(Words.ELSEWHERE);
}
groupFor.local = 1;

// Notes by tracks, those of parts that share one in one sheet; `only` a track where the target is one.
function sheets(rows, name, own, only) {
    var some = [], i, j, groups, found = [], sheet, kit, part;
    for (i = 0; i < Words.PARTS.length; i++) if (Note.ofPart(rows, Words.PARTS[i]).length) some.push(Words.PARTS[i]);
    if (!some.length) throw new Error("The answer has no notes: switch more parts on");
    groups = grouped(some, own);
    if (only) groups = [groupFor(groups, only)];
    for (i = 0; i < groups.length; i++) {
        sheet = { track: groups[i].track, name: name, colour: Words.COLOURS[groups[i].parts[0]], notes: { notes: [] }, whose: {} };
        for (j = 0; j < groups[i].parts.length; j++) {
            part = groups[i].parts[j];
            kit = part === "drums" ? Kit.of(Live.pads(groups[i].track)).there : null;
            sheet.notes.notes = sheet.notes.notes.concat(noted(Note.dictionary(Note.ofPart(rows, part), 0, kit).notes, part, sheet.whose));
        }
        found.push(sheet);
    }
    return found;
}
sheets.local = 1;
// Parts may share a track, so it is remembered which note is whose.
function noted(notes, part, whose) {
    for (var i = 0; i < notes.length; i++) whose[noteName(notes[i].pitch, notes[i].start_time)] = part;
    return notes;
}
noted.local = 1;
function noteName(pitch, start) { return pitch + " " + Math.round(start * 480); }
noteName.local = 1;

function placed(writing) {
    var job = writing.job, clip = writing.clip, rows = Wire.notes(clip), song = job.song, bar = song.num * 4 / song.den, at = job.aim, all, clips, view, i;
    if (job.want.source) { if (job.want.redo) { redone(rows, job.want.source); return; } }
    all = sheets(rows, Words.clipName(job.want.name, Chord.beginning(rows, bar, clip.beats), job.seed), at.own, at.track);
    if (at.target === "row") clips = Write.row(all, clip.beats, 0);
    else if (at.target === "slot") clips = Write.chosen(all[0], clip.beats, at.scene, job.first);
    else if (at.target === "arrangement") clips = Write.arrangement(all, clip.beats, song.beat, bar);
    else {
        view = Live.by(at.clip);
        if (!Live.there(view)) throw new Error(Words.GONE);
        remembered([view]);
        clips = Write.into(view, all[0], clip.beats);
    }
    for (i = 0; i < clips.length; i++) state.whose[Live.id(clips[i])] = all[i].whose;
}
placed.local = 1;

function remembered(clips) {
    var found = [], i;
    for (i = 0; i < clips.length; i++) found.push(Write.asItIs(clips[i]));
    state.before.push(found);
    if (state.before.length > REMEMBERED) state.before.shift();
}
remembered.local = 1;
