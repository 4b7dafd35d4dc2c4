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

/** Show a sentence beside the prompt; a fault (`alert`) stays for some seconds and is read out at once. */
let hush = 0;
export function say(text, alert = false) {
  const place = $(alert ? "said" : "progress");
  place.textContent = text;
  place.hidden = !text;
  if (!alert) return;
  clearTimeout(hush);
  hush = setTimeout(() => { place.hidden = true; }, 9000);
}
export const complain = (text) => say(text, true);

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
