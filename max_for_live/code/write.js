// Writing into the set: into free slots of one scene row, the highlighted slot, the clip in view or the arrangement.
// What is there is never overwritten unless the target says so; all of one answer is one undo step where Live allows.
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

    function dressed(clip, beats, told, colour, notes) {
        clip.set("name", told);
        clip.set("color", colour);
        clip.set("loop_start", 0);
        clip.set("loop_end", beats);
        clip.set("start_marker", 0);
        clip.set("end_marker", beats);
        clip.set("looping", 1);
        clip.call("add_new_notes", notes);
    }

    // sheets: [{track, name, colour, notes}] into one row of free slots. Returns the row.
    function row(sheets, beats, from) {
        var tracks = [], i, scene;
        for (i = 0; i < sheets.length; i++) tracks.push(sheets[i].track);
        scene = freeRow(tracks, from);
        if (scene < 0) throw new Error(Words.FULL);
        inOneStep(function () {
            for (var k = 0; k < sheets.length; k++) {
                slot(sheets[k].track, scene).call("create_clip", beats);
                dressed(Live.at(slot(sheets[k].track, scene).unquotedpath + " clip"), beats, sheets[k].name, sheets[k].colour, sheets[k].notes);
            }
        });
        return scene;
    }

    function highlighted(sheet, beats) {
        var s = Live.at("live_set view highlighted_clip_slot");
        if (!Live.there(s)) throw new Error("Select a clip slot first");
        if (Number(Live.get(s, "has_clip", 0)) === 1) throw new Error("The selected slot holds a clip: choose Clip In View to replace its notes");
        inOneStep(function () {
            s.call("create_clip", beats);
            dressed(Live.at(s.unquotedpath + " clip"), beats, sheet.name, sheet.colour, sheet.notes);
        });
    }

    // The notes of the clip in view are replaced, its length with them.
    function inView(clip, sheet, beats) {
        inOneStep(function () {
            clip.call("remove_notes_extended", 0, 128, 0, 1e6);
            dressed(clip, beats, sheet.name, sheet.colour, sheet.notes);
        });
    }

    var KEPT = ["name", "color", "loop_start", "loop_end", "start_marker", "end_marker"];
    // A clip as it is, to be put back to the note: {id, marks, notes}
    function asItIs(clip) {
        var found = { id: String(clip.id).replace(/^id /, ""), marks: {}, notes: bare(Live.notes(clip)) }, i;
        for (i = 0; i < KEPT.length; i++) found.marks[KEPT[i]] = Live.get(clip, KEPT[i], null);
        return found;
    }
    function putBack(clip, was) {
        inOneStep(function () {
            clip.call("remove_notes_extended", 0, 128, 0, 1e6);
            clip.call("add_new_notes", { notes: was.notes });
            for (var i = 0; i < KEPT.length; i++) if (was.marks[KEPT[i]] !== null) clip.set(KEPT[i], was.marks[KEPT[i]]);
        });
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

    // At the first bar line from `at` on where none of the tracks has a clip in the way
    function arrangement(sheets, beats, at, bar) {
        var from = Math.ceil(at / bar - 1e-6) * bar, k, i, n, clip, start, end, moved = true;
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
        inOneStep(function () {
            for (k = 0; k < sheets.length; k++) {
                sheets[k].track.call("create_midi_clip", from, beats);
                n = sheets[k].track.getcount("arrangement_clips");
                for (i = 0, clip = null; i < n && !clip; i++) {
                    clip = Live.at(sheets[k].track.unquotedpath + " arrangement_clips " + i);
                    if (Math.abs(Number(Live.get(clip, "start_time", -1)) - from) > 1e-6) clip = null;
                }
                if (!clip) throw new Error("Live made no clip in the arrangement: is the track frozen or recording?");
                dressed(clip, beats, sheets[k].name, sheets[k].colour, sheets[k].notes);
            }
        });
    }

    function newScene() { inOneStep(function () { Live.at("live_set").call("create_scene", -1); }); }

    return { inOneStep: inOneStep, freeRow: freeRow, row: row, highlighted: highlighted, inView: inView, asItIs: asItIs, putBack: putBack, bare: bare, arrangement: arrangement, newScene: newScene };
}());
