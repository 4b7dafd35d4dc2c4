// Writing into the set: into free slots of one scene row, a chosen slot, a clip or the arrangement.
// What is there is never overwritten unless the target says so; all of one answer is one undo step where Live allows, and whole or not at all.
var Write = (function () {
    function inOneStep(work) {
        var s = Live.at("live_set"), begun = false;
        try { s.call("begin_undo_step"); begun = true; } catch (e) { begun = false; }   // undocumented in the object model
        try { return work(); } finally { if (begun) s.call("end_undo_step"); }
    }

    function slot(track, scene) { return Live.at(track.unquotedpath + " clip_slots " + scene); }
    function free(track, scene) { return Number(Live.get(slot(track, scene), "has_clip", 0)) === 0; }

    // The first scene from `from` on in which every one of the tracks has a free slot; −1 where there is none.
    function freeRow(tracks, from) {
        var n = -1, i, j, all;
        for (i = 0; i < tracks.length; i++) n = n < 0 ? tracks[i].getcount("clip_slots") : Math.min(n, tracks[i].getcount("clip_slots"));
        for (i = from; i < n; i++) {
            all = true;
            for (j = 0; j < tracks.length; j++) all = all && free(tracks[j], i);
            if (all) return i;
        }
        return -1;
    }

    // Live refuses an end before the beginning: whichever leaves room goes first.
    function between(clip, low, high, from, to) {
        var up = from >= Number(Live.get(clip, high, 0));
        if (up) clip.set(high, to);
        clip.set(low, from);
        if (!up) clip.set(high, to);
    }
    function dressed(clip, beats, sheet) {
        clip.set("name", sheet.name);
        clip.set("color", sheet.colour);
        clip.set("looping", 1);   // first: without it the loop's ends are the markers
        between(clip, "loop_start", "loop_end", 0, beats);
        between(clip, "start_marker", "end_marker", 0, beats);
        clip.call("add_new_notes", sheet.notes);
    }

    // sheets: [{track, name, colour, notes}] into one row of free slots; what Live refuses takes the whole row back. Returns the clips.
    function row(sheets, beats, from) {
        var tracks = [], i, scene;
        for (i = 0; i < sheets.length; i++) tracks.push(sheets[i].track);
        scene = freeRow(tracks, from);
        if (scene < 0) throw new Error(Words.FULL);
        return inOneStep(function () {
            var done = [], clips = [], k, s, clip;
            try {
                for (k = 0; k < sheets.length; k++) {
                    s = slot(sheets[k].track, scene);
                    s.call("create_clip", beats);
                    clip = Live.at(s.unquotedpath + " clip");
                    if (!Live.there(clip)) throw new Error(refused(sheets[k].track));
                    done.push(s);
                    dressed(clip, beats, sheets[k]);
                    clips.push(clip);
                }
            } catch (e) {
                for (k = 0; k < done.length; k++) done[k].call("delete_clip");
                throw new Error(refused(sheets[clips.length].track));
            }
            return clips;
        });
    }
    function refused(track) {
        var told = String(Live.get(track, "name", "the track"));
        return Number(Live.get(track, "is_frozen", 0)) === 1 ? told + " is frozen: unfreeze it first" : "Live made no clip on " + told + ": is it a MIDI track, and not frozen?";
    }

    // Into the slot of a track that is free from the chosen one downwards: the chosen one itself, for the first of several takes.
    function chosen(sheet, beats, scene, first) {
        if (first && !free(sheet.track, scene)) throw new Error(Words.TAKEN);
        return row([sheet], beats, scene);
    }

    // The notes of a clip are replaced, its length with them.
    function into(clip, sheet, beats) {
        inOneStep(function () { replaced(clip, sheet, beats); });
        return [clip];
    }
    function replaced(clip, sheet, beats) {
        clip.call("remove_notes_extended", 0, 128, 0, 1e6);
        dressed(clip, beats, sheet);
    }

    // places: [{sheet, scene: −1 in the arrangement, at, clip: what lies there or null, from: where in it}]: all in one step, or none of them.
    // Returns [{clip, was}], `was` null for a clip that is new.
    function together(places, beats) {
        return inOneStep(function () {
            var done = [], i, p, clip;
            try {
                for (i = 0; i < places.length; i++) {
                    p = places[i];
                    clip = p.clip || made(p, beats);
                    if (!clip) throw new Error(refused(p.sheet.track));
                    done.push({ clip: clip, was: p.clip ? asItIs(clip) : null });
                    if (!p.clip) dressed(clip, beats, p.sheet);
                    else if (p.scene >= 0) replaced(clip, p.sheet, beats);
                    else {
                        clip.call("remove_notes_extended", 0, 128, p.from, beats);
                        clip.call("add_new_notes", p.sheet.notes);
                    }
                }
            } catch (e) {
                takeBack(done);
                throw new Error(refused(places[Math.min(i, places.length - 1)].sheet.track));
            }
            return done;
        });
    }
    function made(p, beats) {
        var s, track = p.sheet.track;
        if (p.scene < 0) { track.call("create_midi_clip", p.at, beats); return begins(track, p.at); }
        s = slot(track, p.scene);
        s.call("create_clip", beats);
        s = Live.at(s.unquotedpath + " clip");
        return Live.there(s) ? s : null;
    }
    // The clip of the arrangement that begins at a place, or null
    function begins(track, at) {
        var n = track.getcount("arrangement_clips"), i, clip;
        for (i = 0; i < n; i++) {
            clip = Live.at(track.unquotedpath + " arrangement_clips " + i);
            if (Math.abs(Number(Live.get(clip, "start_time", -1)) - at) <= 1e-6) return clip;
        }
        return null;
    }
    // done: [{clip, was}]: as it was before; what was not there goes
    function takeBack(done) {
        var i, track, scene;
        for (i = 0; i < done.length; i++) {
            if (done[i].was) { restored(done[i].clip, done[i].was); continue; }
            track = Live.trackOf(done[i].clip);
            scene = Live.sceneOf(done[i].clip, track);
            if (scene >= 0) slot(track, scene).call("delete_clip");
            else track.call("delete_clip", "id", Number(Live.id(done[i].clip)));
        }
    }

    var KEPT = ["name", "color", "looping"], SPANS = [["loop_start", "loop_end"], ["start_marker", "end_marker"]];
    // A clip as it is, to be put back to the note: {id, marks, notes}
    function asItIs(clip) {
        var found = { id: Live.id(clip), marks: {}, notes: bare(Live.notes(clip)) }, i;
        for (i = 0; i < KEPT.length; i++) found.marks[KEPT[i]] = Live.get(clip, KEPT[i], null);
        for (i = 0; i < SPANS.length; i++) found.marks[SPANS[i][0]] = [Number(Live.get(clip, SPANS[i][0], 0)), Number(Live.get(clip, SPANS[i][1], 4))];
        return found;
    }
    // some: [{clip, was}], `was` null for a clip that was not there
    function putBack(some) { inOneStep(function () { takeBack(some); }); }
    function restored(clip, was) {
        var i, marks = was.marks;
        clip.call("remove_notes_extended", 0, 128, 0, 1e6);
        clip.call("add_new_notes", { notes: was.notes });
        for (i = 0; i < KEPT.length; i++) if (marks[KEPT[i]] !== null) clip.set(KEPT[i], marks[KEPT[i]]);
        for (i = 0; i < SPANS.length; i++) between(clip, SPANS[i][0], SPANS[i][1], marks[SPANS[i][0]][0], marks[SPANS[i][0]][1]);
    }
    // Notes as they can be added again: everything but the number that Live gave them
    function bare(notes) {
        var found = [], i, k, n;
        for (i = 0; i < notes.length; i++) {
            n = {};
            for (k in notes[i]) if (k !== "note_id") n[k] = notes[i][k];
            found.push(n);
        }
        return found;
    }
    // some: [{clip, kept, fresh}]: the notes within a time go, those that are kept come back, fresh ones come in
    function exchanged(some, from, span) {
        inOneStep(function () {
            for (var i = 0; i < some.length; i++) {
                some[i].clip.call("remove_notes_extended", 0, 128, from, span);
                some[i].clip.call("add_new_notes", { notes: bare(some[i].kept).concat(some[i].fresh) });
            }
        });
    }

    // At the first bar line from `at` on where none of the tracks has a clip in the way. Returns the clips.
    function arrangement(sheets, beats, at, bar) {
        var from = Math.ceil(at / bar - 1e-6) * bar, k, i, n, clip, start, end, moved = true, clips = [];
        while (moved) {
            moved = false;
            for (k = 0; k < sheets.length; k++) {
                n = sheets[k].track.getcount("arrangement_clips");
                for (i = 0; i < n; i++) {
                    clip = Live.at(sheets[k].track.unquotedpath + " arrangement_clips " + i);
                    start = Number(Live.get(clip, "start_time", 0));
                    end = Number(Live.get(clip, "end_time", start));
                    if (start < from + beats - 1e-6 && end > from + 1e-6) { from = Math.ceil(end / bar - 1e-6) * bar; moved = true; }
                }
            }
        }
        return inOneStep(function () {
            var k, i, clip;
            try {
                for (k = 0; k < sheets.length; k++) {
                    sheets[k].track.call("create_midi_clip", from, beats);
                    clip = begins(sheets[k].track, from);
                    if (!clip) throw new Error("none");
                    clips.push(clip);
                    dressed(clip, beats, sheets[k]);
                }
            } catch (e) {
                for (i = 0; i < clips.length; i++) sheets[i].track.call("delete_clip", "id", Number(Live.id(clips[i])));
                throw new Error("Live made no clip in the arrangement: is the track frozen or recording?");
            }
            return clips;
        });
    }

    function newScene() { inOneStep(function () { Live.at("live_set").call("create_scene", -1); }); }

    return { slot: slot, row: row, chosen: chosen, into: into, together: together, asItIs: asItIs, putBack: putBack, exchanged: exchanged, arrangement: arrangement, newScene: newScene };
}());
