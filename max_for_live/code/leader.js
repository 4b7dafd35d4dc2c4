// Of all instances in this Live one leads the stream: it has the words and tells the daemon Live's time. Max's Global is the same for all of them.
var Leader = (function () {
    var GONE = 2000;   // ms without a sign: deleted, or its set closed
    var here = {}, me = "";

    function open(now) {
        if (!me) me = now + " " + Math.random();
        here = typeof Global === "undefined" ? here : new Global("llmball_leader");
    }
    // Whether another instance leads
    function other(now) { return !!here.who && here.who !== me && now - here.seen <= GONE && now >= here.seen; }
    // Leads from now on where nobody does, or for certain. Called again and again by whoever leads; returns whether it does.
    function claim(now, certain) {
        if (certain || !other(now)) here.who = me;
        if (here.who === me) here.seen = now;
        return here.who === me;
    }
    function leave() { if (here.who === me) here.who = ""; }

    return { open: open, other: other, claim: claim, leave: leave };
}());
