// What the face shows and hides, and its menus of the set's tracks: a control that has no say now is not there. The effect's own functions.
var shownMenus = {};

function faces() {
    outlet(1, "hidemode", P.key > 1 ? 0 : 1);
    outlet(1, "hidestream", P.stream ? 0 : 1);
    outlet(1, "hidehear", P.hear ? 0 : 1);
    outlet(1, "hideinto", P.hear ? 1 : 0);   // it goes to where was heard
}
faces.local = 1;

// The items of a menu, said only when they are others than before
function menu(name, items, checked, index) {
    var said = items.join("\n") + checked.join() + index, i;
    if (shownMenus[name] === said) return;
    shownMenus[name] = said;
    outlet(1, name, "clear");
    for (i = 0; i < items.length; i++) outlet(1, name, "append", items[i]);
    for (i = 0; i < checked.length; i++) if (checked[i]) outlet(1, name, "checkitem", i, 1);
    outlet(1, name, "set", index);
}
menu.local = 1;
function numbered(track) { return Words.cut(track.index + 1 + " " + track.name, 40); }
numbered.local = 1;

function trackMenus() {
    var own = Live.ownTrack(), list = Live.tracks(), i, j, part, chosen, items, at;
    if (!own) return;
    for (i = 0; i < Words.PARTS.length; i++) {
        part = Words.PARTS[i];
        chosen = P["track_" + part];
        items = ["", "This track"];
        at = chosen < 2 ? chosen : 0;
        for (j = 0; j < list.length; j++) {
            items.push(numbered(list[j]));
            if (list[j].index === chosen - 2) at = j + 2;
        }
        items[0] = Words.cut(String(Live.get(calledSo(part, own, list), "name", "This track")), 30) + " (auto)";
        menu("menu_" + part, items, [], at);
    }
    hearMenu();
}
trackMenus.local = 1;
function hearMenu() {
    var list = heardTracks(), items = [""], checked = [0], i, n = 0;
    for (i = 0; i < list.length; i++) {
        items.push(numbered(list[i]) + (state.heardAs[list[i].index + 1] ? ": " + state.heardAs[list[i].index + 1] : ""));
        checked.push(list[i].heard ? 1 : 0);
        if (list[i].heard) n++;
    }
    items[0] = n === list.length ? "All tracks" : n + " of " + list.length;
    menu("menu_hear", items, checked, 0);
}
hearMenu.local = 1;
// "3 Keys is chords, 1 Kit is drums": what each track was heard as stands in the menu
function heardAs(words) {
    var each = words.split(", "), i, m;
    state.heardAs = {};
    for (i = 0; i < each.length; i++) {
        m = /^(\d+) .* is (\w+)$/.exec(each[i]);
        if (m) state.heardAs[m[1]] = m[2];
    }
    hearMenu();
}
heardAs.local = 1;

// A track is chosen for a part: the control that Live keeps follows
function pick(part, item) {
    var list = Live.tracks(), chosen = Number(item);
    if (!state.ready || P["track_" + part] === undefined) return;
    if (chosen > 1) { if (!list[chosen - 2]) return; chosen = list[chosen - 2].index + 2; }
    P["track_" + part] = chosen;
    outlet(1, "kept_" + part, chosen);
    trackMenus();
}
// A track is to be heard or not; the first item: all are
function listen(item) {
    var list = Live.tracks(), name = list[Number(item) - 1];
    if (!state.ready) return;
    if (Number(item) === 0) state.deaf = {};
    else if (name) { if (state.deaf[name.name]) delete state.deaf[name.name]; else state.deaf[name.name] = 1; }
    keepMemory();
    hearMenu();
}
