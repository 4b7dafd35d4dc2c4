// The piano roll: the notes that were played and are planned, in their parts' colours, with chords, bars and velocities.
import { $, complain, make } from "./dom.js";
import { saveMidi, saveStems, saveWav } from "./export.js";
import { score } from "./score.js";
import { sound } from "./sound.js";

export const PARTS = ["chords", "melody", "bass", "drums", "pad", "arp", "perc"];
export const STRUCK = ["drums", "perc"];
const RULER = 20, NAMES = 24, KIT = 8, LANE = 34; // pixels of bar numbers, chords and velocities; rows of drums
const KIT_ROWS = { 35: 0, 36: 0, 37: 1, 38: 1, 39: 1, 40: 1, 42: 2, 44: 2, 46: 3, 51: 4, 59: 4, 49: 5, 57: 5 };
const NARROWEST = 4, WIDEST = 128; // quarter notes shown
const TILE = 512, NUMBER = 34, SLACK = 6; // device pixels of a tile; pixels that a bar's number needs; semitones that may stay empty
const PALE = 0.45, TELL = 0.2; // how much paler planned notes are; quarter notes between two tellings of what is shown
const view = { span: 24, right: null, ahead: 4, low: 40, high: 80 }; // right: quarter note at the right edge, null follows what plays
const region = { from: 0, to: 0, looping: false };
const size = { width: 0, height: 0 }; // of the canvas, in pixels of the page
const tiles = new Map(); // pictures by number, from quarter note 0 on; `tilesFor`: what all of them were drawn for
let colours = {}, left = 0, perQuarter = 1, tilesFor = "", drawn = "", told = -Infinity;

/** Read the colours of the theme from the style sheet. */
function readColours() {
  const probe = document.body.appendChild(document.createElement("i")), of = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  colours = Object.fromEntries([...PARTS, "roll", "roll-black", "roll-line", "roll-bar", "text", "soft", "accent", "region"].map((name) => [name, of(name)]));
  probe.remove();
  tilesFor = drawn = "";
}

export function roll() {
  const canvas = $("roll");
  readColours();
  new ResizeObserver(() => Object.assign(size, { width: canvas.clientWidth, height: canvas.clientHeight })).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);
  const shift = (quarters) => {
    const most = Math.max(score.plannedUntil, score.quarterNow() + view.ahead);
    view.right = Math.max(Math.min(view.span, most), Math.min(most, (view.right ?? edge()) + quarters));
    if (view.right >= most - 1e-6 && quarters > 0) view.right = null;
    live();
  };
  const zoom = (factor) => { view.span = Math.max(NARROWEST, Math.min(WIDEST, view.span * factor)); requestAnimationFrame(draw); };
  const live = () => { $("live").setAttribute("aria-pressed", view.right === null); requestAnimationFrame(draw); };
  $("earlier").onclick = () => shift(-view.span / 3);
  $("later").onclick = () => shift(view.span / 3);
  $("live").onclick = () => { view.right = null; live(); };
  $("narrower").onclick = () => zoom(1.5);
  $("wider").onclick = () => zoom(1 / 1.5);
  canvas.addEventListener("wheel", (event) => {
    if (event.ctrlKey) { event.preventDefault(); zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15); }
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); shift((event.deltaX || event.deltaY) / perQuarter); }
  }, { passive: false });
  let drag = null;
  canvas.onpointerdown = (event) => {
    const box = canvas.getBoundingClientRect(), quarter = left + (event.clientX - box.left) / perQuarter;
    drag = { x: event.clientX, right: view.right ?? edge(), quarter, selects: event.clientY - box.top < RULER + 6 };
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (!drag) return;
    const moved = (event.clientX - drag.x) / perQuarter;
    if (drag.selects) choose(...[drag.quarter, drag.quarter + moved].sort((a, b) => a - b));
    else if (Math.abs(event.clientX - drag.x) > 4) { view.right = drag.right; shift(-moved); }
  };
  canvas.onpointerup = canvas.onpointercancel = () => { drag = null; };
  $("legend").append(...PARTS.map((part) => Object.assign(document.createElement("li"), { textContent: part })));
  [...$("legend").children].forEach((item, i) => { item.dataset.part = PARTS[i]; });
  $("region-bars").onchange = () => {
    const count = Number($("region-bars").value), done = score.bars().filter((bar) => bar.to <= score.quarterNow() + 1e-6);
    if (!count) return choose(0, 0);
    if (!done.length) { $("region-bars").value = "0"; return complain("No whole bar has played yet"); }
    choose(done[Math.max(0, done.length - count)].from, done.at(-1).to - 1e-3);
  };
  const act = (what) => () => { const song = score.region(region.from, region.to); if (song) what({ ...song, title: $("region-name").textContent }); else complain("This region has no notes"); };
  $("region-mid").onclick = act(saveMidi);
  $("region-wav").onclick = act(saveWav);
  $("region-stems").onclick = act(saveStems);
  $("region-loop").onclick = act((song) => {
    loop(!region.looping);
    sound.hear(region.looping ? song : null, true).catch((error) => { loop(false); complain(error.message); });
  });
}

