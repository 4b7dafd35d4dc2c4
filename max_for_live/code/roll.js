// What the small roll is told: the notes of a plan, each with its kind. Pure but for the view.
var Roll = (function () {
    var KINDS = { chords: 0, melody: 1, bass: 2, drums: 3, pad: 4, arp: 5, perc: 6, kept: 10, added: 11, taken: 12, moved: 13, changed: 14 }, LIST = 32;

    // Returns what differs, over all clips, in words
    function draw(changes, beats) {
        var groups = [], low = 127, high = 0, all = { kept: [], added: [], taken: [], moved: [], changed: [] }, i, k, found, first = 1e9, last = 0, n, loses = false;
        for (i = 0; i < changes.length; i++) loses = loses || changes[i].before.length > 0;
        for (i = 0; i < changes.length; i++) {
            found = Diff.of(changes[i].before, changes[i].after);
            for (k in all) all[k] = all[k].concat(found[k]);
            if (!loses) groups.push([KINDS[changes[i].part], changes[i].after]);
        }
        if (loses) for (k in all) groups.push([KINDS[k], all[k]]);
        for (i = 0; i < groups.length; i++) for (k = 0; k < groups[i][1].length; k++) {
            n = groups[i][1][k];
            low = Math.min(low, n.pitch);
            high = Math.max(high, n.pitch);
            first = Math.min(first, n.start_time);
            last = Math.max(last, n.start_time + n.duration);
        }
        first = first >= beats ? Math.floor(first / 4) * 4 : 0;   // far into a clip of the arrangement
        outlet(1, "roll", "clear", first, Math.max(beats, last - first), low, high);
        for (i = 0; i < groups.length; i++) list(groups[i][0], groups[i][1]);
        outlet(1, "roll", "done");
        return Diff.told(all);
    }
    function list(kind, notes) {
        var i, j, said;
        for (i = 0; i < notes.length; i += LIST) {
            said = ["roll", "notes", kind];
            for (j = i; j < notes.length && j < i + LIST; j++) said.push(notes[j].pitch, notes[j].start_time, notes[j].duration);
            outlet(1, said);
        }
    }

    return { draw: draw };
}());
