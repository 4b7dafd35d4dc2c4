// Where Live is. What a script reads of the song's time is stale by up to a buffer and more, and moves in steps; the tempo is exact.
// So the tempo is summed up between looks, and of the last second's differences the greatest holds: time is read too small, never too great. Pure.
var Transport = (function () {
    var WINDOW = 1500, JUMP = 0.35;   // ms; quarter notes

    function opened() { return { playing: false, tempo: 120, sum: 0, at: -1, offsets: [], leaps: 0, origin: null, doubt: null }; }

    // A look at Live: whether it plays, its beat and tempo, and when we looked (ms). Returns "began", "ended", "leapt" or "".
    function looked(state, playing, beat, tempo, now) {
        var was = state.playing, here;
        if (state.at >= 0) state.sum += (now - state.at) * (state.tempo + tempo) / 2 / 60000;
        state.tempo = tempo;
        state.at = now;
        state.playing = playing;
        if (!playing) { state.offsets = []; state.origin = state.doubt = null; return was ? "ended" : ""; }
        if (!was) { state.offsets = [[now, beat - state.sum]]; return "began"; }
        here = estimate(state);
        if (beat > here + JUMP || beat < here - JUMP) {
            state.offsets = [[now, beat - state.sum]];
            state.origin = state.doubt = null;
            state.leaps++;
            return "leapt";
        }
        state.offsets.push([now, beat - state.sum]);
        while (state.offsets[0][0] < now - WINDOW) state.offsets.shift();
        return "";
    }

    function estimate(state) {
        var best = -1e9, i;
        for (i = 0; i < state.offsets.length; i++) best = Math.max(best, state.offsets[i][1]);
        return best + state.sum;
    }

    // The song's beat at a moment
    function beatAt(state, now) { return estimate(state) + (now - state.at) * state.tempo / 60000; }

    // /llmball/beat bar beat: the daemon's beats lie on Live's, so where they differ is a whole number of halves.
    // A beat may be told late, never early: the least difference holds. A greater one is believed when a second beat says so too, or when the band begins.
    function beaten(state, bar, beat, num, den, now) {
        var apart;
        if (!state.playing || !state.offsets.length) return;
        apart = Math.round((beatAt(state, now) - ((bar - 1) * num + beat - 1) * 4 / den) * 2) / 2;
        if (state.origin === null || apart <= state.origin || apart === state.doubt || (bar === 1 && beat === 1)) { state.origin = apart; state.doubt = null; } else state.doubt = apart;
    }

    // Quarter notes since the daemon's play; null as long as it is not known
    function sincePlay(state, now) { return state.origin === null || !state.playing ? null : beatAt(state, now) - state.origin; }

    return { opened: opened, looked: looked, beatAt: beatAt, beaten: beaten, sincePlay: sincePlay };
}());