function loop(on) { region.looping = on; $("region-loop").setAttribute("aria-pressed", on); }

/** Choose the bars that two quarter notes touch as the region, none where both are 0. */
function choose(from, to) {
  const bars = score.bars().filter((bar) => bar.to > from + 1e-6 && bar.from < to);
  if (region.looping) { loop(false); sound.hear(null); }
  Object.assign(region, to > from && bars.length ? { from: bars[0].from, to: bars.at(-1).to } : { from: 0, to: 0 });
  $("region").hidden = region.to <= region.from;
  if (!$("region").hidden) $("region-name").textContent = bars.length > 1 ? `bars ${bars[0].number}–${bars.at(-1).number}` : `bar ${bars[0].number}`;
  else $("region-bars").value = "0";
}

/** Return the quarter note at the right edge while the roll follows what plays. */
function edge() { return score.state === "playing" ? Math.max(score.quarterNow() + view.ahead, view.span) : Math.max(score.quarterNow() + 0.25, Math.min(view.span, 16)); }

/** Draw what changed: the tiles that lie in the window, and over them what moves. */
export function draw() {
  const canvas = $("roll"), ratio = devicePixelRatio || 1, { width, height } = size;
  if (!width) return;
  const playing = score.state === "playing", here = score.quarterNow();
  if (playing) view.ahead += (Math.max(2, Math.min(view.span / 2, score.plannedUntil - here)) - view.ahead) * 0.04;
  const scale = width * ratio / view.span, right = view.right ?? edge(), offset = Math.round((right - view.span) * scale);
  left = offset / scale;
  perQuarter = width / view.span;
  fit(right);
  const drawnFor = [scale, height, ratio, view.low, view.high, region.from, region.to].join();
  const [from, to] = score.changed;
  if (drawnFor !== tilesFor) { tiles.clear(); tilesFor = drawnFor; }
  else if (from < to) for (const number of tiles.keys()) if ((number + 1) * TILE > from * scale && number * TILE < to * scale) tiles.delete(number);
  const frame = [tilesFor, offset, here, score.version].join();
  if (frame === drawn && from >= to) return;
  drawn = frame;
  score.changed = [Infinity, -Infinity];

  const wide = Math.round(width * ratio), tall = Math.round(height * ratio);
  if (canvas.width !== wide || canvas.height !== tall) Object.assign(canvas, { width: wide, height: tall });
  const c = canvas.getContext("2d", { alpha: false }), x = (quarter) => (quarter * scale - offset) / ratio;
  c.setTransform(1, 0, 0, 1, 0, 0);
  const first = Math.floor(offset / TILE), last = Math.floor((offset + wide - 1) / TILE);
  for (const number of tiles.keys()) if (number < first || number > last) tiles.delete(number);
  for (let number = first; number <= last; number++) {
    if (!tiles.has(number)) tiles.set(number, tile(number, scale, ratio));
    c.drawImage(tiles.get(number), number * TILE - offset, 0);
  }
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.globalAlpha = PALE;
  c.fillStyle = colours.roll;
  c.fillRect(x(here), RULER + NAMES, width, height);
  c.globalAlpha = 1;
  if (playing) outlines(c, x, here);
  const names = chords(c, x, width, here);
  if (playing || score.notes.length) {
    c.fillStyle = colours.accent;
    c.fillRect(x(here) - 1, 0, 2, height);
  } else {
    c.fillStyle = colours.soft; c.font = "15px system-ui, sans-serif"; c.textAlign = "center";
    c.fillText("What the band plays runs along here", width / 2, height / 2);
  }
  if (playing && here > told && here < told + TELL) return;
  told = here;
  const coming = score.notes.slice(score.firstAfter(here), score.firstAfter(right));
  Object.assign(canvas.dataset, { quarter: here.toFixed(3), ahead: coming.length, notes: score.notes.length, parts: [...new Set(coming.map((n) => n.part))].join(" "), chords: names, filled: (x(score.plannedUntil) / width).toFixed(2) });
}

