// What the device says, and what it calls a clip. Pure.
var Words = (function () {
    var PARTS = ["chords", "melody", "bass", "drums"], ALL = PARTS.concat(["pad", "arp", "perc"]);   // those with a switch; all that may come
    var COLOURS = { chords: 0x5D86C4, melody: 0xE0A030, bass: 0x8A5FB0, drums: 0x5FA86B, pad: 0x7FA7C9, arp: 0xC98F5D, perc: 0x7C9C5A };
    var TRACKS = { chords: /chord|和弦/i, melody: /melod|lead|旋律|主奏/i, bass: /\bbass(?! ?drum)|贝斯/i, drums: /drum|\bkit\b|鼓/i,
        pad: /\bpads?\b|铺底/i, arp: /\barp|琶音/i, perc: /\bperc|打击/i };   // by what a track is called
    var NOTES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
    var SCALES = { "Major": "major", "Minor": "minor", "Dorian": "dorian", "Mixolydian": "mixolydian", "Lydian": "lydian", "Phrygian": "phrygian",
        "Locrian": "locrian", "Harmonic Minor": "harmonic minor", "Melodic Minor": "melodic minor", "Major Pentatonic": "major pentatonic", "Minor Pentatonic": "minor pentatonic", "Minor Blues": "blues" };

    // At most so many characters, none of them half
    function cut(text, most) { return String(text).substring(0, most).replace(/[\uD800-\uDBFF]$/, ""); }

    // `lofi Dm9–G13 #17`: the words' beginning, the first two chords where they are known, the seed; 40 characters at most
    function clipName(prompt, chords, seed) {
        var end = " #" + seed, middle = chords && chords.length ? " " + chords.slice(0, 2).join("–") : "", room = 40 - end.length - middle.length;
        var words = String(prompt).replace(/\s+/g, " ").replace(/^[ ,;.，；。、！？!?]+/, "").split(/[,;，；。、\n]/)[0].replace(/ $/, "");
        if (words.length > room) {
            words = cut(words, room);
            if (words.lastIndexOf(" ") > 8) words = words.substring(0, words.lastIndexOf(" "));
        }
        return (words + middle + end).replace(/^ /, "");
    }

    // The key as the daemon reads it; a scale of Live's without a name there goes by its intervals.
    function key(root, name, intervals) {
        if (SCALES[name]) return NOTES[root] + " " + SCALES[name];
        return intervals && intervals.length ? NOTES[root] + " [" + intervals.join(",") + "]" : NOTES[root] + " major";
    }

    // The tempo that words name outright, in the ways people write it; 0 where they name none
    function tempo(words) {
        var m = /(\d{2,3}(?:\.\d+)?)\s*(?:bpm|拍|beats per minute)/i.exec(words) || /(?:tempo|bpm|速度|\bat)\s*(?:of|is|为|是)?\s*[:=：]?\s*(\d{2,3}(?:\.\d+)?)\b(?!\s*(?:bars|小节))/i.exec(words);
        return m && Number(m[1]) >= 20 && Number(m[1]) <= 300 ? Number(m[1]) : 0;
    }
    function meter(words) { var m = /(?:^|[^\d\/])([2-9]|12)\/([48])(?![\d\/])/.exec(words); return m ? m[1] + "/" + m[2] : ""; }

    function busy(part, name) { return name + " plays here already: choose another track for " + part; }
    function crowded(name) { return name + " has other clips at this place: make room, or choose another track"; }
    // What the words asked for in vain, and what is overruled, in `room` characters: what is overruled is short, and stays whole
    function told(unread, overruled, room) {
        var said = unread ? "Not met: " + unread : "", left = overruled ? room - overruled.length - 2 : room;
        return shortened(said, Math.max(1, left)) + (said && overruled ? "; " : "") + overruled;
    }
    // "3 Keys is chords; A minor; written: bass" → what is heard, and what follows from it; what was written the status says
    function heard(words) {
        var said = words.split("; written:")[0], at = said.indexOf("; ");
        return at < 0 ? [said, ""] : [said.substring(0, at), said.substring(at + 2)];
    }
    function shortened(text, most) { return text.length > most ? cut(text, most - 1) + "…" : text; }

    function seconds(share) { return "Writing " + Math.round(share * 100) + " %"; }

    return { PARTS: PARTS, ALL: ALL, busy: busy, crowded: crowded, told: told, heard: heard, shortened: shortened, COLOURS: COLOURS, TRACKS: TRACKS, NOTES: NOTES, cut: cut, clipName: clipName, key: key, tempo: tempo, meter: meter, seconds: seconds,
        READY: "Ready", WAITING: "Looking for LLMBall", ABSENT: "LLMBall is not running: start it with llmball serve", OTHER: "LLMBall speaks another version: update the daemon or this device",
        UNSYNCED: "Start the daemon with: llmball serve --sync host", SILENT: "No answer from LLMBall: is it running? Press Generate again", FULL: "No free slot for these parts: press New Scene", NO_TRACK: "Put the device on a MIDI track",
        NO_CLIP: "Show a MIDI clip first", GONE: "That clip is gone: show one and press again", NO_SLOT: "Select a clip slot first", TAKEN: "The selected slot holds a clip: choose In View to replace its notes",
        SHARED: "Parts share this clip and cannot be told apart: give each its own track", ELSEWHERE: "None of the parts goes to that track: choose it in a part's menu", ABSENT_PARTS: "No chosen part has a clip in this row",
        NO_PART: "Switch a part on", NO_CHANGE: "Type what is to change", EMPTY: "Type what you want to hear",
        NO_SCENE: "Select a clip slot in the scene that is to be heard", QUIET_SCENE: "Nothing sounds in this scene: choose tracks in the menu, or Hear: Nothing", QUIET_PLACE: "Nothing sounds at this place: move the play position, or Hear: Nothing",
        TOO_MANY: "More notes than can be heard at once: choose fewer tracks in the menu", CHANGED: "The notes have changed meanwhile: look again", DISCARDED: "Nothing was written" };
}());
