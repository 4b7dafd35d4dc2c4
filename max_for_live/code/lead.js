// What whoever leads the stream says of the band: its dials, its parts, and Live's key and metre. Each only when it is another than before. The effect's own.
var said = {};
function steer(path, value) {
    if (said[path] === value) return;
    said[path] = value;
    say([Wire.ROOT + path, value]);
}
steer.local = 1;
function steerAll(anew) {
    var song, i, name;
    if (!Stream.leads()) return;
    if (anew) said = {};
    song = Live.song();
    for (i = 0; i < LEVELS.length; i++) steer(LEVELS[i], P[LEVELS[i]] < 0 ? -1 : P[LEVELS[i]] / 100);
    steer("temperature", P.temperature / 100);
    if (P.guidance >= 0) steer("guidance", P.guidance);
    for (i = 0; i < Words.PARTS.length; i++) { name = Words.PARTS[i]; steer("part/" + name + "/enabled", P[name] ? 1 : 0); }
    steer("key", keyOf(song) || "auto");
    steer("meter", meterOf(song) || "auto");
}
steerAll.local = 1;

// Live's key where it is followed and Live has a scale, the chosen one, or "": the words'
function keyOf(song) {
    if (P.key === 0) return song.scaled ? Words.key(song.root, song.scale, song.intervals) : "";
    return P.key === 1 ? "" : Words.NOTES[P.key - 2] + " " + MODES[P.mode];
}
keyOf.local = 1;
function meterOf(song) {
    var meter = song.num + "/" + song.den;
    return METERS.indexOf(" " + meter + " ") >= 0 ? meter : "";
}
meterOf.local = 1;
