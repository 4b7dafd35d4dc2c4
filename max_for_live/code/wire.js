// What is said to the daemon, and one clip on its way back. Pure: it sends nothing itself and reads no clock.
// ES5, and no global function: Max would make a message of each.
var Wire = (function () {
    var ROOT = "/llmball/", PROTOCOL = 1, PACKET = 32, SILENCE = 1000, PATIENCE = 60000, TRIES = 8, LONGEST = 4200;   // characters of a percent-encoded text: udpsend takes 5096 bytes

    // Percent-encoded UTF-8: commas, semicolons and Chinese come through Max unharmed.
    // What a packet cannot hold is left off at the end, never within a character.
    function encoded(text) {
        var t = String(text).replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/g, "").replace(/(^|[^\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "$1"), e = encodeURIComponent(t);
        while (e.length > LONGEST) {
            t = t.substring(0, t.length - (/[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(t) ? 2 : 1));
            e = encodeURIComponent(t);
        }
        return e;
    }
    function decoded(text) { try { return decodeURIComponent(String(text)); } catch (e) { return String(text); } }

    // asked: {id, bars, seed, prompt, options: [[name, value]], given: [[part, pitch, start, length, velocity]], redo: [parts, bars]}
    function packets(asked) {
        var found = [], given = asked.given || [], at = 0, i, flat, options = asked.options || [], last;
        while (at < given.length) {
            flat = [ROOT + "clip/given", asked.id, given.length, at, given[at][0]];
            for (i = at; i < given.length && i < at + PACKET && given[i][0] === given[at][0]; i++) flat.push(given[i][1], given[i][2], given[i][3], given[i][4]);
            found.push(flat);
            at = i;
        }
        if (asked.redo) found.push([ROOT + "clip/redo", asked.id, asked.redo[0], asked.redo[1]]);
        last = [ROOT + "clip_uri", asked.id, asked.bars, asked.seed, encoded(asked.prompt)];
        for (i = 0; i < options.length; i++) last.push(options[i][0], typeof options[i][1] === "string" ? encodeURIComponent(options[i][1]) : options[i][1]);
        if (given.length) last.push("from", given.length);
        found.push(last);
        return found;
    }

    // One clip: chunks may be lost, repeated or out of order, and the end may come before them.
    function opened(asked, now) {
        return { asked: asked, total: -1, beats: 0, tempo: 0, key: "", unread: "", context: "", rows: {}, got: 0, share: 0, heard: now, said: now, tries: 0, over: false };
    }

    function counted(clip) {
        clip.got = 0;
        for (var i = 0; i < clip.total; i++) if (clip.rows[i]) clip.got++;
    }

    function whole(clip) { return clip.total >= 0 && clip.got === clip.total; }

    // What a message means for a clip: "" nothing, "more" something came, "resend", "again" (say all anew), "whole", or [failed, why].
    function heard(clip, address, args, now) {
        var path = address.substring(ROOT.length), i, at, n;
        if (Number(args[0]) !== clip.asked.id || clip.over) return "";
        if (path === "clip/progress") clip.share = Number(args[1]);
        else if (path === "clip/begin") { clip.total = Number(args[1]); clip.beats = Number(args[2]); clip.tempo = Number(args[3]); clip.key = String(args[4]); counted(clip); }
        else if (path === "clip/unread" || path === "clip/heard") { clip[path === "clip/heard" ? "context" : "unread"] = String(args[1]); clip.heard = now; return ""; }
        else if (path === "clip/notes") {
            for (i = 3, at = Number(args[1]); i + 3 < args.length; i += 4, at++) {
                n = row(args[2], args[i], args[i + 1], args[i + 2], args[i + 3]);
                clip.rows[at] = clip.rows[at] || n;
            }
            counted(clip);
        } else if (path === "clip/end") { if (!whole(clip)) { clip.heard = clip.said = now; return "resend"; } }
        else if (path === "clip/failed") {
            if (/give them|ask for it again/.test(args[1]) && clip.tries++ < TRIES) {   // packets were lost, or the daemon was started anew: it knows nothing of this clip
                clip.heard = clip.said = now;
                clip.total = -1;
                clip.rows = {};
                return "again";
            }
            clip.over = true;
            return ["failed", String(args[1])];
        } else if (path === "clip/cancelled") { clip.over = true; return ["failed", "Cancelled"]; }
        else return "";
        clip.heard = now;
        if (whole(clip)) { clip.over = true; return "whole"; }
        return "more";
    }

    function row(part, pitch, start, length, velocity) { return [String(part), Math.round(pitch), Number(start), Number(length), Number(velocity)]; }

    // Silence: what is to be done about it, as `heard` says it.
    function waited(clip, now) {
        if (clip.over) return "";
        if (now - clip.heard > PATIENCE) { clip.over = true; return ["failed", Words.SILENT]; }
        if (now - clip.heard < SILENCE || now - clip.said < SILENCE) return "";
        clip.said = now;
        return clip.total < 0 ? "again" : "resend";
    }

    function notes(clip) {
        var found = [], i;
        for (i = 0; i < clip.total; i++) found.push(clip.rows[i]);
        return found;
    }

    return { ROOT: ROOT, PROTOCOL: PROTOCOL, encoded: encoded, decoded: decoded, packets: packets, opened: opened, heard: heard, waited: waited, whole: whole, notes: notes };
}());
