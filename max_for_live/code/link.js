// Whether the daemon is there, which version it speaks, and at which port it answers. Pure: what is to be said comes back. Both devices'.
var Link = (function () {
    var SEARCH = 1000, STEADY = 2000, MISSED = 6000;   // ms

    // Of `ports` ports from `first` on one is free: another instance may have any of them.
    function opened(name, first, ports, now) { return { name: name, first: first, ports: ports, at: 0, asked: false, mine: false, connected: false, other: false, began: now, heard: now, said: -STEADY }; }
    function port(link) { return link.first + link.at; }

    // Called each second. Returns {say: messages, port: the one to take now or 0, lost: whether the daemon has just gone}
    function beat(link, now) {
        var found = { say: [], port: 0, lost: false };
        if ((link.connected || link.other) && now - link.heard > MISSED) { found.lost = true; link.connected = link.other = false; }
        if (link.connected && now - link.said < STEADY) return found;
        if (link.asked && !link.mine) { link.at = (link.at + 1) % link.ports; found.port = port(link); }   // no answer: somebody else's
        link.asked = true;
        link.said = now;
        found.say = [[Wire.ROOT + "hello", port(link), link.name, 1], [Wire.ROOT + "ping", 1]];   // said again and again: a daemon that was started anew knows nobody
        return found;
    }

    // Returns "up" where the daemon has just come, "other" where it speaks another version, else ""
    function heard(link, path, a, now) {
        var was = link.connected;
        link.heard = now;
        if (path !== "welcome") return "";
        link.mine = true;
        link.other = Number(a[1]) !== Wire.PROTOCOL;
        link.connected = !link.other;
        return link.other ? "other" : was ? "" : "up";
    }

    // The daemon asks whether whoever hears it wants to, since messages leave by another port than they come in at: the number comes back
    function asked(path, a) { return path === "hello/nonce" ? [Wire.ROOT + "hello/confirm", a[0]] : null; }

    // What the view says as long as nothing else is to be said
    function state(link, now) { return link.connected ? Words.READY : link.other ? Words.OTHER : link.mine || now - link.began > MISSED ? Words.ABSENT : Words.WAITING; }

    return { SEARCH: SEARCH, opened: opened, port: port, beat: beat, heard: heard, asked: asked, state: state };
}());
