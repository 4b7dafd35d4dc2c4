// The user's drum kit: pads of a Drum Rack by their names → where each role sounds. Pure.
var Kit = (function () {
    // The roles with the General MIDI notes that the daemon sends, and where they lie in a rack of sixteen pads.
    var ROLES = [["kick", 36, 36], ["rim", 37, 37], ["snare", 38, 38], ["clap", 39, 39], ["tom_low", 45, 41], ["closed_hat", 42, 42], ["pedal_hat", 44, 44],
        ["tom_mid", 47, 45], ["open_hat", 46, 46], ["tom_high", 50, 47], ["crash", 49, 49], ["ride", 51, 51], ["shaker", 70, 48], ["perc", 63, 50]];
    var NAMES = [["kick", /\bkick|\bbd\b|bass ?drum|\b808\b(?! (?:clap|snare|hat))/i], ["rim", /rim|side ?stick/i], ["clap", /clap|\bcp\b/i], ["snare", /snare|\bsd\b|\bsn\b/i],
        ["open_hat", /(open|\bo).*(hat|hh)|\boh\b|\bohh\b|hat.*open/i], ["pedal_hat", /pedal|foot/i], ["closed_hat", /hat|\bhh\b|\bch\b|\bchh\b/i],
        ["tom_low", /(low|floor).*tom|tom.*(low|floor|lo\b)|\blt\b/i], ["tom_high", /hi(gh)?.*tom|tom.*hi|\bht\b/i], ["tom_mid", /tom|\bmt\b/i],
        ["crash", /crash|cymbal/i], ["ride", /ride/i], ["shaker", /shaker|cabasa|maraca|tamb/i], ["perc", /perc|conga|bongo|cowbell|wood|block/i]];

    // pads: [{note, name}] → {role: note}; the first pad of a name has it
    function roles(pads) {
        var found = {}, i, j;
        for (i = 0; i < pads.length; i++) {
            for (j = 0; j < NAMES.length; j++) {
                if (!NAMES[j][1].test(pads[i].name)) continue;
                if (found[NAMES[j][0]] === undefined) found[NAMES[j][0]] = pads[i].note;
                break;
            }
        }
        return found;
    }

    // {pitch as sent: pitch on the track}; without a single name that is known, the rack of sixteen
    function pitches(pads) {
        var found = {}, named = roles(pads), known = false, name, i;
        for (name in named) known = true;
        for (i = 0; i < ROLES.length; i++) {
            name = ROLES[i][0];
            if (!known) found[ROLES[i][1]] = ROLES[i][2];
            else if (named[name] !== undefined) found[ROLES[i][1]] = named[name];
            else found[ROLES[i][1]] = near(named, name, ROLES[i][2]);
        }
        return found;
    }

    // A kit without a role lends the nearest it has.
    var NEAR = { rim: ["snare"], clap: ["snare"], snare: ["clap", "rim"], pedal_hat: ["closed_hat"], open_hat: ["closed_hat", "ride"], closed_hat: ["pedal_hat", "shaker", "ride"],
        tom_low: ["tom_mid", "tom_high"], tom_mid: ["tom_high", "tom_low"], tom_high: ["tom_mid", "tom_low"], crash: ["ride", "open_hat"], ride: ["closed_hat", "crash"],
        shaker: ["closed_hat", "perc"], perc: ["rim", "shaker"], kick: [] };
    function near(named, name, otherwise) {
        var i, list = NEAR[name];
        for (i = 0; i < list.length; i++) if (named[list[i]] !== undefined) return named[list[i]];
        return otherwise;
    }

    function turned(map) {
        var back = {}, from;
        for (from in map) if (back[map[from]] === undefined) back[map[from]] = Number(from);
        return back;
    }

    return { roles: roles, pitches: pitches, turned: turned };
}());
