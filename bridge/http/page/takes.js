// Takes as cards: those of this session, and those that are kept.
import { $, button, complain, make } from "./dom.js";
import { chordSheet, fromKept, midi, fileName, saveMidi, saveStems, saveWav } from "./export.js";
import { score } from "./score.js";
import { sound } from "./sound.js";
import { wire } from "./wire.js";

const LISTED = 12;
let list = []; // the newest first: { id, words, about, from, song }
let coming = "", facts = { key: "", tempo: 0, style: "" };

export function takes() {
  for (const name of ["like", "skip", "back"]) $(name).onclick = () => wire.send(name);
  $("keep").onclick = () => wire.send("keep", Number($("keep-bars").value));
  wire.on("words", (words) => { coming = words; });
  wire.on("understood/key", (key) => { facts.key = key; });
  wire.on("understood/tempo", (tempo) => { facts.tempo = tempo; });
  wire.on("understood/style", (name) => { facts.style = name ?? ""; });
  wire.on("take", entered);
  wire.on("state", (state) => { if (state !== "playing") { remember(); show(); } });
  wire.on("connected", () => { remember(); kept(); });
  wire.on("kept", (path) => { kept(); $("progress").hidden = false; $("progress").textContent = `Kept: ${path.split(/[\\/]/).at(-1)}`; });
  for (const name of ["like", "skip", "back", "keep"]) wire.on("state", (state) => { $(name).disabled = name !== "keep" && state !== "playing"; });
}

function entered(id) {
  remember();
  list = list.filter((card) => card.id !== id || card.song);
  const about = [facts.style, facts.key, facts.tempo && `${Math.round(facts.tempo)} bpm`].filter(Boolean).join(" · ");
  list = [{ id, words: coming || "a piece", about, liked: false }, ...list.filter((card) => card.id !== id)].slice(0, LISTED);
  show();
}

/** Keep the music of the take that has played until now with its card. */
function remember() {
  const card = list.find((c) => c.id === score.take), theirs = score.notes.filter((n) => n.take === score.take);
  if (!card || !theirs.length) return;
  const from = score.bars().findLast((bar) => bar.from <= theirs[0].start + 1e-6)?.from ?? theirs[0].start;
  const song = score.region(from, Math.min(score.quarterNow(), theirs.at(-1).start + theirs.at(-1).length), card.id);
  if (song) card.song = { ...song, title: card.words, key: facts.key, programs: { ...sound.programs } };
}

const songOf = (card) => { if (card.id === score.take) remember(); return card.song; };

function show() {
  $("no-session").hidden = list.length > 0;
  $("session").replaceChildren(...list.map((card, i) => {
    const current = card.id === score.take && score.state === "playing";
    const needs = (act) => () => { const song = songOf(card); if (song) act(song); else complain("Nothing of this take has played yet"); };
    return item(card.words, card.about + (current ? " · plays now" : ""), [
      hearing(() => songOf(card), card.words),
      current ? null : button("Bring back", () => wire.send("take/launch", card.id), { label: `Bring back ${card.words}`, title: "It enters at the next line" }),
      dragged(card, needs), button("WAV", needs(saveWav), { label: `WAV of ${card.words}` }), button("Stems", needs(saveStems), { label: `Stems of ${card.words}`, title: "A WAV for each part, in a .zip" }),
      button("Chords", needs(chordSheet), { label: `Chords of ${card.words}`, title: "Chord sheet, lead sheet, score" }),
    ], current);
  }));
}

function item(words, about, actions, current = false) {
  return make("li", { className: current ? "take current" : "take" }, make("p", { textContent: words, title: words }, make("small", { textContent: about })), make("span", { className: "acts" }, ...actions.filter(Boolean)));
}

function dragged(card, needs) {
  const link = make("a", { href: "#takes", textContent: ".mid", draggable: true, className: "as-button", label: `.mid of ${card.words}`, title: "Save, or drag into a DAW" });
  link.onclick = (event) => { event.preventDefault(); needs(saveMidi)(); };
  link.ondragstart = (event) => {
    const song = songOf(card);
    if (!song) return;
    const url = URL.createObjectURL(new Blob([midi(song)], { type: "audio/midi" }));
    event.dataTransfer.setData("DownloadURL", `audio/midi:${fileName(song)}.mid:${url}`);
  };
  return link;
}

/** A button that plays a song here, or stops it. */
let playing = null;
function hearing(song, name) {
  const hear = button("Hear", async () => {
    const mine = playing?.button === hear;
    if (playing) { clearTimeout(playing.end); playing.button.textContent = "Hear"; playing = null; sound.hear(null); }
    if (mine) return;
    try {
      const found = await song();
      if (!found) return complain("Nothing of this take has played yet");
      await sound.hear(found);
      hear.textContent = "Stop";
      playing = { button: hear, end: setTimeout(() => { hear.textContent = "Hear"; playing = null; }, found.seconds * 1000 + 300) };
    } catch (error) { complain(error.message); }
  }, { label: `Hear ${name}` });
  return hear;
}

async function kept() {
  const answer = await fetch("takes").catch(() => null);
  if (!answer?.ok) return;
  const rows = await answer.json();
  $("no-takes").hidden = rows.length > 0;
  $("takes").replaceChildren(...rows.map((row) => {
    const song = async () => fromKept(await (await fetch(`takes/${row.name}.json`)).json(), row.words || row.name);
    const act = (what) => async () => { try { what(await song()); } catch (error) { complain(error.message); } };
    const file = `${row.name}.mid`, link = make("a", { href: `takes/${file}`, download: file, textContent: ".mid", draggable: true, className: "as-button", label: `.mid of ${row.words}`, title: "Save, or drag into a DAW" });
    link.ondragstart = (event) => event.dataTransfer.setData("DownloadURL", `audio/midi:${file}:${link.href}`);
    return item(row.words || "a piece", `${row.bars} bars of ${row.meter} · ${row.key} · ${row.tempos} bpm`, [hearing(song, row.words), link,
      button("WAV", act(saveWav), { label: `WAV of ${row.words}` }), button("Stems", act(saveStems), { label: `Stems of ${row.words}`, title: "A WAV for each part, in a .zip" }),
      button("Chords", act(chordSheet), { label: `Chords of ${row.words}`, title: "Chord sheet, lead sheet, score" })]);
  }));
}
