// Reading Live: the set, the device's own track, tracks by name, kits, clips. Only after live.thisdevice has banged.
var Live = (function () {
    function one(v) { return v && typeof v !== "string" && v.length !== undefined ? v[0] : v; }
    function get(api, name, otherwise) {
        var v;
        try { v = one(api.get(name)); } catch (e) { return otherwise; }
        return v === undefined || v === null ? otherwise : v;
    }
    function at(path) { return new LiveAPI(path); }
    function there(api) { return Number(api.id) !== 0; }

    function song() {
        var s = at("live_set"), intervals = [];
        try { intervals = s.get("scale_intervals") || []; } catch (e) { intervals = []; }
        return { tempo: Number(get(s, "tempo", 120)), num: Number(get(s, "signature_numerator", 4)), den: Number(get(s, "signature_denominator", 4)),
            root: Number(get(s, "root_note", 0)), scale: String(get(s, "scale_name", "Major")), intervals: intervals, scaled: Number(get(s, "scale_mode", 0)) === 1,
            playing: Number(get(s, "is_playing", 0)) === 1, beat: Number(get(s, "current_song_time", 0)) };
    }

    // The device's own track; in a Rack it climbs out of the chains. Null where there is none.
    function ownTrack() {
        var api = at("this_device canonical_parent"), guard = 0;
        while (there(api) && api.type !== "Track" && guard++ < 12) api = at(api.unquotedpath + " canonical_parent");
        return api.type === "Track" ? api : null;
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

    // The pads of the first Drum Rack on a track that hold a sound: [{note, name}]
    function pads(track) {
        var n = track.getcount("devices"), i, j, device, pad, found = [];
        for (i = 0; i < n; i++) {
            device = at(track.unquotedpath + " devices " + i);
            if (Number(get(device, "can_have_drum_pads", 0)) !== 1) continue;
            for (j = 0; j < 128; j++) {
                pad = at(device.unquotedpath + " drum_pads " + j);
                if (there(pad) && pad.getcount("chains") > 0) found.push({ note: Number(get(pad, "note", j)), name: String(get(pad, "name", "")) });
            }
            return found;
        }
        return found;
    }

    function shown() {
        var clip = at("live_set view detail_clip");
        return there(clip) && Number(get(clip, "is_midi_clip", 1)) === 1 ? clip : null;
    }

    function notes(clip) {
        var found;
        found = clip.call("get_notes_extended", 0, 128, 0, 1e6);
        found = typeof found === "string" ? JSON.parse(found) : found;
        return found && found.notes ? found.notes : [];
    }

    return { get: get, at: at, there: there, song: song, ownTrack: ownTrack, tracks: tracks, pads: pads, shown: shown, notes: notes };
}());
