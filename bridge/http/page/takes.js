// Takes as cards: those of this session, and those that are kept.
import { $, button, complain, done, make } from "./dom.js";
import { chordSheet, fromKept, midi, fileName, saveMidi, saveStems, saveWav } from "./export.js";
import { together } from "./history.js";
import { played } from "./played.js";
import { score } from "./score.js";
import { sound } from "./sound.js";
import { wire } from "./wire.js";

export function takes() {
  for (const name of ["like", "skip", "back"]) $(name).onclick = () => wire.send(name);
  $("keep").onclick = () => wire.send("keep", Number($("keep-bars").value));
  show();
  wire.on("take", show);
  wire.on("card", (card) => { // only its line: the tempo of a clock moves by the beat
    const line = $("session").children[played.takes.indexOf(card)]?.querySelector("small");
    if (line) line.textContent = about(card);
  });
  wire.on("state", show);
  wire.on("welcome", show);
  wire.on("connected", kept);
  wire.on("kept", (path) => { kept(); done(`Kept: ${path.split(/[\\/]/).at(-1)}`); });
  for (const name of ["like", "skip", "back", "keep"]) wire.on("state", (state) => { $(name).disabled = name !== "keep" && state !== "playing"; });
}

const isCurrent = (card) => card === played.current && score.state === "playing";
const about = (card) => [isCurrent(card) ? "plays now" : "", card.style, card.key, card.tempo && `${card.tempo} bpm`, card.time].filter(Boolean).join(" · ");

function show() {
  $("no-session").hidden = played.takes.length > 0;
  $("session").replaceChildren(...played.takes.map((card) => {
    const current = isCurrent(card);
    const needs = (act) => () => { const song = played.songOf(card); if (song) act(song); else complain("Nothing of this take has played yet"); };
    return item(card.words, about(card), [
      hearing(() => played.songOf(card), card.words, card),
      card.id ? button("Bring back", () => bring(card), { disabled: current, label: `Bring back ${card.words}`, title: "It enters at the next line" }) : null,
      dragged(card, needs), button("WAV", needs(saveWav), { label: `WAV of ${card.words}` }), button("Stems", needs(saveStems), { label: `Stems of ${card.words}`, title: "A WAV for each part, in a .zip" }),
      button("Chord sheet", needs(chordSheet), { label: `Chord sheet of ${card.words}`, title: "Chord sheet, lead sheet, score" }),
    ], current);
  }));
}

/** Bring a take back with the chords that it had: its own, or those that were locked while it played. */
let chords = "auto";
wire.on("chords", (said) => { chords = said; });
function bring(card) {
  const theirs = card.chords ?? "auto", other = theirs !== chords;
  if (other) wire.tell("along", theirs === "auto" ? "The chords are unlocked: the take brings its own" : "Its locked chords come with it");
  together(`the return of ${card.words}`, () => { if (other) wire.send("chords", theirs); wire.send("take/launch", card.id); });
}

/** Return the moment that names a kept take, "" where a name has none. */
export function moment(name) {
  const [, y, m, d, h, min, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(name) ?? [];
  return y ? new Date(y, m - 1, d, h, min, s).toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" }) : "";
}

function item(words, about, actions, current = false) {
  return make("li", { className: current ? "take current" : "take" }, make("p", { textContent: words, title: words }, make("small", { textContent: about })), make("span", { className: "acts" }, ...actions.filter(Boolean)));
}

function dragged(card, needs) {
  const link = make("a", { href: "#takes", textContent: ".mid", draggable: true, className: "as-button", label: `.mid of ${card.words}`, title: "Save, or drag into a DAW" });
  link.onclick = (event) => { event.preventDefault(); needs(saveMidi)(); };
  link.ondragstart = (event) => {
    const song = played.songOf(card);
    if (!song) return;
    const url = URL.createObjectURL(new Blob([midi(song)], { type: "audio/midi" }));
    event.dataTransfer.setData("DownloadURL", `audio/midi:${fileName(song)}.mid:${url}`);
  };
  return link;
}

/** A button that plays a song here, or stops it. */
let playing = null; // { key, button, end }: the list is made anew while it plays
function hearing(song, name, key) {
  const hear = button("Hear", async () => {
    const mine = playing?.key === key;
    if (playing) { clearTimeout(playing.end); playing.button.textContent = "Hear"; playing = null; sound.hear(null); }
    if (mine) return;
    try {
      const found = await song();
      if (!found) return complain("Nothing of this take has played yet");
      await sound.hear(found);
      hear.textContent = "Stop";
      playing = { key, button: hear, end: setTimeout(() => { playing.button.textContent = "Hear"; playing = null; }, found.seconds * 1000 + 300) };
    } catch (error) { complain(error.message); }
  }, { label: `Hear ${name}` });
  if (playing?.key === key) { playing.button = hear; hear.textContent = "Stop"; }
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
    const file = `${fileName({ title: row.words || row.name })}.mid`, link = make("a", { href: `takes/${row.name}.mid`, download: file, textContent: ".mid", draggable: true, className: "as-button", label: `.mid of ${row.words}`, title: "Save, or drag into a DAW" });
    link.ondragstart = (event) => event.dataTransfer.setData("DownloadURL", `audio/midi:${file}:${link.href}`);
    return item(row.words || "a piece", `${row.bars} bars of ${row.meter} · ${row.key} · ${row.tempos} bpm · ${moment(row.name)}`, [hearing(song, row.words, row.name),
      button("Launch", () => wire.send("score/play", row.name), { label: `Launch ${row.words}`, title: "The band plays it from the next line on" }), link,
      button("WAV", act(saveWav), { label: `WAV of ${row.words}` }), button("Stems", act(saveStems), { label: `Stems of ${row.words}`, title: "A WAV for each part, in a .zip" }),
      button("Chord sheet", act(chordSheet), { label: `Chord sheet of ${row.words}`, title: "Chord sheet, lead sheet, score" })]);
  }));
}
