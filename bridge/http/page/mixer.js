// The mixer: a strip for each part with meter, level, mute, solo and instrument, and under "more" what is set once.
import { $, button, limited, make } from "./dom.js";
import { PARTS, STRUCK } from "./roll.js";
import { GROUPS, KIT_NAMES, PROGRAMS, USUAL } from "./programs.js";
import { together } from "./history.js";
import { sound, store, stored } from "./sound.js";
import { wire } from "./wire.js";

const VOICINGS = ["auto", "close", "open", "drop2", "shell", "rootless", "power"];
const strips = {}, solo = recalled();

export function mixer() {
  for (const [part, number] of Object.entries(USUAL)) sound.program(part, number);
  wire.on("understood/programs", (...args) => { for (let i = 0; i < args.length; i += 2) sound.program(args[i], args[i + 1]); });
  $("parts").append(...PARTS.map(strip));
  wire.on("welcome", () => { // the solo of before a reload holds if the band still plays so
    if (PARTS.some((part) => solo.parts.size && strips[part].enabled() !== wanted(part))) solo.parts.clear();
    soloed();
  });
}

function recalled() {
  const { parts = [], before = {} } = stored("solo", {});
  return { parts: new Set(parts.filter((part) => PARTS.includes(part))), before };
}

/** Show the level of each part's sound; called at each frame. */
export function meters(since) {
  for (const part of PARTS) {
    const peak = sound.peaks[part] ?? 0, strip = strips[part], value = Math.min(1, Math.max(peak, strip.peak * 0.5 ** (since / 150)));
    if (Math.abs(value - strip.shown) > 0.004) { strip.meter.style.setProperty("--level", value.toFixed(3)); strip.shown = value; }
    strip.peak = value;
    sound.peaks[part] = 0;
  }
}

function strip(name) {
  const path = `part/${name}`, row = make("div", { className: "strip", of: name });
  const mute = button("M", null, { id: `mute-${name}`, className: "small", label: `Mute ${name}`, title: `Mute ${name}` });
  const alone = button("S", () => toggleSolo(name), { id: `solo-${name}`, className: "small", label: `Solo ${name}`, title: `Only ${name} (and other parts on solo)` });
  alone.setAttribute("aria-pressed", "false");
  const level = make("input", { type: "range", min: 0, max: 2, step: 0.01, id: `level-${name}`, label: `Level of ${name}` });
  const meter = make("span", { className: "meter", ariaHidden: "true" });
  const program = make("select", { id: `program-${name}`, label: `Instrument of ${name}`, title: "Instrument: the words' own, or yours" });
  const byWords = new Option("by the words", -1);
  program.append(byWords);
  if (STRUCK.includes(name)) program.append(...Object.entries(KIT_NAMES).map(([number, kit]) => new Option(kit, number)));
  else program.append(...GROUPS.map((group, g) => make("optgroup", {}, ...PROGRAMS.slice(g * 8, g * 8 + 8).map((text, i) => new Option(text, g * 8 + i)))));
  if (!STRUCK.includes(name)) [...program.querySelectorAll("optgroup")].forEach((group, g) => { group.label = GROUPS[g]; });
  program.onchange = () => wire.send(`${path}/program`, Number(program.value));
  let byHand = -1;
  const named = () => {
    const words = sound.programs[name];
    byWords.textContent = words === undefined || byHand >= 0 ? "by the words" : `${STRUCK.includes(name) ? KIT_NAMES[words] ?? `Kit ${words}` : PROGRAMS[words]}`;
    program.value = byHand;
    program.parentElement?.classList.toggle("set", byHand >= 0);
  };
  wire.on(`${path}/program`, (number) => { byHand = number; if (number >= 0) sound.program(name, number); named(); });
  wire.on("understood/programs", named);
  named();
  const unset = button("×", () => wire.send(`${path}/program`, -1), { className: "undo", label: `Leave the instrument of ${name} to the words`, title: "You chose this: leave the instrument to the words" });
  const choice = make("span", { className: "choice" }, program, unset);
  const figure = make("output", { htmlFor: level.id, textContent: "100" });
  const usual = button("×", () => wire.send(`${path}/level`, 1), { className: "undo", label: `Level of ${name}: back to 100 %`, title: "You set this: back to 100 %" });
  const fader = make("span", { className: "fader" }, make("span", { className: "slide" }, meter, level), figure, usual);
  const leveled = (value) => {
    figure.textContent = Math.round(value * 100);
    level.title = `${Math.round(value * 100)} % (double click: 100 %)`;
    fader.classList.toggle("set", Math.abs(value - 1) > 1e-6);
  };
  const more = make("details", { className: "extra" }, make("summary", { textContent: "more", label: `More of ${name}` }), extra(name, path));
  row.append(make("b", { textContent: name }), fader, make("span", { className: "pair" }, mute, alone), choice, more);
  let enabled = 1, unmuted = 1, words = [], has = false; // of pad, arp and perc -1 too: they play where the words ask for them
  const told = () => {
    if (enabled) has = words.includes(name);
    const alone = silenced(name) && !enabled, muted = !enabled && !alone, adds = enabled < 0 && !has;
    const what = adds ? `Add ${name}: now only where the words ask for it` : `Mute ${name}`;
    row.classList.toggle("off", muted);
    row.classList.toggle("hushed", alone);
    mute.textContent = adds ? "Add" : "M";
    mute.setAttribute("aria-label", what);
    mute.title = alone ? `${what} (silent now: another part is on solo)` : what;
    mute.setAttribute("aria-pressed", muted);
  };
  wire.on(`${path}/enabled`, (value) => {
    if (!value && enabled) wire.tell("part-muted", name);
    if (value) unmuted = value;
    enabled = value;
    told();
  });
  wire.on("understood/parts", (...parts) => { words = parts; told(); });
  wire.on(`${path}/level`, (value) => { level.value = value; leveled(value); });
  mute.onclick = () => {
    if (!solo.parts.size || solo.parts.has(name)) wire.send(`${path}/enabled`, !enabled ? unmuted : enabled > 0 || has ? 0 : 1);
    else { // it stays silent, as the solo's end will show
      const was = solo.before[name], set = (value) => { solo.before[name] = value; soloed(); };
      together(`${was ? "mute" : "unmute"} ${name}`, () => set(was ? 0 : unmuted), () => set(was));
    }
  };
  const send = limited(() => wire.send(`${path}/level`, Number(level.value)));
  level.oninput = () => { leveled(Number(level.value)); send(); };
  level.ondblclick = () => wire.send(`${path}/level`, 1);
  strips[name] = { row, told, meter, alone, program, peak: 0, shown: 0, enabled: () => enabled };
  return row;
}

