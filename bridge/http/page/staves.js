// Staves drawn by abcjs, which is loaded when a lead sheet or score is first asked for.
import { renderAbc } from "./abcjs.js";
import { make } from "./dom.js";

export function draw(place, abc, title) {
  const staves = make("div");
  place.replaceChildren(make("h2", { textContent: title || "The music" }), staves);
  withoutStyleAttributes(() => renderAbc(staves, abc.replace(/^T:.*\n/m, ""), { responsive: "resize", staffwidth: 760, paddingleft: 0, paddingright: 0, ariaLabel: `Staves of ${title || "the music"}`, wrap: { minSpacing: 1.6, maxSpacing: 2.8, preferredMeasuresPerLine: 4 } }));
}

/** The page's Content Security Policy forbids style attributes and allows the same style as properties: abcjs asks for the former. */
function withoutStyleAttributes(act) {
  const { setAttribute, setAttributeNS } = Element.prototype;
  Element.prototype.setAttribute = function (name, value) { if (name === "style") this.style.cssText = value; else setAttribute.call(this, name, value); };
  Element.prototype.setAttributeNS = function (space, name, value) { if (name === "style") this.style.cssText = value; else setAttributeNS.call(this, space, name, value); };
  try { act(); } finally { Object.assign(Element.prototype, { setAttribute, setAttributeNS }); }
}
