// The chords of the take as a row of bars: the one that sounds is lit, each can be replaced, all can be locked.
import { $, button, complain, make } from "./dom.js";
import { cellsOf, lockLine, lockText, period, replaced, roundOf, wholeBars } from "./rounds.js";
import { score } from "./score.js";
import { store, stored } from "./sound.js";
import { wire } from "./wire.js";

const MOST = 16, UNKNOWN = 8; // bars shown at most, and where the length of the round is not known yet
let given = "", control = "auto", key = "C major", first = 1, awaiting = true, joining = false;

export function progression() {
  wire.on("understood/progression", (bars) => { given = bars; show(); });
  wire.on("understood/key", (said) => { key = said; });
  wire.on("key", (said) => { if (said !== "auto") key = said; });
  wire.on("chords", (said) => {
    control = said;
    $("lock").setAttribute("aria-pressed", said !== "auto");
    $("lock").textContent = said === "auto" ? "Lock" : "Unlock";
    show();
  });
  wire.on("take", () => { awaiting = true; wishes = null; });
  wire.on("connected", () => { given = ""; wishes = null; joining = true; });
  wire.on("beat", (bar, beat) => { if (awaiting) begin(bar); if (awaiting || beat === 1) show(); awaiting = false; });
  wire.on("planned", show);
  wire.on("state", (state) => { if (state !== "playing") { awaiting = true; wishes = null; } show(); });
  $("lock").onclick = () => {
    if (isLocked() || wishes) release();
    else if (score.state === "playing" || told().length) lock();
    else complain("No chords are known yet: lock them while the band plays");
  };
  $("locked-release").onclick = release;
  $("chord-set").onclick = () => { chosen($("chord-text").value.trim()); };
}

/** The bar from which the take counts its round: the one in which it enters, which a reload must not forget. */
function begin(bar) {
  const before = stored("round", {});
  first = joining && before.take === score.take && before.bar <= bar ? before.bar : bar;
  joining = false;
  store("round", { take: score.take, bar: first });
}

/** Whether the chords are set by hand: they go before the words, the hands that are followed, and a take that comes back. */
const isLocked = () => control !== "auto";

/** Say that locked chords go before something, if they are. */
export function lockWins(over) { if (isLocked()) complain(`The chords are locked: they win over ${over}. Unlock gives them back.`); }

/** Lock the chords, with those of a bar replaced; waits until a round is known, see `roundOf`. */
let wishes = null; // bar numbers, and the chords that were chosen for them; null where no lock waits
function lock(...replacement) {
  wishes = new Map([...wishes ?? [], ...(replacement.length ? [replacement] : [])]);
  drawn = "";
  show();
}

function release() {
  wishes = null;
  if (isLocked()) wire.send("chords", "auto");
  show();
}

/** Lock what was wished for, as soon as a round is known. */
function locks() {
  if (!wishes) return;
  const known = told(), from = known.length ? 1 : first;
  const round = [...wishes].reduce((cells, [number, chords]) => replaced(cells, (number - from) % cells.length, chords), known.length ? known : roundOf(wholeBars(score.bars(), first), first));
  if (!round.length) return;
  wishes = null;
  wire.send("chords", lockText(round));
}

/** Return the cells that the daemon tells: the locked chords, or those of the words. */
function told() {
  const locked = isLocked() ? cellsOf(control) : [];
  return locked.length ? locked : cellsOf(given);
}

/** Return the cells to show, as far as they are known, and whether they go round: those that are told, the round, or the bars since the take entered. */
function cells() {
  const known = told();
  if (known.length) return [known, true];
  const seen = wholeBars(score.bars(), first);
  if (period(seen)) return [roundOf(seen, first), true];
  const from = Math.max(0, Math.floor((seen.length - 1) / MOST) * MOST), shownBars = seen.slice(from, from + MOST);
  while (shownBars.length && shownBars.length < UNKNOWN) shownBars.push({ number: 0, text: "", chords: [] });
  return [shownBars.map((cell) => wishes?.has(cell.number) ? replaced([cell], 0, wishes.get(cell.number))[0] : cell), false];
}

