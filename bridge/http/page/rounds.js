// Bars of chords without the page: what was seen, the round that repeats, and the text that locks it.
// A cell is { number, text, chords }: the bar's number, its words for /llmball/chords, and its chords as they are shown.

const LONGEST = 16, SURE = 8, AGAIN = 4; // bars of a round at most, bars that must be known, and of a long round bars that come again
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
  return isLocked ? `Chords locked${count ? `: ${round}` : ""}. They win over the words, over what you play and over takes that come back.` : "";
}
