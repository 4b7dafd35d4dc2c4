// The songbook: pieces by title or style. And sets: controls, bank and learnt pads under a name.
import { $, button, complain, make } from "./dom.js";
import { wire } from "./wire.js";

const SHOWN = 40, SLOTS = 16; // pieces of a search that are listed

export function book() {
  let pieces = null, slots = {}; // rows of name, title, style, tempo, key, metre, bars
  wire.on("bank", (told) => { slots = told; });
  wire.on("score/told", complain);
  const show = () => {
    const words = $("sought").value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? pieces.filter(([, title, style]) => words.every((w) => `${title} ${style}`.toLowerCase().includes(w))) : [];
    $("no-book").hidden = found.length > 0;
    $("book").replaceChildren(...found.slice(0, SHOWN).map(([name, title, style, tempo, key, meter, bars]) => make("li", { className: "take" },
      make("p", { textContent: title, title }, make("small", { textContent: `${style} · ${bars} bars · ${key.replaceAll("_", " ")} · ${Math.round(tempo)} bpm · ${meter}` })),
      make("span", { className: "acts" },
        button("Launch", () => wire.send("score/play", name), { label: `Launch ${title}`, title: "Plays from the next line on" }),
        button("To bank", () => {
          const free = Array.from({ length: SLOTS }, (_, i) => i + 1).find((slot) => !slots[slot]);
          if (free) wire.send("score/bank", free, name); else complain("every pad of the bank is taken");
        }, { label: `${title} to bank`, title: "Into the first free pad" })))));
    if (found.length > SHOWN) $("book").append(make("li", { textContent: `${found.length - SHOWN} more: say more words` }));
    if (!found.length) $("no-book").textContent = words.length ? "No piece has these words in its title or style." : "Pieces of ours, each by its title or style. Launch plays one from the next line on.";
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

export function sets() {
  const name = () => $("set-name").value.trim(), list = async () => {
    const answer = await fetch("sets").catch(() => null);
    if (answer?.ok) $("sets").replaceChildren(...(await answer.json()).map((s) => new Option(s, s)));
  };
  $("set").onsubmit = (event) => { event.preventDefault(); if (name()) wire.send("set/save", name()); else complain("Name the set first"); };
  $("set-load").onclick = () => { if (name()) wire.send("set/load", name()); else complain("Name the set first"); };
  wire.on("set/saved", () => { $("set-said").textContent = `Saved: ${name()}`; list(); });
  wire.on("set/loaded", (loaded) => { $("set-said").textContent = `Loaded: ${loaded}`; });
  wire.on("connected", list);
}
