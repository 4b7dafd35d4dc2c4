// Reading Live: the set, the device's own track, tracks by name, kits, clips. Only after live.thisdevice has banged.
var Live = (function () {
    var set = null;   // one object for what is asked again and again
    function one(v) { return v && typeof v !== "string" && v.length !== undefined ? v[0] : v; }
    function get(api, name, otherwise) {
        var v;
        try { v = one(api.get(name)); } catch (e) { return otherwise; }
        return v === undefined || v === null ? otherwise : v;
    }
    function at(path) { return new LiveAPI(path); }
    function by(id) { return at("id " + id); }
    function id(api) { return String(api.id).replace(/^id /, ""); }
    function there(api) { return !!api && Number(id(api)) !== 0; }

    // Where Live's transport is, as it is read: late, and in steps
    function transport() {
        if (!set) set = at("live_set");
        return { tempo: Number(get(set, "tempo", 120)), num: Number(get(set, "signature_numerator", 4)), den: Number(get(set, "signature_denominator", 4)),
            playing: Number(get(set, "is_playing", 0)) === 1, beat: Number(get(set, "current_song_time", 0)) };
    }

    function song() {
        var found = transport(), intervals = [];
        try { intervals = set.get("scale_intervals") || []; } catch (e) { intervals = []; }
        found.root = Number(get(set, "root_note", 0));
        found.scale = String(get(set, "scale_name", "Major"));
        found.intervals = typeof intervals === "number" ? [intervals] : intervals;
        found.scaled = Number(get(set, "scale_mode", 0)) === 1;
        return found;
    }

    // The device's own track; in a Rack it climbs out of the chains. Null where there is none.
    function ownTrack() { return trackOf(at("this_device canonical_parent")); }
    // The track on which something lies: a device, a slot or a clip, in the session or in the arrangement; by its number, since what is in view changes
    function trackOf(api) {
        var guard = 0, n, i, track;
        while (there(api) && api.type !== "Track" && guard++ < 12) api = at((api.unquotedpath || api.path) + " canonical_parent");
        if (!there(api) || api.type !== "Track") return null;
        for (i = 0, n = at("live_set").getcount("tracks"); i < n; i++) {
            track = at("live_set tracks " + i);
            if (id(track) === id(api)) return track;
        }
        return api;
    }
    // Which of its track's scenes a slot, or the slot of a clip, is; −1 in the arrangement
    function sceneOf(api, track) {
        var n = track.getcount("clip_slots"), i, slot;
        for (i = 0; i < n; i++) {
            slot = at(track.unquotedpath + " clip_slots " + i);
            if (id(slot) === id(api) || (Number(get(slot, "has_clip", 0)) === 1 && id(at(slot.unquotedpath + " clip")) === id(api))) return i;
        }
        return -1;
    }

    // The loop of the arrangement, {from, to} in quarter notes; null where it is off
    function brace() {
        if (!set) set = at("live_set");
        var from = Number(get(set, "loop_start", 0)), length = Number(get(set, "loop_length", 0));
        return Number(get(set, "loop", 0)) === 1 && length > 0 ? { from: from, to: from + length } : null;
    }

    // MIDI tracks of the set: [{index, name}]
    function tracks() {
        var s = at("live_set"), n = s.getcount("tracks"), found = [], i, t;
        for (i = 0; i < n; i++) {
            t = at("live_set tracks " + i);
            if (Number(get(t, "has_midi_input", 1)) === 1) found.push({ index: i, name: String(get(t, "name", "Track " + (i + 1))) });
        }
        return found;
    }

    // The pads of the first Drum Rack on a track that hold a sound: [{note, name}]. It may lie in another Rack.
    function pads(track) { return padsIn(track.unquotedpath, track.getcount("devices"), 3); }
    function padsIn(path, devices, deep) {
        var i, j, device, pad, found = [], chain;
        for (i = 0; i < devices && !found.length; i++) {
            device = at(path + " devices " + i);
            if (!there(device)) continue;
            if (Number(get(device, "can_have_drum_pads", 0)) === 1) {
                for (j = 0; j < 128; j++) {
                    pad = at(device.unquotedpath + " drum_pads " + j);
                    if (there(pad) && pad.getcount("chains") > 0) found.push({ note: Number(get(pad, "note", j)), name: String(get(pad, "name", "")) });
                }
            } else if (deep > 0 && Number(get(device, "can_have_chains", 0)) === 1) {
                for (j = 0; j < device.getcount("chains") && !found.length; j++) {
                    chain = at(device.unquotedpath + " chains " + j);
                    found = padsIn(chain.unquotedpath, chain.getcount("devices"), deep - 1);
                }
            }
        }
        return found;
    }

    function shown() {
        var clip = at("live_set view detail_clip");
        return there(clip) && Number(get(clip, "is_midi_clip", 1)) === 1 ? clip : null;
    }
    function highlighted() {
        var slot = at("live_set view highlighted_clip_slot");
        return there(slot) ? slot : null;
    }

    function notes(clip) { return read(clip.call("get_notes_extended", 0, 128, 0, 1e6)); }
    // Those that are selected in the clip; none where Live does not tell (before 11)
    function chosen(clip) { try { return read(clip.call("get_selected_notes_extended")); } catch (e) { return []; } }
    function read(told) {
        var found = typeof told === "string" && told ? JSON.parse(told) : told;
        return found && found.notes ? found.notes : [];
    }

    return { get: get, at: at, by: by, id: id, there: there, transport: transport, song: song, brace: brace, ownTrack: ownTrack, trackOf: trackOf, sceneOf: sceneOf, tracks: tracks, pads: pads, shown: shown, highlighted: highlighted, notes: notes, chosen: chosen };
}());
