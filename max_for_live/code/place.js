// Where clips go: parts to tracks, and notes to the row, the slot, the clip or the arrangement that was meant when they were asked for. The effect's own functions.
function trackOf(part, own) {      // the one chosen, else one that is called so, else the device's own
    var list = Live.tracks(), chosen = P["track_" + part], i;
    for (i = 0; i < list.length; i++) if (chosen > 1 && list[i].index === chosen - 2) return Live.at("live_set tracks " + list[i].index);
    return chosen ? own : calledSo(part, own, list);
}
trackOf.local = 1;
function calledSo(part, own, list) {
    for (var i = 0; i < list.length; i++) if (Words.TRACKS[part].test(list[i].name)) return Live.at("live_set tracks " + list[i].index);
    return own;
}
calledSo.local = 1;
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
    var i, groups = grouped(written(rows), own), found = [];
    if (only) groups = [groupFor(groups, only)];
    for (i = 0; i < groups.length; i++) found.push(sheetOf(groups[i], rows, name, 0));
    return found;
}
sheets.local = 1;
// The parts that an answer has
function written(rows) {
    var some = [], i;
    for (i = 0; i < Words.ALL.length; i++) if (Note.ofPart(rows, Words.ALL[i]).length) some.push(Words.ALL[i]);
    if (!some.length) throw new Error("The answer has no notes: switch more parts on");
    return some;
}
written.local = 1;
// The notes of a track's parts, `later` quarters after the beginning of its clip
function sheetOf(group, rows, name, later) {
    var sheet = { track: group.track, name: name, part: group.parts[0], colour: Words.COLOURS[group.parts[0]], notes: { notes: [] }, whose: {} }, j, kit, part;
    for (j = 0; j < group.parts.length; j++) {
        part = group.parts[j];
        kit = part === "drums" ? Kit.of(Live.pads(group.track)).there : null;
        sheet.notes.notes = sheet.notes.notes.concat(noted(Note.dictionary(Note.ofPart(rows, part), later, kit).notes, part, sheet.whose));
    }
    return sheet;
}
sheetOf.local = 1;
// Parts may share a track, so it is remembered which note is whose.
function noted(notes, part, whose) {
    for (var i = 0; i < notes.length; i++) whose[noteName(notes[i].pitch, notes[i].start_time)] = part;
    return notes;
}
noted.local = 1;
function noteName(pitch, start) { return pitch + " " + Math.round(start * 480); }
noteName.local = 1;

function remembered(clips) {
    var found = [], i;
    for (i = 0; i < clips.length; i++) found.push(Write.asItIs(clips[i]));
    keptBefore(found);
}
remembered.local = 1;
// found: clips as they were, {id, made} for one that was not there
function keptBefore(found) {
    state.before.push(found);
    if (state.before.length > REMEMBERED) state.before.shift();
}
keptBefore.local = 1;
