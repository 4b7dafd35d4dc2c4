// What sounds already where a part is to be written: the clips of a scene, or of the arrangement at a place. The effect's own functions.
var Loop = (function () {
    // A clip's notes as they sound from `from` to `from + length` quarters after it was launched: loops go round, what sounds on at `from` begins there.
    // marks: {looping, start, end, low, high}. Times of what is found count from `from`. Pure.
    function unrolled(notes, marks, from, length) {
        var found = [], at = 0, pos = marks.start, round = marks.looping && marks.start < marks.high && marks.high > marks.low, end = round ? marks.high : marks.end, i, n, start, stop;
        while (at < from + length - 1e-6 && end > pos) {
            for (i = 0; i < notes.length; i++) {
                n = notes[i];
                if (n.mute || n.start_time < pos - 1e-6 || n.start_time >= end - 1e-6) continue;
                start = at + n.start_time - pos;
                stop = Math.min(start + n.duration, at + end - pos, from + length);
                if (stop <= from + 1e-6 || start >= from + length - 1e-6) continue;
                found.push({ pitch: n.pitch, start_time: Math.max(0, start - from), duration: stop - Math.max(start, from), velocity: n.velocity });
            }
            at += end - pos;
            if (!round) break;
            pos = marks.low;
        }
        found.sort(function (a, b) { return a.start_time - b.start_time || a.pitch - b.pitch; });
        return found;
    }
    function marks(clip) {
        return { looping: Number(Live.get(clip, "looping", 1)) === 1, start: Number(Live.get(clip, "start_marker", 0)), end: Number(Live.get(clip, "end_marker", 4)),
            low: Number(Live.get(clip, "loop_start", 0)), high: Number(Live.get(clip, "loop_end", 4)) };
    }
    // How long a clip goes before it comes round, or ends
    function length(m) { return m.looping ? m.high - m.low : m.end - m.start; }

    return { unrolled: unrolled, marks: marks, length: length };
}());

var HEARD = ["nothing", "scene", "arrangement"], MOST_GIVEN = 8192;

// The tracks that may be heard: MIDI tracks, each with whether it is
function heardTracks() {
    var list = Live.tracks(), i;
    for (i = 0; i < list.length; i++) list[i].heard = !state.deaf[list[i].name];
    return list;
}
heardTracks.local = 1;

// {rows, scene, at, beats, count: tracks}: what is given to the daemon, and where the answer goes. Throws what is missing.
function heard(own) {
    var song = Live.song(), bar = song.num * 4 / song.den, found = HEARD[P.hear] === "scene" ? inScene(bar) : inArrangement(song, bar), i, one, part, kit, track;
    found.rows = [];
    found.count = 0;
    for (i = 0; i < found.some.length; i++) {
        one = found.some[i];
        if (!one.notes.length) continue;
        found.count++;
        track = Live.at("live_set tracks " + one.index);
        kit = Live.pads(track);
        part = kit.length ? "drums" : "track:" + encodeURIComponent(Words.cut(one.index + 1 + " " + one.name, 60).replace(/\s+/g, " "));
        found.rows = found.rows.concat(Note.rows(one.notes, part, 0, kit.length ? Kit.of(kit).back : null));
        found.playing[one.index] = true;
    }
    if (!found.rows.length) throw new Error(HEARD[P.hear] === "scene" ? Words.QUIET_SCENE : Words.QUIET_PLACE);
    if (found.rows.length > MOST_GIVEN) throw new Error(Words.TOO_MANY);
    return found;
}
heard.local = 1;

function wantedBeats(bar) { return BARS[P.bars] * bar; }
wantedBeats.local = 1;

// The scene of the selected slot, else of the clip in view, else the selected scene
function sceneHeard() {
    var slot = Live.highlighted(), clip, track = slot && Live.trackOf(slot), scene = track ? Live.sceneOf(slot, track) : -1;
    if (scene >= 0) return scene;
    clip = Live.shown();
    track = clip && Live.trackOf(clip);
    return track ? Live.sceneOf(clip, track) : -1;
}
sceneHeard.local = 1;
function inScene(bar) {
    var scene = sceneHeard(), list = heardTracks(), found = { scene: scene, at: 0, beats: 0, some: [], playing: {} }, i, clip, m, longest = 0;
    if (scene < 0) throw new Error(Words.NO_SCENE);
    for (i = 0; i < list.length; i++) {
        clip = Live.at("live_set tracks " + list[i].index + " clip_slots " + scene + " clip");
        if (!list[i].heard || !Live.there(clip) || !sounds(list[i].index, clip)) continue;
        m = Loop.marks(clip);
        longest = Math.max(longest, Loop.length(m));
        found.some.push({ index: list[i].index, name: list[i].name, marks: m, own: Live.notes(clip) });
    }
    found.beats = wantedBeats(bar) || Math.max(1, Math.ceil(longest / bar - 1e-6)) * bar;
    for (i = 0; i < found.some.length; i++) found.some[i].notes = Loop.unrolled(found.some[i].own, found.some[i].marks, 0, found.beats);
    return found;
}
inScene.local = 1;
// What sounds at all: not on a muted track, not muted itself, no audio
function sounds(index, clip) {
    return Number(Live.get(clip, "is_midi_clip", 1)) === 1 && Number(Live.get(clip, "muted", 0)) === 0 && Number(Live.get(Live.at("live_set tracks " + index), "mute", 0)) === 0;
}
sounds.local = 1;

