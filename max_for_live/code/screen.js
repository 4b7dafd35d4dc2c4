// The small roll on the face, a jsui with a script of its own: the notes of the last clip in their parts' colours, or what a clip would lose and gain.
autowatch = 1;
inlets = 1;
outlets = 1;
mgraphics.init();
mgraphics.relative_coords = 0;
mgraphics.autofill = 0;

// By kind, as Roll names them: 0 to 6 parts, from 10 on kept, added, taken, moved, changed. Colours hold on dark and on light.
var COLOURS = { 0: [0.36, 0.56, 0.85, 1], 1: [0.92, 0.64, 0.2, 1], 2: [0.62, 0.45, 0.78, 1], 3: [0.4, 0.7, 0.45, 1], 4: [0.5, 0.68, 0.82, 1], 5: [0.82, 0.58, 0.38, 1], 6: [0.52, 0.65, 0.4, 1],
    10: [0.55, 0.55, 0.55, 0.7], 11: [0.35, 0.78, 0.4, 1], 12: [0.95, 0.36, 0.32, 1], 13: [1, 0.72, 0.22, 1], 14: [0.42, 0.66, 0.95, 1] };
var KEY = [[11, "added"], [12, "taken"], [13, "moved"], [14, "changed"]], TAKEN = 12, TOP = 11, BAR = 4;   // a bar line each four quarters
var view = { from: 0, beats: 16, low: 48, high: 72, notes: [], differs: false };

function clear(from, beats, low, high) { view = { from: from, beats: Math.max(1, beats), low: Math.min(low, high), high: Math.max(low, high), notes: [], differs: false }; }
function notes(kind) {
    for (var i = 1; i + 2 < arguments.length; i += 3) view.notes.push([Number(kind), arguments[i], arguments[i + 1], arguments[i + 2]]);
    if (kind >= 10) view.differs = true;
}
function done() { mgraphics.redraw(); }

function paint() {
    var g = mgraphics, width = g.size[0], height = g.size[1], top = view.differs ? TOP : 2, rows = Math.max(12, view.high - view.low + 1), step = (height - top - 2) / rows, thick = Math.max(1.5, Math.min(4, step)), i, n, x, y, w;
    g.set_source_rgba(max.getcolor("live_lcd_bg"));
    g.rectangle(0, 0, width, height);
    g.fill();
    g.set_source_rgba([0.5, 0.5, 0.5, 0.35]);
    for (i = BAR; i < view.beats; i += BAR) { g.rectangle(Math.round(i / view.beats * width), top, 1, height - top); g.fill(); }
    for (i = 0; i < view.notes.length; i++) {
        n = view.notes[i];
        x = (n[2] - view.from) / view.beats * width;
        w = Math.max(1.5, n[3] / view.beats * width - 0.7);
        y = height - 2 - (n[1] - view.low + (rows - (view.high - view.low + 1)) / 2 + 1) * step;
        g.set_source_rgba(COLOURS[n[0]] || COLOURS[0]);
        if (n[0] === TAKEN) { g.set_line_width(0.8); g.rectangle(x + 0.4, y + 0.4, Math.max(1, w - 0.8), Math.max(1, thick - 0.8)); g.stroke(); }
        else { g.rectangle(x, y, w, thick); g.fill(); }
    }
    if (view.differs) legend(g);
}
paint.local = 1;
function legend(g) {
    var x = 3, i;
    g.select_font_face("Ableton Sans Medium");
    g.set_font_size(8);
    for (i = 0; i < KEY.length; i++) {
        g.set_source_rgba(COLOURS[KEY[i][0]]);
        if (KEY[i][0] === TAKEN) { g.set_line_width(0.8); g.rectangle(x + 0.4, 3.4, 4.2, 4.2); g.stroke(); } else { g.rectangle(x, 3, 5, 5); g.fill(); }
        g.set_source_rgba(max.getcolor("live_lcd_control_fg"));
        g.move_to(x + 8, 8.5);
        g.show_text(KEY[i][1]);
        x += 16 + 5 * KEY[i][1].length;
    }
}
legend.local = 1;
