'use strict';
// Runs the small roll's script as a jsui would, and returns what it draws as SVG: shapes in the order in which they are filled or stroked.
const vm = require('node:vm');
const THEME = { live_lcd_bg: [0.09, 0.09, 0.09, 1], live_lcd_control_fg: [0.82, 0.82, 0.82, 1] };

function canvas(source, [width, height]) {
  const drawn = []; let path = [], colour = [0, 0, 0, 1], line = 1, at = [0, 0], size = 9, redrawn = 0;
  const css = (c) => `rgba(${c.slice(0, 3).map((v) => Math.round(v * 255)).join(',')},${c[3]})`, n = (v) => +Number(v).toFixed(2);
  const rects = (style) => { for (const r of path) drawn.push({ rect: r, style, colour }); path = []; };
  const g = { size: [width, height], init() {}, redraw() { redrawn++; }, set_source_rgba(c) { colour = c; }, rectangle(...r) { if (!r.every(Number.isFinite)) throw new Error('rectangle ' + r); path.push(r); }, fill() { rects('fill'); }, stroke() { rects('stroke'); },
    set_line_width(w) { line = w; }, select_font_face() {}, set_font_size(s) { size = s; }, move_to(x, y) { at = [x, y]; }, show_text(t) { drawn.push({ text: t, at, colour, size }); } };
  const ctx = { mgraphics: g, max: { getcolor: (name) => { if (!THEME[name]) throw new Error('no colour ' + name); return THEME[name]; } } };
  vm.createContext(ctx);
  vm.runInContext(source, ctx);
  return {
    ctx, send(name, ...args) { ctx[name](...args); }, redrawn: () => redrawn,
    paint() { drawn.length = 0; ctx.paint(); return drawn.slice(); },
    svg() {
      return this.paint().map((d) => d.text ? `<text x="${n(d.at[0])}" y="${n(d.at[1])}" font-size="${d.size}" fill="${css(d.colour)}" font-family="DejaVu Sans">${d.text}</text>`
        : `<rect x="${n(d.rect[0])}" y="${n(d.rect[1])}" width="${n(d.rect[2])}" height="${n(d.rect[3])}" ${d.style === 'fill' ? `fill="${css(d.colour)}"` : `fill="none" stroke="${css(d.colour)}" stroke-width="${line}"`}/>`).join('');
    },
  };
}
module.exports = { canvas };
