// The piano roll: the notes that were played and are planned, in their parts' colours, with chords, bars and velocities.
import { $, complain } from "./dom.js";
import { saveMidi, saveStems, saveWav } from "./export.js";
import { score } from "./score.js";
import { sound } from "./sound.js";

export const PARTS = ["chords", "melody", "bass", "drums", "pad", "arp", "perc"];
export const STRUCK = ["drums", "perc"];
const RULER = 20, NAMES = 24, KIT = 8, LANE = 34; // pixels of bar numbers, chords and velocities; rows of drums
const KIT_ROWS = { 35: 0, 36: 0, 37: 1, 38: 1, 39: 1, 40: 1, 42: 2, 44: 2, 46: 3, 51: 4, 59: 4, 49: 5, 57: 5 };
const NARROWEST = 4, WIDEST = 128, MANY = 2500; // quarter notes shown, notes from which outlines and velocities are left out
const view = { span: 24, right: null, ahead: 4, low: 40, high: 80 }; // right: quarter note at the right edge, null follows what plays
const region = { from: 0, to: 0, looping: false };
let colours = {}, left = 0, perQuarter = 1;

/** Read the colours of the theme from the style sheet. */
function readColours() {
  const probe = document.body.appendChild(document.createElement("i")), of = (name) => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
  colours = Object.fromEntries([...PARTS, "roll", "roll-black", "roll-line", "roll-bar", "text", "soft", "accent", "region"].map((name) => [name, of(name)]));
  probe.remove();
}

export function roll() {
  const canvas = $("roll");
  readColours();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);
  const shift = (quarters) => {
    const most = Math.max(score.plannedUntil, score.quarterNow() + view.ahead);
    view.right = Math.max(Math.min(view.span, most), Math.min(most, (view.right ?? edge()) + quarters));
    if (view.right >= most - 1e-6 && quarters > 0) view.right = null;
    live();
  };
  const zoom = (factor) => { view.span = Math.max(NARROWEST, Math.min(WIDEST, view.span * factor)); };
  const live = () => $("live").setAttribute("aria-pressed", view.right === null);
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