/** Fit the range of pitches to the notes in the window, where these leave it or need much less. */
function fit(right) {
  let low = 127, high = 0;
  for (let i = score.firstAfter(left - score.longest); i < score.notes.length && score.notes[i].start < right; i++) {
    const { part, pitch } = score.notes[i];
    if (STRUCK.includes(part)) continue;
    if (pitch < low) low = pitch;
    if (pitch > high) high = pitch;
  }
  const least = Math.min(low - 2, 46), most = Math.max(high + 2, 74);
  if (high >= low && (least < view.low || most > view.high || least - view.low > SLACK || view.high - most > SLACK)) Object.assign(view, { low: least, high: most });
}

/** Return the picture of a stretch of the roll as if all of it had been played: lines, bar numbers, notes, velocities. */
function tile(number, scale, ratio) {
  const { height } = size, canvas = make("canvas", { width: TILE, height: Math.round(height * ratio) }), c = canvas.getContext("2d", { alpha: false });
  const from = number * TILE / scale, to = from + TILE / scale, x = (quarter) => (quarter * scale - number * TILE) / ratio, rows = rowsOf();
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.fillStyle = colours.roll;
  c.fillRect(0, 0, TILE, height);
  c.fillStyle = colours["roll-black"];
  for (let pitch = view.low; pitch <= view.high; pitch++) if ([1, 3, 6, 8, 10].includes(pitch % 12)) c.fillRect(0, rows.of(pitch), TILE, rows.step);
  if (region.to > region.from) { c.fillStyle = colours.region; c.fillRect(x(region.from), 0, x(region.to) - x(region.from), height); }
  lines(c, x, height, rows.lane);
  let part = "", shade = -1, struck = false;
  for (let i = score.firstAfter(from - score.longest); i < score.notes.length && score.notes[i].start < to; i++) {
    const n = score.notes[i], at = x(n.start);
    if (n.part !== part) { c.fillStyle = colours[part = n.part] ?? colours.text; struck = STRUCK.includes(part); }
    const alpha = Math.min(1, (n.velocity >> 4) / 8 * 0.6 + 0.4); // loud notes are strong
    if (alpha !== shade) c.globalAlpha = shade = alpha;
    if (struck) {
      const row = part === "perc" ? KIT - 1 : KIT_ROWS[n.pitch] ?? KIT - 2;
      c.fillRect(at, rows.lane - (row + 1) * rows.kit / KIT + 1, Math.max(3, Math.min(10, perQuarter * 0.11)), rows.kit / KIT - 1.5);
    } else c.fillRect(at, rows.of(n.pitch), Math.max(2.5, n.length * perQuarter - 1), Math.max(4, rows.step - 1));
    c.fillRect(at, height - 2 - n.velocity / 127 * (LANE - 6), 2, n.velocity / 127 * (LANE - 6));
  }
  return canvas;
}

