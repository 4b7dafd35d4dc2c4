// Playing along: follow, the computer's keys, a MIDI keyboard at this browser, and MIDI learn.
import { $, button, complain, make } from "./dom.js";
import { inputLine } from "./labels.js";
import { release as unlock } from "./progression.js";
import { sound } from "./sound.js";
import { wire } from "./wire.js";

const ROW = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP"];
const BLACK = [1, 3, 6, 8, 10], SHOWN = 25, VELOCITY = 88;
const LEARNABLE = ["play", "stop", "tap", "like", "skip", "back", "keep", "cue fill", "cue break", "cue build", "cue drop", "cue ending",
  ...Array.from({ length: 16 }, (_, i) => `bank/${i + 1}/launch`), "morph/x", "energy", "density", "brightness", "complexity", "tempo"];
let octave = 4, computer = false, layout = null; // layout: what the keys are called on this keyboard, where the browser tells
const down = new Map(); // pitch: how many fingers hold it

export function keys() {
  let locked = false;
  wire.on("follow", (on) => { $("follow").setAttribute("aria-pressed", on === 1); inputsTold(); });
  wire.on("chords", (said) => { locked = said !== "auto"; inputsTold(); });
  $("follow").onclick = () => wire.send("follow", $("follow").getAttribute("aria-pressed") === "true" ? 0 : 1);
  $("follow-unlock").onclick = unlock;
  wire.on("follow/mode", (mode) => {
    if (![...$("follow-mode").options].some((o) => o.value === mode)) $("follow-mode").append(new Option(mode, mode));
    $("follow-mode").value = mode;
  });
  const inputs = new Map();
  const input = (number, told) => {
    inputs.set(number, { ...inputs.get(number), ...told });
    inputsTold();
  };
  const inputsTold = () => {
    const follows = $("follow").getAttribute("aria-pressed") === "true", hint = follows ? "Play on the keys below or a MIDI keyboard: the band follows." : "";
    $("inputs").textContent = [...inputs].sort().map(([n, known]) => inputLine(n, known, follows)).filter(Boolean).join(" · ") || hint;
    $("follow-locked").hidden = !follows || !locked;
  };
  wire.on("connected", () => { inputs.clear(); inputsTold(); }); // another daemon may have fewer
  wire.on("input", (number, name, state) => input(number, { name, state }));
  wire.on("input/latency", (number, ms, gaps) => input(number, { ms, gaps }));
  wire.on("input/plays", (number, plays) => input(number, { plays }));
  $("follow-mode").onchange = () => wire.send("follow/mode", $("follow-mode").value);
  $("tap").onclick = () => wire.send("tap");
  $("octave-down").onclick = () => shift(-1);
  $("octave-up").onclick = () => shift(1);
  $("computer-keys").onclick = () => {
    computer = !computer;
    $("computer-keys").setAttribute("aria-pressed", computer);
    if (computer) sound.prepare().catch((error) => complain(error.message));
    piano();
  };
  addEventListener("keydown", (event) => {
    const step = ROW.indexOf(event.code);
    if (!computer || step < 0 || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), select, textarea, dialog")) return;
    event.preventDefault();
    press(12 * (octave + 1) + step, VELOCITY);
  });
  addEventListener("keyup", (event) => { const step = ROW.indexOf(event.code); if (computer && step >= 0) release(12 * (octave + 1) + step); });
  addEventListener("blur", () => { for (const pitch of [...down.keys()]) release(pitch, true); });
  $("midi-keys").onclick = midiKeyboard;
  navigator.keyboard?.getLayoutMap?.().then((map) => { layout = map; piano(); }, () => {});
  piano();
  learn();
}

/** A key goes down: heard here, and told to the daemon as if it came from its own MIDI input. */
function press(pitch, velocity) {
  if (pitch < 0 || pitch > 127) return;
  down.set(pitch, (down.get(pitch) ?? 0) + 1);
  if (down.get(pitch) > 1) return;
  wire.own("played", 0x90, pitch, velocity);
  sound.key(pitch, velocity).then(tellLatency, (error) => complain(error.message));
  light(pitch, true);
}

