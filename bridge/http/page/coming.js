// What comes, in words: a take on its way, a section that was cued.

/** Return what the page says of a coming take, "" where none is on its way; `entry` is its quarter note, -1 while it is written. */
export function onItsWay(words, entry, score) {
  if (!words || score.state === "idle") return "";
  if (entry < 0 || score.state !== "playing") return "Writing the first bars…";
  const bar = score.bars().find((b) => b.from >= entry - 1e-6);
  return bar ? `The new take enters at bar ${bar.number}` : "The new take enters at the next line";
}

/** Return what the page says of a cued section from one quarter note to another, "" where it has played, and whether its cue is lit. */
export function cued(section, begins, ends, score) {
  const now = score.quarterNow() + 0.02;
  if (!section || score.state !== "playing" || now >= ends) return { text: "", lit: false };
  if (begins <= now) return { text: `Now: ${section}`, lit: true };
  const bar = score.bars().find((b) => b.from >= begins - 1e-6);
  return { text: bar ? `Next: ${section} at bar ${bar.number}` : `Next: ${section}`, lit: true };
}

/** Return the number of beats of a bar, also while it is planned in part: that of a bar before it with the same beats. */
export function beatsOf(bars, number, beat) {
  const at = bars.findIndex((bar) => bar.number === number);
  if (at < 0) return Math.max(beat, ...bars.slice(-2).map((bar) => bar.beats.length), bars.length ? 0 : 4);
  const { beats, opens } = bars[at];
  if (opens && at + 1 < bars.length) return Math.max(beat, beats.length);
  return Math.max(beat, beats.length, bars[at - 1]?.beats.length ?? bars[at + 1]?.beats.length ?? 4);
}
