// The page: sets up all modules, the transport and the animation. All messages to the daemon go through wire.js.
import { connect, wire } from "./wire.js";
import { $, button, complain, make, say } from "./dom.js";
import { history } from "./history.js";
import { health } from "./labels.js";
import { score } from "./score.js";
import { beatsOf } from "./coming.js";
import { draw, roll } from "./roll.js";
import { sound, store, stored } from "./sound.js";
import { play, prompt } from "./prompt.js";
import { progression } from "./progression.js";
import { meters, mixer } from "./mixer.js";
import { perform } from "./perform.js";
import { keys } from "./keys.js";
import { takes } from "./takes.js";
import { book, sets } from "./book.js";

// transport
$("play").onclick = () => play();
$("stop").onclick = () => wire.send("stop");
$("panic").onclick = () => wire.send("panic");
addEventListener("keydown", (event) => {
  if (event.code !== "Space" || event.target.closest("input, select, button, textarea, summary, a, dialog")) return;
  event.preventDefault();
  if (score.state === "playing") wire.send("stop"); else play();
});

// the sound of this browser
const heard = () => {
  $("sound").setAttribute("aria-pressed", sound.on);
  $("sound").textContent = sound.on ? "Sound on" : sound.starting ? "Sound…" : "Sound off";
  $("notice").textContent = sound.on ? sound.notice : "";
  $("notice").hidden = !$("notice").textContent;
};
$("sound").onclick = async () => {
  try { if (sound.on) sound.stop(); else await sound.start(); } catch (error) { complain(error.message); }
  store("sound", sound.on);
  heard();
};
const first = () => { for (const kind of ["pointerdown", "keydown"]) removeEventListener(kind, first, true); if (stored("sound", true)) sound.prepare().catch(() => {}); };
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, first, true); // while words are typed the SoundFont comes
$("volume").value = sound.volume;
$("volume").oninput = () => sound.setVolume(Number($("volume").value));
$("volume").ondblclick = () => { $("volume").value = 0.8; sound.setVolume(0.8); };

// the daemon
wire.on("error", (address, reason) => { say(""); complain(`${address.replace("/llmball/", "")} ${reason}`.trim()); });
wire.on("unsent", () => complain("Not sent: there is no connection to LLMBall. Your words are still here."));
wire.on("found", () => { $("lost").hidden = true; $("link").textContent = "connected"; document.body.dataset.link = "connected"; });
wire.on("lost", () => {
  Object.assign($("lost"), { textContent: "Connection lost: LLMBall does not answer. This page waits for it and goes on by itself.", hidden: false });
  $("link").textContent = "not connected";
  document.body.dataset.link = "lost";
  Object.assign($("state"), { textContent: "offline" }).dataset.is = "offline";
});
wire.on("state", (state) => {
  $("state").textContent = state;
  $("state").dataset.is = state;
  $("stop").disabled = state === "idle";
  document.body.dataset.state = state;
  if (state !== "playing") unplaced();
});
wire.on("beat", (bar, beat, tempo) => {
  $("bar").textContent = `${bar}.${beat}`;
  $("bpm").textContent = tempo.toFixed(tempo % 1 ? 1 : 0);
  dots(beatsOf(score.bars(), bar, beat), beat);
});
function dots(count, beat) {
  if ($("beats").children.length !== count) $("beats").replaceChildren(...Array.from({ length: count }, () => make("i")));
  [...$("beats").children].forEach((dot, i) => dot.classList.toggle("on", i === beat - 1));
}
dots(4, 0);
/** Show no place in the music: nothing plays, or what does has not been told yet. */
function unplaced() {
  for (const id of ["bar", "chord"]) $(id).textContent = "–";
  for (const id of ["chord-next", "explained-now", "explained-next"]) $(id).textContent = "";
  dots($("beats").children.length, 0);
}
wire.on("connected", () => { $("composer").hidden = true; unplaced(); });
wire.on("composer/told", (text) => { Object.assign($("composer"), { textContent: `Language model: ${text}`, hidden: !text }); });
wire.on("chord", (symbol) => { $("chord").textContent = symbol; });
wire.on("planned", (planned) => {
  const next = planned.find(([quarter, , , chord]) => chord && quarter > score.quarterNow() + 0.05)?.[3] ?? "";
  $("chord-next").textContent = next && next !== $("chord").textContent ? `→ ${next}` : "";
});
wire.on("explained", (now, next) => {
  $("explained-now").textContent = now;
  $("explained-next").textContent = next === now || !next ? "" : `Next: ${next}`;
});
wire.on("health", (...told) => Object.assign($("health"), { textContent: health(...told), title: "late · dropped · starved · beats ahead · p99" }));

// MIDI output
let port = "";
function choose(names) {
  $("port").replaceChildren(...[...new Set([port, ...names])].filter(Boolean).map((name) => new Option(name, name, false, name === port)));
}
wire.on("port", (name) => { port = name; choose([]); });
wire.on("ports", choose);
$("port").onpointerdown = $("port").onfocus = () => wire.own("ports");
$("port").onchange = () => wire.own("port", $("port").value);

// sections, one at a time where the window is narrow
const SECTIONS = { mixer: "Mixer", perform: "Perform", takes: "Takes", along: "Play along", book: "Songbook", more: "More" };
const tabs = Object.entries(SECTIONS).map(([id, name]) => button(name, () => {
  document.body.dataset.tab = id;
  for (const tab of tabs) tab.setAttribute("aria-pressed", tab.textContent === name);
}));
document.querySelector("nav.tabs").append(...tabs);
tabs[0].setAttribute("aria-pressed", "true");
document.querySelector("details.wide").addEventListener("toggle", async () => (await import("./controls.js")).controls($("controls")), { once: true });
$("sheet-print").onclick = () => print();
$("sheet-close").onclick = () => $("sheet").close();

// animation: no frame is asked for between two that are drawn, which leaves CPU time to the daemon
const FRAME = 20, STILL = 180, METERS = 60; // milliseconds: before the next frame is asked for, so where nothing plays; between two looks at the levels
let peak = 0, metered = 0, was = "";
function frame(time) {
  setTimeout(() => requestAnimationFrame(frame), score.state === "playing" ? FRAME : STILL);
  draw();
  if (was !== `${sound.on} ${sound.starting}`) { was = `${sound.on} ${sound.starting}`; heard(); }
  const since = time - metered;
  if (since < METERS) return;
  metered = time;
  meters(since);
  const level = sound.level(), meter = $("meter"), value = Math.max(level, peak * 0.5 ** (since / 300));
  peak = value < 0.001 ? 0 : value;
  if (meter.value !== peak) meter.value = peak;
  if (level > Number(meter.dataset.loudest ?? -1)) meter.dataset.loudest = level.toFixed(4);
}

roll(); history(); prompt(); progression(); mixer(); perform(); keys(); takes(); book(); sets();
connect();
requestAnimationFrame(frame);
