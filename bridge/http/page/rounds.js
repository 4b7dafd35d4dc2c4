// Bars of chords without the page: what was seen, the round that repeats, the text that locks it, and chords to choose from.
// A cell is { number, text, chords }: the bar's number, its words for /llmball/chords, and its chords as they are shown.

const LONGEST = 16, SURE = 8, AGAIN = 4; // bars of a round at most, bars that must be known, and of a long round bars that come again
const ROW = 8; // bars that leave the list at once
const NEAR = 0.75; // share of bars that come again where a round is varied: a passing chord, another ending

const names = (chords) => chords.filter((chord, i) => chord !== chords[i - 1]);
const same = (a, b) => a.text === b.text;

/** Return the words of a bar in which each chord keeps its place: the daemon shares a bar's beats out evenly among its chords. */
function placed(chords, beats) {
  const starts = chords.map((_, i) => Math.ceil(i * beats / chords.length));
  if (chords.every(([beat], i) => beat === starts[i])) return chords.map(([, name]) => name).join(" ");
  return Array.from({ length: beats }, (_, beat) => chords.findLast(([from]) => from <= beat)[1]).join(" ");
}

/** Return the whole bars of score.bars() from a bar on as cells; a bar that is planned in part is left out. */
export function wholeBars(bars, first) {
  let held = "";
  const usual = bars.reduce((most, bar) => Math.max(most, bar.beats.length), 0);
  return bars.flatMap((bar, i) => {
    const chords = bar.chords.map(([quarter, name]) => [bar.beats.findLastIndex((q) => q <= quarter + 1e-6), name]);
    if (held && (!chords.length || chords[0][0] > 0)) chords.unshift([0, held]);
    held = chords.at(-1)?.[1] ?? held;
    const changes = chords.filter(([, name], n) => name !== chords[n - 1]?.[1]);
    const isWhole = bar.opens !== false && (i + 1 < bars.length || bar.beats.length >= (bars[i - 1]?.beats.length ?? usual));
    if (bar.number < first || !isWhole || !changes.length || changes[0][0] > 0) return [];
    return [{ number: bar.number, text: placed(changes, bar.beats.length), chords: changes.map(([, name]) => name) }];
  });
}

/** Return the bars of a take from its first on as cells to show: those planned in part too, no chords where none is written; `least` to `most` of them, the newest. */
export function takeBars(bars, first, least, most) {
  let held = "";
  const cells = bars.flatMap((bar) => {
    const chords = bar.chords.map(([, name]) => name);
    if (held && !(bar.chords[0]?.[0] <= bar.beats[0] + 1e-6)) chords.unshift(held);
    held = chords.at(-1) ?? held;
    return bar.number < first ? [] : [{ number: bar.number, text: "", chords: names(chords) }];
  });
  while (cells.length < least) cells.push({ number: (cells.at(-1)?.number ?? first - 1) + 1, text: "", chords: [] });
  return cells.slice(Math.max(0, Math.ceil((cells.length - most) / ROW) * ROW));
}

/** Return the shortest period of whole bars, 0 where they do not repeat: of all, or of those since the chords last changed. */
export function period(cells) {
  for (let size = 1; size <= LONGEST; size++) {
    let run = size;
    while (run < cells.length && same(cells.at(-1 - run + size), cells.at(-1 - run))) run++;
    if (run >= Math.max(SURE, run === cells.length ? size + Math.min(size, AGAIN) : 2 * size)) return size;
  }
  return 0;
}

/** Return the length of a round that is varied, 0 where there is none: of at least four bars, that after which most bars are the same. */
function nearPeriod(cells) {
  let best = 0, most = NEAR - 1e-9;
  for (let size = AGAIN; size <= LONGEST; size++) {
    const later = cells.slice(size), share = later.filter((cell, i) => same(cell, cells[i])).length / later.length;
    if (later.length >= Math.max(AGAIN, size / 2) && share > most) [best, most] = [size, share];
  }
  return best;
}