export function draw() {
  const canvas = $("roll"), ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  }
  const c = canvas.getContext("2d", { alpha: false });
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.fillStyle = colours.roll;
  c.fillRect(0, 0, width, height);
  const playing = score.state === "playing", here = score.quarterNow();
  view.ahead += (Math.max(2, Math.min(view.span / 2, score.plannedUntil - here)) - view.ahead) * (playing ? 0.04 : 0);
  const right = view.right ?? edge();
  left = right - view.span;
  perQuarter = width / view.span;
  const x = (quarter) => (quarter - left) * perQuarter;
  const top = RULER + NAMES, lane = height - LANE, kit = (lane - top) * 0.22, floor = lane - kit, step = (floor - top) / (view.high - view.low + 1);
  keys(c, width, top, floor, step);
  if (region.to > region.from) { c.fillStyle = colours.region; c.fillRect(x(region.from), 0, x(region.to) - x(region.from), height); }
  lines(c, x, width, height, lane);
  const { notes } = score, first = score.firstAfter(left - score.longest);
  let last = first, low = 127, high = 0, ahead = 0;
  while (last < notes.length && notes[last].start < right) last++;
  const many = last - first > MANY, coming = new Set(), sounding = [];
  const rows = new Float64Array(KIT).fill(-Infinity); // where the last stroke of each drum row was drawn, in pixels
  let part = "", shade = -1, struck = false;
  for (let i = first; i < last; i++) {
    const n = notes[i], end = n.start + n.length;
    if (end < left) continue;
    const planned = n.start > here;
    if (planned) { ahead++; coming.add(n.part); }
    if (n.part !== part) { c.fillStyle = colours[part = n.part] ?? colours.text; struck = STRUCK.includes(part); }
    const alpha = (many ? 0.4 : (n.velocity >> 4) / 8 * 0.6) + (planned ? 0.15 : 0.4); // loud notes are strong, planned ones pale
    if (alpha !== shade) c.globalAlpha = shade = Math.min(1, alpha);
    if (struck) {
      const row = n.part === "perc" ? 7 : KIT_ROWS[n.pitch] ?? 6, at = x(n.start);
      if (many && at - rows[row] < 2) continue; // they lie on one another
      rows[row] = at;
      c.fillRect(at, lane - (row + 1) * kit / KIT + 1, Math.max(3, Math.min(10, perQuarter * 0.11)), kit / KIT - 1.5);
    } else {
      if (n.pitch < low) low = n.pitch;
      if (n.pitch > high) high = n.pitch;
      const y = floor - (n.pitch - view.low + 1) * step, w = Math.max(2.5, n.length * perQuarter - 1);
      c.fillRect(x(n.start), y, w, Math.max(4, step - 1));
      if (playing && !planned && here < end && !many) sounding.push(x(n.start), y, w);
    }
    if (!many) c.fillRect(x(n.start), height - 2 - n.velocity / 127 * (LANE - 6), 2, n.velocity / 127 * (LANE - 6));
  }
  c.globalAlpha = 1;
  c.strokeStyle = colours.text;
  c.lineWidth = 1.5;
  for (let i = 0; i < sounding.length; i += 3) c.strokeRect(sounding[i], sounding[i + 1] - 0.5, sounding[i + 2], Math.max(4, step - 1) + 1);
  if (high >= low) { // the range of pitches follows the notes slowly
    view.low += (Math.min(low - 2, 46) - view.low) * 0.08;
    view.high += (Math.max(high + 2, 74) - view.high) * 0.08;
  }
  const names = chords(c, x, width, here);
  c.fillStyle = colours.accent;
  c.fillRect(x(here) - 1, 0, 2, height);
  if (!notes.length && !playing) {
    c.fillStyle = colours.soft; c.font = "15px system-ui, sans-serif"; c.textAlign = "center";
    c.fillText("What the band plays runs along here", width / 2, (top + floor) / 2);
  }
  Object.assign(canvas.dataset, { quarter: here.toFixed(3), ahead, notes: notes.length, parts: [...coming].join(" "), chords: names, filled: (x(score.plannedUntil) / width).toFixed(2) });
}

function keys(c, width, top, floor, step) {
  c.fillStyle = colours["roll-black"];
  for (let p = Math.ceil(view.low); p <= view.high; p++) {
    if ([1, 3, 6, 8, 10].includes(p % 12)) c.fillRect(0, floor - (p - view.low + 1) * step, width, step);
  }
}

function lines(c, x, width, height, lane) {
  c.font = "11px system-ui, sans-serif"; c.textAlign = "left";
  const spacing = 34 / perQuarter;
  let named = -Infinity;
  for (const [quarter, number, beat] of score.beats) {
    const at = x(quarter);
    if (at < -1 || at > width || (beat !== 1 && perQuarter < 12)) continue;
    c.fillStyle = beat === 1 ? colours["roll-bar"] : colours["roll-line"];
    c.fillRect(at, beat === 1 ? 0 : RULER + NAMES, 1, height);
    if (beat === 1 && quarter - named >= spacing) { c.fillStyle = colours.soft; c.fillText(number, at + 4, 14); named = quarter; }
  }
  c.fillStyle = colours["roll-bar"];
  c.fillRect(0, RULER, width, 1);
  c.fillRect(0, lane, width, 1);
}

function chords(c, x, width, here) {
  c.font = "600 14px system-ui, sans-serif"; c.textAlign = "left";
  const named = score.beats.filter(([, , , chord]) => chord);
  const shown = placed(named.map(([quarter]) => x(quarter)), (i) => c.measureText(named[i][3]).width, width);
  for (const [i, at] of shown) {
    const [quarter, , , chord] = named[i];
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
