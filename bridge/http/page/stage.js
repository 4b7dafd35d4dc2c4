// Cues, hold, the prompt bank with morph, the songbook, and the kept takes.
import { wire } from "./wire.js";
import { sound } from "./sound.js";

const CUES = ["intro", "fill", "break", "build", "drop", "ending"], HOLDS = [0, 1, 2, 4, 8], SLOTS = 16;
const make = (tag, more = {}) => Object.assign(document.createElement(tag), more);

export function stage($, complain) {
  $("cues").append(...CUES.map((name) => make("button", { type: "button", textContent: name, onclick: () => wire.send("cue", name) })));
  const holds = HOLDS.map((bars) => make("button", { type: "button", textContent: bars || "off", onclick: () => wire.send("hold", bars) }));
  $("hold").append(...holds);
  wire.on("hold", (bars) => holds.forEach((b, i) => b.setAttribute("aria-pressed", HOLDS[i] === bars)));
  bank($);
  songbook($, complain);
  takes($, complain);
}

function bank($) {
  let slots = {}, storing = false;
  const arm = (on) => {
    storing = on;
    $("store").setAttribute("aria-pressed", on);
    $("bank").classList.toggle("storing", on);
    show();
  };
  const pads = Array.from({ length: SLOTS }, (_, i) => make("button", { type: "button", id: `pad-${i + 1}`, onclick: () => {
    const prompt = $("prompt").value;
    if (!storing) wire.send(`bank/${i + 1}/launch`);
    else if (prompt.trim()) wire.send(`bank/${i + 1}/store`, prompt);
    arm(false);
  } }));
  const show = () => pads.forEach((pad, i) => {
    const text = slots[i + 1];
    pad.replaceChildren(make("b", { textContent: i + 1 }), text ?? "");
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
    wire.send("morph", $("morph-a").value, $("morph-b").value, Number($("morph-x").value));
  };
  let waits = false; // limits the fader to one message per 120 ms
  $("morph-x").oninput = () => {
    if (waits) return;
    waits = true;
    setTimeout(() => { waits = false; wire.send("morph/x", Number($("morph-x").value)); }, 120);
  };
  wire.on("morph/x", (x) => { if (!waits) $("morph-x").value = x; });
}

const SHOWN = 40; // pieces of a search that are listed
function songbook($, complain) {
  let pieces = null, slots = {}; // rows of name, title, style, tempo, key, metre, bars
  wire.on("bank", (told) => { slots = told; });
  wire.on("score/told", complain);
  const show = () => {
    const words = $("sought").value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? pieces.filter(([, title, style]) => words.every((w) => `${title} ${style}`.toLowerCase().includes(w))) : [];
    $("book").replaceChildren(...found.slice(0, SHOWN).map(([name, title, style, tempo, key, meter, bars]) => {
      const row = make("li"), about = make("p", { textContent: title, title });
      about.append(make("small", { textContent: `${style} · ${bars} bars · ${key.replaceAll("_", " ")} · ${Math.round(tempo)} bpm · ${meter}` }));
      const launch = make("button", { type: "button", textContent: "Launch", title: "Plays from the next line on", onclick: () => wire.send("score/play", name) });
      launch.setAttribute("aria-label", `Launch ${title}`);
      const pad = make("button", { type: "button", textContent: "To bank", title: "Into the first free pad", onclick: () => {
        const free = Array.from({ length: SLOTS }, (_, i) => i + 1).find((slot) => !slots[slot]);
        if (free) wire.send("score/bank", free, name); else complain("every pad of the bank is taken");
      } });
      pad.setAttribute("aria-label", `${title} to bank`);
      row.append(about, launch, pad);
      return row;
    }));
    if (found.length > SHOWN) $("book").append(make("li", { textContent: `${found.length - SHOWN} more: say more words` }));
  };
  const search = async () => {
    try {
      pieces ??= await (await fetch("scores")).json();
      if (!$("styles").children.length) $("styles").append(...[...new Set(pieces.map(([, , style]) => style))].map((s) => new Option(s, s)));
      show();
    } catch (error) { complain(error.message); }
  };
  $("sought").onfocus = $("sought").oninput = search;
  $("find").onsubmit = (event) => { event.preventDefault(); search(); };
}

function takes($, complain) {
  for (const name of ["like", "skip", "back"]) $(name).onclick = () => wire.send(name);
  $("keep").onclick = () => wire.send("keep", Number($("keep-bars").value));
  let hearing = null;
  const list = async () => {
    const answer = await fetch("takes");
    if (!answer.ok) return;
    $("takes").replaceChildren(...(await answer.json()).map((kept) => {
      const row = make("li"), about = make("p", { textContent: kept.words, title: kept.words });
      about.append(make("small", { textContent: `${kept.bars} bars of ${kept.meter} · ${kept.key} · ${kept.tempos} bpm` }));
      const hear = make("button", { type: "button", textContent: "Hear" });
      hear.setAttribute("aria-label", `Hear ${kept.words}`);
      hear.onclick = async () => {
        if (hearing) { clearTimeout(hearing.end); hearing.button.textContent = "Hear"; sound.hear(null); }
        if (hearing?.button === hear) { hearing = null; return; }
        try {
          const { song } = await (await fetch(`takes/${kept.name}.json`)).json();
          const seconds = await sound.hear(song);
          hear.textContent = "Stop";
          hearing = { button: hear, end: setTimeout(() => { hear.textContent = "Hear"; hearing = null; }, seconds * 1000) };
        } catch (error) { complain(error.message); }
      };
      const file = `${kept.name}.mid`, link = make("a", { href: `takes/${file}`, download: file, textContent: "⬇ .mid", draggable: true, title: "download, or drag into a DAW" });
      link.ondragstart = (event) => event.dataTransfer.setData("DownloadURL", `audio/midi:${file}:${link.href}`);
      row.append(about, hear, link);
      return row;
    }));
  };
  wire.on("connected", list);
  wire.on("kept", list);
}