/** Return where rows lie, in pixels: `lane`, the lower edge of the drums, the height of these and of a pitch's row, the top of a pitch's. */
function rowsOf() {
  const top = RULER + NAMES, lane = size.height - LANE, kit = (lane - top) * 0.22, step = (lane - kit - top) / (view.high - view.low + 1);
  return { lane, kit, step, of: (pitch) => lane - kit - (pitch - view.low + 1) * step };
}

function lines(c, x, height, lane) {
  c.font = "11px system-ui, sans-serif"; c.textAlign = "left";
  for (const bar of score.bars()) {
    const at = x(bar.from), wide = x(bar.to) - at;
    if (at + Math.max(wide, NUMBER) < 0 || at > TILE) continue;
    if (perQuarter >= 12) {
      c.fillStyle = colours["roll-line"];
      for (const quarter of bar.beats) c.fillRect(x(quarter), RULER + NAMES, 1, height);
    }
    if (!bar.opens) continue;
    c.fillStyle = colours["roll-bar"];
    c.fillRect(at, 0, 1, height);
    c.fillStyle = colours.soft;
    if ((bar.number - 1) % 2 ** Math.max(0, Math.ceil(Math.log2(NUMBER / wide))) === 0) c.fillText(bar.number, at + 4, 14);
  }
  c.fillStyle = colours["roll-bar"];
  c.fillRect(0, RULER, TILE, 1);
  c.fillRect(0, lane, TILE, 1);
}

/** Draw lines around the notes that sound. */
function outlines(c, x, here) {
  const rows = rowsOf();
  c.strokeStyle = colours.text;
  c.lineWidth = 1.5;
  for (let i = score.firstAfter(here - score.longest); i < score.notes.length && score.notes[i].start <= here; i++) {
    const { part, pitch, start, length } = score.notes[i];
    if (start + length > here && !STRUCK.includes(part)) c.strokeRect(x(start), rows.of(pitch) - 0.5, Math.max(2.5, length * perQuarter - 1), Math.max(4, rows.step - 1) + 1);
  }
}

let named = { version: -1, chords: [] }; // the beats with a chord's name, of a version of the score
const widths = new Map(); // of names, in pixels
function chords(c, x, width, here) {
  if (named.version !== score.version) named = { version: score.version, chords: score.beats.filter(([, , , chord]) => chord) };
  c.font = "600 14px system-ui, sans-serif"; c.textAlign = "left";
  const held = Math.max(0, named.chords.findLastIndex(([quarter]) => x(quarter) < 0)), inWindow = [];
  for (let i = held; i < named.chords.length && x(named.chords[i][0]) < width; i++) inWindow.push(named.chords[i]);
  const widthOf = (i) => { const name = inWindow[i][3]; if (!widths.has(name)) widths.set(name, c.measureText(name).width); return widths.get(name); };
  const shown = placed(inWindow.map(([quarter]) => x(quarter)), widthOf, width);
  for (const [i, at] of shown) {
    const [quarter, , , chord] = inWindow[i];
    c.fillStyle = quarter <= here ? colours.soft : colours.accent;
    c.fillText(chord, at, RULER + 17);
  }
  return shown.length;
}

/** Return which names are shown, and where, in pixels: that which began before the edge stays at it until the next one pushes it out, others stand at their places, if there is room. */
export function placed(places, widthOf, width) {
  const held = places.findLastIndex((place) => place < 0), shown = [];
  let free = -Infinity;
  for (let i = Math.max(held, 0); i < places.length && places[i] + 5 <= width; i++) {
    const wide = widthOf(i), at = i === held ? Math.min(5, (places[i + 1] ?? Infinity) - wide - 3) : places[i] + 5;
    if (at < free) continue;
    shown.push([i, at]);
    free = at + wide + 4;
  }
  return shown;
}
