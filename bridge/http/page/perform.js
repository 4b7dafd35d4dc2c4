// Cues, hold, the bank of prompts with morph, and the stage view.
import { cued } from "./coming.js";
import { $, button, complain, limited, make } from "./dom.js";
import { score } from "./score.js";
import { wire } from "./wire.js";

const CUES = ["intro", "fill", "break", "build", "drop", "ending"], HOLDS = [0, 1, 2, 4, 8], SLOTS = 16;

export function perform() {
  const cues = CUES.map((name) => button(name, () => wire.send("cue", name), { id: `cue-${name}` }));
  $("cues").append(...cues);
  let told = ["", -1, -1];
  const show = () => {
    const { text, lit } = cued(...told, score);
    if ($("coming").textContent !== text) $("coming").textContent = text;
    cues.forEach((cue, i) => cue.setAttribute("aria-pressed", lit && CUES[i] === told[0]));
  };
  wire.on("coming", (words, entry, ...section) => { told = section; show(); });
  wire.on("beat", show);
  wire.on("state", show);
  const holds = HOLDS.map((bars) => button(bars || "off", () => wire.send("hold", bars)));
  $("hold").append(...holds);
  wire.on("hold", (bars) => holds.forEach((b, i) => b.setAttribute("aria-pressed", HOLDS[i] === bars)));
  bank();
  $("stage").onclick = stage;
  addEventListener("keydown", (event) => { if (event.key === "Escape" && document.body.classList.contains("stage")) stage(); });
  document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement && document.body.classList.contains("stage")) stage(); });
}

function stage() {
  const on = document.body.classList.toggle("stage");
  $("stage").setAttribute("aria-pressed", on);
  $("stage").textContent = on ? "Leave the stage" : "Stage";
  if (on) document.documentElement.requestFullscreen?.().catch(() => {}); // without the right to fill the screen it fills the window
  else if (document.fullscreenElement) document.exitFullscreen();
}

function bank() {
  let slots = {}, storing = false;
  const arm = (on) => {
    storing = on;
    $("store").setAttribute("aria-pressed", on);
    $("store").textContent = on ? "Choose a pad" : "Store the prompt";
    $("bank").classList.toggle("storing", on);
    show();
  };
  const pads = Array.from({ length: SLOTS }, (_, i) => button("", () => {
    const prompt = $("prompt").value;
    if (!storing) wire.send(`bank/${i + 1}/launch`);
    else if (prompt.trim()) wire.send(`bank/${i + 1}/store`, prompt);
    else complain("Write words into the prompt line first");
    arm(false);
  }, { id: `pad-${i + 1}` }));
  const show = () => pads.forEach((pad, i) => {
    const text = slots[i + 1];
    pad.replaceChildren(make("b", { textContent: i + 1 }), make("span", { textContent: text ?? "" }));
    pad.classList.toggle("full", Boolean(text));
    pad.disabled = !text && !storing;
    pad.title = text ?? "empty";
  });
  $("bank").append(...pads);
  $("store").onclick = () => arm(!storing);
  wire.on("bank", (told) => {
    slots = told;
    $("known").replaceChildren(...Object.values(slots).map((s) => new Option(s, s)));
    show();
  });
  show();
  $("morph").onsubmit = (event) => {
    event.preventDefault();
    const [first, second] = [$("morph-a").value.trim(), $("morph-b").value.trim()];
    if (!first || !second) return complain("A morph needs words at both ends");
    wire.send("morph", first, second, Number($("morph-x").value));
    wire.tell("morph", first, second);
    if (score.state !== "playing") wire.send("play");
  };
  const slide = limited(() => wire.send("morph/x", Number($("morph-x").value)), 120);
  $("morph-x").oninput = slide;
  wire.on("morph/x", (x) => { if (document.activeElement !== $("morph-x")) $("morph-x").value = x; });
}
