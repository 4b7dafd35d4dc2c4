// Notes of ours and Live's note dictionaries. Times are quarter notes on both sides. Pure.
var Note = (function () {
    var GHOST = 38;   // below this velocity a drum or bass note is a ghost: Live may leave it out now and then

    // rows [part, pitch, start, length, velocity] of one part → {notes: [...]}, `at` quarters later
    function dictionary(rows, at, pitches) {
        var found = [], i, r, n, ghost;
        for (i = 0; i < rows.length; i++) {
            r = rows[i];
            n = { pitch: pitches && pitches[r[1]] !== undefined ? pitches[r[1]] : r[1], start_time: r[2] + (at || 0), duration: Math.max(r[3], 0.01), velocity: Math.min(127, Math.max(1, r[4])) };
            ghost = (r[0] === "drums" || r[0] === "bass") && r[4] < GHOST;
            n.probability = ghost ? 0.85 : 1;
            n.velocity_deviation = ghost ? 8 : 0;
            found.push(n);
        }
        found.sort(function (a, b) { return a.start_time - b.start_time || a.pitch - b.pitch; });
        return { notes: found };
    }

    // Live's notes → rows; `back` turns a kit's pitches into those that the daemon knows. Muted notes are not music.
    function rows(notes, part, at, back) {
        var found = [], i, n;
        for (i = 0; i < notes.length; i++) {
            n = notes[i];
            if (n.mute || n.start_time < at) continue;
            found.push([part, back && back[n.pitch] !== undefined ? back[n.pitch] : n.pitch, n.start_time - at, n.duration, Math.min(127, Math.max(1, Math.round(n.velocity)))]);
        }
        return found;
    }

    function ofPart(rows, part) {
        var found = [], i;
        for (i = 0; i < rows.length; i++) if (rows[i][0] === part) found.push(rows[i]);
        return found;
    }

    return { dictionary: dictionary, rows: rows, ofPart: ofPart };
}());