function release(pitch, all = false) {
  const fingers = (down.get(pitch) ?? 0) - 1;
  if (fingers > 0 && !all) { down.set(pitch, fingers); return; }
  if (!down.delete(pitch)) return;
  if (wire.open) wire.own("played", 0x80, pitch, 0);
  sound.key(pitch, 0);
  light(pitch, false);
}

function tellLatency() {
  const seconds = sound.latency();
  $("late-keys").textContent = seconds === null ? "" : `a key sounds after ${Math.round(seconds * 1000)} ms`;
}

function shift(by) { for (const pitch of [...down.keys()]) release(pitch, true); octave = Math.max(0, Math.min(7, octave + by)); piano(); }

function light(pitch, on) { $("keyboard").querySelector(`[data-pitch="${pitch}"]`)?.classList.toggle("down", on); }

function piano() {
  const low = 12 * (octave + 1);
  $("keyboard").replaceChildren(...Array.from({ length: SHOWN }, (_, i) => {
    const pitch = low + i, name = `${["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"][pitch % 12]}${Math.floor(pitch / 12) - 1}`;
    const key = button("", null, { label: name, className: BLACK.includes(pitch % 12) ? "key black" : "key", tabIndex: i ? -1 : 0 });
    key.dataset.pitch = pitch;
    if (computer && ROW[i]) key.append(make("kbd", { textContent: keyName(ROW[i], layout) }));
    if (pitch % 12 === 0) key.append(make("small", { textContent: name }));
    key.onpointerdown = (event) => { key.setPointerCapture?.(event.pointerId); press(pitch, VELOCITY); };
    key.onpointerup = key.onpointercancel = () => release(pitch);
    key.onkeydown = (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (move) { const next = $("keyboard").querySelector(`[data-pitch="${pitch + move}"]`); if (next) { key.tabIndex = -1; next.tabIndex = 0; next.focus(); } event.preventDefault(); }
      if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); press(pitch, VELOCITY); }
    };
    key.onkeyup = (event) => { if (event.key === "Enter" || event.key === " ") release(pitch); };
    return key;
  }));
}

/** Return what is printed on a key of the computer's keyboard. */
export const keyName = (code, map) => (map?.get(code) ?? code.replace("Key", "")).toUpperCase();

async function midiKeyboard() {
  if (!navigator.requestMIDIAccess) return complain("This browser gives this page no MIDI: open it on the daemon's own machine in Chrome, Edge or Firefox, or start the daemon with --input");
  try {
    const access = await navigator.requestMIDIAccess(), hear = ({ data: [status, pitch, velocity] }) => {
      const kind = status & 0xf0;
      if (kind === 0x90 && velocity) press(pitch, velocity);
      else if (kind === 0x90 || kind === 0x80) release(pitch);
      else if (kind === 0xb0 || kind === 0xc0) wire.own("played", status, pitch, velocity ?? 0);
    };
    const listen = () => { for (const input of access.inputs.values()) input.onmidimessage = hear; };
    listen();
    access.onstatechange = listen;
    $("midi-keys").setAttribute("aria-pressed", "true");
    $("midi-keys").title = [...access.inputs.values()].map((i) => i.name).join(", ") || "no keyboard is plugged in yet";
  } catch (error) { complain(`No MIDI here: ${error.message}`); }
}

function learn() {
  $("learn-what").append(...LEARNABLE.map((words) => new Option(words.replace(/\/launch$/, "").replace("bank/", "pad ").replace("/", " "), words)));
  let armed = false;
  $("learn").onsubmit = (event) => {
    event.preventDefault();
    armed = !armed;
    wire.send("learn", armed ? $("learn-what").value : "");
    $("learnt").textContent = armed ? "Touch a key, pad or knob now." : "Given up.";
    event.submitter.textContent = armed ? "Give up" : "Learn";
  };
  $("unlearn").onclick = () => { wire.send("unlearn", ""); $("learnt").textContent = "Nothing is learnt."; };
  wire.on("learnt", (touch, words) => {
    armed = false;
    $("learn").querySelector("button").textContent = "Learn";
    $("learnt").textContent = `${touch} now does: ${words}`;
  });
}
