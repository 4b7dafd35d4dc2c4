// Controls of the parts: mute, level and MIDI channel.
import { wire } from "./wire.js";
import { COLOURS } from "./roll.js";

const make = (tag, more = {}) => Object.assign(document.createElement(tag), more);

export function band($) { $("parts").append(...Object.keys(COLOURS).map(part)); }

function part(name) {
  const row = make("div", { className: "part" });
  row.style.setProperty("--of", COLOURS[name]);
  const mute = make("button", { type: "button", id: `mute-${name}`, textContent: "Mute" });
  mute.setAttribute("aria-label", `Mute ${name}`);
  const level = make("input", { type: "range", min: 0, max: 2, step: 0.01, id: `level-${name}`, title: "level" });
  level.setAttribute("aria-label", `Level of ${name}`);
  const where = make("label", { textContent: "ch " });
  const channel = make("input", { type: "number", min: 1, max: 16, id: `channel-${name}` });
  channel.setAttribute("aria-label", `MIDI channel of ${name}`);
  where.append(channel);
  row.append(make("b", { textContent: name }), mute, level, where);
  let enabled = 1;
  wire.on(`part/${name}/enabled`, (value) => {
    enabled = value; // of pad, arp and perc -1 too: they play where the words ask for them
    row.classList.toggle("off", !value);
    mute.textContent = value < 0 ? "Add" : "Mute";
    mute.setAttribute("aria-label", `${mute.textContent} ${name}`);
    mute.setAttribute("aria-pressed", !value);
  });
  wire.on(`part/${name}/level`, (value) => { level.value = value; level.title = `level ${value.toFixed(2)}`; });
  wire.on(`part/${name}/channel`, (value) => { if (document.activeElement !== channel) channel.value = value; });
  mute.onclick = () => wire.send(`part/${name}/enabled`, enabled > 0 ? 0 : 1);
  level.oninput = () => wire.send(`part/${name}/level`, Number(level.value));
  level.ondblclick = () => wire.send(`part/${name}/level`, 1);
  channel.onchange = () => wire.send(`part/${name}/channel`, Number(channel.value));
  return row;
}
