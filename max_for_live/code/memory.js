// The words of before, the bank and the seed: a pattr keeps them with the set, as one symbol. The effect's own functions.
function remember(words) {
    var i;
    if (!words || state.history[0] === words) return;
    for (i = 0; i < state.history.length; i++) if (state.history[i] === words) { state.history.splice(i, 1); break; }
    state.history.unshift(words);
    state.history = state.history.slice(0, REMEMBERED);
    showHistory();
    keepMemory();
}
remember.local = 1;
function showHistory() {
    outlet(1, "clearhistory");
    for (var i = 0; i < state.history.length; i++) outlet(1, "addhistory", Words.cut(state.history[i], 40));
}
showHistory.local = 1;

function keepMemory() { outlet(1, "memory", encodeURIComponent(JSON.stringify({ history: state.history, bank: state.bank, seed: state.seed, deaf: state.deaf })).replace(/'/g, "%27")); }
keepMemory.local = 1;
function memory(kept) {
    var held;
    try { held = JSON.parse(decodeURIComponent(String(kept))); } catch (e) { return; }   // a new device has none
    if (!held || !held.history || !held.bank) return;
    state.history = held.history.slice(0, REMEMBERED);
    state.bank = held.bank;
    if (held.seed > 0) state.seed = held.seed;
    if (held.deaf) state.deaf = held.deaf;
    showHistory();
}

function history(index) { recall(state.history[Number(index)]); }
function recall(words) { if (words) { P.prompt = words; outlet(1, "prompt", words); } }
recall.local = 1;
function bankstore() {
    if (!P.prompt) { status(Words.EMPTY); return; }
    state.bank[P.slot] = P.prompt;
    keepMemory();
    say([Wire.ROOT + "bank/" + (P.slot + 1) + "/store", P.prompt]);
    status("Stored in bank " + (P.slot + 1));
}
function banklaunch() {
    if (!state.bank[P.slot]) { status("Bank " + (P.slot + 1) + " is empty"); return; }
    recall(state.bank[P.slot]);
    generate();
}
