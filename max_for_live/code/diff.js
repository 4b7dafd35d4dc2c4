// What a clip would lose and gain: notes before against notes after, as Live tells and takes them. Pure.
var Diff = (function () {
    var SAME = 1 / 48, NEAR = 1;   // quarter notes: one moment; as far as a note of the same pitch may have moved

    // {kept, added, taken, moved, changed}: lists of notes, of the last two the new ones; changed: another length or velocity
    function of(before, after) {
        var found = { kept: [], added: [], taken: [], moved: [], changed: [] }, left = sorted(before), news = sorted(after), olds = {}, i, j, n, key, rest = [], used = [], best, away;
        for (i = 0; i < left.length; i++) {
            key = left[i].pitch + " " + Math.round(left[i].start_time / SAME);
            (olds[key] = olds[key] || []).push(i);
        }
        for (i = 0; i < news.length; i++) {
            key = news[i].pitch + " " + Math.round(news[i].start_time / SAME);
            if (!olds[key] || !olds[key].length) { rest.push(news[i]); continue; }
            j = olds[key].shift();
            used[j] = true;
            n = left[j];
            found[Math.abs(n.duration - news[i].duration) < SAME && Math.abs(n.velocity - news[i].velocity) < 1 ? "kept" : "changed"].push(news[i]);
        }
        for (i = 0; i < rest.length; i++) {   // of one pitch a little earlier or later, else at one moment within an octave
            best = -1;
            away = 1e9;
            for (j = 0; j < left.length; j++) {
                if (used[j] || left[j].start_time < rest[i].start_time - NEAR - SAME) continue;
                if (left[j].start_time > rest[i].start_time + NEAR + SAME) break;
                n = distance(left[j], rest[i]);
                if (n < away) { away = n; best = j; }
            }
            if (best >= 0) { used[best] = true; found.moved.push(rest[i]); } else found.added.push(rest[i]);
        }
        for (j = 0; j < left.length; j++) if (!used[j]) found.taken.push(left[j]);
        return found;
    }
    function distance(a, b) {
        var time = Math.abs(a.start_time - b.start_time), pitch = Math.abs(a.pitch - b.pitch);
        return pitch === 0 ? time : time < SAME && pitch <= 12 ? 2 + pitch : 1e9;
    }
    function sorted(notes) { return notes.slice().sort(function (a, b) { return a.start_time - b.start_time || a.pitch - b.pitch; }); }

    // "12 added, 8 taken, 3 moved"
    function told(found) {
        var said = [], i, kinds = ["added", "taken", "moved", "changed"];
        for (i = 0; i < kinds.length; i++) if (found[kinds[i]].length) said.push(found[kinds[i]].length + " " + kinds[i]);
        return said.join(", ") || "no note differs";
    }

    return { of: of, told: told };
}());
