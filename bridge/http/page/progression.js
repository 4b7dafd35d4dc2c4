// The chords of the take as a row of bars: the one that sounds is lit, each can be replaced, all can be locked.
import { $, button, complain, make } from "./dom.js";
import { show as undoable, together } from "./history.js";
import { cellsOf, lockLine, lockText, period, replaced, roundOf, suggestions, takeBars, wholeBars } from "./rounds.js";
import { score } from "./score.js";
import { wire } from "./wire.js";

const MOST = 64, LEAST = 8; // bars of a take without a round that are shown
let given = "", control = "auto", key = "C major", first = 1, began = 1; // the bar in which the take entered; the number that its own first bar has, or would have

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
  wire.on("take", () => { wishes = null; });
  wire.on("connected", () => { given = ""; wishes = null; });
  wire.on("entered", (bar, own = 0) => { first = bar || 1; began = first - own; show(); });
  wire.on("beat", (bar, beat) => { if (beat === 1) show(); });
  wire.on("planned", show);
  wire.on("state", (state) => { if (state !== "playing") wishes = null; show(); });
  $("lock").onclick = () => {
    if (isLocked() || wishes) release();
    else if (score.state === "playing" || told().length) lock();
    else complain("No chords are known yet: lock them while the band plays");
  };
  $("locked-release").onclick = release;
  $("chord-set").onclick = () => { chosen($("chord-text").value.trim()); };
}

/** Whether the chords are set by hand: they go before the words, the hands that are followed, and a take that comes back. */
const isLocked = () => control !== "auto";

/** Lock the chords, with those of a bar replaced; waits until a round is known, see `roundOf`. */
let wishes = null; // bar numbers, and the chords that were chosen for them; null where no lock waits
function lock(...replacement) {
  const was = wishes, mine = wishes = new Map([...wishes ?? [], ...(replacement.length ? [replacement] : [])]);
  drawn = "";
  show();
  if (wishes) together("the lock that waits", () => {}, () => { wishes = was; drawn = ""; show(); }, () => wishes === mine);
}

/** Give locked chords back to the words. */
export function release() {
  wishes = null;
  if (isLocked()) wire.send("chords", "auto"); else undoable();
  show();
}

/** Lock what was wished for, as soon as a round is known. */
function locks() {
  if (!wishes) return;
  const known = told();
  const round = [...wishes].reduce((cells, [number, chords]) => replaced(cells, (number - began) % cells.length, chords), known.length ? known : roundOf(wholeBars(score.bars(), first), began));
  if (!round.length) return;
  wishes = null;
  wire.send("chords", lockText(round));
}

/** Return the cells that the daemon tells: the locked chords, or those of the words. */
function told() {
  const locked = isLocked() ? cellsOf(control) : [];
  return locked.length ? locked : cellsOf(given);
}

/** Return the cells to show, each with its bar's number: the turn of the round that plays now, or where none is known the bars of the take. */
function cells(now) {
  const seen = wholeBars(score.bars(), first), known = told(), round = known.length ? known : period(seen) ? roundOf(seen, began) : [];
  const from = began + Math.max(0, Math.floor((now - began) / round.length)) * round.length;
  if (round.length) return round.map((cell, i) => ({ ...cell, number: from + i }));
  return takeBars(score.bars(), first, score.state === "playing" ? LEAST : 0, MOST).map((cell) => wishes?.has(cell.number) ? replaced([cell], 0, wishes.get(cell.number))[0] : cell);
}

let drawn = "";
function show() {
  locks();
  const now = score.bars().findLast((bar) => bar.from <= score.quarterNow() + 0.01)?.number ?? 0, list = cells(now);
  const here = score.state !== "playing" ? -1 : list.findIndex((cell) => cell.number === now);
  const what = JSON.stringify([list, here, isLocked(), Boolean(wishes)]);
  if (what === drawn) return;
  drawn = what;
  $("locked").hidden = !isLocked() && !wishes;
  $("locked-says").textContent = lockLine(isLocked(), Boolean(wishes), list.length);
  const row = $("progression"); // its buttons stay and change: a click or a focus on one that is replaced would be lost
  if (!list.length) return row.replaceChildren(make("li", { className: "tag", textContent: "The chords stand here as soon as the band plays. Click one to replace it." }));
  row.querySelector(".tag")?.remove();
  while (row.children.length > list.length) row.lastChild.remove();
  while (row.children.length < list.length) row.append(make("li", {}, button("", null, { className: "bar" })));
  list.forEach(({ number, chords }, i) => {
    const bar = row.children[i].firstChild, text = `${number} ${chords.join(" ")}`;
    bar.onclick = () => edit(i, list);
    bar.disabled = !chords.length;
    if (i === here) bar.setAttribute("aria-current", "true"); else bar.removeAttribute("aria-current");
    if (bar.dataset.chords === text) return;
    bar.dataset.chords = text;
    bar.title = chords.length ? `${chords.join(" ")}: replace it` : "Not written yet";
    bar.replaceChildren(make("small", {}, make("span", { className: "hidden", textContent: "Bar " }), String(number)), make("span", { className: "names" }, ...(chords.length ? chords.map((c) => make("b", { textContent: c })) : ["…"])));
  });
  const at = row.children[here], top = at ? at.offsetTop - row.offsetTop : 0;
  if (at && (top < row.scrollTop || top + at.offsetHeight > row.scrollTop + row.clientHeight)) row.scrollTop = top - 4;
}

// --- replacing a chord --------------------------------------------------------------------------

let editing = null;
function edit(index, list) {
  editing = { index, list };
  $("chord-editor-name").textContent = `Bar ${list[index].number}: ${list[index].chords.join(" ")}`;
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
