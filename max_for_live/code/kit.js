// The user's drum kit: pads of a Drum Rack by their names → where each role sounds. Pure.
var Kit = (function () {
    // The roles, the General MIDI notes that the daemon sends for them, and where they lie in its rack of sixteen pads (`model/music/drums.py`).
    var ROLES = [["kick", 36, 36], ["snare", 38, 38], ["rim", 37, 37], ["clap", 39, 39], ["closed_hat", 42, 42], ["pedal_hat", 44, 44], ["open_hat", 46, 46],
        ["tom_low", 43, 43], ["tom_mid", 47, 47], ["tom_high", 50, 50], ["crash", 49, 49], ["ride", 51, 51], ["shaker", 70, 45], ["perc", 56, 48]];
    // The first that fits a name has it: what a sound is goes before the machine it comes from (Clap 808 is a clap).
    var NAMES = [["clap", /clap|\bcp\b|\bclp\b|snaps?\b|拍/], ["rim", /\brim|(side|cross|x) ?stick|\brs\b|边击|鼓边/],
        ["open_hat", /\bohh?\b|open ?hat|(?:\bhats?\b|\bhh\b|踩镲|开镲).*(?:\bo\b|\bop\b|\bopen|开)|(?:\bo\b|\bop\b|\bopen|开).*(?:\bhats?\b|\bhh\b|镲)/],
        ["pedal_hat", /\bphh?\b|\bpedal|\bfoot\b|脚/], ["closed_hat", /(?:^|[^wtc])hats?\b|\bc?hh\b|\bch\b|踩镲|闭镲/],
        ["tom_low", /(?:\blow?|\bl|floor|\bfl)\b.*tom|tom.*(?:\blow?|\bl|floor|\b[3-6])\b|\blt\b|低.*鼓.*通|落地|低.*[嗵通桶]/],
        ["tom_high", /(?:\bhi(?:gh)?|\bh)\b.*tom|tom.*(?:\bhi(?:gh)?|\bh|\b1)\b|\bht\b|高.*[嗵通桶]/], ["tom_mid", /\btom|toms?\b|\bmt\b|[嗵通桶]鼓?/],
        ["ride", /\brides?\b|\brd\b|叮|节奏镲/], ["crash", /crash|\bcym|splash|china|\bcr\b|镲/], ["snare", /snare|\bsnr\b|\bsd\b|\bsn\b|军鼓|小鼓/],
        ["kick", /kick|\bkik\b|\bkk?d?\b|\bbd\b|bass ?drum|底鼓|大鼓|低音鼓/], ["shaker", /shake|cabasa|maraca|\btamb|\begg\b|沙/],
        ["perc", /\bperc|conga|bongo|bell|block|clave|agogo|timbale|guiro|triangle|打击/], ["kick", /^(?:808|sub)(?: \d+)?$/]];

    // "HHClosed_01", "Hi-Hat (op.)" → "hh closed 01", "hat op"
    function plain(name) {
        return String(name).replace(/([a-z])([A-Z])/g, "$1 $2").replace(/([A-Z]{2,})([A-Z][a-z])/g, "$1 $2").toLowerCase().replace(/([a-z])(\d)/g, "$1 $2").replace(/(\d)([a-z])/g, "$1 $2")
            .replace(/[^a-z0-9\u4e00-\u9fff]+/g, " ").replace(/^ | $/g, "").replace(/\bhi ?hat/g, "hat");
    }
    function role(name) {
        var said = plain(name), i;
        for (i = 0; i < NAMES.length; i++) if (NAMES[i][1].test(said)) return NAMES[i][0];
        return "";
    }

    // pads: [{note, name}] → {role: note}; the first pad of a name has it
    function roles(pads) {
        var found = {}, i, is;
        for (i = 0; i < pads.length; i++) {
            is = role(pads[i].name);
            if (is && found[is] === undefined) found[is] = pads[i].note;
        }
        return found;
    }

    // A kit without a role lends a pad whose name says nothing where a rack of sixteen has that role, else the nearest it has.
    var NEAR = { rim: ["snare", "clap", "perc"], clap: ["snare", "rim"], snare: ["clap", "rim"], pedal_hat: ["closed_hat", "shaker"], open_hat: ["closed_hat", "ride", "shaker"],
        closed_hat: ["pedal_hat", "shaker", "open_hat", "ride"], tom_low: ["tom_mid", "tom_high", "kick"], tom_mid: ["tom_high", "tom_low", "perc", "snare"], tom_high: ["tom_mid", "tom_low", "perc", "snare"],
        crash: ["ride", "open_hat"], ride: ["crash", "closed_hat"], shaker: ["closed_hat", "perc"], perc: ["rim", "shaker", "tom_high", "clap"], kick: ["tom_low"] };
    function lent(named, pads, name, place) {
        var i, list = NEAR[name];
        for (i = 0; i < pads.length; i++) if (pads[i].note === place && !role(pads[i].name)) return place;
        for (i = 0; i < list.length; i++) if (named[list[i]] !== undefined) return named[list[i]];
        return place;
    }

    // {there: pitch as sent → pitch on the track, back: the other way}; without a single name that is known, the rack of sixteen
    function of(pads) {
        var found = { there: {}, back: {} }, named = roles(pads), known = false, name, i, own, to;
        for (name in named) known = true;
        for (own = 1; own >= 0; own--) for (i = 0; i < ROLES.length; i++) {   // a pad that two roles share is, read back, the one that it is called
            name = ROLES[i][0];
            if (own !== (!known || named[name] !== undefined ? 1 : 0)) continue;
            to = !known ? ROLES[i][2] : own ? named[name] : lent(named, pads, name, ROLES[i][2]);
            found.there[ROLES[i][1]] = to;
            if (found.back[to] === undefined) found.back[to] = ROLES[i][1];
        }
        return found;
    }

    return { ROLES: ROLES, roles: roles, of: of };
}());
