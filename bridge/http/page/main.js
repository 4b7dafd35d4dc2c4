// The page: sets up all elements. All messages to the daemon are sent through wire.js.
import { connect, wire } from "./wire.js";
import { score } from "./score.js";
import { COLOURS, draw } from "./roll.js";
import { sound } from "./sound.js";
import { facts } from "./facts.js";
import { band } from "./band.js";
import { stage } from "./stage.js";

const $ = (id) => document.getElementById(id);

// transport
$("play").onclick = () => wire.send("play");
$("stop").onclick = () => wire.send("stop");
$("panic").onclick = () => wire.send("panic");
$("sound").onclick = async () => {
  try { await sound.toggle(); } catch (error) { complain(error.message); }
  $("sound").setAttribute("aria-pressed", sound.on);
};
addEventListener("keydown", (event) => {
  if (event.code !== "Space" || event.target.closest("input, select, button, textarea, summary, a")) return;
  event.preventDefault();
  wire.send(score.state === "playing" ? "stop" : "play");
});

// prompt
$("ask").onsubmit = (event) => {
  event.preventDefault();
  if ($("prompt").value.trim()) wire.send("prompt", $("prompt").value);
};
$("change").onsubmit = (event) => {
  event.preventDefault();
  if ($("refine").value.trim()) wire.send("refine", $("refine").value);
  $("refine").value = "";
};
wire.on("words", (words) => { if (document.activeElement !== $("prompt") && words) $("prompt").value = words; });

// messages of the daemon
let hush = 0;
function complain(text) {
  $("said").textContent = text;
  $("said").hidden = false;
  clearTimeout(hush);
  hush = setTimeout(() => { $("said").hidden = true; }, 7000);
}
wire.on("error", (address, reason) => complain(`${address.replace("/llmball/", "")} ${reason}`.trim()));
wire.on("state", (state) => {
  $("state").textContent = state;
  $("state").dataset.is = state;
  if (state !== "playing") for (const id of ["bar", "chord"]) $(id).textContent = "–";
});
wire.on("beat", (bar, beat, tempo) => {
  $("bar").textContent = `${bar}.${beat}`;
  $("bpm").textContent = tempo.toFixed(tempo % 1 ? 1 : 0);
});
wire.on("chord", (symbol) => { $("chord").textContent = symbol; });
wire.on("explained", (now, next) => {
  $("explained-now").textContent = now;
  $("explained-next").textContent = next === now ? "" : next;
});
wire.on("link", (text) => { $("link").textContent = text; document.body.dataset.link = text; });
wire.on("health", (late, dropped, starved, ahead, p99) => {
  $("health").textContent = `late ${late} · dropped ${dropped} · repeated beats ${starved} · ${ahead.toFixed(1)} beats ahead · p99 ${p99.toFixed(1)} ms`;
});

// MIDI output
let port = "";
function choose(names) {
  $("port").replaceChildren(...[...new Set([port, ...names])].filter(Boolean).map((name) => new Option(name, name, false, name === port)));
}
wire.on("port", (name) => { port = name; choose([]); });
wire.on("ports", choose);
$("port").onpointerdown = $("port").onfocus = () => wire.own("ports");
$("port").onchange = () => wire.own("port", $("port").value);

// animation
$("legend").append(...Object.entries(COLOURS).map(([part, colour]) => {
  const item = document.createElement("li");
  item.textContent = part;
  item.style.setProperty("--of", colour);
  return item;
}));
let peak = 0, drawn = 0;
function frame(time) {
  requestAnimationFrame(frame);
  const since = time - drawn;
  if (since < (score.state === "playing" ? 28 : 240)) return; // milliseconds between frames: a low rate leaves CPU time to the daemon
  drawn = time;
  draw($("roll"));
  const level = sound.level();
  peak = Math.max(level, peak * 0.5 ** (since / 300));
  $("meter").value = peak;
  $("meter").dataset.loudest = Math.max(level, Number($("meter").dataset.loudest ?? 0)).toFixed(4);
}

facts($); band($); stage($, complain);
connect();
requestAnimationFrame(frame);