/** Return whole bars as one round from the first bar of the take on: the period, or the nearest to one, or where nothing repeats the last 8 or 4; none of fewer bars. */
export function roundOf(cells, first) {
  const size = period(cells) || nearPeriod(cells) || [8, 4].find((count) => count <= cells.length) || 0;
  const round = Array(size).fill(null);
  for (const cell of cells) round[(cell.number - first) % size] = cell;
  if (!round.every(Boolean)) return [];
  const least = [1, 2, 4].find((count) => count < size && size % count === 0 && round.every((cell, i) => same(cell, round[i % count]))) ?? size;
  return round.slice(0, least);
}

/** Return cells with the chords of one replaced. */
export function replaced(cells, index, chords) {
  return cells.map((cell, i) => i === index ? { ...cell, text: chords, chords: names(chords.split(/\s+/)) } : cell);
}

/** Return the words for /llmball/chords that lock a round. */
export const lockText = (cells) => cells.length === 1 ? `| ${cells[0].text} |` : cells.map((cell) => cell.text).join(" | ");

/** Return the cells of a progression as the daemon has it: bars between |, or a chord a bar; none where it is not written in chords. */
export function cellsOf(text) {
  const bars = text.includes("|") ? text.split("|") : text.split(/\s+/);
  const cells = bars.map((bar) => bar.trim()).filter(Boolean).map((bar, i) => ({ number: i + 1, text: bar, chords: names(bar.split(/\s+/)) }));
  return cells.every((cell) => cell.chords.every((chord) => /^[A-G]/.test(chord))) ? cells : [];
}

/** Return the line that says that chords are locked, or that they wait for it. */
export function lockLine(isLocked, waits, count) {
  if (waits) return "The chords lock as soon as four whole bars are known.";
  const round = count === 1 ? "this bar goes round" : `these ${count} bars go round`;
  return isLocked ? `Chords locked${count ? `: ${round}` : ""}. They win over the words and over what you play.` : "";
}

const LETTERS = "CDEFGAB", PITCHES = [0, 2, 4, 5, 7, 9, 11];
const DEGREES = { 0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 4, 7: 4, 8: 5, 9: 5, 10: 6, 11: 6 }; // letters above the tonic, by semitones: what is borrowed is flat
const MINOR = /minor|dorian|phrygian|blues|locrian|aeolian/i;

/** Return chords of a key to choose from, spelled as it is: those of the key, dominants that lead to them, richer ones, and those of the parallel key. */
export function suggestions(said) {
  const [, letter, sign] = /^([A-G])([#b]?)/.exec(said) ?? [null, "C", ""], from = LETTERS.indexOf(letter);
  const tonic = PITCHES[from] + (sign === "#") - (sign === "b"), minor = MINOR.test(said);
  const on = (step, kind) => {
    let at = (from + DEGREES[step]) % 7, off = (tonic + step - PITCHES[at] + 18) % 12 - 6;
    if (Math.abs(off) > 1) { const by = Math.sign(off); at = (at + by + 7) % 7; off = (tonic + step - PITCHES[at] + 18) % 12 - 6; } // no double signs
    return LETTERS[at] + ["b", "", "#"][off + 1] + kind;
  };
  const row = (name, ...chords) => [name, chords.map(([step, kind]) => on(step, kind))];
  return minor
    ? [row("In the key", [0, "m"], [2, "m7b5"], [3, ""], [5, "m"], [7, "m"], [8, ""], [10, ""]), row("Leading on", [7, "7"], [0, "7"], [10, "7"], [3, "7"], [11, "dim7"]),
      row("Richer", [0, "m7"], [0, "m9"], [3, "maj7"], [5, "m7"], [7, "m7"], [8, "maj7"], [0, "sus4"]), row("Borrowed", [5, ""], [1, "maj7"], [0, ""])]
    : [row("In the key", [0, ""], [2, "m"], [4, "m"], [5, ""], [7, ""], [9, "m"], [11, "dim"]), row("Leading on", [7, "7"], [0, "7"], [2, "7"], [4, "7"], [9, "7"], [11, "7"]),
      row("Richer", [0, "maj7"], [2, "m7"], [4, "m7"], [5, "maj7"], [9, "m7"], [2, "m9"], [7, "sus4"]), row("Borrowed", [5, "m"], [8, "maj7"], [10, "7"])];
}