// The loop of the arrangement where it is on, else from the bar of the play position on: so many bars, or to the end of what sounds there
function inArrangement(song, bar) {
    var brace = Live.brace(), list = heardTracks(), from = brace ? Math.floor(brace.from / bar + 1e-6) * bar : Math.floor(song.beat / bar + 1e-6) * bar, some = [], i, j, n, clip, start, end, last = from, track,
        found = { scene: -1, at: from, beats: 0, some: [], playing: {} }, one;
    for (i = 0; i < list.length; i++) {
        track = Live.at("live_set tracks " + list[i].index);
        for (j = 0, n = list[i].heard ? track.getcount("arrangement_clips") : 0; j < n; j++) {
            clip = Live.at(track.unquotedpath + " arrangement_clips " + j);
            start = Number(Live.get(clip, "start_time", 0));
            end = Number(Live.get(clip, "end_time", start));
            if (end <= from + 1e-6 || !sounds(list[i].index, clip)) continue;
            some.push({ index: list[i].index, name: list[i].name, start: start, end: end, marks: Loop.marks(clip), own: Live.notes(clip) });
            if (start <= from + 1e-6) last = Math.max(last, end);
        }
    }
    found.beats = brace ? Math.max(1, Math.round((brace.to - from) / bar)) * bar : wantedBeats(bar) || Math.max(1, Math.ceil((last - from) / bar - 1e-6)) * bar;
    for (i = 0; i < some.length; i++) {
        if (some[i].start >= from + found.beats - 1e-6) continue;
        for (j = 0; j < found.some.length && found.some[j].index !== some[i].index; j++);
        one = found.some[j] = found.some[j] || { index: some[i].index, name: some[i].name, notes: [] };
        one.notes = one.notes.concat(placedAt(some[i], from, found.beats));
    }
    return found;
}
inArrangement.local = 1;
function placedAt(clip, from, beats) {
    var into = Math.max(0, from - clip.start), later = Math.max(0, clip.start - from), notes = Loop.unrolled(clip.own, clip.marks, into, Math.min(clip.end - clip.start - into, beats - later)), i;
    for (i = 0; i < notes.length; i++) notes[i].start_time += later;
    return notes;
}
placedAt.local = 1;

// Where a part goes that is written for what was heard: the chosen track; of those that are called so the device's own, a free one, the first; else the device's own, if it is silent there.
function trackForHeard(part, own, at) {
    var list = Live.tracks(), chosen = P["track_" + part], i, called = [], mine = Live.id(own), track, own_index = -1;
    for (i = 0; i < list.length; i++) {
        track = Live.at("live_set tracks " + list[i].index);
        if (Live.id(track) === mine) own_index = list[i].index;
        if (chosen > 1 && list[i].index === chosen - 2) return track;
        if (!chosen && Words.TRACKS[part].test(list[i].name)) called.push({ index: list[i].index, track: track });
    }
    for (i = 0; i < called.length; i++) if (Live.id(called[i].track) === mine) return called[i].track;
    for (i = 0; i < called.length; i++) if (!at.playing[called[i].index]) return called[i].track;
    if (called.length) return called[0].track;
    if (chosen !== 1 && at.playing[own_index]) throw new Error(Words.busy(part, String(Live.get(own, "name", "This track"))));
    return own;
}
trackForHeard.local = 1;

// One clip that fills the place in the arrangement, without a loop that goes round within it: {clip, from: where in it}. Null where nothing lies there.
function inTheWay(track, from, beats) {
    var n = track.getcount("arrangement_clips"), i, clip, start, end, m, found = null;
    for (i = 0; i < n; i++) {
        clip = Live.at(track.unquotedpath + " arrangement_clips " + i);
        start = Number(Live.get(clip, "start_time", 0));
        end = Number(Live.get(clip, "end_time", start));
        if (end <= from + 1e-6 || start >= from + beats - 1e-6) continue;
        m = Loop.marks(clip);
        if (start > from + 1e-6 || end < from + beats - 1e-6 || (m.looping && m.start + from + beats - start > m.high + 1e-6)) throw new Error(Words.crowded(String(Live.get(track, "name", "The track"))));
        found = { clip: clip, from: m.start + from - start };
    }
    return found;
}
inTheWay.local = 1;
