// The chord that some notes make, by its symbol: for the names of clips. Pure.
var Chord = (function () {
    var KINDS = [["", [0, 4, 7]], ["m", [0, 3, 7]], ["7", [0, 4, 7, 10]], ["maj7", [0, 4, 7, 11]], ["m7", [0, 3, 7, 10]], ["9", [0, 4, 7, 10, 2]], ["maj9", [0, 4, 7, 11, 2]],
        ["m9", [0, 3, 7, 10, 2]], ["13", [0, 4, 10, 2, 9]], ["6", [0, 4, 7, 9]], ["m6", [0, 3, 7, 9]], ["sus2", [0, 2, 7]], ["sus4", [0, 5, 7]], ["add9", [0, 4, 7, 2]],
        ["madd9", [0, 3, 7, 2]], ["dim", [0, 3, 6]], ["m7b5", [0, 3, 6, 10]], ["aug", [0, 4, 8]]];

    // rows [part, pitch, start, length, velocity] of chords and bass within a time; "" where fewer than three tones sound
    function symbol(rows, from, to) {
        var time = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], low = 128, sounding = 0, best = -1e9, found = "", i, r, root, k, t, worth, inside;
        for (i = 0; i < rows.length; i++) {
            r = rows[i];
            if ((r[0] !== "chords" && r[0] !== "bass") || r[2] < from - 1e-6 || r[2] >= to) continue;
            if (!time[r[1] % 12]) sounding++;
            time[r[1] % 12] += Math.min(r[3], to - r[2]);
            low = Math.min(low, r[1]);
        }
        if (sounding < 3) return "";
        for (root = 0; root < 12; root++) for (k = 0; k < KINDS.length; k++) {
            worth = root === low % 12 ? 0.5 : 0;
            inside = [];
            for (t = 0; t < KINDS[k][1].length; t++) { inside[(root + KINDS[k][1][t]) % 12] = true; worth += time[(root + KINDS[k][1][t]) % 12] > 0 ? 1 : -1.5; }
            for (i = 0; i < 12; i++) if (time[i] > 0 && !inside[i]) worth -= 1.2;
            if (worth > best) { best = worth; found = Words.NOTES[root] + KINDS[k][0]; }
        }
        return found;
    }

    // The first two different chords, bar by bar
    function beginning(rows, bar, beats) {
        var found = [], at, s;
        for (at = 0; at < beats && found.length < 2; at += bar) {
            s = symbol(rows, at, at + bar);
            if (s && s !== found[found.length - 1]) found.push(s);
        }
        return found;
    }

    return { symbol: symbol, beginning: beginning };
}());
