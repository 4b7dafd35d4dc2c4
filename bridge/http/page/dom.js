// Elements and small helpers that all modules of the page use.
export const $ = (id) => document.getElementById(id);

/** Make an element with properties and children; `label` is its accessible name, `of` the part whose colour it has. */
export function make(tag, { label, of, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  if (label) element.setAttribute("aria-label", label);
  if (of) element.dataset.part = of;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(text, onclick, more = {}) { return make("button", { type: "button", textContent: text, onclick, ...more }); }

/** The control that was worked last, null for those of the prompt: where messages about it are shown. */
let worked = null, workedAt = 0;
const RECENT = 20000, FAULT_STAYS = 9000; // milliseconds
for (const kind of ["click", "change", "input"]) {
  globalThis.addEventListener?.(kind, (event) => {
    const control = event.target.closest?.("button, a, select, input, summary");
    if (!control || control.closest("dialog")) return;
    worked = control.closest(".words") ? null : { control, id: control.id, label: control.getAttribute("aria-label") };
    workedAt = event.timeStamp;
  }, true);
}
export const origin = () => worked && performance.now() - workedAt < RECENT ? worked : null;

/** Show a sentence beside the prompt or beside a control, `at`; a fault (`alert`) stays for some seconds and is read out at once. */
const hush = {}, anchors = {};
export function say(text, alert = false, at = origin()) {
  const kind = alert ? "said" : "progress", here = $(at && text ? `${kind}-beside` : kind);
  for (const place of [$(kind), $(`${kind}-beside`)]) if (place !== here) Object.assign(place, { textContent: "", hidden: true });
  Object.assign(here, { textContent: text, hidden: !text });
  anchors[kind] = at && text ? at : null;
  if (anchors[kind]) settle();
  clearTimeout(hush[kind]);
  if (alert) hush[kind] = setTimeout(() => say("", true), FAULT_STAYS);
}
export const complain = (text, at = origin()) => say(text, true, at);

/** Say that something is done; it goes away by itself. */
export function done(text, at = origin()) {
  say(text, false, at);
  hush.progress = setTimeout(() => { if ([$("progress"), $("progress-beside")].some((place) => place.textContent === text)) say(""); }, FAULT_STAYS);
}

/** Put the messages below their controls, wherever these are now, and inside the window. */
export function settle() {
  let taken = null;
  for (const kind of ["said", "progress"]) {
    const at = anchors[kind], place = $(`${kind}-beside`);
    if (!at || place.hidden) continue;
    if (!at.control.isConnected) at.control = (at.id && $(at.id)) || (at.label && document.querySelector(`[aria-label="${CSS.escape(at.label)}"]`)) || at.control;
    if (at.control.isConnected && at.control.checkVisibility?.() !== false) at.box = at.control.getBoundingClientRect();
    const size = place.getBoundingClientRect(), { x, y } = beside(at.box ?? { left: 0, top: 0, bottom: 0 }, size, { width: document.documentElement.clientWidth, height: innerHeight }, taken);
    place.style.left = `${x}px`;
    place.style.top = `${y}px`;
    taken = { top: y, bottom: y + size.height };
  }
}
globalThis.addEventListener?.("scroll", settle, true);
globalThis.addEventListener?.("resize", settle);

/** Return where a message of a size goes: below its control, above it where there is no room, always in the window, and off what is taken. */
export function beside(control, { width, height }, view, taken = null) {
  const fits = control.bottom + 6 + height <= view.height - 6;
  const y = Math.max(8, Math.min(fits ? control.bottom + 6 : control.top - height - 6, view.height - height - 8));
  const clash = taken && y < taken.bottom + 4 && y + height > taken.top - 4;
  return { x: Math.max(8, Math.min(control.left, view.width - width - 8)), y: !clash ? y : taken.top - height - 4 >= 8 && !fits ? taken.top - height - 4 : taken.bottom + 4 };
}

export const shown = (value) => typeof value === "number" ? String(Math.round(value * 100) / 100) : value;

/** Call a function with the last values at most every so many milliseconds. */
export function limited(call, every = 80) {
  let waiting = null;
  return (...args) => {
    const busy = waiting !== null;
    waiting = args;
    if (!busy) setTimeout(() => { const last = waiting; waiting = null; call(...last); }, every);
  };
}

/** Let the browser save bytes as a file. */
export function save(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type })), link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