/** Hear only the parts on solo: the others are muted, and as before when no part is on solo any more. */
function toggleSolo(name) {
  const { parts, before } = solo, was = { parts: new Set(parts), before: { ...before } };
  if (!parts.size) for (const part of PARTS) before[part] = strips[part].enabled();
  if (!parts.delete(name)) parts.add(name);
  together(`solo of ${name}`, () => { for (const part of PARTS) if (strips[part].enabled() !== wanted(part)) wire.send(`part/${part}/enabled`, wanted(part)); },
    () => { Object.assign(solo, was); soloed(); });
  soloed();
}

/** Whether a part is silent only because others are on solo. */
const silenced = (part) => solo.parts.size > 0 && !solo.parts.has(part) && solo.before[part] !== 0;

const wanted = (part) => !solo.parts.size ? solo.before[part] : solo.parts.has(part) ? solo.before[part] || 1 : 0;

function soloed() {
  for (const part of PARTS) { strips[part].alone.setAttribute("aria-pressed", solo.parts.has(part)); strips[part].told(); }
  store("solo", { parts: [...solo.parts], before: solo.before });
}

/** Make the controls of a part that are seldom changed. */
function extra(name, path) {
  const rows = [["channel", "MIDI channel", 1, 16], ...(STRUCK.includes(name) ? [] : [["octave", "octave", -3, 3]]), ["low", "lowest note", 0, 127], ["high", "highest note", 0, 127], ["offset", "later, ms", -100, 100]];
  const box = make("div", { className: "extras" });
  for (const [control, text, min, max] of rows) {
    const input = make("input", { type: "number", min, max, id: `${control}-${name}` });
    wire.on(`${path}/${control}`, (value) => { if (document.activeElement !== input) input.value = value; });
    input.onchange = () => wire.send(`${path}/${control}`, Number(input.value));
    box.append(make("label", { textContent: `${text} ` }, input));
  }
  if (["chords", "pad"].includes(name)) {
    const voicing = make("select", { id: `voicing-${name}` });
    voicing.append(...VOICINGS.map((v) => new Option(v, v)));
    wire.on(`${path}/voicing`, (value) => { voicing.value = value; });
    voicing.onchange = () => wire.send(`${path}/voicing`, voicing.value);
    box.append(make("label", { textContent: "voicing " }, voicing));
  }
  return box;
}