let drawn = "";
function show() {
  locks();
  const [list, isRound] = cells(), now = score.bars().findLast((bar) => bar.from <= score.quarterNow() + 0.01)?.number ?? 0;
  const turn = (((now - first) % list.length) + list.length) % list.length;
  const here = score.state !== "playing" ? -1 : isRound ? turn : list.findIndex((cell) => cell.number === now);
  const what = JSON.stringify([list, here, isLocked(), Boolean(wishes)]);
  if (what === drawn) return;
  drawn = what;
  $("locked").hidden = !isLocked() && !wishes;
  $("locked-says").textContent = lockLine(isLocked(), Boolean(wishes), list.length);
  const row = $("progression"); // its buttons stay and change: a click or a focus on one that is replaced would be lost
  if (!list.length) return row.replaceChildren(make("li", { className: "tag", textContent: "The chords stand here as soon as the band plays. Click one to replace it." }));
  row.querySelector(".tag")?.remove();
  while (row.children.length > list.length) row.lastChild.remove();
  while (row.children.length < list.length) row.append(make("li", {}, button("", null, { className: "bar", title: "Replace this chord" })));
  list.forEach(({ chords }, i) => {
    const bar = row.children[i].firstChild, text = chords.join(" ");
    bar.onclick = () => edit(i, list);
    bar.disabled = !chords.length;
    if (i === here) bar.setAttribute("aria-current", "true"); else bar.removeAttribute("aria-current");
    if (bar.dataset.chords === text) return;
    bar.dataset.chords = text;
    bar.replaceChildren(make("small", {}, make("span", { className: "hidden", textContent: "Bar " }), String(i + 1)), ...chords.map((c) => make("b", { textContent: c })), ...(chords.length ? [] : ["…"]));
  });
}

// --- replacing a chord --------------------------------------------------------------------------

let editing = null;
function edit(index, list) {
  editing = { index, list };
  $("chord-editor-name").textContent = `Bar ${index + 1}: ${list[index].chords.join(" ")}`;
  $("chord-text").value = list[index].chords.join(" ");
  $("chord-choices").replaceChildren(...suggestions(key).map(([name, chords]) => make("p", {}, make("span", { className: "tag", textContent: name }), " ",
    ...chords.map((c) => button(c, () => { $("chord-editor").close(); chosen(c); }, { className: "chip" })))));
  $("chord-editor").showModal();
}

function chosen(chords) {
  if (!editing || !chords) return;
  const { index, list } = editing;
  lock(list[index].number, chords);
}

const NOTES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const SHARPS = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"], FLATS = ["C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B"];
const MINOR = /minor|dorian|phrygian|blues|locrian|aeolian/i;
/** Return chords of a key to choose from, in three rows: those of the key, dominants that lead to them, and borrowed ones. */
export function suggestions(said) {
  const [, letter, accidental] = /^([A-G])([#b]?)/.exec(said) ?? [null, "C", ""];
  const tonic = (NOTES[letter] + (accidental === "#") - (accidental === "b") + 12) % 12, minor = MINOR.test(said);
  const flat = accidental === "b" || (accidental !== "#" && [5, ...(minor ? [0, 2, 7, 10] : [])].includes(tonic)), names = flat ? FLATS : SHARPS;
  const on = (step, kind) => names[(tonic + step) % 12] + kind;
  return minor
    ? [["In the key", [on(0, "m"), on(2, "m7b5"), on(3, ""), on(5, "m"), on(7, "m"), on(8, ""), on(10, "")]],
      ["Leading on", [on(7, "7"), on(0, "7"), on(10, "7"), on(3, "7"), on(11, "dim7")]],
      ["Richer", [on(0, "m9"), on(3, "maj7"), on(5, "m7"), on(8, "maj7"), on(1, "maj7"), on(5, ""), on(0, "sus4")]]]
    : [["In the key", [on(0, ""), on(2, "m"), on(4, "m"), on(5, ""), on(7, ""), on(9, "m"), on(11, "dim")]],
      ["Leading on", [on(7, "7"), on(0, "7"), on(2, "7"), on(4, "7"), on(9, "7"), on(11, "7")]],
      ["Richer", [on(0, "maj7"), on(2, "m7"), on(5, "maj7"), on(9, "m7"), on(5, "m"), on(8, ""), on(10, ""), on(7, "sus4")]]];
}
